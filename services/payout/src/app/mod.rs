//! Use cases of the payout service, one verb a file: load, decide, save, publish. No function opens a transaction.
//!
//! - Members: [`request`] (quotes and requests).
//! - Staff: [`approve`], [`batches`], [`bank_files`], [`bank_accounts`], [`add_tax_rule`].
//! - Events: [`project`] (copies of other services' data), [`apply_kyc`] (KYC decisions), [`apply_hold`] (hold
//!   decisions).
//! - Transfers by the bank's API: [`transfer`], [`payees`].
//! - Jobs: [`expire`], `waiting` (ages of payouts that an operator has to act on).
//! - Common steps: [`advance`] (every other command on a payout, and its transitions), [`publish`] (events),
//!   [`terms`] (plan in force), [`tax`].

pub mod add_tax_rule;
pub mod advance;
pub mod apply_hold;
pub mod apply_kyc;
pub mod approve;
pub mod bank_accounts;
pub mod bank_files;
pub mod batches;
pub mod expire;
pub mod payees;
pub mod project;
pub mod publish;
pub mod request;
pub mod tax;
mod terms;
pub mod transfer;
pub(crate) mod waiting;
