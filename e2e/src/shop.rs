// SPDX-License-Identifier: MIT OR Apache-2.0
//! Customers and agents who use a desk at random, remember every answer, and ask again what was not answered.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::desk::Tokens;
use crate::http::{Answer, Client};

/// What an order is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A quarter never came; what is owed for it is paid by itself.
    Small,
    /// The same for more money, so that an agent has to accept.
    Large,
    /// Everything came and a part dropped; it can be delivered again.
    Dropped,
    /// It was renewed, and nothing came of that: the subscription ends, and the renewal goes back.
    Renewal,
}

/// What an order was paid with.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The charge of the order.
    pub charge: String,
    /// The charge of the renewal, and the subscription.
    pub renewal: Option<(String, String)>,
}

impl Kind {
    /// The price, in minor units.
    #[must_use]
    pub const fn price(self) -> u64 {
        match self {
            Self::Small | Self::Dropped | Self::Renewal => 4_990,
            Self::Large => 49_900,
        }
    }

    /// What the customer says.
    #[must_use]
    pub const fn claim(self) -> &'static str {
        match self {
            Self::Small | Self::Large => "incomplete",
            Self::Dropped => "dropped",
            Self::Renewal => "renewal",
        }
    }
}

/// An order that the desk was told of.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its number.
    pub number: String,
    /// What it is like.
    pub kind: Kind,
}

/// The order as the shop tells it: one line for each thing.
#[must_use]
pub fn lines(order: &Order, paid: &Paid) -> Vec<Value> {
    let number = &order.number;
    let price = json!({"amount": order.kind.price(), "currency": "EUR"});
    let entry = |entry: Value| json!({"type": "log", "order": number, "entry": entry});
    let counts: &[(&str, u64)] = match order.kind {
        Kind::Small | Kind::Large | Kind::Renewal => &[("2025-11-21T00:00:00Z", 3_060)],
        Kind::Dropped => &[
            ("2025-11-21T00:00:00Z", 3_310),
            ("2025-11-23T00:00:00Z", 3_010),
        ],
    };
    let mut lines = vec![
        json!({"type": "order", "order": {
            "number": number, "placed_at": "2025-11-20T00:00:00Z", "quantity": 1_000, "price": price, "links": [],
            "service": {"name": "Newsletter sign-ups", "unit": "sign-up", "kind": "standard", "start_within": "PT24H", "guarantee": "P3000D"},
        }}),
        json!({"type": "payment", "order": number, "provider": "card", "reference": paid.charge,
            "payment": {"id": "p1", "at": "2025-11-20T00:00:00Z", "amount": price, "kind": "one_time"}}),
        entry(json!({"at": "2025-11-20T01:00:00Z", "event": "started", "count": 2_310})),
    ];
    if let Some((charge, subscription)) = &paid.renewal {
        lines.push(json!({"type": "payment", "order": number, "provider": "card", "reference": charge,
            "payment": {"id": "p2", "at": "2025-12-20T00:00:00Z", "amount": price, "kind": "renewal"}}));
        lines.push(json!({"type": "subscription", "order": number, "provider": "card", "reference": subscription,
            "subscription": {"status": "active"}}));
    }
    for (at, count) in counts {
        lines.push(entry(json!({"at": at, "event": "count", "count": count})));
    }
    lines.push(entry(
        json!({"at": "2025-11-24T00:00:00Z", "event": "completed"}),
    ));
    lines
}

/// Orders that nobody has complained about yet.
#[derive(Debug, Default)]
pub struct Pool(Mutex<Vec<Order>>);

impl Pool {
    /// Puts orders in.
    pub fn put(&self, orders: Vec<Order>) {
        self.0.lock().expect("nobody panicked").extend(orders);
    }

    /// Takes one out.
    #[must_use]
    pub fn take(&self) -> Option<Order> {
        self.0.lock().expect("nobody panicked").pop()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().expect("nobody panicked").len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The connections of somebody who is a customer's program at one time and an agent at another.
pub struct Clients {
    /// With the token of the shop's program.
    pub shop: Client,
    /// With the token of an agent.
    pub agent: Client,
}

impl Clients {
    /// New connections.
    #[must_use]
    pub fn new(address: SocketAddr, tokens: &Tokens) -> Self {
        Self {
            shop: Client::new(address, Some(&tokens.shop)),
            agent: Client::new(address, Some(&tokens.agent)),
        }
    }

    fn of(&mut self, who: Who) -> &mut Client {
        match who {
            Who::Shop => &mut self.shop,
            Who::Agent => &mut self.agent,
        }
    }
}

/// As whom something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Shop,
    Agent,
}

/// Something that was sent under a key.
#[derive(Clone, Debug)]
pub struct Sent {
    who: Who,
    path: String,
    key: String,
    body: Value,
}

/// An answer that has to hold from now on.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    sent: Sent,
    status: u16,
    body: Vec<u8>,
}

