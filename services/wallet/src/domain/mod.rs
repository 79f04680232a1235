//! Decisions of the ledger, without a clock, an id generator or a database.
//!
//! Read in this order: [`account`] (the chart of accounts), [`entries`] (the table of the kinds of entries, and a rule
//! for each), [`entry`] (balanced journal entries), [`wallet`] (balances of a member), [`hold`] and [`emi_reserve`]
//! (amounts held and set aside), [`decision`] (decisions on commands), [`loaded_rows`] (rows loaded by one
//! transaction), [`explanation`] (calculation steps of an amount), [`command`] (commands to the ledger),
//! [`ledger_session`] (the changes of one transaction) and [`epoch`] (the boundary of final postings).

// First, because the table in it declares items of the modules below.
#[macro_use]
pub mod entries;

pub mod account;
pub mod command;
pub mod decision;
pub mod emi_reserve;
pub mod entry;
pub mod epoch;
pub mod explanation;
pub mod hold;
pub mod ledger_session;
pub mod loaded_rows;
pub mod wallet;

pub use account::Account;
pub use command::Command;
pub use decision::{LedgerEvent, Rejection, RejectionReason, WaitKey};
pub use entry::{EntryKey, EntryKind, JournalEntry, Posting, TransactionType};
pub use epoch::{Epoch, Positions};
pub use ledger_session::{CommandOrigin, CommandOutcome, LedgerSession, PostedEntry};
pub use wallet::{PostedLine, StatementLine, WalletBalances};

use domain::MoneyError;

domain::id_type!(
    /// The id of a journal entry, derived from its cause. Its last four bits are zero; see [`TransactionId`].
    EntryId,
    /// The id of a statement line: the id of the entry with the number of the line in the last four bits.
    TransactionId,
);

/// A command that no correct sender makes. An event that causes one is parked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("an entry's postings add up to {0}, not to zero")]
    Unbalanced(domain::Money),
    #[error("an entry has 2 to 16 postings, not {0}")]
    PostingCount(usize),
    /// The amount is negative, or zero where it must not be.
    #[error("the amount {0} cannot be posted")]
    InvalidAmount(domain::Money),
    #[error("the balance `{0}` would fall below zero")]
    Overdrawn(Account),
    #[error("the parts do not add up to the total amount")]
    PartsMismatch,
    #[error("the amount or the member differs from the hold")]
    HoldMismatch,
    #[error("the hold was rejected, or has already been captured, released, completed or failed")]
    HoldEnded,
    #[error("the original entry belongs to another member")]
    OriginalMismatch,
    #[error("the EMI reserve belongs to another member, or has less left than the amount")]
    ReserveMismatch,
    #[error("`{0}` was read before it was loaded")]
    NotLoaded(String),
    #[error(transparent)]
    Money(#[from] MoneyError),
}
