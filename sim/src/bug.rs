// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bugs that can be planted: each breaks exactly one rule of the protocol, and each is found by an invariant.

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// The dispute flag is not read again in the transaction that permits a sending.
    ReadsNoDisputeAgain,
    /// A lost chargeback does not count when a sending is permitted.
    ForgetsLostDisputes,
    /// The switch is read with the case and not with the sending.
    SendsOnTheBrakes,
    /// A refund by other hands stops nothing.
    SendsWhileFrozen,
    /// No answer counts as a refusal.
    TimeoutIsFailed,
    /// 409 counts as a refusal.
    ConflictIsFailed,
    /// A refusal is believed while an earlier try can still arrive.
    RefusalIsFinal,
    /// Finance's word frees money that may have left.
    PersonsWordIsFinal,
    /// Every try has a key of its own.
    NewKeyPerTry,
    /// Two refunds of the same amount have the same key.
    KeyOverTheAmountOnly,
    /// Absence is assumed and no list is read.
    ListsNothing,
    /// A list that could not be read counts as empty.
    UnreadListIsEmpty,
    /// A list that showed absence once permits sending for ever.
    OldListIsGoodEnough,
    /// A refund that has begun counts as paid.
    PendingIsPaid,
    /// A refund of the same amount by other hands counts as ours.
    AdoptsForeign,
    /// What has succeeded is never asked about again.
    ForgetsLateFailure,
    /// An older status is shown after a newer one.
    StatusGoesBack,
    /// The provider is called before the sending is written down.
    CallsBeforeWriting,
    /// A transaction is written on what it read of an order before others wrote, and no bound is checked.
    CommitsOnOldReads,
    /// What is promised does not lower what is left.
    ForgetsReservation,
    /// A failed refund gives its money back twice.
    ReleasesTwice,
    /// A decision promises its refund twice.
    PromisesTwice,
    /// A refund is rounded up.
    PromisesMore,
    /// Store credit is granted twice.
    CreditsTwice,
    /// What was exchanged is owed still.
    ForgetsCredits,
    /// A refund by other hands is seen and not written down.
    ForgetsForeign,
    /// What was judged anew is paid by the old decision too.
    PaysTheOldDecision,
    /// The letter about money is sent with the request.
    TellsPaidEarly,
    /// The letter about money is sent although the money came back.
    TellsPaidAfterFailure,
    /// A decision is told twice.
    TellsTwice,
    /// A letter that was handed over is owed still.
    ForgetsLetters,
    /// No second person is asked.
    OnePersonIsEnough,
    /// Whoever accepted may approve.
    SamePersonTwice,
    /// An acceptance is measured by the facts of the page that was open.
    AcceptsOldFacts,
    /// An approval is not measured by the facts at all.
    ApprovesOldFacts,
    /// Money is decided before the records are verified.
    SkipsTheChecks,
    /// The day's total is not counted.
    ForgetsTheDay,
    /// A second appeal is heard.
    AppealsForEver,
    /// A case closes while its refund is unknown.
    ClosesWithMoneyMoving,
    /// A withdrawn decision leaves its tasks open.
    LeavesTasks,
    /// A case that closes leaves its tasks and questions open.
    LeavesQuestions,
    /// Units under way are ordered again.
    OrdersGoodsAgain,
    /// An event is applied and not stored.
    LosesAnEvent,
    /// What is owed is remembered beside the case.
    RemembersWhatIsOwed,
    /// What may not be done now is tried again at once.
    TriesAtOnce,
    /// A stuck refund is asked about without a pause.
    AsksForEver,
    /// Nothing wakes the case for what is unknown.
    NeverAsksAgain,
    /// A stuck refund is with nobody.
    NobodyIsAsked,
    /// A second press of the button is a second acceptance.
    AcceptsTwice,
    /// What the customer writes after the decision is kept and read by nobody.
    ReadsNoLateMessage,
    /// A stale acceptance is refused, and nobody looks at the case again.
    LeavesItStale,
    /// A decision is appealed before anybody was told of it.
    AppealsUntold,
    /// What was exchanged does not count where a person decides.
    OverridesForgetCredits,
    /// Less is promised than was granted, and nobody has the rest.
    PromisesLess,
    /// A credit is exchanged twice.
    ExchangesTwice,
    /// A chargeback leaves the credit with the customer.
    LeavesTheCredit,
    /// A subscription that has ended is cancelled again.
    CancelsAgain,
    /// A renewal is paid back whatever becomes of its subscription.
    PaysBeforeCancelling,
}

