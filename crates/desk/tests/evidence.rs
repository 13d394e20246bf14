// SPDX-License-Identifier: MIT OR Apache-2.0
//! The answer to a dispute: what a bank wants to see, what of it is there, and texts that say nothing that no record holds.

use std::collections::BTreeSet;

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{
    Channel, Contact, Duration, Event, Instant, LogEntry, Order, Payment, PaymentKind, Service,
    ServiceKind, Subscription,
};
use makegood_desk::evidence::{
    Exhibit, Ground, Judged, Matter, Said, TEXT_CHARACTERS, TEXTS_CHARACTERS, fits, without_ways_in,
};
use makegood_desk::records::{
    OrderRecord, PaymentRecord, Records, RefundRecord, SubscriptionRecord,
};
use makegood_desk::remedy::Outcome;
use makegood_policy::phrase::{Tongue, stamp};
use proptest::prelude::*;

const HOUR: i128 = 3_600_000_000_000;
/// 14 September 2026, 08:00.
const BEGAN: i128 = 1_789_372_800_000_000_000;

fn eur(minor: u64) -> Amount {
    Amount::new(minor, Currency::new("EUR", 2).expect("a currency"))
}

fn at(hours: i64) -> Instant {
    Instant::from_unix_nanoseconds(BEGAN + i128::from(hours) * HOUR)
}

fn entry(hours: i64, event: Event<'static>) -> LogEntry<'static> {
    LogEntry {
        at: at(hours),
        id: None,
        event,
    }
}

/// 1,000 sign-ups for EUR 49.90, all delivered.
fn delivered() -> Records {
    let order = Order {
        number: "VL-1".into(),
        placed_at: at(0),
        quantity: 1_000,
        price: eur(4_990),
        links: vec!["https://example.com/newsletter".into()],
        service: Service {
            name: "Newsletter sign-ups".into(),
            unit: "sign-up".into(),
            kind: ServiceKind::Standard,
            start_within: Duration::from_seconds(86_400),
            guarantee: Duration::from_seconds(30 * 86_400),
            units_per_day: Some(500),
            target_country: None,
        },
    };
    let payment = PaymentRecord {
        payment: Payment {
            id: "p1".into(),
            at: at(0),
            amount: eur(4_990),
            kind: PaymentKind::OneTime,
            fulfilled: None,
        },
        provider: "card".into(),
        reference: "pi_1".to_owned(),
        reserved_minor: 0,
        foreign_minor: 0,
    };
    Records {
        order: Some(OrderRecord {
            order,
            customer: None,
        }),
        payments: vec![payment],
        delivery_log: vec![
            entry(2, Event::Started { count: Some(1_204) }),
            entry(20, Event::Count { count: 1_702 }),
            entry(50, Event::Count { count: 2_204 }),
            entry(51, Event::Completed),
        ],
        ..Records::default()
    }
}

fn matter(records: &Records, ground: Ground) -> Matter<'_> {
    Matter {
        records,
        dispute: "dp_17",
        amount: eur(4_990),
        opened_at: at(24 * 30),
        ground,
        judged: None,
        said: Vec::new(),
    }
}

fn contested() -> Judged {
    Judged {
        outcome: Outcome::Contest,
        clause: "6".to_owned(),
        quote: "We answer a chargeback with all that we have on record.".to_owned(),
        version: "2025-10-02".to_owned(),
    }
}

fn english() -> Tongue {
    Tongue::of("en")
}

#[test]
fn a_dispute_is_about_what_its_category_says_and_else_about_what_its_code_says() {
    let table = [
        ("product_not_received", Some("13.1"), Ground::NotReceived),
        // Mastercard has one code for much: the provider knows more.
        ("product_not_received", Some("4853"), Ground::NotReceived),
        ("general", Some("4853"), Ground::NotAsDescribed),
        ("general", Some("13.2"), Ground::CancelledRecurring),
        ("", Some("C28"), Ground::CancelledRecurring),
        (
            "bank_cannot_process",
            Some("RN2"),
            Ground::CreditNotProcessed,
        ),
        ("general", Some("12.6.1"), Ground::Duplicate),
        ("general", Some("10.4"), Ground::Fraud),
        ("general", Some("F29"), Ground::Fraud),
        ("unrecognized", None, Ground::Fraud),
        ("general", Some("99.9"), Ground::General),
        ("", None, Ground::General),
    ];
    for (category, code, ground) in table {
        assert_eq!(Ground::of(category, code), ground, "{category} {code:?}");
    }
}

