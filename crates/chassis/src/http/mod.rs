//! What every HTTP answer has in common.
//!
//! Files: [`problem`] (every error), [`routes`] (the table that is both the router and the OpenAPI
//! document), [`body`] (a JSON body, read after the caller is known), [`page`] (lists), [`range`] (`from` and
//! `to`), [`idempotency`] (a POST that takes effect once), [`edge`] (what wraps every request), [`mod@download`] (long
//! reads, sent while they are read), [`mod@client`] (requests of our own).

pub mod body;
pub mod client;
pub mod download;
pub mod edge;
pub mod idempotency;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod query;
pub mod range;
pub mod routes;
mod strict;

pub use body::Body;
pub use client::client;
pub use download::{OneAtATime, Parts, download, long_read};
pub use idempotency::{Idempotent, REPLAYED};
pub use page::{Cursor, Listing, Page, bad_cursor};
pub use problem::{FieldErrors, Problem};
pub use query::Query;
pub use range::TimeRange;
pub use routes::{Doc, Routes};

use actix_web::HttpResponse;
use serde::Serialize;

/// 200 with a JSON body.
pub fn ok<T: Serialize>(value: &T) -> HttpResponse {
    HttpResponse::Ok().json(value)
}

/// An id from the path. One that is malformed names nothing: 404.
pub fn path_id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
