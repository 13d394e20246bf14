// SPDX-License-Identifier: MIT OR Apache-2.0
//! Worked cases: a table that people read, and that is decided again line by line.
//!
//! A column is a fact with spaces for underscores, or a number that the host turns into facts; the last two are `decision` and
//! `clause`. An empty cell is the usual, `?` is not known. Everything keeps its place, so that a line that decides otherwise is
//! underlined where it says so.
//!
//! ```
//! # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\ndays_late : int [0..]\n```\n```rule paid\nwhen days_late > 3 then pay because \"\"\n```\n```rule waits\nwhen days_late <= 3 then wait because \"\"\n```\n").policy.unwrap();
//! let table = "\
//! | days late | decision      | clause |
//! | --------- | ------------- | ------ |
//! | 3         | wait          | 1      |
//! | 4         | wait          | 1      |
//! | ?         | ask days_late |        |
//! ";
//! let (runs, problems) = makegood_policy::cases::run_alone(&policy, "cases.md", table);
//! assert!(problems.is_empty() && runs.len() == 3);
//! let wrong = &runs[1].problems[0];
//! assert_eq!(wrong.message, "the table says `wait 1`, the policy decides `pay 1` (rule paid)");
//! assert_eq!(wrong.span.text(table), "wait");
//! ```

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::condition::{Const, Expr, FactId, unknown, value_for};
use crate::decide::{Answer, Facts};
use crate::fact::{FactDef, Kind, Value};
use crate::lex::Token;
use crate::phrase::literal;
use crate::problem::{Code, Problem, Span};
use crate::read::Policy;
use crate::rule::{Remedy, RuleId, Then};

/// Most bytes of a file of worked cases.
pub const MOST_BYTES: usize = 2 << 20;

/// Most columns of a table.
pub const MOST_COLUMNS: usize = 64;

/// What stands in a cell, without its markup, and where.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// The words.
    pub text: String,
    /// Their place; that of the blanks, where there are no words.
    pub span: Span,
}

/// A line of a table: a case and its decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Where the line stands.
    pub span: Span,
    /// Each column's name, with spaces between its words, and the cell.
    pub cells: Vec<(String, Cell)>,
    /// The decision, as the table has it.
    pub decision: Cell,
    /// The clause.
    pub clause: Cell,
}

/// A table of worked cases.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// The heading under which it stands.
    pub heading: String,
    /// Where its first line stands.
    pub span: Span,
    /// The columns but for `decision` and `clause`.
    pub columns: Vec<Cell>,
    /// The cases.
    pub rows: Vec<Row>,
}

/// What the policy makes of a case, in the words of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The decision, as a table would have it: `outcome`, `outcome: remedy + remedy` or `ask fact, fact`.
    pub decision: String,
    /// The clause; empty where something is asked.
    pub clause: String,
    /// The rules that led to it, the quoted one first; none where something is asked.
    pub rules: Vec<RuleId>,
}

/// A line of a table, decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseRun {
    /// The heading of its table.
    pub heading: String,
    /// Where the line stands.
    pub span: Span,
    /// What the policy decides; nothing if the line cannot be read.
    pub found: Option<Found>,
    /// Why it fails.
    pub problems: Vec<Problem>,
}

impl CaseRun {
    /// Whether the policy decides as the table says.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Reads all tables of a Markdown text. `name` is what messages call the file; places are in file 0.
/// A table or a line that cannot be read is left out, with a problem.
///
/// ```
/// let text = "## Late\n\n| late | decision | clause |\n|---|---|---|\n| true | pay | 1 |\n";
/// let (tables, problems) = makegood_policy::cases::read("cases.md", text);
/// assert!(problems.is_empty());
/// assert_eq!((tables[0].heading.as_str(), tables[0].rows.len()), ("Late", 1));
/// assert_eq!(tables[0].rows[0].cell("late").unwrap().span.text(text), "true");
/// ```
#[must_use]
pub fn read(name: &str, text: &str) -> (Vec<Table>, Vec<Problem>) {
    let mut reader = Reader {
        text,
        tables: Vec::new(),
        problems: Vec::new(),
        heading: None,
        under: String::new(),
        words: None,
        row: Vec::new(),
        table: None,
    };
    if text.len() > MOST_BYTES {
        reader.problem(
            Code::Limit,
            Span::new(0, 0, 0),
            format!(
                "`{name}` has {} bytes; at most {MOST_BYTES} are read",
                text.len()
            ),
            "split it into several files",
        );
        return (Vec::new(), reader.problems);
    }
    for (event, range) in Parser::new_ext(text, crate::text::options()).into_offset_iter() {
        reader.event(event, range);
    }
    if reader.tables.is_empty() && reader.problems.is_empty() {
        reader.problem(
            Code::Syntax,
            Span::new(0, 0, 0),
            format!("`{name}` holds no worked case"),
            "write a table: a column for each fact, then `decision` and `clause`",
        );
    }
    (reader.tables, reader.problems)
}

/// A table that is being read.
struct Open {
    /// The columns in order, with `decision` and `clause`; none if the first line is unusable.
    columns: Option<Vec<Cell>>,
    table: Table,
}

struct Reader<'a> {
    text: &'a str,
    tables: Vec<Table>,
    problems: Vec<Problem>,
    /// The heading that is being read.
    heading: Option<String>,
    /// The last heading.
    under: String,
    /// The cell that is being read, and the place of its words.
    words: Option<(Cell, Option<Span>)>,
    row: Vec<Cell>,
    table: Option<Open>,
}

