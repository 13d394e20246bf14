// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is told to the other processes on one database, after it is durable.

use std::collections::BTreeSet;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::mpsc;

use super::CHANNEL;

/// What is said within this time is said once.
const GATHERED: Duration = Duration::from_millis(2);

/// Says on the channel of the database what it is given, for as long as the store is open.
///
/// A notice that is lost, because the process dies or the database is away, costs time and nothing else: whoever works on what is due
/// looks for it from time to time anyway.
pub(super) async fn announce(pool: Pool, mut announced: mpsc::UnboundedReceiver<&'static str>) {
    while let Some(first) = announced.recv().await {
        tokio::time::sleep(GATHERED).await;
        let mut channels = BTreeSet::from([first]);
        while let Ok(more) = announced.try_recv() {
            channels.insert(more);
        }
        if let Err(why) = say(&pool, &channels).await {
            tracing::warn!(cause = %why, "other processes were not told at once that something is due");
        }
    }
}

async fn say(pool: &Pool, channels: &BTreeSet<&str>) -> Result<(), String> {
    let client = pool.get().await.map_err(|why| why.to_string())?;
    let notify = client
        .prepare_cached("select pg_notify($1, channel)::text from unnest($2::text[]) as channel")
        .await
        .map_err(|why| why.to_string())?;
    let channels: Vec<&str> = channels.iter().copied().collect();
    let told = client.query(&notify, &[&CHANNEL, &channels]).await;
    told.map(drop).map_err(|why| why.to_string())
}
