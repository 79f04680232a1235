//! Start-up of services: each in its own process ([`program::run`]), or all of them in one ([`start`] for each, then
//! [`server::HttpApp`]).
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `HTTP_ADDR` | address of the API | `127.0.0.1:8080` |
//! | `INTERNAL_ADDR` | address of `GET /metrics` | `127.0.0.1:9090` |
//! | `DATABASE_URL` | `sqlite://path` or `mysql://…` | `sqlite://data/<service>.db` |
//! | `DATABASE_READ_URL` | a replica for reads | none |
//! | `DATABASE_MIGRATE_URL` | the same database, as a user that may change the schema | `DATABASE_URL` |
//! | `MIGRATE` | `run`: migrate the database at the start; `check`: start only when it is migrated | `check` on MySQL |
//! | `DATABASE_POOL_SIZE` | connections of the pool | 10 |
//! | `BROKER_URL` | `memory://` or `amqp://…` | `memory://` |
//! | `BROKER_NAMESPACE` | prefix of exchanges and queues | `ev` |
//! | `CACHE_URL` | `memory://` or `redis://…` | `memory://` |
//! | `CACHE_NAMESPACE` | prefix of cache keys | `ev` |
//! | `READ_CACHE` | whether answers of hot reads are cached there: `on` or `off` | `on` |
//! | `TLS_CA_FILE` | certificates in PEM, trusted for database, broker and cache beside the public authorities | none |
//! | `JWKS_URL` | URL of auth's public keys | keys of this process |
//! | `EVENTS_KEPT_DAYS` | days for which sent and handled events are retained | unlimited |
//! | `READY_MAX_PARKED` | parked events above which a service is not ready | no limit |
//! | `SMTP_URL`, `SMTP_FROM` | mail server and sender | mail is not sent |
//! | `SMS_URL`, `SMS_ACCOUNT`, `SMS_TOKEN` | SMS provider: a gateway, MSG91, Twilio or AWS | SMS are not sent |
//! | `SMS_SENDER_ID` | sender of SMS | that of the provider; Twilio has none |
//! | `SMS_DLT_ENTITY_ID` | id of the company in India's register of senders, for AWS | none |
//! | `SMS_DLT_TEMPLATE_ID`, `SMS_DLT_NOTICE_TEMPLATE_ID` | ids of texts with a code and without one, for AWS | none |
//! | `SMS_ENDPOINT` | address that takes the requests to MSG91, Twilio or AWS | that of the provider |
//! | `SMS_TIMEOUT_MS` | longest duration of an attempt to send an SMS | 10000 |
//! | `SMS_FALLBACK_URL`, `SMS_FALLBACK_ACCOUNT`, `SMS_FALLBACK_TOKEN` | provider during outages of the first | none |
//! | `SMS_FALLBACK_SENDER_ID` | sender of its SMS | `SMS_SENDER_ID` |
//! | `SMS_FALLBACK_ENDPOINT` | address that takes the requests to it | that of the provider |
//! | `TRUSTED_PROXIES` | proxies that may set `X-Forwarded-For` | none |
//! | `HTTP_WORKERS` | threads of the HTTP server | processor cores |
//! | `GRAPHQL_INTROSPECTION` | whether clients may read the schema of the graph: `on` or `off` | `on` |
//! | `SHUTDOWN_SECS` | longest duration of a shutdown | 10 |
//!
//! A service in its own process requires `BROKER_URL`, and `JWKS_URL` unless it is auth: see [`check_standalone`].

pub mod program;
pub mod schema;
pub mod server;

use crate::service::{BootError, Framework, Service};
use auth_token::jwks::{HttpKeySource, KeySource, SharedKeys};
use auth_token::{Verifier, revocation};
use db::{Db, DbConfig, DbError};
use futures_util::future::BoxFuture;
use graph::Part;
use http_api::Routes;
use long_tasks::{LongTasks, TaskProgram};
use messaging::amqp::AmqpBus;
use messaging::bus::EventBus;
use messaging::consumer;
use messaging::log::{self, Retention};
use messaging::memory::MemoryBus;
use messaging::processor::EventProcessor;
use messaging::relay::Relay;
use proto_events::subscriptions;
use runtime::cache::{self, Cache};
use runtime::clock::{Clock, SystemClock};
use runtime::config::{ConfigError, Env};
use runtime::ctx::{Ctx, CtxParts};
use runtime::jobs::{self, Job};
use runtime::mail::{self, Mailer};
use runtime::tls::CaFile;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Default of `DATABASE_POOL_SIZE`.
const DEFAULT_POOL_SIZE: usize = 10;

