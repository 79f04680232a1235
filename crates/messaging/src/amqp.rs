//! Event bus over RabbitMQ.
//!
//! The connection is supervised here, because a client library that reconnects by itself would hide lost events. When
//! the connection is lost, unconfirmed events fail and subscriptions end. Exchanges, queues and bindings are declared by
//! [`apply_topology`] alone.
//!
//! Files: `topology` (exchanges, queues, bindings), `message` (an event as an AMQP message), `publisher`
//! (confirmations and returned messages), `queue` (deliveries), `starvation` (events that the broker does not deliver).

mod message;
mod publisher;
mod queue;
mod starvation;
mod topology;

use self::publisher::Publisher;
use self::queue::{AmqpQueue, down};
use self::topology::Names;
use crate::bus::{BusDown, EventBus, PublishConfirmation, Queue};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use lapin::options::{BasicConsumeOptions, BasicQosOptions, ConfirmSelectOptions};
use lapin::tcp::OwnedTLSConfig;
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties, Event};
use proto_events::Envelope;
use runtime::backoff::Backoff;
use runtime::config::ConfigError;
use runtime::tls::CaFile;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Events of one relay that may be unconfirmed.
const MAX_UNCONFIRMED: usize = 256;
/// Deliveries of one consumer that may be unacknowledged.
const MAX_UNACKNOWLEDGED: u16 = 500;
/// The connection counts as lost after twice as many seconds without traffic.
const HEARTBEAT_SECS: u16 = 10;
/// Timeout for connecting and declaring.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long publishers and subscribers wait for a connection that is being established.
const LINK_TIMEOUT: Duration = Duration::from_secs(3);
/// Time between two checks of the connection, in addition to its events; also the timeout for closing it.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// Events over RabbitMQ.
pub struct AmqpBus {
    names: Names,
    link: watch::Receiver<Result<Arc<Link>, BusDown>>,
    /// Notified when a call failed, so that the supervisor checks the connection.
    check_requested: Arc<Notify>,
    /// Dropped, it ends the supervisor and the connection.
    _supervisor: DropGuard,
}

/// An established connection with its publishing channel.
struct Link {
    connection: Connection,
    publisher: Publisher,
}

impl Link {
    fn is_up(&self) -> bool {
        self.connection.status().connected() && self.publisher.is_up()
    }

    async fn consume(self: &Arc<Self>, queue: &str) -> lapin::Result<AmqpQueue> {
        let channel = self.connection.create_channel().await?;
        channel.basic_qos(MAX_UNACKNOWLEDGED, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        // An empty tag lets the broker choose one.
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(AmqpQueue::new(self, queue, channel, consumer))
    }
}

impl AmqpBus {
    /// Connects in the background, and reconnects as long as the bus exists. Errors for an invalid URL or namespace.
    /// Call it on the runtime of the process.
    pub fn connect(url: &str, namespace: &str, ca: Option<&CaFile>) -> Result<Self, ConfigError> {
        let (uri, names, tls) = (parse_url(url)?, parse_namespace(namespace)?, tls_config(ca));
        let (up, link) = watch::channel(Err(BusDown("connecting".to_owned())));
        let cancel = CancellationToken::new();
        let check_requested = Arc::new(Notify::new());
        let supervisor = Supervisor { uri, tls, up, check_requested: Arc::clone(&check_requested) };
        let cancelled = cancel.clone();
        tokio::spawn(async move { cancelled.run_until_cancelled(supervisor.run()).await });
        Ok(Self { names, link, check_requested, _supervisor: cancel.drop_guard() })
    }

    async fn link(&self) -> Result<Arc<Link>, BusDown> {
        let mut link = self.link.clone();
        // After the timeout, the result is the reason why there is no connection.
        let _ = timeout(LINK_TIMEOUT, link.wait_for(Result::is_ok)).await;
        self.link.borrow().clone()
    }

    /// Converts an error, and has the supervisor check the connection.
    fn call_failed(&self, error: lapin::Error) -> BusDown {
        self.check_requested.notify_one();
        down(error)
    }

    async fn consume(&self, queue: &str) -> Result<Box<dyn Queue>, BusDown> {
        let link = self.link().await?;
        Ok(Box::new(link.consume(queue).await.map_err(|error| self.call_failed(error))?))
    }
}

fn tls_config(ca: Option<&CaFile>) -> OwnedTLSConfig {
    OwnedTLSConfig { cert_chain: ca.map(|file| file.pem.clone()), ..OwnedTLSConfig::default() }
}

async fn open_connection(uri: AMQPUri, tls: OwnedTLSConfig) -> lapin::Result<Connection> {
    let (properties, runtime) = (ConnectionProperties::default(), lapin::runtime::default_runtime()?);
    Connection::connect_uri_with_config(uri, properties, tls, runtime).await
}

fn parse_url(url: &str) -> Result<AMQPUri, ConfigError> {
    // The error of the parser would show the URL, and so the password.
    let refuse = |_| ConfigError::new("BROKER_URL", "must be like amqp://user:password@host:5672/vhost or amqps://…");
    let mut uri: AMQPUri = url.parse().map_err(refuse)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECS);
    Ok(uri)
}

