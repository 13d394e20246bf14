// SPDX-License-Identifier: MIT OR Apache-2.0
//! From a seed to a story: what is sold, what the world will do and when, and which faults it may have.
//!
//! A plan is plain data, so that the shrinker can leave parts of it out; each part has a number that stays its own.

use std::collections::BTreeSet;

use makegood_desk::case::{ClaimKind, Duration, Event, Instant, PaymentKind, ServiceKind, Wants};

use crate::chance::Chance;

/// When stories begin: the first of January 2026.
pub const BEGIN: Instant = Instant::from_unix_nanoseconds(1_767_225_600_000_000_000);

/// So many seconds.
#[must_use]
pub fn seconds(number: u64) -> Duration {
    Duration::from_seconds(i64::try_from(number).unwrap_or(i64::MAX))
}

/// An hour in seconds.
pub const HOUR: u64 = 3_600;
/// A day in seconds.
pub const DAY: u64 = 24 * HOUR;
/// From then on the world is kind: no new fault, and everybody does their work.
pub const CALM: u64 = 12 * DAY;
/// By then everything has come to rest.
pub const END: u64 = 60 * DAY;

/// What can go wrong, each kind by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each has its words in `ALL`")]
pub enum Fault {
    RequestLost,
    AnswerLost,
    LandsLate,
    ErrorAfterDoing,
    ErrorBeforeDoing,
    InUse,
    TooMany,
    Garbled,
    StaleList,
    ListUnread,
    Pending,
    PendingFails,
    FailsLate,
    BalanceShort,
    KeyRefused,
    SlowCall,
    HookLost,
    HookTwice,
    HookLate,
    DisputeBetween,
    WorkerCrash,
    CommandLost,
    CommandLate,
    CommandRefused,
    LogLate,
    LogTwice,
    CarelessAgent,
    DecidesOtherwise,
    SilentCustomer,
    SlowTransaction,
    NewsLate,
    StallsBeforeCalling,
}

impl Fault {
    /// All of them, with their words.
    pub const ALL: [(&'static str, Self); 32] = [
        ("request_lost", Self::RequestLost),
        ("answer_lost", Self::AnswerLost),
        ("lands_late", Self::LandsLate),
        ("error_after_doing", Self::ErrorAfterDoing),
        ("error_before_doing", Self::ErrorBeforeDoing),
        ("in_use", Self::InUse),
        ("too_many", Self::TooMany),
        ("garbled", Self::Garbled),
        ("stale_list", Self::StaleList),
        ("list_unread", Self::ListUnread),
        ("pending", Self::Pending),
        ("pending_fails", Self::PendingFails),
        ("fails_late", Self::FailsLate),
        ("balance_short", Self::BalanceShort),
        ("key_refused", Self::KeyRefused),
        ("slow_call", Self::SlowCall),
        ("hook_lost", Self::HookLost),
        ("hook_twice", Self::HookTwice),
        ("hook_late", Self::HookLate),
        ("dispute_between", Self::DisputeBetween),
        ("worker_crash", Self::WorkerCrash),
        ("command_lost", Self::CommandLost),
        ("command_late", Self::CommandLate),
        ("command_refused", Self::CommandRefused),
        ("log_late", Self::LogLate),
        ("log_twice", Self::LogTwice),
        ("careless_agent", Self::CarelessAgent),
        ("decides_otherwise", Self::DecidesOtherwise),
        ("silent_customer", Self::SilentCustomer),
        ("slow_transaction", Self::SlowTransaction),
        ("news_late", Self::NewsLate),
        ("stalls_before_calling", Self::StallsBeforeCalling),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, fault)| *fault == self)
            .map_or("", |(word, _)| word)
    }
}

/// What the shop allows.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Most that is paid without a person, in minor units.
    pub automatic_minor_max: u64,
    /// Above that a second person approves.
    pub second_person_above: u64,
    /// The hold in seconds.
    pub hold: u64,
    /// Whether fulfilment is reached over the connector.
    pub connector: bool,
    /// After so many tries a person is asked.
    pub tries_max: u32,
    /// After so many hours of not knowing a person is asked.
    pub unknown_hours: u64,
    /// Whether an unanswered question closes the case.
    pub unanswered_closes: bool,
    /// Most money a day.
    pub day_minor_max: Option<u64>,
    /// How many workers there are.
    pub workers: usize,
}

