// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists: cases, refunds, tasks, events, the ledger, what finance is asked and comparisons, page by page, each in an order that does not change under the reader.

use makegood_desk::case::Instant;
use makegood_desk::event::Event;
use makegood_desk::input::Id;
use makegood_desk::record;

use super::{count, instant, stranger};
use crate::reconcile::Report;
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// Cases below a number, newest first.
    CASES_DOWN = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where number < ?1 order by number desc limit ?2";
    /// Cases above a number, oldest first.
    CASES_UP = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where number > ?1 order by number limit ?2";
    /// The same at one stage.
    STAGE_DOWN = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where stage = ?3 and number < ?1 order by number desc limit ?2";
    /// The same at one stage.
    STAGE_UP = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where stage = ?3 and number > ?1 order by number limit ?2";
    /// Cases of an order, newest first; nobody has more than these of one.
    CASES_OF_ORDER = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where order_number = ?1 order by number desc limit 10000";
    /// Cases of a customer, newest first.
    CASES_OF_CUSTOMER = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where customer_id = ?1 order by number desc limit 10000";
    /// Cases in which a team has something to do, newest first.
    CASES_OF_TEAM = "select id, number, order_number, claim, stage, customer_id, outcome, clause, amount_minor, currency, opened_at, changed_at, closed_at, due_at from desk_case where id in (select case_id from task where team = ?1 and done_at is null) order by number desc limit 10000";
    /// The number of a case.
    NUMBER_OF = "select number from desk_case where id = ?1";
    /// Refunds before one, newest first.
    REFUNDS_DOWN = "select key, case_id, no, decision, order_number, payment_id, provider, provider_payment, provider_refund, amount_minor, currency, units, state, reserved_at from refund where (reserved_at, key) < (?1, ?2) order by reserved_at desc, key desc limit ?3";
    /// Refunds after one, oldest first.
    REFUNDS_UP = "select key, case_id, no, decision, order_number, payment_id, provider, provider_payment, provider_refund, amount_minor, currency, units, state, reserved_at from refund where (reserved_at, key) > (?1, ?2) order by reserved_at, key limit ?3";
    /// Refunds of an order, newest first.
    REFUNDS_OF_ORDER = "select key, case_id, no, decision, order_number, payment_id, provider, provider_payment, provider_refund, amount_minor, currency, units, state, reserved_at from refund where order_number = ?1 order by reserved_at desc, key desc limit 10000";
    /// Where a refund stands among all.
    REFUND_PLACE = "select reserved_at, key from refund where case_id = ?1 and no = ?2";
    /// Open tasks of a team after one, the most urgent first.
    TASKS_OF_TEAM = "select t.case_id, t.kind, t.no, t.team, t.what, t.opened_at, t.due_at, c.number, c.order_number from task t join desk_case c on c.id = t.case_id where t.team = ?1 and t.done_at is null and (t.due_at, t.case_id, t.kind, t.no) > (?2, ?3, ?4, ?5) order by t.due_at, t.case_id, t.kind, t.no limit ?6";
    /// Open tasks of a team before one, the least urgent first.
    TASKS_OF_TEAM_UP = "select t.case_id, t.kind, t.no, t.team, t.what, t.opened_at, t.due_at, c.number, c.order_number from task t join desk_case c on c.id = t.case_id where t.team = ?1 and t.done_at is null and (t.due_at, t.case_id, t.kind, t.no) < (?2, ?3, ?4, ?5) order by t.due_at desc, t.case_id desc, t.kind desc, t.no desc limit ?6";
    /// Open tasks of everybody after one.
    TASKS = "select t.case_id, t.kind, t.no, t.team, t.what, t.opened_at, t.due_at, c.number, c.order_number from task t join desk_case c on c.id = t.case_id where t.done_at is null and t.team in ('support', 'technical_team', 'finance', 'customer') and (t.due_at, t.case_id, t.kind, t.no) > (?1, ?2, ?3, ?4) order by t.due_at, t.case_id, t.kind, t.no limit ?5";
    /// Open tasks of everybody before one.
    TASKS_UP = "select t.case_id, t.kind, t.no, t.team, t.what, t.opened_at, t.due_at, c.number, c.order_number from task t join desk_case c on c.id = t.case_id where t.done_at is null and t.team in ('support', 'technical_team', 'finance', 'customer') and (t.due_at, t.case_id, t.kind, t.no) < (?1, ?2, ?3, ?4) order by t.due_at desc, t.case_id desc, t.kind desc, t.no desc limit ?5";
    /// When a task is due.
    TASK_DUE = "select due_at from task where case_id = ?1 and kind = ?2 and no = ?3";
    /// Events of the audit log from a place on.
    EVENTS = "select leaf, case_id, position, record from event where leaf >= ?1 order by leaf limit ?2";
    /// Events of a case.
    EVENTS_OF = "select leaf, case_id, position, record from event where case_id = ?1 order by position limit 10000";
    /// What the accounts come to.
    BALANCES = "select account, currency, cast(sum(case when signed_minor > 0 then signed_minor else 0 end) as bigint), cast(sum(case when signed_minor < 0 then -signed_minor else 0 end) as bigint) from ledger_entry group by account, currency order by account, currency";
    /// Legs below a number, newest first.
    LEGS_DOWN = "select no, source, case_id, position, part, leg, booking, account, account_of, signed_minor, currency, at from ledger_entry where no < ?1 order by no desc limit ?2";
    /// Legs above a number, oldest first.
    LEGS_UP = "select no, source, case_id, position, part, leg, booking, account, account_of, signed_minor, currency, at from ledger_entry where no > ?1 order by no limit ?2";
    /// What finance is asked, before one, newest first.
    BREACHES_DOWN = "select id, kind, provider, subject, order_number, case_id, words, opened_at, due_at, closed_at, closed_by, note from breach where (opened_at, id) < (?1, ?2) and (?4 = '' or (?4 = 'open') = (closed_at is null)) and (?5 = '' or order_number = ?5) order by opened_at desc, id desc limit ?3";
    /// What finance is asked, after one, oldest first.
    BREACHES_UP = "select id, kind, provider, subject, order_number, case_id, words, opened_at, due_at, closed_at, closed_by, note from breach where (opened_at, id) > (?1, ?2) and (?4 = '' or (?4 = 'open') = (closed_at is null)) and (?5 = '' or order_number = ?5) order by opened_at, id limit ?3";
    /// One thing that finance is asked.
    BREACH = "select id, kind, provider, subject, order_number, case_id, words, opened_at, due_at, closed_at, closed_by, note from breach where id = ?1";
    /// Comparisons with a provider before one, newest first.
    COMPARISONS_DOWN = "select id, at, report from reconciliation where (at, id) < (?1, ?2) and (?4 = '' or provider = ?4) order by at desc, id desc limit ?3";
    /// Comparisons with a provider after one, oldest first.
    COMPARISONS_UP = "select id, at, report from reconciliation where (at, id) > (?1, ?2) and (?4 = '' or provider = ?4) order by at, id limit ?3";
    /// One comparison with a provider.
    COMPARISON = "select id, at, report from reconciliation where id = ?1";
    /// Legs of a case, newest first.
    LEGS_OF = "select no, source, case_id, position, part, leg, booking, account, account_of, signed_minor, currency, at from ledger_entry where case_id = ?1 order by no desc limit 10000";
}

