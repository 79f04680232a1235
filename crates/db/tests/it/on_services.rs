//! The suite on MySQL or MariaDB, and tests of a database server.

use crate::fixture::{FIRST, SECOND, connect_error, with_mysql};
use crate::store::{StoreError, account, claim, enqueue, find, id, insert};
use db::{BackendKind, Db, DbConfig, DbError, ErrorClass, PooledConnection};
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::time::Duration;
use testkit::mariadb::{on_server, second_user, server, with_database_as};

super::suite!(with_mysql);

pub(crate) async fn is_mariadb(f: &crate::fixture::Fixture) -> bool {
    let version = diesel::select(diesel::dsl::sql::<Text>("VERSION()"));
    let version: String = version.get_result(&mut *f.db.read().await.unwrap()).await.unwrap();
    version.contains("MariaDB")
}

async fn connection_id(c: &mut PooledConnection) -> i64 {
    diesel::select(diesel::dsl::sql::<BigInt>("CAST(CONNECTION_ID() AS SIGNED)")).get_result(c).await.unwrap()
}

#[tokio::test]
async fn a_database_that_is_not_utf8mb4_is_refused() {
    for charset in ["utf8mb3", "latin1"] {
        with_database_as(&format!("CHARACTER SET {charset}"), async |url| {
            let error = connect_error(&DbConfig::new(url.clone())).await;
            assert!(matches!(&error, DbError::Charset { found } if found == charset), "{error:?}");
            // The replica is checked as well.
            with_database_as("CHARACTER SET utf8mb4", async |good| {
                let error = connect_error(&DbConfig { read_url: Some(url), ..DbConfig::new(good) }).await;
                assert!(matches!(error, DbError::Charset { .. }), "{error:?}");
            })
            .await;
        })
        .await;
    }
}

