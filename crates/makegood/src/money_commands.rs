// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands about money and health: hold the books against providers, pay by bank transfer, look the desk over.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::civil::Date;
use makegood_desk::case::Duration;

use crate::books::transfers::{self, Bank, Payee, Taken};
use crate::cli::{Done, FINE, FOUND, Stop};
use crate::clock::{Clock, timestamp};
use crate::config::{Config, Flags, Provider as ProviderSettings};
use crate::desk_commands::{settings, wait_for};
use crate::doctor::{self, State};
use crate::pay::Provider;
use crate::pay::manual::batch::Payer;
use crate::policies::harmless;
use crate::reconcile::Reconciliation;
use crate::setup::{self, Ready};
use crate::world::Watch;

/// `doctor`.
#[derive(Args, Debug)]
#[command(
    after_help = "Exit codes: 0 nothing is wrong, 1 something is; each problem stands with what mends it."
)]
pub struct DoctorArgs {
    /// Where the settings are.
    #[command(flatten)]
    flags: Flags,
    /// One JSON object, for machines
    #[arg(long)]
    json: bool,
    /// Mend what can be mended safely: permissions, and a store that is behind
    #[arg(long)]
    fix: bool,
}

/// `reconcile`.
#[derive(Args, Debug)]
#[command(
    after_help = "It can run while the desk is open on PostgreSQL; on SQLite the open desk does it daily by itself.

Exit codes: 0 everything agrees, 1 something did not, 2 it could not be compared."
)]
pub struct ReconcileArgs {
    /// Where the settings are.
    #[command(flatten)]
    flags: Flags,
    /// How many days back; what the settings say where nothing is said
    #[arg(long, value_name = "DAYS")]
    since: Option<u32>,
}

/// `transfers`.
#[derive(Debug, Subcommand)]
pub enum TransferCommand {
    /// Refunds that wait for the bank
    List {
        /// Which bank.
        #[command(flatten)]
        of: Of,
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
    /// Say where the money of a transfer goes
    #[command(
        after_help = "The account is read from standard input as JSON, so that it stands in no shell's history:
  {\"name\": \"…\", \"iban\": \"…\"}   or   {\"name\": \"…\", \"number\": \"…\", \"bank\": \"…\"}"
    )]
    Payee {
        /// Which bank.
        #[command(flatten)]
        of: Of,
        /// The transfer, as `transfers list` prints it
        id: String,
    },
    /// Draw up payment files for everything that waits
    Export {
        /// Which bank.
        #[command(flatten)]
        of: Of,
        /// Into this folder
        #[arg(long, value_name = "FOLDER", default_value = ".")]
        to: PathBuf,
        /// sepa or csv; both where nothing is said, and CSV alone for currencies other than the euro
        #[arg(long)]
        form: Option<Form>,
        /// The day on which the bank pays; today where nothing is said
        #[arg(long, value_name = "DAY")]
        on: Option<Date>,
        /// Write the files of an earlier batch once more, as they were
        #[arg(long, value_name = "BATCH", conflicts_with = "on")]
        again: Option<String>,
    },
    /// Take a bank's statement in: camt.053, camt.054, pain.002 or CSV
    Import {
        /// Which bank.
        #[command(flatten)]
        of: Of,
        /// The file
        file: PathBuf,
    },
    /// Say that a transfer was paid, seen on the account
    Confirm {
        /// Which bank.
        #[command(flatten)]
        of: Of,
        /// The transfer
        id: String,
    },
}

/// Which bank.
#[derive(Args, Debug)]
pub struct Of {
    /// Where the settings are.
    #[command(flatten)]
    flags: Flags,
    /// The bank, by its name in the settings; needed where there are several
    #[arg(long, value_name = "NAME")]
    bank: Option<String>,
}

/// The form of a payment file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// SEPA credit transfers, pain.001.
    Sepa,
    /// A table.
    Csv,
}

impl Form {
    const fn ending(self) -> &'static str {
        match self {
            Self::Sepa => ".xml",
            Self::Csv => ".csv",
        }
    }
}

fn stop(why: impl ToString) -> Stop {
    Stop::Message(harmless(&why.to_string()))
}