/// Which side of a place in a list is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From<T> {
    /// From the beginning.
    Start,
    /// After a place.
    After(T),
    /// Before a place, nearest first.
    Before(T),
}

/// A case as lists show it.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// Its name for machines.
    pub id: Id,
    /// Its number.
    pub number: u64,
    /// Its order.
    pub order: String,
    /// What is claimed.
    pub claim: String,
    /// Where it is.
    pub stage: String,
    /// Whose it is.
    pub customer: Option<Id>,
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
    /// When it was closed.
    pub closed_at: Option<Instant>,
    /// When the next answer is due.
    pub due_at: Option<Instant>,
}

fn case_row(row: &Row) -> Result<CaseRow, Trouble> {
    let amount = row.opt_int(8)?.and_then(|minor| u64::try_from(minor).ok());
    Ok(CaseRow {
        id: Id(row.id(0)?),
        number: count(row, 1)?,
        order: row.text(2)?.to_owned(),
        claim: row.text(3)?.to_owned(),
        stage: row.text(4)?.to_owned(),
        customer: row.opt_id(5)?.map(Id),
        outcome: row.opt_text(6)?.map(str::to_owned),
        clause: row.opt_text(7)?.map(str::to_owned),
        money: amount.zip(row.opt_text(9)?.map(str::to_owned)),
        opened_at: instant(row.int(10)?),
        changed_at: instant(row.int(11)?),
        closed_at: row.opt_int(12)?.map(instant),
        due_at: row.opt_int(13)?.map(instant),
    })
}

