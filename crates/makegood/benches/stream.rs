// SPDX-License-Identifier: MIT OR Apache-2.0
//! Whole case files on one core, from a line of NDJSON to a line of NDJSON: with and without reasons, and stage by stage.

#[path = "../tests/oracle/random.rs"]
mod random;
#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use makegood::answer::Answer;
use makegood::policies::Policies;
use makegood::reasons::{Reasons, edition};
use makegood::stream::{Clerk, Input, Manner, run};
use makegood::wire::read_case;
use makegood_desk::decision::Workspace;
use makegood_desk::facts::Facts;
use makegood_policy::fact::Disclose;
use support::{Contender, Measured, table};

const VECTORS: &str = include_str!("../tests/contract/cases.ndjson");

fn main() {
    let policies = Arc::new(Policies::open("viplikes").expect("the built-in policy"));
    let vectors: Vec<String> = (0..10)
        .flat_map(|_| VECTORS.lines())
        .map(str::to_owned)
        .collect();
    let random: Vec<String> = (0..3_000).map(random::case).collect();
    for (name, lines) in [
        ("the contract's examples", vectors),
        ("random cases", random),
    ] {
        whole(&policies, name, &lines);
        stages(&policies, name, &lines);
    }
}

fn whole(policies: &Arc<Policies>, name: &str, lines: &[String]) {
    let text: Arc<str> = (lines.join("\n") + "\n").into();
    let pass = |reasons: bool| {
        let (policies, text) = (Arc::clone(policies), Arc::clone(&text));
        let mut out: Vec<u8> = Vec::with_capacity(64 << 20);
        let manner = Arc::new(Manner {
            reasons,
            indented: false,
            language: None,
            audience: Disclose::Customer,
        });
        move || {
            out.clear();
            let text = Arc::clone(&text);
            let input = Input {
                name: "memory".to_owned(),
                open: Box::new(move || Ok(Box::new(Shared(text, 0)))),
            };
            let (policies, manner) = (Arc::clone(&policies), Arc::clone(&manner));
            let clerk = move || {
                let mut clerk = Clerk::new(Arc::clone(&policies), Arc::clone(&manner));
                move |line: &[u8], out: &mut Vec<u8>| clerk.decide(line, out)
            };
            let tally = run(vec![input], &mut out, NonZeroUsize::MIN, clerk, &mut |_| ());
            assert!(tally.is_ok_and(|tally| tally.errors == 0));
        }
    };
    let measured = table(
        &format!("from line to line: {name}, for one case"),
        Duration::from_secs(6),
        vec![
            Contender::new("without reasons", lines.len(), pass(false)),
            Contender::new("with reasons", lines.len(), pass(true)),
        ],
    );
    let a_second = |measured: &Measured| 1_000_000_000_000 / measured.median().max(1);
    if let [without, with] = measured.as_slice() {
        println!(
            "cases a second on one core: {} without reasons, {} with",
            a_second(without),
            a_second(with)
        );
    }
}

/// A text that is read from memory.
struct Shared(Arc<str>, usize);

impl std::io::Read for Shared {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.as_bytes().get(self.1..).unwrap_or(&[]).read(into)?;
        self.1 += read;
        Ok(read)
    }
}

fn stages(policies: &Policies, name: &str, lines: &[String]) {
    let count = lines.len();
    let cases: Vec<_> = lines
        .iter()
        .map(|line| read_case(line.as_bytes()).expect("a case"))
        .collect();
    let book = policies.iter().last().expect("a version");
    let edition = edition(book.policy(), None);
    let mut room = Workspace::default();
    let decisions: Vec<_> = cases
        .iter()
        .map(|case| book.decide(&mut room, case))
        .collect();
    let reasons: Vec<_> = cases
        .iter()
        .zip(&decisions)
        .map(|(case, decision)| Reasons::of(book, case, decision, edition, Disclose::Customer))
        .collect();
    let open = decisions
        .iter()
        .filter(|decision| decision.rule.is_none())
        .count();
    let (mut out, mut long) = (Vec::with_capacity(1 << 20), Vec::with_capacity(1 << 20));
    table(
        &format!("the stages: {name} ({open} of {count} need information), for one case"),
        Duration::from_secs(6),
        vec![
            Contender::new("read", count, || {
                for line in lines {
                    let _ = black_box(read_case(black_box(line.as_bytes())));
                }
            }),
            Contender::new("draw the facts", count, || {
                for case in &cases {
                    black_box(Facts::of(black_box(case)));
                }
            }),
            Contender::new("decide", count, || {
                for (case, decision) in cases.iter().zip(&decisions) {
                    black_box(book.decide_facts(&mut room, black_box(case), decision.facts));
                }
            }),
            Contender::new("write", count, || {
                for (case, decision) in cases.iter().zip(&decisions) {
                    out.clear();
                    let answer = Answer::new(book, case, black_box(decision), None);
                    serde_json::to_writer(&mut out, &answer).expect("a vector");
                }
            }),
            Contender::new("find reasons", count, || {
                for (case, decision) in cases.iter().zip(&decisions) {
                    let audience = Disclose::Customer;
                    black_box(Reasons::of(
                        book,
                        case,
                        black_box(decision),
                        edition,
                        audience,
                    ));
                }
            }),
            Contender::new("write with reasons", count, || {
                for ((case, decision), reasons) in cases.iter().zip(&decisions).zip(&reasons) {
                    long.clear();
                    let answer = Answer::new(book, case, black_box(decision), Some(reasons));
                    serde_json::to_writer(&mut long, &answer).expect("a vector");
                }
            }),
        ],
    );
}
