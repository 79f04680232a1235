//! What handlers, consumers and jobs share, and the signing keys in memory.

use crate::app::bootstrap;
use crate::app::end_session::Ended;
use crate::app::open_session::Opened;
use crate::app::rotate_keys::{self, TimedKey};
use crate::codes::Codes;
use crate::config::Config;
use crate::domain::identifier::Identifier;
use crate::domain::key;
use crate::error::AuthError;
use crate::secrets::Secrets;
use chassis::auth::token::{ACCESS_TTL_SECS, AUDIENCE, Claims, ISSUER};
use chassis::auth::{SigningKey, revocation};
use chassis::pii::Sealer;
use chassis::{ConfigError, Ctx, id};
use domain::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys another instance made are known after this: sooner than they sign.
const RELOAD_AFTER_SECS: i64 = 30;

#[derive(Default)]
struct KeyRing {
    keys: Vec<TimedKey>,
    loaded_at: Option<Timestamp>,
}

/// The service's state. Clones share it.
#[derive(Clone)]
pub(crate) struct Auth {
    pub(crate) ctx: Ctx,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) codes: Codes,
    pub(crate) public_url: Arc<str>,
    bootstrap_admin: Option<Identifier>,
    ring: Arc<Mutex<KeyRing>>,
}

impl Auth {
    pub(crate) fn new(ctx: Ctx, config: Config) -> Result<Self, ConfigError> {
        let sealer = Sealer::from_env(ctx.env())?;
        let Config { otp_key, public_url, bootstrap_admin, code_limits } = config;
        let secrets = Arc::new(Secrets::new(otp_key, sealer));
        let codes = Codes::new(Arc::clone(ctx.cache()), Arc::clone(&secrets), code_limits);
        Ok(Self { ctx, secrets, codes, public_url: public_url.into(), bootstrap_admin, ring: Arc::default() })
    }

    /// Makes what has to be there before the first request: a key, and an administrator if one is named.
    pub(crate) async fn prepare(&self) -> Result<(), AuthError> {
        let now = self.ctx.now();
        let secrets = &*self.secrets;
        self.ctx.tx(async |c| rotate_keys::ensure(c, secrets, now).await).await?;
        if let Some(email) = &self.bootstrap_admin {
            self.ctx.tx(async |c| bootstrap::ensure_admin(c, email, now).await).await?;
        }
        self.reload_keys().await
    }

    /// Reads the keys anew and publishes them to the services of this process.
    pub(crate) async fn reload_keys(&self) -> Result<(), AuthError> {
        let now = self.ctx.now();
        let keys = rotate_keys::all(&mut *self.ctx.db().write().await?, &self.secrets).await?;
        let published = JwkSet { keys: keys.iter().map(|timed| timed.key.jwk()).collect() };
        {
            let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
            *ring = KeyRing { keys, loaded_at: Some(now) };
        }
        self.ctx.shared_keys().set(published);
        Ok(())
    }

    async fn keys(&self, now: Timestamp) -> Result<Vec<TimedKey>, AuthError> {
        let is_stale = |at: Timestamp| now < at || now >= at.plus_secs(RELOAD_AFTER_SECS);
        let loaded_at = self.ring.lock().unwrap_or_else(PoisonError::into_inner).loaded_at;
        if loaded_at.is_none_or(is_stale) {
            self.reload_keys().await?;
        }
        Ok(self.ring.lock().unwrap_or_else(PoisonError::into_inner).keys.clone())
    }

    /// The key that signs now.
    pub(crate) async fn signing_key(&self, now: Timestamp) -> Result<SigningKey, AuthError> {
        let keys = self.keys(now).await?;
        let begin: Vec<Timestamp> = keys.iter().map(|timed| timed.signs_from).collect();
        let chosen = key::signing(&begin, now).and_then(|at| keys.into_iter().nth(at));
        chosen.map(|timed| timed.key).ok_or(AuthError::NoSigningKey)
    }

    /// What verifiers are given.
    pub(crate) async fn key_set(&self) -> Result<JwkSet, AuthError> {
        let keys = self.keys(self.ctx.now()).await?;
        Ok(JwkSet { keys: keys.iter().map(|timed| timed.key.jwk()).collect() })
    }

    /// After the commit that ended sessions: their tokens stop working at once.
    pub(crate) async fn tell_ended(&self, ended: impl IntoIterator<Item = Ended>) {
        let now = self.ctx.now();
        for Ended { session_id, expires_at } in ended {
            revocation::revoke(self.ctx.cache(), now, session_id.uuid(), expires_at).await;
        }
    }
}

/// An access token for a session that was opened or refreshed.
pub(crate) fn access_token(key: &SigningKey, opened: &Opened, now: Timestamp) -> String {
    let issued_at = now.micros().div_euclid(1_000_000);
    key.sign(&Claims {
        sub: opened.user.id,
        role: opened.user.role,
        referrer: opened.user.referrer_id,
        sid: opened.session_id.uuid(),
        jti: id::fresh(),
        iat: issued_at,
        exp: issued_at + ACCESS_TTL_SECS,
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
    })
}
