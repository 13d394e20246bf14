// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking a delivery log in: entries a second from a file into SQLite, with what each costs in processor time and flushes.
//!
//! `cargo bench --bench import -- [ENTRIES]`. The file lies in the folder that `TMPDIR` names; a disk that is none shows what the
//! program costs, a real one what the store does.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use makegood::books::intake::Intake;
use makegood::books::intake::line::Kind;
use makegood::clock::Clock;
use makegood::goods::import::source::Source;
use makegood::goods::import::{Progress, Run};
use makegood::store::{Location, Options, Store};
use makegood::vault::{MasterKey, Vault};

/// Lines that share a transaction, as the command has it.
const LINES: usize = 16_384;

fn main() {
    let entries = std::env::args().filter_map(|word| word.parse().ok()).next();
    let entries: u32 = entries.unwrap_or(1_000_000);
    let folder = std::env::temp_dir().join(format!("makegood-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for (name, shuffled) in [
        ("in the order of orders", false),
        ("as they happened, over all orders", true),
    ] {
        let path = folder.join("log.csv");
        std::fs::write(&path, table(entries, shuffled)).expect("written");
        runtime.block_on(async {
            let store = folder.join(format!("{shuffled}.sqlite"));
            let run = run(&folder, &store, &path).await;
            once(name, &run, entries, Progress::default()).await;
            once("the same again", &run, entries, Progress::default()).await;
            run.intake.store.close().await;
            let bytes = std::fs::metadata(&store).map_or(0, |file| file.len());
            println!(
                "    {} bytes an entry in the store",
                bytes / u64::from(entries)
            );
        });
    }
    let _ = std::fs::remove_dir_all(&folder);
}

/// Twenty entries an order, ten days long.
fn table(entries: u32, shuffled: bool) -> String {
    let orders = (entries / 20).max(1);
    let mut text = String::from("order,at,event,count\n");
    for entry in 0..entries {
        let (order, nth) = match shuffled {
            true => (entry.wrapping_mul(2_654_435_761) % orders, entry / orders),
            false => (entry / 20, entry % 20),
        };
        let (day, hour) = (1 + nth / 2, nth % 2 * 12);
        let count = 2_310 + nth * 50;
        let _ = writeln!(
            text,
            "VL-{order:07},2026-10-{day:02}T{hour:02}:{:02}:{:02}Z,count,{count}",
            order % 60,
            entry % 60
        );
    }
    text
}

async fn run(folder: &Path, store: &Path, path: &Path) -> Run {
    let options = Options::default();
    let store = Store::open(&Location::Sqlite(store.to_owned()), options)
        .await
        .expect("a store");
    let keys = folder.join(format!("keys-{}.sqlite", store.counts().commits));
    let vault = Vault::open(&keys, MasterKey::generate().expect("a key")).expect("a key store");
    Run {
        intake: Intake {
            store,
            vault: Arc::new(vault),
            providers: Arc::new(BTreeSet::new()),
        },
        source: Source::look(path, None, None, Some(Kind::Log)).expect("a file"),
        dry: false,
        clock: Clock::default(),
    }
}

async fn once(name: &str, run: &Run, entries: u32, from: Progress) {
    let (commits, cpu, begun) = (run.intake.store.counts().commits, cpu(), Instant::now());
    let done = run.go(from, LINES, |_, _| Ok(())).await;
    let tally = done.unwrap_or_else(|why| panic!("{why}")).tally;
    let (wall, cpu) = (begun.elapsed(), self::cpu() - cpu);
    let commits = run.intake.store.counts().commits - commits;
    let rate = u128::from(entries) * 1_000_000_000 / wall.as_nanos().max(1);
    let each = cpu.as_nanos() / u128::from(entries);
    println!(
        "{name}: {rate} entries a second, {each} ns of processor each, {commits} commits; {} new, {} there before",
        tally.new, tally.same
    );
}

/// How much processor time the process has used.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
