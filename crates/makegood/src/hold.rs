// SPDX-License-Identifier: MIT OR Apache-2.0
//! What keeps money from moving though nobody stopped it: a switch in the settings, or a log that is not what is remembered of it.
//!
//! What is remembered lies in three places. The *anchor* is a file of this machine. The *mark* (`store.frozen`) lies in the books once a
//! machine has found them in doubt: it is the signed checkpoint that the log contradicts, so every machine can hold the log against it,
//! believes no other machine's word for it, and lifts it only where the log agrees with it again. The *acceptance* (`store.accepted`)
//! lies there once a person has looked: a signed head with the number of events up to which whatever else was remembered is overruled.
//!
//! | what is found | this machine's money | everybody's money |
//! |---|---|---|
//! | the log is older, rewritten or damaged | stands | stands: the books are marked |
//! | the anchor is unreadable, malformed, not signed with our key, or missing | stands | moves: the books are not in doubt |
//! | the anchor is missing, and the books on PostgreSQL have a head that we signed and that agrees | moves: the machine joins | moves |
//! | the books are marked, and the mark still contradicts the log | stands | stands |
//! | `money.kill_switch` is on in the settings | stands | moves: `POST /v1/brakes/stop` stops everybody's |

use std::collections::BTreeMap;
use std::fmt;

use makegood_desk::audit::note::{Checkpoint, Note};
use makegood_desk::audit::{Frontier, Hash, Place};
use makegood_desk::case::Instant;
use tokio::sync::watch;

use crate::audit::anchor::{Anchor, Frozen, Unmoved, wanted};
use crate::audit::{SigningKey, Untrusted, VerifierKey, trusted};
use crate::books::{nanoseconds, seal, whole};
use crate::store::{Dialect, Store, Trouble, Tx, Value};

crate::statements! {
    /// What machines and persons have said of the log.
    SAID = "select key, value from meta where key in ('store.frozen', 'store.accepted')";
    /// The store is in doubt. What marked it first stays.
    MARK = "insert into meta (key, value) values ('store.frozen', ?1) on conflict (key) do nothing";
    /// It is not any more, as far as this mark goes.
    LIFT = "delete from meta where key = 'store.frozen' and value = ?1";
    /// A person has looked, and it is not any more.
    CLEAR = "delete from meta where key = 'store.frozen'";
    /// What that person accepted.
    ACCEPT = "insert into meta (key, value) values ('store.accepted', ?1) on conflict (key) do update set value = excluded.value";
    /// Cases that wait for money to go again.
    WAKE = "update desk_case set wake_at = ?1 where wake_at is not null and wake_at > ?1 and id in (select case_id from refund where state = 'reserved')";
    /// Heads that contradict what was accepted.
    FORGET_HEADS = "delete from checkpoint where size >= ?1";
}

/// What an acceptance says after its head: how many events whatever is overruled had at most.
const OVER: &str = "makegood/accepted-over ";

/// Why this process moves no money, whatever the books say.
#[derive(Debug, Default)]
pub struct Hold {
    switched: bool,
    doubts: watch::Sender<Doubts>,
}

/// Why the log is not believed.
#[derive(Clone, Debug, Default)]
struct Doubts {
    /// What this machine has found, which ends with the process.
    own: Option<String>,
    /// The mark in the books, which may be lifted.
    mark: Option<String>,
}

impl Doubts {
    fn any(&self) -> Option<&String> {
        self.own.as_ref().or(self.mark.as_ref())
    }
}

impl Hold {
    /// As the settings have the switch.
    #[must_use]
    pub fn new(switched: bool) -> Self {
        Self {
            switched,
            ..Self::default()
        }
    }

    /// Whether this process moves no money.
    #[must_use]
    pub fn on(&self) -> bool {
        self.switched || self.doubts.borrow().any().is_some()
    }

    /// Whether the settings have it so.
    #[must_use]
    pub fn switched(&self) -> bool {
        self.switched
    }

    /// Why the log is not believed, if it is not.
    #[must_use]
    pub fn frozen(&self) -> Option<String> {
        self.doubts.borrow().any().cloned()
    }

