//! Events between services: transactional outbox, relay, bus, consumer loop and inbox.
//!
//! Reading order. Publishing: [`outbox`] (an event is a row of the producer's transaction), [`relay`] (copies rows to
//! the bus; `held_types` are event types that have no queue), [`log`] (retention and republishing of sent events).
//!
//! Transport: [`bus`] (the interface), [`memory`] (one process), [`amqp`] (RabbitMQ). `pace` spaces batches under load.
//!
//! Consuming: [`event_table`] (events read into a batch), [`event_consumer`] and [`handler`] (what a service
//! implements), [`consumer`] (the loop), [`processor`] (one transaction of it), `process_failure`, [`event_trace`] (its
//! span), `dead_letters`, `inbox` (events handled before), [`waiting`] (events that cannot take effect yet),
//! [`deferred`] (events of a newer version), [`retry`] (of both), [`parked`] (events that cannot be handled),
//! `stored_envelope` (the columns of all three), [`sealed_events`] (events whose values are sealed again), [`backlog`]
//! (their counts), [`decode`] (wire values to domain values), [`newest`] (states by version), `handle_error`.
//!
//! Invariants: a change and its events commit together or not at all; an event is delivered at least once and takes
//! effect once in a service's database; an event that this version does not know is deferred, and only a fault of the
//! event itself parks it; no transaction waits for the bus.

pub mod amqp;
pub mod backlog;
pub mod bus;
pub mod consumer;
mod dead_letters;
pub mod decode;
pub mod deferred;
pub mod event_consumer;
pub mod event_table;
pub mod event_trace;
mod handle_error;
pub mod handler;
mod held_types;
mod inbox;
pub mod log;
pub mod memory;
pub mod newest;
pub mod outbox;
mod pace;
pub mod parked;
mod process_failure;
pub mod processor;
pub mod relay;
pub mod retry;
pub mod schema;
pub mod sealed_events;
mod stored_envelope;
pub mod waiting;

pub use event_consumer::{ApplyBatch, EventConsumer};
pub use event_table::EventTable;
pub use handle_error::HandleError;
