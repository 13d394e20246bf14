// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions: as they are written, and as they are tested.
//!
//! A condition joins *tests* with "and", "or" and "not". A test compares one fact with constants; two
//! facts are never compared with each other, which keeps every question about a policy decidable.

use std::collections::BTreeMap;

use crate::fact::{Cut, FactDef, Kind, Ratio, Value, bit, bits};
use crate::lex::{Cursor, Token};
use crate::problem::{Code, Problem, Span};
use crate::rule::RuleId;

/// A fact of a policy, by its place in the declarations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct FactId(pub(crate) usize);

impl FactId {
    /// Its place among the policy's facts.
    #[must_use]
    pub fn index(self) -> usize {
        self.0
    }
}

/// How a test compares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Compare {
    /// As it is written.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        }
    }

    fn parse(sign: &str) -> Option<Self> {
        [
            Self::Equal,
            Self::NotEqual,
            Self::Less,
            Self::AtMost,
            Self::More,
            Self::AtLeast,
        ]
        .into_iter()
        .find(|compare| compare.sign() == sign)
    }

    fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// What a test asks of its fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TestOp {
    /// Compares with one constant. An absent value equals nothing and is neither more nor less.
    Is(Compare, Value),
    /// Is one of several values.
    In(Vec<Value>),
    /// Lies between two values, both included.
    Between(Value, Value),
    /// Is known not to exist.
    Absent,
}

impl TestOp {
    /// Whether a value meets it.
    #[must_use]
    pub fn holds(&self, value: Value) -> bool {
        let order = |a: Value, b: Value| match (a.key(), b.key()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => None,
        };
        match self {
            Self::Is(Compare::NotEqual, constant) => value != *constant,
            Self::Is(Compare::Equal, constant) => value == *constant,
            Self::Is(compare, constant) => {
                order(value, *constant).is_some_and(|order| compare.holds(order))
            }
            Self::In(values) => values.contains(&value),
            Self::Between(low, high) => {
                order(value, *low).is_some_and(std::cmp::Ordering::is_ge)
                    && order(value, *high).is_some_and(std::cmp::Ordering::is_le)
            }
            Self::Absent => value == Value::Absent,
        }
    }

    /// The constants it names.
    pub(crate) fn constants(&self) -> Vec<Value> {
        match self {
            Self::Is(_, value) => vec![*value],
            Self::In(values) => values.clone(),
            Self::Between(low, high) => vec![*low, *high],
            Self::Absent => Vec::new(),
        }
    }

    /// Where a value's answer may change.
    fn cuts(&self, kind: &Kind) -> Vec<Cut> {
        if !kind.is_ordered() {
            return Vec::new();
        }
        let cut = |value: &Value, after| value.key().map(|at| Cut { at, after });
        let both = |value: &Value| [cut(value, false), cut(value, true)];
        let cuts: Vec<Option<Cut>> = match self {
            Self::Is(Compare::Equal | Compare::NotEqual, value) => both(value).into(),
            Self::Is(Compare::Less | Compare::AtLeast, value) => vec![cut(value, false)],
            Self::Is(Compare::AtMost | Compare::More, value) => vec![cut(value, true)],
            Self::In(values) => values.iter().flat_map(both).collect(),
            Self::Between(low, high) => vec![cut(low, false), cut(high, true)],
            Self::Absent => Vec::new(),
        };
        cuts.into_iter().flatten().collect()
    }
}

/// A test of one fact.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Test {
    /// The fact.
    pub fact: FactId,
    /// What is asked of it.
    pub op: TestOp,
    /// The cells that meet it, a bit each: filled in once all cut points are known.
    pub(crate) cells: u64,
    /// Where it stands.
    pub span: Span,
}

/// A condition whose names are resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Expr {
    /// Always or never.
    Const(bool),
    /// One test.
    Test(Test),
    /// Not.
    Not(Box<Expr>),
    /// All of them.
    And(Vec<Expr>),
    /// Any of them.
    Or(Vec<Expr>),
}

impl Expr {
    /// Calls `visit` for every test.
    pub fn tests(&self, visit: &mut impl FnMut(&Test)) {
        match self {
            Self::Const(_) => {}
            Self::Test(test) => visit(test),
            Self::Not(inner) => inner.tests(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.tests(visit)),
        }
    }

