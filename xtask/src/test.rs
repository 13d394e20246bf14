// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every test, with what the tests need.

use std::path::Path;

use crate::{cargo, has_cargo_command, peers};

/// `cargo xtask test`: the documentation's examples, then all other tests.
///
/// The examples come first because the last lines of a run are the ones that people read, and
/// those should count the tests of the whole house.
///
/// # Errors
/// When the runner reports a failure.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    match arguments.split_first() {
        None => {
            examples(root, &[])?;
            suite(root, &[])
        }
        Some((first, rest)) if first == "--doc" => examples(root, rest),
        Some(_) => suite(root, arguments),
    }
}

fn examples(root: &Path, arguments: &[String]) -> Result<(), String> {
    crate::run(
        cargo(root)
            .args(["test", "--workspace", "--doc"])
            .args(arguments),
    )
}

fn suite(root: &Path, arguments: &[String]) -> Result<(), String> {
    let peers = peers::install(root)?;
    let mut command = cargo(root);
    if has_cargo_command(root, "nextest") {
        command.args(["nextest", "run"]);
    } else {
        command.args(["test", "--lib", "--bins", "--tests"]);
    }
    // One run tells of everything that fails, not of the first thing only.
    command.arg("--no-fail-fast");
    let names_a_package = arguments
        .iter()
        .any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if !names_a_package {
        command.arg("--workspace");
    }
    crate::run(command.env("MAKEGOOD_PEERS", peers).args(arguments))
}
