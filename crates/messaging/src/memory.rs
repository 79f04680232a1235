//! In-memory event bus for services of one process: one queue per service, nothing on disk.
//!
//! An event is confirmed when every subscriber has committed its effects. Until then the outbox row stays unsent, and
//! after a crash the event is published again.

use crate::bus::{Acker, BusDown, Delivery, EventBus, PublishConfirmation, Queue};
use futures_util::FutureExt;
use parking_lot::{Mutex, MutexGuard};
use proto_events::Envelope;
use proto_events::subscriptions::SUBSCRIPTIONS;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::{Notify, OwnedMutexGuard, oneshot};
use tokio::time::{Instant, sleep_until};

/// Events of one relay that may be unconfirmed.
const MAX_UNCONFIRMED: usize = 4096;

/// The order in which a queue delivers its events.
pub trait DeliverySchedule: Send {
    /// When the next published event is delivered.
    fn plan(&mut self) -> DeliveryPlan;
    /// Indices of the events to deliver in one batch, of `due` events in the order of publication: at least one, at
    /// most `max`, each once. Neither is zero.
    fn choose(&mut self, due: usize, max: usize) -> Vec<usize>;
}

/// How one published event is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPlan {
    /// Deliveries for which the event is held back, unless there is nothing else to deliver.
    pub delay: u64,
    /// The same for a duplicate, if there is one.
    pub copy_delay: Option<u64>,
}

