//! Why there is no schema.

use async_graphql::dynamic::SchemaError;

/// Why there is no schema.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    #[error("{service}: another service, or another type, has the name {name}")]
    Conflict { name: String, service: String },
    #[error("{parent}.{name} names a property that does not exist")]
    Unknown { parent: String, name: String },
    #[error(transparent)]
    Schema(#[from] SchemaError),
}
