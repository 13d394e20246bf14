// SPDX-License-Identifier: MIT OR Apache-2.0
//! The case file: what was ordered, what was reported, and what the customer asks.
//!
//! Strings are borrowed from the bytes that they were read from where that is possible: a case is read, decided and forgotten.

use alloc::borrow::Cow;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::ops::Deref;

use crate::amount::{Amount, Currency, Ratio};

/// Text of a case file, borrowed from it where it stands there as it is.
pub type Text<'a> = Cow<'a, str>;

/// Whole numbers of a case file are below this: 2^53, the last that every JSON reader keeps exact.
pub const WHOLE_MAX: u64 = (1 << 53) - 1;

/// A moment: nanoseconds since the beginning of 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i128);

impl Instant {
    /// So many nanoseconds after the beginning of 1970 (before it: negative).
    pub const fn from_unix_nanoseconds(nanoseconds: i128) -> Self {
        Self(nanoseconds)
    }

    /// The nanoseconds since the beginning of 1970.
    pub const fn unix_nanoseconds(self) -> i128 {
        self.0
    }

    /// The moment that much later.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.0))
    }

    /// How long after `earlier` this is; negative if it is before.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// A length of time in nanoseconds. Those of a case file are never negative; the distance between two moments may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(i128);

impl Duration {
    /// A day of 24 hours.
    pub const DAY: Self = Self::from_seconds(86_400);

    /// So many seconds.
    pub const fn from_seconds(seconds: i64) -> Self {
        #[expect(clippy::as_conversions, reason = "widening; `From` is not const yet")]
        Self(seconds as i128 * 1_000_000_000)
    }

    /// So many nanoseconds.
    pub const fn from_nanoseconds(nanoseconds: i128) -> Self {
        Self(nanoseconds)
    }

    /// The nanoseconds.
    pub const fn nanoseconds(self) -> i128 {
        self.0
    }
}

/// What stands in a case file, as it stands there. [`CaseFile::new`] checks what fields say about each other.
#[derive(Clone, Debug)]
pub struct CaseParts<'a> {
    /// When the case is judged; what comes after it is ignored.
    pub as_of: Instant,
    /// What was bought.
    pub order: Order<'a>,
    /// Captured payments.
    pub payments: Vec<Payment<'a>>,
    /// Present when the order renews.
    pub subscription: Option<Subscription>,
    /// Refunds already paid on this order.
    pub refunds: Vec<Refund>,
    /// Chargebacks.
    pub disputes: Vec<Dispute<'a>>,
    /// When the customer wrote to support.
    pub contacts: Vec<Contact>,
    /// What fulfilment reported, in the order of the file.
    pub delivery_log: Vec<LogEntry<'a>>,
    /// What the customer asks.
    pub claim: Claim<'a>,
    /// What was handed in to prove it.
    pub evidence: Vec<Evidence<'a>>,
    /// Answers of the technical team.
    pub findings: Findings,
}

/// What was bought.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// The order number.
    pub number: Text<'a>,
    /// When it was bought.
    pub placed_at: Instant,
    /// Units ordered (accounts: how many accounts).
    pub quantity: u64,
    /// What was paid for the whole order (for a subscription: for one period).
    pub price: Amount,
    /// The profiles or posts served.
    pub links: Vec<Text<'a>>,
    /// What is done.
    pub service: Service<'a>,
}

/// What is done for the customer.
#[derive(Clone, Debug)]
pub struct Service<'a> {
    /// Its name: "Newsletter sign-ups".
    pub name: Text<'a>,
    /// What is counted: "sign-up".
    pub unit: Text<'a>,
    /// Its kind.
    pub kind: ServiceKind,
    /// The start window stated under the service.
    pub start_within: Duration,
    /// The drop guarantee, counted from the closing of the order.
    pub guarantee: Duration,
    /// The speed promised.
    pub units_per_day: Option<u64>,
    /// The target sold.
    pub target_country: Option<Country>,
}

impl Service<'_> {
    /// The drop guarantee of a service that states none: 30 days.
    pub const USUAL_GUARANTEE: Duration = Duration::from_seconds(30 * 86_400);
}

/// Kinds of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceKind {
    /// Units from anywhere.
    Standard,
    /// Units from a target.
    Targeted,
    /// Units for whatever the customer publishes next.
    Auto,
    /// Accounts that are handed over.
    Account,
}

