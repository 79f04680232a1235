//! Reasons for refusing an access token.

use http_api::Problem;

/// Why an access token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthFailure {
    /// Malformed or forged. Answered with 401, like the next two.
    #[error("the token is not valid")]
    Invalid,
    #[error("the token has expired")]
    Expired,
    /// The session of the token was revoked.
    #[error("the session of the token has ended")]
    SessionEnded,
    /// The public keys or the revoked sessions cannot be read. Answered with 503.
    #[error("{0}")]
    Unavailable(String),
}

impl From<AuthFailure> for Problem {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid | AuthFailure::Expired | AuthFailure::SessionEnded => Problem::unauthorized(),
            AuthFailure::Unavailable(_) => Problem::unavailable(failure),
        }
    }
}
