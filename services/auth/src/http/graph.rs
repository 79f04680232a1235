//! Auth's part of the read graph: users, and what belongs to them.

use super::view::{ProfileView, UserView};
use super::{distributors, kyc, nominee, profile, referrals, sessions, users};
use crate::state::AuthState;
use crate::store;
use actix_web::web;
use domain::UserId;
use graph::Part;
use http_api::Access::Staff;
use http_api::{Caller, Json, Path, Problem, documented, operation};

/// All fields of this service.
pub(crate) fn part(state: AuthState) -> Part {
    Part::new("auth", state)
        .rename("BankView", "KycBank")
        .users(read_users)
        .query("users", Staff, documented!(users::list))
        .query("kyc_applications", Staff, documented!(kyc::list))
        .query("kyc_application", Staff, documented!(kyc::get))
        .query("distributor_applications", Staff, documented!(distributors::list))
        .query("distributor_application", Staff, documented!(distributors::get))
        .of_user("profile", documented!(read_profile))
        .of_user("nominee", documented!(read_nominee))
        .own("referrals", documented!(referrals::list))
        .own("referral_link", documented!(referrals::get_link))
        .own("kyc", documented!(kyc::get_own))
        .own("kyc_history", documented!(kyc::list_own))
        .own("distributor_application", documented!(distributors::get_own))
        .own("sessions", documented!(sessions::list))
}

async fn read_users(state: web::Data<AuthState>, ids: Vec<UserId>) -> Result<Vec<(UserId, UserView)>, Problem> {
    let rows = store::users::list_by_ids(&mut *state.ctx.db().read().await?, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, UserView::from(row))).collect())
}

/// The personal details of the user.
#[operation]
async fn read_profile(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<UserId>,
) -> Result<Json<ProfileView>, Problem> {
    if caller.user_id == id { profile::get(state, caller).await } else { users::get(state, Path(id)).await }
}

/// The nominee of the user.
#[operation]
async fn read_nominee(
    state: web::Data<AuthState>,
    caller: Caller,
    Path(id): Path<UserId>,
) -> Result<Json<nominee::NomineeView>, Problem> {
    if caller.user_id == id { nominee::get_own(state, caller).await } else { nominee::get(state, Path(id)).await }
}
