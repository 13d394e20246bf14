// SPDX-License-Identifier: MIT OR Apache-2.0
//! What holds of every policy and every case, tried on random ones.
//!
//! `MAKEGOOD_CASES=1000000 cargo test --release -p makegood-policy --test properties` tries a million
//! policies and cases; `MAKEGOOD_SEED=…` repeats the run that a failure names.
#![expect(
    clippy::disallowed_methods,
    reason = "how many cases and from which seed comes from the environment"
)]

mod random;

use std::collections::{BTreeMap, BTreeSet};

use makegood_policy::ask::Scratch;
use makegood_policy::condition::FactId;
use makegood_policy::decide::{Answer, Facts, Joint};
use makegood_policy::fact::Value;
use makegood_policy::problem::Code;
use makegood_policy::rule::{RuleId, Then};
use makegood_policy::{Limits, Policy, Sources, plain, read, read_sources};
use random::{Model, Random, Wish, model, value};

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn cases(default: u64) -> u64 {
    env("MAKEGOOD_CASES", default)
}

/// The seed of the run: the same each time unless the environment says otherwise.
fn seed() -> u64 {
    env("MAKEGOOD_SEED", 20_251_002)
}

/// A random policy that can be read. Only overrides that go round in a circle may be refused.
fn policy(random: &mut Random, wish: Wish) -> (Model, Policy) {
    loop {
        let model = model(random, wish);
        let text = model.text();
        let reading = read(&text);
        if let Some(policy) = reading.policy {
            return (model, policy);
        }
        let circle = reading
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .all(|problem| problem.code == Code::Cycle);
        let drawn: Vec<String> = reading
            .problems
            .iter()
            .map(|problem| problem.render(&[("policy.md", &text)], false))
            .collect();
        assert!(circle, "{}\n{text}", drawn.join("\n"));
    }
}

/// A value for each fact.
fn row(random: &mut Random, model: &Model, policy: &Policy) -> Vec<Value> {
    let mut row = vec![Value::Absent; policy.facts().count()];
    for fact in &model.facts {
        let id = policy.fact(&fact.name).expect("declared");
        row[id.index()] = value(random, fact);
    }
    row
}

fn known(policy: &Policy, row: &[Value]) -> Facts {
    let mut facts = policy.nothing_known();
    for ((id, def), value) in policy.facts().zip(row) {
        let known = policy.know(&mut facts, id, *value);
        assert_eq!(known, Ok(()), "{} = {value:?}", def.name);
    }
    facts
}

fn cells(policy: &Policy, row: &[Value]) -> Vec<u8> {
    policy
        .facts()
        .zip(row)
        .map(|((_, def), value)| {
            let cell = def.cell(*value).expect("the value fits");
            u8::try_from(cell).expect("at most 64 cells")
        })
        .collect()
}

fn names(policy: &Policy, rules: &[RuleId]) -> Vec<String> {
    rules
        .iter()
        .map(|id| policy.rule(*id).name.clone())
        .collect()
}

#[test]
fn the_diagram_and_the_plain_evaluator_agree() {
    let seed = seed();
    let mut random = Random(seed);
    let mut done = 0;
    while done < cases(20_000) {
        let wish = Wish {
            facts: 1 + random.below(8),
            rules: 1 + random.below(12),
            cites: false,
            judge_again: true,
        };
        let at = random.0;
        let (model, policy) = policy(&mut random, wish);
        for _ in 0..40 {
            let row = row(&mut random, &model, &policy);
            let wins = plain::winners(&policy, &|id| row[id.index()]).unwrap_or_default();
            let walked = policy.decide_known(&cells(&policy, &row));
            assert_eq!(
                walked,
                wins.first().copied(),
                "seed {seed}, policy at {at}: {row:?}\n{}",
                model.text()
            );
            let expected = match wins.first() {
                Some(first) => Answer::Decided {
                    rule: *first,
                    rules: wins.clone(),
                },
                None => Answer::Nothing,
            };
            assert_eq!(
                policy.decide(&known(&policy, &row)),
                expected,
                "seed {seed}, policy at {at}: {row:?}\n{}",
                model.text()
            );
            done += 1;
        }
    }
}

