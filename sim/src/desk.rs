// SPDX-License-Identifier: MIT OR Apache-2.0
//! The real desk, and the thin skin around it in which a planted bug breaks exactly one of its rules.

use std::borrow::Cow;
use std::collections::BTreeMap;

use makegood_desk::amount::Amount;
use makegood_desk::case::{DisputeStatus, Instant};
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::event::{CancelWhy, ClosedWhy, Event, Happened, Todo};
use makegood_desk::execution::{
    CommandKind, Deed, ProviderListed, ProviderRefusal, ProviderSaid, RefundStatus, refunds,
};
use makegood_desk::handle;
use makegood_desk::input::{Actor, Brakes, Id, Input, Limits, Situation};
use makegood_desk::life::{Case, Checked, CommandState, DecisionState, LetterKind, RefundState};
use makegood_desk::owed::{self, Owed, Timer};
use makegood_desk::records::Records;
use makegood_desk::refusal::{Refusal, Thing};

use crate::bug::Bug;

/// The desk as the world sees it.
#[derive(Debug)]
pub struct Desk<'w> {
    /// The policy.
    pub rulebook: &'w Rulebook,
    /// Room to decide in.
    pub room: Workspace,
    /// What is broken in it, if anything.
    pub bug: Option<Bug>,
    /// How often it was asked.
    pub handled: u64,
    /// What a broken desk remembers beside its cases, and loses with the program.
    pub remembered: BTreeMap<Id, Vec<Owed>>,
}

/// Everything that the desk is shown with an input.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'s> {
    /// What the books say.
    pub records: &'s Records,
    /// What the merchant allows.
    pub limits: &'s Limits,
    /// The brakes.
    pub brakes: &'s Brakes,
    /// Who acts.
    pub by: Actor,
    /// The time.
    pub now: Instant,
}

/// The same, as a bug would have it.
struct Bent<'s> {
    case: Cow<'s, Case>,
    records: Cow<'s, Records>,
    limits: Cow<'s, Limits>,
    brakes: Cow<'s, Brakes>,
    by: Actor,
    input: Input,
}

const SECRET: &[u8] = b"a secret of the simulation";
const NOBODY: Actor = Actor::Agent(Id([99; 16]));

impl<'w> Desk<'w> {
    /// The desk with a policy.
    #[must_use]
    pub fn new(rulebook: &'w Rulebook, bug: Option<Bug>) -> Self {
        Self {
            rulebook,
            room: Workspace::default(),
            bug,
            handled: 0,
            remembered: BTreeMap::new(),
        }
    }

    /// What comes of an input.
    ///
    /// # Errors
    /// The desk will not.
    pub fn handle(
        &mut self,
        case: &Case,
        shown: Shown<'_>,
        input: Input,
    ) -> Result<Vec<Event>, Refusal> {
        let Some(bug) = self.bug else {
            return self.ask(case, shown, input);
        };
        let mut bent = Bent {
            case: Cow::Borrowed(case),
            records: Cow::Borrowed(shown.records),
            limits: Cow::Borrowed(shown.limits),
            brakes: Cow::Borrowed(shown.brakes),
            by: shown.by,
            input,
        };
        bent.before(bug, shown.now);
        let input = bent.input.clone();
        let seen = Shown {
            records: &bent.records,
            limits: &bent.limits,
            brakes: &bent.brakes,
            by: bent.by,
            now: shown.now,
        };
        let said = self.ask(&bent.case, seen, bent.input);
        after(bug, case, shown, &input, said)
    }

    fn ask(&mut self, case: &Case, shown: Shown<'_>, input: Input) -> Result<Vec<Event>, Refusal> {
        self.handled += 1;
        let known = shown.records.order.is_some();
        let situation = Situation {
            now: shown.now,
            by: shown.by,
            rulebook: known.then_some(self.rulebook),
            limits: shown.limits,
            records: shown.records,
            brakes: shown.brakes,
            key_secret: SECRET,
        };
        handle::handle(case, &mut self.room, &situation, input)
    }

