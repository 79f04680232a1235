//! Temporary databases on the server in `TEST_MYSQL_URL`, for its user or for the two users of a deployment
//! (`deploy/mysql/grants`). The user of the URL needs the right to create databases.

use db::DbConnection;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use runtime::{Env, id};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Command;

/// Runs `test` with the URL of a new, empty database, and drops it afterwards, even after a panic.
pub async fn with_database(test: impl AsyncFnOnce(String)) {
    let name = format!("ev_test_{}", id::fresh::<uuid::Uuid>().simple());
    on_server(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")).await;
    let url = format!("{}/{name}", server());
    run_then_clean_up(test(url), &format!("DROP DATABASE {name}")).await;
}

/// URLs of a service's database, one for each user of a deployment.
pub struct ServiceUrls {
    /// `DATABASE_URL`, with the user of the service.
    pub service: String,
    /// `DATABASE_MIGRATE_URL`, with the user of the migrations.
    pub migrate: String,
}

/// Runs `test` with a new database and the users that `deploy/mysql/grants` creates for `service`, and drops all of
/// them afterwards.
pub async fn with_grants(service: &str, test: impl AsyncFnOnce(ServiceUrls)) {
    // The last digits are random; user names have a length limit.
    let unique = id::fresh::<uuid::Uuid>().simple().to_string();
    let name = format!("ev_t_{}", unique.split_at(16).1);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/mysql/grants");
    let mut script = Command::new(script);
    script.args([service, &name]).env("SERVICE_PASSWORD", "p1").env("MIGRATE_PASSWORD", "p2");
    let output = script.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    on_server(&String::from_utf8(output.stdout).unwrap()).await;
    let server = server();
    let (_, address) = server.rsplit_once('@').expect("TEST_MYSQL_URL has a user");
    let urls = ServiceUrls {
        service: format!("mysql://{name}:p1@{address}/{name}"),
        migrate: format!("mysql://{name}_migrate:p2@{address}/{name}"),
    };
    let clean_up = format!("DROP DATABASE {name}; DROP USER '{name}'@'%', '{name}_migrate'@'%'");
    run_then_clean_up(test(urls), &clean_up).await;
}

async fn run_then_clean_up(test: impl Future<Output = ()>, sql: &str) {
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

/// Runs statements as the user of the URL.
pub async fn on_server(sql: &str) {
    let url = format!("{}/information_schema", server());
    let mut connection = <DbConnection as AsyncConnection>::establish(&url).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}
