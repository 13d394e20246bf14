// SPDX-License-Identifier: MIT OR Apache-2.0
//! The JSON of case files. Nothing is guessed: what does not read exactly as the format has it is an error that names its place.
//!
//! A case is read in one pass, straight into the desk's words, strings borrowed. Only if that fails is it read again, slowly,
//! into a tree that remembers every key, to say where the fault is and what to write instead.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::marker::PhantomData;

use makegood_desk::amount::{Amount, Currency, Ratio};
use makegood_desk::case::{
    CaseFile, CaseParts, CaseProblem, Channel, Claim, ClaimKind, Contact, Country, Dispute,
    DisputeStatus, Duration, Event, Evidence, Findings, Instant, LogEntry, Order, Payment,
    PaymentKind, Place, Refund, Service, ServiceKind, Shows, Subscription, Text, WHOLE_MAX, Wants,
    Wrong,
};
use serde::de::{
    self, Deserialize, Deserializer, Error as _, Expected, IntoDeserializer as _, MapAccess,
    SeqAccess, Unexpected, Visitor,
};

/// Why a case file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// Which sort of fault it is.
    pub kind: Fault,
    /// The fault in words: its place, what stands there, and what to write instead.
    pub detail: String,
    /// The JSON pointer to its place; of a field that is missing, to where it belongs.
    pub pointer: String,
}

/// Sorts of faults, by a short name that does not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is no JSON.
    BadJson,
    /// It is no UTF-8.
    NotUtf8,
    /// A field that the format does not have, here or for this kind.
    UnknownField,
    /// A field is not there.
    MissingField,
    /// A key is given twice.
    DuplicateKey,
    /// A string where a number belongs, and the like.
    WrongType,
    /// A value of the right type that cannot be.
    BadValue,
    /// A word that the format does not have: an event, a kind, a status.
    UnknownWord,
    /// A field that cannot stand beside another one.
    Contradiction,
}

impl Fault {
    /// The short name.
    pub const fn slug(self) -> &'static str {
        match self {
            Self::BadJson => "bad_json",
            Self::NotUtf8 => "not_utf8",
            Self::UnknownField => "unknown_field",
            Self::MissingField => "missing_field",
            Self::DuplicateKey => "duplicate_key",
            Self::WrongType => "wrong_type",
            Self::BadValue => "bad_value",
            Self::UnknownWord => "unknown_word",
            Self::Contradiction => "contradiction",
        }
    }
}

impl Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for WireError {}

/// Reads one case file.
///
/// # Errors
/// The first fault found.
///
/// ```
/// let problem = makegood::wire::read_case(br#"{"as_of": "2025-11-21T13:57:24"}"#).expect_err("an instant without a zone");
/// assert_eq!(problem.pointer, "/as_of");
/// ```
pub fn read_case(bytes: &[u8]) -> Result<CaseFile<'_>, WireError> {
    let text = std::str::from_utf8(bytes).map_err(|error| WireError {
        kind: Fault::NotUtf8,
        detail: format!(
            "the case is not UTF-8: byte {} belongs to no character; save the file as UTF-8",
            error.valid_up_to()
        ),
        pointer: String::new(),
    })?;
    let mut json = serde_json::Deserializer::from_str(text);
    match CaseFields::deserialize_whole(&mut json) {
        Ok(parts) => CaseFile::new(parts).map_err(contradiction),
        Err(error) => Err(explain(text, &error)),
    }
}

/// Reads the body of a request, an object, as strictly as a case file.
pub(crate) fn read_body<T: de::DeserializeOwned>(bytes: &[u8]) -> Result<T, WireError> {
    let text = std::str::from_utf8(bytes).map_err(|error| WireError {
        kind: Fault::NotUtf8,
        detail: format!(
            "the body is not UTF-8: byte {} belongs to no character; send it as UTF-8",
            error.valid_up_to()
        ),
        pointer: String::new(),
    })?;
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Object::<T>::deserialize(&mut json).and_then(|read| json.end().map(|()| read));
    let first = match read {
        Ok(Object(read)) => return Ok(read),
        Err(error) => error,
    };
    let mut error = explain_as(text, &first, |tree| {
        Object::<T>::deserialize(tree).map(drop)
    });
    // The sentences are those of case files; here the whole is a body.
    if let Some(rest) = error.detail.strip_prefix("the case ") {
        error.detail = format!(
            "the body {}",
            rest.replace("write one case as a", "write a")
        );
    }
    Err(error)
}

