// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tokens by which the shop's own pages vouch for who a customer is: JSON Web Tokens (RFC 7519) signed with HMAC-SHA-256 under a secret
//! that the shop and the desk share, and nothing else: neither another algorithm nor none is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use makegood_desk::case::Instant;
use ring::hmac;
use serde::Deserialize;

use crate::clock::timestamp;
use crate::secret::Secret;
use crate::web::wire::is_line;

/// Longest token that is looked into, in bytes.
const LONGEST: usize = 2_000;
/// For how many seconds a token may count at most: it is made for a page that is being shown.
const LASTS_MOST: i64 = 3_600;

/// Whom the shop vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The shop's own name for the customer.
    pub reference: String,
    /// The order that it is about.
    pub order: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    #[serde(default)]
    order: Option<String>,
}

/// Whom a token vouches for; nothing where it was forged, has run out, lasts too long or is none.
#[must_use]
pub fn read(secrets: &[Secret], token: &str, now: Instant) -> Option<Vouched> {
    if token.len() > LONGEST {
        return None;
    }
    let (said, code) = token.rsplit_once('.')?;
    let (head, claims) = said.split_once('.')?;
    let code = URL_SAFE_NO_PAD.decode(code).ok()?;
    let believed = secrets.iter().any(|secret| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        hmac::verify(&key, said.as_bytes(), &code).is_ok()
    });
    if !believed {
        return None;
    }
    let head: Head = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).ok()?).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let left = claims.exp.checked_sub(timestamp(now).as_second())?;
    let order = claims.order.filter(|order| !order.is_empty());
    let sound = head.alg == "HS256"
        && (1..=LASTS_MOST).contains(&left)
        && is_line(&claims.sub, 200)
        && order.as_deref().is_none_or(|order| is_line(order, 200));
    sound.then_some(Vouched {
        reference: claims.sub,
        order,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(head: &str, claims: &str, secret: &str) -> String {
        let said = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        format!(
            "{said}.{}",
            URL_SAFE_NO_PAD.encode(hmac::sign(&key, said.as_bytes()))
        )
    }

    #[test]
    fn only_a_token_of_the_shops_that_has_not_run_out_vouches_for_anybody() {
        let secrets = [
            Secret::new("an old secret of the shop"),
            Secret::new("a new secret of the shop"),
        ];
        let now = Instant::from_unix_nanoseconds(1_000_000_000_000_000_000);
        let hs = r#"{"alg":"HS256","typ":"JWT"}"#;
        let good = r#"{"sub":"C-1","exp":1000000600,"order":"VL-1"}"#;
        let new = "a new secret of the shop";
        for (head, claims, secret, vouches) in [
            (hs, good, new, true),
            (hs, good, "an old secret of the shop", true),
            (hs, r#"{"sub":"C-1","exp":1000000600}"#, new, true),
            (hs, good, "somebody else's", false),
            (r#"{"alg":"none"}"#, good, new, false),
            (r#"{"alg":"HS512"}"#, good, new, false),
            (hs, r#"{"sub":"C-1","exp":1000000000}"#, new, false),
            (hs, r#"{"sub":"C-1","exp":999999999}"#, new, false),
            (hs, r#"{"sub":"C-1","exp":1000090000}"#, new, false),
            (hs, r#"{"sub":"C-1"}"#, new, false),
            (hs, r#"{"sub":"","exp":1000000600}"#, new, false),
            (hs, r#"{"sub":"a\nb","exp":1000000600}"#, new, false),
            (hs, "no json", new, false),
        ] {
            let read = read(&secrets, &token(head, claims, secret), now);
            assert_eq!(read.is_some(), vouches, "{head} {claims} {secret}");
        }
        let whole = token(hs, good, new);
        let read_of = |text: &str| read(&secrets, text, now);
        assert_eq!(
            read_of(&whole).unwrap(),
            Vouched {
                reference: "C-1".to_owned(),
                order: Some("VL-1".to_owned())
            }
        );
        for broken in [
            "",
            ".",
            "..",
            &whole[1..],
            &whole[..whole.len() - 2],
            &whole.replace('.', ""),
        ] {
            assert_eq!(read_of(broken), None, "{broken}");
        }
        assert_eq!(read(&[], &whole, now), None);
    }
}
