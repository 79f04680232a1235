//! How each database goes about every statement that the suites made the services execute: by an index, and not by
//! reading all of a table that grows.
//!
//! `scripts/test` runs the suites first, which leave their statements in a folder (`testkit::statements`), and this then.
//! Every table has thousands of rows meanwhile. On SQLite a plan is asked for with and without statistics: nothing
//! analyses the files of the embedded run.

mod exceptions;
mod filled;
mod statement;

use crate::schema::{Plain, tables};
use chassis::Env;
use diesel::sql_types::{Nullable, Text};
use diesel::{QueryResult, QueryableByName};
use filled::Filled;
use statement::Statement;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Where the recorded statements are.
const FOLDER: &str = "EV_STATEMENTS_RECORDED";

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
    let folder = env.required(FOLDER).unwrap_or_else(|e| panic!("{e}: run this through scripts/test"));
    let file = PathBuf::from(folder).join(service).with_extension("sql");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let different: BTreeSet<&str> = text.lines().collect();
    different.into_iter().map(str::to_owned).collect()
}

/// What is wrong, of all services.
#[derive(Default)]
pub(crate) struct Scans(RefCell<BTreeSet<String>>);

impl Scans {
    pub(crate) fn are_none(self) {
        let scans = Vec::from_iter(self.0.into_inner());
        assert!(scans.is_empty(), "{} scans of tables that grow:\n{}", scans.len(), scans.join("\n"));
    }

    /// Looks at all statements of `service` that were recorded.
    pub(crate) async fn look(&self, service: &str, mut c: Plain) {
        let all = recorded(service);
        let tables = tables(&mut c).await;
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(exceptions::missing(service, &names), Vec::<&str>::new(), "{service} has no such small tables");
        assert_eq!(exceptions::unused(service, &all), Vec::<&str>::new(), "{service} executes no such statements");
        let filled = Filled::of(service, &mut c, &tables).await;
        if !c.is_sqlite() {
            analyse(&mut c, &names).await;
        }
        let statements: Vec<Statement<'_>> = all.iter().map(|sql| Statement::of(sql, &filled)).collect();
        let growing = names.iter().filter(|table| !exceptions::is_small(service, table));
        let unseen: Vec<&&str> = growing.filter(|table| !statements.iter().any(|s| s.is_of(table))).collect();
        assert!(unseen.is_empty(), "{service}: no statement of {unseen:?} was recorded: did all of its tests run?");
        self.look_at(service, &statements, &filled, &mut c).await;
        if c.is_sqlite() {
            analyse(&mut c, &names).await;
            self.look_at(service, &statements, &filled, &mut c).await;
        }
    }

    async fn look_at(&self, service: &str, statements: &[Statement<'_>], filled: &Filled, c: &mut Plain) {
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

async fn analyse(c: &mut Plain, tables: &[&str]) {
    let sql = if c.is_sqlite() { "ANALYZE".to_owned() } else { format!("ANALYZE TABLE {}", tables.join(", ")) };
    c.run(&sql).await.unwrap();
}

/// Statements that are looked at as though `notification` executed them: what is told, and what is not.
pub(crate) async fn a_scan_is_told_and_nothing_else(service: &str, mut c: Plain) {
    if service != "notification" {
        return;
    }
    const SCANS: [&str; 4] = [
        "SELECT `title` FROM `notifications` WHERE `title` = ?",
        "SELECT `title` FROM `notifications` WHERE `title` = ? ORDER BY `title` LIMIT ?",
        "UPDATE `notifications` SET `title` = ? WHERE `title` = ?",
        "SELECT `m`.`kind` FROM `notifications` AS `n` INNER JOIN `muted_kinds` AS `m` ON `m`.`user_id` = `n`.`user_id`",
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
    let filled = Filled::of(service, &mut c, &tables).await;
    analyse(&mut c, &names).await;
    for (statements, told) in [(&SCANS[..], true), (&READS[..], false)] {
        for sql in statements {
            let scans = Scans::default();
            scans.look_at(service, &[Statement::of(sql, &filled)], &filled, &mut c).await;
            assert_eq!(!scans.0.borrow().is_empty(), told, "{sql}: {:?}", scans.0.borrow());
        }
    }
}

/// Whether a scan in the right order is over as soon as there are enough rows.
fn is_short(statement: &Statement<'_>, sorts: bool) -> bool {
    statement.sql.contains(" LIMIT ") && statement.sql.contains(" ORDER BY ") && !sorts
}

/// The tables that are scanned, each with how.
type Scanned<'a> = QueryResult<Vec<(&'a str, String)>>;

async fn on_sqlite<'a>(c: &mut Plain, statement: &Statement<'a>) -> Scanned<'a> {
    let steps: Vec<Step> = c.try_ask(&format!("EXPLAIN QUERY PLAN {}", statement.sql)).await?;
    let is_short = is_short(statement, steps.iter().any(|step| step.detail.contains("TEMP B-TREE")));
    let scans = steps.into_iter().filter_map(|step| {
        let name = step.detail.strip_prefix("SCAN ")?.split(' ').next()?;
        // Without an index the order is that of the rows' numbers, which are a column of this name.
        let is_ordered = step.detail.contains(" USING ") || statement.sql.contains(".`position`");
        let is_scan = !(is_short && is_ordered);
        is_scan.then_some((statement.table(name)?, step.detail))
    });
    Ok(scans.collect())
}

async fn on_mysql<'a>(c: &mut Plain, statement: &Statement<'a>, filled: &Filled) -> Scanned<'a> {
    let rows: Vec<Access> = c.try_ask(&format!("EXPLAIN {}", statement.with_values(filled))).await?;
    let sorts = |row: &Access| row.extra.as_ref().is_some_and(|e| e.contains("filesort") || e.contains("temporary"));
    let is_short = is_short(statement, rows.iter().any(sorts));
    let scans = rows.into_iter().filter_map(|row| {
        let (table, kind) = (statement.table(row.name.as_deref()?)?, row.kind?);
        let is_scan = kind == "ALL" || kind == "index" && !is_short;
        is_scan.then(|| (table, format!("{kind}, {}", row.index.as_deref().unwrap_or("no index"))))
    });
    Ok(scans.collect())
}
