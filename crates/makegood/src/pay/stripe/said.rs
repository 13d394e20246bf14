// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an answer of Stripe's says: done, refused for good, or nobody knows.
//!
//! INVARIANT (doubt is unknown): only a 4xx in Stripe's own error form, whose code does not speak of a passing trouble, says that no money moved.
//! Everything else, an answer of a proxy included, is unknown.

use axum::http::StatusCode;
use makegood_desk::execution::ProviderRefusal;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::transport::{Answer, Broken};
use crate::pay::Unread;

#[derive(Deserialize)]
struct ErrorIn {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    r#type: String,
    code: Option<String>,
    message: Option<String>,
    param: Option<String>,
}

/// An answer that is no success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Refused {
        why: ProviderRefusal,
        words: String,
        absent: bool,
    },
    Unknown {
        seen: String,
    },
}

impl Trouble {
    pub(super) fn unknown(seen: impl Into<String>) -> Self {
        Self::Unknown { seen: seen.into() }
    }
}

impl From<Trouble> for Unread {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused {
                words,
                absent: true,
                ..
            } => Self::Absent { words },
            Trouble::Refused {
                why: ProviderRefusal::NotAllowed,
                words,
                ..
            } => Self::NotAllowed { words },
            Trouble::Refused { words, .. } => Self::Refused { words },
            Trouble::Unknown { seen } => Self::Unknown { seen },
        }
    }
}

/// The object of a success.
pub(super) fn object<T: DeserializeOwned>(answer: Result<&Answer, Broken>) -> Result<T, Trouble> {
    let answer = answer.map_err(|broken| Trouble::unknown(broken.to_string()))?;
    if !answer.status.is_success() {
        return Err(trouble(answer));
    }
    serde_json::from_slice(&answer.body).map_err(|error| {
        // The error's own words may quote the answer, which may hold personal data; its place may not.
        Trouble::unknown(format!(
            "status {} with an answer that cannot be read (line {}, column {})",
            answer.status.as_u16(),
            error.line(),
            error.column()
        ))
    })
}

/// Statuses that say "not now": a conflict with a call under way, a lock, a limit, a proxy's or an upstream's time-out.
const PASSING: [StatusCode; 6] = [
    StatusCode::REQUEST_TIMEOUT,
    StatusCode::CONFLICT,
    StatusCode::LOCKED,
    StatusCode::FAILED_DEPENDENCY,
    StatusCode::TOO_EARLY,
    StatusCode::TOO_MANY_REQUESTS,
];

/// Codes that say the same, whatever the status.
const PASSING_CODES: [&str; 6] = [
    "idempotency_key_in_use",
    "lock_timeout",
    "rate_limit",
    "processing_error",
    "payment_method_provider_timeout",
    "token_in_use",
];

fn trouble(answer: &Answer) -> Trouble {
    let status = answer.status;
    let Ok(ErrorIn { error }) = serde_json::from_slice::<ErrorIn>(&answer.body) else {
        return Trouble::unknown(format!(
            "status {} without an error in Stripe's form",
            status.as_u16()
        ));
    };
    let code = error.code.as_deref().unwrap_or("");
    let passing = PASSING.contains(&status) || PASSING_CODES.contains(&code);
    if !status.is_client_error() || passing || error.r#type == "api_error" {
        return Trouble::unknown(format!(
            "status {}, {}{}{}",
            status.as_u16(),
            plain(&error.r#type),
            if code.is_empty() { "" } else { ", " },
            plain(code),
        ));
    }
    Trouble::Refused {
        why: refusal(status, &error),
        absent: status == StatusCode::NOT_FOUND && code == "resource_missing",
        words: words(&error),
    }
}

fn refusal(status: StatusCode, error: &ErrorBody) -> ProviderRefusal {
    if error.r#type == "idempotency_error" {
        return ProviderRefusal::KeyReused;
    }
    match error.code.as_deref().unwrap_or("") {
        "charge_already_refunded" => ProviderRefusal::AlreadyRefunded,
        "charge_disputed" | "refund_disputed_payment" => ProviderRefusal::Disputed,
        "amount_too_large" => ProviderRefusal::TooMuch,
        "charge_not_refundable"
        | "charge_expired_for_capture"
        | "payment_intent_unexpected_state"
        | "intent_invalid_state"
        | "payment_method_unsupported_type"
        | "expired_card"
        | "expired_payment_method" => ProviderRefusal::NotRefundable,
        "balance_insufficient" | "insufficient_funds" => ProviderRefusal::BalanceInsufficient,
        "resource_missing" if of_payment(error) => ProviderRefusal::NoSuchPayment,
        "api_key_expired"
        | "platform_api_key_expired"
        | "secret_key_required"
        | "livemode_mismatch"
        | "testmode_charges_only"
        | "account_invalid"
        | "capability_not_active"
        | "request_blocked" => ProviderRefusal::NotAllowed,
        _ if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN => {
            ProviderRefusal::NotAllowed
        }
        _ if too_much(error) => ProviderRefusal::TooMuch,
        _ => ProviderRefusal::Other,
    }
}

/// The payment is what is missing. Older answers name it `id`, as they name everything.
fn of_payment(error: &ErrorBody) -> bool {
    match error.param.as_deref() {
        Some("charge" | "payment_intent" | "intent") => true,
        _ => error.message.as_deref().is_some_and(|message| {
            message.starts_with("No such charge") || message.starts_with("No such payment_intent")
        }),
    }
}

/// Stripe says this one in words: "Refund amount ($25.00) is greater than unrefunded amount on charge ($21.45)".
fn too_much(error: &ErrorBody) -> bool {
    let message = error.message.as_deref().unwrap_or("");
    message.starts_with("Refund amount (") && message.contains(") is greater than ")
}

/// The provider's words, short enough for a page and with nothing that a terminal would obey.
fn words(error: &ErrorBody) -> String {
    let code = error.code.as_deref().unwrap_or(&error.r#type);
    match error.message.as_deref() {
        Some(message) if !message.is_empty() => format!("{} ({})", plain(message), plain(code)),
        _ => plain(code),
    }
}

fn plain(text: &str) -> String {
    let mut plain: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(300)
        .collect();
    if plain.len() < text.len() && text.chars().nth(300).is_some() {
        plain.push('…');
    }
    plain
}
