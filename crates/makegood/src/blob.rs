// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attachments: what customers send is looked into, made harmless and kept under the hash of its content.
//!
//! Each attachment is kept twice. The *original* is what was sent, byte for byte: evidence, on a shelf of its own, given out as a
//! download only. What is *shown* is made by us: an image encoded anew from its points, a text in UTF-8. A PDF and a mail have no
//! shown form. Both lie encrypted, under a key that goes when the file is removed.

mod folder;
mod image;
mod name;
mod s3;
mod sealed;
mod sniff;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use metrics::counter;
use tokio::sync::Semaphore;
use uuid::Uuid;

use self::folder::Folder;
pub use self::name::{content_disposition, display_name, download_name};
use self::s3::Bucket;
use self::sealed::Sealer;
pub use self::sniff::Kind;
use crate::clock::Clock;
use crate::config::{AttachmentPlace, Attachments};
use crate::meters;
use crate::vault::{PersonKey, Vault};

/// How many images are opened at once. Each takes as much memory as its points do.
const IMAGES_AT_ONCE: usize = 2;

/// The SHA-256 of a content: its name on the shelf.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a content.
    #[must_use]
    pub fn of(content: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, content);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.as_ref());
        Self(bytes)
    }

    /// The digest with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 small hexadecimal digits. `None` for anything else.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        let small = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() != 64 || !digits.iter().all(small) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Where a content lies: what was sent never lies where what is shown does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// What was sent, byte for byte. Never shown in a page.
    Original,
    /// What we made of it.
    Shown,
}

impl Shelf {
    /// The name of its folder, and what its keys begin with.
    const fn name(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Shown => "shown",
        }
    }
}

/// What a sender says of a file. None of it is believed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared<'d> {
    /// The file's name.
    pub name: &'d str,
    /// Its media type.
    pub media_type: &'d str,
}

/// What the case has already.
#[derive(Clone, Copy, Debug, Default)]
pub struct CaseHas {
    /// Files.
    pub files: u32,
    /// Bytes of their originals.
    pub bytes: u64,
}

/// An attachment that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The original.
    pub original: Digest,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is.
    pub kind: Kind,
    /// What is shown of it.
    pub shown: Option<Shown>,
    /// What it is called: text to be shown, never a path.
    pub name: String,
}

/// What is shown of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its content.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is: a PNG, a JPEG or a text.
    pub kind: Kind,
}

/// How a content is given out. Answers carry these headers, and nothing of what the sender said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Whether a page may show it; else it is a download.
    pub inline: bool,
}

/// What every answer with an attachment carries: nothing in it runs, loads or is guessed at.
pub const HEADERS: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ),
    ("cross-origin-resource-policy", "same-origin"),
];

impl Manner {
    /// How a content of this kind on this shelf is given out.
    #[must_use]
    pub const fn of(kind: Kind, shelf: Shelf) -> Self {
        match (shelf, kind) {
            (Shelf::Shown, Kind::Png) => Self {
                content_type: "image/png",
                inline: true,
            },
            (Shelf::Shown, Kind::Jpeg) => Self {
                content_type: "image/jpeg",
                inline: true,
            },
            (Shelf::Shown, Kind::Text | Kind::Csv) => Self {
                content_type: "text/plain; charset=utf-8",
                inline: true,
            },
            (Shelf::Original, Kind::Pdf) => Self {
                content_type: "application/pdf",
                inline: false,
            },
            // No program feels called upon to open this.
            _ => Self {
                content_type: "application/octet-stream",
                inline: false,
            },
        }
    }
}

/// Why an attachment is not accepted. The sentences are for its sender.
#[derive(Debug)]
pub enum Rejected {
    /// There is nothing in it.
    Empty,
    /// It is too large.
    TooLarge {
        /// What one file may have.
        bytes_max: u64,
    },
    /// The case has as many bytes as it may have.
    CaseFull {
        /// What all files of a case may have.
        bytes_max: u64,
    },
    /// The case has as many files as it may have.
    TooManyFiles {
        /// How many a case may have.
        files_max: u32,
    },
    /// It is of a kind that is not accepted.
    NotAccepted {
        /// What it is, in words.
        is: &'static str,
        /// What would be accepted.
        instead: &'static str,
    },
    /// It is not what it is said to be.
    Contradicts {
        /// What its name or its sender says, in words.
        said: &'static str,
        /// What it is, in words.
        is: &'static str,
    },
    /// The file ends before its content does, or its content makes no sense.
    Broken {
        /// What it should be, in words.
        is: &'static str,
    },
    /// The image has too many points.
    TooManyPixels {
        /// Points across and down.
        size: (u32, u32),
        /// How many it may have.
        pixels_max: u64,
    },
    /// The sender stopped sending.
    Interrupted,
    /// The fault is ours.
    Trouble(Trouble),
}

