// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every key: its path, what its value looks like, and how a text becomes one.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use makegood_desk::amount::{Amount, Currency};
use url::Url;

use crate::secret::Secret;

/// A key of the configuration.
#[derive(Debug)]
pub(super) struct Key {
    /// Its path; `*` stands for a name that the user chose.
    pub path: &'static str,
    /// What its value looks like.
    pub form: Form,
    /// The payment providers that it is for; empty for all, and for other sections.
    pub kinds: &'static [&'static str],
}

const fn key(path: &'static str, form: Form) -> Key {
    Key {
        path,
        form,
        kinds: &[],
    }
}

const fn of_provider(path: &'static str, form: Form, kinds: &'static [&'static str]) -> Key {
    Key { path, form, kinds }
}

const fn count(min: u64, max: u64) -> Form {
    Form::Count { min, max }
}

const MANUAL: &[&str] = &["manual"];
const SANDBOX: &[&str] = &["sandbox"];
const SPEAKS_STRIPE: &[&str] = &["stripe", "sandbox"];

/// The most that a money limit may be, in minor units: what fits in a database column.
const MINOR_MAX: u64 = i64::MAX.unsigned_abs();

/// All keys, in the order of the page.
pub(super) const KEYS: &[Key] = &[
    key("server.listen", Form::Listen),
    key("server.public_url", Form::Url),
    key("server.trusted_proxies", Form::Networks),
    key("server.body_kib_max", count(1, 65_536)),
    key("server.line_kib_max", count(1, 16_384)),
    key("server.header_seconds_max", count(1, 3_600)),
    key("server.request_seconds_max", count(1, 3_600)),
    key("server.requests_max", count(1, 100_000)),
    key("server.rate_per_minute_max", count(1, 1_000_000)),
    key("server.rate_burst_max", count(1, 100_000)),
    key("server.rate_visitor_per_minute_max", count(1, 1_000_000)),
    key("server.rate_sign_in_per_minute_max", count(1, 1_000)),
    key("server.shutdown_grace_seconds", count(0, 600)),
    key("store.data", Form::Path),
    key("store.database", Form::Database),
    key("store.postgres_connections_max", count(2, 1_000)),
    key("store.sqlite_readers_max", count(1, 64)),
    key("store.statement_seconds_max", count(1, 3_600)),
    key("merchant.name", Form::Text),
    key("merchant.email", Form::Text),
    key("merchant.phone", Form::Text),
    key("merchant.website", Form::Url),
    key("merchant.opening_hours", Form::Texts),
    key("merchant.token_secrets", Form::Secrets),
    key("merchant.time_zone", Form::Text),
    key("merchant.answer_hours_max", count(1, 720)),
    key("desk.policy", Form::Text),
    key("desk.language", Form::Choice(&["da", "en"])),
    key(
        "desk.channels",
        Form::Choices(&["form", "chat", "email", "api"]),
    ),
    key("desk.undo_seconds", count(0, 604_800)),
    key("desk.technical_due_hours", count(1, 8_760)),
    key("desk.support_due_hours", count(1, 8_760)),
    key("desk.shop_due_hours", count(1, 8_760)),
    key("desk.evidence_before_due_hours", count(0, 720)),
    key("desk.reminders_days", Form::Rising { min: 1, max: 365 }),
    key("desk.unanswered_days", count(1, 365)),
    key("desk.unanswered", Form::Choice(&["close", "review"])),
    key(
        "desk.automatic.outcomes",
        Form::Choices(&["refund", "partial_refund", "support_resolution", "declined"]),
    ),
    key("desk.automatic.amount_minor_max", Form::Amounts),
    key("desk.automatic.repeats_max", count(0, 1_000)),
    key("desk.automatic.repeats_days", count(1, 3_650)),
    key("desk.second_person.amount_minor_max", Form::Amounts),
    key("desk.step_up.amount_minor_max", Form::Amounts),
    key("money.kill_switch", Form::Switch),
    key("money.per_day_minor_max", Form::Amounts),
    key("money.per_agent_day_minor_max", Form::Amounts),
    key("money.breaker_failures_max", count(1, 1_000)),
    key("money.breaker_rest_seconds", count(1, 86_400)),
    key("money.tries_max", count(1, 1_000)),
    key("money.unknown_hours_max", count(1, 8_760)),
    key("money.reconcile_hour", count(0, 23)),
    key("money.reconcile_days", count(1, 3_650)),
    key(
        "payments.*.kind",
        Form::Choice(&["stripe", "manual", "sandbox"]),
    ),
    of_provider("payments.*.secret_key", Form::Secret, SPEAKS_STRIPE),
    of_provider("payments.*.webhook_secrets", Form::Secrets, SPEAKS_STRIPE),
    of_provider("payments.*.api_base", Form::Url, SPEAKS_STRIPE),
    of_provider("payments.*.account_holder", Form::Text, MANUAL),
    of_provider("payments.*.account_iban", Form::Secret, MANUAL),
    of_provider("payments.*.account_bic", Form::Text, MANUAL),
    of_provider("payments.*.seed", count(0, u64::MAX >> 1), SANDBOX),
    key("fulfilment.connector_url", Form::Url),
    key("fulfilment.connector_secrets", Form::Secrets),
    key("fulfilment.answer_seconds_max", count(1, 120)),
    key("chat.sites", Form::Texts),
    key("webhooks.allow_hosts", Form::Texts),
    key("webhooks.allow_networks", Form::Networks),
    key(
        "webhooks.allow_ports",
        Form::Counts {
            min: 1,
            max: 65_535,
        },
    ),
    key("webhooks.allow_insecure", Form::Switch),
    key("webhooks.answer_seconds_max", count(1, 120)),
    key("mail.address", Form::Text),
    key("mail.name", Form::Text),
    key("mail.out.host", Form::Text),
    key("mail.out.port", count(1, 65_535)),
    key("mail.out.tls", Form::Choice(&["starttls", "tls", "none"])),
    key("mail.out.user", Form::Text),
    key("mail.out.password", Form::Secret),
    key("mail.in.lmtp", Form::Listen),
    key("mail.in.hook_secrets", Form::Secrets),
    key("attachments.where", Form::Choice(&["folder", "s3"])),
    key("attachments.file_mib_max", count(1, 1_024)),
    key("attachments.case_mib_max", count(1, 10_240)),
    key("attachments.files_per_case_max", count(1, 1_000)),
    key("attachments.image_megapixels_max", count(1, 400)),
    key("attachments.s3_endpoint", Form::Url),
    key("attachments.s3_bucket", Form::Text),
    key("attachments.s3_access_key", Form::Secret),
    key("attachments.s3_secret_key", Form::Secret),
    key("attachments.s3_session_token", Form::Secret),
    key("attachments.s3_region", Form::Text),
    key("attachments.s3_prefix", Form::AnyText),
    key("audit.origin", Form::Name),
    key("audit.key_file", Form::Path),
    key("audit.anchor_file", Form::Path),
    key(
        "log.level",
        Form::Choice(&["error", "warn", "info", "debug", "trace"]),
    ),
    key("log.format", Form::Choice(&["text", "json"])),
    key("privacy.master_key_file", Form::Path),
    key("privacy.retention_days", count(1, 36_500)),
];

/// What stands behind `_file` for a secret in a file of its own.
pub(super) const IN_A_FILE: &str = "_file";

impl Key {
    /// Whether a path is this key's: its parts are equal, and `*` is any name.
    pub(super) fn is_at(&self, path: &str) -> bool {
        let mut theirs = path.split('.');
        self.path.split('.').all(|ours| {
            theirs
                .next()
                .is_some_and(|part| ours == "*" || ours == part)
        }) && theirs.next().is_none()
    }

    /// Whether its value must not be seen.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.form, Form::Secret | Form::Secrets)
    }

    /// Whether what was written here may be a secret, or hold one, though it has the wrong form.
    pub(super) fn is_not_repeated(&self) -> bool {
        self.may_be_in_a_file() || matches!(self.form, Form::Url)
    }

    /// Whether its value may stand in a file of its own. An address of a database may hold a password.
    pub(super) fn may_be_in_a_file(&self) -> bool {
        self.is_secret() || matches!(self.form, Form::Database)
    }
}

