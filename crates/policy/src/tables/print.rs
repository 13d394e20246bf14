// SPDX-License-Identifier: MIT OR Apache-2.0
//! Decision tables as text and as Markdown.

use super::{Row, Table};

const GAP: &str = "  ";

impl Table {
    /// As text, lines up to a width where it can be kept: a grid, or where that is too wide, a block for each rule.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 Late {#1}\n```facts\nlate : int [0..]\n```\n```rule a\nwhen late > 3 then refund because \"\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let tables = makegood_policy::tables::tables(&policy, &policy.editions[0]);
    /// assert!(tables[0].plain(80).ends_with("at least 4  refund   a\n"));
    /// assert!(tables[0].plain(20).ends_with("a → refund\n    late: at least 4\n"));
    /// ```
    #[must_use]
    pub fn plain(&self, width: usize) -> String {
        let mut out = format!("{}\n\n", self.heading());
        let grid = self.grid();
        let widths = column_widths(&grid);
        let gaps = display_width(GAP).saturating_mul(widths.len().saturating_sub(1));
        if widths.iter().sum::<usize>().saturating_add(gaps) <= width {
            out.push_str(&lines_of(&grid, &widths));
        } else {
            out.push_str(&self.blocks(width));
        }
        let notes = self.notes(|id| id.to_owned());
        if !notes.is_empty() {
            out.push('\n');
        }
        for note in notes {
            out.push_str(&hanging("", &note, width));
        }
        out
    }

    /// As a section of Markdown: a heading, a table, and what gives way to what.
    ///
    /// ```
    /// # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 Late {#1}\n```facts\nlate : int [0..]\n```\n```rule a\nwhen late > 3 then refund because \"\"\n```\n";
    /// let policy = makegood_policy::read(text).policy.unwrap();
    /// let tables = makegood_policy::tables::tables(&policy, &policy.editions[0]);
    /// let lines: Vec<String> = tables[0].markdown().lines().map(str::to_owned).collect();
    /// assert_eq!(lines[2..], ["| late | outcome | rule |", "| --- | --- | --- |", "| at least 4 | refund | `a` |"]);
    /// ```
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("## {}\n\n", escaped(&self.heading()));
        for (at, mut row) in self.grid().into_iter().enumerate() {
            let last = row.pop().unwrap_or_default();
            let mut cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            cells.push(match (at, last.strip_prefix("↳ ")) {
                (0, _) => last,
                (_, Some(id)) => format!("↳ `{id}`"),
                (_, None) => format!("`{last}`"),
            });
            out.push_str(&format!("| {} |\n", cells.join(" | ")));
            if at == 0 {
                out.push_str(&format!("|{}\n", " --- |".repeat(cells.len())));
            }
        }
        for note in self.notes(|id| format!("`{id}`")) {
            out.push_str(&format!("\n{note}\n"));
        }
        out
    }

    fn say(&self, danish: &'static str, english: &'static str) -> &'static str {
        if self.tongue.is_danish() {
            danish
        } else {
            english
        }
    }

    fn heading(&self) -> String {
        if self.title.starts_with(&self.clause) {
            self.title.clone()
        } else {
            format!("{} {}", self.clause, self.title)
        }
    }

    /// The head and the rows; the rule's name comes last.
    fn grid(&self) -> Vec<Vec<String>> {
        let granted = self.rows.iter().any(|row| !row.remedies.is_empty());
        let written = self.rows.iter().any(|row| row.written.is_some());
        let mut head = self.heads.clone();
        if written {
            head.push(self.say("betingelse", "condition").to_owned());
        }
        head.push(self.say("udfald", "outcome").to_owned());
        if granted {
            head.push(self.say("løsning", "remedy").to_owned());
        }
        head.push(self.say("regel", "rule").to_owned());
        let mut grid = vec![head];
        for row in &self.rows {
            let open = || "–".to_owned();
            let cells = row.cells.iter();
            let mut line: Vec<String> = cells
                .map(|cell| cell.words.clone().unwrap_or_else(open))
                .collect();
            if written {
                line.push(row.written.clone().unwrap_or_else(open));
            }
            line.push(row.outcome.clone());
            if granted {
                line.push(row.remedies.join("; "));
            }
            line.push(named(row));
            grid.push(line);
        }
        grid
    }

    fn blocks(&self, width: usize) -> String {
        let mut out = String::new();
        let mut before: Option<&Row> = None;
        for row in &self.rows {
            if before.is_some_and(|before| before.rule == row.rule) {
                out.push_str(&format!("{GAP}{}\n", self.say("eller", "or")));
            } else {
                if before.is_some() {
                    out.push('\n');
                }
                let effect = [vec![row.outcome.clone()], row.remedies.clone()].concat();
                let head = format!("{} → {}", named(row), effect.join("; "));
                out.push_str(&hanging("", &head, width));
            }
            out.push_str(&self.block(row, width));
            before = Some(row);
        }
        out
    }

    /// A line for each fact that matters to a row.
    fn block(&self, row: &Row, width: usize) -> String {
        let pairs = row.cells.iter().zip(&self.heads);
        let mut pairs: Vec<(&str, &str)> = pairs
            .filter_map(|(cell, head)| Some((head.as_str(), cell.words.as_deref()?)))
            .collect();
        if let Some(written) = &row.written {
            pairs.push((self.say("betingelse", "condition"), written));
        }
        if pairs.is_empty() {
            return format!("{GAP}{GAP}{}\n", self.say("altid", "always"));
        }
        let line = |(head, words): &(&str, &str)| {
            hanging(&GAP.repeat(2), &format!("{head}: {words}"), width)
        };
        pairs.iter().map(line).collect()
    }

    /// What stands below the table. `id` writes the name of a rule.
    fn notes(&self, id: impl Fn(&str) -> String) -> Vec<String> {
        let mut notes = Vec::new();
        if self.rows.iter().any(|row| row.depth > 0) {
            let note = self.say(
                "↳ undtagelse: hvor den passer, vinder den over den regel, den står under.",
                "↳ an exception: where it matches, it wins over the rule below which it stands.",
            );
            notes.push(note.to_owned());
        }
        for line in &self.gives_way {
            let rules: Vec<String> = line.rules.iter().map(|rule| id(rule)).collect();
            let to = line.to.iter().map(|(rule, clause)| {
                if *clause == self.clause {
                    id(rule)
                } else {
                    format!("{} ({clause})", id(rule))
                }
            });
            let to: Vec<String> = to.collect();
            let verb = match (self.tongue.is_danish(), rules.len()) {
                (true, _) => "viger for",
                (false, 1) => "gives way to",
                (false, _) => "give way to",
            };
            notes.push(format!("{} {verb}: {}", rules.join(", "), to.join(", ")));
        }
        for rule in &self.never {
            let verb = self.say("gælder aldrig", "never holds");
            notes.push(format!("{} {verb}.", id(rule)));
        }
        notes
    }
}

