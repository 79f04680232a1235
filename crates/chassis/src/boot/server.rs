//! HTTP server for one or more running services: routes, health checks, metrics, shutdown.

use super::RunningService;
use crate::service::BootError;
use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, FromRequest, Handler, HttpRequest, HttpResponse, HttpServer, Resource, Responder, web};
use auth_token::Verifier;
use db::pool::PoolUse;
use futures_util::future::BoxFuture;
use graph::{Graph, GraphSettings, Part};
use http_api::middleware::{self, TrustedProxies};
use http_api::{Authenticator, Problem, Routes};
use messaging::bus::EventBus;
use messaging::parked;
use runtime::config::{ConfigError, Env, Setting};
use runtime::ctx::Ctx;
use runtime::{build_info, telemetry};
use serde::Serialize;
use socket2::SockRef;
use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// How long an idle connection is kept open. Longer than in any client, or a request may meet a connection that is
/// being closed: nginx keeps one for 60 s, our own client for [`runtime::http_client::IDLE_TIMEOUT`].
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(75);

/// Default of `HTTP_ADDR`.
pub(super) const DEFAULT_HTTP_ADDR: &str = "127.0.0.1:8080";

/// Part of the shutdown time that is left when unfinished requests are aborted.
const FORCED_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Routes outside the API: the pages of the embedded run.
pub type ExtraRoutes = Arc<dyn Fn(&mut web::ServiceConfig) + Send + Sync>;

/// Routes, health checks and settings of a server.
#[derive(Clone)]
pub struct HttpApp {
    routes: Vec<Routes>,
    authenticator: Arc<dyn Authenticator>,
    probes: Vec<Probe>,
    proxies: TrustedProxies,
    graph: Option<Graph>,
    extra: Option<ExtraRoutes>,
}

#[derive(Clone)]
struct Probe {
    ctx: Ctx,
    bus: Arc<dyn EventBus>,
    /// Parked events above which the service is not ready; `None` for no limit.
    max_parked: Option<u32>,
}

/// Health of one dependency of a service.
#[derive(Debug, Serialize)]
struct Check {
    service: &'static str,
    dependency: &'static str,
    up: bool,
    /// Whether the service is unready without it. Without another dependency it is degraded.
    #[serde(skip)]
    is_required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl HttpApp {
    /// An application of all routes of the services. Errors when there is no service, or a setting is invalid.
    pub fn for_services(started: &[RunningService], env: &Env, extra: Option<ExtraRoutes>) -> Result<Self, BootError> {
        let first = started.first().ok_or_else(|| BootError::Failed("there is no service to serve".into()))?;
        let max_parked = env.parse("READY_MAX_PARKED")?;
        let probe = |s: &RunningService| Probe { ctx: s.ctx.clone(), bus: Arc::clone(&s.bus), max_parked };
        Ok(Self {
            routes: started.iter().map(|s| s.routes.clone()).collect(),
            authenticator: Arc::<Verifier>::clone(&first.verifier),
            probes: started.iter().map(probe).collect(),
            proxies: env.parse_or("TRUSTED_PROXIES", TrustedProxies::default())?,
            graph: read_graph(started, env)?,
            extra,
        })
    }

    /// Adds routes, health checks and shared data to an actix application.
    pub fn configure(&self, config: &mut web::ServiceConfig) {
        config
            .app_data(web::Data::from(Arc::clone(&self.authenticator)))
            .app_data(web::Data::new(self.proxies.clone()))
            .app_data(web::Data::new(self.probes.clone()));
        for routes in &self.routes {
            routes.configure(config);
        }
        if let Some(graph) = &self.graph {
            graph.configure(config);
        }
        if let Some(extra) = &self.extra {
            extra(config);
        }
        config
            .service(read_only_resource("/health/live", live))
            .service(read_only_resource("/health/serving", serving))
            .service(read_only_resource("/health/ready", ready))
            .default_service(web::to(middleware::route_not_found));
    }

    /// A server on `listener` with `workers` threads. `shutdown` is how long requests may take to finish.
    pub fn serve(self, listener: TcpListener, workers: usize, shutdown: Duration) -> std::io::Result<Server> {
        let server = HttpServer::new(move || {
            let app = self.clone();
            App::new().wrap(from_fn(middleware::request_context)).configure(move |config| app.configure(config))
        });
        let server = server.keep_alive(KEEP_ALIVE_TIMEOUT).workers(workers).shutdown_timeout(shutdown.as_secs());
        let server = server.on_connect(|connection, _| limit_stall(connection));
        Ok(server.disable_signals().listen(listener)?.run())
    }
}

/// The read graph of the services; `None` where none has a part of it.
fn read_graph(started: &[RunningService], env: &Env) -> Result<Option<Graph>, BootError> {
    let is_introspected = env.switch_or("GRAPHQL_INTROSPECTION", true)?;
    let parts: Vec<&Part> = started.iter().filter_map(|service| service.graph.as_ref()).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let graph = Graph::of_parts(&parts, GraphSettings { is_introspected });
    graph.map(Some).map_err(|e| BootError::Failed(e.to_string()))
}

/// Longest time in which a client accepts nothing of what it was sent. The kernel then ends the connection, which a
/// client that keeps it open and never reads would otherwise hold permanently.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);

fn limit_stall(connection: &dyn Any) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(STALL_TIMEOUT))
    {
        tracing::debug!(%error, "the time limit of a stalled connection is not set");
    }
}

