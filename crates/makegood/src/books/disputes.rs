// SPDX-License-Identifier: MIT OR Apache-2.0
//! Disputes as a provider shows them: written down forward only, booked once, and told to the cases of their order.

use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::ledger::Booking;

use super::act::Desk;
use super::cases::wake_order;
use super::facts::{booked, payment_of, retried};
use super::{amount, instant, minor, nanoseconds, stranger};
use crate::clock;
use crate::pay::{Dispute, DisputeState};
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A dispute as it stands in the books.
    DISPUTE = sqlite "select order_number, provider_status, booked, booked_minor, currency, reported, fee_minor, coalesce(fee_currency, currency), provider, status, inquiry, amount_minor, currency from dispute where id = ?1",
        postgres "select order_number, provider_status, booked, booked_minor, currency, reported, fee_minor, coalesce(fee_currency, currency), provider, status, inquiry, amount_minor, currency from dispute where id = $1 for update";
    /// How the money of a dispute stands that a shop told of.
    TOLD = "update dispute set booked = ?2, booked_minor = ?3, fee_minor = ?4, fee_currency = ?5 where id = ?1";
    /// Writes one down.
    INSERT = "insert into dispute (id, provider, order_number, payment_id, provider_payment, provider_payment_too, opened_at, status, provider_status, inquiry, amount_minor, currency, reason, due_at, booked, booked_minor, seen_at, reported, fee_minor, fee_currency) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, 1, ?18, ?19) on conflict do nothing";
    /// How far it is now.
    UPDATE = "update dispute set status = ?2, provider_status = ?3, inquiry = ?4, amount_minor = ?5, currency = ?6, reason = ?7, due_at = ?8, booked = ?9, booked_minor = ?10, seen_at = ?11, provider_payment = ?12, provider_payment_too = ?13, fee_minor = ?14, fee_currency = ?15, reported = 1 where id = ?1";
    /// Disputes of a payment that was not known are this order's.
    MATCH = "update dispute set order_number = ?3, payment_id = ?4 where order_number is null and provider = ?1 and (provider_payment = ?2 or provider_payment_too = ?2)";
    /// Disputes that are not over, for looking at them again.
    OPEN = "select id from dispute where provider = ?1 and status = 'open' order by id";
    /// Those that are not over, what is due first first; with the newest case of their order, and when its customer first wrote.
    UNDECIDED = "select d.id, d.order_number, d.provider_status, d.inquiry, d.amount_minor, d.currency, d.reason, d.opened_at, d.due_at, d.fee_minor, coalesce(d.fee_currency, d.currency), d.booked, (select max(c.number) from desk_case c where c.order_number = d.order_number), (select min(c.opened_at) from desk_case c where c.order_number = d.order_number), (select min(w.at) from contact w where w.order_number = d.order_number) from dispute d where d.status = 'open' order by coalesce(d.due_at, 9223372036854775807), d.opened_at, d.id limit ?1";
    /// Those whose evidence lies at the provider, is due by a moment and was not handed in: what the policy owes is not among them, nor
    /// what the provider did not take lately.
    LAST_MOMENT = "select d.id, d.provider from dispute d where d.status = 'open' and d.reported = 1 and d.due_at > ?1 and d.due_at <= ?2 and d.provider_status in ('warning_needs_response', 'needs_response', 'appeal_needs_response') and exists (select 1 from dispute_answer a where a.dispute_id = d.id and a.act = 'stage' and a.state = 'done' and a.round = case d.provider_status when 'warning_needs_response' then 'inquiry' when 'appeal_needs_response' then 'appeal' else 'chargeback' end) and not exists (select 1 from dispute_answer a where a.dispute_id = d.id and a.act = 'submit' and a.state = 'refused' and a.at > ?3) and coalesce((select c.outcome from desk_case c where c.order_number = d.order_number order by c.number desc limit 1), '') <> 'concede' order by d.due_at, d.id limit 32";
    /// One of them, with its provider and whether that told of it itself.
    ONE = "select d.id, d.order_number, d.provider_status, d.inquiry, d.amount_minor, d.currency, d.reason, d.opened_at, d.due_at, d.fee_minor, coalesce(d.fee_currency, d.currency), d.booked, (select max(c.number) from desk_case c where c.order_number = d.order_number), (select min(c.opened_at) from desk_case c where c.order_number = d.order_number), (select min(w.at) from contact w where w.order_number = d.order_number), d.provider, d.reported from dispute d where d.id = ?1";
    /// Those that are over, the newest first.
    OVER = "select d.id, d.order_number, d.provider_status, d.inquiry, d.amount_minor, d.currency, d.reason, d.opened_at, d.due_at, d.fee_minor, coalesce(d.fee_currency, d.currency), d.booked, (select max(c.number) from desk_case c where c.order_number = d.order_number), (select min(c.opened_at) from desk_case c where c.order_number = d.order_number), (select min(w.at) from contact w where w.order_number = d.order_number) from dispute d where d.status <> 'open' order by d.opened_at desc, d.id limit ?1";
}

