// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the books say of a case, for those who decide it: read in one look.

use std::sync::Arc;

use makegood_desk::input::Id;
use makegood_desk::life::Case;
use makegood_desk::records::Records;

use crate::books::files::{self, File};
use crate::books::lists::{self, CaseFilter, CaseRow, EventRow, From};
use crate::books::orders::{Depth, records};
use crate::books::people::{self, Person, Role};
use crate::books::queue::{self, QueueRow};
use crate::books::standard_replies::{self, StandardReply};
use crate::books::{act, cases};
use crate::post::PAPER;
use crate::store::{Trouble, Tx, Value};
use crate::web::Web;
use crate::web::refusal::Problem;

/// Most other cases of the same customer that are shown.
const NEIGHBOURS_MOST: i64 = 20;

/// What was seen.
pub struct Seen {
    /// The case.
    pub case: Arc<Case>,
    /// As the queue shows it.
    pub row: QueueRow,
    /// What the books say of its order.
    pub records: Records,
    /// The case file that was judged.
    pub paper: Option<Vec<u8>>,
    /// The files that were handed in.
    pub files: Vec<File>,
    /// What happened, oldest first.
    pub events: Vec<EventRow>,
    /// The customer's other cases, newest first.
    pub others: Vec<CaseRow>,
    /// Who can be given the case, by name.
    pub people: Vec<String>,
    /// Everybody's name.
    pub names: Vec<(Id, String)>,
    /// What is written again and again.
    pub replies: Vec<StandardReply>,
}

/// Looks a case up by the number that people call it by.
///
/// # Errors
/// The store's trouble.
pub async fn seen(web: &Arc<Web>, number: u64) -> Result<Option<Seen>, Problem> {
    let inside = Arc::clone(web);
    let found = web.desk.store.read(move |tx| {
        let web = Arc::clone(&inside);
        Box::pin(async move { looked_up(tx, &web, number).await })
    });
    Ok(found.await?)
}

async fn looked_up(tx: &mut Tx<'_>, web: &Web, number: u64) -> Result<Option<Seen>, Trouble> {
    let Some(id) = queue::numbered(tx, number).await? else {
        return Ok(None);
    };
    let Some(case) = cases::load(tx, &web.desk.shelf, id, false).await? else {
        return Ok(None);
    };
    let Some(row) = queue::one(tx, id).await? else {
        return Ok(None);
    };
    let now = web.clock.now();
    let claim = case.claim().map_or("", |claim| {
        use crate::wire::Word as _;
        claim.kind.word()
    });
    let depth = Depth::Whole {
        refunds_since: act::before(now, web.desk.windows.repeats),
        trouble_since: act::before(now, web.desk.windows.trouble),
        claim,
    };
    let records = records(tx, &case.order, false, depth).await?;
    let mut paper = None;
    if let Some(held) = case.decision() {
        let digest = Value::from(held.proposal.paper.digest.0);
        let row = tx.one(&PAPER, &[digest]).await?;
        paper = row
            .map(|row| row.bytes(0).map(<[u8]>::to_vec))
            .transpose()?;
    }
    let mut known = Vec::new();
    for digest in case.messages.iter().flat_map(|(_, _, files)| files) {
        known.extend(files::read(tx, *digest).await?);
    }
    for proof in case.proofs() {
        known.extend(files::read(tx, proof.attachment).await?);
    }
    let all = people::all(tx).await?;
    Ok(Some(Seen {
        people: workers(&all),
        names: all
            .into_iter()
            .map(|person| (person.id, person.name))
            .collect(),
        others: others(tx, &case).await?,
        replies: standard_replies::all(tx).await?,
        events: lists::events_of(tx, id).await?,
        files: known,
        paper,
        records,
        row,
        case,
    }))
}

async fn others(tx: &mut Tx<'_>, case: &Case) -> Result<Vec<CaseRow>, Trouble> {
    let Some(customer) = case.customer else {
        return Ok(Vec::new());
    };
    let filter = CaseFilter {
        customer: Some(customer),
        ..CaseFilter::default()
    };
    let rows = lists::cases(tx, &filter, &From::Start, NEIGHBOURS_MOST).await?;
    let mut rows = rows.unwrap_or_default();
    rows.retain(|row| row.id != case.id);
    Ok(rows)
}

/// Those whose work cases are.
fn workers(all: &[Person]) -> Vec<String> {
    let there = all.iter().filter(|person| {
        person.disabled_at.is_none() && matches!(person.role, Role::Agent | Role::Owner)
    });
    there.map(|person| person.name.clone()).collect()
}
