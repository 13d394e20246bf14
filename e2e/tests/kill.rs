// SPDX-License-Identifier: MIT OR Apache-2.0
//! The short form of the long runs: a hundred kills on each store, a few races, and two processes of which one dies.

use std::sync::{Arc, LazyLock};

use makegood_e2e::binary::{Binary, Build};
use makegood_e2e::cluster::{Cluster, Disk};
use makegood_e2e::desk::Books;
use makegood_e2e::kill::{self, Run, points_of};
use makegood_e2e::pair;
use makegood_e2e::race::{self, Race};

static BINARY: LazyLock<Binary> =
    LazyLock::new(|| Binary::build(Build::ForKills).expect("the binary"));

fn postgres() -> Books {
    Books::Postgres(Arc::new(
        Cluster::start(Disk::NotWaitedFor).expect("a server"),
    ))
}

/// A place that a short run may miss: it would need a refund that takes its time.
const SELDOM: [&str; 1] = ["refund.fetched"];

fn nothing_is_lost_and_nothing_is_paid_twice(books: &Books) {
    let run = Run {
        kills: 100,
        seed: 1,
        visitors: 4,
        tells: false,
    };
    let report = kill::run(&BINARY, books, run).expect("it comes to rest");
    assert_eq!(report.wrong, Vec::<String>::new());
    assert!(report.kills() >= 100, "{report:?}");
    assert!(report.looked.refunds > 20, "{report:?}");
    assert!(report.looked.renewals > 2, "{report:?}");
    assert!(report.verified.contains("all holds"), "{report:?}");
    let mut points = points_of(&BINARY.crash_points().expect("places"), books);
    points.retain(|point| !SELDOM.contains(&point.as_str()));
    let missed = report.not_reached(&points);
    assert!(
        missed.len() <= points.len() / 4,
        "most places are reached: {missed:?}"
    );
}

#[test]
fn a_hundred_kills_on_sqlite_lose_nothing_and_pay_nothing_twice() {
    nothing_is_lost_and_nothing_is_paid_twice(&Books::Sqlite);
}

#[test]
fn a_hundred_kills_on_postgresql_lose_nothing_and_pay_nothing_twice() {
    nothing_is_lost_and_nothing_is_paid_twice(&postgres());
}

fn exactly_one_wins(books: &Books) {
    for race in [Race::EightAccept, Race::EightTheSame, Race::SixtyAndSixty] {
        let raced = race::run(&BINARY, books, race, 40).expect("it is run");
        assert_eq!(raced.wrong, Vec::<String>::new(), "{race:?}");
        assert_eq!(raced.rounds, 40);
    }
}

#[test]
fn of_many_who_want_the_same_money_at_once_exactly_one_has_it_on_sqlite() {
    exactly_one_wins(&Books::Sqlite);
}

#[test]
fn of_many_who_want_the_same_money_at_once_exactly_one_has_it_on_postgresql() {
    exactly_one_wins(&postgres());
}

#[test]
fn of_two_processes_on_one_database_the_one_finishes_what_the_other_died_with() {
    let survived = pair::run(&BINARY, &postgres(), 120, 1).expect("it comes to rest");
    assert_eq!(survived.wrong, Vec::<String>::new());
    assert!(survived.looked.refunds > 40, "{survived:?}");
}
