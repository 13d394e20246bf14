// SPDX-License-Identifier: MIT OR Apache-2.0
//! A case before a policy: what the policy's rule comes to in units and money, or what is still to be asked.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use makegood_policy::Policy;
use makegood_policy::ask::Scratch;
use makegood_policy::condition::FactId;
use makegood_policy::decide::{Answer, Facts as Row, Joint};
use makegood_policy::fact::Value;
use makegood_policy::rule::{Effect, Remedy as Template, RuleId, Then};

use crate::amount::Ratio;
use crate::case::CaseFile;
use crate::facts::{Asked, Facts, Guarantee};
use crate::remedy::{Measure, Outcome, Quantity, Remedy, Worth};
use crate::units::{Counts, Cuts, Units, worlds};
use crate::vocabulary::{COUNTS, Said, Word};

/// A kind of remedy, by the names that policies use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RemedyKind {
    /// Money back.
    Refund,
    /// Something else for the same money.
    Exchange,
    /// Units delivered again.
    Redeliver,
    /// Another account.
    ReplaceAccount,
    /// Hurry.
    Expedite,
    /// A start by hand.
    StartManually,
    /// A new beginning.
    Restart,
    /// No more renewals.
    CancelSubscription,
    /// The dispute is accepted.
    AcceptDispute,
    /// The dispute is answered with all records.
    SubmitEvidence,
    /// A dispute without a word before.
    FlagFriendlyFraud,
}

/// All kinds of remedies by name.
pub const KINDS: [(&str, RemedyKind); 11] = [
    ("refund", RemedyKind::Refund),
    ("exchange", RemedyKind::Exchange),
    ("redeliver", RemedyKind::Redeliver),
    ("replace_account", RemedyKind::ReplaceAccount),
    ("expedite", RemedyKind::Expedite),
    ("start_manually", RemedyKind::StartManually),
    ("restart", RemedyKind::Restart),
    ("cancel_subscription", RemedyKind::CancelSubscription),
    ("accept_dispute", RemedyKind::AcceptDispute),
    ("submit_evidence", RemedyKind::SubmitEvidence),
    ("flag_friendly_fraud", RemedyKind::FlagFriendlyFraud),
];

impl RemedyKind {
    /// Whether a policy says of how much.
    pub const fn takes_quantity(self) -> bool {
        matches!(self, Self::Refund | Self::Exchange | Self::Redeliver)
    }
}

/// Most remedies that one rule may grant or suggest.
pub const MOST_REMEDIES: usize = 4;

/// What a rule comes to for a case: outcome and remedies with their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Result<'c> {
    /// The outcome.
    pub outcome: Outcome,
    remedies: [Option<Remedy<'c>>; MOST_REMEDIES],
}

impl<'c> Result<'c> {
    /// What is granted, in the policy's order.
    pub fn remedies(&self) -> impl Iterator<Item = &Remedy<'c>> {
        self.remedies.iter().flatten()
    }
}

/// A fact that can still change the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its name; counted facts go by one name.
    pub name: String,
    /// Who is asked.
    pub ask: Asked,
}

/// What the policy decides for a case.
#[derive(Clone, Debug)]
pub struct Decision<'c> {
    /// Outcome and remedies.
    pub result: Result<'c>,
    /// What is suggested to the person who looks.
    pub suggestions: Vec<Remedy<'c>>,
    /// The rule that is quoted; none where information is needed.
    pub rule: Option<RuleId>,
    /// Every rule that can still be reached.
    pub reachable: Vec<RuleId>,
    /// Exactly the facts that can still change the result.
    pub missing: Vec<Missing>,
    /// The facts of the case.
    pub facts: Facts,
    /// The same as the policy sees them.
    pub row: Row,
}

/// Why a policy cannot judge cases of the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The rule or fact.
    pub name: String,
    /// What is wrong with it.
    pub why: String,
}

impl core::fmt::Display for Misfit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "`{}` {}", self.name, self.why)
    }
}

