// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decision tables say what the rules say: no more, no less, in the reader's words.

mod conditions;

use conditions::{Model, Random};
use makegood_policy::Policy;
use makegood_policy::condition::FactId;
use makegood_policy::fact::Value;
use makegood_policy::rule::RuleId;
use makegood_policy::tables::{Row, Table, tables};

const POLICIES: u64 = 400;
const CASES: usize = 60;

fn holds(policy: &Policy, rule: RuleId, value: &impl Fn(FactId) -> Value) -> bool {
    std::iter::successors(Some(rule), |id| policy.rule(*id).parent)
        .all(|id| policy.rule(id).when.holds(value))
}

/// A rule of which a table says something else than the text, for one random policy.
fn difference(seed: u64, forget: impl Fn(&Row) -> bool) -> Option<String> {
    let random = &mut Random(seed);
    let model = Model::new(random, false);
    let policy = model.read();
    let tables = tables(&policy, &policy.editions[0]);
    let rows: Vec<&Row> = tables
        .iter()
        .flat_map(|table| &table.rows)
        .filter(|row| !forget(row))
        .collect();
    for _ in 0..CASES {
        let values = model.values(random, &policy);
        let value = |id: FactId| values[id.index()];
        for rule in policy.rules() {
            let id = policy.rule_named(&rule.name).expect("its own");
            let mut own = rows.iter().filter(|row| row.rule == id);
            let says = own.any(|row| row.matches(&policy, &value));
            if says != holds(&policy, id, &value) {
                return Some(format!(
                    "seed {seed}: the table says {says} of {} at {values:?}\n{}",
                    rule.name, model.text
                ));
            }
        }
    }
    None
}

#[test]
fn a_row_matches_where_its_rule_holds_and_nowhere_else() {
    for seed in 0..POLICIES {
        if let Some(problem) = difference(seed, |row| {
            assert_eq!(
                row.written, None,
                "seed {seed}: small conditions have boxes"
            );
            false
        }) {
            panic!("{problem}");
        }
    }
}

#[test]
fn a_row_too_few_would_be_noticed() {
    let caught = (0..POLICIES)
        .filter(|seed| difference(*seed, |row| row.id == "a0").is_some())
        .count();
    assert!(caught > 100, "{caught} of {POLICIES}");
}

#[test]
fn no_row_could_be_left_out_and_every_open_cell_is_shown_open() {
    for seed in 0..POLICIES {
        let policy = Model::new(&mut Random(seed), false).read();
        for table in tables(&policy, &policy.editions[0]) {
            for row in &table.rows {
                assert_eq!(row.cells.len(), table.facts.len());
                for (cell, fact) in row.cells.iter().zip(&table.facts) {
                    let all = policy.fact_def(*fact).cells.domain();
                    assert_eq!(cell.words.is_none(), cell.cells == all, "seed {seed}");
                    assert_ne!(cell.cells & all, 0, "seed {seed}: an impossible cell");
                }
                let same = |other: &&Row| other.rule == row.rule && other.cells == row.cells;
                assert_eq!(
                    table.rows.iter().filter(same).count(),
                    1,
                    "seed {seed}: a row twice"
                );
            }
            for at in 0..table.facts.len() {
                assert!(
                    table.rows.iter().any(|row| row.cells[at].words.is_some()),
                    "seed {seed}: an empty column"
                );
            }
        }
    }
}

fn page(language: &str, rest: &str) -> Policy {
    let text =
        format!("---\npolicy: p\nversion: 2026-01-01\nlanguage: {language}\n---\n# P\n{rest}");
    let reading = makegood_policy::read(&text);
    reading
        .policy
        .unwrap_or_else(|| panic!("{:#?}", reading.problems))
}

