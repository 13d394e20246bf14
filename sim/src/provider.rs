// SPDX-License-Identifier: MIT OR Apache-2.0
//! A payment provider that keeps its promises in the way that providers do: keys that are forgotten, answers that are lost,
//! refunds that fail after all.
//!
//! What stands here is the truth about money. Whoever calls hears of it only what gets through.

use std::collections::BTreeMap;

use makegood_desk::amount::Amount;
use makegood_desk::case::{DisputeStatus, Instant};
use makegood_desk::execution::{
    ProviderRefund, ProviderRefusal, ProviderSaid, RefundOrder, RefundStatus,
};

use crate::plan::{DAY, seconds};

/// The provider that takes the payments.
pub const STRIPE: &str = "stripe";
/// The bank, by which finance pays what the provider will not.
pub const BANK: &str = "bank";

/// A payment as the provider holds it.
#[derive(Clone, Debug)]
pub struct Charge {
    /// Its name.
    pub id: String,
    /// How much was taken.
    pub captured: Amount,
}

/// A refund as the provider holds it.
#[derive(Clone, Debug)]
pub struct Held {
    /// As it is told.
    pub told: ProviderRefund,
    /// By which provider.
    pub provider: String,
    /// Since when.
    pub at: Instant,
    /// Whether it was ever paid out.
    pub ever_succeeded: bool,
}

/// A dispute as the bank holds it.
#[derive(Clone, Debug)]
pub struct BankDispute {
    /// Its name.
    pub id: String,
    /// About which order.
    pub order: usize,
    /// The payment, by the provider's name.
    pub payment: String,
    /// Since when.
    pub opened_at: Instant,
    /// Where it stands.
    pub status: DisputeStatus,
    /// How much.
    pub amount: Amount,
    /// An inquiry takes no money.
    pub inquiry: bool,
}

#[derive(Clone, Debug)]
struct KeyHeld {
    at: Instant,
    order: RefundOrder,
    said: ProviderSaid,
}

/// The provider.
#[derive(Clone, Debug, Default)]
pub struct Provider {
    /// Payments.
    pub charges: Vec<Charge>,
    /// Refunds, oldest first.
    pub refunds: Vec<Held>,
    /// Disputes, oldest first.
    pub disputes: Vec<BankDispute>,
    keys: BTreeMap<String, KeyHeld>,
    /// Subscriptions that were cancelled.
    pub cancelled: Vec<String>,
}

/// How a refund begins at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// Paid out at once.
    Succeeded,
    /// To be paid out.
    Pending,
    /// The balance is too short for it now.
    Short,
    /// The answer that is stored with the key is an error although the money leaves.
    ErrorAfterDoing,
    /// The answer that is stored with the key is an error, and no money leaves.
    ErrorBeforeDoing,
}

impl Provider {
    /// Does what it is asked, once a key; gives the answer and the place of a refund that was begun by it.
    pub fn execute(
        &mut self,
        now: Instant,
        provider: &str,
        order: &RefundOrder,
        begins: Begins,
    ) -> (ProviderSaid, Option<usize>) {
        // Source: Stripe, idempotent requests: keys may be forgotten after 24 hours, and then the same request pays again.
        self.keys.retain(|_, held| now < held.at.plus(seconds(DAY)));
        if let Some(held) = self.keys.get(&order.key) {
            let said = if held.order == *order {
                held.said.clone()
            } else {
                refused(
                    ProviderRefusal::KeyReused,
                    "the key is known with other parameters",
                )
            };
            return (said, None);
        }
        let (said, made) = self.begin(now, provider, order, begins);
        let held = KeyHeld {
            at: now,
            order: order.clone(),
            said: said.clone(),
        };
        self.keys.insert(order.key.clone(), held);
        (said, made)
    }

    fn begin(
        &mut self,
        now: Instant,
        provider: &str,
        order: &RefundOrder,
        begins: Begins,
    ) -> (ProviderSaid, Option<usize>) {
        if let Some(why) = self.will_not(provider, order) {
            return (refused(why, "the provider will not"), None);
        }
        let error = |seen: &str| ProviderSaid::Unknown { seen: seen.into() };
        match begins {
            Begins::Short => {
                let why = ProviderRefusal::BalanceInsufficient;
                return (refused(why, "the balance is too short"), None);
            }
            Begins::ErrorBeforeDoing => return (error("500"), None),
            _ => {}
        }
        let status = if begins == Begins::Pending {
            RefundStatus::Pending
        } else {
            RefundStatus::Succeeded
        };
        let told = ProviderRefund {
            id: format!("re_{}", self.refunds.len() + 1),
            payment: order.payment.clone(),
            reference: Some(order.reference.clone()),
            status,
            amount: order.amount,
            failure: None,
        };
        self.refunds.push(Held {
            told: told.clone(),
            provider: provider.into(),
            at: now,
            ever_succeeded: status == RefundStatus::Succeeded,
        });
        let made = Some(self.refunds.len() - 1);
        if begins == Begins::ErrorAfterDoing {
            return (error("500"), made);
        }
        (ProviderSaid::Refund(told), made)
    }

