//! Search index: references to documents by their words, in files on the local disk.
//!
//! Reading order: `document` (what is put in), `precision` (which words match a word of a query), `prefixes` (how a
//! prefix is found by few terms), `query` (one pass over the index for each precision), `newest` (the best of a pass),
//! `engine` (files, commits), `index` (one process, damage, counts).
//!
//! Invariants: the files hold words and references, no text of a document; what a commit contains is what its
//! [`Position`] says, also after a kill; the answer to a query depends on the documents alone, not on the order or the
//! commits in which they came.

mod document;
mod engine;
mod index;
mod newest;
mod precision;
mod prefixes;
mod query;

pub use document::{Change, Document, MAX_KINDS, Position, Reference};
pub use engine::IndexError;
pub use index::{OpenError, SearchIndex};
pub use precision::{MIN_TYPO_CHARS, Precision, Query};
pub use query::Hit;
