// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stripe's objects, as far as we read them, and what they are in the desk's words.
//!
//! Only the fields named here are read, so new ones do no harm; a word that is new is carried or makes the object unreadable, never guessed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use makegood_desk::amount::Amount;
use makegood_desk::execution::{ProviderRefund, RefundStatus};
use serde::Deserialize;

use super::money;
use crate::pay::{
    Dispute, DisputeState, Look, PaidBy, Payment, PeriodPayment, ProviderEvent, SeenRefund,
};

/// The key under which a refund's metadata carries our name for it.
pub const REFERENCE: &str = "makegood_refund";

/// A name that may have been expanded to the whole object.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Bare(String),
    Expanded { id: String },
}

impl Name {
    pub(super) fn into_string(self) -> String {
        match self {
            Self::Bare(id) | Self::Expanded { id } => id,
        }
    }
}

fn bare(name: Option<Name>) -> Option<String> {
    name.map(Name::into_string)
}

/// The names of a payment: its intent first, by which it is known in the dashboard.
fn names(intent: Option<Name>, charge: Option<Name>) -> Vec<String> {
    bare(intent).into_iter().chain(bare(charge)).collect()
}

pub(super) fn instant(seconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(seconds).map_err(|_| "a time out of range".to_owned())
}

fn is_a(found: &str, wanted: &str) -> Result<(), String> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("another object than a {wanted}"))
    }
}

#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) object: String,
    pub(super) data: Vec<T>,
    pub(super) has_more: bool,
}

/// A thing in a list: the next page begins behind its name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

macro_rules! named {
    ($($thing:ty),*) => {
        $(impl Named for $thing {
            fn name(&self) -> &str {
                &self.id
            }
        })*
    };
}

named!(RefundIn, DisputeIn, InvoicePaymentIn, EventIn);

#[derive(Deserialize)]
pub(super) struct RefundIn {
    pub(super) id: String,
    object: String,
    amount: i64,
    currency: String,
    status: Option<String>,
    charge: Option<Name>,
    payment_intent: Option<Name>,
    metadata: Option<BTreeMap<String, String>>,
    failure_reason: Option<String>,
    created: i64,
}

impl RefundIn {
    /// The refund with all names of its payment.
    pub(super) fn seen(mut self) -> Result<SeenRefund, String> {
        let payments = names(self.payment_intent.take(), self.charge.take());
        let (id, at) = (self.id.clone(), instant(self.created)?);
        let payment = payments.first().cloned();
        let refund = payment
            .ok_or_else(|| "a refund without a payment".to_owned())
            .and_then(|payment| self.read(payment));
        Ok(SeenRefund {
            id,
            payments,
            at,
            refund,
        })
    }

