// SPDX-License-Identifier: MIT OR Apache-2.0
//! Facts: names, types, values, and the cells into which a policy's rules cut their values.
//!
//! A fact has a value, is *absent* (known not to exist) or is *unknown* (not yet looked up). Absent is
//! a value of an optional fact; unknown is a set of possible values. Neither is ever "false".

use std::cmp::Ordering;
use std::fmt;

use crate::problem::Span;

/// An exact ratio of two `i128`; comparing never overflows.
///
/// ```
/// use makegood_policy::fact::Ratio;
/// let drop = Ratio::new(100, 1000).unwrap();
/// assert_eq!(drop, Ratio::new(1, 10).unwrap());
/// assert!(drop < Ratio::new(101, 1000).unwrap());
/// assert!(Ratio::new(1, 0).is_none());
/// let big = i128::MAX;
/// assert!(Ratio::new(big - 1, big).unwrap() > Ratio::new(big - 2, big - 1).unwrap());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    num: i128,
    // INVARIANT (denominators are positive).
    den: i128,
}

impl Ratio {
    /// `num / den`; nothing for a denominator of zero, or where the sign cannot be moved up.
    #[must_use]
    pub fn new(num: i128, den: i128) -> Option<Self> {
        match den {
            0 => None,
            den if den > 0 => Some(Self { num, den }),
            den => Some(Self {
                num: num.checked_neg()?,
                den: den.checked_neg()?,
            }),
        }
    }

    /// A whole number.
    ///
    /// ```
    /// assert_eq!(makegood_policy::fact::Ratio::whole(3).to_string(), "3");
    /// ```
    #[must_use]
    pub const fn whole(num: i128) -> Self {
        Self { num, den: 1 }
    }

    /// The numerator, as it was given (not in lowest terms).
    #[must_use]
    pub fn numerator(self) -> i128 {
        self.num
    }

    /// The denominator, positive.
    #[must_use]
    pub fn denominator(self) -> i128 {
        self.den
    }

    /// In lowest terms.
    #[must_use]
    pub fn reduced(self) -> Self {
        let divisor = gcd(self.num.saturating_abs(), self.den).max(1);
        Self {
            num: self.num.checked_div(divisor).unwrap_or(self.num),
            den: self.den.checked_div(divisor).unwrap_or(self.den),
        }
    }

    /// The largest whole number not above it.
    #[must_use]
    pub fn floor(self) -> i128 {
        self.num.checked_div_euclid(self.den).unwrap_or(self.num)
    }
}

fn gcd(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or(0));
    }
    a
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ratio {}
impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.den == other.den {
            return self.num.cmp(&other.num);
        }
        // Nearly all numbers are small; multiplying and checking 128 bits is slow.
        let small = |n: i128| i64::try_from(n).map(i128::from);
        if let (Ok(a), Ok(b), Ok(c), Ok(d)) = (
            small(self.num),
            small(self.den),
            small(other.num),
            small(other.den),
        ) {
            return a.wrapping_mul(d).cmp(&c.wrapping_mul(b));
        }
        match (
            self.num.checked_mul(other.den),
            other.num.checked_mul(self.den),
        ) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => by_parts(*self, *other),
        }
    }
}

/// Compares what cannot be multiplied out: whole parts first, then what is left turned over, as Euclid does.
fn by_parts(mut a: Ratio, mut b: Ratio) -> Ordering {
    let mut turned = false;
    loop {
        let (whole_a, whole_b) = (a.num.div_euclid(a.den), b.num.div_euclid(b.den));
        let (rest_a, rest_b) = (a.num.rem_euclid(a.den), b.num.rem_euclid(b.den));
        let order = whole_a.cmp(&whole_b).then_with(|| match (rest_a, rest_b) {
            (0, _) | (_, 0) => rest_a.cmp(&rest_b),
            _ => Ordering::Equal,
        });
        if order.is_ne() || rest_a == 0 {
            return if turned { order.reverse() } else { order };
        }
        (a, b) = (
            Ratio {
                num: a.den,
                den: rest_a,
            },
            Ratio {
                num: b.den,
                den: rest_b,
            },
        );
        turned = !turned;
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { num, den } = self.reduced();
        if den == 1 {
            write!(f, "{num}")
        } else {
            write!(f, "{num}/{den}")
        }
    }
}

/// Three letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct CurrencyCode(pub [u8; 3]);

