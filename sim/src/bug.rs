// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bugs that can be planted: each breaks exactly one rule of the protocol, and each is found by an invariant.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each has its words in `ALL`")]
pub enum Bug {
    CommitsOnOldReads,
    KeysNeedNotDiffer,
    ReleasesTwice,
}
