// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything a reader wants to know about a decision beside its result, in the reader's language.

use makegood_desk::case::CaseFile;
use makegood_desk::decision::{Decision, Rulebook};
use makegood_desk::facts::{Asked, Grounds};
use makegood_desk::notice;
use makegood_desk::remedy::Outcome;
use makegood_desk::vocabulary::{COUNTS, Said, Word};
use makegood_desk::working::working;
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

pub use makegood_desk::words::{amount_words, units_words};
pub use makegood_desk::working::Step;

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
                .push_str(notice::texts::COMES_TO_NOTHING.say(tongue));
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
        reasons.steps = working(rulebook, case, decision, tongue);
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
