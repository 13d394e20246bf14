// SPDX-License-Identifier: MIT OR Apache-2.0
//! The commands of the desk itself: set it up, serve it, look after its store, its people and its keys.

mod demo;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use makegood_desk::case::Duration;
use makegood_desk::input::Id;

use crate::audit::anchor::Anchor;
use crate::audit::verify::{Export, verify_log, verify_proof};
use crate::audit::{SigningKey, VerifierKey};
use crate::books::people::{self, NewToken, Role, Scope};
use crate::books::seal::hex;
use crate::books::{check, seal};
use crate::case_commands::{self, CaseCommand};
use crate::cli::{Done, FINE, FOUND, Stop};
use crate::clock::{Clock, timestamp};
use crate::config::{self, Config, ConfigCommand, Flags};
use crate::goods::import::ImportArgs;
use crate::goods::reference_connector::ConnectorArgs;
use crate::hold::{self, Acceptance, Look, Unacceptable};
use crate::money_commands::{DoctorArgs, ReconcileArgs, TransferCommand};
use crate::pay::sandbox::SandboxArgs;
use crate::policies::harmless;
use crate::setup::{self, location, new_id};

use crate::store::backup::{backup, restore};
use crate::store::{Options, Store, migrations};
use crate::web::api::sign_in;
use crate::webhook_commands::WebhookCommand;
use crate::{log, meters, serve, web};
use demo::DemoArgs;

