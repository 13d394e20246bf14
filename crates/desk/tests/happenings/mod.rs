// SPDX-License-Identifier: MIT OR Apache-2.0
//! Events of every kind: one of each for the golden file, and as many more as anybody wants by dice.

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{ClaimKind, Country, Duration, Instant, Wants};
use makegood_desk::event::{
    AskingEnd, CancelWhy, ClosedWhy, Event, Granted, Happened, Origin, Paper, Proposal, Route, Todo,
};
use makegood_desk::execution::{CommandKind, Deed};
use makegood_desk::facts::Asked;
use makegood_desk::input::{Actor, Answer, Digest, Door, Id, Language, ProofAbout, ProofShows};
use makegood_desk::life::{Check, Checked, ClaimHeld, Finding};
use makegood_desk::remedy::Outcome;

/// Dice: the same seed throws the same.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Small numbers, large ones, and those at the borders of groups of seven bits.
    fn u64(&mut self) -> u64 {
        let shift = self.number() % 64;
        let number = self.number() >> shift;
        match self.number() % 8 {
            0 => u64::MAX,
            1 => (1 << shift) - 1,
            2 => 1 << shift,
            _ => number,
        }
    }

    fn u32(&mut self) -> u32 {
        u32::try_from(self.u64() >> 32).expect("32 bits")
    }

    fn bool(&mut self) -> bool {
        self.number() & 1 == 1
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        let place = self.number() % u64::try_from(of.len()).expect("a short list");
        of[usize::try_from(place).expect("a short list")].clone()
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.bool().then(|| make(self))
    }

    fn list<T>(&mut self, make: impl Fn(&mut Self) -> T) -> Vec<T> {
        let many = self.number() % 20;
        let len = if many == 0 { 150 } else { many % 4 };
        (0..len).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        let words = [
            "",
            "VL-2088",
            "pi_3Q",
            "kunden skrev æøå",
            "🙂",
            "a\u{0}b",
            &"x".repeat(300),
        ];
        self.pick(&words).to_owned()
    }

    fn instant(&mut self) -> Instant {
        let usual = 1_790_000_000_000_000_000_i128;
        let nanoseconds = match self.number() % 10 {
            0 => i128::MIN,
            1 => i128::MAX,
            2 => -i128::from(self.u64()),
            _ => usual + i128::from(self.u64() >> 8),
        };
        Instant::from_unix_nanoseconds(nanoseconds)
    }

    fn digest(&mut self) -> Digest {
        Digest(core::array::from_fn(|_| self.number().to_le_bytes()[0]))
    }

    fn id(&mut self) -> Id {
        Id(core::array::from_fn(|_| self.number().to_le_bytes()[0]))
    }

    fn amount(&mut self) -> Amount {
        let (code, digits) = self.pick(&[("EUR", 2), ("DKK", 2), ("JPY", 0), ("KWD", 3)]);
        Amount::new(self.u64(), Currency::new(code, digits).expect("a currency"))
    }

    fn actor(&mut self) -> Actor {
        let id = self.id();
        self.pick(&actors(id))
    }

    fn wants(&mut self) -> Wants {
        self.pick(&WISHES)
    }

    fn door(&mut self) -> Door {
        self.pick(&Door::ALL).1
    }

    fn granted(&mut self) -> Granted {
        let (amount, units, text) = (self.amount(), self.u64(), self.text());
        self.pick(&remedies(amount, units, &text))
    }

    /// An event of any kind with any content.
    pub fn event(&mut self) -> Event {
        let at = self.instant();
        let by = self.actor();
        let kinds = self.kinds();
        Event {
            at,
            by,
            what: self.pick(&kinds),
        }
    }

    /// One of each kind.
    fn kinds(&mut self) -> Vec<Happened> {
        let mut all = self.of_the_talk();
        all.extend(self.of_decisions());
        all.extend(self.of_money());
        all.extend(self.of_work());
        all
    }

    fn of_the_talk(&mut self) -> Vec<Happened> {
        let (account, country) = (self.text(), Country::new("DK"));
        let abouts = subjects(&account);
        let shows = results(self.u32(), country);
        let answers = answers(self.u64(), self.u64());
        vec![
            Happened::Opened {
                number: self.u64(),
                order: self.text(),
                customer: self.maybe(Self::id),
                language: self.pick(&[Language::Danish, Language::English]),
                door: self.door(),
                claim: ClaimHeld {
                    kind: self.pick(&CLAIMS),
                    at: self.instant(),
                    wants: self.wants(),
                    account: self.maybe(Self::text),
                    payment: self.maybe(Self::text),
                },
                message: self.maybe(Self::digest),
                attachments: self.list(Self::digest),
            },
            Happened::Joined {
                door: self.door(),
                message: self.maybe(Self::digest),
                attachments: self.list(Self::digest),
                wants: self.maybe(Self::wants),
            },
            Happened::OrderAwaited {
                due_at: self.instant(),
            },
            Happened::OrderFound {
                customer: self.maybe(Self::id),
            },
            Happened::Investigated {
                checks: core::array::from_fn(|_| self.pick(&CHECKED)),
                findings: self.list(|dice| {
                    let all = findings(dice.instant(), dice.u64(), dice.u32(), dice.amount());
                    dice.pick(&all)
                }),
            },
            Happened::InvestigationEnded,
            Happened::CheckSettled {
                check: self.pick(&Check::ALL),
                sound: self.bool(),
                note: self.text(),
            },
            Happened::Asked {
                no: self.u32(),
                whom: self.pick(&ASKED),
                facts: self.list(Self::text),
                due_at: self.instant(),
            },
            Happened::Reminded { no: self.u32() },
            Happened::AskingEnded {
                no: self.u32(),
                how: self.pick(&ENDS),
            },
            Happened::Answered {
                answer: self.pick(&answers),
            },
            Happened::ProofHandedIn {
                no: self.u32(),
                about: self.pick(&abouts),
                attachment: self.digest(),
            },
            Happened::ProofJudged {
                no: self.u32(),
                accepted: self.bool(),
                shows: self.pick(&shows),
                reason: self.text(),
            },
            Happened::Appealed {
                door: self.door(),
                message: self.maybe(Self::digest),
            },
            Happened::Replied {
                no: self.u32(),
                text: self.digest(),
            },
            Happened::LetterHanded {
                no: self.u32(),
                text: self.digest(),
            },
        ]
    }

    fn of_decisions(&mut self) -> Vec<Happened> {
        let (reason, of) = (self.text(), self.amount());
        vec![
            Happened::Proposed(Proposal {
                no: self.u32(),
                origin: self.pick(&[
                    Origin::Policy,
                    Origin::Person { reason },
                    Origin::Bounded { of },
                ]),
                policy: self.text(),
                version: self.text(),
                policy_digest: self.text(),
                outcome: self.pick(&OUTCOMES),
                clause: self.maybe(Self::text),
                rule: self.maybe(Self::text),
                remedies: self.list(Self::granted),
                suggestions: self.list(Self::granted),
                facts: self.digest(),
                paper: Paper {
                    digest: self.digest(),
                    bytes: vec![1, 2, 3],
                },
                automatic: self.bool(),
            }),
            Happened::Withdrawn {
                decision: self.u32(),
            },
            Happened::Accepted {
                decision: self.u32(),
                second_person: self.bool(),
            },
            Happened::Approved {
                decision: self.u32(),
            },
            Happened::NotApproved {
                decision: self.u32(),
                reason: self.text(),
            },
            Happened::CreditGranted {
                decision: self.u32(),
                amount: self.amount(),
                exchange: self.bool(),
            },
            Happened::CreditExchanged {
                credit: self.u32(),
                order: self.text(),
                service: self.text(),
            },
            Happened::CreditWithdrawn { credit: self.u32() },
            Happened::ProviderRefundSeen {
                provider: self.text(),
                refund: self.text(),
                order: self.maybe(Self::text),
                amount: self.amount(),
                status: self.text(),
            },
            Happened::ProviderRefundMoved {
                provider: self.text(),
                refund: self.text(),
                status: self.text(),
            },
            Happened::ProviderRefundMatched {
                provider: self.text(),
                refund: self.text(),
                order: self.text(),
            },
            Happened::BreachOpened {
                kind: self.text(),
                provider: self.text(),
                subject: self.text(),
                order: self.maybe(Self::text),
            },
            Happened::BreachClosed {
                kind: self.text(),
                provider: self.text(),
                subject: self.text(),
                note: self.text(),
            },
        ]
    }

    fn of_money(&mut self) -> Vec<Happened> {
        vec![
            Happened::RefundReserved {
                no: self.u32(),
                decision: self.u32(),
                payment: self.text(),
                provider: self.text(),
                provider_payment: self.text(),
                amount: self.amount(),
                units: self.u64(),
                key: self.text(),
                not_before: self.instant(),
                after_command: self.maybe(Self::u32),
            },
            Happened::RefundCancelled {
                no: self.u32(),
                why: self.pick(&CANCELS),
            },
            Happened::RefundSending {
                no: self.u32(),
                try_no: self.u32(),
            },
            Happened::RefundUnknown {
                no: self.u32(),
                seen: self.text(),
                again_at: self.instant(),
            },
            Happened::RefundAbsent { no: self.u32() },
            Happened::RefundPending {
                no: self.u32(),
                provider_refund: self.text(),
                requires_action: self.bool(),
                again_at: self.instant(),
            },
            Happened::RefundSucceeded {
                no: self.u32(),
                provider_refund: self.text(),
            },
            Happened::RefundFailed {
                no: self.u32(),
                words: self.text(),
                late: self.bool(),
            },
            Happened::RefundStuck {
                no: self.u32(),
                due_at: self.instant(),
            },
            Happened::DisputeSeen {
                dispute: self.text(),
            },
            Happened::DisputeGone,
        ]
    }

    fn of_work(&mut self) -> Vec<Happened> {
        let mut tasks = tasks(self.u32(), &self.text());
        tasks.push(Todo::Message);
        vec![
            Happened::CommandGiven {
                no: self.u32(),
                decision: self.u32(),
                deed: self.pick(&deeds()),
                units: self.u64(),
                subject: self.maybe(Self::text),
                route: self.pick(&ROUTES),
                key: self.text(),
                due_at: self.instant(),
            },
            Happened::CommandSending {
                no: self.u32(),
                try_no: self.u32(),
            },
            Happened::CommandWaiting {
                no: self.u32(),
                accepted: self.bool(),
                seen: self.text(),
                again_at: self.instant(),
            },
            Happened::CommandDone {
                no: self.u32(),
                note: self.text(),
            },
            Happened::CommandRefused {
                no: self.u32(),
                why: self.text(),
            },
            Happened::CommandCancelled { no: self.u32() },
            Happened::TaskOpened {
                no: self.u32(),
                task: self.pick(&tasks),
                due_at: self.instant(),
            },
            Happened::TaskEnded {
                no: self.u32(),
                note: self.text(),
            },
            Happened::Closed {
                why: self.pick(&CLOSED),
                reason: self.text(),
            },
            Happened::Reopened,
            Happened::Parked { why: self.text() },
            Happened::Unparked,
        ]
    }
}

