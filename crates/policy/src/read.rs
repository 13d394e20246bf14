// SPDX-License-Identifier: MIT OR Apache-2.0
//! From text to policy: names resolved, types checked, facts cut into cells, rules joined in one diagram.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::block::{self, FactAst, KindAst, RemedyAst, RuleAst, TestAst, ThenAst};
use crate::clause::{Clause, Edition, Quotes, Words};
use crate::condition::{Cond, Expr, FactId, Names, ParamUse, literal, unknown, value_for};
use crate::diagram::{Frozen, Straight};
use crate::fact::{CurrencyCode, Cut, Disclose, FactDef, Kind, MOST_CELLS, Ratio, Value};
use crate::lex::{Cursor, lex};
use crate::problem::{Code, Problem, Span};
use crate::rule::{Effect, Remedy, Rule, RuleId, Then};
use crate::text::{Block, BlockKind, Document, split};

/// How large a policy may be. The defaults leave room for any policy that people read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub bytes: usize,
    /// Facts of the policy.
    pub facts: usize,
    /// Rules and exceptions.
    pub rules: usize,
    /// Nodes of the diagram while it is built.
    pub nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 2 << 20,
            facts: 250,
            rules: 2_000,
            nodes: 200_000,
        }
    }
}

/// The facts and remedies that a host offers; a policy that names the host joins them.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// The name that stands behind `host:`.
    pub name: String,
    /// Name, type, and whether it may be absent.
    pub facts: Vec<(String, Kind, bool)>,
    /// Words for outcomes.
    pub outcomes: Vec<String>,
    /// Words for remedies, and whether they take a quantity.
    pub remedies: Vec<(String, bool)>,
    /// Words for quantities.
    pub quantities: Vec<String>,
}

/// What is read: the policy, its translations, and for whom.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Name and text of the policy's file.
    pub policy: (&'a str, &'a str),
    /// Name and text of each translation.
    pub translations: &'a [(&'a str, &'a str)],
    /// The host that the policy joins, if it names one.
    pub host: Option<&'a Host>,
    /// How large it may be.
    pub limits: Limits,
    /// Asked now and then while the diagram is built; `false` stops it.
    pub keep_going: &'a dyn Fn() -> bool,
}

impl<'a> Sources<'a> {
    /// One file alone, with the usual limits.
    ///
    /// ```
    /// let sources = makegood_policy::Sources::new("policy.md", "---\n---\n");
    /// assert!(!makegood_policy::read_sources(&sources).problems.is_empty());
    /// ```
    #[must_use]
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self {
            policy: (name, text),
            translations: &[],
            host: None,
            limits: Limits::default(),
            keep_going: &|| true,
        }
    }

    /// Names and texts in the order of [`Span::file`].
    #[must_use]
    pub fn files(&self) -> Vec<(&'a str, &'a str)> {
        std::iter::once(self.policy)
            .chain(self.translations.iter().copied())
            .collect()
    }
}

/// A policy that can decide.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its version, a date.
    pub version: String,
    /// The fact or field of the host that says which version judges.
    pub in_force: String,
    /// `sha256:…` of the canonical form of its rules: equal digests decide alike.
    pub digest: String,
    /// The languages, the source first.
    pub editions: Vec<Edition>,
    pub(crate) facts: Vec<FactDef>,
    pub(crate) fact_ids: BTreeMap<String, FactId>,
    pub(crate) params: BTreeMap<String, Param>,
    pub(crate) terms: BTreeMap<String, (Cond, Span)>,
    pub(crate) used_terms: BTreeSet<String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) assumptions: Vec<(Expr, Span)>,
    pub(crate) tests: Vec<TestAst>,
    /// Facts that the front matter's `order:` puts first in the diagram.
    pub(crate) order: Vec<usize>,
    pub(crate) diagram: Option<Diagram>,
    pub(crate) limits: Limits,
}

/// A parameter: its value, where it stands, the facts that are compared with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Param {
    /// Its value.
    pub value: Value,
    /// Where it is declared.
    pub span: Span,
    /// The facts that some condition compares with it.
    pub compared: Vec<FactId>,
    /// The rules whose conditions use it.
    pub rules: BTreeSet<RuleId>,
    /// Whether an effect takes it off.
    pub taken_off: bool,
    /// Whether its author wrote it in days, so that it is said in days.
    pub in_days: bool,
}

/// The frozen diagram and what its leaves mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct Diagram {
    pub frozen: Frozen,
    /// What the assumptions leave possible: leaf 1 is possible, leaf 0 is not.
    pub possible: Frozen,
    /// The rules that win at each leaf, best quoted first.
    pub winners: Vec<Vec<RuleId>>,
    /// For facts that are all known: its leaves are the number of the best quoted rule.
    pub straight: Option<Straight>,
    /// The same of what the assumptions leave possible.
    pub straight_possible: Option<Straight>,
    /// Facts in the order in which they are asked.
    pub order: Vec<usize>,
}

impl Diagram {
    /// The rules that win at a leaf, best quoted first.
    pub fn winners(&self, content: u32) -> &[RuleId] {
        self.winners
            .get(crate::diagram::ix(content))
            .map_or(&[], Vec::as_slice)
    }

    /// The place of each fact in the order of asking.
    pub fn ranks(&self) -> Vec<usize> {
        let mut rank = vec![usize::MAX; self.order.len()];
        for (place, fact) in self.order.iter().enumerate() {
            if let Some(slot) = rank.get_mut(*fact) {
                *slot = place;
            }
        }
        rank
    }
}

/// What reading gave: a policy if it can decide, and everything that is wrong.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The policy; nothing if its text has errors. Gaps and overlaps are found by [`Policy::check`].
    pub policy: Option<Policy>,
    /// What is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

