//! HTTP client for outbound requests.

use std::sync::Once;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Time limit of a request with its answer.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept open: less than in any server here.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A client with short timeouts. It has a connection pool: create it once and clone it.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    builder().build()
}

/// A client as [`client`] that follows no redirect. For requests with a secret in a header or body, which would be sent
/// to the address that an answer names.
pub fn client_without_redirects() -> Result<reqwest::Client, reqwest::Error> {
    builder().redirect(reqwest::redirect::Policy::none()).build()
}

fn builder() -> reqwest::ClientBuilder {
    install_tls();
    reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .user_agent(concat!("ev/", env!("CARGO_PKG_VERSION")))
}

/// Installs the TLS implementation of the process. Call it before opening a TLS connection; further calls do nothing.
pub fn install_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::debug!("TLS implementation already installed");
        }
    });
}