/// A resource outside the API that responds to GET and HEAD, and with 405 to other methods.
pub fn read_only_resource<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path.to_owned())
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(method_not_allowed))
}

async fn method_not_allowed() -> Result<HttpResponse, Problem> {
    let (code, detail) = ("request.method_not_allowed", "this path answers GET, HEAD");
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, code, detail).with_allow("GET, HEAD"))
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// Whether requests should come to this process: its own databases respond. What it needs only at times, such as the
/// broker or the cache, does not count, because no other replica has it either. Start-up work is done before the port
/// opens.
async fn serving(request: HttpRequest, probes: web::Data<Vec<Probe>>) -> HttpResponse {
    let pings = futures_util::future::join_all(probes.iter().map(|probe| probe.ctx.db().ping())).await;
    if pings.iter().all(Result::is_ok) {
        return HttpResponse::Ok().json(serde_json::json!({ "status": "serving" }));
    }
    let (code, detail) = ("health.not_serving", "the database does not respond");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
    unavailable(&problem.body(&middleware::request_origin(&request).request_id))
}

fn unavailable(body: &serde_json::Value) -> HttpResponse {
    let mut response = HttpResponse::ServiceUnavailable();
    response.insert_header(("Retry-After", 5)).insert_header(("Content-Type", "application/problem+json"));
    response.body(body.to_string())
}

async fn ready(request: HttpRequest, probes: web::Data<Vec<Probe>>) -> HttpResponse {
    let checks: Vec<Check> =
        futures_util::future::join_all(probes.iter().map(Probe::check)).await.into_iter().flatten().collect();
    if checks.iter().all(|c| c.up || !c.is_required) {
        let status = if checks.iter().all(|c| c.up) { "ready" } else { "degraded" };
        let (version, revision) = (build_info::VERSION, build_info::REVISION);
        return HttpResponse::Ok()
            .json(serde_json::json!({ "status": status, "version": version, "revision": revision, "checks": checks }));
    }
    // A problem document with the checks added.
    let (code, detail) = ("health.unready", "a required dependency is unavailable");
    let request_id = middleware::request_origin(&request).request_id;
    let mut body = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).body(&request_id);
    if let Some(body) = body.as_object_mut() {
        body.insert("checks".to_owned(), serde_json::json!(checks));
    }
    unavailable(&body)
}

impl Probe {
    async fn check(&self) -> Vec<Check> {
        let service = self.ctx.service();
        let (database, bus, cache) = tokio::join!(self.ctx.db().ping(), self.bus.ping(), self.ctx.cache().ping());
        let check = |dependency, up: bool, reason| {
            let reason = (!up).then_some(reason);
            Check { service, dependency, up, is_required: true, reason }
        };
        let mut checks = vec![
            check("database", database.is_ok(), "no response"),
            check("broker", bus.is_ok(), "not connected"),
            check("cache", cache.is_ok(), "no response"),
        ];
        if let Some(max) = self.max_parked {
            let is_within = self.count_parked().await.is_some_and(|parked| parked <= i64::from(max));
            checks.push(check("parked", is_within, "more events are parked than READY_MAX_PARKED"));
        }
        let up = checks.iter().all(|c| c.up);
        metrics::gauge!("ready", "service" => service).set(f64::from(u8::from(up)));
        // Most requests do not need the systems behind circuit breakers.
        checks.extend(
            self.ctx
                .breakers()
                .iter()
                .map(|b| Check { is_required: false, ..check(b.name(), b.is_closed(), "circuit breaker open") }),
        );
        checks
    }

