// SPDX-License-Identifier: MIT OR Apache-2.0
//! The delivery as a drawing and as a table: where the counter stood at the start, what was ordered, the guarantee, and what dropped.

use std::fmt::Write as _;

use makegood_desk::case::{Event, Instant, LogEntry, Order, ServiceKind};
use makegood_desk::words::units_words;
use makegood_policy::fact::Ratio;

use super::say::{Fill, Say};
use crate::web::docs::escaped;

/// A delivery, ready to be shown.
pub struct Curve {
    /// The drawing. Whatever words stand in it are escaped.
    pub svg: String,
    /// What matters, each with what it is.
    pub figures: Vec<(String, String)>,
    /// Every sample.
    pub rows: Vec<Row>,
}

/// A line of the table.
pub struct Row {
    /// When, for machines.
    pub machine: String,
    /// When.
    pub at: String,
    /// What was seen.
    pub what: String,
    /// The figure.
    pub number: String,
}

/// What was measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Measured {
    points: Vec<(Instant, u64)>,
    baseline: u64,
    /// Units that arrived, at most those ordered.
    pub delivered: u64,
    /// Units lost after arriving.
    pub dropped: u64,
    counter: bool,
    guarantee: Option<(Instant, Instant)>,
}

const LEFT: i128 = 8;
const RIGHT: i128 = 392;
const TOP: i128 = 30;
const BOTTOM: i128 = 188;

/// Measures a delivery as the desk counts it; nothing where there is nothing to draw.
#[must_use]
pub fn measure(order: &Order<'_>, log: &[&LogEntry<'_>]) -> Option<Measured> {
    if order.service.kind == ServiceKind::Account {
        return None;
    }
    let reports = log
        .iter()
        .any(|entry| matches!(entry.event, Event::Delivered { .. }));
    let mut points = Vec::new();
    let mut closed = None;
    let mut sum = 0_u64;
    for entry in log {
        match &entry.event {
            Event::Delivered { units } => {
                sum = sum.saturating_add(*units);
                points.push((entry.at, sum));
            }
            Event::Started { .. } if reports => points.push((entry.at, 0)),
            Event::Started { count: Some(count) } if points.is_empty() => {
                points.push((entry.at, *count));
            }
            Event::Count { count } if !reports && !points.is_empty() => {
                points.push((entry.at, *count));
            }
            Event::Completed | Event::Stopped => closed = closed.or(Some(entry.at)),
            _ => {}
        }
    }
    let baseline = if reports { 0 } else { points.first()?.1 };
    let highest = points.iter().map(|(_, count)| *count).max()?;
    let current = points.last()?.1;
    let delivered = highest.saturating_sub(baseline).min(order.quantity);
    Some(Measured {
        baseline,
        delivered,
        dropped: delivered.saturating_sub(current.saturating_sub(baseline)),
        counter: !reports,
        guarantee: closed.map(|at| (at, at.plus(order.service.guarantee))),
        points,
    })
}

/// Draws a delivery.
#[must_use]
pub fn draw(say: &Say, order: &Order<'_>, log: &[&LogEntry<'_>]) -> Option<Curve> {
    let measured = measure(order, log)?;
    Some(Curve {
        svg: Drawing::new(&measured, order)?.svg(say, order, &measured),
        figures: figures(say, order, &measured),
        rows: rows(say, &measured),
    })
}

fn share(say: &Say, measured: &Measured) -> String {
    let part = i128::from(measured.dropped);
    let ratio = Ratio::new(part, i128::from(measured.delivered));
    say.tongue().share(ratio.unwrap_or(Ratio::whole(0)))
}

fn figures(say: &Say, order: &Order<'_>, measured: &Measured) -> Vec<(String, String)> {
    let units = |count| units_words(say.tongue(), count, &order.service.unit);
    let mut out = vec![(say.t("curve-ordered"), units(order.quantity))];
    if measured.counter {
        out.push((say.t("curve-start"), say.whole(measured.baseline)));
    }
    out.push((say.t("curve-arrived"), units(measured.delivered)));
    if measured.dropped > 0 {
        let dropped = format!("{} ({})", units(measured.dropped), share(say, measured));
        out.push((say.t("curve-dropped"), dropped));
    }
    if let Some((_, until)) = measured.guarantee {
        out.push((
            say.t("curve-guarantee"),
            say.one("curve-until", "day", say.day(until)),
        ));
    }
    out
}

fn rows(say: &Say, measured: &Measured) -> Vec<Row> {
    let what = |at: usize| match (measured.counter, at) {
        (_, 0) => "curve-row-start",
        (true, _) => "curve-row-count",
        (false, _) => "curve-row-sum",
    };
    let points = measured.points.iter().enumerate();
    points
        .map(|(at, (when, count))| Row {
            machine: say.machine(*when),
            at: say.moment(*when),
            what: say.t(what(at)),
            number: say.whole(*count),
        })
        .collect()
}

/// Where things stand in the drawing.
struct Drawing {
    from: i128,
    to: i128,
    low: i128,
    high: i128,
}

impl Drawing {
    fn new(measured: &Measured, order: &Order<'_>) -> Option<Self> {
        let from = measured.points.first()?.0.unix_nanoseconds();
        let last = measured.points.last()?.0.unix_nanoseconds();
        let end = measured
            .guarantee
            .map_or(last, |(_, until)| until.unix_nanoseconds());
        let counts = || measured.points.iter().map(|(_, count)| i128::from(*count));
        let baseline = i128::from(measured.baseline);
        let low = counts().min()?.min(baseline);
        let goal = baseline.saturating_add(i128::from(order.quantity));
        let high = counts().max()?.max(goal);
        Some(Self {
            from,
            // A line needs some length.
            to: last.max(end).max(from.saturating_add(3_600_000_000_000)),
            low,
            high: high.max(low.saturating_add(1)),
        })
    }

