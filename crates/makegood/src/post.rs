// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters on their way: composed by the desk, sealed under the customer's key, handed over once.
//!
//! A letter is handed over when its text is in the books: from there it goes out by every way that is set up (the shop's webhooks, and
//! the interface), and the audit log knows its hash. Where mail is set up, the same transaction queues it for the mail server.

use std::sync::Arc;

use makegood_desk::case::{CaseFile, Duration, Instant};
use makegood_desk::input::{Actor, Digest, Id, Input, Language};
use makegood_desk::life::{Case, LetterKind};
use makegood_desk::notice::{self, Notice};
use makegood_desk::record;
use makegood_desk::records::Records;
use makegood_desk::refusal::Refusal;

use crate::audit::SigningKey;
use crate::books::act::{Desk, NotDone};
use crate::books::orders::{Depth, records};
use crate::books::seal::{self, hex};
use crate::books::{mail, nanoseconds, private};
use crate::clock::Clock;
use crate::crash;
use crate::mail::address::{Answered, ReplyTo};
use crate::mail::letter::Kept;
use crate::store::{Trouble, Tx, Value};
use crate::vault::{Sealed, Vault, VaultTrouble};
use crate::web::portal::link::{self, Links};

/// Whose letters they are, and where the cases in them can be followed.
pub struct Letterhead {
    /// The name under them.
    pub name: String,
    /// Where the desk is reached.
    pub public_url: String,
    /// What makes the links.
    pub links: Links,
}

/// Who seals letters and hands them over.
#[derive(Clone)]
pub struct Post {
    /// The keys of those who are written to.
    pub vault: Arc<Vault>,
    /// What signs the proofs that go with decisions.
    pub signer: Arc<SigningKey>,
    /// Where answers to letters go, if letters go out by mail.
    pub mail: Option<Arc<ReplyTo>>,
    /// Whose letters they are.
    pub shop: Arc<Letterhead>,
}

crate::statements! {
    /// A letter that was handed over.
    INSERT_LETTER = "insert into letter (case_id, no, kind, text_digest, proof, handed_at) values (?1, ?2, ?3, ?4, ?5, ?6)";
    /// A case file that was judged.
    PAPER = "select bytes from paper where digest = ?1";
    /// The position at which a decision began to stand.
    STOOD_AT = "select max(position) from event where case_id = ?1 and kind in ('accepted', 'approved')";
}

/// How long a letter waits for its decision to be sealed in the audit log.
const SEALED_WITHIN: Duration = Duration::from_seconds(1);

/// Whose key a case's texts are under: the customer's, or the case's own while nobody knows who the customer is.
#[must_use]
pub fn person_of(case: &Case) -> Id {
    case.customer.unwrap_or(case.id)
}

/// The field under which a letter is sealed.
pub const LETTER: &str = "letter";
/// The field under which that is sealed which goes out of a letter by mail.
pub const LETTER_MAIL: &str = "letter_mail";
/// The field under which that is sealed what one of the merchant's people wrote to the customer.
pub const REPLY: &str = "reply";
/// The field under which a message is sealed.
pub const MESSAGE: &str = "message";

impl Post {
    /// Composes letters, seals them, and writes down that they were handed over: one transaction.
    ///
    /// # Errors
    /// The desk's refusal, or the store's trouble; nothing was handed over then.
    pub async fn hand_over(
        &self,
        desk: &Desk,
        clock: &Clock,
        case: &Case,
        letters: &[(u32, LetterKind)],
    ) -> Result<Arc<Case>, NotDone> {
        let now = clock.now();
        let person = person_of(case);
        let books = self.books(desk, case, now).await?;
        let mut ready = Vec::with_capacity(letters.len());
        for (no, kind) in letters {
            let composed = self.composed(desk, case, &books, *no, now).await?;
            let text = composed.to_text();
            let sealed = self.sealed(person, LETTER, text.as_bytes()).await?;
            let mail = match &self.mail {
                None => None,
                Some(reply_to) => {
                    // Text cannot fail to be written as JSON.
                    let kept = serde_json::to_vec(&Kept::of(&composed)).unwrap_or_default();
                    let of = Answered {
                        case: case.id,
                        letter: *no,
                    };
                    let sealed = self.sealed(person, LETTER_MAIL, &kept).await?;
                    Some((sealed, of, reply_to.message_id(of)))
                }
            };
            ready.push(Ready {
                no: *no,
                kind: *kind,
                sealed,
                mail,
            });
        }
        crash::point!("letter.sealed");
        let (id, desk_in, signer) = (case.id, desk.clone(), Arc::clone(&self.signer));
        let ready = Arc::new(ready);
        let handed: Arc<Case> = desk
            .store
            .write(move |tx| {
                let (desk, ready) = (desk_in.clone(), Arc::clone(&ready));
                let signer = Arc::clone(&signer);
                Box::pin(async move {
                    let mut after = None;
                    for letter in ready.iter() {
                        after = Some(handed(tx, &desk, &signer, (id, person), letter, now).await?);
                    }
                    after.ok_or_else(|| Trouble::misused("no letter is handed over"))
                })
            })
            .await?;
        crash::point!("letter.handed");
        for (_, kind) in letters {
            tracing::info!(
                case = %hex(&case.id.0),
                owed = letter_word(*kind),
                "a letter was handed over"
            );
        }
        desk.shelf.put(Arc::clone(&handed));
        Ok(handed)
    }

