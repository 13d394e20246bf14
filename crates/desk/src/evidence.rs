// SPDX-License-Identifier: MIT OR Apache-2.0
//! The answer to a dispute, from the records alone: what has to be shown for its reason, what of it the records hold, and the texts that
//! go to the bank.
//!
//! Nothing is claimed here that stands in no record: a text is left out where its records are missing, never filled up.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use makegood_policy::phrase::{self, Tongue};

use crate::amount::Amount;
use crate::case::{Channel, Event, Instant, LogEntry, PaymentKind, Subscription};
use crate::records::Records;
use crate::remedy::Outcome;
use crate::words::{Text, amount_words, units_words, version_words};

/// The most characters of one text, and of all together.
///
/// Source: Stripe's dispute object, `evidence` (API 2026-10-28).
pub const TEXT_CHARACTERS: usize = 20_000;
/// The most characters of all texts together.
pub const TEXTS_CHARACTERS: usize = 150_000;

/// What the texts say.
pub mod texts {
    crate::words::texts! {
        ORDERED: "Ordre {order}: {units} af “{service}” for {price}, bestilt {day}.", "Order {order}: {units} of “{service}” for {price}, ordered on {day}.";
        LINKS: "Leveret til: {links}", "Delivered to: {links}";
        PLACED: "ordre {order} afgivet", "order {order} placed";
        PAID: "{amount} betalt ({payment})", "{amount} paid ({payment})";
        RENEWED: "{amount} betalt for en ny periode ({payment})", "{amount} paid for a further period ({payment})";
        STARTED: "levering begyndt", "delivery began";
        STARTED_AT: "levering begyndt; tælleren viste {count}", "delivery began; the public counter showed {count}";
        COUNT: "tælleren viste {count}", "the public counter showed {count}";
        DELIVERED: "{units} leveret", "{units} delivered";
        COMPLETED: "leveringen meldt færdig", "delivery reported complete";
        STOP_ASKED: "stop ønsket", "stop requested";
        STOPPED: "ordren standset", "order stopped";
        STOP_FAILED: "ordren kunne ikke standses", "order could not be stopped";
        AGAIN: "{units} leveres igen", "{units} being delivered again";
        HANDED: "konto overdraget", "account handed over";
        LOGIN: "login på kontoen", "log-in to the account";
        WROTE: "kunden skrev til supporten ({channel})", "the customer wrote to support ({channel})";
        CHAT: "chat", "chat";
        EMAIL: "e-mail", "e-mail";
        FORM: "formular", "form";
        REFUND: "tilbagebetaling på {amount} besluttet", "refund of {amount} decided";
        DISPUTED: "banken åbnede sagen {dispute} om {amount}", "the bank opened dispute {dispute} over {amount}";
        NEVER_WROTE: "Kunden skrev ikke til supporten, før banken åbnede sagen.", "The customer did not write to support before the bank opened the dispute.";
        STORY: "Forløbet", "What happened";
        SAID: "Hvad der blev skrevet", "What was written";
        CUSTOMER: "Kunden", "The customer";
        DESK: "Supporten", "Support";
        POLICY: "Refusionspolitikken i udgaven af {version} gjaldt, da ordren blev afgivet.", "The refund policy in its version of {version} was in force when the order was placed.";
        CLAUSE: "Punkt {clause} i politikken: {quote}", "Clause {clause} of the policy: {quote}";
        DECIDED: "Hvad kunden kan kræve, følger af punkt {clause} i den offentliggjorte refusionspolitik (udgaven af {version}): “{quote}”", "What the customer can ask for follows from clause {clause} of the published refund policy (version of {version}): “{quote}”";
        SUBSCRIPTION_ACTIVE: "Abonnementet er ikke opsagt i vores optegnelser.", "Our records show no cancellation of the subscription.";
        LEFT_OUT: "… {count} linjer er udeladt …", "… {count} lines left out …";
    }
}