/// What somebody knows of a case.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its order.
    pub order: Order,
    /// The newest version that was seen or acknowledged.
    pub version: u64,
}

/// Somebody who uses the desk.
pub struct Visitor {
    name: String,
    chance: Chance,
    counter: u64,
    unanswered: Option<(Sent, Option<Order>)>,
    /// What was acknowledged.
    pub acknowledged: Vec<Acknowledged>,
    /// The cases that they know, by id.
    pub known: BTreeMap<String, Known>,
    /// What must not have been answered.
    pub wrong: Vec<String>,
    /// How many answers came in.
    pub answers: u64,
}

impl Visitor {
    /// Somebody of this name, whose choices follow from the seed.
    #[must_use]
    pub fn new(seed: u64, number: u64) -> Self {
        Self {
            name: format!("v{number}"),
            chance: Chance::new(seed, number),
            counter: 0,
            unanswered: None,
            acknowledged: Vec::new(),
            known: BTreeMap::new(),
            wrong: Vec::new(),
            answers: 0,
        }
    }

    /// Does one thing. What was not answered last time comes first, exactly as it was.
    ///
    /// # Errors
    /// No answer came.
    pub fn step(&mut self, client: &mut Clients, pool: &Pool) -> io::Result<()> {
        if let Some((sent, order)) = self.unanswered.clone() {
            return self.send(client, sent, order);
        }
        match self.chance.below(100) {
            0..30 => match pool.take() {
                Some(order) => self.ask(client, order),
                None => self.look(client),
            },
            30..40 => self.repeat(client),
            40..45 => self.say_otherwise(client),
            _ => self.look(client),
        }
    }

    /// A new request for help.
    fn ask(&mut self, client: &mut Clients, order: Order) -> io::Result<()> {
        let mut body =
            json!({"order": order.number, "claim": order.kind.claim(), "wants": "refund"});
        if order.kind == Kind::Dropped {
            body["wants"] = json!("redelivery");
        }
        if self.chance.percent(50) {
            body["description"] = json!("It is not what I ordered.");
            let number = self.chance.below(40);
            body["customer"] = json!({"reference": format!("C-{}-{number}", self.name)});
        }
        let sent = self.sent(Who::Shop, "/v1/cases".to_owned(), body);
        self.unanswered = Some((sent.clone(), Some(order.clone())));
        self.send(client, sent, Some(order))
    }

    /// Reads a case that is known, sees that it has not gone back, and perhaps goes on with it.
    fn look(&mut self, client: &mut Clients) -> io::Result<()> {
        let ids: Vec<String> = self.known.keys().cloned().collect();
        if ids.is_empty() {
            return Ok(());
        }
        let id = self.chance.one(&ids).clone();
        let answer = client.agent.get(&format!("/v1/cases/{id}"))?;
        self.answers = self.answers.saturating_add(1);
        if answer.status == 503 {
            return Ok(());
        }
        let case = answer.json();
        self.saw(&id, &answer, None);
        match self.next(&id, &case) {
            Some(sent) => {
                self.unanswered = Some((sent.clone(), None));
                self.send(client, sent, None)
            }
            None => Ok(()),
        }
    }

    /// What somebody might do about a case as it stands.
    fn next(&mut self, id: &str, case: &Value) -> Option<Sent> {
        let here = format!("/v1/cases/{id}");
        let stage = case["stage"].as_str().unwrap_or_default();
        let decision = case["decisions"]
            .as_array()
            .and_then(|all| all.last())
            .cloned()
            .unwrap_or_default();
        let left = case["left"]["amount"].as_u64().unwrap_or_default();
        let mut questions = case["questions"].as_array().into_iter().flatten();
        let open_question = questions
            .find(|question| question["whom"] == "technical_team" && question["ended"].is_null());
        if let Some(question) = open_question {
            let body = match question["facts"][0]["fact"].as_str() {
                Some("period_fulfilled") => json!({"period_fulfilled": false}),
                _ => json!({"redelivery_possible": true}),
            };
            return Some(self.sent(Who::Agent, format!("{here}/answers"), body));
        }
        if stage == "ready_to_decide" {
            let no = decision["no"].as_u64().unwrap_or(1);
            if self.chance.percent(15) && left > 100 {
                let mut body = json!({"outcome": "partial_refund", "refund": {"amount": 77, "currency": "EUR"}, "refund_units": 1,
                    "clause": "5.10", "reason": "goodwill"});
                if case["claim"]["kind"] == "renewal" {
                    body["refund_units"] = json!(0);
                    body["cancel_subscription"] = json!(true);
                }
                return Some(self.sent(Who::Agent, format!("{here}/override"), body));
            }
            let body = json!({"remainder": left});
            return Some(self.sent(Who::Agent, format!("{here}/decisions/{no}/accept"), body));
        }
        if stage == "closed" && case["appeals"] == 0 && self.chance.percent(10) {
            return Some(self.sent(
                Who::Shop,
                format!("{here}/appeal"),
                json!({"text": "Please look again."}),
            ));
        }
        if stage != "closed" && self.chance.percent(5) {
            return Some(self.sent(
                Who::Shop,
                format!("{here}/messages"),
                json!({"text": "Any news?"}),
            ));
        }
        None
    }

