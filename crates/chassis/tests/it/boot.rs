//! Refused settings of a process, and the resources outside the API.

use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, test};
use auth_token::SharedKeys;
use chassis::boot::server::HttpApp;
use chassis::boot::{Dependencies, check_standalone, database_config, start};
use chassis::{Service, ServiceParts};
use db::{Db, DbConnection};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::{EventId, Timestamp};
use http_api::{Routes, middleware};
use messaging::memory::MemoryBus;
use messaging::schema::parked;
use runtime::breaker::FAILURE_LIMIT;
use runtime::cache::MemoryCache;
use runtime::clock::SystemClock;
use runtime::mail::{MailError, MessageLog};
use runtime::{Ctx, Env, id};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::TempDatabase;

/// A service without routes, consumer and jobs.
fn service() -> Service {
    fn parts() -> ServiceParts {
        ServiceParts { routes: Routes::new("purse"), consumer: None, jobs: Vec::new(), graph: None }
    }
    Service {
        name: "purse",
        migrations: chassis::MIGRATIONS,
        records: &[],
        sealed: &[],
        tasks: &[],
        build: |_, _| Box::pin(async { Ok(parts()) }),
    }
}

#[actix_web::test]
async fn a_standalone_service_needs_a_shared_broker_and_the_keys_of_auth() {
    let broker = ("BROKER_URL", "amqp://localhost:5672");
    let keys = ("JWKS_URL", "http://auth/.well-known/jwks.json");
    for (service, variables, missing) in [
        ("wallet", vec![keys], Some("BROKER_URL")),
        ("wallet", vec![("BROKER_URL", "memory://"), keys], Some("BROKER_URL")),
        ("wallet", vec![("BROKER_URL", " "), keys], Some("BROKER_URL")),
        ("wallet", vec![broker], Some("JWKS_URL")),
        ("wallet", vec![broker, keys], None),
        ("auth", vec![], Some("BROKER_URL")),
        ("auth", vec![broker], None),
    ] {
        let refused = check_standalone(service, &Env::from_pairs(variables.clone())).err();
        assert_eq!(refused.map(|e| e.variable).as_deref(), missing, "{service} with {variables:?}");
    }
}

#[actix_web::test]
async fn the_default_pool_size_is_that_of_the_example() {
    let example = include_str!("../../../../.env.example");
    let documented = example.lines().find_map(|l| l.strip_prefix("#DATABASE_POOL_SIZE=")).unwrap();
    let default = database_config(&Env::default(), "wallet").unwrap().pool_size;
    assert_eq!(documented, default.to_string());
    let env = Env::from_pairs([("DATABASE_POOL_SIZE", "3")]);
    assert_eq!(database_config(&env, "wallet").unwrap().pool_size, 3);
}

struct Fixture {
    app: HttpApp,
    ctx: Ctx,
    db: Db,
    _file: TempDatabase,
}

impl Fixture {
    async fn with(variables: &[(&str, &str)]) -> Self {
        let file = TempDatabase::new("boot");
        let env = Env::from_pairs(variables.iter().copied());
        let shared_keys = SharedKeys::new();
        let dependencies = Dependencies {
            env: env.clone(),
            clock: Arc::new(SystemClock),
            bus: Arc::new(MemoryBus::new()),
            cache: Arc::new(MemoryCache::new()),
            mailer: Arc::new(MessageLog::new()),
            keys: Arc::new(shared_keys.clone()),
            shared_keys,
            scheduled: false,
            task_program: None,
        };
        let config = file.config();
        let started = start(service(), &dependencies, &config).await.unwrap();
        let app = HttpApp::for_services(std::slice::from_ref(&started), &env, None).unwrap();
        Self { app, db: started.ctx.db().clone(), ctx: started.ctx.clone(), _file: file }
    }