/// What a dispute says, whatever the card network calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    /// It never arrived.
    NotReceived,
    /// It was not what was described.
    NotAsDescribed,
    /// A subscription was charged after it was cancelled.
    CancelledRecurring,
    /// A refund that was due has not come.
    CreditNotProcessed,
    /// The same was paid twice.
    Duplicate,
    /// The holder of the card did not pay.
    Fraud,
    /// Anything else, or nothing.
    General,
}

impl Ground {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NotReceived,
        Self::NotAsDescribed,
        Self::CancelledRecurring,
        Self::CreditNotProcessed,
        Self::Duplicate,
        Self::Fraud,
        Self::General,
    ];

    /// By the provider's category, and where that says nothing by the network's code.
    ///
    /// Source: Stripe's dispute categories; the reason codes of Visa (`13.1`), Mastercard (`4853`), American Express (`C08`) and
    /// Discover (`RG`) as their dispute guides list them.
    #[must_use]
    pub fn of(category: &str, network: Option<&str>) -> Self {
        match category {
            "product_not_received" => Self::NotReceived,
            "product_unacceptable" => Self::NotAsDescribed,
            "subscription_canceled" => Self::CancelledRecurring,
            "credit_not_processed" => Self::CreditNotProcessed,
            "duplicate" => Self::Duplicate,
            "fraudulent" | "unrecognized" => Self::Fraud,
            _ => network.map_or(Self::General, Self::of_code),
        }
    }

    fn of_code(code: &str) -> Self {
        match code {
            "13.1" | "4855" | "C08" | "RG" => Self::NotReceived,
            "13.3" | "13.4" | "13.5" | "4853" | "C31" | "C32" | "RM" => Self::NotAsDescribed,
            "13.2" | "4841" | "C28" | "AP" => Self::CancelledRecurring,
            "13.6" | "13.7" | "4860" | "C02" | "C04" | "C05" | "RN2" => Self::CreditNotProcessed,
            "12.6" | "12.6.1" | "12.6.2" | "4834" | "P08" | "C14" | "DP" => Self::Duplicate,
            "4837" | "4863" | "4870" | "4871" | "F10" | "F14" | "F24" | "F29" | "F30" | "F31"
            | "UA01" | "UA02" | "UA05" | "UA06" => Self::Fraud,
            code if code.starts_with("10.") => Self::Fraud,
            _ => Self::General,
        }
    }

    /// What a bank wants to see for it, the most telling first.
    #[must_use]
    pub const fn wants(self) -> &'static [Exhibit] {
        use Exhibit::{
            Completion, Decision, Delivery, Order, Payments, Policy, PolicyShown, Refunds, SignIns,
            Subscription, Words,
        };
        match self {
            Self::NotReceived => &[Completion, Delivery, Order, Words, Policy, PolicyShown],
            Self::NotAsDescribed => &[
                Order,
                Delivery,
                Completion,
                Decision,
                Words,
                Policy,
                PolicyShown,
            ],
            Self::CancelledRecurring => &[
                Subscription,
                Delivery,
                Order,
                Words,
                Policy,
                PolicyShown,
                SignIns,
            ],
            Self::CreditNotProcessed => &[Refunds, Decision, Policy, PolicyShown, Words, Order],
            Self::Duplicate => &[Payments, Order, Delivery, Words],
            Self::Fraud => &[SignIns, Delivery, Completion, Words, Order],
            Self::General => &[Order, Delivery, Completion, Words, Decision, Policy],
        }
    }
}

/// Something that a bank may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exhibit {
    /// The order as it was bought.
    Order,
    /// The log of the delivery.
    Delivery,
    /// That the delivery was finished.
    Completion,
    /// What was written between customer and support.
    Words,
    /// The version of the policy that was in force.
    Policy,
    /// When and how the customer saw it.
    PolicyShown,
    /// The decision with its clause.
    Decision,
    /// What went back already.
    Refunds,
    /// How the subscription stands.
    Subscription,
    /// Each payment with what it was for.
    Payments,
    /// Sign-ins and addresses of the buyer.
    SignIns,
}

