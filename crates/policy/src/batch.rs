// SPDX-License-Identifier: MIT OR Apache-2.0
//! The same diagram over columns of facts.
//!
//! Facts stand in columns of cells, one column a fact and a byte a row. Turn values into cells with
//! [`Policy::column`] or, faster for whole numbers, [`Policy::whole_column`], then decide all rows at once:
//!
//! ```
//! # let text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n## 1 A {#1}\n```facts\nlate : int [0..]\nwarned : bool\n```\n```rule refuse\nwhen late > 3 || warned then no because \"\"\n```\n```rule grant\nwhen late <= 3 && !warned then yes because \"\"\n```\n";
//! use makegood_policy::fact::Value;
//! let policy = makegood_policy::read(text).policy.unwrap();
//! let (late, warned) = (policy.fact("late").unwrap(), policy.fact("warned").unwrap());
//! let late = policy.whole_column(late, &[0, 3, 4]).unwrap();
//! let warned = policy.column(warned, [false, true, false].map(Value::Bool)).unwrap();
//! let mut out = [0; 3];
//! policy.batch().unwrap().decide(&[&late, &warned], &mut out).unwrap();
//! let names = out.map(|rule| policy.rule(makegood_policy::batch::rule(rule).unwrap()).name.as_str());
//! assert_eq!(names, ["grant", "refuse", "refuse"]);
//! ```

use std::collections::BTreeMap;
use std::fmt;

use crate::condition::FactId;
use crate::diagram::{Frozen, ix};
use crate::fact::{Kind, Ratio, Value};
use crate::read::Policy;
use crate::rule::RuleId;

/// Stands where no rule decides: none covers the facts, or they contradict the policy's assumptions.
pub const NOTHING: u16 = u16::MAX;

/// The rule behind a number of [`Batch::decide`]; nothing for [`NOTHING`].
///
/// ```
/// use makegood_policy::batch::{NOTHING, rule};
/// assert_eq!(rule(3).unwrap().index(), 3);
/// assert_eq!(rule(NOTHING), None);
/// ```
#[must_use]
pub fn rule(number: u16) -> Option<RuleId> {
    (number != NOTHING).then(|| RuleId(usize::from(number)))
}

/// Why columns could not be decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadColumns {
    /// There is not one column for each fact.
    Count {
        /// The policy's facts.
        facts: usize,
        /// The columns given.
        columns: usize,
    },
    /// A column is longer or shorter than the answer.
    Length {
        /// The fact.
        fact: String,
        /// Rows of the answer.
        rows: usize,
        /// Rows of the column.
        given: usize,
    },
    /// A number that is no cell of the fact, or a value that does not fit it.
    Value {
        /// The fact.
        fact: String,
        /// The row.
        row: usize,
    },
}

impl fmt::Display for BadColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { facts, columns } => {
                write!(f, "{columns} columns for {facts} facts")
            }
            Self::Length { fact, rows, given } => {
                write!(
                    f,
                    "the column of `{fact}` has {given} rows instead of {rows}"
                )
            }
            Self::Value { fact, row } => {
                write!(f, "row {row}: the value does not fit `{fact}`")
            }
        }
    }
}

impl std::error::Error for BadColumns {}

/// A policy made ready to decide many rows.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Name and number of cells of each fact.
    facts: Vec<(String, u8)>,
    /// What the assumptions leave possible; nothing where they leave everything.
    possible: Option<Walk>,
    winners: Walk,
}