#[test]
fn every_ground_wants_something_once() {
    for ground in Ground::ALL {
        let wants = ground.wants();
        let different: BTreeSet<_> = wants.iter().collect();
        assert!(!wants.is_empty());
        assert_eq!(different.len(), wants.len(), "{ground:?}");
    }
}

#[test]
fn the_checklist_says_what_is_there_and_what_is_missing() {
    let records = delivered();
    let there =
        |records: &Records, ground| -> Vec<(Exhibit, bool)> { matter(records, ground).checklist() };
    assert_eq!(
        there(&records, Ground::NotReceived),
        [
            (Exhibit::Completion, true),
            (Exhibit::Delivery, true),
            (Exhibit::Order, true),
            (Exhibit::Words, false),
            (Exhibit::Policy, false),
            (Exhibit::PolicyShown, false),
        ]
    );
    assert!(
        there(&Records::default(), Ground::General)
            .iter()
            .all(|(_, there)| !there)
    );
    let mut judged = matter(&records, Ground::NotReceived);
    judged.judged = Some(contested());
    assert!(judged.checklist().contains(&(Exhibit::Policy, true)));
}

#[test]
fn the_texts_of_an_order_that_came_in_full() {
    let mut records = delivered();
    records.contacts.push(Contact {
        at: at(24 * 31),
        channel: Channel::Email,
    });
    let mut matter = matter(&records, Ground::NotReceived);
    matter.judged = Some(contested());
    matter.said.push(Said {
        at: at(24 * 31),
        by_customer: true,
        words: "I never got it.".to_owned(),
    });
    let fields = matter.fields(english());
    let table = [
        (
            "product_description",
            "Order VL-1: 1,000 sign-ups of “Newsletter sign-ups” for EUR 49.90, ordered on 14 September 2026.\n\
             Delivered to: https://example.com/newsletter",
        ),
        ("service_date", "2026-09-16"),
        (
            "access_activity_log",
            "2026-09-14 10:00:00  delivery began; the public counter showed 1,204\n\
             2026-09-15 04:00:00  the public counter showed 1,702\n\
             2026-09-16 10:00:00  the public counter showed 2,204\n\
             2026-09-16 11:00:00  delivery reported complete",
        ),
        (
            "refund_policy_disclosure",
            "The refund policy in its version of 2 October 2025 was in force when the order was placed.\n\
             Clause 6 of the policy: We answer a chargeback with all that we have on record.",
        ),
        (
            "refund_refusal_explanation",
            "What the customer can ask for follows from clause 6 of the published refund policy (version of 2 October 2025): “We answer a chargeback with all that we have on record.”",
        ),
        (
            "uncategorized_text",
            "What happened\n\
             2026-09-14 08:00:00  order VL-1 placed\n\
             2026-09-14 08:00:00  EUR 49.90 paid (pi_1)\n\
             2026-09-14 10:00:00  delivery began; the public counter showed 1,204\n\
             2026-09-16 10:00:00  the public counter showed 2,204\n\
             2026-09-16 11:00:00  delivery reported complete\n\
             2026-10-14 08:00:00  the bank opened dispute dp_17 over EUR 49.90\n\
             2026-10-15 08:00:00  the customer wrote to support (e-mail)\n\
             The customer did not write to support before the bank opened the dispute.\n\
             \n\
             What was written\n\
             2026-10-15 08:00:00  The customer: I never got it.",
        ),
    ];
    for (field, text) in table {
        assert_eq!(fields.get(field).map(String::as_str), Some(text), "{field}");
    }
    assert_eq!(fields.len(), table.len());
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    let records = Records::default();
    let fields = matter(&records, Ground::NotReceived).fields(english());
    assert_eq!(
        fields.keys().copied().collect::<Vec<_>>(),
        ["uncategorized_text"]
    );
    let story = fields.get("uncategorized_text").expect("a story");
    assert!(
        !story.contains("delivery") && story.contains("dp_17"),
        "{story}"
    );
}

