// SPDX-License-Identifier: MIT OR Apache-2.0
//! The 42 rows of the contract's table as somebody would write them who knows both Rust and the table: a plain struct, the first
//! row that applies, no diagram. It is what our deciding is timed against, and a third opinion on what is decided.

use makegood_desk::case::{ClaimKind, ServiceKind, Wants};
use makegood_desk::facts::{
    DisputeState, Guarantee, Pace, ProxyUsed, Renewal, Start, State, StopResult, Subscription,
};

/// All facts of a case, known. Durations are in seconds; shares are fractions.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub units_delivered: u64,
    pub open_undelivered: u64,
    pub open_dropped: u64,
    pub dropped: u64,
    pub units_left: u64,
    pub on_target: (u64, u64),
    pub account_claim_delay: Option<i64>,
    pub renewal_age: Option<i64>,
    pub claim: ClaimKind,
    pub wants: Wants,
    pub service_kind: ServiceKind,
    pub dispute: DisputeState,
    pub state: State,
    pub start: Start,
    pub guarantee: Guarantee,
    pub pace: Option<Pace>,
    pub stop_result: StopResult,
    pub proxy_used: ProxyUsed,
    pub subscription: Subscription,
    pub renewal: Renewal,
    pub contact_before_dispute: bool,
    pub money_left: bool,
    pub below_baseline: bool,
    pub redelivery_possible: bool,
    pub expedite_possible: bool,
    pub target_sold: bool,
    pub account_named: bool,
    pub account_handed_over: bool,
    pub login_seen: bool,
    pub fault_shown: bool,
    pub period_fulfilled: bool,
}

const ACCOUNT_CLAIM_WINDOW: i64 = 12 * 3_600;
const RENEWAL_WINDOW: i64 = 72 * 3_600;

