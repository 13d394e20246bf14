// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files: what they are is seen, what is wrong is told by line, and a run that was killed goes on.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::sync::Arc;

use makegood::books::intake::Outcome;
use makegood::books::intake::line::Kind;
use makegood::clock::Clock;
use makegood::goods::import::source::{Encoding, Form, Position, Record, Source};
use makegood::goods::import::{Progress, Run, Tally};
use makegood::store::Value;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::ground::Ground;

makegood::statements! {
    ENTRIES = "select order_number, key, at, id, event, value, account from log_entry";
    ENTRY_COUNT = "select count(*) from log_entry";
}

fn look(ground: &Ground, name: &str, bytes: &[u8], kind: Option<Kind>) -> Result<Source, String> {
    let path = ground.folder.join(name);
    fs::write(&path, bytes).expect("written");
    Source::look(&path, None, None, kind)
}

fn records(source: &Source, from: Position) -> Vec<Record> {
    let mut records = Vec::new();
    let read = source.each(from, &mut |record| {
        records.push(record);
        true
    });
    read.expect("read");
    records
}

fn run(ground: &Ground, source: Source, dry: bool) -> Run {
    Run {
        intake: ground.intake.clone(),
        source,
        dry,
        clock: Clock::default(),
    }
}

/// A delivery log of so many entries, a table.
fn table(entries: u32) -> String {
    let mut text = String::from("order,at,event,count,id\n");
    for entry in 0..entries {
        let (order, minute, second) = (entry / 20, entry / 60 % 60, entry % 60);
        writeln!(
            text,
            "VL-{order},2026-10-01T12:{minute:02}:{second:02}Z,count,{entry},e{entry}"
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn a_file_is_seen_for_what_it_is() {
    let ground = Ground::sqlite().await;
    let head = "order,at,channel\n";
    let table: [(&[u8], Form, Encoding); 7] = [
        (b"order,at,channel\n", Form::Csv(b','), Encoding::Utf8),
        (b"order;at;channel\n", Form::Csv(b';'), Encoding::Utf8),
        (b"order\tat\tchannel\n", Form::Csv(b'\t'), Encoding::Utf8),
        (
            b"\xef\xbb\xbforder,at,channel\n",
            Form::Csv(b','),
            Encoding::Utf8,
        ),
        (
            b"order,at,channel\nVL-\xe6,2026-10-01T12:00:00Z,chat\n",
            Form::Csv(b','),
            Encoding::Latin1,
        ),
        (b"{}\n", Form::Ndjson, Encoding::Utf8),
        (b"\xef\xbb\xbf\n {}\n", Form::Ndjson, Encoding::Utf8),
    ];
    for (bytes, form, encoding) in table {
        let source = look(&ground, "file", bytes, Some(Kind::Contact)).unwrap();
        assert_eq!(
            (source.form, source.encoding),
            (form, encoding),
            "{bytes:?}"
        );
        assert!(records(&source, Position::default()).len() <= 1);
    }
    assert!(
        look(&ground, "file", b"\xff\xfeo", None)
            .unwrap_err()
            .contains("UTF-16")
    );
    assert!(
        look(&ground, "file", head.as_bytes(), None)
            .unwrap_err()
            .contains("--type")
    );
    let latin = look(
        &ground,
        "file",
        b"order,at,channel\nVL-\xe6,2026-10-01T12:00:00Z,chat\n",
        Some(Kind::Contact),
    )
    .unwrap();
    let line = records(&latin, Position::default()).remove(0).line;
    assert_eq!(line.ok().unwrap().order, "VL-æ");
}

#[tokio::test]
async fn reading_goes_on_at_every_line_as_if_it_had_never_stopped() {
    let ground = Ground::sqlite().await;
    let csv = "\u{feff}order;at;event;account\nVL-1;2026-10-01T12:00:00Z;login;\"a;1\"\n\nVL-2;oops;login;a\r\n\"VL\n3\";2026-10-01T12:00:00Z;login;a\nVL-4;2026-10-01T12:00:00Z;login;a";
    let ndjson = "{\"type\":\"log\",\"order\":\"VL-1\",\"entry\":{\"at\":\"2026-10-01T12:00:00Z\",\"event\":\"completed\"}}\n\n{\n[1]\r\nx";
    let all = [
        look(&ground, "a.csv", csv.as_bytes(), Some(Kind::Log)).unwrap(),
        look(&ground, "a.ndjson", ndjson.as_bytes(), None).unwrap(),
        parquet_file(&ground, 100),
    ];
    for source in all {
        let whole = records(&source, Position::default());
        assert!(whole.len() >= 4, "{:?}", source.form);
        for (at, record) in whole.iter().enumerate() {
            let rest = records(&source, record.after);
            assert_eq!(
                rest.len(),
                whole.len() - at - 1,
                "{:?} after {at}",
                source.form
            );
            for (one, other) in rest.iter().zip(&whole[at + 1..]) {
                let said = |record: &Record| match &record.line {
                    Ok(line) => line.order.clone(),
                    Err(wrong) => wrong.detail.clone(),
                };
                assert_eq!(said(one), said(other));
                assert_eq!(one.after, other.after);
            }
        }
        assert_eq!(whole.last().unwrap().after.bytes, source.end);
    }
}

/// Entries of a delivery log in columns, moments and all.
fn parquet_file(ground: &Ground, entries: i64) -> Source {
    let schema = "message log { required binary order (utf8); required int64 at (timestamp_micros); required binary event (utf8); optional int64 count; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let path = ground.folder.join("log.parquet");
    let file = fs::File::create(&path).unwrap();
    let mut writer =
        SerializedFileWriter::new(file, schema, Arc::new(WriterProperties::default())).unwrap();
    for half in [0..entries / 2, entries / 2..entries] {
        let mut group = writer.next_row_group().unwrap();
        let numbers: Vec<i64> = half.collect();
        let text = |word: &str| ByteArray::from(word.as_bytes().to_vec());
        let orders: Vec<ByteArray> = numbers
            .iter()
            .map(|number| text(&format!("VL-{}", number / 20)))
            .collect();
        let events: Vec<ByteArray> = numbers.iter().map(|_| text("count")).collect();
        let times: Vec<i64> = numbers
            .iter()
            .map(|number| 1_790_000_000_000_000 + number)
            .collect();
        let there = vec![1; numbers.len()];
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&orders, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&times, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&events, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&numbers, Some(&there), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    Source::look(&path, None, None, Some(Kind::Log)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_of_parquet_are_taken_in() {
    for ground in Ground::both().await {
        let source = parquet_file(&ground, 1_000);
        assert_eq!((source.form, source.end), (Form::Parquet, 1_000));
        let run = run(&ground, source, false);
        let done = run
            .go(Progress::default(), 300, |_, _| Ok(()))
            .await
            .unwrap();
        assert_eq!(done.tally.new, 1_000);
        assert_eq!(ground.rows(&ENTRY_COUNT).await, [[Value::Int(1_000)]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_goes_on_and_nothing_is_missing_or_twice() {
    for ground in Ground::both().await {
        let text = table(1_000);
        let whole = Ground::sqlite().await;
        let source = look(&whole, "log.csv", text.as_bytes(), Some(Kind::Log)).unwrap();
        run(&whole, source, false)
            .go(Progress::default(), 64, |_, _| Ok(()))
            .await
            .unwrap();
        let source = look(&ground, "log.csv", text.as_bytes(), Some(Kind::Log)).unwrap();
        let mut runs = 0;
        loop {
            let run = run(&ground, source.clone(), false);
            let from = run.earlier().await.unwrap();
            runs += 1;
            // Each run is struck after its second batch.
            let mut batches = 0;
            let struck = run.go(from, 64, |_, _| {
                batches += 1;
                match batches {
                    2 => Err(io::Error::other("struck")),
                    _ => Ok(()),
                }
            });
            if struck.await.is_ok() {
                break;
            }
        }
        assert!(runs > 5, "{runs}");
        assert_eq!(ground.rows(&ENTRIES).await, whole.rows(&ENTRIES).await);
        let run = run(&ground, source, false);
        let done = run.earlier().await.unwrap();
        let expected = Tally {
            new: 1_000,
            ..Tally::default()
        };
        assert_eq!(done.tally, expected);
        assert_eq!(done.position.bytes, run.source.end);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_by_its_line_and_the_rest_is_taken_in() {
    let mut lines: Vec<String> = table(200).lines().map(str::to_owned).collect();
    lines[17] = lines[17].replace("count", "counted");
    lines[33] = "VL-1".to_owned();
    lines[50] = lines[49].clone();
    lines[60] = lines[59].replace(",58,", ",59,");
    for ground in Ground::both().await {
        let source = look(
            &ground,
            "log.csv",
            lines.join("\n").as_bytes(),
            Some(Kind::Log),
        )
        .unwrap();
        let mut said = Vec::new();
        // First only said, then done: the same comes of it.
        let mut tallies = Vec::new();
        for dry in [true, false] {
            said.clear();
            let run = run(&ground, source.clone(), dry);
            let done = run.go(Progress::default(), 1_000, |_, outcomes| {
                said.extend(
                    outcomes
                        .iter()
                        .filter(|(_, outcome)| *outcome != Outcome::New)
                        .cloned(),
                );
                Ok(())
            });
            tallies.push(done.await.unwrap().tally);
            let count = if dry { 0 } else { 196 };
            assert_eq!(ground.rows(&ENTRY_COUNT).await, [[Value::Int(count)]]);
        }
        assert_eq!(tallies[0], tallies[1]);
        let said: Vec<String> = said
            .iter()
            .map(|(line, outcome)| format!("{line} {outcome:?}"))
            .collect();
        assert_eq!(
            said,
            [
                "18 Wrong(event)",
                "34 Wrong()",
                "51 Same",
                "61 Conflict(entry.count)"
            ]
        );
    }
}