#[test]
fn every_cell_has_an_example_that_lies_in_it() {
    let mut random = Random(seed());
    for _ in 0..cases(20_000) / 40 {
        let wish = Wish {
            facts: 4,
            rules: 6,
            cites: false,
            judge_again: false,
        };
        let (model, policy) = policy(&mut random, wish);
        for (id, def) in policy.facts() {
            for cell in 0..def.cells.count() {
                let example = def.example(cell);
                let back = example.and_then(|value| def.cell(value));
                let text = || format!("{} of\n{}", def.name, model.text());
                assert_eq!(back, Some(cell), "{}", text());
                // What a test block would say of it is read back as the same value.
                let written = example.map(|value| policy.value_name(id, value));
                let read_back = written.and_then(|written| policy.parse_value(id, &written));
                assert_eq!(read_back, example, "{}", text());
            }
        }
    }
}

/// A case of which some things are unknown.
struct Open {
    facts: Facts,
    /// For each fact the values it may have.
    possible: Vec<Vec<Value>>,
    joints: Vec<Joint>,
}

/// Forgets some facts, keeps some from being absent, and lets a group turn out in a few ways.
fn open(random: &mut Random, model: &Model, policy: &Policy) -> Open {
    let row = row(random, model, policy);
    let mut facts = known(policy, &row);
    let mut possible: Vec<Vec<Value>> = row.iter().map(|value| vec![*value]).collect();
    let mut left: usize = 3_000;
    for (id, def) in policy.facts() {
        let present = random.chance(30);
        let examples: Vec<Value> = (0..def.cells.count())
            .filter_map(|cell| def.example(cell))
            .filter(|value| !present || *value != Value::Absent)
            .collect();
        if random.chance(60) && examples.len() <= left {
            left /= examples.len().max(1);
            policy.forget(&mut facts, id, present);
            possible[id.index()] = examples;
        }
    }
    let mut joints = Vec::new();
    if random.chance(40) {
        for group in ["group0", "group1"] {
            joints.extend(together(random, model, policy, group, &possible));
        }
    }
    for joint in &joints {
        policy.together(&mut facts, joint.clone());
    }
    Open {
        facts,
        possible,
        joints,
    }
}

fn together(
    random: &mut Random,
    model: &Model,
    policy: &Policy,
    group: &str,
    possible: &[Vec<Value>],
) -> Option<Joint> {
    let members: Vec<FactId> = policy
        .facts()
        .filter(|(id, def)| def.asked_as == group && possible[id.index()].len() > 1)
        .map(|(id, _)| id)
        .collect();
    if members.is_empty() || random.chance(30) {
        return None;
    }
    // Now and then a member stays outside, unknown by itself.
    let members: Vec<FactId> = if random.chance(20) {
        members[1..].to_vec()
    } else {
        members
    };
    let way = |random: &mut Random| -> Vec<(FactId, Value)> {
        members
            .iter()
            .map(|id| {
                let name = &policy.fact_def(*id).name;
                let fact = model.facts.iter().find(|fact| fact.name == *name);
                (*id, value(random, fact.expect("of this model")))
            })
            .collect()
    };
    let ways = (0..2 + random.below(2)).map(|_| way(random)).collect();
    Some(Joint {
        name: group.to_owned(),
        ways,
    })
}

/// A way to fill in everything, and where it ends: an effect, or nothing at all.
struct World {
    values: Vec<Value>,
    way: Vec<usize>,
    wins: Vec<RuleId>,
    effect: Option<u64>,
}

type EffectOf<'a> = &'a dyn Fn(RuleId, &[usize]) -> u64;

/// Every possible world, judged by the plain evaluator.
fn worlds(policy: &Policy, open: &Open, effect: EffectOf<'_>) -> Vec<World> {
    let mut partial: Vec<(Vec<Option<Value>>, Vec<usize>)> =
        vec![(vec![None; open.possible.len()], Vec::new())];
    for joint in &open.joints {
        let mut next = Vec::new();
        for (values, way) in &partial {
            for (at, pairs) in joint.ways.iter().enumerate() {
                let (mut values, mut way) = (values.clone(), way.clone());
                for (id, value) in pairs {
                    values[id.index()] = Some(*value);
                }
                way.push(at);
                next.push((values, way));
            }
        }
        partial = next;
    }
    for (at, possible) in open.possible.iter().enumerate() {
        let mut next = Vec::new();
        for (values, way) in partial {
            if values[at].is_some() {
                next.push((values, way));
                continue;
            }
            for value in possible {
                let mut values = values.clone();
                values[at] = Some(*value);
                next.push((values, way.clone()));
            }
        }
        partial = next;
    }
    let judge = |(values, way): (Vec<Option<Value>>, Vec<usize>)| {
        let values: Vec<Value> = values
            .into_iter()
            .map(|value| value.expect("filled"))
            .collect();
        let wins = plain::winners(policy, &|id| values[id.index()])?;
        let effect = wins.first().map(|rule| effect(*rule, &way));
        Some(World {
            values,
            way,
            wins,
            effect,
        })
    };
    partial.into_iter().filter_map(judge).collect()
}

