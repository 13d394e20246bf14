// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood import`: a file of lines straight into the store, from where an earlier run of the same file came to.
//!
//! Rows and the position after them are written in one transaction, so a run that was killed goes on where it was, and what is told
//! twice is told once anyhow.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use makegood_desk::case::Instant;
use serde_json::json;
use tokio::sync::{Mutex, mpsc};

use crate::books::intake::line::Kind;
use crate::books::intake::{Intake, Outcome};
use crate::books::{count, nanoseconds, whole};
use crate::cli::{Done, FINE, FOUND, Stop};
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::crash;
use crate::desk_commands::{settings, stop, store, wait_for};
use crate::policies::harmless;
use crate::setup;
use crate::store::{Store, Trouble, Tx, Value};
use crate::vault::MasterKey;

pub mod columns;
pub mod source;

use source::{Encoding, Form, Position, Record, Source};

crate::statements! {
    /// How far a file has come.
    IMPORT_RUN = "select bytes_done, lines_done, lines_new, lines_same, lines_conflicting, lines_wrong from import_run where id = ?1";
    /// Keeps how far a file has come.
    KEEP_IMPORT_RUN = "insert into import_run (id, source, kind, bytes_done, lines_done, lines_new, lines_same, lines_conflicting, lines_wrong, changed_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict (id) do update set bytes_done = excluded.bytes_done, lines_done = excluded.lines_done, lines_new = excluded.lines_new, lines_same = excluded.lines_same, lines_conflicting = excluded.lines_conflicting, lines_wrong = excluded.lines_wrong, changed_at = excluded.changed_at";
}

/// Lines that share a transaction: so many that the disk does not matter, so few that the rest of the desk does not wait long.
const LINES: usize = 16_384;
/// So many lines that were not taken in are shown; the rest is counted.
const SHOWN: usize = 10;

/// `import`.
#[derive(Args, Debug)]
#[command(after_help = help())]
pub struct ImportArgs {
    #[command(flatten)]
    flags: Flags,
    /// The file: CSV, NDJSON or Parquet
    file: PathBuf,
    /// What each row of a table is
    #[arg(long = "type", value_name = "KIND", value_parser = kind)]
    kind: Option<Kind>,
    /// What sort of file it is, where looking at it does not tell
    #[arg(long, value_enum)]
    format: Option<FormatWord>,
    /// What stands between the cells of a CSV file, where looking at it does not tell
    #[arg(long, value_name = "CHARACTER")]
    delimiter: Option<char>,
    /// How its text is written: UTF-8 if it can be read as such, else Latin-1
    #[arg(long, value_enum)]
    encoding: Option<EncodingWord>,
    /// Only say what would come of it
    #[arg(long)]
    dry_run: bool,
    /// Write every line that was not taken in here, as NDJSON
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Begin at the beginning, also where the same file was taken in before
    #[arg(long)]
    again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatWord {
    Csv,
    Ndjson,
    Parquet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum EncodingWord {
    #[value(name = "utf-8")]
    Utf8,
    #[value(name = "latin-1")]
    Latin1,
}

fn kind(word: &str) -> Result<Kind, String> {
    let known = || Kind::ALL.map(Kind::name).join(", ");
    Kind::of(word).ok_or_else(|| format!("there is {}", known()))
}

fn help() -> String {
    format!(
        "Examples:
  makegood import orders.csv --type order
  makegood import log.parquet --type log
  makegood import everything.ndjson --dry-run

Columns of a table (in brackets: may be missing or empty):
{}

Amounts are whole numbers in the smallest unit of the currency: 4990 for 49.90. Moments are written as 2025-10-02T08:30:00Z.
A line of NDJSON is what `POST /v1/orders` takes, with its `type`.

The same line twice is one line. Killed in the middle, it goes on there when it is started again.
Exit codes: 0 all was taken in, 1 some lines were not, 2 it could not be done.",
        columns::table()
    )
}

/// How many lines came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New, or more than was known.
    pub new: u64,
    /// There before.
    pub same: u64,
    /// Other than what is there.
    pub conflicting: u64,
    /// Not to be read, or not possible.
    pub wrong: u64,
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::New | Outcome::Grown { .. } => &mut self.new,
            Outcome::Same => &mut self.same,
            Outcome::Conflict { .. } => &mut self.conflicting,
            Outcome::Wrong(_) => &mut self.wrong,
        };
        *count = count.saturating_add(1);
    }
}

