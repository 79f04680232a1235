//! Numbers of a payee: permanent account number (PAN), bank account number, and the code of the bank's branch (IFSC).

use crate::rule_violation;
use crate::secret::SecretText;
use crate::unvalidated::FromText;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// A text that does not have the format of its type; displayed as the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FormatRefusal(pub(crate) &'static str);

/// Implements parsing in all its forms by `try_new`, and the schema.
macro_rules! formatted_text {
    ($name:ident from $text:ty, $format:literal, pattern $pattern:literal, example $example:literal) => {
        impl $name {
            const REFUSAL: FormatRefusal = FormatRefusal($format);
            #[cfg(any(feature = "schema", test))]
            const PATTERN: &str = $pattern;
        }
        impl FromText for $name {
            type Text = $text;
            type Refusal = FormatRefusal;
            fn from_text(text: &$text) -> Result<Self, FormatRefusal> {
                Self::try_new(text.as_ref())
            }
        }
        impl FromStr for $name {
            type Err = FormatRefusal;
            fn from_str(text: &str) -> Result<Self, FormatRefusal> {
                Self::try_new(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = FormatRefusal;
            fn try_from(text: String) -> Result<Self, FormatRefusal> {
                Self::try_new(&text)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::from_text(&<$text>::deserialize(deserializer)?).map_err(rule_violation::error)
            }
        }
        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string", "pattern": Self::PATTERN, "description": $format, "examples": [$example]
                })
            }
        }
    };
}

pub(crate) use formatted_text;

/// Defines a number that is shown masked, and in clear only by `reveal`.
macro_rules! secret_number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);
        impl $name {
            /// The number in clear.
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret_number! {
    /// Permanent account number of a taxpayer: five letters, four digits, one letter. Displayed masked.
    Pan
}
formatted_text!(
    Pan from SecretText, "five letters, four digits, one letter",
    pattern r"^\s*[A-Za-z]{5}[0-9]{4}[A-Za-z]\s*$", example "ABCDE1234F"
);

impl Pan {
    /// Parses a PAN in any case, trimmed. Errors when it is malformed.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let text = text.trim().to_ascii_uppercase();
        let is_valid = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| match at {
                5..=8 => b.is_ascii_digit(),
                _ => b.is_ascii_uppercase(),
            });
        if is_valid { Ok(Self(text)) } else { Err(Self::REFUSAL) }
    }
}
impl fmt::Display for Pan {
    /// The first two and the last three characters: `ABxxxxx34F`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |range: std::ops::Range<usize>| self.0.get(range).unwrap_or_default();
        write!(f, "{}xxxxx{}", part(0..2), part(7..10))
    }
}

secret_number! {
    /// Bank account number: 9 to 18 digits. Displayed masked.
    AccountNumber
}
formatted_text!(
    AccountNumber from SecretText, "9 to 18 digits", pattern r"^\s*[0-9]{9,18}\s*$", example "123456789012"
);

impl AccountNumber {
    /// Parses an account number, trimmed. Errors when it is malformed.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let text = text.trim();
        let is_valid = (9..=18).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        if is_valid { Ok(Self(text.to_owned())) } else { Err(Self::REFUSAL) }
    }
}
impl fmt::Display for AccountNumber {
    /// The last four digits: `xxxxxx9012`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.0.len().checked_sub(4).and_then(|at| self.0.get(at..));
        write!(f, "xxxxxx{}", tail.unwrap_or_default())
    }
}

/// Indian Financial System Code, which names the branch of a bank: four letters, a zero, six letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Ifsc(String);
formatted_text!(
    Ifsc from String, "four letters, a zero, six letters or digits",
    pattern r"^\s*[A-Za-z]{4}0[A-Za-z0-9]{6}\s*$", example "HDFC0001234"
);
crate::part_column!(Ifsc: Text, str as String, |ifsc| ifsc.as_str(), |text| Ok(text.parse()?));

impl Ifsc {
    /// Parses an IFSC in any case, trimmed. Errors when it is malformed.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let text = text.trim().to_ascii_uppercase();
        let is_valid = text.len() == 11
            && text.bytes().enumerate().all(|(at, b)| match at {
                0..=3 => b.is_ascii_uppercase(),
                4 => b == b'0',
                _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
            });
        if is_valid { Ok(Self(text)) } else { Err(Self::REFUSAL) }
    }
    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl From<Ifsc> for String {
    fn from(ifsc: Ifsc) -> Self {
        ifsc.0
    }
}
impl fmt::Display for Ifsc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_number_is_shown_masked() {
        let pan = Pan::try_new(" abcde1234f ").expect("a PAN");
        assert_eq!(
            (pan.reveal(), format!("{pan:?}"), pan.to_string()),
            ("ABCDE1234F", "Pan(…)".into(), "ABxxxxx34F".into())
        );
        let number = AccountNumber::try_new(" 123456789 ").expect("an account number");
        assert_eq!((number.reveal(), number.to_string()), ("123456789", "xxxxxx6789".into()));
        assert_eq!(format!("{number:?}"), "AccountNumber(…)");
    }

    #[test]
    fn a_pan_is_five_letters_four_digits_and_a_letter() {
        for bad in ["", "ABCDE1234", "ABCDE12345", "ABCD11234F", "ABCDE1234FF", "ABCDE12 4F", "ÀBCDE123F"] {
            assert_eq!(Pan::try_new(bad), Err(Pan::REFUSAL), "{bad}");
        }
    }

    #[test]
    fn an_account_number_has_nine_to_eighteen_digits() {
        for (length, expected) in [(8, false), (9, true), (18, true), (19, false)] {
            assert_eq!(AccountNumber::try_new(&"7".repeat(length)).is_ok(), expected, "{length}");
        }
        for bad in ["12345678x", "=12345678", "१२३४५६७८९", "1234 56789"] {
            assert!(AccountNumber::try_new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ifsc_is_a_bank_code_a_zero_and_a_branch_code() {
        for good in ["HDFC0001234", "SBIN0ABC123", " hdfc0001234 "] {
            assert!(Ifsc::try_new(good).is_ok(), "{good}");
        }
        for bad in ["HDFC1001234", "HDF00001234", "HDFC000123", "HDFC00012345", "HDF€0001234", "HDFC0 01234", ""] {
            assert_eq!(Ifsc::try_new(bad), Err(Ifsc::REFUSAL), "{bad}");
        }
        let stored = serde_json::to_string(&Ifsc::try_new("sbin0abc123").expect("an IFSC")).expect("serializes");
        assert_eq!(stored, "\"SBIN0ABC123\"");
    }

    #[test]
    fn a_refusal_of_a_secret_does_not_contain_it() {
        for json in ["\"12345678x\"", "12345678"] {
            let error = serde_json::from_str::<AccountNumber>(json).expect_err("refused").to_string();
            assert!(!error.contains("1234"), "{error}");
        }
    }

    fn texts_of(pattern: &str) -> impl Strategy<Value = String> {
        proptest::string::string_regex(pattern.trim_start_matches('^').trim_end_matches('$')).expect("a pattern")
    }

    proptest! {
        #[test]
        fn what_the_schema_allows_is_accepted(
            pan in texts_of(Pan::PATTERN), number in texts_of(AccountNumber::PATTERN), ifsc in texts_of(Ifsc::PATTERN)
        ) {
            prop_assert!(Pan::try_new(&pan).is_ok(), "{pan:?}");
            prop_assert!(AccountNumber::try_new(&number).is_ok(), "{number:?}");
            prop_assert!(Ifsc::try_new(&ifsc).is_ok(), "{ifsc:?}");
        }
    }
}
