// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random policies as text, and random facts for them. Everything follows from one seed.
#![expect(
    dead_code,
    reason = "each test file uses its own part of the generator"
)]

use makegood_policy::fact::{CurrencyCode, Ratio, Value};

/// Steele, Lea and Flood's splitmix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).expect("64 bits").max(1);
        usize::try_from(self.next() % n).expect("64 bits")
    }

    pub fn chance(&mut self, in_hundred: usize) -> bool {
        self.below(100) < in_hundred
    }

    pub fn int(&mut self, low: i64, high: i64) -> i64 {
        let width = usize::try_from(high - low + 1).expect("low comes first");
        low + i64::try_from(self.below(width)).expect("small")
    }

    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }

    /// Another stream, so that what one thing draws never moves another.
    pub fn split(&mut self) -> Random {
        Random(self.next())
    }
}

pub const EUR: CurrencyCode = CurrencyCode(*b"EUR");
const SECOND: i128 = 1_000_000_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Bool,
    Enum(usize),
    Int,
    Ratio,
    Money,
    Duration,
    Instant,
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub name: String,
    pub of: Type,
    pub optional: bool,
    pub bounds: (Option<Value>, Option<Value>),
    pub asked_as: Option<String>,
    pub usual: Option<Value>,
    /// The constants that conditions compare it with.
    pub constants: Vec<Value>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub id: String,
    pub cite: Option<u32>,
    pub when: String,
    pub then: String,
    pub overrides: Vec<String>,
    pub exceptions: Vec<Rule>,
}

/// A policy before it is written down.
#[derive(Clone, Debug)]
pub struct Model {
    pub facts: Vec<Fact>,
    pub params: Vec<(String, Value)>,
    pub terms: Vec<(String, String)>,
    pub assumptions: Vec<String>,
    pub rules: Vec<Rule>,
}

/// What kind of policy is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub facts: usize,
    pub rules: usize,
    /// Each rule says where it is quoted from, so that the order of the text cannot matter.
    pub cites: bool,
    pub judge_again: bool,
}

/// A value as the policy language writes it. Independent of the crate's own writer.
pub fn text(value: Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Choice(at) => format!("v{at}"),
        Value::Int(n) => n.to_string(),
        Value::Ratio(r) => format!("{}/{}", r.numerator(), r.denominator()),
        Value::Money(minor, _) => {
            let sign = if minor < 0 { "-" } else { "" };
            let size = minor.unsigned_abs();
            format!("{sign}{}.{:02} EUR", size / 100, size % 100)
        }
        Value::Duration(ns) => {
            let sign = if ns < 0 { "-" } else { "" };
            let (s, rest) = (ns.abs() / SECOND, ns.abs() % SECOND);
            format!("{sign}{s}.{rest:09} s")
        }
        Value::Instant(ns) => {
            let of_day = ns.rem_euclid(86_400 * SECOND) / SECOND;
            let day = ns.div_euclid(86_400 * SECOND) - 20_362 + 1;
            assert!((1..=31).contains(&day), "instants lie in October 2025");
            let (h, m, s) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
            format!("2025-10-{day:02}T{h:02}:{m:02}:{s:02}Z")
        }
        Value::Absent => "absent".to_owned(),
    }
}

fn value_of(random: &mut Random, of: Type) -> Value {
    match of {
        Type::Bool => Value::Bool(random.chance(50)),
        Type::Enum(n) => Value::Choice(random.below(n)),
        Type::Int => Value::Int(random.int(-3, 12)),
        Type::Ratio => {
            let den = *random.pick(&[1, 2, 3, 7, 10, 100, 1000]);
            let num = random.int(0, den + 1);
            Value::Ratio(Ratio::new(num.into(), den.into()).expect("small"))
        }
        Type::Money => Value::Money(random.int(-5, 2_000), EUR),
        Type::Duration => {
            Value::Duration(i128::from(random.int(0, 30)) * *random.pick(&[SECOND, 3_600 * SECOND]))
        }
        // 20 362 days after the epoch is 1 October 2025.
        Type::Instant => Value::Instant(
            (20_362 + i128::from(random.int(0, 9))) * 86_400 * SECOND
                + i128::from(random.int(0, 2)) * SECOND,
        ),
    }
}

