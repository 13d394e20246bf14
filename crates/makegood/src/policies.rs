// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which policy judges: a built-in one by its name, one of its versions, or a file with the translations beside it.

use std::fmt;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use makegood_desk::case;
use makegood_desk::decision::Rulebook;
use makegood_desk::vocabulary;
use makegood_policy::problem::{Code, Problem, Span};
use makegood_policy::version::Date;
use makegood_policy::{Limits, Reading, Sources, read_sources};

use crate::built_in::{self, BuiltIn};

/// A file of a policy.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is called in messages.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where it lies; nothing for a built-in one.
    pub path: Option<PathBuf>,
}

/// The files of one version of a policy.
#[derive(Clone, Debug)]
pub struct Sheets {
    /// The policy in its own language.
    pub policy: Sheet,
    /// Its translations.
    pub translations: Vec<Sheet>,
    /// The worked cases beside it.
    pub cases: Option<Sheet>,
    /// The language of the file that was asked for, where that is a translation.
    pub asked_language: Option<String>,
}

/// Why a policy cannot be used.
#[derive(Debug)]
pub enum Unusable {
    /// There is none, or it cannot be read.
    Absent(String),
    /// Its text has errors.
    Wrong(Box<Sheets>, Vec<Problem>),
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(why) => f.write_str(why),
            Self::Wrong(sheets, problems) => {
                for (at, problem) in problems.iter().enumerate() {
                    let gap = if at == 0 { "" } else { "\n\n" };
                    write!(f, "{gap}{}", sheets.drawn(problem, false))?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Unusable {}

impl Sheets {
    fn of_built_in(built_in: &BuiltIn) -> Self {
        let sheet = |(name, text): (&str, &str)| Sheet {
            name: name.to_owned(),
            text: text.to_owned(),
            path: None,
        };
        Self {
            policy: sheet(built_in.policy),
            translations: built_in.translations.iter().copied().map(sheet).collect(),
            cases: Some(sheet(built_in.cases)),
            asked_language: None,
        }
    }

    /// Names and texts, in the order in which problems count them.
    #[must_use]
    pub fn files(&self) -> Vec<(&str, &str)> {
        std::iter::once(&self.policy)
            .chain(&self.translations)
            .map(|sheet| (sheet.name.as_str(), sheet.text.as_str()))
            .collect()
    }

    /// Reads them. `keep_going` is asked now and then; `false` stops it.
    #[must_use]
    pub fn read(&self, keep_going: &dyn Fn() -> bool) -> Reading {
        let host = vocabulary::host();
        let files = self.files();
        let (policy, translations) = files
            .split_first()
            .map_or((("", ""), &[][..]), |(policy, translations)| {
                (*policy, translations)
            });
        read_sources(&Sources {
            policy,
            translations,
            host: Some(&host),
            limits: Limits::default(),
            keep_going,
        })
    }

    /// Reads them as a rulebook of the desk.
    ///
    /// # Errors
    /// The text has errors, or the policy does not speak of the desk's cases.
    pub fn rulebook(self) -> Result<Rulebook, Unusable> {
        let reading = self.read(&until(Duration::from_secs(60)));
        let Some(policy) = reading.policy else {
            let errors = reading
                .problems
                .into_iter()
                .filter(Problem::is_error)
                .collect();
            return Err(Unusable::Wrong(Box::new(self), errors));
        };
        let rules: Vec<(String, Span)> = policy
            .rules()
            .iter()
            .map(|rule| (rule.name.clone(), rule.span))
            .collect();
        Rulebook::new(policy).map_err(|misfit| {
            let span = rules
                .iter()
                .find(|(name, _)| *name == misfit.name)
                .map_or(Span::default(), |(_, span)| *span);
            let problem = Problem::new(
                Code::Type,
                span,
                misfit.to_string(),
                "a case file cannot be decided by it as it is",
            );
            Unusable::Wrong(Box::new(self), vec![problem])
        })
    }

    /// A problem with its place underlined, and nothing in it that a terminal would obey.
    #[must_use]
    pub fn drawn(&self, problem: &Problem, colour: bool) -> String {
        let files: Vec<(String, String)> = self
            .files()
            .iter()
            .map(|(name, text)| (harmless(name), masked(text)))
            .collect();
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let mut problem = problem.clone();
        problem.message = harmless(&problem.message);
        problem.help = harmless(&problem.help);
        for (_, words) in &mut problem.also {
            *words = harmless(words);
        }
        if let Some(witness) = &mut problem.witness {
            for (one, two) in witness.facts.iter_mut().chain(&mut witness.near) {
                *one = harmless(one);
                *two = harmless(two);
            }
            witness.test = harmless(&witness.test);
        }
        problem.render(&files, colour)
    }
}

/// The rulebooks that a run may need.
#[derive(Clone, Debug)]
pub struct Policies {
    /// The versions with the instant from which each is in force, oldest first.
    books: Vec<(i128, Rulebook)>,
    /// Judges whatever the order's day: a version that was asked for by name, or a file.
    pinned: bool,
}

/// Nothing was in force yet when an order was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoVersion {
    policy: String,
    known: Vec<String>,
}

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`order.placed_at` is before the first version of `{0}`: there is {1}; write `--policy {0}@VERSION` to judge by one of them all the same",
            self.policy,
            self.known.join(", ")
        )
    }
}

