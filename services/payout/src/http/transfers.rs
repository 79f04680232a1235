//! Handlers of transfers by the bank's API, for staff.

use super::Subject;
use super::view::TransferView;
use crate::PayoutState;
use crate::app::transfer::{self, TransferFilter};
use crate::domain::payout::may_decide;
use crate::domain::transfer::TransferState;
use crate::error::PayoutError;
use crate::store::payouts;
use crate::store::transfers::{self as store, Transfer};
use actix_web::web;
use chassis::audit;
use domain::PayoutId;
use http_api::{Caller, Cursor, Idempotent, Json, Listing, Path, Problem, Query, StaffPage, operation};
use schemars::JsonSchema;
use serde::Deserialize;

domain::text_enum! {
    /// Which transfers to list.
    pub(super) enum TransferQueue {
        /// The API was asked to pay, and its answer is not known.
        Sent = "sent",
        /// The API refused; staff decide.
        Refused = "refused",
        /// They wait for money in the company's account.
        LowBalance = "low_balance",
        /// A report contradicts what is known; staff look into it.
        Conflicting = "conflicting",
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct QueueFilter {
    queue: TransferQueue,
}

impl TransferQueue {
    pub(super) const fn filter(self) -> TransferFilter {
        match self {
            Self::Sent => TransferFilter::State(TransferState::Sent),
            Self::Refused => TransferFilter::State(TransferState::Refused),
            Self::LowBalance => TransferFilter::LowBalance,
            Self::Conflicting => TransferFilter::Conflict,
        }
    }
}

/// List the transfers by the bank's API that need attention.
#[operation]
pub(super) async fn list(
    state: web::Data<PayoutState>,
    StaffPage { page, order }: StaffPage,
    Query(filter): Query<QueueFilter>,
) -> Result<Json<Listing<TransferView>>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let rows = store::list(&mut c, filter.queue.filter(), order, page.after_id()?, page.fetch_limit()).await?;
    Ok(Json::new(page.listing(rows, |row: &Transfer| Cursor::Id(row.payout_id.uuid()), TransferView::from)))
}

/// Ask the bank's API again for a transfer that it refused.
///
/// With the same key, so that there are never two. 403 for an own payout; 404 for a payout without a transfer; 409
/// `payout.transfer_state` unless it is refused.
#[operation]
pub(super) async fn retry(
    state: web::Data<PayoutState>,
    caller: Caller,
    Path(id): Path<PayoutId>,
    request: Idempotent,
) -> Result<Json<TransferView>, Problem> {
    let mut c = state.ctx.db().read().await?;
    let payout = payouts::find(&mut c, id).await?.ok_or_else(Problem::not_found)?;
    drop(c);
    may_decide(payout.user_id, caller.user_id).map_err(PayoutError::from)?;
    let (request, now) = (request.read_empty().await?, state.ctx.now());
    request
        .run(&state.ctx, async |c| {
            let (payout, transfer) = transfer::retry(c, id, now).await?;
            let subject = Subject::Payout(payout.id, payout.user_id);
            audit::record(c, &caller, now, "payout.transfer_retry", subject, &transfer.reason).await?;
            Ok(TransferView::from(transfer))
        })
        .await
}
