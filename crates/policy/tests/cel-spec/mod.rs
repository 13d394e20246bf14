// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simple tests of CEL's specification, as far as conditions of a policy can say them.
//!
//! The constant on the left of a comparison becomes a fact of that value, and the rest a condition.

use std::collections::{BTreeMap, BTreeSet};

use cel::Program;
use makegood_policy::fact::Value;
use makegood_policy::phrase::literal;

const CASES: &str = include_str!("cases.tsv");
const EXCLUDED: &str = include_str!("excluded.txt");

struct Case<'a> {
    id: &'a str,
    expr: &'a str,
    comes_to: &'a str,
    variables: BTreeMap<&'a str, &'a str>,
}

fn cases() -> Vec<Case<'static>> {
    let lines = CASES.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let mut column = || columns.next().expect("three columns");
            let (id, expr, comes_to) = (column(), column(), column());
            let variables = columns.flat_map(|column| column.split(", "));
            let variables = variables
                .filter_map(|pair| pair.split_once(" = "))
                .collect();
            Case {
                id,
                expr,
                comes_to,
                variables,
            }
        })
        .collect()
}

/// Case to reason: `[reason]` heads the cases that it excludes.
fn excluded() -> BTreeMap<&'static str, &'static str> {
    let mut reason = "";
    let mut out = BTreeMap::new();
    for line in EXCLUDED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(head) = line.strip_prefix('[') {
            reason = head.trim_end_matches(']');
            assert!(!reason.is_empty(), "a reason that says nothing");
        } else {
            assert!(!reason.is_empty(), "{line} is excluded without a reason");
            assert_eq!(out.insert(line, reason), None, "{line} is excluded twice");
        }
    }
    out
}

