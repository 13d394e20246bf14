// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stored form of events and of judged case files: versioned, by hand, one golden file a version.
//!
//! A record is its version, and then its fields one after the other; nothing is named and nothing is padded. Whole numbers are written
//! in groups of seven bits, the lowest first and never one more than needed; texts and lists begin with their length; whatever is one of
//! several begins with its number in the tables of this folder. So there is one way to write each thing, equal bytes are equal events,
//! and a digest of the bytes is a digest of the event.
//!
//! What was written once is read for ever. A new kind of event takes a new number and leaves the version alone; a changed one takes a
//! new version, and the old reader stays beside the new one.

mod bytes;
mod events;
mod paper;
mod tables;

use alloc::vec::Vec;
use core::fmt;

use crate::case::{CaseFile, CaseParts};
use crate::event::{Event, Happened};
use bytes::{Reader, Stored, wrong};

pub use events::KINDS;

/// The version that is written.
const VERSION: u8 = 1;

/// An event as bytes. Of the case file behind a decision only the digest is written.
///
/// ```
/// use makegood_desk::{case::Instant, event::{Event, Happened}, input::Actor, record};
/// let event = Event { at: Instant::from_unix_nanoseconds(0), by: Actor::System, what: Happened::Reopened };
/// assert_eq!(record::read(&record::write(&event)), Ok(event));
/// ```
#[must_use]
pub fn write(event: &Event) -> Vec<u8> {
    // Most events are shorter.
    let mut out = Vec::with_capacity(192);
    out.push(VERSION);
    event.put(&mut out);
    out
}

/// The event that these bytes are.
///
/// # Errors
/// Bytes that [`write()`] never wrote: the first place where that shows, and why.
pub fn read(bytes: &[u8]) -> Result<Event, Unreadable> {
    record(bytes)
}

/// The name of what happened, the same wherever it is named: in tables, in webhooks, in the log.
///
/// ```
/// use makegood_desk::{event::Happened, record};
/// assert_eq!(record::kind(&Happened::RefundAbsent { no: 1 }), "refund_absent");
/// ```
#[must_use]
pub const fn kind(what: &Happened) -> &'static str {
    events::kind(what)
}

/// A judged case file as bytes: everything that a policy can look at, in the order of the file.
///
/// The customer's words and the links served are left out: no policy sees them.
#[must_use]
pub fn case_file(file: &CaseFile<'_>) -> Vec<u8> {
    let parts: &CaseParts<'_> = file;
    let mut out = Vec::with_capacity(512);
    out.push(VERSION);
    parts.put(&mut out);
    out
}

/// The case file that these bytes are. [`CaseFile::new`] puts it before a policy again.
///
/// # Errors
/// Bytes that [`case_file`] never wrote: the first place where that shows, and why.
pub fn read_case_file(bytes: &[u8]) -> Result<CaseParts<'static>, Unreadable> {
    record(bytes)
}

fn record<T: Stored>(bytes: &[u8]) -> Result<T, Unreadable> {
    let mut from = Reader::new(bytes);
    let thing = match from.byte()? {
        VERSION => T::get(&mut from)?,
        found => return Err(wrong(0, Why::OtherVersion { found })),
    };
    from.end()?;
    Ok(thing)
}

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The byte where it shows, from 0.
    pub at: usize,
    /// What is wrong there.
    pub why: Why,
}

/// What is wrong with bytes that are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A version that this program does not know.
    OtherVersion {
        /// Which.
        found: u8,
    },
    /// Fewer bytes are left than are needed.
    Ended,
    /// Bytes are left over.
    LeftOver {
        /// How many.
        count: usize,
    },
    /// No row of a table has this number.
    NoSuch {
        /// What the table lists.
        what: &'static str,
        /// The number.
        found: u8,
    },
    /// A whole number in more bytes than it needs.
    NotShortest,
    /// A whole number that is too large for its place.
    TooLarge,
    /// A text that is not UTF-8.
    NotText,
    /// Something that cannot be, in the right number of bytes.
    Impossible {
        /// What it was to be.
        what: &'static str,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the record cannot be read at byte {}: ", self.at)?;
        match self.why {
            Why::OtherVersion { found } => write!(
                f,
                "it has version {found}, and this program knows versions up to {VERSION}; a newer program wrote it, or it is damaged"
            ),
            Why::Ended => f.write_str("it ends too early"),
            Why::LeftOver { count } => write!(f, "{count} bytes stand behind its end"),
            Why::NoSuch { what, found } => write!(f, "there is no {what} with the number {found}"),
            Why::NotShortest => f.write_str("a number is written longer than it needs to be"),
            Why::TooLarge => f.write_str("a number is too large for its place"),
            Why::NotText => f.write_str("a text is not UTF-8"),
            Why::Impossible { what } => write!(f, "this is no {what}"),
        }
    }
}

impl core::error::Error for Unreadable {}