impl Policy {
    /// Makes the policy ready to decide many rows; nothing if its diagram outgrew the budget.
    #[must_use]
    pub fn batch(&self) -> Option<Batch> {
        let diagram = self.diagram.as_ref()?;
        u16::try_from(self.rules.len())
            .ok()
            .filter(|rules| *rules < NOTHING)?;
        let width = |fact: usize| self.facts.get(fact).map_or(1, |def| def.cells.count());
        let best = |leaf: u32| {
            let rule = diagram.winners(leaf).first();
            rule.and_then(|rule| u16::try_from(rule.0).ok())
                .unwrap_or(NOTHING)
        };
        let winners = Walk::new(&diagram.frozen, &diagram.order, &width, best)?;
        let holds = |leaf: u32| u16::from(leaf == 1);
        let possible = Walk::new(&diagram.possible, &diagram.order, &width, holds)?;
        let facts = self.facts.iter().map(|def| {
            let cells = u8::try_from(def.cells.count()).unwrap_or(u8::MAX);
            (def.name.clone(), cells)
        });
        Some(Batch {
            facts: facts.collect(),
            possible: (Frozen::content(diagram.possible.root) != Some(1)).then_some(possible),
            winners,
        })
    }

    /// Decides each row of columns of cells, one column a fact in the order of [`Policy::facts`]. Where the diagram
    /// outgrew its budget the rules are read one by one.
    ///
    /// # Errors
    /// The columns do not fit the policy.
    pub fn decide_columns(&self, columns: &[&[u8]], out: &mut [u16]) -> Result<(), BadColumns> {
        if let Some(batch) = self.batch() {
            return batch.decide(columns, out);
        }
        let widths = self.facts.iter().map(|def| {
            let cells = u8::try_from(def.cells.count()).unwrap_or(u8::MAX);
            (def.name.as_str(), cells)
        });
        check(widths, columns, out.len())?;
        for (row, out) in out.iter_mut().enumerate() {
            let cells = columns.iter().map(|column| column.get(row).copied());
            let cells: Vec<u8> = cells.map(|cell| cell.unwrap_or(0)).collect();
            let best = crate::plain::decide_cells(self, &cells);
            let best = best.and_then(|rule| u16::try_from(rule.0).ok());
            *out = best.unwrap_or(NOTHING);
        }
        Ok(())
    }

    /// Turns values of a fact into a column of cells.
    ///
    /// # Errors
    /// A value does not fit the fact.
    ///
    /// # Panics
    /// The id comes from another policy.
    pub fn column(
        &self,
        fact: FactId,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<u8>, BadColumns> {
        let def = self.fact_def(fact);
        let cell = |(row, value): (usize, Value)| {
            let cell = def.cell(value).and_then(|cell| u8::try_from(cell).ok());
            cell.ok_or_else(|| bad_value(&def.name, row))
        };
        values.into_iter().enumerate().map(cell).collect()
    }

    /// The same for whole numbers, and faster: an int's value, money's minor units, the nanoseconds of a length of
    /// time or of a point in time.
    ///
    /// # Errors
    /// A value lies outside the fact's bounds, or the fact is a yes or no, one of a few names, or a share.
    ///
    /// # Panics
    /// The id comes from another policy.
    pub fn whole_column(&self, fact: FactId, values: &[i64]) -> Result<Vec<u8>, BadColumns> {
        let def = self.fact_def(fact);
        let whole = matches!(
            def.kind,
            Kind::Int | Kind::Money | Kind::Duration | Kind::Instant
        );
        let low = def.bounds.0.map_or(i128::MIN, Ratio::floor);
        let high = def.bounds.1.map_or(i128::MAX, Ratio::floor);
        let fits = |value: &i64| (low..=high).contains(&i128::from(*value));
        if let Some(row) = values.iter().position(|value| !whole || !fits(value)) {
            return Err(bad_value(&def.name, row));
        }
        let mut out = vec![0_u8; values.len()];
        for (border, below) in def.cells.borders() {
            // The last whole number below the border.
            let last = border.floor().saturating_sub(i128::from(!below));
            match i64::try_from(last) {
                Ok(last) => {
                    for (out, value) in out.iter_mut().zip(values) {
                        *out = out.wrapping_add(u8::from(*value > last));
                    }
                }
                Err(_) if last < 0 => {
                    out.iter_mut().for_each(|out| *out = out.wrapping_add(1));
                }
                Err(_) => {}
            }
        }
        Ok(out)
    }
}

fn bad_value(fact: &str, row: usize) -> BadColumns {
    BadColumns::Value {
        fact: fact.to_owned(),
        row,
    }
}

/// Whether there is a column for each fact, of the right length, with nothing in it but cells of the fact.
fn check<'a>(
    facts: impl ExactSizeIterator<Item = (&'a str, u8)>,
    columns: &[&[u8]],
    rows: usize,
) -> Result<(), BadColumns> {
    if facts.len() != columns.len() {
        return Err(BadColumns::Count {
            facts: facts.len(),
            columns: columns.len(),
        });
    }
    for ((fact, cells), column) in facts.zip(columns) {
        if column.len() != rows {
            return Err(BadColumns::Length {
                fact: fact.to_owned(),
                rows,
                given: column.len(),
            });
        }
        // The greatest first: finding it takes no branch a row.
        if column
            .iter()
            .copied()
            .max()
            .is_some_and(|most| most >= cells)
        {
            let row = column.iter().position(|cell| *cell >= cells);
            return Err(bad_value(fact, row.unwrap_or(0)));
        }
    }
    Ok(())
}

impl Batch {
    /// Decides each row. Columns stand in the order of [`Policy::facts`]; the answers are rules for [`rule`].
    ///
    /// # Errors
    /// The columns do not fit the policy; then nothing is decided.
    pub fn decide(&self, columns: &[&[u8]], out: &mut [u16]) -> Result<(), BadColumns> {
        self.decide_possible(columns, out)?;
        let Some(possible) = &self.possible else {
            return Ok(());
        };
        let mut holds = [0_u16; BLOCK];
        let mut base = 0_usize;
        for block in out.chunks_mut(BLOCK) {
            let holds = holds.get_mut(..block.len()).unwrap_or(&mut []);
            possible.block(columns, base, holds);
            for (out, holds) in block.iter_mut().zip(holds) {
                *out = if *holds == 1 { *out } else { NOTHING };
            }
            base = base.saturating_add(block.len());
        }
        Ok(())
    }

