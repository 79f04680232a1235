//! Numbers of vehicles.

use std::fmt;

/// A vehicle identification or chassis number: capital letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VehicleNumber(String);

/// A text is not a vehicle number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vehicle number has {MIN_CHARS} to {MAX_CHARS} letters, digits and hyphens, and at least one digit")]
pub struct NotAVehicleNumber;

const MIN_CHARS: usize = 5;
const MAX_CHARS: usize = 32;

impl VehicleNumber {
    /// Reads a number as it is typed, with spaces and small letters.
    pub fn parse(text: &str) -> Result<Self, NotAVehicleNumber> {
        let number: String = text.split_whitespace().collect::<String>().to_ascii_uppercase();
        let is_allowed = number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let has_digit = number.bytes().any(|byte| byte.is_ascii_digit());
        if is_allowed && has_digit && (MIN_CHARS..=MAX_CHARS).contains(&number.len()) {
            Ok(Self(number))
        } else {
            Err(NotAVehicleNumber)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VehicleNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_is_typed() {
        for (text, number) in [
            ("MA1TA2BRXK2A12345", Some("MA1TA2BRXK2A12345")),
            (" ma1ta2 brxk2a12345 ", Some("MA1TA2BRXK2A12345")),
            ("EV-001", Some("EV-001")),
            ("AB12", None),
            ("ABCDE", None),
            ("EV_0001", None),
            ("EV–0001", None),
            ("", None),
            (&"1".repeat(32), Some("11111111111111111111111111111111")),
            (&"1".repeat(33), None),
        ] {
            assert_eq!(VehicleNumber::parse(text).ok().as_ref().map(VehicleNumber::as_str), number, "{text}");
        }
    }
}
