//! HTTP interface of a service.
//!
//! Files: [`routes`] (route table), [`handler`] (typed handlers), `operation` (documentation of a route), [`openapi`] (the
//! OpenAPI document), [`middleware`] (request id, trace, log line, error responses), [`problem`] (error responses),
//! [`request_body`], [`body`] and `strict` (request bodies), [`query`] and [`range`] (query parameters), [`page`] (lists),
//! [`idempotency`] (`Idempotency-Key`), [`response`] (typed responses), [`mod@download`] (streamed responses),
//! [`mod@client`] (outbound requests).

pub mod body;
pub mod client;
pub mod download;
pub mod handler;
pub mod idempotency;
pub mod middleware;
pub mod openapi;
mod operation;
pub mod page;
pub mod problem;
pub mod query;
pub mod range;
pub mod request_body;
pub mod response;
pub mod routes;
mod strict;

pub use body::RawBody;
pub use chassis_macros::operation;
pub use client::client;
pub use download::{BodySender, OneAtATime, download, long_read};
pub use handler::{Documentation, Documented, Parameter, Parameters, Path, Response};
pub use idempotency::{Execution, Idempotent};
pub use operation::{Doc, PREFIX};
pub use page::{Cursor, Listing, Page, bad_cursor};
pub use problem::{FieldErrors, Problem};
pub use query::Query;
pub use range::TimeRange;
pub use request_body::{Body, File, FileType, NoBody, Optional, RequestBody};
pub use response::{Accepted, Created, Download, FileTypes, Json, JsonOrFile, NoContent, REPLAYED_HEADER, Upgrade};
pub use routes::Routes;