macro_rules! rules {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The rules of the policy, by its own names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule { $($variant),+ }

        impl Rule {
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

rules! {
    Concede = "dispute.concede",
    Contest = "dispute.contest",
    ContestUnannounced = "dispute.contest-unannounced",
    SpentLostDispute = "spent.lost-dispute",
    SpentRefunded = "spent.refunded",
    RenewalNoSubscription = "renewal.no-subscription",
    RenewalNoRenewal = "renewal.no-renewal",
    RenewalNotLatest = "renewal.not-latest",
    RenewalLate = "renewal.late",
    RenewalLateCancelled = "renewal.late-cancelled",
    RenewalFulfilled = "renewal.fulfilled",
    RenewalFulfilledCancelled = "renewal.fulfilled-cancelled",
    RenewalRefund = "renewal.refund",
    RenewalRefundCancelled = "renewal.refund-cancelled",
    AccountUnclear = "account.unclear",
    AccountLate = "account.late",
    AccountUsed = "account.used",
    AccountNotShown = "account.not-shown",
    AccountReplace = "account.replace",
    AccountAllRefunded = "account.all-refunded",
    AccountRefund = "account.refund",
    StartOverdueExpedite = "start.overdue-expedite",
    StartOverdue = "start.overdue",
    NothingBelowStart = "nothing.below-start",
    NothingRedeliver = "nothing.redeliver",
    NothingRefund = "nothing.refund",
    TargetNotSold = "target.not-sold",
    TargetEnough = "target.enough",
    TargetReview = "target.review",
    AutoActive = "auto.active",
    AutoManual = "auto.manual",
    DropNone = "drop.none",
    DropNoneMissing = "drop.none-missing",
    DropBelowStart = "drop.below-start",
    DropRedeliver = "drop.redeliver",
    DropAuto = "drop.auto",
    DropRefund = "drop.refund",
    DropSmall = "drop.small",
    DropLarge = "drop.large",
    OtherReview = "other.review",
    LeftRedeliver = "left.redeliver",
    LeftExchange = "left.exchange",
    LeftStopped = "left.stopped",
    LeftCompleted = "left.completed",
    MindDeclined = "mind.declined",
    StartLate = "start.late",
    QueueStopFailed = "queue.stop-failed",
    QueueSlow = "queue.slow",
    QueueNotDue = "queue.not-due",
    PaceStopFailed = "pace.stop-failed",
    PaceOnTime = "pace.on-time",
    PaceExpedite = "pace.expedite",
    PaceBehindStopFailed = "pace.behind-stop-failed",
    DoneStop = "done.stop",
    DoneSlow = "done.slow",
    DoneNothingLeft = "done.nothing-left",
}

/// The first row that applies.
pub fn decide(row: &Row) -> Rule {
    judge(row, row.state)
}

fn judge(row: &Row, state: State) -> Rule {
    let closed = state.is_closed();
    let nothing_delivered = state == State::Completed && row.units_delivered == 0;
    let overdue = row.start == Start::Overdue;
    if row.dispute == DisputeState::Open {
        return match () {
            () if overdue || (nothing_delivered && !row.below_baseline) => Rule::Concede,
            () if row.contact_before_dispute => Rule::Contest,
            () => Rule::ContestUnannounced,
        };
    }
    if row.claim == ClaimKind::Renewal {
        return renewal(row);
    }
    if !row.money_left && row.wants != Wants::Redelivery {
        return match row.dispute {
            DisputeState::Lost => Rule::SpentLostDispute,
            _ => Rule::SpentRefunded,
        };
    }
    if row.claim == ClaimKind::AccountFaulty {
        if row.service_kind != ServiceKind::Account || !row.account_named {
            return Rule::AccountUnclear;
        }
        if row.account_handed_over {
            return account(row);
        }
    }
    if overdue {
        return match row.wants {
            Wants::Redelivery if !closed => Rule::StartOverdueExpedite,
            _ => Rule::StartOverdue,
        };
    }
    if nothing_delivered {
        return match () {
            () if row.below_baseline => Rule::NothingBelowStart,
            () if row.wants == Wants::Redelivery
                && row.open_undelivered > 0
                && row.redelivery_possible =>
            {
                Rule::NothingRedeliver
            }
            () => Rule::NothingRefund,
        };
    }
    if row.claim == ClaimKind::WrongTarget {
        return match () {
            () if !row.target_sold => Rule::TargetNotSold,
            () if 2 * row.on_target.0 >= row.on_target.1 => Rule::TargetEnough,
            () => Rule::TargetReview,
        };
    }
    if row.service_kind == ServiceKind::Auto {
        if row.units_delivered > 0 {
            if !matches!(row.claim, ClaimKind::Dropped | ClaimKind::Other) {
                return Rule::AutoActive;
            }
        } else if !closed && row.claim == ClaimKind::AutoNotWorking {
            return Rule::AutoManual;
        }
    }
    let left_over = closed && row.open_undelivered > 0;
    let drop_claim = match row.claim {
        ClaimKind::Dropped => !left_over,
        ClaimKind::NotReceived | ClaimKind::NotStarted | ClaimKind::Incomplete => {
            closed && !left_over
        }
        _ => false,
    };
    if drop_claim {
        return dropped(row);
    }
    if row.claim == ClaimKind::Other {
        return Rule::OtherReview;
    }
    if left_over {
        return match (row.wants, state) {
            (Wants::Redelivery, _) if row.redelivery_possible => Rule::LeftRedeliver,
            (Wants::Exchange, State::Stopped) => Rule::LeftExchange,
            (_, State::Stopped) => Rule::LeftStopped,
            _ => Rule::LeftCompleted,
        };
    }
    let stop = |failed: Rule| match row.stop_result {
        StopResult::Failed => failed,
        StopResult::Stopped => judge(row, State::Stopped),
    };
    match (row.claim, state) {
        (ClaimKind::ChangedMind | ClaimKind::NoBenefit | ClaimKind::Quality, _) => {
            Rule::MindDeclined
        }
        (ClaimKind::NotStarted, _) if row.start == Start::Late => Rule::StartLate,
        (ClaimKind::Stop, State::Queued) => stop(Rule::QueueStopFailed),
        (ClaimKind::Slow, State::Queued) => Rule::QueueSlow,
        (_, State::Queued) => Rule::QueueNotDue,
        (ClaimKind::Stop, State::InProgress) => stop(Rule::PaceStopFailed),
        (_, State::InProgress) if row.pace == Some(Pace::OnTime) => Rule::PaceOnTime,
        (_, State::InProgress) if row.expedite_possible => Rule::PaceExpedite,
        (_, State::InProgress) => stop(Rule::PaceBehindStopFailed),
        (ClaimKind::Stop, _) => Rule::DoneStop,
        (ClaimKind::Slow, _) => Rule::DoneSlow,
        _ => Rule::DoneNothingLeft,
    }
}

fn renewal(row: &Row) -> Rule {
    let cancelled = row.subscription == Subscription::Cancelled;
    let late = row.renewal_age.is_some_and(|age| age > RENEWAL_WINDOW);
    match (row.subscription, row.renewal) {
        (Subscription::None, _) => Rule::RenewalNoSubscription,
        (_, Renewal::None) => Rule::RenewalNoRenewal,
        (_, Renewal::NotLatest) => Rule::RenewalNotLatest,
        _ if late && cancelled => Rule::RenewalLateCancelled,
        _ if late => Rule::RenewalLate,
        _ if row.period_fulfilled && cancelled => Rule::RenewalFulfilledCancelled,
        _ if row.period_fulfilled => Rule::RenewalFulfilled,
        _ if cancelled => Rule::RenewalRefundCancelled,
        _ => Rule::RenewalRefund,
    }
}

fn account(row: &Row) -> Rule {
    match row.account_claim_delay {
        Some(delay) if delay > ACCOUNT_CLAIM_WINDOW => Rule::AccountLate,
        _ if row.login_seen => Rule::AccountUsed,
        _ if row.proxy_used != ProxyUsed::Yes || !row.fault_shown => Rule::AccountNotShown,
        _ if row.wants == Wants::Redelivery => Rule::AccountReplace,
        _ if row.units_left == 0 => Rule::AccountAllRefunded,
        _ => Rule::AccountRefund,
    }
}

fn dropped(row: &Row) -> Rule {
    match row.guarantee {
        _ if row.open_dropped == 0 && row.claim == ClaimKind::Dropped => Rule::DropNone,
        _ if row.open_dropped == 0 => Rule::DropNoneMissing,
        _ if row.below_baseline => Rule::DropBelowStart,
        Guarantee::Running if row.redelivery_possible => Rule::DropRedeliver,
        Guarantee::Running if row.service_kind == ServiceKind::Auto => Rule::DropAuto,
        Guarantee::Running => Rule::DropRefund,
        Guarantee::Ended if 10 * row.dropped <= row.units_delivered => Rule::DropSmall,
        Guarantee::Ended => Rule::DropLarge,
    }
}
