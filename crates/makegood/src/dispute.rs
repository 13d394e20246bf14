// SPDX-License-Identifier: MIT OR Apache-2.0
//! A dispute is answered at its provider: looked at first, staged as often as one likes, handed in or accepted once.
//!
//! Whatever the provider says is taken down as if it had told of it. What nobody knows stays so until somebody looks: the same act may be
//! asked again, under the key by which the provider knows it; another act may not.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration as Patience;

use makegood_desk::case::Duration;
use makegood_desk::evidence::{TEXT_CHARACTERS, TEXTS_CHARACTERS, fits};
use makegood_desk::input::Id;
use ring::digest::{Context, SHA256};
use tokio::sync::watch;

use crate::books::act::before;
use crate::books::dispute_answers::{self, Act, ActState, DisputeAnswer};
use crate::books::disputes::{self, dispute_seen};
use crate::pay::{Answered, Dispute, DisputeState, Provider, Unread};
use crate::run::Shop;
use crate::store::Trouble;

/// The fields that are files, and count as no text.
///
/// Source: Stripe's dispute object, `evidence` (API 2026-10-28).
const FILES: [&str; 9] = [
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
];

/// The texts that people lay down here.
pub const TEXTS: [&str; 7] = [
    "product_description",
    "service_date",
    "access_activity_log",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "cancellation_rebuttal",
    "uncategorized_text",
];

/// Why a dispute was not answered.
#[derive(Debug)]
pub enum NotAnswered {
    /// No provider that is connected told of it: it is answered where it came from.
    NotConnected,
    /// The provider could not be asked.
    Unread(Unread),
    /// It waits for no answer, or for none of this kind.
    Closed,
    /// Answering it costs a fee of its own, which a person has to agree to at the provider.
    Costs,
    /// Nothing lies there to be handed in.
    Nothing,
    /// What lies at the provider is not what was looked at.
    Changed,
    /// A text is too long, or all of them are.
    TooLong {
        /// Which; all together without one.
        field: Option<String>,
        /// How long it is, in characters.
        characters: usize,
        /// How long it may be.
        most: usize,
    },
    /// The round's one chance is taken.
    Taken(DisputeAnswer),
    /// The provider would not. Nothing was handed in.
    Refused {
        /// Its words.
        words: String,
    },
    /// Nobody knows. The same may be asked again.
    Unknown {
        /// What was seen.
        seen: String,
    },
    /// The store's trouble.
    Trouble(Trouble),
}

/// In a word, for the log: no text of anybody's.
impl fmt::Display for NotAnswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "its provider is not connected",
            Self::Unread(_) => "the provider could not be asked",
            Self::Closed => "it waits for no answer",
            Self::Costs => "answering it costs a fee of its own",
            Self::Nothing => "nothing is staged",
            Self::Changed => "what is staged has changed",
            Self::TooLong { .. } => "a text is too long",
            Self::Taken(_) => "it was answered before",
            Self::Refused { .. } => "the provider did not take it",
            Self::Unknown { .. } => "nobody knows whether it arrived",
            Self::Trouble(_) => "the store is in trouble",
        })
    }
}

impl From<Trouble> for NotAnswered {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

/// The chance to answer that is open now.
#[must_use]
pub const fn round(state: &DisputeState) -> Option<&'static str> {
    match state {
        DisputeState::InquiryNeedsResponse => Some("inquiry"),
        DisputeState::NeedsResponse => Some("chargeback"),
        DisputeState::AppealNeedsResponse => Some("appeal"),
        _ => None,
    }
}

/// What lies at the provider in a word, so that it is noticed when somebody else has changed it.
#[must_use]
pub fn mark(evidence: &BTreeMap<String, String>) -> String {
    let mut context = Context::new(&SHA256);
    for (field, text) in evidence {
        for part in [field, text] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
    }
    crate::books::seal::hex(context.finish().as_ref())
}

/// A dispute that somebody answers.
pub struct Answering<'s> {
    /// The desk with its providers.
    pub shop: &'s Shop,
    /// The provider that told of it, by its name in the settings.
    pub provider: &'s str,
    /// The provider's name for it.
    pub dispute: &'s str,
    /// Who answers; nobody for the desk itself.
    pub by: Option<Id>,
}

