// SPDX-License-Identifier: MIT OR Apache-2.0
//! One way to write a policy: formats blocks, leaves prose alone.
