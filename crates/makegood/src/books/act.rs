// SPDX-License-Identifier: MIT OR Apache-2.0
//! One input to one case: load, handle, commit. Everything that changes a case comes this way.

use std::cell::RefCell;
use std::sync::Arc;

use makegood_desk::case::{Duration, Instant};
use makegood_desk::decision::Workspace;
use makegood_desk::event::Event;
use makegood_desk::handle::handle;
use makegood_desk::input::{Actor, Brakes, Id, Input, Limits, Request, Situation};
use makegood_desk::life::{Case, ClaimHeld, DecisionState};
use makegood_desk::records::Records;
use makegood_desk::refusal::Refusal;

use super::cases::{self, Shelf, open_key};
use super::effects::{self, day, role};
use super::orders::{Depth, records};
use super::{instant, nanoseconds};
use crate::crash;
use crate::hold::Hold;
use crate::in_force::InForce;
use crate::secret::Secret;
use crate::store::{Store, Trouble, Tx, Value};
use crate::wire::Word as _;

/// The channel on which workers hear that something is due.
pub const WORK: &str = "makegood_work";

crate::statements! {
    /// What was granted on a day, in all and by a person, in a currency.
    DAY_TOTALS = "select person, granted_minor from day_total where day = ?1 and currency = ?2 and person in (?3, ?4)";
    /// Providers that rest.
    RESTING = "select provider, rests_until from provider_health where rests_until is not null and rests_until > ?1";
    /// Whether a person stopped money, and whether the store is in doubt.
    STOPPED = "select key from meta where key in ('money.stopped', 'store.frozen') limit 1";
}

/// How far back refunds of a customer count, and cases with the same trouble.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Refunds of the customer.
    pub repeats: Duration,
    /// Cases of the same service and claim.
    pub trouble: Duration,
}

impl Default for Windows {
    fn default() -> Self {
        Self {
            repeats: Duration::from_seconds(90 * 86_400),
            trouble: Duration::from_seconds(7 * 86_400),
        }
    }
}

/// The desk on its store: what a door needs to hand something in.
#[derive(Clone)]
pub struct Desk {
    /// The store.
    pub store: Store,
    /// The policies that judge.
    pub policies: Arc<InForce>,
    /// What the merchant allows.
    pub limits: Arc<Limits>,
    /// How far back the books are read.
    pub windows: Windows,
    /// The secret from which keys to providers are made.
    pub key_secret: Arc<Secret>,
    /// Cases that were read lately.
    pub shelf: Arc<Shelf>,
    /// What keeps this process from moving money, whatever the books say.
    pub hold: Arc<Hold>,
}

/// What came of an input.
#[derive(Clone, Debug)]
pub struct Acted {
    /// The case as it is now.
    pub case: Arc<Case>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Why nothing came of an input.
#[derive(Debug)]
pub enum NotDone {
    /// The desk will not.
    Refused(Refusal),
    /// The store could not.
    Trouble(Trouble),
}

impl From<Trouble> for NotDone {
    fn from(trouble: Trouble) -> Self {
        match trouble.into_refusal::<Refusal>() {
            Ok(refusal) => Self::Refused(refusal),
            Err(trouble) => Self::Trouble(trouble),
        }
    }
}

impl Desk {
    /// Hands an input to a case. What came of it is durable when this returns.
    ///
    /// # Errors
    /// The desk's refusal or the store's trouble; nothing has happened then.
    pub async fn act(
        &self,
        id: Id,
        by: Actor,
        now: Instant,
        input: Input,
    ) -> Result<Acted, NotDone> {
        let desk = self.clone();
        let acted = self
            .store
            .write(move |tx| {
                let (desk, input) = (desk.clone(), input.clone());
                Box::pin(async move { desk.act_in(tx, id, by, now, input).await })
            })
            .await;
        let acted = match acted {
            Ok(acted) => acted,
            Err(trouble) => {
                let why = NotDone::from(trouble);
                if let NotDone::Refused(refusal) = &why {
                    self.refused(id, now, refusal).await;
                }
                return Err(why);
            }
        };
        crash::point!("act.committed");
        self.shelf.put(Arc::clone(&acted.case));
        Ok(acted)
    }