    /// Notes what a look has found. What this machine found itself stays until the process ends.
    pub fn note(&self, look: &Look) {
        let words = |frozen: &Option<Frozen>| frozen.as_ref().map(ToString::to_string);
        self.doubts.send_if_modified(|doubts| {
            let own = doubts.own.take().or_else(|| words(&look.own));
            let found = Doubts {
                own,
                mark: words(&look.mark),
            };
            let changed = found.any() != doubts.any();
            *doubts = found;
            changed
        });
    }

    /// Waits until the log is believed, or is not.
    pub async fn until(&self, believed: bool) {
        let mut doubts = self.doubts.subscribe();
        // The sender lives as long as this borrow.
        let _ = doubts
            .wait_for(|doubts| doubts.any().is_none() == believed)
            .await;
    }
}

/// What a look at the log and at what is remembered of it has found.
#[derive(Debug)]
pub struct Look {
    /// What this machine finds itself.
    pub own: Option<Frozen>,
    /// What another has found and marked, and still holds.
    pub mark: Option<Frozen>,
    /// The signed checkpoint that contradicts the log: the store is in doubt, not only this machine's memory of it.
    evidence: Option<String>,
    /// What this machine remembers from now on.
    adopt: Option<Adopt>,
    /// Whether the books are marked.
    is_marked: bool,
    /// A mark that no longer holds.
    spent: Option<Vec<u8>>,
    /// The right edge of the log.
    pub edge: Frontier,
    /// The newest head that was signed.
    pub signed: Option<u64>,
    /// How many events are remembered at most, by whatever is believed.
    pub remembered: u64,
    /// Whether the log holds by itself: its nodes make its edge.
    sound: Option<Frozen>,
}

#[derive(Debug)]
enum Adopt {
    /// The newest head of the books: the machine joins, or others have signed since.
    Newest(Note),
    /// What a person accepted over what this machine remembers.
    Accepted(Note),
    /// That the log is empty.
    Beginning,
}

/// What the books say, of one moment.
struct Books {
    edge: Frontier,
    newest: Option<String>,
    mark: Option<Option<Vec<u8>>>,
    accepted: Option<Note>,
    nodes: BTreeMap<(u32, u64), Hash>,
}

/// A note that we signed, with the checkpoint in it.
fn believed(text: &str, keys: &[VerifierKey]) -> Result<(Note, Checkpoint), Untrusted> {
    let note = Note::parse(text).map_err(Untrusted::Malformed)?;
    let checkpoint = trusted(&note, keys)?;
    Ok((note, checkpoint))
}

fn believed_bytes(bytes: &[u8], keys: &[VerifierKey]) -> Option<(Note, Checkpoint)> {
    believed(std::str::from_utf8(bytes).ok()?, keys).ok()
}

impl Books {
    async fn read(
        tx: &mut Tx<'_>,
        keys: &[VerifierKey],
        anchored: Option<Checkpoint>,
    ) -> Result<Self, Trouble> {
        let edge = seal::frontier(tx).await?;
        let newest = tx.one(&seal::CHECKPOINT, &[]).await?;
        let newest = newest
            .map(|row| row.text(1).map(str::to_owned))
            .transpose()?;
        let (mut mark, mut accepted) = (None, None);
        for row in tx.rows(&SAID, &[]).await? {
            let value = row.opt_bytes(1)?.map(<[u8]>::to_vec);
            match row.text(0)? {
                "store.frozen" => mark = Some(value),
                _ => accepted = value.and_then(|bytes| believed_bytes(&bytes, keys)),
            }
        }
        let mut heads: Vec<Checkpoint> = anchored.into_iter().collect();
        heads.push(head(&edge, keys));
        let told = newest.as_deref().and_then(|text| believed(text, keys).ok());
        let marked = mark.iter().flatten();
        let marked = marked.filter_map(|bytes| believed_bytes(bytes, keys));
        heads.extend(told.into_iter().chain(marked).map(|(_, head)| head));
        heads.extend(accepted.iter().map(|(_, head)| head.clone()));
        let mut nodes = BTreeMap::new();
        for place in heads
            .iter()
            .flat_map(|head| wanted(Some(head), edge.size()))
        {
            let key = (place.level, place.index);
            if let (false, Some(hash)) = (nodes.contains_key(&key), seal::node_at(tx, place).await?)
            {
                nodes.insert(key, hash);
            }
        }
        Ok(Self {
            edge,
            newest,
            mark,
            accepted: accepted.map(|(note, _)| note),
            nodes,
        })
    }

