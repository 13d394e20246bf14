// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books held against themselves: every row that was derived from events is derived again, slowly, and compared.

use std::collections::BTreeMap;

use makegood_desk::audit::{Frontier, Leaf, leaf_hash};
use makegood_desk::input::Id;
use makegood_desk::life::Case;
use makegood_desk::record;

use super::seal::hex;
use super::{count, seal};
use crate::store::{Trouble, Tx, Value};

crate::statements! {
    /// All cases.
    CASES = "select id, number, version, stage from desk_case where id > ?1 order by id limit 500";
    /// A case's events.
    EVENTS = "select position, record, leaf, kind from event where case_id = ?1 order by position";
    /// What each payment has promised, and what the refunds say that bind it.
    PROMISED = "select p.order_number, p.id, p.reserved_minor, p.amount_minor, cast((select coalesce(sum(r.amount_minor), 0) from refund r where r.order_number = p.order_number and r.payment_id = p.id and r.state not in ('failed', 'cancelled')) as bigint) from payment p where p.reserved_minor <> 0 or exists (select 1 from refund r where r.order_number = p.order_number and r.payment_id = p.id)";
    /// A case's refunds.
    REFUNDS = "select no, state, amount_minor from refund where case_id = ?1 order by no";
    /// Transactions that do not sum to nought.
    UNBALANCED = "select source, position, currency, cast(sum(signed_minor) as bigint) from ledger_entry group by source, case_id, position, part, currency having sum(signed_minor) <> 0 limit 20";
    /// What is owed by account and currency.
    BALANCES = "select account, account_of, currency, cast(sum(signed_minor) as bigint) from ledger_entry group by account, account_of, currency order by account, account_of, currency";
    /// What refunds say is owed: promised and not gone.
    OWED = "select order_number || '/' || payment_id, currency, cast(sum(amount_minor) as bigint) from refund where state not in ('failed', 'cancelled', 'succeeded') group by order_number, payment_id, currency";
    /// What went back of each payment by other hands, and what was seen of that.
    FOREIGN = "select p.order_number, p.id, p.foreign_minor, cast((select coalesce(sum(f.amount_minor), 0) from provider_fact f where f.order_number = p.order_number and f.payment_id = p.id and f.currency = p.currency and f.status not in ('failed', 'cancelled')) as bigint) from payment p where p.foreign_minor <> 0 or exists (select 1 from provider_fact f where f.order_number = p.order_number and f.payment_id = p.id)";
    /// What providers paid back without anybody's explanation, and what they keep for disputes, their fees too.
    SEEN = "select 'provider_unexplained', provider, currency, cast(sum(amount_minor) as bigint) from provider_fact where explained_at is null and status not in ('failed', 'cancelled') group by provider, currency union all select 'disputes_held', id, currency, booked_minor from dispute where booked = 'taken' and booked_minor <> 0 union all select 'dispute_fees', '', fee_currency, cast(sum(fee_minor) as bigint) from dispute where fee_minor <> 0 group by fee_currency";
    /// Leaves of the audit log, in order.
    LEAVES = "select leaf, case_id, position, record from event where leaf >= ?1 order by leaf limit 1000";
    /// Events by their places in their cases, to see that none is missing or doubled.
    KEYS = "select count(*), count(distinct key) from refund";
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Cases replayed.
    pub cases: u64,
    /// Events read.
    pub events: u64,
    /// Leaves of the audit log hashed.
    pub leaves: u64,
    /// Refunds compared.
    pub refunds: u64,
}

/// Looks through all books and says what does not hold, each in a sentence.
///
/// # Errors
/// The store's trouble.
pub async fn all(tx: &mut Tx<'_>) -> Result<(Looked, Vec<String>), Trouble> {
    let mut looked = Looked::default();
    let mut wrong = Vec::new();
    cases(tx, &mut looked, &mut wrong).await?;
    money(tx, &mut wrong).await?;
    seen(tx, &mut wrong).await?;
    log(tx, &mut looked, &mut wrong).await?;
    Ok((looked, wrong))
}

