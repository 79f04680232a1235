//! Use cases of the compliance service, one verb a file: load, decide, save, publish. No function opens a transaction.
//!
//! - Members: [`add_document`], [`issue_certificate`].
//! - Staff: [`record_challan`], [`review_document`].
//! - Both, and the deadlines: [`move_grievance`].
//! - Events: [`apply_events`] (TDS records, audit log).
//! - The audit log: [`seal_audit`] (hash chain), [`verify_audit`].

pub mod add_document;
pub mod apply_events;
pub mod issue_certificate;
pub mod move_grievance;
pub mod record_challan;
pub mod review_document;
pub mod seal_audit;
pub mod verify_audit;
