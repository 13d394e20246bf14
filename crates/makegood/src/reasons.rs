// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything a reader wants to know about a decision beside its result, in the reader's language.

use makegood_desk::amount::{Amount, Ratio};
use makegood_desk::case::{CaseFile, ServiceKind};
use makegood_desk::decision::{Decision, Rulebook};
use makegood_desk::facts::{Asked, Grounds, Guarantee};
use makegood_desk::remedy::{Measure, Outcome, Remedy, refundable_dropped_of};
use makegood_desk::vocabulary::{COUNTS, Said, Word};
use makegood_policy::Policy;
use makegood_policy::ask::Question;
use makegood_policy::clause::Edition;
use makegood_policy::condition::FactId;
use makegood_policy::fact::{Disclose, FactDef, Kind, Value};
use makegood_policy::phrase::Tongue;
use makegood_policy::rule::{RuleId, Then};
use serde::Serialize;
use serde_json::{Map, json};

use crate::texts::{self, Text};

/// A fact of the sufficient reason.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Held {
    /// Its name.
    pub fact: String,
    /// What the language calls it.
    pub label: String,
    /// The values for which the reason holds, in words.
    pub is: String,
    /// What else would do: the whole range of a fact with an order, the other values of any other; empty where nothing would.
    #[serde(skip)]
    pub also: String,
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
    /// The same as a sentence.
    pub says: String,
}

/// A fact that was looked at on the way to the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// Its name.
    pub fact: String,
    /// What the language calls it.
    pub label: String,
    /// Its value in words, and what that rests on; or who would be asked.
    pub says: Result<(String, Grounds), Asked>,
    /// Whether it does not exist in this case, such as the speed of an order that is closed.
    pub absent: bool,
    /// Whether it is still asked.
    pub missing: bool,
}

/// A step of the working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub what: String,
    /// How it is come by; empty where it is simply so.
    pub how: String,
    /// What it comes to.
    pub figure: String,
    /// Whether it is the result.
    pub result: bool,
}

/// What a decision rests on.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// For whom this is: what must not be disclosed to them is not in here.
    pub audience: Disclose,
    /// The reason in a sentence or two.
    pub because: String,
    /// The clause's words.
    pub quote: String,
    /// Facts that are reason enough, with the ranges for which they are.
    pub sufficient: Vec<Held>,
    /// How the amount was worked out.
    pub steps: Vec<Step>,
    /// The same, a step a line.
    pub working: Vec<String>,
    /// Each fact that was asked: its value and what it rests on.
    pub facts: Map<String, serde_json::Value>,
    /// The same in the order of asking.
    pub used: Vec<Used>,
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
    /// Works out the reasons of a decision, for somebody.
    #[must_use]
    pub fn of(
        rulebook: &Rulebook,
        case: &CaseFile<'_>,
        decision: &Decision<'_>,
        edition: &Edition,
        audience: Disclose,
    ) -> Self {
        let quote = &mut |rule| rulebook.policy().quote(edition, rule);
        Self::quoting(rulebook, case, decision, edition, audience, quote)
    }

    /// The same with another way to come by a rule's words, for those who have them at hand.
    #[must_use]
    pub fn quoting(
        rulebook: &Rulebook,
        case: &CaseFile<'_>,
        decision: &Decision<'_>,
        edition: &Edition,
        audience: Disclose,
        quote: &mut dyn FnMut(RuleId) -> String,
    ) -> Self {
        let policy = rulebook.policy();
        let tongue = Tongue::of(&edition.language);
        let say = Say {
            policy,
            edition,
            tongue,
            audience,
        };
        let used = say.used(decision);
        let mut reasons = Self {
            audience,
            facts: say.facts_json(decision),
            used,
            questions: say.questions(decision),
            ..Self::default()
        };
        let Some(rule) = decision.rule else {
            let text = if decision.missing.is_empty() {
                texts::UNCOVERED
            } else {
                texts::OPEN_BECAUSE
            };
            text.say(tongue).clone_into(&mut reasons.because);
            return reasons;
        };
        reasons.because = policy.because(edition, rule, &decision.row);
        if decision.result.outcome == Outcome::Declined && say.grants_money(rule) {
            // The rule would pay, but nothing is left to pay: the policy's reason alone would promise what does not come.
            reasons.because.push(' ');
            reasons
                .because
                .push_str(texts::COMES_TO_NOTHING.say(tongue));
        }
        reasons.quote = quote(rule);
        reasons.sufficient = policy
            .reason(&decision.row, &decision.reachable)
            .iter()
            .filter(|held| say.may_hear(policy.fact_def(held.fact)))
            .map(|held| say.held(decision, held.fact, held.cells))
            .collect();
        // What the rule is about comes first; what only stood in nothing's way comes after it.
        reasons
            .sufficient
            .sort_by_key(|held| !say.is_about(rule, &held.fact));
        reasons.steps = Working {
            case,
            decision,
            tongue,
        }
        .steps(rulebook);
        reasons.working = reasons.steps.iter().map(Step::line).collect();
        // What was paid back stays paid back: how it would be otherwise helps nobody.
        let of_balance = |fact: FactId| {
            let name = &policy.fact_def(fact).name;
            let word = Word::ALL.iter().find(|(known, _)| known == name);
            let said = word.map(|(_, word)| word.said(&decision.facts));
            matches!(said, Some(Said::Known(_, Grounds::Balance)))
        };
        reasons.would_change = policy
            .nearest_changes(&decision.row, rule, audience, 3 * MOST_CHANGES)
            .iter()
            .filter(|change| !change.facts.iter().any(|held| of_balance(held.fact)))
            .take(MOST_CHANGES)
            .map(|change| say.change(change))
            .collect();
        reasons
    }
}

