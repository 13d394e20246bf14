// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a file is: told by its content, held against what its sender says.

use super::{Declared, Rejected};
use crate::policies::obeyed;

/// A kind of file that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An image.
    Png,
    /// An image.
    Jpeg,
    /// An image.
    Webp,
    /// A document.
    Pdf,
    /// A text.
    Text,
    /// A table as text.
    Csv,
    /// A mail with its headers.
    Mail,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Png,
        Self::Jpeg,
        Self::Webp,
        Self::Pdf,
        Self::Text,
        Self::Csv,
        Self::Mail,
    ];

    /// Its short name, for records and machines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
            Self::Pdf => "pdf",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Mail => "mail",
        }
    }

    /// The kind with this short name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What names of its files end in; the first is the usual one.
    #[must_use]
    pub const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Self::Webp => &["webp"],
            Self::Pdf => &["pdf"],
            Self::Text => &["txt", "log", "text", "md"],
            Self::Csv => &["csv", "tsv"],
            Self::Mail => &["eml"],
        }
    }

    const fn family(self) -> Family {
        match self {
            Self::Png | Self::Jpeg | Self::Webp => Family::Image,
            Self::Pdf => Family::Pdf,
            Self::Text | Self::Csv | Self::Mail => Family::Text,
        }
    }

    /// What it is, in words, to stand after "this".
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::Png | Self::Jpeg | Self::Webp => "image",
            Self::Pdf => "PDF document",
            Self::Text => "text",
            Self::Csv => "table",
            Self::Mail => "mail",
        }
    }
}

/// Kinds that are taken for each other in good faith: phones and browsers call a WebP image `.jpg`, and spreadsheets call a table text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Image,
    Pdf,
    Text,
    Page,
    Office,
    Archive,
    Video,
    Sound,
    Program,
}

impl Family {
    /// In words, to stand after "this is".
    const fn told(self) -> &'static str {
        match self {
            Self::Image => "an image",
            Self::Pdf => "a PDF document",
            Self::Text => "a text",
            Self::Page => "a web page or a drawing in XML",
            Self::Office => "an office document",
            Self::Archive => "an archive",
            Self::Video => "a video",
            Self::Sound => "a sound",
            Self::Program => "a program",
        }
    }
}

/// What the endings of names say that are not ours.
const ENDINGS: &[(Family, &[&str])] = &[
    (
        Family::Image,
        &["heic", "heif", "avif", "gif", "bmp", "tif", "tiff", "jxl"],
    ),
    (
        Family::Page,
        &["html", "htm", "xhtml", "svg", "xml", "mhtml"],
    ),
    (
        Family::Office,
        &[
            "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "rtf", "pages", "numbers",
        ],
    ),
    (
        Family::Archive,
        &["zip", "7z", "rar", "gz", "tar", "bz2", "xz", "zst"],
    ),
    (Family::Video, &["mp4", "mov", "avi", "mkv", "webm", "m4v"]),
    (Family::Sound, &["mp3", "wav", "ogg", "m4a", "flac", "aac"]),
    (
        Family::Program,
        &[
            "exe", "dll", "msi", "bat", "cmd", "com", "scr", "ps1", "sh", "js", "vbs", "jar",
            "apk", "lnk", "app", "dmg",
        ],
    ),
];

/// What media types say. What stands here first counts.
const MEDIA_TYPES: &[(Family, &[&str])] = &[
    (
        Family::Page,
        &[
            "text/html",
            "application/xhtml",
            "image/svg",
            "text/xml",
            "application/xml",
        ],
    ),
    (
        Family::Program,
        &[
            "text/javascript",
            "application/javascript",
            "application/x-msdownload",
            "application/x-sh",
        ],
    ),
    // Spreadsheets have taught browsers to call a CSV file this.
    (
        Family::Text,
        &[
            "application/vnd.ms-excel",
            "application/csv",
            "message/rfc822",
            "text/",
        ],
    ),
    (Family::Image, &["image/"]),
    (Family::Pdf, &["application/pdf", "application/x-pdf"]),
    (Family::Video, &["video/"]),
    (Family::Sound, &["audio/"]),
    (
        Family::Archive,
        &[
            "application/zip",
            "application/x-zip",
            "application/gzip",
            "application/x-7z",
        ],
    ),
    (
        Family::Office,
        &["application/msword", "application/vnd.", "application/rtf"],
    ),
];

