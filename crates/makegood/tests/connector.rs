// SPDX-License-Identifier: MIT OR Apache-2.0
//! The connector protocol: the desk's side before the reference connector with all its faults, in process and over
//! HTTP, every message held to the published description.

#[path = "support/judge.rs"]
mod judge;
#[path = "support/receiver.rs"]
#[expect(dead_code, reason = "the tests of webhooks use the rest")]
mod receiver;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use judge::{Judge, peers, script};
use makegood::goods::connector::{
    Asked, BODY_MOST, CallbackFault, Connector, Transport, VERSION_HEADER, said,
};
use makegood::goods::reference_connector::{
    Clock, ConnectorArgs, Ending, Fault, ReferenceConnector,
};
use makegood::guard::{Answer, AnswerBody, Guard, Internal, NoAnswer, Post, WayOut};
use makegood::signing::{KeyRing, SignatureFault, SigningKey};
use makegood_desk::execution::{CommandKind, CommandOrder, ConnectorSaid};
use receiver::{Manner, Receiver};
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn keys() -> KeyRing {
    KeyRing::new(SigningKey::read(SECRET).expect("a key"))
}

fn now() -> Timestamp {
    Timestamp::from_second(1_764_000_000).expect("a time")
}

fn clock() -> Clock {
    Arc::new(now)
}

fn order(key: &str, kind: CommandKind) -> CommandOrder {
    CommandOrder {
        key: key.to_owned(),
        reference: format!("cmd_{key}"),
        order_number: "88123".to_owned(),
        kind,
        units: Some(1950),
        account: Some("account-7".to_owned()),
    }
}

fn done() -> ConnectorSaid {
    ConnectorSaid::Done { note: None }
}

fn refused(why: &str) -> ConnectorSaid {
    ConnectorSaid::Refused {
        why: why.to_owned(),
    }
}

/// What went over the wire, as the judge wants it.
type Wire = Arc<Mutex<Vec<Value>>>;

fn text_of(headers: &HeaderMap) -> Value {
    let pairs = headers.iter().map(|(name, value)| {
        let value = value.to_str().expect("text");
        (name.as_str().to_owned(), json!(value))
    });
    Value::Object(pairs.collect())
}

/// Writes an exchange down and passes it on. An answer that breaks off has nothing to hold to the description.
async fn tap(State(wire): State<Wire>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = body.collect().await.expect("a whole request").to_bytes();
    let headers = text_of(&parts.headers);
    let request = Request::from_parts(parts, Body::from(asked.clone()));
    let at = {
        let mut wire = wire.lock().expect("a whole lock");
        wire.push(json!({
            "what": "exchange",
            "headers": headers,
            "body": String::from_utf8_lossy(&asked),
            "answer": null,
        }));
        wire.len() - 1
    };
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(body) = body.collect().await else {
        let broken = futures_util::stream::iter([Err::<&str, _>(std::io::Error::other("broken"))]);
        return Response::from_parts(parts, Body::from_stream(broken));
    };
    let body = body.to_bytes();
    wire.lock().expect("a whole lock")[at]["answer"] = json!({
        "status": parts.status.as_u16(),
        "headers": text_of(&parts.headers),
        "body": String::from_utf8_lossy(&body),
    });
    Response::from_parts(parts, Body::from(body))
}

/// Holds messages to the published description.
fn description() -> Judge {
    Judge::start("connector_description.py")
}

/// The reference connector and the desk's way to it.
struct World {
    reference: Arc<ReferenceConnector>,
    desk: Connector,
    wire: Wire,
    server: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const HASTE: Duration = Duration::from_millis(300);

async fn serve(router: Router) -> (String, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move { axum::serve(listener, router).await.expect("served") });
    (url, server)
}

