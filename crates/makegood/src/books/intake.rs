// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the shop tells of its orders, into the books: the same line twice is one line, another line with the same key changes nothing.
//!
//! Lines come late, doubled and in any order, and of an order that nobody has told of yet. Where what is told grows (a payment
//! turns out to be fulfilled, a subscription ends, a dispute goes on), the books grow with it and never back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError};

use makegood_desk::amount::Amount;
use makegood_desk::case::{Dispute, DisputeStatus, Instant, Order, Payment, Refund, Subscription};
use makegood_desk::input::Id;
use serde_json::{Value as Json, json};

use super::orders::{self, log_parts};
use super::seal::hex;
use super::{amount, cases, instant, length, minor, nanoseconds, private, whole, word};
use super::{disputes, facts};
use crate::clock::timestamp;
use crate::meters;
use crate::secret::Secret;
use crate::setup::new_id;
use crate::store::{Statement, Store, Trouble, Tx, Value};
use crate::vault::{Sealed, Vault};
use crate::wire::Word as _;

pub mod line;
pub mod stream;

use line::{Customer, DisputeTold, Kind, Line, PaymentTold, SubscriptionTold, Told, Wrong};

crate::statements! {
    /// An order, unless money of it is in another currency.
    TELL_ORDER = sqlite "insert into shop_order (number, placed_at, quantity, price_minor, currency, links, service, unit, service_kind, start_within, guarantee, units_per_day, target_country, customer_id, received_at) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 where not exists (select 1 from payment where order_number = ?1 and currency <> ?5) and not exists (select 1 from past_refund where order_number = ?1 and currency <> ?5) and not exists (select 1 from dispute where order_number = ?1 and currency <> ?5) on conflict (number) do nothing",
        postgres "insert into shop_order (number, placed_at, quantity, price_minor, currency, links, service, unit, service_kind, start_within, guarantee, units_per_day, target_country, customer_id, received_at) select $1::text, $2::bigint, $3::bigint, $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::text, $10::bigint, $11::bigint, $12::bigint, $13::text, $14::bytea, $15::bigint where not exists (select 1 from payment where order_number = $1 and currency <> $5) and not exists (select 1 from past_refund where order_number = $1 and currency <> $5) and not exists (select 1 from dispute where order_number = $1 and currency <> $5) on conflict (number) do nothing";
    /// A payment, unless the order or other money of it is in another currency.
    TELL_PAYMENT = sqlite "insert into payment (order_number, id, at, amount_minor, currency, kind, fulfilled, provider, reference) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 where not exists (select 1 from shop_order where number = ?1 and currency <> ?5) and not exists (select 1 from payment where order_number = ?1 and currency <> ?5) and not exists (select 1 from past_refund where order_number = ?1 and currency <> ?5) and not exists (select 1 from dispute where order_number = ?1 and currency <> ?5) on conflict (order_number, id) do nothing",
        postgres "insert into payment (order_number, id, at, amount_minor, currency, kind, fulfilled, provider, reference) select $1::text, $2::text, $3::bigint, $4::bigint, $5::text, $6::text, $7::bigint, $8::text, $9::text where not exists (select 1 from shop_order where number = $1 and currency <> $5) and not exists (select 1 from payment where order_number = $1 and currency <> $5) and not exists (select 1 from past_refund where order_number = $1 and currency <> $5) and not exists (select 1 from dispute where order_number = $1 and currency <> $5) on conflict (order_number, id) do nothing";
    /// A refund by other ways, with the same care.
    TELL_REFUND = sqlite "insert into past_refund (order_number, id, at, amount_minor, currency, units) select ?1, ?2, ?3, ?4, ?5, ?6 where not exists (select 1 from shop_order where number = ?1 and currency <> ?5) and not exists (select 1 from payment where order_number = ?1 and currency <> ?5) and not exists (select 1 from past_refund where order_number = ?1 and currency <> ?5) and not exists (select 1 from dispute where order_number = ?1 and currency <> ?5) on conflict (order_number, id) do nothing",
        postgres "insert into past_refund (order_number, id, at, amount_minor, currency, units) select $1::text, $2::text, $3::bigint, $4::bigint, $5::text, $6::bigint where not exists (select 1 from shop_order where number = $1 and currency <> $5) and not exists (select 1 from payment where order_number = $1 and currency <> $5) and not exists (select 1 from past_refund where order_number = $1 and currency <> $5) and not exists (select 1 from dispute where order_number = $1 and currency <> $5) on conflict (order_number, id) do nothing";
    /// A dispute, with the same care.
    TELL_DISPUTE = sqlite "insert into dispute (id, provider, order_number, payment_id, provider_payment, opened_at, status, provider_status, inquiry, amount_minor, currency, reason, seen_at) select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 where not exists (select 1 from shop_order where number = ?3 and currency <> ?11) and not exists (select 1 from payment where order_number = ?3 and currency <> ?11) and not exists (select 1 from past_refund where order_number = ?3 and currency <> ?11) and not exists (select 1 from dispute where order_number = ?3 and currency <> ?11) on conflict (id) do nothing",
        postgres "insert into dispute (id, provider, order_number, payment_id, provider_payment, opened_at, status, provider_status, inquiry, amount_minor, currency, reason, seen_at) select $1::text, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::text, $8::text, $9::bigint, $10::bigint, $11::text, $12::text, $13::bigint where not exists (select 1 from shop_order where number = $3 and currency <> $11) and not exists (select 1 from payment where order_number = $3 and currency <> $11) and not exists (select 1 from past_refund where order_number = $3 and currency <> $11) and not exists (select 1 from dispute where order_number = $3 and currency <> $11) on conflict (id) do nothing";
    /// The subscription of an order.
    TELL_SUBSCRIPTION = "insert into subscription (order_number, status, provider, reference) values (?1, ?2, ?3, ?4) on conflict (order_number) do nothing";
    /// When the customer wrote.
    TELL_CONTACT = "insert into contact (order_number, at, channel) values (?1, ?2, ?3) on conflict (order_number, at, channel) do nothing";
    /// What fulfilment reported.
    TELL_LOG = "insert into log_entry (order_number, key, at, seq, id, event, value, account) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (order_number, key) do nothing"
        many "insert into log_entry (order_number, key, at, seq, id, event, value, account) select * from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::bigint[], $8::text[]) on conflict (order_number, key) do nothing returning order_number, key";
    /// A payment as it is kept.
    KEPT_PAYMENT = "select id, at, amount_minor, currency, kind, fulfilled, provider, reference, reserved_minor, foreign_minor from payment where order_number = ?1 and id = ?2";
    /// A refund by other ways as it is kept.
    KEPT_REFUND = "select at, amount_minor, currency, units from past_refund where order_number = ?1 and id = ?2";
    /// A dispute as it is kept.
    KEPT_DISPUTE = "select id, payment_id, opened_at, status, inquiry, amount_minor, currency, order_number, provider, reason, reported, fee_minor, coalesce(fee_currency, currency) from dispute where id = ?1";
    /// An entry of the delivery log as it is kept.
    KEPT_LOG = "select at, event, value, account from log_entry where order_number = ?1 and key = ?2";
    /// Another currency in which there is money of an order.
    OTHER_CURRENCY = "select currency from shop_order where number = ?1 and currency <> ?2 union all select currency from payment where order_number = ?1 and currency <> ?2 union all select currency from past_refund where order_number = ?1 and currency <> ?2 union all select currency from dispute where order_number = ?1 and currency <> ?2 limit 1";
    /// Whose an order is, now that it is known.
    GROW_ORDER = "update shop_order set customer_id = ?2 where number = ?1 and customer_id is null";
    /// Whether a payment's period was delivered, now that it is known.
    GROW_PAYMENT = "update payment set fulfilled = ?3 where order_number = ?1 and id = ?2 and fulfilled is null";
    /// A subscription that ended.
    GROW_SUBSCRIPTION = "update subscription set status = 'cancelled' where order_number = ?1 and status = 'active'";
    /// A dispute that went on. Where a provider tells of it itself, only the payment is learned from the shop.
    GROW_DISPUTE = "update dispute set status = case when reported = 1 then status else ?2 end, provider_status = case when reported = 1 then provider_status else ?2 end, inquiry = case when reported = 1 then inquiry else ?3 end, payment_id = coalesce(payment_id, ?4) where id = ?1";
    /// The number of a batch of log entries: they are read in the order in which they came in.
    NEXT_BATCH = sqlite "update counter set value = value + 1 where name = 'log' returning value", postgres "select nextval('log_number')";
    /// What is known of a customer.
    CUSTOMER_KNOWN = "select mail_index, reference from customer where id = ?1";
}