#[derive(Clone, Debug)]
struct Granted {
    kind: RemedyKind,
    measure: Measure,
    less: Ratio,
}

#[derive(Clone, Debug)]
struct Ruling {
    outcome: Outcome,
    remedies: Vec<Granted>,
    suggestions: Vec<Granted>,
}

/// A policy joined with the desk's facts and remedies: decides case files.
#[derive(Clone, Debug)]
pub struct Rulebook {
    policy: Policy,
    /// The policy's fact for each word; words that the policy does not use have none.
    facts: Vec<(Word, FactId)>,
    counted: Vec<(Word, FactId)>,
    /// None for a rule that judges again.
    rulings: Vec<Option<Ruling>>,
    cuts: OwnedCuts,
    empty: Row,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OwnedCuts {
    units_delivered: Vec<u64>,
    open_undelivered: Vec<u64>,
    open_dropped: Vec<u64>,
    drop_share: Vec<(u64, u64)>,
}

/// Room to work in, kept between cases.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    scratch: Scratch,
    /// Worlds that were thought of lately: orders come in few sizes.
    worlds: Vec<Thought>,
    /// The place that the next ones take.
    next: usize,
}

/// The counts that stand for unknown ones in an order of a size.
#[derive(Clone, Debug)]
struct Thought {
    units_ordered: u64,
    refunded_units: u64,
    cuts: OwnedCuts,
    ways: Vec<Counts>,
}

/// Most sizes of orders that are kept in mind.
const MOST_THOUGHTS: usize = 16;

impl Workspace {
    fn worlds(&mut self, units_ordered: u64, refunded_units: u64, cuts: &OwnedCuts) -> Vec<Counts> {
        let same = |thought: &&Thought| {
            thought.units_ordered == units_ordered
                && thought.refunded_units == refunded_units
                && thought.cuts == *cuts
        };
        if let Some(known) = self.worlds.iter().find(same) {
            return known.ways.clone();
        }
        let borrowed = Cuts {
            units_delivered: &cuts.units_delivered,
            open_undelivered: &cuts.open_undelivered,
            open_dropped: &cuts.open_dropped,
            drop_share: &cuts.drop_share,
        };
        let thought = Thought {
            units_ordered,
            refunded_units,
            cuts: cuts.clone(),
            ways: worlds(units_ordered, refunded_units, &borrowed),
        };
        let ways = thought.ways.clone();
        match self.worlds.get_mut(self.next) {
            Some(oldest) => *oldest = thought,
            None => self.worlds.push(thought),
        }
        self.next = (self.next + 1) % MOST_THOUGHTS;
        ways
    }
}

impl Rulebook {
    /// Joins a policy that was read with [`crate::vocabulary::host`].
    ///
    /// # Errors
    /// The policy does not name the host, or a rule asks for quantities that do not add up.
    pub fn new(policy: Policy) -> core::result::Result<Self, Misfit> {
        let all: Vec<(Word, FactId)> = Word::ALL
            .iter()
            .filter_map(|(name, word)| policy.fact(name).map(|id| (*word, id)))
            .collect();
        let (counted, facts): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|(word, _)| word.is_counted());
        let known = facts.len().saturating_add(counted.len());
        if known < policy.facts().count() {
            return Err(Misfit { name: policy.name.clone(), why: "uses facts that the desk does not know; write `host: makegood` in its front matter".to_owned() });
        }
        let rulings = policy
            .rules()
            .iter()
            .map(|rule| ruling(&policy, rule.name.as_str(), &rule.then))
            .collect::<core::result::Result<_, _>>()?;
        let cuts = cuts(&policy, &counted);
        let empty = policy.nothing_known();
        Ok(Self {
            policy,
            facts,
            counted,
            rulings,
            cuts,
            empty,
        })
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Decides a case.
    pub fn decide<'c>(&self, room: &mut Workspace, case: &'c CaseFile<'c>) -> Decision<'c> {
        self.decide_facts(room, case, Facts::of(case))
    }

