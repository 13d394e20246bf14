// SPDX-License-Identifier: MIT OR Apache-2.0
//! The store: one way to read and to change, on SQLite and on PostgreSQL alike.
//!
//! A *job* is what somebody wants done in one transaction: a closure that is given a [`Tx`] and runs [`Statement`]s with it.
//! [`Store::write`] answers when the change is durable, and takes everything back when the job does not end well. The same
//! job serves both databases; what differs is below:
//!
//! - On SQLite one thread writes. It takes all jobs that wait, runs each in a savepoint, and makes them durable with one
//!   commit. Jobs follow one another, so nobody else is ever in between.
//! - On PostgreSQL jobs run at once, at *read committed*: a job locks the rows that it decides upon (`for update`), or changes
//!   them by one conditional statement. [`Store::write_serializable`] is for what cannot be said so.
//!
//! A job may run more than once before it takes effect once. It therefore does nothing but use its transaction.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::meters;

pub mod backup;
mod job;
pub mod migrations;
mod notice;
mod postgres;
mod sqlite;
mod statement;
mod trouble;
mod value;

pub use migrations::Migration;
pub use notice::Listener;
pub use postgres::PostgresTx;
pub use sqlite::SqliteTx;
pub use statement::{Statement, all_statements, dollars};
pub use trouble::Trouble;
pub use value::{Row, Value};

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite, with its companions beside it.
    Sqlite(PathBuf),
    /// A database of PostgreSQL, as its URL.
    Postgres(String),
}

impl FromStr for Location {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_url = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        Ok(match is_url {
            true => Self::Postgres(text.to_owned()),
            false => {
                let path = text.strip_prefix("sqlite:").unwrap_or(text);
                Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into())
            }
        })
    }
}

/// Without the password and whatever else the URL of a database may hold.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => write!(f, "{}", postgres::place(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// Which of the two databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// What runs once before each commit of SQLite, in the transaction of all jobs that share it.
pub type BeforeCommit =
    Box<dyn for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<(), Trouble>> + Send>;

/// What is told that the disk failed under a commit, in words for the log.
pub type OnLostDisk = Arc<dyn Fn(&str) + Send + Sync>;

/// How a store is opened.
pub struct Options {
    /// Whether a SQLite file is made where none is. A database of PostgreSQL must be there.
    pub create: bool,
    /// The steps that the program knows.
    pub migrations: &'static [Migration],
    /// Whether missing steps are made. If not, a store that lacks some is not opened.
    pub migrate: bool,
    /// Whether nothing is changed. A SQLite file is then opened beside whoever has it; whatever wants to write hears that the store is
    /// closed.
    pub reading: bool,
    /// How many threads read from SQLite.
    pub readers: usize,
    /// How many connections to PostgreSQL there are at most, beside the one that listens.
    pub connections: usize,
    /// How long a caller waits for a connection or for the lock of another process.
    pub patience: Duration,
    /// How long one statement may take on PostgreSQL.
    pub statement_timeout: Duration,
    /// Runs before each commit of SQLite; on PostgreSQL it does not.
    pub before_commit: Option<BeforeCommit>,
    /// Is told when a commit of SQLite fails for a reason that leaves its outcome open. Ends the process, unless told otherwise:
    /// what the disk then holds is found out by opening the store anew.
    pub on_lost_disk: OnLostDisk,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            create: true,
            migrations: migrations::ALL,
            migrate: true,
            reading: false,
            readers: 4,
            connections: 16,
            patience: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            before_commit: None,
            on_lost_disk: Arc::new(end_process),
        }
    }
}

/// The status with which the process ends when the disk fails: `EX_IOERR` of `sysexits.h`.
pub const LOST_DISK_STATUS: i32 = 74;

fn end_process(words: &str) {
    eprintln!("makegood: {words}");
    // Not an abort: a core file would hold what people entrusted to the store.
    std::process::exit(LOST_DISK_STATUS);
}

/// How often something happened since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Transactions made durable.
    pub commits: u64,
    /// Jobs that they held.
    pub jobs: u64,
    /// Jobs that were taken back and run again.
    pub again: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    jobs: AtomicU64,
    again: AtomicU64,
}

impl Counters {
    fn committed(&self, jobs: usize) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(meters::STORE_COMMITS).increment(1);
        let sharers = u32::try_from(jobs).unwrap_or(u32::MAX);
        metrics::histogram!(meters::STORE_COMMIT_JOBS).record(sharers);
        self.jobs.fetch_add(u64::from(sharers), Ordering::Relaxed);
    }

    /// A job was taken back, and runs again.
    fn again(&self, reason: &'static str) {
        self.again.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(meters::STORE_RETRIES, "reason" => reason).increment(1);
    }

    fn read(&self) -> Counts {
        Counts {
            commits: self.commits.load(Ordering::Relaxed),
            jobs: self.jobs.load(Ordering::Relaxed),
            again: self.again.load(Ordering::Relaxed),
        }
    }
}