/// Which cases are listed.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Those at a stage.
    pub stage: Option<&'static str>,
    /// Those of an order.
    pub order: Option<String>,
    /// Those of a customer.
    pub customer: Option<Id>,
    /// Those in which a team has something to do.
    pub team: Option<&'static str>,
    /// The one of a number.
    pub number: Option<u64>,
}

impl CaseFilter {
    fn fits(&self, row: &CaseRow) -> bool {
        self.stage.is_none_or(|stage| row.stage == stage)
            && self.order.as_ref().is_none_or(|order| row.order == *order)
            && self
                .customer
                .is_none_or(|customer| row.customer == Some(customer))
            && self.number.is_none_or(|number| row.number == number)
    }
}

/// Cases, newest first (before a place: oldest first), so many at most.
///
/// # Errors
/// The store's trouble.
pub async fn cases(
    tx: &mut Tx<'_>,
    filter: &CaseFilter,
    from: &From<Id>,
    most: i64,
) -> Result<Option<Vec<CaseRow>>, Trouble> {
    let (place, up) = match from {
        From::Start => (i64::MAX, false),
        From::After(id) | From::Before(id) => match tx.one(&NUMBER_OF, &[Value::from(id.0)]).await?
        {
            Some(row) => (row.int(0)?, matches!(from, From::Before(_))),
            None => return Ok(None),
        },
    };
    if let Some(number) = filter.number {
        let just = [
            Value::from(super::whole(number.saturating_add(1))?),
            Value::from(1_i64),
        ];
        return chosen(tx.rows(&CASES_DOWN, &just).await?, filter, place, up, most).map(Some);
    }
    let few = match (filter.team, &filter.order, filter.customer) {
        (Some(team), _, _) => Some((&CASES_OF_TEAM, Value::from(team))),
        (_, Some(order), _) => Some((&CASES_OF_ORDER, Value::from(order.as_str()))),
        (_, _, Some(customer)) => Some((&CASES_OF_CUSTOMER, Value::from(customer.0))),
        _ => None,
    };
    if let Some((statement, value)) = few {
        return chosen(tx.rows(statement, &[value]).await?, filter, place, up, most).map(Some);
    }
    let mut values = vec![Value::from(place), Value::from(most)];
    let statement = match (filter.stage, up) {
        (None, false) => &CASES_DOWN,
        (None, true) => &CASES_UP,
        (Some(stage), up) => {
            values.push(Value::from(stage));
            if up { &STAGE_UP } else { &STAGE_DOWN }
        }
    };
    tx.rows(statement, &values)
        .await?
        .iter()
        .map(case_row)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// What fits of a list that is short enough to be looked through.
fn chosen(
    rows: Vec<Row>,
    filter: &CaseFilter,
    place: i64,
    up: bool,
    most: i64,
) -> Result<Vec<CaseRow>, Trouble> {
    let place = u64::try_from(place).unwrap_or_default();
    let mut rows = rows.iter().map(case_row).collect::<Result<Vec<_>, _>>()?;
    rows.retain(|row| {
        filter.fits(row)
            && if up {
                row.number > place
            } else {
                row.number < place
            }
    });
    if up {
        rows.reverse();
    }
    rows.truncate(usize::try_from(most).unwrap_or_default());
    Ok(rows)
}

/// A refund as lists show it.
#[derive(Clone, Debug)]
pub struct RefundRow {
    /// Its case.
    pub case: Id,
    /// Its number in the case.
    pub no: u32,
    /// The decision that it carries out.
    pub decision: u32,
    /// Its order.
    pub order: String,
    /// The payment.
    pub payment: String,
    /// The provider.
    pub provider: String,
    /// The provider's name for the payment.
    pub provider_payment: String,
    /// The provider's name for the refund.
    pub provider_refund: Option<String>,
    /// How much.
    pub minor: u64,
    /// The currency.
    pub currency: String,
    /// For how many units.
    pub units: u64,
    /// How far it is.
    pub state: String,
    /// When it was promised.
    pub reserved_at: Instant,
}

fn small(row: &Row, column: usize) -> Result<u32, Trouble> {
    u32::try_from(row.int(column)?).map_err(|_| stranger("a number that is too large"))
}

fn refund_row(row: &Row) -> Result<RefundRow, Trouble> {
    Ok(RefundRow {
        case: Id(row.id(1)?),
        no: small(row, 2)?,
        decision: small(row, 3)?,
        order: row.text(4)?.to_owned(),
        payment: row.text(5)?.to_owned(),
        provider: row.text(6)?.to_owned(),
        provider_payment: row.text(7)?.to_owned(),
        provider_refund: row.opt_text(8)?.map(str::to_owned),
        minor: count(row, 9)?,
        currency: row.text(10)?.to_owned(),
        units: count(row, 11)?,
        state: row.text(12)?.to_owned(),
        reserved_at: instant(row.int(13)?),
    })
}

/// Refunds, newest first (before a place: oldest first), of an order where one is named; nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn refunds(
    tx: &mut Tx<'_>,
    order: Option<&str>,
    from: &From<(Id, u32)>,
    most: i64,
) -> Result<Option<Vec<RefundRow>>, Trouble> {
    let (at, key, up) = match from {
        From::Start => (i64::MAX, String::new(), false),
        From::After((case, no)) | From::Before((case, no)) => {
            let values = [Value::from(case.0), Value::from(*no)];
            match tx.one(&REFUND_PLACE, &values).await? {
                Some(row) => (
                    row.int(0)?,
                    row.text(1)?.to_owned(),
                    matches!(from, From::Before(_)),
                ),
                None => return Ok(None),
            }
        }
    };
    if let Some(order) = order {
        let rows = tx.rows(&REFUNDS_OF_ORDER, &[Value::from(order)]).await?;
        let inside = |row: &&Row| -> bool {
            let here = (
                row.int(13).unwrap_or_default(),
                row.text(0).unwrap_or_default(),
            );
            if up {
                here > (at, key.as_str())
            } else {
                here < (at, key.as_str())
            }
        };
        let mut found = rows
            .iter()
            .filter(inside)
            .map(refund_row)
            .collect::<Result<Vec<_>, _>>()?;
        if up {
            found.reverse();
        }
        found.truncate(usize::try_from(most).unwrap_or_default());
        return Ok(Some(found));
    }
    let values = [Value::from(at), Value::from(key), Value::from(most)];
    let statement = if up { &REFUNDS_UP } else { &REFUNDS_DOWN };
    tx.rows(statement, &values)
        .await?
        .iter()
        .map(refund_row)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// An open task as lists show it.
#[derive(Clone, Debug)]
pub struct TaskRow {
    /// Its case.
    pub case: Id,
    /// Whether it is a question about facts.
    pub question: bool,
    /// Its number in the case.
    pub no: u32,
    /// Whose it is.
    pub team: String,
    /// What: for a question the facts, else a word with what it is about.
    pub what: String,
    /// Since when.
    pub opened_at: Instant,
    /// Until when.
    pub due_at: Instant,
    /// The number of its case.
    pub case_number: u64,
    /// The order of its case.
    pub order: String,
}

fn task_row(row: &Row) -> Result<TaskRow, Trouble> {
    Ok(TaskRow {
        case: Id(row.id(0)?),
        question: row.text(1)? == "question",
        no: small(row, 2)?,
        team: row.text(3)?.to_owned(),
        what: row.text(4)?.to_owned(),
        opened_at: instant(row.int(5)?),
        due_at: instant(row.int(6)?),
        case_number: count(row, 7)?,
        order: row.text(8)?.to_owned(),
    })
}

/// Open tasks, the most urgent first (before a place: the other way round); nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn tasks(
    tx: &mut Tx<'_>,
    team: Option<&'static str>,
    from: &From<(Id, bool, u32)>,
    most: i64,
) -> Result<Option<Vec<TaskRow>>, Trouble> {
    let (mut place, mut up) = (
        vec![
            Value::from(i64::MIN),
            Value::from(Vec::new()),
            Value::from(""),
            Value::from(0_i64),
        ],
        false,
    );
    if let From::After((case, question, no)) | From::Before((case, question, no)) = from {
        let kind = if *question { "question" } else { "task" };
        let values = [Value::from(case.0), Value::from(kind), Value::from(*no)];
        let Some(row) = tx.one(&TASK_DUE, &values).await? else {
            return Ok(None);
        };
        place = vec![Value::from(row.int(0)?)];
        place.extend(values);
        up = matches!(from, From::Before(_));
    }
    let mut values: Vec<Value> = team.map(Value::from).into_iter().chain(place).collect();
    values.push(Value::from(most));
    let statement = match (team.is_some(), up) {
        (true, false) => &TASKS_OF_TEAM,
        (true, true) => &TASKS_OF_TEAM_UP,
        (false, false) => &TASKS,
        (false, true) => &TASKS_UP,
    };
    tx.rows(statement, &values)
        .await?
        .iter()
        .map(task_row)
        .collect::<Result<_, _>>()
        .map(Some)
}

