// SPDX-License-Identifier: MIT OR Apache-2.0
//! What was answered to a dispute: written down before the provider is asked, and again when it has said what came of it.
//!
//! INVARIANT (answered once): in a round, evidence is handed in or the dispute is accepted, once and never both. The store holds it by a
//! unique index; what the provider refused leaves the round free.

use makegood_desk::case::Instant;
use makegood_desk::input::Id;

use super::{instant, nanoseconds, stranger};
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// Nobody else answers the dispute meanwhile.
    LOCK = sqlite "select id from dispute where id = ?1",
        postgres "select id from dispute where id = $1 for update";
    /// An act behind the others of its dispute.
    INSERT = "insert into dispute_answer (dispute_id, no, round, act, state, staff_id, at) select ?1, coalesce(max(no), 0) + 1, ?2, ?3, 'asked', ?4, ?5 from dispute_answer where dispute_id = ?1";
    /// What came of it.
    SETTLE = "update dispute_answer set state = ?3, words = ?4, settled_at = ?5 where dispute_id = ?1 and no = ?2";
    /// Acts of whose end nobody knew are seen to be done.
    SEEN_DONE = "update dispute_answer set state = 'done', settled_at = ?3 where dispute_id = ?1 and act = ?2 and state in ('asked', 'unknown')";
    /// All of a dispute, oldest first, with who did it.
    OF_DISPUTE = "select a.no, a.round, a.act, a.state, a.at, s.name, a.words from dispute_answer a left join staff s on s.id = a.staff_id where a.dispute_id = ?1 order by a.no limit 500";
}

/// What is done to answer a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Evidence is laid down.
    Stage,
    /// What lies there is handed in, for good.
    Submit,
    /// The dispute is accepted, for good.
    Accept,
}

impl Act {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stage => "stage",
            Self::Submit => "submit",
            Self::Accept => "accept",
        }
    }

    fn read(word: &str) -> Result<Self, Trouble> {
        [Self::Stage, Self::Submit, Self::Accept]
            .into_iter()
            .find(|act| act.word() == word)
            .ok_or_else(|| stranger("an act that answers no dispute"))
    }
}

/// What came of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActState {
    /// The provider is being asked, or was when the program ended.
    Asked,
    /// It was done.
    Done,
    /// The provider would not: nothing was handed in.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl ActState {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    fn read(word: &str) -> Result<Self, Trouble> {
        [Self::Asked, Self::Done, Self::Refused, Self::Unknown]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| stranger("an answer to a dispute in a state of its own"))
    }
}

/// An act that answers a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisputeAnswer {
    /// Its number at the dispute.
    pub no: i64,
    /// The chance to answer in which it was: `inquiry`, `chargeback` or `appeal`.
    pub round: String,
    /// What was done.
    pub act: Act,
    /// What came of it.
    pub state: ActState,
    /// When.
    pub at: Instant,
    /// By whom; nobody for the desk itself.
    pub by: Option<String>,
    /// The provider's words where it would not, or what was seen where nobody knows.
    pub words: String,
}

impl DisputeAnswer {
    /// Whether it takes the round's one chance.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.act != Act::Stage && self.state != ActState::Refused
    }
}

fn answer(row: &Row) -> Result<DisputeAnswer, Trouble> {
    Ok(DisputeAnswer {
        no: row.int(0)?,
        round: row.text(1)?.to_owned(),
        act: Act::read(row.text(2)?)?,
        state: ActState::read(row.text(3)?)?,
        at: instant(row.int(4)?),
        by: row.opt_text(5)?.map(str::to_owned),
        words: row.text(6)?.to_owned(),
    })
}

/// All that was answered to a dispute, oldest first.
///
/// # Errors
/// The store's trouble.
pub async fn of(tx: &mut Tx<'_>, dispute: &str) -> Result<Vec<DisputeAnswer>, Trouble> {
    let rows = tx.rows(&OF_DISPUTE, &[Value::from(dispute)]).await?;
    rows.iter().map(answer).collect()
}

/// Writes down that the provider is about to be asked: the number of the act, or what has taken the round before.
///
/// An act whose end nobody knows is gone on with under its number, so that the provider knows it again.
///
/// # Errors
/// The store's trouble.
pub async fn begin(
    tx: &mut Tx<'_>,
    dispute: &str,
    round: &str,
    act: Act,
    by: Option<Id>,
    now: Instant,
) -> Result<Result<i64, DisputeAnswer>, Trouble> {
    tx.one(&LOCK, &[Value::from(dispute)]).await?;
    let before = of(tx, dispute).await?;
    let mut taken = before.iter().rev();
    if let Some(taken) = taken.find(|answer| answer.round == round && answer.is_final()) {
        let goes_on = taken.act == act && taken.state != ActState::Done;
        return Ok(match goes_on {
            true => Ok(taken.no),
            false => Err(taken.clone()),
        });
    }
    let values = [
        Value::from(dispute),
        Value::from(round),
        Value::from(act.word()),
        Value::from(by.map(|id| id.0)),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&INSERT, &values).await?;
    let no = before.last().map_or(1, |last| last.no.saturating_add(1));
    Ok(Ok(no))
}

/// Writes down what came of an act.
///
/// # Errors
/// The store's trouble.
pub async fn settle(
    tx: &mut Tx<'_>,
    dispute: &str,
    no: i64,
    state: ActState,
    words: &str,
    now: Instant,
) -> Result<(), Trouble> {
    let values = [
        Value::from(dispute),
        Value::from(no),
        Value::from(state.word()),
        Value::from(words),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&SETTLE, &values).await.map(drop)
}

/// An act whose end nobody knew is seen to be done.
///
/// # Errors
/// The store's trouble.
pub async fn seen_done(
    tx: &mut Tx<'_>,
    dispute: &str,
    act: Act,
    now: Instant,
) -> Result<(), Trouble> {
    let values = [
        Value::from(dispute),
        Value::from(act.word()),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&SEEN_DONE, &values).await.map(drop)
}