impl Reader<'_> {
    fn problem(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem::new(code, span, message, help));
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        let span = Span::new(0, range.start, range.end);
        match event {
            Event::Start(Tag::Heading { .. }) => self.heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => self.under = self.heading.take().unwrap_or_default(),
            Event::Start(Tag::Paragraph) if span.text(self.text).starts_with('|') => {
                let line = first_line(self.text, span);
                self.problem(
                    Code::Syntax,
                    line,
                    "a line of cells outside any table",
                    "leave no empty line inside a table, and draw the line of dashes under its first line",
                );
            }
            Event::Start(Tag::Table(_)) => {
                let table = Table {
                    heading: self.under.clone(),
                    span: first_line(self.text, span),
                    columns: Vec::new(),
                    rows: Vec::new(),
                };
                self.table = Some(Open {
                    columns: None,
                    table,
                });
            }
            Event::End(TagEnd::Table) => {
                if let Some(open) = self.table.take()
                    && open.columns.is_some()
                {
                    self.tables.push(open.table);
                }
            }
            Event::Start(Tag::TableCell) => {
                let text = String::new();
                self.words = Some((Cell { text, span }, None));
            }
            Event::End(TagEnd::TableCell) => {
                if let Some((mut cell, place)) = self.words.take() {
                    cell.text = cell.text.split_whitespace().collect::<Vec<_>>().join(" ");
                    cell.span = place.unwrap_or(cell.span);
                    self.row.push(cell);
                }
            }
            Event::End(TagEnd::TableHead) => self.head(first_line(self.text, span)),
            Event::End(TagEnd::TableRow) => self.line(first_line(self.text, span)),
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut self.heading {
                    heading.push_str(&words);
                }
                if let Some((cell, place)) = &mut self.words {
                    cell.text.push_str(&words);
                    *place = Some(place.map_or(span, |place| place.to(span)));
                }
            }
            _ => {}
        }
    }

    /// The first line of a table: what its columns are.
    fn head(&mut self, line: Span) {
        let mut columns = std::mem::take(&mut self.row);
        for column in &mut columns {
            column.text = column.text.replace('_', " ");
        }
        let before = self.problems.len();
        if columns.len() > MOST_COLUMNS {
            let message = format!(
                "a table of {} columns; at most {MOST_COLUMNS} are read",
                columns.len()
            );
            self.problem(Code::Limit, line, message, "split the table");
            return;
        }
        for (at, column) in columns.iter().enumerate() {
            if column.text.is_empty() {
                self.problem(
                    Code::Syntax,
                    column.span,
                    "a column without a name",
                    "name it, or take it out",
                );
                continue;
            }
            let first = columns
                .iter()
                .take(at)
                .find(|first| first.text == column.text);
            if let Some(first) = first {
                let message = format!("the column `{}` stands there twice", column.text);
                let problem =
                    Problem::new(Code::Twice, column.span, message, "take one of them out");
                self.problems.push(problem.also(first.span, "first here"));
            }
        }
        for name in ["decision", "clause"] {
            if !columns.iter().any(|column| column.text == name) {
                self.problem(
                    Code::Syntax,
                    line,
                    format!("a table without a column `{name}`"),
                    "the last two columns of a table of worked cases are `decision` and `clause`",
                );
            }
        }
        if self.problems.len() == before
            && let Some(open) = &mut self.table
        {
            let input = |column: &&Cell| column.text != "decision" && column.text != "clause";
            open.table.columns = columns.iter().filter(input).cloned().collect();
            open.columns = Some(columns);
        }
    }

    /// A line of a table: a case.
    fn line(&mut self, line: Span) {
        let cells = std::mem::take(&mut self.row);
        let Some(Open {
            columns: Some(columns),
            table,
        }) = &mut self.table
        else {
            return;
        };
        let written = cells_written(line.text(self.text));
        let words = if written == 1 { "cell" } else { "cells" };
        if written != columns.len() || cells.len() != columns.len() {
            let message = format!(
                "a line of {written} {words} in a table of {} columns",
                columns.len()
            );
            self.problem(
                Code::Syntax,
                line,
                message,
                "give each column a cell, empty where there is nothing to say; a `|` inside a cell is written `\\|`",
            );
            return;
        }
        let mut row = Row {
            span: line,
            cells: Vec::new(),
            decision: Cell::default(),
            clause: Cell::default(),
        };
        for (column, cell) in columns.iter().zip(cells) {
            match column.text.as_str() {
                "decision" => row.decision = cell,
                "clause" => row.clause = cell,
                name => row.cells.push((name.to_owned(), cell)),
            }
        }
        if row.decision.text.is_empty() {
            let span = row.decision.span;
            self.problem(
                Code::Syntax,
                span,
                "a case without a decision",
                "write what the policy decides, or take the line out",
            );
            return;
        }
        table.rows.push(row);
    }
}

