// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the world says of money: provider events are looked up and taken down, and once a day everything is compared.
//!
//! An event is never believed. It names something, and what that is now is asked of the provider.

use std::sync::Arc;
use std::time::Duration as Patience;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::execution::ProviderListed;
use tokio::sync::watch;

use crate::books::cases::wake_order;
use crate::books::disputes::dispute_seen;
use crate::books::facts::{self, Seen, refund_seen};
use crate::books::inbox::{self, InHand};
use crate::books::nanoseconds;
use crate::clock;
use crate::crash;
use crate::pay::stripe::webhook::{self, NotTaken};
use crate::pay::stripe::{Stripe, WebhookSecret};
use crate::pay::{Look, Provider, ProviderEvent, SeenRefund, Unread};
use crate::reconcile::{Reconciliation, last_at};
use crate::run::Shop;
use crate::store::{Trouble, Value};

crate::statements! {
    /// A subscription that renews no more, by the provider's name for it.
    END_SUBSCRIPTION = "update subscription set status = 'cancelled' where provider = ?1 and reference = ?2 and status <> 'cancelled' returning order_number";
}

/// So many events are taken in hand at once.
const HANDFUL: i64 = 32;
/// The store is asked for events at least this often, should a word of one be lost.
const ROUND: Patience = Patience::from_secs(1);
/// What the shop told late is looked for this often.
const SWEEP: Duration = Duration::from_seconds(60);
/// After a comparison that could not be finished the next is tried after this long.
const RETRY: Duration = Duration::from_seconds(1_800);

/// When the books are held against the providers'.
#[derive(Clone, Copy, Debug)]
pub struct Daily {
    /// The hour of the day, in UTC.
    pub hour: u8,
    /// How far back.
    pub back: Duration,
}

/// Whoever listens to the world.
pub struct Watch {
    /// The desk with its providers.
    pub shop: Arc<Shop>,
    /// When everything is compared; never where nothing is said.
    pub daily: Option<Daily>,
}

/// Why something could not be taken down now.
#[derive(Debug)]
pub enum NotSeen {
    /// The provider did not say.
    Unread(Unread),
    /// The store could not.
    Trouble(Trouble),
    /// The provider is not in the settings.
    NoProvider,
}

impl std::fmt::Display for NotSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unread(unread) => write!(f, "{unread}"),
            Self::Trouble(trouble) => write!(f, "{trouble}"),
            Self::NoProvider => {
                f.write_str("the provider is not in the settings; put it back under `payments`")
            }
        }
    }
}

impl From<Trouble> for NotSeen {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// Why a webhook was not taken in.
#[derive(Debug)]
pub enum NotTakenIn {
    /// It is not from the provider, not fresh, or not readable: the caller is told, and nothing is kept.
    NotTaken(NotTaken),
    /// It is about test mode where real money is dealt with, or the other way round.
    OtherMode,
    /// The store could not: the provider must be told to send it again.
    Trouble(Trouble),
}

/// Takes a provider's webhook in: its header `Stripe-Signature` and its body's bytes as they came. When this returns it is durable, and
/// the provider may hear that it arrived; answers whether it is new.
///
/// # Errors
/// It is not believed, or the store could not.
pub async fn taken_in(
    shop: &Shop,
    name: &str,
    stripe: &Stripe,
    secrets: &[WebhookSecret],
    (header, body): (&str, &[u8]),
) -> Result<bool, NotTakenIn> {
    let now = shop.clock.timestamp();
    let event = webhook::take(header, body, secrets, now).map_err(NotTakenIn::NotTaken)?;
    if !concerns(stripe, &event) {
        return Err(NotTakenIn::OtherMode);
    }
    arrived(shop, name, &event)
        .await
        .map_err(NotTakenIn::Trouble)
}

/// Keeps a provider's event. When this returns it is durable, and the provider may hear that it arrived; answers whether it is new.
///
/// # Errors
/// The store's trouble: then the provider must be told to send it again.
pub async fn arrived(shop: &Shop, provider: &str, event: &ProviderEvent) -> Result<bool, Trouble> {
    let (provider, event, now) = (provider.to_owned(), event.clone(), shop.clock.now());
    let kept = shop
        .desk
        .store
        .write(move |tx| {
            let (provider, event) = (provider.clone(), event.clone());
            Box::pin(async move {
                let new = inbox::keep(tx, &provider, &event, now).await?;
                crash::point!("event.written");
                Ok(new)
            })
        })
        .await?;
    crash::point!("event.kept");
    Ok(kept)
}

impl Watch {
    /// Listens until told to stop.
    pub async fn watch(self, mut stop: watch::Receiver<bool>) {
        let mut words = self.shop.desk.store.listen(inbox::EVENTS);
        let mut swept = None;
        let mut compare_from = None;
        while !*stop.borrow() {
            let many = match self.round().await {
                Ok(worked) => worked > 0,
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "provider events cannot be read");
                    false
                }
            };
            if many {
                continue;
            }
            let now = self.shop.clock.now();
            if swept.is_none_or(|at: Instant| at.plus(SWEEP) <= now) {
                swept = Some(now);
                if let Err(trouble) = facts::sweep(&self.shop.desk, now).await {
                    tracing::warn!(cause = %trouble, "what the shop told late could not be looked for");
                }
            }
            if compare_from.is_none_or(|at| at <= now) {
                compare_from = Some(self.compare(now).await);
            }
            let pause = self.pause().await;
            tokio::select! {
                _ = words.heard() => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    async fn pause(&self) -> Patience {
        let next = self
            .shop
            .desk
            .store
            .read(|tx| Box::pin(async move { inbox::next(tx).await }));
        let Ok(Some(next)) = next.await else {
            return ROUND;
        };
        let left = next.since(self.shop.clock.now()).nanoseconds();
        let left = u64::try_from(left.max(1_000_000)).unwrap_or(u64::MAX);
        Patience::from_nanos(left).min(ROUND)
    }

    /// Works off what waits now; answers how many events that were.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn round(&self) -> Result<usize, Trouble> {
        let now = self.shop.clock.now();
        // Looking costs no commit; taking does.
        let store = &self.shop.desk.store;
        let next = store.read(|tx| Box::pin(async move { inbox::next(tx).await }));
        if next.await?.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let taken = store
            .write(move |tx| Box::pin(async move { inbox::take(tx, HANDFUL, now).await }))
            .await?;
        for event in &taken {
            self.work_off(event).await?;
        }
        Ok(taken.len())
    }

