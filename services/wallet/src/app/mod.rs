//! Operations of the ledger, which do all its writes; each function takes the transaction that it works in.
//!
//! [`ids`] (derived ids), [`posting`] (commands into entries, a batch at a time), [`publish`] (events of a posting
//! transaction), [`epoch`] (the boundary of final postings), [`close`] (account totals at past instants), [`rollup`]
//! (current account totals), [`seal`] (the hash chain over all entries), [`fault`], [`wallet_check`] and [`verify`]
//! (verification of the ledger), [`derivation`] (explanation of stored lines), [`member`] and [`plan`] (copies of other
//! services' data).

pub mod close;
pub mod derivation;
pub mod epoch;
pub mod fault;
pub mod ids;
pub mod member;
pub mod plan;
pub mod posting;
pub mod publish;
pub mod rollup;
pub mod seal;
pub mod verify;
pub mod wallet_check;
