// SPDX-License-Identifier: MIT OR Apache-2.0
//! A desk with its folder, its settings and its provider; served, killed and served again.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::binary::{Binary, CRASH_AT};
use crate::cluster::Cluster;
use crate::free_port;
use crate::http::Client;
use crate::shop::{Kind, Paid};

/// A folder that goes with whoever has it, unless it is to be looked at.
pub struct Folder(PathBuf);

impl Folder {
    /// A new one.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> Result<Self, String> {
        static FOLDERS: AtomicU32 = AtomicU32::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("makegood-e2e-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).map_err(|cause| format!("{}: {cause}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::env::var_os("MAKEGOOD_E2E_KEEP").is_none() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// Where the books lie.
#[derive(Clone)]
pub enum Books {
    /// In a file.
    Sqlite,
    /// In a database of this server.
    Postgres(Arc<Cluster>),
}

/// A program beside the desk: killed when it is dropped.
pub struct Beside {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Beside {
    fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self, String> {
        let child = command
            .stdout(Stdio::null())
            .stderr(file(log)?)
            .spawn()
            .map_err(|cause| format!("{command:?}: {cause}"))?;
        let beside = Self { child, address };
        let begun = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if begun.elapsed() > Duration::from_secs(20) {
                return Err(format!("{command:?} does not listen"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(beside)
    }
}

fn file(path: &Path) -> Result<File, String> {
    let opened = File::options().create(true).append(true).open(path);
    opened.map_err(|cause| format!("{}: {cause}", path.display()))
}

/// A desk.
pub struct Desk {
    /// What it is made of.
    pub binary: Binary,
    folder: Folder,
    database: String,
    /// Where it listens, and the provider sends what happens.
    address: SocketAddr,
    /// The payment provider, whom no kill of the desk's touches.
    pub provider: Beside,
    /// Fulfilment.
    pub fulfilment: Beside,
    /// Who may ask what.
    pub tokens: Tokens,
}

/// The tokens of those who use a desk.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// The shop's program, that asks for its customers.
    pub shop: String,
    /// An agent.
    pub agent: String,
    /// Whoever owns the desk.
    pub owner: String,
}

/// How a desk is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Seconds that a decision rests.
    pub undo_seconds: u32,
    /// Whether partial refunds up to EUR 20 are paid by themselves.
    pub automatic: bool,
    /// Whether the provider's journal is on the disk.
    pub provider_in_memory: bool,
    /// Whether nothing but warnings is logged.
    pub quiet: bool,
}

const SECRET: &str = "whsec_bWFrZWdvb2QtZTJlLXNlY3JldC1vZi0zMi1ieXRlcyE=";

impl Desk {
    /// Sets a desk up.
    ///
    /// # Errors
    /// Something does not start.
    pub fn new(binary: &Binary, books: &Books, plan: Plan) -> Result<Self, String> {
        let folder = Folder::new()?;
        let here = folder.path().to_owned();
        let database = match books {
            Books::Sqlite => "sqlite".to_owned(),
            Books::Postgres(cluster) => cluster.database()?,
        };
        let provider = {
            let address = loopback(free_port());
            let mut command = binary.command();
            command.args(["sandbox", "--listen", &address.to_string()]);
            if !plan.provider_in_memory {
                command.arg("--journal").arg(here.join("provider.ndjson"));
            }
            Beside::start(command, address, &here.join("provider.log"))?
        };
        let fulfilment = {
            let address = loopback(free_port());
            let mut command = binary.command();
            let secret = here.join("fulfilment.secret");
            fs::write(&secret, SECRET).map_err(|cause| cause.to_string())?;
            command.args([
                "connector",
                "--listen",
                &address.to_string(),
                "--secret-file",
            ]);
            command.arg(&secret);
            Beside::start(command, address, &here.join("fulfilment.log"))?
        };
        let address = loopback(free_port());
        let hook = provider.caller().hook(address)?;
        let page = settings(&here, &database, (&provider, &hook), &fulfilment, plan);
        let path = here.join("config.toml");
        fs::write(&path, page).map_err(|cause| cause.to_string())?;
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&path, private).map_err(|cause| cause.to_string())?;
        let mut desk = Self {
            binary: binary.clone(),
            folder,
            database,
            address,
            provider,
            fulfilment,
            tokens: Tokens::default(),
        };
        desk.prepare()?;
        desk.tokens = Tokens {
            shop: desk
                .run(&["token", "create", "shop", "--scope", "shop"])?
                .trim()
                .to_owned(),
            agent: desk.user("Ada", "agent")?,
            owner: desk.user("Olga", "owner")?,
        };
        Ok(desk)
    }

    /// Makes keys and store, dying at a place if one is given and beginning again then.
    fn prepare(&self) -> Result<(), String> {
        let data = self.path().join("data");
        self.run(&["init", "--data", &data.display().to_string()])
            .map(drop)
    }

    /// The folder of everything.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of the database, or `sqlite`.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// A command of the desk, with its settings.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.binary.command();
        let first = arguments.iter().take_while(|word| !word.starts_with('-'));
        let words = if matches!(arguments.first(), Some(&("token" | "user" | "case"))) {
            first.count().min(2)
        } else {
            1
        };
        let (name, rest) = arguments.split_at(words.min(arguments.len()));
        command
            .args(name)
            .arg("--config")
            .arg(self.path().join("config.toml"))
            .args(rest);
        command
    }

    /// Runs a command of the desk.
    ///
    /// # Errors
    /// It ended with another status than 0, with everything that it said.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command(arguments);
        let said = format!("{command:?}");
        let output = command
            .output()
            .map_err(|cause| format!("{said}: {cause}"))?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(out);
        }
        let trouble = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{said} ended with {}:\n{out}{trouble}",
            output.status
        ))
    }

    /// Somebody who works at the desk; gives their token. On SQLite the desk must be closed meanwhile.
    ///
    /// # Errors
    /// The command fails.
    pub fn user(&self, name: &str, role: &str) -> Result<String, String> {
        let said = self.run(&["user", "add", name, "--role", role])?;
        let token = said
            .split_whitespace()
            .find(|word| word.starts_with("mgt_"));
        token
            .map(str::to_owned)
            .ok_or_else(|| format!("no token: {said}"))
    }

    /// Opens the desk where the provider knows it, and has it die at a place where one is given.
    ///
    /// # Errors
    /// It does not even start.
    pub fn serve(&self, crash_at: Option<&str>) -> Result<Served, String> {
        self.serve_at(self.address, crash_at)
    }

    /// Opens it once more, elsewhere.
    ///
    /// # Errors
    /// It does not even start.
    pub fn serve_beside(&self) -> Result<Served, String> {
        self.serve_at(loopback(free_port()), None)
    }

    fn serve_at(&self, address: SocketAddr, crash_at: Option<&str>) -> Result<Served, String> {
        let mut command = self.command(&["serve", "--listen", &address.to_string()]);
        if let Some(place) = crash_at {
            command.env(CRASH_AT, place);
        }
        static OPENED: AtomicU32 = AtomicU32::new(0);
        let number = OPENED.fetch_add(1, Ordering::Relaxed);
        let log = self.path().join(format!("desk-{number}.log"));
        let child = command
            .stdout(Stdio::null())
            .stderr(file(&log)?)
            .spawn()
            .map_err(|cause| format!("{command:?}: {cause}"))?;
        Ok(Served {
            child,
            address,
            log,
            ended: None,
        })
    }

    /// Looks through the books, while the desk is closed.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> Result<String, String> {
        self.run(&["verify"])
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn settings(
    here: &Path,
    database: &str,
    (provider, hook): (&Beside, &str),
    fulfilment: &Beside,
    plan: Plan,
) -> String {
    let outcomes = if plan.automatic {
        r#"["partial_refund", "support_resolution"]"#
    } else {
        r#"["support_resolution"]"#
    };
    let level = if plan.quiet { "warn" } else { "info" };
    format!(
        r#"[server]
rate_per_minute_max = 1000000
rate_burst_max = 100000
rate_visitor_per_minute_max = 1000000
shutdown_grace_seconds = 30
[store]
data = "{}"
database = "{database}"
[log]
level = "{level}"
[desk]
undo_seconds = {}
[desk.automatic]
outcomes = {outcomes}
amount_minor_max = {{ EUR = 2000 }}
repeats_max = 1000
[money]
breaker_failures_max = 1000
breaker_rest_seconds = 1
[payments.card]
kind = "sandbox"
api_base = "http://{}"
secret_key = "sk_test_sandbox"
webhook_secrets = ["{hook}"]
[fulfilment]
connector_url = "http://{}/"
connector_secrets = ["{SECRET}"]
[webhooks]
allow_insecure = true
allow_ports = [{}]
allow_networks = ["127.0.0.0/8"]
"#,
        here.join("data").display(),
        plan.undo_seconds,
        provider.address,
        fulfilment.address,
        fulfilment.address.port(),
    )
}

