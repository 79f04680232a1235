//! Sources of the public keys that sign access tokens.

use jsonwebtoken::jwk::JwkSet;
use parking_lot::RwLock;
use runtime::config::ConfigError;
use runtime::http_client;
use std::sync::Arc;
use std::time::Duration;

/// The key source cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the public keys cannot be read now: {0}")]
pub struct KeysUnavailable(pub String);

/// Source of auth's public keys: over HTTP, or in memory when auth runs in this process.
#[async_trait::async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// Reads the current key set.
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable>;
    /// Shortest time between two fetches for unknown key ids, so that forged tokens cannot flood the source.
    fn min_refetch_interval(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// Bytes of a key set at most.
const MAX_KEY_SET_BYTES: usize = 64 * 1024;
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// A key set at a URL: `http://auth:8080/.well-known/jwks.json`.
pub struct HttpKeySource {
    url: reqwest::Url,
    client: reqwest::Client,
}

impl HttpKeySource {
    /// Errors when `url`, the value of `JWKS_URL`, is not a URL.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let refuse = |reason: String| ConfigError::new("JWKS_URL", reason);
        let url: reqwest::Url = url.parse().map_err(|e| refuse(format!("is not a URL: {e}")))?;
        let client = http_client::client().map_err(|e| refuse(format!("no HTTP client: {e}")))?;
        Ok(Self { url, client })
    }
}

#[async_trait::async_trait]
impl KeySource for HttpKeySource {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        let failed = |error: reqwest::Error| KeysUnavailable(error.without_url().to_string());
        let request = self.client.get(self.url.clone()).timeout(FETCH_TIMEOUT);
        let mut answer = request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_KEY_SET_BYTES {
                return Err(KeysUnavailable(format!("the key set has more than {MAX_KEY_SET_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|e| KeysUnavailable(format!("not a key set: {e}")))
    }
}

/// Keys that auth publishes in the memory of this process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct SharedKeys(Arc<RwLock<Option<JwkSet>>>);

impl SharedKeys {
    /// Without keys: fetching fails until [`SharedKeys::set`] is called.
    pub fn new() -> Self {
        Self::default()
    }
    /// Publishes `keys`, replacing those published before.
    pub fn set(&self, keys: JwkSet) {
        *self.0.write() = Some(keys);
    }
    /// The published keys, if there are any.
    pub fn get(&self) -> Option<JwkSet> {
        self.0.read().clone()
    }
}

#[async_trait::async_trait]
impl KeySource for SharedKeys {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        self.get().ok_or_else(|| KeysUnavailable("none are published yet".into()))
    }
    fn min_refetch_interval(&self) -> Duration {
        Duration::ZERO
    }
}
