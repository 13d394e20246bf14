// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds as a provider shows them: ours go to their cases, others are written down as they are, and somebody of finance is asked.
//!
//! What a provider reports is true, even where it breaks a bound. So a refund that nobody here decided has no cap; it stops all money
//! of its order until it is explained.

use std::sync::Arc;

use makegood_desk::amount::Amount;
use makegood_desk::case::{Duration, Instant};
use makegood_desk::event::{Event, Happened};
use makegood_desk::execution::{ProviderRefund, ProviderSaid, RefundStatus};
use makegood_desk::input::{Actor, Id, Input};
use makegood_desk::ledger::Booking;
use makegood_desk::life::Case;
use makegood_desk::record;
use makegood_desk::refusal::{Refusal, Takes};
use ring::digest::{SHA256, digest};

use super::act::{Desk, NotDone};
use super::cases::wake_order;
use super::effects::{INSERT_EVENT, Source, book, role};
use super::{amount, instant, minor, nanoseconds};
use crate::clock;
use crate::pay::SeenRefund;
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A refund of ours by the provider's name for it.
    OURS_BY_ID = "select case_id, no, provider_payment, state from refund where provider = ?1 and provider_refund = ?2";
    /// A refund of ours by our name for it.
    OURS_BY_KEY = "select case_id, no, provider_payment, state from refund where provider = ?1 and key = ?2";
    /// A payment by any of the provider's names for it.
    PAYMENT = "select order_number, id, currency from payment where provider = ?1 and reference in (?2, ?3) order by order_number, id limit 1";
    /// A refund that was told by the shop as paid before or beside the desk.
    PAST = "select id from past_refund where order_number = ?1 and id = ?2";
    /// A refund that nobody here decided.
    FACT = sqlite "select order_number, payment_id, amount_minor, currency, status, explained_at from provider_fact where provider = ?1 and id = ?2",
        postgres "select order_number, payment_id, amount_minor, currency, status, explained_at from provider_fact where provider = $1 and id = $2 for update";
    /// Writes one down.
    INSERT_FACT = "insert into provider_fact (provider, id, order_number, payment_id, provider_payment, provider_payment_too, amount_minor, currency, status, made_at, seen_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) on conflict do nothing";
    /// How far it is now.
    MOVE_FACT = "update provider_fact set status = ?3 where provider = ?1 and id = ?2";
    /// What it was for.
    EXPLAIN_FACT = "update provider_fact set explained_at = ?3, explanation = ?4 where provider = ?1 and id = ?2 and explained_at is null";
    /// Money of a payment that went back by other hands, or came back after all.
    ADD_FOREIGN = "update payment set foreign_minor = foreign_minor + ?3 where order_number = ?1 and id = ?2 and currency = ?4";
    /// Refunds that nobody here decided, of a payment that was not known.
    WAITING_OF = "select id, amount_minor, currency, status from provider_fact where order_number is null and provider = ?1 and (provider_payment = ?2 or provider_payment_too = ?2) order by id";
    /// Such a refund is of this order's payment.
    MATCH_FACT = "update provider_fact set order_number = ?3, payment_id = ?4 where provider = ?1 and id = ?2 and order_number is null";
    /// Payments that became known after something was seen about them.
    NOW_KNOWN = "select p.order_number, p.id, p.provider, p.reference from payment p join (select provider, provider_payment as name from provider_fact where order_number is null union select provider, provider_payment_too from provider_fact where order_number is null and provider_payment_too is not null union select provider, provider_payment from dispute where order_number is null union select provider, provider_payment_too from dispute where order_number is null and provider_payment_too is not null) w on w.provider = p.provider and w.name = p.reference order by p.order_number, p.id limit 100";
    /// Refunds that the shop told of after they were seen.
    NOW_TOLD = "select b.id from breach b join past_refund p on p.order_number = b.order_number and p.id = b.subject where b.kind = 'foreign_refund' and b.closed_at is null order by b.id limit 100";
    /// Whether anything was seen of a payment that is not known.
    WAITS = "select provider from provider_fact where order_number is null union all select provider from dispute where order_number is null limit 1";
    /// Whether finance is asked about a refund that the shop may yet tell of.
    ASKED = "select id from breach where id like 'foreign_refund:%' and subject = ?1 and order_number = ?2 and closed_at is null";
    /// Asks finance.
    OPEN_BREACH = "insert into breach (id, kind, provider, subject, order_number, case_id, words, opened_at, due_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) on conflict (id) do nothing";
    /// What finance is asked is about this order.
    MATCH_BREACH = "update breach set order_number = ?2 where id = ?1";
    /// What finance is asked, by its name.
    BREACH = sqlite "select kind, provider, subject, order_number, closed_at from breach where id = ?1",
        postgres "select kind, provider, subject, order_number, closed_at from breach where id = $1 for update";
    /// It is answered.
    CLOSE_BREACH = "update breach set closed_at = ?2, closed_by = ?3, note = ?4 where id = ?1 and closed_at is null";
    /// The last event of a story.
    LAST_OF = "select coalesce(max(position), 0) from event where case_id = ?1";
    /// What finance is asked.
    BREACHES = "select id, kind, provider, subject, order_number, case_id, words, opened_at, due_at from breach where closed_at is null order by due_at, id limit ?1";
}

