// SPDX-License-Identifier: MIT OR Apache-2.0
//! Mail that came in: kept as it came, then judged: to the case that it answers, to a case of the order that it names, or to a person.
//!
//! A mail is in the books before whoever handed it over hears that it was taken; what was judged is written down in the transaction in
//! which it reaches its case. So none is lost, and none is heard twice.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration as Span;

use bytes::Bytes;
use makegood_desk::case::{ClaimKind, Duration, Instant, Wants};
use makegood_desk::input::{Actor, Digest, Door, Id, Input, Request};
use makegood_desk::life::Case;
use ring::hmac;
use tokio::sync::watch;

use super::address::{Answered, ReplyTo};
use super::kind::{Delivered, Delivery, Kind};
use super::read::{Bounds, Fields, Mail, read};
use crate::blob::{self, Blobs, CaseHas, Declared};
use crate::books::act::{Desk, NotDone, WORK};
use crate::books::files::{self, File};
use crate::books::mail::{self, DueIn, Judged, NewMail};
use crate::books::seal::hex;
use crate::books::{cases, private, search};
use crate::clock::Clock;
use crate::post::{MESSAGE, language_of, person_of};
use crate::setup::{Ready, new_id};
use crate::store::{Trouble, Tx, Value};
use crate::vault::{Sealed, Vault, VaultTrouble};

/// The field under which a mail is sealed.
pub const MAIL: &str = "mail";
/// The longest mail that is taken in.
pub const BYTES_MOST: usize = 40 << 20;
/// So many mails are judged at once.
const HANDFUL: i64 = 8;
/// The books are looked at least this often.
const ROUND: Span = Span::from_secs(1);
/// So often is a mail judged before a person looks at it as it is.
const TRIES_MOST: u32 = 8;
/// The most characters of a message: as many as a form takes.
const SAID_MOST: usize = 10_000;
/// Pictures within the words that are no larger are logos and the like.
const ORNAMENT_BYTES: usize = 4 << 10;
/// For how long mail is kept that went to no case.
const KEPT_FOR: Duration = Duration::from_seconds(90 * 86_400);

/// Who takes mail in and judges it.
#[derive(Clone)]
pub struct Inbox {
    /// The desk.
    pub desk: Desk,
    /// The keys of persons.
    pub vault: Arc<Vault>,
    /// Where files are kept.
    pub blobs: Arc<Blobs>,
    /// The clock.
    pub clock: Clock,
    /// Where answers go.
    pub reply_to: Arc<ReplyTo>,
    /// How many files a case may have.
    pub files_max: u32,
    /// The desk's own language.
    pub language: &'static str,
}

/// How a mail was handed over.
#[derive(Clone, Debug, Default)]
pub struct HandedOver {
    /// Whom its envelope names, if that is known.
    pub recipients: Vec<String>,
    /// Whether its envelope names nobody to answer to.
    pub null_sender: bool,
}

fn unavailable(why: impl ToString) -> Trouble {
    Trouble::Unavailable {
        why: why.to_string(),
    }
}

impl Inbox {
    /// The inbox of a desk that has an address.
    #[must_use]
    pub fn of(ready: &Ready) -> Option<Self> {
        Some(Self {
            desk: ready.shop.desk.clone(),
            vault: Arc::clone(&ready.vault),
            blobs: Arc::clone(&ready.blobs),
            clock: ready.shop.clock.clone(),
            reply_to: ready.reply_to.clone()?,
            files_max: ready.config.attachments.files_per_case_max,
            language: ready.config.desk.language,
        })
    }

    /// Takes a mail in. It is durable once this returns; false if it came before.
    ///
    /// # Errors
    /// The store's trouble: the mail should be handed over again.
    pub async fn take(&self, raw: &[u8], handed: &HandedOver) -> Result<bool, Trouble> {
        let id = new_id();
        let sealed = self.vault.seal(&hex(&id.0), MAIL, raw).await;
        let sealed = sealed.map_err(unavailable)?;
        let mut answers = None;
        for recipient in &handed.recipients {
            answers = answers.or_else(|| self.reply_to.answered(recipient));
        }
        let mail = Arc::new(NewMail {
            id,
            digest: self.digest(raw),
            sealed: sealed.ciphertext,
            null_sender: handed.null_sender,
            answers,
        });
        let now = self.clock.now();
        let new = self
            .desk
            .store
            .write(move |tx| {
                let mail = Arc::clone(&mail);
                Box::pin(async move {
                    tx.notify(WORK).await?;
                    mail::keep(tx, &mail, now).await
                })
            })
            .await?;
        if !new {
            self.forget(id).await;
        }
        tracing::info!(mail = %hex(&id.0), bytes = raw.len(), outcome = if new { "new" } else { "same" }, "a mail came in");
        Ok(new)
    }

