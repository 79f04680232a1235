//! Events: transactional outbox, relay, bus, consumer loop and inbox. An event is delivered at least once and takes
//! effect once.
//!
//! Publishing: [`outbox`] (an event is a row of the producer's transaction), [`relay`] (copies rows to the bus;
//! `held_types` are event types that have no queue), [`log`] (retention and republishing of sent events).
//!
//! Transport: [`bus`] (the interface), [`memory`] (one process, optionally with `fault_injection`), [`amqp`]
//! (RabbitMQ). `pace` spaces batches under load.
//!
//! Consuming: [`event_consumer`] and [`handler`] (what a service implements), [`consumer`] (the loop), `processor` (one transaction of it),
//! `dead_letters`, `inbox` (events handled before), [`waiting`] (events that cannot take effect yet), [`parked`]
//! (events that cannot be handled), [`decode`] (wire values to domain values).

pub mod amqp;
pub mod bus;
pub mod consumer;
mod dead_letters;
pub mod decode;
pub mod event_consumer;
mod fault_injection;
pub mod handler;
mod held_types;
mod inbox;
pub mod log;
pub mod memory;
pub mod outbox;
mod pace;
pub mod parked;
mod processor;
pub mod relay;
pub mod waiting;

pub use event_consumer::{ApplyBatch, EventConsumer};
pub use proto_events::Envelope;

use db::{DbError, ErrorClass, TxError};

/// Why an event could not be handled, or a job failed.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// A later attempt may succeed: the event is retried.
    #[error("{0}")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No attempt can succeed: the event is parked for an operator.
    #[error("{0}")]
    Poison(String),
    /// Retried or parked according to its [`DbError::class`].
    #[error(transparent)]
    Db(DbError),
}

impl HandleError {
    /// A [`HandleError::Transient`] with `error` as its source.
    pub fn transient(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient(error.into())
    }
    /// A [`HandleError::Poison`]; `reason` is shown to the operator.
    pub fn poison(reason: impl Into<String>) -> Self {
        Self::Poison(reason.into())
    }
    /// What has to change before another attempt can succeed.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Transient(_) => ErrorClass::Transient,
            Self::Poison(_) => ErrorClass::Data,
            Self::Db(error) => error.class(),
        }
    }
}
impl From<DbError> for HandleError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}
impl From<diesel::result::Error> for HandleError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}
impl From<proto_events::DecodeError> for HandleError {
    fn from(error: proto_events::DecodeError) -> Self {
        Self::Poison(error.to_string())
    }
}
impl TxError for HandleError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}