    /// Decides a case by facts that were already drawn from it.
    pub fn decide_facts<'c>(
        &self,
        room: &mut Workspace,
        case: &'c CaseFile<'c>,
        facts: Facts,
    ) -> Decision<'c> {
        let (row, ways) = self.row(room, &facts);
        let mut seen: Vec<Result<'c>> = Vec::new();
        let mut effect = |rule: RuleId, way: &[usize]| {
            let counts = way.first().and_then(|at| ways.get(*at)).copied();
            let result = self.result(case, &facts, rule, counts);
            let place = seen
                .iter()
                .position(|known| *known == result)
                .unwrap_or_else(|| {
                    seen.push(result);
                    seen.len().saturating_sub(1)
                });
            u64::try_from(place).unwrap_or(u64::MAX)
        };
        let answer = self.policy.decide_in(&mut room.scratch, &row, &mut effect);
        let (rule, reachable, missing) = match answer {
            Answer::Decided { rule, rules } => (Some(rule), rules, Vec::new()),
            Answer::Open { missing, rules } => (
                None,
                rules,
                missing
                    .into_iter()
                    .map(|name| self.missing(&facts, name))
                    .collect(),
            ),
            Answer::Nothing => (None, Vec::new(), Vec::new()),
        };
        let (result, suggestions) = match rule {
            Some(rule) => {
                let counts = ways.first().copied();
                (
                    self.result(case, &facts, rule, counts),
                    self.suggestions(case, &facts, rule, counts),
                )
            }
            // No rule covers these facts: a checked policy has none such, and a person looks at them.
            None if missing.is_empty() => (nothing_but(Outcome::Review), Vec::new()),
            None => (nothing_but(Outcome::NeedsInformation), Vec::new()),
        };
        Decision {
            result,
            suggestions,
            rule,
            reachable,
            missing,
            facts,
            row,
        }
    }

    /// The facts as the policy sees them, and the counts that stand for unknown ones.
    fn row(&self, room: &mut Workspace, facts: &Facts) -> (Row, Vec<Counts>) {
        let mut row = self.empty.clone();
        for (word, id) in &self.facts {
            match word.said(facts) {
                Said::Known(value, _) => self.know(&mut row, *id, value),
                // What a person can be asked about exists: only its value is unknown.
                Said::Unknown(_) => self.policy.forget(&mut row, *id, true),
            }
        }
        if let Some(units) = facts.units() {
            self.know_counts(&mut row, &units);
            return (row, Vec::new());
        }
        let balance = &facts.observed.balance;
        let ways = room.worlds(balance.units_ordered, balance.refunded_units, &self.cuts);
        let value = |counts: &Counts| {
            let units = facts.units_if(*counts);
            self.counted
                .iter()
                .filter_map(|(word, id)| word.counted(&units).map(|value| (*id, value)))
                .collect()
        };
        let joint = Joint {
            name: COUNTS.to_owned(),
            ways: ways.iter().map(value).collect(),
        };
        self.policy.together(&mut row, joint);
        (row, ways)
    }

    fn know(&self, row: &mut Row, id: FactId, value: Value) {
        // INVARIANT (facts fit): the vocabulary gives values of the types it declares, within any bounds it declares.
        if self.policy.know(row, id, value).is_err() {
            self.policy.forget(row, id, false);
        }
    }

    fn know_counts(&self, row: &mut Row, units: &Units) {
        for (word, id) in &self.counted {
            if let Some(value) = word.counted(units) {
                self.know(row, *id, value);
            }
        }
    }

    fn missing(&self, facts: &Facts, name: String) -> Missing {
        let asked = |(word, id): &(Word, FactId)| {
            let def = self.policy.fact_def(*id);
            match word.said(facts) {
                Said::Unknown(ask) if def.asked_as == name || def.name == name => Some(ask),
                _ => None,
            }
        };
        let by_fact = self.facts.iter().find_map(asked);
        let ask = by_fact
            .or_else(|| facts.counts.asked().filter(|_| name == COUNTS))
            .unwrap_or(Asked::Support);
        Missing { name, ask }
    }

    /// What a rule comes to: for the case's counts, or for `counts` where those are unknown.
    pub fn result<'c>(
        &self,
        case: &'c CaseFile<'c>,
        facts: &Facts,
        rule: RuleId,
        counts: Option<Counts>,
    ) -> Result<'c> {
        let Some(Some(ruling)) = self.rulings.get(rule.index()) else {
            return nothing_but(Outcome::Review);
        };
        let mut result = nothing_but(ruling.outcome);
        let units = units(facts, counts);
        let mut places = result.remedies.iter_mut();
        for granted in &ruling.remedies {
            let remedy = remedy(case, facts, &units, granted);
            if let Remedy::Refund(worth) | Remedy::Exchange(worth) = remedy
                && worth.amount.is_zero()
            {
                // A refund or an exchange that comes to nothing is never proposed.
                result.outcome = Outcome::Declined;
                continue;
            }
            if let Remedy::Refund(worth) = remedy {
                result.outcome =
                    Outcome::of_refund(worth.amount, granted.measure.whole(&facts.observed));
            }
            if let Some(place) = places.next() {
                *place = Some(remedy);
            }
        }
        result
    }

    /// How the first amount or number of units of a decision was measured, and the share that is kept back; nothing if it has none.
    pub fn measured(&self, decision: &Decision<'_>) -> Option<(Measure, Ratio)> {
        let ruling = self.rulings.get(decision.rule?.index())?.as_ref()?;
        let granted = ruling
            .remedies
            .iter()
            .find(|granted| granted.kind.takes_quantity())?;
        Some((granted.measure, granted.less))
    }

    fn suggestions<'c>(
        &self,
        case: &'c CaseFile<'c>,
        facts: &Facts,
        rule: RuleId,
        counts: Option<Counts>,
    ) -> Vec<Remedy<'c>> {
        let Some(Some(ruling)) = self.rulings.get(rule.index()) else {
            return Vec::new();
        };
        let units = units(facts, counts);
        let worth_something = |remedy: &Remedy<'_>| !matches!(remedy, Remedy::Refund(worth) | Remedy::Exchange(worth) if worth.amount.is_zero());
        ruling
            .suggestions
            .iter()
            .map(|granted| remedy(case, facts, &units, granted))
            .filter(worth_something)
            .collect()
    }
}

