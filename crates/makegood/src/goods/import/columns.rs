// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tables into lines: which columns each kind of line has, and where in a line each stands.

use makegood_desk::case::{Instant, LogEntry};
use serde_json::{Map, Value as Json, json};

use crate::books::intake::line::{Kind, Line, Told, Wrong, read_as};
use crate::books::orders::log_event;
use crate::clock::timestamp;
use crate::wire::{Written as _, nearest, shortened};

/// What stands in a cell of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, as in all cells of a CSV file.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A yes or no.
    Flag(bool),
    /// A moment.
    Moment(Instant),
    /// Something that no column here takes, by what it is.
    Other(&'static str),
}

/// How a column's text is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Whole,
    Flag,
    /// Several texts with spaces between them.
    Texts,
}

/// A column: its name, where it stands in a line, how it is meant, and whether it can be left out.
#[derive(Clone, Copy, Debug)]
struct Column {
    name: &'static str,
    pointer: &'static str,
    form: Form,
    needed: bool,
}

const fn needed(name: &'static str, pointer: &'static str, form: Form) -> Column {
    Column {
        name,
        pointer,
        form,
        needed: true,
    }
}

const fn optional(name: &'static str, pointer: &'static str, form: Form) -> Column {
    Column {
        name,
        pointer,
        form,
        needed: false,
    }
}

const ORDER: &[Column] = &[
    needed("number", "/order/number", Form::Text),
    needed("placed_at", "/order/placed_at", Form::Text),
    needed("quantity", "/order/quantity", Form::Whole),
    needed("price", "/order/price/amount", Form::Whole),
    needed("currency", "/order/price/currency", Form::Text),
    optional("links", "/order/links", Form::Texts),
    needed("service", "/order/service/name", Form::Text),
    needed("unit", "/order/service/unit", Form::Text),
    needed("kind", "/order/service/kind", Form::Text),
    needed("start_within", "/order/service/start_within", Form::Text),
    optional("guarantee", "/order/service/guarantee", Form::Text),
    optional("units_per_day", "/order/service/units_per_day", Form::Whole),
    optional(
        "target_country",
        "/order/service/target_country",
        Form::Text,
    ),
    optional("customer", "/customer/reference", Form::Text),
    optional("email", "/customer/email", Form::Text),
];

const PAYMENT: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("id", "/payment/id", Form::Text),
    needed("at", "/payment/at", Form::Text),
    needed("amount", "/payment/amount/amount", Form::Whole),
    needed("currency", "/payment/amount/currency", Form::Text),
    needed("kind", "/payment/kind", Form::Text),
    optional("fulfilled", "/payment/fulfilled", Form::Flag),
    needed("provider", "/provider", Form::Text),
    needed("reference", "/reference", Form::Text),
];

const SUBSCRIPTION: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("status", "/subscription/status", Form::Text),
    needed("provider", "/provider", Form::Text),
    needed("reference", "/reference", Form::Text),
];

const REFUND: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("id", "/id", Form::Text),
    needed("at", "/refund/at", Form::Text),
    needed("amount", "/refund/amount/amount", Form::Whole),
    needed("currency", "/refund/amount/currency", Form::Text),
    needed("units", "/refund/units", Form::Whole),
];

const DISPUTE: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("id", "/dispute/id", Form::Text),
    needed("opened_at", "/dispute/opened_at", Form::Text),
    needed("status", "/dispute/status", Form::Text),
    needed("amount", "/dispute/amount/amount", Form::Whole),
    needed("currency", "/dispute/amount/currency", Form::Text),
    optional("payment", "/payment", Form::Text),
    optional("inquiry", "/inquiry", Form::Flag),
    optional("provider", "/provider", Form::Text),
    optional("reason", "/reason", Form::Text),
];

const CONTACT: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("at", "/contact/at", Form::Text),
    needed("channel", "/contact/channel", Form::Text),
];

