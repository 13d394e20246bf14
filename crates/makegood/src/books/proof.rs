// SPDX-License-Identifier: MIT OR Apache-2.0
//! How people prove who they are: a password, a code that changes every half minute, and a few codes for a lost telephone.
//!
//! Passwords are kept as argon2id makes them (RFC 9106), with its parameters beside each, so that they can grow. The changing code is
//! that of RFC 6238 with SHA-1, six digits and thirty seconds, which every authenticator knows; one step late or early is taken, and
//! each step once.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::Id;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::people::hash;
use super::seal::hex;
use super::{instant, nanoseconds, stranger};
use crate::store::{Trouble, Tx, Value};

crate::statements! {
    /// How somebody proves who they are, by name.
    PROOF_OF = "select id, password, totp, totp_step, recovery, failures, locked_until from staff where name = ?1 and disabled_at is null";
    /// Sets how somebody proves who they are.
    SET = "update staff set password = ?2, totp = ?3, totp_step = ?4, recovery = ?5, failures = 0, locked_until = null where id = ?1";
    /// A code that was used counts no more.
    USED = "update staff set totp_step = ?2, recovery = ?3, failures = 0, locked_until = null where id = ?1 and totp_step <= ?2";
    /// What of somebody's codes was used.
    USED_OF = "select totp_step, recovery from staff where id = ?1";
    /// It did not fit.
    FAILED = "update staff set failures = failures + 1, locked_until = ?2 where id = ?1";
    /// How somebody likes the console.
    LIKES = "update staff set language = ?2, keys_off = ?3 where id = ?1";
}

/// Seconds of a step.
const STEP: i128 = 30;
/// Fewest characters of a password.
pub const PASSWORD_LEAST: usize = 12;
/// Most bytes of one: more is no safer, and costs.
const PASSWORD_MOST: usize = 1_024;
/// After so many failures in a row somebody waits.
const FAILURES_FREE: i64 = 4;
/// The first wait in seconds; each is twice the one before.
const FIRST_WAIT: i64 = 30;
/// The longest wait in seconds.
const LONGEST_WAIT: i64 = 3_600;
/// How many codes there are for a lost telephone.
const RECOVERY: usize = 10;
/// What too many people choose.
const COMMON: [&str; 12] = [
    "password1234",
    "passwordpassword",
    "123456789012",
    "1234567890123456",
    "qwertyuiopas",
    "administrator",
    "adgangskode1",
    "adgangskode123",
    "kodeordkodeord",
    "iloveyou1234",
    "letmeinletmein",
    "aaaaaaaaaaaa",
];

/// How somebody proves who they are.
#[derive(Clone)]
pub struct Proof {
    /// Who.
    pub id: Id,
    password: Option<String>,
    /// The secret of the changing code, sealed.
    pub totp: Option<Vec<u8>>,
    step: i64,
    recovery: String,
    failures: i64,
    locked_until: Option<Instant>,
}

/// How somebody proves who they are, by name.
///
/// # Errors
/// The store's trouble.
pub async fn of(tx: &mut Tx<'_>, name: &str) -> Result<Option<Proof>, Trouble> {
    let row = tx.one(&PROOF_OF, &[Value::from(name)]).await?;
    row.map(|row| {
        Ok(Proof {
            id: Id(row.id(0)?),
            password: row.opt_text(1)?.map(str::to_owned),
            totp: row.opt_bytes(2)?.map(<[u8]>::to_vec),
            step: row.int(3)?,
            recovery: row.text(4)?.to_owned(),
            failures: row.int(5)?,
            locked_until: row.opt_int(6)?.map(instant),
        })
    })
    .transpose()
}

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    /// It is too short.
    Short,
    /// It is too long.
    Long,
    /// Too many choose it, or it is one's own name.
    Common,
}

/// Whether a password can be taken.
///
/// # Errors
/// Why not.
pub fn strong(password: &str, name: &str) -> Result<(), Weak> {
    let lower = password.to_lowercase();
    if password.chars().count() < PASSWORD_LEAST {
        return Err(Weak::Short);
    }
    if password.len() > PASSWORD_MOST {
        return Err(Weak::Long);
    }
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    let name = name.to_lowercase();
    let own = !name.is_empty() && lower.replace(&name, "").chars().count() < 4;
    if COMMON.contains(&lower.as_str()) || letters.len() < 4 || own {
        return Err(Weak::Common);
    }
    Ok(())
}

