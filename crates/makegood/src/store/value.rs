// SPDX-License-Identifier: MIT OR Apache-2.0
//! The four kinds of value that both databases keep alike, and rows of them.

use std::fmt;

use super::trouble::Trouble;

/// A value in the store. Instants are microseconds since 1970, ids sixteen bytes, money whole minor units.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number; a yes or no is 1 or 0.
    Int(i64),
    /// Text without a zero character, which PostgreSQL cannot keep.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// What kind it is, in one word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "int",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// Text and bytes are only counted: they may be about a person, and what is printed for a programmer ends in logs.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(f, "null"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "text of {} bytes", text.len()),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

macro_rules! from {
    ($($kind:ty as $name:ident => $value:expr;)+) => {
        $(impl From<$kind> for Value {
            fn from($name: $kind) -> Self {
                $value
            }
        })+
    };
}

from! {
    i64 as number => Self::Int(number);
    i32 as number => Self::Int(i64::from(number));
    u32 as number => Self::Int(i64::from(number));
    bool as yes => Self::Int(i64::from(yes));
    &str as text => Self::Text(text.to_owned());
    String as text => Self::Text(text);
    &[u8] as bytes => Self::Bytes(bytes.to_vec());
    Vec<u8> as bytes => Self::Bytes(bytes);
    [u8; 16] as id => Self::Bytes(id.to_vec());
    [u8; 32] as digest => Self::Bytes(digest.to_vec());
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row that a statement gave: columns are counted from nought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    statement: &'static str,
    values: Vec<Value>,
}

macro_rules! getters {
    ($($name:ident, $optional:ident, $taken:ty, $kind:literal, $pattern:pat => $value:expr;)+) => {
        $(
            #[doc = concat!("The ", $kind, " in a column.")]
            ///
            /// # Errors
            /// The column is not there, or holds something else.
            pub fn $name(&self, column: usize) -> Result<$taken, Trouble> {
                match self.value(column)? {
                    $pattern => $value.ok_or_else(|| self.wrong(column, $kind)),
                    _ => Err(self.wrong(column, $kind)),
                }
            }

            #[doc = concat!("The ", $kind, " in a column that may hold nothing.")]
            ///
            /// # Errors
            /// The column is not there, or holds something else.
            pub fn $optional(&self, column: usize) -> Result<Option<$taken>, Trouble> {
                match self.value(column)? {
                    Value::Null => Ok(None),
                    _ => self.$name(column).map(Some),
                }
            }
        )+
    };
}

impl Row {
    pub(crate) fn new(statement: &'static str, values: Vec<Value>) -> Self {
        Self { statement, values }
    }

    /// How many columns it has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.values.len()
    }

    /// What stands in a column.
    ///
    /// # Errors
    /// The column is not there.
    pub fn value(&self, column: usize) -> Result<&Value, Trouble> {
        self.values.get(column).ok_or_else(|| Trouble::Misused {
            statement: self.statement,
            why: format!(
                "column {column} is asked for, and a row has {}",
                self.width()
            ),
        })
    }

    getters! {
        int, opt_int, i64, "int", Value::Int(number) => Some(*number);
        text, opt_text, &str, "text", Value::Text(text) => Some(text.as_str());
        bytes, opt_bytes, &[u8], "bytes", Value::Bytes(bytes) => Some(bytes.as_slice());
        id, opt_id, [u8; 16], "id of sixteen bytes", Value::Bytes(bytes) => bytes.as_slice().try_into().ok();
        digest, opt_digest, [u8; 32], "digest of thirty-two bytes", Value::Bytes(bytes) => bytes.as_slice().try_into().ok();
        yes, opt_yes, bool, "yes or no", Value::Int(number) => match number { 0 => Some(false), 1 => Some(true), _ => None };
    }

    /// All values, in order.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        self.values
    }

    fn wrong(&self, column: usize, wanted: &str) -> Trouble {
        let found = self.values.get(column).map_or("nothing", Value::kind);
        Trouble::Misused {
            statement: self.statement,
            why: format!("column {column} should hold: {wanted}; it holds: {found}"),
        }
    }
}
