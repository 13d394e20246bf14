// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a log is written down for others: signed notes, checkpoints and proofs, as C2SP describes them.
//!
//! Sources: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-proof (read in November 2026). Signatures are
//! opaque bytes here: signing and checking them needs keys, and those are next door.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Hash, SIZE_MAX};

/// The longest note: 64 KiB. Ours have some hundred bytes; witnesses add a line each.
pub const NOTE_MAX: usize = 64 << 10;

/// The longest proof: 1 MiB, nearly all of it for what is proved.
pub const PROOF_MAX: usize = 1 << 20;

/// The most signatures of a note. Sixteen must be accepted.
const SIGNATURES_MAX: usize = 64;

const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// A line that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFault {
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: Malformed,
}

/// What can be wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The text is longer than any honest one.
    TooLong,
    /// It has a control character.
    Control,
    /// The text does not end with a line break.
    Unended,
    /// No blank line and no signature stand behind the text.
    Unsigned,
    /// Not `— name base64`.
    Signature,
    /// More signatures than are read.
    TooManySignatures,
    /// The origin is missing.
    Origin,
    /// The size is not a whole number without leading zeroes.
    Size,
    /// The root is not the base64 of 32 bytes.
    Root,
    /// An extension line is empty.
    Extension,
    /// Not `c2sp.org/tlog-proof@v1`.
    Header,
    /// What is proved is not base64.
    Extra,
    /// Not `index` and a whole number without leading zeroes.
    Index,
    /// A hash of the path is not the base64 of 32 bytes.
    Path,
    /// No blank line stands between the path and the checkpoint.
    NoCheckpoint,
}

impl Malformed {
    const fn at(self, line: usize) -> TextFault {
        TextFault { line, why: self }
    }
}

/// One signature of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Whose key it is, by name.
    pub name: String,
    /// Which key of that name: the beginning of a hash over name, kind and public key.
    pub key: [u8; 4],
    /// The signature itself.
    pub bytes: Vec<u8>,
}

/// A text and who signed it. Nothing in the text counts before a signature of a trusted key is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text with its last line break: exactly the bytes that are signed.
    pub text: String,
    /// The signatures in their order.
    pub signatures: Vec<Signature>,
}

impl Note {
    /// Reads a note.
    ///
    /// # Errors
    /// When it is none, with the line.
    pub fn parse(note: &str) -> Result<Self, TextFault> {
        if note.len() > NOTE_MAX {
            return Err(Malformed::TooLong.at(1));
        }
        for (line, number) in note.split('\n').zip(1..) {
            if line.bytes().any(|byte| byte < b' ') {
                return Err(Malformed::Control.at(number));
            }
        }
        let lines = note.bytes().filter(|&byte| byte == b'\n').count();
        let Some(body) = note.strip_suffix('\n') else {
            return Err(Malformed::Unended.at(lines + 1));
        };
        let Some((text, signatures)) = body.rsplit_once("\n\n") else {
            return Err(Malformed::Unsigned.at(lines));
        };
        let text = note.get(..=text.len()).unwrap_or_default().to_owned();
        let first = text.bytes().filter(|&byte| byte == b'\n').count() + 2;
        let signatures = signatures
            .split('\n')
            .zip(first..)
            .map(|(line, number)| {
                if number - first >= SIGNATURES_MAX {
                    return Err(Malformed::TooManySignatures.at(number));
                }
                Signature::parse(line).ok_or(Malformed::Signature.at(number))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }
}

impl fmt::Display for Note {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(out, "{signature}"))
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, bytes) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(bytes).ok()?;
        let (key, bytes) = bytes.split_first_chunk()?;
        (is_key_name(name) && !bytes.is_empty()).then(|| Self {
            name: name.to_owned(),
            key: *key,
            bytes: bytes.to_vec(),
        })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key[..], &self.bytes].concat();
        write!(out, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// Can a key have this name: something without spaces, pluses and control characters?
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// The head of a log: how many leaves it has and the root over them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: its name, which is also the name of the key that signs for it.
    pub origin: String,
    /// How many leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines. Ours has none, and whoever audits a log cannot check them.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads the text of a note as a checkpoint.
    ///
    /// # Errors
    /// When it is none, with the line.
    pub fn parse(text: &str) -> Result<Self, TextFault> {
        let lines = text.bytes().filter(|&byte| byte == b'\n').count();
        let Some(text) = text.strip_suffix('\n') else {
            return Err(Malformed::Unended.at(lines + 1));
        };
        let mut lines = text.split('\n');
        let origin = lines
            .next()
            .filter(|origin| !origin.is_empty())
            .ok_or(Malformed::Origin.at(1))?;
        let size = lines.next().and_then(whole).ok_or(Malformed::Size.at(2))?;
        let root = lines.next().and_then(hash).ok_or(Malformed::Root.at(3))?;
        let extensions = lines
            .zip(4..)
            .map(|(line, number)| match line {
                "" => Err(Malformed::Extension.at(number)),
                line => Ok(line.to_owned()),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }

    /// The text to sign.
    pub fn text(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.root.bytes());
        writeln!(out, "{}\n{}\n{root}", self.origin, self.size)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(out, "{line}"))
    }
}

