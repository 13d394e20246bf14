// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a case file shows: each fact with what it rests on, and whom to ask where it shows nothing.
//!
//! A fact is known or unknown, and unknown is not false. *Absent* (known not to exist: the pace of an order that is closed) is a value.

use crate::amount::{Amount, Balance, Ratio};
use crate::case::{
    CaseFile, ClaimKind, DisputeStatus, Duration, Event, Instant, PaymentKind, ServiceKind, Shows,
    Subscription as SubscriptionStatus, Wants,
};
use crate::units::{Counted, CountedBy, Counts, Units, count};

/// A fact that the case file always shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// What it is.
    pub value: T,
    /// What that rests on.
    pub grounds: Grounds,
}

/// A fact that the case file may leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// The case file shows it.
    Known(Found<T>),
    /// It does not; somebody has to be asked.
    Unknown {
        /// Who.
        ask: Asked,
    },
}

impl<T: Copy> Fact<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(found) => Some(found.value),
            Self::Unknown { .. } => None,
        }
    }

    /// Who is asked, if it is not known.
    pub fn asked(&self) -> Option<Asked> {
        match self {
            Self::Known(_) => None,
            Self::Unknown { ask } => Some(*ask),
        }
    }

    const fn new(value: T, grounds: Grounds) -> Self {
        Self::Known(Found { value, grounds })
    }
}

/// Who is asked about a fact that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asked {
    /// The customer.
    Customer,
    /// Support, who have the evidence and have not looked at it.
    Support,
    /// The technical team.
    TechnicalTeam,
}

/// What a fact rests on. Numbers are places in the lists of the file, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grounds {
    /// What was ordered.
    Order,
    /// What is claimed.
    Claim,
    /// The subscription.
    Subscription,
    /// The answers of the technical team.
    Findings,
    /// The delivery log, by what it does not have.
    LogWithout,
    /// An entry of the delivery log.
    Log(usize),
    /// Entries of the delivery log, from one to another.
    LogPair(usize, usize),
    /// A piece of evidence.
    Evidence(usize),
    /// A payment.
    Payment(usize),
    /// The payments, all of them.
    Payments,
    /// A dispute.
    Dispute(usize),
    /// The disputes, by what they do not have.
    Disputes,
    /// A dispute and the contact before it.
    DisputeAfterContact(usize, usize),
    /// The price, less refunds and lost disputes.
    Balance,
}

/// Where a dispute stands that matters most: an open one before a lost one. A dispute that was won leaves none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DisputeState {
    /// No dispute, or won.
    None,
    /// One was lost, and none is open.
    Lost,
    /// One is open.
    Open,
}

/// How far the order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Not begun.
    Queued,
    /// Begun.
    InProgress,
    /// Delivered, as fulfilment sees it.
    Completed,
    /// Stopped.
    Stopped,
}

impl State {
    /// Is nothing more to come?
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Stopped)
    }
}

/// How the start stands against the start window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Start {
    /// Begun within the window.
    InTime,
    /// Begun after it.
    Late,
    /// Not begun, and the window still ran.
    NotDue,
    /// Not begun, and the window was over.
    Overdue,
}

/// Whether the drop guarantee ran when the claim was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guarantee {
    /// It did.
    Running,
    /// It had ended.
    Ended,
}

/// Whether an order in progress keeps the speed promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pace {
    /// It does.
    OnTime,
    /// It should have been delivered by now.
    Behind,
}

/// What came of an attempt to stop the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StopResult {
    /// It was stopped.
    Stopped,
    /// It cannot be.
    Failed,
}

/// Whether the account was used through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyUsed {
    /// It was.
    Yes,
    /// It was not.
    No,
    /// It was, but not of the country that was sold.
    WrongCountry,
}

/// Whether the order renews.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subscription {
    /// It never did.
    None,
    /// It does.
    Active,
    /// It did.
    Cancelled,
}

/// How the claimed payment stands among the payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renewal {
    /// No payment is a renewal.
    None,
    /// The claimed payment is not the last, or is no renewal.
    NotLatest,
    /// The claimed payment is the last, and a renewal.
    Latest,
}