impl Rejected {
    /// Why, as a word for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge { .. } => "too_large",
            Self::CaseFull { .. } => "case_full",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::NotAccepted { .. } => "kind_not_accepted",
            Self::Contradicts { .. } => "kind_contradicts",
            Self::Broken { .. } => "broken",
            Self::TooManyPixels { .. } => "too_many_pixels",
            Self::Interrupted => "interrupted",
            Self::Trouble(_) => "unavailable",
        }
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing in this file"),
            Self::TooLarge { bytes_max } => write!(
                f,
                "this file is too large: one may have {} MB at most",
                bytes_max >> 20
            ),
            Self::CaseFull { bytes_max } => write!(
                f,
                "there is no room for this file: all files of a case may have {} MB at most",
                bytes_max >> 20
            ),
            Self::TooManyFiles { files_max } => {
                write!(f, "a case may have {files_max} files at most")
            }
            Self::NotAccepted { is, instead } => {
                write!(
                    f,
                    "this is {is}, which is not accepted: please send {instead}"
                )
            }
            Self::Contradicts { said, is } => write!(
                f,
                "this is said to be {said}, but it is {is}: please send it under its right name"
            ),
            Self::Broken { is } => write!(
                f,
                "this {is} is damaged or incomplete: please send it again, or a screenshot of it"
            ),
            Self::TooManyPixels {
                size: (width, height),
                pixels_max,
            } => write!(
                f,
                "this image has {width} × {height} points: please send one with {} million at most",
                pixels_max / 1_000_000
            ),
            Self::Interrupted => f.write_str("the file did not arrive whole: please send it again"),
            Self::Trouble(_) => {
                f.write_str("the file could not be kept just now: please send it again later")
            }
        }
    }
}

impl std::error::Error for Rejected {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Trouble(trouble) => Some(trouble),
            _ => None,
        }
    }
}

