// SPDX-License-Identifier: MIT OR Apache-2.0
//! Two versions that differ are told apart by true cases, all of them; two that only read differently are proved alike.
#![expect(
    clippy::disallowed_methods,
    reason = "reads the settings and the reference policy, as a test may"
)]

mod random;

use makegood_policy::diff::{Change, ChangeKind, Diff, Given, Note, Side, diff};
use makegood_policy::fact::Value;
use makegood_policy::rule::RuleId;
use makegood_policy::{Limits, Policy, Sources, plain, read, read_sources};
use random::{Model, Random, Rule, Wish, model, value};

const PAGE: &str = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n\n## 1 First {#1}\n\n```facts\nlate : int [0..] label: \"days late\"\nkind : enum { small \"small\", large \"large\", other \"other\" } label: \"the kind\"\nshare : ratio [0 %..100 %]\nwarned : bool optional\n```\n\n```params\nmost = 3\nfee = 10 %\n```\n\n```terms\nbig = kind == large || share > 50 %\n```\n\n```rule refuse\nwhen late > most && big\nthen no\nbecause \"\"\nexcept refuse.warned when warned == false then review because \"\"\n```\n\n```rule grant\nwhen late <= most || !big\nthen yes: pay(all less fee)\nbecause \"\"\n```\n\n## 2 Second {#2}\n";

fn policy(text: &str) -> Policy {
    let reading = read(text);
    reading
        .policy
        .unwrap_or_else(|| panic!("{:?}\n{text}", reading.problems))
}

fn changed(from: &str, to: &str) -> (Policy, Policy, Diff) {
    let text = PAGE.replacen(from, to, 1);
    assert_ne!(text, PAGE, "{from}");
    let (a, b) = (policy(PAGE), policy(&text));
    let diff = diff(&a, &b).expect("small");
    (a, b, diff)
}

/// The rules that win for a case, by the plain evaluator.
fn judged(policy: &Policy, side: Side, case: &[Given]) -> Vec<String> {
    let mut facts = policy.nothing_known();
    for given in case {
        if given.only.is_none_or(|only| only == side) {
            let set = policy.set(&mut facts, &given.fact, &given.value);
            assert_eq!(set, Ok(()), "{given:?}");
        }
    }
    let value = |id| facts.value(id).expect("the example names every fact");
    let wins = plain::winners(policy, &value).expect("a possible case");
    names(policy, &wins)
}

fn names(policy: &Policy, rules: &[RuleId]) -> Vec<String> {
    rules
        .iter()
        .map(|id| policy.rule(*id).name.clone())
        .collect()
}

/// Every change's example is decided as the change says.
fn examples_are_true(a: &Policy, b: &Policy, diff: &Diff) {
    for change in &diff.changes {
        let before = judged(a, Side::Before, &change.example);
        let after = judged(b, Side::After, &change.example);
        assert_eq!(before, change.before.rules, "{change:?}");
        assert_eq!(after, change.after.rules, "{change:?}");
    }
}

fn only(diff: &Diff) -> &Change {
    assert_eq!(diff.changes.len(), 1, "{:?}", diff.changes);
    &diff.changes[0]
}

fn when(change: &Change) -> Vec<String> {
    let say = |when: &makegood_policy::diff::When| format!("{} is {}", when.label, when.words);
    change.when.iter().map(say).collect()
}

#[test]
fn a_moved_bound_is_told_with_the_case_between() {
    for (from, to) in [
        ("most = 3", "most = 4"),
        ("late > most && big", "late > 4 && big"),
    ] {
        let (a, b, diff) = changed(from, to);
        examples_are_true(&a, &b, &diff);
        let of = |kind| {
            diff.changes
                .iter()
                .filter(move |change| change.kind == kind)
        };
        for change in of(ChangeKind::Effect) {
            assert!(
                when(change).contains(&"days late is 4".to_owned()),
                "{change:?}"
            );
        }
        assert!(of(ChangeKind::Effect).count() > 0);
    }
}

#[test]
fn a_deleted_exception_is_told() {
    let (a, b, diff) = changed(
        "except refuse.warned when warned == false then review because \"\"\n",
        "",
    );
    examples_are_true(&a, &b, &diff);
    let change = only(&diff);
    assert_eq!(change.before.rules, ["refuse.warned"]);
    assert_eq!(change.after.rules, ["refuse"]);
    assert_eq!(change.before.effect.as_deref(), Some("review"));
    assert!(
        when(change).contains(&"warned is no".to_owned()),
        "{change:?}"
    );
}

