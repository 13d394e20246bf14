// SPDX-License-Identifier: MIT OR Apache-2.0
//! Orders as they are sent and shown: the parts of a case file, and what the books say beside them.

use makegood_desk::case::{Duration, LogEntry};
use makegood_desk::records::{DisputeRecord, OrderRecord, PaymentRecord, Records, RefundRecord};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Money, moment, name};
use crate::books::orders::log_parts;
use crate::wire::Word as _;

/// What was bought.
#[derive(Serialize, ToSchema)]
pub struct OrderParts {
    /// The order number.
    #[schema(min_length = 1, max_length = 255)]
    pub number: String,
    /// When it was bought.
    #[schema(format = DateTime)]
    pub placed_at: String,
    /// Units ordered.
    #[schema(minimum = 1)]
    pub quantity: u64,
    /// What was paid for the whole of it; for a subscription, for one period.
    pub price: Money,
    /// The profiles or posts served.
    pub links: Vec<String>,
    /// What is done.
    pub service: ServiceParts,
}

/// What is done for the customer.
#[derive(Serialize, ToSchema)]
pub struct ServiceParts {
    /// Its name.
    pub name: String,
    /// What is counted.
    pub unit: String,
    /// `standard`, `targeted`, `auto` or `account`.
    pub kind: &'static str,
    /// The start window, as an ISO 8601 duration in days, hours, minutes and seconds.
    pub start_within: String,
    /// The drop guarantee; 30 days where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub guarantee: Option<String>,
    /// The speed promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    pub units_per_day: Option<u64>,
    /// The target sold, as two letters of ISO 3166.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub target_country: Option<String>,
}

/// A customer as the shop knows them.
#[derive(Serialize, ToSchema)]
pub struct BuyerIn {
    /// The shop's own name for the customer, such as an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub reference: Option<String>,
    /// The mail address. It is kept sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
}

/// An order, and whose it is.
#[derive(Serialize, ToSchema)]
pub struct OrderIn {
    /// What was bought.
    pub order: OrderParts,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub customer: Option<BuyerIn>,
}

/// A captured payment.
#[derive(Serialize, ToSchema)]
pub struct PaymentParts {
    /// Its id.
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    /// When it was captured.
    #[schema(format = DateTime)]
    pub at: String,
    /// How much.
    pub amount: Money,
    /// `one_time` or `renewal`.
    pub kind: &'static str,
    /// Whether the period it paid for has been delivered in full, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fulfilled: Option<bool>,
}

/// A payment of an order.
#[derive(Serialize, ToSchema)]
pub struct PaymentIn {
    /// The payment.
    pub payment: PaymentParts,
    /// The provider that took it, by its name in the settings.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
}

/// Whether an order goes on renewing.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionParts {
    /// `active` or `cancelled`.
    pub status: &'static str,
}

/// The subscription of an order.
#[derive(Serialize, ToSchema)]
pub struct SubscriptionIn {
    /// The subscription.
    pub subscription: SubscriptionParts,
    /// The provider that keeps it, by its name in the settings.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
}

/// A refund that was paid already.
#[derive(Serialize, ToSchema)]
pub struct RefundParts {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// How much.
    pub amount: Money,
    /// For how many units.
    pub units: u64,
}

/// A refund that was paid by other ways.
#[derive(Serialize, ToSchema)]
pub struct RefundIn {
    /// The shop's name for it.
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    /// The refund.
    pub refund: RefundParts,
}

/// A chargeback.
#[derive(Serialize, ToSchema)]
pub struct DisputeParts {
    /// Its id.
    #[schema(min_length = 1, max_length = 255)]
    pub id: String,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub opened_at: String,
    /// `open`, `won` or `lost`.
    pub status: &'static str,
    /// How much is disputed.
    pub amount: Money,
}

