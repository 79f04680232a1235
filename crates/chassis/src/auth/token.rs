//! What an access token says.

use domain::{Role, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `iss` of every access token.
pub const ISSUER: &str = "ev-auth";
/// `aud` of every access token.
pub const AUDIENCE: &str = "ev-platform";
/// Lifetime of an access token, in seconds.
pub const ACCESS_TTL_SECS: i64 = 15 * 60;

/// The claims of an access token; signed with EdDSA by auth alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub sub: UserId,
    pub role: Role,
    /// Who referred the member; fixed at registration, so that no service has to ask.
    #[serde(rename = "ref")]
    pub referrer: Option<UserId>,
    /// The session: ending it ends every token of it.
    pub sid: Uuid,
    pub jti: Uuid,
    /// Seconds since 1970.
    pub iat: i64,
    pub exp: i64,
    pub iss: String,
    pub aud: String,
}
