//! Classification of database errors by MySQL's error number and SQLite's result code.
//!
//! diesel keeps an error's message and, for a few kinds, its meaning, but drops the number. The number is recovered
//! where the statement ran and stored in a field of the error that neither database uses (`statement_position`):
//!
//! - MySQL and MariaDB are queried for it at once (`mysql`), because their messages differ by server, version and
//!   language.
//! - SQLite's library is compiled into this program and has one fixed English text for each result code, which is
//!   compared as a whole. `SQLITE_ERROR` covers every invalid statement and has no finer code, so it is recognised by
//!   the beginning of its text.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// Class of a database error, by what must change before the same work can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// The data: these values violate a rule of the schema.
    Data,
    /// Nothing: a lock, a deadlock or a lost connection.
    Transient,
    /// The database or its configuration: a missing right or table, a full disk, a read-only server. No work succeeds
    /// until an operator repairs it.
    Environment,
}

/// SQLite's result codes that are distinguished, with their texts in its library.
const SQLITE_TEXTS: [(&str, i32); 15] = [
    ("access permission denied", sqlite::PERM),
    ("database is locked", sqlite::BUSY),
    ("database table is locked", sqlite::LOCKED),
    ("out of memory", sqlite::NOMEM),
    ("attempt to write a readonly database", sqlite::READONLY),
    ("interrupted", sqlite::INTERRUPT),
    ("disk I/O error", sqlite::IOERR),
    ("database disk image is malformed", sqlite::CORRUPT),
    ("database or disk is full", sqlite::FULL),
    ("unable to open database file", sqlite::CANTOPEN),
    ("locking protocol", sqlite::PROTOCOL),
    ("database schema has changed", sqlite::SCHEMA),
    ("authorization denied", sqlite::AUTH),
    ("file is not a database", sqlite::NOTADB),
    ("large file support is disabled", sqlite::NOLFS),
];

/// Beginnings of the messages for a missing table, column or view, and for a damaged schema.
const SQLITE_SCHEMA_TEXTS: [&str; 4] =
    ["no such table: ", "no such column: ", "no such view: ", "malformed database schema"];

mod sqlite {
    pub(super) const ERROR: i32 = 1;
    pub(super) const PERM: i32 = 3;
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const READONLY: i32 = 8;
    pub(super) const INTERRUPT: i32 = 9;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const PROTOCOL: i32 = 15;
    pub(super) const SCHEMA: i32 = 17;
    pub(super) const NOLFS: i32 = 22;
    pub(super) const AUTH: i32 = 23;
    pub(super) const NOTADB: i32 = 26;
}

/// Class of a MySQL number (from 1000) or an SQLite result code (below 1000).
const fn class_of_number(number: i32) -> ErrorClass {
    match number {
        sqlite::BUSY | sqlite::LOCKED | sqlite::INTERRUPT | sqlite::PROTOCOL | sqlite::SCHEMA => ErrorClass::Transient,
        1..1000 => ErrorClass::Environment,
        // Locks: wait timeout, deadlock, changed record (MariaDB 11.6), NOWAIT, group certification.
        1205 | 1213 | 1020 | 3572 | 3101 => ErrorClass::Transient,
        // The server is starting, stopping, at its connection limit or outside its cluster; a client limit is
        // exhausted.
        1040 | 1047 | 1053 | 1203 | 1226 | 1461 | 1637 => ErrorClass::Transient,
        // The statement was stopped: by an operator, a time limit, a changed table, the network.
        1317 | 1927 | 1969 | 3024 | 1412 | 1615 | 1158..=1161 | 1243 => ErrorClass::Transient,
        // Rights of the user on a database, table, column or routine; a locked or expired account.
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => ErrorClass::Environment,
        // The schema does not match this program.
        1046 | 1049 | 1054 | 1109 | 1136 | 1146 | 1305 | 1356 => ErrorClass::Environment,
        // The server refuses writes: --read-only and other options, replication, a read-only transaction.
        1290 | 1598 | 1792 | 1836 => ErrorClass::Environment,
        // Disk, memory, storage engine: full, exhausted, damaged.
        1021 | 1114 | 1003..=1006 | 1014..=1019 | 1024 | 1026 | 1030 | 1033..=1035 | 1037 | 1038 | 1041 => {
            ErrorClass::Environment
        }
        1180 | 1194 | 1195 | 1712 | 1877 => ErrorClass::Environment,
        _ => ErrorClass::Data,
    }
}

/// Error information with a number.
struct Numbered {
    message: String,
    number: i32,
}

impl DatabaseErrorInformation for Numbered {
    fn message(&self) -> &str {
        &self.message
    }
    fn details(&self) -> Option<&str> {
        None
    }
    fn hint(&self) -> Option<&str> {
        None
    }
    fn table_name(&self) -> Option<&str> {
        None
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        None
    }
    fn statement_position(&self) -> Option<i32> {
        Some(self.number)
    }
}

