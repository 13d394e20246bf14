// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines as shops send them: one thing about one order, read as strictly as a case file.
//!
//! A line is a JSON object: `{"type": "log", "order": "VL-1", "entry": {…}}`. What stands inside has the form of the case file.

use std::borrow::Cow;

use makegood_desk::amount::Amount;
use makegood_desk::case::{
    Contact, Dispute, Duration, Event, Instant, LogEntry, Order, Payment, Refund, Subscription,
    Text,
};
use serde::Deserialize;

use crate::books::{length, nanoseconds};
use crate::secret::Secret;
use crate::wire::{
    self, ContactFields, DisputeFields, Flag, LogLine, Money, Object, OneOf, OrderFields,
    PaymentFields, RefundFields, SubscriptionFields, WireError, Word, Words, present,
};

/// The longest line, in bytes.
pub const LINE_MOST: usize = 64 << 10;
/// The longest name that something is found by, in bytes: an order's number, an id, an account.
pub const NAME_MOST: usize = 255;
/// The longest other text of a line, in bytes.
const TEXT_MOST: usize = 2_000;
/// Most links of an order.
const LINKS_MOST: usize = 200;

/// What is wrong with a line, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The JSON pointer to the place; empty for the line as a whole.
    pub pointer: String,
    /// What is wrong, and what to write instead.
    pub detail: String,
}

impl Wrong {
    /// At a place.
    #[must_use]
    pub fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.to_owned(),
            detail: detail.into(),
        }
    }
}

impl From<WireError> for Wrong {
    fn from(error: WireError) -> Self {
        let detail = match error.detail.strip_prefix("the case ") {
            Some(rest) => format!(
                "the line {}",
                rest.replace("write one case as a", "write a")
            ),
            None => error.detail,
        };
        Self {
            pointer: error.pointer,
            detail,
        }
    }
}

/// Kinds of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What was bought.
    Order,
    /// What was captured.
    Payment,
    /// Whether it renews.
    Subscription,
    /// What was paid back by other ways.
    Refund,
    /// A chargeback at a provider that is not connected.
    Dispute,
    /// When the customer wrote.
    Contact,
    /// What fulfilment reported.
    Log,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Order,
        Self::Payment,
        Self::Subscription,
        Self::Refund,
        Self::Dispute,
        Self::Contact,
        Self::Log,
    ];

    /// The kind of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Word::read(word)
    }

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.word()
    }
}

impl Word for Kind {
    const ALL: &'static [&'static str] = &[
        "order",
        "payment",
        "subscription",
        "refund",
        "dispute",
        "contact",
        "log",
    ];

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Payment => "payment",
            Self::Subscription => "subscription",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Contact => "contact",
            Self::Log => "log",
        }
    }
}

/// One thing about one order. It may be personal, so it cannot be printed.
#[derive(Clone)]
pub struct Line {
    /// The order's number.
    pub order: String,
    /// What is said of it.
    pub told: Told,
}

