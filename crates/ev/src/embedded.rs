//! All eight services in one process: a SQLite file each, an in-process bus, an in-memory cache.

use crate::folder::Folder;
use crate::pages;
use chassis::auth::SharedKeys;
use chassis::boot::site::{Extra, Site};
use chassis::boot::{Platform, Started, start};
use chassis::cache::memory::MemoryCache;
use chassis::clock::{Clock, SystemClock};
use chassis::events::memory::MemoryBus;
use chassis::mail::{ByChannel, Mailer, MessageLog};
use chassis::service::BootError;
use chassis::{Env, events::bus::Bus};
use db::DbConfig;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// How the embedded run differs from test to trial.
pub struct Options {
    /// Where the databases and keys are.
    pub data: PathBuf,
    pub env: Env,
    pub clock: Arc<dyn Clock>,
    pub bus: Arc<MemoryBus>,
    /// Whether jobs run by their schedules.
    pub scheduled: bool,
    /// Appended to every database URL: `?synchronous=off` where a test need not survive a power cut.
    pub database_options: &'static str,
}

impl Options {
    pub fn new(data: impl Into<PathBuf>, env: Env) -> Self {
        Self {
            data: data.into(),
            env,
            clock: Arc::new(SystemClock),
            bus: Arc::new(MemoryBus::new()),
            scheduled: true,
            database_options: "",
        }
    }
}

/// Eight running services.
pub struct Embedded {
    pub started: Vec<Started>,
    pub env: Env,
    /// What the console mailer was given; nothing when mail goes out by SMTP.
    pub messages: MessageLog,
    pub bus: Arc<MemoryBus>,
    console: bool,
    /// Held for as long as the services run.
    _folder: Folder,
}

impl Embedded {
    pub async fn start(options: Options) -> Result<Self, BootError> {
        let failed = |e: &dyn std::fmt::Display| BootError::Failed(e.to_string());
        let folder = Folder::hold(&options.data).map_err(|e| failed(&e))?;
        let env = crate::secrets::complete(&options.env, &options.data).map_err(|e| failed(&e))?;
        let env = env
            .with("BOOTSTRAP_ADMIN", env.or("BOOTSTRAP_ADMIN", "admin@ev.local"))
            // Everybody who tries the platform on one machine has the same address.
            .with("OTP_EXEMPT_LOOPBACK", env.or("OTP_EXEMPT_LOOPBACK", "on"))
            .with("BLOB_DIR", env.or("BLOB_DIR", &options.data.join("blobs").display().to_string()));
        let messages = MessageLog::default();
        let console = env.get("SMTP_URL").is_none();
        let mailer = if console { console_mailer(&messages, &env)? } else { chassis::boot::mailer(&env)? };
        let shared_keys = SharedKeys::new();
        let bus: Arc<dyn Bus> = options.bus.clone();
        let cache = Arc::new(MemoryCache::with_clock(Arc::clone(&options.clock)));
        let platform = Platform {
            env: env.clone(),
            clock: options.clock,
            bus,
            cache,
            mailer,
            keys: Arc::new(shared_keys.clone()),
            shared_keys,
            scheduled: options.scheduled,
        };
        let mut started = Vec::new();
        for service in crate::services() {
            let file = options.data.join(format!("{}.db", service.name));
            let mut database = DbConfig::new(format!("sqlite://{}{}", file.display(), options.database_options));
            database.pool_size = 4;
            started.push(start(service, &platform, &database).await?);
        }
        Ok(Self { started, env, messages, bus: options.bus, console, _folder: folder })
    }

    /// The pages that only the embedded run has. Mails are shown on a loopback address alone; any other is
    /// refused unless mail really goes out.
    pub fn pages(&self, address: SocketAddr) -> Result<Extra, BootError> {
        if !self.console {
            return Ok(pages::without_messages());
        }
        if !address.ip().is_loopback() {
            let reason =
                "on this address everybody could read the one-time codes: set SMTP_URL, or use a loopback address";
            return Err(BootError::Failed(format!("{address}: {reason}")));
        }
        Ok(pages::with_messages(self.messages.clone()))
    }

    pub fn site(&self, address: SocketAddr) -> Result<Site, BootError> {
        Site::over(&self.started, &self.env, Some(self.pages(address)?))
    }

    pub async fn stop(&self) {
        for service in &self.started {
            service.stop().await;
        }
    }
}

/// Keeps messages for `/dev/messages`; SMS only where no gateway takes them.
fn console_mailer(messages: &MessageLog, env: &Env) -> Result<Arc<dyn Mailer>, BootError> {
    let mail: Arc<dyn Mailer> = Arc::new(messages.clone());
    let sms = chassis::boot::sms(env)?.unwrap_or_else(|| Arc::clone(&mail));
    Ok(Arc::new(ByChannel { mail, sms: Some(sms) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{App, test};

    /// What a message to the sandbox is answered that is signed with nothing.
    async fn sandbox_answers(name: &str, variables: &[(&str, &str)]) -> u16 {
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
    async fn there_is_no_sandbox_beside_a_real_gateway_unless_it_has_a_secret_of_its_own() {
        let real = [
            ("RAZORPAY_KEY_ID", "rzp_test_1"),
            ("RAZORPAY_KEY_SECRET", "key-secret"),
            ("RAZORPAY_WEBHOOK_SECRET", "webhook-secret"),
        ];
        let both: Vec<_> = real.into_iter().chain([("SANDBOX_WEBHOOK_SECRET", "of its own")]).collect();
        assert_eq!(sandbox_answers("alone", &[]).await, 401);
        assert_eq!(sandbox_answers("real", &real).await, 404);
        assert_eq!(sandbox_answers("both", &both).await, 401);
    }
}
