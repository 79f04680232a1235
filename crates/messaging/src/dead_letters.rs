//! Drain of the dead-letter queue: handles or parks events that the broker gave up delivering.

use crate::HandleError;
use crate::bus::{BusDown, Delivery, EventBus, Queue};
use crate::process_failure::ProcessFailure;
use crate::processor::{EventProcessor, FIRST_RETRY, LONGEST_RETRY, MAX_BATCH_EVENTS};
use proto_events::Envelope;
use runtime::backoff::Backoff;
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Drains the dead letters of a service until `cancel`. Returns at once when the bus has no dead letters.
pub(crate) async fn drain(processor: &EventProcessor, bus: &dyn EventBus, cancel: &CancellationToken) {
    let service = processor.service();
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
    let mut in_progress = HashSet::new();
    while !cancel.is_cancelled() {
        let subscribing = cancel.run_until_cancelled(bus.dead_letters(service));
        let Some(subscribed) = subscribing.await else { return };
        match subscribed {
            Ok(None) => return,
            Ok(Some(queue)) => {
                let draining = cancel.run_until_cancelled(drain_queue(processor, queue, &mut in_progress));
                let Some(lost) = draining.await else { return };
                tracing::warn!(service, error = %lost, "dead-letter subscription lost");
            }
            Err(error) => tracing::debug!(service, %error, "dead-letter subscription failed"),
        }
        cancel.run_until_cancelled(sleep(backoff.next_wait())).await;
    }
}

/// Drains until the subscription is lost. `in_progress` outlives the subscription.
async fn drain_queue(
    processor: &EventProcessor,
    mut queue: Box<dyn Queue>,
    in_progress: &mut HashSet<[u8; 16]>,
) -> BusDown {
    loop {
        let batch = match queue.next_batch(MAX_BATCH_EVENTS, Instant::now()).await {
            Ok(batch) => batch,
            Err(lost) => return lost,
        };
        for Delivery { event, is_redelivered, acker } in batch {
            // An event that was in progress when a process ended may have ended it, so it is parked untried.
            let may_try = !is_redelivered || in_progress.contains(&event.id);
            in_progress.insert(event.id);
            if let Err(error) = handle_or_park(processor, &event, may_try).await {
                return BusDown(format!("a dead letter could not be parked: {error}"));
            }
            in_progress.remove(&event.id);
            if let Err(lost) = acker.ack().await {
                return lost;
            }
        }
    }
}

/// Handles a dead letter once more before parking it: the broker also gives up on events that only waited too long for
/// the database.
async fn handle_or_park(processor: &EventProcessor, event: &Envelope, may_try: bool) -> Result<(), HandleError> {
    if !may_try {
        return processor.park(event, "the broker gave up delivering it", 0).await;
    }
    let mut backoff = Backoff::new(FIRST_RETRY, LONGEST_RETRY);
    loop {
        match processor.process(std::slice::from_ref(event)).await {
            Ok(_) => {
                processor.count_processed(std::slice::from_ref(event));
                return Ok(());
            }
            Err(ProcessFailure::Unsupported(reason)) => return processor.defer(event, &reason).await,
            Err(failure @ (ProcessFailure::Transient(_) | ProcessFailure::Environment(_))) => {
                tracing::error!(service = processor.service(), event = event.event_type, subject = event.subject,
                    %failure, "dead letter failed; retry scheduled");
                sleep(backoff.next_wait()).await;
            }
            Err(failure @ (ProcessFailure::Poison(_) | ProcessFailure::Panic(_))) => {
                let reason = format!("{failure} (after the broker gave up delivering it)");
                return processor.park(event, &reason, 1).await;
            }
        }
    }
}
