// SPDX-License-Identifier: MIT OR Apache-2.0
//! People: agents, finance, the technical team and customers, each with their habits and their mistakes.

use makegood_desk::amount::Amount;
use makegood_desk::approval::remainder;
use makegood_desk::case::{Event as Entry, LogEntry};
use makegood_desk::event::Todo;
use makegood_desk::execution::{CommandKind, CommandOrder, ConnectorSaid, ProviderSaid};
use makegood_desk::facts::Asked;
use makegood_desk::input::{
    Actor, Answer, Digest, Door, Id, Input, Override, ProofAbout, ProofShows, Situation,
};
use makegood_desk::life::{Case, DecisionState, ProofState};
use makegood_desk::remedy::Outcome;
use makegood_desk::request::is_appealable;

use crate::chance::Chance;
use crate::invariants::Held;
use crate::plan::{Fault, HOUR, seconds};
use crate::provider::BANK;
use crate::store::kroner;
use crate::world::{Step, World};

const ANNA: Actor = Actor::Agent(Id([1; 16]));
const BO: Actor = Actor::Agent(Id([2; 16]));
const FIE: Actor = Actor::Finance(Id([3; 16]));
const TOM: Actor = Actor::Technical(Id([4; 16]));

/// A grant of a part of the price, beside the policy.
#[must_use]
pub fn grants(price: u64, percent: u64) -> (Actor, Input) {
    let whole = percent >= 100;
    let amount = Amount::new(price * percent / 100, kroner());
    let instead = Override {
        outcome: if whole {
            Outcome::Refund
        } else {
            Outcome::PartialRefund
        },
        refund: Some((amount, 0)),
        credit: None,
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5".into(),
        reason: "as a courtesy".into(),
    };
    (ANNA, Input::Override(instead))
}

/// Whether somebody of the merchant's has something to do in a case.
#[must_use]
pub fn waits(case: &Case) -> bool {
    case.parked.is_some()
        || case.open_tasks().next().is_some()
        || case
            .open_askings()
            .any(|asking| asking.whom != Asked::Customer)
        || (case.closed.is_none()
            && case
                .proofs()
                .iter()
                .any(|proof| proof.state == ProofState::Waiting))
}

