// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds by bank transfer: where the money goes, which file took it to the bank, and what the bank's statement says of it.
//!
//! A refund that was accepted for a transfer is pending at its provider; that row is what is owed. A transfer joins it once somebody
//! has said where the money goes, so none can be lost between the two.

use std::sync::Arc;

use jiff::civil::Date;
use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::execution::{ProviderRefund, ProviderSaid, RefundStatus};
use makegood_desk::input::{Actor, Digest, Id, Input};
use makegood_desk::life::Case;
use makegood_desk::refusal::Refusal;
use serde::{Deserialize, Serialize};

use super::act::{Desk, NotDone};
use super::facts::Breach;
use super::lists::From;
use super::seal::hex;
use super::{amount, nanoseconds, private, stranger};
use crate::clock::timestamp;
use crate::pay::manual::account::{Account, Bic, Iban};
use crate::pay::manual::batch::{Payer, Sealed as File, Transfer, draw_up};
use crate::pay::manual::statement::{self, Expected, Matched};
use crate::post::person_of;
use crate::store::{Row, Trouble, Tx, Value};
use crate::vault::{Sealed, Vault};

crate::statements! {
    /// Refunds that wait for a bank or were given to one, with what is known of their transfers.
    ALL = "select r.provider_refund, r.case_id, r.no, r.order_number, r.provider, r.provider_payment, r.amount_minor, r.currency, r.key, r.state, t.payee_digest, t.batch_id, t.status, r.reserved_at, t.words from refund r left join transfer t on t.id = r.provider_refund where r.provider = ?1 and r.provider_refund is not null and (?2 = 0 or r.state = 'pending') order by r.reserved_at, r.key";
    /// One of them.
    ONE = "select r.provider_refund, r.case_id, r.no, r.order_number, r.provider, r.provider_payment, r.amount_minor, r.currency, r.key, r.state, t.payee_digest, t.batch_id, t.status, r.reserved_at, t.words from refund r left join transfer t on t.id = r.provider_refund where r.provider = ?1 and r.provider_refund = ?2";
    /// Those before one, newest first.
    DOWN = "select r.provider_refund, r.case_id, r.no, r.order_number, r.provider, r.provider_payment, r.amount_minor, r.currency, r.key, r.state, t.payee_digest, t.batch_id, t.status, r.reserved_at, t.words from refund r left join transfer t on t.id = r.provider_refund where r.provider = ?1 and r.provider_refund is not null and (r.reserved_at, r.key) < (?2, ?3) and (?5 = '' or ?5 = case when t.status is not null then t.status when r.state = 'pending' then 'needs_payee' else 'over' end) order by r.reserved_at desc, r.key desc limit ?4";
    /// Those after one, oldest first.
    UP = "select r.provider_refund, r.case_id, r.no, r.order_number, r.provider, r.provider_payment, r.amount_minor, r.currency, r.key, r.state, t.payee_digest, t.batch_id, t.status, r.reserved_at, t.words from refund r left join transfer t on t.id = r.provider_refund where r.provider = ?1 and r.provider_refund is not null and (r.reserved_at, r.key) > (?2, ?3) and (?5 = '' or ?5 = case when t.status is not null then t.status when r.state = 'pending' then 'needs_payee' else 'over' end) order by r.reserved_at, r.key limit ?4";
    /// Says where the money goes. What has gone to a bank stays.
    KEEP = "insert into transfer (id, case_id, refund_no, provider, person_id, payee_digest, status, created_at, changed_at) values (?1, ?2, ?3, ?4, ?5, ?6, 'waiting', ?7, ?7) on conflict (id) do update set person_id = excluded.person_id, payee_digest = excluded.payee_digest, changed_at = excluded.changed_at where transfer.batch_id is null";
    /// A transfer goes to the bank in a batch, once.
    BATCHED = "update transfer set batch_id = ?2, status = 'exported', changed_at = ?3 where id = ?1 and batch_id is null";
    /// What the bank said.
    SAID = "update transfer set status = ?2, words = ?3, changed_at = ?4 where id = ?1";
    /// A batch.
    INSERT_BATCH = "insert into transfer_batch (id, provider, currency, created_at) values (?1, ?2, ?3, ?4)";
    /// A file of it.
    INSERT_FILE = "insert into transfer_file (batch_id, name, digest, sealed) values (?1, ?2, ?3, ?4)";
    /// The files of a batch.
    FILES = "select name, digest, sealed from transfer_file where batch_id = ?1 order by name";
    /// Batches before one, newest first.
    BATCHES_DOWN = "select id, provider, currency, created_at from transfer_batch where (created_at, id) < (?1, ?2) order by created_at desc, id desc limit ?3";
    /// Batches after one, oldest first.
    BATCHES_UP = "select id, provider, currency, created_at from transfer_batch where (created_at, id) > (?1, ?2) order by created_at, id limit ?3";
    /// A batch by its name.
    BATCH = "select id, provider, currency, created_at from transfer_batch where id = ?1";
    /// What went in a batch.
    MEMBERS = "select id from transfer where batch_id = ?1 order by id";
    /// What the files of a batch are called.
    FILE_NAMES = "select name from transfer_file where batch_id = ?1 order by name";
    /// The last batches.
    BATCHES = "select id, currency, created_at from transfer_batch where provider = ?1 order by created_at desc, id limit 100";
}

