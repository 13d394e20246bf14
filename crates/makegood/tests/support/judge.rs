// SPDX-License-Identifier: MIT OR Apache-2.0
//! Independent judges: other people's programs that are asked a line at a time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

#[path = "peers.rs"]
mod folder;

pub use folder::peers;

/// A script of `tests/peers` with its interpreter, ready to be started.
pub fn script(name: &str) -> Command {
    let peers = peers();
    let script = Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("tests/peers")
        .join(name);
    let interpreter = match name.ends_with(".py") {
        true => peers.join("venv/bin/python"),
        false => PathBuf::from("node"),
    };
    let mut command = Command::new(interpreter);
    command.arg(script).env("MAKEGOOD_PEERS", peers);
    command
}

/// A judge that is running. It ends with the test.
pub struct Judge {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Judge {
    pub fn start(name: &str) -> Self {
        let started = script(name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = started.expect("the judge's interpreter is installed");
        let ask = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            ask,
            answers,
        }
    }

    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.ask, "{question}").expect("the judge listens");
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .expect("the judge answers");
        serde_json::from_str(&line).expect("the judge answers JSON")
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
