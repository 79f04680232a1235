//! How services are started: each alone in its own binary ([`run`]), or all of them in one process
//! ([`start`] for each, then [`site::Site`] over them).
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `HTTP_ADDR` | where requests are answered | `127.0.0.1:8080` |
//! | `INTERNAL_ADDR` | where `GET /metrics` is answered | `127.0.0.1:9090` |
//! | `DATABASE_URL` | `sqlite://path` or `mysql://…` | `sqlite://data/<service>.db` |
//! | `DATABASE_READ_URL` | a replica for reads | none |
//! | `DATABASE_MIGRATE_URL` | the user that may change the schema | `DATABASE_URL` |
//! | `DATABASE_POOL_SIZE` | connections | 10 |
//! | `BROKER_URL` | `memory://` or `amqp://…` | `memory://` |
//! | `BROKER_NAMESPACE` | prefix of exchanges and queues | `ev` |
//! | `CACHE_URL` | `memory://` or `redis://…` | `memory://` |
//! | `CACHE_NAMESPACE` | prefix of keys | `ev` |
//! | `JWKS_URL` | where auth publishes its keys | keys of this process |
//! | `EVENTS_KEPT_DAYS` | how long events stay that were sent and handled | for ever |
//! | `READY_MAX_PARKED` | parked events beyond which a service is not ready | none: they do not matter |
//! | `SMTP_URL`, `SMTP_FROM` | how mail is sent | not sent |
//! | `SMS_URL`, `SMS_TOKEN` | how SMS are sent | not sent |
//! | `TRUSTED_PROXIES` | whose `X-Forwarded-For` is believed | nobody's |
//! | `HTTP_WORKERS` | threads that answer requests | processor cores |
//! | `SHUTDOWN_SECS` | longest a shutdown may take | 10 |
//!
//! A service alone in its binary must be given `BROKER_URL`, to a broker that others reach as well, and `JWKS_URL`
//! unless it is auth: see [`check_alone`].

pub mod site;

use crate::auth::Verifier;
use crate::auth::jwks::{HttpKeySource, KeySource, SharedKeys};
use crate::cache::{self, Cache};
use crate::clock::{Clock, SystemClock};
use crate::config::{ConfigError, Env};
use crate::ctx::{self, Ctx};
use crate::events::amqp::AmqpBus;
use crate::events::bus::Bus;
use crate::events::log::{self, Retention};
use crate::events::memory::MemoryBus;
use crate::events::relay::Relay;
use crate::events::{HandleError, consumer};
use crate::http::Routes;
use crate::jobs::{self, Job};
use crate::mail::{ByChannel, Mailer, NoMailer, SmsSender, SmtpMailer};
use crate::service::{BootError, Service};
use crate::telemetry;
use db::{Db, DbConfig};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections in a pool, unless `DATABASE_POOL_SIZE` says otherwise.
const POOL_SIZE: usize = 10;

/// What a process gives each of its services.
#[derive(Clone)]
pub struct Platform {
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub bus: Arc<dyn Bus>,
    pub cache: Arc<dyn Cache>,
    pub mailer: Arc<dyn Mailer>,
    /// Where access tokens' public keys come from.
    pub keys: Arc<dyn KeySource>,
    /// Where auth puts them when it runs in this process.
    pub shared_keys: SharedKeys,
    /// Whether jobs run by their schedules. A test runs them by name.
    pub scheduled: bool,
}

impl Platform {
    /// What the environment asks for.
    pub fn from_env(env: Env) -> Result<Self, BootError> {
        let shared_keys = SharedKeys::new();
        let keys: Arc<dyn KeySource> = match env.get("JWKS_URL") {
            Some(url) => Arc::new(HttpKeySource::new(url)?),
            None => Arc::new(shared_keys.clone()),
        };
        let cache = cache::connect(env.or("CACHE_URL", "memory://"), env.or("CACHE_NAMESPACE", "ev"))?;
        let bus = bus(&env)?;
        let mailer = mailer(&env)?;
        let clock = Arc::new(SystemClock);
        Ok(Self { env, clock, bus, cache, mailer, keys, shared_keys, scheduled: true })
    }
}

fn bus(env: &Env) -> Result<Arc<dyn Bus>, ConfigError> {
    match env.or("BROKER_URL", "memory://") {
        "memory://" => Ok(Arc::new(MemoryBus::new())),
        url if url.starts_with("amqp://") || url.starts_with("amqps://") => {
            Ok(Arc::new(AmqpBus::connect(url, env.or("BROKER_NAMESPACE", "ev"))?))
        }
        url => Ok(Arc::new(AmqpBus::connect(url, env.or("BROKER_NAMESPACE", "ev"))?)),
    }
}

/// Mail by SMTP when `SMTP_URL` is set; without it, mail waits. SMS by `SMS_URL`; without it, they are refused.
pub fn mailer(env: &Env) -> Result<Arc<dyn Mailer>, ConfigError> {
    let mail: Arc<dyn Mailer> = match env.get("SMTP_URL") {
        Some(url) => Arc::new(SmtpMailer::from_url(url, env.or("SMTP_FROM", "EV Platform <no-reply@ev.local>"))?),
        None => Arc::new(NoMailer),
    };
    let sms = sms(env)?;
    if sms.is_none() && env.get("SMTP_URL").is_some() {
        tracing::warn!("SMS_URL is not set: no code reaches a mobile number");
    }
    Ok(Arc::new(ByChannel { mail, sms }))
}

