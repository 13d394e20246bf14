// SPDX-License-Identifier: MIT OR Apache-2.0
//! What only PostgreSQL has: connections that are lost, transactions that meet, several processes on one database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use makegood::store::{Location, Options, Statement, Store, Trouble, migrations};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Barrier;

use crate::both::open_account;
use crate::ground::*;

const fn said(name: &'static str, postgres: &'static str) -> Statement {
    Statement {
        name,
        sqlite: "",
        postgres,
        many: None,
    }
}

static END_OWN_CONNECTION: Statement = said(
    "END_OWN_CONNECTION",
    "select pg_terminate_backend(pg_backend_pid())",
);
static SLEEP: Statement = said("SLEEP", "select pg_sleep(30)::text");
static SHORT_SLEEP: Statement = said("SHORT_SLEEP", "select pg_sleep(0.3)::text");
static SYNCHRONOUS: Statement = said(
    "SYNCHRONOUS",
    "select current_setting('synchronous_commit')",
);
static COUNT_NOTES: Statement = said("COUNT_NOTES", "select count(*) from note");
static END_LISTENERS: Statement = said(
    "END_LISTENERS",
    "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and query like 'listen %'",
);

async fn notes(store: &Store) -> i64 {
    number(store, &COUNT_NOTES, vec![]).await
}

#[tokio::test]
async fn a_connection_that_is_lost_before_the_commit_is_made_up_for() {
    let ground = Ground::postgres().await;
    let attempts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&attempts);
    let outcome = ground
        .store
        .write(move |tx| {
            let attempt = counted.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                if attempt < 2 {
                    tx.rows(&END_OWN_CONNECTION, &[]).await?;
                }
                tx.run(&ADD_NOTE, &["said on".into()]).await
            })
        })
        .await;
    assert_eq!(outcome.expect("in the end"), 1);
    assert_eq!(attempts.load(Ordering::SeqCst), 3);
    // A connection that was just ended may be tried once more before it is found out.
    assert!(ground.store.counts().again >= 2);
    assert_eq!(notes(&ground.store).await, 2);
}

#[tokio::test]
async fn a_database_that_is_away_for_a_moment_is_waited_for() {
    let ground = Ground::postgres().await;
    let Location::Postgres(url) = &ground.location else {
        unreachable!("it is PostgreSQL")
    };
    let name = url.rsplit('/').next().expect("a name").to_owned();
    change(&ground.store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("noted");
    let end_all =
        format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");
    CLUSTER
        .tell(&format!("alter database {name} allow_connections false"))
        .await;
    CLUSTER.tell(&end_all).await;
    let store = ground.store.clone();
    let writing =
        tokio::spawn(async move { change(&store, &ADD_NOTE, vec!["said on".into()]).await });
    while ground.store.counts().again < 3 {
        assert!(!writing.is_finished());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    CLUSTER
        .tell(&format!("alter database {name} allow_connections true"))
        .await;
    assert_eq!(writing.await.expect("no panic").expect("in the end"), 1);
    assert_eq!(notes(&ground.store).await, 2);
}

/// What a proxy does with the next commit.
const PASS: u8 = 0;
const SWALLOW: u8 = 1;
const SWALLOW_ANSWER: u8 = 2;

/// Stands between the program and the server, and can cut the wire at a commit.
async fn proxy(mood: Arc<AtomicU8>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.expect("a client");
            let server = TcpStream::connect(CLUSTER.address())
                .await
                .expect("the server");
            tokio::spawn(pass(client, server, Arc::clone(&mood)));
        }
    });
    port
}