impl Policies {
    /// What stands behind `--policy`: a built-in name, `NAME@VERSION`, or a file.
    ///
    /// # Errors
    /// There is no such policy or version, or it cannot be used.
    pub fn open(wanted: &str) -> Result<Self, Unusable> {
        let (all, pinned) = match find(wanted)? {
            Found::Versions(all) => (all, wanted.contains('@')),
            Found::File(sheets) => (vec![*sheets], true),
        };
        let mut books = Vec::with_capacity(all.len());
        for sheets in all {
            let book = sheets.rulebook()?;
            let from = Date::parse(&book.policy().version).map_or(i128::MIN, Date::starts_at);
            books.push((from, book));
        }
        books.sort_by_key(|(from, _)| *from);
        Ok(Self { books, pinned })
    }

    /// The version that judges an order, by its place and itself.
    ///
    /// # Errors
    /// The order was placed before the first version.
    pub fn judging(&self, placed_at: case::Instant) -> Result<(usize, &Rulebook), NoVersion> {
        let in_force = |(_, (from, _)): &(usize, &(i128, Rulebook))| {
            self.pinned || *from <= placed_at.unix_nanoseconds()
        };
        let found = self.books.iter().enumerate().rev().find(in_force);
        found
            .map(|(at, (_, book))| (at, book))
            .ok_or_else(|| NoVersion {
                policy: self
                    .books
                    .first()
                    .map_or(String::new(), |(_, book)| book.policy().name.clone()),
                known: self
                    .books
                    .iter()
                    .map(|(_, book)| book.policy().version.clone())
                    .collect(),
            })
    }

    /// These and others, each in force from its own day.
    ///
    /// # Errors
    /// One of the others cannot be used.
    pub fn and(&self, others: Vec<Sheets>) -> Result<Self, Unusable> {
        let mut all = self.clone();
        for sheets in others {
            let book = sheets.rulebook()?;
            let from = Date::parse(&book.policy().version).map_or(i128::MIN, Date::starts_at);
            all.books.push((from, book));
        }
        all.books.sort_by_key(|(from, _)| *from);
        Ok(all)
    }

    /// Whether one version was chosen to judge whatever the order's day.
    #[must_use]
    pub const fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// All versions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Rulebook> {
        self.books.iter().map(|(_, book)| book)
    }

    /// Whether every version speaks a language.
    ///
    /// # Errors
    /// One does not; the error names those that it does speak.
    pub fn speak(&self, language: &str) -> Result<(), String> {
        for book in self.iter() {
            let policy = book.policy();
            if !policy
                .editions
                .iter()
                .any(|edition| edition.language == language)
            {
                return Err(no_language(policy, language));
            }
        }
        Ok(())
    }
}