fn params() -> Params {
    // 19 MiB, two passes, one lane: what is recommended where memory is dear.
    Params::new(19_456, 2, 1, Some(32)).unwrap_or_default()
}

fn argon(password: &str, salt: &[u8], params: Params) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon
        .hash_password_into(password.as_bytes(), salt, &mut out)
        .ok()
        .map(|()| out)
}

/// A password as it is kept. It takes a while on purpose: not for the threads that answer.
///
/// # Errors
/// The system gives no random numbers.
pub fn kept(password: &str) -> Result<String, Trouble> {
    let (salt, params) = (random::<16>()?, params());
    let (memory, passes, lanes) = (params.m_cost(), params.t_cost(), params.p_cost());
    let hashed = argon(password, &salt, params)
        .ok_or_else(|| Trouble::misused("a password that cannot be kept"))?;
    let (salt, hashed) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hashed));
    Ok(format!(
        "$argon2id$v=19$m={memory},t={passes},p={lanes}${salt}${hashed}"
    ))
}

/// Whether a password is the one that is kept. Where none is, as much work is done.
#[must_use]
pub fn fits(password: &str, kept: Option<&str>) -> bool {
    // Somebody else's, of no meaning: nobody learns from the time who has a password.
    const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let Some((salt, wanted, params)) = parts(kept.unwrap_or(NOBODYS)) else {
        return false;
    };
    let given: String = password.chars().take(PASSWORD_MOST).collect();
    let found = argon(&given, &salt, params);
    // Hashes are compared, so what the comparison takes tells nothing.
    found.is_some_and(|found| hash(&hex(&found)) == hash(&hex(&wanted))) && kept.is_some()
}

fn parts(kept: &str) -> Option<(Vec<u8>, Vec<u8>, Params)> {
    let mut parts = kept.strip_prefix("$argon2id$v=19$")?.split('$');
    let (costs, salt, hashed) = (parts.next()?, parts.next()?, parts.next()?);
    let mut numbers = costs.split(',').map(|part| part.get(2..)?.parse().ok());
    let (memory, passes, lanes) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let params = Params::new(memory, passes, lanes, Some(32)).ok()?;
    let read = |text: &str| STANDARD_NO_PAD.decode(text).ok();
    Some((read(salt)?, read(hashed)?, params))
}

fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Trouble::Unavailable {
            why: "the system gives no random numbers".to_owned(),
        })?;
    Ok(bytes)
}

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Bytes in the letters that people copy from a screen (RFC 4648, base 32).
#[must_use]
pub fn letters(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits = bits.saturating_add(8);
        while bits >= 5 {
            bits = bits.saturating_sub(5);
            let at = usize::try_from((held >> bits) & 31).unwrap_or(0);
            out.push(LETTERS.get(at).copied().map_or('A', char::from));
        }
    }
    if bits > 0 {
        let at = usize::try_from((held << 5_u32.saturating_sub(bits)) & 31).unwrap_or(0);
        out.push(LETTERS.get(at).copied().map_or('A', char::from));
    }
    out
}

/// What such letters say.
#[must_use]
pub fn from_letters(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut held, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes().filter(|byte| *byte != b' ') {
        let upper = letter.to_ascii_uppercase();
        let at = LETTERS.iter().position(|known| *known == upper)?;
        held = (held << 5) | u32::try_from(at).ok()?;
        bits = bits.saturating_add(5);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            out.push(u8::try_from((held >> bits) & 255).ok()?);
        }
    }
    Some(out)
}

/// A new secret for a changing code.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_secret() -> Result<Vec<u8>, Trouble> {
    random::<20>().map(|bytes| bytes.to_vec())
}

/// The step of a moment.
fn step(at: Instant) -> i64 {
    let seconds = at.unix_nanoseconds().div_euclid(1_000_000_000);
    i64::try_from(seconds.div_euclid(STEP)).unwrap_or(0)
}

