// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shop: what it sells, what it allows, what it tells of its orders, and the bank that disputes them.

use std::collections::{BTreeMap, BTreeSet};

use makegood_desk::amount::Amount;
use makegood_desk::case::{
    Country, Dispute, DisputeStatus, LogEntry, Order, Payment, Service, ServiceKind, Subscription,
};
use makegood_desk::input::Limits;
use makegood_desk::records::{
    DisputeRecord, OrderRecord, PaymentRecord, Records, SubscriptionRecord,
};
use makegood_desk::remedy::Outcome;

use crate::chance::Chance;
use crate::plan::{BEGIN, DAY, Fault, HOUR, Plan, Rules, seconds};
use crate::provider::{BankDispute, Charge, Provider, STRIPE};
use crate::store::{OrderRow, Store, kroner};
use crate::world::{Step, World};

/// The provider's name for a payment.
#[must_use]
pub fn reference(order: usize, payment: usize) -> String {
    format!("ch_{}_{}", order + 1, payment + 1)
}

/// Our name for a payment.
#[must_use]
pub fn payment_id(order: usize, payment: usize) -> String {
    format!("pay-{}-{}", order + 1, payment + 1)
}

/// What the merchant allows.
#[must_use]
pub fn limits(rules: &Rules) -> Limits {
    Limits {
        automatic_minor_max: [(*b"DKK", rules.automatic_minor_max)].into(),
        automatic_outcomes: if rules.automatic_minor_max > 0 {
            [
                Outcome::Refund,
                Outcome::PartialRefund,
                Outcome::SupportResolution,
                Outcome::Declined,
            ]
            .into()
        } else {
            BTreeSet::new()
        },
        second_person_above_minor: [(*b"DKK", rules.second_person_above)].into(),
        hold: seconds(rules.hold),
        connector: rules.connector,
        tries_max: rules.tries_max,
        unknown_max: seconds(rules.unknown_hours * HOUR),
        unanswered_closes: rules.unanswered_closes,
        day_minor_max: rules
            .day_minor_max
            .map_or_else(BTreeMap::new, |most| [(*b"DKK", most)].into()),
        ..Limits::default()
    }
}

/// Fills the store and the provider with what was sold.
pub fn open(plan: &Plan, store: &mut Store, provider: &mut Provider) {
    for (place, planned) in plan.orders.iter().enumerate() {
        let placed_at = BEGIN.plus(seconds(planned.placed));
        let mut records = Records::default();
        for (no, (minor, kind, after)) in planned.payments.iter().enumerate() {
            let amount = Amount::new(*minor, kroner());
            provider.charges.push(Charge {
                id: reference(place, no),
                captured: amount,
            });
            records.payments.push(PaymentRecord {
                payment: Payment {
                    id: payment_id(place, no).into(),
                    at: placed_at.plus(seconds(*after)),
                    amount,
                    kind: *kind,
                    fulfilled: None,
                },
                provider: STRIPE.into(),
                reference: reference(place, no),
                reserved_minor: 0,
                foreign_minor: 0,
            });
        }
        records.subscription = planned.subscription.then(|| SubscriptionRecord {
            status: Subscription::Active,
            provider: STRIPE.into(),
            reference: format!("sub_{}", place + 1),
        });
        let mut chance = Chance::of(&[plan.seed, 50, u64::try_from(place).unwrap_or(0)]);
        records.history.disputes = u32::from(chance.one_in(10));
        records.history.refunds_recent = if chance.one_in(10) { 2 } else { 0 };
        store.orders.push(OrderRow {
            records,
            to_tell: OrderRecord {
                order: order(plan, place),
                customer: None,
            },
            version: 0,
            foreign: BTreeMap::new(),
            log_seen: BTreeSet::new(),
        });
    }
}

fn order(plan: &Plan, place: usize) -> Order<'static> {
    let planned = &plan.orders[place];
    let target = planned.target || planned.kind == ServiceKind::Account;
    Order {
        number: planned.number.clone().into(),
        placed_at: BEGIN.plus(seconds(planned.placed)),
        quantity: planned.quantity,
        price: Amount::new(planned.price, kroner()),
        links: Vec::new(),
        service: Service {
            name: "Followers".into(),
            unit: "follower".into(),
            kind: planned.kind,
            start_within: seconds(24 * HOUR),
            guarantee: seconds(30 * DAY),
            units_per_day: Some(planned.quantity.div_ceil(2)),
            target_country: Country::new("DK").filter(|_| target),
        },
    }
}