fn named(row: &Row) -> String {
    let arrow = if row.depth > 0 { "↳ " } else { "" };
    format!("{arrow}{}", row.id)
}

fn column_widths(grid: &[Vec<String>]) -> Vec<usize> {
    let columns = grid.first().map_or(0, Vec::len);
    (0..columns)
        .map(|at| {
            let cells = grid.iter().filter_map(|row| row.get(at));
            cells.map(|cell| display_width(cell)).max().unwrap_or(0)
        })
        .collect()
}

fn lines_of(grid: &[Vec<String>], widths: &[usize]) -> String {
    let mut out = String::new();
    for (at, row) in grid.iter().enumerate() {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let missing = width.saturating_sub(display_width(cell));
            format!("{cell}{}", " ".repeat(missing))
        });
        let line = cells.collect::<Vec<_>>().join(GAP);
        out.push_str(line.trim_end());
        out.push('\n');
        if at == 0 {
            let rules: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
            out.push_str(&rules.join(GAP));
            out.push('\n');
        }
    }
    out
}

/// Words behind an indent, broken at spaces; further lines are set in by four more.
fn hanging(indent: &str, text: &str, width: usize) -> String {
    let mut out = indent.to_owned();
    let mut column = display_width(indent);
    let mut first = true;
    for word in text.split(' ') {
        let needed = display_width(word);
        if !first && column.saturating_add(1).saturating_add(needed) > width {
            out.push_str(&format!("\n{indent}    "));
            column = display_width(indent).saturating_add(4);
        } else if !first {
            out.push(' ');
            column = column.saturating_add(1);
        }
        out.push_str(word);
        column = column.saturating_add(needed);
        first = false;
    }
    out.push('\n');
    out
}

/// Columns of a terminal that a text takes: none for marks on the letter before, two for wide letters of East Asia.
fn display_width(text: &str) -> usize {
    let of = |c: char| match u32::from(c) {
        0x0300..=0x036f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff => 2,
        0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1f64f => 2,
        0x1f900..=0x1f9ff | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    };
    text.chars().map(of).sum()
}

/// So that Markdown shows the text as it is.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '*' | '_' | '`' | '\\' | '<' | '[') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
