// SPDX-License-Identifier: MIT OR Apache-2.0
//! What shops tell of their orders, on both databases: line by line, in any order, twice and more.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "intake/batches.rs"]
mod batches;
#[path = "intake/files.rs"]
mod files;
#[path = "intake/ground.rs"]
mod ground;
#[path = "intake/lines.rs"]
mod lines;
#[path = "support/pg.rs"]
#[expect(dead_code, reason = "only the benchmark waits for a disk")]
mod pg;