    fn will_not(&self, provider: &str, order: &RefundOrder) -> Option<ProviderRefusal> {
        if provider == BANK {
            return None;
        }
        let Some(charge) = self
            .charges
            .iter()
            .find(|charge| charge.id == order.payment)
        else {
            return Some(ProviderRefusal::NoSuchPayment);
        };
        let of_it = |dispute: &&BankDispute| dispute.payment == order.payment && !dispute.inquiry;
        if self
            .disputes
            .iter()
            .filter(of_it)
            .any(|dispute| dispute.status == DisputeStatus::Open)
        {
            return Some(ProviderRefusal::Disputed);
        }
        let gone = self.gone(&order.payment);
        let left = charge.captured.minor().saturating_sub(gone);
        if left == 0 {
            return Some(ProviderRefusal::AlreadyRefunded);
        }
        (order.amount.minor() > left).then_some(ProviderRefusal::TooMuch)
    }

    /// What went back of a payment, or is going.
    #[must_use]
    pub fn gone(&self, payment: &str) -> u64 {
        self.refunds
            .iter()
            .filter(|held| held.provider == STRIPE && held.told.payment == payment)
            .filter(|held| {
                !matches!(
                    held.told.status,
                    RefundStatus::Failed | RefundStatus::Cancelled
                )
            })
            .map(|held| held.told.amount.minor())
            .sum()
    }

    /// A refund that somebody makes by hand, without us; nothing if nothing is left.
    pub fn by_hand(&mut self, now: Instant, payment: &str, percent: u64) -> Option<usize> {
        let charge = self.charges.iter().find(|charge| charge.id == payment)?;
        let left = charge.captured.minor().saturating_sub(self.gone(payment));
        let minor = (charge.captured.minor() * percent / 100).min(left);
        if minor == 0 {
            return None;
        }
        let told = ProviderRefund {
            id: format!("re_{}", self.refunds.len() + 1),
            payment: payment.into(),
            reference: None,
            status: RefundStatus::Succeeded,
            amount: Amount::new(minor, charge.captured.currency()),
            failure: None,
        };
        self.refunds.push(Held {
            told,
            provider: STRIPE.into(),
            at: now,
            ever_succeeded: true,
        });
        Some(self.refunds.len() - 1)
    }

    /// A refund goes on to another status; a failed one stays failed.
    pub fn turn(&mut self, place: usize, to: RefundStatus) -> bool {
        let Some(held) = self.refunds.get_mut(place) else {
            return false;
        };
        let may = match held.told.status {
            RefundStatus::Pending | RefundStatus::RequiresAction => true,
            RefundStatus::Succeeded => to == RefundStatus::Failed,
            RefundStatus::Failed | RefundStatus::Cancelled => false,
        };
        if may {
            held.told.status = to;
            held.ever_succeeded |= to == RefundStatus::Succeeded;
            if to == RefundStatus::Failed {
                held.told.failure = Some("the card is closed".into());
            }
        }
        may
    }

    /// The list of a payment's refunds; a stale one leaves out what is newer than a minute.
    #[must_use]
    pub fn list(
        &self,
        now: Instant,
        provider: &str,
        payment: &str,
        stale: bool,
    ) -> Vec<ProviderRefund> {
        self.refunds
            .iter()
            .filter(|held| held.provider == provider && held.told.payment == payment)
            .filter(|held| !stale || held.at.plus(seconds(60)) < now)
            .map(|held| held.told.clone())
            .collect()
    }

    /// A refund by its name.
    #[must_use]
    pub fn fetch(&self, id: &str) -> Option<&ProviderRefund> {
        self.refunds
            .iter()
            .find(|held| held.told.id == id)
            .map(|held| &held.told)
    }

    /// Refunds that carry a reference of ours.
    pub fn by_reference<'p>(
        &'p self,
        reference: &'p str,
    ) -> impl Iterator<Item = &'p Held> + Clone {
        self.refunds
            .iter()
            .filter(move |held| held.told.reference.as_deref() == Some(reference))
    }
}

fn refused(why: ProviderRefusal, words: &str) -> ProviderSaid {
    ProviderSaid::Refused {
        why,
        words: words.into(),
    }
}
