// SPDX-License-Identifier: MIT OR Apache-2.0
//! The life of a case: its state, and what each event changes. Applying an event cannot fail.

use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::case::{ClaimKind, Instant, Wants};
use crate::event::{
    AskingEnd, CancelWhy, ClosedWhy, Event, Granted, Happened, Proposal, Route, Todo,
};
use crate::execution::{Deed, refunds};
use crate::facts::Asked;
use crate::input::{Actor, Answer, Digest, Door, Id, Language, ProofAbout, ProofShows};

/// A check that must be settled before any money is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// The delivery log.
    DeliveryLog,
    /// What the customer's account did.
    AccountActivity,
    /// Payments, refunds and disputes.
    InternalRecords,
}

impl Check {
    /// All of them, in the order of [`Case::checks`].
    pub const ALL: [Self; 3] = [
        Self::DeliveryLog,
        Self::AccountActivity,
        Self::InternalRecords,
    ];

    /// Its place in lists of checks.
    #[must_use]
    pub const fn place(self) -> usize {
        match self {
            Self::DeliveryLog => 0,
            Self::AccountActivity => 1,
            Self::InternalRecords => 2,
        }
    }
}

/// How a check stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Checked {
    /// Nobody has looked.
    #[default]
    NotYet,
    /// The records are sound.
    Sound,
    /// Something does not add up, and a person has to look.
    Doubtful,
    /// A person looked, and it is sound.
    SettledSound,
    /// A person looked, and it is not sound.
    SettledUnsound,
}

impl Checked {
    /// Whether money may be decided on it.
    #[must_use]
    pub const fn is_verified(self) -> bool {
        matches!(self, Self::Sound | Self::SettledSound)
    }
}

/// Something that the review of the records found. Numbers are for the reader; sentences are made in `notice`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It has not begun, and the start window ran out then.
    StartOverdue {
        /// The end of the window.
        due_at: Instant,
    },
    /// It has not begun, and the start window still runs.
    StartNotDue {
        /// The end of the window.
        due_at: Instant,
    },
    /// It began after the window.
    StartLate {
        /// When it began.
        at: Instant,
        /// The end of the window.
        due_at: Instant,
    },
    /// It began in the window.
    StartInTime {
        /// When it began.
        at: Instant,
    },
    /// So much of the order was delivered, and so much of that dropped.
    Delivered {
        /// Units delivered.
        units_delivered: u64,
        /// Units dropped.
        units_dropped: u64,
        /// Units ordered.
        units_ordered: u64,
    },
    /// What was delivered cannot be told from the log.
    CountsUnknown,
    /// It is behind the promised speed.
    Behind,
    /// The counter stands below where it began.
    BelowStart,
    /// Nothing was reported for so many hours while the order ran.
    Gap {
        /// From when.
        from: Instant,
        /// So many hours.
        hours: u64,
    },
    /// The log reports something later than now.
    FromTheFuture,
    /// The log goes on after the order was closed.
    AfterClosing,
    /// The guarantee runs until then.
    GuaranteeUntil {
        /// When.
        at: Instant,
    },
    /// So many payments came to another sum than the price.
    PaymentsDiffer {
        /// What was paid.
        paid: Amount,
        /// The price.
        price: Amount,
    },
    /// Nothing was paid that we know of.
    NothingPaid,
    /// So much went back already.
    RefundedBefore {
        /// How much.
        amount: Amount,
    },
    /// A refund was made by other hands.
    ForeignRefund {
        /// How much.
        amount: Amount,
    },
    /// A chargeback is open.
    DisputeOpen,
    /// A chargeback was lost.
    DisputeLost,
    /// The customer had so many refunds lately.
    RefundsRecent {
        /// How many.
        count: u32,
    },
    /// So many other orders of the service have the same trouble.
    SameTrouble {
        /// How many.
        count: u32,
    },
    /// Somebody logged in to the claimed account.
    LoginSeen,
}

/// What the customer claims, as the case holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimHeld {
    /// What is wrong.
    pub kind: ClaimKind,
    /// When it was claimed.
    pub at: Instant,
    /// What is wished for.
    pub wants: Wants,
    /// The account it is about.
    pub account: Option<String>,
    /// The payment it is about.
    pub payment: Option<String>,
}

/// A proof that was handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Its number.
    pub no: u32,
    /// About what.
    pub about: ProofAbout,
    /// The file.
    pub attachment: Digest,
    /// When.
    pub at: Instant,
    /// What became of it.
    pub state: ProofState,
}

/// What became of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProofState {
    /// Nobody has looked.
    Waiting,
    /// It was accepted.
    Accepted {
        /// What it shows.
        shows: ProofShows,
        /// By whom.
        by: Actor,
    },
    /// It was rejected.
    Rejected {
        /// Why.
        reason: String,
        /// By whom.
        by: Actor,
    },
}

