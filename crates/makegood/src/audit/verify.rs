// SPDX-License-Identifier: MIT OR Apache-2.0
//! Checking without the desk: a whole log from its export, and one decision from the proof in its letter.
//!
//! **The export** is text, a JSON object a line: `{"leaf":"…"}` with the base64 of what was logged, in the order of the log, and
//! `{"checkpoint":"…"}` with a signed note wherever one was made over all leaves above it. Behind the last leaf stands a checkpoint,
//! so that nothing is signed by nobody.
//!
//! **The proof** is that of c2sp.org/tlog-proof: the leaf itself as its `extra` line, the path, and the checkpoint.

use std::fmt;
use std::io::{self, BufRead, Read as _, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_desk::audit::note::{Checkpoint, Note, Proof, TextFault};
use makegood_desk::audit::{Disproof, Frontier, Hash, leaf_hash, verify_inclusion};
use serde::{Deserialize, Serialize};

use super::{Said, Untrusted, VerifierKey, trusted};

/// The longest line of an export: 16 MiB.
const LINE_MAX: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Leaf(String),
    Checkpoint(String),
}

/// Writes an export.
pub struct Export<W> {
    out: W,
}

impl<W: Write> Export<W> {
    /// One that is written there.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// The next leaf: what was logged.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn leaf(&mut self, leaf: &[u8]) -> io::Result<()> {
        self.line(&Line::Leaf(STANDARD.encode(leaf)))
    }

    /// A checkpoint over all leaves so far.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn checkpoint(&mut self, note: &Note) -> io::Result<()> {
        self.line(&Line::Checkpoint(note.to_string()))
    }

    fn line(&mut self, line: &Line) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.out.write_all(b"\n")
    }
}

/// What a log was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Its name.
    pub origin: String,
    /// How many leaves it has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// How many signed checkpoints stand in it.
    pub checkpoints: u64,
    /// How many checkpoints from elsewhere it agrees with.
    pub known: usize,
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the log `{}` is whole; events: {}, checkpoints in it: {}, checkpoints from elsewhere that agree: {}, root: {}",
            self.origin,
            self.size,
            self.checkpoints,
            self.known,
            STANDARD.encode(self.root.bytes())
        )
    }
}

/// Why a log is not what it should be.
#[derive(Debug)]
pub struct NotVerified {
    /// At which line of the export, from 1; nothing where it is about the whole.
    pub line: Option<u64>,
    /// What is wrong.
    pub why: LogFault,
}

/// What can be wrong with a log.
#[derive(Debug)]
pub enum LogFault {
    /// It cannot be read.
    Reading(io::Error),
    /// A line is too long.
    TooLong,
    /// A line is neither a leaf nor a checkpoint.
    Line(String),
    /// What was logged is not base64.
    Leaf,
    /// What was logged does not hold together with what came before.
    Content {
        /// Which leaf, from 0.
        index: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A checkpoint is none.
    Note(TextFault),
    /// A checkpoint is not believed.
    Untrusted(Untrusted),
    /// A checkpoint is of another log than those before it.
    OtherLog {
        /// The log of those before it.
        expected: String,
        /// Its own.
        found: String,
    },
    /// A checkpoint does not count the leaves above it.
    Size {
        /// How many it counts.
        signed: u64,
        /// How many there are.
        found: u64,
    },
    /// The leaves above a checkpoint are not those that were signed.
    Root {
        /// How many they are.
        size: u64,
    },
    /// A checkpoint from elsewhere counts more leaves.
    Shorter {
        /// How many it counts.
        known: u64,
        /// How many there are.
        found: u64,
    },
    /// A checkpoint from elsewhere was made over other leaves.
    Rewritten {
        /// How many.
        known: u64,
    },
    /// Nothing is signed.
    NoCheckpoint,
    /// Leaves stand behind the last checkpoint.
    Unsigned {
        /// How many.
        leaves: u64,
    },
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        self.why.fmt(f)
    }
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reading(cause) => write!(f, "the log cannot be read: {cause}"),
            Self::TooLong => write!(
                f,
                "the line has more than {LINE_MAX} bytes; no export has such"
            ),
            Self::Line(why) => write!(
                f,
                "this should be `{{\"leaf\":\"…\"}}` or `{{\"checkpoint\":\"…\"}}`: {why}"
            ),
            Self::Leaf => f.write_str("what was logged is not base64"),
            Self::Content { index, why } => write!(f, "event {index}: {why}"),
            Self::Note(fault) => write!(f, "in the checkpoint, {}", Said(*fault)),
            Self::Untrusted(why) => why.fmt(f),
            Self::OtherLog { expected, found } => write!(
                f,
                "the checkpoint is one of the log `{found}`, and those before it are of `{expected}`"
            ),
            Self::Size { signed, found } if signed > found => write!(
                f,
                "events are missing: the checkpoint counts {signed}, and {found} stand above it"
            ),
            Self::Size { signed, found } => write!(
                f,
                "events were put in: the checkpoint counts {signed}, and {found} stand above it"
            ),
            Self::Root { size } => write!(
                f,
                "at least one of the {size} events above this checkpoint was changed, or their order was: they do not have the root that was signed"
            ),
            Self::Shorter { known, found } => write!(
                f,
                "events were taken away at the end: a checkpoint from elsewhere counts {known}, and the log has {found}"
            ),
            Self::Rewritten { known } => write!(
                f,
                "the log was rewritten: its first {known} events are not those over which a checkpoint from elsewhere was made"
            ),
            Self::NoCheckpoint => f.write_str("no checkpoint stands in it, so nothing is signed"),
            Self::Unsigned { leaves } => write!(
                f,
                "nobody has signed the end of the log: events behind the last checkpoint: {leaves}"
            ),
        }
    }
}

