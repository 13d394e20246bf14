// SPDX-License-Identifier: MIT OR Apache-2.0
//! The orders of the demonstration's shop, as such a shop would tell them: what was bought, what was paid, how it was delivered.

use serde_json::{Value as Json, json};

use super::dice::Dice;

pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 86_400;
/// The currency of the shop.
pub(super) const CURRENCY: &str = "EUR";

/// Something that the shop sells.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: &'static str,
    unit: &'static str,
    kind: &'static str,
    /// The price of a thousand units, in cents.
    thousand_minor: i64,
    start_hours: i64,
    units_per_day: i64,
    country: Option<&'static str>,
    pub(super) quantities: &'static [i64],
}

pub(super) const SIGN_UPS: usize = 0;
pub(super) const VIEWS: usize = 1;
pub(super) const FOLLOWERS: usize = 2;
pub(super) const LOCAL: usize = 3;
pub(super) const AUTO: usize = 4;
pub(super) const ACCOUNTS: usize = 5;

pub(super) const SERVICES: [Service; 6] = [
    Service {
        name: "Newsletter sign-ups",
        unit: "sign-up",
        kind: "standard",
        thousand_minor: 4_990,
        start_hours: 24,
        units_per_day: 250,
        country: None,
        quantities: &[500, 1_000, 2_000],
    },
    Service {
        name: "Video views",
        unit: "view",
        kind: "standard",
        thousand_minor: 790,
        start_hours: 12,
        units_per_day: 2_500,
        country: None,
        quantities: &[5_000, 10_000, 20_000],
    },
    Service {
        name: "Page followers",
        unit: "follower",
        kind: "standard",
        thousand_minor: 3_490,
        start_hours: 24,
        units_per_day: 500,
        country: None,
        quantities: &[1_000, 2_500, 5_000, 10_000],
    },
    Service {
        name: "Followers in Denmark",
        unit: "follower",
        kind: "targeted",
        thousand_minor: 8_900,
        start_hours: 48,
        units_per_day: 150,
        country: Some("DK"),
        quantities: &[250, 500, 1_000],
    },
    Service {
        name: "Automatic likes",
        unit: "like",
        kind: "auto",
        thousand_minor: 1_900,
        start_hours: 6,
        units_per_day: 200,
        country: None,
        quantities: &[1_000, 2_000],
    },
    Service {
        name: "Forum accounts",
        unit: "account",
        kind: "account",
        thousand_minor: 1_250_000,
        start_hours: 24,
        units_per_day: 10,
        country: None,
        quantities: &[1, 2, 5],
    },
];

/// How an order was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    /// In full.
    Full,
    /// Closed after so many percent.
    Part(i64),
    /// In full, and so many percent dropped in the days after.
    Drop(i64),
    /// Not begun.
    Nothing,
    /// Running, at so many percent of the promised speed.
    Running(i64),
    /// Stopped at the customer's wish after so many percent.
    Stopped(i64),
    /// In full, with four days in the middle of which nobody reported anything.
    Gap,
}

/// An order of the shop.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) number: String,
    pub(super) service: usize,
    pub(super) quantity: i64,
    pub(super) curve: Curve,
    pub(super) placed_at: i64,
    /// Nothing is told that happened later than this.
    pub(super) until: i64,
    /// Which of the shop's customers bought it.
    pub(super) customer: i64,
    /// The first payment and, for a subscription, the last renewal.
    pub(super) charges: Vec<String>,
    pub(super) subscription: Option<String>,
}