    fn tests_mut(&mut self, visit: &mut impl FnMut(&mut Test)) {
        match self {
            Self::Const(_) => {}
            Self::Test(test) => visit(test),
            Self::Not(inner) => inner.tests_mut(visit),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter_mut().for_each(|part| part.tests_mut(visit))
            }
        }
    }

    /// Whether it holds for known values: read straight from the text, without cells or diagram.
    pub fn holds(&self, value: &impl Fn(FactId) -> Value) -> bool {
        match self {
            Self::Const(constant) => *constant,
            Self::Test(test) => test.op.holds(value(test.fact)),
            Self::Not(inner) => !inner.holds(value),
            Self::And(parts) => parts.iter().all(|part| part.holds(value)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(value)),
        }
    }

    /// Adds the cut points of its tests to each fact's list.
    pub(crate) fn collect_cuts(&self, facts: &[FactDef], cuts: &mut [Vec<Cut>]) {
        self.tests(&mut |test| {
            if let (Some(def), Some(list)) = (facts.get(test.fact.0), cuts.get_mut(test.fact.0)) {
                list.extend(test.op.cuts(&def.kind));
            }
        });
    }

    /// Fills in the cells of each test.
    pub(crate) fn fill_cells(&mut self, facts: &[FactDef]) {
        self.tests_mut(&mut |test| {
            if let Some(def) = facts.get(test.fact.0) {
                test.cells = cells_of(def, &test.op);
            }
        });
    }
}

/// The cells in which a test holds. Exact, because its cut points are among the cells' borders.
pub(crate) fn cells_of(def: &FactDef, op: &TestOp) -> u64 {
    if *op == TestOp::Absent {
        return def.cells.absent.map_or(0, bit);
    }
    if !def.kind.is_ordered() {
        return bits(def.cells.domain)
            .filter(|cell| {
                let value = match (&def.kind, def.cells.absent) {
                    (_, Some(absent)) if absent == *cell => Value::Absent,
                    (Kind::Bool, _) => Value::Bool(*cell == 1),
                    _ => Value::Choice(*cell),
                };
                op.holds(value)
            })
            .fold(0, |set, cell| set | bit(cell));
    }
    let at_most = |value: &Value, included: bool| {
        // Cells that lie wholly at or below the value.
        let Some(key) = value.key() else { return 0 };
        bits(def.cells.domain)
            .filter(|cell| Some(*cell) != def.cells.absent)
            .filter(|cell| match def.interval(*cell).1 {
                Some((high, true)) => {
                    if included {
                        high <= key
                    } else {
                        high < key
                    }
                }
                Some((high, false)) => high <= key,
                None => false,
            })
            .fold(0, |set, cell| set | bit(cell))
    };
    let absent = def.cells.absent.map_or(0, bit);
    let present = def.cells.domain & !absent;
    let equal = |value: &Value| match value {
        Value::Absent => absent,
        value => at_most(value, true) & !at_most(value, false),
    };
    match op {
        // Nothing is more or less than what is absent.
        TestOp::Is(
            Compare::Less | Compare::AtMost | Compare::More | Compare::AtLeast,
            Value::Absent,
        )
        | TestOp::Between(Value::Absent, _)
        | TestOp::Between(_, Value::Absent) => 0,
        TestOp::Is(Compare::Equal, value) => equal(value),
        TestOp::Is(Compare::NotEqual, value) => def.cells.domain & !equal(value),
        TestOp::Is(Compare::AtMost, value) => at_most(value, true),
        TestOp::Is(Compare::Less, value) => at_most(value, false),
        TestOp::Is(Compare::More, value) => present & !at_most(value, true),
        TestOp::Is(Compare::AtLeast, value) => present & !at_most(value, false),
        TestOp::In(values) => values.iter().map(equal).fold(0, |set, cells| set | cells),
        TestOp::Between(low, high) => at_most(high, true) & !at_most(low, false),
        TestOp::Absent => 0,
    }
}

/// A constant as it is written: a value, or the name of a parameter or of an enum's value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Const {
    pub token: Token,
    pub span: Span,
}

/// What a written test asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Ask {
    Holds,
    Is(Compare, Const),
    In(Vec<Const>),
    Between(Const, Const),
    Absent,
    Present,
}

/// A condition as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Cond {
    Const(bool),
    Test { name: String, ask: Ask, span: Span },
    Not(Box<Cond>),
    And(Vec<Cond>),
    Or(Vec<Cond>),
}

impl Cond {
    /// Calls `visit` with every name of a fact or term.
    pub fn names(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Const(_) => {}
            Self::Test { name, .. } => visit(name),
            Self::Not(inner) => inner.names(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.names(visit)),
        }
    }
}

