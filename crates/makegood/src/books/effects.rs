// SPDX-License-Identifier: MIT OR Apache-2.0
//! What an event entails beside itself: rows for lists, promised money, double entry. All in the event's own transaction.

use makegood_desk::amount::Amount;
use makegood_desk::case::{ClaimKind, Instant};
use makegood_desk::event::{Event, Happened, Todo};
use makegood_desk::facts::Asked;
use makegood_desk::input::{Actor, Id, Limits};
use makegood_desk::ledger::{Booking, Side};
use makegood_desk::life::{Case, Refund, RefundState, Stage, money_of};
use makegood_desk::owed::next_wake;
use makegood_desk::record;
use makegood_desk::refusal::Refusal;
use makegood_desk::remedy::Outcome;

use super::cases::open_key;
use super::{minor, nanoseconds, whole};
use crate::answer::outcome_word;
use crate::store::{Trouble, Tx, Value};
use crate::wire::Word as _;

crate::statements! {
    /// Writes an event down.
    INSERT_EVENT = "insert into event (case_id, position, at, kind, role, person, record) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        many "insert into event (case_id, position, at, kind, role, person, record) select case_id, position, at, kind, role, person, record from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::bytea[], $7::bytea[]) with ordinality as told (case_id, position, at, kind, role, person, record, place) order by place";
    /// Keeps a case file that was judged.
    INSERT_PAPER = "insert into paper (digest, bytes) values (?1, ?2) on conflict (digest) do nothing";
    /// Opens a case, unless the same is open.
    INSERT_CASE = "insert into desk_case (id, number, order_number, claim, service, open_key, stage, version, customer_id, language, channel, opened_at, changed_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) on conflict do nothing";
    /// Brings a case's row up to its events.
    UPDATE_CASE = "update desk_case set stage = ?2, version = ?3, customer_id = ?4, service = coalesce(?5, service), outcome = ?6, clause = ?7, amount_minor = ?8, currency = ?9, changed_at = ?10, closed_at = cast(?11 as bigint), due_at = ?12, wake_at = ?13, open_key = case when cast(?11 as bigint) is not null then null when open_key is not null then open_key when exists (select 1 from desk_case o where o.open_key = cast(?14 as text)) then null else cast(?14 as text) end where id = ?1 and version = ?15";
    /// Promises money of a payment, if so much is left.
    RESERVE = "update payment set reserved_minor = reserved_minor + ?3 where order_number = ?1 and id = ?2 and reserved_minor + foreign_minor + ?3 <= amount_minor";
    /// Frees money of a payment that will not leave.
    RELEASE = "update payment set reserved_minor = reserved_minor - ?3 where order_number = ?1 and id = ?2 and reserved_minor >= ?3";
    /// A refund, as it is promised.
    INSERT_REFUND = "insert into refund (key, case_id, no, decision, order_number, payment_id, provider, provider_payment, amount_minor, currency, units, state, granted_by, reserved_at, changed_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 'reserved', ?12, ?13, ?13)";
    /// A refund, as it stands.
    UPDATE_REFUND = "update refund set state = ?3, provider_refund = coalesce(?4, provider_refund), changed_at = ?5 where case_id = ?1 and no = ?2";
    /// Adds to what was granted on a day, within a bound.
    ADD_TO_DAY = "insert into day_total (day, currency, person, granted_minor) values (?1, ?2, ?3, ?4) on conflict (day, currency, person) do update set granted_minor = day_total.granted_minor + excluded.granted_minor where day_total.granted_minor + excluded.granted_minor <= ?5";
    /// Takes back from what was granted on a day.
    TAKE_FROM_DAY = "update day_total set granted_minor = case when granted_minor > ?4 then granted_minor - ?4 else 0 end where day = ?1 and currency = ?2 and person = ?3";
    /// A leg of a transaction.
    INSERT_LEG = "insert into ledger_entry (source, case_id, position, part, leg, booking, account, account_of, signed_minor, currency, at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    /// Store credit.
    INSERT_CREDIT = "insert into credit (case_id, position, order_number, customer_id, amount_minor, currency, exchange, granted_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    /// What became of the how-manieth store credit of a case, from 0.
    END_CREDIT = "update credit set state = ?3, new_order = ?4, new_service = ?5 where case_id = ?1 and position = (select position from credit where case_id = ?1 order by position limit 1 offset ?2)";
    /// Whose it is.
    CREDIT_OF = "select customer_id from credit where case_id = ?1 order by position limit 1 offset ?2";
    /// Something that a person has to do.
    INSERT_TASK = "insert into task (case_id, kind, no, team, what, opened_at, due_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    /// It is done.
    END_TASK = "update task set done_at = ?4 where case_id = ?1 and kind = ?2 and no = ?3";
    /// That the customer wrote.
    INSERT_CONTACT = "insert into contact (order_number, at, channel) values (?1, ?2, ?3) on conflict do nothing";
    /// A command, to be found by its key.
    INSERT_COMMAND = "insert into command (key, case_id, no) values (?1, ?2, ?3) on conflict (key) do nothing";
    /// A subscription that renews no more.
    END_SUBSCRIPTION = "update subscription set status = 'cancelled' where order_number = ?1";
}

