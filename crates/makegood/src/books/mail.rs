// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mail in the books: letters that wait to go out, and what came in, until it is known what becomes of it.

use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Digest, Id};

use super::{instant, nanoseconds};
use crate::mail::address::Answered;
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// A letter that is to go out.
    QUEUE = "insert into mail_out (case_id, no, person_id, kept, message_id, state, tries, next_at, queued_at) values (?1, ?2, ?3, ?4, ?5, 'waiting', 0, ?6, ?6) on conflict (case_id, no) do nothing";
    /// Letters that are due, longest due first.
    DUE_OUT = "select m.case_id, m.no, m.person_id, m.kept, m.message_id, m.tries, m.next_at, m.queued_at, l.proof from mail_out m left join letter l on l.case_id = m.case_id and l.no = m.no where m.state = 'waiting' and m.next_at <= ?1 order by m.next_at limit ?2";
    /// Takes one in hand, unless somebody else has.
    HOLD_OUT = "update mail_out set next_at = ?4, tries = tries + 1 where case_id = ?1 and no = ?2 and state = 'waiting' and next_at = ?3";
    /// What became of a try.
    TRIED_OUT = "update mail_out set state = ?3, said = ?4, next_at = ?5, ended_at = ?6 where case_id = ?1 and no = ?2 and state = 'waiting'";
    /// What a mail system said later.
    SAID_LATER = "update mail_out set state = ?3, said = ?4 where case_id = ?1 and no = ?2 and state in ('waiting', 'sent', 'delayed')";
    /// The newest text of a field under a person's key.
    NEWEST_OF = "select digest from private_text where person_id = ?1 and field = ?2 order by created_at desc, digest limit 1";
    /// Whose a case is now.
    CUSTOMER_OF = "select customer_id from desk_case where id = ?1";
    /// The letters of a case that went out or wait.
    LIST_OUT = "select case_id, no, state, tries, said, queued_at, ended_at from mail_out where case_id = ?1 order by no";
    /// Keeps a mail as it came.
    KEEP = "insert into mail_in (id, digest, person_id, sealed, null_sender, answers_case, answers_letter, state, flaws, files, files_refused, tries, next_at, came_at) values (?1, ?2, ?1, ?3, ?4, ?5, ?6, 'new', '', 0, 0, 0, ?7, ?7) on conflict (digest) do nothing";
    /// Mails that nobody has judged yet.
    DUE_IN = "select id, sealed, null_sender, answers_case, answers_letter, tries, next_at from mail_in where state = 'new' and next_at <= ?1 order by next_at limit ?2";
    /// Takes one in hand, unless somebody else has.
    HOLD_IN = "update mail_in set next_at = ?3, tries = tries + 1 where id = ?1 and state = 'new' and next_at = ?2";
    /// What became of a mail.
    JUDGE = "update mail_in set state = ?2, case_id = ?3, person_id = ?4, sealed = ?5, flaws = ?6, files = ?7, files_refused = ?8, next_at = null where id = ?1 and state = 'new'";
    /// The orders of a customer, and those that they asked about.
    ORDERS_OF = "select number from (select number, placed_at as at from shop_order where customer_id = ?1 union select order_number, opened_at from desk_case where customer_id = ?1) as own order by at desc, number limit 500";
    /// The case of an order and a customer that is open, newest first.
    OPEN_OF = "select c.id from desk_case c left join shop_order o on o.number = c.order_number where c.order_number = ?1 and c.closed_at is null and (c.customer_id = ?2 or (c.customer_id is null and o.customer_id = ?2)) order by c.opened_at desc, c.id limit 1";
    /// Mails of a state, newest first.
    LIST_IN = "select id, state, case_id, flaws, files, files_refused, came_at from mail_in where state = ?1 and id < ?2 order by id desc limit ?3";
    /// A mail.
    READ_IN = "select id, state, case_id, flaws, files, files_refused, came_at, person_id, sealed, null_sender from mail_in where id = ?1";
    /// Has a mail that went to no case judged again, for a case that a person named.
    ASSIGN = "update mail_in set state = 'new', answers_case = ?2, answers_letter = null, tries = 0, next_at = ?3 where id = ?1 and state not in ('new', 'case')";
    /// Mails that went to no case and are old.
    OLD_IN = "select id, person_id from mail_in where state not in ('new', 'case') and came_at < ?1 limit ?2";
    /// Deletes one.
    DELETE_IN = "delete from mail_in where id = ?1";
}

