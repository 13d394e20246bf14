// SPDX-License-Identifier: MIT OR Apache-2.0
//! The world: a virtual clock, a list of what happens next, and everybody who acts.

use std::collections::{BTreeMap, BTreeSet};

use makegood_desk::case::{ClaimKind, Duration, Instant, LogEntry, Wants};
use makegood_desk::decision::Rulebook;
use makegood_desk::event::{Event, Happened};
use makegood_desk::execution::{ProviderRefund, ProviderSaid, RefundOrder, RefundStatus};
use makegood_desk::input::{Actor, Door, Input, Language, Request};
use makegood_desk::life::{Case, DecisionState, LetterKind};
use makegood_desk::refusal::Refusal;

use crate::auditor::Auditor;
use crate::bug::Bug;
use crate::chance::{Chance, word};
use crate::desk::Desk;
use crate::fulfilment::Fulfilment;
use crate::invariants::{Held, Invariant, Violation, demand};
use crate::plan::{BEGIN, CALM, DAY, Deed, END, Fault, HOUR, Plan, seconds};
use crate::provider::{Begins, Provider, STRIPE};
use crate::store::{Prepared, Store, Uncommitted};
use crate::worker::Worker;
use crate::{shop, verdict};

/// Something that happens at its time.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Act(usize),
    Worker {
        worker: usize,
        epoch: u32,
    },
    Up {
        worker: usize,
    },
    Poke,
    People {
        case: usize,
    },
    Customer {
        case: usize,
        asking: u32,
    },
    Appeal {
        case: usize,
    },
    Write {
        case: usize,
    },
    Log {
        order: usize,
        entry: LogEntry<'static>,
    },
    Land {
        provider: String,
        order: RefundOrder,
    },
    Turn {
        refund: usize,
        to: RefundStatus,
    },
    Hook {
        refund: usize,
        stale: Option<RefundStatus>,
    },
    DisputeHook {
        dispute: usize,
    },
    DisputeEnds {
        dispute: usize,
        won: bool,
    },
    Commit {
        prepared: Box<Prepared>,
        input: Box<Input>,
    },
    Explain {
        order: usize,
    },
    Reconcile,
    Calm,
}

/// What came of a story.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What did not hold, if anything.
    pub violation: Option<Violation>,
    /// The story, if it was asked for.
    pub story: Vec<String>,
    /// How often the desk was asked.
    pub handled: u64,
    /// How many steps there were.
    pub steps: u64,
    /// Refunds that were paid.
    pub paid: usize,
    /// What kinds of things happened, and what was refused, by name.
    pub happened: BTreeSet<String>,
}

/// The world.
#[derive(Debug)]
pub struct World<'w> {
    pub(crate) plan: &'w Plan,
    pub(crate) desk: Desk<'w>,
    pub(crate) store: Store,
    pub(crate) auditor: Auditor,
    pub(crate) provider: Provider,
    pub(crate) fulfilment: Fulfilment,
    pub(crate) now: Instant,
    skew: i64,
    queue: BTreeMap<(Instant, u64), Step>,
    steps: u64,
    pub(crate) workers: Vec<Worker>,
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) busy: BTreeMap<usize, (Instant, u32)>,
    people_due: BTreeSet<usize>,
    pub(crate) people_turns: BTreeMap<usize, u64>,
    asked: BTreeSet<(usize, u32)>,
    story: Option<Vec<String>>,
    happened: BTreeSet<String>,
}

impl<'w> World<'w> {
    /// A world at its beginning.
    #[must_use]
    pub fn new(plan: &'w Plan, rulebook: &'w Rulebook, bug: Option<Bug>, trace: bool) -> Self {
        let mut world = Self {
            plan,
            desk: Desk::new(rulebook, bug),
            store: Store::new(shop::limits(&plan.rules)),
            auditor: Auditor::default(),
            provider: Provider::default(),
            fulfilment: Fulfilment::default(),
            now: BEGIN,
            skew: 0,
            queue: BTreeMap::new(),
            steps: 0,
            workers: (0..plan.rules.workers).map(|_| Worker::default()).collect(),
            calls: BTreeMap::new(),
            busy: BTreeMap::new(),
            people_due: BTreeSet::new(),
            people_turns: BTreeMap::new(),
            asked: BTreeSet::new(),
            story: trace.then(Vec::new),
            happened: BTreeSet::new(),
        };
        world.store.forgets_credits = bug == Some(Bug::ForgetsCredits);
        shop::open(plan, &mut world.store, &mut world.provider);
        for (place, act) in plan.acts.iter().enumerate() {
            world.at(BEGIN.plus(seconds(act.at)), Step::Act(place));
        }
        for day in 1..(CALM / DAY + 4) {
            world.at(BEGIN.plus(seconds(day * DAY)), Step::Reconcile);
        }
        world.at(BEGIN.plus(seconds(CALM)), Step::Calm);
        world
    }