/// A day of the brakes: whole days since 1970, in UTC.
#[must_use]
pub fn day(at: Instant) -> i64 {
    i64::try_from(at.unix_nanoseconds().div_euclid(86_400_000_000_000)).unwrap_or(i64::MAX)
}

/// Who did something, as the books say it: a word, and the person if it was one.
#[must_use]
pub const fn role(actor: Actor) -> (&'static str, Option<Id>) {
    match actor {
        Actor::System => ("system", None),
        Actor::Customer => ("customer", None),
        Actor::Shop => ("shop", None),
        Actor::Agent(id) => ("agent", Some(id)),
        Actor::Technical(id) => ("technical", Some(id)),
        Actor::Finance(id) => ("finance", Some(id)),
        Actor::Owner(id) => ("owner", Some(id)),
        Actor::Provider => ("provider", None),
        Actor::Connector => ("connector", None),
    }
}

fn person(actor: Actor) -> Value {
    Value::from(role(actor).1.map(|id| id.0))
}

/// Writes events down with all that they entail. The case is as it was before; it is returned as it is after.
///
/// # Errors
/// A refusal where money is no longer there, or the store's trouble. Nothing is written then.
pub async fn write(
    tx: &mut Tx<'_>,
    before: &Case,
    events: &[Event],
    limits: &Limits,
    service: Option<&str>,
    now: Instant,
) -> Result<Case, Trouble> {
    let mut case = before.clone();
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        // What an event entails may depend on the case before it.
        let entailed = Entailed {
            case: &case,
            event,
            limits,
        };
        entailed.write(tx).await?;
        case.apply(event);
        rows.push(vec![
            Value::from(case.id.0),
            Value::from(whole(case.version)?),
            Value::from(nanoseconds(event.at)?),
            Value::from(record::kind(&event.what)),
            Value::from(role(event.by).0),
            person(event.by),
            Value::from(record::write(event)),
        ]);
    }
    if before.version == 0 {
        insert_case(tx, &case, service).await?;
    }
    tx.run_each(&INSERT_EVENT, &rows).await?;
    update_case(tx, before, &case, limits, service, now).await?;
    Ok(case)
}

async fn insert_case(tx: &mut Tx<'_>, case: &Case, service: Option<&str>) -> Result<(), Trouble> {
    let Some(claim) = case.claim() else {
        return Err(Trouble::misused("a case without a claim"));
    };
    let inserted = tx
        .run(
            &INSERT_CASE,
            &[
                Value::from(case.id.0),
                Value::from(whole(case.number)?),
                Value::from(case.order.as_str()),
                Value::from(claim.kind.word()),
                Value::from(service),
                Value::from(open_key(&case.order, claim)),
                Value::from(Stage::Investigating.word()),
                Value::from(0_i64),
                Value::from(case.customer.map(|id| id.0)),
                Value::from(case.language.code()),
                Value::from(case.door.map_or("api", |door| door.word())),
                Value::from(nanoseconds(case.opened_at)?),
            ],
        )
        .await?;
    if inserted == 0 {
        // Somebody opened it in the same moment: whoever asked looks again and joins.
        return Err(Trouble::Serialization);
    }
    Ok(())
}

