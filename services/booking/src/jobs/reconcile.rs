//! Reconciliation with the gateways: scans of their payment and refund lists, and checks of single orders.

use crate::BookingState;
use crate::app::reconcile_captures::DueCheck;
use crate::app::{apply_gateway_refund, late_authorization, receive_capture, reconcile_captures};
use crate::domain::gateway_event::{CapturedPayment, ReportedRefund};
use crate::domain::reconciliation::{ListPosition, Window};
use crate::domain::{GatewayName, PaymentStatus};
use crate::error::BookingError;
use crate::gateway::{GatewayError, OrderReport, PaymentGateway};
use runtime::jobs::JobError;
use runtime::telemetry::gauge_value;

const MAX_BATCH_ORDERS: i64 = 100;

/// Scans every gateway's list up to now, page by page. Each page's progress is committed. A gateway that does not
/// answer does not stop the others; the last error is returned.
pub(super) async fn scan_lists(state: BookingState) -> Result<(), JobError> {
    let mut last_error = None;
    for gateway in state.gateways.with_api() {
        if let Err(error) = scan_list(&state, &**gateway).await {
            tracing::error!(gateway = %gateway.name(), %error, "scan of the gateway's list failed");
            last_error = Some(error);
        }
    }
    let unmatched = reconcile_captures::count_unmatched(&mut *state.ctx.db().read().await?).await?;
    metrics::gauge!("captures_unplaced").set(gauge_value(unmatched));
    last_error.map_or(Ok(()), Err)
}

async fn scan_list(state: &BookingState, gateway: &dyn PaymentGateway) -> Result<(), JobError> {
    let (ctx, hours, now, name) = (&state.ctx, state.config.reconcile.hours, state.ctx.now(), gateway.name());
    while let Some(position) = ctx.tx(async |c| reconcile_captures::next_window(c, name, now, hours).await).await? {
        let page = gateway.list_payments(position.0, &position.1).await?;
        apply_missing(state, name, page.items).await?;
        let next = page.next;
        if next.is_none() {
            // Refunds are listed separately, by their own time; the window is complete when both lists are scanned.
            apply_missing_refunds(state, gateway, position.0).await?;
        }
        ctx.tx(async |c| reconcile_captures::advance(c, name, &position, next.clone()).await).await?;
    }
    Ok(())
}

/// Applies the refunds of a window for which no webhook was received.
async fn apply_missing_refunds(
    state: &BookingState,
    gateway: &dyn PaymentGateway,
    window: Window,
) -> Result<(), JobError> {
    let mut from = ListPosition::default();
    loop {
        let page = gateway.list_refunds(window, &from).await?;
        let name = gateway.name();
        let missing = apply_gateway_refund::find_unknown(&mut *state.ctx.db().read().await?, name, page.items).await?;
        for refund in &missing {
            apply_refund(state, name, refund).await?;
        }
        match page.next {
            Some(next) => from = next,
            None => return Ok(()),
        }
    }
}