    /// What a mail has in common with itself when it comes again: its name and its body, not what was written in front on the way.
    fn digest(&self, raw: &[u8]) -> [u8; 32] {
        let fields = Fields::read(raw.get(..128 << 10).unwrap_or(raw));
        let end =
            memchr::memmem::find(raw, b"\r\n\r\n").or_else(|| memchr::memmem::find(raw, b"\n\n"));
        let mut code = hmac::Context::with_key(&self.vault.key_for("mails"));
        match (
            fields.first("message-id"),
            end.and_then(|end| raw.get(end..)),
        ) {
            (Some(name), Some(body)) => {
                code.update(name.as_bytes());
                code.update(b"\n");
                code.update(body);
            }
            _ => code.update(raw),
        }
        code.sign().as_ref().try_into().unwrap_or_default()
    }

    /// Forgets the key under which a mail lay alone. Should that fail, a key is left that opens nothing.
    async fn forget(&self, id: Id) {
        let _ = self.vault.erase(&hex(&id.0), self.clock.now()).await;
    }

    /// Judges until told to stop.
    pub async fn work(self, mut stop: watch::Receiver<bool>) {
        let mut words = self.desk.store.listen(WORK);
        while !*stop.borrow() {
            let busy = match self.round().await {
                Ok(judged) => judged > 0,
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "mail could not be judged; it is tried again");
                    false
                }
            };
            if !busy {
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    heard = words.heard() => if heard.is_err() { return },
                    _ = stop.changed() => {}
                }
            }
        }
    }

    /// Judges what nobody has judged yet, and deletes what is old. Answers how many mails were judged.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn round(&self) -> Result<usize, Trouble> {
        let now = self.clock.now();
        let due = self
            .desk
            .store
            .write(move |tx| Box::pin(async move { mail::take_in(tx, HANDFUL, now).await }))
            .await?;
        let count = due.len();
        for mail in due {
            let (id, tries) = (mail.id, mail.tries);
            match self.judge(mail).await {
                Ok(state) => {
                    tracing::info!(mail = %hex(&id.0), outcome = state, "a mail was judged")
                }
                // It is judged again when it is let go.
                Err(trouble) => {
                    tracing::warn!(mail = %hex(&id.0), attempt = tries, cause = %trouble, "a mail could not be judged");
                }
            }
        }
        self.tidy(now).await?;
        Ok(count)
    }

    async fn tidy(&self, now: Instant) -> Result<(), Trouble> {
        let before = crate::books::act::before(now, KEPT_FOR);
        let old = self
            .desk
            .store
            .read(move |tx| Box::pin(async move { mail::old_in(tx, before, 100).await }))
            .await?;
        for (id, person) in old {
            if id == person {
                self.forget(id).await;
            }
            self.desk
                .store
                .write(move |tx| {
                    Box::pin(async move {
                        tx.run(&mail::DELETE_IN, &[Value::from(id.0)])
                            .await
                            .map(drop)
                    })
                })
                .await?;
        }
        Ok(())
    }

    async fn judge(&self, due: DueIn) -> Result<&'static str, Trouble> {
        let sealed = Sealed {
            hash: *blob::Digest::of(&due.sealed).bytes(),
            ciphertext: due.sealed.clone(),
        };
        let raw = self.vault.open_field(&hex(&due.id.0), MAIL, &sealed).await;
        let raw = raw.map_err(unavailable)?;
        let bounds = Bounds::default();
        let mail = read(raw.expose(), due.null_sender, &bounds);
        if let Some(case) = due.assigned {
            return self
                .to_case(&due, &mail, raw.expose(), Place::Case(case))
                .await;
        }
        match &mail.kind {
            Kind::Written if due.tries <= TRIES_MOST => {}
            Kind::Report(delivery) => return self.reported(&due, &mail, delivery).await,
            other => {
                let state = match other {
                    Kind::Written => "unassigned",
                    other => other.word(),
                };
                return self.put_aside(&due, &mail, state, None).await;
            }
        }
        match self.place(&due, &mail).await? {
            Some(place) => self.to_case(&due, &mail, raw.expose(), place).await,
            None => self.put_aside(&due, &mail, "unassigned", None).await,
        }
    }

    /// What the mail answers, by an address or a name that only the desk makes.
    fn answered(&self, due: &DueIn, mail: &Mail) -> Option<Answered> {
        let by_header = || mail.to.iter().find_map(|to| self.reply_to.answered(to));
        let by_name = || mail.answers.iter().find_map(|id| self.reply_to.named(id));
        due.answers.or_else(by_header).or_else(by_name)
    }

    /// Where a mail goes.
    async fn place(&self, due: &DueIn, mail: &Mail) -> Result<Option<Place>, Trouble> {
        if let Some(answered) = self.answered(due, mail) {
            return Ok(Some(Place::Case(answered.case)));
        }
        // As with the form: who knows the order's number and the address that ordered it can ask about it. Letters go to the address
        // that the books have, whoever wrote.
        let Some(from) = &mail.from else {
            return Ok(None);
        };
        let index = self.vault.email_index(from);
        let words = Arc::new(format!("{}\n{}", mail.subject, mail.text));
        self.desk
            .store
            .read(move |tx| {
                let words = Arc::clone(&words);
                Box::pin(async move { named(tx, index, &words).await })
            })
            .await
    }

    /// A report of a mail system: noted at the letter that it speaks of. It never becomes a message.
    async fn reported(
        &self,
        due: &DueIn,
        mail: &Mail,
        delivery: &Delivery,
    ) -> Result<&'static str, Trouble> {
        let by_name = delivery.about.iter().find_map(|id| self.reply_to.named(id));
        let Some(of) = by_name.or_else(|| self.answered(due, mail)) else {
            return self.put_aside(due, mail, "report", None).await;
        };
        let word = match delivery.outcome {
            Delivered::Failed => "bounced",
            Delivered::Delayed => "delayed",
            Delivered::Arrived => return self.put_aside(due, mail, "report", Some(of.case)).await,
        };
        let status = delivery.status.clone();
        self.desk
            .store
            .write(move |tx| {
                let status = status.clone();
                Box::pin(async move {
                    mail::said_later(tx, of, word, status.as_deref())
                        .await
                        .map(drop)
                })
            })
            .await?;
        self.put_aside(due, mail, "report", Some(of.case)).await
    }

    /// A mail as it is read, whoever it went to.
    ///
    /// # Errors
    /// The store's trouble, or that of the keys; nothing if its sender was erased.
    pub async fn reread(
        &self,
        person: Id,
        ciphertext: Vec<u8>,
        null_sender: bool,
    ) -> Result<Option<Mail>, Trouble> {
        let sealed = Sealed {
            hash: *blob::Digest::of(&ciphertext).bytes(),
            ciphertext,
        };
        match self.vault.open_field(&hex(&person.0), MAIL, &sealed).await {
            Ok(raw) => Ok(Some(read(raw.expose(), null_sender, &Bounds::default()))),
            Err(VaultTrouble::Erased | VaultTrouble::Unknown) => Ok(None),
            Err(why) => Err(unavailable(why)),
        }
    }

    async fn put_aside(
        &self,
        due: &DueIn,
        mail: &Mail,
        state: &'static str,
        case: Option<Id>,
    ) -> Result<&'static str, Trouble> {
        let judged = Arc::new(Judged {
            state,
            case,
            person: due.id,
            sealed: due.sealed.clone(),
            flaws: flaws(mail),
            files: 0,
            files_refused: 0,
        });
        let id = due.id;
        self.desk
            .store
            .write(move |tx| {
                let judged = Arc::clone(&judged);
                Box::pin(async move { mail::judge(tx, id, &judged).await.map(drop) })
            })
            .await?;
        Ok(state)
    }

    /// Hands a mail to a case as what the customer wrote.
    async fn to_case(
        &self,
        due: &DueIn,
        mail: &Mail,
        raw: &[u8],
        place: Place,
    ) -> Result<&'static str, Trouble> {
        let (person, room, new) = match &place {
            Place::Case(id) => {
                let Some(case) = self.case(*id).await? else {
                    return self.put_aside(due, mail, "unassigned", None).await;
                };
                let held: usize = case.messages.iter().map(|(_, _, files)| files.len()).sum();
                let held = held.saturating_add(case.proofs().len());
                let most = usize::try_from(self.files_max).unwrap_or(usize::MAX);
                (person_of(&case), most.saturating_sub(held), *id)
            }
            Place::Order { customer, .. } => {
                let most = usize::try_from(self.files_max).unwrap_or(usize::MAX);
                (*customer, most, new_id())
            }
        };
        let (kept, refused) = self.files(mail, room).await?;
        let key = hex(&person.0);
        let mut said: String = said(mail).chars().take(SAID_MOST).collect();
        said.retain(|sign| sign != '\0');
        let words = if said.trim().is_empty() {
            None
        } else {
            let sealed = self.vault.seal(&key, MESSAGE, said.as_bytes()).await;
            Some(sealed.map_err(unavailable)?)
        };
        if words.is_none() && kept.is_empty() {
            return self.put_aside(due, mail, "unassigned", None).await;
        }
        let whole = self
            .vault
            .seal(&key, MAIL, raw)
            .await
            .map_err(unavailable)?;
        let handing = Arc::new(Handing {
            place,
            new,
            person,
            codes: search::codes(&self.vault, &said),
            words,
            judged: Judged {
                state: "case",
                case: None,
                person,
                sealed: whole.ciphertext,
                flaws: flaws(mail),
                files: u32::try_from(kept.len()).unwrap_or(u32::MAX),
                files_refused: refused,
            },
            files: kept,
        });
        let (id, now, desk) = (due.id, self.clock.now(), self.desk.clone());
        let language = self.language;
        let handed = self
            .desk
            .store
            .write(move |tx| {
                let (handing, desk) = (Arc::clone(&handing), desk.clone());
                Box::pin(async move { handing.write(tx, &desk, id, language, now).await })
            })
            .await;
        match handed.map_err(NotDone::from) {
            Ok(case) => {
                if let Some(case) = case {
                    self.desk.shelf.put(case);
                }
                self.forget(due.id).await;
                Ok("case")
            }
            // The case will not hear it now: a person reads it.
            Err(NotDone::Refused(_)) => self.put_aside(due, mail, "unassigned", None).await,
            Err(NotDone::Trouble(trouble)) => Err(trouble),
        }
    }

    async fn case(&self, id: Id) -> Result<Option<Arc<Case>>, Trouble> {
        let shelf = Arc::clone(&self.desk.shelf);
        self.desk
            .store
            .read(move |tx| {
                let shelf = Arc::clone(&shelf);
                Box::pin(async move { cases::load(tx, &shelf, id, false).await })
            })
            .await
    }

    /// Keeps the files of a mail, as many as there is room for; says how many were refused.
    async fn files(&self, mail: &Mail, room: usize) -> Result<(Vec<File>, u32), Trouble> {
        let mut kept: Vec<File> = Vec::new();
        let mut refused = 0_u32;
        for file in &mail.files {
            if file.inline && file.bytes.len() <= ORNAMENT_BYTES {
                continue;
            }
            if kept.len() >= room {
                refused = refused.saturating_add(1);
                continue;
            }
            let declared = Declared {
                name: &file.name,
                media_type: &file.media_type,
            };
            let bytes = Bytes::copy_from_slice(&file.bytes);
            let content = futures_util::stream::iter([Ok::<_, Infallible>(bytes)]);
            match self.blobs.put(content, declared, CaseHas::default()).await {
                Ok(blob) => kept.push(File {
                    digest: Digest(*blob.original.bytes()),
                    shown: blob.shown.map(|shown| Digest(*shown.digest.bytes())),
                    kind: blob.kind.name().to_owned(),
                    bytes: blob.bytes,
                    person: None,
                }),
                Err(blob::Rejected::Trouble(trouble)) => return Err(unavailable(trouble)),
                Err(_) => refused = refused.saturating_add(1),
            }
        }
        Ok((kept, refused))
    }
}

