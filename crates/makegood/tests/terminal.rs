// SPDX-License-Identifier: MIT OR Apache-2.0
//! The page of a decision: what it looks like, and what it never does.
//!
//! Pages stand in `tests/pages`; with `MAKEGOOD_BLESS=1` they are written anew, to be read before they are kept.

use std::path::{Path, PathBuf};

use makegood::built_in::rulebooks;
use makegood::reasons::{Reasons, edition};
use makegood::terminal::{Style, page};
use makegood::texts;
use makegood::wire::read_case;
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_policy::fact::Disclose;
use makegood_policy::phrase::Tongue;
use unicode_width::UnicodeWidthStr as _;

const CASES: &str = include_str!("contract/cases.ndjson");

fn viplikes() -> Rulebook {
    let mut books = rulebooks("viplikes").expect("a built-in policy");
    books.pop().expect("a version")
}

fn plain(width: usize) -> Style {
    Style {
        colour: false,
        width,
    }
}

fn render(book: &Rulebook, case: &str, language: &str, audience: Disclose, style: Style) -> String {
    let case = read_case(case.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{case}"));
    let decision = book.decide(&mut Workspace::default(), &case);
    let edition = edition(book.policy(), Some(language));
    let reasons = Reasons::of(book, &case, &decision, edition, audience);
    page(book, &case, &decision, &reasons, edition, style)
}

/// A case by its name: an example's, or the number of one of the contract's.
fn case(name: &str) -> String {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"));
    match name
        .strip_prefix("EX-")
        .and_then(|number| number.parse::<usize>().ok())
    {
        Some(number) => CASES.lines().nth(number - 1).expect("a case").to_owned(),
        None => {
            let path = root
                .join("../../examples/cases")
                .join(name)
                .with_extension("json");
            std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()))
        }
    }
}

/// Case, language, for whom.
const PAGES: [(&str, &str, &str); 16] = [
    ("partial-delivery", "en", "agent"),
    ("partial-delivery", "da", "customer"),
    ("drop-after-guarantee", "da", "agent"),
    ("drop-under-guarantee", "en", "agent"),
    ("drop-under-guarantee", "en", "customer"),
    ("nothing-started", "da", "agent"),
    ("renewal", "en", "agent"),
    ("chargeback", "da", "agent"),
    ("chargeback", "en", "customer"),
    ("account-login-seen", "da", "customer"),
    ("wrong-target", "en", "agent"),
    ("EX-001", "en", "agent"),
    ("EX-041", "da", "agent"),
    ("EX-058", "da", "agent"),
    ("EX-146", "en", "agent"),
    ("EX-264", "da", "agent"),
];

fn pages() -> PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("tests/pages")
}

fn file_name((name, language, who): (&str, &str, &str)) -> String {
    format!("{name}.{language}.{who}.txt")
}

#[test]
fn pages_look_as_they_did_when_somebody_read_them() {
    let book = viplikes();
    let bless = std::env::var_os("MAKEGOOD_BLESS").is_some();
    let mut changed = Vec::new();
    for entry in PAGES {
        let (name, language, who) = entry;
        let audience = match who {
            "customer" => Disclose::Customer,
            _ => Disclose::Agent,
        };
        let found = render(&book, &case(name), language, audience, plain(80));
        let path = pages().join(file_name(entry));
        if bless {
            std::fs::write(&path, &found).expect("a page is written");
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            let differs = |(a, b): (&str, &str)| (a != b).then(|| format!("- {b}\n+ {a}"));
            let first = found.lines().zip(expected.lines()).find_map(differs);
            changed.push(format!(
                "{}\n{}",
                path.display(),
                first.unwrap_or_else(|| "one of them ends earlier".to_owned())
            ));
        }
    }
    assert!(
        changed.is_empty(),
        "pages look otherwise; read them, and keep them with MAKEGOOD_BLESS=1\n{}",
        changed.join("\n")
    );
}

