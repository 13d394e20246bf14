// SPDX-License-Identifier: MIT OR Apache-2.0
//! Money back: what a refund may be, how it goes on, and how it fails.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::money::{WhenShort, shown};
use super::payments::{Card, Charge, Metadata};
use super::problem::Problem;
use super::table::{Page, Row, list};
use super::world::{Due, World, unknown};

/// A refund.
#[derive(Clone, Debug)]
pub struct Refund {
    pub(super) id: String,
    created: i64,
    pub(super) charge: String,
    intent: Option<String>,
    pub(super) amount: i64,
    currency: String,
    pub(super) status: Status,
    reason: Option<String>,
    metadata: Metadata,
    transaction: Option<String>,
    failure: Option<String>,
    failure_transaction: Option<String>,
    waits_for_balance: bool,
    /// The idempotency key that made it; none where it was made in the dashboard.
    pub(super) key: Option<String>,
    /// Since when it has which status.
    past: Vec<(i64, Status)>,
}

impl Row for Refund {
    const NOUN: &'static str = "refund";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has begun.
    Pending,
    /// The customer has to do something.
    RequiresAction,
    /// The money has left.
    Succeeded,
    /// The money did not arrive.
    Failed,
    /// It was called off.
    Canceled,
}

impl Status {
    /// Stripe's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Does its amount count against the payment?
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Failed | Self::Canceled)
    }

    /// Can it become the other?
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Pending => !matches!(next, Self::Pending),
            Self::RequiresAction => !matches!(next, Self::RequiresAction),
            Self::Succeeded => matches!(next, Self::Failed),
            Self::Failed | Self::Canceled => false,
        }
    }
}

/// How a refund begins and goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// The status it has first.
    pub status: Status,
    /// `failure_reason`, where it fails.
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// What comes then.
    #[serde(default)]
    pub then: Option<Box<Next>>,
}

/// What comes after so many seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// Seconds of the sandbox's clock.
    pub after: i64,
    /// How it goes on.
    #[serde(flatten)]
    pub life: Life,
}

impl Life {
    fn now(status: Status) -> Self {
        Self {
            status,
            failure_reason: None,
            then: None,
        }
    }

    fn then(self, after: i64, life: Self) -> Self {
        Self {
            then: Some(Box::new(Next { after, life })),
            ..self
        }
    }

    /// What a test card's refunds do.
    fn of(card: Card) -> Self {
        match card {
            Card::PendingRefund => {
                Self::now(Status::Pending).then(60, Self::now(Status::Succeeded))
            }
            Card::FailingRefund => Self::now(Status::Succeeded).then(
                60,
                Self {
                    failure_reason: Some("expired_or_canceled_card".to_owned()),
                    ..Self::now(Status::Failed)
                },
            ),
            Card::RefundNeedsCustomer => Self::now(Status::RequiresAction),
            _ => Self::now(Status::Succeeded),
        }
    }
}

/// What is asked of a refund.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The payment.
    pub charge: String,
    /// Minor units; all that is left where nothing is said.
    pub amount: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// Names and values of ours.
    pub metadata: Metadata,
}

