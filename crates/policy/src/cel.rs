// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions as standard CEL text, so that another engine can check them.
//!
//! A fact is a variable of its name. Yes or no is a `bool`, one of a few names a `string`, a whole number an
//! `int`, money an `int` of minor units, a length of time a `duration`, a point in time a `timestamp`. A share
//! is a map of two integers, `num` and `den` with `den` above zero, and is compared by multiplying crosswise,
//! so no fraction is ever rounded; an engine refuses, rather than misjudges, a share whose products its
//! integers of 64 bits cannot hold. What is absent is `null`.
//!
//! ```
//! # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\ndrop_share : ratio [0 %..100 %]\nage : duration optional\n```\n```rule a\nwhen drop_share <= 10 % && age > 12 h then yes because \"\"\n```\n";
//! let policy = makegood_policy::read(text).policy.unwrap();
//! let rules = makegood_policy::cel::cel_policy(&policy);
//! assert_eq!(
//!     rules[0].condition,
//!     "drop_share.num * 100 <= 10 * drop_share.den && (age != null && age > duration(\"43200s\"))"
//! );
//! ```

use crate::condition::{Compare, Expr, FactId, Test, TestOp};
use crate::fact::{Kind, Ratio, Value};
use crate::lex::SECOND;
use crate::read::Policy;
use crate::rule::RuleId;

/// When a rule holds and when it wins, as CEL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CelRule {
    /// The rule.
    pub rule: RuleId,
    /// Its name.
    pub name: String,
    /// Its condition, those of the rules that it is nested in included.
    pub condition: String,
    /// The same, and no exception's condition is met.
    pub wins: String,
}

/// A fact as another engine must declare it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CelVariable {
    /// The fact.
    pub fact: FactId,
    /// The variable's name: the fact's, with `_` behind it where CEL keeps the name for itself.
    pub name: String,
    /// CEL's name of its type, without "or null".
    pub kind: &'static str,
    /// Whether it may be `null`.
    pub nullable: bool,
}

/// A condition of a policy as CEL.
///
/// ```
/// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nclaim : enum { dropped, slow, other }\nlate : int\n```\n```rule a\nwhen claim in {dropped, slow} && (late in 1..5 || !(late == 9)) then yes because \"\"\n```\n";
/// let policy = makegood_policy::read(text).policy.unwrap();
/// assert_eq!(
///     makegood_policy::cel::cel(&policy, &policy.rules()[0].when),
///     "claim in [\"dropped\", \"slow\"] && (late >= 1 && late <= 5 || !(late == 9))"
/// );
/// ```
#[must_use]
pub fn cel(policy: &Policy, expr: &Expr) -> String {
    Writer { policy }.expr(expr).text
}

/// Every rule's condition as CEL, in the order of the rules.
///
/// ```
/// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int\nwarned : bool\n```\n```rule a\nwhen late > 3 then yes because \"\" except b when warned then no because \"\"\n```\n";
/// let policy = makegood_policy::read(text).policy.unwrap();
/// let rules = makegood_policy::cel::cel_policy(&policy);
/// assert_eq!(rules[0].wins, "late > 3 && !warned");
/// assert_eq!(rules[1].condition, "late > 3 && warned");
/// ```
#[must_use]
pub fn cel_policy(policy: &Policy) -> Vec<CelRule> {
    let writer = Writer { policy };
    let ids = (0..policy.rules.len()).map(RuleId);
    ids.map(|rule| CelRule {
        rule,
        name: policy.rule(rule).name.clone(),
        condition: writer.expr(&condition(policy, rule)).text,
        wins: writer.expr(&wins(policy, rule)).text,
    })
    .collect()
}

/// What the policy assumes of every case, as CEL.
///
/// ```
/// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int\nwarned : bool\n```\n```assume\nwarned implies late > 0\n```\n";
/// let policy = makegood_policy::read(text).policy.unwrap();
/// assert_eq!(makegood_policy::cel::cel_assumptions(&policy), ["!warned || late > 0"]);
/// ```
#[must_use]
pub fn cel_assumptions(policy: &Policy) -> Vec<String> {
    let exprs = policy.assumptions.iter();
    exprs.map(|(expr, _)| cel(policy, expr)).collect()
}

