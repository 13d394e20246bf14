// SPDX-License-Identifier: MIT OR Apache-2.0
//! A policy and a case from bytes: the diagram, the plain evaluator and the columns decide alike.
#![no_main]

#[path = "../../tests/random/mod.rs"]
mod random;

use libfuzzer_sys::fuzz_target;
use makegood_policy::batch;
use makegood_policy::decide::Answer;
use makegood_policy::{plain, read};
use random::{Random, Wish, model, value};

fuzz_target!(|bytes: [u8; 10]| {
    let [facts, rules, seed @ ..] = bytes;
    let mut random = Random(u64::from_le_bytes(seed));
    let wish = Wish {
        facts: 1 + usize::from(facts % 8),
        rules: 1 + usize::from(rules % 12),
        cites: false,
        judge_again: true,
    };
    let model = model(&mut random, wish);
    let Some(policy) = read(&model.text()).policy else {
        return;
    };
    for _ in 0..4 {
        let mut facts = policy.nothing_known();
        for fact in &model.facts {
            let id = policy.fact(&fact.name).expect("declared");
            let value = value(&mut random, fact);
            policy.know(&mut facts, id, value).expect("it fits");
        }
        let known = |id| facts.value(id).expect("all are known");
        let wins = plain::winners(&policy, &known).unwrap_or_default();
        let cells: Vec<u8> = policy
            .facts()
            .map(|(id, def)| def.cell(known(id)).expect("it fits"))
            .map(|cell| u8::try_from(cell).expect("at most 64"))
            .collect();
        assert_eq!(policy.decide_known(&cells), wins.first().copied());
        let columns: Vec<&[u8]> = cells.iter().map(std::slice::from_ref).collect();
        let mut out = [0];
        policy.decide_columns(&columns, &mut out).expect("they fit");
        assert_eq!(batch::rule(out[0]), wins.first().copied());
        match policy.decide(&facts) {
            Answer::Decided { rules, .. } => assert_eq!(rules, wins),
            Answer::Nothing => assert!(wins.is_empty()),
            open @ Answer::Open { .. } => panic!("{open:?}, but everything is known"),
        }
    }
});