impl Exhibit {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Order,
        Self::Delivery,
        Self::Completion,
        Self::Words,
        Self::Policy,
        Self::PolicyShown,
        Self::Decision,
        Self::Refunds,
        Self::Subscription,
        Self::Payments,
        Self::SignIns,
    ];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Delivery => "delivery",
            Self::Completion => "completion",
            Self::Words => "words",
            Self::Policy => "policy",
            Self::PolicyShown => "policy_shown",
            Self::Decision => "decision",
            Self::Refunds => "refunds",
            Self::Subscription => "subscription",
            Self::Payments => "payments",
            Self::SignIns => "sign_ins",
        }
    }
}

/// Something that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Instant,
    /// By the customer, or to them.
    pub by_customer: bool,
    /// The words.
    pub words: String,
}

/// What was decided, as far as a bank is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What came of it.
    pub outcome: Outcome,
    /// By which clause.
    pub clause: String,
    /// The sentence of the clause.
    pub quote: String,
    /// Of which version of the policy.
    pub version: String,
}

/// A dispute with all that is known about it.
#[derive(Clone, Debug)]
pub struct Matter<'m> {
    /// What the books say of its order.
    pub records: &'m Records,
    /// The provider's name for it.
    pub dispute: &'m str,
    /// How much is disputed.
    pub amount: Amount,
    /// When it was opened.
    pub opened_at: Instant,
    /// What it says.
    pub ground: Ground,
    /// What was decided before or about it.
    pub judged: Option<Judged>,
    /// What was written, in the order of time.
    pub said: Vec<Said>,
}

/// A line of a text, and whether it must stay where not all fit.
struct Line {
    text: String,
    stays: bool,
}

