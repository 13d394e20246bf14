// SPDX-License-Identifier: MIT OR Apache-2.0
//! The queue: cases as agents work through them, what is due first first, in views that each answer one question.

use makegood_desk::case::Instant;
use makegood_desk::input::Id;

use super::{count, instant, nanoseconds};
use crate::store::{Row, Statement, Trouble, Tx, Value};

crate::statements! {
    /// Open cases at a stage.
    STAGE = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.closed_at is null and c.stage = ?7 and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Open cases.
    OPEN = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.closed_at is null and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Open cases that are due before a moment.
    SOON = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.closed_at is null and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(c.due_at, 9000000000000000000) < ?7 and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Open cases of a person.
    MINE = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.closed_at is null and c.assigned_to = ?7 and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Open cases in which a team has something to do.
    TEAM = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.id in (select case_id from task where team = ?7 and done_at is null) and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Cases about whose order a bank is asked.
    DISPUTES = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.order_number in (select order_number from dispute where status = 'open') and (coalesce(c.due_at, 9000000000000000000), c.number) > (?1, ?2) and coalesce(?4, c.claim) = c.claim and coalesce(?5, c.channel) = c.channel and coalesce(?6, c.service, '') = coalesce(c.service, '') order by coalesce(c.due_at, 9000000000000000000), c.number limit ?3";
    /// Closed cases below a number, newest first.
    CLOSED = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.stage = 'closed' and c.number < ?1 and coalesce(?3, c.claim) = c.claim and coalesce(?4, c.channel) = c.channel and coalesce(?5, c.service, '') = coalesce(c.service, '') order by c.number desc limit ?2";
    /// Of which services there are open cases, most first.
    SERVICES = "select service from desk_case where closed_at is null and service is not null group by service order by count(*) desc, service limit 60";
    /// One case.
    ONE = "select c.id, c.number, c.order_number, c.claim, c.service, c.stage, c.channel, c.outcome, c.clause, c.amount_minor, c.currency, c.opened_at, c.changed_at, c.due_at, s.name from desk_case c left join staff s on s.id = c.assigned_to where c.id = ?1";
    /// A case by its number.
    BY_NUMBER = "select id from desk_case where number = ?1";
    /// How many open cases there are at each stage.
    COUNTS = "select stage, count(*) from desk_case where closed_at is null group by stage";
    /// How many open cases are due before a moment.
    COUNT_SOON = "select count(*) from desk_case where closed_at is null and coalesce(due_at, 9000000000000000000) < ?1";
    /// How many open cases are a person's.
    COUNT_MINE = "select count(*) from desk_case where closed_at is null and assigned_to = ?1";
    /// How many cases a team has something to do in.
    COUNT_TEAM = "select count(distinct case_id) from task where team = ?1 and done_at is null";
    /// How many cases there are about whose order a bank is asked.
    COUNT_DISPUTES = "select count(*) from desk_case where order_number in (select order_number from dispute where status = 'open')";
}

/// What is later than any case is due; cases that nothing is due in stand last.
const NEVER: i64 = 9_000_000_000_000_000_000;

/// A view of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// Decisions that wait for a person.
    #[default]
    Ready,
    /// Cases of whoever looks.
    Mine,
    /// What is due within the hour, or was due before.
    Soon,
    /// Customers are asked.
    Waiting,
    /// The technical team is asked.
    Technical,
    /// Decisions that wait for a second person.
    Approvals,
    /// A bank is asked.
    Disputes,
    /// What broke.
    Parked,
    /// All that are open.
    Open,
    /// All that are closed.
    Closed,
}

impl View {
    /// All of them, by their words.
    pub const ALL: [(&'static str, Self); 10] = [
        ("ready", Self::Ready),
        ("mine", Self::Mine),
        ("soon", Self::Soon),
        ("waiting", Self::Waiting),
        ("technical", Self::Technical),
        ("approvals", Self::Approvals),
        ("disputes", Self::Disputes),
        ("parked", Self::Parked),
        ("open", Self::Open),
        ("closed", Self::Closed),
    ];

    /// The view of a word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| *known == word).map(|(_, view)| *view)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, view)| *view == self)
            .map_or("", |(word, _)| word)
    }
}

