//! What is done, one verb a file: load, decide, save, tell. Nothing here opens a transaction.
//!
//! Members: [`request`] (and quote), [`withdraw`]. Staff: [`approve`], [`settle`], [`send`] (batches),
//! [`keep_account`], [`add_tax_rule`]. Events: [`learn`] (what others tell), [`take_hold`]. Beneath them:
//! [`advance`] (a payout through its states), [`tell`] (its events), [`terms`] (the plan in force), [`tax`].

pub mod add_tax_rule;
pub mod advance;
pub mod approve;
pub mod keep_account;
pub mod learn;
pub mod request;
pub mod send;
pub mod settle;
pub mod take_hold;
pub mod tax;
pub mod tell;
pub mod terms;
pub mod withdraw;
