//! Events over a real RabbitMQ, and on a real MySQL.

mod rights;
mod routing;
mod topology;

use super::fixture::{
    Effects, Fixture, TempFolder, ctx, effects_of, envelope, eventually, once, publish, start_consumer, subjects,
    unique, unsent,
};
use futures_util::FutureExt;
use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use messaging::amqp::{AmqpBus, apply_topology};
use messaging::bus::EventBus;
use messaging::memory::MemoryBus;
use messaging::relay::Relay;
use messaging::{HandleError, parked};
use proto_events::subscriptions::SUBSCRIPTIONS;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use testkit::fault_injection;
use testkit::mariadb::with_database;
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

/// Runs `test` with its own namespace on the broker.
async fn with_namespace<Fut: Future<Output = ()>>(test: impl FnOnce(String) -> Fut) {
    let namespace = unique();
    apply_topology(&server("TEST_AMQP_URL"), &namespace, None).await.unwrap();
    let outcome = AssertUnwindSafe(test(namespace.clone())).catch_unwind().await;
    let channel = channel().await;
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

async fn channel() -> lapin::Channel {
    let connection = lapin::Connection::connect(&server("TEST_AMQP_URL"), Default::default()).await.unwrap();
    connection.create_channel().await.unwrap()
}

fn connect(namespace: &str) -> Arc<dyn EventBus> {
    Arc::new(AmqpBus::connect(&server("TEST_AMQP_URL"), namespace, None).unwrap())
}

async fn up(bus: &Arc<dyn EventBus>) {
    eventually("the broker is connected", async || bus.ping().await.is_ok()).await;
}

/// A proxy of the broker whose connections can be cut.
struct Proxy {
    url: String,
    cuts: watch::Sender<u32>,
}

impl Proxy {
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
async fn events_over_the_broker_take_effect_once() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let (here, there) = (connect(&namespace), connect(&namespace));
        let (relay, consumer) = (fixture.start_relay(&here), fixture.start_consumer(&there));
        let all = subjects("user", 1000);
        for some in all.chunks(100) {
            fixture.publish(some).await;
        }
        fixture.all_sent().await;
        eventually("all took effect", async || fixture.effects().await.len() == all.len()).await;
        relay.stop().await;
        consumer.stop().await;
        assert_eq!(fixture.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn a_service_receives_events_published_before_its_first_start() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let bus = connect(&namespace);
        let relay = fixture.start_relay(&bus);
        let all = subjects("user", 10);
        fixture.publish(&all).await;
        fixture.all_sent().await;
        relay.stop().await;
        drop(bus);
        let bus = connect(&namespace);
        let consumer = fixture.start_consumer(&bus);
        eventually("all took effect", async || fixture.effects().await.len() == all.len()).await;
        consumer.stop().await;
        assert_eq!(fixture.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn repeatedly_cut_connections_lose_and_duplicate_no_effect() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let (proxy, other) = (Proxy::new().await, Proxy::new().await);
        let here: Arc<dyn EventBus> = Arc::new(AmqpBus::connect(&proxy.url, &namespace, None).unwrap());
        let there: Arc<dyn EventBus> = Arc::new(AmqpBus::connect(&other.url, &namespace, None).unwrap());
        let (relay, consumer) = (fixture.start_relay(&here), fixture.start_consumer(&there));
        let all = subjects("user", 2000);
        for (n, some) in all.chunks(100).enumerate() {
            fixture.publish(some).await;
            match n {
                3 | 9 => proxy.cut(),
                6 | 12 => other.cut(),
                _ => {}
            }
        }
        proxy.cut();
        other.cut();
        fixture.all_sent().await;
        eventually("all took effect", async || fixture.effects().await.len() == all.len()).await;
        relay.stop().await;
        consumer.stop().await;
        assert_eq!(fixture.effects().await, once(&all));
    })
    .await;
}

#[tokio::test]
async fn of_two_consumers_one_is_active_and_the_other_takes_over() {
    with_namespace(async |namespace| {
        let fixture = Fixture::new().await;
        let (one, two) = (connect(&namespace), connect(&namespace));
        up(&one).await;
        up(&two).await;
        let mut first = one.subscribe("wallet").await.unwrap();
        let mut second = two.subscribe("wallet").await.unwrap();
        let relay = fixture.start_relay(&one);
        fixture.publish(&subjects("user", 10)).await;
        fixture.all_sent().await;
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
async fn unacknowledged_deliveries_are_delivered_again() {
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
        // The first two and the fifth are acknowledged, one is requeued, the rest is dropped.
        let mut done = Vec::new();
        for (n, delivery) in got.into_iter().enumerate() {
            match n {
                0 | 1 | 4 => done.push(delivery.acker),
                6 => delivery.acker.requeue().await.unwrap(),
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
        queue.ack_all(again.into_iter().map(|d| d.acker).collect()).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_unreachable_broker_is_reported_without_its_password() {
    let free_port = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = free_port.local_addr().unwrap();
    drop(free_port);
    let bus = AmqpBus::connect(&format!("amqp://guest:hunter2@{address}"), "x", None).unwrap();
    let refused = bus.publish(envelope("user")).await.err().unwrap().to_string();
    assert!(!refused.contains("hunter2"), "{refused}");
    assert!(bus.ping().await.is_err());
    for bad in ["amqp://u:hunter2@h:port", "http://u:hunter2@h", ""] {
        let error = AmqpBus::connect(bad, "x", None).err().unwrap().to_string();
        assert!(error.starts_with("BROKER_URL") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn on_mysql_each_event_takes_effect_once() {
    with_database(async |url| {
        let folder = TempFolder::new();
        let receiver = ctx("wallet", url).await;
        let producer = ctx("auth", folder.url("auth.db")).await;
        let effects: Arc<Effects> = Arc::default();
        let memory = fault_injection::memory_bus_limited_to(&["wallet"], 7);
        let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
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
        let asked =
            parked::request_replay(&mut receiver.db().write().await.unwrap(), parked::ReplaySelection::All, now)
                .await
                .unwrap();
        assert_eq!(asked, 2);
        eventually("both are replayed", async || effects_of(&receiver).await.len() == expected.len() + 2).await;
        cancel.cancel();
        relay.await.unwrap();
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn on_mysql_old_sent_events_are_pruned() {
    with_database(async |url| super::log::only_old_rows_are_pruned(&ctx("wallet", url).await).await).await;
}

#[tokio::test]
async fn on_mysql_a_position_that_becomes_visible_late_is_sent() {
    with_database(async |url| {
        let producer = ctx("auth", url).await;
        let memory = MemoryBus::limited_to(&["wallet"]);
        let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
        let cancel = CancellationToken::new();
        let relay = tokio::spawn(Relay::new(producer.clone(), bus.clone()).run(cancel.clone()));
        let mut queue = bus.subscribe("wallet").await.unwrap();
        let now = producer.now();
        // The first transaction takes the smaller position and commits after the second is sent.
        producer
            .tx(async |c| {
                let message = proto_events::auth::v1::UserRegistered::default();
                messaging::outbox::publish(c, "early", now, &message).await?;
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
                delivery.acker.ack().await.unwrap();
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
