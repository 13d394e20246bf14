// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real binary on streams: order, errors in their place, bounds.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::thread;

use serde_json::Value;

const CASES: &str = include_str!("contract/cases.ndjson");
const DECISIONS: &str = include_str!("contract/decisions.ndjson");

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_makegood"))
        .args(["decide", "--ndjson"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

/// Feeds a stream from the side, so that neither pipe fills up.
fn answers(arguments: &[&str], input: Vec<u8>) -> Vec<Value> {
    let mut child = start(arguments);
    let mut pipe = child.stdin.take().expect("a pipe");
    let feeder = thread::spawn(move || pipe.write_all(&input).expect("it reads"));
    let output = child.wait_with_output().expect("it ends");
    feeder.join().expect("fed");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!((output.status.code(), told.as_str()), (Some(0), ""));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// What the contract fixes of a decision.
fn essence(decision: &Value) -> (Value, Value, Vec<String>, Vec<String>) {
    let sorted = |name: &str, keep: &[&str]| {
        let items = decision[name].as_array().cloned().unwrap_or_default();
        let kept = items.iter().map(|item| {
            let fields = keep
                .iter()
                .filter_map(|key| Some(format!("{key}={}", item.get(key)?)));
            fields.collect::<Vec<_>>().join(" ")
        });
        let mut kept: Vec<String> = kept.collect();
        kept.sort();
        kept
    };
    let remedies = sorted(
        "remedies",
        &["kind", "units", "amount", "account", "dispute"],
    );
    (
        decision["outcome"].clone(),
        decision["clause"].clone(),
        remedies,
        sorted("missing", &["fact", "ask"]),
    )
}

#[test]
fn every_example_of_the_contract_is_answered_as_it_says_with_and_without_reasons() {
    let expected: Vec<Value> = DECISIONS
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    for arguments in [
        &["--no-reasons", "--jobs", "1"][..],
        &["--jobs", "1"],
        &["--jobs", "4", "--lang", "en", "--audience", "agent"],
    ] {
        let found = answers(arguments, CASES.as_bytes().to_vec());
        assert_eq!(found.len(), 280);
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(essence(found), essence(expected), "{}", expected["order"]);
        }
    }
}

#[test]
fn the_order_is_kept_by_many_workers_and_errors_stand_in_their_place() {
    let mut lines: Vec<String> = Vec::new();
    for round in 0..40 {
        for (at, case) in CASES.lines().enumerate() {
            let number = format!("\"number\": \"R{round}-{at}");
            lines.push(case.replacen("\"number\": \"EX", &number, 1));
            if at % 7 == 0 {
                lines.push(format!("{{\"round\": {round}}}"));
            }
        }
    }
    let found = answers(
        &["--jobs", "8", "--no-reasons"],
        (lines.join("\n") + "\n").into_bytes(),
    );
    assert_eq!(found.len(), lines.len());
    for (line, answer) in lines.iter().zip(&found) {
        let case: Value = serde_json::from_str(line).expect("JSON");
        if case["order"].is_null() {
            assert_eq!(answer["error"]["type"], "unknown_field");
            assert_eq!(answer["error"]["pointer"], "/round");
        } else {
            assert_eq!(answer["order"], case["order"]["number"]);
        }
    }
}

#[test]
fn each_line_has_its_answer_whatever_stands_in_it() {
    let case = CASES.lines().next().expect("a case");
    let early = case.replacen("\"placed_at\": \"2025", "\"placed_at\": \"2024", 1);
    let mut input = Vec::new();
    let lines: [(&[u8], &str); 8] = [
        (case.as_bytes(), ""),
        (b"", "bad_json"),
        (b"   ", "bad_json"),
        (b"\xff\xfe", "not_utf8"),
        (early.as_bytes(), "no_version"),
        (b"[1, 2]", "wrong_type"),
        (b"{\"as_of\": 1, \"as_of\": 2}", ""),
        (case.as_bytes(), ""),
    ];
    for (line, _) in lines {
        input.extend_from_slice(line);
        input.extend_from_slice(b"\r\n");
    }
    // The last line needs no line break.
    input.extend_from_slice(case.as_bytes());
    for jobs in ["1", "3"] {
        let found = answers(&["--jobs", jobs], input.clone());
        assert_eq!(found.len(), 9);
        for ((line, kind), answer) in lines.iter().zip(&found) {
            if *line == case.as_bytes() {
                assert_eq!(answer["order"], "EX-001");
            } else {
                assert!(
                    answer["error"]["type"]
                        .as_str()
                        .is_some_and(|found| kind.is_empty() || found == *kind),
                    "{answer}"
                );
                assert!(
                    answer["error"]["detail"].is_string() && answer["error"]["pointer"].is_string()
                );
            }
        }
        assert_eq!(found[8]["order"], "EX-001");
    }
    assert!(answers(&[], Vec::new()).is_empty());
}

#[test]
fn a_line_longer_than_any_case_is_an_error_and_is_not_kept() {
    let case = CASES.lines().next().expect("a case").as_bytes().to_vec();
    let long = 200_usize << 20;
    for jobs in ["1", "2"] {
        let mut child = start(&["--no-reasons", "--jobs", jobs]);
        let mut pipe = child.stdin.take().expect("a pipe");
        let case = case.clone();
        let feeder = thread::spawn(move || {
            let part = vec![b' '; 1 << 20];
            pipe.write_all(&case).expect("it reads");
            pipe.write_all(b"\n").expect("it reads");
            for _ in 0..(long >> 20) {
                pipe.write_all(&part).expect("it reads");
            }
            pipe.write_all(b"\n").expect("it reads");
            pipe.write_all(&case).expect("it reads");
            pipe
        });
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut next = || -> Value {
            serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON")
        };
        assert_eq!(next()["order"], "EX-001");
        assert_eq!(next()["error"]["type"], "too_long");
        let pipe = feeder.join().expect("fed");
        if let Some(peak) = peak_kilobytes(child.id()) {
            assert!(peak < 120_000, "{peak} kB at the peak");
        }
        drop(pipe);
        assert_eq!(next()["order"], "EX-001");
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn a_long_case_that_is_wrong_is_told_in_its_place_without_a_tree_of_it() {
    let numbers = "0,".repeat(4 << 20);
    let mut input = format!("{{\"as_of\": [{numbers}0]}}\n");
    input.push_str(&format!(
        "{{\"evidence\": [{}1]}}\n",
        "{\"kind\":1},".repeat(1 << 18)
    ));
    input.push_str(&format!("{}\n", "[".repeat(2 << 20)));
    input.push_str(&format!("{{\"a\": 1, {}\n", " ".repeat(2 << 20)));
    let found = answers(&["--jobs", "2"], input.into_bytes());
    let expected = [
        ("wrong_type", "/as_of"),
        ("wrong_type", "/evidence/0/kind"),
        ("wrong_type", ""),
        ("unknown_field", "/a"),
    ];
    for (answer, (kind, pointer)) in found.iter().zip(expected) {
        assert_eq!(answer["error"]["type"], kind, "{answer}");
        assert_eq!(answer["error"]["pointer"], pointer, "{answer}");
    }
    assert_eq!(found.len(), 4);
}

/// The most memory that a process has had, where the system tells.
fn peak_kilobytes(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn an_answer_comes_as_soon_as_its_line_is_there() {
    for jobs in ["1", "4"] {
        let mut child = start(&["--no-reasons", "--jobs", jobs]);
        let mut pipe = child.stdin.take().expect("a pipe");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        for case in CASES.lines().take(3) {
            pipe.write_all(case.as_bytes()).expect("it reads");
            pipe.write_all(b"\n").expect("it reads");
            pipe.flush().expect("it reads");
            let answer: Value =
                serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON");
            assert!(answer["outcome"].is_string());
        }
        drop(pipe);
        assert!(lines.next().is_none());
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_run_quietly_even_while_more_may_come() {
    for jobs in ["1", "4"] {
        let mut child = start(&["--no-reasons", "--jobs", jobs]);
        let mut pipe = child.stdin.take().expect("a pipe");
        let mut output = child.stdout.take().expect("a pipe");
        let mut byte = [0];
        pipe.write_all(CASES.as_bytes()).expect("it reads");
        output.read_exact(&mut byte).expect("an answer");
        drop(output);
        // Nobody reads any more: sooner or later writing fails there, and then here.
        while pipe.write_all(CASES.as_bytes()).is_ok() {}
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0));
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn several_streams_are_one_and_a_stream_that_is_not_there_ends_the_run_with_2() {
    let path = format!(
        "{}/tests/contract/cases.ndjson",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    let output = Command::new(env!("CARGO_BIN_EXE_makegood"))
        .args([
            "decide",
            "--ndjson",
            "--no-reasons",
            &path,
            &path,
            "no-such-stream.ndjson",
        ])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        output.stdout.iter().filter(|byte| **byte == b'\n').count(),
        560
    );
    assert!(
        String::from_utf8_lossy(&output.stderr)
            .starts_with("no-such-stream.ndjson: cannot be read: ")
    );
}
