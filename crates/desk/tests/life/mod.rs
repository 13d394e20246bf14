// SPDX-License-Identifier: MIT OR Apache-2.0
//! A case with its books, for tests that tell what happens to it.

use std::sync::OnceLock;

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{
    ClaimKind, Dispute, DisputeStatus, Duration, Event as Entry, Instant, LogEntry, Order, Payment,
    PaymentKind, Service, ServiceKind, Wants,
};
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_desk::event::Happened;
use makegood_desk::execution::{
    ProviderListed, ProviderRefund, ProviderRefusal, ProviderSaid, RefundStatus,
};
use makegood_desk::handle::handle;
use makegood_desk::input::{
    Actor, Brakes, Digest, Door, Id, Input, Language, Limits, Request, Situation,
};
use makegood_desk::life::{Case, CreditState, Refund};
use makegood_desk::records::{DisputeRecord, OrderRecord, PaymentRecord, Records, RefundRecord};
use makegood_desk::refusal::Refusal;
use makegood_desk::vocabulary;

pub const ANNA: Actor = Actor::Agent(Id([1; 16]));
pub const BO: Actor = Actor::Agent(Id([2; 16]));
pub const FIE: Actor = Actor::Finance(Id([3; 16]));

pub fn eur(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("EUR", 2).expect("three capitals"))
}

pub fn hours(hours: i64) -> Duration {
    Duration::from_seconds(hours * 3_600)
}

/// The first of January 2026, and so many hours.
pub fn at(after: i64) -> Instant {
    Instant::from_unix_nanoseconds(1_767_225_600_000_000_000).plus(hours(after))
}

pub fn rulebook() -> &'static Rulebook {
    static RULEBOOK: OnceLock<Rulebook> = OnceLock::new();
    RULEBOOK.get_or_init(|| {
        let host = vocabulary::host();
        let reading = makegood_policy::read_sources(&makegood_policy::Sources {
            policy: (
                "policy.da.md",
                include_str!("../../../../policies/viplikes/2025-10-02/policy.da.md"),
            ),
            translations: &[(
                "policy.en.md",
                include_str!("../../../../policies/viplikes/2025-10-02/policy.en.md"),
            )],
            host: Some(&host),
            limits: makegood_policy::Limits::default(),
            keep_going: &|| true,
        });
        Rulebook::new(reading.policy.expect("it reads")).expect("it fits")
    })
}

pub struct Life {
    pub case: Case,
    pub records: Records,
    pub limits: Limits,
    pub brakes: Brakes,
    pub now: Instant,
}

impl Life {
    /// An order of 1,000 units for EUR 49.90, closed after 750, and the claim that some are missing: EUR 12.48 are due.
    pub fn of_a_partial_delivery() -> Self {
        let entry = |hours, event| LogEntry {
            at: at(hours),
            id: None,
            event,
        };
        let mut life = Self::of(ServiceKind::Standard);
        life.records.delivery_log = vec![
            entry(1, Entry::Started { count: Some(2_310) }),
            entry(20, Entry::Count { count: 3_060 }),
            entry(30, Entry::Completed),
        ];
        life.asks(ClaimKind::Incomplete, Wants::Refund);
        life
    }

    /// An order of which nothing came, that was closed all the same, and the wish to have all the money back.
    pub fn of_nothing_delivered() -> Self {
        let mut life = Self::of(ServiceKind::Standard);
        let entry = |hours, event| LogEntry {
            at: at(hours),
            id: None,
            event,
        };
        life.records.delivery_log = vec![
            entry(1, Entry::Started { count: Some(10) }),
            entry(20, Entry::Count { count: 10 }),
            entry(30, Entry::Completed),
        ];
        life.asks(ClaimKind::NotReceived, Wants::Refund);
        life
    }