    /// A refusal that rests on news is followed by a look, in a transaction of its own: what was refused wrote nothing. Should this
    /// fail, whoever asks again is refused again and looked after again.
    pub async fn refused(&self, id: Id, now: Instant, refusal: &Refusal) {
        if !refusal.wants_a_look() {
            return;
        }
        let desk = self.clone();
        let looked = self.store.write(move |tx| {
            let desk = desk.clone();
            Box::pin(async move { desk.act_in(tx, id, Actor::System, now, Input::Look).await })
        });
        match looked.await {
            Ok(acted) => self.shelf.put(acted.case),
            Err(trouble) => tracing::warn!(cause = %trouble, "a case could not be looked at again"),
        }
    }

    /// Hands in a request: to the open case of the order and claim, or to a new one with this name.
    ///
    /// # Errors
    /// As for [`Desk::act`].
    pub async fn request(
        &self,
        new: Id,
        by: Actor,
        now: Instant,
        request: Request,
    ) -> Result<Acted, NotDone> {
        let desk = self.clone();
        let mut tries = 0;
        loop {
            let (desk, request) = (desk.clone(), request.clone());
            let done = self
                .store
                .write(move |tx| {
                    let (desk, request) = (desk.clone(), request.clone());
                    Box::pin(async move { desk.request_in(tx, new, by, now, request).await })
                })
                .await;
            match done {
                // Two asked the same at once, and the other was first: now there is a case to join.
                Err(Trouble::Serialization | Trouble::Conflict { .. }) if tries < 5 => tries += 1,
                Err(trouble) => return Err(trouble.into()),
                Ok(acted) => {
                    self.shelf.put(Arc::clone(&acted.case));
                    return Ok(acted);
                }
            }
        }
    }

    /// The same inside a transaction that does more than this.
    ///
    /// # Errors
    /// As for [`Desk::act`], refusals as [`Trouble::Refused`].
    pub async fn request_in(
        &self,
        tx: &mut Tx<'_>,
        new: Id,
        by: Actor,
        now: Instant,
        request: Request,
    ) -> Result<Acted, Trouble> {
        let claim = ClaimHeld {
            kind: request.claim,
            at: now,
            wants: request.wants,
            account: request.account.clone(),
            payment: request.payment.clone(),
        };
        let key = open_key(&request.order, &claim);
        let open = tx.one(&cases::OPEN, &[Value::from(key)]).await?;
        let (id, number) = match open {
            Some(row) => (Id(row.id(0)?), 0),
            None => {
                let row = tx.one(&cases::NEXT_NUMBER, &[]).await?;
                let number = row.map_or(Ok(0), |row| super::count(&row, 0))?;
                (new, number)
            }
        };
        let input = Input::Request { number, request };
        let acted = self.act_in(tx, id, by, now, input).await?;
        crash::point!("request.written");
        Ok(acted)
    }

    /// Hands an input to a case inside a transaction that does more than this.
    ///
    /// # Errors
    /// As for [`Desk::act`], refusals as [`Trouble::Refused`].
    pub async fn act_in(
        &self,
        tx: &mut Tx<'_>,
        id: Id,
        by: Actor,
        now: Instant,
        input: Input,
    ) -> Result<Acted, Trouble> {
        let case = match cases::load(tx, &self.shelf, id, true).await? {
            Some(case) => case,
            None => Arc::new(Case::new(id)),
        };
        let (order, claim) = match (&input, case.claim()) {
            (Input::Request { request, .. }, None) => (request.order.as_str(), request.claim),
            (_, Some(claim)) => (case.order.as_str(), claim.kind),
            (_, None) => return Err(Trouble::refused(Refusal::NoSuchCase)),
        };
        let whole = Depth::Whole {
            refunds_since: before(now, self.windows.repeats),
            trouble_since: before(now, self.windows.trouble),
            claim: claim.word(),
        };
        let records = if looks_only_at_money(&case, &input) {
            let money = records(tx, order, true, Depth::Money).await?;
            // A chargeback that comes or goes has the case judged anew, and for that everything is read.
            if money.open_dispute(None).is_some() == case.disputed.is_some() {
                money
            } else {
                records(tx, order, true, whole).await?
            }
        } else {
            records(tx, order, true, whole).await?
        };
        let brakes = self.brakes(tx, &records, by, now).await?;
        let events = self
            .handled(&case, by, now, &records, &brakes, input)
            .map_err(Trouble::refused)?;
        let service = records
            .order
            .as_ref()
            .map(|record| record.order.service.name.as_ref());
        let after = effects::write(tx, &case, &events, &self.limits, service, now).await?;
        crash::point!("act.written");
        Ok(Acted {
            case: Arc::new(after),
            events,
        })
    }

