// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signing in with a link that counts once, and signing out.
//!
//! Opening a link shows a page and uses nothing: what looks at links in mails and chats does not sign anybody in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::input::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::books::people::{self, LINK_LASTS, LINK_PREFIX, SESSION_PREFIX};
use crate::setup::new_id;
use crate::web::Web;
use crate::web::docs::{escaped, language, whole};
use crate::web::idempotency::Told;
use crate::web::portal::frame::guarded;
use crate::web::refusal::{Problem, elsewhere, gone_page};
use crate::web::session;
use crate::web::wire::{Answer, Line, Parameters, html, json, moment};
use crate::wire::{Fault, WireError};

/// Where somebody is led who has signed in.
pub const AFTER_SIGN_IN: &str = "/desk";

/// A new link.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSignInLink {
    /// Whose: the name that colleagues know, as `makegood user list` prints it.
    #[schema(example = "Agnes")]
    user: Line<200>,
}

/// A link that signs somebody in once.
#[derive(Serialize, ToSchema)]
pub struct SignInLink {
    /// `sign_in_link`.
    pub object: &'static str,
    /// Whose.
    #[schema(example = "Agnes")]
    pub user: String,
    /// The link. It is shown this once.
    #[schema(example = "https://refunds.example.com/sign-in/mgl_…")]
    pub url: String,
    /// Until when it counts.
    pub expires_at: String,
}

struct Words {
    sign_in: &'static str,
    once: &'static str,
    over: &'static str,
    over_why: &'static str,
    out: &'static str,
    out_why: &'static str,
}

const fn words(language: Language) -> Words {
    match language {
        Language::Danish => Words {
            sign_in: "Log ind",
            once: "Linket virker én gang og kun for",
            over: "Linket gælder ikke mere",
            over_why: "Det er brugt, udløbet eller ikke helt. Deskens ejer laver et nyt med <code>makegood user link</code>.",
            out: "Du er logget ud",
            out_why: "For at logge ind igen skal du have et nyt link fra deskens ejer.",
        },
        Language::English => Words {
            sign_in: "Sign in",
            once: "The link works once, and only for",
            over: "The link does not count any more",
            over_why: "It was used, has run out, or is not whole. The desk's owner makes a new one with <code>makegood user link</code>.",
            out: "You are signed out",
            out_why: "To sign in again you need a new link from the desk's owner.",
        },
    }
}

fn over(language: Language) -> Response {
    let words = words(language);
    let body = format!("<h1>{}</h1>\n<p>{}</p>", words.over, words.over_why);
    guarded(gone_page(whole(language, words.over, &body)), language)
}

/// What a link hashes to; nothing for what cannot be one.
fn hash_of(link: &str) -> Option<[u8; 32]> {
    let whole = link.starts_with(LINK_PREFIX) && link.len() <= 100;
    whole.then(|| people::hash(link))
}

