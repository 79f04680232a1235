//! Query parameters with several values, separated by commas.

use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

/// Distinct values of one query parameter; empty where the parameter is left out with `#[serde(default)]`. Errors with
/// the error of the first value that cannot be parsed, and for more than `MAX` values.
#[derive(Debug, Clone)]
pub struct CommaSeparated<T, const MAX: usize = 100>(pub BTreeSet<T>);

impl<T, const MAX: usize> Default for CommaSeparated<T, MAX> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<'de, T: Ord + FromStr<Err: Display>, const MAX: usize> Deserialize<'de> for CommaSeparated<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.split(',').count() > MAX {
            return Err(de::Error::custom(format_args!("at most {MAX} values")));
        }
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self).map_err(de::Error::custom)
    }
}