impl World {
    async fn new(over_http: bool, patience: Duration) -> Self {
        let reference = ReferenceConnector::new(keys(), clock());
        let wire = Wire::default();
        let router = reference
            .router()
            .layer(from_fn_with_state(Arc::clone(&wire), tap));
        let (transport, server) = if over_http {
            let (url, server) = serve(router).await;
            let guard = Guard {
                allow_insecure: true,
                internal: vec![Internal::read("127.0.0.1").expect("an address")],
                ..Guard::default()
            };
            let way_out = Arc::new(WayOut::new(guard));
            (Transport::Http { way_out, url }, Some(server))
        } else {
            (Transport::InProcess(router), None)
        };
        Self {
            reference,
            desk: Connector::new(transport, keys()).with_timeout(patience),
            wire,
            server,
        }
    }

    async fn both(patience: Duration) -> [Self; 2] {
        [
            Self::new(false, patience).await,
            Self::new(true, patience).await,
        ]
    }

    fn effects(&self) -> usize {
        self.reference.effects().len()
    }

    /// Holds all that went over the wire to the description.
    fn judged(&self, judge: &mut Judge, faulty_answers: bool) {
        let wire = self.wire.lock().expect("a whole lock");
        assert!(!wire.is_empty());
        for exchange in wire.iter() {
            let mut exchange = exchange.clone();
            if faulty_answers {
                exchange["answer"] = Value::Null;
            }
            assert_eq!(judge.ask(&exchange), json!("fits"), "{exchange}");
        }
    }
}

