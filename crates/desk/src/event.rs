// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can have happened to a case. Events are past, complete, and never changed; the case is what they add up to.

use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::Amount;
use crate::case::{Instant, Wants};
use crate::execution::Deed;
use crate::facts::Asked;
use crate::input::{Actor, Answer, Digest, Door, Id, Language, ProofAbout, ProofShows};
use crate::life::{Check, Checked, ClaimHeld, Finding};
use crate::remedy::Outcome;

/// Something that happened: when, by whom, what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: Actor,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// A request opened the case.
    Opened {
        /// The number that people call it by.
        number: u64,
        /// The order number that was named.
        order: String,
        /// The customer, if known.
        customer: Option<Id>,
        /// The customer's language.
        language: Language,
        /// By which way it came.
        door: Door,
        /// What is claimed.
        claim: ClaimHeld,
        /// The customer's own words.
        message: Option<Digest>,
        /// What was handed in with it.
        attachments: Vec<Digest>,
    },
    /// The customer wrote again, or asked the same once more.
    Joined {
        /// By which way.
        door: Door,
        /// The words.
        message: Option<Digest>,
        /// What was handed in.
        attachments: Vec<Digest>,
        /// What is wished for now, where it is another wish than before.
        wants: Option<Wants>,
    },
    /// The order is not known; the shop is asked.
    OrderAwaited {
        /// Until when.
        due_at: Instant,
    },
    /// The shop told us of the order.
    OrderFound {
        /// The customer, if it is known now.
        customer: Option<Id>,
    },
    /// The records were reviewed: what was found, and how the checks stand.
    Investigated {
        /// How each check stands.
        checks: [Checked; 3],
        /// What was found.
        findings: Vec<Finding>,
    },
    /// The investigation has ended and no decision follows at once: a formal update is owed.
    InvestigationEnded,
    /// A person settled a check.
    CheckSettled {
        /// Which.
        check: Check,
        /// Whether the records are sound.
        sound: bool,
        /// What was found.
        note: String,
    },
    /// Somebody is asked for facts, all in one message.
    Asked {
        /// Its number.
        no: u32,
        /// Who.
        whom: Asked,
        /// For which facts.
        facts: Vec<String>,
        /// Until when.
        due_at: Instant,
    },
    /// The customer was reminded of a question.
    Reminded {
        /// Of which.
        no: u32,
    },
    /// A question is over.
    AskingEnded {
        /// Which.
        no: u32,
        /// How.
        how: AskingEnd,
    },
    /// A fact was answered.
    Answered {
        /// The answer.
        answer: Answer,
    },
    /// A proof was handed in.
    ProofHandedIn {
        /// Its number.
        no: u32,
        /// About what.
        about: ProofAbout,
        /// The file.
        attachment: Digest,
    },
    /// Somebody looked at a proof.
    ProofJudged {
        /// Which.
        no: u32,
        /// Whether it was accepted.
        accepted: bool,
        /// What it shows.
        shows: ProofShows,
        /// Why it was not.
        reason: String,
    },
    /// A decision was proposed: by the policy, or by a person instead of it.
    Proposed(Proposal),
    /// A proposal does not hold any more: something that can change it is missing again.
    Withdrawn {
        /// Which.
        decision: u32,
    },
    /// It was accepted; above the second limit it now waits for a second person.
    Accepted {
        /// Which.
        decision: u32,
        /// Whether a second person has to approve.
        second_person: bool,
    },
    /// A second person approved.
    Approved {
        /// Which.
        decision: u32,
    },
    /// A second person did not approve.
    NotApproved {
        /// Which.
        decision: u32,
        /// Why.
        reason: String,
    },
    /// Money was promised to a payment. Nothing has been sent.
    RefundReserved {
        /// Its number.
        no: u32,
        /// The decision it carries out.
        decision: u32,
        /// The payment, by our name.
        payment: String,
        /// The provider, by its name in the settings.
        provider: String,
        /// The provider's name for the payment.
        provider_payment: String,
        /// How much.
        amount: Amount,
        /// For how many units.
        units: u64,
        /// The key that every try carries.
        key: String,
        /// Not sent before.
        not_before: Instant,
        /// Not sent before this command is done.
        after_command: Option<u32>,
    },
    /// It was called back before it was sent.
    RefundCancelled {
        /// Which.
        no: u32,
        /// Why.
        why: CancelWhy,
    },
    /// It is being sent. Written down before the provider is called.
    RefundSending {
        /// Which.
        no: u32,
        /// The how-manieth try.
        try_no: u32,
    },
    /// Nobody knows what became of it.
    RefundUnknown {
        /// Which.
        no: u32,
        /// What was seen.
        seen: String,
        /// When to look again.
        again_at: Instant,
    },
    /// The provider's list does not hold it; it may be sent again.
    RefundAbsent {
        /// Which.
        no: u32,
    },
    /// The provider has begun.
    RefundPending {
        /// Which.
        no: u32,
        /// The provider's name for it.
        provider_refund: String,
        /// Whether the customer has to do something.
        requires_action: bool,
        /// When to look again.
        again_at: Instant,
    },
    /// The money has left.
    RefundSucceeded {
        /// Which.
        no: u32,
        /// The provider's name for it.
        provider_refund: String,
    },
    /// The money came back, or never left.
    RefundFailed {
        /// Which.
        no: u32,
        /// Why, in the provider's words.
        words: String,
        /// Whether it had succeeded before.
        late: bool,
    },
    /// A person is asked what became of it; the desk goes on looking and sends no more.
    RefundStuck {
        /// Which.
        no: u32,
        /// Until when somebody should have looked.
        due_at: Instant,
    },
    /// Fulfilment, the provider or the team is to do something.
    CommandGiven {
        /// Its number.
        no: u32,
        /// The decision it carries out.
        decision: u32,
        /// What.
        deed: Deed,
        /// How many units.
        units: u64,
        /// Which account, or which subscription.
        subject: Option<String>,
        /// Who does it.
        route: Route,
        /// The key that every try carries.
        key: String,
        /// Until when.
        due_at: Instant,
    },
    /// It is being sent. Written down before anybody is called.
    CommandSending {
        /// Which.
        no: u32,
        /// The how-manieth try.
        try_no: u32,
    },
    /// It was taken on, and is not done yet; or nobody knows.
    CommandWaiting {
        /// Which.
        no: u32,
        /// Whether it was taken on.
        accepted: bool,
        /// What was seen.
        seen: String,
        /// When to ask again.
        again_at: Instant,
    },
    /// It is done.
    CommandDone {
        /// Which.
        no: u32,
        /// What was said.
        note: String,
    },
    /// It cannot be done.
    CommandRefused {
        /// Which.
        no: u32,
        /// Why.
        why: String,
    },
    /// It is not wanted any more.
    CommandCancelled {
        /// Which.
        no: u32,
    },
    /// Store credit was granted.
    CreditGranted {
        /// The decision it carries out.
        decision: u32,
        /// How much.
        amount: Amount,
        /// Whether it stands for an exchange.
        exchange: bool,
    },
    /// Store credit was spent on another order: what was exchanged has its other service.
    CreditExchanged {
        /// Which credit of the case, from 1.
        credit: u32,
        /// The new order.
        order: String,
        /// What it is of.
        service: String,
    },
    /// Store credit was taken back: the bank decides whose the money is, and it must not be given twice.
    CreditWithdrawn {
        /// Which.
        credit: u32,
    },
    /// A person has something to do that is no question about a fact.
    TaskOpened {
        /// Its number.
        no: u32,
        /// What.
        task: Todo,
        /// Until when.
        due_at: Instant,
    },
    /// It was done, or is no longer needed.
    TaskEnded {
        /// Which.
        no: u32,
        /// What was done.
        note: String,
    },
    /// A chargeback was seen; money of the case stands still.
    DisputeSeen {
        /// Which.
        dispute: String,
    },
    /// No chargeback is open any more.
    DisputeGone,
    /// The customer does not accept the decision.
    Appealed {
        /// By which way.
        door: Door,
        /// Why.
        message: Option<Digest>,
    },
    /// One of the merchant's people wrote to the customer.
    Replied {
        /// The how-manieth time.
        no: u32,
        /// The words, under the customer's key.
        text: Digest,
    },
    /// A letter was handed over.
    LetterHanded {
        /// Which.
        no: u32,
        /// What was sent.
        text: Digest,
    },
    /// The case is closed.
    Closed {
        /// Why.
        why: ClosedWhy,
        /// A person's reason, if one closed it.
        reason: String,
    },
    /// A closed case is open again.
    Reopened,
    /// Something broke; the case waits for a person.
    Parked {
        /// What.
        why: String,
    },
    /// A person sent it on its way.
    Unparked,
    /// A provider showed a refund that nobody here decided. It is no case's: it and what follows are a story of their own in the log.
    ProviderRefundSeen {
        /// The provider.
        provider: String,
        /// Its name for the refund.
        refund: String,
        /// The order, if its payment is known.
        order: Option<String>,
        /// How much.
        amount: Amount,
        /// How far it is, in the provider's word.
        status: String,
    },
    /// Such a refund went on, or was undone.
    ProviderRefundMoved {
        /// The provider.
        provider: String,
        /// Its name for the refund.
        refund: String,
        /// How far it is now.
        status: String,
    },
    /// The payment of such a refund became known, and with it the order.
    ProviderRefundMatched {
        /// The provider.
        provider: String,
        /// Its name for the refund.
        refund: String,
        /// The order.
        order: String,
    },
    /// Something does not agree with a provider: finance is asked, and money of the order stands still.
    BreachOpened {
        /// What kind of thing.
        kind: String,
        /// The provider.
        provider: String,
        /// The provider's name for what it is about.
        subject: String,
        /// The order, if it is known.
        order: Option<String>,
    },
    /// It was explained, or came right by itself.
    BreachClosed {
        /// What kind of thing.
        kind: String,
        /// The provider.
        provider: String,
        /// The provider's name for what it is about.
        subject: String,
        /// What was behind it.
        note: String,
    },
}

