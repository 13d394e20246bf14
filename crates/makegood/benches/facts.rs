// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts from case files: reading, drawing the facts, and thinking of all counts that an unknown count may be.

#[path = "../tests/oracle/random.rs"]
mod random;
#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use makegood::wire::read_case;
use makegood_desk::facts::Facts;
use makegood_desk::units::{Cuts, worlds};
use support::{Contender, table};

const VECTORS: &str = include_str!("../tests/contract/cases.ndjson");

fn main() {
    let vectors: Vec<String> = VECTORS.lines().map(str::to_owned).collect();
    let random: Vec<String> = (0..4_000).map(random::case).collect();
    for (name, lines) in [
        ("the contract's examples", vectors),
        ("random cases", random),
    ] {
        let bytes: usize = lines.iter().map(String::len).sum();
        let count = lines.len();
        let cases: Vec<_> = lines
            .iter()
            .map(|line| read_case(line.as_bytes()).expect("a case"))
            .collect();
        let unknown: Vec<(u64, u64)> = cases
            .iter()
            .map(|case| (case, Facts::of(case)))
            .filter(|(_, facts)| facts.counts.known().is_none())
            .map(|(case, facts)| (case.order.quantity, facts.observed.balance.refunded_units))
            .collect();
        let cuts = Cuts {
            units_delivered: &[0],
            open_undelivered: &[0],
            open_dropped: &[0],
            drop_share: &[(0, 1), (1, 10), (1, 1)],
        };
        table(
            &format!(
                "{name}, {count} of them, {} bytes each, for one case",
                bytes / count
            ),
            Duration::from_secs(4),
            vec![
                Contender::new("read", count, || {
                    for line in &lines {
                        let _ = black_box(read_case(black_box(line.as_bytes())));
                    }
                }),
                Contender::new("draw the facts", count, || {
                    for case in &cases {
                        black_box(Facts::of(black_box(case)));
                    }
                }),
                Contender::new("read and draw the facts", count, || {
                    for line in &lines {
                        let case = read_case(black_box(line.as_bytes())).expect("a case");
                        black_box(Facts::of(&case));
                    }
                }),
                Contender::new("the worlds of unknown counts", unknown.len(), || {
                    for (ordered, refunded) in &unknown {
                        black_box(worlds(black_box(*ordered), black_box(*refunded), &cuts));
                    }
                }),
            ],
        );
    }
}