/// The code of a step (RFC 4226).
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let at = usize::from(bytes.last().copied().unwrap_or(0) & 15);
    let four: [u8; 4] = bytes
        .get(at..at.saturating_add(4))
        .and_then(|part| part.try_into().ok())
        .unwrap_or_default();
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff).rem_euclid(1_000_000);
    format!("{number:06}")
}

/// The step that a code belongs to, around a moment and after the last that was used.
#[must_use]
pub fn step_of(secret: &[u8], given: &str, now: Instant, used: i64) -> Option<i64> {
    let given: String = given.chars().filter(char::is_ascii_digit).collect();
    let around = step(now).saturating_sub(1)..=step(now).saturating_add(1);
    around
        .filter(|step| *step > used)
        .find(|step| hash(&code(secret, *step)) == hash(&given))
}

/// New codes for a lost telephone: as people keep them, and as they are kept.
///
/// # Errors
/// The system gives no random numbers.
pub fn new_recovery() -> Result<(Vec<String>, String), Trouble> {
    let mut plain = Vec::with_capacity(RECOVERY);
    for _ in 0..RECOVERY {
        let text = letters(&random::<10>()?).to_lowercase();
        let (left, right) = text.split_at(8);
        plain.push(format!("{left}-{right}"));
    }
    let kept: Vec<String> = plain.iter().map(|code| hex(&hash(code))).collect();
    Ok((plain, kept.join(" ")))
}

/// What comes of what somebody gave.
pub enum Judged {
    /// They are who they say.
    Fits {
        /// The last step that was used, as it is now.
        step: i64,
        /// The codes for a lost telephone that are left.
        recovery: String,
    },
    /// They are not, or nobody can say.
    Not,
    /// They tried too often, and wait.
    Waits,
}

impl Proof {
    /// Whether somebody has a password.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.password.is_some()
    }

    /// Whether a password and a code prove who somebody is. It takes a while on purpose.
    #[must_use]
    pub fn judge(&self, password: &str, given: &str, secret: &[u8], now: Instant) -> Judged {
        let right = fits(password, self.password.as_deref());
        if self.locked_until.is_some_and(|until| now < until) {
            return Judged::Waits;
        }
        if !right || secret.is_empty() {
            return Judged::Not;
        }
        if let Some(step) = step_of(secret, given, now, self.step) {
            let recovery = self.recovery.clone();
            return Judged::Fits { step, recovery };
        }
        let wanted = hex(&hash(given.trim().to_lowercase().as_str()));
        let known: Vec<&str> = self.recovery.split_whitespace().collect();
        if !known.contains(&wanted.as_str()) {
            return Judged::Not;
        }
        let left: Vec<&str> = known.into_iter().filter(|code| *code != wanted).collect();
        Judged::Fits {
            step: self.step,
            recovery: left.join(" "),
        }
    }

    /// Until when somebody waits who failed once more.
    fn waits_until(&self, now: Instant) -> Option<Instant> {
        let over = self
            .failures
            .saturating_add(1)
            .saturating_sub(FAILURES_FREE);
        if over <= 0 {
            return None;
        }
        let doubled = u32::try_from(over.saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = 2_i64
            .saturating_pow(doubled.min(20))
            .saturating_mul(FIRST_WAIT);
        Some(now.plus(Duration::from_seconds(wait.min(LONGEST_WAIT))))
    }
}

/// Notes that somebody failed.
///
/// # Errors
/// The store's trouble.
pub async fn failed(tx: &mut Tx<'_>, proof: &Proof, now: Instant) -> Result<(), Trouble> {
    let until = proof.waits_until(now).map(nanoseconds).transpose()?;
    let values = [Value::from(proof.id.0), Value::from(until)];
    tx.run(&FAILED, &values).await.map(drop)
}

/// Notes that a code was used; `false` where it was used meanwhile.
///
/// # Errors
/// The store's trouble.
pub async fn used(
    tx: &mut Tx<'_>,
    proof: &Proof,
    step: i64,
    recovery: &str,
) -> Result<bool, Trouble> {
    // Two at once with one code: the second finds that something has changed.
    let Some(now) = of_id(tx, proof.id).await? else {
        return Ok(false);
    };
    if now != (proof.step, proof.recovery.clone()) {
        return Ok(false);
    }
    let values = [
        Value::from(proof.id.0),
        Value::from(step),
        Value::from(recovery),
    ];
    Ok(tx.run(&USED, &values).await? == 1)
}

