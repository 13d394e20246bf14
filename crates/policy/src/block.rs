// SPDX-License-Identifier: MIT OR Apache-2.0
//! The blocks of a policy as they are written: facts, parameters, terms, assumptions, rules, tests.

use std::collections::BTreeMap;

use crate::condition::{self, Cond, Const};
use crate::lex::{Cursor, Token};
use crate::problem::{Code, Problem, Span};

/// A `facts` entry.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct FactAst {
    pub name: String,
    pub span: Span,
    pub kind: Option<KindAst>,
    pub optional: bool,
    pub label: Option<String>,
    pub values: Vec<(String, Option<String>, Span)>,
    pub source: Option<String>,
    pub cost_seconds: u64,
    pub ask: Option<String>,
    pub why: Option<String>,
    pub disclose: Option<(String, Span)>,
    pub advice: Option<(String, Span)>,
    pub fixed: bool,
    pub asked_as: Option<String>,
    pub usual: Option<Const>,
}

/// A type as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum KindAst {
    Bool,
    Enum,
    Ordered(&'static str, Option<Const>, Option<Const>),
}

const FACT_HELP: &str =
    "write `name : type`, then attributes such as `source: customer` and `ask: \"…\"`";

/// Reads a `facts` block. In a translation (`texts_only`) entries carry no type.
pub(crate) fn facts(cursor: &mut Cursor<'_>, texts_only: bool) -> Result<Vec<FactAst>, Problem> {
    let mut out = Vec::new();
    while !cursor.done() {
        let (name, span) = cursor.expect_word("the name of a fact", FACT_HELP)?;
        plain_name(&name, span)?;
        cursor.expect_sign(":", FACT_HELP)?;
        let mut fact = FactAst {
            name,
            span,
            ..FactAst::default()
        };
        if !texts_only {
            fact_type(cursor, &mut fact)?;
        }
        while fact_attribute(cursor, &mut fact)? {}
        out.push(fact);
    }
    Ok(out)
}

fn plain_name(name: &str, span: Span) -> Result<(), Problem> {
    let fits = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    let reserved = matches!(
        name,
        "true"
            | "false"
            | "absent"
            | "unknown"
            | "in"
            | "is"
            | "implies"
            | "when"
            | "then"
            | "except"
            | "given"
            | "expect"
    );
    if fits && !reserved {
        return Ok(());
    }
    let help = "names are made of small letters, digits and `_`, and begin with a letter";
    let why = if reserved {
        "is a word of the language"
    } else {
        "cannot be a name"
    };
    Err(Problem::new(
        Code::Syntax,
        span,
        format!("`{name}` {why}"),
        help,
    ))
}

fn fact_type(cursor: &mut Cursor<'_>, fact: &mut FactAst) -> Result<(), Problem> {
    const HELP: &str =
        "it is one of `bool`, `enum {a, b}`, `int`, `ratio`, `money`, `duration`, `instant`";
    let (word, span) = cursor.expect_word("a type", HELP)?;
    fact.kind = Some(match word.as_str() {
        "bool" => {
            if cursor.is_sign("{") {
                fact.values = value_labels(cursor)?;
            }
            KindAst::Bool
        }
        "enum" => {
            fact.values = value_labels(cursor)?;
            KindAst::Enum
        }
        "int" => bounded(cursor, "int")?,
        "ratio" => bounded(cursor, "ratio")?,
        "money" => bounded(cursor, "money")?,
        "duration" => bounded(cursor, "duration")?,
        "instant" => bounded(cursor, "instant")?,
        _ => {
            return Err(Problem::new(
                Code::Type,
                span,
                format!("no type is called `{word}`"),
                HELP,
            ));
        }
    });
    fact.optional = cursor.eat_word("optional");
    Ok(())
}

/// `[0 %..100 %]`, either end may be left out.
fn bounded(cursor: &mut Cursor<'_>, name: &'static str) -> Result<KindAst, Problem> {
    if !cursor.eat_sign("[") {
        return Ok(KindAst::Ordered(name, None, None));
    }
    let low = if cursor.is_sign("..") {
        None
    } else {
        Some(condition::parse_const(cursor)?)
    };
    cursor.expect_sign("..", "write bounds as `[0..]` or `[0 %..100 %]`")?;
    let high = if cursor.is_sign("]") {
        None
    } else {
        Some(condition::parse_const(cursor)?)
    };
    cursor.expect_sign("]", "close the bounds")?;
    Ok(KindAst::Ordered(name, low, high))
}

