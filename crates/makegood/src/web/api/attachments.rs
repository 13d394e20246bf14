// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files: handed in before they are named by a request, and given out as downloads.

use std::sync::Arc;

use axum::extract::multipart::{Field, Multipart, MultipartRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::response::IntoResponse as _;
use makegood_desk::input::Digest;
use serde::Serialize;
use utoipa::ToSchema;

use crate::blob::{self, CaseHas, Declared, HEADERS, Kind, Manner, Shelf};
use crate::books::files::{self, File};
use crate::web::Web;
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, Parameters, file_name, json, read_file_name};

/// A file that was handed in.
#[derive(Serialize, ToSchema)]
pub struct Attachment {
    /// `attachment`.
    pub object: &'static str,
    /// Its id: `att_` and the SHA-256 of its content.
    pub id: String,
    /// What it is: `png`, `jpeg`, `webp`, `pdf`, `text`, `csv`, `mail`.
    pub kind: String,
    /// How large it is.
    pub bytes: u64,
    /// Whether there is a version that is safe to be shown.
    pub shown: bool,
}

/// What is sent.
#[derive(ToSchema)]
pub struct Upload {
    /// The file.
    pub file: FileContent,
}

/// The content of a file: any bytes.
pub struct FileContent;

impl utoipa::PartialSchema for FileContent {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::RefOr::T(utoipa::openapi::Schema::default())
    }
}

impl ToSchema for FileContent {}

fn out(file: &File) -> Attachment {
    Attachment {
        object: "attachment",
        id: file_name(file.digest),
        kind: file.kind.clone(),
        bytes: file.bytes,
        shown: file.shown.is_some(),
    }
}

/// Hand in a file
///
/// As a form with one part, `file`. What it is is found out by looking into it: images, PDF, texts, tables, mails. The same file twice
/// is one file.
#[utoipa::path(post, path = "/v1/attachments", tag = "People", operation_id = "hand_in_file",
    request_body(content = Upload, content_type = "multipart/form-data"),
    responses((status = 200, description = "The file is kept.", body = Attachment)))]
pub async fn create(
    State(web): State<Arc<Web>>,
    uri: Uri,
    form: Result<Multipart, MultipartRejection>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let mut form = form.map_err(|_| Problem::no_form())?;
    let mut part = form
        .next_field()
        .await
        .map_err(|_| Problem::bad_form())?
        .ok_or_else(Problem::bad_form)?;
    if part.name() != Some("file") {
        return Err(Problem::bad_form());
    }
    let file = keep(&web, &mut part).await?;
    drop(part);
    if form
        .next_field()
        .await
        .map_err(|_| Problem::bad_form())?
        .is_some()
    {
        return Err(Problem::bad_form());
    }
    Ok(json(&out(&file)))
}

/// Keeps the file of a part of a form, as nobody's until a request names it.
pub(in crate::web) async fn keep(web: &Web, part: &mut Field<'_>) -> Result<File, Problem> {
    let name = part.file_name().unwrap_or_default().to_owned();
    let media_type = part.content_type().unwrap_or_default().to_owned();
    let declared = Declared {
        name: &name,
        media_type: &media_type,
    };
    let content = Box::pin(futures_util::stream::poll_fn(|context| {
        futures_util::Stream::poll_next(std::pin::Pin::new(&mut *part), context)
    }));
    let kept = web.blobs.put(content, declared, CaseHas::default()).await?;
    let file = File {
        digest: Digest(*kept.original.bytes()),
        shown: kept.shown.map(|shown| Digest(*shown.digest.bytes())),
        kind: kept.kind.name().to_owned(),
        bytes: kept.bytes,
        person: None,
    };
    let (row, now) = (file.clone(), web.clock.now());
    let store = &web.desk.store;
    store
        .write(move |tx| {
            let row = row.clone();
            Box::pin(async move { files::add(tx, &row, now).await })
        })
        .await?;
    Ok(file)
}

/// Download a file
///
/// The version that is safe to be shown, or what was sent.
#[utoipa::path(get, path = "/v1/attachments/{id}", tag = "People", operation_id = "read_file", params(
    ("id" = String, Path, description = "The id of the file."),
    ("version" = Option<String>, Query, description = "`shown` or `original`; `shown` where nothing is said and there is one."),
), responses((status = 200, description = "The file.", content(
    (String = "application/octet-stream"), (String = "image/png"), (String = "image/jpeg"), (String = "text/plain"), (String = "application/pdf"),
))))]
pub async fn read(State(web): State<Arc<Web>>, Path(id): Path<String>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["version"])?;
    let version = parameters.word("version", &["shown", "original"])?;
    let none = || Problem::no_such("file");
    let digest = read_file_name(&id).ok_or_else(none)?;
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { files::read(tx, digest).await }));
    let file = found.await?.ok_or_else(none)?;
    let kind = Kind::named(&file.kind).ok_or_else(none)?;
    let (shelf, digest) = match (version, file.shown) {
        (Some("original"), _) | (None, None) => (Shelf::Original, file.digest),
        (_, Some(shown)) => (Shelf::Shown, shown),
        (_, None) => return Err(none()),
    };
    let content = web
        .blobs
        .get(shelf, blob::Digest::from_bytes(digest.0))
        .await?;
    let mut response = content.into_response();
    let headers = response.headers_mut();
    let manner = Manner::of(kind, shelf);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(manner.content_type),
    );
    for (name, value) in HEADERS {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let ending = kind.endings().first().copied().unwrap_or("bin");
    let name = format!("attachment; filename=\"{id}.{ending}\"");
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