    /// Lets everything happen, and looks at it at every step.
    #[must_use]
    pub fn run(mut self) -> Verdict {
        let end = BEGIN.plus(seconds(END));
        let mut outcome = Ok(());
        while let Some(((at, _), step)) = self.queue.pop_first() {
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            outcome = self.step(step);
            if outcome.is_err() {
                break;
            }
        }
        let outcome = outcome.and_then(|()| verdict::rests(&self));
        let violation = outcome.err();
        if let Some(violation) = &violation {
            self.tell(|| format!("BROKEN  {violation}"));
        }
        let paid = self
            .provider
            .refunds
            .iter()
            .filter(|held| held.ever_succeeded);
        Verdict {
            violation,
            paid: paid.count(),
            happened: self.happened,
            story: self.story.unwrap_or_default(),
            handled: self.desk.handled,
            steps: self.steps,
        }
    }

    /// The time by the desk's clock.
    pub(crate) fn clock(&self) -> Instant {
        self.now.plus(Duration::from_seconds(self.skew))
    }

    /// Whether a fault can happen now.
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.plan.faults.contains(&fault) && self.now < BEGIN.plus(seconds(CALM))
    }

    pub(crate) fn is_calm(&self) -> bool {
        self.now >= BEGIN.plus(seconds(CALM))
    }

    pub(crate) fn at(&mut self, at: Instant, step: Step) {
        self.steps += 1;
        self.queue.insert((at, self.steps), step);
    }

    pub(crate) fn after(&mut self, wait: Duration, step: Step) {
        self.at(self.now.plus(wait), step);
    }

    /// Writes a line of the story, where one is asked for.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        let since = self.now.since(BEGIN).nanoseconds() / 1_000_000_000;
        if let Some(story) = &mut self.story {
            let (day, hour, minute, second) = (
                since / 86_400,
                since / 3_600 % 24,
                since / 60 % 60,
                since % 60,
            );
            story.push(format!(
                "day {day:>2} {hour:02}:{minute:02}:{second:02}  {}",
                line()
            ));
        }
    }

    fn step(&mut self, step: Step) -> Held {
        match step {
            Step::Act(place) => self.act(place),
            Step::Worker { worker, epoch } => self.work(worker, epoch),
            Step::Up { worker } => {
                self.workers[worker].up();
                self.poke()
            }
            Step::Poke => self.poke(),
            Step::People { case } => {
                self.people_due.remove(&case);
                self.people(case)
            }
            Step::Customer { case, asking } => self.customer(case, asking),
            Step::Appeal { case } => {
                let input = Input::Appeal {
                    door: Door::Form,
                    message: None,
                };
                self.person(case, Actor::Customer, input)
            }
            Step::Write { case } => {
                let input = Input::Message {
                    door: Door::Email,
                    message: None,
                    attachments: Vec::new(),
                };
                self.person(case, Actor::Customer, input)
            }
            Step::Log { order, entry } => {
                self.log(order, &entry);
                Ok(())
            }
            Step::Land { provider, order } => {
                let flying = self.auditor.in_flight.entry(order.key.clone()).or_default();
                *flying = flying.saturating_sub(1);
                self.tell(|| format!("provider  a late request lands: {}", order.key));
                self.execute(&provider, &order);
                Ok(())
            }
            Step::Turn { refund, to } => {
                if self.provider.turn(refund, to) {
                    self.tell(|| format!("provider  refund {} is now {to:?}", refund + 1));
                    self.hook(refund);
                }
                Ok(())
            }
            Step::Hook { refund, stale } => self.report(refund, stale),
            Step::DisputeHook { dispute } => {
                self.dispute_seen(dispute);
                Ok(())
            }
            Step::DisputeEnds { dispute, won } => {
                self.dispute_ends(dispute, won);
                Ok(())
            }
            Step::Commit { prepared, input } => self.commit_late(*prepared, *input),
            Step::Explain { order } => {
                self.tell(|| format!("finance   explains what is foreign on order {}", order + 1));
                self.store.change(order, |row| row.records.frozen = false);
                self.news();
                Ok(())
            }
            Step::Reconcile => self.reconcile(),
            Step::Calm => self.calm(),
        }
    }

    fn act(&mut self, place: usize) -> Held {
        let act = &self.plan.acts[place];
        let (no, order) = (act.no, act.order);
        self.tell(|| format!("act {no:>2}    order {}: {:?}", order + 1, act.what));
        match &act.what {
            Deed::Tell => {
                self.store.change(order, |row| {
                    row.records.order = Some(row.to_tell.clone());
                });
                self.news();
            }
            Deed::Log(at, event) => {
                let entry = LogEntry {
                    at: BEGIN.plus(seconds(*at)),
                    id: None,
                    event: event.clone(),
                };
                self.report_log(no, order, entry);
            }
            Deed::Ask(claim, wants) => return self.ask(order, *claim, *wants),
            Deed::DisputeOpens { payment, inquiry } => {
                self.dispute_opens(order, *payment, *inquiry, u64::from(no));
            }
            Deed::DisputeEnds { won } => {
                let open = self.provider.disputes.iter().position(|dispute| {
                    dispute.order == order
                        && dispute.status == makegood_desk::case::DisputeStatus::Open
                });
                if let Some(dispute) = open {
                    self.dispute_ends(dispute, *won);
                }
            }
            Deed::DisputeTurns => {
                let lost = self.provider.disputes.iter().position(|dispute| {
                    dispute.order == order
                        && dispute.status == makegood_desk::case::DisputeStatus::Lost
                });
                if let Some(dispute) = lost {
                    self.dispute_ends(dispute, true);
                }
            }
            Deed::Dashboard { payment, percent } => {
                let reference = shop::reference(order, *payment);
                let made = self.provider.by_hand(self.now, &reference, *percent);
                if let Some(refund) = made {
                    self.hook(refund);
                }
            }
            Deed::Switch(on) => {
                self.store.switch(*on);
                self.news();
            }
            Deed::Rest(long) => {
                let until = self.clock().plus(seconds(*long));
                self.store.rest(STRIPE, until);
            }
            Deed::Clock(by) => {
                self.skew += by;
                self.poke_all();
            }
            Deed::CrashAll => return self.crash_all(),
            Deed::Rush(percent) => {
                // What the policy leaves to people waits for them in a case of its own.
                self.ask(order, ClaimKind::Other, Wants::Refund)?;
                self.ask(order, ClaimKind::WrongTarget, Wants::Refund)?;
                self.rush(order, *percent);
            }
            Deed::Breaks => {
                let newest = self.store.cases.iter().rposition(|row| row.order == order);
                if let Some(case) = newest.filter(|case| self.store.cases[*case].case.version > 0) {
                    let why = "the program failed while it handled this case".into();
                    self.transact(case, Actor::System, Input::Park { why })?
                        .ok();
                }
            }
        }
        Ok(())
    }

    /// Two clicks at once: what each grants is read before the other is written.
    fn rush(&mut self, order: usize, percent: u64) {
        let now = self.clock();
        for case in 0..self.store.cases.len() {
            let row = &self.store.cases[case];
            if row.order != order || row.case.closed.is_some() || row.case.version == 0 {
                continue;
            }
            let (by, input) = crate::people::grants(self.plan.orders[order].price, percent);
            let again = input.clone();
            match self.store.prepare(&mut self.desk, case, by, now, input) {
                Ok(prepared) => {
                    let step = Step::Commit {
                        prepared: Box::new(prepared),
                        input: Box::new(again),
                    };
                    self.after(seconds(1), step);
                }
                Err(refusal) => {
                    self.tell(|| format!("case {case}      rush is refused: {refusal:?}"))
                }
            }
        }
    }

    /// The workers hear that something about an order changed: at once, or late.
    pub(crate) fn news(&mut self) {
        self.steps += 1;
        let mut chance = self.chance(&[65, self.steps]);
        let wait = if self.has(Fault::NewsLate) {
            chance.pick(&[0, 20, 900])
        } else {
            0
        };
        self.after(seconds(wait), Step::Poke);
    }

    fn ask(&mut self, order: usize, claim: ClaimKind, wants: Wants) -> Held {
        let case = self.store.open_case(order, claim);
        let request = Request {
            order: self.plan.orders[order].number.clone(),
            claim,
            wants,
            account: (claim == ClaimKind::AccountFaulty).then(|| "account-0".into()),
            payment: None,
            door: Door::Form,
            language: Language::Danish,
            customer: None,
            message: None,
            attachments: Vec::new(),
        };
        let number = u64::try_from(case).unwrap_or(0) + 1;
        self.person(case, Actor::Customer, Input::Request { number, request })
    }

    /// Everybody becomes kind: switches are released, and what was lost is told.
    fn calm(&mut self) -> Held {
        self.tell(|| "calm      no more faults".into());
        self.store.switch(false);
        self.reconcile()?;
        let cases = self.store.cases.len();
        for case in 0..cases {
            self.watch(case);
        }
        for order in 0..self.store.orders.len() {
            if self.store.orders[order].records.frozen {
                self.after(seconds(HOUR), Step::Explain { order });
            }
        }
        self.poke_all();
        Ok(())
    }

    /// One transaction: what the desk says, and its being written.
    pub(crate) fn transact(
        &mut self,
        case: usize,
        by: Actor,
        input: Input,
    ) -> Result<Result<(), Refusal>, Violation> {
        let now = self.clock();
        match self.store.prepare(&mut self.desk, case, by, now, input) {
            Ok(prepared) => match self.commit(prepared)? {
                true => Ok(Ok(())),
                // Nobody can be quicker between two lines of one thread.
                false => Err(Violation {
                    invariant: Invariant::TheBooksBear,
                    seen: "a transaction that nobody disturbed was not written".into(),
                }),
            },
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    /// Writes what was prepared; false if somebody was quicker.
    pub(crate) fn commit(&mut self, prepared: Prepared) -> Result<bool, Violation> {
        let case = prepared.case;
        let now = self.clock();
        let first = self.store.cases[case].events.len();
        let (desk, auditor) = (&mut self.desk, &mut self.auditor);
        match self
            .store
            .commit(desk, auditor, &self.provider, now, prepared)
        {
            Ok(()) => {}
            Err(Uncommitted::Conflict) => return Ok(false),
            Err(Uncommitted::Broken(violation)) => {
                self.tell_events(case, first);
                return Err(violation);
            }
        }
        self.tell_events(case, first);
        self.follow(case, first);
        Ok(true)
    }

    fn tell_events(&mut self, case: usize, first: usize) {
        if self.story.is_none() {
            return;
        }
        let lines: Vec<String> = self.store.cases[case].events[first..]
            .iter()
            .map(|event| format!("case {case}      {}", verdict::in_words(event)))
            .collect();
        for line in lines {
            self.tell(|| line);
        }
        let events = &self.store.cases[case].events[first..];
        let kinds = events.iter().map(|event| verdict::first_word(&event.what));
        self.happened.extend(kinds);
    }

    /// Whoever is touched by what happened comes to life.
    fn follow(&mut self, case: usize, first: usize) {
        let events: Vec<Event> = self.store.cases[case].events[first..].to_vec();
        for (place, event) in (first..).zip(&events) {
            match &event.what {
                Happened::LetterHanded { no, .. } => self.letter_arrives(case, *no),
                Happened::Closed { .. } => {
                    let place = u64::try_from(place).unwrap_or(0);
                    let mut chance = self.chance(&[60, u64::try_from(case).unwrap_or(0), place]);
                    if !self.is_calm() && chance.one_in(3) {
                        let wait = chance.pick(&[5, HOUR, DAY]);
                        self.after(seconds(wait), Step::Appeal { case });
                    }
                    self.perhaps_writes(case, place);
                }
                Happened::Accepted {
                    second_person: false,
                    ..
                } => self.perhaps_writes(case, u64::try_from(place).unwrap_or(0)),
                _ => {}
            }
        }
        self.wake(case);
        self.watch(case);
        if self.store.cases.iter().any(|row| row.dirty) {
            self.news();
        }
    }

    /// A customer who has read what came of it writes back, one or several times.
    fn perhaps_writes(&mut self, case: usize, place: u64) {
        let mut chance = self.chance(&[66, u64::try_from(case).unwrap_or(0), place]);
        if self.is_calm() || !chance.one_in(4) {
            return;
        }
        for _ in 0..chance.between(1, 3) {
            let wait = chance.pick(&[1, 30, HOUR, 3 * DAY]);
            self.after(seconds(wait), Step::Write { case });
        }
    }

    fn letter_arrives(&mut self, case: usize, no: u32) {
        let letters = &self.store.cases[case].case.letters;
        let kind = letters
            .iter()
            .find(|letter| letter.no == no)
            .map(|letter| letter.kind);
        let asking = match kind {
            Some(LetterKind::Question { asking } | LetterKind::Reminder { asking, .. }) => asking,
            _ => return,
        };
        if !self.asked.insert((case, asking)) {
            return;
        }
        let mut chance = self.chance(&[61, u64::try_from(case).unwrap_or(0), u64::from(asking)]);
        if self.has(Fault::SilentCustomer) && chance.one_in(2) {
            return;
        }
        let wait = chance.pick(&[30, 2 * HOUR, 2 * DAY]);
        self.after(seconds(wait), Step::Customer { case, asking });
    }

    /// Has the workers come when the case wants to be looked at.
    pub(crate) fn wake(&mut self, case: usize) {
        if let Some((at, _)) = self.store.cases[case].wake {
            let wait = at.since(self.clock()).max(Duration::from_seconds(0));
            self.after(wait, Step::Poke);
        }
    }

    fn poke_all(&mut self) {
        for case in 0..self.store.cases.len() {
            self.wake(case);
        }
        self.after(seconds(1), Step::Poke);
    }

    /// Has people come when something waits for them.
    pub(crate) fn watch(&mut self, case: usize) {
        let waits = crate::people::waits(&self.store.cases[case].case);
        if !waits || !self.people_due.insert(case) {
            return;
        }
        let turn = self.people_turns.get(&case).copied().unwrap_or(0);
        let mut chance = self.chance(&[62, u64::try_from(case).unwrap_or(0), turn]);
        let wait = if self.is_calm() {
            2 * HOUR
        } else {
            chance.pick(&[2, 2, 20, 600, 3 * HOUR, 20 * HOUR])
        };
        self.after(seconds(wait), Step::People { case });
    }

    pub(crate) fn chance(&self, words: &[u64]) -> Chance {
        let mut all = vec![self.plan.seed];
        all.extend_from_slice(words);
        Chance::of(&all)
    }

    /// Somebody acts: perhaps slowly, and perhaps twice.
    pub(crate) fn person(&mut self, case: usize, by: Actor, input: Input) -> Held {
        let turn = self.people_turns.entry(case).or_default();
        *turn += 1;
        let mut chance = Chance::of(&[self.plan.seed, 63, u64::try_from(case).unwrap_or(0), *turn]);
        let now = self.clock();
        let slow = self.has(Fault::SlowTransaction) && chance.one_in(3);
        let again = input.clone();
        match self.store.prepare(&mut self.desk, case, by, now, input) {
            Ok(prepared) if slow => {
                let wait = chance.between(1, 4);
                let step = Step::Commit {
                    prepared: Box::new(prepared),
                    input: Box::new(again),
                };
                self.after(seconds(wait), step);
            }
            Ok(prepared) => {
                self.commit(prepared)?;
                self.twice(case, by, again)?;
            }
            Err(refusal) => {
                self.tell(|| {
                    format!(
                        "case {case}      refused to {by:?}: {refusal:?} ({})",
                        verdict::name_of(&again)
                    )
                });
                self.refused(&refusal);
                self.after_refusal(case, &refusal)?;
            }
        }
        self.watch(case);
        Ok(())
    }

    /// Notes a refusal, where a story is told.
    pub(crate) fn refused(&mut self, refusal: &Refusal) {
        if self.story.is_some() {
            self.happened.insert(verdict::first_word(refusal));
        }
    }

    /// A stale view is refused, and looked at afresh.
    fn after_refusal(&mut self, case: usize, refusal: &Refusal) -> Held {
        if !refusal.wants_a_look() {
            return Ok(());
        }
        if self.desk.bug != Some(Bug::LeavesItStale) {
            self.transact(case, Actor::System, Input::Look)?.ok();
        }
        let Refusal::Stale { decision } = refusal else {
            return Ok(());
        };
        // INVARIANT (what is stale is judged anew): nobody is left with a decision that can only be refused.
        let held = self.store.cases[case].case.decision();
        let waits = held.is_some_and(|held| {
            held.proposal.no == *decision
                && matches!(
                    held.state,
                    DecisionState::Proposed | DecisionState::Accepted { .. }
                )
        });
        demand(!waits, Invariant::StaleIsJudgedAnew, || {
            format!("case {case}: decision {decision} is stale and still waits")
        })
    }

    fn commit_late(&mut self, prepared: Prepared, input: Input) -> Held {
        let (case, by) = (prepared.case, prepared.by);
        if self.commit(prepared)? {
            return Ok(());
        }
        self.tell(|| format!("case {case}      somebody was quicker than {by:?}"));
        if let Err(refusal) = self.transact(case, by, input)? {
            self.after_refusal(case, &refusal)?;
        }
        Ok(())
    }

    /// INVARIANT (the same input twice is one): the second time nothing is decided, promised or sent.
    fn twice(&mut self, case: usize, by: Actor, input: Input) -> Held {
        let now = self.clock();
        // A chargeback that nobody had seen undoes at once what was done: then it is another case.
        let undone = |event: &Event| {
            event.at == now
                && matches!(
                    event.what,
                    Happened::Reopened | Happened::Withdrawn { .. } | Happened::DisputeGone
                )
        };
        if self.store.cases[case].events.iter().any(undone) {
            return Ok(());
        }
        let joins = matches!(input, Input::Request { .. } | Input::Message { .. });
        let name = verdict::name_of(&input);
        match self.store.prepare(&mut self.desk, case, by, now, input) {
            Err(_) => Ok(()),
            Ok(prepared) => {
                let moves = prepared.events.iter().any(|event| {
                    matches!(
                        event.what,
                        Happened::RefundReserved { .. }
                            | Happened::CreditGranted { .. }
                            | Happened::CreditExchanged { .. }
                            | Happened::CommandGiven { .. }
                            | Happened::Accepted { .. }
                            | Happened::Approved { .. }
                            | Happened::Appealed { .. }
                    )
                });
                let asked_after = |event: &Event| {
                    matches!(
                        event.what,
                        Happened::RefundPending { .. } | Happened::RefundUnknown { .. }
                    )
                };
                let nothing = prepared.events.iter().all(asked_after);
                demand(nothing || joins && !moves, Invariant::TwiceIsOnce, || {
                    format!("case {case}: {name} is done twice: {:?}", prepared.events)
                })
            }
        }
    }

    // The provider's side.

    /// A request arrives at the provider.
    pub(crate) fn execute(&mut self, provider: &str, order: &RefundOrder) -> ProviderSaid {
        let count = self.calls.entry(format!("at {}", order.key)).or_default();
        *count += 1;
        let mut chance = Chance::of(&[self.plan.seed, 31, word(&order.key), *count]);
        let mut begins = Begins::Succeeded;
        for (fault, how) in [
            (Fault::Pending, Begins::Pending),
            (Fault::BalanceShort, Begins::Short),
            (Fault::ErrorAfterDoing, Begins::ErrorAfterDoing),
            (Fault::ErrorBeforeDoing, Begins::ErrorBeforeDoing),
        ] {
            if self.has(fault) && chance.one_in(3) {
                begins = how;
            }
        }
        let (said, made) = self.provider.execute(self.now, provider, order, begins);
        self.tell(|| {
            format!(
                "provider  does {}: {}",
                order.key,
                verdict::said_in_words(&said)
            )
        });
        if let Some(refund) = made {
            self.goes_on(refund, &mut chance);
        }
        said
    }

    /// What becomes of a refund at the provider.
    fn goes_on(&mut self, refund: usize, chance: &mut Chance) {
        self.hook(refund);
        let mut at = seconds(0);
        let told = &self.provider.refunds[refund].told;
        if told.status == RefundStatus::Pending {
            at = seconds(chance.pick(&[5, 2 * HOUR, 3 * DAY]));
            let fails = self.has(Fault::PendingFails) && chance.one_in(2);
            let to = if fails {
                chance.pick(&[RefundStatus::Failed, RefundStatus::Cancelled])
            } else {
                RefundStatus::Succeeded
            };
            self.after(at, Step::Turn { refund, to });
        }
        if self.has(Fault::FailsLate) && chance.one_in(3) {
            let later = at.nanoseconds() + seconds(chance.pick(&[1, HOUR, 4 * DAY])).nanoseconds();
            let to = RefundStatus::Failed;
            self.after(Duration::from_nanoseconds(later), Step::Turn { refund, to });
        }
    }

    /// The provider tells of a refund: late, twice, in another order, or never.
    fn hook(&mut self, refund: usize) {
        self.steps += 1;
        let mut chance = self.chance(&[32, u64::try_from(refund).unwrap_or(0), self.steps]);
        if self.has(Fault::HookLost) && chance.one_in(2) {
            return;
        }
        let late = self.has(Fault::HookLate);
        let wait = |chance: &mut Chance| {
            if late {
                chance.pick(&[0, 60, 5 * HOUR])
            } else {
                chance.pick(&[0, 1])
            }
        };
        // What is fetched then may come from a copy of the provider's books that lags behind.
        let told = self.provider.refunds[refund].told.status;
        let stale = (late && chance.one_in(2)).then_some(told);
        let first = wait(&mut chance);
        self.after(seconds(first), Step::Hook { refund, stale });
        if self.has(Fault::HookTwice) {
            let second = wait(&mut chance);
            self.after(seconds(second), Step::Hook { refund, stale });
        }
    }

    /// What a webhook only triggers: the refund is fetched, and what it is now is told to its case.
    fn report(&mut self, refund: usize, stale: Option<RefundStatus>) -> Held {
        let mut report = self.provider.refunds[refund].told.clone();
        report.status = stale.unwrap_or(report.status);
        let known = report
            .reference
            .as_ref()
            .and_then(|reference| self.store.by_key.get(reference))
            .copied();
        if let Some((case, no)) = known {
            let said = ProviderSaid::Refund(report.clone());
            if self
                .transact(case, Actor::Provider, Input::RefundSaid { no, said })?
                .is_ok()
            {
                return Ok(());
            }
        }
        self.foreign(&report);
        Ok(())
    }

    fn foreign(&mut self, report: &ProviderRefund) {
        if self.desk.bug == Some(Bug::ForgetsForeign) {
            return;
        }
        let live = !matches!(
            report.status,
            RefundStatus::Failed | RefundStatus::Cancelled
        );
        if self.store.foreign(report, live) {
            self.tell(|| format!("books     {} is foreign, live: {live}", report.id));
            let place = self.store.orders.iter().position(|order| {
                let mut payments = order.records.payments.iter();
                payments.any(|record| record.reference == report.payment)
            });
            let mut chance = self.chance(&[33, word(&report.id)]);
            let wait = if self.is_calm() {
                HOUR
            } else {
                chance.pick(&[600, HOUR, 2 * DAY])
            };
            if let Some(order) = place.filter(|_| live) {
                self.after(seconds(wait), Step::Explain { order });
            }
            self.news();
        }
    }

    fn reconcile(&mut self) -> Held {
        for refund in 0..self.provider.refunds.len() {
            self.report(refund, None)?;
        }
        for dispute in 0..self.provider.disputes.len() {
            self.dispute_seen(dispute);
        }
        Ok(())
    }

    // Crashes.

    /// The program ends. What was written stands, and what it comes to is the same.
    fn crash_all(&mut self) -> Held {
        for worker in 0..self.workers.len() {
            self.crash(worker);
        }
        self.survives()?;
        self.desk.remembered.clear();
        Ok(())
    }

    pub(crate) fn crash(&mut self, worker: usize) {
        if !self.workers[worker].crash() {
            return;
        }
        self.tell(|| format!("worker {worker}  dies"));
        let mut chance = self.chance(&[64, u64::try_from(worker).unwrap_or(0), self.steps]);
        let wait = chance.pick(&[1, 30, 200]);
        self.after(seconds(wait), Step::Up { worker });
    }

    pub(crate) fn survives(&self) -> Held {
        let now = self.clock();
        for (no, row) in self.store.cases.iter().enumerate() {
            let mut again = Case::new(row.case.id);
            for event in &row.events {
                again.apply(event);
            }
            demand(again == row.case, Invariant::ReplayGivesTheSame, || {
                format!("case {no}")
            })?;
            let fresh = Desk::new(self.desk.rulebook, self.desk.bug);
            let same = fresh.owed(&again, now) == self.desk.owed(&row.case, now);
            demand(same, Invariant::OwedSurvivesACrash, || format!("case {no}"))?;
        }
        Ok(())
    }
}
