// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files: evidence as it is uploaded, and its limits.

use memchr::memmem;
use serde_json::{Value, json};

use super::call::Method;
use super::form::Params;
use super::problem::Problem;
use super::table::{Page, Row, list};
use super::world::{World, unknown};

/// The most bytes of a file.
pub const LARGEST: usize = 5 * 1024 * 1024;

const PURPOSES: [&str; 6] = [
    "additional_verification",
    "business_icon",
    "customer_signature",
    "dispute_evidence",
    "identity_document",
    "tax_document_user_upload",
];

/// An uploaded file.
#[derive(Clone, Debug)]
pub struct File {
    id: String,
    created: i64,
    filename: Option<String>,
    pub(super) purpose: String,
    kind: Option<&'static str>,
    pub(super) bytes: Vec<u8>,
}

impl Row for File {
    const NOUN: &'static str = "file upload";
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> i64 {
        self.created
    }
}

impl World {
    pub(super) fn file_calls(
        &mut self,
        method: Method,
        segments: &[&str],
        mut params: Params,
    ) -> Result<Value, Problem> {
        match (method, segments) {
            (Method::Post, ["files"]) => self.create_file(params),
            (Method::Get, ["files"]) => {
                let page = Page::take(&mut params)?;
                let purpose = params.text("purpose")?;
                params.finish()?;
                let fits = |row: &File| purpose.as_ref().is_none_or(|word| *word == row.purpose);
                let (rows, more) = self.files.page(&page, None, fits)?;
                let rows = rows.into_iter().map(File::value).collect();
                Ok(list("/v1/files", rows, more))
            }
            (Method::Get, ["files", id]) => {
                params.finish()?;
                Ok(self.files.named(id)?.value())
            }
            _ => Err(unknown(method, segments)),
        }
    }

    fn create_file(&mut self, mut params: Params) -> Result<Value, Problem> {
        let purpose = params.required("purpose")?;
        params.word("purpose", &PURPOSES)?;
        if !PURPOSES.contains(&purpose.as_str()) {
            let message = format!("Invalid purpose: must be one of {}", PURPOSES.join(", "));
            return Err(Problem::unclear("", "purpose", message));
        }
        let upload = params.upload.take().ok_or_else(|| {
            let message = "Missing required param: file.".to_owned();
            Problem::unclear("parameter_missing", "file", message)
        })?;
        params.ignore(&["file_link_data"]);
        params.finish()?;
        let kind = kind_of(&upload.bytes);
        fits(&purpose, kind, upload.bytes.len())?;
        let file = File {
            id: self.random.id("file"),
            created: self.now,
            filename: upload.filename,
            purpose,
            kind,
            bytes: upload.bytes,
        };
        let value = file.value();
        self.files.add(file);
        Ok(value)
    }
}

fn fits(purpose: &str, kind: Option<&str>, bytes: usize) -> Result<(), Problem> {
    if bytes > LARGEST {
        let message = format!("File for key file exceeds the limit of {LARGEST} bytes.");
        return Err(Problem::unclear("", "file", message));
    }
    if bytes == 0 {
        let message = "The file is empty.".to_owned();
        return Err(Problem::unclear("", "file", message));
    }
    if purpose == "dispute_evidence" && kind.is_none() {
        let message = "Evidence can be a PDF, a JPEG or a PNG.".to_owned();
        return Err(Problem::unclear("", "file", message));
    }
    Ok(())
}

/// What a file is, by its first bytes.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 3] = [
        (b"%PDF-", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpg"),
    ];
    kinds
        .into_iter()
        .find(|(begin, _)| bytes.starts_with(begin))
        .map(|(_, kind)| kind)
}

impl File {
    /// How many pages it has: those that a PDF names openly, and one at least.
    #[must_use]
    pub fn pages(&self) -> usize {
        if self.kind != Some("pdf") {
            return 1;
        }
        let squeezed: Vec<u8> = self
            .bytes
            .iter()
            .copied()
            .filter(|byte| *byte != b' ')
            .collect();
        let named = memmem::find_iter(&squeezed, b"/Type/Page").filter(|place| {
            let after = squeezed.get(place + b"/Type/Page".len());
            !after.is_some_and(u8::is_ascii_alphanumeric)
        });
        named.count().max(1)
    }

    /// As Stripe shows it.
    #[must_use]
    pub fn value(&self) -> Value {
        let id = &self.id;
        json!({
            "id": id,
            "object": "file",
            "created": self.created,
            "expires_at": null,
            "filename": self.filename,
            "links": {
                "object": "list",
                "data": [],
                "has_more": false,
                "url": format!("/v1/file_links?file={id}"),
            },
            "purpose": self.purpose,
            "size": self.bytes.len(),
            "title": null,
            "type": self.kind,
            "url": format!("https://files.stripe.com/v1/files/{id}/contents"),
        })
    }
}
