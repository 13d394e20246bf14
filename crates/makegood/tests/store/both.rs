// SPDX-License-Identifier: MIT OR Apache-2.0
//! What holds on both databases.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use futures_util::future::{FutureExt as _, join_all};
use makegood::store::{Dialect, Listener, Migration, Options, Store, Trouble, Value, migrations};

use crate::ground::*;

/// Each test once on SQLite and once on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Ground::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $name() {
                super::$name(&super::Ground::postgres().await).await;
            })+
        }
    };
}

on_both! {
    a_broken_rule_is_told_by_its_name,
    a_failing_job_takes_back_its_own_and_nothing_else,
    a_panicking_job_harms_nobody_else,
    a_refusal_comes_back_as_it_was_said_and_takes_everything_back,
    after_a_failed_statement_a_job_cannot_be_kept,
    a_job_that_stays_silent_about_a_failed_statement_is_not_kept,
    sixty_four_at_once_lose_no_increment,
    what_is_read_under_a_lock_is_not_outrun,
    what_is_read_serializably_is_not_outrun,
    sixty_and_sixty_on_a_hundred_have_one_winner,
    a_reservation_beyond_what_was_captured_is_against_a_rule,
    a_rule_that_is_checked_at_the_end_fails_its_own_job_alone,
    a_reader_sees_one_moment_and_keeps_nobody_from_writing,
    a_reader_cannot_write,
    what_goes_in_comes_out,
    a_zero_character_is_refused,
    what_does_not_fit_is_told_without_what_it_was,
    many_sets_of_values_change_as_one_by_one,
    a_migration_twice_is_once,
    a_store_that_is_behind_is_opened_only_with_leave,
    a_newer_store_is_refused,
    another_programs_store_is_refused,
    a_failing_migration_leaves_no_trace,
    a_listener_hears_what_was_committed_and_nothing_else,
    closing_waits_for_what_was_begun,
    a_closed_store_says_so,
}

/// The kind of a trouble, and the rule it names.
fn essence(outcome: &Result<u64, Trouble>) -> String {
    match outcome {
        Ok(rows) => format!("{rows} rows"),
        Err(Trouble::Conflict { constraint }) => format!("conflict: {constraint}"),
        Err(Trouble::Check { constraint }) => format!("check: {constraint}"),
        Err(Trouble::Reference) => "reference".to_owned(),
        Err(Trouble::Misused { .. }) => "misused".to_owned(),
        Err(other) => other.to_string(),
    }
}

async fn a_broken_rule_is_told_by_its_name(ground: &Ground) {
    let person = |number: i64, email: &str, name: &str, tag: Option<&str>| {
        vec![id(number), email.into(), name.into(), tag.into()]
    };
    let no_name = vec![id(9), "i@x".into(), Value::Null, Value::Null];
    let table = [
        (&ADD_PERSON, person(1, "a@x", "Ada", Some("t")), "1 rows"),
        (
            &ADD_PERSON,
            person(1, "b@x", "Bo", None),
            "conflict: person_pkey",
        ),
        (
            &ADD_PERSON,
            person(2, "a@x", "Bo", None),
            "conflict: person_by_email",
        ),
        (
            &ADD_PERSON,
            person(2, "b@x", "ADA", None),
            "conflict: person_by_small_name",
        ),
        (
            &ADD_PERSON,
            person(2, "b@x", "Bo", Some("t")),
            "conflict: person_tag_key",
        ),
        (
            &ADD_PERSON,
            person(2, "b@x", "", None),
            "check: person_name_is_there",
        ),
        (&ADD_PERSON, no_name, "check: person.name"),
        (&ADD_PERSON_IF_NEW, person(1, "c@x", "Cy", None), "0 rows"),
        (&ADD_SEAT, vec![1.into(), 1.into(), id(1)], "1 rows"),
        (
            &ADD_SEAT,
            vec![1.into(), 1.into(), Value::Null],
            "conflict: seat_pkey",
        ),
        (
            &ADD_SEAT,
            vec![1.into(), 2.into(), id(1)],
            "conflict: seat_of_person",
        ),
        (&ADD_SEAT, vec![1.into(), 2.into(), id(7)], "reference"),
        (&ADD_LATE_SEAT, vec![1.into(), 2.into(), id(7)], "reference"),
        (&DELETE_PERSON, vec![id(1)], "reference"),
        (&ADD_ACCOUNT, vec![1.into(), 100.into(), 0.into()], "1 rows"),
        (
            &ADD_ACCOUNT,
            vec![1.into(), 100.into(), 0.into()],
            "conflict: account_pkey",
        ),
        (&ADD_NOTE, vec!["said".into()], "1 rows"),
        (&CHANGE_NOTES, vec!["unsaid".into()], "check: note_is_final"),
    ];
    for (at, (statement, values, expected)) in table.into_iter().enumerate() {
        let outcome = change(&ground.store, statement, values).await;
        assert_eq!(essence(&outcome), expected, "row {at}: {}", statement.name);
    }
}

