// SPDX-License-Identifier: MIT OR Apache-2.0
//! A shop to look at: two hundred orders, and cases in every stage, made by handing the desk what a shop and its people would.
//!
//! A seed gives one shop. Nothing here writes into a case: whatever stands there was decided by the desk, at plausible times before now.

mod dice;
mod orders;
mod stories;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::input::{Actor, Digest, Door, Id, Input, Override, Request};
use makegood_desk::life::{Case, Stage};
use makegood_desk::remedy::Outcome;
use ring::digest;
use serde_json::{Value as Json, json};

use crate::books::act::NotDone;
use crate::books::intake::{BATCH_MOST, Intake, Outcome as Taken, line};
use crate::books::people::{self, Role};
use crate::books::seal::hex;
use crate::books::{currency, private};
use crate::clock::Clock;
use crate::pay::sandbox::Sandbox;
use crate::pay::sandbox::call::{Call, Method};
use crate::pay::{Look, Provider};
use crate::post::{MESSAGE, person_of};
use crate::run::Shop;
use crate::setup::Ready;
use crate::store::{Trouble, Value};
use crate::world::looked_up;

use dice::Dice;
use orders::{CURRENCY, Curve, DAY, HOUR, Order, SERVICES};
use stories::{Step, Story};

crate::statements! {
    /// Whose an order is.
    CUSTOMER_OF = "select customer_id from shop_order where number = ?1";
}

/// The provider of the shop, by its name in the settings.
pub const PROVIDER: &str = "card";
/// How many orders the shop has.
pub const ORDERS: usize = 200;
/// How many customers.
const CUSTOMERS: i64 = 120;
/// So many stories are told at once.
const AT_ONCE: usize = 16;

/// The settings with which the demonstration is told, for `--set`.
#[must_use]
pub fn settings() -> Vec<String> {
    [
        "desk.language=en",
        "desk.second_person.amount_minor_max={ EUR = 15000 }",
    ]
    .map(str::to_owned)
    .into()
}

/// Why the demonstration cannot be told.
#[derive(Debug)]
pub struct NotSeeded(String);

impl fmt::Display for NotSeeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotSeeded {}

fn wrong(why: impl fmt::Display) -> NotSeeded {
    NotSeeded(why.to_string())
}

