//! What a figure means ([`fact`]), its running sums ([`rollup`]), which days it is of ([`period`]) and how figures
//! become a report ([`report`]). Pure.

pub mod fact;
pub mod period;
pub mod report;
pub mod rollup;

pub use fact::{BookingStatus, Flow, PairFact, PayoutStatus, ReceiptKind, TransactionKind};
