//! HTTP interface of a service: its route table with the access of each route, typed handlers and their OpenAPI
//! document, problem documents, strict bodies, pages and idempotency.
//!
//! Reading order: [`routes`] (route table), [`caller`] (the person that sends a request, and who may call a route),
//! [`authenticator`] (identification of the caller), [`handler`] (typed handlers), `operation` (documentation of a
//! route), [`openapi`] (the OpenAPI document), [`middleware`] (request id, client address, error responses),
//! [`request_trace`] (span and log line of a request), [`problem`] (error responses), [`request_body`], [`body`],
//! `signed_body` and `strict` (request bodies), [`query`], `comma_separated` and [`range`] (query parameters), [`page`] (lists),
//! `queue_count` (lengths of work queues), [`idempotency`] (`Idempotency-Key`), [`response`] (typed responses),
//! `entity_tag` (`If-None-Match`), [`read_operation`] (handlers that are called without a request of their own),
//! [`mod@download`] (streamed responses), `csv_cell` (texts in CSV files).
//!
//! Invariants: router, access guard and document come from the same lines; 401, 403 and 404 are decided before a body
//! is read; a response is sent after the commit of its transaction; an error response is a problem document, which
//! never shows a cause.

pub mod authenticator;
pub mod body;
pub mod caller;
mod comma_separated;
mod csv_cell;
pub mod download;
mod entity_tag;
pub mod handler;
pub mod idempotency;
pub mod middleware;
pub mod openapi;
mod operation;
pub mod page;
pub mod problem;
pub mod query;
mod queue_count;
pub mod range;
pub mod read_operation;
pub mod request_body;
pub mod request_trace;
pub mod response;
pub mod routes;
mod schema;
mod signed_body;
mod strict;

pub use authenticator::Authenticator;
pub use body::RawBody;
pub use caller::{Access, Caller};
pub use comma_separated::CommaSeparated;
pub use csv_cell::csv_cell;
pub use download::{BodySender, download, long_read};
pub use entity_tag::has_entity_tag;
pub use handler::{Documentation, Documented, Parameter, Parameters, Path, Response};
pub use http_api_macros::operation;
pub use idempotency::{Execution, Idempotent};
pub use operation::{Doc, PREFIX};
pub use page::{Cursor, Listing, Page, StaffPage, bad_cursor};
pub use problem::{FieldErrors, Problem};
pub use query::Query;
pub use queue_count::{QUEUE_COUNT_LIMIT, QueueCount, QueueCounts};
pub use range::TimeRange;
pub use read_operation::{ReadCall, ReadOperation};
pub use request_body::{Body, File, FileType, NoBody, Optional, RequestBody};
pub use response::{
    Accepted, Created, Download, FileTypes, Json, JsonOrAccepted, JsonOrFile, NoContent, REPLAYED_HEADER, Upgrade,
};
pub use routes::Routes;
pub use signed_body::SignedBody;