/// A chargeback at a provider that is not connected.
#[derive(Serialize, ToSchema)]
pub struct DisputeIn {
    /// The chargeback.
    pub dispute: DisputeParts,
    /// The payment it is about, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payment: Option<String>,
    /// Whether it is an inquiry only, which takes no money.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inquiry: Option<bool>,
    /// Where it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub provider: Option<String>,
    /// Why, in the provider's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    /// What the provider keeps as its fee by now; 0 once it gave the fee back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fee: Option<Money>,
}

/// A time when the customer wrote to the shop's support.
#[derive(Serialize, ToSchema)]
pub struct ContactParts {
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// `chat`, `email` or `form`.
    pub channel: &'static str,
}

/// That the customer wrote.
#[derive(Serialize, ToSchema)]
pub struct ContactIn {
    /// When, and by which way.
    pub contact: ContactParts,
}

/// An entry of the delivery log.
#[derive(Serialize, ToSchema)]
pub struct EntryParts {
    /// When it happened.
    #[schema(format = DateTime)]
    pub at: String,
    /// What: `started`, `count`, `delivered`, `completed`, `stop_requested`, `stopped`, `stop_failed`, `redelivery`, `handed_over`, `login`.
    pub event: &'static str,
    /// Its name, if fulfilment gave it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<String>,
    /// The public counter, of `started` and `count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub count: Option<u64>,
    /// How many units, of `delivered` and `redelivery`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub units: Option<u64>,
    /// The account, of `handed_over` and `login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account: Option<String>,
}

/// What fulfilment reported.
#[derive(Serialize, ToSchema)]
pub struct EntryIn {
    /// The entry.
    pub entry: EntryParts,
}

/// What became of a line.
#[derive(Serialize, ToSchema)]
pub struct LineOut {
    /// `line`.
    pub object: &'static str,
    /// Which line of a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub line: Option<u64>,
    /// `new`; `same`, where it was told before; `grown`, where more is known now. In a batch also `conflict`, where the books say
    /// something else and stay as they are; `wrong`, where it cannot be read; `stopped`, where nothing was taken in from there on.
    pub result: &'static str,
    /// What is newly known, or differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub field: Option<&'static str>,
}

/// A payment, and what became of it.
#[derive(Serialize, ToSchema)]
pub struct PaymentOut {
    /// The payment.
    #[serde(flatten)]
    pub payment: PaymentParts,
    /// The provider that took it.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
    /// What is promised, on its way or paid back by the desk.
    pub reserved: Money,
    /// What can still be promised of it.
    pub left: Money,
}

/// A chargeback as the books have it.
#[derive(Serialize, ToSchema)]
pub struct DisputeOut {
    /// The chargeback.
    #[serde(flatten)]
    pub dispute: DisputeParts,
    /// The payment it is about, by its id.
    pub payment: Option<String>,
    /// Whether it is an inquiry only.
    pub inquiry: bool,
}

/// An order, with all that the books say of it.
#[derive(Serialize, ToSchema)]
pub struct OrderOut {
    /// `order`.
    pub object: &'static str,
    /// What was bought.
    #[serde(flatten)]
    pub order: OrderParts,
    /// Whose it is.
    pub customer: Option<String>,
    /// Its payments.
    pub payments: Vec<PaymentOut>,
    /// Its subscription, if it renews.
    pub subscription: Option<SubscriptionIn>,
    /// Refunds by whatever way, but for those that failed or were called back.
    pub refunds: Vec<RefundParts>,
    /// Chargebacks.
    pub disputes: Vec<DisputeOut>,
    /// When the customer wrote.
    pub contacts: Vec<ContactParts>,
    /// What fulfilment reported, in the order in which it came in.
    pub delivery_log: Vec<EntryParts>,
    /// Whether a refund that nobody here decided is unexplained, so that no money of the order moves.
    pub frozen: bool,
}

fn money(amount: makegood_desk::amount::Amount, minor: u64) -> Money {
    Money {
        amount: minor,
        currency: amount.currency().code().to_owned(),
    }
}

