// SPDX-License-Identifier: MIT OR Apache-2.0
//! How an amount or a number of units was worked out, step by step, in the reader's language.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use makegood_policy::phrase::Tongue;

use crate::amount::{Amount, Ratio};
use crate::case::{CaseFile, ServiceKind};
use crate::decision::{Decision, Rulebook};
use crate::facts::Guarantee;
use crate::remedy::{Measure, Remedy, refundable_dropped_of};
use crate::words::{Text, amount_words, minor_words, texts, units_words};

/// What the steps are called.
pub mod steps {
    super::texts! {
        UNDELIVERED: "aldrig leveret", "never delivered";
        DROPPED: "faldet", "dropped";
        COVERED: "faldet under garantien", "dropped under the guarantee";
        ONE: "kontoen", "the account";
        ORDERED: "bestilt", "ordered";
        TOGETHER: "i alt", "together";
        BEFORE: "tidligere refunderet", "refunded before";
        SHARE: "andel af prisen", "share of the price";
        SHARE_SO_FAR: "andel af prisen, det tidligere med", "share of the price, with what was refunded before";
        ROUNDED: "afrundet", "rounded";
        PRICE: "prisen", "the price";
        RENEWAL: "fornyelsen", "the renewal";
        REFUNDED: "allerede betalt tilbage", "already paid back";
        LOST: "allerede givet tilbage af banken", "already given back by the bank";
        SINCE: "givet tilbage siden", "given back since";
        MOST: "højst det, der er tilbage", "at most what is left";
        LESS: "fradrag for at standse, {share}", "deduction for stopping, {share}";
        REFUND: "at betale tilbage", "to be refunded";
        EXCHANGE: "at bytte for", "to be exchanged";
        REDELIVER: "at levere igen", "to be delivered again";
        ABOUT: "ca.", "about";
    }
}

/// A step of the working.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is.
    pub what: String,
    /// How it is come by; empty where it is simply so.
    pub how: String,
    /// What it comes to.
    pub figure: String,
    /// Whether it is the result.
    pub result: bool,
}

impl Step {
    /// The step in a line: "share of the price: EUR 49.90 × 250 / 1,000 = EUR 12.475".
    #[must_use]
    pub fn line(&self) -> String {
        if self.how.is_empty() {
            format!("{}: {}", self.what, self.figure)
        } else {
            format!("{}: {} = {}", self.what, self.how, self.figure)
        }
    }
}

/// How a decision's first amount or number of units is worked out; no steps where there is nothing to work out.
#[must_use]
pub fn working(
    rulebook: &Rulebook,
    case: &CaseFile<'_>,
    decision: &Decision<'_>,
    tongue: Tongue,
) -> Vec<Step> {
    Working {
        case,
        decision,
        tongue,
    }
    .steps(rulebook)
}

/// How an amount or a number of units is worked out.
struct Working<'d> {
    case: &'d CaseFile<'d>,
    decision: &'d Decision<'d>,
    tongue: Tongue,
}

