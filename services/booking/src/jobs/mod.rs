//! What runs on a schedule: the calendar, overdue instalments, expiry, refunds at the source, messages of gateways
//! that could not be processed when they came, and what their messages did not tell.

mod refunds;
mod webhooks;

use crate::Booking;
use crate::app::capture::Captured;
use crate::app::{capture, expire, open_day, reconcile};
use crate::domain::GatewayName;
use crate::error::BookingError;
use crate::gateway::{GatewayError, PAGE};
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const BATCH: i64 = 100;

pub fn all(state: &Booking) -> Vec<Job> {
    let (s1, s2, s3, s4) = (state.clone(), state.clone(), state.clone(), state.clone());
    let (s5, s6, s7) = (state.clone(), state.clone(), state.clone());
    let sealed_until = Arc::new(Mutex::new(None));
    vec![
        Job::every("calendar", Duration::from_secs(20), calendar),
        Job::every("expire", Duration::from_secs(60), move |ctx| expire_unpaid(ctx, s1.config.booking.expiry_hours)),
        Job::every("refunds", Duration::from_secs(15), move |_| refunds::send(s2.clone())),
        Job::every("gateway_refunds", Duration::from_secs(60), move |_| refunds::ask_about_reported(s7.clone())),
        Job::every("webhooks", Duration::from_secs(15), move |_| webhooks::process(s3.clone())),
        Job::every("webhook_retention", Duration::from_secs(3_600), move |_| {
            webhooks::retain(s6.clone(), Arc::clone(&sealed_until))
        }),
        Job::every("orders", Duration::from_secs(60), move |_| ask_for_orders(s4.clone())),
        Job::every("reconcile", state.config.reconcile.every, move |_| walk_lists(s5.clone())),
    ]
}

async fn calendar(ctx: Ctx) -> Result<(), HandleError> {
    let now = ctx.now();
    ctx.tx(async |c| open_day::open_days(c, now).await).await?;
    loop {
        let late = open_day::bookings_with_late_instalments(&mut *ctx.db().read().await?, now, BATCH).await?;
        for id in &late {
            ctx.tx(async |c| open_day::refresh_instalments(c, *id, now).await).await?;
        }
        if i64::try_from(late.len()).unwrap_or(i64::MAX) < BATCH {
            return Ok(());
        }
    }
}

async fn expire_unpaid(ctx: Ctx, hours: Option<i64>) -> Result<(), HandleError> {
    let Some(hours) = hours else { return Ok(()) };
    let now = ctx.now();
    let before = now.plus_hours(-hours);
    // Orders on bookings that are paid in part are given up too, so that their amount can be paid again.
    for booking in expire::with_abandoned_orders(&mut *ctx.db().read().await?, before, BATCH).await? {
        ctx.tx(async |c| expire::expire(c, booking, before, now).await).await?;
    }
    let mut after = None;
    loop {
        let unpaid = expire::unpaid(&mut *ctx.db().read().await?, before, after, BATCH).await?;
        for id in &unpaid {
            ctx.tx(async |c| expire::expire(c, *id, before, now).await).await?;
        }
        match unpaid.last() {
            Some(last) => after = Some(*last),
            None => return Ok(()),
        }
    }
}

/// Walks every gateway's list up to now, page by page; what is walked stays so, whatever happens after.
async fn walk_lists(state: Booking) -> Result<(), HandleError> {
    let (ctx, hours, now) = (&state.ctx, state.config.reconcile.hours, state.ctx.now());
    for gateway in state.gateways.listing() {
        let name = gateway.name();
        while let Some(at) = ctx.tx(async |c| reconcile::next(c, name, now, hours).await).await? {
            let page = gateway.list(at.0, at.1).await.map_err(HandleError::transient)?;
            credit_missing(&state, name, page.captured).await?;
            let (lines, last) = (page.lines, page.lines < PAGE);
            ctx.tx(async |c| reconcile::advance(c, name, at, lines, last).await).await?;
        }
    }
    let unplaced = reconcile::unplaced(&mut *ctx.db().read().await?).await?;
    metrics::gauge!("captures_unplaced").set(u32::try_from(unplaced).map_or(f64::from(u32::MAX), f64::from));
    Ok(())
}

/// Asks for orders of which no capture came.
async fn ask_for_orders(state: Booking) -> Result<(), HandleError> {
    let ctx = &state.ctx;
    for gateway in state.gateways.listing() {
        let name = gateway.name();
        let orders = reconcile::orders_to_ask(&mut *ctx.db().read().await?, name, ctx.now(), BATCH).await?;
        for order in &orders {
            match gateway.captured_for(&order.order_id).await {
                Ok(captured) => credit_missing(&state, name, captured).await?,
                Err(error @ GatewayError::Refused { .. }) => {
                    tracing::warn!(gateway = %name, order = order.order_id, %error, "an order cannot be asked for");
                }
                Err(error) => return Err(HandleError::transient(error)),
            }
            let now = ctx.now();
            ctx.tx(async |c| reconcile::asked(c, order, now).await).await?;
        }
    }
    Ok(())
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