#[tokio::test]
async fn the_error_for_a_missing_database_has_no_url() {
    let error = connect_error(&DbConfig::new(format!("{}/dbtest_nowhere", server()))).await;
    assert!(matches!(error, DbError::Pool(_)) && error.is_transient(), "{error:?}");
    let error = connect_error(&DbConfig::new("mysql://user:hunter2@127.0.0.1:1/nowhere")).await;
    assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn only_replica_connections_read_the_replica() {
    with_mysql(async |primary| {
        with_mysql(async |replica| {
            // Two unrelated databases stand for a primary and a replica that never catches up.
            let (primary, replica) = (primary.migrated().await, replica.migrated().await);
            let config = DbConfig { read_url: Some(replica.config.url.clone()), ..primary.config.clone() };
            let db = Db::connect(&config).await.unwrap();
            insert(&mut db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
            db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(2, "ravi", 5)).await?)).await.unwrap();
            for n in [1, 2] {
                assert_eq!(find(&mut db.replica().await.unwrap(), id(n)).await.unwrap(), None);
                assert!(find(&mut db.read().await.unwrap(), id(n)).await.unwrap().is_some());
                assert!(find(&mut primary.db.read().await.unwrap(), id(n)).await.unwrap().is_some());
            }
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn an_error_message_contains_no_values() {
    with_mysql(async |mysql| {
        let mut c = mysql.db.write().await.unwrap();
        for (statement, fails_with) in [
            ("CREATE TEMPORARY TABLE t (email VARCHAR(40), n BIGINT, UNIQUE (email))", None),
            ("INSERT INTO t VALUES ('asha@example.com', 1)", None),
            ("INSERT INTO t VALUES ('asha@example.com', 2)", Some("Duplicate entry '…'")),
            ("INSERT INTO t VALUES ('x', 'asha@example.com')", Some("value: '…'")),
            ("SELEKT 'asha@example.com'", Some("near '…' at line 1")),
        ] {
            let error = diesel::sql_query(statement).execute(&mut c).await.err().map(|e| e.to_string());
            let holds = match (&error, fails_with) {
                (None, None) => true,
                (Some(error), Some(part)) => error.contains(part) && !error.contains("example.com"),
                _ => false,
            };
            assert!(holds, "{statement}: {error:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn migrations_use_the_migrate_url() {
    with_mysql(async |service| {
        with_mysql(async |other| {
            // Another database stands for another user of the same one, so the test sees which URL was used.
            let config = DbConfig { migrate_url: Some(other.config.url.clone()), ..service.config.clone() };
            let db = Db::connect(&config).await.unwrap();
            assert_eq!(db.migrate(crate::fixture::FIRST).await.unwrap().len(), 2);
            find(&mut other.db.read().await.unwrap(), id(1)).await.unwrap();
            find(&mut service.db.read().await.unwrap(), id(1)).await.unwrap_err();
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_session_is_strict_and_reads_committed_rows() {
    with_mysql(async |f| {
        let f = f.migrated().await;
        let c = &mut f.db.write().await.unwrap();
        let too_long = insert(c, &account(1, &"o".repeat(65), 5)).await;
        assert!(too_long.is_err(), "a long text was truncated");
        insert(c, &account(1, &"o".repeat(64), 5)).await.unwrap();
        let settings = "CONCAT_WS(',', @@session.innodb_lock_wait_timeout, @@session.time_zone)";
        let found: String = diesel::select(diesel::dsl::sql::<Text>(settings)).get_result(c).await.unwrap();
        assert_eq!(found, "10,+00:00");
        // A running transaction sees the commits of others.
        let db = &f.db;
        db.tx::<_, StoreError, _>(async |c| {
            assert!(find(c, id(2)).await?.is_none());
            insert(&mut *db.write().await?, &account(2, "ravi", 5)).await?;
            assert!(find(c, id(2)).await?.is_some());
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_locked_row_is_skipped() {
    with_mysql(async |f| {
        let f = f.migrated().await;
        for _ in 0..4 {
            enqueue(&mut f.db.write().await.unwrap(), "t", b"x").await.unwrap();
        }
        let db = &f.db;
        db.tx::<_, StoreError, _>(async |c| {
            assert_eq!(claim(c, 2).await?, [1, 2]);
            let other = db.tx::<_, StoreError, _>(async |c| Ok(claim(c, 10).await?)).await?;
            assert_eq!(other, [3, 4]);
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_the_server_closed_is_replaced() {
    with_mysql(async |f| {
        let f = f.migrated().await;
        let db = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
        let mut killer = f.db.write().await.unwrap();
        let before = connection_id(&mut db.write().await.unwrap()).await;
        killer.batch_execute(&format!("KILL {before}")).await.unwrap();
        // No statement had run, so the transaction starts again on a new connection.
        db.tx::<_, StoreError, _>(async |c| Ok(enqueue(c, "t", b"x").await?)).await.unwrap();
        let after = connection_id(&mut db.write().await.unwrap()).await;
        assert_ne!(before, after);
        killer.batch_execute(&format!("KILL {after}")).await.unwrap();
        // A single statement fails once with a transient error, and the next one succeeds.
        let lost = enqueue(&mut db.write().await.unwrap(), "t", b"x").await.unwrap_err();
        assert!(DbError::from(lost).is_transient());
        enqueue(&mut db.write().await.unwrap(), "t", b"x").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_primary_serves_the_reads_of_a_replica_that_is_down_and_a_service_starts_without_it() {
    with_mysql(async |f| {
        let (_, name) = f.config.url.rsplit_once('/').unwrap();
        let read_url = Some(format!("mysql://root@127.0.0.1:1/{name}"));
        let db = Db::connect(&DbConfig { read_url, ..f.config.clone() }).await.unwrap();
        connection_id(&mut db.replica().await.unwrap()).await;
        let permit = db.long_read(Duration::ZERO).await.unwrap();
        connection_id(&mut permit.connection().await.unwrap()).await;
    })
    .await;
}

#[tokio::test]
async fn busy_connections_do_not_look_like_an_outage() {
    with_mysql(async |f| {
        let db = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
        let _busy = db.write().await.unwrap();
        db.ping().await.unwrap();
        assert_eq!(db.kind(), BackendKind::Mysql);
    })
    .await;
}

/// After a failover that moves the server's name, no connection may lead to the old server permanently.
#[tokio::test]
async fn an_old_connection_is_replaced() {
    with_mysql(async |f| {
        let id = async |db: &Db| connection_id(&mut db.write().await.unwrap()).await;
        let lasting = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
        assert_eq!(id(&lasting).await, id(&lasting).await);
        let config = DbConfig { pool_size: 1, max_connection_age: Duration::ZERO, ..f.config.clone() };
        let replaced = Db::connect(&config).await.unwrap();
        assert_ne!(id(&replaced).await, id(&replaced).await);
    })
    .await;
}

/// A server without a certificate is refused; the development servers have none.
#[tokio::test]
async fn tls_is_used_or_the_connection_refused() {
    with_mysql(async |f| {
        let url = format!("{}?require_ssl=true&verify_ca=false&verify_identity=false", f.config.url);
        match Db::connect(&DbConfig::new(url)).await {
            Err(error) => assert!(matches!(error, DbError::Pool(_)), "{error:?}"),
            Ok(db) => {
                let mut c = db.write().await.unwrap();
                let cipher = "variable_value FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'";
                let cipher: String = diesel::select(diesel::dsl::sql::<Text>(cipher)).get_result(&mut c).await.unwrap();
                assert!(!cipher.is_empty());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_missing_right_and_a_read_only_session_are_environment_errors() {
    with_mysql(async |f| {
        let f = f.migrated().await;
        let db = Db::connect(&DbConfig { pool_size: 1, ..f.config.clone() }).await.unwrap();
        let before = connection_id(&mut db.write().await.unwrap()).await;
        db.write().await.unwrap().batch_execute("SET SESSION TRANSACTION READ ONLY").await.unwrap();
        let refused = db.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await;
        let Err(StoreError::Db(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.class(), ErrorClass::Environment, "{error:?}");
        // The next connection may reach a server that accepts writes.
        assert_ne!(connection_id(&mut db.write().await.unwrap()).await, before);
        let name = second_user(database(&f));
        let (_, address) = f.config.url.rsplit_once('@').unwrap();
        on_server(&format!("CREATE USER {name} IDENTIFIED BY 'p'; GRANT SELECT ON {}.* TO {name}", database(&f))).await;
        let limited = Db::connect(&DbConfig::new(format!("mysql://{name}:p@{address}"))).await.unwrap();
        let refused = limited.tx::<_, StoreError, _>(async |c| Ok(insert(c, &account(1, "asha", 5)).await?)).await;
        on_server(&format!("DROP USER {name}")).await;
        let Err(StoreError::Db(error)) = refused else { panic!("{refused:?}") };
        assert_eq!(error.class(), ErrorClass::Environment, "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_user_who_only_reads_sees_what_is_pending() {
    with_mysql(async |f| {
        let sets = [&FIRST, &SECOND];
        let name = second_user(database(&f));
        let (_, address) = f.config.url.rsplit_once('@').unwrap();
        f.db.migrate(FIRST).await.unwrap();
        on_server(&format!("CREATE USER {name} IDENTIFIED BY 'p'; GRANT SELECT ON {}.* TO {name}", database(&f))).await;
        let reader = Db::connect(&DbConfig::new(format!("mysql://{name}:p@{address}"))).await.unwrap();
        let pending = reader.list_pending(&sets).await.unwrap();
        assert!(pending.len() == 1 && pending[0].starts_with("migration "), "{pending:?}");
        f.db.migrate(SECOND).await.unwrap();
        assert!(reader.list_pending(&sets).await.unwrap().is_empty());
        let missing = reader.list_missing(&sets).await.unwrap();
        on_server(&format!("DROP USER {name}")).await;
        assert!(missing.iter().any(|right| right.starts_with("INSERT on ")), "{missing:?}");
    })
    .await;
}

fn database(f: &crate::fixture::Fixture) -> &str {
    f.config.url.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn a_lock_wait_timeout_is_transient_in_any_language() {
    with_mysql(async |f| {
        let f = f.migrated().await;
        insert(&mut f.db.write().await.unwrap(), &account(1, "asha", 5)).await.unwrap();
        let (db, other) = (&f.db, &f.db);
        db.tx::<_, StoreError, _>(async |c| {
            crate::store::load_for_update(c, id(1)).await?;
            let c = &mut other.write().await?;
            // The server's language does not matter.
            c.batch_execute("SET SESSION innodb_lock_wait_timeout = 1, SESSION lc_messages = 'de_DE'").await?;
            let error = c.batch_execute("UPDATE accounts SET owner = 'x'").await.unwrap_err();
            assert!(db::is_retryable(&error) && db::is_locked(&error), "{error}");
            assert_eq!(db::classify(&error), ErrorClass::Transient, "{error}");
            Ok(())
        })
        .await
        .unwrap();
    })
    .await;
}