/// Every fact as a variable of CEL.
///
/// ```
/// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nshare : ratio optional\npackage : bool\n```\n";
/// let policy = makegood_policy::read(text).policy.unwrap();
/// let variables = makegood_policy::cel::cel_variables(&policy);
/// assert_eq!((variables[0].kind, variables[0].nullable), ("map(string, int)", true));
/// assert_eq!(variables[1].name, "package_");
/// ```
#[must_use]
pub fn cel_variables(policy: &Policy) -> Vec<CelVariable> {
    let writer = Writer { policy };
    let variable = |(fact, def): (FactId, &crate::fact::FactDef)| CelVariable {
        fact,
        name: writer.name(fact),
        kind: match def.kind {
            Kind::Bool => "bool",
            Kind::Enum(_) => "string",
            Kind::Int | Kind::Money => "int",
            Kind::Ratio => "map(string, int)",
            Kind::Duration => "duration",
            Kind::Instant => "timestamp",
        },
        nullable: def.optional,
    };
    policy.facts().map(variable).collect()
}

/// A rule's condition and those of the rules that it is nested in, outermost first.
pub(crate) fn condition(policy: &Policy, rule: RuleId) -> Expr {
    let mut chain: Vec<Expr> = ancestry(policy, rule)
        .map(|id| policy.rule(id).when.clone())
        .collect();
    chain.reverse();
    all(chain)
}

fn ancestry(policy: &Policy, rule: RuleId) -> impl Iterator<Item = RuleId> {
    std::iter::successors(Some(rule), |id| policy.rule(*id).parent)
}

fn wins(policy: &Policy, rule: RuleId) -> Expr {
    let own: Vec<RuleId> = ancestry(policy, rule).collect();
    let exceptions = policy.rule(rule).exceptions.iter().map(|exception| {
        // What the rule itself requires need not be said again for an exception nested in it.
        let mut chain: Vec<Expr> = ancestry(policy, *exception)
            .filter(|id| !own.contains(id))
            .map(|id| policy.rule(id).when.clone())
            .collect();
        chain.reverse();
        all(chain)
    });
    let exceptions: Vec<Expr> = exceptions.collect();
    let mut parts = vec![condition(policy, rule)];
    parts.extend(match exceptions.as_slice() {
        [] => None,
        [one] => Some(Expr::Not(Box::new(one.clone()))),
        _ => Some(Expr::Not(Box::new(Expr::Or(exceptions)))),
    });
    all(parts)
}

/// All of them: what holds always is left out, and what is nested is laid flat.
fn all(parts: Vec<Expr>) -> Expr {
    let mut flat = Vec::new();
    for part in parts {
        match part {
            Expr::And(inner) => flat.extend(inner),
            Expr::Const(true) => {}
            other => flat.push(other),
        }
    }
    match flat.len() {
        0 => Expr::Const(true),
        1 => flat.remove(0),
        _ => Expr::And(flat),
    }
}

/// How tightly the outermost operator of a text binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binds {
    Or,
    And,
    Compare,
    Unit,
}

struct Text {
    text: String,
    binds: Binds,
}

impl Text {
    fn new(text: impl Into<String>, binds: Binds) -> Self {
        Self {
            text: text.into(),
            binds,
        }
    }

    fn constant(constant: bool) -> Self {
        Self::new(constant.to_string(), Binds::Unit)
    }

    /// In parentheses, unless it binds at least as tightly as asked.
    fn within(self, binds: Binds) -> String {
        if self.binds >= binds {
            self.text
        } else {
            format!("({})", self.text)
        }
    }

    fn not(self) -> Self {
        Self::new(format!("!{}", self.within(Binds::Unit)), Binds::Unit)
    }
}

/// Words that CEL keeps for itself, and its names of types, which some engines do not let a variable take.
const TAKEN: [&str; 32] = [
    "as",
    "bool",
    "break",
    "bytes",
    "const",
    "continue",
    "double",
    "dyn",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "int",
    "let",
    "list",
    "loop",
    "map",
    "namespace",
    "null",
    "null_type",
    "package",
    "return",
    "string",
    "true",
    "type",
    "uint",
    "var",
    "void",
    "while",
];

struct Writer<'a> {
    policy: &'a Policy,
}