/// When somebody's answer or decision is due next, for the order of lists.
fn due_at(case: &Case) -> Option<Instant> {
    let tasks = case.open_tasks().map(|task| task.due_at);
    let askings = case.open_askings().map(|asking| asking.due_at);
    tasks.chain(askings).chain(case.order_due_at).min()
}

async fn update_case(
    tx: &mut Tx<'_>,
    before: &Case,
    case: &Case,
    limits: &Limits,
    service: Option<&str>,
    now: Instant,
) -> Result<(), Trouble> {
    let held = case.decision();
    let money = held.and_then(|held| money_of(&held.proposal.remedies));
    let wake = next_wake(case, limits, now)
        .map(|(at, _)| nanoseconds(at))
        .transpose()?;
    let closed_at = case
        .closed
        .map(|_| nanoseconds(case.changed_at))
        .transpose()?;
    let key = case.claim().map(|claim| open_key(&case.order, claim));
    let updated = tx
        .run(
            &UPDATE_CASE,
            &[
                Value::from(case.id.0),
                Value::from(case.stage().word()),
                Value::from(whole(case.version)?),
                Value::from(case.customer.map(|id| id.0)),
                Value::from(service),
                Value::from(held.map(|held| outcome_word(held.proposal.outcome))),
                Value::from(held.and_then(|held| held.proposal.clause.clone())),
                Value::from(money.map(minor).transpose()?),
                Value::from(money.map(|money| money.currency().code().to_owned())),
                Value::from(nanoseconds(case.changed_at)?),
                Value::from(closed_at),
                Value::from(due_at(case).map(nanoseconds).transpose()?),
                Value::from(wake),
                Value::from(key),
                Value::from(whole(before.version)?),
            ],
        )
        .await?;
    if updated != 1 {
        return Err(Trouble::Serialization);
    }
    if wake.is_some_and(|wake| nanoseconds(now).is_ok_and(|now| wake <= now)) {
        tx.notify(super::act::WORK).await?;
    }
    Ok(())
}

/// What one event entails.
struct Entailed<'e> {
    case: &'e Case,
    event: &'e Event,
    limits: &'e Limits,
}

