//! Decoding of event fields into domain values. A field that cannot be decoded is [`HandleError::Poison`].

use crate::HandleError;
use domain::{Money, Timestamp};
use std::fmt::Display;
use std::str::FromStr;

/// An id from its 16 bytes.
pub fn id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: &'a [u8]) -> Result<T, HandleError> {
    T::try_from(bytes).map_err(|_| HandleError::poison(format!("{field} is not an id")))
}

/// An id from its 16 bytes, if there are any.
pub fn optional_id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: Option<&'a [u8]>) -> Result<Option<T>, HandleError> {
    bytes.map(|b| id(field, b)).transpose()
}

/// A time from microseconds since 1970.
pub fn time(field: &str, micros: i64) -> Result<Timestamp, HandleError> {
    Timestamp::from_micros(micros).ok_or_else(|| HandleError::poison(format!("{field} is not a time")))
}

/// A value that is sent as text: an enum, a date, a rate.
pub fn parse<T: FromStr>(field: &str, text: &str) -> Result<T, HandleError>
where
    T::Err: Display,
{
    text.parse().map_err(|e| HandleError::poison(format!("{field}: {e}")))
}

/// A version number, as it is stored in a column.
pub fn version(number: u64) -> Result<i64, HandleError> {
    i64::try_from(number).map_err(|_| HandleError::poison("version is out of range"))
}

/// An amount from paise.
pub fn money(paise: i64) -> Money {
    Money::from_paise(paise)
}

/// A nested message that must be present.
pub fn required<'a, T>(field: &str, message: &'a Option<T>) -> Result<&'a T, HandleError> {
    message.as_ref().ok_or_else(|| HandleError::poison(format!("{field} is missing")))
}
