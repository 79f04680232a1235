//! Certificate authorities of the installation, which the database, the broker and the cache may have certificates of.

use crate::config::{ConfigError, Env};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::path::PathBuf;

/// The setting that names the file.
pub const VARIABLE: &str = "TLS_CA_FILE";

/// A file of certificates that are trusted in addition to those of the public authorities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaFile {
    pub path: PathBuf,
    /// Its content: certificates in PEM.
    pub pem: String,
}

impl CaFile {
    /// The file that `TLS_CA_FILE` names, if it is set. Errors when the file is unreadable or has no certificate.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let Some(path) = env.get(VARIABLE) else { return Ok(None) };
        let refuse = |reason: String| ConfigError::new(VARIABLE, format!("{path}: {reason}"));
        let pem = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
        if certificates.map_err(|error| refuse(error.to_string()))?.is_empty() {
            return Err(refuse("has no certificate in PEM".to_owned()));
        }
        Ok(Some(Self { path: path.into(), pem }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_by_name() {
        assert_eq!(CaFile::from_env(&Env::default()), Ok(None));
        let refused = |path: &str| CaFile::from_env(&Env::from_pairs([(VARIABLE, path)])).unwrap_err().to_string();
        assert!(refused("/nonexistent/ca.pem").contains("/nonexistent/ca.pem"));
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(refused(manifest).contains("no certificate"), "{}", refused(manifest));
    }
}