impl Matter<'_> {
    /// What a bank wants to see, and whether the records hold it.
    #[must_use]
    pub fn checklist(&self) -> Vec<(Exhibit, bool)> {
        let wants = self.ground.wants().iter();
        wants
            .map(|exhibit| (*exhibit, self.holds(*exhibit)))
            .collect()
    }

    fn holds(&self, exhibit: Exhibit) -> bool {
        let records = self.records;
        let logged = |wanted: fn(&Event<'_>) -> bool| {
            let mut log = records.delivery_log.iter();
            log.any(|entry| wanted(&entry.event))
        };
        match exhibit {
            Exhibit::Order => records.order.is_some(),
            Exhibit::Delivery => logged(arrives),
            Exhibit::Completion => {
                logged(|event| matches!(event, Event::Completed | Event::HandedOver { .. }))
            }
            Exhibit::Words => !self.said.is_empty() || !records.contacts.is_empty(),
            Exhibit::Policy => self.judged.is_some(),
            Exhibit::Decision => self
                .judged
                .as_ref()
                .is_some_and(|judged| !judged.clause.is_empty()),
            // The records hold neither yet: whoever runs the shop has them.
            Exhibit::PolicyShown | Exhibit::SignIns => false,
            Exhibit::Refunds => !records.refunds.is_empty(),
            Exhibit::Subscription => records.subscription.is_some(),
            Exhibit::Payments => !records.payments.is_empty(),
        }
    }

    /// The texts by the provider's names of its fields; each at most [`TEXT_CHARACTERS`] long, all together at most
    /// [`TEXTS_CHARACTERS`]. A field for which the records hold nothing is not there.
    ///
    /// Source of the names: Stripe's dispute object, `evidence` (API 2026-10-28).
    #[must_use]
    pub fn fields(&self, tongue: Tongue) -> BTreeMap<&'static str, String> {
        let made = [
            ("product_description", self.description(tongue)),
            ("service_date", self.service_date()),
            ("access_activity_log", self.log(tongue)),
            ("refund_policy_disclosure", self.policy(tongue)),
            ("refund_refusal_explanation", self.refusal(tongue)),
            ("cancellation_rebuttal", self.rebuttal(tongue)),
            ("uncategorized_text", self.story(tongue)),
        ];
        made.into_iter()
            .filter_map(|(field, text)| Some((field, text.filter(|text| !text.is_empty())?)))
            .collect()
    }

    fn description(&self, tongue: Tongue) -> Option<String> {
        let order = &self.records.order.as_ref()?.order;
        let units = units_words(tongue, order.quantity, &order.service.unit);
        let price = amount_words(tongue, order.price);
        let day = tongue.day(order.placed_at.unix_nanoseconds());
        let words = [
            ("order", order.number.as_ref()),
            ("units", &units),
            ("service", &order.service.name),
            ("price", &price),
            ("day", &day),
        ];
        let mut lines = alloc::vec![stays(texts::ORDERED.with(tongue, &words))];
        if !order.links.is_empty() {
            let links: Vec<&str> = order.links.iter().map(AsRef::as_ref).collect();
            let links = links.join(", ");
            lines.push(goes(texts::LINKS.with(tongue, &[("links", &links)])));
        }
        Some(fitted(&lines, TEXT_CHARACTERS, tongue))
    }

    /// The day on which the delivery was finished, as it is written everywhere: `2026-09-24`.
    fn service_date(&self) -> Option<String> {
        let mut log = self.records.delivery_log.iter().rev();
        let finished =
            log.find(|entry| matches!(entry.event, Event::Completed | Event::HandedOver { .. }))?;
        let stamp = stamp(finished.at);
        Some(stamp.chars().take(10).collect())
    }

    fn log(&self, tongue: Tongue) -> Option<String> {
        let log = &self.records.delivery_log;
        let lines: Vec<Line> = sorted(log)
            .into_iter()
            .map(|entry| Line {
                text: format!("{}  {}", stamp(entry.at), self.happened(tongue, entry)),
                stays: turns(&entry.event),
            })
            .collect();
        (!lines.is_empty()).then(|| fitted(&lines, TEXT_CHARACTERS, tongue))
    }

    fn happened(&self, tongue: Tongue, entry: &LogEntry<'_>) -> String {
        let unit = self.records.order.as_ref();
        let unit = unit.map_or("", |record| record.order.service.unit.as_ref());
        let units = |text: Text, units: u64| {
            text.with(tongue, &[("units", &units_words(tongue, units, unit))])
        };
        let count =
            |text: Text, count: u64| text.with(tongue, &[("count", &tongue.whole(count.into()))]);
        match &entry.event {
            Event::Started { count: None } => texts::STARTED.say(tongue).to_owned(),
            Event::Started { count: Some(seen) } => count(texts::STARTED_AT, *seen),
            Event::Count { count: seen } => count(texts::COUNT, *seen),
            Event::Delivered { units: come } => units(texts::DELIVERED, *come),
            Event::Completed => texts::COMPLETED.say(tongue).to_owned(),
            Event::StopRequested => texts::STOP_ASKED.say(tongue).to_owned(),
            Event::Stopped => texts::STOPPED.say(tongue).to_owned(),
            Event::StopFailed => texts::STOP_FAILED.say(tongue).to_owned(),
            Event::Redelivery { units: again } => units(texts::AGAIN, *again),
            // The account's name is the customer's secret.
            Event::HandedOver { .. } => texts::HANDED.say(tongue).to_owned(),
            Event::Login { .. } => texts::LOGIN.say(tongue).to_owned(),
        }
    }

    fn policy(&self, tongue: Tongue) -> Option<String> {
        let judged = self.judged.as_ref()?;
        let version = version_words(tongue, &judged.version);
        let clause = [
            ("clause", judged.clause.as_str()),
            ("quote", judged.quote.as_str()),
        ];
        let lines = [
            stays(texts::POLICY.with(tongue, &[("version", &version)])),
            goes(texts::CLAUSE.with(tongue, &clause)),
        ];
        let most = if judged.quote.is_empty() { 1 } else { 2 };
        Some(fitted(
            lines.get(..most).unwrap_or(&lines),
            TEXT_CHARACTERS,
            tongue,
        ))
    }

    /// Why nothing, or not all, goes back; nothing where all does.
    fn refusal(&self, tongue: Tongue) -> Option<String> {
        let judged = self.judged.as_ref()?;
        let refuses = matches!(
            judged.outcome,
            Outcome::Contest
                | Outcome::Declined
                | Outcome::PartialRefund
                | Outcome::SupportResolution
        );
        if !refuses || judged.quote.is_empty() {
            return None;
        }
        let version = version_words(tongue, &judged.version);
        let words = [
            ("clause", judged.clause.as_str()),
            ("version", &version),
            ("quote", &judged.quote),
        ];
        let line = [stays(texts::DECIDED.with(tongue, &words))];
        Some(fitted(&line, TEXT_CHARACTERS, tongue))
    }

    fn rebuttal(&self, tongue: Tongue) -> Option<String> {
        let subscription = self.records.subscription.as_ref()?;
        let goes_on = subscription.status == Subscription::Active;
        (goes_on && self.ground == Ground::CancelledRecurring)
            .then(|| texts::SUBSCRIPTION_ACTIVE.say(tongue).to_owned())
    }

    /// What happened in the order of time, and below it what was written.
    fn story(&self, tongue: Tongue) -> Option<String> {
        let mut told = self.told(tongue);
        if told.is_empty() {
            return None;
        }
        told.sort_by_key(|(at, _)| *at);
        let mut lines = alloc::vec![stays(texts::STORY.say(tongue).to_owned())];
        lines.extend(told.into_iter().map(|(at, line)| Line {
            text: format!("{}  {}", stamp(at), line.text),
            ..line
        }));
        if !self.wrote_before() {
            lines.push(stays(texts::NEVER_WROTE.say(tongue).to_owned()));
        }
        if !self.said.is_empty() {
            lines.push(stays(format!("\n{}", texts::SAID.say(tongue))));
            lines.extend(self.said.iter().map(|said| {
                let who = match said.by_customer {
                    true => texts::CUSTOMER,
                    false => texts::DESK,
                };
                let (at, who) = (stamp(said.at), who.say(tongue));
                let words = without_ways_in(said.words.trim());
                goes(format!("{at}  {who}: {words}"))
            }));
        }
        Some(fitted(&lines, TEXT_CHARACTERS, tongue))
    }

    /// Whether the customer wrote to support before the bank was asked.
    #[must_use]
    pub fn wrote_before(&self) -> bool {
        let mut contacts = self.records.contacts.iter();
        contacts.any(|contact| contact.at < self.opened_at)
            || self
                .said
                .iter()
                .any(|said| said.by_customer && said.at < self.opened_at)
    }

    fn told(&self, tongue: Tongue) -> Vec<(Instant, Line)> {
        let records = self.records;
        let money = |text: Text, amount: Amount, name: (&str, &str)| {
            text.with(tongue, &[("amount", &amount_words(tongue, amount)), name])
        };
        let mut told = Vec::new();
        if let Some(record) = &records.order {
            let placed = [("order", record.order.number.as_ref())];
            let placed = stays(texts::PLACED.with(tongue, &placed));
            told.push((record.order.placed_at, placed));
        }
        for record in &records.payments {
            let text = match record.payment.kind {
                PaymentKind::Renewal => texts::RENEWED,
                PaymentKind::OneTime => texts::PAID,
            };
            let name = ("payment", record.reference.as_str());
            let line = stays(money(text, record.payment.amount, name));
            told.push((record.payment.at, line));
        }
        for entry in &records.delivery_log {
            if turns(&entry.event) {
                told.push((entry.at, stays(self.happened(tongue, entry))));
            }
        }
        let mut counts = sorted(&records.delivery_log).into_iter().rev();
        if let Some(last) = counts.find(|entry| matches!(entry.event, Event::Count { .. })) {
            told.push((last.at, stays(self.happened(tongue, last))));
        }
        for contact in &records.contacts {
            let channel = match contact.channel {
                Channel::Chat => texts::CHAT,
                Channel::Email => texts::EMAIL,
                Channel::Form => texts::FORM,
            };
            let words = [("channel", channel.say(tongue))];
            told.push((contact.at, goes(texts::WROTE.with(tongue, &words))));
        }
        for refund in &records.refunds {
            let line = money(texts::REFUND, refund.amount, ("", ""));
            told.push((refund.at, stays(line)));
        }
        let line = money(texts::DISPUTED, self.amount, ("dispute", self.dispute));
        told.push((self.opened_at, stays(line)));
        told
    }
}