impl World {
    pub(super) fn refund_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        mut params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Post, ["refunds"]) => {
                let charge = self.charge_to_refund(&mut params)?;
                self.create_refund(charge, params)
            }
            (Method::Get, ["refunds"]) => {
                let charge = params.text("charge")?;
                self.list_refunds(charge, params, "/v1/refunds")
            }
            (Method::Get, ["refunds", id]) => {
                params.finish()?;
                Ok(self.refunds.named(id)?.value())
            }
            (Method::Post, ["refunds", id]) => self.update_refund(id, params),
            (Method::Post, ["refunds", id, "cancel"]) => {
                params.finish()?;
                self.cancel_refund(id)
            }
            _ => Err(unknown(method, segments)),
        }
    }

    /// The older way: `/v1/charges/ch_…/refunds`.
    pub(super) fn refunds_below(
        &mut self,
        method: Method,
        charge: &str,
        rest: &[&str],
        segments: &[&str],
        params: Params,
    ) -> Result<Value, Problem> {
        self.charges.named(charge)?;
        match (method, rest) {
            (Method::Get, []) => {
                let url = format!("/v1/charges/{charge}/refunds");
                self.list_refunds(Some(charge.to_owned()), params, &url)
            }
            (Method::Post, []) => self.create_refund(charge.to_owned(), params),
            (Method::Get, [id]) => {
                params.finish()?;
                Ok(self.refunds.named(id)?.value())
            }
            (Method::Post, [id]) => self.update_refund(id, params),
            _ => Err(unknown(method, segments)),
        }
    }

    fn charge_to_refund(&self, params: &mut Params) -> Result<String, Problem> {
        let charge = params.text("charge")?;
        let intent = params.text("payment_intent")?;
        match (charge, intent) {
            (Some(charge), intent) => {
                let found = self
                    .charges
                    .get(&charge)
                    .ok_or_else(|| Problem::missing("charge", &charge, "charge"))?;
                if intent.is_some() && intent != found.intent {
                    let message = "The charge does not belong to this payment_intent.".to_owned();
                    return Err(Problem::unclear("", "payment_intent", message));
                }
                Ok(charge)
            }
            (None, Some(intent)) => {
                let found = self
                    .intents
                    .get(&intent)
                    .ok_or_else(|| Problem::missing("payment_intent", &intent, "payment_intent"))?;
                let charge = found.value(self)["latest_charge"]
                    .as_str()
                    .map(str::to_owned);
                charge.ok_or_else(|| {
                    let message = format!(
                        "This PaymentIntent ({intent}) does not have a successful charge to refund."
                    );
                    Problem::refused("", "payment_intent", message)
                })
            }
            (None, None) => {
                let message = "One of the following params should be provided for this request: payment_intent or charge.";
                let param = "charge";
                Err(Problem::unclear(
                    "parameter_missing",
                    param,
                    message.to_owned(),
                ))
            }
        }
    }

    fn create_refund(&mut self, charge: String, mut params: Params) -> Result<Value, Problem> {
        let mut ask = Ask {
            charge,
            amount: params.positive("amount")?,
            reason: params.word(
                "reason",
                &["duplicate", "fraudulent", "requested_by_customer"],
            )?,
            metadata: Metadata::new(),
        };
        params.metadata(&mut ask.metadata)?;
        params.ignore(&[
            "refund_application_fee",
            "reverse_transfer",
            "instructions_email",
        ]);
        params.ignore(&["origin", "currency"]);
        params.finish()?;
        let key = self.cause.key.clone();
        let id = self.refund(&ask, key)?;
        Ok(self.refunds.named(&id)?.value())
    }

    /// Pays back and gives the name of the refund.
    ///
    /// # Errors
    /// When the payment does not allow it.
    pub fn refund(&mut self, ask: &Ask, key: Option<String>) -> Result<String, Problem> {
        let charge = self
            .charges
            .get(&ask.charge)
            .ok_or_else(|| Problem::missing("charge", &ask.charge, "charge"))?;
        let amount = self.refundable(charge, ask.amount)?;
        let (card, currency, intent) =
            (charge.card, charge.currency.clone(), charge.intent.clone());
        let short = self.short_of(amount, &currency);
        if short == Some(WhenShort::Refuse) {
            let message =
                "Insufficient funds in your Stripe balance to refund this amount.".to_owned();
            return Err(Problem::refused("balance_insufficient", "", message));
        }
        let mut life = self.lives.pop_front().unwrap_or_else(|| Life::of(card));
        if short.is_some() {
            life = Life::now(Status::Pending);
        }
        let id = self.random.id("re");
        let movement = (-amount, 0, currency.as_str());
        let transaction = self.book(movement, ("refund", "refund"), &id, "REFUND FOR CHARGE");
        let place = self.refunds.add(Refund {
            id: id.clone(),
            created: self.now,
            charge: ask.charge.clone(),
            intent,
            amount,
            currency,
            status: life.status,
            reason: ask.reason.clone(),
            metadata: ask.metadata.clone(),
            transaction: Some(transaction),
            failure: None,
            failure_transaction: None,
            waits_for_balance: short.is_some(),
            key,
            past: vec![(self.now, life.status)],
        });
        if let Some(charge) = self.charges.get_mut(&ask.charge) {
            // INVARIANT (refunded is at most captured)
            charge.refunded += amount;
            charge.refunds.push(place);
            debug_assert!(charge.refunded <= charge.captured);
        }
        self.tell_of_refund("refund.created", &id, None);
        self.tell_of_charge("charge.refunded", &ask.charge);
        self.go_on(&id, &life);
        Ok(id)
    }

    /// How much of it goes back, if any may.
    fn refundable(&self, charge: &Charge, asked: Option<i64>) -> Result<i64, Problem> {
        let id = &charge.id;
        if charge.captured == 0 {
            let message = format!("Charge {id} has not been captured; it cannot be refunded.");
            return Err(Problem::refused("charge_not_refundable", "charge", message));
        }
        if self.is_charged_back(id) {
            let message = format!("Charge {id} has been charged back; cannot issue a refund.");
            return Err(Problem::refused("charge_disputed", "", message));
        }
        let left = charge.left();
        if left == 0 {
            let message = format!("Charge {id} has already been refunded.");
            return Err(Problem::refused("charge_already_refunded", "", message));
        }
        let amount = asked.unwrap_or(left);
        if amount > left {
            let message = format!(
                "Refund amount ({}) is greater than unrefunded amount on charge ({})",
                shown(amount, &charge.currency),
                shown(left, &charge.currency)
            );
            return Err(Problem::refused("", "amount", message));
        }
        Ok(amount)
    }

    fn go_on(&mut self, id: &str, life: &Life) {
        if let Some(next) = &life.then {
            let due = Due::RefundMoves {
                refund: id.to_owned(),
                life: next.life.clone(),
            };
            self.later(self.now.saturating_add(next.after), due);
        }
    }

    pub(super) fn refund_moves(&mut self, id: &str, life: &Life) {
        if self
            .move_refund(id, life.status, life.failure_reason.as_deref())
            .is_ok()
        {
            self.go_on(id, life);
        }
    }

    /// Moves a refund on.
    ///
    /// # Errors
    /// When it cannot go there from where it is.
    pub(super) fn move_refund(
        &mut self,
        id: &str,
        next: Status,
        why: Option<&str>,
    ) -> Result<(), Problem> {
        let refund = self.refunds.named(id)?.clone();
        if !refund.status.can_become(next) {
            let message = format!(
                "Refund {id} is {} and cannot become {}.",
                refund.status.word(),
                next.word()
            );
            return Err(Problem::refused("", "", message));
        }
        let came_back = if next.counts() {
            None
        } else {
            let movement = (refund.amount, 0, refund.currency.as_str());
            let kind = ("refund_failure", "refund_failure");
            Some(self.book(movement, kind, id, "REFUND FAILURE"))
        };
        if !next.counts()
            && let Some(charge) = self.charges.get_mut(&refund.charge)
        {
            charge.refunded -= refund.amount;
        }
        let now = self.now;
        let refund = self.refunds.named_mut(id)?;
        let before = refund.status;
        refund.status = next;
        refund.past.push((now, next));
        refund.waits_for_balance = false;
        refund.failure_transaction = came_back;
        if next == Status::Failed {
            refund.failure = Some(why.unwrap_or("unknown").to_owned());
        }
        let previous = json!({ "status": before.word() });
        self.tell_of_refund("refund.updated", id, Some(previous));
        if next == Status::Failed {
            self.tell_of_refund("refund.failed", id, None);
        }
        Ok(())
    }

    fn update_refund(&mut self, id: &str, mut params: Params) -> Result<Value, Problem> {
        let mut metadata = self.refunds.named(id)?.metadata.clone();
        params.metadata(&mut metadata)?;
        params.finish()?;
        let refund = self.refunds.named_mut(id)?;
        let before = std::mem::replace(&mut refund.metadata, metadata);
        let value = refund.value();
        let previous = json!({ "metadata": before });
        self.tell_of_refund("refund.updated", id, Some(previous));
        Ok(value)
    }

    fn cancel_refund(&mut self, id: &str) -> Result<Value, Problem> {
        let refund = self.refunds.named(id)?;
        if refund.status != Status::RequiresAction {
            let message = format!(
                "You can only cancel a refund with a status of requires_action; {id} is {}.",
                refund.status.word()
            );
            return Err(Problem::refused("", "", message));
        }
        self.move_refund(id, Status::Canceled, None)?;
        Ok(self.refunds.named(id)?.value())
    }

    fn list_refunds(
        &mut self,
        charge: Option<String>,
        mut params: Params,
        url: &str,
    ) -> Result<Value, Problem> {
        let page = Page::take(&mut params)?;
        let intent = params.text("payment_intent")?;
        params.finish()?;
        let of_intent = intent.as_ref().and_then(|id| {
            let value = self.intents.get(id)?.value(self);
            value["latest_charge"].as_str().map(str::to_owned)
        });
        let places = match (&charge, &intent) {
            (Some(charge), _) => {
                let found = self.charges.get(charge);
                let missing = || Problem::missing_param("charge", charge, "charge");
                Some(found.ok_or_else(missing)?.refunds.as_slice())
            }
            (None, Some(intent)) => {
                if self.intents.get(intent).is_none() {
                    let param = "payment_intent";
                    return Err(Problem::missing_param("payment_intent", intent, param));
                }
                let charge = of_intent.and_then(|id| self.charges.get(&id));
                Some(charge.map_or(&[][..], |charge| charge.refunds.as_slice()))
            }
            (None, None) => None,
        };
        let until = self.seen_until();
        let fits =
            |row: &Refund| row.created <= until && (intent.is_none() || intent == row.intent);
        let (rows, more) = self.refunds.page(&page, places, fits)?;
        let rows = rows.into_iter().map(|row| row.value_at(until)).collect();
        Ok(list(url, rows, more))
    }

    /// Lets refunds go that waited for money.
    pub(super) fn balance_changed(&mut self) {
        let waiting: Vec<String> = self
            .refunds
            .iter()
            .filter(|refund| refund.waits_for_balance)
            .filter(|refund| self.short_of(0, &refund.currency).is_none())
            .map(|refund| refund.id.clone())
            .collect();
        for id in waiting {
            self.move_refund(&id, Status::Succeeded, None).ok();
        }
    }

    fn tell_of_refund(&mut self, kind: &'static str, id: &str, previous: Option<Value>) {
        if self.is_watched()
            && let Some(refund) = self.refunds.get(id)
        {
            let value = refund.value();
            self.emit(kind, value, previous);
        }
    }
}

impl Refund {
    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        self.value_at(i64::MAX)
    }

    /// As Stripe showed it at this moment.
    fn value_at(&self, moment: i64) -> Value {
        let past = self.past.iter().rev().find(|(since, _)| *since <= moment);
        let status = past.map_or(self.status, |(_, status)| *status);
        let mut value = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "customer_account": null,
            "destination_details": {
                "card": {
                    "reference": null,
                    "reference_status": "pending",
                    "reference_type": "acquirer_reference_number",
                    "type": "refund",
                },
                "type": "card",
            },
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "payment_method": null,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": status.word(),
            "transfer_reversal": null,
        });
        if status == Status::Failed {
            value["failure_reason"] = json!(self.failure);
        }
        if !status.counts() {
            value["failure_balance_transaction"] = json!(self.failure_transaction);
        }
        if status == Status::Pending {
            let why = if self.waits_for_balance {
                "insufficient_funds"
            } else {
                "processing"
            };
            value["pending_reason"] = json!(why);
        }
        value
    }
}
