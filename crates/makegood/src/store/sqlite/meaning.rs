// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the errors of SQLite mean.

use std::collections::VecDeque;

use rusqlite::{Connection, ErrorCode, ffi};

use crate::store::trouble::Trouble;

/// The error as its number and SQLite's fixed words for it: the message that comes along may quote what was stored.
pub(super) fn code(error: &rusqlite::Error) -> String {
    match error.sqlite_error() {
        Some(error) => format!("{error}, number {}", error.extended_code),
        None => "no number".to_owned(),
    }
}

/// What an error of SQLite means.
pub(in crate::store) fn trouble(
    connection: &Connection,
    statement: &'static str,
    error: &rusqlite::Error,
) -> Trouble {
    let (number, message) = match error {
        rusqlite::Error::SqliteFailure(number, message) => (number, message),
        // Its own words would quote the statement.
        rusqlite::Error::SqlInputError { msg, .. } => {
            return Trouble::Misused {
                statement,
                why: msg.clone(),
            };
        }
        other => {
            return Trouble::Misused {
                statement,
                why: other.to_string(),
            };
        }
    };
    let message = message.as_deref().unwrap_or_default();
    let rest = message.split_once(": ").map_or("", |(_, rest)| rest);
    match number.extended_code {
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => Trouble::Conflict {
            constraint: format!("{}_pkey", rest.split('.').next().unwrap_or_default()),
        },
        ffi::SQLITE_CONSTRAINT_UNIQUE => Trouble::Conflict {
            constraint: unique_name(connection, message, rest),
        },
        ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_NOTNULL => Trouble::Check {
            constraint: rest.to_owned(),
        },
        // What a trigger of ours says.
        ffi::SQLITE_CONSTRAINT_TRIGGER => Trouble::Check {
            constraint: message.to_owned(),
        },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Trouble::Reference,
        _ => match number.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Trouble::Busy,
            ErrorCode::DiskFull => Trouble::Full,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Trouble::Corrupt {
                why: format!(
                    "the store is damaged ({}); stop the program and restore a backup",
                    code(error)
                ),
            },
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory => {
                Trouble::Unavailable {
                    why: format!("the store cannot be read or written ({})", code(error)),
                }
            }
            _ => Trouble::Misused {
                statement,
                why: message.to_owned(),
            },
        },
    }
}

/// The name of the unique index that was in the way. SQLite names the columns, and the program knows indexes by name; where
/// one has no name of its own, it is called what PostgreSQL would call it.
fn unique_name(connection: &Connection, message: &str, columns: &str) -> String {
    if let Some((_, index)) = message.split_once("index '") {
        return index.trim_end_matches('\'').to_owned();
    }
    let columns: Vec<(&str, &str)> = columns
        .split(", ")
        .filter_map(|column| column.split_once('.'))
        .collect();
    let table = columns.first().map_or("", |(table, _)| table);
    let names: Vec<&str> = columns.iter().map(|(_, column)| *column).collect();
    index_over(connection, table, &names)
        .ok()
        .flatten()
        .unwrap_or_else(|| format!("{table}_{}_key", names.join("_")))
}

fn index_over(
    connection: &Connection,
    table: &str,
    columns: &[&str],
) -> rusqlite::Result<Option<String>> {
    let mut indexes = connection.prepare_cached(
        "select name from pragma_index_list(?1) where origin = 'c' and \"unique\" order by name",
    )?;
    let mut parts =
        connection.prepare_cached("select name from pragma_index_info(?1) order by seqno")?;
    let names: VecDeque<String> = indexes
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for name in names {
        let over: Vec<Option<String>> = parts
            .query_map([&name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if over
            .iter()
            .map(Option::as_deref)
            .eq(columns.iter().map(|column| Some(*column)))
        {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