    fn handled(
        &self,
        case: &Case,
        by: Actor,
        now: Instant,
        records: &Records,
        brakes: &Brakes,
        input: Input,
    ) -> Result<Vec<Event>, Refusal> {
        let policies = self.policies.now();
        let rulebook = records
            .order
            .as_ref()
            .and_then(|record| policies.judging(record.order.placed_at).ok())
            .map(|(_, rulebook)| rulebook);
        let situation = Situation {
            now,
            by,
            rulebook,
            limits: &self.limits,
            records,
            brakes,
            key_secret: self.key_secret.expose().as_bytes(),
        };
        thread_local! {
            static ROOM: RefCell<Workspace> = RefCell::new(Workspace::default());
        }
        ROOM.with_borrow_mut(|room| handle(case, room, &situation, input))
    }

    /// Whether no money moves: this process is held back, or the books stop everybody.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn stopped(&self, tx: &mut Tx<'_>) -> Result<bool, Trouble> {
        Ok(self.hold.on() || tx.one(&STOPPED, &[]).await?.is_some())
    }

    /// How far the brakes are on.
    async fn brakes(
        &self,
        tx: &mut Tx<'_>,
        records: &Records,
        by: Actor,
        now: Instant,
    ) -> Result<Brakes, Trouble> {
        let rests = [Value::from(nanoseconds(now)?)];
        let counted = &records.order.as_ref().filter(|_| self.counts_days());
        let person = role(by).1.map_or_else(Vec::new, |id| id.0.to_vec());
        let totals = [
            Value::from(day(now)),
            Value::from(counted.map(|order| order.order.price.currency().code().to_owned())),
            Value::from(Vec::new()),
            Value::from(person.clone()),
        ];
        let (stopped, resting, totals) = if counted.is_some() {
            let questions = [
                (&STOPPED, &[][..]),
                (&RESTING, &rests[..]),
                (&DAY_TOTALS, &totals[..]),
            ];
            let [stopped, resting, totals] = tx.rows_of(&questions).await?;
            (stopped, resting, totals)
        } else {
            let [stopped, resting] = tx
                .rows_of(&[(&STOPPED, &[][..]), (&RESTING, &rests[..])])
                .await?;
            (stopped, resting, Vec::new())
        };
        let mut brakes = Brakes {
            stopped: self.hold.on() || !stopped.is_empty(),
            ..Brakes::default()
        };
        for row in resting {
            let until = instant(row.int(1)?);
            brakes.resting.insert(row.text(0)?.to_owned(), until);
        }
        for row in totals {
            let granted = super::count(&row, 1)?;
            let whose = row.bytes(0)?;
            if whose.is_empty() {
                brakes.day_minor = granted;
            } else if whose == person {
                brakes.person_day_minor = granted;
            }
        }
        Ok(brakes)
    }

    /// Whether the merchant has set how much may be granted on a day.
    fn counts_days(&self) -> bool {
        !self.limits.day_minor_max.is_empty() || !self.limits.person_day_minor_max.is_empty()
    }
}

/// Whether the answer hangs on nothing but the money of the order: so it is for a case that is decided.
fn looks_only_at_money(case: &Case, input: &Input) -> bool {
    let decided = matches!(
        case.decision().map(|held| held.state),
        Some(DecisionState::Standing { .. })
    );
    decided
        && matches!(
            input,
            Input::SendRefund { .. }
                | Input::RefundSaid { .. }
                | Input::RefundListed { .. }
                | Input::SendCommand { .. }
                | Input::LetterHanded { .. }
        )
}

/// The moment so long before another.
pub(crate) fn before(now: Instant, long: Duration) -> Instant {
    Instant::from_unix_nanoseconds(now.unix_nanoseconds().saturating_sub(long.nanoseconds()))
}
