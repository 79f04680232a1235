//! Preferred side of a member.

use crate::app::choose_side::choose_side;
use crate::state::BinaryState;
use crate::store::{members, preferences};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Problem, RawBody, ok};
use domain::Side;
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

/// The side chosen last, or else the side given at registration.
pub(super) async fn get(state: web::Data<BinaryState>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let preferred_side = match preferences::find(&mut c, caller.user_id).await? {
        Some(chosen) => chosen.side,
        None => members::find(&mut c, caller.user_id).await?.and_then(|member| member.preferred_side),
    };
    Ok(ok(&PreferredSideView { preferred_side }))
}

pub(super) async fn update(
    state: web::Data<BinaryState>,
    caller: Caller,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let side = body.json::<PreferredSideInput>().await?.value.side;
    let (user, now) = (caller.user_id, state.ctx.now());
    state.ctx.tx(async |c| choose_side(c, user, side, now).await).await?;
    Ok(ok(&PreferredSideView { preferred_side: side }))
}