/// What can be done with a desk.
#[derive(Debug, Subcommand)]
pub enum DeskCommand {
    /// Set up a desk: its folder, its settings, its keys, its store
    #[command(after_help = "Examples:
  makegood init
  makegood init --data /var/lib/makegood --config /etc/makegood/config.toml")]
    Init {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Open the desk: the interface over HTTP, and all that is done in the background
    #[command(after_help = "Examples:
  makegood serve
  makegood serve --listen 127.0.0.1:9000 --database postgres://desk@localhost/desk

It ends on SIGTERM and Ctrl-C: what is being answered is finished, what is in hand is given back.")]
    Serve {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Try it: a desk with a shop of 200 orders in it, and cases in every stage
    Demo(DemoArgs),
    /// Ask a desk that is open whether it is well, for whoever watches over it
    Healthcheck {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Print the description of the interface, as OpenAPI 3.1 has it
    Openapi,
    /// Look at the settings: what is in force, and who set it
    Config {
        /// What.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Bring the store up to this program
    Migrate {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy the store into a file, while it is in use
    #[command(
        after_help = "The keys of persons (keys.sqlite, master.key) are not in it: keep copies of them apart, and briefly."
    )]
    Backup {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The new file
        to: PathBuf,
    },
    /// Put a copy of the store back
    Restore {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The file that `makegood backup` wrote
        from: PathBuf,
        /// Put what is there aside
        #[arg(long)]
        force: bool,
    },
    /// Look through the books: events, money, audit log; or check a log or a letter's proof from elsewhere
    #[command(after_help = "Examples:
  makegood verify
  makegood verify --log audit.ndjson --key desk.example+1234abcd+AbC…
  makegood verify --proof decision.tlog-proof --key desk.example+1234abcd+AbC…
  makegood verify --accept        what would be accepted, where no money moves
  makegood verify --accept --yes  accept it

Exit codes: 0 all holds, 1 something does not, 2 it could not be looked at.")]
    Verify(Verify),
    /// Write the audit log out, for `makegood verify --log` anywhere
    Export {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The new file; standard output where nothing is said
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Look at cases on the terminal
    Case {
        /// What.
        #[command(subcommand)]
        command: CaseCommand,
    },
    /// Take orders, payments and delivery logs in from a file
    Import(ImportArgs),
    /// The merchant's people
    User {
        /// What.
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Where events are sent to
    Webhook {
        /// What.
        #[command(subcommand)]
        command: WebhookCommand,
    },
    /// Tokens for programs and people
    Token {
        /// What.
        #[command(subcommand)]
        command: TokenCommand,
    },
    /// Look everything over: settings, keys, store, money, providers; and say what mends what is wrong
    Doctor(DoctorArgs),
    /// Hold the books against the payment providers'
    Reconcile(ReconcileArgs),
    /// Refunds by bank transfer
    Transfers {
        /// What.
        #[command(subcommand)]
        command: TransferCommand,
    },
    /// Play the payment provider, in Stripe's dialect, without real money
    Sandbox(SandboxArgs),
    /// Play fulfilment, for trying the connector protocol
    Connector(ConnectorArgs),
}

/// `verify`.
#[derive(Args, Debug)]
pub struct Verify {
    /// Where the settings are.
    #[command(flatten)]
    flags: Flags,
    /// A log that `makegood export` wrote, instead of the store
    #[arg(long, value_name = "FILE", conflicts_with = "proof", requires = "key")]
    log: Option<PathBuf>,
    /// A proof that came with a letter, instead of the store
    #[arg(long, value_name = "FILE", requires = "key")]
    proof: Option<PathBuf>,
    /// The key of the log, as `makegood verify` prints it; may be repeated
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Accept the database as it is, where it is not what is remembered of it; without --yes, only say what that means
    #[arg(long, conflicts_with_all = ["log", "proof"])]
    accept: bool,
    /// Somebody has looked: do accept it
    #[arg(long, requires = "accept")]
    yes: bool,
}

/// `user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add somebody, and print a token for them
    Add {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The name that colleagues know
        name: String,
        /// agent, technical, finance or owner
        #[arg(long)]
        role: String,
    },
    /// Print a link that signs somebody in, once, within a day
    #[command(
        after_help = "While the desk is open on SQLite, its owner makes links by POST /v1/sign_in_links instead."
    )]
    Link {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The name, as `user list` prints it
        name: String,
    },
    /// Everybody
    List {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Take somebody's access away
    Disable {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The name
        name: String,
    },
}

/// `token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is printed once
    Create {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// What it is for
        name: String,
        /// shop, agent, technical, finance, admin or read; may be repeated
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// Whose it is; a program's where nothing is said
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// After so many days it ends
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// All tokens, without what they are
    List {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Take a token back
    Revoke {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// Its id, as `token list` prints it
        id: String,
    },
}

/// Why a command stops, in one line.
pub(crate) fn stop(why: impl ToString) -> Stop {
    Stop::Message(harmless(&why.to_string()))
}

/// The settings, with what is only odd in them told on standard error.
pub(crate) fn settings(flags: &Flags) -> Result<Config, Stop> {
    let loaded = config::load(flags, &config::environment()).map_err(stop)?;
    for warning in &loaded.warnings {
        crate::cli::complain(&harmless(&warning.to_string()));
    }
    Ok(loaded.config)
}

/// Runs something that waits.
pub(crate) fn wait_for<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(stop)?;
    runtime.block_on(work)
}

/// The store alone, for commands that need no more.
pub(crate) async fn store(config: &Config) -> Result<Store, Stop> {
    let options = Options {
        create: false,
        ..setup::options(config)
    };
    Store::open(&location(config), options).await.map_err(stop)
}

/// The store for commands that only look: an open desk may have it.
pub(crate) async fn looking(config: &Config) -> Result<Store, Stop> {
    let options = Options {
        create: false,
        migrate: false,
        reading: true,
        ..setup::options(config)
    };
    Store::open(&location(config), options).await.map_err(stop)
}

/// Runs a command.
///
/// # Errors
/// Why it stopped.
pub fn run(command: &DeskCommand, out: &mut dyn Write) -> Done {
    match command {
        DeskCommand::Init { flags } => init(flags, out),
        DeskCommand::Serve { flags } => serve(flags, out),
        DeskCommand::Demo(demo) => demo.run(out),
        DeskCommand::Healthcheck { flags } => healthcheck(flags, out),
        DeskCommand::Openapi => {
            let page = serde_json::to_string_pretty(web::spec()).map_err(stop)?;
            writeln!(out, "{page}")?;
            Ok(FINE)
        }
        DeskCommand::Config { command } => command.run(out),
        DeskCommand::Migrate { flags, dry_run } => migrate(flags, *dry_run, out),
        DeskCommand::Backup { flags, to } => back_up(flags, to, out),
        DeskCommand::Restore { flags, from, force } => put_back(flags, from, *force, out),
        DeskCommand::Verify(verify) => verify.run(out),
        DeskCommand::Export { flags, to } => export(flags, to.as_deref(), out),
        DeskCommand::Case { command } => case_commands::run(command, out),
        DeskCommand::Import(args) => args.run(out),
        DeskCommand::User { command } => user(command, out),
        DeskCommand::Webhook { command } => command.run(out),
        DeskCommand::Token { command } => token(command, out),
        DeskCommand::Doctor(doctor) => doctor.run(out),
        DeskCommand::Reconcile(reconcile) => reconcile.run(out),
        DeskCommand::Transfers { command } => command.run(out),
        DeskCommand::Sandbox(sandbox) => {
            let clock = Clock::default();
            let wall = Box::new(move || clock.timestamp().as_second());
            wait_for(async { sandbox.clone().run(wall).await.map_err(stop) })?;
            Ok(FINE)
        }
        DeskCommand::Connector(connector) => {
            let clock = std::sync::Arc::new(|| Clock::default().timestamp());
            let ended = async {
                let stopped = async {
                    tokio::signal::ctrl_c().await.ok();
                };
                connector.serve(clock, stopped).await.map_err(stop)
            };
            wait_for(ended)?;
            Ok(FINE)
        }
    }
}

fn init(flags: &Flags, out: &mut dyn Write) -> Done {
    let environment = config::environment();
    let data = match &flags.data {
        Some(data) => PathBuf::from(data),
        None => {
            // The file that is asked for need not be there yet.
            let flags = Flags {
                config: flags.config.clone().filter(|path| path.exists()),
                ..flags.clone()
            };
            let loaded = config::load(&flags, &environment).map_err(stop)?;
            loaded.config.store.data
        }
    };
    let folder = match &flags.config {
        Some(path) => path
            .parent()
            .map_or_else(|| PathBuf::from("."), Path::to_owned),
        None => config::config_folder(&environment).unwrap_or_else(|| data.clone()),
    };
    let initial = config::write_initial(&folder, &data).map_err(stop)?;
    let mut initial = initial;
    if let Some(wanted) = &flags.config {
        for path in &mut initial.written {
            // The page is written under its usual name, and then has the one that was asked for.
            if path.file_name().is_some_and(|name| name == "config.toml") && path != wanted {
                std::fs::rename(&path, wanted).map_err(stop)?;
                path.clone_from(wanted);
            }
        }
    }
    for path in &initial.written {
        writeln!(out, "written  {}", harmless(&path.display().to_string()))?;
    }
    for path in &initial.kept {
        writeln!(out, "kept     {}", harmless(&path.display().to_string()))?;
    }
    let asked_for = flags.config.clone();
    let flags = Flags {
        config: Some(
            asked_for
                .clone()
                .unwrap_or_else(|| folder.join("config.toml")),
        ),
        ..flags.clone()
    };
    let config = settings(&flags)?;
    wait_for(async {
        let ready = setup::open(config, Clock::default(), BTreeMap::new())
            .await
            .map_err(stop)?;
        let named = asked_for.map_or_else(String::new, |path| {
            harmless(&format!(" --config {}", path.display()))
        });
        writeln!(
            out,
            "store    {}",
            harmless(&location(&ready.config).to_string())
        )?;
        writeln!(out, "log key  {}", ready.signer.verifier())?;
        writeln!(
            out,
            "\nNext: `makegood user add NAME --role owner{named}`, then `makegood serve{named}`."
        )?;
        ready.shop.desk.store.close().await;
        Ok(FINE)
    })
}

fn serve(flags: &Flags, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    log::start(&config.log).map_err(stop)?;
    let meters = meters::start().map_err(stop)?;
    wait_for(async {
        let end = serve::asked_to_end();
        let ready = setup::open(config, Clock::default(), BTreeMap::new())
            .await
            .map_err(stop)?;
        if let Some(frozen) = &ready.frozen {
            crate::cli::complain(&harmless(&format!("no money moves: {frozen}")));
        }
        let listener = serve::listener(&ready).await.map_err(stop)?;
        let address = listener.local_addr().map_err(stop)?;
        writeln!(out, "The desk is open on http://{address}")?;
        out.flush()?;
        // Told to whoever started us, if that was systemd.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        serve::open_until(ready, listener, Some(meters), end).await;
        Ok(FINE)
    })
}

fn healthcheck(flags: &Flags, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    let address = config.server.listen;
    wait_for(async {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(std::time::Duration::from_secs(5))
            .no_proxy()
            .build()
            .map_err(stop)?;
        match client.get(format!("http://{address}/readyz")).send().await {
            Ok(answer) if answer.status().is_success() => {
                writeln!(out, "the desk on {address} is well")?;
                Ok(FINE)
            }
            Ok(answer) => {
                writeln!(out, "the desk on {address} answers {}", answer.status())?;
                Ok(FOUND)
            }
            Err(_) => {
                writeln!(
                    out,
                    "nobody answers on {address}; `makegood serve` opens the desk"
                )?;
                Ok(FOUND)
            }
        }
    })
}

fn migrate(flags: &Flags, dry_run: bool, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    wait_for(async {
        let place = location(&config);
        let missing = Store::missing_migrations(&place, migrations::ALL)
            .await
            .map_err(stop)?;
        if missing.is_empty() {
            writeln!(out, "the store is up to this program; nothing to do")?;
            return Ok(FINE);
        }
        for migration in missing {
            let does = if dry_run { "would run" } else { "run" };
            writeln!(out, "{does} {:04} {}", migration.number, migration.name)?;
        }
        if !dry_run {
            let store = Store::open(&place, setup::options(&config))
                .await
                .map_err(stop)?;
            store.close().await;
        }
        Ok(FINE)
    })
}

fn back_up(flags: &Flags, to: &Path, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    wait_for(async {
        let bytes = backup(&location(&config), to).await.map_err(stop)?;
        writeln!(
            out,
            "{}: {bytes} bytes",
            harmless(&to.display().to_string())
        )?;
        Ok(FINE)
    })
}

fn put_back(flags: &Flags, from: &Path, force: bool, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    wait_for(async {
        let aside = restore(&location(&config), from, force, migrations::ALL)
            .await
            .map_err(stop)?;
        if let Some(aside) = aside {
            writeln!(
                out,
                "what was there is now {}",
                harmless(&aside.display().to_string())
            )?;
        }
        writeln!(
            out,
            "restored; if it is older than the desk remembers, it starts without moving money and says so"
        )?;
        Ok(FINE)
    })
}

impl Verify {
    fn run(&self, out: &mut dyn Write) -> Done {
        let keys = self
            .key
            .iter()
            .map(|key| key.parse::<VerifierKey>().map_err(stop))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(path) = &self.log {
            let file = std::fs::File::open(path)
                .map_err(|why| stop(format!("{}: {why}", path.display())))?;
            return match verify_log(io::BufReader::new(file), &keys, &[], |_, _| Ok(())) {
                Ok(verified) => {
                    writeln!(out, "{verified}")?;
                    Ok(FINE)
                }
                Err(why) => {
                    writeln!(out, "{why}")?;
                    Ok(FOUND)
                }
            };
        }
        if let Some(path) = &self.proof {
            let text = std::fs::read_to_string(path)
                .map_err(|why| stop(format!("{}: {why}", path.display())))?;
            return match verify_proof(&text, &keys, None) {
                Ok(proven) => {
                    writeln!(out, "{proven}")?;
                    Ok(FINE)
                }
                Err(why) => {
                    writeln!(out, "{why}")?;
                    Ok(FOUND)
                }
            };
        }
        self.books(out)
    }

    /// The store against itself, and against what is remembered of it.
    fn books(&self, out: &mut dyn Write) -> Done {
        let config = settings(&self.flags)?;
        wait_for(async {
            let store = match self.accept && self.yes {
                true => store(&config).await?,
                false => looking(&config).await?,
            };
            let (looked, mut wrong) = store
                .read(|tx| Box::pin(async move { check::all(tx).await }))
                .await
                .map_err(stop)?;
            let signer =
                SigningKey::open(&config.audit.key_file, &config.audit.origin).map_err(stop)?;
            let anchor = Anchor::at(&config.audit.anchor_file);
            let look = hold::look(&store, &anchor, &signer).await.map_err(stop)?;
            let frozen = look.own.as_ref().or(look.mark.as_ref());
            wrong.extend(frozen.map(ToString::to_string));
            writeln!(
                out,
                "{} cases, {} events, {} refunds, {} leaves of the audit log",
                looked.cases, looked.events, looked.refunds, looked.leaves
            )?;
            writeln!(out, "key of the log: {}", signer.verifier())?;
            for sentence in &wrong {
                writeln!(out, "wrong: {}", harmless(sentence))?;
            }
            let done = if self.accept {
                self.accepted(&store, &anchor, &signer, look, out).await
            } else if wrong.is_empty() {
                writeln!(out, "all holds")?;
                Ok(FINE)
            } else {
                Ok(FOUND)
            };
            store.close().await;
            done
        })
    }

    /// Says what would be accepted, and accepts it if a person says so.
    async fn accepted(
        &self,
        store: &Store,
        anchor: &Anchor,
        signer: &SigningKey,
        look: Look,
        out: &mut dyn Write,
    ) -> Done {
        let accepting = match Acceptance::of(look) {
            Ok(accepting) => accepting,
            Err(Unacceptable::Agrees) => {
                writeln!(
                    out,
                    "nothing to accept: the database is what is remembered of it"
                )?;
                return Ok(FINE);
            }
            Err(Unacceptable::Broken(why)) => {
                return Err(stop(format!("this cannot be accepted: {why}")));
            }
        };
        writeln!(
            out,
            "remembered: {} events; in the database: {}",
            accepting.remembered, accepting.size
        )?;
        if !self.yes {
            writeln!(
                out,
                "What was paid by events that are gone is not in the books, and may be paid again. Let `makegood reconcile` hold the \
                 books against the payment providers first. To accept the database as it is: `makegood verify --accept --yes`"
            )?;
            return Ok(FOUND);
        }
        let now = Clock::default().now();
        let done = accepting.accept(store, anchor, signer, now).await;
        done.map_err(stop)?;
        writeln!(
            out,
            "accepted: the {} events of the database are the log from now on; what was remembered is in {}. Money moves when the desk is \
             started again, and the same on each machine that shares the database.",
            accepting.size,
            harmless(&anchor.before().display().to_string())
        )?;
        Ok(FINE)
    }
}

fn export(flags: &Flags, to: Option<&Path>, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    let mut file = to
        .map(|path| {
            std::fs::File::create_new(path)
                .map(io::BufWriter::new)
                .map_err(|why| stop(format!("{}: {why}", path.display())))
        })
        .transpose()?;
    wait_for(async {
        let store = looking(&config).await?;
        let signer =
            SigningKey::open(&config.audit.key_file, &config.audit.origin).map_err(stop)?;
        let out: &mut dyn Write = match &mut file {
            Some(file) => file,
            None => out,
        };
        let mut export = Export::new(&mut *out);
        let mut edge = makegood_desk::audit::Frontier::new();
        loop {
            let from = edge.size();
            let leaves = store
                .read(move |tx| Box::pin(async move { seal::leaves(tx, from, 1_000).await }))
                .await
                .map_err(stop)?;
            if leaves.is_empty() {
                break;
            }
            for leaf in leaves {
                export.leaf(&leaf)?;
                edge.push(makegood_desk::audit::leaf_hash(&leaf), |_, _| {});
            }
        }
        if edge.size() > 0 {
            export.checkpoint(&signer.checkpoint(edge.size(), edge.root()))?;
        }
        out.flush()?;
        store.close().await;
        Ok(FINE)
    })
}

fn user(command: &UserCommand, out: &mut dyn Write) -> Done {
    match command {
        UserCommand::Add { flags, name, role } => {
            let Some(role) = Role::read(role) else {
                return Err(stop(format!(
                    "--role: `{role}` is no role; there is agent, technical, finance, owner"
                )));
            };
            let config = settings(flags)?;
            wait_for(async {
                let store = store(&config).await?;
                let secret = add_user(&store, name, role, &Clock::default()).await?;
                writeln!(out, "{} may now work as {}.", harmless(name), role.word())?;
                writeln!(out, "Their token, shown this once: {}", secret.expose())?;
                let named = name.clone();
                let added = store.read(move |tx| {
                    let named = named.clone();
                    Box::pin(async move { people::named(tx, &named).await })
                });
                if let Some(person) = added.await.map_err(stop)? {
                    let link = new_link(&store, person.id, &Clock::default()).await?;
                    let link = sign_in::address(&config.server.public_url, link.expose());
                    writeln!(out, "A link that signs them in once, within a day: {link}")?;
                }
                store.close().await;
                Ok(FINE)
            })
        }
        UserCommand::Link { flags, name } => {
            let config = settings(flags)?;
            wait_for(async {
                let store = store(&config).await?;
                let named = name.clone();
                let found = store.read(move |tx| {
                    let named = named.clone();
                    Box::pin(async move { people::named(tx, &named).await })
                });
                let person = found.await.map_err(stop)?;
                let person = person.filter(|person| person.disabled_at.is_none());
                let person = person.ok_or_else(|| {
                    stop(format!(
                        "`{name}` has no access; `makegood user list` shows who has, `makegood user add` adds somebody"
                    ))
                })?;
                let link = new_link(&store, person.id, &Clock::default()).await?;
                store.close().await;
                let place = &config.server.public_url;
                writeln!(out, "{}", sign_in::address(place, link.expose()))?;
                Ok(FINE)
            })
        }
        UserCommand::List { flags } => {
            let config = settings(flags)?;
            wait_for(async {
                let store = looking(&config).await?;
                let all = store
                    .read(|tx| Box::pin(async move { people::all(tx).await }))
                    .await
                    .map_err(stop)?;
                for person in all {
                    let since = timestamp(person.created_at).strftime("%Y-%m-%d");
                    let gone = if person.disabled_at.is_some() {
                        "  (no access)"
                    } else {
                        ""
                    };
                    writeln!(
                        out,
                        "{:<24} {:<10} since {since}{gone}",
                        harmless(&person.name),
                        person.role.word()
                    )?;
                }
                store.close().await;
                Ok(FINE)
            })
        }
        UserCommand::Disable { flags, name } => {
            let config = settings(flags)?;
            wait_for(async {
                let store = store(&config).await?;
                let (wanted, now) = (name.clone(), Clock::default().now());
                let done = store
                    .write(move |tx| {
                        let wanted = wanted.clone();
                        Box::pin(async move {
                            match people::named(tx, &wanted).await? {
                                None => Ok(false),
                                Some(person) => people::disable(tx, person.id, now).await,
                            }
                        })
                    })
                    .await
                    .map_err(stop)?;
                store.close().await;
                if !done {
                    return Err(stop(format!(
                        "`{name}` has no access to take away; `makegood user list` shows who has"
                    )));
                }
                writeln!(out, "{} has no access any more", harmless(name))?;
                Ok(FINE)
            })
        }
    }
}

/// A link that signs somebody in once.
pub(crate) async fn new_link(
    store: &Store,
    person: Id,
    clock: &Clock,
) -> Result<crate::secret::Secret, Stop> {
    let secret = people::random(people::LINK_PREFIX).map_err(stop)?;
    let (kept, now) = (secret.clone(), clock.now());
    let until = now.plus(people::LINK_LASTS);
    let made = store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move { people::add_link(tx, &kept, person, now, until).await })
    });
    made.await.map_err(stop)?;
    Ok(secret)
}

