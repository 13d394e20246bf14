// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signatures as Standard Webhooks 1.0.0 prescribes them: what the desk sends, and what is sent to it.
//!
//! What is signed is `id.timestamp.body`. A shared secret (`whsec_…`) signs with HMAC-SHA256 as `v1,…`, a key pair
//! (`whsk_…`, `whpk_…`) with Ed25519 as `v1a,…`. Several signatures may stand beside each other while a key is changed;
//! one that fits is enough. The time is passed in.
//!
//! Source: Standard Webhooks, version 1.0.0, `spec/standard-webhooks.md`.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jiff::Timestamp;
use ring::hmac;
use ring::rand::SecureRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

/// The header with the name of the message. It stays the same when the message is sent again.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the time of this try, in whole seconds since the beginning of 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far the clocks of sender and receiver may be apart, and how long a caught message can be sent again by a stranger.
pub const TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// A shared secret has at least so many bytes: 192 bits.
const SECRET_SHORTEST: usize = 24;
/// And at most so many: 512 bits.
const SECRET_LONGEST: usize = 64;
/// How many signatures of one message are looked at. More keys at once than this nobody changes.
const SIGNATURES_MOST: usize = 16;
/// The longest name of a message that is taken.
const ID_LONGEST: usize = 255;

/// Why something is not a key. It never shows the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It does not begin as keys do.
    Prefix,
    /// What follows is not base64.
    Base64,
    /// It has a length that no key has.
    Length(usize),
    /// The two halves of a key pair do not belong together.
    Pair,
    /// There was no randomness to make it from.
    NoRandomness,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix => f.write_str(
                "a signing key begins with `whsec_` (shared secret), `whsk_` (secret key) or `whpk_` (public key); `makegood webhook add` makes one",
            ),
            Self::Base64 => f.write_str(
                "what follows the prefix of a signing key is base64; copy the whole key, with the `=` at its end",
            ),
            Self::Length(bytes) => write!(
                f,
                "the signing key has {bytes} bytes; a shared secret has {SECRET_SHORTEST} to {SECRET_LONGEST}, a secret key 32 or 64, a public key 32"
            ),
            Self::Pair => f.write_str(
                "the two halves of the secret key do not belong together; copy it again from where it was made",
            ),
            Self::NoRandomness => f.write_str("the system gave no randomness to make a key from"),
        }
    }
}

impl std::error::Error for KeyFault {}

/// Base64 with or without the `=` at its end: people lose it when they copy.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// What the desk signs with.
pub struct SigningKey(Signs);

enum Signs {
    /// The bytes stay, so that the secret can be shown once more to whom it belongs.
    Shared(Vec<u8>),
    Pair {
        seed: Vec<u8>,
        pair: Box<Ed25519KeyPair>,
    },
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Signs::Shared(_) => "SigningKey(whsec_…)",
            Signs::Pair { .. } => "SigningKey(whsk_…)",
        })
    }
}

