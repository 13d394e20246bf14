// SPDX-License-Identifier: MIT OR Apache-2.0
//! The address that a letter is answered to: it names the case, and only the desk can make it.
//!
//! `reply+TOKEN@domain`, where the token is the case, the number of the letter, and a code over both under a key of the desk's own. A
//! From line can say anything; who has the token has read our letter. The name of a letter's mail carries the same token, for mail
//! programs that answer to another address but say what they answer.

use std::fmt;

use makegood_desk::input::Id;
use ring::hmac;

/// A token: 16 bytes of the case, 4 of the letter, 10 of the code.
const BYTES: usize = 30;
/// As text, in base32: local parts of addresses may lose the size of their letters.
const SIGNS: usize = 48;
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// What an answer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Answered {
    /// The case.
    pub case: Id,
    /// The letter.
    pub letter: u32,
}

/// Where answers go.
#[derive(Clone)]
pub struct ReplyTo {
    key: hmac::Key,
    local: String,
    domain: String,
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyTo({}+…@{})", self.local, self.domain)
    }
}

impl ReplyTo {
    /// Answers to `address`, such as `reply@shop.example`, under a key.
    ///
    /// # Errors
    /// It is no address that a token fits into.
    pub fn new(key: hmac::Key, address: &str) -> Result<Self, String> {
        let (local, domain) = Self::check(address)?;
        Ok(Self {
            key,
            local: local.to_ascii_lowercase(),
            domain: domain.to_ascii_lowercase(),
        })
    }

    /// The two halves of an address that a token fits into.
    ///
    /// # Errors
    /// It is none.
    pub fn check(address: &str) -> Result<(&str, &str), String> {
        let (local, domain) = address.rsplit_once('@').ok_or_else(|| {
            format!("`{address}` is no mail address; write `refunds@example.com`")
        })?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let local_fits = !local.is_empty() && local.len() <= 14 && local.bytes().all(plain);
        let domain_fits = !domain.is_empty() && domain.len() <= 189 && domain.bytes().all(plain);
        if local_fits && domain_fits {
            return Ok((local, domain));
        }
        Err(format!(
            "`{address}` cannot be answered to with a token; take 1 to 14 letters before the `@`, and no `+`"
        ))
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address that a letter is answered to.
    #[must_use]
    pub fn address(&self, of: Answered) -> String {
        format!("{}+{}@{}", self.local, self.token(of), self.domain)
    }

    /// The name of a letter's mail, without angle brackets. It is the same at each try.
    #[must_use]
    pub fn message_id(&self, of: Answered) -> String {
        format!("{}@{}", self.token(of), self.domain)
    }

    /// What a recipient's address answers, if the desk made it.
    #[must_use]
    pub fn answered(&self, address: &str) -> Option<Answered> {
        let address = address.trim();
        let (local, domain) = address.rsplit_once('@')?;
        let (name, token) = local.split_once('+')?;
        let here = name.eq_ignore_ascii_case(&self.local)
            && domain
                .trim_end_matches('.')
                .eq_ignore_ascii_case(&self.domain);
        here.then(|| self.read(token))?
    }

    /// What the name of a mail of ours tells, if the desk made it.
    #[must_use]
    pub fn named(&self, message_id: &str) -> Option<Answered> {
        let (token, domain) = message_id.trim().rsplit_once('@')?;
        domain
            .eq_ignore_ascii_case(&self.domain)
            .then(|| self.read(token))?
    }

    /// Whether an address is one of the desk's own, signed or not.
    #[must_use]
    pub fn is_own(&self, address: &str) -> bool {
        address.rsplit_once('@').is_some_and(|(local, domain)| {
            let name = local.split_once('+').map_or(local, |(name, _)| name);
            name.eq_ignore_ascii_case(&self.local) && domain.eq_ignore_ascii_case(&self.domain)
        })
    }

    fn token(&self, of: Answered) -> String {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&of.case.0);
        bytes[16..20].copy_from_slice(&of.letter.to_be_bytes());
        let code = hmac::sign(&self.key, &bytes[..20]);
        bytes[20..].copy_from_slice(&code.as_ref()[..10]);
        base32(&bytes)
    }

    fn read(&self, token: &str) -> Option<Answered> {
        let bytes = from_base32(token)?;
        let case = Id(bytes[..16].try_into().ok()?);
        let letter = u32::from_be_bytes(bytes[16..20].try_into().ok()?);
        let answered = Answered { case, letter };
        // Made anew and compared in constant time: a near miss takes as long as a far one.
        let whole = hmac::sign(&self.key, &bytes[..20]);
        let apart = whole.as_ref()[..10]
            .iter()
            .zip(&bytes[20..])
            .fold(0, |apart, (ours, theirs)| apart | (ours ^ theirs));
        (apart == 0).then_some(answered)
    }
}

fn base32(bytes: &[u8; BYTES]) -> String {
    let mut text = String::with_capacity(SIGNS);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let five = usize::try_from((held >> bits) & 31).unwrap_or_default();
            text.push(char::from(ALPHABET[five]));
        }
        held &= (1 << bits) - 1;
    }
    text
}

fn from_base32(text: &str) -> Option<[u8; BYTES]> {
    if text.len() != SIGNS {
        return None;
    }
    let mut bytes = [0; BYTES];
    let (mut held, mut bits, mut at) = (0_u32, 0_u32, 0_usize);
    for sign in text.bytes() {
        let five = match sign.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter - b'a',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(five);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(at)? = (held >> bits).to_le_bytes()[0];
            held &= (1 << bits) - 1;
            at += 1;
        }
    }
    Some(bytes)
}
