// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notes that the merchant's people write for each other at a case, and whose work the case is.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use makegood_desk::input::{Digest, Id};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::acts::{Words, words_as};
use super::people::opened;
use crate::books::notes::{self, NOTE};
use crate::books::{cases, people, private, search};
use crate::store::Trouble;
use crate::web::Web;
use crate::web::idempotency::{Context, Done, Told, once};
use crate::web::refusal::{ERASED, Problem};
use crate::web::wire::{
    Answer, Line, List, Parameters, Prose, json, moment, name, read_name, unix, written,
};
use crate::wire::{Fault, WireError};

/// A note for colleagues.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteIn {
    /// The words. They are kept under a key of the customer's own, and no customer and no shop reads them.
    text: Prose<10000>,
}

/// A note.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteOut {
    /// `note`.
    pub object: &'static str,
    /// Its number in the case.
    pub no: i64,
    /// When, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// By whom, by name; nobody for a program.
    pub by: Option<String>,
    /// The words; empty where the customer was erased.
    pub text: String,
}

/// The notes of a case.
pub type NoteList = List<NoteOut>;

/// Whose work a case is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignIn {
    /// The name that colleagues know; nobody in particular where it is left out.
    person: Option<Line<200>>,
}

/// Whose work a case is.
#[derive(Serialize, ToSchema)]
pub struct Assigned {
    /// `assignment`.
    pub object: &'static str,
    /// The case.
    pub case: String,
    /// By name.
    pub person: Option<String>,
}

/// Write a note for colleagues
#[utoipa::path(post, path = "/v1/cases/{id}/notes", tag = "Work", operation_id = "write_note", request_body = NoteIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The notes of the case.", body = NoteList)))]
pub async fn create(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<NoteIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    noted(&web, &told.context, id, &told.body.text).await?;
    listed(&web, id).await
}

/// Keeps a note.
///
/// # Errors
/// There is no such case, or the store's trouble.
pub(in crate::web) async fn noted(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    text: &Prose<10000>,
) -> Answer {
    let Words {
        person,
        sealed,
        codes,
        ..
    } = words_as(web, id, NOTE, Some(text), Vec::new()).await?;
    let sealed = sealed.ok_or_else(|| Problem::fault("a note without words"))?;
    let (by, now) = (context.actor().person(), web.clock.now());
    once(web, context, move |tx| {
        let (sealed, codes) = (sealed.clone(), codes.clone());
        Box::pin(async move {
            private::keep(tx, person, NOTE, &sealed, now).await?;
            search::index(tx, &codes, id, person)?;
            notes::add(tx, id, by, Digest(sealed.hash), now).await?;
            Ok(Done {
                body: b"{}".to_vec(),
                case: None,
            })
        })
    })
    .await
}

/// A note with its words.
pub(in crate::web) struct Read {
    /// The note.
    pub(in crate::web) note: notes::Note,
    /// Its words.
    pub(in crate::web) text: String,
}

/// The notes of a case with their words, oldest first.
///
/// # Errors
/// The store's trouble.
pub(in crate::web) async fn read(web: &Arc<Web>, id: Id) -> Result<Vec<Read>, Problem> {
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { notes::of_case(tx, id).await }));
    let mut out = Vec::new();
    for note in found.await? {
        let text = match opened(web, note.text, NOTE).await {
            Ok(text) => text.unwrap_or_default(),
            Err(problem) if problem.kind() == ERASED => String::new(),
            Err(problem) => return Err(problem),
        };
        out.push(Read { note, text });
    }
    Ok(out)
}

async fn listed(web: &Arc<Web>, id: Id) -> Answer {
    let notes = read(web, id).await?.into_iter().map(|read| NoteOut {
        object: "note",
        no: read.note.no,
        created: unix(read.note.at),
        created_at: moment(read.note.at),
        by: read.note.by,
        text: read.text,
    });
    Ok(json(&List::new(
        "/v1/cases/{id}/notes",
        notes.collect(),
        false,
    )))
}

/// Read the notes of a case
///
/// All of them, oldest first.
#[utoipa::path(get, path = "/v1/cases/{id}/notes", tag = "Work", operation_id = "list_notes",
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The notes.", body = NoteList)))]
pub async fn list(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let shelf = Arc::clone(&web.desk.shelf);
    let known = web.desk.store.read(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move { cases::load(tx, &shelf, id, false).await })
    });
    known.await?.ok_or_else(|| Problem::no_such("case"))?;
    listed(&web, id).await
}

/// Say whose work a case is
#[utoipa::path(post, path = "/v1/cases/{id}/assign", tag = "Work", operation_id = "assign_case", request_body = AssignIn,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "Whose it is now.", body = Assigned)))]
pub async fn assign(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<AssignIn>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let id = read_name("case", &id)?;
    let person = told.body.person.map(|person| person.0);
    assigned(&web, &told.context, id, person).await
}

/// Says whose work a case is.
///
/// # Errors
/// There is no such case or person, or the store's trouble.
pub(in crate::web) async fn assigned(
    web: &Arc<Web>,
    context: &Context,
    id: Id,
    person: Option<String>,
) -> Answer {
    let shelf = Arc::clone(&web.desk.shelf);
    once(web, context, move |tx| {
        let (shelf, person) = (Arc::clone(&shelf), person.clone());
        Box::pin(async move {
            if cases::load(tx, &shelf, id, false).await?.is_none() {
                return Err(Trouble::refused(Problem::no_such("case")));
            }
            let to = match &person {
                None => None,
                Some(named) => match people::named(tx, named).await? {
                    Some(found) if found.disabled_at.is_none() => Some(found.id),
                    _ => return Err(Trouble::refused(nobody())),
                },
            };
            notes::assign(tx, id, to).await?;
            let body = written(&Assigned {
                object: "assignment",
                case: name("case", id),
                person,
            });
            Ok(Done { body, case: None })
        })
    })
    .await
}

fn nobody() -> Problem {
    Problem::body(WireError {
        kind: Fault::BadValue,
        detail:
            "`person` is nobody with access here; write a name as `makegood user list` prints it"
                .to_owned(),
        pointer: "/person".to_owned(),
    })
}
