// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must hold at every step, each by its name. The same names stand at the places of the desk that keep them.

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each has its words in `name`")]
pub enum Invariant {
    NeverMoreThanCaptured,
    OneRefundPerKey,
    OneKeyPerRefund,
    OneDecisionPaidOnce,
    GrantedIsPlaced,
    MoneyByAStandingDecision,
    NoSendWhileDisputed,
    NoCreditWhileDisputed,
    NoSendOfWhatADisputeTook,
    NoSendOnTheBrakes,
    NoPaidLetterBefore,
    WrittenDownBeforeCalled,
    ListedBeforeSentAgain,
    StatesMoveForward,
    UnknownIsNotFailed,
    ALetterIsOwedOnce,
    OneAppeal,
    ToldBeforeAppealed,
    NeverTheSamePerson,
    VerifiedBeforeMoney,
    DecidedOnFacts,
    StaleIsJudgedAnew,
    WithinTheDaysTotal,
    NothingOnAClosedCase,
    TheLedgerBalances,
    TheBooksShowAllMoney,
    GoodsOnce,
    CancelledOnce,
    CancelledBeforePaid,
    ReplayGivesTheSame,
    TwiceIsOnce,
    OwedSurvivesACrash,
    NothingSpins,
    TasksCanBeDone,
    SomebodyHasIt,
    EverythingRests,
    TheBooksBear,
    NothingPanics,
}

impl Invariant {
    /// All of them.
    pub const ALL: [Self; 38] = [
        Self::NeverMoreThanCaptured,
        Self::OneRefundPerKey,
        Self::OneKeyPerRefund,
        Self::OneDecisionPaidOnce,
        Self::GrantedIsPlaced,
        Self::MoneyByAStandingDecision,
        Self::NoSendWhileDisputed,
        Self::NoCreditWhileDisputed,
        Self::NoSendOfWhatADisputeTook,
        Self::NoSendOnTheBrakes,
        Self::NoPaidLetterBefore,
        Self::WrittenDownBeforeCalled,
        Self::ListedBeforeSentAgain,
        Self::StatesMoveForward,
        Self::UnknownIsNotFailed,
        Self::ALetterIsOwedOnce,
        Self::OneAppeal,
        Self::ToldBeforeAppealed,
        Self::NeverTheSamePerson,
        Self::VerifiedBeforeMoney,
        Self::DecidedOnFacts,
        Self::StaleIsJudgedAnew,
        Self::WithinTheDaysTotal,
        Self::NothingOnAClosedCase,
        Self::TheLedgerBalances,
        Self::TheBooksShowAllMoney,
        Self::GoodsOnce,
        Self::CancelledOnce,
        Self::CancelledBeforePaid,
        Self::ReplayGivesTheSame,
        Self::TwiceIsOnce,
        Self::OwedSurvivesACrash,
        Self::NothingSpins,
        Self::TasksCanBeDone,
        Self::SomebodyHasIt,
        Self::EverythingRests,
        Self::TheBooksBear,
        Self::NothingPanics,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NeverMoreThanCaptured => "never more refunded than captured",
            Self::OneRefundPerKey => "one refund per key",
            Self::OneKeyPerRefund => "one key per refund",
            Self::OneDecisionPaidOnce => "one decision paid once",
            Self::GrantedIsPlaced => "what is granted is placed",
            Self::MoneyByAStandingDecision => "money is promised by a decision that stands",
            Self::NoSendWhileDisputed => "no refund while a chargeback is open",
            Self::NoCreditWhileDisputed => "no credit while a chargeback is open",
            Self::NoSendOfWhatADisputeTook => "no refund of what a lost chargeback took",
            Self::NoSendOnTheBrakes => "no refund on the brakes",
            Self::NoPaidLetterBefore => "no paid letter before the provider confirmed",
            Self::WrittenDownBeforeCalled => {
                "sending is written down before the provider is called"
            }
            Self::ListedBeforeSentAgain => "a list is read before anything is sent again",
            Self::StatesMoveForward => "a shown status never goes back",
            Self::UnknownIsNotFailed => "unknown is not failed",
            Self::ALetterIsOwedOnce => "a letter is owed once",
            Self::OneAppeal => "one appeal",
            Self::ToldBeforeAppealed => "a decision is told before it is appealed",
            Self::NeverTheSamePerson => "never the same person twice",
            Self::VerifiedBeforeMoney => "no refund decision before the records are verified",
            Self::DecidedOnFacts => "a decision rests on the facts of its moment",
            Self::StaleIsJudgedAnew => "what is stale is judged anew",
            Self::WithinTheDaysTotal => "the day's total is kept",
            Self::NothingOnAClosedCase => "nothing is promised in a closed case",
            Self::TheLedgerBalances => "the ledger balances",
            Self::TheBooksShowAllMoney => "the books show all money",
            Self::GoodsOnce => "goods are ordered once",
            Self::CancelledOnce => "a subscription is cancelled once",
            Self::CancelledBeforePaid => {
                "no renewal is paid back before its subscription has ended"
            }
            Self::ReplayGivesTheSame => "replay gives the same case",
            Self::TwiceIsOnce => "the same input twice is one",
            Self::OwedSurvivesACrash => "what is owed survives a crash",
            Self::NothingSpins => "nothing spins",
            Self::TasksCanBeDone => "a task that is open can be done",
            Self::SomebodyHasIt => "whatever is open is with somebody",
            Self::EverythingRests => "everything comes to rest",
            Self::NothingPanics => "nothing panics",
            Self::TheBooksBear => "the desk promises only what the books bear",
        }
    }
}

/// What did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub seen: String,
}

impl core::fmt::Display for Violation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.invariant.name(), self.seen)
    }
}

/// Holds, or does not.
pub type Held = Result<(), Violation>;

/// Demands something.
///
/// # Errors
/// It does not hold.
pub fn demand(holds: bool, invariant: Invariant, seen: impl FnOnce() -> String) -> Held {
    if holds {
        Ok(())
    } else {
        Err(Violation {
            invariant,
            seen: seen(),
        })
    }
}