/// An open store. Clones are the same store.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
}

enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Store {
    /// Opens a store, and brings it up to what the program expects if the options allow it.
    ///
    /// # Errors
    /// The store cannot be reached, is another program's, newer than this one, or somebody else's at the moment.
    pub async fn open(location: &Location, options: Options) -> Result<Self, Trouble> {
        let engine = match location {
            Location::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, options).await?),
            Location::Postgres(url) => {
                Engine::Postgres(postgres::Postgres::open(url, options).await?)
            }
        };
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// The steps that a store lacks, without making them and without making the store.
    ///
    /// # Errors
    /// The store cannot be reached, is another program's, or newer than this one.
    pub async fn missing_migrations(
        location: &Location,
        all: &'static [Migration],
    ) -> Result<&'static [Migration], Trouble> {
        match location {
            Location::Sqlite(path) => sqlite::missing(path, all).await,
            Location::Postgres(url) => postgres::missing(url, all).await,
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match &*self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a job that may change something. What it did is durable when this returns `Ok`, and undone when it returns `Err`.
    ///
    /// The job may run several times, and takes effect at most once. When the returned future is dropped before it is ready,
    /// the job may have taken effect or not.
    ///
    /// # Errors
    /// The job's own trouble or refusal, or the database's; [`Trouble::OutcomeUnknown`] is the only one after which the change
    /// may have happened.
    pub async fn write<T, F>(&self, job: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(job).await,
            Engine::Postgres(postgres) => postgres.write(postgres::Level::Write, job).await,
        }
    }

    /// Like [`Store::write`], but what it did may be lost with the machine in the moment after: for what is only noted so that others
    /// need not wait, and would come to the same without it.
    ///
    /// # Errors
    /// As for [`Store::write`].
    pub async fn write_soon<T, F>(&self, job: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(job).await,
            Engine::Postgres(postgres) => postgres.write(postgres::Level::Soon, job).await,
        }
    }

    /// Like [`Store::write`], and as if no other job ran at the same time: for decisions upon more rows than can be locked.
    ///
    /// # Errors
    /// As for [`Store::write`]; [`Trouble::Serialization`] when others kept getting in between.
    pub async fn write_serializable<T, F>(&self, job: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(job).await,
            Engine::Postgres(postgres) => postgres.write(postgres::Level::Serializable, job).await,
        }
    }

    /// Runs a job that only reads. All its statements see the store at one moment, and it keeps nobody from writing.
    ///
    /// # Errors
    /// The job's own trouble or refusal, or the database's.
    pub async fn read<T, F>(&self, job: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(job).await,
            Engine::Postgres(postgres) => postgres.write(postgres::Level::Read, job).await,
        }
    }

    /// Hears of every [`Tx::notify`] on a channel from now on, from all programs on the same store.
    #[must_use]
    pub fn listen(&self, channel: &'static str) -> Listener {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.notices().listen(channel),
            Engine::Postgres(postgres) => postgres.notices().listen(channel),
        }
    }

    /// How much was done since the store was opened.
    #[must_use]
    pub fn counts(&self) -> Counts {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.counters().read(),
            Engine::Postgres(postgres) => postgres.counters().read(),
        }
    }

    /// Finishes what was begun and lets the database go. All clones are closed with it.
    pub async fn close(&self) {
        match &*self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close().await,
        }
    }
}

/// A statement with its values.
pub type Question<'q> = (&'q Statement, &'q [Value]);