const WISHES: [Wants; 3] = [Wants::Refund, Wants::Redelivery, Wants::Exchange];
const CLAIMS: [ClaimKind; 14] = [
    ClaimKind::NotStarted,
    ClaimKind::NotReceived,
    ClaimKind::Incomplete,
    ClaimKind::ChangedMind,
    ClaimKind::NoBenefit,
    ClaimKind::Quality,
    ClaimKind::Slow,
    ClaimKind::Dropped,
    ClaimKind::WrongTarget,
    ClaimKind::Stop,
    ClaimKind::AutoNotWorking,
    ClaimKind::AccountFaulty,
    ClaimKind::Renewal,
    ClaimKind::Other,
];
const CHECKED: [Checked; 5] = [
    Checked::NotYet,
    Checked::Sound,
    Checked::Doubtful,
    Checked::SettledSound,
    Checked::SettledUnsound,
];
const ASKED: [Asked; 3] = [Asked::Customer, Asked::Support, Asked::TechnicalTeam];
const ENDS: [AskingEnd; 3] = [
    AskingEnd::Answered,
    AskingEnd::NotNeeded,
    AskingEnd::Unanswered,
];
const OUTCOMES: [Outcome; 8] = [
    Outcome::Refund,
    Outcome::PartialRefund,
    Outcome::SupportResolution,
    Outcome::Declined,
    Outcome::NeedsInformation,
    Outcome::Review,
    Outcome::Contest,
    Outcome::Concede,
];
const CANCELS: [CancelWhy; 3] = [
    CancelWhy::Undone,
    CancelWhy::Disputed,
    CancelWhy::CommandRefused,
];
const ROUTES: [Route; 3] = [Route::Connector, Route::Team, Route::Provider];
const CLOSED: [ClosedWhy; 4] = [
    ClosedWhy::Settled,
    ClosedWhy::Unanswered,
    ClosedWhy::OrderNotFound,
    ClosedWhy::ByPerson,
];

