// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the books say of an order, and the case file that comes of them and of what was learned in the case.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::{Amount, Ratio};
use crate::case::{
    CaseFile, CaseParts, CaseProblem, Claim, Contact, Dispute, DisputeStatus, Event, Evidence,
    Findings, Instant, LogEntry, Order, Payment, PaymentKind, Refund, Service, Shows, Subscription,
    Text,
};
use crate::input::{Answer, Id, ProofAbout, ProofShows};
use crate::life::{self, Case, Proof, ProofState};

/// What the books say of an order at the moment of looking.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// The order; none while nobody has told us of it.
    pub order: Option<OrderRecord>,
    /// Its captured payments.
    pub payments: Vec<PaymentRecord>,
    /// Present when the order renews.
    pub subscription: Option<SubscriptionRecord>,
    /// Refunds of the order, by whatever way: paid, on their way or promised, and what was given in exchange; those that failed or
    /// were called back are not among them.
    pub refunds: Vec<RefundRecord>,
    /// Chargebacks and inquiries.
    pub disputes: Vec<DisputeRecord>,
    /// When the customer wrote to support.
    pub contacts: Vec<Contact>,
    /// What fulfilment reported, in the order in which it came in.
    pub delivery_log: Vec<LogEntry<'static>>,
    /// What is known of the customer beside this order.
    pub history: History,
    /// A refund that nobody here decided was seen at the provider, and nobody has explained it.
    pub frozen: bool,
}

/// An order as the shop told it.
#[derive(Clone, Debug)]
pub struct OrderRecord {
    /// What was bought.
    pub order: Order<'static>,
    /// Whose it is.
    pub customer: Option<Id>,
}

/// A captured payment, and what became of it.
#[derive(Clone, Debug)]
pub struct PaymentRecord {
    /// The payment.
    pub payment: Payment<'static>,
    /// The provider that took it, by the name in the settings.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
    /// What is promised, on its way or paid back by the desk, in minor units.
    // INVARIANT (never more refunded than captured): at most the captured amount; kept by the desk before, by the store again.
    pub reserved_minor: u64,
    /// What went back by other hands, in minor units. What a provider reports is true even where it breaks a bound.
    pub foreign_minor: u64,
}

impl PaymentRecord {
    /// What can still be promised of it, beside disputes.
    #[must_use]
    pub fn left_minor(&self) -> u64 {
        self.payment
            .amount
            .minor()
            .saturating_sub(self.reserved_minor)
            .saturating_sub(self.foreign_minor)
    }
}

/// A subscription at its provider.
#[derive(Clone, Debug)]
pub struct SubscriptionRecord {
    /// Whether it goes on.
    pub status: Subscription,
    /// The provider that keeps it.
    pub provider: String,
    /// The provider's name for it.
    pub reference: String,
}

/// A refund of the order.
#[derive(Clone, Copy, Debug)]
pub struct RefundRecord {
    /// When it was promised.
    pub at: Instant,
    /// How much.
    pub amount: Amount,
    /// For how many units.
    pub units: u64,
}

/// A dispute as the provider tells it.
#[derive(Clone, Debug)]
pub struct DisputeRecord {
    /// The dispute.
    pub dispute: Dispute<'static>,
    /// The payment it is about, by our name; none while it is not known.
    pub payment: Option<String>,
    /// Whether it is an inquiry only, which takes no money and stops none.
    pub inquiry: bool,
}

/// What is known of a customer beside the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Other orders.
    pub orders: u32,
    /// Other cases that are open.
    pub cases_open: u32,
    /// Refunds in the merchant's window.
    pub refunds_recent: u32,
    /// Chargebacks ever.
    pub disputes: u32,
    /// Other orders of the same service with an open case in the last days.
    pub same_trouble: u32,
}

impl Records {
    /// A chargeback that is open now and takes this payment or one that is not known.
    #[must_use]
    pub fn open_dispute(&self, payment: Option<&str>) -> Option<&DisputeRecord> {
        self.disputes.iter().find(|record| {
            !record.inquiry
                && record.dispute.status == DisputeStatus::Open
                && (payment.is_none()
                    || record.payment.is_none()
                    || record.payment.as_deref() == payment)
        })
    }

    /// What can still go back to the customer of what was paid for the order; nothing while the order is unknown.
    ///
    /// Neither the payments nor the whole bear more: what was given in exchange or as credit stands on no payment, and is given all the
    /// same.
    #[must_use]
    pub fn left(&self) -> Option<Amount> {
        let currency = self.order.as_ref()?.order.price.currency();
        let (mut of_payments, mut of_all) = (0_u64, 0_u64);
        for record in &self.payments {
            let lost = self.lost_minor(&record.payment.id);
            of_payments = of_payments.saturating_add(record.left_minor().saturating_sub(lost));
            let kept = record.payment.amount.minor().saturating_sub(lost);
            of_all = of_all.saturating_add(kept);
        }
        for refund in &self.refunds {
            if refund.amount.currency() == currency {
                of_all = of_all.saturating_sub(refund.amount.minor());
            }
        }
        Some(Amount::new(of_payments.min(of_all), currency))
    }

