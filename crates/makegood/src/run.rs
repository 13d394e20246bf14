// SPDX-License-Identifier: MIT OR Apache-2.0
//! The loop: take a case in hand, do what it owes, report back, let it go.
//!
//! What is owed is computed from the case each time, so a program that was killed in the middle does the same again with the same
//! keys. Nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as Patience;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::execution::{CommandOrder, ConnectorSaid, ProviderSaid, RefundOrder, refunds};
use makegood_desk::input::{Actor, Id, Input};
use makegood_desk::life::{Case, LetterKind};
use makegood_desk::owed::{Owed, Timer, next_wake, owed};
use makegood_desk::refusal::Refusal;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::books::act::{Acted, Desk, NotDone, WORK};
use crate::books::cases;
use crate::books::health;
use crate::books::{instant, nanoseconds, whole};
use crate::clock::{Clock, timestamp};
use crate::crash;
use crate::goods::connector::Connector;
use crate::pay::{Cancelled, Heard, Provider};
use crate::post::Post;
use crate::store::{Dialect, Trouble, Value};

/// So many cases are taken in hand at once.
const HANDFUL: i64 = 64;
/// So many are worked on at once.
const HANDS: usize = 16;
/// A case that a process died with is free again after this.
const LEASE: Duration = Duration::from_seconds(20);
/// So often a process that lives says that it still has in hand what it has in hand.
const HOLD_EVERY: Patience = Patience::from_secs(5);
/// The store is asked for due cases at least this often, should a word of it be lost.
const ROUND: Patience = Patience::from_secs(1);
/// Most things that are done for a case before others have their turn.
const MOST_STEPS: u32 = 32;

/// Everything that work needs beside the case.
pub struct Shop {
    /// The desk on its store.
    pub desk: Desk,
    /// The payment providers, by their names in the settings.
    pub providers: BTreeMap<String, Arc<Provider>>,
    /// Fulfilment, if it can be reached.
    pub connector: Option<Arc<Connector>>,
    /// Who hands letters over.
    pub post: Post,
    /// The clock.
    pub clock: Clock,
    /// This process among those that work on the store.
    pub worker: Id,
    /// When a provider rests.
    pub breaker: health::Breaker,
    /// The cases that this process works on.
    pub in_hand: Mutex<BTreeSet<Id>>,
}

/// A case in this process's hand. However the work on it ends, a panic too, it is then no longer held.
struct InHand {
    shop: Arc<Shop>,
    id: Id,
}

impl InHand {
    fn new(shop: &Arc<Shop>, id: Id) -> Self {
        let shop = Arc::clone(shop);
        shop.in_hand().insert(id);
        Self { shop, id }
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.shop.in_hand().remove(&self.id);
    }
}

