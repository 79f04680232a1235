//! Use cases of the compliance service, one verb a file: load, decide, save, publish. No function opens a transaction.
//!
//! - Members: [`add_document`], [`issue_certificate`].
//! - Staff: [`change_challan`], [`review_document`].
//! - Both, and the deadlines: [`move_grievance`].
//! - Events: [`apply_events`] (TDS records, audit log, members), [`erase_documents`].
//! - The audit log: [`seal_audit`] (hash chain), [`verify_audit`].

pub mod add_document;
pub mod apply_events;
pub mod change_challan;
pub mod erase_documents;
pub mod issue_certificate;
pub mod move_grievance;
pub mod review_document;
pub mod seal_audit;
pub mod verify_audit;
