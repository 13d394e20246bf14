// SPDX-License-Identifier: MIT OR Apache-2.0
//! One's own page: how one signs in, where one is signed in, and how one likes the console.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};
use makegood_desk::case::Duration;
use makegood_desk::input::{Id, Language};

use super::entry::SECRET;
use super::frame::{DeskFrame, guarded};
use crate::books::act::before;
use crate::books::people;
use crate::books::proof::{self, NewProof, Weak};
use crate::books::seal::hex;
use crate::post::language_of;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, name, read_name};

/// Within so long after signing in one may change how one signs in: whoever finds a screen unlocked may not.
const FRESH: Duration = Duration::from_seconds(600);

/// Somewhere where one is signed in.
struct Session {
    id: String,
    since: String,
    used: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "desk_me.html")]
struct Page {
    frame: DeskFrame,
    set: bool,
    fresh: bool,
    secret: String,
    grouped: String,
    address: String,
    codes: Vec<String>,
    sessions: Vec<Session>,
    danish: bool,
    english: bool,
}

fn person(caller: &Caller) -> Result<(Id, String), Problem> {
    let token = caller.token();
    let person = token.person.map(|(id, _)| id);
    let named = token.person_name.clone();
    person
        .zip(named)
        .ok_or_else(|| Problem::no_such("person behind this token"))
}

/// Whether whoever asks signed in a moment ago.
fn is_fresh(web: &Web, caller: &Caller) -> bool {
    caller.token().created_at >= before(web.clock.now(), FRESH)
}

async fn put_together(
    web: &Arc<Web>,
    frame: DeskFrame,
    caller: &Caller,
    codes: Vec<String>,
) -> Result<Page, Problem> {
    let (id, named) = person(caller)?;
    let (now, asked) = (web.clock.now(), named.clone());
    let found = web.desk.store.read(move |tx| {
        let asked = asked.clone();
        Box::pin(async move {
            let sessions = people::sessions_of(tx, id, now).await?;
            Ok((sessions, proof::of(tx, &asked).await?))
        })
    });
    let (sessions, known) = found.await?;
    let secret = proof::letters(&proof::new_secret()?);
    let own = caller.token().id;
    let label: String = url::form_urlencoded::byte_serialize(named.as_bytes()).collect();
    let issuer: String = url::form_urlencoded::byte_serialize(frame.merchant.as_bytes()).collect();
    let say = frame.say.clone();
    Ok(Page {
        set: known.is_some_and(|proof| proof.is_set()),
        fresh: is_fresh(web, caller),
        grouped: secret
            .as_bytes()
            .chunks(4)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect::<Vec<_>>()
            .join(" "),
        address: format!(
            "otpauth://totp/{0}:{1}?secret={secret}&issuer={0}",
            issuer.replace('+', "%20"),
            label.replace('+', "%20")
        ),
        secret,
        codes,
        sessions: sessions
            .into_iter()
            .map(|open| Session {
                id: name("session", open.id),
                since: say.moment(open.created_at),
                used: say.moment(open.used_at),
                here: open.id == own,
            })
            .collect(),
        danish: caller.token().language == Some(Language::Danish),
        english: caller.token().language == Some(Language::English),
        frame,
    })
}

/// Open one's own page
#[utoipa::path(get, path = "/desk/me", tag = "Console", operation_id = "desk_me",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "me", "desk-me");
    let page = put_together(&web, frame, &caller, Vec::new()).await?;
    Ok(page.frame.sent(written(&page)?))
}

