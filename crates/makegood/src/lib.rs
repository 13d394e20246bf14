// SPDX-License-Identifier: MIT OR Apache-2.0
//! The doors and windows of the desk: bytes in, bytes out.
//!
//! Takes case files, gives the desk's words, and back. Moves bytes; decides nothing: an `if` about money belongs next door.

pub mod answer;
pub mod audit;
pub mod blob;
pub mod books;
pub mod built_in;
pub mod case_commands;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash;
pub mod demo;
pub mod desk_commands;
pub mod dispatch;
pub mod dispute;
pub mod doctor;
pub mod goods;
pub mod guard;
pub mod hold;
pub mod hours;
pub mod in_force;
pub mod keep;
pub mod log;
pub mod mail;
pub mod meters;
pub mod money_commands;
pub mod outgoing;
pub mod pay;
pub mod policies;
pub mod policy_commands;
pub mod post;
pub mod reasons;
pub mod reconcile;
pub mod retention;
pub mod run;
pub mod secret;
pub mod serve;
pub mod setup;
pub mod signing;
pub mod store;
pub mod stream;
pub mod terminal;
pub mod texts;
pub mod vault;
pub mod web;
pub mod webhook_commands;
pub mod wire;
pub mod worked;
pub mod world;
