//! Placement by hand.

use super::nodes::Place;
use crate::app::place::{Refusal, place};
use crate::error::Failure;
use crate::state::Binary;
use crate::store::members;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use chassis::audit;
use chassis::auth::Caller;
use chassis::http::{Body, Idempotent, Problem};
use domain::{Side, UserId};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often, and how far apart, somebody is looked for who may be on the way from another service.
const LOOKS: u32 = 30;
const APART: Duration = Duration::from_millis(50);

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct PlacementInput {
    user_id: UserId,
    /// Null: directly under the company.
    #[serde(default)]
    parent_user_id: Option<UserId>,
    side: Side,
}

pub(super) async fn create(
    app: web::Data<Binary>,
    caller: Caller,
    idem: Idempotent,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let input = body.json::<PlacementInput>().await?;
    let PlacementInput { user_id, parent_user_id, side } = input.value;
    wait_for(&app, user_id, parent_user_id).await?;
    let (app, caller, ticket) = (&*app, &caller, &AtomicU64::new(0));
    let answer = idem
        .run(&app.ctx, caller, &input.bytes, StatusCode::CREATED, async |c| {
            let now = app.ctx.now();
            let mut batch = app.keeper.begin(c).await?;
            let outcome = place(c, &mut batch, user_id, parent_user_id, side, now).await?.map_err(refuse)?;
            let placed = outcome.placed.ok_or_else(|| Problem::internal("a placement without a place"))?;
            let detail = format!("{side} of {}", parent_user_id.map_or("the company".into(), |p| p.to_string()));
            let action = audit::Action {
                action: "binary.place",
                subject_type: "member",
                subject_id: user_id.to_string(),
                subject_user: Some(user_id),
                detail: &detail,
            };
            audit::record(c, "binary", caller, now, action).await?;
            batch.write(c).await?;
            let view = Place::of(batch.tree(), placed.node).view(c, now).await?;
            ticket.store(batch.release(), Ordering::Release);
            Ok::<_, Problem>(view)
        })
        .await?;
    // Zero when the answer was a repetition.
    app.keeper.committed(ticket.load(Ordering::Acquire)).await;
    Ok(answer)
}

fn refuse(refusal: Refusal) -> Problem {
    let (code, detail) = match refusal {
        Refusal::UnknownUser => ("binary.unknown_user", "nobody has this user_id"),
        Refusal::UnknownReferrer => ("binary.unknown_referrer", "the member's referrer is not known here yet"),
        Refusal::ParentNotPlaced => ("binary.parent_not_placed", "the parent has no place in the tree"),
    };
    Problem::unprocessable(code, detail)
}

/// Gives news that is on its way a moment to arrive: the decision itself is made later, under the lock.
async fn wait_for(app: &Binary, user: UserId, parent: Option<UserId>) -> Result<(), Failure> {
    for _ in 0..LOOKS {
        let mut c = app.ctx.db().read().await?;
        let is_known = members::find(&mut c, user).await?.is_some();
        let held = app.keeper.read(&mut c).await?;
        if is_known && parent.is_none_or(|p| held.tree.find(p).is_some()) {
            return Ok(());
        }
        drop((held, c));
        tokio::time::sleep(APART).await;
    }
    Ok(())
}
