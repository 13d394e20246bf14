// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random case files in the manner of the contract's examples: orders of all kinds, unordered and doubled log entries, entries after
//! `as_of`, missing counts, evidence looked at or not, and times that fall one second before, on and after each threshold.

use std::fmt::Write as _;

/// A small generator of random numbers (splitmix64); the same seed gives the same numbers everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        let length = u64::try_from(items.len()).expect("a length");
        items[usize::try_from(self.below(length)).expect("an index")]
    }

    /// The second before, the moment itself, or the second after.
    fn edge(&mut self) -> i64 {
        self.pick(&[-1, 0, 0, 1])
    }
}

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// A moment as a case file has it, in one of several spellings.
fn instant(rng: &mut Rng, seconds: i64) -> String {
    let at = jiff::Timestamp::from_second(seconds).expect("a moment");
    match rng.below(8) {
        0 => {
            let offset = jiff::tz::Offset::from_seconds(7_200).expect("an offset");
            format!("{}+02:00", offset.to_datetime(at))
        }
        1 => format!("{}.000Z", jiff::tz::Offset::UTC.to_datetime(at)),
        _ => at.to_string(),
    }
}

/// One case file with this seed.
pub fn case(seed: u64) -> String {
    let rng = &mut Rng::new(seed);
    let kind = rng.pick(&[
        "standard", "standard", "standard", "targeted", "auto", "account",
    ]);
    let quantity = match kind {
        "account" => rng.pick(&[1, 1, 2, 3, 5]),
        _ => rng.pick(&[
            1, 2, 3, 7, 10, 11, 20, 40, 100, 250, 333, 1_000, 5_000, 12_345,
        ]),
    };
    let price = rng.pick(&[0, 1, 2, 99, 499, 990, 4_990, 4_990, 12_345, 99_999, 100_001]);
    let price = if price == 0 && !rng.once_in(5) {
        990
    } else {
        price
    };
    let currency = rng.pick(&["EUR", "DKK", "USD", "JPY", "KWD"]);
    let placed = 1_760_000_000 + i64::try_from(rng.below(8_000_000)).expect("a second");
    let (window, window_seconds) = rng.pick(&[
        ("PT1H", HOUR),
        ("PT6H", 6 * HOUR),
        ("PT12H", 12 * HOUR),
        ("PT24H", DAY),
        ("P3D", 3 * DAY),
    ]);
    let (guarantee, guarantee_seconds) = rng.pick(&[
        (None, 30 * DAY),
        (Some("P30D"), 30 * DAY),
        (Some("P0D"), 0),
        (Some("P7D"), 7 * DAY),
        (Some("P60D"), 60 * DAY),
    ]);
    let per_day = rng.pick(&[None, None, Some(1_u64), Some(50), Some(100), Some(1_000)]);
    let target = match kind {
        "targeted" => rng.pick(&[Some("DE"), Some("DE"), Some("US"), None]),
        _ => rng.pick(&[None, None, None, None, Some("US")]),
    };

    let mut log = Log {
        lines: Vec::new(),
        now: placed,
    };
    let account_names = ["a1", "a2", "a3", "a4", "a5"];
    let started = fill_log(rng, &mut log, kind, quantity, placed + window_seconds);
    let closed = log.closing();

    // The claim comes at a moment that some rule looks at, or at any.
    let claim_kind = claim_kind(rng, kind);
    let mut moments = vec![placed, placed + window_seconds, log.now, log.now + 5 * DAY];
    if let Some(closed) = closed {
        moments.extend([closed + guarantee_seconds; 3]);
    }
    if let (Some(start), Some(per_day)) = (started, per_day) {
        let days = i64::try_from(quantity * 86_400 / per_day).expect("a number of seconds");
        moments.push(start + days);
    }
    moments.extend(log.handed_over().map(|at| at + 12 * HOUR));
    let mut payments = vec![(placed, price, "one_time", None)];
    let renews = claim_kind == "renewal" || rng.once_in(10);
    if renews {
        for period in 1..=i64::try_from(rng.below(4)).expect("a number of periods") {
            let kind = if rng.once_in(8) {
                "one_time"
            } else {
                "renewal"
            };
            let fulfilled = rng.pick(&[None, None, Some(true), Some(false)]);
            let paid = if rng.once_in(6) { price / 2 } else { price };
            payments.push((placed + period * 30 * DAY, paid, kind, fulfilled));
        }
    }
    if claim_kind == "renewal" {
        let last = payments.last().map_or(placed, |payment| payment.0);
        moments = vec![
            last,
            last + 72 * HOUR,
            last + 72 * HOUR,
            last + 10 * DAY,
            last - DAY,
        ];
    }
    let claimed = (rng.pick(&moments) + rng.edge()).max(placed);
    let as_of = match rng.below(4) {
        0 => claimed,
        1 => claimed + rng.pick(&[1, HOUR, DAY]),
        2 => claimed.max(log.now),
        _ => {
            let moment = rng.pick(&moments) + rng.edge();
            claimed.max(moment)
        }
    };

    let mut out = String::from("{");
    let quoted = |rng: &mut Rng, seconds| format!("\"{}\"", instant(rng, seconds));
    let at = quoted(rng, as_of);
    write!(
        out,
        "\"as_of\": {at}, \"order\": {{\"number\": \"R-{seed}\", "
    )
    .expect("a string");
    let at = quoted(rng, placed);
    write!(
        out,
        "\"placed_at\": {at}, \"quantity\": {quantity}, \"price\": {}, \"links\": [\"https://example.com/p/{seed}\"], ",
        money(price, currency)
    )
    .expect("a string");
    write!(
        out,
        "\"service\": {{\"name\": \"S\", \"unit\": \"unit\", \"kind\": \"{kind}\", \"start_within\": \"{window}\""
    )
    .expect("a string");
    optional(&mut out, "guarantee", guarantee.map(|g| format!("\"{g}\"")));
    optional(&mut out, "units_per_day", per_day.map(|p| p.to_string()));
    optional(
        &mut out,
        "target_country",
        target.map(|t| format!("\"{t}\"")),
    );
    out.push_str("}}");

    log.disturb(rng, as_of);
    let lines: Vec<String> = log
        .lines
        .iter()
        .map(|(at, rest)| format!("{{\"at\": {}, {rest}}}", quoted(rng, *at)))
        .collect();
    list(&mut out, rng, "delivery_log", &lines);

    let lines: Vec<String> = payments
        .iter()
        .enumerate()
        .map(|(index, (at, paid, kind, fulfilled))| {
            let mut line = format!(
                "{{\"id\": \"p{index}\", \"at\": {}, \"amount\": {}, \"kind\": \"{kind}\"",
                quoted(rng, *at),
                money(*paid, currency)
            );
            optional(
                &mut line,
                "fulfilled",
                fulfilled.map(|f: bool| f.to_string()),
            );
            line + "}"
        })
        .collect();
    list(&mut out, rng, "payments", &lines);
    if renews && !rng.once_in(6) {
        let status = rng.pick(&["active", "active", "cancelled"]);
        write!(out, ", \"subscription\": {{\"status\": \"{status}\"}}").expect("a string");
    }

    let mut lines = Vec::new();
    if rng.once_in(3) {
        for _ in 0..=rng.below(2) {
            let units = rng.pick(&[0, 1, quantity / 10, quantity / 2, quantity, quantity + 1]);
            let fair = price * units.min(quantity) / quantity;
            let paid = rng.pick(&[fair, fair, fair + 1, price, price / 2]);
            let at = rng.pick(&[
                placed + DAY,
                placed + 31 * DAY,
                as_of,
                as_of + 1,
                as_of + DAY,
            ]);
            lines.push(format!(
                "{{\"at\": {}, \"amount\": {}, \"units\": {units}}}",
                quoted(rng, at),
                money(paid, currency)
            ));
        }
    }
    list(&mut out, rng, "refunds", &lines);

    let mut lines = Vec::new();
    let mut opened = Vec::new();
    if rng.once_in(6) {
        for index in 0..=rng.below(2) {
            let at = rng.pick(&[placed + DAY, placed + 31 * DAY, as_of, as_of + 1]);
            opened.push(at);
            let status = rng.pick(&["open", "won", "lost", "lost"]);
            let disputed = rng.pick(&[price, price, price / 2, price / 3]);
            lines.push(format!(
                "{{\"id\": \"d{index}\", \"opened_at\": {}, \"status\": \"{status}\", \"amount\": {}}}",
                quoted(rng, at),
                money(disputed, currency)
            ));
        }
    }
    list(&mut out, rng, "disputes", &lines);
    let mut lines = Vec::new();
    if rng.once_in(2) {
        let at = opened.first().map_or(claimed, |at| at + rng.edge());
        lines.push(format!(
            "{{\"at\": {}, \"channel\": \"{}\"}}",
            quoted(rng, at),
            rng.pick(&["chat", "email", "form"])
        ));
    }
    list(&mut out, rng, "contacts", &lines);

    let account = rng.pick(&account_names[..usize::try_from(quantity.clamp(1, 3)).expect("a few")]);
    let mut lines = Vec::new();
    if claim_kind == "wrong_target" || rng.once_in(12) {
        for _ in 0..rng.below(3) {
            let share = rng.pick(&[
                "0",
                "0.42",
                "0.4999999999999999999999",
                "0.5",
                "0.50",
                "0.5000001",
                "1",
                "1.0",
            ]);
            lines.push(format!(
                "{{\"kind\": \"audience_statistics\", \"on_target_share\": \"{share}\", \"verified\": {}}}",
                !rng.once_in(4)
            ));
        }
    }
    if claim_kind == "account_faulty" || rng.once_in(12) {
        for _ in 0..rng.below(3) {
            let about = if rng.once_in(5) {
                rng.pick(&account_names)
            } else {
                account
            };
            lines.push(format!(
                "{{\"kind\": \"account_fault\", \"account\": \"{about}\", \"shown\": {}, \"verified\": {}}}",
                !rng.once_in(5),
                !rng.once_in(5)
            ));
        }
        for _ in 0..rng.below(3) {
            let about = if rng.once_in(5) {
                rng.pick(&account_names)
            } else {
                account
            };
            let mut line = format!(
                "{{\"kind\": \"proxy\", \"account\": \"{about}\", \"used\": {}, \"verified\": {}",
                !rng.once_in(5),
                !rng.once_in(5)
            );
            let country = rng.pick(&[None, Some("\"DE\""), Some("\"US\""), Some("\"US\"")]);
            optional(&mut line, "country", country.map(str::to_owned));
            lines.push(line + "}");
        }
    }
    list(&mut out, rng, "evidence", &lines);

    let mut findings = Vec::new();
    for name in ["redelivery_possible", "expedite_possible"] {
        if rng.once_in(2) {
            findings.push(format!("\"{name}\": {}", rng.once_in(2)));
        }
    }
    if !findings.is_empty() || rng.once_in(2) {
        write!(out, ", \"findings\": {{{}}}", findings.join(", ")).expect("a string");
    }

    let at = quoted(rng, claimed);
    write!(
        out,
        ", \"claim\": {{\"kind\": \"{claim_kind}\", \"at\": {at}"
    )
    .expect("a string");
    let wants = rng.pick(&[
        None,
        None,
        Some("refund"),
        Some("redelivery"),
        Some("redelivery"),
        Some("exchange"),
    ]);
    optional(&mut out, "wants", wants.map(|wants| format!("\"{wants}\"")));
    if claim_kind == "account_faulty" && !rng.once_in(10) || rng.once_in(20) {
        optional(&mut out, "account", Some(format!("\"{account}\"")));
    }
    if claim_kind == "renewal" && rng.once_in(3) {
        let length = u64::try_from(payments.len()).expect("a length");
        optional(
            &mut out,
            "payment",
            Some(format!("\"p{}\"", rng.below(length))),
        );
    }
    out.push_str("}}");
    out
}

