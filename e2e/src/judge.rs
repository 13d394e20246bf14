// SPDX-License-Identifier: MIT OR Apache-2.0
//! What must hold once everything has come to rest: the desk's cases against what the provider says that it has paid.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::desk::Desk;
use crate::http::Client;
use crate::shop::{Clients, Visitor};

/// How long everything may take to come to rest: a case that a process died with is free again after twenty seconds.
const REST: Duration = Duration::from_secs(120);

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Cases.
    pub cases: usize,
    /// Refunds that the provider has.
    pub refunds: usize,
    /// Subscriptions that were cancelled with their renewals paid back.
    pub renewals: usize,
    /// Answers that were asked for again.
    pub answers: usize,
}

/// Waits until nothing is owed, and then says what does not hold.
///
/// # Errors
/// The desk or the provider does not answer, or something is still owed after two minutes.
pub fn at_rest(
    desk: &Desk,
    clients: &mut Clients,
    visitors: &mut [Visitor],
) -> Result<(Looked, Vec<String>), String> {
    let gone = |cause: std::io::Error| format!("the desk does not answer: {cause}");
    let mut wrong = Vec::new();
    let mut looked = Looked::default();
    for visitor in visitors.iter_mut() {
        visitor.all_again(clients).map_err(gone)?;
        looked.answers = looked.answers.saturating_add(visitor.acknowledged.len());
    }
    let begun = Instant::now();
    let cases = loop {
        let cases = every_case(&mut clients.agent)?;
        let owed: Vec<String> = cases.iter().filter_map(owes).collect();
        match owed.first() {
            None => break cases,
            Some(first) if begun.elapsed() > REST => {
                return Err(format!(
                    "{} cases still owe something, one of them {first}",
                    owed.len()
                ));
            }
            Some(_) => thread::sleep(Duration::from_millis(100)),
        }
    };
    looked.cases = cases.len();
    known(&cases, visitors, &mut wrong);
    let dump = desk.provider.ask("/_sandbox/dump")?;
    looked.refunds = money(&dump, &cases, &mut wrong);
    looked.renewals = renewals(&dump, &cases, &mut wrong);
    for visitor in visitors.iter_mut() {
        wrong.append(&mut visitor.wrong);
    }
    Ok((looked, wrong))
}

/// Every case, with everything that the desk says of it.
fn every_case(client: &mut Client) -> Result<Vec<Value>, String> {
    let mut cases = Vec::new();
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/v1/cases?limit=100{after}"));
        let page = page.map_err(|cause| format!("the list of cases: {cause}"))?;
        if page.status != 200 {
            return Err(format!("the list of cases: {page}"));
        }
        let list = page.json();
        let rows = list["data"].as_array().cloned().unwrap_or_default();
        for row in &rows {
            let id = row["id"].as_str().unwrap_or_default();
            let case = client.get(&format!("/v1/cases/{id}"));
            let case = case.map_err(|cause| format!("case {id}: {cause}"))?;
            if case.status != 200 {
                return Err(format!("case {id}: {case}"));
            }
            cases.push(case.json());
        }
        match rows.last().filter(|_| list["has_more"] == true) {
            None => return Ok(cases),
            Some(last) => {
                after = format!(
                    "&starting_after={}",
                    last["id"].as_str().unwrap_or_default()
                );
            }
        }
    }
}

fn list<'v>(case: &'v Value, field: &str) -> &'v [Value] {
    case[field].as_array().map_or(&[], Vec::as_slice)
}

/// What a case still owes, in words.
fn owes(case: &Value) -> Option<String> {
    let about = |what: &str, thing: &Value| Some(format!("{}: {what} {thing}", case["id"]));
    if !case["parked"].is_null() {
        return about("is parked:", &case["parked"]);
    }
    for refund in list(case, "refunds") {
        // What the provider is still at is asked about again within the hour.
        let ended = ["succeeded", "failed", "cancelled", "pending"]
            .iter()
            .any(|word| refund["status"] == *word);
        if !ended {
            return about("the refund", refund);
        }
    }
    for command in list(case, "commands") {
        let ended = ["done", "refused", "cancelled"]
            .iter()
            .any(|word| command["status"] == *word);
        if !ended && command["route"] != "team" {
            return about("the command", command);
        }
    }
    let letter = list(case, "letters").iter();
    let mut owed = letter.filter(|letter| letter["sent"] == false && letter["dropped"] == false);
    owed.next().and_then(|letter| about("the letter", letter))
}

/// Every case that somebody was told of is there, and no other; none has gone back.
fn known(cases: &[Value], visitors: &[Visitor], wrong: &mut Vec<String>) {
    let versions: BTreeMap<&str, u64> = cases
        .iter()
        .map(|case| {
            (
                case["id"].as_str().unwrap_or_default(),
                case["version"].as_u64().unwrap_or(0),
            )
        })
        .collect();
    let mut told = BTreeSet::new();
    for (id, known) in visitors.iter().flat_map(|visitor| &visitor.known) {
        told.insert(id.as_str());
        match versions.get(id.as_str()) {
            None => wrong.push(format!("case {id} was acknowledged and is gone")),
            Some(version) if *version < known.version => wrong.push(format!(
                "case {id} was at version {} and is at {version}",
                known.version
            )),
            Some(_) => {}
        }
    }
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        if !visitors.is_empty() && !told.contains(id) {
            wrong.push(format!("case {id} is there, and nobody was told of it"));
        }
    }
    let orders: BTreeSet<_> = cases.iter().map(|case| case["order"].as_str()).collect();
    if orders.len() != cases.len() {
        wrong.push("an order has two cases for one request".to_owned());
    }
}