impl std::error::Error for NotVerified {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.why {
            LogFault::Reading(cause) => Some(cause),
            LogFault::Untrusted(why) => Some(why),
            _ => None,
        }
    }
}

/// Checks an export from its first byte to its last, in constant memory.
///
/// `keys` are those that the log may be signed with. `known` are checkpoints from elsewhere, such as those of letters and of the
/// anchor, with which it must agree. `each` is shown every leaf with its index and may find fault with it.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn verify_log(
    log: impl BufRead,
    keys: &[VerifierKey],
    known: &[Checkpoint],
    each: impl FnMut(u64, &[u8]) -> Result<(), String>,
) -> Result<Verified, NotVerified> {
    let mut known = known.to_vec();
    known.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
    let mut audit = Audit {
        keys,
        frontier: Frontier::new(),
        origin: None,
        checkpoints: 0,
        signed: 0,
        agreed: 0,
        known,
        each,
    };
    let mut lines = Lines {
        log,
        line: Vec::new(),
        number: 0,
    };
    audit
        .known_here()
        .map_err(|why| NotVerified { line: None, why })?;
    while let Some((number, line)) = lines.next()? {
        audit.line(line).map_err(|why| NotVerified {
            line: Some(number),
            why,
        })?;
    }
    audit.end().map_err(|why| NotVerified { line: None, why })
}

/// What is known of a log while it is read.
struct Audit<'a, F> {
    keys: &'a [VerifierKey],
    frontier: Frontier,
    origin: Option<String>,
    checkpoints: u64,
    /// How many leaves the last checkpoint covers.
    signed: u64,
    agreed: usize,
    /// Checkpoints from elsewhere that are not met yet, the shortest last.
    known: Vec<Checkpoint>,
    each: F,
}

impl<F: FnMut(u64, &[u8]) -> Result<(), String>> Audit<'_, F> {
    fn line(&mut self, line: &[u8]) -> Result<(), LogFault> {
        match serde_json::from_slice(line).map_err(|why| LogFault::Line(why.to_string()))? {
            Line::Leaf(leaf) => {
                let leaf = STANDARD.decode(leaf).map_err(|_| LogFault::Leaf)?;
                let index = self.frontier.size();
                (self.each)(index, &leaf).map_err(|why| LogFault::Content { index, why })?;
                self.frontier.push(leaf_hash(&leaf), |_, _| ());
                self.known_here()
            }
            Line::Checkpoint(note) => self.checkpoint(&note),
        }
    }

    fn checkpoint(&mut self, note: &str) -> Result<(), LogFault> {
        let note = Note::parse(note).map_err(LogFault::Note)?;
        let checkpoint = trusted(&note, self.keys).map_err(LogFault::Untrusted)?;
        let found = self.frontier.size();
        match &self.origin {
            Some(expected) if *expected != checkpoint.origin => Err(LogFault::OtherLog {
                expected: expected.clone(),
                found: checkpoint.origin,
            }),
            _ if checkpoint.size != found => Err(LogFault::Size {
                signed: checkpoint.size,
                found,
            }),
            _ if checkpoint.root != self.frontier.root() => Err(LogFault::Root { size: found }),
            _ => {
                self.origin = Some(checkpoint.origin);
                self.checkpoints += 1;
                self.signed = found;
                Ok(())
            }
        }
    }

    /// Compares with the checkpoints from elsewhere that were made at this size.
    fn known_here(&mut self) -> Result<(), LogFault> {
        let size = self.frontier.size();
        while let Some(checkpoint) = self.known.pop_if(|next| next.size == size) {
            if checkpoint.root != self.frontier.root() {
                return Err(LogFault::Rewritten { known: size });
            }
            self.agreed += 1;
        }
        Ok(())
    }

    fn end(self) -> Result<Verified, LogFault> {
        let size = self.frontier.size();
        if let Some(longer) = self.known.first() {
            return Err(LogFault::Shorter {
                known: longer.size,
                found: size,
            });
        }
        let origin = self.origin.ok_or(LogFault::NoCheckpoint)?;
        if self.signed != size {
            return Err(LogFault::Unsigned {
                leaves: size - self.signed,
            });
        }
        Ok(Verified {
            origin,
            size,
            root: self.frontier.root(),
            checkpoints: self.checkpoints,
            known: self.agreed,
        })
    }
}

