// SPDX-License-Identifier: MIT OR Apache-2.0
//! What only SQLite has: the shared commit, the one process, the file, and a disk that fails.

use std::fs;
use std::future::poll_fn;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;

use futures_util::future::{FutureExt as _, join_all};
use makegood::store::{
    LOST_DISK_STATUS, Location, Options, Statement, Store, Trouble, Value, migrations,
};

use crate::ground::*;

/// Keeps the thread that writes until it is let go.
struct Gate {
    open: mpsc::Sender<()>,
    holding: tokio::task::JoinHandle<Result<(), Trouble>>,
}

impl Gate {
    async fn shut(store: &Store) -> Self {
        let (open, is_open) = mpsc::channel();
        let is_open = Mutex::new(is_open);
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let mut begun = Some(begun);
        let own = store.clone();
        let holding = tokio::spawn(async move {
            own.write(move |_| {
                begun
                    .take()
                    .expect("it runs once")
                    .send(())
                    .expect("awaited");
                is_open.lock().expect("alone").recv().expect("opened");
                Box::pin(async { Ok(()) })
            })
            .await
        });
        has_begun.await.expect("it holds");
        Self { open, holding }
    }

    async fn open(self) -> Result<(), Trouble> {
        self.open.send(()).expect("it waits");
        self.holding.await.expect("no panic")
    }
}

type Writing<T> = Pin<Box<dyn Future<Output = Result<T, Trouble>> + Send>>;

fn adding(store: &Store, text: &'static str) -> Writing<u64> {
    let store = store.clone();
    async move { change(&store, &ADD_NOTE, vec![text.into()]).await }.boxed()
}

/// Hands jobs in, in this order, without waiting for what comes of them.
async fn hand_in<T>(jobs: &mut [Writing<T>]) {
    poll_fn(|context| {
        for job in jobs.iter_mut() {
            assert!(job.as_mut().poll(context).is_pending(), "the gate is shut");
        }
        Poll::Ready(())
    })
    .await;
}

#[tokio::test]
async fn jobs_that_wait_share_one_commit() {
    let ground = Ground::sqlite().await;
    let gate = Gate::shut(&ground.store).await;
    let mut jobs: Vec<_> = (0..100).map(|_| adding(&ground.store, "said")).collect();
    hand_in(&mut jobs).await;
    gate.open().await.expect("held");
    for outcome in join_all(jobs).await {
        assert_eq!(outcome.expect("noted"), 1);
    }
    let counts = ground.store.counts();
    assert_eq!((counts.commits, counts.jobs), (2, 101));
}

#[tokio::test]
async fn a_job_that_nobody_waits_for_any_longer_is_not_begun() {
    let ground = Ground::sqlite().await;
    let gate = Gate::shut(&ground.store).await;
    let mut jobs = vec![adding(&ground.store, "one"), adding(&ground.store, "two")];
    hand_in(&mut jobs).await;
    drop(jobs.pop());
    gate.open().await.expect("held");
    join_all(jobs).await;
    assert_eq!(ground.store.counts().jobs, 2);
    assert_eq!(number(&ground.store, &COUNT_NOTES, vec![]).await, 1);
}

makegood::statements! {
    COUNT_NOTES = "select count(*) from note";
}

/// A store whose every commit writes down how many notes it found.
async fn sealed(folder: &Path, fails: Arc<AtomicBool>, seals: Arc<AtomicU64>) -> Store {
    let options = Options {
        before_commit: Some(Box::new(move |tx| {
            let fails = fails.load(Ordering::SeqCst);
            seals.fetch_add(1, Ordering::SeqCst);
            Box::pin(async move {
                if fails {
                    return Err(Trouble::refused("no seal"));
                }
                let notes = tx.one(&COUNT_NOTES, &[]).await?.expect("a row").int(0)?;
                let sealed = [Value::from("sealed"), Value::from(&notes.to_be_bytes()[..])];
                tx.run(&migrations::WRITE_META, &sealed).await?;
                tx.notify("sealed").await
            })
        })),
        ..options()
    };
    Store::open(&Location::Sqlite(folder.join("sealed.db")), options)
        .await
        .expect("a store")
}

