// SPDX-License-Identifier: MIT OR Apache-2.0
//! Places at which a test can have the program die, to see that nothing is lost and nothing is done twice.
//!
//! Only a build with the feature `crash-points` dies at any of them: when `MAKEGOOD_CRASH_AT` is `NAME:N`, at the N-th time that the
//! place is reached, without unwinding, as if the power went. In all other builds a place is nothing at all. The places stand where two
//! things must not come apart: around each commit, and around each call to somebody else.

/// All places, by what has just been done. A place that is not here does not build; one that is nowhere else fails a test.
pub const POINTS: &[&str] = &[
    // One input to one case.
    "act.written",
    "act.committed",
    "request.written",
    "answer.kept",
    "answer.durable",
    // A file of orders.
    "import.written",
    "import.durable",
    // What a provider tells.
    "event.written",
    "event.kept",
    "event.looked_up",
    "event.worked_off",
    // Work that is owed.
    "work.taken",
    "work.let_go",
    "refund.permitted",
    "refund.answered",
    "refund.noted",
    "refund.listed",
    "refund.fetched",
    "command.permitted",
    "command.answered",
    "subscription.permitted",
    "subscription.answered",
    "letter.sealed",
    "letter.handed",
    // The store.
    "sqlite.before_commit",
    "sqlite.committed",
    "sqlite.migrating",
    "sqlite.migrated",
    "postgres.before_commit",
    "postgres.committed",
    "postgres.migrating",
    "postgres.migrated",
    // The keys of persons.
    "key.before_commit",
    "key.committed",
    // The audit log.
    "log.sealed",
    "log.signed",
    "log.kept",
    "file.written",
    "file.replaced",
    // Copies.
    "backup.copied",
    "backup.linked",
    "restore.aside",
];

/// Whether a place is among them.
pub(crate) const fn is_listed(name: &str) -> bool {
    let mut at = 0;
    while at < POINTS.len() {
        if same(POINTS[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A place at which the program can be made to die.
macro_rules! point {
    ($name:literal) => {{
        const { assert!($crate::crash::is_listed($name), "list it in crash.rs") };
        #[cfg(feature = "crash-points")]
        $crate::crash::reached($name);
    }};
}
pub(crate) use point;

/// The variable that says where to die.
#[cfg(feature = "crash-points")]
const VARIABLE: &str = "MAKEGOOD_CRASH_AT";

/// Dies here, if this is the place and the time.
#[cfg(feature = "crash-points")]
pub(crate) fn reached(name: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let wanted = std::env::var(VARIABLE).ok()?;
        let (name, number) = wanted.split_once(':')?;
        Some((name.to_owned(), number.parse().ok()?))
    });
    static TIMES: AtomicU64 = AtomicU64::new(0);
    if let Some((wanted, number)) = &*WANTED
        && wanted == name
        && TIMES.fetch_add(1, Ordering::Relaxed) + 1 == *number
    {
        eprintln!("dies at {name}");
        std::process::abort();
    }
}

/// Prints all places, and says whether somebody asked for them: with `MAKEGOOD_CRASH_AT=list`.
#[cfg(feature = "crash-points")]
pub(crate) fn listed() -> bool {
    let asked = std::env::var(VARIABLE).is_ok_and(|asked| asked == "list");
    if asked {
        POINTS.iter().for_each(|name| println!("{name}"));
    }
    asked
}
