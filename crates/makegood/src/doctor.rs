// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood doctor`: everything a desk needs, looked at one by one, and for what is wrong the command or the step that mends it.
//!
//! It changes nothing unless it is asked to mend what can be mended safely: permissions, and a store that is behind.

use std::fmt;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration as Patience;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::execution::{CommandKind, CommandOrder};
use serde::Serialize;

use crate::audit::SigningKey;
use crate::blob;
use crate::books::act::before;
use crate::books::{inbox, instant, nanoseconds, seal};
use crate::clock::{Clock, timestamp};
use crate::config::{self, Config, Database, Flags, Provider as ProviderSettings};
use crate::pay::Provider;
use crate::policies::{Policies, harmless};
use crate::reconcile::last_at;
use crate::setup::{self, location};
use crate::store::{Options, Store, Trouble, Value, migrations};
use crate::vault::MasterKey;

crate::statements! {
    /// Tasks that should be done by now.
    OVERDUE = "select count(*) from task where done_at is null and due_at < ?1";
    /// Refunds whose end nobody knows for long.
    STUCK = "select count(*) from refund where state in ('sending', 'unknown') and changed_at < ?1";
    /// What finance is asked, and since when.
    BREACHES = "select count(*), min(opened_at) from breach where closed_at is null";
    /// Cases that are parked.
    PARKED = "select count(*) from desk_case where stage = 'parked'";
    /// Whether somebody stopped money.
    MONEY_STOPPED = "select key from meta where key = 'money.stopped'";
    /// The last event.
    LAST_EVENT = "select max(at) from event";
    /// The last signed head of the audit log.
    LAST_HEAD = "select max(size), max(at) from checkpoint";
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is well.
    Ok,
    /// The desk works, and somebody should look.
    Warning,
    /// The desk does not work as it should.
    Problem,
    /// It could not be looked at, because something before it is wrong, or there is nothing to look at.
    Skipped,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its number.
    pub no: usize,
    /// What was looked at.
    pub name: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// The command or the step that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok     ",
            State::Warning => "look at",
            State::Problem => "PROBLEM",
            State::Skipped => "-      ",
        };
        write!(
            f,
            "{:>2} {state} {}: {}",
            self.no,
            self.name,
            harmless(&self.found)
        )?;
        if let Some(remedy) = &self.remedy {
            write!(f, "\n           mend: {}", harmless(remedy))?;
        }
        Ok(())
    }
}

/// All that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Examination {
    /// In the order of the numbers.
    pub checks: Vec<Check>,
}

impl Examination {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.checks
            .iter()
            .all(|check| check.state != State::Problem)
    }

    /// What was found under a name.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.name == name)
    }

    fn note(
        &mut self,
        name: &'static str,
        state: State,
        found: impl Into<String>,
        remedy: Option<String>,
    ) {
        let no = self.checks.len().saturating_add(1);
        let found = found.into();
        self.checks.push(Check {
            no,
            name,
            state,
            found,
            remedy,
        });
    }

    fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.note(name, State::Ok, found, None);
    }

    fn skipped(&mut self, name: &'static str, why: impl Into<String>) {
        self.note(name, State::Skipped, why, None);
    }

    fn problem(&mut self, name: &'static str, found: impl fmt::Display, remedy: impl Into<String>) {
        self.note(name, State::Problem, found.to_string(), Some(remedy.into()));
    }

    fn warning(&mut self, name: &'static str, found: impl fmt::Display, remedy: impl Into<String>) {
        self.note(name, State::Warning, found.to_string(), Some(remedy.into()));
    }
}

/// Files that only the desk may read, and folders that only it may enter.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// Room on the disk below which somebody should look, and below which the desk soon stands still, in KiB.
const ROOM_LOW: u64 = 1 << 20;
const ROOM_LEAST: u64 = 100 << 10;
/// How long a provider and a connector are waited for.
const PATIENCE: Patience = Patience::from_secs(10);

