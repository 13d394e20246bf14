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
use makegood_desk::refusal::Refusal;
use serde::{Deserialize, Serialize};

use super::act::{Desk, NotDone};
use super::facts::Breach;
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
    ALL = "select r.provider_refund, r.case_id, r.no, r.order_number, r.provider, r.provider_payment, r.amount_minor, r.currency, r.key, r.state, t.payee_digest, t.batch_id, t.status from refund r left join transfer t on t.id = r.provider_refund where r.provider = ?1 and r.provider_refund is not null and (?2 = 0 or r.state = 'pending') order by r.reserved_at, r.key";
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
    /// How far the transfer is; `nobody has said where it goes` where nothing is known.
    pub status: Option<String>,
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
    })
}

impl Owed {
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

impl From<Trouble> for Undone {
    fn from(trouble: Trouble) -> Self {
        Self::NotDone(trouble.into())
    }
}

impl From<NotDone> for Undone {
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
        let all = self.listed(false).await?;
        let found = all.into_iter().find(|owed| owed.id == id);
        found.ok_or_else(|| {
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
        let mut files = Vec::new();
        for batch in &batches {
            let made = batch.seal().map_err(Undone::Wrong)?;
            let mut sealed = Vec::new();
            for file in &made {
                let own = self
                    .vault
                    .seal(batch.id(), FILE, &file.bytes)
                    .await
                    .map_err(unavailable)?;
                sealed.push((file.name.clone(), own));
            }
            let names: Vec<String> = batch.transfers().iter().map(|one| one.id.clone()).collect();
            self.keep(batch.id(), batch.currency().code(), names, sealed, now)
                .await?;
            files.extend(made);
        }
        Ok(files)
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

    // INVARIANT (a transfer goes to the bank once): a batch is kept only if none of its transfers is in another.
    async fn keep(
        &self,
        batch: &str,
        currency: &str,
        transfers: Vec<String>,
        files: Vec<(String, Sealed)>,
        now: Instant,
    ) -> Result<(), Undone> {
        let (provider, batch) = (self.name.to_owned(), batch.to_owned());
        let (currency, desk) = (currency.to_owned(), self.desk.clone());
        let kept = self.desk.store.write(move |tx| {
            let desk = desk.clone();
            let (provider, batch, currency) = (provider.clone(), batch.clone(), currency.clone());
            let (transfers, files) = (transfers.clone(), files.clone());
            Box::pin(async move {
                // A file for the bank is money on its way, like what is sent to any other provider.
                if desk.stopped(tx).await? {
                    return Err(Trouble::refused(Refusal::MoneyStopped));
                }
                let at = nanoseconds(now)?;
                for id in transfers {
                    let values = [
                        Value::from(id),
                        Value::from(batch.as_str()),
                        Value::from(at),
                    ];
                    if tx.run(&BATCHED, &values).await? != 1 {
                        return Err(Trouble::Serialization);
                    }
                }
                let values = [
                    Value::from(batch.as_str()),
                    Value::from(provider),
                    Value::from(currency),
                    Value::from(at),
                ];
                tx.run(&INSERT_BATCH, &values).await?;
                for (name, sealed) in files {
                    let values = [
                        Value::from(batch.as_str()),
                        Value::from(name),
                        Value::from(sealed.hash),
                        Value::from(sealed.ciphertext),
                    ];
                    tx.run(&INSERT_FILE, &values).await?;
                }
                Ok(())
            })
        });
        Ok(kept.await?)
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

    /// The case hears what the bank said, and the transfer's row with it: one transaction.
    async fn said(
        &self,
        owed: &Owed,
        refund: ProviderRefund,
        now: Instant,
    ) -> Result<Taken, Undone> {
        let paid = refund.status == RefundStatus::Succeeded;
        let over = owed.state == "failed" || (paid && owed.state == "succeeded");
        if over {
            return Ok(Taken::Known(owed.id.clone()));
        }
        let (desk, owed_in) = (self.desk.clone(), owed.clone());
        let acted = self.desk.store.write(move |tx| {
            let (desk, owed, refund) = (desk.clone(), owed_in.clone(), refund.clone());
            Box::pin(async move {
                let values = [
                    Value::from(owed.id),
                    Value::from(if paid { "paid" } else { "returned" }),
                    Value::from(refund.failure.clone()),
                    Value::from(nanoseconds(now)?),
                ];
                tx.run(&SAID, &values).await?;
                let said = ProviderSaid::Refund(refund);
                let input = Input::RefundSaid { no: owed.no, said };
                desk.act_in(tx, owed.case, Actor::Provider, now, input)
                    .await
            })
        });
        let acted = acted.await.map_err(NotDone::from)?;
        self.desk.shelf.put(Arc::clone(&acted.case));
        let (transfer, case) = (owed.id.clone(), acted.case.number);
        Ok(if paid {
            Taken::Paid { transfer, case }
        } else {
            Taken::Returned { transfer, case }
        })
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
