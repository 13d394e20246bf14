// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface, as those who use it meet it: a shop with its programs and people, on a real store, with the sandbox for a provider.

#![expect(
    clippy::unwrap_used,
    reason = "a panic around a test is a failed test with its place"
)]

/// Each test once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::shop::Ground::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::shop::Ground::Postgres).await;
            })+
        }
    };
}

#[path = "support/judge.rs"]
#[expect(dead_code, reason = "only the place of the programs is asked for here")]
mod judge;
#[path = "support/pg.rs"]
#[expect(
    dead_code,
    reason = "a database of its own is all that is asked for here"
)]
mod pg;
#[path = "api/shop.rs"]
mod shop;

#[path = "api/access.rs"]
mod access;
#[path = "api/bodies.rs"]
mod bodies;
#[path = "api/chat.rs"]
mod chat;

#[path = "api/console.rs"]
mod console;
#[path = "api/described.rs"]
mod described;
#[path = "api/disputes.rs"]
mod disputes;
#[path = "api/drafts.rs"]
mod drafts;

#[path = "api/finance.rs"]
mod finance;
#[path = "api/hooks.rs"]
mod hooks;
#[path = "api/invented.rs"]
mod invented;
#[path = "api/orders.rs"]
mod orders;
#[path = "api/password.rs"]
mod password;
#[path = "api/payments.rs"]
mod payments;
#[path = "api/portal.rs"]
mod portal;
#[path = "api/repeated.rs"]
mod repeated;
#[path = "api/settings.rs"]
mod settings;
#[path = "api/sign_in.rs"]
mod sign_in;
#[path = "api/story.rs"]
mod story;

#[path = "api/workbench.rs"]
mod workbench;
