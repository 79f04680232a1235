//! The rights a deployment gives a service's user (`deploy/mysql/grants`), beside the triggers of its tables.

use crate::schema::{MIGRATIONS, Plain, migrate, tables};
use db::DbConfig;
use testkit::mariadb::with_grants;

async fn refused(c: &mut Plain, sql: &str) {
    let error = c.run(sql).await.expect_err(sql).to_string();
    assert!(error.contains("command denied to user") || error.contains("Access denied"), "{sql}: {error}");
}

/// A right to change or to remove rows is there exactly where no trigger refuses it for every row: whoever adds such a
/// trigger under another name, or a table the grants do not see, is told here.
pub(crate) async fn a_services_user_may_do_what_the_triggers_allow_and_no_more() {
    for service in ev::services() {
        let name = service.name;
        with_grants(name, async |urls| {
            let database = DbConfig { migrate_url: Some(urls.migrate.clone()), ..DbConfig::new(urls.service.clone()) };
            migrate(service, database).await;
            let mut administrator = Plain::mysql(&urls.migrate).await;
            let mut c = Plain::mysql(&urls.service).await.without_references().await;
            for table in tables(&mut administrator).await {
                let (t, column) = (&table.name, &table.columns[0].name);
                let allowed = |what: &str, outcome: diesel::QueryResult<()>| {
                    outcome.unwrap_or_else(|e| panic!("{name}: {what} {t}: {e}"));
                };
                allowed("INSERT", c.run(&format!("INSERT INTO {t} SELECT * FROM {t} WHERE 1 = 0")).await);
                allowed("SELECT", c.run(&format!("SELECT * FROM {t} LIMIT 1")).await);
                let update = format!("UPDATE {t} SET {column} = {column} WHERE 1 = 0");
                let insert = table.write("INSERT INTO", &table.row(11));
                let upsert = format!("{insert} ON DUPLICATE KEY UPDATE {column} = VALUES({column})");
                let (delete, replace) =
                    (format!("DELETE FROM {t} WHERE 1 = 0"), table.write("REPLACE INTO", &table.row(11)));
                for (what, sql) in [("update", [update, upsert]), ("delete", [delete, replace])] {
                    for sql in sql {
                        if table.has_trigger(&format!("refuse_{what}")) {
                            refused(&mut c, &sql).await;
                        } else {
                            allowed(what, c.run(&format!("BEGIN; {sql}; ROLLBACK")).await);
                        }
                    }
                }
                for never in ["TRUNCATE TABLE", "DROP TABLE"] {
                    refused(&mut c, &format!("{never} {t}")).await;
                }
                refused(&mut c, &format!("ALTER TABLE {t} ADD COLUMN extra BIGINT")).await;
                refused(&mut c, &format!("CREATE TRIGGER extra BEFORE INSERT ON {t} FOR EACH ROW SET @x = 1")).await;
                for trigger in &table.triggers {
                    refused(&mut c, &format!("DROP TRIGGER {trigger}")).await;
                }
            }
            for table in MIGRATIONS {
                refused(&mut c, &format!("UPDATE {table} SET version = ''")).await;
                refused(&mut c, &format!("DELETE FROM {table}")).await;
            }
            refused(&mut c, "CREATE TABLE mine (n INT)").await;
        })
        .await;
    }
}
