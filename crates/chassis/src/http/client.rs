//! The client side of HTTP: fetching public keys, calling a payment gateway.

use std::sync::Once;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: less than any server here does.
pub(crate) const IDLE: Duration = Duration::from_secs(30);

/// A client with short time limits. It holds a pool of connections: make it once and clone it.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    install_tls();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE)
        .user_agent(concat!("ev/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// Chooses the process's TLS implementation. Whatever opens a TLS connection calls it first; again is harmless.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("a TLS implementation was chosen before");
        }
    });
}