/// The key at a path.
pub(super) fn at(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.is_at(path))
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A text that is not empty.
    Text,
    /// A text that may be empty.
    AnyText,
    /// A name of a signer: no spaces, no `+`.
    Name,
    /// A path of a file or a folder.
    Path,
    /// The address of a site.
    Url,
    /// An IP address and a port.
    Listen,
    /// `sqlite`, or the address of a PostgreSQL database.
    Database,
    /// true or false.
    Switch,
    /// A whole number.
    Count { min: u64, max: u64 },
    /// Whole numbers.
    Counts { min: u64, max: u64 },
    /// Whole numbers, each larger than the one before.
    Rising { min: u64, max: u64 },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Some of these words.
    Choices(&'static [&'static str]),
    /// Texts that are not empty.
    Texts,
    /// Addresses and networks.
    Networks,
    /// An amount in minor units for each of some currencies.
    Amounts,
    /// A text that must not be seen.
    Secret,
    /// Such texts.
    Secrets,
}

impl Form {
    /// What is expected, with an example, to stand after "must be".
    pub(super) fn expected(self) -> String {
        match self {
            Self::Text => "a text that is not empty, such as \"viplikes\"".to_owned(),
            Self::AnyText => "a text, such as \"makegood/\"".to_owned(),
            Self::Name => {
                "a name without spaces and without `+`, such as \"refunds.example.com\"".to_owned()
            }
            Self::Path => "a path, such as \"keys/audit.key\"".to_owned(),
            Self::Url => {
                "an address that begins with http:// or https:// and holds no password, such as \"https://refunds.example.com\"".to_owned()
            }
            Self::Listen => "an IP address and a port, such as \"127.0.0.1:8787\"".to_owned(),
            Self::Database => {
                "\"sqlite\", or an address such as \"postgres://makegood@localhost/makegood\"".to_owned()
            }
            Self::Switch => "true or false".to_owned(),
            Self::Count { min, max } => {
                format!("a whole number from {min} to {max}, such as {}", example(min, max))
            }
            Self::Counts { min, max } => {
                format!("a list of whole numbers from {min} to {max}, such as [443]")
            }
            Self::Rising { min, max } => format!(
                "a list of whole numbers from {min} to {max}, each larger than the one before, such as [3, 7]"
            ),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Choices(words) => format!(
                "a list of some of {}, each at most once, such as [{}]",
                quoted(words),
                quoted(words.get(..words.len().min(2)).unwrap_or(words))
            ),
            Self::Texts => {
                "a list of texts, such as [\"hooks.example.internal\"]".to_owned()
            }
            Self::Networks => {
                "a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]; what stands behind the prefix must be zero".to_owned()
            }
            Self::Amounts => format!(
                "a table of currencies and minor units from 0 to {MINOR_MAX}, such as {{ DKK = 20000, EUR = 2500 }}"
            ),
            Self::Secret => "a text that is not empty, without line ends".to_owned(),
            Self::Secrets => {
                "a list of texts that are not empty, without line ends, such as [\"whsec_…\"]".to_owned()
            }
        }
    }