/// Finance has so long to find out.
const DUE: Duration = Duration::from_seconds(86_400);

/// What became of a refund that a provider showed.
#[derive(Clone, Debug)]
pub enum Seen {
    /// It is ours, and its case heard something new.
    Ours(Arc<Case>),
    /// It is ours or was written down before, and nothing about it is new.
    Known,
    /// Nobody here decided it; it was written down, or moved on.
    Foreign {
        /// Its order, if its payment is known.
        order: Option<String>,
    },
    /// It contradicts what we know, which may be newer: look once more and say that it was looked at again.
    LookAgain,
}

/// How far a refund is, in the books' word.
#[must_use]
pub const fn status_word(status: RefundStatus) -> &'static str {
    match status {
        RefundStatus::Pending => "pending",
        RefundStatus::RequiresAction => "requires_action",
        RefundStatus::Succeeded => "succeeded",
        RefundStatus::Failed => "failed",
        RefundStatus::Cancelled => "cancelled",
    }
}

/// Refunds move forward only: the place of a word in their way.
fn rank(status: &str) -> u8 {
    match status {
        "pending" | "requires_action" => 0,
        "succeeded" => 1,
        _ => 2,
    }
}

/// Whether money is gone or going.
fn binds(status: &str) -> bool {
    rank(status) < 2
}

/// The name under which finance is asked about something.
#[must_use]
pub fn breach_id(kind: &str, provider: &str, subject: &str) -> String {
    format!("{kind}:{provider}:{subject}")
}

/// Writes what happened to the books into the audit log: each refund and each question to finance is a story of its own there.
async fn logged(
    tx: &mut Tx<'_>,
    story: &str,
    by: Actor,
    what: Happened,
    now: Instant,
) -> Result<(), Trouble> {
    let digest = digest(&SHA256, format!("makegood/books\n{story}").as_bytes());
    // A case's name is as long; half a hash is beyond meeting by chance.
    let id = digest
        .as_ref()
        .first_chunk::<16>()
        .copied()
        .unwrap_or_default();
    let last = tx.one(&LAST_OF, &[Value::from(id)]).await?;
    let position = last.map_or(Ok(0), |row| row.int(0))?.saturating_add(1);
    let event = Event { at: now, by, what };
    let values = [
        Value::from(id),
        Value::from(position),
        Value::from(nanoseconds(now)?),
        Value::from(record::kind(&event.what)),
        Value::from(role(by).0),
        Value::from(by.person().map(|id| id.0)),
        Value::from(record::write(&event)),
    ];
    tx.run(&INSERT_EVENT, &values).await.map(drop)
}

/// Takes down a refund as a provider shows it. It may come in any order and any number of times.
///
/// `again` says that it was looked at once more after [`Seen::LookAgain`].
///
/// # Errors
/// The store's trouble; then nothing was taken down.
pub async fn refund_seen(
    desk: &Desk,
    provider: &str,
    seen: &SeenRefund,
    again: bool,
    now: Instant,
) -> Result<Seen, Trouble> {
    let (own, provider, seen) = (desk.clone(), provider.to_owned(), seen.clone());
    let done = retried(desk, move |tx| {
        let (own, provider, seen) = (own.clone(), provider.clone(), seen.clone());
        Box::pin(async move { refund_seen_in(tx, &own, &provider, &seen, again, now).await })
    })
    .await?;
    if let Seen::Ours(case) = &done {
        desk.shelf.put(Arc::clone(case));
    }
    Ok(done)
}

