//! Preferred side of a member.

use crate::app::choose_side::choose_side;
use crate::state::BinaryState;
use crate::store::{members, preferences};
use actix_web::web;
use domain::Side;
use http_api::{Body, Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(super) struct PreferredSideInput {
    /// Null for no preference.
    #[serde(deserialize_with = "Option::deserialize")]
    side: Option<Side>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PreferredSideView {
    /// Null for no preference.
    preferred_side: Option<Side>,
}

/// My preferred side.
///
/// The side chosen last, or else the side given at registration.
#[operation]
pub(super) async fn get(state: web::Data<BinaryState>, caller: Caller) -> Result<Json<PreferredSideView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let preferred_side = match preferences::find(&mut c, caller.user_id).await? {
        Some(chosen) => chosen.side,
        None => members::find(&mut c, caller.user_id).await?.and_then(|member| member.preferred_side),
    };
    Ok(Json::new(PreferredSideView { preferred_side }))
}

/// Choose my preferred side, before I am placed.
///
/// 409 with `binary.already_placed` for a caller who is placed.
#[operation]
pub(super) async fn update(
    state: web::Data<BinaryState>,
    caller: Caller,
    body: Body<PreferredSideInput>,
) -> Result<Json<PreferredSideView>, Problem> {
    let side = body.read().await?.side;
    let (user, now) = (caller.user_id, state.ctx.now());
    state.ctx.tx(async |c| choose_side(c, user, side, now).await).await?;
    Ok(Json::new(PreferredSideView { preferred_side: side }))
}
