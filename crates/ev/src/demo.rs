//! A whole story over HTTP: members join by referral, book, pay, earn; one is paid out. It uses nothing but
//! the public API and the messages page, as any client could.
//!
//! Files: [`client`] (requests, codes, signatures), `story` (what happens).

pub mod client;
mod story;

pub use story::play;
