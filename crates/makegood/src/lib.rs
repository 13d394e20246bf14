// SPDX-License-Identifier: MIT OR Apache-2.0
//! The doors and windows of the desk: bytes in, bytes out.
//!
//! Takes case files, gives the desk's words, and back. Moves bytes; decides nothing: an `if` about money belongs next door.

pub mod answer;
pub mod audit;
pub mod built_in;
pub mod cli;
pub mod policies;
pub mod policy_commands;
pub mod reasons;
pub mod secret;
pub mod stream;
pub mod terminal;
pub mod texts;
pub mod wire;
pub mod worked;