/// An open desk. It is killed when it is dropped.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Served {
    /// Waits until it answers; says whether it does, or died before it did.
    ///
    /// # Errors
    /// It neither answers nor ends.
    pub fn ready(&mut self) -> Result<bool, String> {
        let begun = Instant::now();
        loop {
            let answer = Client::new(self.address, None).get("/readyz");
            if answer.is_ok_and(|answer| answer.status == 200) {
                return Ok(true);
            }
            if self.ended() {
                return Ok(false);
            }
            if begun.elapsed() > Duration::from_secs(60) {
                return Err(format!("the desk does not answer: {}", self.said()));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The number of its process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended.is_some()
    }

    /// Kills it, so that it can do nothing more; says whether it had died at its place before.
    ///
    /// # Errors
    /// It had ended in another way, with what it said.
    pub fn kill(&mut self) -> Result<bool, String> {
        if !self.ended() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            self.ended = Some(ExitStatus::from_raw(9));
            return Ok(false);
        }
        const ABORTED: i32 = 6;
        match self.ended.and_then(|status| status.signal()) {
            Some(ABORTED) if self.said().contains("dies at ") => Ok(true),
            _ => Err(format!(
                "the desk ended by itself ({:?}): {}",
                self.ended,
                self.said()
            )),
        }
    }

    /// Asks it to end, and waits.
    ///
    /// # Errors
    /// It does not end well.
    pub fn close(mut self) -> Result<(), String> {
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        asked.map_err(|cause| format!("kill: {cause}"))?;
        let status = self.child.wait().map_err(|cause| cause.to_string())?;
        self.ended = Some(status);
        if status.success() {
            return Ok(());
        }
        Err(format!("the desk ended with {status}: {}", self.said()))
    }

    /// The end of its log.
    #[must_use]
    pub fn said(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(30)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What is done at the provider by others than the desk.
impl Beside {
    /// Somebody who calls it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller(Client::new(self.address, None))
    }

    /// Tells it something.
    ///
    /// # Errors
    /// It does not answer, or will not.
    pub fn tell(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.caller().tell(path, body)
    }

    /// Takes a payment; gives its name there.
    ///
    /// # Errors
    /// The provider does not answer.
    pub fn payment(&self, amount: u64) -> Result<String, String> {
        self.caller().payment(amount)
    }

    /// What an order is paid with there: a charge, or for one that renews two charges and the subscription.
    ///
    /// # Errors
    /// The provider does not answer.
    pub fn paid(&self, kind: Kind) -> Result<Paid, String> {
        self.caller().paid(kind)
    }

    /// Asks it something.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ask(&self, path: &str) -> Result<Value, String> {
        let answer = Client::new(self.address, None).get(path);
        let answer = answer.map_err(|cause| format!("{path}: {cause}"))?;
        Ok(answer.json())
    }
}