    /// Status, the headers `Allow` and `Content-Type`, and the body.
    async fn send(&self, method: Method, path: &str) -> (u16, String, String, Value) {
        let server = self.app.clone();
        let app =
            App::new().wrap(from_fn(middleware::request_context)).configure(move |config| server.configure(config));
        let app = test::init_service(app).await;
        let request = test::TestRequest::default().method(method).uri(path).insert_header(("X-Request-Id", "mine"));
        let answer = test::call_service(&app, request.to_request()).await;
        let header = |name| {
            let value = answer.headers().get(name).map(|v| v.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let (status, allow, kind) = (answer.status().as_u16(), header("allow"), header("content-type"));
        let body = test::read_body(answer).await;
        (status, allow, kind, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn park(&self) {
        self.db.tx(async |c| park(c).await.map_err(db::DbError::from)).await.unwrap();
    }
}

async fn park(c: &mut DbConnection) -> QueryResult<usize> {
    let row = (
        parked::event_id.eq(id::fresh::<EventId>()),
        parked::event_type.eq("purse.v1.Lost"),
        parked::source.eq("purse"),
        parked::subject.eq(""),
        parked::occurred_at.eq(Timestamp::UNIX_EPOCH),
        parked::position.eq(1_i64),
        parked::traceparent.eq(""),
        parked::payload.eq(Vec::<u8>::new()),
        parked::error.eq("no"),
        parked::attempts.eq(1_i64),
        parked::parked_at.eq(Timestamp::UNIX_EPOCH),
    );
    diesel::insert_into(parked::table).values(row).execute(c).await
}

#[actix_web::test]
async fn a_resource_outside_the_api_allows_get_and_head() {
    let fixture = Fixture::with(&[]).await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(fixture.send(Method::GET, path).await.0, 200, "{path}");
        assert_eq!(fixture.send(Method::HEAD, path).await.0, 200, "{path}");
        for method in [Method::POST, Method::DELETE, Method::from_bytes(b"BREW").unwrap()] {
            let (status, allow, kind, body) = fixture.send(method.clone(), path).await;
            assert_eq!((status, allow.as_str()), (405, "GET, HEAD"), "{method} {path}");
            assert_eq!(kind, "application/problem+json");
            assert_eq!((&body["code"], &body["request_id"]), (&json!("request.method_not_allowed"), &json!("mine")));
        }
    }
}

#[actix_web::test]
async fn parked_events_affect_readiness_only_with_a_limit() {
    let fixture = Fixture::with(&[]).await;
    fixture.park().await;
    assert_eq!(fixture.send(Method::GET, "/health/ready").await.0, 200);
    let fixture = Fixture::with(&[("READY_MAX_PARKED", "1")]).await;
    fixture.park().await;
    let (status, _, _, body) = fixture.send(Method::GET, "/health/ready").await;
    assert_eq!((status, &body["checks"][3]["dependency"]), (200, &json!("parked")));
    fixture.park().await;
    let (status, _, kind, body) = fixture.send(Method::GET, "/health/ready").await;
    assert_eq!((status, kind.as_str()), (503, "application/problem+json"));
    assert_eq!((&body["code"], &body["request_id"]), (&json!("health.unready"), &json!("mine")));
    assert_eq!((&body["checks"][3]["up"], &body["checks"][0]["up"]), (&json!(false), &json!(true)));
}

#[actix_web::test]
async fn an_open_circuit_breaker_degrades_a_service_and_does_not_make_it_unready() {
    let fixture = Fixture::with(&[]).await;
    let breaker = fixture.ctx.breaker("elsewhere");
    let (_, _, _, body) = fixture.send(Method::GET, "/health/ready").await;
    assert_eq!((&body["status"], &body["checks"][3]["up"]), (&json!("ready"), &json!(true)));
    for _ in 0..FAILURE_LIMIT {
        let call = async { Err::<(), _>(MailError::Unavailable("no answer".into())) };
        assert!(breaker.call(call).await.is_err());
    }
    let (status, _, _, body) = fixture.send(Method::GET, "/health/ready").await;
    assert_eq!((status, &body["status"]), (200, &json!("degraded")));
    let check = &body["checks"][3];
    assert_eq!((&check["dependency"], &check["up"]), (&json!("elsewhere"), &json!(false)));
    assert!(check["reason"].is_string(), "{check}");
}