/// What became of a dispute that a provider showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisputeSeen {
    /// It was not known.
    New {
        /// Its order, if its payment is known.
        order: Option<String>,
    },
    /// It has moved on.
    Moved {
        /// Its order, if its payment is known.
        order: Option<String>,
    },
    /// Nothing about it is new.
    Known,
    /// It stands further on in the books than the provider shows it.
    Behind,
}

/// A dispute's state in the provider's word.
#[must_use]
pub fn state_word(state: &DisputeState) -> &str {
    match state {
        DisputeState::InquiryNeedsResponse => "warning_needs_response",
        DisputeState::InquiryUnderReview => "warning_under_review",
        DisputeState::InquiryClosed => "warning_closed",
        DisputeState::NeedsResponse => "needs_response",
        DisputeState::UnderReview => "under_review",
        DisputeState::AppealNeedsResponse => "appeal_needs_response",
        DisputeState::AppealUnderReview => "appeal_under_review",
        DisputeState::Won => "won",
        DisputeState::Lost => "lost",
        DisputeState::Prevented => "prevented",
        DisputeState::Other(word) => word,
    }
}

/// Disputes move forward only: the place of a word in their way. One that is lost may still be won.
fn rank(word: &str) -> u8 {
    match word {
        // The shop's own word for one of a provider that is not connected: whatever a provider says is more.
        "open" | "warning_needs_response" => 0,
        "warning_under_review" => 1,
        "warning_closed" => 2,
        "needs_response" => 3,
        "lost" | "prevented" => 6,
        "appeal_needs_response" => 7,
        "appeal_under_review" => 8,
        "won" => 9,
        // A word that is new is taken as a dispute that goes on.
        _ => 5,
    }
}

/// What a dispute means for money: the desk's word, whether it is an inquiry only, and how the money stands.
fn meaning(dispute: &Dispute) -> (&'static str, bool, Held) {
    match &dispute.state {
        DisputeState::InquiryNeedsResponse | DisputeState::InquiryUnderReview => {
            ("open", true, Held::Nothing)
        }
        DisputeState::InquiryClosed => ("won", true, Held::Nothing),
        DisputeState::NeedsResponse | DisputeState::UnderReview => ("open", false, Held::Taken),
        // The money stays lost until it is given back.
        DisputeState::AppealNeedsResponse | DisputeState::AppealUnderReview => {
            ("open", false, Held::Lost)
        }
        DisputeState::Won => ("won", false, Held::Won),
        // One that was prevented went back to the customer without a judgement: it must not go back twice.
        DisputeState::Lost | DisputeState::Prevented => ("lost", false, Held::Lost),
        // When in doubt no money moves; whether the provider took any is not known.
        DisputeState::Other(_) => ("open", dispute.refundable, Held::Nothing),
    }
}

/// How the money of a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    /// It was never taken.
    Nothing,
    /// The provider keeps it.
    Taken,
    /// It is gone.
    Lost,
    /// It came back.
    Won,
}

