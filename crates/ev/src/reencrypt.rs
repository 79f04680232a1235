//! `ev pii re-encrypt`: values that an older key has sealed are sealed again with the first key of `PII_KEYS`.
//!
//! The platform may run. What is done is seen in the values themselves, so after a kill the command is started again
//! and does the rest. Blind indexes depend on `PII_INDEX_KEY` alone, so they stay. Passes over all tables are repeated
//! until one finds nothing to do, because a service that read a row before may have written the older value back.

use crate::output::print;
use crate::secrets::{self, SecretsError};
use crate::service_databases::{self, UnusableDatabase};
use db::rewrite::{RewritableColumn, Rewrite};
use db::{Db, DbError};
use pii::Sealer;
use proto_events::sealed_fields::replace_sealed;
use runtime::Env;
use runtime::config::ConfigError;
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;

/// Passes after which the command ends while values of another key are still found.
const MAX_PASSES: u32 = 5;

/// Why values cannot be sealed again.
#[derive(Debug, thiserror::Error)]
pub enum ReencryptError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("{service}")]
    Unusable { service: &'static str, source: UnusableDatabase },
    #[error("{service}: {table}.{column}")]
    Column { service: &'static str, table: &'static str, column: &'static str, source: DbError },
}

/// How values are sealed again.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Rows read and changed at a time.
    pub batch_rows: i64,
    /// Counts only.
    pub dry_run: bool,
    /// Prints a line after each batch that changed something.
    pub progress: bool,
}

/// Outcome of all passes.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// Whether all values are sealed with the first key.
    pub ok: bool,
    /// Id of the first key.
    pub key: String,
    pub dry_run: bool,
    pub passes: u32,
    pub columns: Vec<ColumnResult>,
}

/// Outcome for one column.
#[derive(Debug, Serialize)]
pub struct ColumnResult {
    pub service: &'static str,
    pub table: &'static str,
    pub column: &'static str,
    /// Sealed values found by the last pass.
    pub values: u64,
    /// Values that this run has sealed again.
    pub resealed: u64,
    /// Values of another key that the last pass has found.
    pub outdated: u64,
    /// Values that no key opens, found by the last pass.
    pub unreadable: u64,
}

/// A column of one service.
struct Target {
    db: Db,
    column: RewritableColumn,
    holds_events: bool,
}

/// Seals the values of all services again: in the databases that the environment names, or those in the data folder.
pub async fn run(env: &Env, data: &Path, options: Options) -> Result<Outcome, ReencryptError> {
    let sealer = Sealer::from_env(&secrets::add_stored(env, data)?)?;
    let (mut targets, mut columns) = (Vec::new(), Vec::new());
    for service in crate::services() {
        let database = service_databases::config(env, data, service.name)?;
        let db = service_databases::connect(&database, &service).await;
        let db = db.map_err(|source| ReencryptError::Unusable { service: service.name, source })?;
        let own = service.sealed.iter().map(|column| (*column, false));
        for (column, holds_events) in own.chain(messaging::sealed_events::COLUMNS.map(|column| (column, true))) {
            columns.push(ColumnResult {
                service: service.name,
                table: column.table,
                column: column.column,
                values: 0,
                resealed: 0,
                outdated: 0,
                unreadable: 0,
            });
            targets.push(Target { db: db.clone(), column, holds_events });
        }
    }
    let mut passes = 0;
    loop {
        passes += 1;
        for (target, result) in targets.iter().zip(&mut columns) {
            run_pass(target, &sealer, options, result).await?;
        }
        let is_done = columns.iter().all(|column| column.outdated == 0);
        if is_done || options.dry_run || passes >= MAX_PASSES {
            break;
        }
    }
    let ok = columns.iter().all(|column| column.outdated == 0 && column.unreadable == 0);
    Ok(Outcome { ok, key: sealer.first_key_id().to_owned(), dry_run: options.dry_run, passes, columns })
}

async fn run_pass(
    target: &Target,
    sealer: &Sealer,
    options: Options,
    result: &mut ColumnResult,
) -> Result<(), ReencryptError> {
    (result.values, result.outdated, result.unreadable) = (0, 0, 0);
    let (service, table, column) = (result.service, result.table, result.column);
    let mut pass = Pass { sealer, options, holds_events: target.holds_events, result };
    let done = (target.column.rewrite)(&target.db, &mut pass).await;
    done.map_err(|source| ReencryptError::Column { service, table, column, source })
}

/// One pass over one column.
struct Pass<'a> {
    sealer: &'a Sealer,
    options: Options,
    holds_events: bool,
    result: &'a mut ColumnResult,
}

impl Pass<'_> {
    fn reseal(&mut self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        // A member without an approved PAN has an empty one.
        if sealed.is_empty() {
            return None;
        }
        self.result.values += 1;
        let Ok(new) = self.sealer.reseal(purpose, sealed) else {
            self.result.unreadable += 1;
            return None;
        };
        self.result.outdated += u64::from(new.is_some());
        new.filter(|_| !self.options.dry_run)
    }
}

impl Rewrite for Pass<'_> {
    fn batch_rows(&self) -> i64 {
        self.options.batch_rows
    }

    fn replacement(&mut self, label: &str, value: &[u8]) -> Option<Vec<u8>> {
        if !self.holds_events {
            return self.reseal(label, value);
        }
        let replaced = replace_sealed(label, value, &mut |purpose, sealed| self.reseal(purpose, sealed));
        replaced.unwrap_or_else(|_| {
            self.result.unreadable += 1;
            None
        })
    }

    fn batch_stored(&mut self, replaced: usize, _changed_meanwhile: usize) {
        self.result.resealed += u64::try_from(replaced).unwrap_or(u64::MAX);
        if self.options.progress && replaced > 0 {
            let ColumnResult { service, table, column, resealed, .. } = &self.result;
            print(&format!("{service} {table}.{column}: {resealed} sealed again"));
        }
    }
}

/// The outcome as a table for people.
pub fn text(outcome: &Outcome) -> String {
    let counts = ["values", "resealed", "outdated", "unreadable"];
    let [values, resealed, outdated, unreadable] = counts;
    let mut text = format!("{:<44}{values:>10}{resealed:>10}{outdated:>10}{unreadable:>12}\n", "column");
    for c in outcome.columns.iter().filter(|c| c.values > 0 || c.resealed > 0 || c.unreadable > 0) {
        let name = format!("{} {}.{}", c.service, c.table, c.column);
        // Writing to a String cannot fail.
        let _written =
            writeln!(text, "{name:<44}{:>10}{:>10}{:>10}{:>12}", c.values, c.resealed, c.outdated, c.unreadable);
    }
    let Outcome { key, passes, .. } = outcome;
    let passes = if *passes == 1 { "1 pass".to_owned() } else { format!("{passes} passes") };
    let verdict = if outcome.ok {
        format!("ok: every value is sealed with key {key}, after {passes}")
    } else if outcome.columns.iter().any(|c| c.unreadable > 0) {
        "not ok: no key opens some values; they are as they were".to_owned()
    } else if outcome.dry_run {
        format!("not ok: some values are not sealed with key {key}")
    } else {
        format!("not ok: after {passes} a service still seals with another key than {key}")
    };
    text + &verdict
}
