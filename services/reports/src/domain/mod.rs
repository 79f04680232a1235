//! What a figure means ([`fact`]), which days it is of ([`period`]) and how figures become a report
//! ([`report`]). Pure.

pub mod fact;
pub mod period;
pub mod report;

pub use fact::{BookingStatus, Flow, PairFact, PayoutStatus, ReceiptKind, TransactionKind};