impl Entailed<'_> {
    async fn write(&self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        match &self.event.what {
            Happened::Opened { order, door, .. } => {
                self.contact(tx, order, door.channel().word()).await
            }
            Happened::Joined { door, .. } | Happened::Appealed { door, .. } => {
                self.contact(tx, &self.case.order, door.channel().word())
                    .await
            }
            Happened::Proposed(proposal) => {
                let values = vec![
                    Value::from(proposal.paper.digest.0),
                    Value::from(proposal.paper.bytes.as_slice()),
                ];
                tx.queue(&INSERT_PAPER, values)
            }
            Happened::Asked {
                no,
                whom,
                due_at,
                facts,
            } => {
                self.open_task(
                    tx,
                    "question",
                    *no,
                    team_asked(*whom),
                    &facts.join(" "),
                    *due_at,
                )
                .await
            }
            Happened::AskingEnded { no, .. } => self.end_task(tx, "question", *no).await,
            Happened::TaskOpened { no, task, due_at } => {
                self.open_task(tx, "task", *no, team_of(task), &todo_word(task), *due_at)
                    .await
            }
            Happened::TaskEnded { no, .. } => self.end_task(tx, "task", *no).await,
            Happened::CreditGranted {
                decision,
                amount,
                exchange,
            } => {
                let by = self.granted_by(*decision);
                self.add_to_day(tx, by, *amount).await?;
                self.credit(tx, *amount, *exchange).await
            }
            Happened::CreditExchanged {
                credit,
                order,
                service,
            } => self.credit_ends(tx, *credit, Some((order, service))).await,
            Happened::CreditWithdrawn { credit } => self.credit_ends(tx, *credit, None).await,
            Happened::CommandGiven { no, key, .. } => {
                let values = vec![
                    Value::from(key.as_str()),
                    Value::from(self.case.id.0),
                    Value::from(*no),
                ];
                tx.queue(&INSERT_COMMAND, values)
            }
            Happened::CommandDone { no, .. } => self.command_done(tx, *no).await,
            what => self.refund(tx, what).await,
        }
    }

    /// A payment by a name that no other order's has.
    fn named(&self, payment: &str) -> String {
        format!("{}/{payment}", self.case.order)
    }

    fn position(&self) -> Result<Value, Trouble> {
        Ok(Value::from(whole(self.case.version.saturating_add(1))?))
    }

    fn at(&self) -> Result<Value, Trouble> {
        nanoseconds(self.event.at).map(Value::from)
    }

    async fn contact(&self, tx: &mut Tx<'_>, order: &str, channel: &str) -> Result<(), Trouble> {
        let values = vec![Value::from(order), self.at()?, Value::from(channel)];
        tx.queue(&INSERT_CONTACT, values)
    }

    async fn open_task(
        &self,
        tx: &mut Tx<'_>,
        kind: &str,
        no: u32,
        team: &str,
        what: &str,
        due_at: Instant,
    ) -> Result<(), Trouble> {
        let values = vec![
            Value::from(self.case.id.0),
            Value::from(kind),
            Value::from(no),
            Value::from(team),
            Value::from(what),
            self.at()?,
            Value::from(nanoseconds(due_at)?),
        ];
        tx.queue(&INSERT_TASK, values)
    }

    async fn end_task(&self, tx: &mut Tx<'_>, kind: &str, no: u32) -> Result<(), Trouble> {
        let values = vec![
            Value::from(self.case.id.0),
            Value::from(kind),
            Value::from(no),
            self.at()?,
        ];
        tx.queue(&END_TASK, values)
    }

    async fn credit(&self, tx: &mut Tx<'_>, amount: Amount, exchange: bool) -> Result<(), Trouble> {
        let values = vec![
            Value::from(self.case.id.0),
            self.position()?,
            Value::from(self.case.order.as_str()),
            Value::from(self.case.customer.map(|id| id.0)),
            Value::from(minor(amount)?),
            Value::from(amount.currency().code()),
            Value::from(exchange),
            self.at()?,
        ];
        tx.queue(&INSERT_CREDIT, values)?;
        let holder = self.holder(self.case.customer);
        self.book(tx, Booking::CreditGranted { holder, amount })
            .await
    }

    fn holder(&self, customer: Option<Id>) -> String {
        match customer {
            Some(customer) => super::seal::hex(&customer.0),
            // Nobody knew whose it is: whoever placed the order.
            None => format!("order {}", self.case.order),
        }
    }

    /// A credit was spent on another order, or taken back.
    async fn credit_ends(
        &self,
        tx: &mut Tx<'_>,
        no: u32,
        spent_on: Option<(&str, &str)>,
    ) -> Result<(), Trouble> {
        let credit = self.case.credits.iter().find(|credit| credit.no == no);
        let Some(credit) = credit else {
            return Err(Trouble::misused(
                "an event about a credit that is not there",
            ));
        };
        let place = [
            Value::from(self.case.id.0),
            Value::from(no.saturating_sub(1)),
        ];
        let row = tx.one(&CREDIT_OF, &place).await?;
        let customer = row.map(|row| row.opt_id(0)).transpose()?.flatten();
        let (holder, amount) = (self.holder(customer.map(Id)), credit.amount);
        let (word, booking) = match spent_on {
            Some(_) => ("exchanged", Booking::CreditUsed { holder, amount }),
            None => ("withdrawn", Booking::CreditWithdrawn { holder, amount }),
        };
        let [case, place] = place;
        let (order, service) = spent_on.unzip();
        let values = [
            case,
            place,
            Value::from(word),
            Value::from(order),
            Value::from(service),
        ];
        tx.run(&END_CREDIT, &values).await?;
        if spent_on.is_none() {
            self.take_from_day(tx, credit.decision, credit.at, amount)
                .await?;
        }
        self.book(tx, booking).await
    }

    /// A subscription that was cancelled is cancelled in the books too, so that no later decision asks for it again.
    async fn command_done(&self, tx: &mut Tx<'_>, no: u32) -> Result<(), Trouble> {
        let command = self.case.commands.iter().find(|command| command.no == no);
        let cancels = command.is_some_and(|command| {
            command.deed == makegood_desk::execution::Deed::CancelSubscription
        });
        if cancels {
            let values = vec![Value::from(self.case.order.as_str())];
            tx.queue(&END_SUBSCRIPTION, values)?;
        }
        Ok(())
    }

    async fn refund(&self, tx: &mut Tx<'_>, what: &Happened) -> Result<(), Trouble> {
        let (no, state, provider_refund) = match what {
            Happened::RefundReserved { .. } => return self.reserve(tx, what).await,
            Happened::RefundCancelled { no, .. } => (*no, "cancelled", None),
            Happened::RefundSending { no, .. } => (*no, "sending", None),
            Happened::RefundUnknown { no, .. } | Happened::RefundAbsent { no } => {
                (*no, "unknown", None)
            }
            Happened::RefundPending {
                no,
                provider_refund,
                ..
            } => (*no, "pending", Some(provider_refund)),
            Happened::RefundSucceeded {
                no,
                provider_refund,
            } => (*no, "succeeded", Some(provider_refund)),
            Happened::RefundFailed { no, .. } => (*no, "failed", None),
            _ => return Ok(()),
        };
        let refund = self.case.refunds.iter().find(|refund| refund.no == no);
        let Some(refund) = refund else {
            return Err(Trouble::misused(
                "an event about a refund that is not there",
            ));
        };
        let values = vec![
            Value::from(self.case.id.0),
            Value::from(no),
            Value::from(state),
            Value::from(provider_refund.cloned()),
            self.at()?,
        ];
        tx.queue(&UPDATE_REFUND, values)?;
        let (payment, provider) = (self.named(&refund.payment), refund.provider.clone());
        let amount = refund.amount;
        match what {
            Happened::RefundCancelled { .. } => {
                self.release(tx, refund).await?;
                self.book(tx, Booking::RefundCancelled { payment, amount })
                    .await
            }
            Happened::RefundSucceeded { .. } => {
                let settled = Booking::RefundSettled {
                    payment,
                    provider,
                    amount,
                };
                self.book(tx, settled).await
            }
            Happened::RefundFailed { .. } => {
                self.release(tx, refund).await?;
                let late = matches!(refund.state, RefundState::Succeeded { .. });
                let booking = if late {
                    Booking::RefundFailedLate { provider, amount }
                } else {
                    Booking::RefundFailed { payment, amount }
                };
                self.book(tx, booking).await
            }
            _ => Ok(()),
        }
    }

    // INVARIANT (never more refunded than captured): the database promises only what is left, whoever asks at the same time.
    async fn reserve(&self, tx: &mut Tx<'_>, what: &Happened) -> Result<(), Trouble> {
        let Happened::RefundReserved {
            no,
            decision,
            payment,
            provider,
            provider_payment,
            amount,
            units,
            key,
            ..
        } = what
        else {
            return Ok(());
        };
        let order = Value::from(self.case.order.as_str());
        let asked = [
            order.clone(),
            Value::from(payment.as_str()),
            Value::from(minor(*amount)?),
        ];
        if tx.run(&RESERVE, &asked).await? != 1 {
            let left = Amount::new(0, amount.currency());
            return Err(Trouble::refused(Refusal::MoreThanLeft { left }));
        }
        let granted_by = self.granted_by(*decision);
        let values = vec![
            Value::from(key.as_str()),
            Value::from(self.case.id.0),
            Value::from(*no),
            Value::from(*decision),
            order,
            Value::from(payment.as_str()),
            Value::from(provider.as_str()),
            Value::from(provider_payment.as_str()),
            Value::from(minor(*amount)?),
            Value::from(amount.currency().code()),
            Value::from(whole(*units)?),
            person(granted_by),
            self.at()?,
        ];
        tx.queue(&INSERT_REFUND, values)?;
        self.add_to_day(tx, granted_by, *amount).await?;
        let booking = Booking::RefundReserved {
            payment: self.named(payment),
            amount: *amount,
        };
        self.book(tx, booking).await
    }

    /// Whose word the money leaves by: for the brakes.
    fn granted_by(&self, decision: u32) -> Actor {
        let held = self
            .case
            .decisions
            .iter()
            .find(|held| held.proposal.no == decision);
        match held.map(|held| held.state) {
            Some(makegood_desk::life::DecisionState::Standing { by, .. }) => by,
            _ => self.event.by,
        }
    }

    async fn add_to_day(&self, tx: &mut Tx<'_>, by: Actor, amount: Amount) -> Result<(), Trouble> {
        let code = <[u8; 3]>::try_from(amount.currency().code().as_bytes()).unwrap_or(*b"XXX");
        let (all, own) = (
            self.limits.day_minor_max.get(&code),
            self.limits.person_day_minor_max.get(&code),
        );
        let mut totals = vec![(Vec::new(), all)];
        if let Some(Id(person)) = by.person() {
            totals.push((person.to_vec(), own));
        }
        for (person, most) in totals {
            let alone = person.is_empty();
            let bound = most.map_or(Ok(i64::MAX), |most| whole(*most))?;
            let values = [
                Value::from(day(self.event.at)),
                Value::from(amount.currency().code()),
                Value::from(person),
                Value::from(minor(amount)?),
                Value::from(bound),
            ];
            if tx.run(&ADD_TO_DAY, &values).await? != 1 {
                let most = Amount::new(most.copied().unwrap_or(u64::MAX), amount.currency());
                return Err(Trouble::refused(if alone {
                    Refusal::DayTotalReached { most }
                } else {
                    Refusal::PersonTotalReached { most }
                }));
            }
        }
        Ok(())
    }

    async fn release(&self, tx: &mut Tx<'_>, refund: &Refund) -> Result<(), Trouble> {
        let values = [
            Value::from(self.case.order.as_str()),
            Value::from(refund.payment.as_str()),
            Value::from(minor(refund.amount)?),
        ];
        if tx.run(&RELEASE, &values).await? != 1 {
            return Err(Trouble::misused("money is freed that was not promised"));
        }
        // What was never sent does not count against the day.
        if refund.state == RefundState::Reserved {
            self.take_from_day(tx, refund.decision, refund.reserved_at, refund.amount)
                .await?;
        }
        Ok(())
    }

    async fn take_from_day(
        &self,
        tx: &mut Tx<'_>,
        decision: u32,
        at: Instant,
        amount: Amount,
    ) -> Result<(), Trouble> {
        let by = self.granted_by(decision);
        let persons = [Some(Vec::new()), by.person().map(|id| id.0.to_vec())];
        for person in persons.into_iter().flatten() {
            let values = vec![
                Value::from(day(at)),
                Value::from(amount.currency().code()),
                Value::from(person),
                Value::from(minor(amount)?),
            ];
            tx.queue(&TAKE_FROM_DAY, values)?;
        }
        Ok(())
    }

    async fn book(&self, tx: &mut Tx<'_>, booking: Booking) -> Result<(), Trouble> {
        let source = Source {
            name: "case",
            case: Some(self.case.id),
            position: whole(self.case.version.saturating_add(1))?,
        };
        book(tx, source, &booking, self.event.at).await
    }
}

