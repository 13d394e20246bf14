// SPDX-License-Identifier: MIT OR Apache-2.0
//! The audit log's doors: the key that signs its checkpoints, and those who check it without us.
//!
//! Keys and signatures are those of c2sp.org/signed-note (Ed25519), and are written as Go's `note` package writes them, so that other
//! people's programs check our logs: a *verifier key* is `name+id+base64` and may be published, a *signing key* is a line in a
//! file that only we read. [`anchor`] remembers the last checkpoint outside the database, [`verify`] checks logs and proofs offline.

pub mod anchor;
pub(crate) mod file;
pub mod verify;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_desk::audit::Hash;
use makegood_desk::audit::note::{Checkpoint, Malformed, Note, Signature, TextFault, is_key_name};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::secret::Secret;

/// The kind of signature: Ed25519 over the text of a note.
const ED25519_KIND: u8 = 1;

/// Why a key cannot be used.
#[derive(Debug)]
pub enum KeyFault {
    /// The file cannot be read or written.
    File(PathBuf, io::Error),
    /// Others can read the file.
    Open(PathBuf),
    /// It holds no signing key.
    NotSigning(PathBuf),
    /// The text is no verifier key.
    NotVerifier,
    /// A name that a key cannot have.
    Name(String),
    /// The key is another log's.
    Named {
        /// Where it lies.
        path: PathBuf,
        /// The log that it signs for.
        found: String,
        /// The log that it was asked for.
        wanted: String,
    },
    /// The system gives no random numbers.
    Random,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, cause) if cause.kind() == io::ErrorKind::AlreadyExists => write!(
                f,
                "{} is there already; a key is never overwritten, so move it away if it is not needed",
                path.display()
            ),
            Self::File(path, cause) => write!(f, "{}: {cause}", path.display()),
            Self::Open(path) => write!(
                f,
                "{0} can be read by others; run `chmod 600 {0}`, and make a new key if somebody may have read it",
                path.display()
            ),
            Self::NotSigning(path) => write!(
                f,
                "{} holds no signing key: it should be one line that begins with `PRIVATE+KEY+`",
                path.display()
            ),
            Self::NotVerifier => f.write_str(
                "this is no verifier key: it should be a name, eight hexadecimal digits and base64, with `+` between them",
            ),
            Self::Name(name) => write!(
                f,
                "a log cannot be called `{name}`: its name has no spaces and no `+`, such as `refunds.example.com`"
            ),
            Self::Named {
                path,
                found,
                wanted,
            } => write!(
                f,
                "{} signs for the log `{found}`, and this log is called `{wanted}`; set `audit.origin` to the first, or give the log a key of its own",
                path.display()
            ),
            Self::Random => f.write_str("the system gives no random numbers"),
        }
    }
}

impl std::error::Error for KeyFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File(_, cause) => Some(cause),
            _ => None,
        }
    }
}

/// What checks the signatures of a log: its name and its public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: [u8; 32],
}

impl VerifierKey {
    /// The name of the key and of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The beginning of a hash over name, kind and key: it tells keys of one name apart.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        let hash = digest(
            &SHA256,
            &[self.name.as_bytes(), b"\n", &[ED25519_KIND], &self.public].concat(),
        );
        hash.as_ref()
            .first_chunk()
            .copied()
            .expect("SHA-256 has 32 bytes")
    }

    fn signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public)
            .verify(text.as_bytes(), signature)
            .is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ED25519_KIND][..], &self.public].concat();
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            u32::from_be_bytes(self.id()),
            STANDARD.encode(key)
        )
    }
}

impl FromStr for VerifierKey {
    type Err = KeyFault;

    fn from_str(text: &str) -> Result<Self, KeyFault> {
        let (name, key) = key_parts(text.trim()).ok_or(KeyFault::NotVerifier)?;
        let key = Self {
            name: name.to_owned(),
            public: key,
        };
        // Written again it must be the same: that checks the digits of its id, and that nothing was said in two ways.
        if key.to_string() == text.trim() {
            Ok(key)
        } else {
            Err(KeyFault::NotVerifier)
        }
    }
}