/// Somebody who calls the provider, and is no desk.
pub struct Caller(Client);

impl Caller {
    /// Takes a payment; gives its name there.
    ///
    /// # Errors
    /// The provider does not answer.
    pub fn payment(&mut self, amount: u64) -> Result<String, String> {
        let body = json!({"amount": amount, "currency": "eur"});
        let made = self.tell("/_sandbox/payments", &body)?;
        let id = made.get("id").and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| format!("no payment: {made}"))
    }

    /// What an order is paid with there.
    ///
    /// # Errors
    /// The provider does not answer.
    pub fn paid(&mut self, kind: Kind) -> Result<Paid, String> {
        let charge = self.payment(kind.price())?;
        let renewal = match kind {
            Kind::Renewal => Some((
                self.payment(kind.price())?,
                self.subscription(kind.price())?,
            )),
            Kind::Small | Kind::Large | Kind::Dropped => None,
        };
        Ok(Paid { charge, renewal })
    }

    /// Begins a subscription; gives its name there.
    ///
    /// # Errors
    /// The provider does not answer, or will not again and again.
    pub fn subscription(&mut self, amount: u64) -> Result<String, String> {
        let customer = self.form("/v1/customers", "name=Ada")?;
        let price = format!(
            "items[0][price_data][currency]=eur&items[0][price_data][unit_amount]={amount}&items[0][price_data][recurring][interval]=month"
        );
        let body = format!("customer={customer}&default_payment_method=pm_card_visa&{price}");
        self.form("/v1/subscriptions", &body)
    }

    /// Makes something as Stripe's clients do, and gives its name. What goes wrong by chance is tried again; should the first try have
    /// been done all the same, nobody asks for what it made.
    fn form(&mut self, path: &str, body: &str) -> Result<String, String> {
        let mut last = String::new();
        for _ in 0..40 {
            let answer = self.0.call(
                "POST",
                path,
                &[("authorization", "Bearer sk_test_sandbox")],
                Some(("application/x-www-form-urlencoded", body.as_bytes())),
            );
            match answer {
                Err(cause) => last = cause.to_string(),
                Ok(answer) => match answer.json().get("id").and_then(Value::as_str) {
                    Some(id) if answer.status == 200 => return Ok(id.to_owned()),
                    _ => last = answer.to_string(),
                },
            }
        }
        Err(format!("{path}: {last}"))
    }

    /// Has the provider tell the desk here of everything; gives the secret that it signs with.
    ///
    /// # Errors
    /// The provider does not answer.
    pub fn hook(&mut self, desk: SocketAddr) -> Result<String, String> {
        let url = format!(
            "http%3A%2F%2F{}%3A{}%2Fhooks%2Fpayments%2Fcard",
            desk.ip(),
            desk.port()
        );
        let body = format!("url={url}&enabled_events[]=*");
        let answer = self.0.call(
            "POST",
            "/v1/webhook_endpoints",
            &[("authorization", "Bearer sk_test_sandbox")],
            Some(("application/x-www-form-urlencoded", body.as_bytes())),
        );
        let answer = answer.map_err(|cause| cause.to_string())?;
        let made = answer.json();
        let secret = made.get("secret").and_then(Value::as_str);
        secret
            .map(str::to_owned)
            .ok_or_else(|| format!("no endpoint: {answer}"))
    }

    /// Tells the provider something.
    ///
    /// # Errors
    /// It does not answer, or will not.
    pub fn tell(&mut self, path: &str, body: &Value) -> Result<Value, String> {
        let answer = self.0.post(path, None, body);
        let answer = answer.map_err(|cause| format!("{path}: {cause}"))?;
        match answer.status {
            200 => Ok(answer.json()),
            _ => Err(format!("{path}: {answer}")),
        }
    }
}
