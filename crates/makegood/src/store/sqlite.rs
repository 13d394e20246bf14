// SPDX-License-Identifier: MIT OR Apache-2.0
//! SQLite: one thread that writes for everybody and commits for many at once, and some that read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc as queue;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use crate::crash;

use self::file::{check_library, prepare, writing};
use self::meaning::code;
use super::job::{Job, at_once, job};
use super::migrations::{self, Migration};
use super::notice::Notices;
use super::trouble::Trouble;
use super::value::{Row, Value};
use super::{
    BeforeCommit, Counters, OnLostDisk, Options, Statement, Tx, blocking, broken, check_values,
    named,
};

mod file;
mod meaning;

pub(super) use file::{check_application, lock, private, reading_only, with_suffix};
pub(super) use meaning::trouble;

/// How many jobs share a commit at most: so many that the disk no longer matters, so few that the first does not wait long.
const GROUP: usize = 256;

/// How many jobs may wait before callers wait to hand theirs in.
const WAITING: usize = 4_096;

/// A store in SQLite.
pub(super) struct Sqlite {
    writer: mpsc::Sender<Message>,
    readers: Mutex<Option<queue::Sender<Box<dyn Job>>>>,
    reading: Mutex<Vec<thread::JoinHandle<()>>>,
    notices: Arc<Notices>,
    counters: Arc<Counters>,
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<()>),
}

impl Sqlite {
    pub(super) async fn open(path: &Path, options: Options) -> Result<Self, Trouble> {
        let path = path.to_owned();
        blocking(move || Self::open_here(&path, options)).await
    }

    fn open_here(path: &Path, options: Options) -> Result<Self, Trouble> {
        check_library()?;
        if options.reading {
            return Self::open_to_read(path, &options);
        }
        let lock = lock(path)?;
        prepare(path, options.create)?;
        let mut connection = writing(path, options.patience)?;
        migrate(&mut connection, options.migrations, options.migrate)?;
        let notices = Arc::new(Notices::new());
        let counters = Arc::new(Counters::default());
        let (jobs, reading) = readers(path, &options)?;
        let writer = Writer {
            connection,
            before_commit: options.before_commit,
            on_lost_disk: options.on_lost_disk,
            notices: Arc::clone(&notices),
            counters: Arc::clone(&counters),
            path: path.to_owned(),
            _lock: lock,
        };
        let (sender, receiver) = mpsc::channel(WAITING);
        start("store-writer", move || writer.work(receiver))?;
        Ok(Self {
            writer: sender,
            readers: Mutex::new(Some(jobs)),
            reading: Mutex::new(reading),
            notices,
            counters,
        })
    }

    /// Opens a store beside whoever has it. SQLite lets others read while one writes.
    fn open_to_read(path: &Path, options: &Options) -> Result<Self, Trouble> {
        prepare(path, false)?;
        let mut connection = reading_only(path, options.patience)?;
        check_application(&connection, path)?;
        let missing = missing_here(&mut connection, options.migrations)?.len();
        if missing > 0 {
            return Err(Trouble::Behind { missing });
        }
        let (jobs, reading) = readers(path, options)?;
        // Nobody is there who writes.
        let (writer, _) = mpsc::channel(1);
        Ok(Self {
            writer,
            readers: Mutex::new(Some(jobs)),
            reading: Mutex::new(reading),
            notices: Arc::new(Notices::new()),
            counters: Arc::new(Counters::default()),
        })
    }

    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        let (job, answer) = job(work);
        if self.writer.send(Message::Job(job)).await.is_err() {
            return Err(Trouble::Closed);
        }
        // The thread is gone without an answer only if it failed itself, and then nobody knows.
        answer.await.unwrap_or(Err(Trouble::OutcomeUnknown))
    }

    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Trouble>
    where
        T: Send + 'static,
        F: for<'t> FnMut(&'t mut Tx<'_>) -> BoxFuture<'t, Result<T, Trouble>> + Send + 'static,
    {
        let (job, answer) = job(work);
        match self.hand_to_a_reader(job) {
            true => answer.await.unwrap_or(Err(Trouble::Closed)),
            false => Err(Trouble::Closed),
        }
    }

    fn hand_to_a_reader(&self, job: Box<dyn Job>) -> bool {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        readers
            .as_ref()
            .is_some_and(|readers| readers.send(job).is_ok())
    }

    pub(super) fn notices(&self) -> &Notices {
        &self.notices
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) async fn close(&self) {
        let readers = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(readers);
        let reading: Vec<_> = self
            .reading
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
            .collect();
        // The readers go first: only the last connection can fold the log into the file.
        let _ = blocking(move || {
            for reader in reading {
                let _ = reader.join();
            }
            Ok(())
        })
        .await;
        let (done, closed) = oneshot::channel();
        if self.writer.send(Message::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        self.notices.close();
    }
}

