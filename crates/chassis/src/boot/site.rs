//! The HTTP server over one or more started services.

use super::Started;
use crate::auth::Verifier;
use crate::config::{ConfigError, Env, Setting};
use crate::ctx::Ctx;
use crate::events::bus::Bus;
use crate::events::parked;
use crate::http::edge::{self, TrustedProxies};
use crate::http::{Problem, Routes};
use crate::service::BootError;
use crate::telemetry;
use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::{App, FromRequest, Handler, HttpRequest, HttpResponse, HttpServer, Resource, Responder, web};
use serde::Serialize;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// How long an idle connection is kept. A client must give it up first, or a request may meet a connection that is
/// being closed: nginx keeps one for 60 s, our own client for [`crate::http::client::IDLE`].
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// What is left of a shutdown's time when requests that have not finished are cut off.
const FORCING: Duration = Duration::from_secs(2);

/// Routes that are not of a service: the embedded run's own pages.
pub type Extra = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// What a server answers.
#[derive(Clone)]
pub struct Site {
    routes: Vec<Routes>,
    verifier: Arc<Verifier>,
    probes: Vec<Probe>,
    proxies: TrustedProxies,
    extra: Option<Extra>,
}

#[derive(Clone)]
struct Probe {
    ctx: Ctx,
    bus: Arc<dyn Bus>,
    /// Parked events beyond which the service is not ready; `None` where they do not matter.
    max_parked: Option<u32>,
}

/// One dependency of one service.
#[derive(Debug, Serialize)]
struct Check {
    service: &'static str,
    dependency: &'static str,
    up: bool,
    /// Without it the service is not ready; without another it does less.
    #[serde(skip)]
    vital: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl Site {
    /// A site over started services; `None` when there is none.
    pub fn over(started: &[Started], env: &Env, extra: Option<Extra>) -> Result<Self, BootError> {
        let first = started.first().ok_or_else(|| BootError::Failed("there is no service to serve".into()))?;
        let max_parked = env.parse("READY_MAX_PARKED")?;
        let probe = |s: &Started| Probe { ctx: s.ctx.clone(), bus: Arc::clone(&s.bus), max_parked };
        Ok(Self {
            routes: started.iter().map(|s| s.routes.clone()).collect(),
            verifier: Arc::clone(first.ctx.verifier()),
            probes: started.iter().map(probe).collect(),
            proxies: env.parse_or("TRUSTED_PROXIES", TrustedProxies::default())?,
            extra,
        })
    }

    /// Adds everything to an actix application.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(web::Data::from(Arc::clone(&self.verifier)))
            .app_data(web::Data::new(self.proxies.clone()))
            .app_data(web::Data::new(self.probes.clone()));
        for routes in &self.routes {
            routes.configure(config);
        }
        if let Some(extra) = &self.extra {
            extra(config);
        }
        config
            .service(page("/health/live", live))
            .service(page("/health/ready", ready))
            .default_service(web::to(edge::no_route));
    }

    /// A server that answers on `listener` with `workers` threads.
    pub fn serve(self, listener: TcpListener, workers: usize, shutdown: Duration) -> std::io::Result<Server> {
        let server = HttpServer::new(move || {
            let site = self.clone();
            App::new().wrap(from_fn(edge::wrap)).configure(move |config| site.configure(config))
        });
        let server = server.keep_alive(KEEP_ALIVE).workers(workers).shutdown_timeout(shutdown.as_secs());
        Ok(server.disable_signals().listen(listener)?.run())
    }
}

/// A page of the host, outside the API: it answers GET and HEAD, and says so to anything else.
pub fn page<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(only_read))
}

async fn only_read() -> Result<HttpResponse, Problem> {
    let (code, said) = ("request.method_not_allowed", "this path answers GET, HEAD");
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, code, said).with_allow("GET, HEAD"))
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

async fn ready(request: HttpRequest, probes: web::Data<Vec<Probe>>) -> HttpResponse {
    let checks: Vec<Check> =
        futures_util::future::join_all(probes.iter().map(Probe::check)).await.into_iter().flatten().collect();
    if checks.iter().all(|c| c.up || !c.vital) {
        let status = if checks.iter().all(|c| c.up) { "ready" } else { "degraded" };
        return HttpResponse::Ok().json(serde_json::json!({ "status": status, "checks": checks }));
    }
    // A problem document that also says which dependency is missing.
    let (code, said) = ("health.unready", "something this needs is not available");
    let (request_id, _) = edge::origin(&request);
    let mut body = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, said).body(&request_id);
    if let Some(body) = body.as_object_mut() {
        body.insert("checks".to_owned(), serde_json::json!(checks));
    }
    let mut response = HttpResponse::ServiceUnavailable();
    response.insert_header(("Retry-After", 5)).insert_header(("Content-Type", "application/problem+json"));
    response.body(body.to_string())
}