async fn pass(client: TcpStream, server: TcpStream, mood: Arc<AtomicU8>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut there = vec![0; 1 << 16];
    let mut back = vec![0; 1 << 16];
    let mut cut = false;
    loop {
        tokio::select! {
            read = from_client.read(&mut there) => {
                let Ok(1..) = read else { return };
                let bytes = &there[..read.expect("read")];
                let commits = bytes.windows(7).any(|seven| seven == b"commit\0");
                match mood.load(Ordering::SeqCst) {
                    SWALLOW if commits => return,
                    SWALLOW_ANSWER if commits => cut = true,
                    _ => {}
                }
                to_server.write_all(bytes).await.expect("passed on");
            }
            read = from_server.read(&mut back) => {
                let Ok(1..) = read else { return };
                // The server has answered, so it has committed; nobody hears of it.
                if cut { return }
                to_client.write_all(&back[..read.expect("read")]).await.expect("passed on");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_during_the_commit_leaves_the_outcome_open() {
    let ground = Ground::postgres().await;
    let Location::Postgres(url) = &ground.location else {
        unreachable!("it is PostgreSQL")
    };
    let mood = Arc::new(AtomicU8::new(PASS));
    let port = proxy(Arc::clone(&mood)).await;
    let (_, real) = CLUSTER.address();
    let url = url.replace(&format!(":{real}/"), &format!(":{port}/"));
    let store = Store::open(&Location::Postgres(url), options())
        .await
        .expect("a store");
    for (next, expected) in [(PASS, 1), (SWALLOW, 1), (SWALLOW_ANSWER, 2), (PASS, 3)] {
        mood.store(next, Ordering::SeqCst);
        let outcome = change(&store, &ADD_NOTE, vec!["said".into()]).await;
        mood.store(PASS, Ordering::SeqCst);
        match next {
            PASS => assert_eq!(outcome.expect("noted"), 1),
            _ => assert!(
                matches!(outcome, Err(Trouble::OutcomeUnknown)),
                "{outcome:?}"
            ),
        }
        assert_eq!(notes(&ground.store).await, expected, "after {next}");
    }
    assert_eq!(
        store.counts().again,
        0,
        "an open outcome is not tried again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_that_wait_for_each_other_both_succeed() {
    let ground = Ground::postgres().await;
    for account in [1, 2] {
        open_account(&ground.store, account, 100).await;
    }
    let meeting = Arc::new(Barrier::new(2));
    let jobs = [(1_i64, 2_i64), (2, 1)].map(|(first, second)| {
        let (meeting, mut met) = (Arc::clone(&meeting), false);
        ground.store.write(move |tx| {
            // They meet once: whoever is tried again finds the other gone.
            let meeting = (!std::mem::replace(&mut met, true)).then(|| Arc::clone(&meeting));
            Box::pin(async move {
                tx.run(&RESERVE, &[1.into(), first.into()]).await?;
                if let Some(meeting) = meeting {
                    meeting.wait().await;
                }
                tx.run(&RESERVE, &[1.into(), second.into()]).await
            })
        })
    });
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("reserved"), 1);
    }
    assert!(ground.store.counts().again >= 1);
    assert_eq!(number(&ground.store, &SUM_RESERVED, vec![]).await, 4);
}

#[tokio::test]
async fn a_job_that_makes_a_refusal_of_being_outrun_is_tried_again_all_the_same() {
    let ground = Ground::postgres().await;
    open_account(&ground.store, 1, 1_000).await;
    let jobs = (0..8).map(|_| {
        ground.store.write_serializable(|tx| {
            Box::pin(async move {
                let row = tx.one(&RESERVED, &[1.into()]).await?;
                let next = row.expect("an account").int(0)? + 1;
                let set = tx.run(&SET_RESERVED, &[next.into(), 1.into()]).await;
                set.map_err(|_| Trouble::refused("it does not work"))
            })
        })
    });
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("set"), 1);
    }
    assert!(
        ground.store.counts().again > 0,
        "nobody was ever in between"
    );
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 8);
}

