// SPDX-License-Identifier: MIT OR Apache-2.0
//! PostgreSQL: many connections, each with its prepared statements, and one that listens.

use std::collections::hash_map::RandomState;
use std::future::poll_fn;
use std::hash::BuildHasher as _;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    Transaction,
};
use futures_util::future::{BoxFuture, FutureExt as _, try_join_all};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{AsyncMessage, Config, IsolationLevel};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::migrations::{self, Migration};
use super::notice::Notices;
use super::trouble::Trouble;
use super::value::{Row, Value};
use super::{Counters, Options, Statement, Tx, broken, check_values, named};

/// How often a job is tried before its caller is told that others were always in between.
const ATTEMPTS: u32 = 24;

/// How often it is tried where the database cannot be reached: about a second in all.
const REACHES: u32 = 6;

/// The one channel of the database that all notices of the program share; their own channel is what they carry.
const CHANNEL: &str = "makegood";

/// The lock of those who migrate: `MKGDmigr`.
const MIGRATING: i64 = 0x4D4B_4744_6D69_6772;

/// How many statements are under way at once where none waits for another.
const UNDER_WAY: usize = 128;

/// What a job may do, and what it sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// One moment, and no change.
    Read,
    /// What is committed when each statement begins.
    Write,
    /// As if nobody else were there.
    Serializable,
}

/// A store in PostgreSQL.
pub(super) struct Postgres {
    pool: Pool,
    notices: Arc<Notices>,
    counters: Arc<Counters>,
    listening: JoinHandle<()>,
}

impl Postgres {
    pub(super) async fn open(url: &str, options: Options) -> Result<Self, Trouble> {
        let target = Target::read(url)?;
        let pool = target.pool(&options)?;
        let patience = options.patience;
        let mut client = client(&pool, &target.place).await?;
        check_server(&client).await?;
        migrate(&mut client, options.migrations, options.migrate).await?;
        drop(client);
        let notices = Arc::new(Notices::new());
        let (first, begun) = oneshot::channel();
        let place = target.place.clone();
        let listening = tokio::spawn(listen(target, Arc::clone(&notices), first));
        if tokio::time::timeout(patience, begun).await.is_err() {
            listening.abort();
            return Err(Trouble::Unavailable {
                why: format!(
                    "{place} has no connection left to listen on; raise its `max_connections`"
                ),
            });
        }
        Ok(Self {
            pool,
            notices,
            counters: Arc::new(Counters::default()),
            listening,
        })
    }