/// The name and the 32 bytes of `name+id+base64`.
fn key_parts(text: &str) -> Option<(&str, [u8; 32])> {
    let (name, rest) = text.split_once('+')?;
    let (_, key) = rest.split_once('+')?;
    let key = STANDARD.decode(key).ok()?;
    let (&ED25519_KIND, key) = key.split_first()? else {
        return None;
    };
    is_key_name(name).then_some((name, key.try_into().ok()?))
}

/// What signs the checkpoints of a log.
pub struct SigningKey {
    name: String,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.name)
    }
}

/// What the line in a key file begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

impl SigningKey {
    /// Makes a key for a log of this name, in a new file that only its owner can read.
    ///
    /// # Errors
    /// The name cannot be one, or the file is there already or cannot be written.
    pub fn create(path: &Path, name: &str) -> Result<Self, KeyFault> {
        if !is_key_name(name) {
            return Err(KeyFault::Name(name.to_owned()));
        }
        let mut seed = Secret::of([0; 32]);
        SystemRandom::new()
            .fill(seed.expose_mut())
            .map_err(|_| KeyFault::Random)?;
        let key = Self::of_seed(name, seed.expose());
        let line = key.line(seed.expose());
        file::create_private(path, line.expose().as_bytes())
            .map_err(|cause| KeyFault::File(path.to_owned(), cause))?;
        Ok(key)
    }

    /// Reads the key of the log of this name.
    ///
    /// # Errors
    /// There is none, it is another log's, or others can read it.
    pub fn open(path: &Path, name: &str) -> Result<Self, KeyFault> {
        let line = match file::read_private(path, 4096) {
            Ok(Some(line)) => Secret::of(line),
            Ok(None) => return Err(KeyFault::Open(path.to_owned())),
            Err(cause) => return Err(KeyFault::File(path.to_owned(), cause)),
        };
        let not_signing = || KeyFault::NotSigning(path.to_owned());
        let line = std::str::from_utf8(line.expose()).map_err(|_| not_signing())?;
        let text = line.strip_prefix(PRIVATE).ok_or_else(not_signing)?;
        let (found, seed) = key_parts(text.trim_end()).ok_or_else(not_signing)?;
        let seed = Secret::of(seed);
        let key = Self::of_seed(found, seed.expose());
        // Written again it must be the same, which finds a name or a digit that was changed by hand.
        if key.line(seed.expose()).expose().trim_end() != line.trim_end() {
            return Err(not_signing());
        }
        if found == name {
            Ok(key)
        } else {
            Err(KeyFault::Named {
                path: path.to_owned(),
                found: found.to_owned(),
                wanted: name.to_owned(),
            })
        }
    }

    fn of_seed(name: &str, seed: &[u8; 32]) -> Self {
        Self {
            name: name.to_owned(),
            pair: Ed25519KeyPair::from_seed_unchecked(seed).expect("every 32 bytes are a seed"),
        }
    }

    /// The line of a key file, with its end.
    fn line(&self, seed: &[u8; 32]) -> Secret {
        let key = Secret::of([&[ED25519_KIND][..], seed].concat());
        let key = Secret::new(STANDARD.encode(key.expose()));
        let id = u32::from_be_bytes(self.verifier().id());
        Secret::new(format!(
            "{PRIVATE}{}+{id:08x}+{}\n",
            self.name,
            key.expose()
        ))
    }