    async fn work_off(&self, event: &InHand) -> Result<(), Trouble> {
        let seen = match self.shop.providers.get(&event.provider) {
            Some(provider) => looked_up(&self.shop, &event.provider, provider, &event.look).await,
            None => Err(NotSeen::NoProvider),
        };
        let now = self.shop.clock.now();
        let done = match seen {
            Ok(()) => true,
            // What the provider does not have cannot be looked up by trying again.
            Err(NotSeen::Unread(Unread::Absent { .. })) => true,
            Err(why) => {
                tracing::warn!(cause = %why, provider = event.provider, event = event.id, "a provider event could not be worked off; it is tried again");
                false
            }
        };
        crash::point!("event.looked_up");
        let event = event.clone();
        let noted = self.shop.desk.store.write(move |tx| {
            let event = event.clone();
            Box::pin(async move {
                match done {
                    true => inbox::done(tx, &event, now).await,
                    false => inbox::again(tx, &event, now).await,
                }
            })
        });
        noted.await?;
        crash::point!("event.worked_off");
        Ok(())
    }

    /// Compares everything if today's comparison is due; answers when to look again.
    async fn compare(&self, now: Instant) -> Instant {
        let Some(daily) = self.daily else {
            return now.plus(Duration::from_seconds(86_400));
        };
        let due = due_before(now, daily.hour);
        let mut again = due.plus(Duration::from_seconds(86_400));
        for (name, provider) in &self.shop.providers {
            let Provider::Stripe(stripe) = provider.as_ref() else {
                continue;
            };
            match last_at(&self.shop.desk.store, name).await {
                Ok(Some(last)) if last >= due => continue,
                Ok(_) => {}
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "the last comparison cannot be read");
                    again = now.plus(RETRY);
                    continue;
                }
            }
            let reconciliation = Reconciliation {
                shop: &self.shop,
                name,
                stripe,
            };
            match reconciliation.run(daily.back).await {
                Ok(report) => {
                    tracing::info!(
                        provider = name,
                        count = report.differences.len(),
                        "the books were held against the provider's; so many differences"
                    );
                }
                Err(why) => {
                    tracing::warn!(cause = %why, provider = name, "the books could not be held against the provider's; it is tried again");
                    again = now.plus(RETRY);
                }
            }
        }
        again
    }
}

/// The last moment at which the hour of the day began.
fn due_before(now: Instant, hour: u8) -> Instant {
    const DAY: i128 = 86_400_000_000_000;
    let hour = i128::from(hour).saturating_mul(3_600_000_000_000);
    let since_hour = now.unix_nanoseconds().saturating_sub(hour).rem_euclid(DAY);
    Instant::from_unix_nanoseconds(now.unix_nanoseconds().saturating_sub(since_hour))
}

