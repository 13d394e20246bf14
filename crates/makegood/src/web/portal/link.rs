// SPDX-License-Identifier: MIT OR Apache-2.0
//! Links by which customers reach their cases: signed, for a time, and taken back with one act.
//!
//! A link names its case and when it was made, with a code over both. It is all that a customer shows, so whoever has it reads the case:
//! it goes only into letters, and pages that know it keep their address to themselves.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::Id;
use ring::hmac;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::books::cases;
use crate::books::seal::hex;
use crate::secret::Secret;
use crate::store::{Trouble, Tx, Value};
use crate::web::Web;
use crate::web::idempotency::Told;
use crate::web::refusal::Problem;
use crate::web::wire::{Answer, Parameters, json, moment, read_name};

/// How long a link counts.
pub const LINK_LASTS: Duration = Duration::from_seconds(180 * 86_400);

/// Which form of links this is.
const FORM: u8 = 1;
/// The form, the case, the second it was made, and the code.
const LENGTH: usize = 1 + 16 + 8 + 32;

crate::statements! {
    /// From when links of a case count.
    SINCE = "select value from meta where key = ?1";
    /// Earlier links of a case count no more.
    KEEP_SINCE = "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value";
}

/// Makes and checks links.
#[derive(Clone)]
pub struct Links(hmac::Key);

/// What a link says, once its code was found right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The case.
    pub case: Id,
    /// When it was made, in seconds since 1970.
    pub made_at: i64,
}

impl Links {
    /// Those under a secret.
    #[must_use]
    pub fn new(secret: &Secret) -> Self {
        Self(hmac::Key::new(
            hmac::HMAC_SHA256,
            secret.expose().as_bytes(),
        ))
    }

    /// A link to a case, as it stands behind `/c/`.
    #[must_use]
    pub fn link(&self, case: Id, made_at: Instant) -> String {
        let mut bytes = vec![FORM];
        bytes.extend(case.0);
        bytes.extend(seconds(made_at).to_be_bytes());
        let code = hmac::sign(&self.0, &bytes);
        bytes.extend(code.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a code that was mailed is known again by.
    #[must_use]
    pub fn code_mark(&self, id: Id, code: &str) -> [u8; 32] {
        let said = [b"code".as_slice(), id.0.as_slice(), code.as_bytes()].concat();
        let mark = hmac::sign(&self.0, &said);
        mark.as_ref().try_into().unwrap_or_default()
    }

    /// What a link says; nothing where it was forged, is not whole, or has run out.
    #[must_use]
    pub fn read(&self, text: &str, now: Instant) -> Option<Link> {
        // A text of another length is not even looked into.
        let bytes = (text.len() <= 100)
            .then(|| URL_SAFE_NO_PAD.decode(text).ok())
            .flatten()
            .filter(|bytes| bytes.len() == LENGTH && bytes.first() == Some(&FORM))?;
        let (said, code) = bytes.split_at_checked(LENGTH - 32)?;
        hmac::verify(&self.0, said, code).ok()?;
        let link = Link {
            case: Id(said.get(1..17)?.try_into().ok()?),
            made_at: i64::from_be_bytes(said.get(17..25)?.try_into().ok()?),
        };
        let age = seconds(now).checked_sub(link.made_at)?;
        let lasts = i64::try_from(LINK_LASTS.nanoseconds().div_euclid(1_000_000_000)).ok()?;
        (age < lasts).then_some(link)
    }
}

fn seconds(at: Instant) -> i64 {
    crate::clock::timestamp(at).as_second()
}

fn place(case: Id) -> String {
    format!("customer_links.{}", hex(&case.0))
}

/// Whether links of that time still count at the case.
///
/// # Errors
/// The store's trouble.
pub async fn counts(tx: &mut Tx<'_>, link: Link) -> Result<bool, Trouble> {
    let row = tx.one(&SINCE, &[Value::from(place(link.case))]).await?;
    let since = row.map(|row| {
        let bytes = row.bytes(0)?.try_into().unwrap_or([0x7f; 8]);
        Ok::<_, Trouble>(i64::from_be_bytes(bytes))
    });
    Ok(since.transpose()?.is_none_or(|since| link.made_at >= since))
}

/// The address of a customer's page.
#[must_use]
pub fn address(place: &str, link: &str) -> String {
    format!("{place}/c/{link}")
}

/// A link that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCaseLink {
    /// Whether earlier links of the case count no more, for one that came into wrong hands.
    #[serde(default)]
    revoke_earlier: bool,
}

/// A link to the page of a case.
#[derive(Serialize, ToSchema)]
pub struct CaseLink {
    /// `case_link`.
    pub object: &'static str,
    /// The case.
    pub case: String,
    /// The link. Whoever has it reads the case: give it to the customer alone.
    #[schema(example = "https://refunds.example.com/c/AQ…")]
    pub url: String,
    /// Until when it counts.
    pub expires_at: String,
}

/// Make a link to the customer's page of a case
///
/// It needs no account, and counts for 180 days. With `revoke_earlier` those that were made before count no more.
#[utoipa::path(post, path = "/v1/cases/{id}/links", tag = "Cases", operation_id = "create_case_link", request_body = NewCaseLink,
    params(("id" = String, Path, description = "The id of the case.")),
    responses((status = 200, description = "The link.", body = CaseLink)))]
pub async fn create(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    uri: Uri,
    told: Told<NewCaseLink>,
) -> Answer {
    Parameters::of(&uri, &[])?;
    let case = read_name("case", &id)?;
    let revoke = told.body.revoke_earlier;
    // Links tell whole seconds apart: one that replaces others is made in the next.
    let now = web.clock.now();
    let made_at = if revoke {
        now.plus(Duration::from_seconds(1))
    } else {
        now
    };
    let shelf = Arc::clone(&web.desk.shelf);
    let known = web.desk.store.write(move |tx| {
        let shelf = Arc::clone(&shelf);
        Box::pin(async move {
            let known = cases::load(tx, &shelf, case, false).await?.is_some();
            if known && revoke {
                let values = [
                    Value::from(place(case)),
                    Value::from(seconds(made_at).to_be_bytes().as_slice()),
                ];
                tx.run(&KEEP_SINCE, &values).await?;
            }
            Ok(known)
        })
    });
    if !known.await? {
        return Err(Problem::no_such("case"));
    }
    let link = web.links.link(case, made_at);
    Ok(json(&CaseLink {
        object: "case_link",
        case: id,
        url: address(&web.config.server.public_url, &link),
        expires_at: moment(made_at.plus(LINK_LASTS)),
    }))
}
