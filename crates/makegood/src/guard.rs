// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way out: where the desk sends to when others say where.
//!
//! An address that a merchant types into a form must not make the desk talk to the machines beside it. So a URL is
//! checked as it is written ([`Guard::check_url`]), each address behind its name is checked when it is looked up, and
//! the addresses that were checked are the ones that are connected to: a name cannot change its mind in between.
//! Redirects are not followed, proxies of the environment not used, answers read up to a bound.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, redirect};
use url::{Host, Url};

/// The longest URL that is taken.
const URL_LONGEST: usize = 2048;

/// Why the desk does not send somewhere. The sentence is for whoever typed the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardRefusal {
    /// It is no URL, or too long a one.
    NoUrl,
    /// It is neither `https` nor, where that is allowed, `http`.
    Scheme(String),
    /// A name or password stands in it.
    UserInfo,
    /// The port is not one that may be used.
    Port(u16),
    /// The name is one of an internal network.
    Name(String),
    /// The address is not one of the public network.
    Address {
        /// The host as it was written.
        host: String,
        /// What it led to.
        address: IpAddr,
        /// What such addresses are for.
        reserved: &'static str,
    },
}

impl fmt::Display for GuardRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUrl => write!(
                f,
                "this is not a web address of at most {URL_LONGEST} signs; write it as `https://shop.example/hooks`"
            ),
            Self::Scheme(scheme) => write!(
                f,
                "`{scheme}` is not allowed here: write `https://…`, or set `allow_insecure = true` under `[webhooks]` for a network that you trust"
            ),
            Self::UserInfo => f.write_str(
                "leave the name and password out of the address: messages are signed, which shows who sends them",
            ),
            Self::Port(port) => write!(
                f,
                "port {port} is not allowed; use 443, or add it to `allow_ports` under `[webhooks]`"
            ),
            Self::Name(name) => write!(
                f,
                "`{name}` is a name of an internal network; if it is meant, add it to `allow_hosts` or `allow_networks` under `[webhooks]`"
            ),
            Self::Address {
                host,
                address,
                reserved,
            } => write!(
                f,
                "`{host}` leads to {address} ({reserved}), not to the public network; if it is meant, add it to `allow_hosts` or `allow_networks` under `[webhooks]`"
            ),
        }
    }
}

impl StdError for GuardRefusal {}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first, with all bits behind the prefix zero. IPv4 and IPv6 do not mix.
    first: IpAddr,
    prefix: u8,
}

impl Range {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self {
            first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    const fn v6(segments: [u16; 8], prefix: u8) -> Self {
        let [a, b, c, d, e, f, g, h] = segments;
        Self {
            first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
            prefix,
        }
    }

    /// Whether the address lies in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let behind = 32_u32.saturating_sub(u32::from(self.prefix));
                let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
                first.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let behind = 128_u32.saturating_sub(u32::from(self.prefix));
                let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
                first.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address.
    fn read(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let longest = if first.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        (prefix <= longest).then_some(Self { first, prefix })
    }
}

const PRIVATE: &str = "private";
const LOOPBACK: &str = "loopback";
const SHARED: &str = "shared by customers of a provider";

/// Addresses that no public host has.
///
/// Source: IANA's special-purpose address registries for IPv4 and IPv6, and the multicast space.
const RESERVED: &[(Range, &str)] = &[
    (Range::v4(0, 0, 0, 0, 8), "this host"),
    (Range::v4(10, 0, 0, 0, 8), PRIVATE),
    (Range::v4(100, 64, 0, 0, 10), SHARED),
    (Range::v4(127, 0, 0, 0, 8), LOOPBACK),
    (Range::v4(169, 254, 0, 0, 16), "link-local"),
    (Range::v4(172, 16, 0, 0, 12), PRIVATE),
    (Range::v4(192, 0, 0, 0, 24), "protocol assignments"),
    (Range::v4(192, 0, 2, 0, 24), "documentation"),
    (Range::v4(192, 88, 99, 0, 24), "6to4 relays"),
    (Range::v4(192, 168, 0, 0, 16), PRIVATE),
    (Range::v4(198, 18, 0, 0, 15), "benchmarks"),
    (Range::v4(198, 51, 100, 0, 24), "documentation"),
    (Range::v4(203, 0, 113, 0, 24), "documentation"),
    (Range::v4(224, 0, 0, 0, 4), "multicast"),
    (Range::v4(240, 0, 0, 0, 4), "reserved"),
    (
        Range::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
        "documentation",
    ),
    (Range::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), "Teredo"),
    (
        Range::v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
        "protocol assignments",
    ),
    (Range::v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), "6to4"),
    (
        Range::v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
        "documentation",
    ),
    (Range::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), LOOPBACK),
    (Range::v6([0, 0, 0, 0, 0, 0, 0, 0], 128), "this host"),
    (MAPPED, "IPv4 inside IPv6"),
    (
        Range::v6([0, 0, 0, 0, 0xffff, 0, 0, 0], 96),
        "IPv4 inside IPv6",
    ),
    (Range::v6([0, 0, 0, 0, 0, 0, 0, 0], 96), "IPv4 inside IPv6"),
    (TRANSLATED, "IPv4 inside IPv6"),
    (
        Range::v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48),
        "IPv4 inside IPv6",
    ),
    (Range::v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), PRIVATE),
    (Range::v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), "link-local"),
    (Range::v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), PRIVATE),
    (Range::v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), "multicast"),
];

