// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of a store in SQLite, made while it is in use, and put back.
//!
//! A copy is written beside its place, checked, flushed, and only then given its name: under that name there is a whole store
//! or nothing.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::crash;

use super::migrations::Migration;
use super::sqlite::{self, with_suffix};
use super::trouble::Trouble;
use super::{Location, blocking, named};

/// How many pages are copied before others may have the processor.
const STEP: i32 = 1_024;

/// How long the copying waits for a lock that another process has for a moment.
const PATIENCE: Duration = Duration::from_secs(5);

const BY_ITS_OWN_TOOLS: Trouble = Trouble::Elsewhere {
    remedy: "PostgreSQL has better tools for this: `pg_dump --format=custom --file=FILE URL` copies a database while it is in use, and `pg_restore --clean --if-exists --dbname=URL FILE` puts it back",
};

/// Copies a store, as it is at one moment, into a file that is not there yet. The store may be in use, by another process too.
/// Answers how many bytes the copy has.
///
/// # Errors
/// The file is there, the store cannot be read or is damaged, or it is in PostgreSQL.
pub async fn backup(from: &Location, to: &Path) -> Result<u64, Trouble> {
    let Location::Sqlite(from) = from.clone() else {
        return Err(BY_ITS_OWN_TOOLS);
    };
    let to = to.to_owned();
    blocking(move || {
        in_the_way(&to, "name a file that is not there yet")?;
        let source = open(&from)?;
        let copy = Copy::beside(&to)?;
        copy.fill(&source, &from, "quick_check")?;
        copy.settle(&to)
    })
    .await
}

/// Puts a copy in the place of a store. Whatever is there stays beside it, as `NAME.replaced-N`, and its path is answered.
///
/// # Errors
/// The copy is damaged, is not a store, or newer than the program; a store is there already and `force` is not said; another
/// process has it; or the place is in PostgreSQL.
pub async fn restore(
    to: &Location,
    from: &Path,
    force: bool,
    all: &'static [Migration],
) -> Result<Option<PathBuf>, Trouble> {
    let Location::Sqlite(to) = to.clone() else {
        return Err(BY_ITS_OWN_TOOLS);
    };
    let from = from.to_owned();
    blocking(move || {
        let _lock = sqlite::lock(&to)?;
        if !force && fs::metadata(&to).is_ok_and(|found| found.len() > 0) {
            in_the_way(
                &to,
                "say `--force` to put it aside and restore in its place",
            )?;
        }
        let mut source = open(&from)?;
        sqlite::missing_here(&mut source, all)?;
        let copy = Copy::beside(&to)?;
        copy.fill(&source, &from, "integrity_check")?;
        let aside = put_aside(&to)?;
        crash::point!("restore.aside");
        copy.settle(&to)?;
        Ok(aside)
    })
    .await
}

/// Reads a whole store through and looks whether it is sound. It may be in use. PostgreSQL looks after itself.
///
/// # Errors
/// It is damaged, is not a store, or cannot be read.
pub async fn check(at: &Location) -> Result<(), Trouble> {
    let Location::Sqlite(path) = at.clone() else {
        return Ok(());
    };
    blocking(move || {
        let store = open(&path)?;
        sound(&store, &path, "integrity_check")?;
        let astray: i64 = store
            .query_row("select count(*) from pragma_foreign_key_check", [], |row| {
                row.get(0)
            })
            .map_err(|error| sqlite::trouble(&store, "check", &error))?;
        match astray {
            0 => Ok(()),
            _ => Err(damaged(&path)),
        }
    })
    .await
}

fn sound(store: &Connection, path: &Path, check: &str) -> Result<(), Trouble> {
    let found: String = store
        .query_row(&format!("pragma {check}(1)"), [], |row| row.get(0))
        .map_err(|error| sqlite::trouble(store, "check", &error))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(damaged(path)),
    }
}