/// The names that matter: two worlds differ in that name alone and end differently. Where the assumptions leave
/// no such pair, those in which worlds differ together, as few as can be. Also says how many that are.
fn matter(policy: &Policy, joints: &[Joint], worlds: &[World]) -> (BTreeSet<String>, usize) {
    let mut all: BTreeSet<String> = policy
        .facts()
        .map(|(_, def)| def.asked_as.clone())
        .collect();
    all.extend(joints.iter().map(|joint| joint.name.clone()));
    let in_joint = |at: usize| {
        joints
            .iter()
            .position(|joint| joint.ways.iter().flatten().any(|(id, _)| id.index() == at))
    };
    let owner: Vec<String> = policy
        .facts()
        .map(|(id, def)| {
            in_joint(id.index()).map_or(def.asked_as.clone(), |at| joints[at].name.clone())
        })
        .collect();
    let all: Vec<String> = all.into_iter().collect();
    for size in 1..=all.len() {
        let mut found = BTreeSet::new();
        for set in 0..1_u32 << all.len() {
            let named: Vec<&String> = all
                .iter()
                .enumerate()
                .filter(|(at, _)| set >> at & 1 == 1)
                .map(|(_, name)| name)
                .collect();
            if named.len() == size && flips(&named, &owner, joints, worlds) {
                found.extend(named.into_iter().cloned());
            }
        }
        if !found.is_empty() {
            return (found, size);
        }
    }
    panic!("worlds end differently and differ in nothing");
}

/// Whether two worlds that agree in all but the named end differently.
fn flips(named: &[&String], owner: &[String], joints: &[Joint], worlds: &[World]) -> bool {
    let mut ends: BTreeMap<String, Option<u64>> = BTreeMap::new();
    worlds.iter().any(|world| {
        let rest: Vec<&Value> = world
            .values
            .iter()
            .zip(owner)
            .filter(|(_, owner)| !named.contains(owner))
            .map(|(value, _)| value)
            .collect();
        let ways: Vec<usize> = world
            .way
            .iter()
            .zip(joints)
            .filter(|(_, joint)| !named.contains(&&joint.name))
            .map(|(way, _)| *way)
            .collect();
        let first = *ends
            .entry(format!("{rest:?} {ways:?}"))
            .or_insert(world.effect);
        first != world.effect
    })
}

fn check_open(
    policy: &Policy,
    open: &Open,
    answer: &Answer,
    effect: EffectOf<'_>,
    context: &str,
) -> &'static str {
    let worlds = worlds(policy, open, effect);
    let mut reached: Vec<RuleId> = worlds.iter().flat_map(|world| world.wins.clone()).collect();
    reached.sort_by_key(|id| (policy.rule(*id).cite, *id));
    reached.dedup();
    let Some(best) = reached.first() else {
        assert_eq!(*answer, Answer::Nothing, "{context}");
        return "nothing";
    };
    let first = worlds[0].effect;
    if worlds.iter().all(|world| world.effect == first) {
        let expected = Answer::Decided {
            rule: *best,
            rules: reached,
        };
        assert_eq!(*answer, expected, "{context}");
        return "decided";
    }
    let Answer::Open { missing, rules } = answer else {
        panic!("{answer:?}, but what is unknown decides: {context}");
    };
    assert_eq!(names(policy, rules), names(policy, &reached), "{context}");
    let (expected, together) = matter(policy, &open.joints, &worlds);
    let missing_set: BTreeSet<String> = missing.iter().cloned().collect();
    assert_eq!(missing_set.len(), missing.len(), "each once: {context}");
    assert_eq!(missing_set, expected, "{context}");
    if together == 1 {
        "open"
    } else {
        "only together"
    }
}

/// Effects that also depend on how joint facts turn out, as amounts do in a host.
fn effect_numbers(policy: &Policy) -> Vec<u64> {
    let mut seen: Vec<Then> = Vec::new();
    let number = |then: &Then| {
        let mut then = then.clone();
        if let Then::Effect(effect) = &mut then {
            effect.suggestions.clear();
        }
        let at = seen
            .iter()
            .position(|known| *known == then)
            .unwrap_or_else(|| {
                seen.push(then);
                seen.len() - 1
            });
        u64::try_from(at).expect("small")
    };
    let thens: Vec<&Then> = policy.rules().iter().map(|rule| &rule.then).collect();
    thens.into_iter().map(number).collect()
}

