// SPDX-License-Identifier: MIT OR Apache-2.0
//! Signatures: ours before the libraries of Standard Webhooks, theirs before us, and what must not pass.

#[path = "support/judge.rs"]
mod judge;

use std::time::Duration;

use jiff::Timestamp;
use judge::Judge;
use makegood::signing::{
    KeyFault, KeyRing, SignatureFault, Signed, SigningKey, TOLERANCE, VerifyingKey, headers_of,
    is_id, sign, verify,
};
use ring::rand::SystemRandom;
use serde_json::{Value, json};

/// The example of the libraries' own tests.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const BODIES: [&str; 4] = [
    r#"{"test": 2432232314}"#,
    "",
    "{\"navn\":\"Åse ☃\"}",
    "not.json.at.all\n.",
];
const LIBRARIES: [&str; 2] = ["standard_webhooks.py", "standard_webhooks.cjs"];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn key(text: &str) -> SigningKey {
    SigningKey::read(text).expect("a key")
}

fn shared() -> SigningKey {
    SigningKey::new_shared(&SystemRandom::new()).expect("randomness")
}

fn pair() -> SigningKey {
    SigningKey::new_pair(&SystemRandom::new()).expect("randomness")
}

fn headers(signed: &Signed) -> Value {
    Value::Object(
        signed
            .headers()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .into_iter()
            .collect(),
    )
}

fn signed(id: &str, timestamp: &str, signature: &str) -> Signed {
    Signed {
        id: id.to_owned(),
        timestamp: timestamp.to_owned(),
        signature: signature.to_owned(),
    }
}

#[test]
fn the_published_example_has_the_published_signature() {
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    let made = sign(&[&key(SECRET)], id, at(1_614_265_330), BODIES[0].as_bytes());
    let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(made.expect("signed").signature, published);
}

#[test]
fn libraries_take_what_we_sign_and_refuse_it_once_it_is_changed() {
    let now = Timestamp::now();
    for library in LIBRARIES {
        let mut library = Judge::start(library);
        for body in BODIES.iter().filter(|body| body.starts_with('{')) {
            let (current, next) = (shared(), shared());
            let made = sign(&[&next, &current], "msg_1", now, body.as_bytes()).expect("signed");
            let mut ask = |secret: &SigningKey, headers: &Value, body: &str| {
                library.ask(&json!({
                    "do": "verify", "secret": secret.reveal(), "headers": headers, "body": body,
                }))
            };
            // Both keys of a rotation do.
            assert_eq!(ask(&current, &headers(&made), body), json!("fits"));
            assert_eq!(ask(&next, &headers(&made), body), json!("fits"));
            let refused = |said: Value| said.as_str().unwrap().starts_with("refused: ");
            assert!(refused(ask(&shared(), &headers(&made), body)));
            assert!(refused(ask(&current, &headers(&made), &format!("{body} "))));
            let mut renamed = headers(&made);
            renamed["webhook-id"] = json!("msg_2");
            assert!(refused(ask(&current, &renamed, body)));
        }
    }
}

#[test]
fn we_take_what_libraries_sign() {
    let now = Timestamp::now();
    for library in LIBRARIES {
        let mut library = Judge::start(library);
        for body in BODIES {
            let key = shared();
            let signature = library.ask(&json!({
                "do": "sign", "secret": key.reveal(), "id": "msg_1", "at": now.as_second(), "body": body,
            }));
            let theirs = signed(
                "msg_1",
                &now.as_second().to_string(),
                signature.as_str().unwrap(),
            );
            let keys = [shared().verifying(), key.verifying()];
            let taken = verify(&keys, &theirs, body.as_bytes(), now, TOLERANCE);
            assert_eq!(taken, Ok(at(now.as_second())));
            let other = verify(&keys[..1], &theirs, body.as_bytes(), now, TOLERANCE);
            assert_eq!(other, Err(SignatureFault::NoneFits));
        }
    }
}

#[test]
fn node_takes_our_ed25519_signatures() {
    let mut node = Judge::start("standard_webhooks.cjs");
    let key = pair();
    let now = Timestamp::now();
    for body in BODIES {
        let made = sign(&[&key], "msg_1", now, body.as_bytes()).expect("signed");
        let mut ask = |public: &str, body: &str| {
            node.ask(&json!({
                "do": "ed25519", "public": public, "headers": headers(&made), "body": body,
            }))
        };
        assert_eq!(ask(&key.public().unwrap(), body), json!("fits"));
        assert_eq!(ask(&pair().public().unwrap(), body), json!("refused"));
        assert_eq!(
            ask(&key.public().unwrap(), &format!("{body}x")),
            json!("refused")
        );
        let public = VerifyingKey::read(&key.public().unwrap()).expect("a key");
        let taken = verify(&[public], &made, body.as_bytes(), now, TOLERANCE);
        assert_eq!(taken, Ok(at(now.as_second())));
    }
}

