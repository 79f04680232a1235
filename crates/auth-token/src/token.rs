//! Claims of access tokens.

use domain::{Role, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `iss` of every access token.
pub const ISSUER: &str = "ev-auth";
/// `aud` of every access token.
pub const AUDIENCE: &str = "ev-platform";
/// Lifetime of an access token, in seconds.
pub const ACCESS_TTL_SECS: i64 = 15 * 60;

/// The claims of an access token; only auth signs them, with EdDSA.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: UserId,
    pub role: Role,
    /// The sponsor of the member, fixed at registration.
    #[serde(rename = "ref")]
    pub referrer: Option<UserId>,
    /// The session; revoking it invalidates all its tokens.
    pub sid: Uuid,
    pub jti: Uuid,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Expires at, in seconds since 1970.
    pub exp: i64,
    /// When the owner last proved a one-time code, in seconds since 1970. Tokens of older versions have none.
    #[serde(default)]
    pub auth_time: Option<i64>,
    pub iss: String,
    pub aud: String,
}
