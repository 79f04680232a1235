//! A database user without rights on one table.

use crate::fixture::{Effects, ctx, effects_of, envelope, eventually, once, start_consumer, subjects};
use db::{Db, DbConfig, DbConnection};
use diesel_async::SimpleAsyncConnection;
use messaging::bus::EventBus;
use messaging::memory::MemoryBus;
use messaging::parked;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use testkit::context;
use testkit::mariadb::{second_user, with_database};

/// Runs `test` with a user of the database at `url` who may do everything except write effects.
async fn with_limited_user(url: &str, test: impl AsyncFnOnce(String, String)) {
    let (server, database) = url.rsplit_once('/').unwrap();
    let (_, address) = server.rsplit_once('@').unwrap();
    let user = second_user(database);
    let mut root = <DbConnection as diesel_async::AsyncConnection>::establish(url).await.unwrap();
    let mut grants = format!("CREATE USER {user} IDENTIFIED BY 'p'; GRANT SELECT ON {database}.* TO {user};");
    for table in ["outbox", "inbox", "parked", "waiting", "deferred_events", "leases"] {
        grants += &format!("GRANT INSERT, UPDATE, DELETE ON {database}.{table} TO {user};");
    }
    root.batch_execute(&grants).await.unwrap();
    test(format!("mysql://{user}:p@{address}/{database}"), format!("GRANT INSERT ON {database}.effects TO {user}"))
        .await;
    root.batch_execute(&format!("DROP USER {user}")).await.unwrap();
}

#[tokio::test]
async fn without_rights_on_a_table_no_event_is_parked_and_all_take_effect_after_the_grant() {
    with_database(async |url| {
        let root = ctx("wallet", url.clone()).await;
        with_limited_user(&url, async |limited, grant| {
            let receiver = context("wallet", Db::connect(&DbConfig::new(limited)).await.unwrap());
            let effects: Arc<Effects> = Arc::default();
            let memory = MemoryBus::limited_to(&["wallet"]);
            let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
            let all = subjects("user", 300);
            for subject in &all {
                drop(bus.publish(envelope(subject)).await.unwrap());
            }
            let consumer = start_consumer(&receiver, &effects, &bus);
            eventually("it has tried a few times", async || effects.handled.load(Ordering::SeqCst) > 4).await;
            let parked = parked::count(&mut root.db().read().await.unwrap()).await.unwrap();
            assert_eq!((parked, memory.pending()), (0, all.len()));
            root.db().write().await.unwrap().batch_execute(&grant).await.unwrap();
            eventually("the queue is empty", async || memory.pending() == 0).await;
            consumer.stop().await;
            let parked = parked::count(&mut root.db().read().await.unwrap()).await.unwrap();
            assert_eq!((parked, effects_of(&root).await), (0, once(&all)));
        })
        .await;
    })
    .await;
}
