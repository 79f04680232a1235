//! Pure rules: which figures a fact counts in ([`fact`]), their running sums ([`rollup`]), report periods ([`period`]) and
//! reports ([`report`]).

pub mod fact;
pub mod period;
pub mod report;
pub mod rollup;

pub use fact::{BookingStatus, MoneySource, PairStatus, PayoutStatus, ReceiptKind, TransactionType};
