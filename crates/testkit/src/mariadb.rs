//! Temporary databases on the server in `TEST_MYSQL_URL`, for its user or for the two users of a deployment
//! (`deploy/mysql/grants`). The user of the URL needs the right to create databases.

use db::DbConnection;
use diesel::QueryResult;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use runtime::{Env, id};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::process::Command;
use std::time::Duration;

/// Runs `test` with the URL of a new, empty database, and drops it afterwards, even after a panic.
pub async fn with_database(test: impl AsyncFnOnce(String)) {
    with_database_as("CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", test).await;
}

/// The same, with these options of `CREATE DATABASE`.
pub async fn with_database_as(options: &str, test: impl AsyncFnOnce(String)) {
    let name = format!("ev_test_{}", id::fresh::<uuid::Uuid>().simple());
    on_server(&format!("CREATE DATABASE {name} {options}")).await;
    let outcome = AssertUnwindSafe(test(format!("{}/{name}", server()))).catch_unwind().await;
    drop_database(&name).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
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
    let outcome = AssertUnwindSafe(test(urls)).catch_unwind().await;
    drop_database(&name).await;
    on_server(&format!("DROP USER '{name}'@'%', '{name}_migrate'@'%'")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// The server deletes the file of a dropped or altered table after the statement has ended; until then it cannot remove
/// the database.
async fn drop_database(name: &str) {
    for attempt in 1.. {
        match execute(&format!("DROP DATABASE {name}")).await {
            Err(error) if attempt < 100 && error.to_string().contains("Directory not empty") => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            outcome => return outcome.unwrap(),
        }
    }
}

/// Name for a second user of the database `name`: its last digits are random, and the name of a user has at most 32
/// characters.
pub fn second_user(name: &str) -> String {
    format!("ev_user_{}", name.split_at(name.len() - 16).1)
}

/// URL of the server, without a database.
pub fn server() -> String {
    let env = Env::from_process();
    env.required("TEST_MYSQL_URL").unwrap().trim_end_matches('/').to_owned()
}

/// Runs statements as the user of the URL.
pub async fn on_server(sql: &str) {
    execute(sql).await.unwrap();
}

async fn execute(sql: &str) -> QueryResult<()> {
    let url = format!("{}/information_schema", server());
    let mut connection = <DbConnection as AsyncConnection>::establish(&url).await.unwrap();
    connection.batch_execute(sql).await
}
