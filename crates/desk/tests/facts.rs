// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a case file shows: the subtle points of the contract, one by one.

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{
    CaseFile, CaseParts, CaseProblem, Claim, ClaimKind, Contact, Dispute, DisputeStatus, Duration,
    Event, Findings, Instant, LogEntry, Order, Payment, PaymentKind, Place, Refund, Service,
    ServiceKind, Subscription, Wants, Wrong,
};
use makegood_desk::facts::{
    Asked, DisputeState, Facts, Grounds, Guarantee, Pace, Renewal, Start, State, StopResult,
};
use makegood_desk::units::{Counted, CountedBy, Counts};

const HOUR: i64 = 3_600;

/// So many seconds after the purchase.
fn at(seconds: i64) -> Instant {
    Instant::from_unix_nanoseconds(0).plus(Duration::from_seconds(seconds))
}

fn eur(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("EUR", 2).expect("three capitals"))
}

/// 100 units for 10.00, to be started within an hour, claimed and judged after a hundred hours.
fn case() -> CaseParts<'static> {
    CaseParts {
        as_of: at(100 * HOUR),
        order: Order {
            number: "VL-1".into(),
            placed_at: at(0),
            quantity: 100,
            price: eur(1_000),
            links: Vec::new(),
            service: Service {
                name: "Sign-ups".into(),
                unit: "sign-up".into(),
                kind: ServiceKind::Standard,
                start_within: Duration::from_seconds(HOUR),
                guarantee: Duration::from_seconds(10 * HOUR),
                units_per_day: Some(100),
                target_country: None,
            },
        },
        payments: Vec::new(),
        subscription: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        contacts: Vec::new(),
        delivery_log: Vec::new(),
        claim: Claim {
            kind: ClaimKind::Dropped,
            at: at(100 * HOUR),
            wants: Wants::Refund,
            account: None,
            payment: None,
            message: None,
        },
        evidence: Vec::new(),
        findings: Findings::default(),
    }
}

fn entry(seconds: i64, event: Event<'static>) -> LogEntry<'static> {
    LogEntry {
        at: at(seconds),
        id: None,
        event,
    }
}

fn with_log(log: Vec<LogEntry<'static>>) -> Facts {
    Facts::of(&checked(CaseParts {
        delivery_log: log,
        ..case()
    }))
}

fn checked(parts: CaseParts<'static>) -> CaseFile<'static> {
    CaseFile::new(parts).expect("a good case")
}

const fn started(count: u64) -> Event<'static> {
    Event::Started { count: Some(count) }
}

const fn count(count: u64) -> Event<'static> {
    Event::Count { count }
}

const fn delivered(units: u64) -> Event<'static> {
    Event::Delivered { units }
}

fn counts(log: Vec<LogEntry<'static>>) -> Option<(u64, u64, bool)> {
    let counts = with_log(log).counts.known()?;
    Some((counts.delivered, counts.dropped, counts.below_baseline))
}

