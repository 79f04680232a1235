//! What gateways have and their messages did not tell: found in their lists, and by asking for single orders.

use crate::Booking;
use crate::app::capture::{self, Captured};
use crate::app::{reconcile, report_refund};
use crate::domain::GatewayName;
use crate::domain::reconciliation::Window;
use crate::error::BookingError;
use crate::gateway::{GatewayError, PAGE, PaymentGateway};
use chassis::events::HandleError;

const BATCH: i64 = 100;

/// Walks every gateway's list up to now, page by page; what is walked stays so, whatever happens after. A gateway that
/// does not answer holds up no other.
pub(super) async fn walk_lists(state: Booking) -> Result<(), HandleError> {
    let mut failed = None;
    for gateway in state.gateways.listing() {
        if let Err(error) = walk_list(&state, &**gateway).await {
            tracing::error!(gateway = %gateway.name(), %error, "a gateway's list cannot be walked");
            failed = Some(error);
        }
    }
    let unplaced = reconcile::unplaced(&mut *state.ctx.db().read().await?).await?;
    metrics::gauge!("captures_unplaced").set(u32::try_from(unplaced).map_or(f64::from(u32::MAX), f64::from));
    failed.map_or(Ok(()), Err)
}

async fn walk_list(state: &Booking, gateway: &dyn PaymentGateway) -> Result<(), HandleError> {
    let (ctx, hours, now, name) = (&state.ctx, state.config.reconcile.hours, state.ctx.now(), gateway.name());
    while let Some(at) = ctx.tx(async |c| reconcile::next(c, name, now, hours).await).await? {
        let page = gateway.list(at.0, at.1).await.map_err(HandleError::transient)?;
        credit_missing(state, name, page.captured).await?;
        let (lines, last) = (page.lines, page.lines < PAGE);
        if last {
            // What was refunded is listed by when; a window is done when both lists are walked.
            report_missing_refunds(state, gateway, at.0).await?;
        }
        ctx.tx(async |c| reconcile::advance(c, name, at, lines, last).await).await?;
    }
    Ok(())
}

/// Reports the refunds of a window of which no message came.
async fn report_missing_refunds(
    state: &Booking,
    gateway: &dyn PaymentGateway,
    window: Window,
) -> Result<(), HandleError> {
    let (ctx, name) = (&state.ctx, gateway.name());
    let mut skip = 0;
    loop {
        let page = gateway.list_refunds(window, skip).await.map_err(HandleError::transient)?;
        let missing = report_refund::unknown(&mut *ctx.db().read().await?, name, page.refunds).await?;
        for refund in &missing {
            let (now, id, payment) = (ctx.now(), &refund.id, &refund.gateway_payment_id);
            tracing::warn!(gateway = %name, id, payment, "no message told of a refund");
            match ctx.tx(async |c| report_refund::report(c, name, refund, now).await).await {
                Ok(()) => {}
                Err(BookingError::Db(error)) => return Err(error.into()),
                Err(error) => tracing::error!(gateway = %name, id, payment, %error, "a refund cannot be taken"),
            }
        }
        if page.lines < PAGE {
            return Ok(());
        }
        skip += page.lines;
    }
}

/// Asks for orders of which no capture came. One that gets no answer is asked for again soon, and holds up no other.
pub(super) async fn ask_for_orders(state: Booking) -> Result<(), HandleError> {
    let mut failed = None;
    for gateway in state.gateways.listing() {
        if let Err(error) = ask_gateway(&state, &**gateway).await {
            tracing::error!(gateway = %gateway.name(), %error, "a gateway cannot be asked for orders");
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn ask_gateway(state: &Booking, gateway: &dyn PaymentGateway) -> Result<(), HandleError> {
    let (ctx, name) = (&state.ctx, gateway.name());
    let mut failed = None;
    loop {
        let due = reconcile::due_orders(&mut *ctx.db().read().await?, name, ctx.now(), BATCH).await?;
        let over = &due.over;
        ctx.tx(async |c| reconcile::stop_asking(c, over).await).await?;
        for order in &due.open {
            let answered = match gateway.captured_for(&order.order_id).await {
                Ok(captured) => {
                    credit_missing(state, name, captured).await?;
                    true
                }
                Err(GatewayError::Resting(open)) => return Err(HandleError::transient(open)),
                Err(error @ GatewayError::Refused { .. }) => {
                    tracing::warn!(gateway = %name, order = order.order_id, %error, "an order cannot be asked for");
                    true
                }
                Err(error @ GatewayError::Unavailable(_)) => {
                    failed = Some(HandleError::transient(error));
                    false
                }
            };
            let now = ctx.now();
            ctx.tx(async |c| match answered {
                true => reconcile::asked(c, name, order, now).await,
                false => reconcile::not_answered(c, name, order, now).await,
            })
            .await?;
        }
        // What is over costs nothing: a long list of it does not wait for the next run.
        if due.over.is_empty() || !due.open.is_empty() {
            return failed.map_or(Ok(()), Err);
        }
    }
}

/// Credits what is not recorded. What cannot be credited is kept for staff, and holds up nothing else.
async fn credit_missing(state: &Booking, gateway: GatewayName, listed: Vec<Captured>) -> Result<(), HandleError> {
    let ctx = &state.ctx;
    let missing = reconcile::missing(&mut *ctx.db().read().await?, gateway, listed).await?;
    for captured in &missing {
        let now = ctx.now();
        let (order, id) = (&captured.order_id, &captured.gateway_payment_id);
        tracing::warn!(%gateway, order, id, "no message told of a capture");
        metrics::counter!("captures_reconciled_total").increment(1);
        match ctx.tx(async |c| capture::credit(c, gateway, captured, now).await).await {
            Ok(()) => {}
            Err(BookingError::Db(error)) => return Err(error.into()),
            Err(error) => {
                tracing::error!(%gateway, order, id, %error, "a capture cannot be credited");
                ctx.tx(async |c| reconcile::keep(c, gateway, captured, now).await).await?;
            }
        }
    }
    Ok(())
}
