//! Configuration from environment variables, read and validated once at boot.

use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

/// An invalid or missing variable. The message shows the value only for [`ConfigError::refused`], which is never used
/// for a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {reason}")]
pub struct ConfigError {
    pub variable: String,
    pub reason: String,
}
impl ConfigError {
    /// An error that shows no value.
    pub fn new(variable: &str, reason: impl fmt::Display) -> Self {
        Self { variable: variable.to_owned(), reason: reason.to_string() }
    }
    /// An error that shows the value, which must not be a secret, and what is accepted.
    pub fn refused(variable: &str, value: impl fmt::Display, accepted: impl fmt::Display) -> Self {
        Self::new(variable, format!("`{value}` is not accepted: give {accepted}"))
    }
}

/// A type of variable. Not for secrets.
pub trait Setting: FromStr {
    /// The accepted values, for an error message.
    const ACCEPTED: &'static str;
}

macro_rules! settings {
    ($($type:ty: $accepted:literal),+ $(,)?) => {$(
        impl Setting for $type {
            const ACCEPTED: &'static str = $accepted;
        }
    )+};
}
settings! {
    u8: "a whole number from 0 to 255",
    u16: "a whole number from 0 to 65535",
    u32: "a whole number, 0 or more",
    u64: "a whole number, 0 or more",
    usize: "a whole number, 0 or more",
    i32: "a whole number",
    i64: "a whole number",
    bool: "true or false",
    SocketAddr: "an address and a port, such as 127.0.0.1:8080",
    IpAddr: "an address, such as 127.0.0.1",
}

/// A secret and the variable that names it, for error messages.
#[derive(Debug)]
pub struct FoundSecret {
    pub variable: String,
    pub value: SecretString,
}

/// A snapshot of the environment. Cheap to clone.
#[derive(Clone, Default)]
pub struct Env(Arc<BTreeMap<String, String>>);

