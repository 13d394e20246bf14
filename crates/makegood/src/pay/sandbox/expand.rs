// SPDX-License-Identifier: MIT OR Apache-2.0
//! `expand[]`: names of objects become the objects themselves.

use serde_json::{Value, json};

use super::problem::Problem;
use super::world::World;

const EXPANDABLE: [&str; 12] = [
    "balance_transaction",
    "charge",
    "customer",
    "data",
    "failure_balance_transaction",
    "invoice",
    "latest_charge",
    "latest_invoice",
    "payment",
    "payment_intent",
    "payments",
    "refunds",
];

/// Can all of these be expanded?
///
/// # Errors
/// When one cannot.
pub fn check(wanted: &[String]) -> Result<(), Problem> {
    for path in wanted {
        let steps: Vec<&str> = path.split('.').collect();
        if steps.len() > 5 || !steps.iter().all(|step| EXPANDABLE.contains(step)) {
            let message = format!("This property cannot be expanded ({path}).");
            return Err(Problem::unclear("", "expand", message));
        }
    }
    Ok(())
}

/// The value with what is wanted in it.
#[must_use]
pub fn expand(world: &World, mut value: Value, wanted: &[String]) -> Value {
    for path in wanted {
        let steps: Vec<&str> = path.split('.').collect();
        open(world, &mut value, &steps);
    }
    value
}

fn open(world: &World, value: &mut Value, steps: &[&str]) {
    let Some((step, rest)) = steps.split_first() else {
        return;
    };
    if let Value::Array(items) = value {
        for item in items {
            open(world, item, steps);
        }
        return;
    }
    if value["object"].is_null() && value["type"].is_null() {
        return;
    }
    if let Some(list) = list_of(world, value, step) {
        value[*step] = list;
    }
    let Some(inner) = value.get_mut(*step) else {
        return;
    };
    if let Some(object) = inner.as_str().and_then(|id| named(world, id)) {
        *inner = object;
    }
    open(world, inner, rest);
}

/// Lists that stand in an object only where they are asked for.
fn list_of(world: &World, value: &Value, step: &str) -> Option<Value> {
    let id = value["id"].as_str()?;
    match (value["object"].as_str()?, step) {
        ("charge", "refunds") => {
            let charge = world.charges.get(id)?;
            let newest = charge.refunds.iter().rev();
            let all: Vec<Value> = newest
                .filter_map(|place| Some(world.refunds.at(*place)?.value()))
                .collect();
            let has_more = all.len() > 10;
            let first: Vec<Value> = all.into_iter().take(10).collect();
            Some(json!({
                "object": "list",
                "url": format!("/v1/charges/{id}/refunds"),
                "data": first,
                "has_more": has_more,
            }))
        }
        ("invoice", "payments") => world.payments_of_invoice(id),
        _ => None,
    }
}

/// The object of this name, whatever kind it is.
fn named(world: &World, id: &str) -> Option<Value> {
    match id.split('_').next()? {
        "ch" => Some(world.charges.get(id)?.value()),
        "pi" => Some(world.intents.get(id)?.value(world)),
        "cus" => Some(world.customers.get(id)?.value()),
        "in" => Some(world.invoices.get(id)?.value()),
        "txn" => Some(world.transactions.get(id)?.value()),
        "re" => Some(world.refunds.get(id)?.value()),
        _ => None,
    }
}