/// A proof that something is in a log, complete in itself: whoever has the log's public key needs nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What is proved: the leaf. Believed only because the path leads from it to the signed root.
    pub extra: Option<Vec<u8>>,
    /// Which leaf of the log it is, from 0.
    pub index: u64,
    /// The way to the root, from below.
    pub path: Vec<Hash>,
    /// The signed head of the log.
    pub checkpoint: Note,
}

impl Proof {
    /// Reads a proof.
    ///
    /// # Errors
    /// When it is none, with the line.
    pub fn parse(proof: &str) -> Result<Self, TextFault> {
        if proof.len() > PROOF_MAX {
            return Err(Malformed::TooLong.at(1));
        }
        let mut rest = proof;
        let mut number = 0;
        let mut line = || {
            number += 1;
            let (line, behind) = rest.split_once('\n')?;
            rest = behind;
            Some((line, number))
        };
        match line() {
            Some((PROOF_HEADER, _)) => {}
            _ => return Err(Malformed::Header.at(1)),
        }
        let mut next = line();
        let mut extra = None;
        if let Some((text, at)) = next
            && let Some(text) = text.strip_prefix("extra ")
        {
            extra = Some(STANDARD.decode(text).map_err(|_| Malformed::Extra.at(at))?);
            next = line();
        }
        let index = next
            .and_then(|(text, _)| whole(text.strip_prefix("index ")?))
            .ok_or(Malformed::Index.at(if extra.is_some() { 3 } else { 2 }))?;
        let mut path = Vec::new();
        let before = loop {
            match line() {
                Some(("", at)) => break at,
                Some((text, at)) => path.push(hash(text).ok_or(Malformed::Path.at(at))?),
                None => return Err(Malformed::NoCheckpoint.at(number)),
            }
        };
        let checkpoint = Note::parse(rest).map_err(|fault| TextFault {
            line: fault.line + before,
            ..fault
        })?;
        Ok(Self {
            extra,
            index,
            path,
            checkpoint,
        })
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{PROOF_HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(out, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(out, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(out, "{}", STANDARD.encode(hash.bytes()))?;
        }
        write!(out, "\n{}", self.checkpoint)
    }
}

/// A whole number in decimal digits without leading zeroes, as sizes and places of a log are.
fn whole(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok().filter(|&number| number <= SIZE_MAX)?;
    // Written again it must be the same, which refuses `+7` and `07`.
    (number.to_string() == text).then_some(number)
}

/// A hash in base64.
fn hash(text: &str) -> Option<Hash> {
    Hash::from_slice(&STANDARD.decode(text).ok()?)
}