impl World<'_> {
    /// Somebody comes and does one thing.
    pub(crate) fn people(&mut self, case: usize) -> Held {
        let turn = self.people_turns.entry(case).or_default();
        *turn += 1;
        let turn = *turn;
        let mut chance = self.chance(&[70, u64::try_from(case).unwrap_or(0), turn]);
        let careless = self.has(Fault::CarelessAgent) && chance.one_in(3);
        let mut moves = if careless {
            self.mistakes(case)
        } else {
            self.duties(case, &mut chance)
        };
        if moves.is_empty() {
            moves = self.duties(case, &mut chance);
        }
        if moves.is_empty() {
            return Ok(());
        }
        let most = u64::try_from(moves.len()).unwrap_or(1);
        let place = usize::try_from(chance.below(most)).unwrap_or(0);
        let (by, input) = moves.swap_remove(place);
        self.tell(|| format!("{by:?} does {}", crate::verdict::name_of(&input)));
        self.person(case, by, input)
    }

    /// What is to be done in a case, by whom it can be done.
    fn duties(&self, no: usize, chance: &mut Chance) -> Vec<(Actor, Input)> {
        let case = &self.store.cases[no].case;
        if case.parked.is_some() {
            return vec![(BO, Input::Unpark)];
        }
        let mut moves = Vec::new();
        let note = || "done".to_owned();
        for task in case.open_tasks() {
            let done = |by| {
                (
                    by,
                    Input::TaskDone {
                        no: task.no,
                        note: note(),
                    },
                )
            };
            match &task.todo {
                Todo::Accept => moves.push(self.accepting(no, chance)),
                Todo::Approve if self.is_calm() && chance.one_in(4) => {
                    let reason = "it cannot be approved".to_owned();
                    moves.push((ANNA, Input::Close { reason }));
                }
                Todo::Approve => {
                    let decision = case.decision().map_or(0, |held| held.proposal.no);
                    let approved = self.is_calm() || !chance.one_in(4);
                    let reason = note();
                    let by = chance.pick(&[FIE, BO, ANNA]);
                    moves.push((
                        by,
                        Input::Approve {
                            decision,
                            approved,
                            reason,
                        },
                    ));
                }
                Todo::Verify(check) => moves.push((
                    ANNA,
                    Input::SettleCheck {
                        check: *check,
                        sound: self.is_calm() || !chance.one_in(5),
                        note: note(),
                    },
                )),
                Todo::Review if case.standing().is_some() => moves.push(done(ANNA)),
                Todo::Review => moves.push(self.deciding(no, chance)),
                Todo::Command(command) if chance.one_in(4) => {
                    let why = "it cannot be done".to_owned();
                    let said = ConnectorSaid::Refused { why };
                    moves.push((TOM, Input::CommandSaid { no: *command, said }));
                }
                Todo::Command(_) => moves.push(done(TOM)),
                Todo::RefundStuck(refund) => moves.push(self.finding_out(no, *refund, task.no)),
                Todo::RefundFailed(refund) => {
                    let pay = Input::PayOtherwise {
                        no: *refund,
                        provider: BANK.into(),
                    };
                    let by_other = chance.one_in(2) && !self.is_calm();
                    moves.push(if by_other { (FIE, pay) } else { done(FIE) });
                }
                Todo::Exchange if !chance.one_in(3) => moves.push((
                    BO,
                    Input::Exchange {
                        no: task.no,
                        order: format!("VL-{}", 100 + task.no),
                        service: "Likes".into(),
                        note: note(),
                    },
                )),
                Todo::Message if is_appealable(case) && chance.one_in(2) => {
                    let (door, message) = (Door::Email, None);
                    moves.push((BO, Input::Appeal { door, message }));
                }
                Todo::Message if chance.one_in(2) => {
                    let written = u8::try_from(case.replies.len()).unwrap_or(u8::MAX);
                    let text = Digest([written; 32]);
                    moves.push((BO, Input::Reply { text }));
                }
                Todo::Dispute(_) | Todo::Exchange | Todo::CommandRefused(_) | Todo::Message => {
                    moves.push(done(BO));
                }
            }
        }
        for asking in case.open_askings() {
            if asking.whom == Asked::TechnicalTeam {
                for fact in &asking.facts {
                    moves.extend(
                        self.answer_to(no, fact, chance)
                            .map(|answer| (TOM, Input::Answer(answer))),
                    );
                }
            }
        }
        if case.closed.is_none() {
            for proof in case.proofs() {
                if proof.state == ProofState::Waiting {
                    moves.push(judging(proof.no, &proof.about, chance, self.is_calm()));
                }
            }
        }
        moves
    }

    fn accepting(&self, no: usize, chance: &mut Chance) -> (Actor, Input) {
        let row = &self.store.cases[no];
        let by = chance.pick(&[ANNA, BO]);
        if self.has(Fault::DecidesOtherwise) && chance.one_in(3) {
            return self.deciding(no, chance);
        }
        let decision = row.case.decision();
        let number = decision.map_or(0, |held| held.proposal.no);
        if self.is_calm() {
            // Somebody ends what nobody could accept: verified as unsound, or beyond a day's total.
            if chance.one_in(3) {
                let reason = "it cannot be accepted".to_owned();
                return (by, Input::Close { reason });
            }
        }
        let remainder_minor = if chance.one_in(2) {
            self.left(no).map(|amount| amount.minor())
        } else {
            None
        };
        (
            by,
            Input::Accept {
                decision: number,
                remainder_minor,
            },
        )
    }

    fn left(&self, no: usize) -> Option<Amount> {
        let row = &self.store.cases[no];
        let brakes = self.store.brakes(self.clock());
        let situation = Situation {
            now: self.clock(),
            by: ANNA,
            rulebook: None,
            limits: &self.store.limits,
            records: &self.store.orders[row.order].records,
            brakes: &brakes,
            key_secret: b"",
        };
        remainder(&situation)
    }

    /// A person decides what the policy leaves open, or otherwise than it says.
    fn deciding(&self, no: usize, chance: &mut Chance) -> (Actor, Input) {
        let by = chance.pick(&[ANNA, BO]);
        let calm = self.is_calm();
        if chance.one_in(if calm { 2 } else { 5 }) {
            let reason = "the customer does not answer".to_owned();
            return (by, Input::Close { reason });
        }
        let row = &self.store.cases[no];
        let price = self.plan.orders[row.order].price;
        let amount = |minor| Amount::new(minor, kroner());
        let mut instead = Override {
            outcome: Outcome::Declined,
            refund: None,
            credit: None,
            redeliver_units: 0,
            cancel_subscription: false,
            clause: "5".into(),
            reason: "as a courtesy".into(),
        };
        let left = self.left(no).map_or(0, |left| left.minor());
        match chance.below(5) {
            _ if calm => {}
            0 => {
                instead.outcome = Outcome::PartialRefund;
                instead.refund = Some((amount((price / 2).min(left)), 0));
                instead.cancel_subscription = self.plan.orders[row.order].subscription;
            }
            1 => {
                instead.outcome = Outcome::Refund;
                instead.refund = Some((amount(price), self.plan.orders[row.order].quantity));
            }
            2 => {
                instead.outcome = Outcome::PartialRefund;
                instead.refund = Some((amount((price / 10).min(left)), 0));
                instead.credit = Some(amount(price * 3));
            }
            3 => {
                instead.outcome = Outcome::SupportResolution;
                instead.redeliver_units = 10;
            }
            _ => {}
        }
        (by, Input::Override(instead))
    }

    /// Finance looks into the provider's own pages.
    fn finding_out(&self, no: usize, refund: u32, task: u32) -> (Actor, Input) {
        let held = self.store.cases[no]
            .case
            .refunds
            .iter()
            .find(|held| held.no == refund);
        let seen = held.and_then(|held| self.provider.by_reference(&held.key).last());
        match seen {
            Some(seen) => {
                let said = ProviderSaid::Refund(seen.told.clone());
                (FIE, Input::RefundSaid { no: refund, said })
            }
            None => (
                FIE,
                Input::TaskDone {
                    no: task,
                    note: "the provider has no such refund".into(),
                },
            ),
        }
    }

    fn answer_to(&self, no: usize, fact: &str, chance: &mut Chance) -> Option<Answer> {
        let order = &self.plan.orders[self.store.cases[no].order];
        Some(match fact {
            "redelivery_possible" => Answer::RedeliveryPossible(chance.one_in(2)),
            "expedite_possible" => Answer::ExpeditePossible(chance.one_in(2)),
            "stop_result" => Answer::Stopped(chance.one_in(2)),
            "counts" => Answer::Counts {
                start_count: 100,
                count: 100 + chance.below(order.quantity),
            },
            "pace" => Answer::UnitsPerDay(order.quantity),
            "period_fulfilled" => Answer::PeriodFulfilled(chance.one_in(3)),
            _ => return None,
        })
    }

    /// What people do that they should not.
    fn mistakes(&self, no: usize) -> Vec<(Actor, Input)> {
        let case = &self.store.cases[no].case;
        let mut moves = Vec::new();
        for held in &case.decisions {
            let decision = held.proposal.no;
            // An old page that is still open in a browser.
            moves.push((
                ANNA,
                Input::Accept {
                    decision,
                    remainder_minor: None,
                },
            ));
            moves.push((
                BO,
                Input::Accept {
                    decision,
                    remainder_minor: Some(1),
                },
            ));
            let accepted_by = match held.state {
                DecisionState::Accepted { by } => by,
                _ => BO,
            };
            moves.push((
                accepted_by,
                Input::Approve {
                    decision,
                    approved: true,
                    reason: String::new(),
                },
            ));
        }
        for refund in &case.refunds {
            moves.push((BO, Input::CancelRefund { no: refund.no }));
            moves.push((
                FIE,
                Input::PayOtherwise {
                    no: refund.no,
                    provider: BANK.into(),
                },
            ));
        }
        for task in &case.tasks {
            moves.push((
                FIE,
                Input::TaskDone {
                    no: task.no,
                    note: "done".into(),
                },
            ));
        }
        let reason = "enough".to_owned();
        moves.push((ANNA, Input::Close { reason }));
        moves
    }

    /// A customer answers a question with proofs.
    pub(crate) fn customer(&mut self, case: usize, asking: u32) -> Held {
        let row = &self.store.cases[case];
        let facts = row
            .case
            .open_askings()
            .find(|open| open.no == asking)
            .map(|open| open.facts.clone())
            .unwrap_or_default();
        for fact in facts {
            let account = "account-0".to_owned();
            let about = match fact.as_str() {
                "on_target_share" => ProofAbout::AudienceStatistics,
                "fault_shown" => ProofAbout::AccountFault { account },
                "proxy_used" => ProofAbout::Proxy { account },
                _ => ProofAbout::Other,
            };
            let number = self.store.cases[case].case.proofs().len();
            let file = u8::try_from(number).unwrap_or(u8::MAX);
            let input = Input::Proof {
                about,
                attachment: Digest([file; 32]),
            };
            self.person(case, Actor::Customer, input)?;
        }
        Ok(())
    }

    /// What fulfilment did shows in the log a while later.
    pub(crate) fn goods_arrive(&mut self, case: usize, order: &CommandOrder) {
        let place = self.store.cases[case].order;
        let at = self.now.plus(seconds(2 * HOUR));
        let event = match order.kind {
            CommandKind::Redeliver => Entry::Count {
                count: 500 + self.plan.orders[place].quantity,
            },
            CommandKind::Stop => Entry::Stopped,
            _ => return,
        };
        let entry = LogEntry {
            at,
            id: None,
            event,
        };
        self.at(
            at,
            Step::Log {
                order: place,
                entry,
            },
        );
    }
}

fn judging(no: u32, about: &ProofAbout, chance: &mut Chance, calm: bool) -> (Actor, Input) {
    let shows = match about {
        ProofAbout::AudienceStatistics => {
            ProofShows::OnTargetMillionths(u32::try_from(chance.below(1_000_001)).unwrap_or(0))
        }
        ProofAbout::AccountFault { .. } => ProofShows::Fault(!chance.one_in(4)),
        ProofAbout::Proxy { .. } => ProofShows::Proxy {
            used: !chance.one_in(4),
            country: makegood_desk::case::Country::new("DK"),
        },
        ProofAbout::Other => ProofShows::Nothing,
    };
    let accepted = calm || !chance.one_in(4);
    (
        ANNA,
        Input::JudgeProof {
            no,
            accepted,
            shows,
            reason: "it cannot be read".into(),
        },
    )
}
