// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reports: what went back and why, how delivery did, and how long people waited; each with its numbers, and as CSV.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use makegood_desk::case::{Duration, Instant, LogEntry};
use makegood_policy::fact::Ratio;

use super::frame::DeskFrame;
use super::words::money;
use crate::books::act::before;
use crate::books::orders::{Depth, records};
use crate::books::reports::{self, Line, Report, Wait};
use crate::clock::timestamp;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::portal::curve::measure;
use crate::web::portal::frame::{parameter, written};
use crate::web::portal::say::Say;
use crate::web::refusal::{self, Problem};
use crate::web::wire::{Answer, name};

/// The times that can be chosen, in days.
const PERIODS: [i64; 4] = [7, 30, 90, 365];
/// Of most orders the delivery is measured.
const MEASURED_MOST: usize = 500;
/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// A line with a bar.
struct Bar {
    label: String,
    count: String,
    amount: String,
    /// Its length, in hundredths of the longest.
    width: u64,
}

/// Lines with bars, under one heading.
struct Chart {
    id: &'static str,
    title: String,
    bars: Vec<Bar>,
}

/// A service's delivery.
#[derive(Clone, Default)]
struct Delivery {
    orders: u64,
    ordered: u64,
    delivered: u64,
    dropped: u64,
}

#[derive(Template)]
#[template(path = "desk_reports.html")]
struct Page {
    frame: DeskFrame,
    days: i64,
    periods: Vec<(i64, String, bool)>,
    figures: Vec<(String, String)>,
    plot: String,
    by_day: Vec<(String, String, String)>,
    charts: Vec<Chart>,
    delivery: Vec<(String, String, String, String)>,
    repeated: Vec<(String, String, String)>,
}

fn period(uri: &Uri) -> i64 {
    let asked = parameter(uri, "days").and_then(|text| text.parse().ok());
    asked.filter(|days| PERIODS.contains(days)).unwrap_or(30)
}

async fn read(web: &Arc<Web>, days: i64) -> Result<(Report, BTreeMap<String, Delivery>), Problem> {
    let now = web.clock.now();
    let since = before(now, Duration::from_seconds(days.saturating_mul(86_400)));
    let found = web.desk.store.read(move |tx| {
        Box::pin(async move {
            let report = reports::since(tx, since).await?;
            let mut services: BTreeMap<String, Delivery> = BTreeMap::new();
            for (number, service) in report.orders.iter().take(MEASURED_MOST) {
                let depth = Depth::Whole {
                    refunds_since: now,
                    trouble_since: now,
                    claim: "",
                };
                let books = records(tx, number, false, depth).await?;
                let Some(record) = &books.order else { continue };
                let log: Vec<&LogEntry<'_>> = books.delivery_log.iter().collect();
                let Some(measured) = measure(&record.order, &log) else {
                    continue;
                };
                let held = services.entry(service.clone()).or_default();
                held.orders = held.orders.saturating_add(1);
                held.ordered = held.ordered.saturating_add(record.order.quantity);
                held.delivered = held.delivered.saturating_add(measured.delivered);
                held.dropped = held.dropped.saturating_add(measured.dropped);
            }
            Ok((report, services))
        })
    });
    Ok(found.await?)
}

/// The value in the middle, or at so many hundredths, of those that are known.
fn quantile(waits: impl Iterator<Item = Option<i64>>, hundredths: usize) -> Option<i64> {
    let mut known: Vec<i64> = waits.flatten().collect();
    known.sort_unstable();
    let last = known.len().checked_sub(1)?;
    let at = last.saturating_mul(hundredths).div_euclid(100);
    known.get(at).copied()
}

fn length(say: &Say, nanoseconds: Option<i64>) -> String {
    // Minutes are fine enough for people who wait.
    let minutes = |long: i64| {
        long.div_euclid(60_000_000_000)
            .saturating_mul(60_000_000_000)
    };
    nanoseconds.map_or_else(
        || "–".to_owned(),
        |long| match minutes(long) {
            0 => say.t("desk-report-at-once"),
            long => say.tongue().length(i128::from(long)),
        },
    )
}

fn sums(say: &Say, lines: impl Iterator<Item = Line>) -> String {
    let mut by: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines {
        let sum = by.entry(line.currency).or_default();
        *sum = sum.saturating_add(line.minor);
    }
    let words: Vec<String> = by
        .iter()
        .map(|(code, minor)| money(say, *minor, code))
        .collect();
    match words.is_empty() {
        true => "–".to_owned(),
        false => words.join(" + "),
    }
}

fn share(say: &Say, part: u64, whole: u64) -> String {
    match Ratio::new(i128::from(part), i128::from(whole)) {
        Some(ratio) if whole > 0 => say.tongue().share(ratio),
        _ => "–".to_owned(),
    }
}

