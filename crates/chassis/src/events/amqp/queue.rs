//! Deliveries of one queue over one channel.

use super::message;
use crate::events::bus::{Answer, BusDown, Delivery, Queue};
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicNackOptions};
use lapin::{Channel, Consumer};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::{Instant, timeout_at};

pub(super) fn down(error: lapin::Error) -> BusDown {
    BusDown(error.to_string())
}

pub(super) struct AmqpQueue {
    channel: Channel,
    consumer: Consumer,
    tags: Arc<Tags>,
    /// A batch under way: kept when the wait for its end is given up.
    gathered: Vec<Delivery>,
}

impl AmqpQueue {
    pub(super) fn new(channel: Channel, consumer: Consumer) -> Self {
        Self { channel, consumer, tags: Arc::default(), gathered: Vec::new() }
    }

    fn gather(&mut self, next: Option<lapin::Result<lapin::message::Delivery>>) -> Result<(), BusDown> {
        let delivery = match next {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(down(error)),
            None => return Err(BusDown("the broker ended the subscription".to_owned())),
        };
        let event = message::envelope(delivery.routing_key.as_str(), &delivery.properties, delivery.data);
        let (tag, is_redelivered) = (delivery.delivery_tag, delivery.redelivered);
        self.tags.lock().outstanding.insert(tag);
        let (channel, tags) = (self.channel.clone(), Arc::clone(&self.tags));
        let answer = Box::new(Tagged { channel, tags, tag, answered: false });
        self.gathered.push(Delivery { event, is_redelivered, answer });
        Ok(())
    }
}

#[async_trait::async_trait]
impl Queue for AmqpQueue {
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown> {
        if self.gathered.is_empty() {
            let first = self.consumer.next().await;
            self.gather(first)?;
        }
        while self.gathered.len() < max {
            let next = match self.consumer.next().now_or_never() {
                Some(next) => next,
                None => match timeout_at(earliest, self.consumer.next()).await {
                    Ok(next) => next,
                    Err(_) => break,
                },
            };
            self.gather(next)?;
        }
        Ok(std::mem::take(&mut self.gathered))
    }

    async fn ack_all(&mut self, answers: Vec<Box<dyn Answer>>) -> Result<(), BusDown> {
        self.tags.lock().gathering = Some(BTreeSet::new());
        let mut answered = Ok(());
        for answer in answers {
            answered = answered.and(answer.ack().await);
        }
        let acks = {
            let mut tags = self.tags.lock();
            let done = tags.gathering.take().unwrap_or_default();
            let acks = together(&tags.outstanding, &done);
            tags.outstanding.retain(|tag| !done.contains(tag));
            acks
        };
        answered?;
        for (tag, multiple) in acks {
            self.channel.basic_ack(tag, BasicAckOptions { multiple }).await.map_err(down)?;
        }
        Ok(())
    }
}

/// The fewest acknowledgements that say `done`: one for everything up to the first tag still at work, then one
/// each. The flag says that it stands for all tags below it as well.
fn together(outstanding: &BTreeSet<u64>, done: &BTreeSet<u64>) -> Vec<(u64, bool)> {
    let whole = outstanding.iter().take_while(|tag| done.contains(tag)).last().copied();
    let single = done.iter().filter(|tag| whole.is_none_or(|whole| **tag > whole));
    whole.map(|tag| (tag, true)).into_iter().chain(single.map(|tag| (*tag, false))).collect()
}

/// Tags of a channel without an answer.
#[derive(Default)]
struct Tags(Mutex<TagState>);

#[derive(Default)]
struct TagState {
    outstanding: BTreeSet<u64>,
    /// While there is such a set, an acknowledgement is put there instead of being sent.
    gathering: Option<BTreeSet<u64>>,
}

impl Tags {
    fn lock(&self) -> MutexGuard<'_, TagState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Tagged {
    channel: Channel,
    tags: Arc<Tags>,
    tag: u64,
    answered: bool,
}

impl Tagged {
    /// Whether the acknowledgement is left to `ack_all`.
    fn gathered(&self) -> bool {
        let mut tags = self.tags.lock();
        if let Some(gathering) = &mut tags.gathering {
            gathering.insert(self.tag);
            return true;
        }
        tags.outstanding.remove(&self.tag);
        false
    }
}

const BACK: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

#[async_trait::async_trait]
impl Answer for Tagged {
    async fn ack(mut self: Box<Self>) -> Result<(), BusDown> {
        self.answered = true;
        if self.gathered() {
            return Ok(());
        }
        self.channel.basic_ack(self.tag, BasicAckOptions { multiple: false }).await.map_err(down)
    }

    async fn retry(mut self: Box<Self>) -> Result<(), BusDown> {
        self.answered = true;
        self.tags.lock().outstanding.remove(&self.tag);
        self.channel.basic_nack(self.tag, BACK).await.map_err(down)
    }
}

impl Drop for Tagged {
    fn drop(&mut self) {
        if !self.answered {
            self.tags.lock().outstanding.remove(&self.tag);
            // The first poll hands the frame over; nobody is left to hear how it went.
            let _ = self.channel.basic_nack(self.tag, BACK).now_or_never();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_acknowledgement_stands_for_all_before_it_but_never_for_one_at_work() {
        type Case = (&'static [u64], &'static [u64], &'static [(u64, bool)]);
        let cases: [Case; 7] = [
            (&[], &[], &[]),
            (&[1, 2, 3], &[], &[]),
            (&[1, 2, 3], &[1, 2, 3], &[(3, true)]),
            (&[1, 2, 3, 4], &[1, 2], &[(2, true)]),
            (&[1, 2, 3, 4], &[2, 3], &[(2, false), (3, false)]),
            (&[4, 6, 9, 10], &[4, 6, 10], &[(6, true), (10, false)]),
            (&[5], &[5], &[(5, true)]),
        ];
        for (outstanding, done, expected) in cases {
            let set = |tags: &[u64]| tags.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(together(&set(outstanding), &set(done)), expected, "{outstanding:?} {done:?}");
        }
    }
}
