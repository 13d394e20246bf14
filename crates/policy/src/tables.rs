// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of a policy as decision tables, a table for each clause.
//!
//! A row is a box: it matches where each of its facts has one of the values in its cell. A rule whose condition
//! takes several boxes has several rows, and exceptions nested in a rule have rows of their own. What a rule gives
//! way to stands below the table, so that exceptions in other clauses do not multiply its rows.
//!
//! ```
//! # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 Late {#1}\n```facts\nlate : int [0..] label: \"days late\"\nwarned : bool label: \"we warned you\"\n```\n```rule a\nwhen late > 3 && !warned then refund because \"\"\n```\n```rule b\nwhen late <= 3 || warned then declined because \"\"\n```\n";
//! let policy = makegood_policy::read(text).policy.unwrap();
//! let tables = makegood_policy::tables::tables(&policy, &policy.editions[0]);
//! assert_eq!(tables[0].plain(60), "\
//! 1 Late
//!
//! days late   we warned you  outcome   rule
//! ──────────  ─────────────  ────────  ────
//! at least 4  no             refund    a
//! at most 3   –              declined  b
//! –           yes            declined  b
//! ");
//! ```

mod boxes;
mod print;

use crate::clause::Edition;
use crate::condition::{Expr, FactId};
use crate::fact::{FactDef, Value, bit};
use crate::phrase::Tongue;
use crate::read::Policy;
use crate::rule::{Effect, Remedy, Rule, RuleId, Then};

/// The rules of one clause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// The clause's anchor.
    pub clause: String,
    /// Its heading.
    pub title: String,
    /// The facts that matter to its rules, in the order in which the rules name them.
    pub facts: Vec<FactId>,
    /// What each fact is called.
    pub heads: Vec<String>,
    /// The rows, each rule's together, nested exceptions behind the rule in which they stand.
    pub rows: Vec<Row>,
    /// Which rules give way to which others, nested exceptions left out.
    pub gives_way: Vec<GivesWay>,
    /// Rules whose conditions nothing meets.
    pub never: Vec<String>,
    tongue: Tongue,
}

/// A box of facts, and what a rule makes of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub id: String,
    /// In how many rules it is nested.
    pub depth: usize,
    /// A cell for each fact of the table.
    pub cells: Vec<Cell>,
    /// The condition as it is written, where it is too intricate for boxes; the cells then say nothing.
    pub written: Option<String>,
    /// The outcome.
    pub outcome: String,
    /// What is granted or suggested, or how it is judged again.
    pub remedies: Vec<String>,
}

/// The values of one fact that a row takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The fact.
    pub fact: FactId,
    /// The cells of the fact, a bit each; see [`FactDef::cell`].
    pub cells: u64,
    /// In words; nothing where every value will do.
    pub words: Option<String>,
}

/// Rules that do not win where one of the others has its condition met.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GivesWay {
    /// The rules of this table.
    pub rules: Vec<String>,
    /// The rules that win over them, each with its clause.
    pub to: Vec<(String, String)>,
}

impl Row {
    /// Whether known values lie in the row's box. A row whose condition is too intricate takes everything.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 Late {#1}\n```facts\nlate : int [0..]\n```\n```rule a\nwhen late > 3 then refund because \"\"\n```\n";
    /// use makegood_policy::fact::Value;
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let tables = makegood_policy::tables::tables(&policy, &policy.editions[0]);
    /// assert!(tables[0].rows[0].matches(&policy, &|_| Value::Int(4)));
    /// assert!(!tables[0].rows[0].matches(&policy, &|_| Value::Int(3)));
    /// ```
    pub fn matches(&self, policy: &Policy, value: &impl Fn(FactId) -> Value) -> bool {
        self.cells.iter().all(|cell| {
            let place = policy.fact_def(cell.fact).cell(value(cell.fact));
            place.is_some_and(|place| cell.cells & bit(place) != 0)
        })
    }
}

