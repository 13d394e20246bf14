// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds by bank transfer: what waits, where it goes, the files that a person hands to the bank, and what was paid.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use jiff::civil::Date;
use makegood_desk::case::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acts::Nothing;
use super::cases::{from, no_place};
use crate::books::transfers::{self, Bank, BatchRow, Owed, Payee};
use crate::clock::timestamp;
use crate::config::Provider as ProviderSettings;
use crate::pay::manual::batch::Payer;
use crate::setup;
use crate::store::{Trouble, Tx};
use crate::web::Web;
use crate::web::idempotency::{Done, Told, once, peek};
use crate::web::refusal::{self, ALREADY_SENT, Problem, TRANSFER_NOT_SENT};
use crate::web::wire::{
    Answer, Line, List, Money, PAGING, Paging, Parameters, is_line, json, moment, name, part, unix,
    written,
};
use crate::wire::{Fault, WireError};

/// A refund at a bank.
#[derive(Serialize, ToSchema)]
pub struct TransferOut {
    /// `transfer`.
    pub object: &'static str,
    /// Its id, which goes through the banks as the end-to-end reference.
    #[schema(example = "MG4X0Q7ZC5KD1TB8V3M2WJ9HRN6E")]
    pub id: String,
    /// When the refund was promised, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The bank, by its name in the settings.
    #[schema(example = "bank")]
    pub bank: String,
    /// `needs_payee` (nobody has said where it goes), `waiting` for a payment file, `exported` in one, `paid`, `returned`, or `over`.
    #[schema(example = "waiting")]
    pub status: String,
    /// How much.
    pub money: Money,
    /// The case.
    pub case: String,
    /// The refund.
    pub refund: String,
    /// The order.
    pub order: String,
    /// The batch in which it went to the bank.
    pub batch: Option<String>,
    /// What the bank said, where it came back.
    pub detail: Option<String>,
}

/// A page of transfers.
pub type Transfers = List<TransferOut>;

/// Where a customer's money goes: an IBAN, or the number and the bank of another account. It is kept under the customer's own key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayeeIn {
    /// The name of the account's owner.
    #[schema(example = "Mia Hansen")]
    name: Line<140>,
    /// The European account.
    #[schema(example = "DE89 3704 0044 0532 0130 00")]
    iban: Option<Line<42>>,
    /// Its bank, where it is known.
    #[schema(example = "COBADEFFXXX")]
    bic: Option<Line<11>>,
    /// The number of another kind of account.
    number: Option<Line<40>>,
    /// The bank of it, in the bank's own words.
    bank: Option<Line<140>>,
}

/// Transfers that went to the bank together.
#[derive(Serialize, ToSchema)]
pub struct TransferBatchOut {
    /// `transfer_batch`.
    pub object: &'static str,
    /// Its id, which the bank reads as the message's.
    #[schema(example = "MGB7K2M9Q0ZD4TX8V1C3WJ5HRN6E")]
    pub id: String,
    /// When it was drawn up, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The bank, by its name in the settings.
    #[schema(example = "bank")]
    pub bank: String,
    /// The currency.
    #[schema(example = "EUR")]
    pub currency: String,
    /// The transfers in it.
    pub transfers: Vec<String>,
    /// In which forms there is a file: `csv`, and for euro `sepa`.
    #[schema(example = json!(["csv", "sepa"]))]
    pub forms: Vec<&'static str>,
}

/// A page of batches.
pub type TransferBatches = List<TransferBatchOut>;

/// Which payment files are drawn up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTransferBatch {
    /// The bank, by its name in the settings; needed where there are several.
    #[schema(example = "bank")]
    bank: Option<Line<60>>,
    /// The day on which the bank pays; today (UTC) where nothing is said.
    #[schema(example = "2026-11-30")]
    execute_on: Option<Line<10>>,
}

fn out(bank: &str, owed: &Owed) -> TransferOut {
    TransferOut {
        object: "transfer",
        id: owed.id.clone(),
        created: unix(owed.reserved_at),
        created_at: moment(owed.reserved_at),
        bank: bank.to_owned(),
        status: owed.status_word().to_owned(),
        money: owed.amount.into(),
        case: name("case", owed.case),
        refund: part("rf", owed.case, owed.no),
        order: owed.order.clone(),
        batch: owed.batch.clone(),
        detail: owed.words.clone(),
    }
}

/// The form of a payment file by the ending of its name.
fn form_of(name: &str) -> Option<&'static str> {
    match name.rsplit_once('.')?.1 {
        "csv" => Some("csv"),
        "xml" => Some("sepa"),
        _ => None,
    }
}

