// SPDX-License-Identifier: MIT OR Apache-2.0
//! PostgreSQL: many connections, each with its prepared statements, and one that listens.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Object, Pool};
use futures_util::future::{BoxFuture, FutureExt as _, join, try_join_all};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::types::ToSql;

use crate::crash;

use self::target::{Target, check_server, client};
use self::wire::{at_commit, check_count, is_kept, parameters, read, trouble, unkept};
use super::migrations::{self, Migration};
use super::notice::Notices;
use super::trouble::Trouble;
use super::value::{Row, Value};
use super::{Counters, Options, Question, Statement, Tx, broken, check_values};

mod announce;
mod listen;
mod target;
mod wire;

pub(super) use target::place;

/// How often a job is tried before its caller is told that others were always in between.
const ATTEMPTS: u32 = 24;

/// The one channel of the database that all notices of the program share; their own channel is what they carry.
const CHANNEL: &str = "makegood";

/// The lock of those who migrate: `MKGDmigr`.
const MIGRATING: i64 = 0x4D4B_4744_6D69_6772;

/// How many statements are under way at once where none waits for another.
const UNDER_WAY: usize = 128;

/// Below this many sets of values it is quicker to send each by itself.
const FEW: usize = 4;

/// How many sets of values go out in one statement.
const AT_ONCE: usize = 4_096;

/// What a job may do, and what it sees.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    /// One moment, and no change.
    Read,
    /// What is committed when each statement begins.
    Write,
    /// The same, without waiting for the disk at the end.
    Soon,
    /// As if nobody else were there.
    Serializable,
}

/// A store in PostgreSQL.
pub(super) struct Postgres {
    pool: Pool,
    notices: Arc<Notices>,
    counters: Arc<Counters>,
    listening: JoinHandle<()>,
    /// What others are to hear of, once it is durable.
    announcing: mpsc::UnboundedSender<&'static str>,
    patience: Duration,
}

impl Postgres {
    pub(super) async fn open(url: &str, options: Options) -> Result<Self, Trouble> {
        let target = Target::read(url)?;
        let pool = target.pool(&options)?;
        let patience = options.patience;
        let client = client(&pool, &target.place).await?;
        check_server(&client).await?;
        migrate(
            &mut Session::new(client),
            options.migrations,
            options.migrate,
        )
        .await?;
        let notices = Arc::new(Notices::new());
        let (first, begun) = oneshot::channel();
        let place = target.place.clone();
        let listening = tokio::spawn(listen::listen(target, Arc::clone(&notices), first));
        if tokio::time::timeout(patience, begun).await.is_err() {
            listening.abort();
            return Err(Trouble::Unavailable {
                why: format!(
                    "{place} has no connection left to listen on; raise its `max_connections`"
                ),
            });
        }
        let (announcing, announced) = mpsc::unbounded_channel();
        tokio::spawn(announce::announce(pool.clone(), announced));
        Ok(Self {
            pool,
            notices,
            counters: Arc::new(Counters::default()),
            listening,
            announcing,
            patience,
        })
    }