/// The first line of a place, without the blanks around it.
fn first_line(text: &str, span: Span) -> Span {
    let line = span.text(text).lines().next().unwrap_or("");
    Span::new(
        span.file,
        span.start,
        span.start.saturating_add(line.trim_end().len()),
    )
}

/// How many cells a line has, whatever its table says.
fn cells_written(line: &str) -> usize {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut bars = 0_usize;
    let mut escaped = false;
    let mut last_is_bar = false;
    for sign in line.chars() {
        last_is_bar = sign == '|' && !escaped;
        bars = bars.saturating_add(usize::from(last_is_bar));
        escaped = sign == '\\' && !escaped;
    }
    bars.saturating_add(usize::from(!last_is_bar))
}

/// The problem of a column that is neither a fact of the policy nor one of `more`; nothing if it is one of them.
///
/// ```
/// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\ndays_late : bool\n```\n```rule a\nwhen days_late then yes because \"\" \n```\n```rule b\nwhen !days_late then no because \"\"\n```\n").policy.unwrap();
/// use makegood_policy::cases::{Cell, unknown_column};
/// let column = |text: &str| Cell { text: text.to_owned(), ..Cell::default() };
/// assert!(unknown_column(&policy, &column("days late"), &[]).is_none());
/// assert!(unknown_column(&policy, &column("price"), &["price".to_owned()]).is_none());
/// let problem = unknown_column(&policy, &column("day late"), &[]).unwrap();
/// assert!(problem.help.starts_with("did you mean `days late`?"));
/// ```
#[must_use]
pub fn unknown_column(policy: &Policy, column: &Cell, more: &[String]) -> Option<Problem> {
    let mut known: Vec<String> = policy
        .facts()
        .map(|(_, def)| column_of(&def.name))
        .collect();
    known.extend(more.iter().cloned());
    if known.contains(&column.text) {
        return None;
    }
    let help = "name a fact of the policy, with spaces for underscores, or take the column out";
    Some(unknown(
        "column",
        &column.text,
        known.iter(),
        column.span,
        help,
    ))
}

/// Leaves out the tables that have a column in which `wrong` finds something, and gives what it found.
pub fn keep_usable(
    tables: &mut Vec<Table>,
    wrong: &mut dyn FnMut(&Table) -> Vec<Problem>,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    tables.retain(|table| {
        let found = wrong(table);
        let usable = found.is_empty();
        problems.extend(found);
        usable
    });
    problems
}

/// What the column of a fact is called.
fn column_of(fact: &str) -> String {
    fact.replace('_', " ")
}

impl Row {
    /// The cell of a column; nothing if the table has no such column.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        self.cells
            .iter()
            .find(|(name, _)| name == column)
            .map(|(_, cell)| cell)
    }

    /// What the line says of a fact: its value, or nothing where that is not known. Where the cell is empty or missing it is the fact's
    /// `usual`, if it has one.
    ///
    /// # Errors
    /// The cell is no value of the fact.
    pub fn given(&self, policy: &Policy, id: FactId) -> Result<Option<Value>, Problem> {
        let def = policy.fact_def(id);
        match self.cell(&column_of(&def.name)) {
            None => Ok(def.usual),
            Some(cell) if cell.text.is_empty() => Ok(def.usual),
            Some(cell) if cell.text == "?" => Ok(None),
            Some(cell) => value_of(policy, id, cell).map(Some),
        }
    }
}