/// `{ running "løber", ended "er udløbet" }`.
fn value_labels(cursor: &mut Cursor<'_>) -> Result<Vec<(String, Option<String>, Span)>, Problem> {
    cursor.expect_sign("{", "list the values in braces")?;
    let mut out = Vec::new();
    loop {
        let (name, span) = cursor.expect_word("a value", "list the values with commas between")?;
        let text = if matches!(cursor.peek(), Some(Token::Text(_))) {
            Some(cursor.expect_text("a label")?.0)
        } else {
            None
        };
        out.push((name, text, span));
        if !cursor.eat_sign(",") {
            break;
        }
    }
    cursor.expect_sign("}", "close the list of values")?;
    Ok(out)
}

fn fact_attribute(cursor: &mut Cursor<'_>, fact: &mut FactAst) -> Result<bool, Problem> {
    if cursor.eat_key("label") {
        fact.label = Some(cursor.expect_text("a label")?.0);
    } else if cursor.eat_key("values") {
        fact.values = value_labels(cursor)?;
    } else if cursor.eat_key("source") {
        fact.source = Some(
            cursor
                .expect_word(
                    "a source",
                    "name the record or the people, as in `customer`",
                )?
                .0,
        );
    } else if cursor.eat_key("cost") {
        fact.cost_seconds = match cursor.peek() {
            Some(Token::Length(ns)) if *ns >= 0 => {
                u64::try_from(ns / crate::lex::SECOND).unwrap_or(u64::MAX)
            }
            _ => {
                return Err(cursor.missing(
                    "a length of time",
                    "write what asking costs, as in `20 min`",
                ));
            }
        };
        cursor.bump();
    } else if cursor.eat_key("ask") {
        fact.ask = Some(cursor.expect_text("a question")?.0);
    } else if cursor.eat_key("why") {
        fact.why = Some(cursor.expect_text("a reason")?.0);
    } else if cursor.eat_key("disclose") {
        fact.disclose = Some(cursor.expect_word(
            "`customer`, `agent` or `never`",
            "say who may hear that it mattered",
        )?);
    } else if cursor.eat_key("advice") {
        fact.advice = Some(cursor.expect_word("`never`", "write `advice: never` or leave it out")?);
    } else if cursor.eat_key("asked_as") {
        fact.asked_as = Some(
            cursor
                .expect_word("a name", "name the facts that are known together")?
                .0,
        );
    } else if cursor.eat_key("usual") {
        fact.usual = Some(condition::parse_const(cursor)?);
    } else if cursor.is_word("fixed") && !matches!(cursor.peek_after(1), Some(Token::Sign(":"))) {
        cursor.bump();
        fact.fixed = true;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// A `params` entry: name, value (none in a translation), label.
pub(crate) type ParamAst = (String, Span, Option<Const>, Option<String>);

/// Reads a `params` block.
pub(crate) fn params(cursor: &mut Cursor<'_>) -> Result<Vec<ParamAst>, Problem> {
    let mut out = Vec::new();
    while !cursor.done() {
        let (name, span) = cursor.expect_word("the name of a parameter", "write `name = value`")?;
        plain_name(&name, span)?;
        let value = if cursor.eat_sign("=") {
            Some(condition::parse_const(cursor)?)
        } else {
            None
        };
        let label = if cursor.eat_key("label") {
            Some(cursor.expect_text("a label")?.0)
        } else {
            None
        };
        if value.is_none() && label.is_none() {
            return Err(cursor.missing("a value", "write `name = value`"));
        }
        out.push((name, span, value, label));
    }
    Ok(out)
}

/// A `terms` entry: name, condition (none in a translation), label.
pub(crate) type TermAst = (String, Span, Option<Cond>, Option<String>);

/// Reads a `terms` block.
pub(crate) fn terms(cursor: &mut Cursor<'_>) -> Result<Vec<TermAst>, Problem> {
    let mut out = Vec::new();
    while !cursor.done() {
        let (name, span) = cursor.expect_word("the name of a term", "write `name = condition`")?;
        plain_name(&name, span)?;
        let cond = if cursor.eat_sign("=") {
            Some(condition::parse(cursor)?)
        } else {
            None
        };
        let label = if cursor.eat_key("label") {
            Some(cursor.expect_text("a label")?.0)
        } else {
            None
        };
        if cond.is_none() && label.is_none() {
            return Err(cursor.missing("`=`", "write `name = condition`"));
        }
        out.push((name, span, cond, label));
    }
    Ok(out)
}

/// Reads an `assume` block.
pub(crate) fn assumptions(cursor: &mut Cursor<'_>) -> Result<Vec<(Cond, Span)>, Problem> {
    let mut out = Vec::new();
    while !cursor.done() {
        let start = cursor.span();
        let cond = condition::parse(cursor)?;
        out.push((cond, start.to(cursor.last_span())));
        cursor.eat_sign(";");
    }
    Ok(out)
}

/// A remedy as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RemedyAst {
    pub kind: String,
    pub span: Span,
    pub quantities: Vec<(String, Span)>,
    pub less: Option<(String, Span)>,
}

/// What a rule does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ThenAst {
    Outcome {
        name: String,
        span: Span,
        remedies: Vec<RemedyAst>,
        suggestions: Vec<RemedyAst>,
    },
    JudgeAgain {
        fact: String,
        value: Const,
        span: Span,
    },
}