/// A case as the queue shows it.
#[derive(Clone, Debug)]
pub struct QueueRow {
    /// Its name for machines.
    pub id: Id,
    /// Its number.
    pub number: u64,
    /// Its order.
    pub order: String,
    /// What is claimed.
    pub claim: String,
    /// Of which service.
    pub service: Option<String>,
    /// Where it is.
    pub stage: String,
    /// By which way it came.
    pub channel: String,
    /// What its last decision says.
    pub outcome: Option<String>,
    /// By which clause.
    pub clause: Option<String>,
    /// How much money that grants, and of which currency.
    pub money: Option<(u64, String)>,
    /// When it was opened.
    pub opened_at: Instant,
    /// When something last happened.
    pub changed_at: Instant,
    /// When the next answer is due.
    pub due_at: Option<Instant>,
    /// Whose it is, by name.
    pub assignee: Option<String>,
}

fn queue_row(row: &Row) -> Result<QueueRow, Trouble> {
    let amount = row.opt_int(9)?.and_then(|minor| u64::try_from(minor).ok());
    Ok(QueueRow {
        id: Id(row.id(0)?),
        number: count(row, 1)?,
        order: row.text(2)?.to_owned(),
        claim: row.text(3)?.to_owned(),
        service: row.opt_text(4)?.map(str::to_owned),
        stage: row.text(5)?.to_owned(),
        channel: row.text(6)?.to_owned(),
        outcome: row.opt_text(7)?.map(str::to_owned),
        clause: row.opt_text(8)?.map(str::to_owned),
        money: amount.zip(row.opt_text(10)?.map(str::to_owned)),
        opened_at: instant(row.int(11)?),
        changed_at: instant(row.int(12)?),
        due_at: row.opt_int(13)?.map(instant),
        assignee: row.opt_text(14)?.map(str::to_owned),
    })
}

/// A place in a view: after the case of this number, which was due then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When that case is due.
    pub due_at: Option<Instant>,
    /// Its number.
    pub number: u64,
}

/// Who looks at the queue, and when.
#[derive(Clone, Copy, Debug)]
pub struct Looking {
    /// Who.
    pub person: Option<Id>,
    /// What is due before then is due soon.
    pub soon: Instant,
}

/// Which cases of a view are wanted: of a claim, a channel, a service, where one is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this claim, by its word.
    pub claim: Option<String>,
    /// That came by this way, by its word.
    pub channel: Option<String>,
    /// Of this service.
    pub service: Option<String>,
}

impl Filter {
    /// Whether it lets everything through.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.claim.is_none() && self.channel.is_none() && self.service.is_none()
    }

    fn values(&self) -> [Value; 3] {
        [&self.claim, &self.channel, &self.service].map(|word| Value::from(word.clone()))
    }
}

