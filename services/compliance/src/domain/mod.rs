//! Pure rules: document content and review ([`document`]), the sums of a quarterly statement ([`statement`]), and who
//! reads which audit entries ([`audit`]).

pub mod audit;
pub mod document;
pub mod statement;
