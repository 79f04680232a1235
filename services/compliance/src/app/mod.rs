//! What is done: facts kept ([`keep`]), documents taken in ([`add_document`]) and decided ([`review_document`]).

pub mod add_document;
pub mod keep;
pub mod review_document;
