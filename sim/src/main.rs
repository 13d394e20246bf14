// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood-sim`: many seeds at once, or one of them with its story.

use std::collections::BTreeMap;
use std::io;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use makegood_desk::decision::Rulebook;
use makegood_sim::bug::Bug;
use makegood_sim::invariants::Violation;
use makegood_sim::plan::Plan;
use makegood_sim::shrink::{Without, shrink};

const HELP: &str = "\
makegood-sim: the real desk in a seeded world where everything goes wrong

  --seeds N        so many seeds (10,000 where nothing is said)
  --from N         from this one on
  --jobs N         so many at once (one a core where nothing is said)

  --seed N         one seed: what came of it, shortened where it fails
  --trace          with its whole story
  --without A,B    without these acts (by number), faults (by name) or `workers`
  --bug NAME       with a planted bug; `--bugs` lists them
";

/// What was asked for.
#[derive(Default)]
struct Asked {
    seeds: Option<u64>,
    from: u64,
    jobs: Option<usize>,
    seed: Option<u64>,
    trace: bool,
    without: Without,
    bug: Option<Bug>,
    bugs: bool,
    help: bool,
}

impl Asked {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut asked = Self::default();
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--trace" => asked.trace = true,
                "--bugs" => asked.bugs = true,
                "--help" | "-h" => asked.help = true,
                "--seeds" => asked.seeds = Some(number(&arg, args.next())?),
                "--from" => asked.from = number(&arg, args.next())?,
                "--seed" => asked.seed = Some(number(&arg, args.next())?),
                "--jobs" => {
                    let jobs = number(&arg, args.next())?.clamp(1, 64);
                    asked.jobs = usize::try_from(jobs).ok();
                }
                "--without" => asked.without = Without::read(&args.next().unwrap_or_default())?,
                "--bug" => {
                    let name = args.next().unwrap_or_default();
                    let known = Bug::ALL.iter().find(|(word, _)| *word == name);
                    let (_, bug) = known.ok_or(format!("there is no bug `{name}`; see --bugs"))?;
                    asked.bug = Some(*bug);
                }
                _ => return Err(format!("`{arg}` is no option; see --help")),
            }
        }
        Ok(asked)
    }
}

fn number(name: &str, value: Option<String>) -> Result<u64, String> {
    let value = value.unwrap_or_default().replace('_', "");
    let number = value.parse();
    number.map_err(|_| format!("{name} takes a number, not `{value}`"))
}

fn main() -> ExitCode {
    let asked = match Asked::read(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("makegood-sim: {problem}");
            return ExitCode::from(2);
        }
    };
    // A closed pipe is no failure of a story.
    let out = io::stdout().lock();
    match say(asked, out) {
        Ok(true) | Err(_) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
    }
}

fn say(asked: Asked, mut out: impl io::Write) -> io::Result<bool> {
    if asked.help {
        write!(out, "{HELP}")?;
        return Ok(true);
    }
    if asked.bugs {
        for (word, _) in Bug::ALL {
            writeln!(out, "{word}")?;
        }
        return Ok(true);
    }
    let rulebook = makegood_sim::rulebook();
    match asked.seed {
        Some(seed) => one(&asked, seed, &rulebook, &mut out),
        None => many(&asked, &rulebook, &mut out),
    }
}

/// The command that plays a story again.
fn command(seed: u64, without: &Without, bug: Option<Bug>) -> String {
    let mut command = format!("cargo run --release -p makegood-sim -- --seed {seed} --trace");
    if let Some(bug) = bug {
        command.push_str(&format!(" --bug {}", bug.word()));
    }
    if *without != Without::default() {
        command.push_str(&format!(" --without {}", without.words()));
    }
    command
}

/// One seed.
fn one(
    asked: &Asked,
    seed: u64,
    rulebook: &Rulebook,
    out: &mut impl io::Write,
) -> io::Result<bool> {
    let plan = Plan::of(seed);
    let told = asked.without.of(&plan);
    let verdict = makegood_sim::run(&told, rulebook, asked.bug, asked.trace);
    if asked.trace {
        let faults: Vec<_> = told.faults.iter().map(|fault| fault.word()).collect();
        writeln!(out, "{:#?}\nfaults: {}\n", told.rules, faults.join(", "))?;
        for line in &verdict.story {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    let Some(violation) = verdict.violation else {
        writeln!(out, "seed {seed}: everything held")?;
        return Ok(true);
    };
    writeln!(out, "seed {seed} broke: {violation}")?;
    if !asked.trace {
        shorter(asked, seed, &violation, rulebook, out)?;
    }
    Ok(false)
}

fn shorter(
    asked: &Asked,
    seed: u64,
    violation: &Violation,
    rulebook: &Rulebook,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let plan = Plan::of(seed);
    let broken = violation.invariant;
    let least = shrink(&plan, rulebook, asked.bug, broken, &asked.without);
    let left = least.of(&plan);
    let (acts, faults) = (left.acts.len(), left.faults.len());
    writeln!(out, "    shortened to {acts} acts and {faults} faults:")?;
    writeln!(out, "    {}", command(seed, &least, asked.bug))
}

/// What came of many seeds.
#[derive(Default)]
struct Sum {
    handled: u64,
    steps: u64,
    paid: u64,
    broken: BTreeMap<u64, Violation>,
}

fn many(asked: &Asked, rulebook: &Rulebook, out: &mut impl io::Write) -> io::Result<bool> {
    let seeds = asked.seeds.unwrap_or(10_000);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = asked.jobs.unwrap_or(cores);
    let begun = Instant::now();
    let (next, end) = (AtomicU64::new(asked.from), asked.from.saturating_add(seeds));
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let plan = asked.without.of(&Plan::of(seed));
                    let verdict = makegood_sim::run(&plan, rulebook, asked.bug, false);
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.handled += verdict.handled;
                    sum.steps += verdict.steps;
                    sum.paid += u64::try_from(verdict.paid).unwrap_or(0);
                    if let Some(violation) = verdict.violation {
                        sum.broken.insert(seed, violation);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    let milliseconds = begun.elapsed().as_millis().max(1);
    let rate = u128::from(seeds) * 1_000 / milliseconds;
    writeln!(
        out,
        "{seeds} seeds in {}.{:03} s, {rate} a second: {} inputs handled, {} steps, {} refunds paid, {} seeds broke",
        milliseconds / 1_000,
        milliseconds % 1_000,
        sum.handled,
        sum.steps,
        sum.paid,
        sum.broken.len()
    )?;
    tell_broken(asked, &sum.broken, rulebook, out)?;
    Ok(sum.broken.is_empty())
}

/// One seed of each kind, shortened; of the others only how many there are.
fn tell_broken(
    asked: &Asked,
    broken: &BTreeMap<u64, Violation>,
    rulebook: &Rulebook,
    out: &mut impl io::Write,
) -> io::Result<()> {
    let mut kinds: BTreeMap<_, Vec<(u64, &Violation)>> = BTreeMap::new();
    for (seed, violation) in broken {
        let kind = kinds.entry(violation.invariant).or_default();
        kind.push((*seed, violation));
    }
    for (invariant, seeds) in kinds {
        writeln!(out, "\n{}: {} seeds", invariant.name(), seeds.len())?;
        for (seed, violation) in seeds.iter().take(1) {
            writeln!(out, "    seed {seed}: {}", violation.seen)?;
            writeln!(out, "    {}", command(*seed, &asked.without, asked.bug))?;
            shorter(asked, *seed, violation, rulebook, out)?;
        }
    }
    Ok(())
}
