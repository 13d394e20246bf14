// SPDX-License-Identifier: MIT OR Apache-2.0
//! How fast the desk is, measured from outside: both stores one after the other in one run, with what each operation costs.
//!
//! Clients, desk, provider and database share one machine here, so rates say what the machine did, and the processor time and the
//! commits of the desk say what an operation costs.

use std::fmt;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::binary::Binary;
use crate::cluster::{Cluster, Disk};
use crate::desk::{Books, Desk, Plan, Served};
use crate::http::Client;
use crate::kill::opened;
use crate::race::write;
use crate::shop::{Kind, Order};

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// How long each number of clients goes on at most.
    pub long: Duration,
    /// Orders in the store beside those that are asked about.
    pub others: usize,
}

/// A row of the table.
struct Row {
    what: String,
    store: &'static str,
    done: usize,
    long: Duration,
    /// Sorted.
    times: Vec<Duration>,
    cost: Cost,
}

/// What the desk's process has used.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    processor: Duration,
    commits: u64,
    resident_kib: u64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = u128::try_from(self.done).unwrap_or(1).max(1);
        let rate = done.saturating_mul(1_000_000) / self.long.as_micros().max(1);
        let at = |hundredths: usize| {
            let place = self.times.len().saturating_mul(hundredths) / 100;
            let time = self
                .times
                .get(place.min(self.times.len().saturating_sub(1)));
            time.map_or(0, Duration::as_micros)
        };
        let commits = u128::from(self.cost.commits).saturating_mul(100) / done;
        write!(
            f,
            "{:<34} {:<8} {:>8} {:>9}/s  p50 {:>8} µs  p99 {:>8} µs  cpu {:>6} µs each  commits {:>3}.{:02} each",
            self.what,
            self.store,
            self.done,
            rate,
            at(50),
            at(99),
            self.cost.processor.as_micros() / done,
            commits / 100,
            commits % 100,
        )
    }
}

/// Processor time, commits and memory of a desk so far.
fn cost(served: &Served, owner: &str) -> Result<Cost, String> {
    let process = served.process();
    let stat =
        fs::read_to_string(format!("/proc/{process}/stat")).map_err(|cause| cause.to_string())?;
    // The name of the program may hold spaces; what follows its bracket does not.
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum();
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).map_err(|cause| cause.to_string())?;
    let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident_kib = held.and_then(|line| line.split_whitespace().next()?.parse().ok());
    let meters = Client::new(served.address, Some(owner))
        .get("/metrics")
        .map_err(|cause| cause.to_string())?;
    let text = String::from_utf8_lossy(&meters.body).into_owned();
    let commits = text
        .lines()
        .find_map(|line| line.strip_prefix("makegood_store_commits_total "))
        .and_then(|number| number.parse().ok());
    Ok(Cost {
        // A tick is a hundredth of a second on every Linux that we know.
        processor: Duration::from_millis(ticks.saturating_mul(10)),
        commits: commits.unwrap_or(0),
        resident_kib: resident_kib.unwrap_or(0),
    })
}

fn since(after: Cost, before: Cost) -> Cost {
    Cost {
        processor: after.processor.saturating_sub(before.processor),
        commits: after.commits.saturating_sub(before.commits),
        resident_kib: after.resident_kib,
    }
}

/// Has so many clients each do the next thing until there is none, or the time is over.
fn load(
    served: &Served,
    owner: &str,
    clients: usize,
    most: usize,
    long: Duration,
    work: impl Fn(&mut Client, usize) -> Result<(), String> + Sync,
) -> Result<(Vec<Duration>, Duration, Cost), String> {
    let next = AtomicUsize::new(0);
    let before = cost(served, owner)?;
    let begun = Instant::now();
    let times = thread::scope(|scope| {
        let running: Vec<_> = (0..clients)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::new(served.address, Some(owner));
                    let mut times = Vec::new();
                    while begun.elapsed() < long {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= most {
                            break;
                        }
                        let sent = Instant::now();
                        work(&mut client, number)?;
                        times.push(sent.elapsed());
                    }
                    Ok::<_, String>(times)
                })
            })
            .collect();
        let mut all = Vec::new();
        for one in running {
            all.extend(one.join().map_err(|_| "a client failed".to_owned())??);
        }
        Ok::<_, String>(all)
    });
    let mut times = times?;
    let long = begun.elapsed();
    let spent = since(cost(served, owner)?, before);
    times.sort_unstable();
    Ok((times, long, spent))
}

/// Measures everything on both stores.
///
/// # Errors
/// Something does not start or does not answer.
pub fn run(binary: &Binary, measure: Measure) -> Result<(), String> {
    for store in ["sqlite", "postgres"] {
        let books = match store {
            "sqlite" => Books::Sqlite,
            _ => Books::Postgres(Arc::new(Cluster::start(Disk::WaitedFor)?)),
        };
        one(binary, store, &books, measure)?;
    }
    Ok(())
}

/// Orders that are asked about: as many as one number of clients can get through.
const ASKED: usize = 30_000;
const CLIENTS: [usize; 3] = [1, 8, 32];

