//! Route table of the auth service. Handlers may read through `store`; every write goes through `app`.

mod consents;
mod distributors;
mod erasure;
pub(crate) mod graph;
mod identifiers;
mod input;
mod kyc;
mod names;
mod nominee;
mod profile;
mod queues;
mod referrals;
mod sessions;
mod sign_in;
mod sign_up;
mod signing_keys;
mod sms_receipts;
mod step_up;
mod terms;
mod users;
mod view;

use crate::domain::distributor::DistributorApplicationId;
use crate::domain::erasure::ErasureRequestId;
use crate::domain::kyc::KycId;
use crate::domain::session::SessionId;
use crate::domain::terms::TermsKind;
use crate::state::AuthState;
use chassis::audit::AuditSubject;
use domain::UserId;
use http_api::Access::{Admin, Public, Staff, User};
use http_api::{Routes, documented};

/// All routes, with their access rules. `/users/me`, `/users/names` and each `queue-counts` stand before the routes that
/// would match these names as ids.
pub(crate) fn routes(state: AuthState) -> Routes {
    Routes::new("auth")
        .data(state)
        .post("/auth/otp", Public, documented!(sign_in::send_code))
        .post("/auth/otp/verify", Public, documented!(sign_in::verify))
        .post("/auth/signup", Public, documented!(sign_up::begin))
        .post("/auth/signup/verify", Public, documented!(sign_up::verify))
        .post("/auth/step-up", User, documented!(step_up::prove))
        .post("/auth/refresh", Public, documented!(sessions::refresh))
        .post("/auth/logout", User, documented!(sessions::log_out))
        .get("/auth/referral-codes/{code}", Public, documented!(referrals::get_code))
        .get("/auth/sessions", User, documented!(sessions::list))
        .delete("/auth/sessions", User, documented!(sessions::delete_others))
        .delete("/auth/sessions/{id}", User, documented!(sessions::delete))
        .post("/auth/sms-receipts/{provider}", Public, documented!(sms_receipts::receive))
        .get("/auth/sms-deliveries", Staff, documented!(sms_receipts::list))
        .post("/auth/keys/rotate", Admin, documented!(signing_keys::rotate))
        .get("/.well-known/jwks.json", Public, documented!(signing_keys::list))
        .get("/users/me", User, documented!(profile::get))
        .patch("/users/me", User, documented!(profile::update))
        .post("/users/me/identifiers", User, documented!(identifiers::send))
        .post("/users/me/identifiers/verify", User, documented!(identifiers::verify))
        .get("/users/me/referrals", User, documented!(referrals::list))
        .get("/users/me/referral-link", User, documented!(referrals::get_link))
        .get("/users/me/nominee", User, documented!(nominee::get_own))
        .put("/users/me/nominee", User, documented!(nominee::set))
        .delete("/users/me/nominee", User, documented!(nominee::delete))
        .post("/users/me/kyc", User, documented!(kyc::create))
        .get("/users/me/kyc", User, documented!(kyc::get_own))
        .get("/users/me/kyc/applications", User, documented!(kyc::list_own))
        .post("/users/me/distributor-application", User, documented!(distributors::create))
        .get("/users/me/distributor-application", User, documented!(distributors::get_own))
        .get("/users/me/distributor-applications", User, documented!(distributors::list_own))
        .post("/users/me/consents", User, documented!(consents::create))
        .get("/users/me/consents", User, documented!(consents::list))
        .post("/users/me/erasure-request", User, documented!(erasure::create))
        .get("/users/me/erasure-request", User, documented!(erasure::get_own))
        .post("/users/me/erasure-request/withdraw", User, documented!(erasure::withdraw))
        .get("/users", Staff, documented!(users::list))
        .get("/users/names", Staff, documented!(users::list_names))
        .get("/users/{id}", Staff, documented!(users::get))
        .post("/users", Admin, documented!(users::create))
        .patch("/users/{id}", Admin, documented!(users::update))
        .get("/users/{id}/nominee", Staff, documented!(nominee::get))
        .get("/users/{id}/sessions", Admin, documented!(sessions::list_of_user))
        .delete("/users/{id}/sessions/{session_id}", Admin, documented!(sessions::delete_of_user))
        .get("/kyc", Staff, documented!(kyc::list))
        .get("/kyc/queue-counts", Staff, documented!(queues::count))
        .get("/kyc/{id}", Staff, documented!(kyc::get))
        .post("/kyc/{id}/approve", Staff, documented!(kyc::approve))
        .post("/kyc/{id}/reject", Staff, documented!(kyc::reject))
        .get("/terms/{kind}", Public, documented!(terms::get))
        .get("/terms/{kind}/versions", Public, documented!(terms::list))
        .post("/terms/{kind}", Admin, documented!(terms::publish))
        .get("/distributor-applications", Staff, documented!(distributors::list))
        .get("/distributor-applications/queue-counts", Staff, documented!(distributors::count))
        .get("/distributor-applications/{id}", Staff, documented!(distributors::get))
        .post("/distributor-applications/{id}/approve", Staff, documented!(distributors::approve))
        .post("/distributor-applications/{id}/reject", Staff, documented!(distributors::reject))
        .get("/erasure-requests", Staff, documented!(erasure::list))
        .get("/erasure-requests/queue-counts", Staff, documented!(erasure::count))
        .get("/erasure-requests/{id}", Staff, documented!(erasure::get))
        .post("/erasure-requests/{id}/approve", Admin, documented!(erasure::approve))
        .post("/erasure-requests/{id}/reject", Admin, documented!(erasure::reject))
}

/// Subject of an audit record, with its owner.
enum Subject {
    User(UserId),
    Kyc(KycId, UserId),
    Session(SessionId, UserId),
    SigningKey(String),
    Terms(TermsKind, i64),
    DistributorApplication(DistributorApplicationId, UserId),
    ErasureRequest(ErasureRequestId, UserId),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "auth";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::User(id) => ("user", id.to_string(), Some(id)),
            Self::Kyc(id, owner) => ("kyc", id.to_string(), Some(owner)),
            Self::Session(id, owner) => ("session", id.to_string(), Some(owner)),
            Self::SigningKey(kid) => ("signing_key", kid, None),
            Self::Terms(kind, version) => ("terms", format!("{kind}/{version}"), None),
            Self::DistributorApplication(id, owner) => ("distributor_application", id.to_string(), Some(owner)),
            Self::ErasureRequest(id, owner) => ("erasure_request", id.to_string(), Some(owner)),
        }
    }
}
