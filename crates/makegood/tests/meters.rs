// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the program counts, as Prometheus reads it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use makegood::meters::{self, ALL, Kind, Meter, Reading};
use metrics::{Key, Label};

/// Every meter with every label, once.
fn everything() -> String {
    let (recorder, meters) = meters::recorder().expect("the bounds make sense");
    metrics::with_local_recorder(&recorder, || {
        meters::describe();
        for meter in ALL {
            let labels: Vec<Label> = meter
                .labels
                .iter()
                .map(|label| Label::new(*label, "word"))
                .collect();
            let key = Key::from_parts(meter.name, labels);
            count(meter, &key);
        }
        meters::request_answered("GET", "/v1/cases/{id}", 200, Duration::from_millis(3));
        let _running = meters::Inside::enter();
    });
    meters.tidy_up();
    let kept = ALL.iter().filter(|meter| meter.kind == Kind::Kept);
    let readings: Vec<Reading> = kept
        .map(|meter| Reading {
            meter: meter.name,
            word: meter.labels.first().map(|_| "word".to_owned()),
            value: 1,
        })
        .collect();
    meters.text() + &meters::shown(&readings)
}

fn count(meter: &Meter, key: &Key) {
    let metadata = metrics::Metadata::new("test", metrics::Level::INFO, None);
    metrics::with_recorder(|recorder| match meter.kind {
        Kind::Counter => recorder.register_counter(key, &metadata).increment(1),
        Kind::Gauge => recorder.register_gauge(key, &metadata).set(1.0),
        Kind::Kept => {}
        Kind::Histogram(_) => recorder.register_histogram(key, &metadata).record(0.7),
    });
}

#[test]
fn every_meter_is_named_as_prometheus_advises() {
    let mut names = BTreeSet::new();
    for meter in ALL {
        let name = meter.name;
        assert!(names.insert(name), "{name} twice");
        assert!(name.starts_with("makegood_"), "{name}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
            "{name}"
        );
        assert_eq!(
            name.ends_with("_total"),
            meter.kind == Kind::Counter,
            "{name}"
        );
        for part in name.split('_') {
            let abbreviated = [
                "ms",
                "sec",
                "milliseconds",
                "minutes",
                "hours",
                "days",
                "kb",
                "mb",
                "kib",
                "mib",
                "count",
                "sum",
                "bucket",
                "",
            ];
            assert!(!abbreviated.contains(&part), "{name}: {part}");
        }
        for label in meter.labels {
            assert!(
                ![
                    "le", "quantile", "job", "instance", "id", "case", "order", "customer"
                ]
                .contains(label),
                "{name}: {label}"
            );
            assert!(
                label
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_'),
                "{name}: {label}"
            );
        }
        let begins = meter.help.chars().next().is_some_and(char::is_uppercase)
            || meter.help.starts_with('1');
        assert!(
            begins && meter.help.ends_with('.'),
            "{name}: {}",
            meter.help
        );
    }
}

#[test]
fn every_meter_can_be_read_with_its_help_and_its_type() {
    let text = everything();
    for meter in ALL {
        let kind = match meter.kind {
            Kind::Counter => "counter",
            Kind::Gauge | Kind::Kept => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        for line in [
            format!("# HELP {} {}", meter.name, meter.help),
            format!("# TYPE {} {kind}", meter.name),
        ] {
            assert!(text.lines().any(|read| read == line), "{line}\n{text}");
        }
    }
    for line in [
        "makegood_http_requests_total{method=\"GET\",route=\"/v1/cases/{id}\",status=\"200\"} 1",
        "makegood_http_request_duration_seconds_bucket{method=\"GET\",route=\"/v1/cases/{id}\",le=\"0.0025\"} 0",
        "makegood_http_request_duration_seconds_bucket{method=\"GET\",route=\"/v1/cases/{id}\",le=\"0.005\"} 1",
    ] {
        assert!(text.lines().any(|read| read == line), "{line}\n{text}");
    }
    let version = format!(
        "makegood_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
    assert!(text.contains(&version), "{text}");
}

#[test]
fn what_has_no_labels_is_there_before_anything_happened() {
    let (recorder, meters) = meters::recorder().unwrap();
    metrics::with_local_recorder(&recorder, meters::describe);
    let text = meters.text();
    for meter in ALL
        .iter()
        .filter(|meter| meter.labels.is_empty())
        .filter(|meter| matches!(meter.kind, Kind::Counter | Kind::Gauge))
    {
        let line = format!("{} 0", meter.name);
        assert!(text.lines().any(|read| read == line), "{line}\n{text}");
    }
}

#[test]
fn a_request_whose_caller_went_away_is_no_longer_running() {
    let (recorder, meters) = meters::recorder().unwrap();
    let running = |number: u8| {
        let line = format!("makegood_http_requests_running {number}");
        assert!(meters.text().lines().any(|read| read == line), "{line}");
    };
    metrics::with_local_recorder(&recorder, || {
        let one = meters::Inside::enter();
        let two = meters::Inside::enter();
        running(2);
        drop(one);
        running(1);
        drop(two);
        running(0);
    });
}

#[test]
fn a_word_of_the_settings_breaks_no_line() {
    let reading = Reading {
        meter: meters::BREAKER_OPEN,
        word: Some("a\"b\\c\nd".to_owned()),
        value: -1,
    };
    let text = meters::shown(&[reading]);
    let line = r#"makegood_breaker_open{provider="a\"b\\c\nd"} -1"#;
    assert!(text.lines().any(|read| read == line), "{text}");
}

/// A meter that nothing feeds says that nothing happens, which is not true.
#[test]
fn every_meter_of_the_table_is_fed() {
    fn read(folder: &std::path::Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, out);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut program = String::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    read(std::path::Path::new(folder), &mut program);
    let table = include_str!("../src/meters.rs");
    let mut seen = 0;
    for line in table.lines() {
        let Some((constant, _)) = line.trim().split_once(" = \"makegood_") else {
            continue;
        };
        seen += 1;
        let here = format!("!({constant}");
        let elsewhere = format!("meters::{constant}");
        let fed = table.contains(&here) || program.contains(&elsewhere);
        assert!(fed, "nothing feeds {constant}");
    }
    assert_eq!(seen, ALL.len());
}

/// Prometheus' own judge, where it is installed (Debian: `prometheus`). The rules above hold without it.
#[test]
fn prometheus_own_judge_has_nothing_to_complain_of() {
    let judge = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut judge) = judge else {
        println!("promtool is not installed: only our own rules were held against the meters");
        return;
    };
    judge
        .stdin
        .take()
        .unwrap()
        .write_all(everything().as_bytes())
        .unwrap();
    let said = judge.wait_with_output().unwrap();
    assert!(
        said.status.success() && said.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
}
