// SPDX-License-Identifier: MIT OR Apache-2.0
//! A caller of the sandbox in the same process, with a clock that stands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use makegood::pay::sandbox::Sandbox;
use makegood::pay::sandbox::call::{Answer, Call, Method};
use serde_json::Value;

/// Where the clock on the wall stands at first.
pub const START: i64 = 1_790_000_000;

/// A sandbox and its clock.
pub struct Desk {
    pub sandbox: Sandbox,
    wall: Arc<AtomicI64>,
}

pub fn desk() -> Desk {
    desk_with_seed(7)
}

pub fn desk_with_seed(seed: u64) -> Desk {
    let wall = Arc::new(AtomicI64::new(START));
    let hand = Arc::clone(&wall);
    let sandbox = Sandbox::in_memory(seed, Box::new(move || hand.load(Ordering::SeqCst)));
    Desk { sandbox, wall }
}

impl Desk {
    pub fn wait(&self, seconds: i64) {
        self.wall.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn call(&self, call: &Call) -> Answer {
        self.sandbox.call(call).expect("no journal to fail")
    }

    pub fn post(&self, target: &str, form: &[(&str, &str)]) -> Value {
        let answer = self.call(&post(target, form));
        assert_eq!(answer.status, 200, "{target}: {}", answer.value());
        answer.value()
    }

    pub fn get(&self, target: &str) -> Value {
        let answer = self.call(&Call::new(Method::Get, target));
        assert_eq!(answer.status, 200, "{target}: {}", answer.value());
        answer.value()
    }

    /// The status and the `error` of a call that is refused.
    pub fn refused(&self, call: &Call) -> (u16, Value) {
        let answer = self.call(call);
        assert!(answer.status >= 400, "{}", answer.value());
        (answer.status, answer.value()["error"].clone())
    }

    /// A command of the control interface.
    pub fn control(&self, target: &str, body: &Value) -> Value {
        let answer = self.call(&command(target, body));
        assert_eq!(answer.status, 200, "{target}: {}", answer.value());
        answer.value()
    }

    /// A payment of this amount in Danish kroner, by a test card.
    pub fn payment(&self, amount: &str, card: &str) -> String {
        let charge = self.post(
            "/v1/payment_intents",
            &[
                ("amount", amount),
                ("currency", "dkk"),
                ("payment_method", card),
                ("confirm", "true"),
            ],
        );
        text(&charge["latest_charge"])
    }

    pub fn refund(&self, charge: &str, amount: &str) -> Value {
        self.post("/v1/refunds", &[("charge", charge), ("amount", amount)])
    }

    /// The types of the events, the oldest first.
    pub fn events(&self) -> Vec<String> {
        let list = self.get("/v1/events?limit=100");
        let mut kinds: Vec<String> = items(&list)
            .iter()
            .map(|event| text(&event["type"]))
            .collect();
        kinds.reverse();
        kinds
    }
}

pub fn post(target: &str, form: &[(&str, &str)]) -> Call {
    Call::new(Method::Post, target).form(form.iter().copied())
}

pub fn command(target: &str, body: &Value) -> Call {
    let mut call = Call::new(Method::Post, &format!("/_sandbox/{target}"));
    call.content_type = "application/json".to_owned();
    call.body = body.to_string().into_bytes();
    call
}

pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
        .to_owned()
}

pub fn items(list: &Value) -> &[Value] {
    list["data"].as_array().expect("a list")
}

pub fn ids(list: &Value) -> Vec<String> {
    items(list).iter().map(|item| text(&item["id"])).collect()
}

pub fn number(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn rows(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("{value} is no list"))
}
