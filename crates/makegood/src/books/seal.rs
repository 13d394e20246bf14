// SPDX-License-Identifier: MIT OR Apache-2.0
//! Events into the audit log: each becomes a leaf of its tree, in the order in which they were written down.

use std::collections::BTreeMap;

use makegood_desk::audit::note::Proof;
use makegood_desk::audit::{Frontier, Hash, Leaf, Place, inclusion, leaf_hash, places};
use makegood_desk::input::Id;

use crate::crash;

use super::{count, stranger};
use crate::audit::{SigningKey, verify};
use crate::store::{Trouble, Tx, Value};

crate::statements! {
    /// Events that are not in the audit log yet, oldest first.
    UNSEALED = "select no, case_id, position, record from event where leaf is null order by no limit ?1";
    /// The places of events in the audit log: of those whose numbers follow one another, all at once.
    SEAL = "update event set leaf = no + ?3 where no between ?1 and ?2 and leaf is null";
    /// A node of the tree that is complete.
    INSERT_NODE = "insert into audit_node (level, position, hash) values (?1, ?2, ?3)"
        many "insert into audit_node (level, position, hash) select * from unnest($1::bigint[], $2::bigint[], $3::bytea[])";
    /// A node of the tree.
    NODE = "select hash from audit_node where level = ?1 and position = ?2";
    /// The right edge of the tree.
    FRONTIER = "select value from meta where key = 'audit.frontier'";
    /// Keeps the right edge of the tree.
    KEEP_FRONTIER = "insert into meta (key, value) values ('audit.frontier', ?1) on conflict (key) do update set value = excluded.value";
    /// A checkpoint that was signed.
    INSERT_CHECKPOINT = "insert into checkpoint (size, note, at) values (?1, ?2, ?3) on conflict (size) do nothing";
    /// The newest checkpoint.
    CHECKPOINT = "select size, note, at from checkpoint order by size desc limit 1";
    /// The oldest checkpoint that holds a leaf.
    CHECKPOINT_WITH = "select size, note, at from checkpoint where size > ?1 order by size limit 1";
    /// A case's events in the audit log.
    LEAVES_OF = "select position, leaf, at, kind, role from event where case_id = ?1 order by position";
    /// An event's place in the audit log, and its record.
    PLACE_OF = "select leaf, record from event where case_id = ?1 and position = ?2";
    /// Events by their places in the audit log, in order.
    LEAVES = "select case_id, position, record from event where leaf >= ?1 order by leaf limit ?2";
    /// An event by its place in the audit log.
    LEAF = "select case_id, position, record from event where leaf = ?1";
}

/// The lock under which processes on one database take turns in sealing.
const SEALING: i64 = 0x6d61_6b65;

/// The right edge of the tree as it is in the books.
///
/// # Errors
/// The store's trouble.
pub async fn frontier(tx: &mut Tx<'_>) -> Result<Frontier, Trouble> {
    match tx.one(&FRONTIER, &[]).await? {
        None => Ok(Frontier::new()),
        Some(row) => Frontier::from_bytes(row.bytes(0)?)
            .ok_or_else(|| stranger("an edge of the audit log that is none")),
    }
}

/// Puts up to so many events into the audit log. Answers how many there were.
///
/// # Errors
/// The store's trouble.
pub async fn seal(tx: &mut Tx<'_>, most: i64) -> Result<usize, Trouble> {
    tx.advisory_lock(SEALING).await?;
    let unsealed = tx.rows(&UNSEALED, &[Value::from(most)]).await?;
    if unsealed.is_empty() {
        return Ok(0);
    }
    let mut edge = frontier(tx).await?;
    let (mut places, mut nodes) = (Vec::new(), Vec::new());
    for row in &unsealed {
        let subject = hex(&row.id(1)?);
        let leaf = Leaf {
            subject: &subject,
            position: count(row, 2)?,
            record: row.bytes(3)?,
        };
        places.push((row.int(0)?, super::whole(edge.size())?));
        edge.push(leaf_hash(&leaf.to_bytes()), |place, hash| {
            nodes.push((place, hash))
        });
    }
    tx.run_each(&SEAL, &runs(&places)).await?;
    let nodes = nodes.into_iter().map(node).collect::<Result<Vec<_>, _>>()?;
    tx.run_each(&INSERT_NODE, &nodes).await?;
    tx.run(&KEEP_FRONTIER, &[Value::from(edge.to_bytes())])
        .await?;
    crash::point!("log.sealed");
    Ok(unsealed.len())
}

