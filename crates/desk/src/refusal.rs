// SPDX-License-Identifier: MIT OR Apache-2.0
//! Why the desk will not: a closed list in order of precedence, most decisive first.
//!
//! A refusal is not a denial. A denial is a decision of the policy and has a clause; a refusal says that what was asked cannot be done.

use alloc::string::String;

use crate::amount::{Amount, Currency};
use crate::case::{CaseProblem, Instant};
use crate::input::Door;
use crate::life::Check;

/// Why the desk will not do what was asked. It carries data; sentences are made at the door.
///
/// The order is that of the checks: where several hold, the first is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The case was parked after something broke; a person looks first.
    Parked,
    /// There is no such case yet.
    NoSuchCase,
    /// A request came by a door that the merchant does not keep.
    ChannelNotOffered {
        /// Which.
        door: Door,
    },
    /// There is no such thing in the case: a proof, a decision, a refund, a command, a task.
    NoSuch {
        /// What.
        what: Thing,
        /// Its number.
        no: u32,
    },
    /// The case is closed.
    Closed,
    /// Whoever acts may not do this.
    NotYours {
        /// What it takes.
        takes: Takes,
    },
    /// It was done already, and it was the same.
    AlreadyDone {
        /// What.
        what: Thing,
        /// Its number.
        no: u32,
    },
    /// The order is not known yet.
    OrderUnknown,
    /// No version of the policy was in force when the order was placed.
    NoPolicy,
    /// The records of the order contradict each other.
    RecordsBroken {
        /// Where.
        problem: CaseProblem,
    },
    /// A chargeback is open, and all money of the payment stands still.
    DisputeOpen {
        /// Which.
        dispute: String,
    },
    /// A refund that nobody here decided was seen at the provider, and nobody has explained it.
    OrderFrozen,
    /// There is no decision to accept.
    NothingProposed,
    /// Facts changed since the decision was proposed: look at the new one.
    Stale {
        /// The decision that was meant.
        decision: u32,
    },
    /// The caller saw another remainder than there is.
    StaleRemainder {
        /// What was seen.
        seen_minor: u64,
        /// What there is.
        left: Amount,
    },
    /// Facts that can still change the decision are missing.
    FactMissing {
        /// One of them.
        fact: String,
    },
    /// A check of the records is open: no money before that.
    NotVerified {
        /// Which.
        check: Check,
    },
    /// A second person has to approve first, and it cannot be the one who accepted.
    SamePerson,
    /// A decision can be appealed once, after it was told.
    NotAppealable,
    /// The clause is not in the policy.
    NoSuchClause {
        /// What was named.
        clause: String,
    },
    /// A reason has to be given.
    ReasonMissing,
    /// The amount is in another currency than the order.
    OtherCurrency {
        /// The order's.
        order: Currency,
        /// The amount's.
        found: Currency,
    },
    /// More than is left of the order or its payments.
    MoreThanLeft {
        /// What is left.
        left: Amount,
    },
    /// What was asked makes no sense for this outcome.
    Contradiction,
    /// Nobody asked for this fact.
    NotAsked {
        /// Which.
        fact: String,
    },
    /// The refund is on its way and cannot be called back.
    AlreadySent {
        /// Which.
        no: u32,
    },
    /// It is not yet time.
    NotYet {
        /// From when.
        from: Instant,
    },
    /// The day's total is reached.
    DayTotalReached {
        /// How much may leave a day.
        most: Amount,
    },
    /// The person's total of the day is reached.
    PersonTotalReached {
        /// How much one person may grant a day.
        most: Amount,
    },
    /// The provider failed too often and rests.
    ProviderRests {
        /// Until when.
        until: Instant,
    },
    /// Money is stopped: the switch is pulled, or the store is frozen.
    MoneyStopped,
}

impl Refusal {
    /// Whether what was looked at is older than the books, so that the case is to be looked at again at once: whoever was refused then
    /// finds a decision that rests on the facts of now, or who is asked first.
    #[must_use]
    pub const fn wants_a_look(&self) -> bool {
        matches!(
            self,
            Self::Stale { .. }
                | Self::StaleRemainder { .. }
                | Self::NotVerified { .. }
                | Self::DisputeOpen { .. }
                | Self::MoreThanLeft { .. }
        )
    }
}

/// A thing of a case that has a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// The case itself.
    Case,
    /// A proof.
    Proof,
    /// A decision.
    Decision,
    /// A refund.
    Refund,
    /// A command to fulfilment.
    Command,
    /// A letter.
    Letter,
    /// A task.
    Task,
    /// A check of the records.
    Check,
    /// An answer.
    Answer,
}

/// What it takes to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Takes {
    /// An agent or the owner.
    Agent,
    /// The technical team, an agent or the owner.
    Technical,
    /// Finance or the owner.
    Finance,
    /// The customer, or the shop for them.
    Customer,
}
