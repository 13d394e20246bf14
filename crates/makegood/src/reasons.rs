// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything a reader wants to know about a decision beside its result, in the reader's language.

use makegood_desk::amount::{Amount, Ratio};
use makegood_desk::case::CaseFile;
use makegood_desk::decision::{Decision, Rulebook};
use makegood_desk::facts::{Grounds, Guarantee};
use makegood_desk::remedy::{Measure, Remedy, refundable_dropped_of};
use makegood_desk::vocabulary::{Said, Word};
use makegood_policy::Policy;
use makegood_policy::ask::Question;
use makegood_policy::clause::Edition;
use makegood_policy::condition::FactId;
use makegood_policy::fact::{Disclose, Value};
use makegood_policy::phrase::Tongue;
use serde::Serialize;
use serde_json::{Map, json};

/// A fact of the sufficient reason.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub fact: String,
    /// What the language calls it.
    pub label: String,
    /// The values for which the reason holds, in words.
    pub is: String,
}

/// A change that would have ended otherwise.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Change {
    /// The facts that would be otherwise.
    pub facts: Vec<Held>,
    /// The outcome then.
    pub outcome: String,
    /// The clause then.
    pub clause: String,
}

/// What a decision rests on.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// The reason in a sentence or two.
    pub because: String,
    /// The clause's words.
    pub quote: String,
    /// Facts that are reason enough, with the ranges for which they are.
    pub sufficient: Vec<Held>,
    /// How the amount was worked out, a step a line.
    pub working: Vec<String>,
    /// Each fact that was asked: its value and what it rests on.
    pub facts: Map<String, serde_json::Value>,
    /// The nearest changes that would end otherwise.
    pub would_change: Vec<Change>,
    /// What is still open, cheapest first, grouped by who answers.
    pub questions: Vec<Question>,
}

/// A policy's words in the language, or in its own if it has no such edition.
#[must_use]
pub fn edition<'p>(policy: &'p Policy, language: Option<&str>) -> &'p Edition {
    let wanted = language.and_then(|language| {
        policy
            .editions
            .iter()
            .find(|edition| edition.language == language)
    });
    wanted.unwrap_or_else(|| policy.source())
}

impl Reasons {
    /// Works out the reasons of a decision.
    #[must_use]
    pub fn of(
        rulebook: &Rulebook,
        case: &CaseFile<'_>,
        decision: &Decision<'_>,
        edition: &Edition,
        audience: Disclose,
    ) -> Self {
        let policy = rulebook.policy();
        let tongue = Tongue::of(&edition.language);
        let names: Vec<String> = decision
            .missing
            .iter()
            .map(|missing| missing.name.clone())
            .collect();
        let mut questions = policy.questions(&names, edition);
        for question in &mut questions {
            if let Some(missing) = decision
                .missing
                .iter()
                .find(|missing| missing.name == question.name)
            {
                question.who = crate::answer::asked_word(missing.ask).to_owned();
            }
        }
        let mut reasons = Self {
            facts: facts_used(rulebook, decision, edition),
            questions,
            ..Self::default()
        };
        let Some(rule) = decision.rule else {
            reasons.because = open_words(tongue, decision);
            return reasons;
        };
        reasons.because = policy.because(edition, rule, &decision.row);
        reasons.quote = policy.quote(edition, rule);
        let held = |held: &makegood_policy::explain::Held| {
            words_of(policy, edition, held.fact, held.cells)
        };
        reasons.sufficient = policy
            .reason(&decision.row, &decision.reachable)
            .iter()
            .map(held)
            .collect();
        reasons.working = working(rulebook, case, decision, tongue);
        let change = |change: &makegood_policy::explain::Change| {
            let rule = policy.rule(change.rule);
            let outcome = match &rule.then {
                makegood_policy::rule::Then::Effect(effect) => effect.outcome.clone(),
                makegood_policy::rule::Then::JudgeAgain { .. } => String::new(),
            };
            Change {
                facts: change.facts.iter().map(held).collect(),
                outcome,
                clause: rule.clause.clone(),
            }
        };
        reasons.would_change = policy
            .nearest_changes(&decision.row, rule, audience, 3)
            .iter()
            .map(change)
            .collect();
        reasons
    }
}

fn words_of(policy: &Policy, edition: &Edition, fact: FactId, cells: u64) -> Held {
    let def = policy.fact_def(fact);
    let label = edition
        .words
        .labels
        .get(&def.name)
        .cloned()
        .unwrap_or_else(|| def.name.replace('_', " "));
    Held {
        fact: def.name.clone(),
        label,
        is: Tongue::of(&edition.language).cells(edition, def, cells),
    }
}

