// SPDX-License-Identifier: MIT OR Apache-2.0
//! The four places that may set a key, laid over each other, and what is wrong with what stands there.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Form, IN_A_FILE, KEYS, Key, Raw, Value};

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "MAKEGOOD__";

/// The longest file that is read: of settings, of a secret.
const LONGEST: u64 = 1 << 20;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The page of defaults.
    Default,
    /// A line of the user's file.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// Something that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; nothing where a key is missing everywhere.
    pub origin: Option<Origin>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Some(origin) => write!(f, "{origin}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

/// Everything that is wrong with the configuration, in order of the places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n" };
            write!(f, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A key that is set.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub key: &'static Key,
    pub value: Value,
    pub origin: Origin,
    /// The file that a secret was read from.
    pub read_from: Option<PathBuf>,
}

/// Every key that is set, by its path, with the value that counts.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub settings: BTreeMap<String, Setting>,
    pub problems: Vec<Problem>,
}

/// What one place says, before it is laid over the others.
struct Layer<'l> {
    layers: &'l mut Layers,
    /// What this place has set already, and how it was written.
    set: BTreeMap<String, String>,
    /// Where files that are named without their root are looked for.
    beside: PathBuf,
}

impl Layers {
    /// Lays a TOML page over what is there. `path` is its file; the page of defaults has none.
    pub fn page(&mut self, text: &str, path: Option<&Path>) {
        let origin =
            |line| path.map_or(Origin::Default, |path| Origin::File(path.to_owned(), line));
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            self.problems.extend(errors.iter().map(|error| Problem {
                origin: Some(origin(line_of(
                    text,
                    error.span().map_or(0, |span| span.start),
                ))),
                message: format!("this is not TOML: {}", error.message().trim()),
            }));
            return;
        }
        let beside = path.and_then(Path::parent).unwrap_or(Path::new(""));
        let mut layer = self.layer(beside);
        layer.table(String::new(), table.get_ref(), &|at| {
            origin(line_of(text, at))
        });
    }

    /// Lays the environment over what is there. A variable that is empty counts as not set.
    pub fn environment(&mut self, variables: &BTreeMap<String, String>) {
        let mut layer = self.layer(Path::new(""));
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            if value.is_empty() {
                continue;
            }
            let path = rest.to_lowercase().replace("__", ".");
            layer.written(&path, value, &Origin::Variable(name.clone()));
        }
    }

    /// Lays flags over what is there: what each is called, the path of its key, and what was written.
    pub fn flags<'f>(&mut self, flags: impl IntoIterator<Item = (&'f str, &'f str, &'f str)>) {
        for (name, path, value) in flags {
            // Each flag is a layer of its own: the last one counts.
            let mut layer = self.layer(Path::new(""));
            layer.written(path, value, &Origin::Flag(name.to_owned()));
        }
    }

    fn layer(&mut self, beside: &Path) -> Layer<'_> {
        Layer {
            layers: self,
            set: BTreeMap::new(),
            beside: beside.to_owned(),
        }
    }
}

/// The line, counted from 1, in which a byte stands.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        .saturating_add(1)
}