    /// What a lost chargeback took of a payment, in minor units.
    #[must_use]
    pub fn lost_minor(&self, payment: &str) -> u64 {
        let of_it = |record: &&DisputeRecord| {
            record.dispute.status == DisputeStatus::Lost
                && record.payment.as_deref() == Some(payment)
        };
        self.disputes.iter().filter(of_it).fold(0, |sum, record| {
            sum.saturating_add(record.dispute.amount.minor())
        })
    }

    /// The same without these refunds and credits of the desk's, which bind nothing any more.
    #[must_use]
    pub(crate) fn without(&self, undone: &[life::Refund], withdrawn: &[life::Credit]) -> Self {
        let mut records = self.clone();
        for credit in withdrawn {
            let same = |record: &RefundRecord| {
                record.at == credit.at && record.amount == credit.amount && record.units == 0
            };
            if let Some(place) = records.refunds.iter().position(same) {
                records.refunds.remove(place);
            }
        }
        for refund in undone {
            let same = |record: &RefundRecord| {
                record.at == refund.reserved_at
                    && record.amount == refund.amount
                    && record.units == refund.units
            };
            if let Some(place) = records.refunds.iter().position(same) {
                records.refunds.remove(place);
            }
            for record in &mut records.payments {
                if record.payment.id == refund.payment {
                    let minor = refund.amount.minor();
                    record.reserved_minor = record.reserved_minor.saturating_sub(minor);
                }
            }
        }
        records
    }

    /// Whether a lost chargeback has taken money of a payment that is promised or gone already.
    #[must_use]
    pub fn is_overdrawn(&self, payment: &str) -> bool {
        let lost = self.lost_minor(payment);
        lost > 0
            && self
                .payments
                .iter()
                .any(|record| record.payment.id == payment && record.left_minor() < lost)
    }

    /// The case file of a case at a moment: the books, and what was learned in the case.
    ///
    /// # Errors
    /// `None` while the order is unknown; else the place where the books contradict each other.
    pub fn case_file<'c>(
        &'c self,
        case: &'c Case,
        as_of: Instant,
    ) -> Option<Result<CaseFile<'c>, CaseProblem>> {
        let order = &self.order.as_ref()?.order;
        let claim = case.claim()?;
        let claimed_at = claim.at.max(order.placed_at).min(as_of);
        let parts = CaseParts {
            as_of,
            order: self.order_with(case, order),
            payments: self.payments_with(case, claim.payment.as_deref()),
            subscription: self.subscription.as_ref().map(|record| record.status),
            refunds: self
                .refunds
                .iter()
                .map(|refund| Refund {
                    at: refund.at,
                    amount: refund.amount,
                    units: refund.units,
                })
                .collect(),
            disputes: self
                .disputes
                .iter()
                .filter(|record| !record.inquiry)
                .map(|record| Dispute {
                    id: Cow::Borrowed(&record.dispute.id),
                    ..record.dispute.clone()
                })
                .collect(),
            contacts: self.contacts.clone(),
            delivery_log: self.log_with(case),
            claim: Claim {
                kind: claim.kind,
                at: claimed_at,
                wants: claim.wants,
                account: claim.account.as_deref().map(Cow::Borrowed),
                // A payment that nobody knows cannot be meant: the latest is, as where none is named.
                payment: claim
                    .payment
                    .as_deref()
                    .filter(|named| self.payments.iter().any(|known| known.payment.id == *named))
                    .map(Cow::Borrowed),
                message: None,
            },
            evidence: case.proofs().iter().filter_map(evidence).collect(),
            findings: findings(case),
        };
        Some(CaseFile::new(parts))
    }

    fn order_with<'c>(&'c self, case: &Case, order: &'c Order<'static>) -> Order<'c> {
        let promised = case.answers().find_map(|answer| match answer.answer {
            Answer::UnitsPerDay(units) => Some(units),
            _ => None,
        });
        Order {
            number: borrowed(&order.number),
            placed_at: order.placed_at,
            quantity: order.quantity,
            price: order.price,
            links: order.links.iter().map(borrowed).collect(),
            service: Service {
                name: borrowed(&order.service.name),
                unit: borrowed(&order.service.unit),
                units_per_day: order.service.units_per_day.or(promised),
                ..order.service
            },
        }
    }

    fn payments_with<'c>(&'c self, case: &Case, claimed: Option<&str>) -> Vec<Payment<'c>> {
        let told = case.answers().find_map(|answer| match answer.answer {
            Answer::PeriodFulfilled(fulfilled) => Some(fulfilled),
            _ => None,
        });
        let latest = self
            .payments
            .iter()
            .enumerate()
            .max_by_key(|(place, record)| (record.payment.at, *place))
            .map(|(_, record)| record.payment.id.as_ref());
        let meant = claimed.or(latest);
        self.payments
            .iter()
            .map(|record| {
                let payment = &record.payment;
                let answered = told.filter(|_| {
                    payment.kind == PaymentKind::Renewal && meant == Some(payment.id.as_ref())
                });
                Payment {
                    id: borrowed(&payment.id),
                    fulfilled: payment.fulfilled.or(answered),
                    ..payment.clone()
                }
            })
            .collect()
    }

    /// The delivery log, with what the technical team answered in this case.
    fn log_with<'c>(&'c self, case: &Case) -> Vec<LogEntry<'c>> {
        let mut log: Vec<LogEntry<'c>> = self.delivery_log.iter().map(entry).collect();
        for told in case.answers() {
            let mut add = |at, event| {
                log.push(LogEntry {
                    at,
                    id: None,
                    event,
                });
            };
            match told.answer {
                Answer::Stopped(true) => add(told.at, Event::Stopped),
                Answer::Stopped(false) => {
                    add(told.at, Event::StopRequested);
                    add(told.at, Event::StopFailed);
                }
                Answer::Counts { start_count, count } => {
                    // The counter of the beginning belongs to the beginning.
                    let begun = self
                        .delivery_log
                        .iter()
                        .filter(|entry| {
                            matches!(entry.event, Event::Started { .. } | Event::Count { .. })
                        })
                        .map(|entry| entry.at)
                        .min()
                        .unwrap_or(told.at);
                    add(
                        begun,
                        Event::Started {
                            count: Some(start_count),
                        },
                    );
                    add(told.at, Event::Count { count });
                }
                Answer::RedeliveryPossible(_)
                | Answer::ExpeditePossible(_)
                | Answer::UnitsPerDay(_)
                | Answer::PeriodFulfilled(_) => {}
            }
        }
        log
    }
}

