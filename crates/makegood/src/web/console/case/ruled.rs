// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the policy says of a case file that was judged, and what it would say if no bank had been asked.

use makegood_desk::amount::Amount;
use makegood_desk::case::{CaseFile, DisputeStatus};
use makegood_desk::decision::Workspace;
use makegood_desk::record;
use makegood_desk::remedy::{Outcome, Remedy};
use makegood_policy::fact::Disclose;

use super::Seen;
use crate::reasons::{Reasons, edition};
use crate::web::Web;

/// What the policy says of a case file.
pub struct Ruled {
    /// What comes of it.
    pub outcome: Outcome,
    /// What goes back, if anything does.
    pub refund: Option<Amount>,
    /// The clause that says so; none where something is still to be learned.
    pub clause: String,
    /// Its words.
    pub quote: String,
    /// The version.
    pub version: String,
}

/// What the policy says of the case file that was judged, in a language: with the open disputes, or as if there were none.
/// Nothing where the policy or the case file is not at hand.
#[must_use]
pub fn ruled(web: &Web, seen: &Seen, language: &str, disputed: bool) -> Option<Ruled> {
    let mut parts = record::read_case_file(seen.paper.as_deref()?).ok()?;
    if !disputed {
        parts
            .disputes
            .retain(|dispute| dispute.status != DisputeStatus::Open);
    }
    let judged = CaseFile::new(parts).ok()?;
    let policies = web.desk.policies.now();
    let version = seen.case.decision()?.proposal.version.clone();
    let mut books = policies.iter();
    let book = books.find(|book| book.policy().version == version)?;
    let decision = book.decide(&mut Workspace::default(), &judged);
    let edition = edition(book.policy(), Some(language));
    let quote = Reasons::of(book, &judged, &decision, edition, Disclose::Customer).quote;
    let refund = decision.result.remedies().find_map(|remedy| match remedy {
        Remedy::Refund(worth) => Some(worth.amount),
        _ => None,
    });
    let rule = decision.rule.map(|rule| book.policy().rule(rule));
    Some(Ruled {
        outcome: decision.result.outcome,
        refund,
        clause: rule.map_or_else(String::new, |rule| rule.clause.clone()),
        quote,
        version,
    })
}
