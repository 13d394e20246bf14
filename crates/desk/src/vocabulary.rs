// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words that a policy of the desk may use: facts with their values, outcomes, remedies, quantities.
//!
//! One table, for the policy's checker and for putting a case's facts before a policy.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use makegood_policy::Host;
use makegood_policy::fact::{Kind, Ratio, Value};

use crate::case::{ClaimKind, ServiceKind, Wants};
use crate::facts::{
    Asked, DisputeState, Fact, Facts, Found, Grounds, Guarantee, Pace, ProxyUsed, Renewal, Start,
    State, StopResult, Subscription,
};
use crate::units::Units;

/// The name that stands behind `host:` in a policy of the desk.
pub const HOST: &str = "makegood";

/// The name under which the counted facts are asked together.
pub const COUNTS: &str = "counts";

/// A fact of the vocabulary, in the order of [`Word::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// What is claimed.
    Claim,
    /// What is wished for.
    Wants,
    /// The kind of service.
    ServiceKind,
    /// Chargebacks.
    Dispute,
    /// A contact before the first open dispute.
    ContactBeforeDispute,
    /// Something is left to refund.
    MoneyLeft,
    /// How far the order is.
    State,
    /// The start against its window.
    Start,
    /// Units delivered; counted.
    UnitsDelivered,
    /// Units that never arrived and are not refunded; counted.
    OpenUndelivered,
    /// Units that dropped and are not refunded; counted.
    OpenDropped,
    /// Dropped of delivered; counted.
    DropShare,
    /// The counter stands lower than at the start; counted.
    BelowBaseline,
    /// Units not refunded.
    UnitsLeft,
    /// The drop guarantee.
    Guarantee,
    /// The speed.
    Pace,
    /// What came of stopping.
    StopResult,
    /// It can be delivered again.
    RedeliveryPossible,
    /// It can be hurried.
    ExpeditePossible,
    /// A target was sold.
    TargetSold,
    /// The share of the audience in the target.
    OnTargetShare,
    /// The claim names an account.
    AccountNamed,
    /// That account was handed over.
    AccountHandedOver,
    /// From handing over to claim.
    AccountClaimDelay,
    /// Somebody logged in to it.
    LoginSeen,
    /// It was used through a proxy.
    ProxyUsed,
    /// Its fault is to be seen.
    FaultShown,
    /// The order renews.
    Subscription,
    /// The claimed payment among the payments.
    Renewal,
    /// From that payment to the claim.
    RenewalAge,
    /// The claimed period was delivered in full.
    PeriodFulfilled,
}

/// A type of the vocabulary.
enum Form {
    YesNo,
    OneOf(&'static [&'static str]),
    Whole,
    Share,
    Length,
}

const CLAIMS: [(&str, ClaimKind); 14] = [
    ("not_started", ClaimKind::NotStarted),
    ("not_received", ClaimKind::NotReceived),
    ("incomplete", ClaimKind::Incomplete),
    ("changed_mind", ClaimKind::ChangedMind),
    ("no_benefit", ClaimKind::NoBenefit),
    ("quality", ClaimKind::Quality),
    ("slow", ClaimKind::Slow),
    ("dropped", ClaimKind::Dropped),
    ("wrong_target", ClaimKind::WrongTarget),
    ("stop", ClaimKind::Stop),
    ("auto_not_working", ClaimKind::AutoNotWorking),
    ("account_faulty", ClaimKind::AccountFaulty),
    ("renewal", ClaimKind::Renewal),
    ("other", ClaimKind::Other),
];

const CLAIM_NAMES: [&str; 14] = [
    "not_started",
    "not_received",
    "incomplete",
    "changed_mind",
    "no_benefit",
    "quality",
    "slow",
    "dropped",
    "wrong_target",
    "stop",
    "auto_not_working",
    "account_faulty",
    "renewal",
    "other",
];