/// Most changes that are told.
const MOST_CHANGES: usize = 3;

/// A policy in a language, for somebody.
struct Say<'p> {
    policy: &'p Policy,
    edition: &'p Edition,
    tongue: Tongue,
    audience: Disclose,
}

impl Say<'_> {
    fn label(&self, name: &str) -> String {
        let label = self.edition.words.labels.get(name).cloned();
        label.unwrap_or_else(|| name.replace('_', " "))
    }

    /// Whether a fact may be named to the audience. The merchant's own people see every fact of the case.
    fn may_hear(&self, def: &FactDef) -> bool {
        self.audience != Disclose::Customer || def.disclose == Disclose::Customer
    }

    /// Whether a rule, or one that it is nested in, asks about a fact.
    fn is_about(&self, rule: RuleId, fact: &str) -> bool {
        let fact = self.policy.fact(fact);
        let mut found = false;
        for id in std::iter::successors(Some(rule), |id| self.policy.rule(*id).parent) {
            let when = &self.policy.rule(id).when;
            when.tests(&mut |test| found |= Some(test.fact) == fact);
        }
        found
    }

    /// Whether a rule pays or exchanges.
    fn grants_money(&self, rule: RuleId) -> bool {
        match &self.policy.rule(rule).then {
            Then::Effect(effect) => effect
                .remedies
                .iter()
                .any(|remedy| matches!(remedy.kind.as_str(), "refund" | "exchange")),
            Then::JudgeAgain { .. } => false,
        }
    }

    fn held(&self, decision: &Decision<'_>, fact: FactId, cells: u64) -> Held {
        let def = self.policy.fact_def(fact);
        let value = decision.row.value(fact);
        // Which other values would do is advice, and some facts are not to be advised on.
        let quiet = !def.advice && self.audience == Disclose::Customer;
        let range = self.tongue.cells(self.edition, def, cells);
        let (is, also) = match value {
            Some(value) => {
                let says = self.tongue.value(self.edition, def, value);
                let own = def.cell(value).map_or(0, |cell| 1 << cell);
                let absent = def.cell(Value::Absent).map_or(0, |cell| 1 << cell);
                let others = cells & !own & !absent;
                let also = if quiet || says == range || (others == 0 && !def.kind.is_ordered()) {
                    String::new()
                } else if def.kind.is_ordered() {
                    range.clone()
                } else {
                    self.tongue.cells(self.edition, def, others)
                };
                (if quiet { says } else { range }, also)
            }
            None => (range, String::new()),
        };
        Held {
            fact: def.name.clone(),
            label: self.label(&def.name),
            is,
            also,
        }
    }

    fn change(&self, change: &makegood_policy::explain::Change) -> Change {
        let rule = self.policy.rule(change.rule);
        let (outcome, then) = match &rule.then {
            Then::Effect(effect) => {
                let remedy = effect.remedies.first().map(|remedy| remedy.kind.as_str());
                (effect.outcome.clone(), consequence(&effect.outcome, remedy))
            }
            Then::JudgeAgain { .. } => (String::new(), texts::THEN_AGAIN),
        };
        let facts: Vec<Held> = change
            .facts
            .iter()
            .map(|held| {
                let def = self.policy.fact_def(held.fact);
                Held {
                    fact: def.name.clone(),
                    label: self.label(&def.name),
                    is: self.tongue.cells(self.edition, def, held.cells),
                    also: String::new(),
                }
            })
            .collect();
        let conditions: Vec<Condition> = change
            .facts
            .iter()
            .zip(&facts)
            .map(|(fact, held)| {
                condition(self.edition, held, &self.policy.fact_def(fact.fact).kind)
            })
            .collect();
        let says = texts::CHANGE.with(
            self.tongue,
            &[
                ("conditions", &joined(self.tongue, &conditions)),
                ("consequence", then.say(self.tongue)),
                ("clause", &rule.clause),
            ],
        );
        Change {
            facts,
            outcome,
            clause: rule.clause.clone(),
            says,
        }
    }

    fn questions(&self, decision: &Decision<'_>) -> Vec<Question> {
        let names: Vec<String> = decision
            .missing
            .iter()
            .map(|missing| missing.name.clone())
            .collect();
        let mut questions = self.policy.questions(&names, self.edition);
        for question in &mut questions {
            let missing = decision
                .missing
                .iter()
                .find(|missing| missing.name == question.name);
            let Some(ask) = missing.map(|missing| missing.ask) else {
                continue;
            };
            let who = crate::answer::asked_word(ask);
            if ask == Asked::Support && question.who != who {
                // It was sent in already: what is missing is that somebody looks at it.
                let label = self.label(&question.name);
                question.ask = texts::CHECK_EVIDENCE.with(self.tongue, &[("label", &label)]);
                question.why = Some(texts::CHECK_WHY.say(self.tongue).to_owned());
            }
            who.clone_into(&mut question.who);
        }
        // Another may be asked than the policy says; each one's questions stay together, in the order in which they are met.
        let mut people: Vec<String> = Vec::new();
        for question in &questions {
            if !people.contains(&question.who) {
                people.push(question.who.clone());
            }
        }
        questions.sort_by_key(|question| people.iter().position(|who| *who == question.who));
        questions
    }

    /// Each fact that was asked on the way and that the audience may hear of, with what the case says about it.
    fn asked(&self, decision: &Decision<'_>) -> Vec<(FactId, Said)> {
        let heard = self.policy.trace(&decision.row).into_iter();
        heard
            .filter(|id| self.may_hear(self.policy.fact_def(*id)))
            .filter_map(|id| {
                let name = &self.policy.fact_def(id).name;
                let (_, word) = Word::ALL.iter().find(|(known, _)| known == name)?;
                Some((id, word.said(&decision.facts)))
            })
            .collect()
    }

    fn used(&self, decision: &Decision<'_>) -> Vec<Used> {
        let one = |(id, said): (FactId, Said)| {
            let def = self.policy.fact_def(id);
            let (says, absent) = match said {
                Said::Known(value, grounds) => (
                    Ok((self.tongue.value(self.edition, def, value), grounds)),
                    value == Value::Absent,
                ),
                Said::Unknown(ask) => (Err(ask), false),
            };
            Used {
                fact: def.name.clone(),
                label: self.label(&def.name),
                says,
                absent,
                missing: decision.missing.iter().any(|missing| {
                    missing.name == def.name
                        || missing.name == def.asked_as
                        || (missing.name == COUNTS && def.asked_as == COUNTS)
                }),
            }
        };
        self.asked(decision).into_iter().map(one).collect()
    }

    fn facts_json(&self, decision: &Decision<'_>) -> Map<String, serde_json::Value> {
        let mut out = Map::new();
        for (id, said) in self.asked(decision) {
            let def = self.policy.fact_def(id);
            let label = self.label(&def.name);
            let entry = match said {
                Said::Known(value, grounds) => json!({
                    "value": value_json(self.policy, id, value),
                    "label": label,
                    "says": self.tongue.value(self.edition, def, value),
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
}

/// What a rule would have come to, as the second half of a sentence.
fn consequence(outcome: &str, remedy: Option<&str>) -> Text {
    match (outcome, remedy) {
        ("refund", _) => texts::THEN_REFUND,
        ("support_resolution", Some("redeliver")) => texts::THEN_REDELIVER,
        ("support_resolution", Some("exchange")) => texts::THEN_EXCHANGE,
        ("support_resolution", Some("replace_account")) => texts::THEN_REPLACE,
        ("support_resolution", Some("expedite")) => texts::THEN_EXPEDITE,
        ("support_resolution", Some("start_manually")) => texts::THEN_START,
        ("declined", _) => texts::THEN_DECLINED,
        ("review", _) => texts::THEN_REVIEW,
        ("contest", _) => texts::THEN_CONTEST,
        ("concede", _) => texts::THEN_CONCEDE,
        _ => texts::THEN_SUPPORT,
    }
}

/// Verbs with which the labels of values begin; such a label goes on from the fact's own.
const VERBS: [&str; 32] = [
    "is",
    "was",
    "were",
    "are",
    "has",
    "have",
    "had",
    "did",
    "does",
    "can",
    "cannot",
    "came",
    "began",
    "begins",
    "runs",
    "keeps",
    "succeeded",
    "er",
    "var",
    "har",
    "havde",
    "kan",
    "kunne",
    "kom",
    "blev",
    "bliver",
    "løber",
    "følger",
    "holder",
    "virker",
    "lykkedes",
    "begyndte",
];

/// Half a sentence on what would be otherwise.
enum Condition {
    /// "The guarantee is running".
    Said(String),
    /// "the start of the delivery: not begun", where label and value make no sentence.
    Record(String),
}

fn condition(edition: &Edition, held: &Held, kind: &Kind) -> Condition {
    let tongue = Tongue::of(&edition.language);
    let Held { label, is, .. } = held;
    let verbal = |said: &str| {
        let mut words = said.split(' ');
        words.next().is_some_and(|first| VERBS.contains(&first)) && words.next() != Some("der")
    };
    // Several values make a sentence only if each of them does.
    let values = edition.words.values.iter();
    let all_verbal = verbal(is)
        && values
            .filter(|((fact, _), said)| *fact == held.fact && is.contains(said.as_str()))
            .all(|(_, said)| verbal(said));
    // A Danish label with a clause in it ends with a comma before the verb.
    let label_said = if tongue.is_danish() && label.contains(", ") {
        format!("{label},")
    } else {
        label.clone()
    };
    if matches!(kind, Kind::Ratio | Kind::Duration) {
        return Condition::Said(format!("{label_said} {} {is}", texts::IS.say(tongue)));
    }
    if !all_verbal {
        return Condition::Record(texts::RECORD.with(tongue, &[("label", label), ("value", is)]));
    }
    if !tongue.is_danish() {
        return Condition::Said(format!("{label} {is}"));
    }
    // After "hvis" the negation stands before the verb.
    let part = |part: &str| match part.split_once(" ikke") {
        Some((verb, rest)) if VERBS.contains(&verb) => format!("ikke {verb}{rest}"),
        _ => part.to_owned(),
    };
    let parts: Vec<String> = is.split(" eller ").map(part).collect();
    Condition::Said(format!("{label_said} {}", parts.join(" eller ")))
}

/// Conditions in a row; what the record would have read is said once.
fn joined(tongue: Tongue, parts: &[Condition]) -> String {
    let and = |list: &[String]| match list {
        [first @ .., last] if !first.is_empty() => {
            format!("{} {} {last}", first.join(", "), texts::AND.say(tongue))
        }
        list => list.concat(),
    };
    let mut said: Vec<String> = Vec::new();
    let mut recorded: Vec<String> = Vec::new();
    for part in parts {
        match part {
            Condition::Said(text) => said.push(text.clone()),
            Condition::Record(text) => recorded.push(text.clone()),
        }
    }
    if !recorded.is_empty() {
        said.push(texts::RECORD_READ.with(tongue, &[("records", &and(&recorded))]));
    }
    and(&said)
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
    minor_words(tongue, i128::from(amount.minor()), amount)
}

/// So many minor units of an amount's currency in the language.
fn minor_words(tongue: Tongue, minor: i128, like: Amount) -> String {
    let currency = like.currency();
    tongue.amount(minor, u32::from(currency.digits()), currency.code())
}

/// A number of units in the service's own words: "250 sign-ups". Danish counts in "stk.".
///
/// ```
/// use makegood::reasons::units_words;
/// use makegood_policy::phrase::Tongue;
/// assert_eq!(units_words(Tongue::of("en"), 1_250, "sign-up"), "1,250 sign-ups");
/// assert_eq!(units_words(Tongue::of("en"), 1, "reply"), "1 reply");
/// assert_eq!(units_words(Tongue::of("en"), 2, "reply"), "2 replies");
/// assert_eq!(units_words(Tongue::of("da"), 1_250, "sign-up"), "1.250 stk.");
/// ```
#[must_use]
pub fn units_words(tongue: Tongue, count: u64, unit: &str) -> String {
    let number = tongue.whole(i128::from(count));
    let is_word = unit.chars().next().is_some_and(char::is_alphabetic)
        && unit
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ' '))
        && unit.chars().last().is_some_and(char::is_alphabetic);
    if tongue.is_danish() || !is_word {
        return texts::UNITS_OF.with(tongue, &[("count", &number)]);
    }
    if count == 1 {
        return format!("{number} {unit}");
    }
    let lower = unit.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if ends(&["ss", "sh", "ch", "x", "z"]) {
        return format!("{number} {unit}es");
    }
    if ends(&["s"]) {
        return format!("{number} {unit}");
    }
    match unit.strip_suffix('y') {
        Some(stem) if !ends(&["ay", "ey", "oy", "uy"]) => format!("{number} {stem}ies"),
        _ => format!("{number} {unit}s"),
    }
}

impl Step {
    /// The step in a line: "share of the price: EUR 49.90 × 250 / 1,000 = EUR 12.475".
    fn line(&self) -> String {
        if self.how.is_empty() {
            format!("{}: {}", self.what, self.figure)
        } else {
            format!("{}: {} = {}", self.what, self.how, self.figure)
        }
    }
}

/// How an amount or a number of units is worked out.
struct Working<'d> {
    case: &'d CaseFile<'d>,
    decision: &'d Decision<'d>,
    tongue: Tongue,
}

impl Working<'_> {
    fn step(&self, what: Text, figure: String) -> Step {
        Step {
            what: what.say(self.tongue).to_owned(),
            how: String::new(),
            figure,
            result: false,
        }
    }

    fn units(&self, count: u64) -> String {
        units_words(self.tongue, count, &self.case.order.service.unit)
    }

    fn number(&self, count: u64) -> String {
        self.tongue.whole(i128::from(count))
    }

    fn minor(&self, minor: u128) -> String {
        let minor = i128::try_from(minor).unwrap_or(i128::MAX);
        minor_words(self.tongue, minor, self.case.order.price)
    }

    fn minus(&self, what: Text, minor: u128) -> Step {
        self.step(what, format!("− {}", self.minor(minor)))
    }

    /// Every step; none where there is nothing to work out.
    fn steps(&self, rulebook: &Rulebook) -> Vec<Step> {
        let Some((measure, less)) = rulebook.measured(self.decision) else {
            return Vec::new();
        };
        let seen = &self.decision.facts.observed;
        let balance = &seen.balance;
        let granted = self.decision.result.remedies().find(|remedy| {
            matches!(
                remedy,
                Remedy::Refund(_) | Remedy::Exchange(_) | Remedy::Redeliver { .. }
            )
        });
        let mut steps = Vec::new();
        let mut count = 0;
        if let Measure::Units { .. } = measure {
            if self.decision.facts.units().is_none() && measure.needs_counts() {
                return Vec::new();
            }
            count = self.parts(measure, &mut steps);
        }
        if let Some(Remedy::Redeliver { units }) = granted {
            let mut result = self.step(texts::STEP_REDELIVER, self.units(*units));
            result.result = true;
            steps.push(result);
            return steps;
        }
        // The amount before a deduction.
        let due = match measure {
            Measure::Units { .. } => {
                self.share(count, &mut steps);
                balance.refund_of(count)
            }
            Measure::EverythingLeft => {
                steps.push(self.step(texts::STEP_PRICE, amount_words(self.tongue, balance.price)));
                if balance.refunded_minor > 0 {
                    steps.push(self.minus(texts::STEP_REFUNDED, balance.refunded_minor));
                }
                if balance.lost_minor > 0 {
                    steps.push(self.minus(texts::STEP_LOST, balance.lost_minor));
                }
                balance.left()
            }
            Measure::RenewalRest => {
                let (paid, left) = (seen.renewal_paid, seen.renewal_left);
                steps.push(self.step(texts::STEP_RENEWAL, amount_words(self.tongue, paid)));
                if left.minor() < paid.minor() {
                    let since = paid.minor().saturating_sub(left.minor());
                    steps.push(self.minus(texts::STEP_SINCE, u128::from(since)));
                }
                left
            }
        };
        if less > Ratio::ZERO {
            let kept = due.minor().saturating_sub(due.less(less).minor());
            let share = makegood_policy::fact::Ratio::new(
                i128::try_from(less.numerator()).unwrap_or(0),
                i128::try_from(less.denominator()).unwrap_or(1),
            );
            let share = share.map_or(String::new(), |share| self.tongue.share(share));
            let mut step = self.minus(texts::STEP_LESS, u128::from(kept));
            step.what = texts::STEP_LESS.with(self.tongue, &[("share", &share)]);
            steps.push(step);
        }
        let what = match granted {
            Some(Remedy::Exchange(_)) => texts::STEP_EXCHANGE,
            _ => texts::STEP_REFUND,
        };
        let mut result = self.step(what, amount_words(self.tongue, due.less(less)));
        result.result = true;
        steps.push(result);
        steps
    }

    /// The units that count, and their sum.
    fn parts(&self, measure: Measure, steps: &mut Vec<Step>) -> u64 {
        let Measure::Units {
            open_undelivered,
            open_dropped,
            refundable_dropped,
            one_unit,
        } = measure
        else {
            return 0;
        };
        let facts = &self.decision.facts;
        let guarantee: Guarantee = facts.guarantee.value;
        let mut parts: Vec<(Text, u64)> = Vec::new();
        if let Some(units) = facts.units() {
            if open_undelivered {
                parts.push((texts::STEP_UNDELIVERED, units.open_undelivered));
            }
            if open_dropped {
                parts.push((texts::STEP_DROPPED, units.open_dropped));
            }
            if refundable_dropped {
                parts.push((
                    texts::STEP_COVERED,
                    refundable_dropped_of(&units, guarantee),
                ));
            }
        }
        if one_unit {
            let one = facts.observed.balance.units_left().min(1);
            let what = if self.case.order.service.kind == ServiceKind::Account {
                texts::STEP_ONE
            } else {
                texts::ORDERED
            };
            parts.push((what, one));
        }
        let sum = parts
            .iter()
            .fold(0_u64, |sum, (_, part)| sum.saturating_add(*part));
        // Parts of nothing say nothing, unless there is nothing else.
        if sum > 0 {
            parts.retain(|(_, part)| *part > 0);
        }
        let several = parts.len() > 1;
        steps.extend(
            parts
                .into_iter()
                .map(|(what, part)| self.step(what, self.units(part))),
        );
        if several {
            steps.push(self.step(texts::STEP_TOGETHER, self.units(sum)));
        }
        sum
    }

    /// The share of the price for so many units, rounded, less what went back before.
    fn share(&self, count: u64, steps: &mut Vec<Step>) {
        let balance = &self.decision.facts.observed.balance;
        let before = balance.refunded_units;
        let covered = before.saturating_add(count).min(balance.units_ordered);
        if count == 0 {
            return;
        }
        let of = if before == 0 {
            self.number(covered)
        } else {
            steps.push(self.step(texts::STEP_BEFORE, self.units(before)));
            self.number(covered)
        };
        let gross = u128::from(balance.price.minor()).saturating_mul(u128::from(covered));
        let (exact, rounds) = exact_share(self.tongue, balance.price, gross, balance.units_ordered);
        let mut share = self.step(
            if before == 0 {
                texts::STEP_SHARE
            } else {
                texts::STEP_SHARE_SO_FAR
            },
            exact,
        );
        share.how = format!(
            "{} × {of} / {}",
            amount_words(self.tongue, balance.price),
            self.number(balance.units_ordered)
        );
        steps.push(share);
        let ordered = u128::from(balance.units_ordered).max(1);
        let total = gross
            .saturating_mul(2)
            .saturating_add(ordered)
            .checked_div(ordered.saturating_mul(2))
            .unwrap_or(0);
        if rounds {
            steps.push(self.step(texts::STEP_ROUNDED, self.minor(total)));
        }
        if balance.refunded_minor > 0 {
            steps.push(self.minus(texts::STEP_REFUNDED, balance.refunded_minor));
        }
        let due = total.saturating_sub(balance.refunded_minor);
        let left = balance.left();
        if due > u128::from(left.minor()) {
            let mut most = self.step(texts::STEP_MOST, amount_words(self.tongue, left));
            let mut how = vec![amount_words(self.tongue, balance.price)];
            how.extend(
                [balance.refunded_minor, balance.lost_minor]
                    .into_iter()
                    .filter(|minor| *minor > 0)
                    .map(|minor| self.minor(minor)),
            );
            if how.len() > 1 {
                most.how = how.join(" − ");
            }
            steps.push(most);
        }
    }
}

