// SPDX-License-Identifier: MIT OR Apache-2.0
//! The desk is killed again and again, at random and at named places, while people use it; then it is held against what it had promised.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::binary::Binary;
use crate::chance::Chance;
use crate::desk::{Books, Desk, Plan, Served};
use crate::files;
use crate::judge::{self, Looked};
use crate::shop::{Clients, Kind, Order, Pool, Visitor, lines};

/// How a run goes.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// How often something is killed at least.
    pub kills: u32,
    /// What everything that is random follows from.
    pub seed: u64,
    /// So many people use the desk at once.
    pub visitors: u64,
    /// Whether each kill is told.
    pub tells: bool,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Kills at random.
    pub random: u32,
    /// Deaths at each named place.
    pub at: BTreeMap<String, u32>,
    /// Answers that visitors had.
    pub answers: u64,
    /// What was looked at in the end.
    pub looked: Looked,
    /// What `verify` said.
    pub verified: String,
    /// What does not hold.
    pub wrong: Vec<String>,
}

impl Report {
    /// How often something was killed.
    #[must_use]
    pub fn kills(&self) -> u32 {
        self.at
            .values()
            .fold(self.random, |sum, times| sum.saturating_add(*times))
    }

    /// The places at which nothing died, of those that there are on this store.
    #[must_use]
    pub fn not_reached(&self, points: &[String]) -> Vec<String> {
        let missed = points.iter().filter(|point| !self.at.contains_key(*point));
        missed.cloned().collect()
    }
}

/// Orders are told in files of so many.
const ORDERS: usize = 40;
/// A named place that is not reached in this time is left for a random kill.
const LONGEST_ROUND: Duration = Duration::from_millis(2_000);
/// After so many kills everything is held against everything.
const LOOK_EVERY: u32 = 50;

/// A desk under kills.
struct Killing<'r> {
    run: Run,
    desk: Desk,
    points: Vec<String>,
    chance: Chance,
    pool: Pool,
    visitors: Vec<Visitor>,
    files: usize,
    report: &'r mut Report,
}

/// The places of a store, by the first word of their names.
#[must_use]
pub fn points_of(all: &[String], books: &Books) -> Vec<String> {
    let other = match books {
        Books::Sqlite => &["postgres."][..],
        // A key is kept, and a copy made, by the database there.
        Books::Postgres(_) => &["sqlite.", "key.", "backup.", "restore."],
    };
    let here = all
        .iter()
        .filter(|point| !other.iter().any(|start| point.starts_with(start)));
    here.cloned().collect()
}

/// Kills a desk.
///
/// # Errors
/// Something does not start, does not answer or never comes to rest. What does not hold is in the report.
pub fn run(binary: &Binary, books: &Books, run: Run) -> Result<Report, String> {
    let mut report = Report::default();
    let points = points_of(&binary.crash_points()?, books);
    let plan = Plan {
        automatic: true,
        ..Plan::default()
    };
    files::beginnings(binary, books, &mut report)?;
    let mut killing = Killing {
        run,
        desk: Desk::new(binary, books, plan)?,
        points,
        chance: Chance::new(run.seed, u64::MAX),
        pool: Pool::default(),
        visitors: (0..run.visitors)
            .map(|number| Visitor::new(run.seed, number))
            .collect(),
        files: 0,
        report: &mut report,
    };
    killing.go().map_err(|why| {
        format!(
            "{why}\n(seed {}, {})",
            run.seed,
            killing.desk.path().display()
        )
    })?;
    Ok(report)
}

