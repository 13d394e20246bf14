// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands about policies: check, test, format, publish, explain, compare.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use makegood_desk::decision::Rulebook;
use makegood_policy::Policy;
use makegood_policy::cel::{cel_assumptions, cel_policy, cel_variables};
use makegood_policy::clause::Edition;
use makegood_policy::condition::FactId;
use makegood_policy::diff::{Change, ChangeKind, Decision, Diff as Differences, diff_in};
use makegood_policy::format::format as formatted;
use makegood_policy::page::{HostWords, PageOptions};
use makegood_policy::phrase::Tongue;
use makegood_policy::problem::{Code, Problem, Severity, Span};
use makegood_policy::rule::Then;
use makegood_policy::tables::{Table, tables};
use serde_json::{Value, json};

use crate::cli::{Done, FINE, FOUND, Stop, UNUSABLE, colours, complain};
use crate::policies::{self, Sheet, Sheets, Unusable, find, front, harmless, no_language};

/// What can be done with policies.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Prove that a policy has no gap, no overlap and no dead rule, or show where it has
    #[command(after_help = "Examples:
  makegood policy check policy.md
  makegood policy check viplikes
  makegood policy check --strict --json policies/*/*/policy.da.md

Every problem comes with its place, a remedy, and for gaps and overlaps the smallest case that shows it.

Exit codes: 0 no errors (with --strict: no warnings either), 1 problems, 2 no such file or policy.")]
    Check(Check),
    /// Run the tests of a policy: its `test` blocks and the worked cases beside it
    #[command(after_help = "Example:
  makegood policy test policies/viplikes/2025-10-02/policy.da.md

The worked cases are the tables of `cases.md` in the same folder. Exit codes: 0 all pass, 1 some fail, 2 unusable.")]
    Test(Test),
    /// Write the blocks of a policy in the one usual way; prose stays as it is
    #[command(after_help = "Examples:
  makegood policy fmt policy.md
  makegood policy fmt --check policy.md     # changes nothing; exit code 1 where something would change
  makegood policy fmt - < policy.md         # from standard input to standard output")]
    Fmt(Fmt),
    /// Print the page that customers read, as HTML
    #[command(after_help = "Example:
  makegood policy page --lang en --output refunds.html viplikes")]
    Page(Page),
    /// Print the rules as decision tables, a table for each clause
    #[command(after_help = "Examples:
  makegood policy explain --lang en viplikes
  makegood policy explain --markdown policy.md > tables.md")]
    Explain(Explain),
    /// Prove that two versions decide alike, or list every class of cases that they decide differently
    #[command(after_help = "Example:
  makegood policy diff viplikes@2025-10-02 policy.da.md

Exit codes: 0 they decide alike, 1 they differ, 2 unusable.")]
    Diff(Diff),
    /// Print every condition as CEL, the Common Expression Language, for other engines
    #[command(after_help = "Example:
  makegood policy cel viplikes")]
    Cel(Cel),
    /// Find a good order in which to ask the facts: a smaller diagram decides faster
    #[command(after_help = "Example:
  makegood policy order --write policy.md    # puts the line `order:` into the front matter

The order never changes a decision.")]
    Order(Order),
}

/// `policy check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Policy files, folders, or built-in names (NAME or NAME@VERSION)
    #[arg(required = true)]
    policies: Vec<String>,
    /// Warnings count as problems
    #[arg(long)]
    strict: bool,
    /// A list of objects, one a policy
    #[arg(long)]
    json: bool,
    /// How long to try to prove a policy before saying that it is not proved
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,
}

/// `policy test`.
#[derive(Args, Debug)]
pub struct Test {
    /// Policy files, folders, or built-in names
    #[arg(required = true)]
    policies: Vec<String>,
    /// A list of objects, one a policy
    #[arg(long)]
    json: bool,
}

/// `policy fmt`.
#[derive(Args, Debug)]
pub struct Fmt {
    /// Policy files, translations too; `-` reads standard input and writes standard output
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only say which files would change
    #[arg(long)]
    check: bool,
}

/// `policy page`.
#[derive(Args, Debug)]
pub struct Page {
    /// A policy file, a folder, or a built-in name
    policy: String,
    /// The language of the page; the policy's own where nothing is said
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// Where to write it; standard output where nothing is said
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The text alone, without how each clause is decided
    #[arg(long)]
    prose_only: bool,
}

/// `policy explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// A policy file, a folder, or a built-in name
    policy: String,
    /// The language of the tables; the policy's own where nothing is said
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// As Markdown
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// `policy diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The version that there was: a file, a folder, or NAME@VERSION
    old: String,
    /// The version that there shall be
    new: String,
    /// The language of the facts; the policy's own where nothing is said
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// How long to try before saying that nothing is proved
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,
}