/// Reads a policy and its translations.
#[must_use]
pub fn read_sources(sources: &Sources<'_>) -> Reading {
    let mut problems = Vec::new();
    for (file, (_, text)) in sources.files().into_iter().enumerate() {
        if text.len() > sources.limits.bytes {
            let message = format!(
                "a file of {} bytes; at most {} are read",
                text.len(),
                sources.limits.bytes
            );
            problems.push(Problem::new(
                Code::Limit,
                Span::new(file, 0, 0),
                message,
                "split the policy, or move what is no policy elsewhere",
            ));
        }
    }
    if !problems.is_empty() {
        return Reading {
            policy: None,
            problems,
        };
    }
    let mut unread = None;
    let policy = Reader::new(sources, &mut problems).read(&mut unread);
    if let Some(first) = unread {
        // What a block declares that does not read is not unknown: it is told once the block reads.
        let mut at = 0;
        problems.retain(|problem| {
            at += 1;
            at <= first || !matches!(problem.code, Code::Unknown | Code::Translation)
        });
    }
    let failed = problems.iter().any(Problem::is_error);
    problems.sort_by_key(|problem| (problem.span, problem.code));
    // A term that is used many times is wrong once.
    problems
        .dedup_by(|a, b| a == b || (a.code == Code::Cycle && (a.code, a.span) == (b.code, b.span)));
    Reading {
        policy: policy.filter(|_| !failed),
        problems,
    }
}

struct Reader<'a, 'p> {
    sources: &'a Sources<'a>,
    problems: &'p mut Vec<Problem>,
    document: Document,
    facts: Vec<FactDef>,
    fact_ids: BTreeMap<String, FactId>,
    params: BTreeMap<String, (Value, Span)>,
    in_days: BTreeSet<String>,
    terms: BTreeMap<String, (Cond, Span)>,
    words: Words,
    tests: Vec<TestAst>,
    rule_asts: Vec<(RuleAst, usize, Option<usize>)>,
    assumption_asts: Vec<(Cond, Span)>,
}

impl<'a, 'p> Reader<'a, 'p> {
    fn new(sources: &'a Sources<'a>, problems: &'p mut Vec<Problem>) -> Self {
        let document = split(sources.policy.1, 0, problems);
        Self {
            sources,
            problems,
            document,
            facts: Vec::new(),
            fact_ids: BTreeMap::new(),
            params: BTreeMap::new(),
            in_days: BTreeSet::new(),
            terms: BTreeMap::new(),
            words: Words::default(),
            tests: Vec::new(),
            rule_asts: Vec::new(),
            assumption_asts: Vec::new(),
        }
    }

    /// Reads everything; `unread` gives how many problems there were after the blocks, if one of them did not read.
    fn read(mut self, unread: &mut Option<usize>) -> Option<Policy> {
        if self.document.front.is_empty() && self.problems.iter().any(Problem::is_error) {
            return None;
        }
        let (name, _) = self.front("policy", "the policy's name, as in `policy: refunds`");
        let (version, version_span) = self.front(
            "version",
            "the day of the version, as in `version: 2025-10-02`",
        );
        let (language, _) = self.front(
            "language",
            "the language of this file, as in `language: en`",
        );
        if !version.is_empty() && crate::version::Date::parse(&version).is_none() {
            self.problems.push(Problem::new(
                Code::FrontMatter,
                version_span,
                "a version that is no day",
                "write it as in `version: 2025-10-02`",
            ));
        }
        self.join_host();
        if self.read_blocks() {
            *unread = Some(self.problems.len());
        }
        self.declare_host_order();
        if self
            .problems
            .iter()
            .any(|problem| problem.code == Code::Limit)
        {
            // What is too large is not worked on.
            return None;
        }
        let (rules, assumptions, used_params, used_terms) = self.resolve();
        let in_force = self
            .document
            .front("in_force")
            .map_or(String::new(), |(value, _)| value.to_owned());
        let title = self
            .document
            .front("title")
            .map_or_else(|| name.clone(), |(title, _)| title.to_owned());
        let mut editions = vec![Edition {
            language,
            title,
            clauses: std::mem::take(&mut self.document.clauses),
            source: self.sources.policy.1.to_owned(),
            body_start: self.document.body_start,
            words: std::mem::take(&mut self.words),
            quotes: Quotes::default(),
        }];
        for at in 0..self.sources.translations.len() {
            let edition = self.translation(at, &editions, &name, &version);
            editions.push(edition);
        }
        if self.problems.iter().any(Problem::is_error) {
            return None;
        }
        let params = self.params_of(&rules, &used_params);
        let order = self.order();
        let mut policy = Policy {
            name,
            version,
            in_force,
            digest: String::new(),
            editions,
            facts: self.facts,
            fact_ids: self.fact_ids,
            params,
            terms: self.terms,
            used_terms,
            rules,
            assumptions,
            tests: self.tests,
            order,
            diagram: None,
            limits: self.sources.limits,
        };
        policy.digest = digest(&policy);
        policy.diagram = policy.build_diagram(self.sources.keep_going);
        Some(policy)
    }

    fn front(&mut self, key: &str, help: &str) -> (String, Span) {
        let found = self
            .document
            .front(key)
            .filter(|(value, _)| !value.is_empty())
            .map(|(value, span)| (value.to_owned(), span));
        found.unwrap_or_else(|| {
            self.problems.push(Problem::new(
                Code::FrontMatter,
                self.document.front_span,
                format!("the front matter does not say `{key}:`"),
                format!("add {help}"),
            ));
            (String::new(), self.document.front_span)
        })
    }

    /// The facts that `order:` names. It makes the diagram small and changes nothing else, so a name that is gone is passed over.
    fn order(&self) -> Vec<usize> {
        let names = self.document.front("order").map_or("", |(names, _)| names);
        let known = names
            .split([',', ' '])
            .filter_map(|name| self.fact_ids.get(name))
            .map(|id| id.0);
        let mut order: Vec<usize> = Vec::new();
        for at in known {
            if !order.contains(&at) {
                order.push(at);
            }
        }
        order
    }

    fn join_host(&mut self) {
        let Some((wanted, span)) = self.document.front("host") else {
            return;
        };
        if self.sources.host.is_none_or(|host| host.name != wanted) {
            let help = match self.sources.host {
                Some(host) => format!(
                    "this program offers the facts of `{}`; write that, or leave the line out",
                    host.name
                ),
                None => "leave the line out: this policy is read on its own".to_owned(),
            };
            self.problems.push(Problem::new(
                Code::Unknown,
                span,
                format!("no host is called `{wanted}` here"),
                help,
            ));
        }
    }

