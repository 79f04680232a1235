//! A bucket on S3, or on a store that speaks as S3 does.
//!
//! Calls are made twice at most, each within a time limit, and behind a breaker: the crate's own retries, which
//! know nothing of the breaker and go on for minutes, are off.

use super::{BlobError, Blobs, plain};
use crate::config::S3Config;
use actix_web::web::Bytes;
use chassis::breaker::Breaker;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, RetryConfig};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// How often a call is made while somebody waits for it. All of them do no harm twice.
const TRIES: u32 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long an idle connection is kept: less than servers do.
const IDLE: Duration = Duration::from_secs(15);

pub struct S3Blobs {
    bucket: AmazonS3,
    /// Empty, or what every name begins with, with its slash.
    prefix: String,
    /// How long one try may take.
    timeout: Duration,
    breaker: Arc<Breaker>,
}

impl S3Blobs {
    /// Calls nobody: a bucket that is not there shows at the first document.
    pub fn try_new(config: &S3Config, breaker: Arc<Breaker>) -> Result<Self, StoreError> {
        chassis::http::client::install_tls();
        let endpoint = config.endpoint.as_deref();
        let options = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .with_timeout(config.timeout)
            .with_pool_idle_timeout(IDLE)
            .with_allow_http(endpoint.is_some_and(|e| e.starts_with("http://")));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(config.secret_access_key.expose_secret())
            // Other stores seldom have a host name for each bucket, and AWS no certificate for one with a dot.
            .with_virtual_hosted_style_request(endpoint.is_none() && !config.bucket.contains('.'))
            // To remove many in one call is not something every store knows.
            .with_disable_bulk_delete(true)
            .with_client_options(options)
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let prefix = if config.prefix.is_empty() { String::new() } else { format!("{}/", config.prefix) };
        Ok(Self { bucket: builder.build()?, prefix, timeout: config.timeout, breaker })
    }

    fn path(&self, name: &str) -> Result<Path, BlobError> {
        Ok(Path::from(format!("{}{}", self.prefix, plain(name)?)))
    }

    /// Tries `call` while it is not answered. A try that took too long is a failure the breaker counts.
    async fn tried<T, F>(&self, call: impl Fn() -> F) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, BlobError>>,
    {
        let within = async |call: F| {
            tokio::time::timeout(self.timeout, call).await.unwrap_or_else(|late| Err(BlobError::unavailable(late)))
        };
        self.breaker.retry(TRIES, || within(call())).await
    }

    /// Stores bytes under a name that has none.
    ///
    /// A name that is taken may be so by this very document: the try before may have been carried out and its
    /// answer lost. So what is there is read, and the same bytes are ours: names are drawn at random and used
    /// once, and whoever has read them back knows that they are stored. Other bytes are never written over.
    async fn create(&self, path: &Path, bytes: Bytes) -> Result<(), BlobError> {
        match self.bucket.put_opts(path, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => return Ok(()),
            Err(StoreError::AlreadyExists { .. }) => {}
            // It is the bucket that is missing.
            Err(error @ StoreError::NotFound { .. }) => return Err(BlobError::refused(error)),
            Err(error) => return Err(judged(error)),
        }
        match self.read(path).await {
            Ok(there) if there == bytes => Ok(()),
            Ok(_) => Err(BlobError::Taken),
            // S3 answers the same when two such calls meet, and then maybe neither was carried out.
            Err(BlobError::Missing) => Err(BlobError::unavailable("a name is taken and has no bytes")),
            Err(error) => Err(error),
        }
    }

    async fn read(&self, path: &Path) -> Result<Bytes, BlobError> {
        let found = self.bucket.get(path).await.map_err(judged)?;
        found.bytes().await.map_err(judged)
    }
}

fn judged(error: StoreError) -> BlobError {
    // The list of errors is an open one; what it does not tell apart, such as any answer of 500, is an outage.
    if matches!(error, StoreError::NotFound { .. }) {
        BlobError::Missing
    } else if matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. }) {
        BlobError::refused(error)
    } else {
        BlobError::unavailable(error)
    }
}

#[async_trait::async_trait]
impl Blobs for S3Blobs {
    async fn put(&self, name: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        let (path, bytes) = (self.path(name)?, Bytes::from(bytes));
        self.tried(|| self.create(&path, bytes.clone())).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.path(name)?;
        Ok(self.tried(|| self.read(&path)).await?.into())
    }

    async fn remove(&self, name: &str) -> Result<(), BlobError> {
        let path = self.path(name)?;
        let remove = async || match self.bucket.delete(&path).await {
            // AWS says that it is removed in any case, others may not.
            Err(StoreError::NotFound { .. }) => Ok(()),
            done => done.map_err(judged),
        };
        self.tried(remove).await
    }
}