fn damaged(path: &Path) -> Trouble {
    Trouble::Corrupt {
        why: format!(
            "{} is damaged; restore a backup, or ask somebody who knows SQLite to recover what can be",
            named(path)
        ),
    }
}

fn in_the_way(path: &Path, remedy: &'static str) -> Result<(), Trouble> {
    match path.try_exists() {
        Ok(false) => Ok(()),
        Ok(true) => Err(Trouble::InTheWay {
            path: path.to_owned(),
            remedy,
        }),
        Err(error) => Err(unwritable(path, &error)),
    }
}

fn open(path: &Path) -> Result<Connection, Trouble> {
    if !path.exists() {
        return Err(Trouble::Unavailable {
            why: format!("{} is not there", named(path)),
        });
    }
    let connection = sqlite::reading_only(path, PATIENCE)?;
    sqlite::check_application(&connection, path)?;
    Ok(connection)
}

fn unwritable(path: &Path, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::Full,
        _ => Trouble::Unavailable {
            why: format!("{} cannot be written: {error}", named(path)),
        },
    }
}

/// A copy that has no name yet. It goes when it is dropped.
struct Copy {
    path: PathBuf,
    file: File,
}

impl Copy {
    fn beside(place: &Path) -> Result<Self, Trouble> {
        let path = with_suffix(place, ".partial");
        let file = sqlite::private(&path).map_err(|error| unwritable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Trouble::Taken { path }),
            Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
        }
        // A copying that was cut off may have left its beginning.
        file.set_len(0).map_err(|error| unwritable(&path, &error))?;
        Ok(Self { path, file })
    }

    /// Copies and checks.
    fn fill(&self, source: &Connection, origin: &Path, check: &str) -> Result<(), Trouble> {
        let failed = |error: rusqlite::Error| sqlite::trouble(source, "backup", &error);
        // With a transaction open, the copying sees one moment, and writers do not make it begin again and again.
        source
            .execute_batch("begin; select count(*) from sqlite_schema;")
            .map_err(failed)?;
        let mut copy = Connection::open(&self.path).map_err(failed)?;
        let copying = Backup::new(source, &mut copy).map_err(failed)?;
        loop {
            match copying.step(STEP).map_err(failed)? {
                StepResult::Done => break,
                StepResult::More => thread::yield_now(),
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
        drop(copying);
        source.execute_batch("rollback").map_err(failed)?;
        // A copy is one file; a store gets its log again when it is opened.
        copy.execute_batch("pragma journal_mode = delete;")
            .map_err(failed)?;
        sound(&copy, origin, check)
    }

    /// Makes it durable under its name.
    fn settle(self, place: &Path) -> Result<u64, Trouble> {
        let settled = || {
            self.file.sync_all()?;
            crash::point!("backup.copied");
            let length = self.file.metadata()?.len();
            // Unlike a renaming, a second name never takes the place of a file that came in between.
            match fs::hard_link(&self.path, place) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) => fs::rename(&self.path, place)?,
            }
            crash::point!("backup.linked");
            sync_folder(place)?;
            Ok(length)
        };
        settled().map_err(|error: io::Error| unwritable(place, &error))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A new name is durable once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// Moves a store and its log out of the way. The log must go even where the store is gone: beside another file it would be
/// taken for that one's.
fn put_aside(path: &Path) -> Result<Option<PathBuf>, Trouble> {
    let moved = || {
        let free = (1..).map(|number| with_suffix(path, &format!(".replaced-{number}")));
        let Some(aside) = free.into_iter().find(|aside: &PathBuf| !aside.exists()) else {
            return Ok(None);
        };
        let had_store = rename_if_there(path, &aside)?;
        let had_log = rename_if_there(&with_suffix(path, "-wal"), &with_suffix(&aside, "-wal"))?;
        match fs::remove_file(with_suffix(path, "-shm")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        Ok((had_store || had_log).then_some(aside))
    };
    moved().map_err(|error| unwritable(path, &error))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<bool> {
    match fs::rename(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
