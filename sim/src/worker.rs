// SPDX-License-Identifier: MIT OR Apache-2.0
//! Workers: several of them take cases that are due and do what is owed, one small step at a time, and die between any two.

use std::collections::BTreeMap;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::execution::{
    ConnectorSaid, ProviderListed, ProviderRefusal, ProviderSaid, RefundOrder,
};
use makegood_desk::input::{Actor, Digest, Input};
use makegood_desk::life::{LetterKind, RefundState};
use makegood_desk::owed::{Owed, Timer};
use makegood_desk::refusal::Refusal;

use crate::bug::Bug;
use crate::chance::{Chance, word};
use crate::invariants::{Held, Invariant, demand};
use crate::plan::{DAY, Fault, HOUR, seconds};
use crate::store::Prepared;
use crate::verdict;
use crate::world::{Step, World};

/// A worker: everything here is forgotten by a crash.
#[derive(Debug, Default)]
pub struct Worker {
    /// Steps of an earlier life are not its own.
    pub epoch: u32,
    doing: Doing,
    case: usize,
    done: BTreeMap<(u8, u32), u32>,
    refused: bool,
    again: Option<Instant>,
    looked: bool,
}

#[derive(Debug, Default)]
enum Doing {
    #[default]
    Idle,
    Down,
    Looking,
    Writing(Box<Prepared>, Owed),
    Calling(Owed),
    Answered(Owed, Said),
}

#[derive(Clone, Debug)]
enum Said {
    Refund(ProviderSaid),
    Listed(ProviderListed),
    Command(ConnectorSaid),
    Handed,
}

impl Worker {
    /// Dies, if it lives.
    pub fn crash(&mut self) -> bool {
        if matches!(self.doing, Doing::Down) {
            return false;
        }
        *self = Self {
            epoch: self.epoch + 1,
            doing: Doing::Down,
            ..Self::default()
        };
        true
    }

    /// Lives again.
    pub fn up(&mut self) {
        if matches!(self.doing, Doing::Down) {
            self.doing = Doing::Idle;
        }
    }
}

const LEASE: u64 = 60;

const fn name(owed: &Owed) -> (u8, u32) {
    match owed {
        Owed::Send { no, .. } => (0, *no),
        Owed::List { no, .. } => (1, *no),
        Owed::Fetch { no, .. } => (2, *no),
        Owed::Command { no, .. } => (3, *no),
        Owed::CancelSubscription { no, .. } => (4, *no),
        Owed::Letter { no, .. } => (5, *no),
    }
}

