//! Operations of the service: [`insert`] stores rows from events, [`add_document`] an uploaded document;
//! [`review_document`] decides about one; [`record_download`] and [`issue_certificate`] record what was handed out.

pub mod add_document;
pub mod insert;
pub mod issue_certificate;
pub mod record_download;
pub mod review_document;