/// Open a link to sign in
///
/// A page with one button. Opening it does not use the link. In Danish or English, as `Accept-Language` has it.
#[utoipa::path(get, path = "/sign-in/{link}", tag = "Sessions", operation_id = "open_sign_in",
    params(("link" = String, Path, description = "The secret of the link.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 410, description = "The link was used, has run out, or is none.", content_type = "text/html", body = String)))]
pub async fn open(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let language = language(&headers);
    let Some(hash) = hash_of(&link) else {
        return Ok(over(language));
    };
    let now = web.clock.now();
    let store = &web.desk.store;
    let person = store.read(move |tx| Box::pin(async move { people::link(tx, hash, now).await }));
    let Some(person) = person.await? else {
        return Ok(over(language));
    };
    let words = words(language);
    let body = format!(
        "<h1>{0}</h1>\n<p>{1} <strong>{2}</strong>.</p>\n<form method=\"post\"><button>{0}</button></form>",
        words.sign_in,
        words.once,
        escaped(&person.name)
    );
    Ok(guarded(
        html(whole(language, words.sign_in, &body)),
        language,
    ))
}

async fn signed_in(web: &Web, hash: [u8; 32]) -> Result<Option<HeaderValue>, Problem> {
    let secret = people::random(SESSION_PREFIX)?;
    let cookie = session::cookie(web, Some(&secret))
        .ok_or_else(|| Problem::fault("a cookie that cannot be written"))?;
    let (id, now) = (new_id(), web.clock.now());
    let person = web.desk.store.write(move |tx| {
        let secret = secret.clone();
        Box::pin(async move {
            let Some(person) = people::use_link(tx, hash, now).await? else {
                return Ok(None);
            };
            people::add_session(tx, &secret, id, person.id, now).await?;
            Ok(Some(person))
        })
    });
    Ok(person.await?.map(|_| cookie))
}

/// Sign in with a link
///
/// Uses the link, gives the browser a cookie, and leads on. A cookie stands for the person and their role; where it is all that a request
/// shows, whatever changes something must come from a page of the desk's own (`Sec-Fetch-Site: same-origin`, or an `Origin` that is this
/// desk). It ends after 12 hours in which nobody used it, and after 14 days.
#[utoipa::path(post, path = "/sign-in/{link}", tag = "Sessions", operation_id = "sign_in",
    params(("link" = String, Path, description = "The secret of the link.")),
    responses((status = 303, description = "Signed in; the header `Location` leads on.", headers(("Location" = String), ("Set-Cookie" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 410, description = "The link was used, has run out, or is none.", content_type = "text/html", body = String)))]
pub async fn enter(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    Parameters::of(&uri, &[])?;
    session::from_our_pages(&web, &headers)?;
    let language = language(&headers);
    let Some(hash) = hash_of(&link) else {
        return Ok(over(language));
    };
    let Some(cookie) = signed_in(&web, hash).await? else {
        return Ok(over(language));
    };
    tracing::info!("somebody signed in");
    let mut response = guarded(elsewhere(AFTER_SIGN_IN), language);
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Sign out
///
/// Ends the session whose cookie is shown, and takes the cookie away.
#[utoipa::path(post, path = "/sign-out", tag = "Sessions", operation_id = "sign_out",
    responses((status = 200, description = "Signed out.", content_type = "text/html", body = String),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn leave(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    Parameters::of(&uri, &[])?;
    session::from_our_pages(&web, &headers)?;
    if let Some(secret) = session::shown(&web, &headers) {
        let (hash, now) = (people::hash(&secret), web.clock.now());
        let store = &web.desk.store;
        store
            .write(move |tx| Box::pin(async move { people::end_session(tx, hash, now).await }))
            .await?;
        web.known.forget(&hash);
    }
    let language = language(&headers);
    let words = words(language);
    let body = format!("<h1>{}</h1>\n<p>{}</p>", words.out, words.out_why);
    let mut response = guarded(html(whole(language, words.out, &body)), language);
    if let Some(cookie) = session::cookie(&web, None) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Make a link that signs somebody in
///
/// It counts once, within a day.
#[utoipa::path(post, path = "/v1/sign_in_links", tag = "Sessions", operation_id = "create_sign_in_link", request_body = NewSignInLink,
    responses((status = 200, description = "The link.", body = SignInLink)))]
pub async fn create(State(web): State<Arc<Web>>, uri: Uri, told: Told<NewSignInLink>) -> Answer {
    Parameters::of(&uri, &[])?;
    let secret = people::random(LINK_PREFIX)?;
    let (user, kept, now) = (told.body.user.0, secret.clone(), web.clock.now());
    let until = now.plus(LINK_LASTS);
    let named = user.clone();
    let made = web.desk.store.write(move |tx| {
        let (named, kept) = (named.clone(), kept.clone());
        Box::pin(async move {
            match people::named(tx, &named).await? {
                Some(person) if person.disabled_at.is_none() => {
                    people::add_link(tx, &kept, person.id, now, until).await?;
                    Ok(true)
                }
                _ => Ok(false),
            }
        })
    });
    if !made.await? {
        return Err(Problem::body(WireError {
            kind: Fault::BadValue,
            detail:
                "`user` is nobody with access here; write a name as `makegood user list` prints it"
                    .to_owned(),
            pointer: "/user".to_owned(),
        }));
    }
    Ok(json(&SignInLink {
        object: "sign_in_link",
        user,
        url: address(&web.config.server.public_url, secret.expose()),
        expires_at: moment(until),
    }))
}

/// The address of a link.
#[must_use]
pub fn address(place: &str, secret: &str) -> String {
    format!("{place}/sign-in/{secret}")
}
