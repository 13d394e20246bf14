// SPDX-License-Identifier: MIT OR Apache-2.0
//! The texts of the pages, from one catalogue in Danish and English; and figures, money and times as its readers write them.

use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use jiff::tz::TimeZone;
use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::input::Language;
use makegood_desk::words::amount_words;
use makegood_policy::phrase::Tongue;

use crate::clock::{instant, timestamp};

/// The catalogue in Danish.
pub const DANISH: &str = include_str!("../pages/texts.da.ftl");
/// The catalogue in English.
pub const ENGLISH: &str = include_str!("../pages/texts.en.ftl");
/// The catalogue of the console in Danish.
pub const DESK_DANISH: &str = include_str!("../pages/desk.da.ftl");
/// The catalogue of the console in English.
pub const DESK_ENGLISH: &str = include_str!("../pages/desk.en.ftl");

type Bundle = FluentBundle<FluentResource>;

/// What speaks to a reader.
#[derive(Clone)]
pub struct Say {
    /// In which language.
    pub language: Language,
    /// In which zone times are told.
    pub zone: TimeZone,
}

/// What is filled into a text.
pub enum Fill<'a> {
    /// Words.
    Words(&'a str),
    /// How many there are, where a text has forms for one and for many.
    Count(usize),
}

fn bundle(language: Language) -> &'static Bundle {
    static BUNDLES: OnceLock<[Bundle; 2]> = OnceLock::new();
    let [danish, english] = BUNDLES.get_or_init(|| {
        [
            read("da", &[DANISH, DESK_DANISH]),
            read("en", &[ENGLISH, DESK_ENGLISH]),
        ]
    });
    match language {
        Language::Danish => danish,
        Language::English => english,
    }
}

/// A language's catalogues. What is wrong in it is found by a test, so here nothing is said of it.
fn read(code: &str, texts: &[&str]) -> Bundle {
    let locale = code.parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    // The marks around what is filled in would stand in titles and mails as boxes; what people wrote stands in elements of its own.
    bundle.set_use_isolating(false);
    for text in texts {
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(read, _)| read);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Say {
    /// For a language, with times in a zone.
    #[must_use]
    pub const fn new(language: Language, zone: TimeZone) -> Self {
        Self { language, zone }
    }

    /// A text.
    #[must_use]
    pub fn t(&self, id: &str) -> String {
        self.with(id, &[])
    }

    /// A text with one thing filled in.
    #[must_use]
    pub fn one(&self, id: &str, name: &str, words: impl AsRef<str>) -> String {
        self.with(id, &[(name, Fill::Words(words.as_ref()))])
    }

    /// A text with things filled in.
    #[must_use]
    pub fn with(&self, id: &str, fills: &[(&str, Fill<'_>)]) -> String {
        let bundle = bundle(self.language);
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, fill) in fills {
            let value = match fill {
                Fill::Words(words) => FluentValue::from((*words).to_owned()),
                Fill::Count(count) => FluentValue::from(*count),
            };
            args.set((*name).to_owned(), value);
        }
        let mut wrong = Vec::new();
        bundle
            .format_pattern(pattern, Some(&args), &mut wrong)
            .into_owned()
    }

    /// How the policy's own words are put in this language.
    #[must_use]
    pub fn tongue(&self) -> Tongue {
        Tongue::of(self.language.code())
    }

    /// An amount: `1.234,56 kr.`, `EUR 1,234.56`.
    #[must_use]
    pub fn money(&self, amount: Amount) -> String {
        amount_words(self.tongue(), amount)
    }

    /// A whole number.
    #[must_use]
    pub fn whole(&self, number: u64) -> String {
        self.tongue().whole(i128::from(number))
    }

    /// The instant moved so that its universal time reads as the time on the reader's clock.
    fn on_the_clock(&self, at: Instant) -> i128 {
        let there = timestamp(at).to_zoned(self.zone.clone());
        let offset = i64::from(there.offset().seconds());
        at.unix_nanoseconds()
            .saturating_add(i128::from(offset).saturating_mul(1_000_000_000))
    }

    /// A day in the reader's zone: "2. oktober 2025".
    #[must_use]
    pub fn day(&self, at: Instant) -> String {
        self.tongue().day(self.on_the_clock(at))
    }

    /// A day and the time of day in the reader's zone.
    #[must_use]
    pub fn moment(&self, at: Instant) -> String {
        let clock = timestamp(at).to_zoned(self.zone.clone());
        let time = format!("{:02}:{:02}", clock.hour(), clock.minute());
        self.with(
            "moment",
            &[
                ("day", Fill::Words(&self.day(at))),
                ("time", Fill::Words(&time)),
            ],
        )
    }

    /// A day in two numbers, for the foot of a chart.
    #[must_use]
    pub fn short_day(&self, at: Instant) -> String {
        let there = timestamp(at).to_zoned(self.zone.clone());
        match self.language {
            Language::Danish => format!("{}.{}.", there.day(), there.month()),
            Language::English => {
                let day = self.day(at);
                let mut words = day.split(' ');
                let (day, month) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
                format!("{day} {}", month.get(..3).unwrap_or(month))
            }
        }
    }

    /// The instant for machines, in the reader's zone.
    #[must_use]
    pub fn machine(&self, at: Instant) -> String {
        timestamp(instant(timestamp(at))).to_string()
    }
}
