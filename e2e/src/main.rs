// SPDX-License-Identifier: MIT OR Apache-2.0
//! The long runs by command: `cargo run -p makegood-e2e -- kill --kills 1000 --store sqlite`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use makegood_e2e::bench::{self, Measure};
use makegood_e2e::binary::{Binary, Build};
use makegood_e2e::cluster::{Cluster, Disk};
use makegood_e2e::desk::Books;
use makegood_e2e::kill::{self, Run};
use makegood_e2e::pair;
use makegood_e2e::race::{self, Race};

const HELP: &str = "\
makegood-e2e kill [--kills N] [--store sqlite|postgres] [--seed N] [--visitors N] [--quiet]
makegood-e2e race [--rounds N] [--store sqlite|postgres]
makegood-e2e pair [--orders N] [--seed N]
makegood-e2e bench [--seconds N] [--others N]
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match command(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

/// The value behind a word, as a number.
fn number(words: &[String], name: &str, otherwise: u64) -> Result<u64, String> {
    let at = words.iter().position(|word| word == name);
    let Some(at) = at else { return Ok(otherwise) };
    let value = words.get(at.saturating_add(1)).map(|word| word.parse());
    value
        .and_then(Result::ok)
        .ok_or_else(|| format!("{name} takes a whole number"))
}

fn books(words: &[String], disk: Disk) -> Result<Books, String> {
    let at = words.iter().position(|word| word == "--store");
    let store = at.and_then(|at| words.get(at.saturating_add(1)));
    match store.map_or("sqlite", String::as_str) {
        "sqlite" => Ok(Books::Sqlite),
        "postgres" => Ok(Books::Postgres(Arc::new(Cluster::start(disk)?))),
        other => Err(format!("--store: `{other}` is neither sqlite nor postgres")),
    }
}

fn command(words: &[String]) -> Result<bool, String> {
    match words.first().map(String::as_str) {
        Some("kill") => kill(words),
        Some("race") => race(words),
        Some("pair") => pair(words),
        Some("bench") => bench(words),
        _ => Err(HELP.to_owned()),
    }
}

fn kill(words: &[String]) -> Result<bool, String> {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let fresh = clock.map_or(1, |since| since.as_secs());
    let run = Run {
        kills: u32::try_from(number(words, "--kills", 1_000)?).unwrap_or(u32::MAX),
        seed: number(words, "--seed", fresh)?,
        visitors: number(words, "--visitors", 4)?,
        tells: !words.iter().any(|word| word == "--quiet"),
    };
    let binary = Binary::build(Build::ForKills)?;
    let books = books(words, Disk::NotWaitedFor)?;
    let begun = Instant::now();
    let report = kill::run(&binary, &books, run)?;
    println!("seed {}, {} s", run.seed, begun.elapsed().as_secs());
    println!(
        "{} kills, {} of them at random; {} answers",
        report.kills(),
        report.random,
        report.answers
    );
    for (place, times) in &report.at {
        println!("  {place:<24} {times}");
    }
    let points = kill::points_of(&binary.crash_points()?, &books);
    println!("not reached: {:?}", report.not_reached(&points));
    println!("{:?}\n{}", report.looked, report.verified);
    report
        .wrong
        .iter()
        .for_each(|sentence| println!("wrong: {sentence}"));
    Ok(report.wrong.is_empty())
}

fn race(words: &[String]) -> Result<bool, String> {
    let rounds = u32::try_from(number(words, "--rounds", 1_000)?).unwrap_or(u32::MAX);
    let binary = Binary::build(Build::ForKills)?;
    let books = books(words, Disk::NotWaitedFor)?;
    let mut holds = true;
    for race in [Race::EightAccept, Race::EightTheSame, Race::SixtyAndSixty] {
        let begun = Instant::now();
        let raced = race::run(&binary, &books, race, rounds)?;
        println!(
            "{race:?}: {} rounds, {} s, losers {:?}",
            raced.rounds,
            begun.elapsed().as_secs(),
            raced.losers
        );
        raced
            .wrong
            .iter()
            .for_each(|sentence| println!("wrong: {sentence}"));
        holds &= raced.wrong.is_empty();
    }
    Ok(holds)
}

fn pair(words: &[String]) -> Result<bool, String> {
    let orders = usize::try_from(number(words, "--orders", 400)?).unwrap_or(usize::MAX);
    let seed = number(words, "--seed", 1)?;
    let binary = Binary::build(Build::ForKills)?;
    let books = Books::Postgres(Arc::new(Cluster::start(Disk::NotWaitedFor)?));
    let survived = pair::run(&binary, &books, orders, seed)?;
    println!(
        "{:?}, at rest after {} ms; {}",
        survived.looked,
        survived.rest.as_millis(),
        survived.conflicts
    );
    survived
        .wrong
        .iter()
        .for_each(|sentence| println!("wrong: {sentence}"));
    Ok(survived.wrong.is_empty())
}

fn bench(words: &[String]) -> Result<bool, String> {
    let measure = Measure {
        long: Duration::from_secs(number(words, "--seconds", 5)?),
        others: usize::try_from(number(words, "--others", 0)?).unwrap_or(usize::MAX),
    };
    bench::run(&Binary::build(Build::Release)?, measure)?;
    Ok(true)
}
