//! Where the bytes of documents are: apart from the database, private, each under a random name.
//!
//! [`local`] is a directory for one machine, [`s3`] a bucket for as many instances as there are. None is called
//! inside a transaction.

pub mod local;
pub mod s3;

use crate::config::BlobConfig;
use chassis::Ctx;
use chassis::breaker::{Open, Outage};
use std::error::Error;
use std::sync::Arc;

/// A store of bytes by name. A name is given once and its bytes never change.
#[async_trait::async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Durable when it returns. A name that other bytes have is [`BlobError::Taken`].
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError>;
    /// [`BlobError::Missing`] where there is no such name.
    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError>;
    /// No error where there is no such name.
    async fn remove(&self, name: &str) -> Result<(), BlobError>;
}

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("there are no bytes of that name")]
    Missing,
    #[error("the name has other bytes")]
    Taken,
    /// An answer, and it was no.
    #[error("the store of documents refused")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// It did not answer, or not sensibly: what was asked may have happened.
    #[error("the store of documents is not available")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It was not asked.
    #[error(transparent)]
    Resting(#[from] Open),
}

impl BlobError {
    fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Refused(source.into())
    }
    fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

impl Outage for BlobError {
    fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// The store that is configured.
pub fn configured(config: &BlobConfig, ctx: &Ctx) -> Result<Arc<dyn Blobs>, object_store::Error> {
    Ok(match config {
        BlobConfig::Folder(folder) => Arc::new(local::LocalBlobs::new(folder.clone())),
        BlobConfig::S3(s3) => Arc::new(s3::S3Blobs::try_new(s3, ctx.breaker("s3"))?),
    })
}

/// A name that nobody can guess.
pub fn random_name() -> String {
    let bytes: [u8; 32] = chassis::id::random_bytes();
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Names come from the database, but one that leads somewhere else is refused all the same.
fn plain(name: &str) -> Result<&str, BlobError> {
    let is_plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_plain { Ok(name) } else { Err(BlobError::refused("a name has letters and digits only")) }
}
