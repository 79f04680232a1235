//! Handler of the counts of KYC applications that wait for staff.

use crate::state::AuthState;
use crate::store::kyc;
use actix_web::web;
use http_api::{Json, Problem, QUEUE_COUNT_LIMIT, QueueCount, QueueCounts, operation};

/// Count the KYC applications that wait for staff.
///
/// `kyc.pending` are the pending applications.
#[operation]
pub(crate) async fn count(state: web::Data<AuthState>) -> Result<Json<QueueCounts>, Problem> {
    let pending = kyc::list_pending_times(&mut *state.ctx.db().read().await?, QUEUE_COUNT_LIMIT).await?;
    Ok(Json::new(vec![QueueCount::new("kyc.pending", &pending)].into()))
}
