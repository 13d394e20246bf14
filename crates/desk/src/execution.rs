// SPDX-License-Identifier: MIT OR Apache-2.0
//! Money on its way: what a payment provider is asked, what it can say, and what may be done next.

pub mod commands;
pub mod refunds;

use alloc::format;
use alloc::string::String;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::amount::Amount;
use crate::event::{ClosedWhy, Happened};
use crate::handle::Turn;
use crate::input::{Actor, Id};

/// What a provider is asked to pay back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// The idempotency key: derived from the decision, the same for every try.
    pub key: String,
    /// Our name for the refund. It stands in the provider's metadata, so that a listing finds it again.
    pub reference: String,
    /// The provider's name for the payment (Stripe: `ch_…` or `pi_…`).
    pub payment: String,
    /// How much goes back.
    pub amount: Amount,
    /// Whether the payment was taken twice for one thing; providers ask for a reason and this is the only other one that is true.
    pub duplicate: bool,
}

/// A refund as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRefund {
    /// The provider's name for it (Stripe: `re_…`).
    pub id: String,
    /// The provider's name for the payment.
    pub payment: String,
    /// Our name for it, if we made it.
    pub reference: Option<String>,
    /// How far it is.
    pub status: RefundStatus,
    /// How much.
    pub amount: Amount,
    /// Why it failed, in the provider's words.
    pub failure: Option<String>,
}

/// How far a provider is with a refund.
///
/// Source: Stripe's refund object (API 2026-10-28): `succeeded` is not final, it can still become `failed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefundStatus {
    /// It has begun.
    Pending,
    /// The customer has to do something.
    RequiresAction,
    /// The money has left.
    Succeeded,
    /// The money came back, or never left.
    Failed,
    /// It was called off before the money left.
    Cancelled,
}

/// What came of a call that moves money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderSaid {
    /// The refund as it stands now.
    Refund(ProviderRefund),
    /// The provider will not, and no money moved.
    Refused {
        /// Why, as far as it matters to us.
        why: ProviderRefusal,
        /// The provider's words.
        words: String,
    },
    /// Nobody knows: no answer, a broken answer, or one that does not say (time-out, reset, 5xx, 409, 429). Never a failure.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

/// Why a provider will not refund: outcomes, not errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderRefusal {
    /// Everything went back already (`charge_already_refunded`).
    AlreadyRefunded,
    /// The payment is disputed (`charge_disputed`, `refund_disputed_payment`).
    Disputed,
    /// It cannot be refunded at all (`charge_not_refundable`, expired methods).
    NotRefundable,
    /// More than is left of the payment.
    TooMuch,
    /// The merchant's balance does not suffice (`balance_insufficient`): later it may.
    BalanceInsufficient,
    /// No such payment.
    NoSuchPayment,
    /// Our key is known with other content: a fault of ours, for a person.
    KeyReused,
    /// Our credentials are not accepted.
    NotAllowed,
    /// Anything else that the provider refuses for good.
    Other,
}

/// A listing of a payment's refunds, read from the provider's list and never from its search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderListed {
    /// All of them.
    All(alloc::vec::Vec<ProviderRefund>),
    /// It could not be read to its end, so it proves the absence of nothing.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

/// What fulfilment can be asked to do about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommandKind {
    /// Deliver units again.
    Redeliver,
    /// Hurry the order.
    Expedite,
    /// Deliver no more.
    Stop,
    /// Begin an order that did not begin by itself.
    Start,
    /// Begin the order anew.
    Restart,
    /// Hand over another account for one that does not work.
    Replace,
}

impl CommandKind {
    /// All of them, by the names that the connector protocol uses.
    pub const ALL: [(&'static str, Self); 6] = [
        ("redeliver", Self::Redeliver),
        ("expedite", Self::Expedite),
        ("stop", Self::Stop),
        ("start", Self::Start),
        ("restart", Self::Restart),
        ("replace", Self::Replace),
    ];

    /// Its name in the connector protocol.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redeliver => "redeliver",
            Self::Expedite => "expedite",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Replace => "replace",
        }
    }
}

/// A command to fulfilment. What became of it is asked under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOrder {
    /// The idempotency key: derived from the decision, the same for every try.
    pub key: String,
    /// Our name for the command. It stands in everything that is said about it.
    pub reference: String,
    /// The order that it is about.
    pub order_number: String,
    /// What is asked for.
    pub kind: CommandKind,
    /// How many units, for a redelivery.
    pub units: Option<u64>,
    /// The account that does not work, for a replacement.
    pub account: Option<String>,
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectorSaid {
    /// It is done.
    Done {
        /// What the connector adds in its own words.
        note: Option<String>,
    },
    /// It was taken on. The end is told later, or when it is asked.
    Accepted,
    /// It will not be done, and nothing was.
    Refused {
        /// Why, in the connector's words.
        why: String,
    },
    /// Nobody knows: no answer, a broken answer, or one that does not say. Never a refusal.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

/// What is done about an order beside money: by fulfilment, or by the provider that keeps a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Fulfilment does something.
    Fulfil(CommandKind),
    /// The subscription renews no more.
    CancelSubscription,
}

/// The key under which a provider or a connector knows what a decision has it do: a code over what was decided, never over the try.
///
/// The same decision gives the same key after a crash, on another machine, and next year; another decision for the same amount gives another.
#[must_use]
pub(crate) fn key(secret: &[u8], case: Id, decision: u32, no: u32, what: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else {
        // A code takes secrets of any length.
        return String::new();
    };
    mac.update(&case.0);
    mac.update(&decision.to_be_bytes());
    mac.update(&no.to_be_bytes());
    mac.update(what.as_bytes());
    let code = mac.finalize().into_bytes();
    let mut key = String::from("mg_");
    for byte in code.iter().take(20) {
        key.push_str(&format!("{byte:02x}"));
    }
    key
}

/// Closes a case in which everything that was decided is done.
pub(crate) fn settle(turn: &mut Turn<'_>) {
    let case = &turn.case;
    let standing = case.standing().is_some();
    let refunds_over = case.refunds.iter().all(|refund| refund.is_over());
    let commands_over = case.commands.iter().all(|command| command.is_over());
    let nothing_to_do = case.open_tasks().next().is_none();
    if standing && refunds_over && commands_over && nothing_to_do && case.closed.is_none() {
        turn.happened_by(
            Actor::System,
            Happened::Closed {
                why: ClosedWhy::Settled,
                reason: String::new(),
            },
        );
    }
}