fn actors(id: Id) -> [Actor; 9] {
    [
        Actor::System,
        Actor::Customer,
        Actor::Shop,
        Actor::Agent(id),
        Actor::Technical(id),
        Actor::Finance(id),
        Actor::Owner(id),
        Actor::Provider,
        Actor::Connector,
    ]
}

fn answers(one: u64, other: u64) -> [Answer; 6] {
    [
        Answer::RedeliveryPossible(true),
        Answer::ExpeditePossible(false),
        Answer::Stopped(true),
        Answer::Counts {
            start_count: one,
            count: other,
        },
        Answer::UnitsPerDay(one),
        Answer::PeriodFulfilled(false),
    ]
}

fn subjects(account: &str) -> [ProofAbout; 4] {
    [
        ProofAbout::AudienceStatistics,
        ProofAbout::AccountFault {
            account: account.to_owned(),
        },
        ProofAbout::Proxy {
            account: account.to_owned(),
        },
        ProofAbout::Other,
    ]
}

fn results(share: u32, country: Option<Country>) -> [ProofShows; 4] {
    [
        ProofShows::OnTargetMillionths(share),
        ProofShows::Fault(true),
        ProofShows::Proxy {
            used: true,
            country,
        },
        ProofShows::Nothing,
    ]
}

fn findings(at: Instant, units: u64, count: u32, amount: Amount) -> [Finding; 21] {
    let later = at.plus(Duration::from_seconds(60));
    [
        Finding::StartOverdue { due_at: at },
        Finding::StartNotDue { due_at: at },
        Finding::StartLate {
            at: later,
            due_at: at,
        },
        Finding::StartInTime { at },
        Finding::Delivered {
            units_delivered: units / 2,
            units_dropped: units / 3,
            units_ordered: units,
        },
        Finding::CountsUnknown,
        Finding::Behind,
        Finding::BelowStart,
        Finding::Gap {
            from: at,
            hours: units,
        },
        Finding::FromTheFuture,
        Finding::AfterClosing,
        Finding::GuaranteeUntil { at },
        Finding::PaymentsDiffer {
            paid: Amount::new(1, amount.currency()),
            price: amount,
        },
        Finding::NothingPaid,
        Finding::RefundedBefore { amount },
        Finding::ForeignRefund { amount },
        Finding::DisputeOpen,
        Finding::DisputeLost,
        Finding::RefundsRecent { count },
        Finding::SameTrouble { count },
        Finding::LoginSeen,
    ]
}

