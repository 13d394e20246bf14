// SPDX-License-Identifier: MIT OR Apache-2.0
//! The worked cases of the built-in policy: every line is decided as it says, and a line that lies is found out.

use std::collections::BTreeMap;

use makegood::answer::outcome_word;
use makegood::built_in::{ALL, rulebooks};
use makegood::wire::read_case;
use makegood::worked::run_cases;
use makegood_desk::decision::{Rulebook, Workspace};
use makegood_policy::cases::{CaseRun, read, unreached};
use makegood_policy::problem::{Problem, Span};

const CASES: (&str, &str) = ALL[0].cases;

fn viplikes() -> Rulebook {
    let mut books = rulebooks("viplikes").expect("a built-in policy");
    books.pop().expect("a version")
}

fn all(runs: Vec<CaseRun>, problems: Vec<Problem>) -> Vec<Problem> {
    let of_runs = runs.into_iter().flat_map(|run| run.problems);
    problems.into_iter().chain(of_runs).collect()
}

#[test]
fn every_worked_case_is_decided_as_it_says() {
    let (runs, problems) = run_cases(&viplikes(), CASES.0, CASES.1);
    let count = runs.len();
    let drawn: Vec<String> = all(runs, problems)
        .iter()
        .map(|problem| problem.render(&[CASES], false))
        .collect();
    assert!(drawn.is_empty(), "{}", drawn.join("\n"));
    assert!(count >= 60, "{count} cases");
    assert_eq!(
        count, 231,
        "say how many there are, so that none is lost by a slip in a table"
    );
}

#[test]
fn every_rule_is_reached_by_some_line() {
    let book = viplikes();
    let (runs, _) = run_cases(&book, CASES.0, CASES.1);
    let policy = book.policy();
    let missed: Vec<&str> = unreached(policy, &runs)
        .into_iter()
        .map(|rule| policy.rule(rule).name.as_str())
        .collect();
    assert_eq!(missed, [""; 0], "add a worked case for each");
}

#[test]
fn every_clause_with_a_rule_is_quoted_by_some_line() {
    let book = viplikes();
    let (runs, _) = run_cases(&book, CASES.0, CASES.1);
    for rule in book.policy().rules() {
        let quoted = |run: &CaseRun| {
            run.found
                .as_ref()
                .is_some_and(|found| found.clause == rule.clause)
        };
        assert!(runs.iter().any(quoted), "clause {}", rule.clause);
    }
}

/// What the policy decides in lines that differ in one column alone, which has these values: decision and clause of each.
/// Panics unless some line of one table stands beside each.
fn beside(heading: &str, column: &str, values: &[&str], also: &[(&str, &str)]) -> Vec<String> {
    let (tables, _) = read(CASES.0, CASES.1);
    let table = tables
        .iter()
        .find(|table| table.heading.starts_with(heading))
        .expect("a table under this heading");
    // Amounts and units that go with the column may differ too.
    let apart =
        |name: &str| name == column || (column == "refunded units" && name == "refunded EUR");
    let mut groups: BTreeMap<Vec<&str>, BTreeMap<&str, String>> = BTreeMap::new();
    for row in &table.rows {
        let cell = |name: &str| row.cell(name).map_or("", |cell| cell.text.as_str());
        if !also.iter().all(|(name, text)| cell(name) == *text) {
            continue;
        }
        let rest = row
            .cells
            .iter()
            .filter(|(name, _)| !apart(name))
            .map(|(_, cell)| cell.text.as_str());
        let said = format!("{} {}", row.decision.text, row.clause.text);
        groups
            .entry(rest.collect())
            .or_default()
            .entry(cell(column))
            .or_insert(said);
    }
    let mut whole = groups.values().filter_map(|group| {
        let said: Option<Vec<String>> = values
            .iter()
            .map(|value| group.get(value).cloned())
            .collect();
        said
    });
    let found = whole.next();
    found.unwrap_or_else(|| panic!("no lines under `{heading}` with {values:?} under `{column}` and the same else: {groups:#?}"))
}