impl Held {
    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Taken => "taken",
            Self::Lost => "lost",
            Self::Won => "won",
        }
    }

    fn read(word: &str) -> Result<Self, Trouble> {
        [Self::Nothing, Self::Taken, Self::Lost, Self::Won]
            .into_iter()
            .find(|held| held.word() == word)
            .ok_or_else(|| stranger("a dispute whose money stands nowhere"))
    }
}

/// Takes down a dispute as a provider shows it. It may come in any order and any number of times.
///
/// # Errors
/// The store's trouble; then nothing was taken down.
pub async fn dispute_seen(
    desk: &Desk,
    provider: &str,
    dispute: &Dispute,
    now: Instant,
) -> Result<DisputeSeen, Trouble> {
    let (provider, dispute) = (provider.to_owned(), dispute.clone());
    retried(desk, move |tx| {
        let (provider, dispute) = (provider.clone(), dispute.clone());
        Box::pin(async move { dispute_seen_in(tx, &provider, &dispute, now).await })
    })
    .await
}

async fn dispute_seen_in(
    tx: &mut Tx<'_>,
    provider: &str,
    dispute: &Dispute,
    now: Instant,
) -> Result<DisputeSeen, Trouble> {
    let word = state_word(&dispute.state);
    let (status, inquiry, held) = meaning(dispute);
    let Some(row) = tx
        .one(&DISPUTE, &[Value::from(dispute.id.as_str())])
        .await?
    else {
        return first_seen(tx, provider, dispute, now).await;
    };
    let (known, reported) = (row.text(1)?, row.yes(5)?);
    // Whatever a provider says is more than what a shop has said of it.
    if reported && rank(word) < rank(known) {
        return Ok(DisputeSeen::Behind);
    }
    let order = row.opt_text(0)?.map(str::to_owned);
    let (before, held_minor) = (Held::read(row.text(2)?)?, amount(&row, 3)?);
    // The books go on with the name under which they began.
    let of = Of {
        provider: row.text(8)?,
        id: &dispute.id,
        amount: dispute.amount,
        now,
    };
    let money = of.booked_to(tx, (before, held_minor), held).await?;
    let moved = word != known || !reported;
    let fee_before = amount(&row, 6)?;
    // An older picture of the same state shows a fee that was not taken yet.
    let fee = dispute
        .fee
        .filter(|fee| moved || fee.minor() > fee_before.minor());
    let fee = of.fee_to(tx, fee_before, fee).await?;
    let values = [
        Value::from(dispute.id.as_str()),
        Value::from(status),
        Value::from(word),
        Value::from(inquiry),
        Value::from(minor(dispute.amount)?),
        Value::from(dispute.amount.currency().code()),
        Value::from(dispute.reason.as_str()),
        Value::from(due(dispute)?),
        Value::from(money.0.word()),
        Value::from(minor(money.1)?),
        Value::from(nanoseconds(now)?),
        Value::from(dispute.payments.first().map_or("", String::as_str)),
        Value::from(dispute.payments.get(1).cloned()),
        Value::from(minor(fee)?),
        Value::from(fee.currency().code()),
    ];
    if moved && let Some(order) = &order {
        wake_order(tx, order, now).await?;
    }
    tx.run(&UPDATE, &values).await?;
    Ok(if moved {
        DisputeSeen::Moved { order }
    } else {
        DisputeSeen::Known
    })
}