type Readers = (queue::Sender<Box<dyn Job>>, Vec<thread::JoinHandle<()>>);

/// Starts the threads that read.
fn readers(path: &Path, options: &Options) -> Result<Readers, Trouble> {
    let (jobs, waiting) = queue::channel();
    let waiting = Arc::new(Mutex::new(waiting));
    let mut reading = Vec::new();
    for number in 1..=options.readers.max(1) {
        let connection = reading_only(path, options.patience)?;
        let waiting = Arc::clone(&waiting);
        let work = move || read_all(connection, &waiting);
        reading.push(start(&format!("store-reader-{number}"), work)?);
    }
    Ok((jobs, reading))
}

fn start(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<thread::JoinHandle<()>, Trouble> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map_err(|error| Trouble::Unavailable {
            why: format!("no thread can be started for the store: {error}"),
        })
}

/// The steps that a store in SQLite lacks.
pub(super) async fn missing(
    path: &Path,
    all: &'static [Migration],
) -> Result<&'static [Migration], Trouble> {
    let path = path.to_owned();
    blocking(move || {
        check_library()?;
        if !path.exists() {
            return Ok(all);
        }
        let mut connection = reading_only(&path, Duration::from_secs(5))?;
        missing_here(&mut connection, all)
    })
    .await
}

pub(super) fn missing_here(
    connection: &mut Connection,
    all: &'static [Migration],
) -> Result<&'static [Migration], Trouble> {
    let mut tx = SqliteTx::new(connection);
    let any = tx.rows(&migrations::HAS_MIGRATIONS, &[])?;
    let mut applied = Vec::new();
    if any.first().map_or(Ok(0), |row| row.int(0))? > 0 {
        for row in tx.rows(&migrations::APPLIED, &[])? {
            applied.push((row.int(0)?, row.text(1)?.to_owned()));
        }
    }
    migrations::missing(all, &applied)
}

fn migrate(
    connection: &mut Connection,
    all: &'static [Migration],
    allowed: bool,
) -> Result<(), Trouble> {
    let missing = missing_here(connection, all)?;
    if !allowed && !missing.is_empty() {
        return Err(Trouble::Behind {
            missing: missing.len(),
        });
    }
    for migration in missing {
        // A table that is built anew is dropped in between, and whatever points at it must bear that; it is checked below.
        execute(connection, "pragma foreign_keys = off")?;
        let outcome = step(connection, migration);
        if !connection.is_autocommit() {
            execute(connection, "rollback")?;
        }
        execute(connection, "pragma foreign_keys = on")?;
        outcome?;
    }
    Ok(())
}

fn step(connection: &mut Connection, migration: &Migration) -> Result<(), Trouble> {
    execute(connection, "begin immediate")?;
    connection
        .execute_batch(migration.sqlite)
        .map_err(|error| trouble(connection, migration.name, &error))?;
    let note = [Value::from(migration.number), Value::from(migration.name)];
    SqliteTx::new(connection).run(&migrations::APPLY, &note)?;
    let astray: i64 = connection
        .query_row("select count(*) from pragma_foreign_key_check", [], |row| {
            row.get(0)
        })
        .map_err(|error| trouble(connection, migration.name, &error))?;
    if astray > 0 {
        return Err(Trouble::Reference);
    }
    crash::point!("sqlite.migrating");
    execute(connection, "commit")?;
    crash::point!("sqlite.migrated");
    Ok(())
}