/// Adds somebody with a token of their own.
pub(crate) async fn add_user(
    store: &Store,
    name: &str,
    role: Role,
    clock: &Clock,
) -> Result<crate::secret::Secret, Stop> {
    let secret = people::random(people::PREFIX).map_err(stop)?;
    let (id, now, kept, called) = (new_id(), clock.now(), secret.clone(), name.to_owned());
    let added = store
        .write(move |tx| {
            let (kept, called) = (kept.clone(), called.clone());
            Box::pin(async move {
                if !people::add(tx, id, &called, role, now).await? {
                    return Ok(false);
                }
                let token = NewToken {
                    id: new_id(),
                    name: called,
                    scopes: vec![Scope::of_role(role)],
                    person: Some(id),
                    expires_at: None,
                };
                people::add_token(tx, &kept, &token, now).await?;
                Ok(true)
            })
        })
        .await
        .map_err(stop)?;
    if added {
        Ok(secret)
    } else {
        Err(stop(format!(
            "somebody called `{name}` is there already; choose another name"
        )))
    }
}

fn token(command: &TokenCommand, out: &mut dyn Write) -> Done {
    match command {
        TokenCommand::Create {
            flags,
            name,
            scope,
            user,
            days,
        } => {
            let scopes = scope
                .iter()
                .map(|word| Scope::read(word).ok_or_else(|| stop(format!("--scope: `{word}` is no scope; there is shop, agent, technical, finance, admin, read"))))
                .collect::<Result<Vec<_>, _>>()?;
            let config = settings(flags)?;
            wait_for(async {
                let store = store(&config).await?;
                let secret = new_token(&store, name, scopes, user.as_deref(), *days).await?;
                store.close().await;
                writeln!(out, "{}", secret.expose())?;
                Ok(FINE)
            })
        }
        TokenCommand::List { flags } => {
            let config = settings(flags)?;
            wait_for(async {
                let store = looking(&config).await?;
                let now = Clock::default().now();
                let all = store
                    .read(|tx| Box::pin(async move { people::tokens(tx).await }))
                    .await
                    .map_err(stop)?;
                for token in all {
                    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.word()).collect();
                    let state = if token.counts(now) {
                        ""
                    } else {
                        "  (does not count)"
                    };
                    let whose = token.person_name.as_deref().unwrap_or("a program");
                    writeln!(
                        out,
                        "{}  {:<24} {:<20} {}{state}",
                        hex(&token.id.0),
                        harmless(&token.name),
                        scopes.join(","),
                        harmless(whose)
                    )?;
                }
                store.close().await;
                Ok(FINE)
            })
        }
        TokenCommand::Revoke { flags, id } => {
            let Some(wanted) = read_id(id) else {
                return Err(stop(format!(
                    "`{id}` is no id of a token; `makegood token list` prints them"
                )));
            };
            let config = settings(flags)?;
            wait_for(async {
                let store = store(&config).await?;
                let now = Clock::default().now();
                let done = store
                    .write(move |tx| Box::pin(async move { people::revoke(tx, wanted, now).await }))
                    .await
                    .map_err(stop)?;
                store.close().await;
                if !done {
                    return Err(stop(
                        "no token with this id counts; `makegood token list` shows them all",
                    ));
                }
                writeln!(out, "the token does not count any more")?;
                Ok(FINE)
            })
        }
    }
}