/// Where a mail goes.
#[derive(Clone, Debug)]
enum Place {
    /// To a case.
    Case(Id),
    /// To a new case of an order of a customer.
    Order { customer: Id, order: String },
}

/// A mail that is ready to be handed to a case.
struct Handing {
    place: Place,
    new: Id,
    person: Id,
    /// The codes of what was said, by which the case is found.
    codes: Vec<[u8; 32]>,
    words: Option<Sealed>,
    files: Vec<File>,
    judged: Judged,
}

impl Handing {
    async fn write(
        &self,
        tx: &mut Tx<'_>,
        desk: &Desk,
        mail: Id,
        language: &str,
        now: Instant,
    ) -> Result<Option<Arc<Case>>, Trouble> {
        let message = self.words.as_ref().map(|sealed| Digest(sealed.hash));
        if let Some(sealed) = &self.words {
            private::keep(tx, self.person, MESSAGE, sealed, now).await?;
        }
        for file in &self.files {
            files::add(tx, file, now).await?;
            files::own(tx, file.digest, self.person).await?;
        }
        let attachments: Vec<Digest> = self.files.iter().map(|file| file.digest).collect();
        let acted = match &self.place {
            Place::Case(case) => {
                let input = Input::Message {
                    door: Door::Email,
                    message,
                    attachments,
                };
                desk.act_in(tx, *case, Actor::Customer, now, input).await?
            }
            Place::Order { customer, order } => {
                let request = Request {
                    order: order.clone(),
                    claim: ClaimKind::Other,
                    wants: Wants::Refund,
                    account: None,
                    payment: None,
                    door: Door::Email,
                    language: language_of(language).unwrap_or_default(),
                    customer: Some(*customer),
                    message,
                    attachments,
                };
                desk.request_in(tx, self.new, Actor::Customer, now, request)
                    .await?
            }
        };
        if person_of(&acted.case) != self.person {
            // Whose the case is changed in the same moment: the words have to lie under another key.
            return Err(Trouble::Serialization);
        }
        search::index(tx, &self.codes, acted.case.id, self.person)?;
        let judged = Judged {
            case: Some(acted.case.id),
            ..self.judged.clone()
        };
        if !mail::judge(tx, mail, &judged).await? {
            return Err(Trouble::misused("a mail is judged twice"));
        }
        Ok(Some(acted.case))
    }
}

