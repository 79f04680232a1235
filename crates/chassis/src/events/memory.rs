//! The bus inside one process: a queue a service, and nothing on disk.
//!
//! It needs no disk because it confirms an event only when every subscriber has committed its effects: until
//! then the outbox row stays unsent, and after a crash it is published again.

use super::bus::{Answer, Bus, BusDown, Confirm, Delivery, Queue};
use super::disturbance::Disturbance;
use futures_util::FutureExt;
use proto_events::Envelope;
use proto_events::subscriptions::SUBSCRIPTIONS;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tokio::time::{Instant, sleep_until};

/// Unconfirmed events a relay may have in it.
const WINDOW: usize = 4096;

/// Carries events between the services of this process. Cloning it gives the same bus.
#[derive(Clone)]
pub struct MemoryBus {
    lanes: Arc<BTreeMap<&'static str, Arc<Lane>>>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBus {
    /// A queue for every service that listens to anything. All of them have to run in this process: an event
    /// waits for each of its subscribers.
    pub fn new() -> Self {
        Self::build(|_| true, None)
    }

    /// Queues for these services only; what the others would have listened to is dropped. For the test of one
    /// service.
    pub fn limited_to(services: &[&str]) -> Self {
        Self::build(|service| services.contains(&service), None)
    }

    /// For tests: reorders, repeats and delays, always the same way for a seed. Everything is delivered in the end.
    pub fn disturbed(seed: u64) -> Self {
        Self::build(|_| true, Some(seed))
    }

    /// [`MemoryBus::disturbed`] and [`MemoryBus::limited_to`].
    pub fn disturbed_limited_to(services: &[&str], seed: u64) -> Self {
        Self::build(|service| services.contains(&service), Some(seed))
    }

    fn build(wanted: impl Fn(&str) -> bool, seed: Option<u64>) -> Self {
        let wanted = SUBSCRIPTIONS.iter().filter(|s| wanted(s.service));
        let lanes = wanted.map(|s| (s.service, Arc::new(Lane::new(s.service, s.types, seed)))).collect();
        Self { lanes: Arc::new(lanes) }
    }

    /// Deliveries that no consumer has acknowledged yet, waiting or at work. Zero says that everything published
    /// so far has taken effect; an outbox may hold more.
    pub fn pending(&self) -> usize {
        self.lanes.values().map(|lane| lane.pending()).sum()
    }

    /// The same for the queue of one service.
    pub fn pending_for(&self, service: &str) -> usize {
        self.lanes.get(service).map_or(0, |lane| lane.pending())
    }
}

#[async_trait::async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, event: Envelope) -> Result<Confirm, BusDown> {
        let subscribed = |lane: &&Arc<Lane>| lane.types.contains(&event.event_type.as_str());
        let lanes: Vec<&Arc<Lane>> = self.lanes.values().filter(subscribed).collect();
        if lanes.is_empty() {
            return Ok(std::future::ready(Ok(())).boxed());
        }
        let (done, confirmed) = oneshot::channel();
        let receipt = Arc::new(Receipt { left: AtomicUsize::new(lanes.len()), done: Mutex::new(Some(done)) });
        let event = Arc::new(event);
        for lane in lanes {
            lane.put(Arc::new(Item {
                event: Arc::clone(&event),
                receipt: Arc::clone(&receipt),
                acked: AtomicBool::new(false),
            }));
        }
        Ok(confirmed.map(|r| r.map_err(|_| BusDown("it was shut down".to_owned()).into())).boxed())
    }

    fn window(&self) -> usize {
        WINDOW
    }

    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown> {
        let lane = self.lanes.get(service).ok_or_else(|| BusDown(format!("there is no queue for {service}")))?;
        Ok(Box::new(MemoryQueue { lane: Arc::clone(lane), turn: None, gathered: Vec::new() }))
    }

    async fn ping(&self) -> Result<(), BusDown> {
        Ok(())
    }
}

/// One service's queue.
struct Lane {
    types: &'static [&'static str],
    state: Mutex<State>,
    arrived: Notify,
    /// Held by the one subscription that gets deliveries.
    turn: Arc<tokio::sync::Mutex<()>>,
}

struct State {
    queued: VecDeque<Entry>,
    unanswered: usize,
    /// Deliveries made, which is what disturbed entries are held back by.
    round: u64,
    disturbance: Option<Disturbance>,
}

struct Entry {
    item: Arc<Item>,
    not_before: u64,
}

/// An event in one queue.
struct Item {
    event: Arc<Envelope>,
    receipt: Arc<Receipt>,
    /// A second copy's acknowledgement counts for nothing.
    acked: AtomicBool,
}