    /// The host, where the policy names it.
    fn host(&self) -> Option<&'a Host> {
        self.document.front("host").and(self.sources.host)
    }

    /// Reads the blocks; whether one of them did not read.
    fn read_blocks(&mut self) -> bool {
        let mut unread = false;
        let blocks = std::mem::take(&mut self.document.blocks);
        let mut seen_facts = BTreeMap::new();
        let mut seen_names = BTreeMap::new();
        let mut rules = Vec::new();
        let mut fact_asts = Vec::new();
        for block in &blocks {
            let text = block.body.text(self.sources.policy.1);
            let read = lex(text, 0, block.body.start).and_then(|words| {
                let mut cursor = Cursor::new(
                    &words,
                    Span::new(
                        0,
                        block.body.end.saturating_sub(1).max(block.body.start),
                        block.body.end,
                    ),
                );
                self.read_block(block, &mut cursor, &mut rules, &mut fact_asts)
            });
            if let Err(problem) = read {
                unread |= !matches!(block.kind, BlockKind::Test | BlockKind::Assume);
                self.problems.push(problem);
            }
        }
        for fact in fact_asts {
            self.problems.extend(block::first_or_twice(
                &mut seen_facts,
                "fact",
                &fact.name,
                fact.span,
            ));
            self.declare(fact);
        }
        let names: Vec<(String, Span)> = self
            .params
            .iter()
            .map(|(name, (_, span))| (name.clone(), *span))
            .collect();
        let terms: Vec<(String, Span)> = self
            .terms
            .iter()
            .map(|(name, (_, span))| (name.clone(), *span))
            .collect();
        for (name, span) in names.into_iter().chain(terms) {
            if let Some(first) = seen_facts.get(&name) {
                let problem = Problem::new(
                    Code::Twice,
                    span,
                    format!("`{name}` is a fact already"),
                    "give it another name",
                );
                self.problems.push(problem.also(*first, "the fact"));
            }
            self.problems
                .extend(block::first_or_twice(&mut seen_names, "name", &name, span));
        }
        self.rule_asts = block::flatten(rules);
        let mut seen = BTreeMap::new();
        for (rule, ..) in &self.rule_asts {
            self.problems.extend(block::first_or_twice(
                &mut seen, "rule", &rule.id, rule.span,
            ));
        }
        for (what, count, most) in [
            ("facts", self.facts.len(), self.sources.limits.facts),
            ("rules", self.rule_asts.len(), self.sources.limits.rules),
        ] {
            if count > most {
                self.problems.push(Problem::new(
                    Code::Limit,
                    self.document.front_span,
                    format!("{count} {what}; at most {most} are read"),
                    "split the policy",
                ));
            }
        }
        unread
    }

    fn read_block(
        &mut self,
        block: &Block,
        cursor: &mut Cursor<'_>,
        rules: &mut Vec<(RuleAst, usize)>,
        facts: &mut Vec<FactAst>,
    ) -> Result<(), Problem> {
        match block.kind {
            BlockKind::Facts => facts.extend(block::facts(cursor, false)?),
            BlockKind::Params => {
                for (name, span, value, label) in block::params(cursor)? {
                    let Some(constant) = value else {
                        return Err(Problem::new(
                            Code::Syntax,
                            span,
                            format!("the parameter `{name}` has no value"),
                            "write `name = value`",
                        ));
                    };
                    let Some(value) = literal(&constant.token) else {
                        return Err(Problem::new(
                            Code::Type,
                            constant.span,
                            "a parameter needs a value of its own",
                            "write a number, a share, a length of time, an amount or a day",
                        ));
                    };
                    let written = constant.span.text(self.sources.policy.1);
                    if matches!(value, Value::Duration(_)) && written.ends_with('d') {
                        self.in_days.insert(name.clone());
                    }
                    if let Some((_, first)) = self.params.insert(name.clone(), (value, span)) {
                        let problem = Problem::new(
                            Code::Twice,
                            span,
                            format!("the parameter `{name}` is declared twice"),
                            "keep one of them",
                        );
                        self.problems
                            .push(problem.also(first, "first declared here"));
                    }
                    if let Some(label) = label {
                        self.words.labels.insert(name, label);
                    }
                }
            }
            BlockKind::Terms => {
                for (name, span, cond, label) in block::terms(cursor)? {
                    let Some(cond) = cond else {
                        return Err(Problem::new(
                            Code::Syntax,
                            span,
                            format!("the term `{name}` has no condition"),
                            "write `name = condition`",
                        ));
                    };
                    if let Some((_, first)) = self.terms.insert(name.clone(), (cond, span)) {
                        let problem = Problem::new(
                            Code::Twice,
                            span,
                            format!("the term `{name}` is declared twice"),
                            "keep one of them",
                        );
                        self.problems
                            .push(problem.also(first, "first declared here"));
                    }
                    self.words.labels.extend(label.map(|label| (name, label)));
                }
            }
            BlockKind::Assume => self.assumption_asts.extend(block::assumptions(cursor)?),
            BlockKind::Rule => {
                let rule = block::rule(cursor, &block.title, block.title_span)?;
                let Some(clause) = block.clause else {
                    return Err(Problem::new(
                        Code::Syntax,
                        rule.span,
                        format!("the rule `{}` hangs on no clause", rule.id),
                        "put it below a heading with an anchor",
                    ));
                };
                rules.push((rule, clause));
            }
            BlockKind::Test => {
                self.tests
                    .push(block::test(cursor, &block.title, block.title_span)?)
            }
            BlockKind::Because => {
                return Err(Problem::new(
                    Code::Translation,
                    block.title_span,
                    "a `because` block outside a translation",
                    "write `because \"…\"` in the rule",
                ));
            }
        }
        Ok(())
    }

    fn declare(&mut self, ast: FactAst) {
        let kind = match &ast.kind {
            Some(KindAst::Enum) => {
                Kind::Enum(ast.values.iter().map(|(name, ..)| name.clone()).collect())
            }
            Some(KindAst::Ordered("int", ..)) => Kind::Int,
            Some(KindAst::Ordered("ratio", ..)) => Kind::Ratio,
            Some(KindAst::Ordered("money", ..)) => Kind::Money,
            Some(KindAst::Ordered("duration", ..)) => Kind::Duration,
            Some(KindAst::Ordered(..)) => Kind::Instant,
            _ => Kind::Bool,
        };
        if let Kind::Enum(names) = &kind {
            let mut seen = BTreeSet::new();
            for (name, _, span) in &ast.values {
                if !seen.insert(name) {
                    self.problems.push(Problem::new(
                        Code::Twice,
                        *span,
                        format!("the value `{name}` is listed twice"),
                        "list it once",
                    ));
                }
            }
            if names.len().saturating_add(1) > MOST_CELLS {
                self.problems.push(Problem::new(
                    Code::Limit,
                    ast.span,
                    format!("`{}` has more than {} values", ast.name, MOST_CELLS - 1),
                    "join values that no rule tells apart",
                ));
            }
        }
        let disclose = match ast
            .disclose
            .as_ref()
            .map(|(word, span)| (word.as_str(), *span))
        {
            None | Some(("customer", _)) => Disclose::Customer,
            Some(("agent", _)) => Disclose::Agent,
            Some(("never", _)) => Disclose::Never,
            Some((word, span)) => {
                self.problems.push(Problem::new(
                    Code::Syntax,
                    span,
                    format!("`disclose: {word}` means nothing"),
                    "write `customer`, `agent` or `never`",
                ));
                Disclose::Never
            }
        };
        if let Some((word, span)) = ast.advice.as_ref().filter(|(word, _)| word != "never") {
            self.problems.push(Problem::new(
                Code::Syntax,
                *span,
                format!("`advice: {word}` means nothing"),
                "write `advice: never` or leave it out",
            ));
        }
        let mut def = FactDef {
            name: ast.name.clone(),
            kind,
            optional: ast.optional,
            bounds: (None, None),
            source: ast.source.clone().unwrap_or_default(),
            cost_seconds: ast.cost_seconds,
            asked_as: ast.asked_as.clone().unwrap_or_else(|| ast.name.clone()),
            disclose,
            advice: ast.advice.is_none(),
            fixed: ast.fixed,
            usual: None,
            span: ast.span,
            cells: crate::fact::Cells::default(),
            currency: CurrencyCode(*b"XXX"),
        };
        self.bounds(&ast, &mut def);
        if let Some(usual) = &ast.usual {
            match value_for(&def, usual, &BTreeMap::new()) {
                Ok(value) => def.usual = Some(value),
                Err(problem) => self.problems.push(problem),
            }
        }
        self.check_host_fact(&def);
        take_words(&mut self.words, &ast, &def.asked_as);
        self.fact_ids.insert(ast.name, FactId(self.facts.len()));
        self.facts.push(def);
    }

    fn bounds(&mut self, ast: &FactAst, def: &mut FactDef) {
        let Some(KindAst::Ordered(_, low, high)) = &ast.kind else {
            return;
        };
        let empty = BTreeMap::new();
        let mut currency = def.currency;
        let mut end = |constant: &Option<crate::condition::Const>| -> Option<Ratio> {
            match value_for(def, constant.as_ref()?, &empty) {
                Ok(value) => {
                    if let Value::Money(_, own) = value {
                        currency = own;
                    }
                    value.key()
                }
                Err(problem) => {
                    self.problems.push(problem);
                    None
                }
            }
        };
        let bounds = (end(low), end(high));
        def.currency = currency;
        if let (Some(low), Some(high)) = bounds
            && low > high
        {
            self.problems.push(Problem::new(
                Code::Type,
                ast.span,
                format!("the bounds of `{}` hold nothing", ast.name),
                "write the least value first",
            ));
        }
        def.bounds = bounds;
    }

    fn check_host_fact(&mut self, def: &FactDef) {
        let Some(host) = self.host() else { return };
        let Some((_, kind, optional)) = host.facts.iter().find(|(name, ..)| *name == def.name)
        else {
            let help = format!("`{}` does not offer it; use one of its facts", host.name);
            self.problems.push(unknown(
                "fact of the host",
                &def.name,
                host.facts.iter().map(|(name, ..)| name),
                def.span,
                &help,
            ));
            return;
        };
        let same = match (kind, &def.kind) {
            (Kind::Enum(a), Kind::Enum(b)) => {
                a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
            }
            (a, b) => a == b,
        };
        if !same || *optional != def.optional {
            let mut wanted = match kind {
                Kind::Enum(names) => format!("enum {{{}}}", names.join(", ")),
                kind => kind.name().to_owned(),
            };
            if *optional {
                wanted.push_str(" optional");
            }
            self.problems.push(Problem::new(
                Code::Type,
                def.span,
                format!("`{}` is another type in the host", def.name),
                format!("declare it as `{wanted}`"),
            ));
        }
    }

    /// Enum values take the host's order, so that the host can name them by place.
    fn declare_host_order(&mut self) {
        let Some(host) = self.host() else { return };
        for def in &mut self.facts {
            let Some((_, kind @ Kind::Enum(_), _)) =
                host.facts.iter().find(|(name, ..)| *name == def.name)
            else {
                continue;
            };
            if let (Some(Value::Choice(at)), Kind::Enum(own)) = (def.usual, &def.kind) {
                let name = own.get(at).cloned().unwrap_or_default();
                def.kind = kind.clone();
                def.usual = def.choice(&name);
            }
            def.kind = kind.clone();
        }
    }

    #[expect(
        clippy::type_complexity,
        reason = "four results of one pass over the rules, taken apart at its only call"
    )]
    fn resolve(
        &mut self,
    ) -> (
        Vec<Rule>,
        Vec<(Expr, Span)>,
        BTreeMap<String, ParamUse>,
        BTreeSet<String>,
    ) {
        let params = self
            .params
            .iter()
            .map(|(name, (value, _))| (name.clone(), *value))
            .collect();
        let mut problems = Vec::new();
        let mut names = Names {
            facts: &self.facts,
            fact_ids: &self.fact_ids,
            params: &params,
            terms: &self.terms,
            used_params: BTreeMap::new(),
            rule: None,
            used_terms: BTreeSet::new(),
            open: Vec::new(),
            opened: 0,
        };
        for (name, (cond, span)) in &self.terms {
            names.open.push(name.clone());
            let before = names.used_terms.clone();
            names.resolve(cond, &mut problems);
            names.used_terms = before;
            names.open.pop();
            let _ = span;
        }
        problems.dedup();
        names.used_params.clear();
        let clauses = &self.document.clauses;
        let host = self.document.front("host").and(self.sources.host);
        let mut rules = Vec::with_capacity(self.rule_asts.len());
        for (place, (ast, clause, parent)) in self.rule_asts.iter().enumerate() {
            names.rule = Some(RuleId(place));
            let when = names.resolve(&ast.when, &mut problems);
            let then = then(&ast.then, &names, host, &params, &mut problems);
            let cite = ast.cite.unwrap_or_else(|| {
                u32::try_from(place)
                    .unwrap_or(u32::MAX)
                    .saturating_add(1_000_000)
            });
            rules.push(Rule {
                name: ast.id.clone(),
                clause: clauses
                    .get(*clause)
                    .map(|clause| clause.id.clone())
                    .unwrap_or_default(),
                cite,
                when,
                parent: parent.map(RuleId),
                exceptions: Vec::new(),
                then,
                span: ast.span,
                when_span: ast.when_span,
            });
        }
        names.rule = None;
        let mut assumptions: Vec<(Expr, Span)> = self
            .assumption_asts
            .iter()
            .map(|(cond, span)| (names.resolve(cond, &mut problems), *span))
            .collect();
        let (used_params, used_terms) = (names.used_params, names.used_terms);
        problems.dedup();
        self.problems.append(&mut problems);
        self.exceptions(&mut rules);
        self.cut(&mut rules, &mut assumptions);
        for (ast, ..) in &self.rule_asts {
            match &ast.because {
                Some((text, _)) => {
                    self.words.because.insert(ast.id.clone(), text.clone());
                }
                None => self.problems.push(Problem::new(
                    Code::Syntax,
                    ast.span,
                    format!("the rule `{}` gives no reason", ast.id),
                    "add `because \"…\"`: it is what the customer reads",
                )),
            }
        }
        (rules, assumptions, used_params, used_terms)
    }

    /// Who wins over whom: nested exceptions over their parents, overriding rules over those they name and all nested in them.
    fn exceptions(&mut self, rules: &mut [Rule]) {
        let parents: Vec<Option<usize>> = rules
            .iter()
            .map(|rule| rule.parent.map(|id| id.0))
            .collect();
        let ancestors = |at: usize| {
            std::iter::successors(parents.get(at).copied().flatten(), |up| {
                parents.get(*up).copied().flatten()
            })
        };
        let mut wins = vec![BTreeSet::new(); rules.len()];
        let mut nested: Vec<Vec<usize>> = vec![Vec::new(); rules.len()];
        for (at, parent) in parents.iter().enumerate() {
            if let Some(list) = parent.and_then(|parent| wins.get_mut(parent)) {
                list.insert(RuleId(at));
            }
            if let Some(list) = parent.and_then(|parent| nested.get_mut(parent)) {
                list.push(at);
            }
        }
        let names = rules.iter().enumerate();
        let by_name: BTreeMap<String, usize> =
            names.map(|(at, rule)| (rule.name.clone(), at)).collect();
        for (at, (ast, ..)) in self.rule_asts.iter().enumerate() {
            for (pattern, span) in &ast.overrides {
                let mut hit = named(&by_name, pattern);
                if hit.is_empty() {
                    let known: Vec<String> = rules.iter().map(|rule| rule.name.clone()).collect();
                    self.problems.push(unknown(
                        "rule",
                        pattern,
                        known.iter(),
                        *span,
                        "name a rule of this policy",
                    ));
                }
                while let Some(other) = hit.pop() {
                    hit.extend(nested.get(other).into_iter().flatten());
                    let family = other == at
                        || ancestors(other).any(|up| up == at)
                        || ancestors(at).any(|up| up == other);
                    if !family && let Some(list) = wins.get_mut(other) {
                        list.insert(RuleId(at));
                    }
                }
            }
        }
        for (rule, list) in rules.iter_mut().zip(&wins) {
            rule.exceptions = list.iter().copied().collect();
        }
        self.find_cycle(rules);
    }

    fn find_cycle(&mut self, rules: &[Rule]) {
        // 0: not seen, 1: on the path, 2: done.
        fn visit(
            at: usize,
            rules: &[Rule],
            state: &mut [u8],
            path: &mut Vec<usize>,
        ) -> Option<Vec<usize>> {
            match state.get(at) {
                Some(1) => {
                    return path
                        .iter()
                        .position(|on| on == &at)
                        .and_then(|from| path.get(from..))
                        .map(<[usize]>::to_vec);
                }
                Some(0) => {}
                _ => return None,
            }
            if let Some(state) = state.get_mut(at) {
                *state = 1;
            }
            path.push(at);
            for next in rules
                .get(at)
                .map(|rule| rule.exceptions.as_slice())
                .unwrap_or(&[])
            {
                if let Some(found) = visit(next.0, rules, state, path) {
                    return Some(found);
                }
            }
            path.pop();
            if let Some(state) = state.get_mut(at) {
                *state = 2;
            }
            None
        }
        let mut state = vec![0; rules.len()];
        let found = (0..rules.len()).find_map(|at| visit(at, rules, &mut state, &mut Vec::new()));
        let Some(path) = found else { return };
        // The path may go a long way round: the author sees the shortest.
        let shorter = path
            .iter()
            .take(16)
            .filter_map(|at| shortest_cycle(rules, *at));
        let path = shorter.min_by_key(Vec::len).unwrap_or(path);
        let on_path: Vec<&Rule> = path.iter().filter_map(|at| rules.get(*at)).collect();
        let names: Vec<&str> = on_path.iter().map(|rule| rule.name.as_str()).collect();
        let message = match names.as_slice() {
            [one, other] => format!("`{one}` and `{other}` each win over the other"),
            _ => format!(
                "rules that each win over the one before, in a circle: `{}`",
                names.join("`, `")
            ),
        };
        let span = on_path.first().map(|rule| rule.span).unwrap_or_default();
        let help = "let one of them give way: remove it from the other's `overrides`";
        let problem = Problem::new(Code::Cycle, span, message, help);
        let others = on_path.iter().skip(1);
        self.problems.push(others.fold(problem, |problem, rule| {
            problem.also(rule.span, format!("`{}`", rule.name))
        }));
    }

    /// Cuts each fact into cells at the constants that rules and assumptions compare it with.
    fn cut(&mut self, rules: &mut [Rule], assumptions: &mut [(Expr, Span)]) {
        let mut cuts: Vec<Vec<Cut>> = vec![Vec::new(); self.facts.len()];
        let exprs = rules
            .iter()
            .map(|rule| &rule.when)
            .chain(assumptions.iter().map(|(expr, _)| expr));
        for expr in exprs {
            expr.collect_cuts(&self.facts, &mut cuts);
            expr.tests(&mut |test| {
                let Some(def) = self.facts.get_mut(test.fact.0) else {
                    return;
                };
                for constant in test.op.constants() {
                    let Value::Money(_, currency) = constant else {
                        continue;
                    };
                    if !def.takes(currency) {
                        self.problems.push(Problem::new(
                            Code::Type,
                            test.span,
                            format!(
                                "`{}` is an amount in {}, and this one is in {currency}",
                                def.name, def.currency
                            ),
                            "keep to one currency: amounts in two are never compared",
                        ));
                    }
                    def.currency = currency;
                }
            });
        }
        for (def, cuts) in self.facts.iter_mut().zip(cuts) {
            def.lay_out(cuts);
            if def.cells.count() > MOST_CELLS {
                let message = format!(
                    "the rules cut `{}` into {} ranges; at most {MOST_CELLS} are kept",
                    def.name,
                    def.cells.count()
                );
                self.problems.push(Problem::new(
                    Code::Limit,
                    def.span,
                    message,
                    "compare it with fewer different values",
                ));
            }
        }
        if self.facts.iter().any(|def| def.cells.count() > MOST_CELLS) {
            return;
        }
        for rule in rules {
            rule.when.fill_cells(&self.facts);
        }
        for (expr, _) in assumptions {
            expr.fill_cells(&self.facts);
        }
    }

    fn params_of(
        &self,
        rules: &[Rule],
        used: &BTreeMap<String, ParamUse>,
    ) -> BTreeMap<String, Param> {
        let taken: BTreeSet<&String> = rules
            .iter()
            .filter_map(|rule| {
                if let Then::Effect(effect) = &rule.then {
                    Some(effect)
                } else {
                    None
                }
            })
            .flat_map(|effect| effect.remedies.iter().chain(&effect.suggestions))
            .filter_map(|remedy| remedy.less.as_ref())
            .collect();
        let param = |(name, (value, span)): (&String, &(Value, Span))| {
            let ParamUse { compared, rules } = used.get(name).cloned().unwrap_or_default();
            (
                name.clone(),
                Param {
                    value: *value,
                    span: *span,
                    compared,
                    rules,
                    taken_off: taken.contains(name),
                    in_days: self.in_days.contains(name),
                },
            )
        };
        self.params.iter().map(param).collect()
    }

    /// Reads a translation: the same anchors, its own words.
    fn translation(
        &mut self,
        at: usize,
        editions: &[Edition],
        name: &str,
        version: &str,
    ) -> Edition {
        let file = at.saturating_add(1);
        let (_, text) = self
            .sources
            .translations
            .get(at)
            .copied()
            .unwrap_or(("", ""));
        let document = split(text, file, self.problems);
        for (key, wanted) in [("policy", name), ("version", version)] {
            match document.front(key) {
                Some((value, span)) if value != wanted => self.problems.push(Problem::new(
                    Code::Translation,
                    span,
                    format!("this is a translation of `{wanted}`"),
                    format!("write `{key}: {wanted}`"),
                )),
                None => self.problems.push(Problem::new(
                    Code::FrontMatter,
                    document.front_span,
                    format!("the front matter does not say `{key}:`"),
                    format!("add `{key}: {wanted}`"),
                )),
                _ => {}
            }
        }
        let language = document
            .front("language")
            .map_or(String::new(), |(language, _)| language.to_owned());
        if language.is_empty() {
            self.problems.push(Problem::new(
                Code::FrontMatter,
                document.front_span,
                "the front matter does not say `language:`",
                "add the language of this file, as in `language: en`",
            ));
        }
        let mut words = Words::default();
        for block in &document.blocks {
            if let Err(problem) = self.translated_block(block, text, file, &mut words) {
                self.problems.push(problem);
            }
        }
        let title = document
            .front("title")
            .map_or_else(|| name.to_owned(), |(title, _)| title.to_owned());
        if let Some(source) = editions.first() {
            self.compare_translation(source, &document, &words);
        }
        Edition {
            language,
            title,
            clauses: document.clauses,
            source: text.to_owned(),
            body_start: document.body_start,
            words,
            quotes: Quotes::default(),
        }
    }

    fn translated_block(
        &mut self,
        block: &Block,
        text: &str,
        file: usize,
        words: &mut Words,
    ) -> Result<(), Problem> {
        let body = block.body.text(text);
        if block.kind == BlockKind::Because {
            if !self
                .rule_asts
                .iter()
                .any(|(rule, ..)| rule.id == block.title)
            {
                let known: Vec<String> = self
                    .rule_asts
                    .iter()
                    .map(|(rule, ..)| rule.id.clone())
                    .collect();
                return Err(unknown(
                    "rule",
                    &block.title,
                    known.iter(),
                    block.title_span,
                    "name a rule of the policy",
                ));
            }
            words.because.insert(
                block.title.clone(),
                body.split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
                    .trim_matches('"')
                    .to_owned(),
            );
            return Ok(());
        }
        let lexemes = lex(body, file, block.body.start)?;
        let mut cursor = Cursor::new(
            &lexemes,
            Span::new(
                file,
                block.body.end.saturating_sub(1).max(block.body.start),
                block.body.end,
            ),
        );
        match block.kind {
            BlockKind::Facts => {
                for fact in block::facts(&mut cursor, true)? {
                    let Some(def) = self
                        .fact_ids
                        .get(&fact.name)
                        .and_then(|id| self.facts.get(id.0))
                    else {
                        return Err(unknown(
                            "fact",
                            &fact.name,
                            self.fact_ids.keys(),
                            fact.span,
                            "declare it in the policy first",
                        ));
                    };
                    for (value, _, span) in &fact.values {
                        let bool_value =
                            def.kind == Kind::Bool && (value == "true" || value == "false");
                        if def.choice(value).is_none() && !bool_value {
                            return Err(Problem::new(
                                Code::Translation,
                                *span,
                                format!("`{}` has no value `{value}`", fact.name),
                                "use the values of the policy",
                            ));
                        }
                    }
                    take_words(words, &fact, &def.asked_as);
                }
            }
            BlockKind::Params => {
                for (name, span, value, label) in block::params(&mut cursor)? {
                    if !self.params.contains_key(&name) {
                        return Err(unknown(
                            "parameter",
                            &name,
                            self.params.keys(),
                            span,
                            "declare it in the policy first",
                        ));
                    }
                    if value.is_some() {
                        return Err(Problem::new(
                            Code::Translation,
                            span,
                            "a translation gives no values",
                            "write `name label: \"…\"`",
                        ));
                    }
                    words.labels.extend(label.map(|label| (name, label)));
                }
            }
            BlockKind::Terms => {
                for (name, span, cond, label) in block::terms(&mut cursor)? {
                    if !self.terms.contains_key(&name) {
                        return Err(unknown(
                            "term",
                            &name,
                            self.terms.keys(),
                            span,
                            "declare it in the policy first",
                        ));
                    }
                    if cond.is_some() {
                        return Err(Problem::new(
                            Code::Translation,
                            span,
                            "a translation gives no conditions",
                            "write `name label: \"…\"`",
                        ));
                    }
                    words.labels.extend(label.map(|label| (name, label)));
                }
            }
            _ => {
                return Err(Problem::new(
                    Code::Translation,
                    block.title_span,
                    "a block that decides, in a translation",
                    "rules, terms, assumptions and tests stand in the policy alone; a translation has `facts`, `params`, `terms` and `because`",
                ));
            }
        }
        Ok(())
    }

    fn compare_translation(&mut self, source: &Edition, document: &Document, words: &Words) {
        let front = document
            .front("language")
            .map_or(document.front_span, |(_, span)| span);
        let mut miss = |span, message: String, help: &str| {
            self.problems
                .push(Problem::new(Code::Translation, span, message, help))
        };
        for clause in &document.clauses {
            if source.clause(&clause.id).is_none() {
                miss(
                    clause.span,
                    format!("the clause `{}` is not in the policy", clause.id),
                    "remove it, or add it to the policy",
                );
            }
        }
        for Clause { id, .. } in &source.clauses {
            if !document.clauses.iter().any(|clause| clause.id == *id) {
                miss(
                    front,
                    format!("the clause `{id}` is not translated"),
                    "add it with the same anchor",
                );
            }
        }
        for (name, _) in source
            .words
            .labels
            .iter()
            .filter(|(name, _)| !words.labels.contains_key(*name))
        {
            miss(
                front,
                format!("the label of `{name}` is not translated"),
                "add it to a `facts` or `params` block",
            );
        }
        for ((fact, value), _) in source
            .words
            .values
            .iter()
            .filter(|(key, _)| !words.values.contains_key(*key))
        {
            miss(
                front,
                format!("the value `{value}` of `{fact}` is not translated"),
                "add it to `values: {…}` of the fact",
            );
        }
        for (name, _) in source
            .words
            .asks
            .iter()
            .filter(|(name, _)| !words.asks.contains_key(*name))
        {
            miss(
                front,
                format!("the question for `{name}` is not translated"),
                "add `ask: \"…\"` to the fact",
            );
        }
        for (name, _) in source
            .words
            .because
            .iter()
            .filter(|(name, _)| !words.because.contains_key(*name))
        {
            miss(
                front,
                format!("the reason of `{name}` is not translated"),
                "add a `because` block for it",
            );
        }
    }
}

