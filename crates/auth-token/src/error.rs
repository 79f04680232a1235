//! Reasons for refusing an access token.

use http_api::Problem;

/// Why an access token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthFailure {
    /// Malformed, forged, expired, or of a session that was revoked. Answered with 401.
    #[error("the token is not valid")]
    Invalid,
    /// The public keys or the revoked sessions cannot be read. Answered with 503.
    #[error("{0}")]
    Unavailable(String),
}

impl From<AuthFailure> for Problem {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid => Problem::unauthorized(),
            AuthFailure::Unavailable(_) => Problem::unavailable(failure),
        }
    }
}