/// Applies a listed refund that is not stored. One that cannot be applied is logged, and does not stop the others.
pub(super) async fn apply_refund(
    state: &BookingState,
    gateway: GatewayName,
    refund: &ReportedRefund,
) -> Result<(), JobError> {
    let (now, id, payment) = (state.ctx.now(), &refund.id, &refund.gateway_payment_id);
    tracing::warn!(%gateway, id, payment, "refund without webhook found");
    match state.ctx.tx(async |c| apply_gateway_refund::apply_report(c, gateway, refund, now).await).await {
        Ok(()) => Ok(()),
        Err(BookingError::Db(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(%gateway, id, payment, %error, "listed refund not applied");
            Ok(())
        }
    }
}

/// Checks unpaid orders. One that gets no answer is checked again soon and does not stop the others.
pub(super) async fn check_orders(state: BookingState) -> Result<(), JobError> {
    let mut last_error = None;
    for gateway in state.gateways.with_api() {
        if let Err(error) = check_orders_of(&state, &**gateway).await {
            tracing::error!(gateway = %gateway.name(), %error, "order check failed");
            last_error = Some(error);
        }
    }
    last_error.map_or(Ok(()), Err)
}

async fn check_orders_of(state: &BookingState, gateway: &dyn PaymentGateway) -> Result<(), JobError> {
    let (ctx, name) = (&state.ctx, gateway.name());
    let mut last_error = None;
    loop {
        let due = reconcile_captures::list_due_orders(&mut *ctx.db().read().await?, name, ctx.now(), MAX_BATCH_ORDERS)
            .await?;
        let finished = &due.finished;
        ctx.tx(async |c| reconcile_captures::delete_checks(c, finished).await).await?;
        for check in &due.to_check {
            let order = &check.order;
            let is_checked = match gateway.find_order(&order.order_id).await {
                Ok(report) => apply_order(state, gateway, check, report).await?,
                Err(GatewayError::CircuitOpen(open)) => return Err(JobError::from(open)),
                Err(error @ GatewayError::Refused { .. }) => {
                    tracing::warn!(gateway = %name, order = order.order_id, %error, "order check refused");
                    true
                }
                Err(error @ GatewayError::Unavailable(_)) => {
                    last_error = Some(JobError::from(error));
                    false
                }
            };
            let now = ctx.now();
            ctx.tx(async |c| match is_checked {
                true => reconcile_captures::schedule_next_check(c, name, order, now).await,
                false => reconcile_captures::schedule_retry(c, name, order, now).await,
            })
            .await?;
        }
        // Finished orders need no call, so a long list of them is deleted in this run.
        if due.finished.is_empty() || !due.to_check.is_empty() {
            return last_error.map_or(Ok(()), Err);
        }
    }
}

/// Applies what the gateway has of an order. Returns false when a call got no answer and the check is repeated soon.
async fn apply_order(
    state: &BookingState,
    gateway: &dyn PaymentGateway,
    check: &DueCheck,
    report: OrderReport,
) -> Result<bool, JobError> {
    let (ctx, name, order) = (&state.ctx, gateway.name(), &check.order);
    let is_unpaid = report.captured.is_empty() && report.authorized.is_empty();
    apply_missing(state, name, report.captured).await?;
    for authorized in &report.authorized {
        let now = ctx.now();
        if !ctx.tx(async |c| late_authorization::is_accepted(c, name, authorized, now).await).await? {
            continue;
        }
        match gateway.capture(authorized).await {
            Ok(captured) => apply_missing(state, name, vec![captured]).await?,
            Err(error) => {
                // The next check asks again, before it captures.
                tracing::warn!(gateway = %name, order = order.order_id, %error, "authorised payment not captured");
                return Ok(is_refusal(&error));
            }
        }
    }
    if is_unpaid && report.is_expired {
        let (now, id) = (ctx.now(), order.payment_id);
        let failed: Result<(), BookingError> = ctx.tx(async |c| receive_capture::fail_expired(c, id, now).await).await;
        failed?;
    } else if is_unpaid && check.status != PaymentStatus::Pending {
        // The payer may still have the page open.
        if let Err(error) = gateway.close_order(&order.order_id).await {
            tracing::warn!(gateway = %name, order = order.order_id, %error, "order not closed");
            return Ok(is_refusal(&error));
        }
    }
    Ok(true)
}

/// Whether the gateway answered, so that a repetition has the same result.
const fn is_refusal(error: &GatewayError) -> bool {
    matches!(error, GatewayError::Refused { .. })
}

/// Applies listed captures that are not stored. One that cannot be applied is stored for staff, and does not stop the
/// others.
pub(super) async fn apply_missing(
    state: &BookingState,
    gateway: GatewayName,
    listed: Vec<CapturedPayment>,
) -> Result<(), JobError> {
    let ctx = &state.ctx;
    let missing = reconcile_captures::find_missing(&mut *ctx.db().read().await?, gateway, listed).await?;
    for captured in &missing {
        let now = ctx.now();
        let (order, id) = (&captured.order_id, &captured.gateway_payment_id);
        tracing::warn!(%gateway, order, id, "capture without webhook found");
        metrics::counter!("captures_reconciled_total").increment(1);
        match ctx.tx(async |c| receive_capture::receive(c, gateway, captured, now).await).await {
            Ok(()) => {}
            Err(BookingError::Db(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(%gateway, order, id, %error, "capture not applied");
                ctx.tx(async |c| reconcile_captures::record_unmatched(c, gateway, captured, now).await).await?;
            }
        }
    }
    Ok(())
}
