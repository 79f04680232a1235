//! The platform in one process (`ev up`) and the operator's commands.
//!
//! Files: [`cli`] (what can be said), [`embedded`] (all eight services over SQLite, an in-process bus and an
//! in-memory cache), [`folder`] (who holds the data), [`pages`] (the embedded run's own pages), [`secrets`] (keys that survive a restart),
//! [`demo`] (a whole story over HTTP), [`operate`] (migrations, administrators, parked events),
//! [`mail_sink`] (an SMTP server that keeps what it gets, for tests and trials), [`mod@bench`] (how fast payments
//! settle), [`soak`] (a load with disturbances, and whether the platform holds).
//!
//! Invariants: what is here reaches the services through their public functions and HTTP alone, never their
//! tables, but for the soak test, which counts what is unfinished; `/dev/*` exists only on a loopback address with the console mailer.

pub mod bench;
pub mod cli;
pub mod demo;
pub mod embedded;
pub mod folder;
pub mod mail_sink;
pub mod operate;
pub mod pages;
pub mod secrets;
pub mod soak;

use chassis::Service;

/// Every service of the platform; auth first, whose keys the others need.
pub fn services() -> Vec<Service> {
    vec![
        auth::service(),
        booking::service(),
        wallet::service(),
        binary::service(),
        payout::service(),
        notification::service(),
        compliance::service(),
        reports::service(),
    ]
}
