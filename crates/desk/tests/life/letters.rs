// SPDX-License-Identifier: MIT OR Apache-2.0
//! The letters of whole cases, as their readers get them.
//!
//! Pages stand in `tests/letters`, one for each story and language; with `MAKEGOOD_BLESS=1` they are written anew, to be read before
//! they are kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use makegood_desk::case::{
    ClaimKind, Contact, Country, DisputeStatus, Duration, Event as Entry, LogEntry, PaymentKind,
    ServiceKind, Subscription, Wants,
};
use makegood_desk::execution::{ConnectorSaid, RefundStatus};
use makegood_desk::input::{
    Actor, Answer, Digest, Door, Id, Input, Language, Override, ProofAbout, ProofShows, Request,
};
use makegood_desk::life::LetterKind;
use makegood_desk::notice::{Notice, compose};
use makegood_desk::records::{PaymentRecord, SubscriptionRecord};
use makegood_desk::remedy::Outcome;

use crate::life::{ANNA, Life, at, eur, hours, rulebook};

const TEAM: Actor = Actor::Technical(Id([4; 16]));
const LANGUAGES: [Language; 2] = [Language::Danish, Language::English];

/// A life, and the letters that were sent in it.
struct Story {
    life: Life,
    sent: Vec<(LetterKind, [Notice; 2])>,
}

impl Story {
    fn new(life: Life) -> Self {
        let mut story = Self { life, sent: vec![] };
        story.posts();
        story
    }

    /// Sends every letter that is owed.
    fn posts(&mut self) {
        let owed: Vec<_> = self
            .life
            .case
            .letters
            .iter()
            .filter(|letter| letter.is_owed())
            .cloned()
            .collect();
        for letter in owed {
            let written = LANGUAGES.map(|language| {
                compose(
                    &self.life.case,
                    &letter,
                    Some(rulebook()),
                    &self.life.records,
                    self.life.now,
                    language,
                )
            });
            self.sent.push((letter.kind, written));
            let input = Input::LetterHanded {
                no: letter.no,
                text: Digest([1; 32]),
            };
            self.life.does(Actor::System, input).expect("handed over");
        }
    }

    fn does(&mut self, by: Actor, input: Input) -> &mut Self {
        self.life.does(by, input).expect("it happens");
        self.posts();
        self
    }

    fn waits(&mut self, time: Duration) -> &mut Self {
        self.life.waits(time);
        self.life.looks();
        self.posts();
        self
    }

    fn accepts(&mut self) -> &mut Self {
        self.life.waits(hours(2));
        self.life.accepted_by(ANNA).expect("it is accepted");
        self.posts();
        self
    }

    /// The provider pays, and says so.
    fn pays(&mut self, no: u32) -> &mut Self {
        self.life.waits(hours(1));
        self.life.sends(no).expect("it may be sent");
        self.life.is_told(no, RefundStatus::Succeeded);
        self.posts();
        self
    }

    fn said(&mut self, no: u32, said: ConnectorSaid) -> &mut Self {
        self.life.waits(hours(20));
        self.does(Actor::Connector, Input::CommandSaid { no, said })
    }

    fn done(&mut self, no: u32) -> &mut Self {
        self.said(no, ConnectorSaid::Done { note: None })
    }

    fn refused(&mut self, no: u32) -> &mut Self {
        let why = "profile private".to_owned();
        self.said(no, ConnectorSaid::Refused { why })
    }

    fn answers(&mut self, answer: Answer) -> &mut Self {
        self.life.waits(hours(5));
        self.does(TEAM, Input::Answer(answer))
    }

    fn appeals(&mut self) -> &mut Self {
        self.life.waits(hours(24));
        let (door, message) = (Door::Email, Some(Digest([2; 32])));
        self.does(Actor::Customer, Input::Appeal { door, message })
    }

    /// The letters on a page, one after the other.
    fn page(&self, language: Language) -> String {
        let place = usize::from(language == Language::English);
        let mut page = String::new();
        for (kind, written) in &self.sent {
            let letter = &written[place];
            page += &format!("== {kind:?}\n{}\n\n{}\n", letter.subject, letter.to_text());
        }
        page
    }
}

