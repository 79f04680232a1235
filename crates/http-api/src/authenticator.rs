//! Interface to the verification of access tokens.

use crate::middleware::Origin;
use crate::{Caller, Problem};

/// Identifies the callers of requests.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// The caller whose access token is `token`, for a request of this origin. Errors with 401 when the token is not
    /// accepted, with 503 when it cannot be verified now.
    async fn authenticate(&self, token: &str, origin: Origin) -> Result<Caller, Problem>;
}
