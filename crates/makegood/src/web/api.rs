// SPDX-License-Identifier: MIT OR Apache-2.0
//! The resources of the interface, a file each.

pub mod acts;
pub mod attachments;
pub mod audit;
pub mod breaches;
pub mod cases;
pub mod events;
pub mod health;
pub mod hooks;
pub mod joins;
pub mod mail;
pub mod money;
pub mod notes;
pub mod orders;
pub mod people;
pub mod policies;
pub mod reconciliations;
pub mod refunds;
pub mod sign_in;
pub mod tasks;
pub mod transfers;
pub mod webhooks;