/// How far a file has come, and what came of its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How far.
    pub position: Position,
    /// What came of the lines up to there.
    pub tally: Tally,
}

/// A file on its way into the store.
pub struct Run {
    /// Who takes lines in.
    pub intake: Intake,
    /// The file.
    pub source: Source,
    /// Whether nothing is kept.
    pub dry: bool,
    /// The clock.
    pub clock: Clock,
}

impl Run {
    /// By which name the books know how far this content came.
    #[must_use]
    pub fn id(&self) -> String {
        let kind = self.source.kind.map_or("ndjson", Kind::name);
        format!("{}:{kind}", self.source.digest)
    }

    /// How far an earlier run of the same content came.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn earlier(&self) -> Result<Progress, Trouble> {
        let id = self.id();
        self.intake
            .store
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let Some(row) = tx.one(&IMPORT_RUN, &[Value::from(id)]).await? else {
                        return Ok(Progress::default());
                    };
                    Ok(Progress {
                        position: Position {
                            bytes: count(&row, 0)?,
                            lines: count(&row, 1)?,
                        },
                        tally: Tally {
                            new: count(&row, 2)?,
                            same: count(&row, 3)?,
                            conflicting: count(&row, 4)?,
                            wrong: count(&row, 5)?,
                        },
                    })
                })
            })
            .await
    }

    /// Takes the file in from a position on; tells of each batch when it is durable.
    ///
    /// # Errors
    /// The file cannot be read, or the store's trouble, in words. What was told of before is in the books.
    pub async fn go(
        &self,
        from: Progress,
        lines: usize,
        mut told: impl FnMut(&Progress, &[(u64, Outcome)]) -> io::Result<()>,
    ) -> Result<Progress, Stop> {
        let (sender, mut batches) = mpsc::channel::<Vec<Record>>(2);
        let source = self.source.clone();
        let reading =
            tokio::task::spawn_blocking(move || read_all(&source, from.position, lines, &sender));
        let mut progress = from;
        while let Some(records) = batches.recv().await {
            let (outcomes, reached) = self.take(records, progress).await.map_err(stop)?;
            progress = reached;
            told(&progress, &outcomes)?;
        }
        match reading.await {
            Ok(read) => read.map_err(stop)?,
            Err(_) => {
                return Err(stop(
                    "the file could not be read, which is a fault of the program",
                ));
            }
        }
        Ok(progress)
    }

    async fn take(
        &self,
        records: Vec<Record>,
        before: Progress,
    ) -> Result<(Vec<(u64, Outcome)>, Progress), Trouble> {
        let position = records
            .last()
            .map_or(before.position, |record| record.after);
        let numbers: Vec<u64> = records.iter().map(|record| record.number).collect();
        let lines = records.into_iter().map(|record| record.line).collect();
        let batch = match self.dry {
            true => self.intake.rehearse(lines)?,
            false => self.intake.prepare(lines).await?,
        };
        let batch = Arc::new(Mutex::new(batch));
        let (now, dry) = (self.clock.now(), self.dry);
        let (id, path) = (self.id(), self.source.path.display().to_string());
        let kind = self.source.kind.map_or("ndjson", Kind::name);
        let written = self.intake.store.write(move |tx| {
            let (batch, id, path) = (Arc::clone(&batch), id.clone(), path.clone());
            Box::pin(async move {
                let outcomes = batch.lock().await.write(tx, now).await?;
                let mut progress = Progress { position, ..before };
                outcomes
                    .iter()
                    .for_each(|outcome| progress.tally.add(outcome));
                if dry {
                    // Taken back, with what came of it.
                    return Err(Trouble::refused((outcomes, progress)));
                }
                keep(tx, &id, &path, kind, &progress, now).await?;
                crash::point!("import.written");
                Ok((outcomes, progress))
            })
        });
        let (outcomes, progress) = match written.await {
            Err(trouble) if dry => trouble.into_refusal::<(Vec<Outcome>, Progress)>()?,
            done => done?,
        };
        crash::point!("import.durable");
        Ok((numbers.into_iter().zip(outcomes).collect(), progress))
    }
}

