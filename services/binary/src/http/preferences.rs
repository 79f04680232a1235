//! The leg a member chooses to be placed in.

use crate::app::prefer::prefer;
use crate::state::Binary;
use crate::store::{members, preferences};
use actix_web::{HttpResponse, web};
use chassis::auth::Caller;
use chassis::http::{Body, Problem, ok};
use domain::Side;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, JsonSchema)]
pub(super) struct SideInput {
    /// Null for no preference.
    #[serde(deserialize_with = "Option::deserialize")]
    side: Option<Side>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct PreferenceView {
    /// Null for no preference.
    preferred_side: Option<Side>,
}

/// What was chosen last, or else at registration.
pub(super) async fn mine(app: web::Data<Binary>, caller: Caller) -> Result<HttpResponse, Problem> {
    let mut c = app.ctx.db().read().await?;
    let preferred_side = match preferences::find(&mut c, caller.user_id).await? {
        Some(chosen) => chosen.side,
        None => members::find(&mut c, caller.user_id).await?.and_then(|member| member.preferred_side),
    };
    Ok(ok(&PreferenceView { preferred_side }))
}

pub(super) async fn choose(app: web::Data<Binary>, caller: Caller, body: Body) -> Result<HttpResponse, Problem> {
    let side = body.json::<SideInput>().await?.value.side;
    let (user, now) = (caller.user_id, app.ctx.now());
    app.ctx.tx(async |c| prefer(c, user, side, now).await).await?;
    Ok(ok(&PreferenceView { preferred_side: side }))
}