// ---- The shapes -----------------------------------------------------------------------------------------------------------

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFields<'a> {
    as_of: Read<Instant>,
    #[serde(borrow)]
    order: Object<OrderFields<'a>>,
    #[serde(borrow, default)]
    payments: List<Object<PaymentFields<'a>>>,
    #[serde(default, deserialize_with = "present")]
    subscription: Option<Object<SubscriptionFields>>,
    #[serde(default)]
    refunds: List<Object<RefundFields>>,
    #[serde(borrow, default)]
    disputes: List<Object<DisputeFields<'a>>>,
    #[serde(default)]
    contacts: List<Object<ContactFields>>,
    #[serde(borrow, default)]
    delivery_log: List<LogLine<'a>>,
    #[serde(borrow)]
    claim: Object<ClaimFields<'a>>,
    #[serde(borrow, default)]
    evidence: List<Proof<'a>>,
    #[serde(default, deserialize_with = "present")]
    findings: Option<Object<FindingsFields>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderFields<'a> {
    #[serde(borrow)]
    number: Words<'a>,
    placed_at: Read<Instant>,
    quantity: AtLeastOne,
    price: Money,
    #[serde(borrow)]
    links: List<Words<'a>>,
    #[serde(borrow)]
    service: Object<ServiceFields<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceFields<'a> {
    #[serde(borrow)]
    name: Words<'a>,
    #[serde(borrow)]
    unit: Words<'a>,
    kind: OneOf<ServiceKind>,
    start_within: Read<Duration>,
    #[serde(default, deserialize_with = "present")]
    guarantee: Option<Read<Duration>>,
    #[serde(default, deserialize_with = "present")]
    units_per_day: Option<AtLeastOne>,
    #[serde(default, deserialize_with = "present")]
    target_country: Option<Read<Country>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaymentFields<'a> {
    #[serde(borrow)]
    id: Words<'a>,
    at: Read<Instant>,
    amount: Money,
    kind: OneOf<PaymentKind>,
    #[serde(default, deserialize_with = "present")]
    fulfilled: Option<Flag>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionFields {
    status: OneOf<Subscription>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundFields {
    at: Read<Instant>,
    amount: Money,
    units: Whole,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DisputeFields<'a> {
    #[serde(borrow)]
    id: Words<'a>,
    opened_at: Read<Instant>,
    status: OneOf<DisputeStatus>,
    amount: Money,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactFields {
    at: Read<Instant>,
    channel: OneOf<Channel>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimFields<'a> {
    kind: OneOf<ClaimKind>,
    at: Read<Instant>,
    #[serde(default, deserialize_with = "present")]
    wants: Option<OneOf<Wants>>,
    #[serde(borrow, default, deserialize_with = "present")]
    account: Option<Words<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    payment: Option<Words<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    message: Option<Words<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FindingsFields {
    #[serde(default, deserialize_with = "present")]
    redelivery_possible: Option<Flag>,
    #[serde(default, deserialize_with = "present")]
    expedite_possible: Option<Flag>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyFields {
    amount: Whole,
    currency: Read<Currency>,
}

/// All fields that some event has; which of them belong to which is checked after.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LogFields<'a> {
    at: Read<Instant>,
    event: OneOf<EventName>,
    #[serde(borrow, default, deserialize_with = "present")]
    id: Option<Words<'a>>,
    #[serde(default, deserialize_with = "present")]
    count: Option<Whole>,
    #[serde(default, deserialize_with = "present")]
    units: Option<Whole>,
    #[serde(borrow, default, deserialize_with = "present")]
    account: Option<Words<'a>>,
}

#[derive(Clone, Copy)]
enum EventName {
    Started,
    Count,
    Delivered,
    Completed,
    StopRequested,
    Stopped,
    StopFailed,
    Redelivery,
    HandedOver,
    Login,
}

/// All fields that some evidence has.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofFields<'a> {
    kind: OneOf<ProofName>,
    verified: Flag,
    #[serde(default, deserialize_with = "present")]
    on_target_share: Option<Read<Ratio>>,
    #[serde(borrow, default, deserialize_with = "present")]
    account: Option<Words<'a>>,
    #[serde(default, deserialize_with = "present")]
    shown: Option<Flag>,
    #[serde(default, deserialize_with = "present")]
    used: Option<Flag>,
    #[serde(default, deserialize_with = "present")]
    country: Option<Read<Country>>,
}

#[derive(Clone, Copy)]
enum ProofName {
    AudienceStatistics,
    AccountFault,
    Proxy,
}

// ---- From shapes to the desk's words --------------------------------------------------------------------------------------

impl<'a> CaseFields<'a> {
    /// Reads a case and the end of the input after it.
    fn deserialize_whole<R: serde_json::de::Read<'a>>(
        json: &mut serde_json::Deserializer<R>,
    ) -> serde_json::Result<CaseParts<'a>> {
        let fields = Object::<Self>::deserialize(&mut *json)?;
        json.end()?;
        Ok(fields.0.into_parts())
    }

    fn into_parts(self) -> CaseParts<'a> {
        let findings = self.findings.map(|findings| findings.0);
        CaseParts {
            as_of: self.as_of.0,
            order: self.order.0.into_order(),
            payments: self.payments.map(|Object(payment)| payment.into_payment()),
            subscription: self
                .subscription
                .map(|Object(subscription)| subscription.status()),
            refunds: self.refunds.map(|Object(refund)| refund.into_refund()),
            disputes: self.disputes.map(|Object(dispute)| dispute.into_dispute()),
            contacts: self.contacts.map(|Object(contact)| contact.into_contact()),
            delivery_log: self.delivery_log.map(|line| line.0),
            claim: self.claim.0.into_claim(),
            evidence: self.evidence.map(|proof| proof.0),
            findings: findings.map_or_else(Findings::default, |findings| Findings {
                redelivery_possible: findings.redelivery_possible.map(|flag| flag.0),
                expedite_possible: findings.expedite_possible.map(|flag| flag.0),
            }),
        }
    }
}

