//! Reconciliation of captures: a gateway's payment list and its open orders, compared with the stored captures.
//!
//! Captures that are missing here are applied by [`super::receive_capture::receive`], as those of webhooks are.

use super::receive_capture::new_capture;
use crate::domain::gateway_event::CapturedPayment;
use crate::domain::reconciliation::{ListPosition, MAX_ORDER_CHECK_DAYS, Progress, ScanPosition, Window, next_check};
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures;
pub use crate::store::reconciliations::DueCheck;
use crate::store::reconciliations::{self, OpenOrder, ReconciliationRow};
use db::DbConnection;
use domain::{PaymentId, Timestamp};

/// Seconds after which an order check that failed is repeated.
const FAILED_CHECK_RETRY_SECS: i64 = 60;

fn to_row(gateway: GatewayName, progress: &Progress) -> ReconciliationRow {
    let (window, position) = progress.current.clone().map_or_else(Default::default, |(w, p)| (Some(w), p));
    ReconciliationRow {
        gateway,
        done_until: progress.done_until,
        walk_from: window.map(|w| w.from),
        walk_until: window.map(|w| w.until),
        walked: position.items.into(),
        walked_id: position.last_id,
    }
}

async fn lock(c: &mut DbConnection, gateway: GatewayName, initial: &Progress) -> Result<Progress, BookingError> {
    let row = reconciliations::lock(c, &to_row(gateway, initial)).await?;
    let window = row.walk_from.zip(row.walk_until).map(|(from, until)| Window { from, until });
    let position = ListPosition { items: row.walked.get(), last_id: row.walked_id };
    Ok(Progress { done_until: row.done_until, current: window.map(|w| (w, position)) })
}

/// The page to scan next. `None` when the list is scanned up to `now`. `hours` is the overlap with the previous window.
pub async fn next_window(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    hours: i64,
) -> Result<Option<ScanPosition>, BookingError> {
    let mut progress = lock(c, gateway, &Progress::initial(now, hours)).await?;
    let next = progress.next(now, hours);
    reconciliations::save(c, &to_row(gateway, &progress)).await?;
    Ok(next)
}

/// Advances the position to `next`; without one the window is complete.
pub async fn advance(
    c: &mut DbConnection,
    gateway: GatewayName,
    position: &ScanPosition,
    next: Option<ListPosition>,
) -> Result<(), BookingError> {
    let mut progress = lock(c, gateway, &Progress { done_until: position.0.from, current: None }).await?;
    progress.advance(position, next);
    Ok(reconciliations::save(c, &to_row(gateway, &progress)).await?)
}

/// The listed captures that are not stored, or are stored for another, unknown order.
pub async fn find_missing(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: Vec<CapturedPayment>,
) -> Result<Vec<CapturedPayment>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|l| l.gateway_payment_id.as_str()).collect();
    let known = captures::list_by_ids(c, gateway, &ids).await?;
    let is_known = |l: &CapturedPayment| {
        known.iter().any(|k| {
            k.gateway_payment_id == l.gateway_payment_id
                && (k.outcome != CaptureOutcome::UnknownOrder || k.order_id == l.order_id)
        })
    };
    Ok(listed.into_iter().filter(|l| !is_known(l)).collect())
}

/// Stores a capture that cannot be applied, for staff.
pub async fn record_unmatched(
    c: &mut DbConnection,
    gateway: GatewayName,
    captured: &CapturedPayment,
    at: Timestamp,
) -> Result<(), BookingError> {
    captures::insert(c, &new_capture(gateway, captured, at)).await?;
    Ok(())
}

/// The number of captures that match no payment.
pub async fn count_unmatched(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(captures::count_unmatched(c).await?)
}

/// Orders with a due check.
#[derive(Debug, Default)]
pub struct DueOrders {
    /// Unpaid orders: the gateway is asked for their captures.
    pub to_check: Vec<DueCheck>,
    /// Orders that are paid or too old: their checks are deleted.
    pub finished: Vec<PaymentId>,
}

/// Lists the orders of a gateway with a due check.
pub async fn list_due_orders(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<DueOrders, BookingError> {
    let mut due = DueOrders::default();
    for check in reconciliations::list_due_checks(c, gateway, now, limit).await? {
        let is_unpaid =
            matches!(check.status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded);
        if is_unpaid && check.order.created_at >= now.plus_hours(-24 * MAX_ORDER_CHECK_DAYS) {
            due.to_check.push(check);
        } else {
            due.finished.push(check.order.payment_id);
        }
    }
    Ok(due)
}

/// Deletes the checks of these orders.
pub async fn delete_checks(c: &mut DbConnection, ids: &[PaymentId]) -> Result<(), BookingError> {
    if ids.is_empty() { Ok(()) } else { Ok(reconciliations::delete_checks(c, ids).await?) }
}

/// Schedules the next check of an order, when it is twice as old.
pub async fn schedule_next_check(
    c: &mut DbConnection,
    gateway: GatewayName,
    order: &OpenOrder,
    now: Timestamp,
) -> Result<(), BookingError> {
    Ok(reconciliations::schedule_check(c, order.payment_id, gateway, next_check(order.created_at, now)).await?)
}

/// Schedules the repetition of a check that failed.
pub async fn schedule_retry(
    c: &mut DbConnection,
    gateway: GatewayName,
    order: &OpenOrder,
    now: Timestamp,
) -> Result<(), BookingError> {
    Ok(reconciliations::schedule_check(c, order.payment_id, gateway, now.plus_secs(FAILED_CHECK_RETRY_SECS)).await?)
}
