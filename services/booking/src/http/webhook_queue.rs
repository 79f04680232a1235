//! Queue of capture events that arrive at the same time, and their processing in batches.
//!
//! An event that arrives while others are processed waits. The first waiting event then processes all waiting ones as
//! one batch. An event that arrives alone does not wait.

use crate::BookingState;
use crate::app::receive_capture_batch::{self, CaptureMessage};
use crate::app::receive_webhook::WebhookEvent;
use crate::domain::GatewayName;
use crate::domain::gateway_event::CapturedPayment;
use http_api::Problem;
use parking_lot::Mutex;
use std::collections::VecDeque;
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{MutexGuard, oneshot};

/// Maximal number of messages in a batch, which is one transaction.
const MAX_BATCH_MESSAGES: usize = 32;

/// The waiting messages, and the lock that lets one request process them.
#[derive(Debug, Default)]
pub struct WebhookQueue {
    waiting: Mutex<VecDeque<QueuedMessage>>,
    exclusive: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct QueuedMessage {
    message: CaptureMessage,
    /// Signalled after the commit. Dropped without a signal when the message has to be processed by itself.
    done: oneshot::Sender<()>,
}

impl WebhookQueue {
    fn push(&self, message: CaptureMessage) -> oneshot::Receiver<()> {
        let (done, done_receiver) = oneshot::channel();
        self.waiting.lock().push_back(QueuedMessage { message, done });
        done_receiver
    }

    /// Removes the next batch: the oldest messages of one gateway, at most one for an order.
    fn take_batch(&self) -> Vec<QueuedMessage> {
        let mut waiting = self.waiting.lock();
        let mut batch: Vec<QueuedMessage> = Vec::new();
        let mut remaining = VecDeque::new();
        while let Some(next) = waiting.pop_front() {
            let may_join = |other: &QueuedMessage| {
                other.message.event.gateway == next.message.event.gateway
                    && other.message.captured.order_id != next.message.captured.order_id
            };
            if batch.len() < MAX_BATCH_MESSAGES && batch.iter().all(may_join) {
                batch.push(next);
            } else {
                remaining.push_back(next);
            }
        }
        *waiting = remaining;
        batch
    }
}

/// Result of queueing a message.
pub(super) enum QueueOutcome<'a> {
    /// Processed and committed in a batch.
    InBatch,
    /// Not stored. A message that was alone holds the lock, so that later messages gather in the queue.
    NotProcessed(Option<MutexGuard<'a, ()>>),
}

/// Queues a message and processes it in a batch, unless it is alone or not eligible.
pub(super) async fn process<'a>(
    state: &'a BookingState,
    event: &WebhookEvent,
    captured: &CapturedPayment,
) -> QueueOutcome<'a> {
    let queue = &state.webhook_queue;
    let mut done_receiver = queue.push(CaptureMessage { event: event.clone(), captured: captured.clone() });
    let exclusive = tokio::select! {
        biased;
        done = &mut done_receiver => {
            return if done.is_ok() { QueueOutcome::InBatch } else { QueueOutcome::NotProcessed(None) };
        }
        exclusive = queue.exclusive.lock() => exclusive,
    };
    loop {
        let batch = queue.take_batch();
        let is_alone = batch.len() == 1;
        if is_alone {
            // A batch of one saves no statement.
            drop(batch);
        } else {
            process_all(state, batch).await;
        }
        match done_receiver.try_recv() {
            Ok(()) => return QueueOutcome::InBatch,
            Err(TryRecvError::Closed) => return QueueOutcome::NotProcessed(is_alone.then_some(exclusive)),
            // Older messages filled this batch.
            Err(TryRecvError::Empty) => {}
        }
    }
}

async fn process_all(state: &BookingState, batch: Vec<QueuedMessage>) {
    let Some(gateway) = batch.first().map(|w| w.message.event.gateway) else { return };
    let (messages, senders): (Vec<CaptureMessage>, Vec<oneshot::Sender<()>>) =
        batch.into_iter().map(|w| (w.message, w.done)).unzip();
    match receive(state, gateway, &messages).await {
        Ok(done) => {
            for (sender, _) in senders.into_iter().zip(done).filter(|(_, done)| *done) {
                let _ = sender.send(());
            }
        }
        Err(error) => tracing::warn!(%gateway, ?error, "batch failed: messages are processed one by one"),
    }
}

async fn receive(
    state: &BookingState,
    gateway: GatewayName,
    messages: &[CaptureMessage],
) -> Result<Vec<bool>, Problem> {
    state.ctx.tx(async |c| Ok::<_, Problem>(receive_capture_batch::receive(c, gateway, messages).await?)).await
}
