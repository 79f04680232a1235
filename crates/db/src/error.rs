//! What can go wrong, and the questions a caller may ask about it.

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::pooled_connection::deadpool::PoolError;

/// Why the database did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The configuration cannot be used; `setting` is the field of [`DbConfig`](crate::DbConfig).
    #[error("database setting {setting}: {reason}")]
    Config {
        /// The field.
        setting: &'static str,
        /// What is wrong with it, without its value.
        reason: String,
    },
    /// The MySQL database would lose characters outside three-byte UTF-8.
    #[error("the database's character set is {found}, it must be utf8mb4 (ALTER DATABASE … CHARACTER SET utf8mb4)")]
    Charset {
        /// The character set it has.
        found: String,
    },
    /// A connection could not be had: the server is away, or all connections stayed busy too long.
    #[error("no database connection")]
    Pool(#[source] Box<PoolError>),
    /// A connection outside the pools could not be opened.
    #[error("cannot open the database")]
    Connect(#[from] diesel::ConnectionError),
    /// The folder of an SQLite file could not be made.
    #[error("cannot make the folder of the database file")]
    Folder(#[source] std::io::Error),
    /// A statement failed.
    #[error("database statement failed")]
    Query(#[from] Error),
    /// The schema could not be brought up to date.
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

    /// Whether the same work may succeed later without anybody changing anything: what a consumer re-queues.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Pool(_) | Self::Connect(_) | Self::PingTimeout(_) => true,
            Self::Query(error) => is_retryable(error) || is_connection_lost(error),
            Self::Config { .. } | Self::Charset { .. } | Self::Folder(_) | Self::Migration(_) => false,
        }
    }

    /// The failure of a statement, if it was one.
    pub const fn query(&self) -> Option<&Error> {
        match self {
            Self::Query(error) => Some(error),
            Self::Config { .. }
            | Self::Charset { .. }
            | Self::Pool(_)
            | Self::Connect(_)
            | Self::Folder(_)
            | Self::Migration(_)
            | Self::PingTimeout(_) => None,
        }
    }
}

/// What [`Db::tx`](crate::Db::tx) asks of the error its closure returns.
pub trait TxError: From<DbError> {
    /// Whether to run the transaction again. An error that wraps a [`DbError`] passes the question on to it;
    /// every other one says no.
    fn is_retryable(&self) -> bool;
}

impl TxError for DbError {
    fn is_retryable(&self) -> bool {
        Self::is_retryable(self)
    }
}

/// `Ok(true)` where the row went in, `Ok(false)` where a unique key was taken already.
///
/// Any unique key of the table counts. The transaction stays usable afterwards on both databases.
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

/// A deadlock, a lock wait that took too long, or a busy SQLite file.
///
/// diesel-async passes MySQL's message on but not its number, so the server's messages must be in English.
pub fn is_retryable(error: &Error) -> bool {
    const SIGNS: [&str; 4] = [
        "Deadlock found",
        "Lock wait timeout",
        "database is locked",
        // MariaDB 11.6 and later, where an older MariaDB would have reported a deadlock.
        "Record has changed since last read",
    ];
    matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
        || message(error).is_some_and(|text| SIGNS.iter().any(|sign| text.contains(sign)))
}

/// The server hung up. What the connection was doing may or may not have happened.
pub(crate) fn is_connection_lost(error: &Error) -> bool {
    const SIGNS: [&str; 3] = ["Input/output error", "Driver error", "Connection was killed"];
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
        || message(error).is_some_and(|text| SIGNS.iter().any(|sign| text.starts_with(sign)))
}

/// Another transaction has a row that was not to be waited for.
pub fn is_locked(error: &Error) -> bool {
    // MariaDB's and MySQL's words for it.
    const SIGNS: [&str; 2] = ["Lock wait timeout", "NOWAIT is set"];
    message(error).is_some_and(|text| SIGNS.iter().any(|sign| text.contains(sign)))
}

/// A unique key was taken.
pub fn is_unique_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _))
        // On SQLite a trigger of a table that only grows looks before the key does (see the crate's "Portable schema").
        || message(error).is_some_and(|text| text.ends_with("has such a row already"))
}

/// A `CHECK` constraint said no.
pub fn is_check_violation(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, _))
        // MariaDB's own number for it is one that diesel-async does not know.
        || message(error).is_some_and(|text| text.starts_with("CONSTRAINT `") && text.contains("failed for"))
}

/// A trigger of a table that only grows said no (see the crate's "Portable schema").
pub fn is_append_only_violation(error: &Error) -> bool {
    message(error).is_some_and(|text| text.ends_with("is append-only"))
}

/// A DDL statement found its work done: made what is there, or dropped what is not.
pub(crate) fn is_already_so(error: &Error) -> bool {
    const SIGNS: [&str; 5] = [
        "already exists",
        "Duplicate column name",
        "Duplicate key name",
        "Unknown table",
        "check that column/key exists",
    ];
    message(error).is_some_and(|text| SIGNS.iter().any(|sign| text.contains(sign)))
}