/// A question to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// Its number.
    pub no: u32,
    /// Who.
    pub whom: Asked,
    /// For which facts.
    pub facts: Vec<String>,
    /// When it was asked.
    pub at: Instant,
    /// Until when.
    pub due_at: Instant,
    /// So many reminders were sent.
    pub reminders: u32,
    /// When the last one was; when it was asked, if there was none.
    pub reminded_at: Instant,
    /// How it ended, if it did.
    pub ended: Option<AskingEnd>,
}

/// An answer, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerHeld {
    /// The answer.
    pub answer: Answer,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Instant,
}

/// A decision, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionHeld {
    /// What was proposed.
    pub proposal: Proposal,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Actor,
    /// How far it is.
    pub state: DecisionState,
}

/// How far a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionState {
    /// It waits for a person.
    Proposed,
    /// It was accepted, and waits for a second person.
    Accepted {
        /// Who accepted.
        by: Actor,
    },
    /// It stands, and is carried out.
    Standing {
        /// Who accepted.
        by: Actor,
        /// Who approved.
        approved_by: Option<Actor>,
        /// Since when.
        at: Instant,
    },
    /// Another one took its place.
    Replaced,
}

/// A refund of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its number.
    pub no: u32,
    /// The decision it carries out.
    pub decision: u32,
    /// The payment, by our name.
    pub payment: String,
    /// The provider, by its name in the settings.
    pub provider: String,
    /// The provider's name for the payment.
    pub provider_payment: String,
    /// How much.
    pub amount: Amount,
    /// For how many units.
    pub units: u64,
    /// The key that every try carries.
    pub key: String,
    /// Not sent before.
    pub not_before: Instant,
    /// Not sent before this command is done.
    pub after_command: Option<u32>,
    /// How far it is.
    // INVARIANT (a shown status never goes back): a state of a higher rank is never followed by one of a lower.
    pub state: RefundState,
    /// When it was promised.
    pub reserved_at: Instant,
    /// When it was first sent.
    pub first_sent_at: Option<Instant>,
    /// How often it was sent.
    pub tries: u32,
    /// When it was last sent.
    pub sent_at: Option<Instant>,
    /// When a list last showed its absence after the last try; nothing before it has.
    pub absent_at: Option<Instant>,
    /// Whether no earlier try can still arrive, so that what the provider says of the last one is the last word.
    pub alone: bool,
    /// When to look again.
    pub again_at: Option<Instant>,
    /// A person was asked.
    pub stuck: bool,
    /// The provider's name for it.
    pub provider_refund: Option<String>,
    /// When it failed or was called back.
    pub undone_at: Option<Instant>,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// Promised; nothing has been sent.
    Reserved,
    /// Being sent, or the program ended while it was.
    Sending,
    /// Nobody knows.
    Unknown,
    /// The provider has begun.
    Pending {
        /// The customer has to do something.
        requires_action: bool,
    },
    /// The money has left.
    Succeeded {
        /// When that was seen.
        at: Instant,
    },
    /// The money came back, or never left.
    Failed {
        /// Why.
        words: String,
        /// It had succeeded before.
        late: bool,
    },
    /// Called back before it was sent.
    Cancelled {
        /// Why.
        why: CancelWhy,
    },
}

impl Refund {
    /// Whether the money of the payment is bound by it: promised, on its way, or gone.
    #[must_use]
    pub const fn binds(&self) -> bool {
        !matches!(
            self.state,
            RefundState::Failed { .. } | RefundState::Cancelled { .. }
        )
    }

    /// Whether nothing more is expected of it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(
            self.state,
            RefundState::Succeeded { .. }
                | RefundState::Failed { .. }
                | RefundState::Cancelled { .. }
        )
    }
}

/// Store credit of the case. What is spent of it in the shop's own till is not heard of here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Its number.
    pub no: u32,
    /// The decision that granted it.
    pub decision: u32,
    /// How much.
    pub amount: Amount,
    /// Whether something else is to be chosen for it.
    pub exchange: bool,
    /// Since when.
    pub at: Instant,
    /// What became of it.
    pub state: CreditState,
}

/// What became of store credit.
// INVARIANT (credit is spent once): only what is still granted can be exchanged or withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditState {
    /// It is there for the customer.
    Granted,
    /// It was spent on another order.
    Exchanged {
        /// The new order.
        order: String,
        /// What it is of.
        service: String,
    },
    /// It was taken back.
    Withdrawn,
}

