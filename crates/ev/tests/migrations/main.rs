//! Interrupted migrations on MariaDB, where each DDL statement commits by itself: the next run resumes, and schema and
//! rows equal those of an uninterrupted run. `TEST_MYSQL_URL` is a server whose user may create databases.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "test helpers panic on failure")]

use db::{Db, DbConfig, DbConnection, DbError};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigration, EmbeddedMigrations, EmbeddedName, TomlMetadataWrapper};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::Path;
use testkit::mariadb::with_database;

/// A statement that always fails.
const FAILING_STATEMENT: &str = "SELECT absent FROM nowhere;";

/// A migration: folder name and script.
struct Script {
    name: &'static str,
    up: String,
}

/// The migrations of a crate, in order.
fn scripts(folder: &str) -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder).join("migrations");
    let mut found: Vec<Script> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| Script {
            name: entry.file_name().into_string().unwrap().leak(),
            up: std::fs::read_to_string(entry.path().join("up.sql")).unwrap(),
        })
        .collect();
    found.sort_by_key(|script| script.name);
    found
}

impl Script {
    /// Ends of its statements: a semicolon at the end of a line, followed by a line that is not indented and does not
    /// end a trigger.
    fn statement_ends(&self) -> Vec<usize> {
        let begins =
            |at: &usize| self.up.get(at + 2..).is_none_or(|rest| !rest.starts_with(' ') && !rest.starts_with("END"));
        self.up.match_indices(";\n").map(|(at, _)| at).filter(begins).map(|at| at + 2).collect()
    }
    /// The migration up to `end`, followed by a failing statement; the whole migration for `None`.
    fn truncated(&self, end: Option<usize>) -> EmbeddedMigrations {
        let up =
            end.map_or_else(|| self.up.clone(), |end| format!("{}{FAILING_STATEMENT}", self.up.get(..end).unwrap()));
        let migration =
            EmbeddedMigration::new(up.leak(), None, EmbeddedName::new(self.name), TomlMetadataWrapper::new(true));
        EmbeddedMigrations::new(Box::leak(Box::new([migration])))
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    line: String,
}

async fn lines(c: &mut DbConnection, query: &str) -> Vec<String> {
    let rows: Vec<Row> = sql_query(query).load(c).await.unwrap();
    rows.into_iter().map(|row| row.line).collect()
}

/// Tables of the migrations themselves.
const BOOKKEEPING: &str = "('__diesel_schema_migrations', 'migration_steps')";

/// Tables, columns, indexes, constraints, triggers, applied versions and rows, one a line.
async fn schema_and_rows(db: &Db) -> Vec<String> {
    let c = &mut *db.write().await.unwrap();
    let mut all = Vec::new();
    for (columns, table) in [
        ("table_name, column_name, ordinal_position, column_type, is_nullable, column_default, extra", "columns"),
        ("table_name, index_name, seq_in_index, column_name, non_unique", "statistics"),
        ("table_name, constraint_name, constraint_type", "table_constraints"),
    ] {
        let from = format!("information_schema.{table} WHERE table_schema = DATABASE()");
        all.extend(lines(c, &format!("SELECT CONCAT_WS(' ', {columns}) AS line FROM {from} ORDER BY line")).await);
    }
    let triggers = "information_schema.triggers WHERE trigger_schema = DATABASE()";
    let shown = "CONCAT_WS(' ', trigger_name, event_object_table, action_statement)";
    all.extend(lines(c, &format!("SELECT {shown} AS line FROM {triggers} ORDER BY line")).await);
    all.extend(lines(c, "SELECT version AS line FROM __diesel_schema_migrations ORDER BY version").await);
    all.extend(lines(c, "SELECT version AS line FROM migration_steps").await);
    all.extend(rows(c).await);
    all
}

/// Rows that the migrations insert, with their values in hexadecimal digits.
async fn rows(c: &mut DbConnection) -> Vec<String> {
    let from = format!(
        "information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT IN {BOOKKEEPING} \
         ORDER BY ordinal_position"
    );
    let columns = lines(c, &format!("SELECT CONCAT_WS(' ', table_name, column_name) AS line FROM {from}")).await;
    let mut tables: BTreeMap<&str, String> = BTreeMap::new();
    for (table, column) in columns.iter().filter_map(|line| line.split_once(' ')) {
        tables.entry(table).or_default().push_str(&format!(", COALESCE(HEX(`{column}`), '-')"));
    }
    let mut all = Vec::new();
    for (table, values) in tables {
        all.extend(
            lines(c, &format!("SELECT CONCAT_WS(' ', '{table}'{values}) AS line FROM {table} ORDER BY line")).await,
        );
    }
    all
}

async fn uninterrupted(scripts: &[Script]) -> Vec<String> {
    let mut seen = Vec::new();
    with_database(async |url| {
        let db = Db::connect(&DbConfig::new(url)).await.unwrap();
        for script in scripts {
            assert_eq!(db.migrate(script.truncated(None)).await.unwrap().len(), 1);
        }
        seen = schema_and_rows(&db).await;
    })
    .await;
    seen
}

/// Interrupts after each statement of each migration of `service`.
async fn interrupt_everywhere(service: &str) {
    let mut all = scripts("crates/chassis");
    all.extend(scripts(&format!("services/{service}")));
    let expected = uninterrupted(&all).await;
    with_database(async |url| {
        let db = Db::connect(&DbConfig::new(url)).await.unwrap();
        for script in &all {
            for end in std::iter::once(0).chain(script.statement_ends()) {
                let interrupted = db.migrate(script.truncated(Some(end))).await;
                let DbError::Migration(message) = interrupted.expect_err("interrupted") else {
                    panic!("another error")
                };
                assert!(message.contains("nowhere"), "{} at {end}: {message}", script.name);
                undo_last_record(&db, script, end).await;
            }
            assert_eq!(db.migrate(script.truncated(None)).await.unwrap().len(), 1, "{}", script.name);
            assert!(db.migrate(script.truncated(None)).await.unwrap().is_empty());
        }
        assert_eq!(schema_and_rows(&db).await, expected, "{service}");
    })
    .await;
}

/// Simulates an interruption between a DDL statement, which commits by itself, and its record in `migration_steps`.
async fn undo_last_record(db: &Db, script: &Script, end: usize) {
    let begin = script.statement_ends().into_iter().rfind(|e| *e < end).unwrap_or(0);
    let statement = script.up.get(begin..end).unwrap();
    let mut code = statement.lines().map(str::trim_start).filter(|l| !l.is_empty() && !l.starts_with("--"));
    if code.next().is_some_and(|l| ["CREATE ", "ALTER ", "DROP "].iter().any(|verb| l.starts_with(verb))) {
        let undo = "UPDATE migration_steps SET done = done - 1";
        db.write().await.unwrap().batch_execute(undo).await.unwrap();
    }
}

#[tokio::test]
async fn an_interrupted_migration_resumes_where_it_stopped_on_services() {
    join_all(ev::services().iter().map(|service| interrupt_everywhere(service.name))).await;
}