#[tokio::test]
async fn who_has_the_lock_is_alone() {
    let ground = Ground::postgres().await;
    open_account(&ground.store, 1, 1_000).await;
    let jobs = (0..32).map(|_| {
        ground.store.write(|tx| {
            Box::pin(async move {
                tx.advisory_lock(7).await?;
                let row = tx.one(&RESERVED, &[1.into()]).await?;
                let next = row.expect("an account").int(0)? + 1;
                tx.run(&SET_RESERVED, &[next.into(), 1.into()]).await
            })
        })
    });
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("set"), 1);
    }
    assert_eq!(number(&ground.store, &RESERVED, vec![1.into()]).await, 32);
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let ground = Ground::postgres().await;
    let hasty = Options {
        statement_timeout: Duration::from_millis(100),
        patience: Duration::from_millis(500),
        connections: 2,
        ..options()
    };
    let store = Store::open(&ground.location, hasty).await.expect("a store");
    let slept = store.read(|tx| Box::pin(async move { tx.rows(&SLEEP, &[]).await }));
    assert!(matches!(slept.await, Err(Trouble::Busy)));
    // Another has the row.
    open_account(&store, 1, 100).await;
    let (hold, mut held) = tokio::sync::oneshot::channel();
    let (release, released) = tokio::sync::oneshot::channel::<()>();
    let (mut hold, mut released) = (Some(hold), Some(released));
    let other = ground.store.clone();
    let holding = tokio::spawn(async move {
        other
            .write(move |tx| {
                let (hold, released) = (hold.take(), released.take());
                Box::pin(async move {
                    tx.run(&RESERVE, &[1.into(), 1.into()]).await?;
                    hold.expect("once").send(()).expect("awaited");
                    released.expect("once").await.expect("released");
                    Ok(())
                })
            })
            .await
    });
    (&mut held).await.expect("held");
    let waited = change(&store, &RESERVE, vec![1.into(), 1.into()]).await;
    assert!(matches!(waited, Err(Trouble::Busy)), "{waited:?}");
    release.send(()).expect("it waits");
    holding.await.expect("no panic").expect("reserved");
    change(&store, &RESERVE, vec![1.into(), 1.into()])
        .await
        .expect("now it is free");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let ground = Ground::postgres().await;
    let one = Options {
        connections: 1,
        ..options()
    };
    let store = Store::open(&ground.location, one).await.expect("a store");
    let (reached, mut is_reached) = tokio::sync::mpsc::unbounded_channel();
    let writing = store.write(move |tx| {
        let reached = reached.clone();
        Box::pin(async move {
            tx.run(&ADD_NOTE, &["said".into()]).await?;
            reached.send(()).expect("awaited");
            std::future::pending::<()>().await;
            Ok(())
        })
    });
    tokio::select! {
        _ = writing => panic!("it waits for ever"),
        reached = is_reached.recv() => reached.expect("said"),
    }
    // The only connection serves the next one.
    change(&store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("noted");
    assert_eq!(notes(&store).await, 1);
}

