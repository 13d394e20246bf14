// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configuration: what every key comes to, where it was set, and what is wrong with it.
//!
//! One page, `default-config.toml`, documents every key and holds every default: it is read as the lowest of four layers, below the
//! user's file, the environment and the flags. So a default cannot differ from its documentation.

mod command;
mod initial;
mod keys;
mod layers;
mod show;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use url::Url;

pub use self::command::ConfigCommand;
pub use self::initial::{Initial, NotWritten, write_initial};
use self::keys::Value;
pub use self::keys::{Amounts, Database, Network};
use self::layers::{Layers, Setting, read_short};
pub use self::layers::{Origin, Problem, Problems};
pub use self::show::{Line, Lines};
use crate::hours::Hours;
use crate::mail::address::ReplyTo;
use crate::secret::Secret;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const DAY_SECONDS: u64 = 86_400;

/// Where Stripe is.
const STRIPE: &str = "https://api.stripe.com";

/// The page of all keys and defaults.
pub const DEFAULT_PAGE: &str = include_str!("default-config.toml");

/// The flags that every command has which needs the configuration.
#[derive(Args, Clone, Debug, Default)]
pub struct Flags {
    /// The settings file, instead of the one in your configuration folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The data folder: the database, attachments, keys
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<String>,

    /// Where the books are kept: `sqlite`, or the address of a PostgreSQL database
    #[arg(long, value_name = "sqlite|postgres://…")]
    pub database: Option<String>,

    /// Where to listen, such as 127.0.0.1:8787
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Any other key, such as `--set log.level=debug`; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// The configuration as it is in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The program as a server.
    pub server: Server,
    /// Where everything is kept.
    pub store: Store,
    /// Who customers deal with.
    pub merchant: Merchant,
    /// Requests, decisions, and who has to look at them.
    pub desk: Desk,
    /// Brakes on money.
    pub money: Money,
    /// Payment providers by the names that the merchant gave them.
    pub payments: BTreeMap<String, Provider>,
    /// Who carries out redeliveries and the like.
    pub fulfilment: Fulfilment,
    /// Webhooks to the merchant's own systems.
    pub webhooks: Webhooks,
    /// The origins of the sites that may show the chat in a frame of theirs.
    pub chat_sites: Vec<String>,
    /// E-mail, where the desk has an address.
    pub mail: Option<Mail>,
    /// What may be attached, and where it is kept.
    pub attachments: Attachments,
    /// The audit log.
    pub audit: Audit,
    /// The program's own log.
    pub log: Log,
    /// Personal data.
    pub privacy: Privacy,
    /// Every key as it was set and by whom, for people who look after the desk. Nothing secret stands there.
    pub lines: Lines,
}

/// The program as a server.
#[derive(Clone, Debug)]
pub struct Server {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The address under which people reach the desk, without a slash at its end.
    pub public_url: String,
    /// Proxies whose `X-Forwarded-…` headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// The largest body of a request that is no upload and no batch.
    pub body_bytes_max: usize,
    /// The longest line of an NDJSON batch.
    pub line_bytes_max: usize,
    /// How long a connection may take to send the head of a request, and be idle.
    pub header_max: Duration,
    /// How long a request may take.
    pub request_max: Duration,
    /// How many requests are worked on at once.
    pub requests_max: usize,
    /// Requests a minute for each token.
    pub rate_per_minute_max: u32,
    /// How many of them may come at once.
    pub rate_burst_max: u32,
    /// Requests a minute for each address without a token.
    pub rate_visitor_per_minute_max: u32,
    /// Attempts to sign in a minute.
    pub rate_sign_in_per_minute_max: u32,
    /// How long running work may take to finish when the program is asked to stop.
    pub shutdown_grace: Duration,
}

/// Where everything is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// The data folder.
    pub data: PathBuf,
    /// Where the books are kept.
    pub database: Database,
    /// Connections to PostgreSQL at most.
    pub postgres_connections_max: usize,
    /// Connections that read from SQLite at once.
    pub sqlite_readers_max: usize,
    /// How long one statement may take.
    pub statement_max: Duration,
}

/// Who customers deal with, as pages and letters name them.
#[derive(Clone, Debug)]
pub struct Merchant {
    /// The name.
    pub name: String,
    /// The official mail address, where there is one.
    pub email: Option<String>,
    /// The telephone, where somebody answers one.
    pub phone: Option<String>,
    /// The site where customers buy.
    pub website: Option<Url>,
    /// When somebody is there for customers.
    pub opening_hours: Hours,
    /// The secrets by which the shop's own pages vouch for who a customer is.
    pub token_secrets: Vec<Secret>,
    /// The zone in which customers read times.
    pub time_zone: TimeZone,
    /// Within how long customers hear from a person.
    pub answer: Duration,
}

