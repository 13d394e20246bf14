// SPDX-License-Identifier: MIT OR Apache-2.0
//! Webhooks: what is sent, what each answer means, and when it is tried again.

#[path = "support/judge.rs"]
mod judge;
#[path = "support/receiver.rs"]
#[expect(dead_code, reason = "the tests of the way out use the rest")]
mod receiver;

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use judge::Judge;
use makegood::guard::{Answer, AnswerBody, Guard, GuardRefusal, Internal, NoAnswer, WayOut};
use makegood::outgoing::{
    Delivery, DeliveryState, Disabled, Endpoint, EventFilter, FAILING_LONGEST, Failure, Format,
    GivenUp, Health, Jitter, Message, Outcome, PAYLOAD_BELOW, SCHEDULE, Sender, Tried,
};
use makegood::signing::{KeyRing, SigningKey};
use receiver::{Manner, Receiver};
use ring::rand::SystemRandom;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const SOURCE: &str = "https://desk.example";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

fn message(data: &str) -> Message {
    Message {
        id: "evt_1".to_owned(),
        kind: "refund.succeeded".to_owned(),
        at: at(1_700_000_000),
        subject: "/v1/refunds/re_1".to_owned(),
        data: RawValue::from_string(data.to_owned()).expect("JSON"),
    }
}

fn key() -> SigningKey {
    SigningKey::new_shared(&SystemRandom::new()).expect("randomness")
}

fn endpoint(url: &str, key: SigningKey, format: Format) -> Endpoint {
    Endpoint {
        id: "we_1".to_owned(),
        url: url.to_owned(),
        filter: EventFilter::default(),
        format,
        keys: KeyRing::new(key),
        health: Health::default(),
    }
}

fn sender(timeout: Duration) -> Sender {
    let guard = Guard {
        allow_insecure: true,
        internal: vec![Internal::read("127.0.0.0/8").expect("a range")],
        ..Guard::default()
    };
    Sender::new(Arc::new(WayOut::new(guard)), SOURCE, timeout)
}

