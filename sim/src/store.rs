// SPDX-License-Identifier: MIT OR Apache-2.0
//! The store in memory, with transactions as a database has them: all or nothing, never on what another has changed meanwhile.
//!
//! What stands here survives a crash. Everything else in the world is forgotten by one.

use std::collections::{BTreeMap, BTreeSet};

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{ClaimKind, DisputeStatus, Instant};
use makegood_desk::event::{Event, Granted, Happened};
use makegood_desk::execution::ProviderRefund;
use makegood_desk::input::{Actor, Brakes, Id, Input, Limits};
use makegood_desk::life::{Case, CreditState};
use makegood_desk::owed::Timer;
use makegood_desk::records::{OrderRecord, Records, RefundRecord};
use makegood_desk::refusal::Refusal;

use crate::auditor::{Auditor, Moment};
use crate::bug::Bug;
use crate::desk::{Desk, Shown};
use crate::invariants::{Invariant, Violation};
use crate::provider::Provider;

/// A case as it is stored.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// About which order.
    pub order: usize,
    /// What is claimed.
    pub claim: ClaimKind,
    /// The case: what its events add up to.
    pub case: Case,
    /// Its events.
    pub events: Vec<Event>,
    /// When it is to be looked at again, and why.
    pub wake: Option<(Instant, Timer)>,
    /// Nobody else works on it before.
    pub leased_until: Instant,
    /// Who has it in hand: a worker, and which of its lives.
    pub leased_by: (usize, u32),
    /// The records of its order changed since the desk looked.
    pub dirty: bool,
}

/// An order as it is stored.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// What the desk is shown.
    pub records: Records,
    /// What the shop will tell.
    pub to_tell: OrderRecord,
    /// How often the records changed.
    pub version: u64,
    /// Refunds by other hands: their names at the provider, with what they come to.
    pub foreign: BTreeMap<String, (usize, Amount)>,
    /// Log entries that came in, by what they say.
    pub log_seen: BTreeSet<String>,
}

/// What a transaction would write.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Which case.
    pub case: usize,
    case_version: u64,
    order_version: u64,
    brakes_version: u64,
    /// Who acts.
    pub by: Actor,
    /// When it was read.
    pub at: Instant,
    /// What would have happened.
    pub events: Vec<Event>,
}

/// Why a transaction was not committed.
#[derive(Debug)]
pub enum Uncommitted {
    /// Somebody else was quicker: read again.
    Conflict,
    /// Something did not hold.
    Broken(Violation),
}

/// The store.
#[derive(Debug)]
pub struct Store {
    /// Cases.
    pub cases: Vec<CaseRow>,
    /// Orders.
    pub orders: Vec<OrderRow>,
    /// Where a reference leads: case and refund.
    pub by_key: BTreeMap<String, (usize, u32)>,
    /// What the merchant allows.
    pub limits: Limits,
    /// The switch.
    pub stopped: bool,
    /// Until when the provider rests.
    pub resting: BTreeMap<String, Instant>,
    /// What was granted on which day.
    granted: BTreeMap<i128, u64>,
    /// A planted bug: what was exchanged is owed still.
    pub forgets_credits: bool,
    /// How often brakes changed or money was granted.
    brakes_version: u64,
}

const DAY_NANOSECONDS: i128 = 86_400_000_000_000;