    /// The same for rows that are known to be possible: nothing is asked of the assumptions.
    ///
    /// # Errors
    /// The columns do not fit the policy; then nothing is decided.
    pub fn decide_possible(&self, columns: &[&[u8]], out: &mut [u16]) -> Result<(), BadColumns> {
        let facts = self
            .facts
            .iter()
            .map(|(name, cells)| (name.as_str(), *cells));
        check(facts, columns, out.len())?;
        let mut base = 0_usize;
        for block in out.chunks_mut(BLOCK) {
            self.winners.block(columns, base, block);
            base = base.saturating_add(block.len());
        }
        Ok(())
    }
}

/// Rows that are worked on together.
const BLOCK: usize = 1024;

/// Rows that are walked side by side, so that one waits for memory while the others go on. Measured: 4 beat 2, 8, 16
/// and 32, and all of them lists of rows for each node.
const LANES: usize = 4;

/// Most ways in which the first facts can turn out that are laid out in a table, to jump over their nodes.
const MOST_JUMPS: usize = 4096;

/// A diagram whose leaves lead to themselves: a row that has arrived may go on without harm.
#[derive(Clone, Debug)]
struct Walk {
    /// Each node is the number of its column followed by a child for each cell.
    table: Vec<u32>,
    /// Where leaves begin, and how far they are apart.
    leaves: u32,
    stride: u32,
    answers: Vec<u16>,
    /// The facts asked first, with their numbers of cells, and where each of their combinations leads.
    first: Vec<(usize, u16)>,
    starts: Vec<u32>,
}

impl Walk {
    /// Lays a frozen diagram out anew; `answer` says what each leaf stands for.
    fn new(
        frozen: &Frozen,
        order: &[usize],
        width: &dyn Fn(usize) -> usize,
        answer: impl Fn(u32) -> u16,
    ) -> Option<Self> {
        let leaves = u32::try_from(frozen.table.len()).ok()?;
        // A leaf pretends to ask the first column, whose every cell leads back to it.
        let stride = u32::try_from(width(0).checked_add(1)?).ok()?;
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        let mut answers = Vec::new();
        let mut place = |at: u32| {
            let Some(content) = Frozen::content(at) else {
                return at;
            };
            *places.entry(content).or_insert_with(|| {
                let number = u32::try_from(answers.len()).unwrap_or(0);
                answers.push(answer(content));
                leaves.saturating_add(number.saturating_mul(stride))
            })
        };
        // A fact's number never looks like a leaf, so it passes unchanged.
        let mut table: Vec<u32> = frozen.table.iter().map(|entry| place(*entry)).collect();
        let root = place(frozen.root);
        for number in 0..u32::try_from(answers.len()).ok()? {
            let own = leaves.checked_add(number.checked_mul(stride)?)?;
            table.push(0);
            table.extend(std::iter::repeat_n(own, width(0)));
        }
        let mut walk = Self {
            table,
            leaves,
            stride,
            answers,
            first: Vec::new(),
            starts: vec![root],
        };
        walk.jump(order, width);
        Some(walk)
    }

