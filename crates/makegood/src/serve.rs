// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood serve`: everything that runs while the desk is open, started together and ended in order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::dispatch::Dispatcher;
use crate::dispute::Deadline;
use crate::hold::Hold;
use crate::keep::Keeper;
use crate::mail::lmtp;
use crate::mail::receive::Inbox;
use crate::mail::send::Outbox;
use crate::meters::Meters;
use crate::outgoing::Sender;
use crate::pay::sandbox;
use crate::retention::Retention;
use crate::setup::{self, Ready};
use crate::web::{self, Web};
use crate::world::{Daily, Watch};

/// How often meters forget what they no longer need.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// What runs beside the doors.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    grace: Duration,
}

impl Running {
    /// Starts what needs no door: work that is owed, and the audit log.
    #[must_use]
    pub fn start(ready: &Ready) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(Arc::clone(&ready.shop).work(stopped.clone()));
        let keeper = Keeper {
            store: ready.shop.desk.store.clone(),
            signer: Arc::clone(&ready.signer),
            anchor: Arc::clone(&ready.anchor),
            clock: ready.shop.clock.clone(),
            hold: Arc::clone(&ready.shop.desk.hold),
        };
        tasks.spawn(keeper.keep(stopped.clone()));
        let watch = Watch {
            shop: Arc::clone(&ready.shop),
            daily: Some(Daily {
                hour: ready.config.money.reconcile_hour,
                back: setup::long(ready.config.money.reconcile_back),
            }),
        };
        tasks.spawn(watch.watch(stopped.clone()));
        let deadline = Deadline {
            shop: Arc::clone(&ready.shop),
            before: setup::long(ready.config.desk.evidence_before_due),
        };
        tasks.spawn(deadline.watch(stopped.clone()));
        let retention = Retention {
            store: ready.shop.desk.store.clone(),
            vault: Arc::clone(&ready.vault),
            blobs: Arc::clone(&ready.blobs),
            clock: ready.shop.clock.clone(),
            hold: Arc::clone(&ready.shop.desk.hold),
            kept_for: setup::long(ready.config.privacy.retention),
        };
        tasks.spawn(retention.work(stopped.clone()));
        let policies = Arc::clone(&ready.shop.desk.policies);
        tasks.spawn(policies.watch(ready.shop.desk.store.clone(), stopped.clone()));
        mail(ready, &mut tasks, &stopped);
        tasks.spawn(send(
            dispatcher(ready),
            Arc::clone(&ready.shop.desk.hold),
            stopped,
        ));
        Self {
            stop,
            tasks,
            grace: ready.config.server.shutdown_grace,
        }
    }

    /// Lets something else run until the end.
    pub fn also(&mut self, run: impl FnOnce(watch::Receiver<bool>) -> tokio::task::JoinHandle<()>) {
        let handle = run(self.stop.subscribe());
        self.tasks.spawn(async move {
            let _ = handle.await;
        });
    }

    /// A receiver that hears when it is time to stop.
    #[must_use]
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Asks everything to end, waits for it as long as the settings say, and lets the rest go: what was not finished is in the books and
    /// goes on at the next start.
    pub async fn end(mut self) {
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(self.grace, all).await.is_err() {
            tracing::warn!("not everything ended in time; what is left goes on at the next start");
        }
    }
}

/// Starts what mail needs: letters out, mail in, and the judging of what came in. Nothing where the desk has no address.
fn mail(ready: &Ready, tasks: &mut JoinSet<()>, stopped: &watch::Receiver<bool>) {
    match Outbox::of(ready) {
        Ok(Some(outbox)) => drop(tasks.spawn(outbox.work(stopped.clone()))),
        Ok(None) => {}
        Err(why) => tracing::error!(
            cause = %why,
            "no letter can be sent; see `[mail.out]` of the settings"
        ),
    }
    let Some(inbox) = Inbox::of(ready) else {
        return;
    };
    if let Some(address) = ready.config.mail.as_ref().and_then(|mail| mail.lmtp) {
        tasks.spawn(lmtp::serve_at(address, inbox.clone(), stopped.clone()));
    }
    tasks.spawn(inbox.work(stopped.clone()));
}