async fn cases(
    tx: &mut Tx<'_>,
    looked: &mut Looked,
    wrong: &mut Vec<String>,
) -> Result<(), Trouble> {
    let mut after = [0; 16];
    loop {
        let rows = tx.rows(&CASES, &[Value::from(after)]).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.id(0)?;
        for row in &rows {
            let id = Id(row.id(0)?);
            let number = row.int(1)?;
            looked.cases = looked.cases.saturating_add(1);
            let case = replayed(tx, id, number, looked, wrong).await?;
            if case.version != count(row, 2)? {
                wrong.push(format!(
                    "case {number} has another number of events than its row says"
                ));
            }
            if case.stage().word() != row.text(3)? {
                wrong.push(format!(
                    "case {number} is `{}` by its events, and `{}` by its row",
                    case.stage().word(),
                    row.text(3)?
                ));
            }
            refunds(tx, &case, number, looked, wrong).await?;
        }
    }
}

async fn replayed(
    tx: &mut Tx<'_>,
    id: Id,
    number: i64,
    looked: &mut Looked,
    wrong: &mut Vec<String>,
) -> Result<Case, Trouble> {
    let mut case = Case::new(id);
    for (place, row) in tx
        .rows(&EVENTS, &[Value::from(id.0)])
        .await?
        .iter()
        .enumerate()
    {
        looked.events = looked.events.saturating_add(1);
        if usize::try_from(row.int(0)?).ok() != Some(place.saturating_add(1)) {
            wrong.push(format!(
                "case {number} lacks an event at position {}",
                place.saturating_add(1)
            ));
        }
        match record::read(row.bytes(1)?) {
            Ok(event) => {
                if record::kind(&event.what) != row.text(3)? {
                    wrong.push(format!(
                        "case {number}, event {}: its kind is another than its record's",
                        row.int(0)?
                    ));
                }
                case.apply(&event);
            }
            Err(why) => wrong.push(format!("case {number}, event {}: {why:?}", row.int(0)?)),
        }
    }
    Ok(case)
}

async fn refunds(
    tx: &mut Tx<'_>,
    case: &Case,
    number: i64,
    looked: &mut Looked,
    wrong: &mut Vec<String>,
) -> Result<(), Trouble> {
    let rows = tx.rows(&REFUNDS, &[Value::from(case.id.0)]).await?;
    if rows.len() != case.refunds.len() {
        wrong.push(format!(
            "case {number} has {} refunds by its events, and {} rows of them",
            case.refunds.len(),
            rows.len()
        ));
    }
    for (refund, row) in case.refunds.iter().zip(&rows) {
        looked.refunds = looked.refunds.saturating_add(1);
        let said = super::effects::refund_word(refund);
        if said != row.text(1)? || refund.amount.minor() != count(row, 2)? {
            wrong.push(format!(
                "case {number}, refund {}: `{said}` by its events, and `{}` by its row",
                refund.no,
                row.text(1)?
            ));
        }
    }
    Ok(())
}