/// A country, as its two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The country with this code of two capital letters; `None` for another shape.
    pub fn new(code: &str) -> Option<Self> {
        let code = <[u8; 2]>::try_from(code.as_bytes()).ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// The two letters.
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

/// A captured payment.
#[derive(Clone, Debug)]
pub struct Payment<'a> {
    /// Its name.
    pub id: Text<'a>,
    /// When it was captured.
    pub at: Instant,
    /// How much.
    pub amount: Amount,
    /// Paid once, or for a further period.
    pub kind: PaymentKind,
    /// The period it paid for has been delivered in full.
    pub fulfilled: Option<bool>,
}

/// What a payment was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentKind {
    /// The order.
    OneTime,
    /// A further period of it.
    Renewal,
}

/// Whether an order goes on renewing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subscription {
    /// It does.
    Active,
    /// It was cancelled.
    Cancelled,
}

/// A refund already paid.
#[derive(Clone, Copy, Debug)]
pub struct Refund {
    /// When.
    pub at: Instant,
    /// How much.
    pub amount: Amount,
    /// For how many units.
    pub units: u64,
}

/// A chargeback.
#[derive(Clone, Debug)]
pub struct Dispute<'a> {
    /// Its name.
    pub id: Text<'a>,
    /// When it was opened.
    pub opened_at: Instant,
    /// Where it stands.
    pub status: DisputeStatus,
    /// How much is disputed.
    pub amount: Amount,
}

/// Where a chargeback stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeStatus {
    /// Not decided.
    Open,
    /// The merchant won it.
    Won,
    /// The merchant lost it, and with it the amount.
    Lost,
}

/// A time when the customer wrote to support.
#[derive(Clone, Copy, Debug)]
pub struct Contact {
    /// When.
    pub at: Instant,
    /// By which way.
    pub channel: Channel,
}

/// A way to support.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The chat.
    Chat,
    /// A letter by mail.
    Email,
    /// The form.
    Form,
}

/// One line of the delivery log. Equal lines are equal in every field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogEntry<'a> {
    /// When it happened.
    pub at: Instant,
    /// Its name, if fulfilment gave it one.
    pub id: Option<Text<'a>>,
    /// What happened.
    pub event: Event<'a>,
}

/// What fulfilment reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event<'a> {
    /// Work began; the public counter then, if there is one.
    Started {
        /// The counter.
        count: Option<u64>,
    },
    /// The public counter as seen.
    Count {
        /// The counter.
        count: u64,
    },
    /// Units delivered, for services without a public counter.
    Delivered {
        /// How many.
        units: u64,
    },
    /// The order was delivered, as fulfilment sees it.
    Completed,
    /// Somebody asked for a stop.
    StopRequested,
    /// The order was stopped.
    Stopped,
    /// It could not be stopped.
    StopFailed,
    /// Units are delivered again; what arrives is reported by itself.
    Redelivery {
        /// How many.
        units: u64,
    },
    /// An account was handed over.
    HandedOver {
        /// Its name.
        account: Text<'a>,
    },
    /// Somebody logged in to an account.
    Login {
        /// Its name.
        account: Text<'a>,
    },
}

/// What the customer asks.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// What is wrong.
    pub kind: ClaimKind,
    /// When it was claimed.
    pub at: Instant,
    /// What is wished for.
    pub wants: Wants,
    /// The account it is about.
    pub account: Option<Text<'a>>,
    /// The payment it is about.
    pub payment: Option<Text<'a>>,
    /// The customer's own words.
    pub message: Option<Text<'a>>,
}

/// What a customer says is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are the customer's words")]
pub enum ClaimKind {
    NotStarted,
    NotReceived,
    Incomplete,
    ChangedMind,
    NoBenefit,
    Quality,
    Slow,
    Dropped,
    WrongTarget,
    Stop,
    AutoNotWorking,
    AccountFaulty,
    Renewal,
    Other,
}

/// What a customer wishes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wants {
    /// Money back: what is meant where nothing is said.
    Refund,
    /// The units (or the account) again.
    Redelivery,
    /// Something else for the money.
    Exchange,
}

/// Something handed in to prove a claim.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    /// Has somebody looked at it?
    pub verified: bool,
    /// What it shows.
    pub shows: Shows<'a>,
}

/// What a piece of evidence shows.
#[derive(Clone, Debug)]
pub enum Shows<'a> {
    /// The statistics of the audience.
    AudienceStatistics {
        /// The share of it in the target sold.
        on_target_share: Ratio,
    },
    /// Whether an account has a fault.
    AccountFault {
        /// Which.
        account: Text<'a>,
        /// Is the fault to be seen?
        shown: bool,
    },
    /// Whether an account was used through a proxy.
    Proxy {
        /// Which.
        account: Text<'a>,
        /// Was one used?
        used: bool,
        /// The proxy's country, if it is known.
        country: Option<Country>,
    },
}

