// SPDX-License-Identifier: MIT OR Apache-2.0
//! Conditions as standard CEL text, so that another engine can check them.
