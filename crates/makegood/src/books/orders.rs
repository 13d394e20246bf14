// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the books say of an order: read as a whole, as the desk looks at it.

use std::borrow::Cow;

use makegood_desk::amount::Amount;
use makegood_desk::case::{
    Contact, Country, Dispute, Event, Instant, LogEntry, Order, Payment, Service,
};
use makegood_desk::input::Id;
use makegood_desk::records::{
    DisputeRecord, History, OrderRecord, PaymentRecord, Records, RefundRecord, SubscriptionRecord,
};

use super::{amount, count, duration, instant, stranger, word};
use crate::store::{Question, Row, Trouble, Tx, Value};
use crate::wire::Word as _;

crate::statements! {
    /// An order.
    ORDER = "select number, placed_at, quantity, price_minor, currency, links, service, unit, service_kind, start_within, guarantee, units_per_day, target_country, customer_id from shop_order where number = ?1";
    /// Its payments.
    PAYMENTS = "select id, at, amount_minor, currency, kind, fulfilled, provider, reference, reserved_minor, foreign_minor from payment where order_number = ?1 order by at, id";
    /// Its payments, so that nobody else promises anything of them meanwhile.
    PAYMENTS_LOCKED = sqlite "select id, at, amount_minor, currency, kind, fulfilled, provider, reference, reserved_minor, foreign_minor from payment where order_number = ?1 order by at, id",
        postgres "select id, at, amount_minor, currency, kind, fulfilled, provider, reference, reserved_minor, foreign_minor from payment where order_number = $1 order by at, id for update";
    /// Its subscription.
    SUBSCRIPTION = "select status, provider, reference from subscription where order_number = ?1";
    /// Refunds of it, by whatever way, that bind its money; what was given in exchange for it or as credit is as good as paid back.
    REFUNDS = "select reserved_at, amount_minor, currency, units from refund where order_number = ?1 and state not in ('failed', 'cancelled') union all select at, amount_minor, currency, units from past_refund where order_number = ?1 union all select f.made_at, f.amount_minor, f.currency, 0 from provider_fact f where f.order_number = ?1 and f.status not in ('failed', 'cancelled') and not exists (select 1 from past_refund p where p.order_number = f.order_number and p.id = f.id) union all select granted_at, amount_minor, currency, 0 from credit where order_number = ?1 and state <> 'withdrawn' order by 1";
    /// Its disputes.
    DISPUTES = "select id, payment_id, opened_at, status, inquiry, amount_minor, currency from dispute where order_number = ?1 order by opened_at, id";
    /// When its customer wrote.
    CONTACTS = "select at, channel from contact where order_number = ?1 order by at, channel";
    /// What fulfilment reported.
    LOG = "select at, id, event, value, account from log_entry where order_number = ?1 order by seq";
    /// Whether something about its money does not agree with the provider and is unexplained.
    FROZEN = "select count(*) from breach where order_number = ?1 and closed_at is null";
    /// Other orders of a customer, other open cases, refunds since a moment, and disputes.
    HISTORY = "select (select count(*) from shop_order where customer_id = ?1 and number <> ?2), (select count(*) from desk_case where customer_id = ?1 and order_number <> ?2 and closed_at is null), (select count(*) from desk_case c join refund r on r.case_id = c.id where c.customer_id = ?1 and c.order_number <> ?2 and r.reserved_at >= ?3 and r.state not in ('failed', 'cancelled')), (select count(*) from shop_order o join dispute d on d.order_number = o.number where o.customer_id = ?1 and o.number <> ?2 and d.inquiry = 0)";
    /// Open cases of other orders of a service with the same claim since a moment; counted up to fifty.
    SAME_TROUBLE = "select count(*) from (select 1 from desk_case where service = ?1 and claim = ?2 and opened_at >= ?3 and closed_at is null and order_number <> ?4 limit 50) as found";
}

/// How much of the books is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth<'a> {
    /// All that a decision may look at: with the log, and with what is known of the customer since a moment.
    Whole {
        /// Refunds of the customer count from then.
        refunds_since: Instant,
        /// Cases with the same trouble count from then.
        trouble_since: Instant,
        /// The claim, by its word.
        claim: &'a str,
    },
    /// What sending money or a command looks at.
    Money,
}