/// Runs of events whose numbers follow one another as their places do: the first number, the last, and how far the places are off.
fn runs(places: &[(i64, i64)]) -> Vec<Vec<Value>> {
    let follows = |one: &(i64, i64), next: &(i64, i64)| one.0.checked_add(1) == Some(next.0);
    let run = |run: &[(i64, i64)]| {
        let ((first, leaf), (last, _)) = run.first().zip(run.last())?;
        let off = leaf.saturating_sub(*first);
        Some(vec![
            Value::from(*first),
            Value::from(*last),
            Value::from(off),
        ])
    };
    places.chunk_by(follows).filter_map(run).collect()
}

fn node((place, hash): (Place, Hash)) -> Result<Vec<Value>, Trouble> {
    Ok(vec![
        Value::from(place.level),
        Value::from(super::whole(place.index)?),
        Value::from(*hash.bytes()),
    ])
}

/// A node of the tree, if it is complete.
///
/// # Errors
/// The store's trouble.
pub async fn node_at(tx: &mut Tx<'_>, place: Place) -> Result<Option<Hash>, Trouble> {
    let values = [
        Value::from(place.level),
        Value::from(super::whole(place.index)?),
    ];
    let row = tx.one(&NODE, &values).await?;
    row.map(|row| {
        Hash::from_slice(row.bytes(0)?)
            .ok_or_else(|| stranger("a node of the audit log that is none"))
    })
    .transpose()
}

/// What was logged, from a place on, up to so many leaves.
///
/// # Errors
/// The store's trouble.
pub async fn leaves(tx: &mut Tx<'_>, from: u64, most: i64) -> Result<Vec<Vec<u8>>, Trouble> {
    let values = [Value::from(super::whole(from)?), Value::from(most)];
    let mut leaves = Vec::new();
    for row in tx.rows(&LEAVES, &values).await? {
        let subject = hex(&row.id(0)?);
        let leaf = Leaf {
            subject: &subject,
            position: count(&row, 1)?,
            record: row.bytes(2)?,
        };
        leaves.push(leaf.to_bytes());
    }
    Ok(leaves)
}

/// The proof that an event stands in the audit log, under a checkpoint that is signed for it; nothing while it is not sealed.
///
/// # Errors
/// The store's trouble, or a log that is damaged.
pub async fn proof(
    tx: &mut Tx<'_>,
    signer: &SigningKey,
    case: Id,
    position: u64,
) -> Result<Option<Proof>, Trouble> {
    let values = [Value::from(case.0), Value::from(super::whole(position)?)];
    let Some(row) = tx.one(&PLACE_OF, &values).await? else {
        return Ok(None);
    };
    let Some(index) = row.opt_int(0)? else {
        return Ok(None);
    };
    let index = u64::try_from(index).map_err(|_| stranger("a leaf before the first"))?;
    let edge = frontier(tx).await?;
    let damaged = |_| stranger("an audit log that lacks nodes");
    let wanted = places(|nodes| inclusion(index, edge.size(), nodes).map(drop)).map_err(damaged)?;
    let mut nodes = BTreeMap::new();
    for place in wanted {
        if let Some(hash) = node_at(tx, place).await? {
            nodes.insert((place.level, place.index), hash);
        }
    }
    let node = |place: Place| nodes.get(&(place.level, place.index)).copied();
    let path = inclusion(index, edge.size(), node).map_err(damaged)?;
    let subject = hex(&case.0);
    let leaf = Leaf {
        subject: &subject,
        position,
        record: row.bytes(1)?,
    };
    let checkpoint = signer.checkpoint(edge.size(), edge.root());
    Ok(Some(verify::proof(
        &leaf.to_bytes(),
        index,
        path,
        checkpoint,
    )))
}

/// Bytes in the digits 0 to f.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}