/// The whole of it fits: nothing is laid down that the provider would refuse.
///
/// # Errors
/// The field that is too long with its characters, or no field and the characters of all.
pub fn fits<'f>(
    fields: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> Result<usize, (Option<&'f str>, usize)> {
    let mut all = 0_usize;
    for (field, text) in fields {
        let characters = text.chars().count();
        if characters > TEXT_CHARACTERS {
            return Err((Some(field), characters));
        }
        all = all.saturating_add(characters);
    }
    if all > TEXTS_CHARACTERS {
        return Err((None, all));
    }
    Ok(all)
}

const fn stays(text: String) -> Line {
    Line { text, stays: true }
}

const fn goes(text: String) -> Line {
    Line { text, stays: false }
}

/// Whether an entry shows that something came.
const fn arrives(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Started { .. }
            | Event::Count { .. }
            | Event::Delivered { .. }
            | Event::Completed
            | Event::HandedOver { .. }
    )
}

/// Whether an entry is a turn of the story and not one of many counts.
const fn turns(event: &Event<'_>) -> bool {
    !matches!(
        event,
        Event::Count { .. } | Event::Delivered { .. } | Event::Login { .. }
    )
}

fn sorted<'l>(log: &'l [LogEntry<'static>]) -> Vec<&'l LogEntry<'static>> {
    let mut sorted: Vec<_> = log.iter().collect();
    sorted.sort_by_key(|entry| entry.at);
    sorted
}