/// `policy cel`.
#[derive(Args, Debug)]
pub struct Cel {
    /// A policy file, a folder, or a built-in name
    policy: String,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// `policy order`.
#[derive(Args, Debug)]
pub struct Order {
    /// A policy file, a folder, or a built-in name
    policy: String,
    /// Put it into the front matter of the file
    #[arg(long)]
    write: bool,
    /// As JSON
    #[arg(long, conflicts_with = "write")]
    json: bool,
    /// How long to look for a better one
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    deadline: u64,
}

/// Runs a command about policies.
///
/// # Errors
/// A policy or file cannot be used, or the output cannot be written.
pub fn run(command: &PolicyCommand, out: &mut dyn Write) -> Done {
    match command {
        PolicyCommand::Check(check) => check.run(out),
        PolicyCommand::Test(test) => test.run(out),
        PolicyCommand::Fmt(fmt) => fmt.run(out),
        PolicyCommand::Page(page) => page.run(out),
        PolicyCommand::Explain(explain) => explain.run(out),
        PolicyCommand::Diff(diff) => diff.run(out),
        PolicyCommand::Cel(cel) => cel.run(out),
        PolicyCommand::Order(order) => order.run(out),
    }
}

/// Why a policy cannot be used, drawn for standard error.
#[must_use]
pub fn told(unusable: &Unusable) -> String {
    match unusable {
        Unusable::Absent(why) => harmless(why),
        Unusable::Wrong(sheets, problems) => {
            let colour = colours(io::stderr().is_terminal());
            let drawn: Vec<String> = problems
                .iter()
                .map(|problem| sheets.drawn(problem, colour))
                .collect();
            let count = counted(drawn.len(), "error");
            format!(
                "{}\n\n{}: cannot decide with it: {count}",
                drawn.join("\n\n"),
                harmless(&sheets.policy.name)
            )
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 {
        format!("1 {what}")
    } else {
        format!("{count} {what}s")
    }
}

/// The files behind a name; the newest version where it has several.
fn sheets(wanted: &str) -> Result<Sheets, Stop> {
    let found = find(wanted)?.newest();
    found.ok_or_else(|| Stop::Message(format!("{}: has no version", harmless(wanted))))
}

/// A policy that reads, with its files.
fn usable(wanted: &str) -> Result<(Sheets, Policy), Stop> {
    let sheets = sheets(wanted)?;
    let reading = sheets.read(&policies::until(Duration::from_secs(60)));
    match reading.policy {
        Some(policy) => Ok((sheets, policy)),
        None => {
            let errors = reading
                .problems
                .into_iter()
                .filter(Problem::is_error)
                .collect();
            Err(Unusable::Wrong(Box::new(sheets), errors).into())
        }
    }
}

/// The edition in the language that was asked for, by flag or by the file.
fn edition<'p>(
    policy: &'p Policy,
    sheets: &Sheets,
    language: Option<&str>,
) -> Result<&'p Edition, Stop> {
    let Some(language) = language.or(sheets.asked_language.as_deref()) else {
        return Ok(policy.source());
    };
    let found = policy
        .editions
        .iter()
        .find(|edition| edition.language == language);
    found.ok_or_else(|| {
        Stop::Message(harmless(&format!(
            "--lang: {}",
            no_language(policy, language)
        )))
    })
}

fn write_json(out: &mut dyn Write, value: &Value) -> Result<(), Stop> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Stop::Message(error.to_string()))?;
    writeln!(out, "{}", crate::cli::quiet_json(&text))?;
    Ok(())
}

/// Line and column, from 1, columns in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before
        .bytes()
        .filter(|byte| *byte == b'\n')
        .count()
        .saturating_add(1);
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or("")
        .chars()
        .count()
        .saturating_add(1);
    (line, column)
}

fn place_json(files: &[(&str, &str)], span: Span) -> Value {
    let (file, text) = files.get(span.file).copied().unwrap_or(("", ""));
    let (line, column) = line_and_column(text, span.start);
    let (end_line, end_column) = line_and_column(text, span.end);
    json!({ "file": file, "line": line, "column": column, "end_line": end_line, "end_column": end_column, "start_byte": span.start, "end_byte": span.end })
}

fn severity(problem: &Problem) -> &'static str {
    match problem.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn problem_json(files: &[(&str, &str)], problem: &Problem) -> Value {
    let also: Vec<Value> = problem
        .also
        .iter()
        .map(|(span, words)| json!({ "place": place_json(files, *span), "says": words }))
        .collect();
    let witness = problem.witness.as_ref().map(|witness| {
        let facts: Vec<Value> = witness
            .facts
            .iter()
            .map(|(fact, is)| json!({ "fact": fact, "is": is }))
            .collect();
        let near: Vec<Value> = witness
            .near
            .iter()
            .map(|(rule, why)| json!({ "rule": rule, "but": why }))
            .collect();
        json!({ "facts": facts, "near": near, "test": witness.test })
    });
    json!({
        "code": problem.code.name(),
        "severity": severity(problem),
        "message": problem.message,
        "help": problem.help,
        "place": place_json(files, problem.span),
        "also": also,
        "witness": witness,
    })
}