/// The rules that a pattern of `overrides` names.
fn named(by_name: &BTreeMap<String, usize>, pattern: &str) -> Vec<usize> {
    let Some(prefix) = pattern.strip_suffix('*') else {
        return by_name.get(pattern).copied().into_iter().collect();
    };
    by_name
        .range(prefix.to_owned()..)
        .take_while(|(name, _)| name.starts_with(prefix))
        .map(|(_, at)| *at)
        .collect()
}

/// The shortest way from a rule over those that win over it back to itself.
fn shortest_cycle(rules: &[Rule], start: usize) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut pending = std::collections::VecDeque::from([start]);
    while let Some(at) = pending.pop_front() {
        for next in rules.get(at).map_or(&[][..], |rule| &rule.exceptions) {
            if next.0 == start {
                let mut path: Vec<usize> =
                    std::iter::successors(Some(at), |at| from.get(at).copied()).collect();
                path.reverse();
                return Some(path);
            }
            if let std::collections::btree_map::Entry::Vacant(place) = from.entry(next.0) {
                place.insert(at);
                pending.push_back(next.0);
            }
        }
    }
    None
}

fn take_words(words: &mut Words, fact: &FactAst, asked_as: &str) {
    if let Some(label) = &fact.label {
        words.labels.insert(fact.name.clone(), label.clone());
    }
    for (value, label, _) in &fact.values {
        if let Some(label) = label {
            words
                .values
                .insert((fact.name.clone(), value.clone()), label.clone());
        }
    }
    let asked = asked_as.to_owned();
    if let Some(ask) = &fact.ask {
        words.asks.insert(asked.clone(), ask.clone());
    }
    if let Some(why) = &fact.why {
        words.whys.insert(asked, why.clone());
    }
}

