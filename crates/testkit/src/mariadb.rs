//! A database of a test's own on the server that `TEST_MYSQL_URL` names, whose user may create databases: as that user,
//! or as the two users a deployment has (`deploy/mysql/grants`).

use chassis::{Env, id};
use db::DbConnection;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Command;

/// Runs `test` with the URL of a new, empty database, which is gone afterwards whatever happens.
pub async fn with_database(test: impl AsyncFnOnce(String)) {
    let name = format!("ev_test_{}", id::fresh::<uuid::Uuid>().simple());
    on_server(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")).await;
    let url = format!("{}/{name}", server());
    and_then(test(url), &format!("DROP DATABASE {name}")).await;
}

/// The URLs of a service's database as a deployment hands them out.
pub struct Granted {
    /// As the service's user: `DATABASE_URL`.
    pub service: String,
    /// As the user of its migrations: `DATABASE_MIGRATE_URL`.
    pub migrate: String,
}

/// Runs `test` with a new database and its users as `deploy/mysql/grants` makes them for `service`; all are gone
/// afterwards.
pub async fn with_grants(service: &str, test: impl AsyncFnOnce(Granted)) {
    // The last digits are the random ones, and a user's name has a limit.
    let unique = id::fresh::<uuid::Uuid>().simple().to_string();
    let name = format!("ev_t_{}", unique.split_at(16).1);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/mysql/grants");
    let mut script = Command::new(script);
    script.args([service, &name]).env("SERVICE_PASSWORD", "p1").env("MIGRATE_PASSWORD", "p2");
    let grants = script.output().unwrap();
    assert!(grants.status.success(), "{}", String::from_utf8_lossy(&grants.stderr));
    on_server(&String::from_utf8(grants.stdout).unwrap()).await;
    let server = server();
    let (_, address) = server.rsplit_once('@').expect("TEST_MYSQL_URL names a user");
    let granted = Granted {
        service: format!("mysql://{name}:p1@{address}/{name}"),
        migrate: format!("mysql://{name}_migrate:p2@{address}/{name}"),
    };
    let after = format!("DROP DATABASE {name}; DROP USER '{name}'@'%', '{name}_migrate'@'%'");
    and_then(test(granted), &after).await;
}

async fn and_then(test: impl Future<Output = ()>, sql: &str) {
    let outcome = AssertUnwindSafe(test).catch_unwind().await;
    on_server(sql).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

fn server() -> String {
    let env = Env::from_process();
    env.required("TEST_MYSQL_URL").unwrap().trim_end_matches('/').to_owned()
}

async fn on_server(sql: &str) {
    let url = format!("{}/information_schema", server());
    let mut connection = <DbConnection as AsyncConnection>::establish(&url).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}
