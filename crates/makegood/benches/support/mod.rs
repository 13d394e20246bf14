// SPDX-License-Identifier: MIT OR Apache-2.0
//! What every bench needs: contenders that take turns in one run, and one table that shows their medians and ratios.
//!
//! A single figure says little on a machine that does other things too. So the contenders run in turn, round after round,
//! each round in another order, and a ratio is taken within a round: what slows one down slows the other down as well.

use std::time::{Duration, Instant};

/// Something that is timed.
pub struct Contender<'a> {
    name: String,
    /// How many things one run does; times are said for one.
    things: u64,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Contender<'a> {
    pub fn new(name: &str, things: usize, run: impl FnMut() + 'a) -> Self {
        Self {
            name: name.to_owned(),
            things: u64::try_from(things).expect("a count"),
            run: Box::new(run),
        }
    }
}

/// What was measured of a contender.
pub struct Measured {
    /// Picoseconds for one thing, a number a round.
    pub rounds: Vec<u64>,
}

impl Measured {
    pub fn median(&self) -> u64 {
        middle(&self.rounds)
    }
}

/// Fewest rounds of a table.
const FEWEST: usize = 11;

/// Most rounds of a table.
const MOST: usize = 201;

/// Times the contenders in turn for about `budget`, and shows a table: the first one is what the others are compared with.
pub fn table(title: &str, budget: Duration, mut contenders: Vec<Contender<'_>>) -> Vec<Measured> {
    for contender in &mut contenders {
        (contender.run)();
    }
    let mut measured: Vec<Measured> = contenders
        .iter()
        .map(|_| Measured { rounds: Vec::new() })
        .collect();
    let begun = Instant::now();
    let mut rounds = 0_usize;
    while rounds < FEWEST || (rounds < MOST && begun.elapsed() < budget) {
        for turn in 0..contenders.len() {
            let at = (turn + rounds) % contenders.len();
            let contender = &mut contenders[at];
            let start = Instant::now();
            (contender.run)();
            let taken = start.elapsed().as_nanos() * 1_000 / u128::from(contender.things);
            measured[at]
                .rounds
                .push(u64::try_from(taken).expect("a time"));
        }
        rounds += 1;
    }
    show(title, rounds, &contenders, &measured);
    measured
}

fn show(title: &str, rounds: usize, contenders: &[Contender<'_>], measured: &[Measured]) {
    let width = contenders
        .iter()
        .map(|contender| contender.name.chars().count())
        .max()
        .unwrap_or(0);
    println!("\n{title} · {rounds} rounds in turn");
    println!(
        "{:width$}  {:>9}  {:>21}  {:>8}  {:>15}",
        "", "median", "min – max", "ratio", "min – max"
    );
    let Some(first) = measured.first() else {
        return;
    };
    for (contender, own) in contenders.iter().zip(measured) {
        let mut ratios: Vec<u64> = own
            .rounds
            .iter()
            .zip(&first.rounds)
            .map(|(own, first)| own.saturating_mul(1_000) / (*first).max(1))
            .collect();
        ratios.sort_unstable();
        let span = |list: &[u64]| {
            let least = list.iter().min().copied().unwrap_or(0);
            (least, list.iter().max().copied().unwrap_or(0))
        };
        let ((least, most), (low, high)) = (span(&own.rounds), span(&ratios));
        println!(
            "{:width$}  {:>9}  {:>21}  {:>8}  {:>15}",
            contender.name,
            time(own.median()),
            format!("{} – {}", time(least), time(most)),
            format!("{} ×", thousandths(middle(&ratios))),
            format!("{} – {}", thousandths(low), thousandths(high)),
        );
    }
}

fn middle(list: &[u64]) -> u64 {
    let mut sorted = list.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

/// Picoseconds in a unit that people read.
pub fn time(picoseconds: u64) -> String {
    let (unit, size) = match picoseconds {
        0..=999_999 => ("ns", 1_000),
        1_000_000..=999_999_999 => ("µs", 1_000_000),
        1_000_000_000..=999_999_999_999 => ("ms", 1_000_000_000),
        _ => ("s", 1_000_000_000_000),
    };
    let hundredths = picoseconds / (size / 100);
    format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100)
}

fn thousandths(number: u64) -> String {
    format!("{}.{:02}", number / 1_000, number % 1_000 / 10)
}