fn parse_namespace(namespace: &str) -> Result<Names, ConfigError> {
    if namespace.is_empty() || namespace.len() > 64 {
        return Err(ConfigError::new("BROKER_NAMESPACE", "must have 1 to 64 characters"));
    }
    Ok(Names::new(namespace))
}

/// Why the topology was not applied or read.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Bus(#[from] BusDown),
}

/// Declares the exchanges, queues and bindings of an installation, as a user that may configure them. Does nothing for
/// those that exist, and removes none.
pub fn apply_topology<'a>(
    url: &'a str,
    namespace: &'a str,
    ca: Option<&'a CaFile>,
) -> BoxFuture<'a, Result<(), TopologyError>> {
    Box::pin(async move {
        let names = parse_namespace(namespace)?;
        on_connection(parse_url(url)?, ca, async |connection| topology::declare(connection, &names).await).await
    })
}

/// Does `work` on a connection of its own.
async fn on_connection<R>(
    uri: AMQPUri,
    ca: Option<&CaFile>,
    work: impl AsyncFnOnce(&Connection) -> lapin::Result<R>,
) -> Result<R, TopologyError> {
    let working = async {
        let connection = open_connection(uri, tls_config(ca)).await?;
        let done = work(&connection).await?;
        connection.close(200, "done".into()).await?;
        Ok(done)
    };
    let worked = timeout(CONNECT_TIMEOUT, working).await;
    Ok(worked.map_err(|_| BusDown("the broker does not respond".to_owned()))?.map_err(down)?)
}

/// Events in a queue, and its consumers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub queue: String,
    /// Events that are ready for delivery. Those delivered and not acknowledged yet do not count.
    pub ready: u32,
    pub consumers: u32,
}

/// The depths of all queues of an installation. Errors when one does not exist.
pub fn queue_depths<'a>(
    url: &'a str,
    namespace: &'a str,
    ca: Option<&'a CaFile>,
) -> BoxFuture<'a, Result<Vec<QueueDepth>, TopologyError>> {
    Box::pin(async move {
        let names = parse_namespace(namespace)?;
        on_connection(parse_url(url)?, ca, async |connection| topology::queue_depths(connection, &names).await).await
    })
}

#[async_trait::async_trait]
impl EventBus for AmqpBus {
    async fn publish(&self, event: Envelope) -> Result<PublishConfirmation, BusDown> {
        let link = self.link().await?;
        link.publisher.publish(self.names.events(), event).await.map_err(|error| self.call_failed(error))
    }

    fn window(&self) -> usize {
        MAX_UNCONFIRMED
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

/// Establishes the connection again whenever it is lost.
struct Supervisor {
    uri: AMQPUri,
    tls: OwnedTLSConfig,
    up: watch::Sender<Result<Arc<Link>, BusDown>>,
    /// Notified when a call failed.
    check_requested: Arc<Notify>,
}

impl Supervisor {
    async fn run(self) {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        loop {
            let reason = match timeout(CONNECT_TIMEOUT, self.open()).await {
                Ok(Ok(link)) => {
                    backoff.reset();
                    tracing::info!("broker connected");
                    self.watch(link).await
                }
                Ok(Err(error)) => error.to_string(),
                Err(_) => "the broker does not respond".to_owned(),
            };
            if backoff.is_fresh() {
                tracing::warn!(error = reason, "broker connection failed; retry scheduled");
            }
            drop(self.up.send_replace(Err(BusDown(reason))));
            sleep(backoff.next_wait()).await;
        }
    }

    async fn open(&self) -> lapin::Result<Arc<Link>> {
        let connection = open_connection(self.uri.clone(), self.tls.clone()).await?;
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Arc::new(Link { connection, publisher: Publisher::new(channel) }))
    }

    /// Shares the connection until it is lost. Returns the reason.
    async fn watch(&self, link: Arc<Link>) -> String {
        let mut events = Box::pin(link.connection.events_listener());
        drop(self.up.send_replace(Ok(Arc::clone(&link))));
        let mut reason = "the connection was lost".to_owned();
        while link.is_up() {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::Error(error)) => reason = error.to_string(),
                    Some(Event::ConnectionBlocked(blocked)) => {
                        tracing::warn!(reason = blocked, "broker blocked publishing");
                    }
                    Some(_) => {}
                    None => break,
                },
                () = self.check_requested.notified() => {}
                () = sleep(CHECK_INTERVAL) => {}
            }
        }
        // Closes what is left of the connection, so that subscriptions end too.
        let _ = timeout(CHECK_INTERVAL, link.connection.close(200, "reconnecting".into())).await;
        reason
    }
}
