// SPDX-License-Identifier: MIT OR Apache-2.0
//! The console: the pages on which the merchant's people work. Each works without a script, and is alive with one.

pub mod act;
pub mod board;
pub mod case;
pub mod customer;
pub mod dispute;
pub mod disputes;
pub mod drafts;
pub mod entry;
pub mod find;
pub mod frame;
pub mod lab;
pub mod look;
pub mod me;
pub mod order;
pub mod prove;
pub mod queue;
pub mod reports;
pub mod settings;
pub mod stream;
pub mod words;