async fn try_once(manner: Manner, timeout: Duration) -> (Tried, Receiver) {
    let receiver = Receiver::start(manner).await;
    let endpoint = endpoint(&receiver.url(), key(), Format::Standard);
    let tried = sender(timeout)
        .send(&endpoint, &message("{}"), at(1_700_000_000))
        .await;
    (tried, receiver)
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn each_answer_means_one_thing() {
    let failed = |failure| Outcome::Failed(failure);
    let throttled = |seconds: Option<u64>| Outcome::Throttled {
        retry_after: seconds.map(Duration::from_secs),
    };
    let date = "Tue, 14 Nov 2023 22:15:20 GMT".to_owned();
    let table = [
        (Manner::Status(200), Outcome::Delivered),
        (Manner::Status(202), Outcome::Delivered),
        (Manner::Status(204), Outcome::Delivered),
        (Manner::Endless, Outcome::Delivered),
        (Manner::BreaksOff, Outcome::Delivered),
        (
            Manner::Redirect("http://127.0.0.1:9/".to_owned()),
            failed(Failure::Redirect(307)),
        ),
        (Manner::Status(304), failed(Failure::Redirect(304))),
        (Manner::Status(400), failed(Failure::Status(400))),
        (Manner::Status(401), failed(Failure::Status(401))),
        (Manner::Status(404), failed(Failure::Status(404))),
        (Manner::Status(410), Outcome::Gone),
        (Manner::Status(429), throttled(None)),
        (Manner::Status(500), failed(Failure::Status(500))),
        (Manner::Status(502), throttled(None)),
        (Manner::Status(503), throttled(None)),
        (Manner::Status(504), throttled(None)),
        (
            Manner::RetryAfter(429, "120".to_owned()),
            throttled(Some(120)),
        ),
        (Manner::RetryAfter(503, date), throttled(Some(120))),
        (Manner::RetryAfter(503, "soon".to_owned()), throttled(None)),
        (Manner::RetryAfter(503, "-5".to_owned()), throttled(None)),
        (
            Manner::RetryAfter(429, "99999999999".to_owned()),
            throttled(Some(86_400)),
        ),
        // Only those that slow down may say for how long.
        (
            Manner::RetryAfter(500, "120".to_owned()),
            failed(Failure::Status(500)),
        ),
    ];
    for (manner, wanted) in table {
        let (tried, receiver) = try_once(manner.clone(), PATIENCE).await;
        assert_eq!(tried.outcome, wanted, "{manner:?}");
        assert_eq!(receiver.connections(), 1, "{manner:?}");
    }
}

#[tokio::test]
async fn no_answer_is_no_success() {
    let (tried, _) = try_once(Manner::Hangs, Duration::from_millis(300)).await;
    let no_answer = |why| Outcome::Failed(Failure::NoAnswer(why));
    assert_eq!(tried.outcome, no_answer(NoAnswer::TimedOut));
    let (tried, _) = try_once(Manner::Closes, PATIENCE).await;
    let Outcome::Failed(Failure::NoAnswer(NoAnswer::Broken(_))) = tried.outcome else {
        panic!("{tried:?}");
    };
    let inside = endpoint("http://10.0.0.1/", key(), Format::Standard);
    let tried = sender(PATIENCE).send(&inside, &message("{}"), at(1)).await;
    let Outcome::Failed(Failure::NoAnswer(NoAnswer::Guarded(GuardRefusal::Address { .. }))) =
        tried.outcome
    else {
        panic!("{tried:?}");
    };
}

#[tokio::test]
async fn what_arrives_fits_its_signature_by_the_word_of_both_libraries() {
    let receiver = Receiver::start(Manner::Status(204)).await;
    let (key, next) = (key(), key());
    let secrets = [key.reveal(), next.reveal()];
    let mut endpoint = endpoint(&receiver.url(), key, Format::Standard);
    let now = Timestamp::now();
    endpoint.keys.rotate(next, at(now.as_second() + 3600));
    let data = r#"{"id":"re_1","amount":1950,"note":"Åse ☃"}"#;
    let tried = sender(PATIENCE).send(&endpoint, &message(data), now).await;
    assert_eq!(tried.outcome, Outcome::Delivered);
    let seen = &receiver.seen()[0];
    assert_eq!(seen.headers["content-type"], "application/json");
    assert!(seen.headers["user-agent"].starts_with("Makegood/"));
    let body = String::from_utf8(seen.body.clone()).expect("UTF-8");
    let wanted = format!(
        r#"{{"type":"refund.succeeded","timestamp":"2023-11-14T22:13:20Z","data":{data}}}"#
    );
    assert_eq!(body, wanted);
    for library in ["standard_webhooks.py", "standard_webhooks.cjs"] {
        let mut library = Judge::start(library);
        for secret in &secrets {
            let said = library.ask(&json!({
                "do": "verify", "secret": secret, "headers": seen.headers, "body": body,
            }));
            assert_eq!(said, json!("fits"));
        }
    }
}

#[tokio::test]
async fn a_cloud_event_is_one_by_the_word_of_its_library() {
    let receiver = Receiver::start(Manner::Status(204)).await;
    let endpoint = endpoint(&receiver.url(), key(), Format::CloudEvents);
    let data = r#"{"id":"re_1","amount":1950}"#;
    let tried = sender(PATIENCE)
        .send(&endpoint, &message(data), Timestamp::now())
        .await;
    assert_eq!(tried.outcome, Outcome::Delivered);
    let seen = &receiver.seen()[0];
    let body = String::from_utf8(seen.body.clone()).expect("UTF-8");
    let said = Judge::start("cloud_events.py").ask(&json!({"headers": seen.headers, "body": body}));
    assert_eq!(
        said,
        json!({
            "specversion": "1.0",
            "id": "evt_1",
            "source": SOURCE,
            "type": "refund.succeeded",
            "subject": "/v1/refunds/re_1",
            "time": "2023-11-14 22:13:20+00:00",
            "datacontenttype": "application/json",
            "data": {"id": "re_1", "amount": 1950},
        })
    );
}

#[test]
fn what_does_not_fit_is_told_by_a_link() {
    for format in [Format::Standard, Format::CloudEvents] {
        let around = message("\"\"").payload(format, SOURCE).len();
        let fits = format!("\"{}\"", "x".repeat(PAYLOAD_BELOW - 1 - around));
        let whole = message(&fits).payload(format, SOURCE);
        assert_eq!(whole.len(), PAYLOAD_BELOW - 1);
        let too_long = format!("\"{}\"", "x".repeat(PAYLOAD_BELOW - around));
        let linked = message(&too_long).payload(format, SOURCE);
        let linked: Value = serde_json::from_slice(&linked).expect("JSON");
        assert_eq!(
            linked["data"],
            json!({"object": "link", "url": "/v1/refunds/re_1"})
        );
        assert_eq!(linked["type"], json!("refund.succeeded"));
    }
    assert_eq!(Format::read("cloudevents"), Some(Format::CloudEvents));
    assert_eq!(Format::read("CloudEvents"), None);
}

#[test]
fn an_endpoint_gets_what_it_asked_for() {
    let table: [(&[&str], &str, bool); 12] = [
        (&[], "refund.succeeded", true),
        (&["*"], "refund.succeeded", true),
        (&["refund.succeeded"], "refund.succeeded", true),
        (&["refund.succeeded"], "refund.succeeded_late", false),
        (&["refund.succeeded"], "refund.failed", false),
        (&["refund.*"], "refund.failed", true),
        (&["refund.*"], "refund.late.failed", true),
        (&["refund.*"], "refund", false),
        (&["refund.*"], "refunds.failed", false),
        (&["case.opened", "refund.*"], "refund.failed", true),
        (&["case.opened", "refund.*"], "case.closed", false),
        (&["refund.late.*"], "refund.failed", false),
    ];
    for (patterns, kind, wanted) in table {
        let filter = EventFilter::read(patterns.iter().copied()).expect("patterns");
        assert_eq!(filter.wants(kind), wanted, "{patterns:?} {kind}");
    }
    for wrong in [
        "",
        "*.*",
        "refund.",
        ".refund",
        "Refund.*",
        "refund*",
        "re fund",
        "refund.*.late",
    ] {
        let told = EventFilter::read([wrong]).expect_err(wrong);
        assert!(told.contains("`refund.*`"), "{told}");
    }
}

/// Tries until it ends, with the same outcome each time. Gives the times of the tries, and what it came to.
fn tries(outcome: &Outcome, jitter: Jitter) -> (Vec<i64>, DeliveryState, Health) {
    let mut delivery = Delivery::new("evt_1", "we_1", at(0));
    let mut health = Health::default();
    let mut times = Vec::new();
    while let Some(now) = delivery.due(&health) {
        times.push(now.as_second());
        let next = delivery.after(health, outcome, now, jitter);
        (delivery, health) = (next.delivery, next.health);
        assert!(times.len() <= SCHEDULE.len(), "it ends");
    }
    (times, delivery.state, health)
}

#[test]
fn a_message_is_tried_ten_times_over_three_days() {
    let failed = Outcome::Failed(Failure::Status(500));
    let (times, state, health) = tries(&failed, Jitter(0));
    let hours = |hours: i64| 305 + 1800 + hours * 3600;
    assert_eq!(
        times,
        [
            0,
            5,
            305,
            2105,
            hours(2),
            hours(7),
            hours(17),
            hours(31),
            hours(51),
            hours(75)
        ]
    );
    let given_up = DeliveryState::GivenUp {
        at: at(hours(75)),
        why: GivenUp::Exhausted,
    };
    assert_eq!(state, given_up);
    assert_eq!(health.failing_since, Some(at(0)));
    assert_eq!(health.disabled, None);
}

#[test]
fn dice_lengthen_a_delay_by_less_than_a_tenth_and_never_shorten_it() {
    let failed = Outcome::Failed(Failure::Status(500));
    let (plain, ..) = tries(&failed, Jitter(0));
    for dice in [1, 255, 30_000, u16::MAX] {
        let (spread, ..) = tries(&failed, Jitter(dice));
        for (plain, spread) in plain.windows(2).zip(spread.windows(2)) {
            let (plain, spread) = (plain[1] - plain[0], spread[1] - spread[0]);
            assert!(spread >= plain, "{dice}");
            // A second more for what is rounded away.
            assert!(spread <= plain + plain / 10 + 1, "{dice}: {plain} {spread}");
        }
    }
    // At its end the range reaches, nearly, the tenth: five minutes become 330 seconds less a few milliseconds.
    let next = Delivery::new("evt_1", "we_1", at(0));
    let next = next
        .after(Health::default(), &failed, at(0), Jitter(0))
        .delivery;
    let next = next
        .after(Health::default(), &failed, at(0), Jitter(u16::MAX))
        .delivery;
    let DeliveryState::Waiting { at: due } = next.state else {
        panic!("{next:?}");
    };
    assert_eq!(due.as_millisecond(), 329_999);
}

#[test]
fn a_slowed_endpoint_is_left_alone_for_as_long_as_it_asks() {
    let throttled = |seconds: Option<u64>| Outcome::Throttled {
        retry_after: seconds.map(Duration::from_secs),
    };
    let fresh = || Delivery::new("evt_1", "we_1", at(1000));
    // asked for, tries before, waits for seconds
    let table = [
        (None, 0, 60),
        (Some(10), 0, 10),
        (Some(0), 0, 5),
        (Some(3600), 0, 3600),
        // The schedule is longer than what is asked for.
        (Some(10), 1, 300),
        (None, 2, 1800),
    ];
    for (asked, tries, wait) in table {
        let delivery = Delivery { tries, ..fresh() };
        let next = delivery.after(Health::default(), &throttled(asked), at(1000), Jitter(0));
        let due = next.delivery.due(&next.health);
        assert_eq!(due, Some(at(1000 + wait)), "{asked:?} {tries}");
    }
    // Dice spread what was slowed down together.
    let next = fresh().after(
        Health::default(),
        &throttled(Some(600)),
        at(1000),
        Jitter(u16::MAX),
    );
    let due = next.delivery.due(&next.health).expect("due");
    assert!(due > at(1650) && due < at(1660), "{due}");
    // Others to the same endpoint wait, too.
    let next = fresh().after(
        Health::default(),
        &throttled(Some(600)),
        at(1000),
        Jitter(0),
    );
    assert_eq!(fresh().due(&next.health), Some(at(1600)));
    // A shorter wish, a failure and a success in between do not shorten it.
    for outcome in [
        throttled(Some(5)),
        Outcome::Failed(Failure::Status(500)),
        Outcome::Delivered,
    ] {
        let health = next.health.after(&outcome, at(1010));
        assert_eq!(fresh().due(&health), Some(at(1600)), "{outcome:?}");
    }
    // It ends all the same: a receiver that is always busy is tried no oftener than others.
    let (times, state, _) = tries(&throttled(None), Jitter(0));
    assert_eq!(times.len(), SCHEDULE.len());
    assert!(matches!(
        state,
        DeliveryState::GivenUp {
            why: GivenUp::Exhausted,
            ..
        }
    ));
}

#[test]
fn an_endpoint_that_is_gone_is_switched_off() {
    let (times, state, health) = tries(&Outcome::Gone, Jitter(0));
    assert_eq!(times, [0]);
    let disabled = DeliveryState::GivenUp {
        at: at(0),
        why: GivenUp::EndpointDisabled,
    };
    assert_eq!(state, disabled);
    assert_eq!(health.disabled, Some((at(0), Disabled::Gone)));
    // What waits for it is not due, and is given up.
    let waiting = Delivery::new("evt_2", "we_1", at(5));
    assert_eq!(waiting.due(&health), None);
    assert!(matches!(
        waiting.dropped(at(6)).state,
        DeliveryState::GivenUp {
            why: GivenUp::EndpointDisabled,
            ..
        }
    ));
    // No late answer, from a try that was on its way, switches it on or says another reason.
    let late = [
        Outcome::Failed(Failure::Status(500)),
        Outcome::Throttled { retry_after: None },
        Outcome::Gone,
        Outcome::Delivered,
    ];
    for outcome in late {
        assert_eq!(health.after(&outcome, at(7)), health, "{outcome:?}");
    }
    let late = waiting.after(health, &Outcome::Delivered, at(7), Jitter(0));
    assert_eq!(late.health, health);
    assert_eq!(late.delivery.state, DeliveryState::Delivered { at: at(7) });
    assert_eq!(waiting.due(&Health::enabled()), Some(at(5)));
}

#[test]
fn an_endpoint_that_takes_nothing_for_five_days_is_switched_off() {
    let failed = Outcome::Failed(Failure::Status(500));
    let days = i64::try_from(FAILING_LONGEST.as_secs()).unwrap();
    let health = Health::default().after(&failed, at(100));
    let table = [
        (100 + days - 1, None),
        (100 + days, Some(Disabled::Failing)),
    ];
    for (second, wanted) in table {
        let after = health.after(&failed, at(second));
        assert_eq!(after.disabled.map(|(_, why)| why), wanted, "{second}");
    }
    // One success in between, and the days are counted anew.
    let recovered = health.after(&Outcome::Delivered, at(200));
    let again = recovered.after(&failed, at(100 + days));
    assert_eq!(
        (again.disabled, again.failing_since),
        (None, Some(at(100 + days)))
    );
}

#[test]
fn states_move_forward_only() {
    let failed = Outcome::Failed(Failure::Status(500));
    let delivered = Delivery::new("evt_1", "we_1", at(0)).after(
        Health::default(),
        &Outcome::Delivered,
        at(1),
        Jitter(0),
    );
    let delivered = delivered.delivery;
    for outcome in [failed.clone(), Outcome::Gone, Outcome::Delivered] {
        let next = delivered.after(Health::default(), &outcome, at(9), Jitter(0));
        assert_eq!(next.delivery, delivered, "{outcome:?}");
    }
    assert_eq!(delivered.dropped(at(9)), delivered);
    let given_up = Delivery::new("evt_1", "we_1", at(0)).dropped(at(1));
    let next = given_up.after(Health::default(), &failed, at(9), Jitter(0));
    assert_eq!(next.delivery, given_up);
    let next = given_up.after(Health::default(), &Outcome::Delivered, at(9), Jitter(0));
    assert_eq!(next.delivery.state, DeliveryState::Delivered { at: at(9) });
}

#[test]
fn a_replay_is_the_same_message_from_the_first_try() {
    let (_, state, _) = tries(&Outcome::Failed(Failure::Status(500)), Jitter(0));
    let given_up = Delivery {
        message: "evt_1".to_owned(),
        endpoint: "we_1".to_owned(),
        tries: 10,
        state,
    };
    assert_eq!(
        given_up.replayed(at(77)),
        Delivery::new("evt_1", "we_1", at(77))
    );
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_the_same_message_once_more() {
    let receiver = Receiver::start(Manner::Status(500)).await;
    let endpoint = endpoint(&receiver.url(), key(), Format::Standard);
    let sender = sender(PATIENCE);
    let message = message(r#"{"id":"re_1"}"#);
    let mut delivery = Delivery::new(&message.id, &endpoint.id, at(1_700_000_000));
    let mut health = endpoint.health;
    let manners = [
        Manner::Status(500),
        Manner::Closes,
        Manner::RetryAfter(429, "900".to_owned()),
        Manner::Status(200),
    ];
    for manner in manners {
        receiver.behave(manner);
        let now = delivery.due(&health).expect("due");
        let tried = sender.send(&endpoint, &message, now).await;
        let next = delivery.after(health, &tried.outcome, now, Jitter(0));
        (delivery, health) = (next.delivery, next.health);
    }
    assert_eq!(delivery.due(&health), None);
    assert_eq!(delivery.tries, 4);
    let seen = receiver.seen();
    let times: Vec<&str> = seen
        .iter()
        .map(|seen| seen.headers["webhook-timestamp"].as_str())
        .collect();
    assert_eq!(
        times,
        ["1700000000", "1700000005", "1700000305", "1700002105"]
    );
    for request in &seen {
        assert_eq!(request.headers["webhook-id"], "evt_1");
        assert_eq!(request.body, seen[0].body);
    }
    // Each try has its own signature, because it has its own time.
    assert_ne!(
        seen[0].headers["webhook-signature"],
        seen[1].headers["webhook-signature"]
    );
}

#[tokio::test]
async fn the_answer_is_kept_for_the_merchant_and_not_for_the_log() {
    let body = format!("no such\torder\n{}", "x".repeat(600));
    let receiver = Receiver::start(Manner::Body(body.into_bytes())).await;
    let endpoint = endpoint(&receiver.url(), key(), Format::Standard);
    let tried = sender(PATIENCE)
        .send(&endpoint, &message("{}"), at(1))
        .await;
    assert!(
        tried.excerpt.starts_with("no such order x"),
        "{}",
        tried.excerpt
    );
    assert_eq!(tried.excerpt.chars().count(), 500);
    assert!(!format!("{tried:?}").contains("no such"));
    assert_eq!(tried.status, Some(200));
}

#[test]
fn a_failure_says_what_to_do() {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, "https://new.example/".parse().unwrap());
    let answer = Answer {
        status: 301,
        headers,
        body: AnswerBody::Whole(Vec::new().into()),
    };
    let Outcome::Failed(failure) = Outcome::of(&Ok(answer), at(1)) else {
        panic!("a redirect is no success");
    };
    assert!(
        failure
            .to_string()
            .contains("enter the address that it points to")
    );
    assert!(Failure::Status(404).to_string().contains("404"));
}