const LOG: &[Column] = &[
    needed("order", "/order", Form::Text),
    needed("at", "/entry/at", Form::Text),
    needed("event", "/entry/event", Form::Text),
    optional("count", "/entry/count", Form::Whole),
    optional("units", "/entry/units", Form::Whole),
    optional("account", "/entry/account", Form::Text),
    optional("id", "/entry/id", Form::Text),
];

const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Order => ORDER,
        Kind::Payment => PAYMENT,
        Kind::Subscription => SUBSCRIPTION,
        Kind::Refund => REFUND,
        Kind::Dispute => DISPUTE,
        Kind::Contact => CONTACT,
        Kind::Log => LOG,
    }
}

/// The columns of a table that are read, each with its place among those of its kind.
#[derive(Clone, Debug)]
pub struct Header {
    kind: Kind,
    /// For each column of the kind, its place in a row of the table.
    places: Vec<Option<usize>>,
    width: usize,
}

impl Header {
    /// Finds the columns of a kind among the names of a table. Capitals and spaces around a name do not matter.
    ///
    /// # Errors
    /// A column that is needed is not there, or one is there that nobody knows: it may be a slip of the pen.
    pub fn find(kind: Kind, names: &[String]) -> Result<Self, String> {
        let all = columns(kind);
        let known: Vec<&str> = all.iter().map(|column| column.name).collect();
        let mut places = vec![None; all.len()];
        for (at, name) in names.iter().enumerate() {
            let name = name.trim().to_ascii_lowercase();
            match known.iter().position(|known| *known == name) {
                Some(column) => match places.get_mut(column) {
                    Some(place @ None) => *place = Some(at),
                    _ => {
                        return Err(format!(
                            "the column `{name}` is there twice; keep the one that is meant"
                        ));
                    }
                },
                None => {
                    let meant = match nearest(&name, &known) {
                        Some(near) => format!("if `{near}` is meant, call it that; else "),
                        None => String::new(),
                    };
                    return Err(format!(
                        "`{}` is no column of a table of kind `{}`; {meant}take it out. There are {}",
                        shortened(&name),
                        kind.name(),
                        known.join(", ")
                    ));
                }
            }
        }
        let mut both = all.iter().zip(&places);
        if let Some((column, _)) = both.find(|(column, place)| column.needed && place.is_none()) {
            return Err(format!(
                "the column `{}` is missing; a table of kind `{}` has {}",
                column.name,
                kind.name(),
                known.join(", ")
            ));
        }
        Ok(Self {
            kind,
            places,
            width: names.len(),
        })
    }

    /// A row as a line.
    ///
    /// # Errors
    /// What is wrong with it, and in which column: its name stands for a pointer.
    pub fn line(&self, row: &[Cell]) -> Result<Line, Wrong> {
        if row.len() != self.width {
            let detail = format!(
                "the row has {} cells, and the table {} columns; put cells that hold a separator in quotes",
                row.len(),
                self.width
            );
            return Err(Wrong::at("", detail));
        }
        if self.kind == Kind::Log
            && let Some(line) = self.entry(row)
        {
            return Ok(line);
        }
        let text = self.object(row)?.to_string();
        read_as(text.as_bytes(), self.kind, None).map_err(|wrong| self.in_columns(wrong))
    }

