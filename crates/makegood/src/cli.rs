// SPDX-License-Identifier: MIT OR Apache-2.0
//! The command line: what can be asked, and the commands that are not about policies.
//!
//! Exit codes: 0 all is well; 1 something was found (a problem of a policy, a test that fails, versions that differ); 2 something
//! could not be used (a flag, a case, a policy, a file).

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use makegood_desk::decision::Workspace;
use makegood_policy::fact::Disclose;

use crate::desk_commands::{self, DeskCommand};
use crate::policies::{Policies, Unusable, harmless, obeyed};
use crate::policy_commands::{self, PolicyCommand};
use crate::reasons::{Reasons, edition};
use crate::stream::{self, Broken, Clerk, Input, LONGEST, Manner, Tally, Undecided};
use crate::terminal::{self, Style};
use crate::wire::read_case;

/// Nothing to complain of.
pub const FINE: u8 = 0;
/// Something was found.
pub const FOUND: u8 = 1;
/// Something could not be used.
pub const UNUSABLE: u8 = 2;

/// Decides refund claims by a policy that people can read.
#[derive(Debug, Parser)]
#[command(
    name = "makegood",
    version,
    propagate_version = true,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Decide a claim:           makegood decide case.json
Decide a million:         makegood decide --ndjson < cases.ndjson > decisions.ndjson
Look for gaps in a page:  makegood policy check policy.md

Exit codes: 0 all is well, 1 something was found (a problem, a failing test, a difference), 2 something could not be used."
)]
pub struct Makegood {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decide case files: outcome, amount, clause, reasons, and what is still to be asked
    ///
    /// Each case file is one JSON object: the order, its payments, the delivery log, the claim. With no file, or with `-`, one is
    /// read from standard input. Where something that matters is not known yet, the answer says what to ask, and whom.
    Decide(Decide),
    /// Work with policies: check, test, format, publish, explain, compare
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    #[command(flatten)]
    Desk(DeskCommand),
    /// Print a script that completes commands in your shell
    #[command(after_help = "Example:
  makegood completions bash > /etc/bash_completion.d/makegood")]
    Completions {
        /// Your shell
        shell: clap_complete::Shell,
    },
}

/// `decide`.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  makegood decide case.json
  makegood decide --lang en --audience customer case.json
  makegood decide --json case.json | jq .because
  makegood decide --ndjson --no-reasons < cases.ndjson > decisions.ndjson

With --ndjson, line n of the output answers line n of the input. A line that cannot be read is answered by
{\"error\": {\"type\", \"detail\", \"pointer\"}} and the run goes on; the exit code is then 0 all the same.

Exit codes: 0 decided, 2 a case, a policy or a file could not be used (the other cases are decided all the same).")]
struct Decide {
    /// Case files; `-` is standard input
    files: Vec<PathBuf>,

    /// The policy that judges: a built-in name (the version in force when the order was placed), NAME@VERSION, or a policy file
    #[arg(
        long,
        value_name = "NAME|NAME@VERSION|FILE",
        default_value = "viplikes"
    )]
    policy: String,

    /// The language of reasons and questions, such as `da` or `en`
    ///
    /// A page for a person is in the language of the terminal where the policy has it; JSON is in the policy's own language.
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,

    /// One JSON object a case: indented for one case, a line each for several
    #[arg(long, group = "machine", conflicts_with = "ndjson")]
    json: bool,

    /// Read a case a line and write a decision a line, in the same order
    #[arg(long, group = "machine")]
    ndjson: bool,

    /// Leave out the reasons: outcome, clause, rule, remedies and missing facts alone
    #[arg(long, requires = "machine")]
    no_reasons: bool,

    /// Who reads it: an agent if it is a page, a customer if it is JSON, where nothing is said
    ///
    /// What a policy keeps from customers (questions for others, facts that are not theirs to hear) is left out for them.
    #[arg(long, value_enum)]
    audience: Option<Audience>,

    /// Workers for --ndjson; all cores where nothing is said
    #[arg(long, value_name = "N", requires = "ndjson")]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Audience {
    /// What the customer may hear
    Customer,
    /// What people at the desk may hear
    Agent,
}