#[test]
fn units_are_counted_as_the_contract_has_it() {
    let bare = Event::Started { count: None };
    let table = [
        ("nothing started", vec![], Some((0, 0, false))),
        (
            "a start without a count",
            vec![entry(1, bare.clone())],
            None,
        ),
        (
            "a start with one",
            vec![entry(1, started(50))],
            Some((0, 0, false)),
        ),
        (
            "counts before the baseline are none",
            vec![
                entry(1, count(10)),
                entry(2, started(50)),
                entry(3, count(80)),
            ],
            Some((30, 0, false)),
        ),
        (
            "the first start with a count is the baseline",
            vec![
                entry(1, bare),
                entry(2, started(50)),
                entry(3, started(70)),
                entry(4, count(80)),
            ],
            Some((30, 0, false)),
        ),
        (
            "a later start is no sample",
            vec![
                entry(1, started(50)),
                entry(2, count(80)),
                entry(3, started(60)),
            ],
            Some((30, 0, false)),
        ),
        (
            "the highest count was delivered, the rest of it dropped",
            vec![
                entry(1, started(50)),
                entry(2, count(120)),
                entry(3, count(110)),
            ],
            Some((70, 10, false)),
        ),
        (
            "more than ordered is not delivered, and drops first",
            vec![
                entry(1, started(0)),
                entry(2, count(130)),
                entry(3, count(105)),
            ],
            Some((100, 0, false)),
        ),
        (
            "no more drops than was delivered",
            vec![
                entry(1, started(50)),
                entry(2, count(60)),
                entry(3, count(20)),
            ],
            Some((10, 10, true)),
        ),
        (
            "exactly at the baseline is not below it",
            vec![
                entry(1, started(50)),
                entry(2, count(60)),
                entry(3, count(50)),
            ],
            Some((10, 10, false)),
        ),
        (
            "below the baseline with nothing delivered",
            vec![entry(1, started(50)), entry(2, count(49))],
            Some((0, 0, true)),
        ),
        (
            "reports are added and capped",
            vec![entry(1, delivered(60)), entry(2, delivered(70))],
            Some((100, 0, false)),
        ),
        (
            "reports go before counts",
            vec![
                entry(1, started(50)),
                entry(2, count(20)),
                entry(3, delivered(5)),
            ],
            Some((5, 0, false)),
        ),
        (
            "the same report twice is one",
            vec![entry(1, delivered(5)), entry(1, delivered(5))],
            Some((5, 0, false)),
        ),
        (
            "the same report later is another",
            vec![entry(1, delivered(5)), entry(2, delivered(5))],
            Some((10, 0, false)),
        ),
        (
            "out of order in the file",
            vec![
                entry(3, count(60)),
                entry(1, started(50)),
                entry(2, count(80)),
            ],
            Some((30, 20, false)),
        ),
        (
            "equal times as filed",
            vec![
                entry(1, started(50)),
                entry(2, count(80)),
                entry(2, count(60)),
            ],
            Some((30, 20, false)),
        ),
        (
            "a line told again is not the last word",
            vec![
                entry(1, started(50)),
                entry(2, count(60)),
                entry(2, count(80)),
                entry(2, count(60)),
            ],
            Some((30, 0, false)),
        ),
        (
            "after the judging nothing is seen",
            vec![
                entry(1, started(50)),
                entry(100 * HOUR, count(80)),
                entry(100 * HOUR + 1, count(60)),
            ],
            Some((30, 0, false)),
        ),
        (
            "redeliveries inform",
            vec![
                entry(1, started(50)),
                entry(2, Event::Redelivery { units: 9 }),
            ],
            Some((0, 0, false)),
        ),
    ];
    for (why, log, expected) in table {
        assert_eq!(counts(log), expected, "{why}");
    }
}

#[test]
fn one_line_with_another_name_is_another_line() {
    let mut again = entry(1, delivered(5));
    again.id = Some("e1".into());
    assert_eq!(
        counts(vec![entry(1, delivered(5)), again]),
        Some((10, 0, false))
    );
}

#[test]
fn a_long_run_of_one_instant_is_told_once_as_well() {
    let mut log: Vec<_> = (1..=9).map(|units| entry(1, delivered(units))).collect();
    log.extend(log.clone());
    assert_eq!(counts(log), Some((45, 0, false)));
}

#[test]
fn accounts_are_counted_by_name() {
    let handed = |account: &'static str| Event::HandedOver {
        account: account.into(),
    };
    let mut parts = case();
    parts.order.service.kind = ServiceKind::Account;
    parts.order.quantity = 2;
    parts.delivery_log = vec![entry(1, handed("a")), entry(2, handed("a"))];
    parts.claim.account = Some("a".into());
    let facts = Facts::of(&checked(parts.clone()));
    assert_eq!(facts.counts.known().map(|counts| counts.delivered), Some(1));
    // The first handing over counts.
    let delay = Duration::from_seconds(100 * HOUR - 1);
    assert_eq!(facts.account_claim_delay.value, Some(delay));
    assert_eq!(facts.account_handed_over.grounds, Grounds::Log(0));
    parts.delivery_log = vec![
        entry(1, handed("a")),
        entry(2, handed("b")),
        entry(3, handed("c")),
    ];
    let facts = Facts::of(&checked(parts.clone()));
    assert_eq!(facts.counts.known().map(|counts| counts.delivered), Some(2));
    // An account service is never uncounted, even where the log only says that it began.
    parts.delivery_log = vec![entry(1, Event::Started { count: None })];
    assert_eq!(
        Facts::of(&checked(parts)).counts.known(),
        Some(Counts::NOTHING)
    );
}