#[test]
fn every_threshold_has_a_line_below_at_and_above() {
    // A drop of ten percent after the guarantee.
    assert_eq!(
        beside(
            "Clause 5.4",
            "dropped",
            &["99", "100", "101"],
            &[("guarantee", "ended"), ("delivered", "1000")]
        ),
        ["declined 5.4", "declined 5.4", "review 5.4"]
    );
    // Half of the audience.
    assert_eq!(
        beside(
            "Clause 5.6",
            "on target share",
            &["49.9 %", "50 %", "50.1 %"],
            &[]
        ),
        ["review 5.6", "declined 5.6", "declined 5.6"]
    );
    // Twelve hours for an account.
    assert_eq!(
        beside(
            "Clause 5.9",
            "account claim delay",
            &["11 h 59 min 59 s", "12 h", "12 h 0 min 1 s"],
            &[]
        ),
        [
            "partial_refund 3.33 5.9",
            "partial_refund 3.33 5.9",
            "declined 5.9"
        ]
    );
    // Seventy-two hours for a renewal.
    assert_eq!(
        beside(
            "Clause 5.11",
            "renewal age",
            &["71 h 59 min 59 s", "72 h", "72 h 0 min 1 s"],
            &[]
        ),
        [
            "refund 10.00 + cancel_subscription 5.11",
            "refund 10.00 + cancel_subscription 5.11",
            "declined: cancel_subscription 5.11"
        ]
    );
    // Nothing delivered, one unit, the last but one, all.
    assert_eq!(
        beside(
            "Clause 5.1:",
            "delivered",
            &["0", "1", "1000"],
            &[("claim", "not_received")]
        ),
        [
            "refund 10.00 5.1",
            "partial_refund 9.99 5.10",
            "declined 5.1"
        ]
    );
    assert_eq!(
        beside(
            "Clause 5.3",
            "delivered",
            &["999", "1000"],
            &[("claim", "slow")]
        ),
        ["partial_refund 0.01 5.10", "declined 5.3"]
    );
    assert_eq!(
        beside("Clause 5.8", "delivered", &["0", "1"], &[]),
        ["support_resolution: start_manually 5.8", "declined 5.8"]
    );
    // Nothing dropped, one unit.
    assert_eq!(
        beside("Clause 5.5", "dropped", &["0", "1", "100"], &[]),
        [
            "declined 5.4",
            "support_resolution: redeliver 1 5.5",
            "support_resolution: redeliver 100 5.5"
        ]
    );
    // All that is missing was paid back but for one unit, just so, and one too many.
    assert_eq!(
        beside("Clause 5.10", "refunded units", &["99", "100", "101"], &[]),
        ["partial_refund 0.01 5.10", "declined 5.1", "declined 5.1"]
    );
    assert_eq!(
        beside(
            "Clause 5.9",
            "refunded units",
            &["2", "3", "4"],
            &[("wants", "")]
        ),
        ["partial_refund 3.33 5.9", "declined 5.9", "declined 5.9"]
    );
    // A cent left, none, and less than none.
    assert_eq!(
        beside(
            "A dispute that the bank settled",
            "lost EUR",
            &["9.99", "10.00", "10.01"],
            &[]
        ),
        ["partial_refund 0.01 5.1", "declined 6", "declined 6"]
    );
    // Half a cent.
    assert_eq!(
        beside(
            "Rounding",
            "delivered",
            &["49", "50", "51"],
            &[("price EUR", "0.01")]
        ),
        ["refund 0.01 5.10", "refund 0.01 5.10", "declined 5.10"]
    );
}

