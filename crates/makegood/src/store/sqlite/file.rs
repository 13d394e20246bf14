// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file of a store in SQLite: whose it is, who has it, and how it is opened.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::meaning::{code, trouble};
use crate::store::named;
use crate::store::trouble::Trouble;

/// The oldest SQLite that is safe: before it, resetting the write-ahead log could damage a store
/// (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST: i32 = 3_051_003;

/// Room for prepared statements, on each connection.
const PREPARED: usize = 256;

/// `MKGD`: says in the file that it is a store of this program.
const APPLICATION: i32 = 0x4D4B_4744;

pub(super) fn check_library() -> Result<(), Trouble> {
    match rusqlite::version_number() {
        found if found < OLDEST => Err(Trouble::Unavailable {
            why: format!(
                "this program was built with SQLite {}, which can damage a store; build it with 3.51.3 or newer",
                rusqlite::version()
            ),
        }),
        _ => Ok(()),
    }
}

/// Makes sure that no other process has the store, for as long as the answer lives.
pub(in crate::store) fn lock(path: &Path) -> Result<File, Trouble> {
    let beside = with_suffix(path, ".lock");
    let lock = private(&beside).map_err(|error| cannot("made", &beside, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Trouble::Taken {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(cannot("locked", &beside, &error)),
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Unavailable {
        why: format!("{} cannot be {what}: {error}", named(path)),
    }
}

/// Makes sure that there is a file, and nothing that was torn apart.
pub(super) fn prepare(path: &Path, create: bool) -> Result<(), Trouble> {
    let exists = |path: &Path| {
        path.try_exists()
            .map_err(|error| cannot("looked at", path, &error))
    };
    if exists(path)? {
        return Ok(());
    }
    let log = with_suffix(path, "-wal");
    if exists(&log)? {
        return Err(Trouble::Corrupt {
            why: format!(
                "{} is not there, and its log, {}, is: they were torn apart, and the log may hold what was acknowledged; bring the file back beside it, or move the log away",
                named(path),
                named(&log)
            ),
        });
    }
    if !create {
        return Err(Trouble::Unavailable {
            why: format!(
                "{} is not there; `makegood init` makes a store",
                named(path)
            ),
        });
    }
    // SQLite gives its companions the rights of the file, so making it decides for all.
    private(path).map_err(|error| cannot("made", path, &error))?;
    Ok(())
}

/// Opens a file for writing, and makes it for its owner alone if it is not there.
pub(in crate::store) fn private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A file beside another.
pub(in crate::store) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn writing(path: &Path, patience: Duration) -> Result<Connection, Trouble> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, patience)?;
    claim(&connection, path)?;
    connection
        .execute_batch(
            "pragma journal_mode = wal;
             pragma synchronous = full;
             pragma fullfsync = on;
             pragma checkpoint_fullfsync = on;
             pragma foreign_keys = on;
             pragma cache_size = -16384;
             pragma wal_autocheckpoint = 4000;
             pragma journal_size_limit = 67108864;",
        )
        .map_err(|error| trouble(&connection, "", &error))?;
    Ok(connection)
}

pub(in crate::store) fn reading_only(
    path: &Path,
    patience: Duration,
) -> Result<Connection, Trouble> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, patience)?;
    connection
        .execute_batch("pragma query_only = on;")
        .map_err(|error| trouble(&connection, "", &error))?;
    Ok(connection)
}

fn connect(path: &Path, how: OpenFlags, patience: Duration) -> Result<Connection, Trouble> {
    let flags = how | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(patience)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // Otherwise a statement is planned anew whenever its values change, which takes longer than most of them run.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch("pragma trusted_schema = off; pragma temp_store = memory;")?;
        Ok(connection)
    });
    opened.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => not_a_store(path),
        _ => Trouble::Unavailable {
            why: format!("{} cannot be opened: {}", named(path), code(&error)),
        },
    })
}

fn not_a_store(path: &Path) -> Trouble {
    Trouble::Corrupt {
        why: format!(
            "{} is not a store of makegood, or it is damaged; name another file, or restore a backup",
            named(path)
        ),
    }
}

/// Writes into an empty file whose it is, and refuses another program's.
fn claim(connection: &Connection, path: &Path) -> Result<(), Trouble> {
    match application(connection, path)? {
        APPLICATION => Ok(()),
        _ => {
            let tables: i64 = connection
                .query_row("select count(*) from sqlite_schema", [], |row| row.get(0))
                .map_err(|error| trouble(connection, "", &error))?;
            if tables > 0 {
                return Err(not_a_store(path));
            }
            connection
                .pragma_update(None, "application_id", APPLICATION)
                .map_err(|error| trouble(connection, "", &error))
        }
    }
}

fn application(connection: &Connection, path: &Path) -> Result<i32, Trouble> {
    connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => not_a_store(path),
            _ => trouble(connection, "", &error),
        })
}

/// Refuses a file that is not a store.
pub(in crate::store) fn check_application(
    connection: &Connection,
    path: &Path,
) -> Result<(), Trouble> {
    match application(connection, path)? {
        APPLICATION => Ok(()),
        _ => Err(not_a_store(path)),
    }
}
