// SPDX-License-Identifier: MIT OR Apache-2.0
//! The interface over HTTP: requests become the desk's words, and what comes of them is shown.
//!
//! A handler reads, hands in, and shows. What may be asked and by whom stands in one table ([`access::ROUTES`]); what goes wrong becomes
//! an answer in one place ([`refusal`]); a repeated request is recognised in one place ([`idempotency`]).

pub mod access;
pub mod api;
pub mod console;
pub mod docs;
mod door;
pub mod idempotency;
pub mod limits;
pub mod news;
pub mod openapi;
pub mod portal;
pub mod refusal;
pub mod router;
pub mod session;
pub mod told;
pub mod wire;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};

use crate::audit::SigningKey;
use crate::blob::Blobs;
use crate::books::act::Desk;
use crate::clock::Clock;
use crate::config::Config;
use crate::guard::WayOut;
use crate::mail::receive::Inbox;
use crate::mail::send::Outbox;
use crate::meters::Meters;
use crate::post::Post;
use crate::run::Shop;
use crate::setup::Ready;
use crate::vault::Vault;

pub use router::{router, spec};

/// Everything that the interface needs.
pub struct Web {
    /// The desk on its store.
    pub desk: Desk,
    /// Letters.
    pub post: Post,
    /// The keys of persons.
    pub vault: Arc<Vault>,
    /// What was handed in.
    pub blobs: Arc<Blobs>,
    /// The clock.
    pub clock: Clock,
    /// The settings.
    pub config: Arc<Config>,
    /// What signs checkpoints of the audit log.
    pub signer: Arc<SigningKey>,
    /// What has been counted, where something counts.
    pub meters: Option<Meters>,
    /// The desk with everything around it.
    pub shop: Arc<Shop>,
    /// The payment providers, by their names.
    pub provider_names: Arc<BTreeSet<String>>,
    /// The way out to addresses that others gave.
    pub way_out: Arc<WayOut>,
    /// Where mail is taken in, if the desk has an address.
    pub inbox: Option<Inbox>,
    /// How often each caller may ask.
    pub limits: limits::Limits,
    /// The links by which customers reach their cases.
    pub links: portal::link::Links,
    /// What was told of cases lately.
    pub told: told::ToldLately,
    /// Who of the merchant's people is looking at which case.
    pub lookers: console::stream::Lookers,
    /// News of cases for pages that stay open.
    pub news: Arc<news::News>,
    /// What mails a code to a customer at once, where the desk sends mail.
    pub code_post: Option<Arc<Outbox>>,
    /// Says to streams that stay open when the desk ends.
    pub ends: watch::Sender<bool>,
    /// Held while the books are held against a provider's: one comparison at a time.
    comparing: Arc<Mutex<()>>,
    known: access::Known,
    running: idempotency::Running,
}

impl Web {
    /// The interface of a desk that can work.
    #[must_use]
    pub fn new(ready: &Ready, meters: Option<Meters>) -> Arc<Self> {
        Arc::new(Self {
            desk: ready.shop.desk.clone(),
            post: ready.shop.post.clone(),
            vault: Arc::clone(&ready.vault),
            blobs: Arc::clone(&ready.blobs),
            clock: ready.shop.clock.clone(),
            config: Arc::clone(&ready.config),
            signer: Arc::clone(&ready.signer),
            meters,
            shop: Arc::clone(&ready.shop),
            provider_names: Arc::new(ready.shop.providers.keys().cloned().collect()),
            way_out: Arc::clone(&ready.way_out),
            inbox: Inbox::of(ready),
            limits: limits::Limits::new(&ready.config.server),
            links: portal::link::Links::new(&ready.link_secret),
            told: told::ToldLately::default(),
            lookers: console::stream::Lookers::default(),
            news: Arc::default(),
            code_post: Outbox::of(ready).ok().flatten().map(Arc::new),
            ends: watch::Sender::new(false),
            comparing: Arc::default(),
            known: access::Known::default(),
            running: idempotency::Running::default(),
        })
    }
}

/// Serves until told to stop; requests that are being worked on are finished. A connection may take `head_max` to say what it wants.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    head_max: Duration,
    shutdown: impl Future<Output = ()>,
) {
    door::serve(listener, router, head_max, shutdown).await;
}
