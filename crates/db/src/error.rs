//! Database errors and predicates on them.

use crate::error_class::{ErrorClass, classify, number, with_sqlite_code};
use diesel::QueryResult;
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use diesel_async::pooled_connection::PoolError as ManagerError;
use diesel_async::pooled_connection::deadpool::PoolError;

/// Error of a database operation.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The configuration is invalid; `setting` is the field of [`DbConfig`](crate::DbConfig).
    #[error("database setting {setting}: {reason}")]
    Config {
        /// The field.
        setting: &'static str,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// The MySQL database is not utf8mb4, so it would lose characters outside three-byte UTF-8.
    #[error("the database's character set is {found}, it must be utf8mb4 (ALTER DATABASE … CHARACTER SET utf8mb4)")]
    Charset {
        /// The character set it has.
        found: String,
    },
    /// No connection was available: the server is unreachable, or all connections stayed busy too long.
    #[error("no database connection")]
    Pool(#[source] Box<PoolError>),
    /// A connection outside the pools could not be opened.
    #[error("cannot open the database")]
    Connect(#[from] diesel::ConnectionError),
    /// An SQLite file could not be opened.
    #[error("cannot use the database file {}: {cause}; {advice}", .path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Message of the operating system or of SQLite.
        cause: String,
        /// Suggested remedy.
        advice: &'static str,
    },
    /// A statement failed.
    #[error("database statement failed")]
    Query(#[from] Error),
    /// A migration failed.
    #[error("migration: {0}")]
    Migration(String),
    /// The ready check took too long.
    #[error("the database did not answer within {0:?}")]
    PingTimeout(std::time::Duration),
}

impl From<PoolError> for DbError {
    fn from(error: PoolError) -> Self {
        Self::Pool(Box::new(error))
    }
}

impl DbError {
    /// Whether the same transaction may succeed when run again at once; see [`is_retryable`].
    pub fn is_retryable(&self) -> bool {
        self.query().is_some_and(is_retryable)
    }

    /// Class of the error: data, transient or environment.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Query(error) => classify(error),
            Self::Pool(error) => match error.as_ref() {
                PoolError::Backend(ManagerError::ConnectionError(error)) => class_of_connect_error(error),
                PoolError::Backend(ManagerError::QueryError(_))
                | PoolError::Timeout(_)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_) => ErrorClass::Transient,
            },
            Self::Connect(error) => class_of_connect_error(error),
            Self::PingTimeout(_) => ErrorClass::Transient,
            Self::Config { .. } | Self::Charset { .. } | Self::File { .. } | Self::Migration(_) => {
                ErrorClass::Environment
            }
        }
    }

    /// Whether the same work may succeed later without a change.
    pub fn is_transient(&self) -> bool {
        self.class() == ErrorClass::Transient
    }

    /// The diesel error, where a statement failed.
    pub const fn query(&self) -> Option<&Error> {
        match self {
            Self::Query(error) => Some(error),
            Self::Config { .. }
            | Self::Charset { .. }
            | Self::Pool(_)
            | Self::Connect(_)
            | Self::File { .. }
            | Self::Migration(_)
            | Self::PingTimeout(_) => None,
        }
    }
}

/// Error type of a closure that runs in [`Db::tx`](crate::Db::tx).
pub trait TxError: From<DbError> {
    /// Whether to run the transaction again. An error that wraps a [`DbError`] delegates to it; every other error
    /// returns false.
    fn is_retryable(&self) -> bool;
}

/// Implements for an error with a variant `Db(DbError)` the conversion from diesel's errors, and [`TxError`]: only an
/// error of the database retries the transaction.
#[macro_export]
macro_rules! tx_error {
    ($error:ty) => {
        impl From<diesel::result::Error> for $error {
            fn from(error: diesel::result::Error) -> Self {
                Self::Db(error.into())
            }
        }
        impl $crate::TxError for $error {
            fn is_retryable(&self) -> bool {
                matches!(self, Self::Db(error) if error.is_retryable())
            }
        }
    };
}

impl TxError for DbError {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

/// `Ok(true)` where an insert added the row, `Ok(false)` where it violated any unique key of the table.
///
/// The transaction stays usable after a violation, on both databases.
pub fn inserted(result: QueryResult<usize>) -> QueryResult<bool> {
    match result {
        Ok(rows) => Ok(rows > 0),
        Err(error) if is_unique_violation(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn message(error: &Error) -> Option<&str> {
    if let Error::DatabaseError(_, information) = error { Some(information.message()) } else { None }
}

/// A failed connect is transient, unless SQLite reports an environment error: diesel-async drops MySQL's error number,
/// so a refused login looks like an unreachable server.
fn class_of_connect_error(error: &ConnectionError) -> ErrorClass {
    let ConnectionError::CouldntSetupConfiguration(Error::DatabaseError(kind, information)) = error else {
        return ErrorClass::Transient;
    };
    let error = Error::DatabaseError(*kind, Box::new(information.message().to_owned()));
    match classify(&with_sqlite_code(error)) {
        ErrorClass::Environment => ErrorClass::Environment,
        ErrorClass::Data | ErrorClass::Transient => ErrorClass::Transient,
    }
}

/// Whether the error is a deadlock, a lock wait timeout or a busy SQLite file, so that the transaction may be run again
/// at once.
pub fn is_retryable(error: &Error) -> bool {
    // SQLITE_BUSY; lock wait timeout; deadlock; record changed (a deadlock in older MariaDB); group certification
    // failed.
    const NUMBERS: [i32; 5] = [5, 1205, 1213, 1020, 3101];
    matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
        || number(error).is_some_and(|number| NUMBERS.contains(&number))
}

/// Whether the server closed the connection. The current statement may or may not have taken effect.
pub(crate) fn is_connection_lost(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
}

/// Whether the connection must be closed: it is lost, or its server has an environment error that another server may
/// not have.
pub(crate) fn ends_connection(error: &Error) -> bool {
    is_connection_lost(error) || classify(error) == ErrorClass::Environment
}

/// Whether a `NOWAIT` lock found the row locked by another transaction.
pub fn is_locked(error: &Error) -> bool {
    // MariaDB and MySQL.
    number(error).is_some_and(|number| matches!(number, 1205 | 3572))
}

/// Whether a unique key was violated.
pub fn is_unique_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
        // On SQLite the trigger of an append-only table checks before the key does (see "Portable schema" of the
        // crate).
        || message(error).is_some_and(|text| text.ends_with("has such a row already"))
}

/// Whether a `CHECK` constraint was violated.
pub fn is_check_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, _))
        // MariaDB.
        || number(error) == Some(4025)
}

/// Whether the trigger of an append-only table refused the statement (see "Portable schema" of the crate).
pub fn is_append_only_violation(error: &Error) -> bool {
    message(error).is_some_and(|text| text.ends_with("is append-only"))
}

/// Whether a DDL statement was already applied: it creates something that exists, or drops something that does not.
/// Whether the user lacks a right on the database, the table or a column.
pub(crate) fn is_access_denied(error: &Error) -> bool {
    matches!(number(error), Some(1044 | 1142 | 1143))
}

pub(crate) fn is_already_applied(error: &Error) -> bool {
    // Table, column, key or trigger exists; unknown table; nothing to drop. SQLite needs no numbers: its migrations run
    // in one transaction and never resume half-way.
    number(error).is_some_and(|number| matches!(number, 1050 | 1060 | 1061 | 1359 | 1051 | 1091))
}
