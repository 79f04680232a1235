//! Route table of auth.

mod input;
mod kyc;
mod me;
mod sessions;
mod sign_in;
mod sign_up;
mod users;
mod view;

use crate::state::AuthState;
use chassis::auth::Access::{Admin, Public, Staff, User};
use chassis::http::{Doc, Listing, Routes};

/// Builds the routes with their access rules and documentation.
pub(crate) fn routes(state: AuthState) -> Routes {
    let routes = Routes::new("auth").data(state);
    staff_routes(own_account_routes(sign_in_routes(routes)))
}

fn sign_in_routes(routes: Routes) -> Routes {
    routes
        .post_documented(
            "/auth/otp",
            Public,
            sign_in::send_code,
            Doc::new("Send a one-time code")
                .body::<sign_in::SendCodeInput>()
                .responds_with::<sign_in::CodeSentView>(202),
        )
        .post_documented(
            "/auth/otp/verify",
            Public,
            sign_in::sign_in,
            Doc::new("Sign in with a code; registers a new user")
                .body::<sign_in::SignInInput>()
                .returns::<view::TokensView>(),
        )
        .post_documented(
            "/auth/signup",
            Public,
            sign_up::sign_up,
            Doc::new("Start a sign-up with a full profile")
                .body::<sign_up::SignUpInput>()
                .responds_with::<sign_up::SignUpStartedView>(202),
        )
        .post_documented(
            "/auth/signup/verify",
            Public,
            sign_up::finish_sign_up,
            Doc::new("Verify both codes of a sign-up and sign in")
                .body::<sign_up::VerifySignUpInput>()
                .returns::<view::TokensView>(),
        )
        .post_documented(
            "/auth/refresh",
            Public,
            sessions::refresh,
            Doc::new("Replace a refresh token").body::<sessions::RefreshInput>().returns::<view::TokensView>(),
        )
        .post_documented(
            "/auth/logout",
            User,
            sessions::log_out,
            Doc::new("End this session").optional_body::<sessions::LogOutInput>().empty_response(204),
        )
        .get_documented(
            "/auth/sessions",
            User,
            sessions::list,
            Doc::new("List my sessions").returns::<Listing<sessions::SessionView>>().paged(),
        )
        .delete_documented(
            "/auth/sessions/{id}",
            User,
            sessions::end,
            Doc::new("End one of my sessions").empty_response(204),
        )
        .post_documented(
            "/auth/keys/rotate",
            Admin,
            sessions::rotate_keys,
            Doc::new("Rotate the signing key").returns::<sessions::KeyView>(),
        )
        .get_documented(
            "/.well-known/jwks.json",
            Public,
            sessions::get_key_set,
            Doc::new("Get the public keys").returns::<serde_json::Value>(),
        )
}

fn own_account_routes(routes: Routes) -> Routes {
    routes
        .get_documented("/users/me", User, me::get_profile, Doc::new("Get my profile").returns::<view::ProfileView>())
        .patch_documented(
            "/users/me",
            User,
            me::update_profile,
            Doc::new("Change my profile").body::<me::ProfileInput>().returns::<view::ProfileView>(),
        )
        .get_documented(
            "/users/me/referrals",
            User,
            me::list_referrals,
            Doc::new("List the users I referred").returns::<Listing<me::ReferralView>>().paged(),
        )
        .get_documented(
            "/users/me/referral-link",
            User,
            me::get_referral_link,
            Doc::new("Get my referral link").returns::<me::ReferralLinkView>(),
        )
        .get_documented(
            "/users/me/nominee",
            User,
            me::get_nominee,
            Doc::new("Get my nominee").returns::<me::NomineeView>(),
        )
        .put_documented(
            "/users/me/nominee",
            User,
            me::set_nominee,
            Doc::new("Set my nominee").body::<me::NomineeInput>().returns::<me::NomineeView>(),
        )
        .delete_documented(
            "/users/me/nominee",
            User,
            me::delete_nominee,
            Doc::new("Delete my nominee").empty_response(204),
        )
        .post_documented(
            "/users/me/kyc",
            User,
            kyc::submit,
            Doc::new("Apply for KYC").body::<kyc::KycInput>().created::<kyc::KycView>().idempotent(),
        )
        .get_documented(
            "/users/me/kyc",
            User,
            kyc::get_own,
            Doc::new("Get my latest KYC application").returns::<kyc::KycView>(),
        )
}

fn staff_routes(routes: Routes) -> Routes {
    routes
        .get_documented(
            "/users",
            Staff,
            users::list,
            Doc::new("Search users").query::<users::UserFilter>().returns::<Listing<view::UserView>>().paged(),
        )
        .get_documented("/users/{id}", Staff, users::get, Doc::new("Get a user").returns::<view::ProfileView>())
        .post_documented(
            "/users",
            Admin,
            users::create,
            Doc::new("Create a user").body::<users::CreateUserInput>().created::<view::UserView>().idempotent(),
        )
        .patch_documented(
            "/users/{id}",
            Admin,
            users::update,
            Doc::new("Change the role, label or activity of a user")
                .body::<users::UpdateUserInput>()
                .returns::<view::UserView>(),
        )
        .get_documented(
            "/kyc",
            Staff,
            kyc::list,
            Doc::new("List KYC applications").query::<kyc::KycFilter>().returns::<Listing<kyc::KycView>>().paged(),
        )
        .get_documented("/kyc/{id}", Staff, kyc::get, Doc::new("Get a KYC application").returns::<kyc::KycView>())
        .post_documented(
            "/kyc/{id}/approve",
            Staff,
            kyc::approve,
            Doc::new("Approve a KYC application").returns::<kyc::KycView>(),
        )
        .post_documented(
            "/kyc/{id}/reject",
            Staff,
            kyc::reject,
            Doc::new("Reject a KYC application").body::<kyc::RejectInput>().returns::<kyc::KycView>(),
        )
}
