// SPDX-License-Identifier: MIT OR Apache-2.0
//! What goes wrong, in Stripe's form: `{"error": {"type", "code", "message", "param", …}}` with a status.

use std::borrow::Cow;

use serde_json::{Map, Value};

type Word = Cow<'static, str>;

/// A refusal of the provider.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// `error.type`.
    pub kind: Word,
    /// `error.code`.
    pub code: Option<Word>,
    /// `error.message`.
    pub message: String,
    /// `error.param`.
    pub param: Option<String>,
    /// Other members of `error`, such as `decline_code`.
    pub more: Box<Map<String, Value>>,
    /// Whether the endpoint had begun to work, so that the answer is kept under the idempotency key.
    pub begun: bool,
}

impl Problem {
    /// A request that cannot be understood: nothing has begun.
    #[must_use]
    pub fn unclear(code: &'static str, param: &str, message: String) -> Self {
        Self {
            status: 400,
            kind: "invalid_request_error".into(),
            code: (!code.is_empty()).then_some(code.into()),
            message,
            param: (!param.is_empty()).then(|| param.to_owned()),
            more: Box::default(),
            begun: false,
        }
    }

    /// A request that was understood and is refused.
    #[must_use]
    pub fn refused(code: &'static str, param: &str, message: String) -> Self {
        Self {
            begun: true,
            ..Self::unclear(code, param, message)
        }
    }

    /// The object that the path names does not exist.
    #[must_use]
    pub fn missing(noun: &str, id: &str, param: &str) -> Self {
        Self {
            status: 404,
            ..Self::refused("resource_missing", param, format!("No such {noun}: '{id}'"))
        }
    }

    /// The object that a parameter names does not exist.
    #[must_use]
    pub fn missing_param(noun: &str, id: &str, param: &str) -> Self {
        Self {
            status: 400,
            ..Self::missing(noun, id, param)
        }
    }

    /// A card that does not pay.
    #[must_use]
    pub fn declined(decline_code: &str, message: &str) -> Self {
        let mut problem = Self::refused("card_declined", "", message.to_owned());
        problem.status = 402;
        problem.kind = "card_error".into();
        problem
            .more
            .insert("decline_code".to_owned(), decline_code.into());
        problem
    }

    /// No key, or one that is not ours.
    #[must_use]
    pub fn unauthorized(message: String) -> Self {
        Self {
            status: 401,
            ..Self::unclear("", "", message)
        }
    }

    /// No such endpoint.
    #[must_use]
    pub fn unknown_url(method: &str, path: &str) -> Self {
        let message = format!(
            "Unrecognized request URL ({method}: {path}). This sandbox knows a part of Stripe's interface: the part that moves and explains refunds."
        );
        Self {
            status: 404,
            ..Self::unclear("", "", message)
        }
    }

    /// The provider's own trouble.
    #[must_use]
    pub fn server_error() -> Self {
        Self {
            status: 500,
            kind: "api_error".into(),
            ..Self::unclear(
                "",
                "",
                "An unknown error occurred while handling this request.".to_owned(),
            )
        }
    }

    /// Too many calls.
    #[must_use]
    pub fn rate_limited() -> Self {
        Self {
            status: 429,
            ..Self::unclear(
                "rate_limit",
                "",
                "Request rate limit exceeded. Try again later.".to_owned(),
            )
        }
    }

    /// The same idempotency key is being worked on.
    #[must_use]
    pub fn key_in_use(key: &str) -> Self {
        Self {
            status: 409,
            kind: "idempotency_error".into(),
            ..Self::unclear(
                "idempotency_key_in_use",
                "",
                format!(
                    "There is currently another in-progress request using this Idempotent Key: {key}"
                ),
            )
        }
    }

    /// The same idempotency key was used for something else.
    #[must_use]
    pub fn key_reused(key: &str, where_to: Option<(&str, &str)>) -> Self {
        let what = match where_to {
            Some((now, first)) => {
                format!("for the same endpoint they were first used for ('{now}' vs '{first}')")
            }
            None => "with the same parameters they were first used with".to_owned(),
        };
        Self {
            kind: "idempotency_error".into(),
            ..Self::unclear(
                "",
                "",
                format!(
                    "Keys for idempotent requests can only be used {what}. Try using a key other than '{key}' if you meant to execute a different request."
                ),
            )
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self, request: &str) -> Value {
        let mut error = Map::clone(&self.more);
        let mut put = |name: &str, value: &str| {
            error.insert(name.to_owned(), value.into());
        };
        put("type", &self.kind);
        put("message", &self.message);
        put(
            "request_log_url",
            &format!("https://dashboard.stripe.com/test/logs/{request}"),
        );
        if let Some(code) = &self.code {
            put("code", code);
            put(
                "doc_url",
                &format!(
                    "https://stripe.com/docs/error-codes/{}",
                    code.replace('_', "-")
                ),
            );
        }
        if let Some(param) = &self.param {
            put("param", param);
        }
        serde_json::json!({ "error": error })
    }
}