impl Writer<'_> {
    fn name(&self, fact: FactId) -> String {
        let mut name = self.policy.fact_def(fact).name.clone();
        if TAKEN.contains(&name.as_str()) {
            name.push('_');
            while self.policy.fact(&name).is_some() {
                name.push('_');
            }
        }
        name
    }

    fn expr(&self, expr: &Expr) -> Text {
        match expr {
            Expr::Const(constant) => Text::constant(*constant),
            Expr::Test(test) => self.test(test),
            Expr::Not(inner) => match &**inner {
                Expr::Test(Test {
                    fact,
                    op: TestOp::Absent,
                    ..
                }) => self.null(*fact, "!="),
                inner => self.expr(inner).not(),
            },
            Expr::And(parts) => self.joined(parts, Binds::And),
            Expr::Or(parts) => self.joined(parts, Binds::Or),
        }
    }

    fn joined(&self, parts: &[Expr], binds: Binds) -> Text {
        let mut texts = parts.iter().map(|part| self.expr(part));
        match (texts.next(), parts.len()) {
            (None, _) => Text::constant(binds == Binds::And),
            (Some(only), 1) => only,
            (Some(first), _) => {
                let sign = if binds == Binds::And { " && " } else { " || " };
                let texts = std::iter::once(first).chain(texts);
                let texts: Vec<String> = texts.map(|text| text.within(binds)).collect();
                Text::new(texts.join(sign), binds)
            }
        }
    }

    fn null(&self, fact: FactId, sign: &str) -> Text {
        Text::new(format!("{} {sign} null", self.name(fact)), Binds::Compare)
    }

    fn test(&self, test: &Test) -> Text {
        let fact = test.fact;
        match &test.op {
            TestOp::Absent | TestOp::Is(Compare::Equal, Value::Absent) => self.null(fact, "=="),
            TestOp::Is(Compare::NotEqual, Value::Absent) => self.null(fact, "!="),
            TestOp::Is(Compare::Equal, value) => self.equal(fact, *value),
            TestOp::Is(Compare::NotEqual, value) => self.unequal(fact, *value),
            TestOp::Is(compare, value) => {
                let plain = self.compare(fact, *compare, *value);
                self.present_and(fact, plain)
            }
            TestOp::Between(low, high) => {
                let low = self.compare(fact, Compare::AtLeast, *low);
                let high = self.compare(fact, Compare::AtMost, *high);
                let both = [low.within(Binds::And), high.within(Binds::And)].join(" && ");
                self.present_and(fact, Text::new(both, Binds::And))
            }
            TestOp::In(values) => self.one_of(fact, values),
        }
    }

    /// What is absent is neither more nor less than anything.
    fn present_and(&self, fact: FactId, text: Text) -> Text {
        if !self.policy.fact_def(fact).optional {
            return text;
        }
        let present = self.null(fact, "!=").text;
        // The parentheses are for the reader: a test and its guard belong together.
        let both = format!("({present} && {})", text.within(Binds::And));
        Text::new(both, Binds::Unit)
    }

    fn equal(&self, fact: FactId, value: Value) -> Text {
        let def = self.policy.fact_def(fact);
        match (value, def.optional) {
            (Value::Bool(true), false) => Text::new(self.name(fact), Binds::Unit),
            (Value::Bool(false), false) => Text::new(self.name(fact), Binds::Unit).not(),
            // A share that is absent has no parts to multiply; anything else may be compared with `null`.
            (Value::Ratio(_), _) => {
                let plain = self.compare(fact, Compare::Equal, value);
                self.present_and(fact, plain)
            }
            _ => self.compare(fact, Compare::Equal, value),
        }
    }

    fn unequal(&self, fact: FactId, value: Value) -> Text {
        let optional = self.policy.fact_def(fact).optional;
        match value {
            Value::Bool(yes) if !optional => self.equal(fact, Value::Bool(!yes)),
            Value::Ratio(_) if optional => {
                let absent = self.null(fact, "==").text;
                let other = self.compare(fact, Compare::NotEqual, value);
                let either = format!("({absent} || {})", other.within(Binds::Compare));
                Text::new(either, Binds::Unit)
            }
            _ => self.compare(fact, Compare::NotEqual, value),
        }
    }

    fn one_of(&self, fact: FactId, values: &[Value]) -> Text {
        let mut either: Vec<String> = Vec::new();
        if values.contains(&Value::Absent) {
            either.push(self.null(fact, "==").text);
        }
        let known = values.iter().filter(|value| **value != Value::Absent);
        if self.policy.fact_def(fact).kind == Kind::Ratio {
            either.extend(known.map(|value| self.equal(fact, *value).within(Binds::And)));
        } else {
            let list: Vec<String> = known
                .filter_map(|value| self.constant(fact, *value).ok())
                .collect();
            if !list.is_empty() {
                either.push(format!("{} in [{}]", self.name(fact), list.join(", ")));
            }
        }
        match either.as_slice() {
            [] => Text::constant(false),
            [_] => Text::new(either.concat(), Binds::Compare),
            _ => Text::new(either.join(" || "), Binds::Or),
        }
    }

    /// The bare comparison of a fact that is present.
    fn compare(&self, fact: FactId, compare: Compare, value: Value) -> Text {
        let sign = compare.sign();
        let name = self.name(fact);
        match (value, self.constant(fact, value)) {
            (Value::Absent, _) => Text::constant(false),
            (_, Err(beyond)) => Text::constant(beyond.answer(compare)),
            (Value::Ratio(ratio), _) => Text::new(crosswise(&name, sign, ratio), Binds::Compare),
            (_, Ok(constant)) => Text::new(format!("{name} {sign} {constant}"), Binds::Compare),
        }
    }

    /// A constant, or on which side of all values that CEL can hold it lies.
    fn constant(&self, fact: FactId, value: Value) -> Result<String, Beyond> {
        Ok(match value {
            Value::Bool(yes) => yes.to_string(),
            Value::Choice(_) => format!("\"{}\"", self.policy.value_name(fact, value)),
            Value::Int(n) | Value::Money(n, _) => n.to_string(),
            Value::Ratio(ratio) => {
                let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
                Beyond::check(ratio.floor(), limits)?;
                ratio.to_string()
            }
            Value::Duration(ns) => {
                Beyond::check(ns, (-MOST_SECONDS * SECOND, MOST_SECONDS * SECOND))?;
                format!("duration(\"{}s\")", seconds(ns))
            }
            Value::Instant(ns) => {
                Beyond::check(ns, (FIRST_SECOND * SECOND, END_SECOND * SECOND - 1))?;
                format!("timestamp(\"{}\")", timestamp(ns))
            }
            Value::Absent => "null".to_owned(),
        })
    }
}