    fn sent(&mut self, who: Who, path: String, body: Value) -> Sent {
        self.counter = self.counter.saturating_add(1);
        let key = format!("{}-{}", self.name, self.counter);
        Sent {
            who,
            path,
            key,
            body,
        }
    }

    fn send(&mut self, client: &mut Clients, sent: Sent, order: Option<Order>) -> io::Result<()> {
        let answer = client
            .of(sent.who)
            .post(&sent.path, Some(&sent.key), &sent.body)?;
        self.answers = self.answers.saturating_add(1);
        let slug = answer.json()["type"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        // Not now, it says: the same is asked again later.
        if answer.status == 503 || slug.ends_with("idempotency-key-in-use") {
            return Ok(());
        }
        self.unanswered = None;
        if answer.status == 200 {
            let id = answer.json()["id"].as_str().unwrap_or_default().to_owned();
            self.saw(&id, &answer, order);
            self.acknowledged.push(Acknowledged {
                sent,
                status: answer.status,
                body: answer.body,
            });
        } else if !matches!(answer.status, 409) || order.is_some() {
            // Whatever else is refused was never sensible to ask.
            self.wrong.push(format!("{}: {answer}", sent.path));
        }
        Ok(())
    }

    /// Takes down what an answer says of a case, and that it has not gone back.
    fn saw(&mut self, id: &str, answer: &Answer, order: Option<Order>) {
        let case = answer.json();
        let Some(version) = case["version"].as_u64().filter(|_| answer.status == 200) else {
            self.wrong.push(format!("case {id}: {answer}"));
            return;
        };
        if let Some(known) = self.known.get_mut(id) {
            if version < known.version {
                let seen = known.version;
                self.wrong.push(format!(
                    "case {id} was at version {seen} and is at {version}"
                ));
            }
            known.version = known.version.max(version);
        } else if let Some(order) = order {
            self.known.insert(id.to_owned(), Known { order, version });
        }
    }

    /// The same under the same key has the same answer.
    fn repeat(&mut self, client: &mut Clients) -> io::Result<()> {
        if self.acknowledged.is_empty() {
            return Ok(());
        }
        let before = self.chance.one(&self.acknowledged).clone();
        self.repeated(client, &before)
    }

    fn repeated(&mut self, client: &mut Clients, before: &Acknowledged) -> io::Result<()> {
        let Sent {
            who,
            path,
            key,
            body,
        } = &before.sent;
        let answer = client.of(*who).post(path, Some(key), body)?;
        if answer.status == 503 {
            return Ok(());
        }
        let replayed = answer.header("idempotent-replayed") == Some("true");
        if (answer.status, &answer.body) != (before.status, &before.body) || !replayed {
            let then = String::from_utf8_lossy(&before.body);
            self.wrong.push(format!(
                "{path} under {key} was answered {then}, and now {answer}"
            ));
        }
        Ok(())
    }

    /// Something else under the same key is refused.
    fn say_otherwise(&mut self, client: &mut Clients) -> io::Result<()> {
        if self.acknowledged.is_empty() {
            return Ok(());
        }
        let before = self.chance.one(&self.acknowledged).clone();
        let body = json!({"order": "VL-0", "claim": "other"});
        // The same person's key: an agent opens cases too.
        let answer = client
            .of(before.sent.who)
            .post("/v1/cases", Some(&before.sent.key), &body)?;
        if answer.status != 422 && answer.status != 503 {
            let key = &before.sent.key;
            self.wrong
                .push(format!("another request under {key} was answered {answer}"));
        }
        Ok(())
    }

    /// Sends again what was never answered, and asks again all that was.
    ///
    /// # Errors
    /// No answer came.
    pub fn all_again(&mut self, client: &mut Clients) -> io::Result<()> {
        for _ in 0..50 {
            let Some((sent, order)) = self.unanswered.clone() else {
                break;
            };
            self.send(client, sent, order)?;
        }
        if let Some((sent, _)) = &self.unanswered {
            self.wrong.push(format!(
                "{} under {} is never answered",
                sent.path, sent.key
            ));
        }
        for before in self.acknowledged.clone() {
            self.repeated(client, &before)?;
        }
        Ok(())
    }
}
