//! Query parameters with several values, separated by commas.

use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

/// Distinct values of one query parameter; empty where the parameter is left out with `#[serde(default)]`. Errors with the error
/// of the first value that cannot be parsed.
#[derive(Debug, Clone)]
pub struct CommaSeparated<T>(pub BTreeSet<T>);

impl<T> Default for CommaSeparated<T> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<'de, T: Ord + FromStr<Err: Display>> Deserialize<'de> for CommaSeparated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split(',').map(str::parse).collect::<Result<_, _>>().map(Self).map_err(de::Error::custom)
    }
}
