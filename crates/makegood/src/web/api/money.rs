// SPDX-License-Identifier: MIT OR Apache-2.0
//! The ledger, and the brakes on money.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::from;
use crate::books::act::WORK;
use crate::books::effects::day;
use crate::books::lists::{self, LegRow};
use crate::books::seal::hex;
use crate::books::{health, instant};
use crate::hold;
use crate::store::{Trouble, Tx, Value};
use crate::web::Web;
use crate::web::idempotency::{Done, Told, once};
use crate::web::wire::{
    Answer, List, PAGING, Paging, Parameters, Prose, json, moment, name, read_name, unix, written,
};

crate::statements! {
    /// Why money is stopped.
    STOPPED = "select key, value from meta where key in ('money.stopped', 'store.frozen') order by key";
    /// Stops it.
    STOP = "insert into meta (key, value) values ('money.stopped', ?1) on conflict (key) do update set value = excluded.value";
    /// Lets it go.
    GO = "delete from meta where key = 'money.stopped'";
    /// What was granted on a day in all.
    GRANTED = "select currency, granted_minor from day_total where day = ?1 and person = ?2 order by currency";
}

/// A balance of the trial balance.
#[derive(Serialize, ToSchema)]
pub struct Balance {
    /// The account.
    pub account: String,
    /// The currency.
    pub currency: String,
    /// All that was debited, in minor units.
    pub debit: i64,
    /// All that was credited, in minor units.
    pub credit: i64,
}

/// What the accounts come to.
#[derive(Serialize, ToSchema)]
pub struct TrialBalance {
    /// `trial_balance`.
    pub object: &'static str,
    /// Whether debits and credits are equal in every currency.
    pub balances: bool,
    /// A line for each account and currency.
    pub data: Vec<Balance>,
}

/// A leg of a transaction of the ledger.
#[derive(Serialize, ToSchema)]
pub struct LedgerEntry {
    /// `ledger_entry`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// When, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The transaction: legs of one transaction sum to nought.
    pub transaction: String,
    /// The case, if it comes from one.
    pub case: Option<String>,
    /// What was booked.
    pub booking: String,
    /// The account.
    pub account: String,
    /// Whose account, where there are several.
    pub account_of: Option<String>,
    /// Minor units: debits are positive.
    pub amount: i64,
    /// The currency.
    pub currency: String,
}

/// A page of the ledger.
pub type LedgerEntries = List<LedgerEntry>;

/// How far the brakes are on.
#[derive(Serialize, ToSchema)]
pub struct Brakes {
    /// `brakes`.
    pub object: &'static str,
    /// Whether no money moves.
    pub stopped: bool,
    /// Whether a person stopped it by `POST /v1/brakes/stop`.
    pub by_person: bool,
    /// Why, in that person's words.
    pub reason: Option<String>,
    /// Whether the settings or a store in doubt stop it.
    pub frozen: bool,
    /// Why the store is in doubt, if it is.
    pub frozen_because: Option<String>,
    /// Payment providers to which nothing is sent at the moment.
    pub resting: Vec<Resting>,
    /// What was granted today (UTC).
    pub today: Vec<Granted>,
}

/// A payment provider that rests.
#[derive(Serialize, ToSchema)]
pub struct Resting {
    /// Its name.
    pub provider: String,
    /// Until when.
    pub until: String,
}

/// What was granted today in a currency.
#[derive(Serialize, ToSchema)]
pub struct Granted {
    /// The currency.
    pub currency: String,
    /// Minor units.
    pub amount: u64,
    /// The most that may leave a day.
    pub most: Option<u64>,
}

/// Why money is stopped or let go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BrakeReason {
    /// Why, for colleagues.
    reason: Prose<500>,
}

/// Read the trial balance
#[utoipa::path(get, path = "/v1/ledger/balances", tag = "Money", operation_id = "trial_balance",
    responses((status = 200, description = "What the accounts come to.", body = TrialBalance)))]
pub async fn balances(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let rows = web
        .desk
        .store
        .read(|tx| Box::pin(async move { lists::balances(tx).await }))
        .await?;
    let mut sums = std::collections::BTreeMap::<String, i128>::new();
    for row in &rows {
        let sum = sums.entry(row.currency.clone()).or_default();
        *sum = sum
            .saturating_add(i128::from(row.debit_minor))
            .saturating_sub(i128::from(row.credit_minor));
    }
    let data = rows.into_iter().map(|row| Balance {
        account: row.account,
        currency: row.currency,
        debit: row.debit_minor,
        credit: row.credit_minor,
    });
    Ok(json(&TrialBalance {
        object: "trial_balance",
        balances: sums.values().all(|sum| *sum == 0),
        data: data.collect(),
    }))
}

fn entry(row: LegRow) -> LedgerEntry {
    let source = row
        .case
        .map_or_else(|| row.source.clone(), |case| hex(&case.0));
    LedgerEntry {
        object: "ledger_entry",
        id: format!("leg_{}", row.no),
        created: unix(row.at),
        created_at: moment(row.at),
        transaction: format!("tr_{source}_{}_{}", row.position, row.part),
        case: row.case.map(|case| name("case", case)),
        booking: row.booking,
        account: row.account,
        account_of: Some(row.of).filter(|of| !of.is_empty()),
        amount: row.signed_minor,
        currency: row.currency,
    }
}

