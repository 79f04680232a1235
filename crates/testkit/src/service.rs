//! One running service on its own port, with a fresh SQLite file, a fake clock, an in-process bus and cache.

use crate::FakeClock;
use crate::client::Client;
use crate::statements;
use auth_token::jwks::{KeySource, KeysUnavailable, SharedKeys};
use auth_token::sign::SigningKey;
use auth_token::token::{ACCESS_TTL_SECS, AUDIENCE, Claims, ISSUER};
use chassis::Service;
use chassis::boot::server::HttpApp;
use chassis::boot::{Dependencies, RunningService, start};
use db::DbConfig;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{Role, Timestamp, UserId};
use jsonwebtoken::jwk::JwkSet;
use messaging::bus::EventBus;
use messaging::memory::MemoryBus;
use messaging::schema::{outbox, parked};
use proto_events::{Envelope, Event};
use runtime::cache::memory::MemoryCache;
use runtime::clock::Clock;
use runtime::jobs::{self, JobError};
use runtime::mail::MessageLog;
use runtime::{Ctx, Env, id};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Key of the verification codes of documents: 32 bytes in base64.
const DOCUMENT_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Initial time of a test's clock: a Tuesday morning in India.
pub const START_TIME: &str = "2026-11-10T04:30:00Z";

/// A running service under test.
pub struct TestService {
    /// The service's handles: context, jobs, tasks.
    pub started: RunningService,
    /// The clock, which tests move.
    pub clock: Arc<FakeClock>,
    /// The event bus.
    pub bus: Arc<MemoryBus>,
    /// Mails and SMS that the service sent.
    pub messages: MessageLog,
    keys: SigningKey,
    client: Client,
    server: actix_web::dev::ServerHandle,
    folder: PathBuf,
    database: String,
}

/// The test's own signing key, and the keys that auth publishes when it is the service under test.
struct KnownKeys {
    own: JwkSet,
    published: SharedKeys,
}

#[async_trait::async_trait]
impl KeySource for KnownKeys {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        let mut keys = self.own.clone();
        keys.keys.extend(self.published.get().into_iter().flat_map(|published| published.keys));
        Ok(keys)
    }
    fn min_refetch_interval(&self) -> Duration {
        Duration::ZERO
    }
}

impl TestService {
    /// Starts the service with default configuration.
    pub async fn start(service: Service) -> Self {
        Self::start_with(service, &[]).await
    }

    /// Starts the service with environment variables.
    pub async fn start_with(service: Service, variables: &[(&str, &str)]) -> Self {
        Self::start_adjusted(service, variables, |_| {}).await
    }

