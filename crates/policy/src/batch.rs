// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same diagram over columns of facts.
