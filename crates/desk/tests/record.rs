// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was written once is read for ever, and there is one way to write it.
//!
//! `tests/golden/*.hex` hold what earlier programs wrote. A line there is never edited; what is new gets a new line at the end.

mod happenings;

use std::collections::BTreeSet;

use happenings::{Dice, golden};
use makegood_desk::amount::{Amount, Currency, Ratio};
use makegood_desk::case::{
    CaseFile, CaseParts, Channel, Claim, ClaimKind, Contact, Country, Dispute, DisputeStatus,
    Duration, Event as Entry, Evidence, Findings, Instant, LogEntry, Order, Payment, PaymentKind,
    Refund, Service, ServiceKind, Shows, Subscription, Wants,
};
use makegood_desk::event::{Event, Happened};
use makegood_desk::input::Actor;
use makegood_desk::record::{self, KINDS, Unreadable, Why};
use proptest::prelude::*;

const EVENTS: &str = include_str!("golden/events.v1.hex");
const CASE_FILE: &str = include_str!("golden/case_file.v1.hex");

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"))
        .collect()
}

#[test]
fn what_earlier_programs_wrote_is_still_read_and_still_written_so() {
    let mut lines = EVENTS.lines();
    let mut missing = String::new();
    for event in golden() {
        let kind = record::kind(&event.what);
        let Some(line) = lines.next() else {
            missing += &format!("{kind} {}\n", hex(&record::write(&event)));
            continue;
        };
        let (name, stored) = line.split_once(' ').expect("a name and bytes");
        assert_eq!(name, kind, "{event:?}");
        assert_eq!(
            record::read(&bytes(stored)).as_ref(),
            Ok(&event),
            "{kind} is read otherwise than it was written"
        );
        assert_eq!(
            hex(&record::write(&event)),
            stored,
            "{kind} is written otherwise than before"
        );
    }
    assert_eq!(lines.next(), None, "a line of the golden file has no event");
    assert!(
        missing.is_empty(),
        "put these lines at the end of tests/golden/events.v1.hex:\n{missing}"
    );
}

#[test]
fn every_kind_has_a_golden_line() {
    let golden: BTreeSet<&str> = EVENTS
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    let known: BTreeSet<&str> = KINDS.iter().copied().collect();
    assert_eq!(golden, known);
    assert_eq!(known.len(), KINDS.len(), "two kinds have one name");
}

#[test]
fn a_decision_is_written_without_the_case_file_behind_it() {
    let paper = b"the case file, with everything in it";
    for mut event in golden() {
        if let Happened::Proposed(proposal) = &mut event.what {
            proposal.paper.bytes = paper.to_vec();
            let stored = record::write(&event);
            assert!(!stored.windows(8).any(|part| part == &paper[..8]));
            return;
        }
    }
    panic!("no decision among the golden events");
}

fn absent() -> Vec<u8> {
    record::write(&Event {
        at: Instant::from_unix_nanoseconds(64),
        by: Actor::System,
        what: Happened::RefundAbsent { no: 5 },
    })
}

#[test]
fn bytes_that_are_no_record_say_where_and_why() {
    assert_eq!(absent(), [1, 0x80, 1, 1, 23, 5]);
    let table: &[(&[u8], &str)] = &[
        (&[], "byte 0: it ends too early"),
        (&[1], "byte 1: it ends too early"),
        (
            &[2, 0x80, 1, 1, 23, 5],
            "byte 0: it has version 2, and this program knows versions up to 1; a newer program wrote it, or it is damaged",
        ),
        (&[1, 0x80, 1, 1, 23], "byte 5: it ends too early"),
        (
            &[1, 0x80, 1, 1, 23, 5, 0],
            "byte 6: 1 bytes stand behind its end",
        ),
        (
            &[1, 0x80, 0, 1, 23, 5],
            "byte 1: a number is written longer than it needs to be",
        ),
        (
            &[1, 0x80, 1, 99, 23, 5],
            "byte 3: there is no actor with the number 99",
        ),
        (
            &[1, 0x80, 1, 1, 0, 5],
            "byte 4: there is no event with the number 0",
        ),
        (
            &[1, 0x80, 1, 1, 23, 0x80, 0x80, 0x80, 0x80, 0x10],
            "byte 5: a number is too large for its place",
        ),
        // `parked` with a text of two bytes that is none, and with one that is longer than the record.
        (&[1, 0, 1, 43, 2, b'a', 0xff], "byte 6: a text is not UTF-8"),
        (&[1, 0, 1, 43, 9, b'a'], "byte 5: it ends too early"),
        // `asked` for more facts than there are bytes.
        (
            &[1, 0, 1, 8, 1, 1, 0xff, 0xff, 3],
            "byte 6: it ends too early",
        ),
        // `accepted` by neither yes nor no.
        (&[1, 0, 1, 16, 1, 2], "byte 5: this is no yes or no"),
        // `credit_granted` in no currency.
        (
            &[1, 0, 1, 34, 1, 5, b'k', b'r', b'.', 2, 0],
            "byte 6: this is no currency",
        ),
    ];
    for (bytes, why) in table {
        let problem = record::read(bytes).expect_err("no record");
        let full = format!("the record cannot be read at {why}");
        assert_eq!(problem.to_string(), full, "{bytes:?}");
    }
    let long = [&[1][..], &[0xff; 40]].concat();
    let too_large = Unreadable {
        at: 1,
        why: Why::TooLarge,
    };
    assert_eq!(record::read(&long), Err(too_large));
}