/// Answers of the technical team.
#[derive(Clone, Copy, Debug, Default)]
pub struct Findings {
    /// Can it be delivered again?
    pub redelivery_possible: Option<bool>,
    /// Can it be hurried?
    pub expedite_possible: Option<bool>,
}

/// What is wrong with a case file: where, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseProblem {
    /// The field.
    pub place: Place,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// A field of a case file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `order.number`
    OrderNumber,
    /// `order.quantity`
    OrderQuantity,
    /// `order.service.units_per_day`
    UnitsPerDay,
    /// `units` of this entry of the delivery log.
    LogUnits(usize),
    /// The currency of this payment.
    PaymentCurrency(usize),
    /// The currency of this refund.
    RefundCurrency(usize),
    /// The currency of this dispute.
    DisputeCurrency(usize),
    /// `claim.at`
    ClaimAt,
    /// `claim.payment`
    ClaimPayment,
}

/// What can be wrong with a field in view of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing stands there.
    Empty,
    /// It must be at least 1.
    Zero,
    /// It must be below 2^53.
    TooLarge,
    /// The claim is earlier than the purchase.
    BeforePurchase,
    /// The claim is later than the moment of judging.
    AfterAsOf,
    /// No payment of the case has this id.
    NoSuchPayment,
    /// Several payments of the case have this id.
    ManySuchPayments,
    /// It is not the currency of the price.
    OtherCurrency {
        /// The currency of the price.
        price: Currency,
        /// The currency found.
        found: Currency,
    },
}

/// A case file that holds together.
///
/// Reads like its [`CaseParts`] and cannot be changed, so what was checked stays true.
#[derive(Clone, Debug)]
pub struct CaseFile<'a> {
    parts: CaseParts<'a>,
    log: LogOrder,
}

/// In which order the delivery log is read.
#[derive(Clone, Debug)]
enum LogOrder {
    /// As it stands in the file, so many entries of it: the usual case, which costs nothing.
    AsFiled(usize),
    /// These entries.
    Sorted(Vec<usize>),
}

impl<'a> CaseFile<'a> {
    /// Checks what fields say about each other, and puts the delivery log in order.
    ///
    /// # Errors
    /// The first field, in the order of the contract, that cannot stand beside the others.
    pub fn new(parts: CaseParts<'a>) -> Result<Self, CaseProblem> {
        check(&parts)?;
        let log = LogOrder::of(&parts.delivery_log, parts.as_of);
        Ok(Self { parts, log })
    }

    /// The delivery log as it is judged: by time (equal times as filed), each entry once, nothing after `as_of`.
    /// Each entry comes with its place in the file.
    pub fn log(&self) -> impl Iterator<Item = (usize, &LogEntry<'a>)> {
        let (filed, sorted) = match &self.log {
            LogOrder::AsFiled(entries) => (*entries, &[][..]),
            LogOrder::Sorted(places) => (0, &places[..]),
        };
        let log = &self.parts.delivery_log;
        log.iter().take(filed).enumerate().chain(
            sorted
                .iter()
                .filter_map(|&place| log.get(place).map(|entry| (place, entry))),
        )
    }

    /// The payments up to `as_of`, with their places in the file.
    pub fn payments_so_far(&self) -> impl Iterator<Item = (usize, &Payment<'a>)> {
        let as_of = self.as_of;
        let payments = self.parts.payments.iter().enumerate();
        payments.filter(move |(_, payment)| payment.at <= as_of)
    }

    /// The refunds up to `as_of`, with their places in the file.
    pub fn refunds_so_far(&self) -> impl Iterator<Item = (usize, &Refund)> {
        let as_of = self.as_of;
        let refunds = self.parts.refunds.iter().enumerate();
        refunds.filter(move |(_, refund)| refund.at <= as_of)
    }

    /// The disputes opened up to `as_of`, with their places in the file.
    pub fn disputes_so_far(&self) -> impl Iterator<Item = (usize, &Dispute<'a>)> {
        let as_of = self.as_of;
        let disputes = self.parts.disputes.iter().enumerate();
        disputes.filter(move |(_, dispute)| dispute.opened_at <= as_of)
    }

    /// The payment that the claim is about: the one it names, else the last so far (by time, then by place in the file).
    pub fn claimed_payment(&self) -> Option<(usize, &Payment<'a>)> {
        match &self.claim.payment {
            Some(id) => {
                let mut payments = self.parts.payments.iter().enumerate();
                payments.find(|(_, payment)| payment.id == *id)
            }
            None => self.last_payment(),
        }
    }