fn then(
    ast: &ThenAst,
    names: &Names<'_>,
    host: Option<&Host>,
    params: &BTreeMap<String, Value>,
    problems: &mut Vec<Problem>,
) -> Then {
    match ast {
        ThenAst::JudgeAgain { fact, value, span } => {
            let Some((id, def)) = names
                .fact_ids
                .get(fact)
                .and_then(|id| names.facts.get(id.0).map(|def| (*id, def)))
            else {
                problems.push(unknown(
                    "fact",
                    fact,
                    names.fact_ids.keys(),
                    *span,
                    "declare it in a `facts` block",
                ));
                return Then::JudgeAgain {
                    fact: FactId(0),
                    value: Value::Absent,
                };
            };
            let value = value_for(def, value, params).unwrap_or_else(|problem| {
                problems.push(problem);
                Value::Absent
            });
            Then::JudgeAgain { fact: id, value }
        }
        ThenAst::Outcome {
            name,
            span,
            remedies,
            suggestions,
        } => {
            if let Some(host) = host
                && !host.outcomes.contains(name)
            {
                let help = format!("the outcomes are {}", host.outcomes.join(", "));
                problems.push(unknown("outcome", name, host.outcomes.iter(), *span, &help));
            }
            let mut remedies_of = |list: &[RemedyAst]| {
                list.iter()
                    .map(|ast| remedy(ast, host, params, problems))
                    .collect()
            };
            Then::Effect(Effect {
                outcome: name.clone(),
                remedies: remedies_of(remedies),
                suggestions: remedies_of(suggestions),
            })
        }
    }
}

