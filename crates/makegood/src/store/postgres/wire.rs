// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values, rows and errors as PostgreSQL has them, and as the store has them.

use bytes::BytesMut;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::Statement;
use crate::store::trouble::Trouble;
use crate::store::value::Value;

pub(super) fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| {
            let value: &(dyn ToSql + Sync) = value;
            value
        })
        .collect()
}

pub(super) fn check_count(
    statement: &Statement,
    wanted: usize,
    values: &[Value],
) -> Result<(), Trouble> {
    match values.len() {
        given if given == wanted => Ok(()),
        given => Err(Trouble::Misused {
            statement: statement.name,
            why: format!("it takes {wanted} values, and {given} were given"),
        }),
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Self::Int(number), &Type::INT2) => i16::try_from(*number)?.to_sql(kind, out),
            (Self::Int(0), &Type::BOOL) => false.to_sql(kind, out),
            (Self::Int(1), &Type::BOOL) => true.to_sql(kind, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME) => {
                text.to_sql(kind, out)
            }
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            (Self::Bytes(bytes), &Type::UUID) => uuid::Uuid::from_slice(bytes)?.to_sql(kind, out),
            _ => Err(format!("{} is given where PostgreSQL wants {kind}", self.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        // Each value is checked by itself above, where the message can say what is wrong.
        true
    }

    to_sql_checked!();
}

/// Whether values of a kind can be read, as [`read`] does.
pub(super) fn is_kept(kind: &Type) -> bool {
    matches!(
        *kind,
        Type::INT8
            | Type::INT4
            | Type::INT2
            | Type::BOOL
            | Type::TEXT
            | Type::VARCHAR
            | Type::NAME
            | Type::BYTEA
            | Type::UUID
    )
}

pub(super) fn unkept(statement: &Statement, column: usize, kind: &Type) -> Trouble {
    Trouble::Misused {
        statement: statement.name,
        why: format!(
            "column {column} is {kind}, which SQLite does not have; cast it, as in `::bigint`"
        ),
    }
}

pub(super) fn read(
    statement: &Statement,
    row: &tokio_postgres::Row,
    column: usize,
) -> Result<Value, Trouble> {
    let kind = row.columns()[column].type_();
    let value = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(Value::from),
        Type::INT4 => row.try_get::<_, Option<i32>>(column).map(Value::from),
        Type::INT2 => row
            .try_get::<_, Option<i16>>(column)
            .map(|number| number.map(i64::from).into()),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).map(Value::from),
        Type::TEXT | Type::VARCHAR | Type::NAME => {
            row.try_get::<_, Option<String>>(column).map(Value::from)
        }
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map(Value::from),
        Type::UUID => row
            .try_get::<_, Option<uuid::Uuid>>(column)
            .map(|id| id.map(uuid::Uuid::into_bytes).into()),
        _ => return Err(unkept(statement, column, kind)),
    };
    value.map_err(|error| trouble(statement.name, &error))
}

/// What an error means before the commit.
pub(super) fn trouble(statement: &'static str, error: &tokio_postgres::Error) -> Trouble {
    let Some(said) = error.as_db_error() else {
        // A source is what a value of ours says of itself; without one it is the connection.
        return match is_away(error) {
            true => Trouble::Unavailable {
                why: format!("the connection to the database was lost ({error})"),
            },
            false => Trouble::Misused {
                statement,
                why: std::error::Error::source(error)
                    .map_or_else(|| error.to_string(), ToString::to_string),
            },
        };
    };
    let named = || said.constraint().unwrap_or_default().to_owned();
    match *said.code() {
        SqlState::UNIQUE_VIOLATION | SqlState::EXCLUSION_VIOLATION => Trouble::Conflict {
            constraint: named(),
        },
        SqlState::CHECK_VIOLATION => Trouble::Check {
            constraint: named(),
        },
        SqlState::NOT_NULL_VIOLATION => Trouble::Check {
            constraint: format!(
                "{}.{}",
                said.table().unwrap_or_default(),
                said.column().unwrap_or_default()
            ),
        },
        // What a trigger of ours says.
        SqlState::RAISE_EXCEPTION => Trouble::Check {
            constraint: said.message().to_owned(),
        },
        SqlState::FOREIGN_KEY_VIOLATION | SqlState::RESTRICT_VIOLATION => Trouble::Reference,
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => {
            Trouble::Serialization
        }
        SqlState::LOCK_NOT_AVAILABLE | SqlState::QUERY_CANCELED => Trouble::Busy,
        SqlState::DISK_FULL => Trouble::Full,
        _ => by_class(statement, said),
    }
}

fn by_class(statement: &'static str, said: &tokio_postgres::error::DbError) -> Trouble {
    let code = said.code().code();
    match code.get(..2).unwrap_or_default() {
        // 25P03 closes a connection that waited inside a transaction; 57P.. is an operator, or a server that starts or stops.
        "08" | "53" => Trouble::Unavailable {
            why: format!("the database does not serve at the moment ({code})"),
        },
        "57" => Trouble::Unavailable {
            why: format!("the database was stopped or is starting ({code})"),
        },
        "58" | "XX" => Trouble::Corrupt {
            why: format!("the database reports damage ({code}); look into its log"),
        },
        // What does not fit may be quoted in the message, so only the code is told.
        "22" => Trouble::Misused {
            statement,
            why: format!("a value does not fit ({code})"),
        },
        _ => Trouble::Misused {
            statement,
            why: format!("{} ({code})", said.message()),
        },
    }
}

/// What an error means when `commit` was sent.
pub(super) fn at_commit(error: &tokio_postgres::Error) -> Trouble {
    match trouble("commit", error) {
        // The server said so itself only where it had not committed; a lost connection says nothing.
        Trouble::Unavailable { .. } | Trouble::Busy | Trouble::Corrupt { .. } => {
            Trouble::OutcomeUnknown
        }
        other => other,
    }
}

/// Whether the connection is lost.
fn is_away(error: &tokio_postgres::Error) -> bool {
    let from_below = std::error::Error::source(error)
        .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some());
    error.is_closed() || from_below
}