async fn keep(
    tx: &mut Tx<'_>,
    id: &str,
    path: &str,
    kind: &str,
    progress: &Progress,
    now: Instant,
) -> Result<(), Trouble> {
    let Progress { position, tally } = progress;
    let values = [
        Value::from(id),
        Value::from(path),
        Value::from(kind),
        Value::from(whole(position.bytes)?),
        Value::from(whole(position.lines)?),
        Value::from(whole(tally.new)?),
        Value::from(whole(tally.same)?),
        Value::from(whole(tally.conflicting)?),
        Value::from(whole(tally.wrong)?),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&KEEP_IMPORT_RUN, &values).await.map(drop)
}

fn read_all(
    source: &Source,
    from: Position,
    lines: usize,
    sender: &mpsc::Sender<Vec<Record>>,
) -> Result<(), String> {
    let mut batch = Vec::with_capacity(lines);
    source.each(from, &mut |record| {
        batch.push(record);
        // Whoever no longer waits has failed, and says so.
        batch.len() < lines || sender.blocking_send(std::mem::take(&mut batch)).is_ok()
    })?;
    if !batch.is_empty() {
        let _ = sender.blocking_send(batch);
    }
    Ok(())
}

// ---- The command ----------------------------------------------------------------------------------------------------------

/// Who takes lines in, as the settings have it.
///
/// # Errors
/// The key store cannot be used.
pub async fn intake(config: &Config, store: &Store) -> Result<Intake, Stop> {
    let master = MasterKey::open(&config.privacy.master_key_file).map_err(stop)?;
    let vault = setup::vault(config, store, master).await.map_err(stop)?;
    Ok(Intake {
        store: store.clone(),
        vault: Arc::new(vault),
        providers: Arc::new(config.payments.keys().cloned().collect()),
    })
}