impl Happened {
    /// Whether it happened to the books and to no case.
    #[must_use]
    pub const fn is_of_the_books(&self) -> bool {
        matches!(
            self,
            Self::ProviderRefundSeen { .. }
                | Self::ProviderRefundMoved { .. }
                | Self::ProviderRefundMatched { .. }
                | Self::BreachOpened { .. }
                | Self::BreachClosed { .. }
        )
    }
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskingEnd {
    /// It was answered.
    Answered,
    /// The answer cannot change anything any more.
    NotNeeded,
    /// Nobody answered in time.
    Unanswered,
}

/// Why a refund was called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CancelWhy {
    /// A person undid it.
    Undone,
    /// A chargeback was opened.
    Disputed,
    /// What it was bound to could not be done.
    CommandRefused,
}

/// Who carries a command out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// Fulfilment, over the connector.
    Connector,
    /// The technical team.
    Team,
    /// The payment provider that keeps the subscription.
    Provider,
}

/// Why a case closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClosedWhy {
    /// Everything decided was done.
    Settled,
    /// The customer did not answer.
    Unanswered,
    /// The order is nobody's.
    OrderNotFound,
    /// A person closed it.
    ByPerson,
    /// A person put it together with another one, where it goes on.
    Merged,
}

/// What a person has to do, beside answering questions about facts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Todo {
    /// Look at the proposed decision.
    Accept,
    /// Approve what a colleague accepted.
    Approve,
    /// Say what is with a check of the records.
    Verify(Check),
    /// Decide what the policy leaves to people.
    Review,
    /// Carry out a command.
    Command(u32),
    /// Find out what became of a refund.
    RefundStuck(u32),
    /// Find another way to pay.
    RefundFailed(u32),
    /// Answer a chargeback.
    Dispute(String),
    /// Agree with the customer on something else for the credit; where they would rather keep it for later, it stays a credit.
    Exchange,
    /// See whether the customer is owed an apology or more: what was promised could not be done.
    CommandRefused(u32),
    /// Read what the customer wrote after the case was decided or closed.
    Message,
}