/// Where a booking comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'s> {
    /// `case`, or the provider that reported something.
    pub name: &'s str,
    /// The case.
    pub case: Option<Id>,
    /// The event's position in the case.
    pub position: i64,
}

/// Writes a booking down by double entry.
///
/// # Errors
/// The store's trouble, or a booking that does not balance.
pub async fn book(
    tx: &mut Tx<'_>,
    source: Source<'_>,
    booking: &Booking,
    at: Instant,
) -> Result<(), Trouble> {
    let transaction = booking
        .transaction()
        .map_err(|why| Trouble::misused(format!("a booking does not balance: {why:?}")))?;
    let mut rows = Vec::new();
    for (leg, entry) in transaction.legs().iter().enumerate() {
        let minor = minor(entry.amount)?;
        let signed = match entry.side {
            Side::Debit => minor,
            Side::Credit => minor.saturating_neg(),
        };
        rows.push(vec![
            Value::from(source.name),
            Value::from(source.case.map(|id| id.0)),
            Value::from(source.position),
            Value::from(0_i64),
            Value::from(i64::try_from(leg).unwrap_or(i64::MAX)),
            Value::from(booking.code()),
            Value::from(entry.account.code()),
            Value::from(entry.account.of().unwrap_or_default()),
            Value::from(signed),
            Value::from(entry.amount.currency().code()),
            Value::from(nanoseconds(at)?),
        ]);
    }
    for row in rows {
        tx.queue(&INSERT_LEG, row)?;
    }
    Ok(())
}