/// The kind of a file, where it is accepted and is what it is said to be.
pub(super) fn kind(content: &[u8], declared: Declared<'_>) -> Result<Kind, Rejected> {
    if content.is_empty() {
        return Err(Rejected::Empty);
    }
    let kind = by_content(content, declared)?;
    let said = [
        said_by_name(declared.name),
        said_by_type(declared.media_type),
    ];
    match said
        .into_iter()
        .flatten()
        .find(|said| *said != kind.family())
    {
        Some(said) => Err(Rejected::Contradicts {
            said: said.told(),
            is: kind.family().told(),
        }),
        None => Ok(kind),
    }
}

fn said_by_name(name: &str) -> Option<Family> {
    let ending = ending(name)?;
    let ours = Kind::ALL
        .iter()
        .find(|kind| kind.endings().contains(&ending.as_str()));
    let theirs = || {
        let (family, _) = ENDINGS
            .iter()
            .find(|(_, endings)| endings.contains(&ending.as_str()))?;
        Some(*family)
    };
    ours.map(|kind| kind.family()).or_else(theirs)
}

fn said_by_type(media_type: &str) -> Option<Family> {
    let media_type = media_type.trim().to_ascii_lowercase();
    let begins =
        |(_, begins): &&(Family, &[&str])| begins.iter().any(|begin| media_type.starts_with(begin));
    MEDIA_TYPES.iter().find(begins).map(|(family, _)| *family)
}

fn ending(name: &str) -> Option<String> {
    let (_, ending) = name.trim_end().rsplit_once('.')?;
    Some(ending.to_lowercase())
}

fn by_content(content: &[u8], declared: Declared<'_>) -> Result<Kind, Rejected> {
    let found = infer::get(content).map(|found| found.mime_type());
    match found {
        Some("image/png") => return Ok(Kind::Png),
        Some("image/jpeg") => return Ok(Kind::Jpeg),
        Some("image/webp") => return Ok(Kind::Webp),
        // A PDF that does not begin the file is hidden behind something else.
        _ if content.starts_with(b"%PDF-") => return whole_pdf(content),
        _ => {}
    }
    // Some formats are told by two letters with which a text may begin too; but no text has what `text` refuses.
    let pages = [
        Some("text/html"),
        Some("text/xml"),
        Some("text/x-shellscript"),
    ];
    match text(content) {
        Some(text) if !pages.contains(&found) && !is_drawing(&text) => {
            Ok(kind_of_text(&text, declared))
        }
        _ => Err(not_accepted(found.unwrap_or_default(), content)),
    }
}

/// A PDF has its end mark near its end; one that lost it was cut.
fn whole_pdf(content: &[u8]) -> Result<Kind, Rejected> {
    let last = content
        .get(content.len().saturating_sub(2_048)..)
        .unwrap_or(content);
    let ends = last.windows(5).any(|window| window == b"%%EOF");
    if ends {
        Ok(Kind::Pdf)
    } else {
        Err(Rejected::Broken {
            is: Kind::Pdf.told(),
        })
    }
}

fn is_drawing(text: &str) -> bool {
    let begin = text.trim_start();
    let begins = |mark: &str| {
        begin
            .get(..mark.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(mark))
    };
    ["<svg", "<!doctype", "<?xml", "<html"]
        .into_iter()
        .any(begins)
}

fn kind_of_text(text: &str, declared: Declared<'_>) -> Kind {
    let ending = ending(declared.name).unwrap_or_default();
    let said = |kind: Kind, media_types: &[&str]| {
        let media_type = declared.media_type.trim().to_ascii_lowercase();
        kind.endings().contains(&ending.as_str())
            || media_types.iter().any(|own| media_type.starts_with(own))
    };
    if said(Kind::Mail, &["message/rfc822"]) && begins_with_headers(text) {
        Kind::Mail
    } else if said(
        Kind::Csv,
        &[
            "text/csv",
            "application/csv",
            "application/vnd.ms-excel",
            "text/tab-separated-values",
        ],
    ) {
        Kind::Csv
    } else {
        Kind::Text
    }
}

