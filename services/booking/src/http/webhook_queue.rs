//! Messages of captured money that come at the same time are processed together: whoever comes while others are at work
//! waits, and the first of those that wait takes all of them. One that comes alone waits for nobody.

use crate::Booking;
use crate::app::capture::Captured;
use crate::app::receive_batch::{self, Message};
use crate::app::receive_webhook::WebhookEvent;
use crate::domain::GatewayName;
use chassis::http::Problem;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{MutexGuard, oneshot};

/// Most messages of one transaction.
const MOST: usize = 32;

/// The messages that wait, and whose turn it is.
#[derive(Debug, Default)]
pub struct WebhookQueue {
    waiting: Mutex<VecDeque<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    message: Message,
    /// Answered after the commit. Dropped without an answer, the message has to be processed by itself.
    done: oneshot::Sender<()>,
}

impl WebhookQueue {
    fn push(&self, message: Message) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(Waiting { message, done });
        answer
    }

    /// The messages of one gateway that wait longest, at most one of an order.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken: Vec<Waiting> = Vec::new();
        let mut left = VecDeque::new();
        while let Some(next) = waiting.pop_front() {
            let fits = |other: &Waiting| {
                other.message.event.gateway == next.message.event.gateway
                    && other.message.captured.order_id != next.message.captured.order_id
            };
            if taken.len() < MOST && taken.iter().all(fits) {
                taken.push(next);
            } else {
                left.push_back(next);
            }
        }
        *waiting = left;
        taken
    }
}

/// What became of a message that was queued.
pub(super) enum Processed<'a> {
    /// It took effect with others.
    Together,
    /// Nothing of it is stored. One that came alone has the turn, so that those that come meanwhile gather.
    Not(Option<MutexGuard<'a, ()>>),
}

/// Processes a message together with those that wait.
pub(super) async fn process<'a>(app: &'a Booking, event: &WebhookEvent, captured: &Captured) -> Processed<'a> {
    let queue = &app.webhook_queue;
    let mut answer = queue.push(Message { event: event.clone(), captured: captured.clone() });
    let turn = tokio::select! {
        biased;
        done = &mut answer => return if done.is_ok() { Processed::Together } else { Processed::Not(None) },
        turn = queue.turn.lock() => turn,
    };
    loop {
        let batch = queue.take();
        let is_alone = batch.len() == 1;
        if is_alone {
            // A batch of one gains nothing.
            drop(batch);
        } else {
            process_all(app, batch).await;
        }
        match answer.try_recv() {
            Ok(()) => return Processed::Together,
            Err(TryRecvError::Closed) => return Processed::Not(is_alone.then_some(turn)),
            // Others were before it.
            Err(TryRecvError::Empty) => {}
        }
    }
}

async fn process_all(app: &Booking, batch: Vec<Waiting>) {
    let Some(gateway) = batch.first().map(|w| w.message.event.gateway) else { return };
    let (messages, senders): (Vec<Message>, Vec<oneshot::Sender<()>>) =
        batch.into_iter().map(|w| (w.message, w.done)).unzip();
    match receive(app, gateway, &messages).await {
        Ok(done) => {
            for (sender, _) in senders.into_iter().zip(done).filter(|(_, done)| *done) {
                let _ = sender.send(());
            }
        }
        Err(error) => tracing::warn!(%gateway, ?error, "messages are processed one by one"),
    }
}

async fn receive(app: &Booking, gateway: GatewayName, messages: &[Message]) -> Result<Vec<bool>, Problem> {
    app.ctx.tx(async |c| Ok::<_, Problem>(receive_batch::receive(c, gateway, messages).await?)).await
}
