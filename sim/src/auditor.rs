// SPDX-License-Identifier: MIT OR Apache-2.0
//! The second bookkeeper: plain and slow, trusts nobody, and keeps books of its own from what it sees happen.

use std::collections::{BTreeMap, BTreeSet};

use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::event::{Event, Granted, Happened, Origin, Todo};
use makegood_desk::execution::{CommandKind, Deed, RefundOrder, RefundStatus};
use makegood_desk::input::{Actor, Brakes, Door, Limits};
use makegood_desk::ledger::{Balances, Booking};
use makegood_desk::life::{
    Case, Check, CommandState, Credit, CreditState, DecisionHeld, DecisionState, LetterKind,
    Refund, RefundState,
};
use makegood_desk::records::Records;

use crate::desk::Desk;
use crate::invariants::{Held, Invariant, demand};
use crate::plan::{HOUR, seconds};
use crate::provider::Provider;
use crate::store::takes;

/// Everything that can be seen when something happens, as it stands before.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'m> {
    /// The case.
    pub case: &'m Case,
    /// Its place.
    pub no: usize,
    /// The place of its order.
    pub order: usize,
    /// What the books say.
    pub records: &'m Records,
    /// What the merchant allows.
    pub limits: &'m Limits,
    /// The brakes.
    pub brakes: &'m Brakes,
    /// The truth about money.
    pub provider: &'m Provider,
    /// The time by the desk's clock.
    pub now: Instant,
}

/// A refund in the auditor's books.
#[derive(Clone, Debug)]
struct Entry {
    rank: u8,
    tries: u32,
    sent_first: Option<Instant>,
    sent_last: Option<Instant>,
    absent_at: Option<Instant>,
    settled: bool,
}

/// The second bookkeeper.
#[derive(Debug, Default)]
pub struct Auditor {
    /// The books by double entry.
    pub books: Balances,
    entries: BTreeMap<String, Entry>,
    by_payment: BTreeMap<String, u64>,
    by_order: BTreeMap<usize, u64>,
    appeals: BTreeMap<usize, u32>,
    redeliveries: BTreeMap<usize, BTreeSet<(usize, u32)>>,
    granted: BTreeMap<i128, u64>,
    settled: BTreeMap<(usize, Check), bool>,
    unread: BTreeSet<usize>,
    /// Calls that will land although nobody waits for them, by key.
    pub in_flight: BTreeMap<String, u32>,
    /// Lists that were read: key, when, whether they held it.
    pub listed: BTreeMap<String, (Instant, bool)>,
}

const DAY_NANOSECONDS: i128 = 86_400_000_000_000;

const fn rank(state: &RefundState) -> u8 {
    match state {
        RefundState::Reserved => 0,
        RefundState::Sending | RefundState::Unknown => 1,
        RefundState::Pending { .. } => 2,
        RefundState::Succeeded { .. } => 3,
        RefundState::Failed { .. } | RefundState::Cancelled { .. } => 4,
    }
}

fn refund(case: &Case, no: u32) -> Option<&Refund> {
    case.refunds.iter().find(|refund| refund.no == no)
}