/// All facts of a case, by the names that policies use.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// What is claimed.
    pub claim: Found<ClaimKind>,
    /// What is wished for.
    pub wants: Found<Wants>,
    /// The kind of service.
    pub service_kind: Found<ServiceKind>,
    /// Chargebacks.
    pub dispute: Found<DisputeState>,
    /// Did the customer write before opening the first open dispute?
    pub contact_before_dispute: Found<bool>,
    /// Is anything left to refund?
    pub money_left: Found<bool>,
    /// How far the order is.
    pub state: Found<State>,
    /// How the start stands against the window.
    pub start: Found<Start>,
    /// What arrived and what dropped, known together or not at all; as numbers of units under [`Facts::units`].
    pub counts: Fact<Counts>,
    /// The units that are not refunded.
    pub units_left: Found<u64>,
    /// Did the guarantee run when the claim was made?
    pub guarantee: Found<Guarantee>,
    /// The speed; absent unless in progress.
    pub pace: Fact<Option<Pace>>,
    /// What came of stopping.
    pub stop_result: Fact<StopResult>,
    /// Can it be delivered again?
    pub redelivery_possible: Fact<bool>,
    /// Can it be hurried?
    pub expedite_possible: Fact<bool>,
    /// Was a target sold?
    pub target_sold: Found<bool>,
    /// The share of the audience in the target.
    pub on_target_share: Fact<Ratio>,
    /// Does the claim name an account?
    pub account_named: Found<bool>,
    /// Was that account handed over?
    pub account_handed_over: Found<bool>,
    /// How long after its first handing over it was claimed; absent if it was not handed over, negative if it was claimed before.
    pub account_claim_delay: Found<Option<Duration>>,
    /// Has somebody logged in to it?
    pub login_seen: Found<bool>,
    /// Was it used through a proxy?
    pub proxy_used: Fact<ProxyUsed>,
    /// Is its fault to be seen?
    pub fault_shown: Fact<bool>,
    /// Does the order renew?
    pub subscription: Found<Subscription>,
    /// How the claimed payment stands among the payments.
    pub renewal: Found<Renewal>,
    /// How long after the claimed payment it was claimed; absent unless that is the latest renewal.
    pub renewal_age: Found<Option<Duration>>,
    /// Was the claimed period delivered in full?
    pub period_fulfilled: Fact<bool>,
    /// The numbers behind the facts, to show the working.
    pub observed: Observed,
}

/// The numbers behind the facts, to show the working and to come to amounts.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// P, Q, A, R and L.
    pub balance: Balance,
    /// The counts, and how they were come by.
    pub counted: Counted,
    /// The first entry that shows a start: its place in the log and its time.
    pub first_start: Option<(usize, Instant)>,
    /// The end of the start window.
    pub start_deadline: Instant,
    /// What closed the order: its place in the log and its time.
    pub closing: Option<(usize, Instant)>,
    /// The end of the guarantee, once the order is closed.
    pub guarantee_end: Option<Instant>,
    /// The first handing over of the claimed account: its place in the log and its time.
    pub handed_over: Option<(usize, Instant)>,
    /// The dispute that is meant: the open one that was opened first; its place in the file.
    pub open_dispute: Option<usize>,
    /// The claimed payment: its place in the file.
    pub claimed_payment: Option<usize>,
    /// The claimed payment, whole.
    pub renewal_paid: Amount,
    /// What is left of the claimed payment: less refunds and lost disputes at or after it.
    pub renewal_left: Amount,
}

