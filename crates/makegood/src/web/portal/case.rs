// SPDX-License-Identifier: MIT OR Apache-2.0
//! A customer's page of a case, behind a signed link: how it stands in one sentence, why, what is still needed, and a way to answer.

pub(super) mod state;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::case::{CaseFile, Instant, LogEntry};
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::event::Origin;
use makegood_desk::facts::Asked;
use makegood_desk::input::{Digest, Door, Input, Language, ProofAbout};
use makegood_desk::life::{Case, Letter, LetterKind};
use makegood_desk::notice::{self, Paragraph};
use makegood_desk::record;
use makegood_desk::records::Records;
use makegood_policy::fact::Disclose;
use serde_json::json;

use super::curve::{self, Curve};
use super::form::Form;
use super::frame::{Frame, asked_for, chosen, guarded, parameter, sent, written};
use super::link::{self, Link};
use super::say::{Fill, Say};
use crate::books::files::{self, File};
use crate::books::orders::{Depth, records};
use crate::books::{cases, private};
use crate::post::{LETTER, MESSAGE, PAPER, letter_word};
use crate::reasons::{Reasons, edition};
use crate::store::{Trouble, Tx, Value};
use crate::vault::VaultTrouble;
use crate::web::Web;
use crate::web::api::acts::{act_with, words};
use crate::web::idempotency::Context;
use crate::web::refusal::{ERASED, Problem, amiss_page, gone_page, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, Prose};
use state::{Kind, Step};

crate::statements! {
    /// The proof that went with the last decision that was told.
    PROOF = "select proof from letter where case_id = ?1 and proof is not null order by no desc limit 1";
}

/// Most that is shown of what was written.
const THREAD_MOST: usize = 40;

/// What the books say of a case, for its customer.
pub(super) struct Seen {
    pub(super) case: Arc<Case>,
    pub(super) records: Records,
    pub(super) paper: Option<Vec<u8>>,
    pub(super) files: Vec<File>,
    pub(super) proof: bool,
}

/// Something that is asked of the customer.
pub(super) struct Ask {
    pub(super) question: String,
    pub(super) why: Option<String>,
}

/// Something that was written.
pub(super) struct Item {
    pub(super) ours: bool,
    pub(super) at: Instant,
    pub(super) machine: String,
    pub(super) when: String,
    pub(super) title: String,
    pub(super) text: String,
    pub(super) files: Vec<String>,
}

#[derive(Template)]
#[template(path = "case.html")]
struct Page {
    frame: Frame,
    number: u64,
    order: String,
    service: Option<String>,
    kind: Kind,
    state: String,
    note: String,
    steps: Vec<Step>,
    asks: Vec<Ask>,
    asked_until: String,
    /// What files that are sent now are to show, where a proof was asked for.
    about: &'static str,
    curve: Option<Curve>,
    judged_at: Option<String>,
    decision: Vec<Paragraph>,
    changes: Vec<String>,
    version: Option<(String, String)>,
    appeal: bool,
    proof: bool,
    proof_address: String,
    thread: Vec<Item>,
    told: Option<String>,
    amiss: Option<String>,
    draft: String,
    once: String,
    limits: String,
}

#[derive(Template)]
#[template(path = "case_gone.html")]
struct Gone {
    frame: Frame,
}

/// Where links stand: everything that is wrong with one looks the same.
pub(super) fn gone(web: &Web, uri: &Uri, headers: &HeaderMap) -> Answer {
    let language = chosen(uri).unwrap_or_else(|| asked_for(web, headers));
    let mut frame = Frame::new(web, uri, language, "", "gone-title");
    // The address of a link that does not count is not repeated.
    frame.other.address = "/contact".to_owned();
    Ok(guarded(gone_page(written(&Gone { frame })?), language))
}

pub(super) async fn seen(web: &Arc<Web>, text: &str) -> Result<Option<Seen>, Problem> {
    let now = web.clock.now();
    let Some(link) = web.links.read(text, now) else {
        return Ok(None);
    };
    let inside = Arc::clone(web);
    let found = web.desk.store.read(move |tx| {
        let web = Arc::clone(&inside);
        Box::pin(async move { looked_up(tx, &web, link, now).await })
    });
    let Some(seen) = found.await? else {
        return Ok(None);
    };
    // Of somebody who was erased nothing is shown to anybody.
    let person = crate::books::seal::hex(&crate::post::person_of(&seen.case).0);
    match web.vault.key(&person).await {
        Err(VaultTrouble::Erased) => Ok(None),
        _ => Ok(Some(seen)),
    }
}

