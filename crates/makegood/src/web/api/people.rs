// SPDX-License-Identifier: MIT OR Apache-2.0
//! Customers, what they wrote, what was written to them, and how all of it is erased.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::case::Instant;
use makegood_desk::input::{Digest, Id};
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::Nothing;
use super::cases::EMAIL;
use crate::books::seal::hex;
use crate::books::{cases, instant, private};
use crate::post::{MESSAGE, letter_word};
use crate::retention::Erasing;
use crate::store::{Trouble, Tx, Value};
use crate::vault::VaultTrouble;
use crate::web::Web;
use crate::web::idempotency::{Done, Told, once};
use crate::web::refusal::Problem;
use crate::web::wire::{
    Answer, Parameters, bytes_of, json, moment, name, read_name, read_part, unix, written,
};

crate::statements! {
    /// A customer.
    CUSTOMER = "select reference, mail_index, created_at from customer where id = ?1";
    /// The cases of a customer.
    CASES = "select id from desk_case where customer_id = ?1 order by number";
    /// The newest text of a field of a person's.
    NEWEST = "select digest from private_text where person_id = ?1 and field = ?2 order by created_at desc, digest limit 1";
}

/// A letter.
#[derive(Serialize, ToSchema)]
#[schema(as = Letter)]
pub struct LetterRead {
    /// `letter`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// Its case.
    pub case: String,
    /// What it says.
    pub kind: &'static str,
    /// Since when it is owed.
    pub at: String,
    /// Its text, once it was handed over.
    pub text: Option<String>,
}

/// What a customer wrote.
#[derive(Serialize, ToSchema)]
#[schema(as = Text)]
pub struct TextRead {
    /// `text`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// What was written.
    pub text: String,
}

/// A customer.
#[derive(Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct CustomerOut {
    /// `customer`.
    pub object: &'static str,
    /// The id.
    pub id: String,
    /// Since when the desk knows them, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The shop's own name for them.
    pub reference: Option<String>,
    /// The mail address.
    pub email: Option<String>,
    /// Whether they were erased.
    pub erased: bool,
    /// Their cases.
    pub cases: Vec<String>,
}

/// What is left of a customer who was erased.
#[derive(Serialize, ToSchema)]
pub struct Erased {
    /// `customer`.
    pub object: &'static str,
    /// The id.
    pub id: String,
    /// Always.
    pub erased: bool,
}

/// Opens a sealed text of a field.
pub(in crate::web) async fn opened(
    web: &Web,
    digest: Digest,
    field: &str,
) -> Result<Option<String>, Problem> {
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
    let Some((person, of, sealed)) = found.await?.filter(|(_, of, _)| of == field) else {
        return Ok(None);
    };
    let text = web.vault.open_field(&hex(&person.0), &of, &sealed).await?;
    Ok(Some(String::from_utf8_lossy(text.expose()).into_owned()))
}

/// Read a letter
///
/// What was written to the customer, as it went out.
#[utoipa::path(get, path = "/v1/letters/{id}", tag = "People", operation_id = "read_letter",
    params(("id" = String, Path, description = "The id of the letter.")),
    responses((status = 200, description = "The letter.", body = LetterRead)))]
pub async fn letter(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let (case, no) = read_part("let", &id)?;
    let shelf = Arc::clone(&web.desk.shelf);
    let held = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, case, false).await })
    });
    let held = held.await?;
    let letter = held
        .as_ref()
        .and_then(|case| case.letters.iter().find(|letter| letter.no == no));
    let letter = letter.ok_or_else(|| Problem::no_such("letter"))?;
    let text = match letter.handed {
        Some(digest) => opened(&web, digest, crate::post::LETTER).await?,
        None => None,
    };
    Ok(json(&LetterRead {
        object: "letter",
        id,
        case: name("case", case),
        kind: letter_word(letter.kind),
        at: moment(letter.at),
        text,
    }))
}

