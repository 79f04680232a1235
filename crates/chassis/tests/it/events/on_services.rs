//! Over a real broker, and on a real MySQL.

mod rights;
mod routing;

use super::world::{
    Effects, Folder, World, ctx, effects_of, envelope, eventually, once, publish, start_consumer, subjects, unique,
    unsent,
};
use chassis::events::amqp::AmqpBus;
use chassis::events::bus::Bus;
use chassis::events::memory::MemoryBus;
use chassis::events::relay::Relay;
use chassis::events::{HandleError, parked};
use db::DbConnection;
use diesel_async::SimpleAsyncConnection;
use futures_util::FutureExt;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use proto_events::subscriptions::SUBSCRIPTIONS;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

#[expect(clippy::disallowed_methods, reason = "only the tests need to know where the test servers are")]
fn server(variable: &str) -> String {
    let url = std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set"));
    url.trim_end_matches('/').to_owned()
}

/// Runs `test` with a namespace of its own on the broker.
async fn with_namespace<Fut: Future<Output = ()>>(test: impl FnOnce(String) -> Fut) {
    let namespace = unique();
    let outcome = AssertUnwindSafe(test(namespace.clone())).catch_unwind().await;
    let connection = lapin::Connection::connect(&server("TEST_AMQP_URL"), Default::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    for service in SUBSCRIPTIONS.iter().map(|s| s.service) {
        for queue in [format!("{namespace}.{service}"), format!("{namespace}.{service}.dead")] {
            channel.queue_delete(queue.into(), QueueDeleteOptions::default()).await.unwrap();
        }
    }
    for exchange in [format!("{namespace}.events"), format!("{namespace}.dead")] {
        channel.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await.unwrap();
    }
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

fn connect(namespace: &str) -> Arc<dyn Bus> {
    Arc::new(AmqpBus::connect(&server("TEST_AMQP_URL"), namespace).unwrap())
}

async fn up(bus: &Arc<dyn Bus>) {
    eventually("the broker is there", async || bus.ping().await.is_ok()).await;
}

/// A way to the broker that can be cut.
struct Wire {
    url: String,
    cuts: watch::Sender<u32>,
}

impl Wire {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: lapin::uri::AMQPUri = server("TEST_AMQP_URL").parse().unwrap();
        let there = format!("{}:{}", uri.authority.host, uri.authority.port);
        let user = &uri.authority.userinfo;
        let url = format!("amqp://{}:{}@{}", user.username, user.password, listener.local_addr().unwrap());
        let cuts = watch::Sender::new(0);
        let cut = cuts.clone();
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (there, mut cut) = (there.clone(), cut.subscribe());
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(there).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = cut.changed() => {}
                    }
                });
            }
        });
        Self { url, cuts }
    }
    fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