/// Requests, decisions, and who has to look at them.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The policy that judges where an order names none.
    pub policy: String,
    /// The language for people who have not chosen one.
    pub language: &'static str,
    /// Where requests are accepted: `form`, `chat`, `email`, `api`.
    pub channels: Vec<&'static str>,
    /// How long a decision rests before money moves.
    pub undo: Duration,
    /// When a task of the technical team is due.
    pub technical_due: Duration,
    /// When a task of support is due.
    pub support_due: Duration,
    /// When a question to the shop is due.
    pub shop_due: Duration,
    /// How long before it is due evidence that lies at the provider is handed in; zero for never.
    pub evidence_before_due: Duration,
    /// How long after a question the customer is reminded: each time, rising.
    pub reminders: Vec<Duration>,
    /// How long after it the question counts as unanswered; longer than any reminder.
    pub unanswered_after: Duration,
    /// What happens then.
    pub unanswered: Unanswered,
    /// What is decided without an agent.
    pub automatic: Automatic,
    /// Refunds above this need a second person. A currency that is not among them needs none.
    pub second_person_above: Amounts,
    /// Above this a person proves who they are once more. A currency that is not among them asks for nothing.
    pub step_up_above: Amounts,
}

/// What becomes of a question that nobody answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The case is closed.
    Close,
    /// An agent gets it with what is known.
    Review,
}

/// What is decided without an agent.
#[derive(Clone, Debug)]
pub struct Automatic {
    /// The outcomes: `refund`, `partial_refund`, `support_resolution`, `declined`.
    pub outcomes: Vec<&'static str>,
    /// The largest refund. One in a currency that is not among them waits for an agent.
    pub amount_max: Amounts,
    /// How many decisions a customer may have had.
    pub repeats_max: u64,
    /// Within how long.
    pub repeats_window: Duration,
}

/// Brakes on money.
#[derive(Clone, Debug)]
pub struct Money {
    /// No money moves.
    pub kill_switch: bool,
    /// The most that is paid out in a day. A currency that is not among them has no limit.
    pub per_day_max: Amounts,
    /// The most that is paid out in a day by what one agent decided.
    pub per_agent_day_max: Amounts,
    /// So many failures in a row stop sending to a provider.
    pub breaker_failures_max: u32,
    /// For so long.
    pub breaker_rest: Duration,
    /// After so many tries a person is asked.
    pub tries_max: u32,
    /// Or when a refund's end has not been known for so long.
    pub unknown_max: Duration,
    /// The hour of the day (UTC) at which the books are held against the provider's.
    pub reconcile_hour: u8,
    /// How far back they are held against it.
    pub reconcile_back: Duration,
}

/// A payment provider.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Stripe.
    Stripe {
        /// The key that requests are made with.
        secret_key: Secret,
        /// The secrets of its webhooks: any of them is believed.
        webhook_secrets: Vec<Secret>,
        /// Where it is.
        api_base: Url,
    },
    /// A bank transfer by a person.
    Manual {
        /// Whose account pays.
        account_holder: String,
        /// The account.
        account_iban: Secret,
        /// Its bank.
        account_bic: Option<String>,
    },
    /// Our own provider without real money.
    Sandbox {
        /// Where it is; inside the program where nothing is said.
        api_base: Option<Url>,
        /// The key that requests are made with.
        secret_key: Secret,
        /// The secrets of its webhooks.
        webhook_secrets: Vec<Secret>,
        /// What makes its answers repeatable.
        seed: u64,
    },
}

impl Provider {
    /// The secrets of its webhooks; none where it sends none.
    #[must_use]
    pub fn webhook_secrets(&self) -> &[Secret] {
        match self {
            Self::Stripe {
                webhook_secrets, ..
            }
            | Self::Sandbox {
                webhook_secrets, ..
            } => webhook_secrets,
            Self::Manual { .. } => &[],
        }
    }
}

/// Who carries out redeliveries and the like.
#[derive(Clone, Debug)]
pub struct Fulfilment {
    /// The connector; without one these are tasks for the technical team.
    pub connector: Option<Connector>,
    /// How long to wait for its answer.
    pub answer_max: Duration,
}

/// A connector.
#[derive(Clone, Debug)]
pub struct Connector {
    /// Where it is.
    pub url: Url,
    /// The first signs, all are believed; never empty.
    pub secrets: Vec<Secret>,
}

/// Webhooks to the merchant's own systems.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// Internal names that may be reached.
    pub allow_hosts: Vec<String>,
    /// Internal networks that may be reached.
    pub allow_networks: Vec<Network>,
    /// Ports that may be reached.
    pub allow_ports: Vec<u16>,
    /// Whether http:// is allowed.
    pub allow_insecure: bool,
    /// How long to wait for an answer.
    pub answer_max: Duration,
}

