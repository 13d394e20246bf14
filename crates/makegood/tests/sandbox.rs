// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sandbox provider: its rules as tables of calls and answers, its faults, its memory, and what holds whatever happens.

mod sandbox {
    pub mod desk;
    mod money;
}