impl DoctorArgs {
    /// Looks everything over.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let seen = wait_for(async { Ok(doctor::examine(&self.flags, self.fix).await) })?;
        if self.json {
            let text = serde_json::to_string_pretty(&seen).map_err(stop)?;
            writeln!(out, "{text}")?;
        } else {
            for check in &seen.checks {
                writeln!(out, "{check}")?;
            }
            let of = |state| {
                seen.checks
                    .iter()
                    .filter(|check| check.state == state)
                    .count()
            };
            let (problems, warnings) = (of(State::Problem), of(State::Warning));
            writeln!(
                out,
                "\n{} looked at, {problems} wrong, {warnings} to look at",
                seen.checks.len()
            )?;
        }
        Ok(if seen.is_well() { FINE } else { FOUND })
    }
}

async fn opened(config: Config) -> Result<Ready, Stop> {
    setup::open(config, Clock::default(), BTreeMap::new())
        .await
        .map_err(stop)
}

impl ReconcileArgs {
    /// Holds the books against every provider that can be asked.
    ///
    /// # Errors
    /// The desk cannot be opened, or a provider does not say all.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let config = settings(&self.flags)?;
        let back = match self.since {
            Some(days) => Duration::from_seconds(i64::from(days).saturating_mul(86_400)),
            None => setup::long(config.money.reconcile_back),
        };
        wait_for(async {
            let ready = opened(config).await?;
            let shop = ready.shop.as_ref();
            let (mut differences, mut asked) = (0, 0);
            for (name, provider) in &shop.providers {
                let Provider::Stripe(stripe) = provider.as_ref() else {
                    continue;
                };
                asked += 1;
                let reconciliation = Reconciliation { shop, name, stripe };
                let report = reconciliation
                    .run(back)
                    .await
                    .map_err(|why| stop(format!("{name}: {why}")))?;
                differences += report.differences.len();
                writeln!(out, "{}", harmless(&report.to_string()))?;
            }
            // What was missed is worked off at once.
            let watch = Watch {
                shop: std::sync::Arc::clone(&ready.shop),
                daily: None,
            };
            while watch.round().await.map_err(stop)? > 0 {}
            ready.shop.desk.store.close().await;
            if asked == 0 {
                return Err(stop(
                    "no provider of the settings can be asked; a bank tells by its statements: makegood transfers import",
                ));
            }
            Ok(if differences == 0 { FINE } else { FOUND })
        })
    }
}

/// The bank of the settings that is meant.
fn bank(config: &Config, named: Option<&str>) -> Result<(String, Payer), Stop> {
    let banks: Vec<_> = config
        .payments
        .iter()
        .filter(|(name, settings)| {
            let fits = named.is_none_or(|named| named == name.as_str());
            fits && matches!(settings, ProviderSettings::Manual { .. })
        })
        .collect();
    let none = || {
        stop("the settings have no such bank; add one with `kind = \"manual\"` under `[payments]`")
    };
    match banks.as_slice() {
        [] => Err(none()),
        [(name, settings)] => {
            let payer = setup::payer(settings).map_err(stop)?.ok_or_else(none)?;
            Ok(((*name).clone(), payer))
        }
        _ => {
            let names: Vec<&str> = banks.iter().map(|(name, ..)| name.as_str()).collect();
            Err(stop(format!(
                "there are several banks: name one with --bank: {}",
                names.join(", ")
            )))
        }
    }
}

impl TransferCommand {
    const fn of(&self) -> &Of {
        match self {
            Self::List { of, .. }
            | Self::Payee { of, .. }
            | Self::Export { of, .. }
            | Self::Import { of, .. }
            | Self::Confirm { of, .. } => of,
        }
    }