/// The case or the order that a mail names, of the customer whose address it is from.
async fn named(tx: &mut Tx<'_>, index: [u8; 32], words: &str) -> Result<Option<Place>, Trouble> {
    let row = tx.one(&private::BY_MAIL, &[Value::from(index)]).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let customer = Id(row.id(0)?);
    let orders = tx
        .rows(&mail::ORDERS_OF, &[Value::from(customer.0)])
        .await?;
    for row in orders {
        let order = row.text(0)?;
        if !names(words, order) {
            continue;
        }
        let place = [Value::from(order), Value::from(customer.0)];
        let open = tx.one(&mail::OPEN_OF, &place).await?;
        let open = open.map(|row| row.id(0).map(Id)).transpose()?;
        return Ok(Some(match open {
            Some(case) => Place::Case(case),
            None => Place::Order {
                customer,
                order: order.to_owned(),
            },
        }));
    }
    Ok(None)
}

/// Whether an order's number stands in words, and not inside another one.
fn names(words: &str, order: &str) -> bool {
    let inside = |sign: Option<char>| sign.is_some_and(char::is_alphanumeric);
    !order.is_empty()
        && words.match_indices(order).any(|(at, found)| {
            let before = words.get(..at).and_then(|text| text.chars().next_back());
            let behind = words
                .get(at.saturating_add(found.len())..)
                .and_then(|text| text.chars().next());
            !inside(before) && !inside(behind)
        })
}

/// What the customer said, under the subject where that is not ours.
fn said(mail: &Mail) -> String {
    let subject = mail.subject.trim();
    let lower = subject.to_lowercase();
    let answer = ["re:", "sv:", "aw:", "vs:", "antw:"]
        .iter()
        .any(|mark| lower.starts_with(mark));
    if subject.is_empty() || answer || !mail.answers.is_empty() {
        return mail.said.clone();
    }
    format!("{subject}\n\n{}", mail.said).trim_end().to_owned()
}

fn flaws(mail: &Mail) -> String {
    let words: Vec<&str> = mail.flaws.iter().map(|flaw| flaw.word()).collect();
    words.join(" ")
}
