//! Migrations that die half way on MariaDB, where each DDL statement is committed by itself: whoever comes after goes
//! on where they stopped, and the schema is the one of an undisturbed run. `TEST_MYSQL_URL` names a server whose user
//! may create databases.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "the test's own helpers stop at the first surprise")]

use db::{Db, DbConfig, DbConnection, DbError};
use diesel::sql_types::Text;
use diesel::{QueryableByName, sql_query};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigration, EmbeddedMigrations, EmbeddedName, TomlMetadataWrapper};
use std::path::Path;
use testkit::mariadb::with_database;

/// A statement that no server executes.
const DEATH: &str = "SELECT death FROM nowhere;";

/// A migration's folder and what it executes.
struct Script {
    name: &'static str,
    up: String,
}

/// The migrations of a folder, in their order.
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
    /// Where its statements end: a semicolon at the end of a line, after which something begins that is not indented
    /// and is not the end of a trigger.
    fn ends(&self) -> Vec<usize> {
        let begins =
            |at: &usize| self.up.get(at + 2..).is_none_or(|rest| !rest.starts_with(' ') && !rest.starts_with("END"));
        self.up.match_indices(";\n").map(|(at, _)| at).filter(begins).map(|at| at + 2).collect()
    }
    /// The migration, cut off at `end`; whole without one.
    fn until(&self, end: Option<usize>) -> EmbeddedMigrations {
        let up = end.map_or_else(|| self.up.clone(), |end| format!("{}{DEATH}", self.up.get(..end).unwrap()));
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

/// Tables, columns, indexes, constraints, triggers and the versions that were run, one a line.
async fn schema(db: &Db) -> Vec<String> {
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
    all
}

async fn undisturbed(scripts: &[Script], extra: &str) -> (Vec<String>, Vec<String>) {
    let mut seen = None;
    with_database(async |url| {
        let db = Db::connect(&DbConfig::new(url)).await.unwrap();
        for script in scripts {
            assert_eq!(db.migrate(script.until(None)).await.unwrap().len(), 1);
        }
        seen = Some((schema(&db).await, lines(&mut db.write().await.unwrap(), extra).await));
    })
    .await;
    seen.unwrap()
}

/// Dies after each statement of each migration of `service`; `extra` asks for rows that migrations put in.
async fn dies_everywhere(service: &str, extra: &str) {
    let mut all = scripts("crates/chassis");
    all.extend(scripts(&format!("services/{service}")));
    let expected = undisturbed(&all, extra).await;
    with_database(async |url| {
        let db = Db::connect(&DbConfig::new(url)).await.unwrap();
        for script in &all {
            for end in std::iter::once(0).chain(script.ends()) {
                let died = db.migrate(script.until(Some(end))).await;
                let DbError::Migration(said) = died.expect_err("it dies") else { panic!("another error") };
                assert!(said.contains("nowhere"), "{} at {end}: {said}", script.name);
                forget_the_last_note(&db, script, end).await;
            }
            assert_eq!(db.migrate(script.until(None)).await.unwrap().len(), 1, "{}", script.name);
            assert!(db.migrate(script.until(None)).await.unwrap().is_empty());
        }
        let found = (schema(&db).await, lines(&mut db.write().await.unwrap(), extra).await);
        assert_eq!(found, expected, "{service}");
    })
    .await;
}

/// As if the process had died between a DDL statement, which commits by itself, and the note that it is done.
async fn forget_the_last_note(db: &Db, script: &Script, end: usize) {
    let begin = script.ends().into_iter().rfind(|e| *e < end).unwrap_or(0);
    let statement = script.up.get(begin..end).unwrap();
    let mut code = statement.lines().map(str::trim_start).filter(|l| !l.is_empty() && !l.starts_with("--"));
    if code.next().is_some_and(|l| ["CREATE ", "ALTER ", "DROP "].iter().any(|verb| l.starts_with(verb))) {
        let note = "UPDATE migration_steps SET done = done - 1";
        db.write().await.unwrap().batch_execute(note).await.unwrap();
    }
}

macro_rules! every_service {
    ($($service:ident: $extra:literal,)*) => {
        $(mod $service {
            #[tokio::test]
            async fn a_migration_that_dies_anywhere_goes_on_where_it_stopped_on_services() {
                super::dies_everywhere(stringify!($service), $extra).await;
            }
        })*
    };
}
every_service! {
    auth: "SELECT '' AS line",
    binary: "SELECT '' AS line",
    booking: "SELECT CONCAT_WS(' ', model, variant, price_paise) AS line FROM vehicles ORDER BY id",
    compliance: "SELECT '' AS line",
    notification: "SELECT '' AS line",
    payout: "SELECT '' AS line",
    reports: "SELECT '' AS line",
    wallet: "SELECT '' AS line",
}

#[test]
fn every_service_dies() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services");
    let listed = include_str!("main.rs");
    for entry in std::fs::read_dir(services).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(listed.contains(&format!("    {name}: \"SELECT")), "{name} is not in the list");
    }
}