async fn a_failing_job_takes_back_its_own_and_nothing_else(ground: &Ground) {
    change(
        &ground.store,
        &ADD_ACCOUNT,
        vec![1.into(), 1_000_000.into(), 0.into()],
    )
    .await
    .expect("an account");
    let jobs = (0..200_i64).map(|number| {
        let fails = number % 2 == 0;
        ground.store.write(move |tx| {
            Box::pin(async move {
                let name = format!("person {number}");
                let person = [id(number), name.clone().into(), name.into(), Value::Null];
                tx.run(&ADD_PERSON, &person).await?;
                tx.run(&RESERVE, &[1.into(), 1.into()]).await?;
                let same_id = [id(number), "a".into(), "b".into(), Value::Null];
                match fails {
                    true => tx.run(&ADD_PERSON, &same_id).await,
                    false => Ok(1),
                }
            })
        })
    });
    let outcomes = join_all(jobs).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        let expected = if number % 2 == 0 {
            "conflict: person_pkey"
        } else {
            "1 rows"
        };
        assert_eq!(essence(outcome), expected);
    }
    assert_eq!(number(&ground.store, &COUNT_PEOPLE, vec![]).await, 100);
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 100);
}

async fn a_panicking_job_harms_nobody_else(ground: &Ground) {
    let jobs = (0..64_i64).map(|number| {
        ground.store.write(move |tx| {
            Box::pin(async move {
                let name = format!("person {number}");
                let person = [id(number), name.clone().into(), name.into(), Value::Null];
                tx.run(&ADD_PERSON, &person).await?;
                if number % 4 == 0 {
                    // Without the message that a panic prints.
                    std::panic::resume_unwind(Box::new("out of one's mind"));
                }
                Ok(())
            })
        })
    });
    for (number, outcome) in join_all(jobs).await.into_iter().enumerate() {
        match number % 4 {
            0 => assert!(matches!(outcome, Err(Trouble::Panicked))),
            _ => assert!(outcome.is_ok()),
        }
    }
    assert_eq!(number(&ground.store, &COUNT_PEOPLE, vec![]).await, 48);
    let read = ground
        .store
        .read(|_| std::panic::resume_unwind(Box::new(())));
    assert!(matches!(read.await, Err::<(), _>(Trouble::Panicked)));
    assert_eq!(number(&ground.store, &COUNT_PEOPLE, vec![]).await, 48);
}

async fn a_refusal_comes_back_as_it_was_said_and_takes_everything_back(ground: &Ground) {
    #[derive(Debug, PartialEq)]
    struct TooLate(u8);
    let outcome: Result<(), _> = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                Err(Trouble::refused(TooLate(7)))
            })
        })
        .await;
    let trouble = outcome.expect_err("a refusal");
    let trouble = trouble.into_refusal::<String>().expect_err("another type");
    assert_eq!(
        trouble.into_refusal::<TooLate>().expect("the reason"),
        TooLate(7)
    );
    let left = change(&ground.store, &CHANGE_NOTES, vec!["x".into()]).await;
    assert_eq!(left.expect("no note to change"), 0);
}

async fn after_a_failed_statement_a_job_cannot_be_kept(ground: &Ground) {
    let outcome = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                let _ = tx.run(&ADD_NOTE, &[Value::Null]).await;
                tx.run(&ADD_NOTE, &["said on".into()]).await
            })
        })
        .await;
    assert_eq!(essence(&outcome), "misused");
}

