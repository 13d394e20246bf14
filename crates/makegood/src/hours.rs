// SPDX-License-Identifier: MIT OR Apache-2.0
//! When somebody is there: opening hours as the merchant writes them, `mon-fri 09:00-17:00`, in the merchant's zone.

use jiff::Zoned;
use jiff::civil::Weekday;

/// The days by their words, in order.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A part of the week in which somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shift {
    from_day: i8,
    to_day: i8,
    from_minute: i32,
    to_minute: i32,
}

/// When somebody is there; always, where no hours are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours(Vec<Shift>);

fn day(word: &str) -> Option<i8> {
    let found = DAYS.iter().find(|(known, _)| *known == word);
    found.map(|(_, day)| day.to_monday_zero_offset())
}

fn minute(text: &str) -> Option<i32> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let (hour, minute) = two(hour)
        .then_some(())
        .and_then(|()| Some((hour.parse::<i32>().ok()?, minute.parse::<i32>().ok()?)))?;
    let whole = hour.checked_mul(60)?.checked_add(minute)?;
    (two(text.split_once(':')?.1) && minute < 60 && whole <= 24 * 60).then_some(whole)
}

impl Shift {
    fn read(line: &str) -> Option<Self> {
        let (days, times) = line.trim().split_once(' ')?;
        let (from_day, to_day) = match days.split_once('-') {
            Some((from, to)) => (day(from)?, day(to)?),
            None => (day(days)?, day(days)?),
        };
        let (from, to) = times.trim().split_once('-')?;
        let (from_minute, to_minute) = (minute(from)?, minute(to)?);
        (from_minute < to_minute).then_some(Self {
            from_day,
            to_day,
            from_minute,
            to_minute,
        })
    }

    fn holds(&self, day: i8) -> bool {
        if self.from_day <= self.to_day {
            (self.from_day..=self.to_day).contains(&day)
        } else {
            day >= self.from_day || day <= self.to_day
        }
    }
}

fn minute_of(at: &Zoned) -> i32 {
    i32::from(at.hour())
        .saturating_mul(60)
        .saturating_add(i32::from(at.minute()))
}

impl Hours {
    /// Reads hours as they are written; or the line that is none.
    ///
    /// # Errors
    /// The line.
    ///
    /// ```
    /// use makegood::hours::Hours;
    /// assert!(Hours::read(&["mon-fri 09:00-17:00".to_owned(), "sat 10:00-14:00".to_owned()]).is_ok());
    /// assert_eq!(Hours::read(&["monday 9-17".to_owned()]), Err("monday 9-17".to_owned()));
    /// ```
    pub fn read(lines: &[String]) -> Result<Self, String> {
        let shifts = lines
            .iter()
            .map(|line| Shift::read(line).ok_or_else(|| line.clone()));
        shifts.collect::<Result<Vec<Shift>, String>>().map(Self)
    }

    /// Whether somebody is there at a moment.
    #[must_use]
    pub fn is_open(&self, at: &Zoned) -> bool {
        let (day, minute) = (at.weekday().to_monday_zero_offset(), minute_of(at));
        self.0.is_empty()
            || self.0.iter().any(|shift| {
                shift.holds(day) && (shift.from_minute..shift.to_minute).contains(&minute)
            })
    }

    /// When somebody is there again: nothing where somebody is there now.
    #[must_use]
    pub fn opens(&self, at: &Zoned) -> Option<Zoned> {
        if self.is_open(at) {
            return None;
        }
        (0_i64..=7)
            .filter_map(|later| at.checked_add(jiff::Span::new().days(later)).ok())
            .flat_map(|day| {
                let of_day = day.weekday().to_monday_zero_offset();
                let shifts = self.0.iter().filter(move |shift| shift.holds(of_day));
                let begins = shifts.filter_map(move |shift| {
                    let (hour, minute) = (
                        shift.from_minute.div_euclid(60),
                        shift.from_minute.rem_euclid(60),
                    );
                    let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
                    let time = jiff::civil::Time::new(hour, minute, 0, 0).ok()?;
                    day.date()
                        .to_datetime(time)
                        .to_zoned(day.time_zone().clone())
                        .ok()
                });
                begins.collect::<Vec<Zoned>>()
            })
            .filter(|begin| begin > at)
            .min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_is_there_within_the_hours_and_the_next_time_is_known() {
        let lines = ["mon-fri 09:00-17:00", "sat 10:00-14:00"].map(str::to_owned);
        let hours = Hours::read(&lines).unwrap();
        for (at, open, opens) in [
            (
                "2026-11-26T08:59[Europe/Copenhagen]",
                false,
                "2026-11-26T09:00",
            ),
            ("2026-11-26T09:00[Europe/Copenhagen]", true, ""),
            ("2026-11-26T16:59[Europe/Copenhagen]", true, ""),
            (
                "2026-11-26T17:00[Europe/Copenhagen]",
                false,
                "2026-11-27T09:00",
            ),
            ("2026-11-28T13:00[Europe/Copenhagen]", true, ""),
            (
                "2026-11-28T15:00[Europe/Copenhagen]",
                false,
                "2026-11-30T09:00",
            ),
            (
                "2026-11-29T12:00[Europe/Copenhagen]",
                false,
                "2026-11-30T09:00",
            ),
        ] {
            let at: Zoned = at.parse().unwrap();
            assert_eq!(hours.is_open(&at), open, "{at}");
            let next = hours.opens(&at).map_or(String::new(), |next| {
                next.strftime("%Y-%m-%dT%H:%M").to_string()
            });
            assert_eq!(next, opens, "{at}");
        }
        let never: Zoned = "2026-11-29T03:00[Europe/Copenhagen]".parse().unwrap();
        assert!(Hours::default().is_open(&never));
        // A week that goes over Sunday.
        let night = Hours::read(&["sat-mon 22:00-24:00".to_owned()]).unwrap();
        let sunday: Zoned = "2026-11-29T23:00[Europe/Copenhagen]".parse().unwrap();
        assert!(night.is_open(&sunday));
    }

    #[test]
    fn what_are_no_hours_is_named() {
        for line in [
            "",
            "mon",
            "mon 9:00-17:00",
            "mon 09:00",
            "mon 17:00-09:00",
            "day 09:00-17:00",
            "mon 09:60-17:00",
            "mon 09:00-25:00",
            "mon-xyz 09:00-10:00",
        ] {
            assert_eq!(Hours::read(&[line.to_owned()]), Err(line.to_owned()));
        }
    }
}