/// Of which services there are open cases, most first.
///
/// # Errors
/// The store's trouble.
pub async fn services(tx: &mut Tx<'_>) -> Result<Vec<String>, Trouble> {
    let rows = tx.rows(&SERVICES, &[]).await?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Cases of a view that fit after a place, so many at most.
///
/// # Errors
/// The store's trouble.
pub async fn cases(
    tx: &mut Tx<'_>,
    view: View,
    filter: &Filter,
    looking: Looking,
    after: Option<Place>,
    most: i64,
) -> Result<Vec<QueueRow>, Trouble> {
    let due = after.and_then(|place| place.due_at);
    let due = due.map(nanoseconds).transpose()?;
    // A place behind what the books can hold is behind everything.
    let number = after.map(|place| i64::try_from(place.number).unwrap_or(i64::MAX));
    if view == View::Closed {
        let from = [Value::from(number.unwrap_or(i64::MAX)), Value::from(most)];
        let values: Vec<Value> = from.into_iter().chain(filter.values()).collect();
        return read(tx.rows(&CLOSED, &values).await?);
    }
    let from = [
        Value::from(match after {
            Some(_) => due.unwrap_or(NEVER),
            None => i64::MIN,
        }),
        Value::from(number.unwrap_or(i64::MIN)),
    ];
    let (statement, which): (&'static Statement, Option<Value>) = match view {
        View::Open | View::Closed => (&OPEN, None),
        View::Disputes => (&DISPUTES, None),
        View::Ready => (&STAGE, Some(Value::from("ready_to_decide"))),
        View::Waiting => (&STAGE, Some(Value::from("waiting_for_customer"))),
        View::Approvals => (&STAGE, Some(Value::from("waiting_for_approval"))),
        View::Parked => (&STAGE, Some(Value::from("parked"))),
        View::Technical => (&TEAM, Some(Value::from("technical_team"))),
        View::Soon => (&SOON, Some(Value::from(nanoseconds(looking.soon)?))),
        View::Mine => match looking.person {
            Some(person) => (&MINE, Some(Value::from(person.0))),
            None => return Ok(Vec::new()),
        },
    };
    let values: Vec<Value> = from
        .into_iter()
        .chain([Value::from(most)])
        .chain(filter.values())
        .chain(which)
        .collect();
    read(tx.rows(statement, &values).await?)
}

fn read(rows: Vec<Row>) -> Result<Vec<QueueRow>, Trouble> {
    rows.iter().map(queue_row).collect()
}

/// How many cases there are in each view; of the closed ones nobody asks.
///
/// # Errors
/// The store's trouble.
pub async fn counts(tx: &mut Tx<'_>, looking: Looking) -> Result<Vec<(View, u64)>, Trouble> {
    let stages = tx.rows(&COUNTS, &[]).await?;
    let at = |wanted: &str| -> Result<u64, Trouble> {
        let row = stages
            .iter()
            .find(|row| row.text(0).is_ok_and(|stage| stage == wanted));
        row.map_or(Ok(0), |row| count(row, 1))
    };
    let mut out = vec![
        (View::Ready, at("ready_to_decide")?),
        (View::Waiting, at("waiting_for_customer")?),
        (View::Approvals, at("waiting_for_approval")?),
        (View::Parked, at("parked")?),
    ];
    let mut open = 0_u64;
    for row in &stages {
        open = open.saturating_add(count(row, 1)?);
    }
    out.push((View::Open, open));
    let soon = [Value::from(nanoseconds(looking.soon)?)];
    out.push((View::Soon, just(tx, &COUNT_SOON, &soon).await?));
    let team = [Value::from("technical_team")];
    out.push((View::Technical, just(tx, &COUNT_TEAM, &team).await?));
    out.push((View::Disputes, just(tx, &COUNT_DISPUTES, &[]).await?));
    if let Some(person) = looking.person {
        let mine = [Value::from(person.0)];
        out.push((View::Mine, just(tx, &COUNT_MINE, &mine).await?));
    }
    Ok(out)
}

async fn just(
    tx: &mut Tx<'_>,
    statement: &'static Statement,
    values: &[Value],
) -> Result<u64, Trouble> {
    let row = tx.one(statement, values).await?;
    row.map_or(Ok(0), |row| count(&row, 0))
}

/// The case that people call by a number.
///
/// # Errors
/// The store's trouble.
pub async fn numbered(tx: &mut Tx<'_>, number: u64) -> Result<Option<Id>, Trouble> {
    // No case has a number that the books cannot hold.
    let Ok(number) = i64::try_from(number) else {
        return Ok(None);
    };
    let row = tx.one(&BY_NUMBER, &[Value::from(number)]).await?;
    row.map(|row| row.id(0).map(Id)).transpose()
}

/// One case as the queue shows it.
///
/// # Errors
/// The store's trouble.
pub async fn one(tx: &mut Tx<'_>, case: Id) -> Result<Option<QueueRow>, Trouble> {
    let row = tx.one(&ONE, &[Value::from(case.0)]).await?;
    row.as_ref().map(queue_row).transpose()
}