impl From<Audience> for Disclose {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Customer => Self::Customer,
            Audience::Agent => Self::Agent,
        }
    }
}

/// Why a command ends at once.
#[derive(Debug)]
pub enum Stop {
    /// Something could not be used.
    Message(String),
    /// The output could not be written.
    Writing(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Writing(error)
    }
}

impl From<Unusable> for Stop {
    fn from(unusable: Unusable) -> Self {
        Self::Message(policy_commands::told(&unusable))
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Writing(error) => write!(f, "cannot write: {error}"),
        }
    }
}

/// What a command comes to: its exit code, or why it stopped.
pub type Done = Result<u8, Stop>;

/// Runs the command that the arguments of the process name.
pub fn main() -> ExitCode {
    #[cfg(feature = "crash-points")]
    if crate::crash::listed() {
        return ExitCode::SUCCESS;
    }
    let arguments = Makegood::parse();
    let mut out = io::stdout().lock();
    let done = match &arguments.command {
        Command::Decide(decide) if decide.ndjson => decide.stream(&mut out),
        Command::Decide(decide) => decide.files(&mut out),
        Command::Policy { command } => policy_commands::run(command, &mut out),
        Command::Desk(command) => desk_commands::run(command, &mut out),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Makegood::command(), "makegood", &mut script);
            out.write_all(&script).map(|()| FINE).map_err(Stop::Writing)
        }
    };
    match done.and_then(|code| out.flush().map(|()| code).map_err(Stop::Writing)) {
        Ok(code) => ExitCode::from(code),
        // Whoever read has seen enough.
        Err(Stop::Writing(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(stop) => {
            complain(&stop.to_string());
            ExitCode::from(UNUSABLE)
        }
    }
}

/// Says on standard error what is wrong. Only what was made harmless comes here.
pub fn complain(message: &str) {
    // A message that nobody can read is no reason to fail.
    let _ = writeln!(io::stderr(), "{message}");
}

/// Whether to use colours on a stream: as NO_COLOR and CLICOLOR_FORCE say, else where it is a terminal that has them.
pub fn colours(is_terminal: bool) -> bool {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && set("TERM").is_none_or(|value| value != "dumb")
}

/// How many characters a line of standard output may have: those of the terminal, or as many as people like to read.
pub fn width() -> usize {
    let terminal =
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    let said = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    terminal.or(said).unwrap_or(100).clamp(20, 400)
}

/// The language that the terminal speaks; English where it does not say.
fn terminal_language() -> String {
    let said = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let said = said.unwrap_or_default();
    let language = said.split(['_', '.', '@']).next().unwrap_or("");
    match language {
        "" | "C" | "POSIX" => "en".to_owned(),
        language => language.to_lowercase(),
    }
}

impl Decide {
    fn policies(&self) -> Result<Policies, Stop> {
        let policies = Policies::open(&self.policy)?;
        if let Some(language) = &self.lang {
            policies
                .speak(language)
                .map_err(|why| Stop::Message(harmless(&format!("--lang: {why}"))))?;
        }
        Ok(policies)
    }

    fn inputs(&self) -> Result<Vec<&Path>, Stop> {
        if !self.files.is_empty() {
            return Ok(self.files.iter().map(PathBuf::as_path).collect());
        }
        if io::stdin().is_terminal() {
            let message = "no case to decide: name a case file, or `-` to type one here; `makegood decide --help` tells more";
            return Err(Stop::Message(message.to_owned()));
        }
        Ok(vec![Path::new("-")])
    }

    fn audience(&self) -> Disclose {
        let machine = self.json || self.ndjson;
        self.audience
            .unwrap_or(if machine {
                Audience::Customer
            } else {
                Audience::Agent
            })
            .into()
    }

    /// A page or an object for each file.
    fn files(&self, out: &mut dyn Write) -> Done {
        let policies = self.policies()?;
        let inputs = self.inputs()?;
        let several = inputs.len() > 1;
        let language = match &self.lang {
            None if !self.json => Some(terminal_language()),
            said => said.clone(),
        };
        let manner = Manner {
            reasons: !self.no_reasons,
            language,
            audience: self.audience(),
            indented: !several,
        };
        let mut desk = Desk {
            policies: Arc::new(policies),
            manner: Arc::new(manner),
            room: Workspace::default(),
            style: Style {
                colour: colours(io::stdout().is_terminal()),
                width: width(),
            },
        };
        let mut code = FINE;
        for (at, path) in inputs.into_iter().enumerate() {
            let name = if path == Path::new("-") {
                "standard input".to_owned()
            } else {
                harmless(&path.to_string_lossy())
            };
            let undecided = match read_whole(path) {
                Err(why) => Undecided {
                    kind: "unreadable",
                    detail: format!("cannot be read: {why}"),
                    pointer: String::new(),
                },
                Ok(bytes) => {
                    let answer = if self.json {
                        desk.json(&bytes)
                    } else {
                        desk.page(&bytes)
                    };
                    match answer {
                        Ok(text) => {
                            if several && !self.json {
                                let gap = if at == 0 { "" } else { "\n\n" };
                                out.write_all(desk.heading(gap, &name).as_bytes())?;
                            }
                            out.write_all(text.as_bytes())?;
                            continue;
                        }
                        Err(undecided) => undecided,
                    }
                }
            };
            code = UNUSABLE;
            if self.json {
                let mut line = Vec::new();
                undecided.write(&mut line);
                out.write_all(quiet_json(&String::from_utf8_lossy(&line)).as_bytes())?;
                out.write_all(b"\n")?;
            }
            out.flush()?;
            let place = if undecided.pointer.is_empty() {
                String::new()
            } else {
                format!(" at {}", undecided.pointer)
            };
            complain(&harmless(&format!("{name}{place}: {}", undecided.detail)));
        }
        Ok(code)
    }

    /// A line for each line.
    fn stream(&self, out: &mut dyn Write) -> Done {
        let policies = Arc::new(self.policies()?);
        let manner = Arc::new(Manner {
            reasons: !self.no_reasons,
            language: self.lang.clone(),
            audience: self.audience(),
            indented: false,
        });
        let paths = self.inputs()?;
        let jobs = self
            .jobs
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN);
        let bar = progress_bar(&paths);
        let inputs = paths.iter().map(|path| input(path)).collect();
        // A panic becomes an error in its line; its story on standard error would tear the bar apart.
        std::panic::set_hook(Box::new(|_| {}));
        let clerk = move || {
            let mut clerk = Clerk::new(Arc::clone(&policies), Arc::clone(&manner));
            move |line: &[u8], answer: &mut Vec<u8>| clerk.decide(line, answer)
        };
        let mut quiet = Quiet { out };
        let out: &mut dyn Write = if io::stdout().is_terminal() {
            &mut quiet
        } else {
            quiet.out
        };
        let ran = stream::run(inputs, out, jobs, clerk, &mut |tally: Tally| {
            if let Some(bar) = &bar {
                bar.set_position(tally.bytes);
                bar.set_message(format!("{} cases, {} errors", tally.lines, tally.errors));
            }
        });
        if let Some(bar) = &bar {
            bar.finish();
        }
        match ran {
            Ok(_) => Ok(FINE),
            Err(Broken::Writing(error)) => Err(Stop::Writing(error)),
            Err(Broken::Reading(name, error)) => Err(Stop::Message(format!(
                "{}: cannot be read: {error}",
                harmless(&name)
            ))),
        }
    }
}

