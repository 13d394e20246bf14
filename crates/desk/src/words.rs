// SPDX-License-Identifier: MIT OR Apache-2.0
//! Amounts, units and days in words, and texts that stand in two languages side by side.

use alloc::format;
use alloc::string::String;

use makegood_policy::phrase::Tongue;
use makegood_policy::version::Date;

use crate::amount::Amount;
use crate::case::Instant;

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// In Danish.
    pub danish: &'static str,
    /// In English.
    pub english: &'static str,
}

impl Text {
    /// The text in a language.
    #[must_use]
    pub fn say(self, tongue: Tongue) -> &'static str {
        if tongue.is_danish() {
            self.danish
        } else {
            self.english
        }
    }

    /// The text in a language, with each `{name}` replaced.
    ///
    /// ```
    /// use makegood_desk::words::Text;
    /// use makegood_policy::phrase::Tongue;
    /// let text = Text { danish: "{amount} af {whole}", english: "{amount} of {whole}" };
    /// let filled = text.with(Tongue::of("en"), &[("amount", "EUR 12.48"), ("whole", "EUR 49.90")]);
    /// assert_eq!(filled, "EUR 12.48 of EUR 49.90");
    /// ```
    #[must_use]
    pub fn with(self, tongue: Tongue, words: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.say(tongue);
        // One pass: what is filled in is never read as a place to fill.
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, inside)| Some((before, inside.split_once('}')?)))
        {
            out.push_str(before);
            let word = words.iter().find(|(known, _)| *known == name);
            out.push_str(word.map_or("", |(_, word)| *word));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

/// Texts by name, each in Danish and then in English; and all of them in one list, for whoever checks them.
macro_rules! texts {
    ($($name:ident: $danish:literal, $english:literal;)*) => {
        $(#[doc = $english] pub const $name: $crate::words::Text = $crate::words::Text { danish: $danish, english: $english };)*
        /// All of them, by name.
        pub const ALL: &[(&str, $crate::words::Text)] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use texts;

/// An amount in the language.
#[must_use]
pub fn amount_words(tongue: Tongue, amount: Amount) -> String {
    minor_words(tongue, i128::from(amount.minor()), amount)
}

/// So many minor units of an amount's currency in the language.
#[must_use]
pub fn minor_words(tongue: Tongue, minor: i128, like: Amount) -> String {
    let currency = like.currency();
    tongue.amount(minor, u32::from(currency.digits()), currency.code())
}

/// A number of units in the service's own words: "250 sign-ups". Danish counts in "stk.".
///
/// ```
/// use makegood_desk::words::units_words;
/// use makegood_policy::phrase::Tongue;
/// assert_eq!(units_words(Tongue::of("en"), 1_250, "sign-up"), "1,250 sign-ups");
/// assert_eq!(units_words(Tongue::of("en"), 1, "reply"), "1 reply");
/// assert_eq!(units_words(Tongue::of("en"), 2, "reply"), "2 replies");
/// assert_eq!(units_words(Tongue::of("da"), 1_250, "sign-up"), "1.250 stk.");
/// ```
#[must_use]
pub fn units_words(tongue: Tongue, count: u64, unit: &str) -> String {
    let number = tongue.whole(i128::from(count));
    let is_word = unit.chars().next().is_some_and(char::is_alphabetic)
        && unit
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ' '))
        && unit.chars().last().is_some_and(char::is_alphabetic);
    if tongue.is_danish() {
        return format!("{number} stk.");
    }
    if !is_word {
        return format!("{number} units");
    }
    if count == 1 {
        return format!("{number} {unit}");
    }
    let lower = unit.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if ends(&["ss", "sh", "ch", "x", "z"]) {
        return format!("{number} {unit}es");
    }
    if ends(&["s"]) {
        return format!("{number} {unit}");
    }
    match unit.strip_suffix('y') {
        Some(stem) if !ends(&["ay", "ey", "oy", "uy"]) => format!("{number} {stem}ies"),
        _ => format!("{number} {unit}s"),
    }
}

/// A day of universal time: "2. oktober 2025".
#[must_use]
pub fn day_words(tongue: Tongue, at: Instant) -> String {
    tongue.day(at.unix_nanoseconds())
}

/// A policy's version as a day, or as it is called where that is no day.
///
/// ```
/// use makegood_desk::words::version_words;
/// use makegood_policy::phrase::Tongue;
/// assert_eq!(version_words(Tongue::of("da"), "2025-10-02"), "2. oktober 2025");
/// assert_eq!(version_words(Tongue::of("da"), "draft"), "draft");
/// ```
#[must_use]
pub fn version_words(tongue: Tongue, version: &str) -> String {
    Date::parse(version).map_or_else(|| version.into(), |date| tongue.day(date.starts_at()))
}