impl Store {
    /// An empty store.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            cases: Vec::new(),
            orders: Vec::new(),
            by_key: BTreeMap::new(),
            limits,
            stopped: false,
            resting: BTreeMap::new(),
            granted: BTreeMap::new(),
            forgets_credits: false,
            brakes_version: 0,
        }
    }

    /// How far the brakes are on.
    #[must_use]
    pub fn brakes(&self, now: Instant) -> Brakes {
        let day = now.unix_nanoseconds() / DAY_NANOSECONDS;
        Brakes {
            stopped: self.stopped,
            resting: self.resting.clone(),
            day_minor: self.granted.get(&day).copied().unwrap_or(0),
            person_day_minor: 0,
        }
    }

    /// Pulls or releases the switch.
    pub fn switch(&mut self, on: bool) {
        self.stopped = on;
        self.brakes_version += 1;
    }

    /// Lets a provider rest.
    pub fn rest(&mut self, provider: &str, until: Instant) {
        self.resting.insert(provider.into(), until);
        self.brakes_version += 1;
    }

    /// The open case of an order and claim, or a place for a new one.
    pub fn open_case(&mut self, order: usize, claim: ClaimKind) -> usize {
        let open = self
            .cases
            .iter()
            .position(|row| row.order == order && row.claim == claim && row.case.closed.is_none());
        open.unwrap_or_else(|| {
            let no = u8::try_from(self.cases.len()).unwrap_or(u8::MAX);
            self.cases.push(CaseRow {
                order,
                claim,
                case: Case::new(Id([no; 16])),
                events: Vec::new(),
                wake: None,
                leased_until: Instant::from_unix_nanoseconds(0),
                leased_by: (usize::MAX, 0),
                dirty: false,
            });
            self.cases.len() - 1
        })
    }

    /// Reads everything that an input needs and asks the desk what comes of it.
    ///
    /// # Errors
    /// The desk will not.
    pub fn prepare(
        &self,
        desk: &mut Desk<'_>,
        case: usize,
        by: Actor,
        now: Instant,
        input: Input,
    ) -> Result<Prepared, Refusal> {
        let row = &self.cases[case];
        let order = &self.orders[row.order];
        let brakes = self.brakes(now);
        let shown = Shown {
            records: &order.records,
            limits: &self.limits,
            brakes: &brakes,
            by,
            now,
        };
        let events = desk.handle(&row.case, shown, input)?;
        Ok(Prepared {
            case,
            case_version: row.case.version,
            order_version: order.version,
            brakes_version: self.brakes_version,
            by,
            at: now,
            events,
        })
    }

    /// Writes what was prepared, if nobody was quicker, with everything that hangs on it.
    ///
    /// # Errors
    /// Somebody was quicker, or something did not hold.
    pub fn commit(
        &mut self,
        desk: &mut Desk<'_>,
        auditor: &mut Auditor,
        provider: &Provider,
        now: Instant,
        prepared: Prepared,
    ) -> Result<(), Uncommitted> {
        let row = &self.cases[prepared.case];
        let order = &self.orders[row.order];
        let case_fresh = row.case.version == prepared.case_version;
        let order_fresh = order.version == prepared.order_version
            && self.brakes_version == prepared.brakes_version;
        let unlocked = desk.bug == Some(Bug::CommitsOnOldReads);
        if !case_fresh || !order_fresh && !unlocked {
            return Err(Uncommitted::Conflict);
        }
        for event in &prepared.events {
            let brakes = self.brakes(prepared.at);
            let row = &self.cases[prepared.case];
            let moment = Moment {
                case: &row.case,
                no: prepared.case,
                order: row.order,
                records: &self.orders[row.order].records,
                limits: &self.limits,
                brakes: &brakes,
                provider,
                now,
            };
            auditor
                .happens(desk, &moment, event)
                .map_err(Uncommitted::Broken)?;
            self.write(desk, prepared.case, event)
                .map_err(Uncommitted::Broken)?;
            if matches!(
                event.what,
                Happened::RefundFailed { .. }
                    | Happened::RefundCancelled { .. }
                    | Happened::CreditWithdrawn { .. }
            ) {
                // What follows in the same transaction rests on the books without it.
                let order = self.cases[prepared.case].order;
                self.refresh(order, Some(prepared.case));
            }
        }
        let row = &mut self.cases[prepared.case];
        let order = row.order;
        let changed = !prepared.events.is_empty();
        row.wake = desk.next_wake(&row.case, &self.limits, prepared.at);
        auditor
            .agrees(&self.orders[order].records)
            .map_err(Uncommitted::Broken)?;
        auditor
            .stands(prepared.case, &self.cases[prepared.case].case)
            .map_err(Uncommitted::Broken)?;
        if changed && prepared.events.iter().any(|event| moves_money(&event.what)) {
            self.orders[order].version += 1;
            self.refresh(order, Some(prepared.case));
        }
        Ok(())
    }

    fn write(&mut self, desk: &Desk<'_>, case: usize, event: &Event) -> Result<(), Violation> {
        let order = self.cases[case].order;
        match &event.what {
            Happened::RefundReserved {
                no,
                payment,
                amount,
                key,
                ..
            } => {
                if self.by_key.insert(key.clone(), (case, *no)).is_some() {
                    return Err(Violation {
                        invariant: Invariant::OneRefundPerKey,
                        seen: format!("the key {key} stands in the books already"),
                    });
                }
                self.reserve(desk, order, payment, amount.minor())?;
            }
            Happened::RefundCancelled { no, .. } | Happened::RefundFailed { no, .. } => {
                self.release(desk, case, *no);
            }
            Happened::Accepted {
                decision,
                second_person: false,
            }
            | Happened::Approved { decision } => {
                self.grant(case, *decision, event.at);
            }
            _ => {}
        }
        let row = &mut self.cases[case];
        row.case.apply(event);
        let lost =
            desk.bug == Some(Bug::LosesAnEvent) && matches!(event.what, Happened::TaskEnded { .. });
        if !lost {
            row.events.push(event.clone());
        }
        Ok(())
    }

    /// INVARIANT (never more refunded than captured): the conditional update, as the database does it.
    fn reserve(
        &mut self,
        desk: &Desk<'_>,
        order: usize,
        payment: &str,
        minor: u64,
    ) -> Result<(), Violation> {
        for record in &mut self.orders[order].records.payments {
            if record.payment.id == payment {
                let sum = record.reserved_minor + minor;
                let unchecked = matches!(
                    desk.bug,
                    Some(Bug::CommitsOnOldReads | Bug::ForgetsReservation | Bug::ReleasesTwice)
                );
                if sum > record.payment.amount.minor() && !unchecked {
                    return Err(Violation {
                        invariant: Invariant::TheBooksBear,
                        seen: format!("{sum} of payment {payment}"),
                    });
                }
                record.reserved_minor = sum;
            }
        }
        Ok(())
    }

    fn release(&mut self, desk: &Desk<'_>, case: usize, no: u32) {
        let row = &self.cases[case];
        let found = row.case.refunds.iter().find(|refund| refund.no == no);
        let Some((payment, minor)) = found
            .filter(|refund| refund.binds())
            .map(|refund| (refund.payment.clone(), refund.amount.minor()))
        else {
            return;
        };
        let times = if desk.bug == Some(Bug::ReleasesTwice) {
            2
        } else {
            1
        };
        for record in &mut self.orders[row.order].records.payments {
            if record.payment.id == payment {
                record.reserved_minor = record.reserved_minor.saturating_sub(minor * times);
            }
        }
    }

    fn grant(&mut self, case: usize, decision: u32, at: Instant) {
        let held = self.cases[case]
            .case
            .decisions
            .iter()
            .find(|held| held.proposal.no == decision);
        let money = held.map_or(0, |held| {
            held.proposal
                .remedies
                .iter()
                .filter_map(Granted::money)
                .map(|amount| amount.minor())
                .sum()
        });
        if money > 0 {
            let day = at.unix_nanoseconds() / DAY_NANOSECONDS;
            *self.granted.entry(day).or_default() += money;
            self.brakes_version += 1;
        }
    }

    /// Brings what the desk is shown of an order up to date, and has its other cases looked at.
    pub fn refresh(&mut self, order: usize, except: Option<usize>) {
        let mut refunds = Vec::new();
        for row in self.cases.iter().filter(|row| row.order == order) {
            for refund in row.case.refunds.iter().filter(|refund| refund.binds()) {
                refunds.push(RefundRecord {
                    at: refund.reserved_at,
                    amount: refund.amount,
                    units: refund.units,
                });
            }
            if !self.forgets_credits {
                refunds.extend(credited(&row.case));
            }
        }
        let row = &mut self.orders[order];
        let placed = row.to_tell.order.placed_at;
        refunds.extend(row.foreign.values().map(|(_, amount)| RefundRecord {
            at: placed,
            amount: *amount,
            units: 0,
        }));
        row.records.refunds = refunds;
        for (place, row) in self.cases.iter_mut().enumerate() {
            if row.order == order && Some(place) != except && row.case.version > 0 {
                row.dirty = true;
            }
        }
    }

    /// The records of an order change.
    pub fn change(&mut self, order: usize, change: impl FnOnce(&mut OrderRow)) {
        change(&mut self.orders[order]);
        self.orders[order].version += 1;
        self.refresh(order, None);
    }

    /// A refund that we did not decide was seen at the provider: true even where it breaks a bound.
    pub fn foreign(&mut self, report: &ProviderRefund, live: bool) -> bool {
        let place = self.orders.iter().position(|order| {
            let mut payments = order.records.payments.iter();
            payments.any(|record| record.reference == report.payment)
        });
        let Some(order) = place else {
            return false;
        };
        let known = self.orders[order].foreign.contains_key(&report.id);
        if known == live {
            return false;
        }
        self.change(order, |row| {
            let payment = row
                .records
                .payments
                .iter()
                .position(|record| record.reference == report.payment)
                .unwrap_or(0);
            let record = &mut row.records.payments[payment];
            if live {
                row.foreign
                    .insert(report.id.clone(), (payment, report.amount));
                record.foreign_minor += report.amount.minor();
                row.records.frozen = true;
            } else {
                row.foreign.remove(&report.id);
                record.foreign_minor -= report.amount.minor();
            }
        });
        true
    }
}

/// What was given for an exchange or as credit counts as gone back, like money.
fn credited(case: &Case) -> impl Iterator<Item = RefundRecord> + '_ {
    let credits = case.credits.iter();
    let counts = credits.filter(|credit| credit.state != CreditState::Withdrawn);
    counts.map(|credit| RefundRecord {
        at: credit.at,
        amount: credit.amount,
        units: 0,
    })
}

const fn moves_money(what: &Happened) -> bool {
    matches!(
        what,
        Happened::RefundReserved { .. }
            | Happened::RefundCancelled { .. }
            | Happened::RefundFailed { .. }
            | Happened::CreditGranted { .. }
            | Happened::CreditWithdrawn { .. }
    )
}

/// Whether a dispute takes a payment now.
#[must_use]
pub fn takes(records: &Records, payment: &str) -> bool {
    records.disputes.iter().any(|record| {
        !record.inquiry
            && record.dispute.status == DisputeStatus::Open
            && record.payment.as_deref().is_none_or(|of| of == payment)
    })
}

/// The currency of the world.
///
/// # Panics
/// Never: three capitals are a currency.
#[must_use]
pub fn kroner() -> Currency {
    Currency::new("DKK", 2).expect("three capitals are a currency")
}
