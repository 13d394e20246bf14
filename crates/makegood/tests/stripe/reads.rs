// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lists read to their end or not believed, and subscriptions ended once.

use jiff::Timestamp;
use makegood::pay::stripe::Stripe;
use makegood::pay::{Cancelled, PaidBy, Unread};
use makegood_desk::execution::{ProviderListed, ProviderRefusal, ProviderSaid};
use serde_json::{Value, json};

use crate::outcomes::settings;
use crate::scripted::{Scripted, Turn, json as answer};

fn server(turns: Vec<Turn>) -> (Scripted, Stripe) {
    let server = Scripted::start(turns);
    let stripe = Stripe::at(&server.address(), settings()).expect("an address");
    (server, stripe)
}

fn refund(id: &str) -> Value {
    json!({
        "id": id, "object": "refund", "amount": 100, "currency": "eur", "status": "succeeded",
        "charge": "ch_1", "payment_intent": "pi_1", "metadata": {}, "created": 1_790_000_000,
    })
}

fn page(things: &[Value], has_more: bool) -> Turn {
    let list =
        json!({"object": "list", "data": things, "has_more": has_more, "url": "/v1/refunds"});
    answer(200, &list.to_string())
}

fn with(name: &str, value: Value) -> Value {
    let mut refund = refund("re_9");
    refund[name] = value;
    refund
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_payments_refunds_are_read_to_the_end() {
    let first = [refund("re_3"), refund("re_2")];
    let (peer, stripe) = server(vec![page(&first, true), page(&[refund("re_1")], false)]);
    let ProviderListed::All(all) = stripe.refunds_of("pi_1").await.said else {
        panic!("not read")
    };
    let ids: Vec<&str> = all.iter().map(|refund| refund.id.as_str()).collect();
    assert_eq!(ids, ["re_3", "re_2", "re_1"]);
    let asked: Vec<String> = peer
        .received()
        .iter()
        .filter_map(|request| request.lines().next().map(str::to_owned))
        .collect();
    assert_eq!(
        asked,
        [
            "GET /v1/refunds?payment_intent=pi_1&limit=100 HTTP/1.1",
            "GET /v1/refunds?payment_intent=pi_1&limit=100&starting_after=re_2 HTTP/1.1",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_list_that_may_not_be_whole_proves_no_absence() {
    let more = || page(&[refund("re_2")], true);
    let table: [(&str, Vec<Turn>, &str); 11] = [
        (
            "the second page fails",
            vec![more(), answer(500, "{}")],
            "no usable answer: status 500 without an error in Stripe's form",
        ),
        (
            "the second page is cut off",
            vec![more(), Turn::Close],
            "no usable answer: the connection was cut before the answer was whole",
        ),
        (
            "a page twice",
            vec![more(), more()],
            "no usable answer: a list that goes on but does not come further",
        ),
        (
            "an entry twice",
            vec![more(), page(&[refund("re_1"), refund("re_2")], false)],
            "a list that tells the same refund twice",
        ),
        (
            "more, but nothing here",
            vec![page(&[], true)],
            "no usable answer: a list that goes on but does not come further",
        ),
        (
            "no list",
            vec![answer(
                200,
                r#"{"object": "search_result", "data": [], "has_more": false}"#,
            )],
            "no usable answer: another object than a list",
        ),
        (
            "no word of more",
            vec![answer(200, r#"{"object": "list", "data": []}"#)],
            "no usable answer: status 200 with an answer that cannot be read",
        ),
        (
            "another payment's refund",
            vec![page(&[with("payment_intent", "pi_2".into())], false)],
            "no usable answer: a refund of another payment than the one asked for",
        ),
        (
            "a refund in a new state",
            vec![page(&[with("status", "resting".into())], false)],
            "no usable answer: a refund in a state that this version does not know",
        ),
        (
            "not allowed",
            vec![answer(
                403,
                r#"{"error": {"type": "invalid_request_error", "message": "No."}}"#,
            )],
            "the provider does not accept the key for this: No. (invalid_request_error); look at the key and its permissions",
        ),
        (
            "no such payment",
            vec![answer(
                404,
                r#"{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "payment_intent", "message": "No such payment_intent: 'pi_1'"}}"#,
            )],
            "the provider has no such thing: No such payment_intent: 'pi_1' (resource_missing)",
        ),
    ];
    for (name, turns, expected) in table {
        let (_peer, stripe) = server(turns);
        match stripe.refunds_of("pi_1").await.said {
            ProviderListed::Unknown { seen } => {
                assert_eq!(seen.split(" (line ").next(), Some(expected), "{name}");
            }
            ProviderListed::All(all) => panic!("{name}: {all:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_look_at_a_refund_never_says_that_no_money_moved() {
    let turns = [
        answer(
            404,
            r#"{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "id", "message": "No such refund"}}"#,
        ),
        answer(
            401,
            r#"{"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}"#,
        ),
        answer(200, &refund("re_2").to_string()),
        answer(
            429,
            r#"{"error": {"type": "invalid_request_error", "code": "rate_limit"}}"#,
        ),
        Turn::Close,
    ];
    for turn in turns {
        let (_peer, stripe) = server(vec![turn.clone()]);
        let said = stripe.refund("re_1").await.said;
        assert!(
            matches!(said, ProviderSaid::Unknown { .. }),
            "{turn:?}: {said:?}"
        );
    }
    let (peer, stripe) = server(Vec::new());
    let said = stripe.refund("../charges").await.said;
    assert!(matches!(said, ProviderSaid::Unknown { .. }), "{said:?}");
    assert!(
        peer.received().is_empty(),
        "a name that is a path is not sent"
    );
}

fn subscription(status: &str) -> Turn {
    let ended = (status == "canceled").then_some(1_790_000_000);
    let body = json!({"id": "sub_1", "object": "subscription", "status": status, "canceled_at": ended, "ended_at": ended, "latest_invoice": null});
    answer(200, &body.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn ending_a_subscription() {
    let missing = || {
        answer(
            404,
            r#"{"error": {"type": "invalid_request_error", "code": "resource_missing", "param": "id", "message": "No such subscription: 'sub_1'"}}"#,
        )
    };
    let done = || Cancelled::Done {
        at: Timestamp::from_second(1_790_000_000).ok(),
    };
    let refused = Cancelled::Refused {
        why: ProviderRefusal::Other,
        words: "No such subscription: 'sub_1' (resource_missing)".to_owned(),
    };
    let unknown = |seen: &str| Cancelled::Unknown {
        seen: seen.to_owned(),
    };
    let table = [
        ("by this call", vec![subscription("canceled")], done()),
        (
            "over before",
            vec![missing(), subscription("canceled")],
            done(),
        ),
        (
            "refused, and it goes on",
            vec![missing(), subscription("active")],
            refused.clone(),
        ),
        ("never there", vec![missing(), missing()], refused),
        (
            "confirmed, but it goes on",
            vec![subscription("active")],
            unknown("the subscription goes on although its end was confirmed"),
        ),
        (
            "no answer",
            vec![Turn::Close],
            unknown("the connection was cut before the answer was whole"),
        ),
        (
            "no answer to the look",
            vec![missing(), Turn::Close],
            unknown("the connection was cut before the answer was whole"),
        ),
    ];
    for (name, turns, expected) in table {
        let calls = turns.len();
        let (peer, stripe) = server(turns);
        assert_eq!(
            stripe.cancel_subscription("sub_1").await.said,
            expected,
            "{name}"
        );
        let received = peer.received();
        assert_eq!(received.len(), calls, "{name}");
        assert!(
            received[0].starts_with(
                "DELETE /v1/subscriptions/sub_1?invoice_now=false&prorate=false HTTP/1.1"
            ),
            "{name}: {}",
            received[0]
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn several_ways_of_paying_one_bill() {
    let payment = |kind: &str, field: &str, name: &str| {
        json!({
            "id": format!("inpay_{name}"), "object": "invoice_payment", "invoice": "in_1", "amount_paid": 500, "currency": "eur",
            "status": "paid", "payment": {"type": kind, field: name}, "status_transitions": {"paid_at": 1_790_000_000},
        })
    };
    let bill = [
        payment("payment_intent", "payment_intent", "pi_1"),
        payment("charge", "charge", "ch_2"),
        payment("payment_record", "payment_record", "prec_3"),
        payment("barter", "goat", "gt_4"),
    ];
    let (_peer, stripe) = server(vec![page(&bill, false)]);
    let paid = stripe
        .payments_of_invoice("in_1")
        .await
        .said
        .expect("payments");
    let by: Vec<PaidBy> = paid.into_iter().map(|paid| paid.payment).collect();
    let elsewhere = |kind: &str, id: Option<&str>| PaidBy::Elsewhere {
        kind: kind.to_owned(),
        id: id.map(str::to_owned),
    };
    assert_eq!(
        by,
        [
            PaidBy::Payment("pi_1".to_owned()),
            PaidBy::Payment("ch_2".to_owned()),
            elsewhere("payment_record", Some("prec_3")),
            elsewhere("barter", None),
        ]
    );
    let mut other = payment("charge", "charge", "ch_2");
    other["invoice"] = "in_2".into();
    let (_peer, stripe) = server(vec![page(&[other], false)]);
    let read = stripe.payments_of_invoice("in_1").await.said;
    assert!(matches!(read, Err(Unread::Unknown { .. })), "{read:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refund_that_cannot_be_read_does_not_hide_the_others() {
    let odd = with("status", "resting".into());
    let (_peer, stripe) = server(vec![page(&[odd, refund("re_1")], true)]);
    let since = Timestamp::from_second(1_789_000_000).expect("a time");
    let page = stripe
        .refunds_since(since, None)
        .await
        .said
        .expect("a page");
    assert_eq!(page.next.as_deref(), Some("re_1"));
    let seen: Vec<(&str, bool)> = page
        .items
        .iter()
        .map(|seen| (seen.id.as_str(), seen.refund.is_ok()))
        .collect();
    assert_eq!(seen, [("re_9", false), ("re_1", true)]);
    assert_eq!(page.items[1].payments, ["pi_1", "ch_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_accounts_standing() {
    let balance = r#"{"object": "balance", "livemode": true, "available": [{"amount": -5, "currency": "eur", "source_types": {}}], "pending": []}"#;
    let (_peer, stripe) = server(vec![answer(200, balance)]);
    let standing = stripe.standing().await.said.expect("a balance");
    assert_eq!(
        (standing.live, standing.available),
        (true, vec![("EUR".to_owned(), -5)])
    );
    let wrong = r#"{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****urs"}}"#;
    let (_peer, stripe) = server(vec![answer(401, wrong)]);
    assert_eq!(
        stripe.standing().await.said.expect_err("no").to_string(),
        "the provider does not accept the key for this: Invalid API Key provided: sk_test_****urs (invalid_request_error); look at the key and its permissions"
    );
}

#[test]
fn an_address_that_would_show_the_key_is_refused() {
    let table = [
        ("https://api.stripe.com", true),
        ("https://pay.example/stripe/", true),
        ("http://127.0.0.1:12111", true),
        ("http://[::1]:12111", true),
        ("http://localhost:12111", true),
        ("http://api.stripe.com", false),
        ("http://127.0.0.1.example", false),
        ("https://user:word@api.stripe.com", false),
        ("https://api.stripe.com/?x=1", false),
        ("ftp://127.0.0.1", false),
        ("api.stripe.com", false),
        ("", false),
    ];
    for (address, taken) in table {
        assert_eq!(Stripe::at(address, settings()).is_ok(), taken, "{address}");
    }
}