    pub(super) async fn write<T, F>(&self, level: Level, mut work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        let mut attempt = 1;
        loop {
            let trouble = match self.attempt(level, &mut work).await {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            let last = match trouble {
                Trouble::Serialization => attempt >= ATTEMPTS,
                Trouble::Unavailable { .. } => attempt >= REACHES,
                _ => true,
            };
            if last {
                return Err(trouble);
            }
            self.counters.again();
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt<T, F>(&self, level: Level, work: &mut F) -> Result<T, Trouble>
    where
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send,
    {
        let mut client = client(&self.pool, "the database").await?;
        let begun = match level {
            Level::Read => client
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
            Level::Write => client
                .build_transaction()
                .isolation_level(IsolationLevel::ReadCommitted),
            Level::Serializable => client
                .build_transaction()
                .isolation_level(IsolationLevel::Serializable),
        };
        let transaction = begun
            .start()
            .await
            .map_err(|error| trouble("begin", &error))?;
        let mut tx = Tx::Postgres(PostgresTx {
            transaction,
            broken: None,
        });
        let ran = AssertUnwindSafe(async { work(&mut tx).await })
            .catch_unwind()
            .await
            .unwrap_or(Err(Trouble::Panicked));
        let Tx::Postgres(tx) = tx else {
            return Err(broken());
        };
        match (ran, tx.broken) {
            (Ok(value), None) => {
                tx.transaction
                    .commit()
                    .await
                    .map_err(|error| at_commit(&error))?;
                self.counters.committed(1);
                Ok(value)
            }
            // A job that was told to try again, and made something else of it, is tried again all the same.
            (_, Some(Broken::Again)) => {
                let _ = tx.transaction.rollback().await;
                Err(Trouble::Serialization)
            }
            (_, Some(Broken::Away(why))) => Err(Trouble::Unavailable { why }),
            (Ok(_), Some(Broken::Failed)) => {
                let _ = tx.transaction.rollback().await;
                Err(broken())
            }
            (Err(trouble), _) => {
                let _ = tx.transaction.rollback().await;
                Err(trouble)
            }
        }
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn close(&self) {
        self.listening.abort();
        self.notices.close();
        self.pool.close();
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// How long to wait before the next attempt: doubling, and never the same as the others who failed at the same moment.
fn pause(attempt: u32) -> Duration {
    let most = 2_000_u64 << attempt.min(6);
    let chance = RandomState::new().hash_one(attempt);
    Duration::from_micros(most / 2 + chance % (most / 2))
}

/// A database, and how to reach it.
struct Target {
    config: Config,
    tls: MakeRustlsConnect,
    place: String,
}

/// Takes out of a URL what the driver does not know: where certificates are. Ours are always verified, so the two modes that
/// ask for it are `require`.
fn without_certificates(url: &str) -> (String, Option<PathBuf>) {
    let Some((start, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut trusted = None;
    let mut kept = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("sslrootcert", path)) => trusted = Some(PathBuf::from(path)),
            Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(part),
        }
    }
    (format!("{start}?{}", kept.join("&")), trusted)
}

/// The URL without its secrets.
pub(super) fn place(url: &str) -> String {
    without_certificates(url)
        .0
        .parse::<Config>()
        .map_or_else(|_| "the database".to_owned(), |config| place_of(&config))
}

fn place_of(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let name = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{host}:{port}/{name}")
}

impl Target {
    fn read(url: &str) -> Result<Self, Trouble> {
        let (url, trusted) = without_certificates(url);
        // The error would quote the URL, and with it the password.
        let mut config: Config = url.parse().map_err(|_| Trouble::Unavailable {
            why: "the URL of the database cannot be read; write `postgres://USER:PASSWORD@HOST:PORT/NAME`".to_owned(),
        })?;
        if config.get_application_name().is_none() {
            config.application_name("makegood");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // On this machine nobody is in between, and the certificate that Debian makes would not be trusted.
        let is_near = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(host) => ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        if is_near && config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Disable);
        }
        Ok(Self {
            place: place_of(&config),
            tls: tls(config.get_ssl_mode(), trusted.as_deref())?,
            config,
        })
    }

    fn pool(&self, options: &Options) -> Result<Pool, Trouble> {
        let settings = settings(options.statement_timeout);
        let hook = Hook::async_fn(move |client, _| {
            let settings = settings.clone();
            Box::pin(async move {
                client
                    .batch_execute(&settings)
                    .await
                    .map_err(HookError::Backend)
            })
        });
        let manager = Manager::from_config(
            self.config.clone(),
            self.tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        Pool::builder(manager)
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.patience))
            .create_timeout(Some(options.patience))
            .post_create(hook)
            .build()
            .map_err(|error| Trouble::misused(error.to_string()))
    }
}

/// What each connection is told first.
fn settings(statement_timeout: Duration) -> String {
    let limit = statement_timeout.as_millis();
    format!(
        "set statement_timeout = {limit};
         set lock_timeout = {limit};
         set idle_in_transaction_session_timeout = {};
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';",
        limit * 2
    )
}

/// What certificates are trusted: those of a file that the URL names, else those of the machine.
fn tls(mode: SslMode, trusted: Option<&Path>) -> Result<MakeRustlsConnect, Trouble> {
    // Both builders below take the provider of the process, and leave it if there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = match trusted {
        _ if mode == SslMode::Disable => RootCertStore::empty(),
        Some(path) => roots_of(path)?,
        None => match MakeRustlsConnect::with_native_certs() {
            Ok((tls, _)) => return Ok(tls),
            Err(_) => RootCertStore::empty(),
        },
    };
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots_of(path: &Path) -> Result<RootCertStore, Trouble> {
    let unreadable = |what: String| Trouble::Unavailable {
        why: format!("`sslrootcert`, {}, cannot be read: {what}", named(path)),
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(error.to_string()))?;
    let (added, _) = roots.add_parsable_certificates(certificates);
    match added {
        0 => Err(unreadable("it holds no certificate".to_owned())),
        _ => Ok(roots),
    }
}

async fn client(pool: &Pool, place: &str) -> Result<Object, Trouble> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            unreachable_at(place, &error)
        }
        PoolError::Timeout(_) => Trouble::Busy,
        PoolError::Closed => Trouble::Closed,
        _ => Trouble::Unavailable {
            why: format!("{place} cannot be reached"),
        },
    })
}