/// A command of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its number.
    pub no: u32,
    /// The decision it carries out.
    pub decision: u32,
    /// What.
    pub deed: Deed,
    /// How many units.
    pub units: u64,
    /// Which account, or which subscription.
    pub subject: Option<String>,
    /// Who does it.
    pub route: Route,
    /// The key that every try carries.
    pub key: String,
    /// Until when.
    pub due_at: Instant,
    /// How far it is.
    pub state: CommandState,
    /// How often it was sent.
    pub tries: u32,
    /// When to ask again.
    pub again_at: Option<Instant>,
}

/// How far a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// Given; nobody was called.
    Given,
    /// Being sent.
    Sending,
    /// Taken on, or nobody knows.
    Waiting {
        /// It was taken on.
        accepted: bool,
    },
    /// Done.
    Done {
        /// What was said.
        note: String,
    },
    /// It cannot be done.
    Refused {
        /// Why.
        why: String,
    },
    /// Not wanted any more.
    Cancelled,
}

impl Command {
    /// Whether nothing more is expected of it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(
            self.state,
            CommandState::Done { .. } | CommandState::Refused { .. } | CommandState::Cancelled
        )
    }
}

/// A letter that is owed to the customer, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub no: u32,
    /// What it says.
    pub kind: LetterKind,
    /// Since when it is owed.
    pub at: Instant,
    /// What was sent, once it was.
    pub handed: Option<Digest>,
    /// Nobody needs it any more: what it asks was answered before it was sent.
    pub dropped: bool,
}

impl Letter {
    /// Whether it is still to be sent.
    #[must_use]
    pub const fn is_owed(&self) -> bool {
        self.handed.is_none() && !self.dropped
    }
}

/// What a letter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterKind {
    /// We have your request.
    Received,
    /// We need something from you.
    Question {
        /// Which question.
        asking: u32,
    },
    /// We still need it.
    Reminder {
        /// Which question.
        asking: u32,
        /// The how-manieth reminder.
        count: u32,
    },
    /// What we found, and what happens next.
    Update,
    /// What we decided.
    Decision {
        /// Which decision.
        decision: u32,
    },
    /// The money has left.
    Paid {
        /// Which refund.
        refund: u32,
    },
    /// The money came back.
    Failed {
        /// Which refund.
        refund: u32,
    },
    /// It was delivered again, hurried, replaced, cancelled.
    Done {
        /// Which command.
        command: u32,
    },
    /// It could not be done.
    NotDone {
        /// Which command.
        command: u32,
    },
    /// The bank was asked; what happens now.
    Disputed,
    /// What was exchanged is another order now.
    Exchanged {
        /// Which credit.
        credit: u32,
    },
    /// The case is closed without a decision.
    Closed,
    /// We look at it again.
    Reopened,
    /// We have what you wrote after it was decided or closed, and somebody reads it.
    Heard {
        /// Which task that is.
        task: u32,
    },
    /// What one of the merchant's people wrote.
    Reply {
        /// Which of their letters.
        reply: u32,
    },
}

/// What one of the merchant's people wrote to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its number in the case.
    pub no: u32,
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Actor,
    /// The words, under the customer's key.
    pub text: Digest,
}

/// Something that a person has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its number.
    pub no: u32,
    /// What.
    pub todo: Todo,
    /// Since when.
    pub at: Instant,
    /// Until when.
    pub due_at: Instant,
    /// Whether it is done.
    pub done: bool,
}

/// Where a case is, for people who look at many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The order is not known.
    WaitingForOrder,
    /// The records are being reviewed, or somebody other than the customer is asked.
    Investigating,
    /// The customer is asked.
    WaitingForCustomer,
    /// A decision waits for a person.
    ReadyToDecide,
    /// A decision waits for a second person.
    WaitingForApproval,
    /// What was decided is being done.
    Remedying,
    /// Nothing more is to be done.
    Closed,
    /// A person looks at what broke.
    Parked,
}

impl Stage {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Self); 8] = [
        ("waiting_for_order", Self::WaitingForOrder),
        ("investigating", Self::Investigating),
        ("waiting_for_customer", Self::WaitingForCustomer),
        ("ready_to_decide", Self::ReadyToDecide),
        ("waiting_for_approval", Self::WaitingForApproval),
        ("remedying", Self::Remedying),
        ("closed", Self::Closed),
        ("parked", Self::Parked),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, stage)| *stage == self)
            .map_or("", |(word, _)| word)
    }
}

