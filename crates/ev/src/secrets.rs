//! Keys of the embedded run, generated once and stored beside the databases, so that sessions, codes and encrypted
//! numbers survive a restart.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runtime::Env;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Error of reading or generating the keys.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// The file cannot be read or written.
    #[error("cannot read or write {path}: {source}")]
    Io { path: String, source: std::io::Error },
    /// The random generator failed.
    #[error("random generator failed: {0}")]
    Random(String),
}

/// Adds the missing secrets to `env` from `<data>/secrets.env`, generating those that the file lacks. Variables that
/// are already set take precedence.
pub fn complete(env: &Env, data: &Path) -> Result<Env, SecretsError> {
    let file = data.join("secrets.env");
    let failed = |source| SecretsError::Io { path: file.display().to_string(), source };
    fs::create_dir_all(data).map_err(failed)?;
    let mut text = match fs::read_to_string(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(e) => return Err(failed(e)),
    };
    let mut added = String::new();
    for (name, prefix) in [("PII_KEYS", "local:"), ("PII_INDEX_KEY", ""), ("OTP_KEY", ""), ("DOCUMENT_KEYS", "")] {
        if !text.lines().any(|l| l.starts_with(&format!("{name}="))) {
            let mut key = [0_u8; 32];
            getrandom::fill(&mut key).map_err(|e| SecretsError::Random(e.to_string()))?;
            added.push_str(&format!("{name}={prefix}{}\n", STANDARD.encode(key)));
        }
    }
    if !added.is_empty() {
        let mut out = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&file).map_err(failed)?;
        out.write_all(added.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
        text.push_str(&added);
    }
    let stored = text.lines().filter_map(|l| l.split_once('='));
    Ok(stored.fold(env.clone(), |env, (name, value)| if env.get(name).is_some() { env } else { env.with(name, value) }))
}
