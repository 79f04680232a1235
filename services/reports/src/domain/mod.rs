//! Pure rules: which figures a fact counts in ([`fact`]), their running sums ([`rollup`]), the next instalment of a
//! booking ([`instalment`]), report periods ([`period`]) and reports ([`report`]).

pub mod fact;
pub mod instalment;
pub mod period;
pub mod report;
pub mod rollup;

pub use fact::{BookingStatus, MoneySource, PairStatus, PayoutStatus, ReceiptKind, TransactionType};
pub use instalment::Instalment;