/// The thread that writes.
struct Writer {
    connection: Connection,
    before_commit: Option<BeforeCommit>,
    on_lost_disk: OnLostDisk,
    notices: Arc<Notices>,
    counters: Arc<Counters>,
    path: PathBuf,
    /// Kept until the connection is closed.
    _lock: File,
}

/// How a transaction for several jobs ended.
enum End {
    Committed,
    /// The database gave the whole transaction up at one of the jobs.
    Lost(usize),
    /// What the jobs did together is against a rule that is only checked at the end.
    Against(Trouble),
    /// Nothing was changed, for a reason that all share.
    Failed(Trouble),
    /// Nobody knows what the disk holds.
    LostDisk(String),
}

/// What became of a job's own part of a transaction.
enum Kept {
    Yes,
    No,
    /// The whole transaction is gone, as SQLite does when it runs out of room or memory.
    Gone,
}

impl Writer {
    fn work(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut waiting = Vec::with_capacity(GROUP);
        let (mut closing, mut sound) = (None, true);
        while sound && closing.is_none() && receiver.blocking_recv_many(&mut waiting, GROUP) > 0 {
            let mut jobs = Vec::with_capacity(waiting.len());
            for message in waiting.drain(..) {
                match message {
                    Message::Job(job) => jobs.push(job),
                    Message::Close(done) => closing = Some(done),
                }
            }
            sound = self.group(jobs);
        }
        receiver.close();
        while let Ok(message) = receiver.try_recv() {
            match message {
                // What was never run is answered as such.
                Message::Job(job) => job.answer(),
                Message::Close(done) => closing = Some(done),
            }
        }
        // Only saves the next start some work: what was answered is durable in the log.
        if sound {
            let _ = self
                .connection
                .execute_batch("pragma optimize; pragma wal_checkpoint(truncate);");
        }
        drop(self);
        if let Some(done) = closing {
            let _ = done.send(());
        }
    }

    /// Makes the jobs durable and answers them. Whether the store can go on.
    fn group(&mut self, mut jobs: Vec<Box<dyn Job>>) -> bool {
        jobs.retain(|job| !job.is_abandoned());
        while !jobs.is_empty() {
            match self.transaction(&mut jobs) {
                End::Committed => break,
                End::Lost(at) => {
                    jobs.remove(at).answer();
                    jobs.iter().for_each(|_| self.counters.again("neighbour"));
                    continue;
                }
                End::Against(_) if jobs.len() > 1 => {
                    jobs.iter().for_each(|_| self.counters.again("neighbour"));
                    return jobs.into_iter().all(|job| self.group(vec![job]));
                }
                End::Against(trouble) | End::Failed(trouble) => {
                    jobs.iter_mut().for_each(|job| job.spoil(trouble.shared()));
                    break;
                }
                End::LostDisk(words) => {
                    (self.on_lost_disk)(&words);
                    for mut job in jobs {
                        job.spoil(Trouble::OutcomeUnknown);
                        job.answer();
                    }
                    return false;
                }
            }
        }
        jobs.into_iter().for_each(Job::answer);
        true
    }

    fn transaction(&mut self, jobs: &mut [Box<dyn Job>]) -> End {
        if let Err(trouble) = execute(&self.connection, "begin immediate") {
            return End::Failed(trouble);
        }
        let mut notices = Vec::new();
        let mut kept = 0_usize;
        for (at, job) in jobs.iter_mut().enumerate() {
            match self.in_savepoint(job.as_mut(), &mut notices) {
                Ok(Kept::Yes) => kept += 1,
                Ok(Kept::No) => {}
                Ok(Kept::Gone) => return End::Lost(at),
                Err(trouble) => return self.take_back(End::Failed(trouble)),
            }
        }
        if kept > 0
            && let Some(seal) = &mut self.before_commit
        {
            let mut tx = Tx::Sqlite(SqliteTx::new(&mut self.connection));
            let sealed = at_once(&mut tx, seal);
            notices.extend(into_notices(tx));
            if let Err(trouble) = sealed {
                return self.take_back(End::Failed(trouble));
            }
        }
        crash::point!("sqlite.before_commit");
        match self.commit() {
            End::Committed => {
                crash::point!("sqlite.committed");
                self.counters.committed(kept);
                notices
                    .iter()
                    .for_each(|channel| self.notices.tell(channel));
                End::Committed
            }
            other => other,
        }
    }