/// Writes JSON to a terminal so that nothing in it is obeyed.
struct Quiet<'w> {
    out: &'w mut dyn Write,
}

impl Write for Quiet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out
            .write_all(quiet_json(&String::from_utf8_lossy(bytes)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// JSON in which what a terminal would obey is written as escapes; it says the same.
pub(crate) fn quiet_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        // JSON itself has escaped all that lies below the space; line ends stand between values.
        if obeyed(character) {
            out.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            out.push(character);
        }
    }
    out
}

/// Decides files one by one.
struct Desk {
    policies: Arc<Policies>,
    manner: Arc<Manner>,
    room: Workspace,
    style: Style,
}

impl Desk {
    fn json(&self, case: &[u8]) -> Result<String, Undecided> {
        let mut clerk = Clerk::new(Arc::clone(&self.policies), Arc::clone(&self.manner));
        let mut text = Vec::new();
        guarded(|| clerk.decide(case, &mut text))?;
        Ok(quiet_json(&String::from_utf8_lossy(&text)) + "\n")
    }

    fn page(&mut self, case: &[u8]) -> Result<String, Undecided> {
        let case = read_case(case)?;
        let placed_at = case.order.placed_at;
        let judging = self.policies.judging(placed_at);
        let (_, book) = judging.map_err(|none| Undecided::no_version(&none))?;
        guarded(|| {
            let decision = book.decide(&mut self.room, &case);
            let edition = edition(book.policy(), self.manner.language.as_deref());
            let reasons = Reasons::of(book, &case, &decision, edition, self.manner.audience);
            let style = self.style;
            Ok(terminal::page(
                book, &case, &decision, &reasons, edition, style,
            ))
        })
    }
}