fn entry(hours: i64, event: Entry<'static>) -> LogEntry<'static> {
    LogEntry {
        at: at(hours),
        id: None,
        event,
    }
}

/// An order of a kind with a delivery log, 50 hours after it was placed.
fn order(kind: ServiceKind, log: Vec<LogEntry<'static>>) -> Life {
    let mut life = Life::of(kind);
    life.now = at(50);
    life.records.delivery_log = log;
    life.limits.automatic_minor_max.insert(*b"EUR", 10_000);
    life
}

fn in_order(life: &mut Life) -> &mut makegood_desk::case::Order<'static> {
    &mut life.records.order.as_mut().expect("an order").order
}

fn opened(mut life: Life, claim: ClaimKind, wants: Wants) -> Story {
    life.asks(claim, wants);
    Story::new(life)
}

/// Opens a case about an account or a payment.
fn opened_about(
    mut life: Life,
    claim: ClaimKind,
    wants: Wants,
    account: Option<&str>,
    payment: Option<&str>,
) -> Story {
    let request = Request {
        order: "VL-1".into(),
        claim,
        wants,
        account: account.map(str::to_owned),
        payment: payment.map(str::to_owned),
        door: Door::Form,
        language: Language::Danish,
        customer: None,
        message: Some(Digest([3; 32])),
        attachments: Vec::new(),
    };
    life.does(Actor::Customer, Input::Request { number: 1, request })
        .expect("a case is opened");
    Story::new(life)
}

fn automatic(mut life: Life, outcomes: &[Outcome]) -> Life {
    life.limits.automatic_outcomes = outcomes.iter().copied().collect();
    life
}

fn payment(id: &'static str, hours: i64, minor: u64, kind: PaymentKind) -> PaymentRecord {
    let mut record = Life::of(ServiceKind::Standard).records.payments.remove(0);
    record.payment.id = id.into();
    record.payment.at = at(hours);
    record.payment.amount = eur(minor);
    record.payment.kind = kind;
    record.reference = format!("ch_{id}");
    record
}

/// Delivered and closed after 20 hours, 640 of them gone again by the fiftieth.
fn dropped() -> Life {
    order(
        ServiceKind::Standard,
        vec![
            entry(
                1,
                Entry::Started {
                    count: Some(12_000),
                },
            ),
            entry(20, Entry::Count { count: 13_000 }),
            entry(20, Entry::Completed),
            entry(49, Entry::Count { count: 12_360 }),
        ],
    )
}

/// All of it back at once, without a person.
fn never_started() -> Story {
    let life = automatic(order(ServiceKind::Standard, vec![]), &[Outcome::Refund]);
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    story.pays(1);
    story
}

/// A part back over two payments, accepted by a person.
fn partial_over_two_payments() -> Story {
    let mut life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(2_310) }),
            entry(20, Entry::Count { count: 2_510 }),
            entry(30, Entry::Completed),
        ],
    );
    life.records.payments = vec![
        payment("p1", 0, 2_990, PaymentKind::OneTime),
        payment("p2", 30, 2_000, PaymentKind::OneTime),
    ];
    let mut story = opened(life, ClaimKind::Incomplete, Wants::Refund);
    story.accepts().pays(1).pays(2);
    story
}

/// A small drop after the guarantee: no. The customer does not agree, and it stays a no.
fn declined_and_appealed() -> Story {
    let mut life = dropped();
    life.records.delivery_log.pop();
    life.records
        .delivery_log
        .push(entry(24 * 40, Entry::Count { count: 12_920 }));
    life.now = at(24 * 41);
    let life = automatic(life, &[Outcome::Declined]);
    let mut story = opened(life, ClaimKind::Dropped, Wants::Refund);
    story.appeals().accepts();
    story
}

/// What dropped can be delivered again, and is.
fn delivered_again() -> Story {
    let mut story = opened(dropped(), ClaimKind::Dropped, Wants::Redelivery);
    story
        .answers(Answer::RedeliveryPossible(true))
        .accepts()
        .done(1);
    story
}

/// What dropped was to be delivered again, and could not be.
fn not_delivered_again() -> Story {
    let mut story = opened(dropped(), ClaimKind::Dropped, Wants::Refund);
    story
        .answers(Answer::RedeliveryPossible(true))
        .accepts()
        .refused(1);
    story
}