/// What came of a form.
enum Came {
    /// It was done.
    Done,
    /// It was done, and these codes are shown once.
    Codes(Vec<String>),
    /// It was not, and why, by the id of a text.
    Not(&'static str),
}

/// Change something on one's own page
///
/// `do` is `proof` (how one signs in), `end`, `end-others` (sessions) or `likes` (language and keys).
#[utoipa::path(post, path = "/desk/me", tag = "Console", operation_id = "desk_me_change",
    responses((status = 200, description = "The page, with codes that are shown once.", content_type = "text/html", body = String),
        (status = 303, description = "It was done; the header `Location` leads back.", headers(("Location" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "me", "desk-me");
    let form = Form::read(&web, request).await?;
    let came = match form.text("do") {
        "proof" => prove(&web, &caller, &form).await?,
        "likes" => likes(&web, &caller, &form).await?,
        "end" => end(&web, &caller, form.text("session"), false).await?,
        "end-others" => end(&web, &caller, "", true).await?,
        _ => Came::Not("desk-form-wrong"),
    };
    match came {
        Came::Done => Ok(guarded(shown_at("/desk/me?told=done"), frame.say.language)),
        Came::Codes(codes) => {
            frame.told = Some(frame.say.t("desk-me-kept"));
            let page = put_together(&web, frame, &caller, codes).await?;
            Ok(page.frame.sent(written(&page)?))
        }
        Came::Not(why) => {
            frame.amiss = Some(frame.say.t(why));
            let page = put_together(&web, frame, &caller, Vec::new()).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

async fn prove(web: &Arc<Web>, caller: &Caller, form: &Form) -> Result<Came, Problem> {
    let (id, named) = person(caller)?;
    if !is_fresh(web, caller) {
        return Ok(Came::Not("desk-me-not-fresh"));
    }
    let password = form.text("password").to_owned();
    match proof::strong(&password, &named) {
        Ok(()) => {}
        Err(Weak::Short) => return Ok(Came::Not("desk-me-short")),
        Err(Weak::Long) => return Ok(Came::Not("desk-me-long")),
        Err(Weak::Common) => return Ok(Came::Not("desk-me-common")),
    }
    let secret = proof::from_letters(form.text("secret")).filter(|secret| secret.len() == 20);
    let Some(secret) = secret else {
        return Ok(Came::Not("desk-form-wrong"));
    };
    let now = web.clock.now();
    let Some(step) = proof::step_of(&secret, form.text("code"), now, 0) else {
        return Ok(Came::Not("desk-me-code"));
    };
    let keeping = tokio::task::spawn_blocking(move || proof::kept(&password));
    let password = keeping
        .await
        .map_err(|panic| Problem::fault(format!("keeping a password failed: {panic}")))??;
    let sealed = web.vault.seal(&hex(&id.0), SECRET, &secret).await?;
    let (codes, recovery) = proof::new_recovery()?;
    let new = Arc::new(NewProof {
        password,
        totp: sealed.ciphertext,
        step,
        recovery,
    });
    let own = caller.token().id;
    let set = web.desk.store.write(move |tx| {
        let new = Arc::clone(&new);
        Box::pin(async move {
            proof::set(tx, id, &new).await?;
            // Whoever was in by the old way is out.
            people::end_sessions(tx, id, own, true, now).await
        })
    });
    set.await?;
    tracing::info!("somebody changed how they sign in");
    Ok(Came::Codes(codes))
}

async fn likes(web: &Arc<Web>, caller: &Caller, form: &Form) -> Result<Came, Problem> {
    let (id, _) = person(caller)?;
    let language = language_of(form.text("language")).map(|language| language.code());
    let keys = form.text("keys") == "yes";
    let kept = web
        .desk
        .store
        .write(move |tx| Box::pin(async move { proof::likes(tx, id, language, keys).await }));
    kept.await?;
    web.known.clear();
    Ok(Came::Done)
}

async fn end(
    web: &Arc<Web>,
    caller: &Caller,
    session: &str,
    others: bool,
) -> Result<Came, Problem> {
    let (id, _) = person(caller)?;
    let session = match others {
        true => caller.token().id,
        false => read_name("session", session)?,
    };
    let now = web.clock.now();
    let ended = web.desk.store.write(move |tx| {
        Box::pin(async move { people::end_sessions(tx, id, session, others, now).await })
    });
    ended.await?;
    web.known.clear();
    Ok(Came::Done)
}
