// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the books say of a time: money by clause and service, cases by what was wrong, and how long people waited.
//!
//! Sums are whole and exact. Times are of cases that were opened in it, the newest so many at most.

use makegood_desk::case::Instant;
use makegood_desk::input::Id;

use super::{count, nanoseconds};
use crate::store::{Row, Statement, Trouble, Tx, Value};

crate::statements! {
    /// Refunds that were paid, by clause.
    BY_CLAUSE = "select coalesce(c.clause, ''), r.currency, count(*), cast(sum(r.amount_minor) as bigint) from refund r join desk_case c on c.id = r.case_id where r.state = 'succeeded' and r.reserved_at >= ?1 group by coalesce(c.clause, ''), r.currency order by 4 desc limit 50";
    /// Refunds that were paid, by service.
    BY_SERVICE = "select coalesce(c.service, ''), r.currency, count(*), cast(sum(r.amount_minor) as bigint) from refund r join desk_case c on c.id = r.case_id where r.state = 'succeeded' and r.reserved_at >= ?1 group by coalesce(c.service, ''), r.currency order by 4 desc limit 50";
    /// Refunds that were paid, by whole days since 1970.
    BY_DAY = "select cast(reserved_at / 86400000000000 as bigint), currency, count(*), cast(sum(amount_minor) as bigint) from refund where state = 'succeeded' and reserved_at >= ?1 group by cast(reserved_at / 86400000000000 as bigint), currency order by 1";
    /// Refunds by how they stand, and whether a person granted them.
    BY_STATE = "select state, currency, count(*), cast(sum(amount_minor) as bigint), sum(case when granted_by is null then 1 else 0 end) from refund where reserved_at >= ?1 group by state, currency order by state, currency";
    /// Cases that were opened, by what was wrong.
    BY_CLAIM = "select claim, '', count(*), cast(0 as bigint) from desk_case where opened_at >= ?1 group by claim order by 3 desc";
    /// Cases that were closed.
    CLOSED = "select count(*) from desk_case where closed_at >= ?1";
    /// Cases that are open.
    OPEN = "select count(*) from desk_case where closed_at is null";
    /// Decisions that people made otherwise than the policy.
    OVERRIDES = "select count(*) from event e join desk_case c on c.id = e.case_id where c.opened_at >= ?1 and e.kind = 'proposed' and e.role in ('agent', 'owner', 'finance', 'technical')";
    /// When cases were opened, first answered and decided, newest first.
    WAITS = "select c.opened_at, (select min(l.handed_at) from letter l where l.case_id = c.id and l.kind <> 'received'), (select min(l.handed_at) from letter l where l.case_id = c.id and l.kind = 'decision') from desk_case c where c.opened_at >= ?1 order by c.number desc limit 5000";
    /// Orders that cases were opened about, newest first.
    ORDERS = "select c.order_number, coalesce(c.service, '') from desk_case c where c.opened_at >= ?1 and c.service is not null order by c.number desc limit 1000";
    /// Customers who were paid back several times.
    REPEATED = "select c.customer_id, r.currency, count(*), cast(sum(r.amount_minor) as bigint) from refund r join desk_case c on c.id = r.case_id where r.state = 'succeeded' and r.reserved_at >= ?1 and c.customer_id is not null group by c.customer_id, r.currency having count(*) > 1 order by 3 desc, 4 desc limit 20";
}

/// A line of a report: what, in which currency, how many, and how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What.
    pub what: String,
    /// The currency; empty where no money is counted.
    pub currency: String,
    /// How many.
    pub count: u64,
    /// How much, in minor units.
    pub minor: u64,
}

/// Refunds in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// How many and how much.
    pub line: Line,
    /// How many of them no person granted.
    pub automatic: u64,
}

/// When somebody asked, was first answered, and had a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Nanoseconds until the first answer that is more than "we have it".
    pub first: Option<i64>,
    /// Nanoseconds until the decision.
    pub decided: Option<i64>,
}