/// Most lines of a batch. The place of a log entry is its batch and its place there, in sixteen bits.
pub const BATCH_MOST: usize = 1 << 16;

/// Two transactions that tell of the same order's money take turns under one of so many locks on PostgreSQL, so that neither
/// overlooks the other's currency.
const LOCKS: u64 = 64;
const LOCKS_FROM: i64 = 0x696e_7400;

/// The field under which an address is sealed.
pub const EMAIL: &str = "email";

/// What became of a line.
#[derive(Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was new, and is in the books.
    New,
    /// It was there before.
    Same,
    /// It was there, and says more now.
    Grown {
        /// What was not known before.
        field: &'static str,
    },
    /// Something else is there under the same key. It stays.
    Conflict {
        /// The first field that differs.
        field: &'static str,
        /// What stands in the books; nothing where it is personal.
        kept: Option<Json>,
        /// What the line says.
        given: Option<Json>,
    },
    /// It cannot be read, or cannot be.
    Wrong(Wrong),
}

/// Without what stands in the fields: it may be about a person, and what is printed for a programmer ends in logs.
impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("New"),
            Self::Same => f.write_str("Same"),
            Self::Grown { field } => write!(f, "Grown({field})"),
            Self::Conflict { field, .. } => write!(f, "Conflict({field})"),
            Self::Wrong(wrong) => write!(f, "Wrong({})", wrong.pointer),
        }
    }
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Same => "same",
            Self::Grown { .. } => "grown",
            Self::Conflict { .. } => "conflict",
            Self::Wrong(_) => "wrong",
        }
    }

    /// As it is answered.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::New | Self::Same => json!({"result": self.word()}),
            Self::Grown { field } => json!({"result": "grown", "field": field}),
            Self::Conflict { field, kept, given } => {
                let mut said = json!({"result": "conflict", "field": field});
                if let (Some(kept), Some(given)) = (kept, given) {
                    said["kept"] = kept.clone();
                    said["given"] = given.clone();
                }
                said
            }
            Self::Wrong(wrong) => {
                json!({"result": "wrong", "pointer": wrong.pointer, "detail": wrong.detail})
            }
        }
    }

    /// A conflict in words.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Conflict { field, kept, given } => Some(match (kept, given) {
                (Some(kept), Some(given)) => format!(
                    "`{field}` is {given} here, and the books have {kept} under the same key; the books were not changed"
                ),
                _ => format!(
                    "`{field}` differs from what the books have under the same key; the books were not changed"
                ),
            }),
            Self::Wrong(wrong) => Some(wrong.detail.clone()),
            Self::New | Self::Same | Self::Grown { .. } => None,
        }
    }
}

/// Who takes lines in.
#[derive(Clone)]
pub struct Intake {
    /// The books.
    pub store: Store,
    /// The keys of customers.
    pub vault: Arc<Vault>,
    /// The payment providers of the settings: a payment at any other could not be paid back.
    pub providers: Arc<BTreeSet<String>>,
}

