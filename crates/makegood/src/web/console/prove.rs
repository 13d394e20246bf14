// SPDX-License-Identifier: MIT OR Apache-2.0
//! Before a large amount is decided in a browser, whoever has the session proves once more who they are.
//!
//! Programs are not asked: a token is a secret that nobody types, and what it may do stands in its scopes.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::amount::Amount;
use makegood_desk::case::Duration;
use makegood_desk::input::{Id, Input};
use makegood_desk::life::Case;

use super::act;
use super::entry;
use super::frame::{DeskFrame, guarded};
use crate::books::act::before;
use crate::books::{cases, people, proof};
use crate::web::Web;
use crate::web::access::{self, Caller};
use crate::web::portal::form::Form;
use crate::web::portal::frame::{parameter, written};
use crate::web::refusal::{Problem, STEP_UP, shown_at};
use crate::web::session;
use crate::web::wire::Answer;

/// A proof counts for so long.
const COUNTS_FOR: Duration = Duration::from_seconds(15 * 60);
/// What a form's own fields are called on this page, so that none of them is taken for one of the page's.
const KEPT: &str = "kept-";

#[derive(Template)]
#[template(path = "desk_prove.html")]
struct Page {
    frame: DeskFrame,
    /// Whether there is anything to prove by.
    set: bool,
    next: String,
    /// The form that is sent on afterwards: where, and with what.
    place: String,
    kept: Vec<(String, String)>,
    above: String,
}

/// Refuses what moves more money than may be moved without a fresh proof.
///
/// # Errors
/// It is too much, and the proof is old; or the store's trouble.
pub async fn asked(web: &Arc<Web>, caller: &Caller, id: Id, input: &Input) -> Result<(), Problem> {
    if is_fresh(web, caller) || web.config.desk.step_up_above.iter().next().is_none() {
        return Ok(());
    }
    let shelf = Arc::clone(&web.desk.shelf);
    let found = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, id, false).await })
    });
    // What is no case is refused by whoever looks for it.
    let Some(case) = found.await? else {
        return Ok(());
    };
    let above = moved(&case, input).into_iter().find(|amount| {
        let most = web.config.desk.step_up_above.of(amount.currency());
        most.is_some_and(|most| amount.minor() > most.minor())
    });
    match above {
        None => Ok(()),
        Some(_) => Err(Problem::new(
            STEP_UP,
            "prove who you are at `/desk/prove`, and do it again",
        )),
    }
}

/// Whether whoever asks is not to be asked: a program, or somebody who proved lately who they are.
fn is_fresh(web: &Web, caller: &Caller) -> bool {
    match caller.token().session {
        None => true,
        Some(None) => false,
        Some(Some(at)) => at >= before(web.clock.now(), COUNTS_FOR),
    }
}

/// The money that an input moves.
fn moved(case: &Case, input: &Input) -> Vec<Amount> {
    match input {
        Input::Accept { .. } | Input::Approve { approved: true, .. } => {
            let proposal = case.decision().map(|held| &held.proposal);
            let remedies = proposal.into_iter().flat_map(|proposal| &proposal.remedies);
            remedies.filter_map(|granted| granted.money()).collect()
        }
        Input::Override(decided) => {
            let refund = decided.refund.map(|(amount, _)| amount);
            refund.into_iter().chain(decided.credit).collect()
        }
        _ => Vec::new(),
    }
}

/// The page on which somebody proves who they are, and after which a form goes on.
///
/// # Errors
/// The store's trouble.
pub async fn asks(
    web: &Arc<Web>,
    caller: &Caller,
    frame: DeskFrame,
    place: &str,
    form: &Form,
) -> Answer {
    let kept = form
        .said()
        .iter()
        .map(|(name, text)| (format!("{KEPT}{name}"), text.clone()));
    let page = put_together(web, caller, frame, "", place, kept.collect()).await?;
    Ok(page.frame.amiss(written(&page)?))
}

async fn put_together(
    web: &Arc<Web>,
    caller: &Caller,
    mut frame: DeskFrame,
    next: &str,
    place: &str,
    kept: Vec<(String, String)>,
) -> Result<Page, Problem> {
    frame.title = frame.say.t("desk-prove");
    let named = caller.token().person_name.clone().unwrap_or_default();
    let known = web.desk.store.read(move |tx| {
        let named = named.clone();
        Box::pin(async move { proof::of(tx, &named).await })
    });
    let amounts = web.config.desk.step_up_above.iter();
    let above: Vec<String> = amounts.map(|most| frame.say.money(most)).collect();
    Ok(Page {
        set: known.await?.is_some_and(|proof| proof.is_set()),
        next: next.to_owned(),
        place: place.to_owned(),
        kept,
        above: above.join(", "),
        frame,
    })
}

/// Open the page on which one proves who one is
#[utoipa::path(get, path = "/desk/prove", tag = "Console", operation_id = "desk_prove",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "me", "desk-prove");
    let next = parameter(&uri, "next").unwrap_or_default();
    let page = put_together(&web, &caller, frame, &next, "", Vec::new()).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// Prove who one is
///
/// With `password` and `code`. What was begun before goes on, and the header `Location` leads to it.
#[utoipa::path(post, path = "/desk/prove", tag = "Console", operation_id = "desk_prove_do",
    responses((status = 303, description = "It fits; the header `Location` leads on.", headers(("Location" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page; password and code do not fit together.", content_type = "text/html", body = String)))]
pub async fn prove(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "me", "desk-prove");
    let from = access::address(&web, &request);
    let form = Form::read(&web, request).await?;
    let place = form.text("place").to_owned();
    let kept: Vec<(String, String)> = form
        .said()
        .iter()
        .filter(|(name, _)| name.starts_with(KEPT))
        .cloned()
        .collect();
    let fits = match web.limits.of_sign_in(from) {
        Some(_) => false,
        None => fits(&web, &caller, &form).await?,
    };
    if !fits {
        frame.amiss = Some(frame.say.t("desk-prove-wrong"));
        let next = form.text("next");
        let page = put_together(&web, &caller, frame, next, &place, kept).await?;
        return Ok(page.frame.amiss(written(&page)?));
    }
    tracing::info!("somebody proved who they are");
    let again = Form::of(kept.into_iter().map(|(name, text)| {
        let name = name.strip_prefix(KEPT).unwrap_or_default().to_owned();
        (name, text)
    }));
    let number = place
        .strip_prefix("/desk/cases/")
        .and_then(|number| number.parse::<u64>().ok());
    match number.filter(|_| !again.text("do").is_empty()) {
        Some(number) => {
            let caller = caller.proved_at(web.clock.now());
            act::again(&web, &caller, frame, number, &again, &uri).await
        }
        None => Ok(guarded(
            shown_at(entry::place(form.text("next"))),
            frame.say.language,
        )),
    }
}

/// Whether password and code are those of whoever has the session; then that is noted.
async fn fits(web: &Arc<Web>, caller: &Caller, form: &Form) -> Result<bool, Problem> {
    let named = caller.token().person_name.clone().unwrap_or_default();
    let Some((proof, step, recovery)) = entry::proved(web, &named, form).await? else {
        return Ok(false);
    };
    let (id, now) = (caller.token().id, web.clock.now());
    let noted = web.desk.store.write(move |tx| {
        let (proof, recovery) = (proof.clone(), recovery.clone());
        Box::pin(async move {
            if !proof::used(tx, &proof, step, &recovery).await? {
                return Ok(false);
            }
            people::proved(tx, id, now).await?;
            Ok(true)
        })
    });
    let noted = noted.await?;
    web.known.clear();
    Ok(noted)
}
