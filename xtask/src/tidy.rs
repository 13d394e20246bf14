// SPDX-License-Identifier: MIT OR Apache-2.0
//! What no compiler looks at: the map of files, licence lines, paths, links, commands in pages.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{COMMANDS, none_or};

/// The line that every Rust file begins with.
pub const LICENCE_LINE: &str = "// SPDX-License-Identifier: MIT OR Apache-2.0";

/// The page that names every room and every file.
pub const MAP: &str = "ARCHITECTURE.md";

/// The two commands that the README promises, each on a line of its own in a block.
pub const README_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo xtask test"];

/// Words that belong to one machine or one network. Written in two halves, or this file would
/// name them too.
const FOREIGN: [(&str, &str); 11] = [
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
    ("C:\\Us", "ers"),
    ("crates", ".io"),
    ("py", "pi.org"),
    ("npm", "js.org"),
    ("npm", "js.com"),
    ("deb.deb", "ian.org"),
    ("proxy.go", "lang.org"),
];

/// `cargo xtask tidy`.
///
/// # Errors
/// Every problem, a line each.
pub fn run(root: &Path) -> Result<(), String> {
    none_or(&problems(root)?)
}

/// Everything untidy below `root`, in order of the files.
///
/// # Errors
/// When a folder or a file cannot be read.
pub fn problems(root: &Path) -> Result<Vec<String>, String> {
    let files = Files::below(root)?;
    let mut problems = map(&files);
    for (path, text) in &files.texts {
        problems.extend(licence_line(path, text));
        problems.extend(foreign_words(path, text));
        if is_page(path) {
            problems.extend(links(path, text, &files));
            problems.extend(commands(path, text));
        }
    }
    problems.extend(readme(&files));
    Ok(problems)
}

/// The files of the repository: every path, and the text of those that are text.
struct Files {
    paths: Vec<String>,
    texts: BTreeMap<String, String>,
}

impl Files {
    fn below(root: &Path) -> Result<Self, String> {
        let mut files = Self {
            paths: Vec::new(),
            texts: BTreeMap::new(),
        };
        files.gather(root, "")?;
        files.paths.sort();
        Ok(files)
    }

    fn gather(&mut self, root: &Path, folder: &str) -> Result<(), String> {
        let entries = std::fs::read_dir(root.join(folder))
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| format!("{folder}: {cause}"))?;
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{folder}{name}");
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if ![".git", "target", "node_modules", "corpus", "artifacts"]
                    .contains(&name.as_str())
                {
                    self.gather(root, &format!("{path}/"))?;
                }
                continue;
            }
            let bytes = std::fs::read(entry.path()).map_err(|cause| format!("{path}: {cause}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                self.texts.insert(path.clone(), text);
            }
            self.paths.push(path);
        }
        Ok(())
    }

    fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// The folders of the rooms: every package but the workspace itself and fuzz targets.
    fn rooms(&self) -> impl Iterator<Item = &str> {
        self.paths
            .iter()
            .filter_map(|path| path.strip_suffix("/Cargo.toml"))
            .filter(|folder| folder.rsplit('/').next() != Some("fuzz"))
    }

    fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.paths
            .iter()
            .any(|known| known == path || known.starts_with(&folder))
    }
}

/// The map of files: under a heading that names a room's `src` folder, a table row for each file.
///
/// A row is a line that begins with the file's name in backticks: ``| `amount.rs` | … |``.
fn map(files: &Files) -> Vec<String> {
    let page = files.text(MAP);
    let mut problems = Vec::new();
    let mut mapped: BTreeMap<String, usize> = BTreeMap::new();
    let mut headings: BTreeMap<String, usize> = BTreeMap::new();
    let mut folder = None;
    for line in page.lines() {
        if line.starts_with('#') {
            folder = first_quoted(line).filter(|name| name.ends_with("/src"));
            if let Some(name) = folder {
                *headings.entry(name.to_owned()).or_default() += 1;
            }
        } else if let (Some(folder), Some(name)) = (folder, row(line)) {
            *mapped.entry(format!("{folder}/{name}")).or_default() += 1;
        }
    }
    for room in files.rooms() {
        let source = format!("{room}/src");
        match headings.remove(&source) {
            None => problems.push(format!("{MAP}: no heading for the files of `{source}`")),
            Some(1) => {}
            Some(_) => problems.push(format!("{MAP}: more than one heading for `{source}`")),
        }
        let name = room.rsplit('/').next().unwrap_or(room);
        if !page.lines().any(|line| row(line) == Some(name)) {
            problems.push(format!("{MAP}: the table of rooms has no row for `{name}`"));
        }
        let within = format!("{source}/");
        for file in files.paths.iter().filter(|path| path.starts_with(&within)) {
            match mapped.remove(file) {
                None => {
                    let name = file.strip_prefix(&within).unwrap_or(file);
                    let purpose = first_sentence(files.text(file));
                    problems.push(format!(
                        "{MAP}: `{file}` is not in the map; under `{source}` add: | `{name}` | {purpose} |"
                    ));
                }
                Some(1) => {}
                Some(_) => problems.push(format!("{MAP}: `{file}` stands in the map twice")),
            }
        }
    }
    problems.extend(
        headings
            .keys()
            .map(|folder| format!("{MAP}: a heading for `{folder}`, which is not there")),
    );
    problems.extend(
        mapped
            .keys()
            .map(|file| format!("{MAP}: the map names `{file}`, which is not there")),
    );
    problems
}

