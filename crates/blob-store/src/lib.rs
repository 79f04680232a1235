//! Store of bytes outside the database: private, under random names.
//!
//! Reading order: [`Blobs`] and [`from_config`], [`config`] (the settings), [`local`] (a directory, for one machine or a
//! shared volume), [`s3`] (a bucket, for any number of instances), [`picture`] (pictures are proved by decoding),
//! [`scan`] (uploads are scanned for viruses).
//!
//! Invariants: a name is written once; a blob store or scanner is never called inside a database transaction.

pub mod config;
pub mod local;
pub mod picture;
pub mod s3;
pub mod scan;

use config::BlobConfig;
use http_api::Problem;
use runtime::Ctx;
use runtime::breaker::{CircuitOpen, IsOutage};
use std::error::Error;
use std::sync::Arc;

/// A store of bytes by name. A name is written once; its bytes never change.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Stores bytes durably. Errors with [`BlobError::NameTaken`] when the name has other bytes.
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError>;
    /// Reads the bytes. Errors with [`BlobError::NotFound`] when the name does not exist.
    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError>;
    /// Deletes the bytes. Succeeds when the name does not exist.
    async fn delete(&self, name: &str) -> Result<(), BlobError>;
}

/// The failure of a blob store call.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the blob does not exist")]
    NotFound,
    #[error("the blob name is taken by other bytes")]
    NameTaken,
    /// The store rejected the call.
    #[error("the blob store rejected the call")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// No answer, or a server error: the call may have been carried out all the same.
    #[error("the blob store is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// The circuit breaker is open; no call was made.
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpen),
}

impl BlobError {
    fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(source.into())
    }
    fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

impl IsOutage for BlobError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// Builds the blob store that `config` selects. Makes no call to it. Errors when the bucket's client cannot be built.
pub fn from_config(config: &BlobConfig, ctx: &Ctx) -> Result<Arc<dyn Blobs>, object_store::Error> {
    Ok(match config {
        BlobConfig::Directory(directory) => Arc::new(local::LocalBlobs::new(directory.clone())),
        BlobConfig::S3(s3) => Arc::new(s3::S3Blobs::try_new(s3, ctx.breaker("s3"))?),
    })
}

/// A new blob name: 32 random bytes in hexadecimal.
pub fn random_blob_name() -> String {
    hex::encode(runtime::id::random_bytes::<32>())
}

/// Refuses a name that is not alphanumeric, since a path could lead out of the store.
fn validate_name(name: &str) -> Result<&str, BlobError> {
    let is_alphanumeric = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_alphanumeric { Ok(name) } else { Err(BlobError::refused("a blob name consists of letters and digits")) }
}

impl From<BlobError> for Problem {
    fn from(error: BlobError) -> Self {
        match error {
            // A row without its bytes is data loss; a retry cannot succeed.
            BlobError::NotFound => Self::internal(error),
            BlobError::CircuitOpen(open) => Self::unavailable(open).with_retry_after(open.retry_after),
            BlobError::NameTaken | BlobError::Refused(_) | BlobError::Unavailable(_) => Self::unavailable(error),
        }
    }
}
