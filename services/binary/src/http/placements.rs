//! Manual placement.

use super::nodes::NodeSnapshot;
use crate::app::place::{PlacementRefusal, place};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::members;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit;
use chassis::auth::Caller;
use chassis::http::{IdempotencyKey, Problem, RawBody};
use domain::{Side, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Polling for a member whose event may still be on its way from another service.
const POLL_ATTEMPTS: u32 = 30;
const POLL_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PlacementInput {
    user_id: UserId,
    /// Null: directly under the company.
    #[serde(default)]
    parent_user_id: Option<UserId>,
    side: Side,
}

pub(super) async fn create(
    state: web::Data<BinaryState>,
    caller: Caller,
    idem: IdempotencyKey,
    body: RawBody,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<PlacementInput>().await?;
    let PlacementInput { user_id, parent_user_id, side } = input.value;
    wait_for_members(&state, user_id, parent_user_id).await?;
    let (state, caller, batch_id) = (&*state, &caller, &AtomicU64::new(0));
    let answer = idem
        .run(&state.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
            let now = state.ctx.now();
            let mut batch = state.tree_store.begin(c).await?;
            let outcome = place(c, &mut batch, user_id, parent_user_id, side, now).await?.map_err(refusal_problem)?;
            let placed = outcome.placed.ok_or_else(|| Problem::internal("the placement returned no position"))?;
            let detail = format!("{side} of {}", parent_user_id.map_or("the company".into(), |p| p.to_string()));
            let action = audit::StaffAction {
                action: "binary.place",
                subject_type: "member",
                subject_id: user_id.to_string(),
                subject_user: Some(user_id),
                detail: &detail,
            };
            audit::record(c, "binary", caller, now, action).await?;
            batch.write(c).await?;
            let view = NodeSnapshot::of(batch.tree(), placed.node).load_view(c, now).await?;
            batch_id.store(batch.release(), Ordering::Release);
            Ok::<_, Problem>(view)
        })
        .await?;
    // Zero when the answer was replayed for a repeated idempotency key.
    state.tree_store.confirm_commit(batch_id.load(Ordering::Acquire)).await;
    Ok(answer)
}

fn refusal_problem(refusal: PlacementRefusal) -> Problem {
    let (code, detail) = match refusal {
        PlacementRefusal::UnknownUser => ("binary.unknown_user", "no member has this user_id"),
        PlacementRefusal::UnknownReferrer => ("binary.unknown_referrer", "the member's referrer is not known here yet"),
        PlacementRefusal::ParentNotPlaced => ("binary.parent_not_placed", "the parent has no place in the tree"),
    };
    Problem::unprocessable(code, detail)
}

/// Waits briefly until the member and the parent are known. The placement checks both again under the lock.
async fn wait_for_members(state: &BinaryState, user: UserId, parent: Option<UserId>) -> Result<(), BinaryError> {
    for _ in 0..POLL_ATTEMPTS {
        let mut c = state.ctx.db().read().await?;
        let is_known = members::find(&mut c, user).await?.is_some();
        let tree_state = state.tree_store.read(&mut c).await?;
        if is_known && parent.is_none_or(|p| tree_state.tree.find(p).is_some()) {
            return Ok(());
        }
        drop((tree_state, c));
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Ok(())
}
