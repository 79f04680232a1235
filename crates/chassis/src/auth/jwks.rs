//! Where public keys come from.

use jsonwebtoken::jwk::JwkSet;

#[derive(Debug, Clone, thiserror::Error)]
#[error("the public keys cannot be read now: {0}")]
pub struct KeysUnavailable(pub String);

/// Auth's published keys: over HTTP for a service of its own, in memory when auth runs in this process.
#[async_trait::async_trait]
pub trait KeySource: Send + Sync + 'static {
    async fn fetch(&self) -> Result<JwkSet, KeysUnavailable>;
}
