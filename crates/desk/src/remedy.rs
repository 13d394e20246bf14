// SPDX-License-Identifier: MIT OR Apache-2.0
//! What can come of a case: outcomes, remedies, and how many units and how much money they come to.

use crate::amount::{Amount, Ratio};
use crate::facts::{Guarantee, Observed};
use crate::units::Units;

/// What comes of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// All that was paid goes back.
    Refund,
    /// A part goes back.
    PartialRefund,
    /// Support puts it right.
    SupportResolution,
    /// The policy says no.
    Declined,
    /// Facts are missing that can still change it.
    NeedsInformation,
    /// A person looks at it.
    Review,
    /// The dispute is contested.
    Contest,
    /// The dispute is accepted.
    Concede,
}

impl Outcome {
    /// What a refund of `amount` is called where `whole` was paid: the whole, a part, or (of nothing) a refusal.
    pub fn of_refund(amount: Amount, whole: Amount) -> Self {
        if amount.is_zero() {
            Self::Declined
        } else if amount == whole {
            Self::Refund
        } else {
            Self::PartialRefund
        }
    }
}

/// What is done about a case. Names are those of the case file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy<'a> {
    /// Money back.
    Refund(Worth),
    /// Something else for the same money.
    Exchange(Worth),
    /// Units delivered again.
    Redeliver {
        /// How many.
        units: u64,
    },
    /// Another account for one that does not work.
    ReplaceAccount {
        /// The one that does not.
        account: &'a str,
    },
    /// The order is hurried.
    Expedite,
    /// An auto service is started by hand.
    StartManually,
    /// The order is begun anew.
    Restart,
    /// The order renews no more.
    CancelSubscription,
    /// The dispute is accepted.
    AcceptDispute {
        /// Which.
        dispute: &'a str,
    },
    /// All records that the desk knows are handed in.
    SubmitEvidence {
        /// To which dispute.
        dispute: &'a str,
    },
    /// A dispute without a word to support before.
    FlagFriendlyFraud,
}

/// Units, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Worth {
    /// The units; none for a renewal.
    pub units: u64,
    /// The money.
    pub amount: Amount,
}

/// The quantities that a policy can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// All units and all money not refunded yet.
    EverythingLeft,
    /// Units that never arrived and are not refunded.
    OpenUndelivered,
    /// Units that dropped and are not refunded.
    OpenDropped,
    /// The same, as far as the guarantee covers them.
    RefundableDropped,
    /// One unit.
    OneUnit,
    /// What is left of the claimed renewal.
    RenewalRest,
}

impl Quantity {
    /// All of them, by the names that policies use.
    pub const ALL: [(&'static str, Self); 6] = [
        ("everything_left", Self::EverythingLeft),
        ("open_undelivered", Self::OpenUndelivered),
        ("open_dropped", Self::OpenDropped),
        ("refundable_dropped", Self::RefundableDropped),
        ("one_unit", Self::OneUnit),
        ("renewal_rest", Self::RenewalRest),
    ];
}

/// A sum of quantities that makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// All units and all money not refunded yet.
    EverythingLeft,
    /// What is left of the claimed renewal.
    RenewalRest,
    /// A number of units.
    Units {
        /// With those that never arrived.
        open_undelivered: bool,
        /// With those that dropped.
        open_dropped: bool,
        /// With those that dropped, as far as the guarantee covers them.
        refundable_dropped: bool,
        /// With one.
        one_unit: bool,
    },
}

/// Two quantities that do not add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoNotAddUp(pub Quantity, pub Quantity);

impl Measure {
    /// The sum of these quantities; no quantities are no units.
    ///
    /// # Errors
    /// Everything, or a renewal, has nothing beside it; and no unit is counted twice.
    pub fn of(quantities: &[Quantity]) -> Result<Self, DoNotAddUp> {
        let alone = [Quantity::EverythingLeft, Quantity::RenewalRest];
        let dropped = [Quantity::OpenDropped, Quantity::RefundableDropped];
        for (index, one) in quantities.iter().enumerate() {
            for other in quantities.iter().skip(index + 1) {
                let twice = one == other || (dropped.contains(one) && dropped.contains(other));
                if twice || alone.contains(one) || alone.contains(other) {
                    return Err(DoNotAddUp(*one, *other));
                }
            }
        }
        let has = |quantity| quantities.contains(&quantity);
        Ok(if has(Quantity::EverythingLeft) {
            Self::EverythingLeft
        } else if has(Quantity::RenewalRest) {
            Self::RenewalRest
        } else {
            Self::Units {
                open_undelivered: has(Quantity::OpenUndelivered),
                open_dropped: has(Quantity::OpenDropped),
                refundable_dropped: has(Quantity::RefundableDropped),
                one_unit: has(Quantity::OneUnit),
            }
        })
    }

    /// Does it depend on counts, which may be unknown?
    pub const fn needs_counts(self) -> bool {
        matches!(
            self,
            Self::Units {
                open_undelivered: true,
                ..
            } | Self::Units {
                open_dropped: true,
                ..
            } | Self::Units {
                refundable_dropped: true,
                ..
            }
        )
    }

    /// How many units that is: of the counts given, under the guarantee given.
    pub fn units(self, seen: &Observed, units: &Units, guarantee: Guarantee) -> u64 {
        match self {
            Self::EverythingLeft => seen.balance.units_left(),
            Self::RenewalRest => 0,
            Self::Units {
                open_undelivered,
                open_dropped,
                refundable_dropped,
                one_unit,
            } => {
                let of = |wanted: bool, units: u64| if wanted { units } else { 0 };
                of(open_undelivered, units.open_undelivered)
                    .saturating_add(of(open_dropped, units.open_dropped))
                    .saturating_add(of(
                        refundable_dropped,
                        refundable_dropped_of(units, guarantee),
                    ))
                    .saturating_add(of(one_unit, seen.balance.units_left().min(1)))
            }
        }
    }

    /// How many units that is and what they come to, less a share that is kept back (rounded half up).
    pub fn worth(self, less: Ratio, seen: &Observed, units: &Units, guarantee: Guarantee) -> Worth {
        let number = self.units(seen, units, guarantee);
        let amount = match self {
            Self::EverythingLeft => seen.balance.left(),
            Self::RenewalRest => seen.renewal_left,
            Self::Units { .. } => seen.balance.refund_of(number),
        };
        Worth {
            units: number,
            amount: amount.less(less),
        }
    }

    /// What was paid for that of which this is a part: what a refund has to reach to be the whole refund.
    pub const fn whole(self, seen: &Observed) -> Amount {
        match self {
            Self::RenewalRest => seen.renewal_paid,
            Self::EverythingLeft | Self::Units { .. } => seen.balance.price,
        }
    }
}

/// Units that dropped, are not refunded, and are covered by the guarantee.
pub fn refundable_dropped_of(units: &Units, guarantee: Guarantee) -> u64 {
    if guarantee == Guarantee::Running && !units.below_baseline {
        units.open_dropped
    } else {
        0
    }
}