/// Writes, and once more where somebody else wrote the same down in the same moment.
pub(super) async fn retried<T, F>(desk: &Desk, job: F) -> Result<T, Trouble>
where
    T: Send + 'static,
    F: for<'t> FnMut(&'t mut Tx<'_>) -> futures_util::future::BoxFuture<'t, Result<T, Trouble>>
        + Clone
        + Send
        + 'static,
{
    let mut tries = 0;
    loop {
        match desk.store.write(job.clone()).await {
            Err(Trouble::Serialization | Trouble::Conflict { .. }) if tries < 5 => tries += 1,
            done => return done,
        }
    }
}

async fn refund_seen_in(
    tx: &mut Tx<'_>,
    desk: &Desk,
    provider: &str,
    seen: &SeenRefund,
    again: bool,
    now: Instant,
) -> Result<Seen, Trouble> {
    let refund = match &seen.refund {
        Ok(refund) => refund,
        Err(why) => return unreadable(tx, provider, seen, why, now).await,
    };
    // What was once written down as foreign stays so, or it would count twice.
    if let Some(fact) = fact(tx, provider, &seen.id).await? {
        return fact_moves(tx, provider, &seen.id, &fact, refund.status, now).await;
    }
    let ours = ours(tx, provider, refund).await?;
    let Some(ours) = ours else {
        let words =
            "the provider shows a refund that nobody here decided; find out who made it and why";
        return foreign(tx, provider, seen, refund, words, now).await;
    };
    let report = status_word(refund.status);
    match ours.state.as_str() {
        "reserved" | "cancelled" | "failed" if binds(report) => {
            if !again {
                return Ok(Seen::LookAgain);
            }
            let words = format!(
                "the provider shows a refund with the name of refund {} of a case, which is `{}` here; call that one back before you explain this one",
                ours.no, ours.state
            );
            foreign(tx, provider, seen, refund, &words, now).await
        }
        // Nothing moved here and nothing moved there.
        "reserved" | "cancelled" | "failed" => Ok(Seen::Known),
        state if state == report => {
            returned(tx, provider, &seen.id, now).await?;
            Ok(Seen::Known)
        }
        _ => {
            let mut refund = refund.clone();
            // The same payment may have been told to us by another of its names.
            if seen.payments.contains(&ours.payment) {
                refund.payment.clone_from(&ours.payment);
            }
            let said = ProviderSaid::Refund(refund);
            let input = Input::RefundSaid { no: ours.no, said };
            let acted = desk
                .act_in(tx, ours.case, Actor::Provider, now, input)
                .await?;
            returned(tx, provider, &seen.id, now).await?;
            Ok(Seen::Ours(acted.case))
        }
    }
}

/// A refund of ours as its row says.
struct Ours {
    case: Id,
    no: u32,
    payment: String,
    state: String,
}

async fn ours(
    tx: &mut Tx<'_>,
    provider: &str,
    refund: &ProviderRefund,
) -> Result<Option<Ours>, Trouble> {
    let by_id = [Value::from(provider), Value::from(refund.id.as_str())];
    let mut row = tx.one(&OURS_BY_ID, &by_id).await?;
    if let (None, Some(reference)) = (&row, &refund.reference) {
        let by_key = [Value::from(provider), Value::from(reference.as_str())];
        row = tx.one(&OURS_BY_KEY, &by_key).await?;
    }
    row.map(|row| {
        Ok(Ours {
            case: Id(row.id(0)?),
            no: u32::try_from(row.int(1)?).unwrap_or(u32::MAX),
            payment: row.text(2)?.to_owned(),
            state: row.text(3)?.to_owned(),
        })
    })
    .transpose()
}

/// A refund that nobody here decided, as it was written down.
struct Fact {
    order: Option<String>,
    payment: Option<String>,
    amount: Amount,
    status: String,
    explained: bool,
}

