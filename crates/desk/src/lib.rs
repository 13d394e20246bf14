// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of a refund case: from a case file to what is owed.
//!
//! Takes a case file and the time it is judged at; gives facts with what they rest on, exact amounts and remedies.
//! Never waits, never sends, never reads the clock, and has not heard of JSON: bytes become a [`case::CaseFile`] next door.
//!
//! The files in the order of the work: [`case`] (what stands in the file), [`units`] (ordered, delivered, dropped),
//! [`amount`] (money, and how it is rounded), [`facts`] (what the file shows, and whom to ask for the rest),
//! [`remedy`] (what can come of it, to the cent), [`vocabulary`] (the words that policies use for all this), [`decision`] (the case before a policy).
#![no_std]

extern crate alloc;

pub mod amount;
pub mod case;
pub mod units;

pub mod event;
pub mod input;
pub mod owed;
pub mod refusal;

pub mod handle;
pub mod life;
pub mod records;

pub mod approval;
pub mod decision;
mod dispute;
pub mod evidence;
pub mod execution;
pub mod facts;
mod granting;
mod investigation;
pub mod remedy;
pub mod request;
pub mod vocabulary;

pub mod words;
pub mod working;

pub mod audit;
pub mod ledger;
pub mod notice;
pub mod record;
