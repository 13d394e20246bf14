// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a store promises. Whatever both databases promise is tested by the same words on both.

#[path = "store/backup.rs"]
mod backup;
#[path = "store/both.rs"]
mod both;
#[path = "store/dialects.rs"]
mod dialects;
#[path = "store/ground.rs"]
mod ground;
#[path = "support/pg.rs"]
#[expect(dead_code, reason = "only the benchmark waits for a disk")]
mod pg;
#[path = "store/postgres.rs"]
mod postgres;
#[path = "store/sqlite.rs"]
mod sqlite;