impl ImportArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// The file, the settings or the store cannot be used.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let config = settings(&self.flags)?;
        let source = self.source()?;
        let path = harmless(&self.file.display().to_string());
        writeln!(out, "{path}: {}", harmless(&source.words()))?;
        wait_for(async {
            let store = store(&config).await?;
            let run = Run {
                intake: intake(&config, &store).await?,
                source,
                dry: self.dry_run,
                clock: Clock::default(),
            };
            let done = self.go(&run, out).await;
            store.close().await;
            done
        })
    }

    fn source(&self) -> Result<Source, Stop> {
        let delimiter = self.delimiter.map(|delimiter| {
            u8::try_from(delimiter)
                .ok()
                .filter(u8::is_ascii)
                .ok_or_else(|| {
                    stop(format!(
                        "--delimiter: `{delimiter}` is no character of ASCII"
                    ))
                })
        });
        let delimiter = delimiter.transpose()?;
        let form = match (self.format, delimiter) {
            (Some(FormatWord::Ndjson), _) => Some(Form::Ndjson),
            (Some(FormatWord::Parquet), _) => Some(Form::Parquet),
            (_, Some(delimiter)) => Some(Form::Csv(delimiter)),
            (Some(FormatWord::Csv), None) => None,
            (None, None) => None,
        };
        let encoding = self.encoding.map(|word| match word {
            EncodingWord::Utf8 => Encoding::Utf8,
            EncodingWord::Latin1 => Encoding::Latin1,
        });
        Source::look(&self.file, form, encoding, self.kind).map_err(|why| stop(harmless(&why)))
    }

    async fn go(&self, run: &Run, out: &mut dyn Write) -> Done {
        let from = match self.again || self.dry_run {
            true => Progress::default(),
            false => run.earlier().await.map_err(stop)?,
        };
        let lines = from.position.lines;
        if lines > 0 && from.position.bytes >= run.source.end {
            writeln!(
                out,
                "the same content was taken in before, with this outcome; `--again` goes through it once more"
            )?;
        } else if lines > 0 {
            writeln!(
                out,
                "the same content came to line {lines} before; it goes on from there (`--again` begins anew)"
            )?;
        }
        let mut report = Report {
            errors: self.errors_file(from.position.lines > 0)?,
            shown: Vec::new(),
            before: from.tally,
            bar: bar(&run.source, from.position),
        };
        let done = run
            .go(from, LINES, |progress, outcomes| {
                report.told(progress, outcomes)
            })
            .await;
        report.bar.finish_and_clear();
        let done = done?;
        report.close(&done.tally, self.dry_run, self.errors.is_some(), out)
    }

    fn errors_file(&self, goes_on: bool) -> Result<Option<BufWriter<File>>, Stop> {
        let Some(path) = &self.errors else {
            return Ok(None);
        };
        let mut options = File::options();
        options
            .create(true)
            .write(true)
            .append(goes_on)
            .truncate(!goes_on);
        let opened = options.open(path);
        let file = opened.map_err(|why| stop(format!("{}: {why}", path.display())))?;
        Ok(Some(BufWriter::new(file)))
    }
}

fn bar(source: &Source, from: Position) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = match source.form {
        Form::Parquet => "{bar:30} {human_pos} of {human_len} rows, {msg}, {eta} left",
        _ => "{bar:30} {bytes} of {total_bytes}, {msg}, {eta} left",
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar =
        ProgressBar::with_draw_target(Some(source.end), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(style);
    bar.set_position(from.bytes);
    bar.reset_eta();
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

/// What is told of lines that were not taken in.
struct Report {
    errors: Option<BufWriter<File>>,
    shown: Vec<(u64, String)>,
    /// What came of lines in earlier runs.
    before: Tally,
    bar: ProgressBar,
}

impl Report {
    fn told(&mut self, progress: &Progress, outcomes: &[(u64, Outcome)]) -> io::Result<()> {
        for (line, outcome) in outcomes {
            let Some(detail) = outcome.detail() else {
                continue;
            };
            if let Some(errors) = &mut self.errors {
                let mut said = outcome.to_json();
                said["line"] = json!(line);
                writeln!(errors, "{said}")?;
            }
            if self.shown.len() < SHOWN {
                self.shown.push((*line, detail));
            }
        }
        if let Some(errors) = &mut self.errors {
            errors.flush()?;
        }
        self.bar.set_position(progress.position.bytes);
        self.bar
            .set_message(format!("{} lines", progress.position.lines));
        Ok(())
    }

    fn close(self, tally: &Tally, dry: bool, all_written: bool, out: &mut dyn Write) -> Done {
        let Tally {
            new,
            same,
            conflicting,
            wrong,
        } = *tally;
        for (line, detail) in &self.shown {
            writeln!(out, "  line {line}: {}", harmless(detail))?;
        }
        let bad = conflicting.saturating_add(wrong);
        let told = u64::try_from(self.shown.len()).unwrap_or(u64::MAX);
        let shown = told
            .saturating_add(self.before.conflicting)
            .saturating_add(self.before.wrong);
        if bad > shown && !all_written {
            writeln!(
                out,
                "  and {} more; `--errors FILE` writes all of them",
                bad.saturating_sub(shown)
            )?;
        }
        let would = if dry { "would be " } else { "" };
        writeln!(
            out,
            "{would}{new} new, {same} there before, {conflicting} in conflict, {wrong} wrong"
        )?;
        Ok(if bad == 0 { FINE } else { FOUND })
    }
}
