// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policy decides every example of the contract as the contract does, and random cases as the second opinion does.

mod oracle;

use makegood::answer::Answer;
use makegood::built_in::rulebooks;
use makegood::wire::read_case;
use makegood_desk::case::CaseFile;
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::record;
use serde_json::{Value, json};

const CASES: &str = include_str!("contract/cases.ndjson");
const DECISIONS: &str = include_str!("contract/decisions.ndjson");

fn viplikes() -> Rulebook {
    let mut books = rulebooks("viplikes").expect("a built-in policy");
    books.pop().expect("a version")
}

fn decide(book: &Rulebook, room: &mut Workspace, case: &str) -> Value {
    let case = read_case(case.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{case}"));
    let decision = book.decide(room, &case);
    serde_json::to_value(Answer::new(book, &case, &decision, None)).expect("JSON")
}

/// What the contract fixes of a decision.
fn essence(decision: &Value) -> Value {
    let sorted = |name: &str| {
        let mut items = decision[name].as_array().cloned().unwrap_or_default();
        items.sort_by_key(Value::to_string);
        items
    };
    json!({
        "order": decision["order"], "outcome": decision["outcome"], "clause": decision["clause"],
        "remedies": sorted("remedies"), "missing": sorted("missing"),
    })
}

#[test]
fn every_example_of_the_contract_is_decided_as_it_says() {
    let (book, mut room) = (viplikes(), Workspace::default());
    let mut agreed = 0;
    for (case, expected) in CASES.lines().zip(DECISIONS.lines()) {
        let expected: Value = serde_json::from_str(expected).expect("a decision");
        let found = decide(&book, &mut room, case);
        assert_eq!(essence(&found), essence(&expected), "{case}");
        agreed += 1;
    }
    assert_eq!(agreed, 280);
}

/// A decision can be made again from what was written down of its case file: the same in every word, grounds and working included.
#[test]
fn every_example_is_decided_the_same_from_its_stored_form() {
    let (book, mut room) = (viplikes(), Workspace::default());
    for text in CASES.lines() {
        let case = read_case(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let stored = record::case_file(&case);
        let parts = record::read_case_file(&stored).expect("what was just written");
        let again = CaseFile::new(parts).expect("a case file that held together before");
        let (first, second) = (
            book.decide(&mut room, &case),
            book.decide(&mut room, &again),
        );
        assert_eq!(format!("{first:?}"), format!("{second:?}"), "{text}");
        assert_eq!(record::case_file(&again), stored, "{text}");
    }
}

/// `MAKEGOOD_CASES` sets how many cases, `MAKEGOOD_SEED` where to begin; a failure names its seed.
#[test]
fn random_cases_are_decided_as_the_plain_table_decides_them() {
    let number = |name: &str, default: u64| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    };
    let (start, count) = (number("MAKEGOOD_SEED", 0), number("MAKEGOOD_CASES", 20_000));
    let (book, mut room) = (viplikes(), Workspace::default());
    for seed in start..start + count {
        let text = oracle::random::case(seed);
        let case = read_case(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let expected = oracle::decide(&case);
        let found = decide(&book, &mut room, &text);
        assert_eq!(
            essence(&found),
            essence(&oracle::json(&case, &expected)),
            "MAKEGOOD_SEED={seed} MAKEGOOD_CASES=1\n{text}"
        );
    }
}