/// Stopped, and the rest exchanged.
fn exchanged() -> Story {
    let life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(20, Entry::Count { count: 500 }),
            entry(30, Entry::Stopped),
        ],
    );
    let mut story = opened(life, ClaimKind::Stop, Wants::Exchange);
    story.accepts();
    story
}

fn subscribed() -> Life {
    let mut life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(24 * 20, Entry::Count { count: 1_100 }),
        ],
    );
    life.now = at(24 * 31);
    in_order(&mut life).service.units_per_day = Some(10);
    life.records.payments = vec![
        payment("p1", 0, 4_990, PaymentKind::OneTime),
        payment("p2", 24 * 30, 4_990, PaymentKind::Renewal),
    ];
    life.records.subscription = Some(SubscriptionRecord {
        status: Subscription::Active,
        provider: "card".into(),
        reference: "sub_1".into(),
    });
    life
}

/// The subscription ends, and then the renewal goes back.
fn renewal_back() -> Story {
    let mut story = opened(subscribed(), ClaimKind::Renewal, Wants::Refund);
    story.answers(Answer::PeriodFulfilled(false)).accepts();
    story.said(1, ConnectorSaid::Done { note: None }).pays(1);
    story
}

/// The subscription could not be ended, so its renewal waits.
fn renewal_held() -> Story {
    let mut story = opened(subscribed(), ClaimKind::Renewal, Wants::Refund);
    story
        .answers(Answer::PeriodFulfilled(false))
        .accepts()
        .refused(1);
    story
}

/// The period was delivered: no money, but the subscription ends.
fn renewal_declined() -> Story {
    let mut story = opened(subscribed(), ClaimKind::Renewal, Wants::Refund);
    story
        .answers(Answer::PeriodFulfilled(true))
        .accepts()
        .done(1);
    story
}

/// The start was late: a person looks, and grants more than the policy would.
fn decided_by_a_person() -> Story {
    let mut life = order(
        ServiceKind::Standard,
        vec![
            entry(30, Entry::Started { count: Some(100) }),
            entry(48, Entry::Count { count: 300 }),
        ],
    );
    in_order(&mut life).service.units_per_day = Some(200);
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    story.life.waits(hours(3));
    story.does(
        ANNA,
        Input::Override(Override {
            outcome: Outcome::PartialRefund,
            refund: Some((eur(1_000), 0)),
            credit: None,
            redeliver_units: 0,
            cancel_subscription: false,
            clause: "5.1".into(),
            reason: "Leveringen begyndte seks timer for sent, og det er vores ansvar".into(),
        }),
    );
    story
}

/// A person grants credit.
fn credit_by_a_person() -> Story {
    let life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(20, Entry::Count { count: 1_100 }),
            entry(30, Entry::Completed),
        ],
    );
    let mut story = opened(life, ClaimKind::Other, Wants::Refund);
    story.life.waits(hours(3));
    story.does(
        ANNA,
        Input::Override(Override {
            outcome: Outcome::SupportResolution,
            refund: None,
            credit: Some(eur(500)),
            redeliver_units: 0,
            cancel_subscription: false,
            clause: "7".into(),
            reason: "You waited a week for our answer, and that was too long.".into(),
        }),
    );
    story
}

fn targeted() -> Life {
    let mut life = order(
        ServiceKind::Targeted,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(20, Entry::Count { count: 1_100 }),
            entry(30, Entry::Completed),
        ],
    );
    in_order(&mut life).service.target_country = Country::new("DK");
    life
}

/// We ask, remind twice, and close.
fn asked_and_never_answered() -> Story {
    let mut story = opened(targeted(), ClaimKind::WrongTarget, Wants::Refund);
    story.waits(hours(72)).waits(hours(96)).waits(hours(8 * 24));
    story
}

