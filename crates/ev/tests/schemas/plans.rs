//! Query plans of all recorded statements of the services: no statement may scan a growing table.
//!
//! `scripts/test` runs the other suites first, which record their statements (`testkit::statements`), and then this
//! test. Every table is filled with thousands of rows. On SQLite plans are checked with and without statistics, because
//! the files of the embedded run have none.

mod exceptions;
mod filled;
mod statement;

use crate::schema::{RawConnection, tables};
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use filled::FilledDatabase;
use runtime::Env;
use statement::Statement;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Environment variable with the folder of the recorded statements.
const RECORDED_VARIABLE: &str = "EV_STATEMENTS_RECORDED";

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Access {
    #[diesel(sql_type = Nullable<Text>, column_name = "table")]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "type")]
    kind: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "key")]
    index: Option<String>,
    #[diesel(sql_type = Nullable<Text>, column_name = "Extra")]
    extra: Option<String>,
}

fn recorded(service: &str) -> Vec<String> {
    let env = Env::from_process();
    let folder = env.required(RECORDED_VARIABLE).unwrap_or_else(|e| panic!("{e}: run this through scripts/test"));
    let file = PathBuf::from(folder).join(service).with_extension("sql");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let distinct: BTreeSet<&str> = text.lines().collect();
    distinct.into_iter().map(str::to_owned).collect()
}

/// Scans of growing tables, of all services.
#[derive(Default)]
pub(crate) struct Scans(RefCell<BTreeSet<String>>);

impl Scans {
    pub(crate) fn assert_none(self) {
        let scans = Vec::from_iter(self.0.into_inner());
        assert!(scans.is_empty(), "{} scans of growing tables:\n{}", scans.len(), scans.join("\n"));
    }

    /// Checks all recorded statements of `service`.
    pub(crate) async fn check_recorded(&self, service: &str, mut c: RawConnection) {
        let all = recorded(service);
        let tables = tables(&mut c).await;
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(exceptions::missing(service, &names), Vec::<&str>::new(), "{service} lacks these small tables");
        assert_eq!(exceptions::unused(service, &all), Vec::<&str>::new(), "{service} never executes these statements");
        let filled = FilledDatabase::fill(service, &mut c, &tables).await;
        if !c.is_sqlite() {
            analyse(&mut c, &names).await;
        }
        let statements: Vec<Statement<'_>> = all.iter().map(|sql| Statement::parse(sql, &filled)).collect();
        let is_exception = |table: &str| exceptions::is_small(service, table) || exceptions::is_only_inserted(table);
        let growing = names.iter().filter(|table| !is_exception(table));
        let unseen: Vec<&&str> = growing.filter(|table| !statements.iter().any(|s| s.is_of(table))).collect();
        assert!(unseen.is_empty(), "{service}: no recorded statement uses {unseen:?}: did all tests run?");
        self.check(service, &statements, &filled, &mut c).await;
        if c.is_sqlite() {
            analyse(&mut c, &names).await;
            self.check(service, &statements, &filled, &mut c).await;
        }
    }