/// The decision tables of a policy in the words of one of its editions, in the order of the clauses.
///
/// ```
/// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 Late {#1}\n```facts\nlate : int [0..]\nwarned : bool\n```\n```rule a\nwhen late > 3 then refund because \"\" except b when warned then declined because \"\"\n```\n## 2 Other {#2}\n```rule c overrides: a when late > 9 then review suggesting refund(all) because \"\"\n```\n";
/// # let text = text.replace("c overrides: a when", "c\noverrides: a\nwhen");
/// let policy = makegood_policy::read(&text).policy.unwrap();
/// let tables = makegood_policy::tables::tables(&policy, &policy.editions[0]);
/// assert_eq!(tables.len(), 2);
/// assert_eq!(tables[0].rows[1].id, "b");
/// assert_eq!(tables[0].rows[1].cells[0].words.as_deref(), Some("at least 4"));
/// assert_eq!(tables[0].gives_way[0].to, [("c".to_owned(), "2".to_owned())]);
/// assert_eq!(tables[1].rows[0].remedies, ["suggested: refund (all)"]);
/// ```
#[must_use]
pub fn tables(policy: &Policy, edition: &Edition) -> Vec<Table> {
    let drawer = Drawer {
        policy,
        edition,
        tongue: Tongue::of(&edition.language),
    };
    let clauses = edition.clauses.iter();
    clauses
        .filter_map(|clause| drawer.table(&clause.id, &clause.title))
        .collect()
}

struct Drawer<'a> {
    policy: &'a Policy,
    edition: &'a Edition,
    tongue: Tongue,
}

