//! Route table of auth.

mod input;
mod kyc;
mod nominee;
mod profile;
mod referrals;
mod sessions;
mod sign_in;
mod sign_up;
mod signing_keys;
mod users;
mod view;

use crate::state::AuthState;
use chassis::auth::Access::{Admin, Public, Staff, User};
use chassis::documented;
use chassis::http::Routes;

/// All routes, with their access rules and documentation.
pub(crate) fn routes(state: AuthState) -> Routes {
    Routes::new("auth")
        .data(state)
        .post("/auth/otp", Public, documented!(sign_in::send_code))
        .post("/auth/otp/verify", Public, documented!(sign_in::verify))
        .post("/auth/signup", Public, documented!(sign_up::begin))
        .post("/auth/signup/verify", Public, documented!(sign_up::verify))
        .post("/auth/refresh", Public, documented!(sessions::refresh))
        .post("/auth/logout", User, documented!(sessions::log_out))
        .get("/auth/sessions", User, documented!(sessions::list))
        .delete("/auth/sessions/{id}", User, documented!(sessions::delete))
        .post("/auth/keys/rotate", Admin, documented!(signing_keys::rotate))
        .get("/.well-known/jwks.json", Public, documented!(signing_keys::list))
        .get("/users/me", User, documented!(profile::get))
        .patch("/users/me", User, documented!(profile::update))
        .get("/users/me/referrals", User, documented!(referrals::list))
        .get("/users/me/referral-link", User, documented!(referrals::get_link))
        .get("/users/me/nominee", User, documented!(nominee::get))
        .put("/users/me/nominee", User, documented!(nominee::set))
        .delete("/users/me/nominee", User, documented!(nominee::delete))
        .post("/users/me/kyc", User, documented!(kyc::submit))
        .get("/users/me/kyc", User, documented!(kyc::get_own))
        .get("/users", Staff, documented!(users::list))
        .get("/users/{id}", Staff, documented!(users::get))
        .post("/users", Admin, documented!(users::create))
        .patch("/users/{id}", Admin, documented!(users::update))
        .get("/kyc", Staff, documented!(kyc::list))
        .get("/kyc/{id}", Staff, documented!(kyc::get))
        .post("/kyc/{id}/approve", Staff, documented!(kyc::approve))
        .post("/kyc/{id}/reject", Staff, documented!(kyc::reject))
}