fn open_words(tongue: Tongue, decision: &Decision<'_>) -> String {
    let text = match (decision.missing.is_empty(), tongue.is_danish()) {
        (true, true) => "Ingen regel på siden dækker sagen, så et menneske ser på den.",
        (true, false) => "No rule of the page covers the case, so a person looks at it.",
        (false, true) => {
            "Svaret afhænger af noget, vi ikke ved endnu, så vi spørger, før vi afgør sagen."
        }
        (false, false) => {
            "The answer depends on something we do not know yet, so we ask before we decide."
        }
    };
    text.to_owned()
}

/// Each fact that was asked on the way, with its value and the places in the case file that it rests on.
fn facts_used(
    rulebook: &Rulebook,
    decision: &Decision<'_>,
    edition: &Edition,
) -> Map<String, serde_json::Value> {
    let policy = rulebook.policy();
    let tongue = Tongue::of(&edition.language);
    let mut out = Map::new();
    for id in policy.trace(&decision.row) {
        let def = policy.fact_def(id);
        let Some((_, word)) = Word::ALL.iter().find(|(name, _)| *name == def.name) else {
            continue;
        };
        let label = edition
            .words
            .labels
            .get(&def.name)
            .cloned()
            .unwrap_or_else(|| def.name.replace('_', " "));
        let entry = match word.said(&decision.facts) {
            Said::Known(value, grounds) => json!({
                "value": value_json(policy, id, value),
                "label": label,
                "says": tongue.value(edition, def, value),
                "grounds": pointers(grounds),
            }),
            Said::Unknown(ask) => {
                json!({ "value": null, "unknown": true, "label": label, "ask": crate::answer::asked_word(ask) })
            }
        };
        out.insert(def.name.clone(), entry);
    }
    out
}

fn value_json(policy: &Policy, id: FactId, value: Value) -> serde_json::Value {
    match value {
        Value::Bool(yes) => json!(yes),
        Value::Int(n) => json!(n),
        Value::Absent => serde_json::Value::Null,
        _ => json!(policy.value_name(id, value)),
    }
}

/// The places in the case file, as JSON pointers.
#[must_use]
pub fn pointers(grounds: Grounds) -> Vec<String> {
    let one = |place: &str| vec![place.to_owned()];
    match grounds {
        Grounds::Order => one("/order"),
        Grounds::Claim => one("/claim"),
        Grounds::Subscription => one("/subscription"),
        Grounds::Findings => one("/findings"),
        Grounds::LogWithout => one("/delivery_log"),
        Grounds::Log(at) => vec![format!("/delivery_log/{at}")],
        Grounds::LogPair(from, to) => vec![
            format!("/delivery_log/{from}"),
            format!("/delivery_log/{to}"),
        ],
        Grounds::Evidence(at) => vec![format!("/evidence/{at}")],
        Grounds::Payment(at) => vec![format!("/payments/{at}")],
        Grounds::Payments => one("/payments"),
        Grounds::Dispute(at) => vec![format!("/disputes/{at}")],
        Grounds::Disputes => one("/disputes"),
        Grounds::DisputeAfterContact(dispute, contact) => vec![
            format!("/disputes/{dispute}"),
            format!("/contacts/{contact}"),
        ],
        Grounds::Balance => vec![
            "/order/price".to_owned(),
            "/refunds".to_owned(),
            "/disputes".to_owned(),
        ],
    }
}

/// An amount in the language.
#[must_use]
pub fn amount_words(tongue: Tongue, amount: Amount) -> String {
    tongue.amount(
        i128::from(amount.minor()),
        u32::from(amount.currency().digits()),
        amount.currency().code(),
    )
}

