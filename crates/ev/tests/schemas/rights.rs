//! Rights of a service's user (`deploy/mysql/grants`), compared with the triggers of its tables.

use crate::schema::{MIGRATIONS, RawConnection, migrate, tables};
use db::{Db, DbConfig};
use testkit::mariadb::{on_server, with_grants};

async fn assert_denied(c: &mut RawConnection, sql: &str) {
    let error = c.run(sql).await.expect_err(sql).to_string();
    assert!(error.contains("command denied to user") || error.contains("Access denied"), "{sql}: {error}");
}

/// Checks that the user may update or delete rows exactly where no trigger refuses it for every row. It fails for a
/// trigger with an unexpected name and for a table that the grants omit. A service that starts misses each migration and
/// right by name.
pub(crate) async fn the_rights_of_a_services_user_match_the_triggers() {
    for service in ev::services() {
        let name = service.name;
        with_grants(name, async |urls| {
            let database = DbConfig { migrate_url: Some(urls.migrate.clone()), ..DbConfig::new(urls.service.clone()) };
            let db = Db::connect(&DbConfig::new(urls.service.clone())).await.unwrap();
            let sets = [&chassis::MIGRATIONS, &service.migrations];
            let pending = db.list_missing(&sets).await.unwrap();
            assert!(!pending.is_empty() && pending.iter().all(|missing| missing.starts_with("migration ")), "{name}");
            let again = ev::services().into_iter().find(|service| service.name == name).unwrap();
            migrate(again, database).await;
            assert!(db.list_missing(&sets).await.unwrap().is_empty(), "{name}");
            let mut administrator = RawConnection::mysql(&urls.migrate).await;
            let (_, user) = urls.service.rsplit_once('/').unwrap();
            on_server(&format!("REVOKE UPDATE ON {user}.inbox FROM '{user}'@'%'")).await;
            assert_eq!(db.list_missing(&sets).await.unwrap(), ["UPDATE on inbox"], "{name}");
            on_server(&format!("GRANT UPDATE ON {user}.inbox TO '{user}'@'%'")).await;
            let mut c = RawConnection::mysql(&urls.service).await.without_foreign_keys().await;
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
                            assert_denied(&mut c, &sql).await;
                        } else {
                            allowed(what, c.run(&format!("BEGIN; {sql}; ROLLBACK")).await);
                        }
                    }
                }
                for never in ["TRUNCATE TABLE", "DROP TABLE"] {
                    assert_denied(&mut c, &format!("{never} {t}")).await;
                }
                assert_denied(&mut c, &format!("ALTER TABLE {t} ADD COLUMN extra BIGINT")).await;
                assert_denied(&mut c, &format!("CREATE TRIGGER extra BEFORE INSERT ON {t} FOR EACH ROW SET @x = 1"))
                    .await;
                for trigger in &table.triggers {
                    assert_denied(&mut c, &format!("DROP TRIGGER {trigger}")).await;
                }
            }
            for table in MIGRATIONS {
                assert_denied(&mut c, &format!("UPDATE {table} SET version = ''")).await;
                assert_denied(&mut c, &format!("DELETE FROM {table}")).await;
            }
            assert_denied(&mut c, "CREATE TABLE mine (n INT)").await;
        })
        .await;
    }
}
