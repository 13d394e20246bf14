// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mail: handed in over HTTP, kept for a person where nobody can say whose case it is about, and what became of letters.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Uri, header};
use jiff::Timestamp;
use makegood_desk::input::Id;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::hooks::{count, whole};
use crate::books::mail::{self, InRow};
use crate::books::people;
use crate::mail::receive::{BYTES_MOST, HandedOver, Inbox};
use crate::secret::Secret;
use crate::signing::{SigningKey, headers_of, verify};
use crate::web::Web;
use crate::web::idempotency::Told;
use crate::web::refusal::{BAD_TOKEN, NOT_FOUND, Problem, SIGNATURE};
use crate::web::wire::{Answer, Line, List, Parameters, json, moment, name, read_name};

/// For how long a signature counts.
const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(300);
/// The states that mail is listed by.
const STATES: [&str; 6] = ["unassigned", "case", "automatic", "report", "list", "loop"];

/// That a mail need not be handed over again.
#[derive(Serialize, ToSchema)]
pub struct MailTaken {
    /// Whether it is the first time.
    pub new: bool,
}

/// A mail as lists show it.
#[derive(Serialize, ToSchema)]
pub struct MailSummary {
    /// `mail`.
    pub object: &'static str,
    /// Its id.
    pub id: String,
    /// `new`, `unassigned`, `case`, `automatic`, `report`, `list` or `loop`.
    pub state: String,
    /// The case that it went to, or that it is about.
    pub case: Option<String>,
    /// What is wrong with it, such as `too_deep` or `charset`.
    pub flaws: Vec<String>,
    /// How many of its files went to the case.
    pub files: u32,
    /// How many were refused.
    pub files_refused: u32,
    /// When it came.
    pub came_at: String,
}

impl From<InRow> for MailSummary {
    fn from(row: InRow) -> Self {
        Self {
            object: "mail",
            id: name("mail", row.id),
            state: row.state,
            case: row.case.map(|id| name("case", id)),
            flaws: row.flaws.split_whitespace().map(str::to_owned).collect(),
            files: row.files,
            files_refused: row.files_refused,
            came_at: moment(row.came_at),
        }
    }
}

/// A page of mails.
pub type MailSummaries = List<MailSummary>;

/// A mail as it is read: words only, nothing that runs.
#[derive(Serialize, ToSchema)]
pub struct MailRead {
    /// What lists show.
    #[serde(flatten)]
    pub mail: MailSummary,
    /// Who it says it is from. Anybody can write anything there.
    pub from: Option<String>,
    /// What it is about.
    pub subject: String,
    /// All its words.
    pub text: String,
    /// What is new in them.
    pub said: String,
    /// Its files, as the sender calls them.
    pub attached: Vec<MailFile>,
}

/// A file of a mail.
#[derive(Serialize, ToSchema)]
pub struct MailFile {
    /// Its name.
    pub name: String,
    /// What the sender says it is.
    pub media_type: String,
    /// How large it is.
    pub bytes: u64,
}

/// Where a mail is to go.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignMail {
    /// The id of the case.
    case: Line<60>,
}

/// What became of a letter that goes out by mail.
#[derive(Serialize, ToSchema)]
pub struct LetterMail {
    /// `letter_mail`.
    pub object: &'static str,
    /// The number of the letter in its case.
    pub letter: u32,
    /// `waiting`, `sent`, `delayed`, `bounced`, `refused`, `given_up`, `no_address` or `erased`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// What a mail server said of it last, as a code.
    pub said: Option<String>,
    /// When it was queued.
    pub queued_at: String,
    /// When that ended.
    pub ended_at: Option<String>,
}

/// The letters of a case.
#[derive(Serialize, ToSchema)]
pub struct LetterMails {
    /// `list`.
    pub object: &'static str,
    /// By their numbers.
    pub data: Vec<LetterMail>,
}

fn inbox(web: &Web) -> Result<&Inbox, Problem> {
    web.inbox.as_ref().ok_or_else(|| {
        Problem::new(
            NOT_FOUND,
            "no mail is taken in here; the desk's owner sets `mail.address`",
        )
    })
}

