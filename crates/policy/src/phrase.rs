// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values and ranges in words: in the policy language, in Danish and in English.

use crate::clause::Edition;
use crate::fact::{CurrencyCode, FactDef, Kind, Ratio, Value};
use crate::lex::SECOND;
use crate::read::Param;

const DAY: i128 = 86_400 * SECOND;

/// Units of time that the policy language knows, longest first.
const UNITS: [(i128, &str); 4] = [
    (DAY, "d"),
    (3_600 * SECOND, "h"),
    (60 * SECOND, "min"),
    (SECOND, "s"),
];

/// A value as it is written in a policy.
#[must_use]
pub fn literal(value: Value) -> String {
    match value {
        Value::Bool(yes) => yes.to_string(),
        Value::Choice(at) => at.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Ratio(ratio) => share_literal(ratio),
        Value::Money(minor, currency) => minor_literal(minor, currency),
        Value::Duration(ns) => {
            let unit = UNITS.iter().find(|(unit, _)| ns % unit == 0);
            unit.map_or_else(
                || decimal(ns, SECOND, '.') + " s",
                |(unit, name)| format!("{} {name}", ns / unit),
            )
        }
        Value::Instant(ns) => instant_literal(ns),
        Value::Absent => "absent".to_owned(),
    }
}

fn share_literal(ratio: Ratio) -> String {
    let percent = ratio.numerator().checked_mul(100);
    match percent.and_then(|num| exact_decimal(num, ratio.denominator(), '.')) {
        Some(text) => format!("{text} %"),
        None => {
            let reduced = ratio.reduced();
            format!("{}/{}", reduced.numerator(), reduced.denominator())
        }
    }
}

/// Major units with all digits of the currency.
fn minor_literal(minor: i64, currency: CurrencyCode) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    let power = 10_u64.checked_pow(currency.digits()).unwrap_or(1);
    let size = minor.unsigned_abs();
    let whole = size.checked_div(power).unwrap_or(size);
    if power == 1 {
        return format!("{sign}{whole} {currency}");
    }
    let width = usize::try_from(currency.digits()).unwrap_or(2);
    let rest = size.checked_rem(power).unwrap_or(0);
    format!("{sign}{whole}.{rest:0width$} {currency}")
}

/// `num / den` as a decimal, if it ends within nine digits.
fn exact_decimal(num: i128, den: i128, point: char) -> Option<String> {
    let mut power = 1_i128;
    for _ in 0..=9 {
        if num.checked_mul(power)?.checked_rem(den)? == 0 {
            return Some(decimal(
                num.checked_mul(power)?.checked_div(den)?,
                power,
                point,
            ));
        }
        power = power.checked_mul(10)?;
    }
    None
}

/// `num / power` for a power of ten, without trailing zeros.
fn decimal(num: i128, power: i128, point: char) -> String {
    let sign = if num < 0 { "-" } else { "" };
    let size = num.unsigned_abs();
    let power = power.unsigned_abs().max(1);
    let (whole, mut rest) = (size / power, size % power);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let mut digits = String::new();
    let mut below = power;
    while rest > 0 && below > 1 {
        below /= 10;
        digits.push_str(&(rest / below).to_string());
        rest %= below;
    }
    format!("{sign}{whole}{point}{digits}")
}

/// Year, month, day of a day counted from 1970-01-01. After Hinnant, *chrono-compatible low-level date algorithms* (2013).
fn civil(days: i128) -> (i128, i128, i128) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i128::from(month <= 2);
    (year, month, day)
}

fn instant_literal(ns: i128) -> String {
    let (year, month, day) = civil(ns.div_euclid(DAY));
    let of_day = ns.rem_euclid(DAY);
    if of_day == 0 {
        return format!("{year:04}-{month:02}-{day:02}");
    }
    let seconds = of_day / SECOND;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}{}Z",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        fraction(of_day, '.')
    )
}

/// What lies behind the whole seconds, with its point; nothing where there is nothing.
fn fraction(ns: i128, point: char) -> String {
    match ns % SECOND {
        0 => String::new(),
        rest => format!("{point}{rest:09}").trim_end_matches('0').to_owned(),
    }
}

/// How a language writes numbers and says ranges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tongue {
    danish: bool,
}

