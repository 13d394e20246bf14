// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the pages of the console say alike: stages, outcomes, money, and how long it is until something is due.

use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::event::Granted;
use makegood_desk::words::units_words;

use crate::books::currency;
use crate::web::portal::say::{Fill, Say};

/// A stage in words.
#[must_use]
pub fn stage(say: &Say, word: &str) -> String {
    say.t(&format!("desk-stage-{word}"))
}

/// An outcome in words.
#[must_use]
pub fn outcome(say: &Say, word: &str) -> String {
    say.t(&format!("desk-outcome-{word}"))
}

/// Money as the books' lists have it.
#[must_use]
pub fn money(say: &Say, minor: u64, code: &str) -> String {
    match currency(code) {
        Ok(currency) => say.money(Amount::new(minor, currency)),
        Err(_) => String::new(),
    }
}

const MINUTE: i128 = 60;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// How long it is until then, in one figure; and whether then is past.
#[must_use]
pub fn due(say: &Say, now: Instant, then: Instant) -> (String, bool) {
    let nanoseconds = then
        .unix_nanoseconds()
        .saturating_sub(now.unix_nanoseconds());
    let seconds = nanoseconds.div_euclid(1_000_000_000);
    let (late, long) = (seconds < 0, seconds.saturating_abs());
    let (unit, size) = match long {
        0..HOUR => ("minutes", MINUTE),
        HOUR..DAY => ("hours", HOUR),
        _ => ("days", DAY),
    };
    let count = usize::try_from(long.div_euclid(size)).unwrap_or(usize::MAX);
    let id = if late { "desk-late" } else { "desk-in" };
    let words = say.with(&format!("{id}-{unit}"), &[("count", Fill::Count(count))]);
    (words, late)
}

/// What is granted, in words: "Refund 9.75 for 1,950 followers".
#[must_use]
pub fn granted(say: &Say, unit: &str, granted: &Granted) -> String {
    let units = |count: u64| units_words(say.tongue(), count, unit);
    let with = |id: &str, amount: &Amount, count: u64| {
        let amount = say.money(*amount);
        if count == 0 {
            return say.one(id, "amount", amount);
        }
        let fills = [
            ("amount", Fill::Words(&amount)),
            ("units", Fill::Words(&units(count))),
        ];
        say.with(&format!("{id}-units"), &fills)
    };
    match granted {
        Granted::Refund { amount, units } => with("desk-do-refund", amount, *units),
        Granted::Exchange { amount, units } => with("desk-do-exchange", amount, *units),
        Granted::Credit { amount } => with("desk-do-credit", amount, 0),
        Granted::Redeliver { units: count } => say.one("desk-do-redeliver", "units", units(*count)),
        Granted::ReplaceAccount { account } => say.one("desk-do-replace", "account", account),
        Granted::Expedite => say.t("desk-do-expedite"),
        Granted::StartManually => say.t("desk-do-start"),
        Granted::Restart => say.t("desk-do-restart"),
        Granted::CancelSubscription => say.t("desk-do-cancel"),
        Granted::AcceptDispute { dispute } => say.one("desk-do-accept-dispute", "dispute", dispute),
        Granted::SubmitEvidence { dispute } => say.one("desk-do-evidence", "dispute", dispute),
        Granted::FlagFriendlyFraud => say.t("desk-do-flag"),
    }
}