impl Env {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the process environment")]
    pub fn from_process() -> Self {
        Self(Arc::new(std::env::vars().collect()))
    }
    /// An environment of these variables only.
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
    /// The trimmed value of a variable. An empty variable counts as unset.
    pub fn get(&self, variable: &str) -> Option<&str> {
        self.0.get(variable).map(|v| v.trim()).filter(|v| !v.is_empty())
    }
    /// The value of a variable; errors when it is unset.
    pub fn required(&self, variable: &str) -> Result<&str, ConfigError> {
        self.get(variable).ok_or_else(|| ConfigError::new(variable, "must be set"))
    }
    /// The value of a secret variable, or the content of the file that `<VARIABLE>_FILE` names. Errors when neither or
    /// both are set, or the file cannot be read or is empty.
    pub fn required_or_file(&self, variable: &str) -> Result<FoundSecret, ConfigError> {
        let of_file = format!("{variable}_FILE");
        let Some(path) = self.get(&of_file) else {
            let value = SecretString::from(self.required(variable)?);
            return Ok(FoundSecret { variable: variable.to_owned(), value });
        };
        if self.get(variable).is_some() {
            return Err(ConfigError::new(&of_file, format!("must not be set beside {variable}")));
        }
        let read = std::fs::read_to_string(path).map(SecretString::from);
        let text = read.map_err(|error| ConfigError::refused(&of_file, path, format!("a file ({error})")))?;
        let value = SecretString::from(text.expose_secret().trim());
        if value.expose_secret().is_empty() {
            return Err(ConfigError::new(&of_file, "names an empty file"));
        }
        Ok(FoundSecret { variable: of_file, value })
    }
    /// The value of a variable, or `default` when it is unset.
    pub fn get_or<'a>(&'a self, variable: &str, default: &'a str) -> &'a str {
        self.get(variable).unwrap_or(default)
    }
    /// `PUBLIC_URL`: the base URL of the platform, without a slash at its end. Errors when it is no http or https URL.
    pub fn public_url(&self) -> Result<String, ConfigError> {
        let url = self.get_or("PUBLIC_URL", "http://localhost:8080").trim_end_matches('/');
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(ConfigError::new("PUBLIC_URL", "is not an http or https URL"));
        }
        Ok(url.to_owned())
    }
    /// One line of text, or `default` when the variable is unset. Errors when it is longer than 300 characters.
    pub fn line_or(&self, variable: &str, default: &str) -> Result<String, ConfigError> {
        let text = self.get_or(variable, default).trim();
        if text.chars().count() > 300 || text.chars().any(char::is_control) {
            return Err(ConfigError::new(variable, "is not one line of at most 300 characters"));
        }
        Ok(text.to_owned())
    }
    /// `COMPANY_NAME`: how documents and messages name the company.
    pub fn company_name(&self) -> Result<String, ConfigError> {
        self.line_or("COMPANY_NAME", "EV Distribution Platform")
    }
    /// The parsed value of a variable; errors when it is invalid.
    pub fn parse<T: Setting>(&self, variable: &str) -> Result<Option<T>, ConfigError> {
        let read = |text: &str| text.parse().map_err(|_| ConfigError::refused(variable, text, T::ACCEPTED));
        self.get(variable).map(read).transpose()
    }
    /// The parsed value of a variable, or `default` when it is unset.
    pub fn parse_or<T: Setting>(&self, variable: &str, default: T) -> Result<T, ConfigError> {
        Ok(self.parse(variable)?.unwrap_or(default))
    }
    /// A switch that is `on` or `off`, or `default` when the variable is unset.
    pub fn switch_or(&self, variable: &str, default: bool) -> Result<bool, ConfigError> {
        match self.get(variable) {
            None => Ok(default),
            Some("on") => Ok(true),
            Some("off") => Ok(false),
            Some(other) => Err(ConfigError::refused(variable, other, "on or off")),
        }
    }
    /// A number within bounds, or `default` when the variable is unset. `unit` is for the error message.
    pub fn parse_in_range<T: Setting + PartialOrd + fmt::Display>(
        &self,
        variable: &str,
        default: T,
        bounds: RangeInclusive<T>,
        unit: &str,
    ) -> Result<T, ConfigError> {
        let refused = |value: &dyn fmt::Display| {
            let accepted = format!("a number of {unit} from {} to {}", bounds.start(), bounds.end());
            ConfigError::refused(variable, value, accepted)
        };
        let Some(text) = self.get(variable) else { return Ok(default) };
        let value: T = text.parse().map_err(|_| refused(&text))?;
        if bounds.contains(&value) { Ok(value) } else { Err(refused(&value)) }
    }
}
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_its_variable_or_in_a_file_but_not_in_both() {
        let file = std::env::temp_dir().join(format!("secret-{}", std::process::id()));
        std::fs::write(&file, " hidden\n").expect("a file");
        let path = file.to_str().expect("a path");
        let read = |pairs: &[(&str, &str)]| {
            let found = Env::from_pairs(pairs.iter().copied()).required_or_file("KEY");
            found.map(|found| found.value.expose_secret().to_owned()).map_err(|e| e.to_string())
        };
        assert_eq!(read(&[("KEY", "plain")]), Ok("plain".into()));
        assert_eq!(read(&[("KEY_FILE", path)]), Ok("hidden".into()));
        assert_eq!(read(&[("KEY", " "), ("KEY_FILE", path)]), Ok("hidden".into()));
        assert_eq!(read(&[]), Err("KEY: must be set".into()));
        let both = read(&[("KEY", "plain"), ("KEY_FILE", path)]);
        assert_eq!(both, Err("KEY_FILE: must not be set beside KEY".into()));
        std::fs::write(&file, " \n").expect("a file");
        assert_eq!(read(&[("KEY_FILE", path)]), Err("KEY_FILE: names an empty file".into()));
        std::fs::remove_file(&file).expect("it is there");
        assert!(read(&[("KEY_FILE", path)]).is_err_and(|error| error.starts_with("KEY_FILE: ")));
    }

    #[test]
    fn an_error_names_the_variable_the_value_and_what_is_accepted() {
        let env =
            Env::from_pairs([("HOURS", "soon"), ("MANY", "721"), ("FEW", " 0 "), ("GOOD", "720"), ("EMPTY", " ")]);
        let hours = |variable: &str| env.parse_in_range(variable, 24_i64, 1..=720, "hours").map_err(|e| e.to_string());
        let accepted = "is not accepted: give a number of hours from 1 to 720";
        for (variable, value) in [("HOURS", "soon"), ("MANY", "721"), ("FEW", "0")] {
            assert_eq!(hours(variable), Err(format!("{variable}: `{value}` {accepted}")));
        }
        for (variable, value) in [("GOOD", 720), ("EMPTY", 24), ("UNSET", 24)] {
            assert_eq!(hours(variable), Ok(value), "{variable}");
        }
        let refused = env.parse_or("HOURS", 1_u16).expect_err("no number");
        assert_eq!(refused.to_string(), "HOURS: `soon` is not accepted: give a whole number from 0 to 65535");
    }
}