#[test]
fn the_thresholds_of_the_lines_are_those_of_the_policy() {
    let book = viplikes();
    let policy = book.policy();
    for (parameter, fact, value) in [
        ("small_drop", "drop_share", "10 %"),
        ("on_target_from", "on_target_share", "50 %"),
        ("account_claim_window", "account_claim_delay", "12 h"),
        ("renewal_window", "renewal_age", "72 h"),
    ] {
        let fact = policy.fact(fact).expect("a fact");
        assert_eq!(
            policy.param(parameter),
            policy.parse_value(fact, value),
            "{parameter}"
        );
    }
}

/// A case that was placed, begun and completed at these times, and what becomes of it.
fn at_the_clock(log: &str, claim: &str, claim_at: &str, as_of: &str) -> String {
    let text = format!(
        r#"{{"as_of": "{as_of}",
        "order": {{"number": "1", "placed_at": "2025-11-01T00:00:00Z", "quantity": 1000, "price": {{"amount": 1000, "currency": "EUR"}}, "links": [],
          "service": {{"name": "n", "unit": "u", "kind": "standard", "start_within": "PT12H", "guarantee": "P30D", "units_per_day": 100}}}},
        "delivery_log": [{log}], "findings": {{"redelivery_possible": true, "expedite_possible": true}},
        "claim": {{"kind": "{claim}", "at": "{claim_at}"}}}}"#
    );
    let case = read_case(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let book = viplikes();
    let decision = book.decide(&mut Workspace::default(), &case);
    let clause = decision
        .rule
        .map_or("", |rule| book.policy().rule(rule).clause.as_str());
    format!("{} {clause}", outcome_word(decision.result.outcome))
}

