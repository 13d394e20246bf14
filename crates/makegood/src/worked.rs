// SPDX-License-Identifier: MIT OR Apache-2.0
//! Worked cases of the desk: lines of a table as facts and numbers, decided to the cent.
//!
//! Beside the policy's facts a table may have the units `ordered`, `delivered`, `dropped` and `refunded units`, and the amounts
//! `price EUR`, `refunded EUR` and `lost EUR` of any currency. What follows from them (units left, money left, the share dropped)
//! has no column. For a renewal the claimed payment is the price, and refunds and losses came after it.

use makegood_desk::amount::{Amount, Balance, Currency, Ratio};
use makegood_desk::case::{
    CaseFile, CaseParts, Claim, ClaimKind, Duration, Findings, Instant, Order, Service,
    ServiceKind, Text, WHOLE_MAX, Wants,
};
use makegood_desk::decision::{Decision, Rulebook, Workspace};
use makegood_desk::facts::{
    Asked, DisputeState, Fact, Facts, Found as Known, Grounds, Guarantee, Pace, ProxyUsed, Renewal,
    Start, State, StopResult, Subscription,
};
use makegood_desk::remedy::Remedy;
use makegood_desk::units::Counts;
use makegood_desk::vocabulary::{Said, Word};
use makegood_policy::cases::{
    CaseRun, Cell, Found, Row, Table, decision, keep_usable, read, run, undecided, unknown_column,
};
use makegood_policy::condition::FactId;
use makegood_policy::fact::Value;
use makegood_policy::problem::{Code, Problem, Span};

use crate::answer::outcome_word;

/// The units of a line.
const UNITS: [&str; 4] = ["ordered", "delivered", "dropped", "refunded units"];
/// The amounts of a line, each with a currency behind it.
const AMOUNTS: [&str; 3] = ["price", "refunded", "lost"];

/// Decides every line of a text. `name` is what messages call the file; places are in file 0.
#[must_use]
pub fn run_cases(rulebook: &Rulebook, name: &str, text: &str) -> (Vec<CaseRun>, Vec<Problem>) {
    let policy = rulebook.policy();
    let (mut tables, mut problems) = read(name, text);
    problems.extend(keep_usable(&mut tables, &mut |table| {
        wrong_columns(rulebook, table)
    }));
    let mut room = Workspace::default();
    let runs = run(policy, &tables, &mut |row| decide(rulebook, &mut room, row));
    (runs, problems)
}

/// What is wrong with the columns of a table.
fn wrong_columns(rulebook: &Rulebook, table: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let currency = table
        .columns
        .iter()
        .find_map(|column| amount_column(&column.text))
        .map_or("EUR", |(_, code)| code);
    let mut more: Vec<String> = UNITS.iter().map(|name| (*name).to_owned()).collect();
    more.extend(AMOUNTS.iter().map(|name| format!("{name} {currency}")));
    for column in &table.columns {
        if let Some(instead) = follows_from(&column.text) {
            problems.push(Problem::new(
                Code::Unknown,
                column.span,
                format!("`{}` follows from the numbers of the line", column.text),
                format!("write {instead} instead"),
            ));
        } else {
            problems.extend(unknown_column(rulebook.policy(), column, &more));
        }
    }
    let price = format!("price {currency}");
    let needed = ["ordered", "delivered", &price];
    for name in needed {
        if problems.is_empty() && !table.columns.iter().any(|column| column.text == name) {
            problems.push(Problem::new(
                Code::Unknown,
                table.span,
                format!("a table without a column `{name}`"),
                "amounts are worked out from what was ordered, what was delivered and the price",
            ));
        }
    }
    problems
}

/// The amount and the currency of a column such as `price EUR`.
fn amount_column(name: &str) -> Option<(&str, &str)> {
    let (amount, code) = name.split_once(' ')?;
    (AMOUNTS.contains(&amount) && currency(code).is_some()).then_some((amount, code))
}

