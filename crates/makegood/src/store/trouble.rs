// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can go wrong between the program and its store, in words that hold no SQL and no value.

use std::any::Any;
use std::fmt;
use std::path::PathBuf;

/// Why the store did not do what was asked. Both databases say the same thing by the same variant.
///
/// No variant holds a value or the text of a statement: what people entrusted to the store does not leave it by an error.
pub enum Trouble {
    /// Something with the same key is there already.
    Conflict {
        /// The unique index, or `TABLE_pkey` for a primary key.
        constraint: String,
    },
    /// A row would break a rule of its table.
    Check {
        /// The name of the check; `TABLE.COLUMN` where a value is missing.
        constraint: String,
    },
    /// A row would point at nothing, or another row points at the one that should go.
    Reference,
    /// Others kept changing the same rows, and every attempt had to be taken back.
    Serialization,
    /// The database is occupied: a lock was not to be had in time, or a statement took too long.
    Busy,
    /// No room is left where the store writes. Nothing was changed.
    Full,
    /// The database cannot be reached. Nothing was changed.
    Unavailable {
        /// Which place, and what to do.
        why: String,
    },
    /// The connection was lost, or the disk failed, while the change was being made durable: it may have happened or not.
    OutcomeUnknown,
    /// The store is damaged, or it is something else than a store.
    Corrupt {
        /// What was found, and what to do.
        why: String,
    },
    /// Another process has the store.
    Taken {
        /// The SQLite file.
        path: PathBuf,
    },
    /// A newer program has worked on the store.
    Newer {
        /// The last migration of the store.
        store: i64,
        /// The last migration that the program knows.
        program: i64,
    },
    /// The store lacks migrations, and was opened without leave to run them.
    Behind {
        /// How many it lacks.
        missing: usize,
    },
    /// The place where something should be written is not free.
    InTheWay {
        /// What is there.
        path: PathBuf,
        /// What to do.
        remedy: &'static str,
    },
    /// This database cannot do it.
    Elsewhere {
        /// What does it instead.
        remedy: &'static str,
    },
    /// A statement, a value or a job does not fit: a fault of the program.
    Misused {
        /// The statement by its name; empty where it is not about one.
        statement: &'static str,
        /// What does not fit.
        why: String,
    },
    /// The job panicked. What it had done was taken back.
    Panicked,
    /// The store was closed.
    Closed,
    /// The job itself said no, with its reason; what it had done was taken back.
    Refused(Box<dyn Any + Send>),
}

impl Trouble {
    /// A job's own reason to take everything back. [`Trouble::into_refusal`] gives it out again.
    pub fn refused<R: Any + Send>(reason: R) -> Self {
        Self::Refused(Box::new(reason))
    }

    /// The reason that a job gave.
    ///
    /// # Errors
    /// The trouble itself, where it is none of the job's reasons or one of another type.
    pub fn into_refusal<R: Any>(self) -> Result<R, Self> {
        match self {
            Self::Refused(reason) => match reason.downcast() {
                Ok(reason) => Ok(*reason),
                Err(reason) => Err(Self::Refused(reason)),
            },
            other => Err(other),
        }
    }

    /// Whether the same job may succeed when it is tried again a little later.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Serialization | Self::Busy | Self::Full | Self::Unavailable { .. } => true,
            Self::Conflict { .. }
            | Self::Check { .. }
            | Self::Reference
            | Self::OutcomeUnknown
            | Self::Corrupt { .. }
            | Self::Taken { .. }
            | Self::Newer { .. }
            | Self::Behind { .. }
            | Self::InTheWay { .. }
            | Self::Elsewhere { .. }
            | Self::Misused { .. }
            | Self::Panicked
            | Self::Closed
            | Self::Refused(_) => false,
        }
    }

    /// A fault of the program that is not about one statement.
    pub(crate) fn misused(why: impl Into<String>) -> Self {
        Self::Misused {
            statement: "",
            why: why.into(),
        }
    }

    /// The same trouble for each of those who share a commit.
    pub(crate) fn shared(&self) -> Self {
        match self {
            Self::Conflict { constraint } => Self::Conflict {
                constraint: constraint.clone(),
            },
            Self::Check { constraint } => Self::Check {
                constraint: constraint.clone(),
            },
            Self::Reference => Self::Reference,
            Self::Serialization => Self::Serialization,
            Self::Busy => Self::Busy,
            Self::Full => Self::Full,
            Self::Unavailable { why } => Self::Unavailable { why: why.clone() },
            Self::OutcomeUnknown => Self::OutcomeUnknown,
            Self::Corrupt { why } => Self::Corrupt { why: why.clone() },
            Self::Taken { path } => Self::Taken { path: path.clone() },
            Self::Newer { store, program } => Self::Newer {
                store: *store,
                program: *program,
            },
            Self::Behind { missing } => Self::Behind { missing: *missing },
            Self::InTheWay { path, remedy } => Self::InTheWay {
                path: path.clone(),
                remedy,
            },
            Self::Elsewhere { remedy } => Self::Elsewhere { remedy },
            Self::Misused { statement, why } => Self::Misused {
                statement,
                why: why.clone(),
            },
            Self::Panicked => Self::Panicked,
            Self::Closed => Self::Closed,
            // A refusal is one caller's and cannot be handed to several.
            Self::Refused(_) => Self::misused("what runs before a commit has nobody to refuse"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict { constraint } => {
                write!(
                    f,
                    "something with the same key is there already (`{constraint}`)"
                )
            }
            Self::Check { constraint } => {
                write!(f, "a rule of the store forbids it (`{constraint}`)")
            }
            Self::Reference => write!(f, "it would leave something pointing at nothing"),
            Self::Serialization => write!(
                f,
                "others kept changing the same thing, and nothing was changed here; try again"
            ),
            Self::Busy => write!(
                f,
                "the database is occupied, and nothing was changed; try again, and look for long transactions if it stays so"
            ),
            Self::Full => write!(
                f,
                "no room is left where the store writes, and nothing was changed; make room and try again"
            ),
            Self::Unavailable { why } | Self::Corrupt { why } => write!(f, "{why}"),
            Self::OutcomeUnknown => write!(
                f,
                "the database went away while the change was being written: it may have happened or not; ask before you repeat it"
            ),
            Self::Taken { path } => write!(
                f,
                "another process has `{}`; stop it, or let it do the work",
                path.display()
            ),
            Self::Newer { store, program } => write!(
                f,
                "the store is newer than this program: it has migration {store}, and the program knows {program}; start the newer program"
            ),
            Self::Behind { missing } => write!(
                f,
                "the store lacks {missing} migration(s); run `makegood migrate`"
            ),
            Self::InTheWay { path, remedy } => {
                write!(f, "`{}` is there already; {remedy}", path.display())
            }
            Self::Elsewhere { remedy } => write!(f, "{remedy}"),
            Self::Misused { statement: "", why } => {
                write!(
                    f,
                    "the program used its store wrongly, which is a fault of the program: {why}"
                )
            }
            Self::Misused { statement, why } => write!(
                f,
                "the program used its store wrongly at `{statement}`, which is a fault of the program: {why}"
            ),
            Self::Panicked => write!(
                f,
                "the program failed in the middle of a change, which is a fault of the program; the change was taken back"
            ),
            Self::Closed => write!(f, "the store is closed; the program is stopping"),
            Self::Refused(_) => write!(f, "the change was refused and taken back"),
        }
    }
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trouble({self})")
    }
}

impl std::error::Error for Trouble {}
