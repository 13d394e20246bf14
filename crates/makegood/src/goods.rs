// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fulfilment: what is asked of those who deliver, and what they answer.

pub mod callback;
pub mod connector;
pub mod import;
pub mod reference_connector;
