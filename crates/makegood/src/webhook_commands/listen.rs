// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood webhook listen`: events of an open desk, sent on to a program on this machine while somebody builds it.
//!
//! It only reads: no endpoint is registered, and nothing is left behind when it ends. What is sent is what an endpoint would get,
//! signed in the same way, tried once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use reqwest::{Client, StatusCode};
use ring::rand::SystemRandom;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::cli::{Done, FINE, Stop, complain};
use crate::config::{self, Flags};
use crate::desk_commands::{settings, stop, wait_for};
use crate::guard::{Guard, Internal, WayOut};
use crate::outgoing::{
    Endpoint, EventFilter, Failure, Format, Health, Message, Outcome, Sender, Tried,
};
use crate::policies::harmless;
use crate::serve::asked_to_end;
use crate::signing::{KeyRing, SigningKey};

/// How often the desk is asked for what is new.
const EVERY: Duration = Duration::from_millis(500);
/// How long the desk or the program may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where the token may stand.
const TOKEN: &str = "MAKEGOOD_TOKEN";

/// `webhook listen`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "The token is one that may read (`makegood token create NAME --scope read`). It stands in MAKEGOOD_TOKEN, or in a file.

Example:
  MAKEGOOD_TOKEN=mgt_… makegood webhook listen --forward-to http://localhost:3000/hooks --event case.refund_succeeded"
)]
pub struct ListenArgs {
    /// Where the settings are.
    #[command(flatten)]
    flags: Flags,
    /// Where to send events on to
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Which events, as `case.refund_succeeded` or `case.*`; may be repeated; all where nothing is said
    #[arg(long = "event", value_name = "PATTERN")]
    events: Vec<String>,
    /// standard or cloudevents
    #[arg(long, default_value = "standard")]
    format: String,
    /// The desk; where the settings say that it is reached, where nothing is said
    #[arg(long, value_name = "URL")]
    desk: Option<String>,
    /// A file with the token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the secret to sign with (`whsec_…`); a new one where nothing is said
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Begin after this event (`evt_…`, or `start`); with what comes from now on where nothing is said
    #[arg(long, value_name = "EVENT")]
    after: Option<String>,
}

/// What the desk answers.
#[derive(Deserialize)]
struct Page {
    data: Vec<Told>,
    has_more: bool,
}

/// A message as the desk lists it.
#[derive(Deserialize)]
struct Told {
    id: String,
    r#type: String,
    timestamp: String,
    data: Box<RawValue>,
}

#[derive(Deserialize)]
struct Head {
    size: u64,
}

#[derive(Deserialize)]
struct Refusal {
    detail: String,
}

/// Why the desk was not heard.
enum Unheard {
    /// It says no, which asking again does not change.
    Refused(String),
    /// It cannot be reached now.
    Away(String),
}

impl From<reqwest::Error> for Unheard {
    fn from(error: reqwest::Error) -> Self {
        // What the program that asks is told: an address may hold a secret, so it is left out.
        Self::Away(error.without_url().to_string())
    }
}

/// The desk that is listened to.
struct Desk {
    client: Client,
    place: String,
    token: String,
}

impl Desk {
    async fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, Unheard> {
        let request = self.client.get(format!("{}{path}", self.place));
        let answer = request.bearer_auth(&self.token).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|why| {
                Unheard::Refused(format!("this is not the answer of a desk: {why}"))
            });
        }
        let said = serde_json::from_slice::<Refusal>(&body);
        let said = said.map_or_else(|_| format!("it answers {status}"), |said| said.detail);
        let passing = status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || status == StatusCode::CONFLICT;
        Err(if passing {
            Unheard::Away(said)
        } else {
            Unheard::Refused(said)
        })
    }

    /// The messages after an event, a page of them.
    async fn page(&self, after: Option<&str>) -> Result<Page, Unheard> {
        let after = after.map_or_else(String::new, |after| format!("&after={after}"));
        self.get(&format!("/v1/webhook_messages?limit=100{after}"))
            .await
    }

    /// The last event that there is.
    async fn last(&self) -> Result<Option<String>, Unheard> {
        let mut last = match self.get::<Head>("/v1/audit/checkpoint").await {
            Ok(head) => head.size.checked_sub(1).map(|leaf| format!("evt_{leaf}")),
            // Nothing was signed yet.
            Err(Unheard::Away(_)) => None,
            Err(refused) => return Err(refused),
        };
        loop {
            let page = self.page(last.as_deref()).await?;
            last = page.data.last().map(|told| told.id.clone()).or(last);
            if !page.has_more {
                return Ok(last);
            }
        }
    }
}

/// What is sent on, and how.
struct Onward {
    sender: Sender,
    endpoint: Endpoint,
}

