//! Deliveries of one queue over one channel.

use super::starvation::Starvation;
use super::{Link, message};
use crate::bus::{Acker, BusDown, Delivery, Queue};
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicNackOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use parking_lot::{Mutex, MutexGuard};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use tokio::time::{Instant, sleep_until, timeout_at};

pub(super) fn down(error: lapin::Error) -> BusDown {
    BusDown(error.to_string())
}

pub(super) struct AmqpQueue {
    /// Weak, so that a queue does not outlive its bus.
    link: Weak<Link>,
    name: String,
    channel: Channel,
    consumer: Consumer,
    tags: Arc<Tags>,
    /// The batch being collected; survives a cancelled `next_batch`.
    gathered: Vec<Delivery>,
    starvation: Starvation,
}

impl AmqpQueue {
    pub(super) fn new(link: &Arc<Link>, name: &str, channel: Channel, consumer: Consumer) -> Self {
        let (link, name) = (Arc::downgrade(link), name.to_owned());
        let starvation = Starvation::new(Instant::now());
        Self { link, name, channel, consumer, tags: Arc::default(), gathered: Vec::new(), starvation }
    }

    /// Waits for a delivery. Errors also when the broker does not serve this subscription, which it does not say of a
    /// queue that is deleted and declared again within milliseconds.
    async fn gather_first(&mut self) -> Result<(), BusDown> {
        loop {
            let check_at = self.starvation.check_at();
            tokio::select! {
                biased;
                next = self.consumer.next() => return self.gather(next),
                () = sleep_until(check_at) => self.check_starvation().await?,
            }
        }
    }

    async fn check_starvation(&mut self) -> Result<(), BusDown> {
        // With deliveries in hand the broker may hold back more until these are acknowledged.
        let depth = if self.tags.lock().outstanding.is_empty() { self.read_depth().await } else { None };
        let Some((ready, consumers)) = depth else {
            self.starvation.reset(Instant::now());
            return Ok(());
        };
        if self.starvation.observe(Instant::now(), ready, consumers) {
            // The channel must end before the next subscription, or the queue would go on waiting for this consumer.
            let _ = self.channel.close(200, "not served".into()).await;
            let queue = &self.name;
            return Err(BusDown(format!("{queue} delivers nothing: {ready} events are ready, {consumers} consumers")));
        }
        Ok(())
    }

    /// Ready events and consumers of the queue; `None` when the broker does not say. On a channel of its own, because
    /// an error ends a channel.
    async fn read_depth(&self) -> Option<(u32, u32)> {
        let channel = self.link.upgrade()?.connection.create_channel().await.ok()?;
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = channel.queue_declare(self.name.as_str().into(), passive, FieldTable::default()).await.ok()?;
        let _ = channel.close(200, "done".into()).await;
        Some((queue.message_count(), queue.consumer_count()))
    }

    fn gather(&mut self, next: Option<lapin::Result<lapin::message::Delivery>>) -> Result<(), BusDown> {
        let delivery = match next {
            Some(Ok(delivery)) => delivery,
            Some(Err(error)) => return Err(down(error)),
            None => return Err(BusDown("the broker ended the subscription".to_owned())),
        };
        self.starvation.reset(Instant::now());
        let event = message::envelope(delivery.routing_key.as_str(), &delivery.properties, delivery.data);
        let (tag, is_redelivered) = (delivery.delivery_tag, delivery.redelivered);
        self.tags.lock().outstanding.insert(tag);
        let (channel, tags) = (self.channel.clone(), Arc::clone(&self.tags));
        let acker = Box::new(TagAcker { channel, tags, tag, is_settled: false });
        self.gathered.push(Delivery { event, is_redelivered, acker });
        Ok(())
    }
}

#[async_trait::async_trait]
impl Queue for AmqpQueue {
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown> {
        if self.gathered.is_empty() {
            self.gather_first().await?;
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

    async fn ack_all(&mut self, ackers: Vec<Box<dyn Acker>>) -> Result<(), BusDown> {
        self.tags.lock().collecting = Some(BTreeSet::new());
        let mut result = Ok(());
        for acker in ackers {
            result = result.and(acker.ack().await);
        }
        let acks = {
            let mut tags = self.tags.lock();
            let done = tags.collecting.take().unwrap_or_default();
            let acks = group_acks(&tags.outstanding, &done);
            tags.outstanding.retain(|tag| !done.contains(tag));
            acks
        };
        result?;
        for (tag, multiple) in acks {
            self.channel.basic_ack(tag, BasicAckOptions { multiple }).await.map_err(down)?;
        }
        Ok(())
    }
}

/// The fewest acknowledgements for the tags in `done`: one for all tags before the first that is not done, then one
/// for each. The flag makes an acknowledgement include all smaller tags.
fn group_acks(outstanding: &BTreeSet<u64>, done: &BTreeSet<u64>) -> Vec<(u64, bool)> {
    let whole = outstanding.iter().take_while(|tag| done.contains(tag)).last().copied();
    let single = done.iter().filter(|tag| whole.is_none_or(|whole| **tag > whole));
    whole.map(|tag| (tag, true)).into_iter().chain(single.map(|tag| (*tag, false))).collect()
}

/// Unacknowledged delivery tags of a channel.
#[derive(Default)]
struct Tags(Mutex<TagState>);

#[derive(Default)]
struct TagState {
    outstanding: BTreeSet<u64>,
    /// While this is set, tags are collected here instead of being acknowledged.
    collecting: Option<BTreeSet<u64>>,
}

impl Tags {
    fn lock(&self) -> MutexGuard<'_, TagState> {
        self.0.lock()
    }
}

struct TagAcker {
    channel: Channel,
    tags: Arc<Tags>,
    tag: u64,
    is_settled: bool,
}

impl TagAcker {
    /// Whether `ack_all` collected the tag and will acknowledge it.
    fn is_collected(&self) -> bool {
        let mut tags = self.tags.lock();
        if let Some(collecting) = &mut tags.collecting {
            collecting.insert(self.tag);
            return true;
        }
        tags.outstanding.remove(&self.tag);
        false
    }
}

const REQUEUE: BasicNackOptions = BasicNackOptions { multiple: false, requeue: true };

#[async_trait::async_trait]
impl Acker for TagAcker {
    async fn ack(mut self: Box<Self>) -> Result<(), BusDown> {
        self.is_settled = true;
        if self.is_collected() {
            return Ok(());
        }
        self.channel.basic_ack(self.tag, BasicAckOptions { multiple: false }).await.map_err(down)
    }

    async fn requeue(mut self: Box<Self>) -> Result<(), BusDown> {
        self.is_settled = true;
        self.tags.lock().outstanding.remove(&self.tag);
        self.channel.basic_nack(self.tag, REQUEUE).await.map_err(down)
    }
}

impl Drop for TagAcker {
    fn drop(&mut self) {
        if !self.is_settled {
            self.tags.lock().outstanding.remove(&self.tag);
            // The first poll sends the frame; the result does not matter any more.
            let _ = self.channel.basic_nack(self.tag, REQUEUE).now_or_never();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_acknowledgement_includes_all_before_it_but_none_that_is_not_done() {
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
            assert_eq!(group_acks(&set(outstanding), &set(done)), expected, "{outstanding:?} {done:?}");
        }
    }
}
