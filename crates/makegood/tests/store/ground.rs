// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the tests stand: a store of their own on either database, with tables on which rules can be broken.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use makegood::store::{Location, Migration, Options, Store, Trouble, Value, migrations};

use crate::pg::{Cluster, Durability};

/// One server for all tests of this file.
pub static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(Durability::None));

/// The product's tables, and those of the tests.
pub static MIGRATIONS: LazyLock<&'static [Migration]> = LazyLock::new(|| {
    let mut all = migrations::ALL.to_vec();
    all.push(Migration {
        number: 9_001,
        name: "tests",
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    });
    all.leak()
});

makegood::statements! {
    ADD_PERSON = "insert into person (id, email, name, tag) values (?1, ?2, ?3, ?4)";
    ADD_PERSON_IF_NEW = "insert into person (id, email, name, tag) values (?1, ?2, ?3, ?4) on conflict do nothing";
    COUNT_PEOPLE = "select count(*) from person";
    DELETE_PERSON = "delete from person where id = ?1";
    ADD_SEAT = "insert into seat (row, number, person) values (?1, ?2, ?3)";
    ADD_LATE_SEAT = "insert into seat (row, number, late_person) values (?1, ?2, ?3)";
    ADD_NOTE = "insert into note (text) values (?1)";
    NOTES = "select text from note";
    CHANGE_NOTES = "update note set text = ?1";
    ADD_ACCOUNT = "insert into account (id, captured, reserved) values (?1, ?2, ?3)";
    RESERVE = "update account set reserved = reserved + ?1 where id = ?2 and reserved + ?1 <= captured";
    RESERVE_BLINDLY = "update account set reserved = reserved + ?1 where id = ?2";
    RESERVED = "select reserved from account where id = ?1";
    RESERVED_LOCKED = sqlite "select reserved from account where id = ?1",
        postgres "select reserved from account where id = $1 for update";
    SET_RESERVED = "update account set reserved = ?1 where id = ?2";
    ALL_RESERVED = "select sum(reserved) from account where 1 = ?1";
    SUM_RESERVED = sqlite "select sum(reserved) from account", postgres "select sum(reserved)::bigint from account";
    KEEP = "insert into kept (id, number, words, bytes) values (?1, ?2, ?3, ?4)";
    KEPT = "select number, words, bytes from kept where id = ?1";
    NO_SUCH_TABLE = "select nothing from nowhere";
}

static GROUNDS: AtomicU32 = AtomicU32::new(0);

/// A store, and where it is.
pub struct Ground {
    pub store: Store,
    pub location: Location,
    folder: PathBuf,
}

impl Ground {
    pub async fn sqlite() -> Self {
        let folder = new_folder();
        let location = Location::Sqlite(folder.join("store.db"));
        Self::at(location, folder).await
    }

    pub async fn postgres() -> Self {
        let folder = new_folder();
        let location = Location::Postgres(CLUSTER.database(None).await);
        Self::at(location, folder).await
    }

    async fn at(location: Location, folder: PathBuf) -> Self {
        let store = Store::open(&location, options()).await.expect("a store");
        Self {
            store,
            location,
            folder,
        }
    }

    /// A folder that goes with the ground.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn new_folder() -> PathBuf {
    let number = GROUNDS.fetch_add(1, Ordering::Relaxed);
    let name = format!("makegood-store-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

pub fn options() -> Options {
    Options {
        migrations: *MIGRATIONS,
        connections: 8,
        ..Options::default()
    }
}

/// An id that ends in a number.
pub fn id(number: i64) -> Value {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Value::from(id)
}

/// Runs one statement as a change of its own.
pub async fn change(
    store: &Store,
    statement: &'static makegood::store::Statement,
    values: Vec<Value>,
) -> Result<u64, Trouble> {
    store
        .write(move |tx| {
            let values = values.clone();
            Box::pin(async move { tx.run(statement, &values).await })
        })
        .await
}

/// Reads the one number that a statement gives.
pub async fn number(
    store: &Store,
    statement: &'static makegood::store::Statement,
    values: Vec<Value>,
) -> i64 {
    store
        .read(move |tx| {
            let values = values.clone();
            Box::pin(async move {
                let row = tx.one(statement, &values).await?;
                row.expect("a row").int(0)
            })
        })
        .await
        .expect("a number")
}