impl Facts {
    /// What the case file shows.
    pub fn of(case: &CaseFile) -> Self {
        let log = Seen::of(case);
        let (order, service, claim) = (&case.order, &case.order.service, &case.claim);
        let refunded_units = case
            .refunds_so_far()
            .fold(0_u64, |sum, (_, refund)| sum.saturating_add(refund.units));
        let refunded_minor = case
            .refunds_so_far()
            .map(|(_, refund)| u128::from(refund.amount.minor()))
            .sum();
        let lost = || {
            case.disputes_so_far()
                .filter(|(_, dispute)| dispute.status == DisputeStatus::Lost)
        };
        let lost_minor = lost()
            .map(|(_, dispute)| u128::from(dispute.amount.minor()))
            .sum();
        let balance = Balance {
            price: order.price,
            units_ordered: order.quantity,
            refunded_minor,
            refunded_units,
            lost_minor,
        };

        let open_dispute = case.first_open_dispute();
        let dispute = match (open_dispute, lost().next()) {
            (Some((open, _)), _) => found(DisputeState::Open, Grounds::Dispute(open)),
            (None, Some((lost, _))) => found(DisputeState::Lost, Grounds::Dispute(lost)),
            (None, None) => found(DisputeState::None, Grounds::Disputes),
        };
        let contact_before_dispute = match open_dispute {
            None => found(false, Grounds::Disputes),
            Some((place, open)) => {
                let before = |contact: &crate::case::Contact| contact.at < open.opened_at;
                match case.contacts.iter().position(before) {
                    Some(contact) => found(true, Grounds::DisputeAfterContact(place, contact)),
                    None => found(false, Grounds::Dispute(place)),
                }
            }
        };

        let (state, closing) = match (log.stopped, log.completed, log.first_start) {
            (Some(stopped), ..) => (State::Stopped, Some(stopped)),
            (None, Some(completed), _) => (State::Completed, Some(completed)),
            (None, None, Some(_)) => (State::InProgress, None),
            (None, None, None) => (State::Queued, None),
        };
        let state_grounds = match (closing, log.first_start) {
            (Some((place, _)), _) | (None, Some((place, _))) => Grounds::Log(place),
            (None, None) => Grounds::LogWithout,
        };
        let start_deadline = order.placed_at.plus(service.start_within);
        let start = match log.first_start {
            Some((place, at)) if at <= start_deadline => found(Start::InTime, Grounds::Log(place)),
            Some((place, _)) => found(Start::Late, Grounds::Log(place)),
            None => {
                // An order that was closed without a start is judged by when it was closed.
                let (reference, grounds) = match closing {
                    Some((place, at)) => (at, Grounds::Log(place)),
                    None => (case.as_of, Grounds::LogWithout),
                };
                if reference > start_deadline {
                    found(Start::Overdue, grounds)
                } else {
                    found(Start::NotDue, grounds)
                }
            }
        };
        let guarantee_end = closing.map(|(_, at)| at.plus(service.guarantee));
        let guarantee = match (closing, guarantee_end) {
            (Some((place, _)), Some(end)) if claim.at > end => {
                found(Guarantee::Ended, Grounds::Log(place))
            }
            (Some((place, _)), _) => found(Guarantee::Running, Grounds::Log(place)),
            (None, _) => found(Guarantee::Running, Grounds::LogWithout),
        };
        let pace = match (state, log.first_start, service.units_per_day) {
            (State::InProgress, Some((place, at)), Some(per_day)) => {
                let pace = pace(case.as_of.since(at), order.quantity, per_day);
                Fact::new(Some(pace), Grounds::Log(place))
            }
            (State::InProgress, _, _) => technical_team(),
            _ => Fact::new(None, state_grounds),
        };
        let stop_result = match (log.stopped, log.last_stop) {
            (Some((place, _)), _) => Fact::new(StopResult::Stopped, Grounds::Log(place)),
            (None, Some((place, true))) => Fact::new(StopResult::Failed, Grounds::Log(place)),
            (None, _) => technical_team(),
        };

        let counted = count(case, log.first_start.is_some());
        let counts = match (counted.counts, counted.by) {
            (None, _) => technical_team(),
            (Some(counts), by) => Fact::new(
                counts,
                match by {
                    CountedBy::Accounts(Some((first, last)))
                    | CountedBy::Reports {
                        between: (first, last),
                        ..
                    }
                    | CountedBy::Counter {
                        baseline_at: first,
                        current_at: last,
                        ..
                    } => {
                        if first == last {
                            Grounds::Log(first)
                        } else {
                            Grounds::LogPair(first, last)
                        }
                    }
                    CountedBy::NotStarted | CountedBy::NoBaseline | CountedBy::Accounts(None) => {
                        Grounds::LogWithout
                    }
                },
            ),
        };

        let proofs = Proofs::of(case);
        let renewals = Renewals::of(case, lost_minor);
        Self {
            claim: found(claim.kind, Grounds::Claim),
            wants: found(claim.wants, Grounds::Claim),
            service_kind: found(service.kind, Grounds::Order),
            dispute,
            contact_before_dispute,
            money_left: found(!balance.left().is_zero(), Grounds::Balance),
            state: found(state, state_grounds),
            start,
            counts,
            units_left: found(balance.units_left(), Grounds::Balance),
            guarantee,
            pace,
            stop_result,
            redelivery_possible: finding(case.findings.redelivery_possible),
            expedite_possible: finding(case.findings.expedite_possible),
            target_sold: found(service.target_country.is_some(), Grounds::Order),
            on_target_share: proofs.on_target_share,
            account_named: found(claim.account.is_some(), Grounds::Claim),
            account_handed_over: match log.handed_over {
                Some((place, _)) => found(true, Grounds::Log(place)),
                None => found(false, Grounds::LogWithout),
            },
            account_claim_delay: match log.handed_over {
                Some((place, at)) => found(Some(claim.at.since(at)), Grounds::Log(place)),
                None => found(None, Grounds::LogWithout),
            },
            login_seen: match log.login {
                Some(place) => found(true, Grounds::Log(place)),
                None => found(false, Grounds::LogWithout),
            },
            proxy_used: proofs.proxy_used,
            fault_shown: proofs.fault_shown,
            subscription: found(
                match case.subscription {
                    None => Subscription::None,
                    Some(SubscriptionStatus::Active) => Subscription::Active,
                    Some(SubscriptionStatus::Cancelled) => Subscription::Cancelled,
                },
                Grounds::Subscription,
            ),
            renewal: renewals.renewal,
            renewal_age: renewals.age,
            period_fulfilled: renewals.fulfilled,
            observed: Observed {
                balance,
                counted,
                first_start: log.first_start,
                start_deadline,
                closing,
                guarantee_end,
                handed_over: log.handed_over,
                open_dispute: open_dispute.map(|(place, _)| place),
                claimed_payment: renewals.claimed,
                renewal_paid: renewals.paid,
                renewal_left: renewals.left,
            },
        }
    }