#[test]
fn a_record_that_was_cut_short_or_lengthened_is_none() {
    for event in golden() {
        let stored = record::write(&event);
        for len in 0..stored.len() {
            assert!(
                record::read(&stored[..len]).is_err(),
                "{event:?} up to {len}"
            );
        }
        for more in [0, 1, 0xff] {
            let longer = [&stored[..], &[more]].concat();
            let why = Why::LeftOver { count: 1 };
            let at = stored.len();
            assert_eq!(record::read(&longer), Err(Unreadable { at, why }));
        }
    }
}

/// Every byte of every golden event, turned into every other byte.
#[test]
fn a_damaged_byte_is_seen_or_makes_another_event() {
    let (mut seen, mut others) = (0_u32, 0_u32);
    for event in golden() {
        let stored = record::write(&event);
        for place in 0..stored.len() {
            let mut damaged = stored.clone();
            for flip in 1..=255 {
                damaged[place] = stored[place] ^ flip;
                match record::read(&damaged) {
                    Err(problem) => {
                        assert!(problem.at <= damaged.len());
                        seen += 1;
                    }
                    Ok(other) => {
                        assert_ne!(other, event);
                        assert_eq!(record::write(&other), damaged, "{other:?} has two forms");
                        others += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 0 && others > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn every_event_is_read_back_as_it_was(seed: u64) {
        let event = Dice::new(seed).event();
        let stored = record::write(&event);
        prop_assert_eq!(record::read(&stored), Ok(event));
    }

    #[test]
    fn equal_bytes_are_equal_events(one: u64, other: u64) {
        let (one, other) = (Dice::new(one).event(), Dice::new(other).event());
        prop_assert_eq!(record::write(&one) == record::write(&other), one == other);
    }

    /// Whatever is read at all is the one form of what was read.
    #[test]
    fn hostile_bytes_are_refused_or_are_the_one_form(
        seed: u64,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: prop::sample::Index,
        shorter: bool,
    ) {
        let mut stored = record::write(&Dice::new(seed).event());
        for (place, byte) in damage {
            let place = place.index(stored.len());
            stored[place] = byte;
        }
        if shorter {
            stored.truncate(cut.index(stored.len()));
        }
        if let Ok(event) = record::read(&stored) {
            prop_assert_eq!(record::write(&event), stored);
        }
    }

    #[test]
    fn noise_is_refused_or_is_the_one_form(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let noise = [&[1][..], &noise].concat();
        if let Ok(event) = record::read(&noise) {
            prop_assert_eq!(record::write(&event), noise.clone());
        }
        if let Ok(parts) = record::read_case_file(&noise) && let Ok(file) = CaseFile::new(parts) {
            prop_assert_eq!(record::case_file(&file), noise);
        }
    }
}

/// A case file with something of everything.
fn full() -> CaseParts<'static> {
    let at = |hours: i64| {
        Instant::from_unix_nanoseconds(1_790_000_000_000_000_000)
            .plus(Duration::from_seconds(hours * 3_600))
    };
    let eur = |minor| Amount::new(minor, Currency::new("EUR", 2).expect("a currency"));
    let log = |hours, event| LogEntry {
        at: at(hours),
        id: (hours == 2).then(|| "e-2".into()),
        event,
    };
    let account = || "acc-1".into();
    CaseParts {
        as_of: at(100),
        order: Order {
            number: "VL-2088".into(),
            placed_at: at(0),
            quantity: 1_000,
            price: eur(4_990),
            links: vec!["https://example.com/me".into()],
            service: Service {
                name: "Newsletter sign-ups".into(),
                unit: "sign-up".into(),
                kind: ServiceKind::Targeted,
                start_within: Duration::from_seconds(3_600),
                guarantee: Service::USUAL_GUARANTEE,
                units_per_day: Some(100),
                target_country: Country::new("DK"),
            },
        },
        payments: vec![
            Payment {
                id: "pay-1".into(),
                at: at(0),
                amount: eur(4_990),
                kind: PaymentKind::OneTime,
                fulfilled: None,
            },
            Payment {
                id: "pay-2".into(),
                at: at(50),
                amount: eur(4_990),
                kind: PaymentKind::Renewal,
                fulfilled: Some(false),
            },
        ],
        subscription: Some(Subscription::Cancelled),
        refunds: vec![Refund {
            at: at(60),
            amount: eur(100),
            units: 20,
        }],
        disputes: [DisputeStatus::Open, DisputeStatus::Won, DisputeStatus::Lost]
            .map(|status| Dispute {
                id: "dp_1".into(),
                opened_at: at(70),
                status,
                amount: eur(50),
            })
            .into(),
        contacts: [Channel::Chat, Channel::Email, Channel::Form]
            .map(|channel| Contact {
                at: at(65),
                channel,
            })
            .into(),
        delivery_log: vec![
            log(2, Entry::Started { count: Some(50) }),
            log(1, Entry::Started { count: None }),
            log(3, Entry::Count { count: 800 }),
            log(3, Entry::Count { count: 800 }),
            log(4, Entry::Delivered { units: 3 }),
            log(5, Entry::Completed),
            log(6, Entry::StopRequested),
            log(7, Entry::Stopped),
            log(8, Entry::StopFailed),
            log(9, Entry::Redelivery { units: 7 }),
            log(10, Entry::HandedOver { account: account() }),
            log(200, Entry::Login { account: account() }),
        ],
        claim: Claim {
            kind: ClaimKind::WrongTarget,
            at: at(99),
            wants: Wants::Exchange,
            account: Some(account()),
            payment: Some("pay-2".into()),
            message: Some("my own words".into()),
        },
        evidence: vec![
            Evidence {
                verified: true,
                shows: Shows::AudienceStatistics {
                    on_target_share: Ratio::new(2, 4).expect("a share"),
                },
            },
            Evidence {
                verified: false,
                shows: Shows::AccountFault {
                    account: account(),
                    shown: true,
                },
            },
            Evidence {
                verified: true,
                shows: Shows::Proxy {
                    account: account(),
                    used: true,
                    country: Country::new("SE"),
                },
            },
        ],
        findings: Findings {
            redelivery_possible: Some(true),
            expedite_possible: None,
        },
    }
}

#[test]
fn a_case_file_is_read_back_as_it_was_but_for_words_and_links() {
    let file = CaseFile::new(full()).expect("a good case");
    let stored = record::case_file(&file);
    let text = String::from_utf8_lossy(&stored);
    assert!(!text.contains("my own words") && !text.contains("example.com"));
    let read = record::read_case_file(&stored).expect("a case file");
    let mut expected = full();
    expected.order.links.clear();
    expected.claim.message = None;
    assert_eq!(format!("{read:?}"), format!("{expected:?}"));
    assert_eq!(hex(&stored), CASE_FILE.trim_end(), "the golden case file");
}

#[test]
fn a_damaged_case_file_is_refused_or_is_another() {
    let stored = record::case_file(&CaseFile::new(full()).expect("a good case"));
    for place in 0..stored.len() {
        assert!(record::read_case_file(&stored[..place]).is_err());
        let mut damaged = stored.clone();
        for flip in 1..=255 {
            damaged[place] = stored[place] ^ flip;
            let Ok(parts) = record::read_case_file(&damaged) else {
                continue;
            };
            if let Ok(file) = CaseFile::new(parts) {
                assert_eq!(record::case_file(&file), damaged);
            }
        }
    }
}