    /// What the case owes.
    #[must_use]
    pub fn owed(&self, case: &Case, now: Instant) -> Vec<Owed> {
        let mut owed = owed::owed(case, now);
        let Some(bug) = self.bug else {
            return owed;
        };
        for refund in &case.refunds {
            let no = refund.no;
            let letter = |refund| LetterKind::Paid { refund };
            let told = case.letters.iter().find(|held| held.kind == letter(no));
            match bug {
                Bug::TellsPaidEarly if refund.state == RefundState::Unknown => {
                    owed.push(Owed::Letter {
                        no: 1_000 + no,
                        kind: letter(no),
                    });
                }
                Bug::TellsPaidAfterFailure => {
                    owed.extend(told.filter(|held| held.dropped).map(|held| Owed::Letter {
                        no: held.no,
                        kind: held.kind,
                    }));
                }
                Bug::AsksForEver if refund.stuck && refund.state == RefundState::Unknown => {
                    owed.push(Owed::List {
                        no,
                        provider: refund.provider.clone(),
                        payment: refund.provider_payment.clone(),
                    });
                }
                Bug::OldListIsGoodEnough
                    if refund.absent_at.is_some() && !refund.stuck && !refund.is_over() =>
                {
                    owed.retain(|held| !matches!(held, Owed::List { no: of, .. } if *of == no));
                    owed.push(Owed::Send {
                        no,
                        provider: refund.provider.clone(),
                        order: refunds::order(refund),
                    });
                }
                _ => {}
            }
        }
        if bug == Bug::RemembersWhatIsOwed
            && let Some(known) = self.remembered.get(&case.id)
        {
            owed.retain(|owed| !known.contains(owed));
        }
        owed
    }

    /// Something that is owed was begun.
    pub fn begun(&mut self, case: Id, owed: &Owed) {
        if self.bug == Some(Bug::RemembersWhatIsOwed) {
            self.remembered.entry(case).or_default().push(owed.clone());
        }
    }

    /// When to look again.
    #[must_use]
    pub fn next_wake(
        &self,
        case: &Case,
        limits: &Limits,
        now: Instant,
    ) -> Option<(Instant, Timer)> {
        let asks = |refund: &makegood_desk::life::Refund| {
            refund.stuck && refund.state == RefundState::Unknown
        };
        if self.bug == Some(Bug::AsksForEver) && case.refunds.iter().any(asks) {
            return Some((now, Timer::Again));
        }
        owed::next_wake(case, limits, now)
            .filter(|(_, timer)| self.bug != Some(Bug::NeverAsksAgain) || *timer != Timer::Again)
    }
}