#[test]
fn no_page_is_left_over() {
    let wanted: Vec<String> = PAGES.into_iter().map(file_name).collect();
    for entry in std::fs::read_dir(pages()).expect("a folder of pages") {
        let name = entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(wanted.contains(&name), "{name} belongs to no test");
    }
}

/// Sequences of ours: bold, dim and one of four colours, and back.
fn without_ours(page: &str) -> String {
    let mut out = page.to_owned();
    for code in [
        "0", "1", "2", "31", "32", "35", "36", "1;31", "1;32", "1;35", "1;36",
    ] {
        out = out.replace(&format!("\u{1b}[{code}m"), "");
    }
    out
}

fn is_clean(page: &str) -> bool {
    !page.chars().any(|c| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    })
}

fn all_fit(page: &str, width: usize) -> Result<(), String> {
    match page.lines().find(|line| line.width() > width) {
        Some(line) => Err(format!("{} of {width}: {line}", line.width())),
        None => Ok(()),
    }
}

#[test]
fn every_example_of_the_contract_has_a_page_in_both_languages() {
    let book = viplikes();
    for text in CASES.lines() {
        for (language, not) in [
            ("en", ["{", "an unknown number", "does not exist"]),
            ("da", ["{", "ukendt antal", "findes ikke"]),
        ] {
            for audience in [Disclose::Customer, Disclose::Agent] {
                let page = render(&book, text, language, audience, plain(80));
                for word in not {
                    assert!(!page.contains(word), "{word}\n{page}");
                }
                for gap in ["[]", "()", "“”", "»«", " ,", " ;", ": ;", " .\n", "\n\n\n"] {
                    assert!(!page.contains(gap), "{gap:?}\n{page}");
                }
                assert!(
                    !page.starts_with('\n') && page.ends_with('\n') && !page.ends_with("\n\n"),
                    "{page}"
                );
                assert!(page.lines().all(|line| line.trim_end() == line), "{page}");
                // A label never stands alone.
                assert!(!page.contains(":\n\n") && !page.ends_with(":\n"), "{page}");
                assert!(is_clean(&page), "{page}");
                if let Err(problem) = all_fit(&page, 80) {
                    panic!("{problem}\n{page}");
                }
            }
        }
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let book = viplikes();
    for text in CASES.lines().step_by(5) {
        for language in ["en", "da"] {
            let case = read_case(text.as_bytes()).expect("a case");
            let decision = book.decide(&mut Workspace::default(), &case);
            let edition = edition(book.policy(), Some(language));
            let reasons = Reasons::of(&book, &case, &decision, edition, Disclose::Agent);
            for width in [24, 30, 40, 57, 64, 72, 100, 132] {
                let page = page(&book, &case, &decision, &reasons, edition, plain(width));
                if let Err(problem) = all_fit(&page, width) {
                    panic!("{problem}\n{page}");
                }
            }
        }
    }
}

#[test]
fn colour_adds_nothing_but_colour() {
    let book = viplikes();
    for text in CASES.lines().step_by(7) {
        for language in ["en", "da"] {
            let style = Style {
                colour: true,
                width: 80,
            };
            let coloured = render(&book, text, language, Disclose::Agent, style);
            let uncoloured = render(&book, text, language, Disclose::Agent, plain(80));
            assert!(coloured.contains('\u{1b}'));
            assert_eq!(without_ours(&coloured), uncoloured);
        }
    }
}

/// Everything that somebody else writes into a case file, as bad as can be.
const HOSTILE: &str = "\\u001b[2J\\u001b]0;pwned\\u0007\\u202etxt.exe\\u2066\\u200b\\r\\n\\u0085\\u009b31m\\ufeff\\u0000 e\\u0301\\u0301\\u0301\\u0301\\u0301 日本語 {number} {amount}";

#[test]
fn nothing_that_a_case_file_says_reaches_the_terminal_raw() {
    let book = viplikes();
    let mut tried = 0;
    for text in CASES.lines().take(280).step_by(4) {
        let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let bad: String = serde_json::from_str(&format!("\"{HOSTILE}\"")).expect("JSON");
        value["order"]["number"] = bad.clone().into();
        value["order"]["service"]["name"] = bad.repeat(9).into();
        value["order"]["service"]["unit"] = bad.clone().into();
        value["claim"]["message"] = bad.repeat(90).into();
        // Names that have to agree stay equal, as they are all replaced alike.
        rename(&mut value, &bad);
        let text = value.to_string();
        if read_case(text.as_bytes()).is_err() {
            continue;
        }
        tried += 1;
        for (language, colour) in [("en", false), ("da", true)] {
            let style = Style { colour, width: 80 };
            let page = render(&book, &text, language, Disclose::Agent, style);
            assert!(is_clean(&without_ours(&page)), "{page:?}");
            assert!(
                page.contains("\\u{202e}") && page.contains("{number}"),
                "{page}"
            );
            if let Err(problem) = all_fit(&without_ours(&page), 80) {
                panic!("{problem}\n{page}");
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

fn rename(value: &mut serde_json::Value, bad: &str) {
    match value {
        serde_json::Value::Object(fields) => {
            for (key, field) in fields {
                match field {
                    serde_json::Value::String(name)
                        if matches!(key.as_str(), "account" | "payment" | "id") =>
                    {
                        name.push_str(bad);
                    }
                    field => rename(field, bad),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| rename(item, bad)),
        _ => {}
    }
}

#[test]
fn a_customer_is_told_nothing_that_the_policy_keeps_back() {
    let book = viplikes();
    let policy = book.policy();
    let mut kept_back = 0;
    for text in CASES.lines() {
        // The facts are the same in every language.
        for language in ["en"] {
            let edition = edition(policy, Some(language));
            let case = read_case(text.as_bytes()).expect("a case");
            let decision = book.decide(&mut Workspace::default(), &case);
            let reasons = Reasons::of(&book, &case, &decision, edition, Disclose::Customer);
            let page = page(&book, &case, &decision, &reasons, edition, plain(80));
            let secret = |name: &str| {
                let id = policy.fact(name).expect("a fact");
                policy.fact_def(id).disclose != Disclose::Customer
            };
            assert!(!reasons.used.iter().any(|used| secret(&used.fact)));
            assert!(!reasons.facts.keys().any(|name| secret(name)));
            assert!(!reasons.sufficient.iter().any(|held| secret(&held.fact)));
            for text in [texts::DO_FLAG, texts::HEAD_SUGGESTIONS] {
                assert!(!page.contains(text.say(Tongue::of(language))), "{page}");
            }
            // What a colleague is asked is not the customer's to answer.
            for question in reasons
                .questions
                .iter()
                .filter(|question| question.who != "customer")
            {
                let begin: String = question.ask.chars().take(30).collect();
                assert!(!page.contains(&begin), "{page}");
                kept_back += 1;
            }
        }
    }
    assert!(kept_back > 100, "{kept_back}");
}

#[test]
fn both_languages_leave_the_same_places_open() {
    let places = |text: &str| -> Vec<String> {
        let mut places: Vec<String> = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
            .collect();
        places.sort();
        places
    };
    for (name, text) in texts::ALL {
        assert_eq!(places(text.danish), places(text.english), "{name}");
        assert!(
            !text.danish.is_empty() && !text.english.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn figures_of_a_sum_stand_point_below_point() {
    let page = render(
        &viplikes(),
        &case("partial-delivery"),
        "en",
        Disclose::Agent,
        plain(80),
    );
    let points: Vec<usize> = page
        .lines()
        .filter(|line| line.contains("EUR 12.4"))
        .filter(|line| {
            line.starts_with("  share")
                || line.starts_with("  rounded")
                || line.starts_with("  to be")
        })
        .filter_map(|line| line.split_once("EUR 12.").map(|(before, _)| before.width()))
        .collect();
    assert_eq!(points.len(), 3, "{page}");
    assert!(points.windows(2).all(|pair| pair[0] == pair[1]), "{page}");
}
