//! Configuration from environment variables, read once and checked at boot.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A bad or missing variable. The message names it and never shows its value: it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    pub variable: String,
    pub reason: String,
}
impl ConfigError {
    pub fn new(variable: &str, reason: impl fmt::Display) -> Self {
        Self { variable: variable.to_owned(), reason: reason.to_string() }
    }
}

/// A snapshot of the environment. Cheap to clone.
#[derive(Clone, Default)]
pub struct Env(Arc<BTreeMap<String, String>>);

impl Env {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the process environment")]
    pub fn from_process() -> Self {
        Self(Arc::new(std::env::vars().collect()))
    }
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(Arc::new(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect()))
    }
    /// This environment with `variable` set to `value`.
    #[must_use]
    pub fn with(&self, variable: &str, value: impl Into<String>) -> Self {
        let mut map = (*self.0).clone();
        map.insert(variable.to_owned(), value.into());
        Self(Arc::new(map))
    }
    /// An empty variable counts as unset.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(|v| v.trim()).filter(|v| !v.is_empty())
    }
    pub fn required(&self, variable: &str) -> Result<&str, ConfigError> {
        self.get(variable).ok_or_else(|| ConfigError::new(variable, "must be set"))
    }
    pub fn or<'a>(&'a self, variable: &str, default: &'a str) -> &'a str {
        self.get(variable).unwrap_or(default)
    }
    pub fn parse<T: FromStr>(&self, variable: &str) -> Result<Option<T>, ConfigError>
    where
        T::Err: fmt::Display,
    {
        self.get(variable).map(|v| v.parse().map_err(|e| ConfigError::new(variable, e))).transpose()
    }
    pub fn parse_or<T: FromStr>(&self, variable: &str, default: T) -> Result<T, ConfigError>
    where
        T::Err: fmt::Display,
    {
        Ok(self.parse(variable)?.unwrap_or(default))
    }
}
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
