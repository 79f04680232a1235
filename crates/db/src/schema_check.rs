//! Check of a MySQL database before a service starts: that the release has migrated it and granted the rights.
//!
//! A service's user cannot change the schema, so a service that starts before its release's migration has to wait for
//! it, and one whose user lacks a right would fail at the first request that needs it.

use crate::backend::MultiBackend;
use crate::config::Target;
use crate::connection::DbConnection;
use crate::error::DbError;
use crate::handle::Db;
use crate::open::{Access, open};
use crate::script;
use diesel::migration::{Migration, MigrationSource};
use diesel::sql_types::Text;
use diesel::{OptionalExtension, QueryResult};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::EmbeddedMigrations;
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};

/// Table and migration versions are looked up by name in the database of the connection.
const FIRST_COLUMN: &str = "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() \
                            AND table_name = ? AND ordinal_position = 1";

#[derive(diesel::QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// What the migrations of a service say about its tables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tables {
    /// Tables, each with the rights that a trigger refuses to every user.
    refused: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Tables {
    /// Reads a statement of a migration.
    fn add(&mut self, statement: &str) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        let name = |at: usize| {
            let is = |at: usize, keyword: &str| words.get(at).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
            let skipped = match (is(at, "IF"), is(at + 1, "NOT")) {
                (false, _) => 0,
                (true, false) => 2,
                (true, true) => 3,
            };
            let word = words.get(at + skipped)?;
            Some(word.split('(').next().unwrap_or(word).trim_matches('`').to_owned())
        };
        let is = |at: usize, keyword: &str| words.get(at).is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        if is(0, "CREATE") && is(1, "TABLE") {
            if let Some(table) = name(2) {
                self.refused.entry(table).or_default();
            }
        } else if (is(0, "CREATE") || is(0, "DROP")) && is(1, "TRIGGER") {
            for (suffix, right) in [("_refuse_update", "UPDATE"), ("_refuse_delete", "DELETE")] {
                let trigger = name(2);
                let trigger = trigger.as_deref().map(|trigger| trigger.trim_end_matches(';'));
                let Some(table) = trigger.and_then(|trigger| trigger.strip_suffix(suffix)) else { continue };
                if is(0, "CREATE") {
                    self.refused.entry(table.to_owned()).or_default().insert(right);
                } else if let Some(rights) = self.refused.get_mut(table) {
                    rights.remove(right);
                }
            }
        } else if is(0, "DROP")
            && is(1, "TABLE")
            && let Some(table) = name(2)
        {
            self.refused.remove(table.trim_end_matches(';'));
        }
    }
}

impl Db {
    /// Lists what this MySQL database still lacks for a service with these migrations: versions of pending migrations,
    /// and rights of the service's user. Empty when the service can start, and for SQLite.
    pub fn list_missing<'a>(
        &'a self,
        sets: &'a [&'a EmbeddedMigrations],
    ) -> BoxFuture<'a, Result<Vec<String>, DbError>> {
        Box::pin(async move {
            let Some(mut found) = SchemaCheck::begin(&self.primary, sets).await? else { return Ok(Vec::new()) };
            if !found.pending.is_empty() {
                return Ok(found.pending);
            }
            list_missing_rights(&mut found.connection, &found.tables).await
        })
    }

    /// Lists the pending migrations alone, for a user who only reads. Empty for SQLite.
    pub fn list_pending<'a>(
        &'a self,
        sets: &'a [&'a EmbeddedMigrations],
    ) -> BoxFuture<'a, Result<Vec<String>, DbError>> {
        Box::pin(async move {
            let found = SchemaCheck::begin(&self.primary, sets).await?;
            Ok(found.map(|found| found.pending).unwrap_or_default())
        })
    }
}

/// What the migrations create, and which of them are pending.
struct SchemaCheck {
    connection: DbConnection,
    pending: Vec<String>,
    tables: Tables,
}