/// Builds an error that carries MySQL's number or SQLite's result code.
pub(crate) fn numbered(kind: DatabaseErrorKind, message: &str, number: i32) -> Error {
    Error::DatabaseError(kind, Box::new(Numbered { message: message.to_owned(), number }))
}

/// MySQL's error number or SQLite's result code, where known.
pub(crate) fn number(error: &Error) -> Option<i32> {
    if let Error::DatabaseError(_, information) = error { information.statement_position() } else { None }
}

/// Adds SQLite's result code to an error, where its text identifies one. MySQL's errors already have a number.
pub(crate) fn with_sqlite_code(error: Error) -> Error {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, information) = &error else { return error };
    if information.statement_position().is_some() {
        return error;
    }
    let message = information.message();
    match sqlite_code(message) {
        Some(code) => numbered(DatabaseErrorKind::Unknown, message, code),
        None => error,
    }
}

fn sqlite_code(message: &str) -> Option<i32> {
    let known = SQLITE_TEXTS.iter().find(|(text, _)| *text == message).map(|(_, code)| *code);
    let unknown_name = || {
        let schema = SQLITE_SCHEMA_TEXTS.iter().any(|text| message.starts_with(text));
        (schema || message.contains(" has no column named ")).then_some(sqlite::ERROR)
    };
    known.or_else(unknown_name)
}

/// Classifies the failure of a statement.
pub fn classify(error: &Error) -> ErrorClass {
    use DatabaseErrorKind::{
        CheckViolation, ClosedConnection, ForeignKeyViolation, NotNullViolation, ReadOnlyTransaction,
        SerializationFailure, UniqueViolation,
    };
    let Error::DatabaseError(kind, _) = error else {
        // The pool closes a connection whose transaction state is broken, so a retry gets a working one. A transaction
        // may be rolled back by another one of its commit group.
        let is_transient = matches!(
            error,
            Error::BrokenTransactionManager
                | Error::NotInTransaction
                | Error::AlreadyInTransaction
                | Error::RollbackTransaction
        );
        return if is_transient { ErrorClass::Transient } else { ErrorClass::Data };
    };
    if matches!(kind, ClosedConnection | SerializationFailure) {
        ErrorClass::Transient
    } else if matches!(kind, ReadOnlyTransaction) {
        ErrorClass::Environment
    } else if matches!(kind, UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation) {
        ErrorClass::Data
    } else {
        number(error).map_or(ErrorClass::Data, class_of_number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(message: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn a_mysql_error_is_classified_by_its_number_whatever_its_text() {
        let cases = [
            (1205, ErrorClass::Transient),
            (1213, ErrorClass::Transient),
            (1040, ErrorClass::Transient),
            (1142, ErrorClass::Environment),
            (1143, ErrorClass::Environment),
            (1044, ErrorClass::Environment),
            (1045, ErrorClass::Environment),
            (1227, ErrorClass::Environment),
            (1146, ErrorClass::Environment),
            (1054, ErrorClass::Environment),
            (1290, ErrorClass::Environment),
            (1836, ErrorClass::Environment),
            (1792, ErrorClass::Environment),
            (1021, ErrorClass::Environment),
            (1114, ErrorClass::Environment),
            (1264, ErrorClass::Data),
            (1406, ErrorClass::Data),
            (1644, ErrorClass::Data),
            (4025, ErrorClass::Data),
            (9999, ErrorClass::Data),
        ];
        for (number, expected) in cases {
            let error = numbered(DatabaseErrorKind::Unknown, "database is locked", number);
            assert_eq!(classify(&error), expected, "{number}");
            assert_eq!(classify(&with_sqlite_code(error)), expected, "{number}");
        }
    }

    #[test]
    fn a_sqlite_error_is_classified_by_the_whole_text_of_its_result_code() {
        let cases = [
            ("database is locked", ErrorClass::Transient),
            ("attempt to write a readonly database", ErrorClass::Environment),
            ("disk I/O error", ErrorClass::Environment),
            ("database disk image is malformed", ErrorClass::Environment),
            ("database or disk is full", ErrorClass::Environment),
            ("file is not a database", ErrorClass::Environment),
            ("no such table: wallets", ErrorClass::Environment),
            ("no such column: paise", ErrorClass::Environment),
            ("table wallets has no column named paise", ErrorClass::Environment),
            ("the note says: database is locked", ErrorClass::Data),
            ("postings is append-only", ErrorClass::Data),
            ("integer overflow", ErrorClass::Data),
        ];
        for (text, expected) in cases {
            assert_eq!(classify(&with_sqlite_code(unknown(text))), expected, "{text}");
        }
    }

    #[test]
    fn a_constraint_violation_is_a_data_error_and_a_rolled_back_commit_group_is_not() {
        let taken = Error::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new("taken".to_owned()));
        for error in [taken, Error::NotFound] {
            assert_eq!(classify(&error), ErrorClass::Data, "{error}");
        }
        let closed = Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(String::new()));
        for error in [closed, Error::RollbackTransaction, Error::NotInTransaction] {
            assert_eq!(classify(&error), ErrorClass::Transient, "{error}");
        }
    }
}
