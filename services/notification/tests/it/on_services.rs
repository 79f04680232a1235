//! The same notifications on MariaDB: `TEST_MYSQL_URL` names a server whose user may create databases.

use super::{bonus_paid, payout, registered};
use domain::UserId;
use proto_events::payout::v1::{Payout, PayoutFailed};
use serde_json::{Value, json};
use testkit::TestService;
use testkit::mariadb::with_database;

/// The member's notifications without their ids, which are random.
async fn list(service: &TestService, user: UserId) -> Value {
    let mut list = service.as_user(user).get("/notifications").await.expect(200)["items"].clone();
    for item in list.as_array_mut().expect("a list") {
        item.as_object_mut().expect("an object").remove("id");
    }
    list
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_store_the_same_notifications() {
    with_database(async |url: String| {
        let on_sqlite = TestService::start(notification::service()).await;
        let on_mariadb = TestService::start_with(notification::service(), &[("DATABASE_URL", &url)]).await;
        let (user, now) = (runtime::id::fresh(), on_sqlite.now());
        let failed = Payout { reason: "“बंद” 🙂".into(), ..payout(user, now) };
        let failed = PayoutFailed { payout: Some(failed) };
        let events = [
            TestService::envelope(now, &registered(user, now)),
            TestService::envelope(now, &bonus_paid(user, now, 1)),
            TestService::envelope(now, &failed),
        ];
        for service in [&on_sqlite, &on_mariadb] {
            for event in events.iter().chain(&events) {
                service.deliver_envelope(event.clone()).await;
            }
        }
        let stored = list(&on_mariadb, user).await;
        assert_eq!(stored[0]["params"], json!({ "amount": "1000.00", "reason": "“बंद” 🙂" }));
        assert_eq!(stored, list(&on_sqlite, user).await);
        on_sqlite.finish().await;
        on_mariadb.finish().await;
    })
    .await;
}