/// What the books say of an order.
///
/// # Errors
/// The store's trouble.
pub async fn records(
    tx: &mut Tx<'_>,
    number: &str,
    lock: bool,
    depth: Depth<'_>,
) -> Result<Records, Trouble> {
    let key = [Value::from(number)];
    let payments = if lock { &PAYMENTS_LOCKED } else { &PAYMENTS };
    let [found, payments] = tx.rows_of(&[(&ORDER, &key), (payments, &key)]).await?;
    let Some(row) = found.first() else {
        return Ok(Records::default());
    };
    let order = order(row)?;
    let payments = payments.iter().map(payment).collect::<Result<_, _>>()?;
    let mut records = match depth {
        Depth::Money => money(tx.rows_of(&money_of(&key)).await?)?,
        Depth::Whole {
            refunds_since,
            trouble_since,
            claim,
        } => {
            let history = history_of(&order, refunds_since)?;
            let trouble = trouble_of(&order, trouble_since, claim)?;
            let [disputes, frozen, subscription] = money_of(&key);
            let [
                disputes,
                frozen,
                subscription,
                refunds,
                contacts,
                log,
                history,
                trouble,
            ] = tx
                .rows_of(&[
                    disputes,
                    frozen,
                    subscription,
                    (&REFUNDS, &key),
                    (&CONTACTS, &key),
                    (&LOG, &key),
                    (&HISTORY, &history),
                    (&SAME_TROUBLE, &trouble),
                ])
                .await?;
            Records {
                refunds: all(&refunds, refund)?,
                contacts: all(&contacts, contact)?,
                delivery_log: all(&log, log_entry)?,
                history: told(&history, &trouble)?,
                ..money([disputes, frozen, subscription])?
            }
        }
    };
    records.order = Some(order);
    records.payments = payments;
    Ok(records)
}

/// What is asked of everything but payments that bears on money.
fn money_of(key: &[Value]) -> [Question<'_>; 3] {
    [(&DISPUTES, key), (&FROZEN, key), (&SUBSCRIPTION, key)]
}

fn money([disputes, frozen, found]: [Vec<Row>; 3]) -> Result<Records, Trouble> {
    let first = |row: &Row| row.int(0);
    Ok(Records {
        disputes: all(&disputes, dispute)?,
        frozen: frozen.first().map_or(Ok(0), first)? > 0,
        subscription: found.first().map(subscription).transpose()?,
        ..Records::default()
    })
}

/// Refunds of an order, by whatever way, that bind its money.
///
/// # Errors
/// The store's trouble.
pub async fn refunds(tx: &mut Tx<'_>, number: &str) -> Result<Vec<RefundRecord>, Trouble> {
    all(&tx.rows(&REFUNDS, &[Value::from(number)]).await?, refund)
}

fn all<T>(rows: &[Row], read: fn(&Row) -> Result<T, Trouble>) -> Result<Vec<T>, Trouble> {
    rows.iter().map(read).collect()
}

fn owned(row: &Row, column: usize) -> Result<Cow<'static, str>, Trouble> {
    row.text(column).map(|text| Cow::Owned(text.to_owned()))
}

pub(crate) fn order(row: &Row) -> Result<OrderRecord, Trouble> {
    let links: Vec<String> =
        serde_json::from_str(row.text(5)?).map_err(|_| stranger("links that are no list"))?;
    let country = row
        .opt_text(12)?
        .map(|code| Country::new(code).ok_or_else(|| stranger("a country that is no country")));
    Ok(OrderRecord {
        order: Order {
            number: owned(row, 0)?,
            placed_at: instant(row.int(1)?),
            quantity: count(row, 2)?,
            price: amount(row, 3)?,
            links: links.into_iter().map(Cow::Owned).collect(),
            service: Service {
                name: owned(row, 6)?,
                unit: owned(row, 7)?,
                kind: word(row, 8)?,
                start_within: duration(row.int(9)?),
                guarantee: duration(row.int(10)?),
                units_per_day: row.opt_int(11)?.and_then(|units| u64::try_from(units).ok()),
                target_country: country.transpose()?,
            },
        },
        customer: row.opt_id(13)?.map(Id),
    })
}

pub(crate) fn payment(row: &Row) -> Result<PaymentRecord, Trouble> {
    Ok(PaymentRecord {
        payment: Payment {
            id: owned(row, 0)?,
            at: instant(row.int(1)?),
            amount: amount(row, 2)?,
            kind: word(row, 4)?,
            fulfilled: row.opt_yes(5)?,
        },
        provider: row.text(6)?.to_owned(),
        reference: row.text(7)?.to_owned(),
        reserved_minor: count(row, 8)?,
        foreign_minor: count(row, 9)?,
    })
}

pub(crate) fn subscription(row: &Row) -> Result<SubscriptionRecord, Trouble> {
    Ok(SubscriptionRecord {
        status: word(row, 0)?,
        provider: row.text(1)?.to_owned(),
        reference: row.text(2)?.to_owned(),
    })
}