/// Whether a text begins as mails do: lines of `Name: value`, some of which every mail has.
fn begins_with_headers(text: &str) -> bool {
    let mut found = false;
    for line in text.lines().take_while(|line| !line.is_empty()) {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((name, _)) = line.split_once(':') else {
            return false;
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        found |= ["from", "date", "message-id", "received"]
            .contains(&name.to_ascii_lowercase().as_str());
    }
    found
}

fn not_accepted(mime_type: &str, content: &[u8]) -> Rejected {
    let family = match mime_type.split_once('/') {
        Some(("video", _)) => Some(Family::Video),
        Some(("audio", _)) => Some(Family::Sound),
        Some(("image", _)) => Some(Family::Image),
        Some(("text", "x-shellscript")) => Some(Family::Program),
        Some(("text", _)) => Some(Family::Page),
        Some((_, kind))
            if [
                "zip",
                "gzip",
                "x-tar",
                "x-7z-compressed",
                "vnd.rar",
                "x-bzip2",
                "x-xz",
                "zstd",
            ]
            .contains(&kind) =>
        {
            Some(Family::Archive)
        }
        Some((_, kind))
            if kind.starts_with("vnd.openxmlformats")
                || kind.starts_with("vnd.ms-")
                || kind.starts_with("vnd.oasis")
                || kind == "msword"
                || kind == "rtf" =>
        {
            Some(Family::Office)
        }
        Some((_, kind))
            if kind.contains("executable") || kind == "x-mach-binary" || kind == "java" =>
        {
            Some(Family::Program)
        }
        _ => text(content)
            .filter(|text| is_drawing(text))
            .map(|_| Family::Page),
    };
    let (is, instead) = match family {
        Some(family @ Family::Image) => (
            family.told_of_another_kind(),
            "it as PNG or JPEG, or a screenshot of it",
        ),
        Some(family @ (Family::Video | Family::Sound)) => {
            (family.told(), "one or more screenshots")
        }
        Some(family @ (Family::Office | Family::Page)) => {
            (family.told(), "it as PDF, or a screenshot of it")
        }
        Some(family @ Family::Archive) => (family.told(), "the files in it one by one"),
        Some(family) => (family.told(), "an image, a PDF document or a text"),
        None => (
            "a file of a kind that we do not know",
            "an image, a PDF document or a text",
        ),
    };
    Rejected::NotAccepted { is, instead }
}

impl Family {
    const fn told_of_another_kind(self) -> &'static str {
        match self {
            Self::Image => "an image of a kind that browsers do not share",
            other => other.told(),
        }
    }
}

/// What Windows-1252 has between 0x80 and 0x9F. Five places are empty.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The text of a file: UTF-8, UTF-16 with its mark, else Windows-1252, which spreadsheets still write. `None` where it is no text.
pub(super) fn text(content: &[u8]) -> Option<String> {
    let text = match content {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes)?,
        _ => match std::str::from_utf8(content) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
            Err(_) => content.iter().map(|byte| windows_1252(*byte)).collect(),
        },
    };
    let control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}');
    // A log may hold the colours of a terminal; a file of bytes has a zero, or controls everywhere.
    let escapes = text.chars().filter(|c| control(*c)).count();
    let fits = !text.contains('\0')
        && escapes.saturating_mul(50) <= text.chars().count()
        && !text.contains(['\u{81}', '\u{8d}', '\u{8f}', '\u{90}', '\u{9d}']);
    fits.then_some(text)
}

fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let units = pairs.map(|pair| match pair {
        [first, second] => unit([*first, *second]),
        _ => 0,
    });
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

fn windows_1252(byte: u8) -> char {
    let place = usize::from(byte.wrapping_sub(0x80));
    match WINDOWS_1252.get(place) {
        Some(c) if byte >= 0x80 => *c,
        _ => char::from(byte),
    }
}

/// A text as it is shown: line ends as we write them, and a mark where something would be obeyed.
pub(super) fn tame(text: &str) -> String {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines
        .chars()
        .map(|c| {
            if obeyed(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}