async fn first_seen(
    tx: &mut Tx<'_>,
    provider: &str,
    dispute: &Dispute,
    now: Instant,
) -> Result<DisputeSeen, Trouble> {
    let (status, inquiry, held) = meaning(dispute);
    let (order, payment) = payment_of(tx, provider, &dispute.payments).await?.unzip();
    if let Some(order) = &order {
        wake_order(tx, order, now).await?;
    }
    let none = Amount::new(0, dispute.amount.currency());
    let of = Of {
        provider,
        id: &dispute.id,
        amount: dispute.amount,
        now,
    };
    let money = of.booked_to(tx, (Held::Nothing, none), held).await?;
    let fee = of.fee_to(tx, none, dispute.fee).await?;
    let values = [
        Value::from(dispute.id.as_str()),
        Value::from(provider),
        Value::from(order.clone()),
        Value::from(payment),
        Value::from(dispute.payments.first().map_or("", String::as_str)),
        Value::from(dispute.payments.get(1).cloned()),
        Value::from(nanoseconds(clock::instant(dispute.opened_at).min(now))?),
        Value::from(status),
        Value::from(state_word(&dispute.state)),
        Value::from(inquiry),
        Value::from(minor(dispute.amount)?),
        Value::from(dispute.amount.currency().code()),
        Value::from(dispute.reason.as_str()),
        Value::from(due(dispute)?),
        Value::from(money.0.word()),
        Value::from(minor(money.1)?),
        Value::from(nanoseconds(now)?),
        Value::from(minor(fee)?),
        Value::from(fee.currency().code()),
    ];
    if tx.run(&INSERT, &values).await? != 1 {
        return Err(Trouble::Serialization);
    }
    Ok(DisputeSeen::New { order })
}

fn due(dispute: &Dispute) -> Result<Option<i64>, Trouble> {
    dispute
        .evidence_due
        .map(|at| nanoseconds(clock::instant(at)))
        .transpose()
}

/// What is booked of a dispute.
struct Of<'d> {
    provider: &'d str,
    id: &'d str,
    amount: Amount,
    now: Instant,
}

impl Of<'_> {
    /// Books what lies between how the money of a dispute stood and how it stands; what was missed in between is booked too.
    async fn booked_to(
        &self,
        tx: &mut Tx<'_>,
        (before, held): (Held, Amount),
        after: Held,
    ) -> Result<(Held, Amount), Trouble> {
        let (dispute, provider) = (self.id.to_owned(), self.provider.to_owned());
        let amount = match before {
            Held::Nothing => self.amount,
            _ => held,
        };
        let opened = Booking::DisputeOpened {
            dispute: dispute.clone(),
            provider: provider.clone(),
            amount,
        };
        let lost = Booking::DisputeLost {
            dispute: dispute.clone(),
            amount,
        };
        let won = Booking::DisputeWon {
            dispute,
            provider: provider.clone(),
            amount,
        };
        let won_late = Booking::LostDisputeWon { provider, amount };
        let bookings = match (before, after) {
            (Held::Nothing, Held::Taken) => vec![opened],
            (Held::Nothing, Held::Lost) => vec![opened, lost],
            (Held::Nothing, Held::Won) => vec![opened, won],
            (Held::Taken, Held::Lost) => vec![lost],
            (Held::Taken, Held::Won) => vec![won],
            (Held::Lost, Held::Won) => vec![won_late],
            // Nothing is booked backwards.
            _ => return Ok((before, held)),
        };
        if !amount.is_zero() {
            for booking in &bookings {
                booked(tx, self.provider, booking, self.now).await?;
            }
        }
        Ok((after, amount))
    }

    /// Books what lies between the fee that was kept and the fee that is kept; nothing where nobody says what it is.
    async fn fee_to(
        &self,
        tx: &mut Tx<'_>,
        before: Amount,
        after: Option<Amount>,
    ) -> Result<Amount, Trouble> {
        let Some(after) = after else {
            return Ok(before);
        };
        let same = before.currency() == after.currency();
        let (more, less) = if same {
            (
                after.minor().saturating_sub(before.minor()),
                before.minor().saturating_sub(after.minor()),
            )
        } else {
            // Another currency is another fee: the first was returned.
            (after.minor(), before.minor())
        };
        if less > 0 {
            let (provider, amount) = (
                self.provider.to_owned(),
                Amount::new(less, before.currency()),
            );
            let returned = Booking::FeeReturned { provider, amount };
            booked(tx, self.provider, &returned, self.now).await?;
        }
        if more > 0 {
            let (provider, amount) = (
                self.provider.to_owned(),
                Amount::new(more, after.currency()),
            );
            let charged = Booking::FeeCharged { provider, amount };
            booked(tx, self.provider, &charged, self.now).await?;
        }
        Ok(after)
    }
}