/// Lines that are ready to be written down.
pub struct Batch {
    size: usize,
    facts: Vec<Fact>,
    entries: Vec<Entry>,
    entry_rows: Vec<Vec<Value>>,
    wrong: Vec<(usize, Wrong)>,
}

/// A line that is not of the delivery log, and its place in the batch.
struct Fact {
    at: usize,
    line: Line,
    buyer: Option<Buyer>,
}

/// The order of a log entry, and its place in the batch. Its row lies beside.
struct Entry {
    at: usize,
    named: bool,
}

/// What a customer is known by: the shop's name for them, and the index of their address.
type Known = (Option<String>, Option<[u8; 32]>);

/// Who bought, prepared to be written down: known keys, and what is sealed for the case that nobody knows them yet.
struct Buyer {
    new: Id,
    mail_index: Option<[u8; 32]>,
    reference: Option<String>,
    email: Option<Sealed>,
}

/// Why nothing stays of lines that were only to be looked at.
#[derive(Clone, Copy, Debug)]
struct OnlyLooked;

impl Intake {
    /// Takes lines in, all in one transaction. What is answered is durable, in the order of the lines.
    ///
    /// # Errors
    /// The store's or the key store's trouble; nothing was taken in then.
    pub async fn take(
        &self,
        lines: Vec<Result<Line, Wrong>>,
        now: Instant,
    ) -> Result<Vec<Outcome>, Trouble> {
        let batch = self.prepare(lines).await?;
        let batch = Arc::new(tokio::sync::Mutex::new(batch));
        let written = self.store.write(move |tx| {
            let batch = Arc::clone(&batch);
            Box::pin(async move { batch.lock().await.write(tx, now).await })
        });
        let outcomes = written.await?;
        for outcome in &outcomes {
            metrics::counter!(meters::ORDER_LINES, "result" => outcome.word()).increment(1);
        }
        Ok(outcomes)
    }

    /// What would become of lines, if they were taken in now: everything is done, and taken back.
    ///
    /// # Errors
    /// The store's or the key store's trouble.
    pub async fn look(
        &self,
        lines: Vec<Result<Line, Wrong>>,
        now: Instant,
    ) -> Result<Vec<Outcome>, Trouble> {
        let batch = self.prepare(lines).await?;
        let batch = Arc::new(tokio::sync::Mutex::new(batch));
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let found = Arc::clone(&seen);
        let written = self.store.write(move |tx| {
            let (batch, found) = (Arc::clone(&batch), Arc::clone(&found));
            Box::pin(async move {
                let outcomes = batch.lock().await.write(tx, now).await?;
                *found.lock().unwrap_or_else(PoisonError::into_inner) = outcomes;
                Err::<(), _>(Trouble::refused(OnlyLooked))
            })
        });
        match written.await {
            Ok(()) => {}
            Err(trouble) => {
                trouble.into_refusal::<OnlyLooked>()?;
            }
        }
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *seen))
    }

    /// Makes lines ready: everything that needs no transaction.
    ///
    /// # Errors
    /// More lines than a batch has, or the trouble of the store or the key store.
    pub async fn prepare(&self, lines: Vec<Result<Line, Wrong>>) -> Result<Batch, Trouble> {
        let mut batch = self.rehearse(lines)?;
        self.buyers(&mut batch.facts).await?;
        Ok(batch)
    }

    /// The same for a transaction that will be taken back: no key is made, and who bought is not looked at.
    ///
    /// # Errors
    /// More lines than a batch has.
    pub fn rehearse(&self, lines: Vec<Result<Line, Wrong>>) -> Result<Batch, Trouble> {
        if lines.len() > BATCH_MOST {
            return Err(Trouble::misused("a batch has too many lines"));
        }
        let mut batch = Batch {
            size: lines.len(),
            facts: Vec::new(),
            entries: Vec::new(),
            entry_rows: Vec::new(),
            wrong: Vec::new(),
        };
        for (at, line) in lines.into_iter().enumerate() {
            match line.and_then(|line| self.known_provider(&line).map(|()| line)) {
                Err(wrong) => batch.wrong.push((at, wrong)),
                Ok(Line {
                    order,
                    told: Told::Log(entry),
                }) => {
                    batch.entries.push(Entry {
                        at,
                        named: entry.id.is_some(),
                    });
                    batch.entry_rows.push(entry_row(order, entry)?);
                }
                Ok(line) => batch.facts.push(Fact {
                    at,
                    line,
                    buyer: None,
                }),
            }
        }
        batch.sort_entries();
        Ok(batch)
    }

    fn known_provider(&self, line: &Line) -> Result<(), Wrong> {
        let provider = match &line.told {
            Told::Payment(told) => &told.provider,
            Told::Subscription(told) => &told.provider,
            _ => return Ok(()),
        };
        if self.providers.contains(provider) {
            return Ok(());
        }
        let known: Vec<String> = self
            .providers
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        let remedy = match known.is_empty() {
            true => "the settings have none; add one under `[payments]`".to_owned(),
            false => format!("write one of {}, or add it there", known.join(", ")),
        };
        let detail = format!("`provider` is no provider of the settings; {remedy}");
        Err(Wrong::at("/provider", detail))
    }

    /// Seals the addresses of customers whom nobody knows yet: their keys are made in one commit of the key store.
    async fn buyers(&self, facts: &mut [Fact]) -> Result<(), Trouble> {
        let mut told: BTreeMap<Known, (Id, Option<Secret>)> = BTreeMap::new();
        for fact in facts.iter_mut() {
            let Told::Order(order) = &fact.line.told else {
                continue;
            };
            let Some(Customer { reference, email }) = &order.1 else {
                continue;
            };
            let mail_index = email
                .as_ref()
                .map(|email| self.vault.email_index(email.expose()));
            let key = (reference.clone(), mail_index);
            let (new, _) = told.entry(key).or_insert_with(|| (new_id(), email.clone()));
            fact.buyer = Some(Buyer {
                new: *new,
                mail_index,
                reference: reference.clone(),
                email: None,
            });
        }
        told.retain(|_, (_, email)| email.is_some());
        if told.is_empty() {
            return Ok(());
        }
        let sealed = self.seal_new(told).await?;
        for buyer in facts.iter_mut().filter_map(|fact| fact.buyer.as_mut()) {
            if let Some((person, email)) = sealed.get(&(buyer.reference.clone(), buyer.mail_index))
            {
                buyer.new = *person;
                buyer.email = Some(email.clone());
            }
        }
        Ok(())
    }

    async fn seal_new(
        &self,
        told: BTreeMap<Known, (Id, Option<Secret>)>,
    ) -> Result<BTreeMap<Known, (Id, Sealed)>, Trouble> {
        let keys: Vec<_> = told.keys().cloned().collect();
        let known = self
            .store
            .read(move |tx| {
                let keys = keys.clone();
                Box::pin(async move { known_customers(tx, &keys).await })
            })
            .await?;
        // Whoever is known with an address needs none; whoever is known without one gets it under the key that they have.
        let waiting: Vec<_> = told
            .into_iter()
            .zip(known)
            .filter_map(|((key, (new, email)), known)| match known {
                Some((_, true)) => None,
                Some((person, false)) => Some((key, person, email?)),
                None => Some((key, new, email?)),
            })
            .collect();
        let names: Vec<String> = waiting
            .iter()
            .map(|(_, person, _)| hex(&person.0))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let keys = self.vault.keys_or_new(&names).await.map_err(unavailable)?;
        let mut sealed = BTreeMap::new();
        for ((key, person, email), own) in waiting.into_iter().zip(keys) {
            // Of somebody who was erased nothing is kept.
            if let Some(own) = own {
                let bytes = email.expose().as_bytes();
                let bytes = own.seal(EMAIL, bytes).map_err(unavailable)?;
                sealed.insert(key, (person, bytes));
            }
        }
        Ok(sealed)
    }
}

