// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way in: a name, a password, and a code that changes. Whatever is wrong, the answer is one and takes as long.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::books::people::{self, SESSION_PREFIX};
use crate::books::proof::{self, Judged, Proof};
use crate::books::seal::hex;
use crate::setup::new_id;
use crate::vault::Sealed;
use crate::web::Web;
use crate::web::access;
use crate::web::api::sign_in::AFTER_SIGN_IN;
use crate::web::portal::form::Form;
use crate::web::portal::frame::{Frame, asked_for, chosen, guarded, parameter, sent, written};
use crate::web::portal::say::Fill;
use crate::web::refusal::{Problem, amiss_page, shown_at, waits_page};
use crate::web::session;
use crate::web::wire::Answer;

/// The field under which somebody's secret is sealed.
pub const SECRET: &str = "sign_in_secret";
/// One password is worked on at a time; each takes 19 MiB and a processor.
static ROOM: Semaphore = Semaphore::const_new(1);

/// A refusal is told no sooner than this, whatever it cost.
const REFUSED_AFTER: Duration = Duration::from_millis(500);

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    next: String,
    name: String,
    amiss: Option<String>,
}

/// Leads a browser that nobody knows to the way in, and back afterwards.
#[must_use]
pub fn led(request: &Request) -> Response {
    let asked = request
        .uri()
        .path_and_query()
        .map_or("/desk", |all| all.as_str());
    let next: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    shown_at(&format!("/sign-in?next={next}"))
}

/// A place of the console's own, and nothing else: whoever makes a link does not choose where somebody ends who signs in.
pub(super) fn place(next: &str) -> &str {
    let plain = next
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>'));
    let ours = next == "/desk"
        || ["/desk/", "/desk?"]
            .iter()
            .any(|begin| next.starts_with(begin));
    if plain && ours && next.len() <= 500 {
        next
    } else {
        AFTER_SIGN_IN
    }
}

fn frame(web: &Web, uri: &Uri, headers: &HeaderMap) -> Frame {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    let mut frame = Frame::new(web, uri, language, "", "sign-in");
    frame.listed = false;
    frame
}

/// Open the way in
#[utoipa::path(get, path = "/sign-in", tag = "Sessions", operation_id = "sign_in_page",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(State(web): State<Arc<Web>>, uri: Uri, headers: HeaderMap) -> Answer {
    let page = Page {
        frame: frame(&web, &uri, &headers),
        next: parameter(&uri, "next").unwrap_or_default(),
        name: String::new(),
        amiss: None,
    };
    Ok(sent(written(&page)?, page.frame.say.language))
}

