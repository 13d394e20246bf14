// SPDX-License-Identifier: MIT OR Apache-2.0
//! One decision with the facts ready: the diagram beside the same table written by hand.

#[path = "support/by_hand.rs"]
mod by_hand;
#[path = "../tests/oracle/random.rs"]
mod random;
#[path = "support/mod.rs"]
mod support;

use std::hint::black_box;
use std::time::Duration;

use by_hand::{Row, Rule};
use makegood_desk::case::{ClaimKind, ServiceKind, Wants};
use makegood_desk::facts::{
    DisputeState, Fact, Facts, Guarantee, Pace, ProxyUsed, Renewal, Start, State, StopResult,
    Subscription,
};
use makegood_desk::units::Counts;
use makegood_policy::Policy;
use makegood_policy::ask::Scratch;
use makegood_policy::fact::{Ratio, Value};
use makegood_policy::rule::RuleId;
use random::Rng;
use support::{Contender, table};

/// Rows of one mix. So many that no branch predictor learns them by heart, so few that they stay in the second cache.
const ROWS: usize = 1 << 14;

/// Rows that are used where a row takes much memory.
const FEW: usize = 1 << 9;

/// Rows on which both must decide alike before anything is timed.
const COMPARED: usize = 150_000;

fn main() {
    let reading = makegood::built_in::ALL[0].read();
    let policy = reading.policy.expect("the built-in policy reads");
    println!(
        "the diagram has {} nodes",
        policy.diagram_size().expect("a diagram")
    );
    let real = Mix::new(&policy, 1, &mut of_a_case);
    let uniform = Mix::new(&policy, 2, &mut at_random);
    for (name, mix) in [
        ("cases as they come", &real),
        ("facts drawn uniformly", &uniform),
    ] {
        single(&policy, name, mix);
        batched(&policy, name, mix);
    }
}

/// The same rows in every form in which somebody may have them.
struct Mix {
    rows: Vec<Row>,
    values: Vec<Vec<Value>>,
    width: usize,
    cells: Vec<u8>,
    facts: Vec<makegood_policy::decide::Facts>,
}

impl Mix {
    fn new(policy: &Policy, seed: u64, draw: &mut dyn FnMut(&mut Rng) -> Option<Row>) -> Self {
        let rng = &mut Rng::new(seed);
        let names: Vec<String> = policy.facts().map(|(_, def)| def.name.clone()).collect();
        let width = names.len();
        let mut mix = Self {
            rows: Vec::new(),
            values: Vec::new(),
            width,
            cells: Vec::new(),
            facts: Vec::new(),
        };
        let mut compared = 0_usize;
        while compared < COMPARED {
            let Some(row) = draw(rng) else { continue };
            let values: Vec<Value> = names.iter().map(|name| value(&row, name)).collect();
            let cell = |(at, (id, _)): (usize, (_, &_))| {
                let cell = policy
                    .fact_def(id)
                    .cell(values[at])
                    .expect("a value that fits");
                u8::try_from(cell).expect("a cell")
            };
            let cells: Vec<u8> = policy.facts().enumerate().map(cell).collect();
            let Some(decided) = policy.decide_known(&cells) else {
                continue;
            };
            let by_hand = by_hand::decide(&row);
            assert_eq!(policy.rule(decided).name, by_hand.name(), "{row:?}");
            assert_eq!(policy.decide_values(&values), Some(decided), "{row:?}");
            compared += 1;
            if mix.rows.len() < ROWS {
                let mut facts = policy.nothing_known();
                for ((id, _), value) in policy.facts().zip(&values) {
                    policy.know(&mut facts, id, *value).expect("a value");
                }
                mix.rows.push(row);
                mix.values.push(values);
                mix.cells.extend(cells);
                mix.facts.push(facts);
            }
        }
        println!("both choose the same rule for {compared} rows");
        mix
    }

    /// The cells, a column a fact.
    fn columns(&self) -> Vec<Vec<u8>> {
        (0..self.width)
            .map(|fact| self.cells().map(|cells| cells[fact]).collect())
            .collect()
    }

    fn cells(&self) -> impl Iterator<Item = &[u8]> {
        self.cells.chunks_exact(self.width)
    }
}