impl Shop {
    /// Works until told to stop; then finishes what is in hand and gives the rest back.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        if self.desk.store.dialect() == Dialect::Sqlite {
            // Nobody else can have this store open: what was in hand was in the hands of a process that died.
            self.noted(self.let_go_everybodys().await);
        }
        let holding = tokio::spawn(Arc::clone(&self).hold());
        let mut words = self.desk.store.listen(WORK);
        let hands = Arc::new(Semaphore::new(HANDS));
        let mut busy = JoinSet::new();
        while !*stop.borrow() {
            let taken = match self.take().await {
                Ok(taken) => taken,
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "due cases cannot be read");
                    Vec::new()
                }
            };
            let many = !taken.is_empty();
            if many {
                crash::point!("work.taken");
            }
            let taken: Vec<_> = taken
                .into_iter()
                .map(|(id, look)| (InHand::new(&self, id), look))
                .collect();
            for (case, look) in taken {
                let Ok(hand) = Arc::clone(&hands).acquire_owned().await else {
                    break;
                };
                busy.spawn(async move {
                    case.shop.tend(case.id, look).await;
                    drop((case, hand));
                });
            }
            while busy.try_join_next().is_some() {}
            if !many {
                let pause = self.pause().await;
                tokio::select! {
                    _ = words.heard() => {}
                    () = tokio::time::sleep(pause) => {}
                    _ = stop.changed() => {}
                }
            }
        }
        while busy.join_next().await.is_some() {}
        holding.abort();
        let worker = self.worker;
        let let_go = self.desk.store.write(move |tx| {
            Box::pin(async move { tx.run(&cases::LET_GO_ALL, &[Value::from(worker.0)]).await })
        });
        if let Err(trouble) = let_go.await {
            tracing::warn!(cause = %trouble, "cases in hand could not be given back; they are free in a moment");
        }
    }

    /// Says from time to time that what is in hand still is, however long it takes.
    async fn hold(self: Arc<Self>) {
        loop {
            tokio::time::sleep(HOLD_EVERY).await;
            let ids: Vec<Id> = self.in_hand().iter().copied().collect();
            if ids.is_empty() {
                continue;
            }
            let (worker, until) = (self.worker, self.clock.now().plus(LEASE));
            let held = self.desk.store.write_soon(move |tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    let until = nanoseconds(until)?;
                    let set =
                        |id: Id| vec![Value::from(id.0), Value::from(worker.0), Value::from(until)];
                    let sets: Vec<_> = ids.into_iter().map(set).collect();
                    tx.run_each(&cases::HOLD, &sets).await.map(drop)
                })
            });
            self.noted(held.await);
        }
    }

    fn in_hand(&self) -> MutexGuard<'_, BTreeSet<Id>> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn let_go_everybodys(&self) -> Result<(), Trouble> {
        self.desk
            .store
            .write(|tx| {
                Box::pin(async move { tx.run(&cases::LET_GO_EVERYBODYS, &[]).await.map(drop) })
            })
            .await
    }

    fn noted(&self, done: Result<(), Trouble>) {
        if let Err(trouble) = done {
            tracing::warn!(cause = %trouble, "what is in hand could not be noted; it is free in a moment");
        }
    }

    /// How long nothing is due.
    async fn pause(&self) -> Patience {
        let next = self.desk.store.read(|tx| {
            Box::pin(async move {
                let row = tx.one(&cases::NEXT_WAKE, &[]).await?;
                row.map_or(Ok(None), |row| row.opt_int(0))
            })
        });
        let Ok(Some(next)) = next.await else {
            return ROUND;
        };
        let left = instant(next).since(self.clock.now()).nanoseconds();
        let left = u64::try_from(left.max(1_000_000)).unwrap_or(u64::MAX);
        Patience::from_nanos(left).min(ROUND)
    }

    /// Takes due cases in hand; with how often something was told about their orders.
    async fn take(&self) -> Result<Vec<(Id, i64)>, Trouble> {
        let now = self.clock.now();
        let worker = self.worker;
        // Looking costs no commit; taking does.
        let due = self.desk.store.read(move |tx| {
            Box::pin(async move {
                let row = tx.one(&cases::NEXT_WAKE, &[]).await?;
                row.map_or(Ok(None), |row| row.opt_int(0))
            })
        });
        match due.await? {
            Some(at) if at <= nanoseconds(now)? => {}
            _ => return Ok(Vec::new()),
        }
        self.desk
            .store
            .write_soon(move |tx| {
                Box::pin(async move {
                    let values = [
                        Value::from(nanoseconds(now)?),
                        Value::from(nanoseconds(now.plus(LEASE))?),
                        Value::from(worker.0),
                        Value::from(HANDFUL),
                    ];
                    let rows = tx.rows(&cases::CLAIM, &values).await?;
                    rows.iter()
                        .map(|row| Ok((Id(row.id(0)?), row.int(1)?)))
                        .collect()
                })
            })
            .await
    }

    /// Does everything that a case owes now, and lets it go.
    pub async fn tend(&self, id: Id, look: i64) {
        let mut seen = 0;
        let again = match self.steps(id, look > 0, &mut seen).await {
            Ok(again) => again,
            Err(Undone::Trouble(trouble)) => {
                tracing::warn!(cause = %trouble, case = %crate::books::seal::hex(&id.0), "a case could not be worked on");
                Some(self.in_seconds(30))
            }
            Err(Undone::Broken(why)) => {
                tracing::error!(cause = %why, case = %crate::books::seal::hex(&id.0), "a case is parked for a person");
                let park = Input::Park { why };
                match self.act(id, Actor::System, park).await {
                    Ok(acted) => seen = acted.case.version,
                    Err(NotDone::Refused(_)) => tracing::error!("a case could not even be parked"),
                    Err(NotDone::Trouble(trouble)) => {
                        tracing::error!(cause = %trouble, "a case could not even be parked");
                    }
                }
                None
            }
        };
        let worker = self.worker;
        let let_go = self.desk.store.write_soon(move |tx| {
            Box::pin(async move {
                let again = again.map(nanoseconds).transpose()?;
                let values = [
                    Value::from(id.0),
                    Value::from(worker.0),
                    Value::from(again),
                    Value::from(look),
                    Value::from(whole(seen)?),
                ];
                tx.run(&cases::LET_GO, &values).await
            })
        });
        if let Err(trouble) = let_go.await {
            tracing::warn!(cause = %trouble, "a case could not be given back; it is free in a moment");
        }
        crash::point!("work.let_go");
    }

    fn in_seconds(&self, seconds: i64) -> Instant {
        self.clock.now().plus(Duration::from_seconds(seconds))
    }

    async fn act(&self, id: Id, by: Actor, input: Input) -> Result<Acted, NotDone> {
        self.desk.act(id, by, self.clock.now(), input).await
    }

    /// Step by step; answers when the case is to be looked at again, and takes down how much of it was seen.
    async fn steps(&self, id: Id, look: bool, seen: &mut u64) -> Result<Option<Instant>, Undone> {
        let mut case = self.case(id).await?;
        if look {
            case = self.looked(id, case).await?;
        }
        // What was refused for now is not tried again in this turn.
        let mut later: BTreeMap<String, Instant> = BTreeMap::new();
        for _ in 0..MOST_STEPS {
            *seen = case.version;
            let now = self.clock.now();
            let due: Vec<Owed> = owed(&case, now)
                .into_iter()
                .filter(|owed| !later.contains_key(&name(owed)))
                .collect();
            if let Some(letters) = letters(&due)
                && let Some(after) = self.letters(&case, &letters).await?
            {
                case = after;
                continue;
            }
            let Some(next) = due.into_iter().next() else {
                let timer = next_wake(&case, &self.desk.limits, now);
                if let Some((at, timer)) = timer
                    && timer != Timer::Owed
                    && at <= now
                {
                    let before = case.version;
                    case = self.looked(id, case).await?;
                    if case.version == before {
                        // Its time has come and nothing followed: a person or the world is next.
                        return Ok(Some(self.in_seconds(60)));
                    }
                    continue;
                }
                let earliest = later.values().min().copied();
                let timer = timer
                    .filter(|(_, timer)| *timer != Timer::Owed)
                    .map(|(at, _)| at);
                return Ok([earliest, timer].into_iter().flatten().min());
            };
            let name = name(&next);
            match self.step(&case, next).await {
                Ok(after) => case = after,
                Err(NotDone::Refused(refusal)) => {
                    later.insert(name, self.later(&refusal));
                    case = self.case(id).await?;
                }
                Err(NotDone::Trouble(trouble)) => return Err(trouble.into()),
            }
        }
        *seen = case.version;
        Ok(Some(self.clock.now()))
    }

    async fn looked(&self, id: Id, case: Arc<Case>) -> Result<Arc<Case>, Undone> {
        match self.act(id, Actor::System, Input::Look).await {
            Ok(acted) => Ok(acted.case),
            Err(NotDone::Refused(_)) => Ok(case),
            Err(NotDone::Trouble(trouble)) => Err(trouble.into()),
        }
    }

    async fn case(&self, id: Id) -> Result<Arc<Case>, Undone> {
        let shelf = Arc::clone(&self.desk.shelf);
        let case = self.desk.store.read(move |tx| {
            let shelf = Arc::clone(&shelf);
            Box::pin(async move { cases::load(tx, &shelf, id, false).await })
        });
        let case = case.await.map_err(Undone::from)?;
        case.ok_or_else(|| Undone::Broken("a case that is due is not in the books".to_owned()))
    }

    /// When to try again what was refused.
    fn later(&self, refusal: &Refusal) -> Instant {
        match refusal {
            Refusal::NotYet { from } if *from > self.clock.now() => *from,
            Refusal::ProviderRests { until } => *until,
            _ => self.in_seconds(60),
        }
    }

    /// Does one thing that is owed.
    async fn step(&self, case: &Case, owed: Owed) -> Result<Arc<Case>, NotDone> {
        match owed {
            Owed::Send {
                no,
                provider,
                order,
            } => self.send(case.id, no, &provider, &order).await,
            Owed::List {
                no,
                provider,
                payment,
            } => self.list(case.id, no, &provider, &payment).await,
            Owed::Fetch {
                no,
                provider,
                refund,
            } => self.fetch(case, no, &provider, &refund).await,
            Owed::Command {
                no,
                order,
                ask_only,
            } => self.command(case, no, &order, ask_only).await,
            Owed::CancelSubscription {
                no,
                provider,
                subscription,
            } => self.cancel(case.id, no, &provider, &subscription).await,
            Owed::Letter { no, kind } => {
                self.post
                    .hand_over(&self.desk, &self.clock, case, &[(no, kind)])
                    .await
            }
        }
    }

    /// Hands several letters over together; nothing where one of them cannot go yet, so that each has to be tried by itself.
    async fn letters(
        &self,
        case: &Case,
        letters: &[(u32, LetterKind)],
    ) -> Result<Option<Arc<Case>>, Undone> {
        let handed = self
            .post
            .hand_over(&self.desk, &self.clock, case, letters)
            .await;
        match handed {
            Ok(after) => Ok(Some(after)),
            Err(NotDone::Refused(_)) => Ok(None),
            Err(NotDone::Trouble(trouble)) => Err(trouble.into()),
        }
    }

    async fn send(
        &self,
        id: Id,
        no: u32,
        provider: &str,
        order: &RefundOrder,
    ) -> Result<Arc<Case>, NotDone> {
        let Some(known) = self.providers.get(provider) else {
            return self.no_provider(provider);
        };
        // INVARIANT (sending is written down before the provider is called): this is durable when it returns.
        self.act(id, Actor::System, Input::SendRefund { no })
            .await?;
        crash::point!("refund.permitted");
        let heard = known.create_refund(order).await;
        crash::point!("refund.answered");
        self.heard(provider, &heard).await;
        let said = heard.said;
        let acted = self
            .act(id, Actor::Provider, Input::RefundSaid { no, said })
            .await?;
        crash::point!("refund.noted");
        Ok(acted.case)
    }

    /// A provider that was taken out of the settings: nothing was sent, and a person has to look.
    fn no_provider(&self, provider: &str) -> Result<Arc<Case>, NotDone> {
        tracing::error!(
            provider,
            "a refund waits for a provider that is not in the settings"
        );
        let until = self.in_seconds(600);
        Err(NotDone::Refused(Refusal::ProviderRests { until }))
    }

    async fn list(
        &self,
        id: Id,
        no: u32,
        provider: &str,
        payment: &str,
    ) -> Result<Arc<Case>, NotDone> {
        let Some(known) = self.providers.get(provider) else {
            return self.no_provider(provider);
        };
        let listed = known.refunds_of(payment).await.said;
        crash::point!("refund.listed");
        Ok(self
            .act(id, Actor::Provider, Input::RefundListed { no, listed })
            .await?
            .case)
    }

    async fn fetch(
        &self,
        case: &Case,
        no: u32,
        provider: &str,
        refund: &str,
    ) -> Result<Arc<Case>, NotDone> {
        let id = case.id;
        let held = case.refunds.iter().find(|held| held.no == no);
        let payment = held.map_or("", |held| held.provider_payment.as_str());
        let Some(known) = self.providers.get(provider) else {
            return self.no_provider(provider);
        };
        if !known.answers() {
            // What became of a transfer comes with the bank's statement; asking would only fill the log.
            let until = self.in_seconds(3_600);
            return Err(NotDone::Refused(Refusal::ProviderRests { until }));
        }
        let said = known.refund_of(payment, refund).await.said;
        crash::point!("refund.fetched");
        Ok(self
            .act(id, Actor::Provider, Input::RefundSaid { no, said })
            .await?
            .case)
    }

    async fn command(
        &self,
        case: &Case,
        no: u32,
        order: &CommandOrder,
        ask_only: bool,
    ) -> Result<Arc<Case>, NotDone> {
        let Some(connector) = &self.connector else {
            let until = self.in_seconds(600);
            return Err(NotDone::Refused(Refusal::ProviderRests { until }));
        };
        let due = case.commands.iter().find(|command| command.no == no);
        let due = due.map(|command| timestamp(command.due_at));
        self.act(case.id, Actor::System, Input::SendCommand { no })
            .await?;
        crash::point!("command.permitted");
        let now = self.clock.timestamp();
        let said = if ask_only {
            connector.carry_on(order, due, now).await
        } else {
            connector.send(order, due, now).await
        };
        crash::point!("command.answered");
        Ok(self
            .act(case.id, Actor::Connector, Input::CommandSaid { no, said })
            .await?
            .case)
    }

    async fn cancel(
        &self,
        id: Id,
        no: u32,
        provider: &str,
        subscription: &str,
    ) -> Result<Arc<Case>, NotDone> {
        let Some(known) = self.providers.get(provider) else {
            return self.no_provider(provider);
        };
        self.act(id, Actor::System, Input::SendCommand { no })
            .await?;
        crash::point!("subscription.permitted");
        let cancelled = known.cancel_subscription(subscription).await.said;
        crash::point!("subscription.answered");
        let said = match cancelled {
            Cancelled::Done { .. } => ConnectorSaid::Done { note: None },
            Cancelled::Refused { words, .. } => ConnectorSaid::Refused { why: words },
            Cancelled::Unknown { seen } => ConnectorSaid::Unknown { seen },
        };
        Ok(self
            .act(id, Actor::Provider, Input::CommandSaid { no, said })
            .await?
            .case)
    }

    /// Notes how a provider does, for the breaker.
    async fn heard(&self, provider: &str, heard: &Heard<ProviderSaid>) {
        let failed = matches!(heard.said, ProviderSaid::Unknown { .. });
        let noted = health::note(
            &self.desk.store,
            provider,
            failed,
            heard.wait,
            &self.breaker,
            self.clock.now(),
        );
        if let Err(trouble) = noted.await {
            tracing::warn!(cause = %trouble, "the health of a provider could not be noted");
        }
    }
}