fn tally(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let warnings = problems.len().saturating_sub(errors);
    let words: Vec<String> = [(errors, "error"), (warnings, "warning")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| counted(*count, what))
        .collect();
    words.join(", ")
}

impl Check {
    fn run(&self, out: &mut dyn Write) -> Done {
        let keep_going = policies::until(Duration::from_secs(self.deadline));
        let colour = colours(io::stdout().is_terminal());
        let mut code = FINE;
        let mut reports = Vec::new();
        for (at, wanted) in self.policies.iter().enumerate() {
            let sheets = match sheets(wanted) {
                Ok(sheets) => sheets,
                Err(stop) if self.policies.len() > 1 => {
                    complain(&stop.to_string());
                    code = UNUSABLE;
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let reading = sheets.read(&keep_going);
            let mut problems = reading.problems;
            if let Some(policy) = &reading.policy {
                problems.extend(policy.check(&keep_going));
                problems.extend(misfit(policy, &sheets));
                problems.sort_by_key(|problem| (problem.span, problem.code));
            }
            let bad = problems
                .iter()
                .any(|problem| self.strict || problem.is_error());
            if bad && code == FINE {
                code = FOUND;
            }
            if self.json {
                reports.push(report(&sheets, reading.policy.as_ref(), &problems));
                continue;
            }
            if at > 0 {
                writeln!(out)?;
            }
            for problem in &problems {
                writeln!(out, "{}\n", sheets.drawn(problem, colour))?;
            }
            writeln!(
                out,
                "{}",
                harmless(&summary(&sheets, reading.policy.as_ref(), &problems))
            )?;
        }
        if self.json {
            write_json(out, &Value::Array(reports))?;
        }
        Ok(code)
    }
}

/// What keeps a policy of the desk from deciding cases, if something does.
fn misfit(policy: &Policy, sheets: &Sheets) -> Option<Problem> {
    front(&sheets.policy.text, "host")?;
    let misfit = Rulebook::new(policy.clone()).err()?;
    let span = policy
        .rule_named(&misfit.name)
        .map_or(Span::default(), |rule| policy.rule(rule).span);
    Some(Problem::new(
        Code::Type,
        span,
        misfit.to_string(),
        "the desk cannot work out what this comes to",
    ))
}

/// Problems because of which nothing is proved.
fn unproved(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::Gap | Code::Overlap | Code::DeadRule | Code::NotProved
    )
}

fn summary(sheets: &Sheets, policy: Option<&Policy>, problems: &[Problem]) -> String {
    let name = &sheets.policy.name;
    let found = tally(problems);
    let Some(policy) = policy else {
        return format!("{name}: {found}; nothing can be proved before the errors are gone");
    };
    let over = format!(
        "over {}, {}, {}",
        counted(policy.facts().count(), "fact"),
        counted(policy.rules().len(), "rule"),
        counted(policy.diagram_size().unwrap_or(0), "node")
    );
    let proof = if !problems.iter().any(unproved) {
        format!("no gap, no overlap, no dead rule: proved {over}")
    } else if problems
        .iter()
        .any(|problem| problem.code == Code::NotProved)
    {
        "not proved".to_owned()
    } else {
        let kinds = [
            (Code::Gap, "gap"),
            (Code::Overlap, "overlap"),
            (Code::DeadRule, "dead rule"),
        ];
        let words: Vec<String> = kinds
            .iter()
            .map(|(code, what)| {
                match problems
                    .iter()
                    .filter(|problem| problem.code == *code)
                    .count()
                {
                    0 => format!("no {what}"),
                    count => counted(count, what),
                }
            })
            .collect();
        format!("{} {over}", words.join(", "))
    };
    if found.is_empty() {
        format!("{name}: {proof}")
    } else {
        format!("{name}: {found}; {proof}")
    }
}

fn report(sheets: &Sheets, policy: Option<&Policy>, problems: &[Problem]) -> Value {
    let files = sheets.files();
    let problems_json: Vec<Value> = problems
        .iter()
        .map(|problem| problem_json(&files, problem))
        .collect();
    json!({
        "file": sheets.policy.name,
        "translations": sheets.translations.iter().map(|sheet| &sheet.name).collect::<Vec<_>>(),
        "policy": policy.map(|policy| &policy.name),
        "version": policy.map(|policy| &policy.version),
        "digest": policy.map(|policy| &policy.digest),
        "facts": policy.map(|policy| policy.facts().count()),
        "rules": policy.map(|policy| policy.rules().len()),
        "nodes": policy.and_then(Policy::diagram_size),
        "proved": policy.is_some() && !problems.iter().any(unproved),
        "problems": problems_json,
    })
}

/// A test that was run: a `test` block or a line of worked cases.
struct Tried {
    name: String,
    span: Span,
    passed: bool,
    expected: Option<String>,
    found: Option<String>,
    problems: Vec<Problem>,
}

impl Test {
    fn run(&self, out: &mut dyn Write) -> Done {
        let colour = colours(io::stdout().is_terminal());
        let mut code = FINE;
        let mut reports = Vec::new();
        for wanted in &self.policies {
            let (sheets, policy) = match usable(wanted) {
                Ok(found) => found,
                Err(stop) if self.policies.len() > 1 => {
                    complain(&stop.to_string());
                    code = UNUSABLE;
                    continue;
                }
                Err(stop) => return Err(stop),
            };
            let blocks = run_blocks(&policy);
            let worked = match &sheets.cases {
                Some(cases) => Some((cases, run_worked(&sheets, &policy, cases)?)),
                None => None,
            };
            let lines = worked.iter().flat_map(|(_, (tried, _))| tried);
            let loose = worked
                .as_ref()
                .is_some_and(|(_, (_, problems))| problems.iter().any(Problem::is_error));
            if (loose || blocks.iter().chain(lines).any(|tried| !tried.passed)) && code == FINE {
                code = FOUND;
            }
            let files = sheets.files();
            if self.json {
                let worked = worked.as_ref().map(|(cases, (tried, problems))| {
                    let files = [(cases.name.as_str(), cases.text.as_str())];
                    let problems: Vec<Value> = problems.iter().map(|problem| problem_json(&files, problem)).collect();
                    json!({ "file": cases.name, "cases": tried.iter().map(|tried| tried.json(&files)).collect::<Vec<_>>(), "problems": problems })
                });
                reports.push(json!({
                    "file": sheets.policy.name,
                    "policy": policy.name,
                    "version": policy.version,
                    "tests": blocks.iter().map(|tried| tried.json(&files)).collect::<Vec<_>>(),
                    "worked": worked,
                }));
                continue;
            }
            draw_failures(out, &sheets, &blocks, &[], colour)?;
            writeln!(
                out,
                "{}",
                harmless(&passed(&sheets.policy.name, "test", &blocks, &[]))
            )?;
            if let Some((cases, (tried, problems))) = &worked {
                let alone = Sheets {
                    policy: (*cases).clone(),
                    translations: Vec::new(),
                    cases: None,
                    asked_language: None,
                };
                draw_failures(out, &alone, tried, problems, colour)?;
                writeln!(
                    out,
                    "{}",
                    harmless(&passed(&cases.name, "worked case", tried, problems))
                )?;
            }
        }
        if self.json {
            write_json(out, &Value::Array(reports))?;
        }
        Ok(code)
    }
}

impl Tried {
    fn json(&self, files: &[(&str, &str)]) -> Value {
        let problems: Vec<Value> = self
            .problems
            .iter()
            .map(|problem| problem_json(files, problem))
            .collect();
        json!({ "name": self.name, "passed": self.passed, "expected": self.expected, "found": self.found, "place": place_json(files, self.span), "problems": problems })
    }
}

fn run_blocks(policy: &Policy) -> Vec<Tried> {
    let tried = policy.run_tests().into_iter().map(|run| {
        let help = format!(
            "it says `{}`, the policy decides `{}`; correct the test or the rule",
            run.expected, run.found
        );
        let problem = Problem::new(
            Code::FailedTest,
            run.span,
            format!("the test `{}` fails", run.name),
            help,
        );
        Tried {
            problems: if run.passed {
                Vec::new()
            } else {
                vec![problem]
            },
            name: run.name,
            span: run.span,
            passed: run.passed,
            expected: Some(run.expected),
            found: Some(run.found),
        }
    });
    tried.collect()
}

fn run_worked(
    sheets: &Sheets,
    policy: &Policy,
    cases: &Sheet,
) -> Result<(Vec<Tried>, Vec<Problem>), Stop> {
    let (runs, problems) = if front(&sheets.policy.text, "host").is_some() {
        let book = sheets.clone().rulebook()?;
        crate::worked::run_cases(&book, &cases.name, &cases.text)
    } else {
        makegood_policy::cases::run_alone(policy, &cases.name, &cases.text)
    };
    let tried = runs.into_iter().map(|run| Tried {
        passed: run.passed(),
        name: run.heading,
        span: run.span,
        expected: None,
        found: run.found.map(|found| {
            if found.clause.is_empty() {
                found.decision
            } else {
                format!("{} {}", found.decision, found.clause)
            }
        }),
        problems: run.problems,
    });
    Ok((tried.collect(), problems))
}

fn draw_failures(
    out: &mut dyn Write,
    sheets: &Sheets,
    tried: &[Tried],
    more: &[Problem],
    colour: bool,
) -> Result<(), Stop> {
    for problem in more
        .iter()
        .chain(tried.iter().flat_map(|tried| &tried.problems))
    {
        writeln!(out, "{}\n", sheets.drawn(problem, colour))?;
    }
    Ok(())
}

fn passed(name: &str, what: &str, tried: &[Tried], more: &[Problem]) -> String {
    let good = tried.iter().filter(|tried| tried.passed).count();
    let failed = tried.len().saturating_sub(good);
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(", {}", tally(more))
    };
    match failed {
        0 if tried.is_empty() => format!("{name}: no {what}s{more}"),
        0 => format!("{name}: {} pass{more}", counted(good, what)),
        _ => format!(
            "{name}: {failed} of {} fail{more}",
            counted(tried.len(), what)
        ),
    }
}

