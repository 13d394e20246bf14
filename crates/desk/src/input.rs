// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can arrive at a case, from whom, and what the desk is shown when it looks.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::case::{Channel, ClaimKind, Country, Duration, Instant, Wants};
use crate::decision::Rulebook;
use crate::execution::{ConnectorSaid, ProviderListed, ProviderSaid};
use crate::life::Check;
use crate::records::Records;
use crate::remedy::Outcome;

/// A case, an attachment, a person: sixteen bytes that the shell makes and the desk only compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

/// The SHA-256 of something that is kept elsewhere: an attachment, a text under a person's own key, a case file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// The desk by itself, as the merchant's limits allow.
    System,
    /// The customer.
    Customer,
    /// The shop's own programs.
    Shop,
    /// A support agent.
    Agent(Id),
    /// Somebody of the technical team.
    Technical(Id),
    /// Somebody of finance.
    Finance(Id),
    /// The owner.
    Owner(Id),
    /// A payment provider.
    Provider,
    /// Fulfilment, over the connector.
    Connector,
}

impl Actor {
    /// The person behind it, if it is one of the merchant's people.
    #[must_use]
    pub const fn person(&self) -> Option<Id> {
        match self {
            Self::Agent(id) | Self::Technical(id) | Self::Finance(id) | Self::Owner(id) => {
                Some(*id)
            }
            Self::System | Self::Customer | Self::Shop | Self::Provider | Self::Connector => None,
        }
    }
}

/// The language of letters to a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Danish.
    #[default]
    Danish,
    /// English.
    English,
}

impl Language {
    /// Its code: `da`, `en`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Danish => "da",
            Self::English => "en",
        }
    }
}

/// By which way something came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// The help form.
    Form,
    /// The live chat.
    Chat,
    /// E-mail.
    Email,
    /// The shop's own programs, for the customer.
    Api,
}

impl Door {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("form", Self::Form),
        ("chat", Self::Chat),
        ("email", Self::Email),
        ("api", Self::Api),
    ];

    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Chat => "chat",
            Self::Email => "email",
            Self::Api => "api",
        }
    }

    /// The channel as a policy counts it: what the shop's programs hand in was written in a form of the shop's.
    #[must_use]
    pub const fn channel(self) -> Channel {
        match self {
            Self::Form | Self::Api => Channel::Form,
            Self::Chat => Channel::Chat,
            Self::Email => Channel::Email,
        }
    }
}

/// A customer's request for help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The order number that the customer names.
    pub order: String,
    /// What is wrong.
    pub claim: ClaimKind,
    /// What is wished for.
    pub wants: Wants,
    /// The account it is about.
    pub account: Option<String>,
    /// The payment it is about.
    pub payment: Option<String>,
    /// By which way it came.
    pub door: Door,
    /// The customer's language.
    pub language: Language,
    /// The customer, if known.
    pub customer: Option<Id>,
    /// The customer's own words, kept under the customer's key.
    pub message: Option<Digest>,
    /// What was handed in with it.
    pub attachments: Vec<Digest>,
}

/// What a proof is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofAbout {
    /// The statistics of the audience.
    AudienceStatistics,
    /// The fault of an account.
    AccountFault {
        /// Which.
        account: String,
    },
    /// The proxy an account was used through.
    Proxy {
        /// Which account.
        account: String,
    },
    /// Anything else: for people to read.
    Other,
}

/// What a proof was found to show, by whoever looked at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofShows {
    /// The share of the audience in the target sold, in parts of a million.
    OnTargetMillionths(u32),
    /// Whether the fault is to be seen.
    Fault(bool),
    /// Whether a proxy was used, and in which country if that is known.
    Proxy {
        /// Was one used?
        used: bool,
        /// Where it stands.
        country: Option<Country>,
    },
    /// Nothing that a policy asks for.
    Nothing,
}

/// An answer to a question about a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Can it be delivered again?
    RedeliveryPossible(bool),
    /// Can it be hurried?
    ExpeditePossible(bool),
    /// What came of stopping: stopped, or not.
    Stopped(bool),
    /// What the counter said before the order began and says now.
    Counts {
        /// Before.
        start_count: u64,
        /// Now.
        count: u64,
    },
    /// The speed that was promised.
    UnitsPerDay(u64),
    /// Was the claimed period delivered in full?
    PeriodFulfilled(bool),
}

