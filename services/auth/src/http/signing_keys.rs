//! HTTP handlers of signing keys.

use super::Subject;
use crate::app::rotate_keys;
use crate::error::AuthError;
use crate::state::AuthState;
use actix_web::web;
use chassis::audit;
use domain::Timestamp;
use http_api::{Caller, Json, Problem, operation};
use jsonwebtoken::jwk::Jwk;
use schemars::JsonSchema;
use serde::Serialize;

/// Time for which verifiers may keep the public keys. Shorter than the time between the publication of a key and its
/// first signature.
const KEY_SET_MAX_AGE_SECS: u32 = 30;

/// A new signing key.
#[derive(Serialize, JsonSchema)]
pub(crate) struct KeyView {
    kid: String,
    /// Time from which the key signs. It is published already.
    signs_from: Timestamp,
}

/// The public keys as a JSON Web Key Set.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "KeySet")]
pub(crate) struct KeySetView {
    #[schemars(with = "Vec<serde_json::Value>")]
    keys: Vec<Jwk>,
}

/// Rotate the signing key.
///
/// The new key is published at once and signs after a minute.
#[operation]
pub(crate) async fn rotate(state: web::Data<AuthState>, caller: Caller) -> Result<Json<KeyView>, Problem> {
    let now = state.ctx.now();
    let created = state
        .ctx
        .tx(async |c| {
            let created = rotate_keys::rotate(c, &state.secrets, now).await?;
            let subject = Subject::SigningKey(created.key.kid().to_owned());
            audit::record(c, &caller, now, "auth.keys.rotate", subject, "").await?;
            Ok::<_, AuthError>(created)
        })
        .await?;
    state.reload_keys().await?;
    Ok(Json::new(KeyView { kid: created.key.kid().to_owned(), signs_from: created.signs_from }))
}

/// Get the public keys.
#[operation]
pub(crate) async fn list(state: web::Data<AuthState>) -> Result<Json<KeySetView>, Problem> {
    let keys = state.key_set().await?.keys;
    Ok(Json::new(KeySetView { keys }).cacheable_for_secs(KEY_SET_MAX_AGE_SECS))
}
