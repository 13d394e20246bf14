// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real binary on case files: pages, JSON, messages, exit codes.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("../..")
}

fn makegood(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_makegood"));
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null());
    for name in [
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "LC_ALL",
        "LC_MESSAGES",
        "LANG",
        "COLUMNS",
    ] {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    makegood(arguments).output().expect("the binary runs")
}

fn run_with(arguments: &[&str], input: &[u8]) -> Output {
    let mut command = makegood(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input)
        .expect("it reads");
    child.wait_with_output().expect("it ends")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&out(output)).expect("JSON")
}

fn example(name: &str) -> String {
    format!("examples/cases/{name}.json")
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(root().join(example(name))).expect("an example")
}

/// The table of `examples/README.md`.
const EXAMPLES: [(&str, &str, Option<&str>, Option<u64>); 8] = [
    ("account-login-seen", "declined", Some("5.9"), None),
    ("chargeback", "contest", Some("6"), None),
    ("drop-after-guarantee", "declined", Some("5.4"), None),
    ("drop-under-guarantee", "needs_information", None, None),
    ("nothing-started", "refund", Some("5.1"), Some(1490)),
    (
        "partial-delivery",
        "partial_refund",
        Some("5.10"),
        Some(1248),
    ),
    ("renewal", "refund", Some("5.11"), Some(990)),
    ("wrong-target", "review", Some("5.6"), None),
];

#[test]
fn each_example_case_comes_to_what_its_table_says() {
    for (name, outcome, clause, minor) in EXAMPLES {
        let output = run(&["decide", "--policy", "viplikes", "--json", &example(name)]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
        let decision = json(&output);
        assert_eq!(decision["outcome"], outcome, "{name}");
        assert_eq!(decision["clause"].as_str(), clause, "{name}");
        assert_eq!(
            decision["remedies"][0]["amount"]["amount"].as_u64(),
            minor,
            "{name}"
        );
        assert!(
            decision["because"]
                .as_str()
                .is_some_and(|because| !because.is_empty()),
            "{name}"
        );
    }
    let fraud = json(&run(&["decide", "--json", &example("chargeback")]));
    assert_eq!(fraud["remedies"][1]["kind"], "flag_friendly_fraud");
    let asked = json(&run(&[
        "decide",
        "--json",
        "--lang",
        "en",
        "--audience",
        "agent",
        &example("drop-under-guarantee"),
    ]));
    let missing = asked["missing"].as_array().expect("a list");
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0]["ask"], "technical_team");
    assert!(
        missing[0]["question"]
            .as_str()
            .is_some_and(|question| question.contains('?'))
    );
}

#[test]
fn a_page_for_each_file_and_colours_only_where_they_are_wanted() {
    let (one, two) = (example("partial-delivery"), example("chargeback"));
    let output = run(&["decide", "--lang", "en", &one, &two]);
    assert_eq!(output.status.code(), Some(0));
    let page = out(&output);
    assert!(
        page.contains("EUR 12.48")
            && page.contains("5.10")
            && page.contains("partial-delivery.json")
            && page.contains("chargeback.json")
    );
    assert!(!page.contains('\u{1b}'), "standard output is no terminal");
    let forced = makegood(&["decide", &one])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .expect("it runs");
    assert!(out(&forced).contains('\u{1b}'));
    let both = makegood(&["decide", &one])
        .env("CLICOLOR_FORCE", "1")
        .env("NO_COLOR", "1")
        .output();
    assert!(!out(&both.expect("it runs")).contains('\u{1b}'));
}

#[test]
fn a_page_is_in_the_language_that_was_asked_for_or_that_the_terminal_speaks() {
    let case = example("partial-delivery");
    let page = |language: &str| {
        let output = makegood(&["decide", &case]).env("LANG", language).output();
        out(&output.expect("it runs"))
    };
    assert_eq!(
        page("da_DK.UTF-8"),
        out(&run(&["decide", "--lang", "da", &case]))
    );
    assert_eq!(page("C"), out(&run(&["decide", "--lang", "en", &case])));
    assert_ne!(page("C"), page("da"));
    // What is stored for customers does not depend on who asks.
    let own = json(&run(&["decide", "--json", &case]));
    assert_eq!(
        own,
        json(&run(&["decide", "--json", "--lang", "da", &case]))
    );
    let none = run(&["decide", "--lang", "tlh", &case]);
    assert_eq!(none.status.code(), Some(2));
    assert!(
        err(&none).contains("is not written in `tlh`: there is da, en"),
        "{}",
        err(&none)
    );
}

#[test]
fn several_files_as_json_are_a_line_each_and_the_essentials_leave_the_reasons_out() {
    let output = run(&[
        "decide",
        "--json",
        "--no-reasons",
        &example("renewal"),
        &example("chargeback"),
    ]);
    let text = out(&output);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].get("because").is_none() && lines[0].get("facts").is_none());
    assert_eq!(lines[1]["outcome"], "contest");
}