/// An order that the shop sells.
#[derive(Clone, Debug)]
pub struct PlannedOrder {
    /// Its number.
    pub number: String,
    /// What kind of service.
    pub kind: ServiceKind,
    /// How many units.
    pub quantity: u64,
    /// The price in minor units.
    pub price: u64,
    /// Payments: how much, what for, how many seconds after the order.
    pub payments: Vec<(u64, PaymentKind, u64)>,
    /// Whether it renews.
    pub subscription: bool,
    /// The country sold.
    pub target: bool,
    /// Bought so many seconds after the beginning.
    pub placed: u64,
}

/// Something that the world does by itself.
#[derive(Clone, Debug)]
pub struct Act {
    /// Its number; the shrinker names acts by it.
    pub no: u32,
    /// So many seconds after the beginning.
    pub at: u64,
    /// About which order.
    pub order: usize,
    /// What.
    pub what: Deed,
}

/// What the world does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The shop tells of the order.
    Tell,
    /// Fulfilment reports something that happened at this second.
    Log(u64, Event<'static>),
    /// A customer asks.
    Ask(ClaimKind, Wants),
    /// The bank opens a dispute about a payment; an inquiry takes no money.
    DisputeOpens {
        /// Which payment.
        payment: usize,
        /// Only an inquiry.
        inquiry: bool,
    },
    /// The bank ends the oldest open dispute.
    DisputeEnds {
        /// The shop wins it.
        won: bool,
    },
    /// A lost dispute is won after all.
    DisputeTurns,
    /// Somebody refunds in the provider's own dashboard.
    Dashboard {
        /// Which payment.
        payment: usize,
        /// A part of it in hundredths.
        percent: u64,
    },
    /// The switch is pulled or released.
    Switch(bool),
    /// The provider is left alone for so many seconds.
    Rest(u64),
    /// The clock is set forward or back.
    Clock(i64),
    /// The program ends at once, and starts again.
    CrashAll,
    /// In every open case of the order somebody grants this part of the price, in hundredths, all at the same moment.
    Rush(u64),
    /// Something breaks while the newest case of the order is handled.
    Breaks,
}

/// A story before it happens.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where it comes from.
    pub seed: u64,
    /// What the shop allows.
    pub rules: Rules,
    /// What was sold.
    pub orders: Vec<PlannedOrder>,
    /// What the world does.
    pub acts: Vec<Act>,
    /// What can go wrong.
    pub faults: BTreeSet<Fault>,
}

const RULES: u64 = 1;
const ORDERS: u64 = 2;
const TROUBLE: u64 = 3;
const FAULTS: u64 = 4;