impl Order {
    pub(super) fn sold(&self) -> Option<&'static Service> {
        SERVICES.get(self.service)
    }

    pub(super) fn price_minor(&self) -> i64 {
        let thousand = self.sold().map_or(0, |service| service.thousand_minor);
        // Prices of a shop are rounded up to the cent.
        thousand
            .saturating_mul(self.quantity)
            .saturating_add(999)
            .div_euclid(1_000)
            .max(1)
    }

    /// When the delivery would be over at the promised speed, in seconds after it began.
    fn long(&self) -> i64 {
        let a_day = self
            .sold()
            .map_or(1, |service| service.units_per_day)
            .max(1);
        self.quantity
            .saturating_mul(DAY)
            .div_euclid(a_day)
            .max(6 * HOUR)
    }

    /// How long after it was placed an order of this curve has nothing more to tell.
    pub(super) fn told_after(&self) -> i64 {
        let begun = 2 * HOUR;
        match self.curve {
            Curve::Nothing => 0,
            Curve::Running(_) => begun.saturating_add(self.long().div_euclid(2)),
            Curve::Drop(_) => begun.saturating_add(self.long()).saturating_add(8 * DAY),
            _ => begun.saturating_add(self.long()).saturating_add(DAY),
        }
    }

    /// Everything that the shop tells of it.
    pub(super) fn lines(&self, dice: &mut Dice) -> Vec<Json> {
        let Some(service) = self.sold() else {
            return Vec::new();
        };
        let price = json!({"amount": self.price_minor(), "currency": CURRENCY});
        let mut sold = json!({
            "name": service.name,
            "unit": service.unit,
            "kind": service.kind,
            "start_within": format!("PT{}H", service.start_hours),
            "guarantee": "P30D",
            "units_per_day": service.units_per_day,
        });
        if let Some(country) = service.country {
            sold["target_country"] = json!(country);
        }
        let link = format!("https://example.org/{}", self.number.to_ascii_lowercase());
        let mut lines = vec![json!({
            "type": "order",
            "order": {
                "number": self.number,
                "placed_at": at(self.placed_at),
                "quantity": self.quantity,
                "price": price,
                "links": [link],
                "service": sold,
            },
            "customer": {
                "reference": format!("c-{}", self.customer),
                "email": format!("customer-{}@example.org", self.customer),
            },
        })];
        for (place, charge) in self.charges.iter().enumerate() {
            let renewal = place > 0;
            let paid_at = if renewal {
                self.until.saturating_sub(20 * HOUR)
            } else {
                self.placed_at
            };
            let mut payment = json!({
                "id": format!("p{}", place.saturating_add(1)),
                "at": at(paid_at),
                "amount": price,
                "kind": if renewal { "renewal" } else { "one_time" },
            });
            if renewal {
                payment["fulfilled"] = json!(false);
            }
            lines.push(json!({
                "type": "payment",
                "order": self.number,
                "payment": payment,
                "provider": super::PROVIDER,
                "reference": charge,
            }));
        }
        if let Some(subscription) = &self.subscription {
            lines.push(json!({
                "type": "subscription",
                "order": self.number,
                "subscription": {"status": "active"},
                "provider": super::PROVIDER,
                "reference": subscription,
            }));
        }
        let entries = if service.kind == "account" {
            self.handed_over()
        } else {
            self.counted(dice)
        };
        let told = |entry| json!({"type": "log", "order": self.number, "entry": entry});
        lines.extend(entries.into_iter().map(told));
        lines
    }

    /// The name of an account that was handed over.
    pub(super) fn account(&self, place: i64) -> String {
        format!("{}-{place}", self.number.to_ascii_lowercase())
    }

    fn handed_over(&self) -> Vec<Json> {
        if self.curve == Curve::Nothing {
            return Vec::new();
        }
        let mut entries = Vec::new();
        for place in 1..=self.quantity {
            let when = self
                .until
                .saturating_sub(3 * HOUR)
                .saturating_add(place.saturating_mul(60));
            entries.push(
                json!({"at": at(when), "event": "handed_over", "account": self.account(place)}),
            );
        }
        let closed = self.until.saturating_sub(2 * HOUR);
        entries.push(json!({"at": at(closed), "event": "completed"}));
        entries
    }

    /// What a public counter showed.
    fn counted(&self, dice: &mut Dice) -> Vec<Json> {
        if self.curve == Curve::Nothing {
            return Vec::new();
        }
        let base = dice.between(400, 24_000);
        let begun = self.placed_at.saturating_add(dice.between(HOUR, 2 * HOUR));
        let long = self.long();
        let mut entries = vec![json!({"at": at(begun), "event": "started", "count": base})];
        let (speed, most) = match self.curve {
            Curve::Running(speed) => (speed, 100),
            Curve::Part(share) | Curve::Stopped(share) => (100, share),
            _ => (100, 100),
        };
        let most = self.quantity.saturating_mul(most).div_euclid(100);
        let step = long.div_euclid(14).max(HOUR);
        let mut when = begun.saturating_add(step);
        let mut reached = 0;
        let end = begun
            .saturating_add(long)
            .min(self.until.saturating_sub(HOUR));
        while when < end {
            let due = self
                .quantity
                .saturating_mul(when.saturating_sub(begun))
                .div_euclid(long);
            let due = due.saturating_mul(speed).div_euclid(100);
            // A counter moves unevenly, and never back while it is delivered.
            let uneven = due.saturating_mul(dice.between(94, 104)).div_euclid(100);
            reached = uneven.clamp(reached, most);
            if !self.in_gap(begun, long, when) {
                let count = base.saturating_add(reached);
                entries.push(json!({"at": at(when), "event": "count", "count": count}));
            }
            when = when.saturating_add(step);
        }
        self.ended(&mut entries, (base, most), end, dice);
        entries
    }

    fn in_gap(&self, begun: i64, long: i64, when: i64) -> bool {
        let middle = begun.saturating_add(long.div_euclid(3));
        self.curve == Curve::Gap && when > middle && when < middle.saturating_add(4 * DAY)
    }

    fn ended(&self, entries: &mut Vec<Json>, (base, most): (i64, i64), end: i64, dice: &mut Dice) {
        let mut tell = |when: i64, mut entry: Json| {
            entry["at"] = json!(at(when));
            entries.push(entry);
        };
        let full = base.saturating_add(most);
        match self.curve {
            Curve::Nothing | Curve::Running(_) => {}
            Curve::Full | Curve::Part(_) | Curve::Gap => {
                tell(end, json!({"event": "count", "count": full}));
                tell(end.saturating_add(600), json!({"event": "completed"}));
            }
            Curve::Stopped(_) => {
                tell(end, json!({"event": "count", "count": full}));
                tell(end.saturating_add(600), json!({"event": "stop_requested"}));
                tell(end.saturating_add(1_200), json!({"event": "stopped"}));
            }
            Curve::Drop(share) => {
                tell(end, json!({"event": "count", "count": full}));
                tell(end.saturating_add(600), json!({"event": "completed"}));
                let lost = most.saturating_mul(share).div_euclid(100);
                for day in 1..=6 {
                    let when = end
                        .saturating_add(day * DAY)
                        .saturating_add(dice.between(0, HOUR));
                    if when < self.until {
                        let gone = lost.saturating_mul(day).div_euclid(6);
                        tell(
                            when,
                            json!({"event": "count", "count": full.saturating_sub(gone)}),
                        );
                    }
                }
            }
        }
    }
}

/// A moment as it stands in a line.
fn at(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
