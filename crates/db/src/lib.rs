//! Database access for SQLite (development) and MySQL or MariaDB (production). A store function is written once, takes
//! `&mut DbConnection`, and runs on both.
//!
//! Read in this order: [`config`] (URLs), `open` and [`pool`] (connections), [`handle`] ([`Db`]: reads, writes,
//! transactions, ready check), `transaction`, `attempt` and `group_commit` (shared commits on SQLite), [`changes`] (what transactions changed), [`long_read`] (long reads),
//! [`migrate`] and `script` (migrations), [`error`], [`error_class`] (classification) and `file_error` (advice for
//! SQLite files), `redact` (values removed from messages), [`sql`] (constructs whose text differs), [`any_of`] (`IN`
//! lists), [`mod@keyset`] (pages of a list), `counter` (numbers without gaps), [`records`] (comparison of
//! databases), [`rewrite`] (rewriting of stored bytes), `connection`, `backend`, `mysql` and `sqlite` (one diesel backend
//! for both databases),
//! [`number`] (columns of counts and versions), `columns` (bindings).
//!
//! Invariants: a connection with an abandoned statement is closed, never reused; SQLite has exactly one write
//! connection; a MySQL database that is not utf8mb4 is refused; no database error is swallowed (there is no `INSERT
//! IGNORE` and no `REPLACE`); no URL, and so no password, appears in an error or a `Debug` text.
//!
//! # Using it
//!
//! ```no_run
//! use db::{Db, DbConfig, DbConnection, DbError, LockExt};
//! use diesel::prelude::*;
//! use diesel_async::RunQueryDsl;
//!
//! diesel::table! { purses (id) { id -> BigInt, balance_paise -> BigInt, } }
//!
//! #[derive(Debug, thiserror::Error)]
//! enum PurseError {
//!     #[error("insufficient balance")]
//!     TooLittle,
//!     #[error(transparent)]
//!     Db(#[from] DbError),
//! }
//! // Lets `?` convert diesel's errors, and a deadlock retry the transaction.
//! db::tx_error!(PurseError);
//!
//! // A store function: async, without generics.
//! async fn balance_for_update(c: &mut DbConnection, id: i64) -> QueryResult<i64> {
//!     purses::table.find(id).select(purses::balance_paise).lock().get_result(c).await
//! }
//!
//! async fn withdraw(db: &Db, id: i64, paise: i64) -> Result<(), PurseError> {
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
//! withdraw(&db, 1, 500).await
//! # }
//! ```
//!
//! - The closure of [`Db::tx`] runs again after a deadlock: borrow the captured values, and do nothing in it that a
//!   rollback cannot undo.
//! - Never call [`Db::write`] or [`Db::tx`] inside a transaction: on SQLite the only writer is already in use.
//! - The caller creates ids and times, so nothing needs `RETURNING`, which does not compile here; nor does diesel's
//!   `on_conflict` (use [`UpsertExt::on_conflict_set`]). Boxed queries need `into_boxed::<db::MultiBackend>()`.
//! - Use [`inserted`] to learn whether a row was new, never the row count of an upsert: the databases count
//!   differently. Rows of an append-only table, some of which may exist, go through [`insert_new`].
//! - Rows hold counts as [`Count`] and versions as [`Version`], so that a corrupt value is an error and not zero.
//! - Divide, average, trim texts and check their lengths in Rust: SQLite ignores `VARCHAR` lengths, and MySQL treats
//!   `'x'` and `'x '` as equal.
//! - MySQL cannot update a table that the same statement reads in a subquery: select the ids, then update by id.
//!
//! # Portable schema
//!
//! One directory of migrations serves both databases: MySQL and MariaDB execute the text between `/*!` and `*/`, SQLite
//! reads it as a comment. The tests of this crate run the statements below on both.
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
//! Every table ends with the same suffix. Constraints are at the end of the table, indexes are separate statements:
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
//! A position that the database increments, for an outbox: `BIGINT AUTO_INCREMENT` on MySQL, and on SQLite the row id,
//! which is never reused. MySQL reads SQLite's type as the column's comment. Omit the column when inserting. MySQL
//! assigns positions at the insert, not at the commit, and a rollback leaves a gap: a smaller position may become
//! visible after a larger one, so record which rows were read, not the highest position.
//!
//! ```sql
//! position /*! BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT ' */ INTEGER PRIMARY KEY AUTOINCREMENT /*! ' */,
//! ```
//!
//! An append-only table refuses `UPDATE` and `DELETE` by two triggers (write the second with `DELETE` for `UPDATE`).
//! MySQL reads SQLite's statement as a string in a statement that it never reaches. [`is_append_only_violation`]
//! recognises the error, so the message must end in `is append-only`.
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
//! SQLite's `REPLACE` deletes the conflicting row without firing the `DELETE` trigger, unless the connection has set
//! `recursive_triggers`, which other programs may not do. So a third trigger refuses a row whose primary or unique key
//! exists: list every key. MySQL fires the `DELETE` trigger. [`is_unique_violation`] recognises the error, so the
//! message must end in `has such a row already`.
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
//! A MySQL server with a binary log lets only a user with `SUPER` create triggers, unless
//! `log_bin_trust_function_creators` is on. `TRUNCATE` fires no trigger, so the service's user must not have `DROP`.
//!
//! Not portable: `ALTER TABLE` beyond `ADD COLUMN` and `RENAME`, partial and functional indexes,
//! `CURRENT_TIMESTAMP` (whole seconds). MySQL commits after each DDL statement; [`migrate`] records each
//! finished statement, so an interrupted migration resumes where it stopped.

pub mod any_of;
mod attempt;
mod backend;
mod backend_kind;
pub mod changes;
mod columns;
pub mod config;
mod connection;
mod counter;
pub mod error;
pub mod error_class;
mod file_error;
mod group_commit;
pub mod handle;
pub mod keyset;
pub mod long_read;
pub mod migrate;
mod mysql;
pub mod number;
mod open;
pub mod pool;
pub mod records;
mod redact;
mod replica;
pub mod rewrite;
mod schema_check;
mod script;
pub mod snapshot;
pub mod sql;
mod sqlite;
mod transaction;

pub use any_of::AnyOfExt;
pub use backend::MultiBackend;
pub use backend_kind::BackendKind;
pub use config::DbConfig;
pub use connection::DbConnection;
pub use error::{
    DbError, TxError, inserted, is_append_only_violation, is_check_violation, is_locked, is_retryable,
    is_unique_violation,
};
pub use error_class::{ErrorClass, classify};
pub use file_error::advice_for;
pub use handle::{Committed, Db, TxFn};
pub use keyset::SortOrder;
pub use long_read::LongRead;
pub use number::{Count, Version};
pub use pool::PooledConnection;
pub use sql::{LockExt, UpsertExt, insert_many, insert_new, sum_i64, upsert_many, upsert_newer};
