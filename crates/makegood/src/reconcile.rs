// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books held against a provider's: every refund and dispute of the last weeks, ours and theirs, and what was missed in between.
//!
//! The provider's lists are read to their end, never its search. What differs becomes inputs, facts and questions to finance; the
//! comparison itself changes nothing.

use std::collections::BTreeSet;
use std::fmt;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::Id;
use serde::{Deserialize, Serialize};

use crate::books::act::before;
use crate::books::disputes::{self, DisputeSeen, dispute_seen, state_word};
use crate::books::facts::{Breach, Seen, status_word, sweep};
use crate::books::{instant, nanoseconds, stranger};
use crate::clock::timestamp;
use crate::meters;
use crate::pay::stripe::Stripe;
use crate::pay::{Page, Reading, SeenRefund, Unread};
use crate::run::Shop;
use crate::setup::new_id;
use crate::store::{Store, Trouble, Value};
use crate::world::{NotSeen, events_mark, mark, refund_taken_down, since};

crate::statements! {
    /// Refunds of ours that the provider confirmed or has begun, since a moment, and not touched after another.
    OURS = "select provider_refund, state, order_number, case_id, no from refund where provider = ?1 and reserved_at >= ?2 and changed_at < ?3 and provider_refund is not null and state in ('pending', 'succeeded') order by key";
    /// A mark.
    MARK = "select value from meta where key = ?1";
    /// Sets it.
    SET_MARK = "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value";
    /// Keeps a report.
    KEEP = "insert into reconciliation (id, provider, at, since, report) values (?1, ?2, ?3, ?4, ?5)";
    /// When the last one was.
    LAST_AT = "select max(at) from reconciliation where provider = ?1";
    /// The last reports.
    LATEST = "select report from reconciliation where provider = ?1 order by at desc, id desc limit ?2";
}

/// The list is read from a day further back than our refunds are, so that a clock that is off shows no refund as missing.
const MARGIN: Duration = Duration::from_seconds(86_400);
/// Most pages of a list that are read: a hundred things each.
const PAGES: usize = 10_000;
/// Providers keep events for thirty days.
const EVENTS_KEPT: Duration = Duration::from_seconds(29 * 86_400);

/// The books against one provider's.
pub struct Reconciliation<'s> {
    /// The desk with its providers.
    pub shop: &'s Shop,
    /// The provider's name in the settings.
    pub name: &'s str,
    /// The provider.
    pub stripe: &'s Stripe,
}

/// What a comparison came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The provider.
    pub provider: String,
    /// When.
    pub at: String,
    /// From when on.
    pub since: String,
    /// Refunds that the provider listed.
    pub refunds: u64,
    /// Refunds of ours that were looked for among them.
    pub ours: u64,
    /// Disputes that the provider listed.
    pub disputes: u64,
    /// Events that had not come in.
    pub events_missed: u64,
    /// What did not agree.
    pub differences: Vec<Difference>,
}

/// Something that did not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `refund_moved`, `refund_foreign`, `refund_missing`, `dispute_new`, `dispute_moved` or `dispute_behind`.
    pub kind: String,
    /// The provider's name for it.
    pub subject: String,
    /// The order, if it is known.
    pub order: Option<String>,
    /// How it stands there.
    pub there: String,
    /// What came of it.
    pub done: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: since {}: {} refunds there, {} of ours looked for, {} disputes, {} events that had not come",
            self.provider, self.since, self.refunds, self.ours, self.disputes, self.events_missed
        )?;
        for difference in &self.differences {
            let order = difference.order.as_deref().map_or_else(
                || "of no known order".to_owned(),
                |order| format!("order {order}"),
            );
            writeln!(
                f,
                "  {} {} ({order}): {} there; {}",
                difference.kind, difference.subject, difference.there, difference.done
            )?;
        }
        match self.differences.len() {
            0 => write!(f, "  everything agrees"),
            1 => write!(f, "  1 difference"),
            many => write!(f, "  {many} differences"),
        }
    }
}