fn one(
    binary: &Binary,
    store: &'static str,
    books: &Books,
    measure: Measure,
) -> Result<(), String> {
    let plan = Plan {
        automatic: true,
        // First only what is decided and promised is measured; what is paid comes after.
        undo_seconds: 30,
        provider_in_memory: true,
        quiet: true,
    };
    let desk = Desk::new(binary, books, plan)?;
    told(&desk, store, measure)?;
    let served = start(&desk, store)?;
    let owner = desk.tokens.owner.clone();
    let report = |row: Row| println!("{row}");
    let mut asked = 0;
    for clients in CLIENTS {
        let key = |number: usize| format!("VL-{clients}-{number}");
        let (times, long, cost) = load(
            &served,
            &owner,
            clients,
            ASKED / 3,
            measure.long,
            |client, number| {
                let body = json!({"order": key(number), "claim": "incomplete"});
                let answer = client.post("/v1/cases", Some(&key(number)), &body);
                expect(answer, 200)
            },
        )?;
        asked += times.len();
        report(Row {
            what: format!("decide and promise, {clients} clients"),
            store,
            done: times.len(),
            long,
            times,
            cost,
        });
    }
    paid(&desk, &served, store, asked)?;
    let cases = Client::new(served.address, Some(&owner)).get("/v1/cases?limit=100");
    let cases = cases.map_err(|cause| cause.to_string())?.json();
    let ids: Vec<String> = cases["data"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|case| case["id"].as_str().map(str::to_owned))
        .collect();
    for clients in CLIENTS {
        let (times, long, cost) = load(
            &served,
            &owner,
            clients,
            usize::MAX,
            measure.long,
            |client, number| {
                let id = ids
                    .get(number.checked_rem(ids.len()).unwrap_or(0))
                    .map_or("", String::as_str);
                expect(client.get(&format!("/v1/cases/{id}")), 200)
            },
        )?;
        report(Row {
            what: format!("read a case, {clients} clients"),
            store,
            done: times.len(),
            long,
            times,
            cost,
        });
    }
    served.close()?;
    println!(
        "{store}: {}",
        desk.verify()?.lines().next().unwrap_or_default()
    );
    Ok(())
}

/// How long it takes until the desk answers, and what it holds when it has nothing to do.
fn start(desk: &Desk, store: &'static str) -> Result<Served, String> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let served = opened(desk)?;
        times.push(begun.elapsed());
        served.close()?;
    }
    times.sort_unstable();
    let served = opened(desk)?;
    thread::sleep(Duration::from_secs(3));
    let idle = cost(&served, &desk.tokens.owner)?;
    println!(
        "cold start {store}: {} ms (middle of five), idle memory {} MiB",
        times.get(2).map_or(0, Duration::as_millis),
        idle.resident_kib / 1_024
    );
    Ok(served)
}

/// Waits until everything that was promised is paid.
fn paid(desk: &Desk, served: &Served, store: &'static str, asked: usize) -> Result<(), String> {
    let before = cost(served, &desk.tokens.owner)?;
    let begun = Instant::now();
    let mut first = None;
    loop {
        let dump = desk.provider.ask("/_sandbox/dump")?;
        let refunds = dump["charges"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|charge| charge["refunds"].as_array().map_or(0, Vec::len));
        let refunds: usize = refunds.sum();
        if refunds > 0 && first.is_none() {
            first = Some((Instant::now(), refunds));
        }
        if refunds >= asked {
            break;
        }
        if begun.elapsed() > Duration::from_secs(300) {
            return Err(format!(
                "{refunds} of {asked} refunds are paid after five minutes"
            ));
        }
        thread::sleep(Duration::from_millis(500));
    }
    let (since_first, at_first) = first.unwrap_or((begun, 0));
    let spent = since(cost(served, &desk.tokens.owner)?, before);
    let done = asked.saturating_sub(at_first);
    println!(
        "{}",
        Row {
            what: "pay what is promised".to_owned(),
            store,
            done,
            long: since_first.elapsed(),
            times: Vec::new(),
            cost: spent,
        }
    );
    Ok(())
}

/// Tells the desk of all orders, and how fast that went.
fn told(desk: &Desk, store: &'static str, measure: Measure) -> Result<(), String> {
    let order = |number: String| Order {
        number,
        kind: Kind::Small,
    };
    let mut asked = Vec::new();
    for clients in CLIENTS {
        asked.extend((0..ASKED / 3).map(|number| order(format!("VL-{clients}-{number}"))));
    }
    let path = write(desk, &asked, true)?;
    import(desk, store, &path)?;
    if measure.others > 0 {
        let others: Vec<Order> = (0..measure.others)
            .map(|number| order(format!("OLD-{number}")))
            .collect();
        let path = write(desk, &others, false)?;
        import(desk, store, &path)?;
    }
    Ok(())
}

fn import(desk: &Desk, store: &'static str, path: &str) -> Result<(), String> {
    let begun = Instant::now();
    let said = desk.run(&["import", path])?;
    let long = begun.elapsed();
    let lines: u128 = said
        .split_whitespace()
        .zip(said.split_whitespace().skip(1))
        .find(|(_, word)| word.starts_with("new"))
        .and_then(|(number, _)| number.replace(',', "").parse().ok())
        .unwrap_or(0);
    let rate = lines.saturating_mul(1_000) / long.as_millis().max(1);
    println!(
        "import {store}: {lines} lines in {} ms, {rate} a second",
        long.as_millis()
    );
    Ok(())
}

fn expect(answer: std::io::Result<crate::http::Answer>, status: u16) -> Result<(), String> {
    let answer = answer.map_err(|cause| cause.to_string())?;
    if answer.status == status {
        return Ok(());
    }
    Err(answer.to_string())
}
