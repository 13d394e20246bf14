// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Merkle log: every event is a leaf, and one hash of 32 bytes stands for all of them in their order.
//!
//! Trees, inclusion proofs and consistency proofs are those of RFC 6962 and RFC 9162 (SHA-256). A store keeps the hash of
//! every *full* subtree in a table `node(level, index, hash)`: such a node never changes, an append adds two on average,
//! and any proof for any size, also an earlier one, is made from some dozens of them. How a root and a proof are written
//! down for others stands in [`note`].

pub mod note;

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest, Sha256};

/// The most leaves a log has: what fits a signed integer of a database.
pub const SIZE_MAX: u64 = (1 << 63) - 1;

/// What an encoded [`Leaf`] begins with, so that no other bytes of ours can be taken for one.
const LEAF_HEADER: &[u8] = b"makegood/event/1\n";

/// A SHA-256 hash: of a leaf, of a node or of a tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash in these bytes; `None` unless there are 32 of them.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of these parts, one after the other.
    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The hash of a leaf: of a zero byte and what is logged.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    Hash::of(&[&[0], leaf])
}

/// The hash of a node: of a one byte and its two children. The first byte keeps a node from being shown as a leaf.
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[1], &left.0, &right.0])
}

/// The root of a log without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// What one leaf says: the next record of one story. Its bytes bind a record to its story and its place there, so that
/// no record can be moved to another case and none can be left out of one unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Whose story goes on: a case, or whatever else has events.
    pub subject: &'a str,
    /// Which event of that story it is, from 0.
    pub position: u64,
    /// The event in its stored form. Personal fields stand in it as the hash of their ciphertext only.
    pub record: &'a [u8],
}

impl<'a> Leaf<'a> {
    /// The bytes that are logged: a header, the length of the subject (4 bytes, big end first) and the subject, the position (8 bytes), the record.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A name of 4 GiB is no name; cutting its length would let two leaves look alike.
        let length = u32::try_from(self.subject.len()).expect("a subject has less than 2^32 bytes");
        let mut bytes =
            Vec::with_capacity(LEAF_HEADER.len() + 4 + self.subject.len() + 8 + self.record.len());
        bytes.extend_from_slice(LEAF_HEADER);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(self.subject.as_bytes());
        bytes.extend_from_slice(&self.position.to_be_bytes());
        bytes.extend_from_slice(self.record);
        bytes
    }

    /// What [`Leaf::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(LEAF_HEADER)?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (subject, rest) = rest.split_at_checked(length)?;
        let (position, record) = rest.split_first_chunk()?;
        Some(Self {
            subject: core::str::from_utf8(subject).ok()?,
            position: u64::from_be_bytes(*position),
            record,
        })
    }
}

/// Where a node of the tree stands. Level 0 are the leaves; node `index` of level `level` covers the `2^level` leaves
/// from `index × 2^level` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// How far above the leaves.
    pub level: u32,
    /// Which of its level, from 0.
    pub index: u64,
}

impl Place {
    const fn parent(self) -> Self {
        Self {
            level: self.level + 1,
            index: self.index / 2,
        }
    }
}