/// The same value one tick up or down.
fn nudge(random: &mut Random, value: Value) -> Value {
    let tick = random.int(-1, 1);
    match value {
        Value::Int(n) => Value::Int(n + tick),
        Value::Money(n, currency) => Value::Money(n + tick, currency),
        Value::Duration(ns) => Value::Duration(ns + i128::from(tick)),
        Value::Instant(ns) => Value::Instant(ns + i128::from(tick)),
        Value::Ratio(r) => {
            let (num, den) = (r.numerator() * 1_000_003, r.denominator() * 1_000_003);
            Value::Ratio(Ratio::new(num + i128::from(tick), den).expect("small"))
        }
        other => other,
    }
}

fn inside(fact: &Fact, value: Value) -> bool {
    value == Value::Absent
        || (fact.bounds.0.is_none_or(|low| value.key() >= low.key())
            && fact.bounds.1.is_none_or(|high| value.key() <= high.key()))
}

/// A value of a fact, often right at one of its thresholds.
pub fn value(random: &mut Random, fact: &Fact) -> Value {
    if fact.optional && random.chance(20) {
        return Value::Absent;
    }
    for _ in 0..20 {
        let near = !fact.constants.is_empty() && random.chance(70);
        let found = if near {
            let constant = *random.pick(&fact.constants);
            nudge(random, constant)
        } else {
            value_of(random, fact.of)
        };
        if found != Value::Absent && inside(fact, found) {
            return found;
        }
    }
    fact.bounds.0.or(fact.bounds.1).unwrap_or(Value::Int(0))
}

/// A random policy.
pub fn model(random: &mut Random, wish: Wish) -> Model {
    let mut facts: Vec<Fact> = (0..wish.facts).map(|at| fact(random, at)).collect();
    let params = params(random, &mut facts);
    let mut terms: Vec<(String, String)> = Vec::new();
    for at in 0..random.below(4) {
        let cond = condition(random, &mut facts, &params, &terms, 2);
        terms.push((format!("t{at}"), cond));
    }
    let assumptions = (0..random.below(3))
        .map(|_| {
            let left = condition(random, &mut facts, &params, &terms, 1);
            let right = condition(random, &mut facts, &params, &terms, 1);
            format!("{left} implies {right}")
        })
        .collect();
    let mut rules = rules(random, &mut facts, &params, &terms, wish);
    if wish.cites {
        number(&mut rules, &mut 1);
    }
    Model {
        facts,
        params,
        terms,
        assumptions,
        rules,
    }
}

fn number(rules: &mut [Rule], next: &mut u32) {
    for rule in rules {
        rule.cite = Some(*next);
        *next += 1;
        number(&mut rule.exceptions, next);
    }
}

fn fact(random: &mut Random, at: usize) -> Fact {
    let of = match random.below(9) {
        0 | 1 => Type::Bool,
        2 | 3 => Type::Enum(2 + random.below(4)),
        4 => Type::Int,
        5 => Type::Ratio,
        6 => Type::Money,
        7 => Type::Duration,
        _ => Type::Instant,
    };
    let mut bounds = (None, None);
    if !matches!(of, Type::Bool | Type::Enum(_)) {
        let (a, b) = (value_of(random, of), value_of(random, of));
        let (low, high) = if a.key() <= b.key() { (a, b) } else { (b, a) };
        bounds = (
            random.chance(40).then_some(low),
            random.chance(40).then_some(high),
        );
    }
    let mut fact = Fact {
        name: format!("f{at}"),
        of,
        optional: random.chance(30),
        bounds,
        asked_as: random
            .chance(25)
            .then(|| format!("group{}", random.below(2))),
        usual: None,
        constants: Vec::new(),
    };
    if random.chance(30) {
        fact.usual = Some(plain_value(random, &fact));
    }
    fact
}

/// A value that can be written down.
fn plain_value(random: &mut Random, fact: &Fact) -> Value {
    if fact.optional && random.chance(20) {
        return Value::Absent;
    }
    for _ in 0..20 {
        let value = value_of(random, fact.of);
        if inside(fact, value) {
            return value;
        }
    }
    fact.bounds
        .0
        .or(fact.bounds.1)
        .unwrap_or(value_of(random, fact.of))
}

fn params(random: &mut Random, facts: &mut [Fact]) -> Vec<(String, Value)> {
    let ordered: Vec<usize> = (0..facts.len())
        .filter(|at| !matches!(facts[*at].of, Type::Bool | Type::Enum(_)))
        .collect();
    if ordered.is_empty() {
        return Vec::new();
    }
    (0..random.below(3))
        .map(|at| {
            let of = facts[*random.pick(&ordered)].of;
            (format!("p{at}"), value_of(random, of))
        })
        .collect()
}