impl Answer {
    /// The fact that it answers, by the name that policies use.
    #[must_use]
    pub const fn fact(&self) -> &'static str {
        match self {
            Self::RedeliveryPossible(_) => "redelivery_possible",
            Self::ExpeditePossible(_) => "expedite_possible",
            Self::Stopped(_) => "stop_result",
            Self::Counts { .. } => "counts",
            Self::UnitsPerDay(_) => "pace",
            Self::PeriodFulfilled(_) => "period_fulfilled",
        }
    }
}

/// What an agent grants instead of what the policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The outcome.
    pub outcome: Outcome,
    /// The money that goes back, if any, and for how many units.
    pub refund: Option<(Amount, u64)>,
    /// Store credit, if any.
    pub credit: Option<Amount>,
    /// Units to deliver again; none is no redelivery.
    pub redeliver_units: u64,
    /// Whether the subscription ends.
    pub cancel_subscription: bool,
    /// The clause that it rests on.
    pub clause: String,
    /// Why, in the agent's words.
    pub reason: String,
}

/// What can arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A request that opens the case or joins it.
    Request {
        /// The number that people call the case by, should it be a new one.
        number: u64,
        /// What is asked.
        request: Request,
    },
    /// The customer, or somebody for them, wrote again.
    Message {
        /// By which way.
        door: Door,
        /// The words, under the customer's key.
        message: Option<Digest>,
        /// What was handed in.
        attachments: Vec<Digest>,
    },
    /// The order's records changed, or time has passed: look again.
    Look,
    /// A proof was handed in.
    Proof {
        /// About what.
        about: ProofAbout,
        /// The file.
        attachment: Digest,
    },
    /// Somebody looked at a proof.
    JudgeProof {
        /// Which.
        no: u32,
        /// Whether it is accepted.
        accepted: bool,
        /// What it shows.
        shows: ProofShows,
        /// Why, if it is not.
        reason: String,
    },
    /// An answer to a question about a fact.
    Answer(Answer),
    /// Somebody settled a check of the records.
    SettleCheck {
        /// Which.
        check: Check,
        /// Whether the records are sound.
        sound: bool,
        /// What was found.
        note: String,
    },
    /// The proposed decision is accepted.
    Accept {
        /// Which.
        decision: u32,
        /// What the caller saw as still refundable of the order, in minor units; a stale view is refused.
        remainder_minor: Option<u64>,
    },
    /// Something else is decided than the policy says.
    Override(Override),
    /// A second person approves, or not.
    Approve {
        /// Which.
        decision: u32,
        /// Whether.
        approved: bool,
        /// Why not.
        reason: String,
    },
    /// A refund that has not been sent is called back.
    CancelRefund {
        /// Which.
        no: u32,
    },
    /// The customer does not accept the decision.
    Appeal {
        /// By which way.
        door: Door,
        /// Why, under the customer's key.
        message: Option<Digest>,
    },
    /// One of the merchant's people writes to the customer.
    Reply {
        /// The words, under the customer's key.
        text: Digest,
    },
    /// The case ends without a decision.
    Close {
        /// Why.
        reason: String,
    },
    /// The case goes on in another one of the same customer, and ends here without a decision.
    Merge {
        /// What people call the other one.
        into: String,
    },
    /// A task that is no question is done.
    TaskDone {
        /// Which.
        no: u32,
        /// What was done.
        note: String,
    },
    /// Somebody agreed with the customer on something else for a credit.
    Exchange {
        /// Which task.
        no: u32,
        /// The new order.
        order: String,
        /// What it is of.
        service: String,
        /// How it was agreed.
        note: String,
    },
    /// The shell asks whether it may send a refund now.
    SendRefund {
        /// Which.
        no: u32,
    },
    /// What the provider said of a refund.
    RefundSaid {
        /// Which.
        no: u32,
        /// What.
        said: ProviderSaid,
    },
    /// What the provider's list of a payment's refunds holds.
    RefundListed {
        /// The refund that was looked for.
        no: u32,
        /// The list.
        listed: ProviderListed,
    },
    /// A refund that a provider will not pay is paid by another.
    PayOtherwise {
        /// Which.
        no: u32,
        /// The other provider.
        provider: String,
    },
    /// The shell asks whether it may give a command now.
    SendCommand {
        /// Which.
        no: u32,
    },
    /// What fulfilment, the provider or the team said of a command.
    CommandSaid {
        /// Which.
        no: u32,
        /// What.
        said: ConnectorSaid,
    },
    /// A letter was handed over, and is on its way.
    LetterHanded {
        /// Which.
        no: u32,
        /// The SHA-256 of what was sent, kept under the customer's key.
        text: Digest,
    },
    /// Something broke while the case was handled: it waits for a person.
    Park {
        /// What broke, without personal data.
        why: String,
    },
    /// A person sends a parked case on its way.
    Unpark,
}