    /// Starts the service with environment variables, after `adjust` has replaced dependencies such as the mailer.
    pub async fn start_adjusted(
        service: Service,
        variables: &[(&str, &str)],
        adjust: impl FnOnce(&mut Dependencies),
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("ev-test-{}", id::fresh::<uuid::Uuid>()));
        let clock = Arc::new(FakeClock::at(START_TIME.parse().unwrap()));
        let bus = Arc::new(MemoryBus::limited_to(&[service.name]));
        let messages = MessageLog::default();
        let keys = SigningKey::generate();
        let shared_keys = SharedKeys::new();
        let known = KnownKeys { own: keys.key_set(), published: shared_keys.clone() };
        let search = folder.join("search").display().to_string();
        let defaults = [("MIGRATE", "run"), ("DOCUMENT_KEYS", DOCUMENT_KEY), ("SEARCH_DIR", search.as_str())];
        let mut platform = Dependencies {
            env: Env::from_pairs(defaults.iter().chain(variables).copied()),
            clock: clock.clone(),
            bus: bus.clone(),
            cache: Arc::new(MemoryCache::with_clock(clock.clone())),
            mailer: Arc::new(messages.clone()),
            keys: Arc::new(known),
            shared_keys,
            scheduled: false,
            task_program: None,
        };
        adjust(&mut platform);
        let file = folder.join(format!("{}.db", service.name));
        // A test on a database server sets the URL.
        let database = match platform.env.get("DATABASE_URL") {
            Some(_) => chassis::boot::database_config(&platform.env, service.name).unwrap(),
            None => DbConfig::new(format!("sqlite://{}?synchronous=off", file.display())),
        };
        statements::record_all();
        let starting = statements::as_service(start(service, &platform, &database));
        let started = starting.await.expect("the service starts");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let site = HttpApp::for_services(std::slice::from_ref(&started), &platform.env, None).unwrap();
        let server = site.serve(listener, 1, Duration::from_secs(1)).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        let client = Client::new(base, None);
        Self { started, clock, bus, messages, keys, client, server: handle, folder, database: database.url }
    }

    /// The service's context.
    pub fn ctx(&self) -> &Ctx {
        &self.started.ctx
    }
    /// The URL of its database.
    pub fn database(&self) -> &str {
        &self.database
    }
    /// The clock's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An access token that auth would issue now.
    pub fn token(&self, user: UserId, role: Role, referrer: Option<UserId>) -> String {
        let now = self.clock.now().utc().timestamp();
        self.keys.sign(&Claims {
            sub: user,
            role,
            referrer,
            sid: id::fresh(),
            jti: id::fresh(),
            iat: now,
            exp: now + ACCESS_TTL_SECS,
            auth_time: Some(now),
            iss: ISSUER.into(),
            aud: AUDIENCE.into(),
        })
    }
    /// A client without a token.
    pub fn anonymous(&self) -> Client {
        self.client.clone()
    }
    /// A client with a token of this user and role.
    pub fn as_role(&self, user: UserId, role: Role) -> Client {
        self.client.with_token(self.token(user, role, None))
    }
    /// A client of a member.
    pub fn as_user(&self, user: UserId) -> Client {
        self.as_role(user, Role::User)
    }
    /// A client of a member who was referred by `referrer`.
    pub fn as_referred(&self, user: UserId, referrer: UserId) -> Client {
        self.client.with_token(self.token(user, Role::User, Some(referrer)))
    }
    /// A client of a new staff member.
    pub fn as_staff(&self) -> Client {
        self.as_role(id::fresh(), Role::Staff)
    }
    /// A client of a new administrator.
    pub fn as_admin(&self) -> Client {
        self.as_role(id::fresh(), Role::Admin)
    }

    /// An event as another service would publish it.
    pub fn envelope<M: Event>(at: Timestamp, message: &M) -> Envelope {
        Envelope {
            id: *id::fresh::<uuid::Uuid>().as_bytes(),
            source: M::event_type().split('.').next().unwrap_or_default().to_owned(),
            event_type: M::event_type(),
            time_micros: at.micros(),
            subject: String::new(),
            position: 1,
            traceparent: String::new(),
            data: message.encode_to_vec(),
        }
    }
    /// Delivers an event and waits until its effects are committed or it is parked. Returns the envelope.
    pub async fn deliver<M: Event>(&self, at: Timestamp, message: &M) -> Envelope {
        let envelope = Self::envelope(at, message);
        self.deliver_envelope(envelope.clone()).await;
        envelope
    }
    /// [`deliver`](Self::deliver) at the clock's time.
    pub async fn deliver_now<M: Event>(&self, message: &M) -> Envelope {
        self.deliver(self.now(), message).await
    }
    /// Delivers an envelope and waits until its effects are committed or it is parked.
    pub async fn deliver_envelope(&self, envelope: Envelope) {
        let confirm = self.bus.publish(envelope).await.expect("the bus accepts the event");
        confirm.await.expect("the service handles the event");
    }

    /// Delivers several events as one backlog and waits for their effects.
    pub async fn deliver_all(&self, envelopes: Vec<Envelope>) {
        let mut confirmations = Vec::new();
        for envelope in envelopes {
            confirmations.push(self.bus.publish(envelope).await.expect("the bus accepts the event"));
        }
        for confirm in confirmations {
            confirm.await.expect("the service handles the event");
        }
    }

    /// Every event of one type in the service's outbox, oldest first.
    pub async fn published<M: Event>(&self) -> Vec<M> {
        let mut c = self.ctx().db().read().await.unwrap();
        let payloads: Vec<Vec<u8>> = outbox::table
            .filter(outbox::event_type.eq(M::event_type()))
            .order(outbox::position)
            .select(outbox::payload)
            .load(&mut c)
            .await
            .unwrap();
        payloads.iter().map(|p| M::decode(p.as_slice()).expect("an event")).collect()
    }
    /// Parked events as `type: error`.
    pub async fn parked(&self) -> Vec<String> {
        let mut c = self.ctx().db().read().await.unwrap();
        let rows: Vec<(String, String)> =
            parked::table.select((parked::event_type, parked::error)).load(&mut c).await.unwrap();
        rows.into_iter().map(|(event_type, error)| format!("{event_type}: {error}")).collect()
    }
    /// Runs a job of the service once.
    pub async fn run_job(&self, name: &str) {
        self.try_job(name).await.unwrap_or_else(|e| panic!("job {name}: {e}"));
    }
    /// Runs a job of the service once, which may fail.
    pub async fn try_job(&self, name: &str) -> Result<(), JobError> {
        let job = self.started.jobs.iter().find(|j| j.name == name).unwrap_or_else(|| panic!("no job {name}"));
        statements::as_service(jobs::run_once(job, self.ctx())).await
    }

    /// Checks that no event was parked, and stops the service.
    pub async fn finish(self) {
        assert_eq!(self.parked().await, Vec::<String>::new(), "events were parked");
        self.started.stop().await;
        self.server.stop(true).await;
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.started.abandon();
        drop(self.server.stop(false));
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}