async fn a_job_that_stays_silent_about_a_failed_statement_is_not_kept(ground: &Ground) {
    let outcome = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                let _ = tx.run(&ADD_NOTE, &[Value::Null]).await;
                Ok(0)
            })
        })
        .await;
    assert_eq!(essence(&outcome), "misused");
    let left = change(&ground.store, &CHANGE_NOTES, vec!["x".into()]).await;
    assert_eq!(left.expect("no note to change"), 0);
}

async fn sixty_four_at_once_lose_no_increment(ground: &Ground) {
    open_account(&ground.store, 1, 1_000_000).await;
    let store = &ground.store;
    let callers = (0..64).map(|_| async move {
        for _ in 0..10 {
            let changed = change(store, &RESERVE_BLINDLY, vec![1.into(), 1.into()]).await;
            assert_eq!(changed.expect("changed"), 1);
        }
    });
    join_all(callers).await;
    assert_eq!(number(store, &RESERVED, vec![1.into()]).await, 640);
}

async fn what_is_read_under_a_lock_is_not_outrun(ground: &Ground) {
    open_account(&ground.store, 1, 1_000_000).await;
    let jobs = (0..64).map(|_| {
        ground.store.write(|tx| {
            Box::pin(async move {
                let row = tx.one(&RESERVED_LOCKED, &[1.into()]).await?;
                let next = row.expect("an account").int(0)? + 1;
                tx.run(&SET_RESERVED, &[next.into(), 1.into()]).await
            })
        })
    });
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("changed"), 1);
    }
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 64);
}

async fn what_is_read_serializably_is_not_outrun(ground: &Ground) {
    open_account(&ground.store, 1, 1_000_000).await;
    let jobs = (0..16).map(|_| {
        ground.store.write_serializable(|tx| {
            Box::pin(async move {
                let row = tx.one(&RESERVED, &[1.into()]).await?;
                let next = row.expect("an account").int(0)? + 1;
                tx.run(&SET_RESERVED, &[next.into(), 1.into()]).await
            })
        })
    });
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("changed"), 1);
    }
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 16);
    if ground.store.dialect() == Dialect::Postgres {
        assert!(
            ground.store.counts().again > 0,
            "nobody was ever in between"
        );
    }
}

async fn sixty_and_sixty_on_a_hundred_have_one_winner(ground: &Ground) {
    for round in 1..=200_i64 {
        open_account(&ground.store, round, 100).await;
        let both = (0..2).map(|_| {
            let store = ground.store.clone();
            tokio::spawn(
                async move { change(&store, &RESERVE, vec![60.into(), round.into()]).await },
            )
        });
        let won: u64 = join_all(both)
            .await
            .into_iter()
            .map(|outcome| outcome.expect("no panic").expect("an answer"))
            .sum();
        assert_eq!(won, 1, "round {round}");
        assert_eq!(
            number(&ground.store, &RESERVED, vec![round.into()]).await,
            60
        );
    }
}

async fn a_reservation_beyond_what_was_captured_is_against_a_rule(ground: &Ground) {
    open_account(&ground.store, 1, 100).await;
    for (amount, expected) in [
        (60, "1 rows"),
        (60, "check: account_reserved_within_captured"),
        (-61, "check: account_reserved_within_captured"),
        (40, "1 rows"),
    ] {
        let outcome = change(
            &ground.store,
            &RESERVE_BLINDLY,
            vec![amount.into(), 1.into()],
        )
        .await;
        assert_eq!(essence(&outcome), expected, "{amount}");
    }
}

async fn a_rule_that_is_checked_at_the_end_fails_its_own_job_alone(ground: &Ground) {
    let jobs = (0..32_i64).map(|number| {
        ground.store.write(move |tx| {
            Box::pin(async move {
                let name = format!("person {number}");
                let person = [id(number), name.clone().into(), name.into(), Value::Null];
                tx.run(&ADD_PERSON, &person).await?;
                let sitter = if number == 13 { id(1_000) } else { id(number) };
                tx.run(&ADD_LATE_SEAT, &[number.into(), 1.into(), sitter])
                    .await
            })
        })
    });
    for (number, outcome) in join_all(jobs).await.iter().enumerate() {
        let expected = if number == 13 { "reference" } else { "1 rows" };
        assert_eq!(essence(outcome), expected, "{number}");
    }
    assert_eq!(number(&ground.store, &COUNT_PEOPLE, vec![]).await, 31);
}