fn unreachable_at(place: &str, error: &tokio_postgres::Error) -> Trouble {
    let why = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
        }
    };
    Trouble::Unavailable {
        why: format!("{place} cannot be reached: {why}"),
    }
}

async fn check_server(client: &Object) -> Result<(), Trouble> {
    let row = client
        .query_one(
            "select current_setting('server_version_num')::bigint, current_setting('server_encoding'), current_setting('server_version')",
            &[],
        )
        .await
        .map_err(|error| trouble("server_version", &error))?;
    let (number, encoding, version): (i64, String, String) = (row.get(0), row.get(1), row.get(2));
    if number < 140_000 {
        return Err(Trouble::Unavailable {
            why: format!("PostgreSQL {version} is too old; 14 or newer is needed"),
        });
    }
    if encoding != "UTF8" {
        return Err(Trouble::Unavailable {
            why: format!(
                "the database keeps text as {encoding}; make one with `create database … encoding 'UTF8'`"
            ),
        });
    }
    Ok(())
}

/// The steps that a store in PostgreSQL lacks.
pub(super) async fn missing(
    url: &str,
    all: &'static [Migration],
) -> Result<&'static [Migration], Trouble> {
    let target = Target::read(url)?;
    let pool = target.pool(&Options::default())?;
    let mut client = client(&pool, &target.place).await?;
    check_server(&client).await?;
    let transaction = client
        .transaction()
        .await
        .map_err(|error| trouble("begin", &error))?;
    missing_here(&mut PostgresTx::new(transaction), all).await
}

async fn missing_here(
    tx: &mut PostgresTx<'_>,
    all: &'static [Migration],
) -> Result<&'static [Migration], Trouble> {
    let any = tx.rows(&migrations::HAS_MIGRATIONS, &[]).await?;
    let mut applied = Vec::new();
    if any.first().map_or(Ok(0), |row| row.int(0))? > 0 {
        for row in tx.rows(&migrations::APPLIED, &[]).await? {
            applied.push((row.int(0)?, row.text(1)?.to_owned()));
        }
    }
    migrations::missing(all, &applied)
}

async fn migrate(
    client: &mut Object,
    all: &'static [Migration],
    allowed: bool,
) -> Result<(), Trouble> {
    loop {
        let transaction = client
            .transaction()
            .await
            .map_err(|error| trouble("begin", &error))?;
        // One step a transaction, and whoever comes second looks again once it has the lock.
        let begun = transaction
            .batch_execute(&format!(
                "set local statement_timeout = 0; set local lock_timeout = 0; select pg_advisory_xact_lock({MIGRATING})"
            ))
            .await;
        begun.map_err(|error| trouble("migrate", &error))?;
        let mut tx = PostgresTx::new(transaction);
        let missing = missing_here(&mut tx, all).await?;
        let Some(next) = missing.first() else {
            return Ok(());
        };
        if !allowed {
            return Err(Trouble::Behind {
                missing: missing.len(),
            });
        }
        tx.transaction
            .batch_execute(next.postgres)
            .await
            .map_err(|error| trouble(next.name, &error))?;
        let note = [Value::from(next.number), Value::from(next.name)];
        tx.run(&migrations::APPLY, &note).await?;
        tx.transaction
            .commit()
            .await
            .map_err(|error| at_commit(&error))?;
    }
}

