//! Read graph of the platform in GraphQL: one schema of the parts of all services, or of one part as a subgraph.
//!
//! A service declares its part by the handlers of its routes ([`part`]); types come from the JSON Schemas of their views
//! (`view_types`). Reading order: [`part`], `view_types`, `fields` (all fields of a schema), `resolve` (their values),
//! `call` (calls of handlers), `loader` (one read for all rows of a list), `limits` (depth and cost of a query),
//! `persisted` (queries by their hash), `request` (a query of a client), `schema`, [`mod@graph`], [`endpoint`] (the HTTP routes),
//! [`live`] (sources of subscriptions), `socket` (connections of subscriptions), [`error`].
//!
//! Invariants: the graph only reads; a field calls the handler of a route, so it has the same role and owner checks;
//! a field that fails is null, with a problem in `errors`, and the others are answered.

mod call;
pub mod endpoint;
pub mod error;
mod fields;
pub mod graph;
mod limits;
pub mod live;
mod loader;
pub mod part;
mod persisted;
mod request;
mod resolve;
mod schema;
mod socket;
mod view_types;

pub use error::GraphError;
pub use graph::{Graph, GraphSettings};
pub use part::Part;
