// SPDX-License-Identifier: MIT OR Apache-2.0
//! Worked cases of a policy of another trade, and what is said of a table that is wrong.

use makegood_policy::cases::{CaseRun, MOST_COLUMNS, read, run_alone, unreached};
use makegood_policy::problem::{Code, Problem};
use makegood_policy::{Policy, read as read_policy};

/// Parcels that come late.
fn parcels() -> Policy {
    let text = r#"---
policy: parcels
version: 2026-01-01
language: en
title: Late parcels
---

# Late parcels

## 1 When it counts as late {#1}

```facts
speed        : enum { standard, next_day }  usual: standard
delay        : duration optional
damage_share : ratio [0 %..100 %]  usual: 0 %
signed_for   : bool  usual: false
redirected   : enum { not_asked, done, failed }  usual: not_asked
parcels_lost : int [0..20]  usual: 0
```

```params
grace = 12 h
```

```assume
parcels_lost > 0 implies delay is absent
```

```rule late.waits
when delay is absent && parcels_lost == 0 && redirected == not_asked
then wait
because ""
```

```rule late.on-time
when delay is present && delay <= grace && damage_share <= 10 %
then none
because ""
```

## 2 What we pay {#2}

```rule late.pay
when delay is present && delay > grace && damage_share <= 10 %
then pay: voucher(half_price)
because ""
except late.next-day when speed == next_day then pay: money(whole_price), apology because ""
```

```rule broken
when damage_share > 10 % && delay is present
then look
because ""
except broken.signed when signed_for then none because ""
```

```rule lost
when parcels_lost > 0 && redirected == not_asked
then pay: money(whole_price + postage)
because ""
```

```rule redirected.done
when redirected == done && delay is absent
then judge again with redirected = not_asked
because ""
```

```rule redirected.failed
when redirected == failed && delay is absent
then look
because ""
```
"#;
    let reading = read_policy(text);
    let drawn = |problem: &Problem| problem.render(&[("parcels.md", text)], false);
    let errors: Vec<String> = reading
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(drawn)
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    reading.policy.expect("a policy")
}

const GOOD: &str = "\
# Parcels

Some words, and a list:

- an item

## Late by the clock