/// Looks at everything; mends what can be mended safely if asked to.
pub async fn examine(flags: &Flags, mend: bool) -> Examination {
    let mut seen = Examination::default();
    let loaded = match config::load(flags, &config::environment()) {
        Ok(loaded) => loaded,
        Err(problems) => {
            seen.problem(
                "settings",
                problems,
                "makegood config show --origin, and mend the file that it names",
            );
            return seen;
        }
    };
    let place = loaded.file.as_deref().map_or_else(
        || "no file; the defaults hold".to_owned(),
        |file| file.display().to_string(),
    );
    match loaded.warnings.as_slice() {
        [] => seen.ok("settings", place),
        warnings => {
            let words: Vec<String> = warnings.iter().map(ToString::to_string).collect();
            seen.warning(
                "settings",
                words.join("; "),
                "makegood config show --origin",
            );
        }
    }
    let config = loaded.config;
    policy(&mut seen, &config);
    folders(&mut seen, &config, mend);
    room(&mut seen, &config);
    let signer = keys(&mut seen, &config);
    let store = store(&mut seen, &config, mend).await;
    books(&mut seen, &config, store.as_ref(), signer.as_ref()).await;
    around(&mut seen, &config, store.as_ref()).await;
    port(&mut seen, &config);
    if let Some(store) = store {
        store.close().await;
    }
    seen
}

fn policy(seen: &mut Examination, config: &Config) {
    match Policies::open(&config.desk.policy) {
        Ok(policies) => {
            let versions = policies.iter().count();
            seen.ok(
                "policy",
                format!(
                    "{}: {versions} version(s) that can judge",
                    config.desk.policy
                ),
            );
        }
        Err(why) => {
            let told = crate::policy_commands::told(&why);
            seen.problem(
                "policy",
                told,
                format!("makegood policy check {}", config.desk.policy),
            );
        }
    }
}

fn mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok()?;
    Some(metadata.permissions().mode() & 0o777)
}

fn folders(seen: &mut Examination, config: &Config, mend: bool) {
    let data = &config.store.data;
    if !data.is_dir() {
        let remedy = format!("makegood init --data {}", data.display());
        seen.problem(
            "data folder",
            format!("{} is not there", data.display()),
            remedy,
        );
        return;
    }
    let mut open = Vec::new();
    let private = [
        (data.clone(), FOLDER_MODE),
        (config.privacy.master_key_file.clone(), FILE_MODE),
        (config.audit.key_file.clone(), FILE_MODE),
        (data.join("makegood.sqlite"), FILE_MODE),
        (data.join("keys.sqlite"), FILE_MODE),
    ];
    for (path, wanted) in private {
        let Some(found) = mode(&path) else {
            continue;
        };
        // What the owner may do beyond it does no harm; what others may does.
        if found & 0o077 == 0 {
            continue;
        }
        if mend && fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).is_ok() {
            continue;
        }
        open.push((path, wanted, found));
    }
    match open.first() {
        None => seen.ok(
            "data folder",
            format!("{}: nobody else can read it", data.display()),
        ),
        Some((_, _, found)) => {
            let commands: Vec<String> = open
                .iter()
                .map(|(path, wanted, _)| format!("chmod {wanted:o} {}", path.display()))
                .collect();
            let words = format!(
                "{} file(s) can be read by others (mode {found:03o})",
                open.len()
            );
            seen.problem("data folder", words, commands.join(" && "));
        }
    }
}

