// SPDX-License-Identifier: MIT OR Apache-2.0
//! Objects in the order of their making, and pages of them, the newest first.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::ops::Bound;

use serde_json::{Value, json};

use super::form::Params;
use super::problem::Problem;

/// An object with a name and a time.
pub trait Row {
    /// What the provider calls this kind of object.
    const NOUN: &'static str;
    /// Its name.
    fn id(&self) -> &str;
    /// When it was made. It never changes.
    fn created(&self) -> i64;
}

/// All objects of a kind.
#[derive(Clone, Debug)]
pub struct Table<T> {
    rows: VecDeque<T>,
    /// How many of the oldest are forgotten: the place of the first row that is still here.
    forgotten: usize,
    places: HashMap<String, usize>,
    order: BTreeSet<(i64, usize)>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            rows: VecDeque::new(),
            forgotten: 0,
            places: HashMap::new(),
            order: BTreeSet::new(),
        }
    }
}

impl<T: Row> Table<T> {
    /// Adds an object and says where it stands.
    pub fn add(&mut self, row: T) -> usize {
        let place = self.forgotten + self.rows.len();
        self.places.insert(row.id().to_owned(), place);
        self.order.insert((row.created(), place));
        self.rows.push_back(row);
        place
    }

    /// The object of this name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&T> {
        self.at(*self.places.get(id)?)
    }

    /// The object of this name, to change it.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.rows
            .get_mut(self.places.get(id)?.checked_sub(self.forgotten)?)
    }

    /// The object at this place.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&T> {
        self.rows.get(place.checked_sub(self.forgotten)?)
    }

    /// Forgets the oldest until there are no more than so many.
    pub fn keep_at_most(&mut self, count: usize) {
        while self.rows.len() > count
            && let Some(row) = self.rows.pop_front()
        {
            self.places.remove(row.id());
            self.order.remove(&(row.created(), self.forgotten));
            self.forgotten += 1;
        }
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.rows.iter()
    }

    /// The object of a path, or that it is missing.
    ///
    /// # Errors
    /// When there is none.
    pub fn named(&self, id: &str) -> Result<&T, Problem> {
        self.get(id)
            .ok_or_else(|| Problem::missing(T::NOUN, id, "id"))
    }

    /// The object of a path, to change it, or that it is missing.
    ///
    /// # Errors
    /// When there is none.
    pub fn named_mut(&mut self, id: &str) -> Result<&mut T, Problem> {
        self.get_mut(id)
            .ok_or_else(|| Problem::missing(T::NOUN, id, "id"))
    }

    fn cursor(&self, id: &str, param: &str) -> Result<(i64, usize), Problem> {
        let place = self.places.get(id).copied();
        place
            .and_then(|place| Some((self.at(place)?.created(), place)))
            .ok_or_else(|| Problem::missing_param(T::NOUN, id, param))
    }

    /// A page of those at some places (or of all), as far as they are to be kept.
    ///
    /// # Errors
    /// When the page begins at an object that does not exist.
    pub fn page(
        &self,
        page: &Page,
        places: Option<&[usize]>,
        keep: impl Fn(&T) -> bool,
    ) -> Result<(Vec<&T>, bool), Problem> {
        let few: BTreeSet<(i64, usize)>;
        let order = match places {
            None => &self.order,
            Some(places) => {
                few = places
                    .iter()
                    .filter_map(|place| Some((self.at(*place)?.created(), *place)))
                    .collect();
                &few
            }
        };
        let row = |(_, place): &(i64, usize)| self.at(*place);
        let keep = |row: &&T| page.created.holds(row.created()) && keep(row);
        let mut found: Vec<&T> = match (&page.after, &page.before) {
            (_, Some(before)) => {
                let from = Bound::Excluded(self.cursor(before, "ending_before")?);
                let newer = order.range((from, Bound::Unbounded));
                newer
                    .filter_map(row)
                    .filter(keep)
                    .take(page.limit + 1)
                    .collect()
            }
            (Some(after), None) => {
                let older = order.range(..self.cursor(after, "starting_after")?);
                let older = older.rev();
                older
                    .filter_map(row)
                    .filter(keep)
                    .take(page.limit + 1)
                    .collect()
            }
            (None, None) => {
                let all = order.iter().rev();
                all.filter_map(row)
                    .filter(keep)
                    .take(page.limit + 1)
                    .collect()
            }
        };
        let has_more = found.len() > page.limit;
        found.truncate(page.limit);
        if page.before.is_some() {
            found.reverse();
        }
        Ok((found, has_more))
    }
}

/// Which page is asked for.
#[derive(Clone, Debug)]
pub struct Page {
    limit: usize,
    after: Option<String>,
    before: Option<String>,
    /// When the objects were made.
    pub created: Span,
}

impl Page {
    /// Takes `limit`, `starting_after`, `ending_before` and `created` out of the parameters.
    ///
    /// # Errors
    /// When one of them is out of range.
    pub fn take(params: &mut Params) -> Result<Self, Problem> {
        let limit = params.integer("limit")?.unwrap_or(10);
        let limit = usize::try_from(limit)
            .ok()
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(|| {
                Problem::unclear(
                    "parameter_invalid_integer",
                    "limit",
                    format!("Invalid limit: {limit} is not between 1 and 100"),
                )
            })?;
        let page = Self {
            limit,
            after: params.text("starting_after")?,
            before: params.text("ending_before")?,
            created: Span::take(params)?,
        };
        if page.after.is_some() && page.before.is_some() {
            let message =
                "You may only specify one of these parameters: starting_after, ending_before.";
            return Err(Problem::unclear("", "ending_before", message.to_owned()));
        }
        Ok(page)
    }
}

/// From when to when, both included.
#[derive(Clone, Debug)]
pub struct Span {
    from: i64,
    until: i64,
}

impl Span {
    fn take(params: &mut Params) -> Result<Self, Problem> {
        let mut span = Self {
            from: i64::MIN,
            until: i64::MAX,
        };
        if !params.nests("created") {
            if let Some(moment) = params.integer("created")? {
                span.from = moment;
                span.until = moment;
            }
            return Ok(span);
        }
        let Some(mut given) = params.inner("created")? else {
            return Ok(span);
        };
        if let Some(moment) = given.integer("gte")? {
            span.from = span.from.max(moment);
        }
        if let Some(moment) = given.integer("gt")? {
            span.from = span.from.max(moment.saturating_add(1));
        }
        if let Some(moment) = given.integer("lte")? {
            span.until = span.until.min(moment);
        }
        if let Some(moment) = given.integer("lt")? {
            span.until = span.until.min(moment.saturating_sub(1));
        }
        given.finish()?;
        Ok(span)
    }

    /// Is this moment in it?
    #[must_use]
    pub fn holds(&self, moment: i64) -> bool {
        (self.from..=self.until).contains(&moment)
    }
}

/// A list as Stripe writes it.
#[must_use]
pub fn list(url: &str, data: Vec<Value>, has_more: bool) -> Value {
    json!({ "object": "list", "url": url, "data": data, "has_more": has_more })
}

/// Two parts of one object. The macro that writes objects does not take the largest of them at once.
#[must_use]
pub fn joined(mut first: Value, second: Value) -> Value {
    if let (Value::Object(all), Value::Object(more)) = (&mut first, second) {
        all.extend(more);
    }
    first
}
