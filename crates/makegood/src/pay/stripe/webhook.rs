// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks from Stripe: is it from them, is it fresh, and what does it ask us to look at?
//!
//! What stands in an event is never believed: it only triggers a fetch.
//! Source: docs.stripe.com/webhooks/signature, scheme `v1`.

use std::fmt;

use jiff::Timestamp;
use ring::hmac;

use super::key::WebhookSecret;
use super::object::EventIn;
use crate::pay::ProviderEvent;

/// How old, or how far ahead of our clock, a signature may be.
pub const TOLERANCE_SECONDS: u64 = 300;

/// More signatures than an endpoint with a secret being replaced ever has.
const SIGNATURES: usize = 16;

/// Why a webhook is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The header is not in the form `t=…,v1=…`.
    Malformed,
    /// No signature is by one of our secrets over these bytes.
    NotSigned,
    /// Signed, but too long ago or for later.
    NotFresh {
        /// Our clock less theirs.
        off_by_seconds: i64,
    },
    /// Signed and fresh, but not an event that we can read.
    Unreadable(String),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("the header Stripe-Signature is not in the form `t=…,v1=…`")
            }
            Self::NotSigned => f.write_str(
                "no signature is by our secret over these bytes; compare the endpoint's secret, and let no proxy change the body",
            ),
            Self::NotFresh { off_by_seconds } => write!(
                f,
                "the signature is {off_by_seconds} s off our clock, and {TOLERANCE_SECONDS} s are allowed; set the clock"
            ),
            Self::Unreadable(why) => write!(
                f,
                "this is not an event that can be read: {why}; set the endpoint to send snapshot events"
            ),
        }
    }
}

impl std::error::Error for NotTaken {}

/// Takes a webhook: the header `Stripe-Signature`, the body's bytes as they came, the secrets that hold now, and the time.
///
/// # Errors
/// It is not from Stripe, not fresh, or not readable.
pub fn take(
    header: &str,
    body: &[u8],
    secrets: &[WebhookSecret],
    now: Timestamp,
) -> Result<ProviderEvent, NotTaken> {
    verify(header, body, secrets, now)?;
    let event: EventIn = serde_json::from_slice(body).map_err(|error| {
        NotTaken::Unreadable(format!("line {}, column {}", error.line(), error.column()))
    })?;
    event.read().map_err(NotTaken::Unreadable)
}

/// Is this body from whoever knows one of the secrets, and was it signed about now?
///
/// # Errors
/// It is not.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[WebhookSecret],
    now: Timestamp,
) -> Result<(), NotTaken> {
    let (time, signatures) = parts(header)?;
    let signed: Vec<u8> = [time.as_bytes(), b".", body].concat();
    // Every pair is tried, so that the time taken tells nothing about which one would match.
    let mut matches = false;
    for secret in secrets {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.bytes());
        for signature in &signatures {
            matches |= hmac::verify(&key, &signed, signature).is_ok();
        }
    }
    if !matches {
        return Err(NotTaken::NotSigned);
    }
    let seconds: i64 = time.parse().map_err(|_| NotTaken::Malformed)?;
    let off_by_seconds = now.as_second().saturating_sub(seconds);
    if off_by_seconds.unsigned_abs() > TOLERANCE_SECONDS {
        return Err(NotTaken::NotFresh { off_by_seconds });
    }
    Ok(())
}

/// The time as it was written, which is part of what was signed, and the signatures of the scheme that we know.
fn parts(header: &str) -> Result<(&str, Vec<[u8; 32]>), NotTaken> {
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", _)) if time.is_some() => return Err(NotTaken::Malformed),
            Some(("t", text)) => time = Some(text),
            Some(("v1", text)) => signatures.extend(digest(text)),
            // Other schemes may stand beside ours (`v0` in test mode).
            Some(_) => {}
            None => return Err(NotTaken::Malformed),
        }
    }
    let written = |text: &&str| {
        (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match time.filter(written) {
        Some(time) if (1..=SIGNATURES).contains(&signatures.len()) => Ok((time, signatures)),
        _ => Err(NotTaken::Malformed),
    }
}

/// 32 bytes in hexadecimal; nothing for another text.
fn digest(text: &str) -> Option<[u8; 32]> {
    let nibble = |letter: u8| match letter {
        b'0'..=b'9' => Some(letter - b'0'),
        b'a'..=b'f' => Some(letter - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *byte = nibble(*pair.first()?)? << 4 | nibble(*pair.get(1)?)?;
    }
    Some(bytes)
}