/// An event with its place.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// Its place in the audit log, once it is sealed there.
    pub leaf: Option<u64>,
    /// Its case.
    pub case: Id,
    /// Which event of the case it is.
    pub position: u64,
    /// What happened.
    pub event: Event,
}

fn event_row(row: &Row) -> Result<EventRow, Trouble> {
    let event = record::read(row.bytes(3)?)
        .map_err(|why| stranger(&format!("an event that cannot be read: {why:?}")))?;
    Ok(EventRow {
        leaf: row.opt_int(0)?.and_then(|leaf| u64::try_from(leaf).ok()),
        case: Id(row.id(1)?),
        position: count(row, 2)?,
        event,
    })
}

/// Events in the order of the audit log from a place on.
///
/// # Errors
/// The store's trouble, or an event that this program cannot read.
pub async fn events(tx: &mut Tx<'_>, from: i64, most: i64) -> Result<Vec<EventRow>, Trouble> {
    let values = [Value::from(from), Value::from(most)];
    tx.rows(&EVENTS, &values)
        .await?
        .iter()
        .map(event_row)
        .collect()
}

/// Events of a case, oldest first.
///
/// # Errors
/// The store's trouble, or an event that this program cannot read.
pub async fn events_of(tx: &mut Tx<'_>, case: Id) -> Result<Vec<EventRow>, Trouble> {
    tx.rows(&EVENTS_OF, &[Value::from(case.0)])
        .await?
        .iter()
        .map(event_row)
        .collect()
}

