// SPDX-License-Identifier: MIT OR Apache-2.0
//! Payment providers behind one door: what they can be asked, and what was heard.
//!
//! Nothing here decides about money. A call says what the provider said, or that nobody knows; `desk` decides what may be done next.
//! There is no retry in here either: each call is one exchange, or one reading of a list.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use makegood_desk::amount::Amount;
use makegood_desk::execution::{
    ProviderListed, ProviderRefund, ProviderRefusal, ProviderSaid, RefundOrder,
};

pub mod manual;
pub mod sandbox;
pub mod stripe;

use manual::Manual;
use stripe::Stripe;

/// Who pays back.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Stripe, or whoever speaks its dialect.
    Stripe(Stripe),
    /// The merchant's bank, by payment file or by hand.
    Manual(Manual),
}

/// What was said, and what was heard beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard<T> {
    /// What was said.
    pub said: T,
    /// For how long the provider wants to be left alone (`Retry-After`).
    pub wait: Option<Duration>,
    /// The provider's name for the exchange, for its support (`Request-Id`).
    pub exchange: Option<String>,
    /// The answer was given to an earlier request with the same key: asking again with it brings nothing new.
    pub replayed: bool,
}

impl<T> Heard<T> {
    /// Something said without anything beside it.
    pub const fn plain(said: T) -> Self {
        Self {
            said,
            wait: None,
            exchange: None,
            replayed: false,
        }
    }

    /// What was said, and the circumstances apart from it.
    pub fn apart(self) -> (T, Heard<()>) {
        let around = Heard {
            said: (),
            wait: self.wait,
            exchange: self.exchange,
            replayed: self.replayed,
        };
        (self.said, around)
    }

    /// The same circumstances around something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Heard<U> {
        Heard {
            said: change(self.said),
            wait: self.wait,
            exchange: self.exchange,
            replayed: self.replayed,
        }
    }
}

/// Why something could not be read. None of these says anything about money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// The provider has no such thing.
    Absent {
        /// The provider's words.
        words: String,
    },
    /// The provider does not accept our credentials for it.
    NotAllowed {
        /// The provider's words.
        words: String,
    },
    /// It said that the question was wrong: a fault of ours.
    Refused {
        /// The provider's words.
        words: String,
    },
    /// No answer, or one that does not say.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { words } => write!(f, "the provider has no such thing: {words}"),
            Self::NotAllowed { words } => write!(
                f,
                "the provider does not accept the key for this: {words}; look at the key and its permissions"
            ),
            Self::Refused { words } => write!(f, "the provider did not take the question: {words}"),
            Self::Unknown { seen } => write!(f, "no usable answer: {seen}"),
        }
    }
}

impl std::error::Error for Unread {}

/// Something read from a provider.
pub type Reading<T> = Heard<Result<T, Unread>>;

/// A page of a listing, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What stands on it.
    pub items: Vec<T>,
    /// Where the next one begins; nothing at the end.
    pub next: Option<String>,
}

/// A payment as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The name it was asked by.
    pub id: String,
    /// All its names; a refund or a dispute may speak of any of them (Stripe: `pi_…` and `ch_…`).
    pub names: Vec<String>,
    /// How much was taken.
    pub captured: Amount,
    /// How much went back, by anybody.
    pub refunded: Amount,
    /// The customer's bank has asked about it or taken it back at some time.
    pub disputed: bool,
    /// When it was made.
    pub at: Timestamp,
}

/// A refund found in a listing that is not about one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRefund {
    /// The provider's name for it.
    pub id: String,
    /// All names of its payment.
    pub payments: Vec<String>,
    /// When it was made.
    pub at: Timestamp,
    /// The refund; or why this version cannot read it, which is for a person.
    pub refund: Result<ProviderRefund, String>,
}

/// What was paid for the last period of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodPayment {
    /// The provider's name for the bill.
    pub invoice: String,
    /// By what it was paid.
    pub payment: PaidBy,
    /// How much of the bill it paid.
    pub amount: Amount,
    /// When.
    pub at: Option<Timestamp>,
}

/// By what a bill was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaidBy {
    /// A payment that can be refunded, by its name.
    Payment(String),
    /// Money that did not pass through the provider, or a way that this version does not know: for a person.
    Elsewhere {
        /// The provider's word for the way.
        kind: String,
        /// The provider's name for it, where it has one.
        id: Option<String>,
    },
}

/// What came of ending a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is over, by this call or before it.
    Done {
        /// Since when.
        at: Option<Timestamp>,
    },
    /// The provider will not.
    Refused {
        /// Why.
        why: ProviderRefusal,
        /// The provider's words.
        words: String,
    },
    /// Nobody knows; asking again does no harm.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