impl Bent<'_> {
    /// What a bug changes before the desk is asked.
    fn before(&mut self, bug: Bug, now: Instant) {
        match (bug, &mut self.input) {
            (Bug::ReadsNoDisputeAgain, Input::SendRefund { .. }) => {
                self.disputes_are(DisputeStatus::Open, DisputeStatus::Won);
            }
            (Bug::ForgetsLostDisputes, _) => {
                self.disputes_are(DisputeStatus::Lost, DisputeStatus::Won);
            }
            (Bug::SendsOnTheBrakes, Input::SendRefund { .. }) => {
                *self.brakes.to_mut() = Brakes::default();
            }
            (Bug::SendsWhileFrozen, Input::SendRefund { .. }) => {
                self.records.to_mut().frozen = false
            }
            (Bug::TimeoutIsFailed | Bug::ConflictIsFailed, Input::RefundSaid { said, .. }) => {
                let ProviderSaid::Unknown { seen } = said else {
                    return;
                };
                let is = if bug == Bug::TimeoutIsFailed {
                    "no answer"
                } else {
                    "409"
                };
                if seen == is {
                    *said = ProviderSaid::Refused {
                        why: ProviderRefusal::Other,
                        words: seen.clone(),
                    };
                }
            }
            (Bug::RefusalIsFinal, Input::RefundSaid { no, .. }) => {
                let no = *no;
                for refund in &mut self.case.to_mut().refunds {
                    refund.alone |= refund.no == no;
                }
            }
            (Bug::PersonsWordIsFinal, Input::TaskDone { .. }) => {
                for refund in &mut self.case.to_mut().refunds {
                    refund.absent_at = Some(now);
                    refund.sent_at = None;
                }
            }
            (Bug::UnreadListIsEmpty, Input::RefundListed { listed, .. }) => {
                if matches!(listed, ProviderListed::Unknown { .. }) {
                    *listed = ProviderListed::All(Vec::new());
                }
            }
            (Bug::OldListIsGoodEnough, Input::SendRefund { .. }) => {
                for refund in &mut self.case.to_mut().refunds {
                    refund.absent_at = refund.absent_at.map(|_| now);
                    refund.first_sent_at = refund.first_sent_at.map(|_| now);
                    refund.again_at = None;
                }
            }
            (
                Bug::PendingIsPaid,
                Input::RefundSaid {
                    said: ProviderSaid::Refund(report),
                    ..
                },
            ) if report.status == RefundStatus::Pending => {
                report.status = RefundStatus::Succeeded;
            }
            (
                Bug::AdoptsForeign,
                Input::RefundListed {
                    no,
                    listed: ProviderListed::All(all),
                },
            ) => {
                let ours = self.case.refunds.iter().find(|refund| refund.no == *no);
                for report in all {
                    if let Some(ours) = ours.filter(|_| report.reference.is_none()) {
                        report.reference = Some(ours.key.clone());
                        report.amount = ours.amount;
                    }
                }
            }
            (Bug::PaysTheOldDecision, Input::PayOtherwise { .. }) => {
                for refund in &mut self.case.to_mut().refunds {
                    refund.undone_at = refund.undone_at.map(|_| now);
                }
            }
            (Bug::OnePersonIsEnough, _) => {
                self.limits.to_mut().second_person_above_minor = [(*b"DKK", u64::MAX)].into();
            }
            (Bug::SamePersonTwice, Input::Approve { .. }) => self.by = NOBODY,
            (Bug::SkipsTheChecks, _) => self.case.to_mut().checks = [Checked::SettledSound; 3],
            (Bug::ForgetsTheDay, _) => self.brakes.to_mut().day_minor = 0,
            (Bug::AppealsForEver, Input::Appeal { .. }) => self.case.to_mut().appeals = 0,
            (Bug::AppealsUntold, Input::Appeal { .. }) => {
                for letter in &mut self.case.to_mut().letters {
                    letter.handed.get_or_insert_default();
                }
            }
            (Bug::OverridesForgetCredits, Input::Override(_)) => {
                // Only what stands on a payment counts, as it did once.
                self.records.to_mut().refunds.clear();
            }
            (Bug::CancelsAgain, Input::Override(_) | Input::Accept { .. }) => {
                for command in &mut self.case.to_mut().commands {
                    if command.deed == Deed::CancelSubscription {
                        command.state = CommandState::Cancelled;
                    }
                }
            }
            (Bug::OrdersGoodsAgain, _) => {
                for command in &mut self.case.to_mut().commands {
                    if command.deed == Deed::Fulfil(CommandKind::Redeliver) {
                        command.state = CommandState::Cancelled;
                    }
                }
            }
            (Bug::ForgetsReservation, _) => {
                let records = self.records.to_mut();
                for payment in &mut records.payments {
                    payment.reserved_minor = 0;
                }
                records.refunds.clear();
            }
            _ => {}
        }
    }

    fn disputes_are(&mut self, from: DisputeStatus, to: DisputeStatus) {
        for record in &mut self.records.to_mut().disputes {
            if record.dispute.status == from {
                record.dispute.status = to;
            }
        }
    }
}