/// What an account comes to in a currency.
#[derive(Clone, Debug)]
pub struct BalanceRow {
    /// The account.
    pub account: String,
    /// The currency.
    pub currency: String,
    /// All that was debited.
    pub debit_minor: i64,
    /// All that was credited.
    pub credit_minor: i64,
}

/// What the accounts come to.
///
/// # Errors
/// The store's trouble.
pub async fn balances(tx: &mut Tx<'_>) -> Result<Vec<BalanceRow>, Trouble> {
    let rows = tx.rows(&BALANCES, &[]).await?;
    let read = |row: &Row| {
        Ok(BalanceRow {
            account: row.text(0)?.to_owned(),
            currency: row.text(1)?.to_owned(),
            debit_minor: row.int(2)?,
            credit_minor: row.int(3)?,
        })
    };
    rows.iter().map(read).collect()
}

/// A leg of a transaction.
#[derive(Clone, Debug)]
pub struct LegRow {
    /// Its number.
    pub no: i64,
    /// What it comes from.
    pub source: String,
    /// The case, if it comes from one.
    pub case: Option<Id>,
    /// The event of the case, or the place in its source.
    pub position: i64,
    /// Which transaction of the event.
    pub part: i64,
    /// Which leg of the transaction.
    pub leg: i64,
    /// What was booked.
    pub booking: String,
    /// The account.
    pub account: String,
    /// Whose account, where there are several.
    pub of: String,
    /// How much: debits are positive.
    pub signed_minor: i64,
    /// The currency.
    pub currency: String,
    /// When.
    pub at: Instant,
}

