// SPDX-License-Identifier: MIT OR Apache-2.0
//! The numbers of everything that is one of several, and the order of fields.
//!
//! A number, once given, means the same for ever; a new row takes the next free one.

use alloc::vec::Vec;

use super::bytes::{Reader, Stored, stored_enum, stored_struct, wrong};
use super::{Unreadable, Why};
use crate::amount::{Amount, Currency};
use crate::case::{ClaimKind, Country, Duration, Instant, Wants};
use crate::event::{
    AskingEnd, CancelWhy, ClosedWhy, Event, Granted, Origin, Paper, Proposal, Route, Todo,
};
use crate::execution::{CommandKind, Deed};
use crate::facts::Asked;
use crate::input::{Actor, Answer, Digest, Door, Id, Language, ProofAbout, ProofShows};
use crate::life::{Check, Checked, ClaimHeld, Finding};
use crate::remedy::Outcome;

stored_struct!(Event, { at, by, what });

stored_enum!(Actor, "actor", {
    1 System,
    2 Customer,
    3 Shop,
    4 Agent(id),
    5 Technical(id),
    6 Finance(id),
    7 Owner(id),
    8 Provider,
    9 Connector,
});

stored_enum!(Language, "language", {
    1 Danish,
    2 English,
});

stored_enum!(Door, "door", {
    1 Form,
    2 Chat,
    3 Email,
    4 Api,
});

stored_enum!(ClaimKind, "claim", {
    1 NotStarted,
    2 NotReceived,
    3 Incomplete,
    4 ChangedMind,
    5 NoBenefit,
    6 Quality,
    7 Slow,
    8 Dropped,
    9 WrongTarget,
    10 Stop,
    11 AutoNotWorking,
    12 AccountFaulty,
    13 Renewal,
    14 Other,
});

stored_enum!(Wants, "wish", {
    1 Refund,
    2 Redelivery,
    3 Exchange,
});

stored_struct!(ClaimHeld, { kind, at, wants, account, payment });

stored_enum!(Check, "check", {
    1 DeliveryLog,
    2 AccountActivity,
    3 InternalRecords,
});

stored_enum!(Checked, "result of a check", {
    1 NotYet,
    2 Sound,
    3 Doubtful,
    4 SettledSound,
    5 SettledUnsound,
});

stored_enum!(Finding, "finding", {
    1 StartOverdue { due_at },
    2 StartNotDue { due_at },
    3 StartLate { at, due_at },
    4 StartInTime { at },
    5 Delivered { units_delivered, units_dropped, units_ordered },
    6 CountsUnknown,
    7 Behind,
    8 BelowStart,
    9 Gap { from, hours },
    10 FromTheFuture,
    11 AfterClosing,
    12 GuaranteeUntil { at },
    13 PaymentsDiffer { paid, price },
    14 NothingPaid,
    15 RefundedBefore { amount },
    16 ForeignRefund { amount },
    17 DisputeOpen,
    18 DisputeLost,
    19 RefundsRecent { count },
    20 SameTrouble { count },
    21 LoginSeen,
});

stored_enum!(Asked, "addressee of a question", {
    1 Customer,
    2 Support,
    3 TechnicalTeam,
});

stored_enum!(AskingEnd, "end of a question", {
    1 Answered,
    2 NotNeeded,
    3 Unanswered,
});

stored_enum!(Answer, "answer", {
    1 RedeliveryPossible(possible),
    2 ExpeditePossible(possible),
    3 Stopped(stopped),
    4 Counts { start_count, count },
    5 UnitsPerDay(units),
    6 PeriodFulfilled(fulfilled),
});

stored_enum!(ProofAbout, "subject of a proof", {
    1 AudienceStatistics,
    2 AccountFault { account },
    3 Proxy { account },
    4 Other,
});

stored_enum!(ProofShows, "result of a proof", {
    1 OnTargetMillionths(share),
    2 Fault(shown),
    3 Proxy { used, country },
    4 Nothing,
});