/// For how long whoever sends or judges a mail has it in hand.
const IN_HAND: Duration = Duration::from_seconds(15 * 60);

/// A letter that is due.
#[derive(Clone, Debug)]
pub struct DueOut {
    /// What it is.
    pub of: Answered,
    /// Whose it is.
    pub person: Id,
    /// What is sent of it, under that person's key.
    pub kept: Digest,
    /// Its name.
    pub message_id: String,
    /// How often it was tried, this time included.
    pub tries: u32,
    /// When it was handed over.
    pub at: Instant,
    /// The proof that goes with it.
    pub proof: Option<String>,
}

/// Queues a letter, in the transaction that hands it over.
///
/// # Errors
/// The store's trouble.
pub fn queue(
    tx: &mut Tx<'_>,
    of: Answered,
    person: Id,
    kept: Digest,
    message_id: &str,
    now: Instant,
) -> Result<(), Trouble> {
    let values = vec![
        Value::from(of.case.0),
        Value::from(of.letter),
        Value::from(person.0),
        Value::from(kept.0),
        Value::from(message_id),
        Value::from(nanoseconds(now)?),
    ];
    tx.queue(&QUEUE, values)
}

/// Takes letters in hand that are due.
///
/// # Errors
/// The store's trouble.
pub async fn take_out(tx: &mut Tx<'_>, most: i64, now: Instant) -> Result<Vec<DueOut>, Trouble> {
    let values = [Value::from(nanoseconds(now)?), Value::from(most)];
    let mut due = Vec::new();
    for row in tx.rows(&DUE_OUT, &values).await? {
        let held = [
            row.value(0)?.clone(),
            row.value(1)?.clone(),
            row.value(6)?.clone(),
            Value::from(nanoseconds(now.plus(IN_HAND))?),
        ];
        if tx.run(&HOLD_OUT, &held).await? != 1 {
            continue;
        }
        due.push(DueOut {
            of: Answered {
                case: Id(row.id(0)?),
                letter: number(&row, 1)?,
            },
            person: Id(row.id(2)?),
            kept: Digest(row.digest(3)?),
            message_id: row.text(4)?.to_owned(),
            tries: number(&row, 5)?.saturating_add(1),
            at: instant(row.int(7)?),
            proof: row.opt_text(8)?.map(str::to_owned),
        });
    }
    Ok(due)
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// A mail server has taken it.
    Sent,
    /// It is tried again at this moment.
    Again(Instant),
    /// A mail server will not have it.
    Refused,
    /// It was tried for days.
    GivenUp,
    /// Nobody knows an address.
    NoAddress,
    /// Whoever it was for was erased.
    Erased,
}

impl Sent {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Again(_) => "waiting",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
            Self::NoAddress => "no_address",
            Self::Erased => "erased",
        }
    }
}

/// Writes down what became of a try; `said` is a code of the mail server, never its words: they hold addresses.
///
/// # Errors
/// The store's trouble.
pub async fn tried(
    tx: &mut Tx<'_>,
    of: Answered,
    sent: Sent,
    said: Option<&str>,
    now: Instant,
) -> Result<(), Trouble> {
    let (next, ended) = match sent {
        Sent::Again(at) => (Some(nanoseconds(at)?), None),
        _ => (None, Some(nanoseconds(now)?)),
    };
    let values = [
        Value::from(of.case.0),
        Value::from(of.letter),
        Value::from(sent.word()),
        Value::from(said),
        Value::from(next),
        Value::from(ended),
    ];
    tx.run(&TRIED_OUT, &values).await.map(drop)
}

/// Writes down what a mail system said of a letter later: `bounced` or `delayed`. Says whether there is such a letter.
///
/// # Errors
/// The store's trouble.
pub async fn said_later(
    tx: &mut Tx<'_>,
    of: Answered,
    word: &str,
    status: Option<&str>,
) -> Result<bool, Trouble> {
    let values = [
        Value::from(of.case.0),
        Value::from(of.letter),
        Value::from(word),
        Value::from(status),
    ];
    Ok(tx.run(&SAID_LATER, &values).await? == 1)
}