impl Fmt {
    fn run(&self, out: &mut dyn Write) -> Done {
        let mut code = FINE;
        for path in &self.files {
            let from_stdin = path == Path::new("-");
            let sheet = if from_stdin {
                standard_input()
            } else {
                policies::sheet(path)
            };
            let sheet = match sheet {
                Ok(sheet) => sheet,
                Err(why) => {
                    complain(&why);
                    code = UNUSABLE;
                    continue;
                }
            };
            let name = harmless(&sheet.name);
            let text = match formatted(&sheet.text) {
                Ok(text) => text,
                Err(problems) => {
                    let alone = Sheets {
                        policy: sheet,
                        translations: Vec::new(),
                        cases: None,
                        asked_language: None,
                    };
                    complain(&told(&Unusable::Wrong(Box::new(alone), problems)));
                    code = UNUSABLE;
                    continue;
                }
            };
            let same = text == sheet.text;
            if self.check {
                if !same {
                    writeln!(out, "{name}: would change")?;
                    code = code.max(FOUND);
                }
            } else if from_stdin {
                out.write_all(text.as_bytes())?;
            } else if !same {
                replace(path, &text).map_err(|error| {
                    Stop::Message(format!("{name}: cannot be written: {error}"))
                })?;
                writeln!(out, "{name}: formatted")?;
            }
        }
        Ok(code)
    }
}

