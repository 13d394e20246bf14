// SPDX-License-Identifier: MIT OR Apache-2.0
//! The licence and the source of every package that we build on, against `deny.toml`.
//!
//! `cargo deny` does this best and is used where it is installed. Elsewhere the small check below
//! asks the questions that matter most: may we ship it, does it come from the registry, and is it
//! one that we have banned?

use std::path::Path;

use serde_json::Value;

use crate::{cargo, has_cargo_command, metadata, none_or};

/// `cargo xtask licences`.
///
/// # Errors
/// When `deny.toml` does not allow a package, its licence or its source.
pub fn run(root: &Path) -> Result<(), String> {
    if has_cargo_command(root, "deny") {
        return crate::run(
            cargo(root).args(["deny", "--locked", "check", "licenses", "bans", "sources"]),
        );
    }
    let config = std::fs::read_to_string(root.join("deny.toml"))
        .map_err(|cause| format!("deny.toml: {cause}"))?;
    let rules = Rules::read(&config)?;
    let metadata = metadata(root, &["--locked"])?;
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let problems: Vec<String> = packages
        .iter()
        .flat_map(|package| rules.problems_of(package))
        .chain(rules.unwrapped(&metadata["resolve"]["nodes"]))
        .collect();
    none_or(&problems)?;
    eprintln!(
        "   {} packages allowed (cargo-deny is not installed: this is the small check)",
        packages.len()
    );
    Ok(())
}

/// As much of `deny.toml` as the small check understands.
#[derive(Debug)]
pub struct Rules {
    /// `licenses.allow`: SPDX names, with their exceptions.
    pub allowed_licences: Vec<String>,
    /// `bans.deny`: names of packages.
    pub banned: Vec<String>,
    /// `bans.deny` with `wrappers`: packages that only these others may bring in.
    pub wrapped: Vec<(String, Vec<String>)>,
}

impl Rules {
    /// Reads two lists of `deny.toml`, one entry a line, and no more of TOML than that.
    ///
    /// # Errors
    /// When no licence is allowed, or some package has a licence of its own, which only
    /// `cargo deny` can read.
    pub fn read(config: &str) -> Result<Self, String> {
        let mut rules = Self {
            allowed_licences: Vec::new(),
            banned: Vec::new(),
            wrapped: Vec::new(),
        };
        let mut section = "";
        let mut list = "";
        for line in config.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if list.is_empty() {
                if line.starts_with("[[licenses.") {
                    return Err(format!("deny.toml: {line} needs cargo-deny to be read"));
                }
                if line.starts_with('[') {
                    section = line;
                } else if let Some((name, value)) = line.split_once('=')
                    && value.trim_start().starts_with('[')
                {
                    list = name.trim();
                }
            }
            let quoted = || line.split('"').skip(1).step_by(2).map(str::to_owned);
            match (section, list) {
                ("[licenses]", "allow") => rules.allowed_licences.extend(quoted()),
                // `{ crate = "…", wrappers = ["…"], reason = "…" }`: the first is the name.
                ("[bans]", "deny") => match line.split_once("wrappers = [") {
                    Some((_, rest)) => {
                        let wrappers = rest.split(']').next().unwrap_or_default();
                        let wrappers = wrappers.split('"').skip(1).step_by(2).map(str::to_owned);
                        let name = quoted().next().unwrap_or_default();
                        rules.wrapped.push((name, wrappers.collect()));
                    }
                    None => rules.banned.extend(quoted().next()),
                },
                _ => {}
            }
            if line.ends_with(']') {
                list = "";
            }
        }
        if rules.allowed_licences.is_empty() {
            return Err("deny.toml: no list `allow` under `[licenses]`".to_owned());
        }
        Ok(rules)
    }

    /// Packages that bring in what only others may, from the nodes that `cargo metadata` resolved.
    #[must_use]
    pub fn unwrapped(&self, nodes: &Value) -> Vec<String> {
        // `registry+…#name@version` since cargo 1.77.
        let name_of = |id: &str| {
            let id = id.rsplit('#').next().unwrap_or(id);
            id.split('@').next().unwrap_or(id).to_owned()
        };
        let mut problems = Vec::new();
        for node in nodes.as_array().map_or(&[][..], Vec::as_slice) {
            let who = name_of(node["id"].as_str().unwrap_or_default());
            let dependencies = node["dependencies"].as_array();
            for brought in dependencies.map_or(&[][..], Vec::as_slice) {
                let brought = name_of(brought.as_str().unwrap_or_default());
                let rule = self.wrapped.iter().find(|(name, _)| *name == brought);
                if rule.is_some_and(|(_, wrappers)| !wrappers.contains(&who)) {
                    problems.push(format!(
                        "`{who}` brings in `{brought}`, which deny.toml allows only below others"
                    ));
                }
            }
        }
        problems
    }

    /// What is wrong with one package of `cargo metadata`.
    #[must_use]
    pub fn problems_of(&self, package: &Value) -> Vec<String> {
        let text = |key: &str| package[key].as_str();
        let name = text("name").unwrap_or_default();
        let named = format!("`{name} {}`", text("version").unwrap_or_default());
        let mut problems = Vec::new();
        match text("license") {
            None => problems.push(format!("{named} names no licence")),
            Some(expression) => match is_allowed(expression, &self.allowed_licences) {
                Ok(true) => {}
                Ok(false) => problems.push(format!(
                    "{named} is under `{expression}`, which deny.toml does not allow"
                )),
                Err(problem) => problems.push(format!("{named}: {problem}")),
            },
        }
        if let Some(source) = text("source")
            && !source.starts_with("registry+")
        {
            problems.push(format!(
                "{named} comes from `{source}`, not from the registry"
            ));
        }
        if self.banned.iter().any(|banned| banned == name) {
            problems.push(format!("{named} is banned by deny.toml, which says why"));
        }
        problems
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