fn room(seen: &mut Examination, config: &Config) {
    let data = &config.store.data;
    let said = Command::new("df").arg("-Pk").arg(data).output();
    let left = said.ok().and_then(|said| {
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let line = text.lines().nth(1)?.to_owned();
        line.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    let Some(left) = left else {
        seen.skipped("room", "`df` does not say how much room is left");
        return;
    };
    let words = format!("{} MiB left under {}", left >> 10, data.display());
    let remedy = "make room, or move the data folder to a larger disk (`store.data`)";
    if left < ROOM_LEAST {
        seen.problem("room", words, remedy);
    } else if left < ROOM_LOW {
        seen.warning("room", words, remedy);
    } else {
        seen.ok("room", words);
    }
}

fn keys(seen: &mut Examination, config: &Config) -> Option<SigningKey> {
    let remedy = "put the file back from where you keep copies of keys; a new one opens nothing that is sealed";
    match MasterKey::open(&config.privacy.master_key_file) {
        Ok(_) => seen.ok(
            "master key",
            config.privacy.master_key_file.display().to_string(),
        ),
        Err(why) if config.store.data.join("keys.sqlite").exists() => {
            seen.problem("master key", why, remedy);
        }
        Err(why) => {
            let init = format!("makegood init --data {}", config.store.data.display());
            seen.problem("master key", why, init);
        }
    }
    if !config.audit.key_file.exists() {
        let words = format!("{} is not there yet", config.audit.key_file.display());
        seen.warning(
            "log key",
            words,
            "makegood init, or the next start makes one",
        );
        return None;
    }
    match SigningKey::open(&config.audit.key_file, &config.audit.origin) {
        Ok(signer) => {
            seen.ok("log key", signer.verifier().to_string());
            Some(signer)
        }
        Err(why) => {
            let remedy =
                "put back the key that belongs to the log, or set `audit.origin` to its name";
            seen.problem("log key", why, remedy);
            None
        }
    }
}

async fn store(seen: &mut Examination, config: &Config, mend: bool) -> Option<Store> {
    let place = location(config);
    match Store::missing_migrations(&place, migrations::ALL).await {
        Ok(missing) if !missing.is_empty() && !mend => {
            let words = format!(
                "{place} lacks {} step(s) that this program needs",
                missing.len()
            );
            seen.problem("store", words, "makegood migrate");
            return None;
        }
        Ok(_) => {}
        Err(why) => {
            seen.problem("store", why, store_remedy(config));
            return None;
        }
    }
    let opened = match opened(config, mend).await {
        // An open desk has it: then there is nothing to mend, and looking does not disturb it.
        Err(Trouble::Taken { .. }) => opened(config, false).await,
        opened => opened,
    };
    match opened {
        Ok(store) => {
            seen.ok("store", format!("{place}: opened, and up to this program"));
            Some(store)
        }
        Err(why) => {
            seen.problem("store", why, store_remedy(config));
            None
        }
    }
}

async fn opened(config: &Config, mend: bool) -> Result<Store, Trouble> {
    let options = Options {
        create: false,
        migrate: mend,
        reading: !mend,
        ..setup::options(config)
    };
    Store::open(&location(config), options).await
}

fn store_remedy(config: &Config) -> String {
    match config.store.database {
        Database::Sqlite => format!(
            "makegood init --data {}; or makegood restore FILE, if there was a store",
            config.store.data.display()
        ),
        Database::Postgres(_) => {
            "start PostgreSQL and look at `store.database`: psql with that address must work"
                .to_owned()
        }
    }
}

/// What the books say of themselves.
#[derive(Default)]
struct Told {
    overdue: i64,
    stuck: i64,
    parked: i64,
    breaches: i64,
    breach_since: Option<i64>,
    stopped: bool,
    last_event: Option<i64>,
    leaves: u64,
    head_size: Option<i64>,
    events_waiting: i64,
    events_since: Option<Instant>,
}

async fn told(store: &Store, now: Instant) -> Result<Told, Trouble> {
    store
        .read(move |tx| {
            Box::pin(async move {
                let at = [Value::from(nanoseconds(now)?)];
                let hour = Value::from(nanoseconds(before(now, Duration::from_seconds(3_600)))?);
                let mut told = Told::default();
                let count = |row: Option<crate::store::Row>| row.map_or(Ok(0), |row| row.int(0));
                told.overdue = count(tx.one(&OVERDUE, &at).await?)?;
                told.stuck = count(tx.one(&STUCK, &[hour]).await?)?;
                told.parked = count(tx.one(&PARKED, &[]).await?)?;
                if let Some(row) = tx.one(&BREACHES, &[]).await? {
                    (told.breaches, told.breach_since) = (row.int(0)?, row.opt_int(1)?);
                }
                told.stopped = tx.one(&MONEY_STOPPED, &[]).await?.is_some();
                let last = tx.one(&LAST_EVENT, &[]).await?;
                told.last_event = last.map_or(Ok(None), |row| row.opt_int(0))?;
                told.leaves = seal::frontier(tx).await?.size();
                if let Some(row) = tx.one(&LAST_HEAD, &[]).await? {
                    told.head_size = row.opt_int(0)?;
                }
                (told.events_waiting, told.events_since) = inbox::waiting(tx).await?;
                Ok(told)
            })
        })
        .await
}

async fn books(
    seen: &mut Examination,
    config: &Config,
    store: Option<&Store>,
    signer: Option<&SigningKey>,
) {
    let clock = Clock::default();
    let now = clock.now();
    let Some(store) = store else {
        for name in ["anchor", "clock", "money", "work", "audit log"] {
            seen.skipped(name, "the store is not open");
        }
        return;
    };
    match signer {
        None => seen.skipped("anchor", "the log's key is not there"),
        Some(signer) => match setup::held_against_anchor(config, store, signer).await {
            Ok(None) => seen.ok(
                "anchor",
                "the store is not older than what is remembered of it",
            ),
            Ok(Some(frozen)) => seen.problem(
                "anchor",
                frozen,
                "makegood verify, and then what it says; until then no money moves",
            ),
            Err(why) => seen.problem("anchor", why, "makegood verify"),
        },
    }
    let told = match told(store, now).await {
        Ok(told) => told,
        Err(why) => {
            seen.problem("work", why, "makegood verify");
            return;
        }
    };
    clock_sane(seen, &told, now);
    money(seen, config, &told);
    work(seen, &told, now);
    head(seen, &told);
}

fn clock_sane(seen: &mut Examination, told: &Told, now: Instant) {
    let words = format!("it is {}", timestamp(now));
    match told.last_event.map(instant) {
        Some(last) if last > now.plus(Duration::from_seconds(60)) => seen.problem(
            "clock",
            format!("{words}, and the last event is of {}", timestamp(last)),
            "timedatectl set-ntp true",
        ),
        _ => seen.ok("clock", words),
    }
}

fn money(seen: &mut Examination, config: &Config, told: &Told) {
    if config.money.kill_switch {
        seen.warning(
            "money",
            "the switch `money.kill_switch` is on: nothing is paid",
            "set it to false when money may move",
        );
    } else if told.stopped {
        seen.warning(
            "money",
            "somebody stopped all money",
            "start it again at the desk: `POST /v1/brakes/go`",
        );
    } else if told.stuck > 0 {
        seen.warning(
            "money",
            format!(
                "nobody knows for over an hour what became of {} refund(s)",
                told.stuck
            ),
            "makegood reconcile, and then the tasks of finance",
        );
    } else {
        seen.ok("money", "it may move, and no refund is stuck");
    }
}

fn work(seen: &mut Examination, told: &Told, now: Instant) {
    let mut found = Vec::new();
    if told.overdue > 0 {
        found.push(format!("{} task(s) are overdue", told.overdue));
    }
    if told.parked > 0 {
        found.push(format!("{} case(s) are parked", told.parked));
    }
    if told.breaches > 0 {
        let since = told
            .breach_since
            .map(|at| timestamp(instant(at)).to_string());
        found.push(format!(
            "{} thing(s) do not agree with a provider, since {}",
            told.breaches,
            since.unwrap_or_default()
        ));
    }
    let old = told
        .events_since
        .is_some_and(|at| at.plus(Duration::from_seconds(3_600)) < now);
    if old {
        found.push(format!(
            "{} provider event(s) wait for over an hour",
            told.events_waiting
        ));
    }
    if found.is_empty() {
        seen.ok("work", "nothing is overdue");
    } else {
        seen.warning(
            "work",
            found.join("; "),
            "makegood case list, and the tasks at the desk",
        );
    }
}

fn head(seen: &mut Examination, told: &Told) {
    let signed = told
        .head_size
        .and_then(|size| u64::try_from(size).ok())
        .unwrap_or(0);
    let words = format!(
        "{} leaves, of which {signed} are under a signed head",
        told.leaves
    );
    if signed < told.leaves {
        seen.warning(
            "audit log",
            words,
            "makegood serve signs the rest when it is open",
        );
    } else {
        seen.ok("audit log", words);
    }
}

/// What is around the desk: providers, fulfilment, files.
async fn around(seen: &mut Examination, config: &Config, store: Option<&Store>) {
    providers(seen, config, store).await;
    connector(seen, config).await;
    match blob::healthy(&config.attachments).await {
        Ok(()) => seen.ok("attachments", "they can be written and read"),
        Err(why) => seen.problem("attachments", why, "look at `attachments` in the settings"),
    }
}

async fn providers(seen: &mut Examination, config: &Config, store: Option<&Store>) {
    if config.payments.is_empty() {
        seen.warning(
            "providers",
            "there are none, so nothing can be paid back",
            "add one under `[payments]` in the settings",
        );
        return;
    }
    let reached = match setup::providers(config) {
        Ok(providers) => providers,
        Err(why) => {
            seen.problem("providers", why, "makegood config show --origin");
            return;
        }
    };
    for (name, settings) in &config.payments {
        let secrets = match settings {
            ProviderSettings::Stripe {
                webhook_secrets, ..
            }
            | ProviderSettings::Sandbox {
                webhook_secrets, ..
            } => Some(webhook_secrets.len()),
            ProviderSettings::Manual { .. } => None,
        };
        let Some(Provider::Stripe(stripe)) = reached.get(name).map(AsRef::as_ref) else {
            seen.ok("providers", format!("`{name}` is not asked"));
            continue;
        };
        let standing = tokio::time::timeout(PATIENCE, stripe.standing()).await;
        match standing.map(|heard| heard.said) {
            Ok(Ok(standing)) => {
                let mode = if standing.live {
                    "real money"
                } else {
                    "test mode, no real money"
                };
                let funds: Vec<String> = standing
                    .available
                    .iter()
                    .map(|(currency, minor)| format!("{minor} {currency}"))
                    .collect();
                let words = format!(
                    "`{name}` answers: {mode}; {} (minor units)",
                    funds.join(", ")
                );
                seen.ok("providers", words);
            }
            Ok(Err(why)) => seen.problem(
                "providers",
                format!("`{name}`: {why}"),
                format!(
                    "look at `payments.{name}.secret_key`; the key must be allowed to read balances"
                ),
            ),
            Err(_) => seen.problem(
                "providers",
                format!("`{name}` does not answer within {} s", PATIENCE.as_secs()),
                format!("look at `payments.{name}.api_base` and at the way out of this machine"),
            ),
        }
        if secrets == Some(0) {
            seen.warning(
                "webhooks",
                format!("`{name}` has no webhook secret, so its events are refused and only the daily comparison notices"),
                format!("make an endpoint at the provider for /hooks/payments/{name}, and set `payments.{name}.webhook_secrets`"),
            );
        } else {
            seen.ok("webhooks", format!("`{name}`: events are checked"));
        }
        compared(seen, name, store).await;
    }
}

async fn compared(seen: &mut Examination, name: &str, store: Option<&Store>) {
    let Some(store) = store else {
        seen.skipped("comparison", "the store is not open");
        return;
    };
    let now = Clock::default().now();
    match last_at(store, name).await {
        Ok(Some(at)) if at.plus(Duration::from_seconds(26 * 3_600)) > now => {
            seen.ok(
                "comparison",
                format!("`{name}` was compared at {}", timestamp(at)),
            );
        }
        Ok(Some(at)) => seen.warning(
            "comparison",
            format!("`{name}` was last compared at {}", timestamp(at)),
            "makegood reconcile",
        ),
        Ok(None) => seen.warning(
            "comparison",
            format!("the books were never held against `{name}`"),
            "makegood reconcile",
        ),
        Err(why) => seen.problem("comparison", why, "makegood verify"),
    }
}

async fn connector(seen: &mut Examination, config: &Config) {
    let built = setup::way_out(config).and_then(|way_out| setup::connector(config, &way_out));
    let connector = match built {
        Ok(None) => {
            seen.ok(
                "fulfilment",
                "there is no connector: what is to be done are tasks for the technical team",
            );
            return;
        }
        Ok(Some(connector)) => connector,
        Err(why) => {
            seen.problem("fulfilment", why, "makegood config show --origin");
            return;
        }
    };
    // A command that was never given: whoever speaks the protocol says so, and does nothing.
    let order = CommandOrder {
        key: "mg_doctor".to_owned(),
        reference: "mg_doctor".to_owned(),
        order_number: "none".to_owned(),
        kind: CommandKind::Expedite,
        units: None,
        account: None,
    };
    let now = Clock::default().timestamp();
    let asked = tokio::time::timeout(PATIENCE, connector.ask(&order, now)).await;
    use crate::goods::connector::Asked;
    use makegood_desk::execution::ConnectorSaid;
    let remedy = "look at `fulfilment.connector_url` and `fulfilment.connector_secrets`, and at the connector's own log";
    match asked {
        Ok(Asked::NeverSeen) => seen.ok("fulfilment", "the connector answers"),
        Ok(Asked::Said(ConnectorSaid::Unknown { seen: what })) => {
            seen.problem("fulfilment", format!("no usable answer: {what}"), remedy);
        }
        Ok(Asked::Said(_)) => seen.warning(
            "fulfilment",
            "the connector says something about a command that was never given",
            "let it answer 404 for keys that it does not know",
        ),
        Err(_) => seen.problem(
            "fulfilment",
            "the connector does not answer in time",
            remedy,
        ),
    }
}

fn port(seen: &mut Examination, config: &Config) {
    let address = config.server.listen;
    match TcpListener::bind(address) {
        Ok(_) => seen.ok("port", format!("{address} is free")),
        Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => seen.warning(
            "port",
            format!("{address} is in use"),
            "makegood healthcheck, if this desk is open; else choose another address with --listen",
        ),
        Err(cause) => seen.problem(
            "port",
            format!("{address}: {cause}"),
            "choose another address with --listen",
        ),
    }
}