async fn of_id(tx: &mut Tx<'_>, id: Id) -> Result<Option<(i64, String)>, Trouble> {
    let row = tx.one(&USED_OF, &[Value::from(id.0)]).await?;
    row.map(|row| Ok((row.int(0)?, row.text(1)?.to_owned())))
        .transpose()
}

/// How somebody proves who they are from now on.
pub struct NewProof {
    /// The password, as it is kept.
    pub password: String,
    /// The secret of the code, sealed.
    pub totp: Vec<u8>,
    /// The step of the code that showed that it works.
    pub step: i64,
    /// The codes for a lost telephone, as they are kept.
    pub recovery: String,
}

/// Sets how somebody proves who they are.
///
/// # Errors
/// The store's trouble; or that there is no such person.
pub async fn set(tx: &mut Tx<'_>, id: Id, new: &NewProof) -> Result<(), Trouble> {
    let values = [
        Value::from(id.0),
        Value::from(new.password.as_str()),
        Value::from(new.totp.as_slice()),
        Value::from(new.step),
        Value::from(new.recovery.as_str()),
    ];
    match tx.run(&SET, &values).await? {
        1 => Ok(()),
        _ => Err(stranger("somebody who is not there")),
    }
}

/// Keeps how somebody likes the console.
///
/// # Errors
/// The store's trouble.
pub async fn likes(
    tx: &mut Tx<'_>,
    id: Id,
    language: Option<&str>,
    keys: bool,
) -> Result<(), Trouble> {
    let values = [
        Value::from(id.0),
        Value::from(language),
        Value::from(i64::from(!keys)),
    ];
    tx.run(&LIKES, &values).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, of which six digits are left.
        let secret = b"12345678901234567890";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(code(secret, seconds / 30), expected);
        }
    }

    #[test]
    fn a_code_counts_once_and_around_its_time() {
        let secret = b"12345678901234567890";
        let at = |seconds: i64| Instant::from_unix_nanoseconds(i128::from(seconds) * 1_000_000_000);
        let given = code(secret, 100);
        for (seconds, used, found) in [
            (3_000, 0, Some(100)),
            (2_975, 0, Some(100)),
            (3_035, 0, Some(100)),
            (2_900, 0, None),
            (3_100, 0, None),
            (3_000, 99, Some(100)),
            (3_000, 100, None),
        ] {
            assert_eq!(
                step_of(secret, &given, at(seconds), used),
                found,
                "{seconds} {used}"
            );
        }
    }

    #[test]
    fn letters_lead_back_to_bytes() {
        for bytes in [
            &b""[..],
            b"f",
            b"fo",
            b"foo",
            b"foob",
            b"fooba",
            b"foobar",
            &[255; 20],
        ] {
            assert_eq!(from_letters(&letters(bytes)).as_deref(), Some(bytes));
        }
        assert_eq!(letters(b"foobar"), "MZXW6YTBOI");
        assert_eq!(
            from_letters("MZXW 6YTB oi").as_deref(),
            Some(&b"foobar"[..])
        );
        assert_eq!(from_letters("M1"), None);
    }

    #[test]
    fn a_password_is_the_one_that_was_kept_and_no_other() {
        let kept = kept("correct horse battery").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(fits("correct horse battery", Some(&kept)));
        for (other, held) in [
            ("correct horse batterz", Some(kept.as_str())),
            ("", Some(kept.as_str())),
            ("correct horse battery", None),
            ("correct horse battery", Some("plain text")),
        ] {
            assert!(!fits(other, held), "{other}");
        }
    }

    #[test]
    fn passwords_that_anybody_guesses_are_not_taken() {
        for (password, found) in [
            ("short", Err(Weak::Short)),
            ("Password1234", Err(Weak::Common)),
            ("ababababababab", Err(Weak::Common)),
            ("agnesagnes12", Err(Weak::Common)),
            ("four plain words here", Ok(())),
        ] {
            assert_eq!(strong(password, "Agnes"), found, "{password}");
        }
        assert_eq!(strong(&"long words ".repeat(200), "Agnes"), Err(Weak::Long));
    }
}
