//! Database access: SQL statements only.

pub mod journal;
pub mod member_words;
pub mod members;
pub mod nodes;
pub mod pairs;
pub mod payments;
pub mod plans;
pub mod preferences;
pub mod referrals;
pub mod snapshots;
pub mod totals;
