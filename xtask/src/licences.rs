// SPDX-License-Identifier: MIT OR Apache-2.0
//! The licence and the source of every package that we build on, against `deny.toml`.
//!
//! `cargo deny` does this best and is used where it is installed. Elsewhere the small check below
//! asks the two questions that matter most: may we ship it, and does it come from the registry?

use std::path::Path;

use serde_json::Value;

use crate::{cargo, has_cargo_command, metadata, none_or};

/// `cargo xtask licences`.
///
/// # Errors
/// When a package has a licence or a source that `deny.toml` does not allow.
pub fn run(root: &Path) -> Result<(), String> {
    if has_cargo_command(root, "deny") {
        return crate::run(
            cargo(root).args(["deny", "--locked", "check", "licenses", "bans", "sources"]),
        );
    }
    let config = std::fs::read_to_string(root.join("deny.toml"))
        .map_err(|cause| format!("deny.toml: {cause}"))?;
    let allowed = allowed_licences(&config)?;
    let metadata = metadata(root, &["--locked"])?;
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let problems: Vec<String> = packages
        .iter()
        .flat_map(|package| problems_of(package, &allowed))
        .collect();
    none_or("licences", &problems)?;
    eprintln!(
        "   {} packages: licences and sources allowed (cargo-deny is not installed: this is the small check)",
        packages.len()
    );
    Ok(())
}

/// What is wrong with one package of `cargo metadata`.
#[must_use]
pub fn problems_of(package: &Value, allowed: &[String]) -> Vec<String> {
    let name = format!(
        "`{} {}`",
        package["name"].as_str().unwrap_or("?"),
        package["version"].as_str().unwrap_or("?")
    );
    let mut problems = Vec::new();
    match package["license"].as_str() {
        None => problems.push(format!("{name} names no licence")),
        Some(expression) => match is_allowed(expression, allowed) {
            Ok(true) => {}
            Ok(false) => problems.push(format!(
                "{name} is under `{expression}`, which deny.toml does not allow"
            )),
            Err(problem) => problems.push(format!("{name}: {problem}")),
        },
    }
    if let Some(source) = package["source"].as_str()
        && !source.starts_with("registry+")
    {
        problems.push(format!(
            "{name} comes from `{source}`, not from the registry"
        ));
    }
    problems
}

/// The list `allow = [ … ]` of the section `[licenses]`. Reads that much of TOML and no more.
///
/// # Errors
/// When there is no such list, or the section has exceptions, which only `cargo deny` can read.
pub fn allowed_licences(config: &str) -> Result<Vec<String>, String> {
    let mut in_section = false;
    let mut in_list = false;
    let mut allowed = Vec::new();
    for line in config.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.starts_with('[') && !in_list {
            in_section = line == "[licenses]";
            if line.starts_with("[[licenses.") {
                return Err(format!("deny.toml: {line} needs cargo-deny to be read"));
            }
        }
        if in_section && line.starts_with("allow") && line.contains('=') {
            in_list = true;
        }
        if in_list {
            allowed.extend(line.split('"').skip(1).step_by(2).map(str::to_owned));
            in_list = !line.ends_with(']');
        }
    }
    if allowed.is_empty() {
        Err("deny.toml: no list `allow` under `[licenses]`".to_owned())
    } else {
        Ok(allowed)
    }
}

/// Whether an SPDX expression can be kept with the allowed licences alone.
///
/// # Errors
/// When the expression cannot be read.
///
/// ```
/// let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned()];
/// let may_ship = |expression| xtask::licences::is_allowed(expression, &allowed);
/// assert_eq!(may_ship("(MIT OR Apache-2.0) AND Unicode-3.0"), Ok(true));
/// assert_eq!(may_ship("MIT AND GPL-3.0-only"), Ok(false));
/// ```
pub fn is_allowed(expression: &str, allowed: &[String]) -> Result<bool, String> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR "); // The old way to write a choice: `MIT/Apache-2.0`.
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    match reader.choice() {
        Some(answer) if reader.words.is_empty() => Ok(answer),
        _ => Err(format!("`{expression}` is not a licence expression")),
    }
}

struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Reader<'a> {
    fn choice(&mut self) -> Option<bool> {
        let mut answer = self.sum()?;
        while self.take("OR") {
            // Not `answer || …`: the rest must be read even when the answer is known.
            answer |= self.sum()?;
        }
        Some(answer)
    }

    fn sum(&mut self) -> Option<bool> {
        let mut answer = self.licence()?;
        while self.take("AND") {
            answer &= self.licence()?;
        }
        Some(answer)
    }

    fn licence(&mut self) -> Option<bool> {
        if self.take("(") {
            let answer = self.choice()?;
            return self.take(")").then_some(answer);
        }
        let mut licence = self.name()?.to_owned();
        if self.take("WITH") {
            licence = format!("{licence} WITH {}", self.name()?);
        }
        Some(self.allowed.contains(&licence))
    }

    fn name(&mut self) -> Option<&'a str> {
        let (first, rest) = self.words.split_first()?;
        if ["(", ")", "AND", "OR", "WITH"].contains(first) {
            return None;
        }
        self.words = rest;
        Some(first)
    }

    fn take(&mut self, word: &str) -> bool {
        match self.words.split_first() {
            Some((first, rest)) if *first == word => {
                self.words = rest;
                true
            }
            _ => false,
        }
    }
}
