// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books held against a payment provider's: begun by hand, listed, and read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::case::Duration;
use makegood_desk::input::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cases::{from, no_place};
use crate::books::lists::{self, ComparisonRow};
use crate::pay::Provider;
use crate::reconcile::{Difference, Reconciliation};
use crate::setup::{long, new_id};
use crate::store::{Trouble, Tx};
use crate::web::Web;
use crate::web::idempotency::{Done, Told, once, peek};
use crate::web::refusal::{COMPARING, Problem};
use crate::web::wire::{
    Answer, Line, List, PAGING, Paging, Parameters, Within, json, moment, name, read_name, unix,
    written,
};
use crate::wire::{Fault, WireError};

/// A comparison of the books with a provider's.
#[derive(Serialize, ToSchema)]
pub struct ReconciliationOut {
    /// `reconciliation`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// When it began, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The provider.
    #[schema(example = "card")]
    pub provider: String,
    /// From when on refunds and disputes were compared.
    pub since: String,
    /// Refunds that the provider listed.
    pub refunds: u64,
    /// Refunds of ours that were looked for among them.
    pub ours: u64,
    /// Disputes that the provider listed.
    pub disputes: u64,
    /// Events that had not come in.
    pub events_missed: u64,
    /// Whether everything agreed.
    pub agrees: bool,
    /// What did not.
    pub differences: Vec<DifferenceOut>,
}

/// Something that did not agree.
#[derive(Serialize, ToSchema)]
pub struct DifferenceOut {
    /// `refund_moved`, `refund_foreign`, `refund_missing`, `dispute_new`, `dispute_moved` or `dispute_behind`.
    #[schema(example = "refund_foreign")]
    pub kind: String,
    /// The provider's name for it.
    #[schema(example = "re_1QxA2b")]
    pub subject: String,
    /// The order, if it is known.
    pub order: Option<String>,
    /// How it stands at the provider.
    #[schema(example = "succeeded")]
    pub there: String,
    /// What came of it.
    pub done: String,
}

/// A page of comparisons.
pub type Reconciliations = List<ReconciliationOut>;

/// What is compared.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReconciliation {
    /// The payment provider, by its name in the settings; needed where there are several.
    #[schema(example = "card")]
    provider: Option<Line<60>>,
    /// How many days back; what the settings say where nothing is said.
    #[schema(example = 60)]
    days: Option<Within<1, 400>>,
}

impl From<Difference> for DifferenceOut {
    fn from(difference: Difference) -> Self {
        Self {
            kind: difference.kind,
            subject: difference.subject,
            order: difference.order,
            there: difference.there,
            done: difference.done,
        }
    }
}

fn out(row: ComparisonRow) -> ReconciliationOut {
    let report = row.report;
    ReconciliationOut {
        object: "reconciliation",
        id: name("rec", row.id),
        created: unix(row.at),
        created_at: moment(row.at),
        provider: report.provider,
        since: report.since,
        refunds: report.refunds,
        ours: report.ours,
        disputes: report.disputes,
        events_missed: report.events_missed,
        agrees: report.differences.is_empty(),
        differences: report.differences.into_iter().map(Into::into).collect(),
    }
}

