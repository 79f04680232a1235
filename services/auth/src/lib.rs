//! Identity service: users, roles, sessions, signing keys, KYC, nominees and referral links.
//!
//! Reading order: `http` (route table), `domain` (pure decisions), `app` (writes in the caller's transaction),
//! `store` (tables), `consumers` (events of other services), `state` (application state and signing keys in memory),
//! `codes` (one-time codes in the cache), `referral_lookups` (rate limit of public look-ups), `outgoing_mail` (sending
//! of queued e-mail and SMS), `secrets` (random values, hashes, encryption at rest), `jobs`.
//!
//! Invariants:
//! - A user is created only by a verified address, by an administrator or by `BOOTSTRAP_ADMIN`; `referrer_id` never
//!   changes.
//! - A one-time code is used once and is stored as a keyed hash.
//! - A refresh token is used once and is stored as a hash; every service refuses a session that has ended.
//! - No user changes their own rights or reviews their own KYC.
//! - One approved PAN belongs to one member.
//! - PAN, account numbers, private keys and messages are stored encrypted.

mod app;
mod codes;
mod config;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod outgoing_mail;
mod records;
mod referral_lookups;
mod schema;
mod sealed_columns;
mod secrets;
mod state;
mod store;

use chassis::service::{BootError, Framework};
use chassis::{Service, ServiceParts};
use config::Config;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use error::AuthError;
use futures_util::future::BoxFuture;
use runtime::Ctx;
use state::AuthState;
use std::sync::Arc;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The auth service: its name, migrations and build function.
// Inlined, the whole service would be compiled again in the crate that calls this.
#[inline(never)]
pub fn service() -> Service {
    Service {
        name: "auth",
        migrations: MIGRATIONS,
        records: records::SOURCES,
        sealed: sealed_columns::COLUMNS,
        tasks: &[],
        build: |ctx, framework| Box::pin(build(ctx, framework)),
    }
}

async fn build(ctx: Ctx, framework: Framework) -> Result<ServiceParts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let state = AuthState::new(ctx, framework.shared_keys, config)?;
    state.prepare().await.map_err(boot_error)?;
    Ok(ServiceParts {
        graph: Some(http::graph::part(state.clone())),
        routes: http::routes(state.clone()),
        consumer: Some(Arc::new(consumers::consumer())),
        jobs: jobs::all(&state),
    })
}

/// Makes the user with this e-mail address an administrator, creating the user when there is none.
///
/// Writes to auth's database directly, for operators of a platform without a usable administrator.
/// Returns `false` when the user already is an active administrator.
/// Errors with `BootError::Failed` when `email` is not an e-mail address or the transaction fails.
pub fn grant_admin<'a>(
    db: &'a db::Db,
    email: &'a str,
    now: ::domain::Timestamp,
) -> BoxFuture<'a, Result<bool, BootError>> {
    Box::pin(async move {
        let failed = |error: &dyn std::fmt::Display| BootError::Failed(error.to_string());
        let email = domain::identifier::Identifier::email(email).ok_or_else(|| failed(&"not an e-mail address"))?;
        let email = &email;
        db.tx(async |c| app::bootstrap::grant_admin(c, email, now).await).await.map_err(|error| failed(&error))
    })
}

/// Creates a signing key, which the services get to know before it signs. Returns its id and the time from which it
/// signs.
///
/// Writes to auth's database directly, for operators of a platform whose administrators cannot sign in.
/// Errors with `BootError::Config` when a secret of auth is missing.
pub fn rotate_signing_key<'a>(
    db: &'a db::Db,
    env: &'a runtime::Env,
    now: ::domain::Timestamp,
) -> BoxFuture<'a, Result<(String, ::domain::Timestamp), BootError>> {
    Box::pin(async move {
        let sealer = pii::Sealer::from_env(env)?;
        let secrets = &secrets::Secrets::new(Config::from_env(env)?.otp_key, sealer);
        let created = db.tx(async |c| app::rotate_keys::rotate(c, secrets, now).await).await;
        created.map(|published| (published.key.kid().to_owned(), published.signs_from)).map_err(boot_error)
    })
}

fn boot_error(error: AuthError) -> BootError {
    if let AuthError::Db(error) = error {
        BootError::Db(error)
    } else {
        BootError::Failed(format!("auth cannot start: {error}"))
    }
}
