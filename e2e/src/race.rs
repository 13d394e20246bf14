// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many who want the same money at once: exactly one has it.

use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};

use crate::binary::Binary;
use crate::desk::{Books, Desk, Plan};
use crate::http::{Answer, Client};
use crate::kill::opened;
use crate::shop::{Kind, Order, Paid, lines};

/// How the answers of all rounds came out, and what does not hold.
#[derive(Debug, Default)]
pub struct Raced {
    /// Rounds.
    pub rounds: u32,
    /// How often each answer was given to a loser, by its kind.
    pub losers: BTreeMap<String, u32>,
    /// What does not hold.
    pub wrong: Vec<String>,
}

/// Which race is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    /// Eight accept the same decision, each under a key of their own.
    EightAccept,
    /// Eight send the very same request under the same key.
    EightTheSame,
    /// Two cases of one order, and each is to be paid sixty of a hundred.
    SixtyAndSixty,
}

/// Rounds are told to the desk in files of so many orders.
const TOLD: u32 = 100;

/// Runs a race so often.
///
/// # Errors
/// Something does not start or does not answer.
pub fn run(binary: &Binary, books: &Books, race: Race, rounds: u32) -> Result<Raced, String> {
    let plan = Plan {
        // Nothing is sent while we look.
        undo_seconds: 3_600,
        provider_in_memory: true,
        ..Plan::default()
    };
    let desk = Desk::new(binary, books, plan)?;
    let mut raced = Raced::default();
    let mut first = 0;
    while first < rounds {
        let last = rounds.min(first.saturating_add(TOLD));
        let orders: Vec<Order> = (first..last)
            .map(|number| Order {
                number: format!("VL-{number}"),
                kind: Kind::Large,
            })
            .collect();
        tell(&desk, &orders)?;
        let served = opened(&desk)?;
        let mut clients: Vec<Client> = (0..8)
            .map(|_| Client::new(served.address, Some(&desk.tokens.agent)))
            .collect();
        for order in &orders {
            round(&mut clients, race, order, &mut raced)
                .map_err(|why| format!("{}: {why}", order.number))?;
        }
        served.close()?;
        first = last;
    }
    desk.verify()?;
    Ok(raced)
}

/// Tells a desk that is closed of orders.
///
/// # Errors
/// It does not take them in.
pub fn tell(desk: &Desk, orders: &[Order]) -> Result<(), String> {
    let path = write(desk, orders, true)?;
    desk.run(&["import", &path]).map(drop)
}

/// Writes orders into a file, with payments that the provider has taken or has never heard of; gives its path.
///
/// # Errors
/// The provider does not answer, or the file cannot be written.
pub fn write(desk: &Desk, orders: &[Order], taken: bool) -> Result<String, String> {
    let first = orders.first().map_or("none", |order| order.number.as_str());
    let path = desk.path().join(format!("orders-{first}.ndjson"));
    let file = std::fs::File::create(&path).map_err(|cause| cause.to_string())?;
    let mut file = BufWriter::new(file);
    let mut provider = desk.provider.caller();
    for order in orders {
        let paid = if taken {
            provider.paid(order.kind)?
        } else {
            Paid {
                charge: format!("ch_{}", order.number.replace('-', "")),
                renewal: None,
            }
        };
        for line in lines(order, &paid) {
            writeln!(file, "{line}").map_err(|cause| cause.to_string())?;
        }
    }
    file.flush().map_err(|cause| cause.to_string())?;
    Ok(path.display().to_string())
}

fn asked(client: &mut Client, order: &Order, claim: &str) -> Result<(String, Value), String> {
    let body = json!({"order": order.number, "claim": claim});
    let key = format!("{}-{claim}", order.number);
    let answer = client.post("/v1/cases", Some(&key), &body);
    let answer = answer.map_err(|cause| cause.to_string())?;
    if answer.status != 200 {
        return Err(answer.to_string());
    }
    let case = answer.json();
    let id = case["id"].as_str().unwrap_or_default().to_owned();
    Ok((id, case))
}

/// What each of them sends: the path, the key and the body.
type Wish = (String, String, Value);

