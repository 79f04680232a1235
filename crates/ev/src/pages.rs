//! Pages outside the API: the console, the API reference and, in development, the messages of the console mailer and a
//! test checkout.

use crate::console_files;
use crate::sandbox_gateway::{SandboxGateway, TestPayment};
use actix_web::{HttpResponse, web};
use chassis::boot::server::{ExtraRoutes, read_only_resource};
use http_api::{Problem, Query};
use runtime::mail::{Message, MessageLog};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const REFERENCE: &str = include_str!("../../../deploy/nginx/docs/index.html");

#[derive(Serialize)]
struct Messages {
    items: Vec<Message>,
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

/// The console, and the API reference.
pub fn public() -> ExtraRoutes {
    Arc::new(|config| {
        config.service(read_only_resource("/docs", reference));
        console_files::configure(config);
    })
}

/// As [`public`], with `GET /dev/messages`, which lists the messages in `log`, and the test checkout of the sandbox
/// gateway.
pub(crate) fn development(log: MessageLog, gateway: SandboxGateway) -> ExtraRoutes {
    Arc::new(move |config| {
        config
            .app_data(web::Data::new(log.clone()))
            .app_data(web::Data::new(gateway.clone()))
            .service(read_only_resource("/docs", reference))
            .service(read_only_resource("/dev/messages", messages))
            .route("/dev/sandbox/orders/{order_id}", web::post().to(pay_order));
        console_files::configure(config);
    })
}

/// `GET /dev/messages` alone.
pub fn messages_only(log: MessageLog) -> ExtraRoutes {
    Arc::new(move |config| {
        config.app_data(web::Data::new(log.clone())).service(read_only_resource("/dev/messages", messages));
    })
}

async fn reference() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(REFERENCE)
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