fn remedies(amount: Amount, units: u64, text: &str) -> [Granted; 12] {
    [
        Granted::Refund { amount, units },
        Granted::Exchange { amount, units },
        Granted::Credit { amount },
        Granted::Redeliver { units },
        Granted::ReplaceAccount {
            account: text.to_owned(),
        },
        Granted::Expedite,
        Granted::StartManually,
        Granted::Restart,
        Granted::CancelSubscription,
        Granted::AcceptDispute {
            dispute: text.to_owned(),
        },
        Granted::SubmitEvidence {
            dispute: text.to_owned(),
        },
        Granted::FlagFriendlyFraud,
    ]
}

fn deeds() -> Vec<Deed> {
    let fulfil = CommandKind::ALL.iter().map(|(_, kind)| Deed::Fulfil(*kind));
    fulfil.chain([Deed::CancelSubscription]).collect()
}

fn tasks(no: u32, text: &str) -> Vec<Todo> {
    let mut tasks = vec![
        Todo::Accept,
        Todo::Approve,
        Todo::Review,
        Todo::Command(no),
        Todo::RefundStuck(no),
        Todo::RefundFailed(no),
        Todo::Dispute(text.to_owned()),
        Todo::Exchange,
        Todo::CommandRefused(no),
    ];
    tasks.extend(Check::ALL.map(Todo::Verify));
    tasks
}