impl<'a> PaymentFields<'a> {
    pub(crate) fn into_payment(self) -> Payment<'a> {
        Payment {
            id: self.id.0,
            at: self.at.0,
            amount: self.amount.0,
            kind: self.kind.0,
            fulfilled: self.fulfilled.map(|flag| flag.0),
        }
    }
}

impl SubscriptionFields {
    pub(crate) fn status(&self) -> Subscription {
        self.status.0
    }
}

impl RefundFields {
    pub(crate) fn into_refund(self) -> Refund {
        Refund {
            at: self.at.0,
            amount: self.amount.0,
            units: self.units.0,
        }
    }
}

impl<'a> DisputeFields<'a> {
    pub(crate) fn into_dispute(self) -> Dispute<'a> {
        Dispute {
            id: self.id.0,
            opened_at: self.opened_at.0,
            status: self.status.0,
            amount: self.amount.0,
        }
    }
}

impl ContactFields {
    pub(crate) fn into_contact(self) -> Contact {
        Contact {
            at: self.at.0,
            channel: self.channel.0,
        }
    }
}

impl<'a> OrderFields<'a> {
    pub(crate) fn into_order(self) -> Order<'a> {
        let service = self.service.0;
        Order {
            number: self.number.0,
            placed_at: self.placed_at.0,
            quantity: self.quantity.0,
            price: self.price.0,
            links: self.links.map(|link| link.0),
            service: Service {
                name: service.name.0,
                unit: service.unit.0,
                kind: service.kind.0,
                start_within: service.start_within.0,
                guarantee: service
                    .guarantee
                    .map_or(Service::USUAL_GUARANTEE, |duration| duration.0),
                units_per_day: service.units_per_day.map(|units| units.0),
                target_country: service.target_country.map(|country| country.0),
            },
        }
    }
}

impl<'a> ClaimFields<'a> {
    fn into_claim(self) -> Claim<'a> {
        Claim {
            kind: self.kind.0,
            at: self.at.0,
            wants: self.wants.map_or(Wants::Refund, |wants| wants.0),
            account: self.account.map(|account| account.0),
            payment: self.payment.map(|payment| payment.0),
            message: self.message.map(|message| message.0),
        }
    }
}

/// A line of the delivery log: only the fields named for its event.
pub(crate) struct LogLine<'a>(pub(crate) LogEntry<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for LogLine<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(fields) = Object::<LogFields>::deserialize(deserializer)?;
        let LogFields {
            at,
            event: OneOf(name),
            id,
            count,
            units,
            account,
        } = fields;
        let (allowed, stray): (&[&str], [(&str, bool); 2]) = match name {
            EventName::Started | EventName::Count => (
                &["at", "event", "id", "count"],
                [("units", units.is_some()), ("account", account.is_some())],
            ),
            EventName::Delivered | EventName::Redelivery => (
                &["at", "event", "id", "units"],
                [("count", count.is_some()), ("account", account.is_some())],
            ),
            EventName::HandedOver | EventName::Login => (
                &["at", "event", "id", "account"],
                [("count", count.is_some()), ("units", units.is_some())],
            ),
            EventName::Completed
            | EventName::StopRequested
            | EventName::Stopped
            | EventName::StopFailed => {
                if account.is_some() {
                    return Err(D::Error::unknown_field("account", &["at", "event", "id"]));
                }
                (
                    &["at", "event", "id"],
                    [("count", count.is_some()), ("units", units.is_some())],
                )
            }
        };
        refuse_stray(allowed, &stray)?;
        let count = count.map(|count| count.0);
        let event = match name {
            EventName::Started => Event::Started { count },
            EventName::Count => Event::Count {
                count: required(count, "count")?,
            },
            EventName::Delivered => Event::Delivered {
                units: required(units, "units")?.0,
            },
            EventName::Completed => Event::Completed,
            EventName::StopRequested => Event::StopRequested,
            EventName::Stopped => Event::Stopped,
            EventName::StopFailed => Event::StopFailed,
            EventName::Redelivery => Event::Redelivery {
                units: required(units, "units")?.0,
            },
            EventName::HandedOver => Event::HandedOver {
                account: required(account, "account")?.0,
            },
            EventName::Login => Event::Login {
                account: required(account, "account")?.0,
            },
        };
        Ok(Self(LogEntry {
            at: at.0,
            id: id.map(|id| id.0),
            event,
        }))
    }
}

