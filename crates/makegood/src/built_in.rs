// SPDX-License-Identifier: MIT OR Apache-2.0
//! The policies that are built into the binary.

use makegood_desk::decision::Rulebook;
use makegood_desk::vocabulary;
use makegood_policy::version::Versions;
use makegood_policy::{Limits, Reading, Sources, read_sources};

/// A built-in policy's files.
pub struct BuiltIn {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Name and text of the policy.
    pub policy: (&'static str, &'static str),
    /// Names and texts of the translations.
    pub translations: &'static [(&'static str, &'static str)],
    /// Name and text of the worked cases.
    pub cases: (&'static str, &'static str),
}

macro_rules! page {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../policies/", $path)))
    };
}

/// All of them, oldest first.
pub const ALL: [BuiltIn; 1] = [BuiltIn {
    name: "viplikes",
    version: "2025-10-02",
    policy: page!("viplikes/2025-10-02/policy.da.md"),
    translations: &[page!("viplikes/2025-10-02/policy.en.md")],
    cases: page!("viplikes/2025-10-02/cases.md"),
}];

impl BuiltIn {
    /// Reads it.
    #[must_use]
    pub fn read(&self) -> Reading {
        let host = vocabulary::host();
        read_sources(&Sources {
            policy: self.policy,
            translations: self.translations,
            host: Some(&host),
            limits: Limits::default(),
            keep_going: &|| true,
        })
    }
}

/// All versions of a built-in policy; nothing if there is none of that name.
///
/// # Panics
/// A built-in policy does not read: the tests hold that each does.
#[must_use]
pub fn versions(name: &str) -> Option<Versions> {
    let mut versions = Versions::default();
    let mut found = false;
    for built_in in ALL.iter().filter(|built_in| built_in.name == name) {
        let reading = built_in.read();
        match reading.policy {
            Some(policy) => versions.add(policy),
            None => panic!(
                "the built-in policy `{name}` does not read: {:?}",
                reading.problems.first()
            ),
        }
        found = true;
    }
    found.then_some(versions)
}

/// Each version of a built-in policy as a rulebook, oldest first.
///
/// # Panics
/// A built-in policy does not fit the desk: the tests hold that each does.
#[must_use]
pub fn rulebooks(name: &str) -> Option<Vec<Rulebook>> {
    let join = |policy: &makegood_policy::Policy| match Rulebook::new(policy.clone()) {
        Ok(rulebook) => rulebook,
        Err(misfit) => panic!("the built-in policy `{name}` does not fit the desk: {misfit}"),
    };
    versions(name).map(|versions| versions.iter().map(join).collect())
}
