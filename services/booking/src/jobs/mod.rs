//! Scheduled jobs: the calendar and overdue instalments, reminders, receipt numbers, expiry, refunds at the source, webhook retries
//! and retention, and reconciliation with the gateways.

pub mod compare_lists;
mod reconcile;
mod refunds;
mod webhooks;

use crate::BookingState;
use crate::app::{expire_booking, number_receipts, open_days, publish_receipts, remind};
use crate::error::BookingError;
use domain::BookingId;
use domain::gst::GstTerms;
use runtime::Ctx;
use runtime::jobs::{Job, JobError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

const MAX_BATCH_BOOKINGS: i64 = 100;

/// All jobs of the service.
pub fn all(state: &BookingState) -> Vec<Job> {
    let (s1, s2, s3, s4) = (state.clone(), state.clone(), state.clone(), state.clone());
    let (s5, s6, s7) = (state.clone(), state.clone(), state.clone());
    let gst = Arc::new(state.config.gst.clone());
    let reminder_hour = state.config.booking.reminder_hour;
    let sealed_until = Arc::new(Mutex::new(None));
    vec![
        Job::every("calendar", Duration::from_secs(20), calendar),
        Job::every("reminders", Duration::from_secs(60), move |ctx| send_reminders(ctx, reminder_hour)),
        Job::every("receipts", Duration::from_secs(2), move |ctx| number_receipts(ctx, Arc::clone(&gst))),
        Job::every("expire", Duration::from_secs(60), move |ctx| expire_unpaid(ctx, s1.config.booking.expiry_hours)),
        Job::every("refunds", Duration::from_secs(15), move |_| refunds::send(s2.clone())),
        Job::every("gateway_refunds", Duration::from_secs(60), move |_| refunds::check_reported(s7.clone())),
        Job::every("webhooks", Duration::from_secs(15), move |_| webhooks::process(s3.clone())),
        Job::every("webhook_retention", Duration::from_secs(3_600), move |_| {
            webhooks::delete_expired(s6.clone(), Arc::clone(&sealed_until))
        }),
        Job::every("orders", Duration::from_secs(60), move |_| reconcile::check_orders(s4.clone())),
        Job::every("reconcile", state.config.reconcile.every, move |_| reconcile::scan_lists(s5.clone())),
    ]
}

/// Logs a booking that failed. It does not stop the job, and the next run tries it again.
fn log_failure(job: &'static str, booking: BookingId, result: Result<(), BookingError>) {
    if let Err(error) = result {
        tracing::error!(job, %booking, %error, "job failed for a booking");
    }
}

async fn number_receipts(ctx: Ctx, gst: Arc<Option<GstTerms>>) -> Result<(), JobError> {
    while ctx.tx(async |c| number_receipts::number_receipts(c, gst.as_ref().as_ref()).await).await? {}
    let now = ctx.now();
    while ctx.tx(async |c| publish_receipts::publish_receipts(c, now).await).await? {}
    Ok(())
}

async fn calendar(ctx: Ctx) -> Result<(), JobError> {
    let now = ctx.now();
    let opened: Result<(), BookingError> = ctx.tx(async |c| open_days::open_days(c, now).await).await;
    let mut after = None;
    loop {
        let mut c = ctx.db().read().await?;
        let overdue = open_days::list_bookings_with_overdue_instalments(&mut c, now, after, MAX_BATCH_BOOKINGS).await?;
        drop(c);
        for id in &overdue {
            log_failure("calendar", *id, ctx.tx(async |c| open_days::refresh_instalments(c, *id, now).await).await);
        }
        match overdue.last() {
            Some(last) => after = Some(*last),
            None => return Ok(opened?),
        }
    }
}

/// Members are reminded from `hour` of the Indian day on.
async fn send_reminders(ctx: Ctx, hour: i64) -> Result<(), JobError> {
    let now = ctx.now();
    let today = now.plus_hours(-hour).day();
    let mut after = None;
    loop {
        let due = remind::list_bookings(&mut *ctx.db().read().await?, today, after, MAX_BATCH_BOOKINGS).await?;
        for id in &due {
            log_failure("reminders", *id, ctx.tx(async |c| remind::remind(c, *id, today, now).await).await);
        }
        match due.last() {
            Some(last) => after = Some(*last),
            None => return Ok(()),
        }
    }
}

async fn expire_unpaid(ctx: Ctx, hours: Option<i64>) -> Result<(), JobError> {
    let Some(hours) = hours else { return Ok(()) };
    let now = ctx.now();
    let before = now.plus_hours(-hours);
    // Abandoned orders of partly paid bookings are failed as well, which releases their amount.
    let mut after = None;
    loop {
        let orders =
            expire_booking::list_abandoned_orders(&mut *ctx.db().read().await?, before, after, MAX_BATCH_BOOKINGS)
                .await?;
        for order in &orders {
            let id = order.booking_id;
            log_failure("expire", id, ctx.tx(async |c| expire_booking::expire(c, id, before, now).await).await);
        }
        match orders.last() {
            Some(last) => after = Some(last.position),
            None => break,
        }
    }
    let mut after = None;
    loop {
        let unpaid =
            expire_booking::list_unpaid(&mut *ctx.db().read().await?, before, after, MAX_BATCH_BOOKINGS).await?;
        for id in &unpaid {
            log_failure("expire", *id, ctx.tx(async |c| expire_booking::expire(c, *id, before, now).await).await);
        }
        match unpaid.last() {
            Some(last) => after = Some(*last),
            None => return Ok(()),
        }
    }
}
