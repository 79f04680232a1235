//! All eight services in one process, with an SQLite file each, an in-process bus and an in-memory cache.

use crate::data_dir::DataDir;
use crate::pages;
use crate::sandbox_gateway::{self, SandboxGateway};
use crate::sign_in_links::{LinkSignIn, SignInLinks};
use auth_token::SharedKeys;
use chassis::boot::server::{ExtraRoutes, HttpApp};
use chassis::boot::{Dependencies, RunningService, TaskArguments, start};
use chassis::service::BootError;
use db::DbConfig;
use messaging::bus::EventBus;
use messaging::memory::MemoryBus;
use runtime::Env;
use runtime::cache::memory::MemoryCache;
use runtime::clock::{Clock, SystemClock};
use runtime::mail::{ChannelMailer, Mailer, MessageLog};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A change of the dependencies of all services.
pub type Adjust = Box<dyn FnOnce(&mut Dependencies) + Send>;

/// Options of the embedded run.
pub struct Options {
    /// Folder of the databases and keys.
    pub data: PathBuf,
    /// Environment variables of the services.
    pub env: Env,
    /// Clock of all services.
    pub clock: Arc<dyn Clock>,
    /// Event bus of all services.
    pub bus: Arc<MemoryBus>,
    /// Whether jobs run on their schedules.
    pub scheduled: bool,
    /// Suffix of every database URL, such as `?synchronous=off` in tests.
    pub database_options: &'static str,
    /// Replaces dependencies before the services start. Tests put doubles with faults in their place.
    pub adjust: Option<Adjust>,
    /// The program `ev`, which runs long tasks; `None`: they run in this process.
    pub task_program: Option<PathBuf>,
}

impl Options {
    /// System clock, new bus, scheduled jobs, no database options.
    pub fn new(data: impl Into<PathBuf>, env: Env) -> Self {
        Self {
            data: data.into(),
            env,
            clock: Arc::new(SystemClock),
            bus: Arc::new(MemoryBus::new()),
            scheduled: true,
            database_options: "",
            adjust: None,
            task_program: None,
        }
    }
}

/// The running platform.
pub struct Embedded {
    /// The services, in the order of start.
    pub started: Vec<RunningService>,
    /// Environment variables, completed with defaults and generated secrets.
    pub env: Env,
    /// Messages of the console mailer; empty where mail is sent over SMTP.
    pub messages: MessageLog,
    /// Sign-in links, which work where the messages are shown.
    pub sign_in_links: SignInLinks,
    /// Event bus of all services.
    pub bus: Arc<MemoryBus>,
    uses_console_mailer: bool,
    /// Locked while the services run.
    _data_dir: DataDir,
}

impl Embedded {
    /// Starts all services. Errors when the data folder is locked, a setting is invalid or a service cannot start.
    pub async fn start(options: Options) -> Result<Self, BootError> {
        let failed = |e: &dyn std::fmt::Display| BootError::Failed(e.to_string());
        let data_dir = DataDir::lock(&options.data).map_err(|e| failed(&e))?;
        let env = crate::secrets::complete(&options.env, &options.data).map_err(|e| failed(&e))?;
        let env = env
            .with("BOOTSTRAP_ADMIN", env.get_or("BOOTSTRAP_ADMIN", "admin@ev.local"))
            // All users on one machine share the loopback address.
            .with("OTP_EXEMPT_LOOPBACK", env.get_or("OTP_EXEMPT_LOOPBACK", "on"))
            .with("BLOB_DIR", env.get_or("BLOB_DIR", &options.data.join("blobs").display().to_string()))
            .with("SEARCH_DIR", env.get_or("SEARCH_DIR", &options.data.join("search").display().to_string()));
        let messages = MessageLog::default();
        let uses_console_mailer = env.get("SMTP_URL").is_none();
        let mailer =
            if uses_console_mailer { console_mailer(&messages, &env)? } else { runtime::mail::from_env(&env)? };
        let sign_in_links = SignInLinks::new(Arc::clone(&options.clock));
        let shared_keys = SharedKeys::new();
        let bus: Arc<dyn EventBus> = options.bus.clone();
        let cache = Arc::new(MemoryCache::with_clock(Arc::clone(&options.clock)));
        let mut platform = Dependencies {
            env: env.clone(),
            clock: options.clock,
            bus,
            cache,
            mailer,
            keys: Arc::new(shared_keys.clone()),
            shared_keys,
            scheduled: options.scheduled,
            task_program: options.task_program.map(|path| (path, TASK_ARGUMENTS)),
        };
        if let Some(adjust) = options.adjust {
            adjust(&mut platform);
        }
        let mut started = Vec::new();
        for service in crate::services() {
            let file = options.data.join(format!("{}.db", service.name));
            let mut database = DbConfig::new(format!("sqlite://{}{}", file.display(), options.database_options));
            database.pool_size = 4;
            started.push(start(service, &platform, &database).await?);
        }
        let bus = options.bus;
        Ok(Self { started, env, messages, sign_in_links, bus, uses_console_mailer, _data_dir: data_dir })
    }

