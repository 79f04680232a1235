//! A database of a test's own on the server that `TEST_MYSQL_URL` names, whose user may create databases.

use chassis::{Env, id};
use db::DbConnection;
use diesel_async::{AsyncConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use std::panic::{AssertUnwindSafe, resume_unwind};

/// Runs `test` with the URL of a new, empty database, which is gone afterwards whatever happens.
pub async fn with_database(test: impl AsyncFnOnce(String)) {
    let name = format!("ev_test_{}", id::fresh::<uuid::Uuid>().simple());
    on_server(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")).await;
    let outcome = AssertUnwindSafe(test(format!("{}/{name}", server()))).catch_unwind().await;
    on_server(&format!("DROP DATABASE {name}")).await;
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