const MAPPED: Range = Range::v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96);
const TRANSLATED: Range = Range::v6([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);
/// All of the public IPv6 network lies in here; what is outside is not given out.
const GLOBAL_V6: Range = Range::v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// What an address is for, if it is not for the public network.
#[must_use]
pub fn reserved(address: IpAddr) -> Option<&'static str> {
    let found = RESERVED.iter().find(|(range, _)| range.contains(address));
    match found {
        Some((_, what)) => Some(what),
        None if address.is_ipv6() && !GLOBAL_V6.contains(address) => Some("reserved"),
        None => None,
    }
}

/// The IPv4 address that an IPv6 address carries and that packets to it end at.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    match address {
        IpAddr::V6(v6) if MAPPED.contains(address) || TRANSLATED.contains(address) => {
            let [.., a, b, c, d] = v6.octets();
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => None,
    }
}

/// A part of an internal network that the desk may send to all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Internal {
    place: Place,
    /// A single port; all of them where none is named.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Range(Range),
    Name(String),
}

impl Internal {
    /// Reads `10.1.0.0/16`, `127.0.0.1`, `[::1]:8080`, `erp.internal` or `erp.internal:8443`.
    ///
    /// # Errors
    /// It is none of these; the text says what would be.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fault = || {
            format!(
                "`{text}` is neither a name, an address nor a range: write `erp.internal`, `10.0.3.7`, `10.0.0.0/8`, with `:8443` behind it if only one port is meant"
            )
        };
        if let Some(range) = Range::read(text) {
            return Ok(Self {
                place: Place::Range(range),
                port: None,
            });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| fault())?)),
            None => (text, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let place = match Range::read(bare) {
            Some(range) => Place::Range(range),
            None => match Host::parse(host) {
                Ok(Host::Domain(name)) => Place::Name(plain_name(&name)),
                _ => return Err(fault()),
            },
        };
        Ok(Self { place, port })
    }

    fn takes(&self, port: u16) -> bool {
        self.port.is_none_or(|only| only == port)
    }
}

/// A name without the full stop of the root, in small letters.
fn plain_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Names that never are public ones: RFC 6761, RFC 8375, RFC 7686, and `internal`, which ICANN keeps for private use.
const INTERNAL_NAMES: [&str; 9] = [
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "onion",
    "test",
    "invalid",
];

/// Where the desk may send to.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Whether `http` will do.
    pub allow_insecure: bool,
    /// The ports of the public network that may be used.
    pub ports: Vec<u16>,
    /// The parts of internal networks that may be used, on any port unless they name one.
    pub internal: Vec<Internal>,
}

impl Default for Guard {
    /// The public network, `https`, port 443.
    fn default() -> Self {
        Self {
            allow_insecure: false,
            ports: vec![443],
            internal: Vec::new(),
        }
    }
}