    fn cell<'r>(&self, row: &'r [Cell], column: usize) -> &'r Cell {
        let place = self.places.get(column).copied().flatten();
        place
            .and_then(|place| row.get(place))
            .unwrap_or(&Cell::Empty)
    }

    /// The short way of the many: an entry of the delivery log with nothing unusual about it. What is wrong takes the long way.
    fn entry(&self, row: &[Cell]) -> Option<Line> {
        let text = |column| match self.cell(row, column) {
            Cell::Empty => Some(None),
            Cell::Text(text) => Some(Some(text.as_str())),
            _ => None,
        };
        let number = |column| match self.cell(row, column) {
            Cell::Empty => Some(None),
            Cell::Whole(number) => Some(Some(*number)),
            Cell::Text(text) if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok().map(Some)
            }
            _ => None,
        };
        let order = text(0)??;
        let at = match self.cell(row, 1) {
            Cell::Text(text) => Instant::read(text).ok()?,
            Cell::Moment(at) => *at,
            _ => return None,
        };
        let event = text(2)??;
        let (count, units, account, id) = (number(3)?, number(4)?, text(5)?, text(6)?);
        let value = match event {
            "started" | "count" if units.is_none() && account.is_none() => count,
            "delivered" | "redelivery" if count.is_none() && account.is_none() => units,
            "handed_over" | "login" if count.is_none() && units.is_none() => None,
            _ if count.is_none() && units.is_none() && account.is_none() => None,
            _ => return None,
        };
        let whole = value.is_none_or(|value| value < 1 << 53);
        let line = Line {
            order: order.to_owned(),
            told: Told::Log(LogEntry {
                at,
                id: id.map(|id| id.to_owned().into()),
                event: log_event(event, value, account)?,
            }),
        };
        (whole && line.check().is_ok()).then_some(line)
    }

    fn object(&self, row: &[Cell]) -> Result<Json, Wrong> {
        let mut object = Map::new();
        for (at, column) in columns(self.kind).iter().enumerate() {
            let value = match self.cell(row, at) {
                Cell::Empty if column.form == Form::Texts => json!([]),
                Cell::Empty => continue,
                cell => column
                    .value(cell)
                    .map_err(|detail| Wrong::at(column.name, detail))?,
            };
            put(&mut object, column.pointer, value);
        }
        Ok(Json::Object(object))
    }

    /// The same, told of the table: a column has its own name.
    fn in_columns(&self, wrong: Wrong) -> Wrong {
        let all = columns(self.kind);
        let found = all.iter().find(|column| {
            wrong.pointer == column.pointer
                || (column.form == Form::Texts && wrong.pointer.starts_with(column.pointer))
        });
        // What is missing is told of the object that would hold it.
        let within = || {
            let rest = format!("{}/", wrong.pointer);
            all.iter()
                .find(|column| column.needed && column.pointer.starts_with(&rest))
        };
        let Some(column) = found.or_else(within) else {
            return wrong;
        };
        let path = wrong.pointer.trim_start_matches('/').replace('/', ".");
        Wrong {
            pointer: column.name.to_owned(),
            detail: wrong
                .detail
                .replace(&format!("`{path}`"), &format!("`{}`", column.name)),
        }
    }
}

