// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines, and what becomes of them.

use makegood::books::intake::line::{self, Kind};
use makegood::books::intake::{EMAIL, Outcome};
use makegood::books::orders::{Depth, records};
use makegood::books::private;
use makegood::store::Value;
use makegood_desk::records::Records;
use serde_json::json;

use crate::ground::{Ground, NOW};

const ORDER: &str = r#"{"type":"order","order":{"number":"VL-1","placed_at":"2026-10-01T08:00:00Z","quantity":1000,"price":{"amount":4990,"currency":"EUR"},"links":["https://example.org/p"],"service":{"name":"Newsletter sign-ups","unit":"sign-up","kind":"standard","start_within":"PT24H","units_per_day":200}},"customer":{"reference":"c-17","email":"Mia@Example.org"}}"#;
const PAYMENT: &str = r#"{"type":"payment","order":"VL-1","payment":{"id":"p1","at":"2026-10-01T08:01:00Z","amount":{"amount":4990,"currency":"EUR"},"kind":"one_time"},"provider":"card","reference":"pi_1"}"#;
const SUBSCRIPTION: &str = r#"{"type":"subscription","order":"VL-1","subscription":{"status":"active"},"provider":"card","reference":"sub_1"}"#;
const REFUND: &str = r#"{"type":"refund","order":"VL-1","id":"r1","refund":{"at":"2026-10-09T00:00:00Z","amount":{"amount":100,"currency":"EUR"},"units":20}}"#;
const DISPUTE: &str = r#"{"type":"dispute","order":"VL-1","dispute":{"id":"d1","opened_at":"2026-10-12T00:00:00Z","status":"open","amount":{"amount":4990,"currency":"EUR"}},"provider":"bank","inquiry":true}"#;
const CONTACT: &str =
    r#"{"type":"contact","order":"VL-1","contact":{"at":"2026-10-08T10:00:00Z","channel":"chat"}}"#;
const STARTED: &str = r#"{"type":"log","order":"VL-1","entry":{"at":"2026-10-01T12:00:00Z","event":"started","id":"e1","count":2310}}"#;
const COUNT: &str = r#"{"type":"log","order":"VL-1","entry":{"at":"2026-10-05T12:00:00Z","event":"count","count":3060}}"#;

makegood::statements! {
    MAILS = "select count(*) from private_text";
    CUSTOMERS = "select mail_index, reference from customer";
    ORDERS = "select number, placed_at, quantity, price_minor, currency, links, service, unit, service_kind, start_within, guarantee, units_per_day, target_country, (select reference from customer where id = customer_id) from shop_order";
    PAYMENTS = "select order_number, id, at, amount_minor, currency, kind, fulfilled, provider, reference from payment";
    SUBSCRIPTIONS = "select order_number, status, provider, reference from subscription";
    REFUNDS = "select order_number, id, at, amount_minor, currency, units from past_refund";
    DISPUTES = "select id, provider, order_number, payment_id, opened_at, status, provider_status, inquiry, amount_minor, currency, reason from dispute";
    CONTACTS = "select order_number, at, channel from contact";
    ENTRIES = "select order_number, key, at, id, event, value, account from log_entry";
    SEALED = "select digest from private_text";
    SEQS = "select seq from log_entry";
}

fn with(line: &str, from: &str, to: &str) -> String {
    assert!(line.contains(from), "{from} stands in {line}");
    line.replace(from, to)
}