/// E-mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The address that letters are from, and that answers come to with a token.
    pub address: String,
    /// The name that letters are from.
    pub name: String,
    /// The server that takes letters; without one none is sent.
    pub out: Option<MailServer>,
    /// Where mail is handed over by LMTP.
    pub lmtp: Option<SocketAddr>,
    /// Who may post mail to `/hooks/mail`.
    pub hook_secrets: Vec<Secret>,
}

/// A server that takes mail.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How it is spoken to in secret.
    pub tls: MailTls,
    /// The name and the password to sign in with.
    pub login: Option<(String, Secret)>,
}

/// How a mail server is spoken to in secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// After a word in the open, and not at all without.
    StartTls,
    /// From the first byte.
    Tls,
    /// In the open.
    None,
}

/// What may be attached, and where it is kept.
#[derive(Clone, Debug)]
pub struct Attachments {
    /// Where it is kept.
    pub place: AttachmentPlace,
    /// The largest file.
    pub file_bytes_max: u64,
    /// The most that all files of a case may have.
    pub case_bytes_max: u64,
    /// How many files a case may have.
    pub files_per_case_max: u32,
    /// How many points an image may have.
    pub image_pixels_max: u64,
}

/// Where attachments are kept.
#[derive(Clone, Debug)]
pub enum AttachmentPlace {
    /// In this folder.
    Folder(PathBuf),
    /// In S3-compatible storage.
    S3(Box<S3>),
}

/// S3-compatible storage.
#[derive(Clone, Debug)]
pub struct S3 {
    /// Where it is.
    pub endpoint: Url,
    /// The bucket.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// What keys begin with.
    pub prefix: String,
    /// Who asks.
    pub access_key: Secret,
    /// The secret to it.
    pub secret_key: Secret,
    /// What comes with keys that were lent for a while.
    pub session_token: Option<Secret>,
}

/// The audit log.
#[derive(Clone, Debug)]
pub struct Audit {
    /// The name that stands in signed checkpoints.
    pub origin: String,
    /// The key that signs them.
    pub key_file: PathBuf,
    /// The file that remembers the last one.
    pub anchor_file: PathBuf,
}

/// The program's own log.
#[derive(Clone, Debug)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`.
    pub level: &'static str,
    /// How its lines look.
    pub format: LogFormat,
}

/// How lines of the log look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: an object a line.
    Json,
}

/// Personal data.
#[derive(Clone, Debug)]
pub struct Privacy {
    /// The key that seals the keys of persons.
    pub master_key_file: PathBuf,
    /// How long after a case was closed what names a person is erased.
    pub retention: Duration,
}

/// A configuration with its story.
#[derive(Debug)]
pub struct Loaded {
    /// What is in force.
    pub config: Config,
    /// The user's file, where there is one.
    pub file: Option<PathBuf>,
    /// What is allowed, but hardly meant.
    pub warnings: Vec<Problem>,
    settings: BTreeMap<String, Setting>,
}

/// The variables of this process that can be read. One of ours that is not UTF-8 becomes a text that no key accepts.
#[must_use]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        })
        .collect()
}

/// Reads the configuration: defaults, the user's file, the environment, flags.
///
/// # Errors
/// Everything that is wrong with it, not only the first thing.
pub fn load(flags: &Flags, environment: &BTreeMap<String, String>) -> Result<Loaded, Problems> {
    let mut layers = Layers::default();
    layers.page(DEFAULT_PAGE, None);
    let file = file(flags, environment);
    if let Some(path) = &file {
        match read_short(path) {
            Ok(text) => layers.page(&text, Some(path)),
            Err(why) => layers.problems.push(Problem {
                origin: flags
                    .config
                    .as_ref()
                    .map(|_| Origin::Flag("--config".to_owned())),
                message: format!("{} cannot be read: {why}", path.display()),
            }),
        }
    }
    layers.environment(environment);
    flags.lay(&mut layers);
    let Layers { settings, problems } = layers;
    if !problems.is_empty() {
        return Err(Problems(problems));
    }
    let mut build = Build {
        settings: &settings,
        problems,
    };
    let Some(config) = build.config(file.as_deref(), environment) else {
        return Err(Problems(build.problems));
    };
    let warnings = warnings(&config, &settings, file.as_deref());
    let mut settings = settings;
    complete(&mut settings, &config);
    let mut loaded = Loaded {
        config,
        file,
        warnings,
        settings,
    };
    loaded.config.lines = loaded.lines().into();
    Ok(loaded)
}