impl Probe {
    async fn check(&self) -> Vec<Check> {
        let service = self.ctx.service();
        let (database, bus, cache) = tokio::join!(self.ctx.db().ping(), self.bus.ping(), self.ctx.cache().ping());
        let check = |dependency, up: bool, reason| {
            let reason = (!up).then_some(reason);
            Check { service, dependency, up, vital: true, reason }
        };
        let mut checks = vec![
            check("database", database.is_ok(), "it does not answer"),
            check("broker", bus.is_ok(), "not connected"),
            check("cache", cache.is_ok(), "it does not answer"),
        ];
        if let Some(most) = self.max_parked {
            let few = self.parked().await.is_some_and(|parked| parked <= i64::from(most));
            checks.push(check("parked", few, "more events are parked than READY_MAX_PARKED"));
        }
        let up = checks.iter().all(|c| c.up);
        metrics::gauge!("ready", "service" => service).set(f64::from(u8::from(up)));
        // What is called outside is not what requests in general need.
        checks.extend(self.ctx.breakers().iter().map(|b| Check {
            vital: false,
            ..check(b.name(), b.is_closed(), "it does not answer and is left alone for a while")
        }));
        checks
    }

    /// How many events the service could not handle, if its database answers.
    async fn parked(&self) -> Option<i64> {
        let mut connection = self.ctx.db().read().await.ok()?;
        parked::count(&mut connection).await.ok()
    }
}

fn bind(variable: &str, address: &str) -> Result<TcpListener, BootError> {
    let refused = |_| ConfigError::refused(variable, address, SocketAddr::ACCEPTED);
    let address: SocketAddr = address.parse().map_err(refused)?;
    TcpListener::bind(address).map_err(|e| ConfigError::new(variable, format!("{address}: {e}")).into())
}

/// Where a process answers. Whoever connects once it is bound waits until it is served.
pub struct Listeners {
    public: TcpListener,
    internal: TcpListener,
}

impl Listeners {
    /// On `HTTP_ADDR` and `INTERNAL_ADDR`.
    pub fn bind(env: &Env) -> Result<Self, BootError> {
        Ok(Self {
            public: bind("HTTP_ADDR", env.or("HTTP_ADDR", "127.0.0.1:8080"))?,
            internal: bind("INTERNAL_ADDR", env.or("INTERNAL_ADDR", "127.0.0.1:9090"))?,
        })
    }
    /// Where `GET /metrics` is answered.
    pub fn internal_addr(&self) -> std::io::Result<SocketAddr> {
        self.internal.local_addr()
    }
}

/// Serves until SIGTERM or SIGINT, then finishes what is at hand and stops everything.
pub async fn serve_until_told(
    started: Vec<Started>,
    env: &Env,
    extra: Option<Extra>,
    listeners: Listeners,
) -> Result<(), BootError> {
    let failed = |e: std::io::Error| BootError::Failed(e.to_string());
    let shutdown = Duration::from_secs(env.parse_in("SHUTDOWN_SECS", 10_u64, 0..=3_600, "seconds")?);
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let workers: usize = env.parse_in("HTTP_WORKERS", cores, 1..=1_024, "threads")?;
    let address = listeners.public.local_addr().map_err(failed)?;
    let patience = shutdown.saturating_sub(FORCING);
    let server = Site::over(&started, env, extra)?.serve(listeners.public, workers, patience).map_err(failed)?;
    let metrics = metrics_server(listeners.internal).map_err(failed)?;
    let (handle, metrics_handle) = (server.handle(), metrics.handle());
    let names: Vec<&str> = started.iter().map(|s| s.name).collect();
    tracing::info!(%address, services = ?names, "ready");
    let (server, metrics) = (tokio::spawn(server), tokio::spawn(metrics));
    told_to_stop().await.map_err(failed)?;
    tracing::info!("stopping: finishing requests and the batch in hand");
    // Side by side: one slow client must not keep consumers and relays from finishing what they have in hand. What a
    // last request still leaves in the outbox is sent after the next start.
    let services = futures_util::future::join_all(started.iter().map(Started::stop));
    let stopping = async {
        tokio::join!(handle.stop(true), services);
        metrics_handle.stop(true).await;
    };
    if tokio::time::timeout(shutdown, stopping).await.is_err() {
        tracing::warn!("not everything finished in time; what was not committed will be done again");
    }
    drop((server, metrics));
    Ok(())
}

fn metrics_server(listener: TcpListener) -> std::io::Result<Server> {
    let server = HttpServer::new(|| App::new().service(page("/metrics", measures)));
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

async fn measures() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(telemetry::metrics_text())
}

async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
