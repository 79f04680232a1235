//! Demonstration over HTTP: members join by referral, book, pay and earn; one receives a payout. It uses only the
//! public API and the messages page.
//!
//! Files: [`client`] (requests, codes, signatures), `scenario` (the steps), `showroom` (the catalogue and a delivery),
//! `distributors` (their terms and applications).

pub mod client;
mod distributors;
mod scenario;
mod showroom;

pub use scenario::run;