/// A share of a price before rounding, with as many digits as show where it is rounded; and whether it has to be.
fn exact_share(tongue: Tongue, price: Amount, gross: u128, ordered: u64) -> (String, bool) {
    let digits = u32::from(price.currency().digits());
    let ordered = u128::from(ordered).max(1);
    let scaled = gross.saturating_mul(1_000);
    let thousandths = scaled.checked_div(ordered).unwrap_or(0);
    let exact = scaled.checked_rem(ordered) == Some(0);
    let whole = thousandths.checked_rem(1_000) == Some(0);
    let words = |number: u128, digits: u32| {
        tongue.amount(
            i128::try_from(number).unwrap_or(i128::MAX),
            digits,
            price.currency().code(),
        )
    };
    if exact && whole {
        return (
            words(thousandths.checked_div(1_000).unwrap_or(0), digits),
            false,
        );
    }
    // Zeros at the end say nothing: 12.475, not 12.47500.
    let (mut number, mut shown) = (thousandths, digits.saturating_add(3));
    while exact && number.checked_rem(10) == Some(0) {
        number = number.checked_div(10).unwrap_or(0);
        shown = shown.saturating_sub(1);
    }
    let text = words(number, shown);
    if exact {
        (text, true)
    } else {
        (format!("{} {text}", texts::ABOUT.say(tongue)), true)
    }
}
