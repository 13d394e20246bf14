// SPDX-License-Identifier: MIT OR Apache-2.0
//! The resources of the interface, a file each.

pub mod cases;
pub mod health;