const CONDITION_HELP: &str =
    "write a test such as `fact == value`, `fact <= 10 %`, `fact in {a, b}` or the name of a term";

/// Reads a condition.
pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Result<Cond, Problem> {
    cursor.deeper()?;
    let left = parse_or(cursor)?;
    let cond = if cursor.eat_word("implies") {
        let right = parse_or(cursor)?;
        Cond::Or(vec![Cond::Not(Box::new(left)), right])
    } else {
        left
    };
    cursor.shallower();
    Ok(cond)
}

fn parse_or(cursor: &mut Cursor<'_>) -> Result<Cond, Problem> {
    let mut parts = vec![parse_and(cursor)?];
    while cursor.eat_sign("||") {
        parts.push(parse_and(cursor)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Cond::Or(parts)
    })
}

fn parse_and(cursor: &mut Cursor<'_>) -> Result<Cond, Problem> {
    let mut parts = vec![parse_unary(cursor)?];
    while cursor.eat_sign("&&") {
        parts.push(parse_unary(cursor)?);
    }
    Ok(if parts.len() == 1 {
        parts.remove(0)
    } else {
        Cond::And(parts)
    })
}

fn parse_unary(cursor: &mut Cursor<'_>) -> Result<Cond, Problem> {
    if cursor.eat_sign("!") {
        cursor.deeper()?;
        let inner = parse_unary(cursor)?;
        cursor.shallower();
        return Ok(Cond::Not(Box::new(inner)));
    }
    if cursor.eat_sign("(") {
        let inner = parse(cursor)?;
        cursor.expect_sign(")", "close the parenthesis")?;
        return Ok(inner);
    }
    parse_test(cursor)
}

fn parse_test(cursor: &mut Cursor<'_>) -> Result<Cond, Problem> {
    let (name, start) = cursor.expect_word("a condition", CONDITION_HELP)?;
    if name == "true" || name == "false" {
        return Ok(Cond::Const(name == "true"));
    }
    let ask = match cursor.peek() {
        Some(Token::Sign(sign)) if Compare::parse(sign).is_some() => {
            cursor.bump();
            Ask::Is(
                Compare::parse(sign).unwrap_or(Compare::Equal),
                parse_const(cursor)?,
            )
        }
        Some(Token::Sign("=")) => {
            return Err(Problem::new(
                Code::Syntax,
                cursor.span(),
                "`=` gives a value, it does not compare",
                "write `==`",
            ));
        }
        Some(Token::Word(word)) if word == "in" => {
            cursor.bump();
            parse_in(cursor)?
        }
        Some(Token::Word(word)) if word == "is" => {
            cursor.bump();
            let help = "write `is absent` or `is present`";
            let (word, span) = cursor.expect_word("`absent` or `present`", help)?;
            match word.as_str() {
                "absent" => Ask::Absent,
                "present" => Ask::Present,
                _ => {
                    return Err(Problem::new(
                        Code::Syntax,
                        span,
                        format!("`is {word}` means nothing"),
                        help,
                    ));
                }
            }
        }
        _ => Ask::Holds,
    };
    Ok(Cond::Test {
        name,
        ask,
        span: start.to(cursor.last_span()),
    })
}

fn parse_in(cursor: &mut Cursor<'_>) -> Result<Ask, Problem> {
    if cursor.eat_sign("{") {
        let mut values = vec![parse_const(cursor)?];
        while cursor.eat_sign(",") {
            values.push(parse_const(cursor)?);
        }
        cursor.expect_sign("}", "close the list of values")?;
        return Ok(Ask::In(values));
    }
    let low = parse_const(cursor)?;
    cursor.expect_sign("..", "write a list `{a, b}` or a range `1..5`")?;
    Ok(Ask::Between(low, parse_const(cursor)?))
}

/// Reads a constant: a literal or a name.
pub(crate) fn parse_const(cursor: &mut Cursor<'_>) -> Result<Const, Problem> {
    let span = cursor.span();
    match cursor.peek() {
        Some(
            token @ (Token::Word(_)
            | Token::Number(_)
            | Token::Share(_)
            | Token::Length(_)
            | Token::Money(..)
            | Token::Instant(_)),
        ) => {
            cursor.bump();
            Ok(Const {
                token: token.clone(),
                span,
            })
        }
        _ => Err(cursor.missing(
            "a value",
            "write a value such as `10 %`, `12 h`, `3`, a name, or a parameter",
        )),
    }
}

