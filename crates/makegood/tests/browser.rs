// SPDX-License-Identifier: MIT OR Apache-2.0
//! The pages in a browser: stories, looks, doors and what people try to slip in. The browser is Debian's Chromium, driven from Node.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

#[path = "support/peers.rs"]
mod peers;

use std::path::Path;
use std::process::Command;

/// Runs a file of tests, each of which opens a desk of its own on this program.
fn run(name: &str) {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR").unwrap()).join("tests/browser");
    let output = Command::new("node")
        .args(["--test", name])
        .current_dir(folder)
        .env("MAKEGOOD_BIN", env!("CARGO_BIN_EXE_makegood"))
        .env("MAKEGOOD_PEERS", peers::peers())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Of a file without tests Node says that all is well.
    assert!(
        said.contains("# fail 0") && !said.contains("# tests 0"),
        "{said}"
    );
}

#[test]
fn people_do_what_they_came_for() {
    run("stories.test.mjs");
}

#[test]
fn every_page_can_be_read_by_everybody() {
    run("looks.test.mjs");
}

#[test]
fn doors_that_should_be_shut_are() {
    run("doors.test.mjs");
}

#[test]
fn whatever_is_written_stays_words() {
    run("injection.test.mjs");
}