/// The right edge of the tree: all that an append needs, and all that the root needs.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    // INVARIANT (a peak for each one of the size): the hashes of the largest full subtrees, from the left.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// That of a log without leaves.
    pub const fn new() -> Self {
        Self {
            size: 0,
            peaks: Vec::new(),
        }
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hash that stands for all leaves in their order.
    pub fn root(&self) -> Hash {
        fold_peaks(&self.peaks)
    }

    /// Appends a leaf. `completed` is told the leaf and then each subtree that it fills, from below: those are the nodes to store.
    ///
    /// # Panics
    /// When the log has [`SIZE_MAX`] leaves already.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(Place, Hash)) {
        assert!(self.size < SIZE_MAX, "the log is full");
        let (mut place, mut hash) = (
            Place {
                level: 0,
                index: self.size,
            },
            leaf,
        );
        completed(place, hash);
        // INVARIANT (a peak for each one of the size): as in adding one to the size, the trailing ones become a carry.
        let waiting = self.peaks.len() - usize::try_from(self.size.trailing_ones()).unwrap_or(0);
        for left in self.peaks.drain(waiting..).rev() {
            hash = node_hash(left, hash);
            place = place.parent();
            completed(place, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// That of the log when it had `size` leaves, from its stored nodes.
    ///
    /// # Errors
    /// When there cannot be so many leaves, or a node is missing.
    pub fn load(
        size: u64,
        mut nodes: impl FnMut(Place) -> Option<Hash>,
    ) -> Result<Self, Unprovable> {
        if size > SIZE_MAX {
            return Err(Unprovable::OutOfRange);
        }
        Ok(Self {
            size,
            peaks: peaks(0, size)
                .map(|place| nodes(place).ok_or(Unprovable::Missing(place)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Its size (8 bytes, big end first) and its peaks.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        bytes.extend(self.peaks.iter().flat_map(|peak| peak.0));
        bytes
    }

    /// What [`Frontier::to_bytes`] wrote; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk()?;
        let size = u64::from_be_bytes(*size);
        let (hashes, []) = rest.as_chunks() else {
            return None;
        };
        let expected = usize::try_from(size.count_ones()).ok()?;
        (size <= SIZE_MAX && hashes.len() == expected).then(|| Self {
            size,
            peaks: hashes.iter().copied().map(Hash).collect(),
        })
    }
}

/// Why a proof or a root cannot be made from the stored nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unprovable {
    /// There is no such leaf, or no such size, in a log of that size.
    OutOfRange,
    /// A node that every log of that size has is not stored: the store is damaged.
    Missing(Place),
}

/// The root of the log when it had `size` leaves.
///
/// # Errors
/// When a node is missing.
pub fn root_at(size: u64, nodes: impl FnMut(Place) -> Option<Hash>) -> Result<Hash, Unprovable> {
    Frontier::load(size, nodes).map(|frontier| frontier.root())
}

/// The proof that leaf `index` is in the log of `size` leaves: the siblings on its way up, from below.
///
/// # Errors
/// When there is no such leaf, or a node is missing.
pub fn inclusion(
    index: u64,
    size: u64,
    mut nodes: impl FnMut(Place) -> Option<Hash>,
) -> Result<Vec<Hash>, Unprovable> {
    if index >= size || size > SIZE_MAX {
        return Err(Unprovable::OutOfRange);
    }
    let mut path = Vec::new();
    let (mut start, mut length) = (0, size);
    while length > 1 {
        let left = left_of(length);
        if index - start < left {
            path.push(subtree(start + left, length - left, &mut nodes)?);
            length = left;
        } else {
            path.push(subtree(start, left, &mut nodes)?);
            start += left;
            length -= left;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the log of `old` leaves is the beginning of the log of `new` leaves.
///
/// # Errors
/// When the old log is the larger one, or a node is missing.
pub fn consistency(
    old: u64,
    new: u64,
    mut nodes: impl FnMut(Place) -> Option<Hash>,
) -> Result<Vec<Hash>, Unprovable> {
    if old > new || new > SIZE_MAX {
        return Err(Unprovable::OutOfRange);
    }
    let mut path = Vec::new();
    if old == 0 {
        return Ok(path); // Nothing is the beginning of everything.
    }
    let (mut start, mut length, mut rest) = (0, new, old);
    while rest != length {
        let left = left_of(length);
        if rest <= left {
            path.push(subtree(start + left, length - left, &mut nodes)?);
            length = left;
        } else {
            path.push(subtree(start, left, &mut nodes)?);
            start += left;
            length -= left;
            rest -= left;
        }
    }
    // Whoever checks knows the old root, so it is said only where it is not a whole subtree of the new log.
    if start != 0 {
        path.push(subtree(start, length, &mut nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// The places that a proof or a root reads, so that a store can fetch them with one question and then answer from memory.
///
/// ```
/// use makegood_desk::audit::{inclusion, places, Place};
/// let wanted = places(|nodes| inclusion(2, 3, nodes).map(drop));
/// assert_eq!(wanted, Ok(vec![Place { level: 1, index: 0 }]));
/// ```
///
/// # Errors
/// Those of the question itself.
pub fn places(
    ask: impl FnOnce(&mut dyn FnMut(Place) -> Option<Hash>) -> Result<(), Unprovable>,
) -> Result<Vec<Place>, Unprovable> {
    let mut wanted = Vec::new();
    ask(&mut |place| {
        wanted.push(place);
        Some(Hash([0; 32]))
    })?;
    Ok(wanted)
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disproof {
    /// There is no such leaf in a log of that size, or the older log is the larger one.
    OutOfRange,
    /// The proof has too few or too many hashes for these sizes.
    Length,
    /// It leads to another root of the (new) log: this one.
    Root(Hash),
    /// It leads to another root of the old log: this one.
    OldRoot(Hash),
}

/// Does this path lead from leaf `index` to the root of a log of `size` leaves? (RFC 9162, 2.1.3.2.)
///
/// # Errors
/// When it does not, with the reason.
pub fn verify_inclusion(
    index: u64,
    size: u64,
    leaf: Hash,
    path: &[Hash],
    root: Hash,
) -> Result<(), Disproof> {
    if index >= size || size > SIZE_MAX {
        return Err(Disproof::OutOfRange);
    }
    let mut climb = Climb {
        node: index,
        last: size - 1,
    };
    let mut hash = leaf;
    for &sibling in path {
        hash = if climb.step()? {
            node_hash(sibling, hash)
        } else {
            node_hash(hash, sibling)
        };
    }
    climb.at_root()?;
    if hash == root {
        Ok(())
    } else {
        Err(Disproof::Root(hash))
    }
}

/// Is the log of `old` leaves with this root the beginning of the log of `new` leaves with that root? (RFC 9162, 2.1.4.2.)
///
/// From no leaves, and between equal sizes, the proof is empty.
///
/// # Errors
/// When it is not, with the reason.
pub fn verify_consistency(
    old: u64,
    old_root: Hash,
    new: u64,
    new_root: Hash,
    path: &[Hash],
) -> Result<(), Disproof> {
    if old > new || new > SIZE_MAX {
        return Err(Disproof::OutOfRange);
    }
    if old == 0 || old == new {
        let expected = if old == 0 { empty_root() } else { new_root };
        return match path {
            [] if old_root == expected => Ok(()),
            [] => Err(Disproof::OldRoot(expected)),
            _ => Err(Disproof::Length),
        };
    }
    // A whole subtree of the new log is known to whoever checks; else the proof begins with the last subtree of the old one.
    let (first, path) = if old.is_power_of_two() {
        (old_root, path)
    } else {
        let (first, path) = path.split_first().ok_or(Disproof::Length)?;
        (*first, path)
    };
    let level = (old - 1).trailing_ones();
    let mut climb = Climb {
        node: (old - 1) >> level,
        last: (new - 1) >> level,
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for &sibling in path {
        if climb.step()? {
            old_hash = node_hash(sibling, old_hash);
            new_hash = node_hash(sibling, new_hash);
        } else {
            new_hash = node_hash(new_hash, sibling);
        }
    }
    climb.at_root()?;
    if old_hash != old_root {
        Err(Disproof::OldRoot(old_hash))
    } else if new_hash != new_root {
        Err(Disproof::Root(new_hash))
    } else {
        Ok(())
    }
}

/// The way from a node to the root, and the last node of each level beside it (RFC 9162 calls them `fn` and `sn`).
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// One sibling further up; whether that sibling stands on the left.
    fn step(&mut self) -> Result<bool, Disproof> {
        if self.last == 0 {
            return Err(Disproof::Length);
        }
        let on_the_left = self.node & 1 == 1 || self.node == self.last;
        if on_the_left {
            // A last node without a right neighbour is carried up unchanged to where it has a left one.
            let carried = self.node.trailing_zeros();
            self.node >>= carried;
            self.last >>= carried;
        }
        self.node >>= 1;
        self.last >>= 1;
        Ok(on_the_left)
    }

    fn at_root(&self) -> Result<(), Disproof> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(Disproof::Length)
        }
    }
}

/// How many of `length` leaves (two or more) the left child covers: the largest power of two below it.
const fn left_of(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

/// The largest full subtrees that `length` leaves from `start` on consist of, from the left.
///
/// `start` is a multiple of a power of two that is not below `length`, as the tree's own splits are.
fn peaks(start: u64, length: u64) -> impl Iterator<Item = Place> {
    let mut at = start;
    (0..u64::BITS)
        .rev()
        .filter(move |level| length >> level & 1 == 1)
        .map(move |level| {
            let place = Place {
                level,
                index: at >> level,
            };
            at += 1 << level;
            place
        })
}

/// The hash over `length` leaves from `start` on.
fn subtree(
    start: u64,
    length: u64,
    nodes: &mut impl FnMut(Place) -> Option<Hash>,
) -> Result<Hash, Unprovable> {
    let hashes = peaks(start, length)
        .map(|place| nodes(place).ok_or(Unprovable::Missing(place)))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(fold_peaks(&hashes))
}

/// The hash over full subtrees of falling height: the smaller ones hang together on the right.
fn fold_peaks(peaks: &[Hash]) -> Hash {
    peaks
        .iter()
        .rev()
        .copied()
        .reduce(|right, left| node_hash(left, right))
        .unwrap_or_else(empty_root)
}