fn batch_out(row: &BatchRow) -> TransferBatchOut {
    TransferBatchOut {
        object: "transfer_batch",
        id: row.id.clone(),
        created: unix(row.created_at),
        created_at: moment(row.created_at),
        bank: row.provider.clone(),
        currency: row.currency.clone(),
        transfers: row.transfers.clone(),
        forms: row.files.iter().filter_map(|name| form_of(name)).collect(),
    }
}

/// The banks of the settings, by their names.
fn banks(web: &Web) -> Vec<&String> {
    let payments = web.config.payments.iter();
    payments
        .filter(|(_, settings)| matches!(settings, ProviderSettings::Manual { .. }))
        .map(|(name, _)| name)
        .collect()
}

/// The bank that is meant, or what is wrong with what was said.
fn bank(web: &Web, named: Option<&str>) -> Result<String, (Fault, String)> {
    let banks = banks(web);
    let names: Vec<&str> = banks.iter().map(|name| name.as_str()).collect();
    let instead = match names.as_slice() {
        [] => "the settings have none; the desk's owner adds one with `kind = \"manual\"` under `[payments]`".to_owned(),
        _ => format!("write one of `{}`", names.join("`, `")),
    };
    match (named, banks.as_slice()) {
        (Some(named), _) if names.contains(&named) => Ok(named.to_owned()),
        (Some(_), _) => Err((
            Fault::UnknownWord,
            format!("`bank` is no bank of the settings; {instead}"),
        )),
        (None, [only]) => Ok((*only).clone()),
        (None, _) => Err((
            Fault::MissingField,
            format!("`bank` is missing, for it is not clear which; {instead}"),
        )),
    }
}

fn in_body((kind, detail): (Fault, String), pointer: &str) -> Problem {
    Problem::body(WireError {
        kind,
        detail,
        pointer: pointer.to_owned(),
    })
}

fn no_such() -> Problem {
    Problem::no_such("transfer")
}

/// A transfer of any bank of the settings.
async fn found(tx: &mut Tx<'_>, banks: &[String], id: &str) -> Result<(String, Owed), Trouble> {
    for bank in banks {
        if let Some(owed) = transfers::one(tx, bank, id).await? {
            return Ok((bank.clone(), owed));
        }
    }
    Err(Trouble::refused(no_such()))
}

async fn one(web: &Web, id: &str) -> Result<(String, Owed), Problem> {
    if !is_line(id, 200) {
        return Err(no_such());
    }
    let banks: Vec<String> = banks(web).into_iter().cloned().collect();
    let id = id.to_owned();
    let read = web.desk.store.read(move |tx| {
        let (banks, id) = (banks.clone(), id.clone());
        Box::pin(async move { found(tx, &banks, &id).await })
    });
    Ok(read.await?)
}