/// A refund of ours that should be among the provider's.
struct Ours {
    provider_refund: String,
    state: String,
    order: String,
    case: Id,
    no: i64,
}

impl Reconciliation<'_> {
    /// Compares everything that is younger than this, and keeps the report.
    ///
    /// # Errors
    /// The provider did not say all, or the store could not. What was taken down until then stays.
    pub async fn run(&self, back: Duration) -> Result<Report, NotSeen> {
        self.run_as(new_id(), back).await
    }

    /// The same, its report kept under a certain name.
    ///
    /// # Errors
    /// As for [`Reconciliation::run`].
    pub async fn run_as(&self, id: Id, back: Duration) -> Result<Report, NotSeen> {
        let began = self.shop.clock.now();
        let from = before(began, back);
        let mut report = Report {
            provider: self.name.to_owned(),
            at: timestamp(began).to_string(),
            since: timestamp(from).to_string(),
            ..Report::default()
        };
        sweep(&self.shop.desk, began).await?;
        // Ours first: whatever is sent while the list is read need not be on it.
        let ours = self.ours(from, began).await?;
        let listed = self.refunds(before(from, MARGIN), &mut report).await?;
        for refund in &ours {
            report.ours = report.ours.saturating_add(1);
            if !listed.contains(&refund.provider_refund) {
                self.missing(refund, &mut report).await?;
            }
        }
        self.disputes(from, &mut report).await?;
        self.events(began, &mut report).await?;
        self.keep(id, &report, began, from).await?;
        let differences = u64::try_from(report.differences.len()).unwrap_or(u64::MAX);
        metrics::counter!(meters::RECONCILE_DIFFERENCES, "provider" => self.name.to_owned())
            .increment(differences);
        Ok(report)
    }

    async fn ours(&self, from: Instant, began: Instant) -> Result<Vec<Ours>, Trouble> {
        let name = self.name.to_owned();
        self.shop
            .desk
            .store
            .read(move |tx| {
                let name = name.clone();
                Box::pin(async move {
                    let values = [
                        Value::from(name),
                        Value::from(nanoseconds(from)?),
                        Value::from(nanoseconds(began)?),
                    ];
                    let rows = tx.rows(&OURS, &values).await?;
                    rows.iter()
                        .map(|row| {
                            Ok(Ours {
                                provider_refund: row.text(0)?.to_owned(),
                                state: row.text(1)?.to_owned(),
                                order: row.text(2)?.to_owned(),
                                case: Id(row.id(3)?),
                                no: row.int(4)?,
                            })
                        })
                        .collect()
                })
            })
            .await
    }

    /// Takes down every refund that the provider lists; answers their names.
    async fn refunds(
        &self,
        from: Instant,
        report: &mut Report,
    ) -> Result<BTreeSet<String>, NotSeen> {
        let mut names = BTreeSet::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let page = self
                .stripe
                .refunds_since(since(from), after.as_deref())
                .await;
            let page = read(page)?;
            for seen in &page.items {
                names.insert(seen.id.clone());
                report.refunds = report.refunds.saturating_add(1);
                self.refund(seen, report).await?;
            }
            match page.next {
                None => return Ok(names),
                next => after = next,
            }
        }
        Err(endless())
    }

    async fn refund(&self, seen: &SeenRefund, report: &mut Report) -> Result<(), NotSeen> {
        let there = match &seen.refund {
            Ok(refund) => status_word(refund.status).to_owned(),
            Err(why) => why.clone(),
        };
        let (kind, order, done) = match refund_taken_down(self.shop, self.name, self.stripe, seen)
            .await?
        {
            Seen::Known | Seen::LookAgain => return Ok(()),
            Seen::Ours(case) => {
                let done = format!("case {} was told", case.number);
                ("refund_moved", Some(case.order.clone()), done)
            }
            Seen::Foreign { order: Some(order) } => {
                let done = "nobody here decided it; the order's money stands still until finance explains it";
                ("refund_foreign", Some(order), done.to_owned())
            }
            Seen::Foreign { order: None } => {
                let done = "nobody here decided it, and its payment is not known here";
                ("refund_foreign", None, done.to_owned())
            }
        };
        report.differences.push(Difference {
            kind: kind.to_owned(),
            subject: seen.id.clone(),
            order,
            there,
            done,
        });
        Ok(())
    }

    /// A refund of ours that is not on the list is asked after by its name before anybody is alarmed.
    async fn missing(&self, ours: &Ours, report: &mut Report) -> Result<(), NotSeen> {
        match self.stripe.seen_refund(&ours.provider_refund).await.said {
            Ok(seen) => return self.refund(&seen, report).await,
            Err(Unread::Absent { .. }) => {}
            Err(unread) => return Err(NotSeen::Unread(unread)),
        }
        let words = format!(
            "refund {} of the case is `{}` here, and the provider does not know it; look whether the money left, and by which account",
            ours.no, ours.state
        );
        let (name, subject) = (self.name.to_owned(), ours.provider_refund.clone());
        let (order, case, now) = (ours.order.clone(), ours.case, self.shop.clock.now());
        self.shop
            .desk
            .store
            .write(move |tx| {
                let (name, subject) = (name.clone(), subject.clone());
                let (order, words) = (order.clone(), words.clone());
                Box::pin(async move {
                    let breach = Breach {
                        kind: "refund_missing",
                        provider: &name,
                        subject: &subject,
                        order: Some(&order),
                        case: Some(case),
                        words: &words,
                    };
                    breach.open(tx, now).await
                })
            })
            .await?;
        report.differences.push(Difference {
            kind: "refund_missing".to_owned(),
            subject: ours.provider_refund.clone(),
            order: Some(ours.order.clone()),
            there: "unknown".to_owned(),
            done: format!("it is `{}` here; finance was asked", ours.state),
        });
        Ok(())
    }

    async fn disputes(&self, from: Instant, report: &mut Report) -> Result<(), NotSeen> {
        let mut names = BTreeSet::new();
        let mut after: Option<String> = None;
        let mut ended = false;
        for _ in 0..PAGES {
            let page = self
                .stripe
                .disputes_since(since(from), after.as_deref())
                .await;
            let page = read(page)?;
            for dispute in &page.items {
                names.insert(dispute.id.clone());
                report.disputes = report.disputes.saturating_add(1);
                self.dispute(dispute, report).await?;
            }
            after = page.next;
            if after.is_none() {
                ended = true;
                break;
            }
        }
        if !ended {
            return Err(endless());
        }
        // One that is older and not over may have moved too.
        let name = self.name.to_owned();
        let open = self.shop.desk.store.read(move |tx| {
            let name = name.clone();
            Box::pin(async move { disputes::open(tx, &name).await })
        });
        for id in open.await? {
            if names.contains(&id) {
                continue;
            }
            match self.stripe.dispute(&id).await.said {
                Ok(dispute) => self.dispute(&dispute, report).await?,
                Err(Unread::Absent { .. }) => {}
                Err(unread) => return Err(NotSeen::Unread(unread)),
            }
        }
        Ok(())
    }

    async fn dispute(
        &self,
        dispute: &crate::pay::Dispute,
        report: &mut Report,
    ) -> Result<(), NotSeen> {
        let now = self.shop.clock.now();
        let (kind, order, done) =
            match dispute_seen(&self.shop.desk, self.name, dispute, now).await? {
                DisputeSeen::Known => return Ok(()),
                DisputeSeen::New { order } => ("dispute_new", order, "it was written down"),
                DisputeSeen::Moved { order } => ("dispute_moved", order, "it was written down"),
                DisputeSeen::Behind => (
                    "dispute_behind",
                    None,
                    "the books are further on and stay so; look at it at the provider",
                ),
            };
        report.differences.push(Difference {
            kind: kind.to_owned(),
            subject: dispute.id.clone(),
            order,
            there: state_word(&dispute.state).to_owned(),
            done: done.to_owned(),
        });
        Ok(())
    }

    /// Asks for what happened since the last time, and keeps what had not come in.
    async fn events(&self, began: Instant, report: &mut Report) -> Result<(), NotSeen> {
        let key = events_mark(self.name);
        let earliest = before(began, EVENTS_KEPT);
        let last = {
            let key = key.clone();
            let read = self.shop.desk.store.read(move |tx| {
                let key = Value::from(key.as_str());
                Box::pin(async move {
                    let row = tx.one(&MARK, &[key]).await?;
                    row.map_or(Ok(None), |row| {
                        row.opt_bytes(0).map(|mark| mark.map(<[u8]>::to_vec))
                    })
                })
            });
            read.await?
        };
        let last = last
            .map(|mark| {
                let mark = <[u8; 8]>::try_from(mark.as_slice());
                mark.map(i64::from_be_bytes)
                    .map_err(|_| stranger("a mark that is no moment"))
            })
            .transpose()?
            .map(instant);
        // An hour is read twice: events do not come in the order of their times.
        let from = last.map_or(earliest, |last| {
            before(last, Duration::from_seconds(3_600)).max(earliest)
        });
        let mut after: Option<String> = None;
        for _ in 0..PAGES {
            let page = self
                .stripe
                .events_since(since(from), after.as_deref())
                .await;
            let page = read(page)?;
            for event in &page.items {
                if crate::world::concerns(self.stripe, event)
                    && crate::world::arrived(self.shop, self.name, event).await?
                {
                    report.events_missed = report.events_missed.saturating_add(1);
                }
            }
            after = page.next;
            if after.is_none() {
                let mark = mark(began)?;
                self.shop
                    .desk
                    .store
                    .write(move |tx| {
                        let values = [Value::from(key.as_str()), Value::from(mark.clone())];
                        Box::pin(async move { tx.run(&SET_MARK, &values).await.map(drop) })
                    })
                    .await?;
                return Ok(());
            }
        }
        Err(endless())
    }

    async fn keep(
        &self,
        id: Id,
        report: &Report,
        at: Instant,
        from: Instant,
    ) -> Result<(), Trouble> {
        let text = serde_json::to_string(report)
            .map_err(|why| Trouble::misused(format!("a report cannot be written: {why}")))?;
        let name = self.name.to_owned();
        self.shop
            .desk
            .store
            .write(move |tx| {
                let (name, text) = (name.clone(), text.clone());
                Box::pin(async move {
                    let values = [
                        Value::from(id.0),
                        Value::from(name),
                        Value::from(nanoseconds(at)?),
                        Value::from(nanoseconds(from)?),
                        Value::from(text),
                    ];
                    tx.run(&KEEP, &values).await.map(drop)
                })
            })
            .await
    }
}

