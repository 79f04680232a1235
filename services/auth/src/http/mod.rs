//! The route table of auth.

mod access;
mod input;
mod kyc;
mod me;
mod sessions;
mod sign_up;
mod users;
mod view;

use crate::state::Auth;
use chassis::auth::Access::{Admin, Public, Staff, User};
use chassis::http::{Doc, Listing, Routes};

pub(crate) fn routes(auth: Auth) -> Routes {
    let routes = Routes::new("auth").data(auth);
    people(own(signing_in(routes)))
}

fn signing_in(routes: Routes) -> Routes {
    routes
        .post(
            "/auth/otp",
            Public,
            access::send_code,
            Doc::new("Send a one-time code").takes::<access::CodeWanted>().answers_with::<access::CodeSent>(202),
        )
        .post(
            "/auth/otp/verify",
            Public,
            access::sign_in,
            Doc::new("Sign in by a code, registering on first use")
                .takes::<access::SignInInput>()
                .gives::<view::Tokens>(),
        )
        .post(
            "/auth/signup",
            Public,
            sign_up::sign_up,
            Doc::new("Register with a whole profile")
                .takes::<sign_up::SignUpInput>()
                .answers_with::<sign_up::SignUpBegun>(202),
        )
        .post(
            "/auth/signup/verify",
            Public,
            sign_up::finish_sign_up,
            Doc::new("Prove both addresses and sign in").takes::<sign_up::SignUpCodes>().gives::<view::Tokens>(),
        )
        .post(
            "/auth/refresh",
            Public,
            sessions::refresh,
            Doc::new("Replace a refresh token").takes::<sessions::RefreshInput>().gives::<sessions::Pair>(),
        )
        .post(
            "/auth/logout",
            User,
            sessions::log_out,
            Doc::new("End this session").may_take::<sessions::LogOutInput>().answers_bare(204),
        )
        .get(
            "/auth/sessions",
            User,
            sessions::list,
            Doc::new("Where I am signed in").gives::<Listing<sessions::SessionView>>().paged(),
        )
        .delete("/auth/sessions/{id}", User, sessions::end, Doc::new("End one of my sessions").answers_bare(204))
        .post(
            "/auth/keys/rotate",
            Admin,
            sessions::rotate_keys,
            Doc::new("Begin a new signing key").gives::<sessions::KeyView>(),
        )
        .get(
            "/.well-known/jwks.json",
            Public,
            sessions::key_set,
            Doc::new("The public keys").gives::<serde_json::Value>(),
        )
}

fn own(routes: Routes) -> Routes {
    routes
        .get("/users/me", User, me::profile, Doc::new("My profile").gives::<view::Profile>())
        .patch(
            "/users/me",
            User,
            me::edit,
            Doc::new("Change my profile").takes::<me::ProfileInput>().gives::<view::Profile>(),
        )
        .get(
            "/users/me/referrals",
            User,
            me::referrals,
            Doc::new("Whom I referred").gives::<Listing<me::Referral>>().paged(),
        )
        .get("/users/me/referral-link", User, me::referral_link, Doc::new("My link").gives::<me::ReferralLink>())
        .get("/users/me/nominee", User, me::nominee, Doc::new("My nominee").gives::<me::NomineeView>())
        .put(
            "/users/me/nominee",
            User,
            me::set_nominee,
            Doc::new("Name my nominee").takes::<me::NomineeInput>().gives::<me::NomineeView>(),
        )
        .delete("/users/me/nominee", User, me::remove_nominee, Doc::new("Remove my nominee").answers_bare(204))
        .post(
            "/users/me/kyc",
            User,
            kyc::submit,
            Doc::new("Apply for KYC").takes::<kyc::KycInput>().creates::<kyc::KycView>().idempotent(),
        )
        .get("/users/me/kyc", User, kyc::mine, Doc::new("My last application").gives::<kyc::KycView>())
}

fn people(routes: Routes) -> Routes {
    routes
        .get(
            "/users",
            Staff,
            users::search,
            Doc::new("Search people").filters::<users::Filter>().gives::<Listing<view::User>>().paged(),
        )
        .get("/users/{id}", Staff, users::one, Doc::new("A person").gives::<view::Profile>())
        .post(
            "/users",
            Admin,
            users::create,
            Doc::new("Make a person known").takes::<users::NewUser>().creates::<view::User>().idempotent(),
        )
        .patch(
            "/users/{id}",
            Admin,
            users::change,
            Doc::new("Change a role, a label or activity").takes::<users::UserChange>().gives::<view::User>(),
        )
        .get(
            "/kyc",
            Staff,
            kyc::queue,
            Doc::new("Applications").filters::<kyc::Filter>().gives::<Listing<kyc::KycView>>().paged(),
        )
        .get("/kyc/{id}", Staff, kyc::one, Doc::new("An application").gives::<kyc::KycView>())
        .post("/kyc/{id}/approve", Staff, kyc::approve, Doc::new("Approve it").gives::<kyc::KycView>())
        .post(
            "/kyc/{id}/reject",
            Staff,
            kyc::reject,
            Doc::new("Reject it").takes::<kyc::RejectInput>().gives::<kyc::KycView>(),
        )
}
