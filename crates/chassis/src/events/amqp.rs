//! The bus over RabbitMQ.
//!
//! The connection is supervised here: a client library that reconnects by itself would hide that events were
//! lost on the way, and that bindings are missing on a broker that was set up anew. When the connection ends,
//! what was not confirmed fails, subscriptions end, and a new connection declares everything again.
//!
//! Files: `topology` (exchanges, queues, bindings), `message` (an event as a message), `publisher`
//! (confirmations and returned messages), `queue` (deliveries).

mod message;
mod publisher;
mod queue;
mod topology;

use self::publisher::Publisher;
use self::queue::{AmqpQueue, down};
use self::topology::Names;
use super::backoff::Backoff;
use super::bus::{Bus, BusDown, Confirm, Queue};
use crate::config::ConfigError;
use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Event};
use proto_events::Envelope;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Unconfirmed events a relay may have on the wire.
const WINDOW: usize = 256;
/// Unacknowledged deliveries a consumer may have.
const PREFETCH: u16 = 500;
/// After twice as many seconds of silence the connection is given up.
const HEARTBEAT_SECS: u16 = 10;
const CONNECT: Duration = Duration::from_secs(20);
/// How long a publisher or subscriber waits for a connection that is being made.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often the connection is looked at besides listening to its events.
const LOOK: Duration = Duration::from_secs(2);

/// Events over RabbitMQ.
pub struct AmqpBus {
    names: Names,
    link: watch::Receiver<Result<Arc<Link>, BusDown>>,
    suspect: Arc<Notify>,
    /// Ends the supervisor, and with it the connection.
    _supervisor: DropGuard,
}

/// A connection that works as far as is known.
struct Link {
    connection: Connection,
    publisher: Publisher,
}

impl Link {
    fn is_up(&self) -> bool {
        self.connection.status().connected() && self.publisher.is_up()
    }

    async fn consume(&self, queue: &str) -> lapin::Result<AmqpQueue> {
        let channel = self.connection.create_channel().await?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        // The broker makes up the tag.
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(AmqpQueue::new(channel, consumer))
    }

    async fn consume_anew(&self, names: &Names, queue: &str) -> lapin::Result<AmqpQueue> {
        topology::declare(&self.connection.create_channel().await?, names).await?;
        self.consume(queue).await
    }
}

impl AmqpBus {
    /// Begins to connect, and goes on trying for as long as the bus exists. Call it on the long-lived runtime.
    pub fn connect(url: &str, namespace: &str) -> Result<Self, ConfigError> {
        // The parser's own message would repeat the URL, and so the password.
        let refuse = |reason: &str| ConfigError::new("BROKER_URL", reason);
        let mut uri: AMQPUri =
            url.parse().map_err(|_| refuse("must be like amqp://user:password@host:5672/vhost or amqps://…"))?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
        if namespace.is_empty() || namespace.len() > 64 {
            return Err(ConfigError::new("BROKER_NAMESPACE", "must have 1 to 64 characters"));
        }
        let names = Names::new(namespace);
        let (up, link) = watch::channel(Err(BusDown("connecting".to_owned())));
        let cancel = CancellationToken::new();
        let suspect = Arc::new(Notify::new());
        let supervisor = Supervisor { uri, names: names.clone(), up, suspect: Arc::clone(&suspect) };
        let cancelled = cancel.clone();
        tokio::spawn(async move { cancelled.run_until_cancelled(supervisor.run()).await });
        Ok(Self { names, link, suspect, _supervisor: cancel.drop_guard() })
    }

    async fn link(&self) -> Result<Arc<Link>, BusDown> {
        let mut link = self.link.clone();
        // Out of patience, the answer is why there is no connection.
        let _ = timeout(PATIENCE, link.wait_for(Result::is_ok)).await;
        self.link.borrow().clone()
    }

    /// What failed may have been the connection: the supervisor has a look.
    fn failed(&self, error: lapin::Error) -> BusDown {
        self.suspect.notify_one();
        down(error)
    }

    async fn consume(&self, queue: &str) -> Result<Box<dyn Queue>, BusDown> {
        let link = self.link().await?;
        let consuming = match link.consume(queue).await {
            Ok(queue) => Ok(queue),
            // Somebody may have deleted the queue while the connection was up.
            Err(_) => link.consume_anew(&self.names, queue).await,
        };
        Ok(Box::new(consuming.map_err(|error| self.failed(error))?))
    }
}

#[async_trait::async_trait]
impl Bus for AmqpBus {
    async fn publish(&self, event: Envelope) -> Result<Confirm, BusDown> {
        let link = self.link().await?;
        link.publisher.publish(self.names.events(), event).await.map_err(|error| self.failed(error))
    }

    fn window(&self) -> usize {
        WINDOW
    }

    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown> {
        self.consume(&self.names.queue(service)).await
    }

    async fn dead_letters(&self, service: &'static str) -> Result<Option<Box<dyn Queue>>, BusDown> {
        Ok(Some(self.consume(&self.names.dead_queue(service)).await?))
    }

    async fn ping(&self) -> Result<(), BusDown> {
        let link = self.link.borrow().clone()?;
        if link.is_up() { Ok(()) } else { Err(BusDown("the connection was lost".to_owned())) }
    }
}

/// Keeps one connection.
struct Supervisor {
    uri: AMQPUri,
    names: Names,
    up: watch::Sender<Result<Arc<Link>, BusDown>>,
    /// Rung when something failed.
    suspect: Arc<Notify>,
}

impl Supervisor {
    async fn run(self) {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            let why = match timeout(CONNECT, self.open()).await {
                Ok(Ok(link)) => {
                    backoff.reset();
                    tracing::info!("connected to the broker");
                    self.keep(link).await
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the broker does not answer".to_owned(),
            };
            if backoff.is_fresh() {
                tracing::warn!(error = why, "no connection to the broker; trying again");
            }
            drop(self.up.send_replace(Err(BusDown(why))));
            sleep(backoff.next()).await;
        }
    }

    /// Connects and declares everything.
    async fn open(&self) -> lapin::Result<Arc<Link>> {
        let connection = Connection::connect_uri(self.uri.clone(), ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        topology::declare(&channel, &self.names).await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Arc::new(Link { connection, publisher: Publisher::new(channel) }))
    }

    /// Shares the connection until it ends; why it did.
    async fn keep(&self, link: Arc<Link>) -> String {
        let mut events = Box::pin(link.connection.events_listener());
        drop(self.up.send_replace(Ok(Arc::clone(&link))));
        let mut why = "the connection was lost".to_owned();
        while link.is_up() {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::Error(error)) => why = error.to_string(),
                    Some(Event::ConnectionBlocked(reason)) => {
                        tracing::warn!(reason, "the broker takes no events now; they wait in the outbox");
                    }
                    Some(_) => {}
                    None => break,
                },
                () = self.suspect.notified() => {}
                () = sleep(LOOK) => {}
            }
        }
        // Half of it may be alive: the rest of this process is to leave it too.
        let _ = timeout(LOOK, link.connection.close(200, "starting anew".into())).await;
        why
    }
}