const FACTS: &str = "```facts
claim : enum { dropped, slow, incomplete, stop, renewal, other }  label: \"what you write about\"
drop_share : ratio [0 %..100 %]  label: \"the drop\"
pace : enum { on_time, behind } optional
checked : bool
```
```params
small = 10 %
```
";

const RULES: &str = "## 5 Drops {#5}
```rule small
when claim == dropped && drop_share <= small
then declined because \"\"
except small.slow when pace is present && checked then refund: refund(all + rest less small), expedite because \"\"
```
```rule large
when claim == dropped && drop_share > small
then judge again with checked = true because \"\"
```
## 6 Others {#6}
```rule never
when drop_share > 10 % && drop_share < 5 %
then declined because \"\"
```
```rule rest
overrides: small, large
when claim != dropped && claim != slow || pace is absent
then review suggesting refund(all) because \"\"
```
";

fn drawn(language: &str) -> Vec<Table> {
    let policy = page(language, &format!("## 1 Facts {{#1}}\n{FACTS}{RULES}"));
    tables(&policy, &policy.editions[0])
}

#[test]
fn a_wide_terminal_shows_a_grid() {
    let expected = "\
5 Drops

what you write about  the drop       pace    checked  outcome       remedy                                   rule
────────────────────  ─────────────  ──────  ───────  ────────────  ───────────────────────────────────────  ────────────
dropped               at most 10%    –       –        declined                                               small
dropped               at most 10%    exists  yes      refund        refund (all + rest, less 10%); expedite  ↳ small.slow
dropped               more than 10%  –       –        judged again  as with checked: yes                     large

↳ an exception: where it matches, it wins over the rule below which it stands.
small, small.slow, large give way to: rest (6)
";
    assert_eq!(drawn("en")[0].plain(200), expected);
    let expected = "\
6 Others

what you write about          pace            outcome  remedy                   rule
────────────────────────────  ──────────────  ───────  ───────────────────────  ────
anything but dropped or slow  –               review   suggested: refund (all)  rest
–                             does not exist  review   suggested: refund (all)  rest

never never holds.
";
    assert_eq!(drawn("en")[1].plain(200), expected);
}

#[test]
fn a_narrow_terminal_shows_a_block_for_each_rule() {
    let expected = "\
5 Drops

small → declined
    what you write about: dropped
    the drop: højst 10 %

↳ small.slow → refund; refund (all +
    rest, minus 10 %); expedite
    what you write about: dropped
    the drop: højst 10 %
    pace: findes
    checked: ja

large → afgøres på ny; som ved checked:
    ja
    what you write about: dropped
    the drop: over 10 %

↳ undtagelse: hvor den passer, vinder
    den over den regel, den står under.
small, small.slow, large viger for: rest
    (6)
";
    assert_eq!(drawn("da")[0].plain(40), expected);
    let rest = drawn("da")[1].plain(40);
    assert!(
        rest.contains(
            "alt andet end\n        dropped eller slow\n  eller\n    pace: findes ikke\n"
        ),
        "{rest}"
    );
    assert!(rest.contains("never gælder aldrig."), "{rest}");
}

#[test]
fn markdown_shows_names_as_they_are() {
    let markdown = drawn("en")[0].markdown();
    assert!(
        markdown.starts_with("## 5 Drops\n\n| what you write about | the drop |"),
        "{markdown}"
    );
    assert!(markdown.contains("| ↳ `small.slow` |\n"), "{markdown}");
    assert!(
        markdown.contains("\n\n`small`, `small.slow`, `large` give way to: `rest` (6)\n"),
        "{markdown}"
    );
}

/// A sum of products with no short form: each box differs from each other in several facts.
#[test]
fn a_condition_too_intricate_for_boxes_is_shown_as_it_is_written() {
    let facts: String = (0..12).map(|at| format!("f{at} : bool\n")).collect();
    // "An odd number of them": no two boxes can be joined.
    let terms: String = (1..12)
        .map(|at| {
            let before = if at == 1 {
                "f0".to_owned()
            } else {
                format!("t{}", at - 1)
            };
            format!("t{at} = {before} && !f{at} || !{before} && f{at}\n")
        })
        .collect();
    let policy = page(
        "en",
        &format!(
            "## 1 A {{#1}}\n```facts\n{facts}```\n```terms\n{terms}```\n```rule odd\nwhen t11\nthen yes because \"\"\n```\n"
        ),
    );
    let tables = tables(&policy, &policy.editions[0]);
    assert_eq!(tables[0].rows.len(), 1);
    assert_eq!(tables[0].rows[0].written.as_deref(), Some("t11"));
    assert!(
        tables[0].plain(80).contains("t11        yes      odd"),
        "{}",
        tables[0].plain(80)
    );
}