async fn a_reader_sees_one_moment_and_keeps_nobody_from_writing(ground: &Ground) {
    open_account(&ground.store, 1, 100).await;
    let (begun, has_begun) = mpsc::channel();
    let (written, is_written) = mpsc::channel();
    let is_written = Arc::new(std::sync::Mutex::new(is_written));
    let store = ground.store.clone();
    let reading = tokio::spawn(async move {
        store
            .read(move |tx| {
                let (begun, is_written) = (begun.clone(), Arc::clone(&is_written));
                Box::pin(async move {
                    let before = tx.one(&RESERVED, &[1.into()]).await?.expect("it").int(0)?;
                    begun.send(()).expect("somebody waits");
                    let wait = || {
                        let is_written = is_written.lock().expect("one reader");
                        is_written.recv_timeout(Duration::from_secs(20))
                    };
                    let waited = tokio::task::block_in_place(wait);
                    waited.expect("the writer was not kept from writing");
                    let after = tx.one(&RESERVED, &[1.into()]).await?.expect("it").int(0)?;
                    Ok((before, after))
                })
            })
            .await
    });
    tokio::task::spawn_blocking(move || has_begun.recv())
        .await
        .expect("no panic")
        .expect("the reader began");
    change(&ground.store, &RESERVE, vec![60.into(), 1.into()])
        .await
        .expect("written");
    written.send(()).expect("the reader waits");
    assert_eq!(reading.await.expect("no panic").expect("read"), (0, 0));
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 60);
}

async fn a_reader_cannot_write(ground: &Ground) {
    let outcome = ground
        .store
        .read(|tx| Box::pin(async move { tx.run(&ADD_NOTE, &["said".into()]).await }))
        .await;
    assert_eq!(essence(&outcome), "misused");
    let left = change(&ground.store, &CHANGE_NOTES, vec!["x".into()]).await;
    assert_eq!(left.expect("no note to change"), 0);
}

async fn what_goes_in_comes_out(ground: &Ground) {
    let every_byte: Vec<u8> = (0..=255).collect();
    let long = "Æblegrød 🍎 ".repeat(100_000);
    let table = [
        (Value::Null, Value::Null, Value::Null),
        (0.into(), "".into(), Vec::<u8>::new().into()),
        (i64::MIN.into(), "Æ".into(), vec![0].into()),
        (i64::MAX.into(), "e\u{301} ≠ é".into(), every_byte.into()),
        (
            (-1).into(),
            "\u{10FFFF}\u{1}\n\t'\"\\%_".into(),
            vec![0; 1 << 20].into(),
        ),
        (true.into(), long.as_str().into(), id(5)),
    ];
    for (at, (number, words, bytes)) in (1_i64..).zip(table) {
        let values = vec![at.into(), number.clone(), words.clone(), bytes.clone()];
        change(&ground.store, &KEEP, values).await.expect("kept");
        let row = ground
            .store
            .read(move |tx| Box::pin(async move { tx.one(&KEPT, &[at.into()]).await }))
            .await
            .expect("read")
            .expect("a row");
        assert!(row.into_values() == [number, words, bytes], "row {at}");
    }
}

async fn a_zero_character_is_refused(ground: &Ground) {
    let outcome = change(&ground.store, &ADD_NOTE, vec!["a\0b".into()]).await;
    assert_eq!(essence(&outcome), "misused");
}

