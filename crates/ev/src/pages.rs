//! Pages of the embedded run: the API reference, and the messages of the console mailer.

use actix_web::{HttpResponse, web};
use chassis::boot::server::{ExtraRoutes, read_only_resource};
use http_api::Query;
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

/// The API reference.
pub fn without_messages() -> ExtraRoutes {
    Arc::new(|config| {
        config.service(read_only_resource("/docs", reference));
    })
}

/// The API reference and `GET /dev/messages`, which lists the messages in `log`.
pub fn with_messages(log: MessageLog) -> ExtraRoutes {
    Arc::new(move |config| {
        config
            .app_data(web::Data::new(log.clone()))
            .service(read_only_resource("/docs", reference))
            .service(read_only_resource("/dev/messages", messages));
    })
}

async fn reference() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(REFERENCE)
}

async fn messages(log: web::Data<MessageLog>, Query(filter): Query<Filter>) -> HttpResponse {
    HttpResponse::Ok().json(Messages { items: log.list(filter.to.as_deref()) })
}
