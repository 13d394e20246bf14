// SPDX-License-Identifier: MIT OR Apache-2.0
//! Texts that nobody should write: reading them always ends, soon, and in clear problems.
//!
//! `MAKEGOOD_CASES=100000 cargo test --release -p makegood-policy --test hostile` mutates more;
//! `MAKEGOOD_SEED=…` repeats the run that a failure names.
#![expect(
    clippy::disallowed_methods,
    reason = "reads the settings, the reference policy and the clock, as a test may"
)]

mod random;

use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use makegood_policy::problem::Code;
use makegood_policy::{Limits, Reading, Sources, read, read_sources};
use random::{Random, Wish, model};

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// How long one text may take. Generous, for slow machines and builds without optimisation.
const SOON: Duration = Duration::from_secs(20);

/// Reads a text and holds the reader to what it promises of any text.
fn ends(name: &str, text: &str) -> Reading {
    let (done, answer) = std::sync::mpsc::channel();
    let own = text.to_owned();
    let reader = std::thread::spawn(move || done.send(read(&own)).is_ok());
    let reading = match answer.recv_timeout(SOON) {
        Ok(reading) => reading,
        Err(RecvTimeoutError::Timeout) => panic!("{name}: not read after {SOON:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("{name}: {:?}", reader.join()),
    };
    fits(name, text, &reading);
    reading
}

fn fits(name: &str, text: &str, reading: &Reading) {
    let errors = reading.problems.iter().filter(|p| p.is_error()).count();
    assert_eq!(
        reading.policy.is_none(),
        errors > 0,
        "{name}: a policy or an error, never both and never neither"
    );
    for problem in reading.problems.iter().take(20) {
        assert!(
            !problem.message.is_empty() && !problem.help.is_empty(),
            "{name}: {problem:?}"
        );
        let span = problem.span;
        assert!(
            span.start <= span.end && span.end <= text.len(),
            "{name}: {problem:?}"
        );
        assert!(
            text.is_char_boundary(span.start) && text.is_char_boundary(span.end),
            "{name}: {problem:?}"
        );
        if text.len() < 100_000 {
            let drawn = problem.render(&[("policy.md", text)], false);
            assert!(!drawn.is_empty(), "{name}");
        }
    }
    if let Some(policy) = &reading.policy {
        let _ = policy.decide(&policy.nothing_known());
    }
}

fn has(reading: &Reading, code: Code) -> bool {
    reading.problems.iter().any(|problem| problem.code == code)
}

const FRONT: &str = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n\n## 1 All {#1}\n\n";

/// A policy around some blocks.
fn page(blocks: &str) -> String {
    format!("{FRONT}{blocks}")
}

fn rule(when: &str) -> String {
    page(&format!(
        "```facts\na : bool\nn : int\ns : ratio\nd : duration\n```\n\n```rule r\nwhen {when}\nthen yes\nbecause \"\"\n```\n"
    ))
}

/// The reference policy on its own, without its host.
fn reference() -> String {
    let path = format!(
        "{}/../../policies/viplikes/2025-10-02/policy.da.md",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    std::fs::read_to_string(path)
        .expect("the reference policy stands in the repository")
        .replace("host: makegood\n", "")
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    let end = (at + 1 + random.below(60)).min(bytes.len());
    match random.below(9) {
        0 => bytes[at] = u8::try_from(random.below(256)).expect("a byte"),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let piece = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        3 => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
        4 => {
            let line = whole_line(bytes, at);
            bytes.drain(line);
        }
        5 => {
            let line = bytes[whole_line(bytes, at)].to_vec();
            let to = whole_line(bytes, random.below(bytes.len())).start;
            bytes.splice(to..to, line);
        }
        6 => bytes.truncate(at),
        _ => {
            let piece = random.pick(&PIECES).as_bytes().to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

fn whole_line(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = bytes[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |found| at + found + 1);
    start..end
}

const PIECES: [&str; 52] = [
    "```",
    "```rule x\n",
    "---\n",
    "{",
    "}",
    "(",
    ")",
    "!",
    "&&",
    "||",
    "..",
    "\"",
    "\\",
    "#",
    "{#1}",
    "%",
    " in ",
    " is absent",
    "== absent",
    "except e when true then no because \"\"",
    "overrides: *.*",
    "overrides: start.*",
    "99999999999999999999999999999999999999999",
    "1/0",
    "0.0000000000000000000000000000001 %",
    "-9223372036854775808",
    "9223372036854775807",
    "4611686018427387903",
    "9999-12-31",
    "0001-01-01",
    "2025-02-30",
    "9999999999999999 d",
    "0.01 JPY",
    "4.999 EUR",
    "\u{202e}",
    "\u{0430}",
    "\u{feff}",
    "\u{0}",
    "æøå",
    "🙈",
    "\r\n",
    "\t",
    "judge again with ",
    "implies",
    "cite: 4294967296",
    "{rule: ",
    "{no-rule}",
    "optional",
    "usual: absent",
    "[..]",
    "enum {}",
    "in {1, 2, 3}",
];

#[test]
fn a_mutated_policy_never_stops_the_reader() {
    let seed = env("MAKEGOOD_SEED", 77);
    let mut random = Random(seed);
    let reference = reference();
    let read_back = read(&reference);
    assert!(
        read_back.policy.is_some(),
        "{:?}",
        read_back.problems.first()
    );
    let cases = env("MAKEGOOD_CASES", 500);
    for case in 0..cases {
        let at = random.0;
        let mut bytes = if random.chance(30) {
            reference.clone().into_bytes()
        } else {
            let wish = Wish {
                facts: 3,
                rules: 4,
                cites: false,
                judge_again: true,
            };
            model(&mut random, wish).text().into_bytes()
        };
        for _ in 0..1 + random.below(6) {
            mutate(&mut random, &mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        let outcome = std::panic::catch_unwind(|| ends("mutation", &text));
        if outcome.is_err() {
            let shown = if text.len() < 5_000 {
                &*text
            } else {
                "(the reference policy)"
            };
            panic!("seed {seed}, case {case} at {at}\n{shown}");
        }
    }
}

#[test]
fn noise_never_stops_the_reader() {
    let mut random = Random(env("MAKEGOOD_SEED", 78));
    for _ in 0..env("MAKEGOOD_CASES", 1_000) {
        let mut text = if random.chance(50) {
            FRONT.to_owned()
        } else {
            String::new()
        };
        for _ in 0..random.below(60) {
            let piece: &&str = random.pick(&PIECES);
            text.push_str(piece);
            if random.chance(30) {
                text.push(' ');
            }
            if random.chance(20) {
                text.push('\n');
            }
            if random.chance(10) {
                let start: &&str = random.pick(&[
                    "```facts\n",
                    "```params\n",
                    "```terms\n",
                    "```test t\n",
                    "```assume\n",
                    "f : int",
                    "t = ",
                ]);
                text.push_str(start);
            }
        }
        ends("noise", &text);
    }
}

#[test]
fn a_translation_is_read_as_carefully() {
    let mut random = Random(79);
    let path = format!(
        "{}/../../policies/viplikes/2025-10-02/policy.en.md",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    let english = std::fs::read_to_string(path).expect("it stands in the repository");
    let danish = reference();
    for _ in 0..env("MAKEGOOD_CASES", 60) {
        let mut bytes = english.clone().into_bytes();
        for _ in 0..1 + random.below(6) {
            mutate(&mut random, &mut bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        let translations = [("policy.en.md", &*text)];
        let mut sources = Sources::new("policy.da.md", &danish);
        sources.translations = &translations;
        let reading = read_sources(&sources);
        for problem in reading.problems.iter().take(20) {
            let drawn = problem.render(&sources.files(), false);
            assert!(!drawn.is_empty());
        }
    }
}

#[test]
fn deep_nesting_ends_in_a_limit() {
    let deep = 100_000;
    let texts = [
        (
            "parentheses",
            rule(&("(".repeat(deep) + "a" + &")".repeat(deep))),
        ),
        ("open parentheses", rule(&"(".repeat(deep))),
        ("negations", rule(&("!".repeat(deep) + "a"))),
        ("both", rule(&("!(".repeat(deep) + "a" + &")".repeat(deep)))),
        (
            "exceptions in exceptions",
            page(&format!(
                "```rule r\n{}{}\n```\n",
                (0..20_000).fold(
                    "when true then yes because \"\"\n".to_owned(),
                    |text, at| {
                        text + &format!("{{ except e{at} when true then no because \"\"\n")
                    }
                ),
                "}".repeat(20_000)
            )),
        ),
    ];
    for (name, text) in texts {
        let reading = ends(name, &text);
        assert!(has(&reading, Code::Limit), "{name}: {:?}", reading.problems);
    }
    ends(
        "quotes in quotes",
        &page(&(">".repeat(deep) + " text. Must be.\n")),
    );
    ends(
        "lists in lists",
        &page(
            &(0..2_000)
                .map(|n| " ".repeat(n) + "- a\n")
                .collect::<String>(),
        ),
    );
    ends(
        "brackets",
        &page(&("[".repeat(deep) + &"](x)".repeat(deep))),
    );
    ends("emphasis", &page(&"*a **b ".repeat(deep)));
}

/// `t0 = t1 && …`, so many that following them one by one would be endless.
fn chain(count: usize, link: impl Fn(usize) -> String) -> String {
    let terms: String = (0..count)
        .map(|at| format!("t{at} = {}\n", link(at + 1)))
        .collect();
    page(&format!(
        "```facts\na : bool\n```\n```terms\n{terms}t{count} = a\n```\n```rule r\nwhen t0 then yes because \"\"\n```\n"
    ))
}

#[test]
fn chains_of_terms_end() {
    // Twenty names in a row are fine; a hundred thousand are a limit, not an overflowing stack.
    assert!(
        ends("short", &chain(20, |next| format!("t{next}")))
            .policy
            .is_some()
    );
    for (name, text) in [
        ("long", chain(100_000, |next| format!("t{next}"))),
        (
            "long and negated",
            chain(60_000, |next| format!("!!!t{next}")),
        ),
        ("thousands", chain(3_000, |next| format!("(t{next} || a)"))),
        ("doubling", chain(60, |next| format!("t{next} && !t{next}"))),
        (
            "tripling",
            chain(1_000, |next| format!("t{next} && !t{next} || t{next}")),
        ),
    ] {
        let reading = ends(name, &text);
        assert!(
            has(&reading, Code::Limit),
            "{name}: {:?}",
            reading.problems.first()
        );
    }
    let circle = chain(500, |next| format!("t{}", next % 500));
    let reading = ends("circle", &circle);
    assert!(reading.policy.is_none());
}

#[test]
fn long_conditions_end() {
    let many = |sign: &str, test: &dyn Fn(usize) -> String| {
        (0..100_000).map(test).collect::<Vec<_>>().join(sign)
    };
    for (name, text) in [
        ("or", rule(&many(" || ", &|_| "a".to_owned()))),
        ("and", rule(&many(" && ", &|_| "!a".to_owned()))),
        (
            "thresholds",
            rule(&many(" || ", &|at| format!("n == {at}"))),
        ),
        (
            "a long list",
            rule(&format!("n in {{{}}}", many(", ", &|at| at.to_string()))),
        ),
        (
            "implications",
            rule(&many(" implies ", &|_| "a".to_owned())),
        ),
        ("unknown names", rule(&many(" || ", &|at| format!("x{at}")))),
    ] {
        ends(name, &text);
    }
}

#[test]
fn too_many_of_anything_ends_in_a_limit() {
    let many =
        |count: usize, what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<String>();
    let facts = page(&format!(
        "```facts\n{}```\n",
        many(50_000, &|at| format!("f{at} : bool\n"))
    ));
    let rules = page(&many(20_000, &|at| {
        format!("```rule r{at}\nwhen true then yes because \"\"\n```\n")
    }));
    let overriding = page(&many(20_000, &|at| {
        format!("```rule r.x{at}\nwhen true then yes overrides: r.* because \"\"\n```\n")
    }));
    let values = page(&format!(
        "```facts\ne : enum {{{}}}\n```\n",
        many(100_000, &|at| format!("v{at}, ")) + "z"
    ));
    let ranges = rule(&(many(200, &|at| format!("n > {at} || ")) + "a"));
    for (name, text) in [
        ("facts", facts),
        ("rules", rules),
        ("rules that override each other", overriding),
        ("values", values),
        ("ranges", ranges),
    ] {
        let reading = ends(name, &text);
        assert!(
            has(&reading, Code::Limit),
            "{name}: {:?}",
            reading.problems.first()
        );
    }
    let large = ends("a large file", &" ".repeat(3 << 20));
    assert!(has(&large, Code::Limit));
}

#[test]
fn the_largest_policies_that_are_let_in_end_soon() {
    let many =
        |count: usize, what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<String>();
    // Each rule overrides every later one: two million exceptions.
    let ladder = page(&format!(
        "```facts\nn : int [0..]\n```\n{}",
        many(1_900, &|at| format!(
            "```rule g{at}.r\nwhen n > {} then o{} overrides: {} because \"\"\n```\n",
            at % 60,
            at % 7,
            (at + 1..at + 40)
                .filter(|next| *next < 1_900)
                .map(|next| format!("g{next}.*"))
                .collect::<Vec<_>>()
                .join(", ")
                + if at + 1 < 1_900 { "" } else { "g0.r" }
        ))
    ));
    ends("a ladder of overrides", &ladder);
    // One gate over all others, and many facts.
    let gates = page(&format!(
        "```facts\n{}```\n```rule all\nwhen f0 then yes because \"\"\n```\n{}",
        many(240, &|at| format!("f{at} : bool\n")),
        many(1_500, &|at| format!(
            "```rule r.x{at}\nwhen f{} && !f{} then no overrides: all because \"\"\n```\n",
            at % 240,
            (at * 7 + 3) % 240
        )),
    ));
    ends("gates", &gates);
    let chain = page(&many(2_000, &|at| {
        let overrides = if at == 0 {
            String::new()
        } else {
            format!("overrides: r{}", at - 1)
        };
        format!("```rule r{at}\nwhen true then yes {overrides} because \"\"\n```\n")
    }));
    assert!(ends("a chain of overrides", &chain).policy.is_some());
    let parity = page(&format!(
        "```facts\n{}```\n```rule r\nwhen {} then yes because \"\"\n```\n",
        many(200, &|at| format!("f{at} : int [0..]\n")),
        (0..100)
            .map(|at| format!("(f{at} > 3 && f{} > 5)", 199 - at))
            .collect::<Vec<_>>()
            .join(" || ")
    ));
    let reading = ends("a diagram without bound", &parity);
    assert!(
        reading
            .policy
            .is_some_and(|policy| policy.diagram_size().is_none()),
        "it outgrows the budget, and says so"
    );
}

#[test]
fn large_prose_ends_soon() {
    let n = 150_000;
    for (name, text) in [
        ("full stops", page(&". ".repeat(n))),
        ("open braces", page(&"{ ".repeat(n))),
        ("open marks", page(&"a. {rule ".repeat(n))),
        ("marks", page(&"A. {rule: x} {no-rule} ".repeat(n / 4))),
        ("closed braces", page(&"{a} ".repeat(n))),
        (
            "headings",
            (0..n).fold(FRONT.to_owned(), |text, at| {
                text + &format!("## a {{#{at}}}\n")
            }),
        ),
        ("headings without anchors", page(&"## a\n".repeat(n))),
        ("the same heading", page(&"## a {#x}\n".repeat(n))),
        (
            "front matter",
            "---\n".to_owned()
                + &(0..n).map(|at| format!("k{at}: v\n")).collect::<String>()
                + "---\n",
        ),
        ("one long name", rule(&"x".repeat(1_000_000))),
        (
            "two long names",
            page(&format!(
                "```facts\n{} : bool\n```\n```rule r\nwhen {} then yes because \"\"\n```\n",
                "x".repeat(900_000),
                "y".repeat(900_000)
            )),
        ),
        (
            "one long string",
            page(&format!(
                "```rule r\nwhen true then yes because \"{}\"\n```\n",
                "x ".repeat(900_000)
            )),
        ),
        (
            "comments",
            page(&format!("```rule r\n{}```\n", "# x\n".repeat(n))),
        ),
        ("open blocks", page(&"```rule r\n".repeat(n))),
        ("blocks", page(&"```rule r\n```\n".repeat(n / 2))),
        ("unread blocks", page(&"```other\n```\n".repeat(n / 2))),
        (
            "a table",
            page(&("| a | b |\n|---|---|\n".to_owned() + &"| c. | {d} |\n".repeat(n / 2))),
        ),
        (
            "parameters",
            page(&format!(
                "```params\n{}```\n",
                (0..n)
                    .map(|at| format!("p{at} = {at}\n"))
                    .collect::<String>()
            )),
        ),
        (
            "assumptions",
            page(&format!(
                "```facts\na : bool\n```\n```assume\n{}```\n",
                "a || !a;\n".repeat(n)
            )),
        ),
        (
            "tests",
            page(&"```test t\ngiven a = 1 expect yes\n```\n".repeat(n / 4)),
        ),
    ] {
        ends(name, &text);
    }
}

#[test]
fn numbers_that_fit_nowhere_are_refused() {
    for number in [
        "99999999999999999999",
        "1/0",
        "0/0",
        "-0",
        "4611686018427387904",
        "0.00000000000000000000000001",
        "170141183460469231731687303715884105728",
        "1e9",
        "0x10",
        "1_000_000",
        "--1",
        "1.2.3",
        "00012",
        "-1/-2",
    ] {
        for fact in ["n", "s", "d"] {
            ends(number, &rule(&format!("{fact} >= {number}")));
            ends(number, &rule(&format!("{fact} >= {number} %")));
            ends(number, &rule(&format!("{fact} >= {number} d")));
        }
    }
    // The widest numbers that are let in are told apart exactly.
    let close = rule(
        "s > 4611686018427387902/4611686018427387903 && s < 1 && n > -9223372036854775808 && n < 4611686018427387903",
    );
    ends("close together", &close);
    ends("years", &rule("d < 999999999999 d && d > -999999999999 d"));
}

#[test]
fn a_caller_in_a_hurry_stops_it() {
    let text = reference();
    let mut sources = Sources::new("policy.md", &text);
    sources.keep_going = &|| false;
    sources.limits = Limits::default();
    let reading = read_sources(&sources);
    fits("in a hurry", &text, &reading);
}

#[test]
fn two_currencies_never_meet() {
    let of = |bounds: &str, when: &str| {
        page(&format!(
            "```facts\nprice : money {bounds}\n```\n\n```rule r\nwhen {when}\nthen yes\nbecause \"\"\n```\n"
        ))
    };
    for (bounds, when) in [
        ("", "price == 5 EUR || price == 5 USD"),
        ("", "price in 5 EUR..7 USD"),
        ("", "price in {5 EUR, 7 USD}"),
        ("[0 EUR..]", "price > 5 USD"),
    ] {
        let reading = ends(when, &of(bounds, when));
        assert!(has(&reading, Code::Type), "{when}: {:?}", reading.problems);
    }
    let one = ends("one", &of("[0 EUR..]", "price > 5 EUR"));
    let policy = one.policy.expect("one currency");
    let mut facts = policy.nothing_known();
    assert!(policy.set(&mut facts, "price", "6 USD").is_err());
    assert!(policy.set(&mut facts, "price", "6 EUR").is_ok());
}