impl SigningKey {
    /// Reads `whsec_…` or `whsk_…`.
    ///
    /// # Errors
    /// It is no such key.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let text = text.trim();
        if let Some(rest) = text.strip_prefix("whsec_") {
            Self::shared(decode(rest).ok_or(KeyFault::Base64)?)
        } else if let Some(rest) = text.strip_prefix("whsk_") {
            Self::pair(&decode(rest).ok_or(KeyFault::Base64)?)
        } else {
            Err(KeyFault::Prefix)
        }
    }

    fn shared(bytes: Vec<u8>) -> Result<Self, KeyFault> {
        if (SECRET_SHORTEST..=SECRET_LONGEST).contains(&bytes.len()) {
            Ok(Self(Signs::Shared(bytes)))
        } else {
            Err(KeyFault::Length(bytes.len()))
        }
    }

    /// A pair from its seed alone, or from seed and public key, as libraries write it.
    fn pair(bytes: &[u8]) -> Result<Self, KeyFault> {
        let pair = match bytes.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(bytes),
            64 => Ed25519KeyPair::from_seed_and_public_key(&bytes[..32], &bytes[32..]),
            other => return Err(KeyFault::Length(other)),
        };
        Ok(Self(Signs::Pair {
            seed: bytes[..32].to_vec(),
            pair: Box::new(pair.map_err(|_| KeyFault::Pair)?),
        }))
    }

    /// Makes a new shared secret of 256 bits.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn new_shared(random: &dyn SecureRandom) -> Result<Self, KeyFault> {
        Self::shared(random_bytes(random)?)
    }

    /// Makes a new key pair.
    ///
    /// # Errors
    /// There is no randomness.
    pub fn new_pair(random: &dyn SecureRandom) -> Result<Self, KeyFault> {
        Self::pair(&random_bytes(random)?)
    }

    /// The key as text, for the one moment in which it is handed over.
    #[must_use]
    pub fn reveal(&self) -> String {
        match &self.0 {
            Signs::Shared(bytes) => format!("whsec_{}", STANDARD.encode(bytes)),
            Signs::Pair { seed, pair } => {
                let both = [seed.as_slice(), pair.public_key().as_ref()].concat();
                format!("whsk_{}", STANDARD.encode(both))
            }
        }
    }

    /// What checks its signatures. Of a shared secret that is the secret itself.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey(match &self.0 {
            Signs::Shared(bytes) => Verifies::Shared(hmac::Key::new(hmac::HMAC_SHA256, bytes)),
            Signs::Pair { pair, .. } => Verifies::Public(pair.public_key().as_ref().to_vec()),
        })
    }

    /// What may be shown to everybody: the public key, where there is one.
    #[must_use]
    pub fn public(&self) -> Option<String> {
        match &self.0 {
            Signs::Shared(_) => None,
            Signs::Pair { pair, .. } => {
                Some(format!("whpk_{}", STANDARD.encode(pair.public_key())))
            }
        }
    }

    fn sign(&self, content: &[u8]) -> String {
        match &self.0 {
            Signs::Shared(bytes) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, content)))
            }
            Signs::Pair { pair, .. } => format!("v1a,{}", STANDARD.encode(pair.sign(content))),
        }
    }
}

fn random_bytes(random: &dyn SecureRandom) -> Result<Vec<u8>, KeyFault> {
    let mut bytes = vec![0; 32];
    random
        .fill(&mut bytes)
        .map_err(|_| KeyFault::NoRandomness)?;
    Ok(bytes)
}

/// What the desk checks signatures with.
#[derive(Clone)]
pub struct VerifyingKey(Verifies);

#[derive(Clone)]
enum Verifies {
    Shared(hmac::Key),
    Public(Vec<u8>),
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Verifies::Shared(_) => "VerifyingKey(whsec_…)",
            Verifies::Public(_) => "VerifyingKey(whpk_…)",
        })
    }
}

impl VerifyingKey {
    /// Reads `whsec_…` or `whpk_…`.
    ///
    /// # Errors
    /// It is no such key.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix("whpk_") else {
            return match text.starts_with("whsec_") {
                true => SigningKey::read(text).map(|key| key.verifying()),
                false => Err(KeyFault::Prefix),
            };
        };
        let bytes = decode(rest).ok_or(KeyFault::Base64)?;
        match bytes.len() {
            32 => Ok(Self(Verifies::Public(bytes))),
            other => Err(KeyFault::Length(other)),
        }
    }

    /// Whether `signature`, version and all, is one of `content`. Takes as long for a near miss as for a far one.
    fn fits(&self, signature: &str, content: &[u8]) -> bool {
        match (&self.0, signature.split_once(',')) {
            (Verifies::Shared(key), Some(("v1", tag))) => {
                decode(tag).is_some_and(|tag| hmac::verify(key, content, &tag).is_ok())
            }
            (Verifies::Public(key), Some(("v1a", tag))) => decode(tag).is_some_and(|tag| {
                UnparsedPublicKey::new(&ED25519, key)
                    .verify(content, &tag)
                    .is_ok()
            }),
            _ => false,
        }
    }
}

