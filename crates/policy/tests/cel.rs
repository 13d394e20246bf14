// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions as CEL, judged by another engine of CEL, and conditions beside CEL's own specification.

mod conditions;
#[path = "cel-spec/mod.rs"]
mod spec;

use std::collections::HashMap;
use std::sync::Arc;

use cel::{Context, ExecutionError, Program};
use conditions::{Model, Random};
use makegood_policy::Policy;
use makegood_policy::cel::{CelRule, cel_policy, cel_variables};
use makegood_policy::condition::FactId;
use makegood_policy::fact::Value;
use makegood_policy::rule::RuleId;

/// Policies that are drawn; each has 2 to 18 rules, and each rule is judged for [`CASES`] cases, twice.
const POLICIES: u64 = 500;
const CASES: usize = 6;

/// The other engine, with the facts of one case.
///
/// Its own points and lengths of time come from a package that `deny.toml` bans, so the two functions that
/// make them from text are ours here: both give nanoseconds, and the engine compares those.
pub fn engine(policy: &Policy, values: &[Value]) -> Context<'static, 'static> {
    let mut context = Context::default();
    let nanoseconds = |read: fn(&str) -> Option<i128>| {
        move |text: Arc<String>| -> Result<cel::Value, ExecutionError> {
            let ns = read(&text).and_then(|ns| i64::try_from(ns).ok());
            ns.map(cel::Value::Int).ok_or_else(|| {
                ExecutionError::function_error("time", "unreadable or beyond this test's range")
            })
        }
    };
    context
        .add_function("duration", nanoseconds(duration))
        .expect("a new function");
    context
        .add_function("timestamp", nanoseconds(timestamp))
        .expect("a new function");
    for variable in cel_variables(policy) {
        let value = values[variable.fact.index()];
        context
            .add_variable_from_value(variable.name, variable_value(policy, variable.fact, value));
    }
    context
}

fn variable_value(policy: &Policy, fact: FactId, value: Value) -> cel::Value {
    let int = |n: i128| cel::Value::Int(i64::try_from(n).expect("within the test's range"));
    match value {
        Value::Bool(yes) => cel::Value::Bool(yes),
        Value::Choice(_) => cel::Value::from(policy.value_name(fact, value)),
        Value::Int(n) | Value::Money(n, _) => cel::Value::Int(n),
        Value::Ratio(ratio) => {
            let parts = [
                ("num", int(ratio.numerator())),
                ("den", int(ratio.denominator())),
            ];
            cel::Value::from(HashMap::from(parts))
        }
        Value::Duration(ns) | Value::Instant(ns) => int(ns),
        Value::Absent => cel::Value::Null,
    }
}

/// Nanoseconds of `1.5s`: a sign, digits, decimals, the unit.
pub fn duration(text: &str) -> Option<i128> {
    let text = text.strip_suffix('s')?;
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let nanos: i128 = format!("{decimals:0<9}").parse().ok()?;
    Some(sign * (whole.parse::<i128>().ok()? * 1_000_000_000 + nanos))
}

/// Nanoseconds of `2025-10-02T00:00:00.5Z` since 1970, by counting the years and months one by one.
pub fn timestamp(text: &str) -> Option<i128> {
    let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
    let date: Vec<i128> = date
        .split('-')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let (clock, decimals) = clock.split_once('.').unwrap_or((clock, ""));
    let clock: Vec<i128> = clock
        .split(':')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .ok()?;
    let ([year, month, day], [hour, minute, second]) = (date.as_slice(), clock.as_slice()) else {
        return None;
    };
    let leap = |year: i128| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = |year: i128| if leap(year) { 366 } else { 365 };
    let february = if leap(*year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut days: i128 = (1970..*year).map(length).sum();
    days -= (*year..1970).map(length).sum::<i128>();
    days += months
        .iter()
        .take(usize::try_from(month - 1).ok()?)
        .sum::<i128>()
        + day
        - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * 1_000_000_000 + format!("{decimals:0<9}").parse::<i128>().ok()?)
}

/// Whether a rule holds and whether it wins, read straight from the text.
fn judge(policy: &Policy, rule: RuleId, values: &[Value]) -> (bool, bool) {
    let value = |id: FactId| values[id.index()];
    let holds = |id: RuleId| {
        std::iter::successors(Some(id), |id| policy.rule(*id).parent)
            .all(|id| policy.rule(id).when.holds(&value))
    };
    let beaten = policy.rule(rule).exceptions.iter().any(|id| holds(*id));
    (holds(rule), holds(rule) && !beaten)
}

/// What is done to a text of CEL before it is judged.
type Change<'a> = &'a dyn Fn(&str) -> String;

/// The first disagreement of the two engines over one random policy, its CEL text changed by `change`.
fn disagreement(seed: u64, change: Change<'_>) -> Result<usize, String> {
    let random = &mut Random(seed);
    let model = Model::new(random, true);
    let policy = model.read();
    let cases: Vec<Vec<Value>> = (0..CASES).map(|_| model.values(random, &policy)).collect();
    let mut judged = 0;
    for CelRule {
        rule,
        name,
        condition,
        wins,
    } in cel_policy(&policy)
    {
        let (condition, wins) = (change(&condition), change(&wins));
        let programs = [&condition, &wins].map(|text| match Program::compile(text) {
            Ok(program) => program,
            Err(cause) => panic!("seed {seed}: `{text}` is no CEL: {cause}"),
        });
        for values in &cases {
            let context = engine(&policy, values);
            let (holds, wins_here) = judge(&policy, rule, values);
            for (program, text, ours) in [
                (&programs[0], &condition, holds),
                (&programs[1], &wins, wins_here),
            ] {
                judged += 1;
                if program.execute(&context) != Ok(cel::Value::Bool(ours)) {
                    return Err(format!(
                        "seed {seed}, rule {name}: we say {ours}, `{text}` says {:?} of {values:?}\n{}",
                        program.execute(&context),
                        model.text
                    ));
                }
            }
        }
    }
    Ok(judged)
}

#[test]
fn another_engine_agrees_with_every_condition() {
    let mut judged = 0;
    for seed in 0..POLICIES {
        match disagreement(seed, &str::to_owned) {
            Ok(count) => judged += count,
            Err(problem) => panic!("{problem}"),
        }
    }
    assert!(judged > 10_000, "{judged} judgements");
}

#[test]
fn a_printer_that_errs_would_be_caught() {
    let faults: [(&str, Change); 5] = [
        ("a bound moved by one", &|text| text.replace("<=", "<")),
        ("parentheses lost", &|text| {
            text.replace(['(', ')'], "")
                .replace("duration\"", "duration(\"")
                .replace("timestamp\"", "timestamp(\"")
                .replace("s\"", "s\")")
                .replace("Z\"", "Z\")")
        }),
        ("a negation lost", &|text| text.replace("!(", "(")),
        ("a share not multiplied", &|text| {
            text.replace(".num * 100 ", ".num ")
        }),
        ("absent taken for known", &|text| {
            text.replace("== null ||", "!= null ||")
        }),
    ];
    for (fault, change) in faults {
        let caught = (0..POLICIES).any(|seed| disagreement(seed, change).is_err());
        assert!(caught, "{fault}: nothing noticed");
    }
}
