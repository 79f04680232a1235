//! Who people are: users, roles, sessions, signing keys, KYC, nominees and referral links.
//!
//! Read in this order: `http` (the route table), `domain` (what is decided), `app` (what is done), `store`
//! (the tables), `consumers` (what others tell of our people), `state` (what handlers share; the signing
//! keys), `codes` (one-time codes in the cache), `post` (sending of messages), `secrets` (codes, tokens, values at
//! rest), `jobs`.
//!
//! Invariants: a person is made by a proven address, by an administrator or by `BOOTSTRAP_ADMIN`, and in no
//! other way; `referrer_id` never changes; a one-time code is used once and is stored as a keyed hash; a
//! refresh token is used once and is stored as a hash; a session that has ended is refused everywhere; nobody
//! changes their own rights or reviews their own KYC; one approved PAN belongs to one member; PAN, account
//! numbers, private keys and messages are sealed wherever they are kept.

mod app;
mod codes;
mod config;
mod consumers;
mod domain;
mod error;
mod http;
mod jobs;
mod post;
mod schema;
mod secrets;
mod state;
mod store;

use chassis::service::BootError;
use chassis::{Ctx, Parts, Service};
use config::Config;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use error::AuthError;
use state::Auth;
use std::sync::Arc;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The auth service.
pub fn service() -> Service {
    Service { name: "auth", migrations: MIGRATIONS, build: |ctx| Box::pin(build(ctx)) }
}

async fn build(ctx: Ctx) -> Result<Parts, BootError> {
    let config = Config::from_env(ctx.env())?;
    let auth = Auth::new(ctx, config)?;
    auth.prepare().await.map_err(stops_the_boot)?;
    Ok(Parts {
        routes: http::routes(auth.clone()),
        consumer: Some(Arc::new(consumers::People::new())),
        jobs: jobs::all(&auth),
    })
}

/// Makes somebody an administrator, straight in auth's database: an operator's way in when nobody has one.
/// `false` when they were one already.
pub async fn grant_admin(db: &db::Db, email: &str, now: ::domain::Timestamp) -> Result<bool, BootError> {
    let failed = |error: &dyn std::fmt::Display| BootError::Failed(error.to_string());
    let email = domain::identifier::Identifier::email(email).ok_or_else(|| failed(&"that is no e-mail address"))?;
    let email = &email;
    db.tx(async |c| app::bootstrap::grant_admin(c, email, now).await).await.map_err(|error| failed(&error))
}

fn stops_the_boot(error: AuthError) -> BootError {
    if let AuthError::Db(error) = error {
        BootError::Db(error)
    } else {
        BootError::Failed(format!("auth cannot start: {error}"))
    }
}