/// What the merchant allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The doors that are open; a request by another is not accepted.
    pub doors: BTreeSet<Door>,
    /// Up to how much is paid without a person, per currency code; a currency that is not named: nothing.
    pub automatic_minor_max: BTreeMap<[u8; 3], u64>,
    /// The outcomes that need no person.
    pub automatic_outcomes: BTreeSet<Outcome>,
    /// With so many of the customer's refunds in the window, a person looks.
    pub automatic_repeats_max: u32,
    /// Above how much a second person approves, per currency code; a currency that is not named: never.
    pub second_person_above_minor: BTreeMap<[u8; 3], u64>,
    /// How long a refund that a person granted waits for an undo.
    pub hold: Duration,
    /// When the customer is reminded, counted from the question.
    pub reminders: Vec<Duration>,
    /// When a question to the customer lapses.
    pub customer_due: Duration,
    /// What happens then: a person decides on what is known, or the case is closed.
    pub unanswered_closes: bool,
    /// When the technical team's answer is due.
    pub technical_due: Duration,
    /// When support's answer is due.
    pub support_due: Duration,
    /// When the shop's answer about an unknown order is due.
    pub shop_due: Duration,
    /// Whether fulfilment is reached over the connector; else its commands are tasks for the technical team.
    pub connector: bool,
    /// After so many tries a person is asked about a refund.
    pub tries_max: u32,
    /// After so long in the unknown a person is asked about a refund.
    pub unknown_max: Duration,
    /// Most money that leaves on one day, per currency code; a currency that is not named has no such bound.
    pub day_minor_max: BTreeMap<[u8; 3], u64>,
    /// Most money that one person grants on one day, per currency code.
    pub person_day_minor_max: BTreeMap<[u8; 3], u64>,
}

impl Default for Limits {
    /// Everything through a person, the times of the reference shop.
    fn default() -> Self {
        let hours = |hours: i64| Duration::from_seconds(hours * 3_600);
        Self {
            doors: Door::ALL.iter().map(|(_, door)| *door).collect(),
            automatic_minor_max: BTreeMap::new(),
            automatic_outcomes: BTreeSet::new(),
            automatic_repeats_max: 2,
            second_person_above_minor: BTreeMap::new(),
            hold: Duration::from_seconds(10),
            reminders: alloc::vec![hours(72), hours(168)],
            customer_due: hours(14 * 24),
            unanswered_closes: true,
            technical_due: hours(24),
            support_due: hours(24),
            shop_due: hours(48),
            connector: false,
            tries_max: 40,
            unknown_max: hours(72),
            day_minor_max: BTreeMap::new(),
            person_day_minor_max: BTreeMap::new(),
        }
    }
}

/// How far the brakes are on, read with the case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brakes {
    /// Nothing is sent: somebody pulled the switch, or the store is frozen.
    pub stopped: bool,
    /// Nothing is sent to these providers before the moment given: they failed too often.
    pub resting: BTreeMap<String, Instant>,
    /// What was granted today in the order's currency.
    pub day_minor: u64,
    /// What the person who acts granted today in the order's currency.
    pub person_day_minor: u64,
}

/// Everything the desk is shown when something arrives.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'s> {
    /// The time.
    pub now: Instant,
    /// Who acts.
    pub by: Actor,
    /// The policy of the order's day; none while the order is unknown or was placed before the first version.
    pub rulebook: Option<&'s Rulebook>,
    /// What the merchant allows.
    pub limits: &'s Limits,
    /// What the books say of the order.
    pub records: &'s Records,
    /// How far the brakes are on.
    pub brakes: &'s Brakes,
    /// The secret from which keys are made.
    pub key_secret: &'s [u8],
}