#[test]
fn what_is_open_equals_the_union_over_all_completions() {
    let seed = seed();
    let mut random = Random(seed ^ 0x0be4);
    let mut scratch = Scratch::default();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for _ in 0..cases(20_000) / 16 {
        let wish = Wish {
            facts: 1 + random.below(6),
            rules: 1 + random.below(8),
            cites: false,
            judge_again: true,
        };
        let at = random.0;
        let (model, policy) = policy(&mut random, wish);
        let numbers = effect_numbers(&policy);
        for _ in 0..4 {
            let open = open(&mut random, &model, &policy);
            let ways_matter = random.chance(50);
            let effect = |rule: RuleId, way: &[usize]| {
                let own = numbers[rule.index()];
                let amount = way.first().filter(|_| ways_matter && own % 2 == 1);
                own * 100 + u64::try_from(amount.copied().unwrap_or(0) % 2).expect("small")
            };
            let context = || {
                format!(
                    "seed {seed}, policy at {at}\npossible {:?}\njoints {:?}\n{}",
                    open.possible,
                    open.joints,
                    model.text()
                )
            };
            let answer = policy.decide_in(&mut scratch, &open.facts, &mut |rule, way| {
                effect(rule, way)
            });
            let kind = check_open(&policy, &open, &answer, &effect, &context());
            *kinds.entry(kind).or_default() += 1;
        }
    }
    // The test sees something only if every kind of answer comes up.
    assert!(kinds.len() == 4, "{kinds:?}");
}

#[test]
fn a_policy_without_a_diagram_decides_alike() {
    let mut random = Random(seed() ^ 0x9a1);
    for _ in 0..cases(20_000) / 80 {
        let wish = Wish {
            facts: 1 + random.below(4),
            rules: 1 + random.below(6),
            cites: false,
            judge_again: true,
        };
        let (model, policy) = policy(&mut random, wish);
        let text = model.text();
        let mut sources = Sources::new("policy.md", &text);
        sources.limits = Limits {
            nodes: 0,
            ..Limits::default()
        };
        let bare = read_sources(&sources).policy.expect("the same text");
        for _ in 0..4 {
            let open = open(&mut random, &model, &policy);
            let (one, two) = (policy.decide(&open.facts), bare.decide(&open.facts));
            let sorted = |answer: Answer| match answer {
                Answer::Open { mut missing, rules } => {
                    missing.sort();
                    Answer::Open { missing, rules }
                }
                other => other,
            };
            assert_eq!(
                sorted(one),
                sorted(two),
                "{:?} {:?}\n{text}",
                open.possible,
                open.joints
            );
        }
    }
}

/// The same policy with everything in another order.
fn shuffled(random: &mut Random, model: &Model) -> Model {
    let mut other = model.clone();
    random.shuffle(&mut other.facts);
    random.shuffle(&mut other.params);
    random.shuffle(&mut other.terms);
    random.shuffle(&mut other.assumptions);
    shuffle_rules(random, &mut other.rules);
    other
}

fn shuffle_rules(random: &mut Random, rules: &mut [random::Rule]) {
    random.shuffle(rules);
    for rule in rules {
        random.shuffle(&mut rule.overrides);
        shuffle_rules(random, &mut rule.exceptions);
    }
}

