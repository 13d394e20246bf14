// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a form of ours sent: a few short texts, and files that are kept as they arrive.

use std::sync::Arc;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest as _, Request};
use axum::http::header;
use makegood_desk::input::Digest;

use crate::web::Web;
use crate::web::api::attachments::keep;
use crate::web::refusal::{ATTACHMENT, Problem, TOO_LARGE};
use crate::web::wire::{file_name, read_file_name};

/// Most texts of a form.
const FIELDS_MOST: usize = 80;
/// Most bytes of its texts together.
const TEXT_MOST: usize = 128 * 1024;

/// What was sent.
#[derive(Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    /// The files that were kept, by their names.
    pub files: Vec<String>,
    /// How many files could not be taken.
    pub rejected: usize,
}

impl Form {
    /// Reads a form, with files or without.
    ///
    /// # Errors
    /// It is no form, is too large, or did not arrive.
    pub async fn read(web: &Arc<Web>, request: Request) -> Result<Self, Problem> {
        Self::read_within(web, request, TEXT_MOST).await
    }

    /// Reads a form whose texts may be longer than is usual, together up to `most` bytes as they are sent.
    ///
    /// # Errors
    /// It is no form, is larger, or did not arrive.
    pub async fn read_within(
        web: &Arc<Web>,
        request: Request,
        most: usize,
    ) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_ascii_lowercase();
        if kind.starts_with("multipart/form-data") {
            return Self::read_parts(web, request).await;
        }
        let mut form = Self::default();
        let body = axum::body::to_bytes(request.into_body(), most).await;
        let body = body.map_err(|_| too_large())?;
        for (name, value) in url::form_urlencoded::parse(&body) {
            form.add(&name, value.into_owned(), most)?;
        }
        Ok(form)
    }

    /// A form of these texts.
    #[must_use]
    pub fn of(fields: impl Iterator<Item = (String, String)>) -> Self {
        Self {
            fields: fields.collect(),
            ..Self::default()
        }
    }

    /// Reads a form whose files are texts: each stands under the name of its field, as if it had been written there.
    ///
    /// # Errors
    /// It is no form, is larger than `most` bytes, or did not arrive.
    pub async fn read_documents(request: Request, most: usize) -> Result<Self, Problem> {
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_| Problem::no_form())?;
        let (mut form, mut taken) = (Self::default(), 0_usize);
        while let Some(mut part) = parts.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            let text = text_within(&mut part, most).await?;
            taken = taken.saturating_add(text.len());
            if form.fields.len() >= FIELDS_MOST || taken > most {
                return Err(too_large());
            }
            if !text.trim().is_empty() {
                form.fields.push((name, text.replace("\r\n", "\n")));
            }
        }
        Ok(form)
    }

    async fn read_parts(web: &Arc<Web>, request: Request) -> Result<Self, Problem> {
        let mut parts = Multipart::from_request(request, &())
            .await
            .map_err(|_| Problem::no_form())?;
        let most = usize::try_from(web.config.attachments.files_per_case_max).unwrap_or(usize::MAX);
        let mut form = Self::default();
        while let Some(mut part) = parts.next_field().await.map_err(|_| broken())? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name() {
                // A field for files in which nobody chose one.
                Some("") => {}
                Some(_) if form.files.len() >= most => {
                    form.rejected = form.rejected.saturating_add(1)
                }
                Some(_) => match keep(web, &mut part).await {
                    Ok(file) => form.files.push(file_name(file.digest)),
                    Err(problem) if matches!(problem.kind(), ATTACHMENT | TOO_LARGE) => {
                        form.rejected = form.rejected.saturating_add(1);
                    }
                    Err(problem) => return Err(problem),
                },
                None => {
                    let text = text_of(&mut part).await?;
                    form.add(&name, text, TEXT_MOST)?;
                }
            }
        }
        Ok(form)
    }

    fn add(&mut self, name: &str, text: String, most: usize) -> Result<(), Problem> {
        let taken: usize = self.fields.iter().map(|(_, text)| text.len()).sum();
        if self.fields.len() >= FIELDS_MOST || taken.saturating_add(text.len()) > most {
            return Err(too_large());
        }
        // A file that an earlier step kept already.
        if name == "file" {
            if read_file_name(&text).is_some() && !self.files.contains(&text) {
                self.files.push(text);
            }
            return Ok(());
        }
        // Forms write line ends in two characters, and people leave spaces around.
        let text = text.replace("\r\n", "\n").trim().to_owned();
        self.fields.push((name.to_owned(), text));
        Ok(())
    }

    /// A text of the form; empty where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, text)| text)
    }

    /// All that was said in it, so that a form which is sent twice is known again.
    #[must_use]
    pub fn said(&self) -> &[(String, String)] {
        &self.fields
    }

    /// All texts under a name, such as of boxes that were ticked.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = self.fields.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, text)| text.as_str())
    }

    /// The digests of the files.
    #[must_use]
    pub fn digests(&self) -> Vec<Digest> {
        self.files
            .iter()
            .filter_map(|name| read_file_name(name))
            .collect()
    }
}

async fn text_of(part: &mut Field<'_>) -> Result<String, Problem> {
    text_within(part, TEXT_MOST).await
}

async fn text_within(part: &mut Field<'_>, most: usize) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
        if bytes.len().saturating_add(chunk.len()) > most {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn broken() -> Problem {
    Problem::new(
        crate::web::refusal::BAD_BODY,
        "the form did not arrive whole; send it again",
    )
}

fn too_large() -> Problem {
    Problem::new(
        TOO_LARGE,
        "the texts of the form are too long; shorten them",
    )
}
