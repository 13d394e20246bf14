// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a store promises, on both databases.

#[path = "support/pg.rs"]
mod pg;

use makegood::store::{Location, Options, Store};

#[tokio::test]
async fn smoke() {
    let cluster = pg::Cluster::start(pg::Durability::None);
    let folder = std::env::temp_dir().join(format!("mgs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for location in [
        Location::Sqlite(folder.join("a.db")),
        Location::Postgres(cluster.database(None).await),
    ] {
        let store = Store::open(&location, Options::default()).await.unwrap();
        let n = store
            .write(|tx| {
                Box::pin(async move {
                    tx.run(
                        &makegood::store::migrations::WRITE_META,
                        &["a".into(), vec![1u8, 2].into()],
                    )
                    .await?;
                    let row = tx
                        .one(&makegood::store::migrations::READ_META, &["a".into()])
                        .await?;
                    Ok(row.unwrap().bytes(0)?.len())
                })
            })
            .await
            .unwrap();
        assert_eq!(n, 2);
        let n = store
            .read(|tx| {
                Box::pin(async move {
                    tx.run(
                        &makegood::store::migrations::WRITE_META,
                        &["a".into(), vec![1u8, 2].into()],
                    )
                    .await
                })
            })
            .await
            .unwrap_err();
        println!("{n}");
        println!("{:?}", store.counts());
        store.close().await;
    }
}