    /// Counts the parked events; `None` when the database does not respond.
    async fn count_parked(&self) -> Option<i64> {
        let mut connection = self.ctx.db().read().await.ok()?;
        parked::count(&mut connection).await.ok()
    }
}

fn bind(variable: &str, address: &str) -> Result<TcpListener, BootError> {
    let invalid = |_| ConfigError::refused(variable, address, SocketAddr::ACCEPTED);
    let address: SocketAddr = address.parse().map_err(invalid)?;
    TcpListener::bind(address).map_err(|e| ConfigError::new(variable, format!("{address}: {e}")).into())
}

/// Bound sockets of a process. A client that connects before the server runs waits for it.
pub struct Listeners {
    public: TcpListener,
    internal: TcpListener,
}

impl Listeners {
    /// Binds `HTTP_ADDR` and `INTERNAL_ADDR`.
    pub fn bind(env: &Env) -> Result<Self, BootError> {
        Ok(Self {
            public: bind("HTTP_ADDR", env.get_or("HTTP_ADDR", DEFAULT_HTTP_ADDR))?,
            internal: bind("INTERNAL_ADDR", env.get_or("INTERNAL_ADDR", "127.0.0.1:9090"))?,
        })
    }
    /// The address of `GET /metrics`.
    pub fn internal_addr(&self) -> std::io::Result<SocketAddr> {
        self.internal.local_addr()
    }
}

/// Serves until SIGTERM or SIGINT, then finishes requests and event batches and stops.
pub fn serve_until_shutdown(
    started: Vec<RunningService>,
    env: &Env,
    extra: Option<ExtraRoutes>,
    listeners: Listeners,
) -> BoxFuture<'_, Result<(), BootError>> {
    Box::pin(async move {
        let failed = |e: std::io::Error| BootError::Failed(e.to_string());
        let shutdown = Duration::from_secs(env.parse_in_range("SHUTDOWN_SECS", 10_u64, 0..=3_600, "seconds")?);
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers: usize = env.parse_in_range("HTTP_WORKERS", cores, 1..=1_024, "threads")?;
        let address = listeners.public.local_addr().map_err(failed)?;
        let request_timeout = shutdown.saturating_sub(FORCED_STOP_TIMEOUT);
        let server = HttpApp::for_services(&started, env, extra)?
            .serve(listeners.public, workers, request_timeout)
            .map_err(failed)?;
        let databases = started.iter().map(|s| s.ctx.clone()).collect();
        let metrics = metrics_server(listeners.internal, databases).map_err(failed)?;
        let (handle, metrics_handle) = (server.handle(), metrics.handle());
        let names: Vec<&str> = started.iter().map(|s| s.name).collect();
        tracing::info!(%address, services = ?names, "server started");
        let (server, metrics) = (tokio::spawn(server), tokio::spawn(metrics));
        shutdown_requested().await.map_err(failed)?;
        tracing::info!("shutdown started: finishing requests and event batches");
        // At the same time: a slow client must not delay consumers and relays. Events that the last requests put in the
        // outbox are published after the next start.
        let services = futures_util::future::join_all(started.iter().map(RunningService::stop));
        let stopping = async {
            tokio::join!(handle.stop(true), services);
            metrics_handle.stop(true).await;
        };
        if tokio::time::timeout(shutdown, stopping).await.is_err() {
            tracing::warn!("shutdown timed out; uncommitted work is repeated after the next start");
        }
        drop((server, metrics));
        Ok(())
    })
}

fn metrics_server(listener: TcpListener, contexts: Vec<Ctx>) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(contexts.clone())).service(read_only_resource("/metrics", metrics_page))
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}

async fn metrics_page(contexts: web::Data<Vec<Ctx>>) -> HttpResponse {
    contexts.iter().for_each(report_pools);
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(telemetry::metrics_text())
}

/// Sets the metrics of a service's connection pools.
fn report_pools(ctx: &Ctx) {
    for PoolUse { pool, in_use, idle, waiting } in ctx.db().pool_use() {
        let labels = [("service", ctx.service()), ("pool", pool)];
        metrics::gauge!("db_connections_in_use", &labels).set(telemetry::gauge_value(in_use));
        metrics::gauge!("db_connections_idle", &labels).set(telemetry::gauge_value(idle));
        metrics::gauge!("db_connection_requests_waiting", &labels).set(telemetry::gauge_value(waiting));
    }
}

async fn shutdown_requested() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
