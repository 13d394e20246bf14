// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which claim a customer's own words sound like. It is a suggestion for the customer to look at, and decides nothing.

use makegood_desk::case::ClaimKind;

/// Parts of words that speak for a claim, in Danish and English. The first row that has one counts, so what is narrower stands first.
const HINTS: &[(ClaimKind, &[&str])] = &[
    (
        ClaimKind::Renewal,
        &[
            "renew",
            "fornye",
            "subscription",
            "abonnement",
            "charged again",
            "trukket igen",
            "hævet igen",
        ],
    ),
    (
        ClaimKind::AccountFaulty,
        &[
            "log in",
            "login",
            "logge ind",
            "password",
            "adgangskode",
            "banned",
            "lukket konto",
            "spærret",
        ],
    ),
    (
        ClaimKind::WrongTarget,
        &[
            "wrong country",
            "forkert land",
            "forkerte land",
            "wrong audience",
            "forkert målgruppe",
            "not from",
            "ikke fra",
        ],
    ),
    (
        ClaimKind::AutoNotWorking,
        &["auto", "new posts", "nye opslag", "automatic", "automatisk"],
    ),
    (
        ClaimKind::Dropped,
        &[
            "drop",
            "fald",
            "disappear",
            "forsvind",
            "forsvund",
            "lost",
            "mistet",
            "gone",
            "væk",
            "unfollow",
        ],
    ),
    (
        ClaimKind::NotStarted,
        &[
            "not started",
            "hasn't started",
            "has not started",
            "never started",
            "ikke start",
            "ikke begyndt",
            "aldrig start",
            "aldrig begyndt",
        ],
    ),
    (
        ClaimKind::Incomplete,
        &[
            "missing",
            "mangler",
            "only got",
            "only received",
            "kun fået",
            "not all",
            "ikke alle",
            "partial",
            "delvis",
            "half",
            "halvdelen",
        ],
    ),
    (
        ClaimKind::NotReceived,
        &[
            "not received",
            "nothing",
            "intet",
            "ikke modtaget",
            "ikke fået",
            "never came",
            "never arrived",
            "aldrig kommet",
        ],
    ),
    (
        ClaimKind::Slow,
        &["slow", "langsom", "takes too long", "tager for lang"],
    ),
    (ClaimKind::Stop, &["stop", "standse", "afbryd"]),
    (
        ClaimKind::Quality,
        &["quality", "kvalitet", "fake", "falske", "bots", "robot"],
    ),
    (
        ClaimKind::ChangedMind,
        &[
            "changed my mind",
            "fortrudt",
            "fortryd",
            "regret",
            "don't want",
            "vil ikke have",
        ],
    ),
    (
        ClaimKind::NoBenefit,
        &[
            "no effect",
            "ingen effekt",
            "didn't help",
            "hjalp ikke",
            "no benefit",
            "intet udbytte",
        ],
    ),
];

/// The claim that words sound like; nothing that we know where they sound like none.
#[must_use]
pub fn claim(words: &str) -> ClaimKind {
    let words = words.to_lowercase();
    let found = HINTS
        .iter()
        .find(|(_, hints)| hints.iter().any(|hint| words.contains(hint)));
    found.map_or(ClaimKind::Other, |(claim, _)| *claim)
}