#[test]
fn a_removed_rule_leaves_a_gap_that_is_told() {
    let from = "```rule grant\nwhen late <= most || !big\nthen yes: pay(all less fee)\nbecause \"\"\n```\n";
    let (a, b, diff) = changed(from, "");
    examples_are_true(&a, &b, &diff);
    let change = only(&diff);
    assert!(change.after.rules.is_empty() && change.after.effect.is_none());
}

#[test]
fn other_effects_clauses_and_parameters_are_told() {
    let (a, b, diff) = changed("then no\n", "then maybe\n");
    examples_are_true(&a, &b, &diff);
    assert_eq!(only(&diff).after.effect.as_deref(), Some("maybe"));

    let (a, b, diff) = changed("fee = 10 %", "fee = 12 %");
    examples_are_true(&a, &b, &diff);
    let change = only(&diff);
    assert_eq!(
        change.before.effect.as_deref(),
        Some("yes: pay(all less 10 %)")
    );
    assert_eq!(
        change.after.effect.as_deref(),
        Some("yes: pay(all less 12 %)")
    );

    let (a, b, diff) = changed("then no\n", "then no suggesting pay(all)\n");
    examples_are_true(&a, &b, &diff);
    assert_eq!(only(&diff).kind, ChangeKind::Effect);

    // The same rule under the next clause.
    let rule = &PAGE[PAGE.find("```rule grant").unwrap()..PAGE.find("## 2 Second").unwrap()];
    let moved = PAGE.replacen(rule, "", 1) + "\n" + rule;
    let (a, b) = (policy(PAGE), policy(&moved));
    let diff = diff_of(&a, &b);
    examples_are_true(&a, &b, &diff);
    let change = only(&diff);
    assert_eq!(change.kind, ChangeKind::Clause);
    assert_eq!(change.before.clause.as_deref(), Some("1"));
    assert_eq!(change.after.clause.as_deref(), Some("2"));
}

#[test]
fn what_only_reads_differently_is_proved_alike() {
    for (from, to) in [
        ("late > most && big", "!(late <= most || !big)"),
        (
            "late > most && big",
            "late >= 4 && (kind in {large} || !(share <= 1/2))",
        ),
        (
            "big = kind == large || share > 50 %",
            "big = !(kind != large && share in 0 %..50 %)",
        ),
        (
            "late <= most || !big",
            "late > most && big implies late < 4",
        ),
        (
            "{ small \"small\", large \"large\", other \"other\" }",
            "{ other \"x\", large, small }",
        ),
        ("most = 3", "most = 3 label: \"days\"\nspare = 7"),
    ] {
        let (_, _, diff) = changed(from, to);
        assert!(diff.is_alike(), "{from} -> {to}: {:?}", diff.changes);
        assert!(diff.notes.is_empty(), "{:?}", diff.notes);
    }
}

#[test]
fn facts_that_differ_are_said() {
    let (a, b, diff) = changed(
        "share : ratio [0 %..100 %]\n",
        "share : ratio [0 %..100 %]\nnew_fact : bool\n",
    );
    assert!(diff.is_alike());
    assert_eq!(
        diff.notes,
        [Note::Added {
            fact: "new_fact".into()
        }]
    );
    examples_are_true(&a, &b, &diff);

    let text = PAGE
        .replace(
            "share : ratio [0 %..100 %]\n",
            "share : ratio [0 %..100 %]\nnew_fact : bool\n",
        )
        .replace("late > most && big\n", "late > most && big && !new_fact\n");
    let (a, b) = (policy(PAGE), policy(&text));
    let found = diff_of(&a, &b);
    examples_are_true(&a, &b, &found);
    assert!(
        found
            .changes
            .iter()
            .all(|change| when(change).contains(&"new_fact is yes".to_owned()))
    );
    let back = diff_of(&b, &a);
    assert_eq!(
        back.notes,
        [Note::Removed {
            fact: "new_fact".into()
        }]
    );
    examples_are_true(&b, &a, &back);

    let (_, _, diff) = changed("other \"other\" }", "other \"other\", giant }");
    assert!(diff.is_alike(), "{:?}", diff.changes);
    assert!(matches!(&diff.notes[..], [Note::Values { after, .. }] if *after == ["giant"]));

    let (_, _, diff) = changed("late : int [0..]", "late : int [2..9]");
    assert!(diff.is_alike(), "{:?}", diff.changes);
    assert!(matches!(&diff.notes[..], [Note::Bounds { .. }]));

    let (_, _, diff) = changed("warned : bool optional", "warned : bool");
    assert!(diff.is_alike(), "{:?}", diff.changes);
    assert!(matches!(
        &diff.notes[..],
        [Note::Optional {
            side: Side::Before,
            ..
        }]
    ));

    let text = PAGE
        .replace("late : int [0..]", "late : duration")
        .replace("most = 3", "most = 3 d");
    let (a, b) = (policy(PAGE), policy(&text));
    let found = diff_of(&a, &b);
    assert!(
        matches!(&found.notes[..], [Note::Type { .. }]),
        "{:?}",
        found.notes
    );
    assert!(!found.is_alike(), "two facts of one name are two facts");
    examples_are_true(&a, &b, &found);
    for note in &found.notes {
        assert!(note.to_string().contains("late"));
    }
}