    /// The last payment so far: by time, then by place in the file.
    pub fn last_payment(&self) -> Option<(usize, &Payment<'a>)> {
        // `max_by_key` gives the last of equals.
        self.payments_so_far().max_by_key(|(_, payment)| payment.at)
    }

    /// The dispute that is meant where several are open: the one opened first (equal instants: as filed).
    pub fn first_open_dispute(&self) -> Option<(usize, &Dispute<'a>)> {
        // `min_by_key` gives the first of equals.
        self.disputes_so_far()
            .filter(|(_, dispute)| dispute.status == DisputeStatus::Open)
            .min_by_key(|(_, dispute)| dispute.opened_at)
    }
}

impl<'a> Deref for CaseFile<'a> {
    type Target = CaseParts<'a>;

    fn deref(&self) -> &CaseParts<'a> {
        &self.parts
    }
}

fn check(parts: &CaseParts) -> Result<(), CaseProblem> {
    let problem = |place, wrong| Err(CaseProblem { place, wrong });
    let order = &parts.order;
    if order.number.is_empty() {
        return problem(Place::OrderNumber, Wrong::Empty);
    }
    match order.quantity {
        0 => return problem(Place::OrderQuantity, Wrong::Zero),
        1..=WHOLE_MAX => {}
        _ => return problem(Place::OrderQuantity, Wrong::TooLarge),
    }
    if order.service.units_per_day == Some(0) {
        return problem(Place::UnitsPerDay, Wrong::Zero);
    }
    let price = order.price.currency();
    let other = |place, amount: Amount| match amount.currency() {
        found if found == price => Ok(()),
        found => problem(place, Wrong::OtherCurrency { price, found }),
    };
    for (index, payment) in parts.payments.iter().enumerate() {
        other(Place::PaymentCurrency(index), payment.amount)?;
    }
    for (index, refund) in parts.refunds.iter().enumerate() {
        other(Place::RefundCurrency(index), refund.amount)?;
    }
    for (index, dispute) in parts.disputes.iter().enumerate() {
        other(Place::DisputeCurrency(index), dispute.amount)?;
    }
    for (index, entry) in parts.delivery_log.iter().enumerate() {
        if entry.event == (Event::Delivered { units: 0 }) {
            return problem(Place::LogUnits(index), Wrong::Zero);
        }
    }
    let claim = &parts.claim;
    if claim.at < order.placed_at {
        return problem(Place::ClaimAt, Wrong::BeforePurchase);
    }
    if claim.at > parts.as_of {
        return problem(Place::ClaimAt, Wrong::AfterAsOf);
    }
    if let Some(id) = &claim.payment {
        match parts.payments.iter().filter(|p| p.id == *id).count() {
            0 => return problem(Place::ClaimPayment, Wrong::NoSuchPayment),
            1 => {}
            _ => return problem(Place::ClaimPayment, Wrong::ManySuchPayments),
        }
    }
    Ok(())
}

impl LogOrder {
    fn of(log: &[LogEntry], as_of: Instant) -> Self {
        // A log that is in order and tells nothing twice is left as it is; what lies after `as_of` is then at its end.
        if Self::plain(log) {
            return Self::AsFiled(log.partition_point(|entry| entry.at <= as_of));
        }
        let mut places: Vec<usize> = (0..log.len())
            .filter(|&place| log.get(place).is_some_and(|entry| entry.at <= as_of))
            .collect();
        places.sort_by_key(|&place| log.get(place).map(|entry| entry.at));
        // Entries that are one differ in nothing, their instant included. The first stays, because it is met first.
        let mut seen = BTreeSet::new();
        places.retain(|&place| log.get(place).is_some_and(|entry| seen.insert(entry)));
        Self::Sorted(places)
    }

    /// In order, and nothing told twice? Looks back over a few entries of the same instant; a longer run is not called plain.
    fn plain(log: &[LogEntry]) -> bool {
        const LOOK_BACK: usize = 4;
        log.iter().enumerate().all(|(place, entry)| {
            let mut before = log.iter().take(place).rev();
            for _ in 0..LOOK_BACK {
                match before.next() {
                    Some(earlier) if earlier.at > entry.at || earlier == entry => return false,
                    Some(earlier) if earlier.at == entry.at => {}
                    _ => return true,
                }
            }
            before.next().is_none_or(|earlier| earlier.at < entry.at)
        })
    }
}