/// Looks something up at its provider and takes down what it is now.
///
/// # Errors
/// The provider did not say, or the store could not; nothing is lost by looking again.
pub async fn looked_up(
    shop: &Shop,
    name: &str,
    provider: &Provider,
    look: &Look,
) -> Result<(), NotSeen> {
    let Provider::Stripe(stripe) = provider else {
        // A bank sends no events.
        return Ok(());
    };
    match look {
        Look::Refund(id) => {
            let seen = stripe.seen_refund(id).await.said.map_err(NotSeen::Unread)?;
            refund_taken_down(shop, name, stripe, &seen).await.map(drop)
        }
        Look::Payment(id) => payment_looked_up(shop, name, stripe, id).await,
        Look::Dispute(id) => {
            let dispute = stripe.dispute(id).await.said.map_err(NotSeen::Unread)?;
            dispute_seen(&shop.desk, name, &dispute, shop.clock.now()).await?;
            Ok(())
        }
        Look::Subscription(id) => subscription_looked_up(shop, name, stripe, id).await,
        // Renewals are told by the shop, whose payments they are.
        Look::Invoice(_) | Look::Nothing => Ok(()),
    }
}

/// Takes a refund down, and looks once more where it contradicts what we know: what was fetched may be older than that.
pub(crate) async fn refund_taken_down(
    shop: &Shop,
    name: &str,
    stripe: &Stripe,
    seen: &SeenRefund,
) -> Result<Seen, NotSeen> {
    let first = refund_seen(&shop.desk, name, seen, false, shop.clock.now()).await?;
    if !matches!(first, Seen::LookAgain) {
        return Ok(first);
    }
    let fresh = stripe
        .seen_refund(&seen.id)
        .await
        .said
        .map_err(NotSeen::Unread)?;
    Ok(refund_seen(&shop.desk, name, &fresh, true, shop.clock.now()).await?)
}

/// A payment with its refunds and disputes.
async fn payment_looked_up(
    shop: &Shop,
    name: &str,
    stripe: &Stripe,
    id: &str,
) -> Result<(), NotSeen> {
    let payment = stripe.payment(id).await.said.map_err(NotSeen::Unread)?;
    if !payment.refunded.is_zero() {
        let listed = match stripe.refunds_of(id).await.said {
            ProviderListed::All(listed) => listed,
            ProviderListed::Unknown { seen } => {
                return Err(NotSeen::Unread(Unread::Unknown { seen }));
            }
        };
        for refund in listed {
            let seen = SeenRefund {
                id: refund.id.clone(),
                payments: payment.names.clone(),
                at: shop.clock.timestamp(),
                refund: Ok(refund),
            };
            refund_taken_down(shop, name, stripe, &seen).await?;
        }
    }
    if payment.disputed {
        let disputes = stripe.disputes_of(id).await.said.map_err(NotSeen::Unread)?;
        for dispute in &disputes {
            dispute_seen(&shop.desk, name, dispute, shop.clock.now()).await?;
        }
    }
    Ok(())
}

async fn subscription_looked_up(
    shop: &Shop,
    name: &str,
    stripe: &Stripe,
    id: &str,
) -> Result<(), NotSeen> {
    let over = stripe
        .subscription_is_over(id)
        .await
        .said
        .map_err(NotSeen::Unread)?;
    if !over {
        return Ok(());
    }
    let (name, id, now) = (name.to_owned(), id.to_owned(), shop.clock.now());
    shop.desk
        .store
        .write(move |tx| {
            let values = [Value::from(name.as_str()), Value::from(id.as_str())];
            Box::pin(async move {
                for row in tx.rows(&END_SUBSCRIPTION, &values).await? {
                    wake_order(tx, row.text(0)?, now).await?;
                }
                Ok(())
            })
        })
        .await?;
    Ok(())
}

/// Whether an event is about the account and the mode that a key stands for: real money and play are never mixed.
#[must_use]
pub fn concerns(stripe: &Stripe, event: &ProviderEvent) -> bool {
    event.live == stripe.is_live()
}

/// The name under which the time of the last event of a provider is kept.
pub(crate) fn events_mark(name: &str) -> String {
    format!("events.seen.{name}")
}

/// A moment as a timestamp of the provider's, whole seconds.
pub(crate) fn since(at: Instant) -> jiff::Timestamp {
    let seconds = clock::timestamp(at).as_second();
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

/// A moment as the store keeps it, for marks.
pub(crate) fn mark(at: Instant) -> Result<Vec<u8>, Trouble> {
    nanoseconds(at).map(|at| at.to_be_bytes().to_vec())
}
