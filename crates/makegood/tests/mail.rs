// SPDX-License-Identifier: MIT OR Apache-2.0
//! E-mail at a whole desk: letters out through a mail server, answers in, and what never becomes a message.

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

#[path = "support/pg.rs"]
#[expect(
    dead_code,
    reason = "a database of its own is all that is asked for here"
)]
mod pg;
#[path = "mail/servers.rs"]
mod servers;
#[path = "api/shop.rs"]
#[expect(dead_code, reason = "the tests of the interface use the rest")]
mod shop;

#[path = "mail/incoming.rs"]
mod incoming;
#[path = "mail/outgoing.rs"]
mod outgoing;
