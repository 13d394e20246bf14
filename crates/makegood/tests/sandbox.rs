// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sandbox provider: its rules as tables of calls and answers, its faults, its memory, and what holds whatever happens.

mod sandbox {
    pub mod desk;
    mod disputes;
    mod faults;
    mod idempotency;
    mod journal;
    mod money;
    mod shapes;
    mod socket;
    mod subscriptions;
    mod webhooks;
    mod whatever_happens;
}