stored_struct!(Proposal, {
    no, origin, policy, version, policy_digest, outcome, clause, rule, remedies, suggestions, facts, paper, automatic,
});

stored_enum!(Origin, "origin of a decision", {
    1 Policy,
    2 Person { reason },
    3 Bounded { of },
});

stored_enum!(Outcome, "outcome", {
    1 Refund,
    2 PartialRefund,
    3 SupportResolution,
    4 Declined,
    5 NeedsInformation,
    6 Review,
    7 Contest,
    8 Concede,
});

stored_enum!(Granted, "remedy", {
    1 Refund { amount, units },
    2 Exchange { amount, units },
    3 Credit { amount },
    4 Redeliver { units },
    5 ReplaceAccount { account },
    6 Expedite,
    7 StartManually,
    8 Restart,
    9 CancelSubscription,
    10 AcceptDispute { dispute },
    11 SubmitEvidence { dispute },
    12 FlagFriendlyFraud,
});

stored_enum!(CancelWhy, "reason to call a refund back", {
    1 Undone,
    2 Disputed,
    3 CommandRefused,
});

stored_enum!(Deed, "deed", {
    1 Fulfil(kind),
    2 CancelSubscription,
});

stored_enum!(CommandKind, "command", {
    1 Redeliver,
    2 Expedite,
    3 Stop,
    4 Start,
    5 Restart,
    6 Replace,
});

stored_enum!(Route, "route", {
    1 Connector,
    2 Team,
    3 Provider,
});

stored_enum!(Todo, "task", {
    1 Accept,
    2 Approve,
    3 Verify(check),
    4 Review,
    5 Command(no),
    6 RefundStuck(no),
    7 RefundFailed(no),
    8 Dispute(dispute),
    9 Exchange,
    10 CommandRefused(no),
    11 Message,
});

stored_enum!(ClosedWhy, "reason to close", {
    1 Settled,
    2 Unanswered,
    3 OrderNotFound,
    4 ByPerson,
    5 Merged,
});

impl Stored for [Checked; 3] {
    fn put(&self, out: &mut Vec<u8>) {
        for check in self {
            check.put(out);
        }
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok([
            Checked::get(from)?,
            Checked::get(from)?,
            Checked::get(from)?,
        ])
    }
}

impl Stored for Instant {
    fn put(&self, out: &mut Vec<u8>) {
        self.unix_nanoseconds().put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        i128::get(from).map(Self::from_unix_nanoseconds)
    }
}

impl Stored for Duration {
    fn put(&self, out: &mut Vec<u8>) {
        self.nanoseconds().put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        i128::get(from).map(Self::from_nanoseconds)
    }
}

impl Stored for Id {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        from.array().map(Self)
    }
}

impl Stored for Digest {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        from.array().map(Self)
    }
}

/// The digest alone: the bytes are kept once, and elsewhere.
impl Stored for Paper {
    fn put(&self, out: &mut Vec<u8>) {
        self.digest.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            digest: Digest::get(from)?,
            bytes: Vec::new(),
        })
    }
}

impl Stored for Currency {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.code().as_bytes());
        out.push(self.digits());
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let at = from.at();
        let code = from.array::<3>()?;
        let digits = from.byte()?;
        core::str::from_utf8(&code)
            .ok()
            .and_then(|code| Self::new(code, digits))
            .ok_or_else(|| wrong(at, Why::Impossible { what: "currency" }))
    }
}

impl Stored for Country {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.code().as_bytes());
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let at = from.at();
        let code = from.array::<2>()?;
        core::str::from_utf8(&code)
            .ok()
            .and_then(Self::new)
            .ok_or_else(|| wrong(at, Why::Impossible { what: "country" }))
    }
}

impl Stored for Amount {
    fn put(&self, out: &mut Vec<u8>) {
        self.minor().put(out);
        self.currency().put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self::new(u64::get(from)?, Currency::get(from)?))
    }
}
