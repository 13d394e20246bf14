// SPDX-License-Identifier: MIT OR Apache-2.0
//! A second opinion: the contract's table read from top to bottom, rule after rule, in plain Rust.
//!
//! It shares the facts with the desk and nothing else: no policy, no diagram, no exceptions. Where facts are unknown it tries every way
//! to fill them in, all of them together, and compares what comes out pair by pair, as the contract words it. It is slow and means to be.
#![allow(
    dead_code,
    reason = "each test that shares this module uses a part of it"
)]

pub mod random;

use std::collections::BTreeMap;

use makegood_desk::amount::Ratio;
use makegood_desk::case::{CaseFile, ClaimKind as Claim, Duration, ServiceKind, Wants};
use makegood_desk::facts::{
    Asked, DisputeState, Fact, Facts, Guarantee, Pace, ProxyUsed, Renewal, Start, State,
    StopResult, Subscription,
};
use makegood_desk::units::Counts;

/// What the contract fixes of a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    pub outcome: &'static str,
    /// Nothing where information is missing.
    pub clause: Option<&'static str>,
    /// The row of the contract's table that is cited; 0 where information is missing.
    pub rule: u8,
    /// Remedies as `kind`, units, minor units, and the account or dispute; sorted.
    pub remedies: Vec<Remedy>,
    /// Missing facts and who is asked; sorted.
    pub missing: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remedy {
    pub kind: &'static str,
    pub units: Option<u64>,
    pub minor: Option<u64>,
    pub name: Option<String>,
}

/// All that the table asks about, with nothing unknown.
#[derive(Clone, Copy, Debug)]
struct World {
    counts: Counts,
    pace: Option<Pace>,
    /// What comes of trying to stop the order, where a rule tries.
    stops: bool,
    redelivery_possible: bool,
    expedite_possible: bool,
    on_target: Ratio,
    proxy_used: ProxyUsed,
    fault_shown: bool,
    period_fulfilled: bool,
    // Changed by judging again.
    state: State,
    guarantee: Guarantee,
}

/// What one row of the table comes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    outcome: &'static str,
    remedies: Vec<Remedy>,
    clause: &'static str,
    rule: u8,
}

/// A verdict as the contract writes decisions.
pub fn json(case: &CaseFile, verdict: &Verdict) -> serde_json::Value {
    let remedy = |remedy: &Remedy| {
        let name = if remedy.kind == "replace_account" {
            "account"
        } else {
            "dispute"
        };
        let mut value = serde_json::json!({"kind": remedy.kind});
        if let Some(units) = remedy.units {
            value["units"] = units.into();
        }
        if let Some(minor) = remedy.minor {
            value["amount"] = serde_json::json!({"amount": minor, "currency": case.order.price.currency().code()});
        }
        if let Some(text) = &remedy.name {
            value[name] = text.as_str().into();
        }
        value
    };
    let missing = |(fact, ask): &(&str, &str)| serde_json::json!({"fact": fact, "ask": ask});
    serde_json::json!({
        "order": case.order.number, "outcome": verdict.outcome, "clause": verdict.clause,
        "remedies": verdict.remedies.iter().map(remedy).collect::<Vec<_>>(),
        "missing": verdict.missing.iter().map(missing).collect::<Vec<_>>(),
    })
}

