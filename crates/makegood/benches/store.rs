// SPDX-License-Identifier: MIT OR Apache-2.0
//! Durable changes a second at 1, 8 and 64 callers, and reads, on both stores: with commits, processor time and waiting.
//!
//! `cargo xtask bench store [SECONDS]`. SQLite writes where cargo builds, PostgreSQL below the machine's temporary folder: look
//! that both are on a real disk.

#[path = "../tests/support/pg.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod pg;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use makegood::store::{Dialect, Location, Migration, Options, Store, Value, migrations};
use pg::{Cluster, Durability};

makegood::statements! {
    /// One more.
    APPEND = "insert into entry (id, body) values (?1, ?2)";
    /// One of them.
    READ = "select body from entry where id = ?1";
}

const TABLES: Migration = Migration {
    number: 9_001,
    name: "bench",
    sqlite: "create table entry (id integer not null primary key, body blob not null) strict;",
    postgres: "create table entry (id bigint not null primary key, body bytea not null);",
};

/// As long as an event is.
const BODY: usize = 300;

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(4));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(all(length));
}

async fn all(length: Duration) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-store");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    let cluster = Cluster::start(Durability::Full);
    println!(
        "SQLite in {}; PostgreSQL in {}",
        folder.display(),
        std::env::temp_dir().display()
    );
    println!(
        "{:26} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12}",
        "",
        "a second",
        "commits/s",
        "jobs each",
        "median",
        "99 in 100",
        "CPU, program",
        "CPU, server"
    );
    for callers in [1, 8, 64] {
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            let location = match dialect {
                Dialect::Sqlite => Location::Sqlite(folder.join(format!("{callers}.db"))),
                Dialect::Postgres => Location::Postgres(cluster.database(None).await),
            };
            let store = Store::open(&location, options()).await.expect("a store");
            let server = (dialect == Dialect::Postgres).then(|| cluster.server());
            let written = run(&store, callers, length, server, Work::Append).await;
            show(dialect, callers, "appends", &written);
            let read = run(
                &store,
                callers,
                length / 2,
                server,
                Work::Read(written.done),
            )
            .await;
            show(dialect, callers, "reads", &read);
            store.close().await;
        }
    }
    let _ = fs::remove_dir_all(&folder);
}

fn options() -> Options {
    let mut all = migrations::ALL.to_vec();
    all.push(TABLES);
    Options {
        migrations: all.leak(),
        ..Options::default()
    }
}

#[derive(Clone, Copy)]
enum Work {
    Append,
    /// Of the first so many.
    Read(u64),
}

struct Measured {
    done: u64,
    commits: u64,
    took: Duration,
    /// Of each one, in order of length.
    waits: Vec<Duration>,
    program: Duration,
    server: Option<Duration>,
}

async fn run(
    store: &Store,
    callers: u64,
    length: Duration,
    server: Option<u32>,
    work: Work,
) -> Measured {
    let next = Arc::new(AtomicU64::new(0));
    let before = (
        store.counts(),
        used(std::process::id()),
        server.map(used_below),
    );
    let begun = Instant::now();
    let each = (0..callers).map(|_| {
        let (store, next) = (store.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while begun.elapsed() < length {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let start = Instant::now();
                one(&store, number, work).await;
                waits.push(start.elapsed());
            }
            waits
        })
    });
    let waits = join_all(each).await;
    let took = begun.elapsed();
    let mut waits: Vec<Duration> = waits
        .into_iter()
        .flat_map(|waits| waits.expect("no panic"))
        .collect();
    waits.sort_unstable();
    Measured {
        done: next.load(Ordering::Relaxed),
        commits: store.counts().commits - before.0.commits,
        took,
        waits,
        program: used(std::process::id()) - before.1,
        server: server
            .map(used_below)
            .zip(before.2)
            .map(|(now, then)| now - then),
    }
}

async fn one(store: &Store, number: u64, work: Work) {
    match work {
        Work::Append => {
            let id = i64::try_from(number).expect("a number");
            let job = store.write(move |tx| {
                Box::pin(async move {
                    let body = Value::from(vec![0x5A; BODY]);
                    tx.run(&APPEND, &[id.into(), body]).await
                })
            });
            assert_eq!(job.await.expect("durable"), 1);
        }
        Work::Read(known) => {
            // All over the table, and never twice the same in a row.
            let id = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % known;
            let id = i64::try_from(id).expect("a number");
            let job = store.read(move |tx| {
                Box::pin(async move {
                    let row = tx.one(&READ, &[id.into()]).await?;
                    Ok(row.expect("a row").bytes(0)?.len())
                })
            });
            assert_eq!(job.await.expect("read"), BODY);
        }
    }
}

fn show(dialect: Dialect, callers: u64, what: &str, measured: &Measured) {
    let name = match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    };
    let microseconds = |duration: Duration| format!("{} µs", duration.as_micros());
    let a_second = |count: u64| u128::from(count) * 1_000 / measured.took.as_millis().max(1);
    let each = |all: Duration| {
        let nanoseconds = all.as_nanos() / u128::from(measured.done.max(1));
        format!("{}.{} µs", nanoseconds / 1_000, nanoseconds / 100 % 10)
    };
    let at = |hundredth: usize| {
        let at = measured.waits.len() * hundredth / 100;
        measured.waits.get(at).copied().unwrap_or_default()
    };
    println!(
        "{:26} {:>9} {:>9} {:>9} {:>9} {:>9} {:>12} {:>12}",
        format!("{name}, {callers} × {what}"),
        a_second(measured.done),
        a_second(measured.commits),
        measured
            .done
            .checked_div(measured.commits)
            .map_or("-".to_owned(), |jobs| jobs.to_string()),
        microseconds(at(50)),
        microseconds(at(99)),
        each(measured.program),
        measured.server.map_or("-".to_owned(), each),
    );
}

/// The fields of `/proc/NUMBER/stat` behind the name: state, parent, ….
fn stat(process: &Path) -> Option<Vec<u64>> {
    let text = fs::read_to_string(process.join("stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(
        fields
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect(),
    )
}

/// Ticks of the clock are hundredths of a second on every Linux.
fn ticks(fields: &[u64], which: std::ops::Range<usize>) -> Duration {
    let ticks = fields.get(which).map_or(0, |ticks| ticks.iter().sum());
    Duration::from_millis(ticks * 10)
}

/// The processor time of a process: its own and the system's for it.
fn used(process: u32) -> Duration {
    let fields = stat(&PathBuf::from(format!("/proc/{process}")));
    fields.map_or(Duration::ZERO, |fields| ticks(&fields, 11..13))
}

/// The processor time of a process and its children, those that have ended included.
fn used_below(parent: u32) -> Duration {
    let own = stat(&PathBuf::from(format!("/proc/{parent}")));
    let own = own.map_or(Duration::ZERO, |fields| ticks(&fields, 11..15));
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children = processes
        .filter_map(|entry| stat(&entry.path()))
        .filter(|fields| fields.get(1) == Some(&u64::from(parent)));
    own + children
        .map(|fields| ticks(&fields, 11..13))
        .sum::<Duration>()
}