fn unavailable(why: impl fmt::Display) -> Trouble {
    Trouble::Unavailable {
        why: why.to_string(),
    }
}

/// Who is known by a reference or by the index of an address, and whether their address is.
async fn known_customers(
    tx: &mut Tx<'_>,
    keys: &[Known],
) -> Result<Vec<Option<(Id, bool)>>, Trouble> {
    let mut known = Vec::with_capacity(keys.len());
    for (reference, mail_index) in keys {
        let person = match find(tx, reference.as_deref(), *mail_index).await? {
            Some(person) => {
                let row = tx.one(&CUSTOMER_KNOWN, &[Value::from(person.0)]).await?;
                let has =
                    row.map_or(Ok(false), |row| row.opt_bytes(0).map(|mail| mail.is_some()))?;
                Some((person, has))
            }
            None => None,
        };
        known.push(person);
    }
    Ok(known)
}

/// A customer: by the shop's own name for them, which is decisive; else by the address, if that is nobody's of another name.
async fn find(
    tx: &mut Tx<'_>,
    reference: Option<&str>,
    mail_index: Option<[u8; 32]>,
) -> Result<Option<Id>, Trouble> {
    if let Some(reference) = reference
        && let Some(row) = tx
            .one(&private::BY_REFERENCE, &[Value::from(reference)])
            .await?
    {
        return row.id(0).map(|id| Some(Id(id)));
    }
    let Some(index) = mail_index else {
        return Ok(None);
    };
    let Some(row) = tx.one(&private::BY_MAIL, &[Value::from(index)]).await? else {
        return Ok(None);
    };
    let person = Id(row.id(0)?);
    if reference.is_some() {
        let row = tx.one(&CUSTOMER_KNOWN, &[Value::from(person.0)]).await?;
        let other = row.map_or(Ok(false), |row| {
            row.opt_text(1).map(|named| named.is_some())
        })?;
        if other {
            return Ok(None);
        }
    }
    Ok(Some(person))
}

fn entry_row(
    order: String,
    entry: makegood_desk::case::LogEntry<'static>,
) -> Result<Vec<Value>, Trouble> {
    let at = nanoseconds(entry.at)?;
    let (name, number, account) = log_parts(&entry.event);
    let number = number.map(whole).transpose()?;
    let key = match &entry.id {
        Some(id) => format!("i:{id}"),
        None => {
            let number = number.map_or_else(String::new, |number| number.to_string());
            format!("c:{at}:{name}:{number}:{}", account.unwrap_or_default())
        }
    };
    let account = account.map(str::to_owned);
    Ok(vec![
        Value::from(order),
        Value::from(key),
        Value::from(at),
        Value::Null,
        Value::from(entry.id.map(std::borrow::Cow::into_owned)),
        Value::from(name),
        Value::from(number),
        Value::from(account),
    ])
}

/// The column of a log entry's row that says in which order entries came in.
const SEQ: usize = 3;

impl Batch {
    /// In the order of their keys, rows lie close to each other, and two transactions with the same keys wait instead of
    /// blocking each other.
    fn sort_entries(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        let rows = std::mem::take(&mut self.entry_rows);
        let mut both: Vec<(Entry, Vec<Value>)> = entries.into_iter().zip(rows).collect();
        both.sort_by(|(a, one), (b, other)| {
            one.iter()
                .take(2)
                .cmp(other.iter().take(2))
                .then(a.at.cmp(&b.at))
        });
        (self.entries, self.entry_rows) = both.into_iter().unzip();
    }

