// SPDX-License-Identifier: MIT OR Apache-2.0
//! Customers: what is known of one, and every case of theirs.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::input::Id;

use super::frame::DeskFrame;
use super::order::{About, about};
use crate::books::lists::{self, CaseFilter, From};
use crate::books::seal::hex;
use crate::vault::VaultTrouble;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::api::cases::EMAIL;
use crate::web::api::people::{found, opened};
use crate::web::portal::frame::written;
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, read_name};

/// Most cases that are shown.
const CASES_MOST: i64 = 200;

#[derive(Template)]
#[template(path = "desk_customer.html")]
struct Page {
    frame: DeskFrame,
    since: String,
    reference: Option<String>,
    email: Option<String>,
    orders: Vec<String>,
    cases: Vec<About>,
}

/// Open a customer
#[utoipa::path(get, path = "/desk/customers/{id}", tag = "Console", operation_id = "desk_customer",
    params(("id" = String, Path, description = "The id of the customer.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(
        &web,
        &uri,
        &headers,
        &caller,
        "queue",
        "desk-customer-title",
    );
    let id = read_name("cus", &id)?;
    let known = found(&web, id).await?;
    let erased = matches!(web.vault.key(&hex(&id.0)).await, Err(VaultTrouble::Erased));
    let email = match known.mail.filter(|_| !erased) {
        Some(digest) => opened(&web, digest, EMAIL).await?,
        None => None,
    };
    let (orders, cases) = theirs(&web, id).await?;
    let say = frame.say.clone();
    let page = Page {
        since: say.one("desk-customer-since", "day", say.day(known.created_at)),
        reference: known.reference,
        cases: about(&say, cases),
        orders,
        email,
        frame,
    };
    Ok(page.frame.sent(written(&page)?))
}

crate::statements! {
    /// The orders of a customer, newest first.
    ORDERS = "select number from shop_order where customer_id = ?1 order by placed_at desc limit 200";
}

async fn theirs(web: &Arc<Web>, id: Id) -> Result<(Vec<String>, Vec<lists::CaseRow>), Problem> {
    let found = web.desk.store.read(move |tx| {
        Box::pin(async move {
            let rows = tx.rows(&ORDERS, &[crate::store::Value::from(id.0)]).await?;
            let orders = rows
                .iter()
                .map(|row| row.text(0).map(str::to_owned))
                .collect::<Result<_, _>>()?;
            let filter = CaseFilter {
                customer: Some(id),
                ..CaseFilter::default()
            };
            let cases = lists::cases(tx, &filter, &From::Start, CASES_MOST).await?;
            Ok((orders, cases.unwrap_or_default()))
        })
    });
    Ok(found.await?)
}
