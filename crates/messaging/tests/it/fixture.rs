//! A producing service, a consuming service, relay and consumer between them.

use db::{Db, DbConfig, DbConnection};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use messaging::bus::EventBus;
use messaging::consumer;
use messaging::handler::EventHandler;
use messaging::memory::MemoryBus;
use messaging::processor::EventProcessor;
use messaging::relay::Relay;
use messaging::{HandleError, outbox};
use proto_events::Envelope;
use proto_events::auth::v1::UserRegistered;
use runtime::Ctx;
use runtime::id;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::context;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

diesel::table! { effects (seq) { seq -> BigInt, subject -> Text, } }

/// A folder that is deleted at the end of the test.
pub(super) struct TempFolder(PathBuf);

impl TempFolder {
    pub(super) fn new() -> Self {
        Self(std::env::temp_dir().join(unique()))
    }
    pub(super) fn url(&self, name: &str) -> String {
        format!("sqlite://{}?synchronous=off", self.0.join(name).display())
    }
}
impl Drop for TempFolder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(super) fn unique() -> String {
    format!("chassistest_{:016x}", getrandom::u64().unwrap())
}

/// A service on its own database, with the tables of every service and a table of effects.
pub(super) async fn ctx(service: &'static str, url: String) -> Ctx {
    let db = Db::connect(&DbConfig::new(url)).await.unwrap();
    db.migrate(chassis::MIGRATIONS).await.unwrap();
    db.write()
        .await
        .unwrap()
        .batch_execute(
            "CREATE TABLE IF NOT EXISTS effects (seq /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ \
             INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */, subject VARCHAR(64) NOT NULL)",
        )
        .await
        .unwrap();
    context(service, db)
}

/// `auth` publishes; `wallet` consumes.
pub(super) struct Fixture {
    pub(super) producer: Ctx,
    pub(super) receiver: Ctx,
    pub(super) effects: Arc<Effects>,
    _folder: TempFolder,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = TempFolder::new();
        let producer = ctx("auth", folder.url("auth.db")).await;
        let receiver = ctx("wallet", folder.url("wallet.db")).await;
        Self { producer, receiver, effects: Arc::default(), _folder: folder }
    }

    pub(super) fn start_relay(&self, bus: &Arc<dyn EventBus>) -> Running {
        let cancel = CancellationToken::new();
        let relay = Relay::new(self.producer.clone(), Arc::clone(bus));
        Running { task: tokio::spawn(relay.run(cancel.clone())), cancel }
    }

    pub(super) fn start_consumer(&self, bus: &Arc<dyn EventBus>) -> Running {
        start_consumer(&self.receiver, &self.effects, bus)
    }

    /// Publishes one event per subject, in one transaction.
    pub(super) async fn publish(&self, subjects: &[String]) {
        publish(&self.producer, subjects).await;
    }

    /// The processor of the consuming service, which a test calls instead of the loop.
    pub(super) fn processor(&self) -> EventProcessor {
        EventProcessor::new(self.receiver.clone(), self.effects.clone())
    }

    pub(super) fn processor_of(&self, version: Effects) -> EventProcessor {
        EventProcessor::new(self.receiver.clone(), Arc::new(version))
    }

    pub(super) async fn unsent(&self) -> i64 {
        unsent(&self.producer).await
    }

    pub(super) async fn effects(&self) -> BTreeMap<String, usize> {
        effects_of(&self.receiver).await
    }

    pub(super) async fn all_sent(&self) {
        eventually("everything is sent", async || self.unsent().await == 0).await;
    }
}

pub(super) fn start_consumer(ctx: &Ctx, effects: &Arc<Effects>, bus: &Arc<dyn EventBus>) -> Running {
    let cancel = CancellationToken::new();
    let processor = EventProcessor::new(ctx.clone(), effects.clone());
    let running = consumer::run(processor, Arc::clone(bus), cancel.clone());
    Running { task: tokio::spawn(running), cancel }
}

/// Lets `version` of the consuming service's handler consume these events until its queue is empty.
pub(super) async fn consume(fixture: &Fixture, version: &Arc<Effects>, events: impl IntoIterator<Item = Envelope>) {
    let memory = MemoryBus::limited_to(&["wallet"]);
    let bus: Arc<dyn EventBus> = Arc::new(memory.clone());
    for event in events {
        drop(bus.publish(event).await.unwrap());
    }
    let consumer = start_consumer(&fixture.receiver, version, &bus);
    eventually("the queue is empty", async || memory.pending() == 0).await;
    consumer.stop().await;
}

pub(super) async fn publish(ctx: &Ctx, subjects: &[String]) {
    let now = ctx.now();
    ctx.tx(async |c| {
        for subject in subjects {
            outbox::publish(c, subject, now, &UserRegistered::default()).await?;
        }
        Ok::<_, HandleError>(())
    })
    .await
    .unwrap();
}