/// A case: what its events add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name for machines.
    pub id: Id,
    /// How many events it has seen.
    pub version: u64,
    /// The number that people call it by.
    pub number: u64,
    /// The order number that the customer named.
    pub order: String,
    /// The customer, if known.
    pub customer: Option<Id>,
    /// The customer's language.
    pub language: Language,
    /// By which way it came first.
    pub door: Option<Door>,
    /// When it was opened.
    pub opened_at: Instant,
    /// When something last happened.
    pub changed_at: Instant,
    claim: Option<ClaimHeld>,
    /// The order is awaited until then.
    pub order_due_at: Option<Instant>,
    /// How the checks stand, in the order of [`Check::ALL`].
    pub checks: [Checked; 3],
    /// What the review found.
    pub findings: Vec<Finding>,
    /// Whether a formal update ended the investigation.
    pub updated: bool,
    proofs: Vec<Proof>,
    /// Questions, oldest first.
    pub askings: Vec<Asking>,
    told: Vec<AnswerHeld>,
    /// Decisions, oldest first.
    pub decisions: Vec<DecisionHeld>,
    /// Refunds, oldest first.
    pub refunds: Vec<Refund>,
    /// Commands, oldest first.
    pub commands: Vec<Command>,
    /// Letters, oldest first.
    pub letters: Vec<Letter>,
    /// Tasks, oldest first.
    pub tasks: Vec<Task>,
    /// Store credit, oldest first.
    pub credits: Vec<Credit>,
    /// A chargeback is open.
    pub disputed: Option<String>,
    /// Appeals so far.
    pub appeals: u32,
    /// What the merchant's people wrote to the customer, oldest first.
    pub replies: Vec<Reply>,
    /// Messages and files of the customer, oldest first.
    pub messages: Vec<(Instant, Option<Digest>, Vec<Digest>)>,
    /// Closed, and why.
    pub closed: Option<ClosedWhy>,
    /// The reason of the person who closed it last, if one did; it stays when the case is opened again.
    pub closed_reason: Option<String>,
    /// Parked, and why.
    pub parked: Option<String>,
}

impl Case {
    /// A case to which nothing has happened.
    #[must_use]
    pub const fn new(id: Id) -> Self {
        let never = Instant::from_unix_nanoseconds(0);
        Self {
            id,
            version: 0,
            number: 0,
            order: String::new(),
            customer: None,
            language: Language::Danish,
            door: None,
            opened_at: never,
            changed_at: never,
            claim: None,
            order_due_at: None,
            checks: [Checked::NotYet; 3],
            findings: Vec::new(),
            updated: false,
            proofs: Vec::new(),
            askings: Vec::new(),
            told: Vec::new(),
            decisions: Vec::new(),
            refunds: Vec::new(),
            commands: Vec::new(),
            letters: Vec::new(),
            tasks: Vec::new(),
            credits: Vec::new(),
            disputed: None,
            appeals: 0,
            messages: Vec::new(),
            replies: Vec::new(),
            closed: None,
            closed_reason: None,
            parked: None,
        }
    }

    /// What is claimed; nothing before the case was opened.
    #[must_use]
    pub const fn claim(&self) -> Option<&ClaimHeld> {
        self.claim.as_ref()
    }

    /// The proofs that were handed in.
    #[must_use]
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// The latest answer to each fact.
    pub fn answers(&self) -> impl Iterator<Item = &AnswerHeld> {
        self.told.iter().enumerate().filter_map(|(place, held)| {
            let later = self.told.iter().skip(place.saturating_add(1));
            let same = |other: &AnswerHeld| other.answer.fact() == held.answer.fact();
            (!later.into_iter().any(same)).then_some(held)
        })
    }

    /// The latest decision.
    #[must_use]
    pub fn decision(&self) -> Option<&DecisionHeld> {
        self.decisions.last()
    }

    /// The decision that is carried out.
    #[must_use]
    pub fn standing(&self) -> Option<&DecisionHeld> {
        self.decision()
            .filter(|held| matches!(held.state, DecisionState::Standing { .. }))
    }

    /// Questions that are still open.
    pub fn open_askings(&self) -> impl Iterator<Item = &Asking> {
        self.askings.iter().filter(|asking| asking.ended.is_none())
    }