/// A rule as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct RuleAst {
    pub id: String,
    pub span: Span,
    pub cite: Option<u32>,
    pub when: Cond,
    pub when_span: Span,
    pub then: ThenAst,
    pub because: Option<(String, Span)>,
    pub overrides: Vec<(String, Span)>,
    pub exceptions: Vec<RuleAst>,
}

const RULE_HELP: &str = "a rule reads `when … then … because \"…\"`, with `overrides: …` and `except id when …` as needed";

/// Reads a `rule` block; the id stands on its fence.
pub(crate) fn rule(cursor: &mut Cursor<'_>, id: &str, span: Span) -> Result<RuleAst, Problem> {
    rule_id(id, span)?;
    let rule = rule_body(cursor, id.to_owned(), span)?;
    if cursor.done() {
        Ok(rule)
    } else {
        Err(Problem::new(
            Code::Syntax,
            cursor.span(),
            "a word that fits nothing here",
            RULE_HELP,
        ))
    }
}

fn rule_id(id: &str, span: Span) -> Result<(), Problem> {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if id.split('.').all(part) && id.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Ok(());
    }
    if !id.is_ascii() {
        return Err(Problem::new(
            Code::OddUnicode,
            span,
            "a rule's id with letters outside a to z",
            "use small letters, digits, `-` and `.`, as in `drop.small`",
        ));
    }
    Err(Problem::new(
        Code::Syntax,
        span,
        "a rule without a usable id",
        "write it behind the word `rule`, as in `rule drop.small`",
    ))
}

fn rule_body(cursor: &mut Cursor<'_>, id: String, span: Span) -> Result<RuleAst, Problem> {
    cursor.deeper()?;
    let mut cite = None;
    let mut overrides = Vec::new();
    let mut because = None;
    let mut exceptions = Vec::new();
    let mut when = None;
    let mut then = None;
    loop {
        let at = cursor.span();
        if cursor.eat_key("cite") {
            cite = Some(cite_number(cursor)?);
        } else if cursor.eat_key("overrides") {
            overrides.push(
                cursor.expect_word("a rule's id", "name a rule or a prefix such as `drop.*`")?,
            );
            while cursor.eat_sign(",") {
                overrides.push(
                    cursor
                        .expect_word("a rule's id", "name a rule or a prefix such as `drop.*`")?,
                );
            }
        } else if cursor.is_word("when") && when.is_none() {
            cursor.bump();
            let start = cursor.span();
            let cond = condition::parse(cursor)?;
            when = Some((cond, start.to(cursor.last_span())));
        } else if cursor.is_word("then") && then.is_none() {
            cursor.bump();
            then = Some(effect(cursor)?);
        } else if cursor.is_word("because") && because.is_none() {
            cursor.bump();
            because = Some(cursor.expect_text("a reason")?);
        } else if cursor.depth() == 1 && cursor.eat_word("except") {
            exceptions.push(exception(cursor)?);
        } else if cursor.eat_sign("{") {
            while cursor.eat_word("except") {
                exceptions.push(exception(cursor)?);
            }
            cursor.expect_sign("}", "close the nested exceptions")?;
        } else {
            let Some((when, when_span)) = when else {
                return Err(Problem::new(
                    Code::Syntax,
                    at.to(span),
                    format!("the rule `{id}` never says `when`"),
                    RULE_HELP,
                ));
            };
            let Some(then) = then else {
                return Err(Problem::new(
                    Code::Syntax,
                    span,
                    format!("the rule `{id}` never says `then`"),
                    RULE_HELP,
                ));
            };
            cursor.shallower();
            return Ok(RuleAst {
                id,
                span,
                cite,
                when,
                when_span,
                then,
                because,
                overrides,
                exceptions,
            });
        }
    }
}

