//! Text that must not get into logs or errors: it is shown only by `reveal`.

use serde::{Deserialize, Deserializer};
use std::fmt;

/// A text as a request contains it. An error about it does not contain it.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transparent))]
pub struct SecretText(String);

impl SecretText {
    /// The text.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}
impl AsRef<str> for SecretText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}
impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}
impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own error of a wrong type quotes the value.
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => Err(serde::de::Error::custom("a string is expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_errors_nor_debug_output_contain_the_text() {
        let secret: SecretText = serde_json::from_str("\"123456789\"").expect("a string");
        assert_eq!((secret.reveal(), format!("{secret:?}").as_str()), ("123456789", "SecretText(…)"));
        let error = serde_json::from_str::<SecretText>("123456789").expect_err("no string").to_string();
        assert!(!error.contains("1234"), "{error}");
    }
}
