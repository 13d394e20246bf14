// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes awkward mails.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A mail, with what a person expects of it.
pub struct Made {
    pub name: String,
    pub raw: Vec<u8>,
    /// The new words; nothing if that is not what the mail is about.
    pub said: Option<String>,
    pub kind: &'static str,
    /// The files by name.
    pub files: Vec<String>,
    /// What is wrong, by its words.
    pub flaws: Vec<&'static str>,
}

impl Made {
    pub fn new(name: impl Into<String>, raw: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            raw: raw.into(),
            said: None,
            kind: "written",
            files: Vec::new(),
            flaws: Vec::new(),
        }
    }

    pub fn said(mut self, said: &str) -> Self {
        self.said = Some(said.to_owned());
        self
    }

    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub fn files(mut self, files: &[&str]) -> Self {
        self.files = files.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub fn flaws(mut self, flaws: &[&'static str]) -> Self {
        self.flaws = flaws.to_vec();
        self
    }
}

pub const HEAD: &str = "From: Ada <ada@customer.example>\r\nTo: desk@shop.example\r\nSubject: My order\r\nMessage-ID: <1@customer.example>\r\n";

/// Ways to write a part on the wire.
pub const ENCODINGS: [&str; 4] = ["8bit", "quoted-printable", "base64", "BASE64"];

pub fn encoded(how: &str, bytes: &[u8]) -> Vec<u8> {
    match how.to_ascii_lowercase().as_str() {
        "base64" => {
            let text = STANDARD.encode(bytes);
            let lines: Vec<&[u8]> = text.as_bytes().chunks(60).collect();
            lines.join(&b"\r\n"[..])
        }
        "quoted-printable" => {
            let mut out = Vec::new();
            for (place, byte) in bytes.iter().enumerate() {
                if place > 0 && place % 20 == 0 {
                    out.extend_from_slice(b"=\r\n");
                }
                out.extend_from_slice(format!("={byte:02X}").as_bytes());
            }
            out
        }
        _ => bytes.to_vec(),
    }
}

pub fn part(headers: &str, body: &[u8]) -> Vec<u8> {
    [headers.as_bytes(), b"\r\n\r\n", body].concat()
}

pub fn several(subtype: &str, boundary: &str, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut raw =
        format!("Content-Type: multipart/{subtype}; boundary=\"{boundary}\"\r\n\r\nThis is for old programs.\r\n")
            .into_bytes();
    for part in parts {
        raw.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        raw.extend_from_slice(part);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    raw
}

pub fn mail(rest: &[u8]) -> Vec<u8> {
    [HEAD.as_bytes(), b"MIME-Version: 1.0\r\n", rest].concat()
}

/// A mail of plain words.
pub fn plain(text: &str) -> Vec<u8> {
    mail(&part(
        "Content-Type: text/plain; charset=utf-8",
        text.replace('\n', "\r\n").as_bytes(),
    ))
}

/// A mail that is a page.
pub fn page(html: &str) -> Vec<u8> {
    mail(&part(
        "Content-Type: text/html; charset=utf-8",
        html.as_bytes(),
    ))
}

/// A mail with more headers.
pub fn with(headers: &str, text: &str) -> Vec<u8> {
    format!("{HEAD}{headers}\r\n\r\n{text}\r\n").into_bytes()
}
