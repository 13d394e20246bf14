// SPDX-License-Identifier: MIT OR Apache-2.0
//! `/_sandbox/…`: what Stripe does not have. Sets the clock, plans trouble, plays the bank and the dashboard, shows all.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::billing::Subscription;
use super::call::{Answer, Call, Method};
use super::faults::{Chaos, Plan};
use super::money::{WhenShort, currency};
use super::payments::{Metadata, Sale};
use super::problem::Problem;
use super::refunds::{Ask, Life, Status};
use super::table::Row as _;
use super::world::World;

const WORDS: &str = include_str!("control.txt");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Clock {
    /// Stops it at a moment.
    Now(i64),
    /// Moves it on.
    Advance(i64),
    /// Lets it run.
    Run(bool),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payment {
    charge: Option<String>,
    payment_intent: Option<String>,
    created: Option<i64>,
    amount: i64,
    currency: String,
    customer: Option<String>,
    description: Option<String>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    card: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DashboardRefund {
    charge: String,
    amount: Option<i64>,
    reason: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundMove {
    status: Status,
    failure_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewDispute {
    charge: String,
    amount: Option<i64>,
    #[serde(default = "general")]
    reason: String,
    #[serde(default)]
    inquiry: bool,
}

fn general() -> String {
    "general".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DisputeMove {
    status: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Renewal {
    #[serde(default)]
    parts: Vec<i64>,
    means: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Balance {
    currency: String,
    available: i64,
    when_short: Option<WhenShort>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Events {
    keep: usize,
}

/// Answers a call of the control interface.
pub fn answer(world: &mut World, call: &Call) -> Answer {
    let segments: Vec<&str> = call.path.trim_matches('/').split('/').skip(1).collect();
    match done(world, call, &segments) {
        Ok(value) => Answer::json(200, &value),
        Err(words) => Answer::json(400, &json!({ "error": words })),
    }
}

fn done(world: &mut World, call: &Call, segments: &[&str]) -> Result<Value, String> {
    match (call.method, segments) {
        (Method::Get, []) => Ok(json!({ "commands": WORDS.lines().collect::<Vec<_>>() })),
        (Method::Get, ["clock"]) => Ok(json!({ "now": world.now() })),
        (Method::Post, ["clock"]) => clock(world, &read(call)?),
        (Method::Get, ["faults"]) => {
            Ok(json!({ "planned": world.faults.planned(), "met": world.faults.met() }))
        }
        (Method::Post, ["faults"]) => {
            let plan: Plan = read(call)?;
            world.faults.plan(plan);
            Ok(json!({ "planned": world.faults.planned().len() }))
        }
        (Method::Delete, ["faults"]) => {
            world.faults.clear();
            Ok(json!({ "planned": 0 }))
        }
        (Method::Post, ["chaos"]) => {
            let chaos: Chaos = read(call)?;
            world.faults.chaos(&chaos)?;
            Ok(json!({ "rates": chaos.rates }))
        }
        (Method::Post, ["events"]) => {
            let events: Events = read(call)?;
            world.events_kept = events.keep;
            Ok(json!({ "keep": events.keep }))
        }
        (Method::Get, ["dump"]) => Ok(dump(world)),
        (Method::Post, _) => played(world, call, segments),
        _ => Err(unknown()),
    }
}

/// What the bank, the customer and the merchant's own people do.
fn played(world: &mut World, call: &Call, segments: &[&str]) -> Result<Value, String> {
    let value = match segments {
        ["payments"] => payment(world, read(call)?),
        ["refund_lives"] => {
            let life: Life = read(call)?;
            world.lives.push_back(life);
            Ok(json!({ "waiting": world.lives.len() }))
        }
        ["refunds"] => dashboard_refund(world, read(call)?),
        ["refunds", id] => {
            let next: RefundMove = read(call)?;
            world
                .move_refund(id, next.status, next.failure_reason.as_deref())
                .and_then(|()| Ok(world.refunds.named(id)?.value()))
        }
        ["disputes"] => {
            let new: NewDispute = read(call)?;
            let id = world.open_dispute(&new.charge, new.amount, &new.reason, new.inquiry);
            id.and_then(|id| Ok(world.disputes.named(&id)?.value(world.now)))
        }
        ["disputes", id] => {
            let next: DisputeMove = read(call)?;
            world
                .settle_dispute(id, &next.status)
                .and_then(|()| Ok(world.disputes.named(id)?.value(world.now)))
        }
        ["subscriptions", id, "renew"] => {
            let renewal: Renewal = read(call)?;
            let invoice = world.renew(id, &renewal.parts, renewal.means.as_deref());
            invoice.and_then(|id| Ok(world.invoices.named(&id)?.value()))
        }
        ["balance"] => balance(world, &read(call)?),
        _ => return Err(unknown()),
    };
    value.map_err(|problem: Problem| problem.message)
}

fn unknown() -> String {
    "no such command; GET /_sandbox lists them".to_owned()
}

fn read<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    if !call.content_type.starts_with("application/json") {
        return Err("commands are JSON: send them with Content-Type: application/json".to_owned());
    }
    serde_json::from_slice(&call.body)
        .map_err(|cause| format!("{}: {cause}; GET /_sandbox lists the commands", call.path))
}

fn clock(world: &mut World, clock: &Clock) -> Result<Value, String> {
    match clock {
        Clock::Now(moment) => world.stop_at(*moment)?,
        Clock::Advance(seconds) => world.advance(*seconds),
        Clock::Run(true) => world.run_on(),
        Clock::Run(false) => world.stop_at(world.now())?,
    }
    Ok(json!({ "now": world.now() }))
}

fn payment(world: &mut World, payment: Payment) -> Result<Value, Problem> {
    let taken = [&payment.charge, &payment.payment_intent]
        .into_iter()
        .flatten();
    for id in taken {
        if world.charges.get(id).is_some() || world.intents.get(id).is_some() {
            return Err(Problem::unclear("", "", format!("{id} exists already")));
        }
    }
    if payment.amount < 1 {
        return Err(Problem::unclear(
            "",
            "",
            "a payment is at least 1".to_owned(),
        ));
    }
    let id = world.paid_intent(Sale {
        charge: payment.charge,
        intent: payment.payment_intent,
        created: payment.created,
        amount: payment.amount,
        currency: currency(&payment.currency)?,
        customer: payment.customer,
        description: payment.description,
        metadata: payment.metadata,
        method: payment.card,
        ..Sale::default()
    })?;
    let intent = world.intents.named(&id)?.value(world);
    let charge = intent["latest_charge"].as_str().unwrap_or_default();
    Ok(world.charges.named(charge)?.value())
}

fn dashboard_refund(world: &mut World, refund: DashboardRefund) -> Result<Value, Problem> {
    let ask = Ask {
        charge: refund.charge,
        amount: refund.amount,
        reason: refund.reason,
        metadata: refund.metadata,
    };
    let id = world.refund(&ask, None)?;
    Ok(world.refunds.named(&id)?.value())
}

fn balance(world: &mut World, balance: &Balance) -> Result<Value, Problem> {
    let code = currency(&balance.currency)?;
    world.balance.insert(code, balance.available);
    world.balance_rule = balance.when_short;
    world.balance_changed();
    Ok(json!({ "balance": world.balance }))
}

/// Everything that an auditor wants to count.
fn dump(world: &World) -> Value {
    let mut totals: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let charges: Vec<Value> = world
        .charges
        .iter()
        .map(|charge| {
            let total = totals.entry(&charge.currency).or_default();
            total.0 += charge.captured;
            total.1 += charge.refunded;
            charge_in_dump(world, charge)
        })
        .collect();
    let totals: BTreeMap<&str, Value> = totals
        .into_iter()
        .map(|(code, (captured, refunded))| {
            (code, json!({ "captured": captured, "refunded": refunded }))
        })
        .collect();
    let subscriptions: Vec<Value> = world.subscriptions.iter().map(Subscription::dump).collect();
    json!({
        "now": world.now(),
        "charges": charges,
        "subscriptions": subscriptions,
        "totals": totals,
        "balance": world.balance,
        "faults_met": world.faults.met(),
        "webhooks_waiting": world.deliveries.len(),
    })
}

fn charge_in_dump(world: &World, charge: &super::payments::Charge) -> Value {
    let refunds: Vec<Value> = charge
        .refunds
        .iter()
        .filter_map(|place| world.refunds.at(*place))
        .map(|refund| {
            json!({
                "id": refund.id(),
                "amount": refund.amount,
                "status": refund.status.word(),
                "idempotency_key": refund.key,
                "created": refund.created(),
            })
        })
        .collect();
    let disputes: Vec<Value> = world
        .disputes
        .iter()
        .filter(|dispute| dispute.charge == charge.id)
        .map(|dispute| {
            json!({
                "id": dispute.id(),
                "amount": dispute.amount,
                "status": dispute.status,
                "withdrawn": dispute.withdrawn,
            })
        })
        .collect();
    json!({
        "id": charge.id,
        "payment_intent": charge.intent,
        "currency": charge.currency,
        "captured": charge.captured,
        "refunded": charge.refunded,
        "refunds": refunds,
        "disputes": disputes,
    })
}