    async fn check(&self, service: &str, statements: &[Statement<'_>], filled: &FilledDatabase, c: &mut RawConnection) {
        for statement in statements.iter().filter(|statement| !exceptions::is_allowed(service, statement.sql)) {
            let sql = statement.sql;
            let plan = if c.is_sqlite() { on_sqlite(c, statement).await } else { on_mysql(c, statement, filled).await };
            let scans = plan.unwrap_or_else(|error| panic!("{service}: {sql}: {error}"));
            for (table, how) in scans.iter().filter(|(table, _)| !exceptions::is_small(service, table)) {
                self.0.borrow_mut().insert(format!("{service}: {table} ({how})\n    {sql}"));
            }
        }
    }
}

async fn analyse(c: &mut RawConnection, tables: &[&str]) {
    let sql = if c.is_sqlite() { "ANALYZE".to_owned() } else { format!("ANALYZE TABLE {}", tables.join(", ")) };
    c.run(&sql).await.unwrap();
}

/// Checks sample statements of `notification`: scans are reported, indexed reads are not.
pub(crate) async fn exactly_the_scans_are_reported(service: &str, mut c: RawConnection) {
    if service != "notification" {
        return;
    }
    const SCANS: [&str; 4] = [
        "SELECT `title` FROM `notifications` WHERE `title` = ?",
        "SELECT `title` FROM `notifications` WHERE `title` = ? ORDER BY `title` LIMIT ?",
        "UPDATE `notifications` SET `title` = ? WHERE `title` = ?",
        "SELECT `n`.`id` FROM `notifications` AS `n` JOIN `channel_choices` AS `m` ON `m`.`user_id` = `n`.`user_id`",
    ];
    const READS: [&str; 5] = [
        "SELECT `title` FROM `notifications` WHERE `user_id` = ? ORDER BY `id` DESC LIMIT ?",
        "SELECT `title` FROM `notifications` WHERE `user_id` = ? AND `read_at` > ? AND `read_at` <= ?",
        "SELECT `title` FROM `notifications` ORDER BY `id` LIMIT ? OFFSET ?",
        "SELECT `n`.`title` FROM `notifications` AS `n` WHERE `n`.`id` IN (?, ?)",
        "SELECT `holder` FROM `leases` WHERE `holder` = ?",
    ];
    let tables = tables(&mut c).await;
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let filled = FilledDatabase::fill(service, &mut c, &tables).await;
    analyse(&mut c, &names).await;
    for (statements, is_scan) in [(&SCANS[..], true), (&READS[..], false)] {
        for sql in statements {
            let scans = Scans::default();
            scans.check(service, &[Statement::parse(sql, &filled)], &filled, &mut c).await;
            assert_eq!(!scans.0.borrow().is_empty(), is_scan, "{sql}: {:?}", scans.0.borrow());
        }
    }
}

/// Whether a scan in index order stops at the `LIMIT`.
fn stops_early(statement: &Statement<'_>, sorts: bool) -> bool {
    statement.sql.contains(" LIMIT ") && statement.sql.contains(" ORDER BY ") && !sorts
}

/// Scanned tables, each with the access method.
type Scanned<'a> = QueryResult<Vec<(&'a str, String)>>;

async fn on_sqlite<'a>(c: &mut RawConnection, statement: &Statement<'a>) -> Scanned<'a> {
    let steps: Vec<Step> = c.try_query(&format!("EXPLAIN QUERY PLAN {}", statement.sql)).await?;
    let stops_early = stops_early(statement, steps.iter().any(|step| step.detail.contains("TEMP B-TREE")));
    let scans = steps.into_iter().filter_map(|step| {
        let name = step.detail.strip_prefix("SCAN ")?.split(' ').next()?;
        // Without an index the order is that of the row ids, which this column holds.
        let is_ordered = step.detail.contains(" USING ") || statement.sql.contains(".`position`");
        let is_scan = !(stops_early && is_ordered);
        is_scan.then_some((statement.table(name)?, step.detail))
    });
    Ok(scans.collect())
}

async fn on_mysql<'a>(c: &mut RawConnection, statement: &Statement<'a>, filled: &FilledDatabase) -> Scanned<'a> {
    let rows: Vec<Access> = c.try_query(&format!("EXPLAIN {}", statement.with_values(filled))).await?;
    let sorts = |row: &Access| row.extra.as_ref().is_some_and(|e| e.contains("filesort") || e.contains("temporary"));
    let stops_early = stops_early(statement, rows.iter().any(sorts));
    let scans = rows.into_iter().filter_map(|row| {
        let (table, kind) = (statement.table(row.name.as_deref()?)?, row.kind?);
        let is_scan = kind == "ALL" || kind == "index" && !stops_early;
        is_scan.then(|| (table, format!("{kind}, {}", row.index.as_deref().unwrap_or("no index"))))
    });
    Ok(scans.collect())
}
