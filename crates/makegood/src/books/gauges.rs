// SPDX-License-Identifier: MIT OR Apache-2.0
//! How the books stand, for meters: read when somebody asks, so every process on the same books tells the same.

use makegood_desk::case::Instant;
use makegood_desk::life::Stage;

use super::effects::day;
use super::{health, nanoseconds, seal};
use crate::meters::{self, Reading};
use crate::store::{Statement, Trouble, Tx, Value};

crate::statements! {
    /// Cases that are not closed, by stage.
    CASES = "select stage, count(*) from desk_case where stage in ('investigating', 'waiting_for_order', 'waiting_for_customer', 'ready_to_decide', 'waiting_for_approval', 'remedying', 'parked') group by stage";
    /// Open tasks by team.
    TASKS = "select team, count(*) from task where done_at is null group by team";
    /// Those of them that are overdue.
    OVERDUE = "select team, count(*) from task where done_at is null and due_at < ?1 group by team";
    /// Cases with work that is due, and since when.
    DUE = "select count(*), min(wake_at) from desk_case where wake_at is not null and wake_at <= ?1";
    /// Refunds of which nobody knows how they ended, by provider.
    UNKNOWN = "select provider, count(*) from refund where state = 'unknown' group by provider";
    /// What was granted on a day.
    GRANTED = "select currency, granted_minor from day_total where day = ?1 and person = ?2";
    /// Why money is stopped.
    STOPPED = "select key from meta where key in ('money.stopped', 'store.frozen')";
    /// What finance is asked, by kind.
    BREACHES = "select kind, count(*) from breach where closed_at is null group by kind";
    /// When the books were last held against each provider's.
    COMPARED = "select provider, max(at) from reconciliation group by provider";
    /// Webhooks that are to be sent.
    WEBHOOKS = "select count(*) from webhook_delivery where next_at is not null";
}

/// The teams that tasks wait for.
const TEAMS: [&str; 4] = ["customer", "support", "technical_team", "finance"];

struct Book {
    readings: Vec<Reading>,
}

impl Book {
    fn put(&mut self, meter: &'static str, word: &str, value: i64) {
        self.readings.push(Reading {
            meter,
            word: (!word.is_empty()).then(|| word.to_owned()),
            value,
        });
    }

    /// A reading for each word, nought where the statement gives none.
    async fn by_word(
        &mut self,
        tx: &mut Tx<'_>,
        meter: &'static str,
        words: &[&str],
        (statement, values): (&'static Statement, &[Value]),
    ) -> Result<(), Trouble> {
        let rows = tx.rows(statement, values).await?;
        let mut found = Vec::new();
        for row in &rows {
            found.push((row.text(0)?.to_owned(), row.int(1)?));
        }
        for word in words {
            if !found.iter().any(|(known, _)| known == word) {
                self.put(meter, word, 0);
            }
        }
        for (word, value) in found {
            self.put(meter, &word, value);
        }
        Ok(())
    }
}

/// How the books stand at a moment, with a reading for each of these providers; `held` says whether this process holds money back.
///
/// # Errors
/// The store's trouble.
pub async fn read(
    tx: &mut Tx<'_>,
    providers: &[&str],
    held: bool,
    now: Instant,
) -> Result<Vec<Reading>, Trouble> {
    let mut book = Book {
        readings: Vec::new(),
    };
    let at = [Value::from(nanoseconds(now)?)];
    let stages: Vec<&str> = Stage::ALL.iter().map(|(word, _)| *word).collect();
    let open: Vec<&str> = stages
        .into_iter()
        .filter(|word| *word != "closed")
        .collect();
    book.by_word(tx, meters::CASES_OPEN, &open, (&CASES, &[]))
        .await?;
    book.by_word(tx, meters::TASKS_OPEN, &TEAMS, (&TASKS, &[]))
        .await?;
    book.by_word(tx, meters::TASKS_OVERDUE, &TEAMS, (&OVERDUE, &at))
        .await?;
    book.by_word(tx, meters::REFUNDS_UNKNOWN, providers, (&UNKNOWN, &[]))
        .await?;
    book.by_word(
        tx,
        meters::BREACHES,
        &["foreign_refund", "refund_missing"],
        (&BREACHES, &[]),
    )
    .await?;
    let today = [Value::from(day(now)), Value::from(Vec::new())];
    book.by_word(tx, meters::GRANTED_TODAY, &[], (&GRANTED, &today))
        .await?;
    work(tx, &mut book, now).await?;
    money(tx, &mut book, providers, now).await?;
    book.put(meters::MONEY_STOPPED, "process", i64::from(held));
    log(tx, &mut book).await?;
    Ok(book.readings)
}

async fn work(tx: &mut Tx<'_>, book: &mut Book, now: Instant) -> Result<(), Trouble> {
    let at = nanoseconds(now)?;
    let (mut due, mut oldest) = (0, 0);
    if let Some(row) = tx.one(&DUE, &[Value::from(at)]).await? {
        due = row.int(0)?;
        oldest = row
            .opt_int(1)?
            .map_or(0, |since| seconds(at.saturating_sub(since)));
    }
    book.put(meters::WORK_DUE, "", due);
    book.put(meters::WORK_DUE_OLDEST, "", oldest);
    let waiting = tx.one(&WEBHOOKS, &[]).await?;
    book.put(
        meters::WEBHOOKS_WAITING,
        "",
        waiting.map_or(Ok(0), |row| row.int(0))?,
    );
    Ok(())
}

async fn money(
    tx: &mut Tx<'_>,
    book: &mut Book,
    providers: &[&str],
    now: Instant,
) -> Result<(), Trouble> {
    let at = nanoseconds(now)?;
    let mut resting = Vec::new();
    for row in tx.rows(&health::ALL, &[]).await? {
        if row.opt_int(2)?.is_some_and(|until| until > at) {
            resting.push(row.text(0)?.to_owned());
        }
    }
    for provider in providers {
        let rests = resting.iter().any(|name| name == provider);
        book.put(meters::BREAKER_OPEN, provider, i64::from(rests));
    }
    let mut stopped = Vec::new();
    for row in tx.rows(&STOPPED, &[]).await? {
        stopped.push(row.text(0)?.to_owned());
    }
    for (word, key) in [("person", "money.stopped"), ("store", "store.frozen")] {
        let is = stopped.iter().any(|known| known == key);
        book.put(meters::MONEY_STOPPED, word, i64::from(is));
    }
    for row in tx.rows(&COMPARED, &[]).await? {
        book.put(meters::RECONCILED_AT, row.text(0)?, seconds(row.int(1)?));
    }
    Ok(())
}

async fn log(tx: &mut Tx<'_>, book: &mut Book) -> Result<(), Trouble> {
    let leaves = seal::frontier(tx).await?.size();
    book.put(
        meters::AUDIT_LEAVES,
        "",
        i64::try_from(leaves).unwrap_or(i64::MAX),
    );
    if let Some(row) = tx.one(&seal::CHECKPOINT, &[]).await? {
        book.put(meters::AUDIT_SIGNED_AT, "", seconds(row.int(2)?));
    }
    Ok(())
}

const fn seconds(nanoseconds: i64) -> i64 {
    nanoseconds.div_euclid(1_000_000_000)
}