/// The value of a literal, where its type can be told without looking at a fact.
pub(crate) fn literal(token: &Token) -> Option<Value> {
    Some(match token {
        Token::Number(n) if n.denominator() == 1 => Value::Int(i64::try_from(n.numerator()).ok()?),
        Token::Number(n) | Token::Share(n) => Value::Ratio(*n),
        Token::Length(ns) => Value::Duration(*ns),
        Token::Money(minor, currency) => Value::Money(*minor, *currency),
        Token::Instant(ns) => Value::Instant(*ns),
        Token::Word(word) if word == "true" || word == "false" => Value::Bool(word == "true"),
        _ => return None,
    })
}

/// Where a parameter is used: the facts compared with it, and the rules that do so.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ParamUse {
    pub compared: Vec<FactId>,
    pub rules: std::collections::BTreeSet<RuleId>,
}

/// What names mean while conditions are resolved.
pub(crate) struct Names<'a> {
    pub facts: &'a [FactDef],
    pub fact_ids: &'a BTreeMap<String, FactId>,
    pub params: &'a BTreeMap<String, Value>,
    pub terms: &'a BTreeMap<String, (Cond, Span)>,
    /// Parameters that some condition used.
    pub used_params: BTreeMap<String, ParamUse>,
    /// The rule whose condition is being resolved.
    pub rule: Option<RuleId>,
    /// Terms that some condition used.
    pub used_terms: std::collections::BTreeSet<String>,
    /// The terms being opened, innermost last.
    pub open: Vec<String>,
    /// How many parts all terms have been opened into: terms of terms can grow without bound.
    pub opened: usize,
}

/// Most parts into which the terms of a policy may unfold.
pub(crate) const MOST_PARTS: usize = 200_000;

/// How deep terms may stand inside terms: conditions are followed by recursion, so their depth is bounded.
pub(crate) const MOST_OPEN: usize = 24;