pub(crate) fn refund(row: &Row) -> Result<RefundRecord, Trouble> {
    Ok(RefundRecord {
        at: instant(row.int(0)?),
        amount: amount(row, 1)?,
        units: count(row, 3)?,
    })
}

pub(crate) fn dispute(row: &Row) -> Result<DisputeRecord, Trouble> {
    Ok(DisputeRecord {
        dispute: Dispute {
            id: owned(row, 0)?,
            opened_at: instant(row.int(2)?),
            status: word(row, 3)?,
            amount: amount(row, 5)?,
        },
        payment: row.opt_text(1)?.map(str::to_owned),
        inquiry: row.yes(4)?,
    })
}

fn contact(row: &Row) -> Result<Contact, Trouble> {
    Ok(Contact {
        at: instant(row.int(0)?),
        channel: word(row, 1)?,
    })
}

pub(crate) fn log_entry(row: &Row) -> Result<LogEntry<'static>, Trouble> {
    Ok(LogEntry {
        at: instant(row.int(0)?),
        id: row.opt_text(1)?.map(|id| Cow::Owned(id.to_owned())),
        event: log_event(row.text(2)?, row.opt_int(3)?, row.opt_text(4)?)
            .ok_or_else(|| stranger("a log entry that does not say what it should"))?,
    })
}

/// What fulfilment reported, from its word, its number and its account.
pub(crate) fn log_event(
    event: &str,
    value: Option<i64>,
    account: Option<&str>,
) -> Option<Event<'static>> {
    let number = value.map(u64::try_from).transpose().ok()?;
    let account = || account.map(|account| Cow::Owned(account.to_owned()));
    Some(match event {
        "started" => Event::Started { count: number },
        "count" => Event::Count { count: number? },
        "delivered" => Event::Delivered { units: number? },
        "completed" => Event::Completed,
        "stop_requested" => Event::StopRequested,
        "stopped" => Event::Stopped,
        "stop_failed" => Event::StopFailed,
        "redelivery" => Event::Redelivery { units: number? },
        "handed_over" => Event::HandedOver {
            account: account()?,
        },
        "login" => Event::Login {
            account: account()?,
        },
        _ => return None,
    })
}

/// A log entry's word, number and account, as the store keeps them.
pub(crate) fn log_parts<'e>(event: &'e Event<'_>) -> (&'static str, Option<u64>, Option<&'e str>) {
    match event {
        Event::Started { count } => ("started", *count, None),
        Event::Count { count } => ("count", Some(*count), None),
        Event::Delivered { units } => ("delivered", Some(*units), None),
        Event::Completed => ("completed", None, None),
        Event::StopRequested => ("stop_requested", None, None),
        Event::Stopped => ("stopped", None, None),
        Event::StopFailed => ("stop_failed", None, None),
        Event::Redelivery { units } => ("redelivery", Some(*units), None),
        Event::HandedOver { account } => ("handed_over", None, Some(account.as_ref())),
        Event::Login { account } => ("login", None, Some(account.as_ref())),
    }
}

/// What is asked of the customer's other orders; of nobody's, where nobody knows whose the order is.
fn history_of(order: &OrderRecord, refunds_since: Instant) -> Result<[Value; 3], Trouble> {
    Ok([
        Value::from(order.customer.map(|customer| customer.0)),
        Value::from(order.order.number.as_ref()),
        Value::from(super::nanoseconds(refunds_since)?),
    ])
}

fn trouble_of(
    order: &OrderRecord,
    trouble_since: Instant,
    claim: &str,
) -> Result<[Value; 4], Trouble> {
    Ok([
        Value::from(order.order.service.name.as_ref()),
        Value::from(claim),
        Value::from(super::nanoseconds(trouble_since)?),
        Value::from(order.order.number.as_ref()),
    ])
}

fn told(history: &[Row], trouble: &[Row]) -> Result<History, Trouble> {
    let small = |rows: &[Row], column: usize| -> Result<u32, Trouble> {
        let number = rows.first().map_or(Ok(0), |row| row.int(column))?;
        Ok(u32::try_from(number).unwrap_or(u32::MAX))
    };
    Ok(History {
        orders: small(history, 0)?,
        cases_open: small(history, 1)?,
        refunds_recent: small(history, 2)?,
        disputes: small(history, 3)?,
        same_trouble: small(trouble, 0)?,
    })
}

/// What is still there of a payment beside what was promised, for lists.
#[must_use]
pub fn left(record: &PaymentRecord) -> Amount {
    Amount::new(record.left_minor(), record.payment.amount.currency())
}

/// The word for a kind of payment.
#[must_use]
pub fn payment_kind(record: &PaymentRecord) -> &'static str {
    record.payment.kind.word()
}