#[tokio::test]
async fn a_job_that_gives_up_waiting_for_an_answer_is_not_kept() {
    let ground = Ground::postgres().await;
    let outcome = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                let hasty = Duration::from_millis(20);
                let answer = tokio::time::timeout(hasty, tx.rows(&SHORT_SLEEP, &[])).await;
                assert!(answer.is_err(), "it is still asleep");
                Ok(())
            })
        })
        .await;
    assert!(
        matches!(outcome, Err(Trouble::Misused { .. })),
        "{outcome:?}"
    );
    assert_eq!(notes(&ground.store).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_that_start_at_once_migrate_once() {
    let location = Location::Postgres(CLUSTER.database(None).await);
    let opened = join_all((0..6).map(|_| {
        let location = location.clone();
        tokio::spawn(async move {
            let few = Options {
                connections: 2,
                ..options()
            };
            Store::open(&location, few).await
        })
    }));
    for store in opened.await {
        let store = store.expect("no panic").expect("a store");
        let steps =
            store.read(|tx| Box::pin(async move { tx.rows(&migrations::APPLIED, &[]).await }));
        assert_eq!(steps.await.expect("steps").len(), MIGRATIONS.len());
    }
}

#[tokio::test]
async fn what_one_process_says_another_hears_even_after_a_lost_connection() {
    let ground = Ground::postgres().await;
    let other = Store::open(&ground.location, options())
        .await
        .expect("a store");
    let mut listener = other.listen("owed");
    let say = || {
        let store = ground.store.clone();
        async move {
            let said = store.write(|tx| Box::pin(async move { tx.notify("owed").await }));
            said.await.expect("said");
        }
    };
    let patience = Duration::from_secs(20);
    say().await;
    let heard = tokio::time::timeout(patience, listener.heard()).await;
    heard.expect("in time").expect("heard");
    assert!(number(&ground.store, &END_LISTENERS, vec![]).await >= 2);
    // Nobody says anything: it is woken because something may have been missed.
    let heard = tokio::time::timeout(patience, listener.heard()).await;
    heard.expect("in time").expect("heard");
    say().await;
    let heard = tokio::time::timeout(patience, listener.heard()).await;
    heard.expect("in time").expect("heard");
}

#[tokio::test]
async fn a_database_that_does_not_wait_for_its_disk_is_told_to() {
    let ground = Ground::postgres().await;
    let Location::Postgres(url) = &ground.location else {
        unreachable!("it is PostgreSQL")
    };
    let name = url.rsplit('/').next().expect("a name");
    for (kept, expected) in [("off", "on"), ("remote_apply", "remote_apply")] {
        CLUSTER
            .tell(&format!(
                "alter database {name} set synchronous_commit = {kept}"
            ))
            .await;
        let store = Store::open(&ground.location, options())
            .await
            .expect("a store");
        let found = store
            .read(|tx| {
                Box::pin(async move {
                    let row = tx.one(&SYNCHRONOUS, &[]).await?.expect("a row");
                    row.text(0).map(str::to_owned)
                })
            })
            .await;
        assert_eq!(found.expect("read"), expected);
        store.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_named_without_its_password() {
    let none = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = none.local_addr().expect("an address").port();
    drop(none);
    let (_, real) = CLUSTER.address();
    let table = [
        (
            format!("postgres://shop:hunter2@127.0.0.1:{port}/desk"),
            format!("127.0.0.1:{port}/desk cannot be reached"),
        ),
        (
            format!("postgres://shop:hunter2@127.0.0.1:{real}/nowhere"),
            "cannot be reached".to_owned(),
        ),
        (
            "postgres://shop:hunter2@127.0.0.1:x/desk".to_owned(),
            "postgres://USER:PASSWORD@HOST:PORT/NAME".to_owned(),
        ),
        (
            format!(
                "postgres://shop:hunter2@127.0.0.1:{real}/desk?sslmode=require&sslrootcert=/no/such/file"
            ),
            "`/no/such/file`, cannot be read".to_owned(),
        ),
        (
            format!("postgres://shop:hunter2@127.0.0.1:{real}/desk?sslmode=verify-full"),
            "cannot be reached".to_owned(),
        ),
    ];
    for (url, expected) in table {
        let location: Location = url.parse().expect("a place");
        assert!(matches!(location, Location::Postgres(_)));
        let hasty = Options {
            patience: Duration::from_secs(2),
            ..options()
        };
        let trouble = Store::open(&location, hasty)
            .await
            .err()
            .expect("it is not there");
        let told = format!("{trouble} {trouble:?} {location} {location:?}");
        assert!(told.contains(&expected), "{told}");
        assert!(!told.contains("hunter2"), "{told}");
    }
}

#[tokio::test]
async fn a_database_that_keeps_no_unicode_is_refused() {
    CLUSTER
        .tell("create database ascii template template0 encoding 'SQL_ASCII'")
        .await;
    let location = Location::Postgres(CLUSTER.url("ascii"));
    let trouble = Store::open(&location, options())
        .await
        .err()
        .expect("refused");
    assert!(trouble.to_string().contains("SQL_ASCII"), "{trouble}");
}