    /// Writes the lines down, in a transaction that may do more than this. It can be done again if that comes to nothing.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn write(&mut self, tx: &mut Tx<'_>, now: Instant) -> Result<Vec<Outcome>, Trouble> {
        let mut outcomes = vec![Outcome::Same; self.size];
        let mut news = BTreeSet::new();
        for (at, wrong) in &self.wrong {
            put(&mut outcomes, *at, Outcome::Wrong(wrong.clone()));
        }
        self.number_entries(tx).await?;
        self.write_facts(tx, now, &mut outcomes, &mut news).await?;
        self.write_entries(tx, &mut outcomes, &mut news).await?;
        let at = nanoseconds(now)?;
        let sets: Vec<Vec<Value>> = news
            .into_iter()
            .map(|order| vec![Value::from(order), Value::from(at)])
            .collect();
        let woken = tx.run_each(&cases::WAKE_ORDER, &sets).await?;
        if woken.iter().any(|woken| *woken > 0) {
            tx.notify(super::act::WORK).await?;
        }
        Ok(outcomes)
    }

    /// Says in which order the entries came in.
    async fn number_entries(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let batch = tx.one(&NEXT_BATCH, &[]).await?;
        let batch = batch.map_or(Ok(0), |row| row.int(0))?;
        let from = batch.saturating_mul(whole_of(BATCH_MOST));
        for (entry, row) in self.entries.iter().zip(&mut self.entry_rows) {
            if let Some(seq) = row.get_mut(SEQ) {
                *seq = Value::from(from.saturating_add(whole_of(entry.at)));
            }
        }
        Ok(())
    }

    async fn write_entries<'b>(
        &'b self,
        tx: &mut Tx<'_>,
        outcomes: &mut [Outcome],
        news: &mut BTreeSet<&'b str>,
    ) -> Result<(), Trouble> {
        let written = tx.run_each(&TELL_LOG, &self.entry_rows).await?;
        for ((entry, row), written) in self.entries.iter().zip(&self.entry_rows).zip(written) {
            if written == 1 {
                if let Some(Value::Text(order)) = row.first() {
                    news.insert(order.as_str());
                }
                put(outcomes, entry.at, Outcome::New);
            } else if entry.named {
                put(outcomes, entry.at, kept_entry(tx, row).await?);
            }
        }
        Ok(())
    }

    async fn write_facts<'b>(
        &'b self,
        tx: &mut Tx<'_>,
        now: Instant,
        outcomes: &mut [Outcome],
        news: &mut BTreeSet<&'b str>,
    ) -> Result<(), Trouble> {
        lock_orders(tx, self.facts.iter().map(|fact| fact.line.order.as_str())).await?;
        for kind in Kind::ALL {
            let facts: Vec<&Fact> = self
                .facts
                .iter()
                .filter(|fact| fact.line.told.kind() == kind)
                .collect();
            let mut sets = Vec::with_capacity(facts.len());
            let mut buyers = Vec::with_capacity(facts.len());
            for fact in &facts {
                let buyer = match &fact.buyer {
                    Some(buyer) => Some(buyer.write(tx, now).await?),
                    None => None,
                };
                sets.push(fact.values(buyer, now)?);
                buyers.push(buyer);
            }
            let Some(statement) = statement(kind) else {
                continue;
            };
            let written = tx.run_each(statement, &sets).await?;
            let seen = kind == Kind::Payment && facts::anything_waits(tx).await?;
            for ((fact, buyer), written) in facts.iter().zip(buyers).zip(written) {
                let outcome = match written {
                    1 => Outcome::New,
                    _ => fact.compare(tx, buyer, now).await?,
                };
                if matches!(outcome, Outcome::New | Outcome::Grown { .. }) {
                    news.insert(&fact.line.order);
                }
                if outcome == Outcome::New {
                    fact.line.held_against_what_was_seen(tx, seen, now).await?;
                }
                put(outcomes, fact.at, outcome);
            }
        }
        Ok(())
    }
}

impl Line {
    /// What providers said of a payment or a refund before the shop told of it belongs to the order from now on.
    async fn held_against_what_was_seen(
        &self,
        tx: &mut Tx<'_>,
        seen: bool,
        now: Instant,
    ) -> Result<(), Trouble> {
        match &self.told {
            Told::Payment(told) if seen => {
                let (payment, reference) = (&told.payment.id, &told.reference);
                facts::payment_arrived(tx, &self.order, payment, &told.provider, reference, now)
                    .await
            }
            Told::Refund(id, _) => facts::refund_told(tx, &self.order, id, now).await,
            Told::Dispute(told) => disputes::told(tx, &told.dispute.id, told.fee, now).await,
            _ => Ok(()),
        }
    }
}

fn put(outcomes: &mut [Outcome], at: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(at) {
        *place = outcome;
    }
}

fn whole_of(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Has whoever tells of the same orders at the same time wait. Always in the same order, so that nobody waits for ever.
async fn lock_orders<'o>(
    tx: &mut Tx<'_>,
    orders: impl Iterator<Item = &'o str>,
) -> Result<(), Trouble> {
    let hash = |order: &str| {
        order.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    };
    let locks: BTreeSet<u64> = orders.map(|order| hash(order) % LOCKS).collect();
    for lock in locks {
        let lock = i64::try_from(lock).unwrap_or_default();
        tx.advisory_lock(LOCKS_FROM.saturating_add(lock)).await?;
    }
    Ok(())
}

impl Buyer {
    /// The customer in the books, completed by what is newly known; whoever nobody knows is written down.
    async fn write(&self, tx: &mut Tx<'_>, now: Instant) -> Result<Id, Trouble> {
        let reference = self.reference.as_deref();
        let found = find(tx, reference, self.mail_index).await?;
        // An address is one person's: whose it is already keeps it.
        let mail_index = match self.mail_index {
            Some(index) => {
                let held = tx.one(&private::BY_MAIL, &[Value::from(index)]).await?;
                held.is_none().then_some(index)
            }
            None => None,
        };
        let person = found.unwrap_or(self.new);
        let row = match found {
            Some(_) => tx.one(&CUSTOMER_KNOWN, &[Value::from(person.0)]).await?,
            None => None,
        };
        let (had_mail, had_name) = match &row {
            Some(row) => (row.opt_bytes(0)?.is_some(), row.opt_text(1)?.is_some()),
            None => (false, false),
        };
        let values = [
            Value::from(person.0),
            Value::from(mail_index),
            Value::from(reference),
        ];
        if found.is_none() {
            let mut values = values.to_vec();
            values.push(Value::from(nanoseconds(now)?));
            if tx.run(&private::INSERT_CUSTOMER, &values).await? == 0 {
                // Somebody wrote the same customer down in the same moment.
                return Err(Trouble::Serialization);
            }
        } else if (mail_index.is_some() && !had_mail) || (reference.is_some() && !had_name) {
            tx.run(&private::COMPLETE_CUSTOMER, &values).await?;
        }
        if let (Some(email), Some(_), false) = (&self.email, mail_index, had_mail)
            // Sealed for whom they were thought to be: an address under somebody else's key could not be opened.
            && person == self.new
        {
            private::keep(tx, person, EMAIL, email, now).await?;
        }
        Ok(person)
    }
}

