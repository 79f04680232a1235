//! Pure rules: document content and review ([`document`]), and the sums of a quarterly statement ([`statement`]).

pub mod document;
pub mod statement;