fn round(
    clients: &mut [Client],
    race: Race,
    order: &Order,
    raced: &mut Raced,
) -> Result<(), String> {
    let [first, ..] = clients else { return Ok(()) };
    let price = order.kind.price();
    let accept = |id: &str, key: String| -> Wish {
        let body = json!({"remainder": price});
        (format!("/v1/cases/{id}/decisions/1/accept"), key, body)
    };
    let wishes: Vec<Wish> = match race {
        Race::EightAccept => {
            let (id, _) = asked(first, order, "incomplete")?;
            (0..8)
                .map(|number| accept(&id, format!("{id}-{number}")))
                .collect()
        }
        Race::EightTheSame => {
            let (id, _) = asked(first, order, "incomplete")?;
            (0..8).map(|_| accept(&id, format!("{id}-same"))).collect()
        }
        Race::SixtyAndSixty => {
            let sixty = json!({"outcome": "partial_refund", "refund": {"amount": price / 100 * 60, "currency": "EUR"},
                "refund_units": 600, "clause": "5.10", "reason": "goodwill"});
            let mut wishes = Vec::new();
            for claim in ["incomplete", "other"] {
                let (id, _) = asked(first, order, claim)?;
                wishes.push((
                    format!("/v1/cases/{id}/override"),
                    format!("{id}-sixty"),
                    sixty.clone(),
                ));
            }
            wishes
        }
    };
    let answers = at_once(clients, &wishes)?;
    judge(race, order, &answers, raced);
    promised(first_of(clients)?, order, &wishes, race, raced)
}

fn first_of(clients: &mut [Client]) -> Result<&mut Client, String> {
    clients.first_mut().ok_or_else(|| "nobody".to_owned())
}

fn at_once(clients: &mut [Client], wishes: &[Wish]) -> Result<Vec<Answer>, String> {
    let start = Barrier::new(wishes.len());
    thread::scope(|scope| {
        let running: Vec<_> = clients
            .iter_mut()
            .zip(wishes)
            .map(|(client, (path, key, body))| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    client.post(path, Some(key), body)
                })
            })
            .collect();
        let answers = running.into_iter().map(|one| {
            let answer = one.join().map_err(|_| "a client failed".to_owned())?;
            answer.map_err(|cause| cause.to_string())
        });
        answers.collect()
    })
}

/// Exactly one wins; of the very same request, all who are answered are answered alike.
fn judge(race: Race, order: &Order, answers: &[Answer], raced: &mut Raced) {
    raced.rounds = raced.rounds.saturating_add(1);
    let (won, lost): (Vec<&Answer>, Vec<&Answer>) =
        answers.iter().partition(|answer| answer.status == 200);
    let fresh = won
        .iter()
        .filter(|answer| answer.header("idempotent-replayed").is_none());
    let fresh = fresh.count();
    let alike = won
        .windows(2)
        .all(|two| matches!(two, [one, other] if one.body == other.body));
    let right = fresh == 1 && alike && (race == Race::EightTheSame || won.len() == 1);
    if !right {
        let told: Vec<String> = answers.iter().map(ToString::to_string).collect();
        raced
            .wrong
            .push(format!("{}: {} won: {told:#?}", order.number, won.len()));
    }
    for answer in lost {
        let body = answer.json();
        let kind = body["type"].as_str().unwrap_or("nothing").to_owned();
        if answer.status >= 500 {
            raced.wrong.push(format!("{}: {answer}", order.number));
        }
        let times = raced.losers.entry(kind).or_default();
        *times = times.saturating_add(1);
    }
}

/// No more is promised than was captured, and no decision has two refunds.
fn promised(
    client: &mut Client,
    order: &Order,
    wishes: &[Wish],
    race: Race,
    raced: &mut Raced,
) -> Result<(), String> {
    let mut sum = 0_u64;
    let mut refunds = 0_usize;
    let mut ids: Vec<&str> = wishes
        .iter()
        .filter_map(|(path, _, _)| path.split('/').nth(3))
        .collect();
    ids.dedup();
    for id in ids {
        let case = client.get(&format!("/v1/cases/{id}"));
        let case = case.map_err(|cause| cause.to_string())?.json();
        for refund in case["refunds"].as_array().into_iter().flatten() {
            sum = sum.saturating_add(refund["amount"].as_u64().unwrap_or(0));
            refunds = refunds.saturating_add(1);
        }
    }
    if refunds != 1 || sum > order.kind.price() {
        raced.wrong.push(format!(
            "{}: {refunds} refunds of {sum} after {race:?}",
            order.number
        ));
    }
    Ok(())
}
