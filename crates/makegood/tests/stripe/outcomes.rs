// SPDX-License-Identifier: MIT OR Apache-2.0
//! What each answer to a refund means: done, refused, or nobody knows.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;

use makegood::pay::stripe::{SecretKey, Settings, Stripe};
use makegood_desk::amount::{Amount, Currency};
use makegood_desk::execution::{ProviderRefusal, ProviderSaid, RefundOrder, RefundStatus};

use crate::scripted::{Scripted, Turn, json, with_headers};

pub fn settings() -> Settings {
    let mut settings = Settings::new(SecretKey::new("sk_test_ours").expect("a key"));
    settings.patience = Duration::from_secs(5);
    settings
}

pub fn order() -> RefundOrder {
    RefundOrder {
        key: "key-1".to_owned(),
        reference: "rf_1".to_owned(),
        payment: "pi_1".to_owned(),
        amount: Amount::new(1_248, Currency::new("EUR", 2).expect("a code")),
        duplicate: false,
    }
}

/// The refund that was ordered, as Stripe tells it, with some fields changed.
fn refund(changes: &[(&str, serde_json::Value)]) -> String {
    let mut refund = serde_json::json!({
        "id": "re_1", "object": "refund", "amount": 1248, "currency": "eur", "status": "succeeded",
        "charge": "ch_1", "payment_intent": "pi_1", "metadata": {"makegood_refund": "rf_1"}, "created": 1_790_000_000,
    });
    for (name, value) in changes {
        refund[*name] = value.clone();
    }
    refund.to_string()
}

fn error(kind: &str, code: &str, param: &str, message: &str) -> String {
    serde_json::json!({"error": {"type": kind, "code": code, "param": param, "message": message}})
        .to_string()
}

/// In one line, as it stands in the tables below.
fn told(said: &ProviderSaid) -> String {
    match said {
        ProviderSaid::Refund(refund) => format!("{:?} {}", refund.status, refund.amount.minor()),
        ProviderSaid::Refused { why, .. } => format!("refused: {why:?}"),
        // Without the place in the answer, which is the JSON reader's business.
        ProviderSaid::Unknown { seen } => {
            let seen = seen.split(" (line ").next().unwrap_or_default();
            format!("unknown: {seen}")
        }
    }
}

