// SPDX-License-Identifier: MIT OR Apache-2.0
//! Statements: one name, and what each of the two databases is told under it.

use super::migrations;

/// Something that is said to the database, in both dialects side by side.
///
/// Parameters are `?1`, `?2` … for SQLite and `$1`, `$2` … for PostgreSQL. Columns are always named: `select *` would break
/// the program of yesterday when a migration adds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is called where something is wrong with it.
    pub name: &'static str,
    /// What SQLite is told.
    pub sqlite: &'static str,
    /// What PostgreSQL is told.
    pub postgres: &'static str,
    /// What PostgreSQL is told instead where there are many sets of values: it takes an array for each value. Where not every set makes
    /// a row, it gives the first columns of those that did.
    pub many: Option<&'static str>,
}

/// Declares statements and the list of them, so that none is forgotten in [`all_statements`].
///
/// ```
/// makegood::statements! {
///     /// What is kept under a key.
///     READ = "select value from meta where key = ?1";
///     /// How long ago 1970 was, in seconds.
///     NOW = sqlite "select unixepoch()", postgres "select extract(epoch from now())::bigint";
/// }
/// assert_eq!(READ.postgres, "select value from meta where key = $1");
/// assert_eq!(STATEMENTS.len(), 2);
/// ```
#[macro_export]
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $(sqlite $sqlite:literal, postgres $postgres:literal)? $($both:literal)? $(many $many:literal)?;)+) => {
        $(
            $(#[$doc])*
            pub static $name: $crate::store::Statement = $crate::store::Statement {
                name: concat!(module_path!(), "::", stringify!($name)),
                $(sqlite: $sqlite, postgres: $postgres,)?
                $(
                    sqlite: $both,
                    postgres: {
                        const TURNED: [u8; $both.len()] = $crate::store::dollars($both);
                        match std::str::from_utf8(&TURNED) {
                            Ok(text) => text,
                            Err(_) => panic!("only question marks were turned"),
                        }
                    },
                )?
                many: {
                    let many: &[&'static str] = &[$($many)?];
                    many.first().copied()
                },
            };
        )+
        /// All statements above.
        pub static STATEMENTS: &[&$crate::store::Statement] = &[$(&$name),+];
    };
}

/// Turns the parameters `?1` of SQLite into the `$1` of PostgreSQL. What stands in quotes stays.
///
/// # Panics
/// `N` is not the length of the text. That is found while the program is built.
#[must_use]
pub const fn dollars<const N: usize>(text: &str) -> [u8; N] {
    let bytes = text.as_bytes();
    assert!(bytes.len() == N, "the length of the text");
    let mut turned = [0; N];
    let (mut at, mut quoted) = (0, false);
    while at < N {
        let byte = bytes[at];
        quoted ^= byte == b'\'';
        let parameter = byte == b'?' && !quoted && at + 1 < N && bytes[at + 1].is_ascii_digit();
        turned[at] = if parameter { b'$' } else { byte };
        at += 1;
    }
    turned
}

/// The statements of every file that has some. A new file adds its `STATEMENTS` here; a test prepares them all on both databases.
static FILES: &[&[&Statement]] = &[migrations::STATEMENTS];

/// Every statement of the program.
pub fn all_statements() -> impl Iterator<Item = &'static Statement> {
    let files = FILES.iter().chain(crate::books::STATEMENTS);
    files.flat_map(|file| file.iter().copied())
}