    async fn sealed(&self, person: Id, field: &str, plain: &[u8]) -> Result<Sealed, Trouble> {
        let sealed = self.vault.seal(&hex(&person.0), field, plain).await;
        sealed.map_err(|why| Trouble::Unavailable {
            why: why.to_string(),
        })
    }

    /// A letter in the customer's language, from the case as it is.
    ///
    /// # Errors
    /// The store's trouble; or that there is no such letter.
    pub async fn compose(
        &self,
        desk: &Desk,
        case: &Case,
        no: u32,
        now: Instant,
    ) -> Result<Notice, NotDone> {
        let books = self.books(desk, case, now).await?;
        self.composed(desk, case, &books, no, now).await
    }

    async fn composed(
        &self,
        desk: &Desk,
        case: &Case,
        books: &Records,
        no: u32,
        now: Instant,
    ) -> Result<Notice, NotDone> {
        let letter = case.letters.iter().find(|letter| letter.no == no);
        let Some(letter) = letter else {
            return Err(NotDone::Refused(Refusal::NoSuch {
                what: makegood_desk::refusal::Thing::Letter,
                no,
            }));
        };
        let policies = desk.policies.now();
        let rulebook = books
            .order
            .as_ref()
            .and_then(|record| policies.judging(record.order.placed_at).ok())
            .map(|(_, rulebook)| rulebook);
        let paper = self.paper(desk, case, letter.kind).await?;
        let judged = paper
            .as_deref()
            .and_then(|bytes| record::read_case_file(bytes).ok())
            .and_then(|parts| CaseFile::new(parts).ok());
        let mut composed = notice::compose_judged(
            case,
            letter,
            rulebook,
            books,
            judged.as_ref(),
            now,
            case.language,
        );
        if let LetterKind::Reply { reply } = letter.kind {
            composed.says(&self.reply(desk, case, reply).await?);
        }
        let link = self.shop.links.link(case.id, now);
        composed.comes_from(
            &self.shop.name,
            &link::address(&self.shop.public_url, &link),
        );
        Ok(composed)
    }

    /// What one of the merchant's people wrote. Of somebody who was erased nothing is left.
    async fn reply(&self, desk: &Desk, case: &Case, no: u32) -> Result<String, Trouble> {
        let Some(reply) = case.replies.iter().find(|reply| reply.no == no) else {
            return Ok(String::new());
        };
        let digest = reply.text;
        let found = desk
            .store
            .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
        let Some((person, field, sealed)) = found.await? else {
            return Ok(String::new());
        };
        match self
            .vault
            .open_field(&hex(&person.0), &field, &sealed)
            .await
        {
            Ok(text) => Ok(String::from_utf8_lossy(text.expose()).into_owned()),
            Err(VaultTrouble::Erased) => Ok(String::new()),
            Err(why) => Err(Trouble::Unavailable {
                why: why.to_string(),
            }),
        }
    }

