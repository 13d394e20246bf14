// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask COMMAND`: the chores of the repository, in one place and in Rust.

use std::process::ExitCode;

use xtask::{bench, ci, licences, picture, sim, test, tidy, workspace_root};

const HELP: &str = "\
cargo xtask COMMAND

  ci              everything that must hold before a change lands: format, tidy, licences,
                  clippy, documentation, the README's first command, then every test
  test [ARGS]     every test; with ARGS, hands them to the test runner and leaves the
                  documentation's examples out (`cargo xtask test -p makegood-policy`)
  test --doc      the documentation's examples only
  sim [ARGS]      the desk in 10,000 stories where everything goes wrong; with ARGS, hands them to
                  the simulation (`cargo xtask sim --seed 7 --trace`)
  tidy            the map of files, licence lines, paths, links, the README's commands
  licences        licence and source of every package we build on, and none that is banned (deny.toml)
  bench [NAME]    all benches, or one by the name of its file; `memory` is that of a long stream
  picture         draws the README's picture anew: what the binary prints, as docs/decide.svg
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", &[][..]),
    };
    let root = workspace_root();
    let outcome = match command {
        "ci" => ci::run(&root),
        "test" => test::run(&root, rest),
        "sim" => sim::run(&root, rest),
        "tidy" => tidy::run(&root),
        "licences" => licences::run(&root),
        "bench" => bench::run(&root, rest),
        "picture" => picture::run(&root),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("there is no such command\n\n{HELP}")),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask {command}: {problem}");
            ExitCode::FAILURE
        }
    }
}