    /// Whether a plain text in the environment or a flag is meant as it stands. All else is read as TOML.
    pub(super) const fn is_plain(self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::AnyText
                | Self::Name
                | Self::Path
                | Self::Url
                | Self::Listen
                | Self::Database
                | Self::Choice(_)
                | Self::Secret
        )
    }

    /// The value, where what was written has this form.
    pub(super) fn read(self, raw: &Raw) -> Option<Value> {
        match (self, raw) {
            (Self::Text, Raw::Text(text)) => (!text.is_empty()).then(|| Value::Text(text.clone())),
            (Self::AnyText, Raw::Text(text)) => Some(Value::Text(text.clone())),
            (Self::Name, Raw::Text(text)) => {
                let fits = !text.is_empty()
                    && !text.contains(|c: char| c.is_whitespace() || c == '+' || c.is_control());
                fits.then(|| Value::Text(text.clone()))
            }
            (Self::Path, Raw::Text(text)) => {
                (!text.is_empty() && !text.contains('\0')).then(|| Value::Path(text.into()))
            }
            (Self::Url, Raw::Text(text)) => site(text).map(Value::Url),
            (Self::Listen, Raw::Text(text)) => text.parse().ok().map(Value::Listen),
            (Self::Database, Raw::Text(text)) => Database::read(text).map(Value::Database),
            (Self::Switch, Raw::Switch(on)) => Some(Value::Switch(*on)),
            (Self::Count { min, max }, raw) => whole(raw, min, max).map(Value::Count),
            (Self::Counts { min, max }, Raw::List(list)) => {
                each(list, |raw| whole(raw, min, max)).map(Value::Counts)
            }
            (Self::Rising { min, max }, Raw::List(list)) => {
                let counts = each(list, |raw| whole(raw, min, max))?;
                counts
                    .is_sorted_by(|a, b| a < b)
                    .then_some(Value::Counts(counts))
            }
            (Self::Choice(words), Raw::Text(text)) => choice(words, text).map(Value::Word),
            (Self::Choices(words), Raw::List(list)) => {
                let chosen = each(list, |raw| choice(words, raw.text()?))?;
                let once = (1..)
                    .zip(&chosen)
                    .all(|(next, word)| chosen.iter().skip(next).all(|other| other != word));
                once.then_some(Value::Words(chosen))
            }
            (Self::Texts, Raw::List(list)) => each(list, |raw| {
                let text = raw.text()?;
                (!text.is_empty()).then(|| text.to_owned())
            })
            .map(Value::Texts),
            (Self::Networks, Raw::List(list)) => {
                each(list, |raw| Network::read(raw.text()?)).map(Value::Networks)
            }
            (Self::Amounts, Raw::Table(rows)) => amounts(rows).map(Value::Amounts),
            (Self::Secret, Raw::Text(text)) => secret(text).map(Value::Secret),
            (Self::Secrets, Raw::List(list)) => {
                each(list, |raw| secret(raw.text()?)).map(Value::Secrets)
            }
            _ => None,
        }
    }
}