    /// The case file that was judged when the decision was made that a letter tells.
    async fn paper(
        &self,
        desk: &Desk,
        case: &Case,
        kind: LetterKind,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let LetterKind::Decision { decision } = kind else {
            return Ok(None);
        };
        let mut held = case.decisions.iter();
        let Some(held) = held.find(|held| held.proposal.no == decision) else {
            return Ok(None);
        };
        let digest = held.proposal.paper.digest;
        desk.store
            .read(move |tx| {
                Box::pin(async move {
                    let row = tx.one(&PAPER, &[Value::from(digest.0)]).await?;
                    row.map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()
                })
            })
            .await
    }

    async fn books(&self, desk: &Desk, case: &Case, now: Instant) -> Result<Records, Trouble> {
        let order = case.order.clone();
        desk.store
            .read(move |tx| {
                let order = order.clone();
                Box::pin(async move {
                    let depth = Depth::Whole {
                        refunds_since: now,
                        trouble_since: now,
                        claim: "",
                    };
                    records(tx, &order, false, depth).await
                })
            })
            .await
    }
}

/// A letter that is ready to be handed over.
struct Ready {
    no: u32,
    kind: LetterKind,
    sealed: Sealed,
    /// What goes out by mail, and under which name.
    mail: Option<(Sealed, Answered, String)>,
}

/// Writes down that a letter was handed over: the case as it is after.
async fn handed(
    tx: &mut Tx<'_>,
    desk: &Desk,
    signer: &SigningKey,
    (id, person): (Id, Id),
    letter: &Ready,
    now: Instant,
) -> Result<Arc<Case>, Trouble> {
    let Ready {
        no,
        kind,
        sealed,
        mail,
    } = letter;
    // INVARIANT (every customer is a witness): a decision is told with the proof that it stands in the log.
    let proof = match kind {
        LetterKind::Decision { .. } => Some(proof(tx, signer, id, now).await?),
        _ => None,
    };
    private::keep(tx, person, LETTER, sealed, now).await?;
    let text = Digest(sealed.hash);
    let values = vec![
        Value::from(id.0),
        Value::from(*no),
        Value::from(letter_word(*kind)),
        Value::from(text.0),
        Value::from(proof),
        Value::from(nanoseconds(now)?),
    ];
    tx.queue(&INSERT_LETTER, values)?;
    if let Some((kept, of, message_id)) = mail {
        private::keep(tx, person, LETTER_MAIL, kept, now).await?;
        mail::queue(tx, *of, person, Digest(kept.hash), message_id, now)?;
    }
    let input = Input::LetterHanded { no: *no, text };
    let acted = desk.act_in(tx, id, Actor::System, now, input).await?;
    Ok(acted.case)
}

/// The proof that the decision that stands in a case stands in the audit log.
async fn proof(
    tx: &mut Tx<'_>,
    signer: &SigningKey,
    case: Id,
    now: Instant,
) -> Result<String, Trouble> {
    let row = tx.one(&STOOD_AT, &[Value::from(case.0)]).await?;
    let position = row.map_or(Ok(None), |row| row.opt_int(0))?;
    let position = position.and_then(|position| u64::try_from(position).ok());
    let proof = match position {
        Some(position) => seal::proof(tx, signer, case, position).await?,
        None => None,
    };
    // The log is sealed in a moment; the letter waits for it.
    let from = now.plus(SEALED_WITHIN);
    proof
        .map(|proof| proof.to_string())
        .ok_or_else(|| Trouble::refused(Refusal::NotYet { from }))
}

/// A letter by its word.
#[must_use]
pub const fn letter_word(kind: LetterKind) -> &'static str {
    match kind {
        LetterKind::Received => "received",
        LetterKind::Question { .. } => "question",
        LetterKind::Reminder { .. } => "reminder",
        LetterKind::Update => "update",
        LetterKind::Decision { .. } => "decision",
        LetterKind::Paid { .. } => "paid",
        LetterKind::Failed { .. } => "failed",
        LetterKind::Done { .. } => "done",
        LetterKind::NotDone { .. } => "not_done",
        LetterKind::Disputed => "disputed",
        LetterKind::Closed => "closed",
        LetterKind::Reopened => "reopened",
        LetterKind::Heard { .. } => "heard",
        LetterKind::Reply { .. } => "reply",
        LetterKind::Exchanged { .. } => "exchanged",
    }
}

/// A language by its code.
#[must_use]
pub fn language_of(code: &str) -> Option<Language> {
    [Language::Danish, Language::English]
        .into_iter()
        .find(|language| language.code() == code)
}
