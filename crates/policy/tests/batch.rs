// SPDX-License-Identifier: MIT OR Apache-2.0
//! Columns decide as single rows do, whatever the policy, the rows and their number.

mod random;

use makegood_policy::batch::{BadColumns, NOTHING, rule};
use makegood_policy::fact::Value;
use makegood_policy::{Limits, Policy, Sources, read, read_sources};
use random::{Model, Random, Type, Wish, model, value};

fn policies(seed: u64, count: usize) -> Vec<(Model, Policy)> {
    let mut random = Random(seed);
    let mut out = Vec::new();
    while out.len() < count {
        let wish = Wish {
            facts: 1 + random.below(8),
            rules: 1 + random.below(12),
            cites: false,
            judge_again: true,
        };
        let model = model(&mut random, wish);
        if let Some(policy) = read(&model.text()).policy {
            out.push((model, policy));
        }
    }
    out
}

fn random_columns(random: &mut Random, policy: &Policy, rows: usize) -> Vec<Vec<u8>> {
    let column = |cells: usize, random: &mut Random| -> Vec<u8> {
        let cell = |_| u8::try_from(random.below(cells)).expect("at most 64 cells");
        (0..rows).map(cell).collect()
    };
    policy
        .facts()
        .map(|(_, def)| column(def.cells.count(), random))
        .collect()
}

fn slices(columns: &[Vec<u8>]) -> Vec<&[u8]> {
    columns.iter().map(Vec::as_slice).collect()
}

#[test]
fn columns_decide_as_single_rows_do() {
    let mut random = Random(1);
    for (model, policy) in policies(2, 150) {
        // Around the sizes of lanes and blocks.
        for rows in [0, 1, 3, 4, 5, 1023, 1024, 1030] {
            let columns = random_columns(&mut random, &policy, rows);
            let columns = slices(&columns);
            let mut out = vec![7; rows];
            policy.decide_columns(&columns, &mut out).expect("they fit");
            let mut possible = vec![7; rows];
            let batch = policy.batch().expect("a small diagram");
            batch
                .decide_possible(&columns, &mut possible)
                .expect("they fit");
            for row in 0..rows {
                let cells: Vec<u8> = columns.iter().map(|column| column[row]).collect();
                let text = || format!("row {row}: {cells:?}\n{}", model.text());
                assert_eq!(rule(out[row]), policy.decide_known(&cells), "{}", text());
                let known = policy.decide_possible(&cells);
                assert_eq!(rule(possible[row]), known, "{}", text());
            }
        }
    }
}

#[test]
fn a_policy_without_a_diagram_decides_columns_too() {
    let mut random = Random(3);
    for (model, policy) in policies(4, 40) {
        let text = model.text();
        let mut sources = Sources::new("policy.md", &text);
        sources.limits = Limits {
            nodes: 0,
            ..Limits::default()
        };
        let bare = read_sources(&sources).policy.expect("the same text");
        let columns = random_columns(&mut random, &policy, 50);
        let (mut one, mut two) = ([0; 50], [0; 50]);
        policy.decide_columns(&slices(&columns), &mut one).unwrap();
        bare.decide_columns(&slices(&columns), &mut two).unwrap();
        assert_eq!(one, two, "{text}");
        for row in 0..50 {
            let cells: Vec<u8> = columns.iter().map(|column| column[row]).collect();
            assert_eq!(policy.decide_known(&cells), bare.decide_known(&cells));
        }
    }
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let mut random = Random(5);
    for (_, policy) in policies(6, 60) {
        let columns = random_columns(&mut random, &policy, 20);
        let mut out = [0; 20];
        let facts = columns.len();
        assert_eq!(
            policy.decide_columns(&slices(&columns[1..]), &mut out),
            Err(BadColumns::Count {
                facts,
                columns: facts - 1
            })
        );
        let at = random.below(facts);
        let (id, def) = policy.facts().nth(at).expect("a fact");
        assert_eq!(id.index(), at);
        let mut short = columns.clone();
        short[at].pop();
        assert!(matches!(
            policy.decide_columns(&slices(&short), &mut out),
            Err(BadColumns::Length { given: 19, .. })
        ));
        for wrong in [u8::try_from(def.cells.count()).unwrap(), 64, 200, 255] {
            let mut odd = columns.clone();
            odd[at][13] = wrong;
            let fact = def.name.clone();
            assert_eq!(
                policy.decide_columns(&slices(&odd), &mut out),
                Err(BadColumns::Value { fact, row: 13 })
            );
        }
    }
}

#[test]
fn values_become_the_cells_they_lie_in() {
    let mut random = Random(7);
    for (model, policy) in policies(8, 150) {
        for fact in &model.facts {
            let id = policy.fact(&fact.name).expect("declared");
            let def = policy.fact_def(id);
            let values: Vec<Value> = (0..60).map(|_| value(&mut random, fact)).collect();
            let column = policy.column(id, values.iter().copied()).expect("they fit");
            let whole = |value: &Value| match value {
                Value::Int(n) | Value::Money(n, _) => Some(*n),
                Value::Duration(ns) | Value::Instant(ns) => i64::try_from(*ns).ok(),
                _ => None,
            };
            for (value, cell) in values.iter().zip(&column) {
                assert_eq!(def.cell(*value), Some(usize::from(*cell)));
                if let Some(n) = whole(value) {
                    assert_eq!(policy.whole_column(id, &[n]), Ok(vec![*cell]));
                }
            }
            if matches!(fact.of, Type::Bool | Type::Enum(_) | Type::Ratio) {
                assert!(policy.whole_column(id, &[0]).is_err());
            }
            if fact.of == Type::Int {
                for n in [i64::MIN, -4, 0, 13, i64::MAX] {
                    let cell = def
                        .cell(Value::Int(n))
                        .map(|cell| vec![u8::try_from(cell).unwrap()]);
                    assert_eq!(policy.whole_column(id, &[n]).ok(), cell, "{n}");
                }
            }
        }
    }
}

#[test]
fn nothing_is_told_apart_from_a_rule() {
    let page = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 A {#1}\n```facts\na : bool\nb : bool\n```\n```assume\nb implies a\n```\n```rule r\nwhen a then yes because \"\"\n```\n";
    let policy = read(page).policy.expect("readable");
    let mut out = [0; 3];
    // a gap, what cannot be, and a decision
    policy
        .decide_columns(&[&[0, 0, 1], &[0, 1, 1]], &mut out)
        .expect("they fit");
    assert_eq!(out, [NOTHING, NOTHING, 0]);
}
