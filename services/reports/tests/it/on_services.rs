//! The same figures on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::order::{seen, story};
use db::DbConnection;
use diesel_async::SimpleAsyncConnection;
use testkit::TestService;

#[expect(clippy::disallowed_methods, reason = "only this test needs to know where the test server is")]
fn server() -> String {
    let url = std::env::var("TEST_MYSQL_URL").unwrap_or_else(|_| panic!("TEST_MYSQL_URL is not set"));
    url.trim_end_matches('/').to_owned()
}

async fn on_server(sql: &str) {
    let url = format!("{}/information_schema", server());
    let mut connection = <DbConnection as diesel_async::AsyncConnection>::establish(&url).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

/// Runs `test` with the URL of a database of its own, which is gone afterwards.
async fn with_database<Fut: Future<Output = ()> + Send + 'static>(test: impl FnOnce(String) -> Fut) {
    let name = format!("reportstest_{}", chassis::id::fresh::<uuid::Uuid>().simple());
    on_server(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await;
    let outcome = tokio::spawn(test(format!("{}/{name}", server()))).await;
    on_server(&format!("DROP DATABASE {name}")).await;
    outcome.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_give_the_same_figures() {
    with_database(async |url: String| {
        let here = TestService::start(reports::service()).await;
        let there = TestService::start_with(reports::service(), &[("DATABASE_URL", &url)]).await;
        let user = chassis::id::fresh();
        let told = story(user, here.now());
        for event in &told {
            here.deliver_envelope(event.clone()).await;
        }
        for event in told.iter().rev().chain(&told) {
            there.deliver_envelope(event.clone()).await;
        }
        assert_eq!(seen(&there, user).await, seen(&here, user).await);
        here.finish().await;
        there.finish().await;
    })
    .await;
}