fn read<T>(page: Reading<Page<T>>) -> Result<Page<T>, NotSeen> {
    page.said.map_err(NotSeen::Unread)
}

fn endless() -> NotSeen {
    NotSeen::Unread(Unread::Unknown {
        seen: "a list without an end".to_owned(),
    })
}

/// When the books were last held against a provider's.
///
/// # Errors
/// The store's trouble.
pub async fn last_at(store: &Store, name: &str) -> Result<Option<Instant>, Trouble> {
    let name = name.to_owned();
    store
        .read(move |tx| {
            let name = Value::from(name.as_str());
            Box::pin(async move {
                let row = tx.one(&LAST_AT, &[name]).await?;
                let at = row.map_or(Ok(None), |row| row.opt_int(0))?;
                Ok(at.map(instant))
            })
        })
        .await
}

/// The last reports about a provider, the newest first.
///
/// # Errors
/// The store's trouble.
pub async fn latest(store: &Store, name: &str, most: i64) -> Result<Vec<Report>, Trouble> {
    let name = name.to_owned();
    store
        .read(move |tx| {
            let name = Value::from(name.as_str());
            Box::pin(async move {
                let rows = tx.rows(&LATEST, &[name, Value::from(most)]).await?;
                rows.iter()
                    .map(|row| {
                        serde_json::from_str(row.text(0)?)
                            .map_err(|_| stranger("a report of a comparison that cannot be read"))
                    })
                    .collect()
            })
        })
        .await
}