    fn agrees(&self, anchor: &Anchor, head: &Checkpoint) -> Result<(), Frozen> {
        let node = |place: Place| self.nodes.get(&(place.level, place.index)).copied();
        anchor.compare(Some(head), self.edge.size(), node)
    }

    /// The acceptance, where it overrules a memory of so many events and the log is the one that was accepted.
    fn overruled(&self, anchor: &Anchor, keys: &[VerifierKey], size: u64) -> Option<&Note> {
        let note = self.accepted.as_ref()?;
        let head = trusted(note, keys).ok()?;
        let over = head
            .extensions
            .iter()
            .find_map(|line| line.strip_prefix(OVER))?;
        let over: u64 = over.parse().ok()?;
        (size <= over && self.agrees(anchor, &head).is_ok()).then_some(note)
    }
}

/// The head of the log as it is, unsigned.
fn head(edge: &Frontier, keys: &[VerifierKey]) -> Checkpoint {
    Checkpoint {
        origin: keys
            .first()
            .map_or_else(String::new, |key| key.name().to_owned()),
        size: edge.size(),
        root: edge.root(),
        extensions: Vec::new(),
    }
}

/// Holds the log of an open store against what is remembered of it. Changes nothing; [`Look::settle`] does what follows from it.
///
/// A machine without an anchor that joins a store on PostgreSQL takes the newest signed head of the books for what it remembers. So a
/// database that was put back to an older day before the machine joined is not noticed by *this* machine; it is by every machine that has
/// an anchor, and that one marks the books for all. Where no machine keeps its anchor (all of them on disks that go with them) nobody
/// notices: keep `audit.anchor_file` of one machine on a disk that stays. On SQLite there is one machine, so a missing anchor freezes it.
///
/// # Errors
/// The store's trouble.
pub async fn look(store: &Store, anchor: &Anchor, signer: &SigningKey) -> Result<Look, Trouble> {
    let keys = [signer.verifier()];
    // The file first: what it remembers was in the books by then.
    let remembered = anchor.remembered(&keys);
    let anchored = remembered.as_ref().ok().and_then(Option::as_ref);
    let anchored = anchored.map(|(_, head)| head.clone());
    let ours = keys.clone();
    let books = store.read(move |tx| {
        let (anchored, keys) = (anchored.clone(), ours.clone());
        Box::pin(async move { Books::read(tx, &keys, anchored).await })
    });
    let books = books.await?;
    let shared = store.dialect() == Dialect::Postgres;
    Ok(looked(&books, anchor, &keys, remembered, shared))
}

type Remembered = Result<Option<(Note, Checkpoint)>, Frozen>;

fn looked(
    books: &Books,
    anchor: &Anchor,
    keys: &[VerifierKey],
    remembered: Remembered,
    shared: bool,
) -> Look {
    let newest = books.newest.as_deref().map(|text| believed(text, keys));
    let mut look = Look {
        own: None,
        mark: None,
        evidence: None,
        adopt: None,
        is_marked: books.mark.is_some(),
        spent: None,
        edge: books.edge.clone(),
        signed: None,
        remembered: books.edge.size(),
        sound: books.agrees(anchor, &head(&books.edge, keys)).err(),
    };
    if let Some(Ok((_, head))) = &newest {
        look.signed = Some(head.size);
        look.remembers(head);
    }
    match remembered {
        Err(why) => look.own = Some(why),
        Ok(Some(memory)) => look.held(books, anchor, keys, memory, newest),
        Ok(None) if !shared && books.edge.size() > 0 => look.own = Some(anchor.missing()),
        Ok(None) if !shared => look.adopt = Some(Adopt::Beginning),
        Ok(None) => look.joined(books, anchor, keys, newest),
    }
    look.marked(books, anchor, keys);
    look
}

impl Look {
    fn remembers(&mut self, head: &Checkpoint) {
        self.remembered = self.remembered.max(head.size);
    }

