//! One way to talk to SQLite (development) and MySQL or MariaDB (production): a repository function is
//! written once, takes `&mut DbConnection`, and runs on both.
//!
//! Read in this order: [`config`] (the URLs), [`pool`] (how a connection is opened), [`handle`] ([`Db`]: read,
//! write, transaction, ready check), `group` (how SQLite's transactions share commits), [`long_read`] (reads that take long), [`migrate`] (and `script`), [`error`], [`fault`] (whose fault an error is) and `file` (what to do about a file), [`sql`] (the few constructs whose text differs),
//! `connection` and `backend` (how diesel is made to see one backend), `columns` (bindings of `domain` types).
//!
//! Invariants: a connection whose statement was abandoned is thrown away, never reused; SQLite is written
//! through exactly one connection; a MySQL database that is not utf8mb4 is refused; nothing here swallows an
//! error of the database (there is no `INSERT IGNORE` and no `REPLACE`); no URL, and so no password, is ever
//! part of an error or of a `Debug` text.
//!
//! # Using it
//!
//! ```no_run
//! use db::{Db, DbConfig, DbConnection, DbError, LockExt, TxError};
//! use diesel::prelude::*;
//! use diesel_async::RunQueryDsl;
//!
//! diesel::table! { purses (id) { id -> BigInt, balance_paise -> BigInt, } }
//!
//! #[derive(Debug, thiserror::Error)]
//! enum PurseError {
//!     #[error("the purse holds too little")]
//!     TooLittle,
//!     #[error(transparent)]
//!     Db(#[from] DbError),
//! }
//! // So that `?` works on what diesel returns.
//! impl From<diesel::result::Error> for PurseError {
//!     fn from(error: diesel::result::Error) -> Self {
//!         Self::Db(error.into())
//!     }
//! }
//! // So that a deadlock runs the transaction again.
//! impl TxError for PurseError {
//!     fn is_retryable(&self) -> bool {
//!         match self {
//!             Self::TooLittle => false,
//!             Self::Db(error) => error.is_retryable(),
//!         }
//!     }
//! }
//!
//! // A store function: ordinary, async, no generics.
//! async fn balance_for_update(c: &mut DbConnection, id: i64) -> QueryResult<i64> {
//!     purses::table.find(id).select(purses::balance_paise).lock().get_result(c).await
//! }
//!
//! async fn take(db: &Db, id: i64, paise: i64) -> Result<(), PurseError> {
//!     db.tx(async |c| {
//!         let balance = balance_for_update(c, id).await?;
//!         if balance < paise {
//!             return Err(PurseError::TooLittle); // rolls back
//!         }
//!         diesel::update(purses::table.find(id)).set(purses::balance_paise.eq(balance - paise)).execute(c).await?;
//!         Ok(())
//!     })
//!     .await
//! }
//!
//! # async fn boot() -> Result<(), PurseError> {
//! let db = Db::connect(&DbConfig::new("sqlite://data/purse.db")).await?;
//! take(&db, 1, 500).await
//! # }
//! ```
//!
//! - The closure of [`Db::tx`] runs again after a deadlock: borrow what it captures, and do nothing in it that
//!   a rollback cannot undo.
//! - Never ask for [`Db::write`] or [`Db::tx`] inside a transaction: on SQLite the one writer is taken already.
//! - Ids and times are made by the caller, so nothing needs `RETURNING`, which does not compile here; nor does
//!   diesel's `on_conflict` (use [`UpsertExt::on_conflict_set`]). Boxed queries say `into_boxed::<db::MultiBackend>()`.
//! - Ask [`inserted`] whether a row was new, never the row count of an upsert: the databases count differently.
//! - Divide and average in Rust, and trim and bound texts there: SQLite ignores `VARCHAR` lengths, and MySQL
//!   finds `'x'` and `'x '` equal.
//! - MySQL cannot update a table chosen from in its own subquery: select the ids, then update by id.
//!
//! # Portable schema
//!
//! One directory of migrations serves both databases: MySQL and MariaDB execute what stands between `/*!` and
//! `*/`, SQLite takes it for a comment. The texts below are exercised by this crate's tests on both.
//!
//! | value | column | diesel |
//! |---|---|---|
//! | id | `BINARY(16)` | `Binary` |
//! | money, counter, version | `BIGINT` | `BigInt` |
//! | closed enum, day, month, financial year, short text | `VARCHAR(n)` | `Text` |
//! | long text, JSON (64 KB on MySQL; `MEDIUMTEXT` for 16 MB) | `TEXT`, `MEDIUMTEXT` | `Text` |
//! | bytes up to 16 MB, bounded by `max_allowed_packet` | `MEDIUMBLOB` (`BLOB` holds 64 KB on MySQL) | `Binary` |
//! | flag | `BOOLEAN` | `Bool` |
//! | instant | `DATETIME(6)` | `Timestamp` |
//!
//! Every table ends in the same suffix, constraints stand at the table's end, indexes on their own:
//!
//! ```sql
//! CREATE TABLE holds (
//!     id           BINARY(16)  NOT NULL PRIMARY KEY,
//!     account_id   BINARY(16)  NOT NULL,
//!     amount_paise BIGINT      NOT NULL,
//!     state        VARCHAR(16) NOT NULL,
//!     placed_at    DATETIME(6) NOT NULL,
//!     CONSTRAINT holds_account FOREIGN KEY (account_id) REFERENCES accounts (id),
//!     CONSTRAINT holds_amount CHECK (amount_paise > 0)
//! ) /*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin */;
//! CREATE INDEX holds_by_account ON holds (account_id, placed_at);
//! ```
//!
//! A position the database counts up, for an outbox: `BIGINT AUTO_INCREMENT` on MySQL, and on SQLite the row id,
//! never used twice. MySQL reads SQLite's words as the column's comment. Leave the column out when inserting.
//! On MySQL positions are given out at the insert, not at the commit, and a rollback leaves a gap: a smaller one
//! may become visible after a larger one, so remember which rows were read, not the highest position.
//!
//! ```sql
//! position /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
//! ```
//!
//! A table that only grows refuses `UPDATE` and `DELETE` by triggers (write both, with `DELETE` for `UPDATE`).
//! MySQL reads SQLite's words as a string in a statement it never reaches. The error is recognised by
//! [`is_append_only_violation`], which is why the message has to end in `is append-only`.
//!
//! ```sql
//! DROP TRIGGER IF EXISTS postings_refuse_update;
//! CREATE TRIGGER postings_refuse_update BEFORE UPDATE ON postings FOR EACH ROW BEGIN
//!     /*! SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'postings is append-only'; DO " */
//!     SELECT RAISE(ABORT, 'postings is append-only');
//!     /*! "; */
//! END;
//! ```
//!
//! SQLite removes a row that is in the way of a `REPLACE` without firing the trigger that refuses `DELETE`, unless
//! the connection asked for `recursive_triggers`, and anybody's may not have. So a third trigger refuses a row whose
//! primary or unique key is taken, whatever is to happen to the row that has it: name every key. MySQL does fire the
//! other trigger. The message has to end in `has such a row already`, by which [`is_unique_violation`] knows it.
//!
//! ```sql
//! DROP TRIGGER IF EXISTS postings_refuse_replace;
//! /*! DO " */
//! CREATE TRIGGER postings_refuse_replace BEFORE INSERT ON postings
//! WHEN EXISTS (SELECT 1 FROM postings WHERE id = NEW.id)
//!     OR EXISTS (SELECT 1 FROM postings WHERE reference = NEW.reference)
//! BEGIN
//!     SELECT RAISE(ABORT, 'postings has such a row already');
//! END
//! /*! " */;
//! ```
//!
//! A MySQL server that writes a binary log lets only a user with `SUPER` create triggers, unless
//! `log_bin_trust_function_creators` is on. No trigger sees `TRUNCATE`: the service's user must not hold `DROP`.
//!
//! Not portable: `ALTER TABLE` beyond `ADD COLUMN` and `RENAME`, partial and functional indexes,
//! `CURRENT_TIMESTAMP` (whole seconds). MySQL commits after each DDL statement; [`migrate`] notes each one that is
//! done, so a migration that was cut off goes on where it stopped.

mod backend;
mod columns;
pub mod config;
mod connection;
pub mod error;
pub mod fault;
mod file;
mod group;
pub mod handle;
pub mod long_read;
pub mod migrate;
mod mysql;
pub mod pool;
mod redact;
mod script;
pub mod sql;
mod transaction;

pub use backend::MultiBackend;
pub use config::DbConfig;
pub use connection::{BackendKind, DbConnection};
pub use error::{
    DbError, TxError, inserted, is_append_only_violation, is_check_violation, is_locked, is_retryable,
    is_unique_violation,
};
pub use fault::{Fault, fault};
pub use file::advice_for;
pub use handle::{Committed, Db, TxFn};
pub use long_read::LongRead;
pub use pool::PooledConnection;
pub use sql::{AnyOfExt, LockExt, UpsertExt, insert_many, sum_i64, upsert_many, upsert_newer};
