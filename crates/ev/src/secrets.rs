//! Keys of the embedded run, generated once and stored beside the databases, so that sessions, codes and encrypted
//! numbers survive a restart.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
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

/// Adds the secrets of `<data>/secrets.env` to `env`, if the file is there. Variables that are already set, also as a
/// file, take precedence.
pub fn add_stored(env: &Env, data: &Path) -> Result<Env, SecretsError> {
    let file = data.join("secrets.env");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(with_stored(env, &text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(env.clone()),
        Err(source) => Err(SecretsError::Io { path: file.display().to_string(), source }),
    }
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
            added.push_str(&format!("{name}={prefix}{}\n", STANDARD.encode(random_key()?)));
        }
    }
    if !text.lines().any(|l| l.starts_with("WEB_PUSH_PRIVATE_KEY=")) {
        // Nearly every number of 32 bytes is a key of P-256, and one whose first bit is zero always is.
        let mut key = random_key()?;
        key[0] &= 0x7f;
        added.push_str(&format!("WEB_PUSH_PRIVATE_KEY={}\n", URL_SAFE_NO_PAD.encode(key)));
    }
    if !added.is_empty() {
        let mut out = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&file).map_err(failed)?;
        out.write_all(added.as_bytes()).and_then(|()| out.sync_all()).map_err(failed)?;
        text.push_str(&added);
    }
    Ok(with_stored(env, &text))
}

fn with_stored(env: &Env, text: &str) -> Env {
    let is_set = |env: &Env, name: &str| env.get(name).is_some() || env.get(&format!("{name}_FILE")).is_some();
    let stored = text.lines().filter_map(|l| l.split_once('='));
    stored.fold(env.clone(), |env, (name, value)| if is_set(&env, name) { env } else { env.with(name, value) })
}

fn random_key() -> Result<[u8; 32], SecretsError> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key).map_err(|e| SecretsError::Random(e.to_string()))?;
    Ok(key)
}