/// The field under which it lies where a customer's money goes.
pub const PAYEE: &str = "payee";
/// The field under which a payment file lies.
pub const FILE: &str = "payment file";

/// A refund at a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// The transfer's name, as the bank carries it.
    pub id: String,
    /// The case.
    pub case: Id,
    /// The refund's number in it.
    pub no: u32,
    /// The order.
    pub order: String,
    /// How much.
    pub amount: Amount,
    /// How far the refund is.
    pub state: String,
    /// The batch in which it went to the bank.
    pub batch: Option<String>,
    /// How far the transfer is; nothing where nobody has said where it goes.
    pub status: Option<String>,
    /// When the refund was promised.
    pub reserved_at: Instant,
    /// What the bank said.
    pub words: Option<String>,
    payee: Option<Digest>,
    payment: String,
    key: String,
}

fn owed(row: &Row) -> Result<Owed, Trouble> {
    Ok(Owed {
        id: row.text(0)?.to_owned(),
        case: Id(row.id(1)?),
        no: u32::try_from(row.int(2)?).unwrap_or(u32::MAX),
        order: row.text(3)?.to_owned(),
        payment: row.text(5)?.to_owned(),
        amount: amount(row, 6)?,
        key: row.text(8)?.to_owned(),
        state: row.text(9)?.to_owned(),
        payee: row
            .opt_bytes(10)?
            .map(|digest| digest.try_into().map(Digest))
            .transpose()
            .map_err(|_| stranger("a digest of another length"))?,
        batch: row.opt_text(11)?.map(str::to_owned),
        status: row.opt_text(12)?.map(str::to_owned),
        reserved_at: super::instant(row.int(13)?),
        words: row.opt_text(14)?.map(str::to_owned),
    })
}

impl Owed {
    /// How far it is, in one word.
    #[must_use]
    pub fn status_word(&self) -> &str {
        match (&self.status, self.state.as_str()) {
            (Some(status), _) => status,
            (None, "pending") => "needs_payee",
            (None, _) => "over",
        }
    }

    /// The refund as the provider would tell it.
    fn refund(&self, status: RefundStatus, failure: Option<String>) -> ProviderRefund {
        ProviderRefund {
            id: self.id.clone(),
            payment: self.payment.clone(),
            reference: Some(self.key.clone()),
            status,
            amount: self.amount,
            failure,
        }
    }
}

/// Refunds at a bank: those that are pending, or all.
///
/// # Errors
/// The store's trouble.
pub async fn all(tx: &mut Tx<'_>, provider: &str, pending: bool) -> Result<Vec<Owed>, Trouble> {
    let values = [Value::from(provider), Value::from(pending)];
    tx.rows(&ALL, &values).await?.iter().map(owed).collect()
}

/// A transfer of a bank.
///
/// # Errors
/// The store's trouble.
pub async fn one(tx: &mut Tx<'_>, provider: &str, id: &str) -> Result<Option<Owed>, Trouble> {
    let row = tx
        .one(&ONE, &[Value::from(provider), Value::from(id)])
        .await?;
    row.as_ref().map(owed).transpose()
}

/// The words for how far a transfer is.
pub const STATUSES: [&str; 6] = [
    "needs_payee",
    "waiting",
    "exported",
    "paid",
    "returned",
    "over",
];