/// What is said of an order.
#[derive(Clone)]
pub enum Told {
    /// What was bought, and by whom.
    Order(Box<(Order<'static>, Option<Customer>)>),
    /// What was captured.
    Payment(Box<PaymentTold>),
    /// Whether it renews.
    Subscription(Box<SubscriptionTold>),
    /// What was paid back by other ways.
    Refund(String, Refund),
    /// A chargeback.
    Dispute(Box<DisputeTold>),
    /// When the customer wrote.
    Contact(Contact),
    /// What fulfilment reported.
    Log(LogEntry<'static>),
}

/// A customer as the shop knows them.
#[derive(Clone)]
pub struct Customer {
    /// The shop's own name for them.
    pub reference: Option<String>,
    /// Their address.
    pub email: Option<Secret>,
}

/// A payment, and where it was taken.
#[derive(Clone)]
pub struct PaymentTold {
    /// The payment.
    pub payment: Payment<'static>,
    /// The provider, by its name in the settings.
    pub provider: String,
    /// The provider's name for the payment.
    pub reference: String,
}

/// A subscription, and where it is kept.
#[derive(Clone)]
pub struct SubscriptionTold {
    /// Whether it goes on.
    pub status: Subscription,
    /// The provider, by its name in the settings.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
}

/// A dispute as the shop tells it.
#[derive(Clone)]
pub struct DisputeTold {
    /// The dispute.
    pub dispute: Dispute<'static>,
    /// The payment it is about, by its id.
    pub payment: Option<String>,
    /// Whether it is an inquiry only, which takes no money.
    pub inquiry: bool,
    /// Where it was raised.
    pub provider: String,
    /// Why it was raised, in the provider's word.
    pub reason: String,
    /// What the provider keeps as its fee by now.
    pub fee: Option<Amount>,
}

impl Told {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Order(_) => Kind::Order,
            Self::Payment(_) => Kind::Payment,
            Self::Subscription(_) => Kind::Subscription,
            Self::Refund(..) => Kind::Refund,
            Self::Dispute(_) => Kind::Dispute,
            Self::Contact(_) => Kind::Contact,
            Self::Log(_) => Kind::Log,
        }
    }
}

// ---- The shapes -----------------------------------------------------------------------------------------------------------

/// The type of a line, whatever else stands there.
#[derive(Deserialize)]
struct Typed {
    r#type: OneOf<Kind>,
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($fields:tt)* })+) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name<'a> {
            #[serde(default, deserialize_with = "present")]
            r#type: Option<OneOf<Kind>>,
            $($fields)*
        }

        impl<'a> $name<'a> {
            fn read(text: &'a str) -> Result<Self, Wrong> {
                let mut json = serde_json::Deserializer::from_str(text);
                let read = Object::<Self>::deserialize(&mut json)
                    .and_then(|read| json.end().map(|()| read));
                match read {
                    Ok(Object(read)) => Ok(read),
                    Err(error) => Err(wire::explain_as(text, &error, |tree| {
                        Object::<$name<'_>>::deserialize(tree).map(drop)
                    })
                    .into()),
                }
            }
        }
    )+};
}

shapes! {
    /// An order, and whose it is.
    OrderLine {
        #[serde(borrow)]
        order: Object<OrderFields<'a>>,
        #[serde(borrow, default, deserialize_with = "present")]
        customer: Option<Object<CustomerFields<'a>>>,
    }
    /// A payment of an order.
    PaymentLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        #[serde(borrow)]
        payment: Object<PaymentFields<'a>>,
        #[serde(borrow)]
        provider: Words<'a>,
        #[serde(borrow)]
        reference: Words<'a>,
    }
    /// The subscription of an order.
    SubscriptionLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        subscription: Object<SubscriptionFields>,
        #[serde(borrow)]
        provider: Words<'a>,
        #[serde(borrow)]
        reference: Words<'a>,
    }
    /// A refund by other ways.
    RefundLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        #[serde(borrow)]
        id: Words<'a>,
        refund: Object<RefundFields>,
    }
    /// A dispute at a provider that is not connected.
    DisputeLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        #[serde(borrow)]
        dispute: Object<DisputeFields<'a>>,
        #[serde(borrow, default, deserialize_with = "present")]
        payment: Option<Words<'a>>,
        #[serde(default, deserialize_with = "present")]
        inquiry: Option<Flag>,
        #[serde(borrow, default, deserialize_with = "present")]
        provider: Option<Words<'a>>,
        #[serde(borrow, default, deserialize_with = "present")]
        reason: Option<Words<'a>>,
        #[serde(default, deserialize_with = "present")]
        fee: Option<Money>,
    }
    /// When the customer wrote.
    ContactLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        contact: Object<ContactFields>,
    }
    /// An entry of the delivery log.
    EntryLine {
        #[serde(borrow, default, deserialize_with = "present")]
        order: Option<Words<'a>>,
        #[serde(borrow)]
        entry: LogLine<'a>,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerFields<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    reference: Option<Words<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    email: Option<Words<'a>>,
}

// ---- Reading --------------------------------------------------------------------------------------------------------------