impl CurrencyCode {
    /// How many digits stand behind the point in ISO 4217: none, two or three.
    ///
    /// ```
    /// use makegood_policy::fact::CurrencyCode;
    /// assert_eq!((CurrencyCode(*b"JPY").digits(), CurrencyCode(*b"EUR").digits(), CurrencyCode(*b"KWD").digits()), (0, 2, 3));
    /// ```
    #[must_use]
    pub fn digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

/// What a fact can be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// One of a few names.
    Enum(Vec<String>),
    /// A whole number.
    Int,
    /// An exact ratio, shown in per cent.
    Ratio,
    /// Minor units of a currency.
    Money,
    /// A length of time; a day is 24 hours.
    Duration,
    /// A point in time.
    Instant,
}

impl Kind {
    /// The word for it in the policy language.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Enum(_) => "enum",
            Self::Int => "int",
            Self::Ratio => "ratio",
            Self::Money => "money",
            Self::Duration => "duration",
            Self::Instant => "instant",
        }
    }

    /// Whether its values have an order.
    #[must_use]
    pub fn is_ordered(&self) -> bool {
        !matches!(self, Self::Bool | Self::Enum(_))
    }
}

/// A value of a fact.
///
/// ```
/// use makegood_policy::fact::{Ratio, Value};
/// assert_eq!(Value::Ratio(Ratio::new(1, 10).unwrap()), Value::Ratio(Ratio::new(10, 100).unwrap()));
/// assert_ne!(Value::Absent, Value::Bool(false));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// One of the names of an enum, by its place in the declaration.
    Choice(usize),
    /// A whole number.
    Int(i64),
    /// An exact ratio.
    Ratio(Ratio),
    /// Minor units of a currency.
    Money(i64, CurrencyCode),
    /// Nanoseconds.
    Duration(i128),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Instant(i128),
    /// Known not to exist: a value of optional facts only.
    Absent,
}

impl Value {
    /// Where an ordered value stands among its like.
    #[must_use]
    pub fn key(self) -> Option<Ratio> {
        match self {
            Self::Int(n) => Some(Ratio::whole(i128::from(n))),
            Self::Ratio(r) => Some(r),
            Self::Money(minor, _) => Some(Ratio::whole(i128::from(minor))),
            Self::Duration(ns) | Self::Instant(ns) => Some(Ratio::whole(ns)),
            Self::Bool(_) | Self::Choice(_) | Self::Absent => None,
        }
    }

    /// The value of the same type at another place.
    fn at(kind: &Kind, key: Ratio, currency: CurrencyCode) -> Option<Self> {
        Some(match kind {
            Kind::Int => Self::Int(i64::try_from(key.floor()).ok()?),
            Kind::Ratio => Self::Ratio(key),
            Kind::Money => Self::Money(i64::try_from(key.floor()).ok()?, currency),
            Kind::Duration => Self::Duration(key.floor()),
            Kind::Instant => Self::Instant(key.floor()),
            Kind::Bool | Kind::Enum(_) => return None,
        })
    }
}

/// To whom the name of a fact may be told when it would have changed the outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, PartialOrd, Ord)]
pub enum Disclose {
    /// Anyone, the customer too.
    #[default]
    Customer,
    /// The merchant's people only.
    Agent,
    /// Nobody.
    Never,
}

/// A fact as the policy declares it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FactDef {
    /// Its name in conditions.
    pub name: String,
    /// What it can be.
    pub kind: Kind,
    /// Whether it may be absent.
    pub optional: bool,
    /// Least and greatest value.
    pub bounds: (Option<Ratio>, Option<Ratio>),
    /// The record it is read from, or the people who answer.
    pub source: String,
    /// What asking costs, in seconds of somebody's time.
    pub cost_seconds: u64,
    /// The name under which it is asked, alone or with others that are known together.
    pub asked_as: String,
    /// Who may hear that it mattered.
    pub disclose: Disclose,
    /// Whether it may be offered as something that would change the outcome.
    pub advice: bool,
    /// Whether it can never change.
    pub fixed: bool,
    /// The value that tests and witnesses take when they are silent.
    pub usual: Option<Value>,
    /// Where it is declared.
    pub span: Span,
    /// The cells into which the rules cut it.
    pub cells: Cells,
    /// The currency that its constants name.
    pub currency: CurrencyCode,
}