fn statement(kind: Kind) -> Option<&'static Statement> {
    match kind {
        Kind::Order => Some(&TELL_ORDER),
        Kind::Payment => Some(&TELL_PAYMENT),
        Kind::Subscription => Some(&TELL_SUBSCRIPTION),
        Kind::Refund => Some(&TELL_REFUND),
        Kind::Dispute => Some(&TELL_DISPUTE),
        Kind::Contact => Some(&TELL_CONTACT),
        Kind::Log => None,
    }
}

// ---- Values ---------------------------------------------------------------------------------------------------------------

impl Fact {
    fn number(&self) -> Value {
        Value::from(self.line.order.as_str())
    }

    fn values(&self, buyer: Option<Id>, now: Instant) -> Result<Vec<Value>, Trouble> {
        let order = self.number();
        Ok(match &self.line.told {
            Told::Order(told) => return order_values(&told.0, buyer, now),
            Told::Payment(told) => {
                let PaymentTold {
                    payment,
                    provider,
                    reference,
                } = &**told;
                vec![
                    order,
                    Value::from(payment.id.as_ref()),
                    Value::from(nanoseconds(payment.at)?),
                    Value::from(minor(payment.amount)?),
                    Value::from(payment.amount.currency().code()),
                    Value::from(payment.kind.word()),
                    Value::from(payment.fulfilled),
                    Value::from(provider.as_str()),
                    Value::from(reference.as_str()),
                ]
            }
            Told::Subscription(told) => vec![
                order,
                Value::from(told.status.word()),
                Value::from(told.provider.as_str()),
                Value::from(told.reference.as_str()),
            ],
            Told::Refund(id, refund) => vec![
                order,
                Value::from(id.as_str()),
                Value::from(nanoseconds(refund.at)?),
                Value::from(minor(refund.amount)?),
                Value::from(refund.amount.currency().code()),
                Value::from(whole(refund.units)?),
            ],
            Told::Dispute(told) => vec![
                Value::from(told.dispute.id.as_ref()),
                Value::from(told.provider.as_str()),
                order,
                Value::from(told.payment.as_deref()),
                // Which payment that is at the provider is not told here.
                Value::from(""),
                Value::from(nanoseconds(told.dispute.opened_at)?),
                Value::from(told.dispute.status.word()),
                Value::from(told.dispute.status.word()),
                Value::from(told.inquiry),
                Value::from(minor(told.dispute.amount)?),
                Value::from(told.dispute.amount.currency().code()),
                Value::from(told.reason.as_str()),
                Value::from(nanoseconds(now)?),
            ],
            Told::Contact(contact) => vec![
                order,
                Value::from(nanoseconds(contact.at)?),
                Value::from(contact.channel.word()),
            ],
            Told::Log(_) => return Err(Trouble::misused("a log entry among other lines")),
        })
    }
}

fn order_values(order: &Order<'_>, buyer: Option<Id>, now: Instant) -> Result<Vec<Value>, Trouble> {
    let service = &order.service;
    let links: Vec<&str> = order.links.iter().map(AsRef::as_ref).collect();
    Ok(vec![
        Value::from(order.number.as_ref()),
        Value::from(nanoseconds(order.placed_at)?),
        Value::from(whole(order.quantity)?),
        Value::from(minor(order.price)?),
        Value::from(order.price.currency().code()),
        Value::from(json!(links).to_string()),
        Value::from(service.name.as_ref()),
        Value::from(service.unit.as_ref()),
        Value::from(service.kind.word()),
        Value::from(length(service.start_within)?),
        Value::from(length(service.guarantee)?),
        Value::from(service.units_per_day.map(whole).transpose()?),
        Value::from(
            service
                .target_country
                .map(|country| country.code().to_owned()),
        ),
        Value::from(buyer.map(|id| id.0)),
        Value::from(nanoseconds(now)?),
    ])
}

// ---- What stands there already ---------------------------------------------------------------------------------------------