impl Answering<'_> {
    fn provider(&self) -> Result<&Provider, NotAnswered> {
        let provider = self.shop.providers.get(self.provider);
        let asked = provider.filter(|provider| provider.answers());
        asked.map(AsRef::as_ref).ok_or(NotAnswered::NotConnected)
    }

    /// Looks at it, and takes down what is seen.
    ///
    /// # Errors
    /// The provider could not be asked, or the store's trouble.
    pub async fn look(&self) -> Result<Dispute, NotAnswered> {
        let seen = self.provider()?.dispute(self.dispute).await.said;
        let seen = seen.map_err(NotAnswered::Unread)?;
        self.taken_down(&seen).await?;
        Ok(seen)
    }

    async fn taken_down(&self, seen: &Dispute) -> Result<(), Trouble> {
        let now = self.shop.clock.now();
        dispute_seen(&self.shop.desk, self.provider, seen, now).await?;
        // An act of whose end nobody knew shows in what became of the dispute.
        let act = match seen.state {
            DisputeState::Lost if seen.submissions == 0 => Act::Accept,
            _ if round(&seen.state).is_none() && seen.submissions > 0 => Act::Submit,
            _ => return Ok(()),
        };
        let dispute = self.dispute.to_owned();
        let done = self.shop.desk.store.write(move |tx| {
            let dispute = dispute.clone();
            Box::pin(async move { dispute_answers::seen_done(tx, &dispute, act, now).await })
        });
        done.await
    }

    /// Looks at it before it is answered: it must wait for an answer, and hold what was looked at.
    async fn open(&self, looked_at: Option<&str>) -> Result<(Dispute, &'static str), NotAnswered> {
        let seen = self.look().await?;
        let round = round(&seen.state).ok_or(NotAnswered::Closed)?;
        if looked_at.is_some_and(|looked_at| mark(&seen.evidence) != looked_at) {
            return Err(NotAnswered::Changed);
        }
        Ok((seen, round))
    }

    /// Lays texts down, without handing them in. An empty one takes away what lay there; fields that are not named are kept.
    ///
    /// # Errors
    /// It does not fit or does not wait for an answer, somebody else has changed it, or what the provider said.
    pub async fn stage(
        &self,
        texts: &BTreeMap<String, String>,
        looked_at: &str,
    ) -> Result<Dispute, NotAnswered> {
        let (seen, round) = self.open(Some(looked_at)).await?;
        let mut held = seen.evidence.clone();
        held.extend(texts.clone());
        let counted = held
            .iter()
            .filter(|(field, _)| !FILES.contains(&field.as_str()))
            .map(|(field, text)| (field.as_str(), text.as_str()));
        if let Err((field, characters)) = fits(counted) {
            return Err(NotAnswered::TooLong {
                most: field.map_or(TEXTS_CHARACTERS, |_| TEXT_CHARACTERS),
                field: field.map(str::to_owned),
                characters,
            });
        }
        let changed = texts
            .iter()
            .filter(|(field, text)| seen.evidence.get(*field).map_or("", String::as_str) != *text)
            .map(|(field, text)| (field.clone(), text.clone()))
            .collect::<BTreeMap<_, _>>();
        if changed.is_empty() {
            return Ok(seen);
        }
        let no = self.begun(round, Act::Stage).await?;
        let said = self.provider()?.stage_evidence(self.dispute, &changed);
        let said = said.await.said;
        self.settled(no, said).await
    }

    /// Hands in what lies there: once, and for good. Without a mark, whatever lies there.
    ///
    /// # Errors
    /// There is nothing to hand in or no chance to, somebody else has changed it, or what the provider said.
    pub async fn submit(&self, looked_at: Option<&str>) -> Result<Dispute, NotAnswered> {
        let (seen, round) = self.open(looked_at).await?;
        if seen.answer_costs {
            return Err(NotAnswered::Costs);
        }
        if seen.evidence.is_empty() {
            return Err(NotAnswered::Nothing);
        }
        let no = self.begun(round, Act::Submit).await?;
        let key = self.key(Act::Submit, round, no);
        let said = self.provider()?.submit_evidence(self.dispute, &key);
        let said = said.await.said;
        self.settled(no, said).await
    }

    /// Accepts that it is lost: once, and for good.
    ///
    /// # Errors
    /// It is no chargeback that waits for an answer, it was answered before, or what the provider said.
    pub async fn accept(&self) -> Result<Dispute, NotAnswered> {
        let seen = self.look().await?;
        if seen.state != DisputeState::NeedsResponse {
            return Err(NotAnswered::Closed);
        }
        let round = round(&seen.state).ok_or(NotAnswered::Closed)?;
        let no = self.begun(round, Act::Accept).await?;
        let key = self.key(Act::Accept, round, no);
        let said = self.provider()?.accept_dispute(self.dispute, &key);
        let said = said.await.said;
        self.settled(no, said).await
    }

    fn key(&self, act: Act, round: &str, no: i64) -> String {
        format!("makegood-{}-{}-{round}-{no}", act.word(), self.dispute)
    }

    async fn begun(&self, round: &'static str, act: Act) -> Result<i64, NotAnswered> {
        let (dispute, by) = (self.dispute.to_owned(), self.by);
        let now = self.shop.clock.now();
        let begun = self.shop.desk.store.write(move |tx| {
            let dispute = dispute.clone();
            Box::pin(async move { dispute_answers::begin(tx, &dispute, round, act, by, now).await })
        });
        begun.await?.map_err(NotAnswered::Taken)
    }

    async fn settled(&self, no: i64, said: Answered) -> Result<Dispute, NotAnswered> {
        let (state, words) = match &said {
            Answered::Done(_) => (ActState::Done, ""),
            Answered::Refused { words } => (ActState::Refused, words.as_str()),
            Answered::Unknown { seen } => (ActState::Unknown, seen.as_str()),
        };
        let (dispute, words) = (self.dispute.to_owned(), words.to_owned());
        let now = self.shop.clock.now();
        let settled = self.shop.desk.store.write(move |tx| {
            let (dispute, words) = (dispute.clone(), words.clone());
            Box::pin(
                async move { dispute_answers::settle(tx, &dispute, no, state, &words, now).await },
            )
        });
        settled.await?;
        match said {
            Answered::Done(dispute) => {
                self.taken_down(&dispute).await?;
                Ok(*dispute)
            }
            Answered::Refused { words } => Err(NotAnswered::Refused { words }),
            Answered::Unknown { seen } => Err(NotAnswered::Unknown { seen }),
        }
    }
}