async fn fact(tx: &mut Tx<'_>, provider: &str, id: &str) -> Result<Option<Fact>, Trouble> {
    let row = tx
        .one(&FACT, &[Value::from(provider), Value::from(id)])
        .await?;
    row.map(|row| {
        Ok(Fact {
            order: row.opt_text(0)?.map(str::to_owned),
            payment: row.opt_text(1)?.map(str::to_owned),
            amount: amount(&row, 2)?,
            status: row.text(4)?.to_owned(),
            explained: row.opt_int(5)?.is_some(),
        })
    })
    .transpose()
}

/// The order and our name of a payment, by the provider's names for it.
pub(super) async fn payment_of(
    tx: &mut Tx<'_>,
    provider: &str,
    names: &[String],
) -> Result<Option<(String, String)>, Trouble> {
    let Some(first) = names.first() else {
        return Ok(None);
    };
    let second = names.get(1).unwrap_or(first);
    let values = [
        Value::from(provider),
        Value::from(first.as_str()),
        Value::from(second.as_str()),
    ];
    let row = tx.one(&PAYMENT, &values).await?;
    row.map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        .transpose()
}

/// Writes down a refund that nobody here decided.
async fn foreign(
    tx: &mut Tx<'_>,
    provider: &str,
    seen: &SeenRefund,
    refund: &ProviderRefund,
    words: &str,
    now: Instant,
) -> Result<Seen, Trouble> {
    let status = status_word(refund.status);
    let known = payment_of(tx, provider, &seen.payments).await?;
    let (order, payment) = known.unzip();
    let made_at = clock::instant(seen.at).min(now);
    let values = [
        Value::from(provider),
        Value::from(seen.id.as_str()),
        Value::from(order.clone()),
        Value::from(payment.clone()),
        Value::from(seen.payments.first().map_or("", String::as_str)),
        Value::from(seen.payments.get(1).cloned()),
        Value::from(minor(refund.amount)?),
        Value::from(refund.amount.currency().code()),
        Value::from(status),
        Value::from(nanoseconds(made_at)?),
        Value::from(nanoseconds(now)?),
    ];
    if tx.run(&INSERT_FACT, &values).await? != 1 {
        return Err(Trouble::Serialization);
    }
    let what = Happened::ProviderRefundSeen {
        provider: provider.to_owned(),
        refund: seen.id.clone(),
        order: order.clone(),
        amount: refund.amount,
        status: status.to_owned(),
    };
    let story = breach_id("refund", provider, &seen.id);
    logged(tx, &story, Actor::Provider, what, now).await?;
    // One that failed before anybody saw it moved nothing and needs nobody.
    if !binds(status) || refund.amount.is_zero() {
        return Ok(Seen::Foreign { order });
    }
    let seen_booking = Booking::ProviderRefundSeen {
        provider: provider.to_owned(),
        amount: refund.amount,
    };
    booked(tx, provider, &seen_booking, now).await?;
    let told = match &order {
        Some(order) => told_by_shop(tx, order, &seen.id).await?,
        None => false,
    };
    if let (Some(order), Some(payment)) = (&order, &payment) {
        // Cases before payments: the same order in which the desk locks them.
        wake_order(tx, order, now).await?;
        add_foreign(tx, order, payment, minor(refund.amount)?, refund.amount).await?;
    }
    let breach = Breach {
        kind: "foreign_refund",
        provider,
        subject: &seen.id,
        order: order.as_deref(),
        case: None,
        words,
    };
    breach.open(tx, now).await?;
    if told {
        let id = breach_id("foreign_refund", provider, &seen.id);
        closed(
            tx,
            &id,
            None,
            "the shop told of it as a refund of its own",
            now,
        )
        .await?;
    }
    Ok(Seen::Foreign { order })
}

async fn told_by_shop(tx: &mut Tx<'_>, order: &str, id: &str) -> Result<bool, Trouble> {
    let told = tx
        .one(&PAST, &[Value::from(order), Value::from(id)])
        .await?;
    Ok(told.is_some())
}

async fn add_foreign(
    tx: &mut Tx<'_>,
    order: &str,
    payment: &str,
    signed_minor: i64,
    amount: Amount,
) -> Result<(), Trouble> {
    let values = [
        Value::from(order),
        Value::from(payment),
        Value::from(signed_minor),
        Value::from(amount.currency().code()),
    ];
    // Money in another currency than the payment's is not counted off it; the order stands still all the same.
    tx.run(&ADD_FOREIGN, &values).await.map(drop)
}

