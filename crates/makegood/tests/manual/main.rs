// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds by bank transfer: files that a bank takes, and what its statements mean.

#[path = "../stripe/peers.rs"]
mod peers;

mod files;
mod statements;