/// The place between two values where an answer may change: right after `at`, or right before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub(crate) struct Cut {
    pub at: Ratio,
    pub after: bool,
}

/// An end of an interval and whether it belongs; nothing where it has no end.
pub(crate) type End = Option<(Ratio, bool)>;

/// The classes of values of one fact that no rule tells apart. At most 64 of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cells {
    pub(crate) cuts: Vec<Cut>,
    pub(crate) count: usize,
    /// The cells that the type's bounds allow, a bit each.
    pub(crate) domain: u64,
    pub(crate) absent: Option<usize>,
}

impl Cells {
    /// How many classes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The borders between the cells of an ordered fact, ascending: the value, and whether it belongs to the cell below.
    pub fn borders(&self) -> impl Iterator<Item = (Ratio, bool)> {
        self.cuts.iter().map(|cut| (cut.at, cut.after))
    }

    /// All classes that the fact's type allows, a bit each.
    #[must_use]
    pub fn domain(&self) -> u64 {
        self.domain
    }

    fn of_key(&self, key: Ratio) -> usize {
        self.cuts
            .iter()
            .take_while(|cut| {
                if cut.after {
                    key > cut.at
                } else {
                    key >= cut.at
                }
            })
            .count()
    }
}

/// A bit for a cell.
pub(crate) fn bit(cell: usize) -> u64 {
    u32::try_from(cell)
        .ok()
        .and_then(|cell| 1_u64.checked_shl(cell))
        .unwrap_or(0)
}

/// The cells of a set, in order.
pub(crate) fn bits(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        // Nothing left has 64 zeros; no cell has that number.
        let cell = usize::try_from(set.trailing_zeros())
            .ok()
            .filter(|cell| *cell < MOST_CELLS)?;
        set &= set.wrapping_sub(1);
        Some(cell)
    })
}

/// Most cells that one fact may have.
pub const MOST_CELLS: usize = 64;

impl FactDef {
    /// The cell of a value; nothing if the value does not fit the fact's type or bounds.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int [0..]\n```\n```rule a\nwhen late > 3 then yes because \"\" except b when late > 7 then no because \"\"\n```\n```rule c\nwhen late <= 3 then no because \"\"\n```\n";
    /// use makegood_policy::fact::Value;
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let late = policy.fact("late").unwrap();
    /// // The rules cut `late` in three: up to 3, 4 to 7, and above.
    /// assert_eq!(policy.fact_def(late).cells.count(), 3);
    /// assert_eq!(policy.fact_def(late).cell(Value::Int(7)), Some(1));
    /// ```
    #[must_use]
    pub fn cell(&self, value: Value) -> Option<usize> {
        match (value, &self.kind) {
            (Value::Absent, _) => self.cells.absent,
            (Value::Bool(yes), Kind::Bool) => Some(usize::from(yes)),
            (Value::Choice(at), Kind::Enum(names)) => (at < names.len()).then_some(at),
            (Value::Money(_, currency), Kind::Money) if !self.takes(currency) => None,
            (Value::Int(_), Kind::Int)
            | (Value::Ratio(_), Kind::Ratio)
            | (Value::Money(..), Kind::Money)
            | (Value::Duration(_), Kind::Duration)
            | (Value::Instant(_), Kind::Instant) => {
                let key = value.key()?;
                let (low, high) = self.bounds;
                let inside =
                    low.is_none_or(|low| key >= low) && high.is_none_or(|high| key <= high);
                inside.then(|| self.cells.of_key(key))
            }
            _ => None,
        }
    }

    /// Whether amounts in a currency can be values of it: in its own, or in any where the policy names no amount.
    pub(crate) fn takes(&self, currency: CurrencyCode) -> bool {
        self.currency == currency || self.currency == CurrencyCode(*b"XXX")
    }