pub(super) async fn booked(
    tx: &mut Tx<'_>,
    provider: &str,
    booking: &Booking,
    now: Instant,
) -> Result<(), Trouble> {
    let source = Source {
        name: provider,
        case: None,
        position: nanoseconds(now)?,
    };
    book(tx, source, booking, now).await
}

/// A refund that was written down is seen again.
async fn fact_moves(
    tx: &mut Tx<'_>,
    provider: &str,
    id: &str,
    fact: &Fact,
    status: RefundStatus,
    now: Instant,
) -> Result<Seen, Trouble> {
    let word = status_word(status);
    if word == fact.status || rank(word) < rank(&fact.status) || !binds(&fact.status) {
        return Ok(Seen::Known);
    }
    let values = [Value::from(provider), Value::from(id), Value::from(word)];
    tx.run(&MOVE_FACT, &values).await?;
    let what = Happened::ProviderRefundMoved {
        provider: provider.to_owned(),
        refund: id.to_owned(),
        status: word.to_owned(),
    };
    let story = breach_id("refund", provider, id);
    logged(tx, &story, Actor::Provider, what, now).await?;
    if !binds(word) && !fact.amount.is_zero() {
        let (of, amount) = (provider.to_owned(), fact.amount);
        let booking = if fact.explained {
            Booking::RefundFailedLate {
                provider: of,
                amount,
            }
        } else {
            Booking::ProviderRefundUndone {
                provider: of,
                amount,
            }
        };
        if let Some(order) = &fact.order {
            wake_order(tx, order, now).await?;
        }
        booked(tx, provider, &booking, now).await?;
        if let (Some(order), Some(payment)) = (&fact.order, &fact.payment) {
            let signed = minor(amount)?.saturating_neg();
            add_foreign(tx, order, payment, signed, amount).await?;
        }
    }
    Ok(Seen::Foreign {
        order: fact.order.clone(),
    })
}

async fn unreadable(
    tx: &mut Tx<'_>,
    provider: &str,
    seen: &SeenRefund,
    why: &str,
    now: Instant,
) -> Result<Seen, Trouble> {
    let known = payment_of(tx, provider, &seen.payments).await?;
    let order = known.map(|(order, _)| order);
    let words =
        format!("a refund that this version cannot read: {why}; look at it at the provider");
    let breach = Breach {
        kind: "refund_unreadable",
        provider,
        subject: &seen.id,
        order: order.as_deref(),
        case: None,
        words: &words,
    };
    breach.open(tx, now).await?;
    Ok(Seen::Foreign { order })
}

/// Something that does not agree with the world.
pub struct Breach<'b> {
    /// `foreign_refund`, `refund_missing` or `refund_unreadable`.
    pub kind: &'b str,
    /// The provider.
    pub provider: &'b str,
    /// The provider's name for what it is about.
    pub subject: &'b str,
    /// The order whose money stands still meanwhile.
    pub order: Option<&'b str>,
    /// The case.
    pub case: Option<Id>,
    /// What does not agree, and what to do.
    pub words: &'b str,
}

impl Breach<'_> {
    /// Asks finance; answers whether that is new.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn open(&self, tx: &mut Tx<'_>, now: Instant) -> Result<bool, Trouble> {
        let values = [
            Value::from(breach_id(self.kind, self.provider, self.subject)),
            Value::from(self.kind),
            Value::from(self.provider),
            Value::from(self.subject),
            Value::from(self.order),
            Value::from(self.case.map(|id| id.0)),
            Value::from(self.words),
            Value::from(nanoseconds(now)?),
            Value::from(nanoseconds(now.plus(DUE))?),
        ];
        if tx.run(&OPEN_BREACH, &values).await? != 1 {
            return Ok(false);
        }
        let what = Happened::BreachOpened {
            kind: self.kind.to_owned(),
            provider: self.provider.to_owned(),
            subject: self.subject.to_owned(),
            order: self.order.map(str::to_owned),
        };
        let story = breach_id(self.kind, self.provider, self.subject);
        logged(tx, &story, Actor::System, what, now).await?;
        Ok(true)
    }
}