async fn looked_up(
    tx: &mut Tx<'_>,
    web: &Web,
    link: Link,
    now: Instant,
) -> Result<Option<Seen>, Trouble> {
    if !link::counts(tx, link).await? {
        return Ok(None);
    }
    let Some(case) = cases::load(tx, &web.desk.shelf, link.case, false).await? else {
        return Ok(None);
    };
    let depth = Depth::Whole {
        refunds_since: now,
        trouble_since: now,
        claim: "",
    };
    let records = records(tx, &case.order, false, depth).await?;
    let mut paper = None;
    if let Some(held) = case.standing() {
        let digest = Value::from(held.proposal.paper.digest.0);
        let row = tx.one(&PAPER, &[digest]).await?;
        paper = row
            .map(|row| row.bytes(0).map(<[u8]>::to_vec))
            .transpose()?;
    }
    let mut known = Vec::new();
    for digest in case.messages.iter().flat_map(|(_, _, files)| files) {
        known.extend(files::read(tx, *digest).await?);
    }
    for proof in case.proofs() {
        known.extend(files::read(tx, proof.attachment).await?);
    }
    let proof = tx.one(&PROOF, &[Value::from(case.id.0)]).await?.is_some();
    Ok(Some(Seen {
        case,
        records,
        paper,
        files: known,
        proof,
    }))
}

/// Open the page of a case
///
/// For the customer who has its link. Links that are forged, have run out, were taken back or lead nowhere are answered alike.
#[utoipa::path(get, path = "/c/{link}", tag = "Pages", operation_id = "case_page",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 200, description = "The page.", content_type = "text/html", body = String),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let Some(seen) = seen(&web, &link).await? else {
        return gone(&web, &uri, &headers);
    };
    let language = chosen(&uri).unwrap_or(seen.case.language);
    let frame = Frame::new(&web, &uri, language, "", "case-title");
    let told = match parameter(&uri, "told").as_deref() {
        Some("message") => Some(frame.say.t("told-message")),
        Some("appeal") => Some(frame.say.t("told-appeal")),
        _ => None,
    };
    let page = put_together(&web, frame, &link, seen, told, None).await?;
    Ok(sent(written(&page)?, language))
}

async fn put_together(
    web: &Arc<Web>,
    mut frame: Frame,
    link: &str,
    seen: Seen,
    told: Option<String>,
    amiss: Option<(String, String)>,
) -> Result<Page, Problem> {
    let say = frame.say.clone();
    let case = Arc::clone(&seen.case);
    let thread = thread(web, &say, &seen).await?;
    let number = case.number.to_string();
    frame.title = say.one("case-title", "number", &number);
    let state = state::of(&say, &case, web.config.merchant.answer);
    let order = seen.records.order.as_ref();
    let service = order.map(|record| {
        let units = makegood_desk::words::units_words(
            say.tongue(),
            record.order.quantity,
            &record.order.service.unit,
        );
        say.with(
            "case-service",
            &[
                ("service", Fill::Words(&record.order.service.name)),
                ("units", Fill::Words(&units)),
                ("price", Fill::Words(&say.money(record.order.price))),
            ],
        )
    });
    let told_of = spawn_explained(web, &say, seen).await?;
    let asking = case
        .open_askings()
        .find(|asking| asking.whom == Asked::Customer);
    let asked_until = asking.map_or(String::new(), |asking| say.day(asking.due_at));
    let about = asking.map_or("", |asking| wanted(&asking.facts));
    let limits = &web.config.attachments;
    let files_max = say.whole(u64::from(limits.files_per_case_max));
    let size = say.whole(limits.file_bytes_max.div_euclid(1 << 20));
    let (amiss, draft) = amiss.unzip();
    Ok(Page {
        number: case.number,
        order: case.order.clone(),
        service,
        kind: state.kind,
        state: state.sentence,
        note: state.note,
        steps: state.steps,
        asks: told_of.asks,
        asked_until,
        about,
        curve: told_of.curve,
        judged_at: told_of.judged_at,
        decision: told_of.decision,
        changes: told_of.changes,
        version: told_of.version,
        appeal: case.standing().is_some() && case.disputed.is_none(),
        proof: told_of.proof,
        proof_address: format!("/c/{link}/proof"),
        thread,
        told,
        amiss,
        draft: draft.unwrap_or_default(),
        once: super::help::once()?,
        limits: say.with(
            "files-limits",
            &[
                ("count", Fill::Words(&files_max)),
                ("size", Fill::Words(&size)),
            ],
        ),
        frame,
    })
}