impl Names<'_> {
    /// Resolves a condition; what is wrong goes to `problems` and counts as never met.
    pub fn resolve(&mut self, cond: &Cond, problems: &mut Vec<Problem>) -> Expr {
        match cond {
            Cond::Const(constant) => Expr::Const(*constant),
            Cond::Not(inner) => Expr::Not(Box::new(self.resolve(inner, problems))),
            Cond::And(parts) => Expr::And(
                parts
                    .iter()
                    .map(|part| self.resolve(part, problems))
                    .collect(),
            ),
            Cond::Or(parts) => Expr::Or(
                parts
                    .iter()
                    .map(|part| self.resolve(part, problems))
                    .collect(),
            ),
            Cond::Test { name, ask, span } => self
                .resolve_test(name, ask, *span, problems)
                .unwrap_or_else(|problem| {
                    problems.push(problem);
                    Expr::Const(false)
                }),
        }
    }

    fn resolve_test(
        &mut self,
        name: &str,
        ask: &Ask,
        span: Span,
        problems: &mut Vec<Problem>,
    ) -> Result<Expr, Problem> {
        self.opened = self.opened.saturating_add(1);
        if self.opened > MOST_PARTS {
            // Said once: what comes after would only say it again.
            return if self.opened == MOST_PARTS.saturating_add(1) {
                Err(Problem::new(
                    Code::Limit,
                    span,
                    format!("terms that unfold into more than {MOST_PARTS} tests"),
                    "use fewer terms inside terms",
                ))
            } else {
                Ok(Expr::Const(false))
            };
        }
        if let Some(id) = self.fact_ids.get(name) {
            return self.resolve_fact(*id, ask, span);
        }
        let Some((cond, _)) = self.terms.get(name) else {
            return Err(unknown(
                "fact or term",
                name,
                self.fact_ids.keys().chain(self.terms.keys()),
                Span::new(span.file, span.start, span.start.saturating_add(name.len())),
                "declare it in a `facts` or `terms` block",
            ));
        };
        if *ask != Ask::Holds {
            return Err(Problem::new(
                Code::Type,
                span,
                format!("`{name}` is a term, which holds or does not"),
                "use the term alone, or compare a fact",
            ));
        }
        if self.open.iter().any(|open| open == name) {
            let chain = self.open.join("` → `");
            return Err(Problem::new(
                Code::Cycle,
                span,
                format!("the term `{name}` is defined by itself (`{chain}` → `{name}`)"),
                "define it by facts",
            ));
        }
        if self.open.len() >= MOST_OPEN {
            return Err(Problem::new(
                Code::Limit,
                span,
                format!("terms inside terms, more than {MOST_OPEN} deep"),
                "define terms by facts, or by terms that are defined by facts",
            ));
        }
        self.used_terms.insert(name.to_owned());
        self.open.push(name.to_owned());
        let cond = cond.clone();
        let expr = self.resolve(&cond, problems);
        self.open.pop();
        Ok(expr)
    }

    fn resolve_fact(&mut self, id: FactId, ask: &Ask, span: Span) -> Result<Expr, Problem> {
        let Some(def) = self.facts.get(id.0) else {
            return Ok(Expr::Const(false));
        };
        let test = |op| {
            Expr::Test(Test {
                fact: id,
                op,
                cells: 0,
                span,
            })
        };
        let ordered = |compare: Compare| {
            if def.kind.is_ordered() || matches!(compare, Compare::Equal | Compare::NotEqual) {
                return Ok(());
            }
            Err(Problem::new(
                Code::Type,
                span,
                format!("`{}` is {} and has no order", def.name, a(&def.kind)),
                "compare it with `==`, `!=` or `in {…}`",
            ))
        };
        match ask {
            Ask::Holds if def.kind == Kind::Bool => {
                Ok(test(TestOp::Is(Compare::Equal, Value::Bool(true))))
            }
            Ask::Holds => Err(Problem::new(
                Code::Type,
                span,
                format!(
                    "`{}` is {}, not something that holds or does not",
                    def.name,
                    a(&def.kind)
                ),
                format!("compare it with a value, as in `{} == …`", def.name),
            )),
            Ask::Absent | Ask::Present if !def.optional => Err(Problem::new(
                Code::Type,
                span,
                format!("`{}` is never absent", def.name),
                "declare it `optional` if it may be known not to exist",
            )),
            Ask::Absent => Ok(test(TestOp::Absent)),
            Ask::Present => Ok(Expr::Not(Box::new(test(TestOp::Absent)))),
            Ask::Is(compare, constant) => {
                ordered(*compare)?;
                let value = self.constant(id, constant)?;
                if !matches!(compare, Compare::Equal | Compare::NotEqual) {
                    there_is(value, constant.span)?;
                }
                Ok(test(TestOp::Is(*compare, value)))
            }
            Ask::In(constants) => {
                let values = constants
                    .iter()
                    .map(|constant| self.constant(id, constant))
                    .collect::<Result<_, _>>()?;
                Ok(test(TestOp::In(values)))
            }
            Ask::Between(low, high) => {
                ordered(Compare::AtMost)?;
                let (low_value, high_value) = (self.constant(id, low)?, self.constant(id, high)?);
                there_is(low_value, low.span)?;
                there_is(high_value, high.span)?;
                if low_value.key() > high_value.key() {
                    return Err(Problem::new(
                        Code::Type,
                        low.span.to(high.span),
                        "a range whose end comes before its start",
                        "swap the two ends",
                    ));
                }
                Ok(test(TestOp::Between(low_value, high_value)))
            }
        }
    }

    fn constant(&mut self, id: FactId, constant: &Const) -> Result<Value, Problem> {
        let Some(def) = self.facts.get(id.0) else {
            return Ok(Value::Absent);
        };
        if let Token::Word(word) = &constant.token
            && let Some(value) = self.params.get(word).copied()
            && def.choice(word).is_none()
        {
            let uses = self.used_params.entry(word.clone()).or_default();
            uses.rules.extend(self.rule);
            if !uses.compared.contains(&id) {
                uses.compared.push(id);
            }
            return fit(
                def,
                value,
                constant.span,
                &format!("the parameter `{word}`"),
            );
        }
        value_for(def, constant, self.params)
    }
}

/// The value that a constant stands for where it is compared with a fact.
pub(crate) fn value_for(
    def: &FactDef,
    constant: &Const,
    params: &BTreeMap<String, Value>,
) -> Result<Value, Problem> {
    if let Some(value) = literal(&constant.token) {
        return fit(def, value, constant.span, "this value");
    }
    let Token::Word(word) = &constant.token else {
        return fit(def, Value::Absent, constant.span, "this value");
    };
    if word == "absent" && def.optional {
        return Ok(Value::Absent);
    }
    if let Some(value) = def.choice(word) {
        return Ok(value);
    }
    match &def.kind {
        Kind::Enum(names) => Err(unknown(
            &format!("value of `{}`", def.name),
            word,
            names.iter(),
            constant.span,
            &format!("it is one of {}", list(names)),
        )),
        _ => Err(unknown(
            "parameter",
            word,
            params.keys(),
            constant.span,
            "declare it in a `params` block",
        )),
    }
}

