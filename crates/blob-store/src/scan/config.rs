//! Settings of the virus scan, from environment variables.

use actix_web::http::Uri;
use runtime::{ConfigError, Env};
use std::path::PathBuf;
use std::time::Duration;

/// Where clamd listens, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanConfig {
    /// `CLAMD_URL`: `tcp://HOST:PORT` or `unix:///PATH`. Without it no upload is scanned.
    pub address: ClamdAddress,
    /// `CLAMD_TIMEOUT_MS`: time limit of one attempt in milliseconds, 100 to 20000, 10000 by default. A call has at most
    /// two attempts.
    pub timeout: Duration,
}

/// A socket of clamd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClamdAddress {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl ScanConfig {
    /// Reads the settings; `None` without `CLAMD_URL`. Errors with the name of a variable that is invalid.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let timeout_ms = env.parse_in_range("CLAMD_TIMEOUT_MS", 10_000_u64, 100..=20_000, "milliseconds")?;
        let Some(url) = env.get("CLAMD_URL") else { return Ok(None) };
        let address =
            address(url).ok_or_else(|| ConfigError::new("CLAMD_URL", "is not tcp://HOST:PORT or unix:///PATH"))?;
        Ok(Some(Self { address, timeout: Duration::from_millis(timeout_ms) }))
    }
}

fn address(url: &str) -> Option<ClamdAddress> {
    if let Some(path) = url.strip_prefix("unix://") {
        return (path.len() > 1 && path.starts_with('/')).then(|| ClamdAddress::Unix(path.into()));
    }
    let uri: Uri = url.strip_prefix("tcp://").filter(|rest| !rest.contains(['/', '?', '@']))?.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?.trim_matches(['[', ']']).to_owned();
    Some(ClamdAddress::Tcp { host, port: uri.port_u16().filter(|port| *port != 0)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamd_is_at_a_port_or_at_a_socket() {
        let tcp = |host: &str| ClamdAddress::Tcp { host: host.into(), port: 3310 };
        for (url, expected) in [
            ("tcp://clamd:3310", tcp("clamd")),
            ("tcp://127.0.0.1:3310", tcp("127.0.0.1")),
            ("tcp://[::1]:3310", tcp("::1")),
            ("unix:///run/clamav/clamd.ctl", ClamdAddress::Unix("/run/clamav/clamd.ctl".into())),
        ] {
            let config = ScanConfig::from_env(&Env::from_pairs([("CLAMD_URL", url)])).expect(url).expect(url);
            assert_eq!((config.address, config.timeout.as_millis()), (expected, 10_000), "{url}");
        }
        assert_eq!(ScanConfig::from_env(&Env::from_pairs([("CLAMD_TIMEOUT_MS", "100")])).expect("off"), None);
    }

    #[test]
    fn a_bad_setting_is_refused_by_its_name() {
        let urls = [
            "clamd:3310",
            "tcp://clamd",
            "tcp://:3310",
            "tcp://clamd:0",
            "tcp://clamd:70000",
            "tcp://clamd:3310/x",
            "tcp://user:secret@clamd:3310",
            "http://clamd:3310",
            "unix://run/clamd.ctl",
            "unix:///",
            "unix://",
        ];
        let url = |url| ("CLAMD_URL", url);
        let timeouts = ["99", "20001", "soon"].map(|timeout| ("CLAMD_TIMEOUT_MS", timeout));
        for bad in urls.map(url).into_iter().chain(timeouts) {
            let refused = ScanConfig::from_env(&Env::from_pairs([url("tcp://clamd:3310"), bad])).expect_err(bad.1);
            assert_eq!(refused.variable, bad.0, "{}", bad.1);
            assert!(!refused.reason.contains("secret"), "{refused}");
        }
    }
}