fn leg_row(row: &Row) -> Result<LegRow, Trouble> {
    Ok(LegRow {
        no: row.int(0)?,
        source: row.text(1)?.to_owned(),
        case: row.opt_id(2)?.map(Id),
        position: row.int(3)?,
        part: row.int(4)?,
        leg: row.int(5)?,
        booking: row.text(6)?.to_owned(),
        account: row.text(7)?.to_owned(),
        of: row.text(8)?.to_owned(),
        signed_minor: row.int(9)?,
        currency: row.text(10)?.to_owned(),
        at: instant(row.int(11)?),
    })
}

/// Legs, newest first (before a place: oldest first), of a case where one is named.
///
/// # Errors
/// The store's trouble.
pub async fn legs(
    tx: &mut Tx<'_>,
    case: Option<Id>,
    from: &From<i64>,
    most: i64,
) -> Result<Vec<LegRow>, Trouble> {
    let (place, up) = match from {
        From::Start => (i64::MAX, false),
        From::After(no) => (*no, false),
        From::Before(no) => (*no, true),
    };
    if let Some(case) = case {
        let rows = tx.rows(&LEGS_OF, &[Value::from(case.0)]).await?;
        let mut legs = rows.iter().map(leg_row).collect::<Result<Vec<_>, _>>()?;
        legs.retain(|leg| if up { leg.no > place } else { leg.no < place });
        if up {
            legs.reverse();
        }
        legs.truncate(usize::try_from(most).unwrap_or_default());
        return Ok(legs);
    }
    let statement = if up { &LEGS_UP } else { &LEGS_DOWN };
    let values = [Value::from(place), Value::from(most)];
    tx.rows(statement, &values)
        .await?
        .iter()
        .map(leg_row)
        .collect()
}

/// Something that finance is asked, as lists show it.
#[derive(Clone, Debug)]
pub struct BreachRow {
    /// What it is called.
    pub id: String,
    /// What kind.
    pub kind: String,
    /// The provider.
    pub provider: String,
    /// The provider's name for what it is about.
    pub subject: String,
    /// The order whose money stands still meanwhile.
    pub order: Option<String>,
    /// The case.
    pub case: Option<Id>,
    /// What does not agree, and what to do.
    pub words: String,
    /// Since when.
    pub opened_at: Instant,
    /// Until when it is to be found out.
    pub due_at: Instant,
    /// When it was explained.
    pub closed_at: Option<Instant>,
    /// By whom; nobody where the desk found the answer itself.
    pub closed_by: Option<Id>,
    /// What was behind it.
    pub note: Option<String>,
}

fn breach_row(row: &Row) -> Result<BreachRow, Trouble> {
    Ok(BreachRow {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        provider: row.text(2)?.to_owned(),
        subject: row.text(3)?.to_owned(),
        order: row.opt_text(4)?.map(str::to_owned),
        case: row.opt_id(5)?.map(Id),
        words: row.text(6)?.to_owned(),
        opened_at: instant(row.int(7)?),
        due_at: instant(row.int(8)?),
        closed_at: row.opt_int(9)?.map(instant),
        closed_by: row.opt_id(10)?.map(Id),
        note: row.opt_text(11)?.map(str::to_owned),
    })
}