/// An exception behind another is its sibling; one in braces is nested in it.
fn exception(cursor: &mut Cursor<'_>) -> Result<RuleAst, Problem> {
    let (id, span) = cursor.expect_word(
        "the exception's id",
        "write `except drop.below-start when …`",
    )?;
    rule_id(&id, span)?;
    rule_body(cursor, id, span)
}

fn cite_number(cursor: &mut Cursor<'_>) -> Result<u32, Problem> {
    match cursor.peek() {
        Some(Token::Number(n)) => {
            let number = u32::try_from(n.floor())
                .map_err(|_| cursor.missing("a small number", "write `cite: 26`"))?;
            cursor.bump();
            Ok(number)
        }
        _ => Err(cursor.missing("a number", "write `cite: 26`")),
    }
}

fn effect(cursor: &mut Cursor<'_>) -> Result<ThenAst, Problem> {
    const HELP: &str =
        "write an outcome, as in `then declined` or `then refund: refund(open_undelivered)`";
    if cursor.is_word("judge") {
        let start = cursor.span();
        cursor.bump();
        if !(cursor.eat_word("again") && cursor.eat_word("with")) {
            return Err(
                cursor.missing("`again with`", "write `then judge again with fact = value`")
            );
        }
        let (fact, _) =
            cursor.expect_word("a fact", "write `then judge again with fact = value`")?;
        cursor.expect_sign("=", "write `then judge again with fact = value`")?;
        let value = condition::parse_const(cursor)?;
        return Ok(ThenAst::JudgeAgain {
            fact,
            span: start.to(value.span),
            value,
        });
    }
    let (name, span) = cursor.expect_word("an outcome", HELP)?;
    let mut remedies = Vec::new();
    if cursor.eat_sign(":") {
        remedies = remedy_list(cursor)?;
    }
    let suggestions = if cursor.eat_word("suggesting") {
        remedy_list(cursor)?
    } else {
        Vec::new()
    };
    Ok(ThenAst::Outcome {
        name,
        span: span.to(cursor.last_span()),
        remedies,
        suggestions,
    })
}

fn remedy_list(cursor: &mut Cursor<'_>) -> Result<Vec<RemedyAst>, Problem> {
    let mut out = vec![remedy(cursor)?];
    while cursor.eat_sign(",") {
        out.push(remedy(cursor)?);
    }
    Ok(out)
}

fn remedy(cursor: &mut Cursor<'_>) -> Result<RemedyAst, Problem> {
    const HELP: &str = "write a remedy, as in `redeliver(open_dropped)` or `expedite`";
    let (kind, start) = cursor.expect_word("a remedy", HELP)?;
    let mut quantities = Vec::new();
    let mut less = None;
    if cursor.eat_sign("(") {
        quantities.push(cursor.expect_word("a quantity", HELP)?);
        while cursor.eat_sign("+") {
            quantities.push(cursor.expect_word("a quantity", HELP)?);
        }
        if cursor.eat_word("less") {
            less = Some(cursor.expect_word("a parameter", "name the parameter that is taken off")?);
        }
        cursor.expect_sign(")", "close the parenthesis")?;
    }
    Ok(RemedyAst {
        kind,
        span: start.to(cursor.last_span()),
        quantities,
        less,
    })
}

/// What a test expects.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum ExpectAst {
    Outcome {
        name: String,
        clause: Option<String>,
        rule: Option<(String, Span)>,
        span: Span,
    },
    Ask(Vec<(String, Span)>),
}

/// A test as it is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TestAst {
    pub name: String,
    pub span: Span,
    /// Fact, place, and its value; no value where it is given as unknown.
    pub given: Vec<(String, Span, Option<Const>)>,
    pub expect: ExpectAst,
}

