//! What is done: facts kept ([`keep`]), documents taken in ([`add_document`]) and decided
//! ([`review_document`]), their downloads recorded ([`record_download`]), certificates given out ([`issue_certificate`]).

pub mod add_document;
pub mod issue_certificate;
pub mod keep;
pub mod record_download;
pub mod review_document;
