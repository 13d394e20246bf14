// SPDX-License-Identifier: MIT OR Apache-2.0
//! How payment providers do: after some failures in a row one rests, and nothing is sent to it meanwhile.

use std::time::Duration;

use makegood_desk::case::Instant;

use super::nanoseconds;
use crate::store::{Store, Trouble, Value};

crate::statements! {
    /// A provider answered.
    WELL = "delete from provider_health where provider = ?1";
    /// A provider failed once more.
    FAILED = "insert into provider_health (provider, failures, rests_until) values (?1, 1, null) on conflict (provider) do update set failures = provider_health.failures + 1 returning failures";
    /// A provider rests.
    REST = "update provider_health set rests_until = ?2 where provider = ?1";
    /// How providers do.
    ALL = "select provider, failures, rests_until from provider_health order by provider";
}

/// When a provider rests, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Breaker {
    /// After so many failures in a row.
    pub failures_max: u32,
    /// For so long.
    pub rest: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            failures_max: 5,
            rest: Duration::from_secs(60),
        }
    }
}

/// Notes that a provider answered or failed, and how long it asked to be left alone.
///
/// # Errors
/// The store's trouble.
pub async fn note(
    store: &Store,
    provider: &str,
    failed: bool,
    wait: Option<Duration>,
    breaker: &Breaker,
    now: Instant,
) -> Result<(), Trouble> {
    let provider = provider.to_owned();
    let breaker = *breaker;
    if !failed {
        let known = {
            let provider = provider.clone();
            store.read(move |tx| {
                let provider = provider.clone();
                Box::pin(async move {
                    let rows = tx.rows(&ALL, &[]).await?;
                    Ok(rows
                        .iter()
                        .any(|row| row.text(0).is_ok_and(|name| name == provider)))
                })
            })
        };
        // Nearly always there is nothing to forget, and then nothing is written.
        if !known.await? {
            return Ok(());
        }
    }
    store
        .write(move |tx| {
            let provider = provider.clone();
            Box::pin(async move {
                let name = Value::from(provider);
                if !failed {
                    tx.run(&WELL, &[name]).await?;
                    return Ok(());
                }
                let row = tx.one(&FAILED, std::slice::from_ref(&name)).await?;
                let failures = row.map_or(Ok(0), |row| row.int(0))?;
                let often = failures >= i64::from(breaker.failures_max);
                let rest = match (often, wait) {
                    (true, asked) => Some(breaker.rest.max(asked.unwrap_or_default())),
                    (false, asked) => asked,
                };
                if let Some(rest) = rest {
                    let rest = i128::try_from(rest.as_nanos()).unwrap_or(i128::MAX);
                    let until =
                        Instant::from_unix_nanoseconds(now.unix_nanoseconds().saturating_add(rest));
                    tx.run(&REST, &[name, Value::from(nanoseconds(until)?)])
                        .await?;
                }
                Ok(())
            })
        })
        .await
}