/// Passes on what other connections announce, for as long as the store is open.
async fn listen(target: Target, notices: Arc<Notices>, first: oneshot::Sender<()>) {
    let (mut first, mut attempt) = (Some(first), 1);
    loop {
        let begun = || match first.take() {
            // Those who open the store wait for this, and nobody else listens yet.
            Some(first) => drop(first.send(())),
            // Something may have been said while nobody listened.
            None => notices.tell_all(),
        };
        if hear(&target, &notices, begun).await.is_ok() {
            attempt = 1;
        }
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

/// Listens until the connection ends. An error if there never was one.
async fn hear(
    target: &Target,
    notices: &Notices,
    begun: impl FnOnce(),
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = target.config.connect(target.tls.clone()).await?;
    let (said, mut heard) = mpsc::unbounded_channel();
    // The connection only works while it is polled, and the command below waits for it.
    let drive = async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notice) = message
                && said.send(notice.payload().to_owned()).is_err()
            {
                return;
            }
        }
    };
    let work = async {
        client.batch_execute(&format!("listen {CHANNEL}")).await?;
        begun();
        while let Some(channel) = heard.recv().await {
            notices.tell(&channel);
        }
        Ok(())
    };
    let ((), worked) = tokio::join!(drive, work);
    worked
}

/// A transaction on PostgreSQL.
pub struct PostgresTx<'t> {
    transaction: Transaction<'t>,
    broken: Option<Broken>,
}

/// What a statement that failed means for its job.
enum Broken {
    /// It only has to be tried again.
    Again,
    /// The connection is lost.
    Away(String),
    /// The job must end.
    Failed,
}

impl<'t> PostgresTx<'t> {
    fn new(transaction: Transaction<'t>) -> Self {
        Self {
            transaction,
            broken: None,
        }
    }

    pub(super) fn usable(&self) -> Result<(), Trouble> {
        match self.broken {
            Some(_) => Err(broken()),
            None => Ok(()),
        }
    }

    fn noted<T>(&mut self, outcome: Result<T, Trouble>) -> Result<T, Trouble> {
        if let Err(trouble) = &outcome {
            self.broken = Some(match trouble {
                Trouble::Serialization => Broken::Again,
                Trouble::Unavailable { why } => Broken::Away(why.clone()),
                _ => Broken::Failed,
            });
        }
        outcome
    }

    pub(super) async fn rows(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        self.usable()?;
        let outcome = query(&self.transaction, statement, values).await;
        self.noted(outcome)
    }

