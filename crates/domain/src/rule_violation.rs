//! Deserialization errors of well-formed values that break a rule. The HTTP layer answers them with 422, and
//! malformed values with 400.
//!
//! A serde error carries only its text, so a prefix marks the rule violations. Client input cannot forge the prefix:
//! serde quotes input inside a message, never at its beginning.

use std::fmt::Display;

const PREFIX: &str = "refused: ";

/// Builds the error that a `Deserialize` returns for a well-formed value that breaks `rule`.
pub fn error<E: serde::de::Error>(rule: impl Display) -> E {
    E::custom(format_args!("{PREFIX}{rule}"))
}

/// The violated rule, if `error` is the text of an error made by [`error`].
pub fn rule_of(error: &str) -> Option<&str> {
    error.strip_prefix(PREFIX)
}