/// What the desk says is paid is paid, once, and nothing else; letters say what is so.
fn money(dump: &Value, cases: &[Value], wrong: &mut Vec<String>) -> usize {
    let mut paid: BTreeMap<String, (String, u64)> = BTreeMap::new();
    let mut keys = BTreeSet::new();
    for charge in list(dump, "charges") {
        let id = charge["id"].as_str().unwrap_or_default();
        let captured = charge["captured"].as_u64().unwrap_or(0);
        let mut sum = 0_u64;
        for refund in list(charge, "refunds") {
            let amount = refund["amount"].as_u64().unwrap_or(0);
            if refund["status"] != "failed" && refund["status"] != "canceled" {
                sum = sum.saturating_add(amount);
            }
            let name = refund["id"].as_str().unwrap_or_default();
            paid.insert(name.to_owned(), (id.to_owned(), amount));
            if !keys.insert(refund["idempotency_key"].to_string()) {
                wrong.push(format!(
                    "the provider has two refunds under {}",
                    refund["idempotency_key"]
                ));
            }
        }
        if sum > captured {
            wrong.push(format!("of {captured} captured by {id}, {sum} went back"));
        }
    }
    let count = paid.len();
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        let mut succeeded = 0_usize;
        for refund in list(case, "refunds") {
            match refund["status"].as_str() {
                Some("succeeded") => succeeded = succeeded.saturating_add(1),
                Some("pending") => {}
                _ => continue,
            }
            let name = refund["provider_refund"].as_str().unwrap_or_default();
            let said = (
                refund["provider_payment"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
                refund["amount"].as_u64().unwrap_or(0),
            );
            match paid.remove(name) {
                Some(held) if held == said => {}
                held => wrong.push(format!(
                    "case {id} says that {name} paid {said:?}; the provider says {held:?}"
                )),
            }
        }
        let letters = list(case, "letters").iter();
        let told = letters
            .filter(|letter| letter["kind"] == "paid" && letter["sent"] == true)
            .count();
        if told != succeeded {
            wrong.push(format!(
                "case {id}: {succeeded} refunds are paid, and {told} letters say so"
            ));
        }
    }
    for (name, (charge, amount)) in paid {
        wrong.push(format!(
            "the provider paid {amount} of {charge} by {name}, and no case says so"
        ));
    }
    count
}

/// A renewal goes back only where its subscription was cancelled before, by one command; and nothing is cancelled that was not decided.
fn renewals(dump: &Value, cases: &[Value], wrong: &mut Vec<String>) -> usize {
    let mut ended: BTreeMap<&str, i64> = list(dump, "subscriptions")
        .iter()
        .filter(|subscription| subscription["status"] == "canceled")
        .map(|subscription| {
            let id = subscription["id"].as_str().unwrap_or_default();
            (id, subscription["ended_at"].as_i64().unwrap_or(i64::MAX))
        })
        .collect();
    let made: BTreeMap<&str, i64> = list(dump, "charges")
        .iter()
        .flat_map(|charge| list(charge, "refunds"))
        .map(|refund| {
            let id = refund["id"].as_str().unwrap_or_default();
            (id, refund["created"].as_i64().unwrap_or(0))
        })
        .collect();
    let mut whole = 0_usize;
    for case in cases {
        let id = case["id"].as_str().unwrap_or_default();
        let cancels = |command: &&Value| {
            command["kind"] == "cancel_subscription" && command["status"] == "done"
        };
        let commands: Vec<&Value> = list(case, "commands").iter().filter(cancels).collect();
        if commands.len() > 1 {
            wrong.push(format!(
                "case {id} cancelled its subscription {} times",
                commands.len()
            ));
        }
        let subject = commands
            .first()
            .and_then(|command| command["subject"].as_str());
        let subscription = subject.and_then(|subject| subject.split_once('/'));
        let cancelled = subscription.and_then(|(_, name)| ended.remove(name));
        if subscription.is_some() && cancelled.is_none() {
            wrong.push(format!(
                "case {id} says that {subject:?} is cancelled, and it goes on"
            ));
        }
        if case["claim"]["kind"] != "renewal" {
            continue;
        }
        let names = list(case, "refunds").iter();
        let paid = names.filter_map(|refund| made.get(refund["provider_refund"].as_str()?));
        let paid: Vec<i64> = paid.copied().collect();
        match cancelled {
            Some(at) if paid.iter().all(|refund| at <= *refund) => {
                whole = whole.saturating_add(usize::from(!paid.is_empty()));
            }
            None if paid.is_empty() => {}
            cancelled => wrong.push(format!(
                "case {id} paid a renewal back at {paid:?}; its subscription was cancelled at {cancelled:?}"
            )),
        }
    }
    for name in ended.keys() {
        wrong.push(format!("{name} is cancelled, and no case says so"));
    }
    whole
}
