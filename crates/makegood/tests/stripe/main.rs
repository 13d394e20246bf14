// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Stripe adapter against answers of every kind, Stripe's own examples, its description and its clients.

mod description;
mod fixtures;
mod localstripe;
mod outcomes;
mod peers;
mod reads;
mod relay;
mod sandbox;
mod scripted;
mod server;
mod webhooks;