/// Read what a customer wrote
#[utoipa::path(get, path = "/v1/texts/{id}", tag = "People", operation_id = "read_text",
    params(("id" = String, Path, description = "The id of the text, as a case names it.")),
    responses((status = 200, description = "The text.", body = TextRead)))]
pub async fn text(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let digest = id.strip_prefix("txt_").and_then(bytes_of::<32>).map(Digest);
    let digest = digest.ok_or_else(|| Problem::no_such("text"))?;
    let text = opened(&web, digest, MESSAGE)
        .await?
        .ok_or_else(|| Problem::no_such("text"))?;
    Ok(json(&TextRead {
        object: "text",
        id,
        text,
    }))
}

/// What is known of a customer.
pub(in crate::web) struct Known {
    /// The shop's own name for them.
    pub(in crate::web) reference: Option<String>,
    /// Since when.
    pub(in crate::web) created_at: Instant,
    /// Their newest address, sealed.
    pub(in crate::web) mail: Option<Digest>,
    cases: Vec<Id>,
}

async fn known(tx: &mut Tx<'_>, id: Id) -> Result<Option<Known>, Trouble> {
    let key = [Value::from(id.0)];
    let Some(row) = tx.one(&CUSTOMER, &key).await? else {
        return Ok(None);
    };
    let mail = tx
        .one(&NEWEST, &[Value::from(id.0), Value::from(EMAIL)])
        .await?;
    let cases = tx.rows(&CASES, &key).await?;
    Ok(Some(Known {
        reference: row.opt_text(0)?.map(str::to_owned),
        created_at: instant(row.int(2)?),
        mail: mail.map(|row| row.digest(0).map(Digest)).transpose()?,
        cases: cases
            .iter()
            .map(|row| row.id(0).map(Id))
            .collect::<Result<_, _>>()?,
    }))
}

/// What is known of a customer.
pub(in crate::web) async fn found(web: &Web, id: Id) -> Result<Known, Problem> {
    let known = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { known(tx, id).await }));
    known.await?.ok_or_else(|| Problem::no_such("customer"))
}

/// Read a customer
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "People", operation_id = "read_customer",
    params(("id" = String, Path, description = "The id of the customer.")),
    responses((status = 200, description = "The customer.", body = CustomerOut)))]
pub async fn customer(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("cus", &id)?;
    let known = found(&web, id).await?;
    let erased = matches!(web.vault.key(&hex(&id.0)).await, Err(VaultTrouble::Erased));
    let email = match known.mail.filter(|_| !erased) {
        Some(digest) => opened(&web, digest, EMAIL).await?,
        None => None,
    };
    Ok(json(&CustomerOut {
        object: "customer",
        id: name("cus", id),
        created: unix(known.created_at),
        created_at: moment(known.created_at),
        reference: known.reference,
        email,
        erased,
        cases: known.cases.iter().map(|id| name("case", *id)).collect(),
    }))
}

/// Erase a customer
///
/// Deletes the key under which everything that names the customer is kept, and the files they sent. Amounts, dates and clauses stay,
/// and the audit log still verifies. It cannot be undone.
#[utoipa::path(post, path = "/v1/customers/{id}/erase", tag = "People", operation_id = "erase_customer", request_body = Nothing,
    params(("id" = String, Path, description = "The id of the customer.")),
    responses((status = 200, description = "They are erased.", body = Erased)))]
pub async fn erase(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<Nothing>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("cus", &id)?;
    found(&web, id).await?;
    let read = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { private::persons_of(tx, id).await }));
    let persons = read.await?;
    let erasing = Erasing {
        store: &web.desk.store,
        vault: &web.vault,
        blobs: &web.blobs,
    };
    erasing.close(&persons, web.clock.now()).await?;
    let token = hex(&told.context.caller.token().id.0);
    tracing::info!(token, "a customer was erased");
    once(&web, &told.context, move |tx| {
        let persons = persons.clone();
        Box::pin(async move {
            private::forget(tx, &persons).await?;
            let body = written(&Erased {
                object: "customer",
                id: name("cus", id),
                erased: true,
            });
            Ok(Done { body, case: None })
        })
    })
    .await
}
