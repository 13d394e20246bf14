// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood-sim`: many seeds, or one with its story.

use std::process::ExitCode;
use std::time::Instant;

use makegood_sim::plan::Plan;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| -> Option<u64> {
        let place = args.iter().position(|arg| arg == name)?;
        args.get(place + 1)?.parse().ok()
    };
    let rulebook = makegood_sim::rulebook();
    if let Some(seed) = value("--seed") {
        let verdict = makegood_sim::run(&Plan::of(seed), &rulebook, None, true);
        for line in &verdict.story {
            println!("{line}");
        }
        return ExitCode::SUCCESS;
    }
    if args.iter().any(|arg| arg == "--bugs") {
        for (word, bug) in makegood_sim::bug::Bug::ALL {
            let mut found = std::collections::BTreeMap::new();
            let mut first = None;
            for seed in 0..value("--seeds").unwrap_or(1000) {
                let verdict = makegood_sim::run(&Plan::of(seed), &rulebook, Some(bug), false);
                if let Some(violation) = verdict.violation {
                    first.get_or_insert(seed);
                    *found.entry(violation.invariant.name()).or_insert(0) += 1;
                }
            }
            println!("{word}: first {first:?} {found:?}");
        }
        return ExitCode::SUCCESS;
    }
    let (from, seeds) = (
        value("--from").unwrap_or(0),
        value("--seeds").unwrap_or(1000),
    );
    let begun = Instant::now();
    let (mut handled, mut paid, mut steps, mut bad) = (0, 0, 0, std::collections::BTreeMap::new());
    for seed in from..from + seeds {
        let verdict = makegood_sim::run(&Plan::of(seed), &rulebook, None, false);
        handled += verdict.handled;
        paid += verdict.paid;
        steps += verdict.steps;
        if let Some(violation) = verdict.violation {
            let entry: &mut Vec<(u64, String)> = bad.entry(violation.invariant).or_default();
            entry.push((seed, violation.seen));
        }
    }
    println!(
        "{seeds} seeds, {handled} handled, {steps} steps, {paid} paid, {:?}",
        begun.elapsed()
    );
    for (invariant, seeds) in bad {
        println!("{}: {} seeds", invariant.name(), seeds.len());
        for (seed, seen) in seeds.iter().take(4) {
            println!("    {seed}: {}", seen.chars().take(300).collect::<String>());
        }
    }
    ExitCode::SUCCESS
}