/// Refuses "absent" where more and less are asked.
fn there_is(value: Value, span: Span) -> Result<(), Problem> {
    if value != Value::Absent {
        return Ok(());
    }
    Err(Problem::new(
        Code::Type,
        span,
        "nothing is more or less than what is absent",
        "write `is absent` or `is present`",
    ))
}

/// Makes a value fit a fact's type, or says why it does not.
fn fit(def: &FactDef, value: Value, span: Span, what: &str) -> Result<Value, Problem> {
    let fitted = match (value, &def.kind) {
        (Value::Int(n), Kind::Ratio) => Some(Value::Ratio(Ratio::whole(i128::from(n)))),
        (Value::Bool(_), Kind::Bool)
        | (Value::Int(_), Kind::Int)
        | (Value::Ratio(_), Kind::Ratio)
        | (Value::Money(..), Kind::Money)
        | (Value::Duration(_), Kind::Duration)
        | (Value::Instant(_), Kind::Instant) => Some(value),
        _ => None,
    };
    fitted.ok_or_else(|| {
        Problem::new(
            Code::Type,
            span,
            format!(
                "`{}` is {}, and {what} is {}",
                def.name,
                a(&def.kind),
                a_value(value)
            ),
            format!("write {}", example(&def.kind)),
        )
    })
}

fn a(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "a yes or no",
        Kind::Enum(_) => "one of a few names",
        Kind::Int => "a whole number",
        Kind::Ratio => "a share in per cent",
        Kind::Money => "an amount of money",
        Kind::Duration => "a length of time",
        Kind::Instant => "a point in time",
    }
}

fn a_value(value: Value) -> &'static str {
    match value {
        Value::Bool(_) => "a yes or no",
        Value::Choice(_) => "a name",
        Value::Int(_) => "a whole number",
        Value::Ratio(_) => "a share or a number with decimals",
        Value::Money(..) => "an amount of money",
        Value::Duration(_) => "a length of time",
        Value::Instant(_) => "a point in time",
        Value::Absent => "something else",
    }
}

fn example(kind: &Kind) -> String {
    match kind {
        Kind::Bool => "`true` or `false`".to_owned(),
        Kind::Enum(names) => list(names),
        Kind::Int => "a number such as `3`".to_owned(),
        Kind::Ratio => "a share such as `10 %` or `1/3`".to_owned(),
        Kind::Money => "an amount such as `4.99 EUR`".to_owned(),
        Kind::Duration => "a length such as `12 h` or `30 d`".to_owned(),
        Kind::Instant => "a day such as `2025-10-02`".to_owned(),
    }
}

fn list(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

const MOST_HINTS: usize = 300;
const LONGEST_HINT: usize = 60;

/// A name that nothing declares, with the declared one that resembles it most.
pub(crate) fn unknown<'a>(
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a String>,
    span: Span,
    help: &str,
) -> Problem {
    // A hint must not cost more than the reading: few candidates, and short ones.
    let near = known
        .take(MOST_HINTS)
        .filter(|candidate| candidate.len().max(name.len()) <= LONGEST_HINT)
        .map(|candidate| (distance(name, candidate), candidate))
        .min();
    let help = match near {
        Some((steps, candidate)) if steps <= 2.max(name.len() / 3) => {
            format!("did you mean `{candidate}`? Else {help}")
        }
        _ => help.to_owned(),
    };
    let message = match name.strip_suffix('*') {
        Some(prefix) => format!("no {what} begins with `{prefix}`"),
        None => format!("no {what} is called `{name}`"),
    };
    Problem::new(Code::Unknown, span, message, help)
}

/// Levenshtein's edit distance, where swapping two neighbours is one step (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut next = vec![i.saturating_add(1)];
        for (j, cb) in b.iter().enumerate() {
            let change = at(&row, j).saturating_add(usize::from(ca != cb));
            let longer = at(&next, j)
                .min(at(&row, j.saturating_add(1)))
                .saturating_add(1);
            let mut least = change.min(longer);
            if let (Some(before_i), Some(before_j)) = (i.checked_sub(1), j.checked_sub(1))
                && a.get(before_i) == Some(cb)
                && b.get(before_j) == Some(ca)
            {
                least = least.min(at(&above, before_j).saturating_add(1));
            }
            next.push(least);
        }
        above = std::mem::replace(&mut row, next);
    }
    at(&row, b.len())
}