/// What has to be worked out from the policy and the records.
pub(super) struct Explained {
    pub(super) asks: Vec<Ask>,
    pub(super) curve: Option<Curve>,
    pub(super) judged_at: Option<String>,
    pub(super) decision: Vec<Paragraph>,
    pub(super) changes: Vec<String>,
    pub(super) version: Option<(String, String)>,
    pub(super) proof: bool,
}

/// Works it out away from the threads that answer.
pub(super) async fn spawn_explained(
    web: &Arc<Web>,
    say: &Say,
    seen: Seen,
) -> Result<Explained, Problem> {
    let (web, say) = (Arc::clone(web), say.clone());
    let explained = tokio::task::spawn_blocking(move || explained(&web, &say, &seen));
    explained
        .await
        .map_err(|panic| Problem::fault(format!("showing a case failed: {panic}")))
}

fn explained(web: &Web, say: &Say, seen: &Seen) -> Explained {
    let case = &seen.case;
    let order = seen.records.order.as_ref();
    let policies = web.desk.policies.now();
    let rulebook = order
        .and_then(|record| policies.judging(record.order.placed_at).ok())
        .map(|(_, book)| book);
    let judged = seen
        .paper
        .as_deref()
        .and_then(|bytes| record::read_case_file(bytes).ok())
        .and_then(|parts| CaseFile::new(parts).ok());
    // What was judged is what was seen; until then, what the books say.
    let (curve, judged_at) = match (&judged, order) {
        (Some(judged), _) => {
            let log: Vec<&LogEntry<'_>> = judged.log().map(|(_, entry)| entry).collect();
            let drawn = curve::draw(say, &judged.order, &log);
            (drawn, Some(say.moment(judged.as_of)))
        }
        (None, Some(record)) => {
            let log: Vec<&LogEntry<'_>> = seen.records.delivery_log.iter().collect();
            (curve::draw(say, &record.order, &log), None)
        }
        (None, None) => (None, None),
    };
    let version = case.standing().map(|held| {
        let version = &held.proposal.version;
        let words = makegood_desk::words::version_words(say.tongue(), version);
        (
            words,
            format!("/policy/{version}?language={}", say.language.code()),
        )
    });
    Explained {
        asks: asks(say, case, rulebook),
        curve,
        judged_at,
        decision: decision(web, say, seen, rulebook, judged.as_ref()),
        changes: changes(web, say, case, judged.as_ref()),
        version,
        proof: seen.proof,
    }
}

fn asks(say: &Say, case: &Case, rulebook: Option<&Rulebook>) -> Vec<Ask> {
    let open = case
        .open_askings()
        .filter(|asking| asking.whom == Asked::Customer);
    let facts: Vec<String> = open
        .flat_map(|asking| asking.facts.iter().cloned())
        .collect();
    let Some(book) = rulebook else {
        return Vec::new();
    };
    let policy = book.policy();
    let questions = policy.questions(&facts, edition(policy, Some(say.language.code())));
    questions
        .into_iter()
        .filter(|question| !question.ask.is_empty())
        .map(|question| Ask {
            question: question.ask,
            why: question.why,
        })
        .collect()
}

/// The decision that stands, as its letter tells it.
fn decision(
    web: &Web,
    say: &Say,
    seen: &Seen,
    rulebook: Option<&Rulebook>,
    judged: Option<&CaseFile<'_>>,
) -> Vec<Paragraph> {
    let case = &seen.case;
    let Some(held) = case.standing() else {
        return Vec::new();
    };
    let letter = Letter {
        no: 0,
        kind: LetterKind::Decision {
            decision: held.proposal.no,
        },
        at: held.at,
        handed: None,
        dropped: false,
    };
    let notice = notice::compose_judged(
        case,
        &letter,
        rulebook,
        &seen.records,
        judged,
        web.clock.now(),
        say.language,
    );
    notice.paragraphs
}

/// What would have changed the decision, where the policy made it: a person's reasons are their own.
fn changes(web: &Web, say: &Say, case: &Case, judged: Option<&CaseFile<'_>>) -> Vec<String> {
    let held = case
        .standing()
        .filter(|held| held.proposal.origin == Origin::Policy);
    let policies = web.desk.policies.now();
    let book = held.and_then(|held| {
        let mut books = policies.iter();
        books.find(|book| book.policy().version == held.proposal.version)
    });
    let Some((book, judged)) = book.zip(judged) else {
        return Vec::new();
    };
    let mut room = Workspace::default();
    let decision = book.decide(&mut room, judged);
    let edition = edition(book.policy(), Some(say.language.code()));
    let reasons = Reasons::of(book, judged, &decision, edition, Disclose::Customer);
    let changes = reasons.would_change.into_iter();
    changes.map(|change| change.says).collect()
}

