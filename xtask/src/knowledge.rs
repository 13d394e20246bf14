// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which room may know which: the plan, and the manifests held against it.

use std::path::Path;

use serde_json::Value;

/// A room of the house and what it may know.
#[derive(Debug)]
pub struct Room {
    /// The short name, as in ARCHITECTURE.md.
    pub name: &'static str,
    /// The name of its package.
    pub package: &'static str,
    /// The rooms that it may depend on, in any way: for tests and builds too.
    pub knows: &'static [&'static str],
    /// What it may use of other people's work; tests may use more.
    pub outside: Outside,
}

/// What a room may use of other people's work.
#[derive(Debug)]
pub enum Outside {
    /// Anything that `deny.toml` allows.
    Anything,
    /// These packages and no others.
    Only(&'static [&'static str]),
}

/// The plan of the house. Rooms that are not built yet have their walls already.
pub const PLAN: [Room; 8] = [
    Room {
        name: "policy",
        package: "makegood-policy",
        knows: &[],
        outside: Outside::Only(&[
            "annotate-snippets",
            "pulldown-cmark",
            "sha2",
            "unicode-security",
        ]),
    },
    Room {
        name: "desk",
        package: "makegood-desk",
        knows: &["policy"],
        // The audit log's hashes and how they are written down, and keys that a provider knows a refund by.
        outside: Outside::Only(&["base64", "hmac", "sha2"]),
    },
    Room {
        name: "makegood",
        package: "makegood",
        knows: &["policy", "desk"],
        outside: Outside::Anything,
    },
    Room {
        name: "backtest",
        package: "makegood-backtest",
        knows: &["policy", "desk"],
        outside: Outside::Anything,
    },
    Room {
        name: "press",
        package: "makegood-press",
        knows: &[],
        outside: Outside::Anything,
    },
    Room {
        name: "sim",
        package: "makegood-sim",
        knows: &["policy", "desk"],
        outside: Outside::Anything,
    },
    Room {
        name: "e2e",
        package: "makegood-e2e",
        knows: &[],
        outside: Outside::Anything,
    },
    Room {
        name: "xtask",
        package: "xtask",
        knows: &[],
        outside: Outside::Anything,
    },
];

/// Reads the manifests below `root` and gives every breach of the plan as a sentence.
///
/// # Errors
/// When cargo cannot read the manifests.
pub fn breaches(root: &Path) -> Result<Vec<String>, String> {
    // Without the dependencies' own manifests cargo needs no network and no lock file, and it
    // has read renamed, optional and per-target dependencies for us.
    let metadata = crate::metadata(root, &["--no-deps", "--offline"])?;
    let mut breaches = Vec::new();
    for package in list(&metadata["packages"]) {
        let name = text(&package["name"]);
        match PLAN.iter().find(|room| room.package == name) {
            Some(room) => breaches.extend(breaches_of(room, list(&package["dependencies"]))),
            None => breaches.push(format!(
                "`{name}` has no place in the plan: say what it may know in xtask/src/knowledge.rs"
            )),
        }
    }
    Ok(breaches)
}

fn breaches_of(room: &Room, dependencies: &[Value]) -> Vec<String> {
    let mut breaches = Vec::new();
    for dependency in dependencies {
        let name = text(&dependency["name"]);
        let for_tests_only = dependency["kind"].as_str() == Some("dev");
        let neighbour = PLAN.iter().find(|other| other.package == name);
        let forbidden = match (neighbour, &room.outside) {
            (Some(other), _) => !room.knows.contains(&other.name),
            (None, Outside::Only(allowed)) => !for_tests_only && !allowed.contains(&name),
            (None, Outside::Anything) => false,
        };
        if forbidden {
            let named = neighbour.map_or(name, |other| other.name);
            breaches.push(format!("`{}` must never know `{named}`", room.name));
        }
    }
    breaches
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