fn figures(say: &Say, report: &Report) -> Vec<(String, String)> {
    let state = |wanted: &'static [&'static str]| {
        report
            .states
            .iter()
            .filter(move |states| wanted.contains(&states.line.what.as_str()))
            .map(|states| states.line.clone())
    };
    let all: u64 = report.states.iter().map(|states| states.line.count).sum();
    let automatic: u64 = report.states.iter().map(|states| states.automatic).sum();
    let opened: u64 = report.claims.iter().map(|line| line.count).sum();
    let first = |wait: &Wait| wait.first;
    let decided = |wait: &Wait| wait.decided;
    let waits = || report.waits.iter();
    [
        ("desk-report-refunded", sums(say, state(&["succeeded"]))),
        (
            "desk-report-reserved",
            sums(say, state(&["reserved", "sending", "unknown", "pending"])),
        ),
        ("desk-report-opened", say.whole(opened)),
        ("desk-report-closed", say.whole(report.closed)),
        ("desk-report-open", say.whole(report.open)),
        ("desk-report-automatic", share(say, automatic, all)),
        ("desk-report-overrides", say.whole(report.overrides)),
        (
            "desk-report-first",
            length(say, quantile(waits().map(first), 50)),
        ),
        (
            "desk-report-first-slow",
            length(say, quantile(waits().map(first), 90)),
        ),
        (
            "desk-report-resolved",
            length(say, quantile(waits().map(decided), 50)),
        ),
    ]
    .map(|(id, figure)| (say.t(id), figure))
    .into()
}

fn bars(say: &Say, lines: &[Line], label: impl Fn(&Line) -> String) -> Vec<Bar> {
    let size = |line: &Line| match line.currency.is_empty() {
        true => line.count,
        false => line.minor,
    };
    let longest = lines.iter().map(size).max().unwrap_or(0).max(1);
    lines
        .iter()
        .map(|line| Bar {
            label: label(line),
            count: say.whole(line.count),
            amount: match line.currency.is_empty() {
                true => String::new(),
                false => money(say, line.minor, &line.currency),
            },
            width: size(line).saturating_mul(100).div_euclid(longest).max(1),
        })
        .collect()
}

fn charts(say: &Say, report: &Report) -> Vec<Chart> {
    let chart = |id: &'static str, bars: Vec<Bar>| Chart {
        id,
        title: say.t(&format!("desk-report-by-{id}")),
        bars,
    };
    vec![
        chart(
            "clauses",
            bars(say, &report.clauses, |line| {
                say.one("desk-clause-of", "clause", &line.what)
            }),
        ),
        chart(
            "services",
            bars(say, &report.services, |line| line.what.clone()),
        ),
        chart(
            "claims",
            bars(say, &report.claims, |line| {
                say.t(&format!("claim-{}", line.what))
            }),
        ),
    ]
}

/// The whole days of the period, each with what was paid in the currency that was paid most.
fn plot(say: &Say, report: &Report, days: i64, today: i64) -> String {
    let mut by: BTreeMap<&str, u64> = BTreeMap::new();
    for line in &report.days {
        let sum = by.entry(&line.currency).or_default();
        *sum = sum.saturating_add(line.minor);
    }
    let Some((code, _)) = by.into_iter().max_by_key(|(_, minor)| *minor) else {
        return String::new();
    };
    let of = |day: i64| {
        let day = day.to_string();
        let mut lines = report.days.iter();
        lines
            .find(|line| line.what == day && line.currency == code)
            .map_or(0, |line| line.minor)
    };
    let first = today.saturating_sub(days).saturating_add(1);
    let highest = (first..=today).map(of).max().unwrap_or(0).max(1);
    let mut out = format!(
        "<svg class=\"plot\" viewBox=\"0 0 1200 150\" role=\"img\" aria-label=\"{}\"><line x1=\"0\" y1=\"130\" x2=\"1200\" y2=\"130\"/>",
        say.t("desk-report-by-day")
    );
    let wide = 1_200_i64.div_euclid(days.max(1)).max(1);
    for (place, day) in (first..=today).enumerate() {
        let minor = of(day);
        if minor == 0 {
            continue;
        }
        let tall = minor.saturating_mul(110).div_euclid(highest).max(1);
        let left = i64::try_from(place)
            .unwrap_or(0)
            .saturating_mul(1_200)
            .div_euclid(days.max(1));
        let top = 130_u64.saturating_sub(tall);
        let _ = write!(
            out,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{tall}\" rx=\"1\"><title>{}: {}</title></rect>",
            wide.saturating_sub(1).max(1),
            say.day(at(day)),
            money(say, minor, code)
        );
    }
    let _ = write!(
        out,
        "<text x=\"4\" y=\"14\">{}</text><text x=\"4\" y=\"146\">{}</text><text x=\"1196\" y=\"146\" text-anchor=\"end\">{}</text></svg>",
        money(say, highest, code),
        say.day(at(first)),
        say.day(at(today))
    );
    out
}

/// The noon of a whole day since 1970.
fn at(day: i64) -> Instant {
    let noon = i128::from(day)
        .saturating_mul(i128::from(DAY))
        .saturating_add(i128::from(DAY / 2));
    Instant::from_unix_nanoseconds(noon)
}