/// How far a refund is, by its word.
#[must_use]
pub const fn refund_word(refund: &Refund) -> &'static str {
    match refund.state {
        RefundState::Reserved => "reserved",
        RefundState::Sending => "sending",
        RefundState::Unknown => "unknown",
        RefundState::Pending { .. } => "pending",
        RefundState::Succeeded { .. } => "succeeded",
        RefundState::Failed { .. } => "failed",
        RefundState::Cancelled { .. } => "cancelled",
    }
}

/// The team that is asked for facts.
#[must_use]
pub const fn team_asked(whom: Asked) -> &'static str {
    match whom {
        Asked::Customer => "customer",
        Asked::Support => "support",
        Asked::TechnicalTeam => "technical_team",
    }
}

/// The team that does a task.
#[must_use]
pub const fn team_of(task: &Todo) -> &'static str {
    match task {
        Todo::Command(_) => "technical_team",
        Todo::RefundStuck(_) | Todo::RefundFailed(_) => "finance",
        Todo::Accept
        | Todo::Approve
        | Todo::Verify(_)
        | Todo::Review
        | Todo::Dispute(_)
        | Todo::Exchange
        | Todo::CommandRefused(_)
        | Todo::Message => "support",
    }
}

/// A task by its word, with the number or name that it is about.
#[must_use]
pub fn todo_word(task: &Todo) -> String {
    match task {
        Todo::Accept => "accept".to_owned(),
        Todo::Approve => "approve".to_owned(),
        Todo::Verify(check) => format!("verify {}", check_word(*check)),
        Todo::Review => "review".to_owned(),
        Todo::Command(no) => format!("command {no}"),
        Todo::RefundStuck(no) => format!("refund_stuck {no}"),
        Todo::RefundFailed(no) => format!("refund_failed {no}"),
        Todo::Dispute(id) => format!("dispute {id}"),
        Todo::Exchange => "exchange".to_owned(),
        Todo::CommandRefused(no) => format!("command_refused {no}"),
        Todo::Message => "message".to_owned(),
    }
}

/// A check by its word.
#[must_use]
pub const fn check_word(check: makegood_desk::life::Check) -> &'static str {
    match check {
        makegood_desk::life::Check::DeliveryLog => "delivery_log",
        makegood_desk::life::Check::AccountActivity => "account_activity",
        makegood_desk::life::Check::InternalRecords => "internal_records",
    }
}

/// Outcomes by their words.
#[must_use]
pub fn outcome_of(word: &str) -> Option<Outcome> {
    [
        Outcome::Refund,
        Outcome::PartialRefund,
        Outcome::SupportResolution,
        Outcome::Declined,
        Outcome::NeedsInformation,
        Outcome::Review,
        Outcome::Contest,
        Outcome::Concede,
    ]
    .into_iter()
    .find(|outcome| outcome_word(*outcome) == word)
}

/// Claims by their words.
#[must_use]
pub fn claim_of(word: &str) -> Option<ClaimKind> {
    ClaimKind::read(word)
}
