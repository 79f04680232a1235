//! What the ledger decides, without a clock, an id generator or a database.
//!
//! Read in this order: [`account`], [`entry`] (a balanced journal entry), [`wallet`] (a member's balances as a
//! fold of entries), [`command`] (what is asked of the ledger), [`books`] (what one transaction has loaded, and
//! how a command changes it), then the decisions: [`earning`], [`reversal`], [`receipt`], [`payout`],
//! [`reserve`], [`manual`]; [`explanation`] (how a line's amount came to be); and [`epoch`] (which postings have ended).

pub mod account;
pub mod books;
pub mod command;
pub mod earning;
pub mod entry;
pub mod epoch;
pub mod explanation;
pub mod manual;
pub mod payout;
pub mod receipt;
pub mod reserve;
pub mod reversal;
pub mod wallet;

pub use account::Account;
pub use books::{Books, Forfeit, ForfeitReason, Notice, Origin, Outcome, Record, WaitKey};
pub use command::Command;
pub use entry::{Entry, EntryKey, EntryKind, Line, TransactionType};
pub use epoch::{Epoch, Positions};
pub use wallet::{RecordedLine, TransactionLine, Wallet};

use domain::MoneyError;

domain::id_type!(
    /// A journal entry: derived from its cause. Its last four bits are zero; see [`TransactionId`].
    EntryId,
    /// A line a member sees: the entry's id with the line's number in the last four bits.
    TransactionId,
);

/// What no correct sender asks of the ledger. As the effect of an event it is poison.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    #[error("an entry's postings add up to {0}, not to zero")]
    Unbalanced(domain::Money),
    #[error("an entry has 2 to 16 postings, not {0}")]
    Shape(usize),
    #[error("{0} is not an amount to post here")]
    BadAmount(domain::Money),
    #[error("{0} would fall below zero")]
    Overdrawn(Account),
    #[error("the parts do not add up to the whole")]
    PartsDiffer,
    #[error("the amount or owner is not that of the hold")]
    NotTheHold,
    #[error("the hold was refused or already ended another way")]
    HoldEnded,
    #[error("what is reversed was somebody else's")]
    NotTheOriginal,
    #[error("the reserve belongs to somebody else or has less left")]
    NotTheReserve,
    #[error("`{0}` was asked for before what it needs was loaded")]
    NotLoaded(String),
    #[error(transparent)]
    Money(#[from] MoneyError),
}