/// Dependencies that the services of a process share.
#[derive(Clone)]
pub struct Dependencies {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub bus: Arc<dyn EventBus>,
    pub cache: Arc<dyn Cache>,
    pub mailer: Arc<dyn Mailer>,
    /// Source of the public keys of access tokens.
    pub keys: Arc<dyn KeySource>,
    /// Keys that auth publishes when it runs in this process.
    pub shared_keys: SharedKeys,
    /// Whether jobs run by their schedules. Tests run them by name instead.
    pub scheduled: bool,
    /// The program that runs the long tasks of a service, and its arguments before the kind of the task; `None`: they
    /// run in this process.
    pub task_program: Option<(PathBuf, TaskArguments)>,
}

/// The arguments for the tasks of a service.
pub type TaskArguments = fn(service: &str) -> Vec<OsString>;

impl Dependencies {
    /// Connects the dependencies that the environment names.
    pub fn from_env(env: Env) -> Result<Self, BootError> {
        let shared_keys = SharedKeys::new();
        let keys: Arc<dyn KeySource> = match env.get("JWKS_URL") {
            Some(url) => Arc::new(HttpKeySource::new(url)?),
            None => Arc::new(shared_keys.clone()),
        };
        let ca = CaFile::from_env(&env)?;
        let cache =
            cache::connect(env.get_or("CACHE_URL", "memory://"), env.get_or("CACHE_NAMESPACE", "ev"), ca.as_ref())?;
        let bus = bus(&env, ca.as_ref())?;
        let mailer = mail::from_env(&env)?;
        let clock = Arc::new(SystemClock);
        Ok(Self { env, clock, bus, cache, mailer, keys, shared_keys, scheduled: true, task_program: None })
    }
}

fn bus(env: &Env, ca: Option<&CaFile>) -> Result<Arc<dyn EventBus>, ConfigError> {
    match env.get_or("BROKER_URL", "memory://") {
        "memory://" => Ok(Arc::new(MemoryBus::new())),
        url => Ok(Arc::new(AmqpBus::connect(url, env.get_or("BROKER_NAMESPACE", "ev"), ca)?)),
    }
}

/// Database settings of `service` from the environment.
pub fn database_config(env: &Env, service: &str) -> Result<DbConfig, ConfigError> {
    let default = format!("sqlite://data/{service}.db");
    let mut config = DbConfig::new(env.get_or("DATABASE_URL", &default));
    config.read_url = env.get("DATABASE_READ_URL").map(str::to_owned);
    config.migrate_url = env.get("DATABASE_MIGRATE_URL").map(str::to_owned);
    config.ca_file = CaFile::from_env(env)?.map(|file| file.path);
    config.pool_size = env.parse_in_range("DATABASE_POOL_SIZE", DEFAULT_POOL_SIZE, 1..=1_000, "connections")?;
    Ok(config)
}

/// The variables from which [`database_config`] reads `config`, for a process that works on the same database.
fn database_variables(config: &DbConfig) -> Vec<(&'static str, OsString)> {
    let mut variables = vec![("DATABASE_URL", OsString::from(&config.url))];
    variables.extend(config.read_url.as_ref().map(|url| ("DATABASE_READ_URL", url.into())));
    variables.extend(config.ca_file.as_ref().map(|path| ("TLS_CA_FILE", path.into())));
    variables
}

