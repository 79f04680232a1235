//! Error of handling an event, with what has to change before another attempt.

use db::{DbError, ErrorClass, TxError};
use domain::vocabulary::UnknownVariant;

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// A later attempt may succeed: the event is retried.
    #[error("{0}")]
    Transient(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This version of the service does not know the event's type or a value in it: the event is deferred until a
    /// version that does is started.
    #[error("{0}")]
    Unsupported(String),
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
    /// A [`HandleError::Unsupported`]; `reason` is shown to the operator.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
    /// A [`HandleError::Poison`]; `reason` is shown to the operator.
    pub fn poison(reason: impl Into<String>) -> Self {
        Self::Poison(reason.into())
    }
    /// What has to change before another attempt can succeed.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Transient(_) => ErrorClass::Transient,
            Self::Unsupported(_) | Self::Poison(_) => ErrorClass::Data,
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
impl From<UnknownVariant> for HandleError {
    fn from(error: UnknownVariant) -> Self {
        Self::Unsupported(error.to_string())
    }
}
impl TxError for HandleError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}
