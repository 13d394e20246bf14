// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books: what the desk keeps in its store, in the desk's own words.
//!
//! Everything that reads or changes the product's tables stands in this folder, written once for both databases. Nothing here
//! decides: what happens comes from `makegood_desk::handle`, and is written down here in one transaction with all that it entails.

pub mod act;
pub mod answers;
pub mod cases;
pub mod check;
pub mod codes;
pub mod dispute_answers;
pub mod disputes;
pub mod drafts;
pub mod effects;
pub mod facts;
pub mod files;
pub mod gauges;
pub mod health;
pub mod inbox;
pub mod intake;
pub mod lists;
pub mod mail;
pub mod notes;
pub mod orders;
pub mod people;
pub mod private;
pub mod proof;
pub mod queue;
pub mod reports;
pub mod seal;
pub mod search;
pub mod standard_replies;
pub mod transfers;
pub mod views;
pub mod webhooks;

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::case::{Duration, Instant};

use crate::store::{Row, Statement, Trouble};
use crate::wire::{Word, Written as _};

/// Every statement of the books, for the test that prepares them all on both databases.
pub static STATEMENTS: &[&[&Statement]] = &[
    orders::STATEMENTS,
    intake::STATEMENTS,
    cases::STATEMENTS,
    effects::STATEMENTS,
    seal::STATEMENTS,
    act::STATEMENTS,
    health::STATEMENTS,
    crate::post::STATEMENTS,
    crate::web::portal::case::STATEMENTS,
    crate::web::portal::link::STATEMENTS,
    crate::case_commands::STATEMENTS,
    check::STATEMENTS,
    people::STATEMENTS,
    crate::goods::callback::STATEMENTS,
    crate::goods::import::STATEMENTS,
    crate::hold::STATEMENTS,
    private::STATEMENTS,
    crate::vault::STATEMENTS,
    facts::STATEMENTS,
    disputes::STATEMENTS,
    inbox::STATEMENTS,
    crate::reconcile::STATEMENTS,
    crate::world::STATEMENTS,
    webhooks::STATEMENTS,
    crate::demo::STATEMENTS,
    crate::doctor::STATEMENTS,
    transfers::STATEMENTS,
    answers::STATEMENTS,
    files::STATEMENTS,
    gauges::STATEMENTS,
    lists::STATEMENTS,
    mail::STATEMENTS,
    crate::web::api::cases::STATEMENTS,
    crate::web::api::people::STATEMENTS,
    crate::web::api::money::STATEMENTS,
];

/// An instant as the store keeps it: nanoseconds since 1970, which reach from 1677 to 2262.
///
/// # Errors
/// The instant is beyond them.
pub(crate) fn nanoseconds(at: Instant) -> Result<i64, Trouble> {
    i64::try_from(at.unix_nanoseconds())
        .map_err(|_| Trouble::misused("an instant lies before 1678 or after 2261"))
}

/// A length of time as the store keeps it.
pub(crate) fn length(duration: Duration) -> Result<i64, Trouble> {
    i64::try_from(duration.nanoseconds())
        .map_err(|_| Trouble::misused("a length of time is over 292 years"))
}

/// An instant from the store.
pub(crate) fn instant(nanoseconds: i64) -> Instant {
    Instant::from_unix_nanoseconds(i128::from(nanoseconds))
}

/// A length of time from the store.
pub(crate) fn duration(nanoseconds: i64) -> Duration {
    Duration::from_nanoseconds(i128::from(nanoseconds))
}

/// Money as the store keeps it.
pub(crate) fn minor(amount: Amount) -> Result<i64, Trouble> {
    whole(amount.minor())
}

/// A count as the store keeps it.
pub(crate) fn whole(number: u64) -> Result<i64, Trouble> {
    i64::try_from(number).map_err(|_| Trouble::misused("a number is 2^63 or more"))
}

/// A count from the store.
pub(crate) fn count(row: &Row, column: usize) -> Result<u64, Trouble> {
    u64::try_from(row.int(column)?).map_err(|_| stranger("a negative number"))
}

/// Money from the store: its minor units and its currency in the columns after.
pub(crate) fn amount(row: &Row, column: usize) -> Result<Amount, Trouble> {
    let currency = currency(row.text(column.saturating_add(1))?)?;
    Ok(Amount::new(count(row, column)?, currency))
}

/// A currency from the store.
pub(crate) fn currency(code: &str) -> Result<Currency, Trouble> {
    Currency::read(code).map_err(|_| stranger("a currency that nobody knows"))
}

/// A word from the store.
pub(crate) fn word<T: Word>(row: &Row, column: usize) -> Result<T, Trouble> {
    T::read(row.text(column)?).ok_or_else(|| stranger("a word that this program does not know"))
}

/// That the store holds something that this program cannot have written.
pub(crate) fn stranger(what: &str) -> Trouble {
    Trouble::Corrupt {
        why: format!(
            "the store holds {what}; restore a backup, or start the program that wrote it"
        ),
    }
}
