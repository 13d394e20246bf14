// SPDX-License-Identifier: MIT OR Apache-2.0
//! The audit log: its signed head, and the proof that an event stands in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use makegood_desk::audit::note::Note;
use makegood_desk::audit::{Hash, Leaf, Place, inclusion, places};
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::verify;
use crate::books::seal::{self, hex};
use crate::books::{count, instant, stranger};
use crate::store::{Trouble, Tx, Value};
use crate::web::Web;
use crate::web::refusal::{NOT_YET, Problem};
use crate::web::wire::{Answer, Parameters, json, moment, unix};

/// The signed head of the audit log.
#[derive(Serialize, ToSchema)]
pub struct Checkpoint {
    /// `checkpoint`.
    pub object: &'static str,
    /// How many events it stands for.
    pub size: u64,
    /// When it was signed, in seconds since 1970.
    pub created: i64,
    /// The same exactly.
    pub created_at: String,
    /// The signed note, as C2SP `tlog-checkpoint` has it.
    pub note: String,
    /// The public key of the log, as `makegood verify --key` takes it.
    pub key: String,
}

/// The proof that an event stands in the audit log.
#[derive(Serialize, ToSchema)]
pub struct EventProof {
    /// `proof`.
    pub object: &'static str,
    /// The event.
    pub event: String,
    /// The proof as C2SP `tlog-proof` has it; `makegood verify` checks it without this server.
    pub proof: String,
    /// The public key of the log.
    pub key: String,
}

fn not_signed() -> Problem {
    Problem::passing(
        NOT_YET,
        "the log was not signed yet since then; that happens every second, so try again in a moment",
        2,
    )
}

/// Read the signed head of the audit log
#[utoipa::path(get, path = "/v1/audit/checkpoint", tag = "Events", operation_id = "read_checkpoint",
    responses((status = 200, description = "The newest checkpoint.", body = Checkpoint),
        (status = 409, description = "Nothing was signed yet (`/problems/not-yet`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn checkpoint(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    Parameters::of(&uri, &[])?;
    let found = web.desk.store.read(|tx| {
        Box::pin(async move {
            let row = tx.one(&seal::CHECKPOINT, &[]).await?;
            row.map(|row| {
                Ok((
                    count(&row, 0)?,
                    row.text(1)?.to_owned(),
                    instant(row.int(2)?),
                ))
            })
            .transpose()
        })
    });
    let found: Option<(u64, String, _)> = found.await?;
    let (size, note, at) = found.ok_or_else(not_signed)?;
    Ok(json(&Checkpoint {
        object: "checkpoint",
        size,
        created: unix(at),
        created_at: moment(at),
        note,
        key: web.signer.verifier().to_string(),
    }))
}

/// Prove that an event stands in the audit log
#[utoipa::path(get, path = "/v1/audit/proof", tag = "Events", operation_id = "prove_event",
    params(("event" = String, Query, description = "The id of the event.")),
    responses((status = 200, description = "The proof.", body = EventProof),
        (status = 404, description = "There is no such event (`/problems/not-found`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 409, description = "The log was not signed yet since then (`/problems/not-yet`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody)))]
pub async fn proof(State(web): State<Arc<Web>>, uri: Uri) -> Answer {
    let parameters = Parameters::of(&uri, &["event"])?;
    let read = |id: &str| {
        let digits = id.strip_prefix("evt_")?;
        let leaf = digits.parse::<i64>().ok()?;
        (leaf >= 0 && leaf.to_string() == digits).then_some(leaf)
    };
    let leaf = parameters.read("event", "the `id` of an event", read)?;
    let leaf = leaf.ok_or_else(|| {
        Problem::parameter("event", "`event` is missing; name the `id` of an event")
    })?;
    let found = web
        .desk
        .store
        .read(move |tx| Box::pin(async move { proven(tx, leaf).await }));
    match found.await? {
        Proven::NoEvent => Err(Problem::no_such("event")),
        Proven::NotSigned => Err(not_signed()),
        Proven::Proof(proof) => Ok(json(&EventProof {
            object: "proof",
            event: format!("evt_{leaf}"),
            proof,
            key: web.signer.verifier().to_string(),
        })),
    }
}

enum Proven {
    NoEvent,
    NotSigned,
    Proof(String),
}

async fn proven(tx: &mut Tx<'_>, leaf: i64) -> Result<Proven, Trouble> {
    let Some(row) = tx.one(&seal::LEAF, &[Value::from(leaf)]).await? else {
        return Ok(Proven::NoEvent);
    };
    let subject = hex(&row.id(0)?);
    let bytes = Leaf {
        subject: &subject,
        position: count(&row, 1)?,
        record: row.bytes(2)?,
    }
    .to_bytes();
    let Some(signed) = tx.one(&seal::CHECKPOINT_WITH, &[Value::from(leaf)]).await? else {
        return Ok(Proven::NotSigned);
    };
    let size = count(&signed, 0)?;
    let note = Note::parse(signed.text(1)?)
        .map_err(|_| stranger("a checkpoint that is no signed note"))?;
    let index = u64::try_from(leaf).unwrap_or_default();
    let missing = || stranger("an audit log that lacks nodes");
    let wanted = places(|nodes| inclusion(index, size, nodes).map(drop)).map_err(|_| missing())?;
    let mut nodes: BTreeMap<(u32, u64), Hash> = BTreeMap::new();
    for place in wanted {
        let hash = seal::node_at(tx, place).await?.ok_or_else(missing)?;
        nodes.insert((place.level, place.index), hash);
    }
    let path = inclusion(index, size, |place: Place| {
        nodes.get(&(place.level, place.index)).copied()
    });
    let path = path.map_err(|_| missing())?;
    Ok(Proven::Proof(
        verify::proof(&bytes, index, path, note).to_string(),
    ))
}
