// SPDX-License-Identifier: MIT OR Apache-2.0
//! The anchor: the last checkpoint, remembered in a file outside the database.
//!
//! A database that was put back to an older day does not know what was paid since then, and would pay it again. It cannot
//! tell by itself; the anchor can. At start the two are compared, and where they do not agree the desk is *frozen*: it
//! shows everything and moves no money, until a person has looked.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use makegood_desk::audit::note::{Checkpoint, NOTE_MAX, Note, TextFault};
use makegood_desk::audit::{Hash, Place, Unprovable, places, root_at};

use super::{Said, Untrusted, VerifierKey, file, trusted};

/// Where the last checkpoint is remembered.
#[derive(Clone, Debug)]
pub struct Anchor {
    path: PathBuf,
}

/// Why no money is moved.
#[derive(Debug)]
pub enum Frozen {
    /// The log has leaves, and nothing is remembered.
    Missing(PathBuf),
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The file holds no checkpoint.
    Malformed(PathBuf, TextFault),
    /// The file holds a checkpoint that is not believed.
    Untrusted(PathBuf, Untrusted),
    /// The log is shorter than it was.
    Older {
        /// How many leaves it had.
        anchored: u64,
        /// How many it has.
        size: u64,
    },
    /// The log is not what it was.
    Rewritten {
        /// How many leaves it had when it was last seen.
        anchored: u64,
    },
    /// The log lacks a part.
    Damaged(Place),
    /// Nothing is remembered, and the newest head in the database, which would be, is not believed.
    OthersHead(Untrusted),
    /// The store is marked as in doubt, with nothing that this program can check.
    Marked,
}

impl fmt::Display for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(path) => write!(
                f,
                "the database has events, and {} is missing, which remembers how many there should be",
                path.display()
            )?,
            Self::Unreadable(path, cause) => write!(f, "{}: {cause}", path.display())?,
            Self::Malformed(path, fault) => write!(f, "{}: {}", path.display(), Said(*fault))?,
            Self::Untrusted(path, why) => write!(f, "{}: {why}", path.display())?,
            Self::Older { anchored, size } => write!(
                f,
                "the database is older than it should be: it had {anchored} events or more, and has {size}"
            )?,
            Self::Rewritten { anchored } => write!(
                f,
                "the database is not the one that was here: its first {anchored} events are others than those that were recorded"
            )?,
            Self::Damaged(Place { level, index }) => write!(
                f,
                "the database is damaged: node {index} of level {level} of the audit log is missing"
            )?,
            Self::OthersHead(why) => write!(f, "in the database, {why}")?,
            Self::Marked => f.write_str("the database is marked as one to be looked at")?,
        }
        f.write_str("; no money is moved until a person has looked: ")?;
        f.write_str(match self {
            Self::Missing(_) => {
                "put the file back; if there is none because the desk has moved, check the refunds since the move, and accept the database as it is: `makegood verify --accept`"
            }
            Self::Unreadable(..) => "let the desk read and write the file",
            Self::Malformed(..) | Self::Untrusted(..) => {
                "put back the file, and the signing key that belongs to it; if they are lost, check the last refunds, and accept the database as it is: `makegood verify --accept`"
            }
            Self::Older { .. } => {
                "restore a newer backup; if there is none, compare with the payment provider what was refunded since (`makegood reconcile`), and accept the database as it is: `makegood verify --accept`"
            }
            Self::Rewritten { .. } => {
                "start the desk with the right database, or put back the anchor that belongs to this one; if this is the right one, check the last refunds, and accept it as it is: `makegood verify --accept`"
            }
            Self::OthersHead(_) => {
                "give this machine the signing key (`audit.key_file`) of those that share the database"
            }
            Self::Marked => {
                "check the last refunds, and accept the database as it is: `makegood verify --accept`"
            }
            Self::Damaged(_) => "restore a backup",
        })
    }
}

impl std::error::Error for Frozen {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(_, cause) => Some(cause),
            Self::Untrusted(_, cause) | Self::OthersHead(cause) => Some(cause),
            _ => None,
        }
    }
}

/// Why the anchor could not be moved.
#[derive(Debug)]
pub enum Unmoved {
    /// The file cannot be written.
    File(PathBuf, io::Error),
    /// What is remembered speaks of another log, or cannot be believed.
    Frozen(Frozen),
}

impl fmt::Display for Unmoved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, cause) => {
                write!(f, "{} cannot be written: {cause}", path.display())
            }
            Self::Frozen(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Unmoved {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, cause) => Some(cause),
            Self::Frozen(why) => Some(why),
        }
    }
}