/// Books a dispute as a shop told of it, and the fee that it says was taken. Where a provider tells of it itself, that is booked alone.
///
/// # Errors
/// The store's trouble.
pub(super) async fn told(
    tx: &mut Tx<'_>,
    id: &str,
    fee: Option<Amount>,
    now: Instant,
) -> Result<(), Trouble> {
    let Some(row) = tx.one(&DISPUTE, &[Value::from(id)]).await? else {
        return Ok(());
    };
    if row.yes(5)? {
        return Ok(());
    }
    let held = match (row.yes(10)?, row.text(9)?) {
        // An inquiry takes no money.
        (true, _) => Held::Nothing,
        (false, "lost") => Held::Lost,
        (false, "won") => Held::Won,
        (false, _) => Held::Taken,
    };
    let provider = match row.text(8)? {
        // It was not said where.
        "" => "elsewhere",
        named => named,
    };
    let of = Of {
        provider,
        id,
        amount: amount(&row, 11)?,
        now,
    };
    let before = (Held::read(row.text(2)?)?, amount(&row, 3)?);
    let money = of.booked_to(tx, before, held).await?;
    let fee = of.fee_to(tx, amount(&row, 6)?, fee).await?;
    let values = [
        Value::from(id),
        Value::from(money.0.word()),
        Value::from(minor(money.1)?),
        Value::from(minor(fee)?),
        Value::from(fee.currency().code()),
    ];
    tx.run(&TOLD, &values).await.map(drop)
}

/// Disputes of a payment that has become known are its order's; answers how many.
///
/// # Errors
/// The store's trouble.
pub(super) async fn matched(
    tx: &mut Tx<'_>,
    order: &str,
    payment: &str,
    provider: &str,
    reference: &str,
) -> Result<u64, Trouble> {
    let values = [
        Value::from(provider),
        Value::from(reference),
        Value::from(order),
        Value::from(payment),
    ];
    tx.run(&MATCH, &values).await
}

/// Names of disputes that are not over.
///
/// # Errors
/// The store's trouble.
pub async fn open(tx: &mut Tx<'_>, provider: &str) -> Result<Vec<String>, Trouble> {
    let rows = tx.rows(&OPEN, &[Value::from(provider)]).await?;
    rows.iter()
        .map(|row| row.text(0).map(str::to_owned))
        .collect()
}

/// A dispute as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeRow {
    /// The provider's name for it.
    pub id: String,
    /// Its order, if its payment is known.
    pub order: Option<String>,
    /// How far it is, in the provider's word, or the shop's own.
    pub state: String,
    /// The bank only asks; no money was taken.
    pub inquiry: bool,
    /// How much is disputed.
    pub amount: Amount,
    /// The reason in the provider's word; empty where none was told.
    pub reason: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// Until when evidence is taken.
    pub due_at: Option<Instant>,
    /// What the provider keeps as its fee.
    pub fee: Amount,
    /// How the money stands: `nothing`, `taken`, `lost` or `won`.
    pub money: String,
    /// The number of the newest case about its order.
    pub case_number: Option<u64>,
    /// When the customer first wrote, if that was before the dispute.
    pub wrote_at: Option<Instant>,
}

fn dispute_row(row: &Row) -> Result<DisputeRow, Trouble> {
    let opened_at = row.int(7)?;
    let wrote = [row.opt_int(13)?, row.opt_int(14)?];
    let wrote = wrote.into_iter().flatten().min();
    Ok(DisputeRow {
        id: row.text(0)?.to_owned(),
        order: row.opt_text(1)?.map(str::to_owned),
        state: row.text(2)?.to_owned(),
        inquiry: row.yes(3)?,
        amount: amount(row, 4)?,
        reason: row.text(6)?.to_owned(),
        opened_at: instant(opened_at),
        due_at: row.opt_int(8)?.map(instant),
        fee: amount(row, 9)?,
        money: row.text(11)?.to_owned(),
        case_number: row
            .opt_int(12)?
            .and_then(|number| u64::try_from(number).ok()),
        wrote_at: wrote.filter(|at| *at < opened_at).map(instant),
    })
}

