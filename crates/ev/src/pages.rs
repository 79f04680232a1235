//! Pages outside the API: the console, the API reference with the lists of problems and events and, in development, the messages of
//! the console mailer, a test checkout and sign-in links.

use crate::console_files;
use crate::sandbox_gateway::{SandboxGateway, TestPayment};
use crate::sign_in_links::{LinkInput, LinkSignIn};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chassis::boot::server::{ExtraRoutes, read_only_resource};
use http_api::{Problem, Query};
use runtime::mail::{Message, MessageLog};
use serde::{Deserialize, Serialize};
use std::future::{Ready, ready};
use std::sync::Arc;

const REFERENCE: &str = include_str!("../../../deploy/nginx/docs/index.html");
const REFERENCE_SCRIPT: &str = include_str!("../../../deploy/nginx/docs/reference.js");
const REFERENCE_STYLE: &str = include_str!("../../../deploy/nginx/docs/reference.css");
const REFERENCE_EVENTS: &str = include_str!("../../../deploy/nginx/docs/events.js");
const REFERENCE_TRY: &str = include_str!("../../../deploy/nginx/docs/try.js");
const EVENTS: &str = include_str!("../../../deploy/nginx/docs/asyncapi.json");
const PROBLEMS: &str = include_str!("../../../deploy/nginx/docs/problems.json");

#[derive(Serialize)]
struct Messages {
    items: Vec<Message>,
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

/// The console, the API reference, and the lists of problems and events.
pub fn public() -> ExtraRoutes {
    Arc::new(configure_public)
}

/// As [`public`], with `GET /dev/messages`, which lists the messages in `log`, the test checkout of the sandbox gateway,
/// and `POST /dev/sign-in`.
pub(crate) fn development(log: MessageLog, gateway: SandboxGateway, link_sign_in: LinkSignIn) -> ExtraRoutes {
    Arc::new(move |config| {
        config
            .app_data(web::Data::new(log.clone()))
            .app_data(web::Data::new(gateway.clone()))
            .app_data(web::Data::new(link_sign_in.clone()))
            .service(read_only_resource("/dev/messages", messages))
            .route("/dev/sandbox/orders/{order_id}", web::post().to(pay_order))
            .route("/dev/sign-in", web::post().to(sign_in));
        configure_public(config);
    })
}

fn configure_public(config: &mut web::ServiceConfig) {
    config
        .service(read_only_resource("/docs", reference))
        .service(read_only_resource("/docs/reference.js", || script(REFERENCE_SCRIPT)))
        .service(read_only_resource("/docs/events.js", || script(REFERENCE_EVENTS)))
        .service(read_only_resource("/docs/try.js", || script(REFERENCE_TRY)))
        .service(read_only_resource("/docs/reference.css", reference_style))
        .service(read_only_resource("/asyncapi.json", || document(EVENTS)))
        .service(read_only_resource("/problems.json", || document(PROBLEMS)));
    console_files::configure(config);
}

/// `GET /dev/messages` alone.
pub fn messages_only(log: MessageLog) -> ExtraRoutes {
    Arc::new(move |config| {
        config.app_data(web::Data::new(log.clone())).service(read_only_resource("/dev/messages", messages));
    })
}

async fn reference() -> HttpResponse {
    part_of_reference("text/html; charset=utf-8", REFERENCE)
}

fn script(content: &'static str) -> Ready<HttpResponse> {
    ready(part_of_reference("text/javascript; charset=utf-8", content))
}

async fn reference_style() -> HttpResponse {
    part_of_reference("text/css; charset=utf-8", REFERENCE_STYLE)
}

fn part_of_reference(content_type: &'static str, content: &'static str) -> HttpResponse {
    console_files::with_security(&mut HttpResponse::Ok())
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .content_type(content_type)
        .body(content)
}

fn document(content: &'static str) -> Ready<HttpResponse> {
    let cached = (header::CACHE_CONTROL, "public, max-age=3600");
    ready(HttpResponse::Ok().content_type("application/json").insert_header(cached).body(content))
}

async fn messages(log: web::Data<MessageLog>, Query(filter): Query<Filter>) -> HttpResponse {
    HttpResponse::Ok().json(Messages { items: log.list(filter.to.as_deref()) })
}

/// Reports a payment of an order of the sandbox gateway, as the gateway would.
async fn pay_order(
    gateway: web::Data<SandboxGateway>,
    order: web::Path<String>,
    payment: web::Json<TestPayment>,
) -> Result<HttpResponse, Problem> {
    gateway.pay(&order, &payment).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Signs in with a link of the demonstration.
async fn sign_in(
    link_sign_in: web::Data<LinkSignIn>,
    request: HttpRequest,
    input: web::Json<LinkInput>,
) -> Result<HttpResponse, Problem> {
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    link_sign_in.sign_in(&input, user_agent.unwrap_or_default()).await
}