fn same_type(of: Type, value: Value) -> bool {
    matches!(
        (of, value),
        (Type::Int, Value::Int(_))
            | (Type::Ratio, Value::Ratio(_))
            | (Type::Money, Value::Money(..))
            | (Type::Duration, Value::Duration(_))
            | (Type::Instant, Value::Instant(_))
    )
}

/// A constant for a fact, or a parameter of its type.
fn constant(random: &mut Random, fact: &mut Fact, params: &[(String, Value)]) -> (String, Value) {
    let fitting: Vec<&(String, Value)> = params
        .iter()
        .filter(|(_, value)| same_type(fact.of, *value))
        .collect();
    if !fitting.is_empty() && random.chance(40) {
        let (name, value) = *random.pick(&fitting);
        fact.constants.push(*value);
        return (name.clone(), *value);
    }
    if !fact.constants.is_empty() && random.chance(40) {
        let value = *random.pick(&fact.constants);
        return (text(value), value);
    }
    let value = value_of(random, fact.of);
    fact.constants.push(value);
    (text(value), value)
}

fn test(random: &mut Random, fact: &mut Fact, params: &[(String, Value)]) -> String {
    let name = fact.name.clone();
    if fact.optional && random.chance(15) {
        let what = random.pick(&["is absent", "is present", "== absent", "!= absent"]);
        return format!("{name} {what}");
    }
    match fact.of {
        Type::Bool => random
            .pick(&["", " == true", " != true", " == false"])
            .to_string(),
        Type::Enum(n) => {
            let v = random.below(n);
            match random.below(3) {
                0 => format!(" == v{v}"),
                1 => format!(" != v{v}"),
                _ => format!(" in {{v{v}, v{}}}", random.below(n)),
            }
        }
        _ => {
            let (one, low) = constant(random, fact, params);
            match random.below(8) {
                0 | 1 => {
                    let (two, high) = constant(random, fact, params);
                    let in_order = low.key() <= high.key();
                    let (a, b) = if in_order { (one, two) } else { (two, one) };
                    format!(" in {a}..{b}")
                }
                2 => {
                    let (two, _) = constant(random, fact, params);
                    format!(" in {{{one}, {two}}}")
                }
                _ => {
                    let sign = random.pick(&["==", "!=", "<", "<=", ">", ">="]);
                    format!(" {sign} {one}")
                }
            }
        }
    }
    .pipe(|rest| format!("{name}{rest}"))
}

trait Pipe: Sized {
    fn pipe<T>(self, f: impl FnOnce(Self) -> T) -> T {
        f(self)
    }
}
impl Pipe for String {}

/// A condition over a few facts.
pub fn condition(
    random: &mut Random,
    facts: &mut [Fact],
    params: &[(String, Value)],
    terms: &[(String, String)],
    depth: usize,
) -> String {
    let kind = if depth == 0 { 0 } else { random.below(6) };
    match kind {
        1 | 2 => {
            let sign = *random.pick(&[" && ", " || "]);
            let parts: Vec<String> = (0..2 + random.below(2))
                .map(|_| condition(random, facts, params, terms, depth - 1))
                .collect();
            format!("({})", parts.join(sign))
        }
        3 => format!("!({})", condition(random, facts, params, terms, depth - 1)),
        4 if !terms.is_empty() => random.pick(terms).0.clone(),
        5 if random.chance(10) => random.pick(&["true", "false"]).to_string(),
        _ => {
            let at = random.below(facts.len());
            test(random, &mut facts[at], params)
        }
    }
}

fn rules(
    random: &mut Random,
    facts: &mut [Fact],
    params: &[(String, Value)],
    terms: &[(String, String)],
    wish: Wish,
) -> Vec<Rule> {
    let mut left = wish.rules;
    let mut out = Vec::new();
    let mut names = Vec::new();
    let total = random.chance(50);
    if total {
        let mut base = rule(random, facts, params, terms, wish, &mut left, 0, &names);
        base.when = "true".to_owned();
        base.overrides.clear();
        names.push(base.id.clone());
        out.push(base);
    }
    while left > 0 {
        let mut rule = rule(random, facts, params, terms, wish, &mut left, 0, &names);
        if total && random.chance(80) {
            rule.overrides.push(out[0].id.clone());
        }
        names.push(rule.id.clone());
        out.push(rule);
    }
    out
}

