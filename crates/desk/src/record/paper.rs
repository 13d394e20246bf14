// SPDX-License-Identifier: MIT OR Apache-2.0
//! The stored form of a case file, for making a decision again.

use alloc::vec::Vec;

use super::bytes::{Reader, Stored, stored_enum, stored_struct, wrong};
use super::{Unreadable, Why};
use crate::amount::Ratio;
use crate::case::{
    CaseParts, Channel, Claim, Contact, Dispute, DisputeStatus, Event, Evidence, Findings,
    LogEntry, Order, Payment, PaymentKind, Refund, Service, ServiceKind, Shows, Subscription,
};

stored_struct!(CaseParts<'a>, {
    as_of, order, payments, subscription, refunds, disputes, contacts, delivery_log, claim, evidence, findings,
});

stored_struct!(Service<'a>, { name, unit, kind, start_within, guarantee, units_per_day, target_country });

stored_enum!(ServiceKind, "kind of service", {
    1 Standard,
    2 Targeted,
    3 Auto,
    4 Account,
});

stored_struct!(Payment<'a>, { id, at, amount, kind, fulfilled });

stored_enum!(PaymentKind, "kind of payment", {
    1 OneTime,
    2 Renewal,
});

stored_enum!(Subscription, "state of a subscription", {
    1 Active,
    2 Cancelled,
});

stored_struct!(Refund, { at, amount, units });

stored_struct!(Dispute<'a>, { id, opened_at, status, amount });

stored_enum!(DisputeStatus, "state of a dispute", {
    1 Open,
    2 Won,
    3 Lost,
});

stored_struct!(Contact, { at, channel });

stored_enum!(Channel, "channel", {
    1 Chat,
    2 Email,
    3 Form,
});

stored_struct!(LogEntry<'a>, { at, id, event });

stored_enum!(Event<'a>, "entry of a delivery log", {
    1 Started { count },
    2 Count { count },
    3 Delivered { units },
    4 Completed,
    5 StopRequested,
    6 Stopped,
    7 StopFailed,
    8 Redelivery { units },
    9 HandedOver { account },
    10 Login { account },
});

stored_struct!(Evidence<'a>, { verified, shows });

stored_enum!(Shows<'a>, "kind of evidence", {
    1 AudienceStatistics { on_target_share },
    2 AccountFault { account, shown },
    3 Proxy { account, used, country },
});

stored_struct!(Findings, { redelivery_possible, expedite_possible });

/// The links served lead to people, and no policy looks at them.
impl Stored for Order<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        let Self {
            number,
            placed_at,
            quantity,
            price,
            links: _,
            service,
        } = self;
        number.put(out);
        placed_at.put(out);
        quantity.put(out);
        price.put(out);
        service.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            number: Stored::get(from)?,
            placed_at: Stored::get(from)?,
            quantity: Stored::get(from)?,
            price: Stored::get(from)?,
            links: Vec::new(),
            service: Stored::get(from)?,
        })
    }
}

/// The customer's own words are kept under the customer's key, and no policy looks at them.
impl Stored for Claim<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        let Self {
            kind,
            at,
            wants,
            account,
            payment,
            message: _,
        } = self;
        kind.put(out);
        at.put(out);
        wants.put(out);
        account.put(out);
        payment.put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        Ok(Self {
            kind: Stored::get(from)?,
            at: Stored::get(from)?,
            wants: Stored::get(from)?,
            account: Stored::get(from)?,
            payment: Stored::get(from)?,
            message: None,
        })
    }
}

/// As it was given: 2/4 stays 2/4.
impl Stored for Ratio {
    fn put(&self, out: &mut Vec<u8>) {
        self.numerator().put(out);
        self.denominator().put(out);
    }

    fn get(from: &mut Reader<'_>) -> Result<Self, Unreadable> {
        let at = from.at();
        Self::new(u128::get(from)?, u128::get(from)?)
            .ok_or_else(|| wrong(at, Why::Impossible { what: "share" }))
    }
}
