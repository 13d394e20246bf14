// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks: what is taken, what is not, and that Stripe's own libraries and we mean the same by a signature.

use std::process::Command;

use jiff::Timestamp;
use makegood::pay::Look;
use makegood::pay::stripe::WebhookSecret;
use makegood::pay::stripe::webhook::{NotTaken, take, verify};
use ring::hmac;
use serde_json::{Value, json};

use crate::peers;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: i64 = 1_790_000_000;

/// Node with the packages of the peers.
fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command
        .args(["--input-type=commonjs", "-e", program])
        .env("NODE_PATH", peers::file("node_modules"));
    command
}

fn secret(text: &str) -> WebhookSecret {
    WebhookSecret::new(text).expect("a secret")
}

fn now(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time")
}

fn signature(secret: &str, time: &str, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{time}.{body}").as_bytes());
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// An event about an object, in Stripe's own example's form.
fn event(object: &Value) -> String {
    let fixtures: Value = serde_json::from_str(include_str!("fixtures.json")).expect("JSON");
    let mut event = fixtures["event"].clone();
    event["type"] = "of.a.kind".into();
    event["data"]["object"] = object.clone();
    event.to_string()
}

#[test]
fn signatures_in_every_form() {
    let body = r#"{"id":"evt_1"}"#;
    let good = signature(SECRET, "1790000000", body);
    let old = signature("whsec_the_one_before", "1790000000", body);
    let other = signature("whsec_of_somebody_else", "1790000000", body);
    let early = signature(SECRET, "1789999700", body);
    let stale = signature(SECRET, "1789999699", body);
    let ahead = signature(SECRET, "1790000301", body);
    let worded = signature(SECRET, "1790000000.5", body);
    let many = (0..17).map(|_| format!(",v1={good}")).collect::<String>();
    let not_fresh = |off_by_seconds| Err(NotTaken::NotFresh { off_by_seconds });
    let table = [
        ("ours", format!("t=1790000000,v1={good}"), Ok(())),
        ("with spaces", format!("t=1790000000, v1={good}"), Ok(())),
        (
            "another scheme beside it",
            format!("t=1790000000,v1={good},v0={other}"),
            Ok(()),
        ),
        (
            "another signature before it",
            format!("t=1790000000,v1={other},v1={good}"),
            Ok(()),
        ),
        (
            "the secret before, still taken",
            format!("t=1790000000,v1={old}"),
            Ok(()),
        ),
        ("300 s old", format!("t=1789999700,v1={early}"), Ok(())),
        (
            "301 s old",
            format!("t=1789999699,v1={stale}"),
            not_fresh(301),
        ),
        (
            "301 s ahead",
            format!("t=1790000301,v1={ahead}"),
            not_fresh(-301),
        ),
        (
            "somebody else's",
            format!("t=1790000000,v1={other}"),
            Err(NotTaken::NotSigned),
        ),
        (
            "another time than signed",
            format!("t=1790000001,v1={good}"),
            Err(NotTaken::NotSigned),
        ),
        (
            "only the older scheme",
            format!("t=1790000000,v0={good}"),
            Err(NotTaken::Malformed),
        ),
        (
            "half a signature",
            format!("t=1790000000,v1={}", &good[..32]),
            Err(NotTaken::Malformed),
        ),
        (
            "capitals",
            format!("t=1790000000,v1={}", good.to_uppercase()),
            Err(NotTaken::Malformed),
        ),
        (
            "no signature",
            "t=1790000000".to_owned(),
            Err(NotTaken::Malformed),
        ),
        ("no time", format!("v1={good}"), Err(NotTaken::Malformed)),
        (
            "two times",
            format!("t=1790000000,t=1790000000,v1={good}"),
            Err(NotTaken::Malformed),
        ),
        (
            "half a second",
            format!("t=1790000000.5,v1={worded}"),
            Err(NotTaken::Malformed),
        ),
        (
            "a time before all times",
            format!("t=-1,v1={good}"),
            Err(NotTaken::Malformed),
        ),
        (
            "a time beyond all times",
            format!("t=99999999999999999999,v1={good}"),
            Err(NotTaken::Malformed),
        ),
        (
            "seventeen",
            format!("t=1790000000{many}"),
            Err(NotTaken::Malformed),
        ),
        ("nothing", String::new(), Err(NotTaken::Malformed)),
        ("words", "hello".to_owned(), Err(NotTaken::Malformed)),
    ];
    let secrets = [secret(SECRET), secret("whsec_the_one_before")];
    for (name, header, expected) in table {
        let told = verify(&header, body.as_bytes(), &secrets, now(NOW));
        assert_eq!(told, expected, "{name}");
    }
    let header = format!("t=1790000000,v1={good}");
    assert_eq!(
        verify(&header, body.as_bytes(), &[], now(NOW)),
        Err(NotTaken::NotSigned),
        "no secret"
    );
    assert_eq!(
        verify(&header, br#"{"id": "evt_1"}"#, &secrets, now(NOW)),
        Err(NotTaken::NotSigned),
        "the same JSON in other bytes"
    );
}

#[test]
fn an_event_tells_what_to_look_at() {
    let fixtures: Value = serde_json::from_str(include_str!("fixtures.json")).expect("JSON");
    let look = |name: &str| {
        let body = event(&fixtures[name]);
        let header = format!("t={NOW},v1={}", signature(SECRET, &NOW.to_string(), &body));
        take(&header, body.as_bytes(), &[secret(SECRET)], now(NOW)).expect("it is taken")
    };
    let id = |name: &str| fixtures[name]["id"].as_str().expect("a name").to_owned();
    assert_eq!(look("refund").look, Look::Refund(id("refund")));
    assert_eq!(look("charge").look, Look::Payment(id("charge")));
    assert_eq!(
        look("payment_intent").look,
        Look::Payment(id("payment_intent"))
    );
    assert_eq!(look("dispute").look, Look::Dispute(id("dispute")));
    assert_eq!(
        look("subscription").look,
        Look::Subscription(id("subscription"))
    );
    assert_eq!(look("invoice").look, Look::Invoice(id("invoice")));
    assert_eq!(look("customer").look, Look::Nothing);
    let event = look("refund");
    assert_eq!(
        (
            event.id.as_str(),
            event.kind.as_str(),
            event.at,
            event.live,
            event.account
        ),
        (
            "evt_1Pgc76B7WZ01zgkWwyRHS12y",
            "of.a.kind",
            now(1_234_567_890),
            false,
            None
        )
    );
}

#[test]
fn a_signed_body_that_is_no_event_is_said_so() {
    let bodies = [
        "",
        "{}",
        "null",
        r#"{"object":"v2.core.event","id":"evt_1","type":"x","created":"2026-01-01T00:00:00Z","livemode":true}"#,
        r#"{"object":"charge","id":"evt_1","type":"x","created":1,"livemode":true,"data":{"object":{"object":"charge"}}}"#,
    ];
    for body in bodies {
        let header = format!("t={NOW},v1={}", signature(SECRET, &NOW.to_string(), body));
        let told = take(&header, body.as_bytes(), &[secret(SECRET)], now(NOW));
        assert!(
            matches!(told, Err(NotTaken::Unreadable(_))),
            "{body}: {told:?}"
        );
    }
}

#[test]
fn what_stripes_libraries_sign_is_taken_and_what_we_sign_they_take() {
    let body = event(&json!({"id": "re_1", "object": "refund", "words": "Æ ✓"}));
    let ours = format!("t={NOW},v1={}", signature(SECRET, &NOW.to_string(), &body));
    let python = format!(
        "
import sys, hmac, json
import stripe
from stripe import WebhookSignature
body = sys.stdin.buffer.read().decode()
signed = WebhookSignature._compute_signature('{NOW}.' + body, '{SECRET}')
assert WebhookSignature.verify_header(body, '{ours}', '{SECRET}', None)
try:
    WebhookSignature.verify_header(body + ' ', '{ours}', '{SECRET}', None)
    raise SystemExit('taken')
except stripe.SignatureVerificationError:
    pass
print('t={NOW},v1=' + signed, end='')
"
    );
    let javascript = format!(
        "
const stripe = require('stripe')('sk_test_x');
const body = require('fs').readFileSync(0, 'utf8');
stripe.webhooks.constructEvent(body, '{ours}', '{SECRET}', 1e12);
process.stdout.write(stripe.webhooks.generateTestHeaderString({{payload: body, secret: '{SECRET}', timestamp: {NOW}}}));
"
    );
    for (name, command) in [
        ("Python", peers::python(&python)),
        ("Node", node(&javascript)),
    ] {
        let theirs = peers::output(command, &body);
        let event = take(&theirs, body.as_bytes(), &[secret(SECRET)], now(NOW));
        assert_eq!(
            event.map(|event| event.look),
            Ok(Look::Refund("re_1".to_owned())),
            "{name}: {theirs}"
        );
    }
}

#[test]
fn secrets_show_nothing_of_themselves() {
    let key = makegood::pay::stripe::SecretKey::new("sk_live_51HxVerySecret").expect("a key");
    assert!(key.is_live());
    let shown = format!("{:?} {:?}", key, secret(SECRET));
    assert_eq!(shown, "SecretKey(…) WebhookSecret(…)");
    let settings = makegood::pay::stripe::Settings::new(key);
    let stripe = makegood::pay::stripe::Stripe::at("https://api.stripe.com", settings);
    let shown = format!("{:?}", stripe.expect("an address"));
    assert!(
        !shown.contains("51Hx") && !shown.contains("Basic"),
        "{shown}"
    );
    for text in [
        "pk_live_51HxVerySecret",
        "sk_live_51Hx VerySecret",
        "51HxVerySecret",
    ] {
        let why = makegood::pay::stripe::SecretKey::new(text).expect_err("no key");
        assert!(!why.contains("51Hx"), "{why}");
    }
}