/// Disputes for people: those that are not over, what is due first first; or those that are, the newest first.
///
/// # Errors
/// The store's trouble.
pub async fn listed(tx: &mut Tx<'_>, over: bool, most: i64) -> Result<Vec<DisputeRow>, Trouble> {
    let statement = if over { &OVER } else { &UNDECIDED };
    let rows = tx.rows(statement, &[Value::from(most)]).await?;
    rows.iter().map(dispute_row).collect()
}

/// A dispute by its name, and the provider that told of it; no provider where only the shop did.
///
/// # Errors
/// The store's trouble.
pub async fn one(
    tx: &mut Tx<'_>,
    id: &str,
) -> Result<Option<(DisputeRow, Option<String>)>, Trouble> {
    let Some(row) = tx.one(&ONE, &[Value::from(id)]).await? else {
        return Ok(None);
    };
    let provider = match row.yes(16)? {
        true => Some(row.text(15)?.to_owned()),
        false => None,
    };
    Ok(Some((dispute_row(&row)?, provider)))
}

/// Disputes whose evidence is handed in now or never, with their providers: it was staged here, and is due by then.
///
/// # Errors
/// The store's trouble.
pub async fn last_moment(
    tx: &mut Tx<'_>,
    now: Instant,
    until: Instant,
    refused_since: Instant,
) -> Result<Vec<(String, String)>, Trouble> {
    let values = [
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(until)?),
        Value::from(nanoseconds(refused_since)?),
    ];
    let rows = tx.rows(&LAST_MOMENT, &values).await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [DisputeState; 10] = [
        DisputeState::InquiryNeedsResponse,
        DisputeState::InquiryUnderReview,
        DisputeState::InquiryClosed,
        DisputeState::NeedsResponse,
        DisputeState::UnderReview,
        DisputeState::Lost,
        DisputeState::Prevented,
        DisputeState::AppealNeedsResponse,
        DisputeState::AppealUnderReview,
        DisputeState::Won,
    ];

    /// A row is what is known, a column what is told now, both in the order above: `+` is taken down, `.` is old news.
    #[test]
    fn a_dispute_moves_forward_only_whatever_is_told_when() {
        let table = [
            "warning_needs_response  + + + + + + + + + +",
            "warning_under_review    . + + + + + + + + +",
            "warning_closed          . . + + + + + + + +",
            "needs_response          . . . + + + + + + +",
            "under_review            . . . . + + + + + +",
            "lost                    . . . . . + + + + +",
            "prevented               . . . . . + + + + +",
            "appeal_needs_response   . . . . . . . + + +",
            "appeal_under_review     . . . . . . . . + +",
            "won                     . . . . . . . . . +",
        ];
        for (known, row) in STATES.iter().zip(table) {
            let mut row = row.split_whitespace();
            assert_eq!(row.next(), Some(state_word(known)));
            for (told, expected) in STATES.iter().zip(row) {
                let taken = rank(state_word(told)) >= rank(state_word(known));
                let cell = if taken { "+" } else { "." };
                assert_eq!(cell, expected, "{told:?} told after {known:?}");
            }
        }
    }

    #[test]
    fn the_shops_own_word_gives_way_to_whatever_a_provider_says() {
        for state in STATES {
            assert!(rank(state_word(&state)) >= rank("open"), "{state:?}");
        }
    }

    /// A word that is new goes on after evidence was asked for, and never takes back an end.
    #[test]
    fn a_word_that_nobody_knows_yet_never_undoes_an_end() {
        let told = rank("a_word_of_tomorrow");
        for (known, taken) in [
            (DisputeState::NeedsResponse, true),
            (DisputeState::Lost, false),
            (DisputeState::AppealUnderReview, false),
            (DisputeState::Won, false),
        ] {
            assert_eq!(told >= rank(state_word(&known)), taken, "{known:?}");
        }
    }
}