fn claim_kind(rng: &mut Rng, service: &str) -> &'static str {
    if service == "account" && rng.once_in(2) {
        return "account_faulty";
    }
    if service == "targeted" && rng.once_in(3) {
        return "wrong_target";
    }
    if service == "auto" && rng.once_in(3) {
        return "auto_not_working";
    }
    rng.pick(&[
        "not_started",
        "not_received",
        "incomplete",
        "incomplete",
        "changed_mind",
        "no_benefit",
        "quality",
        "slow",
        "slow",
        "dropped",
        "dropped",
        "dropped",
        "wrong_target",
        "stop",
        "stop",
        "auto_not_working",
        "account_faulty",
        "renewal",
        "renewal",
        "other",
    ])
}

/// The delivery log while it is written: the moment and the rest of each line.
struct Log {
    lines: Vec<(i64, String)>,
    now: i64,
}

impl Log {
    fn push(&mut self, rest: String) {
        self.lines.push((self.now, rest));
    }

    fn closing(&self) -> Option<i64> {
        let named = |name: &'static str| {
            let mut lines = self
                .lines
                .iter()
                .filter(move |(_, rest)| rest.contains(name));
            lines.next().map(|(at, _)| *at)
        };
        named("\"stopped\"").or_else(|| named("\"completed\""))
    }

    fn handed_over(&self) -> impl Iterator<Item = i64> {
        let lines = self
            .lines
            .iter()
            .filter(|(_, rest)| rest.contains("handed_over"));
        lines.map(|(at, _)| *at)
    }

    /// What happens to logs: lines come twice, out of order, at the same instant, with names, and after the day they are judged.
    fn disturb(&mut self, rng: &mut Rng, as_of: i64) {
        let length = |log: &Self| u64::try_from(log.lines.len()).expect("a length");
        let place = |rng: &mut Rng, end| usize::try_from(rng.below(end)).expect("a place");
        if rng.once_in(4) {
            for line in &mut self.lines {
                if rng.once_in(3) {
                    write!(line.1, ", \"id\": \"e{}\"", rng.below(3)).expect("a string");
                }
            }
        }
        if rng.once_in(4) && !self.lines.is_empty() {
            let from = place(rng, length(self));
            let line = self.lines[from].clone();
            let to = place(rng, length(self) + 1);
            self.lines.insert(to, line);
        }
        if rng.once_in(4) && self.lines.len() > 1 {
            let (one, other) = (place(rng, length(self)), place(rng, length(self)));
            self.lines.swap(one, other);
        }
        if rng.once_in(6) && self.lines.len() > 1 {
            let one = place(rng, length(self) - 1);
            self.lines[one + 1].0 = self.lines[one].0;
        }
        if rng.once_in(4) {
            let late = rng.pick(&[
                "\"event\": \"completed\"",
                "\"event\": \"stopped\"",
                "\"event\": \"stop_failed\"",
                "\"event\": \"count\", \"count\": 3",
                "\"event\": \"started\"",
                "\"event\": \"delivered\", \"units\": 5",
            ]);
            self.lines
                .push((as_of + rng.pick(&[0, 1, 1, DAY]), late.to_owned()));
        }
    }
}