/// List entries of the ledger
///
/// Newest first.
#[utoipa::path(get, path = "/v1/ledger/entries", tag = "Money", operation_id = "list_ledger_entries", params(
    ("case" = Option<String>, Query, description = "Those of a case, by id."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of the ledger.", body = LedgerEntries)))]
pub async fn entries(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["case"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let case = parameters.read("case", "the `id` of a case", |text| {
        read_name("case", text).ok()
    })?;
    let read = |text: &str| {
        let digits = text.strip_prefix("leg_")?;
        digits
            .parse::<i64>()
            .ok()
            .filter(|no| *no > 0 && no.to_string() == digits)
    };
    let from = from(&paging, "the `id` of an entry", read)?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let from = from.clone();
        Box::pin(async move { lists::legs(tx, case, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?);
    Ok(json(&List::new(
        "/v1/ledger/entries",
        rows.into_iter().map(entry).collect(),
        more,
    )))
}

async fn state(tx: &mut Tx<'_>, web: &Web) -> Result<Brakes, Trouble> {
    let now = web.clock.now();
    let mut brakes = Brakes {
        object: "brakes",
        stopped: web.desk.hold.on(),
        by_person: false,
        reason: None,
        frozen: web.desk.hold.on(),
        frozen_because: web.desk.hold.frozen(),
        resting: Vec::new(),
        today: Vec::new(),
    };
    for row in tx.rows(&STOPPED, &[]).await? {
        brakes.stopped = true;
        match row.text(0)? {
            "money.stopped" => {
                brakes.by_person = true;
                let reason = row
                    .opt_bytes(1)?
                    .map(|reason| String::from_utf8_lossy(reason).into_owned());
                brakes.reason = reason.filter(|reason| !reason.is_empty());
            }
            _ => brakes.frozen = true,
        }
    }
    for row in tx.rows(&health::ALL, &[]).await? {
        let until = row.opt_int(2)?.map(instant).filter(|until| *until > now);
        if let Some(until) = until {
            brakes.resting.push(Resting {
                provider: row.text(0)?.to_owned(),
                until: moment(until),
            });
        }
    }
    for row in tx
        .rows(&GRANTED, &[Value::from(day(now)), Value::from(Vec::new())])
        .await?
    {
        let currency = row.text(0)?.to_owned();
        let key = <[u8; 3]>::try_from(currency.as_bytes()).unwrap_or_default();
        brakes.today.push(Granted {
            amount: u64::try_from(row.int(1)?).unwrap_or_default(),
            most: web.desk.limits.day_minor_max.get(&key).copied(),
            currency,
        });
    }
    Ok(brakes)
}

/// Read how far the brakes are on
#[utoipa::path(get, path = "/v1/brakes", tag = "Money", operation_id = "read_brakes",
    responses((status = 200, description = "The brakes.", body = Brakes)))]
pub async fn brakes(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let reading = Arc::clone(&web);
    let brakes = web.desk.store.read(move |tx| {
        let web = Arc::clone(&reading);
        Box::pin(async move { state(tx, &web).await })
    });
    Ok(json(&brakes.await?))
}

/// Stop all money
///
/// Nothing more is sent from the moment of the answer, by any process on the store. Everything else goes on.
#[utoipa::path(post, path = "/v1/brakes/stop", tag = "Money", operation_id = "stop_money", request_body = BrakeReason,
    responses((status = 200, description = "Money is stopped.", body = Brakes)))]
pub async fn stop(State(web): State<Arc<Web>>, uri: Uri, told: Told<BrakeReason>) -> Answer {
    pull(web, uri, told, true).await
}

/// Let money go again
///
/// Lets go what a person stopped; not what the settings or a store in doubt stop.
#[utoipa::path(post, path = "/v1/brakes/go", tag = "Money", operation_id = "let_money_go", request_body = BrakeReason,
    responses((status = 200, description = "Money is not stopped by a person any more.", body = Brakes)))]
pub async fn go(State(web): State<Arc<Web>>, uri: Uri, told: Told<BrakeReason>) -> Answer {
    pull(web, uri, told, false).await
}

async fn pull(web: Arc<Web>, uri: Uri, told: Told<BrakeReason>, stop: bool) -> Answer {
    Parameters::of(&uri, &[])?;
    let token = hex(&told.context.caller.token().id.0);
    let outcome = if stop { "stopped" } else { "let go" };
    // The reason may name a person, so it is not for the log; whose token it was is.
    let reason = told.body.reason.0.into_bytes();
    let now = crate::books::nanoseconds(web.clock.now())?;
    let acting = Arc::clone(&web);
    let answer = once(&web, &told.context, move |tx| {
        let (web, reason) = (Arc::clone(&acting), reason.clone());
        Box::pin(async move {
            if stop {
                tx.run(&STOP, &[Value::from(reason)]).await?;
            } else {
                tx.run(&GO, &[]).await?;
                tx.run(&hold::WAKE, &[Value::from(now)]).await?;
                tx.notify(WORK).await?;
            }
            let body = written(&state(tx, &web).await?);
            Ok(Done { body, case: None })
        })
    });
    let answer = answer.await?;
    tracing::warn!(
        token,
        outcome,
        "somebody pulled the brake on money or let it go"
    );
    Ok(answer)
}