impl Killing<'_> {
    fn go(&mut self) -> Result<(), String> {
        self.trouble(true)?;
        let mut next_look = LOOK_EVERY;
        while self.report.kills() < self.run.kills {
            if self.pool.len() < ORDERS / 4 {
                self.tell_orders()?;
            }
            self.round()?;
            if self.report.kills() >= next_look {
                self.look()?;
                next_look = self.report.kills().saturating_add(LOOK_EVERY);
            }
        }
        self.look()?;
        if matches!(self.desk.database(), "sqlite") {
            files::copies(&self.desk, self.report)?;
        }
        Ok(())
    }

    /// The provider's answers are lost, late and wrong by chance; or not.
    fn trouble(&self, on: bool) -> Result<(), String> {
        let rates = if on {
            json!({"lost_answer": 60, "late_landing": 30, "error_500_executed": 30, "conflict_409": 30, "rate_limit_429": 20})
        } else {
            json!({})
        };
        let body = json!({"seed": self.run.seed, "rates": rates});
        self.desk.provider.tell("/_sandbox/chaos", &body).map(drop)
    }

    /// A place to die at, and the how-manieth time.
    fn place(&mut self) -> Option<String> {
        if self.chance.percent(35) {
            return None;
        }
        // What was reached least comes first, in a random order among equals.
        let mut at: Vec<(u32, u64, &String)> = self
            .points
            .iter()
            .filter(|point| !files::is_about_files(point))
            .map(|point| {
                (
                    self.report.at.get(point).copied().unwrap_or(0),
                    self.chance.number(),
                    point,
                )
            })
            .collect();
        at.sort_unstable();
        let most = u64::try_from(at.len() / 3).unwrap_or(1).max(1);
        let chosen = usize::try_from(self.chance.below(most)).unwrap_or(0);
        let (_, _, name) = at.get(chosen)?;
        // The log is signed once a second.
        let most = if name.starts_with("log.signed") || name.starts_with("log.kept") {
            1
        } else {
            4
        };
        let times = 1 + self.chance.below(most);
        Some(format!("{name}:{times}"))
    }

    /// People use the desk until it dies.
    fn round(&mut self) -> Result<(), String> {
        let place = self.place();
        let mut served = self.desk.serve(place.as_deref())?;
        let long = match place {
            Some(_) => LONGEST_ROUND,
            None => Duration::from_millis(self.chance.below(600)),
        };
        // At random a kill may come before the desk is open.
        if place.is_some() || self.chance.percent(80) {
            served.ready()?;
        }
        let over = AtomicBool::new(false);
        let (pool, tokens) = (&self.pool, &self.desk.tokens);
        thread::scope(|scope| {
            for visitor in &mut self.visitors {
                let (over, address) = (&over, served.address);
                scope.spawn(move || {
                    let mut clients = Clients::new(address, tokens);
                    while !over.load(Ordering::Relaxed) {
                        if visitor.step(&mut clients, pool).is_err() {
                            clients = Clients::new(address, tokens);
                            thread::sleep(Duration::from_millis(2));
                        }
                    }
                });
            }
            let begun = Instant::now();
            while begun.elapsed() < long && !served.ended() {
                thread::sleep(Duration::from_millis(1));
            }
            let died = served.kill();
            over.store(true, Ordering::Relaxed);
            died
        })
        .map(|by_itself| self.died(by_itself, place))
    }

    fn died(&mut self, at_its_place: bool, place: Option<String>) {
        let name = place.as_deref().and_then(|place| place.split(':').next());
        match name.filter(|_| at_its_place) {
            Some(name) => {
                let times = self.report.at.entry(name.to_owned()).or_default();
                *times = times.saturating_add(1);
            }
            None => self.report.random = self.report.random.saturating_add(1),
        }
        if self.run.tells {
            let how = name.filter(|_| at_its_place).unwrap_or("at random");
            eprintln!("kill {}: {how}", self.report.kills());
        }
    }

    /// Tells the desk of more orders in a file, and has the telling die too.
    fn tell_orders(&mut self) -> Result<(), String> {
        self.files = self.files.saturating_add(1);
        let mut orders = Vec::new();
        let mut text = String::new();
        for number in 0..ORDERS {
            let kind = *self.chance.one(&[
                Kind::Small,
                Kind::Small,
                Kind::Large,
                Kind::Dropped,
                Kind::Renewal,
            ]);
            let order = Order {
                number: format!("VL-{}-{number}", self.files),
                kind,
            };
            let paid = self.desk.provider.paid(kind)?;
            if self.chance.percent(15) {
                let slow =
                    json!({"status": "pending", "then": {"after": 2, "status": "succeeded"}});
                self.desk.provider.tell("/_sandbox/refund_lives", &slow)?;
            }
            for line in lines(&order, &paid) {
                text.push_str(&format!("{line}\n"));
            }
            orders.push(order);
        }
        let path = self
            .desk
            .path()
            .join(format!("orders-{}.ndjson", self.files));
        std::fs::write(&path, &text).map_err(|cause| cause.to_string())?;
        files::import(
            &self.desk,
            &path,
            text.lines().count(),
            &mut self.chance,
            self.report,
        )?;
        self.pool.put(orders);
        Ok(())
    }

    /// Lets everything come to rest and holds it against everything.
    fn look(&mut self) -> Result<(), String> {
        self.trouble(false)?;
        let served = opened(&self.desk)?;
        let mut clients = Clients::new(served.address, &self.desk.tokens);
        let rest = judge::at_rest(&self.desk, &mut clients, &mut self.visitors);
        let (looked, mut wrong) = rest.map_err(|why| format!("{why}\n{}", served.said()))?;
        self.report.looked = looked;
        self.report.wrong.append(&mut wrong);
        self.report.answers = self.visitors.iter().map(|visitor| visitor.answers).sum();
        served.close()?;
        self.report.verified = self.desk.verify()?;
        if self.run.tells {
            eprintln!(
                "after {} kills: {looked:?}, {}",
                self.report.kills(),
                self.report.verified.lines().next().unwrap_or_default()
            );
        }
        self.trouble(true)
    }
}

/// An open desk that answers.
///
/// # Errors
/// It does not.
pub fn opened(desk: &Desk) -> Result<Served, String> {
    let mut served = desk.serve(None)?;
    if !served.ready()? {
        return Err(format!("the desk does not open: {}", served.said()));
    }
    Ok(served)
}