/// Adds the defaults that follow from other keys or from the user's folders, so that they are shown like the others.
fn complete(settings: &mut BTreeMap<String, Setting>, config: &Config) {
    let derived = [
        ("store.data", Some(Value::Path(config.store.data.clone()))),
        (
            "server.public_url",
            Url::parse(&config.server.public_url).ok().map(Value::Url),
        ),
    ];
    for (path, value) in derived {
        if let (Some(key), Some(value)) = (keys::at(path), value) {
            settings.entry(path.to_owned()).or_insert(Setting {
                key,
                value,
                origin: Origin::Default,
                read_from: None,
            });
        }
    }
}

/// The user's file: the one that was named, else the first that there is.
fn file(flags: &Flags, environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    if let Some(named) = &flags.config {
        return Some(named.clone());
    }
    let own = config_folder(environment).map(|folder| folder.join("config.toml"));
    own.into_iter()
        .chain([PathBuf::from("/etc/makegood/config.toml")])
        .find(|path| path.is_file())
}

/// The user's configuration folder.
#[must_use]
pub fn config_folder(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    base_folder(environment, "XDG_CONFIG_HOME", ".config").map(|base| base.join("makegood"))
}

/// A base folder of the XDG specification. A path in its variable that does not begin at the root does not count, as it says.
fn base_folder(
    environment: &BTreeMap<String, String>,
    variable: &str,
    below_home: &str,
) -> Option<PathBuf> {
    let path = |name: &str| {
        environment
            .get(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    path(variable).or_else(|| path("HOME").map(|home| home.join(below_home)))
}

impl Flags {
    fn lay(&self, layers: &mut Layers) {
        for text in &self.set {
            match text.split_once('=') {
                Some((path, value)) => {
                    layers.flags([("--set", path.trim(), value.trim())]);
                }
                None => layers.problems.push(Problem {
                    origin: Some(Origin::Flag("--set".to_owned())),
                    message: format!(
                        "`{text}` has no `=`; write KEY=VALUE, such as log.level=debug"
                    ),
                }),
            }
        }
        let short = [
            ("--data", "store.data", &self.data),
            ("--database", "store.database", &self.database),
            ("--listen", "server.listen", &self.listen),
        ];
        layers.flags(
            short
                .iter()
                .filter_map(|(flag, path, value)| Some((*flag, *path, value.as_deref()?))),
        );
    }
}

/// Puts the typed configuration together from single values.
struct Build<'s> {
    settings: &'s BTreeMap<String, Setting>,
    problems: Vec<Problem>,
}

/// Readers of values, a form each. A key that is read as another form than `keys.rs` says is a fault of this file, and the tests
/// read every key.
macro_rules! readers {
    ($($name:ident: $form:ident -> $type:ty,)*) => {
        $(fn $name(&self, path: &str) -> Option<$type> {
            match &self.settings.get(path)?.value {
                Value::$form(value) => Some(value.clone()),
                _ => panic!(concat!("`{}` is not a ", stringify!($form)), path),
            }
        })*
    };
}

impl Build<'_> {
    readers! {
        text: Text -> String,
        word: Word -> &'static str,
        path: Path -> PathBuf,
        url: Url -> Url,
        listen: Listen -> SocketAddr,
        database: Database -> Database,
        switch: Switch -> bool,
        whole: Count -> u64,
        counts: Counts -> Vec<u64>,
        words: Words -> Vec<&'static str>,
        texts: Texts -> Vec<String>,
        networks: Networks -> Vec<Network>,
        amounts: Amounts -> Amounts,
        secret: Secret -> Secret,
        secrets: Secrets -> Vec<Secret>,
    }

    /// The value of a key that has a default.
    fn set<T>(&self, path: &str, read: fn(&Self, &str) -> Option<T>) -> T {
        match read(self, path) {
            Some(value) => value,
            None => panic!("`{path}` has no default"),
        }
    }

    /// A number in another unit, or of another size. It fits because the range of its key does.
    fn times<N: TryFrom<u64>>(&self, path: &str, unit: u64) -> N {
        match N::try_from(self.set(path, Self::whole).saturating_mul(unit)) {
            Ok(number) => number,
            Err(_) => panic!("`{path}` allows more than its number holds"),
        }
    }

    fn count<N: TryFrom<u64>>(&self, path: &str) -> N {
        self.times(path, 1)
    }

    fn seconds(&self, path: &str) -> Duration {
        Duration::from_secs(self.count(path))
    }

    fn hours(&self, path: &str) -> Duration {
        Duration::from_secs(self.times(path, 3_600))
    }

    fn days(&self, path: &str) -> Duration {
        Duration::from_secs(self.times(path, DAY_SECONDS))
    }

    /// Says that a key is wrong beside the others, at the place where it was set.
    fn wrong(&mut self, path: &str, message: String) {
        let origin = self
            .settings
            .get(path)
            .map(|setting| setting.origin.clone());
        self.problems.push(Problem { origin, message });
    }

    /// The value of a key that must be set, because of another one or at all.
    fn needed<T>(
        &mut self,
        path: &str,
        read: fn(&Self, &str) -> Option<T>,
        why: &str,
    ) -> Option<T> {
        let found = read(self, path);
        if found.is_none() {
            self.problems.push(Problem {
                origin: None,
                message: format!("`{path}` is not set; {why}"),
            });
        }
        found
    }

    fn config(
        &mut self,
        file: Option<&Path>,
        environment: &BTreeMap<String, String>,
    ) -> Option<Config> {
        let data = self.data(file, environment);
        let config = Config {
            server: self.server(),
            merchant: self.merchant(),
            desk: self.desk(),
            money: self.money(),
            payments: self.payments(),
            fulfilment: self.fulfilment(),
            webhooks: self.webhooks(),
            chat_sites: self.chat_sites(),
            mail: self.mail(),
            attachments: self.attachments(&data)?,
            audit: Audit {
                origin: self.set("audit.origin", Self::text),
                key_file: data.join(self.set("audit.key_file", Self::path)),
                anchor_file: data.join(self.set("audit.anchor_file", Self::path)),
            },
            log: Log {
                level: self.set("log.level", Self::word),
                format: match self.set("log.format", Self::word) {
                    "json" => LogFormat::Json,
                    _ => LogFormat::Text,
                },
            },
            privacy: Privacy {
                master_key_file: data.join(self.set("privacy.master_key_file", Self::path)),
                retention: self.days("privacy.retention_days"),
            },
            store: Store {
                data,
                database: self.set("store.database", Self::database),
                postgres_connections_max: self.count("store.postgres_connections_max"),
                sqlite_readers_max: self.count("store.sqlite_readers_max"),
                statement_max: self.seconds("store.statement_seconds_max"),
            },
            // Filled in once everything has been read.
            lines: Lines::default(),
        };
        self.problems.is_empty().then_some(config)
    }

    /// The data folder: as it was set, else the one of the user.
    fn data(&mut self, file: Option<&Path>, environment: &BTreeMap<String, String>) -> PathBuf {
        if let Some(setting) = self.settings.get("store.data")
            && let Value::Path(path) = &setting.value
        {
            let beside = match setting.origin {
                Origin::File(..) => file.and_then(Path::parent),
                _ => None,
            };
            return beside.map_or_else(|| path.clone(), |folder| folder.join(path));
        }
        base_folder(environment, "XDG_DATA_HOME", ".local/share").map_or_else(
            || {
                let message = "there is no data folder, because HOME is not set; name one with `--data FOLDER` or `store.data`";
                self.problems.push(Problem { origin: None, message: message.to_owned() });
                PathBuf::new()
            },
            |base| base.join("makegood"),
        )
    }

    fn server(&self) -> Server {
        let listen = self.set("server.listen", Self::listen);
        let public_url = self
            .url("server.public_url")
            .map_or_else(|| format!("http://{listen}"), |url| url.to_string());
        Server {
            listen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            trusted_proxies: self.set("server.trusted_proxies", Self::networks),
            body_bytes_max: self.times("server.body_kib_max", KIB),
            line_bytes_max: self.times("server.line_kib_max", KIB),
            header_max: self.seconds("server.header_seconds_max"),
            request_max: self.seconds("server.request_seconds_max"),
            requests_max: self.count("server.requests_max"),
            rate_per_minute_max: self.count("server.rate_per_minute_max"),
            rate_burst_max: self.count("server.rate_burst_max"),
            rate_visitor_per_minute_max: self.count("server.rate_visitor_per_minute_max"),
            rate_sign_in_per_minute_max: self.count("server.rate_sign_in_per_minute_max"),
            shutdown_grace: self.seconds("server.shutdown_grace_seconds"),
        }
    }

    fn merchant(&mut self) -> Merchant {
        let zone = self.set("merchant.time_zone", Self::text);
        let time_zone = TimeZone::get(&zone).unwrap_or_else(|_| {
            let message = format!(
                "`merchant.time_zone` is no zone of the time zone database: it is \"{zone}\"; write one such as \"Europe/Copenhagen\""
            );
            self.wrong("merchant.time_zone", message);
            TimeZone::UTC
        });
        let lines = self.set("merchant.opening_hours", Self::texts);
        let opening_hours = Hours::read(&lines).unwrap_or_else(|line| {
            let message = format!(
                "`merchant.opening_hours` has a line that names no hours: \"{line}\"; write lines such as \"mon-fri 09:00-17:00\""
            );
            self.wrong("merchant.opening_hours", message);
            Hours::default()
        });
        let token_secrets = self.secrets("merchant.token_secrets").unwrap_or_default();
        if token_secrets
            .iter()
            .any(|secret| secret.expose().len() < 32)
        {
            let message = "`merchant.token_secrets` has a secret of fewer than 32 characters, which could be guessed; make a longer one, such as with `openssl rand -hex 32`";
            self.wrong("merchant.token_secrets", message.to_owned());
        }
        Merchant {
            opening_hours,
            token_secrets,
            name: self.set("merchant.name", Self::text),
            email: self.text("merchant.email"),
            phone: self.text("merchant.phone"),
            website: self.url("merchant.website"),
            time_zone,
            answer: self.hours("merchant.answer_hours_max"),
        }
    }

    fn chat_sites(&mut self) -> Vec<String> {
        let sites = self.set("chat.sites", Self::texts);
        let mut origins = Vec::new();
        for site in sites {
            let origin = Url::parse(&site).ok().filter(|url| {
                matches!(url.scheme(), "http" | "https")
                    && url.path() == "/"
                    && url.query().is_none()
            });
            match origin {
                Some(url) => origins.push(url.origin().ascii_serialization()),
                None => {
                    let message = format!(
                        "`chat.sites` has an entry that is no site: \"{site}\"; write the beginning of an address, such as \"https://www.example.com\""
                    );
                    self.wrong("chat.sites", message);
                }
            }
        }
        origins
    }

    fn desk(&mut self) -> Desk {
        let reminders_days = self.set("desk.reminders_days", Self::counts);
        let unanswered_days: u64 = self.count("desk.unanswered_days");
        if reminders_days.iter().any(|days| *days >= unanswered_days) {
            let message = format!(
                "`desk.unanswered_days` is {unanswered_days}, but customers are reminded until day {}: it must be later than the last of `desk.reminders_days`",
                reminders_days.iter().max().unwrap_or(&0)
            );
            self.wrong("desk.unanswered_days", message);
        }
        Desk {
            policy: self.set("desk.policy", Self::text),
            language: self.set("desk.language", Self::word),
            channels: self.set("desk.channels", Self::words),
            undo: self.seconds("desk.undo_seconds"),
            technical_due: self.hours("desk.technical_due_hours"),
            support_due: self.hours("desk.support_due_hours"),
            shop_due: self.hours("desk.shop_due_hours"),
            evidence_before_due: self.hours("desk.evidence_before_due_hours"),
            reminders: reminders_days
                .into_iter()
                .map(|days| Duration::from_secs(days.saturating_mul(DAY_SECONDS)))
                .collect(),
            unanswered_after: self.days("desk.unanswered_days"),
            unanswered: match self.set("desk.unanswered", Self::word) {
                "close" => Unanswered::Close,
                _ => Unanswered::Review,
            },
            automatic: Automatic {
                outcomes: self.set("desk.automatic.outcomes", Self::words),
                amount_max: self.set("desk.automatic.amount_minor_max", Self::amounts),
                repeats_max: self.count("desk.automatic.repeats_max"),
                repeats_window: self.days("desk.automatic.repeats_days"),
            },
            second_person_above: self.set("desk.second_person.amount_minor_max", Self::amounts),
            step_up_above: self.set("desk.step_up.amount_minor_max", Self::amounts),
        }
    }

    fn money(&self) -> Money {
        Money {
            kill_switch: self.set("money.kill_switch", Self::switch),
            per_day_max: self.set("money.per_day_minor_max", Self::amounts),
            per_agent_day_max: self.set("money.per_agent_day_minor_max", Self::amounts),
            breaker_failures_max: self.count("money.breaker_failures_max"),
            breaker_rest: self.seconds("money.breaker_rest_seconds"),
            tries_max: self.count("money.tries_max"),
            unknown_max: self.hours("money.unknown_hours_max"),
            reconcile_hour: self.count("money.reconcile_hour"),
            reconcile_back: self.days("money.reconcile_days"),
        }
    }

    /// Every provider that any key names. One without a kind, or with a key of another kind, is a problem.
    fn payments(&mut self) -> BTreeMap<String, Provider> {
        let settings = self.settings;
        let mut names: Vec<&str> = settings
            .keys()
            .filter_map(|path| path.strip_prefix("payments.")?.split('.').next())
            .collect();
        names.dedup();
        let mut providers = BTreeMap::new();
        for name in names {
            let at = |key: &str| format!("payments.{name}.{key}");
            let why = format!("`payments.{name}` needs one of \"stripe\", \"manual\", \"sandbox\"");
            let Some(kind) = self.needed(&at("kind"), Self::word, &why) else {
                continue;
            };
            for (path, setting) in settings
                .range(at("")..)
                .take_while(|(path, _)| path.starts_with(&at("")))
            {
                if !setting.key.kinds.is_empty() && !setting.key.kinds.contains(&kind) {
                    let message = format!(
                        "`{path}` is not for a provider of the kind \"{kind}\"; leave it out"
                    );
                    self.wrong(path, message);
                }
            }
            let provider = match kind {
                "stripe" => self.stripe(&at),
                "manual" => self.manual(&at),
                _ => Some(self.sandbox(&at)),
            };
            providers.extend(provider.map(|provider| (name.to_owned(), provider)));
        }
        providers
    }

    fn stripe(&mut self, at: &dyn Fn(&str) -> String) -> Option<Provider> {
        let why = "it stands in Stripe's dashboard under API keys";
        Some(Provider::Stripe {
            secret_key: self.needed(&at("secret_key"), Self::secret, why)?,
            webhook_secrets: self.secrets(&at("webhook_secrets")).unwrap_or_default(),
            api_base: self
                .url(&at("api_base"))
                .or_else(|| Url::parse(STRIPE).ok())?,
        })
    }

    fn manual(&mut self, at: &dyn Fn(&str) -> String) -> Option<Provider> {
        let why = "payment files name the account that pays";
        let holder = self.needed(&at("account_holder"), Self::text, why);
        let iban = self.needed(&at("account_iban"), Self::secret, why);
        Some(Provider::Manual {
            account_holder: holder?,
            account_iban: iban?,
            account_bic: self.text(&at("account_bic")),
        })
    }

    fn sandbox(&self, at: &dyn Fn(&str) -> String) -> Provider {
        let secret = |key: &str| self.secret(&at(key));
        let plain = || Secret::new("sk_test_sandbox");
        let webhook_secrets = self.secrets(&at("webhook_secrets"));
        Provider::Sandbox {
            api_base: self.url(&at("api_base")),
            secret_key: secret("secret_key").unwrap_or_else(plain),
            webhook_secrets: webhook_secrets.unwrap_or_else(|| vec![Secret::new("whsec_sandbox")]),
            seed: self.whole(&at("seed")).unwrap_or(1),
        }
    }

    fn fulfilment(&mut self) -> Fulfilment {
        let connector = self.url("fulfilment.connector_url").and_then(|url| {
            let why = "what goes to the connector is signed, and what comes back is checked";
            let secrets = self.needed("fulfilment.connector_secrets", Self::secrets, why)?;
            if secrets.is_empty() {
                let message =
                    "`fulfilment.connector_secrets` is empty; name one at least".to_owned();
                self.wrong("fulfilment.connector_secrets", message);
            }
            Some(Connector { url, secrets })
        });
        Fulfilment {
            connector,
            answer_max: self.seconds("fulfilment.answer_seconds_max"),
        }
    }

    fn webhooks(&self) -> Webhooks {
        let ports = self.set("webhooks.allow_ports", Self::counts);
        Webhooks {
            allow_hosts: self.set("webhooks.allow_hosts", Self::texts),
            allow_networks: self.set("webhooks.allow_networks", Self::networks),
            allow_ports: ports
                .into_iter()
                .filter_map(|port| u16::try_from(port).ok())
                .collect(),
            allow_insecure: self.set("webhooks.allow_insecure", Self::switch),
            answer_max: self.seconds("webhooks.answer_seconds_max"),
        }
    }

    fn mail(&mut self) -> Option<Mail> {
        let mut set = self.settings.range("mail.".to_owned()..);
        let any = set
            .next()
            .is_some_and(|(path, _)| path.starts_with("mail."));
        if !any {
            return None;
        }
        let why = "it is the address that letters are from and that answers come to";
        let address = self.needed("mail.address", Self::text, why)?;
        if let Err(why) = ReplyTo::check(&address) {
            self.wrong("mail.address", format!("`mail.address`: {why}"));
        }
        let out = match self.text("mail.out.host") {
            Some(host) => Some(self.mail_server(host)?),
            None => {
                for path in ["mail.out.port", "mail.out.tls", "mail.out.user"] {
                    if self.settings.contains_key(path) {
                        let message =
                            format!("`{path}` is set without `mail.out.host`; name the server");
                        self.wrong(path, message);
                    }
                }
                None
            }
        };
        Some(Mail {
            address,
            name: self.text("mail.name").unwrap_or_default(),
            out,
            lmtp: self.listen("mail.in.lmtp"),
            hook_secrets: self.secrets("mail.in.hook_secrets").unwrap_or_default(),
        })
    }

    fn mail_server(&mut self, host: String) -> Option<MailServer> {
        let login = match self.text("mail.out.user") {
            Some(user) => {
                let why = "`mail.out.user` is set";
                Some((user, self.needed("mail.out.password", Self::secret, why)?))
            }
            None => None,
        };
        let tls = match self.word("mail.out.tls") {
            Some("tls") => MailTls::Tls,
            Some("none") => MailTls::None,
            _ => MailTls::StartTls,
        };
        let here = matches!(host.as_str(), "127.0.0.1" | "::1" | "localhost");
        if tls == MailTls::None && !here {
            let message = "`mail.out.tls` is \"none\", but `mail.out.host` is another machine: letters would cross the network in the open; take \"starttls\"";
            self.wrong("mail.out.tls", message.to_owned());
        }
        let port = self.whole("mail.out.port").unwrap_or(587);
        Some(MailServer {
            host,
            port: u16::try_from(port).unwrap_or(587),
            tls,
            login,
        })
    }

    fn attachments(&mut self, data: &Path) -> Option<Attachments> {
        let place = match self.set("attachments.where", Self::word) {
            "s3" => AttachmentPlace::S3(Box::new(self.s3()?)),
            _ => AttachmentPlace::Folder(data.join("attachments")),
        };
        let file_bytes_max = self.times("attachments.file_mib_max", MIB);
        let case_bytes_max = self.times("attachments.case_mib_max", MIB);
        if case_bytes_max < file_bytes_max {
            let message = "`attachments.case_mib_max` is less than `attachments.file_mib_max`: all files of a case together must have room for one";
            self.wrong("attachments.case_mib_max", message.to_owned());
        }
        Some(Attachments {
            place,
            file_bytes_max,
            case_bytes_max,
            files_per_case_max: self.count("attachments.files_per_case_max"),
            image_pixels_max: self.times("attachments.image_megapixels_max", 1_000_000),
        })
    }

    fn s3(&mut self) -> Option<S3> {
        let why = "`attachments.where` is \"s3\"";
        let endpoint = self.needed("attachments.s3_endpoint", Self::url, why);
        let bucket = self.needed("attachments.s3_bucket", Self::text, why);
        let access_key = self.needed("attachments.s3_access_key", Self::secret, why);
        let secret_key = self.needed("attachments.s3_secret_key", Self::secret, why);
        Some(S3 {
            endpoint: endpoint?,
            bucket: bucket?,
            region: self.set("attachments.s3_region", Self::text),
            prefix: self.set("attachments.s3_prefix", Self::text),
            access_key: access_key?,
            secret_key: secret_key?,
            session_token: self.secret("attachments.s3_session_token"),
        })
    }
}