fn diff_of(a: &Policy, b: &Policy) -> Diff {
    diff(a, b).expect("small")
}

#[test]
fn other_assumptions_are_said_and_what_they_exclude_is_left_out() {
    let (a, b, diff) = changed(
        "```terms\n",
        "```assume\nwarned is present implies late > 1\n```\n\n```terms\n",
    );
    assert!(diff.is_alike());
    assert!(
        matches!(&diff.notes[..], [Note::Assumptions { side: Side::Before, when }] if when.len() == 2),
        "{:?}",
        diff.notes
    );
    let back = diff_of(&b, &a);
    assert!(matches!(
        &back.notes[..],
        [Note::Assumptions {
            side: Side::After,
            ..
        }]
    ));
    // Written otherwise, the same.
    let other = PAGE.replace(
        "```terms\n",
        "```assume\n!(late <= 1) || warned is absent\n```\n\n```terms\n",
    );
    assert!(diff_of(&b, &policy(&other)).notes.is_empty());
}

#[test]
fn what_is_too_large_to_compare_is_not_proved() {
    let mut sources = Sources::new("policy.md", PAGE);
    sources.limits = Limits {
        nodes: 4,
        ..Limits::default()
    };
    let small = read_sources(&sources).policy.expect("readable");
    let error = diff(&small, &small).expect_err("eight nodes do not suffice");
    assert_eq!(error.nodes, 8);
    assert!(error.to_string().starts_with("not proved"), "{error}");
}

fn env(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// A rule of a model, nested ones too.
fn any_rule<'r>(random: &mut Random, rules: &'r mut [Rule]) -> &'r mut Rule {
    let at = random.below(rules.len());
    let rule = &mut rules[at];
    if !rule.exceptions.is_empty() && random.chance(50) {
        return any_rule(random, &mut rule.exceptions);
    }
    rule
}

/// A model with one thing changed.
fn mutated(random: &mut Random, model: &Model) -> Model {
    let mut other = model.clone();
    let facts = &mut other.facts;
    match random.below(8) {
        0 => {
            let at = random.below(other.rules.len());
            other.rules.remove(at);
        }
        1 => {
            let at = random.below(other.rules.len());
            other.rules[at].exceptions.clear();
        }
        2 | 3 => {
            let when = random::condition(random, facts, &model.params, &model.terms, 2);
            any_rule(random, &mut other.rules).when = when;
        }
        4 => {
            any_rule(random, &mut other.rules).then = "quite_other".to_owned();
        }
        5 => {
            let at = random.below(facts.len());
            facts[at].bounds = (None, None);
        }
        6 => {
            let at = random.below(facts.len());
            facts[at].optional = true;
        }
        _ => {
            let when = random::condition(random, facts, &model.params, &model.terms, 1);
            other.assumptions.push(when);
        }
    }
    other
}

#[test]
fn every_case_that_changes_lies_in_a_class_that_is_told() {
    let seed = env("MAKEGOOD_SEED", 5);
    let mut random = Random(seed);
    let (mut differing, mut alike) = (0, 0);
    for _ in 0..env("MAKEGOOD_CASES", 4_000) / 10 {
        let at = random.0;
        let wish = Wish {
            facts: 1 + random.below(6),
            rules: 2 + random.below(8),
            cites: true,
            judge_again: true,
        };
        let one = model(&mut random, wish);
        let mut two = mutated(&mut random, &one);
        if random.chance(30) && !two.rules.is_empty() {
            two = mutated(&mut random, &two);
        }
        if two.rules.is_empty() {
            continue;
        }
        let (Some(a), Some(b)) = (read(&one.text()).policy, read(&two.text()).policy) else {
            continue;
        };
        let diff = diff(&a, &b).expect("small");
        let text = || {
            format!(
                "seed {seed}, at {at}\n{}\n{}\n{diff:#?}",
                one.text(),
                two.text()
            )
        };
        let proof = std::panic::catch_unwind(|| examples_are_true(&a, &b, &diff));
        assert!(proof.is_ok(), "{}", text());
        for _ in 0..60 {
            let row: Vec<Value> = one
                .facts
                .iter()
                .map(|fact| value(&mut random, fact))
                .collect();
            let Some((before, after)) = both(&one, (&a, &b), &row) else {
                continue;
            };
            let told = diff.changes.iter().any(|change| {
                change.before.rules == names(&a, &before) && change.after.rules == names(&b, &after)
            });
            let effect = |policy: &Policy, rules: &[RuleId]| {
                rules
                    .first()
                    .map(|id| format!("{:?}", policy.rule(*id).then))
            };
            let differs = effect(&a, &before) != effect(&b, &after);
            assert_eq!(told, differs, "{row:?}\n{}", text());
            if differs {
                differing += 1;
            } else {
                alike += 1;
            }
        }
    }
    assert!(differing > 100 && alike > 100, "{differing} {alike}");
}