impl Word {
    /// All facts, by the names that policies and contracts use.
    pub const ALL: [(&'static str, Self); 31] = [
        ("claim", Self::Claim),
        ("wants", Self::Wants),
        ("service_kind", Self::ServiceKind),
        ("dispute", Self::Dispute),
        ("contact_before_dispute", Self::ContactBeforeDispute),
        ("money_left", Self::MoneyLeft),
        ("state", Self::State),
        ("start", Self::Start),
        ("units_delivered", Self::UnitsDelivered),
        ("open_undelivered", Self::OpenUndelivered),
        ("open_dropped", Self::OpenDropped),
        ("drop_share", Self::DropShare),
        ("below_baseline", Self::BelowBaseline),
        ("units_left", Self::UnitsLeft),
        ("guarantee", Self::Guarantee),
        ("pace", Self::Pace),
        ("stop_result", Self::StopResult),
        ("redelivery_possible", Self::RedeliveryPossible),
        ("expedite_possible", Self::ExpeditePossible),
        ("target_sold", Self::TargetSold),
        ("on_target_share", Self::OnTargetShare),
        ("account_named", Self::AccountNamed),
        ("account_handed_over", Self::AccountHandedOver),
        ("account_claim_delay", Self::AccountClaimDelay),
        ("login_seen", Self::LoginSeen),
        ("proxy_used", Self::ProxyUsed),
        ("fault_shown", Self::FaultShown),
        ("subscription", Self::Subscription),
        ("renewal", Self::Renewal),
        ("renewal_age", Self::RenewalAge),
        ("period_fulfilled", Self::PeriodFulfilled),
    ];

    /// Whether it is one of the facts that are counted together.
    pub const fn is_counted(self) -> bool {
        matches!(
            self,
            Self::UnitsDelivered
                | Self::OpenUndelivered
                | Self::OpenDropped
                | Self::DropShare
                | Self::BelowBaseline
        )
    }

    fn form(self) -> (Form, bool) {
        let form = match self {
            Self::Claim => Form::OneOf(&CLAIM_NAMES),
            Self::Wants => Form::OneOf(&["refund", "redelivery", "exchange"]),
            Self::ServiceKind => Form::OneOf(&["standard", "targeted", "auto", "account"]),
            Self::Dispute => Form::OneOf(&["none", "lost", "open"]),
            Self::State => Form::OneOf(&["queued", "in_progress", "completed", "stopped"]),
            Self::Start => Form::OneOf(&["in_time", "late", "not_due", "overdue"]),
            Self::Guarantee => Form::OneOf(&["running", "ended"]),
            Self::Pace => Form::OneOf(&["on_time", "behind"]),
            Self::StopResult => Form::OneOf(&["stopped", "failed"]),
            Self::ProxyUsed => Form::OneOf(&["yes", "no", "wrong_country"]),
            Self::Subscription => Form::OneOf(&["none", "active", "cancelled"]),
            Self::Renewal => Form::OneOf(&["none", "not_latest", "latest"]),
            Self::UnitsDelivered | Self::OpenUndelivered | Self::OpenDropped | Self::UnitsLeft => {
                Form::Whole
            }
            Self::DropShare | Self::OnTargetShare => Form::Share,
            Self::AccountClaimDelay | Self::RenewalAge => Form::Length,
            Self::ContactBeforeDispute
            | Self::MoneyLeft
            | Self::BelowBaseline
            | Self::RedeliveryPossible
            | Self::ExpeditePossible
            | Self::TargetSold
            | Self::AccountNamed
            | Self::AccountHandedOver
            | Self::LoginSeen
            | Self::FaultShown
            | Self::PeriodFulfilled => Form::YesNo,
        };
        (
            form,
            matches!(
                self,
                Self::Pace | Self::AccountClaimDelay | Self::RenewalAge
            ),
        )
    }

    /// What a case says about it. The counted ones are asked with [`Word::counted`].
    pub fn said(self, facts: &Facts) -> Said {
        match self {
            Self::Claim => found(&facts.claim, |kind| {
                choice(
                    CLAIMS
                        .iter()
                        .position(|(_, known)| *known == kind)
                        .unwrap_or(0),
                )
            }),
            Self::Wants => found(&facts.wants, |wants| {
                choice(match wants {
                    Wants::Refund => 0,
                    Wants::Redelivery => 1,
                    Wants::Exchange => 2,
                })
            }),
            Self::ServiceKind => found(&facts.service_kind, |kind| {
                choice(match kind {
                    ServiceKind::Standard => 0,
                    ServiceKind::Targeted => 1,
                    ServiceKind::Auto => 2,
                    ServiceKind::Account => 3,
                })
            }),
            Self::Dispute => found(&facts.dispute, |state| {
                choice(match state {
                    DisputeState::None => 0,
                    DisputeState::Lost => 1,
                    DisputeState::Open => 2,
                })
            }),
            Self::ContactBeforeDispute => found(&facts.contact_before_dispute, Value::Bool),
            Self::MoneyLeft => found(&facts.money_left, Value::Bool),
            Self::State => found(&facts.state, |state| {
                choice(match state {
                    State::Queued => 0,
                    State::InProgress => 1,
                    State::Completed => 2,
                    State::Stopped => 3,
                })
            }),
            Self::Start => found(&facts.start, |start| {
                choice(match start {
                    Start::InTime => 0,
                    Start::Late => 1,
                    Start::NotDue => 2,
                    Start::Overdue => 3,
                })
            }),
            Self::UnitsLeft => found(&facts.units_left, whole),
            Self::Guarantee => found(&facts.guarantee, |guarantee| {
                choice(match guarantee {
                    Guarantee::Running => 0,
                    Guarantee::Ended => 1,
                })
            }),
            Self::Pace => known(&facts.pace, |pace| {
                pace.map_or(Value::Absent, |pace| {
                    choice(match pace {
                        Pace::OnTime => 0,
                        Pace::Behind => 1,
                    })
                })
            }),
            Self::StopResult => known(&facts.stop_result, |result| {
                choice(match result {
                    StopResult::Stopped => 0,
                    StopResult::Failed => 1,
                })
            }),
            Self::RedeliveryPossible => known(&facts.redelivery_possible, Value::Bool),
            Self::ExpeditePossible => known(&facts.expedite_possible, Value::Bool),
            Self::TargetSold => found(&facts.target_sold, Value::Bool),
            Self::OnTargetShare => known(&facts.on_target_share, |share| {
                ratio(share.numerator(), share.denominator())
            }),
            Self::AccountNamed => found(&facts.account_named, Value::Bool),
            Self::AccountHandedOver => found(&facts.account_handed_over, Value::Bool),
            Self::AccountClaimDelay => found(&facts.account_claim_delay, |delay| {
                delay.map_or(Value::Absent, |delay| Value::Duration(delay.nanoseconds()))
            }),
            Self::LoginSeen => found(&facts.login_seen, Value::Bool),
            Self::ProxyUsed => known(&facts.proxy_used, |used| {
                choice(match used {
                    ProxyUsed::Yes => 0,
                    ProxyUsed::No => 1,
                    ProxyUsed::WrongCountry => 2,
                })
            }),
            Self::FaultShown => known(&facts.fault_shown, Value::Bool),
            Self::Subscription => found(&facts.subscription, |status| {
                choice(match status {
                    Subscription::None => 0,
                    Subscription::Active => 1,
                    Subscription::Cancelled => 2,
                })
            }),
            Self::Renewal => found(&facts.renewal, |renewal| {
                choice(match renewal {
                    Renewal::None => 0,
                    Renewal::NotLatest => 1,
                    Renewal::Latest => 2,
                })
            }),
            Self::RenewalAge => found(&facts.renewal_age, |age| {
                age.map_or(Value::Absent, |age| Value::Duration(age.nanoseconds()))
            }),
            Self::PeriodFulfilled => known(&facts.period_fulfilled, Value::Bool),
            Self::UnitsDelivered
            | Self::OpenUndelivered
            | Self::OpenDropped
            | Self::DropShare
            | Self::BelowBaseline => known(&facts.counts, |counts| {
                self.counted(&facts.units_if(counts))
                    .unwrap_or(Value::Absent)
            }),
        }
    }

    /// The value of a counted fact for given counts.
    pub fn counted(self, units: &Units) -> Option<Value> {
        Some(match self {
            Self::UnitsDelivered => whole(units.units_delivered),
            Self::OpenUndelivered => whole(units.open_undelivered),
            Self::OpenDropped => whole(units.open_dropped),
            Self::DropShare => {
                let share = units.drop_share();
                ratio(share.numerator(), share.denominator())
            }
            Self::BelowBaseline => Value::Bool(units.below_baseline),
            _ => return None,
        })
    }
}

/// What a case says about a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The value, and what it rests on.
    Known(Value, Grounds),
    /// Nothing; this is who knows.
    Unknown(Asked),
}