/// What is allowed, but hardly meant.
fn warnings(
    config: &Config,
    settings: &BTreeMap<String, Setting>,
    file: Option<&Path>,
) -> Vec<Problem> {
    let mut warnings = Vec::new();
    let mut warn = |path: &str, message: String| {
        let origin = settings.get(path).map(|setting| setting.origin.clone());
        warnings.push(Problem { origin, message });
    };
    let listen = config.server.listen;
    let reached = &config.server.public_url;
    if !listen.ip().is_loopback() && !reached.starts_with("https://") {
        warn(
            "server.listen",
            format!(
                "the desk listens on {listen} for other machines, and people reach it as {reached}: without TLS, names and passwords cross the network in the open; put a proxy before it and set `server.public_url`"
            ),
        );
    }
    let automatic = &config.desk.automatic;
    let pays = automatic
        .outcomes
        .iter()
        .any(|outcome| outcome.ends_with("refund"));
    if !pays && automatic.amount_max.iter().next().is_some() {
        let message = "these limits have no effect: `desk.automatic.outcomes` names neither \"refund\" nor \"partial_refund\"";
        warn("desk.automatic.amount_minor_max", message.to_owned());
    }
    if pays && automatic.amount_max.iter().next().is_none() {
        let message = "refunds wait for an agent all the same: `desk.automatic.amount_minor_max` names no currency";
        warn("desk.automatic.outcomes", message.to_owned());
    }
    if config.webhooks.allow_insecure {
        let message = "webhooks may go out over http://, where they can be read and changed";
        warn("webhooks.allow_insecure", message.to_owned());
    }
    let in_file = settings.iter().find(|(_, setting)| {
        let written_there =
            matches!(setting.origin, Origin::File(..)) && setting.read_from.is_none();
        setting.key.is_secret() && written_there
    });
    if let (Some((path, _)), Some(file)) = (in_file, file)
        && read_by_others(file)
    {
        warn(
            path,
            format!(
                "others on this machine can read this secret; `chmod 600 {}` helps",
                file.display()
            ),
        );
    }
    for setting in settings.values() {
        if let Some(file) = setting
            .read_from
            .as_deref()
            .filter(|file| read_by_others(file))
        {
            warnings.push(Problem {
                origin: Some(setting.origin.clone()),
                message: format!(
                    "others on this machine can read {}; `chmod 600` helps",
                    file.display()
                ),
            });
        }
    }
    warnings
}

/// Whether everybody on the machine may read a file. Where nobody can tell, no.
#[cfg(unix)]
fn read_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0)
}

#[cfg(not(unix))]
fn read_by_others(_: &Path) -> bool {
    false
}