/// Sign in with a password and a code
///
/// Gives the browser a cookie, and leads on. Unknown names, wrong passwords and wrong codes are answered alike; whoever fails often waits.
#[utoipa::path(post, path = "/sign-in", tag = "Sessions", operation_id = "sign_in_by_password",
    responses((status = 303, description = "Signed in; the header `Location` leads on.", headers(("Location" = String), ("Set-Cookie" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page; name, password and code do not fit together.", content_type = "text/html", body = String),
        (status = 429, description = "The page; too many were tried from this address. The header `Retry-After` says for how many seconds to wait.", content_type = "text/html", body = String)))]
pub async fn enter(
    State(web): State<Arc<Web>>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let begun = Instant::now();
    session::from_our_pages(&web, &headers)?;
    let frame = frame(&web, &uri, &headers);
    let from = access::address(&web, &request);
    let form = Form::read(&web, request).await?;
    let language = frame.say.language;
    if let Some(seconds) = web.limits.of_sign_in(from) {
        return too_often(frame, &form, seconds);
    }
    match cookie(&web, &form).await? {
        Some(cookie) => {
            tracing::info!("somebody signed in by password");
            let mut response = guarded(shown_at(place(form.text("next"))), language);
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            Ok(response)
        }
        None => {
            // What was looked up and written for somebody who is there takes no longer than this.
            tokio::time::sleep_until(begun + REFUSED_AFTER).await;
            let page = Page {
                next: form.text("next").to_owned(),
                name: form.text("name").to_owned(),
                amiss: Some(frame.say.t("sign-in-wrong")),
                frame,
            };
            Ok(guarded(amiss_page(written(&page)?), language))
        }
    }
}

/// Too many were tried from one address: the page says for how long to wait, and so does a header for programs.
fn too_often(frame: Frame, form: &Form, seconds: u64) -> Answer {
    let minutes = usize::try_from(seconds.div_ceil(60)).unwrap_or(usize::MAX);
    let language = frame.say.language;
    let amiss = frame
        .say
        .with("sign-in-too-often", &[("minutes", Fill::Count(minutes))]);
    let page = Page {
        next: form.text("next").to_owned(),
        name: form.text("name").to_owned(),
        amiss: Some(amiss),
        frame,
    };
    Ok(guarded(waits_page(written(&page)?, seconds), language))
}

/// The cookie of a new session, where everything fits.
async fn cookie(web: &Arc<Web>, form: &Form) -> Result<Option<HeaderValue>, Problem> {
    match proved(web, form.text("name"), form).await? {
        Some((proof, step, recovery)) => opened(web, proof, step, recovery).await,
        None => Ok(None),
    }
}

/// How somebody proves who they are, with the step of their code and what is left of the others; nothing where it does not fit.
pub(super) async fn proved(
    web: &Arc<Web>,
    name: &str,
    form: &Form,
) -> Result<Option<(Proof, i64, String)>, Problem> {
    let name = name.to_owned();
    if name.contains('\0') {
        return Ok(None);
    }
    // Before it is read how often somebody failed: of many guesses at once, each sees those before it.
    let _room = ROOM.acquire().await.map_err(Problem::fault)?;
    let found = web.desk.store.read(move |tx| {
        let name = name.clone();
        Box::pin(async move { proof::of(tx, &name).await })
    });
    let found = found.await?;
    let secret = match &found {
        Some(proof) => secret(web, proof).await?,
        None => Vec::new(),
    };
    let now = web.clock.now();
    let (password, given) = (
        form.text("password").to_owned(),
        form.text("code").to_owned(),
    );
    let held = found.clone();
    let judging = tokio::task::spawn_blocking(move || match held {
        Some(proof) => proof.judge(&password, &given, &secret, now),
        None => {
            // As much work as for somebody who is there.
            let _ = proof::fits(&password, None);
            Judged::Not
        }
    });
    let judged = judging
        .await
        .map_err(|panic| Problem::fault(format!("judging a password failed: {panic}")))?;
    let Some(proof) = found else { return Ok(None) };
    match judged {
        Judged::Waits => Ok(None),
        Judged::Not => {
            let noted = web.desk.store.write(move |tx| {
                let proof = proof.clone();
                Box::pin(async move { proof::failed(tx, &proof, now).await })
            });
            noted.await?;
            Ok(None)
        }
        Judged::Fits { step, recovery } => Ok(Some((proof, step, recovery))),
    }
}

/// Opens a session for somebody whose code has not been used meanwhile.
async fn opened(
    web: &Arc<Web>,
    proof: Proof,
    step: i64,
    recovery: String,
) -> Result<Option<HeaderValue>, Problem> {
    let secret = people::random(SESSION_PREFIX)?;
    let cookie = session::cookie(web, Some(&secret))
        .ok_or_else(|| Problem::fault("a cookie that cannot be written"))?;
    let (id, now) = (new_id(), web.clock.now());
    let made = web.desk.store.write(move |tx| {
        let (proof, secret, recovery) = (proof.clone(), secret.clone(), recovery.clone());
        Box::pin(async move {
            if !proof::used(tx, &proof, step, &recovery).await? {
                return Ok(false);
            }
            people::add_session(tx, &secret, id, proof.id, now).await?;
            people::proved(tx, id, now).await?;
            Ok(true)
        })
    });
    Ok(made.await?.then_some(cookie))
}

/// The secret of somebody's changing code.
async fn secret(web: &Web, proof: &Proof) -> Result<Vec<u8>, Problem> {
    let Some(kept) = &proof.totp else {
        return Ok(Vec::new());
    };
    let sealed = Sealed {
        hash: sha256(kept),
        ciphertext: kept.clone(),
    };
    let name = hex(&proof.id.0);
    let opened = web.vault.open_field(&name, SECRET, &sealed).await?;
    Ok(opened.expose().clone())
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_signs_in_ends_on_a_page_of_the_console() {
        for (next, leads) in [
            ("/desk", "/desk"),
            ("/desk/cases/12?view=ready", "/desk/cases/12?view=ready"),
            ("/desk?view=mine", "/desk?view=mine"),
            ("", AFTER_SIGN_IN),
            ("/desktop", AFTER_SIGN_IN),
            ("//example.net/desk/", AFTER_SIGN_IN),
            ("https://example.net/desk/", AFTER_SIGN_IN),
            ("/\\example.net", AFTER_SIGN_IN),
            ("/desk/\r\nx: y", AFTER_SIGN_IN),
            ("/desk/\"><script>", AFTER_SIGN_IN),
        ] {
            assert_eq!(place(next), leads, "{next}");
        }
    }
}