#[test]
fn refunds_are_taken_off_what_never_arrived_first() {
    for (delivered, dropped, refunded, expected) in [
        (60, 20, 0, (40, 20)),
        (60, 20, 30, (10, 20)),
        (60, 20, 40, (0, 20)),
        (60, 20, 50, (0, 10)),
        (60, 20, 60, (0, 0)),
        (60, 20, 999, (0, 0)),
    ] {
        let counts = Counts {
            delivered,
            dropped,
            below_baseline: false,
        };
        let units = counts.units(100, refunded);
        assert_eq!(
            (units.open_undelivered, units.open_dropped),
            expected,
            "{refunded} refunded"
        );
    }
}

#[test]
fn the_start_is_measured_against_the_window() {
    for (log, start, state) in [
        (
            vec![entry(HOUR, started(0))],
            Start::InTime,
            State::InProgress,
        ),
        (
            vec![entry(HOUR + 1, started(0))],
            Start::Late,
            State::InProgress,
        ),
        (
            vec![entry(HOUR, Event::Completed)],
            Start::NotDue,
            State::Completed,
        ),
        (
            vec![entry(HOUR + 1, Event::Completed)],
            Start::Overdue,
            State::Completed,
        ),
        (
            vec![
                entry(HOUR, Event::Completed),
                entry(HOUR + 1, Event::Stopped),
            ],
            Start::Overdue,
            State::Stopped,
        ),
        (
            vec![entry(HOUR, Event::Stopped), entry(HOUR + 1, Event::Stopped)],
            Start::NotDue,
            State::Stopped,
        ),
        (
            vec![entry(HOUR, Event::StopRequested)],
            Start::Overdue,
            State::Queued,
        ),
        (
            vec![entry(HOUR + 1, delivered(1)), entry(HOUR, count(1))],
            Start::InTime,
            State::InProgress,
        ),
        (
            vec![entry(100 * HOUR + 1, started(0))],
            Start::Overdue,
            State::Queued,
        ),
    ] {
        let facts = with_log(log.clone());
        assert_eq!(
            (facts.start.value, facts.state.value),
            (start, state),
            "{log:?}"
        );
    }
}

#[test]
fn the_guarantee_runs_from_the_closing_to_its_last_moment() {
    for (closed, guarantee) in [
        (90 * HOUR, Guarantee::Running),
        (90 * HOUR - 1, Guarantee::Ended),
    ] {
        let facts = with_log(vec![
            entry(1, started(0)),
            entry(closed, Event::Completed),
            entry(95 * HOUR, Event::Completed),
        ]);
        assert_eq!(facts.guarantee.value, guarantee);
        // A stop closes the order, whatever was completed before.
        let facts = with_log(vec![
            entry(1, started(0)),
            entry(2, Event::Completed),
            entry(closed, Event::Stopped),
        ]);
        assert_eq!(facts.guarantee.value, guarantee);
    }
    assert_eq!(
        with_log(vec![entry(1, started(0))]).guarantee.value,
        Guarantee::Running
    );
}

#[test]
fn an_order_is_behind_only_after_the_last_moment_promised() {
    // 100 units at 100 a day are one day from the first start.
    for (begun, pace) in [(76 * HOUR, Pace::OnTime), (76 * HOUR - 1, Pace::Behind)] {
        let facts = with_log(vec![entry(begun, started(0))]);
        assert_eq!(facts.pace.known(), Some(Some(pace)));
    }
    assert_eq!(with_log(vec![]).pace.known(), Some(None));
    let mut parts = case();
    parts.order.service.units_per_day = None;
    parts.delivery_log = vec![entry(1, started(0))];
    assert_eq!(
        Facts::of(&checked(parts)).pace.asked(),
        Some(Asked::TechnicalTeam)
    );
    // Seven units at two a day are three days and a half, to the second.
    let mut parts = case();
    parts.order.quantity = 7;
    parts.order.service.units_per_day = Some(2);
    for (begun, pace) in [(16 * HOUR, Pace::OnTime), (16 * HOUR - 1, Pace::Behind)] {
        parts.delivery_log = vec![entry(begun, started(0))];
        assert_eq!(
            Facts::of(&checked(parts.clone())).pace.known(),
            Some(Some(pace))
        );
    }
}