impl Drawer<'_> {
    fn say(&self, danish: &'static str, english: &'static str) -> &'static str {
        if self.tongue.is_danish() {
            danish
        } else {
            english
        }
    }

    fn table(&self, clause: &str, title: &str) -> Option<Table> {
        let ids = (0..self.policy.rules.len()).map(RuleId);
        let rules: Vec<RuleId> = ids
            .filter(|id| self.policy.rule(*id).clause == clause)
            .collect();
        if rules.is_empty() {
            return None;
        }
        let conditions = rules
            .iter()
            .map(|id| crate::cel::condition(self.policy, *id));
        let conditions: Vec<Expr> = conditions.collect();
        let regions: Vec<Option<boxes::Region>> = conditions
            .iter()
            .map(|condition| boxes::region(self.policy, condition))
            .collect();
        let facts = columns(&conditions, &regions);
        let mut rows = Vec::new();
        let mut never = Vec::new();
        for (id, region) in rules.iter().zip(&regions) {
            if region.as_ref().is_some_and(Vec::is_empty) {
                never.push(self.policy.rule(*id).name.clone());
            }
            rows.extend(self.rows(*id, region.as_ref(), &facts));
        }
        let heads = facts.iter().map(|id| self.label(*id)).collect();
        Some(Table {
            clause: clause.to_owned(),
            title: title.to_owned(),
            facts,
            heads,
            rows,
            gives_way: self.gives_way(&rules),
            never,
            tongue: self.tongue,
        })
    }

    fn rows(&self, id: RuleId, region: Option<&boxes::Region>, facts: &[FactId]) -> Vec<Row> {
        let rule = self.policy.rule(id);
        let (outcome, remedies) = self.effect(&rule.then);
        let everything = vec![boxes::Area::default()];
        let row = |area: &boxes::Area| Row {
            rule: id,
            id: rule.name.clone(),
            depth: self.ancestors(rule),
            cells: facts.iter().map(|fact| self.cell(*fact, area)).collect(),
            written: region.is_none().then(|| self.written(rule)),
            outcome: outcome.clone(),
            remedies: remedies.clone(),
        };
        region.unwrap_or(&everything).iter().map(row).collect()
    }

    fn ancestors(&self, rule: &Rule) -> usize {
        std::iter::successors(rule.parent, |id| self.policy.rule(*id).parent).count()
    }

    /// The condition as it stands in the policy, on one line.
    fn written(&self, rule: &Rule) -> String {
        let source = self
            .policy
            .editions
            .first()
            .map_or("", |edition| edition.source.as_str());
        let words: Vec<&str> = rule.when_span.text(source).split_whitespace().collect();
        words.join(" ")
    }

    fn label(&self, fact: FactId) -> String {
        let name = &self.policy.fact_def(fact).name;
        let label = self.edition.words.labels.get(name);
        label.cloned().unwrap_or_else(|| spaced(name))
    }

    fn cell(&self, fact: FactId, area: &boxes::Area) -> Cell {
        let def = self.policy.fact_def(fact);
        let cells = area.get(&fact).copied().unwrap_or(def.cells.domain());
        Cell {
            fact,
            cells,
            words: (cells != def.cells.domain()).then(|| self.words(def, cells)),
        }
    }

    fn words(&self, def: &FactDef, cells: u64) -> String {
        let absent = def.cells.absent.map_or(0, bit);
        let domain = def.cells.domain();
        let others = domain & !cells;
        if others == absent {
            return self.say("findes", "exists").to_owned();
        }
        // "Not A" says it shorter than a list of all the others.
        let many = cells.count_ones() > 3 && cells.count_ones() > others.count_ones();
        if !def.kind.is_ordered() && many && others & absent == 0 {
            let others = self.tongue.cells(self.edition, def, others);
            return format!("{} {others}", self.say("alt andet end", "anything but"));
        }
        self.tongue.cells(self.edition, def, cells)
    }

    fn effect(&self, then: &Then) -> (String, Vec<String>) {
        match then {
            Then::Effect(effect) => (self.name(&effect.outcome), self.remedies(effect)),
            Then::JudgeAgain { fact, value } => {
                let def = self.policy.fact_def(*fact);
                let value = self.tongue.value(self.edition, def, *value);
                let label = self.label(*fact);
                let again = format!("{} {label}: {value}", self.say("som ved", "as with"));
                let outcome = self.say("afgøres på ny", "judged again");
                (outcome.to_owned(), vec![again])
            }
        }
    }

    fn remedies(&self, effect: &Effect) -> Vec<String> {
        let granted = effect.remedies.iter().map(|remedy| self.remedy(remedy));
        let suggested = effect.suggestions.iter().map(|remedy| {
            let remedy = self.remedy(remedy);
            format!("{}: {remedy}", self.say("forslag", "suggested"))
        });
        granted.chain(suggested).collect()
    }

    fn remedy(&self, remedy: &Remedy) -> String {
        let quantities: Vec<String> = remedy.quantities.iter().map(|it| self.name(it)).collect();
        let mut inside = quantities.join(" + ");
        if let Some(less) = &remedy.less {
            let value = self.policy.param(less);
            let value = value.map_or_else(|| self.name(less), |value| self.tongue.constant(value));
            inside = format!("{inside}, {} {value}", self.say("minus", "less"));
        }
        let kind = self.name(&remedy.kind);
        if inside.is_empty() {
            kind
        } else {
            format!("{kind} ({inside})")
        }
    }

    /// A word of the host, as the edition calls it if it does.
    fn name(&self, word: &str) -> String {
        let label = self.edition.words.labels.get(word);
        label.cloned().unwrap_or_else(|| spaced(word))
    }

    /// What each rule gives way to; rules that give way to the same share a line.
    fn gives_way(&self, rules: &[RuleId]) -> Vec<GivesWay> {
        let mut out: Vec<GivesWay> = Vec::new();
        for id in rules {
            let rule = self.policy.rule(*id);
            let exceptions = rule
                .exceptions
                .iter()
                .map(|exception| self.policy.rule(*exception));
            let to: Vec<(String, String)> = exceptions
                .filter(|exception| exception.parent != Some(*id))
                .map(|exception| (exception.name.clone(), exception.clause.clone()))
                .collect();
            match out.iter_mut().find(|line| line.to == to) {
                _ if to.is_empty() => {}
                Some(line) => line.rules.push(rule.name.clone()),
                None => out.push(GivesWay {
                    rules: vec![rule.name.clone()],
                    to,
                }),
            }
        }
        out
    }
}

/// The facts that some box does not leave open, in the order in which the conditions name them.
fn columns(conditions: &[Expr], regions: &[Option<boxes::Region>]) -> Vec<FactId> {
    let mut facts: Vec<FactId> = Vec::new();
    for (condition, region) in conditions.iter().zip(regions) {
        let matters = |fact: &FactId| {
            let mut areas = region.iter().flatten();
            areas.any(|area| area.contains_key(fact))
        };
        condition.tests(&mut |test| {
            if matters(&test.fact) && !facts.contains(&test.fact) {
                facts.push(test.fact);
            }
        });
    }
    facts
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}