/// List comparisons
///
/// The desk compares once a day by itself. Newest first.
#[utoipa::path(get, path = "/v1/reconciliations", tag = "Money", operation_id = "list_reconciliations", params(
    ("provider" = Option<Line<60>>, Query, description = "Those with a provider, by its name in the settings."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of comparisons.", body = Reconciliations)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["provider"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let provider = parameters.line("provider", 60)?;
    let from = from(&paging, "the `id` of a comparison", |text| {
        read_name("rec", text).ok()
    })?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let (provider, from) = (provider.clone(), from.clone());
        Box::pin(async move { lists::comparisons(tx, provider.as_deref(), &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data = rows.into_iter().map(out).collect();
    Ok(json(&List::new("/v1/reconciliations", data, more)))
}

async fn found(tx: &mut Tx<'_>, id: Id) -> Result<ReconciliationOut, Trouble> {
    let row = lists::comparison(tx, id).await?;
    row.map(out)
        .ok_or_else(|| Trouble::refused(Problem::no_such("comparison")))
}

/// Read a comparison
#[utoipa::path(get, path = "/v1/reconciliations/{id}", tag = "Money", operation_id = "read_reconciliation",
    params(("id" = String, Path, description = "The id of the comparison.")),
    responses((status = 200, description = "The comparison.", body = ReconciliationOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("rec", &id)?;
    let store = &web.desk.store;
    let comparison = store.read(move |tx| Box::pin(async move { found(tx, id).await }));
    Ok(json(&comparison.await?))
}

/// The provider that is meant, of those that can be asked.
fn provider(web: &Web, named: Option<Line<60>>) -> Result<String, Problem> {
    let asked: Vec<&String> = web
        .shop
        .providers
        .iter()
        .filter(|(_, provider)| matches!(provider.as_ref(), Provider::Stripe(_)))
        .map(|(name, _)| name)
        .collect();
    let wrong = |kind: Fault, detail: String| {
        Problem::body(WireError {
            kind,
            detail,
            pointer: "/provider".to_owned(),
        })
    };
    let names = || {
        let names: Vec<&str> = asked.iter().map(|name| name.as_str()).collect();
        match names.as_slice() {
            [] => "there is none in the settings; a bank tells by its statements".to_owned(),
            _ => format!("write one of `{}`", names.join("`, `")),
        }
    };
    match (named, asked.as_slice()) {
        (Some(named), _) => asked
            .iter()
            .find(|name| **name == &named.0)
            .map(|name| (*name).clone())
            .ok_or_else(|| {
                let why = format!("`provider` is no provider that can be asked; {}", names());
                wrong(Fault::UnknownWord, why)
            }),
        (None, [only]) => Ok((*only).clone()),
        (None, _) => {
            let why = format!(
                "`provider` is missing, for it is not clear which; {}",
                names()
            );
            Err(wrong(Fault::MissingField, why))
        }
    }
}

/// Hold the books against a provider's
///
/// Every refund and dispute of the last weeks, ours and theirs, and events that were missed. It is answered when it is done; one runs
/// at a time. What differs becomes inputs of cases, and breaches for finance.
#[utoipa::path(post, path = "/v1/reconciliations", tag = "Money", operation_id = "reconcile", request_body = NewReconciliation,
    responses((status = 200, description = "What it came to.", body = ReconciliationOut)))]
pub async fn start(State(web): State<Arc<Web>>, uri: Uri, told: Told<NewReconciliation>) -> Answer {
    Parameters::of(&uri, &[])?;
    if let Some(before) = peek(&web, &told.context).await? {
        return Ok(before);
    }
    let name = provider(&web, told.body.provider)?;
    let back = match told.body.days {
        Some(days) => Duration::from_seconds(days.0.saturating_mul(86_400)),
        None => long(web.config.money.reconcile_back),
    };
    let busy = || {
        let detail = "the books are being held against a provider's already; wait for that, and read what it came to in the list";
        Problem::passing(COMPARING, detail, 10)
    };
    let turn = Arc::clone(&web.comparing)
        .try_lock_owned()
        .map_err(|_| busy())?;
    let (id, shop) = (new_id(), Arc::clone(&web.shop));
    // Whoever asked may go away; what was begun is ended and kept all the same.
    let running = tokio::spawn(async move {
        let _turn = turn;
        match shop.providers.get(&name).map(AsRef::as_ref) {
            Some(Provider::Stripe(stripe)) => {
                let (shop, name) = (&*shop, name.as_str());
                let reconciliation = Reconciliation { shop, name, stripe };
                reconciliation.run_as(id, back).await.map_err(Problem::from)
            }
            _ => Err(Problem::no_provider()),
        }
    });
    running.await.map_err(Problem::fault)??;
    once(&web, &told.context, move |tx| {
        Box::pin(async move {
            let body = written(&found(tx, id).await?);
            Ok(Done { body, case: None })
        })
    })
    .await
}