/// Why a turn ended early.
enum Undone {
    /// The store.
    Trouble(Trouble),
    /// Something that no later try mends: a person has to look.
    Broken(String),
}

impl From<Trouble> for Undone {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Panicked => {
                Self::Broken("the program failed while it handled this case".to_owned())
            }
            Trouble::Misused { statement, why } => Self::Broken(format!("{statement}: {why}")),
            Trouble::Corrupt { why } => Self::Broken(why),
            other => Self::Trouble(other),
        }
    }
}

/// The letters with which what is due begins, where there are several.
fn letters(due: &[Owed]) -> Option<Vec<(u32, LetterKind)>> {
    let letters = due.iter().map_while(|owed| match owed {
        Owed::Letter { no, kind } => Some((*no, *kind)),
        _ => None,
    });
    let letters: Vec<_> = letters.collect();
    (letters.len() > 1).then_some(letters)
}

/// Something owed by a name that stays the same from one look to the next.
fn name(owed: &Owed) -> String {
    match owed {
        Owed::Send { no, .. } => format!("send {no}"),
        Owed::List { no, .. } => format!("list {no}"),
        Owed::Fetch { no, .. } => format!("fetch {no}"),
        Owed::Command { no, .. } | Owed::CancelSubscription { no, .. } => format!("command {no}"),
        Owed::Letter { no, .. } => format!("letter {no}"),
    }
}

/// The name under which a provider shows a refund of ours.
#[must_use]
pub fn reference(refund: &makegood_desk::life::Refund) -> String {
    refunds::reference(refund)
}
