// SPDX-License-Identifier: MIT OR Apache-2.0
//! E-mail: what comes in is read and judged, what the desk writes goes out.
//!
//! Nothing in a mail is believed but a signed reply address ([`address`]). Reading ([`read`]) is pure, never fails and never runs
//! anything: what cannot be read is kept as a file and said to be so.

pub mod address;
pub mod html;
pub mod kind;
pub mod letter;
pub mod lmtp;
pub mod read;
pub mod receive;
pub mod send;
pub mod trim;