    /// The counts as the policy asks about them, if they are known.
    pub fn units(&self) -> Option<Units> {
        self.counts.known().map(|counts| self.units_if(counts))
    }

    /// The counts as the policy would ask about them, if they were these.
    pub fn units_if(&self, counts: Counts) -> Units {
        let balance = &self.observed.balance;
        counts.units(balance.units_ordered, balance.refunded_units)
    }

    /// The facts as they would be if the order were stopped at `as_of`: what is judged where stopping it may succeed.
    #[must_use]
    pub fn stopped_now(&self) -> Self {
        let grounds = self.state.grounds;
        // The guarantee then begins at `as_of`, and no claim is later than that.
        Self {
            state: found(State::Stopped, grounds),
            guarantee: found(Guarantee::Running, grounds),
            pace: Fact::new(None, grounds),
            stop_result: Fact::new(StopResult::Stopped, grounds),
            ..*self
        }
    }
}

const fn found<T>(value: T, grounds: Grounds) -> Found<T> {
    Found { value, grounds }
}

const fn technical_team<T>() -> Fact<T> {
    Fact::Unknown {
        ask: Asked::TechnicalTeam,
    }
}

fn finding(answer: Option<bool>) -> Fact<bool> {
    answer.map_or_else(technical_team, |value| Fact::new(value, Grounds::Findings))
}

/// Behind, if more time has gone by since the start than `quantity / per_day` days.
fn pace(elapsed: Duration, quantity: u64, per_day: u64) -> Pace {
    let promised = i128::from(quantity).saturating_mul(Duration::DAY.nanoseconds());
    let gone = elapsed.nanoseconds().saturating_mul(i128::from(per_day));
    if gone > promised {
        Pace::Behind
    } else {
        Pace::OnTime
    }
}

/// What one reading of the delivery log shows. Places are those of the file.
#[derive(Default)]
struct Seen {
    first_start: Option<(usize, Instant)>,
    stopped: Option<(usize, Instant)>,
    completed: Option<(usize, Instant)>,
    /// The last entry about stopping, and whether it says that it failed.
    last_stop: Option<(usize, bool)>,
    handed_over: Option<(usize, Instant)>,
    login: Option<usize>,
}

impl Seen {
    fn of(case: &CaseFile) -> Self {
        let mut seen = Self::default();
        let claimed = case.claim.account.as_deref();
        for (place, entry) in case.log() {
            let here = (place, entry.at);
            match &entry.event {
                Event::Started { .. }
                | Event::Count { .. }
                | Event::Delivered { .. }
                | Event::HandedOver { .. } => {
                    seen.first_start.get_or_insert(here);
                }
                Event::Completed => {
                    seen.completed.get_or_insert(here);
                }
                Event::Stopped => {
                    seen.stopped.get_or_insert(here);
                    seen.last_stop = Some((place, false));
                }
                Event::StopRequested => seen.last_stop = Some((place, false)),
                Event::StopFailed => seen.last_stop = Some((place, true)),
                Event::Login { account } if claimed == Some(&**account) => {
                    seen.login.get_or_insert(place);
                }
                Event::Redelivery { .. } | Event::Login { .. } => {}
            }
            match &entry.event {
                Event::HandedOver { account } if claimed == Some(&**account) => {
                    seen.handed_over.get_or_insert(here);
                }
                _ => {}
            }
        }
        seen
    }
}

