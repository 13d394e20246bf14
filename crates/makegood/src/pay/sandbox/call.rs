// SPDX-License-Identifier: MIT OR Apache-2.0
//! What arrives and what is answered, apart from sockets.

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes or changes.
    Post,
    /// Ends or removes.
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    /// The method of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Delete]
            .into_iter()
            .find(|method| method.word() == word)
    }
}

/// One HTTP call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// How.
    pub method: Method,
    /// Where, such as `/v1/refunds`.
    pub path: String,
    /// What stands behind the question mark.
    pub query: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The header `Stripe-Version`.
    pub version: Option<String>,
    /// The header `Content-Type`.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

impl Call {
    /// A call with a test key and no more.
    #[must_use]
    pub fn new(method: Method, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            authorization: Some("Bearer sk_test_sandbox".to_owned()),
            idempotency_key: None,
            version: None,
            content_type: "application/x-www-form-urlencoded".to_owned(),
            body: Vec::new(),
        }
    }

    /// The same call with this form.
    #[must_use]
    pub fn form<'a>(mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        self.body = form.finish().into_bytes();
        self
    }

    /// The same call with this idempotency key.
    #[must_use]
    pub fn keyed(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.to_owned());
        self
    }
}

/// What the network does with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives.
    Arrives,
    /// After so many milliseconds the connection breaks, and nothing arrives.
    Breaks {
        /// How long the caller waits in vain.
        after_ms: u64,
    },
}

/// One HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The bytes.
    pub body: Vec<u8>,
    /// Whether it arrives at all.
    pub fate: Fate,
    /// Whether webhooks that are due go out before the answer does.
    pub webhooks_first: bool,
}

impl Answer {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json",
            body: body.to_string().into_bytes(),
            fate: Fate::Arrives,
            webhooks_first: false,
        }
    }

    /// No answer.
    #[must_use]
    pub fn none(after_ms: u64) -> Self {
        Self {
            fate: Fate::Breaks { after_ms },
            ..Self::json(503, &serde_json::Value::Null)
        }
    }

    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}