    pub(super) async fn run(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<u64, Trouble> {
        self.usable()?;
        let outcome = change(&self.transaction, statement, values).await;
        self.noted(outcome)
    }

    pub(super) async fn run_each(
        &mut self,
        statement: &Statement,
        sets: &[Vec<Value>],
    ) -> Result<Vec<u64>, Trouble> {
        self.usable()?;
        let mut changed = Vec::with_capacity(sets.len());
        for some in sets.chunks(UNDER_WAY) {
            let all = some
                .iter()
                .map(|set| change(&self.transaction, statement, set));
            let outcome = try_join_all(all).await;
            changed.extend(self.noted(outcome)?);
        }
        Ok(changed)
    }

    pub(super) async fn shape(&mut self, statement: &Statement) -> Result<(usize, usize), Trouble> {
        self.usable()?;
        let prepared = self.transaction.prepare_cached(statement.postgres).await;
        let prepared = self.noted(prepared.map_err(|error| trouble(statement.name, &error)))?;
        let strange = prepared
            .columns()
            .iter()
            .position(|column| !is_kept(column.type_()));
        match strange {
            None => Ok((prepared.params().len(), prepared.columns().len())),
            Some(at) => Err(unkept(statement, at, prepared.columns()[at].type_())),
        }
    }

    pub(super) async fn notify(&mut self, channel: &'static str) -> Result<(), Trouble> {
        let values = [CHANNEL.into(), channel.into()];
        self.rows(&NOTIFY, &values).await.map(drop)
    }

    pub(super) async fn advisory_lock(&mut self, key: i64) -> Result<(), Trouble> {
        self.rows(&LOCK, &[key.into()]).await.map(drop)
    }
}

static NOTIFY: Statement = Statement {
    name: "NOTIFY",
    sqlite: "",
    postgres: "select pg_notify($1, $2)::text",
};

static LOCK: Statement = Statement {
    name: "LOCK",
    sqlite: "",
    postgres: "select pg_advisory_xact_lock($1)::text",
};

async fn query(
    transaction: &Transaction<'_>,
    statement: &Statement,
    values: &[Value],
) -> Result<Vec<Row>, Trouble> {
    check_values(statement, values)?;
    let failed = |error| trouble(statement.name, &error);
    let prepared = transaction
        .prepare_cached(statement.postgres)
        .await
        .map_err(failed)?;
    check_count(statement, prepared.params().len(), values)?;
    let rows = transaction
        .query(&prepared, &parameters(values))
        .await
        .map_err(failed)?;
    rows.iter()
        .map(|row| {
            (0..row.len())
                .map(|column| read(statement, row, column))
                .collect::<Result<Vec<_>, _>>()
                .map(|values| Row::new(statement.name, values))
        })
        .collect()
}

async fn change(
    transaction: &Transaction<'_>,
    statement: &Statement,
    values: &[Value],
) -> Result<u64, Trouble> {
    check_values(statement, values)?;
    let failed = |error| trouble(statement.name, &error);
    let prepared = transaction
        .prepare_cached(statement.postgres)
        .await
        .map_err(failed)?;
    check_count(statement, prepared.params().len(), values)?;
    if !prepared.columns().is_empty() {
        return Err(Trouble::Misused {
            statement: statement.name,
            why: "it gives rows, and nobody asks for them".to_owned(),
        });
    }
    transaction
        .execute(&prepared, &parameters(values))
        .await
        .map_err(failed)
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| {
            let value: &(dyn ToSql + Sync) = value;
            value
        })
        .collect()
}

fn check_count(statement: &Statement, wanted: usize, values: &[Value]) -> Result<(), Trouble> {
    match values.len() {
        given if given == wanted => Ok(()),
        given => Err(Trouble::Misused {
            statement: statement.name,
            why: format!("it takes {wanted} values, and {given} were given"),
        }),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Self::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(kind, out),
            (Self::Int(0), &Type::BOOL) => false.to_sql(kind, out),
            (Self::Int(1), &Type::BOOL) => true.to_sql(kind, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => {
                text.to_sql(kind, out)
            }
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            (Self::Bytes(bytes), &Type::UUID) => uuid::Uuid::from_slice(bytes)?.to_sql(kind, out),
            _ => Err(format!("{} is given where PostgreSQL wants {kind}", self.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value is checked by itself above, where the message can say what is wrong.
        true
    }

    to_sql_checked!();
}

/// Whether values of a kind can be read, as [`read`] does.
fn is_kept(kind: &Type) -> bool {
    matches!(
        *kind,
        Type::INT8
            | Type::INT4
            | Type::INT2
            | Type::BOOL
            | Type::TEXT
            | Type::VARCHAR
            | Type::NAME
            | Type::BYTEA
            | Type::UUID
    )
}

fn unkept(statement: &Statement, column: usize, kind: &Type) -> Trouble {
    Trouble::Misused {
        statement: statement.name,
        why: format!(
            "column {column} is {kind}, which SQLite does not have; cast it, as in `::bigint`"
        ),
    }
}

fn read(statement: &Statement, row: &tokio_postgres::Row, column: usize) -> Result<Value, Trouble> {
    let kind = row.columns()[column].type_();
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(Value::from),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).map(Value::from),
        Type::INT2 => row
            .try_get::<_, Option<i16>>(column)
            .map(|number| number.map(i64::from).into()),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).map(Value::from),
        Type::TEXT | Type::VARCHAR | Type::NAME => {
            row.try_get::<_, Option<String>>(column).map(Value::from)
        }
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map(Value::from),
        Type::UUID => row
            .try_get::<_, Option<uuid::Uuid>>(column)
            .map(|id| id.map(uuid::Uuid::into_bytes).into()),
        _ => return Err(unkept(statement, column, kind)),
    };
    value.map_err(|error| trouble(statement.name, &error))
}