#[test]
fn what_is_not_signed_so_is_refused() {
    let (shared, pair) = (key(SECRET), pair());
    let keys = [shared.verifying(), pair.verifying()];
    let now = at(1_700_000_000);
    let body = b"{}";
    let good = sign(&[&shared], "msg_1", now, body).unwrap().signature;
    let by_pair = sign(&[&pair], "msg_1", now, body).unwrap().signature;
    let tag = good.strip_prefix("v1,").unwrap();
    let now_text = "1700000000";
    let long = "x".repeat(256);
    let many = format!("{}{good}", "v9,AAAA ".repeat(15));
    let too_many = format!("{}{good}", "v9,AAAA ".repeat(16));
    let table = [
        // name, time, signatures, what comes of it
        ("msg_1", now_text, good.clone(), None),
        ("msg_1", now_text, by_pair.clone(), None),
        ("msg_1", now_text, format!("v2,abcd {good}"), None),
        ("msg_1", now_text, format!("v1,AAAA {good} v1a,AAAA"), None),
        ("msg_1", now_text, many, None),
        ("msg_1", now_text, too_many, Some(SignatureFault::NoneFits)),
        (
            "msg_1",
            now_text,
            String::new(),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            now_text,
            tag.to_owned(),
            Some(SignatureFault::NoneFits),
        ),
        // The signature of one scheme under the name of the other.
        (
            "msg_1",
            now_text,
            format!("v1a,{tag}"),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            now_text,
            by_pair.replace("v1a,", "v1,"),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            now_text,
            good.to_uppercase(),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            now_text,
            good[..good.len() - 4].to_owned(),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_2",
            now_text,
            good.clone(),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            "1700000001",
            good.clone(),
            Some(SignatureFault::NoneFits),
        ),
        (
            "msg_1",
            "01700000000",
            good.clone(),
            Some(SignatureFault::Timestamp),
        ),
        (
            "msg_1",
            "+1700000000",
            good.clone(),
            Some(SignatureFault::Timestamp),
        ),
        (
            "msg_1",
            " 1700000000",
            good.clone(),
            Some(SignatureFault::Timestamp),
        ),
        (
            "msg_1",
            "1.7e9",
            good.clone(),
            Some(SignatureFault::Timestamp),
        ),
        ("msg_1", "", good.clone(), Some(SignatureFault::Timestamp)),
        (
            "msg_1",
            "99999999999999999999",
            good.clone(),
            Some(SignatureFault::Timestamp),
        ),
        ("msg.1", now_text, good.clone(), Some(SignatureFault::Id)),
        ("msg 1", now_text, good.clone(), Some(SignatureFault::Id)),
        ("", now_text, good.clone(), Some(SignatureFault::Id)),
        (long.as_str(), now_text, good, Some(SignatureFault::Id)),
    ];
    for (id, time, signature, fault) in table {
        let message = signed(id, time, &signature);
        let said = verify(&keys, &message, body, now, TOLERANCE);
        assert_eq!(said.err(), fault, "{id} {time} {signature}");
    }
}

#[test]
fn a_message_is_taken_for_five_minutes_and_not_a_second_longer() {
    let key = key(SECRET);
    let made = sign(&[&key], "msg_1", at(1_700_000_000), b"{}").expect("signed");
    let table = [
        (-301, Some(SignatureFault::TooNew)),
        (-300, None),
        (0, None),
        (300, None),
        (301, Some(SignatureFault::TooOld)),
        (1_000_000, Some(SignatureFault::TooOld)),
    ];
    for (later, fault) in table {
        let now = at(1_700_000_000 + later);
        let said = verify(&[key.verifying()], &made, b"{}", now, TOLERANCE);
        assert_eq!(said.err(), fault, "{later}");
    }
    // Of a message that is both old and forged it is not told that it is old.
    let forged = signed("msg_1", "1700000000", "v1,AAAA");
    let said = verify(
        &[key.verifying()],
        &forged,
        b"{}",
        at(1_800_000_000),
        TOLERANCE,
    );
    assert_eq!(said, Err(SignatureFault::NoneFits));
}

#[test]
fn a_full_stop_cannot_move_between_name_time_and_body() {
    let key = key(SECRET);
    let made = sign(&[&key], "msg", at(17), b"18.{}").expect("signed");
    let moved = signed("msg.17", "18", &made.signature);
    let said = verify(&[key.verifying()], &moved, b"{}", at(18), TOLERANCE);
    assert_eq!(said, Err(SignatureFault::Id));
    assert_eq!(
        sign(&[&key], "msg.17", at(18), b"{}"),
        Err(SignatureFault::Id)
    );
    assert!(is_id("msg_1-a:b/c"));
}