async fn money(tx: &mut Tx<'_>, wrong: &mut Vec<String>) -> Result<(), Trouble> {
    for row in tx.rows(&PROMISED, &[]).await? {
        let (order, payment) = (row.text(0)?, row.text(1)?);
        let (reserved, captured, bound) = (row.int(2)?, row.int(3)?, row.int(4)?);
        if reserved != bound {
            wrong.push(format!("order {order}, payment {payment}: {reserved} is promised by its row, and {bound} by its refunds"));
        }
        if bound > captured {
            wrong.push(format!(
                "order {order}, payment {payment}: {bound} goes back of {captured} captured"
            ));
        }
    }
    for row in tx.rows(&UNBALANCED, &[]).await? {
        wrong.push(format!(
            "a transaction of `{}` at {} does not balance: {} {}",
            row.text(0)?,
            row.int(1)?,
            row.int(3)?,
            row.text(2)?
        ));
    }
    let mut owed: BTreeMap<(String, String), i64> = BTreeMap::new();
    for row in tx.rows(&OWED, &[]).await? {
        owed.insert(
            (row.text(0)?.to_owned(), row.text(1)?.to_owned()),
            row.int(2)?,
        );
    }
    for row in tx.rows(&BALANCES, &[]).await? {
        if row.text(0)? != "refunds_owed" {
            continue;
        }
        let key = (row.text(1)?.to_owned(), row.text(2)?.to_owned());
        // What we owe stands on the credit side.
        let booked = row.int(3)?.saturating_neg();
        let said = owed.remove(&key).unwrap_or(0);
        if booked != said {
            wrong.push(format!(
                "payment {}: {booked} is owed by the ledger, and {said} by its refunds",
                key.0
            ));
        }
    }
    for ((payment, _), minor) in owed {
        wrong.push(format!(
            "payment {payment}: {minor} is owed by its refunds, and nothing by the ledger"
        ));
    }
    Ok(())
}

/// What providers were seen to do stands in the ledger and on the payments, and nothing else does.
async fn seen(tx: &mut Tx<'_>, wrong: &mut Vec<String>) -> Result<(), Trouble> {
    for row in tx.rows(&FOREIGN, &[]).await? {
        let (order, payment, counted, seen) =
            (row.text(0)?, row.text(1)?, row.int(2)?, row.int(3)?);
        if counted != seen {
            wrong.push(format!("order {order}, payment {payment}: {counted} went back by other hands by its row, and {seen} was seen"));
        }
    }
    let mut seen: BTreeMap<(String, String, String), i64> = BTreeMap::new();
    for row in tx.rows(&SEEN, &[]).await? {
        let key = (
            row.text(0)?.to_owned(),
            row.text(1)?.to_owned(),
            row.text(2)?.to_owned(),
        );
        seen.insert(key, row.int(3)?);
    }
    for row in tx.rows(&BALANCES, &[]).await? {
        let compared = ["provider_unexplained", "disputes_held", "dispute_fees"];
        if !compared.contains(&row.text(0)?) {
            continue;
        }
        let key = (
            row.text(0)?.to_owned(),
            row.text(1)?.to_owned(),
            row.text(2)?.to_owned(),
        );
        let (booked, was_seen) = (row.int(3)?, seen.remove(&key).unwrap_or(0));
        if booked != was_seen {
            wrong.push(format!(
                "`{}` of {}: {booked} by the ledger, and {was_seen} was seen",
                key.0, key.1
            ));
        }
    }
    for ((account, of, _), minor) in seen {
        wrong.push(format!(
            "`{account}` of {of}: {minor} was seen, and nothing is in the ledger"
        ));
    }
    Ok(())
}

async fn log(tx: &mut Tx<'_>, looked: &mut Looked, wrong: &mut Vec<String>) -> Result<(), Trouble> {
    let kept = seal::frontier(tx).await?;
    let mut edge = Frontier::new();
    loop {
        let from = super::whole(edge.size())?;
        let rows = tx.rows(&LEAVES, &[Value::from(from)]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            if count(row, 0)? != edge.size() {
                wrong.push(format!("the audit log lacks leaf {}", edge.size()));
                return Ok(());
            }
            let subject = hex(&row.id(1)?);
            let leaf = Leaf {
                subject: &subject,
                position: count(row, 2)?,
                record: row.bytes(3)?,
            };
            edge.push(leaf_hash(&leaf.to_bytes()), |_, _| {});
            looked.leaves = looked.leaves.saturating_add(1);
        }
    }
    if edge.size() != kept.size() || edge.root() != kept.root() {
        wrong.push(format!(
            "the audit log has {} leaves with another root than the one that was kept of {}",
            edge.size(),
            kept.size()
        ));
    }
    Ok(())
}