/// What the books say of a time.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Paid, by clause.
    pub clauses: Vec<Line>,
    /// Paid, by service.
    pub services: Vec<Line>,
    /// Paid, by days since 1970.
    pub days: Vec<Line>,
    /// By how they stand.
    pub states: Vec<States>,
    /// Cases by what was wrong.
    pub claims: Vec<Line>,
    /// Cases that were closed.
    pub closed: u64,
    /// Cases that are open now.
    pub open: u64,
    /// Decisions otherwise than the policy.
    pub overrides: u64,
    /// How long people waited.
    pub waits: Vec<Wait>,
    /// Orders that cases were opened about, with their service.
    pub orders: Vec<(String, String)>,
    /// Customers who were paid back several times.
    pub repeated: Vec<(Id, Line)>,
}

fn line(row: &Row) -> Result<Line, Trouble> {
    Ok(Line {
        what: row.text(0)?.to_owned(),
        currency: row.text(1)?.to_owned(),
        count: count(row, 2)?,
        minor: count(row, 3)?,
    })
}

/// A line whose first column is a number.
fn numbered(row: &Row) -> Result<Line, Trouble> {
    Ok(Line {
        what: row.int(0)?.to_string(),
        currency: row.text(1)?.to_owned(),
        count: count(row, 2)?,
        minor: count(row, 3)?,
    })
}

async fn lines(
    tx: &mut Tx<'_>,
    statement: &'static Statement,
    since: &Value,
) -> Result<Vec<Line>, Trouble> {
    let rows = tx.rows(statement, std::slice::from_ref(since)).await?;
    rows.iter().map(line).collect()
}

async fn just(
    tx: &mut Tx<'_>,
    statement: &'static Statement,
    values: &[Value],
) -> Result<u64, Trouble> {
    let row = tx.one(statement, values).await?;
    row.map_or(Ok(0), |row| count(&row, 0))
}

/// What the books say since a moment.
///
/// # Errors
/// The store's trouble.
pub async fn since(tx: &mut Tx<'_>, since: Instant) -> Result<Report, Trouble> {
    let since = Value::from(nanoseconds(since)?);
    let from = std::slice::from_ref(&since);
    let days = tx.rows(&BY_DAY, from).await?;
    let states = tx.rows(&BY_STATE, from).await?;
    let waits = tx.rows(&WAITS, from).await?;
    let orders = tx.rows(&ORDERS, from).await?;
    let repeated = tx.rows(&REPEATED, from).await?;
    Ok(Report {
        clauses: lines(tx, &BY_CLAUSE, &since).await?,
        services: lines(tx, &BY_SERVICE, &since).await?,
        days: days.iter().map(numbered).collect::<Result<_, _>>()?,
        states: states.iter().map(state).collect::<Result<_, _>>()?,
        claims: lines(tx, &BY_CLAIM, &since).await?,
        closed: just(tx, &CLOSED, from).await?,
        open: just(tx, &OPEN, &[]).await?,
        overrides: just(tx, &OVERRIDES, from).await?,
        waits: waits.iter().map(wait).collect::<Result<_, _>>()?,
        orders: orders
            .iter()
            .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
            .collect::<Result<_, Trouble>>()?,
        repeated: repeated.iter().map(repeat).collect::<Result<_, _>>()?,
    })
}

fn state(row: &Row) -> Result<States, Trouble> {
    Ok(States {
        line: line(row)?,
        automatic: count(row, 4)?,
    })
}

fn wait(row: &Row) -> Result<Wait, Trouble> {
    let opened = row.int(0)?;
    let until = |at: Option<i64>| at.map(|at| at.saturating_sub(opened).max(0));
    Ok(Wait {
        first: until(row.opt_int(1)?),
        decided: until(row.opt_int(2)?),
    })
}

fn repeat(row: &Row) -> Result<(Id, Line), Trouble> {
    let line = Line {
        what: String::new(),
        currency: row.text(1)?.to_owned(),
        count: count(row, 2)?,
        minor: count(row, 3)?,
    };
    Ok((Id(row.id(0)?), line))
}