    pub(super) async fn write<T, F>(&self, level: Level, mut work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        let (mut attempt, begun) = (1, Instant::now());
        loop {
            let trouble = match self.attempt(level, &mut work).await {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            let last = match trouble {
                Trouble::Serialization => attempt >= ATTEMPTS,
                // A server that is started anew is back by then, more often than not.
                Trouble::Unavailable { .. } => begun.elapsed() >= self.patience,
                _ => true,
            };
            if last {
                return Err(trouble);
            }
            self.counters.again(match trouble {
                Trouble::Serialization => "serialization",
                _ => "unavailable",
            });
            tokio::time::sleep(pause(attempt)).await;
            attempt += 1;
        }
    }

    async fn attempt<T, F>(&self, level: Level, work: &mut F) -> Result<T, Trouble>
    where
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send,
    {
        let mut session = Session::new(client(&self.pool, "the database").await?);
        let mut tx = Tx::Postgres(PostgresTx::new(&mut session, level));
        let ran = AssertUnwindSafe(async { work(&mut tx).await })
            .catch_unwind()
            .await
            .unwrap_or(Err(Trouble::Panicked));
        let ran = match (ran, &mut tx) {
            (Ok(value), Tx::Postgres(tx)) if tx.broken.is_none() => {
                tx.flush().await.map(|()| value)
            }
            (ran, _) => ran,
        };
        let Tx::Postgres(PostgresTx {
            broken: failed,
            notices,
            ..
        }) = tx
        else {
            return Err(broken());
        };
        match (ran, failed) {
            (Ok(value), None) if level == Level::Read => {
                session.leave();
                Ok(value)
            }
            (Ok(value), None) => {
                crash::point!("postgres.before_commit");
                session.commit().await?;
                crash::point!("postgres.committed");
                self.counters.committed(1);
                self.announce(&notices);
                Ok(value)
            }
            // The connection goes with the session.
            (_, Some(Broken::Away(why))) => Err(Trouble::Unavailable { why }),
            (ran, failed) => {
                session.take_back().await;
                match (ran, failed) {
                    // A job that was to be tried again, and made something else of it, is tried again all the same.
                    (_, Some(Broken::Again)) => Err(Trouble::Serialization),
                    (Ok(_), _) => Err(broken()),
                    (Err(trouble), _) => Err(trouble),
                }
            }
        }
    }

    /// Wakes those who listen: at once in this process, and soon in the others.
    fn announce(&self, notices: &[&'static str]) {
        for channel in notices {
            self.notices.tell(channel);
            // Nobody hears it when the store is being closed, and nobody waits then.
            let _ = self.announcing.send(channel);
        }
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) async fn close(&self) {
        let begun = Instant::now();
        let all_are_back = || {
            let status = self.pool.status();
            status.available >= status.size
        };
        while !all_are_back() && begun.elapsed() < self.patience {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
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

/// The steps that a store in PostgreSQL lacks.
pub(super) async fn missing(
    url: &str,
    all: &'static [Migration],
) -> Result<&'static [Migration], Trouble> {
    let target = Target::read(url)?;
    let pool = target.pool(&Options::default())?;
    let client = client(&pool, &target.place).await?;
    check_server(&client).await?;
    let mut session = Session::new(client);
    let missing = missing_here(&mut PostgresTx::new(&mut session, Level::Read), all).await?;
    session.leave();
    Ok(missing)
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
    session: &mut Session,
    all: &'static [Migration],
    allowed: bool,
) -> Result<(), Trouble> {
    loop {
        // One step a transaction, and whoever comes second looks again once it has the lock.
        let lock = format!(
            "set local statement_timeout = 0; set local lock_timeout = 0; select pg_advisory_xact_lock({MIGRATING})"
        );
        session.tell(BEGIN).await?;
        session.tell(&lock).await?;
        let missing = missing_here(&mut PostgresTx::begun(session), all).await?;
        let Some(next) = missing.first() else {
            session.take_back().await;
            return Ok(());
        };
        if !allowed {
            session.take_back().await;
            return Err(Trouble::Behind {
                missing: missing.len(),
            });
        }
        let made = session.client()?.batch_execute(next.postgres).await;
        made.map_err(|error| trouble(next.name, &error))?;
        let note = [Value::from(next.number), Value::from(next.name)];
        PostgresTx::begun(session)
            .run(&migrations::APPLY, &note)
            .await?;
        crash::point!("postgres.migrating");
        session.commit().await?;
        crash::point!("postgres.migrated");
    }
}

const BEGIN: &str = "start transaction isolation level read committed";
const BEGIN_SOON: &str =
    "start transaction isolation level read committed; set local synchronous_commit = off";

/// A connection for one transaction. Where the transaction was neither kept nor taken back when this is dropped, the
/// connection is ended with it, and never serves another one.
struct Session {
    client: Option<Object>,
    open: bool,
}

impl Session {
    fn new(client: Object) -> Self {
        Self {
            client: Some(client),
            open: false,
        }
    }

    fn client(&self) -> Result<&ClientWrapper, Trouble> {
        match &self.client {
            Some(client) => Ok(client),
            None => Err(Trouble::Closed),
        }
    }

    /// Says something that has no answer.
    async fn tell(&mut self, text: &str) -> Result<(), Trouble> {
        self.open = true;
        self.client()?
            .batch_execute(text)
            .await
            .map_err(|error| trouble("", &error))
    }

    async fn commit(&mut self) -> Result<(), Trouble> {
        if self.open {
            let done = self.client()?.batch_execute("commit").await;
            done.map_err(|error| at_commit(&error))?;
            self.open = false;
        }
        Ok(())
    }

    async fn take_back(&mut self) {
        if self.open && self.tell("rollback").await.is_ok() {
            self.open = false;
        }
    }

    /// Ends a transaction that changed nothing, without waiting for the answer: what is said next comes after it.
    fn leave(&mut self) {
        if self.open && !matches!(self.tell("rollback").now_or_never(), Some(Err(_))) {
            self.open = false;
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if self.open
            && let Some(client) = self.client.take()
        {
            drop(Object::take(client));
        }
    }
}

/// A transaction on PostgreSQL.
pub struct PostgresTx<'t> {
    session: &'t mut Session,
    /// How it will begin, if it has not.
    begin: Option<Begin>,
    broken: Option<Broken>,
    /// The channels that are told when it is durable.
    notices: Vec<&'static str>,
    /// Changes that go out with the next thing that is waited for.
    queued: Vec<(&'static Statement, Vec<Value>)>,
}

#[derive(Clone, Copy)]
struct Begin {
    text: &'static str,
    /// Whether nothing in it can change anything.
    reads: bool,
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
    fn new(session: &'t mut Session, level: Level) -> Self {
        let (text, reads) = match level {
            Level::Read => (
                "start transaction isolation level repeatable read, read only",
                true,
            ),
            Level::Write => (BEGIN, false),
            Level::Soon => (BEGIN_SOON, false),
            Level::Serializable => ("start transaction isolation level serializable", false),
        };
        Self {
            session,
            begin: Some(Begin { text, reads }),
            broken: None,
            notices: Vec::new(),
            queued: Vec::new(),
        }
    }

    /// In a transaction that has begun.
    fn begun(session: &'t mut Session) -> Self {
        Self {
            session,
            begin: None,
            broken: None,
            notices: Vec::new(),
            queued: Vec::new(),
        }
    }

    /// Begins, if this is the first statement, and does it.
    ///
    /// The two go out together where the statement changes nothing: it then saves a way to the server and back. A change waits
    /// until its transaction is sure to be there, because outside of one it could not be taken back.
    async fn within<T>(
        &mut self,
        statement: &Statement,
        work: impl AsyncFnOnce(&ClientWrapper) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.usable()?;
        // A job that gives up waiting for the answer never learns whether the transaction still stands.
        self.broken = Some(Broken::Failed);
        let queued = std::mem::take(&mut self.queued);
        let outcome = match self.begin.take() {
            None => after(self.session.client()?, &queued, work).await,
            Some(begin)
                if queued.is_empty()
                    && (begin.reads || statement.postgres.starts_with("select")) =>
            {
                self.session.open = true;
                let client = self.session.client()?;
                let (begun, outcome) = join(client.batch_execute(begin.text), work(client)).await;
                begun.map_err(|error| trouble("", &error)).and(outcome)
            }
            Some(begin) => match self.session.tell(begin.text).await {
                Ok(()) => after(self.session.client()?, &queued, work).await,
                Err(trouble) => Err(trouble),
            },
        };
        self.noted(outcome)
    }

    pub(super) fn usable(&self) -> Result<(), Trouble> {
        match self.broken {
            Some(_) => Err(broken()),
            None => Ok(()),
        }
    }

    pub(super) fn queue(
        &mut self,
        statement: &'static Statement,
        values: Vec<Value>,
    ) -> Result<(), Trouble> {
        self.usable()?;
        self.queued.push((statement, values));
        Ok(())
    }

    /// Sees to it that everything that was queued is done.
    async fn flush(&mut self) -> Result<(), Trouble> {
        match self.queued.first() {
            Some((first, _)) => self.within(first, async |_| Ok(())).await,
            None => Ok(()),
        }
    }

    fn noted<T>(&mut self, outcome: Result<T, Trouble>) -> Result<T, Trouble> {
        self.broken = outcome.as_ref().err().map(|trouble| match trouble {
            Trouble::Serialization => Broken::Again,
            Trouble::Unavailable { why } => Broken::Away(why.clone()),
            _ => Broken::Failed,
        });
        outcome
    }

    pub(super) async fn rows(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        self.within(statement, async |client| {
            query(client, statement, values).await
        })
        .await
    }

    pub(super) async fn rows_of(
        &mut self,
        questions: &[Question<'_>],
    ) -> Result<Vec<Vec<Row>>, Trouble> {
        let Some((first, _)) = questions.first() else {
            return Ok(Vec::new());
        };
        self.within(first, async |client| {
            // They go out in their order, which they would not if one had to be prepared first.
            prepared(client, questions.iter().map(|(statement, _)| *statement)).await?;
            let all = questions
                .iter()
                .map(|(statement, values)| query(client, statement, values));
            try_join_all(all).await
        })
        .await
    }

    pub(super) async fn run(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<u64, Trouble> {
        self.within(statement, async |client| {
            change(client, statement, values).await
        })
        .await
    }

    pub(super) async fn run_each(
        &mut self,
        statement: &Statement,
        sets: &[Vec<Value>],
    ) -> Result<Vec<u64>, Trouble> {
        self.within(statement, async |client| {
            let mut changed = Vec::with_capacity(sets.len());
            if let (Some(many), true) = (statement.many, sets.len() >= FEW) {
                for some in sets.chunks(AT_ONCE) {
                    changed.extend(change_many(client, statement, many, some).await?);
                }
                return Ok(changed);
            }
            for some in sets.chunks(UNDER_WAY) {
                let all = some.iter().map(|set| change(client, statement, set));
                changed.extend(try_join_all(all).await?);
            }
            Ok(changed)
        })
        .await
    }

    pub(super) async fn shape(&mut self, statement: &Statement) -> Result<(usize, usize), Trouble> {
        self.within(statement, async |client| {
            let prepared = client
                .prepare_cached(statement.postgres)
                .await
                .map_err(|error| trouble(statement.name, &error))?;
            let columns = prepared.columns();
            match columns.iter().position(|column| !is_kept(column.type_())) {
                None => Ok((prepared.params().len(), columns.len())),
                Some(at) => Err(unkept(statement, at, columns[at].type_())),
            }
        })
        .await
    }

    /// Said after the commit: inside of a transaction it would take a lock that lets only one of them commit at a time.
    pub(super) fn notify(&mut self, channel: &'static str) -> Result<(), Trouble> {
        self.usable()?;
        if !self.notices.contains(&channel) {
            self.notices.push(channel);
        }
        Ok(())
    }

    pub(super) async fn advisory_lock(&mut self, key: i64) -> Result<(), Trouble> {
        self.rows(&LOCK, &[key.into()]).await.map(drop)
    }
}

static LOCK: Statement = Statement {
    name: "LOCK",
    sqlite: "",
    postgres: "select pg_advisory_xact_lock($1)::text",
    many: None,
};

/// Sends what was queued and then does something, without waiting in between.
async fn after<T>(
    client: &ClientWrapper,
    queued: &[(&'static Statement, Vec<Value>)],
    work: impl AsyncFnOnce(&ClientWrapper) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    prepared(client, queued.iter().map(|(statement, _)| *statement)).await?;
    let all = queued
        .iter()
        .map(|(statement, values)| change(client, statement, values));
    // What is joined is sent in the order in which it stands.
    let (sent, outcome) = join(try_join_all(all), work(client)).await;
    sent.and(outcome)
}

async fn prepared(
    client: &ClientWrapper,
    statements: impl Iterator<Item = &Statement>,
) -> Result<(), Trouble> {
    for statement in statements {
        let made = client.prepare_cached(statement.postgres).await;
        made.map_err(|error| trouble(statement.name, &error))?;
    }
    Ok(())
}

async fn query(
    client: &ClientWrapper,
    statement: &Statement,
    values: &[Value],
) -> Result<Vec<Row>, Trouble> {
    check_values(statement, values)?;
    let failed = |error| trouble(statement.name, &error);
    let prepared = client
        .prepare_cached(statement.postgres)
        .await
        .map_err(failed)?;
    check_count(statement, prepared.params().len(), values)?;
    let rows = client
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
    client: &ClientWrapper,
    statement: &Statement,
    values: &[Value],
) -> Result<u64, Trouble> {
    check_values(statement, values)?;
    let failed = |error| trouble(statement.name, &error);
    let prepared = client
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
    client
        .execute(&prepared, &parameters(values))
        .await
        .map_err(failed)
}

/// Runs the form of a statement that takes many sets of values at once; answers how many rows each of them made.
async fn change_many(
    client: &ClientWrapper,
    statement: &Statement,
    many: &'static str,
    sets: &[Vec<Value>],
) -> Result<Vec<u64>, Trouble> {
    for set in sets {
        check_values(statement, set)?;
    }
    let failed = |error| trouble(statement.name, &error);
    let prepared = client.prepare_cached(many).await.map_err(failed)?;
    let width = prepared.params().len();
    for set in sets {
        check_count(statement, width, set)?;
    }
    let columns: Vec<Vec<&Value>> = (0..width)
        .map(|column| sets.iter().filter_map(|set| set.get(column)).collect())
        .collect();
    let values: Vec<&(dyn ToSql + Sync)> = columns
        .iter()
        .map(|column| -> &(dyn ToSql + Sync) { column })
        .collect();
    let rows = client.query(&prepared, &values).await.map_err(failed)?;
    let told = prepared.columns().len();
    if told == 0 {
        return Ok(vec![1; sets.len()]);
    }
    let mut made = HashSet::with_capacity(rows.len());
    for row in &rows {
        let key = (0..told).map(|column| read(statement, row, column));
        made.insert(key.collect::<Result<Vec<_>, _>>()?);
    }
    // Of several sets with the same key it is the first that made the row.
    let one = |set: &Vec<Value>| u64::from(set.get(..told).is_some_and(|key| made.remove(key)));
    Ok(sets.iter().map(one).collect())
}