impl Working<'_> {
    fn step(&self, what: Text, figure: String) -> Step {
        Step {
            what: what.say(self.tongue).to_owned(),
            how: String::new(),
            figure,
            result: false,
        }
    }

    fn units(&self, count: u64) -> String {
        units_words(self.tongue, count, &self.case.order.service.unit)
    }

    fn number(&self, count: u64) -> String {
        self.tongue.whole(i128::from(count))
    }

    fn minor(&self, minor: u128) -> String {
        let minor = i128::try_from(minor).unwrap_or(i128::MAX);
        minor_words(self.tongue, minor, self.case.order.price)
    }

    fn minus(&self, what: Text, minor: u128) -> Step {
        self.step(what, format!("− {}", self.minor(minor)))
    }

    /// Every step; none where there is nothing to work out.
    fn steps(&self, rulebook: &Rulebook) -> Vec<Step> {
        let Some((measure, less)) = rulebook.measured(self.decision) else {
            return Vec::new();
        };
        let seen = &self.decision.facts.observed;
        let balance = &seen.balance;
        let granted = self.decision.result.remedies().find(|remedy| {
            matches!(
                remedy,
                Remedy::Refund(_) | Remedy::Exchange(_) | Remedy::Redeliver { .. }
            )
        });
        let mut steps = Vec::new();
        let mut count = 0;
        if let Measure::Units { .. } = measure {
            if self.decision.facts.units().is_none() && measure.needs_counts() {
                return Vec::new();
            }
            count = self.parts(measure, &mut steps);
        }
        if let Some(Remedy::Redeliver { units }) = granted {
            let mut result = self.step(steps::REDELIVER, self.units(*units));
            result.result = true;
            steps.push(result);
            return steps;
        }
        // The amount before a deduction.
        let due = match measure {
            Measure::Units { .. } => {
                self.share(count, &mut steps);
                balance.refund_of(count)
            }
            Measure::EverythingLeft => {
                steps.push(self.step(steps::PRICE, amount_words(self.tongue, balance.price)));
                if balance.refunded_minor > 0 {
                    steps.push(self.minus(steps::REFUNDED, balance.refunded_minor));
                }
                if balance.lost_minor > 0 {
                    steps.push(self.minus(steps::LOST, balance.lost_minor));
                }
                balance.left()
            }
            Measure::RenewalRest => {
                let (paid, left) = (seen.renewal_paid, seen.renewal_left);
                steps.push(self.step(steps::RENEWAL, amount_words(self.tongue, paid)));
                if left.minor() < paid.minor() {
                    let since = paid.minor().saturating_sub(left.minor());
                    steps.push(self.minus(steps::SINCE, u128::from(since)));
                }
                left
            }
        };
        if less > Ratio::ZERO {
            let kept = due.minor().saturating_sub(due.less(less).minor());
            let share = makegood_policy::fact::Ratio::new(
                i128::try_from(less.numerator()).unwrap_or(0),
                i128::try_from(less.denominator()).unwrap_or(1),
            );
            let share = share.map_or(String::new(), |share| self.tongue.share(share));
            let mut step = self.minus(steps::LESS, u128::from(kept));
            step.what = steps::LESS.with(self.tongue, &[("share", &share)]);
            steps.push(step);
        }
        let what = match granted {
            Some(Remedy::Exchange(_)) => steps::EXCHANGE,
            _ => steps::REFUND,
        };
        let mut result = self.step(what, amount_words(self.tongue, due.less(less)));
        result.result = true;
        steps.push(result);
        steps
    }

    /// The units that count, and their sum.
    fn parts(&self, measure: Measure, steps: &mut Vec<Step>) -> u64 {
        let Measure::Units {
            open_undelivered,
            open_dropped,
            refundable_dropped,
            one_unit,
        } = measure
        else {
            return 0;
        };
        let facts = &self.decision.facts;
        let guarantee: Guarantee = facts.guarantee.value;
        let mut parts: Vec<(Text, u64)> = Vec::new();
        if let Some(units) = facts.units() {
            if open_undelivered {
                parts.push((steps::UNDELIVERED, units.open_undelivered));
            }
            if open_dropped {
                parts.push((steps::DROPPED, units.open_dropped));
            }
            if refundable_dropped {
                parts.push((steps::COVERED, refundable_dropped_of(&units, guarantee)));
            }
        }
        if one_unit {
            let one = facts.observed.balance.units_left().min(1);
            let what = if self.case.order.service.kind == ServiceKind::Account {
                steps::ONE
            } else {
                steps::ORDERED
            };
            parts.push((what, one));
        }
        let sum = parts
            .iter()
            .fold(0_u64, |sum, (_, part)| sum.saturating_add(*part));
        // Parts of nothing say nothing, unless there is nothing else.
        if sum > 0 {
            parts.retain(|(_, part)| *part > 0);
        }
        let several = parts.len() > 1;
        steps.extend(
            parts
                .into_iter()
                .map(|(what, part)| self.step(what, self.units(part))),
        );
        if several {
            steps.push(self.step(steps::TOGETHER, self.units(sum)));
        }
        sum
    }

    /// The share of the price for so many units, rounded, less what went back before.
    fn share(&self, count: u64, steps: &mut Vec<Step>) {
        let balance = &self.decision.facts.observed.balance;
        let before = balance.refunded_units;
        let covered = before.saturating_add(count).min(balance.units_ordered);
        if count == 0 {
            return;
        }
        let of = if before == 0 {
            self.number(covered)
        } else {
            steps.push(self.step(steps::BEFORE, self.units(before)));
            self.number(covered)
        };
        let gross = u128::from(balance.price.minor()).saturating_mul(u128::from(covered));
        let (exact, rounds) = exact_share(self.tongue, balance.price, gross, balance.units_ordered);
        let mut share = self.step(
            if before == 0 {
                steps::SHARE
            } else {
                steps::SHARE_SO_FAR
            },
            exact,
        );
        share.how = format!(
            "{} × {of} / {}",
            amount_words(self.tongue, balance.price),
            self.number(balance.units_ordered)
        );
        steps.push(share);
        let ordered = u128::from(balance.units_ordered).max(1);
        let total = gross
            .saturating_mul(2)
            .saturating_add(ordered)
            .checked_div(ordered.saturating_mul(2))
            .unwrap_or(0);
        if rounds {
            steps.push(self.step(steps::ROUNDED, self.minor(total)));
        }
        if balance.refunded_minor > 0 {
            steps.push(self.minus(steps::REFUNDED, balance.refunded_minor));
        }
        let due = total.saturating_sub(balance.refunded_minor);
        let left = balance.left();
        if due > u128::from(left.minor()) {
            let mut most = self.step(steps::MOST, amount_words(self.tongue, left));
            let mut how = alloc::vec![amount_words(self.tongue, balance.price)];
            how.extend(
                [balance.refunded_minor, balance.lost_minor]
                    .into_iter()
                    .filter(|minor| *minor > 0)
                    .map(|minor| self.minor(minor)),
            );
            if how.len() > 1 {
                most.how = how.join(" − ");
            }
            steps.push(most);
        }
    }
}

/// A share of a price before rounding, with as many digits as show where it is rounded; and whether it has to be.
fn exact_share(tongue: Tongue, price: Amount, gross: u128, ordered: u64) -> (String, bool) {
    let digits = u32::from(price.currency().digits());
    let ordered = u128::from(ordered).max(1);
    let scaled = gross.saturating_mul(1_000);
    let thousandths = scaled.checked_div(ordered).unwrap_or(0);
    let exact = scaled.checked_rem(ordered) == Some(0);
    let whole = thousandths.checked_rem(1_000) == Some(0);
    let words = |number: u128, digits: u32| {
        tongue.amount(
            i128::try_from(number).unwrap_or(i128::MAX),
            digits,
            price.currency().code(),
        )
    };
    if exact && whole {
        return (
            words(thousandths.checked_div(1_000).unwrap_or(0), digits),
            false,
        );
    }
    // Zeros at the end say nothing: 12.475, not 12.47500.
    let (mut number, mut shown) = (thousandths, digits.saturating_add(3));
    while exact && number.checked_rem(10) == Some(0) {
        number = number.checked_div(10).unwrap_or(0);
        shown = shown.saturating_sub(1);
    }
    let text = words(number, shown);
    if exact {
        (text, true)
    } else {
        (format!("{} {text}", steps::ABOUT.say(tongue)), true)
    }
}