/// Transfers of a bank, newest first (before a place: oldest first), at a status where one is named; nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn page(
    tx: &mut Tx<'_>,
    provider: &str,
    status: Option<&str>,
    from: &From<String>,
    most: i64,
) -> Result<Option<Vec<Owed>>, Trouble> {
    let (at, key, statement) = match from {
        From::Start => (i64::MAX, String::new(), &DOWN),
        From::After(id) | From::Before(id) => match one(tx, provider, id).await? {
            None => return Ok(None),
            Some(owed) => {
                let up = matches!(from, From::Before(_));
                (
                    nanoseconds(owed.reserved_at)?,
                    owed.key,
                    if up { &UP } else { &DOWN },
                )
            }
        },
    };
    let values = [
        Value::from(provider),
        Value::from(at),
        Value::from(key),
        Value::from(most),
        Value::from(status.unwrap_or_default()),
    ];
    let rows = tx.rows(statement, &values).await?;
    rows.iter().map(owed).collect::<Result<_, _>>().map(Some)
}

/// Transfers that went to the bank together.
#[derive(Clone, Debug)]
pub struct BatchRow {
    /// Its name, as the bank reads it.
    pub id: String,
    /// The bank.
    pub provider: String,
    /// The currency.
    pub currency: String,
    /// When it was drawn up.
    pub created_at: Instant,
    /// The transfers.
    pub transfers: Vec<String>,
    /// What its files are called.
    pub files: Vec<String>,
}

async fn batch_row(tx: &mut Tx<'_>, row: &Row) -> Result<BatchRow, Trouble> {
    let id = row.text(0)?.to_owned();
    let names = |rows: Vec<Row>| -> Result<Vec<String>, Trouble> {
        rows.iter()
            .map(|row| row.text(0).map(str::to_owned))
            .collect()
    };
    let transfers = names(tx.rows(&MEMBERS, &[Value::from(id.as_str())]).await?)?;
    let files = names(tx.rows(&FILE_NAMES, &[Value::from(id.as_str())]).await?)?;
    Ok(BatchRow {
        id,
        provider: row.text(1)?.to_owned(),
        currency: row.text(2)?.to_owned(),
        created_at: super::instant(row.int(3)?),
        transfers,
        files,
    })
}

/// A batch by its name.
///
/// # Errors
/// The store's trouble.
pub async fn batch(tx: &mut Tx<'_>, id: &str) -> Result<Option<BatchRow>, Trouble> {
    match tx.one(&BATCH, &[Value::from(id)]).await? {
        Some(row) => batch_row(tx, &row).await.map(Some),
        None => Ok(None),
    }
}

/// Batches of all banks, newest first (before a place: oldest first); nothing where the place is none.
///
/// # Errors
/// The store's trouble.
pub async fn batches(
    tx: &mut Tx<'_>,
    from: &From<String>,
    most: i64,
) -> Result<Option<Vec<BatchRow>>, Trouble> {
    let (at, id, statement) = match from {
        From::Start => (i64::MAX, String::new(), &BATCHES_DOWN),
        From::After(id) | From::Before(id) => {
            match tx.one(&BATCH, &[Value::from(id.as_str())]).await? {
                None => return Ok(None),
                Some(row) => {
                    let up = matches!(from, From::Before(_));
                    let statement = if up { &BATCHES_UP } else { &BATCHES_DOWN };
                    (row.int(3)?, id.clone(), statement)
                }
            }
        }
    };
    let values = [Value::from(at), Value::from(id), Value::from(most)];
    let mut batches = Vec::new();
    for row in tx.rows(statement, &values).await? {
        batches.push(batch_row(tx, &row).await?);
    }
    Ok(Some(batches))
}

/// A batch that is drawn up and not kept yet.
#[derive(Clone)]
pub struct Drawn {
    id: String,
    provider: String,
    currency: String,
    transfers: Vec<String>,
    sealed: Vec<(String, Sealed)>,
    /// Its files.
    pub files: Vec<File>,
}

