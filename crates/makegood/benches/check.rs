// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking for gaps, overlaps, dead rules and loose sentences.

#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use support::{Contender, table};

fn main() {
    let built_in = &makegood::built_in::ALL[0];
    let policy = built_in.read().policy.expect("the built-in policy reads");
    table(
        "the built-in policy",
        Duration::from_secs(6),
        vec![
            Contender::new("check", 1, || {
                black_box(policy.check(&|| true));
            }),
            Contender::new("read and check", 1, || {
                let policy = built_in.read().policy.expect("the built-in policy reads");
                black_box(policy.check(&|| true));
            }),
        ],
    );
}