    /// An order of a kind of service, and nothing asked yet.
    pub fn of(kind: ServiceKind) -> Self {
        let order = Order {
            number: "VL-1".into(),
            placed_at: at(0),
            quantity: 1_000,
            price: eur(4_990),
            links: Vec::new(),
            service: Service {
                name: "Sign-ups".into(),
                unit: "sign-up".into(),
                kind,
                start_within: hours(24),
                guarantee: hours(24 * 30),
                units_per_day: Some(500),
                target_country: None,
            },
        };
        let payment = |id: &'static str, minor| PaymentRecord {
            payment: Payment {
                id: id.into(),
                at: at(0),
                amount: eur(minor),
                kind: PaymentKind::OneTime,
                fulfilled: None,
            },
            provider: "card".into(),
            reference: format!("ch_{id}"),
            reserved_minor: 0,
            foreign_minor: 0,
        };
        Self {
            case: Case::new(Id([7; 16])),
            records: Records {
                order: Some(OrderRecord {
                    order,
                    customer: None,
                }),
                payments: vec![payment("p1", 4_990)],
                ..Records::default()
            },
            limits: Limits {
                hold: Duration::from_seconds(0),
                ..Limits::default()
            },
            brakes: Brakes::default(),
            now: at(48),
        }
    }

    pub fn asks(&mut self, claim: ClaimKind, wants: Wants) {
        let request = Request {
            order: "VL-1".into(),
            claim,
            wants,
            account: None,
            payment: None,
            door: Door::Form,
            language: Language::Danish,
            customer: None,
            message: None,
            attachments: Vec::new(),
        };
        let input = Input::Request { number: 1, request };
        self.does(Actor::Customer, input).expect("a case is opened");
    }

    /// Something arrives; what comes of it is written down, and the books follow.
    pub fn does(&mut self, by: Actor, input: Input) -> Result<Vec<Happened>, Refusal> {
        let situation = Situation {
            now: self.now,
            by,
            rulebook: Some(rulebook()),
            limits: &self.limits,
            records: &self.records,
            brakes: &self.brakes,
            key_secret: b"secret",
        };
        let events = handle(&self.case, &mut Workspace::default(), &situation, input)?;
        for event in &events {
            self.case.apply(event);
        }
        for record in &mut self.records.payments {
            let bound = self.case.refunds.iter().filter(|refund| refund.binds());
            record.reserved_minor = bound
                .filter(|refund| refund.payment == record.payment.id)
                .map(|refund| refund.amount.minor())
                .sum();
        }
        let bound = self.case.refunds.iter().filter(|refund| refund.binds());
        self.records.refunds = bound
            .map(|refund| RefundRecord {
                at: refund.reserved_at,
                amount: refund.amount,
                units: refund.units,
            })
            .collect();
        let credits = self.case.credits.iter();
        let given = credits.filter(|credit| credit.state != CreditState::Withdrawn);
        self.records
            .refunds
            .extend(given.map(|credit| RefundRecord {
                at: credit.at,
                amount: credit.amount,
                units: 0,
            }));
        Ok(events.into_iter().map(|event| event.what).collect())
    }

    pub fn looks(&mut self) -> Vec<Happened> {
        self.does(Actor::System, Input::Look).expect("a look")
    }

    pub fn waits(&mut self, time: Duration) {
        self.now = self.now.plus(time);
    }

    /// An agent accepts what is proposed.
    pub fn accepted_by(&mut self, by: Actor) -> Result<Vec<Happened>, Refusal> {
        let decision = self.case.decision().map_or(0, |held| held.proposal.no);
        let remainder_minor = None;
        self.does(
            by,
            Input::Accept {
                decision,
                remainder_minor,
            },
        )
    }

    pub fn sends(&mut self, no: u32) -> Result<Vec<Happened>, Refusal> {
        self.does(Actor::System, Input::SendRefund { no })
    }

    pub fn hears(&mut self, no: u32, said: ProviderSaid) -> Vec<Happened> {
        let input = Input::RefundSaid { no, said };
        self.does(Actor::Provider, input).expect("it is heard")
    }

    pub fn hears_nothing(&mut self, no: u32) -> Vec<Happened> {
        let seen = "no answer".into();
        self.hears(no, ProviderSaid::Unknown { seen })
    }

    pub fn is_refused(&mut self, no: u32, why: ProviderRefusal) -> Vec<Happened> {
        let words = "no".into();
        self.hears(no, ProviderSaid::Refused { why, words })
    }

    /// The provider says how a refund of ours stands.
    pub fn is_told(&mut self, no: u32, status: RefundStatus) -> Vec<Happened> {
        let refund = self.refund(no).clone();
        let report = ProviderRefund {
            id: format!("re_{no}"),
            payment: refund.provider_payment,
            reference: Some(refund.key),
            status,
            amount: refund.amount,
            failure: None,
        };
        self.hears(no, ProviderSaid::Refund(report))
    }

    /// The provider's list holds nothing of ours.
    pub fn lists_nothing(&mut self, no: u32) -> Vec<Happened> {
        let listed = ProviderListed::All(Vec::new());
        let input = Input::RefundListed { no, listed };
        self.does(Actor::Provider, input).expect("it is heard")
    }

    pub fn refund(&self, no: u32) -> &Refund {
        let mut refunds = self.case.refunds.iter();
        refunds.find(|refund| refund.no == no).expect("a refund")
    }

    /// How the bank's dispute about a payment stands.
    pub fn disputed(&mut self, id: &'static str, payment: &str, status: DisputeStatus) {
        let disputes = &mut self.records.disputes;
        disputes.retain(|known| known.dispute.id != id);
        disputes.push(DisputeRecord {
            dispute: Dispute {
                id: id.into(),
                opened_at: self.now,
                status,
                amount: eur(4_990),
            },
            payment: Some(payment.to_owned()),
            inquiry: false,
        });
    }

    /// Every letter that is owed is sent.
    pub fn posts(&mut self) {
        let letters = self.case.letters.iter();
        let owed = letters.filter(|letter| letter.is_owed());
        for no in owed.map(|letter| letter.no).collect::<Vec<_>>() {
            let text = Digest([1; 32]);
            self.does(Actor::System, Input::LetterHanded { no, text })
                .expect("it is handed over");
        }
    }

    pub fn task_is_done(&mut self, by: Actor, no: u32) -> Result<Vec<Happened>, Refusal> {
        let note = "done".to_owned();
        self.does(by, Input::TaskDone { no, note })
    }
}