/// What was written, by the customer and by us, newest last.
pub(super) async fn thread(web: &Arc<Web>, say: &Say, seen: &Seen) -> Result<Vec<Item>, Problem> {
    let case = &seen.case;
    let mut items = Vec::new();
    let item = |ours: bool, at: Instant, title: String| Item {
        ours,
        at,
        machine: say.machine(at),
        when: say.moment(at),
        title,
        text: String::new(),
        files: Vec::new(),
    };
    for (at, text, digests) in case
        .messages
        .iter()
        .skip(case.messages.len().saturating_sub(THREAD_MOST))
    {
        let mut item = item(false, *at, say.t("thread-you"));
        if let Some(digest) = text {
            item.text = words_of(web, *digest, MESSAGE).await?;
        }
        item.files = digests
            .iter()
            .map(|digest| file(say, seen, *digest))
            .collect();
        items.push(item);
    }
    for proof in case.proofs() {
        let mut item = item(false, proof.at, say.t("thread-you"));
        item.files.push(file(say, seen, proof.attachment));
        items.push(item);
    }
    for letter in case
        .letters
        .iter()
        .skip(case.letters.len().saturating_sub(THREAD_MOST))
    {
        if let Some(digest) = letter.handed {
            let title = say.t(&format!("letter-{}", letter_word(letter.kind)));
            let mut item = item(true, letter.at, title);
            item.text = words_of(web, digest, LETTER).await?;
            items.push(item);
        }
    }
    items.sort_by_key(|item| item.at);
    Ok(items)
}

/// A file in a few words: what it is and how large.
fn file(say: &Say, seen: &Seen, digest: Digest) -> String {
    let known = seen.files.iter().find(|file| file.digest == digest);
    known.map_or_else(String::new, |file| {
        let kibibytes = say.whole(file.bytes.div_ceil(1_024));
        format!("{} · {kibibytes} KB", file.kind.to_uppercase())
    })
}

/// A sealed text; nothing where it is gone.
///
/// # Errors
/// The store's trouble.
pub async fn words_of(web: &Web, digest: Digest, field: &str) -> Result<String, Problem> {
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
    let Some((person, of, sealed)) = found.await?.filter(|(_, of, _)| of == field) else {
        return Ok(String::new());
    };
    let name = crate::books::seal::hex(&person.0);
    match web.vault.open_field(&name, &of, &sealed).await {
        Ok(text) => Ok(String::from_utf8_lossy(text.expose()).into_owned()),
        Err(trouble) => match Problem::from(trouble) {
            problem if problem.kind() == ERASED => Ok(String::new()),
            problem => Err(problem),
        },
    }
}

/// What a file is to show, by the first fact that is asked for and that a file can show.
fn wanted(facts: &[String]) -> &'static str {
    let known = ["on_target_share", "fault_shown", "proxy_used"];
    known
        .into_iter()
        .find(|known| facts.iter().any(|fact| fact == known))
        .unwrap_or("")
}

fn about(case: &Case, word: &str) -> Option<ProofAbout> {
    let account = || case.claim().and_then(|claim| claim.account.clone());
    match word {
        "on_target_share" => Some(ProofAbout::AudienceStatistics),
        "fault_shown" => account().map(|account| ProofAbout::AccountFault { account }),
        "proxy_used" => account().map(|account| ProofAbout::Proxy { account }),
        _ => None,
    }
}

/// Write at a case
///
/// What a customer writes, sends, or does not accept. `do` is `message` or `appeal`.
#[utoipa::path(post, path = "/c/{link}", tag = "Pages", operation_id = "send_to_case",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 303, description = "It was taken; the header `Location` leads back to the page.", headers(("Location" = String))),
        (status = 403, description = "It did not come from a page of the desk's own (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn send(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let Some(seen) = seen(&web, &link).await? else {
        return gone(&web, &uri, &headers);
    };
    let language = chosen(&uri).unwrap_or(seen.case.language);
    let frame = Frame::new(&web, &uri, language, "", "case-title");
    let form = Form::read(&web, request).await?;
    let done = match wrong_with(&form) {
        Some(why) => Err(frame.say.t(why)),
        None => acted(&web, &seen.case, Door::Form, &form, uri.path(), &frame.say).await?,
    };
    match done {
        Ok(what) => {
            let place = format!("/c/{link}?told={what}{}#thread", and(&uri));
            Ok(guarded(shown_at(&place), language))
        }
        Err(why) => {
            let amiss = Some((why, form.text("text").to_owned()));
            let page = put_together(&web, frame, &link, seen, None, amiss).await?;
            Ok(guarded(amiss_page(written(&page)?), language))
        }
    }
}