impl Guard {
    /// Checks a URL as it is written. What its name leads to is checked when it is looked up.
    ///
    /// # Errors
    /// The desk does not send there.
    pub fn check_url(&self, text: &str) -> Result<Url, GuardRefusal> {
        if text.len() > URL_LONGEST {
            return Err(GuardRefusal::NoUrl);
        }
        // The URL standard reads `0177.1`, `2130706433` and wide digits as the addresses that they are for a browser.
        let url = Url::parse(text).map_err(|_| GuardRefusal::NoUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure => {}
            other => return Err(GuardRefusal::Scheme(other.to_owned())),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(GuardRefusal::UserInfo);
        }
        // A connection to port 0 goes nowhere.
        let port = url.port_or_known_default().filter(|port| *port != 0);
        let port = port.ok_or(GuardRefusal::Port(0))?;
        match url.host() {
            None => return Err(GuardRefusal::NoUrl),
            Some(Host::Domain(name)) => self.check_name(name, port)?,
            Some(Host::Ipv4(v4)) => self.check_address(&v4.to_string(), v4.into(), port)?,
            Some(Host::Ipv6(v6)) => self.check_address(&v6.to_string(), v6.into(), port)?,
        }
        Ok(url)
    }

    /// What can be said of a name before it is looked up.
    fn check_name(&self, name: &str, port: u16) -> Result<(), GuardRefusal> {
        let plain = plain_name(name);
        // Where ranges are on the list, a name may lead into one; that shows when it is looked up.
        if self.named(&plain, port) || self.has_ranges(port) {
            return Ok(());
        }
        let internal = INTERNAL_NAMES.iter().any(|suffix| {
            let before = plain.strip_suffix(suffix);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        // A name without a full stop is completed by the resolver with whatever the network calls itself.
        if internal || !plain.contains('.') {
            return Err(GuardRefusal::Name(name.to_owned()));
        }
        self.check_port(port)
    }

    fn check_port(&self, port: u16) -> Result<(), GuardRefusal> {
        match self.ports.contains(&port) || (self.allow_insecure && port == 80) {
            true => Ok(()),
            false => Err(GuardRefusal::Port(port)),
        }
    }

    fn has_ranges(&self, port: u16) -> bool {
        let range = |entry: &Internal| matches!(entry.place, Place::Range(_)) && entry.takes(port);
        self.internal.iter().any(range)
    }

    fn named(&self, plain: &str, port: u16) -> bool {
        let name = |entry: &Internal| {
            matches!(&entry.place, Place::Name(name) if name == plain) && entry.takes(port)
        };
        self.internal.iter().any(name)
    }

    fn ranged(&self, address: IpAddr, port: u16) -> bool {
        let range = |entry: &Internal| {
            matches!(entry.place, Place::Range(range) if range.contains(address))
                && entry.takes(port)
        };
        self.internal.iter().any(range)
    }

    /// Whether an address that `host` led to may be connected to.
    ///
    /// # Errors
    /// It may not.
    pub fn check_address(
        &self,
        host: &str,
        address: IpAddr,
        port: u16,
    ) -> Result<(), GuardRefusal> {
        let named = self.named(&plain_name(host), port);
        let Some(reserved) = reserved(address) else {
            return match named {
                true => Ok(()),
                false => self.check_port(port),
            };
        };
        // A name on the list may lead into a private network, but not to the neighbours on the wire, where clouds keep
        // the credentials of the machine: for those the address itself has to be on the list.
        let private = [PRIVATE, LOOPBACK, SHARED].contains(&reserved);
        let allowed = self.ranged(address, port) || (named && private);
        if !allowed {
            return Err(GuardRefusal::Address {
                host: host.to_owned(),
                address,
                reserved,
            });
        }
        // What is carried inside has to be allowed by itself.
        carried(address).map_or(Ok(()), |v4| self.check_address(host, v4.into(), port))
    }
}

/// Looks a name up. The system's resolver does, but where a test plays one that changes its mind.
pub type Lookup = Arc<dyn Fn(String) -> LookingUp + Send + Sync>;

/// The addresses behind a name, on their way.
pub type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Looks names up as the system does.
#[must_use]
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Checks what is looked up, and hands on what was checked and nothing else.
struct GuardedLookup {
    guard: Arc<Guard>,
    lookup: Lookup,
    port: u16,
}

impl Resolve for GuardedLookup {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.guard);
        let port = self.port;
        let host = name.as_str().to_owned();
        let found = (self.lookup)(host.clone());
        Box::pin(async move {
            let found = found.await?;
            // One bad address spoils the name: nobody publishes a shop beside `127.0.0.1` by accident.
            for address in &found {
                guard.check_address(&host, *address, port)?;
            }
            let found = found
                .into_iter()
                .map(move |address| SocketAddr::new(address, port));
            let found: Addrs = Box::new(found);
            Ok(found)
        })
    }
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub struct Post<'a> {
    /// Where to. Checked again at each try: what is allowed may have changed since it was typed.
    pub url: &'a str,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// How long all of it may take, from the name to the last byte of the answer.
    pub timeout: Duration,
    /// How much of the answer is read.
    pub answer_most: usize,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: AnswerBody,
}

