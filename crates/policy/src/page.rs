// SPDX-License-Identifier: MIT OR Apache-2.0
//! The published page: accessible HTML with an anchor for each clause.