fn currency(code: &str) -> Option<Currency> {
    let digits = iso_currency::Currency::from_code(code)?.exponent()?;
    Currency::new(code, u8::try_from(digits).ok()?)
}

/// The columns from which a fact follows; nothing for a fact that has a column of its own.
fn follows_from(column: &str) -> Option<&'static str> {
    Some(match column {
        "units delivered" => "`delivered`",
        "open undelivered" => "`ordered`, `delivered` and `refunded units`",
        "open dropped" => "`dropped` and `refunded units`",
        "drop share" => "`delivered` and `dropped`",
        "units left" => "`ordered` and `refunded units`",
        "money left" => "the price, and what was refunded or lost,",
        _ => return None,
    })
}

fn decide(rulebook: &Rulebook, room: &mut Workspace, row: &Row) -> Result<Found, Vec<Problem>> {
    let case = any_case().map_err(|()| vec![undecided(row)])?;
    let mut line = Line {
        rulebook,
        row,
        facts: Facts::of(&case),
        problems: Vec::new(),
    };
    line.fill();
    let Line {
        facts, problems, ..
    } = line;
    if !problems.is_empty() {
        return Err(problems);
    }
    let decision = rulebook.decide_facts(room, &case, facts);
    found(rulebook, &decision).ok_or_else(|| vec![undecided(row)])
}

/// A decision in the words of a table; nothing if no rule decides.
fn found(rulebook: &Rulebook, decided: &Decision<'_>) -> Option<Found> {
    let policy = rulebook.policy();
    let Some(rule) = decided.rule else {
        let names: Vec<String> = decided
            .missing
            .iter()
            .map(|missing| missing.name.clone())
            .collect();
        return (!names.is_empty()).then(|| Found::asked(&names));
    };
    let outcome = outcome_word(decided.result.outcome);
    let mut refund = None;
    let mut others = Vec::new();
    for remedy in decided.result.remedies() {
        match remedy {
            Remedy::Refund(worth) => refund = Some(amount_words(worth.amount)),
            Remedy::Exchange(worth) => {
                others.push(format!("exchange {}", amount_words(worth.amount)))
            }
            Remedy::Redeliver { units } => others.push(format!("redeliver {units}")),
            Remedy::ReplaceAccount { .. } => others.push("replace_account".to_owned()),
            Remedy::Expedite => others.push("expedite".to_owned()),
            Remedy::StartManually => others.push("start_manually".to_owned()),
            Remedy::Restart => others.push("restart".to_owned()),
            Remedy::CancelSubscription => others.push("cancel_subscription".to_owned()),
            Remedy::AcceptDispute { .. } => others.push("accept_dispute".to_owned()),
            Remedy::SubmitEvidence { .. } => others.push("submit_evidence".to_owned()),
            Remedy::FlagFriendlyFraud => others.push("flag_friendly_fraud".to_owned()),
        }
    }
    let decision = match refund {
        // What is paid back stands with the outcome, which is named after it.
        Some(amount) => std::iter::once(format!("{outcome} {amount}"))
            .chain(others)
            .collect::<Vec<_>>()
            .join(" + "),
        None => decision(outcome, &others),
    };
    let again = policy.judges_again(&decided.row);
    Some(Found {
        decision,
        clause: policy.rule(rule).clause.clone(),
        rules: std::iter::once(rule).chain(again).collect(),
    })
}

/// `4.99`: as many digits as the currency has.
fn amount_words(amount: Amount) -> String {
    let digits = usize::from(amount.currency().digits());
    let text = format!("{:0>width$}", amount.minor(), width = digits + 1);
    let (whole, rest) = text.split_at(text.len() - digits);
    if rest.is_empty() {
        whole.to_owned()
    } else {
        format!("{whole}.{rest}")
    }
}