/// An answer in names, so that two readings can be compared.
fn in_names(policy: &Policy, answer: &Answer) -> String {
    match answer {
        Answer::Decided { rules, .. } => format!("decided {:?}", names(policy, rules)),
        Answer::Open { missing, rules } => {
            let missing: BTreeSet<&String> = missing.iter().collect();
            format!("open {missing:?} {:?}", names(policy, rules))
        }
        Answer::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn the_reduced_answer_never_depends_on_the_order_of_declarations() {
    let seed = seed();
    let mut random = Random(seed ^ 0x0de4);
    for _ in 0..cases(20_000) / 40 {
        let wish = Wish {
            facts: 1 + random.below(7),
            rules: 1 + random.below(10),
            cites: true,
            judge_again: true,
        };
        let at = random.0;
        let (model, one) = policy(&mut random, wish);
        let text = shuffled(&mut random, &model).text();
        let two = read(&text).policy.expect("the same policy");
        for _ in 0..8 {
            let open = open(&mut random, &model, &one);
            if !open.joints.is_empty() {
                continue;
            }
            let mut other = two.nothing_known();
            for (id, def) in one.facts() {
                let there = two.fact(&def.name).expect("the same facts");
                match open.facts.value(id) {
                    Some(value) => two.know(&mut other, there, value).expect("fits"),
                    None => {
                        let present = !open.possible[id.index()].contains(&Value::Absent);
                        two.forget(&mut other, there, present);
                    }
                }
            }
            assert_eq!(
                in_names(&one, &one.decide(&open.facts)),
                in_names(&two, &two.decide(&other)),
                "seed {seed}, policy at {at}\n{}\n{text}",
                model.text()
            );
        }
    }
}

/// Ways to judge wrongly, each a mistake that is easily made.
#[derive(Clone, Copy, Debug)]
enum Fault {
    NoExceptions,
    NoParents,
    ParentsOnly,
    AbsentIsFirst,
    FirstInTheText,
    NeverAgain,
}

fn wrong_winner(policy: &Policy, row: &[Value], fault: Fault) -> Option<RuleId> {
    let ids: Vec<RuleId> = policy
        .rules()
        .iter()
        .map(|rule| policy.rule_named(&rule.name).expect("its own name"))
        .collect();
    let value = |id: FactId| match (row[id.index()], fault) {
        (Value::Absent, Fault::AbsentIsFirst) => {
            let def = policy.fact_def(id);
            def.example(0).unwrap_or(Value::Absent)
        }
        (value, _) => value,
    };
    let once = |value: &dyn Fn(FactId) -> Value| -> Vec<RuleId> {
        let holds = |id: RuleId| {
            let mut at = Some(id);
            while let Some(id) = at {
                if !policy.rule(id).when.holds(&|id| value(id)) {
                    return false;
                }
                at = policy
                    .rule(id)
                    .parent
                    .filter(|_| !matches!(fault, Fault::NoParents));
            }
            true
        };
        let excepted = |id: &RuleId| {
            policy
                .rule(*id)
                .exceptions
                .iter()
                .any(|exception| match fault {
                    Fault::NoExceptions => false,
                    Fault::ParentsOnly => {
                        policy.rule(*exception).parent == Some(*id) && holds(*exception)
                    }
                    _ => holds(*exception),
                })
        };
        ids.iter()
            .copied()
            .filter(|id| holds(*id) && !excepted(id))
            .collect()
    };
    let mut out = Vec::new();
    for id in once(&value) {
        match &policy.rule(id).then {
            Then::JudgeAgain { fact, value: new } if !matches!(fault, Fault::NeverAgain) => {
                out.extend(once(&|id| if id == *fact { *new } else { value(id) }));
            }
            _ => out.push(id),
        }
    }
    if !matches!(fault, Fault::FirstInTheText) {
        out.sort_by_key(|id| (policy.rule(*id).cite, *id));
    } else {
        out.sort();
    }
    out.first().copied()
}

#[test]
fn planted_faults_are_seen() {
    for fault in [
        Fault::NoExceptions,
        Fault::NoParents,
        Fault::ParentsOnly,
        Fault::AbsentIsFirst,
        Fault::FirstInTheText,
        Fault::NeverAgain,
    ] {
        let mut random = Random(seed() ^ 0xfa17);
        let seen = (0..300).any(|_| {
            let wish = Wish {
                facts: 4,
                rules: 8,
                cites: false,
                judge_again: true,
            };
            let (model, policy) = policy(&mut random, wish);
            (0..20).any(|_| {
                let row = row(&mut random, &model, &policy);
                let possible = plain::winners(&policy, &|id| row[id.index()]).is_some();
                possible
                    && policy.decide_known(&cells(&policy, &row))
                        != wrong_winner(&policy, &row, fault)
            })
        });
        assert!(seen, "{fault:?} went unseen");
    }
}

#[test]
fn a_moved_bound_is_seen() {
    // One policy, its bound moved by one: some random case must tell them apart.
    let page = |bound: i64| {
        format!(
            "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 A {{#1}}\n```facts\nlate : int [0..]\nkind : enum {{a, b}}\n```\n```rule yes\nwhen late > {bound} && kind == a then yes because \"\"\n```\n```rule no\nwhen late <= {bound} || kind == b then no because \"\"\n```\n"
        )
    };
    let (right, wrong) = (
        read(&page(3)).policy.unwrap(),
        read(&page(4)).policy.unwrap(),
    );
    let mut random = Random(seed());
    let seen = (0..200).any(|_| {
        let row = [
            Value::Int(random.int(0, 10)),
            Value::Choice(random.below(2)),
        ];
        let wins = plain::winners(&right, &|id| row[id.index()]).unwrap_or_default();
        wrong.decide_known(&cells(&wrong, &row)) != wins.first().copied()
    });
    assert!(seen);
}
