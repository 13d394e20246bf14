// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pages that customers see. They work without a script, and a customer is known by a signed link alone.

pub mod assets;
pub mod case;
pub mod chat;
pub mod code;
pub mod contact;
pub mod curve;
pub mod form;
pub mod frame;
pub mod help;
pub mod link;
pub mod policy;
pub mod say;
pub mod suggest;
pub mod vouch;
