// SPDX-License-Identifier: MIT OR Apache-2.0
//! The chores of the repository, as functions that tests can call.
//!
//! Takes the root of the workspace, gives problems as sentences. Never knows what a policy or a
//! case is: it reads files, manifests and the answers of cargo.

pub mod ci;
pub mod peers;
pub mod sim;
pub mod test;

pub mod knowledge;
pub mod licences;
pub mod tidy;

pub mod bench;
pub mod picture;

use std::path::{Path, PathBuf};
use std::process::Command;

/// The commands of `cargo xtask`, so that pages which name one can be checked.
pub const COMMANDS: [&str; 7] = ["ci", "test", "sim", "tidy", "licences", "bench", "picture"];

/// The folder that holds the workspace's `Cargo.toml`.
#[must_use]
pub fn workspace_root() -> PathBuf {
    // Asked when it runs: a build may be shared by several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent()
        .map_or_else(|| here.clone(), Path::to_path_buf)
}

/// The cargo that started us, else the one on the path, about to run in `root`.
#[must_use]
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// Whether `cargo NAME` is installed.
#[must_use]
pub fn has_cargo_command(root: &Path, name: &str) -> bool {
    cargo(root)
        .args([name, "--version"])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Runs a command to its end, showing it first; anything but success is a problem.
///
/// # Errors
/// When the command cannot be started or does not succeed.
pub fn run(command: &mut Command) -> Result<(), String> {
    let shown = shown(command);
    eprintln!("   $ {shown}");
    let status = command
        .status()
        .map_err(|cause| format!("`{shown}` does not start: {cause}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`{shown}` failed ({status})"))
    }
}

fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut words = vec![name.to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// Several problems as one, a line each; none is success.
///
/// # Errors
/// When there is at least one problem.
pub fn none_or(problems: &[String]) -> Result<(), String> {
    if problems.is_empty() {
        return Ok(());
    }
    let count = problems.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    Err(format!("{count} {noun}\n  {}", problems.join("\n  ")))
}

/// What `cargo metadata` says, as JSON.
///
/// # Errors
/// When cargo cannot answer; its own words are passed on.
pub fn metadata(root: &Path, arguments: &[&str]) -> Result<serde_json::Value, String> {
    let output = cargo(root)
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .output()
        .map_err(|cause| format!("cargo does not start: {cause}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata failed\n{}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|cause| format!("cargo metadata gave no JSON: {cause}"))
}
