//! The same figures on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use crate::order::{load_all_figures, scenario};
use testkit::TestService;
use testkit::mariadb::with_database;

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_give_the_same_figures() {
    with_database(async |url: String| {
        let on_sqlite = TestService::start(reports::service()).await;
        let on_mariadb = TestService::start_with(reports::service(), &[("DATABASE_URL", &url)]).await;
        let user = runtime::id::fresh();
        let events = scenario(user, on_sqlite.now());
        for event in &events {
            on_sqlite.deliver_envelope(event.clone()).await;
        }
        for event in events.iter().rev().chain(&events) {
            on_mariadb.deliver_envelope(event.clone()).await;
        }
        assert_eq!(load_all_figures(&on_mariadb, user).await, load_all_figures(&on_sqlite, user).await);
        on_sqlite.finish().await;
        on_mariadb.finish().await;
    })
    .await;
}
