//! Use cases of the compliance service, one verb a file: load, decide, save, publish. No function opens a transaction.
//!
//! - Members: [`add_document`], [`issue_certificate`].
//! - Staff: [`review_document`].
//! - Events: [`apply_events`] (TDS records, audit log).

pub mod add_document;
pub mod apply_events;
pub mod issue_certificate;
pub mod review_document;