async fn what_does_not_fit_is_told_without_what_it_was(ground: &Ground) {
    let secret = "card 4242424242424242";
    let table: [(&'static makegood::store::Statement, Vec<Value>); 7] = [
        (&ADD_NOTE, vec![]),
        (&ADD_NOTE, vec![secret.into(), secret.into()]),
        (&ADD_ACCOUNT, vec![secret.into(), 1.into(), 1.into()]),
        (
            &KEEP,
            vec![
                1.into(),
                Value::from(secret.as_bytes()),
                secret.into(),
                Value::Null,
            ],
        ),
        (
            &KEEP,
            vec![1.into(), 1.into(), secret.into(), secret.into()],
        ),
        (&COUNT_PEOPLE, vec![]),
        (&NO_SUCH_TABLE, vec![]),
    ];
    for (at, (statement, values)) in table.into_iter().enumerate() {
        let outcome = change(&ground.store, statement, values).await;
        assert_eq!(essence(&outcome), "misused", "row {at}");
        let trouble = outcome.expect_err("a trouble");
        let said = format!("{trouble} {trouble:?}");
        assert!(!said.contains("4242"), "{said}");
        assert!(!said.contains("select"), "{said}");
        assert!(said.contains(statement.name), "{said}");
    }
    // Of two equal keys PostgreSQL tells the value, in a part of its message that stays unread.
    let person = vec![id(1), secret.into(), "Ada".into(), Value::Null];
    change(&ground.store, &ADD_PERSON, person.clone())
        .await
        .expect("new");
    let mut again = person;
    again[0] = id(2);
    let trouble = change(&ground.store, &ADD_PERSON, again)
        .await
        .expect_err("taken");
    assert!(!format!("{trouble} {trouble:?}").contains("4242"));
    assert!(!format!("{:?}", Value::from(secret)).contains("4242"));
}

async fn many_sets_of_values_change_as_one_by_one(ground: &Ground) {
    for account in 1..=3 {
        open_account(&ground.store, account, 1_000).await;
    }
    let changed = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                let sets: Vec<Vec<Value>> = (0..1_000_i64)
                    .map(|number| vec![1.into(), (number % 4).into()])
                    .collect();
                tx.run_each(&RESERVE, &sets).await
            })
        })
        .await
        .expect("changed");
    let expected: Vec<u64> = (0..1_000)
        .map(|number| u64::from(number % 4 != 0))
        .collect();
    assert_eq!(changed, expected);
    assert_eq!(number(&ground.store, &SUM_RESERVED, vec![]).await, 750);
    let outcome = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                let sets = vec![vec!["one".into()], vec![Value::Null], vec!["two".into()]];
                tx.run_each(&ADD_NOTE, &sets).await.map(|_| 0)
            })
        })
        .await;
    assert_eq!(essence(&outcome), "check: note.text");
    let left = change(&ground.store, &CHANGE_NOTES, vec!["x".into()]).await;
    assert_eq!(left.expect("no note to change"), 0);
}

async fn steps(store: &Store) -> Vec<i64> {
    store
        .read(|tx| {
            Box::pin(async move {
                let rows = tx.rows(&migrations::APPLIED, &[]).await?;
                rows.iter().map(|row| row.int(0)).collect()
            })
        })
        .await
        .expect("the steps")
}

async fn a_migration_twice_is_once(ground: &Ground) {
    let expected: Vec<i64> = MIGRATIONS.iter().map(|step| step.number).collect();
    assert_eq!(steps(&ground.store).await, expected);
    ground.store.close().await;
    let again = Store::open(&ground.location, options())
        .await
        .expect("opened again");
    assert_eq!(steps(&again).await, expected);
    let missing = Store::missing_migrations(&ground.location, *MIGRATIONS).await;
    assert_eq!(missing.expect("known"), []);
    again.close().await;
}

async fn a_store_that_is_behind_is_opened_only_with_leave(ground: &Ground) {
    ground.store.close().await;
    let mut more = MIGRATIONS.to_vec();
    more.push(Migration {
        number: 9_002,
        name: "later",
        sqlite: "create table later (id integer not null primary key) strict;",
        postgres: "create table later (id bigint not null primary key);",
    });
    let more: &'static [Migration] = more.leak();
    let with = |migrate| Options {
        migrations: more,
        migrate,
        ..Options::default()
    };
    let refused = Store::open(&ground.location, with(false)).await;
    assert!(matches!(
        refused.err(),
        Some(Trouble::Behind { missing: 1 })
    ));
    let missing = Store::missing_migrations(&ground.location, more).await;
    assert_eq!(missing.expect("known"), &more[more.len() - 1..]);
    let opened = Store::open(&ground.location, with(true))
        .await
        .expect("migrated");
    opened.close().await;
    Store::open(&ground.location, with(false))
        .await
        .expect("nothing is missing");
}

async fn a_newer_store_is_refused(ground: &Ground) {
    change(
        &ground.store,
        &migrations::APPLY,
        vec![9_999.into(), "future".into()],
    )
    .await
    .expect("noted");
    ground.store.close().await;
    let refused = Store::open(&ground.location, options()).await.err();
    let Some(Trouble::Newer {
        store: 9_999,
        program: 9_001,
    }) = refused
    else {
        panic!("{refused:?}");
    };
}