fn nothing_but<'c>(outcome: Outcome) -> Result<'c> {
    Result {
        outcome,
        remedies: [None; MOST_REMEDIES],
    }
}

fn units(facts: &Facts, counts: Option<Counts>) -> Units {
    facts.units_if(facts.counts.known().or(counts).unwrap_or(Counts::NOTHING))
}

fn remedy<'c>(
    case: &'c CaseFile<'c>,
    facts: &Facts,
    units: &Units,
    granted: &Granted,
) -> Remedy<'c> {
    let seen = &facts.observed;
    let guarantee: Guarantee = facts.guarantee.value;
    let worth = || -> Worth { granted.measure.worth(granted.less, seen, units, guarantee) };
    let dispute = || {
        seen.open_dispute
            .and_then(|place| case.disputes.get(place))
            .map_or("", |dispute| dispute.id.as_ref())
    };
    match granted.kind {
        RemedyKind::Refund => Remedy::Refund(worth()),
        RemedyKind::Exchange => Remedy::Exchange(worth()),
        RemedyKind::Redeliver => Remedy::Redeliver {
            units: granted.measure.units(seen, units, guarantee),
        },
        RemedyKind::ReplaceAccount => Remedy::ReplaceAccount {
            account: case.claim.account.as_deref().unwrap_or(""),
        },
        RemedyKind::Expedite => Remedy::Expedite,
        RemedyKind::StartManually => Remedy::StartManually,
        RemedyKind::Restart => Remedy::Restart,
        RemedyKind::CancelSubscription => Remedy::CancelSubscription,
        RemedyKind::AcceptDispute => Remedy::AcceptDispute { dispute: dispute() },
        RemedyKind::SubmitEvidence => Remedy::SubmitEvidence { dispute: dispute() },
        RemedyKind::FlagFriendlyFraud => Remedy::FlagFriendlyFraud,
    }
}