fn found<T: Copy>(fact: &Found<T>, value: impl Fn(T) -> Value) -> Said {
    Said::Known(value(fact.value), fact.grounds)
}

fn known<T: Copy>(fact: &Fact<T>, value: impl Fn(T) -> Value) -> Said {
    match fact {
        Fact::Known(found) => Said::Known(value(found.value), found.grounds),
        Fact::Unknown { ask } => Said::Unknown(*ask),
    }
}

fn choice(place: usize) -> Value {
    Value::Choice(place)
}

/// Units are below 2^53, so they always fit.
fn whole(units: u64) -> Value {
    Value::Int(i64::try_from(units).unwrap_or(i64::MAX))
}

/// Both parts are below 2^120, so they always fit.
fn ratio(numerator: u128, denominator: u128) -> Value {
    let (Ok(numerator), Ok(denominator)) = (i128::try_from(numerator), i128::try_from(denominator))
    else {
        return Value::Ratio(Ratio::whole(1));
    };
    Value::Ratio(Ratio::new(numerator, denominator).unwrap_or(Ratio::whole(1)))
}

/// The vocabulary, for reading policies.
///
/// ```
/// let host = makegood_desk::vocabulary::host();
/// assert!(host.facts.iter().any(|(name, ..)| name == "drop_share"));
/// assert!(host.remedies.iter().any(|(name, takes_quantity)| name == "redeliver" && *takes_quantity));
/// ```
pub fn host() -> Host {
    let fact = |(name, word): &(&str, Word)| {
        let (form, optional) = word.form();
        let kind = match form {
            Form::YesNo => Kind::Bool,
            Form::OneOf(names) => Kind::Enum(owned(names)),
            Form::Whole => Kind::Int,
            Form::Share => Kind::Ratio,
            Form::Length => Kind::Duration,
        };
        ((*name).to_owned(), kind, optional)
    };
    Host {
        name: HOST.to_owned(),
        facts: Word::ALL.iter().map(fact).collect(),
        outcomes: owned(&[
            "refund",
            "support_resolution",
            "declined",
            "review",
            "contest",
            "concede",
        ]),
        remedies: crate::decision::KINDS
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), kind.takes_quantity()))
            .collect(),
        quantities: crate::remedy::Quantity::ALL
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