/// Something that finance is asked, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenBreach {
    /// Its name.
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
}

/// What finance is asked, the most urgent first.
///
/// # Errors
/// The store's trouble.
pub async fn breaches(tx: &mut Tx<'_>, most: i64) -> Result<Vec<OpenBreach>, Trouble> {
    let rows = tx.rows(&BREACHES, &[Value::from(most)]).await?;
    rows.iter().map(open_breach).collect()
}

fn open_breach(row: &Row) -> Result<OpenBreach, Trouble> {
    Ok(OpenBreach {
        id: row.text(0)?.to_owned(),
        kind: row.text(1)?.to_owned(),
        provider: row.text(2)?.to_owned(),
        subject: row.text(3)?.to_owned(),
        order: row.opt_text(4)?.map(str::to_owned),
        case: row.opt_id(5)?.map(Id),
        words: row.text(6)?.to_owned(),
        opened_at: instant(row.int(7)?),
        due_at: instant(row.int(8)?),
    })
}

/// What came of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// It is explained, and money of the order moves again unless something else is open.
    Done,
    /// It was explained before.
    Already,
    /// There is no such breach.
    NoSuch,
}

/// Somebody of finance says what was behind a breach.
///
/// # Errors
/// Refused to whoever is not of finance, or without a note; the store's trouble.
pub async fn explain(
    desk: &Desk,
    breach: &str,
    by: Actor,
    note: &str,
    now: Instant,
) -> Result<Explained, NotDone> {
    let (breach, note) = (breach.to_owned(), note.to_owned());
    let done = retried(desk, move |tx| {
        let (breach, note) = (breach.clone(), note.clone());
        Box::pin(async move { explain_in(tx, &breach, by, &note, now).await })
    });
    Ok(done.await?)
}

/// The same inside a transaction that does more than this.
///
/// # Errors
/// As for [`explain`], refusals as [`Trouble::Refused`].
pub async fn explain_in(
    tx: &mut Tx<'_>,
    breach: &str,
    by: Actor,
    note: &str,
    now: Instant,
) -> Result<Explained, Trouble> {
    if !matches!(by, Actor::Finance(_) | Actor::Owner(_)) {
        let takes = Takes::Finance;
        return Err(Trouble::refused(Refusal::NotYours { takes }));
    }
    if note.trim().is_empty() {
        return Err(Trouble::refused(Refusal::ReasonMissing));
    }
    closed(tx, breach, by.person(), note, now).await
}

/// Ends a breach: by a person, or by the desk where what was missing is there.
pub(crate) async fn closed(
    tx: &mut Tx<'_>,
    breach: &str,
    by: Option<Id>,
    note: &str,
    now: Instant,
) -> Result<Explained, Trouble> {
    let Some(row) = tx.one(&BREACH, &[Value::from(breach)]).await? else {
        return Ok(Explained::NoSuch);
    };
    let values = [
        Value::from(breach),
        Value::from(nanoseconds(now)?),
        Value::from(by.map(|id| id.0)),
        Value::from(note),
    ];
    if tx.run(&CLOSE_BREACH, &values).await? != 1 {
        return Ok(Explained::Already);
    }
    let (kind, provider, subject) = (row.text(0)?, row.text(1)?, row.text(2)?);
    let what = Happened::BreachClosed {
        kind: kind.to_owned(),
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        note: note.to_owned(),
    };
    // Explaining is the work of finance, whoever of those who may has done it.
    let who = by.map_or(Actor::System, Actor::Finance);
    logged(tx, breach, who, what, now).await?;
    if let Some(order) = row.opt_text(3)? {
        wake_order(tx, order, now).await?;
    }
    if kind == "foreign_refund"
        && let Some(fact) = fact(tx, provider, subject).await?
    {
        let values = [
            Value::from(provider),
            Value::from(subject),
            Value::from(nanoseconds(now)?),
            Value::from(note),
        ];
        let first = tx.run(&EXPLAIN_FACT, &values).await? == 1;
        if first && binds(&fact.status) && !fact.amount.is_zero() {
            let explained = Booking::ProviderRefundExplained {
                provider: provider.to_owned(),
                amount: fact.amount,
            };
            booked(tx, provider, &explained, now).await?;
        }
    }
    Ok(Explained::Done)
}

