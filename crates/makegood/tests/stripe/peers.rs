// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs that others wrote, which the adapters are tried against: where they are.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

#[path = "../support/peers.rs"]
mod folder;

/// A file of theirs.
pub fn file(path: &str) -> PathBuf {
    let path = folder::peers().join(path);
    assert!(
        path.exists(),
        "{} is missing; run `cargo xtask test`, which installs it",
        path.display()
    );
    path
}

/// What a Python or Node program prints.
pub fn output(mut command: Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Python with the packages of the peers.
pub fn python(program: &str) -> Command {
    let mut command = Command::new(file("venv/bin/python"));
    command.args(["-c", program]);
    command
}
