//! What a gateway took and its messages did not tell: found in its list, and by asking for single orders. Whatever is
//! found is credited as a message would have been, by [`super::capture::credit`].

use super::capture::{Captured, unplaced_capture};
use crate::domain::reconciliation::{LAST_ASKED_DAYS, Progress, Window, next_check};
use crate::domain::{CaptureOutcome, GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::store::captures;
use crate::store::reconciliations::{self, OpenOrder, Walk};
use db::DbConnection;
use domain::{PaymentId, Timestamp};

/// Seconds until an order is asked for again that got no answer.
const NOT_ANSWERED_SECS: i64 = 60;

fn row(gateway: GatewayName, progress: &Progress) -> Walk {
    let (window, walked) = progress.walking.map_or((None, 0), |(window, walked)| (Some(window), walked));
    Walk {
        gateway,
        done_until: progress.done_until,
        walk_from: window.map(|w| w.from),
        walk_until: window.map(|w| w.until),
        walked: i64::from(walked),
    }
}

async fn lock(c: &mut DbConnection, gateway: GatewayName, first: &Progress) -> Result<Progress, BookingError> {
    let walk = reconciliations::lock(c, &row(gateway, first)).await?;
    let window = walk.walk_from.zip(walk.walk_until).map(|(from, until)| Window { from, until });
    let walked = u32::try_from(walk.walked).unwrap_or(0);
    Ok(Progress { done_until: walk.done_until, walking: window.map(|w| (w, walked)) })
}

/// The window to go on with, and how many of its lines are walked; `None` once the list is walked up to `now`.
pub async fn next(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    hours: i64,
) -> Result<Option<(Window, u32)>, BookingError> {
    let mut progress = lock(c, gateway, &Progress::first(now, hours)).await?;
    let next = progress.next(now, hours);
    reconciliations::save(c, &row(gateway, &progress)).await?;
    Ok(next)
}

/// Notes that `lines` more are walked; the window's last ones, if `last`.
pub async fn advance(
    c: &mut DbConnection,
    gateway: GatewayName,
    walked: (Window, u32),
    lines: u32,
    last: bool,
) -> Result<(), BookingError> {
    let mut progress = lock(c, gateway, &Progress { done_until: walked.0.from, walking: None }).await?;
    progress.advance(walked, lines, last);
    Ok(reconciliations::save(c, &row(gateway, &progress)).await?)
}

/// Those captures that are not recorded, or only for an order that they are not of.
pub async fn missing(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: Vec<Captured>,
) -> Result<Vec<Captured>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|l| l.gateway_payment_id.as_str()).collect();
    let known = captures::find_all(c, gateway, &ids).await?;
    let is_known = |l: &Captured| {
        known.iter().any(|k| {
            k.gateway_payment_id == l.gateway_payment_id
                && (k.outcome != CaptureOutcome::UnknownOrder || k.order_id == l.order_id)
        })
    };
    Ok(listed.into_iter().filter(|l| !is_known(l)).collect())
}

/// Keeps a capture that cannot be credited, for staff to see.
pub async fn keep(
    c: &mut DbConnection,
    gateway: GatewayName,
    captured: &Captured,
    at: Timestamp,
) -> Result<(), BookingError> {
    captures::insert(c, &unplaced_capture(gateway, captured, at)).await?;
    Ok(())
}

/// How many captures are of no order of ours.
pub async fn unplaced(c: &mut DbConnection) -> Result<i64, BookingError> {
    Ok(captures::count_unplaced(c).await?)
}

/// What there is to do about the orders that are due.
#[derive(Debug, Default)]
pub struct DueOrders {
    /// No capture came of them: the gateway is asked.
    pub open: Vec<OpenOrder>,
    /// They are paid, or too old to be: nothing is asked any more.
    pub over: Vec<PaymentId>,
}

/// Orders that it is time to ask for.
pub async fn due_orders(
    c: &mut DbConnection,
    gateway: GatewayName,
    now: Timestamp,
    limit: i64,
) -> Result<DueOrders, BookingError> {
    let mut due = DueOrders::default();
    for check in reconciliations::due_checks(c, gateway, now, limit).await? {
        let unpaid = matches!(check.status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Superseded);
        if unpaid && check.order.created_at >= now.plus_hours(-24 * LAST_ASKED_DAYS) {
            due.open.push(check.order);
        } else {
            due.over.push(check.order.payment_id);
        }
    }
    Ok(due)
}

pub async fn stop_asking(c: &mut DbConnection, ids: &[PaymentId]) -> Result<(), BookingError> {
    if ids.is_empty() { Ok(()) } else { Ok(reconciliations::delete_checks(c, ids).await?) }
}

/// Notes that an order was asked for; it is asked for again when it is twice as old.
pub async fn asked(
    c: &mut DbConnection,
    gateway: GatewayName,
    order: &OpenOrder,
    now: Timestamp,
) -> Result<(), BookingError> {
    Ok(reconciliations::check_at(c, order.payment_id, gateway, next_check(order.created_at, now)).await?)
}

/// Notes that an order could not be asked for; it holds up no other.
pub async fn not_answered(
    c: &mut DbConnection,
    gateway: GatewayName,
    order: &OpenOrder,
    now: Timestamp,
) -> Result<(), BookingError> {
    Ok(reconciliations::check_at(c, order.payment_id, gateway, now.plus_secs(NOT_ANSWERED_SECS)).await?)
}
