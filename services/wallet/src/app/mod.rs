//! The only writers: each function takes the transaction it works in.
//!
//! [`ids`] (identity of entries and lines), [`post`] (commands into entries, a batch at a time), [`announce`]
//! (what others hear of it), [`verify`] and [`figures`] (whether the books agree with themselves), [`seal`] (the
//! hash chain over all entries), [`epoch`] (which postings have ended), [`close`] (what accounts came to at past instants),
//! [`rollup`] (what they come to now).

pub mod announce;
pub mod close;
pub mod derivation;
pub mod epoch;
pub mod figures;
pub mod ids;
pub mod member;
pub mod plan;
pub mod post;
pub mod rollup;
pub mod seal;
pub mod verify;