/// Which queues still owe an acknowledgement.
struct Receipt {
    left: AtomicUsize,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl Item {
    fn ack(&self) {
        if self.acked.swap(true, Ordering::AcqRel) || self.receipt.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let done = self.receipt.done.lock().unwrap_or_else(PoisonError::into_inner).take();
        // A relay that is gone needs no confirmation.
        let _ = done.map(|done| done.send(()));
    }
}

impl Lane {
    fn new(service: &str, types: &'static [&'static str], seed: Option<u64>) -> Self {
        let disturbance = seed.map(|seed| Disturbance::new(seed, service));
        let state = State { queued: VecDeque::new(), unanswered: 0, round: 0, disturbance };
        Self { types, state: Mutex::new(state), arrived: Notify::new(), turn: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_disturbed(&self) -> bool {
        self.state().disturbance.is_some()
    }

    fn pending(&self) -> usize {
        let state = self.state();
        state.queued.len() + state.unanswered
    }

    fn put(&self, item: Arc<Item>) {
        let mut state = self.state();
        let round = state.round;
        let mut not_before = round;
        if let Some(treatment) = state.disturbance.as_mut().map(Disturbance::treatment) {
            not_before = round + treatment.hold;
            if let Some(hold) = treatment.copy_hold {
                state.queued.push_back(Entry { item: Arc::clone(&item), not_before: round + hold });
            }
        }
        state.queued.push_back(Entry { item, not_before });
        drop(state);
        self.arrived.notify_one();
    }

    /// What can be delivered now; empty only when nothing is queued.
    fn take(&self, max: usize) -> Vec<Arc<Item>> {
        let mut state = self.state();
        let State { queued, unanswered, round, disturbance } = &mut *state;
        let taken: Vec<Arc<Item>> = match disturbance {
            None => queued.drain(..queued.len().min(max)).map(|e| e.item).collect(),
            Some(disturbance) => {
                // With nothing else to deliver, what comes back first comes back now.
                let Some(earliest) = queued.iter().map(|e| e.not_before).min() else { return Vec::new() };
                *round = (*round + 1).max(earliest);
                let (mut open, held): (Vec<Entry>, Vec<Entry>) = queued.drain(..).partition(|e| e.not_before <= *round);
                disturbance.shuffle(&mut open);
                let left = open.split_off(disturbance.batch(max).min(open.len()));
                queued.extend(left.into_iter().chain(held));
                open.into_iter().map(|e| e.item).collect()
            }
        };
        *unanswered += taken.len();
        taken
    }

    /// The consumer has decided, or is gone: `back` puts the event behind the others.
    fn answered(&self, back: Option<Arc<Item>>) {
        let mut state = self.state();
        state.unanswered = state.unanswered.saturating_sub(1);
        let Some(item) = back else { return };
        let not_before = state.round;
        state.queued.push_back(Entry { item, not_before });
        drop(state);
        self.arrived.notify_one();
    }
}

struct MemoryQueue {
    lane: Arc<Lane>,
    turn: Option<OwnedMutexGuard<()>>,
    /// A batch under way: kept when the wait for its end is given up.
    gathered: Vec<Delivery>,
}

impl Drop for MemoryQueue {
    fn drop(&mut self) {
        // The next subscription may have been woken for what this one never took.
        self.lane.arrived.notify_one();
    }
}

#[async_trait::async_trait]
impl Queue for MemoryQueue {
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown> {
        if self.turn.is_none() {
            self.turn = Some(Arc::clone(&self.lane.turn).lock_owned().await);
        }
        let max = max.max(1);
        loop {
            self.gather(max);
            if !self.gathered.is_empty() {
                break;
            }
            self.lane.arrived.notified().await;
        }
        while self.gathered.len() < max && !self.lane.is_disturbed() && Instant::now() < earliest {
            let lane = Arc::clone(&self.lane);
            tokio::select! {
                () = lane.arrived.notified() => self.gather(max),
                () = sleep_until(earliest) => {}
            }
        }
        Ok(std::mem::take(&mut self.gathered))
    }
}

impl MemoryQueue {
    fn gather(&mut self, max: usize) {
        let taken = self.lane.take(max.saturating_sub(self.gathered.len()));
        let deliveries: Vec<Delivery> = taken.into_iter().map(|item| self.delivery(item)).collect();
        self.gathered.extend(deliveries);
    }

    fn delivery(&self, item: Arc<Item>) -> Delivery {
        let event = (*item.event).clone();
        let answer = Box::new(Held { lane: Arc::clone(&self.lane), item: Some(item) });
        Delivery { event, is_redelivered: false, answer }
    }
}

/// A delivery without an answer. Dropped, it goes back.
struct Held {
    lane: Arc<Lane>,
    item: Option<Arc<Item>>,
}

#[async_trait::async_trait]
impl Answer for Held {
    async fn ack(mut self: Box<Self>) -> Result<(), BusDown> {
        if let Some(item) = self.item.take() {
            item.ack();
            self.lane.answered(None);
        }
        Ok(())
    }
    async fn retry(self: Box<Self>) -> Result<(), BusDown> {
        drop(self);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(item) = self.item.take() {
            self.lane.answered(Some(item));
        }
    }
}