/// What was sent cannot be used, so we ask again; then it can, and a person looks.
fn proof_rejected() -> Story {
    let mut story = opened(targeted(), ClaimKind::WrongTarget, Wants::Refund);
    story.life.waits(hours(10));
    let about = ProofAbout::AudienceStatistics;
    let proof = |n| Input::Proof {
        about: about.clone(),
        attachment: Digest([n; 32]),
    };
    story.does(Actor::Customer, proof(5));
    story.does(
        ANNA,
        Input::JudgeProof {
            no: 1,
            accepted: false,
            shows: ProofShows::Nothing,
            reason: "Billedet viser ikke, hvilken periode tallene gælder for.".into(),
        },
    );
    story.life.waits(hours(10));
    story.does(Actor::Customer, proof(6));
    story.does(
        ANNA,
        Input::JudgeProof {
            no: 2,
            accepted: true,
            shows: ProofShows::OnTargetMillionths(312_500),
            reason: String::new(),
        },
    );
    story
}

/// Paid, and then the money came back.
fn paid_and_come_back() -> Story {
    let life = automatic(order(ServiceKind::Standard, vec![]), &[Outcome::Refund]);
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    story.pays(1);
    story.life.waits(hours(48));
    story.life.is_told(1, RefundStatus::Failed);
    story.posts();
    story
}

/// The provider will not pay at all.
fn not_paid() -> Story {
    let life = automatic(order(ServiceKind::Standard, vec![]), &[Outcome::Refund]);
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    story.life.waits(hours(1));
    story.life.sends(1).expect("it may be sent");
    story.life.is_told(1, RefundStatus::Failed);
    story.posts();
    story
}

/// The bank is asked while a refund waits to be sent; what we delivered is the bank's to judge.
fn disputed() -> Story {
    let mut story = Story::new(Life::of_a_partial_delivery());
    story.life.limits.hold = hours(10);
    story.accepts();
    story.life.disputed("dp_1", "p1", DisputeStatus::Open);
    story.waits(hours(1)).accepts();
    story
}

/// Nothing came, and the bank was asked: we say that the customer is right.
fn conceded() -> Story {
    let mut life = order(ServiceKind::Standard, vec![]);
    life.records.contacts = vec![Contact {
        at: at(40),
        channel: makegood_desk::case::Channel::Email,
    }];
    life.disputed("dp_1", "p1", DisputeStatus::Open);
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    story.accepts();
    story
}

/// Nobody knows the order.
fn unknown_order() -> Story {
    let mut life = order(ServiceKind::Standard, vec![]);
    life.records.order = None;
    let mut story = opened(life, ClaimKind::NotReceived, Wants::Refund);
    story.waits(hours(49));
    story
}

/// A person closes it.
fn closed_by_a_person() -> Story {
    let life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(20, Entry::Count { count: 1_100 }),
            entry(30, Entry::Completed),
        ],
    );
    let mut story = opened(life, ClaimKind::Other, Wants::Refund);
    let reason = "written twice".into();
    story.does(ANNA, Input::Close { reason });
    story
}

fn accounts() -> Life {
    let mut life = order(
        ServiceKind::Account,
        vec![
            entry(1, Entry::Started { count: None }),
            entry(
                2,
                Entry::HandedOver {
                    account: "acc-1".into(),
                },
            ),
            entry(30, Entry::Completed),
        ],
    );
    let order = in_order(&mut life);
    order.quantity = 1;
    order.service.unit = "account".into();
    order.service.units_per_day = None;
    life.now = at(4);
    life.records.delivery_log.pop();
    life
}

/// Both proofs are asked for in one message; then there is another account.
fn account_replaced() -> Story {
    let mut story = opened_about(
        accounts(),
        ClaimKind::AccountFaulty,
        Wants::Redelivery,
        Some("acc-1"),
        None,
    );
    story.life.waits(hours(3));
    let account = || "acc-1".to_owned();
    let proofs = [
        (
            ProofAbout::Proxy { account: account() },
            ProofShows::Proxy {
                used: true,
                country: Country::new("DK"),
            },
        ),
        (
            ProofAbout::AccountFault { account: account() },
            ProofShows::Fault(true),
        ),
    ];
    for (no, (about, shows)) in (1_u8..).zip(proofs) {
        let attachment = Digest([no; 32]);
        story.does(Actor::Customer, Input::Proof { about, attachment });
        story.does(
            ANNA,
            Input::JudgeProof {
                no: no.into(),
                accepted: true,
                shows,
                reason: String::new(),
            },
        );
    }
    story.accepts().done(1);
    story
}