impl From<Trouble> for NotSeeded {
    fn from(trouble: Trouble) -> Self {
        wrong(trouble)
    }
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Seeded {
    /// How many orders.
    pub orders: usize,
    /// The merchant's people: name, role, id.
    pub people: Vec<(&'static str, Role, Id)>,
    /// The cases.
    pub cases: Vec<SeededCase>,
}

/// A case of the demonstration.
#[derive(Clone, Debug)]
pub struct SeededCase {
    /// Its name for machines.
    pub id: Id,
    /// The number that people call it by.
    pub number: u64,
    /// The order.
    pub order: String,
    /// What it shows, in one sentence.
    pub story: &'static str,
    /// Where it was to stand.
    pub expected: Stage,
    /// Where it stands.
    pub stage: Stage,
}

impl Seeded {
    /// Somebody of a role, for a sign-in link.
    #[must_use]
    pub fn person(&self, role: Role) -> Option<Id> {
        self.people
            .iter()
            .find(|(_, own, _)| *own == role)
            .map(|(.., id)| *id)
    }
}

/// Fills an empty desk whose provider [`PROVIDER`] is this sandbox.
///
/// # Errors
/// The desk is not empty, the sandbox does not play along, or the store could not.
pub async fn seed(ready: &Ready, sandbox: &Arc<Sandbox>, seed: u64) -> Result<Seeded, NotSeeded> {
    let teller = Teller {
        ready,
        sandbox,
        now: ready.shop.clock.timestamp().as_second(),
    };
    let mut dice = Dice::new(seed);
    let people = teller.people(&mut dice).await?;
    let mut plans = teller.plans(&mut dice)?;
    let orders = teller.orders(&mut dice, &plans)?;
    teller.tell(&mut dice, &orders).await?;
    teller.open(&mut plans).await?;
    let crew = Crew::of(&people);
    let (careful, others): (Vec<_>, Vec<_>) = plans.into_iter().partition(|plan| {
        plan.story
            .steps
            .iter()
            .any(|(_, step)| matches!(step, Step::Slow))
    });
    let mut cases = Vec::new();
    // The sandbox gives a slow life to the next refund, whosever that is: those stories are told one by one.
    for plan in &careful {
        cases.push(teller.play(plan, &crew).await?);
    }
    let mut told =
        stream::iter(others.iter().map(|plan| teller.play(plan, &crew))).buffer_unordered(AT_ONCE);
    while let Some(case) = told.next().await {
        cases.push(case?);
    }
    cases.sort_by_key(|case| case.number);
    Ok(Seeded {
        orders: orders.len(),
        people,
        cases,
    })
}

/// A story about one order.
#[derive(Clone, Debug)]
struct Plan {
    story: Story,
    order: Order,
    id: Id,
    opened_at: i64,
    customer: Option<Id>,
}

/// Who works at the desk.
#[derive(Clone, Copy, Debug)]
struct Crew {
    agent: Actor,
    second: Actor,
    technical: Actor,
}

impl Crew {
    fn of(people: &[(&'static str, Role, Id)]) -> Self {
        let mut agents = people.iter().filter(|(_, role, _)| *role == Role::Agent);
        let mut agent = || {
            agents
                .next()
                .map_or(Actor::System, |(.., id)| Actor::Agent(*id))
        };
        let technical = people.iter().find(|(_, role, _)| *role == Role::Technical);
        Self {
            agent: agent(),
            second: agent(),
            technical: technical.map_or(Actor::System, |(.., id)| Actor::Technical(*id)),
        }
    }
}

/// Who tells the stories.
struct Teller<'t> {
    ready: &'t Ready,
    sandbox: &'t Arc<Sandbox>,
    now: i64,
}

/// A moment in seconds, as the desk tells moments.
fn instant(seconds: i64) -> Instant {
    Instant::from_unix_nanoseconds(i128::from(seconds).saturating_mul(1_000_000_000))
}

impl Teller<'_> {
    async fn people(&self, dice: &mut Dice) -> Result<Vec<(&'static str, Role, Id)>, NotSeeded> {
        let since = self.now.saturating_sub(400 * DAY);
        let people: Vec<(&'static str, Role, Id)> = [
            ("Signe", Role::Owner),
            ("Ada", Role::Agent),
            ("Bo", Role::Agent),
            ("Tor", Role::Technical),
            ("Frida", Role::Finance),
        ]
        .into_iter()
        .map(|(name, role)| (name, role, Id(dice.id(since))))
        .collect();
        let new = people.clone();
        let empty = self.ready.shop.desk.store.write(move |tx| {
            let new = new.clone();
            Box::pin(async move {
                for (name, role, id) in new {
                    if !people::add(tx, id, name, role, instant(since)).await? {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
        });
        if empty.await? {
            Ok(people)
        } else {
            Err(wrong(
                "the desk is in use; give the demonstration a data folder of its own",
            ))
        }
    }

    /// The stories with their orders, oldest first.
    fn plans(&self, dice: &mut Dice) -> Result<Vec<Plan>, NotSeeded> {
        let mut plans = Vec::new();
        for story in stories::all() {
            for _ in 0..story.times {
                let long: i64 = story
                    .steps
                    .iter()
                    .map(|(minutes, _)| minutes.saturating_mul(60))
                    .sum();
                let rests = story.rests_hours.saturating_mul(HOUR);
                // Some hours more, so that cases of one story do not stand in one minute.
                let more = dice.between(0, rests.saturating_add(1));
                let opened_at = self
                    .now
                    .saturating_sub(long)
                    .saturating_sub(rests)
                    .saturating_sub(more);
                plans.push((opened_at, story.clone()));
            }
        }
        plans.sort_by_key(|(opened_at, _)| *opened_at);
        plans
            .into_iter()
            .enumerate()
            .map(|(place, (opened_at, story))| {
                let order = self.order_of(&story, place, opened_at)?;
                let id = Id(dice.id(opened_at));
                Ok(Plan {
                    story,
                    order,
                    id,
                    opened_at,
                    customer: None,
                })
            })
            .collect()
    }

    fn order_of(&self, story: &Story, place: usize, opened_at: i64) -> Result<Order, NotSeeded> {
        let mut order = Order {
            number: number(place),
            service: story.service,
            quantity: story.quantity,
            curve: story.curve,
            placed_at: opened_at,
            until: opened_at,
            customer: i64::try_from(place).unwrap_or(0),
            charges: Vec::new(),
            subscription: None,
        };
        order.placed_at = opened_at
            .saturating_sub(order.told_after())
            .saturating_sub(story.late_hours.saturating_mul(HOUR));
        if !story.untold {
            order.charges.push(self.charge(&order, order.placed_at)?);
        }
        if story.renews {
            order
                .charges
                .push(self.charge(&order, opened_at.saturating_sub(20 * HOUR))?);
            order.subscription = Some(self.subscription(&order)?);
        }
        Ok(order)
    }

    /// All orders: those of the stories, and as many others as the shop has beside them.
    fn orders(&self, dice: &mut Dice, plans: &[Plan]) -> Result<Vec<Order>, NotSeeded> {
        let mut orders: Vec<Order> = plans
            .iter()
            .filter(|plan| !plan.story.untold)
            .map(|plan| plan.order.clone())
            .collect();
        let curves = [
            Curve::Full,
            Curve::Full,
            Curve::Full,
            Curve::Running(100),
            Curve::Running(60),
            Curve::Drop(6),
            Curve::Part(92),
            Curve::Gap,
            Curve::Nothing,
        ];
        let mut place = plans.len();
        while orders.len() < ORDERS {
            let service = usize::try_from(dice.between(0, 6)).unwrap_or(0);
            let quantities = SERVICES
                .get(service)
                .map_or(&[1][..], |service| service.quantities);
            let curve = dice.one_of(&curves).copied().unwrap_or(Curve::Full);
            let mut order = Order {
                number: number(place),
                service,
                quantity: dice.one_of(quantities).copied().unwrap_or(1),
                curve,
                placed_at: self.now,
                until: self.now,
                customer: dice.between(0, CUSTOMERS),
                charges: Vec::new(),
                subscription: None,
            };
            let earlier = match curve {
                Curve::Nothing | Curve::Running(_) => dice.between(HOUR, 5 * HOUR),
                _ => dice.between(DAY, 45 * DAY),
            };
            order.placed_at = self
                .now
                .saturating_sub(order.told_after())
                .saturating_sub(earlier);
            order.charges.push(self.charge(&order, order.placed_at)?);
            orders.push(order);
            place = place.saturating_add(1);
        }
        Ok(orders)
    }

    // ---- The provider -----------------------------------------------------------------------------------------------------

    fn bank(&self, target: &str, body: &Json) -> Result<Json, NotSeeded> {
        let mut call = Call::new(Method::Post, target);
        call.content_type = "application/json".to_owned();
        call.body = body.to_string().into_bytes();
        self.called(&call)
    }

    fn form(&self, target: &str, form: &str) -> Result<Json, NotSeeded> {
        let mut call = Call::new(Method::Post, target);
        call.content_type = "application/x-www-form-urlencoded".to_owned();
        call.body = form.as_bytes().to_vec();
        self.called(&call)
    }

    fn called(&self, call: &Call) -> Result<Json, NotSeeded> {
        let answer = self.sandbox.call(call).map_err(wrong)?;
        let said: Json = serde_json::from_slice(&answer.body).map_err(wrong)?;
        match answer.status {
            200 => Ok(said),
            _ => Err(wrong(format!("the sandbox refused {}: {said}", call.path))),
        }
    }

    fn charge(&self, order: &Order, at: i64) -> Result<String, NotSeeded> {
        let made = self.bank(
            "/_sandbox/payments",
            &json!({
                "amount": order.price_minor(),
                "currency": CURRENCY.to_ascii_lowercase(),
                "created": at,
                "description": order.number,
            }),
        )?;
        name_of(&made)
    }

    fn subscription(&self, order: &Order) -> Result<String, NotSeeded> {
        let customer = self.form("/v1/customers", &format!("description={}", order.number))?;
        let item = "items[0][price_data]";
        let form = format!(
            "customer={}&default_payment_method=pm_card_visa&{item}[currency]=eur&{item}[unit_amount]={}&{item}[recurring][interval]=month",
            name_of(&customer)?,
            order.price_minor(),
        );
        name_of(&self.form("/v1/subscriptions", &form)?)
    }

    // ---- The shop ---------------------------------------------------------------------------------------------------------

    async fn tell(&self, dice: &mut Dice, orders: &[Order]) -> Result<(), NotSeeded> {
        let intake = Intake {
            store: self.ready.shop.desk.store.clone(),
            vault: Arc::clone(&self.ready.vault),
            providers: Arc::new(BTreeSet::from([PROVIDER.to_owned()])),
        };
        let mut lines: Vec<Json> = orders.iter().flat_map(|order| order.lines(dice)).collect();
        // Orders before what is told of them, so that nothing waits for anything.
        lines.sort_by_key(|line| line["type"] != "order");
        for batch in lines.chunks(BATCH_MOST) {
            let read = |line: &Json| line::read(line.to_string().as_bytes());
            let outcomes = intake
                .take(batch.iter().map(read).collect(), instant(self.now))
                .await?;
            let other = outcomes
                .iter()
                .find(|outcome| !matches!(outcome, Taken::New | Taken::Same));
            if let Some(outcome) = other {
                let why = outcome.detail().unwrap_or_default();
                return Err(wrong(format!(
                    "an order of the demonstration was not taken in: {why}"
                )));
            }
        }
        Ok(())
    }

    /// Opens the cases in the order of their times, so that their numbers rise with them.
    async fn open(&self, plans: &mut [Plan]) -> Result<(), NotSeeded> {
        for plan in plans.iter_mut() {
            plan.customer = self.customer_of(&plan.order.number).await?;
            let person = plan.customer.unwrap_or(plan.id);
            let message = self
                .words(person, plan.story.message, plan.opened_at)
                .await?;
            let account = (plan.story.claim == makegood_desk::case::ClaimKind::AccountFaulty)
                .then(|| plan.order.account(1));
            let request = Request {
                order: plan.order.number.clone(),
                claim: plan.story.claim,
                wants: plan.story.wants,
                account,
                payment: None,
                door: plan.story.door,
                language: plan.story.language,
                customer: plan.customer,
                message: Some(message),
                attachments: Vec::new(),
            };
            let desk = &self.ready.shop.desk;
            let opened = desk.request(plan.id, Actor::Customer, instant(plan.opened_at), request);
            opened.await.map_err(|why| told_of(plan, &why))?;
        }
        Ok(())
    }

    async fn customer_of(&self, order: &str) -> Result<Option<Id>, Trouble> {
        let order = order.to_owned();
        self.ready
            .shop
            .desk
            .store
            .read(move |tx| {
                let order = Value::from(order.as_str());
                Box::pin(async move {
                    let row = tx.one(&CUSTOMER_OF, &[order]).await?;
                    row.map_or(Ok(None), |row| Ok(row.opt_id(0)?.map(Id)))
                })
            })
            .await
    }

    /// Keeps what somebody wrote, under their key.
    async fn words(&self, person: Id, text: &str, at: i64) -> Result<Digest, NotSeeded> {
        let sealed = self
            .ready
            .vault
            .seal(&hex(&person.0), MESSAGE, text.as_bytes())
            .await
            .map_err(wrong)?;
        let digest = Digest(sealed.hash);
        self.ready
            .shop
            .desk
            .store
            .write(move |tx| {
                let sealed = sealed.clone();
                Box::pin(
                    async move { private::keep(tx, person, MESSAGE, &sealed, instant(at)).await },
                )
            })
            .await?;
        Ok(digest)
    }

    // ---- The desk ---------------------------------------------------------------------------------------------------------

    async fn play(&self, plan: &Plan, crew: &Crew) -> Result<SeededCase, NotSeeded> {
        let mut at = plan.opened_at;
        let mut case = self.case(plan, at).await?;
        for (minutes, step) in &plan.story.steps {
            at = at.saturating_add(minutes.saturating_mul(60));
            case = self.step(plan, crew, case, at, step).await?;
        }
        Ok(SeededCase {
            id: plan.id,
            number: case.number,
            order: plan.order.number.clone(),
            story: plan.story.name,
            expected: plan.story.ends,
            stage: case.stage(),
        })
    }

    /// The case as it is; nothing in it changes by looking at once again.
    async fn case(&self, plan: &Plan, at: i64) -> Result<Arc<Case>, NotSeeded> {
        self.act(plan, Actor::System, at, Input::Look).await
    }

    async fn act(
        &self,
        plan: &Plan,
        by: Actor,
        at: i64,
        input: Input,
    ) -> Result<Arc<Case>, NotSeeded> {
        let acted = self
            .ready
            .shop
            .desk
            .act(plan.id, by, instant(at), input)
            .await;
        Ok(acted.map_err(|why| told_of(plan, &why))?.case)
    }

    async fn step(
        &self,
        plan: &Plan,
        crew: &Crew,
        case: Arc<Case>,
        at: i64,
        step: &Step,
    ) -> Result<Arc<Case>, NotSeeded> {
        let decision = case.decision().map_or(0, |held| held.proposal.no);
        let (by, input) = match step {
            Step::Turn => return self.turn(plan, at).await,
            Step::Slow => {
                self.bank("/_sandbox/refund_lives", &json!({"status": "pending"}))?;
                return Ok(case);
            }
            Step::Bounce => return self.bounce(plan, &case, at).await,
            Step::ChargeBack => return self.charge_back(plan, at).await,
            Step::Dashboard(minor) => {
                let refund = json!({"charge": self.charged(plan)?, "amount": minor});
                let made = self.bank("/_sandbox/refunds", &refund)?;
                return self.heard(plan, at, Look::Refund(name_of(&made)?)).await;
            }
            Step::Proof(kind) => {
                let about = kind.about(case.claim().and_then(|claim| claim.account.as_deref()));
                let attachment = file(&format!("{} {kind:?}", plan.order.number));
                (Actor::Customer, Input::Proof { about, attachment })
            }
            Step::Judge(accepted, shows) => {
                let waits = |proof: &&makegood_desk::life::Proof| {
                    proof.state == makegood_desk::life::ProofState::Waiting
                };
                let no = case.proofs().iter().find(waits).map_or(0, |proof| proof.no);
                let (accepted, shows, reason) = (*accepted, shows.clone(), String::new());
                (
                    crew.agent,
                    Input::JudgeProof {
                        no,
                        accepted,
                        shows,
                        reason,
                    },
                )
            }
            Step::Done(note) => {
                let task = case.open_tasks().next().map_or(0, |task| task.no);
                let note = (*note).to_owned();
                (crew.technical, Input::TaskDone { no: task, note })
            }
            Step::Appeal(text) => {
                let message = Some(self.words(person_of(&case), text, at).await?);
                let door = plan.story.door;
                (Actor::Customer, Input::Appeal { door, message })
            }
            Step::Write(text) => {
                let message = Some(self.words(person_of(&case), text, at).await?);
                let (door, attachments) = (Door::Email, Vec::new());
                (
                    Actor::Customer,
                    Input::Message {
                        door,
                        message,
                        attachments,
                    },
                )
            }
            Step::Answer(answer) => (crew.technical, Input::Answer(answer.clone())),
            Step::Accept => (
                crew.agent,
                Input::Accept {
                    decision,
                    remainder_minor: None,
                },
            ),
            Step::Approve => {
                let (approved, reason) = (true, String::new());
                (
                    crew.second,
                    Input::Approve {
                        decision,
                        approved,
                        reason,
                    },
                )
            }
            Step::Credit(minor) => (crew.agent, Input::Override(credit(*minor)?)),
            Step::Close(reason) => (
                crew.agent,
                Input::Close {
                    reason: (*reason).to_owned(),
                },
            ),
            Step::Break(why) => (
                Actor::System,
                Input::Park {
                    why: (*why).to_owned(),
                },
            ),
        };
        self.act(plan, by, at, input).await
    }

    /// The shop as it was at a moment.
    fn shop_at(&self, at: i64) -> Shop {
        let shop = &self.ready.shop;
        let clock = Clock::default();
        clock.advance(at.saturating_sub(clock.timestamp().as_second()));
        Shop {
            desk: shop.desk.clone(),
            providers: shop.providers.clone(),
            connector: shop.connector.clone(),
            post: shop.post.clone(),
            clock,
            worker: shop.worker,
            breaker: shop.breaker,
            in_hand: Default::default(),
        }
    }

    async fn turn(&self, plan: &Plan, at: i64) -> Result<Arc<Case>, NotSeeded> {
        self.shop_at(at).tend(plan.id, 1).await;
        self.case(plan, at.saturating_add(1)).await
    }

    fn charged<'p>(&self, plan: &'p Plan) -> Result<&'p str, NotSeeded> {
        let charge = plan.order.charges.first().map(String::as_str);
        charge.ok_or_else(|| wrong(format!("order {} was not paid", plan.order.number)))
    }

    async fn heard(&self, plan: &Plan, at: i64, look: Look) -> Result<Arc<Case>, NotSeeded> {
        let shop = self.shop_at(at);
        let provider: Option<&Arc<Provider>> = shop.providers.get(PROVIDER);
        let provider = provider.ok_or_else(|| wrong("the demonstration has no provider"))?;
        looked_up(&shop, PROVIDER, provider, &look)
            .await
            .map_err(wrong)?;
        self.case(plan, at).await
    }

    async fn bounce(&self, plan: &Plan, case: &Case, at: i64) -> Result<Arc<Case>, NotSeeded> {
        let refund = case
            .refunds
            .iter()
            .find_map(|refund| refund.provider_refund.clone());
        let refund = refund.ok_or_else(|| wrong("there is no refund that could fail"))?;
        let failed = json!({"status": "failed", "failure_reason": "expired_or_canceled_card"});
        self.bank(&format!("/_sandbox/refunds/{refund}"), &failed)?;
        self.heard(plan, at, Look::Refund(refund)).await
    }

    async fn charge_back(&self, plan: &Plan, at: i64) -> Result<Arc<Case>, NotSeeded> {
        let dispute = json!({"charge": self.charged(plan)?, "reason": "product_not_received"});
        let made = self.bank("/_sandbox/disputes", &dispute)?;
        self.heard(plan, at, Look::Dispute(name_of(&made)?)).await
    }
}

fn number(place: usize) -> String {
    format!("VL-{}", place.saturating_add(10_201))
}

fn name_of(made: &Json) -> Result<String, NotSeeded> {
    let id = made["id"].as_str().map(str::to_owned);
    id.ok_or_else(|| wrong(format!("the sandbox made something without a name: {made}")))
}

fn told_of(plan: &Plan, why: &NotDone) -> NotSeeded {
    let why = match why {
        NotDone::Refused(refusal) => format!("{refusal:?}"),
        NotDone::Trouble(trouble) => trouble.to_string(),
    };
    wrong(format!(
        "{} (order {}): {why}",
        plan.story.name, plan.order.number
    ))
}

/// The name of a file that is not there: the demonstration has no pictures.
fn file(name: &str) -> Digest {
    let digest = digest::digest(&digest::SHA256, name.as_bytes());
    Digest(digest.as_ref().try_into().unwrap_or_default())
}

fn credit(minor: u64) -> Result<Override, NotSeeded> {
    let currency = currency(CURRENCY)?;
    Ok(Override {
        outcome: Outcome::SupportResolution,
        refund: None,
        credit: Some(Amount::new(minor, currency)),
        redeliver_units: 0,
        cancel_subscription: false,
        clause: "5.2".to_owned(),
        reason: "a regular customer, and the first complaint".to_owned(),
    })
}

/// How many cases stand in each stage, for whoever prints a summary.
#[must_use]
pub fn by_stage(seeded: &Seeded) -> BTreeMap<&'static str, usize> {
    let mut stages: BTreeMap<&'static str, usize> = BTreeMap::new();
    for case in &seeded.cases {
        let count = stages.entry(case.stage.word()).or_default();
        *count = count.saturating_add(1);
    }
    stages
}