/// Reads a cell as a value of a fact: as in a policy, also lengths of several units (`11 h 59 min`) and names with spaces.
fn value_of(policy: &Policy, id: FactId, cell: &Cell) -> Result<Value, Problem> {
    let def = policy.fact_def(id);
    let here = |problem: Problem| Problem {
        span: cell.span,
        ..problem
    };
    let tokens: Vec<Token> = crate::lex::lex(&cell.text, cell.span.file, cell.span.start)
        .map_err(here)?
        .into_iter()
        .map(|lexeme| lexeme.token)
        .collect();
    let params = policy
        .params
        .iter()
        .map(|(name, param)| (name.clone(), param.value))
        .collect();
    let read = |token: Token| {
        let constant = Const {
            token,
            span: cell.span,
        };
        value_for(def, &constant, &params)
    };
    // No constant is a text, so that says what would be one.
    let nothing = Token::Text(String::new());
    let value = read(match joined(&tokens) {
        Some(Token::Word(word)) if !is_name(def, &word) => nothing,
        Some(token) => token,
        None => nothing,
    })?;
    if def.cell(value).is_some() {
        return Ok(value);
    }
    let end = |end: Option<crate::fact::Ratio>, word: &str| {
        end.map(|end| format!("{word} `{}`", literal(def.value_at(end))))
    };
    let ends: Vec<String> = [end(def.bounds.0, "at least"), end(def.bounds.1, "at most")]
        .into_iter()
        .flatten()
        .collect();
    Err(Problem::new(
        Code::Type,
        cell.span,
        format!("`{}` cannot be `{}`", def.name, cell.text),
        format!("it is {}", ends.join(" and ")),
    ))
}

/// Whether a word can be meant as a value: of an enum also one that is misspelt.
fn is_name(def: &FactDef, word: &str) -> bool {
    match word {
        "absent" => def.optional,
        "true" | "false" => true,
        _ => matches!(def.kind, Kind::Enum(_)),
    }
}

/// Several words as one constant: lengths are added up, words are joined.
fn joined(tokens: &[Token]) -> Option<Token> {
    if let [token] = tokens {
        return Some(token.clone());
    }
    let lengths = tokens.iter().map(|token| match token {
        Token::Length(ns) => Some(*ns),
        _ => None,
    });
    if let Some(lengths) = lengths.collect::<Option<Vec<i128>>>()
        && !lengths.is_empty()
    {
        return Some(Token::Length(
            lengths.into_iter().fold(0, i128::saturating_add),
        ));
    }
    let words = tokens.iter().map(|token| match token {
        Token::Word(word) => Some(word.as_str()),
        _ => None,
    });
    words
        .collect::<Option<Vec<&str>>>()
        .filter(|words| !words.is_empty())
        .map(|words| Token::Word(words.join("_")))
}

/// Decides every line with the host's help: `host` turns a line into what the policy makes of it, or says what is wrong with it.
/// Expected and found are compared exactly, in any order of remedies and of what is asked.
pub fn run(
    policy: &Policy,
    tables: &[Table],
    host: &mut dyn FnMut(&Row) -> Result<Found, Vec<Problem>>,
) -> Vec<CaseRun> {
    let mut runs = Vec::new();
    for table in tables {
        for row in &table.rows {
            let (found, problems) = match host(row) {
                Ok(found) => {
                    let problems = otherwise(policy, row, &found).into_iter().collect();
                    (Some(found), problems)
                }
                Err(problems) => (None, problems),
            };
            runs.push(CaseRun {
                heading: table.heading.clone(),
                span: row.span,
                found,
                problems,
            });
        }
    }
    runs
}

/// Decides every line of a text by a policy that stands alone: each column is a fact.
///
/// The decision is written as the rule has it (`pay: voucher(half_price)`), the facts to ask as `ask a, b`.
#[must_use]
pub fn run_alone(policy: &Policy, name: &str, text: &str) -> (Vec<CaseRun>, Vec<Problem>) {
    let (mut tables, mut problems) = read(name, text);
    problems.extend(keep_usable(&mut tables, &mut |table| {
        let columns = table.columns.iter();
        columns
            .filter_map(|column| unknown_column(policy, column, &[]))
            .collect()
    }));
    let runs = run(policy, &tables, &mut |row| decide_alone(policy, row));
    (runs, problems)
}

