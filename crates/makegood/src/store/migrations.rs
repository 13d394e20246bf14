// SPDX-License-Identifier: MIT OR Apache-2.0
//! The steps by which a store becomes what the program of today expects.
//!
//! **Each migration suits yesterday's binary.** While a new program starts, the old one may still run on the same database, and
//! whoever goes back a version must find a store that works. So: first expand, then contract. Add a table, a column with a
//! default or without a duty, an index; let the program of today write both; take away what is old only in a later release,
//! when no program reads it. Never rename, never narrow, never give an old column a new meaning. A released migration is not
//! edited: write the next one.
//!
//! A migration is one file a dialect, `NNNN_name.sql`, with equal numbers and equal names, listed below in order. Each runs in
//! a transaction of its own, together with the row that says so. Tables of SQLite are `strict`, so that both databases keep
//! the same kinds of value; unique indexes and checks have the same names in both, because the program recognises them by name.

use super::trouble::Trouble;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its place in the order, from 1.
    pub number: i64,
    /// What it is about.
    pub name: &'static str,
    /// What SQLite is told.
    pub sqlite: &'static str,
    /// What PostgreSQL is told.
    pub postgres: &'static str,
}

macro_rules! migrations {
    ($($number:literal $file:literal;)+) => {
        &[$(Migration {
            number: $number,
            name: $file.split_at(5).1,
            sqlite: include_str!(concat!("migrations/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("migrations/postgres/", $file, ".sql")),
        }),+]
    };
}

/// All steps, in order.
pub static ALL: &[Migration] = migrations! {
    1 "0001_meta";
    2 "0002_desk";
    3 "0003_person_key";
    4 "0004_session";
    5 "0005_given_back";
    6 "0006_mail";
    7 "0007_console";
    8 "0008_note";
    9 "0009_people";
    10 "0010_word";
    11 "0011_workbench";
    12 "0012_proved";
    13 "0013_entry_code";
    14 "0014_dispute_answer";
};

crate::statements! {
    /// Whether the store has had a migration at all.
    HAS_MIGRATIONS = sqlite "select count(*) from sqlite_schema where type = 'table' and name = 'migration'",
        postgres "select count(*) from pg_catalog.pg_class where oid = to_regclass('migration')";
    /// The steps that were made, in order. Prepared only once there are some.
    APPLIED = "select number, name from migration order by number";
    /// Notes that a step was made. The time is the database's: nobody else is asked for one.
    APPLY = sqlite "insert into migration (number, name, applied_at) values (?1, ?2, cast(unixepoch('subsec') * 1000000 as integer))",
        postgres "insert into migration (number, name, applied_at) values ($1, $2, (extract(epoch from clock_timestamp()) * 1000000)::bigint)";
    /// What is kept under a key.
    READ_META = "select value from meta where key = ?1";
    /// Keeps something under a key.
    WRITE_META = "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value";
}

/// The steps that a store still lacks.
///
/// # Errors
/// The store has more than the program knows, or other ones.
pub fn missing<'m>(
    all: &'m [Migration],
    applied: &[(i64, String)],
) -> Result<&'m [Migration], Trouble> {
    let last = |number: Option<i64>| number.unwrap_or(0);
    let (store, program) = (
        last(applied.last().map(|(number, _)| *number)),
        last(all.last().map(|migration| migration.number)),
    );
    if store > program {
        return Err(Trouble::Newer { store, program });
    }
    for ((number, name), known) in applied.iter().zip(all) {
        if (*number, name.as_str()) != (known.number, known.name) {
            return Err(Trouble::Corrupt {
                why: format!(
                    "the store has migration {number} `{name}` where the program has {} `{}`; this is the store of another program",
                    known.number, known.name
                ),
            });
        }
    }
    Ok(all.get(applied.len()..).unwrap_or_default())
}