    /// Additional pages of the embedded run. With the console mailer, messages are shown and the address must be a
    /// loopback address; any other address is an error, because messages contain one-time codes.
    pub fn pages(&self, address: SocketAddr) -> Result<ExtraRoutes, BootError> {
        if !self.uses_console_mailer {
            return Ok(pages::public());
        }
        if !address.ip().is_loopback() {
            let reason =
                "on this address anyone could read the one-time codes: set SMTP_URL, or use a loopback address";
            return Err(BootError::Failed(format!("{address}: {reason}")));
        }
        let failed = |e: reqwest::Error| BootError::Failed(e.to_string());
        let gateway = SandboxGateway::new(address, sandbox_gateway::secret(&self.env)).map_err(failed)?;
        let link_sign_in = LinkSignIn::new(address, self.sign_in_links.clone(), self.messages.clone());
        Ok(pages::development(self.messages.clone(), gateway, link_sign_in.map_err(failed)?))
    }

    /// The HTTP application of all services.
    pub fn site(&self, address: SocketAddr) -> Result<HttpApp, BootError> {
        HttpApp::for_services(&self.started, &self.env, Some(self.pages(address)?))
    }

    /// Stops all services.
    pub async fn stop(&self) {
        for service in &self.started {
            service.stop().await;
        }
    }
}

/// Arguments of `ev` for the long tasks of a service.
const TASK_ARGUMENTS: TaskArguments = |service| vec!["run-task".into(), service.into()];

/// Mailer that stores messages for `/dev/messages`. SMS are stored only where no SMS gateway is configured.
fn console_mailer(messages: &MessageLog, env: &Env) -> Result<Arc<dyn Mailer>, BootError> {
    let mail: Arc<dyn Mailer> = Arc::new(messages.clone());
    let sms = runtime::mail::sms_from_env(env)?.unwrap_or_else(|| Arc::clone(&mail));
    Ok(Arc::new(ChannelMailer { mail, sms: Some(sms) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, test};

    /// Status of an unsigned webhook to the sandbox gateway.
    async fn unsigned_webhook_status(name: &str, variables: &[(&str, &str)]) -> u16 {
        let data = std::env::temp_dir().join(format!("ev-embedded-{name}-{}", std::process::id()));
        let mut options = Options::new(&data, Env::from_pairs(variables.iter().copied()));
        (options.scheduled, options.database_options) = (false, "?synchronous=off");
        let platform = Embedded::start(options).await.expect("it starts");
        let site = platform.site(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a site");
        let app = test::init_service(App::new().configure(|config| site.configure(config))).await;
        let message = test::TestRequest::post().uri("/api/v1/payments/webhooks/sandbox").to_request();
        let status = test::call_service(&app, message).await.status().as_u16();
        platform.stop().await;
        std::fs::remove_dir_all(&data).expect("removed");
        status
    }

    #[actix_web::test]
    async fn the_sandbox_beside_a_real_gateway_needs_its_own_secret() {
        let real = [
            ("RAZORPAY_KEY_ID", "rzp_test_1"),
            ("RAZORPAY_KEY_SECRET", "key-secret"),
            ("RAZORPAY_WEBHOOK_SECRET", "webhook-secret"),
        ];
        let both: Vec<_> = real.into_iter().chain([("SANDBOX_WEBHOOK_SECRET", "own-secret")]).collect();
        assert_eq!(unsigned_webhook_status("alone", &[]).await, 401);
        assert_eq!(unsigned_webhook_status("real", &real).await, 404);
        assert_eq!(unsigned_webhook_status("both", &both).await, 401);
    }
}
