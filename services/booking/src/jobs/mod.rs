//! What runs on a schedule: the calendar, overdue instalments, expiry, refunds at the source, messages of gateways
//! that could not be processed when they came, and what their messages did not tell.

mod reconcile;
mod refunds;
mod webhooks;

use crate::Booking;
use crate::app::{expire, open_day};
use crate::error::BookingError;
use chassis::Ctx;
use chassis::events::HandleError;
use chassis::jobs::Job;
use domain::BookingId;
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
        Job::every("orders", Duration::from_secs(60), move |_| reconcile::ask_for_orders(s4.clone())),
        Job::every("reconcile", state.config.reconcile.every, move |_| reconcile::walk_lists(s5.clone())),
    ]
}

/// One booking that cannot be worked on holds up no other: it is logged, and tried again by the next run.
fn report(job: &'static str, booking: BookingId, done: Result<(), BookingError>) {
    if let Err(error) = done {
        tracing::error!(job, %booking, %error, "a booking cannot be worked on");
    }
}

async fn calendar(ctx: Ctx) -> Result<(), HandleError> {
    let now = ctx.now();
    let opened: Result<(), BookingError> = ctx.tx(async |c| open_day::open_days(c, now).await).await;
    let mut after = None;
    loop {
        let mut c = ctx.db().read().await?;
        let late = open_day::bookings_with_late_instalments(&mut c, now, after, BATCH).await?;
        drop(c);
        for id in &late {
            report("calendar", *id, ctx.tx(async |c| open_day::refresh_instalments(c, *id, now).await).await);
        }
        match late.last() {
            Some(last) => after = Some(*last),
            None => return Ok(opened?),
        }
    }
}

async fn expire_unpaid(ctx: Ctx, hours: Option<i64>) -> Result<(), HandleError> {
    let Some(hours) = hours else { return Ok(()) };
    let now = ctx.now();
    let before = now.plus_hours(-hours);
    // Orders on bookings that are paid in part are given up too, so that their amount can be paid again.
    let mut after = None;
    loop {
        let orders = expire::abandoned_orders(&mut *ctx.db().read().await?, before, after, BATCH).await?;
        for order in &orders {
            let id = order.booking_id;
            report("expire", id, ctx.tx(async |c| expire::expire(c, id, before, now).await).await);
        }
        match orders.last() {
            Some(last) => after = Some(last.place),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let unpaid = expire::unpaid(&mut *ctx.db().read().await?, before, after, BATCH).await?;
        for id in &unpaid {
            report("expire", *id, ctx.tx(async |c| expire::expire(c, *id, before, now).await).await);
        }
        match unpaid.last() {
            Some(last) => after = Some(*last),
            None => return Ok(()),
        }
    }
}