/// List bank transfers
///
/// Refunds that go or went by a bank. Newest first.
#[utoipa::path(get, path = "/v1/transfers", tag = "Money", operation_id = "list_transfers", params(
    ("bank" = Option<Line<60>>, Query, description = "The bank, by its name in the settings; needed where there are several."),
    ("status" = Option<String>, Query, description = "Those that are so far: `needs_payee`, `waiting`, `exported`, `paid`, `returned` or `over`."),
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of transfers.", body = Transfers)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let known: Vec<&str> = ["bank", "status"].into_iter().chain(PAGING).collect();
    let parameters = Parameters::of(&uri, &known)?;
    let paging = Paging::of(&parameters)?;
    let status = parameters.word("status", &transfers::STATUSES)?;
    let named = parameters.line("bank", 60)?;
    let bank = match bank(&web, named.as_deref()) {
        Ok(bank) => bank,
        // Where there is no bank there is nothing in the list, and nothing is wrong with asking for it.
        Err(_) if named.is_none() && banks(&web).is_empty() => String::new(),
        Err((_, detail)) => return Err(Problem::parameter("bank", detail)),
    };
    let from = from(&paging, "the `id` of a transfer", |text| {
        Some(text.to_owned())
    })?;
    let (provider, most) = (bank.clone(), paging.limit.saturating_add(1));
    let rows = web.desk.store.read(move |tx| {
        let (provider, from) = (provider.clone(), from.clone());
        Box::pin(async move { transfers::page(tx, &provider, status, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data = rows.iter().map(|owed| out(&bank, owed)).collect();
    Ok(json(&List::new("/v1/transfers", data, more)))
}

/// Read a bank transfer
#[utoipa::path(get, path = "/v1/transfers/{id}", tag = "Money", operation_id = "read_transfer",
    params(("id" = String, Path, description = "The id of the transfer.")),
    responses((status = 200, description = "The transfer.", body = TransferOut)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let (bank, owed) = one(&web, &id).await?;
    Ok(json(&out(&bank, &owed)))
}

fn sent_already() -> Problem {
    Problem::new(
        ALREADY_SENT,
        "the transfer has gone to the bank, or is over; where its money goes cannot be changed any more",
    )
}

/// Say where the money of a transfer goes
///
/// Until it stands in a payment file this can be said anew. The account itself is never shown again.
#[utoipa::path(post, path = "/v1/transfers/{id}/payee", tag = "Money", operation_id = "set_payee", request_body = PayeeIn,
    params(("id" = String, Path, description = "The id of the transfer.")),
    responses((status = 200, description = "It is known.", body = TransferOut)))]
pub async fn payee(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<PayeeIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let text = |line: Option<String>| line.filter(|line| !line.trim().is_empty());
    let payee = Payee {
        name: told.body.name.0,
        iban: text(told.body.iban.map(|line| line.0)),
        bic: text(told.body.bic.map(|line| line.0)),
        number: text(told.body.number.map(|line| line.0)),
        bank: text(told.body.bank.map(|line| line.0)),
    };
    payee
        .account()
        .map_err(|why| in_body((Fault::BadValue, why), ""))?;
    if let Some(before) = peek(&web, &told.context).await? {
        return Ok(before);
    }
    let (name, owed) = one(&web, &id).await?;
    if owed.batch.is_some() || owed.state != "pending" {
        return Err(sent_already());
    }
    // Said twice it is said once, so it need not stand in one transaction with its answer.
    bank_of(&web, &name)
        .payee(&id, &payee, web.clock.now())
        .await?;
    answered(&web, &told.context, name, id).await
}

fn bank_of<'w>(web: &'w Web, name: &'w str) -> Bank<'w> {
    Bank {
        desk: &web.desk,
        vault: &web.vault,
        name,
    }
}

async fn answered(
    web: &Web,
    context: &crate::web::idempotency::Context,
    bank: String,
    id: String,
) -> Answer {
    once(web, context, move |tx| {
        let (banks, id) = ([bank.clone()], id.clone());
        Box::pin(async move {
            let (bank, owed) = found(tx, &banks, &id).await?;
            let body = written(&out(&bank, &owed));
            Ok(Done { body, case: None })
        })
    })
    .await
}

/// Confirm a bank transfer
///
/// Somebody has seen on the account that it was paid. The customer hears so.
#[utoipa::path(post, path = "/v1/transfers/{id}/confirm", tag = "Money", operation_id = "confirm_transfer", request_body = Nothing,
    params(("id" = String, Path, description = "The id of the transfer.")),
    responses((status = 200, description = "It is paid.", body = TransferOut)))]
pub async fn confirm(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<Nothing>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let (name, owed) = one(&web, &id).await?;
    if owed.batch.is_none() {
        let detail = "the transfer has not gone to the bank; draw up a payment file by `POST /v1/transfer_batches` and hand it over first";
        return Err(Problem::new(TRANSFER_NOT_SENT, detail));
    }
    let (desk, now) = (web.desk.clone(), web.clock.now());
    once(&web, &told.context, move |tx| {
        let (desk, banks, id) = (desk.clone(), [name.clone()], id.clone());
        Box::pin(async move {
            let (_, owed) = found(tx, &banks, &id).await?;
            let case = transfers::confirmed(tx, &desk, &owed, now).await?;
            let (bank, owed) = found(tx, &banks, &id).await?;
            let body = written(&out(&bank, &owed));
            Ok(Done { body, case })
        })
    })
    .await
}

/// List batches of transfers
///
/// Newest first.
#[utoipa::path(get, path = "/v1/transfer_batches", tag = "Money", operation_id = "list_transfer_batches", params(
    ("limit" = Option<i64>, Query, minimum = 1, maximum = 100, description = "How many at most; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "Those after this one, by id."),
    ("ending_before" = Option<String>, Query, description = "Those before this one, by id."),
), responses((status = 200, description = "A page of batches.", body = TransferBatches)))]
pub async fn batches(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &PAGING)?;
    let paging = Paging::of(&parameters)?;
    let from = from(&paging, "the `id` of a batch", |text| Some(text.to_owned()))?;
    let most = paging.limit.saturating_add(1);
    let rows = web.desk.store.read(move |tx| {
        let from = from.clone();
        Box::pin(async move { transfers::batches(tx, &from, most).await })
    });
    let (rows, more) = paging.page(rows.await?.ok_or_else(no_place)?);
    let data = rows.iter().map(batch_out).collect();
    Ok(json(&List::new("/v1/transfer_batches", data, more)))
}

