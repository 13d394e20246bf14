// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a policy's text to a policy that decides.

#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use makegood_desk::decision::Rulebook;
use makegood_desk::vocabulary;
use makegood_policy::{Limits, Sources, read_sources};
use support::{Contender, table};

fn main() {
    let built_in = &makegood::built_in::ALL[0];
    let host = vocabulary::host();
    let read = |translations: bool, nodes: usize| {
        let sources = Sources {
            policy: built_in.policy,
            translations: if translations {
                built_in.translations
            } else {
                &[]
            },
            host: Some(&host),
            limits: Limits {
                nodes,
                ..Limits::default()
            },
            keep_going: &|| true,
        };
        read_sources(black_box(&sources)).policy.expect("it reads")
    };
    let nodes = Limits::default().nodes;
    let ready = read(true, nodes);
    println!(
        "{} bytes in {} languages, {} rules, {} facts; {} nodes",
        built_in.policy.1.len()
            + built_in
                .translations
                .iter()
                .map(|(_, text)| text.len())
                .sum::<usize>(),
        built_in.translations.len() + 1,
        ready.rules().len(),
        ready.facts().count(),
        ready.diagram_size().expect("a diagram"),
    );
    table(
        "reading the built-in policy",
        Duration::from_secs(6),
        vec![
            Contender::new("both languages, ready to decide", 1, || {
                black_box(read(true, nodes));
            }),
            Contender::new("its own language only", 1, || {
                black_box(read(false, nodes));
            }),
            // With no room for a node there is no diagram: what is left is the text.
            Contender::new("both languages, no diagram", 1, || {
                black_box(read(true, 0));
            }),
            Contender::new("its own language, no diagram", 1, || {
                black_box(read(false, 0));
            }),
            Contender::new("join it with the desk (and a copy)", 1, || {
                black_box(Rulebook::new(ready.clone()).expect("it fits"));
            }),
        ],
    );
}
