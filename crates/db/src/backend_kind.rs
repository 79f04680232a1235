//! The two kinds of database.

/// Kind of the database behind a connection. Only tests and migrations should depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// MySQL or MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}
