//! The same figures on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::order::{seen, story};
use testkit::TestService;
use testkit::mariadb::with_database;

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
