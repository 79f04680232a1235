//! Rows and queries, a file a noun.

pub mod actions;
pub mod certificates;
pub mod documents;
pub mod records;