/// Behind, and hurried.
fn hurried() -> Story {
    let mut life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: Some(100) }),
            entry(20, Entry::Count { count: 300 }),
        ],
    );
    life.now = at(24 * 6);
    let mut story = opened(life, ClaimKind::Slow, Wants::Redelivery);
    story
        .answers(Answer::ExpeditePossible(true))
        .accepts()
        .done(1);
    story
}

/// Not begun, and the customer would rather have it: to the front.
fn moved_to_the_front() -> Story {
    let mut story = opened(
        order(ServiceKind::Standard, vec![]),
        ClaimKind::NotStarted,
        Wants::Redelivery,
    );
    story.accepts().done(1);
    story
}

/// It is not late yet.
fn not_late_yet() -> Story {
    let mut life = automatic(order(ServiceKind::Standard, vec![]), &[Outcome::Declined]);
    life.now = at(12);
    opened(life, ClaimKind::NotStarted, Wants::Refund)
}

/// The log does not show how much came, and does not add up: the team and a person look.
fn under_investigation() -> Story {
    let mut life = order(
        ServiceKind::Standard,
        vec![
            entry(1, Entry::Started { count: None }),
            entry(30, Entry::Stopped),
            entry(40, Entry::Started { count: None }),
        ],
    );
    life.records.payments.clear();
    opened(life, ClaimKind::Incomplete, Wants::Refund)
}

/// An automatic service is started by hand.
fn started_by_hand() -> Story {
    let mut life = order(ServiceKind::Auto, vec![]);
    life.now = at(12);
    let mut story = opened(life, ClaimKind::AutoNotWorking, Wants::Redelivery);
    story.accepts().done(1);
    story
}

const STORIES: [(&str, fn() -> Story); 25] = [
    ("never-started", never_started),
    ("partial-over-two-payments", partial_over_two_payments),
    ("declined-and-appealed", declined_and_appealed),
    ("delivered-again", delivered_again),
    ("not-delivered-again", not_delivered_again),
    ("exchanged", exchanged),
    ("renewal-back", renewal_back),
    ("renewal-held", renewal_held),
    ("renewal-declined", renewal_declined),
    ("decided-by-a-person", decided_by_a_person),
    ("credit-by-a-person", credit_by_a_person),
    ("asked-and-never-answered", asked_and_never_answered),
    ("proof-rejected", proof_rejected),
    ("paid-and-come-back", paid_and_come_back),
    ("not-paid", not_paid),
    ("disputed", disputed),
    ("conceded", conceded),
    ("unknown-order", unknown_order),
    ("closed-by-a-person", closed_by_a_person),
    ("account-replaced", account_replaced),
    ("hurried", hurried),
    ("moved-to-the-front", moved_to_the_front),
    ("not-late-yet", not_late_yet),
    ("under-investigation", under_investigation),
    ("started-by-hand", started_by_hand),
];

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/letters")
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the pages are files, and whoever changes a letter writes them anew"
)]
fn letters_read_as_they_did_when_somebody_read_them() {
    let bless = std::env::var_os("MAKEGOOD_BLESS").is_some();
    let (mut changed, mut known) = (Vec::new(), BTreeSet::new());
    for (name, story) in STORIES {
        let story = story();
        for language in LANGUAGES {
            let file = format!("{name}.{}.txt", language.code());
            let (path, found) = (pages().join(&file), story.page(language));
            known.insert(file);
            if bless {
                std::fs::write(&path, &found).expect("a page is written");
                continue;
            }
            let expected = std::fs::read_to_string(&path).unwrap_or_default();
            if found != expected {
                let differs = |(a, b): (&str, &str)| (a != b).then(|| format!("- {b}\n+ {a}"));
                let first = found.lines().zip(expected.lines()).find_map(differs);
                let first = first.unwrap_or_else(|| "one of them ends earlier".to_owned());
                changed.push(format!("{}\n{first}", path.display()));
            }
        }
    }
    assert!(
        changed.is_empty(),
        "letters read otherwise; read them, and keep them with MAKEGOOD_BLESS=1\n{}",
        changed.join("\n")
    );
    let there = std::fs::read_dir(pages()).expect("a folder");
    let there = there.map(|file| file.expect("a file").file_name());
    let there: BTreeSet<String> = there
        .map(|name| name.into_string().expect("text"))
        .collect();
    assert_eq!(there, known, "a page belongs to no story, or has none");
}
