// SPDX-License-Identifier: MIT OR Apache-2.0
//! What changes between two versions of a policy.