    /// Runs it.
    ///
    /// # Errors
    /// Why it stopped.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let of = self.of();
        let config = settings(&of.flags)?;
        let (name, payer) = bank(&config, of.bank.as_deref())?;
        wait_for(async {
            let ready = opened(config).await?;
            let bank = Bank {
                desk: &ready.shop.desk,
                vault: &ready.vault,
                name: &name,
            };
            let done = self.done(&bank, &payer, out).await;
            ready.shop.desk.store.close().await;
            done
        })
    }

    async fn done(&self, bank: &Bank<'_>, payer: &Payer, out: &mut dyn Write) -> Done {
        let now = Clock::default().now();
        match self {
            Self::List { all, .. } => list(bank, !*all, out).await,
            Self::Payee { id, .. } => {
                let payee: Payee = serde_json::from_reader(std::io::stdin().lock())
                    .map_err(|why| stop(format!("standard input is no account: {why}")))?;
                bank.payee(id, &payee, now).await.map_err(stop)?;
                writeln!(out, "{id}: it is known where the money goes")?;
                Ok(FINE)
            }
            Self::Export {
                to,
                form,
                on,
                again,
                ..
            } => {
                let files = match again {
                    Some(batch) => bank.files(batch).await.map_err(stop)?,
                    None => {
                        let today = timestamp(now).to_zoned(jiff::tz::TimeZone::UTC).date();
                        let made = bank
                            .export(payer, on.unwrap_or(today), now)
                            .await
                            .map_err(stop)?;
                        made.into_iter()
                            .map(|file| (file.name, file.bytes))
                            .collect()
                    }
                };
                written(to, *form, &files, out)
            }
            Self::Import { file, .. } => {
                let bytes =
                    fs::read(file).map_err(|why| stop(format!("{}: {why}", file.display())))?;
                let taken = bank.import(&bytes, now).await.map_err(stop)?;
                told(&taken, out)
            }
            Self::Confirm { id, .. } => {
                let taken = bank.confirm(id, now).await.map_err(stop)?;
                told(&[taken], out)
            }
        }
    }
}

async fn list(bank: &Bank<'_>, pending: bool, out: &mut dyn Write) -> Done {
    let name = bank.name.to_owned();
    let read = bank.desk.store.read(move |tx| {
        let name = name.clone();
        Box::pin(async move { transfers::all(tx, &name, pending).await })
    });
    for owed in read.await.map_err(stop)? {
        let status = owed
            .status
            .as_deref()
            .unwrap_or("nobody has said where it goes");
        let batch = owed.batch.as_deref().unwrap_or("-");
        writeln!(
            out,
            "{}  {} {} (minor units)  order {}  {}  batch {batch}  {status}",
            owed.id,
            owed.amount.minor(),
            owed.amount.currency().code(),
            harmless(&owed.order),
            owed.state,
        )?;
    }
    Ok(FINE)
}

fn written(
    to: &Path,
    form: Option<Form>,
    files: &[(String, Vec<u8>)],
    out: &mut dyn Write,
) -> Done {
    if files.is_empty() {
        writeln!(
            out,
            "nothing waits for the bank; `makegood transfers list` says what lacks a payee"
        )?;
        return Ok(FINE);
    }
    for (name, bytes) in files {
        if form.is_some_and(|form| !name.ends_with(form.ending())) {
            continue;
        }
        let path = to.join(name);
        write_private(&path, bytes).map_err(|why| stop(format!("{}: {why}", path.display())))?;
        writeln!(
            out,
            "{}: {} bytes",
            harmless(&path.display().to_string()),
            bytes.len()
        )?;
    }
    Ok(FINE)
}

/// A file with accounts in it is for nobody else to read.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn told(taken: &[Taken], out: &mut dyn Write) -> Done {
    let mut odd = false;
    let mut foreign = 0_usize;
    for one in taken {
        match one {
            Taken::Paid { transfer, case } => writeln!(out, "{transfer}: paid (case {case})")?,
            Taken::Returned { transfer, case } => {
                writeln!(out, "{transfer}: came back or was rejected (case {case})")?;
            }
            Taken::Known(transfer) => writeln!(out, "{transfer}: known")?,
            Taken::Odd { transfer, why } => {
                odd = true;
                writeln!(
                    out,
                    "{}: {}; finance is asked",
                    harmless(transfer),
                    harmless(why)
                )?;
            }
            Taken::Foreign => foreign = foreign.saturating_add(1),
        }
    }
    if foreign > 0 {
        writeln!(out, "{foreign} line(s) are about nothing of ours")?;
    }
    Ok(if odd { FOUND } else { FINE })
}