impl Plan {
    /// The story of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let rules = rules(&mut Chance::of(&[seed, RULES]));
        let mut plan = Self {
            seed,
            rules,
            orders: Vec::new(),
            acts: Vec::new(),
            faults: faults(&mut Chance::of(&[seed, FAULTS])),
        };
        let mut chance = Chance::of(&[seed, ORDERS]);
        let orders = if chance.one_in(3) { 2 } else { 1 };
        for place in 0..orders {
            plan.sell(place, &mut chance);
        }
        plan.trouble(&mut Chance::of(&[seed, TROUBLE]));
        for (act, no) in plan.acts.iter_mut().zip(1..) {
            act.no = no;
        }
        plan
    }

    /// The same story without these acts and faults.
    #[must_use]
    pub fn without(&self, acts: &BTreeSet<u32>, faults: &BTreeSet<Fault>) -> Self {
        let mut plan = self.clone();
        plan.acts.retain(|act| !acts.contains(&act.no));
        plan.faults.retain(|fault| !faults.contains(fault));
        plan
    }

    fn act(&mut self, at: u64, order: usize, what: Deed) {
        self.acts.push(Act {
            no: 0,
            at,
            order,
            what,
        });
    }

    fn sell(&mut self, place: usize, chance: &mut Chance) {
        let placed = chance.between(0, 6 * HOUR);
        let kind = chance.pick(&[
            ServiceKind::Standard,
            ServiceKind::Standard,
            ServiceKind::Standard,
            ServiceKind::Standard,
            ServiceKind::Targeted,
            ServiceKind::Account,
            ServiceKind::Auto,
        ]);
        let quantity = match kind {
            ServiceKind::Account => chance.between(2, 4),
            _ => chance.pick(&[100, 200, 250, 1_000]),
        };
        let price = chance.pick(&[1_000, 4_990, 9_999, 20_000]);
        let subscription = kind == ServiceKind::Standard && chance.one_in(4);
        let mut payments = vec![(price, PaymentKind::OneTime, 10)];
        if subscription {
            payments.push((price, PaymentKind::Renewal, DAY));
        } else if chance.one_in(3) {
            let first = price * chance.between(20, 80) / 100;
            payments = vec![
                (first, PaymentKind::OneTime, 10),
                (price - first, PaymentKind::OneTime, 20),
            ];
        } else if chance.one_in(12) {
            payments = vec![(price - price / 10, PaymentKind::OneTime, 10)];
        }
        self.orders.push(PlannedOrder {
            number: format!("VL-{}", place + 1),
            kind,
            quantity,
            price,
            payments,
            subscription,
            target: kind == ServiceKind::Targeted,
            placed,
        });
        let told = match chance.below(12) {
            0 => placed + chance.between(DAY, 4 * DAY),
            1 => END * 2,
            _ => placed + 30,
        };
        self.act(told, place, Deed::Tell);
        let asked = self.deliver(place, chance);
        self.ask(place, asked, chance);
    }

    /// What fulfilment does, and when a customer would notice.
    fn deliver(&mut self, place: usize, chance: &mut Chance) -> u64 {
        let (placed, quantity) = (self.orders[place].placed, self.orders[place].quantity);
        let report = |plan: &mut Self, at: u64, event: Event<'static>| {
            plan.act(at, place, Deed::Log(at, event));
        };
        if self.orders[place].kind == ServiceKind::Account {
            let at = placed + chance.between(HOUR, 20 * HOUR);
            for no in 0..quantity {
                let account = format!("account-{no}").into();
                report(self, at + no, Event::HandedOver { account });
            }
            if chance.one_in(4) {
                let account = "account-0".into();
                report(self, at + HOUR, Event::Login { account });
            }
            report(self, at + 10, Event::Completed);
            return at + chance.between(60, 16 * HOUR);
        }
        let start = placed + chance.between(HOUR, 30 * HOUR);
        // Never begun; begun and never ended; ended with all, a part or nothing; stopped; dropped.
        let way = chance.below(10);
        if way == 0 {
            return placed + chance.between(20 * HOUR, 40 * HOUR);
        }
        let base = chance.between(0, 500);
        let count = chance.one_in(8);
        let begun = if count { None } else { Some(base) };
        report(self, start, Event::Started { count: begun });
        let percent = match way {
            1 => 100,
            2 | 3 => 0,
            _ => chance.between(10, 95),
        };
        let reached = base + quantity * percent / 100;
        report(self, start + 6 * HOUR, Event::Count { count: reached });
        let end = start + chance.between(7 * HOUR, 40 * HOUR);
        match way {
            4 => return end,
            5 => {
                report(self, end, Event::StopRequested);
                let stops = chance.one_in(2);
                let ends = if stops {
                    Event::Stopped
                } else {
                    Event::StopFailed
                };
                report(self, end + HOUR, ends);
            }
            _ => report(self, end, Event::Completed),
        }
        if way >= 7 {
            let dropped = quantity * chance.between(5, 60) / 100;
            let count = reached.saturating_sub(dropped);
            report(self, end + 20 * HOUR, Event::Count { count });
        }
        end + chance.between(HOUR, 30 * HOUR)
    }

    fn ask(&mut self, place: usize, at: u64, chance: &mut Chance) {
        let order = &self.orders[place];
        let fitting: &[ClaimKind] = match order.kind {
            ServiceKind::Account => &[ClaimKind::AccountFaulty],
            ServiceKind::Auto => &[ClaimKind::AutoNotWorking, ClaimKind::Incomplete],
            ServiceKind::Targeted => &[ClaimKind::WrongTarget, ClaimKind::Incomplete],
            ServiceKind::Standard if order.subscription => &[
                ClaimKind::Renewal,
                ClaimKind::Renewal,
                ClaimKind::Incomplete,
            ],
            ServiceKind::Standard => &[
                ClaimKind::Incomplete,
                ClaimKind::NotReceived,
                ClaimKind::NotStarted,
                ClaimKind::Dropped,
                ClaimKind::Stop,
                ClaimKind::Slow,
            ],
        };
        let wants = |chance: &mut Chance| {
            chance.pick(&[
                Wants::Refund,
                Wants::Refund,
                Wants::Refund,
                Wants::Redelivery,
                Wants::Exchange,
            ])
        };
        let claim = chance.pick(fitting);
        let wish = wants(chance);
        self.act(at, place, Deed::Ask(claim, wish));
        // Asks the same again, or something else beside it.
        if chance.one_in(3) {
            let wish = wants(chance);
            let later = at + chance.pick(&[1, 30, 5_000, 2 * DAY]);
            self.act(later, place, Deed::Ask(claim, wish));
        }
        if chance.one_in(3) {
            let other = chance.pick(&[
                ClaimKind::ChangedMind,
                ClaimKind::Incomplete,
                ClaimKind::Dropped,
            ]);
            let later = at + chance.pick(&[0, 5, HOUR]);
            self.act(later, place, Deed::Ask(other, Wants::Refund));
        }
    }

    /// What the rest of the world does, close to the time when money moves.
    fn trouble(&mut self, chance: &mut Chance) {
        let asked: Vec<(usize, u64)> = self
            .acts
            .iter()
            .filter(|act| matches!(act.what, Deed::Ask(..)))
            .map(|act| (act.order, act.at))
            .collect();
        for (order, at) in asked {
            let near = |chance: &mut Chance| {
                let span = chance.pick(&[20, 300, HOUR, 6 * HOUR, DAY, 3 * DAY]);
                at + chance.below(span)
            };
            let payments = u64::try_from(self.orders[order].payments.len()).unwrap_or(1);
            let payment =
                |chance: &mut Chance| usize::try_from(chance.below(payments)).unwrap_or(0);
            if chance.one_in(4) {
                let opened = near(chance);
                let what = Deed::DisputeOpens {
                    payment: payment(chance),
                    inquiry: chance.one_in(6),
                };
                self.act(opened, order, what);
                let ended = opened + chance.pick(&[60, HOUR, DAY, 3 * DAY]);
                let won = chance.one_in(2);
                self.act(ended, order, Deed::DisputeEnds { won });
                if !won && chance.one_in(3) {
                    self.act(ended + DAY, order, Deed::DisputeTurns);
                }
            }
            if chance.one_in(8) {
                let what = Deed::Dashboard {
                    payment: payment(chance),
                    percent: chance.pick(&[10, 50, 100]),
                };
                self.act(near(chance), order, what);
            }
            if chance.one_in(8) {
                let from = near(chance);
                self.act(from, order, Deed::Switch(true));
                let to = from + chance.pick(&[600, 6 * HOUR, 30 * HOUR]);
                self.act(to, order, Deed::Switch(false));
            }
            if chance.one_in(8) {
                let long = chance.pick(&[60, HOUR, DAY]);
                self.act(near(chance), order, Deed::Rest(long));
            }
            if chance.one_in(8) {
                let by = chance.pick(&[-1_200, -30, 30, 900]);
                self.act(near(chance), order, Deed::Clock(by));
            }
            if chance.one_in(4) {
                self.act(near(chance), order, Deed::CrashAll);
            }
            if chance.one_in(5) {
                self.act(
                    near(chance),
                    order,
                    Deed::Rush(chance.pick(&[30, 60, 60, 100])),
                );
            }
            if chance.one_in(12) {
                self.act(near(chance), order, Deed::Breaks);
            }
        }
    }
}

fn rules(chance: &mut Chance) -> Rules {
    Rules {
        automatic_minor_max: chance.pick(&[0, 3_000, 50_000]),
        second_person_above: chance.pick(&[0, 2_000, 2_000, 50_000]),
        hold: chance.pick(&[0, 10, 10, 1_800]),
        connector: chance.one_in(2),
        tries_max: chance.pick(&[2, 4, 40]),
        unknown_hours: chance.pick(&[1, 24, 72]),
        unanswered_closes: chance.one_in(2),
        day_minor_max: chance.pick(&[None, None, Some(5_000), Some(20_000)]),
        workers: chance.pick(&[1, 2, 3]),
    }
}

/// Each story has some faults and not others: a world in which everything fails at once proves little.
fn faults(chance: &mut Chance) -> BTreeSet<Fault> {
    let among = chance.pick(&[2, 3, 8]);
    Fault::ALL
        .iter()
        .map(|(_, fault)| *fault)
        .filter(|_| chance.one_in(among))
        .collect()
}