/// A case that names an account and about which nobody has found out anything: what a line does not say is as here.
fn any_case() -> Result<CaseFile<'static>, ()> {
    let now = Instant::from_unix_nanoseconds(0);
    let none = Currency::new("XXX", 0).ok_or(())?;
    CaseFile::new(CaseParts {
        as_of: now,
        order: Order {
            number: Text::Borrowed("a worked case"),
            placed_at: now,
            quantity: 1,
            price: Amount::new(0, none),
            links: Vec::new(),
            service: Service {
                name: Text::Borrowed(""),
                unit: Text::Borrowed(""),
                kind: ServiceKind::Standard,
                start_within: Duration::DAY,
                guarantee: Service::USUAL_GUARANTEE,
                units_per_day: None,
                target_country: None,
            },
        },
        payments: Vec::new(),
        subscription: None,
        refunds: Vec::new(),
        disputes: Vec::new(),
        contacts: Vec::new(),
        delivery_log: Vec::new(),
        claim: Claim {
            kind: ClaimKind::Other,
            at: now,
            wants: Wants::Refund,
            account: Some(Text::Borrowed("the account")),
            payment: None,
            message: None,
        },
        evidence: Vec::new(),
        findings: Findings::default(),
    })
    .map_err(|_| ())
}

/// A line that becomes facts.
struct Line<'a> {
    rulebook: &'a Rulebook,
    row: &'a Row,
    facts: Facts,
    problems: Vec<Problem>,
}