/// From how many letters on the end of an address is taken for a secret.
const SECRET_LETTERS: usize = 24;

/// Words without the addresses by which a customer comes to their case: whoever has one of these is let in.
///
/// What is taken out is the rest of a word behind such a path, where that is as long as a secret.
#[must_use]
pub fn without_ways_in(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for part in words.split_inclusive(char::is_whitespace) {
        match secret_from(part) {
            None => out.push_str(part),
            Some(from) => {
                out.push_str(part.get(..from).unwrap_or(""));
                out.push('…');
                out.extend(part.chars().last().filter(|last| last.is_whitespace()));
            }
        }
    }
    out
}

/// Where the secret of a word begins, if it has one.
fn secret_from(part: &str) -> Option<usize> {
    ["/c/", "/chat/", "/sign-in/"].into_iter().find_map(|way| {
        let from = part.find(way)?.saturating_add(way.len());
        let letters = part.get(from..)?.bytes();
        let secret =
            letters.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        (secret.count() >= SECRET_LETTERS).then_some(from)
    })
}

/// A moment of universal time to the second, as clerks of every country read it.
fn stamp(at: Instant) -> String {
    phrase::stamp(at.unix_nanoseconds())
}

/// The lines that fit: all, or those that stay with ever fewer of the others, and a word where some are left out.
fn fitted(lines: &[Line], most: usize, tongue: Tongue) -> String {
    let mut every = 1_usize;
    loop {
        let text = thinned(
            lines,
            |place, line| {
                every == 1
                    || line.stays
                    || place.checked_rem(every) == Some(0) && every <= lines.len()
            },
            tongue,
        );
        if text.chars().count() <= most {
            return text;
        }
        if every > lines.len() {
            break;
        }
        every = every.saturating_mul(2);
    }
    // Even what should stay is too much: the beginning of it.
    let text = thinned(lines, |_, line| line.stays, tongue);
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn thinned(lines: &[Line], keep: impl Fn(usize, &Line) -> bool, tongue: Tongue) -> String {
    let mut out = String::new();
    let mut left_out = 0_i128;
    let mut add = |text: &str| {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(text);
    };
    let note = |count: i128| texts::LEFT_OUT.with(tongue, &[("count", &tongue.whole(count))]);
    for (place, line) in lines.iter().enumerate() {
        if !keep(place, line) {
            left_out = left_out.saturating_add(1);
            continue;
        }
        if left_out > 0 {
            add(&note(left_out));
            left_out = 0;
        }
        add(&line.text);
    }
    if left_out > 0 {
        add(&note(left_out));
    }
    out
}
