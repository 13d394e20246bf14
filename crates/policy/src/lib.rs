// SPDX-License-Identifier: MIT OR Apache-2.0
#![doc = include_str!("front-page.md")]

pub mod ask;
pub mod batch;
mod block;
pub mod cases;
pub mod cel;
pub mod check;
pub mod clause;
pub mod condition;
pub mod decide;
mod diagram;
pub mod diff;
pub mod explain;
pub mod fact;
pub mod format;
mod join;
mod lex;
mod open;
pub mod page;
pub mod phrase;
pub mod plain;
pub mod problem;
pub mod read;
pub mod rule;
pub mod tables;
mod text;
pub mod version;

pub use read::{Host, Limits, Policy, Reading, Sources, read_sources};

/// Reads a policy that stands alone in one text.
///
/// ```
/// let reading = makegood_policy::read("no front matter");
/// assert!(reading.policy.is_none());
/// assert!(reading.problems[0].help.contains("begin the file with `---`"));
/// ```
#[must_use]
pub fn read(text: &str) -> Reading {
    read_sources(&Sources::new("policy.md", text))
}