fn standard_input() -> Result<Sheet, String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(makegood_policy::Limits::default().bytes).unwrap_or(u64::MAX);
    io::stdin()
        .lock()
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| format!("standard input: cannot be read: {error}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > most) {
        return Err(format!("standard input: has more than {most} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        format!(
            "standard input: is not UTF-8: byte {} belongs to no character",
            error.utf8_error().valid_up_to()
        )
    })?;
    Ok(Sheet {
        name: "standard input".to_owned(),
        text,
        path: None,
    })
}

/// Writes a file so that it is never seen half written: beside it first, then in its place.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let path = fs::canonicalize(path)?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = PathBuf::from(beside);
    let written = fs::write(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, fs::metadata(&path)?.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // What cannot be written can often not be removed either; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

impl Page {
    fn run(&self, out: &mut dyn Write) -> Done {
        let (sheets, policy) = usable(&self.policy)?;
        let edition = edition(&policy, &sheets, self.lang.as_deref())?;
        let options = PageOptions {
            words: host_words(Tongue::of(&edition.language)),
            prose_only: self.prose_only,
            ..PageOptions::default()
        };
        let page = policy.page(edition, &options);
        match &self.output {
            None => out.write_all(page.as_bytes())?,
            Some(path) => fs::write(path, page).map_err(|error| {
                Stop::Message(format!(
                    "{}: cannot be written: {error}",
                    harmless(&path.to_string_lossy())
                ))
            })?,
        }
        Ok(FINE)
    }
}

/// The desk's words in Danish and English.
const OUTCOMES: &[(&str, &str, &str)] = &[
    ("refund", "tilbagebetaling", "refund"),
    (
        "support_resolution",
        "vi retter op på det",
        "we put it right",
    ),
    ("declined", "afslag", "declined"),
    (
        "review",
        "en medarbejder ser på sagen",
        "a person looks at it",
    ),
    (
        "contest",
        "vi gør indsigelse hos banken",
        "we contest the dispute",
    ),
    (
        "concede",
        "vi giver kunden ret over for banken",
        "we accept the dispute",
    ),
];
const REMEDIES: &[(&str, &str, &str)] = &[
    ("refund", "tilbagebetaling af {}", "refund of {}"),
    ("exchange", "ombytning af {}", "exchange of {}"),
    ("redeliver", "ny levering af {}", "redelivery of {}"),
    ("replace_account", "en ny konto", "a new account"),
    (
        "expedite",
        "vi skubber på leveringen",
        "we give the delivery a push",
    ),
    (
        "start_manually",
        "vi starter ydelsen i hånden",
        "we start the service by hand",
    ),
    (
        "restart",
        "leveringen begynder forfra",
        "the delivery begins anew",
    ),
    (
        "cancel_subscription",
        "abonnementet stopper",
        "the subscription is cancelled",
    ),
    (
        "accept_dispute",
        "vi accepterer indsigelsen",
        "we accept the dispute",
    ),
    (
        "submit_evidence",
        "vi sender alt, vi ved, til banken",
        "we send all records to the bank",
    ),
    (
        "flag_friendly_fraud",
        "indsigelsen kom uden et ord til os",
        "the dispute came without a word to us",
    ),
];
const QUANTITIES: &[(&str, &str, &str)] = &[
    (
        "everything_left",
        "alt, der ikke er betalt tilbage",
        "everything not yet paid back",
    ),
    (
        "open_undelivered",
        "det, der ikke er leveret",
        "what was not delivered",
    ),
    ("open_dropped", "det, der er faldet fra", "what dropped"),
    (
        "refundable_dropped",
        "det, der er faldet fra under garantien",
        "what dropped under the guarantee",
    ),
    ("one_unit", "ét stk.", "one unit"),
    (
        "renewal_rest",
        "resten af den betaling",
        "the rest of that payment",
    ),
];
const SOURCES: &[(&str, &str, &str)] = &[
    ("claim", "kundens henvendelse", "the claim"),
    ("customer", "kunden", "the customer"),
    ("delivery_log", "leveringsloggen", "the delivery log"),
    ("history", "sagens historie", "the history of the case"),
    ("order", "ordren", "the order"),
    ("payments", "betalingerne", "the payments"),
    ("support", "support", "support"),
    (
        "technical_team",
        "den tekniske afdeling",
        "the technical team",
    ),
];

/// What the desk's words are called in a language.
pub(crate) fn host_words(tongue: Tongue) -> HostWords {
    let pick = |words: &[(&str, &str, &str)]| {
        let one = |(word, danish, english): &(&str, &str, &str)| {
            let said = if tongue.is_danish() { danish } else { english };
            ((*word).to_owned(), (*said).to_owned())
        };
        words.iter().map(one).collect()
    };
    HostWords {
        outcomes: pick(OUTCOMES),
        remedies: pick(REMEDIES),
        quantities: pick(QUANTITIES),
        sources: pick(SOURCES),
    }
}

impl Explain {
    fn run(&self, out: &mut dyn Write) -> Done {
        let (sheets, policy) = usable(&self.policy)?;
        let edition = edition(&policy, &sheets, self.lang.as_deref())?;
        let tables = tables(&policy, edition);
        if self.json {
            let tables: Vec<Value> = tables
                .iter()
                .map(|table| table_json(&policy, table))
                .collect();
            write_json(
                out,
                &json!({ "policy": policy.name, "version": policy.version, "language": edition.language, "tables": tables }),
            )?;
            return Ok(FINE);
        }
        let width = crate::cli::width();
        let drawn: Vec<String> = tables
            .iter()
            .map(|table| {
                if self.markdown {
                    table.markdown()
                } else {
                    table.plain(width)
                }
            })
            .collect();
        if self.markdown {
            writeln!(out, "# {}\n", harmless(&edition.title))?;
        }
        out.write_all(harmless(&drawn.join("\n")).as_bytes())?;
        Ok(FINE)
    }
}

fn table_json(policy: &Policy, table: &Table) -> Value {
    let name = |fact: FactId| policy.fact_def(fact).name.as_str();
    let rows: Vec<Value> = table
        .rows
        .iter()
        .map(|row| {
            let when: serde_json::Map<String, Value> = row.cells.iter().filter_map(|cell| Some((name(cell.fact).to_owned(), json!(cell.words.as_ref()?)))).collect();
            let judges_again = matches!(policy.rule(row.rule).then, Then::JudgeAgain { .. });
            json!({ "rule": row.id, "depth": row.depth, "when": when, "written": row.written, "outcome": row.outcome, "remedies": row.remedies, "judges_again": judges_again })
        })
        .collect();
    let gives_way: Vec<Value> = table
        .gives_way
        .iter()
        .map(|way| {
            let to: Vec<Value> = way
                .to
                .iter()
                .map(|(rule, clause)| json!({ "rule": rule, "clause": clause }))
                .collect();
            json!({ "rules": way.rules, "to": to })
        })
        .collect();
    let facts: Vec<Value> = table
        .facts
        .iter()
        .zip(&table.heads)
        .map(|(fact, head)| json!({ "fact": name(*fact), "label": head }))
        .collect();
    json!({ "clause": table.clause, "title": table.title, "facts": facts, "rows": rows, "gives_way": gives_way, "never": table.never })
}

impl Diff {
    fn run(&self, out: &mut dyn Write) -> Done {
        let (old_sheets, old) = usable(&self.old)?;
        let (new_sheets, new) = usable(&self.new)?;
        let asked = new_sheets.asked_language.or(old_sheets.asked_language);
        let language = self.lang.clone().or(asked);
        let language = language.unwrap_or_else(|| new.source().language.clone());
        let keep_going = policies::until(Duration::from_secs(self.deadline));
        let diff = diff_in(&old, &new, &language, &keep_going);
        let diff = diff.map_err(|over| Stop::Message(harmless(&over.to_string())))?;
        let code = if diff.is_alike() { FINE } else { FOUND };
        if self.json {
            write_json(out, &diff_json(&old, &new, &diff))?;
            return Ok(code);
        }
        let mut text = String::new();
        for note in &diff.notes {
            text.push_str(&format!("note: {note}\n"));
        }
        if !diff.notes.is_empty() {
            text.push('\n');
        }
        for change in &diff.changes {
            text.push_str(&change_text(change));
            text.push('\n');
        }
        let effects = |kind: ChangeKind| {
            diff.changes
                .iter()
                .filter(|change| change.kind == kind)
                .count()
        };
        let (outcomes, clauses) = (effects(ChangeKind::Effect), effects(ChangeKind::Clause));
        let names = format!(
            "{} {} and {} {}",
            old.name, old.version, new.name, new.version
        );
        let proved = format!("proved over {}", counted(diff.nodes, "node"));
        text.push_str(&if diff.is_alike() {
            format!("{names} decide alike: {proved}\n")
        } else {
            format!(
                "{names} differ: {} with another outcome or remedy, {clauses} with another clause alone; nothing else changes: {proved}\n",
                if outcomes == 1 { "1 class".to_owned() } else { format!("{outcomes} classes") }
            )
        });
        out.write_all(harmless(&text).as_bytes())?;
        Ok(code)
    }
}

fn decided(decision: &Decision) -> String {
    let effect = decision
        .effect
        .as_deref()
        .unwrap_or("nothing: no rule decides");
    let clause = decision
        .clause
        .as_ref()
        .map_or(String::new(), |clause| format!(", clause {clause}"));
    let rules = decision.rules.join(", ");
    if rules.is_empty() {
        effect.to_owned()
    } else {
        format!("{effect}{clause} ({rules})")
    }
}

fn change_text(change: &Change) -> String {
    let mut text = format!(
        "before  {}\nafter   {}\n",
        decided(&change.before),
        decided(&change.after)
    );
    let when: Vec<String> = change
        .when
        .iter()
        .map(|when| format!("{} is {}", when.label, when.words))
        .collect();
    text.push_str(&format!(
        "when    {}\n",
        if when.is_empty() {
            "always".to_owned()
        } else {
            when.join("\n        ")
        }
    ));
    let example: Vec<String> = change
        .example
        .iter()
        .map(|given| match given.only {
            None => format!("{} = {}", given.fact, given.value),
            Some(side) => format!("{} = {} ({side})", given.fact, given.value),
        })
        .collect();
    text.push_str(&format!("as in   {}\n", example.join(", ")));
    text
}

fn diff_json(old: &Policy, new: &Policy, diff: &Differences) -> Value {
    let version = |policy: &Policy| json!({ "policy": policy.name, "version": policy.version, "digest": policy.digest });
    let decision = |decision: &Decision| json!({ "rules": decision.rules, "clause": decision.clause, "effect": decision.effect });
    let changes: Vec<Value> = diff
        .changes
        .iter()
        .map(|change| {
            let when: Vec<Value> = change.when.iter().map(|when| json!({ "fact": when.fact, "label": when.label, "is": when.words })).collect();
            let example: Vec<Value> = change.example.iter().map(|given| json!({ "fact": given.fact, "value": given.value, "only": given.only.map(|side| side.to_string()) })).collect();
            let kind = match change.kind {
                ChangeKind::Effect => "effect",
                ChangeKind::Clause => "clause",
            };
            json!({ "kind": kind, "before": decision(&change.before), "after": decision(&change.after), "when": when, "example": example })
        })
        .collect();
    json!({
        "before": version(old),
        "after": version(new),
        "alike": diff.is_alike(),
        "nodes": diff.nodes,
        "notes": diff.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "changes": changes,
    })
}

impl Cel {
    fn run(&self, out: &mut dyn Write) -> Done {
        let (_, policy) = usable(&self.policy)?;
        let variables = cel_variables(&policy);
        let (assumptions, rules) = (cel_assumptions(&policy), cel_policy(&policy));
        if self.json {
            let variables: Vec<Value> = variables.iter().map(|variable| json!({ "fact": policy.fact_def(variable.fact).name, "name": variable.name, "type": variable.kind, "nullable": variable.nullable })).collect();
            let rules: Vec<Value> = rules.iter().map(|rule| json!({ "rule": rule.name, "clause": policy.rule(rule.rule).clause, "condition": rule.condition, "wins": rule.wins })).collect();
            write_json(
                out,
                &json!({ "policy": policy.name, "version": policy.version, "variables": variables, "assumptions": assumptions, "rules": rules }),
            )?;
            return Ok(FINE);
        }
        let mut text = String::new();
        for variable in &variables {
            let nullable = if variable.nullable { ", or null" } else { "" };
            text.push_str(&format!(
                "// {}: {}{nullable}\n",
                variable.name, variable.kind
            ));
        }
        for assumption in &assumptions {
            text.push_str(&format!("\n// assumed\n{assumption}\n"));
        }
        for rule in &rules {
            text.push_str(&format!(
                "\n// {} (clause {})\n{}\n",
                rule.name,
                policy.rule(rule.rule).clause,
                rule.condition
            ));
            if rule.wins != rule.condition {
                text.push_str(&format!("// and no exception: {}\n", rule.wins));
            }
        }
        out.write_all(harmless(&text).as_bytes())?;
        Ok(FINE)
    }
}

impl Order {
    fn run(&self, out: &mut dyn Write) -> Done {
        let (sheets, policy) = usable(&self.policy)?;
        let (names, nodes) =
            policy.sifted_order(&policies::until(Duration::from_secs(self.deadline)));
        if self.json {
            write_json(
                out,
                &json!({ "policy": policy.name, "version": policy.version, "nodes_before": policy.diagram_size(), "nodes": nodes, "order": names }),
            )?;
            return Ok(FINE);
        }
        let line = format!("order: {}", names.join(" "));
        if !self.write {
            writeln!(out, "{line}")?;
            complain(&told_nodes(policy.diagram_size(), nodes));
            return Ok(FINE);
        }
        let Some(path) = &sheets.policy.path else {
            return Err(Stop::Message(format!(
                "{}: is built in and cannot be written; name a file",
                harmless(&self.policy)
            )));
        };
        let name = harmless(&sheets.policy.name);
        let Some(text) = with_order(&sheets.policy.text, &line) else {
            return Err(Stop::Message(format!("{name}: has no front matter")));
        };
        if text == sheets.policy.text {
            writeln!(out, "{name}: has this order already")?;
        } else {
            replace(path, &text)
                .map_err(|error| Stop::Message(format!("{name}: cannot be written: {error}")))?;
            writeln!(
                out,
                "{name}: order written, {}",
                told_nodes(policy.diagram_size(), nodes)
            )?;
        }
        Ok(FINE)
    }
}

fn told_nodes(before: Option<usize>, nodes: usize) -> String {
    match before {
        Some(before) if before == nodes => format!("{}, as before", counted(nodes, "node")),
        Some(before) => format!("{} instead of {before}", counted(nodes, "node")),
        None => counted(nodes, "node"),
    }
}

/// The text with its `order:` line replaced, or put at the end of the front matter.
fn with_order(text: &str, line: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len().saturating_add(line.len()));
    let mut lines = text.split_inclusive('\n');
    out.push_str(lines.next().filter(|first| first.trim_end() == "---")?);
    let mut written = false;
    for old in lines.by_ref() {
        let end = old.trim_end_matches(['\n', '\r']);
        let ending = old.get(end.len()..).unwrap_or("\n");
        if end.trim_end() == "---" {
            if !written {
                out.push_str(line);
                out.push_str(ending);
            }
            out.push_str(old);
            out.extend(lines);
            return Some(out);
        }
        if end
            .split_once(':')
            .is_some_and(|(key, _)| key.trim() == "order")
        {
            out.push_str(line);
            out.push_str(ending);
            written = true;
        } else {
            out.push_str(old);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_takes_the_place_of_the_old_one_or_ends_the_front_matter() {
        let new = |text: &str| with_order(text, "order: b a");
        assert_eq!(
            new("---\npolicy: p\n---\norder: x\n").as_deref(),
            Some("---\npolicy: p\norder: b a\n---\norder: x\n")
        );
        assert_eq!(
            new("---\norder: a\npolicy: p\n---\n").as_deref(),
            Some("---\norder: b a\npolicy: p\n---\n")
        );
        assert_eq!(new("# No front matter\n"), None);
    }

    #[test]
    fn every_word_of_the_desk_has_a_name_on_the_page() {
        let host = makegood_desk::vocabulary::host();
        let words = host_words(Tongue::of("da"));
        assert!(
            host.outcomes
                .iter()
                .all(|word| words.outcomes.contains_key(word))
        );
        assert!(
            host.remedies
                .iter()
                .all(|(word, _)| words.remedies.contains_key(word))
        );
        assert!(
            host.quantities
                .iter()
                .all(|word| words.quantities.contains_key(word))
        );
    }

    #[test]
    fn lines_and_columns_begin_at_one_and_count_characters() {
        assert_eq!(line_and_column("æ\nøå", 0), (1, 1));
        assert_eq!(line_and_column("æ\nøå", 5), (2, 2));
    }
}
