//! Verifications of the ledger, for staff and auditors.

use crate::WalletState;
use crate::verification::{LEDGER_VERIFICATION, Verification};
use actix_web::web;
use http_api::{Accepted, Caller, Idempotent, Json, Listing, Page, Path, Problem, operation};
use long_tasks::{JsonOf, TaskId, TaskView};
use serde_json::Value;

/// Verify the ledger, and wait for the report.
///
/// One request at a time. 429 while another verification runs, or while no connection for long reads is free. Of a
/// large ledger, which takes minutes, request a verification instead.
#[operation]
pub(super) async fn verify(state: web::Data<WalletState>) -> Result<Json<JsonOf<Verification>>, Problem> {
    Ok(Json::new(JsonOf::new(state.tasks.run_now(&LEDGER_VERIFICATION, Value::Null).await?)))
}

/// Request a verification of the ledger.
///
/// It runs in the background; get it until its `state` is `done` or `failed`. 429 while another one runs or waits.
#[operation]
pub(super) async fn request(
    state: web::Data<WalletState>,
    caller: Caller,
    post: Idempotent,
) -> Result<Accepted<TaskView<Verification>>, Problem> {
    let execution = post.read_empty().await?;
    let (tasks, user) = (&state.tasks, caller.user_id);
    execution.run(&state.ctx, async |c| tasks.request(c, &LEDGER_VERIFICATION, &Value::Null, user).await).await
}

/// A verification, with its report once it is done. They are kept for thirty days.
#[operation]
pub(super) async fn get(
    state: web::Data<WalletState>,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView<Verification>>, Problem> {
    Ok(Json::new(state.tasks.get(&LEDGER_VERIFICATION, id).await?))
}

/// Verifications that were requested, newest first.
#[operation]
pub(super) async fn list(
    state: web::Data<WalletState>,
    page: Page,
) -> Result<Json<Listing<TaskView<Verification>>>, Problem> {
    Ok(Json::new(state.tasks.list(&LEDGER_VERIFICATION, &page).await?))
}