impl Layer<'_> {
    fn problem(&mut self, origin: &Origin, message: String) {
        self.layers.problems.push(Problem {
            origin: Some(origin.clone()),
            message,
        });
    }

    fn table(&mut self, prefix: String, table: &DeTable<'_>, origin: &dyn Fn(usize) -> Origin) {
        for (name, value) in table {
            let path = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let here = origin(name.span().start);
            // A dot in a name would be taken for two names.
            if name.get_ref().contains('.') {
                self.problem(&here, unknown(&path));
                continue;
            }
            if !is_section(&path) {
                self.key(&path, &raw(value), &here);
                continue;
            }
            match value.get_ref() {
                DeValue::Table(inner) if named_badly(&path) => {
                    let _ = inner;
                    self.problem(&here, bad_name(&path));
                }
                DeValue::Table(inner) => self.table(path, inner, origin),
                _ => self.problem(
                    &here,
                    format!("`{path}` is a section: write `[{path}]` and its keys below it"),
                ),
            }
        }
    }

    /// A value that was written as text: in the environment, in a flag.
    fn written(&mut self, path: &str, text: &str, origin: &Origin) {
        if path.starts_with("payments.") && named_badly(path) {
            self.problem(origin, bad_name(path));
            return;
        }
        let plain = keys::at(path).is_none_or(|key| key.form.is_plain());
        let raw = if plain {
            Raw::Text(text.to_owned())
        } else {
            DeValue::parse(text).map_or_else(|_| Raw::Text(text.to_owned()), |value| raw(&value))
        };
        self.key(path, &raw, origin);
    }

    fn key(&mut self, path: &str, raw: &Raw, origin: &Origin) {
        if let Some(key) = keys::at(path) {
            self.set(path, path, key, raw, None, origin);
            return;
        }
        let base = path.strip_suffix(IN_A_FILE);
        let found = base.and_then(|base| Some((base, keys::at(base)?)));
        match found {
            Some((base, key)) if key.may_be_in_a_file() => {
                self.read_secret(path, base, key, raw, origin)
            }
            Some((base, _)) => self.problem(
                origin,
                format!(
                    "`{path}`: only secrets may lie in files of their own; set `{base}` itself"
                ),
            ),
            None if is_section(path) => self.problem(
                origin,
                format!("`{path}` is a section; set one of its keys"),
            ),
            None => self.problem(origin, unknown(path)),
        }
    }

    fn read_secret(
        &mut self,
        written: &str,
        path: &str,
        key: &'static Key,
        raw: &Raw,
        origin: &Origin,
    ) {
        let Some(Value::Path(file)) = Form::Path.read(raw) else {
            let message = format!(
                "`{written}` must be {}; it is {}",
                Form::Path.expected(),
                raw.described()
            );
            self.problem(origin, message);
            return;
        };
        let file = self.beside.join(file);
        match read_short(&file) {
            Err(why) => {
                let message = format!("`{written}`: {} cannot be read: {why}", file.display());
                self.problem(origin, message);
            }
            Ok(text) => {
                let lines = text.lines().filter(|line| !line.is_empty());
                let raw = if key.form == Form::Secrets {
                    Raw::List(lines.map(|line| Raw::Text(line.to_owned())).collect())
                } else {
                    Raw::Text(text.trim_end_matches(['\r', '\n']).to_owned())
                };
                self.set(written, path, key, &raw, Some(file), origin);
            }
        }
    }

    fn set(
        &mut self,
        written: &str,
        path: &str,
        key: &'static Key,
        raw: &Raw,
        read_from: Option<PathBuf>,
        origin: &Origin,
    ) {
        match self.set.entry(path.to_owned()) {
            Entry::Occupied(other) if other.get() != written => {
                let message = format!(
                    "`{written}` and `{}` say the same thing twice; leave one out",
                    other.get()
                );
                self.problem(origin, message);
                return;
            }
            Entry::Occupied(_) => {}
            Entry::Vacant(place) => {
                place.insert(written.to_owned());
            }
        }
        let Some(value) = key.form.read(raw) else {
            let is = match (&read_from, key.is_not_repeated()) {
                (Some(file), _) => format!("{} does not hold that", file.display()),
                // What was meant to be secret is not repeated.
                (None, true) => "it is something else".to_owned(),
                (None, false) => format!("it is {}", raw.described()),
            };
            let message = format!("`{written}` must be {}; {is}", key.form.expected());
            self.problem(origin, message);
            return;
        };
        let setting = Setting {
            key,
            value,
            origin: origin.clone(),
            read_from,
        };
        self.layers.settings.insert(path.to_owned(), setting);
    }
}