async fn books(ground: &Ground, number: &'static str) -> Records {
    let read = ground.store.read(move |tx| {
        Box::pin(async move {
            let depth = Depth::Whole {
                refunds_since: NOW,
                trouble_since: NOW,
                claim: "incomplete",
            };
            records(tx, number, false, depth).await
        })
    });
    read.await.expect("records")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shop_tells_is_what_the_desk_looks_at() {
    for ground in Ground::both().await {
        let lines = [
            COUNT,
            CONTACT,
            DISPUTE,
            REFUND,
            SUBSCRIPTION,
            PAYMENT,
            ORDER,
            STARTED,
        ];
        let outcomes = ground.told(&lines).await;
        assert_eq!(outcomes, vec![Outcome::New; 8]);
        let books = books(&ground, "VL-1").await;
        let order = books.order.expect("the order");
        assert_eq!(order.order.quantity, 1_000);
        assert_eq!(order.order.links, ["https://example.org/p"]);
        assert!(order.customer.is_some());
        assert_eq!(books.payments[0].reference, "pi_1");
        assert_eq!(books.payments[0].left_minor(), 4_990);
        assert!(books.subscription.is_some());
        assert_eq!(books.refunds[0].units, 20);
        assert!(books.disputes[0].inquiry);
        assert_eq!(books.contacts.len(), 1);
        // In the order in which they came in, which is not that of time.
        let ids: Vec<_> = books
            .delivery_log
            .iter()
            .map(|entry| entry.id.as_deref())
            .collect();
        assert_eq!(ids, [None, Some("e1")]);
        // The same again is nothing new.
        assert_eq!(ground.told(&lines).await, vec![Outcome::Same; 8]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_line_with_the_same_key_is_a_conflict_and_changes_nothing() {
    let table = [
        (
            ORDER,
            r#""quantity":1000"#,
            r#""quantity":900"#,
            "order.quantity",
            json!(1000),
            json!(900),
        ),
        (
            ORDER,
            r#""kind":"standard""#,
            r#""kind":"auto""#,
            "order.service.kind",
            json!("standard"),
            json!("auto"),
        ),
        (
            ORDER,
            "PT24H",
            "PT12H",
            "order.service.start_within",
            json!("PT86400S"),
            json!("PT43200S"),
        ),
        (
            PAYMENT,
            "pi_1",
            "pi_2",
            "reference",
            json!("pi_1"),
            json!("pi_2"),
        ),
        (
            PAYMENT,
            "4990",
            "4991",
            "payment.amount",
            json!({"amount": 4990, "currency": "EUR"}),
            json!({"amount": 4991, "currency": "EUR"}),
        ),
        (
            SUBSCRIPTION,
            "sub_1",
            "sub_2",
            "reference",
            json!("sub_1"),
            json!("sub_2"),
        ),
        (
            REFUND,
            r#""units":20"#,
            r#""units":21"#,
            "refund.units",
            json!(20),
            json!(21),
        ),
        (
            DISPUTE,
            "2026-10-12",
            "2026-10-13",
            "dispute.opened_at",
            json!("2026-10-12T00:00:00Z"),
            json!("2026-10-13T00:00:00Z"),
        ),
        (
            STARTED,
            "2310",
            "2311",
            "entry.count",
            json!(2310),
            json!(2311),
        ),
        (
            STARTED,
            "12:00:00Z",
            "12:00:01Z",
            "entry.at",
            json!("2026-10-01T12:00:00Z"),
            json!("2026-10-01T12:00:01Z"),
        ),
    ];
    for ground in Ground::both().await {
        ground
            .told(&[ORDER, PAYMENT, SUBSCRIPTION, REFUND, DISPUTE, STARTED])
            .await;
        let before = everything(&ground).await;
        for (line, from, to, field, kept, given) in table.clone() {
            let conflict = Outcome::Conflict {
                field,
                kept: Some(kept),
                given: Some(given),
            };
            let outcome = ground.one(&with(line, from, to)).await;
            assert!(outcome == conflict, "{}", outcome.to_json());
        }
        // Who bought is personal: that it differs is said, and nothing more.
        let other = with(ORDER, "c-17", "c-18");
        let outcome = ground.one(&other).await;
        assert_eq!(
            outcome.to_json(),
            json!({"result": "conflict", "field": "customer"})
        );
        let mut after = everything(&ground).await;
        // The other customer is known now; the order stays with the first.
        after.pop();
        assert_eq!(before[..before.len() - 1], after[..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_grows_grows_and_never_shrinks() {
    let fulfilled = with(
        PAYMENT,
        r#""kind":"one_time""#,
        r#""kind":"one_time","fulfilled":true"#,
    );
    let unfulfilled = with(&fulfilled, "true", "false");
    let cancelled = with(SUBSCRIPTION, "active", "cancelled");
    let chargeback = with(
        DISPUTE,
        r#""inquiry":true"#,
        r#""inquiry":false,"payment":"p1""#,
    );
    let lost = with(&chargeback, r#""status":"open""#, r#""status":"lost""#);
    let won = with(&chargeback, r#""status":"open""#, r#""status":"won""#);
    let nobody = with(
        ORDER,
        r#","customer":{"reference":"c-17","email":"Mia@Example.org"}"#,
        "",
    );
    let table = [
        (nobody.as_str(), "new"),
        (ORDER, "grown customer"),
        (nobody.as_str(), "same"),
        (PAYMENT, "new"),
        (&fulfilled, "grown payment.fulfilled"),
        (PAYMENT, "same"),
        (&unfulfilled, "conflict payment.fulfilled"),
        (SUBSCRIPTION, "new"),
        (&cancelled, "grown subscription.status"),
        (SUBSCRIPTION, "conflict subscription.status"),
        (DISPUTE, "new"),
        (&chargeback, "grown inquiry"),
        (DISPUTE, "same"),
        (&won, "grown dispute.status"),
        (&lost, "conflict dispute.status"),
        (&chargeback, "conflict dispute.status"),
    ];
    for ground in Ground::both().await {
        for (line, expected) in table {
            let said = ground.one(line).await.to_json();
            let field = said["field"].as_str().unwrap_or_default();
            let said = format!("{} {field}", said["result"].as_str().unwrap());
            assert_eq!(said.trim(), expected, "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_has_one_currency() {
    let dollars = |line: &str| with(line, "EUR", "USD");
    for ground in Ground::both().await {
        assert_eq!(ground.one(PAYMENT).await, Outcome::New);
        for (line, field) in [
            (ORDER, "order.price"),
            (REFUND, "refund.amount"),
            (DISPUTE, "dispute.amount"),
        ] {
            let said = ground.one(&dollars(line)).await.to_json();
            assert_eq!(said["field"], field);
            assert_eq!(said["kept"], json!({"currency": "EUR"}));
        }
        let other = with(&dollars(PAYMENT), "p1", "p2");
        assert_eq!(
            ground.one(&other).await.to_json()["field"],
            "payment.amount"
        );
        assert_eq!(
            ground.told(&[ORDER, REFUND, DISPUTE]).await,
            vec![Outcome::New; 3]
        );
    }
}

#[test]
fn a_line_that_is_wrong_is_told_where_and_what_to_write() {
    let long = "x".repeat(256);
    let table = [
        (String::new(), "", "the line is empty"),
        ("{".to_owned(), "", "is not JSON"),
        ("[1]".to_owned(), "", "the line is a list; write an object"),
        (
            with(ORDER, r#""type":"order","#, ""),
            "/type",
            "`type` is missing",
        ),
        (
            with(ORDER, r#""type":"order""#, r#""type":"orders""#),
            "/type",
            "write one of `order`",
        ),
        (with(ORDER, "1000", "0"), "/order/quantity", "from 1"),
        (
            with(ORDER, "1000", "9007199254740992"),
            "/order/quantity",
            "below 2^53",
        ),
        (
            with(ORDER, "EUR", "EUX"),
            "/order/price/currency",
            "ISO 4217",
        ),
        (
            with(ORDER, "4990", "49.90"),
            "/order/price/amount",
            "without a point",
        ),
        (with(ORDER, "VL-1", ""), "/order/number", "is empty"),
        (with(ORDER, "VL-1", &long), "/order/number", "at most 255"),
        (
            with(ORDER, "VL-1", r"VL\u0000"),
            "/order/number",
            "zero character",
        ),
        (
            with(ORDER, "2026-10-01", "1677-09-01"),
            "/order/placed_at",
            "before 1678",
        ),
        (
            with(ORDER, "2026-10-01", "2263-10-01"),
            "/order/placed_at",
            "after 2261",
        ),
        (
            with(ORDER, "PT24H", "P200000D"),
            "/order/service/start_within",
            "292 years",
        ),
        (
            with(ORDER, "Mia@Example.org", "Mia"),
            "/customer/email",
            "is no address",
        ),
        (
            with(
                ORDER,
                r#"{"reference":"c-17","email":"Mia@Example.org"}"#,
                "{}",
            ),
            "/customer",
            "says nothing",
        ),
        (
            with(ORDER, r#""links""#, r#""liinks""#),
            "/order/liinks",
            "if `links` is meant",
        ),
        (
            with(PAYMENT, r#""order":"VL-1","#, ""),
            "/order",
            "is missing",
        ),
        (
            with(
                PAYMENT,
                r#""order":"VL-1""#,
                r#""order":"VL-1","order":"VL-1""#,
            ),
            "/order",
            "given twice",
        ),
        (with(COUNT, "3060", "-1"), "/entry/count", "from 0"),
        (
            with(COUNT, r#""event":"count""#, r#""event":"delivered""#),
            "/entry/count",
            "no field here",
        ),
        (
            with(
                &with(COUNT, r#""event":"count""#, r#""event":"delivered""#),
                r#""count":3060"#,
                r#""units":0"#,
            ),
            "/entry/units",
            "at least 1",
        ),
        (with(CONTACT, "chat", "phone"), "/contact/channel", "`form`"),
    ];
    for (line, pointer, says) in table {
        let Err(wrong) = line::read(line.as_bytes()) else {
            panic!("{line} is taken");
        };
        assert_eq!(wrong.pointer, pointer, "{line}: {}", wrong.detail);
        assert!(wrong.detail.contains(says), "{line}: {}", wrong.detail);
    }
    assert!(line::read(&[b'{', 0xff]).is_err_and(|wrong| wrong.detail.contains("byte 1")));
    let long = format!("{{{}}}", " ".repeat(line::LINE_MOST));
    assert!(line::read(long.as_bytes()).is_err_and(|wrong| wrong.detail.contains("at most")));
}

#[test]
fn a_body_is_of_the_kind_and_the_order_of_its_address() {
    let refused = |line: &str, kind, number| line::read_as(line.as_bytes(), kind, number).err();
    assert!(refused(ORDER, Kind::Order, None).is_none());
    assert!(refused(PAYMENT, Kind::Payment, Some("VL-1")).is_none());
    assert_eq!(
        refused(PAYMENT, Kind::Payment, Some("VL-2"))
            .unwrap()
            .pointer,
        "/order"
    );
    assert_eq!(
        refused(PAYMENT, Kind::Order, None).unwrap().pointer,
        "/order"
    );
    let plain = with(PAYMENT, r#""type":"payment","order":"VL-1","#, "");
    assert!(refused(&plain, Kind::Payment, Some("VL-1")).is_none());
    let other = with(PAYMENT, r#""type":"payment""#, r#""type":"log""#);
    assert_eq!(
        refused(&other, Kind::Payment, Some("VL-1"))
            .unwrap()
            .pointer,
        "/type"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_at_a_provider_that_nobody_set_up_is_refused() {
    for ground in Ground::both().await {
        let Outcome::Wrong(wrong) = ground.one(&with(PAYMENT, r#""card""#, r#""cart""#)).await
        else {
            panic!("it is taken");
        };
        assert_eq!(wrong.pointer, "/provider");
        assert!(wrong.detail.contains("`bank`, `card`"), "{}", wrong.detail);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_one_whoever_tells_of_them_and_their_address_is_sealed() {
    let second = with(ORDER, "VL-1", "VL-2");
    let by_name = with(
        &with(ORDER, "VL-1", "VL-3"),
        r#","email":"Mia@Example.org""#,
        "",
    );
    let by_mail = with(
        &with(ORDER, "VL-1", "VL-4"),
        r#""reference":"c-17","email":"Mia@Example.org""#,
        r#""email":"mia@example.org""#,
    );
    for ground in Ground::both().await {
        // Nobody knows the address at first; then it is learned, once.
        for line in [&by_name, ORDER, &second, &by_mail] {
            assert_eq!(ground.one(line).await, Outcome::New);
        }
        assert_eq!(ground.rows(&CUSTOMERS).await.len(), 1);
        assert_eq!(ground.rows(&MAILS).await, [[Value::Int(1)]]);
        let person = books(&ground, "VL-4")
            .await
            .order
            .unwrap()
            .customer
            .unwrap();
        let sealed = sealed_mail(&ground).await;
        let name = makegood::books::seal::hex(&person.0);
        let opened = ground
            .intake
            .vault
            .open_field(&name, EMAIL, &sealed)
            .await
            .expect("opened");
        assert_eq!(opened.expose(), b"Mia@Example.org");
    }
}

async fn sealed_mail(ground: &Ground) -> makegood::vault::Sealed {
    let Value::Bytes(digest) = ground.rows(&SEALED).await.remove(0).remove(0) else {
        panic!("a digest");
    };
    let digest = makegood_desk::input::Digest(digest.try_into().unwrap());
    let read = ground
        .store
        .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
    read.await.unwrap().unwrap().2
}

/// All that lines leave in the books, but for the order in which they came.
async fn everything(ground: &Ground) -> Vec<Vec<Vec<Value>>> {
    let mut all = Vec::new();
    for statement in [
        &ORDERS,
        &PAYMENTS,
        &SUBSCRIPTIONS,
        &REFUNDS,
        &DISPUTES,
        &CONTACTS,
        &ENTRIES,
    ] {
        all.push(ground.rows(statement).await);
    }
    let mut customers = ground.rows(&CUSTOMERS).await;
    // The index of an address hangs on the key of each desk.
    for customer in &mut customers {
        customer[0] = Value::Int(i64::from(customer[0] != Value::Null));
    }
    all.push(customers);
    all
}

/// Numbers that look thrown, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

/// Lines of three orders that do not contradict each other.
fn story() -> Vec<String> {
    let mut lines = Vec::new();
    for number in ["VL-1", "VL-2", "VL-3"] {
        let grown = [
            ORDER.to_owned(),
            PAYMENT.to_owned(),
            with(
                PAYMENT,
                r#""kind":"one_time""#,
                r#""kind":"one_time","fulfilled":true"#,
            ),
            with(PAYMENT, "p1", "p2"),
            SUBSCRIPTION.to_owned(),
            with(SUBSCRIPTION, "active", "cancelled"),
            REFUND.to_owned(),
            DISPUTE.to_owned(),
            with(DISPUTE, r#""inquiry":true"#, r#""payment":"p1""#),
            with(DISPUTE, "open\"", "lost\""),
            with(DISPUTE, "open\"", "won\""),
            CONTACT.to_owned(),
            STARTED.to_owned(),
            COUNT.to_owned(),
            with(COUNT, "3060", "3061"),
            with(
                ORDER,
                r#","customer":{"reference":"c-17","email":"Mia@Example.org"}"#,
                "",
            ),
        ];
        lines.extend(grown.map(|line| {
            line.replace("VL-1", number)
                .replace("\"d1\"", &format!("\"d-{number}\""))
        }));
    }
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_and_any_doubling_of_the_same_lines_gives_the_same_books() {
    let mut dice = Dice(7);
    let mut expected = None;
    for round in 0..14 {
        let ground = match round % 7 {
            6 => Ground::postgres().await,
            _ => Ground::sqlite().await,
        };
        let mut lines = story();
        for _ in 0..20 {
            let again = lines[dice.below(lines.len())].clone();
            lines.push(again);
        }
        dice.shuffle(&mut lines);
        let mut rest = lines.as_slice();
        while !rest.is_empty() {
            let (batch, after) = rest.split_at(1 + dice.below(rest.len()));
            ground
                .told(&batch.iter().map(String::as_str).collect::<Vec<_>>())
                .await;
            rest = after;
        }
        let books = everything(&ground).await;
        let first = expected.get_or_insert_with(|| books.clone());
        assert_eq!(*first, books, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_tell_the_same_at_once_tell_it_once() {
    for ground in Ground::both().await {
        let mut tellers = Vec::new();
        for seed in 0..8 {
            let (intake, mut lines) = (ground.intake.clone(), story());
            Dice(seed).shuffle(&mut lines);
            tellers.push(tokio::spawn(async move {
                let mut new = 0;
                for batch in lines.chunks(16) {
                    let batch = batch
                        .iter()
                        .map(|text| line::read(text.as_bytes()))
                        .collect();
                    let told = intake.take(batch, NOW).await.expect("taken in");
                    new += told
                        .iter()
                        .filter(|outcome| **outcome == Outcome::New)
                        .count();
                }
                new
            }));
        }
        let mut new = 0;
        for teller in tellers {
            new += teller.await.unwrap();
        }
        let rows: usize = everything(&ground).await.iter().map(Vec::len).sum();
        // Every row was new to exactly one of them; the customer is no line.
        assert_eq!(new, rows - 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_read_in_the_order_in_which_they_came_in() {
    for ground in Ground::both().await {
        let entry = |count: u32| with(COUNT, "3060", &count.to_string());
        let lines: Vec<String> = (0..50).rev().map(entry).collect();
        for batch in lines.chunks(7) {
            ground
                .told(&batch.iter().map(String::as_str).collect::<Vec<_>>())
                .await;
        }
        ground.one(ORDER).await;
        let books = books(&ground, "VL-1").await;
        let counts: Vec<_> = books
            .delivery_log
            .iter()
            .map(|entry| match entry.event {
                makegood_desk::case::Event::Count { count } => count,
                _ => panic!("a count"),
            })
            .collect();
        assert_eq!(counts, (0..50).rev().collect::<Vec<u64>>());
        let seqs = ground.rows(&SEQS).await;
        assert!(seqs.windows(2).all(|two| two[0] < two[1]));
    }
}
