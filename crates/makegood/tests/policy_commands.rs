// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real binary on policies: exit codes, what is told, what is written.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SMALL: &str = "---
policy: parcels
version: 2026-01-01
language: en
title: Late parcels
---

## 1 Late {#1}

We pay if your parcel is more than {most} late. {rule: late.*}

```facts
late : int [0..] label: \"days late\"
```

```params
most = 3 label: \"days that may pass\"
```

```rule late.pay
when late > most
then pay
because \"It was {late} days late.\"
```

```rule late.wait
when late <= most
then wait
because \"It is not late yet.\"
```

```test four days
given late = 4
expect pay 1
```
";

fn run(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_makegood"))
        .arg("policy")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the binary runs")
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

fn root() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("../..")
}

/// A folder of one test with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("policies")
        .join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old folder");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

fn check(arguments: &[&str], folder: &Path, code: i32, words: &[&str]) {
    let output = run(arguments, folder);
    let told = out(&output) + &err(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
    for words in words {
        assert!(
            told.contains(words),
            "{arguments:?}: `{words}` not in\n{told}"
        );
    }
}

#[test]
fn the_reference_policy_is_proved_and_its_tests_pass_built_in_and_as_a_file() {
    let proved = "no gap, no overlap, no dead rule: proved over 31 facts";
    check(&["check", "--strict", "viplikes"], &root(), 0, &[proved]);
    check(
        &["check", "policies/viplikes/2025-10-02"],
        &root(),
        0,
        &[proved],
    );
    check(
        &[
            "test",
            "viplikes",
            "policies/viplikes/2025-10-02/policy.da.md",
        ],
        &root(),
        0,
        &["tests pass", "worked cases pass"],
    );
}

#[test]
fn a_policy_that_names_no_host_stands_alone() {
    let folder = folder("alone", &[("policy.md", SMALL)]);
    check(
        &["check", "policy.md"],
        &folder,
        0,
        &["proved over 1 fact, 2 rules"],
    );
    check(
        &["test", "policy.md"],
        &folder,
        0,
        &["policy.md: 1 test pass"],
    );
    check(
        &["explain", "policy.md"],
        &folder,
        0,
        &["at least 4", "late.pay"],
    );
    check(
        &["explain", "--markdown", "policy.md"],
        &folder,
        0,
        &["| `late.pay` |"],
    );
    check(&["cel", "policy.md"], &folder, 0, &["late > 3"]);
    check(
        &["page", "policy.md"],
        &folder,
        0,
        &["<h1>Late parcels</h1>"],
    );
    let tables = json(&run(&["explain", "--json", "policy.md"], &folder));
    assert_eq!(tables["tables"][0]["rows"][0]["when"]["late"], "at least 4");
    let cel = json(&run(&["cel", "--json", "policy.md"], &folder));
    assert_eq!(cel["rules"][0]["wins"], "late > 3");
}

#[test]
fn problems_are_underlined_and_counted_and_listed_for_programs() {
    let gap = SMALL.replacen("late <= most", "late < most", 1);
    let typo = SMALL.replacen("when late > most", "when later > most", 1);
    let folder = folder("problems", &[("gap.md", &gap), ("typo.md", &typo)]);
    check(
        &["check", "gap.md"],
        &folder,
        1,
        &["gap.md:", "error[gap]", "1 gap", "late is 3"],
    );
    check(
        &["check", "typo.md"],
        &folder,
        1,
        &["typo.md:21:6", "^^^^^", "nothing can be proved"],
    );
    let report = json(&run(&["check", "--json", "gap.md", "typo.md"], &folder));
    assert_eq!(
        (&report[0]["proved"], &report[1]["proved"]),
        (&Value::Bool(false), &Value::Bool(false))
    );
    let problem = &report[0]["problems"][0];
    assert_eq!(
        (&problem["code"], &problem["severity"]),
        (&"gap".into(), &"error".into())
    );
    assert!(
        problem["witness"]["test"]
            .as_str()
            .is_some_and(|test| test.contains("late = 3"))
    );
    assert_eq!(report[1]["problems"][0]["place"]["line"], 21);
    // Nothing can be decided with a policy that has errors.
    let output = run(&["explain", "typo.md"], &folder);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("^^^^^"), "{}", err(&output));
}

#[test]
fn warnings_count_only_where_that_is_asked_for() {
    let loose = SMALL.replacen("We pay", "You must write within 9 days. We pay", 1);
    let folder = folder("warnings", &[("policy.md", &loose)]);
    check(&["check", "policy.md"], &folder, 0, &["warning", "proved"]);
    check(
        &["check", "--strict", "policy.md"],
        &folder,
        1,
        &["warning"],
    );
}

#[test]
fn a_test_that_fails_is_shown_with_what_was_found() {
    let wrong = SMALL.replacen("expect pay 1", "expect wait 1", 1);
    let cases = "# Cases\n\n## Late\n\n| late | decision | clause |\n|---|---|---|\n| 4 | pay | 1 |\n| 3 | pay | 1 |\n";
    let folder = folder("tests", &[("policy.md", &wrong), ("cases.md", cases)]);
    check(
        &["test", "policy.md"],
        &folder,
        1,
        &[
            "four days",
            "`pay 1 by late.pay`",
            "1 of 1 test fail",
            "cases.md:8",
            "1 of 2 worked cases fail",
        ],
    );
    let report = json(&run(&["test", "--json", "policy.md"], &folder));
    assert_eq!(report[0]["tests"][0]["passed"], false);
    assert_eq!(report[0]["worked"]["cases"][0]["passed"], true);
    assert_eq!(report[0]["worked"]["cases"][1]["passed"], false);
}