    /// Runs a job so that all it did, and nothing else, can be taken back.
    fn in_savepoint(
        &mut self,
        job: &mut dyn Job,
        notices: &mut Vec<&'static str>,
    ) -> Result<Kept, Trouble> {
        execute(&self.connection, "savepoint job")?;
        let mut tx = Tx::Sqlite(SqliteTx::new(&mut self.connection));
        let kept = job.run(&mut tx);
        let told = into_notices(tx);
        if self.connection.is_autocommit() {
            if kept {
                job.spoil(Trouble::misused(
                    "a job ended the transaction that it shares",
                ));
            }
            return Ok(Kept::Gone);
        }
        if kept {
            notices.extend(told);
        } else {
            execute(&self.connection, "rollback to job")?;
        }
        execute(&self.connection, "release job")?;
        Ok(if kept { Kept::Yes } else { Kept::No })
    }

    fn commit(&mut self) -> End {
        let outcome = self
            .connection
            .prepare_cached("commit")
            .and_then(|mut commit| commit.execute([]));
        let Err(error) = outcome else {
            return End::Committed;
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => {
                let trouble = trouble(&self.connection, "commit", &error);
                self.take_back(End::Against(trouble))
            }
            Some(ErrorCode::DiskFull) => self.take_back(End::Failed(Trouble::Full)),
            Some(ErrorCode::DatabaseBusy) => self.take_back(End::Failed(Trouble::Busy)),
            _ => End::LostDisk(self.lost(&error)),
        }
    }

    fn take_back(&mut self, end: End) -> End {
        if self.connection.is_autocommit() {
            return end;
        }
        match self.connection.execute_batch("rollback") {
            Ok(()) => end,
            Err(error) => End::LostDisk(self.lost(&error)),
        }
    }

    fn lost(&self, error: &rusqlite::Error) -> String {
        format!(
            "writing {} failed ({}); the program stops, because what is on the disk is only known after a new start; check the disk",
            named(&self.path),
            code(error)
        )
    }
}

/// What a thread that reads does all its life.
fn read_all(mut connection: Connection, waiting: &Mutex<queue::Receiver<Box<dyn Job>>>) {
    loop {
        let next = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(mut job) = next else { return };
        if job.is_abandoned() {
            continue;
        }
        match execute(&connection, "begin") {
            Ok(()) => {
                let _ = job.run(&mut Tx::Sqlite(SqliteTx::new(&mut connection)));
                if !connection.is_autocommit()
                    && let Err(trouble) = execute(&connection, "rollback")
                {
                    job.spoil(trouble);
                }
            }
            Err(trouble) => job.spoil(trouble),
        }
        job.answer();
    }
}

