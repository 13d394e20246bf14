// SPDX-License-Identifier: MIT OR Apache-2.0
//! The cases of the demonstration: what customers ask, what people at the desk do about it, and where that leads.

use makegood_desk::case::{ClaimKind, Wants};
use makegood_desk::input::{Answer, Door, Language, ProofAbout, ProofShows};
use makegood_desk::life::Stage;

use super::orders::{ACCOUNTS, AUTO, Curve, FOLLOWERS, LOCAL, SIGN_UPS, VIEWS};

/// Something that happens in a case after it was opened.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// The desk has its turn: letters, refunds, commands.
    Turn,
    /// The technical team answers.
    Answer(Answer),
    /// An agent accepts what is proposed.
    Accept,
    /// A second person approves.
    Approve,
    /// An agent grants store credit instead of what the policy says.
    Credit(u64),
    /// The customer hands a proof in.
    Proof(ProofKind),
    /// Somebody of support looks at it.
    Judge(bool, ProofShows),
    /// The customer does not accept the decision.
    Appeal(&'static str),
    /// The customer writes again.
    Write(&'static str),
    /// An agent closes the case without a decision.
    Close(&'static str),
    /// The technical team has done what it was asked to do.
    Done(&'static str),
    /// The next refund takes its time at the provider.
    Slow,
    /// The provider says that the refund did not arrive.
    Bounce,
    /// The customer's bank takes the payment back.
    ChargeBack,
    /// Somebody refunds in the provider's dashboard.
    Dashboard(i64),
    /// Something broke.
    Break(&'static str),
}

/// What a proof is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum ProofKind {
    Audience,
    Fault,
    Proxy,
}

impl ProofKind {
    pub(super) fn about(self, account: Option<&str>) -> ProofAbout {
        let account = account.unwrap_or_default().to_owned();
        match self {
            Self::Audience => ProofAbout::AudienceStatistics,
            Self::Fault => ProofAbout::AccountFault { account },
            Self::Proxy => ProofAbout::Proxy { account },
        }
    }
}

/// A case from its beginning to where it stands.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// What it shows, in one sentence.
    pub(super) name: &'static str,
    pub(super) service: usize,
    pub(super) quantity: i64,
    pub(super) curve: Curve,
    /// The order was placed so many hours earlier than its delivery needs.
    pub(super) late_hours: i64,
    pub(super) claim: ClaimKind,
    pub(super) wants: Wants,
    pub(super) message: &'static str,
    pub(super) door: Door,
    pub(super) language: Language,
    /// Whether it is about a subscription that renewed.
    pub(super) renews: bool,
    /// The shop has not told of the order.
    pub(super) untold: bool,
    /// The steps, each so many minutes after the one before.
    pub(super) steps: Vec<(i64, Step)>,
    /// How many hours after its last step the shop is looked at.
    pub(super) rests_hours: i64,
    /// Where it stands then.
    pub(super) ends: Stage,
    /// How many such cases there are.
    pub(super) times: u64,
}

fn story(
    name: &'static str,
    (service, quantity, curve): (usize, i64, Curve),
    (claim, wants): (ClaimKind, Wants),
    message: &'static str,
) -> Story {
    Story {
        name,
        service,
        quantity,
        curve,
        late_hours: 0,
        claim,
        wants,
        message,
        door: Door::Form,
        language: Language::English,
        renews: false,
        untold: false,
        steps: vec![(1, Step::Turn)],
        rests_hours: 5,
        ends: Stage::ReadyToDecide,
        times: 1,
    }
}

impl Story {
    fn then(mut self, minutes: i64, step: Step) -> Self {
        self.steps.push((minutes, step));
        self
    }

    const fn ends(mut self, stage: Stage) -> Self {
        self.ends = stage;
        self
    }

    const fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    const fn rests(mut self, hours: i64) -> Self {
        self.rests_hours = hours;
        self
    }

    const fn by(mut self, door: Door, language: Language) -> Self {
        self.door = door;
        self.language = language;
        self
    }

    /// An agent accepts it, and the desk carries it out.
    fn decided(self) -> Self {
        self.then(90, Step::Accept).then(2, Step::Turn)
    }
}

/// All of them.
pub(super) fn all() -> Vec<Story> {
    let mut all = partial_deliveries();
    all.extend(drops());
    all.extend(speed_and_second_thoughts());
    all.extend(proofs());
    all.extend(money());
    all.extend(oddities());
    all
}

fn partial_deliveries() -> Vec<Story> {
    let asks = (ClaimKind::Incomplete, Wants::Refund);
    let part = "I paid for all of it and only got a part. Please pay back the rest.";
    vec![
        story(
            "part of the order came, and the refund waits for an agent",
            (SIGN_UPS, 1_000, Curve::Part(75)),
            asks,
            part,
        )
        .times(6),
        story(
            "part of the order came, and the rest was paid back",
            (VIEWS, 10_000, Curve::Part(60)),
            asks,
            part,
        )
        .decided()
        .ends(Stage::Closed)
        .rests(70)
        .times(8),
        story(
            "nothing came in time, and the whole price goes back",
            (FOLLOWERS, 1_000, Curve::Nothing),
            (ClaimKind::NotStarted, Wants::Refund),
            "It should have started two days ago. Nothing has happened.",
        )
        .late(50)
        .times(3),
        story(
            "nothing came in time, and the whole price went back",
            (SIGN_UPS, 500, Curve::Nothing),
            (ClaimKind::NotStarted, Wants::Refund),
            "Intet er begyndt. Jeg vil gerne have pengene tilbage.",
        )
        .late(50)
        .by(Door::Email, Language::Danish)
        .decided()
        .ends(Stage::Closed)
        .rests(120)
        .times(4),
        story(
            "a large refund waits for a second person",
            (FOLLOWERS, 10_000, Curve::Part(30)),
            asks,
            part,
        )
        .then(45, Step::Accept)
        .ends(Stage::WaitingForApproval)
        .times(2),
        story(
            "a large refund was approved by a second person",
            (FOLLOWERS, 10_000, Curve::Part(40)),
            asks,
            part,
        )
        .then(45, Step::Accept)
        .then(120, Step::Approve)
        .then(2, Step::Turn)
        .ends(Stage::Closed)
        .rests(40),
        story(
            "a refund is on its way at the provider",
            (SIGN_UPS, 2_000, Curve::Part(80)),
            asks,
            part,
        )
        .then(30, Step::Slow)
        .then(1, Step::Accept)
        .then(2, Step::Turn)
        .ends(Stage::Remedying)
        .times(2),
        story(
            "a refund did not arrive, and finance has to pay another way",
            (SIGN_UPS, 1_000, Curve::Part(50)),
            asks,
            part,
        )
        .then(30, Step::Slow)
        .then(1, Step::Accept)
        .then(2, Step::Turn)
        .then(240, Step::Bounce)
        .then(2, Step::Turn)
        .ends(Stage::Remedying),
        story(
            "the customer stopped the order, and the rest goes back",
            (FOLLOWERS, 2_500, Curve::Stopped(40)),
            (ClaimKind::Stop, Wants::Refund),
            "You stopped it, thank you. What about the money for the rest?",
        )
        .by(Door::Chat, Language::English)
        .times(2),
    ]
}

fn drops() -> Vec<Story> {
    let asks = (ClaimKind::Dropped, Wants::Redelivery);
    let gone = "Many of them are gone again after a few days.";
    vec![
        story(
            "units dropped, and the technical team is asked whether they can be delivered again",
            (FOLLOWERS, 2_500, Curve::Drop(18)),
            asks,
            gone,
        )
        .ends(Stage::Investigating)
        .times(3),
        story(
            "units dropped and are delivered again",
            (FOLLOWERS, 1_000, Curve::Drop(12)),
            asks,
            "Der er forsvundet en del igen.",
        )
        .by(Door::Email, Language::Danish)
        .then(180, Step::Answer(Answer::RedeliveryPossible(true)))
        .then(2, Step::Turn)
        .ends(Stage::Remedying)
        .times(2),
        story(
            "units dropped and were delivered again",
            (FOLLOWERS, 1_000, Curve::Drop(15)),
            asks,
            gone,
        )
        .then(180, Step::Answer(Answer::RedeliveryPossible(true)))
        .then(2, Step::Turn)
        .then(1_300, Step::Done("delivered again in full"))
        .then(2, Step::Turn)
        .ends(Stage::Closed)
        .rests(60)
        .times(3),
        story(
            "units dropped and cannot be delivered again",
            (FOLLOWERS, 5_000, Curve::Drop(20)),
            asks,
            gone,
        )
        .then(180, Step::Answer(Answer::RedeliveryPossible(false)))
        .then(2, Step::Turn)
        .times(2),
    ]
}

fn speed_and_second_thoughts() -> Vec<Story> {
    let slow = (ClaimKind::Slow, Wants::Refund);
    vec![
        story(
            "it runs at the promised speed, and the claim was declined",
            (FOLLOWERS, 5_000, Curve::Running(100)),
            slow,
            "It goes too slowly for me.",
        )
        .decided()
        .ends(Stage::Closed)
        .rests(30)
        .times(3),
        story(
            "it runs late, and the technical team is asked whether it can be hurried",
            (FOLLOWERS, 5_000, Curve::Running(40)),
            slow,
            "This takes far longer than you said.",
        )
        .behind()
        .ends(Stage::Investigating)
        .times(2),
        story(
            "the customer changed their mind",
            (SIGN_UPS, 1_000, Curve::Running(100)),
            (ClaimKind::ChangedMind, Wants::Refund),
            "I do not need it any more.",
        )
        .times(2),
        story(
            "a declined claim was appealed",
            (SIGN_UPS, 1_000, Curve::Full),
            (ClaimKind::Quality, Wants::Refund),
            "These sign-ups are of no use to me.",
        )
        .decided()
        .then(
            600,
            Step::Appeal(
                "I have talked to three of them. None wanted my newsletter. Please look again.",
            ),
        )
        .then(2, Step::Turn)
        .times(2),
        story(
            "it was delivered in full, and the claim was declined",
            (VIEWS, 5_000, Curve::Full),
            (ClaimKind::Quality, Wants::Refund),
            "Jeg er ikke tilfreds med kvaliteten.",
        )
        .by(Door::Form, Language::Danish)
        .decided()
        .ends(Stage::Closed)
        .rests(200)
        .times(3),
        story(
            "an automatic service does not work and is started by hand",
            (AUTO, 1_000, Curve::Nothing),
            (ClaimKind::AutoNotWorking, Wants::Redelivery),
            "The likes do not come.",
        )
        .late(1)
        .ends(Stage::Remedying),
    ]
}

fn proofs() -> Vec<Story> {
    let target = (ClaimKind::WrongTarget, Wants::Refund);
    let abroad = "My new followers are from all over the world, not from Denmark.";
    let faulty = (ClaimKind::AccountFaulty, Wants::Refund);
    vec![
        story(
            "the customer is asked for the statistics of the audience",
            (LOCAL, 500, Curve::Full),
            target,
            abroad,
        )
        .ends(Stage::WaitingForCustomer)
        .rests(30)
        .times(2),
        story(
            "a proof waits for somebody of support",
            (LOCAL, 250, Curve::Full),
            target,
            abroad,
        )
        .then(400, Step::Proof(ProofKind::Audience))
        .then(2, Step::Turn)
        .ends(Stage::Investigating)
        .times(2),
        story(
            "the proof shows enough of the target, and the claim is declined",
            (LOCAL, 500, Curve::Full),
            target,
            abroad,
        )
        .then(400, Step::Proof(ProofKind::Audience))
        .then(
            200,
            Step::Judge(true, ProofShows::OnTargetMillionths(620_000)),
        )
        .then(2, Step::Turn),
        story(
            "the proof shows too little of the target, and a person decides",
            (LOCAL, 500, Curve::Full),
            target,
            abroad,
        )
        .then(400, Step::Proof(ProofKind::Audience))
        .then(
            200,
            Step::Judge(true, ProofShows::OnTargetMillionths(310_000)),
        )
        .then(2, Step::Turn),
        story(
            "an account does not work, and the customer is asked to show it",
            (ACCOUNTS, 2, Curve::Full),
            faulty,
            "I cannot log in to the first account.",
        )
        .ends(Stage::WaitingForCustomer)
        .rests(3),
        story(
            "an account does not work, and its price goes back",
            (ACCOUNTS, 5, Curve::Full),
            faulty,
            "The account is locked. Screenshots attached.",
        )
        .then(60, Step::Proof(ProofKind::Fault))
        .then(1, Step::Proof(ProofKind::Proxy))
        .then(90, Step::Judge(true, ProofShows::Fault(true)))
        .then(
            2,
            Step::Judge(
                true,
                ProofShows::Proxy {
                    used: true,
                    country: None,
                },
            ),
        )
        .then(2, Step::Turn),
    ]
}

fn money() -> Vec<Story> {
    let asks = (ClaimKind::Incomplete, Wants::Refund);
    vec![
        story(
            "a renewal was not delivered: it goes back, and the subscription ends",
            (AUTO, 1_000, Curve::Full),
            (ClaimKind::Renewal, Wants::Refund),
            "I was charged again and got nothing for it.",
        )
        .renewing(),
        story(
            "a renewal went back, and the subscription ended",
            (AUTO, 2_000, Curve::Full),
            (ClaimKind::Renewal, Wants::Refund),
            "Jeg er blevet trukket igen uden at få noget.",
        )
        .renewing()
        .by(Door::Email, Language::Danish)
        .decided()
        .ends(Stage::Closed)
        .rests(26)
        .times(2),
        story(
            "the customer's bank took the payment back while the case was open",
            (SIGN_UPS, 1_000, Curve::Part(70)),
            asks,
            "Where is the rest?",
        )
        .then(600, Step::ChargeBack)
        .then(2, Step::Turn)
        .times(2),
        story(
            "somebody refunded in the provider's dashboard, and the order stands still",
            (SIGN_UPS, 1_000, Curve::Part(80)),
            asks,
            "Only 800 came.",
        )
        .then(300, Step::Dashboard(500))
        .then(2, Step::Turn),
        story(
            "an agent gave store credit instead",
            (VIEWS, 20_000, Curve::Full),
            (ClaimKind::NoBenefit, Wants::Refund),
            "It did nothing for my channel.",
        )
        .then(50, Step::Credit(500))
        .then(2, Step::Turn)
        .ends(Stage::Closed)
        .rests(90),
    ]
}

fn oddities() -> Vec<Story> {
    let asks = (ClaimKind::NotReceived, Wants::Refund);
    let mut unknown = story(
        "nobody knows the order yet, and the shop is asked",
        (SIGN_UPS, 1_000, Curve::Full),
        asks,
        "I ordered this morning and have heard nothing.",
    )
    .ends(Stage::WaitingForOrder)
    .times(2);
    unknown.untold = true;
    vec![
        unknown,
        story(
            "the customer wrote twice",
            (SIGN_UPS, 500, Curve::Part(85)),
            (ClaimKind::Incomplete, Wants::Refund),
            "Something is missing.",
        )
        .then(200, Step::Write("Any news?"))
        .then(2, Step::Turn),
        story(
            "the log has a gap, and was delivered in full all the same",
            (FOLLOWERS, 5_000, Curve::Gap),
            (ClaimKind::Incomplete, Wants::Refund),
            "The counter did not move for days.",
        ),
        story(
            "an agent closed it without a decision",
            (VIEWS, 10_000, Curve::Part(90)),
            (ClaimKind::Other, Wants::Refund),
            "Test, please ignore.",
        )
        .then(20, Step::Close("a test by the shop itself"))
        .then(2, Step::Turn)
        .ends(Stage::Closed)
        .rests(300),
        story(
            "something broke, and the case is parked for a person",
            (FOLLOWERS, 1_000, Curve::Part(95)),
            (ClaimKind::Incomplete, Wants::Refund),
            "A few are missing.",
        )
        .then(
            10,
            Step::Break("the delivery log could not be read: connection reset"),
        )
        .ends(Stage::Parked),
    ]
}

impl Story {
    const fn late(mut self, hours: i64) -> Self {
        self.late_hours = hours;
        self
    }

    /// It should have been over by now.
    const fn behind(mut self) -> Self {
        self.late_hours = 11 * 24;
        self
    }

    const fn renewing(mut self) -> Self {
        self.renews = true;
        self.late_hours = 30 * 24;
        self
    }
}
