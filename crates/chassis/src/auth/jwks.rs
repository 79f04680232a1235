//! Where public keys come from.

use crate::config::ConfigError;
use crate::http::client;
use jsonwebtoken::jwk::JwkSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

#[derive(Debug, Clone, thiserror::Error)]
#[error("the public keys cannot be read now: {0}")]
pub struct KeysUnavailable(pub String);

/// Auth's published keys: over HTTP for a service of its own, in memory when auth runs in this process.
#[async_trait::async_trait]
pub trait KeySource: Send + Sync + 'static {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable>;
    /// Least time between two fetches because of an unknown key id, so that forged tokens cannot be used to
    /// flood the source.
    fn rest(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// Most bytes of a key set.
const MOST_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(2);

/// Keys at a URL: `http://auth:8080/.well-known/jwks.json`.
pub struct HttpKeySource {
    url: reqwest::Url,
    client: reqwest::Client,
}

impl HttpKeySource {
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let refuse = |reason: String| ConfigError::new("JWKS_URL", reason);
        let url: reqwest::Url = url.parse().map_err(|e| refuse(format!("is not a URL: {e}")))?;
        let client = client::client().map_err(|e| refuse(format!("no HTTP client: {e}")))?;
        Ok(Self { url, client })
    }
}

#[async_trait::async_trait]
impl KeySource for HttpKeySource {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        let failed = |error: reqwest::Error| KeysUnavailable(error.without_url().to_string());
        let request = self.client.get(self.url.clone()).timeout(TIMEOUT);
        let mut answer = request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(KeysUnavailable(format!("the key set has more than {MOST_BYTES} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|e| KeysUnavailable(format!("not a key set: {e}")))
    }
}

/// Keys that auth publishes in this process's memory. Clones share their keys.
#[derive(Debug, Clone, Default)]
pub struct SharedKeys(Arc<RwLock<Option<JwkSet>>>);

impl SharedKeys {
    /// No keys yet: until [`SharedKeys::set`] is called they count as unavailable.
    pub fn new() -> Self {
        Self::default()
    }
    /// Publishes `keys` in place of those before.
    pub fn set(&self, keys: JwkSet) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }
    /// What was published last.
    pub fn get(&self) -> Option<JwkSet> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait::async_trait]
impl KeySource for SharedKeys {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable> {
        self.get().ok_or_else(|| KeysUnavailable("none are published yet".into()))
    }
    fn rest(&self) -> Duration {
        Duration::ZERO
    }
}