/// The text under which the mail address of a letter's reader lies: that of the case's customer of now, or of whose the letter is.
///
/// # Errors
/// The store's trouble.
pub async fn address_of(
    tx: &mut Tx<'_>,
    case: Id,
    person: Id,
) -> Result<Option<(Id, Digest)>, Trouble> {
    let row = tx.one(&CUSTOMER_OF, &[Value::from(case.0)]).await?;
    let customer = row.map(|row| row.opt_id(0)).transpose()?.flatten().map(Id);
    for whose in customer.into_iter().chain([person]) {
        let key = [Value::from(whose.0), Value::from(super::intake::EMAIL)];
        if let Some(row) = tx.one(&NEWEST_OF, &key).await? {
            return Ok(Some((whose, Digest(row.digest(0)?))));
        }
    }
    Ok(None)
}

/// A letter as lists show it.
#[derive(Clone, Debug)]
pub struct OutRow {
    /// What it is.
    pub of: Answered,
    /// What became of it.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// What was said of it last, as a code.
    pub said: Option<String>,
    /// When it was queued.
    pub queued_at: Instant,
    /// When that ended.
    pub ended_at: Option<Instant>,
}

/// The letters of a case, by their numbers.
///
/// # Errors
/// The store's trouble.
pub async fn list_out(tx: &mut Tx<'_>, case: Id) -> Result<Vec<OutRow>, Trouble> {
    let values = [Value::from(case.0)];
    let rows = tx.rows(&LIST_OUT, &values).await?;
    let read = |row: &Row| {
        Ok(OutRow {
            of: Answered {
                case: Id(row.id(0)?),
                letter: number(row, 1)?,
            },
            state: row.text(2)?.to_owned(),
            tries: number(row, 3)?,
            said: row.opt_text(4)?.map(str::to_owned),
            queued_at: instant(row.int(5)?),
            ended_at: row.opt_int(6)?.map(instant),
        })
    };
    rows.iter().map(read).collect()
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Its id here; what it is sealed under until it is known whose it is.
    pub id: Id,
    /// What the same mail that comes twice has in common.
    pub digest: [u8; 32],
    /// The mail, sealed.
    pub sealed: Vec<u8>,
    /// Whether its envelope named nobody to answer to.
    pub null_sender: bool,
    /// What the address answers that it was sent to.
    pub answers: Option<Answered>,
}

/// Keeps a mail; false if it came before.
///
/// # Errors
/// The store's trouble.
pub async fn keep(tx: &mut Tx<'_>, mail: &NewMail, now: Instant) -> Result<bool, Trouble> {
    let values = [
        Value::from(mail.id.0),
        Value::from(mail.digest),
        Value::from(mail.sealed.as_slice()),
        Value::from(mail.null_sender),
        Value::from(mail.answers.map(|of| of.case.0)),
        Value::from(mail.answers.map(|of| of.letter)),
        Value::from(nanoseconds(now)?),
    ];
    Ok(tx.run(&KEEP, &values).await? == 1)
}

/// A mail that nobody has judged yet.
#[derive(Clone, Debug)]
pub struct DueIn {
    /// Its id.
    pub id: Id,
    /// The mail, sealed.
    pub sealed: Vec<u8>,
    /// Whether its envelope named nobody to answer to.
    pub null_sender: bool,
    /// What the address answers that it was sent to.
    pub answers: Option<Answered>,
    /// The case that a person named.
    pub assigned: Option<Id>,
    /// How often it was tried, this time included.
    pub tries: u32,
}

/// Takes mails in hand that nobody has judged.
///
/// # Errors
/// The store's trouble.
pub async fn take_in(tx: &mut Tx<'_>, most: i64, now: Instant) -> Result<Vec<DueIn>, Trouble> {
    let values = [Value::from(nanoseconds(now)?), Value::from(most)];
    let mut due = Vec::new();
    for row in tx.rows(&DUE_IN, &values).await? {
        let held = [
            row.value(0)?.clone(),
            row.value(6)?.clone(),
            Value::from(nanoseconds(now.plus(IN_HAND))?),
        ];
        if tx.run(&HOLD_IN, &held).await? != 1 {
            continue;
        }
        let case = row.opt_id(3)?.map(Id);
        let letter = row.opt_int(4)?.and_then(|no| u32::try_from(no).ok());
        due.push(DueIn {
            id: Id(row.id(0)?),
            sealed: row.bytes(1)?.to_vec(),
            null_sender: row.yes(2)?,
            answers: case
                .zip(letter)
                .map(|(case, letter)| Answered { case, letter }),
            assigned: case.filter(|_| letter.is_none()),
            tries: number(&row, 5)?.saturating_add(1),
        });
    }
    Ok(due)
}