/// Decides a case by the contract's table.
pub fn decide(case: &CaseFile) -> Verdict {
    let facts = Facts::of(case);
    let unknown = Unknown::of(case, &facts);
    let worlds = unknown.worlds();
    let rows: Vec<Row> = worlds
        .iter()
        .map(|choice| judge(case, &facts, unknown.world(&facts, choice)))
        .collect();

    let mut missing = Vec::new();
    for (axis, (name, ask, _)) in unknown.axes.iter().enumerate() {
        // Two ways to fill in everything that differ in this fact alone: grouped by all the other facts.
        let mut seen: BTreeMap<Vec<usize>, (&'static str, &Vec<Remedy>)> = BTreeMap::new();
        let matters = worlds.iter().zip(&rows).any(|(choice, row)| {
            let mut others = choice.clone();
            others.remove(axis);
            let effect = (row.outcome, &row.remedies);
            *seen.entry(others).or_insert(effect) != effect
        });
        if matters {
            missing.push((*name, *ask));
        }
    }
    if !missing.is_empty() {
        missing.sort_unstable();
        return Verdict {
            outcome: "needs_information",
            clause: None,
            rule: 0,
            remedies: Vec::new(),
            missing,
        };
    }
    let first = rows.into_iter().min_by_key(|row| row.rule).expect("a row");
    Verdict {
        outcome: first.outcome,
        clause: Some(first.clause),
        rule: first.rule,
        remedies: first.remedies,
        missing,
    }
}

/// The unknown facts: each with who is asked and in how many ways it can be filled in.
struct Unknown {
    axes: Vec<(&'static str, &'static str, usize)>,
    counts: Vec<Counts>,
}

impl Unknown {
    fn of(case: &CaseFile, facts: &Facts) -> Self {
        let mut axes = Vec::new();
        let mut counts = Vec::new();
        if let Fact::Unknown { ask } = facts.counts {
            counts = possible_counts(case.order.quantity, facts.observed.balance.refunded_units);
            axes.push(("counts", name(ask), counts.len()));
        }
        let mut axis = |fact, ask: Option<Asked>, ways| {
            if let Some(ask) = ask {
                axes.push((fact, name(ask), ways));
            }
        };
        axis("pace", facts.pace.asked(), 2);
        axis("stop_result", facts.stop_result.asked(), 2);
        axis("redelivery_possible", facts.redelivery_possible.asked(), 2);
        axis("expedite_possible", facts.expedite_possible.asked(), 2);
        axis("on_target_share", facts.on_target_share.asked(), 4);
        axis("proxy_used", facts.proxy_used.asked(), 3);
        axis("fault_shown", facts.fault_shown.asked(), 2);
        axis("period_fulfilled", facts.period_fulfilled.asked(), 2);
        let mut unknown = Self { axes, counts };
        unknown.forget_what_no_row_reads(facts);
        unknown
    }

    /// Facts that no row can come to are left at their first filling: trying them changes no answer, and multiplies the work.
    fn forget_what_no_row_reads(&mut self, facts: &Facts) {
        let claim = facts.claim.value;
        let open = matches!(facts.state.value, State::Queued | State::InProgress);
        self.axes.retain(|(fact, _, _)| match *fact {
            "on_target_share" => claim == Claim::WrongTarget,
            "proxy_used" | "fault_shown" => claim == Claim::AccountFaulty,
            "period_fulfilled" => claim == Claim::Renewal,
            "stop_result" => open,
            _ => true,
        });
    }

    /// Every way to fill in all of them together.
    fn worlds(&self) -> Vec<Vec<usize>> {
        let mut worlds = vec![Vec::new()];
        for (_, _, ways) in &self.axes {
            worlds = worlds
                .into_iter()
                .flat_map(|world| {
                    (0..*ways).map(move |way| {
                        let mut longer = world.clone();
                        longer.push(way);
                        longer
                    })
                })
                .collect();
        }
        worlds
    }

    fn world(&self, facts: &Facts, choice: &[usize]) -> World {
        let way = |fact: &str| {
            let axis = self.axes.iter().position(|(name, _, _)| *name == fact);
            axis.map_or(0, |axis| choice[axis])
        };
        let shares = [
            Ratio::ZERO,
            Ratio::new(49_999, 100_000).expect("a ratio"),
            Ratio::new(1, 2).expect("a ratio"),
            Ratio::ONE,
        ];
        let yes = |fact: &Fact<bool>, name| fact.known().unwrap_or(way(name) == 1);
        World {
            counts: facts
                .counts
                .known()
                .unwrap_or_else(|| self.counts[way("counts")]),
            pace: facts
                .pace
                .known()
                .unwrap_or(Some([Pace::OnTime, Pace::Behind][way("pace")])),
            stops: match facts.stop_result.known() {
                Some(result) => result == StopResult::Stopped,
                None => way("stop_result") == 1,
            },
            redelivery_possible: yes(&facts.redelivery_possible, "redelivery_possible"),
            expedite_possible: yes(&facts.expedite_possible, "expedite_possible"),
            on_target: facts
                .on_target_share
                .known()
                .unwrap_or(shares[way("on_target_share")]),
            proxy_used: facts.proxy_used.known().unwrap_or(
                [ProxyUsed::Yes, ProxyUsed::No, ProxyUsed::WrongCountry][way("proxy_used")],
            ),
            fault_shown: yes(&facts.fault_shown, "fault_shown"),
            period_fulfilled: yes(&facts.period_fulfilled, "period_fulfilled"),
            state: facts.state.value,
            guarantee: facts.guarantee.value,
        }
    }
}

/// All counts there can be; of a large order a generous choice of them round everything that a row compares with.
fn possible_counts(ordered: u64, refunded: u64) -> Vec<Counts> {
    let mut delivered: Vec<u64>;
    if ordered <= 40 {
        delivered = (0..=ordered).collect();
    } else {
        let kink = ordered.saturating_sub(refunded);
        delivered = [0, 10, 20, ordered / 2, ordered, kink, kink / 2]
            .iter()
            .flat_map(|middle| middle.saturating_sub(2)..=middle.saturating_add(2))
            .filter(|delivered| *delivered <= ordered)
            .collect();
        delivered.sort_unstable();
        delivered.dedup();
    }
    let mut counts = Vec::new();
    for delivered in delivered {
        let mut dropped: Vec<u64> = if ordered <= 40 {
            (0..=delivered).collect()
        } else {
            // Refunds beyond what never arrived are taken off what dropped.
            let off = refunded.saturating_sub(ordered - delivered);
            [0, delivered / 10, off, delivered]
                .iter()
                .flat_map(|middle| middle.saturating_sub(1)..=middle.saturating_add(1))
                .filter(|dropped| *dropped <= delivered)
                .collect()
        };
        dropped.sort_unstable();
        dropped.dedup();
        for dropped in dropped {
            counts.push(Counts {
                delivered,
                dropped,
                below_baseline: false,
            });
            if dropped == delivered {
                counts.push(Counts {
                    delivered,
                    dropped,
                    below_baseline: true,
                });
            }
        }
    }
    counts
}

fn name(ask: Asked) -> &'static str {
    match ask {
        Asked::Customer => "customer",
        Asked::Support => "support",
        Asked::TechnicalTeam => "technical_team",
    }
}

