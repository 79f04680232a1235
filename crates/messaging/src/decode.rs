//! Decoding of event fields into domain values. A field that cannot be decoded is [`HandleError::Poison`]; a word that
//! is not in this version's vocabulary is [`HandleError::Unsupported`].

use crate::HandleError;
use domain::vocabulary::UnknownVariant;
use domain::{Money, Timestamp};
use proto_events::Envelope;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// An id from its 16 bytes.
pub fn id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: &'a [u8]) -> Result<T, HandleError> {
    T::try_from(bytes).map_err(|_| HandleError::poison(format!("{field} is not an id")))
}

/// An id from its 16 bytes, if there are any.
pub fn optional_id<'a, T: TryFrom<&'a [u8]>>(field: &str, bytes: Option<&'a [u8]>) -> Result<Option<T>, HandleError> {
    bytes.map(|b| id(field, b)).transpose()
}

/// Microseconds of the years 1970 to 9999. Columns hold no later time, and nothing here happened earlier.
const TIME_RANGE_MICROS: RangeInclusive<i64> = 0..=253_402_300_799_999_999;

/// A time from microseconds since 1970.
pub fn time(field: &str, micros: i64) -> Result<Timestamp, HandleError> {
    let in_range = TIME_RANGE_MICROS.contains(&micros).then(|| Timestamp::from_micros(micros)).flatten();
    in_range.ok_or_else(|| HandleError::poison(format!("{field} is not a time")))
}

/// When an event occurred, according to its envelope.
pub fn occurred_at(event: &Envelope) -> Result<Timestamp, HandleError> {
    time("the time of the event", event.time_micros)
}

/// A word of a vocabulary, such as a status. A newer version of the publisher may send words that this one does not
/// know.
pub fn word<T: FromStr<Err = UnknownVariant>>(field: &str, text: &str) -> Result<T, HandleError> {
    text.parse().map_err(|error: UnknownVariant| HandleError::unsupported(format!("{field}: {error}")))
}

/// A value other than a word that is sent as text: a date, a rate.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_of_the_years_1970_to_9999() {
        let (first, last) = (0, 253_402_300_799_999_999);
        let text = |micros| time("at", micros).map(|at| at.to_string()).map_err(|error| error.to_string());
        assert_eq!(text(first), Ok("1970-01-01T00:00:00Z".to_owned()));
        assert_eq!(text(last), Ok("9999-12-31T23:59:59.999999Z".to_owned()));
        for micros in [first - 1, last + 1, i64::MIN, i64::MAX] {
            assert_eq!(text(micros), Err("at is not a time".to_owned()), "{micros}");
        }
    }
}
