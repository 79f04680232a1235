//! Failures of the consumer's transaction, and what follows from each.

use crate::HandleError;
use db::ErrorClass;
use runtime::error_chain::error_chain;
use std::any::Any;

/// Attempts after which an event whose handler panics is parked.
const MAX_PANIC_ATTEMPTS: u32 = 3;

/// Why a transaction was rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProcessFailure {
    /// The same event may succeed later, and others may succeed now.
    Transient(String),
    /// No event can succeed until an operator has repaired the database.
    Environment(String),
    /// A later version of this service can handle the event.
    Unsupported(String),
    /// The event can never be handled.
    Poison(String),
    /// The handler panicked.
    Panic(String),
}

/// What to do with an event that failed on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureAction {
    Retry,
    /// With the reason to store.
    Defer(String),
    /// With the reason to store.
    Park(String),
}

impl ProcessFailure {
    /// `attempts` counts the failed attempts, this one included.
    pub(crate) fn action(self, attempts: u32) -> FailureAction {
        match self {
            Self::Unsupported(reason) => FailureAction::Defer(reason),
            Self::Poison(reason) => FailureAction::Park(reason),
            Self::Panic(reason) if attempts >= MAX_PANIC_ATTEMPTS => FailureAction::Park(format!("panic: {reason}")),
            Self::Panic(_) | Self::Transient(_) | Self::Environment(_) => FailureAction::Retry,
        }
    }

    pub(crate) fn from_panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Self::Panic(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

impl std::fmt::Display for ProcessFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Transient(reason) | Self::Environment(reason) | Self::Unsupported(reason) | Self::Poison(reason) => {
                f.write_str(reason)
            }
            Self::Panic(reason) => write!(f, "panic: {reason}"),
        }
    }
}

impl From<HandleError> for ProcessFailure {
    fn from(error: HandleError) -> Self {
        let reason = error_chain(&error);
        if matches!(error, HandleError::Unsupported(_)) {
            return Self::Unsupported(reason);
        }
        match error.class() {
            ErrorClass::Data => Self::Poison(reason),
            ErrorClass::Transient => Self::Transient(reason),
            ErrorClass::Environment => Self::Environment(reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_event_that_can_never_be_handled_is_parked() {
        let panic = || ProcessFailure::Panic("oh".to_owned());
        for attempts in [1, 50, 51, u32::MAX] {
            let (busy, denied) = ("busy".to_owned(), "no right".to_owned());
            assert_eq!(ProcessFailure::Transient(busy).action(attempts), FailureAction::Retry, "{attempts}");
            assert_eq!(ProcessFailure::Environment(denied).action(attempts), FailureAction::Retry, "{attempts}");
        }
        let newer = ProcessFailure::Unsupported("newer".to_owned());
        assert_eq!(newer.action(u32::MAX), FailureAction::Defer("newer".to_owned()));
        assert_eq!(panic().action(2), FailureAction::Retry);
        assert_eq!(panic().action(3), FailureAction::Park("panic: oh".to_owned()));
        assert_eq!(ProcessFailure::Poison("no".to_owned()).action(1), FailureAction::Park("no".to_owned()));
    }
}
