// SPDX-License-Identifier: MIT OR Apache-2.0
//! Versions: which one was in force when.

use std::fmt;

use crate::lex::{SECOND, days_since_epoch};
use crate::read::Policy;

/// A day of the calendar: the name of a version.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct Date {
    /// The year.
    pub year: i64,
    /// The month, from 1.
    pub month: i64,
    /// The day, from 1.
    pub day: i64,
}

impl Date {
    /// Reads `2025-10-02`.
    ///
    /// ```
    /// use makegood_policy::version::Date;
    /// assert_eq!(Date::parse("2025-10-02").unwrap().to_string(), "2025-10-02");
    /// assert!(Date::parse("2025-02-29").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| {
                if at == 4 || at == 7 {
                    *byte == b'-'
                } else {
                    byte.is_ascii_digit()
                }
            });
        if !shape {
            return None;
        }
        let part = |range: std::ops::Range<usize>| text.get(range)?.parse().ok();
        let date = Self {
            year: part(0..4)?,
            month: part(5..7)?,
            day: part(8..10)?,
        };
        days_since_epoch(date.year, date.month, date.day).map(|_| date)
    }

    /// Its first instant in universal time, in nanoseconds since 1970.
    ///
    /// ```
    /// let date = makegood_policy::version::Date::parse("1970-01-02").unwrap();
    /// assert_eq!(date.starts_at(), 86_400_000_000_000);
    /// ```
    #[must_use]
    pub fn starts_at(self) -> i128 {
        let days = days_since_epoch(self.year, self.month, self.day).unwrap_or(0);
        i128::from(days)
            .saturating_mul(86_400)
            .saturating_mul(SECOND)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Why no version of a policy can judge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoVersion {
    /// The policy has no version of this name.
    Unknown {
        /// What was asked for.
        asked: String,
        /// The versions there are.
        known: Vec<String>,
    },
    /// Nothing was in force yet.
    Before {
        /// The versions there are.
        known: Vec<String>,
    },
}

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |known: &[String]| {
            if known.is_empty() {
                "there are none".to_owned()
            } else {
                format!("there is {}", known.join(", "))
            }
        };
        match self {
            Self::Unknown { asked, known } => write!(f, "no version `{asked}`: {}", list(known)),
            Self::Before { known } => write!(f, "no version was in force then: {}", list(known)),
        }
    }
}

impl std::error::Error for NoVersion {}

/// The versions of one policy.
///
/// ```
/// use makegood_policy::version::{NoVersion, Versions};
/// let page = |day: &str| format!("---\npolicy: p\nversion: {day}\nlanguage: en\n---\n# P\n## 1 A {{#1}}\n```rule a\nwhen true then yes because \"\"\n```\n");
/// let mut versions = Versions::default();
/// for day in ["2025-01-01", "2025-10-02"] {
///     versions.add(makegood_policy::read(&page(day)).policy.unwrap());
/// }
/// let noon = |day: &str| makegood_policy::version::Date::parse(day).unwrap().starts_at() + 43_200_000_000_000;
/// assert_eq!(versions.in_force_at(noon("2025-10-01")).unwrap().version, "2025-01-01");
/// assert_eq!(versions.in_force_at(noon("2025-10-02")).unwrap().version, "2025-10-02");
/// assert_eq!(versions.named("2026-01-01").unwrap_err().to_string(), "no version `2026-01-01`: there is 2025-01-01, 2025-10-02");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Versions {
    /// INVARIANT (versions ascend): by day, each day once.
    versions: Vec<(Date, Policy)>,
}

impl Versions {
    /// Adds a version; one of the same day is replaced.
    pub fn add(&mut self, policy: Policy) {
        let Some(date) = Date::parse(&policy.version) else {
            return;
        };
        match self.versions.binary_search_by_key(&date, |(date, _)| *date) {
            Ok(at) => {
                if let Some(place) = self.versions.get_mut(at) {
                    *place = (date, policy);
                }
            }
            Err(at) => self.versions.insert(at, (date, policy)),
        }
    }

    /// All versions, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.versions.iter().map(|(_, policy)| policy)
    }

    fn known(&self) -> Vec<String> {
        self.iter().map(|policy| policy.version.clone()).collect()
    }

    /// The version of a day.
    ///
    /// # Errors
    /// There is none; the error names the versions there are.
    pub fn named(&self, version: &str) -> Result<&Policy, NoVersion> {
        self.iter()
            .find(|policy| policy.version == version)
            .ok_or_else(|| NoVersion::Unknown {
                asked: version.to_owned(),
                known: self.known(),
            })
    }

    /// The version in force at an instant, in nanoseconds since 1970; a version is in force from the start of its day in universal time.
    ///
    /// # Errors
    /// The instant lies before the first version.
    pub fn in_force_at(&self, instant: i128) -> Result<&Policy, NoVersion> {
        let last = self
            .versions
            .iter()
            .rev()
            .find(|(date, _)| date.starts_at() <= instant);
        last.map(|(_, policy)| policy)
            .ok_or_else(|| NoVersion::Before {
                known: self.known(),
            })
    }
}