    /// What checks its signatures.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey {
            name: self.name.clone(),
            public: self
                .pair
                .public_key()
                .as_ref()
                .try_into()
                .expect("a public key has 32 bytes"),
        }
    }

    /// Signs the head of the log: `size` leaves with this root.
    #[must_use]
    pub fn checkpoint(&self, size: u64, root: Hash) -> Note {
        let text = Checkpoint {
            origin: self.name.clone(),
            size,
            root,
            extensions: Vec::new(),
        }
        .text();
        self.sign(text)
    }

    /// Signs a text, which must end with a line break.
    #[must_use]
    pub fn sign(&self, text: String) -> Note {
        let signature = Signature {
            name: self.name.clone(),
            key: self.verifier().id(),
            bytes: self.pair.sign(text.as_bytes()).as_ref().to_vec(),
        };
        Note {
            text,
            signatures: vec![signature],
        }
    }
}

/// Why a note is not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// No trusted key has signed it.
    Unsigned {
        /// Who has.
        by: Vec<String>,
    },
    /// It bears the name of a trusted key, and the signature is not that key's.
    Forged {
        /// Which key's.
        name: String,
    },
    /// Its text is no checkpoint.
    Malformed(TextFault),
    /// A trusted key has signed it, but for another log.
    OtherLog {
        /// The log.
        origin: String,
        /// The key.
        name: String,
    },
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned { by } => write!(
                f,
                "the checkpoint is not signed with a key that is trusted here; it is signed by `{}`",
                by.join("`, `")
            ),
            Self::Forged { name } => write!(
                f,
                "the checkpoint is not what `{name}` has signed: its text or its signature was changed"
            ),
            Self::Malformed(fault) => Said(*fault).fmt(f),
            Self::OtherLog { origin, name } => write!(
                f,
                "`{name}` has signed this checkpoint, but it is one of the log `{origin}`"
            ),
        }
    }
}

impl std::error::Error for Untrusted {}

/// The checkpoint in a note, if one of these keys has signed it. Signatures of unknown keys, such as witnesses', do not matter.
///
/// # Errors
/// It is not signed so, or its text is no checkpoint of that key's log.
pub fn trusted(note: &Note, keys: &[VerifierKey]) -> Result<Checkpoint, Untrusted> {
    let mut signer = None;
    for signature in &note.signatures {
        let known = keys
            .iter()
            .find(|key| key.name == signature.name && key.id() == signature.key);
        if let Some(key) = known {
            if !key.signed(&note.text, &signature.bytes) {
                return Err(Untrusted::Forged {
                    name: key.name.clone(),
                });
            }
            signer = signer.or(Some(key));
        }
    }
    let Some(key) = signer else {
        let names = note.signatures.iter().map(|by| by.name.clone());
        return Err(Untrusted::Unsigned {
            by: names.collect(),
        });
    };
    let checkpoint = Checkpoint::parse(&note.text).map_err(Untrusted::Malformed)?;
    if checkpoint.origin == key.name {
        Ok(checkpoint)
    } else {
        Err(Untrusted::OtherLog {
            origin: checkpoint.origin,
            name: key.name.clone(),
        })
    }
}

/// A fault of a text as a sentence.
pub(crate) struct Said(pub TextFault);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.0.why {
            Malformed::TooLong => "the text is longer than any that this program writes",
            Malformed::Control => "a control character stands here",
            Malformed::Unended => "the text ends without a line break, so its end may be missing",
            Malformed::Unsigned => "no blank line and no signature follow",
            Malformed::Signature => "this is no signature: it should be `— `, a name and base64",
            Malformed::TooManySignatures => "there are more signatures than are read",
            Malformed::Origin => "the name of the log is missing",
            Malformed::Size => "the size is not a whole number",
            Malformed::Root => "the root is not the base64 of 32 bytes",
            Malformed::Extension => "a checkpoint has no empty lines",
            Malformed::Header => "this is no proof: it should begin with `c2sp.org/tlog-proof@v1`",
            Malformed::Extra => "what is proved is not base64",
            Malformed::Index => "this should be `index` and a whole number",
            Malformed::Path => "a hash is not the base64 of 32 bytes",
            Malformed::NoCheckpoint => "no blank line and no checkpoint follow",
        };
        write!(f, "line {}: {what}", self.0.line)
    }
}