#[test]
fn a_case_that_cannot_be_read_is_told_with_its_place_and_the_others_are_decided() {
    let folder = folder("unreadable");
    let bad = folder.join("bad.json");
    let text = text_of("partial-delivery").replacen("\"quantity\": 1000", "\"quantity\": -1", 1);
    std::fs::write(&bad, text).expect("a file");
    let bad = bad.to_str().expect("a path");
    let output = run(&[
        "decide",
        "--lang",
        "en",
        bad,
        "no-such-file.json",
        &example("chargeback"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let told = err(&output);
    assert!(
        told.contains("bad.json at /order/quantity: `order.quantity` is -1; write a whole number"),
        "{told}"
    );
    assert!(
        told.contains("no-such-file.json: cannot be read: "),
        "{told}"
    );
    assert!(out(&output).contains("chargeback.json"));
    let output = run(&["decide", "--json", bad]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(json(&output)["error"]["pointer"], "/order/quantity");
}

#[test]
fn a_case_comes_from_standard_input_too() {
    let text = text_of("renewal");
    for arguments in [&["decide", "--json"][..], &["decide", "--json", "-"]] {
        let output = run_with(arguments, text.as_bytes());
        assert_eq!(json(&output)["outcome"], "refund");
    }
    let output = run_with(&["decide"], b"");
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("standard input: the case is empty"));
}

#[test]
fn a_policy_that_is_not_there_is_an_error_that_names_those_there_are() {
    let case = example("renewal");
    let table = [
        ("viplikes@2025-10-02", 0, ""),
        (
            "viplikes@2031-01-01",
            2,
            "`viplikes` has no version `2031-01-01`: there is 2025-10-02",
        ),
        (
            "viplikes@",
            2,
            "`viplikes` has no version ``: there is 2025-10-02",
        ),
        (
            "vip",
            2,
            "no built-in policy and no file is called `vip`: built in are `viplikes@2025-10-02`",
        ),
        ("README.md", 2, "begin the file with `---`"),
        ("policies/viplikes/2025-10-02/policy.da.md", 0, ""),
        ("policies/viplikes/2025-10-02/policy.en.md", 0, ""),
        ("policies/viplikes/2025-10-02", 0, ""),
    ];
    for (policy, code, words) in table {
        let output = run(&[
            "decide", "--json", "--lang", "en", "--policy", policy, &case,
        ]);
        let told = err(&output);
        assert_eq!(output.status.code(), Some(code), "{policy}: {told}");
        assert!(told.contains(words), "{policy}: {told}");
        assert_eq!(
            code == 0,
            out(&output).contains("\"outcome\": \"refund\""),
            "{policy}"
        );
    }
}

#[test]
fn an_order_from_before_the_first_version_is_an_error_unless_a_version_is_pinned() {
    let text = text_of("renewal").replacen("\"placed_at\": \"20", "\"placed_at\": \"19", 1);
    let output = run_with(&["decide", "--json"], text.as_bytes());
    assert_eq!(output.status.code(), Some(2));
    let error = &json(&output)["error"];
    assert_eq!(
        (error["type"].as_str(), error["pointer"].as_str()),
        (Some("no_version"), Some("/order/placed_at"))
    );
    assert!(
        error["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("2025-10-02"))
    );
    let pinned = run_with(
        &["decide", "--json", "--policy", "viplikes@2025-10-02"],
        text.as_bytes(),
    );
    assert_eq!(pinned.status.code(), Some(0), "{}", err(&pinned));
}

#[test]
fn nothing_that_a_terminal_obeys_comes_out_raw() {
    let odd = "\u{1b}]0;gotcha\u{7}\u{9b}2J\u{202e}";
    let escaped = odd.chars().fold(String::new(), |text, character| {
        text + &format!("\\u{:04x}", u32::from(character))
    });
    let text = text_of("partial-delivery").replacen(
        "\"number\": \"",
        &format!("\"number\": \"{escaped}"),
        1,
    );
    assert!(text.contains("\\u001b"));
    for arguments in [&["decide", "--lang", "en"][..], &["decide", "--json"]] {
        let output = run_with(arguments, text.as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", err(&output));
        let said = out(&output);
        assert!(
            !odd.chars()
                .filter(|character| !character.is_ascii_graphic())
                .any(|character| said.contains(character)),
            "{said}"
        );
    }
    let unknown = text.replacen("\"claim\"", "\"cl\\u009baim\"", 1);
    let output = run_with(&["decide"], unknown.as_bytes());
    assert!(
        err(&output)
            .chars()
            .all(|character| character == '\n' || !character.is_control()),
        "{}",
        err(&output)
    );
    let output = run(&["decide", "--policy", odd, &example("renewal")]);
    assert!(err(&output).contains("\\u{1b}"));
}

#[test]
fn what_cannot_be_understood_ends_with_2_and_help_with_0() {
    for arguments in [
        &["decide", "--no-such-flag"][..],
        &["decide", "--jobs", "0", "--ndjson"],
        &["decide", "--json", "--ndjson"],
        &["decide", "--no-reasons"],
        &["decid"],
        &["policy"],
        &[],
    ] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert!(err(&run(&["decid"])).contains("'decide'"));
    for arguments in [
        &["--help"][..],
        &["decide", "--help"],
        &["policy", "check", "--help"],
        &["--version"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(out(&output).contains("makegood"));
    }
    assert!(out(&run(&["completions", "bash"])).contains("_makegood"));
}

/// An empty folder for one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("cli")
        .join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old folder");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