/// Something that finance is asked.
///
/// # Errors
/// The store's trouble.
pub async fn breach(tx: &mut Tx<'_>, id: &str) -> Result<Option<BreachRow>, Trouble> {
    let row = tx.one(&BREACH, &[Value::from(id)]).await?;
    row.as_ref().map(breach_row).transpose()
}

/// Which breaches are listed.
#[derive(Clone, Debug, Default)]
pub struct BreachFilter {
    /// `open` or `closed`.
    pub status: Option<&'static str>,
    /// Those of an order.
    pub order: Option<String>,
}

/// What finance is asked, newest first (before a place: oldest first); nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn breaches(
    tx: &mut Tx<'_>,
    filter: &BreachFilter,
    from: &From<String>,
    most: i64,
) -> Result<Option<Vec<BreachRow>>, Trouble> {
    let (at, id, statement) = match from {
        From::Start => (i64::MAX, String::new(), &BREACHES_DOWN),
        From::After(id) | From::Before(id) => match breach(tx, id).await? {
            None => return Ok(None),
            Some(row) => {
                let up = matches!(from, From::Before(_));
                let statement = if up { &BREACHES_UP } else { &BREACHES_DOWN };
                (super::nanoseconds(row.opened_at)?, row.id, statement)
            }
        },
    };
    let values = [
        Value::from(at),
        Value::from(id),
        Value::from(most),
        Value::from(filter.status.unwrap_or_default()),
        Value::from(filter.order.as_deref().unwrap_or_default()),
    ];
    let rows = tx.rows(statement, &values).await?;
    let rows: Result<Vec<_>, _> = rows.iter().map(breach_row).collect();
    rows.map(Some)
}

/// A comparison of the books with a provider's, as lists show it.
#[derive(Clone, Debug)]
pub struct ComparisonRow {
    /// Its name for machines.
    pub id: Id,
    /// When.
    pub at: Instant,
    /// What it came to.
    pub report: Report,
}

fn comparison_row(row: &Row) -> Result<ComparisonRow, Trouble> {
    let report = serde_json::from_str(row.text(2)?);
    Ok(ComparisonRow {
        id: Id(row.id(0)?),
        at: instant(row.int(1)?),
        report: report.map_err(|_| stranger("a report of a comparison that cannot be read"))?,
    })
}

/// A comparison with a provider.
///
/// # Errors
/// The store's trouble.
pub async fn comparison(tx: &mut Tx<'_>, id: Id) -> Result<Option<ComparisonRow>, Trouble> {
    let row = tx.one(&COMPARISON, &[Value::from(id.0)]).await?;
    row.as_ref().map(comparison_row).transpose()
}

/// Comparisons, newest first (before a place: oldest first), with a provider where one is named; nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn comparisons(
    tx: &mut Tx<'_>,
    provider: Option<&str>,
    from: &From<Id>,
    most: i64,
) -> Result<Option<Vec<ComparisonRow>>, Trouble> {
    let (at, id, statement) = match from {
        From::Start => (i64::MAX, Value::from(Vec::new()), &COMPARISONS_DOWN),
        From::After(id) | From::Before(id) => match comparison(tx, *id).await? {
            None => return Ok(None),
            Some(row) => {
                let up = matches!(from, From::Before(_));
                let statement = if up {
                    &COMPARISONS_UP
                } else {
                    &COMPARISONS_DOWN
                };
                (super::nanoseconds(row.at)?, Value::from(id.0), statement)
            }
        },
    };
    let values = [
        Value::from(at),
        id,
        Value::from(most),
        Value::from(provider.unwrap_or_default()),
    ];
    let rows = tx.rows(statement, &values).await?;
    let rows: Result<Vec<_>, _> = rows.iter().map(comparison_row).collect();
    rows.map(Some)
}
