// SPDX-License-Identifier: MIT OR Apache-2.0
//! The letters of whole cases, as their readers get them.
//!
//! Pages stand in `tests/letters`, one for each story and language; with `MAKEGOOD_BLESS=1` they are written anew, to be read before
//! they are kept.

use std::collections::BTreeSet;
use std::path::PathBuf;

use makegood_desk::case::{
    CaseFile, ClaimKind, Contact, Country, DisputeStatus, Duration, Event as Entry, LogEntry,
    PaymentKind, ServiceKind, Subscription, Wants,
};
use makegood_desk::execution::{ConnectorSaid, RefundStatus};
use makegood_desk::input::{
    Actor, Answer, Digest, Door, Id, Input, Language, Override, ProofAbout, ProofShows, Request,
};
use makegood_desk::life::{Case, Check, Letter, LetterKind, RefundState};
use makegood_desk::notice::{Notice, Paragraph, compose, compose_judged, texts};
use makegood_desk::record;
use makegood_desk::records::{PaymentRecord, Records, SubscriptionRecord};
use makegood_desk::remedy::Outcome;
use makegood_desk::words::Text;
use makegood_desk::working::steps;

use crate::life::{ANNA, Life, at, eur, hours, rulebook};

const TEAM: Actor = Actor::Technical(Id([4; 16]));
const LANGUAGES: [Language; 2] = [Language::Danish, Language::English];

