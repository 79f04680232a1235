//! Verification of the tables against the journal, for operators.

use crate::app::deviation::Deviation;
use crate::app::verify::Verification;
use crate::state::BinaryState;
use crate::tasks::TREE_VERIFICATION;
use actix_web::web;
use http_api::{Accepted, Caller, Idempotent, Json, Listing, Page, Path, Problem, operation};
use long_tasks::{JsonOf, TaskId, TaskView};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// Report of a verification.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct VerificationView {
    ok: bool,
    /// Number of journal entries that were replayed.
    journal_entries: i64,
    members: i64,
    pairs: i64,
    plan_versions: i64,
    /// Payments that are counted and not refunded.
    payments: i64,
    /// The first deviation in journal order; null when there is none.
    deviation: Option<DeviationView>,
}

/// A difference between a table and the journal.
#[derive(Debug, Serialize, JsonSchema)]
struct DeviationView {
    table: &'static str,
    /// The key of the row, or the member concerned.
    row: String,
    /// Null: the whole row.
    column: Option<&'static str>,
    expected: String,
    found: String,
}

impl From<&Verification> for VerificationView {
    fn from(report: &Verification) -> Self {
        let Verification { ok, journal_entries, members, pairs, plan_versions, payments, deviation } = report.clone();
        let deviation = deviation.map(|Deviation { table, row, column, expected, found }| DeviationView {
            table,
            row,
            column,
            expected,
            found,
        });
        Self { ok, journal_entries, members, pairs, plan_versions, payments, deviation }
    }
}

impl Serialize for Verification {
    /// As the API does: the operator's command prints the same.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VerificationView::from(self).serialize(serializer)
    }
}

/// Replay the whole journal and compare every row with the result.
///
/// Reads only. 429 while another verification or simulation runs. Of a large tree, which takes minutes, request a
/// verification instead.
#[operation]
pub(super) async fn verify(state: web::Data<BinaryState>) -> Result<Json<JsonOf<VerificationView>>, Problem> {
    Ok(Json::new(JsonOf::new(state.tasks.run_now(&TREE_VERIFICATION, Value::Null).await?)))
}

/// Request a verification of the tree.
///
/// It runs in the background; get it until its `state` is `done` or `failed`. 429 while another verification or
/// simulation runs or waits.
#[operation]
pub(super) async fn request(
    state: web::Data<BinaryState>,
    caller: Caller,
    post: Idempotent,
) -> Result<Accepted<TaskView<VerificationView>>, Problem> {
    let execution = post.read_empty().await?;
    let (tasks, user) = (&state.tasks, caller.user_id);
    execution.run(&state.ctx, async |c| tasks.request(c, &TREE_VERIFICATION, &Value::Null, user).await).await
}

/// A verification, with its report once it is done. They are kept for thirty days.
#[operation]
pub(super) async fn get(
    state: web::Data<BinaryState>,
    Path(id): Path<TaskId>,
) -> Result<Json<TaskView<VerificationView>>, Problem> {
    Ok(Json::new(state.tasks.get(&TREE_VERIFICATION, id).await?))
}

/// Verifications that were requested, newest first.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    page: Page,
) -> Result<Json<Listing<TaskView<VerificationView>>>, Problem> {
    Ok(Json::new(state.tasks.list(&TREE_VERIFICATION, &page).await?))
}
