// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second opinion agrees with every example of the contract.

mod oracle;

use std::collections::BTreeMap;

use makegood::wire::read_case;
use serde_json::Value;

const CASES: &str = include_str!("contract/cases.ndjson");
const DECISIONS: &str = include_str!("contract/decisions.ndjson");

#[test]
fn the_plain_table_agrees_with_every_example_of_the_contract() {
    let mut agreed = 0;
    for (case, decision) in CASES.lines().zip(DECISIONS.lines()) {
        let expected: Value = serde_json::from_str(decision).expect("a decision");
        let read = read_case(case.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{case}"));
        let verdict = oracle::decide(&read);
        assert_eq!(
            essence_of(&oracle::json(&read, &verdict)),
            essence_of(&expected),
            "{case}\n{verdict:?}"
        );
        agreed += 1;
    }
    assert_eq!(agreed, 280);
}

/// The generator is worth its salt only if it comes to every row of the table, and to every fact that can be missing.
#[test]
fn random_cases_come_to_every_row_of_the_table() {
    let (mut rows, mut missing) = (BTreeMap::new(), BTreeMap::new());
    for seed in 0..8_000 {
        let case = oracle::random::case(seed);
        let read = read_case(case.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{case}"));
        let verdict = oracle::decide(&read);
        *rows.entry(verdict.rule).or_insert(0_u32) += 1;
        for fact in verdict.missing {
            *missing.entry(fact).or_insert(0_u32) += 1;
        }
    }
    // Row 36 sends the case back to the top of the table and is never cited itself.
    let never: Vec<u8> = (1..=42)
        .filter(|row| *row != 36 && !rows.contains_key(row))
        .collect();
    assert!(never.is_empty(), "no case came to rows {never:?}: {rows:?}");
    let facts = [
        ("counts", "technical_team"),
        ("expedite_possible", "technical_team"),
        ("fault_shown", "customer"),
        ("fault_shown", "support"),
        ("on_target_share", "customer"),
        ("on_target_share", "support"),
        ("pace", "technical_team"),
        ("period_fulfilled", "technical_team"),
        ("proxy_used", "customer"),
        ("proxy_used", "support"),
        ("redelivery_possible", "technical_team"),
        ("stop_result", "technical_team"),
    ];
    assert_eq!(missing.keys().copied().collect::<Vec<_>>(), facts);
}

fn essence_of(decision: &Value) -> Value {
    sorted(serde_json::json!({
        "outcome": decision["outcome"],
        "clause": decision["clause"],
        "remedies": decision["remedies"],
        "missing": decision["missing"],
    }))
}

fn sorted(mut value: Value) -> Value {
    for list in ["remedies", "missing"] {
        if let Some(items) = value[list].as_array_mut() {
            items.sort_by_key(Value::to_string);
        }
    }
    value
}