/// A transaction, as a job has it.
///
/// After a statement has failed, a job can only end: PostgreSQL goes no further, so SQLite is not asked to. What may well be
/// there already is inserted with `on conflict do nothing`, and the number of rows says which it was.
pub enum Tx<'t> {
    /// On SQLite.
    Sqlite(SqliteTx<'t>),
    /// On PostgreSQL.
    Postgres(PostgresTx<'t>),
}

impl Tx<'_> {
    /// All rows that a statement gives.
    ///
    /// # Errors
    /// The statement failed; the job must end.
    pub async fn rows(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.rows(statement, values),
            Self::Postgres(tx) => tx.rows(statement, values).await,
        }
    }

    /// All rows that each of several statements gives, without waiting for one before the next is asked.
    ///
    /// # Errors
    /// One of them failed; the job must end.
    pub async fn rows_of<const N: usize>(
        &mut self,
        questions: &[Question<'_>; N],
    ) -> Result<[Vec<Row>; N], Trouble> {
        let mut all = [const { Vec::new() }; N];
        match self {
            Self::Sqlite(tx) => {
                for ((statement, values), rows) in questions.iter().zip(&mut all) {
                    *rows = tx.rows(statement, values)?;
                }
            }
            Self::Postgres(tx) => {
                let found = tx.rows_of(questions).await?;
                all.iter_mut().zip(found).for_each(|(to, from)| *to = from);
            }
        }
        Ok(all)
    }

    /// The only row that a statement gives, if it gives one.
    ///
    /// # Errors
    /// The statement failed, or gave several rows; the job must end.
    pub async fn one(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Option<Row>, Trouble> {
        let mut rows = self.rows(statement, values).await?;
        let one = rows.pop();
        match rows.is_empty() {
            true => Ok(one),
            false => Err(Trouble::Misused {
                statement: statement.name,
                why: format!("one row at most was expected, and {} came", rows.len() + 1),
            }),
        }
    }

    /// Runs a statement that gives no rows; answers how many it changed.
    ///
    /// # Errors
    /// The statement failed; the job must end.
    pub async fn run(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.run(statement, values),
            Self::Postgres(tx) => tx.run(statement, values).await,
        }
    }

    /// Runs a statement that gives no rows, and whose effect nobody has to know: it may be done only together with the next thing that
    /// is asked, or at the end. Should it fail, that fails.
    ///
    /// # Errors
    /// A statement failed; the job must end.
    pub fn queue(
        &mut self,
        statement: &'static Statement,
        values: Vec<Value>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(tx) => tx.run(statement, &values).map(drop),
            Self::Postgres(tx) => tx.queue(statement, values),
        }
    }

    /// Runs a statement once for each set of values, without waiting for one before the next is sent; answers how many rows
    /// each changed.
    ///
    /// # Errors
    /// One of them failed; the job must end.
    pub async fn run_each(
        &mut self,
        statement: &Statement,
        sets: &[Vec<Value>],
    ) -> Result<Vec<u64>, Trouble> {
        match self {
            Self::Sqlite(tx) => tx.run_each(statement, sets),
            Self::Postgres(tx) => tx.run_each(statement, sets).await,
        }
    }

    /// Wakes all who listen on a channel, once the transaction is durable: those of other processes a moment later.
    ///
    /// # Errors
    /// A statement had failed; the job must end.
    #[expect(
        clippy::unused_async,
        reason = "a job writes it like every other thing that it does"
    )]
    pub async fn notify(&mut self, channel: &'static str) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(tx) => tx.notify(channel),
            Self::Postgres(tx) => tx.notify(channel),
        }
    }

    /// Lets no other transaction have the same lock until this one ends. On SQLite, where jobs that write follow one another
    /// anyway, there is nothing to do.
    ///
    /// # Errors
    /// The lock was not to be had in time; the job must end.
    pub async fn advisory_lock(&mut self, key: i64) -> Result<(), Trouble> {
        match self {
            Self::Sqlite(tx) => tx.usable(),
            Self::Postgres(tx) => tx.advisory_lock(key).await,
        }
    }

    /// Prepares a statement without running it, and says how many values it takes and how many columns it gives.
    ///
    /// # Errors
    /// The database does not understand it, or a column is of a kind that a [`Value`] cannot hold.
    pub async fn shape(&mut self, statement: &Statement) -> Result<(usize, usize), Trouble> {
        match self {
            Self::Sqlite(tx) => tx.shape(statement),
            Self::Postgres(tx) => tx.shape(statement).await,
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Whether a statement has failed, so that nothing of the job can be kept.
    fn broken(&self) -> bool {
        match self {
            Self::Sqlite(tx) => tx.usable().is_err(),
            Self::Postgres(tx) => tx.usable().is_err(),
        }
    }
}

/// What both kinds of transaction say once a statement has failed.
fn broken() -> Trouble {
    Trouble::misused("a statement had failed, and the job went on; return the trouble instead")
}

/// PostgreSQL cannot keep a zero character in a text; so that both keep the same, SQLite does not either.
fn check_values(statement: &Statement, values: &[Value]) -> Result<(), Trouble> {
    let hollow = |value: &&Value| matches!(value, Value::Text(text) if text.contains('\0'));
    match values.iter().find(hollow) {
        None => Ok(()),
        Some(_) => Err(Trouble::Misused {
            statement: statement.name,
            why: "a text holds a zero character; check what comes in".to_owned(),
        }),
    }
}

/// Runs what blocks away from the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Trouble::Panicked),
    }
}

/// A path as it stands in messages.
fn named(path: &Path) -> String {
    format!("`{}`", path.display())
}