/// The body of an answer, as far as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerBody {
    /// All of it.
    Whole(Bytes),
    /// It is longer than is read.
    TooLong,
    /// It broke off.
    Broken,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The desk does not send there. Nothing was sent.
    Guarded(GuardRefusal),
    /// Nobody could be reached. Nothing was sent.
    NotReached(String),
    /// It took too long. It may have arrived.
    TimedOut,
    /// The connection broke. It may have arrived.
    Broken(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guarded(refusal) => refusal.fmt(f),
            Self::NotReached(what) => write!(f, "nobody could be reached: {what}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Broken(what) => write!(f, "the connection broke: {what}"),
        }
    }
}

/// How long the way to a server may take, before anything is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For so many ports connections are kept; for others they are made anew each time.
const PORTS_KEPT: usize = 16;

/// The only door through which the desk sends to addresses that others gave it.
pub struct WayOut {
    guard: Arc<Guard>,
    lookup: Lookup,
    /// A client for each port: whether an address may be connected to depends on the port, which a lookup is not told.
    clients: Mutex<BTreeMap<u16, Client>>,
}

impl fmt::Debug for WayOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WayOut")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

impl WayOut {
    /// A way out that the guard watches.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self::with_lookup(guard, system_lookup())
    }

    /// The same with another way of looking names up.
    #[must_use]
    pub fn with_lookup(guard: Guard, lookup: Lookup) -> Self {
        // Fails where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            guard: Arc::new(guard),
            lookup,
            clients: Mutex::new(BTreeMap::new()),
        }
    }

    /// What may be sent to.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    fn client(&self, port: u16) -> reqwest::Result<Client> {
        // A thread that panicked here left a whole map behind.
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&port) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .dns_resolver(Arc::new(GuardedLookup {
                guard: Arc::clone(&self.guard),
                lookup: Arc::clone(&self.lookup),
                port,
            }))
            .redirect(redirect::Policy::none())
            // A proxy would look names up itself, out of the guard's sight.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("Makegood/", env!("CARGO_PKG_VERSION")))
            .build()?;
        if clients.len() < PORTS_KEPT {
            clients.insert(port, client.clone());
        }
        Ok(client)
    }

    /// Sends a message and reads the answer.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn post(&self, post: Post<'_>) -> Result<Answer, NoAnswer> {
        let url = self.guard.check_url(post.url).map_err(NoAnswer::Guarded)?;
        let port = url.port_or_known_default().unwrap_or(0);
        let client = self
            .client(port)
            .map_err(|error| NoAnswer::NotReached(innermost(&error)))?;
        let request = client
            .post(url)
            .headers(post.headers)
            .body(post.body)
            .timeout(post.timeout);
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = read_body(response, post.answer_most).await;
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

async fn read_body(mut response: reqwest::Response, most: usize) -> AnswerBody {
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => return AnswerBody::TooLong,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return AnswerBody::Whole(body.freeze()),
            Err(_) => return AnswerBody::Broken,
        }
    }
}

/// What a failed request means. Errors are not shown whole: they carry the URL, and a URL may carry a secret.
fn no_answer(error: reqwest::Error) -> NoAnswer {
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(this) = cause {
        if let Some(refusal) = this.downcast_ref::<GuardRefusal>() {
            return NoAnswer::Guarded(refusal.clone());
        }
        cause = this.source();
    }
    if error.is_connect() {
        NoAnswer::NotReached(innermost(&error))
    } else if error.is_timeout() {
        NoAnswer::TimedOut
    } else {
        NoAnswer::Broken(innermost(&error))
    }
}

fn innermost(error: &reqwest::Error) -> String {
    let mut said = "the request could not be made".to_owned();
    let mut cause = error.source();
    while let Some(this) = cause {
        said = this.to_string();
        cause = this.source();
    }
    said
}