fn whole(amount: makegood_desk::amount::Amount) -> Money {
    money(amount, amount.minor())
}

/// A duration as the case file writes it.
fn long(duration: Duration) -> String {
    let seconds = duration.nanoseconds() / 1_000_000_000;
    match seconds % 86_400 {
        0 => format!("P{}D", seconds / 86_400),
        _ => format!("PT{seconds}S"),
    }
}

impl From<&OrderRecord> for OrderParts {
    fn from(record: &OrderRecord) -> Self {
        let (order, service) = (&record.order, &record.order.service);
        Self {
            number: order.number.to_string(),
            placed_at: moment(order.placed_at),
            quantity: order.quantity,
            price: whole(order.price),
            links: order.links.iter().map(ToString::to_string).collect(),
            service: ServiceParts {
                name: service.name.to_string(),
                unit: service.unit.to_string(),
                kind: service.kind.word(),
                start_within: long(service.start_within),
                guarantee: Some(long(service.guarantee)),
                units_per_day: service.units_per_day,
                target_country: service
                    .target_country
                    .map(|country| country.code().to_owned()),
            },
        }
    }
}

impl From<&PaymentRecord> for PaymentOut {
    fn from(record: &PaymentRecord) -> Self {
        let payment = &record.payment;
        Self {
            payment: PaymentParts {
                id: payment.id.to_string(),
                at: moment(payment.at),
                amount: whole(payment.amount),
                kind: payment.kind.word(),
                fulfilled: payment.fulfilled,
            },
            provider: record.provider.clone(),
            reference: record.reference.clone(),
            reserved: money(payment.amount, record.reserved_minor),
            left: money(payment.amount, record.left_minor()),
        }
    }
}

impl From<&RefundRecord> for RefundParts {
    fn from(record: &RefundRecord) -> Self {
        Self {
            at: moment(record.at),
            amount: whole(record.amount),
            units: record.units,
        }
    }
}

impl From<&DisputeRecord> for DisputeOut {
    fn from(record: &DisputeRecord) -> Self {
        let dispute = &record.dispute;
        Self {
            dispute: DisputeParts {
                id: dispute.id.to_string(),
                opened_at: moment(dispute.opened_at),
                status: dispute.status.word(),
                amount: whole(dispute.amount),
            },
            payment: record.payment.clone(),
            inquiry: record.inquiry,
        }
    }
}

impl From<&LogEntry<'_>> for EntryParts {
    fn from(entry: &LogEntry<'_>) -> Self {
        let (event, number, account) = log_parts(&entry.event);
        let counted = matches!(event, "started" | "count");
        Self {
            at: moment(entry.at),
            event,
            id: entry.id.as_ref().map(ToString::to_string),
            count: number.filter(|_| counted),
            units: number.filter(|_| !counted),
            account: account.map(str::to_owned),
        }
    }
}

impl OrderOut {
    /// What the books say; nothing where they know no such order.
    #[must_use]
    pub fn of(books: &Records) -> Option<Self> {
        let record = books.order.as_ref()?;
        let subscription = books.subscription.as_ref().map(|kept| SubscriptionIn {
            subscription: SubscriptionParts {
                status: kept.status.word(),
            },
            provider: kept.provider.clone(),
            reference: kept.reference.clone(),
        });
        let contacts = books.contacts.iter().map(|contact| ContactParts {
            at: moment(contact.at),
            channel: contact.channel.word(),
        });
        Some(Self {
            object: "order",
            order: record.into(),
            customer: record.customer.map(|id| name("cus", id)),
            payments: books.payments.iter().map(Into::into).collect(),
            subscription,
            refunds: books.refunds.iter().map(Into::into).collect(),
            disputes: books.disputes.iter().map(Into::into).collect(),
            contacts: contacts.collect(),
            delivery_log: books.delivery_log.iter().map(Into::into).collect(),
            frozen: books.frozen,
        })
    }
}