/// The clock is behind facts that a table only names: begun in time or late, running or ended, on time or behind.
#[test]
fn every_border_on_the_clock_holds_one_second_before_at_and_after() {
    // The start window of twelve hours, of an order that has not begun.
    let waiting = |now: &str| at_the_clock("", "not_started", "2025-11-01T06:00:00Z", now);
    assert_eq!(waiting("2025-11-01T11:59:59Z"), "declined 5.1");
    assert_eq!(waiting("2025-11-01T12:00:00Z"), "declined 5.1");
    assert_eq!(waiting("2025-11-01T12:00:01Z"), "refund 5.1");
    // The same, of an order that was stopped before it began: what counts is when.
    let stopped = |then: &str| {
        let log = format!(r#"{{"at": "{then}", "event": "stopped"}}"#);
        at_the_clock(&log, "stop", "2025-11-01T06:00:00Z", "2025-11-02T00:00:00Z")
    };
    assert_eq!(stopped("2025-11-01T11:59:59Z"), "refund 5.7");
    assert_eq!(stopped("2025-11-01T12:00:00Z"), "refund 5.7");
    assert_eq!(stopped("2025-11-01T12:00:01Z"), "refund 5.1");
    // The same, of an order that has begun.
    let begun = |then: &str| {
        let log = format!(r#"{{"at": "{then}", "event": "started", "count": 0}}"#);
        at_the_clock(
            &log,
            "not_started",
            "2025-11-02T00:00:00Z",
            "2025-11-02T00:00:00Z",
        )
    };
    assert_eq!(begun("2025-11-01T11:59:59Z"), "declined 5.3");
    assert_eq!(begun("2025-11-01T12:00:00Z"), "declined 5.3");
    assert_eq!(begun("2025-11-01T12:00:01Z"), "review 5.1");
    // The guarantee of thirty days from the closing; the day of the claim counts.
    let dropped = |then: &str| {
        let log = r#"{"at": "2025-11-01T06:00:00Z", "event": "started", "count": 0}, {"at": "2025-11-02T00:00:00Z", "event": "count", "count": 1000},
            {"at": "2025-11-03T00:00:00Z", "event": "completed"}, {"at": "2025-11-20T00:00:00Z", "event": "count", "count": 950}"#;
        at_the_clock(log, "dropped", then, "2026-01-01T00:00:00Z")
    };
    assert_eq!(dropped("2025-12-02T23:59:59Z"), "support_resolution 5.5");
    assert_eq!(dropped("2025-12-03T00:00:00Z"), "support_resolution 5.5");
    assert_eq!(dropped("2025-12-03T00:00:01Z"), "declined 5.4");
    // A thousand units at a hundred a day.
    let slow = |now: &str| {
        let log = r#"{"at": "2025-11-01T06:00:00Z", "event": "started", "count": 0}"#;
        at_the_clock(log, "slow", "2025-11-05T00:00:00Z", now)
    };
    assert_eq!(slow("2025-11-11T05:59:59Z"), "declined 5.3");
    assert_eq!(slow("2025-11-11T06:00:00Z"), "declined 5.3");
    assert_eq!(slow("2025-11-11T06:00:01Z"), "support_resolution 5.3");
}

/// A small text of cases to plant faults in.
const LINES: &str = "\
## Some

| claim   | state     | guarantee | redelivery possible | ordered | delivered | dropped | refunded units | price EUR | refunded EUR | decision            | clause |
| ------- | --------- | --------- | ------------------- | ------- | --------- | ------- | -------------- | --------- | ------------ | ------------------- | ------ |
| dropped | completed | ended     |                     | 1000    | 1000      | 101     | 1              | 10.00     | 0.01         | review              | 5.4    |
| dropped | completed | running   | false               | 500     | 500       | 77      |                | 20        |              | partial_refund 3.08 | 5.10   |
| dropped | completed | running   | ?                   | 20      | ?         |         |                | 30.00     |              | ask redelivery_possible, counts | |
| stop    | stopped   |           |                     | 40      | 10        |         |                | 40.00     |              | partial_refund 30.00 | 5.7   |
";

/// Place, message and remedy of the only problem of the small text with one piece replaced.
fn planted(piece: &str, by: &str) -> (String, String, String) {
    assert_eq!(
        LINES.matches(piece).count(),
        1,
        "`{piece}` stands there once"
    );
    let text = LINES.replace(piece, by);
    let (runs, problems) = run_cases(&viplikes(), "small.md", &text);
    let found = all(runs, problems);
    assert_eq!(found.len(), 1, "{found:#?}");
    (
        found[0].span.text(&text).to_owned(),
        found[0].message.clone(),
        found[0].help.clone(),
    )
}

fn told(place: &str, message: &str, help: &str) -> (String, String, String) {
    (place.to_owned(), message.to_owned(), help.to_owned())
}

#[test]
fn the_small_text_has_no_fault_of_its_own() {
    let (runs, problems) = run_cases(&viplikes(), "small.md", LINES);
    assert_eq!(runs.len(), 4);
    assert_eq!(all(runs, problems), []);
}

#[test]
fn a_changed_decision_is_found_where_it_was_changed() {
    assert_eq!(
        planted("partial_refund 3.08", "partial_refund 3.09"),
        told(
            "partial_refund 3.09",
            "the table says `partial_refund 3.09 5.10`, the policy decides `partial_refund 3.08 5.10` (rule drop.refund)",
            "correct the line, or the rule `drop.refund` of clause 5.10"
        )
    );
    assert_eq!(
        planted("review              | 5.4", "declined | 5.4"),
        told(
            "declined",
            "the table says `declined 5.4`, the policy decides `review 5.4` (rule drop.large)",
            "correct the line, or the rule `drop.large` of clause 5.4"
        )
    );
    let (place, message, _) = planted("30.00 | 5.7", "30.00 | 5.1");
    assert_eq!(place, "5.1");
    assert_eq!(
        message,
        "the table says `partial_refund 30.00 5.1`, the policy decides `partial_refund 30.00 5.7` (rule left.stopped)"
    );
    let (place, message, help) = planted("ask redelivery_possible, counts", "ask counts");
    assert_eq!(place, "ask counts");
    assert_eq!(
        message,
        "the table says `ask counts`, the policy decides `ask counts, redelivery_possible`"
    );
    assert_eq!(
        help,
        "correct the line: write `ask` and what has to be found out, or fill in what is not known"
    );
    // A remedy beside it, an amount without its digits, and the right amount under another name.
    assert_eq!(
        planted("partial_refund 3.08", "partial_refund 3.08 + expedite").0,
        "partial_refund 3.08 + expedite"
    );
    assert_eq!(
        planted("partial_refund 30.00", "partial_refund 30").0,
        "partial_refund 30"
    );
    assert_eq!(
        planted("partial_refund 30.00", "refund 30.00").0,
        "refund 30.00"
    );
    // A fact that was changed shows in the decision.
    assert_eq!(
        planted("| 101     | 1  ", "| 99      | 1  ").1,
        "the table says `review 5.4`, the policy decides `declined 5.4` (rule drop.small)"
    );
}

#[test]
fn a_column_that_is_none_is_found_at_its_name() {
    assert_eq!(
        planted("| guarantee ", "| garantee "),
        told(
            "garantee",
            "no column is called `garantee`",
            "did you mean `guarantee`? Else name a fact of the policy, with spaces for underscores, or take the column out"
        )
    );
    assert!(
        planted("| refunded units |", "| refund units |")
            .2
            .starts_with("did you mean `refunded units`?")
    );
    assert!(
        planted("| price EUR |", "| prise EUR |")
            .2
            .starts_with("did you mean `price EUR`?")
    );
    // Another currency than the price, and one that there is not.
    assert_eq!(
        planted("| refunded EUR |", "| refunded DKK |").1,
        "no column is called `refunded DKK`"
    );
    assert_eq!(
        planted("| refunded EUR |", "| refunded EUX |").1,
        "no column is called `refunded EUX`"
    );
    assert_eq!(
        planted("| refunded units |", "| units left |"),
        told(
            "units left",
            "`units left` follows from the numbers of the line",
            "write `ordered` and `refunded units` instead"
        )
    );
    let (place, message, _) = planted("| price EUR |", "| lost EUR |");
    assert_eq!(message, "a table without a column `price EUR`");
    assert!(
        place.starts_with("| claim ") && place.ends_with("| clause |"),
        "{place}"
    );
}

#[test]
fn a_cell_that_cannot_be_read_is_found_at_its_place() {
    assert_eq!(
        planted("| ended ", "| over "),
        told(
            "over",
            "no value of `guarantee` is called `over`",
            "it is one of `running`, `ended`"
        )
    );
    assert_eq!(
        planted("| 77 ", "| 7x "),
        told(
            "7x",
            "`7x` is no number of units",
            "write a whole number such as `1000`"
        )
    );
    assert_eq!(planted("| 77 ", "| +77 ").0, "+77");
    assert_eq!(
        planted("| 77 ", "| 9007199254740992 ").0,
        "9007199254740992"
    );
    for cell in [
        "3O.00",
        "30.0",
        "30.000",
        ".00",
        "-1.00",
        "1,000.00",
        "?",
        "99999999999999999999.00",
    ] {
        assert_eq!(
            planted("| 30.00 ", &format!("| {cell} ")),
            told(
                cell,
                &format!("`{cell}` is no amount of EUR"),
                "write an amount such as `10.00`"
            )
        );
    }
    assert_eq!(planted("| false ", "| maybe ").0, "maybe");
    assert_eq!(
        planted("| stop    |", "| ? |"),
        told(
            "?",
            "`claim` stands in every case file and cannot be unknown",
            "write its value"
        )
    );
}

#[test]
fn numbers_that_cannot_come_together_are_found_at_one_of_them() {
    assert_eq!(
        planted("| 77 ", "| 501 ").1,
        "501 units dropped of 500 delivered"
    );
    assert_eq!(
        planted("| 40      |", "| 9      |").1,
        "10 units arrived of 9 ordered"
    );
    assert_eq!(planted("| 40      |", "|       |").0.trim(), "");
    assert_eq!(
        planted("| 77 ", "| ? ").1,
        "this is not known, and what arrived is"
    );
    assert_eq!(
        planted("| ?         |         |", "| ?         | 3 |").1,
        "what arrived is not known, and this is"
    );
    // A thing that there is not, and facts that the policy rules out.
    let text = LINES
        .replace("| redelivery possible |", "| pace |")
        .replace("| false ", "|  ")
        .replace("running   | ? ", "running   | behind ");
    let (runs, problems) = run_cases(&viplikes(), "small.md", &text);
    let found = all(runs, problems);
    let pace = found
        .iter()
        .find(|problem| problem.span.text(&text) == "behind")
        .expect("a problem at the cell");
    assert_eq!(
        pace.message,
        "there is such a thing only where the order is in progress"
    );
    let (place, message, _) = planted("| completed | ended ", "| in_progress | ended ");
    assert_eq!(
        message,
        "no rule decides this line, or its facts cannot come together"
    );
    assert!(place.starts_with("| dropped | in_progress"), "{place}");
    let text = LINES.replace("| refunded EUR |", "| lost EUR |");
    let (runs, _) = run_cases(&viplikes(), "small.md", &text);
    assert_eq!(
        runs[0].problems[0].message,
        "money was lost without a dispute"
    );
    assert_eq!(runs[0].problems[0].span.text(&text), "0.01");
}

/// All clauses at once, then all amounts and numbers of units, one more in the last digit.
#[test]
fn no_amount_and_no_clause_can_be_changed_unseen() {
    let book = viplikes();
    let (tables, _) = read(CASES.0, CASES.1);
    let rows = || tables.iter().flat_map(|table| &table.rows);
    for cells in [
        rows().map(|row| &row.decision).collect::<Vec<_>>(),
        rows().map(|row| &row.clause).collect(),
    ] {
        let mut text = CASES.1.to_owned();
        let mut places = Vec::new();
        for cell in cells {
            let digit = cell.text.chars().last().and_then(|last| last.to_digit(10));
            if let Some(digit) = digit {
                let end = cell.span.end;
                text.replace_range(end - 1..end, &((digit + 1) % 10).to_string());
                places.push(cell.span);
            }
        }
        let (runs, problems) = run_cases(&book, CASES.0, &text);
        let found: Vec<Span> = all(runs, problems)
            .iter()
            .map(|problem| problem.span)
            .collect();
        assert!(found.len() >= 60, "{} planted", found.len());
        assert_eq!(found, places);
    }
}

/// Pieces of a text cut out, doubled and strewn about, always from the same seed.
#[test]
fn a_table_in_pieces_is_no_more_than_problems() {
    let book = viplikes();
    let text = format!("{LINES}\n# \u{e6}\u{202e}\\|`|` æ | ### | --- |\n");
    let mut state = 20_251_002_u64;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).map_or(0, |number| number % limit.max(1))
    };
    for _ in 0..1_000 {
        let mut signs: Vec<char> = text.chars().collect();
        for _ in 0..=below(4) {
            let from = below(signs.len());
            let to = (from + below(60)).min(signs.len());
            let piece: Vec<char> = match below(3) {
                0 => signs.drain(from..to).collect(),
                1 => signs[from..to].to_vec(),
                _ => vec!['|', '\n', '?', '\u{0}', '(', ':', '+'],
            };
            let at = below(signs.len());
            signs.splice(at..at, piece);
        }
        let broken: String = signs.into_iter().collect();
        let (runs, problems) = run_cases(&book, "broken.md", &broken);
        for problem in all(runs, problems) {
            let Span { start, end, .. } = problem.span;
            assert!(broken.get(start..end).is_some(), "{problem:?}\n{broken}");
            assert!(!problem.render(&[("broken.md", &broken)], false).is_empty());
        }
    }
}