/// Reads a `test` block.
pub(crate) fn test(cursor: &mut Cursor<'_>, name: &str, span: Span) -> Result<TestAst, Problem> {
    const HELP: &str =
        "a test reads `given fact = value, … expect outcome clause` or `… expect ask fact`";
    let mut given = Vec::new();
    if cursor.eat_word("given") {
        loop {
            let (fact, at) = cursor.expect_word("a fact", HELP)?;
            let value = if cursor.eat_word("unknown") {
                None
            } else {
                cursor.expect_sign("=", HELP)?;
                Some(condition::parse_const(cursor)?)
            };
            given.push((fact, at, value));
            if !cursor.eat_sign(",") {
                break;
            }
        }
    }
    if !cursor.eat_word("expect") {
        return Err(cursor.missing("`expect`", HELP));
    }
    let expect = if cursor.eat_word("ask") {
        let mut facts = vec![cursor.expect_word("a fact", HELP)?];
        while cursor.eat_sign(",") {
            facts.push(cursor.expect_word("a fact", HELP)?);
        }
        ExpectAst::Ask(facts)
    } else {
        let (outcome, at) = cursor.expect_word("an outcome", HELP)?;
        let mut clause = None;
        let start = cursor.span();
        match cursor.peek() {
            Some(Token::Number(n)) => clause = Some((n.numerator(), n.denominator())),
            Some(Token::Word(word)) if word != "by" => {
                cursor.bump();
                let rule = by(cursor)?;
                return finish(
                    cursor,
                    name,
                    span,
                    given,
                    ExpectAst::Outcome {
                        name: outcome,
                        clause: Some(word.clone()),
                        rule,
                        span: at.to(start),
                    },
                );
            }
            _ => {}
        }
        let clause = clause.map(|(numerator, denominator)| clause_number(numerator, denominator));
        if clause.is_some() {
            cursor.bump();
        }
        let rule = by(cursor)?;
        ExpectAst::Outcome {
            name: outcome,
            clause,
            rule,
            span: at.to(cursor.last_span()),
        }
    };
    finish(cursor, name, span, given, expect)
}

fn finish(
    cursor: &Cursor<'_>,
    name: &str,
    span: Span,
    given: Vec<(String, Span, Option<Const>)>,
    expect: ExpectAst,
) -> Result<TestAst, Problem> {
    if cursor.done() {
        return Ok(TestAst {
            name: name.to_owned(),
            span,
            given,
            expect,
        });
    }
    Err(Problem::new(
        Code::Syntax,
        cursor.span(),
        "a word that fits nothing here",
        "one test block holds one test",
    ))
}

fn by(cursor: &mut Cursor<'_>) -> Result<Option<(String, Span)>, Problem> {
    if cursor.eat_word("by") {
        cursor
            .expect_word("a rule's id", "name the rule that decides")
            .map(Some)
    } else {
        Ok(None)
    }
}

/// A clause such as `5.10` is lexed as the number 510/100: its digits are kept by the denominator.
fn clause_number(numerator: i128, denominator: i128) -> String {
    let mut digits = 0;
    let mut rest = denominator;
    while rest >= 10 {
        rest /= 10;
        digits += 1;
    }
    let text = numerator.to_string();
    match text.len().checked_sub(digits) {
        Some(0) => format!("0.{text}"),
        Some(at) if digits > 0 => format!(
            "{}.{}",
            text.get(..at).unwrap_or(""),
            text.get(at..).unwrap_or("")
        ),
        _ => text,
    }
}

/// Rules by id, each with its parent: nested exceptions laid out flat, parents first.
pub(crate) fn flatten(rules: Vec<(RuleAst, usize)>) -> Vec<(RuleAst, usize, Option<usize>)> {
    let mut out: Vec<(RuleAst, usize, Option<usize>)> = Vec::new();
    let mut pending: Vec<(RuleAst, usize, Option<usize>)> = rules
        .into_iter()
        .rev()
        .map(|(rule, clause)| (rule, clause, None))
        .collect();
    while let Some((mut rule, clause, parent)) = pending.pop() {
        let here = out.len();
        for exception in std::mem::take(&mut rule.exceptions).into_iter().rev() {
            pending.push((exception, clause, Some(here)));
        }
        out.push((rule, clause, parent));
    }
    out
}

/// The first place where each name was declared, for "declared twice".
pub(crate) fn first_or_twice(
    seen: &mut BTreeMap<String, Span>,
    what: &str,
    name: &str,
    span: Span,
) -> Option<Problem> {
    if let Some(first) = seen.get(name) {
        let problem = Problem::new(
            Code::Twice,
            span,
            format!("the {what} `{name}` is declared twice"),
            "give one of them another name, or remove it",
        );
        return Some(problem.also(*first, "first declared here"));
    }
    seen.insert(name.to_owned(), span);
    None
}