/// A dispute as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The provider's name for it.
    pub id: String,
    /// All names of its payment.
    pub payments: Vec<String>,
    /// How much is disputed, which may differ from what was paid.
    pub amount: Amount,
    /// How far it is.
    pub state: DisputeState,
    /// The reason in the provider's word (`product_not_received`).
    pub reason: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when evidence is taken.
    pub evidence_due: Option<Timestamp>,
    /// How often evidence was handed in.
    pub submissions: u64,
    /// Evidence is staged or was handed in.
    pub has_evidence: bool,
    /// The provider would still refund the payment: true of an inquiry, false of a chargeback.
    pub refundable: bool,
    /// What the provider keeps as its fee by now; nothing where it does not say.
    pub fee: Option<Amount>,
    /// The card network's code for the reason (`13.1`), where it gave one.
    pub network_reason: Option<String>,
    /// Answering it costs a fee of its own, which nobody has agreed to yet.
    pub answer_costs: bool,
    /// The evidence that lies at the provider by now: its fields that hold something, whoever filled them.
    pub evidence: BTreeMap<String, String>,
}

/// What came of answering a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Taken: the dispute as it stands now.
    Done(Box<Dispute>),
    /// The provider will not. Nothing was handed in by this call.
    Refused {
        /// The provider's words.
        words: String,
    },
    /// Nobody knows; looking at the dispute tells.
    Unknown {
        /// What was seen, without secrets.
        seen: String,
    },
}

/// How far a dispute is.
///
/// Source: Stripe's dispute object (API 2026-10-28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisputeState {
    /// An inquiry waits for an answer.
    InquiryNeedsResponse,
    /// An inquiry is looked at.
    InquiryUnderReview,
    /// An inquiry went no further.
    InquiryClosed,
    /// A chargeback waits for evidence.
    NeedsResponse,
    /// A chargeback is looked at.
    UnderReview,
    /// A lost chargeback was taken up again and waits for evidence.
    AppealNeedsResponse,
    /// A lost chargeback was taken up again and is looked at.
    AppealUnderReview,
    /// The money stays.
    Won,
    /// The money went back. It may still be won.
    Lost,
    /// It was settled before it became a chargeback.
    Prevented,
    /// A word that this version does not know, carried as it is.
    Other(String),
}

/// Something that happened at the provider: a name to look up, never a fact to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The provider's name for it: the same event comes more than once.
    pub id: String,
    /// What happened, in the provider's word.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Real money, or the provider's test mode.
    pub live: bool,
    /// The connected account it is about, where it is not the merchant's own.
    pub account: Option<String>,
    /// What to look at now.
    pub look: Look,
}

/// What an event asks us to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// A refund.
    Refund(String),
    /// A payment, with its refunds and disputes.
    Payment(String),
    /// A dispute.
    Dispute(String),
    /// A subscription.
    Subscription(String),
    /// A bill.
    Invoice(String),
    /// Nothing that concerns us.
    Nothing,
}

/// The merchant's account at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Real money, or the provider's test mode.
    pub live: bool,
    /// What can be spent now: currency and minor units as the provider counts them, negative where the merchant owes.
    pub available: Vec<(String, i64)>,
}

impl Provider {
    /// Can it be asked? A bank cannot: what became of a transfer comes with its statements.
    #[must_use]
    pub const fn answers(&self) -> bool {
        match self {
            Self::Stripe(_) => true,
            Self::Manual(_) => false,
        }
    }

    /// Pays back. What is said is about this one call: an earlier one with an unknown outcome stays unknown until a list settles it.
    pub async fn create_refund(&self, order: &RefundOrder) -> Heard<ProviderSaid> {
        match self {
            Self::Stripe(stripe) => stripe.create_refund(order).await,
            Self::Manual(manual) => Heard::plain(manual.create_refund(order)),
        }
    }

    /// Looks at a refund. Never answers that it was refused: that would say that no money moved.
    pub async fn refund(&self, id: &str) -> Heard<ProviderSaid> {
        match self {
            Self::Stripe(stripe) => stripe.refund(id).await,
            Self::Manual(_) => Heard::plain(ProviderSaid::Unknown {
                seen: manual::TOLD_BY_STATEMENT.to_owned(),
            }),
        }
    }

    /// Looks at a refund of a payment, whichever of its names the payment is known by here. Otherwise as [`Provider::refund`].
    pub async fn refund_of(&self, payment: &str, id: &str) -> Heard<ProviderSaid> {
        match self {
            Self::Stripe(stripe) => stripe.refund_of(payment, id).await,
            Self::Manual(_) => self.refund(id).await,
        }
    }

    /// Calls a refund off, where the money has not left.
    pub async fn cancel_refund(&self, id: &str) -> Heard<ProviderSaid> {
        match self {
            Self::Stripe(stripe) => stripe.cancel_refund(id).await,
            Self::Manual(_) => Heard::plain(ProviderSaid::Unknown {
                seen: manual::TOLD_BY_STATEMENT.to_owned(),
            }),
        }
    }