/// Has a mail that went to no case handed to one; false if there is no such mail.
///
/// # Errors
/// The store's trouble.
pub async fn assign(tx: &mut Tx<'_>, mail: Id, case: Id, now: Instant) -> Result<bool, Trouble> {
    let values = [
        Value::from(mail.0),
        Value::from(case.0),
        Value::from(nanoseconds(now)?),
    ];
    Ok(tx.run(&ASSIGN, &values).await? == 1)
}

/// What becomes of a mail.
#[derive(Clone, Debug)]
pub struct Judged {
    /// `case`, `unassigned`, `automatic`, `report`, `list` or `loop`.
    pub state: &'static str,
    /// The case that it went to, or that it is about.
    pub case: Option<Id>,
    /// Under whose key it lies from now on.
    pub person: Id,
    /// The mail, sealed under that key.
    pub sealed: Vec<u8>,
    /// What is wrong with it.
    pub flaws: String,
    /// How many files went to the case.
    pub files: u32,
    /// How many were refused.
    pub files_refused: u32,
}

/// Writes down what becomes of a mail; false if somebody did before.
///
/// # Errors
/// The store's trouble.
pub async fn judge(tx: &mut Tx<'_>, id: Id, judged: &Judged) -> Result<bool, Trouble> {
    let values = [
        Value::from(id.0),
        Value::from(judged.state),
        Value::from(judged.case.map(|id| id.0)),
        Value::from(judged.person.0),
        Value::from(judged.sealed.as_slice()),
        Value::from(judged.flaws.as_str()),
        Value::from(judged.files),
        Value::from(judged.files_refused),
    ];
    Ok(tx.run(&JUDGE, &values).await? == 1)
}

/// A mail as lists show it: nothing of what it says.
#[derive(Clone, Debug)]
pub struct InRow {
    /// Its id.
    pub id: Id,
    /// What became of it.
    pub state: String,
    /// The case.
    pub case: Option<Id>,
    /// What is wrong with it, words with spaces between.
    pub flaws: String,
    /// How many files went to the case.
    pub files: u32,
    /// How many were refused.
    pub files_refused: u32,
    /// When it came.
    pub came_at: Instant,
}

fn in_row(row: &Row) -> Result<InRow, Trouble> {
    Ok(InRow {
        id: Id(row.id(0)?),
        state: row.text(1)?.to_owned(),
        case: row.opt_id(2)?.map(Id),
        flaws: row.text(3)?.to_owned(),
        files: number(row, 4)?,
        files_refused: number(row, 5)?,
        came_at: instant(row.int(6)?),
    })
}

/// Mails of a state before one of them, newest first.
///
/// # Errors
/// The store's trouble.
pub async fn list_in(
    tx: &mut Tx<'_>,
    state: &str,
    before: Id,
    most: i64,
) -> Result<Vec<InRow>, Trouble> {
    let values = [Value::from(state), Value::from(before.0), Value::from(most)];
    tx.rows(&LIST_IN, &values)
        .await?
        .iter()
        .map(in_row)
        .collect()
}

/// A mail with its bytes: under whose key they lie, and sealed.
pub type WholeMail = (InRow, Id, Vec<u8>, bool);

/// A mail.
///
/// # Errors
/// The store's trouble.
pub async fn read_in(tx: &mut Tx<'_>, id: Id) -> Result<Option<WholeMail>, Trouble> {
    let row = tx.one(&READ_IN, &[Value::from(id.0)]).await?;
    row.map(|row| {
        Ok((
            in_row(&row)?,
            Id(row.id(7)?),
            row.bytes(8)?.to_vec(),
            row.yes(9)?,
        ))
    })
    .transpose()
}

/// Mails that went to no case and came before a moment, with whose key they lie under.
///
/// # Errors
/// The store's trouble.
pub async fn old_in(tx: &mut Tx<'_>, before: Instant, most: i64) -> Result<Vec<(Id, Id)>, Trouble> {
    let values = [Value::from(nanoseconds(before)?), Value::from(most)];
    let rows = tx.rows(&OLD_IN, &values).await?;
    rows.iter()
        .map(|row| Ok((Id(row.id(0)?), Id(row.id(1)?))))
        .collect()
}

fn number(row: &Row, column: usize) -> Result<u32, Trouble> {
    u32::try_from(row.int(column)?).map_err(|_| super::stranger("a number that is too large"))
}