fn borrowed<'c>(text: &'c Text<'static>) -> Text<'c> {
    Cow::Borrowed(text.as_ref())
}

fn entry<'c>(entry: &'c LogEntry<'static>) -> LogEntry<'c> {
    LogEntry {
        at: entry.at,
        id: entry.id.as_ref().map(borrowed),
        event: match &entry.event {
            Event::Started { count } => Event::Started { count: *count },
            Event::Count { count } => Event::Count { count: *count },
            Event::Delivered { units } => Event::Delivered { units: *units },
            Event::Completed => Event::Completed,
            Event::StopRequested => Event::StopRequested,
            Event::Stopped => Event::Stopped,
            Event::StopFailed => Event::StopFailed,
            Event::Redelivery { units } => Event::Redelivery { units: *units },
            Event::HandedOver { account } => Event::HandedOver {
                account: borrowed(account),
            },
            Event::Login { account } => Event::Login {
                account: borrowed(account),
            },
        },
    }
}

fn findings(case: &Case) -> Findings {
    let mut findings = Findings::default();
    for told in case.answers() {
        match told.answer {
            Answer::RedeliveryPossible(possible) => findings.redelivery_possible = Some(possible),
            Answer::ExpeditePossible(possible) => findings.expedite_possible = Some(possible),
            _ => {}
        }
    }
    findings
}

/// A proof as a policy sees it. One that was rejected is no proof; one that nobody has looked at shows nothing yet.
fn evidence(proof: &Proof) -> Option<Evidence<'_>> {
    let (verified, shown) = match &proof.state {
        ProofState::Waiting => (false, &ProofShows::Nothing),
        ProofState::Accepted { shows, .. } => (true, shows),
        ProofState::Rejected { .. } => return None,
    };
    let shows = match (&proof.about, shown) {
        (ProofAbout::AudienceStatistics, ProofShows::OnTargetMillionths(share)) => {
            Shows::AudienceStatistics {
                on_target_share: Ratio::new(u128::from(*share).min(1_000_000), 1_000_000)?,
            }
        }
        (ProofAbout::AccountFault { account }, ProofShows::Fault(shown)) => Shows::AccountFault {
            account: Cow::Borrowed(account),
            shown: *shown,
        },
        (ProofAbout::Proxy { account }, ProofShows::Proxy { used, country }) => Shows::Proxy {
            account: Cow::Borrowed(account),
            used: *used,
            country: *country,
        },
        (ProofAbout::AudienceStatistics, _) if !verified => Shows::AudienceStatistics {
            on_target_share: Ratio::ZERO,
        },
        (ProofAbout::AccountFault { account }, _) if !verified => Shows::AccountFault {
            account: Cow::Borrowed(account),
            shown: false,
        },
        (ProofAbout::Proxy { account }, _) if !verified => Shows::Proxy {
            account: Cow::Borrowed(account),
            used: false,
            country: None,
        },
        _ => return None,
    };
    Some(Evidence { verified, shows })
}