/// The lines of an export, none longer than [`LINE_MAX`].
struct Lines<R> {
    log: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line and its number.
    fn next(&mut self) -> Result<Option<(u64, &[u8])>, NotVerified> {
        self.line.clear();
        self.number += 1;
        let limit = u64::try_from(LINE_MAX).unwrap_or(u64::MAX);
        let read = (&mut self.log)
            .take(limit)
            .read_until(b'\n', &mut self.line);
        let why = match read {
            Ok(0) => return Ok(None),
            Ok(LINE_MAX) if !self.line.ends_with(b"\n") => LogFault::TooLong,
            Ok(_) => return Ok(Some((self.number, &self.line))),
            Err(cause) => LogFault::Reading(cause),
        };
        Err(NotVerified {
            line: Some(self.number),
            why,
        })
    }
}

/// The proof that goes with a letter: this leaf stands at this place of the log under this checkpoint.
#[must_use]
pub fn proof(leaf: &[u8], index: u64, path: Vec<Hash>, checkpoint: Note) -> Proof {
    Proof {
        extra: Some(leaf.to_vec()),
        index,
        path,
        checkpoint,
    }
}

/// What a proof was found to prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// The head of the log that it leads to, for comparing with others.
    pub checkpoint: Checkpoint,
    /// Which leaf of the log it is, from 0.
    pub index: u64,
    /// What was logged.
    pub leaf: Vec<u8>,
}

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this is event {} of the {} that the log `{}` had when it signed for them",
            self.index, self.checkpoint.size, self.checkpoint.origin
        )
    }
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotProven {
    /// It is not written as one.
    Malformed(TextFault),
    /// It does not say what is proved.
    NoLeaf,
    /// It is a proof of something else than what it was checked for.
    OtherLeaf,
    /// Its checkpoint is not believed.
    Untrusted(Untrusted),
    /// It does not lead from the leaf to the root that was signed.
    Disproof(Disproof),
}

impl fmt::Display for NotProven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => Said(*fault).fmt(f),
            Self::NoLeaf => f.write_str(
                "the proof does not say what it proves: its second line should begin with `extra`",
            ),
            Self::OtherLeaf => f.write_str("the proof is one of another event"),
            Self::Untrusted(why) => why.fmt(f),
            Self::Disproof(Disproof::OutOfRange) => f.write_str(
                "the proof names an event that the log did not have yet when the checkpoint was signed",
            ),
            Self::Disproof(Disproof::Length) => {
                f.write_str("lines of the proof are missing, or there are too many of them")
            }
            Self::Disproof(Disproof::Root(_) | Disproof::OldRoot(_)) => f.write_str(
                "the event, its place or the proof was changed: they do not lead to the root that was signed",
            ),
        }
    }
}

impl std::error::Error for NotProven {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Untrusted(why) => Some(why),
            _ => None,
        }
    }
}

/// Checks the proof of a letter with nothing but the log's public keys. Line breaks of Windows and blank lines around it do no harm:
/// a proof travels by mail. With `expected`, it must be the proof of that leaf.
///
/// # Errors
/// Why it proves nothing.
pub fn verify_proof(
    text: &str,
    keys: &[VerifierKey],
    expected: Option<&[u8]>,
) -> Result<Proven, NotProven> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let text = format!("{}\n", text.trim());
    let proof = Proof::parse(&text).map_err(NotProven::Malformed)?;
    let leaf = match (proof.extra, expected) {
        (Some(leaf), Some(expected)) if leaf != expected => return Err(NotProven::OtherLeaf),
        (Some(leaf), _) => leaf,
        (None, Some(expected)) => expected.to_vec(),
        (None, None) => return Err(NotProven::NoLeaf),
    };
    let checkpoint = trusted(&proof.checkpoint, keys).map_err(NotProven::Untrusted)?;
    verify_inclusion(
        proof.index,
        checkpoint.size,
        leaf_hash(&leaf),
        &proof.path,
        checkpoint.root,
    )
    .map_err(NotProven::Disproof)?;
    Ok(Proven {
        checkpoint,
        index: proof.index,
        leaf,
    })
}
