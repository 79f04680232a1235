//! Pure rules: which figures a fact counts in ([`fact`]), their running sums ([`rollup`]), the unpaid instalments of a
//! booking ([`instalment`]), report periods ([`period`]), [`ageing`], [`generation`]s, filters ([`filter`]), reports
//! ([`report`]), and the words of a search ([`search`]).

pub mod ageing;
pub mod fact;
pub mod filter;
pub mod generation;
pub mod instalment;
pub mod period;
pub mod report;
pub mod rollup;
pub mod search;

pub use fact::{BookingStatus, MoneySource, PairStatus, PayoutStatus, ReceiptKind, TransactionType};
pub use instalment::Instalment;