impl Tongue {
    /// Danish for `da`, English for everything else.
    ///
    /// ```
    /// use makegood_policy::phrase::Tongue;
    /// assert_eq!(Tongue::of("da").whole(1234), "1.234");
    /// assert_eq!(Tongue::of("en").whole(1234), "1,234");
    /// ```
    #[must_use]
    pub fn of(language: &str) -> Self {
        Self {
            danish: language == "da" || language.starts_with("da-"),
        }
    }

    /// Whether it is Danish.
    #[must_use]
    pub fn is_danish(self) -> bool {
        self.danish
    }

    fn pick(self, danish: &'static str, english: &'static str) -> &'static str {
        if self.danish { danish } else { english }
    }

    /// A whole number with its thousands set apart.
    #[must_use]
    pub fn whole(self, n: i128) -> String {
        let digits = n.unsigned_abs().to_string();
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len().saturating_sub(at).checked_rem(3) == Some(0) {
                out.push(if self.danish { '.' } else { ',' });
            }
            out.push(digit);
        }
        if n < 0 { format!("-{out}") } else { out }
    }

    /// An amount: minor units with so many digits behind the point.
    ///
    /// ```
    /// use makegood_policy::phrase::Tongue;
    /// assert_eq!(Tongue::of("da").amount(123_456, 2, "DKK"), "1.234,56 kr.");
    /// assert_eq!(Tongue::of("en").amount(123_456, 2, "EUR"), "EUR 1,234.56");
    /// assert_eq!(Tongue::of("en").amount(7, 0, "JPY"), "JPY 7");
    /// ```
    #[must_use]
    pub fn amount(self, minor: i128, digits: u32, currency: &str) -> String {
        let power = 10_i128.checked_pow(digits).unwrap_or(1);
        let size = i128::try_from(minor.unsigned_abs()).unwrap_or(i128::MAX);
        let mut number = self.whole(size.checked_div(power).unwrap_or(size));
        if digits > 0 {
            let width = usize::try_from(digits).unwrap_or(2);
            let point = if self.danish { ',' } else { '.' };
            number = format!(
                "{number}{point}{:0width$}",
                size.checked_rem(power).unwrap_or(0)
            );
        }
        let sign = if minor < 0 { "-" } else { "" };
        match (self.danish, currency) {
            (true, "DKK") => format!("{sign}{number} kr."),
            (true, _) => format!("{sign}{number} {currency}"),
            (false, _) => format!("{currency} {sign}{number}"),
        }
    }

    /// A share in per cent; one that does not end within two decimals is called approximate.
    ///
    /// ```
    /// use makegood_policy::{fact::Ratio, phrase::Tongue};
    /// assert_eq!(Tongue::of("da").share(Ratio::new(125, 1000).unwrap()), "12,5 %");
    /// assert_eq!(Tongue::of("en").share(Ratio::new(1, 3).unwrap()), "about 33.33%");
    /// ```
    #[must_use]
    pub fn share(self, ratio: Ratio) -> String {
        let point = if self.danish { ',' } else { '.' };
        let sign = self.pick(" %", "%");
        let Some(percent) = ratio.numerator().checked_mul(10_000) else {
            return format!("{ratio}");
        };
        let (hundredths, rest) = (
            percent.div_euclid(ratio.denominator()),
            percent.rem_euclid(ratio.denominator()),
        );
        if rest == 0 {
            return format!("{}{sign}", decimal(hundredths, 100, point));
        }
        let rounded = if rest.saturating_mul(2) >= ratio.denominator() {
            hundredths + 1
        } else {
            hundredths
        };
        format!(
            "{} {}{sign}",
            self.pick("ca.", "about"),
            decimal(rounded, 100, point)
        )
    }

    /// A length of time, in the largest units that fit: "30 dage", "12 hours", "11 h 59 min 59 s".
    ///
    /// ```
    /// use makegood_policy::phrase::Tongue;
    /// let hour = 3_600_000_000_000;
    /// assert_eq!(Tongue::of("da").length(12 * hour), "12 timer");
    /// assert_eq!(Tongue::of("en").length(72 * hour), "72 hours");
    /// assert_eq!(Tongue::of("en").length(30 * 24 * hour), "30 days");
    /// assert_eq!(Tongue::of("en").length(hour + 60_000_000_000), "1 hour 1 minute");
    /// assert_eq!(Tongue::of("da").length(1_500_000_000), "1,5 sekunder");
    /// ```
    #[must_use]
    pub fn length(self, ns: i128) -> String {
        // Days are said from a week on; "72 hours" stays what the page says.
        self.length_from(ns, 7)
    }

    /// The same, in days from so many on.
    fn length_from(self, ns: i128, days: i128) -> String {
        let names: [(i128, &str, &str); 4] = if self.danish {
            [
                (DAY, "dag", "dage"),
                (3_600 * SECOND, "time", "timer"),
                (60 * SECOND, "minut", "minutter"),
                (SECOND, "sekund", "sekunder"),
            ]
        } else {
            [
                (DAY, "day", "days"),
                (3_600 * SECOND, "hour", "hours"),
                (60 * SECOND, "minute", "minutes"),
                (SECOND, "second", "seconds"),
            ]
        };
        let size = i128::try_from(ns.unsigned_abs()).unwrap_or(i128::MAX);
        let mut rest = size;
        let mut parts = Vec::new();
        for (unit, one, many) in names {
            if unit == DAY && size < days.saturating_mul(DAY) {
                continue;
            }
            let count = rest / unit;
            let behind = if unit == SECOND {
                fraction(rest, if self.danish { ',' } else { '.' })
            } else {
                String::new()
            };
            rest %= unit;
            if count > 0 || !behind.is_empty() {
                let single = count == 1 && behind.is_empty();
                parts.push(format!(
                    "{}{behind} {}",
                    self.whole(count),
                    if single { one } else { many }
                ));
            }
        }
        if parts.is_empty() {
            parts.push(format!("0 {}", self.pick("sekunder", "seconds")));
        }
        let sign = if ns < 0 { "-" } else { "" };
        format!("{sign}{}", parts.join(" "))
    }

    /// A day: "2. oktober 2025", "2 October 2025"; with the time of day in universal time where it is not midnight.
    ///
    /// ```
    /// use makegood_policy::phrase::Tongue;
    /// assert_eq!(Tongue::of("da").day(1_759_363_200_000_000_000), "2. oktober 2025");
    /// assert_eq!(Tongue::of("en").day(1_759_363_200_000_000_000), "2 October 2025");
    /// ```
    #[must_use]
    pub fn day(self, ns: i128) -> String {
        let (year, month, day) = civil(ns.div_euclid(DAY));
        let names = if self.danish {
            [
                "januar",
                "februar",
                "marts",
                "april",
                "maj",
                "juni",
                "juli",
                "august",
                "september",
                "oktober",
                "november",
                "december",
            ]
        } else {
            [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ]
        };
        let name = usize::try_from(month - 1)
            .ok()
            .and_then(|at| names.get(at))
            .copied()
            .unwrap_or("");
        if self.danish {
            format!("{day}. {name} {year}")
        } else {
            format!("{day} {name} {year}")
        }
    }

    /// A day and its time in universal time, to the minute, or to the second where it has one.
    ///
    /// ```
    /// use makegood_policy::phrase::Tongue;
    /// assert_eq!(Tongue::of("en").moment(1_759_363_260_000_000_000), "2 October 2025 00:01 UTC");
    /// ```
    #[must_use]
    pub fn moment(self, ns: i128) -> String {
        let of_day = ns.rem_euclid(DAY);
        let seconds = of_day / SECOND;
        let clock = format!("{:02}:{:02}", seconds / 3_600, seconds / 60 % 60);
        let clock = if of_day % (60 * SECOND) == 0 {
            clock
        } else {
            let behind = fraction(of_day, if self.danish { ',' } else { '.' });
            format!("{clock}:{:02}{behind}", seconds % 60)
        };
        format!("{} {}{clock} UTC", self.day(ns), self.pick("kl. ", ""))
    }

    /// A value in words.
    #[must_use]
    pub fn value(self, edition: &Edition, def: &FactDef, value: Value) -> String {
        let name = match (value, &def.kind) {
            (Value::Choice(at), Kind::Enum(names)) => names.get(at).cloned(),
            (Value::Bool(yes), _) => Some(yes.to_string()),
            _ => None,
        };
        if let Some(name) = name {
            let label = edition.words.values.get(&(def.name.clone(), name.clone()));
            return match (label, value) {
                (Some(label), _) => label.clone(),
                (None, Value::Bool(true)) => self.pick("ja", "yes").to_owned(),
                (None, Value::Bool(false)) => self.pick("nej", "no").to_owned(),
                (None, _) => name.replace('_', " "),
            };
        }
        self.constant(value)
    }

    /// A parameter's value, its length of time in the unit in which it was written.
    #[must_use]
    pub fn param(self, param: &Param) -> String {
        match param.value {
            Value::Duration(ns) if param.in_days => self.length_from(ns, 1),
            value => self.constant(value),
        }
    }

    /// A value that needs no fact to be understood.
    #[must_use]
    pub fn constant(self, value: Value) -> String {
        match value {
            Value::Bool(yes) => (if yes {
                self.pick("ja", "yes")
            } else {
                self.pick("nej", "no")
            })
            .to_owned(),
            Value::Choice(at) => at.to_string(),
            Value::Int(n) => self.whole(i128::from(n)),
            Value::Ratio(ratio) => self.share(ratio),
            Value::Money(minor, currency) => {
                self.amount(i128::from(minor), currency.digits(), &currency.to_string())
            }
            Value::Duration(ns) => self.length(ns),
            Value::Instant(ns) => self.moment(ns),
            Value::Absent => self.pick("findes ikke", "does not exist").to_owned(),
        }
    }

    /// A set of cells of a fact in words: "at most 10 %", "running or ended", "more than 12 hours".
    #[must_use]
    pub fn cells(self, edition: &Edition, def: &FactDef, cells: u64) -> String {
        let parts: Vec<String> = self.runs(edition, def, cells);
        match parts.as_slice() {
            [] => self.pick("umuligt", "impossible").to_owned(),
            [one] => one.clone(),
            [first @ .., last] => {
                format!("{} {} {last}", first.join(", "), self.pick("eller", "or"))
            }
        }
    }

    fn runs(self, edition: &Edition, def: &FactDef, cells: u64) -> Vec<String> {
        let present = def.cells.domain() & !def.cells.absent.map_or(0, crate::fact::bit);
        let mut parts = Vec::new();
        if !def.kind.is_ordered() {
            for cell in crate::fact::bits(cells & present) {
                if let Some(value) = def.example(cell) {
                    parts.push(self.value(edition, def, value));
                }
            }
        } else if cells & present == present {
            parts.push(self.pick("vilkårlig", "anything").to_owned());
        } else {
            let mut run: Option<(usize, usize)> = None;
            for cell in crate::fact::bits(cells & present).chain([usize::MAX]) {
                match run {
                    Some((start, end)) if end.checked_add(1) == Some(cell) => {
                        run = Some((start, cell))
                    }
                    Some((start, end)) => {
                        parts.push(self.range(def, start, end));
                        run = Some((cell, cell));
                    }
                    None => run = Some((cell, cell)),
                }
            }
        }
        if def
            .cells
            .absent
            .is_some_and(|absent| cells & crate::fact::bit(absent) != 0)
        {
            parts.push(self.constant(Value::Absent));
        }
        parts
    }

    /// An interval of cells: from the lower end of one to the upper end of another.
    fn range(self, def: &FactDef, start: usize, end: usize) -> String {
        let (low, _) = def.interval(start);
        let (_, high) = def.interval(end);
        let say = |key: Ratio| self.constant(def.value_at(key));
        // The lower end of the type's bounds says nothing: "at most 10 %", not "between 0 and 10 %".
        let low = low.filter(|(key, closed)| {
            !(*closed && def.bounds.0 == Some(*key)) || high.is_some_and(|(high, _)| high == *key)
        });
        let high = high.filter(|(key, closed)| {
            !(*closed && def.bounds.1 == Some(*key)) || low.is_some_and(|(low, _)| low == *key)
        });
        // Time is counted in nanoseconds, and nobody says them: from one past twelve hours on is "more than 12 hours".
        let fine = matches!(def.kind, Kind::Duration | Kind::Instant);
        let beside = |(key, closed): (Ratio, bool), step: i128| {
            let near = Ratio::whole(key.floor().saturating_sub(step));
            if fine && closed && near.floor().checked_rem(SECOND) == Some(0) {
                (near, false)
            } else {
                (key, closed)
            }
        };
        let (low, high) = if low == high {
            (low, high)
        } else {
            (
                low.map(|end| beside(end, 1)),
                high.map(|end| beside(end, -1)),
            )
        };
        match (low, high) {
            (Some((low, true)), Some((high, true))) if low == high => say(low),
            (Some((low, lower)), Some((high, upper))) => {
                let low = format!(
                    "{} {}",
                    if lower {
                        self.pick("mindst", "at least")
                    } else {
                        self.pick("over", "more than")
                    },
                    say(low)
                );
                let high = format!(
                    "{} {}",
                    if upper {
                        self.pick("højst", "at most")
                    } else {
                        self.pick("under", "less than")
                    },
                    say(high)
                );
                format!("{low} {} {high}", self.pick("og", "and"))
            }
            (Some((low, true)), None) => {
                format!("{} {}", self.pick("mindst", "at least"), say(low))
            }
            (Some((low, false)), None) => {
                format!("{} {}", self.pick("over", "more than"), say(low))
            }
            (None, Some((high, true))) => {
                format!("{} {}", self.pick("højst", "at most"), say(high))
            }
            (None, Some((high, false))) => {
                format!("{} {}", self.pick("under", "less than"), say(high))
            }
            (None, None) => self.pick("vilkårlig", "anything").to_owned(),
        }
    }
}

