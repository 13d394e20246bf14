// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters.
use crate::case::Instant;
use crate::decision::Rulebook;
use crate::input::Language;
use crate::life::{Case, Letter};
use crate::records::Records;
use alloc::string::String;
/// A letter.
#[derive(Debug)]
pub struct Notice {}
impl Notice {
    /// Text.
    #[must_use]
    pub fn to_text(&self) -> String {
        String::new()
    }
}
/// Composes.
#[must_use]
pub fn compose(
    _c: &Case,
    _l: &Letter,
    _r: Option<&Rulebook>,
    _b: &Records,
    _n: Instant,
    _g: Language,
) -> Notice {
    Notice {}
}
