// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can have happened: the number, the name and the fields of each, in one table.

use alloc::vec::Vec;

use super::bytes::{Reader, Stored, stored_enum, wrong};
use super::{Unreadable, Why};
use crate::event::Happened;

macro_rules! happenings {
    ($($tag:literal $kind:literal $variant:ident $({ $($field:ident),+ })? $(($inner:ident))?,)+) => {
        /// The names of everything that can have happened, in the order of their numbers.
        pub const KINDS: &[&str] = &[$($kind),+];

        pub(super) const fn kind(what: &Happened) -> &'static str {
            match what {
                $(Happened::$variant { .. } => $kind,)+
            }
        }

        stored_enum!(Happened, "event", { $($tag $variant $({ $($field),+ })? $(($inner))?,)+ });
    };
}

happenings! {
    1 "opened" Opened { number, order, customer, language, door, claim, message, attachments },
    2 "joined" Joined { door, message, attachments, wants },
    3 "order_awaited" OrderAwaited { due_at },
    4 "order_found" OrderFound { customer },
    5 "investigated" Investigated { checks, findings },
    6 "investigation_ended" InvestigationEnded,
    7 "check_settled" CheckSettled { check, sound, note },
    8 "asked" Asked { no, whom, facts, due_at },
    9 "reminded" Reminded { no },
    10 "asking_ended" AskingEnded { no, how },
    11 "answered" Answered { answer },
    12 "proof_handed_in" ProofHandedIn { no, about, attachment },
    13 "proof_judged" ProofJudged { no, accepted, shows, reason },
    14 "proposed" Proposed(proposal),
    15 "withdrawn" Withdrawn { decision },
    16 "accepted" Accepted { decision, second_person },
    17 "approved" Approved { decision },
    18 "not_approved" NotApproved { decision, reason },
    19 "refund_reserved" RefundReserved {
        no, decision, payment, provider, provider_payment, amount, units, key, not_before, after_command
    },
    20 "refund_cancelled" RefundCancelled { no, why },
    21 "refund_sending" RefundSending { no, try_no },
    22 "refund_unknown" RefundUnknown { no, seen, again_at },
    23 "refund_absent" RefundAbsent { no },
    24 "refund_pending" RefundPending { no, provider_refund, requires_action, again_at },
    25 "refund_succeeded" RefundSucceeded { no, provider_refund },
    26 "refund_failed" RefundFailed { no, words, late },
    27 "refund_stuck" RefundStuck { no, due_at },
    28 "command_given" CommandGiven { no, decision, deed, units, subject, route, key, due_at },
    29 "command_sending" CommandSending { no, try_no },
    30 "command_waiting" CommandWaiting { no, accepted, seen, again_at },
    31 "command_done" CommandDone { no, note },
    32 "command_refused" CommandRefused { no, why },
    33 "command_cancelled" CommandCancelled { no },
    34 "credit_granted" CreditGranted { decision, amount, exchange },
    35 "task_opened" TaskOpened { no, task, due_at },
    36 "task_ended" TaskEnded { no, note },
    37 "dispute_seen" DisputeSeen { dispute },
    38 "dispute_gone" DisputeGone,
    39 "appealed" Appealed { door, message },
    40 "letter_handed" LetterHanded { no, text },
    41 "closed" Closed { why, reason },
    42 "reopened" Reopened,
    43 "parked" Parked { why },
    44 "unparked" Unparked,
    45 "credit_exchanged" CreditExchanged { credit, order, service },
    46 "credit_withdrawn" CreditWithdrawn { credit },
    47 "provider_refund_seen" ProviderRefundSeen { provider, refund, order, amount, status },
    48 "provider_refund_moved" ProviderRefundMoved { provider, refund, status },
    49 "provider_refund_matched" ProviderRefundMatched { provider, refund, order },
    50 "breach_opened" BreachOpened { kind, provider, subject, order },
    51 "breach_closed" BreachClosed { kind, provider, subject, note },
    52 "replied" Replied { no, text },
}