impl Drawn {
    /// What it is called.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    // INVARIANT (a transfer goes to the bank once): a batch is kept only if none of its transfers is in another.
    /// Keeps it with its files as they are.
    ///
    /// # Errors
    /// Money is stopped, as a refusal; one of its transfers has gone to the bank in this moment; the store's trouble.
    pub async fn keep(&self, tx: &mut Tx<'_>, desk: &Desk, now: Instant) -> Result<(), Trouble> {
        // A file for the bank is money on its way, like what is sent to any other provider.
        if desk.stopped(tx).await? {
            return Err(Trouble::refused(Refusal::MoneyStopped));
        }
        let at = nanoseconds(now)?;
        for id in &self.transfers {
            let values = [
                Value::from(id.as_str()),
                Value::from(self.id.as_str()),
                Value::from(at),
            ];
            if tx.run(&BATCHED, &values).await? != 1 {
                return Err(Trouble::Serialization);
            }
        }
        let values = [
            Value::from(self.id.as_str()),
            Value::from(self.provider.as_str()),
            Value::from(self.currency.as_str()),
            Value::from(at),
        ];
        tx.run(&INSERT_BATCH, &values).await?;
        for (name, sealed) in &self.sealed {
            let values = [
                Value::from(self.id.as_str()),
                Value::from(name.as_str()),
                Value::from(sealed.hash),
                Value::from(sealed.ciphertext.clone()),
            ];
            tx.run(&INSERT_FILE, &values).await?;
        }
        Ok(())
    }
}

/// Where a customer's money goes.
#[derive(Clone, Serialize, Deserialize)]
pub struct Payee {
    /// The name of the account's owner.
    pub name: String,
    /// The European account, if it is one.
    pub iban: Option<String>,
    /// Its bank, where it is known.
    pub bic: Option<String>,
    /// The number of another kind of account.
    pub number: Option<String>,
    /// The bank of it, in the bank's own words.
    pub bank: Option<String>,
}

impl Payee {
    /// The account and the bank.
    ///
    /// # Errors
    /// What is missing or wrong, without repeating it.
    pub fn account(&self) -> Result<(Account, Option<Bic>), String> {
        if self.name.trim().is_empty() {
            return Err("the name of the account's owner is missing".to_owned());
        }
        let bic = self.bic.as_deref().map(Bic::new).transpose()?;
        match (&self.iban, &self.number) {
            (Some(iban), None) => Ok((Account::Iban(Iban::new(iban)?), bic)),
            (None, Some(number)) => {
                let (number, bank) = (number.clone(), self.bank.clone().unwrap_or_default());
                Ok((Account::Other { number, bank }, bic))
            }
            _ => Err("name an IBAN, or the number and the bank of another account".to_owned()),
        }
    }
}

/// Why something about transfers was not done.
#[derive(Debug)]
pub enum Undone {
    /// The store, the desk or the key store could not, or would not.
    NotDone(NotDone),
    /// It cannot be, in the user's words.
    Wrong(String),
}

impl std::convert::From<Trouble> for Undone {
    fn from(trouble: Trouble) -> Self {
        Self::NotDone(trouble.into())
    }
}

impl std::convert::From<NotDone> for Undone {
    fn from(why: NotDone) -> Self {
        Self::NotDone(why)
    }
}

impl std::fmt::Display for Undone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotDone(NotDone::Refused(Refusal::MoneyStopped)) => f.write_str(
                "no money moves: somebody stopped it, or the database is in doubt; `makegood doctor` says which",
            ),
            Self::NotDone(NotDone::Refused(refusal)) => write!(f, "the desk refuses: {refusal:?}"),
            Self::NotDone(NotDone::Trouble(trouble)) => write!(f, "{trouble}"),
            Self::Wrong(why) => f.write_str(why),
        }
    }
}

/// The books of one bank.
pub struct Bank<'b> {
    /// The desk.
    pub desk: &'b Desk,
    /// The keys of those who get money.
    pub vault: &'b Vault,
    /// The bank's name in the settings.
    pub name: &'b str,
}

fn unavailable(why: impl std::fmt::Display) -> Undone {
    let why = why.to_string();
    Undone::NotDone(NotDone::Trouble(Trouble::Unavailable { why }))
}