fn example(min: u64, max: u64) -> u64 {
    30.clamp(min, max)
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    words.join(", ")
}

fn each<T>(list: &[Raw], read: impl Fn(&Raw) -> Option<T>) -> Option<Vec<T>> {
    list.iter().map(read).collect()
}

fn whole(raw: &Raw, min: u64, max: u64) -> Option<u64> {
    match raw {
        Raw::Whole(number) => u64::try_from(*number)
            .ok()
            .filter(|number| (min..=max).contains(number)),
        _ => None,
    }
}

fn choice(words: &[&'static str], text: &str) -> Option<&'static str> {
    words.iter().find(|word| **word == text).copied()
}

fn secret(text: &str) -> Option<Secret> {
    let fits = !text.is_empty() && !text.contains(['\n', '\r', '\0']);
    fits.then(|| Secret::new(text))
}

/// The address of a site. One that holds a password would be printed with it.
fn site(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let known = matches!(url.scheme(), "http" | "https") && url.has_host();
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (known && bare).then_some(url)
}

fn amounts(rows: &[(String, Raw)]) -> Option<Amounts> {
    let read =
        |(code, raw): &(String, Raw)| Some(Amount::new(whole(raw, 0, MINOR_MAX)?, currency(code)?));
    rows.iter().map(read).collect::<Option<_>>().map(Amounts)
}

/// The currency of ISO 4217 with this code; none for metals, funds and test codes, which have no minor unit.
fn currency(code: &str) -> Option<Currency> {
    let known = iso_currency::Currency::from_code(code)?;
    let digits = known
        .exponent()
        .and_then(|digits| u8::try_from(digits).ok())?;
    Currency::new(code, digits)
}

/// A value as it was written, before it is known what it should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Raw {
    Text(String),
    Whole(i64),
    Switch(bool),
    List(Vec<Raw>),
    Table(Vec<(String, Raw)>),
    /// A number with a point, a date, a number that is too large: no key has one. What it is, in words.
    Other(&'static str),
}

impl Raw {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, to stand after "it is".
    pub(super) fn described(&self) -> String {
        match self {
            Self::Text(text) if text.chars().count() > 60 => "a longer text".to_owned(),
            Self::Text(text) => format!("the text {text:?}"),
            Self::Whole(number) => format!("the number {number}"),
            Self::Switch(on) => on.to_string(),
            Self::List(list) if list.is_empty() => "an empty list".to_owned(),
            Self::List(list) => {
                let parts: Vec<String> = list.iter().map(Self::shown).collect();
                format!("the list [{}]", parts.join(", "))
            }
            Self::Table(rows) => {
                let parts: Vec<String> = rows
                    .iter()
                    .map(|(name, raw)| format!("{name} = {}", raw.shown()))
                    .collect();
                format!("the table {{ {} }}", parts.join(", "))
            }
            Self::Other(what) => (*what).to_owned(),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Whole(number) => number.to_string(),
            Self::Switch(on) => on.to_string(),
            Self::List(_) | Self::Table(_) | Self::Other(_) => "…".to_owned(),
        }
    }
}

/// A value of a key.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Word(&'static str),
    Path(std::path::PathBuf),
    Url(Url),
    Listen(SocketAddr),
    Database(Database),
    Switch(bool),
    Count(u64),
    Counts(Vec<u64>),
    Words(Vec<&'static str>),
    Texts(Vec<String>),
    Networks(Vec<Network>),
    Amounts(Amounts),
    Secret(Secret),
    Secrets(Vec<Secret>),
}

/// An amount for each of some currencies; at most one each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Amounts(Vec<Amount>);

impl Amounts {
    /// The amount in this currency; `None` where the currency is not among them.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Option<Amount> {
        self.iter().find(|amount| amount.currency() == currency)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = Amount> + '_ {
        self.0.iter().copied()
    }
}

/// Where the desk keeps its books.
#[derive(Clone)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// A PostgreSQL database; its address may hold a password.
    Postgres(Secret),
}