async fn batch_of(web: &Web, id: &str) -> Result<BatchRow, Problem> {
    let none = || Problem::no_such("batch");
    if !is_line(id, 200) {
        return Err(none());
    }
    let id = id.to_owned();
    let read = web.desk.store.read(move |tx| {
        let id = id.clone();
        Box::pin(async move { transfers::batch(tx, &id).await })
    });
    read.await?.ok_or_else(none)
}

/// Read a batch of transfers
#[utoipa::path(get, path = "/v1/transfer_batches/{id}", tag = "Money", operation_id = "read_transfer_batch",
    params(("id" = String, Path, description = "The id of the batch.")),
    responses((status = 200, description = "The batch.", body = TransferBatchOut)))]
pub async fn batch(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    Ok(json(&batch_out(&batch_of(&web, &id).await?)))
}

/// Draw up payment files
///
/// For everything that waits and has a payee: a batch for each currency. Each transfer stands in one file, once; the files are kept as
/// they are and can be downloaded again.
#[utoipa::path(post, path = "/v1/transfer_batches", tag = "Money", operation_id = "create_transfer_batches", request_body = NewTransferBatch,
    responses((status = 200, description = "The batches; none where nothing waits with a payee.", body = TransferBatches)))]
pub async fn create(State(web): State<Arc<Web>>, uri: Uri, told: Told<NewTransferBatch>) -> Answer {
    Parameters::of(&uri, &[])?;
    if let Some(before) = peek(&web, &told.context).await? {
        return Ok(before);
    }
    let named = told.body.bank.map(|line| line.0);
    let name = bank(&web, named.as_deref()).map_err(|wrong| in_body(wrong, "/bank"))?;
    let now = web.clock.now();
    let on = day(told.body.execute_on, now)?;
    let payer = payer(&web, &name)?;
    let drawn = Arc::new(bank_of(&web, &name).draw(&payer, on, now).await?);
    let desk = web.desk.clone();
    once(&web, &told.context, move |tx| {
        let (drawn, desk) = (Arc::clone(&drawn), desk.clone());
        Box::pin(async move {
            let mut made = Vec::new();
            for batch in drawn.iter() {
                batch.keep(tx, &desk, now).await?;
                made.extend(transfers::batch(tx, batch.id()).await?);
            }
            let data = made.iter().map(batch_out).collect();
            let body = written(&List::new("/v1/transfer_batches", data, false));
            Ok(Done { body, case: None })
        })
    })
    .await
}

fn day(said: Option<Line<10>>, now: Instant) -> Result<Date, Problem> {
    let today = timestamp(now).to_zoned(jiff::tz::TimeZone::UTC).date();
    let Some(said) = said else {
        return Ok(today);
    };
    let wrong = |why: &str| in_body((Fault::BadValue, why.to_owned()), "/execute_on");
    let day: Date = said
        .0
        .parse()
        .map_err(|_| wrong("`execute_on` is no day; write one as 2026-11-30"))?;
    let last = today.saturating_add(jiff::Span::new().days(366));
    if day < today || day > last {
        return Err(wrong(
            "`execute_on` is before today (UTC) or more than a year ahead; write a day on which the bank can pay",
        ));
    }
    Ok(day)
}

fn payer(web: &Web, name: &str) -> Result<Payer, Problem> {
    let settings = web.config.payments.get(name);
    let payer = settings.map_or(Ok(None), setup::payer);
    payer
        .map_err(|why| Problem::fault(format!("the account of a bank in the settings: {why}")))?
        .ok_or_else(Problem::no_provider)
}

/// Download a payment file
///
/// As it was handed over the first time, byte for byte. It holds accounts.
#[utoipa::path(get, path = "/v1/transfer_batches/{id}/{form}", tag = "Money", operation_id = "read_payment_file", params(
    ("id" = String, Path, description = "The id of the batch."),
    ("form" = String, Path, description = "`csv` or `sepa` (pain.001.001.09)."),
), responses((status = 200, description = "The file.", content((String = "text/csv"), (String = "application/xml")))))]
pub async fn file(
    State(web): State<Arc<Web>>,
    Path((id, form)): Path<(String, String)>,
    uri: Uri,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let batch = batch_of(&web, &id).await?;
    let files = bank_of(&web, &batch.provider).files(&id).await?;
    let (name, bytes) = files
        .into_iter()
        .find(|(name, _)| form_of(name) == Some(form.as_str()))
        .ok_or_else(|| Problem::no_such("payment file"))?;
    let kind = if form == "sepa" {
        "application/xml"
    } else {
        "text/csv; charset=utf-8"
    };
    let mut response = refusal::bytes(refusal::DONE, kind, bytes);
    let shown = format!("attachment; filename=\"{name}\"");
    if let Ok(value) = HeaderValue::from_str(&shown) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