fn single(policy: &Policy, name: &str, mix: &Mix) {
    let mut scratch = Scratch::default();
    table(
        &format!("one decision: {name}"),
        Duration::from_secs(6),
        vec![
            Contender::new("by hand", ROWS, || {
                for row in &mix.rows {
                    black_box(alone(black_box(row)));
                }
            }),
            Contender::new("cells, known to be possible", ROWS, || {
                for cells in mix.cells() {
                    black_box(policy.decide_possible(black_box(cells)));
                }
            }),
            Contender::new("cells, checked to be possible", ROWS, || {
                for cells in mix.cells() {
                    black_box(policy.decide_known(black_box(cells)));
                }
            }),
            // A value takes 48 bytes: all rows, here and below, would measure the memory and not the deciding.
            Contender::new("values", ROWS, || {
                for values in mix.values.iter().take(FEW).cycle().take(ROWS) {
                    black_box(policy.decide_values(black_box(values)));
                }
            }),
            Contender::new("sets of what is possible", ROWS, || {
                for facts in mix.facts.iter().take(FEW).cycle().take(ROWS) {
                    black_box(policy.decide_in(&mut scratch, black_box(facts), &mut |_, _| 0));
                }
            }),
        ],
    );
}

fn batched(policy: &Policy, name: &str, mix: &Mix) {
    let mut by_hand: Vec<Rule> = vec![Rule::Concede; ROWS];
    let mut one_by_one: Vec<Option<RuleId>> = vec![None; ROWS];
    let (mut checked, mut possible) = (vec![0_u16; ROWS], vec![0_u16; ROWS]);
    let batch = policy.batch().expect("a diagram");
    let columns = mix.columns();
    let columns: Vec<&[u8]> = columns.iter().map(Vec::as_slice).collect();
    batch
        .decide(&columns, &mut checked)
        .expect("columns that fit");
    for (number, cells) in checked.iter().zip(mix.cells()) {
        assert_eq!(
            makegood_policy::batch::rule(*number),
            policy.decide_known(cells)
        );
    }
    table(
        &format!("{ROWS} decisions at once: {name}"),
        Duration::from_secs(6),
        vec![
            Contender::new("by hand", ROWS, || {
                for (place, row) in by_hand.iter_mut().zip(black_box(&mix.rows)) {
                    *place = by_hand::decide(row);
                }
                black_box(&by_hand);
            }),
            Contender::new("cells, one by one", ROWS, || {
                for (place, cells) in one_by_one.iter_mut().zip(mix.cells()) {
                    *place = policy.decide_possible(cells);
                }
                black_box(&one_by_one);
            }),
            Contender::new("columns, known to be possible", ROWS, || {
                batch
                    .decide_possible(black_box(&columns), &mut possible)
                    .expect("columns that fit");
                black_box(&possible);
            }),
            Contender::new("columns, checked to be possible", ROWS, || {
                batch
                    .decide(black_box(&columns), &mut checked)
                    .expect("columns that fit");
                black_box(&checked);
            }),
        ],
    );
}

/// One decision that nothing around it can be mixed with.
#[inline(never)]
fn alone(row: &Row) -> Rule {
    by_hand::decide(row)
}