#[test]
fn a_subscription_is_spoken_of_where_the_dispute_is_about_one_and_goes_on() {
    let rebuts = |status, ground| {
        let mut records = delivered();
        records.subscription = Some(SubscriptionRecord {
            status,
            provider: "card".to_owned(),
            reference: "sub_1".to_owned(),
        });
        let fields = matter(&records, ground).fields(english());
        fields.contains_key("cancellation_rebuttal")
    };
    assert!(rebuts(Subscription::Active, Ground::CancelledRecurring));
    assert!(!rebuts(Subscription::Cancelled, Ground::CancelledRecurring));
    assert!(!rebuts(Subscription::Active, Ground::NotReceived));
}

#[test]
fn a_refusal_is_explained_and_a_full_refund_is_not() {
    let records = delivered();
    for (outcome, explained) in [
        (Outcome::Contest, true),
        (Outcome::Declined, true),
        (Outcome::SupportResolution, true),
        (Outcome::Concede, false),
        (Outcome::Refund, false),
    ] {
        let mut matter = matter(&records, Ground::General);
        matter.judged = Some(Judged {
            outcome,
            ..contested()
        });
        let fields = matter.fields(english());
        assert_eq!(
            fields.contains_key("refund_refusal_explanation"),
            explained,
            "{outcome:?}"
        );
    }
}

#[test]
fn a_letter_outside_the_plane_is_one_character() {
    let longest = "\u{1f4e6}".repeat(TEXT_CHARACTERS);
    assert_eq!(
        fits([("uncategorized_text", longest.as_str())]),
        Ok(TEXT_CHARACTERS)
    );
    let longer = format!("{longest}x");
    assert_eq!(
        fits([("uncategorized_text", longer.as_str())]),
        Err((Some("uncategorized_text"), TEXT_CHARACTERS + 1))
    );
    let eight = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|field| (field, longest.as_str()));
    assert_eq!(fits(eight), Err((None, 8 * TEXT_CHARACTERS)));
}

#[test]
fn the_way_into_a_case_is_told_to_no_bank() {
    let secret = "AQGiHUtwXXb1ouHFh2HeM64AAAAAawmMJHitFpOiIE-SPdAWJNR6QtaBz_dvs03mRNjH67ChXBK6";
    let table = [
        (
            format!("See here:\nhttps://help.example.com/c/{secret}\nThanks."),
            "See here:\nhttps://help.example.com/c/…\nThanks.",
        ),
        (
            format!("(https://x.example/chat/{secret}?language=da)"),
            "(https://x.example/chat/…",
        ),
        (format!("/sign-in/{secret}"), "/sign-in/…"),
        (
            "https://example.com/c/short and/or /c/".to_owned(),
            "https://example.com/c/short and/or /c/",
        ),
        ("Ingen adresse.".to_owned(), "Ingen adresse."),
    ];
    for (words, told) in table {
        assert_eq!(without_ways_in(&words), told);
        let records = delivered();
        let mut matter = matter(&records, Ground::General);
        matter.said.push(Said {
            at: at(1),
            by_customer: false,
            words,
        });
        let fields = matter.fields(english());
        assert!(fields.values().all(|text| !text.contains(secret)));
    }
}

#[test]
fn of_a_long_history_the_turns_stay_and_the_counts_are_thinned() {
    let mut records = delivered();
    let counts = (0..5_000).map(|no| {
        entry(
            60 + no,
            Event::Count {
                count: 3_000 + no.unsigned_abs(),
            },
        )
    });
    records.delivery_log.extend(counts);
    let fields = matter(&records, Ground::NotReceived).fields(english());
    let log = fields.get("access_activity_log").expect("a log");
    assert!(log.chars().count() <= TEXT_CHARACTERS);
    assert!(log.contains("delivery began") && log.contains("delivery reported complete"));
    assert!(log.contains("lines left out"), "{log}");
    assert!(
        log.lines().count() > 100,
        "no more is left out than must be"
    );
}

fn events() -> impl Strategy<Value = Event<'static>> {
    prop_oneof![
        proptest::option::of(0_u64..100_000).prop_map(|count| Event::Started { count }),
        (0_u64..100_000).prop_map(|count| Event::Count { count }),
        (1_u64..100_000).prop_map(|units| Event::Delivered { units }),
        (1_u64..100_000).prop_map(|units| Event::Redelivery { units }),
        Just(Event::Completed),
        Just(Event::StopRequested),
        Just(Event::Stopped),
        Just(Event::StopFailed),
    ]
}