impl Column {
    fn value(&self, cell: &Cell) -> Result<Json, String> {
        let name = self.name;
        Ok(match (self.form, cell) {
            (_, Cell::Other(what)) => {
                return Err(format!("`{name}` holds {what}; write it as text"));
            }
            (Form::Whole, Cell::Text(text)) => {
                let text = text.trim();
                let number: Option<u64> = Some(text)
                    .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
                    .and_then(|text| text.parse().ok());
                let Some(number) = number else {
                    let minor = match name {
                        "price" | "amount" => {
                            ", in the smallest unit of the currency: 4990 for 49.90"
                        }
                        _ => "",
                    };
                    return Err(format!(
                        "`{name}` is \"{}\"; write a whole number in digits{minor}",
                        shortened(text)
                    ));
                };
                json!(number)
            }
            (Form::Flag, Cell::Text(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => json!(true),
                "false" | "no" | "0" => json!(false),
                _ => {
                    return Err(format!(
                        "`{name}` is \"{}\"; write true or false",
                        shortened(text)
                    ));
                }
            },
            (Form::Texts, Cell::Text(text)) => json!(text.split_whitespace().collect::<Vec<_>>()),
            (Form::Text, Cell::Whole(number)) => json!(number.to_string()),
            (_, Cell::Text(text)) => json!(text),
            (_, Cell::Whole(number)) => json!(number),
            (_, Cell::Flag(flag)) => json!(flag),
            (_, Cell::Moment(at)) => json!(timestamp(*at).to_string()),
            (_, Cell::Empty) => Json::Null,
        })
    }
}

fn put(object: &mut Map<String, Json>, pointer: &str, value: Json) {
    let path = pointer.trim_start_matches('/');
    match path.split_once('/') {
        None => {
            object.insert(path.to_owned(), value);
        }
        Some((first, rest)) => {
            let inner = object
                .entry(first)
                .or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// The columns of every kind, for the help.
#[must_use]
pub fn table() -> String {
    let kinds = Kind::ALL.map(|kind| {
        let names: Vec<String> = columns(kind)
            .iter()
            .map(|column| match column.needed {
                true => column.name.to_owned(),
                false => format!("[{}]", column.name),
            })
            .collect();
        format!("  {:<13} {}", kind.name(), names.join(", "))
    });
    kinds.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(kind: Kind, names: &str) -> Header {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        Header::find(kind, &names).unwrap()
    }

    fn row(cells: &str) -> Vec<Cell> {
        let cell = |text: &str| match text {
            "" => Cell::Empty,
            text => Cell::Text(text.to_owned()),
        };
        cells.split(',').map(cell).collect()
    }

    #[test]
    fn the_short_way_and_the_long_way_agree() {
        let header = header(Kind::Log, "order,at,event,count,units,account,id");
        let table = [
            ("VL-1,2026-10-01T12:00:00Z,started,2310,,,e1", None),
            ("VL-1,2026-10-01T12:00:00Z,started,,,,", None),
            ("VL-1,2026-10-01T12:00:00Z,completed,,,,", None),
            ("VL-1,2026-10-01T12:00:00Z,handed_over,,,a1,", None),
            ("VL-1,2026-10-01T12:00:00Z,count,,,,", Some("count")),
            ("VL-1,2026-10-01T12:00:00Z,count,-1,,,", Some("count")),
            (
                "VL-1,2026-10-01T12:00:00Z,count,9007199254740992,,,",
                Some("count"),
            ),
            ("VL-1,2026-10-01T12:00:00Z,count,3,,a1,", Some("account")),
            ("VL-1,2026-10-01T12:00:00Z,delivered,,0,,", Some("units")),
            ("VL-1,2026-10-01T12:00:00Z,completed,3,,,", Some("count")),
            ("VL-1,2026-10-01 12:00,completed,,,,", Some("at")),
            ("VL-1,,completed,,,,", Some("at")),
            (",2026-10-01T12:00:00Z,completed,,,,", Some("order")),
            ("VL-1,2026-10-01T12:00:00Z,finished,,,,", Some("event")),
            ("VL-1,2026-10-01T12:00:00Z,finished", Some("")),
        ];
        for (cells, column) in table {
            let cells = row(cells);
            match (header.line(&cells), column) {
                (Ok(_), None) => {
                    let object = header.object(&cells).unwrap().to_string();
                    assert!(read_as(object.as_bytes(), Kind::Log, None).is_ok());
                }
                (Err(wrong), Some(column)) => assert_eq!(wrong.pointer, column, "{}", wrong.detail),
                (Ok(_), Some(_)) => panic!("{cells:?} is taken"),
                (Err(wrong), None) => panic!("{cells:?}: {}", wrong.detail),
            }
        }
    }

    #[test]
    fn a_header_is_known_or_told_about() {
        let find = |names: &str| {
            let names: Vec<String> = names.split(',').map(str::to_owned).collect();
            Header::find(Kind::Contact, &names).err()
        };
        assert_eq!(find(" Order ,AT,channel"), None);
        assert!(find("order,at").unwrap().contains("`channel` is missing"));
        assert!(
            find("order,at,chanel")
                .unwrap()
                .contains("if `channel` is meant")
        );
        assert!(find("order,at,at,channel").unwrap().contains("twice"));
    }

    #[test]
    fn money_with_a_point_is_told_how_it_is_written() {
        let header = header(Kind::Refund, "order,id,at,amount,currency,units");
        let wrong = header
            .line(&row("VL-1,r1,2026-10-01T12:00:00Z,49.90,EUR,1"))
            .err()
            .unwrap();
        assert_eq!(wrong.pointer, "amount");
        assert!(wrong.detail.contains("4990 for 49.90"), "{}", wrong.detail);
    }
}