/// Whether a mail comes from somebody who has a secret of the settings: it is signed, or the secret is shown as a bearer token.
fn believed(
    secrets: &[Secret],
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<(), Problem> {
    let shown = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if let Some(shown) = shown {
        // Hashes are compared: how long that takes says nothing about the secret.
        let shown = people::hash(shown);
        let fits = |secret: &Secret| people::hash(secret.expose()) == shown;
        return secrets.iter().any(fits).then_some(()).ok_or_else(|| {
            Problem::new(
                BAD_TOKEN,
                "the bearer token is none of `mail.in.hook_secrets`; check it where the mail is sent from",
            )
        });
    }
    let signed = headers_of(headers).map_err(|why| Problem::new(SIGNATURE, why.to_string()))?;
    let keys = secrets
        .iter()
        .filter_map(|secret| SigningKey::read(secret.expose()).ok());
    let keys: Vec<_> = keys.map(|key| key.verifying()).collect();
    verify(&keys, &signed, body, now, TOLERANCE)
        .map(drop)
        .map_err(|why| Problem::new(SIGNATURE, why.to_string()))
}

/// Hand in a mail
///
/// The mail as it came, headers first, signed as Standard Webhooks prescribes or with a secret of the settings as a bearer token. It is
/// answered once it is durable, and can be repeated.
#[utoipa::path(post, path = "/hooks/mail", tag = "Mail", operation_id = "hand_in_mail",
    params(("recipient" = Option<String>, Query, description = "Whom the envelope names, where the headers may not say it.")),
    request_body(content = String, content_type = "application/octet-stream", description = "The mail, whatever media type it is given."),
    responses((status = 200, description = "It need not be repeated.", body = MailTaken),
        (status = 401, description = "It comes from nobody who is known (`/problems/signature-not-valid`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn hear(State(web): State<Arc<Web>>, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let settings = web.config.mail.as_ref();
    let secrets = settings.map_or(&[][..], |mail| mail.hook_secrets.as_slice());
    if secrets.is_empty() {
        return Err(Problem::new(
            NOT_FOUND,
            "no mail is handed in here; the desk's owner sets `mail.in.hook_secrets`",
        ));
    }
    let bytes = whole(&web, body, BYTES_MOST).await?;
    let now = web.clock.timestamp();
    if let Err(problem) = believed(secrets, &parts.headers, &bytes, now) {
        count("mail", "refused");
        return Err(problem);
    }
    let parameters = Parameters::of(&parts.uri, &["recipient"])?;
    let handed = HandedOver {
        recipients: parameters.line("recipient", 512)?.into_iter().collect(),
        null_sender: false,
    };
    let taken = inbox(&web)?.take(&bytes, &handed).await;
    count("mail", if taken.is_ok() { "taken" } else { "failed" });
    Ok(json(&MailTaken { new: taken? }))
}

/// List mail
///
/// By what became of it, newest first; what waits for a person where nothing is said.
#[utoipa::path(get, path = "/v1/mail", tag = "Mail", operation_id = "list_mail", params(
    ("state" = Option<String>, Query, description = "`unassigned`, `case`, `automatic`, `report`, `list` or `loop`."),
    ("limit" = Option<i64>, Query, description = "How many at most, 1 to 100; 10 where nothing is said."),
    ("starting_after" = Option<String>, Query, description = "The id of the mail behind which the page begins."),
), responses((status = 200, description = "A page of mails.", body = MailSummaries)))]
pub async fn list(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["state", "limit", "starting_after"])?;
    let state = parameters.word("state", &STATES)?.unwrap_or("unassigned");
    let limit = parameters.number("limit", 1, 100)?.unwrap_or(10);
    let after = match parameters.line("starting_after", 120)? {
        Some(after) => read_name("mail", &after)?,
        None => Id([0xff; 16]),
    };
    let most = limit.saturating_add(1);
    let read = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { mail::list_in(tx, state, after, most).await }));
    let mut rows = read.await?;
    let limit = usize::try_from(limit).unwrap_or_default();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let data = rows.into_iter().map(MailSummary::from).collect();
    Ok(json(&MailSummaries::new("/v1/mail", data, more)))
}

/// Read a mail
#[utoipa::path(get, path = "/v1/mail/{id}", tag = "Mail", operation_id = "read_mail",
    params(("id" = String, Path, description = "The id of the mail.")),
    responses((status = 200, description = "The mail.", body = MailRead)))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("mail", &id)?;
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { mail::read_in(tx, id).await }));
    let none = || Problem::no_such("mail");
    let (row, person, sealed, null_sender) = found.await?.ok_or_else(none)?;
    let mail = inbox(&web)?.reread(person, sealed, null_sender).await?;
    let mail = mail.ok_or_else(none)?;
    let attached = mail.files.into_iter().map(|file| MailFile {
        name: file.name,
        media_type: file.media_type,
        bytes: u64::try_from(file.bytes.len()).unwrap_or(u64::MAX),
    });
    Ok(json(&MailRead {
        mail: MailSummary::from(row),
        from: mail.from,
        subject: mail.subject,
        text: mail.text,
        said: mail.said,
        attached: attached.collect(),
    }))
}

/// Hand a mail to a case
///
/// As what the customer of the case wrote. It happens in a moment.
#[utoipa::path(post, path = "/v1/mail/{id}/assign", tag = "Mail", operation_id = "assign_mail", request_body = AssignMail,
    params(("id" = String, Path, description = "The id of the mail.")),
    responses((status = 200, description = "The mail.", body = MailSummary)))]
pub async fn assign(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<AssignMail>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("mail", &id)?;
    let case = read_name("case", &told.body.case.0)?;
    let now = web.clock.now();
    let assigned = web.desk.store.write(move |tx| {
        Box::pin(async move {
            if tx
                .one(&mail::CUSTOMER_OF, &[crate::store::Value::from(case.0)])
                .await?
                .is_none()
            {
                return Err(crate::store::Trouble::refused(Problem::no_such("case")));
            }
            if !mail::assign(tx, id, case, now).await? {
                return Err(crate::store::Trouble::refused(Problem::no_such("mail")));
            }
            tx.notify(crate::books::act::WORK).await?;
            mail::read_in(tx, id).await
        })
    });
    let (row, ..) = assigned.await?.ok_or_else(|| Problem::no_such("mail"))?;
    Ok(json(&MailSummary::from(row)))
}

/// Read what became of the letters of a case
#[utoipa::path(get, path = "/v1/cases/{id}/mail", tag = "Mail", operation_id = "list_letter_mail",
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The letters that go out by mail.", body = LetterMails)))]
pub async fn letters(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let case = read_name("case", &id)?;
    let read = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { mail::list_out(tx, case).await }));
    let data = read.await?.into_iter().map(|row| LetterMail {
        object: "letter_mail",
        letter: row.of.letter,
        state: row.state,
        tries: row.tries,
        said: row.said,
        queued_at: moment(row.queued_at),
        ended_at: row.ended_at.map(moment),
    });
    Ok(json(&LetterMails {
        object: "list",
        data: data.collect(),
    }))
}