#[tokio::test]
async fn each_command_is_done_once_and_says_so() {
    let mut judge = description();
    for world in World::both(PATIENCE).await {
        for (name, kind) in CommandKind::ALL {
            let order = order(name, kind);
            let due = Some(Timestamp::from_second(1_764_100_000).unwrap());
            for _ in 0..3 {
                assert_eq!(world.desk.send(&order, due, now()).await, done());
            }
            assert_eq!(world.desk.ask(&order, now()).await, Asked::Said(done()));
            let effects = world.reference.effects();
            let effect = effects.last().expect("an effect");
            assert_eq!(effect.command, name);
            assert_eq!(effect.order_number, "88123");
            // Units and accounts stand where they belong, whatever else the desk knows.
            assert_eq!(effect.units.is_some(), kind == CommandKind::Redeliver);
            assert_eq!(effect.account.is_some(), kind == CommandKind::Replace);
        }
        assert_eq!(world.effects(), CommandKind::ALL.len());
        world.judged(&mut judge, false);
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_command_is_done_exactly_once_in_the_end() {
    let mut judge = description();
    use ConnectorSaid::{Accepted, Unknown};
    let unknown = |seen: &str| Unknown {
        seen: seen.to_owned(),
    };
    let table = [
        // A lost answer is a broken body in process, and mostly a broken connection over HTTP.
        // what goes wrong, what is said (unknown: how it begins), done so far, what is said when it is carried on
        (Fault::LostAnswer, unknown("the connect"), 1, done()),
        (Fault::Silence, unknown("no answer in time"), 1, done()),
        (
            Fault::ErrorBefore,
            unknown("the connector answered 500"),
            0,
            done(),
        ),
        (
            Fault::ErrorAfter,
            unknown("the connector answered 500"),
            1,
            done(),
        ),
        (
            Fault::Unavailable,
            unknown("the connector answered 503"),
            0,
            done(),
        ),
        (
            Fault::OtherKey,
            unknown("the connector's answer is about another command"),
            1,
            done(),
        ),
        (
            Fault::Garbage,
            unknown("the connector's answer cannot be read"),
            1,
            done(),
        ),
        (
            Fault::TooLong,
            unknown("the connector answered 200 with more than"),
            1,
            done(),
        ),
        (Fault::Later, Accepted, 0, Accepted),
        (
            Fault::Refuse("sold out".to_owned()),
            refused("sold out"),
            0,
            refused("sold out"),
        ),
    ];
    for (fault, wanted, effects, carried_on) in table {
        let patience = if fault == Fault::Silence {
            HASTE
        } else {
            PATIENCE
        };
        for world in World::both(patience).await {
            let order = order("k1", CommandKind::Redeliver);
            world.reference.plan(fault.clone());
            let said = world.desk.send(&order, None, now()).await;
            match (&said, &wanted) {
                (Unknown { seen }, Unknown { seen: begins }) => {
                    assert!(seen.starts_with(begins.as_str()), "{fault:?}: {seen}");
                }
                _ => assert_eq!(said, wanted, "{fault:?}"),
            }
            assert_eq!(world.effects(), effects, "{fault:?}");
            for _ in 0..2 {
                let said = world.desk.carry_on(&order, None, now()).await;
                assert_eq!(said, carried_on, "{fault:?}");
            }
            let ends = usize::from(carried_on == done());
            assert_eq!(world.effects(), ends, "{fault:?}");
            world.judged(
                &mut judge,
                matches!(fault, Fault::OtherKey | Fault::Garbage | Fault::TooLong),
            );
        }
    }
}

#[tokio::test]
async fn many_at_once_under_one_key_are_one() {
    let world = World::new(true, PATIENCE).await;
    let order = order("k1", CommandKind::Expedite);
    let sends = (0..16).map(|_| world.desk.send(&order, None, now()));
    for said in futures_util::future::join_all(sends).await {
        assert_eq!(said, done());
    }
    assert_eq!(world.effects(), 1);
}

#[tokio::test]
async fn a_key_with_other_content_is_unknown_and_named() {
    let mut judge = description();
    for world in World::both(PATIENCE).await {
        let first = order("k1", CommandKind::Redeliver);
        assert_eq!(world.desk.send(&first, None, now()).await, done());
        let others = [
            CommandOrder {
                units: Some(7),
                ..first.clone()
            },
            CommandOrder {
                order_number: "99".to_owned(),
                ..first.clone()
            },
            order("k1", CommandKind::Stop),
        ];
        for other in others {
            let ConnectorSaid::Unknown { seen } = world.desk.send(&other, None, now()).await else {
                panic!("{other:?}");
            };
            assert_eq!(
                seen,
                "the connector answered 409: the key was used for another command"
            );
        }
        // A name and a moved deadline are not content.
        let renamed = CommandOrder {
            reference: "cmd_x".to_owned(),
            ..first.clone()
        };
        assert_eq!(world.desk.send(&renamed, Some(now()), now()).await, done());
        assert_eq!(world.effects(), 1);
        world.judged(&mut judge, false);
    }
}

#[tokio::test]
async fn who_does_not_know_the_secret_or_the_time_gets_nothing_done() {
    let mut judge = description();
    let world = World::new(false, PATIENCE).await;
    let other = SigningKey::read("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a key");
    let router = world.reference.router();
    let stranger = Connector::new(Transport::InProcess(router.clone()), KeyRing::new(other));
    let order = order("k1", CommandKind::Stop);
    let late = Timestamp::from_second(now().as_second() - 301).unwrap();
    for said in [
        stranger.send(&order, None, now()).await,
        world.desk.send(&order, None, late).await,
    ] {
        let ConnectorSaid::Unknown { seen } = said else {
            panic!("{said:?}");
        };
        assert_eq!(
            seen,
            "the connector answered 401: the message is not signed as it should be"
        );
    }
    assert_eq!(world.effects(), 0);
    world.judged(&mut judge, false);
}

#[tokio::test]
async fn a_connector_inside_is_reached_only_if_it_is_on_the_list() {
    let (url, server) = serve(ReferenceConnector::new(keys(), clock()).router()).await;
    let way_out = Arc::new(WayOut::new(Guard {
        allow_insecure: true,
        ..Guard::default()
    }));
    let desk = Connector::new(Transport::Http { way_out, url }, keys());
    let ConnectorSaid::Unknown { seen } = desk
        .send(&order("k1", CommandKind::Stop), None, now())
        .await
    else {
        panic!("it was reached");
    };
    assert!(seen.contains("add it to `allow_hosts`"), "{seen}");
    server.abort();
}

#[test]
fn only_a_plain_answer_about_this_command_says_anything() {
    let answer = |status: u16, body: &str| {
        Ok(Answer {
            status,
            headers: HeaderMap::new(),
            body: AnswerBody::Whole(body.to_owned().into()),
        })
    };
    let cut = |body| {
        Ok(Answer {
            status: 200,
            headers: HeaderMap::new(),
            body,
        })
    };
    let of_version = |version: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(VERSION_HEADER, HeaderValue::from_str(version).unwrap());
        Ok(Answer {
            status: 200,
            headers,
            body: AnswerBody::Whole(r#"{"key":"k","state":"done"}"#.into()),
        })
    };
    let done_with = |note: Option<&str>| {
        Asked::Said(ConnectorSaid::Done {
            note: note.map(str::to_owned),
        })
    };
    let accepted = Asked::Said(ConnectorSaid::Accepted);
    let sold_out = Asked::Said(refused("sold out"));
    let says = [
        (
            answer(200, r#"{"key":"k","state":"done"}"#),
            done_with(None),
        ),
        (
            answer(202, r#"{"key":"k","state":"accepted"}"#),
            accepted.clone(),
        ),
        (
            answer(200, r#"{"state":"done","note":"a\nb","key":"k","eta":5}"#),
            done_with(Some("a b")),
        ),
        (
            answer(200, r#"{"key":"k","state":"refused","why":"sold out"}"#),
            sold_out,
        ),
        (
            answer(200, r#"{"key":"k","state":"not_seen"}"#),
            Asked::NeverSeen,
        ),
        (of_version("1"), done_with(None)),
    ];
    for (answered, wanted) in says {
        assert_eq!(said("k", &answered), wanted, "{answered:?}");
    }
    let good = r#"{"key":"k","state":"done"}"#;
    let refusal = r#"{"key":"k","state":"refused","why":"sold out"}"#;
    let unknown = [
        answer(201, good),
        answer(204, ""),
        answer(301, good),
        // A refusal with a status that is none: a proxy can say 4xx, and a try before may have been taken on.
        answer(400, refusal),
        answer(401, refusal),
        answer(403, refusal),
        answer(404, refusal),
        answer(409, refusal),
        answer(410, refusal),
        answer(422, refusal),
        answer(429, refusal),
        answer(500, refusal),
        answer(502, ""),
        answer(503, good),
        answer(504, good),
        answer(200, ""),
        answer(200, "null"),
        answer(200, "[]"),
        answer(200, "<html>"),
        answer(200, r#"{"key":"k"}"#),
        answer(200, r#"{"state":"done"}"#),
        answer(200, r#"{"key":"K","state":"done"}"#),
        answer(200, r#"{"key":"k","state":"Done"}"#),
        answer(200, r#"{"key":"k","state":"finished"}"#),
        answer(200, r#"{"key":"k","state":"refused"}"#),
        answer(200, r#"{"key":"k","state":"refused","why":" "}"#),
        answer(200, r#"{"key":"k","state":"done"} {}"#),
        answer(
            200,
            r#"{"key":"k","state":"done","state":"refused","why":"x"}"#,
        ),
        cut(AnswerBody::TooLong),
        cut(AnswerBody::Broken),
        of_version("2"),
        Err(NoAnswer::TimedOut),
        Err(NoAnswer::Broken("reset".to_owned())),
        Err(NoAnswer::NotReached("refused".to_owned())),
    ];
    for answered in unknown {
        let asked = said("k", &answered);
        let Asked::Said(ConnectorSaid::Unknown { seen }) = &asked else {
            panic!("{answered:?}: {asked:?}");
        };
        assert!(!seen.is_empty() && !seen.contains('\n'));
    }
    // What cannot be read is told by its place, not by its words.
    let told = [
        (
            r#"{"key":"k","state":"ada@example.com"}"#,
            "`state` in line 1, column 36",
        ),
        (
            r#"{"key":"k"}"#,
            "line 1, column 11; it has to have `key` and `state`",
        ),
        (
            r#"{"key":"k","state":"done"} ada"#,
            "something stands behind it",
        ),
    ];
    for (body, place) in told {
        let seen = format!("the connector's answer cannot be read: {place}");
        assert_eq!(
            said("k", &answer(200, body)),
            Asked::Said(ConnectorSaid::Unknown { seen })
        );
    }
    // Words of others are cut, and only the title of a problem is kept.
    let long = format!(
        r#"{{"key":"k","state":"refused","why":"{}"}}"#,
        "å".repeat(5000)
    );
    let Asked::Said(ConnectorSaid::Refused { why }) = said("k", &answer(200, &long)) else {
        panic!("a refusal");
    };
    assert_eq!(why.chars().count(), 500);
    let problem = r#"{"type":"x","title":"busy","detail":"customer ada@example.com"}"#;
    let seen = said("k", &answer(503, problem));
    let wanted = "the connector answered 503: busy".to_owned();
    assert_eq!(seen, Asked::Said(ConnectorSaid::Unknown { seen: wanted }));
}

#[tokio::test]
async fn what_was_taken_on_is_told_later_and_can_be_told_twice() {
    let mut judge = description();
    for world in World::both(PATIENCE).await {
        let endings = [
            ("k1", Ending::Done, done()),
            (
                "k2",
                Ending::Refused("the profile is gone".to_owned()),
                refused("the profile is gone"),
            ),
        ];
        for (key, ending, wanted) in endings {
            let order = order(key, CommandKind::Restart);
            world.reference.plan(Fault::Later);
            assert_eq!(
                world.desk.send(&order, None, now()).await,
                ConnectorSaid::Accepted
            );
            assert_eq!(
                world.desk.ask(&order, now()).await,
                Asked::Said(ConnectorSaid::Accepted)
            );
            let callback = world.reference.finish(key, &ending).expect("a callback");
            let read = || {
                world
                    .desk
                    .read_callback(&callback.headers, &callback.body, now())
            };
            let told = read().expect("it is taken");
            assert_eq!(
                (told.key.as_str(), &told.said, told.at),
                (key, &wanted, Some(now()))
            );
            // The same message has the same name, so that the desk can know it again.
            assert_eq!(read().expect("it is taken"), told);
            // What is asked and what was told agree.
            assert_eq!(world.desk.ask(&order, now()).await, Asked::Said(wanted));
            assert!(world.reference.finish(key, &Ending::Done).is_none());
            let body = String::from_utf8(callback.body.to_vec()).unwrap();
            let judged = judge.ask(&json!({
                "what": "callback", "headers": text_of(&callback.headers), "body": body,
            }));
            assert_eq!(judged, json!("fits"));
        }
        assert_eq!(world.effects(), 1);
        world.judged(&mut judge, false);
    }
}

#[tokio::test]
async fn a_callback_that_is_not_one_is_not_taken() {
    let world = World::new(false, PATIENCE).await;
    world.reference.plan(Fault::Later);
    let order = order("k1", CommandKind::Restart);
    world.desk.send(&order, None, now()).await;
    let good = world
        .reference
        .finish("k1", &Ending::Done)
        .expect("a callback");
    let read = |headers: &HeaderMap, body: &[u8], at: Timestamp| {
        world
            .desk
            .read_callback(headers, body, at)
            .expect_err("it is not taken")
    };
    let no_fit = CallbackFault::Signature(SignatureFault::NoneFits);
    let tampered = good.body.iter().copied().chain([b' ']).collect::<Vec<_>>();
    assert_eq!(read(&good.headers, &tampered, now()), no_fit);
    let later = Timestamp::from_second(now().as_second() + 301).unwrap();
    let too_old = CallbackFault::Signature(SignatureFault::TooOld);
    assert_eq!(read(&good.headers, &good.body, later), too_old);
    let mut other = good.headers.clone();
    other.insert(VERSION_HEADER, HeaderValue::from_static("2"));
    assert_eq!(read(&other, &good.body, now()), CallbackFault::Version);
    let mut unsigned = good.headers.clone();
    unsigned.remove("webhook-signature");
    let missing = CallbackFault::Signature(SignatureFault::Header("webhook-signature"));
    assert_eq!(read(&unsigned, &good.body, now()), missing);
    let long = vec![b' '; BODY_MOST + 1];
    assert_eq!(read(&good.headers, &long, now()), CallbackFault::TooLong);
    // Signed, but nothing is said; the first is the desk's own command, sent back to it.
    let own = world.wire.lock().expect("a whole lock")[0]["body"]
        .as_str()
        .unwrap()
        .to_owned();
    let unreadable = [
        own.as_str(),
        "",
        "{}",
        r#"{"key":"k1","state":"not_seen"}"#,
        r#"{"key":"k1","state":"refused"}"#,
        r#"{"key":"k1","state":"done","at":"yesterday"}"#,
    ];
    for body in unreadable {
        let body = bytes::Bytes::from(body.to_owned());
        let signed = world.reference.again(&body).expect("signed");
        let fault = read(&signed.headers, &body, now());
        assert!(matches!(fault, CallbackFault::Unreadable(_)), "{fault:?}");
    }
}

#[tokio::test]
async fn a_changed_secret_counts_on_both_sides_while_both_are_known() {
    let (old, new) = (
        || SigningKey::read(SECRET).expect("a key"),
        || SigningKey::read("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").expect("a key"),
    );
    let end = Timestamp::from_second(now().as_second() + 3600).unwrap();
    // The connector still knows the old secret only; the desk has changed it.
    let reference = ReferenceConnector::new(KeyRing::new(old()), clock());
    let mut keys = KeyRing::new(old());
    keys.rotate(new(), end);
    let desk = Connector::new(Transport::InProcess(reference.router()), keys);
    assert_eq!(
        desk.send(&order("k1", CommandKind::Stop), None, now())
            .await,
        done()
    );
    // And the other way round.
    let reference = ReferenceConnector::new(KeyRing::new(new()), clock());
    let desk_keys = KeyRing::new(new());
    let desk = Connector::new(Transport::InProcess(reference.router()), desk_keys);
    assert_eq!(
        desk.send(&order("k1", CommandKind::Stop), None, now())
            .await,
        done()
    );
}

/// Messages that say too little, too much, or nothing that is known.
fn wrong_messages() -> Vec<Value> {
    let good = json!({
        "command": "redeliver", "key": "k", "reference": "r", "order_number": "1", "units": 5,
    });
    let replace = json!({
        "command": "replace", "key": "k", "reference": "r", "order_number": "1", "account": "a",
    });
    let status = json!({
        "command": "status", "key": "k", "reference": "r", "order_number": "1",
        "asked_at": "2026-11-25T10:05:00Z",
    });
    let with = |message: &Value, name: &str, value: Value| {
        let mut changed = message.clone();
        changed[name] = value;
        changed
    };
    let mut wrong = vec![json!([]), json!(null), json!("redeliver"), json!({})];
    for message in [&good, &replace, &status] {
        for name in message.as_object().expect("an object").keys() {
            let mut without = message.clone();
            without.as_object_mut().expect("an object").remove(name);
            wrong.push(without);
            wrong.push(with(message, name, Value::Null));
            wrong.push(with(message, name, json!("")));
            wrong.push(with(message, name, json!("x".repeat(256))));
            wrong.push(with(message, name, json!({"a": 1})));
        }
        wrong.push(with(message, "command", json!("stop")));
        wrong.push(with(message, "command", json!("destroy")));
        wrong.push(with(message, "more", json!(1)));
    }
    for units in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!("5"),
        json!(9_007_199_254_740_992_u64),
    ] {
        wrong.push(with(&good, "units", units));
    }
    wrong.push(with(&good, "account", json!("a")));
    wrong.push(with(&good, "asked_at", json!("2026-11-25T10:05:00Z")));
    wrong.push(with(&good, "due", json!("tomorrow")));
    wrong.push(with(&replace, "units", json!(1)));
    wrong.push(with(&status, "due", json!("2026-11-25T10:05:00Z")));
    wrong
}

#[tokio::test]
async fn the_reference_connector_refuses_what_the_description_refuses() {
    let world = World::new(true, PATIENCE).await;
    let Transport::Http { way_out, url } = world.desk.transport() else {
        panic!("over HTTP");
    };
    for message in wrong_messages() {
        let body = bytes::Bytes::from(message.to_string());
        let signed = world.reference.again(&body).expect("signed");
        let post = Post {
            url,
            headers: signed.headers,
            body,
            timeout: PATIENCE,
            answer_most: BODY_MOST,
        };
        let answer = way_out.post(post).await.expect("an answer");
        assert!(
            matches!(answer.status, 400 | 422),
            "{message}: {}",
            answer.status
        );
    }
    assert_eq!(world.effects(), 0);
}

#[test]
fn the_judge_of_the_description_is_not_content_with_everything() {
    let mut judge = description();
    let headers = json!({
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": "1764000000",
        "webhook-signature": "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        "makegood-connector": "1",
    });
    let good = json!({
        "command": "redeliver", "key": "k", "reference": "r", "order_number": "1", "units": 5,
    });
    let mut ask = |what: &str, headers: &Value, body: &Value, answer: Value| {
        let asked =
            json!({"what": what, "headers": headers, "body": body.to_string(), "answer": answer});
        judge.ask(&asked).as_str().unwrap().to_owned()
    };
    assert_eq!(ask("exchange", &headers, &good, Value::Null), "fits");
    for body in wrong_messages() {
        assert_ne!(
            ask("exchange", &headers, &body, Value::Null),
            "fits",
            "{body}"
        );
    }
    for name in [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "makegood-connector",
    ] {
        let mut without = headers.clone();
        without.as_object_mut().unwrap().remove(name);
        assert_ne!(
            ask("exchange", &without, &good, Value::Null),
            "fits",
            "{name}"
        );
    }
    let answer = |status: u16, body: Value| json!({"status": status, "headers": {"content-type": "application/json"}, "body": body.to_string()});
    let said = answer(200, json!({"key": "k", "state": "done"}));
    assert_eq!(ask("exchange", &headers, &good, said), "fits");
    let wrong = [
        answer(200, json!({"key": "k", "state": "refused"})),
        answer(200, json!({"key": "k", "state": "finished"})),
        answer(200, json!({"state": "done"})),
        answer(299, json!({"key": "k", "state": "done"})),
        answer(409, json!({"key": "k", "state": "done"})),
    ];
    for answer in wrong {
        assert_ne!(
            ask("exchange", &headers, &good, answer.clone()),
            "fits",
            "{answer}"
        );
    }
    let callback = json!({"key": "k", "state": "done", "at": "2026-11-25T16:40:00Z"});
    assert_eq!(ask("callback", &headers, &callback, Value::Null), "fits");
    for body in [
        json!({"key": "k", "state": "not_seen"}),
        json!({"key": "k", "state": "refused"}),
        good,
    ] {
        assert_ne!(
            ask("callback", &headers, &body, Value::Null),
            "fits",
            "{body}"
        );
    }
}

#[tokio::test]
async fn what_schemathesis_invents_is_answered_as_described() {
    let reference = ReferenceConnector::new(keys(), Arc::new(Timestamp::now));
    let (url, server) = serve(reference.router()).await;
    let run = tokio::task::spawn_blocking(move || {
        let peers = peers();
        let folder =
            std::env::temp_dir().join(format!("makegood-connector-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let mut command = std::process::Command::new(peers.join("venv/bin/schemathesis"));
        let manifest = std::path::PathBuf::from(
            std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"),
        );
        let output = command
            .arg("run")
            .arg(manifest.join("../../docs/connector.openapi.yaml"))
            .args([
                "--url",
                &url,
                "--checks",
                "all",
                "--max-examples",
                "150",
                "--seed",
                "1",
            ])
            .args(["--no-color", "--max-response-time", "10"])
            .env(
                "SCHEMATHESIS_HOOKS",
                script("connector_schemathesis.py")
                    .get_args()
                    .next()
                    .unwrap(),
            )
            .env("MAKEGOOD_SECRET", SECRET)
            .current_dir(&folder)
            .output()
            .expect("schemathesis runs");
        let _ = std::fs::remove_dir_all(&folder);
        output
    });
    let output = run.await.expect("it ends");
    server.abort();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{faults}");
    // It got through: some of what it invented was done.
    assert!(!reference.effects().is_empty(), "{told}");
}

/// Waits until something holds, up to a time that is only reached where it never does.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never holds");
}

#[tokio::test]
async fn the_connector_of_the_command_line_tells_the_end_until_it_is_heard() {
    let hooks = Receiver::start(Manner::Status(500)).await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = listener.local_addr().expect("an address");
    drop(listener);
    let secret = std::env::temp_dir().join(format!("makegood-secret-{}", std::process::id()));
    std::fs::write(&secret, format!("{SECRET}\n")).expect("written");
    let args = ConnectorArgs {
        listen,
        secret_file: secret.clone(),
        callback: Some(hooks.url()),
        later: Some(0),
        faults: vec!["error-before".parse().expect("a fault")],
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let stopped = async move {
            let _ = stopped.await;
        };
        args.serve(Arc::new(Timestamp::now), stopped).await
    });
    let guard = Guard {
        allow_insecure: true,
        internal: vec![Internal::read("127.0.0.1").expect("an address")],
        ..Guard::default()
    };
    let (way_out, url) = (Arc::new(WayOut::new(guard)), format!("http://{listen}/"));
    let desk = Connector::new(Transport::Http { way_out, url }, keys());
    until(|| std::net::TcpStream::connect(listen).is_ok()).await;
    let order = order("k1", CommandKind::Stop);
    let said = desk.send(&order, None, Timestamp::now()).await;
    assert!(matches!(said, ConnectorSaid::Unknown { .. }), "{said:?}");
    let said = desk.carry_on(&order, None, Timestamp::now()).await;
    assert_eq!(said, ConnectorSaid::Accepted);
    until(|| hooks.seen().len() == 1).await;
    hooks.behave(Manner::Status(204));
    until(|| hooks.seen().len() == 2).await;
    let mut names = std::collections::BTreeSet::new();
    for seen in hooks.seen() {
        let mut headers = HeaderMap::new();
        for (name, value) in &seen.headers {
            let name = axum::http::HeaderName::try_from(name).expect("a name");
            headers.insert(name, HeaderValue::try_from(value).expect("a value"));
        }
        let told = desk
            .read_callback(&headers, &seen.body, Timestamp::now())
            .expect("taken");
        assert_eq!((told.key.as_str(), told.said), ("k1", done()));
        names.insert(told.id);
    }
    assert_eq!(names.len(), 1);
    assert_eq!(
        desk.ask(&order, Timestamp::now()).await,
        Asked::Said(done())
    );
    stop.send(()).expect("it runs");
    assert_eq!(server.await.expect("it ends"), Ok(()));
    std::fs::remove_file(&secret).expect("removed");
}

#[tokio::test]
async fn a_connector_without_its_secret_says_which_file() {
    let args = |secret_file: std::path::PathBuf| ConnectorArgs {
        listen: "127.0.0.1:0".parse().expect("an address"),
        secret_file,
        callback: None,
        later: None,
        faults: Vec::new(),
    };
    let missing = args("/no/such/secret".into());
    let told = missing
        .serve(Arc::new(Timestamp::now), async {})
        .await
        .expect_err("no secret");
    assert!(
        told.starts_with("the secret in /no/such/secret cannot be read"),
        "{told}"
    );
    let file = std::env::temp_dir().join(format!("makegood-no-secret-{}", std::process::id()));
    std::fs::write(&file, "hunter2").expect("written");
    let told = args(file.clone())
        .serve(Arc::new(Timestamp::now), async {})
        .await;
    std::fs::remove_file(&file).expect("removed");
    let told = told.expect_err("no secret");
    assert!(
        told.contains("begins with `whsec_`") && !told.contains("hunter2"),
        "{told}"
    );
}