/// That a policy has no edition in a language.
#[must_use]
pub fn no_language(policy: &makegood_policy::Policy, language: &str) -> String {
    let known: Vec<&str> = policy
        .editions
        .iter()
        .map(|edition| edition.language.as_str())
        .collect();
    format!(
        "`{}` of {} is not written in `{language}`: there is {}",
        policy.name,
        policy.version,
        known.join(", ")
    )
}

/// What a name or path leads to.
#[derive(Debug)]
pub enum Found {
    /// Versions of a built-in policy, oldest first; just one where `NAME@VERSION` was asked for.
    Versions(Vec<Sheets>),
    /// A file.
    File(Box<Sheets>),
}

impl Found {
    /// The newest version, or the file.
    #[must_use]
    pub fn newest(self) -> Option<Sheets> {
        match self {
            Self::Versions(mut all) => all.pop(),
            Self::File(sheets) => Some(*sheets),
        }
    }
}

/// Looks a policy up.
///
/// # Errors
/// There is none of that name and no file either, or the file cannot be read.
pub fn find(wanted: &str) -> Result<Found, Unusable> {
    let (name, version) = match wanted.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (wanted, None),
    };
    let versions: Vec<&BuiltIn> = built_in::ALL
        .iter()
        .filter(|built_in| built_in.name == name)
        .collect();
    if !versions.is_empty() {
        let chosen = versions
            .iter()
            .filter(|built_in| version.is_none_or(|version| version == built_in.version));
        let sheets: Vec<Sheets> = chosen
            .map(|built_in| Sheets::of_built_in(built_in))
            .collect();
        if sheets.is_empty() {
            let known: Vec<&str> = versions.iter().map(|built_in| built_in.version).collect();
            let version = harmless(version.unwrap_or_default());
            return Err(Unusable::Absent(format!(
                "`{name}` has no version `{version}`: there is {}",
                known.join(", ")
            )));
        }
        return Ok(Found::Versions(sheets));
    }
    let path = Path::new(wanted);
    if path.exists() {
        return beside(path)
            .map(|sheets| Found::File(Box::new(sheets)))
            .map_err(Unusable::Absent);
    }
    let known: Vec<String> = built_in::ALL
        .iter()
        .map(|built_in| format!("`{}@{}`", built_in.name, built_in.version))
        .collect();
    let wanted = harmless(wanted);
    Err(Unusable::Absent(format!(
        "no built-in policy and no file is called `{wanted}`: built in are {}",
        known.join(", ")
    )))
}

/// A policy's file with its translations and worked cases in the same folder. A folder stands for the one policy in it.
fn beside(path: &Path) -> Result<Sheets, String> {
    let asked = if path.is_dir() {
        only_policy(path)?
    } else {
        sheet(path)?
    };
    let folder = match asked.path.as_deref().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let stem = stem(asked.path.as_deref().unwrap_or(path));
    let policy_name = front(&asked.text, "policy").map(str::to_owned);
    let mut relatives: Vec<Sheet> = Vec::new();
    for other in markdown_in(&folder)? {
        let same = asked
            .path
            .as_deref()
            .is_some_and(|asked| same_file(asked, &other));
        if same || self::stem(&other) != stem {
            continue;
        }
        // A neighbour that is no text or no policy of this name is none of ours.
        if let Ok(other) = sheet(&other)
            && front(&other.text, "policy").map(str::to_owned) == policy_name
            && front(&other.text, "language") != front(&asked.text, "language")
        {
            relatives.push(other);
        }
    }
    let mut asked_language = None;
    let policy = match front(&asked.text, "translation_of").map(str::to_owned) {
        None => asked,
        Some(of) => {
            let source = relatives.iter().position(|other| {
                front(&other.text, "translation_of").is_none()
                    && front(&other.text, "language") == Some(&of)
            });
            let Some(source) = source else {
                return Err(format!(
                    "{} is a translation of `{of}`, and no policy in that language lies beside it as `{stem}.{of}.md`",
                    asked.name
                ));
            };
            asked_language = front(&asked.text, "language").map(str::to_owned);
            let source = relatives.swap_remove(source);
            relatives.push(asked);
            source
        }
    };
    relatives.retain(|other| front(&other.text, "translation_of").is_some());
    relatives.sort_by(|a, b| a.name.cmp(&b.name));
    let cases = folder.join("cases.md");
    let cases = if cases.is_file() {
        Some(sheet(&cases)?)
    } else {
        None
    };
    Ok(Sheets {
        policy,
        translations: relatives,
        cases,
        asked_language,
    })
}