#[test]
fn a_stop_has_failed_only_if_that_is_the_last_word() {
    let (asked, failed) = (Event::StopRequested, Event::StopFailed);
    for (log, result) in [
        (vec![], None),
        (vec![entry(1, asked.clone())], None),
        (
            vec![entry(1, asked.clone()), entry(2, failed.clone())],
            Some(StopResult::Failed),
        ),
        (
            vec![entry(1, failed.clone()), entry(2, asked.clone())],
            None,
        ),
        (
            vec![entry(2, failed.clone()), entry(1, asked.clone())],
            Some(StopResult::Failed),
        ),
        (
            vec![
                entry(1, failed.clone()),
                entry(1, asked.clone()),
                entry(1, failed.clone()),
            ],
            None,
        ),
        (
            vec![entry(1, asked), entry(2, Event::Stopped), entry(3, failed)],
            Some(StopResult::Stopped),
        ),
    ] {
        assert_eq!(with_log(log.clone()).stop_result.known(), result, "{log:?}");
    }
}

#[test]
fn the_dispute_that_was_opened_first_is_meant() {
    let dispute = |id: &'static str, seconds, status| Dispute {
        id: id.into(),
        opened_at: at(seconds),
        status,
        amount: eur(100),
    };
    use DisputeStatus::{Lost, Open, Won};
    let mut parts = case();
    parts.contacts = vec![Contact {
        at: at(5),
        channel: makegood_desk::case::Channel::Chat,
    }];
    for (disputes, state, meant, contact, left) in [
        (vec![], DisputeState::None, None, false, 1_000),
        (
            vec![dispute("a", 5, Won)],
            DisputeState::None,
            None,
            false,
            1_000,
        ),
        (
            vec![dispute("a", 5, Lost)],
            DisputeState::Lost,
            None,
            false,
            900,
        ),
        (
            vec![dispute("a", 6, Open), dispute("b", 5, Open)],
            DisputeState::Open,
            Some(1),
            false,
            1_000,
        ),
        (
            vec![dispute("a", 6, Open), dispute("b", 6, Open)],
            DisputeState::Open,
            Some(0),
            true,
            1_000,
        ),
        (
            vec![dispute("a", 6, Lost), dispute("b", 7, Open)],
            DisputeState::Open,
            Some(1),
            true,
            900,
        ),
        (
            vec![dispute("a", 100 * HOUR + 1, Open)],
            DisputeState::None,
            None,
            false,
            1_000,
        ),
    ] {
        parts.disputes = disputes;
        let facts = Facts::of(&checked(parts.clone()));
        assert_eq!(facts.dispute.value, state);
        assert_eq!(facts.observed.open_dispute, meant);
        assert_eq!(facts.contact_before_dispute.value, contact);
        assert_eq!(facts.observed.balance.left().minor(), left);
    }
}

