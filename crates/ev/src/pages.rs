//! Pages of the embedded run: where to go, the API reference, and the mails it would have sent.

use actix_web::{HttpResponse, web};
use chassis::boot::site::{Extra, page};
use chassis::http::{Query, ok};
use chassis::mail::{Message, MessageLog};
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

pub fn without_messages() -> Extra {
    Arc::new(|config| {
        config.service(page("/docs", reference));
    })
}

pub fn with_messages(log: MessageLog) -> Extra {
    Arc::new(move |config| {
        config
            .app_data(web::Data::new(log.clone()))
            .service(page("/docs", reference))
            .service(page("/dev/messages", messages));
    })
}

async fn reference() -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(REFERENCE)
}

async fn messages(log: web::Data<MessageLog>, Query(filter): Query<Filter>) -> HttpResponse {
    ok(&Messages { items: log.list(filter.to.as_deref()) })
}