impl Desk {
    /// The line above a page, where there are several.
    fn heading(&self, gap: &str, name: &str) -> String {
        let (on, off) = if self.style.colour {
            ("\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        format!("{gap}{on}── {name} ──{off}\n\n")
    }
}

/// A fault of the program at one case is told as such, and the others go on.
fn guarded<T>(work: impl FnOnce() -> Result<T, Undecided>) -> Result<T, Undecided> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Undecided::internal(&stream::told(&*panic))))
}

fn open(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    Ok(Box::new(File::open(path)?))
}

fn input(path: &Path) -> Input {
    let path = path.to_owned();
    Input {
        name: if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            path.to_string_lossy().into_owned()
        },
        open: Box::new(move || open(&path)),
    }
}

/// A whole case file, if it is no longer than any is.
fn read_whole(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    let read =
        open(path).and_then(|source| source.take(most.saturating_add(1)).read_to_end(&mut bytes));
    read.map_err(|error| error.to_string())?;
    if bytes.len() > LONGEST {
        return Err(format!(
            "it has more than {LONGEST} bytes; decide a stream of cases with --ndjson"
        ));
    }
    Ok(bytes)
}

/// A bar on standard error, where that is a terminal and the answers go elsewhere.
fn progress_bar(paths: &[&Path]) -> Option<ProgressBar> {
    if !io::stderr().is_terminal() || io::stdout().is_terminal() {
        return None;
    }
    let length = |path: &&Path| {
        let metadata = if **path == *Path::new("-") {
            stdin_metadata()
        } else {
            std::fs::metadata(path)
        };
        metadata
            .ok()
            .filter(std::fs::Metadata::is_file)
            .map(|metadata| metadata.len())
    };
    let total: Option<u64> = paths.iter().map(length).sum();
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(4));
    let template = if total.is_some() {
        "{bar:30} {percent:>3} %  {msg}  {elapsed_precise}, {eta} left"
    } else {
        "{spinner}  {msg}  {elapsed_precise}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    Some(bar)
}

#[cfg(unix)]
fn stdin_metadata() -> io::Result<std::fs::Metadata> {
    use std::os::fd::AsFd as _;
    File::from(io::stdin().as_fd().try_clone_to_owned()?).metadata()
}

#[cfg(not(unix))]
fn stdin_metadata() -> io::Result<std::fs::Metadata> {
    Err(io::ErrorKind::Unsupported.into())
}
