// SPDX-License-Identifier: MIT OR Apache-2.0
//! Money: minor units of one currency, shares of it, and how both are rounded.
//!
//! There are no floats here and nothing that can overflow: amounts are below 2^64 and are multiplied in 128 bits.

use core::cmp::Ordering;

/// A currency: its three letters and how many digits its minor unit has (EUR 2, JPY 0, KWD 3).
///
/// Which currencies there are is the business of whoever reads the file; the desk only needs to know that two are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

impl Currency {
    /// The currency with this code of three capital letters and this many digits after the point; `None` for another shape.
    ///
    /// ```
    /// use makegood_desk::amount::Currency;
    /// assert_eq!(Currency::new("DKK", 2).map(|c| c.digits()), Some(2));
    /// assert_eq!(Currency::new("kr.", 2), None);
    /// ```
    pub fn new(code: &str, digits: u8) -> Option<Self> {
        let code = <[u8; 3]>::try_from(code.as_bytes()).ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self { code, digits })
    }

    /// The three letters.
    pub fn code(&self) -> &str {
        // INVARIANT (a code is three ASCII capitals): kept by `new`, so the fallback is never seen.
        core::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// The digits after the point.
    pub const fn digits(&self) -> u8 {
        self.digits
    }
}

/// A sum of money, never negative: minor units and their currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

impl Amount {
    /// So many minor units of a currency: 4990 of EUR is 49.90 EUR.
    pub const fn new(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The minor units.
    pub const fn minor(&self) -> u64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Is there nothing in it?
    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// What is left after a share of it is kept back; the part kept back is rounded half up.
    ///
    /// ```
    /// use makegood_desk::amount::{Amount, Currency, Ratio};
    /// let eur = Currency::new("EUR", 2).expect("three capitals");
    /// let ten_percent = Ratio::new(10, 100).expect("not over zero");
    /// assert_eq!(Amount::new(1_245, eur).less(ten_percent).minor(), 1_120); // 124.5 is kept back as 125
    /// ```
    #[must_use]
    pub fn less(self, share: Ratio) -> Self {
        let kept = share.of_half_up(self.minor);
        Self {
            minor: self.minor.saturating_sub(kept),
            currency: self.currency,
        }
    }
}

/// An exact share, `numerator / denominator`, never negative.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    // INVARIANT (both parts of a ratio are below 2^120).
    numerator: u128,
    denominator: u128,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self {
        numerator: 0,
        denominator: 1,
    };
    /// All of it.
    pub const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
    };

    /// The share; `None` over zero, and where a part has 2^120 or more (36 digits).
    pub const fn new(numerator: u128, denominator: u128) -> Option<Self> {
        if denominator == 0 || numerator >> 120 != 0 || denominator >> 120 != 0 {
            None
        } else {
            Some(Self {
                numerator,
                denominator,
            })
        }
    }

    /// What stands above the line, as it was given.
    pub const fn numerator(&self) -> u128 {
        self.numerator
    }

    /// What stands below the line, as it was given.
    pub const fn denominator(&self) -> u128 {
        self.denominator
    }

    /// This share of a whole, rounded half up, and not more than the whole.
    fn of_half_up(self, whole: u64) -> u64 {
        if self >= Self::ONE {
            return whole;
        }
        if self.numerator == 0 {
            return 0;
        }
        // One bit of the whole after the other, so that nothing outgrows 128 bits.
        // INVARIANT (both parts of a ratio are below 2^120): the remainder stays below the denominator, and three times that fits.
        let (mut part, mut rest) = (0_u64, 0_u128);
        for bit in (0..u64::BITS).rev() {
            let carry = rest * 2
                + if whole >> bit & 1 == 1 {
                    self.numerator
                } else {
                    0
                };
            part = part * 2
                + u64::from(carry >= self.denominator)
                + u64::from(carry >= self.denominator * 2);
            rest = carry % self.denominator;
        }
        part + u64::from(rest >= self.denominator - rest)
    }
}

impl Ord for Ratio {
    /// Exact, whatever the size: by cross products where they fit, else by comparing whole parts and the reciprocals of what is left.
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some(left), Some(right)) = (
            self.numerator.checked_mul(other.denominator),
            other.numerator.checked_mul(self.denominator),
        ) {
            return left.cmp(&right);
        }
        let (mut a, mut b) = (self.numerator, self.denominator);
        let (mut c, mut d) = (other.numerator, other.denominator);
        loop {
            match (a / b).cmp(&(c / d)) {
                Ordering::Equal => {}
                decided => return decided,
            }
            let (left, right) = (a % b, c % d);
            match (left == 0, right == 0) {
                (true, true) => return Ordering::Equal,
                (true, false) => return Ordering::Less,
                (false, true) => return Ordering::Greater,
                // left/b against right/d is d/right against b/left.
                (false, false) => (a, b, c, d) = (d, right, b, left),
            }
        }
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ratio {}

/// `dividend / divisor`, halves upwards. A divisor of nothing gives nothing.
fn rounded_half_up(dividend: u128, divisor: u128) -> u64 {
    let Some(whole) = dividend.checked_div(divisor) else {
        return 0;
    };
    let rest = dividend - whole * divisor;
    let up = u128::from(rest >= divisor - rest);
    u64::try_from(whole + up).unwrap_or(u64::MAX)
}

/// What was paid for an order, and what went back already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// P, what was paid for the whole order.
    pub price: Amount,
    /// Q, the units ordered.
    pub units_ordered: u64,
    /// A, the refunds already paid, in minor units.
    pub refunded_minor: u128,
    /// R, the units already refunded.
    pub refunded_units: u64,
    /// L, the disputes already lost, in minor units.
    pub lost_minor: u128,
}

impl Balance {
    /// What is left to refund, P − A − L; nothing where more went back than was paid.
    pub fn left(&self) -> Amount {
        let left = u128::from(self.price.minor)
            .saturating_sub(self.refunded_minor)
            .saturating_sub(self.lost_minor);
        self.amount(left)
    }

    /// The units not refunded yet, Q − R; none where more were refunded than were ordered.
    pub const fn units_left(&self) -> u64 {
        self.units_ordered.saturating_sub(self.refunded_units)
    }

    /// The refund of so many further units: `round_half_up(P × (R + U) / Q) − A`, at least nothing and at most what is left.
    ///
    /// Because the total and not the part is rounded, any series of partial refunds adds up to the rounded total:
    /// of 49.90 for 1,000 units the first 250 are worth 12.48 (12.475) and the next 250 are worth 12.47.
    /// A refund of no units is no refund, whatever earlier refunds left over.
    pub fn refund_of(&self, units: u64) -> Amount {
        if units == 0 {
            return self.amount(0);
        }
        // Beyond Q the total is at least P, which the bound below cuts to what is left; so Q is enough.
        let units = self
            .refunded_units
            .saturating_add(units)
            .min(self.units_ordered);
        let total = rounded_half_up(
            u128::from(self.price.minor) * u128::from(units),
            u128::from(self.units_ordered),
        );
        let due = u128::from(total).saturating_sub(self.refunded_minor);
        self.amount(due.min(u128::from(self.left().minor)))
    }

    /// An amount of the order's currency that is at most the price.
    fn amount(&self, minor: u128) -> Amount {
        let minor = u64::try_from(minor).unwrap_or(self.price.minor);
        Amount::new(minor.min(self.price.minor), self.price.currency)
    }
}