    /// Follows every combination of the first facts, as many as fit the table.
    fn jump(&mut self, order: &[usize], width: &dyn Fn(usize) -> usize) {
        for fact in order {
            let Ok(cells) = u16::try_from(width(*fact)) else {
                return;
            };
            if self.starts.len().saturating_mul(width(*fact)) > MOST_JUMPS {
                return;
            }
            let follow = |at: u32, cell: u16| {
                let asks = self.table.get(ix(at)).copied().map_or(0, ix);
                if at < self.leaves && asks == *fact {
                    self.child(at, usize::from(cell))
                } else {
                    at
                }
            };
            let starts = self.starts.iter();
            let starts = starts.flat_map(|at| (0..cells).map(move |cell| (*at, cell)));
            let starts = starts.map(|(at, cell)| follow(at, cell)).collect();
            self.starts = starts;
            self.first.push((*fact, cells));
        }
    }

    fn child(&self, at: u32, cell: usize) -> u32 {
        let place = ix(at).saturating_add(1).saturating_add(cell);
        self.table.get(place).copied().unwrap_or(self.leaves)
    }

    fn step(&self, at: u32, columns: &[&[u8]], row: usize) -> u32 {
        let fact = self.table.get(ix(at)).copied().unwrap_or(0);
        let column = columns.get(ix(fact)).copied().unwrap_or(&[]);
        self.child(at, usize::from(column.get(row).copied().unwrap_or(0)))
    }

    fn answer(&self, at: u32) -> u16 {
        let number = at.checked_sub(self.leaves);
        let number = number.and_then(|far| far.checked_div(self.stride));
        let answer = number.and_then(|number| self.answers.get(ix(number)));
        answer.copied().unwrap_or(NOTHING)
    }

    /// Answers the rows from `base` on, at most [`BLOCK`] of them.
    fn block(&self, columns: &[&[u8]], base: usize, out: &mut [u16]) {
        let mut packed = [0_u16; BLOCK];
        for (fact, cells) in &self.first {
            let column = columns.get(*fact).and_then(|column| column.get(base..));
            for (packed, cell) in packed.iter_mut().zip(column.unwrap_or(&[])) {
                *packed = packed.wrapping_mul(*cells).wrapping_add(u16::from(*cell));
            }
        }
        let start = |packed: u16| self.starts.get(usize::from(packed)).copied();
        let mut row = base;
        for (out, packed) in out.chunks_mut(LANES).zip(packed.chunks(LANES)) {
            let mut at = [self.leaves; LANES];
            for ((at, packed), _) in at.iter_mut().zip(packed).zip(out.iter()) {
                *at = start(*packed).unwrap_or(self.leaves);
            }
            while at.iter().any(|at| *at < self.leaves) {
                let mut lane = row;
                for at in &mut at {
                    *at = self.step(*at, columns, lane);
                    lane = lane.wrapping_add(1);
                }
            }
            for (out, at) in out.iter_mut().zip(at) {
                *out = self.answer(at);
            }
            row = row.wrapping_add(LANES);
        }
    }
}
