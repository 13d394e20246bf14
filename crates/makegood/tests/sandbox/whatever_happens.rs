// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stories by chance: whatever is called and whatever goes wrong, the provider's rules hold.

use std::collections::{BTreeMap, BTreeSet};

use makegood::pay::sandbox::call::{Answer, Call, Fate, Method};
use serde_json::{Value, json};

use super::desk::{Desk, command, desk_with_seed, ids, items, number, post, rows, text};

/// Chance of the story's own (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0).map_or(0, |number| number % bound)
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const FAULTS: [&str; 12] = [
    "lost_answer",
    "late_landing",
    "timeout",
    "error_500_then_success",
    "error_500_executed",
    "rate_limit_429",
    "conflict_409",
    "garbled_answer",
    "stale_list",
    "webhook_before_answer",
    "duplicate_webhooks",
    "disordered_webhooks",
];

/// What a caller knows for sure: refunds whose answers arrived, by name.
struct Story {
    desk: Desk,
    dice: Dice,
    charges: Vec<String>,
    told: BTreeMap<String, Value>,
    keys: usize,
}

impl Story {
    fn new(seed: u64) -> Self {
        let desk = desk_with_seed(seed);
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9).wrapping_add(1));
        let cards = [
            "pm_card_visa",
            "pm_card_pendingRefund",
            "pm_card_refundFail",
            "pm_card_refundNeedsCustomer",
        ];
        let charges = (0..4)
            .map(|_| {
                let amount = ["100", "1000", "5000"][dice.below(3)];
                let card: &str = cards[dice.below(cards.len())];
                desk.payment(amount, card)
            })
            .collect();
        let rates: BTreeMap<&str, usize> =
            FAULTS.iter().map(|name| (*name, dice.below(60))).collect();
        desk.control("chaos", &json!({ "seed": seed, "rates": rates }));
        Self {
            desk,
            dice,
            charges,
            told: BTreeMap::new(),
            keys: 0,
        }
    }

    fn turn(&mut self) {
        let charge = self.dice.pick(&self.charges).clone();
        match self.dice.below(12) {
            0..=5 => self.refund(&charge),
            6 => self.list(&charge),
            7 => self.desk.wait([0, 1, 61, 3600, 90_000][self.dice.below(5)]),
            8 => self.move_some_refund(),
            9 => self.dispute(&charge),
            10 => self.settle(),
            _ => {
                let refund = json!({ "charge": charge, "amount": 1 + self.dice.below(50) });
                self.desk.call(&command("refunds", &refund));
            }
        }
    }

    /// A caller that keeps trying with the same key, as callers do.
    fn refund(&mut self, charge: &str) {
        let key = format!("key-{}", self.keys);
        self.keys += 1;
        let amount = (1 + self.dice.below(900)).to_string();
        let call = post("/v1/refunds", &[("charge", charge), ("amount", &amount)]).keyed(&key);
        for _ in 0..1 + self.dice.below(4) {
            let answer = self.desk.call(&call);
            self.hear(&answer);
            if self.dice.below(3) == 0 {
                self.desk.wait(61);
            }
        }
    }

    fn hear(&mut self, answer: &Answer) {
        let value = answer.value();
        if answer.fate == Fate::Arrives && answer.status == 200 && value["object"] == "refund" {
            self.told.insert(text(&value["id"]), value);
        }
    }

    fn list(&mut self, charge: &str) {
        let call = Call::new(Method::Get, &format!("/v1/refunds?charge={charge}&limit=2"));
        self.desk.call(&call);
    }

    fn move_some_refund(&mut self) {
        let known: Vec<String> = self.told.keys().cloned().collect();
        if !known.is_empty() {
            let id = self.dice.pick(&known);
            let status = ["succeeded", "failed", "canceled", "pending"][self.dice.below(4)];
            self.desk.call(&command(
                &format!("refunds/{id}"),
                &json!({ "status": status }),
            ));
        }
    }

    fn dispute(&mut self, charge: &str) {
        let inquiry = self.dice.below(2) == 0;
        let new =
            json!({ "charge": charge, "inquiry": inquiry, "amount": 1 + self.dice.below(100) });
        self.desk.call(&command("disputes", &new));
    }

    fn settle(&mut self) {
        let dump = self.desk.get("/_sandbox/dump");
        let open: Vec<String> = rows(&dump["charges"])
            .iter()
            .flat_map(|charge| rows(&charge["disputes"]))
            .map(|dispute| text(&dispute["id"]))
            .collect();
        if !open.is_empty() {
            let id = self.dice.pick(&open);
            let status = ["won", "lost", "under_review", "warning_closed"][self.dice.below(4)];
            self.desk.call(&command(
                &format!("disputes/{id}"),
                &json!({ "status": status }),
            ));
        }
    }

    /// What must hold at every step.
    fn check(&self) {
        let dump = self.desk.get("/_sandbox/dump");
        let mut keys = BTreeSet::new();
        for charge in rows(&dump["charges"]) {
            let amount = |name: &str| number(&charge[name]);
            assert!(
                (0..=amount("captured")).contains(&amount("refunded")),
                "{charge}"
            );
            let mut counted = 0;
            for refund in rows(&charge["refunds"]) {
                if !["failed", "canceled"].contains(&text(&refund["status"]).as_str()) {
                    counted += number(&refund["amount"]);
                }
                if let Some(key) = refund["idempotency_key"].as_str() {
                    assert!(keys.insert(key.to_owned()), "two refunds for {key}");
                }
            }
            assert_eq!(counted, amount("refunded"), "{charge}");
        }
    }

    /// When the trouble is over, the list tells of every refund that anybody was told of, and the books balance.
    fn end(&self) {
        self.desk
            .call(&Call::new(Method::Delete, "/_sandbox/faults"));
        self.desk.wait(7200);
        let mut listed = BTreeSet::new();
        for charge in &self.charges {
            listed.extend(self.pages(charge));
        }
        let dump = self.desk.get("/_sandbox/dump");
        let made: BTreeSet<String> = rows(&dump["charges"])
            .iter()
            .flat_map(|charge| rows(&charge["refunds"]))
            .map(|refund| text(&refund["id"]))
            .collect();
        assert_eq!(listed, made);
        for (id, told) in &self.told {
            assert!(listed.contains(id), "{id} was told of and is not listed");
            let now = self.desk.get(&format!("/v1/refunds/{id}"));
            assert_eq!(now["amount"], told["amount"]);
        }
        self.balances();
    }

    fn pages(&self, charge: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        loop {
            let after = all
                .last()
                .map(|id| format!("&starting_after={id}"))
                .unwrap_or_default();
            let page = self
                .desk
                .get(&format!("/v1/refunds?charge={charge}&limit=3{after}"));
            all.extend(ids(&page));
            if page["has_more"] == false {
                return all;
            }
        }
    }

    fn balances(&self) {
        let mut sum = 0;
        let mut after = String::new();
        loop {
            let page = self
                .desk
                .get(&format!("/v1/balance_transactions?limit=100{after}"));
            sum += items(&page)
                .iter()
                .map(|row| number(&row["net"]))
                .sum::<i64>();
            if page["has_more"] == false {
                break;
            }
            after = format!("&starting_after={}", ids(&page).last().expect("a row"));
        }
        assert_eq!(self.desk.get("/v1/balance")["available"][0]["amount"], sum);
    }
}

#[test]
fn refunded_is_at_most_captured_and_a_key_is_one_refund_and_the_list_tells_all() {
    let mut met = BTreeMap::new();
    for seed in 0..200 {
        let mut story = Story::new(seed);
        for _ in 0..40 {
            story.turn();
            story.check();
        }
        let faults = story.desk.get("/_sandbox/faults")["met"].clone();
        for (name, count) in faults.as_object().unwrap() {
            *met.entry(name.clone()).or_insert(0) += count.as_u64().unwrap();
        }
        story.end();
    }
    let never: Vec<&str> = FAULTS
        .into_iter()
        .filter(|name| !met.contains_key(*name))
        .collect();
    assert_eq!(never, [""; 0], "faults that no story met");
}