    /// Tasks that are still to be done.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| !task.done)
    }

    /// Where the case is.
    #[must_use]
    pub fn stage(&self) -> Stage {
        if self.parked.is_some() {
            return Stage::Parked;
        }
        if self.closed.is_some() {
            return Stage::Closed;
        }
        if self.order_due_at.is_some() {
            return Stage::WaitingForOrder;
        }
        match self.decision().map(|held| held.state) {
            Some(DecisionState::Standing { .. }) => Stage::Remedying,
            Some(DecisionState::Accepted { .. }) => Stage::WaitingForApproval,
            Some(DecisionState::Proposed) => Stage::ReadyToDecide,
            Some(DecisionState::Replaced) | None => {
                let of_customer = |asking: &Asking| asking.whom == Asked::Customer;
                if self.open_askings().any(of_customer) {
                    Stage::WaitingForCustomer
                } else if self
                    .open_tasks()
                    .any(|task| matches!(task.todo, Todo::Review))
                {
                    Stage::ReadyToDecide
                } else {
                    Stage::Investigating
                }
            }
        }
    }

    /// What happened, added to what the case is.
    pub fn apply(&mut self, event: &Event) {
        self.version = self.version.saturating_add(1);
        self.changed_at = event.at;
        let at = event.at;
        match &event.what {
            Happened::Opened { .. }
            | Happened::Joined { .. }
            | Happened::Appealed { .. }
            | Happened::OrderAwaited { .. }
            | Happened::OrderFound { .. }
            | Happened::Closed { .. }
            | Happened::Reopened
            | Happened::Parked { .. }
            | Happened::Unparked => self.apply_course(at, &event.what),
            Happened::Investigated { .. }
            | Happened::InvestigationEnded
            | Happened::CheckSettled { .. }
            | Happened::Asked { .. }
            | Happened::Reminded { .. }
            | Happened::AskingEnded { .. }
            | Happened::Answered { .. }
            | Happened::ProofHandedIn { .. }
            | Happened::ProofJudged { .. } => self.apply_facts(at, event.by, &event.what),
            Happened::Proposed(_)
            | Happened::Withdrawn { .. }
            | Happened::Accepted { .. }
            | Happened::Approved { .. }
            | Happened::NotApproved { .. }
            | Happened::CreditGranted { .. }
            | Happened::CreditExchanged { .. }
            | Happened::CreditWithdrawn { .. } => self.apply_decision(at, event.by, &event.what),
            Happened::RefundReserved { .. }
            | Happened::RefundCancelled { .. }
            | Happened::RefundSending { .. }
            | Happened::RefundUnknown { .. }
            | Happened::RefundAbsent { .. }
            | Happened::RefundPending { .. }
            | Happened::RefundSucceeded { .. }
            | Happened::RefundFailed { .. }
            | Happened::RefundStuck { .. } => self.apply_refund(at, &event.what),
            Happened::CommandGiven { .. }
            | Happened::CommandSending { .. }
            | Happened::CommandWaiting { .. }
            | Happened::CommandDone { .. }
            | Happened::CommandRefused { .. }
            | Happened::CommandCancelled { .. } => self.apply_command(at, &event.what),
            Happened::TaskOpened { no, task, due_at } => {
                self.tasks.push(Task {
                    no: *no,
                    todo: task.clone(),
                    at,
                    due_at: *due_at,
                    done: false,
                });
                if *task == Todo::Message {
                    // However often somebody writes until it is read, they are told once.
                    self.owe(at, LetterKind::Heard { task: *no });
                }
            }
            Happened::TaskEnded { no, .. } => {
                for task in self.tasks.iter_mut().filter(|task| task.no == *no) {
                    task.done = true;
                }
            }
            Happened::DisputeSeen { dispute } => {
                self.disputed = Some(dispute.clone());
                self.owe(at, LetterKind::Disputed);
            }
            Happened::DisputeGone => self.disputed = None,
            // What happens to the books reaches a case by its records.
            Happened::ProviderRefundSeen { .. }
            | Happened::ProviderRefundMoved { .. }
            | Happened::ProviderRefundMatched { .. }
            | Happened::BreachOpened { .. }
            | Happened::BreachClosed { .. } => {}
            Happened::Replied { no, text } => {
                self.replies.push(Reply {
                    no: *no,
                    at,
                    by: event.by,
                    text: *text,
                });
                self.owe(at, LetterKind::Reply { reply: *no });
            }
            Happened::LetterHanded { no, text } => {
                for letter in self.letters.iter_mut().filter(|letter| letter.no == *no) {
                    // INVARIANT (a letter is owed once): what was handed over stays handed over.
                    letter.handed.get_or_insert(*text);
                }
            }
        }
    }

    fn apply_course(&mut self, at: Instant, what: &Happened) {
        match what {
            Happened::Opened {
                number,
                order,
                customer,
                language,
                door,
                claim,
                message,
                attachments,
            } => {
                self.number = *number;
                self.order.clone_from(order);
                self.customer = *customer;
                self.language = *language;
                self.door = Some(*door);
                self.opened_at = at;
                self.claim = Some(claim.clone());
                self.messages.push((at, *message, attachments.clone()));
                self.owe(at, LetterKind::Received);
            }
            Happened::Joined {
                message,
                attachments,
                wants,
                ..
            } => {
                self.messages.push((at, *message, attachments.clone()));
                if let (Some(claim), Some(wants)) = (&mut self.claim, wants) {
                    claim.wants = *wants;
                }
            }
            Happened::Appealed { message, .. } => {
                self.appeals = self.appeals.saturating_add(1);
                self.messages.push((at, *message, Vec::new()));
                self.closed = None;
                self.updated = false;
                self.replace_decision();
                self.owe(at, LetterKind::Reopened);
            }
            Happened::OrderAwaited { due_at } => self.order_due_at = Some(*due_at),
            Happened::OrderFound { customer } => {
                self.order_due_at = None;
                self.customer = self.customer.or(*customer);
            }
            Happened::Closed { why, reason } => {
                self.closed = Some(*why);
                if matches!(why, ClosedWhy::ByPerson | ClosedWhy::Merged) {
                    self.closed_reason = Some(reason.clone());
                }
                if *why != ClosedWhy::Settled {
                    self.owe(at, LetterKind::Closed);
                }
            }
            Happened::Reopened => self.closed = None,
            Happened::Parked { why } => self.parked = Some(why.clone()),
            Happened::Unparked => self.parked = None,
            _ => {}
        }
    }

    fn apply_facts(&mut self, at: Instant, by: Actor, what: &Happened) {
        match what {
            Happened::Investigated { checks, findings } => {
                self.checks = *checks;
                self.findings.clone_from(findings);
            }
            Happened::InvestigationEnded => {
                self.updated = true;
                self.owe(at, LetterKind::Update);
            }
            Happened::CheckSettled { check, sound, .. } => {
                if let Some(held) = self.checks.get_mut(check.place()) {
                    *held = if *sound {
                        Checked::SettledSound
                    } else {
                        Checked::SettledUnsound
                    };
                }
            }
            Happened::Asked {
                no,
                whom,
                facts,
                due_at,
            } => {
                self.askings.push(Asking {
                    no: *no,
                    whom: *whom,
                    facts: facts.clone(),
                    at,
                    due_at: *due_at,
                    reminders: 0,
                    reminded_at: at,
                    ended: None,
                });
                if *whom == Asked::Customer {
                    self.owe(at, LetterKind::Question { asking: *no });
                }
            }
            Happened::Reminded { no } => {
                let mut count = 0;
                for asking in self.askings.iter_mut().filter(|asking| asking.no == *no) {
                    asking.reminders = asking.reminders.saturating_add(1);
                    asking.reminded_at = at;
                    count = asking.reminders;
                }
                self.owe(at, LetterKind::Reminder { asking: *no, count });
            }
            Happened::AskingEnded { no, how } => {
                for asking in self.askings.iter_mut().filter(|asking| asking.no == *no) {
                    asking.ended = Some(*how);
                }
                // A question that nobody needs an answer to is not sent any more.
                for letter in &mut self.letters {
                    letter.dropped |= match letter.kind {
                        LetterKind::Question { asking } | LetterKind::Reminder { asking, .. } => {
                            asking == *no && letter.handed.is_none()
                        }
                        _ => false,
                    };
                }
            }
            Happened::Answered { answer } => self.told.push(AnswerHeld {
                answer: answer.clone(),
                by,
                at,
            }),
            Happened::ProofHandedIn {
                no,
                about,
                attachment,
            } => self.proofs.push(Proof {
                no: *no,
                about: about.clone(),
                attachment: *attachment,
                at,
                state: ProofState::Waiting,
            }),
            Happened::ProofJudged {
                no,
                accepted,
                shows,
                reason,
            } => {
                for proof in self.proofs.iter_mut().filter(|proof| proof.no == *no) {
                    proof.state = if *accepted {
                        ProofState::Accepted {
                            shows: shows.clone(),
                            by,
                        }
                    } else {
                        ProofState::Rejected {
                            reason: reason.clone(),
                            by,
                        }
                    };
                }
                // Whoever sent it hears what comes of it: the decision, another question, or an update.
                self.updated &= !*accepted;
            }
            _ => {}
        }
    }

    fn apply_decision(&mut self, at: Instant, by: Actor, what: &Happened) {
        match what {
            Happened::Proposed(proposal) => {
                self.replace_decision();
                self.decisions.push(DecisionHeld {
                    proposal: proposal.clone(),
                    at,
                    by,
                    state: DecisionState::Proposed,
                });
            }
            Happened::Accepted {
                decision,
                second_person,
            } => {
                let state = if *second_person {
                    DecisionState::Accepted { by }
                } else {
                    DecisionState::Standing {
                        by,
                        approved_by: None,
                        at,
                    }
                };
                self.set_decision(*decision, state);
                if !*second_person {
                    self.owe(
                        at,
                        LetterKind::Decision {
                            decision: *decision,
                        },
                    );
                }
            }
            Happened::Approved { decision } => {
                let accepted_by = self.decisions.iter().find_map(|held| match held.state {
                    DecisionState::Accepted { by } if held.proposal.no == *decision => Some(by),
                    _ => None,
                });
                let state = DecisionState::Standing {
                    by: accepted_by.unwrap_or(by),
                    approved_by: Some(by),
                    at,
                };
                self.set_decision(*decision, state);
                self.owe(
                    at,
                    LetterKind::Decision {
                        decision: *decision,
                    },
                );
            }
            Happened::Withdrawn { decision } => {
                self.set_decision(*decision, DecisionState::Replaced);
                self.drop_letter(LetterKind::Decision {
                    decision: *decision,
                });
            }
            Happened::NotApproved { decision, .. } => {
                self.set_decision(*decision, DecisionState::Proposed);
            }
            Happened::CreditGranted {
                decision,
                amount,
                exchange,
            } => self.credits.push(Credit {
                no: next(self.credits.len()),
                decision: *decision,
                amount: *amount,
                exchange: *exchange,
                at,
                state: CreditState::Granted,
            }),
            Happened::CreditExchanged {
                credit,
                order,
                service,
            } => {
                let state = CreditState::Exchanged {
                    order: order.clone(),
                    service: service.clone(),
                };
                self.set_credit(*credit, &state);
                self.owe(at, LetterKind::Exchanged { credit: *credit });
            }
            Happened::CreditWithdrawn { credit } => {
                self.set_credit(*credit, &CreditState::Withdrawn);
            }
            _ => {}
        }
    }

    fn apply_refund(&mut self, at: Instant, what: &Happened) {
        if let Happened::RefundReserved {
            no,
            decision,
            payment,
            provider,
            provider_payment,
            amount,
            units,
            key,
            not_before,
            after_command,
        } = what
        {
            self.refunds.push(Refund {
                no: *no,
                decision: *decision,
                payment: payment.clone(),
                provider: provider.clone(),
                provider_payment: provider_payment.clone(),
                amount: *amount,
                units: *units,
                key: key.clone(),
                not_before: *not_before,
                after_command: *after_command,
                state: RefundState::Reserved,
                reserved_at: at,
                first_sent_at: None,
                tries: 0,
                sent_at: None,
                absent_at: None,
                alone: true,
                again_at: None,
                stuck: false,
                provider_refund: None,
                undone_at: None,
            });
            return;
        }
        let no = match what {
            Happened::RefundCancelled { no, .. }
            | Happened::RefundSending { no, .. }
            | Happened::RefundUnknown { no, .. }
            | Happened::RefundAbsent { no }
            | Happened::RefundPending { no, .. }
            | Happened::RefundSucceeded { no, .. }
            | Happened::RefundFailed { no, .. }
            | Happened::RefundStuck { no, .. } => *no,
            _ => return,
        };
        let mut letter = None;
        for refund in self.refunds.iter_mut().filter(|refund| refund.no == no) {
            refund.again_at = None;
            match what {
                Happened::RefundCancelled { why, .. } => {
                    refund.state = RefundState::Cancelled { why: *why };
                    refund.undone_at = Some(at);
                }
                Happened::RefundSending { try_no, .. } => {
                    refund.state = RefundState::Sending;
                    refund.tries = *try_no;
                    refund.alone = refunds::cannot_arrive_any_more(refund);
                    refund.absent_at = None;
                    refund.sent_at = Some(at);
                    refund.first_sent_at.get_or_insert(at);
                }
                Happened::RefundUnknown { again_at, .. } => {
                    refund.state = RefundState::Unknown;
                    refund.absent_at = None;
                    refund.again_at = Some(*again_at);
                }
                Happened::RefundAbsent { .. } => {
                    refund.state = RefundState::Unknown;
                    refund.absent_at = Some(at);
                    // Where absence permits nothing yet, it is looked at again, and not at once.
                    let waits = !refunds::may_be_sent_again(refund, at);
                    refund.again_at = waits.then(|| at.plus(refunds::LONGEST_WAIT));
                }
                Happened::RefundPending {
                    provider_refund,
                    requires_action,
                    again_at,
                    ..
                } => {
                    refund.state = RefundState::Pending {
                        requires_action: *requires_action,
                    };
                    refund.provider_refund = Some(provider_refund.clone());
                    refund.again_at = Some(*again_at);
                }
                Happened::RefundSucceeded {
                    provider_refund, ..
                } => {
                    refund.state = RefundState::Succeeded { at };
                    refund.provider_refund = Some(provider_refund.clone());
                    letter = Some(LetterKind::Paid { refund: no });
                }
                Happened::RefundFailed { words, late, .. } => {
                    refund.state = RefundState::Failed {
                        words: words.clone(),
                        late: *late,
                    };
                    refund.undone_at = Some(at);
                    letter = Some(LetterKind::Failed { refund: no });
                }
                Happened::RefundStuck { .. } => {
                    refund.stuck = true;
                    refund.again_at = Some(at.plus(refunds::LONGEST_WAIT));
                }
                _ => {}
            }
        }
        if let Some(kind) = letter {
            if matches!(kind, LetterKind::Failed { .. }) {
                // INVARIANT (no paid letter before the provider confirmed), nor after it took that back.
                self.drop_letter(LetterKind::Paid { refund: no });
            }
            self.owe(at, kind);
        }
    }

    fn drop_letter(&mut self, kind: LetterKind) {
        for letter in self.letters.iter_mut().filter(|letter| letter.kind == kind) {
            letter.dropped |= letter.handed.is_none();
        }
    }

    fn apply_command(&mut self, at: Instant, what: &Happened) {
        if let Happened::CommandGiven {
            no,
            decision,
            deed,
            units,
            subject,
            route,
            key,
            due_at,
        } = what
        {
            self.commands.push(Command {
                no: *no,
                decision: *decision,
                deed: *deed,
                units: *units,
                subject: subject.clone(),
                route: *route,
                key: key.clone(),
                due_at: *due_at,
                state: CommandState::Given,
                tries: 0,
                again_at: None,
            });
            return;
        }
        let (no, state, again_at, letter) = match what {
            Happened::CommandSending { no, .. } => (*no, CommandState::Sending, None, None),
            Happened::CommandWaiting {
                no,
                accepted,
                again_at,
                ..
            } => {
                let state = CommandState::Waiting {
                    accepted: *accepted,
                };
                (*no, state, Some(*again_at), None)
            }
            Happened::CommandDone { no, note } => {
                let state = CommandState::Done { note: note.clone() };
                (*no, state, None, Some(LetterKind::Done { command: *no }))
            }
            Happened::CommandRefused { no, why } => {
                let state = CommandState::Refused { why: why.clone() };
                (*no, state, None, Some(LetterKind::NotDone { command: *no }))
            }
            Happened::CommandCancelled { no } => (*no, CommandState::Cancelled, None, None),
            _ => return,
        };
        let mut granted = false;
        for command in self.commands.iter_mut().filter(|command| command.no == no) {
            if let Happened::CommandSending { try_no, .. } = what {
                command.tries = *try_no;
            }
            command.state = state.clone();
            command.again_at = again_at;
            // A stop that the desk tried for a fact was promised to nobody.
            granted = command.decision != 0;
        }
        if let Some(kind) = letter.filter(|_| granted) {
            self.owe(at, kind);
        }
    }

    fn owe(&mut self, at: Instant, kind: LetterKind) {
        self.letters.push(Letter {
            no: next(self.letters.len()),
            kind,
            at,
            handed: None,
            dropped: false,
        });
    }

    fn set_decision(&mut self, no: u32, state: DecisionState) {
        for held in self
            .decisions
            .iter_mut()
            .filter(|held| held.proposal.no == no)
        {
            held.state = state;
        }
    }

    fn set_credit(&mut self, no: u32, state: &CreditState) {
        for credit in self.credits.iter_mut().filter(|credit| credit.no == no) {
            credit.state = state.clone();
        }
    }

    fn replace_decision(&mut self) {
        if let Some(held) = self.decisions.last_mut() {
            held.state = DecisionState::Replaced;
        }
    }

    /// The money that a decision grants and that is neither called back nor failed.
    #[must_use]
    pub fn bound_minor(&self, decision: u32) -> u64 {
        self.refunds
            .iter()
            .filter(|refund| refund.decision == decision && refund.binds())
            .fold(0, |sum, refund| sum.saturating_add(refund.amount.minor()))
    }
}

/// The number of the next of so many things: the first is 1.
#[must_use]
pub(crate) fn next(so_far: usize) -> u32 {
    u32::try_from(so_far).unwrap_or(u32::MAX).saturating_add(1)
}

/// What a decision comes to in all, money and credit together, for whoever asks how much; nothing if it comes to neither.
// INVARIANT (limits bind the whole): a credit beside a refund counts too, or it would be beyond every limit.
#[must_use]
pub fn money_of(remedies: &[Granted]) -> Option<Amount> {
    let mut all = remedies.iter().filter_map(Granted::money);
    let first = all.next()?;
    let minor = all.fold(first.minor(), |sum, next| sum.saturating_add(next.minor()));
    Some(Amount::new(minor, first.currency()))
}
