// SPDX-License-Identifier: MIT OR Apache-2.0
//! Everything that must hold before a change lands, the quick checks first.

use std::path::Path;
use std::time::Instant;

use crate::{cargo, licences, sim, test, tidy};

type Step = (&'static str, fn(&Path) -> Result<(), String>);

/// The order is that of impatience: what fails in a second comes before what compiles for minutes.
/// The tests come last, so that the runner's summary is the last thing on the screen.
const STEPS: [Step; 8] = [
    ("format", format),
    ("tidy", tidy::run),
    ("licences", licences::run),
    ("clippy", clippy),
    ("documentation", documentation),
    ("the README's first command", first_command),
    ("simulation", |root| sim::run(root, &[])),
    ("tests", |root| test::run(root, &[])),
];

/// `cargo xtask ci`: every step in turn; the first that fails ends the run.
///
/// # Errors
/// The problem of the first step that fails, with its name.
pub fn run(root: &Path) -> Result<(), String> {
    for (name, step) in STEPS {
        eprintln!("== {name}");
        let begun = Instant::now();
        step(root).map_err(|problem| format!("{name}: {problem}"))?;
        eprintln!("   {name}: {} s", begun.elapsed().as_secs());
    }
    Ok(())
}

fn format(root: &Path) -> Result<(), String> {
    crate::run(cargo(root).args(["fmt", "--all", "--check"]))
}

fn clippy(root: &Path) -> Result<(), String> {
    crate::run(
        cargo(root)
            .args(["clippy", "--locked", "--workspace", "--all-targets"])
            .args(["--", "--deny", "warnings"]),
    )
}

fn documentation(root: &Path) -> Result<(), String> {
    crate::run(cargo(root).env("RUSTDOCFLAGS", "--deny warnings").args([
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
    ]))
}

/// The README's first command, without the wait for a release build and for somebody to end it.
fn first_command(root: &Path) -> Result<(), String> {
    crate::run(cargo(root).args([
        "run",
        "--locked",
        "--quiet",
        "--",
        "demo",
        "--once",
        "--listen",
        "127.0.0.1:0",
    ]))?;
    let folder = root.join("examples/cases");
    let mut cases: Vec<_> = std::fs::read_dir(&folder)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|cause| format!("examples/cases: {cause}"))?
        .into_iter()
        .map(|entry| format!("examples/cases/{}", entry.file_name().to_string_lossy()))
        .filter(|name| name.ends_with(".json"))
        .collect();
    cases.sort();
    crate::run(
        cargo(root)
            .args([
                "run", "--locked", "--quiet", "--", "decide", "--policy", "viplikes",
            ])
            .args(cases),
    )
}