fn ruling(
    policy: &Policy,
    rule: &str,
    then: &Then,
) -> core::result::Result<Option<Ruling>, Misfit> {
    let Then::Effect(Effect {
        outcome,
        remedies,
        suggestions,
    }) = then
    else {
        return Ok(None);
    };
    let misfit = |why: String| Misfit {
        name: rule.to_owned(),
        why,
    };
    let outcome = match outcome.as_str() {
        "refund" => Outcome::Refund,
        "support_resolution" => Outcome::SupportResolution,
        "declined" => Outcome::Declined,
        "review" => Outcome::Review,
        "contest" => Outcome::Contest,
        "concede" => Outcome::Concede,
        other => {
            return Err(misfit(format!(
                "leads to `{other}`, which the desk does not know"
            )));
        }
    };
    if remedies.len() > MOST_REMEDIES {
        return Err(misfit(format!("grants more than {MOST_REMEDIES} remedies")));
    }
    let grants = |list: &[Template]| {
        list.iter()
            .map(|template| granted(policy, template).map_err(misfit))
            .collect::<core::result::Result<Vec<_>, _>>()
    };
    Ok(Some(Ruling {
        outcome,
        remedies: grants(remedies)?,
        suggestions: grants(suggestions)?,
    }))
}

fn granted(policy: &Policy, template: &Template) -> core::result::Result<Granted, String> {
    let kind = KINDS
        .iter()
        .find(|(name, _)| *name == template.kind)
        .map(|(_, kind)| *kind);
    let kind =
        kind.ok_or_else(|| format!("grants `{}`, which the desk does not know", template.kind))?;
    let quantity = |name: &String| {
        let known = Quantity::ALL
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, quantity)| *quantity);
        known.ok_or_else(|| format!("counts by `{name}`, which the desk does not know"))
    };
    let quantities = template
        .quantities
        .iter()
        .map(quantity)
        .collect::<core::result::Result<Vec<_>, _>>()?;
    let measure = Measure::of(&quantities).map_err(|_| {
        format!(
            "adds up quantities of `{}` that count the same twice",
            template.kind
        )
    })?;
    let less = match template.less.as_ref().and_then(|name| policy.param(name)) {
        None => Ratio::ZERO,
        Some(Value::Ratio(share)) => share_of(share)
            .ok_or_else(|| "takes off a share that is not between 0 % and 100 %".to_owned())?,
        Some(_) => return Err("takes off something that is no share".to_owned()),
    };
    Ok(Granted {
        kind,
        measure,
        less,
    })
}

fn share_of(share: makegood_policy::fact::Ratio) -> Option<Ratio> {
    let ratio = Ratio::new(
        u128::try_from(share.numerator()).ok()?,
        u128::try_from(share.denominator()).ok()?,
    )?;
    (ratio <= Ratio::ONE).then_some(ratio)
}

/// Where the policy cuts the counted facts.
fn cuts(policy: &Policy, counted: &[(Word, FactId)]) -> OwnedCuts {
    let mut out = OwnedCuts::default();
    for (word, id) in counted {
        let borders = policy.fact_def(*id).cells.borders();
        match word {
            Word::DropShare => {
                let share = |(at, _): (makegood_policy::fact::Ratio, bool)| {
                    let at = at.reduced();
                    Some((
                        u64::try_from(at.numerator()).ok()?,
                        u64::try_from(at.denominator()).ok()?,
                    ))
                };
                out.drop_share = borders.filter_map(share).collect();
            }
            _ => {
                let list = borders
                    .filter_map(|(at, _)| u64::try_from(at.floor()).ok())
                    .collect();
                match word {
                    Word::UnitsDelivered => out.units_delivered = list,
                    Word::OpenUndelivered => out.open_undelivered = list,
                    Word::OpenDropped => out.open_dropped = list,
                    _ => {}
                }
            }
        }
    }
    out
}