/// The events of the golden file, line by line: every kind, and every row of every table.
///
/// They stay as they are for ever, like the file; what is new comes at the end.
pub fn golden() -> Vec<Event> {
    let at = Instant::from_unix_nanoseconds(1_790_000_000_000_000_000);
    let later = at.plus(Duration::from_seconds(86_400));
    let id = Id(core::array::from_fn(|place| {
        u8::try_from(place).expect("small")
    }));
    let digest = Digest([0xd1; 32]);
    let amount = Amount::new(1_248, Currency::new("EUR", 2).expect("a currency"));
    let mut all: Vec<Happened> = Vec::new();
    for kind in CLAIMS {
        let first = kind == ClaimKind::NotStarted;
        all.push(Happened::Opened {
            number: 1_042,
            order: "VL-2088".to_owned(),
            customer: first.then_some(id),
            language: if first {
                Language::English
            } else {
                Language::Danish
            },
            door: Door::Email,
            claim: ClaimHeld {
                kind,
                at,
                wants: Wants::Refund,
                account: (kind == ClaimKind::AccountFaulty).then(|| "acc-1".to_owned()),
                payment: (kind == ClaimKind::Renewal).then(|| "pay-1".to_owned()),
            },
            message: first.then_some(digest),
            attachments: if first { vec![digest, digest] } else { vec![] },
        });
    }
    for (place, (_, door)) in Door::ALL.into_iter().enumerate() {
        all.push(Happened::Joined {
            door,
            message: Some(digest),
            attachments: vec![],
            wants: WISHES.get(place).copied(),
        });
    }
    all.push(Happened::OrderAwaited { due_at: later });
    all.push(Happened::OrderFound { customer: Some(id) });
    all.push(Happened::Investigated {
        checks: [Checked::NotYet, Checked::Sound, Checked::Doubtful],
        findings: findings(at, 1_000, 2, amount).into(),
    });
    all.push(Happened::Investigated {
        checks: [
            Checked::SettledSound,
            Checked::SettledUnsound,
            Checked::Sound,
        ],
        findings: vec![],
    });
    all.push(Happened::InvestigationEnded);
    for check in Check::ALL {
        all.push(Happened::CheckSettled {
            check,
            sound: true,
            note: "seen with the carrier".to_owned(),
        });
    }
    for whom in ASKED {
        all.push(Happened::Asked {
            no: 1,
            whom,
            facts: vec!["counts".to_owned(), "pace".to_owned()],
            due_at: later,
        });
    }
    all.push(Happened::Reminded { no: 1 });
    all.extend(ENDS.map(|how| Happened::AskingEnded { no: 1, how }));
    all.extend(answers(12_000, 12_640).map(|answer| Happened::Answered { answer }));
    for about in subjects("acc-1") {
        all.push(Happened::ProofHandedIn {
            no: 1,
            about,
            attachment: digest,
        });
    }
    for shows in results(120_000, Country::new("DK")) {
        all.push(Happened::ProofJudged {
            no: 1,
            accepted: true,
            shows,
            reason: String::new(),
        });
    }
    for outcome in OUTCOMES {
        let first = outcome == Outcome::Refund;
        all.push(Happened::Proposed(Proposal {
            no: 2,
            origin: if first {
                Origin::Policy
            } else {
                Origin::Person {
                    reason: "the shop erred".to_owned(),
                }
            },
            policy: "viplikes".to_owned(),
            version: "2025-10-02".to_owned(),
            policy_digest: "5f1c".to_owned(),
            outcome,
            clause: first.then(|| "4.2".to_owned()),
            rule: first.then(|| "drop-small".to_owned()),
            remedies: if first {
                remedies(amount, 250, "dp_1").into()
            } else {
                vec![]
            },
            suggestions: vec![Granted::Credit { amount }],
            facts: digest,
            paper: Paper {
                digest,
                bytes: vec![],
            },
            automatic: first,
        }));
    }
    all.push(Happened::Withdrawn { decision: 2 });
    all.push(Happened::Accepted {
        decision: 2,
        second_person: true,
    });
    all.push(Happened::Approved { decision: 2 });
    all.push(Happened::NotApproved {
        decision: 2,
        reason: "look at the log again".to_owned(),
    });
    all.push(Happened::RefundReserved {
        no: 1,
        decision: 2,
        payment: "pay-1".to_owned(),
        provider: "stripe".to_owned(),
        provider_payment: "pi_1".to_owned(),
        amount,
        units: 250,
        key: "mg_00ff".to_owned(),
        not_before: at,
        after_command: Some(3),
    });
    all.extend(CANCELS.map(|why| Happened::RefundCancelled { no: 1, why }));
    all.push(Happened::RefundSending { no: 1, try_no: 200 });
    all.push(Happened::RefundUnknown {
        no: 1,
        seen: "no answer in 30 s".to_owned(),
        again_at: later,
    });
    all.push(Happened::RefundAbsent { no: 1 });
    all.push(Happened::RefundPending {
        no: 1,
        provider_refund: "re_1".to_owned(),
        requires_action: true,
        again_at: later,
    });
    all.push(Happened::RefundSucceeded {
        no: 1,
        provider_refund: "re_1".to_owned(),
    });
    all.push(Happened::RefundFailed {
        no: 1,
        words: "lost_or_stolen_card".to_owned(),
        late: true,
    });
    all.push(Happened::RefundStuck {
        no: 1,
        due_at: later,
    });
    for deed in deeds() {
        all.push(Happened::CommandGiven {
            no: 3,
            decision: 2,
            deed,
            units: 640,
            subject: (deed == Deed::CancelSubscription).then(|| "stripe/sub_1".to_owned()),
            route: match deed {
                Deed::CancelSubscription => Route::Provider,
                Deed::Fulfil(CommandKind::Redeliver) => Route::Connector,
                Deed::Fulfil(_) => Route::Team,
            },
            key: "mg_0a0b".to_owned(),
            due_at: later,
        });
    }
    all.push(Happened::CommandSending { no: 3, try_no: 1 });
    all.push(Happened::CommandWaiting {
        no: 3,
        accepted: true,
        seen: String::new(),
        again_at: later,
    });
    all.push(Happened::CommandDone {
        no: 3,
        note: "delivered again".to_owned(),
    });
    all.push(Happened::CommandRefused {
        no: 3,
        why: "the profile is private".to_owned(),
    });
    all.push(Happened::CommandCancelled { no: 3 });
    all.push(Happened::CreditGranted {
        decision: 2,
        amount,
        exchange: true,
    });
    for task in tasks(3, "dp_1") {
        all.push(Happened::TaskOpened {
            no: 4,
            task,
            due_at: later,
        });
    }
    all.push(Happened::TaskEnded {
        no: 4,
        note: "done".to_owned(),
    });
    all.push(Happened::DisputeSeen {
        dispute: "dp_1".to_owned(),
    });
    all.push(Happened::DisputeGone);
    all.push(Happened::Appealed {
        door: Door::Chat,
        message: Some(digest),
    });
    all.push(Happened::LetterHanded {
        no: 5,
        text: digest,
    });
    all.extend(CLOSED.map(|why| Happened::Closed {
        why,
        reason: "æøå".to_owned(),
    }));
    all.push(Happened::Reopened);
    all.push(Happened::Parked {
        why: "an amount below nothing".to_owned(),
    });
    all.push(Happened::Unparked);
    all.push(Happened::TaskOpened {
        no: 4,
        task: Todo::Message,
        due_at: later,
    });
    all.push(Happened::Proposed(Proposal {
        no: 3,
        origin: Origin::Bounded { of: amount },
        policy: "viplikes".to_owned(),
        version: "2025-10-02".to_owned(),
        policy_digest: "5f1c".to_owned(),
        outcome: Outcome::PartialRefund,
        clause: Some("5.10".to_owned()),
        rule: Some("missing".to_owned()),
        remedies: vec![],
        suggestions: vec![],
        facts: digest,
        paper: Paper {
            digest,
            bytes: vec![],
        },
        automatic: false,
    }));
    all.push(Happened::CreditExchanged {
        credit: 1,
        order: "VL-3000".to_owned(),
        service: "Newsletter sign-ups".to_owned(),
    });
    all.push(Happened::CreditWithdrawn { credit: 1 });
    let (provider, refund) = (|| "stripe".to_owned(), || "re_9".to_owned());
    all.push(Happened::ProviderRefundSeen {
        provider: provider(),
        refund: refund(),
        order: Some("VL-2088".to_owned()),
        amount,
        status: "pending".to_owned(),
    });
    all.push(Happened::ProviderRefundMoved {
        provider: provider(),
        refund: refund(),
        status: "succeeded".to_owned(),
    });
    all.push(Happened::ProviderRefundMatched {
        provider: provider(),
        refund: refund(),
        order: "VL-2088".to_owned(),
    });
    all.push(Happened::BreachOpened {
        kind: "foreign_refund".to_owned(),
        provider: provider(),
        subject: refund(),
        order: None,
    });
    all.push(Happened::BreachClosed {
        kind: "foreign_refund".to_owned(),
        provider: provider(),
        subject: refund(),
        note: "a colleague paid it by hand".to_owned(),
    });
    all.push(Happened::Replied {
        no: 1,
        text: digest,
    });
    let by = actors(id);
    all.into_iter()
        .enumerate()
        .map(|(place, what)| Event {
            at,
            by: by[place % by.len()],
            what,
        })
        .collect()
}
