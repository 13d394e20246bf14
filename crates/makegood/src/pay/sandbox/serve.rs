// SPDX-License-Identifier: MIT OR Apache-2.0
//! The sandbox as a program of its own: `makegood sandbox`, its sockets, and the posting of webhooks.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::http::router;
use super::{Sandbox, Wall};

/// `makegood sandbox`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  makegood sandbox
  makegood sandbox --journal sandbox.ndjson
  curl -u sk_test_x: http://127.0.0.1:12111/v1/charges -d amount=4990 -d currency=dkk -d source=tok_visa
  curl http://127.0.0.1:12111/_sandbox

It takes any key that begins with sk_test_. Nothing in it moves money.")]
pub struct SandboxArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:12111")]
    pub listen: SocketAddr,

    /// Keep what happens in this file, so that the sandbox goes on where it was killed
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,

    /// The seed of names and of trouble by chance
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

impl SandboxArgs {
    /// Serves until it is stopped from outside.
    ///
    /// # Errors
    /// When the address or the journal cannot be used, in words that name the remedy.
    pub async fn run(self, wall: Wall) -> Result<(), String> {
        let sandbox = match &self.journal {
            None => Sandbox::in_memory(self.seed, wall),
            Some(path) => Sandbox::with_journal(path, self.seed, wall)
                .map_err(|cause| format!("{}: {cause}", path.display()))?,
        };
        let listener = TcpListener::bind(self.listen).await.map_err(|cause| {
            format!(
                "{}: {cause}; choose another address with --listen",
                self.listen
            )
        })?;
        let stop = stopped().map_err(|cause| cause.to_string())?;
        let address = listener.local_addr().map_err(|cause| cause.to_string())?;
        println!("The sandbox listens on http://{address} (commands: http://{address}/_sandbox)");
        serve(listener, Arc::new(sandbox), stop)
            .await
            .map_err(|cause| cause.to_string())
    }
}

/// Ends when the program is asked to stop. It listens for that from now on, not only once it is waited for.
#[cfg(unix)]
fn stopped() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Ends when the program is asked to stop.
#[cfg(not(unix))]
fn stopped() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    Ok(async {
        tokio::signal::ctrl_c().await.ok();
    })
}

/// Serves on a socket, and posts webhooks, until it is told to stop.
///
/// # Errors
/// When the socket fails.
pub async fn serve(
    listener: TcpListener,
    sandbox: Arc<Sandbox>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let poster = tokio::spawn(post(Arc::clone(&sandbox))?);
    let served = axum::serve(listener, router(sandbox))
        .with_graceful_shutdown(stop)
        .await;
    poster.abort();
    served
}

/// What posts a sandbox's webhooks for as long as it is polled.
///
/// # Errors
/// There is nothing to post with.
pub fn post(sandbox: Arc<Sandbox>) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    sandbox.posting.open()?;
    Ok(post_on(sandbox))
}

/// What webhooks are posted with; nothing where the sandbox is not served.
#[derive(Debug, Default)]
pub(super) struct Posting {
    client: OnceLock<reqwest::Client>,
    /// One at a time, so that a webhook is not posted twice by accident.
    turn: tokio::sync::Mutex<()>,
}

impl Posting {
    fn open(&self) -> io::Result<()> {
        // Where a provider is installed already, it serves as well.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(io::Error::other)?;
        self.client.set(client).ok();
        Ok(())
    }
}

async fn post_on(sandbox: Arc<Sandbox>) {
    loop {
        deliver(&sandbox).await;
        tokio::select! {
            () = sandbox.changed.notified() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Posts the webhooks that are due.
pub(super) async fn deliver(sandbox: &Sandbox) {
    let Some(client) = sandbox.posting.client.get() else {
        return;
    };
    let turn = sandbox.posting.turn.lock().await;
    for webhook in sandbox.webhooks_due() {
        let posted = client
            .post(&webhook.url)
            .header("Content-Type", "application/json; charset=utf-8")
            .header("Stripe-Signature", &webhook.signature)
            .header("User-Agent", "Stripe/1.0 (makegood sandbox)")
            .body(webhook.body.clone())
            .send()
            .await;
        let arrived = posted.is_ok_and(|answer| answer.status().is_success());
        if let Err(cause) = sandbox.webhook_ended(&webhook, arrived) {
            tracing::error!(%cause, "the sandbox's journal cannot be written");
        }
    }
    drop(turn);
}