async fn another_programs_store_is_refused(ground: &Ground) {
    ground.store.close().await;
    let mut other = MIGRATIONS.to_vec();
    other[0].name = "something_else";
    let options = Options {
        migrations: other.leak(),
        ..Options::default()
    };
    let refused = Store::open(&ground.location, options).await.err();
    assert!(
        matches!(refused, Some(Trouble::Corrupt { .. })),
        "{refused:?}"
    );
}

async fn a_failing_migration_leaves_no_trace(ground: &Ground) {
    ground.store.close().await;
    let mut steps_with_a_mistake = MIGRATIONS.to_vec();
    let begins = "create table halfway (id integer not null primary key);";
    let wrong = format!("{begins} insert into nowhere values (1);").leak();
    for (number, name, text) in [
        (9_002, "good", "create table good (id integer);"),
        (9_003, "bad", wrong),
    ] {
        steps_with_a_mistake.push(Migration {
            number,
            name,
            sqlite: text,
            postgres: text,
        });
    }
    let mistaken: &'static [Migration] = steps_with_a_mistake.leak();
    let with = |migrations| Options {
        migrations,
        ..Options::default()
    };
    let failed = Store::open(&ground.location, with(mistaken)).await.err();
    let Some(Trouble::Misused {
        statement: "bad", ..
    }) = failed
    else {
        panic!("{failed:?}");
    };
    let mut mended = mistaken.to_vec();
    let last = mended.last_mut().expect("a step");
    (last.sqlite, last.postgres) = (begins, begins);
    let store = Store::open(&ground.location, with(mended.leak()))
        .await
        .expect("mended");
    assert_eq!(steps(&store).await.last(), Some(&9_003));
    store.close().await;
}

async fn a_listener_hears_what_was_committed_and_nothing_else(ground: &Ground) {
    let say = |channel: &'static str, keep: bool| {
        ground.store.write(move |tx| {
            Box::pin(async move {
                tx.notify(channel).await?;
                match keep {
                    true => Ok(()),
                    false => Err(Trouble::refused(())),
                }
            })
        })
    };
    let mut owed = ground.store.listen("owed");
    let mut other = ground.store.listen("other");
    say("owed", true).await.expect("said");
    hears(&mut owed).await;
    say("owed", false).await.expect_err("taken back");
    say("other", true).await.expect("said");
    // What had been said before it has come by now too, and nothing had.
    hears(&mut other).await;
    assert!(owed.heard().now_or_never().is_none());
}

async fn hears(listener: &mut Listener) {
    tokio::time::timeout(Duration::from_secs(20), listener.heard())
        .await
        .expect("it is heard")
        .expect("the store is open");
}

async fn closing_waits_for_what_was_begun(ground: &Ground) {
    let (begun, has_begun) = mpsc::channel();
    let store = ground.store.clone();
    let writing = tokio::spawn(async move {
        store
            .write(move |tx| {
                let begun = begun.clone();
                Box::pin(async move {
                    tx.run(&ADD_NOTE, &["said".into()]).await?;
                    begun.send(()).expect("awaited");
                    tokio::task::block_in_place(|| std::thread::sleep(Duration::from_millis(50)));
                    tx.run(&ADD_NOTE, &["said on".into()]).await
                })
            })
            .await
    });
    tokio::task::spawn_blocking(move || has_begun.recv())
        .await
        .expect("no panic")
        .expect("the job began");
    ground.store.close().await;
    assert!(writing.is_finished() || ground.store.counts().commits == 1);
    assert_eq!(writing.await.expect("no panic").expect("noted"), 1);
}

async fn a_closed_store_says_so(ground: &Ground) {
    let mut listener = ground.store.listen("owed");
    ground.store.close().await;
    let written = ground.store.write(|_| panic!("it is not run"));
    assert!(matches!(written.await, Err::<(), _>(Trouble::Closed)));
    let read = ground.store.read(|_| panic!("it is not run"));
    assert!(matches!(read.await, Err::<(), _>(Trouble::Closed)));
    while listener.heard().await.is_ok() {}
    ground.store.close().await;
}

/// An account with nothing reserved.
pub async fn open_account(store: &Store, account: i64, captured: i64) {
    change(
        store,
        &ADD_ACCOUNT,
        vec![account.into(), captured.into(), 0.into()],
    )
    .await
    .expect("an account");
}