/// How often it is looked for evidence that is due.
const LOOK: Patience = Patience::from_secs(60);
/// What the provider did not take is tried again after so long.
const AGAIN: Duration = Duration::from_seconds(3_600);

/// Who hands in what lies at the provider before it is too late, where nobody did.
///
/// Only what was staged here goes by itself, so that somebody has looked at it; never what the policy owes, nor what costs a fee to answer.
pub struct Deadline {
    /// The desk with its providers.
    pub shop: Arc<Shop>,
    /// How long before it is due; never with zero.
    pub before: Duration,
}

impl Deadline {
    /// Looks until told to stop.
    pub async fn watch(self, mut stop: watch::Receiver<bool>) {
        while self.before.nanoseconds() > 0 && !*stop.borrow() {
            if let Err(trouble) = self.round().await {
                tracing::warn!(cause = %trouble, "disputes whose evidence is due cannot be read");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Hands in what is due now; answers how many that were.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn round(&self) -> Result<usize, Trouble> {
        let now = self.shop.clock.now();
        let (until, refused_since) = (now.plus(self.before), before(now, AGAIN));
        let found = self.shop.desk.store.read(move |tx| {
            Box::pin(async move { disputes::last_moment(tx, now, until, refused_since).await })
        });
        let mut handed_in = 0_usize;
        for (dispute, provider) in found.await? {
            let answering = Answering {
                shop: &self.shop,
                provider: &provider,
                dispute: &dispute,
                by: None,
            };
            match answering.submit(None).await {
                Ok(_) => {
                    handed_in = handed_in.saturating_add(1);
                    tracing::info!(
                        provider,
                        dispute,
                        "evidence was handed in before it was due"
                    );
                }
                Err(NotAnswered::Trouble(trouble)) => return Err(trouble),
                Err(why) => {
                    tracing::warn!(provider, dispute, cause = %why, "evidence is due and was not handed in: a person is needed");
                }
            }
        }
        Ok(handed_in)
    }
}