async fn new_token(
    store: &Store,
    name: &str,
    scopes: Vec<Scope>,
    user: Option<&str>,
    days: Option<u32>,
) -> Result<crate::secret::Secret, Stop> {
    let secret = people::random(people::PREFIX).map_err(stop)?;
    let now = Clock::default().now();
    let expires_at = days.map(|days| now.plus(Duration::from_seconds(i64::from(days) * 86_400)));
    let (kept, called, user) = (secret.clone(), name.to_owned(), user.map(str::to_owned));
    let made = store
        .write(move |tx| {
            let (kept, called, scopes, user) =
                (kept.clone(), called.clone(), scopes.clone(), user.clone());
            Box::pin(async move {
                let person = match user {
                    None => None,
                    Some(name) => match people::named(tx, &name).await? {
                        None => return Ok(false),
                        Some(person) => Some(person.id),
                    },
                };
                let token = NewToken {
                    id: new_id(),
                    name: called,
                    scopes,
                    person,
                    expires_at,
                };
                people::add_token(tx, &kept, &token, now).await?;
                Ok(true)
            })
        })
        .await
        .map_err(stop)?;
    if made {
        Ok(secret)
    } else {
        Err(stop(
            "nobody has that name; `makegood user list` shows everybody",
        ))
    }
}

/// An id from its thirty-two digits.
#[must_use]
pub fn read_id(text: &str) -> Option<Id> {
    let text = text.rsplit('_').next().unwrap_or(text);
    if text.len() != 32 || !text.is_ascii() {
        return None;
    }
    let mut id = [0; 16];
    for (place, byte) in id.iter_mut().enumerate() {
        let digits = text.get(place.checked_mul(2)?..place.checked_mul(2)?.checked_add(2)?)?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(Id(id))
}