    /// The machine remembers something.
    fn held(
        &mut self,
        books: &Books,
        anchor: &Anchor,
        keys: &[VerifierKey],
        (note, head): (Note, Checkpoint),
        newest: Option<Result<(Note, Checkpoint), Untrusted>>,
    ) {
        self.remembers(&head);
        if let Err(why) = books.agrees(anchor, &head) {
            match books.overruled(anchor, keys, head.size) {
                Some(accepted) => self.adopt = Some(Adopt::Accepted(accepted.clone())),
                None => {
                    self.evidence = Some(note.to_string());
                    self.own = Some(why);
                }
            }
        } else if let Some(Ok((note, newest))) = newest
            && newest.size > head.size
            && books.agrees(anchor, &newest).is_ok()
        {
            // Another machine has signed since.
            self.adopt = Some(Adopt::Newest(note));
        }
    }

    /// The machine remembers nothing, and others share the store.
    fn joined(
        &mut self,
        books: &Books,
        anchor: &Anchor,
        keys: &[VerifierKey],
        newest: Option<Result<(Note, Checkpoint), Untrusted>>,
    ) {
        match newest {
            None if books.edge.size() == 0 => self.adopt = Some(Adopt::Beginning),
            None => self.own = Some(anchor.missing()),
            Some(Err(why)) => self.own = Some(Frozen::OthersHead(why)),
            Some(Ok((note, head))) => match books.agrees(anchor, &head) {
                Ok(()) => self.adopt = Some(Adopt::Newest(note)),
                Err(why) => match books.overruled(anchor, keys, head.size) {
                    Some(accepted) => self.adopt = Some(Adopt::Accepted(accepted.clone())),
                    None => {
                        self.evidence = Some(note.to_string());
                        self.own = Some(why);
                    }
                },
            },
        }
    }

    /// The books are marked: does it hold still?
    fn marked(&mut self, books: &Books, anchor: &Anchor, keys: &[VerifierKey]) {
        let Some(mark) = &books.mark else { return };
        let found = mark.as_deref().and_then(|mark| believed_bytes(mark, keys));
        let Some((_, head)) = found else {
            self.mark = Some(Frozen::Marked);
            return;
        };
        self.remembers(&head);
        match books.agrees(anchor, &head) {
            Err(why) if books.overruled(anchor, keys, head.size).is_none() => {
                self.mark = Some(why);
            }
            // A machine that is in doubt itself lets nothing go.
            _ if self.own.is_some() => {}
            _ => self.spent.clone_from(mark),
        }
    }

    /// The same for a process that is open already: a file that cannot be read for a moment says nothing against books that it has
    /// watched all the time, so only what is wrong with the books counts.
    #[must_use]
    pub fn of_the_books(mut self) -> Self {
        if self.evidence.is_none() {
            self.own = None;
        }
        self
    }

    /// Why no money moves: what this machine found, else what another has marked.
    #[must_use]
    pub fn into_frozen(self) -> Option<Frozen> {
        self.own.or(self.mark)
    }

    /// Does what follows: remembers what is to be remembered, marks the books where they are in doubt, lifts a mark that holds no more.
    ///
    /// # Errors
    /// The store's trouble, or a file that cannot be written.
    pub async fn settle(
        &self,
        store: &Store,
        anchor: &Anchor,
        signer: &SigningKey,
        now: Instant,
    ) -> Result<(), Unsettled> {
        if let (Some(evidence), false) = (&self.evidence, self.is_marked) {
            let mark = Value::from(evidence.as_bytes());
            let marked = store.write(move |tx| {
                let mark = mark.clone();
                Box::pin(async move { tx.run(&MARK, &[mark]).await })
            });
            marked.await?;
        }
        match &self.adopt {
            Some(Adopt::Newest(note)) => {
                anchor.advance(note, &[signer.verifier()])?;
            }
            Some(Adopt::Accepted(note)) => anchor.accept(note)?,
            Some(Adopt::Beginning) => begin(store, anchor, signer, now).await?,
            None => {}
        }
        if let Some(spent) = self.spent.clone() {
            let lifted = store.write(move |tx| {
                let spent = Value::from(spent.clone());
                Box::pin(async move { tx.run(&LIFT, &[spent]).await })
            });
            lifted.await?;
        }
        Ok(())
    }
}