/// What an error means before the commit.
fn trouble(statement: &'static str, error: &tokio_postgres::Error) -> Trouble {
    let Some(said) = error.as_db_error() else {
        // A source is what a value of ours says of itself; without one it is the connection.
        return match is_away(error) {
            true => Trouble::Unavailable {
                why: format!("the connection to the database was lost ({error})"),
            },
            false => Trouble::Misused {
                statement,
                why: std::error::Error::source(error)
                    .map_or_else(|| error.to_string(), ToString::to_string),
            },
        };
    };
    let named = || said.constraint().unwrap_or_default().to_owned();
    match *said.code() {
        SqlState::UNIQUE_VIOLATION | SqlState::EXCLUSION_VIOLATION => Trouble::Conflict {
            constraint: named(),
        },
        SqlState::CHECK_VIOLATION => Trouble::Check {
            constraint: named(),
        },
        SqlState::NOT_NULL_VIOLATION => Trouble::Check {
            constraint: format!(
                "{}.{}",
                said.table().unwrap_or_default(),
                said.column().unwrap_or_default()
            ),
        },
        // What a trigger of ours says.
        SqlState::RAISE_EXCEPTION => Trouble::Check {
            constraint: said.message().to_owned(),
        },
        SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => Trouble::Reference,
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            Trouble::Serialization
        }
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Trouble::Busy,
        SqlState::DISK_FULL => Trouble::Full,
        _ => by_class(statement, said),
    }
}

fn by_class(statement: &'static str, said: &tokio_postgres::error::DbError) -> Trouble {
    let code = said.code().code();
    match code.get(..2).unwrap_or_default() {
        // 25P03 closes a connection that waited inside a transaction; 57P.. is an operator, or a server that starts or stops.
        "08" | "53" => Trouble::Unavailable {
            why: format!("the database does not serve at the moment ({code})"),
        },
        "57" => Trouble::Unavailable {
            why: format!("the database was stopped or is starting ({code})"),
        },
        "58" | "XX" => Trouble::Corrupt {
            why: format!("the database reports damage ({code}); look into its log"),
        },
        // What does not fit may be quoted in the message, so only the code is told.
        "22" => Trouble::Misused {
            statement,
            why: format!("a value does not fit ({code})"),
        },
        _ => Trouble::Misused {
            statement,
            why: format!("{} ({code})", said.message()),
        },
    }
}

/// What an error means when `commit` was sent.
fn at_commit(error: &tokio_postgres::Error) -> Trouble {
    match trouble("commit", error) {
        // The server said so itself only where it had not committed; a lost connection says nothing.
        Trouble::Unavailable { .. } | Trouble::Busy | Trouble::Corrupt { .. } => {
            Trouble::OutcomeUnknown
        }
        other => other,
    }
}

/// Whether the connection is lost.
fn is_away(error: &tokio_postgres::Error) -> bool {
    let from_below = std::error::Error::source(error)
        .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some());
    error.is_closed() || from_below
}