impl SchemaCheck {
    /// `None` for SQLite.
    async fn begin(target: &Target, sets: &[&EmbeddedMigrations]) -> Result<Option<Self>, DbError> {
        let Target::Mysql { .. } = target else { return Ok(None) };
        let mut connection = open(target, Access::ReadWrite).await?;
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| DbError::Migration(error.to_string());
        let applied = list_applied(&mut connection).await?;
        let (mut pending, mut tables) = (Vec::new(), Tables::default());
        for set in sets {
            let migrations: Vec<Box<dyn Migration<MultiBackend>>> = set.migrations().map_err(failed)?;
            for migration in migrations {
                let version = migration.name().version().to_string();
                script::statements(&*migration).map_err(failed)?.iter().for_each(|statement| tables.add(statement));
                if !applied.contains(&version) {
                    pending.push(format!("migration {version}"));
                }
            }
        }
        Ok(Some(Self { connection, pending, tables }))
    }
}

/// Versions of the applied migrations. None where the user cannot see their table.
async fn list_applied(c: &mut DbConnection) -> Result<BTreeSet<String>, DbError> {
    let table = diesel::sql_query(FIRST_COLUMN).bind::<Text, _>("__diesel_schema_migrations");
    let exists: Option<Name> = table.get_result(c).await.optional()?;
    if exists.is_none() {
        return Ok(BTreeSet::new());
    }
    let versions: Vec<Name> =
        diesel::sql_query("SELECT version AS name FROM __diesel_schema_migrations").load(c).await?;
    Ok(versions.into_iter().map(|row| row.name).collect())
}

/// Tries each right that the service needs, on no row.
async fn list_missing_rights(c: &mut DbConnection, tables: &Tables) -> Result<Vec<String>, DbError> {
    let mut missing = Vec::new();
    for (table, refused) in &tables.refused {
        let first: Option<Name> =
            diesel::sql_query(FIRST_COLUMN).bind::<Text, _>(table).get_result(c).await.optional()?;
        let Some(Name { name: column }) = first else {
            missing.push(format!("SELECT on {table}"));
            continue;
        };
        let tries = [
            ("SELECT", format!("DO (SELECT COUNT(*) FROM `{table}` WHERE 1 = 0)")),
            ("INSERT", format!("INSERT INTO `{table}` SELECT * FROM `{table}` WHERE 1 = 0")),
            ("UPDATE", format!("UPDATE `{table}` SET `{column}` = `{column}` WHERE 1 = 0")),
            ("DELETE", format!("DELETE FROM `{table}` WHERE 1 = 0")),
        ];
        for (right, statement) in tries {
            if !refused.contains(right) && is_denied(c.batch_execute(&statement).await)? {
                missing.push(format!("{right} on {table}"));
            }
        }
    }
    Ok(missing)
}

/// Whether a statement failed for lack of a right. Errors with any other failure.
fn is_denied(outcome: QueryResult<()>) -> Result<bool, DbError> {
    match outcome {
        Ok(()) => Ok(false),
        Err(error) if crate::error::is_access_denied(&error) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_that_a_service_needs_follow_from_its_migrations() {
        let mut tables = Tables::default();
        for statement in [
            "CREATE TABLE postings (\n id BIGINT)",
            "CREATE TABLE IF NOT EXISTS `plans`(id BIGINT)",
            "CREATE TABLE old (id BIGINT)",
            "CREATE INDEX postings_age ON postings (id)",
            "CREATE TRIGGER postings_refuse_update BEFORE UPDATE ON postings FOR EACH ROW SIGNAL SQLSTATE '45000'",
            "CREATE TRIGGER IF NOT EXISTS postings_refuse_delete BEFORE DELETE ON postings FOR EACH ROW BEGIN END",
            "CREATE TRIGGER postings_refuse_replace BEFORE INSERT ON postings FOR EACH ROW BEGIN END",
            "DROP TABLE old",
            "CREATE TABLE records (id BIGINT)",
            "DROP TRIGGER IF EXISTS records_refuse_update",
            "CREATE TRIGGER records_refuse_update BEFORE UPDATE ON records FOR EACH ROW BEGIN END",
            "CREATE TRIGGER records_refuse_delete BEFORE DELETE ON records FOR EACH ROW BEGIN END",
            "DROP TRIGGER IF EXISTS records_refuse_update;",
        ] {
            tables.add(statement);
        }
        let refused: Vec<(&str, Vec<&str>)> =
            tables.refused.iter().map(|(table, rights)| (table.as_str(), rights.iter().copied().collect())).collect();
        assert_eq!(refused, [("plans", vec![]), ("postings", vec!["DELETE", "UPDATE"]), ("records", vec!["DELETE"])]);
    }
}