impl World<'_> {
    /// Fulfilment reports: late or twice, if it is one of those.
    pub(crate) fn report_log(&mut self, no: u32, order: usize, entry: LogEntry<'static>) {
        let mut chance = self.chance(&[51, u64::from(no)]);
        if self.has(Fault::LogTwice) && chance.one_in(2) {
            let wait = chance.pick(&[1, HOUR, DAY]);
            let entry = entry.clone();
            self.after(seconds(wait), Step::Log { order, entry });
        }
        if self.has(Fault::LogLate) && chance.one_in(2) {
            let wait = chance.pick(&[60, 5 * HOUR, DAY]);
            self.after(seconds(wait), Step::Log { order, entry });
        } else {
            self.log(order, &entry);
        }
    }

    /// A line comes in; the same line twice is one line.
    pub(crate) fn log(&mut self, order: usize, entry: &LogEntry<'static>) {
        let name = format!("{entry:?}");
        if self.store.orders[order].log_seen.contains(&name) {
            return;
        }
        self.store.change(order, |row| {
            row.log_seen.insert(name);
            row.records.delivery_log.push(entry.clone());
        });
        self.news();
    }

    /// The bank opens a dispute; the desk hears of it when the webhook comes.
    pub(crate) fn dispute_opens(
        &mut self,
        order: usize,
        payment: usize,
        inquiry: bool,
        salt: u64,
    ) -> usize {
        let place = self.provider.disputes.len();
        let minor = self.plan.orders[order].payments[payment].0;
        self.provider.disputes.push(BankDispute {
            id: format!("dp_{}", place + 1),
            order,
            payment: reference(order, payment),
            opened_at: self.now,
            status: DisputeStatus::Open,
            amount: Amount::new(minor, kroner()),
            inquiry,
        });
        self.tell_dispute(place, salt);
        place
    }

    pub(crate) fn dispute_ends(&mut self, dispute: usize, won: bool) {
        let status = if won {
            DisputeStatus::Won
        } else {
            DisputeStatus::Lost
        };
        self.provider.disputes[dispute].status = status;
        self.tell(|| format!("bank      dispute {} is {status:?}", dispute + 1));
        self.tell_dispute(dispute, 7);
    }

    fn tell_dispute(&mut self, dispute: usize, salt: u64) {
        let no = u64::try_from(dispute).unwrap_or(0);
        let mut chance = self.chance(&[52, no, salt]);
        if self.has(Fault::HookLost) && chance.one_in(3) {
            return;
        }
        let wait = if self.has(Fault::HookLate) {
            chance.pick(&[0, 60, 5 * HOUR])
        } else {
            chance.pick(&[0, 1])
        };
        self.after(seconds(wait), Step::DisputeHook { dispute });
    }

    /// The desk's books learn how a dispute stands.
    pub(crate) fn dispute_seen(&mut self, dispute: usize) {
        let held = self.provider.disputes[dispute].clone();
        let order = held.order;
        let payments = &self.store.orders[order].records.payments;
        let payment = payments
            .iter()
            .find(|record| record.reference == held.payment)
            .map(|record| record.payment.id.clone().into_owned());
        let known = &self.store.orders[order].records.disputes;
        let same = known
            .iter()
            .any(|record| record.dispute.id == held.id && record.dispute.status == held.status);
        if same {
            return;
        }
        self.tell(|| format!("books     dispute {} is {:?}", held.id, held.status));
        let record = DisputeRecord {
            dispute: Dispute {
                id: held.id.into(),
                opened_at: held.opened_at,
                status: held.status,
                amount: held.amount,
            },
            payment,
            inquiry: held.inquiry,
        };
        self.store.change(order, |row| {
            let disputes = &mut row.records.disputes;
            disputes.retain(|known| known.dispute.id != record.dispute.id);
            disputes.push(record);
        });
        self.news();
    }
}
