// SPDX-License-Identifier: MIT OR Apache-2.0
//! Payment providers: money goes out through here.

pub mod sandbox;
