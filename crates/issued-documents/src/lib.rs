//! Issued documents: settings, snapshots, verification and downloads.
//!
//! A service issues a document in a transaction (`issue`), which stores what it states once for each state of its
//! subject; it is rendered when it is read (`file`), in the language of its member unless another is asked for
//! (`language_for`). Everyone who has its code may ask what it states (`verify`).
//!
//! Invariants: an issued row never changes; a code is computed anew before it is called genuine.

mod file;
mod issue;
mod languages;
mod schema;
mod settings;
mod store;
mod verify;

pub use file::{DocumentFilter, PdfFile, file};
pub use issue::{Issued, NewIssue, issue};
pub use languages::{Languages, language_for};
pub use settings::DocumentSettings;
pub use verify::{VerifiedDocument, verify};