/// `num / den` against a share, without a fraction. As it was written, unless only lowest terms fit.
fn crosswise(name: &str, sign: &str, ratio: Ratio) -> String {
    let fits = |part: i128| i64::try_from(part).is_ok();
    let ratio = if fits(ratio.numerator()) && fits(ratio.denominator()) {
        ratio
    } else {
        ratio.reduced()
    };
    match (ratio.numerator(), ratio.denominator()) {
        (0, _) => format!("{name}.num {sign} 0"),
        (num, 1) => format!("{name}.num {sign} {num} * {name}.den"),
        (num, den) => format!("{name}.num * {den} {sign} {num} * {name}.den"),
    }
}

/// A constant that no value of CEL's type reaches: below all of them, or above.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Below,
    Above,
}

/// CEL's longest duration, about ten thousand years.
const MOST_SECONDS: i128 = 315_576_000_000;
/// The first second of the year 1, and the first that is no longer in the year 9999.
const FIRST_SECOND: i128 = -62_135_596_800;
const END_SECOND: i128 = 253_402_300_800;

impl Beyond {
    fn check(key: i128, (low, high): (i128, i128)) -> Result<(), Self> {
        if key < low {
            Err(Self::Below)
        } else if key > high {
            Err(Self::Above)
        } else {
            Ok(())
        }
    }

    /// What comparing any value of CEL's type with it says.
    fn answer(self, compare: Compare) -> bool {
        match compare {
            Compare::Equal => false,
            Compare::NotEqual => true,
            Compare::Less | Compare::AtMost => self == Self::Above,
            Compare::More | Compare::AtLeast => self == Self::Below,
        }
    }
}

/// Seconds with as many decimals as they need.
fn seconds(ns: i128) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let size = ns.unsigned_abs();
    let second = SECOND.unsigned_abs();
    format!("{sign}{}{}", size / second, fraction(size % second))
}

fn fraction(ns: u128) -> String {
    if ns == 0 {
        return String::new();
    }
    format!(".{ns:09}").trim_end_matches('0').to_owned()
}

/// RFC 3339 in universal time.
fn timestamp(ns: i128) -> String {
    let day = 86_400 * SECOND;
    let date = crate::phrase::literal(Value::Instant(ns.div_euclid(day) * day));
    let of_day = ns.rem_euclid(day);
    let clock = of_day / SECOND;
    let rest = fraction((of_day % SECOND).unsigned_abs());
    format!(
        "{date}T{:02}:{:02}:{:02}{rest}Z",
        clock / 3_600,
        clock / 60 % 60,
        clock % 60
    )
}