/// What a file says of itself in the first line of its front page.
fn first_sentence(text: &str) -> &str {
    text.lines()
        .find_map(|line| line.strip_prefix("//! "))
        .unwrap_or("…")
        .trim_end_matches('.')
}

fn row(line: &str) -> Option<&str> {
    line.starts_with("| `").then(|| first_quoted(line))?
}

fn first_quoted(line: &str) -> Option<&str> {
    line.split('`').nth(1)
}

fn licence_line(path: &str, text: &str) -> Option<String> {
    (path.ends_with(".rs") && text.lines().next() != Some(LICENCE_LINE))
        .then(|| format!("{path}:1: does not begin with `{LICENCE_LINE}`"))
}

fn foreign_words(path: &str, text: &str) -> Vec<String> {
    // Cargo writes the registry's name into the lock file by itself.
    if path == "Cargo.lock" || path.ends_with("/Cargo.lock") {
        return Vec::new();
    }
    let words = FOREIGN.map(|(head, tail)| format!("{head}{tail}"));
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for word in words.iter().filter(|word| mentions(line, word)) {
            problems.push(format!(
                "{path}:{}: `{word}` belongs to one machine or one network",
                number + 1
            ));
        }
    }
    problems
}

/// Whether the line has the word where a path or a host begins, not inside another name.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        !word.starts_with('/')
            || !line[..at]
                .ends_with(|before: char| before.is_alphanumeric() || "._-})".contains(before))
    })
}

fn is_page(path: &str) -> bool {
    path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"))
}

/// Links to files of the repository lead somewhere.
fn links(path: &str, text: &str, files: &Files) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut problems = Vec::new();
    for (number, line) in outside_blocks(text) {
        for target in line
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let wanted = resolved(folder, target);
            if !files.has(&wanted) {
                problems.push(format!(
                    "{path}:{number}: a link to `{wanted}`, which is not there"
                ));
            }
        }
    }
    problems
}

fn resolved(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A page that says `cargo xtask NAME` names a command that there is.
fn commands(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for rest in line.split("cargo xtask ").skip(1) {
            let name: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
            if !name.is_empty() && !COMMANDS.contains(&name.as_str()) {
                problems.push(format!(
                    "{path}:{}: there is no command `cargo xtask {name}`",
                    number + 1
                ));
            }
        }
    }
    problems
}

/// The README's two commands stand in blocks, so that a reader can copy them, and the files that
/// the first one names are there.
fn readme(files: &Files) -> Vec<String> {
    let page = files.text("README.md");
    let outside: Vec<usize> = outside_blocks(page).map(|(number, _)| number).collect();
    let mut problems: Vec<String> = README_COMMANDS
        .iter()
        .filter(|command| {
            !page
                .lines()
                .enumerate()
                .any(|(index, line)| line.trim() == **command && !outside.contains(&(index + 1)))
        })
        .map(|command| format!("README.md: no block has the line `{command}`"))
        .collect();
    let is_case = |path: &String| path.starts_with("examples/cases/") && path.ends_with(".json");
    if !files.paths.iter().any(is_case) {
        problems.push("README.md: there is no case to decide in `examples/cases`".to_owned());
    }
    for word in page.split(|c: char| c.is_whitespace() || "`()".contains(c)) {
        if word.starts_with("examples/") && !word.contains('*') && !files.has(word) {
            problems.push(format!("README.md: names `{word}`, which is not there"));
        }
    }
    problems
}

/// The lines that stand in no fenced block, each with its number.
fn outside_blocks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut inside = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        if line.trim_start().starts_with("```") {
            inside = !inside;
            return None;
        }
        (!inside).then_some((index + 1, line))
    })
}
