// SPDX-License-Identifier: MIT OR Apache-2.0
//! Both dialects say the same: statements, tables, columns, rules.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use makegood::store::{Statement, Store, all_statements, migrations};

use crate::ground::{self, Ground};

async fn shape(store: &Store, statement: &'static Statement) -> Result<(usize, usize), String> {
    store
        .read(move |tx| Box::pin(async move { tx.shape(statement).await }))
        .await
        .map_err(|trouble| trouble.to_string())
}

#[tokio::test]
async fn every_statement_is_understood_by_both_and_takes_and_gives_alike() {
    let (sqlite, postgres) = (Ground::sqlite().await, Ground::postgres().await);
    let mut names = BTreeSet::new();
    // Those of the tests are checked too, but for the two that are wrong on purpose.
    let wrong = [ground::NO_SUCH_TABLE.name, ground::ALL_RESERVED.name];
    let own = ground::STATEMENTS.iter().copied();
    for statement in all_statements().chain(own.filter(|own| !wrong.contains(&own.name))) {
        let shapes = (
            shape(&sqlite.store, statement).await,
            shape(&postgres.store, statement).await,
        );
        assert!(shapes.0.is_ok(), "SQLite: {shapes:?}");
        assert_eq!(shapes.0, shapes.1, "{}", statement.name);
        assert!(
            names.insert(statement.name),
            "two statements are called {}",
            statement.name
        );
    }
}

#[tokio::test]
async fn what_takes_many_sets_at_once_takes_the_same_values_and_tells_its_key() {
    let postgres = Ground::postgres().await;
    let mut found = 0;
    for statement in all_statements() {
        let Some(many) = statement.many else { continue };
        found += 1;
        let one = shape(&postgres.store, statement).await.unwrap();
        let all: &'static Statement = Box::leak(Box::new(Statement {
            postgres: many,
            many: None,
            ..*statement
        }));
        let (taken, told) = shape(&postgres.store, all).await.unwrap();
        assert_eq!(taken, one.0, "{}", statement.name);
        // Where a set may make no row, the ones that did are told apart by what they give.
        let may_make_none = many.contains("do nothing");
        assert_eq!(told > 0, may_make_none, "{}", statement.name);
    }
    assert!(found > 1, "none is left to look at");
}

#[tokio::test]
async fn a_statement_that_one_of_them_reads_otherwise_is_found() {
    let (sqlite, postgres) = (Ground::sqlite().await, Ground::postgres().await);
    for store in [&sqlite.store, &postgres.store] {
        let refused = shape(store, &ground::NO_SUCH_TABLE).await;
        assert!(
            refused
                .expect_err("no such table")
                .contains("NO_SUCH_TABLE")
        );
    }
    // A sum is a number of another kind in PostgreSQL.
    assert!(shape(&sqlite.store, &ground::ALL_RESERVED).await.is_ok());
    let refused = shape(&postgres.store, &ground::ALL_RESERVED).await;
    assert!(refused.expect_err("a sum").contains("::bigint"));
}

#[test]
fn every_migration_has_a_file_for_each_dialect_and_every_file_is_listed() {
    let root = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("src/store/migrations");
    let listed: Vec<String> = migrations::ALL
        .iter()
        .map(|step| format!("{:04}_{}.sql", step.number, step.name))
        .collect();
    for dialect in ["sqlite", "postgres"] {
        let entries = fs::read_dir(root.join(dialect)).expect("a folder");
        let mut found: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("a file")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        found.sort();
        assert_eq!(found, listed, "{dialect}");
    }
    let numbers: Vec<i64> = migrations::ALL.iter().map(|step| step.number).collect();
    let expected: Vec<i64> = (1..).take(numbers.len()).collect();
    assert_eq!(numbers, expected);
}