fn put_together(
    web: &Web,
    frame: DeskFrame,
    days: i64,
    report: &Report,
    services: &BTreeMap<String, Delivery>,
) -> Page {
    let say = frame.say.clone();
    let today = i64::try_from(web.clock.now().unix_nanoseconds())
        .unwrap_or(0)
        .div_euclid(DAY);
    let mut delivery: Vec<_> = services.iter().collect();
    // Those that fell short of most stand first.
    delivery.sort_by_key(|(_, held)| {
        let short = held
            .ordered
            .saturating_sub(held.delivered)
            .saturating_add(held.dropped);
        std::cmp::Reverse(
            short
                .saturating_mul(1_000_000)
                .div_euclid(held.ordered.max(1)),
        )
    });
    Page {
        periods: PERIODS
            .iter()
            .map(|known| {
                let words = say.whole(u64::try_from(*known).unwrap_or(0));
                (
                    *known,
                    say.one("desk-reports-days", "days", words),
                    *known == days,
                )
            })
            .collect(),
        figures: figures(&say, report),
        plot: plot(&say, report, days, today),
        by_day: report
            .days
            .iter()
            .map(|line| {
                let day = line
                    .what
                    .parse()
                    .map_or(String::new(), |day| say.day(at(day)));
                (
                    day,
                    say.whole(line.count),
                    money(&say, line.minor, &line.currency),
                )
            })
            .collect(),
        charts: charts(&say, report),
        delivery: delivery
            .into_iter()
            .map(|(service, held)| {
                let short = held.ordered.saturating_sub(held.delivered);
                (
                    service.clone(),
                    say.whole(held.orders),
                    share(&say, short, held.ordered),
                    share(&say, held.dropped, held.delivered),
                )
            })
            .collect(),
        repeated: report
            .repeated
            .iter()
            .map(|(id, line)| {
                let amount = money(&say, line.minor, &line.currency);
                (name("cus", *id), say.whole(line.count), amount)
            })
            .collect(),
        days,
        frame,
    }
}

/// Open the reports
#[utoipa::path(get, path = "/desk/reports", tag = "Console", operation_id = "desk_reports",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "reports", "desk-reports");
    let days = period(&uri);
    let (report, services) = read(&web, days).await?;
    let page = put_together(&web, frame, days, &report, &services);
    Ok(page.frame.sent(written(&page)?))
}

/// A figure of a report as programs read it.
fn plain(minor: u64, code: &str) -> String {
    let digits = crate::books::currency(code).map_or(2, |currency| usize::from(currency.digits()));
    let text = format!("{minor:0>width$}", width = digits.saturating_add(1));
    match (
        digits,
        text.split_at_checked(text.len().saturating_sub(digits)),
    ) {
        (0, _) | (_, None) => text,
        (_, Some((whole, rest))) => format!("{whole}.{rest}"),
    }
}

fn rows_of(report: &Report, which: &str) -> Option<Vec<Line>> {
    Some(match which {
        "clauses.csv" => report.clauses.clone(),
        "services.csv" => report.services.clone(),
        "claims.csv" => report.claims.clone(),
        "days.csv" => report
            .days
            .iter()
            .map(|line| {
                let day = line.what.parse().map_or(String::new(), |day| {
                    timestamp(at(day)).strftime("%Y-%m-%d").to_string()
                });
                Line {
                    what: day,
                    ..line.clone()
                }
            })
            .collect(),
        _ => return None,
    })
}

/// Download the numbers of a report
///
/// As CSV: what, how many, how much, in which currency.
#[utoipa::path(get, path = "/desk/reports/{name}", tag = "Console", operation_id = "desk_report_csv",
    params(("name" = String, Path, description = "`clauses.csv`, `services.csv`, `claims.csv` or `days.csv`.")),
    responses((status = 200, description = "The numbers.", content_type = "text/csv", body = String)))]
pub async fn csv(State(web): State<Arc<Web>>, Path(which): Path<String>, uri: Uri) -> Answer {
    let (report, _) = read(&web, period(&uri)).await?;
    let rows = rows_of(&report, &which).ok_or_else(|| Problem::no_such("report"))?;
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: [&str; 4]| {
        out.write_record(cells)
            .map_err(|why| Problem::fault(format!("a report cannot be written: {why}")))
    };
    write(["what", "count", "amount", "currency"])?;
    for line in rows {
        let amount = match line.currency.is_empty() {
            true => String::new(),
            false => plain(line.minor, &line.currency),
        };
        // A spreadsheet would take what begins like this for a formula.
        let what = match line.what.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            true => format!("'{}", line.what),
            false => line.what,
        };
        write([&what, &line.count.to_string(), &amount, &line.currency])?;
    }
    let bytes = out
        .into_inner()
        .map_err(|why| Problem::fault(format!("a report cannot be written: {why}")))?;
    let mut response = refusal::bytes(refusal::DONE, "text/csv; charset=utf-8", bytes);
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{which}\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