impl Bank<'_> {
    async fn listed(&self, pending: bool) -> Result<Vec<Owed>, Trouble> {
        let name = self.name.to_owned();
        let read = self.desk.store.read(move |tx| {
            let name = name.clone();
            Box::pin(async move { all(tx, &name, pending).await })
        });
        read.await
    }

    async fn one(&self, id: &str) -> Result<Owed, Undone> {
        let (provider, name) = (self.name.to_owned(), id.to_owned());
        let found = self.desk.store.read(move |tx| {
            let (provider, name) = (provider.clone(), name.clone());
            Box::pin(async move { one(tx, &provider, &name).await })
        });
        found.await?.ok_or_else(|| {
            Undone::Wrong(format!(
                "there is no transfer `{id}`; `makegood transfers list` names them"
            ))
        })
    }

    /// Says where the money of a transfer goes.
    ///
    /// # Errors
    /// There is no such transfer, it has gone to the bank already, or the account is none.
    pub async fn payee(&self, id: &str, payee: &Payee, now: Instant) -> Result<(), Undone> {
        payee.account().map_err(Undone::Wrong)?;
        let owed = self.one(id).await?;
        if owed.batch.is_some() || owed.state != "pending" {
            return Err(Undone::Wrong(format!(
                "{id} has gone to the bank already, or is over"
            )));
        }
        let case = self
            .desk
            .act(owed.case, Actor::System, now, Input::Look)
            .await?
            .case;
        let person = person_of(&case);
        let text = serde_json::to_string(payee).map_err(unavailable)?;
        let sealed = self
            .vault
            .seal(&hex(&person.0), PAYEE, text.as_bytes())
            .await
            .map_err(unavailable)?;
        let provider = self.name.to_owned();
        let kept = self.desk.store.write(move |tx| {
            let (owed, sealed, provider) = (owed.clone(), sealed.clone(), provider.clone());
            Box::pin(async move {
                private::keep(tx, person, PAYEE, &sealed, now).await?;
                let values = [
                    Value::from(owed.id),
                    Value::from(owed.case.0),
                    Value::from(owed.no),
                    Value::from(provider),
                    Value::from(person.0),
                    Value::from(sealed.hash),
                    Value::from(nanoseconds(now)?),
                ];
                tx.run(&KEEP, &values).await
            })
        });
        match kept.await? {
            1 => Ok(()),
            _ => Err(Undone::Wrong(format!(
                "{id} has gone to the bank in this moment"
            ))),
        }
    }

    /// Draws up payment files for everything that waits and has a payee. They are kept as they are, and each transfer goes out once.
    ///
    /// # Errors
    /// Some transfers cannot be paid so, all of which are named; nothing is drawn up then.
    pub async fn export(
        &self,
        payer: &Payer,
        execute_on: Date,
        now: Instant,
    ) -> Result<Vec<File>, Undone> {
        let drawn = Arc::new(self.draw(payer, execute_on, now).await?);
        let (keeping, desk) = (Arc::clone(&drawn), self.desk.clone());
        let kept = self.desk.store.write(move |tx| {
            let (drawn, desk) = (Arc::clone(&keeping), desk.clone());
            Box::pin(async move {
                for batch in drawn.iter() {
                    batch.keep(tx, &desk, now).await?;
                }
                Ok(())
            })
        });
        kept.await?;
        Ok(drawn.iter().flat_map(|batch| batch.files.clone()).collect())
    }

    /// Draws the same up without keeping it: nothing of it counts until [`Drawn::keep`] is durable.
    ///
    /// # Errors
    /// As for [`Bank::export`].
    pub async fn draw(
        &self,
        payer: &Payer,
        execute_on: Date,
        now: Instant,
    ) -> Result<Vec<Drawn>, Undone> {
        let mut transfers = Vec::new();
        for owed in self.listed(true).await? {
            if let (Some(digest), None) = (owed.payee, &owed.batch) {
                transfers.push(self.transfer(&owed, digest).await?);
            }
        }
        let batches = draw_up(payer, &transfers, timestamp(now), execute_on).map_err(|all| {
            let words: Vec<String> = all
                .into_iter()
                .map(|one| format!("{}: {}", one.transfer, one.why))
                .collect();
            Undone::Wrong(words.join("; "))
        })?;
        let mut drawn = Vec::new();
        for batch in &batches {
            let files = batch.seal().map_err(Undone::Wrong)?;
            let mut sealed = Vec::new();
            for file in &files {
                let own = self
                    .vault
                    .seal(batch.id(), FILE, &file.bytes)
                    .await
                    .map_err(unavailable)?;
                sealed.push((file.name.clone(), own));
            }
            drawn.push(Drawn {
                id: batch.id().to_owned(),
                provider: self.name.to_owned(),
                currency: batch.currency().code().to_owned(),
                transfers: batch.transfers().iter().map(|one| one.id.clone()).collect(),
                sealed,
                files,
            });
        }
        Ok(drawn)
    }

    async fn transfer(&self, owed: &Owed, digest: Digest) -> Result<Transfer, Undone> {
        let read = self
            .desk
            .store
            .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
        let Some((person, field, sealed)) = read.await? else {
            return Err(stranger("a payee without an account").into());
        };
        let opened = self
            .vault
            .open_field(&hex(&person.0), &field, &sealed)
            .await
            .map_err(unavailable)?;
        let payee: Payee = serde_json::from_slice(opened.expose())
            .map_err(|_| stranger("an account that cannot be read"))?;
        let (account, bic) = payee.account().map_err(Undone::Wrong)?;
        Ok(Transfer {
            id: owed.id.clone(),
            amount: owed.amount,
            payee: payee.name.clone(),
            account,
            bic,
            remittance: format!("{} {}", owed.order, owed.id),
        })
    }

    /// The files of a batch, as they were handed over.
    ///
    /// # Errors
    /// There is no such batch, or its key is gone.
    pub async fn files(&self, batch: &str) -> Result<Vec<(String, Vec<u8>)>, Undone> {
        let name = batch.to_owned();
        let read = self.desk.store.read(move |tx| {
            let batch = Value::from(name.as_str());
            Box::pin(async move { tx.rows(&FILES, &[batch]).await })
        });
        let mut files = Vec::new();
        for row in read.await? {
            let digest = row.bytes(1).and_then(|bytes| {
                <[u8; 32]>::try_from(bytes).map_err(|_| stranger("a digest of another length"))
            });
            let sealed = Sealed {
                hash: digest?,
                ciphertext: row.bytes(2)?.to_vec(),
            };
            let opened = self
                .vault
                .open_field(batch, FILE, &sealed)
                .await
                .map_err(unavailable)?;
            files.push((row.text(0)?.to_owned(), opened.expose().clone()));
        }
        if files.is_empty() {
            return Err(Undone::Wrong(format!("there is no batch `{batch}`")));
        }
        Ok(files)
    }

    /// Takes a bank's statement in. The same statement twice is one statement.
    ///
    /// # Errors
    /// It cannot be read; nothing of it counts then.
    pub async fn import(&self, bytes: &[u8], now: Instant) -> Result<Vec<Taken>, Undone> {
        let movements = statement::read(bytes).map_err(Undone::Wrong)?;
        let all = self.listed(false).await?;
        let expected: Vec<Expected> = all
            .iter()
            .filter_map(|owed| {
                Some(Expected {
                    refund: owed.refund(RefundStatus::Pending, None),
                    batch: owed.batch.clone()?,
                })
            })
            .collect();
        let mut taken = Vec::new();
        for matched in statement::matched(&expected, &movements) {
            match matched {
                Matched::Foreign => taken.push(Taken::Foreign),
                Matched::Odd { transfer, why } => {
                    let owed = all.iter().find(|owed| owed.id == transfer);
                    self.odd(&transfer, owed, &why, now).await?;
                    taken.push(Taken::Odd { transfer, why });
                }
                Matched::Refund(refund) => {
                    let Some(owed) = all.iter().find(|owed| owed.id == refund.id) else {
                        continue;
                    };
                    taken.push(self.said(owed, refund, now).await?);
                }
            }
        }
        Ok(taken)
    }

    /// A person has seen on the account that a transfer was paid.
    ///
    /// # Errors
    /// There is no such transfer, or it never went to the bank.
    pub async fn confirm(&self, id: &str, now: Instant) -> Result<Taken, Undone> {
        let owed = self.one(id).await?;
        if owed.batch.is_none() {
            let why = format!(
                "{id} has not gone to the bank; `makegood transfers export` draws up the file"
            );
            return Err(Undone::Wrong(why));
        }
        let refund = owed.refund(RefundStatus::Succeeded, None);
        self.said(&owed, refund, now).await
    }

    async fn said(
        &self,
        owed: &Owed,
        refund: ProviderRefund,
        now: Instant,
    ) -> Result<Taken, Undone> {
        let (desk, owed) = (self.desk.clone(), owed.clone());
        let said = self.desk.store.write(move |tx| {
            let (desk, owed, refund) = (desk.clone(), owed.clone(), refund.clone());
            Box::pin(async move { said(tx, &desk, &owed, refund, now).await })
        });
        let (taken, case) = said.await.map_err(NotDone::from)?;
        if let Some(case) = case {
            self.desk.shelf.put(case);
        }
        Ok(taken)
    }

    async fn odd(
        &self,
        transfer: &str,
        owed: Option<&Owed>,
        why: &str,
        now: Instant,
    ) -> Result<(), Trouble> {
        let (provider, subject) = (self.name.to_owned(), transfer.to_owned());
        let order = owed.map(|owed| owed.order.clone());
        let case = owed.map(|owed| owed.case);
        let words = format!("{why}; compare the statement with the payment file");
        self.desk
            .store
            .write(move |tx| {
                let (provider, subject) = (provider.clone(), subject.clone());
                let (order, words) = (order.clone(), words.clone());
                Box::pin(async move {
                    let breach = Breach {
                        kind: "transfer_odd",
                        provider: &provider,
                        subject: &subject,
                        order: order.as_deref(),
                        case,
                        words: &words,
                    };
                    breach.open(tx, now).await.map(drop)
                })
            })
            .await
    }

    /// The last batches: their names, currencies and times.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn batches(&self) -> Result<Vec<(String, String, Instant)>, Trouble> {
        let name = self.name.to_owned();
        let read = self.desk.store.read(move |tx| {
            let name = Value::from(name.as_str());
            Box::pin(async move { tx.rows(&BATCHES, &[name]).await })
        });
        read.await?
            .iter()
            .map(|row| {
                let at = super::instant(row.int(2)?);
                Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned(), at))
            })
            .collect()
    }
}