/// A life, and the letters that were sent in it.
struct Story {
    life: Life,
    sent: Vec<(Letter, [Notice; 2])>,
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
            let no = letter.no;
            self.sent.push((letter, written));
            let input = Input::LetterHanded {
                no,
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

    fn writes(&mut self) -> &mut Self {
        let (door, message) = (Door::Email, Some(Digest([4; 32])));
        let attachments = Vec::new();
        let input = Input::Message {
            door,
            message,
            attachments,
        };
        self.does(Actor::Customer, input)
    }

    /// The letters on a page, one after the other.
    fn page(&self, language: Language) -> String {
        let place = usize::from(language == Language::English);
        let mut page = String::new();
        for (letter, written) in &self.sent {
            let (kind, notice) = (letter.kind, &written[place]);
            page += &format!("== {kind:?}\n{}\n\n{}\n", notice.subject, notice.to_text());
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
    let task = story.life.case.open_tasks().next().expect("a task").no;
    story.life.waits(hours(30));
    story.does(
        ANNA,
        Input::Exchange {
            no: task,
            order: "VL-2".into(),
            service: "Newsletter sign-ups".into(),
            note: "agreed on the telephone".into(),
        },
    );
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

/// The policy grants the price, and less was paid: no more goes back than came in.
fn less_was_paid() -> Story {
    let mut life = order(ServiceKind::Standard, vec![]);
    life.records.payments = vec![payment("p1", 0, 4_000, PaymentKind::OneTime)];
    let mut story = opened(life, ClaimKind::NotStarted, Wants::Refund);
    let (check, sound) = (Check::InternalRecords, true);
    let note = "a voucher for the rest".to_owned();
    story.does(ANNA, Input::SettleCheck { check, sound, note });
    story.accepts().pays(1);
    story
}

/// The customer writes after the decision; somebody reads it, and hears it as an appeal.
fn written_after_the_decision() -> Story {
    let mut life = dropped();
    life.records.delivery_log.pop();
    life.records
        .delivery_log
        .push(entry(24 * 40, Entry::Count { count: 12_920 }));
    life.now = at(24 * 41);
    let life = automatic(life, &[Outcome::Declined]);
    let mut story = opened(life, ClaimKind::Dropped, Wants::Refund);
    story.life.waits(hours(2));
    story.writes();
    let (door, message) = (Door::Email, Some(Digest([2; 32])));
    story.does(ANNA, Input::Appeal { door, message });
    story
}

/// A person closes it, and the customer writes all the same.
fn written_after_the_closing() -> Story {
    let mut story = closed_by_a_person();
    story.life.waits(hours(2));
    story.writes();
    story
}

/// The customer writes after the closing, and somebody writes back. The words themselves lie where the desk does not look.
fn answered_by_a_person() -> Story {
    let mut story = written_after_the_closing();
    let text = Digest([3; 32]);
    story.does(ANNA, Input::Reply { text });
    story
}

type Told = (&'static str, fn() -> Story);

const STORIES: [Told; 29] = [
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
    ("less-was-paid", less_was_paid),
    ("written-after-the-decision", written_after_the_decision),
    ("written-after-the-closing", written_after_the_closing),
    ("answered-by-a-person", answered_by_a_person),
];

fn pages() -> PathBuf {
    PathBuf::from("tests/letters")
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

/// The kinds, by what a story has to have to tell them all; a new kind does not compile until it stands here.
fn place_of(kind: LetterKind) -> usize {
    match kind {
        LetterKind::Received => 0,
        LetterKind::Question { .. } => 1,
        LetterKind::Reminder { .. } => 2,
        LetterKind::Update => 3,
        LetterKind::Decision { .. } => 4,
        LetterKind::Paid { .. } => 5,
        LetterKind::Failed { .. } => 6,
        LetterKind::Done { .. } => 7,
        LetterKind::NotDone { .. } => 8,
        LetterKind::Disputed => 9,
        LetterKind::Closed => 10,
        LetterKind::Reopened => 11,
        LetterKind::Heard { .. } => 12,
        LetterKind::Exchanged { .. } => 13,
        LetterKind::Reply { .. } => 14,
    }
}

#[test]
fn the_stories_tell_every_kind_of_letter() {
    let told: BTreeSet<usize> = STORIES
        .iter()
        .flat_map(|(_, story)| story().sent)
        .map(|(letter, _)| place_of(letter.kind))
        .collect();
    assert_eq!(told, (0..15).collect());
}

#[test]
fn every_letter_is_whole_and_fits_a_mail() {
    for (name, story) in STORIES {
        for (letter, written) in story().sent {
            for notice in written {
                let text = notice.to_text();
                let kind = letter.kind;
                assert!(
                    !notice.subject.is_empty() && !notice.paragraphs.is_empty(),
                    "{name} {kind:?}"
                );
                assert!(
                    !text.contains(['{', '}']),
                    "{name} {kind:?}: a gap is left\n{text}"
                );
                assert!(
                    !text.contains("  .") && !text.contains(" ,"),
                    "{name} {kind:?}\n{text}"
                );
                let ends_in_heading =
                    matches!(notice.paragraphs.last(), Some(Paragraph::Heading(_)));
                assert!(
                    !ends_in_heading,
                    "{name} {kind:?}: a heading has nothing under it"
                );
                let long = text.lines().find(|line| line.chars().count() > 72);
                assert_eq!(long, None, "{name} {kind:?}");
                let tells = matches!(kind, LetterKind::Decision { .. });
                assert_eq!(
                    notice.proof, tells,
                    "{name} {kind:?}: the proof goes with decisions"
                );
            }
        }
    }
}

#[test]
fn a_letter_is_written_also_where_books_and_policy_are_missing() {
    for (name, story) in STORIES {
        let story = story();
        for (letter, _) in &story.sent {
            for language in LANGUAGES {
                let (case, now) = (&story.life.case, story.life.now);
                let notice = compose(case, letter, None, &Records::default(), now, language);
                assert!(!notice.paragraphs.is_empty(), "{name} {:?}", letter.kind);
            }
        }
    }
}

fn of_decision(story: &Story) -> Letter {
    let mut letters = story.life.case.letters.iter();
    let tells = |letter: &&Letter| matches!(letter.kind, LetterKind::Decision { .. });
    letters.find(tells).expect("a decision was told").clone()
}

fn has_working(notice: &Notice) -> bool {
    let figures = |part: &Paragraph| matches!(part, Paragraph::Figures(_));
    notice.paragraphs.iter().any(figures)
}

/// A late entry of the log would have changed the decision: the letter tells what was decided, and does not explain it by what nobody knew.
#[test]
fn a_decision_is_never_explained_by_what_came_in_later() {
    let mut story = partial_over_two_payments();
    let letter = of_decision(&story);
    let proposal = &story.life.case.decisions[0].proposal;
    let paper = record::read_case_file(&proposal.paper.bytes).expect("a case file");
    let judged = CaseFile::new(paper).expect("a good case");
    story
        .life
        .records
        .delivery_log
        .push(entry(25, Entry::Count { count: 3_300 }));
    let (life, english) = (&story.life, Language::English);
    let with = |judged: Option<&CaseFile<'_>>| {
        compose_judged(
            &life.case,
            &letter,
            Some(rulebook()),
            &life.records,
            judged,
            life.now,
            english,
        )
    };
    let (without, with) = (with(None), with(Some(&judged)));
    assert!(!has_working(&without) && has_working(&with));
    assert!(!without.to_text().contains("ordered units missing"));
    assert!(with.to_text().contains("800 of the ordered units missing"));
    for notice in [without, with] {
        assert!(
            notice
                .to_text()
                .contains("We are refunding EUR 39.92 of the EUR 49.90 you paid.")
        );
    }
}

/// INVARIANT (paid only after the provider has confirmed).
#[test]
fn paid_only_after_the_provider_has_confirmed() {
    let story = never_started();
    let paid = story
        .sent
        .iter()
        .find(|(letter, _)| matches!(letter.kind, LetterKind::Paid { .. }));
    let (letter, _) = paid.expect("it was paid");
    let says = |case: &Case, language| {
        let life = &story.life;
        let notice = compose(
            case,
            letter,
            Some(rulebook()),
            &life.records,
            life.now,
            language,
        );
        format!("{}\n{}", notice.subject, notice.to_text())
    };
    let states = [
        RefundState::Reserved,
        RefundState::Sending,
        RefundState::Unknown,
        RefundState::Pending {
            requires_action: false,
        },
        RefundState::Failed {
            words: "expired".into(),
            late: true,
        },
        RefundState::Failed {
            words: "expired".into(),
            late: false,
        },
    ];
    for state in states {
        let mut case = story.life.case.clone();
        case.refunds[0].state = state.clone();
        let (danish, english) = (
            says(&case, Language::Danish),
            says(&case, Language::English),
        );
        assert!(
            !english.contains("has been refunded") && !english.contains("We have refunded"),
            "{state:?}\n{english}"
        );
        assert!(
            !danish.contains("er betalt tilbage") && !danish.contains("Vi har betalt"),
            "{state:?}\n{danish}"
        );
        assert!(
            !english.contains("expired"),
            "a provider's words are not the customer's\n{english}"
        );
    }
    assert!(says(&story.life.case, Language::English).contains("has been refunded"));
}

fn gaps(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .filter_map(|after| after.split_once('}').map(|(name, _)| name))
        .collect()
}

#[test]
fn both_languages_say_the_same_with_the_same_words_filled_in() {
    let all: Vec<&(&str, Text)> = texts::ALL.iter().chain(steps::ALL).collect();
    for (name, Text { danish, english }) in &all {
        assert_eq!(gaps(danish), gaps(english), "{name}");
        let end = |text: &str| text.chars().last().filter(|last| ".:?".contains(*last));
        // An abbreviation ends with a point, too.
        let abbreviated = *danish == "ca.";
        assert!(abbreviated || end(danish) == end(english), "{name}");
        for text in [danish, english] {
            assert_eq!(text.trim(), *text, "{name}");
            assert!(!text.is_empty() && !text.contains("  "), "{name}");
        }
    }
    let names: BTreeSet<&str> = texts::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), texts::ALL.len(), "two texts have one name");
}

#[test]
fn every_text_is_used() {
    let sources = [
        include_str!("../../src/notice.rs"),
        include_str!("../../src/notice/asked.rs"),
        include_str!("../../src/notice/decided.rs"),
        include_str!("../../src/notice/done.rs"),
        include_str!("../../src/notice/found.rs"),
        include_str!("../../src/working.rs"),
    ];
    let used = |name: &str, module: &str| {
        let named = format!("{module}::{name}");
        let ends =
            |after: &str| !after.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric());
        sources
            .iter()
            .any(|source| source.split(&named).skip(1).any(ends))
    };
    for (name, _) in texts::ALL {
        assert!(used(name, "texts"), "{name} is in no letter");
    }
    for (name, _) in steps::ALL {
        assert!(used(name, "steps"), "{name} is no step");
    }
}
