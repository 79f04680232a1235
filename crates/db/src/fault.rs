//! The one classification of database errors: by MySQL's error number and SQLite's result code.
//!
//! diesel passes on an error's message and, for a few kinds, what it means; the number is lost. It is found again where
//! the statement ran and travels with the error, in the field that neither database uses (`statement_position`):
//!
//! - MySQL and MariaDB are asked for it at once (`mysql`), because their messages differ by server, version and language.
//! - SQLite's library is compiled into this program and has one fixed English text per result code, which it gives where
//!   a statement adds none of its own. The text is compared whole. `SQLITE_ERROR`, which stands for everything that is
//!   wrong with a statement, is told apart by the beginning of its text: there is no other number for it.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// What has to change before the same work can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The work itself: these values break a rule of the schema and always will.
    Data,
    /// Nothing: a lock, a deadlock or a lost connection. The same work may succeed later.
    Transient,
    /// The database or its configuration: a right, a table, the disk, a server that takes no writes. No work succeeds
    /// until somebody mends it.
    Environment,
}

/// SQLite's result codes that are told apart, with their texts in its library.
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

/// How a statement that names what is not there fails, and a schema that cannot be read.
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

/// MySQL's numbers begin at 1000, SQLite's result codes end below.
const fn fault_of(number: i32) -> Fault {
    match number {
        sqlite::BUSY | sqlite::LOCKED | sqlite::INTERRUPT | sqlite::PROTOCOL | sqlite::SCHEMA => Fault::Transient,
        1..1000 => Fault::Environment,
        // Locks: wait timeout, deadlock, changed record (MariaDB 11.6), NOWAIT, certification of a group.
        1205 | 1213 | 1020 | 3572 | 3101 => Fault::Transient,
        // The server is starting, stopping, full of clients or not in its cluster; the client's limits are used up.
        1040 | 1047 | 1053 | 1203 | 1226 | 1461 | 1637 => Fault::Transient,
        // The statement was stopped: by an operator, a time limit, a changed table, the network.
        1317 | 1927 | 1969 | 3024 | 1412 | 1615 | 1158..=1161 | 1243 => Fault::Transient,
        // Rights: of the user, on a database, table, column, routine, or an account that may not work at all.
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 | 1698 | 1820 | 1862 | 3118 | 4151 => Fault::Environment,
        // The schema is not the one that this program was built for.
        1046 | 1049 | 1054 | 1109 | 1136 | 1146 | 1305 | 1356 => Fault::Environment,
        // The server takes no writes: --read-only and other options, replication, a read-only transaction.
        1290 | 1598 | 1792 | 1836 => Fault::Environment,
        // Disk, memory, storage engine: full, exhausted, damaged.
        1021 | 1114 | 1003..=1006 | 1014..=1019 | 1024 | 1026 | 1030 | 1033..=1035 | 1037 | 1038 | 1041 => {
            Fault::Environment
        }
        1180 | 1194 | 1195 | 1712 | 1877 => Fault::Environment,
        _ => Fault::Data,
    }
}

/// An error's message with its number.
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

/// The error with MySQL's number.
pub(crate) fn numbered(kind: DatabaseErrorKind, message: &str, number: i32) -> Error {
    Error::DatabaseError(kind, Box::new(Numbered { message: message.to_owned(), number }))
}

/// MySQL's error number or SQLite's result code, where it is known.
pub(crate) fn number(error: &Error) -> Option<i32> {
    if let Error::DatabaseError(_, information) = error { information.statement_position() } else { None }
}

/// The error with SQLite's result code, where its text says which. MySQL's errors have a number when they get here.
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
    let names_nothing = || {
        let schema = SQLITE_SCHEMA_TEXTS.iter().any(|text| message.starts_with(text));
        (schema || message.contains(" has no column named ")).then_some(sqlite::ERROR)
    };
    known.or_else(names_nothing)
}

/// Classifies the failure of a statement.
pub fn fault(error: &Error) -> Fault {
    use DatabaseErrorKind::{
        CheckViolation, ClosedConnection, ForeignKeyViolation, NotNullViolation, ReadOnlyTransaction,
        SerializationFailure, UniqueViolation,
    };
    let Error::DatabaseError(kind, _) = error else {
        // A connection left in a state that its next user cannot work with is closed by the pool.
        let broken =
            matches!(error, Error::BrokenTransactionManager | Error::NotInTransaction | Error::AlreadyInTransaction);
        return if broken { Fault::Transient } else { Fault::Data };
    };
    if matches!(kind, ClosedConnection | SerializationFailure) {
        Fault::Transient
    } else if matches!(kind, ReadOnlyTransaction) {
        Fault::Environment
    } else if matches!(kind, UniqueViolation | ForeignKeyViolation | NotNullViolation | CheckViolation) {
        Fault::Data
    } else {
        number(error).map_or(Fault::Data, fault_of)
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
            (1205, Fault::Transient),
            (1213, Fault::Transient),
            (1040, Fault::Transient),
            (1142, Fault::Environment),
            (1143, Fault::Environment),
            (1044, Fault::Environment),
            (1045, Fault::Environment),
            (1227, Fault::Environment),
            (1146, Fault::Environment),
            (1054, Fault::Environment),
            (1290, Fault::Environment),
            (1836, Fault::Environment),
            (1792, Fault::Environment),
            (1021, Fault::Environment),
            (1114, Fault::Environment),
            (1264, Fault::Data),
            (1406, Fault::Data),
            (1644, Fault::Data),
            (4025, Fault::Data),
            (9999, Fault::Data),
        ];
        for (number, expected) in cases {
            let error = numbered(DatabaseErrorKind::Unknown, "database is locked", number);
            assert_eq!(fault(&error), expected, "{number}");
            assert_eq!(fault(&with_sqlite_code(error)), expected, "{number}");
        }
    }

    #[test]
    fn a_sqlite_error_is_classified_by_the_whole_text_of_its_result_code() {
        let cases = [
            ("database is locked", Fault::Transient),
            ("attempt to write a readonly database", Fault::Environment),
            ("disk I/O error", Fault::Environment),
            ("database disk image is malformed", Fault::Environment),
            ("database or disk is full", Fault::Environment),
            ("file is not a database", Fault::Environment),
            ("no such table: wallets", Fault::Environment),
            ("no such column: paise", Fault::Environment),
            ("table wallets has no column named paise", Fault::Environment),
            ("the note says: database is locked", Fault::Data),
            ("postings is append-only", Fault::Data),
            ("integer overflow", Fault::Data),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(&with_sqlite_code(unknown(text))), expected, "{text}");
        }
    }

    #[test]
    fn what_breaks_a_constraint_is_the_fault_of_the_data() {
        let taken = Error::DatabaseError(DatabaseErrorKind::UniqueViolation, Box::new("taken".to_owned()));
        for error in [taken, Error::NotFound] {
            assert_eq!(fault(&error), Fault::Data, "{error}");
        }
        let closed = Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(String::new()));
        assert_eq!(fault(&closed), Fault::Transient);
    }
}