impl Line<'_> {
    fn problem(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems
            .push(Problem::new(Code::Type, span, message, help));
    }

    /// The place of a column's cell, and of the whole line where the table has no such column.
    fn place(&self, column: &str) -> Span {
        self.row
            .cell(column)
            .map_or(self.row.span, |cell| cell.span)
    }

    fn fill(&mut self) {
        let policy = self.rulebook.policy();
        for (name, word) in Word::ALL {
            if let Some(id) = policy
                .fact(name)
                .filter(|_| follows_from(&name.replace('_', " ")).is_none() && !word.is_counted())
            {
                self.fact(name, word, id);
            }
        }
        self.numbers();
        self.only_where_there_is();
    }

    /// Puts a fact from its column, or the usual.
    fn fact(&mut self, name: &str, word: Word, id: FactId) {
        let value = match self.row.given(self.rulebook.policy(), id) {
            Ok(value) => value,
            Err(problem) => return self.problems.push(problem),
        };
        let taken = match value {
            Some(value) => know(&mut self.facts, word, value),
            None => forget(&mut self.facts, word),
        };
        if !taken {
            let span = self.place(&name.replace('_', " "));
            self.problem(
                span,
                format!("`{name}` stands in every case file and cannot be unknown"),
                "write its value",
            );
        }
    }

    /// A number of units; none where the cell is empty.
    fn units(&mut self, column: &str) -> u64 {
        let Some(cell) = self.row.cell(column).filter(|cell| !cell.text.is_empty()) else {
            return 0;
        };
        match cell.text.parse() {
            Ok(units) if units <= WHOLE_MAX && cell.text.bytes().all(|b| b.is_ascii_digit()) => {
                units
            }
            _ => {
                self.problem(
                    cell.span,
                    format!("`{}` is no number of units", cell.text),
                    "write a whole number such as `1000`",
                );
                0
            }
        }
    }

    /// An amount; none where the cell is empty or the table has no such column.
    fn amount(&mut self, wanted: &str) -> Option<Amount> {
        let mut columns = self.row.cells.iter().filter_map(|(name, cell)| {
            let (amount, code) = amount_column(name).filter(|(amount, _)| *amount == wanted)?;
            Some((amount, currency(code)?, cell))
        });
        let (_, currency, cell) = columns.next()?;
        let amount = amount(&cell.text, currency);
        if amount.is_none() {
            let digits = match currency.digits() {
                0 => "a whole number such as `100`",
                1 => "an amount with one digit after the point",
                2 => "an amount such as `10.00`",
                _ => "an amount such as `10.000`",
            };
            self.problem(
                cell.span,
                format!("`{}` is no amount of {}", cell.text, currency.code()),
                format!("write {digits}"),
            );
        }
        Some(amount.unwrap_or(Amount::new(0, currency)))
    }

    /// Counts, units and amounts.
    fn numbers(&mut self) {
        let Some(price) = self.amount("price") else {
            return;
        };
        let zero = Amount::new(0, price.currency());
        let refunded = self.amount("refunded").unwrap_or(zero);
        let lost = self.amount("lost").unwrap_or(zero);
        let (ordered, refunded_units) = (self.units("ordered"), self.units("refunded units"));
        if ordered == 0 {
            let span = self.place("ordered");
            self.problem(
                span,
                "a case without units ordered",
                "write how many units were ordered, at least 1",
            );
            return;
        }
        if !lost.is_zero() && self.facts.dispute.value == DisputeState::None {
            let span = self.place(&format!("lost {}", lost.currency().code()));
            self.problem(
                span,
                "money was lost without a dispute",
                "write `lost` or `open` under `dispute`",
            );
        }
        let balance = Balance {
            price,
            units_ordered: ordered,
            refunded_minor: u128::from(refunded.minor()),
            refunded_units,
            lost_minor: u128::from(lost.minor()),
        };
        let facts = &mut self.facts;
        facts.observed.balance = balance;
        facts.money_left.value = !balance.left().is_zero();
        facts.units_left.value = balance.units_left();
        // The claimed payment is the price, and what went back did so after it.
        facts.observed.renewal_paid = price;
        facts.observed.renewal_left = balance.left();
        self.counts(ordered);
    }

    fn counts(&mut self, ordered: u64) {
        let policy = self.rulebook.policy();
        let below = match policy.fact("below_baseline") {
            None => None,
            Some(id) => match self.row.given(policy, id) {
                Ok(below) => below,
                Err(problem) => return self.problems.push(problem),
            },
        };
        let unknown = |column: &str| self.row.cell(column).is_some_and(|cell| cell.text == "?");
        let said = |column: &str| {
            self.row
                .cell(column)
                .is_some_and(|cell| !cell.text.is_empty() && cell.text != "?")
        };
        if unknown("delivered") {
            for column in ["dropped", "below baseline"] {
                if said(column) {
                    let span = self.place(column);
                    self.problem(
                        span,
                        "what arrived is not known, and this is",
                        "counts are known together or not at all: leave the cell empty",
                    );
                }
            }
            self.facts.counts = Fact::Unknown {
                ask: Asked::TechnicalTeam,
            };
            return;
        }
        for column in ["dropped", "below baseline"] {
            if unknown(column) {
                let span = self.place(column);
                self.problem(
                    span,
                    "this is not known, and what arrived is",
                    "counts are known together or not at all: write `?` under `delivered`",
                );
                return;
            }
        }
        let counts = Counts {
            delivered: self.units("delivered"),
            dropped: self.units("dropped"),
            below_baseline: below == Some(Value::Bool(true)),
        };
        // INVARIANT (what dropped had arrived)
        if counts.delivered > ordered {
            let span = self.place("delivered");
            self.problem(
                span,
                format!("{} units arrived of {ordered} ordered", counts.delivered),
                "what arrives beyond the order is not counted: write at most what was ordered",
            );
        }
        if counts.dropped > counts.delivered {
            let span = self.place("dropped");
            self.problem(
                span,
                format!(
                    "{} units dropped of {} delivered",
                    counts.dropped, counts.delivered
                ),
                "what drops had arrived: write at most what was delivered",
            );
        }
        if counts.below_baseline && counts.dropped != counts.delivered {
            let span = self.place("below baseline");
            self.problem(
                span,
                "the counter stands lower than at the start, and some units did not drop",
                "write as many units under `dropped` as under `delivered`",
            );
        }
        self.facts.counts = Fact::Known(Known {
            value: counts,
            grounds: Grounds::LogWithout,
        });
    }

    /// Facts that are absent from most cases: their usual value is meant where there is such a thing.
    fn only_where_there_is(&mut self) {
        let absent = [
            (
                "pace",
                self.facts.state.value == State::InProgress,
                "the order is in progress",
            ),
            (
                "account claim delay",
                self.facts.account_handed_over.value,
                "the account was handed over",
            ),
            (
                "renewal age",
                self.facts.renewal.value == Renewal::Latest,
                "the payment is the latest renewal",
            ),
        ];
        for (column, there_is, when) in absent {
            if there_is {
                continue;
            }
            match column {
                "pace" => {
                    self.facts.pace = Fact::Known(Known {
                        value: None,
                        grounds: Grounds::LogWithout,
                    })
                }
                "account claim delay" => self.facts.account_claim_delay.value = None,
                _ => self.facts.renewal_age.value = None,
            }
            let said = |cell: &&Cell| !cell.text.is_empty() && cell.text != "absent";
            if let Some(cell) = self.row.cell(column).filter(said) {
                let span = cell.span;
                self.problem(
                    span,
                    format!("there is such a thing only where {when}"),
                    "leave the cell empty",
                );
            }
        }
        if self.facts.state.value == State::Stopped && self.facts.stop_result.known().is_none() {
            know(&mut self.facts, Word::StopResult, Value::Choice(0));
        }
    }
}