/// Fields by their places in a line, with what stands in them.
type Fields = Vec<(&'static str, Json)>;

fn moment(at: Instant) -> Json {
    Json::from(timestamp(at).to_string())
}

fn money(amount: Amount) -> Json {
    json!({"amount": amount.minor(), "currency": amount.currency().code()})
}

fn order_fields(order: &Order<'_>) -> Fields {
    let service = &order.service;
    let seconds = |duration: makegood_desk::case::Duration| {
        Json::from(format!("PT{}S", duration.nanoseconds() / 1_000_000_000))
    };
    vec![
        ("order.placed_at", moment(order.placed_at)),
        ("order.quantity", json!(order.quantity)),
        ("order.price", money(order.price)),
        ("order.links", json!(order.links)),
        ("order.service.name", json!(service.name)),
        ("order.service.unit", json!(service.unit)),
        ("order.service.kind", json!(service.kind.word())),
        ("order.service.start_within", seconds(service.start_within)),
        ("order.service.guarantee", seconds(service.guarantee)),
        ("order.service.units_per_day", json!(service.units_per_day)),
        (
            "order.service.target_country",
            json!(
                service
                    .target_country
                    .map(|country| country.code().to_owned())
            ),
        ),
    ]
}

fn payment_fields(payment: &Payment<'_>, provider: &str, reference: &str) -> Fields {
    vec![
        ("payment.at", moment(payment.at)),
        ("payment.amount", money(payment.amount)),
        ("payment.kind", json!(payment.kind.word())),
        ("provider", json!(provider)),
        ("reference", json!(reference)),
    ]
}

fn refund_fields(refund: &Refund) -> Fields {
    vec![
        ("refund.at", moment(refund.at)),
        ("refund.amount", money(refund.amount)),
        ("refund.units", json!(refund.units)),
    ]
}

fn dispute_fields(
    dispute: &Dispute<'_>,
    order: Option<&str>,
    provider: &str,
    reason: &str,
) -> Fields {
    vec![
        ("order", json!(order)),
        ("dispute.opened_at", moment(dispute.opened_at)),
        ("dispute.amount", money(dispute.amount)),
        ("provider", json!(provider)),
        ("reason", json!(reason)),
    ]
}

/// The first field that differs.
fn differing(kept: Fields, given: Fields) -> Option<Outcome> {
    let mut both = kept.into_iter().zip(given);
    both.find(|(kept, given)| kept != given)
        .map(|((field, kept), (_, given))| Outcome::Conflict {
            field,
            kept: Some(kept),
            given: Some(given),
        })
}

fn conflict(field: &'static str, kept: impl Into<Json>, given: impl Into<Json>) -> Outcome {
    Outcome::Conflict {
        field,
        kept: Some(kept.into()),
        given: Some(given.into()),
    }
}

async fn kept_entry(tx: &mut Tx<'_>, row: &[Value]) -> Result<Outcome, Trouble> {
    let key: Vec<Value> = row.iter().take(2).cloned().collect();
    let Some(kept) = tx.one(&KEPT_LOG, &key).await? else {
        return Err(Trouble::Serialization);
    };
    let kept = kept.into_values();
    let given = [2, 5, 6, 7].map(|column| row.get(column).cloned().unwrap_or(Value::Null));
    let fields = ["entry.at", "entry.event", "entry.count", "entry.account"];
    let differs = kept
        .iter()
        .zip(&given)
        .position(|(kept, given)| kept != given);
    let shown = |value: Option<&Value>, at: usize| match value {
        Some(Value::Int(nanoseconds)) if at == 0 => moment(instant(*nanoseconds)),
        Some(Value::Int(number)) => Json::from(*number),
        Some(Value::Text(text)) => Json::from(text.as_str()),
        _ => Json::Null,
    };
    Ok(match differs {
        None => Outcome::Same,
        Some(at) => {
            let units = matches!(
                given.get(1),
                Some(Value::Text(event)) if event == "delivered" || event == "redelivery"
            );
            let field = match fields.get(at) {
                Some(&"entry.count") if units => "entry.units",
                Some(field) => field,
                None => "entry",
            };
            conflict(field, shown(kept.get(at), at), shown(given.get(at), at))
        }
    })
}

impl Fact {
    /// What becomes of a line whose key is taken, or whose currency is not that of its order.
    async fn compare(
        &self,
        tx: &mut Tx<'_>,
        buyer: Option<Id>,
        now: Instant,
    ) -> Result<Outcome, Trouble> {
        match &self.line.told {
            Told::Order(told) => self.compare_order(tx, &told.0, buyer).await,
            Told::Payment(told) => self.compare_payment(tx, told).await,
            Told::Subscription(told) => self.compare_subscription(tx, told).await,
            Told::Refund(id, refund) => {
                let key = [self.number(), Value::from(id.as_str())];
                match tx.one(&KEPT_REFUND, &key).await? {
                    None => {
                        self.other_currency(tx, "refund.amount", refund.amount)
                            .await
                    }
                    Some(row) => {
                        let record = orders::refund(&row)?;
                        let kept = Refund {
                            at: record.at,
                            amount: record.amount,
                            units: record.units,
                        };
                        let differs = differing(refund_fields(&kept), refund_fields(refund));
                        Ok(differs.unwrap_or(Outcome::Same))
                    }
                }
            }
            Told::Dispute(told) => self.compare_dispute(tx, told, now).await,
            // The key is the whole.
            Told::Contact(_) | Told::Log(_) => Ok(Outcome::Same),
        }
    }

    /// Nothing stands under the key, and yet it was not written: its currency is another than that of the order's other money.
    async fn other_currency(
        &self,
        tx: &mut Tx<'_>,
        field: &'static str,
        given: Amount,
    ) -> Result<Outcome, Trouble> {
        let values = [self.number(), Value::from(given.currency().code())];
        match tx.one(&OTHER_CURRENCY, &values).await? {
            Some(row) => Ok(conflict(
                field,
                json!({"currency": row.text(0)?}),
                money(given),
            )),
            None => Err(Trouble::Serialization),
        }
    }

    async fn compare_order(
        &self,
        tx: &mut Tx<'_>,
        given: &Order<'_>,
        buyer: Option<Id>,
    ) -> Result<Outcome, Trouble> {
        let Some(row) = tx.one(&orders::ORDER, &[self.number()]).await? else {
            return self.other_currency(tx, "order.price", given.price).await;
        };
        let kept = orders::order(&row)?;
        if let Some(conflict) = differing(order_fields(&kept.order), order_fields(given)) {
            return Ok(conflict);
        }
        match (kept.customer, buyer) {
            (None, Some(buyer)) => {
                let values = [self.number(), Value::from(buyer.0)];
                tx.run(&GROW_ORDER, &values).await?;
                Ok(Outcome::Grown { field: "customer" })
            }
            (Some(kept), Some(buyer)) if kept != buyer => Ok(Outcome::Conflict {
                field: "customer",
                kept: None,
                given: None,
            }),
            _ => Ok(Outcome::Same),
        }
    }

    async fn compare_payment(
        &self,
        tx: &mut Tx<'_>,
        told: &PaymentTold,
    ) -> Result<Outcome, Trouble> {
        let key = [self.number(), Value::from(told.payment.id.as_ref())];
        let Some(row) = tx.one(&KEPT_PAYMENT, &key).await? else {
            return self
                .other_currency(tx, "payment.amount", told.payment.amount)
                .await;
        };
        let kept = orders::payment(&row)?;
        let given = payment_fields(&told.payment, &told.provider, &told.reference);
        let stands = payment_fields(&kept.payment, &kept.provider, &kept.reference);
        if let Some(conflict) = differing(stands, given) {
            return Ok(conflict);
        }
        match (kept.payment.fulfilled, told.payment.fulfilled) {
            (None, Some(fulfilled)) => {
                let [order, id] = key;
                tx.run(&GROW_PAYMENT, &[order, id, Value::from(fulfilled)])
                    .await?;
                Ok(Outcome::Grown {
                    field: "payment.fulfilled",
                })
            }
            (Some(kept), Some(given)) if kept != given => {
                Ok(conflict("payment.fulfilled", kept, given))
            }
            _ => Ok(Outcome::Same),
        }
    }

    async fn compare_subscription(
        &self,
        tx: &mut Tx<'_>,
        told: &SubscriptionTold,
    ) -> Result<Outcome, Trouble> {
        let Some(row) = tx.one(&orders::SUBSCRIPTION, &[self.number()]).await? else {
            return Err(Trouble::Serialization);
        };
        let kept = orders::subscription(&row)?;
        let fields = |provider: &str, reference: &str| {
            vec![
                ("provider", json!(provider)),
                ("reference", json!(reference)),
            ]
        };
        let stands = fields(&kept.provider, &kept.reference);
        if let Some(conflict) = differing(stands, fields(&told.provider, &told.reference)) {
            return Ok(conflict);
        }
        match (kept.status, told.status) {
            (Subscription::Active, Subscription::Cancelled) => {
                tx.run(&GROW_SUBSCRIPTION, &[self.number()]).await?;
                Ok(Outcome::Grown {
                    field: "subscription.status",
                })
            }
            (Subscription::Cancelled, Subscription::Active) => {
                Ok(conflict("subscription.status", "cancelled", "active"))
            }
            _ => Ok(Outcome::Same),
        }
    }

    async fn compare_dispute(
        &self,
        tx: &mut Tx<'_>,
        told: &DisputeTold,
        now: Instant,
    ) -> Result<Outcome, Trouble> {
        let id = Value::from(told.dispute.id.as_ref());
        let Some(row) = tx.one(&KEPT_DISPUTE, std::slice::from_ref(&id)).await? else {
            return self
                .other_currency(tx, "dispute.amount", told.dispute.amount)
                .await;
        };
        let kept = KeptDispute {
            payment: row.opt_text(1)?,
            opened_at: instant(row.int(2)?),
            status: word(&row, 3)?,
            inquiry: row.yes(4)?,
            amount: amount(&row, 5)?,
            reported: row.yes(10)?,
            fee: amount(&row, 11)?,
        };
        let stands = Dispute {
            id: "".into(),
            opened_at: kept.opened_at,
            status: kept.status,
            amount: kept.amount,
        };
        let stands = dispute_fields(&stands, row.opt_text(7)?, row.text(8)?, row.text(9)?);
        let order = self.line.order.as_str();
        let given = dispute_fields(&told.dispute, Some(order), &told.provider, &told.reason);
        if let Some(conflict) = differing(stands, given) {
            return Ok(conflict);
        }
        let (field, status) = match kept.grown(told) {
            Err(conflict) => return Ok(conflict),
            Ok(None) => return Ok(Outcome::Same),
            Ok(Some(grown)) => grown,
        };
        let values = [
            id,
            Value::from(status.word()),
            Value::from(kept.inquiry && told.inquiry),
            Value::from(told.payment.as_deref()),
        ];
        tx.run(&GROW_DISPUTE, &values).await?;
        disputes::told(tx, &told.dispute.id, told.fee, now).await?;
        Ok(Outcome::Grown { field })
    }
}

/// What a dispute may grow from.
struct KeptDispute<'r> {
    payment: Option<&'r str>,
    opened_at: Instant,
    status: DisputeStatus,
    inquiry: bool,
    amount: Amount,
    /// A provider tells of it itself.
    reported: bool,
    fee: Amount,
}

