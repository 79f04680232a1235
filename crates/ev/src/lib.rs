//! The platform in one process (`ev up`) and the operator's commands.
//!
//! Files: [`cli`] (command line), [`output`] (printing), [`embedded`] (all services over SQLite, an in-process bus and an
//! in-memory cache), [`data_dir`] (lock of the data folder), [`pages`] (pages outside the API; `console_files`,
//! [`sandbox_gateway`], [`sign_in_links`]), [`secrets`] (keys that survive a restart), [`demo`] (demonstration over HTTP),
//! [`operate`] (migrations, topology, administrators, parked events), [`status`] (what is left to do), [`reconcile`]
//! (comparison of the services; `service_databases`), [`gateway_lists`] (comparison with the payment gateways),
//! [`reencrypt`] (new seals of personal data), [`backup`] (copies of the data folder), [`mail_sink`] (SMTP server that
//! stores mail, for tests). The crate `load-test` drives what this one starts.
//!
//! Invariants: this crate uses the public functions of the services and HTTP, never their tables. `/dev/*` exists
//! only on a loopback address with the console mailer.

pub mod backup;
pub mod cli;
mod console_files;
pub mod data_dir;
pub mod demo;
pub mod embedded;
pub mod gateway_lists;
pub mod mail_sink;
pub mod operate;
pub mod output;
pub mod pages;
pub mod reconcile;
pub mod reencrypt;
pub mod sandbox_gateway;
pub mod secrets;
mod service_databases;
pub mod sign_in_links;
pub mod status;

use chassis::Service;

/// All services of the platform, the only list in Rust. Auth is first, because the others need its keys.
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