/// A refund of ours that was missing at the provider is there again.
async fn returned(tx: &mut Tx<'_>, provider: &str, id: &str, now: Instant) -> Result<(), Trouble> {
    let breach = breach_id("refund_missing", provider, id);
    closed(tx, &breach, None, "the provider shows it again", now)
        .await
        .map(drop)
}

/// Whether anything was seen of a payment that is not known yet, so that new payments are to be held against it.
///
/// # Errors
/// The store's trouble.
pub async fn anything_waits(tx: &mut Tx<'_>) -> Result<bool, Trouble> {
    Ok(tx.one(&WAITS, &[]).await?.is_some())
}

/// The shop has told of a refund: if finance is asked about it, nobody need answer. For whoever writes refunds, in the same transaction.
///
/// # Errors
/// The store's trouble.
pub async fn refund_told(
    tx: &mut Tx<'_>,
    order: &str,
    id: &str,
    now: Instant,
) -> Result<(), Trouble> {
    let asked = tx
        .rows(&ASKED, &[Value::from(id), Value::from(order)])
        .await?;
    for row in asked {
        let note = "the shop told of it as a refund of its own";
        closed(tx, row.text(0)?, None, note, now).await?;
    }
    Ok(())
}

/// A payment has become known: what was seen about it before is its order's now. For whoever writes payments, in the same transaction.
///
/// # Errors
/// The store's trouble.
pub async fn payment_arrived(
    tx: &mut Tx<'_>,
    order: &str,
    payment: &str,
    provider: &str,
    reference: &str,
    now: Instant,
) -> Result<(), Trouble> {
    let waiting = [Value::from(provider), Value::from(reference)];
    let facts = tx.rows(&WAITING_OF, &waiting).await?;
    let disputes = super::disputes::matched(tx, order, payment, provider, reference).await?;
    if facts.is_empty() && disputes == 0 {
        return Ok(());
    }
    wake_order(tx, order, now).await?;
    for row in &facts {
        let id = row.text(0)?;
        let values = [
            Value::from(provider),
            Value::from(id),
            Value::from(order),
            Value::from(payment),
        ];
        if tx.run(&MATCH_FACT, &values).await? != 1 {
            continue;
        }
        let what = Happened::ProviderRefundMatched {
            provider: provider.to_owned(),
            refund: id.to_owned(),
            order: order.to_owned(),
        };
        let story = breach_id("refund", provider, id);
        logged(tx, &story, Actor::Shop, what, now).await?;
        let breach = breach_id("foreign_refund", provider, id);
        tx.run(
            &MATCH_BREACH,
            &[Value::from(breach.as_str()), Value::from(order)],
        )
        .await?;
        if binds(row.text(3)?) {
            add_foreign(tx, order, payment, row.int(1)?, amount(row, 1)?).await?;
        }
        if told_by_shop(tx, order, id).await? {
            closed(
                tx,
                &breach,
                None,
                "the shop told of it as a refund of its own",
                now,
            )
            .await?;
        }
    }
    Ok(())
}

/// Looks for payments and refunds that the shop told of after something was seen about them; answers how many there were.
///
/// # Errors
/// The store's trouble.
pub async fn sweep(desk: &Desk, now: Instant) -> Result<usize, Trouble> {
    let waits = desk.store.read(|tx| {
        Box::pin(async move {
            let known = tx.rows(&NOW_KNOWN, &[]).await?;
            let told = tx.rows(&NOW_TOLD, &[]).await?;
            Ok((known, told))
        })
    });
    let (known, told) = waits.await?;
    let found = known.len().saturating_add(told.len());
    for row in known {
        retried(desk, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                let (order, payment) = (row.text(0)?, row.text(1)?);
                payment_arrived(tx, order, payment, row.text(2)?, row.text(3)?, now).await
            })
        })
        .await?;
    }
    for row in told {
        retried(desk, move |tx| {
            let row = row.clone();
            Box::pin(async move {
                let note = "the shop told of it as a refund of its own";
                closed(tx, row.text(0)?, None, note, now).await.map(drop)
            })
        })
        .await?;
    }
    Ok(found)
}
