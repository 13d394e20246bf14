// SPDX-License-Identifier: MIT OR Apache-2.0
//! Batches of any length: answered line by line, in order, whatever stands between.

use std::convert::Infallible;
use std::fmt::Write as _;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use makegood::books::intake::stream::answers;
use makegood::clock::Clock;
use makegood::store::Value;
use serde_json::{Value as Json, json};

use crate::ground::Ground;

makegood::statements! {
    COUNT = "select count(*) from log_entry";
}

async fn said<E: std::fmt::Display + Send + 'static>(
    ground: &Ground,
    body: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> Vec<Json> {
    let answers = answers(ground.intake.clone(), Clock::default(), body);
    let bytes: Vec<Bytes> = answers.collect().await;
    let text = String::from_utf8(bytes.concat()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn entry(number: usize) -> String {
    format!(
        r#"{{"type":"log","order":"VL-{}","entry":{{"at":"2026-10-01T12:00:00Z","event":"count","count":{number}}}}}"#,
        number / 20
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_lines_are_answered_each_by_its_own() {
    let mut body = String::new();
    for number in 1..=10_000 {
        match number {
            77 | 5_000 => writeln!(body, "{{").unwrap(),
            2_001 => writeln!(body).unwrap(),
            9_000 => writeln!(body, "{}", "x".repeat(100_000)).unwrap(),
            9_999 => writeln!(body, "{}", entry(9_998)).unwrap(),
            number => writeln!(body, "{}", entry(number)).unwrap(),
        }
    }
    // The last line may lack its end.
    body.pop();
    for ground in Ground::both().await {
        let pieces: Vec<Result<Bytes, Infallible>> = body
            .as_bytes()
            .chunks(7_919)
            .map(|piece| Ok(Bytes::copy_from_slice(piece)))
            .collect();
        let said = said(&ground, stream::iter(pieces)).await;
        assert_eq!(said.len(), 10_000);
        for (at, answer) in said.iter().enumerate() {
            let number = at + 1;
            assert_eq!(answer["line"], number);
            let expected = match number {
                77 | 2_001 | 5_000 | 9_000 => "wrong",
                9_999 => "same",
                _ => "new",
            };
            assert_eq!(answer["result"], expected, "{answer}");
        }
        assert_eq!(ground.rows(&COUNT).await, [[Value::Int(9_995)]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_an_answer_before_the_next_line_gets_it() {
    let ground = Ground::sqlite().await;
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<Result<Bytes, Infallible>>();
    let body = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut answers = Box::pin(answers(ground.intake.clone(), Clock::default(), body));
    for number in 1..=3 {
        sender.send(Ok(Bytes::from(entry(number) + "\n"))).unwrap();
        let answer = answers.next().await.unwrap();
        let answer: Json = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer, json!({"line": number, "result": "new"}));
    }
    drop(sender);
    assert!(answers.next().await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_breaks_off_says_from_where_on() {
    let ground = Ground::sqlite().await;
    let body = vec![
        Ok(Bytes::from(entry(1) + "\n" + &entry(2)[..20])),
        Err("the connection was reset"),
    ];
    let said = said(&ground, stream::iter(body)).await;
    assert_eq!(said[0]["result"], "new");
    assert_eq!(said[1]["result"], "stopped");
    assert_eq!(said[1]["line"], 2);
    assert_eq!(said.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_store_fails_nothing_more_is_answered_as_taken_in() {
    let ground = Ground::sqlite().await;
    ground.store.close().await;
    let body: Vec<Result<Bytes, Infallible>> = vec![Ok(Bytes::from(entry(1) + "\n"))];
    let said = said(&ground, stream::iter(body)).await;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["result"], "stopped");
}