/// A piece of evidence: only the fields named for its kind.
struct Proof<'a>(Evidence<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Proof<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(fields) = Object::<ProofFields>::deserialize(deserializer)?;
        let here = |name, there: bool| (name, there);
        let share = here("on_target_share", fields.on_target_share.is_some());
        let account = here("account", fields.account.is_some());
        let shown = here("shown", fields.shown.is_some());
        let used = here("used", fields.used.is_some());
        let country = here("country", fields.country.is_some());
        let shows = match fields.kind.0 {
            ProofName::AudienceStatistics => {
                let allowed = &["kind", "verified", "on_target_share"];
                refuse_stray(allowed, &[account, shown, used, country])?;
                Shows::AudienceStatistics {
                    on_target_share: required(fields.on_target_share, "on_target_share")?.0,
                }
            }
            ProofName::AccountFault => {
                let allowed = &["kind", "verified", "account", "shown"];
                refuse_stray(allowed, &[share, used, country])?;
                Shows::AccountFault {
                    account: required(fields.account, "account")?.0,
                    shown: required(fields.shown, "shown")?.0,
                }
            }
            ProofName::Proxy => {
                let allowed = &["kind", "verified", "account", "used", "country"];
                refuse_stray(allowed, &[share, shown])?;
                Shows::Proxy {
                    account: required(fields.account, "account")?.0,
                    used: required(fields.used, "used")?.0,
                    country: fields.country.map(|country| country.0),
                }
            }
        };
        Ok(Self(Evidence {
            verified: fields.verified.0,
            shows,
        }))
    }
}

fn refuse_stray<E: de::Error>(
    allowed: &'static [&'static str],
    stray: &[(&str, bool)],
) -> Result<(), E> {
    match stray.iter().find(|(_, there)| *there) {
        Some((name, _)) => Err(E::unknown_field(name, allowed)),
        None => Ok(()),
    }
}

fn required<T, E: de::Error>(field: Option<T>, name: &'static str) -> Result<T, E> {
    field.ok_or_else(|| E::missing_field(name))
}

// ---- Values ---------------------------------------------------------------------------------------------------------------

/// A field that may be left out, but is not `null`.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An object and nothing else: a list of the fields' values in order would be a guess.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(de::value::MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Only(PhantomData))
    }
}

/// A list.
struct List<T>(Vec<T>);

impl<T> List<T> {
    fn map<U>(self, each: impl FnMut(T) -> U) -> Vec<U> {
        self.0.into_iter().map(each).collect()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(List(items))
            }
        }
        deserializer.deserialize_seq(Only(PhantomData))
    }
}