fn same_file(one: &Path, other: &Path) -> bool {
    one.file_name() == other.file_name()
}

/// The one policy of a folder: the page that is no translation.
fn only_policy(folder: &Path) -> Result<Sheet, String> {
    let mut found = Vec::new();
    for path in markdown_in(folder)? {
        if let Ok(sheet) = sheet(&path)
            && front(&sheet.text, "policy").is_some()
            && front(&sheet.text, "translation_of").is_none()
        {
            found.push(sheet);
        }
    }
    let name = harmless(&folder.to_string_lossy());
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(format!(
            "{name}: no policy lies in this folder; name its file"
        )),
        (Some(_), false) => Err(format!(
            "{name}: several policies lie in this folder; name the file of one"
        )),
    }
}

fn markdown_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| {
        format!(
            "{}: cannot look into the folder: {error}",
            harmless(&folder.to_string_lossy())
        )
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file's name without `.md` and without the language before it.
fn stem(path: &Path) -> String {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    match name.rsplit_once('.') {
        Some((stem, language))
            if (2..=8).contains(&language.len())
                && language
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'-') =>
        {
            stem.to_owned()
        }
        _ => name.into_owned(),
    }
}

/// Reads a file of text, as far as the limits allow any to be.
pub(crate) fn sheet(path: &Path) -> Result<Sheet, String> {
    let name = path.to_string_lossy().into_owned();
    let shown = harmless(&name);
    let most = u64::try_from(Limits::default().bytes).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("{shown}: cannot be opened: {error}"))?;
    // One byte more than is allowed, so that reading the policy finds it too long.
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if u64::try_from(error.as_bytes().len()).is_ok_and(|length| length > most) => {
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        }
        Err(error) => {
            return Err(format!(
                "{shown}: is not UTF-8: byte {} belongs to no character; save the file as UTF-8",
                error.utf8_error().valid_up_to()
            ));
        }
    };
    Ok(Sheet {
        name,
        text,
        path: Some(path.to_owned()),
    })
}

/// A value of the front matter, without judging it.
#[must_use]
pub fn front<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    lines.next().filter(|line| line.trim_end() == "---")?;
    let line = lines
        .take_while(|line| line.trim_end() != "---")
        .find_map(|line| line.split_once(':').filter(|(name, _)| name.trim() == key))?;
    Some(line.1.trim())
}

/// A question that answers yes until the time is up.
pub fn until(long: Duration) -> impl Fn() -> bool {
    let start = Instant::now();
    move || start.elapsed() < long
}

/// Text in which nothing is left that a terminal would obey or hide: such characters are written as escapes.
///
/// ```
/// assert_eq!(makegood::policies::harmless("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\nc");
/// ```
#[must_use]
pub fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if obeyed(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Whether a terminal obeys a character, or hides what stands around it.
pub(crate) fn obeyed(character: char) -> bool {
    let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    turns || (character.is_control() && character != '\n' && character != '\t')
}

/// The same for a text whose places must stay where they are: such characters become dots, and their length stays.
fn masked(text: &str) -> String {
    if !text
        .chars()
        .any(|character| obeyed(character) && character != '\r')
    {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if obeyed(character) && character != '\r' {
            out.extend(std::iter::repeat_n('.', character.len_utf8()));
        } else {
            out.push(character);
        }
    }
    out
}