impl From<Trouble> for Rejected {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// What went wrong where attachments are kept. For the log: names of files and hashes, nothing of a sender.
#[derive(Debug)]
pub enum Trouble {
    /// There is nothing under this hash.
    Absent(Digest),
    /// What lies under this hash has another.
    Damaged(Digest),
    /// It was removed for good, and what lies under this hash can be read by nobody.
    Erased(Digest),
    /// The place does not answer, or refuses.
    Unavailable(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(digest) => write!(f, "attachment {digest} is not there"),
            Self::Damaged(digest) => write!(
                f,
                "attachment {digest} is damaged: its content has another hash; restore it from a backup"
            ),
            Self::Erased(digest) => write!(f, "attachment {digest} was erased"),
            Self::Unavailable(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Trouble {}

/// The place where attachments are kept, and what may be kept.
#[derive(Clone, Debug)]
pub struct Blobs {
    place: Place,
    sealer: Sealer,
    limits: Limits,
    images: Arc<Semaphore>,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(Folder),
    S3(Box<Bucket>),
}

/// What may be kept.
#[derive(Clone, Copy, Debug)]
struct Limits {
    file_bytes_max: u64,
    case_bytes_max: u64,
    files_per_case_max: u32,
    image_pixels_max: u64,
}

impl Place {
    async fn open(config: &Attachments) -> Result<Self, Trouble> {
        Ok(match &config.place {
            AttachmentPlace::Folder(path) => Self::Folder(Folder::open(path.clone()).await?),
            AttachmentPlace::S3(s3) => Self::S3(Box::new(Bucket::open(s3, config.file_bytes_max)?)),
        })
    }

    /// Writes, unless there is something already, or in its place; `false` if there was something and it stays.
    async fn write(
        &self,
        shelf: Shelf,
        digest: Digest,
        sealed: Bytes,
        replace: bool,
    ) -> Result<bool, Trouble> {
        match self {
            Self::Folder(folder) => folder.write(shelf, digest, sealed, replace).await,
            Self::S3(bucket) => bucket.write(shelf, digest, sealed, replace).await,
        }
    }

    async fn read(&self, shelf: Shelf, digest: Digest) -> Result<Bytes, Trouble> {
        match self {
            Self::Folder(folder) => folder.read(shelf, digest).await,
            Self::S3(bucket) => bucket.read(shelf, digest).await,
        }
    }

    async fn remove(&self, shelf: Shelf, digest: Digest) -> Result<(), Trouble> {
        match self {
            Self::Folder(folder) => folder.remove(shelf, digest).await,
            Self::S3(bucket) => bucket.remove(shelf, digest).await,
        }
    }

    /// Writes, reads and removes something.
    async fn healthy(&self) -> Result<(), Trouble> {
        // Unlike any other, so that two programs that look at once do not take it away from each other.
        let content = Bytes::from(format!(
            "Can attachments be kept here? {}\n",
            Uuid::now_v7()
        ));
        let digest = Digest::of(&content);
        let shelf = Shelf::Original;
        self.write(shelf, digest, content.clone(), false).await?;
        if self.read(shelf, digest).await? != content {
            return Err(Trouble::Damaged(digest));
        }
        self.remove(shelf, digest).await
    }
}

/// Whether attachments could be kept where the settings say: writes, reads and removes something there.
///
/// # Errors
/// What does not work, and what helps.
pub async fn healthy(config: &Attachments) -> Result<(), Trouble> {
    Place::open(config).await?.healthy().await
}

impl Blobs {
    /// Opens the place. A folder is made where there is none; of a bucket nothing is asked yet. Files are sealed with keys of this vault.
    ///
    /// # Errors
    /// The folder cannot be made, or the bucket's address makes no sense.
    pub async fn open(
        config: &Attachments,
        vault: Arc<Vault>,
        clock: Clock,
    ) -> Result<Self, Trouble> {
        let place = Place::open(config).await?;
        let sealer = Sealer { vault, clock };
        Ok(Self {
            place,
            sealer,
            limits: Limits {
                file_bytes_max: config.file_bytes_max,
                case_bytes_max: config.case_bytes_max,
                files_per_case_max: config.files_per_case_max,
                image_pixels_max: config.image_pixels_max,
            },
            images: Arc::new(Semaphore::new(IMAGES_AT_ONCE)),
        })
    }

    /// Takes a file in: looks into it, makes what is shown, keeps both. Once it returns, both are durable.
    ///
    /// # Errors
    /// The file is not accepted, or could not be kept.
    pub async fn put<S, E>(
        &self,
        content: S,
        declared: Declared<'_>,
        has: CaseHas,
    ) -> Result<Kept, Rejected>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let kept = self.taken_in(content, declared, has).await;
        let (kind, result) = match &kept {
            Ok(kept) => (kept.kind.name(), "kept"),
            Err(why) => ("unknown", why.code()),
        };
        counter!(meters::ATTACHMENTS, "kind" => kind, "result" => result).increment(1);
        if let Ok(kept) = &kept {
            counter!(meters::ATTACHMENT_BYTES).increment(kept.bytes);
        }
        kept
    }

    async fn taken_in<S, E>(
        &self,
        content: S,
        declared: Declared<'_>,
        has: CaseHas,
    ) -> Result<Kept, Rejected>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        if has.files >= self.limits.files_per_case_max {
            let files_max = self.limits.files_per_case_max;
            return Err(Rejected::TooManyFiles { files_max });
        }
        let content = self.collected(content, has.bytes).await?;
        let kind = sniff::kind(&content, declared)?;
        let made = self.made(kind, content.clone()).await?;
        let original = Digest::of(&content);
        let bytes = length(&content);
        let mut shown = None;
        let mut files = vec![(Shelf::Original, original, content)];
        if let Some((kind, content)) = made {
            let content = Bytes::from(content);
            let digest = Digest::of(&content);
            shown = Some(Shown {
                digest,
                bytes: length(&content),
                kind,
            });
            files.push((Shelf::Shown, digest, content));
        }
        // One key each: what is shown may be the same of two files, and outlive one of them.
        let keys = self.sealer.keys(files.len()).await?;
        // What is shown first: an original that is there is whole.
        for (key, (shelf, digest, content)) in keys.into_iter().zip(files).rev() {
            self.keep(key, shelf, digest, content).await?;
        }
        Ok(Kept {
            original,
            bytes,
            kind,
            shown,
            name: display_name(declared.name),
        })
    }

    /// The whole file, as long as it is not too large for itself or for the case.
    async fn collected<S, E>(&self, mut content: S, case_bytes: u64) -> Result<Bytes, Rejected>
    where
        S: Stream<Item = Result<Bytes, E>> + Unpin,
    {
        let file_max = self.limits.file_bytes_max;
        let case_max = self.limits.case_bytes_max.saturating_sub(case_bytes);
        let mut whole = Vec::new();
        while let Some(part) = content.next().await {
            let part = part.map_err(|_| Rejected::Interrupted)?;
            let bytes = length(&whole).saturating_add(length(&part));
            if bytes > file_max {
                return Err(Rejected::TooLarge {
                    bytes_max: file_max,
                });
            }
            if bytes > case_max {
                let bytes_max = self.limits.case_bytes_max;
                return Err(Rejected::CaseFull { bytes_max });
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole.into())
    }

    /// What is shown of a file.
    async fn made(&self, kind: Kind, content: Bytes) -> Result<Option<(Kind, Vec<u8>)>, Rejected> {
        match kind {
            Kind::Pdf | Kind::Mail => Ok(None),
            Kind::Text | Kind::Csv => {
                let text = sniff::text(&content).ok_or(Rejected::Broken { is: kind.told() })?;
                Ok(Some((kind, sniff::tame(&text).into_bytes())))
            }
            Kind::Png | Kind::Jpeg | Kind::Webp => {
                let closed = |_| Trouble::Unavailable("the program is about to stop".to_owned());
                let turn = Arc::clone(&self.images)
                    .acquire_owned()
                    .await
                    .map_err(closed)?;
                let pixels_max = self.limits.image_pixels_max;
                let made = tokio::task::spawn_blocking(move || {
                    // Held until the memory is free again, even if nobody waits for the answer.
                    let _turn = turn;
                    image::encoded_anew(&content, kind, pixels_max)
                });
                // A decoder that panics has met a file that makes no sense.
                let made = made
                    .await
                    .unwrap_or(Err(Rejected::Broken { is: kind.told() }));
                made.map(Some)
            }
        }
    }

    /// Keeps a content under its hash. The same again is no work; one that is damaged or was erased is replaced by what has just arrived.
    async fn keep(
        &self,
        key: PersonKey,
        shelf: Shelf,
        digest: Digest,
        content: Bytes,
    ) -> Result<(), Trouble> {
        let name = key.person().to_owned();
        let sealed = self.sealer.sealed(key, shelf, digest, content).await?;
        if self
            .place
            .write(shelf, digest, sealed.clone(), false)
            .await?
        {
            return Ok(());
        }
        match self.get(shelf, digest).await {
            Ok(_) => self.sealer.forget_key(&name).await,
            Err(Trouble::Damaged(_) | Trouble::Erased(_) | Trouble::Absent(_)) => self
                .place
                .write(shelf, digest, sealed, true)
                .await
                .map(drop),
            Err(why) => Err(why),
        }
    }

    /// The content under a hash, which it is held against.
    ///
    /// # Errors
    /// There is none, it is damaged or was erased, or the place does not answer.
    pub async fn get(&self, shelf: Shelf, digest: Digest) -> Result<Bytes, Trouble> {
        let sealed = self.place.read(shelf, digest).await?;
        self.sealer.opened(shelf, digest, sealed).await
    }

    /// Removes a content, where there is one, and first the key that opens it and all its copies. Whoever asks knows that no other case
    /// has it.
    ///
    /// # Errors
    /// The place does not answer.
    pub async fn remove(&self, shelf: Shelf, digest: Digest) -> Result<(), Trouble> {
        match self.place.read(shelf, digest).await {
            Ok(sealed) => self.sealer.forget(&sealed).await?,
            Err(Trouble::Absent(_)) => return Ok(()),
            Err(why) => return Err(why),
        }
        self.place.remove(shelf, digest).await
    }

    /// Writes, reads and removes something, where attachments are kept.
    ///
    /// # Errors
    /// What does not work, and what helps.
    pub async fn healthy(&self) -> Result<(), Trouble> {
        self.place.healthy().await
    }
}

fn length(content: &[u8]) -> u64 {
    u64::try_from(content.len()).unwrap_or(u64::MAX)
}