/// Tells one story of fulfilment; gives the moment of the start, if there was one.
fn fill_log(rng: &mut Rng, log: &mut Log, kind: &str, quantity: u64, deadline: i64) -> Option<i64> {
    let mut started = None;
    if !rng.once_in(5) {
        log.now = match rng.below(5) {
            0 => deadline + DAY,
            1 => deadline + rng.edge(),
            _ => deadline - HOUR / 2,
        };
        started = Some(log.now);
        match kind {
            "account" => {
                if rng.once_in(6) {
                    log.push("\"event\": \"started\"".to_owned());
                }
                for index in 0..rng.below(quantity + 2) {
                    let account = 1 + index.min(4);
                    log.push(format!(
                        "\"event\": \"handed_over\", \"account\": \"a{account}\""
                    ));
                    log.now += 300;
                    if rng.once_in(5) {
                        log.push(format!("\"event\": \"login\", \"account\": \"a{account}\""));
                    }
                }
                started = log.lines.first().map(|line| line.0);
            }
            _ if rng.once_in(4) => {
                log.push("\"event\": \"started\"".to_owned());
                if rng.once_in(2) {
                    log.now += HOUR;
                    log.push(format!(
                        "\"event\": \"count\", \"count\": {}",
                        rng.below(2 * quantity)
                    ));
                }
            }
            _ if rng.once_in(4) => {
                for _ in 0..=rng.below(3) {
                    let units = rng.pick(&[1, quantity / 2, quantity, quantity / 10]).max(1);
                    log.push(format!("\"event\": \"delivered\", \"units\": {units}"));
                    log.now += rng.pick(&[HOUR, DAY]);
                }
            }
            _ => {
                let baseline = rng.below(20_000);
                log.push(format!("\"event\": \"started\", \"count\": {baseline}"));
                let highest = rng.pick(&[0, quantity / 2, quantity, quantity, quantity + 3]);
                let tenth = highest.min(quantity).div_ceil(10);
                let lost = rng.pick(&[
                    0,
                    0,
                    1,
                    tenth.saturating_sub(1),
                    tenth,
                    tenth + 1,
                    highest / 2,
                    highest,
                    highest + 2,
                ]);
                for gain in [highest / 2, highest] {
                    log.now += rng.pick(&[HOUR, DAY]);
                    log.push(format!(
                        "\"event\": \"count\", \"count\": {}",
                        baseline + gain
                    ));
                }
                log.now += rng.pick(&[HOUR, DAY]);
                let count = (baseline + highest).saturating_sub(lost);
                log.push(format!("\"event\": \"count\", \"count\": {count}"));
                if rng.once_in(8) {
                    log.now += HOUR;
                    log.push(format!(
                        "\"event\": \"started\", \"count\": {}",
                        rng.below(20_000)
                    ));
                }
            }
        }
    }
    if rng.once_in(3) {
        log.now += HOUR;
        log.push("\"event\": \"stop_requested\"".to_owned());
        log.now += rng.pick(&[0, HOUR]);
        match rng.below(3) {
            0 => log.push("\"event\": \"stopped\"".to_owned()),
            1 => log.push("\"event\": \"stop_failed\"".to_owned()),
            _ => {}
        }
    }
    if rng.once_in(2) {
        log.now += rng.pick(&[0, 60, HOUR]);
        log.push("\"event\": \"completed\"".to_owned());
    }
    if rng.once_in(8) {
        log.now += HOUR;
        log.push(format!(
            "\"event\": \"redelivery\", \"units\": {}",
            rng.below(quantity)
        ));
    }
    started
}

fn money(minor: u64, currency: &str) -> String {
    format!("{{\"amount\": {minor}, \"currency\": \"{currency}\"}}")
}

fn optional(out: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        write!(out, ", \"{name}\": {value}").expect("a string");
    }
}

/// A list; an empty one may be left out.
fn list(out: &mut String, rng: &mut Rng, name: &str, items: &[String]) {
    if !items.is_empty() || rng.once_in(2) {
        write!(out, ", \"{name}\": [{}]", items.join(", ")).expect("a string");
    }
}