impl Anchor {
    /// The anchor in this file, which need not be there yet.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// What is remembered; nothing if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is not believed.
    pub fn read(&self, keys: &[VerifierKey]) -> Result<Option<Checkpoint>, Frozen> {
        Ok(self.remembered(keys)?.map(|(_, checkpoint)| checkpoint))
    }

    /// What is remembered, as it was signed.
    ///
    /// # Errors
    /// As for [`Anchor::read`].
    pub fn remembered(&self, keys: &[VerifierKey]) -> Result<Option<(Note, Checkpoint)>, Frozen> {
        let unreadable = |cause| Frozen::Unreadable(self.path.clone(), cause);
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(unreadable(cause)),
        };
        let bytes = file::read_at_most(&mut file, NOTE_MAX).map_err(unreadable)?;
        let text = String::from_utf8(bytes)
            .map_err(|cause| unreadable(io::Error::new(io::ErrorKind::InvalidData, cause)))?;
        let note =
            Note::parse(&text).map_err(|fault| Frozen::Malformed(self.path.clone(), fault))?;
        match trusted(&note, keys) {
            Ok(checkpoint) => Ok(Some((note, checkpoint))),
            Err(why) => Err(Frozen::Untrusted(self.path.clone(), why)),
        }
    }

    /// That nothing is remembered, though there are events.
    #[must_use]
    pub fn missing(&self) -> Frozen {
        Frozen::Missing(self.path.clone())
    }

    /// Is the log of `size` leaves the one that is remembered, or a longer one that begins with it?
    ///
    /// `nodes` is asked for the places that [`wanted`] lists.
    ///
    /// # Errors
    /// It is not, with the reason and what to do.
    pub fn compare(
        &self,
        anchored: Option<&Checkpoint>,
        size: u64,
        nodes: impl FnMut(Place) -> Option<Hash>,
    ) -> Result<(), Frozen> {
        let Some(anchored) = anchored else {
            return if size == 0 {
                Ok(())
            } else {
                Err(self.missing())
            };
        };
        if anchored.size > size {
            return Err(Frozen::Older {
                anchored: anchored.size,
                size,
            });
        }
        match root_at(anchored.size, nodes) {
            Ok(root) if root == anchored.root => Ok(()),
            Ok(_) | Err(Unprovable::OutOfRange) => Err(Frozen::Rewritten {
                anchored: anchored.size,
            }),
            Err(Unprovable::Missing(place)) => Err(Frozen::Damaged(place)),
        }
    }

    /// Remembers a checkpoint, down to the disk; `false` if a later one is remembered already, as when several processes share the file.
    ///
    /// # Errors
    /// The file cannot be written, or remembers another log. Then nothing has changed.
    pub fn advance(&self, note: &Note, keys: &[VerifierKey]) -> Result<bool, Unmoved> {
        let failed = |cause| Unmoved::File(self.path.clone(), cause);
        let new = trusted(note, keys)
            .map_err(|why| Unmoved::Frozen(Frozen::Untrusted(self.path.clone(), why)))?;
        let _lock = file::lock(&self.path).map_err(failed)?;
        if let Some(old) = self.read(keys).map_err(Unmoved::Frozen)? {
            if old.size > new.size {
                return Ok(false);
            }
            if old.size == new.size && old.root != new.root {
                return Err(Unmoved::Frozen(Frozen::Rewritten { anchored: old.size }));
            }
        }
        file::replace(&self.path, note.to_string().as_bytes()).map_err(failed)?;
        Ok(true)
    }

    /// Where it is kept what was remembered before a person accepted something else.
    #[must_use]
    pub fn before(&self) -> PathBuf {
        file::beside(&self.path, "before")
    }

    /// Remembers this checkpoint whatever is remembered: a person has looked, and accepts the log as it is. What was remembered is kept beside it.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn accept(&self, note: &Note) -> Result<(), Unmoved> {
        let failed = |cause| Unmoved::File(self.path.clone(), cause);
        let _lock = file::lock(&self.path).map_err(failed)?;
        match std::fs::read(&self.path) {
            Ok(old) => file::replace(&self.before(), &old).map_err(failed)?,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(failed(cause)),
        }
        file::replace(&self.path, note.to_string().as_bytes()).map_err(failed)
    }
}

/// The places that comparing the log of `size` leaves with what is remembered will read.
#[must_use]
pub fn wanted(anchored: Option<&Checkpoint>, size: u64) -> Vec<Place> {
    match anchored {
        Some(anchored) if anchored.size <= size => {
            places(|nodes| root_at(anchored.size, nodes).map(drop)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}