fn decide_alone(policy: &Policy, row: &Row) -> Result<Found, Vec<Problem>> {
    let mut facts = policy.nothing_known();
    let mut problems = Vec::new();
    for (id, _) in policy.facts() {
        let known = row.given(policy, id).map(|value| {
            // What is read has a cell, so that it is taken.
            value.is_none_or(|value| policy.know(&mut facts, id, value).is_ok())
        });
        if let Err(problem) = known {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    match policy.decide(&facts) {
        Answer::Open { missing, .. } => Ok(Found::asked(&missing)),
        Answer::Decided { rule, .. } => {
            let rules: Vec<RuleId> = std::iter::once(rule)
                .chain(policy.judges_again(&facts))
                .collect();
            let quoted = policy.rule(rule);
            let decision = match &quoted.then {
                Then::Effect(effect) => {
                    let remedies: Vec<String> = effect.remedies.iter().map(remedy).collect();
                    decision(&effect.outcome, &remedies)
                }
                Then::JudgeAgain { .. } => String::new(),
            };
            Ok(Found {
                decision,
                clause: quoted.clause.clone(),
                rules,
            })
        }
        Answer::Nothing => Err(vec![undecided(row)]),
    }
}

/// The problem of a line that no rule decides.
#[must_use]
pub fn undecided(row: &Row) -> Problem {
    Problem::new(
        Code::FailedTest,
        row.span,
        "no rule decides this line, or its facts cannot come together",
        "hold the line against the policy's `assume` blocks; `policy check` finds what no rule decides",
    )
}

/// An outcome and its remedies, as a table has them.
///
/// ```
/// use makegood_policy::cases::decision;
/// assert_eq!(decision("declined", &[]), "declined");
/// assert_eq!(decision("contest", &["a".to_owned(), "b".to_owned()]), "contest: a + b");
/// ```
#[must_use]
pub fn decision(outcome: &str, remedies: &[String]) -> String {
    if remedies.is_empty() {
        outcome.to_owned()
    } else {
        format!("{outcome}: {}", remedies.join(" + "))
    }
}

/// A remedy as the rule has it.
fn remedy(remedy: &Remedy) -> String {
    let less = remedy.less.iter().map(|less| format!(" less {less}"));
    let inside: String = std::iter::once(remedy.quantities.join(" + "))
        .chain(less)
        .collect();
    if inside.is_empty() {
        remedy.kind.clone()
    } else {
        format!("{}({inside})", remedy.kind)
    }
}

impl Found {
    /// What is found where something has to be asked first.
    ///
    /// ```
    /// use makegood_policy::cases::Found;
    /// assert_eq!(Found::asked(&["counts".to_owned(), "pace".to_owned()]).decision, "ask counts, pace");
    /// ```
    #[must_use]
    pub fn asked(missing: &[String]) -> Self {
        let mut names = missing.to_vec();
        names.sort();
        Self {
            decision: format!("ask {}", names.join(", ")),
            clause: String::new(),
            rules: Vec::new(),
        }
    }
}

/// What a line says otherwise than the policy decides.
fn otherwise(policy: &Policy, row: &Row, found: &Found) -> Option<Problem> {
    let same_decision = parts(&row.decision.text) == parts(&found.decision);
    if same_decision && row.clause.text == found.clause {
        return None;
    }
    let both = |decision: &str, clause: &str| {
        let space = if clause.is_empty() { "" } else { " " };
        format!("`{decision}{space}{clause}`")
    };
    let quoted = found.rules.first().map(|rule| policy.rule(*rule));
    let by = quoted.map_or(String::new(), |rule| format!(" (rule {})", rule.name));
    let message = format!(
        "the table says {}, the policy decides {}{by}",
        both(&row.decision.text, &row.clause.text),
        both(&found.decision, &found.clause),
    );
    let help = match quoted {
        Some(rule) => format!("correct the line, or the rule `{}` of clause {}", rule.name, rule.clause),
        None => "correct the line: write `ask` and what has to be found out, or fill in what is not known".to_owned(),
    };
    let cell = if same_decision {
        &row.clause
    } else {
        &row.decision
    };
    Some(Problem::new(Code::FailedTest, cell.span, message, help))
}

/// A decision taken apart: first `ask` or the outcome, then the rest in the order of the alphabet.
fn parts(decision: &str) -> Vec<String> {
    let text = decision.trim();
    if let Some(names) = text.strip_prefix("ask ") {
        let names = names.split(',').map(|name| name.trim().replace(' ', "_"));
        return first_and_sorted("ask".to_owned(), names.collect());
    }
    let (outcome, remedies) = match text.split_once(':') {
        Some((outcome, remedies)) => (Some(outcome), remedies),
        None => (None, text),
    };
    let mut pieces = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, sign) in remedies.char_indices() {
        match sign {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            '+' if depth == 0 => {
                pieces.push(remedies.get(start..at).unwrap_or(""));
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    pieces.push(remedies.get(start..).unwrap_or(""));
    let mut pieces: Vec<String> = outcome.into_iter().chain(pieces).map(tidy).collect();
    let first = pieces.remove(0);
    first_and_sorted(first, pieces)
}

/// A remedy with its quantities in the order of the alphabet, and one space between words.
fn tidy(piece: &str) -> String {
    let spaced = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((kind, inside)) = piece.split_once('(') else {
        return spaced(piece);
    };
    let inside = spaced(inside.trim_end().strip_suffix(')').unwrap_or(inside));
    let (sum, less) = inside.split_once(" less ").unwrap_or((&inside, ""));
    let mut quantities: Vec<&str> = sum.split('+').map(str::trim).collect();
    quantities.sort_unstable();
    format!("{}({} less {less})", kind.trim(), quantities.join("+"))
}

fn first_and_sorted(first: String, mut rest: Vec<String>) -> Vec<String> {
    rest.sort();
    rest.insert(0, first);
    rest
}

/// The rules that no line led to, neither as the quoted one nor on the way to it.
#[must_use]
pub fn unreached(policy: &Policy, runs: &[CaseRun]) -> Vec<RuleId> {
    let reached: Vec<RuleId> = runs
        .iter()
        .filter_map(|run| run.found.as_ref())
        .flat_map(|found| found.rules.iter().copied())
        .collect();
    (0..policy.rules.len())
        .map(RuleId)
        .filter(|rule| !reached.contains(rule))
        .collect()
}

impl Policy {
    /// The rule by which a case is judged again, if the known facts make sure of it.
    ///
    /// ```
    /// # let policy = makegood_policy::read("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nstate : enum { open, shut }\nshuts : bool\n```\n```rule shut\nwhen state == shut then pay because \"\"\n```\n```rule now\nwhen state == open && shuts then judge again with state = shut because \"\"\n```\n```rule open\nwhen state == open && !shuts then wait because \"\"\n```\n").policy.unwrap();
    /// let mut facts = policy.nothing_known();
    /// policy.set(&mut facts, "state", "open").unwrap();
    /// assert_eq!(policy.judges_again(&facts), None);
    /// policy.set(&mut facts, "shuts", "true").unwrap();
    /// assert_eq!(policy.judges_again(&facts), policy.rule_named("now"));
    /// ```
    #[must_use]
    pub fn judges_again(&self, facts: &Facts) -> Option<RuleId> {
        // With its parents' conditions, as a rule has them.
        let holds = |id: RuleId| {
            let chain = std::iter::successors(Some(id), |id| self.rule(*id).parent);
            all(chain.map(|id| certainly(&self.rule(id).when, facts)))
        };
        (0..self.rules.len()).map(RuleId).find(|id| {
            let rule = self.rule(*id);
            let gives_way = || {
                rule.exceptions
                    .iter()
                    .any(|other| holds(*other) != Some(false))
            };
            matches!(rule.then, Then::JudgeAgain { .. }) && holds(*id) == Some(true) && !gives_way()
        })
    }
}

/// Whether a condition is met, as far as the known facts tell.
fn certainly(expr: &Expr, facts: &Facts) -> Option<bool> {
    match expr {
        Expr::Const(constant) => Some(*constant),
        Expr::Test(test) => {
            let mask = facts.mask(test.fact.0);
            match mask & test.cells {
                0 => Some(false),
                met if met == mask => Some(true),
                _ => None,
            }
        }
        Expr::Not(inner) => certainly(inner, facts).map(|met| !met),
        Expr::And(list) => all(list.iter().map(|part| certainly(part, facts))),
        Expr::Or(list) => all(list
            .iter()
            .map(|part| certainly(part, facts).map(|met| !met)))
        .map(|none| !none),
    }
}

/// All of them: no, if one is a no; else yes, if each is a yes.
fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut sure = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            Some(true) => {}
            None => sure = None,
        }
    }
    sure
}
