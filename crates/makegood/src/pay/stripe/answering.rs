// SPDX-License-Identifier: MIT OR Apache-2.0
//! Answering a dispute: evidence is laid down as often as one likes, and handed in or given up once.
//!
//! Source: Stripe's interface (API 2026-10-28), `POST /v1/disputes/{dispute}` and its `/close`: `submit=false` stages; without it what is
//! staged goes to the bank at once, and nothing can be added after it. A field that is not named is kept.

use std::collections::BTreeMap;

use axum::http::Method;

use super::object::DisputeIn;
use super::said::{self, Trouble};
use super::{Call, ONE_BYTES, Stripe, heard, path};
use crate::pay::{Answered, Dispute, Heard};

impl Stripe {
    /// Lays evidence down without handing it in. The same fields again change nothing.
    pub async fn stage_evidence(
        &self,
        id: &str,
        evidence: &BTreeMap<String, String>,
    ) -> Heard<Answered> {
        let named = evidence
            .iter()
            .map(|(field, text)| (format!("evidence[{field}]"), text.clone()));
        let mut fields: Vec<_> = named.collect();
        fields.push(("submit".to_owned(), "false".to_owned()));
        self.answer(id, "", &fields, None).await
    }

    /// Hands in what is staged.
    pub async fn submit_evidence(&self, id: &str, key: &str) -> Heard<Answered> {
        let fields = [("submit".to_owned(), "true".to_owned())];
        self.answer(id, "", &fields, Some(key)).await
    }

    /// Gives the dispute up.
    pub async fn accept_dispute(&self, id: &str, key: &str) -> Heard<Answered> {
        self.answer(id, "/close", &[], Some(key)).await
    }

    async fn answer(
        &self,
        id: &str,
        after: &str,
        fields: &[(String, String)],
        key: Option<&str>,
    ) -> Heard<Answered> {
        let path = match path("/v1/disputes/", id, after) {
            Ok(path) => path,
            Err(words) => return Heard::plain(Answered::Refused { words }),
        };
        let call = Call {
            method: Method::POST,
            path: &path,
            fields,
            key,
            bytes: ONE_BYTES,
        };
        let answer = self.send(call).await;
        heard(answer, |answer| {
            let read = said::object::<DisputeIn>(answer)
                .and_then(|raw| raw.read().map_err(Trouble::unknown));
            match read {
                Ok(dispute) if dispute.id == id => Answered::Done(Box::new(dispute)),
                Ok(Dispute { .. }) => Answered::Unknown {
                    seen: "another dispute than the one that was answered".to_owned(),
                },
                Err(Trouble::Refused { words, .. }) => Answered::Refused { words },
                Err(Trouble::Unknown { seen }) => Answered::Unknown { seen },
            }
        })
    }
}