/// Carries events between the services of this process. Clones share the queues.
#[derive(Clone)]
pub struct MemoryBus {
    queues: Arc<BTreeMap<&'static str, Arc<ServiceQueue>>>,
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBus {
    /// A queue for every service that subscribes to events. All of them have to run in this process, because an event
    /// is confirmed only when each of its subscribers has acknowledged it.
    pub fn new() -> Self {
        Self::build(|_| true)
    }

    /// Queues for these services only; events for other services are dropped.
    pub fn limited_to(services: &[&str]) -> Self {
        Self::build(|service| services.contains(&service))
    }

    fn build(wanted: impl Fn(&str) -> bool) -> Self {
        let wanted = SUBSCRIPTIONS.iter().filter(|s| wanted(s.service));
        let queues = wanted.map(|s| (s.service, Arc::new(ServiceQueue::new(s.types)))).collect();
        Self { queues: Arc::new(queues) }
    }

    /// Delivers the events of each service in the order that `schedule` makes for its queue, instead of the order of
    /// publication.
    #[must_use]
    pub fn with_schedules(self, schedule: impl Fn(&'static str) -> Box<dyn DeliverySchedule>) -> Self {
        for (service, queue) in self.queues.iter() {
            queue.state().schedule = Some(schedule(service));
        }
        self
    }

    /// Events that are queued or delivered and not acknowledged. At zero, every event published so far has taken
    /// effect; outboxes may hold more.
    pub fn pending(&self) -> usize {
        self.queues.values().map(|queue| queue.pending()).sum()
    }

    /// [`MemoryBus::pending`] of one service.
    pub fn pending_for(&self, service: &str) -> usize {
        self.queues.get(service).map_or(0, |queue| queue.pending())
    }
}

#[async_trait::async_trait]
impl EventBus for MemoryBus {
    async fn publish(&self, event: Envelope) -> Result<PublishConfirmation, BusDown> {
        let subscribed = |queue: &&Arc<ServiceQueue>| queue.types.contains(&event.event_type.as_str());
        let queues: Vec<&Arc<ServiceQueue>> = self.queues.values().filter(subscribed).collect();
        if queues.is_empty() {
            return Ok(std::future::ready(Ok(())).boxed());
        }
        let (done, confirmed) = oneshot::channel();
        let pending_acks = Arc::new(PendingAcks { left: AtomicUsize::new(queues.len()), done: Mutex::new(Some(done)) });
        let event = Arc::new(event);
        for queue in queues {
            queue.put(Arc::new(QueuedEvent {
                envelope: Arc::clone(&event),
                pending_acks: Arc::clone(&pending_acks),
                is_acked: AtomicBool::new(false),
            }));
        }
        Ok(confirmed.map(|r| r.map_err(|_| BusDown("the bus was shut down".to_owned()).into())).boxed())
    }

    fn window(&self) -> usize {
        MAX_UNCONFIRMED
    }

    async fn subscribe(&self, service: &'static str) -> Result<Box<dyn Queue>, BusDown> {
        let queue = self.queues.get(service).ok_or_else(|| BusDown(format!("there is no queue for {service}")))?;
        Ok(Box::new(MemoryQueue { queue: Arc::clone(queue), subscriber_lock: None, gathered: Vec::new() }))
    }

    async fn ping(&self) -> Result<(), BusDown> {
        Ok(())
    }
}

/// Queue of one service.
struct ServiceQueue {
    types: &'static [&'static str],
    state: Mutex<QueueState>,
    arrived: Notify,
    /// Locked by the one subscription that gets deliveries.
    subscriber_lock: Arc<tokio::sync::Mutex<()>>,
}

struct QueueState {
    queued: VecDeque<Slot>,
    unacknowledged: usize,
    /// Batches delivered so far; delays of the schedule count in them.
    round: u64,
    /// `None` for the order of publication.
    schedule: Option<Box<dyn DeliverySchedule>>,
}

struct Slot {
    event: Arc<QueuedEvent>,
    /// The round in which the event may be delivered.
    not_before: u64,
}

/// An event in one queue.
struct QueuedEvent {
    envelope: Arc<Envelope>,
    pending_acks: Arc<PendingAcks>,
    /// Set by the first acknowledgement; that of a duplicate has no effect.
    is_acked: AtomicBool,
}

/// Queues of an event that have not acknowledged it.
struct PendingAcks {
    left: AtomicUsize,
    done: Mutex<Option<oneshot::Sender<()>>>,
}

impl QueuedEvent {
    fn ack(&self) {
        if self.is_acked.swap(true, Ordering::AcqRel) || self.pending_acks.left.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let done = self.pending_acks.done.lock().take();
        // The relay may have ended.
        let _ = done.map(|done| done.send(()));
    }
}

impl ServiceQueue {
    fn new(types: &'static [&'static str]) -> Self {
        let state = QueueState { queued: VecDeque::new(), unacknowledged: 0, round: 0, schedule: None };
        Self { types, state: Mutex::new(state), arrived: Notify::new(), subscriber_lock: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock()
    }

    fn has_schedule(&self) -> bool {
        self.state().schedule.is_some()
    }

    fn pending(&self) -> usize {
        let state = self.state();
        state.queued.len() + state.unacknowledged
    }

    fn put(&self, event: Arc<QueuedEvent>) {
        let mut state = self.state();
        let round = state.round;
        let mut not_before = round;
        if let Some(plan) = state.schedule.as_mut().map(|schedule| schedule.plan()) {
            not_before = round + plan.delay;
            if let Some(delay) = plan.copy_delay {
                state.queued.push_back(Slot { event: Arc::clone(&event), not_before: round + delay });
            }
        }
        state.queued.push_back(Slot { event, not_before });
        drop(state);
        self.arrived.notify_one();
    }

    /// Removes up to `max` events that may be delivered now; empty only when nothing is queued.
    fn take(&self, max: usize) -> Vec<Arc<QueuedEvent>> {
        let mut state = self.state();
        let QueueState { queued, unacknowledged, round, schedule } = &mut *state;
        let events: Vec<Arc<QueuedEvent>> = match schedule {
            None => queued.drain(..queued.len().min(max)).map(|e| e.event).collect(),
            Some(schedule) => {
                // Skips to the first round in which an event may be delivered.
                let Some(earliest) = queued.iter().map(|e| e.not_before).min() else { return Vec::new() };
                *round = (*round + 1).max(earliest);
                let (due, delayed): (Vec<Slot>, Vec<Slot>) = queued.drain(..).partition(|e| e.not_before <= *round);
                let mut due: Vec<Option<Slot>> = due.into_iter().map(Some).collect();
                let chosen = schedule.choose(due.len(), max.max(1));
                let chosen =
                    chosen.into_iter().filter_map(|index| due.get_mut(index)?.take()).map(|e| e.event).collect();
                queued.extend(due.into_iter().flatten().chain(delayed));
                chosen
            }
        };
        *unacknowledged += events.len();
        events
    }

    /// Ends a delivery; `requeued` is put at the end of the queue.
    fn end_delivery(&self, requeued: Option<Arc<QueuedEvent>>) {
        let mut state = self.state();
        state.unacknowledged = state.unacknowledged.saturating_sub(1);
        let Some(event) = requeued else { return };
        let not_before = state.round;
        state.queued.push_back(Slot { event, not_before });
        drop(state);
        self.arrived.notify_one();
    }
}

struct MemoryQueue {
    queue: Arc<ServiceQueue>,
    subscriber_lock: Option<OwnedMutexGuard<()>>,
    /// The batch being collected; survives a cancelled `next_batch`.
    gathered: Vec<Delivery>,
}

impl Drop for MemoryQueue {
    fn drop(&mut self) {
        // Wakes the next subscription for events that this one was notified of and did not deliver.
        self.queue.arrived.notify_one();
    }
}

#[async_trait::async_trait]
impl Queue for MemoryQueue {
    async fn next_batch(&mut self, max: usize, earliest: Instant) -> Result<Vec<Delivery>, BusDown> {
        if self.subscriber_lock.is_none() {
            self.subscriber_lock = Some(Arc::clone(&self.queue.subscriber_lock).lock_owned().await);
        }
        let max = max.max(1);
        loop {
            self.gather(max);
            if !self.gathered.is_empty() {
                break;
            }
            self.queue.arrived.notified().await;
        }
        while self.gathered.len() < max && !self.queue.has_schedule() && Instant::now() < earliest {
            let queue = Arc::clone(&self.queue);
            tokio::select! {
                () = queue.arrived.notified() => self.gather(max),
                () = sleep_until(earliest) => {}
            }
        }
        Ok(std::mem::take(&mut self.gathered))
    }
}

impl MemoryQueue {
    fn gather(&mut self, max: usize) {
        let events = self.queue.take(max.saturating_sub(self.gathered.len()));
        let deliveries: Vec<Delivery> = events.into_iter().map(|event| self.delivery(event)).collect();
        self.gathered.extend(deliveries);
    }

    fn delivery(&self, queued: Arc<QueuedEvent>) -> Delivery {
        let event = (*queued.envelope).clone();
        let acker = Box::new(MemoryAcker { queue: Arc::clone(&self.queue), event: Some(queued) });
        Delivery { event, is_redelivered: false, acker }
    }
}

/// An unacknowledged delivery. Dropped, its event is queued again.
struct MemoryAcker {
    queue: Arc<ServiceQueue>,
    event: Option<Arc<QueuedEvent>>,
}

#[async_trait::async_trait]
impl Acker for MemoryAcker {
    async fn ack(mut self: Box<Self>) -> Result<(), BusDown> {
        if let Some(event) = self.event.take() {
            event.ack();
            self.queue.end_delivery(None);
        }
        Ok(())
    }
    async fn requeue(self: Box<Self>) -> Result<(), BusDown> {
        drop(self);
        Ok(())
    }
}

impl Drop for MemoryAcker {
    fn drop(&mut self) {
        if let Some(event) = self.event.take() {
            self.queue.end_delivery(Some(event));
        }
    }
}
