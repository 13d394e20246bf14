// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was told of a case lately: its reasons and what happened, written out, for as long as nothing happens to it.
//!
//! Both hang on nothing but the case's events and the paper that was judged, and neither ever changes. Money is read anew each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use makegood_desk::input::Id;
use makegood_desk::life::Case;
use makegood_policy::fact::Disclose;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// JSON that is written already; `null` where nothing is.
#[derive(Clone, Debug, Default)]
pub struct Raw(Option<Arc<RawValue>>);

impl Raw {
    /// Writes something out; nothing if it cannot be written.
    #[must_use]
    pub fn of<T: Serialize>(value: &T) -> Option<Self> {
        let written = to_raw_value(value).ok()?;
        Some(Self(Some(written.into())))
    }
}

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_deref().serialize(serializer)
    }
}

/// What is told of a case beside the case itself.
#[derive(Clone, Debug)]
pub struct Told {
    /// The last decision with its reasons.
    pub reasons: Option<Raw>,
    /// What happened.
    pub timeline: Raw,
}

/// The case, the language that was asked for, and whether a customer hears it.
type Place = (Id, Option<&'static str>, bool);

/// What was told lately, by case and by who asked in which language.
#[derive(Debug, Default)]
pub struct ToldLately {
    told: Mutex<HashMap<Place, (u64, Told)>>,
}

/// Most that is kept at hand.
const KEPT_MOST: usize = 1_024;

impl ToldLately {
    /// What was told of a case as it is now.
    #[must_use]
    pub fn of(
        &self,
        case: &Case,
        language: Option<&'static str>,
        audience: Disclose,
    ) -> Option<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, told) = told.get(&place(case, language, audience))?;
        (*version == case.version).then(|| told.clone())
    }

    /// Keeps what was told of a case.
    pub fn keep(&self, case: &Case, language: Option<&'static str>, audience: Disclose, new: Told) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= KEPT_MOST {
            // Which ones go does not matter: they can be worked out again.
            told.clear();
        }
        told.insert(place(case, language, audience), (case.version, new));
    }
}

fn place(case: &Case, language: Option<&'static str>, audience: Disclose) -> Place {
    (case.id, language, audience == Disclose::Customer)
}
