//! Application state, and the signing keys held in memory.

use crate::app::bootstrap;
use crate::app::end_session::EndedSession;
use crate::app::rotate_keys::{self, PublishedKey};
use crate::codes::CodeStore;
use crate::config::Config;
use crate::domain::distributor::ApprovalMode;
use crate::domain::identifier::Identifier;
use crate::domain::session::SessionId;
use crate::domain::signing_key;
use crate::error::AuthError;
use crate::secrets::Secrets;
use crate::store::users::User;
use auth_token::token::{ACCESS_TTL_SECS, AUDIENCE, Claims, ISSUER};
use auth_token::{SharedKeys, SigningKey, revocation};
use domain::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use parking_lot::Mutex;
use pii::Sealer;
use runtime::mail::Receipts;
use runtime::{ConfigError, Ctx, id};
use std::sync::Arc;

/// Age of the keys in memory at which they are read again. Shorter than `PUBLISH_AHEAD_SECS`, so that a key created by
/// another instance is loaded before it signs.
const KEY_RELOAD_INTERVAL_SECS: i64 = 30;

/// Published signing keys in memory, and the time of their last load.
#[derive(Default)]
struct KeyRing {
    keys: Vec<PublishedKey>,
    loaded_at: Option<Timestamp>,
}

/// Application state. Clones share it.
#[derive(Clone)]
pub(crate) struct AuthState {
    pub(crate) ctx: Ctx,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) codes: CodeStore,
    /// Base URL of the platform, without a slash at the end.
    pub(crate) public_url: Arc<str>,
    /// Who approves applications to become a distributor.
    pub(crate) distributor_approval: ApprovalMode,
    /// Verifies receipts of SMS.
    pub(crate) receipts: Arc<Receipts>,
    bootstrap_admin: Option<Identifier>,
    /// The keys as the other services of this process get them.
    shared_keys: SharedKeys,
    ring: Arc<Mutex<KeyRing>>,
}

impl AuthState {
    /// Errors when a variable of the sealing keys is missing or invalid.
    pub(crate) fn new(ctx: Ctx, shared_keys: SharedKeys, config: Config) -> Result<Self, ConfigError> {
        let sealer = Sealer::from_env(ctx.env())?;
        let Config { otp_key, public_url, bootstrap_admin, code_limits, distributor_approval } = config;
        let secrets = Arc::new(Secrets::new(otp_key, sealer));
        let codes = CodeStore::new(Arc::clone(ctx.cache()), Arc::clone(&secrets), code_limits);
        let receipts = Arc::new(Receipts::from_env(ctx.env())?);
        let (public_url, ring) = (public_url.into(), Arc::default());
        Ok(Self { ctx, secrets, codes, public_url, distributor_approval, receipts, bootstrap_admin, shared_keys, ring })
    }

    /// Creates the first signing key and the administrator that `BOOTSTRAP_ADMIN` names, then loads the keys.
    pub(crate) async fn prepare(&self) -> Result<(), AuthError> {
        let now = self.ctx.now();
        let secrets = &*self.secrets;
        self.ctx.tx(async |c| rotate_keys::ensure_key(c, secrets, now).await).await?;
        if let Some(email) = &self.bootstrap_admin {
            let ended = self.ctx.tx(async |c| bootstrap::ensure_admin(c, email, now).await).await?;
            self.revoke_tokens(ended).await;
        }
        self.reload_keys().await
    }

    /// Loads the keys from the database and publishes them to the services of this process.
    pub(crate) async fn reload_keys(&self) -> Result<(), AuthError> {
        let now = self.ctx.now();
        let keys = rotate_keys::list(&mut *self.ctx.db().write().await?, &self.secrets).await?;
        let key_set = JwkSet { keys: keys.iter().map(|published| published.key.jwk()).collect() };
        {
            let mut ring = self.ring.lock();
            *ring = KeyRing { keys, loaded_at: Some(now) };
        }
        self.shared_keys.set(key_set);
        Ok(())
    }

    /// Returns the published keys, reloaded when they are stale.
    async fn keys(&self, now: Timestamp) -> Result<Vec<PublishedKey>, AuthError> {
        let is_stale = |loaded_at: Timestamp| now < loaded_at || now >= loaded_at.plus_secs(KEY_RELOAD_INTERVAL_SECS);
        let loaded_at = self.ring.lock().loaded_at;
        if loaded_at.is_none_or(is_stale) {
            self.reload_keys().await?;
        }
        Ok(self.ring.lock().keys.clone())
    }

    /// Returns the key that signs at `now`. Errors with `NoSigningKey` when there is none.
    pub(crate) async fn signing_key(&self, now: Timestamp) -> Result<SigningKey, AuthError> {
        let keys = self.keys(now).await?;
        let signs_from: Vec<Timestamp> = keys.iter().map(|published| published.signs_from).collect();
        let current = signing_key::current_index(&signs_from, now).and_then(|index| keys.into_iter().nth(index));
        current.map(|published| published.key).ok_or(AuthError::NoSigningKey)
    }

    /// Returns the public keys for verifiers.
    pub(crate) async fn key_set(&self) -> Result<JwkSet, AuthError> {
        let keys = self.keys(self.ctx.now()).await?;
        Ok(JwkSet { keys: keys.iter().map(|published| published.key.jwk()).collect() })
    }

    /// Revokes the access tokens of sessions in the cache. Called after the commit that ended the sessions.
    pub(crate) async fn revoke_tokens(&self, ended: impl IntoIterator<Item = EndedSession>) {
        let now = self.ctx.now();
        for EndedSession { session_id, expires_at } in ended {
            revocation::revoke(self.ctx.cache(), now, session_id.uuid(), expires_at).await;
        }
    }
}

/// Signs an access token for a session that was opened or refreshed.
pub(crate) fn sign_access_token(
    key: &SigningKey,
    (user, session, proved_at): (&User, SessionId, Timestamp),
    now: Timestamp,
) -> String {
    let secs = |at: Timestamp| at.micros().div_euclid(1_000_000);
    let issued_at = secs(now);
    key.sign(&Claims {
        sub: user.id,
        role: user.role,
        referrer: user.referrer_id,
        sid: session.uuid(),
        jti: id::fresh(),
        iat: issued_at,
        exp: issued_at + ACCESS_TTL_SECS,
        auth_time: Some(secs(proved_at)),
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
    })
}