#[tokio::test]
async fn events_travel_over_the_broker_and_take_effect_once() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let (here, there) = (connect(&namespace), connect(&namespace));
        let (relay, consumer) = (world.start_relay(&here), world.start_consumer(&there));
        let all = subjects("user", 1000);
        for some in all.chunks(100) {
            world.publish(some).await;
        }
        world.all_sent().await;
        eventually("all took effect", async || world.effects().await.len() == all.len()).await;
        relay.stop().await;
        consumer.stop().await;
        assert_eq!(world.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn a_service_not_started_yet_gets_what_was_published_before() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let bus = connect(&namespace);
        let relay = world.start_relay(&bus);
        let all = subjects("user", 10);
        world.publish(&all).await;
        world.all_sent().await;
        relay.stop().await;
        drop(bus);
        let bus = connect(&namespace);
        let consumer = world.start_consumer(&bus);
        eventually("all took effect", async || world.effects().await.len() == all.len()).await;
        consumer.stop().await;
        assert_eq!(world.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn connections_cut_again_and_again_lose_nothing_and_double_nothing() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let (wire, other) = (Wire::new().await, Wire::new().await);
        let here: Arc<dyn Bus> = Arc::new(AmqpBus::connect(&wire.url, &namespace).unwrap());
        let there: Arc<dyn Bus> = Arc::new(AmqpBus::connect(&other.url, &namespace).unwrap());
        let (relay, consumer) = (world.start_relay(&here), world.start_consumer(&there));
        let all = subjects("user", 2000);
        for (n, some) in all.chunks(100).enumerate() {
            world.publish(some).await;
            match n {
                3 | 9 => wire.cut(),
                6 | 12 => other.cut(),
                _ => {}
            }
        }
        wire.cut();
        other.cut();
        world.all_sent().await;
        eventually("all took effect", async || world.effects().await.len() == all.len()).await;
        relay.stop().await;
        consumer.stop().await;
        assert_eq!(world.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn of_two_consumers_one_is_active_and_the_other_takes_over() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let (one, two) = (connect(&namespace), connect(&namespace));
        up(&one).await;
        up(&two).await;
        let mut first = one.subscribe("wallet").await.unwrap();
        let mut second = two.subscribe("wallet").await.unwrap();
        let relay = world.start_relay(&one);
        world.publish(&subjects("user", 10)).await;
        world.all_sent().await;
        let mut got = Vec::new();
        while got.len() < 10 {
            got.extend(first.next_batch(200, Instant::now() + Duration::from_millis(5)).await.unwrap());
        }
        let mut standby = Box::pin(second.next_batch(200, Instant::now() + Duration::from_millis(50)));
        assert!(futures_util::poll!(&mut standby).is_pending());
        drop((got, first));
        assert!(!standby.await.unwrap().is_empty());
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_acknowledgement_of_some_leaves_the_others_to_come_again() {
    with_namespace(async |namespace| {
        let bus = connect(&namespace);
        up(&bus).await;
        for subject in subjects("user", 9) {
            bus.publish(envelope(&subject)).await.unwrap().await.unwrap();
        }
        let mut queue = bus.subscribe("wallet").await.unwrap();
        let mut got = Vec::new();
        while got.len() < 9 {
            got.extend(queue.next_batch(200, Instant::now() + Duration::from_millis(5)).await.unwrap());
        }
        // The first two and the fifth are done; one goes back; the rest is dropped.
        let mut done = Vec::new();
        for (n, delivery) in got.into_iter().enumerate() {
            match n {
                0 | 1 | 4 => done.push(delivery.answer),
                6 => delivery.answer.retry().await.unwrap(),
                _ => drop(delivery),
            }
        }
        queue.ack_all(done).await.unwrap();
        let mut again = Vec::new();
        while again.len() < 6 {
            again.extend(queue.next_batch(200, Instant::now() + Duration::from_millis(5)).await.unwrap());
        }
        let mut left: Vec<_> = again.iter().map(|d| d.event.subject.clone()).collect();
        left.sort();
        assert_eq!(left, ["user00002", "user00003", "user00005", "user00006", "user00007", "user00008"]);
        queue.ack_all(again.into_iter().map(|d| d.answer).collect()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_event_the_broker_gave_up_on_gets_one_more_try_before_it_is_parked() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let bus = connect(&namespace);
        up(&bus).await;
        for subject in ["restless", "poison-1"] {
            bus.publish(envelope(subject)).await.unwrap().await.unwrap();
        }
        let mut queue = bus.subscribe("wallet").await.unwrap();
        for _ in 0..102 {
            let batch = queue.next_batch(1, Instant::now()).await.unwrap();
            for delivery in batch {
                delivery.answer.retry().await.unwrap();
            }
        }
        drop(queue);
        let consumer = world.start_consumer(&bus);
        let parked = async || {
            let mut c = world.receiver.db().write().await.unwrap();
            parked::list(&mut c, 10, 0).await.unwrap()
        };
        eventually("one takes effect", async || world.effects().await.contains_key("restless")).await;
        eventually("the other is parked", async || parked().await.len() == 1).await;
        consumer.stop().await;
        assert_eq!(parked().await[0].subject, "poison-1");
        assert_eq!(world.effects().await, once(&["restless".to_owned()]));
    })
    .await;
}

#[tokio::test]
async fn a_queue_somebody_deleted_is_made_again() {
    with_namespace(async |namespace| {
        let world = World::new().await;
        let bus = connect(&namespace);
        up(&bus).await;
        let consumer = world.start_consumer(&bus);
        bus.publish(envelope("before")).await.unwrap().await.unwrap();
        eventually("it took effect", async || world.effects().await.contains_key("before")).await;
        let connection = lapin::Connection::connect(&server("TEST_AMQP_URL"), Default::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.queue_delete(format!("{namespace}.wallet").into(), QueueDeleteOptions::default()).await.unwrap();
        // What is published while there is no queue is nobody's.
        eventually("the service listens again", async || {
            bus.publish(envelope("after")).await.unwrap().await.unwrap();
            world.effects().await.contains_key("after")
        })
        .await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_told_and_looked_for() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let bus = AmqpBus::connect(&format!("amqp://guest:hunter2@{address}"), "x").unwrap();
    let refused = bus.publish(envelope("user")).await.err().unwrap().to_string();
    assert!(!refused.contains("hunter2"), "{refused}");
    assert!(bus.ping().await.is_err());
    for bad in ["amqp://u:hunter2@h:port", "http://u:hunter2@h", ""] {
        let told = AmqpBus::connect(bad, "x").err().unwrap().to_string();
        assert!(told.starts_with("BROKER_URL") && !told.contains("hunter2"), "{told}");
    }
}

/// Runs `test` with the URL of a new database.
async fn with_mysql<Fut: Future<Output = ()>>(test: impl FnOnce(String) -> Fut) {
    let name = unique();
    let on_server = async |sql: String| {
        let url = format!("{}/information_schema", server("TEST_MYSQL_URL"));
        let mut c = <DbConnection as diesel_async::AsyncConnection>::establish(&url).await.unwrap();
        c.batch_execute(&sql).await.unwrap();
    };
    on_server(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await;
    let outcome = AssertUnwindSafe(test(format!("{}/{name}", server("TEST_MYSQL_URL")))).catch_unwind().await;
    on_server(format!("DROP DATABASE {name}")).await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

#[tokio::test]
async fn on_mysql_the_whole_way_gives_each_effect_once() {
    with_mysql(async |url| {
        let folder = Folder::new();
        let receiver = ctx("wallet", url).await;
        let producer = ctx("auth", folder.url("auth.db")).await;
        let effects: Arc<Effects> = Arc::default();
        let memory = MemoryBus::disturbed_limited_to(&["wallet"], 7);
        let bus: Arc<dyn Bus> = Arc::new(memory.clone());
        let cancel = CancellationToken::new();
        let relay = tokio::spawn(Relay::new(producer.clone(), bus.clone()).run(cancel.clone()));
        let consumer = start_consumer(&receiver, &effects, &bus);
        let good = subjects("user", 300);
        publish(&producer, &good).await;
        publish(&producer, &["poison-1".to_owned(), "panic-1".to_owned(), "flaky-1".to_owned()]).await;
        eventually("everything is sent", async || unsent(&producer).await == 0 && memory.pending() == 0).await;
        let mut expected = once(&good);
        expected.insert("flaky-1".to_owned(), 1);
        assert_eq!(effects_of(&receiver).await, expected);
        effects.cured.store(true, Ordering::SeqCst);
        let now = receiver.now();
        let asked = parked::replay(&mut receiver.db().write().await.unwrap(), parked::Which::All, now).await.unwrap();
        assert_eq!(asked, 2);
        eventually("both are replayed", async || effects_of(&receiver).await.len() == expected.len() + 2).await;
        cancel.cancel();
        relay.await.unwrap();
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn on_mysql_events_that_are_old_and_sent_go() {
    with_mysql(async |url| super::log::what_is_old_goes_and_nothing_else(&ctx("wallet", url).await).await).await;
}

#[tokio::test]
async fn on_mysql_a_position_that_becomes_visible_late_is_sent() {
    with_mysql(async |url| {
        let producer = ctx("auth", url).await;
        let memory = MemoryBus::limited_to(&["wallet"]);
        let bus: Arc<dyn Bus> = Arc::new(memory.clone());
        let cancel = CancellationToken::new();
        let relay = tokio::spawn(Relay::new(producer.clone(), bus.clone()).run(cancel.clone()));
        let mut queue = bus.subscribe("wallet").await.unwrap();
        let now = producer.now();
        // The first transaction takes the smaller position and commits after the second is sent.
        producer
            .tx(async |c| {
                let message = proto_events::auth::v1::UserRegistered::default();
                chassis::events::outbox::publish(c, "early", now, &message).await?;
                publish(&producer, &["late".to_owned()]).await;
                while memory.pending() == 0 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, HandleError>(())
            })
            .await
            .unwrap();
        let mut got = Vec::new();
        while got.len() < 2 {
            for delivery in queue.next_batch(10, Instant::now()).await.unwrap() {
                got.push((delivery.event.position, delivery.event.subject.clone()));
                delivery.answer.ack().await.unwrap();
            }
        }
        got.sort();
        assert_eq!(got.iter().map(|(_, subject)| subject.as_str()).collect::<Vec<_>>(), ["early", "late"]);
        eventually("both are marked", async || unsent(&producer).await == 0).await;
        cancel.cancel();
        relay.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn on_mysql_a_lease_has_one_holder_until_it_ends() {
    with_mysql(async |url| {
        let ctx = ctx("wallet", url).await;
        super::jobs::a_lease_has_one_holder_until_it_ends_or_is_given_up(&ctx).await;
    })
    .await;
}