    /// The place of an enum's value by name.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<Value> {
        let Kind::Enum(names) = &self.kind else {
            return None;
        };
        names
            .iter()
            .position(|known| known == name)
            .map(Value::Choice)
    }

    /// Lays out the cells for the cut points that the rules use.
    pub(crate) fn lay_out(&mut self, mut cuts: Vec<Cut>) {
        if matches!(self.kind, Kind::Int | Kind::Money) {
            for cut in cuts.iter_mut().filter(|cut| !cut.after) {
                *cut = Cut {
                    at: Ratio::whole(cut.at.floor().saturating_sub(1)),
                    after: true,
                };
            }
        }
        // "Before" comes before "after" at the same value.
        cuts.sort_by(|a, b| a.at.cmp(&b.at).then(a.after.cmp(&b.after)));
        cuts.dedup();
        if matches!(self.kind, Kind::Duration | Kind::Instant) {
            // Nothing lies between "after" one nanosecond and "before" the next: one of the two cuts is enough.
            cuts.dedup_by(|next, cut| {
                cut.after && !next.after && next.at.floor().checked_sub(1) == Some(cut.at.floor())
            });
        }
        let (low, high) = self.bounds;
        // A cut outside the bounds tells nothing apart.
        cuts.retain(|cut| {
            low.is_none_or(|low| {
                if cut.after {
                    cut.at >= low
                } else {
                    cut.at > low
                }
            }) && high.is_none_or(|high| {
                if cut.after {
                    cut.at < high
                } else {
                    cut.at <= high
                }
            })
        });
        let plain = match &self.kind {
            Kind::Bool => 2,
            Kind::Enum(names) => names.len(),
            _ => cuts.len().saturating_add(1),
        };
        let absent = self.optional.then_some(plain);
        let count = plain.saturating_add(usize::from(self.optional));
        let domain = bits(u64::MAX)
            .take(count)
            .fold(0, |set, cell| set | bit(cell));
        self.cells = Cells {
            cuts,
            count,
            domain,
            absent,
        };
    }

    /// The value of this type at a place among its like.
    pub(crate) fn value_at(&self, key: Ratio) -> Value {
        Value::at(&self.kind, key, self.currency).unwrap_or(Value::Absent)
    }

    /// The values of a cell as an interval: lower end and whether it belongs, upper end and whether it belongs.
    pub(crate) fn interval(&self, cell: usize) -> (End, End) {
        let below = cell.checked_sub(1).and_then(|at| self.cells.cuts.get(at));
        let above = self.cells.cuts.get(cell);
        let whole = matches!(self.kind, Kind::Int | Kind::Money);
        let low = match below {
            Some(cut) if whole => Some((Ratio::whole(cut.at.floor().saturating_add(1)), true)),
            Some(cut) => Some((cut.at, !cut.after)),
            None => self.bounds.0.map(|low| (low, true)),
        };
        let high = match above {
            Some(cut) => Some((cut.at, cut.after)),
            None => self.bounds.1.map(|high| (high, true)),
        };
        (low, high)
    }

    /// A typical value of a cell: the usual one if it lies there, else one at its end.
    #[must_use]
    pub fn example(&self, cell: usize) -> Option<Value> {
        if let Some(usual) = self.usual
            && self.cell(usual) == Some(cell)
        {
            return Some(usual);
        }
        if self.cells.absent == Some(cell) {
            return Some(Value::Absent);
        }
        match &self.kind {
            Kind::Bool => Some(Value::Bool(cell == 1)),
            Kind::Enum(_) => Some(Value::Choice(cell)),
            kind => Value::at(kind, between(self.interval(cell), kind)?, self.currency),
        }
    }
}

/// A number in an interval, at an end that belongs where there is one; beside an open end a second or a whole step away.
fn between((low, high): (End, End), kind: &Kind) -> Option<Ratio> {
    let step = match kind {
        Kind::Duration | Kind::Instant => crate::lex::SECOND,
        _ => 1,
    };
    match (low, high) {
        (_, Some((high, true))) => Some(high),
        (Some((low, true)), _) => Some(low),
        (Some((low, false)), Some((high, false))) => middle(low, high, kind),
        (Some((low, false)), None) => Some(Ratio::whole(low.floor().checked_add(step)?)),
        (None, Some((high, false))) => Some(Ratio::whole(high.floor().checked_sub(step)?)),
        (None, None) => Some(Ratio::whole(0)),
    }
}

fn middle(low: Ratio, high: Ratio, kind: &Kind) -> Option<Ratio> {
    let sum = low
        .num
        .checked_mul(high.den)?
        .checked_add(high.num.checked_mul(low.den)?)?;
    let middle = Ratio::new(sum, low.den.checked_mul(high.den)?.checked_mul(2)?)?;
    Some(match kind {
        Kind::Ratio => middle,
        _ => Ratio::whole(middle.floor()),
    })
}