/// Sends webhooks while the log is believed: a store that is older than what is remembered of it would give new events the names of
/// events that were sent before.
async fn send(dispatcher: Dispatcher, hold: Arc<Hold>, stop: watch::Receiver<bool>) {
    let mut ends = stop.clone();
    loop {
        tokio::select! {
            () = hold.until(true) => {}
            _ = ends.wait_for(|ends| *ends) => return,
        }
        tokio::select! {
            () = dispatcher.work(stop.clone()) => return,
            // What was being sent then is sent again, as after a crash.
            () = hold.until(false) => {}
        }
    }
}

fn dispatcher(ready: &Ready) -> Dispatcher {
    let config = &ready.config;
    let way_out = Arc::clone(&ready.way_out);
    Dispatcher {
        store: ready.shop.desk.store.clone(),
        vault: Arc::clone(&ready.vault),
        sender: Sender::new(
            way_out,
            &config.server.public_url,
            config.webhooks.answer_max,
        ),
        clock: ready.shop.clock.clone(),
    }
}

/// Keeps a desk open until it is asked to end, and ends it in order: first the doors, then the work, then the store.
pub async fn open_until(
    ready: Ready,
    listener: TcpListener,
    meters: Option<Meters>,
    end: impl Future<Output = ()> + Send + 'static,
) {
    let running = Running::start(&ready);
    let tidy = meters.clone();
    let mut stopped = running.stopped();
    let tidying = tokio::spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(TIDY_EVERY) => {}
                _ = stopped.changed() => return,
            }
            if let Some(meters) = &tidy {
                meters.tidy_up();
            }
        }
    });
    let web = Web::new(&ready, meters);
    let router = with_sandboxes(&ready, web::router(Arc::clone(&web)));
    let posting = posting(&ready);
    let head_max = ready.config.server.header_max;
    let end = async move {
        end.await;
        // A stream that stays open would keep its connection, and with it the door.
        web.ends.send_replace(true);
    };
    web::serve(listener, router, head_max, end).await;
    tracing::info!("the doors are closed; what is in hand is finished");
    running.end().await;
    tidying.abort();
    drop(posting);
    ready.shop.desk.store.close().await;
}

/// The sandboxes that run inside the program answer beside the desk, under `/sandbox/NAME`, as they would at an address of their own.
fn with_sandboxes(ready: &Ready, router: Router) -> Router {
    ready.sandboxes.iter().fold(router, |router, (name, held)| {
        router.nest_service(
            &format!("/sandbox/{name}"),
            sandbox::router(Arc::clone(held)),
        )
    })
}

/// What posts the webhooks of those sandboxes; it ends when it is dropped.
fn posting(ready: &Ready) -> JoinSet<()> {
    let mut posting = JoinSet::new();
    for (name, held) in &ready.sandboxes {
        match sandbox::post(Arc::clone(held)) {
            Ok(post) => drop(posting.spawn(post)),
            Err(cause) => {
                tracing::error!(%cause, provider = %name, "the sandbox posts no webhooks")
            }
        }
    }
    posting
}

/// Binds where the settings say; or takes the socket that systemd hands over.
///
/// # Errors
/// The address cannot be had, with the remedy.
pub async fn listener(ready: &Ready) -> Result<TcpListener, String> {
    let address = ready.config.server.listen;
    TcpListener::bind(address).await.map_err(|cause| {
        format!("{address}: {cause}; choose another address with --listen, or end the program that has it")
    })
}

/// When the program is asked to end, by a signal or from the keyboard. It is listened for from the call on, not from the first time
/// that somebody waits: a program that is asked while it starts ends as well as any other.
pub fn asked_to_end() -> impl Future<Output = ()> + Send + 'static {
    #[cfg(unix)]
    let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    #[cfg(unix)]
    let interrupted = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminated), Ok(mut interrupted)) = (terminated, interrupted) {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            return;
        }
        tokio::signal::ctrl_c().await.ok();
    }
}