/// The language that was chosen, to be said again.
fn and(uri: &Uri) -> String {
    chosen(uri).map_or(String::new(), |language: Language| {
        format!("&language={}", language.code())
    })
}

pub(super) fn wrong_with(form: &Form) -> Option<&'static str> {
    if form.rejected > 0 {
        return Some("files-rejected");
    }
    let nothing = form.text("text").is_empty() && form.files.is_empty();
    nothing.then_some("reply-empty")
}

/// Hands in what was written: which it was; or why it was not taken, in words.
pub(super) async fn acted(
    web: &Arc<Web>,
    case: &Case,
    door: Door,
    form: &Form,
    path: &str,
    say: &Say,
) -> Result<Result<&'static str, String>, Problem> {
    let text = form.text("text");
    let prose: Option<Prose<10000>> = match text {
        "" => None,
        text => match serde_json::from_value(json!(text)) {
            Ok(prose) => Some(prose),
            Err(_) => return Ok(Err(say.t("help-words-wrong"))),
        },
    };
    let appeals = form.text("do") == "appeal";
    let proof = about(case, form.text("about"));
    let said = json!({"do": form.text("do"), "about": form.text("about"), "text": text, "files": form.files});
    let said = said.to_string().into_bytes();
    let key = form.text("once");
    let files = form.digests();
    let mut inputs: Vec<(Input, bool, Vec<Digest>)> = Vec::new();
    // A file that was asked for is a proof, which a person looks at; words beside it are a message.
    let loose = if let Some(about) = proof.filter(|_| !appeals) {
        for file in &files {
            let input = Input::Proof {
                about: about.clone(),
                attachment: *file,
            };
            inputs.push((input, false, vec![*file]));
        }
        Vec::new()
    } else {
        files
    };
    let sealed = words(web, case.id, prose.as_ref(), loose.clone()).await?;
    let message = sealed.sealed.as_ref().map(|sealed| Digest(sealed.hash));
    if appeals {
        inputs.push((Input::Appeal { door, message }, true, Vec::new()));
    }
    if (!appeals && message.is_some()) || !loose.is_empty() {
        let input = Input::Message {
            door,
            message: message.filter(|_| !appeals),
            attachments: loose.clone(),
        };
        inputs.push((input, !appeals, loose));
    }
    for (number, (input, with_words, files)) in inputs.into_iter().enumerate() {
        let mut own = sealed.clone();
        own.sealed = own.sealed.filter(|_| with_words);
        own.files = files;
        let key = format!("{key}{number}");
        let context = Context::of_customer(web, Some(&key), path, &said);
        match act_with(web, &context, case.id, input, Some(own)).await {
            Ok(_) => {}
            Err(problem) if problem.kind().status.is_server_error() => return Err(problem),
            Err(problem) => {
                tracing::info!(
                    code = problem.kind().slug,
                    "what a customer wrote was not taken"
                );
                let why = if appeals {
                    "appeal-refused"
                } else {
                    "reply-refused"
                };
                return Ok(Err(say.t(why)));
            }
        }
    }
    Ok(Ok(if appeals { "appeal" } else { "message" }))
}

/// Download the proof of a decision
///
/// That the decision stands in the audit log, for `makegood audit verify`.
#[utoipa::path(get, path = "/c/{link}/proof", tag = "Pages", operation_id = "case_page_proof",
    params(("link" = String, Path, description = "The signed link.")),
    responses((status = 200, description = "The proof.", content_type = "text/plain", body = String),
        (status = 410, description = "The link does not count.", content_type = "text/html", body = String)))]
pub async fn proof(
    State(web): State<Arc<Web>>,
    Path(link): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let Some(seen) = seen(&web, &link).await? else {
        return gone(&web, &uri, &headers);
    };
    let id = seen.case.id;
    let found = web.desk.store.read(move |tx| {
        Box::pin(async move {
            let row = tx.one(&PROOF, &[Value::from(id.0)]).await?;
            row.map(|row| row.text(0).map(str::to_owned)).transpose()
        })
    });
    let proof = found.await?.ok_or_else(|| Problem::no_such("proof"))?;
    let mut response: Response = crate::web::refusal::bytes(
        crate::web::refusal::DONE,
        "text/plain; charset=utf-8",
        proof.into_bytes(),
    );
    let name = format!("attachment; filename=\"MG-{}.proof.txt\"", seen.case.number);
    if let Ok(value) = HeaderValue::from_str(&name) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