prop_compose! {
    fn histories()(
        log in proptest::collection::vec((0_i64..2_000, events()), 0..400),
        wrote in proptest::collection::vec(0_i64..2_000, 0..5),
        refunds in proptest::collection::vec((0_i64..2_000, 1_u64..4_000), 0..4),
        said in proptest::collection::vec((0_i64..2_000, any::<bool>(), "[a-zæøå]{0,40}"), 0..600),
        opened in 0_i64..2_000,
    ) -> (Records, Vec<Said>, i64) {
        let mut records = delivered();
        records.delivery_log = log.into_iter().map(|(hours, event)| entry(hours, event)).collect();
        records.contacts = wrote.into_iter().map(|hours| Contact { at: at(hours), channel: Channel::Chat }).collect();
        records.refunds = refunds.into_iter().map(|(hours, minor)| RefundRecord { at: at(hours), amount: eur(minor), units: 0 }).collect();
        let said = said.into_iter().map(|(hours, by_customer, words)| Said { at: at(hours), by_customer, words }).collect();
        (records, said, opened)
    }
}

/// Every moment and every number that a text may speak of.
fn on_record(matter: &Matter<'_>) -> (BTreeSet<String>, BTreeSet<String>) {
    let records = matter.records;
    let order = &records.order.as_ref().expect("an order").order;
    let mut moments = BTreeSet::from([order.placed_at, matter.opened_at]);
    moments.extend(records.payments.iter().map(|record| record.payment.at));
    moments.extend(records.delivery_log.iter().map(|entry| entry.at));
    moments.extend(records.contacts.iter().map(|contact| contact.at));
    moments.extend(records.refunds.iter().map(|refund| refund.at));
    moments.extend(matter.said.iter().map(|said| said.at));
    let money = |amount: Amount| format!("{}.{:02}", amount.minor() / 100, amount.minor() % 100);
    let mut numbers = BTreeSet::from(["1".to_owned(), "17".to_owned(), "49.90".to_owned()]);
    numbers.extend(records.refunds.iter().map(|refund| money(refund.amount)));
    for entry in &records.delivery_log {
        if let Event::Started {
            count: Some(number),
        }
        | Event::Count { count: number }
        | Event::Delivered { units: number }
        | Event::Redelivery { units: number } = entry.event
        {
            numbers.insert(number.to_string());
        }
    }
    let moments = moments.into_iter().map(|at| stamp(at.unix_nanoseconds()));
    (moments.collect(), numbers)
}

/// The numbers of a line after its moment, as they were before they were written for people.
fn numbers(text: &str) -> Vec<String> {
    let plain = text.replace(',', "");
    let words = plain.split(|c: char| !c.is_ascii_digit() && c != '.');
    words
        .map(|word| word.trim_matches('.').to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_moment_and_number_of_the_evidence_stands_in_a_record((records, said, opened) in histories()) {
        let mut matter = matter(&records, Ground::NotReceived);
        matter.opened_at = at(opened);
        matter.said = said;
        let (moments, known) = on_record(&matter);
        let fields = matter.fields(english());
        for field in ["access_activity_log", "uncategorized_text"] {
            for line in fields.get(field).map_or("", String::as_str).lines() {
                let Some((moment, told)) = line.split_once("  ") else {
                    continue;
                };
                prop_assert!(moments.contains(moment), "{line}");
                for number in numbers(told) {
                    prop_assert!(known.contains(&number), "{number} of {line}");
                }
            }
        }
        let before = records.contacts.iter().any(|contact| contact.at < at(opened))
            || matter.said.iter().any(|said| said.by_customer && said.at < at(opened));
        let story = fields.get("uncategorized_text").expect("a story");
        prop_assert_eq!(story.contains("did not write to support"), !before);
    }

    #[test]
    fn evidence_always_fits((mut records, mut said, _) in histories(), times in 1_usize..40) {
        let log = records.delivery_log.clone();
        let first = said.clone();
        for _ in 1..times {
            records.delivery_log.extend(log.iter().cloned());
            said.extend(first.iter().cloned());
        }
        let mut matter = matter(&records, Ground::General);
        matter.said = said;
        matter.judged = Some(contested());
        let fields = matter.fields(english());
        let all = fits(fields.iter().map(|(field, text)| (*field, text.as_str())));
        prop_assert!(all.is_ok_and(|all| all <= TEXTS_CHARACTERS), "{all:?}");
    }
}