    /// All refunds of a payment, read to the end of the provider's list.
    pub async fn refunds_of(&self, payment: &str) -> Heard<ProviderListed> {
        match self {
            Self::Stripe(stripe) => stripe.refunds_of(payment).await,
            // Accepting a transfer moves nothing and is the same each time, so there is nothing to find.
            Self::Manual(_) => Heard::plain(ProviderListed::All(Vec::new())),
        }
    }

    /// A page of all refunds made since then, by anybody, newest first.
    pub async fn refunds_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<SeenRefund>> {
        match self {
            Self::Stripe(stripe) => stripe.refunds_since(since, after).await,
            Self::Manual(_) => nothing_to_page(),
        }
    }

    /// Looks at a payment.
    pub async fn payment(&self, id: &str) -> Reading<Payment> {
        match self {
            Self::Stripe(stripe) => stripe.payment(id).await,
            Self::Manual(_) => not_asked(),
        }
    }

    /// Ends a subscription now, without a credit for the rest of its period.
    pub async fn cancel_subscription(&self, id: &str) -> Heard<Cancelled> {
        match self {
            Self::Stripe(stripe) => stripe.cancel_subscription(id).await,
            Self::Manual(_) => Heard::plain(Cancelled::Refused {
                why: ProviderRefusal::Other,
                words: "a bank transfer does not renew; end the subscription where it is kept"
                    .to_owned(),
            }),
        }
    }

    /// What was paid for the last period of a subscription: several payments are possible, and none.
    pub async fn latest_payments_of(&self, subscription: &str) -> Reading<Vec<PeriodPayment>> {
        match self {
            Self::Stripe(stripe) => stripe.latest_payments_of(subscription).await,
            Self::Manual(_) => not_asked(),
        }
    }

    /// Looks at a dispute.
    pub async fn dispute(&self, id: &str) -> Reading<Dispute> {
        match self {
            Self::Stripe(stripe) => stripe.dispute(id).await,
            Self::Manual(_) => not_asked(),
        }
    }

    /// The disputes of a payment. A bank transfer has none.
    pub async fn disputes_of(&self, payment: &str) -> Reading<Vec<Dispute>> {
        match self {
            Self::Stripe(stripe) => stripe.disputes_of(payment).await,
            Self::Manual(_) => Heard::plain(Ok(Vec::new())),
        }
    }

    /// Lays evidence down at the provider without handing it in; fields that are not named keep what they hold.
    pub async fn stage_evidence(
        &self,
        dispute: &str,
        fields: &BTreeMap<String, String>,
    ) -> Heard<Answered> {
        match self {
            Self::Stripe(stripe) => stripe.stage_evidence(dispute, fields).await,
            Self::Manual(_) => Heard::plain(Answered::Refused {
                words: manual::TOLD_BY_STATEMENT.to_owned(),
            }),
        }
    }

    /// Hands in what lies at the provider: once, and for good. The same `key` hands in no second time.
    pub async fn submit_evidence(&self, dispute: &str, key: &str) -> Heard<Answered> {
        match self {
            Self::Stripe(stripe) => stripe.submit_evidence(dispute, key).await,
            Self::Manual(_) => Heard::plain(Answered::Refused {
                words: manual::TOLD_BY_STATEMENT.to_owned(),
            }),
        }
    }

    /// Accepts that a dispute is lost: for good.
    pub async fn accept_dispute(&self, dispute: &str, key: &str) -> Heard<Answered> {
        match self {
            Self::Stripe(stripe) => stripe.accept_dispute(dispute, key).await,
            Self::Manual(_) => Heard::plain(Answered::Refused {
                words: manual::TOLD_BY_STATEMENT.to_owned(),
            }),
        }
    }

    /// A page of all disputes opened since then, newest first.
    pub async fn disputes_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<Dispute>> {
        match self {
            Self::Stripe(stripe) => stripe.disputes_since(since, after).await,
            Self::Manual(_) => nothing_to_page(),
        }
    }

    /// A page of what happened since then, newest first: for webhooks that never came.
    pub async fn events_since(
        &self,
        since: Timestamp,
        after: Option<&str>,
    ) -> Reading<Page<ProviderEvent>> {
        match self {
            Self::Stripe(stripe) => stripe.events_since(since, after).await,
            Self::Manual(_) => nothing_to_page(),
        }
    }

    /// The merchant's account: is the key good, and is there money to pay back from?
    pub async fn standing(&self) -> Reading<Standing> {
        match self {
            Self::Stripe(stripe) => stripe.standing().await,
            Self::Manual(_) => not_asked(),
        }
    }
}

fn not_asked<T>() -> Reading<T> {
    Heard::plain(Err(Unread::Refused {
        words: manual::TOLD_BY_STATEMENT.to_owned(),
    }))
}

/// A bank keeps no list for us; what there is stands in our own books.
const fn nothing_to_page<T>() -> Reading<Page<T>> {
    Heard::plain(Ok(Page {
        items: Vec::new(),
        next: None,
    }))
}