/// A running service: its routes, and the handles to stop its background tasks.
pub struct RunningService {
    pub name: &'static str,
    pub ctx: Ctx,
    pub verifier: Arc<Verifier>,
    pub routes: Routes,
    pub jobs: Vec<Job>,
    /// Its part of the read graph.
    pub graph: Option<Part>,
    pub bus: Arc<dyn EventBus>,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

/// Connects the database and prepares its schema, builds the service, and starts its relay, consumer and jobs.
pub fn start<'a>(
    service: Service,
    dependencies: &'a Dependencies,
    database: &'a DbConfig,
) -> BoxFuture<'a, Result<RunningService, BootError>> {
    Box::pin(async move {
        let retention = Retention::from_env(&dependencies.env)?;
        let db = Db::connect(database).await?;
        schema::prepare(&db, service.name, service.migrations, &dependencies.env).await?;
        let (cache, clock) = (&dependencies.cache, &dependencies.clock);
        let keys = Arc::clone(&dependencies.keys);
        let verifier = Arc::new(Verifier::new(db.clone(), Arc::clone(cache), Arc::clone(clock), keys));
        let ctx = Ctx::new(CtxParts {
            service: service.name,
            env: dependencies.env.clone(),
            db,
            cache: Arc::clone(cache),
            clock: Arc::clone(clock),
            mailer: Arc::clone(&dependencies.mailer),
            outbox_notify: Arc::new(Notify::new()),
        });
        let shared_keys = dependencies.shared_keys.clone();
        let (cancel, tasks) = (CancellationToken::new(), TaskTracker::new());
        let program = dependencies.task_program.as_ref().map(|(path, arguments)| TaskProgram {
            path: path.clone(),
            arguments: arguments(service.name),
            variables: database_variables(database),
        });
        let long_tasks = LongTasks::new(ctx.clone(), service.tasks, program, cancel.clone());
        let framework = Framework { verifier: Arc::clone(&verifier), shared_keys, tasks: long_tasks.clone() };
        let parts = (service.build)(ctx.clone(), framework).await?;
        tasks.spawn(Relay::new(ctx.clone(), Arc::clone(&dependencies.bus)).run(cancel.clone()));
        if let Some(handler) = parts.consumer {
            let revocations = revocation::event_handler(Arc::clone(cache), Arc::clone(clock));
            check_subscription(service.name, &handler.types(), &revocations.types())?;
            let processor = EventProcessor::new(ctx.clone(), handler).with_framework(revocations);
            tasks.spawn(consumer::run(processor, Arc::clone(&dependencies.bus), cancel.clone()));
        }
        let mut jobs = parts.jobs;
        jobs.push(housekeeping(retention));
        if !service.tasks.is_empty() {
            jobs.push(long_tasks.job());
        }
        if dependencies.scheduled {
            for job in &jobs {
                tasks.spawn(jobs::run(job.clone(), ctx.clone(), cancel.clone()));
            }
        }
        tasks.close();
        let bus = Arc::clone(&dependencies.bus);
        let (routes, graph) = (parts.routes, parts.graph);
        Ok(RunningService { name: service.name, ctx, verifier, routes, jobs, graph, bus, cancel, tasks })
    })
}

/// Errors unless a service handles exactly the event types that its queue receives, except those of the framework.
fn check_subscription(service: &str, handled: &[String], framework: &[String]) -> Result<(), BootError> {
    let subscribed = subscriptions::for_service(service).iter().copied();
    let is_own = |event_type: &&str| !framework.iter().any(|other| other == event_type);
    let subscribed: BTreeSet<&str> = subscribed.filter(is_own).collect();
    let handled: BTreeSet<&str> = handled.iter().map(String::as_str).collect();
    if handled == subscribed {
        return Ok(());
    }
    let difference: Vec<&str> = handled.symmetric_difference(&subscribed).copied().collect();
    let text = format!("{service}: subscription and consumer differ in {}", difference.join(", "));
    Err(BootError::Failed(text))
}

impl RunningService {
    /// Finishes the current batches and stops.
    pub fn stop(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.cancel.cancel();
            self.tasks.wait().await;
        })
    }
    /// Stops without waiting, as a crash would; uncommitted work is rolled back.
    pub fn abandon(&self) {
        self.cancel.cancel();
    }
}

/// A job that deletes expired rows of the tables that every service has.
fn housekeeping(retention: Option<Retention>) -> Job {
    Job::every("housekeeping", Duration::from_secs(600), move |ctx: Ctx| async move {
        let now = ctx.now();
        ctx.tx(async |c| {
            http_api::idempotency::delete_expired(c, now).await?;
            revocation::delete_expired(c, now).await?;
            long_tasks::delete_expired(c, now).await?;
            Ok::<_, DbError>(())
        })
        .await?;
        if let Some(retention) = retention {
            log::prune(&ctx, retention).await?;
        }
        Ok(())
    })
}

/// Refuses settings that work only when all services share a process: a broker in memory, which other processes cannot
/// reach, and the public keys of this process, which only auth has. A service with them would report that it is ready,
/// and neither deliver an event nor accept a token.
pub fn check_standalone(service: &str, env: &Env) -> Result<(), ConfigError> {
    if env.required("BROKER_URL")? == "memory://" {
        return Err(ConfigError::new("BROKER_URL", "memory:// cannot be reached by other processes: use amqp://…"));
    }
    if service != "auth" {
        env.required("JWKS_URL")?;
    }
    Ok(())
}