    fn x(&self, at: Instant) -> i128 {
        let part = at.unix_nanoseconds().clamp(self.from, self.to) - self.from;
        LEFT + part
            .saturating_mul(RIGHT - LEFT)
            .div_euclid(self.to - self.from)
    }

    fn y(&self, count: i128) -> i128 {
        let part = count.clamp(self.low, self.high) - self.low;
        BOTTOM
            - part
                .saturating_mul(BOTTOM - TOP)
                .div_euclid(self.high - self.low)
    }

    fn svg(&self, say: &Say, order: &Order<'_>, measured: &Measured) -> String {
        let mut out = String::from(
            "<svg class=\"curve\" viewBox=\"0 0 400 216\" role=\"img\" aria-labelledby=\"curve-title curve-words\">",
        );
        let words: Vec<String> = figures(say, order, measured)
            .iter()
            .map(|(label, figure)| format!("{label}: {figure}"))
            .collect();
        let _ = write!(
            out,
            "<title id=\"curve-title\">{}</title><desc id=\"curve-words\">{}</desc>",
            escaped(&say.t("curve-title")),
            escaped(&words.join(". "))
        );
        self.band(&mut out, say, measured);
        self.levels(&mut out, say, order, measured);
        self.line(&mut out, measured);
        self.drop(&mut out, say, measured);
        if let Some((first, last)) = self.ends(measured) {
            let _ = write!(
                out,
                "<text x=\"{LEFT}\" y=\"208\">{}</text><text x=\"{RIGHT}\" y=\"208\" class=\"end\">{}</text>",
                escaped(&say.short_day(first)),
                escaped(&say.short_day(last))
            );
        }
        out.push_str("</svg>");
        out
    }

    fn ends(&self, measured: &Measured) -> Option<(Instant, Instant)> {
        let first = measured.points.first()?.0;
        Some((first, Instant::from_unix_nanoseconds(self.to)))
    }

    fn band(&self, out: &mut String, say: &Say, measured: &Measured) {
        let Some((from, until)) = measured.guarantee else {
            return;
        };
        let (left, right) = (self.x(from), self.x(until));
        let (width, height, middle) = (right - left, BOTTOM - TOP + 8, left.midpoint(right));
        let _ = write!(
            out,
            "<rect class=\"band\" x=\"{left}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/>",
            TOP - 8
        );
        if width > 70 {
            let _ = write!(
                out,
                "<text class=\"in-band\" x=\"{middle}\" y=\"{}\">{}</text>",
                TOP.midpoint(BOTTOM) + 4,
                escaped(&say.t("curve-guarantee"))
            );
        }
    }

    fn levels(&self, out: &mut String, say: &Say, order: &Order<'_>, measured: &Measured) {
        let baseline = i128::from(measured.baseline);
        let goal = self.y(baseline.saturating_add(i128::from(order.quantity)));
        let ordered = format!("{} {}", say.t("curve-ordered"), say.whole(order.quantity));
        let _ = write!(
            out,
            "<path class=\"ordered\" d=\"M{LEFT} {goal}H{RIGHT}\"/><text x=\"{LEFT}\" y=\"{}\">{}</text>",
            goal - 6,
            escaped(&ordered)
        );
        let start = self.y(baseline);
        let _ = write!(out, "<path class=\"start\" d=\"M{LEFT} {start}H{RIGHT}\"/>");
        if measured.counter {
            let label = format!("{} {}", say.t("curve-start"), say.whole(measured.baseline));
            let _ = write!(
                out,
                "<text class=\"end\" x=\"{RIGHT}\" y=\"{}\">{}</text>",
                start - 6,
                escaped(&label)
            );
        }
    }

    fn line(&self, out: &mut String, measured: &Measured) {
        // More than can be told apart by eye are thinned; the table has them all.
        let every = measured.points.len().div_ceil(60).max(1);
        let last = measured.points.len().saturating_sub(1);
        let shown = measured.points.iter().enumerate();
        let shown = shown.filter(|(at, _)| at.checked_rem(every) == Some(0) || *at == last);
        let mut path = String::new();
        let mut dots = String::new();
        for (number, (_, (at, count))) in shown.enumerate() {
            let (x, y) = (self.x(*at), self.y(i128::from(*count)));
            let _ = write!(path, "{}{x} {y}", if number == 0 { 'M' } else { 'L' });
            let _ = write!(dots, "<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\"/>");
        }
        let _ = write!(
            out,
            "<path class=\"line\" d=\"{path}\"/><g class=\"dots\">{dots}</g>"
        );
    }

    fn drop(&self, out: &mut String, say: &Say, measured: &Measured) {
        let (Some((at, current)), true) = (measured.points.last(), measured.dropped > 0) else {
            return;
        };
        let highest = measured.baseline.saturating_add(measured.delivered);
        let (x, top, low) = (
            self.x(*at),
            self.y(i128::from(highest)),
            self.y(i128::from(*current)),
        );
        let label = say.with(
            "curve-drop-label",
            &[
                ("units", Fill::Words(&say.whole(measured.dropped))),
                ("share", Fill::Words(&share(say, measured))),
            ],
        );
        let (side, class) = if x > 200 {
            (x - 8, " end")
        } else {
            (x + 8, "")
        };
        let _ = write!(
            out,
            "<path class=\"drop\" d=\"M{x} {top}V{low}\"/><text class=\"drop-label{class}\" x=\"{side}\" y=\"{}\">{}</text>",
            top.midpoint(low) + 4,
            escaped(&label)
        );
    }
}
