// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makegood from outside: the real binary, with real kills, on both databases.
//!
//! Takes the binary and nothing else of ours: what is known here is what anybody knows who calls the desk over HTTP, and what the payment
//! provider says that it has paid. A kill of a process loses what the process held, not what the system holds for the disk; that
//! needs a power cut, and is not tested here.

pub mod bench;
pub mod binary;
pub mod chance;
pub mod cluster;
pub mod desk;
pub mod files;
pub mod http;
pub mod judge;
pub mod kill;
pub mod pair;
pub mod race;
pub mod shop;

/// A port that nobody listens on.
///
/// # Panics
/// The system has none.
#[must_use]
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