/// The three headers of a signed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The name of the message.
    pub id: String,
    /// The time of this try, in whole seconds.
    pub timestamp: String,
    /// The signatures.
    pub signature: String,
}

impl Signed {
    /// The headers by name.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [
            (ID_HEADER, &self.id),
            (TIMESTAMP_HEADER, &self.timestamp),
            (SIGNATURE_HEADER, &self.signature),
        ]
    }
}

/// Why a message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureFault {
    /// A header is missing, or there twice.
    Header(&'static str),
    /// The name of the message is empty, too long, or has a sign that a name must not have.
    Id,
    /// The time is not a number of whole seconds.
    Timestamp,
    /// It is older than is taken.
    TooOld,
    /// It comes from a time that has not come.
    TooNew,
    /// No signature is one of ours.
    NoneFits,
    /// There is no key to sign with.
    NoKey,
}

impl fmt::Display for SignatureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header `{name}` must stand there once"),
            Self::Id => write!(
                f,
                "`{ID_HEADER}` has 1 to {ID_LONGEST} printable signs, no space and no full stop"
            ),
            Self::Timestamp => write!(
                f,
                "`{TIMESTAMP_HEADER}` is a number of whole seconds since the beginning of 1970"
            ),
            Self::TooOld => write!(
                f,
                "`{TIMESTAMP_HEADER}` is too old; sign each try anew, and check the clock of the sender"
            ),
            Self::TooNew => write!(
                f,
                "`{TIMESTAMP_HEADER}` lies in the future; check the clock of the sender"
            ),
            Self::NoKey => {
                f.write_str("there is no key to sign with; `makegood webhook add` makes one")
            }
            Self::NoneFits => write!(
                f,
                "no signature in `{SIGNATURE_HEADER}` fits; check the secret, and that the body is signed byte by byte as it is sent"
            ),
        }
    }
}

impl std::error::Error for SignatureFault {}

/// Whether a message may be called so. Without full stops, because they separate what is signed: else the name `a` at the
/// time `1` with the body `2.x` would be signed like the name `a.1` at the time `2` with the body `x`.
#[must_use]
pub fn is_id(id: &str) -> bool {
    (1..=ID_LONGEST).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'.')
}

fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

/// Signs a message with each of the keys.
///
/// # Errors
/// The name is none ([`is_id`]), or there is no key.
pub fn sign(
    keys: &[&SigningKey],
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Result<Signed, SignatureFault> {
    if !is_id(id) {
        return Err(SignatureFault::Id);
    }
    if keys.is_empty() {
        return Err(SignatureFault::NoKey);
    }
    let timestamp = now.as_second().to_string();
    let content = content(id, &timestamp, body);
    let signatures: Vec<String> = keys.iter().map(|key| key.sign(&content)).collect();
    Ok(Signed {
        id: id.to_owned(),
        timestamp,
        signature: signatures.join(" "),
    })
}

/// Checks a message: one signature by one of the keys, at about this time. Gives the time that was signed.
///
/// A message that is caught and sent again within the tolerance passes here; its receiver remembers names of messages.
///
/// # Errors
/// It is not taken.
pub fn verify(
    keys: &[VerifyingKey],
    signed: &Signed,
    body: &[u8],
    now: Timestamp,
    tolerance: Duration,
) -> Result<Timestamp, SignatureFault> {
    if !is_id(&signed.id) {
        return Err(SignatureFault::Id);
    }
    let at = whole_seconds(&signed.timestamp).ok_or(SignatureFault::Timestamp)?;
    let content = content(&signed.id, &signed.timestamp, body);
    let signatures = signed.signature.split(' ').take(SIGNATURES_MOST);
    // Every pair is tried: which key fitted, and which signature, is not told by the time it takes.
    let mut fits = false;
    for signature in signatures {
        for key in keys {
            fits |= key.fits(signature, &content);
        }
    }
    if !fits {
        return Err(SignatureFault::NoneFits);
    }
    // The time counts only once it is known who wrote it. Whole seconds on both sides, so that the edge is exact.
    let apart = now.as_second().saturating_sub(at.as_second());
    let tolerance = i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX);
    if apart > tolerance {
        Err(SignatureFault::TooOld)
    } else if apart < -tolerance {
        Err(SignatureFault::TooNew)
    } else {
        Ok(at)
    }
}