/// The SMS gateway, if one is configured.
pub fn sms(env: &Env) -> Result<Option<Arc<dyn Mailer>>, ConfigError> {
    let Some(url) = env.get("SMS_URL") else { return Ok(None) };
    Ok(Some(Arc::new(SmsSender::new(url, env.required("SMS_TOKEN")?.into())?)))
}

/// The service's database, by the environment.
pub fn database(env: &Env, service: &str) -> Result<DbConfig, ConfigError> {
    let default = format!("sqlite://data/{service}.db");
    let mut config = DbConfig::new(env.or("DATABASE_URL", &default));
    config.read_url = env.get("DATABASE_READ_URL").map(str::to_owned);
    config.migrate_url = env.get("DATABASE_MIGRATE_URL").map(str::to_owned);
    config.pool_size = env.parse_in("DATABASE_POOL_SIZE", POOL_SIZE, 1..=1_000, "connections")?;
    Ok(config)
}

/// A running service.
pub struct Started {
    pub name: &'static str,
    pub ctx: Ctx,
    pub routes: Routes,
    pub jobs: Vec<Job>,
    pub bus: Arc<dyn Bus>,
    cancel: CancellationToken,
    tasks: TaskTracker,
}

/// Connects, migrates, builds, and starts what runs besides requests: relay, consumer, jobs.
pub async fn start(service: Service, platform: &Platform, database: &DbConfig) -> Result<Started, BootError> {
    let retention = Retention::from_env(&platform.env)?;
    let db = Db::connect(database).await?;
    db.migrate(crate::MIGRATIONS).await?;
    db.refuse_newer(&[&crate::MIGRATIONS, &service.migrations]).await?;
    let applied = db.migrate(service.migrations).await?;
    if !applied.is_empty() {
        tracing::info!(service = service.name, ?applied, "the schema was brought up to date");
    }
    let verifier =
        Verifier::new(db.clone(), Arc::clone(&platform.cache), Arc::clone(&platform.clock), Arc::clone(&platform.keys));
    let ctx = Ctx::new(ctx::Parts {
        service: service.name,
        env: platform.env.clone(),
        db,
        cache: Arc::clone(&platform.cache),
        clock: Arc::clone(&platform.clock),
        mailer: Arc::clone(&platform.mailer),
        verifier: Arc::new(verifier),
        shared_keys: platform.shared_keys.clone(),
        outbox_notify: Arc::new(Notify::new()),
    });
    let parts = (service.build)(ctx.clone()).await?;
    let (cancel, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(Relay::new(ctx.clone(), Arc::clone(&platform.bus)).run(cancel.clone()));
    if let Some(consumer) = parts.consumer {
        tasks.spawn(consumer::run(consumer, ctx.clone(), Arc::clone(&platform.bus), cancel.clone()));
    }
    let mut jobs = parts.jobs;
    jobs.push(housekeeping(retention));
    if platform.scheduled {
        for job in &jobs {
            tasks.spawn(jobs::run(job.clone(), ctx.clone(), cancel.clone()));
        }
    }
    tasks.close();
    let bus = Arc::clone(&platform.bus);
    Ok(Started { name: service.name, ctx, routes: parts.routes, jobs, bus, cancel, tasks })
}

impl Started {
    /// Finishes the batch at hand and stops.
    pub async fn stop(&self) {
        self.cancel.cancel();
        self.tasks.wait().await;
    }
    /// Stops without waiting, as a crash would: what is not committed is lost.
    pub fn abandon(&self) {
        self.cancel.cancel();
    }
}

/// Forgets what nobody can ask for any more.
fn housekeeping(retention: Option<Retention>) -> Job {
    Job::every("housekeeping", Duration::from_secs(600), move |ctx: Ctx| async move {
        let now = ctx.now();
        ctx.tx(async |c| {
            crate::http::idempotency::sweep(c, now).await?;
            crate::auth::revocation::sweep(c, now).await?;
            Ok::<_, HandleError>(())
        })
        .await?;
        if let Some(retention) = retention {
            log::prune(&ctx, retention).await?;
        }
        Ok(())
    })
}

/// Refuses what makes sense only where all services share a process: a broker in memory, which no other process
/// reaches, and the keys of this process, which only auth makes. Such a service would answer that it is ready,
/// deliver nothing and let nobody in.
pub fn check_alone(service: &str, env: &Env) -> Result<(), ConfigError> {
    if env.required("BROKER_URL")? == "memory://" {
        return Err(ConfigError::new("BROKER_URL", "no other process reaches a broker in memory: use amqp://…"));
    }
    if service != "auth" {
        env.required("JWKS_URL")?;
    }
    Ok(())
}

/// Runs one service in this process until it is told to stop.
pub fn run(service: Service) -> ExitCode {
    let env = Env::from_process();
    let name = service.name;
    let telemetry = match telemetry::init(name, &env) {
        Ok(telemetry) => telemetry,
        Err(error) => return refuse(name, &error.into()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return refuse(name, &BootError::Failed(error.to_string())),
    };
    let outcome = runtime.block_on(async {
        check_alone(name, &env)?;
        let platform = Platform::from_env(env.clone())?;
        let started = start(service, &platform, &database(&env, name)?).await?;
        let listeners = site::Listeners::bind(&env)?;
        site::serve_until_told(vec![started], &env, None, listeners).await
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    drop(telemetry);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(name, &error),
    }
}

fn refuse(name: &str, error: &BootError) -> ExitCode {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    tracing::error!(service = name, error = text, "the service cannot start");
    eprintln!("{name}: {text}");
    ExitCode::FAILURE
}