fn remedy(
    ast: &RemedyAst,
    host: Option<&Host>,
    params: &BTreeMap<String, Value>,
    problems: &mut Vec<Problem>,
) -> Remedy {
    if let Some(host) = host {
        match host.remedies.iter().find(|(kind, _)| *kind == ast.kind) {
            None => {
                let known = host.remedies.iter().map(|(kind, _)| kind);
                problems.push(unknown(
                    "remedy",
                    &ast.kind,
                    known,
                    ast.span,
                    "use a remedy that the host can carry out",
                ));
            }
            Some((_, takes)) if *takes == ast.quantities.is_empty() => {
                let (message, help) = if *takes {
                    (
                        "needs a quantity",
                        "write it in parentheses, as in `redeliver(open_dropped)`",
                    )
                } else {
                    ("takes no quantity", "remove the parentheses")
                };
                problems.push(Problem::new(
                    Code::Type,
                    ast.span,
                    format!("`{}` {message}", ast.kind),
                    help,
                ));
            }
            Some(_) => {}
        }
        for (quantity, span) in ast
            .quantities
            .iter()
            .filter(|(quantity, _)| !host.quantities.contains(quantity))
        {
            problems.push(unknown(
                "quantity",
                quantity,
                host.quantities.iter(),
                *span,
                "use a quantity that the host can work out",
            ));
        }
    }
    if let Some((name, span)) = &ast.less {
        match params.get(name) {
            Some(Value::Ratio(_)) => {}
            Some(_) => problems.push(Problem::new(
                Code::Type,
                *span,
                format!("`{name}` is no share"),
                "take off a parameter such as `10 %`",
            )),
            None => problems.push(unknown(
                "parameter",
                name,
                params.keys(),
                *span,
                "declare it in a `params` block",
            )),
        }
    }
    Remedy {
        kind: ast.kind.clone(),
        quantities: ast
            .quantities
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        less: ast.less.as_ref().map(|(name, _)| name.clone()),
    }
}