/// A string, borrowed where it stands in the file without escapes.
pub(crate) struct Words<'a>(pub(crate) Text<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Words<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only;
        impl<'de> Visitor<'de> for Only {
            type Value = Words<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Words<'de>, E> {
                Ok(Words(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Words<'de>, E> {
                Ok(Words(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Only)
    }
}

/// True or false.
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only;
        impl Visitor<'_> for Only {
            type Value = Flag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true` or `false`")
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }
        }
        deserializer.deserialize_bool(Only)
    }
}

/// A whole number from 0, below 2^53, in digits.
pub(crate) struct Whole(pub(crate) u64);

/// The same from 1.
struct AtLeastOne(u64);

struct InDigits {
    from: u64,
}

impl Visitor<'_> for InDigits {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a whole number in digits, from {} and below 2^53, without a point or an exponent",
            self.from
        )
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
        if (self.from..=WHOLE_MAX).contains(&number) {
            Ok(number)
        } else {
            Err(E::invalid_value(Unexpected::Unsigned(number), &self))
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<u64, E> {
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(InDigits { from: 0 }).map(Self)
    }
}

impl<'de> Deserialize<'de> for AtLeastOne {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(InDigits { from: 1 }).map(Self)
    }
}

/// `{"amount": 4990, "currency": "EUR"}`.
pub(crate) struct Money(pub(crate) Amount);

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(money) = Object::<MoneyFields>::deserialize(deserializer)?;
        Ok(Self(Amount::new(money.amount.0, money.currency.0)))
    }
}

/// A value that is written as a string of a certain shape.
pub(crate) trait Written: Sized {
    /// What belongs there, for a value that is not even a string.
    const SHAPE: &'static str;

    /// The value, or what belongs there instead.
    fn read(text: &str) -> Result<Self, &'static str>;
}

/// Such a value.
pub(crate) struct Read<T>(pub(crate) T);

impl<'de, T: Written> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);
        impl<T: Written> Visitor<'_> for Only<T> {
            type Value = Read<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::SHAPE)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Read<T>, E> {
                T::read(text)
                    .map(Read)
                    .map_err(|instead| E::invalid_value(Unexpected::Str(text), &instead))
            }
        }
        deserializer.deserialize_str(Only(PhantomData))
    }
}

/// The number that these digits write; `None` if one is no digit.
fn digits(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| i64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

impl Written for Instant {
    const SHAPE: &'static str = "an instant as RFC 3339 writes it, such as \"2025-10-02T08:30:00Z\" or \"2025-10-02T10:30:00+02:00\"";

    fn read(text: &str) -> Result<Self, &'static str> {
        let &[
            y1,
            y2,
            y3,
            y4,
            b'-',
            m1,
            m2,
            b'-',
            d1,
            d2,
            b'T' | b't',
            h1,
            h2,
            b':',
            i1,
            i2,
            b':',
            s1,
            s2,
            ref rest @ ..,
        ] = text.as_bytes()
        else {
            return Err(Self::SHAPE);
        };
        let small = |two: [u8; 2]| digits(&two).and_then(|number| i8::try_from(number).ok());
        let year = digits(&[y1, y2, y3, y4]).and_then(|year| i16::try_from(year).ok());
        let (Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)) = (
            year,
            small([m1, m2]),
            small([d1, d2]),
            small([h1, h2]),
            small([i1, i2]),
            small([s1, s2]),
        ) else {
            return Err(Self::SHAPE);
        };
        let (fraction, zone) = match rest.split_first() {
            Some((b'.', rest)) => {
                let length = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                rest.split_at(length)
            }
            _ => (&[][..], rest),
        };
        if rest.first() == Some(&b'.') && fraction.is_empty() {
            return Err(Self::SHAPE);
        }
        let missing = u32::try_from(fraction.len())
            .ok()
            .and_then(|length| 9_u32.checked_sub(length))
            .ok_or("an instant with at most nine digits after the point")?;
        let nanosecond = digits(fraction)
            .and_then(|number| i32::try_from(number * 10_i64.pow(missing)).ok())
            .ok_or(Self::SHAPE)?;
        let east = match *zone {
            [b'Z' | b'z'] => 0,
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let hours = digits(&[h1, h2]).filter(|hours| *hours < 24);
                let minutes = digits(&[m1, m2]).filter(|minutes| *minutes < 60);
                let (Some(hours), Some(minutes)) = (hours, minutes) else {
                    return Err(Self::SHAPE);
                };
                let seconds = hours * 3600 + minutes * 60;
                if sign == b'-' { -seconds } else { seconds }
            }
            [] => return Err("an instant with a zone: add \"Z\" or an offset such as \"+02:00\""),
            _ => return Err(Self::SHAPE),
        };
        if second == 60 {
            return Err(
                "an instant without a leap second, which no clock here can tell from the second after",
            );
        }
        let local = jiff::civil::DateTime::new(year, month, day, hour, minute, second, nanosecond)
            .map_err(|_| "a date and a time of day that exist")?;
        let offset = i32::try_from(east)
            .ok()
            .and_then(|east| jiff::tz::Offset::from_seconds(east).ok());
        let at = offset
            .and_then(|offset| offset.to_timestamp(local).ok())
            .ok_or("an instant before the end of the year 9999")?;
        Ok(Self::from_unix_nanoseconds(at.as_nanosecond()))
    }
}

impl Written for Duration {
    const SHAPE: &'static str = "a duration of whole days, hours, minutes and seconds, such as \"P30D\", \"PT12H\" or \"P1DT30M\"";

    fn read(text: &str) -> Result<Self, &'static str> {
        let rest = text.strip_prefix('P').ok_or(Self::SHAPE)?;
        let (days, time) = match rest.split_once('T') {
            Some((_, "")) => return Err(Self::SHAPE),
            Some((days, time)) => (days, time),
            None => (rest, ""),
        };
        if days.is_empty() && time.is_empty() {
            return Err(Self::SHAPE);
        }
        if days.ends_with(['Y', 'M', 'W']) {
            return Err(
                "a duration in days of 24 hours, hours, minutes and seconds: weeks, months and years are not used here",
            );
        }
        let mut seconds = 0_i128;
        for (mut part, units) in [
            (days, &[('D', 86_400)][..]),
            (time, &[('H', 3_600), ('M', 60), ('S', 1)][..]),
        ] {
            for &(unit, length) in units {
                if let Some((number, rest)) = part.split_once(unit) {
                    let number = Some(number).filter(|number| !number.is_empty());
                    let number = number.and_then(|number| digits(number.as_bytes()));
                    let number = number
                        .filter(|number| u64::try_from(*number).is_ok_and(|n| n <= WHOLE_MAX))
                        .ok_or(Self::SHAPE)?;
                    seconds += i128::from(number) * length;
                    part = rest;
                }
            }
            if !part.is_empty() {
                return Err(Self::SHAPE);
            }
        }
        Ok(Self::from_nanoseconds(seconds * 1_000_000_000))
    }
}

impl Written for Ratio {
    const SHAPE: &'static str = "a decimal from 0 to 1 as a string, such as \"0.42\", with at most 30 digits after the point";

    fn read(text: &str) -> Result<Self, &'static str> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(Self::SHAPE),
            Some(parts) => parts,
            None => (text, ""),
        };
        let length = u32::try_from(fraction.len()).map_err(|_| Self::SHAPE)?;
        if !matches!(whole, "0" | "1")
            || length > 30
            || !fraction.bytes().all(|b| b.is_ascii_digit())
        {
            return Err(Self::SHAPE);
        }
        let denominator = 10_u128.pow(length);
        let fraction = fraction
            .bytes()
            .fold(0, |number, digit| number * 10 + u128::from(digit - b'0'));
        let numerator = fraction + if whole == "1" { denominator } else { 0 };
        Self::new(numerator, denominator)
            .filter(|share| numerator <= denominator && *share <= Self::ONE)
            .ok_or(Self::SHAPE)
    }
}

impl Written for Currency {
    const SHAPE: &'static str = "a currency of ISO 4217 in three capital letters, such as \"EUR\"";

    fn read(text: &str) -> Result<Self, &'static str> {
        let known = iso_currency::Currency::from_code(text).ok_or(Self::SHAPE)?;
        let digits = known
            .exponent()
            .and_then(|digits| u8::try_from(digits).ok())
            .ok_or("a currency with a minor unit (metals, funds and test codes have none)")?;
        Self::new(text, digits).ok_or(Self::SHAPE)
    }
}

impl Written for Country {
    const SHAPE: &'static str = "a country of ISO 3166 in two capital letters, such as \"DE\"";

    fn read(text: &str) -> Result<Self, &'static str> {
        Self::new(text).ok_or(Self::SHAPE)
    }
}

/// A value that is one of a few words.
pub(crate) trait Word: Sized {
    /// The words.
    const ALL: &'static [&'static str];

    /// The value of a word.
    fn read(word: &str) -> Option<Self>;

    /// The word of a value.
    fn word(&self) -> &'static str;
}

pub(crate) struct OneOf<T>(pub(crate) T);

impl<'de, T: Word> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Only<T>(PhantomData<T>);
        impl<T: Word> Visitor<'_> for Only<T> {
            type Value = OneOf<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of ")?;
                list(f, T::ALL)
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<OneOf<T>, E> {
                T::read(word)
                    .map(OneOf)
                    .ok_or_else(|| E::unknown_variant(word, T::ALL))
            }
        }
        deserializer.deserialize_str(Only(PhantomData))
    }
}

macro_rules! words {
    ($($type:ident { $($word:literal => $variant:ident),+ $(,)? })+) => {$(
        impl Word for $type {
            const ALL: &'static [&'static str] = &[$($word),+];

            fn read(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }

            fn word(&self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    )+};
}

words! {
    ServiceKind { "standard" => Standard, "targeted" => Targeted, "auto" => Auto, "account" => Account }
    PaymentKind { "one_time" => OneTime, "renewal" => Renewal }
    Subscription { "active" => Active, "cancelled" => Cancelled }
    DisputeStatus { "open" => Open, "won" => Won, "lost" => Lost }
    Channel { "chat" => Chat, "email" => Email, "form" => Form }
    Wants { "refund" => Refund, "redelivery" => Redelivery, "exchange" => Exchange }
    EventName {
        "started" => Started, "count" => Count, "delivered" => Delivered, "completed" => Completed,
        "stop_requested" => StopRequested, "stopped" => Stopped, "stop_failed" => StopFailed,
        "redelivery" => Redelivery, "handed_over" => HandedOver, "login" => Login,
    }
    ProofName { "audience_statistics" => AudienceStatistics, "account_fault" => AccountFault, "proxy" => Proxy }
    ClaimKind {
        "not_started" => NotStarted, "not_received" => NotReceived, "incomplete" => Incomplete,
        "changed_mind" => ChangedMind, "no_benefit" => NoBenefit, "quality" => Quality, "slow" => Slow,
        "dropped" => Dropped, "wrong_target" => WrongTarget, "stop" => Stop,
        "auto_not_working" => AutoNotWorking, "account_faulty" => AccountFaulty, "renewal" => Renewal,
        "other" => Other,
    }
}

// ---- Faults, in the reader's words ----------------------------------------------------------------------------------------

/// What is wrong between fields.
fn contradiction(problem: CaseProblem) -> WireError {
    let field = |name: &str| name.split('.').map(Step::key).collect();
    let item = |list: &str, index: usize, name: &str| {
        let mut path = vec![Step::key(list), Step::Index(index)];
        path.extend(name.split('.').map(Step::key));
        path
    };
    let path: Vec<Step> = match problem.place {
        Place::OrderNumber => field("order.number"),
        Place::OrderQuantity => field("order.quantity"),
        Place::UnitsPerDay => field("order.service.units_per_day"),
        Place::LogUnits(index) => item("delivery_log", index, "units"),
        Place::PaymentCurrency(index) => item("payments", index, "amount.currency"),
        Place::RefundCurrency(index) => item("refunds", index, "amount.currency"),
        Place::DisputeCurrency(index) => item("disputes", index, "amount.currency"),
        Place::ClaimAt => field("claim.at"),
        Place::ClaimPayment => field("claim.payment"),
    };
    let (kind, what) = match problem.wrong {
        Wrong::Empty => (Fault::BadValue, "is empty; write at least one character".to_owned()),
        Wrong::Zero => (Fault::BadValue, "is 0; write at least 1, or leave the entry out".to_owned()),
        Wrong::TooLarge => (Fault::BadValue, "is 2^53 or more; write a smaller number".to_owned()),
        Wrong::BeforePurchase => (
            Fault::Contradiction,
            "is earlier than the purchase; write an instant from `order.placed_at` on".to_owned(),
        ),
        Wrong::AfterAsOf => (
            Fault::Contradiction,
            "is later than the moment of judging; write an instant up to `as_of`".to_owned(),
        ),
        Wrong::NoSuchPayment => (
            Fault::Contradiction,
            "names no payment of the case; write the `id` of one of `payments`, or leave it out for the last".to_owned(),
        ),
        Wrong::ManySuchPayments => (
            Fault::Contradiction,
            "names several payments of the case; give each payment an `id` of its own".to_owned(),
        ),
        Wrong::OtherCurrency { price, found } => (
            Fault::Contradiction,
            format!(
                "is {}, but the price is in {}; a case has one currency",
                found.code(),
                price.code()
            ),
        ),
    };
    WireError {
        kind,
        detail: format!("{} {what}", place(&path)),
        pointer: pointer(&path),
    }
}

/// The longest text of which a tree is made. The tree takes many times the memory of its text.
const LONGEST_TREE: usize = 1 << 20;

/// Says of a text that is too long for a tree where the fault is, and in the reader's own words what.
fn explain_long(text: &str) -> WireError {
    let mut json = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize::<_, Object<CaseFields>>(&mut json);
    let (path, error) = match read {
        Ok(_) => match json.end() {
            Ok(()) => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(error)),
        },
        Err(error) => (steps(error.path()), Some(error.into_inner())),
    };
    let said = error.map_or_else(|| "it cannot be read".to_owned(), |error| error.to_string());
    let kinds = [
        ("unknown field", Fault::UnknownField),
        ("missing field", Fault::MissingField),
        ("duplicate field", Fault::DuplicateKey),
        ("unknown variant", Fault::UnknownWord),
        ("invalid type", Fault::WrongType),
        ("invalid value", Fault::BadValue),
    ];
    let kind = kinds.iter().find(|(begin, _)| said.starts_with(begin));
    let kind = kind.map_or(Fault::BadJson, |(_, kind)| *kind);
    let what: String = said
        .chars()
        .take(300)
        .flat_map(char::escape_debug)
        .collect();
    WireError {
        kind,
        detail: format!("{} is wrong: {what}", place(&path)),
        pointer: pointer(&path),
    }
}

/// The place of a fault that the reader followed.
fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    let steps = path.iter().filter_map(|segment| match segment {
        serde_path_to_error::Segment::Seq { index } => Some(Step::Index(*index)),
        serde_path_to_error::Segment::Map { key } => Some(Step::key(key)),
        serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
    });
    steps.collect()
}

/// Reads once more what could not be read, to say where and why.
fn explain(text: &str, first: &serde_json::Error) -> WireError {
    if text.len() > LONGEST_TREE {
        return explain_long(text);
    }
    explain_as(text, first, |tree| {
        Object::<CaseFields>::deserialize(tree).map(drop)
    })
}

/// The same for any shape.
pub(crate) fn explain_as(
    text: &str,
    first: &serde_json::Error,
    read: impl FnOnce(&Tree) -> Result<(), Problem>,
) -> WireError {
    let mut json = serde_json::Deserializer::from_str(text);
    let tree = serde_path_to_error::deserialize::<_, Tree>(&mut json);
    let (path, error) = match tree {
        Ok(tree) => match json.end() {
            Ok(()) => {
                return match read(&tree) {
                    Err(problem) => problem.into_wire(),
                    // The same shapes read the same text twice; should they ever disagree, the first reading stands.
                    Ok(_) => WireError {
                        kind: Fault::BadJson,
                        detail: format!("the case cannot be read: {first}"),
                        pointer: String::new(),
                    },
                };
            }
            Err(error) => (Vec::new(), error),
        },
        Err(error) => (steps(error.path()), error.into_inner()),
    };
    let what = if text.trim_ascii().is_empty() {
        "is empty; write one case as a JSON object".to_owned()
    } else if text.starts_with('\u{feff}') {
        "begins with a byte order mark; save the file as UTF-8 without one".to_owned()
    } else {
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or(&reason);
        format!(
            "is not JSON: {reason} in line {}, column {}",
            error.line(),
            error.column()
        )
    };
    WireError {
        kind: Fault::BadJson,
        detail: format!("{} {what}", place(&path)),
        pointer: pointer(&path),
    }
}

/// One step into a case file.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    fn key(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// The place in words: `delivery_log[3].count`.
fn place(path: &[Step]) -> String {
    if path.is_empty() {
        return "the case".to_owned();
    }
    let mut place = String::from("`");
    for (depth, step) in path.iter().enumerate() {
        match step {
            Step::Key(key) => {
                if depth > 0 {
                    place.push('.');
                }
                place.push_str(&shortened(key));
            }
            Step::Index(index) => {
                // Writing to a string cannot fail.
                let _ = write!(place, "[{index}]");
            }
        }
    }
    place.push('`');
    place
}

/// The place as RFC 6901 writes it.
fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => {
                // Writing to a string cannot fail.
                let _ = write!(pointer, "{index}");
            }
        }
    }
    pointer
}