impl Bug {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Self); 58] = [
        ("reads_no_dispute_again", Self::ReadsNoDisputeAgain),
        ("forgets_lost_disputes", Self::ForgetsLostDisputes),
        ("sends_on_the_brakes", Self::SendsOnTheBrakes),
        ("sends_while_frozen", Self::SendsWhileFrozen),
        ("timeout_is_failed", Self::TimeoutIsFailed),
        ("conflict_is_failed", Self::ConflictIsFailed),
        ("refusal_is_final", Self::RefusalIsFinal),
        ("persons_word_is_final", Self::PersonsWordIsFinal),
        ("new_key_per_try", Self::NewKeyPerTry),
        ("key_over_the_amount_only", Self::KeyOverTheAmountOnly),
        ("lists_nothing", Self::ListsNothing),
        ("unread_list_is_empty", Self::UnreadListIsEmpty),
        ("old_list_is_good_enough", Self::OldListIsGoodEnough),
        ("pending_is_paid", Self::PendingIsPaid),
        ("adopts_foreign", Self::AdoptsForeign),
        ("forgets_late_failure", Self::ForgetsLateFailure),
        ("status_goes_back", Self::StatusGoesBack),
        ("calls_before_writing", Self::CallsBeforeWriting),
        ("commits_on_old_reads", Self::CommitsOnOldReads),
        ("forgets_reservation", Self::ForgetsReservation),
        ("releases_twice", Self::ReleasesTwice),
        ("promises_twice", Self::PromisesTwice),
        ("promises_more", Self::PromisesMore),
        ("credits_twice", Self::CreditsTwice),
        ("forgets_credits", Self::ForgetsCredits),
        ("forgets_foreign", Self::ForgetsForeign),
        ("pays_the_old_decision", Self::PaysTheOldDecision),
        ("tells_paid_early", Self::TellsPaidEarly),
        ("tells_paid_after_failure", Self::TellsPaidAfterFailure),
        ("tells_twice", Self::TellsTwice),
        ("forgets_letters", Self::ForgetsLetters),
        ("one_person_is_enough", Self::OnePersonIsEnough),
        ("same_person_twice", Self::SamePersonTwice),
        ("accepts_old_facts", Self::AcceptsOldFacts),
        ("approves_old_facts", Self::ApprovesOldFacts),
        ("skips_the_checks", Self::SkipsTheChecks),
        ("forgets_the_day", Self::ForgetsTheDay),
        ("appeals_for_ever", Self::AppealsForEver),
        ("closes_with_money_moving", Self::ClosesWithMoneyMoving),
        ("leaves_tasks", Self::LeavesTasks),
        ("leaves_questions", Self::LeavesQuestions),
        ("orders_goods_again", Self::OrdersGoodsAgain),
        ("loses_an_event", Self::LosesAnEvent),
        ("remembers_what_is_owed", Self::RemembersWhatIsOwed),
        ("tries_at_once", Self::TriesAtOnce),
        ("asks_for_ever", Self::AsksForEver),
        ("never_asks_again", Self::NeverAsksAgain),
        ("nobody_is_asked", Self::NobodyIsAsked),
        ("accepts_twice", Self::AcceptsTwice),
        ("reads_no_late_message", Self::ReadsNoLateMessage),
        ("leaves_it_stale", Self::LeavesItStale),
        ("appeals_untold", Self::AppealsUntold),
        ("overrides_forget_credits", Self::OverridesForgetCredits),
        ("promises_less", Self::PromisesLess),
        ("exchanges_twice", Self::ExchangesTwice),
        ("leaves_the_credit", Self::LeavesTheCredit),
        ("cancels_again", Self::CancelsAgain),
        ("pays_before_cancelling", Self::PaysBeforeCancelling),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, bug)| *bug == self)
            .map_or("", |(word, _)| word)
    }
}