/// SHA-256 over the canonical form: facts with their cells' borders, assumptions, rules with conditions, effects and exceptions.
/// Prose, labels, reasons and the order of blocks of prose do not enter; what can change a decision does.
fn digest(policy: &Policy) -> String {
    let mut hash = Sha256::new();
    let mut put = |text: String| {
        hash.update(u64::try_from(text.len()).unwrap_or(0).to_be_bytes());
        hash.update(text.as_bytes());
    };
    put(format!(
        "makegood-policy 1 {} {} {}",
        policy.name, policy.version, policy.in_force
    ));
    for def in &policy.facts {
        put(format!(
            "fact {} {} {} {:?} {:?} {} {}",
            def.name,
            def.kind.name(),
            def.optional,
            def.bounds,
            def.cells.cuts,
            def.source,
            def.asked_as
        ));
        if let Kind::Enum(names) = &def.kind {
            put(names.join(","));
        }
    }
    for (expr, _) in &policy.assumptions {
        put(canonical(expr));
    }
    for rule in &policy.rules {
        put(format!(
            "rule {} {} {} {:?} {:?} {:?}",
            rule.name, rule.clause, rule.cite, rule.parent, rule.exceptions, rule.then
        ));
        put(canonical(&rule.when));
    }
    for (name, param) in policy.params.iter().filter(|(_, param)| param.taken_off) {
        put(format!("param {name} {:?}", param.value));
    }
    let bytes = hash.finalize();
    let mut out = "sha256:".to_owned();
    for byte in bytes {
        out.push_str(&format!("{byte:02x}"));
    }
    out
}

fn canonical(expr: &Expr) -> String {
    match expr {
        Expr::Const(constant) => constant.to_string(),
        Expr::Test(test) => format!("{}∈{:x}", test.fact.0, test.cells),
        Expr::Not(inner) => format!("¬({})", canonical(inner)),
        Expr::And(parts) => format!(
            "({})",
            parts.iter().map(canonical).collect::<Vec<_>>().join("∧")
        ),
        Expr::Or(parts) => format!(
            "({})",
            parts.iter().map(canonical).collect::<Vec<_>>().join("∨")
        ),
    }
}
