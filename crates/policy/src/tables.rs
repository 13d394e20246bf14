// SPDX-License-Identifier: MIT OR Apache-2.0
//! The rules of a policy as decision tables.