/// The facts of a random case, what is unknown filled in at random.
fn of_a_case(rng: &mut Rng) -> Option<Row> {
    let text = random::case(rng.next());
    let case = makegood::wire::read_case(text.as_bytes()).expect("a case");
    let facts = Facts::of(&case);
    let quantity = case.order.quantity;
    let counts = facts.counts.known().unwrap_or_else(|| {
        let delivered = rng.below(quantity + 1);
        let some = rng.below(delivered + 1);
        let dropped = rng.pick(&[0, delivered, some]);
        let below_baseline = dropped == delivered && rng.once_in(2);
        Counts {
            delivered,
            dropped,
            below_baseline,
        }
    });
    let units = facts.units_if(counts);
    let yes = |rng: &mut Rng, fact: &Fact<bool>| fact.known().unwrap_or_else(|| rng.once_in(2));
    let seconds = |duration: makegood_desk::case::Duration| {
        i64::try_from(duration.nanoseconds() / 1_000_000_000).expect("seconds")
    };
    let on_target = match facts.on_target_share.known() {
        None => (rng.below(101), 100),
        // Shares with very many digits are left to the tests.
        Some(share) => (
            u64::try_from(share.numerator()).ok()?,
            u64::try_from(share.denominator())
                .ok()
                .filter(|all| *all < 1 << 62)?,
        ),
    };
    let proxies: &[ProxyUsed] = match facts.target_sold.value {
        true => &[ProxyUsed::Yes, ProxyUsed::No, ProxyUsed::WrongCountry],
        false => &[ProxyUsed::Yes, ProxyUsed::No],
    };
    Some(Row {
        claim: facts.claim.value,
        wants: facts.wants.value,
        service_kind: facts.service_kind.value,
        dispute: facts.dispute.value,
        contact_before_dispute: facts.contact_before_dispute.value,
        money_left: facts.money_left.value,
        state: facts.state.value,
        start: facts.start.value,
        units_delivered: units.units_delivered,
        open_undelivered: units.open_undelivered,
        open_dropped: units.open_dropped,
        dropped: units.units_dropped,
        below_baseline: units.below_baseline,
        units_left: facts.units_left.value,
        guarantee: facts.guarantee.value,
        pace: facts
            .pace
            .known()
            .unwrap_or_else(|| Some(rng.pick(&[Pace::OnTime, Pace::Behind]))),
        stop_result: facts
            .stop_result
            .known()
            .unwrap_or_else(|| rng.pick(&[StopResult::Stopped, StopResult::Failed])),
        redelivery_possible: yes(rng, &facts.redelivery_possible),
        expedite_possible: yes(rng, &facts.expedite_possible),
        target_sold: facts.target_sold.value,
        on_target,
        account_named: facts.account_named.value,
        account_handed_over: facts.account_handed_over.value,
        account_claim_delay: facts.account_claim_delay.value.map(seconds),
        login_seen: facts.login_seen.value,
        proxy_used: facts
            .proxy_used
            .known()
            .unwrap_or_else(|| rng.pick(proxies)),
        fault_shown: yes(rng, &facts.fault_shown),
        subscription: facts.subscription.value,
        renewal: facts.renewal.value,
        renewal_age: facts.renewal_age.value.map(seconds),
        period_fulfilled: yes(rng, &facts.period_fulfilled),
    })
}

/// Every fact at random, regardless of the others; what the policy's assumptions exclude is drawn again.
fn at_random(rng: &mut Rng) -> Option<Row> {
    let yes = |rng: &mut Rng| rng.once_in(2);
    let units_delivered = rng.pick(&[0, 0, 1, 10, 99, 1_000]);
    let tenth = units_delivered / 10;
    let dropped = rng
        .pick(&[0, 0, 1, tenth, tenth + 1, units_delivered])
        .min(units_delivered);
    Some(Row {
        claim: rng.pick(&CLAIMS),
        wants: rng.pick(&WANTS),
        service_kind: rng.pick(&SERVICES),
        dispute: rng.pick(&DISPUTES),
        contact_before_dispute: yes(rng),
        money_left: yes(rng),
        state: rng.pick(&STATES),
        start: rng.pick(&STARTS),
        units_delivered,
        open_undelivered: rng.pick(&[0, 0, 1, 500]),
        open_dropped: rng.pick(&[0, dropped]),
        dropped,
        below_baseline: yes(rng),
        units_left: rng.pick(&[0, 1, 1_000]),
        guarantee: rng.pick(&GUARANTEES),
        pace: rng.pick(&[None, Some(Pace::OnTime), Some(Pace::Behind)]),
        stop_result: rng.pick(&STOPS),
        redelivery_possible: yes(rng),
        expedite_possible: yes(rng),
        target_sold: yes(rng),
        on_target: (rng.below(101), 100),
        account_named: yes(rng),
        account_handed_over: yes(rng),
        account_claim_delay: rng.pick(&[None, Some(60), Some(43_200), Some(43_201)]),
        login_seen: yes(rng),
        proxy_used: rng.pick(&PROXIES),
        fault_shown: yes(rng),
        subscription: rng.pick(&SUBSCRIPTIONS),
        renewal: rng.pick(&RENEWALS),
        renewal_age: rng.pick(&[None, Some(60), Some(259_200), Some(259_201)]),
        period_fulfilled: yes(rng),
    })
}