/// How the amount was worked out, a step a line; nothing where there is no amount.
fn working(
    rulebook: &Rulebook,
    case: &CaseFile<'_>,
    decision: &Decision<'_>,
    tongue: Tongue,
) -> Vec<String> {
    let Some((measure, less)) = rulebook.measured(decision) else {
        return Vec::new();
    };
    let Some(units) = decision.facts.units() else {
        return Vec::new();
    };
    let seen = &decision.facts.observed;
    let unit = case.order.service.unit.as_ref();
    let number = |n: u64| tongue.whole(i128::from(n));
    let money = |amount: Amount| amount_words(tongue, amount);
    let minor = |minor: u128| {
        money(Amount::new(
            u64::try_from(minor).unwrap_or(u64::MAX),
            seen.balance.price.currency(),
        ))
    };
    let pick = |danish: &'static str, english: &'static str| {
        if tongue.is_danish() { danish } else { english }
    };
    let granted = decision.result.remedies().find_map(|remedy| match remedy {
        Remedy::Refund(worth) | Remedy::Exchange(worth) => Some(Some(*worth)),
        Remedy::Redeliver { .. } => Some(None),
        _ => None,
    });
    let mut lines = Vec::new();
    if let Measure::Units {
        open_undelivered,
        open_dropped,
        refundable_dropped,
        one_unit,
    } = measure
    {
        let mut parts = Vec::new();
        if open_undelivered {
            parts.push(format!(
                "{} {}",
                number(units.open_undelivered),
                pick("mangler", "undelivered")
            ));
        }
        if open_dropped {
            parts.push(format!(
                "{} {}",
                number(units.open_dropped),
                pick("er faldet", "dropped")
            ));
        }
        if refundable_dropped {
            let guarantee: Guarantee = decision.facts.guarantee.value;
            parts.push(format!(
                "{} {}",
                number(refundable_dropped_of(&units, guarantee)),
                pick("faldet under garantien", "dropped under the guarantee")
            ));
        }
        if one_unit {
            parts.push(format!("1 {unit}"));
        }
        lines.push(format!(
            "{}: {}",
            pick("enheder", "units"),
            parts.join(" + ")
        ));
    }
    let Some(Some(worth)) = granted else {
        return lines;
    };
    let balance = &seen.balance;
    match measure {
        Measure::Units { .. } => {
            let covered = balance.refunded_units.saturating_add(worth.units);
            let sum = if balance.refunded_units == 0 {
                number(covered)
            } else {
                format!(
                    "({} + {})",
                    number(balance.refunded_units),
                    number(worth.units)
                )
            };
            let gross = u128::from(balance.price.minor()).saturating_mul(u128::from(covered));
            let exact = exact_share(tongue, balance.price, gross, balance.units_ordered);
            lines.push(format!(
                "{} × {sum} / {} = {exact}",
                money(balance.price),
                number(balance.units_ordered)
            ));
            if balance.refunded_minor > 0 {
                lines.push(format!(
                    "− {} {}",
                    minor(balance.refunded_minor),
                    pick("allerede betalt tilbage", "already refunded")
                ));
            }
        }
        Measure::EverythingLeft => {
            let mut line = money(balance.price);
            if balance.refunded_minor > 0 {
                line.push_str(&format!(
                    " − {} {}",
                    minor(balance.refunded_minor),
                    pick("allerede betalt tilbage", "already refunded")
                ));
            }
            if balance.lost_minor > 0 {
                line.push_str(&format!(
                    " − {} {}",
                    minor(balance.lost_minor),
                    pick("afgjort af banken", "decided by the bank")
                ));
            }
            lines.push(line);
        }
        Measure::RenewalRest => lines.push(format!(
            "{} {}",
            money(seen.renewal_paid),
            pick(
                "for fornyelsen, minus det, der er betalt tilbage siden",
                "for the renewal, less what was refunded since"
            )
        )),
    }
    if less > Ratio::ZERO {
        let percent = makegood_policy::fact::Ratio::new(
            i128::try_from(less.numerator()).unwrap_or(0),
            i128::try_from(less.denominator()).unwrap_or(1),
        );
        lines.push(format!(
            "− {} {}",
            percent.map_or(String::new(), |share| tongue.share(share)),
            pick("fradrag for at standse", "deduction for stopping")
        ));
    }
    if worth.amount == balance.left()
        && matches!(measure, Measure::Units { .. })
        && balance.lost_minor > 0
    {
        lines.push(format!(
            "{} {}",
            pick("højst det, der er tilbage:", "at most what is left:"),
            money(balance.left())
        ));
    }
    lines.push(format!("= {}", money(worth.amount)));
    lines
}

/// A share of a price before rounding, with as many digits as show where it is rounded.
fn exact_share(tongue: Tongue, price: Amount, gross: u128, ordered: u64) -> String {
    let digits = u32::from(price.currency().digits());
    let ordered = u128::from(ordered).max(1);
    let thousandths = gross.saturating_mul(1_000) / ordered;
    let exact = gross.saturating_mul(1_000) % ordered == 0;
    let text = tongue.amount(
        i128::try_from(thousandths).unwrap_or(i128::MAX),
        digits.saturating_add(3),
        price.currency().code(),
    );
    // Zeros behind the minor unit say nothing.
    if exact && thousandths % 1_000 == 0 {
        return tongue.amount(
            i128::try_from(thousandths / 1_000).unwrap_or(i128::MAX),
            digits,
            price.currency().code(),
        );
    }
    if exact {
        text
    } else {
        format!(
            "{} {text}",
            if tongue.is_danish() { "ca." } else { "about" }
        )
    }
}