/// The case hears what the bank said, and the transfer's row with it: one transaction.
async fn said(
    tx: &mut Tx<'_>,
    desk: &Desk,
    owed: &Owed,
    refund: ProviderRefund,
    now: Instant,
) -> Result<(Taken, Option<Arc<Case>>), Trouble> {
    let paid = refund.status == RefundStatus::Succeeded;
    let over = owed.state == "failed" || (paid && owed.state == "succeeded");
    if over {
        return Ok((Taken::Known(owed.id.clone()), None));
    }
    let values = [
        Value::from(owed.id.as_str()),
        Value::from(if paid { "paid" } else { "returned" }),
        Value::from(refund.failure.clone()),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(&SAID, &values).await?;
    let said = ProviderSaid::Refund(refund);
    let input = Input::RefundSaid { no: owed.no, said };
    let acted = desk
        .act_in(tx, owed.case, Actor::Provider, now, input)
        .await?;
    let (transfer, case) = (owed.id.clone(), acted.case.number);
    let taken = if paid {
        Taken::Paid { transfer, case }
    } else {
        Taken::Returned { transfer, case }
    };
    Ok((taken, Some(acted.case)))
}

/// A person has seen on the account that a transfer was paid; the case, where that was news. For whoever has looked whether it went to
/// the bank.
///
/// # Errors
/// The store's trouble, and the desk's refusal as [`Trouble::Refused`].
pub async fn confirmed(
    tx: &mut Tx<'_>,
    desk: &Desk,
    owed: &Owed,
    now: Instant,
) -> Result<Option<Arc<Case>>, Trouble> {
    let refund = owed.refund(RefundStatus::Succeeded, None);
    said(tx, desk, owed, refund, now)
        .await
        .map(|(_, case)| case)
}

/// What became of a line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The money has left, and the case knows.
    Paid {
        /// The transfer.
        transfer: String,
        /// The case's number.
        case: u64,
    },
    /// It came back or never left, and the case knows.
    Returned {
        /// The transfer.
        transfer: String,
        /// The case's number.
        case: u64,
    },
    /// It was known before.
    Known(String),
    /// It does not fit; finance is asked.
    Odd {
        /// The transfer.
        transfer: String,
        /// What does not fit.
        why: String,
    },
    /// Nothing of ours.
    Foreign,
}