impl ListenArgs {
    /// Listens until it is asked to end.
    ///
    /// # Errors
    /// Why it stopped.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let config = settings(&self.flags)?;
        // Fails where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = self.desk.as_deref().unwrap_or(&config.server.public_url);
        let desk = Desk {
            client: Client::builder().timeout(PATIENCE).build().map_err(stop)?,
            place: place.trim_end_matches('/').to_owned(),
            token: self.token()?,
        };
        let (onward, secret) = self.onward(&desk.place)?;
        wait_for(async {
            let after = match self.after.as_deref() {
                Some("start") => None,
                Some(event) => Some(event.to_owned()),
                None => desk.last().await.map_err(|why| unheard(&desk, &why))?,
            };
            writeln!(out, "Following the desk on {}", harmless(&desk.place))?;
            writeln!(out, "Sending on to         {}", harmless(&self.forward_to))?;
            writeln!(out, "Signed with           {secret}")?;
            writeln!(out, "Ctrl-C ends it.\n")?;
            out.flush()?;
            tokio::select! {
                () = asked_to_end() => Ok(FINE),
                done = follow(&desk, &onward, after, out) => done,
            }
        })
    }

    fn token(&self) -> Result<String, Stop> {
        let token = match &self.token_file {
            Some(path) => short_file(path)?,
            None => config::environment().remove(TOKEN).unwrap_or_default(),
        };
        let token = token.trim().to_owned();
        if token.is_empty() {
            return Err(stop(format!(
                "a token is missing: set {TOKEN}, or name a file with --token-file; `makegood token create NAME --scope read` makes one"
            )));
        }
        Ok(token)
    }

    fn onward(&self, source: &str) -> Result<(Onward, String), Stop> {
        let wrong = |why: String| stop(format!("--forward-to: {why}"));
        let url = Url::parse(&self.forward_to).map_err(|why| wrong(why.to_string()))?;
        let host = url
            .host_str()
            .ok_or_else(|| wrong("the address has no host".to_owned()))?;
        let port = url.port_or_known_default().unwrap_or(0);
        let own = Internal::read(&format!("{host}:{port}")).map_err(wrong)?;
        let loopback = Internal::read("127.0.0.0/8").map_err(wrong)?;
        // Whoever names an address on the command line may reach it anyway.
        let guard = Guard {
            allow_insecure: true,
            ports: vec![port],
            internal: vec![own, loopback],
        };
        guard
            .check_url(&self.forward_to)
            .map_err(|why| wrong(why.to_string()))?;
        let key = match &self.secret_file {
            Some(path) => SigningKey::read(short_file(path)?.trim()),
            None => SigningKey::new_shared(&SystemRandom::new()),
        };
        let key = key.map_err(stop)?;
        let secret = key.reveal();
        let events = self.events.iter().map(String::as_str);
        let endpoint = Endpoint {
            id: "listen".to_owned(),
            url: self.forward_to.clone(),
            filter: EventFilter::read(events).map_err(|why| stop(format!("--event: {why}")))?,
            format: Format::read(&self.format)
                .ok_or_else(|| stop("--format: there is standard, cloudevents"))?,
            keys: KeyRing::new(key),
            health: Health::default(),
        };
        let sender = Sender::new(Arc::new(WayOut::new(guard)), source, PATIENCE);
        Ok((Onward { sender, endpoint }, secret))
    }
}

/// A file of one line, such as a secret.
fn short_file(path: &Path) -> Result<String, Stop> {
    let read = std::fs::read_to_string(path);
    read.map_err(|why| stop(format!("{}: {why}", path.display())))
}

fn unheard(desk: &Desk, why: &Unheard) -> Stop {
    let (Unheard::Refused(why) | Unheard::Away(why)) = why;
    stop(format!("the desk on {}: {why}", desk.place))
}

/// Sends on what happens, one event after the other.
async fn follow(
    desk: &Desk,
    onward: &Onward,
    mut after: Option<String>,
    out: &mut dyn Write,
) -> Done {
    let mut away = false;
    loop {
        let more = match desk.page(after.as_deref()).await {
            Ok(page) => {
                away = false;
                for told in page.data {
                    after = Some(told.id.clone());
                    onward.pass(told, out).await?;
                }
                page.has_more
            }
            Err(Unheard::Away(why)) => {
                if !away {
                    complain(&harmless(&format!(
                        "the desk does not answer ({why}); it is asked again"
                    )));
                }
                away = true;
                false
            }
            Err(refused) => return Err(unheard(desk, &refused)),
        };
        if !more {
            tokio::time::sleep(EVERY).await;
        }
    }
}

impl Onward {
    /// Sends an event on, if it is wanted, and prints a line.
    async fn pass(&self, told: Told, out: &mut dyn Write) -> Result<(), Stop> {
        if !self.endpoint.filter.wants(&told.r#type) {
            return Ok(());
        }
        let at = told.timestamp.parse::<Timestamp>();
        let message = Message {
            subject: format!("/v1/events/{}", told.id),
            id: told.id,
            kind: told.r#type,
            at: at.map_err(|why| stop(format!("a moment that is none: {why}")))?,
            data: told.data,
        };
        let tried = self
            .sender
            .send(&self.endpoint, &message, Timestamp::now())
            .await;
        let at = message.at.strftime("%H:%M:%S");
        let (kind, id) = (harmless(&message.kind), harmless(&message.id));
        writeln!(out, "{at}  {kind:<28} {id:<12} -> {}", became(&tried))?;
        out.flush()?;
        Ok(())
    }
}

/// What came of it, in a few words.
fn became(tried: &Tried) -> String {
    let words = match &tried.outcome {
        Outcome::Delivered => "taken",
        Outcome::Gone => "gone: a real endpoint would be switched off",
        Outcome::Throttled { .. } => "too much: a real endpoint would be slowed down",
        Outcome::Failed(Failure::NoAnswer(why)) => return format!("not taken: {why}"),
        Outcome::Failed(_) => "not taken: a real endpoint would be tried again",
    };
    match tried.status {
        Some(status) => format!("{status} {words}"),
        None => words.to_owned(),
    }
}
