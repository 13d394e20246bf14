// SPDX-License-Identifier: MIT OR Apache-2.0
//! Benches by the names of their files.

use std::path::Path;

use crate::cargo;

/// `cargo xtask bench [NAME]`: every bench of the workspace, or the one that is named.
///
/// # Errors
/// When there is no such bench, or cargo reports a failure.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let benches = benches(root);
    let Some((wanted, rest)) = arguments.split_first() else {
        if benches.is_empty() {
            return Err("there are no benches yet: add one under `crates/*/benches`".to_owned());
        }
        return benches
            .iter()
            .try_for_each(|(room, name)| one(root, room, name, &[]));
    };
    match benches.iter().find(|(_, name)| name == wanted) {
        Some((room, name)) => one(root, room, name, rest),
        None => {
            let names: Vec<&str> = benches.iter().map(|(_, name)| name.as_str()).collect();
            Err(format!(
                "there is no bench `{wanted}`; there are: {}",
                if names.is_empty() {
                    "none yet".to_owned()
                } else {
                    names.join(", ")
                }
            ))
        }
    }
}

fn one(root: &Path, room: &str, name: &str, rest: &[String]) -> Result<(), String> {
    let manifest = format!("crates/{room}/Cargo.toml");
    crate::run(
        cargo(root)
            .args(["bench", "--manifest-path", &manifest, "--bench", name, "--"])
            .args(rest),
    )
}

/// Room and name of each bench, in order.
fn benches(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for room in names(&root.join("crates")) {
        for file in names(&root.join("crates").join(&room).join("benches")) {
            if let Some(name) = file.strip_suffix(".rs") {
                found.push((room.clone(), name.to_owned()));
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
