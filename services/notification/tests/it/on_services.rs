//! The same notifications on MariaDB, and streams of two processes: `TEST_MYSQL_URL` names a server whose user may
//! create databases, `TEST_REDIS_URL` a Redis server.

use super::stream::{FROM_THE_START, Socket, closed, connect, next_notification, revoke};
use super::{bonus_paid, payout, registered};
use domain::{Role, UserId};
use proto_events::payout::v1::{Payout, PayoutFailed};
use runtime::cache::RedisCache;
use runtime::{Env, id};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::TestService;
use testkit::mariadb::with_database;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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

/// One of two processes of the service, with this database and the keys of this Redis.
async fn replica(database: &str, namespace: &str) -> TestService {
    let url = Env::from_process().required("TEST_REDIS_URL").expect("a URL").to_owned();
    let cache = RedisCache::connect(&url, namespace, None).expect("a cache");
    let settings = [("DATABASE_URL", database)];
    TestService::start_adjusted(notification::service(), &settings, |platform| platform.cache = Arc::new(cache)).await
}

async fn open(service: &TestService, token: &str) -> Socket {
    connect(service, FROM_THE_START, &format!("bearer, {token}")).await.expect("a stream").0
}

/// Ends the connections of all subscriptions at the Redis server.
async fn lose_subscriptions() {
    let url = Env::from_process().required("TEST_REDIS_URL").expect("a URL").to_owned();
    let mut redis = TcpStream::connect(url.trim_start_matches("redis://")).await.expect("a connection");
    redis.write_all(b"CLIENT KILL TYPE pubsub\r\n").await.expect("a command");
    assert_eq!(redis.read_u8().await.expect("an answer"), b':');
}

/// A message within 20 seconds, which is less than the time between two polls, was pushed.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_one_process_gets_at_once_what_another_process_stores_or_ends() {
    with_database(async |database: String| {
        let namespace = format!("test-{}", id::fresh::<uuid::Uuid>());
        let (here, there) = (replica(&database, &namespace).await, replica(&database, &namespace).await);
        let user: UserId = id::fresh();
        let token = there.token(user, Role::User, None);
        let mut socket = open(&there, &token).await;
        for version in 1..=3 {
            here.deliver_now(&bonus_paid(user, here.now(), version)).await;
            assert_eq!(next_notification(&mut socket).await["template"], "referral_bonus");
        }
        lose_subscriptions().await;
        // Stored while no signal arrives: the stream looks by itself once the subscription is back.
        here.deliver_now(&registered(user, here.now())).await;
        assert_eq!(next_notification(&mut socket).await["template"], "welcome");
        let claims = there.started.verifier.verify(&token).await.expect("a valid token");
        here.deliver_now(&revoke(&claims, here.now())).await;
        assert_eq!(closed(&mut socket).await, (1008, "auth.session_ended".to_owned()));
        here.finish().await;
        there.finish().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_store_a_fact_and_its_deliveries_once_and_send_each_once() {
    with_database(async |database: String| {
        let namespace = format!("test-{}", id::fresh::<uuid::Uuid>());
        let (here, there) = (replica(&database, &namespace).await, replica(&database, &namespace).await);
        let (user, now): (UserId, _) = (id::fresh(), here.now());
        let fact = registered(user, now);
        let bonuses: Vec<_> = (1..=10).map(|version| bonus_paid(user, now, version)).collect();
        let deliver = async |service: &TestService| {
            let mut events = vec![TestService::envelope(now, &fact)];
            events.extend(bonuses.iter().map(|bonus| TestService::envelope(now, bonus)));
            service.deliver_all(events).await;
        };
        futures_util::join!(deliver(&here), deliver(&there));
        futures_util::join!(here.run_job("email"), there.run_job("email"));
        let sent = here.messages.list(None).len() + there.messages.list(None).len();
        assert_eq!(sent, 1);
        let stored = list(&here, user).await;
        assert_eq!(stored.as_array().expect("a list").len(), 11);
        here.finish().await;
        there.finish().await;
    })
    .await;
}
