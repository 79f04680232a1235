//! Manual placement.

use super::Subject;
use super::nodes::{NodeSnapshot, NodeView};
use crate::app::place::{PlacementRefusal, place};
use crate::app::tree_state::NO_BATCH;
use crate::domain::ROOT;
use crate::state::BinaryState;
use actix_web::web;
use chassis::audit;
use domain::{Side, UserId};
use http_api::{Caller, Created, Idempotent, Problem, operation};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PlacementInput {
    user_id: UserId,
    /// Null: directly under the company.
    #[serde(default)]
    parent_user_id: Option<UserId>,
    side: Side,
}

/// Place a member manually.
///
/// 409 with `binary.already_placed` or `binary.slot_taken`. 422 with `binary.unknown_user`, `binary.unknown_referrer` or
/// `binary.parent_not_placed`, when the event that makes the member or the parent known does not arrive shortly.
#[operation]
pub(super) async fn create(
    state: web::Data<BinaryState>,
    caller: Caller,
    request: Idempotent<PlacementInput>,
) -> Result<Created<NodeView>, Problem> {
    let (PlacementInput { user_id, parent_user_id, side }, request) = request.read().await?;
    let batch_id = AtomicU64::new(NO_BATCH);
    let place_once = async || {
        request
            .run(&state.ctx, async |c| {
                let now = state.ctx.now();
                let mut batch = state.tree_store.begin(c).await?;
                let outcome =
                    place(c, &mut batch, user_id, parent_user_id, side, now).await?.map_err(refusal_problem)?;
                let placed = outcome.placed.ok_or_else(|| Problem::internal("the placement returned no position"))?;
                let detail = format!("{side} of {}", parent_user_id.map_or("the company".into(), |p| p.to_string()));
                audit::record(c, &caller, now, "binary.place", Subject::Member(user_id), &detail).await?;
                batch.write(c).await?;
                let view = NodeSnapshot::of(batch.tree(), placed.node, ROOT, now)?.load_view(c).await?;
                batch_id.store(batch.release(), Ordering::Release);
                Ok(view)
            })
            .await
    };
    let made = state.ctx.applied_events().await_projection(place_once).await?;
    // No batch when the response is repeated for an idempotency key.
    state.tree_store.confirm_commit(batch_id.load(Ordering::Acquire)).await;
    Ok(made)
}

fn refusal_problem(refusal: PlacementRefusal) -> Problem {
    let (code, detail) = match refusal {
        PlacementRefusal::UnknownUser => ("binary.unknown_user", "no member has this user_id"),
        PlacementRefusal::UnknownReferrer => ("binary.unknown_referrer", "the member's referrer is not known here yet"),
        PlacementRefusal::ParentNotPlaced => ("binary.parent_not_placed", "the parent has no place in the tree"),
    };
    Problem::unprocessable(code, detail).stale_if(refusal.may_be_stale())
}
