//! The decisions: what a document may be and how it is reviewed ([`document`]), and how a quarter's deductions
//! add up by PAN ([`statement`]). Pure.

pub mod document;
pub mod statement;