impl World<'_> {
    /// Idle workers take what is due.
    pub(crate) fn poke(&mut self) -> Held {
        let now = self.clock();
        loop {
            let idle = self
                .workers
                .iter()
                .position(|worker| matches!(worker.doing, Doing::Idle));
            let due = self.store.cases.iter().position(|row| {
                let wakes = row.wake.is_some_and(|(at, _)| at <= now);
                (wakes || row.dirty) && row.case.version > 0 && row.leased_until <= now
            });
            let (Some(worker), Some(case)) = (idle, due) else {
                return Ok(());
            };
            let epoch = self.workers[worker].epoch;
            let row = &mut self.store.cases[case];
            row.leased_until = now.plus(seconds(LEASE));
            row.leased_by = (worker, epoch);
            // Whoever dies loses the lease, and somebody comes when it has ended.
            self.after(seconds(LEASE + 1), Step::Poke);
            self.workers[worker] = Worker {
                epoch,
                doing: Doing::Looking,
                case,
                ..Worker::default()
            };
            self.tell(|| format!("worker {worker}  takes case {case}"));
            self.does_not_spin(case)?;
            self.go_on(worker, Duration::from_nanoseconds(1_000_000));
        }
    }

    /// INVARIANT (nothing spins): a case is not taken again and again while nothing changes.
    fn does_not_spin(&mut self, case: usize) -> Held {
        let (since, times) = self.busy.entry(case).or_insert((self.now, 0));
        if self.now.since(*since) > seconds(HOUR) {
            (*since, *times) = (self.now, 0);
        }
        *times += 1;
        let times = *times;
        demand(times < 100, Invariant::NothingSpins, || {
            let now = self.clock();
            let row = &self.store.cases[case];
            format!(
                "case {case} is taken {times} times in an hour; it owes {:?}, wakes {:?}",
                self.desk.owed(&row.case, now),
                row.wake
            )
        })
    }

    fn go_on(&mut self, worker: usize, wait: Duration) {
        let epoch = self.workers[worker].epoch;
        self.after(wait, Step::Worker { worker, epoch });
    }

    /// One step of a worker.
    pub(crate) fn work(&mut self, worker: usize, epoch: u32) -> Held {
        if self.workers[worker].epoch != epoch {
            return Ok(());
        }
        let count = self.calls.entry(format!("step {worker}")).or_default();
        *count += 1;
        let mut chance = Chance::of(&[
            self.plan.seed,
            20,
            u64::try_from(worker).unwrap_or(0),
            *count,
        ]);
        if self.has(Fault::WorkerCrash) && chance.one_in(12) {
            self.crash(worker);
            return self.survives();
        }
        let case = self.workers[worker].case;
        match core::mem::take(&mut self.workers[worker].doing) {
            Doing::Idle | Doing::Down => Ok(()),
            Doing::Looking => self.look(worker, case, &mut chance),
            Doing::Writing(prepared, owed) => {
                if self.commit(*prepared)? {
                    self.then(worker, Doing::Calling(owed));
                } else {
                    self.tell(|| format!("worker {worker}  somebody was quicker"));
                    self.then(worker, Doing::Looking);
                }
                Ok(())
            }
            Doing::Calling(owed) => self.call(worker, case, owed),
            Doing::Answered(owed, said) => {
                self.answer(worker, case, &owed, said)?;
                self.then(worker, Doing::Looking);
                Ok(())
            }
        }
    }

    fn then(&mut self, worker: usize, doing: Doing) {
        self.workers[worker].doing = doing;
        self.go_on(worker, Duration::from_nanoseconds(50_000_000));
    }

    /// Chooses what to do next for the case, or leaves it.
    fn look(&mut self, worker: usize, case: usize, chance: &mut Chance) -> Held {
        let now = self.clock();
        let row = &self.store.cases[case];
        let timer = row
            .wake
            .is_some_and(|(at, timer)| at <= now && timer != Timer::Owed);
        if !self.workers[worker].looked && (row.dirty || timer || self.workers[worker].refused) {
            self.workers[worker].looked = true;
            self.store.cases[case].dirty = false;
            if let Err(refusal) = self.transact(case, Actor::System, Input::Look)? {
                self.tell(|| format!("case {case}      is not looked at: {refusal:?}"));
            }
            self.then(worker, Doing::Looking);
            return Ok(());
        }
        let owed = self.desk.owed(&self.store.cases[case].case, now);
        let done = &self.workers[worker].done;
        let next = owed
            .into_iter()
            .find(|owed| done.get(&name(owed)).copied().unwrap_or(0) < 3);
        match next {
            Some(owed) => self.take(worker, case, owed, chance),
            None => {
                self.leave(worker, case);
                Ok(())
            }
        }
    }

    fn leave(&mut self, worker: usize, case: usize) {
        let now = self.clock();
        let epoch = self.workers[worker].epoch;
        let row = &mut self.store.cases[case];
        if row.leased_by != (worker, epoch) {
            // The lease ended long ago, and somebody else has it in hand.
            self.workers[worker] = Worker {
                epoch,
                ..Worker::default()
            };
            return;
        }
        row.leased_until = Instant::from_unix_nanoseconds(0);
        row.wake = self.desk.next_wake(&row.case, &self.store.limits, now);
        if let Some((at, timer)) = row.wake
            && at <= now
        {
            // What is owed was tried and may not be done now: it is tried again when it may be.
            let again = self.workers[worker].again.unwrap_or(now);
            let wait = if self.desk.bug == Some(Bug::TriesAtOnce) {
                1
            } else {
                30
            };
            let again = if wait == 1 { now } else { again };
            row.wake = Some((again.max(now.plus(seconds(wait))), timer));
        }
        self.wake(case);
        let epoch = self.workers[worker].epoch;
        self.workers[worker] = Worker {
            epoch,
            ..Worker::default()
        };
        self.after(Duration::from_seconds(0), Step::Poke);
    }

    /// Asks the desk where that is needed, and gets ready to call.
    fn take(&mut self, worker: usize, case: usize, owed: Owed, chance: &mut Chance) -> Held {
        let now = self.clock();
        *self.workers[worker].done.entry(name(&owed)).or_default() += 1;
        self.desk.begun(self.store.cases[case].case.id, &owed);
        let input = match &owed {
            Owed::Send { no, .. } => Input::SendRefund { no: *no },
            Owed::Command { no, .. } | Owed::CancelSubscription { no, .. } => {
                Input::SendCommand { no: *no }
            }
            Owed::List { .. } | Owed::Fetch { .. } | Owed::Letter { .. } => {
                if let Owed::Letter { kind, .. } = &owed {
                    self.may_be_told(case, *kind)?;
                }
                self.then(worker, Doing::Calling(owed));
                return Ok(());
            }
        };
        match self
            .store
            .prepare(&mut self.desk, case, Actor::System, now, input)
        {
            Ok(prepared) => {
                if self.desk.bug == Some(Bug::CallsBeforeWriting) {
                    // The sending is written down later, with the answer.
                    self.then(worker, Doing::Calling(owed));
                } else if self.has(Fault::SlowTransaction) && chance.one_in(3) {
                    self.workers[worker].doing = Doing::Writing(Box::new(prepared), owed);
                    self.go_on(worker, seconds(2));
                } else {
                    self.commit(prepared)?;
                    self.then(worker, Doing::Calling(owed));
                }
            }
            Err(refusal) => {
                self.tell(|| format!("case {case}      may not: {refusal:?}"));
                self.refused(&refusal);
                let again = again(&refusal, now);
                let held = &mut self.workers[worker];
                held.done.insert(name(&owed), 3);
                held.refused = true;
                held.again = Some(held.again.map_or(again, |known| known.min(again)));
                self.then(worker, Doing::Looking);
            }
        }
        Ok(())
    }

    /// Calls whoever is to be called.
    fn call(&mut self, worker: usize, case: usize, owed: Owed) -> Held {
        let (said, wait) = match &owed {
            Owed::Send {
                no,
                provider,
                order,
            } => {
                if self.stalls(worker, order) {
                    self.workers[worker].doing = Doing::Calling(owed);
                    self.go_on(worker, seconds(90));
                    return Ok(());
                }
                let mut order = order.clone();
                if self.desk.bug == Some(Bug::NewKeyPerTry) {
                    let count = self.calls.get(&order.key).copied().unwrap_or(0);
                    order.key = format!("{}-{count}", order.key);
                }
                let order = &order;
                self.auditor
                    .calls(&self.store.cases[case].case, *no, order)?;
                self.dispute_between(case, *no);
                let count = self.calls.entry(order.key.clone()).or_default();
                *count += 1;
                let mut chance = Chance::of(&[self.plan.seed, 30, word(&order.key), *count]);
                let said = self.ask_provider(provider, order, &mut chance);
                self.tell(|| format!("worker {worker}  hears: {}", verdict::said_in_words(&said)));
                let wait = if self.has(Fault::SlowCall) && chance.one_in(2) {
                    seconds(chance.pick(&[20, 70, 200]))
                } else {
                    Duration::from_nanoseconds(300_000_000)
                };
                (Said::Refund(said), wait)
            }
            Owed::List {
                no,
                provider,
                payment,
            } => {
                let listed = self.list(case, *no, provider, payment);
                (
                    Said::Listed(listed),
                    Duration::from_nanoseconds(200_000_000),
                )
            }
            Owed::Fetch { refund, .. } => {
                let said = match self.provider.fetch(refund) {
                    Some(report) => ProviderSaid::Refund(report.clone()),
                    None => ProviderSaid::Refused {
                        why: ProviderRefusal::NoSuchPayment,
                        words: "no such refund".into(),
                    },
                };
                (Said::Refund(said), Duration::from_nanoseconds(200_000_000))
            }
            Owed::Command { order, .. } => {
                let (calm, plan) = (self.is_calm(), self.plan);
                let (said, done) = self.fulfilment.ask(plan.seed, order, |fault| {
                    !calm && plan.faults.contains(&fault)
                });
                if done {
                    self.goods_arrive(case, order);
                }
                self.tell(|| format!("worker {worker}  hears of {}: {said:?}", order.kind.name()));
                (Said::Command(said), Duration::from_nanoseconds(200_000_000))
            }
            Owed::CancelSubscription { subscription, .. } => {
                let lost =
                    self.has(Fault::CommandLost) && !self.provider.cancelled.contains(subscription);
                self.provider.cancelled.push(subscription.clone());
                let refuses = self.has(Fault::CommandRefused);
                let said = if lost {
                    ConnectorSaid::Unknown {
                        seen: "no answer".into(),
                    }
                } else if refuses {
                    ConnectorSaid::Refused {
                        why: "it cannot be cancelled".into(),
                    }
                } else {
                    ConnectorSaid::Done { note: None }
                };
                (Said::Command(said), Duration::from_nanoseconds(200_000_000))
            }
            Owed::Letter { .. } => (Said::Handed, Duration::from_nanoseconds(10_000_000)),
        };
        self.workers[worker].doing = Doing::Answered(owed, said);
        self.go_on(worker, wait);
        Ok(())
    }

    /// A worker that was permitted to send falls asleep before it calls, longer than it has the case in hand.
    fn stalls(&mut self, worker: usize, order: &RefundOrder) -> bool {
        let stalled = self
            .calls
            .entry(format!("stall {worker} {}", order.key))
            .or_default();
        *stalled += 1;
        let mut chance = Chance::of(&[self.plan.seed, 36, word(&order.key), *stalled]);
        self.has(Fault::StallsBeforeCalling) && chance.one_in(3)
    }

    /// INVARIANT (no paid letter before the provider confirmed): looked at when the letter is taken up, as the desk does.
    fn may_be_told(&self, case: usize, kind: LetterKind) -> Held {
        let LetterKind::Paid { refund } = kind else {
            return Ok(());
        };
        let mut refunds = self.store.cases[case].case.refunds.iter();
        let held = refunds.find(|held| held.no == refund);
        let said = held.is_some_and(|held| {
            let mut ours = self.provider.by_reference(&held.key);
            matches!(held.state, RefundState::Succeeded { .. })
                && ours.any(|held| held.ever_succeeded)
        });
        demand(said, Invariant::NoPaidLetterBefore, || {
            let state = held.map(|held| &held.state);
            format!("case {case}: refund {refund} is told as paid and is {state:?}")
        })
    }

    /// The bank is quicker than the call.
    fn dispute_between(&mut self, case: usize, no: u32) {
        if !self.has(Fault::DisputeBetween) {
            return;
        }
        let row = &self.store.cases[case];
        let order = row.order;
        let refund = row.case.refunds.iter().find(|refund| refund.no == no);
        let place = refund.and_then(|refund| {
            let payments = &self.store.orders[order].records.payments;
            payments
                .iter()
                .position(|record| record.payment.id == refund.payment)
        });
        let salt = u64::try_from(self.provider.disputes.len()).unwrap_or(0);
        let mut chance = self.chance(&[34, u64::from(no), salt]);
        if let Some(payment) = place.filter(|_| salt < 4 && chance.one_in(3)) {
            let dispute = self.dispute_opens(order, payment, false, salt + 100);
            let wait = chance.pick(&[30, 2 * HOUR, 30 * HOUR]);
            let won = chance.one_in(2);
            self.after(seconds(wait), Step::DisputeEnds { dispute, won });
        }
    }

    fn ask_provider(
        &mut self,
        provider: &str,
        order: &RefundOrder,
        chance: &mut Chance,
    ) -> ProviderSaid {
        let unknown = |seen: &str| ProviderSaid::Unknown { seen: seen.into() };
        if self.has(Fault::RequestLost) && chance.one_in(3) {
            return unknown("no answer");
        }
        if self.has(Fault::TooMany) && chance.one_in(3) {
            return unknown("429");
        }
        if self.has(Fault::KeyRefused) && chance.one_in(6) {
            return ProviderSaid::Refused {
                why: ProviderRefusal::NotAllowed,
                words: "the secret key is not accepted".into(),
            };
        }
        let in_use = self.has(Fault::InUse) && chance.one_in(3);
        if in_use || self.has(Fault::LandsLate) && chance.one_in(3) {
            *self.auditor.in_flight.entry(order.key.clone()).or_default() += 1;
            // 409: the same request is being done at this moment.
            let wait = if in_use {
                2
            } else {
                chance.pick(&[2, 300, 2_000])
            };
            let step = Step::Land {
                provider: provider.into(),
                order: order.clone(),
            };
            self.after(seconds(wait), step);
            return unknown(if in_use { "409" } else { "no answer" });
        }
        let said = self.execute(provider, order);
        if self.has(Fault::AnswerLost) && chance.one_in(3) {
            return unknown("no answer");
        }
        if self.has(Fault::Garbled) && chance.one_in(3) {
            return unknown("garbled");
        }
        said
    }

    fn list(&mut self, case: usize, no: u32, provider: &str, payment: &str) -> ProviderListed {
        let count = self.calls.entry(format!("list {payment}")).or_default();
        *count += 1;
        let mut chance = Chance::of(&[self.plan.seed, 35, word(payment), *count]);
        if self.desk.bug == Some(Bug::ListsNothing) {
            return ProviderListed::All(Vec::new());
        }
        if self.has(Fault::ListUnread) && chance.one_in(3) {
            return ProviderListed::Unknown {
                seen: "no answer".into(),
            };
        }
        let stale = self.has(Fault::StaleList) && chance.one_in(2);
        let all = self.provider.list(self.now, provider, payment, stale);
        let key = self.store.cases[case]
            .case
            .refunds
            .iter()
            .find(|refund| refund.no == no)
            .map_or_else(String::new, |refund| refund.key.clone());
        let held = all
            .iter()
            .any(|report| report.reference.as_deref() == Some(&key));
        self.tell(|| {
            format!(
                "provider  lists {} refunds of {payment}, ours among them: {held}",
                all.len()
            )
        });
        self.auditor.listed.insert(key, (self.clock(), held));
        ProviderListed::All(all)
    }

    /// What was said is written down.
    fn answer(&mut self, worker: usize, case: usize, owed: &Owed, said: Said) -> Held {
        let (_, no) = name(owed);
        let (by, input) = match said {
            Said::Refund(said) => (Actor::Provider, Input::RefundSaid { no, said }),
            Said::Listed(listed) => (Actor::Provider, Input::RefundListed { no, listed }),
            Said::Command(said) => (Actor::Connector, Input::CommandSaid { no, said }),
            Said::Handed => (
                Actor::System,
                Input::LetterHanded {
                    no,
                    text: Digest([1; 32]),
                },
            ),
        };
        if let Err(refusal) = self.transact(case, by, input)? {
            self.tell(|| format!("worker {worker}  is not heard: {refusal:?}"));
        }
        Ok(())
    }
}

/// When something that may not be done now is tried again.
fn again(refusal: &Refusal, now: Instant) -> Instant {
    match refusal {
        Refusal::NotYet { from } => *from,
        Refusal::ProviderRests { until } => *until,
        Refusal::Parked => now.plus(seconds(DAY)),
        _ => now.plus(seconds(600)),
    }
}