/// A transaction on SQLite.
pub struct SqliteTx<'t> {
    connection: &'t mut Connection,
    broken: bool,
    notices: Vec<&'static str>,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl<'t> SqliteTx<'t> {
    pub(super) fn new(connection: &'t mut Connection) -> Self {
        Self {
            connection,
            broken: false,
            notices: Vec::new(),
        }
    }

    pub(super) fn usable(&self) -> Result<(), Trouble> {
        match self.broken {
            true => Err(broken()),
            false => Ok(()),
        }
    }

    pub(super) fn rows(
        &mut self,
        statement: &Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Trouble> {
        self.usable()?;
        let outcome = check_values(statement, values)
            .and_then(|()| query(self.connection, statement, values));
        self.broken = outcome.is_err();
        outcome
    }

    pub(super) fn run(&mut self, statement: &Statement, values: &[Value]) -> Result<u64, Trouble> {
        self.usable()?;
        let outcome = check_values(statement, values)
            .and_then(|()| change(self.connection, statement, values));
        self.broken = outcome.is_err();
        outcome
    }

    pub(super) fn run_each(
        &mut self,
        statement: &Statement,
        sets: &[Vec<Value>],
    ) -> Result<Vec<u64>, Trouble> {
        self.usable()?;
        let checked = sets.iter().try_for_each(|set| check_values(statement, set));
        let outcome = checked.and_then(|()| change_each(self.connection, statement, sets));
        self.broken = outcome.is_err();
        outcome
    }

    pub(super) fn shape(&mut self, statement: &Statement) -> Result<(usize, usize), Trouble> {
        self.usable()?;
        self.connection
            .prepare_cached(statement.sqlite)
            .map(|prepared| (prepared.parameter_count(), prepared.column_count()))
            .map_err(|error| trouble(self.connection, statement.name, &error))
    }

    pub(super) fn notify(&mut self, channel: &'static str) -> Result<(), Trouble> {
        self.usable()?;
        self.notices.push(channel);
        Ok(())
    }
}

fn into_notices(tx: Tx<'_>) -> Vec<&'static str> {
    match tx {
        Tx::Sqlite(tx) => tx.notices,
        Tx::Postgres(_) => Vec::new(),
    }
}

fn query(
    connection: &Connection,
    statement: &Statement,
    values: &[Value],
) -> Result<Vec<Row>, Trouble> {
    let read = || -> rusqlite::Result<Vec<Row>> {
        let mut prepared = connection.prepare_cached(statement.sqlite)?;
        let width = prepared.column_count();
        let mut found = prepared.query(params_from_iter(values))?;
        let mut rows = Vec::new();
        while let Some(row) = found.next()? {
            let mut values = Vec::with_capacity(width);
            for column in 0..width {
                values.push(match row.get_ref(column)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(number) => Value::Int(number),
                    ValueRef::Text(_) => Value::Text(row.get(column)?),
                    ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
                    // No table has one, so it is a mistake in the statement.
                    ValueRef::Real(_) => {
                        return Err(rusqlite::Error::InvalidColumnType(
                            column,
                            "a number with a point".to_owned(),
                            rusqlite::types::Type::Real,
                        ));
                    }
                });
            }
            rows.push(Row::new(statement.name, values));
        }
        Ok(rows)
    };
    read().map_err(|error| trouble(connection, statement.name, &error))
}

fn change(
    connection: &Connection,
    statement: &Statement,
    values: &[Value],
) -> Result<u64, Trouble> {
    connection
        .prepare_cached(statement.sqlite)
        .and_then(|mut prepared| prepared.execute(params_from_iter(values)))
        .map(|changed| u64::try_from(changed).unwrap_or(u64::MAX))
        .map_err(|error| trouble(connection, statement.name, &error))
}

/// The same for many sets of values: looked up and prepared once.
fn change_each(
    connection: &Connection,
    statement: &Statement,
    sets: &[Vec<Value>],
) -> Result<Vec<u64>, Trouble> {
    let run = || -> rusqlite::Result<Vec<u64>> {
        let mut prepared = connection.prepare_cached(statement.sqlite)?;
        let mut changed = Vec::with_capacity(sets.len());
        for set in sets {
            let rows = prepared.execute(params_from_iter(set))?;
            changed.push(u64::try_from(rows).unwrap_or(u64::MAX));
        }
        Ok(changed)
    };
    run().map_err(|error| trouble(connection, statement.name, &error))
}

fn execute(connection: &Connection, text: &'static str) -> Result<(), Trouble> {
    connection
        .prepare_cached(text)
        .and_then(|mut prepared| prepared.raw_execute().map(drop))
        .map_err(|error| trouble(connection, text, &error))
}
