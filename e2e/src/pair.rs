// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two processes on one database of PostgreSQL, and one of them is killed: the other finishes its work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::binary::Binary;
use crate::desk::{Books, Desk, Plan};
use crate::judge::{self, Looked};
use crate::kill::opened;
use crate::race::tell;
use crate::shop::{Clients, Kind, Order, Pool, Visitor};

/// What came of it.
#[derive(Debug, Default)]
pub struct Survived {
    /// What was looked at.
    pub looked: Looked,
    /// How long after the kill everything was at rest.
    pub rest: Duration,
    /// Attempts that the database gave up because others were in between, as it counted them.
    pub conflicts: String,
    /// What does not hold.
    pub wrong: Vec<String>,
}

/// Has people use two processes at once, kills one of them in the middle, and waits for the other.
///
/// # Errors
/// Something does not start, does not answer or never comes to rest.
pub fn run(binary: &Binary, books: &Books, orders: usize, seed: u64) -> Result<Survived, String> {
    let plan = Plan {
        automatic: true,
        ..Plan::default()
    };
    let desk = Desk::new(binary, books, plan)?;
    let kinds = [Kind::Small, Kind::Large, Kind::Dropped, Kind::Renewal];
    let told: Vec<Order> = (0..orders)
        .zip(kinds.iter().cycle())
        .map(|(number, kind)| Order {
            number: format!("VL-{number}"),
            kind: *kind,
        })
        .collect();
    tell(&desk, &told)?;
    let pool = Pool::default();
    pool.put(told);
    let (mut one, mut other) = (opened(&desk)?, desk.serve_beside()?);
    other.ready()?;
    let mut visitors: Vec<Visitor> = (0..8).map(|number| Visitor::new(seed, number)).collect();
    let over = AtomicBool::new(false);
    let addresses = [one.address, other.address];
    let killed = thread::scope(|scope| {
        for (visitor, first) in visitors.iter_mut().zip([0_usize, 1].into_iter().cycle()) {
            let (over, pool, tokens) = (&over, &pool, &desk.tokens);
            scope.spawn(move || {
                let mut turn = addresses.into_iter().cycle().skip(first);
                let mut clients = turn.next().map(|address| Clients::new(address, tokens));
                while !over.load(Ordering::Relaxed) {
                    let Some(open) = &mut clients else { return };
                    if visitor.step(open, pool).is_err() {
                        // The one is gone: on to the other, with the same key.
                        clients = turn.next().map(|address| Clients::new(address, tokens));
                    }
                }
            });
        }
        let begun = Instant::now();
        while pool.len() > orders / 2 && begun.elapsed() < Duration::from_secs(60) {
            thread::sleep(Duration::from_millis(2));
        }
        let killed = one.kill();
        while !pool.is_empty() && begun.elapsed() < Duration::from_secs(120) {
            thread::sleep(Duration::from_millis(10));
        }
        over.store(true, Ordering::Relaxed);
        killed
    });
    killed?;
    let begun = Instant::now();
    let mut clients = Clients::new(other.address, &desk.tokens);
    let (looked, wrong) = judge::at_rest(&desk, &mut clients, &mut visitors)
        .map_err(|why| format!("{why}\n{}", other.said()))?;
    let rest = begun.elapsed();
    let conflicts = match books {
        Books::Sqlite => String::new(),
        Books::Postgres(cluster) => cluster.ask(
            desk.database(),
            "select 'rolled back ' || xact_rollback || ', deadlocks ' || deadlocks from pg_stat_database where datname = current_database()",
        )?,
    };
    other.close()?;
    desk.verify()?;
    Ok(Survived {
        looked,
        rest,
        conflicts,
        wrong,
    })
}
