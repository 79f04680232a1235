//! Tables of the ledger. Functions here read and write rows and decide nothing.

pub mod closings;
pub mod entries;
pub mod epochs;
pub mod forfeits;
pub mod holds;
pub mod journal;
pub mod members;
pub mod plans;
pub mod posting_sums;
pub mod reserves;
pub mod rollups;
pub mod seals;
pub mod transactions;
pub mod wallets;

use domain::UserId;

/// The owner of the company's accounts.
pub(crate) fn company() -> UserId {
    UserId::from(uuid::Uuid::nil())
}