/// Digits and nothing else: `+5`, ` 5` and `05` are other texts for a time that others read as the same.
fn whole_seconds(text: &str) -> Option<Timestamp> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let seconds = plain.then(|| text.parse().ok())??;
    Timestamp::from_second(seconds).ok()
}

/// The three headers of a request.
///
/// # Errors
/// One is missing or stands there twice.
pub fn headers_of(headers: &axum::http::HeaderMap) -> Result<Signed, SignatureFault> {
    let one = |name| {
        let mut values = headers.get_all(name).iter();
        match (
            values.next().and_then(|value| value.to_str().ok()),
            values.next(),
        ) {
            (Some(value), None) => Ok(value.to_owned()),
            _ => Err(SignatureFault::Header(name)),
        }
    };
    Ok(Signed {
        id: one(ID_HEADER)?,
        timestamp: one(TIMESTAMP_HEADER)?,
        signature: one(SIGNATURE_HEADER)?,
    })
}

/// The keys of one partner: the one that is used, and older ones that still count for a while.
#[derive(Debug, Default)]
pub struct KeyRing {
    keys: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    key: SigningKey,
    until: Option<Timestamp>,
}

impl KeyRing {
    /// A ring with one key.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        Self {
            keys: vec![Held { key, until: None }],
        }
    }

    /// Adds a key as it was stored: `until` is when it stops counting; a key in use has no end.
    pub fn add(&mut self, key: SigningKey, until: Option<Timestamp>) {
        self.keys.push(Held { key, until });
        // The key in use comes first: receivers that look at one signature only look at that.
        self.keys.sort_by_key(|held| held.until.is_some());
    }

    /// Takes a new key into use. The others count until `until`, so that a receiver has time to learn the new one.
    pub fn rotate(&mut self, key: SigningKey, until: Timestamp) {
        for held in &mut self.keys {
            held.until = Some(held.until.map_or(until, |end| end.min(until)));
        }
        self.keys.insert(0, Held { key, until: None });
    }

    /// Forgets the keys whose time is over.
    pub fn prune(&mut self, now: Timestamp) {
        self.keys
            .retain(|held| held.until.is_none_or(|end| now < end));
    }

    fn live(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        let live = move |held: &&Held| held.until.is_none_or(|end| now < end);
        self.keys.iter().filter(live).map(|held| &held.key)
    }

    /// Signs with all keys that count now.
    ///
    /// # Errors
    /// The name is none ([`is_id`]), or no key counts any more.
    pub fn sign(&self, id: &str, now: Timestamp, body: &[u8]) -> Result<Signed, SignatureFault> {
        let keys: Vec<&SigningKey> = self.live(now).collect();
        sign(&keys, id, now, body)
    }

    /// Checks with all keys that count now.
    ///
    /// # Errors
    /// The message is not taken.
    pub fn verify(
        &self,
        signed: &Signed,
        body: &[u8],
        now: Timestamp,
        tolerance: Duration,
    ) -> Result<Timestamp, SignatureFault> {
        let keys: Vec<VerifyingKey> = self.live(now).map(SigningKey::verifying).collect();
        verify(&keys, signed, body, now, tolerance)
    }
}