/// `10.00` or `10` as minor units.
fn amount(text: &str, currency: Currency) -> Option<Amount> {
    let digits = usize::from(currency.digits());
    let (whole, rest) = match text.split_once('.') {
        Some((whole, rest)) if rest.len() == digits && digits > 0 => (whole, rest),
        Some(_) => return None,
        None => (text, ""),
    };
    if text.is_empty() {
        return Some(Amount::new(0, currency));
    }
    let number = format!("{whole}{rest:0<digits$}");
    if whole.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let minor = number.parse().ok().filter(|minor| *minor <= WHOLE_MAX)?;
    Some(Amount::new(minor, currency))
}

/// Puts a value; gives whether the desk has such a value. The desk itself says what its values are called.
fn know(facts: &mut Facts, word: Word, value: Value) -> bool {
    fn pick<T: Copy>(
        facts: &mut Facts,
        (word, value): (Word, Value),
        all: &[T],
        put: impl Fn(&mut Facts, T),
    ) -> bool {
        all.iter().any(|one| {
            put(facts, *one);
            matches!(word.said(facts), Said::Known(said, _) if said == value)
        })
    }
    fn known<T>(value: T) -> Fact<T> {
        Fact::Known(Known {
            value,
            grounds: Grounds::LogWithout,
        })
    }
    let what = (word, value);
    let length = match value {
        Value::Duration(ns) => Some(Duration::from_nanoseconds(ns)),
        _ => None,
    };
    match word {
        Word::Claim => pick(facts, what, &CLAIMS, |facts, one| facts.claim.value = one),
        Word::Wants => pick(
            facts,
            what,
            &[Wants::Refund, Wants::Redelivery, Wants::Exchange],
            |facts, one| facts.wants.value = one,
        ),
        Word::ServiceKind => pick(
            facts,
            what,
            &[
                ServiceKind::Standard,
                ServiceKind::Targeted,
                ServiceKind::Auto,
                ServiceKind::Account,
            ],
            |facts, one| facts.service_kind.value = one,
        ),
        Word::Dispute => pick(
            facts,
            what,
            &[DisputeState::None, DisputeState::Lost, DisputeState::Open],
            |facts, one| facts.dispute.value = one,
        ),
        Word::ContactBeforeDispute => pick(facts, what, &[true, false], |facts, one| {
            facts.contact_before_dispute.value = one
        }),
        Word::State => pick(
            facts,
            what,
            &[
                State::Queued,
                State::InProgress,
                State::Completed,
                State::Stopped,
            ],
            |facts, one| facts.state.value = one,
        ),
        Word::Start => pick(
            facts,
            what,
            &[Start::InTime, Start::Late, Start::NotDue, Start::Overdue],
            |facts, one| facts.start.value = one,
        ),
        Word::Guarantee => pick(
            facts,
            what,
            &[Guarantee::Running, Guarantee::Ended],
            |facts, one| facts.guarantee.value = one,
        ),
        Word::Pace => pick(
            facts,
            what,
            &[None, Some(Pace::OnTime), Some(Pace::Behind)],
            |facts, one| facts.pace = known(one),
        ),
        Word::StopResult => pick(
            facts,
            what,
            &[StopResult::Stopped, StopResult::Failed],
            |facts, one| facts.stop_result = known(one),
        ),
        Word::RedeliveryPossible => pick(facts, what, &[true, false], |facts, one| {
            facts.redelivery_possible = known(one)
        }),
        Word::ExpeditePossible => pick(facts, what, &[true, false], |facts, one| {
            facts.expedite_possible = known(one)
        }),
        Word::TargetSold => pick(facts, what, &[true, false], |facts, one| {
            facts.target_sold.value = one
        }),
        Word::OnTargetShare => {
            let share = match value {
                Value::Ratio(share) => u128::try_from(share.numerator())
                    .ok()
                    .zip(u128::try_from(share.denominator()).ok()),
                _ => None,
            };
            let share =
                share.and_then(|(numerator, denominator)| Ratio::new(numerator, denominator));
            pick(facts, what, share.as_slice(), |facts, one| {
                facts.on_target_share = known(one)
            })
        }
        Word::AccountNamed => pick(facts, what, &[true, false], |facts, one| {
            facts.account_named.value = one
        }),
        Word::AccountHandedOver => pick(facts, what, &[true, false], |facts, one| {
            facts.account_handed_over.value = one
        }),
        Word::AccountClaimDelay => pick(facts, what, &[length], |facts, one| {
            facts.account_claim_delay.value = one
        }),
        Word::LoginSeen => pick(facts, what, &[true, false], |facts, one| {
            facts.login_seen.value = one
        }),
        Word::ProxyUsed => pick(
            facts,
            what,
            &[ProxyUsed::Yes, ProxyUsed::No, ProxyUsed::WrongCountry],
            |facts, one| facts.proxy_used = known(one),
        ),
        Word::FaultShown => pick(facts, what, &[true, false], |facts, one| {
            facts.fault_shown = known(one)
        }),
        Word::Subscription => pick(
            facts,
            what,
            &[
                Subscription::None,
                Subscription::Active,
                Subscription::Cancelled,
            ],
            |facts, one| facts.subscription.value = one,
        ),
        Word::Renewal => pick(
            facts,
            what,
            &[Renewal::None, Renewal::NotLatest, Renewal::Latest],
            |facts, one| facts.renewal.value = one,
        ),
        Word::RenewalAge => pick(facts, what, &[length], |facts, one| {
            facts.renewal_age.value = one
        }),
        Word::PeriodFulfilled => pick(facts, what, &[true, false], |facts, one| {
            facts.period_fulfilled = known(one)
        }),
        // These follow from the numbers.
        Word::MoneyLeft
        | Word::UnitsLeft
        | Word::UnitsDelivered
        | Word::OpenUndelivered
        | Word::OpenDropped
        | Word::DropShare
        | Word::BelowBaseline => true,
    }
}

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

/// Makes a fact unknown; gives whether it can be.
fn forget(facts: &mut Facts, word: Word) -> bool {
    fn unknown<T>(ask: Asked) -> Fact<T> {
        Fact::Unknown { ask }
    }
    let team = Asked::TechnicalTeam;
    match word {
        Word::Pace => facts.pace = unknown(team),
        Word::StopResult => facts.stop_result = unknown(team),
        Word::RedeliveryPossible => facts.redelivery_possible = unknown(team),
        Word::ExpeditePossible => facts.expedite_possible = unknown(team),
        Word::PeriodFulfilled => facts.period_fulfilled = unknown(team),
        Word::OnTargetShare => facts.on_target_share = unknown(Asked::Customer),
        Word::ProxyUsed => facts.proxy_used = unknown(Asked::Customer),
        Word::FaultShown => facts.fault_shown = unknown(Asked::Customer),
        _ => return false,
    }
    true
}
