// SPDX-License-Identifier: MIT OR Apache-2.0
//! A desk's books on either database, and somebody who takes lines in.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use makegood::books::intake::{Intake, Outcome, line};
use makegood::store::{Location, Options, Statement, Store, Value};
use makegood::vault::{MasterKey, Vault};
use makegood_desk::case::Instant;

use crate::pg::{Cluster, Durability};

static CLUSTER: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(Durability::None));

/// What everybody here calls now: 2026-11-01.
pub const NOW: Instant = Instant::from_unix_nanoseconds(1_793_491_200_000_000_000);

/// The books.
pub struct Ground {
    pub store: Store,
    pub intake: Intake,
    pub folder: PathBuf,
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

    /// One on each database.
    pub async fn both() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }

    async fn at(location: Location, folder: PathBuf) -> Self {
        let store = Store::open(&location, Options::default())
            .await
            .expect("a store");
        let master = MasterKey::generate().expect("a key");
        let vault = Vault::open(&folder.join("keys.sqlite"), master).expect("a key store");
        let intake = Intake {
            store: store.clone(),
            vault: Arc::new(vault),
            providers: Arc::new(BTreeSet::from(["card".to_owned(), "bank".to_owned()])),
        };
        Self {
            store,
            intake,
            folder,
        }
    }

    /// Takes lines in, as one batch.
    pub async fn told(&self, lines: &[&str]) -> Vec<Outcome> {
        let lines = lines
            .iter()
            .map(|text| line::read(text.as_bytes()))
            .collect();
        self.intake.take(lines, NOW).await.expect("taken in")
    }

    /// Takes one line in.
    pub async fn one(&self, line: &str) -> Outcome {
        self.told(&[line]).await.pop().expect("an outcome")
    }

    /// All rows of a statement, in order.
    pub async fn rows(&self, statement: &'static Statement) -> Vec<Vec<Value>> {
        let mut rows: Vec<Vec<Value>> = self
            .store
            .read(move |tx| {
                Box::pin(async move {
                    let rows = tx.rows(statement, &[]).await?;
                    Ok(rows.into_iter().map(|row| row.into_values()).collect())
                })
            })
            .await
            .expect("rows");
        rows.sort();
        rows
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn new_folder() -> PathBuf {
    let name = format!("makegood-intake-{}", uuid::Uuid::now_v7());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}