/// Why what follows from a look was not done.
#[derive(Debug)]
pub enum Unsettled {
    /// The store.
    Trouble(Trouble),
    /// The anchor.
    Anchor(Unmoved),
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trouble(why) => write!(f, "{why}"),
            Self::Anchor(why) => write!(f, "{why}"),
        }
    }
}

impl From<Trouble> for Unsettled {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<Unmoved> for Unsettled {
    fn from(why: Unmoved) -> Self {
        Self::Anchor(why)
    }
}

/// Remembers that the log was empty. Otherwise a process that died before the first head was signed would leave a log with events of
/// which nothing is remembered, as if the file had been lost; and a machine that joins before that would find no head to join with.
async fn begin(
    store: &Store,
    anchor: &Anchor,
    signer: &SigningKey,
    now: Instant,
) -> Result<(), Unsettled> {
    let note = signer.checkpoint(0, Frontier::new().root());
    if store.dialect() == Dialect::Postgres {
        let (text, at) = (note.to_string(), nanoseconds(now)?);
        let begun = store.write(move |tx| {
            let values = [Value::from(0), Value::from(text.as_str()), Value::from(at)];
            Box::pin(async move { tx.run(&seal::INSERT_CHECKPOINT, &values).await })
        });
        begun.await?;
    }
    anchor.advance(&note, &[signer.verifier()])?;
    Ok(())
}

/// What a person would accept: what is remembered, and what is there.
#[derive(Debug)]
pub struct Acceptance {
    /// Why no money moves.
    pub why: Frozen,
    /// How many events are remembered at most.
    pub remembered: u64,
    /// How many there are.
    pub size: u64,
    root: Hash,
}

/// Why nothing can be accepted.
#[derive(Debug)]
pub enum Unacceptable {
    /// Nothing stands in the way of money.
    Agrees,
    /// The log does not hold by itself; no word of a person mends that.
    Broken(Frozen),
}

impl Acceptance {
    /// What a look has found, to be accepted.
    ///
    /// # Errors
    /// There is nothing to accept, or it cannot be.
    pub fn of(look: Look) -> Result<Self, Unacceptable> {
        if let Some(broken) = look.sound {
            return Err(Unacceptable::Broken(broken));
        }
        Ok(Self {
            remembered: look.remembered,
            size: look.edge.size(),
            root: look.edge.root(),
            why: look.own.or(look.mark).ok_or(Unacceptable::Agrees)?,
        })
    }

    /// Accepts it: the books say so, signed, and this machine remembers it. What it remembered is kept beside the anchor.
    ///
    /// Other machines on the store find it there, and overrule what they remember if that is no more than this one knew of.
    ///
    /// # Errors
    /// The store's trouble, or a file that cannot be written. Said again, it does the rest.
    pub async fn accept(
        &self,
        store: &Store,
        anchor: &Anchor,
        signer: &SigningKey,
        now: Instant,
    ) -> Result<(), Unsettled> {
        let over = format!("{OVER}{}", self.remembered);
        let accepted = signer.sign(
            Checkpoint {
                origin: signer.verifier().name().to_owned(),
                size: self.size,
                root: self.root,
                extensions: vec![over],
            }
            .text(),
        );
        let head = signer.checkpoint(self.size, self.root).to_string();
        let (size, at) = (whole(self.size)?, nanoseconds(now)?);
        let told = accepted.to_string();
        let written = store.write(move |tx| {
            let told = Value::from(told.as_bytes());
            let head = [
                Value::from(size),
                Value::from(head.as_str()),
                Value::from(at),
            ];
            Box::pin(async move {
                tx.run(&ACCEPT, &[told]).await?;
                tx.run(&FORGET_HEADS, &head[..1]).await?;
                tx.run(&seal::INSERT_CHECKPOINT, &head).await?;
                tx.run(&CLEAR, &[]).await?;
                tx.run(&WAKE, &[Value::from(at)]).await.map(drop)
            })
        });
        written.await?;
        anchor.accept(&accepted)?;
        Ok(())
    }
}