async fn check(table: &[(&str, Turn, &str)]) {
    for (name, turn, expected) in table {
        let server = Scripted::start(vec![turn.clone()]);
        let mut settings = settings();
        if matches!(turn, Turn::Silence) {
            settings.patience = Duration::from_millis(200);
        }
        let stripe = Stripe::at(&server.address(), settings).expect("an address");
        let heard = stripe.create_refund(&order()).await;
        assert_eq!(&told(&heard.said), expected, "{name}");
        assert_eq!(
            server.received().len(),
            1,
            "{name}: sent once, and never again by itself"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refund_is_what_stripe_confirms() {
    let status = |word: &str| json(200, &refund(&[("status", word.into())]));
    check(&[
        ("succeeded", status("succeeded"), "Succeeded 1248"),
        ("pending", status("pending"), "Pending 1248"),
        (
            "for the customer",
            status("requires_action"),
            "RequiresAction 1248",
        ),
        ("failed at once", status("failed"), "Failed 1248"),
        ("called off", status("canceled"), "Cancelled 1248"),
        ("another 2xx", json(201, &refund(&[])), "Succeeded 1248"),
        (
            "fields that are new, and one expanded",
            json(
                200,
                &refund(&[
                    ("charge", serde_json::json!({"id": "ch_1", "x": 1})),
                    ("new", 1.into()),
                ]),
            ),
            "Succeeded 1248",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_confirmation_of_another_refund_is_unknown() {
    let one = |name: &str, value: serde_json::Value| json(200, &refund(&[(name, value)]));
    check(&[
        (
            "amount",
            one("amount", 1249.into()),
            "unknown: re_1 was confirmed, but its amount is not the one ordered",
        ),
        (
            "currency",
            one("currency", "dkk".into()),
            "unknown: re_1 was confirmed, but its currency is not the one ordered",
        ),
        (
            "payment",
            one("payment_intent", "pi_2".into()),
            "unknown: re_1 was confirmed, but its payment is not the one ordered",
        ),
        (
            "payment left out",
            one("payment_intent", serde_json::Value::Null),
            "unknown: re_1 was confirmed, but its payment is not the one ordered",
        ),
        (
            "reference",
            one("metadata", serde_json::json!({"makegood_refund": "rf_2"})),
            "unknown: re_1 was confirmed, but its reference is not the one ordered",
        ),
        (
            "no reference",
            one("metadata", serde_json::json!({})),
            "unknown: re_1 was confirmed, but its reference is not the one ordered",
        ),
        (
            "a new state",
            one("status", "resting".into()),
            "unknown: a refund in a state that this version does not know (re_1)",
        ),
        (
            "no state",
            one("status", serde_json::Value::Null),
            "unknown: a refund without a state (re_1)",
        ),
        (
            "a negative amount",
            one("amount", (-1).into()),
            "unknown: a negative amount (re_1)",
        ),
        (
            "a new currency",
            one("currency", "zzz".into()),
            "unknown: a currency that ISO 4217 does not have (re_1)",
        ),
        (
            "a time beyond all times",
            one("created", i64::MAX.into()),
            "unknown: a time out of range",
        ),
        (
            "another object",
            one("object", "charge".into()),
            "unknown: another object than a refund (re_1)",
        ),
        (
            "half an amount",
            one("amount", 12.5.into()),
            "unknown: status 200 with an answer that cannot be read",
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_definite_refusal_says_why() {
    let invalid = |status: u16, code: &str, param: &str| {
        json(status, &error("invalid_request_error", code, param, "No."))
    };
    check(&[
        ("paid back already", invalid(400, "charge_already_refunded", ""), "refused: AlreadyRefunded"),
        ("disputed", invalid(400, "charge_disputed", ""), "refused: Disputed"),
        ("disputed, the newer word", invalid(400, "refund_disputed_payment", ""), "refused: Disputed"),
        ("not refundable", invalid(400, "charge_not_refundable", ""), "refused: NotRefundable"),
        ("an intent that took nothing", invalid(400, "payment_intent_unexpected_state", ""), "refused: NotRefundable"),
        ("too much", invalid(400, "amount_too_large", "amount"), "refused: TooMuch"),
        (
            "too much, in words only",
            json(400, r#"{"error": {"type": "invalid_request_error", "param": "amount", "message": "Refund amount (€25.00) is greater than unrefunded amount on charge (€21.45)"}}"#),
            "refused: TooMuch",
        ),
        ("balance", invalid(400, "balance_insufficient", ""), "refused: BalanceInsufficient"),
        ("balance, as a failed request", invalid(402, "balance_insufficient", ""), "refused: BalanceInsufficient"),
        ("no such payment", invalid(404, "resource_missing", "payment_intent"), "refused: NoSuchPayment"),
        ("no such payment, as older answers name it", json(404, &error("invalid_request_error", "resource_missing", "id", "No such charge: ch_1")), "refused: NoSuchPayment"),
        ("something else missing", invalid(404, "resource_missing", "customer"), "refused: Other"),
        ("a key used otherwise", json(400, &error("idempotency_error", "", "", "Keys …")), "refused: KeyReused"),
        ("no credentials", json(401, r#"{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_test_****urs"}}"#), "refused: NotAllowed"),
        ("not permitted", invalid(403, "", ""), "refused: NotAllowed"),
        ("an old key", invalid(401, "api_key_expired", ""), "refused: NotAllowed"),
        ("the wrong mode", invalid(400, "livemode_mismatch", ""), "refused: NotAllowed"),
        ("anything else", invalid(400, "parameter_unknown", "reason"), "refused: Other"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_does_not_say_is_unknown() {
    let api = |status: u16| json(status, &error("api_error", "", "", "Sorry."));
    let whole = refund(&[]);
    let cut = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}",
        whole.len(),
        &whole[..40]
    );
    let long = format!("{{\"x\": \"{}\"}}", "x".repeat(3 << 20));
    check(&[
        ("500", api(500), "unknown: status 500, api_error"),
        (
            "502 of a proxy",
            json(502, "<html>Bad Gateway</html>"),
            "unknown: status 502 without an error in Stripe's form",
        ),
        ("503", api(503), "unknown: status 503, api_error"),
        ("504", api(504), "unknown: status 504, api_error"),
        (
            "a call with the key is under way",
            json(
                409,
                &error("invalid_request_error", "idempotency_key_in_use", "", "…"),
            ),
            "unknown: status 409, invalid_request_error, idempotency_key_in_use",
        ),
        (
            "too many calls",
            json(429, &error("invalid_request_error", "rate_limit", "", "…")),
            "unknown: status 429, invalid_request_error, rate_limit",
        ),
        (
            "a lock",
            json(
                429,
                &error("invalid_request_error", "lock_timeout", "", "…"),
            ),
            "unknown: status 429, invalid_request_error, lock_timeout",
        ),
        (
            "a lock with another status",
            json(
                400,
                &error("invalid_request_error", "lock_timeout", "", "…"),
            ),
            "unknown: status 400, invalid_request_error, lock_timeout",
        ),
        (
            "408",
            json(408, &error("invalid_request_error", "", "", "…")),
            "unknown: status 408, invalid_request_error",
        ),
        (
            "424",
            json(424, &error("invalid_request_error", "", "", "…")),
            "unknown: status 424, invalid_request_error",
        ),
        (
            "their fault under a 4xx",
            api(400),
            "unknown: status 400, api_error",
        ),
        (
            "403 of a proxy",
            json(403, "<html>Blocked</html>"),
            "unknown: status 403 without an error in Stripe's form",
        ),
        (
            "404 of a proxy",
            json(404, ""),
            "unknown: status 404 without an error in Stripe's form",
        ),
        (
            "407",
            json(407, ""),
            "unknown: status 407 without an error in Stripe's form",
        ),
        (
            "a redirect",
            with_headers(307, "location: http://127.0.0.1:9/v1/refunds\r\n", ""),
            "unknown: status 307 without an error in Stripe's form",
        ),
        (
            "204",
            Turn::Bytes(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
            "unknown: status 204 with an answer that cannot be read",
        ),
        (
            "no JSON",
            json(200, "OK"),
            "unknown: status 200 with an answer that cannot be read",
        ),
        (
            "an error with 200",
            json(200, &error("invalid_request_error", "", "", "…")),
            "unknown: status 200 with an answer that cannot be read",
        ),
        (
            "a field twice",
            json(200, &whole.replacen('{', "{\"amount\": 1248, ", 1)),
            "unknown: status 200 with an answer that cannot be read",
        ),
        (
            "half an answer",
            Turn::Bytes(cut.into_bytes()),
            "unknown: the connection was cut before the answer was whole",
        ),
        (
            "too long",
            json(200, &long),
            "unknown: the answer is longer than any answer should be",
        ),
        (
            "no HTTP",
            Turn::Bytes(b"220 mail.example ESMTP\r\n".to_vec()),
            "unknown: the connection was cut before the answer was whole",
        ),
        (
            "closed",
            Turn::Close,
            "unknown: the connection was cut before the answer was whole",
        ),
        (
            "reset",
            Turn::Reset,
            "unknown: the connection was cut before the answer was whole",
        ),
        ("silence", Turn::Silence, "unknown: no answer in time"),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nobody_there_is_unknown() {
    let address = {
        let server = Scripted::start(Vec::new());
        server.address()
    };
    let stripe = Stripe::at(&address, settings()).expect("an address");
    let heard = stripe.create_refund(&order()).await;
    assert_eq!(told(&heard.said), "unknown: no connection");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_request_is_what_stripe_documents() {
    let server = Scripted::start(vec![json(200, &refund(&[]))]);
    let mut settings = settings();
    settings.account = Some("acct_1".to_owned());
    let stripe = Stripe::at(&server.address(), settings).expect("an address");
    let heard = stripe.create_refund(&order()).await;
    let ProviderSaid::Refund(refund) = heard.said else {
        panic!("{:?}", heard.said)
    };
    assert_eq!(
        (
            refund.status,
            refund.payment.as_str(),
            refund.reference.as_deref()
        ),
        (RefundStatus::Succeeded, "pi_1", Some("rf_1"))
    );
    let received = server.received();
    let (head, body) = received[0].split_once("\r\n\r\n").expect("a head");
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    let host = format!("host: {}", &server.address()["http://".len()..]);
    assert_eq!(
        lines,
        [
            "POST /v1/refunds HTTP/1.1",
            "accept: application/json",
            "authorization: Basic c2tfdGVzdF9vdXJzOg==",
            "content-length: 95",
            "content-type: application/x-www-form-urlencoded",
            &host,
            "idempotency-key: key-1",
            "stripe-account: acct_1",
            "stripe-version: 2026-10-28.endive",
            concat!("user-agent: makegood/", env!("CARGO_PKG_VERSION")),
        ]
    );
    assert_eq!(
        body,
        "payment_intent=pi_1&amount=1248&reason=requested_by_customer&metadata%5Bmakegood_refund%5D=rf_1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_order_that_cannot_be_sent_is_refused_before_it_is_sent() {
    let eur = Currency::new("EUR", 2).expect("a code");
    let mga = Currency::new("MGA", 2).expect("a code");
    type Change = fn(&mut RefundOrder);
    let changes: [(&str, Change, ProviderRefusal); 8] = [
        (
            "nothing",
            |order| order.amount = Amount::new(0, order.amount.currency()),
            ProviderRefusal::Other,
        ),
        ("no key", |order| order.key.clear(), ProviderRefusal::Other),
        (
            "a long key",
            |order| order.key = "k".repeat(256),
            ProviderRefusal::Other,
        ),
        (
            "a header in the key",
            |order| order.key.push_str("\r\nx: y"),
            ProviderRefusal::Other,
        ),
        (
            "no reference",
            |order| order.reference.clear(),
            ProviderRefusal::Other,
        ),
        (
            "a long reference",
            |order| order.reference = "r".repeat(501),
            ProviderRefusal::Other,
        ),
        (
            "a bank's payment",
            |order| order.payment = "DE-7".to_owned(),
            ProviderRefusal::NoSuchPayment,
        ),
        (
            "a path",
            |order| order.payment = "ch_/../x".to_owned(),
            ProviderRefusal::NoSuchPayment,
        ),
    ];
    let server = Scripted::start(Vec::new());
    let stripe = Stripe::at(&server.address(), settings()).expect("an address");
    for (name, change, expected) in changes {
        let mut order = order();
        order.amount = Amount::new(1, eur);
        change(&mut order);
        match stripe.create_refund(&order).await.said {
            ProviderSaid::Refused { why, .. } => assert_eq!(why, expected, "{name}"),
            said => panic!("{name}: {said:?}"),
        }
    }
    let mut order = order();
    order.amount = Amount::new(101, mga);
    assert_eq!(
        told(&stripe.create_refund(&order).await.said),
        "refused: Other",
        "a fifth of an ariary"
    );
    assert!(server.received().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_stands_beside_an_answer_is_passed_on() {
    let table = [
        (
            "retry-after: 7\r\nrequest-id: req_1\r\n",
            Some(7),
            Some("req_1"),
            false,
        ),
        ("retry-after: 999999\r\n", Some(3_600), None, false),
        (
            "retry-after: soon\r\nrequest-id: <b>\r\n",
            None,
            None,
            false,
        ),
        ("idempotent-replayed: true\r\n", None, None, true),
    ];
    for (headers, seconds, exchange, replayed) in table {
        let body = error("api_error", "", "", "Sorry.");
        let server = Scripted::start(vec![with_headers(500, headers, &body)]);
        let stripe = Stripe::at(&server.address(), settings()).expect("an address");
        let heard = stripe.create_refund(&order()).await;
        assert_eq!(heard.wait, seconds.map(Duration::from_secs), "{headers}");
        assert_eq!(heard.exchange.as_deref(), exchange, "{headers}");
        assert_eq!(heard.replayed, replayed, "{headers}");
    }
}

/// Every answer that differs from this one in one byte.
fn slips(whole: &str) -> Vec<Vec<u8>> {
    let mut slips = Vec::new();
    for at in 0..whole.len() {
        for byte in [b'0', b'9', b'"', b'}', b',', b'x', 0, 0xff] {
            let mut slip = whole.as_bytes().to_vec();
            slip[at] = byte;
            slips.push(slip);
        }
        slips.push(whole.as_bytes()[..at].to_vec());
    }
    slips
}

async fn said(status: StatusCode, body: Vec<u8>) -> ProviderSaid {
    let router = Router::new().fallback(move || async move { (status, body) });
    let stripe = Stripe::in_process(router, settings()).expect("a client");
    stripe.create_refund(&order()).await.said
}

#[tokio::test]
async fn a_slip_in_a_confirmation_never_confirms_another_refund_and_never_refuses() {
    let order = order();
    let mut confirmed = 0;
    for body in slips(&refund(&[])) {
        let shown = String::from_utf8_lossy(&body).into_owned();
        match said(StatusCode::OK, body).await {
            ProviderSaid::Refund(refund) => {
                confirmed += 1;
                assert_eq!(
                    (refund.amount, refund.payment.as_str()),
                    (order.amount, "pi_1"),
                    "{shown}"
                );
                assert_eq!(refund.reference.as_deref(), Some("rf_1"), "{shown}");
            }
            ProviderSaid::Unknown { .. } => {}
            ProviderSaid::Refused { .. } => panic!("{shown}"),
        }
    }
    assert!(
        confirmed > 100,
        "slips in what is not read do no harm: {confirmed}"
    );
}

#[tokio::test]
async fn a_slip_in_a_refusal_never_pays_and_never_changes_why() {
    let whole = error("invalid_request_error", "charge_disputed", "charge", "No.");
    for body in slips(&whole) {
        let shown = String::from_utf8_lossy(&body).into_owned();
        match said(StatusCode::BAD_REQUEST, body).await {
            ProviderSaid::Refund(_) => panic!("{shown}"),
            ProviderSaid::Refused { why, .. } => {
                let of_that = matches!(why, ProviderRefusal::Disputed | ProviderRefusal::Other);
                assert!(of_that, "{shown}: {why:?}");
            }
            ProviderSaid::Unknown { .. } => {}
        }
    }
}