/// What a bug changes after the desk has answered.
fn after(
    bug: Bug,
    case: &Case,
    shown: Shown<'_>,
    input: &Input,
    said: Result<Vec<Event>, Refusal>,
) -> Result<Vec<Event>, Refusal> {
    let by_hand = |what| {
        Ok(vec![Event {
            at: shown.now,
            by: shown.by,
            what,
        }])
    };
    match (bug, input, &said) {
        (Bug::ClosesWithMoneyMoving, Input::Close { reason }, Err(Refusal::AlreadySent { .. })) => {
            return by_hand(Happened::Closed {
                why: ClosedWhy::ByPerson,
                reason: reason.clone(),
            });
        }
        (Bug::AcceptsOldFacts, Input::Accept { decision, .. }, Err(Refusal::Stale { .. }))
            if case.decision().is_some_and(|held| {
                held.proposal.no == *decision && held.state == DecisionState::Proposed
            }) =>
        {
            return by_hand(Happened::Accepted {
                decision: *decision,
                second_person: false,
            });
        }
        (Bug::ApprovesOldFacts, Input::Approve { decision, .. }, Err(Refusal::Stale { .. }))
            if case.decision().is_some_and(|held| {
                held.proposal.no == *decision
                    && matches!(held.state, DecisionState::Accepted { .. })
            }) =>
        {
            return by_hand(Happened::Approved {
                decision: *decision,
            });
        }
        (
            Bug::AcceptsTwice,
            Input::Accept { decision, .. },
            Err(Refusal::AlreadyDone {
                what: Thing::Decision,
                ..
            }),
        ) => {
            return by_hand(Happened::Accepted {
                decision: *decision,
                second_person: true,
            });
        }
        (
            Bug::StatusGoesBack,
            Input::RefundSaid {
                no,
                said: ProviderSaid::Refund(report),
            },
            Ok(_),
        ) if report.status == RefundStatus::Pending => {
            return by_hand(Happened::RefundPending {
                no: *no,
                provider_refund: report.id.clone(),
                requires_action: false,
                again_at: shown.now.plus(refunds::ARRIVES_WITHIN),
            });
        }
        (
            Bug::ForgetsLateFailure,
            Input::RefundSaid {
                no,
                said: ProviderSaid::Refund(report),
            },
            Ok(_),
        ) if report.status == RefundStatus::Failed => {
            let paid = case.refunds.iter().any(|refund| {
                refund.no == *no && matches!(refund.state, RefundState::Succeeded { .. })
            });
            if paid {
                return Ok(Vec::new());
            }
        }
        _ => {}
    }
    let mut events = said?;
    if bug == Bug::SamePersonTwice {
        for event in &mut events {
            if event.by == NOBODY {
                event.by = shown.by;
            }
        }
    }
    let mut bent = Vec::new();
    for event in events {
        bend(bug, case, event, &mut bent);
    }
    Ok(bent)
}

/// One event as a bug would have it: as it is, changed, twice, or not at all.
fn bend(bug: Bug, case: &Case, mut event: Event, events: &mut Vec<Event>) {
    let mut times = 1;
    match (bug, &mut event.what) {
        (Bug::KeyOverTheAmountOnly, Happened::RefundReserved { key, amount, .. }) => {
            *key = format!("mg_{}", amount.minor());
        }
        (Bug::PromisesMore, Happened::RefundReserved { amount, .. }) => {
            *amount = Amount::new(amount.minor() + 1, amount.currency());
        }
        (Bug::PromisesTwice, Happened::RefundReserved { .. }) => {
            events.push(event.clone());
            if let Happened::RefundReserved { no, key, .. } = &mut event.what {
                *no += 100;
                key.push_str("-again");
            }
        }
        (Bug::PaysBeforeCancelling, Happened::RefundReserved { after_command, .. }) => {
            *after_command = None;
        }
        (Bug::PromisesLess, Happened::RefundReserved { amount, .. }) => {
            *amount = Amount::new(amount.minor() - 1, amount.currency());
        }
        (Bug::CreditsTwice, Happened::CreditGranted { .. })
        | (Bug::ExchangesTwice, Happened::CreditExchanged { .. }) => times = 2,
        (Bug::LeavesTheCredit, Happened::CreditWithdrawn { .. }) => times = 0,
        (
            Bug::TellsTwice,
            Happened::Accepted {
                second_person: false,
                ..
            },
        ) => times = 2,
        (Bug::ForgetsLetters, Happened::LetterHanded { .. }) => times = 0,
        (Bug::LeavesTasks, Happened::TaskEnded { no, .. }) => {
            let of = case
                .tasks
                .iter()
                .find(|task| task.no == *no)
                .map(|task| &task.todo);
            let accepted = matches!(
                case.decision().map(|held| held.state),
                Some(DecisionState::Accepted { .. })
            );
            let approve = of == Some(&Todo::Approve) && accepted;
            times = usize::from(!(approve && events.iter().any(withdraws)));
        }
        (Bug::LeavesQuestions, Happened::Closed { .. }) => {
            events.retain(|event| {
                !matches!(
                    event.what,
                    Happened::AskingEnded { .. } | Happened::TaskEnded { .. }
                )
            });
        }
        (
            Bug::NobodyIsAsked,
            Happened::TaskOpened {
                task: Todo::RefundStuck(_),
                ..
            },
        )
        | (
            Bug::ReadsNoLateMessage,
            Happened::TaskOpened {
                task: Todo::Message,
                ..
            },
        ) => times = 0,
        _ => {}
    }
    events.extend(core::iter::repeat_n(event, times));
}

const fn withdraws(event: &Event) -> bool {
    matches!(
        event.what,
        Happened::Withdrawn { .. }
            | Happened::RefundCancelled {
                why: CancelWhy::Disputed,
                ..
            }
    )
}