async fn sealed_notes(store: &Store) -> Option<i64> {
    store
        .read(|tx| {
            Box::pin(async move {
                let row = tx.one(&migrations::READ_META, &["sealed".into()]).await?;
                let Some(row) = row else { return Ok(None) };
                Ok(Some(i64::from_be_bytes(
                    row.bytes(0)?.try_into().expect("eight"),
                )))
            })
        })
        .await
        .expect("read")
}

#[tokio::test]
async fn what_runs_before_a_commit_runs_once_for_all_and_sees_what_they_did() {
    let ground = Ground::sqlite().await;
    let (fails, seals) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let store = sealed(ground.folder(), Arc::clone(&fails), Arc::clone(&seals)).await;
    let mut listener = store.listen("sealed");
    let gate = Gate::shut(&store).await;
    let mut jobs: Vec<_> = (0..50).map(|_| adding(&store, "said")).collect();
    hand_in(&mut jobs).await;
    gate.open().await.expect("held");
    join_all(jobs).await;
    assert_eq!(seals.load(Ordering::SeqCst), 2);
    assert_eq!(sealed_notes(&store).await, Some(50));
    listener.heard().await.expect("it was told");

    // Where nothing was kept, there is nothing to seal.
    change(&store, &ADD_NOTE, vec![Value::Null])
        .await
        .expect_err("refused");
    assert_eq!(seals.load(Ordering::SeqCst), 2);

    // What cannot be sealed is nobody's.
    fails.store(true, Ordering::SeqCst);
    let gate = Gate::shut(&store).await;
    let mut jobs: Vec<_> = (0..3).map(|_| adding(&store, "said")).collect();
    hand_in(&mut jobs).await;
    gate.open().await.expect_err("not sealed");
    for outcome in join_all(jobs).await {
        assert!(
            matches!(outcome, Err(Trouble::Misused { .. })),
            "{outcome:?}"
        );
    }
    fails.store(false, Ordering::SeqCst);
    assert_eq!(number(&store, &COUNT_NOTES, vec![]).await, 50);
    change(&store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("sealed again");
    assert_eq!(sealed_notes(&store).await, Some(51));
    store.close().await;
}

#[tokio::test]
async fn a_job_that_waits_for_something_else_is_taken_back_and_holds_nobody_up() {
    let ground = Ground::sqlite().await;
    let waited = ground
        .store
        .write(|tx| {
            Box::pin(async move {
                tx.run(&ADD_NOTE, &["said".into()]).await?;
                std::future::pending::<()>().await;
                Ok(())
            })
        })
        .await;
    assert!(matches!(waited, Err(Trouble::Misused { .. })), "{waited:?}");
    change(&ground.store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("noted");
    assert_eq!(number(&ground.store, &COUNT_NOTES, vec![]).await, 1);
}

#[tokio::test]
async fn a_slow_reader_holds_no_other_reader_up() {
    let ground = Ground::sqlite().await;
    let (open, is_open) = mpsc::channel();
    let is_open = Mutex::new(is_open);
    let store = ground.store.clone();
    let slow = tokio::spawn(async move {
        store
            .read(move |_| {
                is_open.lock().expect("alone").recv().expect("opened");
                Box::pin(async { Ok(()) })
            })
            .await
    });
    for _ in 0..20 {
        assert_eq!(number(&ground.store, &COUNT_NOTES, vec![]).await, 0);
    }
    open.send(()).expect("it waits");
    slow.await.expect("no panic").expect("read");
}

#[tokio::test]
async fn one_process_has_a_store_at_a_time() {
    let ground = Ground::sqlite().await;
    let second = Store::open(&ground.location, options()).await.err();
    assert!(matches!(second, Some(Trouble::Taken { .. })), "{second:?}");
    assert!(
        second
            .expect("a trouble")
            .to_string()
            .contains("another process has")
    );
    ground.store.close().await;
    Store::open(&ground.location, options())
        .await
        .expect("it is free")
        .close()
        .await;
}

#[tokio::test]
async fn what_is_not_a_store_is_not_opened_and_not_touched() {
    let folder = new_folder();
    let other = folder.join("other.db");
    let made = rusqlite::Connection::open(&other).expect("opened");
    made.execute_batch("create table cats (name text);")
        .expect("made");
    drop(made);
    let text = folder.join("letter.txt");
    fs::write(&text, "Dear desk, my order did not arrive. ".repeat(100)).expect("written");
    for path in [other, text] {
        let before = fs::read(&path).expect("read");
        let refused = Store::open(&Location::Sqlite(path.clone()), options())
            .await
            .err();
        assert!(
            matches!(refused, Some(Trouble::Corrupt { .. })),
            "{refused:?}"
        );
        assert_eq!(fs::read(&path).expect("read"), before, "{}", path.display());
    }
    let nowhere = folder.join("no/such/folder/store.db");
    let refused = Store::open(&Location::Sqlite(nowhere), options())
        .await
        .err();
    assert!(
        matches!(refused, Some(Trouble::Unavailable { .. })),
        "{refused:?}"
    );
    let missing = folder.join("missing.db");
    let only_what_is_there = Options {
        create: false,
        ..options()
    };
    let refused = Store::open(&Location::Sqlite(missing.clone()), only_what_is_there)
        .await
        .err();
    assert!(
        matches!(refused, Some(Trouble::Unavailable { .. })),
        "{refused:?}"
    );
    assert!(!missing.exists());
    fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn nobody_else_on_the_machine_can_read_the_store() {
    let ground = Ground::sqlite().await;
    change(&ground.store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("noted");
    let entries = fs::read_dir(ground.folder()).expect("a folder");
    let mut seen = 0;
    for entry in entries {
        let entry = entry.expect("a file");
        let mode = entry.metadata().expect("known").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert_eq!(
        seen, 4,
        "the store, its log, its index of the log, its lock"
    );
}

#[tokio::test]
async fn closing_leaves_one_file_and_its_lock() {
    let ground = Ground::sqlite().await;
    change(&ground.store, &ADD_NOTE, vec!["said".into()])
        .await
        .expect("noted");
    ground.store.close().await;
    let entries = fs::read_dir(ground.folder()).expect("a folder");
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("a file").file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}

/// This program again, as another process, doing what `sqlite::child` does.
fn process(what: &str, path: &Path, limit: &str) -> Child {
    Command::new("sh")
        // Without the signal, a file that grows too long is an error like that of a failing disk.
        .args([
            "-c",
            r#"trap '' XFSZ; ulimit -f "$1"; shift; exec "$@""#,
            "sh",
            limit,
        ])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", "sqlite::child", "--ignored", "--nocapture"])
        .env("MAKEGOOD_TEST_CHILD", what)
        .env("MAKEGOOD_TEST_STORE", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a process")
}

/// Writes one note after another and says how many are durable, until it is ended.
#[tokio::test]
#[ignore = "is run by other tests, as a process that comes to harm"]
async fn child() {
    let path = PathBuf::from(std::env::var_os("MAKEGOOD_TEST_STORE").expect("a place"));
    let told = std::env::var("MAKEGOOD_TEST_CHILD").expect("what to do");
    let mut options = options();
    if told == "go on" {
        options.on_lost_disk = Arc::new(|words| println!("told: {words}"));
    }
    let store = Store::open(&Location::Sqlite(path), options)
        .await
        .expect("a store");
    loop {
        let jobs = (0..8).map(|_| change(&store, &ADD_NOTE, vec!["z".repeat(1_000).into()]));
        for outcome in join_all(jobs).await {
            match outcome {
                Ok(_) => println!("durable"),
                Err(trouble) => {
                    println!("trouble: {trouble}");
                    let after = change(&store, &ADD_NOTE, vec!["later".into()]).await;
                    println!("after: {}", after.expect_err("it goes no further"));
                    return;
                }
            }
        }
    }
}

/// How many changes a process acknowledged, and what else it said.
fn said(child: &mut Child, until: u64) -> (u64, Vec<String>) {
    let out = BufReader::new(child.stdout.take().expect("a pipe"));
    let (mut durable, mut rest) = (0, Vec::new());
    for line in out.lines() {
        let line = line.expect("text");
        match line.ends_with("durable") {
            true => durable += 1,
            false => rest.push(line),
        }
        if durable == until {
            child.kill().expect("killed");
        }
    }
    (durable, rest)
}

async fn notes_after(path: &Path) -> u64 {
    let store = Store::open(&Location::Sqlite(path.to_owned()), options())
        .await
        .expect("it opens");
    let notes = number(&store, &COUNT_NOTES, vec![]).await;
    store.close().await;
    u64::try_from(notes).expect("a count")
}

#[tokio::test]
async fn what_was_acknowledged_outlives_the_process() {
    let folder = new_folder();
    let path = folder.join("store.db");
    let mut acknowledged = 0;
    for round in 1..=8 {
        let mut child = process("be killed", &path, "unlimited");
        let (durable, _) = said(&mut child, round * 37);
        child.wait().expect("it ended");
        assert!(durable >= round * 37);
        acknowledged += durable;
        let notes = notes_after(&path).await;
        assert!(notes >= acknowledged, "{notes} {acknowledged}");
        acknowledged = notes;
    }
    fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn a_disk_that_fails_under_a_commit_ends_the_process() {
    let folder = new_folder();
    let path = folder.join("store.db");
    // In blocks of 512 bytes: the tables fit, and the log soon reaches 1.5 MB.
    let mut child = process("end", &path, "3000");
    let (durable, rest) = said(&mut child, u64::MAX);
    let output = child.wait_with_output().expect("it ended");
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        output.status.code(),
        Some(LOST_DISK_STATUS),
        "{words} {rest:?}"
    );
    assert!(words.contains("check the disk"), "{words}");
    assert!(
        !rest.iter().any(|line| line.contains("trouble")),
        "{rest:?}"
    );
    assert!(durable > 0);
    assert!(notes_after(&path).await >= durable);
    fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn whoever_is_told_of_a_failing_disk_instead_gets_no_answer_that_may_be_wrong() {
    let folder = new_folder();
    let path = folder.join("store.db");
    let mut child = process("go on", &path, "3000");
    let (durable, rest) = said(&mut child, u64::MAX);
    let status = child.wait().expect("it ended");
    assert!(status.success(), "{rest:?}");
    let has = |start: &str| rest.iter().any(|line| line.contains(start));
    assert!(has("told: writing"), "{rest:?}");
    assert!(has("trouble: the database went away while"), "{rest:?}");
    assert!(has("after: the store is closed"), "{rest:?}");
    assert!(notes_after(&path).await >= durable);
    fs::remove_dir_all(folder).expect("removed");
}

static DURABLE: Statement = Statement {
    name: "DURABLE",
    sqlite: "select (select journal_mode from pragma_journal_mode), (select synchronous from pragma_synchronous), (select foreign_keys from pragma_foreign_keys)",
    postgres: "",
    many: None,
};

#[tokio::test]
async fn a_commit_waits_for_the_disk() {
    let ground = Ground::sqlite().await;
    let row = ground
        .store
        .write(|tx| Box::pin(async move { tx.one(&DURABLE, &[]).await }));
    let row = row.await.expect("asked").expect("a row");
    let expected = [Value::from("wal"), 2.into(), 1.into()];
    assert!(row.into_values() == expected, "2 is `full`");
}

static LITTLE_ROOM: Statement = Statement {
    name: "LITTLE_ROOM",
    sqlite: "pragma max_page_count = 187",
    postgres: "",
    many: None,
};

#[tokio::test]
async fn where_no_room_is_left_each_job_is_kept_or_told_so() {
    let ground = Ground::sqlite().await;
    let limited = ground
        .store
        .write(|tx| Box::pin(async move { tx.rows(&LITTLE_ROOM, &[]).await }));
    limited.await.expect("limited");
    let gate = Gate::shut(&ground.store).await;
    let mut jobs: Vec<Writing<u64>> = (0..40)
        .map(|number| {
            let store = ground.store.clone();
            // Long ones and short ones, so that some fit where others did not.
            let text = "x".repeat(if number % 2 == 0 { 20_000 } else { 100 });
            async move { change(&store, &ADD_NOTE, vec![text.into()]).await }.boxed()
        })
        .collect();
    hand_in(&mut jobs).await;
    gate.open().await.expect("held");
    let (mut kept, mut full) = (0, 0);
    for outcome in join_all(jobs).await {
        match outcome {
            Ok(_) => kept += 1,
            Err(Trouble::Full) => full += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(kept > 20, "{kept}");
    assert!(full > 5, "{full}");
    assert_eq!(number(&ground.store, &COUNT_NOTES, vec![]).await, kept);
}

static ADD_NOTE_OR_END_ALL: Statement = Statement {
    name: "ADD_NOTE_OR_END_ALL",
    sqlite: "insert or rollback into note (text) values (?1)",
    postgres: "",
    many: None,
};

#[tokio::test]
async fn where_sqlite_gives_the_whole_transaction_up_only_the_job_that_caused_it_fails() {
    let ground = Ground::sqlite().await;
    let gate = Gate::shut(&ground.store).await;
    let mut jobs: Vec<Writing<u64>> = (0..30)
        .map(|number| {
            let store = ground.store.clone();
            let text = if number % 10 == 5 {
                Value::Null
            } else {
                "said".into()
            };
            async move { change(&store, &ADD_NOTE_OR_END_ALL, vec![text]).await }.boxed()
        })
        .collect();
    hand_in(&mut jobs).await;
    gate.open().await.expect("held");
    for (number, outcome) in join_all(jobs).await.into_iter().enumerate() {
        match number % 10 {
            5 => assert!(matches!(outcome, Err(Trouble::Check { .. })), "{outcome:?}"),
            _ => assert_eq!(outcome.expect("noted"), 1),
        }
    }
    let counts = ground.store.counts();
    assert_eq!((counts.commits, counts.jobs), (2, 28));
    assert!(counts.again > 0, "nothing was given up");
    assert_eq!(number(&ground.store, &COUNT_NOTES, vec![]).await, 27);
}

#[tokio::test]
async fn a_store_is_read_beside_its_user_and_nothing_is_written_there() {
    let ground = Ground::sqlite().await;
    change(&ground.store, &ADD_NOTE, vec!["first".into()])
        .await
        .unwrap();
    let reading = || Options {
        migrations: *MIGRATIONS,
        reading: true,
        ..Options::default()
    };
    let beside = Store::open(&ground.location, reading()).await.unwrap();
    let notes = async |store: &Store| {
        let rows = store.read(|tx| Box::pin(async move { tx.rows(&NOTES, &[]).await }));
        rows.await.unwrap().len()
    };
    assert_eq!(notes(&beside).await, 1);
    // What its user writes is seen at once.
    change(&ground.store, &ADD_NOTE, vec!["second".into()])
        .await
        .unwrap();
    assert_eq!(notes(&beside).await, 2);
    let refused = change(&beside, &ADD_NOTE, vec!["third".into()]).await;
    assert!(matches!(refused, Err(Trouble::Closed)), "{refused:?}");
    beside.close().await;
    change(&ground.store, &ADD_NOTE, vec!["fourth".into()])
        .await
        .unwrap();
    ground.store.close().await;
    // Nobody has it now, and it is read all the same; what is not there is not made.
    let alone = Store::open(&ground.location, reading()).await.unwrap();
    assert_eq!(notes(&alone).await, 3);
    alone.close().await;
    let Location::Sqlite(path) = &ground.location else {
        panic!("a file");
    };
    let nowhere = path.with_file_name("nowhere.db");
    let none = Store::open(&Location::Sqlite(nowhere.clone()), reading()).await;
    assert!(none.is_err());
    assert!(!nowhere.exists());
}