impl Auditor {
    /// Looks at something that is about to be written.
    ///
    /// # Errors
    /// It must not happen.
    pub fn happens(&mut self, desk: &mut Desk<'_>, moment: &Moment<'_>, event: &Event) -> Held {
        match &event.what {
            Happened::RefundReserved { .. } => self.reserved(moment, event),
            Happened::RefundCancelled { no, .. }
            | Happened::RefundSending { no, .. }
            | Happened::RefundUnknown { no, .. }
            | Happened::RefundAbsent { no }
            | Happened::RefundPending { no, .. }
            | Happened::RefundSucceeded { no, .. }
            | Happened::RefundFailed { no, .. } => self.refund_moves(moment, event, *no),
            Happened::CreditGranted {
                decision,
                amount,
                exchange,
            } => self.credited(moment, *decision, *amount, *exchange),
            Happened::CreditExchanged { credit, .. } => self.credit_ends(moment, *credit, true),
            Happened::CreditWithdrawn { credit } => self.credit_ends(moment, *credit, false),
            Happened::Accepted {
                decision,
                second_person,
            } => {
                if !second_person {
                    self.alone_is_enough(moment, event.by, *decision)?;
                    self.stands_now(moment, event, *decision)?;
                    self.rests_on_facts(desk, moment, event.at, *decision)?;
                }
                Ok(())
            }
            Happened::Approved { decision } => {
                self.two_persons(moment, event.by, *decision)?;
                self.stands_now(moment, event, *decision)?;
                self.rests_on_facts(desk, moment, event.at, *decision)
            }
            Happened::CommandGiven { no, deed, .. } => self.commanded(moment, *no, *deed),
            Happened::CommandDone { no, .. }
            | Happened::CommandRefused { no, .. }
            | Happened::CommandCancelled { no } => {
                let open = self.redeliveries.entry(moment.no).or_default();
                open.remove(&(moment.no, *no));
                Ok(())
            }
            Happened::Appealed { .. } => {
                let appeals = self.appeals.entry(moment.no).or_default();
                *appeals += 1;
                demand(*appeals <= 1, Invariant::OneAppeal, || {
                    format!("case {} is appealed {appeals} times", moment.no)
                })?;
                let decision = moment.case.decision().map_or(0, |held| held.proposal.no);
                let letter = LetterKind::Decision { decision };
                let mut letters = moment.case.letters.iter();
                let told = letters.any(|held| held.kind == letter && held.handed.is_some());
                demand(told, Invariant::ToldBeforeAppealed, || {
                    format!("case {}: decision {decision} was not told", moment.no)
                })
            }
            Happened::CheckSettled { check, sound, .. } => {
                self.settled.insert((moment.no, *check), *sound);
                Ok(())
            }
            Happened::LetterHanded { no, .. } => letter_handed(moment, *no),
            // Who only asks the same again comes by the form.
            Happened::Joined {
                door: Door::Email, ..
            } if moment.case.closed.is_some() || moment.case.standing().is_some() => {
                self.unread.insert(moment.no);
                Ok(())
            }
            Happened::TaskEnded { no, .. } => {
                let todo = moment.case.tasks.iter().find(|task| task.no == *no);
                if todo.is_some_and(|task| task.todo == Todo::Message) {
                    self.unread.remove(&moment.no);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What must be so when money or credit is promised.
    fn promised(&self, moment: &Moment<'_>, decision: u32) -> Held {
        let case = moment.case;
        demand(
            case.closed.is_none(),
            Invariant::NothingOnAClosedCase,
            || format!("decision {decision} promises money"),
        )?;
        // Money that came back after the decision was made is paid again in another way: it was counted as gone.
        let came_back = |held: &DecisionHeld| {
            case.refunds
                .iter()
                .any(|refund| refund.decision == decision && refund.undone_at > Some(held.at))
        };
        let stands = case
            .standing()
            .is_some_and(|held| held.proposal.no == decision || came_back(held));
        demand(stands, Invariant::MoneyByAStandingDecision, || {
            format!("decision {decision} promises money and does not stand")
        })?;
        let verified = Check::ALL
            .iter()
            .all(|check| case.checks[check.place()].is_verified());
        // Looked at with its own eyes: what the case says of its checks is not believed.
        let records = moment.records;
        let paid: u64 = records
            .payments
            .iter()
            .map(|record| record.payment.amount.minor())
            .sum();
        let price = records
            .order
            .as_ref()
            .map_or(0, |record| record.order.price.minor());
        let history = self.is_settled(
            moment,
            Check::AccountActivity,
            records.history.disputes == 0,
        );
        let pays = records.subscription.is_some() || paid >= price;
        let internal = self.is_settled(moment, Check::InternalRecords, !records.frozen && pays);
        demand(
            verified && history && internal,
            Invariant::VerifiedBeforeMoney,
            || format!("checks stand at {:?}", case.checks),
        )
    }

    fn is_settled(&self, moment: &Moment<'_>, check: Check, sound: bool) -> bool {
        let settled = self.settled.get(&(moment.no, check)).copied();
        settled.unwrap_or(sound)
    }

    fn reserved(&mut self, moment: &Moment<'_>, event: &Event) -> Held {
        let Happened::RefundReserved {
            decision,
            payment,
            provider_payment,
            amount,
            key,
            ..
        } = &event.what
        else {
            return Ok(());
        };
        let fresh = !self.entries.contains_key(key);
        demand(fresh, Invariant::OneRefundPerKey, || {
            format!("two refunds have the key {key}")
        })?;
        self.promised(moment, *decision)?;
        let bound = moment.case.bound_minor(*decision);
        let granted = granted(moment.case, *decision, |granted| {
            matches!(granted, Granted::Refund { .. })
        });
        demand(
            bound + amount.minor() <= granted,
            Invariant::OneDecisionPaidOnce,
            || {
                format!(
                    "decision {decision} grants {granted}, and {bound} and {} are bound",
                    amount.minor()
                )
            },
        )?;
        demand(
            !takes(moment.records, payment),
            Invariant::NoSendWhileDisputed,
            || format!("money of {payment} is promised"),
        )?;
        let sum = self.by_payment.entry(payment.clone()).or_default();
        *sum += amount.minor();
        let captured = captured(moment.records, payment);
        demand(*sum <= captured, Invariant::NeverMoreThanCaptured, || {
            format!("{sum} of {captured} of {payment} ({provider_payment})")
        })?;
        self.within_the_order(moment, amount.minor(), true)?;
        self.entries.insert(
            key.clone(),
            Entry {
                rank: 0,
                tries: 0,
                sent_first: None,
                sent_last: None,
                absent_at: None,
                settled: false,
            },
        );
        self.book(&Booking::RefundReserved {
            payment: payment.clone(),
            amount: *amount,
        })
    }

    /// Refunds and exchanges together are at most what was paid for the order.
    fn within_the_order(&mut self, moment: &Moment<'_>, minor: u64, more: bool) -> Held {
        let sum = self.by_order.entry(moment.order).or_default();
        if !more {
            *sum = sum.saturating_sub(minor);
            return Ok(());
        }
        *sum += minor;
        let paid: u64 = moment
            .records
            .payments
            .iter()
            .map(|record| record.payment.amount.minor())
            .sum();
        demand(*sum <= paid, Invariant::NeverMoreThanCaptured, || {
            format!(
                "{sum} in money and credit, of {paid} paid for order {}",
                moment.order
            )
        })
    }

    fn refund_moves(&mut self, moment: &Moment<'_>, event: &Event, no: u32) -> Held {
        let Some(refund) = refund(moment.case, no) else {
            return Ok(());
        };
        let before = rank(&refund.state);
        let to = match &event.what {
            Happened::RefundSending { .. }
            | Happened::RefundUnknown { .. }
            | Happened::RefundAbsent { .. } => 1,
            Happened::RefundPending { .. } => 2,
            Happened::RefundSucceeded { .. } => 3,
            _ => 4,
        };
        let Some(entry) = self.entries.get_mut(&refund.key) else {
            return demand(false, Invariant::OneKeyPerRefund, || {
                format!("refund {no} has another key than it was promised with")
            });
        };
        let forward = to >= before && to >= entry.rank && !(entry.rank == 4 && to == 4);
        demand(forward, Invariant::StatesMoveForward, || {
            format!(
                "refund {no} goes from {:?} by {:?}",
                refund.state, event.what
            )
        })?;
        entry.rank = to;
        match &event.what {
            Happened::RefundSending { .. } => self.sending(moment, refund),
            Happened::RefundAbsent { .. } => self.absent(moment, refund),
            Happened::RefundSucceeded {
                provider_refund, ..
            } => self.succeeded(moment, refund, provider_refund),
            Happened::RefundFailed { .. } => self.failed(moment, refund),
            Happened::RefundCancelled { .. } => {
                demand(before == 0, Invariant::StatesMoveForward, || {
                    format!("refund {no} was sent and is called back")
                })?;
                self.give_back(moment, refund)?;
                self.book(&Booking::RefundCancelled {
                    payment: refund.payment.clone(),
                    amount: refund.amount,
                })
            }
            _ => Ok(()),
        }
    }

    fn sending(&mut self, moment: &Moment<'_>, refund: &Refund) -> Held {
        let records = moment.records;
        let payment = &refund.payment;
        demand(
            !takes(records, payment),
            Invariant::NoSendWhileDisputed,
            || format!("refund {} of {payment} is sent", refund.no),
        )?;
        let bound = self.by_payment.get(payment).copied().unwrap_or(0);
        let lost = records.lost_minor(payment);
        let captured = captured(records, payment);
        demand(
            bound + lost <= captured || lost == 0,
            Invariant::NoSendOfWhatADisputeTook,
            || format!("{bound} promised and {lost} lost, of {captured} of {payment}"),
        )?;
        let rests = moment
            .brakes
            .resting
            .get(&refund.provider)
            .is_some_and(|until| moment.now < *until);
        let braked = moment.brakes.stopped || rests || records.frozen;
        demand(!braked, Invariant::NoSendOnTheBrakes, || {
            format!("refund {} is sent", refund.no)
        })?;
        // Whoever was granted that the subscription ends is not charged again while the money comes back.
        let held = moment.case.decisions.iter();
        let mut ends = held.filter(|held| held.proposal.no == refund.decision);
        let ends = ends.any(|held| {
            let remedies = &held.proposal.remedies;
            remedies.contains(&Granted::CancelSubscription)
        });
        let ended = moment.case.commands.iter().any(|command| {
            command.deed == Deed::CancelSubscription
                && matches!(command.state, CommandState::Done { .. })
        });
        // Finance may pay otherwise what was bound to a subscription that cannot end.
        let bound = moment.case.commands.iter().any(|command| {
            command.deed == Deed::CancelSubscription
                && matches!(command.state, CommandState::Refused { .. })
        });
        demand(
            !ends || ended || bound,
            Invariant::CancelledBeforePaid,
            || format!("refund {} is sent", refund.no),
        )?;
        let Some(entry) = self.entries.get_mut(&refund.key) else {
            return Ok(());
        };
        if entry.tries > 0 {
            let since = entry.absent_at.take();
            demand(since.is_some(), Invariant::ListedBeforeSentAgain, || {
                format!("refund {} is sent again", refund.no)
            })?;
            // Providers forget keys: then only a fresh list protects.
            let old = entry
                .sent_first
                .is_some_and(|first| first.plus(seconds(22 * HOUR)) < moment.now);
            let fresh = since.is_some_and(|at| moment.now < at.plus(seconds(HOUR)));
            demand(!old || fresh, Invariant::ListedBeforeSentAgain, || {
                format!(
                    "refund {} is sent again with an old key and an old list",
                    refund.no
                )
            })?;
        }
        entry.tries += 1;
        entry.sent_first.get_or_insert(moment.now);
        entry.sent_last = Some(moment.now);
        Ok(())
    }

    fn absent(&mut self, moment: &Moment<'_>, refund: &Refund) -> Held {
        let seen = self.listed.get(&refund.key);
        let absent = seen.is_some_and(|(_, held)| !held);
        demand(absent, Invariant::ListedBeforeSentAgain, || {
            format!(
                "refund {} counts as absent, and no list shows it",
                refund.no
            )
        })?;
        if let Some(entry) = self.entries.get_mut(&refund.key) {
            entry.absent_at = Some(moment.now);
        }
        Ok(())
    }

    fn succeeded(&mut self, moment: &Moment<'_>, refund: &Refund, id: &str) -> Held {
        let mut ours = moment.provider.by_reference(&refund.key);
        let real = ours.any(|held| held.told.id == id && held.ever_succeeded);
        demand(real, Invariant::TheBooksShowAllMoney, || {
            format!("refund {} counts as paid by {id}", refund.no)
        })?;
        if let Some(entry) = self.entries.get_mut(&refund.key) {
            entry.settled = true;
        }
        self.book(&Booking::RefundSettled {
            payment: refund.payment.clone(),
            provider: refund.provider.clone(),
            amount: refund.amount,
        })
    }

    fn failed(&mut self, moment: &Moment<'_>, refund: &Refund) -> Held {
        let alive = |status: RefundStatus| {
            !matches!(status, RefundStatus::Failed | RefundStatus::Cancelled)
        };
        let mut ours = moment.provider.by_reference(&refund.key);
        let lives = ours.clone().any(|held| alive(held.told.status));
        // A key that the provider knows is not done again when it lands.
        let known = ours.next().is_some();
        let flies = !known && self.in_flight.get(&refund.key).copied().unwrap_or(0) > 0;
        demand(!lives && !flies, Invariant::UnknownIsNotFailed, || {
            format!("refund {} counts as failed, and its money moves", refund.no)
        })?;
        self.give_back(moment, refund)?;
        let settled = self
            .entries
            .get(&refund.key)
            .is_some_and(|entry| entry.settled);
        self.book(&if settled {
            Booking::RefundFailedLate {
                provider: refund.provider.clone(),
                amount: refund.amount,
            }
        } else {
            Booking::RefundFailed {
                payment: refund.payment.clone(),
                amount: refund.amount,
            }
        })
    }

    fn give_back(&mut self, moment: &Moment<'_>, refund: &Refund) -> Held {
        let minor = refund.amount.minor();
        let sum = self.by_payment.entry(refund.payment.clone()).or_default();
        *sum = sum.saturating_sub(minor);
        self.within_the_order(moment, minor, false)
    }

    fn credited(
        &mut self,
        moment: &Moment<'_>,
        decision: u32,
        amount: Amount,
        exchange: bool,
    ) -> Held {
        self.promised(moment, decision)?;
        let before: u64 = moment
            .case
            .credits
            .iter()
            .filter(|credit| credit.decision == decision)
            .map(|credit| credit.amount.minor())
            .sum();
        let granted = granted(moment.case, decision, |granted| {
            matches!(granted, Granted::Exchange { .. } | Granted::Credit { .. })
        });
        demand(
            before + amount.minor() <= granted,
            Invariant::OneDecisionPaidOnce,
            || format!("decision {decision} grants a credit of {granted}"),
        )?;
        if exchange {
            self.within_the_order(moment, amount.minor(), true)?;
        }
        self.book(&Booking::CreditGranted {
            holder: moment.case.order.clone(),
            amount,
        })
    }

    /// INVARIANT (credit is spent once): the books refuse what the customer does not have.
    fn credit_ends(&mut self, moment: &Moment<'_>, no: u32, spent: bool) -> Held {
        let credit = moment.case.credits.iter().find(|credit| credit.no == no);
        let Some(credit) = credit else {
            return Ok(());
        };
        let (holder, amount) = (moment.case.order.clone(), credit.amount);
        if spent {
            return self.book(&Booking::CreditUsed { holder, amount });
        }
        if credit.exchange {
            self.within_the_order(moment, amount.minor(), false)?;
        }
        self.book(&Booking::CreditWithdrawn { holder, amount })
    }

    fn alone_is_enough(&self, moment: &Moment<'_>, by: Actor, decision: u32) -> Held {
        let money = granted(moment.case, decision, |_| true);
        let above = moment.limits.second_person_above_minor.get(b"DKK").copied();
        let two = money > above.unwrap_or(0);
        demand(!two, Invariant::NeverTheSamePerson, || {
            format!("{by:?} alone grants {money}")
        })
    }

    fn two_persons(&self, moment: &Moment<'_>, by: Actor, decision: u32) -> Held {
        let first = moment
            .case
            .decisions
            .iter()
            .find_map(|held| match held.state {
                DecisionState::Accepted { by } if held.proposal.no == decision => by.person(),
                _ => None,
            });
        demand(
            first.is_some() && first != by.person(),
            Invariant::NeverTheSamePerson,
            || format!("{by:?} approves what {first:?} accepted"),
        )
    }

    fn stands_now(&mut self, moment: &Moment<'_>, event: &Event, decision: u32) -> Held {
        let closed = moment.case.closed.is_some();
        demand(!closed, Invariant::NothingOnAClosedCase, || {
            format!("decision {decision} is made")
        })?;
        let money = granted(moment.case, decision, |_| true);
        if money == 0 {
            return Ok(());
        }
        let day = event.at.unix_nanoseconds() / DAY_NANOSECONDS;
        let sum = self.granted.entry(day).or_default();
        *sum += money;
        let most = moment.limits.day_minor_max.get(b"DKK").copied();
        demand(
            most.is_none_or(|most| *sum <= most),
            Invariant::WithinTheDaysTotal,
            || format!("{sum} of {most:?}"),
        )
    }

    /// Judges the case again by itself, and compares.
    fn rests_on_facts(
        &self,
        desk: &mut Desk<'_>,
        moment: &Moment<'_>,
        at: Instant,
        decision: u32,
    ) -> Held {
        let held = moment
            .case
            .decisions
            .iter()
            .find(|held| held.proposal.no == decision);
        let Some(proposal) = held.map(|held| &held.proposal) else {
            return demand(false, Invariant::DecidedOnFacts, || {
                format!("there is no decision {decision}")
            });
        };
        let of = match proposal.origin {
            Origin::Policy => None,
            Origin::Bounded { of } => Some(of.minor()),
            Origin::Person { .. } => return Ok(()),
        };
        let file = match moment.records.case_file(moment.case, at) {
            Some(Ok(file)) => file,
            other => {
                return demand(false, Invariant::DecidedOnFacts, || format!("{other:?}"));
            }
        };
        let fresh = desk.rulebook.decide(&mut desk.room, &file);
        let money: u64 = fresh
            .result
            .remedies()
            .filter_map(|remedy| match remedy {
                makegood_desk::remedy::Remedy::Refund(worth)
                | makegood_desk::remedy::Remedy::Exchange(worth) => Some(worth.amount.minor()),
                _ => None,
            })
            .sum();
        let proposed = granted(moment.case, decision, |_| true);
        let same = match of {
            None => fresh.result.outcome == proposal.outcome && money == proposed,
            // Less is paid than the policy grants where no more is left.
            Some(of) => money == of && proposed < of,
        };
        demand(same, Invariant::DecidedOnFacts, || {
            format!(
                "decision {decision} says {:?} ({proposed}), the facts say {:?} ({money})",
                proposal.outcome, fresh.result.outcome
            )
        })
    }

    fn commanded(&mut self, moment: &Moment<'_>, no: u32, deed: Deed) -> Held {
        if deed == Deed::CancelSubscription {
            let held = moment.case.commands.iter().any(|command| {
                command.deed == deed
                    && !matches!(
                        command.state,
                        CommandState::Refused { .. } | CommandState::Cancelled
                    )
            });
            return demand(!held, Invariant::CancelledOnce, || {
                format!("case {} cancels its subscription again", moment.no)
            });
        }
        if deed != Deed::Fulfil(CommandKind::Redeliver) {
            return Ok(());
        }
        let open = self.redeliveries.entry(moment.no).or_default();
        let first = open.is_empty();
        open.insert((moment.no, no));
        demand(first, Invariant::GoodsOnce, || {
            format!("case {} has units delivered again twice at once", moment.no)
        })
    }

    fn book(&mut self, booking: &Booking) -> Held {
        let posted = booking
            .transaction()
            .and_then(|transaction| self.books.post(&transaction));
        demand(posted.is_ok(), Invariant::TheLedgerBalances, || {
            format!("{booking:?}: {posted:?}")
        })
    }

    /// Compares what the store counts as promised with its own sums.
    ///
    /// # Errors
    /// They differ.
    pub fn agrees(&self, records: &Records) -> Held {
        for record in &records.payments {
            let own = self.by_payment.get(record.payment.id.as_ref());
            let own = own.copied().unwrap_or(0);
            demand(
                own == record.reserved_minor,
                Invariant::TheBooksShowAllMoney,
                || {
                    let (id, held) = (&record.payment.id, record.reserved_minor);
                    format!("{held} of {id} count as promised, and {own} are")
                },
            )?;
        }
        Ok(())
    }

    /// Looks at a case as it stands after something was written.
    ///
    /// # Errors
    /// It must not stand so.
    pub fn stands(&mut self, no: usize, case: &Case) -> Held {
        letters_once(no, case)?;
        for task in case.open_tasks() {
            demand(
                can_be_done(case, &task.todo),
                Invariant::TasksCanBeDone,
                || format!("case {no}: {:?}", task.todo),
            )?;
        }
        for refund in &case.refunds {
            let todo = Todo::RefundStuck(refund.no);
            let held = !refund.stuck
                || refund.is_over()
                || matches!(refund.state, RefundState::Pending { .. })
                || case.open_tasks().any(|task| task.todo == todo);
            demand(held, Invariant::SomebodyHasIt, || {
                format!("case {no}: refund {} is stuck with nobody", refund.no)
            })?;
        }
        let there = |credit: &Credit| credit.state == CreditState::Granted;
        demand(
            case.disputed.is_none() || !case.credits.iter().any(there),
            Invariant::NoCreditWhileDisputed,
            || format!("case {no}: {:?}", case.credits),
        )?;
        if let Some(held) = case.standing() {
            // INVARIANT (what is granted is placed): by refunds of it, whatever became of them.
            let no = held.proposal.no;
            let refunds = case.refunds.iter().filter(|refund| refund.decision == no);
            let placed: u64 = refunds.map(|refund| refund.amount.minor()).sum();
            let granted = granted(case, no, |granted| {
                matches!(granted, Granted::Refund { .. })
            });
            demand(placed >= granted, Invariant::GrantedIsPlaced, || {
                format!("decision {no} grants {granted}, and {placed} was promised")
            })?;
        }
        // INVARIANT (whatever is open is with somebody): what the customer wrote, too.
        let reader = case.open_tasks().any(|task| task.todo == Todo::Message);
        demand(
            reader || !self.unread.contains(&no),
            Invariant::SomebodyHasIt,
            || format!("case {no}: nobody reads what the customer wrote"),
        )?;
        if case.closed.is_some() {
            let idle = case.open_tasks().next().is_none() && case.open_askings().next().is_none();
            demand(idle, Invariant::SomebodyHasIt, || {
                format!("case {no} is closed, and something is still to be done in it")
            })?;
        }
        Ok(())
    }

    /// Looks at a call that is about to be made.
    ///
    /// # Errors
    /// It must not be made.
    pub fn calls(&self, case: &Case, no: u32, order: &RefundOrder) -> Held {
        let refund = refund(case, no);
        let sending = refund.is_some_and(|refund| refund.state == RefundState::Sending);
        // Another worker may have heard of it meanwhile: then it was sent, and that stands there.
        let later = refund.is_some_and(|refund| rank(&refund.state) >= 1 && refund.tries > 0);
        demand(sending || later, Invariant::WrittenDownBeforeCalled, || {
            format!(
                "refund {no} is sent as {:?}",
                refund.map(|refund| &refund.state)
            )
        })?;
        let same = refund.is_some_and(|refund| {
            refund.key == order.key
                && refund.key == order.reference
                && refund.amount == order.amount
                && self.entries.contains_key(&order.key)
        });
        demand(same, Invariant::OneKeyPerRefund, || {
            format!("refund {no} is sent with the key {}", order.key)
        })
    }
}

fn granted(case: &Case, decision: u32, counts: impl Fn(&Granted) -> bool) -> u64 {
    let held = case
        .decisions
        .iter()
        .find(|held| held.proposal.no == decision);
    held.map_or(0, |held| {
        held.proposal
            .remedies
            .iter()
            .filter(|granted| counts(granted))
            .filter_map(Granted::money)
            .map(|amount| amount.minor())
            .sum()
    })
}

fn captured(records: &Records, payment: &str) -> u64 {
    records
        .payments
        .iter()
        .filter(|record| record.payment.id == payment)
        .map(|record| record.payment.amount.minor())
        .sum()
}

fn letter_handed(moment: &Moment<'_>, no: u32) -> Held {
    let letter = moment.case.letters.iter().find(|letter| letter.no == no);
    let Some(letter) = letter else {
        return Ok(());
    };
    demand(
        letter.handed.is_none(),
        Invariant::ALetterIsOwedOnce,
        || format!("{:?} is handed over twice", letter.kind),
    )
}

/// INVARIANT (a letter is owed once).
fn letters_once(no: usize, case: &Case) -> Held {
    // Only the last can be new; those before were looked at when they were.
    for letter in case.letters.iter().rev().take(4) {
        let unique = !matches!(
            letter.kind,
            LetterKind::Update | LetterKind::Disputed | LetterKind::Closed | LetterKind::Reopened
        );
        let same = |other: &&makegood_desk::life::Letter| other.kind == letter.kind;
        let count = case.letters.iter().filter(same).count();
        demand(!unique || count == 1, Invariant::ALetterIsOwedOnce, || {
            format!("case {no}: {:?} is owed {count} times", letter.kind)
        })?;
    }
    Ok(())
}

/// Whether somebody can end a task by doing it.
fn can_be_done(case: &Case, todo: &Todo) -> bool {
    let state = case.decision().map(|held| held.state);
    match todo {
        Todo::Accept => state == Some(DecisionState::Proposed),
        Todo::Approve => matches!(state, Some(DecisionState::Accepted { .. })),
        Todo::RefundStuck(no) => refund(case, *no).is_some_and(|refund| !refund.is_over()),
        Todo::RefundFailed(no) => refund(case, *no).is_some_and(|refund| !refund.binds()),
        Todo::Command(no) => case.commands.iter().any(|command| {
            command.no == *no
                && !matches!(
                    command.state,
                    CommandState::Done { .. }
                        | CommandState::Refused { .. }
                        | CommandState::Cancelled
                )
        }),
        Todo::Verify(_)
        | Todo::Review
        | Todo::Dispute(_)
        | Todo::Exchange
        | Todo::CommandRefused(_)
        | Todo::Message => true,
    }
}