/// What the evidence shows: the last of a kind counts, for accounts the last about the claimed one.
struct Proofs {
    on_target_share: Fact<Ratio>,
    proxy_used: Fact<ProxyUsed>,
    fault_shown: Fact<bool>,
}

impl Proofs {
    fn of(case: &CaseFile) -> Self {
        let customer = Asked::Customer;
        let mut proofs = Self {
            on_target_share: Fact::Unknown { ask: customer },
            proxy_used: Fact::Unknown { ask: customer },
            fault_shown: Fact::Unknown { ask: customer },
        };
        let claimed = case.claim.account.as_deref();
        let target = case.order.service.target_country;
        for (place, evidence) in case.evidence.iter().enumerate() {
            let verified = evidence.verified;
            match &evidence.shows {
                Shows::AudienceStatistics { on_target_share } => {
                    proofs.on_target_share = proof(verified, place, *on_target_share);
                }
                Shows::AccountFault { account, shown } if claimed == Some(&**account) => {
                    proofs.fault_shown = proof(verified, place, *shown);
                }
                Shows::Proxy {
                    account,
                    used,
                    country,
                } if claimed == Some(&**account) => {
                    let used = match (*used, target) {
                        (false, _) => ProxyUsed::No,
                        (true, Some(target)) if *country != Some(target) => ProxyUsed::WrongCountry,
                        (true, _) => ProxyUsed::Yes,
                    };
                    proofs.proxy_used = proof(verified, place, used);
                }
                Shows::AccountFault { .. } | Shows::Proxy { .. } => {}
            }
        }
        proofs
    }
}

/// Evidence that nobody has looked at leaves its fact unknown.
fn proof<T>(verified: bool, place: usize, value: T) -> Fact<T> {
    if verified {
        Fact::Known(found(value, Grounds::Evidence(place)))
    } else {
        Fact::Unknown {
            ask: Asked::Support,
        }
    }
}

/// What the payments show.
struct Renewals {
    renewal: Found<Renewal>,
    age: Found<Option<Duration>>,
    fulfilled: Fact<bool>,
    claimed: Option<usize>,
    paid: Amount,
    left: Amount,
}

impl Renewals {
    fn of(case: &CaseFile, lost_minor: u128) -> Self {
        let nothing = Amount::new(0, case.order.price.currency());
        let any = case
            .payments_so_far()
            .any(|(_, payment)| payment.kind == PaymentKind::Renewal);
        let claimed = case.claimed_payment();
        let mut renewals = Self {
            renewal: found(Renewal::None, Grounds::Payments),
            age: found(None, Grounds::Payments),
            fulfilled: technical_team(),
            claimed: claimed.map(|(place, _)| place),
            paid: nothing,
            left: nothing,
        };
        let Some((place, payment)) = claimed.filter(|_| any) else {
            return renewals;
        };
        let grounds = Grounds::Payment(place);
        let is_last = case.last_payment().is_some_and(|(last, _)| last == place);
        if !is_last || payment.kind != PaymentKind::Renewal {
            renewals.renewal = found(Renewal::NotLatest, grounds);
            return renewals;
        }
        let refunded: u128 = case
            .refunds_so_far()
            .filter(|(_, refund)| refund.at >= payment.at)
            .map(|(_, refund)| u128::from(refund.amount.minor()))
            .sum();
        let lost: u128 = if lost_minor == 0 {
            0
        } else {
            case.disputes_so_far()
                .filter(|(_, dispute)| {
                    dispute.status == DisputeStatus::Lost && dispute.opened_at >= payment.at
                })
                .map(|(_, dispute)| u128::from(dispute.amount.minor()))
                .sum()
        };
        let left = u128::from(payment.amount.minor())
            .saturating_sub(refunded)
            .saturating_sub(lost);
        renewals.renewal = found(Renewal::Latest, grounds);
        renewals.age = found(Some(case.claim.at.since(payment.at)), grounds);
        renewals.fulfilled = payment
            .fulfilled
            .map_or_else(technical_team, |value| Fact::new(value, grounds));
        renewals.paid = payment.amount;
        renewals.left = Amount::new(
            u64::try_from(left).unwrap_or(u64::MAX),
            payment.amount.currency(),
        );
        renewals
    }
}
