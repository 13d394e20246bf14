// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that can be wrong with a policy that reads: gaps, overlaps, dead rules, idle tests, loose sentences; with witnesses.
//!
//! The diagram answers each question exactly. A witness is the path to the bad leaf that departs least from the
//! usual, with every fact left out that does not matter and every range as wide as can be.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::block::{ExpectAst, TestAst};
use crate::clause::{Edition, Mark, Sentence, covers};
use crate::condition::{Expr, FactId, TestOp, unknown, value_for};
use crate::decide::{Answer, Facts};
use crate::diagram::{Frozen, QuickMap, Ref};
use crate::explain::{every_end, free, mask};
use crate::fact::{FactDef, Value, bit, bits};
use crate::join::{Joined, condition};
use crate::problem::{Code, Problem, Span, Witness};
use crate::read::{Diagram, Policy};
use crate::rule::{RuleId, Then};

/// What came of a `test` block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestRun {
    /// The test's name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Whether the policy does what it says.
    pub passed: bool,
    /// What it says.
    pub expected: String,
    /// What the policy does.
    pub found: String,
    /// The rules that the test reached.
    pub rules: Vec<RuleId>,
}

impl Policy {
    /// Finds everything that is wrong, in the order of the text. An empty list is a proof: no gap, no overlap, no dead rule.
    /// `keep_going` is asked now and then; `false` leaves the proof open, which is said as a problem of its own.
    ///
    /// ```
    /// let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\nA late parcel is paid for. {rule: pay}\n\n```facts\nlate : int [0..]\n```\n\n```rule pay\nwhen late > 3 then pay because \"\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let problems = policy.check(&|| true);
    /// assert_eq!(problems[0].message, "no rule decides when late is 0..3");
    /// ```
    #[must_use]
    pub fn check(&self, keep_going: &dyn Fn() -> bool) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut impossible = false;
        match self.join(keep_going) {
            Ok(joined) if joined.feasible == Ref::FALSE => {
                impossible = true;
                problems.push(self.contradiction(joined));
            }
            Ok(mut joined) => {
                let first = self.frozen_first(&joined);
                self.check_gaps(&mut problems);
                self.check_overlaps(&mut problems);
                self.check_loops(&mut problems);
                let live = self.check_dead(&first, &mut joined, &mut problems);
                self.check_parameters(&live, &mut problems);
            }
            Err((_, blame)) => problems.push(self.not_proved(blame)),
        }
        self.check_unused(&mut problems);
        let used = self.used_parameters();
        self.check_templates(&used, &mut problems);
        for (file, edition) in self.editions.iter().enumerate() {
            self.check_sentences(file, edition, &used, &mut problems);
        }
        if !impossible {
            self.check_tests(&mut problems);
        }
        problems.sort_by_key(|problem| (problem.span, problem.code));
        problems
    }

    /// The assumption after which nothing is left possible.
    fn contradiction(&self, mut joined: Joined<'_>) -> Problem {
        let mut levels = vec![0; self.facts.len()];
        for (level, fact) in joined.order.iter().enumerate() {
            if let Some(place) = levels.get_mut(*fact) {
                *place = level;
            }
        }
        let mut left = Ref::TRUE;
        let last = self.assumptions.iter().find(|(expr, _)| {
            let both = condition(&mut joined.builder, &levels, expr)
                .and_then(|own| joined.builder.and(left, own));
            left = both.unwrap_or(left);
            left == Ref::FALSE
        });
        let span = last.map(|(_, span)| *span).unwrap_or_default();
        Problem::new(
            Code::DeadRule,
            span,
            "with this assumption no case is possible, so no rule ever decides",
            "correct it, or one before it: an assumption says what always holds of the facts",
        )
    }

    fn frozen_first(&self, joined: &Joined<'_>) -> Diagram {
        let mut diagram = Diagram::default();
        let mut numbers = BTreeMap::new();
        for leaf in joined.builder.leaves(joined.first) {
            numbers.insert(
                leaf.content(),
                u32::try_from(diagram.winners.len()).unwrap_or(0),
            );
            diagram.winners.push(joined.sets.get(leaf).to_vec());
        }
        diagram.frozen = joined.builder.freeze(joined.first, &joined.order);
        diagram
            .frozen
            .renumber(|content| numbers.get(&Some(content)).copied().unwrap_or(content));
        diagram.possible = joined.builder.freeze(joined.feasible, &joined.order);
        diagram.order.clone_from(&joined.order);
        diagram
    }

    fn check_gaps(&self, problems: &mut Vec<Problem>) {
        let Some(diagram) = &self.diagram else { return };
        // One gap at a time: what a witness covers is set aside before the next is sought.
        let mut covered: Vec<Vec<u64>> = Vec::new();
        while covered.len() < MOST_GAPS {
            let Some(world) = self.find(diagram, &covered, &|winners| winners.is_empty()) else {
                break;
            };
            let witness = self.witness(diagram, &world, &|winners| winners.is_empty());
            let span = self
                .rules
                .iter()
                .map(|rule| rule.span)
                .min()
                .unwrap_or_default();
            let near = self.near(&world);
            let place = near
                .first()
                .map_or(span, |(rule, _)| self.rule(*rule).when_span);
            let words = self.world_words(&witness);
            let message = if words.is_empty() {
                "no rule decides, whatever the facts".to_owned()
            } else {
                format!("no rule decides when {words}")
            };
            let outcome = near
                .iter()
                .find(|(rule, _)| matches!(self.rule(*rule).then, Then::Effect(_)))
                .map_or("outcome".to_owned(), |(rule, _)| self.expectation(*rule));
            problems.push(
                Problem::new(
                    Code::Gap,
                    place,
                    message,
                    "add a rule for it, or widen one that comes near",
                )
                .with_witness(Witness {
                    facts: self.witness_facts(&witness),
                    near: near
                        .iter()
                        .map(|(rule, why)| (self.rule(*rule).name.clone(), why.clone()))
                        .collect(),
                    test: self.test_block("a gap", &world, &outcome),
                }),
            );
            covered.push(witness);
        }
    }

    fn check_overlaps(&self, problems: &mut Vec<Problem>) {
        let Some(diagram) = &self.diagram else { return };
        let mut pairs: BTreeSet<(RuleId, RuleId)> = BTreeSet::new();
        for set in diagram.winners.iter().filter(|set| set.len() > 1) {
            for (at, one) in set.iter().enumerate() {
                pairs.extend(
                    set.iter()
                        .skip(at.saturating_add(1))
                        .map(|other| ((*one).min(*other), (*one).max(*other))),
                );
            }
        }
        for (one, other) in pairs {
            let both = |winners: &[RuleId]| winners.contains(&one) && winners.contains(&other);
            let Some(world) = self.find(diagram, &[], &both) else {
                continue;
            };
            let witness = self.witness(diagram, &world, &both);
            let (first, second) = (self.rule(one), self.rule(other));
            let same = first.then == second.then && first.clause == second.clause;
            let (code, how) = if same {
                (Code::Double, "alike".to_owned())
            } else if first.then == second.then {
                let how = format!(
                    "alike but under the clauses {} and {}",
                    second.clause, first.clause
                );
                (Code::Overlap, how)
            } else {
                (Code::Overlap, "differently".to_owned())
            };
            let words = self.world_words(&witness);
            let when = if words.is_empty() {
                "always".to_owned()
            } else {
                format!("when {words}")
            };
            let again =
                self.again(&self.values(&world))
                    .map_or(String::new(), |(rule, fact, value)| {
                        let value = self.value_name(fact, value);
                        let fact = &self.fact_def(fact).name;
                        format!(
                            "; there `{}` judges again with `{fact} = {value}`",
                            self.rule(rule).name
                        )
                    });
            let message = format!(
                "`{}` and `{}` both decide, {how}, {when}{again}",
                second.name, first.name
            );
            let help = format!(
                "let one give way: add `overrides: {}` to `{}` or the other way round, or make their conditions exclude each other",
                first.name, second.name
            );
            problems.push(
                Problem::new(code, second.when_span, message, help)
                    .also(first.when_span, format!("`{}`", first.name))
                    .with_witness(Witness {
                        facts: self.witness_facts(&witness),
                        near: Vec::new(),
                        test: self.test_block("an overlap", &world, &self.expectation(one)),
                    }),
            );
        }
    }

    /// A second judgement that leads to a second judgement.
    fn check_loops(&self, problems: &mut Vec<Problem>) {
        let Some(diagram) = &self.diagram else { return };
        for (at, rule) in self
            .rules
            .iter()
            .enumerate()
            .filter(|(_, rule)| matches!(rule.then, Then::JudgeAgain { .. }))
        {
            let again = |winners: &[RuleId]| winners.contains(&RuleId(at));
            if let Some(world) = self.find(diagram, &[], &again) {
                let witness = self.witness(diagram, &world, &again);
                let message = format!(
                    "judging again leads to `{}`, which judges again, when {}",
                    rule.name,
                    self.world_words(&witness)
                );
                problems.push(
                    Problem::new(
                        Code::Cycle,
                        rule.span,
                        message,
                        "let the rule hold only before the fact is changed",
                    )
                    .with_witness(Witness {
                        facts: self.witness_facts(&witness),
                        near: Vec::new(),
                        test: String::new(),
                    }),
                );
            }
        }
    }

    /// Rules that never win anywhere; gives for each rule whether it lives.
    fn check_dead(
        &self,
        first: &Diagram,
        joined: &mut Joined<'_>,
        problems: &mut Vec<Problem>,
    ) -> Vec<bool> {
        let mut live = vec![false; self.rules.len()];
        let mut leaves = BTreeSet::new();
        for diagram in std::iter::once(first).chain(&self.diagram) {
            let all: Vec<u64> = self.facts.iter().map(|def| def.cells.domain).collect();
            every_end(diagram, &all, &mut |winners| {
                leaves.extend(winners.iter().copied());
                true
            });
        }
        for id in &leaves {
            if let Some(place) = live.get_mut(id.0) {
                *place = true;
            }
        }
        for (at, rule) in self
            .rules
            .iter()
            .enumerate()
            .filter(|(at, _)| live.get(*at) == Some(&false))
        {
            let condition = joined.conditions.get(at).copied().unwrap_or(Ref::TRUE);
            let never = condition == Ref::FALSE;
            let excluded = joined.builder.and(condition, joined.feasible) == Ok(Ref::FALSE);
            let beaten: Vec<String> = rule
                .exceptions
                .iter()
                .map(|id| format!("`{}`", self.rule(*id).name))
                .collect();
            let (message, help) = if never {
                (
                    format!("`{}` never decides: its condition never holds", rule.name),
                    "correct the condition, or remove the rule".to_owned(),
                )
            } else if excluded || beaten.is_empty() {
                (
                    format!("`{}` never decides: the assumptions exclude it", rule.name),
                    "correct the condition or the assumptions, or remove the rule".to_owned(),
                )
            } else {
                let message = format!(
                    "`{}` never decides: wherever it holds, one of its exceptions does too",
                    rule.name
                );
                (
                    message,
                    format!("narrow {}, or remove the rule", beaten.join(" or ")),
                )
            };
            problems.push(Problem::new(Code::DeadRule, rule.when_span, message, help));
        }
        live
    }

    /// Parameters that no live rule uses, or whose value makes no difference.
    fn check_parameters(&self, live: &[bool], problems: &mut Vec<Problem>) {
        for (name, param) in &self.params {
            let used =
                param.rules.iter().any(|id| live.get(id.0) == Some(&true)) || param.taken_off;
            let reached = param.taken_off
                || param
                    .compared
                    .iter()
                    .any(|fact| self.cut_matters(*fact, param.value));
            if !used {
                let help = "use it in a rule's condition, or remove it";
                problems.push(Problem::new(
                    Code::UnusedParameter,
                    param.span,
                    format!("no rule that decides uses the parameter `{name}`"),
                    help,
                ));
            } else if !reached {
                let help = "check the rules that name it: another condition decides before it";
                problems.push(Problem::new(
                    Code::UnusedParameter,
                    param.span,
                    format!("the value of `{name}` makes no difference to any decision"),
                    help,
                ));
            }
        }
    }

    /// Whether some possible case would be decided otherwise if the values right below a constant counted as those right above it.
    fn cut_matters(&self, fact: FactId, value: Value) -> bool {
        let (Some(diagram), Some(def), Some(key)) =
            (&self.diagram, self.facts.get(fact.0), value.key())
        else {
            return true;
        };
        let near: Vec<usize> = def
            .cells
            .cuts
            .iter()
            .enumerate()
            .filter(|(_, cut)| {
                cut.at == key
                    || (!matches!(def.kind, crate::fact::Kind::Ratio)
                        && cut.at.floor().saturating_add(1) == key.floor())
            })
            .map(|(at, _)| at)
            .collect();
        let rank = diagram.ranks();
        let first = |facts: &[Option<usize>]| {
            facts
                .iter()
                .flatten()
                .copied()
                .min_by_key(|fact| rank.get(*fact))
        };
        let (table, worlds) = (&diagram.frozen, &diagram.possible);
        let mut seen = QuickMap::<(u32, u32), ()>::default();
        let mut pending = vec![(table.root, worlds.root)];
        // Two places of the diagram, and what is possible there.
        let mut pairs: Vec<(u32, u32, u32)> = Vec::new();
        while let Some((at, world)) = pending.pop() {
            if Frozen::content(world) == Some(0) || seen.insert((at, world), ()).is_some() {
                continue;
            }
            let Some(asked) = first(&[table.fact(at), worlds.fact(world)]) else {
                continue;
            };
            if asked == fact.0 && table.fact(at) == Some(asked) {
                for cut in &near {
                    let (below, above) = (*cut, cut.saturating_add(1));
                    let (low, high) = (table.child(at, below), table.child(at, above));
                    pairs.extend(
                        [below, above].map(|cell| (low, high, worlds.step(world, asked, cell))),
                    );
                }
            }
            let cells = self.facts.get(asked).map_or(0, |def| def.cells.domain);
            pending.extend(
                bits(cells)
                    .map(|cell| (table.step(at, asked, cell), worlds.step(world, asked, cell))),
            );
        }
        let mut seen = QuickMap::<(u32, u32, u32), ()>::default();
        while let Some((low, high, world)) = pairs.pop() {
            if low == high
                || Frozen::content(world) == Some(0)
                || seen.insert((low, high, world), ()).is_some()
            {
                continue;
            }
            let Some(asked) = first(&[table.fact(low), table.fact(high), worlds.fact(world)])
            else {
                return true;
            };
            let cells = self.facts.get(asked).map_or(0, |def| def.cells.domain);
            pairs.extend(bits(cells).map(|cell| {
                (
                    table.step(low, asked, cell),
                    table.step(high, asked, cell),
                    worlds.step(world, asked, cell),
                )
            }));
        }
        false
    }

    fn not_proved(&self, mut blame: Vec<(usize, usize)>) -> Problem {
        blame.sort_by(|a, b| b.cmp(a));
        let names: Vec<String> = blame
            .iter()
            .take(3)
            .filter_map(|(_, fact)| self.facts.get(*fact))
            .map(|def| format!("`{}`", def.name))
            .collect();
        let span = self.facts.first().map(|def| def.span).unwrap_or_default();
        let message = format!(
            "gaps and overlaps are not proved absent: the diagram outgrew {} nodes",
            self.limits.nodes
        );
        let help = format!(
            "the facts to blame are {}; compare them with fewer values, give `order:` in the front matter, or split the policy",
            names.join(", ")
        );
        Problem::new(Code::NotProved, span, message, help)
    }

    fn check_unused(&self, problems: &mut Vec<Problem>) {
        let mut tested = vec![false; self.facts.len()];
        let exprs = self.rules.iter().map(|rule| &rule.when);
        for expr in exprs {
            expr.tests(&mut |test| {
                if let Some(place) = tested.get_mut(test.fact.0) {
                    *place = true;
                }
            });
        }
        for (def, tested) in self.facts.iter().zip(&tested) {
            let mentioned = || {
                self.editions.iter().any(|edition| {
                    edition
                        .words
                        .because
                        .values()
                        .any(|text| text.contains(&format!("{{{}}}", def.name)))
                })
            };
            if !tested && !mentioned() {
                problems.push(Problem::new(
                    Code::Unused,
                    def.span,
                    format!("no rule asks for the fact `{}`", def.name),
                    "use it in a rule, or remove it",
                ));
            }
        }
        for (name, (_, span)) in self
            .terms
            .iter()
            .filter(|(name, _)| !self.used_terms.contains(*name))
        {
            problems.push(Problem::new(
                Code::Unused,
                *span,
                format!("no rule uses the term `{name}`"),
                "use it in a rule, or remove it",
            ));
        }
    }

    /// Braces in reasons that name nothing.
    fn check_templates(&self, used: &[BTreeSet<&str>], problems: &mut Vec<Problem>) {
        for (file, edition) in self.editions.iter().enumerate() {
            for (rule, text) in &edition.words.because {
                crate::explain::fill(text, &mut |name| {
                    if !self.params.contains_key(name) && !self.fact_ids.contains_key(name) {
                        let span = self
                            .rule_named(rule)
                            .map(|id| self.rule(id).span)
                            .unwrap_or_default();
                        let span = if file == 0 {
                            span
                        } else {
                            Span::new(file, 0, 0)
                        };
                        let known: Vec<String> = self
                            .fact_ids
                            .keys()
                            .chain(self.params.keys())
                            .cloned()
                            .collect();
                        let mut problem = unknown(
                            "fact or parameter",
                            name,
                            known.iter(),
                            span,
                            "name one that the policy declares",
                        );
                        problem.message = format!("{} in the reason of `{rule}`", problem.message);
                        problems.push(problem);
                    } else if self.params.contains_key(name)
                        && let Some(id) = self.rule_named(rule)
                        && used.get(id.0).is_some_and(|used| !used.contains(name))
                    {
                        let span = if file == 0 {
                            self.rule(id).span
                        } else {
                            Span::new(file, 0, 0)
                        };
                        let message = format!(
                            "the reason of `{rule}` names the parameter `{name}`, which the rule does not use"
                        );
                        problems.push(Problem::new(
                            Code::Unanchored,
                            span,
                            message,
                            "name the parameter that the rule uses, or use this one in the rule",
                        ));
                    }
                    None
                });
            }
        }
    }

    fn check_sentences(
        &self,
        file: usize,
        edition: &Edition,
        used: &[BTreeSet<&str>],
        problems: &mut Vec<Problem>,
    ) {
        let names: Vec<String> = self.rules.iter().map(|rule| rule.name.clone()).collect();
        let mut told = vec![false; self.rules.len()];
        for sentence in edition.clauses.iter().flat_map(|clause| &clause.sentences) {
            for mark in &sentence.marks {
                let Mark::Rule(pattern, span) = mark else {
                    continue;
                };
                if !names.iter().any(|name| covers(pattern, name)) {
                    problems.push(unknown(
                        "rule",
                        pattern,
                        names.iter(),
                        *span,
                        "mark the sentence with a rule of this policy",
                    ));
                }
                for (told, name) in told.iter_mut().zip(&names) {
                    *told |= covers(pattern, name);
                }
            }
            for (name, span) in sentence
                .params
                .iter()
                .filter(|(name, _)| !self.params.contains_key(name))
            {
                problems.push(unknown(
                    "parameter",
                    name,
                    self.params.keys(),
                    *span,
                    "declare it in a `params` block",
                ));
            }
            self.check_links(edition, sentence, problems);
            self.check_numbers(edition, sentence, used, problems);
            if sentence.marks.is_empty()
                && sentence.params.is_empty()
                && let Some(word) = promise(sentence, &edition.language)
            {
                let help = "put the number in a parameter, mark the sentence with the rule that keeps it (`{rule: …}`), or with `{no-rule}`";
                problems.push(Problem::new(
                    Code::Unanchored,
                    sentence.span,
                    format!("`{word}` promises something that no rule keeps"),
                    help,
                ));
            }
        }
        for (rule, told) in self.rules.iter().zip(&told) {
            if !told {
                let span = if file == 0 {
                    rule.span
                } else {
                    Span::new(file, 0, 0)
                };
                let message = format!(
                    "no sentence of the page tells of the rule `{}`{}",
                    rule.name,
                    if file == 0 {
                        String::new()
                    } else {
                        format!(" in `{}`", edition.language)
                    }
                );
                problems.push(Problem::new(
                    Code::Untold,
                    span,
                    message,
                    format!("write one and mark it `{{rule: {}}}`", rule.name),
                ));
            }
        }
    }

    /// Links to clauses that are not there.
    fn check_links(&self, edition: &Edition, sentence: &Sentence, problems: &mut Vec<Problem>) {
        let text = sentence.span.text(&edition.source);
        for (at, opening) in text.match_indices("](#") {
            let start = at.saturating_add(opening.len());
            let Some((id, _)) = text.get(start..).and_then(|rest| rest.split_once(')')) else {
                continue;
            };
            if edition.clause(id).is_none() {
                let start = sentence.span.start.saturating_add(start);
                let place = Span::new(sentence.span.file, start, start.saturating_add(id.len()));
                let ids: Vec<String> = edition
                    .clauses
                    .iter()
                    .map(|clause| clause.id.clone())
                    .collect();
                problems.push(unknown(
                    "clause",
                    id,
                    ids.iter(),
                    place,
                    "link to the anchor of a clause",
                ));
            }
        }
    }

    /// Numbers of a sentence that are not those of the rules it is marked with.
    fn check_numbers(
        &self,
        edition: &Edition,
        sentence: &Sentence,
        used: &[BTreeSet<&str>],
        problems: &mut Vec<Problem>,
    ) {
        let number = typed_number(sentence);
        if sentence.marks.contains(&Mark::NoRule)
            || (number.is_none() && sentence.params.is_empty())
        {
            return;
        }
        let marked = self
            .rules
            .iter()
            .zip(used)
            .filter(|(rule, _)| sentence.marks.iter().any(|mark| mark.names(&rule.name)));
        let marked: Vec<&BTreeSet<&str>> = marked.map(|(_, used)| used).collect();
        if marked.is_empty() {
            return;
        }
        let uses = |name: &str| marked.iter().any(|used| used.contains(name));
        for (name, span) in sentence
            .params
            .iter()
            .filter(|(name, _)| self.params.contains_key(name))
        {
            if !uses(name) {
                let message = format!("no rule of this sentence uses the parameter `{name}`");
                problems.push(Problem::new(
                    Code::Unanchored,
                    *span,
                    message,
                    "name the parameter that the rule uses, or use this one in the rule",
                ));
            }
        }
        let named = |name: &str| sentence.params.iter().any(|(own, _)| own == name);
        let unnamed = marked
            .iter()
            .flat_map(|used| used.iter())
            .find(|name| !named(name));
        if let (Some(name), Some(number)) = (unnamed, number) {
            let place = find_in(&edition.source, sentence.span, &number);
            let message = format!(
                "`{number}` is typed into a sentence whose rule uses the parameter `{name}`"
            );
            let help = format!(
                "write `{{{name}}}`, which shows the rule's own value; if it is another number, mark the sentence with `{{no-rule}}` too"
            );
            problems.push(Problem::new(Code::Unanchored, place, message, help));
        }
    }

    /// The parameters that each rule, those that it is nested in, or its exceptions use.
    fn used_parameters(&self) -> Vec<BTreeSet<&str>> {
        let mut own: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); self.rules.len()];
        for (name, param) in &self.params {
            for id in &param.rules {
                if let Some(set) = own.get_mut(id.0) {
                    set.insert(name);
                }
            }
        }
        for (rule, set) in self.rules.iter().zip(&mut own) {
            if let Then::Effect(effect) = &rule.then {
                let remedies = effect.remedies.iter().chain(&effect.suggestions);
                set.extend(remedies.filter_map(|remedy| remedy.less.as_deref()));
            }
        }
        let family = |at: usize| {
            let up = std::iter::successors(Some(RuleId(at)), |id| self.rule(*id).parent);
            let all = up.chain(self.rule(RuleId(at)).exceptions.iter().copied());
            all.filter_map(|id| own.get(id.0))
                .flatten()
                .copied()
                .collect()
        };
        (0..self.rules.len()).map(family).collect()
    }

    fn check_tests(&self, problems: &mut Vec<Problem>) {
        for test in &self.tests {
            self.check_expected(test, problems);
            match self.test_facts(test) {
                Err(found) => problems.extend(found),
                Ok(facts) => {
                    if self.decide(&facts) == Answer::Nothing {
                        problems.push(self.idle(test, &facts));
                    }
                }
            }
        }
    }

    /// Names that a test expects and nothing declares.
    fn check_expected(&self, test: &TestAst, problems: &mut Vec<Problem>) {
        match &test.expect {
            ExpectAst::Ask(names) => {
                let known: BTreeSet<String> =
                    self.facts.iter().map(|def| def.asked_as.clone()).collect();
                for (name, span) in names.iter().filter(|(name, _)| !known.contains(name)) {
                    problems.push(unknown(
                        "fact to ask for",
                        name,
                        known.iter(),
                        *span,
                        "name a fact as it is asked",
                    ));
                }
            }
            ExpectAst::Outcome {
                name,
                clause,
                rule,
                span,
            } => {
                let outcomes: BTreeSet<String> = self
                    .rules
                    .iter()
                    .filter_map(|rule| match &rule.then {
                        Then::Effect(effect) => Some(effect.outcome.clone()),
                        Then::JudgeAgain { .. } => None,
                    })
                    .collect();
                if !outcomes.contains(name) {
                    let place =
                        Span::new(span.file, span.start, span.start.saturating_add(name.len()));
                    problems.push(unknown(
                        "outcome of a rule",
                        name,
                        outcomes.iter(),
                        place,
                        "name an outcome that some rule comes to",
                    ));
                }
                let clauses: Vec<String> = self
                    .source()
                    .clauses
                    .iter()
                    .map(|clause| clause.id.clone())
                    .collect();
                if let Some(clause) = clause.as_ref().filter(|clause| !clauses.contains(clause)) {
                    let start = span.start.saturating_add(name.len());
                    let place = find_in(
                        &self.source().source,
                        Span::new(span.file, start, span.end),
                        clause,
                    );
                    problems.push(unknown(
                        "clause",
                        clause,
                        clauses.iter(),
                        place,
                        "name a clause by its anchor",
                    ));
                }
                if let Some((rule, span)) = rule
                    .as_ref()
                    .filter(|(rule, _)| self.rule_named(rule).is_none())
                {
                    let names: Vec<String> =
                        self.rules.iter().map(|rule| rule.name.clone()).collect();
                    problems.push(unknown(
                        "rule",
                        rule,
                        names.iter(),
                        *span,
                        "name a rule of this policy",
                    ));
                }
            }
        }
    }

    /// Why a test never decides.
    fn idle(&self, test: &TestAst, facts: &Facts) -> Problem {
        let row: Vec<u64> = (0..self.facts.len()).map(|at| facts.mask(at)).collect();
        if self
            .diagram
            .as_ref()
            .is_none_or(|diagram| some_end(diagram, &row))
        {
            return Problem::new(
                Code::IdleTest,
                test.span,
                "no rule decides what this test gives",
                "correct what is given, or close the gap in the rules",
            );
        }
        let broken = self.assumptions.iter().find(|(expr, _)| {
            let mut known = true;
            expr.tests(&mut |test| known &= facts.is_known(test.fact));
            known && !expr.holds(&|id| facts.value(id).unwrap_or(Value::Absent))
        });
        let message = "what this test gives cannot come together: the assumptions exclude it";
        let help = "correct what is given; a fact that is not given takes its `usual`";
        let problem = Problem::new(Code::IdleTest, test.span, message, help);
        match broken {
            Some((_, span)) => problem.also(*span, "this assumption does not hold"),
            None => problem,
        }
    }

    /// The facts of a test: what it gives, then the usual.
    fn test_facts(&self, test: &TestAst) -> Result<Facts, Vec<Problem>> {
        let mut facts = self.nothing_known();
        let params: BTreeMap<String, Value> = self
            .params
            .iter()
            .map(|(name, param)| (name.clone(), param.value))
            .collect();
        let mut problems = Vec::new();
        for (id, def) in self.facts() {
            if let Some(usual) = def.usual
                && self.know(&mut facts, id, usual).is_err()
            {
                problems.push(Problem::new(
                    Code::Type,
                    def.span,
                    format!("the usual value of `{}` lies outside its bounds", def.name),
                    "give another",
                ));
            }
        }
        for (name, span, value) in &test.given {
            let Some(id) = self.fact(name) else {
                problems.push(unknown(
                    "fact",
                    name,
                    self.fact_ids.keys(),
                    *span,
                    "declare it in a `facts` block",
                ));
                continue;
            };
            let Some(constant) = value else {
                self.forget(&mut facts, id, true);
                continue;
            };
            match value_for(self.fact_def(id), constant, &params) {
                Err(problem) => problems.push(problem),
                Ok(value) => {
                    if self.know(&mut facts, id, value).is_err() {
                        problems.push(Problem::new(
                            Code::Type,
                            constant.span,
                            format!("the value lies outside the bounds of `{name}`"),
                            "give another",
                        ));
                    }
                }
            }
        }
        if problems.is_empty() {
            Ok(facts)
        } else {
            Err(problems)
        }
    }

    /// Runs the `test` blocks.
    ///
    /// ```
    /// let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int\n```\n```rule pay\nwhen late > 3 then pay because \"\"\n```\n```rule wait\nwhen late <= 3 then wait because \"\"\n```\n```test four days\ngiven late = 4\nexpect pay 1\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// assert!(policy.run_tests()[0].passed);
    /// ```
    #[must_use]
    pub fn run_tests(&self) -> Vec<TestRun> {
        self.tests.iter().map(|test| self.run_test(test)).collect()
    }

    fn run_test(&self, test: &TestAst) -> TestRun {
        let run = |passed, expected: String, found: String, rules: Vec<RuleId>| TestRun {
            name: test.name.clone(),
            span: test.span,
            passed,
            expected,
            found,
            rules,
        };
        let expected = match &test.expect {
            ExpectAst::Ask(names) => format!(
                "ask {}",
                names
                    .iter()
                    .map(|(name, _)| name.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            ExpectAst::Outcome {
                name, clause, rule, ..
            } => {
                let clause = clause
                    .as_ref()
                    .map_or(String::new(), |clause| format!(" {clause}"));
                let rule = rule
                    .as_ref()
                    .map_or(String::new(), |(rule, _)| format!(" by {rule}"));
                format!("{name}{clause}{rule}")
            }
        };
        let facts = match self.test_facts(test) {
            Ok(facts) => facts,
            Err(problems) => {
                return run(
                    false,
                    expected,
                    problems
                        .first()
                        .map_or(String::new(), |problem| problem.message.clone()),
                    Vec::new(),
                );
            }
        };
        match (self.decide(&facts), &test.expect) {
            (Answer::Decided { rule, rules }, expect) => {
                let found = self.expectation(rule);
                let passed = match expect {
                    ExpectAst::Outcome {
                        name,
                        clause,
                        rule: by,
                        ..
                    } => {
                        let own = self.rule(rule);
                        let outcome =
                            matches!(&own.then, Then::Effect(effect) if effect.outcome == *name);
                        outcome
                            && clause.as_ref().is_none_or(|clause| *clause == own.clause)
                            && by.as_ref().is_none_or(|(by, _)| *by == own.name)
                    }
                    ExpectAst::Ask(_) => false,
                };
                run(passed, expected, found, rules)
            }
            (Answer::Open { missing, rules }, expect) => {
                let found = format!("ask {}", missing.join(", "));
                let passed = match expect {
                    ExpectAst::Ask(names) => {
                        let asked: BTreeSet<&str> =
                            names.iter().map(|(name, _)| name.as_str()).collect();
                        asked == missing.iter().map(String::as_str).collect()
                    }
                    ExpectAst::Outcome { .. } => false,
                };
                run(passed, expected, found, rules)
            }
            (Answer::Nothing, _) => run(false, expected, "no rule decides".to_owned(), Vec::new()),
        }
    }

    /// A rule's effect as a test would expect it.
    fn expectation(&self, rule: RuleId) -> String {
        let rule = self.rule(rule);
        match &rule.then {
            Then::Effect(effect) => format!("{} {} by {}", effect.outcome, rule.clause, rule.name),
            Then::JudgeAgain { .. } => format!("outcome {}", rule.clause),
        }
    }

    /// The possible world, a cell each for the facts on its path, that ends where `bad` says and departs least from the usual.
    fn find(
        &self,
        diagram: &Diagram,
        covered: &[Vec<u64>],
        bad: &dyn Fn(&[RuleId]) -> bool,
    ) -> Option<Vec<u64>> {
        let mut search = Find {
            policy: self,
            diagram,
            covered,
            bad,
            rank: diagram.ranks(),
            best: QuickMap::default(),
        };
        let root = Place {
            at: diagram.frozen.root,
            possible: diagram.possible.root,
            inside: search.all_covers(),
        };
        search.cost(root)?;
        let mut row: Vec<u64> = self.facts.iter().map(|def| def.cells.domain).collect();
        let mut place = root;
        while let Some(fact) = search.top(place) {
            let (_, cell) = search.best.get(&place).copied().flatten()?;
            free(&mut row, fact, bit(cell));
            place = search.step(place, fact, cell);
        }
        Some(row)
    }

    /// The world's facts that matter, with ranges as wide as they stay bad.
    fn witness(
        &self,
        diagram: &Diagram,
        world: &[u64],
        bad: &dyn Fn(&[RuleId]) -> bool,
    ) -> Vec<u64> {
        let mut row = world.to_vec();
        let holds = |row: &[u64]| every_end(diagram, row, &mut |winners| bad(winners));
        let pinned: Vec<usize> = (0..row.len())
            .filter(|at| {
                self.facts
                    .get(*at)
                    .is_some_and(|def| mask(&row, *at) != def.cells.domain)
            })
            .collect();
        let unusual = |at: &usize| {
            self.facts
                .get(*at)
                .and_then(|def| def.usual.and_then(|usual| def.cell(usual)))
                .is_some_and(|cell| mask(world, *at) & bit(cell) == 0)
        };
        let (strange, plain): (Vec<usize>, Vec<usize>) = pinned.into_iter().partition(unusual);
        let mut kept = Vec::new();
        for at in plain.into_iter().chain(strange) {
            let before = mask(&row, at);
            free(
                &mut row,
                at,
                self.facts.get(at).map_or(0, |def| def.cells.domain),
            );
            if !holds(&row) {
                free(&mut row, at, before);
                kept.push(at);
            }
        }
        for at in &kept {
            self.widen(FactId(*at), &mut row, &holds);
        }
        // Values that the assumptions exclude here are no part of the range.
        for at in kept {
            let range = mask(&row, at);
            let possible = bits(range).filter(|cell| {
                free(&mut row, at, bit(*cell));
                some_end(diagram, &row)
            });
            let possible = possible.fold(0, |set, cell| set | bit(cell));
            free(&mut row, at, if possible == 0 { range } else { possible });
        }
        row
    }

    /// The rules that nearly hold in a world, nearest first, each with the condition that keeps it away.
    fn near(&self, world: &[u64]) -> Vec<(RuleId, String)> {
        let mut values = self.values(world);
        let mut near: Vec<(RuleId, String)> = Vec::new();
        if let Some((rule, fact, value)) = self.again(&values) {
            let changed = format!(
                "{} = {}",
                self.fact_def(fact).name,
                self.value_name(fact, value)
            );
            let why = format!("it judges again with `{changed}`, and then no rule decides");
            near.push((rule, why));
            if let Some(place) = values.get_mut(fact.0) {
                *place = value;
            }
        }
        let value = |id: FactId| values.get(id.0).copied().unwrap_or(Value::Absent);
        let mut others: Vec<(Nearness, RuleId, String)> = Vec::new();
        for at in 0..self.rules.len() {
            if near.iter().any(|(rule, _)| rule.0 == at) {
                continue;
            }
            let parts = self.parts(RuleId(at));
            let failing: Vec<&&Expr> = parts.iter().filter(|part| !part.holds(&value)).collect();
            if let ([one, ..], 1..=2) = (failing.as_slice(), failing.len())
                && failing.len() < parts.len().max(2)
            {
                let nearness = Nearness {
                    failing: failing.len(),
                    by_one: Reverse(failing.len() == 1 && self.by_one(one, &values)),
                    holding: Reverse(parts.len().saturating_sub(failing.len())),
                };
                others.push((nearness, RuleId(at), self.why_not(one)));
            }
        }
        // A rule of which nothing holds is near only where it misses by one, or no other is near.
        let near_indeed = |nearness: &Nearness| nearness.by_one.0 || nearness.holding.0 > 0;
        if others.iter().any(|(nearness, ..)| near_indeed(nearness)) {
            others.retain(|(nearness, ..)| near_indeed(nearness));
        }
        others.sort();
        near.extend(others.into_iter().map(|(_, rule, why)| (rule, why)));
        near.truncate(3);
        near
    }

    /// Whether a part of a condition would hold if a fact with an order lay one range higher or lower.
    fn by_one(&self, part: &Expr, values: &[Value]) -> bool {
        let value = |id: FactId| values.get(id.0).copied().unwrap_or(Value::Absent);
        let mut found = false;
        part.tests(&mut |test| {
            let def = self.fact_def(test.fact);
            let Some(cell) = def
                .cell(value(test.fact))
                .filter(|cell| def.kind.is_ordered() && Some(*cell) != def.cells.absent)
            else {
                return;
            };
            for beside in [cell.checked_sub(1), cell.checked_add(1)]
                .into_iter()
                .flatten()
            {
                let there = def.example(beside).filter(|_| {
                    def.cells.domain & bit(beside) != 0 && Some(beside) != def.cells.absent
                });
                found |= there.is_some_and(|there| {
                    part.holds(&|id| if id == test.fact { there } else { value(id) })
                });
            }
        });
        found
    }

    /// A typical value of each fact in a world.
    fn values(&self, world: &[u64]) -> Vec<Value> {
        let defs = self.facts.iter().enumerate();
        defs.map(|(at, def)| example(def, mask(world, at)).unwrap_or(Value::Absent))
            .collect()
    }

    /// The parts that must all hold for a rule, those of its ancestors included.
    fn parts(&self, rule: RuleId) -> Vec<&Expr> {
        let chain = std::iter::successors(Some(rule), |id| self.rule(*id).parent);
        chain
            .flat_map(|id| conjuncts(&self.rule(id).when))
            .collect()
    }

    /// The rule by which a case is judged again, and what it changes.
    fn again(&self, values: &[Value]) -> Option<(RuleId, FactId, Value)> {
        let value = |id: FactId| values.get(id.0).copied().unwrap_or(Value::Absent);
        let holds = |rule: RuleId| self.parts(rule).iter().all(|part| part.holds(&value));
        self.rules
            .iter()
            .enumerate()
            .find_map(|(at, rule)| match &rule.then {
                Then::JudgeAgain { fact, value }
                    if holds(RuleId(at)) && !rule.exceptions.iter().any(|id| holds(*id)) =>
                {
                    Some((RuleId(at), *fact, *value))
                }
                _ => None,
            })
    }

    /// Why a part of a condition keeps its rule away.
    fn why_not(&self, part: &Expr) -> String {
        let text = self.text_of(part);
        match (part, text.strip_prefix('!')) {
            (Expr::Const(_), _) => "its condition never holds".to_owned(),
            (Expr::Not(inner), Some(_)) => format!("`{}` holds", self.text_of(inner)),
            _ => format!("`{text}` does not hold"),
        }
    }

    /// An expression as it stands in the text, its terms written out.
    fn text_of(&self, expr: &Expr) -> String {
        let inner = |part: &Expr| match part {
            Expr::And(_) | Expr::Or(_) => format!("({})", self.text_of(part)),
            part => self.text_of(part),
        };
        let joined =
            |parts: &[Expr], sign: &str| parts.iter().map(inner).collect::<Vec<_>>().join(sign);
        match expr {
            Expr::Const(constant) => constant.to_string(),
            Expr::Test(test) => {
                let text = test.span.text(&self.source().source);
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            }
            Expr::Not(part) => {
                let text = inner(part);
                // `is present` is read as "not absent".
                let present = matches!(&**part, Expr::Test(test) if test.op == TestOp::Absent)
                    && text.ends_with("present");
                if present { text } else { format!("!{text}") }
            }
            Expr::And(parts) => joined(parts, " && "),
            Expr::Or(parts) => joined(parts, " || "),
        }
    }

    fn witness_facts(&self, row: &[u64]) -> Vec<(String, String)> {
        let limited = self
            .facts
            .iter()
            .enumerate()
            .filter(|(at, def)| mask(row, *at) != def.cells.domain);
        limited
            .map(|(at, def)| {
                (
                    def.name.clone(),
                    self.range_words(FactId(at), mask(row, at)),
                )
            })
            .collect()
    }

    fn world_words(&self, row: &[u64]) -> String {
        self.witness_facts(row)
            .into_iter()
            .map(|(name, words)| format!("{name} is {words}"))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// A set of cells as the policy language writes it: `a`, `a or b`, `0..3`, `over 10 %`.
    pub(crate) fn range_words(&self, id: FactId, cells: u64) -> String {
        let def = self.fact_def(id);
        let name = |key| self.value_name(id, def.value_at(key));
        let others = def.cells.domain & !cells;
        if !def.kind.is_ordered()
            && def.cells.count() > 3
            && others != 0
            && others.count_ones() < cells.count_ones()
        {
            return format!("anything but {}", self.range_words(id, others));
        }
        let mut parts: Vec<String> = Vec::new();
        let mut cell_list = bits(cells)
            .filter(|cell| Some(*cell) != def.cells.absent)
            .peekable();
        while let Some(start) = cell_list.next() {
            let mut end = start;
            while def.kind.is_ordered() && cell_list.peek() == Some(&end.saturating_add(1)) {
                end = cell_list.next().unwrap_or(end);
            }
            if !def.kind.is_ordered() {
                parts.extend(def.example(start).map(|value| self.value_name(id, value)));
                continue;
            }
            let ((low, _), (_, high)) = (def.interval(start), def.interval(end));
            parts.push(match (low, high) {
                (Some((low, true)), Some((high, true))) if low == high => name(low),
                (Some((low, true)), Some((high, true))) => format!("{}..{}", name(low), name(high)),
                (Some((low, closed)), None) => {
                    format!("{} {}", if closed { "at least" } else { "over" }, name(low))
                }
                (None, Some((high, closed))) => format!(
                    "{} {}",
                    if closed { "at most" } else { "under" },
                    name(high)
                ),
                (Some((low, lower)), Some((high, upper))) => {
                    format!(
                        "{} {} and {} {}",
                        if lower { "at least" } else { "over" },
                        name(low),
                        if upper { "at most" } else { "under" },
                        name(high)
                    )
                }
                (None, None) => "anything".to_owned(),
            });
        }
        if def
            .cells
            .absent
            .is_some_and(|absent| cells & bit(absent) != 0)
        {
            parts.push("absent".to_owned());
        }
        parts.join(" or ")
    }

    fn test_block(&self, name: &str, world: &[u64], expect: &str) -> String {
        let mut given = Vec::new();
        for (at, def) in self.facts.iter().enumerate() {
            let cells = mask(world, at);
            let usual = def.usual.and_then(|usual| def.cell(usual));
            if usual.is_some_and(|cell| cells & bit(cell) != 0)
                || (cells == def.cells.domain && usual.is_none())
            {
                continue;
            }
            given.extend(
                example(def, cells)
                    .map(|value| format!("{} = {}", def.name, self.value_name(FactId(at), value))),
            );
        }
        let given = if given.is_empty() {
            String::new()
        } else {
            format!("given {}\n", given.join(", "))
        };
        format!("```test {name}\n{given}expect {expect}\n```")
    }
}

/// How near a rule comes to a case: the nearest is the least.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Nearness {
    /// The parts of its condition that do not hold.
    failing: usize,
    /// Whether the one that fails would hold one range higher or lower.
    by_one: Reverse<bool>,
    /// The parts that hold.
    holding: Reverse<usize>,
}

/// Most gaps that are told one by one; the first few lead to the rest.
const MOST_GAPS: usize = 12;

fn example(def: &FactDef, cells: u64) -> Option<Value> {
    let usual = def
        .usual
        .filter(|usual| def.cell(*usual).is_some_and(|cell| cells & bit(cell) != 0));
    usual.or_else(|| bits(cells).next().and_then(|cell| def.example(cell)))
}

fn conjuncts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::And(parts) => parts.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

/// A word of a sentence that promises something: a number, or one of "must, only, within, unless, at most, at least".
fn promise(sentence: &Sentence, language: &str) -> Option<String> {
    const DANISH: [&str; 7] = [
        "skal",
        "kun",
        "inden for",
        "medmindre",
        "højst",
        "mindst",
        "senest",
    ];
    const ENGLISH: [&str; 7] = [
        "must",
        "only",
        "within",
        "unless",
        "at most",
        "at least",
        "no later than",
    ];
    let text = without_clause_links(&sentence.text).to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let line = format!(" {} ", words.join(" "));
    let list = if crate::phrase::Tongue::of(language).is_danish() {
        DANISH
    } else {
        ENGLISH
    };
    if let Some(word) = list.iter().find(|word| line.contains(&format!(" {word} "))) {
        return Some((*word).to_owned());
    }
    words
        .iter()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(|word| (*word).to_owned())
}

/// A number that stands in a sentence, outside parameters and links to clauses.
fn typed_number(sentence: &Sentence) -> Option<String> {
    let text = without_clause_links(&sentence.text);
    let outside: Vec<&str> = text
        .split('{')
        .enumerate()
        .filter_map(|(at, part)| {
            if at == 0 {
                Some(part)
            } else {
                part.split_once('}').map(|(_, after)| after)
            }
        })
        .collect();
    let words = outside
        .iter()
        .flat_map(|part| part.split(|c: char| !c.is_alphanumeric()));
    words
        .map(str::to_owned)
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// The place of some words within a place; the whole place if they do not stand there as they are.
fn find_in(source: &str, span: Span, words: &str) -> Span {
    span.text(source).find(words).map_or(span, |at| {
        let start = span.start.saturating_add(at);
        Span::new(span.file, start, start.saturating_add(words.len()))
    })
}

/// Whether anything at all is possible within a row.
fn some_end(diagram: &Diagram, row: &[u64]) -> bool {
    !every_end(diagram, row, &mut |_| false)
}

/// The text without links to clauses such as `[5.4](#5.4)`: their numbers promise nothing.
fn without_clause_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once('[') {
        out.push_str(before);
        match inside
            .split_once("](#")
            .and_then(|(label, after)| after.split_once(')').map(|(_, after)| (label, after)))
        {
            Some((_, after)) => rest = after,
            None => {
                out.push('[');
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Place {
    at: u32,
    possible: u32,
    /// The covered witnesses that the path so far lies in, a bit each.
    inside: u64,
}

struct Find<'a> {
    policy: &'a Policy,
    diagram: &'a Diagram,
    covered: &'a [Vec<u64>],
    bad: &'a dyn Fn(&[RuleId]) -> bool,
    rank: Vec<usize>,
    best: QuickMap<Place, Option<(usize, usize)>>,
}

impl Find<'_> {
    fn all_covers(&self) -> u64 {
        (0..self.covered.len()).fold(0, |set, at| set | bit(at))
    }

    fn top(&self, place: Place) -> Option<usize> {
        let own = [
            self.diagram.frozen.fact(place.at),
            self.diagram.possible.fact(place.possible),
        ];
        own.into_iter()
            .flatten()
            .min_by_key(|fact| self.rank.get(*fact))
    }

    fn step(&self, place: Place, fact: usize, cell: usize) -> Place {
        let stays = |at: &usize| {
            self.covered
                .get(*at)
                .is_some_and(|row| mask(row, fact) & bit(cell) != 0)
        };
        Place {
            at: self.diagram.frozen.step(place.at, fact, cell),
            possible: self.diagram.possible.step(place.possible, fact, cell),
            inside: bits(place.inside)
                .filter(stays)
                .fold(0, |set, at| set | bit(at)),
        }
    }

    /// The least number of unusual facts on a way from here to a bad end outside what is covered.
    fn cost(&mut self, place: Place) -> Option<usize> {
        if Frozen::content(place.possible) == Some(0) {
            return None;
        }
        let Some(fact) = self.top(place) else {
            let bad = Frozen::content(place.at)
                .is_some_and(|leaf| (self.bad)(self.diagram.winners(leaf)));
            return (bad && place.inside == 0).then_some(0);
        };
        if let Some(known) = self.best.get(&place) {
            return known.map(|(cost, _)| cost);
        }
        let def = self.policy.facts.get(fact)?;
        let usual = def.usual.and_then(|usual| def.cell(usual));
        let mut best: Option<(usize, usize)> = None;
        for cell in bits(def.cells.domain) {
            let Some(below) = self.cost(self.step(place, fact, cell)) else {
                continue;
            };
            let cost = below.saturating_add(usize::from(usual.is_some_and(|usual| usual != cell)));
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, cell));
            }
        }
        self.best.insert(place, best);
        best.map(|(cost, _)| cost)
    }
}
