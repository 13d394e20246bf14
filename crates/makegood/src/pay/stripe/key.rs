// SPDX-License-Identifier: MIT OR Apache-2.0
//! Secrets of a Stripe account, in types that show nothing of them.

use std::fmt;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A secret or restricted key of a Stripe account.
#[derive(Clone)]
pub struct SecretKey {
    header: HeaderValue,
    live: bool,
}

impl SecretKey {
    /// Reads a key.
    ///
    /// # Errors
    /// It is not a key that may stand on a server. The message does not repeat it.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.starts_with("pk_") {
            return Err(
                "this is a publishable key (pk_…); take the secret or a restricted key (sk_…, rk_…)"
                    .to_owned(),
            );
        }
        let shaped = (text.starts_with("sk_") || text.starts_with("rk_"))
            && (8..=255).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !shaped {
            return Err(
                "a Stripe key begins with sk_ or rk_ and has letters, digits and `_` only; copy it from the dashboard under Developers, API keys"
                    .to_owned(),
            );
        }
        let basic = format!("Basic {}", STANDARD.encode(format!("{text}:")));
        let mut header = HeaderValue::from_str(&basic)
            .map_err(|_| "the key cannot stand in a header".to_owned())?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            live: !text[3..].starts_with("test_"),
        })
    }

    /// Real money, or Stripe's test mode.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.live
    }

    pub(super) const fn header(&self) -> &HeaderValue {
        &self.header
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The secret of a webhook endpoint (`whsec_…`). The whole text is the key, its prefix included.
#[derive(Clone)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    /// Reads a secret.
    ///
    /// # Errors
    /// It is not one. The message does not repeat it.
    pub fn new(text: &str) -> Result<Self, String> {
        let shaped = text.starts_with("whsec_")
            && (12..=255).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if shaped {
            Ok(Self(text.to_owned()))
        } else {
            Err(
                "a webhook secret begins with whsec_; copy it from the endpoint's page in the dashboard"
                    .to_owned(),
            )
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}
