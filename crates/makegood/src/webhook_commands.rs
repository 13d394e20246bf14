// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood webhook`: where events are sent to, from the command line.

mod listen;

use std::io::Write;

use clap::Subcommand;
use makegood_desk::case::Instant;
use makegood_desk::input::Id;
use ring::rand::SystemRandom;

use crate::books::seal::hex;
use crate::books::webhooks::{self, EndpointRecord, NewEndpoint};
use crate::cli::{Done, FINE, Stop};
use crate::clock::Clock;
use crate::config::{Config, Flags};
use crate::desk_commands::{read_id, settings, stop, store, wait_for};
use crate::goods::import::intake;
use crate::outgoing::Format;
use crate::policies::harmless;
use crate::secret::Secret;
use crate::setup;
use crate::signing::SigningKey;
use crate::store::Store;
use crate::wire::Written as _;
use listen::ListenArgs;

/// `webhook`.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// All endpoints, and how they are
    List {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
    },
    /// Send events there from now on, and print the secret that they are signed with
    Add {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The address
        url: String,
        /// Which events, as `case.refund_succeeded` or `case.*`; may be repeated; all where nothing is said
        #[arg(long = "event", value_name = "PATTERN")]
        events: Vec<String>,
        /// standard or cloudevents
        #[arg(long, default_value = "standard")]
        format: String,
    },
    /// Take a new secret into use; the old one signs beside it for a day
    Rotate {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The endpoint, as `makegood webhook list` prints it
        id: String,
    },
    /// Switch an endpoint on again; what happened in the meantime is sent, too
    Enable {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The endpoint
        id: String,
    },
    /// Send nothing there any more, and forget the secret
    Remove {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The endpoint
        id: String,
    },
    /// Send what happens on to a program on this machine, while it is built
    Listen(ListenArgs),
    /// Send again what was given up
    Replay {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The endpoint
        id: String,
        /// From this moment on, as 2025-10-02T08:30:00Z
        #[arg(long, value_name = "MOMENT")]
        since: String,
        /// Also what was taken
        #[arg(long)]
        all: bool,
    },
}

impl WebhookCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// The settings or the store cannot be used, or there is no such endpoint.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let flags = match self {
            Self::Listen(listen) => return listen.run(out),
            Self::List { flags }
            | Self::Add { flags, .. }
            | Self::Rotate { flags, .. }
            | Self::Enable { flags, .. }
            | Self::Remove { flags, .. }
            | Self::Replay { flags, .. } => flags,
        };
        let config = settings(flags)?;
        wait_for(async {
            let store = store(&config).await?;
            let done = self.on(&config, &store, out).await;
            store.close().await;
            done
        })
    }

    async fn on(&self, config: &Config, store: &Store, out: &mut dyn Write) -> Done {
        let now = Clock::default().now();
        match self {
            // It needs no store, and ran before one was opened.
            Self::Listen(_) => Ok(FINE),
            Self::List { .. } => list(store, out).await,
            Self::Add {
                url,
                events,
                format,
                ..
            } => {
                let format = Format::read(format)
                    .ok_or_else(|| stop("--format: there is standard, cloudevents"))?;
                add(config, store, url, events, format, now, out).await
            }
            Self::Rotate { id, .. } => {
                let key = SigningKey::new_shared(&SystemRandom::new()).map_err(stop)?;
                let secret = Secret::new(key.reveal());
                let vault = intake(config, store).await?.vault;
                let rotated = webhooks::rotate(store, &vault, endpoint(id)?, &secret, now);
                rotated.await.map_err(stop)?.ok_or_else(no_endpoint)?;
                writeln!(out, "its new secret, shown this once: {}", secret.expose())?;
                writeln!(out, "the old one signs beside it for a day")?;
                Ok(FINE)
            }
            Self::Enable { id, .. } => {
                let id = endpoint(id)?;
                let switched = store.write(move |tx| {
                    Box::pin(async move { webhooks::switch(tx, id, true, now).await })
                });
                existing(switched.await.map_err(stop)?)?;
                writeln!(
                    out,
                    "switched on; what happened in the meantime is sent, too"
                )?;
                Ok(FINE)
            }
            Self::Remove { id, .. } => {
                let id = endpoint(id)?;
                let removed =
                    store.write(move |tx| Box::pin(async move { webhooks::remove(tx, id).await }));
                existing(removed.await.map_err(stop)?)?;
                let vault = intake(config, store).await?.vault;
                webhooks::forget(&vault, id, now).await.map_err(stop)?;
                writeln!(out, "nothing is sent there any more")?;
                Ok(FINE)
            }
            Self::Replay { id, since, all, .. } => {
                let (id, all) = (endpoint(id)?, *all);
                let since = Instant::read(since)
                    .map_err(|instead| stop(format!("--since: write {instead}")))?;
                let replayed = store.write(move |tx| {
                    Box::pin(async move { webhooks::replay_since(tx, id, since, all, now).await })
                });
                writeln!(out, "{} are sent again", replayed.await.map_err(stop)?)?;
                Ok(FINE)
            }
        }
    }
}

fn no_endpoint() -> Stop {
    stop("there is no such endpoint; `makegood webhook list` shows them all")
}

fn existing(there: bool) -> Result<(), Stop> {
    there.then_some(()).ok_or_else(no_endpoint)
}

fn endpoint(text: &str) -> Result<Id, Stop> {
    read_id(text).ok_or_else(no_endpoint)
}

async fn list(store: &Store, out: &mut dyn Write) -> Done {
    let read = store.read(|tx| Box::pin(async move { webhooks::endpoints(tx).await }));
    let all = read.await.map_err(stop)?;
    if all.is_empty() {
        writeln!(out, "none; `makegood webhook add URL` adds one")?;
    }
    for record in all {
        writeln!(out, "we_{}  {}", hex(&record.id.0), harmless(&record.url))?;
        writeln!(out, "    {}; {}", wanted(&record), condition(&record))?;
    }
    Ok(FINE)
}

fn wanted(record: &EndpointRecord) -> String {
    match record.kinds.is_empty() {
        true => "all events".to_owned(),
        false => harmless(&record.kinds.join(", ")),
    }
}

fn condition(record: &EndpointRecord) -> String {
    let health = &record.health;
    match (health.disabled, health.failing_since) {
        (Some((at, why)), _) => format!("switched off since {at} ({})", webhooks::why_word(why)),
        (None, Some(since)) => format!("nothing gets through since {since}"),
        (None, None) => "in order".to_owned(),
    }
}

async fn add(
    config: &Config,
    store: &Store,
    url: &str,
    events: &[String],
    format: Format,
    now: Instant,
    out: &mut dyn Write,
) -> Done {
    let guard = setup::guard(config).map_err(stop)?;
    guard.check_url(url).map_err(stop)?;
    let vault = intake(config, store).await?.vault;
    let made = NewEndpoint::new(&vault, url, events, format, now).await;
    let new = made.map_err(|trouble| match trouble.into_refusal::<String>() {
        Ok(why) => stop(format!("--event: {}", harmless(&why))),
        Err(trouble) => stop(trouble),
    })?;
    let new = std::sync::Arc::new(new);
    let writing = std::sync::Arc::clone(&new);
    store
        .write(move |tx| {
            let new = std::sync::Arc::clone(&writing);
            Box::pin(async move { new.write(tx).await })
        })
        .await
        .map_err(stop)?;
    writeln!(out, "we_{}", hex(&new.id.0))?;
    writeln!(out, "its secret, shown this once: {}", new.secret.expose())?;
    Ok(FINE)
}