/// Rows of text, one for each thing that a store is made of.
static SQLITE: Statement = Statement {
    name: "SQLITE_SCHEMA",
    sqlite: r#"
        with tables as (
            select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite_%'
        )
        select 'column ' || t.name || '.' || c.name || ' ' || lower(c.type)
            || iif(c."notnull", ' not null', '') || iif(c.dflt_value is null, '', ' default ' || c.dflt_value)
            from tables t, pragma_table_info(t.name) c
        union all
        select 'key ' || t.name || ' ' || (select group_concat(name) from (select name from pragma_table_info(t.name) where pk > 0 order by pk))
            from tables t where exists (select 1 from pragma_table_info(t.name) where pk > 0)
        union all
        select 'unique ' || t.name || ' ' || iif(i.origin = 'c', i.name, '-') || ' '
            || (select group_concat(coalesce(name, '()')) from (select name from pragma_index_info(i.name) order by seqno))
            || iif(i.partial, ' in part', '')
            from tables t, pragma_index_list(t.name) i where i."unique" and i.origin <> 'pk'
        union all
        select 'index ' || t.name || ' ' || i.name || ' '
            || (select group_concat(coalesce(name, '()')) from (select name from pragma_index_info(i.name) order by seqno))
            || iif(i.partial, ' in part', '')
            from tables t, pragma_index_list(t.name) i where not i."unique"
        union all
        select 'reference ' || t.name || '.' || f."from" || ' to ' || f."table" || '.' || f."to" || ' ' || lower(f.on_delete)
            from tables t, pragma_foreign_key_list(t.name) f
        union all
        select 'trigger ' || tbl_name || ' ' || name from sqlite_schema where type = 'trigger'
    "#,
    postgres: "",
    many: None,
};

static POSTGRES: Statement = Statement {
    name: "POSTGRES_SCHEMA",
    sqlite: "",
    postgres: r"
        with tables as (
            select oid, relname::text as name from pg_class where relkind = 'r' and relnamespace = current_schema()::regnamespace
        ),
        indexes as (
            select t.name as owner, c.relname::text as name, i.indisunique as is_unique, i.indpred is not null as in_part,
                exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype = 'u') as is_constraint,
                (select string_agg(coalesce(a.attname::text, '()'), ',' order by part.at)
                    from unnest(i.indkey) with ordinality part (number, at)
                    left join pg_attribute a on a.attrelid = t.oid and a.attnum = part.number and part.number > 0) as columns
            from tables t join pg_index i on i.indrelid = t.oid join pg_class c on c.oid = i.indexrelid
            where not i.indisprimary
        )
        select 'column ' || t.name || '.' || c.column_name
            || case c.data_type when 'bigint' then ' integer' when 'bytea' then ' blob' when 'uuid' then ' blob' else ' ' || c.data_type end
            || case when c.is_nullable = 'NO' then ' not null' else '' end || coalesce(' default ' || c.column_default, '')
            from tables t join information_schema.columns c on c.table_name = t.name and c.table_schema = current_schema()
        union all
        select 'key ' || t.name || coalesce(' ' || (
            select string_agg(a.attname::text, ',' order by part.at)
                from pg_index i, unnest(i.indkey) with ordinality part (number, at)
                join pg_attribute a on a.attnum = part.number
                where i.indrelid = t.oid and i.indisprimary and a.attrelid = t.oid), '')
            from tables t where exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary)
        union all
        select 'unique ' || owner || ' ' || case when is_constraint then '-' else name end || ' ' || columns
            || case when in_part then ' in part' else '' end
            from indexes where is_unique
        union all
        select 'index ' || owner || ' ' || name || ' ' || columns || case when in_part then ' in part' else '' end
            from indexes where not is_unique
        union all
        select 'reference ' || t.name || '.' || a.attname || ' to ' || o.relname || '.' || b.attname || ' '
            || case k.confdeltype when 'c' then 'cascade' when 'n' then 'set null' when 'r' then 'restrict' when 'd' then 'set default' else 'no action' end
            from tables t join pg_constraint k on k.conrelid = t.oid and k.contype = 'f'
            join pg_class o on o.oid = k.confrelid
            cross join lateral unnest(k.conkey, k.confkey) as pair (mine, theirs)
            join pg_attribute a on a.attrelid = t.oid and a.attnum = pair.mine
            join pg_attribute b on b.attrelid = o.oid and b.attnum = pair.theirs
        union all
        select 'trigger ' || t.name || ' ' || g.tgname from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
    ",
    many: None,
};

