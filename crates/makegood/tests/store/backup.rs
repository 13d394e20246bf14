// SPDX-License-Identifier: MIT OR Apache-2.0
//! Copies of a store in SQLite, made under load and put back.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use futures_util::future::join_all;
use makegood::store::backup::{backup, check, restore};
use makegood::store::{Location, Store, Trouble};

use crate::both::open_account;
use crate::ground::*;

/// Each move takes from one account what it gives another, and writes a note: whole moves leave the sum alone.
async fn move_one(store: &Store, from: i64, to: i64) -> Result<u64, Trouble> {
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.run(&RESERVE_BLINDLY, &[(-1).into(), from.into()])
                    .await?;
                tx.run(&RESERVE_BLINDLY, &[1.into(), to.into()]).await?;
                tx.run(&ADD_NOTE, &["x".repeat(2_000).into()]).await
            })
        })
        .await
}

makegood::statements! {
    COUNT_NOTES = "select count(*) from note";
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_made_under_load_holds_whole_changes_and_all_that_were_acknowledged_before() {
    let ground = Ground::sqlite().await;
    for account in 1..=4 {
        open_account(&ground.store, account, 1_000_000).await;
        change(
            &ground.store,
            &SET_RESERVED,
            vec![500_000.into(), account.into()],
        )
        .await
        .expect("set");
    }
    // So much that copying takes several steps.
    for _ in 0..40 {
        join_all((0..100).map(|_| move_one(&ground.store, 1, 2))).await;
    }
    let (stop, acknowledged) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicI64::new(4_000)),
    );
    let movers = (0..8_i64).map(|mover| {
        let (store, stop, acknowledged) = (
            ground.store.clone(),
            Arc::clone(&stop),
            Arc::clone(&acknowledged),
        );
        tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                move_one(&store, 1 + mover % 4, 1 + (mover + 1) % 4)
                    .await
                    .expect("moved");
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let movers: Vec<_> = movers.collect();
    for round in 0..5 {
        let (copy, put_back) = (
            ground.folder().join(format!("copy-{round}.db")),
            Location::Sqlite(ground.folder().join(format!("restored-{round}.db"))),
        );
        let before = acknowledged.load(Ordering::SeqCst);
        let bytes = backup(&ground.location, &copy).await.expect("a copy");
        // Those that were written and not yet counted.
        let after = acknowledged.load(Ordering::SeqCst) + 8;
        assert_eq!(bytes, fs::metadata(&copy).expect("it is there").len());
        restore(&put_back, &copy, false, *MIGRATIONS)
            .await
            .expect("put back");
        let store = Store::open(&put_back, options()).await.expect("it opens");
        let notes = number(&store, &COUNT_NOTES, vec![]).await;
        assert!(
            (before..=after).contains(&notes),
            "{before} {notes} {after}"
        );
        assert_eq!(number(&store, &SUM_RESERVED, vec![]).await, 2_000_000);
        move_one(&store, 1, 2).await.expect("it can be written");
        store.close().await;
    }
    stop.store(true, Ordering::SeqCst);
    for mover in movers {
        mover.await.expect("no panic");
    }
    let names = names(ground.folder());
    assert!(
        !names.iter().any(|name| name.contains("partial")),
        "{names:?}"
    );
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_copy_takes_the_place_of_nothing_unless_told_so_and_then_puts_it_aside() {
    let ground = Ground::sqlite().await;
    let Location::Sqlite(path) = &ground.location else {
        unreachable!("it is SQLite")
    };
    open_account(&ground.store, 1, 100).await;
    let copy = ground.folder().join("copy.db");
    // What a copying leaves behind that was cut off.
    fs::write(ground.folder().join("copy.db.partial"), "x".repeat(1 << 20)).expect("written");
    backup(&ground.location, &copy).await.expect("a copy");
    let again = backup(&ground.location, &copy).await;
    assert!(matches!(again, Err(Trouble::InTheWay { .. })), "{again:?}");
    let in_use = restore(&ground.location, &copy, true, *MIGRATIONS).await;
    assert!(matches!(in_use, Err(Trouble::Taken { .. })), "{in_use:?}");
    change(&ground.store, &RESERVE, vec![60.into(), 1.into()])
        .await
        .expect("reserved");
    ground.store.close().await;
    let there = restore(&ground.location, &copy, false, *MIGRATIONS).await;
    assert!(matches!(there, Err(Trouble::InTheWay { .. })), "{there:?}");
    let aside = restore(&ground.location, &copy, true, *MIGRATIONS)
        .await
        .expect("put back");
    let aside = aside.expect("what was there");
    assert_eq!(aside, path.with_file_name("store.db.replaced-1"));
    for (location, reserved) in [(ground.location.clone(), 0), (Location::Sqlite(aside), 60)] {
        let store = Store::open(&location, options()).await.expect("it opens");
        assert_eq!(number(&store, &RESERVED, vec![1.into()]).await, reserved);
        store.close().await;
    }
    // A second time, the first one put aside stays.
    let aside = restore(&ground.location, &copy, true, *MIGRATIONS)
        .await
        .expect("put back");
    assert_eq!(aside, Some(path.with_file_name("store.db.replaced-2")));
}

#[tokio::test]
async fn a_log_without_its_store_never_joins_another() {
    let ground = Ground::sqlite().await;
    let Location::Sqlite(path) = &ground.location else {
        unreachable!("it is SQLite")
    };
    open_account(&ground.store, 1, 100).await;
    let copy = ground.folder().join("copy.db");
    backup(&ground.location, &copy).await.expect("a copy");
    change(&ground.store, &RESERVE, vec![60.into(), 1.into()])
        .await
        .expect("reserved");
    // As a machine leaves it that loses its power now, and somebody who moves the file alone.
    let log = path.with_file_name("store.db-wal");
    let kept = fs::read(&log).expect("a log");
    assert!(!kept.is_empty());
    ground.store.close().await;
    fs::remove_file(path).expect("removed");
    fs::write(&log, &kept).expect("written");
    let torn = Store::open(&ground.location, options()).await.err();
    assert!(matches!(torn, Some(Trouble::Corrupt { .. })), "{torn:?}");
    let aside = restore(&ground.location, &copy, false, *MIGRATIONS)
        .await
        .expect("put back");
    let aside = aside.expect("the log was put aside");
    assert_eq!(
        fs::read(aside.with_file_name("store.db.replaced-1-wal")).expect("it is kept"),
        kept
    );
    let store = Store::open(&ground.location, options())
        .await
        .expect("it opens");
    assert_eq!(number(&store, &RESERVED, vec![1.into()]).await, 0);
    store.close().await;
}

#[tokio::test]
async fn what_is_damaged_or_something_else_is_not_put_back() {
    let ground = Ground::sqlite().await;
    for note in 0..200 {
        change(
            &ground.store,
            &ADD_NOTE,
            vec!["y".repeat(9_000 + note).into()],
        )
        .await
        .expect("noted");
    }
    let copy = ground.folder().join("copy.db");
    let to = Location::Sqlite(ground.folder().join("new.db"));
    backup(&ground.location, &copy).await.expect("a copy");
    check(&ground.location)
        .await
        .expect("sound, while it is in use");
    check(&Location::Sqlite(copy.clone()))
        .await
        .expect("sound, as a copy");
    let length = fs::metadata(&copy).expect("it is there").len();
    for (name, at) in [
        ("tables", 100),
        // Where a page of the notes begins: what stands in an empty one is nobody's.
        ("middle", length / 2 / 4_096 * 4_096),
        ("end", length - 4_096),
    ] {
        let damaged = ground.folder().join(name);
        fs::copy(&copy, &damaged).expect("copied");
        let mut file = fs::File::options()
            .write(true)
            .open(&damaged)
            .expect("opened");
        file.seek(SeekFrom::Start(at)).expect("there");
        file.write_all(&[0xA5; 64]).expect("damaged");
        let found = check(&Location::Sqlite(damaged.clone())).await;
        assert!(
            matches!(found, Err(Trouble::Corrupt { .. })),
            "{name}: {found:?}"
        );
        let refused = restore(&to, &damaged, false, *MIGRATIONS).await;
        assert!(
            matches!(refused, Err(Trouble::Corrupt { .. })),
            "{name}: {refused:?}"
        );
    }
    let text = ground.folder().join("text");
    fs::write(&text, "Dear desk, my order did not arrive. ".repeat(100)).expect("written");
    let refused = restore(&to, &text, false, *MIGRATIONS).await;
    assert!(
        matches!(refused, Err(Trouble::Corrupt { .. })),
        "{refused:?}"
    );
    let refused = restore(&to, &ground.folder().join("nothing"), false, *MIGRATIONS).await;
    assert!(
        matches!(refused, Err(Trouble::Unavailable { .. })),
        "{refused:?}"
    );
    let older = &MIGRATIONS[..1];
    let refused = restore(&to, &copy, false, older).await;
    assert!(
        matches!(
            refused,
            Err(Trouble::Newer {
                store: 9_001,
                program: 1
            })
        ),
        "{refused:?}"
    );
    let Location::Sqlite(path) = to else {
        unreachable!("it is SQLite")
    };
    assert!(!path.exists(), "a refused copy leaves nothing");
}

#[tokio::test]
async fn for_postgresql_its_own_tools_are_named() {
    let ground = Ground::postgres().await;
    let file = ground.folder().join("copy");
    let copied = backup(&ground.location, &file).await.expect_err("not here");
    assert!(copied.to_string().contains("pg_dump"), "{copied}");
    let put_back = restore(&ground.location, &file, true, *MIGRATIONS).await;
    let put_back = put_back.expect_err("not here");
    assert!(put_back.to_string().contains("pg_restore"), "{put_back}");
}