| speed    | delay                 | damage share | decision                          | clause |
|----------|-----------------------|-------------:|-----------------------------------|--------|
|          | 12 h                  |              | none                              | 1      |
|          | 12 h 0 min 1 s        |              | pay: voucher(half_price)          | 2      |
|          | 11 h 59 min 59 s      |              | none                              | 1      |
| next day | 1 d 2 h               |              | pay: apology + money(whole_price) | 2      |
| next_day | 30 h                  | 10 %         | pay: money( whole_price )+apology | [2](#2) |
|          | 30 h                  | 10.1 %       | **look**                          | 2      |
|          | absent                |              | wait                              | 1      |
| ?        | ?                     |              | ask delay, speed                  |        |
|          | ?                     | 11 %         | ask delay                         |        |

### Lost

| delay  | parcels lost | redirected | signed_for | damage share | decision                         | clause |
|--------|--------------|------------|------------|--------------|----------------------------------|--------|
| absent | 1            |            |            |              | pay: money(postage + whole_price)| 2      |
| absent | 1            | done       |            |              | pay: money(whole_price+postage)  | 2      |
| absent |              | failed     |            |              | look                             | 2      |
| 1 h    |              |            | true       | 1/3          | none                             | 2      |
";

fn run(policy: &Policy, text: &str) -> (Vec<CaseRun>, Vec<Problem>) {
    run_alone(policy, "parcels.cases.md", text)
}

/// Place and words of all that is said.
fn said(policy: &Policy, text: &str) -> Vec<(Code, String, String)> {
    let (runs, problems) = run(policy, text);
    let of_runs = runs.into_iter().flat_map(|run| run.problems);
    problems
        .into_iter()
        .chain(of_runs)
        .map(|problem| {
            (
                problem.code,
                problem.span.text(text).to_owned(),
                problem.message,
            )
        })
        .collect()
}

/// The only problem of a text that has one.
fn only(policy: &Policy, text: &str) -> (Code, String, String) {
    let mut all = said(policy, text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// The good cases with one piece replaced.
fn changed(piece: &str, by: &str) -> String {
    assert_eq!(GOOD.matches(piece).count(), 1, "{piece} stands there once");
    GOOD.replace(piece, by)
}

#[test]
fn every_line_of_another_trade_is_decided() {
    let policy = parcels();
    assert_eq!(said(&policy, GOOD), []);
    let (runs, _) = run(&policy, GOOD);
    assert_eq!(runs.len(), 13);
    assert!(runs.iter().all(CaseRun::passed));
    assert_eq!(runs[0].heading, "Late by the clock");
    assert_eq!(runs[12].heading, "Lost");
}

#[test]
fn rules_that_no_line_reaches_are_listed() {
    let policy = parcels();
    let names = |text: &str| -> Vec<String> {
        let runs = run(&policy, text).0;
        let rules = unreached(&policy, &runs);
        rules
            .iter()
            .map(|rule| policy.rule(*rule).name.clone())
            .collect()
    };
    // The rule that judges again is reached by the line that it leads on.
    assert_eq!(names(GOOD), [""; 0]);
    let without = |line: &str| {
        let kept: Vec<&str> = GOOD.lines().filter(|kept| !kept.contains(line)).collect();
        names(&kept.join("\n"))
    };
    assert_eq!(without("| done"), ["redirected.done"]);
    assert_eq!(without("| 1/3"), ["broken.signed"]);
    // What is still asked reaches nothing.
    assert_eq!(
        without("| absent                |").as_slice(),
        ["late.waits"]
    );
}

#[test]
fn a_line_that_says_otherwise_is_underlined_where_it_does() {
    let policy = parcels();
    let wrong = |piece: &str, by: &str| {
        let (code, place, message) = only(&policy, &changed(piece, by));
        assert_eq!(code, Code::FailedTest);
        (place, message)
    };
    let told = |place: &str, message: &str| (place.to_owned(), message.to_owned());
    // The outcome.
    assert_eq!(
        wrong("| wait                              | 1 ", "| none | 1 "),
        told(
            "none",
            "the table says `none 1`, the policy decides `wait 1` (rule late.waits)"
        )
    );
    // A remedy too few, another quantity.
    assert_eq!(
        wrong("apology + money(whole_price)", "apology"),
        told(
            "pay: apology",
            "the table says `pay: apology 2`, the policy decides `pay: money(whole_price) + apology 2` (rule late.next-day)"
        )
    );
    assert_eq!(
        wrong("money(postage + whole_price)", "money(postage)").0,
        "pay: money(postage)"
    );
    // The clause alone.
    assert_eq!(
        wrong("[2](#2)", "3"),
        told(
            "3",
            "the table says `pay: money( whole_price )+apology 3`, the policy decides `pay: money(whole_price) + apology 2` (rule late.next-day)"
        )
    );
    // What is asked, and what is not.
    assert_eq!(
        wrong("ask delay, speed", "ask speed"),
        told(
            "ask speed",
            "the table says `ask speed`, the policy decides `ask delay, speed`"
        )
    );
    assert_eq!(
        wrong("ask delay                         |        |", "wait | 1 |"),
        told(
            "wait",
            "the table says `wait 1`, the policy decides `ask delay`"
        )
    );
    assert_eq!(
        wrong(
            "| absent |              | failed     |",
            "| absent |              | ?          |"
        ),
        told(
            "look",
            "the table says `look 2`, the policy decides `ask redirected`"
        )
    );
    // An empty clause is a place too.
    let (place, message) = wrong("**look**                          | 2", "**look** | ");
    assert_eq!(
        message,
        "the table says `look`, the policy decides `look 2` (rule broken)"
    );
    assert_eq!(place.trim(), "");
}

#[test]
fn a_failing_line_is_drawn_for_its_author() {
    let policy = parcels();
    let text = "| delay | decision | clause |\n|---|---|---|\n| 13 h | none | 1 |\n";
    let (runs, _) = run(&policy, text);
    let drawn = runs[0].problems[0].render(&[("cases.md", text)], false);
    assert_eq!(
        drawn,
        "\
error[failed-test]: the table says `none 1`, the policy decides `pay: voucher(half_price) 2` (rule late.pay)
 --> cases.md:3:10
  |
3 | | 13 h | none | 1 |
  |          ^^^^
  |
  = help: correct the line, or the rule `late.pay` of clause 2"
    );
}

#[test]
fn a_cell_that_is_no_value_is_underlined() {
    let policy = parcels();
    let wrong = |piece: &str, by: &str| {
        let text = changed(piece, by);
        let (runs, _) = run(&policy, &text);
        let problems: Vec<Problem> = runs.into_iter().flat_map(|run| run.problems).collect();
        assert_eq!(problems.len(), 1, "{problems:#?}");
        let place = problems[0].span.text(&text).to_owned();
        (place, problems[0].message.clone(), problems[0].help.clone())
    };
    let told = |place: &str, message: &str, help: &str| {
        (place.to_owned(), message.to_owned(), help.to_owned())
    };
    assert_eq!(
        wrong("| next day |", "| nextday |"),
        told(
            "nextday",
            "no value of `speed` is called `nextday`",
            "did you mean `next_day`? Else it is one of `standard`, `next_day`"
        )
    );
    let length = |cell: &str| {
        told(
            cell,
            "`delay` is a length of time, and this value is something else",
            "write a length such as `12 h` or `30 d`",
        )
    };
    assert_eq!(wrong("| 12 h      ", "| soon      "), length("soon"));
    assert_eq!(wrong("| 12 h      ", "| 12 h soon "), length("12 h soon"));
    assert_eq!(
        wrong("| 12 h 0 min 1 s ", "| 12 h, 1 s "),
        length("12 h, 1 s")
    );
    assert_eq!(
        wrong("| 12 h      ", "| 12        ").1,
        "`delay` is a length of time, and this value is a whole number"
    );
    assert_eq!(wrong("| 12 h      ", "| 12 \u{201c}h ").0, "12 \u{201c}h");
    assert_eq!(
        wrong("| 10.1 %       ", "| 110 %        "),
        told(
            "110 %",
            "`damage_share` cannot be `110 %`",
            "it is at least `0 %` and at most `100 %`"
        )
    );
    assert_eq!(wrong("| 11 %         ", "| -1 %         ").0, "-1 %");
    assert_eq!(
        wrong(
            "| absent | 1            |            |  ",
            "| absent | 21           |            |  "
        )
        .1,
        "`parcels_lost` cannot be `21`"
    );
    assert_eq!(
        wrong("| true       | 1/3", "| absent     | 1/3").1,
        "`signed_for` is a yes or no, and this value is something else"
    );
}

#[test]
fn a_line_whose_facts_cannot_come_together_is_no_case() {
    let policy = parcels();
    let (code, place, message) = only(
        &policy,
        &changed(
            "| absent | 1            | done ",
            "| 1 h    | 1            | done ",
        ),
    );
    assert_eq!(code, Code::FailedTest);
    assert!(
        place.starts_with("| 1 h ") && place.ends_with('|'),
        "{place}"
    );
    assert_eq!(
        message,
        "no rule decides this line, or its facts cannot come together"
    );
}

#[test]
fn a_table_that_cannot_be_read_says_where() {
    let policy = parcels();
    let head = "| speed    | delay                 | damage share | decision                          | clause |";
    let wrong = |by: &str| {
        let (runs, _) = run(&policy, &changed(head, by));
        assert!(
            runs.iter().all(|run| run.heading == "Lost"),
            "no line of it is judged"
        );
        let (code, place, message) = only(&policy, &changed(head, by));
        (code.name(), place, message)
    };
    let told = |code: &'static str, place: &str, message: &str| {
        (code, place.to_owned(), message.to_owned())
    };
    assert_eq!(
        wrong("| speed | dealy | damage share | decision | clause |"),
        told("unknown-name", "dealy", "no column is called `dealy`")
    );
    assert_eq!(
        wrong("| speed | delay | delay | decision | clause |"),
        told(
            "declared-twice",
            "delay",
            "the column `delay` stands there twice"
        )
    );
    assert_eq!(
        wrong("| speed | | delay | decision | clause |"),
        told("syntax", " ", "a column without a name")
    );
    let line = "| speed | delay | damage share | outcome | clause |";
    assert_eq!(
        wrong(line),
        told("syntax", line, "a table without a column `decision`")
    );
    let line = "| speed | delay | damage share | decision | rule |";
    assert_eq!(
        wrong(line),
        told("syntax", line, "a table without a column `clause`")
    );
}

#[test]
fn a_line_that_does_not_fit_its_table_says_so() {
    let policy = parcels();
    let wrong = |piece: &str, by: &str| only(&policy, &changed(piece, by));
    let (_, place, message) = wrong("| 10.1 %       |", "|");
    assert_eq!(message, "a line of 4 cells in a table of 5 columns");
    assert!(place.contains("30 h"), "{place}");
    let (_, _, message) = wrong("| 10.1 %       |", "| 10.1 | % |");
    assert_eq!(message, "a line of 6 cells in a table of 5 columns");
    let (_, _, message) = wrong("| **look**                          |", "| |");
    assert_eq!(message, "a case without a decision");
    // An empty line ends a table; what comes after it would be lost without a word.
    let (_, place, message) = wrong("| next_day | 30 h", "\n| next_day | 30 h");
    assert_eq!(message, "a line of cells outside any table");
    assert!(
        place.starts_with("| next_day | 30 h") && place.ends_with("(#2) |"),
        "{place}"
    );
    let (_, _, message) = wrong(
        "| 1 h    |              |            | true",
        "words right below\n| 1 h    |              |            | true",
    );
    assert_eq!(message, "a line of 1 cell in a table of 7 columns");
}

#[test]
fn a_file_without_cases_or_with_too_much_is_refused() {
    let policy = parcels();
    let message = |text: &str| only(&policy, text).2;
    assert_eq!(
        message("# Cases\n\nNone yet.\n"),
        "`parcels.cases.md` holds no worked case"
    );
    assert_eq!(message(""), "`parcels.cases.md` holds no worked case");
    let columns = MOST_COLUMNS + 1;
    let wide = format!("{}|\n{}|\n", "| a ".repeat(columns), "|---".repeat(columns));
    assert_eq!(message(&wide), "a table of 65 columns; at most 64 are read");
    assert_eq!(
        message(&" ".repeat((2 << 20) + 1)),
        "`parcels.cases.md` has 2097153 bytes; at most 2097152 are read"
    );
}

#[test]
fn escaped_bars_and_odd_bytes_are_only_words() {
    let (tables, problems) = read(
        "cases.md",
        "| a | decision | clause |\n|-|-|-|\n| x \\| y | z \u{0}\u{202e} | `1` |\n",
    );
    assert_eq!(problems, []);
    assert_eq!(
        tables[0].rows[0].cell("a").map(|cell| cell.text.as_str()),
        Some("x | y")
    );
    assert_eq!(tables[0].rows[0].clause.text, "1");
}
