//! Events: written with the change that they tell of, carried at least once, taking effect once.
//!
//! Files: [`outbox`] (an event is a row of the producer's transaction), [`relay`] (copies rows to the bus; `held` is what no queue takes), [`log`] (what
//! was sent stays, and can be sent again), [`bus`] (what carries them: [`memory`] in one process, which a test may have
//! disturbed by `disturbance`, and [`amqp`] over RabbitMQ), [`consumer`] (the receiving loop; `handling` is one
//! transaction of it and `inbox` what it has seen), [`waiting`] (events whose time has not come), [`parked`] (events that cannot be handled),
//! [`read`] (from wire values to domain values), `pace` (spacing of batches under load), `backoff`.

pub mod amqp;
pub(crate) mod backoff;
pub mod bus;
pub mod consumer;
mod disturbance;
mod handling;
mod held;
mod inbox;
pub mod log;
pub mod memory;
pub mod outbox;
mod pace;
pub mod parked;
pub mod read;
pub mod relay;
pub mod waiting;

pub use proto_events::Envelope;

use db::{DbError, Fault, TxError};

/// Why an event, or a job, could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// It may work later: the batch is tried again.
    #[error("{0}")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It never will: the event is parked for an operator.
    #[error("{0}")]
    Poison(String),
    #[error(transparent)]
    Db(DbError),
}

impl HandleError {
    pub fn transient(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Transient(error.into())
    }
    pub fn poison(reason: impl Into<String>) -> Self {
        Self::Poison(reason.into())
    }
    /// What has to change before another try can succeed.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Transient(_) => Fault::Transient,
            Self::Poison(_) => Fault::Data,
            Self::Db(error) => error.fault(),
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
impl From<proto_events::Decode> for HandleError {
    fn from(error: proto_events::Decode) -> Self {
        Self::Poison(error.to_string())
    }
}
impl TxError for HandleError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}