/// A moment of universal time to the second, the same in every language.
///
/// ```
/// use makegood_policy::phrase::stamp;
/// assert_eq!(stamp(1_790_244_300_000_000_000), "2026-09-24 10:05:00");
/// ```
#[must_use]
pub fn stamp(ns: i128) -> String {
    let (year, month, day) = civil(ns.div_euclid(DAY));
    let seconds = ns.rem_euclid(DAY) / SECOND;
    let (hour, minute) = (seconds / 3_600, seconds / 60 % 60);
    format!(
        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02}",
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_past_a_limit_is_more_than_the_limit() {
        let page = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nage : duration\n```\n\
            ```rule a\nwhen age > 12 h then yes because \"\"\n```\n```rule b\nwhen age < 3 h then yes because \"\"\n```\n\
            ```rule c\nwhen age in 3 h..12 h then no because \"\"\n```\n";
        let policy = crate::read(page).policy.expect("readable");
        let def = policy.fact_def(policy.fact("age").expect("a fact"));
        let say = |age: i128| {
            let cell = def.cell(Value::Duration(age)).expect("a cell");
            Tongue::of("en").cells(policy.source(), def, crate::fact::bit(cell))
        };
        let hour = 3_600 * SECOND;
        assert_eq!(say(13 * hour), "more than 12 hours");
        assert_eq!(say(2 * hour), "less than 3 hours");
        assert_eq!(say(12 * hour), "at least 3 hours and at most 12 hours");
    }

    #[test]
    fn literals_read_back_as_themselves() {
        let table = [
            (Value::Ratio(Ratio::new(1, 10).expect("small")), "10 %"),
            (Value::Ratio(Ratio::new(1, 3).expect("small")), "1/3"),
            (Value::Duration(12 * 3_600 * SECOND), "12 h"),
            (Value::Duration(72 * 3_600 * SECOND), "3 d"),
            (Value::Duration(SECOND / 2), "0.5 s"),
            (
                Value::Instant(1_759_363_201 * SECOND),
                "2025-10-02T00:00:01Z",
            ),
            (Value::Int(-3), "-3"),
            (Value::Money(7, CurrencyCode(*b"JPY")), "7 JPY"),
            (Value::Money(1_234, CurrencyCode(*b"KWD")), "1.234 KWD"),
            (Value::Money(-499, CurrencyCode(*b"EUR")), "-4.99 EUR"),
        ];
        for (value, text) in table {
            assert_eq!(literal(value), text);
            let words = crate::lex::lex(text, 0, 0).expect("readable");
            assert_eq!(
                words
                    .first()
                    .and_then(|word| crate::condition::literal(&word.token)),
                Some(value),
                "{text}"
            );
        }
    }
}