#[test]
fn what_is_left_of_a_renewal_is_less_what_went_back_since() {
    let payment = |id: &'static str, seconds, kind| Payment {
        id: id.into(),
        at: at(seconds),
        amount: eur(1_000),
        kind,
        fulfilled: None,
    };
    let refund = |seconds| Refund {
        at: at(seconds),
        amount: eur(100),
        units: 0,
    };
    let mut parts = case();
    parts.subscription = Some(Subscription::Active);
    parts.payments = vec![
        payment("p1", 50, PaymentKind::Renewal),
        payment("p0", 0, PaymentKind::OneTime),
    ];
    parts.refunds = vec![refund(49), refund(50), refund(51), refund(100 * HOUR + 1)];
    let facts = Facts::of(&checked(parts.clone()));
    assert_eq!(facts.renewal.value, Renewal::Latest);
    assert_eq!(facts.observed.renewal_left.minor(), 800);
    assert_eq!(
        facts.renewal_age.value,
        Some(Duration::from_seconds(100 * HOUR - 50))
    );
    assert_eq!(facts.period_fulfilled.asked(), Some(Asked::TechnicalTeam));

    // Of two at the same instant the one filed later is the last.
    parts.payments.push(payment("p2", 50, PaymentKind::OneTime));
    assert_eq!(
        Facts::of(&checked(parts.clone())).renewal.value,
        Renewal::NotLatest
    );
    parts.claim.payment = Some("p1".into());
    assert_eq!(
        Facts::of(&checked(parts.clone())).renewal.value,
        Renewal::NotLatest
    );
    // A payment still to come is no payment yet, not even if the claim names it.
    parts.payments = vec![
        payment("p1", 50, PaymentKind::Renewal),
        payment("p2", 100 * HOUR + 1, PaymentKind::Renewal),
    ];
    assert_eq!(
        Facts::of(&checked(parts.clone())).renewal.value,
        Renewal::Latest
    );
    parts.claim.payment = Some("p2".into());
    assert_eq!(
        Facts::of(&checked(parts.clone())).renewal.value,
        Renewal::NotLatest
    );
    parts.payments = vec![payment("p2", 0, PaymentKind::OneTime)];
    assert_eq!(Facts::of(&checked(parts)).renewal.value, Renewal::None);
}

#[test]
fn the_working_can_be_shown() {
    let log = vec![
        entry(4, count(70)),
        entry(1, started(50)),
        entry(2, count(80)),
    ];
    let facts = with_log(log);
    assert_eq!(
        facts.counts,
        makegood_desk::facts::Fact::Known(makegood_desk::facts::Found {
            value: Counts {
                delivered: 30,
                dropped: 10,
                below_baseline: false
            },
            grounds: Grounds::LogPair(1, 0),
        })
    );
    let Counted {
        by:
            CountedBy::Counter {
                baseline,
                highest,
                current,
                ..
            },
        ..
    } = facts.observed.counted
    else {
        panic!("counted by the counter");
    };
    assert_eq!((baseline, highest, current), (50, 80, 70));
    assert_eq!(facts.observed.first_start, Some((1, at(1))));
}

#[test]
fn fields_that_cannot_stand_beside_each_other_are_named() {
    let wrong = |change: fn(&mut CaseParts<'static>)| {
        let mut parts = case();
        change(&mut parts);
        CaseFile::new(parts)
            .map(|_| ())
            .map_err(|CaseProblem { place, wrong }| (place, wrong))
    };
    assert_eq!(wrong(|_| ()), Ok(()));
    assert_eq!(
        wrong(|parts| parts.order.number = "".into()),
        Err((Place::OrderNumber, Wrong::Empty))
    );
    assert_eq!(
        wrong(|parts| parts.order.quantity = 0),
        Err((Place::OrderQuantity, Wrong::Zero))
    );
    assert_eq!(
        wrong(|parts| parts.order.quantity = 1 << 53),
        Err((Place::OrderQuantity, Wrong::TooLarge))
    );
    assert_eq!(
        wrong(|parts| parts.order.service.units_per_day = Some(0)),
        Err((Place::UnitsPerDay, Wrong::Zero))
    );
    assert_eq!(
        wrong(|parts| parts.claim.at = at(-1)),
        Err((Place::ClaimAt, Wrong::BeforePurchase))
    );
    assert_eq!(
        wrong(|parts| parts.claim.at = at(100 * HOUR + 1)),
        Err((Place::ClaimAt, Wrong::AfterAsOf))
    );
    assert_eq!(
        wrong(|parts| parts.claim.payment = Some("p".into())),
        Err((Place::ClaimPayment, Wrong::NoSuchPayment))
    );
    assert_eq!(
        wrong(|parts| parts.delivery_log = vec![entry(1, delivered(1)), entry(2, delivered(0))]),
        Err((Place::LogUnits(1), Wrong::Zero))
    );
}