/// Reads a line of a batch, which says by its `type` what it is.
///
/// # Errors
/// What is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Line, Wrong> {
    let text = text(bytes)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let typed = Object::<Typed>::deserialize(&mut json);
    let kind = match typed {
        Ok(Object(Typed {
            r#type: OneOf(kind),
        })) => kind,
        Err(error) => {
            return Err(wire::explain_as(text, &error, |tree| {
                Object::<Typed>::deserialize(tree).map(drop)
            })
            .into());
        }
    };
    read_text(text, kind, None)
}

/// Reads a body that says one thing of a kind, about the order of this number where it stands in the address.
///
/// # Errors
/// What is wrong with it.
pub fn read_as(bytes: &[u8], kind: Kind, number: Option<&str>) -> Result<Line, Wrong> {
    read_text(text(bytes)?, kind, number)
}

fn text(bytes: &[u8]) -> Result<&str, Wrong> {
    if bytes.len() > LINE_MOST {
        let detail = format!(
            "the line has {} bytes; it has at most {LINE_MOST}",
            bytes.len()
        );
        return Err(Wrong::at("", detail));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        Wrong::at(
            "",
            format!("the line is not UTF-8: byte {at} belongs to no character; send it as UTF-8"),
        )
    })
}

fn read_text(text: &str, kind: Kind, number: Option<&str>) -> Result<Line, Wrong> {
    let of = |order: Option<Words<'_>>| named(order, number);
    let line = match kind {
        Kind::Order => {
            let line = OrderLine::read(text)?;
            typed(line.r#type, kind)?;
            let customer = line
                .customer
                .map(|Object(told)| customer(told))
                .transpose()?;
            let order = order(line.order.0.into_order());
            Line {
                order: named(Some(Words(order.number.clone())), number)?,
                told: Told::Order(Box::new((order, customer))),
            }
        }
        Kind::Payment => {
            let line = PaymentLine::read(text)?;
            typed(line.r#type, kind)?;
            let payment = line.payment.0.into_payment();
            let told = PaymentTold {
                payment: Payment {
                    id: own(payment.id),
                    ..payment
                },
                provider: line.provider.0.into_owned(),
                reference: line.reference.0.into_owned(),
            };
            Line {
                order: of(line.order)?,
                told: Told::Payment(Box::new(told)),
            }
        }
        Kind::Subscription => {
            let line = SubscriptionLine::read(text)?;
            typed(line.r#type, kind)?;
            let told = SubscriptionTold {
                status: line.subscription.0.status(),
                provider: line.provider.0.into_owned(),
                reference: line.reference.0.into_owned(),
            };
            Line {
                order: of(line.order)?,
                told: Told::Subscription(Box::new(told)),
            }
        }
        Kind::Refund => {
            let line = RefundLine::read(text)?;
            typed(line.r#type, kind)?;
            Line {
                order: of(line.order)?,
                told: Told::Refund(line.id.0.into_owned(), line.refund.0.into_refund()),
            }
        }
        Kind::Dispute => {
            let line = DisputeLine::read(text)?;
            typed(line.r#type, kind)?;
            let order = of(line.order)?;
            let dispute = line.dispute.0.into_dispute();
            let words = |words: Option<Words<'_>>| words.map(|words| words.0.into_owned());
            let told = DisputeTold {
                dispute: Dispute {
                    id: own(dispute.id),
                    ..dispute
                },
                payment: words(line.payment),
                inquiry: line.inquiry.is_some_and(|flag| flag.0),
                provider: words(line.provider).unwrap_or_default(),
                reason: words(line.reason).unwrap_or_default(),
                fee: line.fee.map(|fee| fee.0),
            };
            Line {
                order,
                told: Told::Dispute(Box::new(told)),
            }
        }
        Kind::Contact => {
            let line = ContactLine::read(text)?;
            typed(line.r#type, kind)?;
            Line {
                order: of(line.order)?,
                told: Told::Contact(line.contact.0.into_contact()),
            }
        }
        Kind::Log => {
            let line = EntryLine::read(text)?;
            typed(line.r#type, kind)?;
            Line {
                order: of(line.order)?,
                told: Told::Log(entry(line.entry.0)),
            }
        }
    };
    line.check()?;
    Ok(line)
}

fn typed(found: Option<OneOf<Kind>>, kind: Kind) -> Result<(), Wrong> {
    match found {
        Some(OneOf(found)) if found != kind => Err(Wrong::at(
            "/type",
            format!(
                "`type` is \"{}\", and a {} belongs here",
                found.name(),
                kind.name()
            ),
        )),
        _ => Ok(()),
    }
}

/// The order that a line is about: what it names, or what the address does. Both together agree.
fn named(order: Option<Words<'_>>, number: Option<&str>) -> Result<String, Wrong> {
    match (order, number) {
        (Some(Words(order)), None) => Ok(order.into_owned()),
        (Some(Words(order)), Some(number)) if order == number => Ok(order.into_owned()),
        (Some(_), Some(_)) => Err(Wrong::at(
            "/order",
            "`order` names another order than the address; leave it out, or ask at the other address",
        )),
        (None, Some(number)) => Ok(number.to_owned()),
        (None, None) => Err(Wrong::at(
            "/order",
            "`order` is missing; it cannot be left out here",
        )),
    }
}

fn own(text: Text<'_>) -> Text<'static> {
    Cow::Owned(text.into_owned())
}

fn order(order: Order<'_>) -> Order<'static> {
    let service = order.service;
    Order {
        number: own(order.number),
        placed_at: order.placed_at,
        quantity: order.quantity,
        price: order.price,
        links: order.links.into_iter().map(own).collect(),
        service: makegood_desk::case::Service {
            name: own(service.name),
            unit: own(service.unit),
            kind: service.kind,
            start_within: service.start_within,
            guarantee: service.guarantee,
            units_per_day: service.units_per_day,
            target_country: service.target_country,
        },
    }
}

fn entry(entry: LogEntry<'_>) -> LogEntry<'static> {
    LogEntry {
        at: entry.at,
        id: entry.id.map(own),
        event: match entry.event {
            Event::Started { count } => Event::Started { count },
            Event::Count { count } => Event::Count { count },
            Event::Delivered { units } => Event::Delivered { units },
            Event::Completed => Event::Completed,
            Event::StopRequested => Event::StopRequested,
            Event::Stopped => Event::Stopped,
            Event::StopFailed => Event::StopFailed,
            Event::Redelivery { units } => Event::Redelivery { units },
            Event::HandedOver { account } => Event::HandedOver {
                account: own(account),
            },
            Event::Login { account } => Event::Login {
                account: own(account),
            },
        },
    }
}

fn customer(told: CustomerFields<'_>) -> Result<Customer, Wrong> {
    let words = |words: Option<Words<'_>>| words.map(|words| words.0.into_owned());
    let customer = Customer {
        reference: words(told.reference),
        email: words(told.email).map(Secret::new),
    };
    if customer.reference.is_none() && customer.email.is_none() {
        return Err(Wrong::at(
            "/customer",
            "`customer` says nothing; give `reference`, `email` or both, or leave it out",
        ));
    }
    Ok(customer)
}

// ---- What the books can hold ----------------------------------------------------------------------------------------------

impl Line {
    /// What the format allows and the books cannot hold, or what nobody can mean.
    ///
    /// # Errors
    /// The first such place.
    pub fn check(&self) -> Result<(), Wrong> {
        let number_at = match &self.told {
            Told::Order(_) => "/order/number",
            _ => "/order",
        };
        name(&self.order, number_at)?;
        match &self.told {
            Told::Order(told) => {
                check_order(&told.0)?;
                told.1.as_ref().map_or(Ok(()), check_customer)
            }
            Told::Payment(told) => {
                name(&told.payment.id, "/payment/id")?;
                moment(told.payment.at, "/payment/at")?;
                name(&told.provider, "/provider")?;
                name(&told.reference, "/reference")
            }
            Told::Subscription(told) => {
                name(&told.provider, "/provider")?;
                name(&told.reference, "/reference")
            }
            Told::Refund(id, refund) => {
                name(id, "/id")?;
                moment(refund.at, "/refund/at")
            }
            Told::Dispute(told) => {
                name(&told.dispute.id, "/dispute/id")?;
                moment(told.dispute.opened_at, "/dispute/opened_at")?;
                let payment = told.payment.as_deref();
                payment.map_or(Ok(()), |payment| name(payment, "/payment"))?;
                words(&told.provider, "/provider")?;
                words(&told.reason, "/reason")
            }
            Told::Contact(contact) => moment(contact.at, "/contact/at"),
            Told::Log(entry) => check_entry(entry),
        }
    }
}

fn check_order(order: &Order<'_>) -> Result<(), Wrong> {
    moment(order.placed_at, "/order/placed_at")?;
    words(&order.service.name, "/order/service/name")?;
    words(&order.service.unit, "/order/service/unit")?;
    long(order.service.start_within, "/order/service/start_within")?;
    long(order.service.guarantee, "/order/service/guarantee")?;
    if order.links.len() > LINKS_MOST {
        let detail =
            format!("`order.links` has more than {LINKS_MOST} entries; give the first ones");
        return Err(Wrong::at("/order/links", detail));
    }
    for (at, link) in order.links.iter().enumerate() {
        words(link, &format!("/order/links/{at}"))?;
    }
    Ok(())
}

fn check_customer(customer: &Customer) -> Result<(), Wrong> {
    if let Some(reference) = &customer.reference {
        name(reference, "/customer/reference")?;
    }
    let address = |email: &str| {
        let sides = email.split_once('@');
        sides.is_some_and(|(who, place)| {
            !who.is_empty() && !place.is_empty() && !place.contains('@')
        }) && email.len() <= 254
            && !email.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    match &customer.email {
        Some(email) if !address(email.expose()) => Err(Wrong::at(
            "/customer/email",
            "`customer.email` is no address; write one such as \"name@example.org\", or leave it out",
        )),
        _ => Ok(()),
    }
}

fn check_entry(entry: &LogEntry<'_>) -> Result<(), Wrong> {
    moment(entry.at, "/entry/at")?;
    if let Some(id) = &entry.id {
        name(id, "/entry/id")?;
    }
    match &entry.event {
        Event::HandedOver { account } | Event::Login { account } => name(account, "/entry/account"),
        Event::Delivered { units: 0 } => Err(Wrong::at(
            "/entry/units",
            "`entry.units` is 0; write at least 1, or leave the entry out",
        )),
        _ => Ok(()),
    }
}

/// The place in words.
fn place(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn name(text: &str, pointer: &str) -> Result<(), Wrong> {
    if text.is_empty() {
        let detail = format!(
            "`{}` is empty; write at least one character",
            place(pointer)
        );
        return Err(Wrong::at(pointer, detail));
    }
    no_longer(text, NAME_MOST, pointer)
}

fn words(text: &str, pointer: &str) -> Result<(), Wrong> {
    no_longer(text, TEXT_MOST, pointer)
}

fn no_longer(text: &str, most: usize, pointer: &str) -> Result<(), Wrong> {
    let place = place(pointer);
    if text.len() > most {
        let detail = format!("`{place}` has {} bytes; it has at most {most}", text.len());
        return Err(Wrong::at(pointer, detail));
    }
    if text.contains('\0') {
        let detail = format!("`{place}` holds a zero character; leave it out");
        return Err(Wrong::at(pointer, detail));
    }
    Ok(())
}

fn moment(at: Instant, pointer: &str) -> Result<(), Wrong> {
    nanoseconds(at).map(drop).map_err(|_| {
        let detail = format!(
            "`{}` lies before 1678 or after 2261; correct the year",
            place(pointer)
        );
        Wrong::at(pointer, detail)
    })
}

fn long(duration: Duration, pointer: &str) -> Result<(), Wrong> {
    length(duration).map(drop).map_err(|_| {
        let detail = format!(
            "`{}` is over 292 years; write a shorter one",
            place(pointer)
        );
        Wrong::at(pointer, detail)
    })
}