    fn read(self, payment: String) -> Result<ProviderRefund, String> {
        is_a(&self.object, "refund")?;
        let status = match self.status.as_deref() {
            Some("pending") => RefundStatus::Pending,
            Some("requires_action") => RefundStatus::RequiresAction,
            Some("succeeded") => RefundStatus::Succeeded,
            Some("failed") => RefundStatus::Failed,
            Some("canceled") => RefundStatus::Cancelled,
            Some(_) => return Err("a refund in a state that this version does not know".to_owned()),
            None => return Err("a refund without a state".to_owned()),
        };
        Ok(ProviderRefund {
            amount: money::inward(self.amount, &self.currency)?,
            reference: self
                .metadata
                .and_then(|mut metadata| metadata.remove(REFERENCE)),
            failure: self.failure_reason,
            id: self.id,
            payment,
            status,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct ChargeIn {
    id: String,
    object: String,
    amount_captured: i64,
    amount_refunded: i64,
    currency: String,
    disputed: bool,
    payment_intent: Option<Name>,
    created: i64,
}

impl ChargeIn {
    pub(super) fn read(self, asked: &str) -> Result<Payment, String> {
        is_a(&self.object, "charge")?;
        let names = names(self.payment_intent, Some(Name::Bare(self.id)));
        if !names.iter().any(|name| name == asked) {
            return Err("another payment than the one asked for".to_owned());
        }
        Ok(Payment {
            id: asked.to_owned(),
            names,
            captured: money::inward(self.amount_captured, &self.currency)?,
            refunded: money::inward(self.amount_refunded, &self.currency)?,
            disputed: self.disputed,
            at: instant(self.created)?,
        })
    }
}

/// The charge of an intent, expanded as we ask for it. A bare name stands where a server does not expand.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum LatestCharge {
    Whole(Box<ChargeIn>),
    Bare(String),
}

#[derive(Deserialize)]
pub(super) struct IntentIn {
    pub(super) id: String,
    object: String,
    currency: String,
    pub(super) latest_charge: Option<LatestCharge>,
    created: i64,
}

impl IntentIn {
    /// An intent that has taken nothing.
    pub(super) fn untaken(self) -> Result<Payment, String> {
        is_a(&self.object, "payment_intent")?;
        let nothing = money::inward(0, &self.currency)?;
        Ok(Payment {
            names: vec![self.id.clone()],
            id: self.id,
            captured: nothing,
            refunded: nothing,
            disputed: false,
            at: instant(self.created)?,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct DisputeIn {
    id: String,
    object: String,
    amount: i64,
    currency: String,
    status: String,
    reason: String,
    charge: Option<Name>,
    payment_intent: Option<Name>,
    created: i64,
    is_charge_refundable: bool,
    evidence_details: EvidenceDetailsIn,
    #[serde(default)]
    balance_transactions: Vec<BalanceTransactionIn>,
    #[serde(default)]
    evidence: serde_json::Map<String, serde_json::Value>,
    payment_method_details: Option<MethodDetailsIn>,
    #[serde(default)]
    enhanced_eligibility_types: Vec<String>,
}

#[derive(Deserialize)]
struct MethodDetailsIn {
    card: Option<DisputedCardIn>,
}

#[derive(Deserialize)]
struct DisputedCardIn {
    network_reason_code: Option<String>,
    case_type: Option<String>,
}

/// What a dispute has done to the balance: money that was taken or given back, and the fee for it.
#[derive(Deserialize)]
struct BalanceTransactionIn {
    fee: i64,
    currency: String,
}

#[derive(Deserialize)]
struct EvidenceDetailsIn {
    due_by: Option<i64>,
    has_evidence: bool,
    submission_count: u64,
}

impl DisputeIn {
    pub(super) fn read(self) -> Result<Dispute, String> {
        is_a(&self.object, "dispute")?;
        let card = self.payment_method_details.and_then(|method| method.card);
        let compliance = |word: &String| word == "visa_compliance";
        let case_type = card.as_ref().and_then(|card| card.case_type.as_deref());
        Ok(Dispute {
            answer_costs: case_type == Some("compliance")
                || self.enhanced_eligibility_types.iter().any(compliance),
            network_reason: card.and_then(|card| card.network_reason_code),
            evidence: filled(self.evidence),
            payments: names(self.payment_intent, self.charge),
            amount: money::inward(self.amount, &self.currency)?,
            state: dispute_state(self.status),
            reason: self.reason,
            opened_at: instant(self.created)?,
            evidence_due: self.evidence_details.due_by.map(instant).transpose()?,
            submissions: self.evidence_details.submission_count,
            has_evidence: self.evidence_details.has_evidence,
            refundable: self.is_charge_refundable,
            fee: fee(&self.balance_transactions)?,
            id: self.id,
        })
    }
}

/// The fields of the evidence that hold something, as they stand there. `enhanced_evidence` is none of ours.
fn filled(evidence: serde_json::Map<String, serde_json::Value>) -> BTreeMap<String, String> {
    let texts = evidence.into_iter().filter_map(|(field, held)| {
        let held = held.as_str().filter(|held| !held.is_empty())?.to_owned();
        Some((field, held))
    });
    texts.collect()
}

/// The fees of a dispute in all, in the currency of the first; what was returned stands there below nothing.
fn fee(transactions: &[BalanceTransactionIn]) -> Result<Option<Amount>, String> {
    let Some(first) = transactions.first() else {
        return Ok(None);
    };
    let of_it = transactions
        .iter()
        .filter(|transaction| transaction.currency == first.currency);
    let fees = of_it.fold(0_i64, |sum, transaction| {
        sum.saturating_add(transaction.fee)
    });
    money::inward(fees.max(0), &first.currency).map(Some)
}

fn dispute_state(word: String) -> DisputeState {
    match word.as_str() {
        "warning_needs_response" => DisputeState::InquiryNeedsResponse,
        "warning_under_review" => DisputeState::InquiryUnderReview,
        "warning_closed" => DisputeState::InquiryClosed,
        "needs_response" => DisputeState::NeedsResponse,
        "under_review" => DisputeState::UnderReview,
        "appeal_needs_response" => DisputeState::AppealNeedsResponse,
        "appeal_under_review" => DisputeState::AppealUnderReview,
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        "prevented" => DisputeState::Prevented,
        _ => DisputeState::Other(word),
    }
}

#[derive(Deserialize)]
pub(super) struct SubscriptionIn {
    pub(super) id: String,
    pub(super) object: String,
    pub(super) status: String,
    pub(super) canceled_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) latest_invoice: Option<Name>,
}

#[derive(Deserialize)]
pub(super) struct InvoicePaymentIn {
    pub(super) id: String,
    object: String,
    invoice: Name,
    amount_paid: Option<i64>,
    currency: String,
    pub(super) status: String,
    payment: PaymentIn,
    status_transitions: Option<TransitionsIn>,
}

#[derive(Deserialize)]
struct TransitionsIn {
    paid_at: Option<i64>,
}

#[derive(Deserialize)]
struct PaymentIn {
    r#type: String,
    payment_intent: Option<Name>,
    charge: Option<Name>,
    payment_record: Option<Name>,
}

impl InvoicePaymentIn {
    pub(super) fn read(self, asked: &str) -> Result<PeriodPayment, String> {
        is_a(&self.object, "invoice_payment")?;
        let invoice = self.invoice.into_string();
        if invoice != asked {
            return Err("the payment of another bill than the one asked for".to_owned());
        }
        let PaymentIn {
            r#type: kind,
            payment_intent,
            charge,
            payment_record,
        } = self.payment;
        let payment = match kind.as_str() {
            "payment_intent" => bare(payment_intent).map(PaidBy::Payment),
            "charge" => bare(charge).map(PaidBy::Payment),
            _ => Some(PaidBy::Elsewhere {
                kind,
                id: bare(payment_record),
            }),
        };
        Ok(PeriodPayment {
            invoice,
            payment: payment.ok_or_else(|| "a bill's payment without a name".to_owned())?,
            amount: paid(self.amount_paid, &self.currency)?,
            at: self
                .status_transitions
                .and_then(|when| when.paid_at)
                .map(instant)
                .transpose()?,
        })
    }
}

fn paid(minor: Option<i64>, currency: &str) -> Result<Amount, String> {
    let minor = minor.ok_or_else(|| "a paid bill without an amount".to_owned())?;
    money::inward(minor, currency)
}

#[derive(Deserialize)]
pub(super) struct EventIn {
    pub(super) id: String,
    object: String,
    r#type: String,
    created: i64,
    livemode: bool,
    account: Option<String>,
    data: DataIn,
}

#[derive(Deserialize)]
struct DataIn {
    object: AboutIn,
}

/// Of the object in an event only its name is read: the rest is looked up.
#[derive(Deserialize)]
struct AboutIn {
    id: Option<String>,
    object: String,
}

impl EventIn {
    pub(super) fn read(self) -> Result<ProviderEvent, String> {
        is_a(&self.object, "event")?;
        let about = self.data.object;
        let look = match (about.object.as_str(), about.id) {
            ("refund", Some(id)) => Look::Refund(id),
            ("charge" | "payment_intent", Some(id)) => Look::Payment(id),
            ("dispute", Some(id)) => Look::Dispute(id),
            ("subscription", Some(id)) => Look::Subscription(id),
            ("invoice", Some(id)) => Look::Invoice(id),
            _ => Look::Nothing,
        };
        Ok(ProviderEvent {
            id: self.id,
            kind: self.r#type,
            at: instant(self.created)?,
            live: self.livemode,
            account: self.account,
            look,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct BalanceIn {
    pub(super) object: String,
    pub(super) livemode: bool,
    pub(super) available: Vec<FundsIn>,
}

#[derive(Deserialize)]
pub(super) struct FundsIn {
    pub(super) amount: i64,
    pub(super) currency: String,
}