#[expect(
    clippy::too_many_arguments,
    reason = "a rule draws on everything there is"
)]
fn rule(
    random: &mut Random,
    facts: &mut [Fact],
    params: &[(String, Value)],
    terms: &[(String, String)],
    wish: Wish,
    left: &mut usize,
    depth: usize,
    names: &[String],
) -> Rule {
    let number = *left;
    *left = left.saturating_sub(1);
    let id = format!("g{}.r{number}", random.below(3));
    let mut overrides = Vec::new();
    if !names.is_empty() && random.chance(35) {
        overrides.push(if random.chance(25) {
            let name = random.pick(names);
            let group = name.split('.').next().unwrap_or("");
            format!("{group}.*")
        } else {
            random.pick(names).clone()
        });
    }
    let mut exceptions = Vec::new();
    while depth < 3 && *left > 0 && random.chance(25) {
        exceptions.push(rule(
            random,
            facts,
            params,
            terms,
            wish,
            left,
            depth + 1,
            names,
        ));
    }
    let judged = random.below(facts.len());
    let then = if wish.judge_again && random.chance(12) {
        let value = plain_value(random, &facts[judged]);
        format!("judge again with {} = {}", facts[judged].name, text(value))
    } else {
        effect(random)
    };
    Rule {
        id,
        cite: random
            .chance(30)
            .then(|| u32::try_from(random.below(20)).expect("small")),
        when: condition(random, facts, params, terms, 2),
        then,
        overrides,
        exceptions,
    }
}

fn effect(random: &mut Random) -> String {
    let outcome = format!("o{}", random.below(3));
    match random.below(4) {
        0 => format!("{outcome}: give(all)"),
        1 => format!("{outcome} suggesting give(all)"),
        _ => outcome,
    }
}

impl Model {
    /// The policy as it would be written.
    pub fn text(&self) -> String {
        let mut out = "---\npolicy: random\nversion: 2026-01-01\nlanguage: en\n---\n\n## 1 All {#1}\n\n```facts\n"
            .to_owned();
        for fact in &self.facts {
            out.push_str(&fact.text());
        }
        out.push_str("```\n\n```params\n");
        for (name, value) in &self.params {
            out.push_str(&format!("{name} = {}\n", text(*value)));
        }
        out.push_str("```\n\n```terms\n");
        for (name, cond) in &self.terms {
            out.push_str(&format!("{name} = {cond}\n"));
        }
        out.push_str("```\n\n```assume\n");
        for cond in &self.assumptions {
            out.push_str(&format!("{cond};\n"));
        }
        out.push_str("```\n");
        for rule in &self.rules {
            out.push_str(&format!("\n```rule {}\n", rule.id));
            out.push_str(&rule.body());
            out.push_str("```\n");
        }
        out
    }
}

impl Fact {
    fn text(&self) -> String {
        let kind = match self.of {
            Type::Bool => "bool".to_owned(),
            Type::Enum(n) => {
                let names: Vec<String> = (0..n).map(|at| format!("v{at}")).collect();
                format!("enum {{{}}}", names.join(", "))
            }
            Type::Int => "int".to_owned(),
            Type::Ratio => "ratio".to_owned(),
            Type::Money => "money".to_owned(),
            Type::Duration => "duration".to_owned(),
            Type::Instant => "instant".to_owned(),
        };
        let end = |value: Option<Value>| value.map_or(String::new(), text);
        let bounds = match self.bounds {
            (None, None) => String::new(),
            (low, high) => format!(" [{}..{}]", end(low), end(high)),
        };
        let optional = if self.optional { " optional" } else { "" };
        let asked = self
            .asked_as
            .as_ref()
            .map_or(String::new(), |name| format!(" asked_as: {name}"));
        let usual = self
            .usual
            .map_or(String::new(), |value| format!(" usual: {}", text(value)));
        format!("{} : {kind}{bounds}{optional}{asked}{usual}\n", self.name)
    }
}

impl Rule {
    fn body(&self) -> String {
        let cite = self
            .cite
            .map_or(String::new(), |cite| format!("cite: {cite}\n"));
        let overrides = if self.overrides.is_empty() {
            String::new()
        } else {
            format!("overrides: {}\n", self.overrides.join(", "))
        };
        let mut out = format!(
            "{cite}when {}\nthen {}\n{overrides}because \"\"\n",
            self.when, self.then
        );
        if !self.exceptions.is_empty() {
            out.push_str("{\n");
            for exception in &self.exceptions {
                out.push_str(&format!("except {}\n{}", exception.id, exception.body()));
            }
            out.push_str("}\n");
        }
        out
    }
}