impl Database {
    fn read(text: &str) -> Option<Self> {
        if text == "sqlite" {
            return Some(Self::Sqlite);
        }
        let url = Url::parse(text).ok()?;
        matches!(url.scheme(), "postgres" | "postgresql").then(|| Self::Postgres(Secret::new(text)))
    }
}

impl fmt::Display for Database {
    /// The address without what may be secret: its password and its parameters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Postgres(address) = self else {
            return f.write_str("sqlite");
        };
        let Ok(url) = Url::parse(address.expose()) else {
            return f.write_str("postgres://…");
        };
        write!(f, "{}://", url.scheme())?;
        if !url.username().is_empty() {
            write!(f, "{}", url.username())?;
            if url.password().is_some() {
                f.write_str(":…")?;
            }
            f.write_str("@")?;
        }
        f.write_str(url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        if url.query().is_some() {
            f.write_str("?…")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `10.0.0.0/8`, or a single address. `None` for anything else, and where bits behind the prefix are set.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            // `parse` would take a sign and leading zeros.
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok().filter(|prefix| *prefix <= bits)?
            }
            Some(_) => return None,
        };
        let network = Self { address, prefix };
        (network.first_bits(address)? == network.all_bits(address)).then_some(network)
    }

    /// Whether an address belongs to it. An IPv4 address in IPv6 form is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && self.first_bits(address) == self.first_bits(self.address)
    }

    fn all_bits(self, address: IpAddr) -> u128 {
        match address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        }
    }

    /// The bits before the prefix ends, all others zero.
    fn first_bits(self, address: IpAddr) -> Option<u128> {
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let free = width.checked_sub(u32::from(self.prefix))?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Some(self.all_bits(address) & mask)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.address.is_ipv4() { 32 } else { 128 };
        write!(f, "{}", self.address)?;
        if self.prefix < bits {
            write!(f, "/{}", self.prefix)?;
        }
        Ok(())
    }
}