/// The text of a small file.
pub(super) fn read_short(path: &Path) -> Result<String, String> {
    let told = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    let metadata = fs::metadata(path).map_err(told)?;
    if metadata.is_dir() {
        return Err("it is a folder".to_owned());
    }
    if metadata.len() > LONGEST {
        return Err(format!("it has more than {LONGEST} bytes"));
    }
    fs::read_to_string(path).map_err(told)
}

fn raw(value: &Spanned<DeValue<'_>>) -> Raw {
    match value.get_ref() {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Raw::Other("a number that is too large"), Raw::Whole),
        DeValue::Float(_) => Raw::Other("a number with a point"),
        DeValue::Boolean(on) => Raw::Switch(*on),
        DeValue::Datetime(_) => Raw::Other("a date or a time"),
        DeValue::Array(list) => Raw::List(list.iter().map(raw).collect()),
        DeValue::Table(table) => Raw::Table(
            table
                .iter()
                .map(|(name, value)| (name.get_ref().to_string(), raw(value)))
                .collect(),
        ),
    }
}

/// Whether keys lie below a path. Any name may stand below `payments`.
fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| {
        let mut ours = key.path.split('.');
        path.split('.')
            .all(|part| ours.next().is_some_and(|own| own == "*" || own == part))
            && ours.next().is_some()
    })
}

/// Whether the name that the user chose in this path could not be written in the environment too.
fn named_badly(path: &str) -> bool {
    let Some(name) = path
        .strip_prefix("payments.")
        .and_then(|rest| rest.split('.').next())
    else {
        return false;
    };
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    let begins = name
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    !(letters && begins && !name.contains("__") && !name.ends_with('_') && name.len() <= 40)
}

fn bad_name(path: &str) -> String {
    format!(
        "`{path}`: the name of a payment provider has small letters, digits and single `_`, begins with a letter and has 40 characters at most, such as `card`"
    )
}

/// What to say of a key that is none: the nearest one that there is.
fn unknown(path: &str) -> String {
    let candidates = KEYS.iter().map(|key| fitted(key.path, path));
    let near = candidates
        .clone()
        .map(|candidate| (distance(path, &candidate), candidate))
        .min()
        .filter(|(steps, _)| *steps <= 3.min(path.len() / 3));
    let last = path.rsplit('.').next().unwrap_or(path);
    let elsewhere = || {
        let same = |candidate: &String| candidate.rsplit('.').next() == Some(last);
        candidates.clone().find(same)
    };
    let section = || {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let name = KEYS.iter().filter_map(|key| key.path.split('.').next());
        name.map(|name| (distance(first, name), name))
            .min()
            .filter(|(steps, _)| (1..=2).contains(steps))
            .map(|(_, name)| {
                if rest.is_empty() {
                    name.to_owned()
                } else {
                    format!("{name}.{rest}")
                }
            })
            .filter(|path| is_section(path) || keys::at(path).is_some())
    };
    match near
        .map(|(_, candidate)| candidate)
        .or_else(section)
        .or_else(elsewhere)
    {
        Some(candidate) => format!("there is no key `{path}`; did you mean `{candidate}`?"),
        None => format!("there is no key `{path}`; `makegood config show` lists all"),
    }
}

/// A key's path with the user's own name in it.
fn fitted(key: &str, path: &str) -> String {
    let mut theirs = path.split('.');
    let parts: Vec<&str> = key
        .split('.')
        .map(|part| {
            let their = theirs.next();
            if part == "*" {
                their.unwrap_or("NAME")
            } else {
                part
            }
        })
        .collect();
    parts.join(".")
}

/// How many letters must change, come or go to make one word of another.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, letter) in (1_usize..).zip(a.chars()) {
        let mut corner = above - 1;
        let mut left = above;
        let mut next = vec![left];
        for (other, over) in b.iter().zip(row.iter().skip(1)) {
            let change = corner.saturating_add(usize::from(*other != letter));
            left = change
                .min(over.saturating_add(1))
                .min(left.saturating_add(1));
            corner = *over;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