/// So much of a text as fits into a sentence, with what cannot be seen made visible.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = text
        .chars()
        .take(LONGEST)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// Words in backticks, with commas.
fn list(f: &mut impl fmt::Write, words: &[&str]) -> fmt::Result {
    for (index, word) in words.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}`{word}`")?;
    }
    Ok(())
}

/// The one of some names that somebody may have meant: two slips of the pen away at most, one for a short name.
pub(crate) fn nearest<'n>(written: &str, names: &[&'n str]) -> Option<&'n str> {
    let slips_max = if written.chars().count() < 5 { 1 } else { 2 };
    let near = names.iter().map(|name| (slips(written, name), *name));
    near.filter(|(slips, _)| (1..=slips_max).contains(slips))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, name)| name)
}

/// How many letters were added, left out or changed between two names.
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.chars().take(64).enumerate() {
        let mut before = row.first().copied().unwrap_or_default();
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
        for (column, b) in other.iter().enumerate() {
            let above = row.get(column + 1).copied().unwrap_or_default();
            let left = row.get(column).copied().unwrap_or_default();
            let changed = before + usize::from(a != *b);
            if let Some(here) = row.get_mut(column + 1) {
                *here = changed.min(above + 1).min(left + 1);
            }
            before = above;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// A fault on its way out of the tree, its path inside out.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Fault,
    what: String,
    path: Vec<Step>,
}

impl Problem {
    fn new(kind: Fault, what: String) -> Self {
        Self {
            kind,
            what,
            path: Vec::new(),
        }
    }

    fn under(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    fn into_wire(mut self) -> WireError {
        self.path.reverse();
        WireError {
            kind: self.kind,
            detail: format!("{} {}", place(&self.path), self.what),
            pointer: pointer(&self.path),
        }
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Problem {}

/// What stands there.
fn found(unexpected: Unexpected) -> String {
    match unexpected {
        Unexpected::Bool(flag) => format!("`{flag}`"),
        Unexpected::Unsigned(number) => format!("{number}"),
        Unexpected::Signed(number) => format!("{number}"),
        Unexpected::Float(number) => format!("{number:?}"),
        Unexpected::Str(text) => format!("\"{}\"", shortened(text)),
        Unexpected::Unit => "`null`".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}

impl de::Error for Problem {
    fn custom<T: Display>(what: T) -> Self {
        Self::new(Fault::BadValue, what.to_string())
    }

    fn invalid_type(unexpected: Unexpected, expected: &dyn Expected) -> Self {
        let instead = if matches!(unexpected, Unexpected::Unit) {
            "; leave the field out if it may be left out"
        } else {
            ""
        };
        let what = format!("is {}; write {expected}{instead}", found(unexpected));
        Self::new(Fault::WrongType, what)
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn Expected) -> Self {
        let what = format!("is {}; write {expected}", found(unexpected));
        Self::new(Fault::BadValue, what)
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        let mut what = format!("is \"{}\"; write one of ", shortened(word));
        // Writing to a string cannot fail.
        let _ = list(&mut what, expected);
        Self::new(Fault::UnknownWord, what)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let mut what = String::from("is no field here; ");
        if let Some(near) = nearest(field, expected) {
            // Writing to a string cannot fail.
            let _ = write!(what, "if `{near}` is meant, write that; else ");
        }
        what.push_str("leave it out, or write one of ");
        let _ = list(&mut what, expected);
        Self::new(Fault::UnknownField, what).under(Step::key(field))
    }

    fn missing_field(field: &'static str) -> Self {
        let what = "is missing; it cannot be left out here".to_owned();
        Self::new(Fault::MissingField, what).under(Step::key(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        let what = "is given twice; keep the one that is meant".to_owned();
        Self::new(Fault::DuplicateKey, what).under(Step::key(field))
    }
}

/// Any JSON, with every key as often as it was given.
pub(crate) enum Tree {
    Null,
    Flag(bool),
    Natural(u64),
    Negative(i64),
    Other(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Tree, E> {
                Ok(Tree::Flag(flag))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Tree, E> {
                Ok(Tree::Natural(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Tree, E> {
                Ok(Tree::Negative(number))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Tree, E> {
                Ok(Tree::Other(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Tree, E> {
                Ok(Tree::Text(text.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Tree::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Tree::Object(fields))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserializer<'de> for &'de Tree {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Flag(flag) => visitor.visit_bool(*flag),
            Tree::Natural(number) => visitor.visit_u64(*number),
            Tree::Negative(number) => visitor.visit_i64(*number),
            Tree::Other(number) => visitor.visit_f64(*number),
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            Tree::List(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            Tree::Object(fields) => visitor.visit_map(Fields {
                fields: fields.iter(),
                value: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self {
            Tree::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Items<'de> {
    items: std::iter::Enumerate<std::slice::Iter<'de, Tree>>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Problem;

    fn next_element_seed<T: de::DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Problem> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(item)
            .map(Some)
            .map_err(|problem| problem.under(Step::Index(index)))
    }
}

struct Fields<'de> {
    fields: std::slice::Iter<'de, (String, Tree)>,
    value: Option<&'de (String, Tree)>,
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Problem;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        self.value = self.fields.next();
        let Some((key, _)) = self.value else {
            return Ok(None);
        };
        seed.deserialize(key.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, Problem> {
        let Some((key, value)) = self.value.take() else {
            return Err(Problem::custom("has no value"));
        };
        seed.deserialize(value)
            .map_err(|problem| problem.under(Step::key(key)))
    }
}