/// The text of all tables, in which SQLite keeps the names of checks.
static SQLITE_TABLES: Statement = Statement {
    name: "SQLITE_TABLES",
    sqlite: "select name, sql from sqlite_schema where type = 'table' and name not like 'sqlite_%'",
    postgres: "",
    many: None,
};

static POSTGRES_CHECKS: Statement = Statement {
    name: "POSTGRES_CHECKS",
    sqlite: "",
    postgres: "select 'check ' || conrelid::regclass::text || ' ' || conname from pg_constraint
        where contype = 'c' and connamespace = current_schema()::regnamespace",
    many: None,
};

async fn texts(store: &Store, statement: &'static Statement) -> Vec<(String, String)> {
    store
        .read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(statement, &[]).await?;
                let pair = |row: &makegood::store::Row| {
                    let second = if row.width() > 1 { row.text(1)? } else { "" };
                    Ok((row.text(0)?.to_owned(), second.to_owned()))
                };
                rows.iter().map(pair).collect()
            })
        })
        .await
        .expect("a description")
}

fn named_checks(table: &str, text: &str) -> Vec<String> {
    let words: Vec<&str> = text
        .split(|sign: char| sign.is_whitespace() || sign == '(')
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(3)
        .filter(|three| three[0] == "constraint" && three[2] == "check")
        .map(|three| format!("check {table} {}", three[1]))
        .collect()
}

/// The same column as SQLite writes it: there a text needs no kind, and a key that counts by itself is a plain number.
fn as_sqlite_writes(text: &str) -> String {
    let text = text.replace("'::text", "'");
    match text.split_once(" not null default nextval(") {
        Some((column, _)) => column.to_owned(),
        None => text,
    }
}

#[tokio::test]
async fn both_are_made_of_the_same_tables_columns_and_rules() {
    let (sqlite, postgres) = (Ground::sqlite().await, Ground::postgres().await);
    let (mut one, mut other) = (BTreeSet::new(), BTreeSet::new());
    one.extend(
        texts(&sqlite.store, &SQLITE)
            .await
            .into_iter()
            .map(|(text, _)| text),
    );
    let mut checks = 0;
    for (table, text) in texts(&sqlite.store, &SQLITE_TABLES).await {
        let text = text.to_lowercase();
        let named = named_checks(&table, &text);
        // A check without a name is called by its text in SQLite, and by a made-up name in PostgreSQL.
        assert_eq!(
            text.matches("check (").count(),
            named.len(),
            "{table}: name each check"
        );
        assert!(
            text.trim_end()
                .trim_end_matches(", without rowid")
                .ends_with("strict"),
            "{table}: make it strict"
        );
        checks += named.len();
        one.extend(named);
    }
    for statement in [&POSTGRES, &POSTGRES_CHECKS] {
        other.extend(
            texts(&postgres.store, statement)
                .await
                .into_iter()
                .map(|(text, _)| as_sqlite_writes(&text)),
        );
    }
    let only = |left: &BTreeSet<String>, right: &BTreeSet<String>| -> Vec<String> {
        left.difference(right).cloned().collect()
    };
    assert_eq!(
        (only(&one, &other), only(&other, &one)),
        (vec![], vec![]),
        "only in SQLite, only in PostgreSQL"
    );
    // That something is compared at all.
    assert!(checks >= 2);
    for expected in [
        "column meta.value blob",
        "key seat row,number",
        "unique seat seat_of_person person,row in part",
        "unique person person_by_small_name ()",
        "unique person - tag",
        "reference seat.person to person.id no action",
        "trigger note note_is_final",
        "check account account_reserved_within_captured",
    ] {
        assert!(one.contains(expected), "{expected}: {one:#?}");
    }
}