#[test]
fn the_specification_agrees_wherever_the_language_can_say_a_case() {
    let mut excluded = excluded();
    let mut problems = Vec::new();
    let mut ran = 0;
    for case in cases() {
        let reason = excluded.remove(case.id);
        match (run(&case), reason) {
            (Ok(()), None) => ran += 1,
            (Err(Outcome::Unsayable(_)), Some(_)) => {}
            (Err(Outcome::Unsayable(why)), None) => {
                problems.push(format!(
                    "{}: `{}` is neither run nor excluded ({why})",
                    case.id, case.expr
                ));
            }
            (Err(Outcome::Wrong(what)), _) => {
                problems.push(format!("{}: `{}` {what}", case.id, case.expr))
            }
            (Ok(()), Some(reason)) => {
                problems.push(format!(
                    "{}: excluded ({reason}), yet it can be run",
                    case.id
                ));
            }
        }
    }
    problems.extend(
        excluded
            .keys()
            .map(|id| format!("{id} is excluded, and no such case exists")),
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(ran, RAN, "as README.md says");
}

/// As many cases are run.
const RAN: usize = 77;

#[test]
fn a_case_that_comes_out_wrong_or_is_forgotten_is_noticed() {
    let mut case = cases()
        .into_iter()
        .find(|case| case.id == "comparisons/lt_literal/lt_int")
        .expect("there");
    case.comes_to = "false";
    assert!(matches!(run(&case), Err(Outcome::Wrong(_))));
    let ids: BTreeSet<&str> = cases().iter().map(|case| case.id).collect();
    assert_eq!(ids.len(), cases().len(), "a case stands only once");
}

enum Outcome {
    /// The language has no words for it.
    Unsayable(String),
    Wrong(String),
}

fn run(case: &Case<'_>) -> Result<(), Outcome> {
    let expected = match case.comes_to {
        "true" => true,
        "false" => false,
        other => return Err(Outcome::Unsayable(format!("comes to {other}"))),
    };
    let mut reader = Reader {
        rest: case.expr,
        variables: &case.variables,
        facts: Vec::new(),
    };
    let condition = reader.either().map_err(Outcome::Unsayable)?;
    if !reader.rest.trim_start().is_empty() {
        return Err(Outcome::Unsayable(format!(
            "goes on with `{}`",
            reader.rest
        )));
    }
    let declared: String = reader
        .facts
        .iter()
        .enumerate()
        .map(|(at, (of, _))| format!("f{at} : {of}\n"))
        .collect();
    let text = format!(
        "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {{#1}}\n```facts\n{declared}```\n```rule a\nwhen {condition}\nthen yes because \"\"\n```\n"
    );
    let reading = makegood_policy::read(&text);
    let Some(policy) = reading.policy else {
        return Err(Outcome::Wrong(format!(
            "became `{condition}`, which does not read: {:?}",
            reading.problems
        )));
    };
    let values: Vec<Value> = reader.facts.iter().map(|(_, value)| *value).collect();
    let when = &policy.rules()[0].when;
    let ours = when.holds(&|id| values[id.index()]);
    let printed = makegood_policy::cel::cel(&policy, when);
    let program = Program::compile(&printed)
        .map_err(|cause| Outcome::Wrong(format!("prints as `{printed}`: {cause}")))?;
    let theirs = program.execute(&super::engine(&policy, &values));
    if ours == expected && theirs == Ok(cel::Value::Bool(expected)) {
        return Ok(());
    }
    Err(Outcome::Wrong(format!(
        "is {expected}; the condition `{condition}` says {ours}, printed as `{printed}` it says {theirs:?}"
    )))
}

/// A constant of CEL.
#[derive(Clone, PartialEq, Debug)]
enum Constant {
    Null,
    Text(String),
    /// A value of the language, and the name of its type.
    Plain(Value, &'static str),
}

/// Reads as much of CEL as a condition can say, and writes that condition.
struct Reader<'a> {
    rest: &'a str,
    variables: &'a BTreeMap<&'a str, &'a str>,
    facts: Vec<(String, Value)>,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        let found = rest.strip_prefix(sign);
        self.rest = found.unwrap_or(rest);
        found.is_some()
    }

    fn need(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) {
            Ok(())
        } else {
            Err(format!("no `{sign}` before `{}`", self.rest))
        }
    }

    fn either(&mut self) -> Result<String, String> {
        let mut text = self.both()?;
        while self.eat("||") {
            text = format!("{text} || {}", self.both()?);
        }
        Ok(text)
    }

    fn both(&mut self) -> Result<String, String> {
        let mut text = self.comparison()?;
        while self.eat("&&") {
            text = format!("{text} && {}", self.comparison()?);
        }
        Ok(text)
    }

    fn comparison(&mut self) -> Result<String, String> {
        if self.eat("!") {
            return Ok(format!("!{}", self.comparison()?));
        }
        if self.eat("(") {
            let inner = self.either()?;
            self.need(")")?;
            return Ok(format!("({inner})"));
        }
        let left = self.constant()?;
        if self.eat("in ") {
            self.need("[")?;
            let mut list = vec![self.constant()?];
            while self.eat(",") {
                list.push(self.constant()?);
            }
            self.need("]")?;
            return self.one_of(left, &list);
        }
        for sign in ["==", "!=", "<=", ">=", "<", ">"] {
            if self.eat(sign) {
                let right = self.constant()?;
                return self.compared(left, sign, right);
            }
        }
        match left {
            Constant::Plain(value @ Value::Bool(_), of) => Ok(self.fact(of.to_owned(), value)),
            other => Err(format!("{other:?} is no condition")),
        }
    }

    fn fact(&mut self, of: String, value: Value) -> String {
        self.facts.push((of, value));
        format!("f{}", self.facts.len() - 1)
    }

    fn compared(&mut self, left: Constant, sign: &str, right: Constant) -> Result<String, String> {
        let ordered = !matches!(sign, "==" | "!=");
        match (left, right) {
            (Constant::Null, _) | (_, Constant::Null) if ordered => {
                Err("null has no order".to_owned())
            }
            // Where one side is null, the other is a fact that might have been absent.
            (Constant::Null, known) | (known, Constant::Null) => {
                let (of, value) = match known {
                    Constant::Null => ("int", Value::Absent),
                    Constant::Text(_) => ("enum { v0 }", Value::Choice(0)),
                    Constant::Plain(value, of) => (of, value),
                };
                let fact = self.fact(format!("{of} optional"), value);
                Ok(format!(
                    "{fact} is {}",
                    if sign == "==" { "absent" } else { "present" }
                ))
            }
            (Constant::Text(_), Constant::Text(_)) if ordered => {
                Err("names have no order".to_owned())
            }
            (Constant::Text(left), Constant::Text(right)) => {
                let (fact, names) = self.name(&left, &[right]);
                Ok(format!("{fact} {sign} {}", names[0]))
            }
            (Constant::Plain(left, of), Constant::Plain(right, same)) if of == same => {
                if ordered && of == "bool" {
                    return Err("yes and no have no order".to_owned());
                }
                let fact = self.fact(of.to_owned(), left);
                Ok(format!("{fact} {sign} {}", literal(right)))
            }
            (left, right) => Err(format!("{left:?} and {right:?} are not of one type")),
        }
    }

    fn one_of(&mut self, left: Constant, list: &[Constant]) -> Result<String, String> {
        let (fact, list) = match left {
            Constant::Text(left) => {
                let texts = list.iter().map(|constant| match constant {
                    Constant::Text(text) => Ok(text.clone()),
                    other => Err(format!("{other:?} is no text")),
                });
                self.name(&left, &texts.collect::<Result<Vec<_>, _>>()?)
            }
            Constant::Plain(left, of) => {
                let literals = list.iter().map(|constant| match constant {
                    Constant::Plain(value, same) if *same == of => Ok(literal(*value)),
                    other => Err(format!("{other:?} is no {of}")),
                });
                let literals = literals.collect::<Result<Vec<_>, _>>()?;
                (self.fact(of.to_owned(), left), literals)
            }
            Constant::Null => return Err("null in a list".to_owned()),
        };
        Ok(format!("{fact} in {{{}}}", list.join(", ")))
    }

    /// A text becomes one of a few names: the same text the same name.
    fn name(&mut self, left: &str, others: &[String]) -> (String, Vec<String>) {
        let mut known = vec![left.to_owned()];
        let mut place = |text: &String| {
            known
                .iter()
                .position(|seen| seen == text)
                .unwrap_or_else(|| {
                    known.push(text.clone());
                    known.len() - 1
                })
        };
        let places: Vec<usize> = others.iter().map(&mut place).collect();
        let names: Vec<String> = (0..known.len()).map(|at| format!("v{at}")).collect();
        let fact = self.fact(format!("enum {{ {} }}", names.join(", ")), Value::Choice(0));
        (
            fact,
            places.into_iter().map(|at| format!("v{at}")).collect(),
        )
    }

    fn constant(&mut self) -> Result<Constant, String> {
        if self.eat("dyn(") {
            let inner = self.constant()?;
            self.need(")")?;
            return Ok(inner);
        }
        type Times = fn(&str) -> Option<i128>;
        let times: [(&str, &str, Times); 2] = [
            ("duration(", "duration", super::duration),
            ("timestamp(", "instant", super::timestamp),
        ];
        for (function, of, read) in times {
            if self.eat(function) {
                let ns = match self.constant()? {
                    Constant::Text(text) => read(&text).ok_or("an odd time")?,
                    Constant::Plain(Value::Int(seconds), _) if of == "instant" => {
                        i128::from(seconds) * 1_000_000_000
                    }
                    other => return Err(format!("{other:?} is no time")),
                };
                self.need(")")?;
                let value = if of == "instant" {
                    Value::Instant(ns)
                } else {
                    Value::Duration(ns)
                };
                return Ok(Constant::Plain(value, of));
            }
        }
        self.literal()
    }

    fn literal(&mut self) -> Result<Constant, String> {
        let rest = self.rest.trim_start();
        if let Some(quote) = rest
            .trim_start_matches('r')
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"'))
        {
            return self.text(rest.starts_with('r'), quote);
        }
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if after.starts_with('(') {
            return Err(format!("calls `{word}`"));
        }
        self.rest = after;
        // The three words that no variable can take come first.
        let reserved = ["null", "true", "false"].contains(&word);
        let variable = self.variables.get(word).filter(|_| !reserved);
        let word = variable.copied().unwrap_or(word);
        match word {
            "null" => Ok(Constant::Null),
            "true" | "false" => Ok(Constant::Plain(Value::Bool(word == "true"), "bool")),
            _ => word
                .parse()
                .map(|n| Constant::Plain(Value::Int(n), "int"))
                .map_err(|_| format!("`{word}` is no constant of the language")),
        }
    }

    fn text(&mut self, raw: bool, quote: char) -> Result<Constant, String> {
        let body = self.rest.trim_start().trim_start_matches('r');
        let body = body.strip_prefix(quote).ok_or("no text")?;
        let (text, after) = body.split_once(quote).ok_or("a text that never ends")?;
        if text.is_empty() && after.starts_with(quote) {
            return Err("a text in three quotation marks".to_owned());
        }
        self.rest = after;
        if raw || !text.contains('\\') {
            return Ok(Constant::Text(text.to_owned()));
        }
        let mut pieces = text.split("\\u");
        let mut out = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            let code = piece
                .get(..4)
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            out.push(code.and_then(char::from_u32).ok_or("an escape")?);
            out.push_str(&piece[4..]);
        }
        if out.contains('\\') {
            Err("an escape".to_owned())
        } else {
            Ok(Constant::Text(out))
        }
    }
}
