//! From the values of the wire to those of the domain. What cannot be read is poison: it never will be.

use super::HandleError;
use domain::{Money, Timestamp};
use std::fmt::Display;
use std::str::FromStr;

pub fn id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: &'a [u8]) -> Result<T, HandleError> {
    T::try_from(bytes).map_err(|_| HandleError::poison(format!("{field} is not an id")))
}

pub fn optional_id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: Option<&'a [u8]>) -> Result<Option<T>, HandleError> {
    bytes.map(|b| id(field, b)).transpose()
}

pub fn time(field: &str, micros: i64) -> Result<Timestamp, HandleError> {
    Timestamp::from_micros(micros).ok_or_else(|| HandleError::poison(format!("{field} is not a time")))
}

/// A word of a closed set, a date, a rate.
pub fn word<T: FromStr>(field: &str, text: &str) -> Result<T, HandleError>
where
    T::Err: Display,
{
    text.parse().map_err(|e| HandleError::poison(format!("{field}: {e}")))
}

/// A version counts from 1, and fits a column.
pub fn version(number: u64) -> Result<i64, HandleError> {
    i64::try_from(number).map_err(|_| HandleError::poison("version is out of range"))
}

pub fn money(paise: i64) -> Money {
    Money::from_paise(paise)
}

/// A message inside a message that has to be there.
pub fn part<'a, T>(field: &str, part: &'a Option<T>) -> Result<&'a T, HandleError> {
    part.as_ref().ok_or_else(|| HandleError::poison(format!("{field} is missing")))
}
