//! What can go wrong, and the questions a caller may ask about it.

use crate::fault::{Fault, fault, number, with_sqlite_code};
use diesel::QueryResult;
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use diesel_async::pooled_connection::PoolError as ManagerError;
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
    /// An SQLite file could not be opened.
    #[error("cannot use the database file {}: {cause}; {advice}", .path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the operating system or SQLite says.
        cause: String,
        /// What may help.
        advice: &'static str,
    },
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

    /// What has to change before the same work can succeed.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Query(error) => fault(error),
            Self::Pool(error) => match error.as_ref() {
                PoolError::Backend(ManagerError::ConnectionError(error)) => fault_of_connecting(error),
                PoolError::Backend(ManagerError::QueryError(_))
                | PoolError::Timeout(_)
                | PoolError::Closed
                | PoolError::NoRuntimeSpecified
                | PoolError::PostCreateHook(_) => Fault::Transient,
            },
            Self::Connect(error) => fault_of_connecting(error),
            Self::PingTimeout(_) => Fault::Transient,
            Self::Config { .. } | Self::Charset { .. } | Self::File { .. } | Self::Migration(_) => Fault::Environment,
        }
    }

    /// Whether the same work may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        self.fault() == Fault::Transient
    }

    /// The failure of a statement, if it was one.
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

/// Whoever cannot connect is kept out (MySQL says so with a number that diesel-async drops) or finds nobody there.
fn fault_of_connecting(error: &ConnectionError) -> Fault {
    let ConnectionError::CouldntSetupConfiguration(Error::DatabaseError(kind, information)) = error else {
        return Fault::Transient;
    };
    let error = Error::DatabaseError(*kind, Box::new(information.message().to_owned()));
    match fault(&with_sqlite_code(error)) {
        Fault::Environment => Fault::Environment,
        Fault::Data | Fault::Transient => Fault::Transient,
    }
}

/// A deadlock, a lock wait that took too long, or a busy SQLite file: the transaction may be run again at once.
pub fn is_retryable(error: &Error) -> bool {
    // SQLITE_BUSY; lock wait timeout, deadlock; the record has changed, where an older MariaDB says deadlock; a group of
    // servers could not agree.
    const NUMBERS: [i32; 5] = [5, 1205, 1213, 1020, 3101];
    matches!(error, Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _))
        || number(error).is_some_and(|number| NUMBERS.contains(&number))
}

/// The server hung up. What the connection was doing may or may not have happened.
pub(crate) fn is_connection_lost(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
}

/// The connection is of no more use: it is lost, or it may lead to a server that cannot do what it should, while another
/// one could.
pub(crate) fn ends_connection(error: &Error) -> bool {
    is_connection_lost(error) || fault(error) == Fault::Environment
}

/// Another transaction has a row that was not to be waited for.
pub fn is_locked(error: &Error) -> bool {
    // MariaDB's and MySQL's numbers for it.
    number(error).is_some_and(|number| matches!(number, 1205 | 3572))
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
        // MariaDB's own number for it.
        || number(error) == Some(4025)
}

/// A trigger of a table that only grows said no (see the crate's "Portable schema").
pub fn is_append_only_violation(error: &Error) -> bool {
    message(error).is_some_and(|text| text.ends_with("is append-only"))
}

/// A DDL statement found its work done: made what is there, or dropped what is not.
pub(crate) fn is_already_so(error: &Error) -> bool {
    // Table, column, key, trigger exists; unknown table; nothing to drop. A migration of SQLite is one transaction, so
    // that none is ever resumed half-way.
    number(error).is_some_and(|number| matches!(number, 1050 | 1060 | 1061 | 1359 | 1051 | 1091))
}
