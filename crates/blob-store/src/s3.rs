//! Blob store in a bucket of S3 or of an S3-compatible store.
//!
//! Each call runs behind a circuit breaker with at most `MAX_ATTEMPTS` attempts, each with a timeout. The retries
//! of `object_store` are off: they ignore the breaker and last for minutes.

use crate::config::S3Config;
use crate::{BlobError, Blobs, validate_name};
use actix_web::web::Bytes;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, RetryConfig};
use runtime::breaker::CircuitBreaker;
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::Duration;

/// Attempts of one call, the first included. Every call is idempotent.
const MAX_ATTEMPTS: u32 = 2;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Shorter than the idle timeout of common servers, so that the client closes first.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// A bucket behind a circuit breaker.
pub struct S3Blobs {
    bucket: AmazonS3,
    /// Prefix of every object key with its trailing slash, or empty.
    prefix: String,
    /// Time limit of one attempt.
    timeout: Duration,
    breaker: Arc<CircuitBreaker>,
}

impl S3Blobs {
    /// Builds the client without a network call: a missing bucket shows at the first upload. Errors when the settings
    /// make no valid client.
    pub fn try_new(config: &S3Config, breaker: Arc<CircuitBreaker>) -> Result<Self, StoreError> {
        runtime::http_client::install_tls();
        let endpoint = config.endpoint.as_deref();
        let options = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT.min(config.timeout))
            .with_timeout(config.timeout)
            .with_pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .with_allow_http(endpoint.is_some_and(|e| e.starts_with("http://")));
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.bucket)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(config.secret_access_key.expose_secret())
            // S3-compatible stores seldom have a host name per bucket; AWS has no certificate for a bucket with a dot.
            .with_virtual_hosted_style_request(endpoint.is_none() && !config.bucket.contains('.'))
            // Not every S3-compatible store supports bulk deletion.
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
        Ok(Path::from(format!("{}{}", self.prefix, validate_name(name)?)))
    }

    /// Makes `call` with a timeout, and again after an outage. The breaker counts a timeout as a failure.
    async fn with_retries<T, F>(&self, call: impl Fn() -> F) -> Result<T, BlobError>
    where
        F: Future<Output = Result<T, BlobError>>,
    {
        let with_timeout = async |call: F| {
            tokio::time::timeout(self.timeout, call)
                .await
                .unwrap_or_else(|elapsed| Err(BlobError::unavailable(elapsed)))
        };
        self.breaker.retry(MAX_ATTEMPTS, || with_timeout(call())).await
    }

    /// Stores bytes under a new name; never overwrites.
    ///
    /// When the name is taken, a previous attempt may have stored these bytes and its answer was lost. Names are
    /// random and used once, so the object is read back, and equal bytes count as stored.
    async fn put_new(&self, path: &Path, bytes: Bytes) -> Result<(), BlobError> {
        match self.bucket.put_opts(path, bytes.clone().into(), PutMode::Create.into()).await {
            Ok(_) => return Ok(()),
            Err(StoreError::AlreadyExists { .. }) => {}
            // The bucket does not exist.
            Err(error @ StoreError::NotFound { .. }) => return Err(BlobError::refused(error)),
            Err(error) => return Err(classify(error)),
        }
        match self.read(path).await {
            Ok(existing) if existing == bytes => Ok(()),
            Ok(_) => Err(BlobError::NameTaken),
            // S3 answers the same for two concurrent writes, of which possibly none succeeded.
            Err(BlobError::NotFound) => {
                Err(BlobError::unavailable("the blob name is taken, but the blob cannot be read"))
            }
            Err(error) => Err(error),
        }
    }

    async fn read(&self, path: &Path) -> Result<Bytes, BlobError> {
        let object = self.bucket.get(path).await.map_err(classify)?;
        object.bytes().await.map_err(classify)
    }
}

/// Maps an error of the client. Everything that is no clear rejection counts as an outage, such as a status of 500.
fn classify(error: StoreError) -> BlobError {
    // No `match`: `StoreError` is non-exhaustive.
    if matches!(error, StoreError::NotFound { .. }) {
        BlobError::NotFound
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
        self.with_retries(|| self.put_new(&path, bytes.clone())).await
    }

    async fn get(&self, name: &str) -> Result<Vec<u8>, BlobError> {
        let path = self.path(name)?;
        Ok(self.with_retries(|| self.read(&path)).await?.into())
    }

    async fn delete(&self, name: &str) -> Result<(), BlobError> {
        let path = self.path(name)?;
        let delete = async || match self.bucket.delete(&path).await {
            // AWS reports success for a missing object, other stores may not.
            Err(StoreError::NotFound { .. }) => Ok(()),
            result => result.map_err(classify),
        };
        self.with_retries(delete).await
    }
}
