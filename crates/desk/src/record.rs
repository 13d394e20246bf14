// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stored form of events and of judged case files: versioned, by hand, one golden file a version.

use alloc::vec::Vec;

use crate::case::CaseFile;

/// A judged case file as bytes.
#[must_use]
pub fn case_file(_file: &CaseFile<'_>) -> Vec<u8> {
    Vec::new()
}

/// stub
pub fn write(_e: &crate::event::Event) -> Vec<u8> { Vec::new() }
/// stub
pub fn read(_b: &[u8]) -> Result<crate::event::Event, &'static str> { Err("") }
/// stub
pub fn kind(_h: &crate::event::Happened) -> &'static str { "" }