pub(super) async fn unsent(ctx: &Ctx) -> i64 {
    outbox::count_unsent(&mut ctx.db().write().await.unwrap()).await.unwrap()
}

/// How often each subject took effect.
pub(super) async fn effects_of(ctx: &Ctx) -> BTreeMap<String, usize> {
    let mut c = ctx.db().read().await.unwrap();
    let subjects: Vec<String> = effects::table.select(effects::subject).load(&mut c).await.unwrap();
    let mut counted = BTreeMap::new();
    for subject in subjects {
        *counted.entry(subject).or_default() += 1;
    }
    counted
}

pub(super) fn subjects(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:05}")).collect()
}

/// The effects when every subject took effect once.
pub(super) fn once<'a>(subjects: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, usize> {
    subjects.into_iter().map(|s| (s.clone(), 1)).collect()
}

/// An event as the relay of `auth` publishes it.
pub(super) fn envelope(subject: &str) -> Envelope {
    Envelope {
        id: *id::fresh::<uuid::Uuid>().as_bytes(),
        source: "auth".to_owned(),
        event_type: "auth.v1.UserRegistered".to_owned(),
        time_micros: 1_780_000_000_000_000,
        subject: subject.to_owned(),
        position: 1,
        traceparent: String::new(),
        data: Vec::new(),
    }
}

/// Waits until a condition holds; panics after a minute.
pub(super) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    while !holds().await {
        assert!(tokio::time::Instant::now() < deadline, "timed out before: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A task that runs until it is stopped.
pub(super) struct Running {
    task: JoinHandle<()>,
    pub(super) cancel: CancellationToken,
}

impl Running {
    /// Cancels the task and waits for its end.
    pub(super) async fn stop(self) {
        self.cancel.cancel();
        self.task.await.unwrap();
    }
    /// Aborts the task, as a crash would.
    pub(super) async fn kill(self) {
        self.task.abort();
        drop(self.task.await);
    }
}

/// A type of `wallet`'s subscription that only the later version of the test's consumer knows.
pub(super) const NEWER_TYPE: &str = "booking.v1.PaymentCompleted";

/// An event handler that counts effects and fails by subject: `poison-…` fails until `cured`, `panic-…` panics,
/// `flaky-…` fails twice, `newer-…` is known to the later version alone.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) cured: AtomicBool,
    pub(super) committed: AtomicU32,
    /// Batches received.
    pub(super) handled: AtomicU32,
    pub(super) attempts: Mutex<HashMap<String, u32>>,
    /// If set, each batch waits for a permit.
    pub(super) gate: Option<Semaphore>,
    pub(super) waiting: Notify,
    /// Whether this is the later version of the service, which knows [`NEWER_TYPE`] and subjects `newer-…`.
    pub(super) knows_newer: bool,
}

impl Effects {
    pub(super) fn gated() -> Self {
        Self { gate: Some(Semaphore::new(0)), ..Self::default() }
    }
    pub(super) fn of_later_version() -> Self {
        Self { knows_newer: true, ..Self::default() }
    }
    pub(super) fn attempts(&self, subject: &str) -> u32 {
        self.attempts.lock().unwrap().get(subject).copied().unwrap_or(0)
    }
    fn fail_by_subject(&self, subject: &str) -> Result<(), HandleError> {
        let attempts = {
            let mut attempts = self.attempts.lock().unwrap();
            let attempts = attempts.entry(subject.to_owned()).or_default();
            *attempts += 1;
            *attempts
        };
        if AtomicBool::load(&self.cured, Ordering::SeqCst) {
            return Ok(());
        }
        match subject.split('-').next() {
            Some("poison") => Err(HandleError::poison("it is poison")),
            Some("panic") => panic!("it panics"),
            Some("flaky") if attempts <= 2 => Err(HandleError::transient("not now")),
            Some("newer") if !self.knows_newer => Err(HandleError::unsupported("the value `newer` is unknown")),
            _ => Ok(()),
        }
    }
}

#[async_trait::async_trait]
impl EventHandler for Effects {
    fn types(&self) -> Vec<String> {
        let newer = self.knows_newer.then_some(NEWER_TYPE);
        ["auth.v1.UserRegistered"].into_iter().chain(newer).map(str::to_owned).collect()
    }
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        self.handled.fetch_add(1, Ordering::SeqCst);
        if let Some(gate) = &self.gate {
            self.waiting.notify_one();
            gate.acquire().await.unwrap().forget();
        }
        for event in events {
            // The effect comes first, because a later failure must undo it.
            diesel::insert_into(effects::table).values(effects::subject.eq(&event.subject)).execute(c).await?;
            self.fail_by_subject(&event.subject)?;
        }
        Ok(())
    }
    async fn committed(&self) {
        self.committed.fetch_add(1, Ordering::SeqCst);
    }
}