/// A decision as it was proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Its number.
    pub no: u32,
    /// Whose word it is.
    pub origin: Origin,
    /// The policy's name.
    pub policy: String,
    /// Its version.
    pub version: String,
    /// The digest of its rules.
    pub policy_digest: String,
    /// What comes of the case.
    pub outcome: Outcome,
    /// The clause that says so.
    pub clause: Option<String>,
    /// The rule that says so.
    pub rule: Option<String>,
    /// What is to be done.
    pub remedies: Vec<Granted>,
    /// What a person may choose from.
    pub suggestions: Vec<Granted>,
    /// The digest of the facts that it rests on.
    pub facts: Digest,
    /// The case file that was judged.
    pub paper: Paper,
    /// Whether it needs no person.
    pub automatic: bool,
}

/// Whose word a decision is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The policy's.
    Policy,
    /// A person's, against or beside the policy.
    Person {
        /// Why.
        reason: String,
    },
    /// The policy's, as far as there is money left to pay back: never more than was captured, whatever the policy grants.
    Bounded {
        /// The refund or exchange that the policy grants.
        of: Amount,
    },
}

impl Origin {
    /// Whether it is the policy's word, and stands and falls with the facts.
    #[must_use]
    pub const fn is_policy(&self) -> bool {
        matches!(self, Self::Policy | Self::Bounded { .. })
    }
}

/// A case file as it was judged, so that the decision can be made again: its digest, and its bytes until they are stored.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// The SHA-256 of the bytes.
    pub digest: Digest,
    /// The bytes, in the form of `record`; empty in an event that was read back.
    pub bytes: Vec<u8>,
}

impl PartialEq for Paper {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Paper {}

/// A remedy that was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Granted {
    /// Money back.
    Refund {
        /// How much.
        amount: Amount,
        /// For how many units; none for a renewal.
        units: u64,
    },
    /// Something else for the money.
    Exchange {
        /// How much.
        amount: Amount,
        /// For how many units.
        units: u64,
    },
    /// Store credit.
    Credit {
        /// How much.
        amount: Amount,
    },
    /// Units delivered again.
    Redeliver {
        /// How many.
        units: u64,
    },
    /// Another account.
    ReplaceAccount {
        /// For which.
        account: String,
    },
    /// Hurry.
    Expedite,
    /// A start by hand.
    StartManually,
    /// A new beginning.
    Restart,
    /// Renew no more.
    CancelSubscription,
    /// Accept the dispute.
    AcceptDispute {
        /// Which.
        dispute: String,
    },
    /// Answer the dispute with all records.
    SubmitEvidence {
        /// Which.
        dispute: String,
    },
    /// Note a dispute without a word before.
    FlagFriendlyFraud,
}

impl Granted {
    /// The money that leaves by it, or is promised as credit.
    #[must_use]
    pub const fn money(&self) -> Option<Amount> {
        match self {
            Self::Refund { amount, .. }
            | Self::Exchange { amount, .. }
            | Self::Credit { amount } => Some(*amount),
            _ => None,
        }
    }
}