/// The winners in both versions; nothing for cases that one of them excludes.
fn both(
    model: &Model,
    (a, b): (&Policy, &Policy),
    row: &[Value],
) -> Option<(Vec<RuleId>, Vec<RuleId>)> {
    let of = |policy: &Policy| {
        let mut facts = policy.nothing_known();
        for (fact, value) in model.facts.iter().zip(row) {
            policy
                .know(&mut facts, policy.fact(&fact.name)?, *value)
                .ok()?;
        }
        plain::winners(policy, &|id| facts.value(id).expect("every fact is known"))
    };
    of(a).zip(of(b))
}

#[test]
fn a_policy_written_otherwise_is_proved_alike() {
    let mut random = Random(env("MAKEGOOD_SEED", 6));
    for _ in 0..env("MAKEGOOD_CASES", 4_000) / 20 {
        let wish = Wish {
            facts: 1 + random.below(6),
            rules: 2 + random.below(8),
            cites: true,
            judge_again: true,
        };
        let one = model(&mut random, wish);
        let Some(a) = read(&one.text()).policy else {
            continue;
        };
        let mut two = one.clone();
        random.shuffle(&mut two.facts);
        random.shuffle(&mut two.rules);
        random.shuffle(&mut two.assumptions);
        rewrite(&mut random, &one.terms, &mut two.rules);
        two.terms.clear();
        for assumption in &mut two.assumptions {
            *assumption = inlined(&one.terms, assumption);
        }
        let b = policy(&two.text());
        let diff = diff(&a, &b).expect("small");
        let text = || format!("{}\n{}\n{diff:#?}", one.text(), two.text());
        assert!(diff.is_alike() && diff.notes.is_empty(), "{}", text());
    }
}

/// Terms inlined, and conditions turned inside out.
fn rewrite(random: &mut Random, terms: &[(String, String)], rules: &mut [Rule]) {
    for rule in rules {
        let when = inlined(terms, &rule.when);
        rule.when = match random.below(4) {
            0 => format!("!(!({when}))"),
            1 => format!("({when}) && true"),
            2 => format!("!(!({when}) || false)"),
            _ => when,
        };
        rewrite(random, terms, &mut rule.exceptions);
    }
}

fn inlined(terms: &[(String, String)], condition: &str) -> String {
    let mut out = condition.to_owned();
    // A term names earlier ones only.
    for (name, meaning) in terms.iter().rev() {
        out = out.replace(name, &format!("({meaning})"));
    }
    out
}

#[test]
fn the_reference_policy_is_alike_to_itself_and_tells_what_changes() {
    let path = format!(
        "{}/../../policies/viplikes/2025-10-02/policy.da.md",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    let text = std::fs::read_to_string(path)
        .expect("the reference policy stands in the repository")
        .replace("host: makegood\n", "");
    let a = policy(&text);
    assert!(diff_of(&a, &a).is_alike());
    for (from, to, fact) in [
        ("small_drop = 10 %", "small_drop = 11 %", "drop_share"),
        (
            "account_claim_window = 12 h",
            "account_claim_window = 13 h",
            "account_claim_delay",
        ),
        (
            "on_target_from = 50 %",
            "on_target_from = 49 %",
            "on_target_share",
        ),
    ] {
        let b = policy(&text.replacen(from, to, 1));
        let diff = diff_of(&a, &b);
        assert!(!diff.is_alike(), "{to}");
        examples_are_true(&a, &b, &diff);
        for change in &diff.changes {
            assert!(
                change.when.iter().any(|when| when.fact == fact),
                "{change:?}"
            );
        }
    }
    let b = policy(&text.replacen("stop_deduction = 0 %", "stop_deduction = 5 %", 1));
    let diff = diff_of(&a, &b);
    examples_are_true(&a, &b, &diff);
    assert!(!diff.is_alike());
}