impl KeptDispute<'_> {
    /// What is newly known, and the status from now on; or what contradicts what is kept.
    fn grown(&self, told: &DisputeTold) -> Result<Option<(&'static str, DisputeStatus)>, Outcome> {
        let given = told.payment.as_deref();
        if let (Some(kept), Some(given)) = (self.payment, given)
            && kept != given
        {
            return Err(conflict("payment", kept, given));
        }
        // A dispute that was lost may still be won; nothing else is taken back.
        let far = |status| match status {
            DisputeStatus::Open => 0,
            DisputeStatus::Lost => 1,
            DisputeStatus::Won => 2,
        };
        let (kept, now) = (self.status, told.dispute.status);
        if self.reported && now != kept {
            return Err(conflict("dispute.status", kept.word(), now.word()));
        }
        if far(now) > far(kept) {
            return Ok(Some(("dispute.status", now)));
        }
        if self.inquiry && !told.inquiry && !self.reported {
            return Ok(Some(("inquiry", kept)));
        }
        if self.payment.is_none() && given.is_some() {
            return Ok(Some(("payment", kept)));
        }
        if far(now) < far(kept) {
            return Err(conflict("dispute.status", kept.word(), now.word()));
        }
        if !self.reported && told.fee.is_some_and(|fee| fee != self.fee) {
            return Ok(Some(("fee", kept)));
        }
        Ok(None)
    }
}