// The values of the vocabulary in its order.
const CLAIMS: [ClaimKind; 14] = [
    ClaimKind::NotStarted,
    ClaimKind::NotReceived,
    ClaimKind::Incomplete,
    ClaimKind::ChangedMind,
    ClaimKind::NoBenefit,
    ClaimKind::Quality,
    ClaimKind::Slow,
    ClaimKind::Dropped,
    ClaimKind::WrongTarget,
    ClaimKind::Stop,
    ClaimKind::AutoNotWorking,
    ClaimKind::AccountFaulty,
    ClaimKind::Renewal,
    ClaimKind::Other,
];
const WANTS: [Wants; 3] = [Wants::Refund, Wants::Redelivery, Wants::Exchange];
const SERVICES: [ServiceKind; 4] = [
    ServiceKind::Standard,
    ServiceKind::Targeted,
    ServiceKind::Auto,
    ServiceKind::Account,
];
const DISPUTES: [DisputeState; 3] = [DisputeState::None, DisputeState::Lost, DisputeState::Open];
const STATES: [State; 4] = [
    State::Queued,
    State::InProgress,
    State::Completed,
    State::Stopped,
];
const STARTS: [Start; 4] = [Start::InTime, Start::Late, Start::NotDue, Start::Overdue];
const GUARANTEES: [Guarantee; 2] = [Guarantee::Running, Guarantee::Ended];
const PACES: [Pace; 2] = [Pace::OnTime, Pace::Behind];
const STOPS: [StopResult; 2] = [StopResult::Stopped, StopResult::Failed];
const PROXIES: [ProxyUsed; 3] = [ProxyUsed::Yes, ProxyUsed::No, ProxyUsed::WrongCountry];
const SUBSCRIPTIONS: [Subscription; 3] = [
    Subscription::None,
    Subscription::Active,
    Subscription::Cancelled,
];
const RENEWALS: [Renewal; 3] = [Renewal::None, Renewal::NotLatest, Renewal::Latest];

/// A fact as the policy sees it.
fn value(row: &Row, name: &str) -> Value {
    fn choice<T: PartialEq>(all: &[T], one: T) -> Value {
        Value::Choice(all.iter().position(|each| *each == one).expect("a value"))
    }
    let whole = |units: u64| Value::Int(i64::try_from(units).expect("a number of units"));
    let share = |(part, all): (u64, u64)| {
        let ratio = Ratio::new(i128::from(part), i128::from(all.max(1)));
        Value::Ratio(ratio.expect("a ratio"))
    };
    let length = |seconds: Option<i64>| {
        seconds.map_or(Value::Absent, |seconds| {
            Value::Duration(i128::from(seconds) * 1_000_000_000)
        })
    };
    match name {
        "claim" => choice(&CLAIMS, row.claim),
        "wants" => choice(&WANTS, row.wants),
        "service_kind" => choice(&SERVICES, row.service_kind),
        "dispute" => choice(&DISPUTES, row.dispute),
        "contact_before_dispute" => Value::Bool(row.contact_before_dispute),
        "money_left" => Value::Bool(row.money_left),
        "state" => choice(&STATES, row.state),
        "start" => choice(&STARTS, row.start),
        "units_delivered" => whole(row.units_delivered),
        "open_undelivered" => whole(row.open_undelivered),
        "open_dropped" => whole(row.open_dropped),
        "drop_share" => share((row.dropped, row.units_delivered)),
        "below_baseline" => Value::Bool(row.below_baseline),
        "units_left" => whole(row.units_left),
        "guarantee" => choice(&GUARANTEES, row.guarantee),
        "pace" => row.pace.map_or(Value::Absent, |pace| choice(&PACES, pace)),
        "stop_result" => choice(&STOPS, row.stop_result),
        "redelivery_possible" => Value::Bool(row.redelivery_possible),
        "expedite_possible" => Value::Bool(row.expedite_possible),
        "target_sold" => Value::Bool(row.target_sold),
        "on_target_share" => share(row.on_target),
        "account_named" => Value::Bool(row.account_named),
        "account_handed_over" => Value::Bool(row.account_handed_over),
        "account_claim_delay" => length(row.account_claim_delay),
        "login_seen" => Value::Bool(row.login_seen),
        "proxy_used" => choice(&PROXIES, row.proxy_used),
        "fault_shown" => Value::Bool(row.fault_shown),
        "subscription" => choice(&SUBSCRIPTIONS, row.subscription),
        "renewal" => choice(&RENEWALS, row.renewal),
        "renewal_age" => length(row.renewal_age),
        "period_fulfilled" => Value::Bool(row.period_fulfilled),
        _ => panic!("the policy uses `{name}`, which this bench does not know"),
    }
}