#[test]
fn formatting_writes_in_place_once_and_check_only_looks() {
    let untidy = SMALL.replacen("when late > most\n", "when   late>most\n", 1);
    let folder = folder(
        "fmt",
        &[
            ("policy.md", &untidy),
            (
                "bad.md",
                "---\npolicy: p\n---\n## 1 A {#1}\n```rule a\nwhen (\n```\n",
            ),
        ],
    );
    let text = || std::fs::read_to_string(folder.join("policy.md")).expect("a file");
    check(
        &["fmt", "--check", "policy.md"],
        &folder,
        1,
        &["policy.md: would change"],
    );
    assert_eq!(text(), untidy);
    check(&["fmt", "policy.md"], &folder, 0, &["policy.md: formatted"]);
    assert!(text().contains("when late > most\n"));
    check(&["fmt", "--check", "policy.md"], &folder, 0, &[]);
    check(&["fmt", "bad.md"], &folder, 2, &["bad.md:"]);
    assert_eq!(
        std::fs::read_dir(&folder).expect("a folder").count(),
        2,
        "nothing is left beside"
    );
}

#[test]
fn the_order_of_asking_is_printed_or_put_into_the_front_matter() {
    let folder = folder("order", &[("policy.md", SMALL)]);
    check(&["order", "policy.md"], &folder, 0, &["order: late\n"]);
    check(
        &["order", "--write", "policy.md"],
        &folder,
        0,
        &["order written"],
    );
    let text = std::fs::read_to_string(folder.join("policy.md")).expect("a file");
    assert_eq!(
        text,
        SMALL.replacen(
            "title: Late parcels\n",
            "title: Late parcels\norder: late\n",
            1
        )
    );
    check(
        &["order", "--write", "policy.md"],
        &folder,
        0,
        &["has this order already"],
    );
    check(
        &["order", "--write", "viplikes"],
        &folder,
        2,
        &["is built in"],
    );
}

#[test]
fn two_versions_decide_alike_or_each_class_of_changes_is_told() {
    let later = SMALL.replacen("most = 3", "most = 4", 1);
    let folder = folder("diff", &[("old.md", SMALL), ("new.md", &later)]);
    check(
        &["diff", "old.md", "old.md"],
        &folder,
        0,
        &["decide alike: proved"],
    );
    let words = [
        "before  pay",
        "after   wait",
        "days late is 4",
        "as in   late = 4",
        "1 class",
    ];
    check(&["diff", "old.md", "new.md"], &folder, 1, &words);
    let diff = json(&run(&["diff", "--json", "old.md", "new.md"], &folder));
    assert_eq!(diff["alike"], false);
    assert_eq!(diff["changes"][0]["example"][0]["value"], "4");
    let own = "policies/viplikes/2025-10-02/policy.da.md";
    check(
        &["diff", "viplikes@2025-10-02", own],
        &root(),
        0,
        &["decide alike"],
    );
    check(
        &["diff", "viplikes@2024-10-02", own],
        &root(),
        2,
        &["there is 2025-10-02"],
    );
}

#[test]
fn a_translation_leads_to_its_policy_and_its_language() {
    let root = root();
    let page = |arguments: &[&str]| out(&run(arguments, &root));
    let english = page(&["page", "policies/viplikes/2025-10-02/policy.en.md"]);
    assert!(english.contains("<html lang=\"en\""));
    assert_eq!(english, page(&["page", "--lang", "en", "viplikes"]));
    assert!(page(&["page", "viplikes@2025-10-02"]).contains("<html lang=\"da\""));
    let folder = folder("page", &[]);
    let file = folder.join("page.html");
    check(
        &[
            "page",
            "--lang",
            "en",
            "--output",
            file.to_str().expect("a path"),
            "viplikes",
        ],
        &root,
        0,
        &[],
    );
    assert_eq!(std::fs::read_to_string(file).expect("a file"), english);
    check(
        &["page", "--lang", "fr", "viplikes"],
        &root,
        2,
        &["there is da, en"],
    );
}

#[test]
fn what_cannot_be_used_ends_with_2_and_a_message_that_no_terminal_obeys() {
    let hostile = SMALL
        .replacen("when late > most", "when l\u{1b}[2Jate > most", 1)
        .replacen("Late parcels", "Late \u{9b}2J", 1);
    let folder = folder(
        "unusable",
        &[("policy.md", SMALL), ("hostile.md", &hostile)],
    );
    std::fs::write(folder.join("latin.md"), b"---\npolicy: p\xe6\n---\n").expect("a file");
    check(
        &["check", "nothing.md"],
        &folder,
        2,
        &["no built-in policy and no file is called `nothing.md`"],
    );
    check(
        &["check", "latin.md"],
        &folder,
        2,
        &["latin.md: is not UTF-8: byte 13"],
    );
    check(
        &["check", "nothing.md", "policy.md"],
        &folder,
        2,
        &["proved"],
    );
    check(&["check"], &folder, 2, &["Usage"]);
    let output = run(&["check", "hostile.md"], &folder);
    assert_eq!(output.status.code(), Some(1));
    for text in [
        out(&output),
        err(&output),
        out(&run(&["explain", "hostile.md"], &folder)),
    ] {
        assert!(
            text.chars()
                .all(|character| character == '\n' || !character.is_control()),
            "{text:?}"
        );
    }
}
