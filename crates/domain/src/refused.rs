//! Values that are written as they should be, but that a rule refuses: to a client that is 422, and not the 400 of a
//! value that cannot be read.
//!
//! An error of serde carries nothing but its text, so the text says which of the two it is. No other error of serde
//! begins like this one: what a client sent is quoted in the middle of them.

use std::fmt::Display;

const MARK: &str = "refused: ";

/// The error of a `Deserialize` for a well-formed value that breaks a rule.
pub fn refused<E: serde::de::Error>(rule: impl Display) -> E {
    E::custom(format_args!("{MARK}{rule}"))
}

/// The broken rule, where this is the text of such an error.
pub fn rule(error: &str) -> Option<&str> {
    error.strip_prefix(MARK)
}