#[test]
fn a_key_is_read_whole_or_not_at_all() {
    let short = "whsec_".to_owned() + &"A".repeat(28);
    let long = "whsec_".to_owned() + &"A".repeat(88);
    let table = [
        ("secret", KeyFault::Prefix),
        ("whpk_AAAA", KeyFault::Prefix),
        ("whsec_ÅÅÅÅ", KeyFault::Base64),
        ("whsec_", KeyFault::Length(0)),
        (&short, KeyFault::Length(21)),
        (&long, KeyFault::Length(66)),
        ("whsk_AAAA", KeyFault::Length(3)),
    ];
    for (text, fault) in table {
        assert_eq!(SigningKey::read(text).err(), Some(fault), "{text}");
    }
    // Read and written back; without the padding that gets lost when people copy; with a line break from a file.
    for key in [shared(), pair()] {
        let text = key.reveal();
        for spelling in [
            text.clone(),
            text.trim_end_matches('=').to_owned(),
            format!("{text}\n"),
        ] {
            assert_eq!(SigningKey::read(&spelling).expect("a key").reveal(), text);
        }
    }
    let (one, other) = (pair().reveal(), pair().reveal());
    let mixed = format!("{}{}", &one[..5 + 40], &other[5 + 40..]);
    assert_eq!(SigningKey::read(&mixed).err(), Some(KeyFault::Pair));
    assert_eq!(
        VerifyingKey::read("whsk_AAAA").err(),
        Some(KeyFault::Prefix)
    );
    assert_eq!(
        VerifyingKey::read("whpk_AAAA").err(),
        Some(KeyFault::Length(3))
    );
}

#[test]
fn no_key_stands_in_debug_output() {
    for key in [shared(), pair()] {
        let ring = KeyRing::new(key);
        let shown = format!("{ring:?}");
        assert!(shown.contains("…"), "{shown}");
        assert!(shown.len() < 120, "{shown}");
    }
    assert_eq!(
        format!("{:?}", key(SECRET).verifying()),
        "VerifyingKey(whsec_…)"
    );
}

#[test]
fn an_old_key_counts_until_its_time_is_over() {
    let (old, new) = (shared(), shared());
    let (by_old, by_new) = (old.verifying(), new.verifying());
    let mut ring = KeyRing::new(old);
    ring.rotate(new, at(1000));
    let fits = |signed: &Signed, key: &VerifyingKey, now| {
        verify(std::slice::from_ref(key), signed, b"{}", now, TOLERANCE).is_ok()
    };
    let before = ring.sign("msg_1", at(999), b"{}").expect("signed");
    assert!(fits(&before, &by_old, at(999)) && fits(&before, &by_new, at(999)));
    let after = ring.sign("msg_1", at(1000), b"{}").expect("signed");
    assert!(!fits(&after, &by_old, at(1000)) && fits(&after, &by_new, at(1000)));
    // The key in use stands first.
    assert_eq!(before.signature.split(' ').count(), 2);
    let first = signed("msg_1", "999", before.signature.split(' ').next().unwrap());
    assert!(fits(&first, &by_new, at(999)));
    ring.prune(at(1000));
    assert!(ring.sign("msg_1", at(999), b"{}").unwrap().signature == first.signature);
    // A second rotation does not lengthen what the first has ended.
    let mut twice = KeyRing::new(shared());
    twice.rotate(shared(), at(1000));
    twice.rotate(shared(), at(5000));
    let count = |now| {
        twice
            .sign("m", at(now), b"")
            .unwrap()
            .signature
            .split(' ')
            .count()
    };
    assert_eq!((count(999), count(1000), count(5000)), (3, 2, 1));
    assert_eq!(
        KeyRing::default().sign("m", at(1), b""),
        Err(SignatureFault::NoKey)
    );
}

#[test]
fn a_header_stands_there_once() {
    let made = sign(&[&key(SECRET)], "msg_1", at(1_700_000_000), b"{}").expect("signed");
    let mut map = axum::http::HeaderMap::new();
    for (name, value) in made.headers() {
        map.insert(name, value.parse().expect("a value"));
    }
    assert_eq!(headers_of(&map), Ok(made.clone()));
    for (name, _) in made.headers() {
        let mut without = map.clone();
        without.remove(name);
        assert_eq!(headers_of(&without), Err(SignatureFault::Header(name)));
        let mut twice = map.clone();
        twice.append(name, map[name].clone());
        assert_eq!(headers_of(&twice), Err(SignatureFault::Header(name)));
    }
    assert_eq!(TOLERANCE, Duration::from_secs(300));
}