/// A fraction rounded half up, by the schoolbook.
fn round_half_up(dividend: i128, divisor: i128) -> i128 {
    (2 * dividend + divisor).div_euclid(2 * divisor)
}

/// The contract's 42 rows, the first that applies.
fn judge(case: &CaseFile, facts: &Facts, world: World) -> Row {
    let claim = facts.claim.value;
    let wants = facts.wants.value;
    let service = facts.service_kind.value;
    let state = world.state;
    let closed = matches!(state, State::Completed | State::Stopped);
    let overdue = facts.start.value == Start::Overdue;
    let subscription = facts.subscription.value;

    // Amounts, written out again.
    let price = i128::from(case.order.price.minor());
    let ordered = i128::from(case.order.quantity);
    let (mut refunded_money, mut refunded_units, mut lost_money) = (0_i128, 0_i128, 0_i128);
    for refund in case.refunds.iter().filter(|refund| refund.at <= case.as_of) {
        refunded_money += i128::from(refund.amount.minor());
        refunded_units += i128::from(refund.units);
    }
    for dispute in case.disputes.iter().filter(|d| d.opened_at <= case.as_of) {
        if dispute.status == makegood_desk::case::DisputeStatus::Lost {
            lost_money += i128::from(dispute.amount.minor());
        }
    }
    let left = price - refunded_money - lost_money;
    let worth = |units: i128| {
        let total = round_half_up(price * (refunded_units + units), ordered);
        (total - refunded_money).max(0).min(left)
    };

    let delivered = i128::from(world.counts.delivered);
    let dropped = i128::from(world.counts.dropped);
    let below = world.counts.below_baseline;
    let undelivered = ordered - delivered;
    let open_undelivered = (undelivered - refunded_units).max(0);
    let open_dropped = (dropped - (refunded_units - undelivered).max(0)).max(0);
    let refundable_dropped = if world.guarantee == Guarantee::Running && !below {
        open_dropped
    } else {
        0
    };

    let row = |rule, outcome, clause, remedies: Vec<Remedy>| Row {
        outcome,
        remedies,
        clause,
        rule,
    };
    let declined = |rule, clause| row(rule, "declined", clause, Vec::new());
    let review = |rule, clause| row(rule, "review", clause, Vec::new());
    let support = |rule, clause, remedy| row(rule, "support_resolution", clause, vec![remedy]);
    let refund = |rule, clause, units: i128, amount: i128| {
        if amount <= 0 {
            return declined(rule, clause);
        }
        let outcome = if amount == price {
            "refund"
        } else {
            "partial_refund"
        };
        row(rule, outcome, clause, vec![money("refund", units, amount)])
    };
    let full_units = (ordered - refunded_units).max(0);
    let try_to_stop = |rule| {
        if world.stops {
            judge(
                case,
                facts,
                World {
                    state: State::Stopped,
                    guarantee: Guarantee::Running,
                    pace: None,
                    ..world
                },
            )
        } else {
            declined(rule, "5.7")
        }
    };

    if facts.dispute.value == DisputeState::Open {
        let (_, dispute) = case.first_open_dispute().expect("an open dispute");
        let named = |kind| Remedy {
            name: Some(dispute.id.clone().into_owned()),
            ..plain(kind)
        };
        if overdue || (state == State::Completed && delivered == 0 && !below) {
            return row(1, "concede", "6", vec![named("accept_dispute")]);
        }
        let mut remedies = vec![named("submit_evidence")];
        if !facts.contact_before_dispute.value {
            remedies.push(plain("flag_friendly_fraud"));
        }
        remedies.sort();
        return row(2, "contest", "6", remedies);
    }
    if claim != Claim::Renewal && left <= 0 && wants != Wants::Redelivery {
        let lost = facts.dispute.value == DisputeState::Lost;
        return declined(3, if lost { "6" } else { "5.10" });
    }
    if claim == Claim::Renewal {
        if subscription == Subscription::None || facts.renewal.value != Renewal::Latest {
            return declined(4, "5.11");
        }
        let cancel = if subscription == Subscription::Active {
            vec![plain("cancel_subscription")]
        } else {
            Vec::new()
        };
        let age = facts.renewal_age.value.expect("the age of a renewal");
        if age > Duration::from_seconds(72 * 3600) || world.period_fulfilled {
            return row(5, "declined", "5.11", cancel);
        }
        let (_, payment) = case.claimed_payment().expect("a renewal");
        let whole = i128::from(payment.amount.minor());
        let mut rest = whole;
        for refund in case.refunds.iter() {
            if refund.at <= case.as_of && refund.at >= payment.at {
                rest -= i128::from(refund.amount.minor());
            }
        }
        for dispute in case.disputes.iter() {
            let lost = dispute.status == makegood_desk::case::DisputeStatus::Lost;
            if lost && dispute.opened_at <= case.as_of && dispute.opened_at >= payment.at {
                rest -= i128::from(dispute.amount.minor());
            }
        }
        if rest <= 0 {
            return row(6, "declined", "5.11", cancel);
        }
        let outcome = if rest == whole {
            "refund"
        } else {
            "partial_refund"
        };
        let mut remedies = cancel;
        remedies.push(money("refund", 0, rest));
        remedies.sort();
        return row(6, outcome, "5.11", remedies);
    }
    if claim == Claim::AccountFaulty {
        let Some(account) = case
            .claim
            .account
            .as_ref()
            .filter(|_| service == ServiceKind::Account)
        else {
            return review(7, "5.9");
        };
        if let Some(delay) = facts.account_claim_delay.value {
            if delay > Duration::from_seconds(12 * 3600)
                || facts.login_seen.value
                || world.proxy_used != ProxyUsed::Yes
                || !world.fault_shown
            {
                return declined(8, "5.9");
            }
            if wants == Wants::Redelivery {
                let replace = Remedy {
                    units: Some(1),
                    name: Some(account.clone().into_owned()),
                    ..plain("replace_account")
                };
                return support(9, "5.9", replace);
            }
            if refunded_units >= ordered {
                return declined(10, "5.9");
            }
            return refund(10, "5.9", 1, worth(1));
        }
    }
    if overdue && !closed && wants == Wants::Redelivery {
        return support(11, "5.1", plain("expedite"));
    }
    if overdue {
        return refund(12, "5.1", full_units, left);
    }
    if state == State::Completed && delivered == 0 {
        if below {
            return review(13, "5.4");
        }
        if wants == Wants::Redelivery && open_undelivered > 0 && world.redelivery_possible {
            return support(14, "4", units("redeliver", open_undelivered));
        }
        return refund(15, "5.1", full_units, left);
    }
    if claim == Claim::WrongTarget {
        if !facts.target_sold.value {
            return declined(16, "5.6");
        }
        if world.on_target >= Ratio::new(50, 100).expect("a ratio") {
            return declined(17, "5.6");
        }
        return review(18, "5.6");
    }
    if service == ServiceKind::Auto {
        if delivered > 0 && !matches!(claim, Claim::Dropped | Claim::Other | Claim::Renewal) {
            return declined(19, "5.8");
        }
        if delivered == 0 && !closed && claim == Claim::AutoNotWorking {
            return support(20, "5.8", plain("start_manually"));
        }
    }
    let drop_claim = match claim {
        Claim::Dropped => !(closed && open_undelivered > 0),
        Claim::NotReceived | Claim::NotStarted | Claim::Incomplete => {
            closed && open_undelivered == 0
        }
        _ => false,
    };
    if drop_claim {
        if open_dropped == 0 {
            let clause = if claim == Claim::Dropped {
                "5.4"
            } else {
                "5.1"
            };
            return declined(21, clause);
        }
        if below {
            return declined(22, "5.4");
        }
        if world.guarantee == Guarantee::Running {
            if world.redelivery_possible {
                return support(23, "5.5", units("redeliver", open_dropped));
            }
            if service == ServiceKind::Auto {
                return declined(24, "5.8");
            }
            return refund(25, "5.10", open_dropped, worth(open_dropped));
        }
        if 10 * dropped <= delivered {
            return declined(26, "5.4");
        }
        return review(27, "5.4");
    }
    if claim == Claim::Other {
        return review(28, "5");
    }
    if closed && open_undelivered > 0 {
        let due = open_undelivered + refundable_dropped;
        if wants == Wants::Redelivery && world.redelivery_possible {
            return support(29, "4", units("redeliver", due));
        }
        if state == State::Stopped {
            // The deduction is 0 %, so nothing is taken off.
            if wants == Wants::Exchange {
                let amount = worth(due);
                return if amount > 0 {
                    support(30, "5.7", money("exchange", due, amount))
                } else {
                    declined(30, "5.7")
                };
            }
            return refund(31, "5.7", due, worth(due));
        }
        return refund(32, "5.10", due, worth(due));
    }
    if matches!(
        claim,
        Claim::ChangedMind | Claim::NoBenefit | Claim::Quality
    ) {
        return declined(33, "5.2");
    }
    if claim == Claim::NotStarted && facts.start.value == Start::Late {
        return review(34, "5.1");
    }
    if state == State::Queued {
        if claim == Claim::Stop {
            return try_to_stop(if world.stops { 36 } else { 35 });
        }
        return declined(37, if claim == Claim::Slow { "5.3" } else { "5.1" });
    }
    if state == State::InProgress {
        if claim == Claim::Stop {
            return try_to_stop(38);
        }
        if world.pace == Some(Pace::OnTime) {
            return declined(39, "5.3");
        }
        if world.expedite_possible {
            return support(40, "5.3", plain("expedite"));
        }
        return try_to_stop(41);
    }
    declined(
        42,
        match claim {
            Claim::Stop => "5.2",
            Claim::Slow => "5.3",
            _ => "5.10",
        },
    )
}

fn plain(kind: &'static str) -> Remedy {
    Remedy {
        kind,
        units: None,
        minor: None,
        name: None,
    }
}

fn units(kind: &'static str, units: i128) -> Remedy {
    Remedy {
        units: Some(u64::try_from(units).expect("a number of units")),
        ..plain(kind)
    }
}

fn money(kind: &'static str, number: i128, minor: i128) -> Remedy {
    Remedy {
        minor: Some(u64::try_from(minor).expect("an amount")),
        ..units(kind, number)
    }
}
