//! Text of a limited length: lines, names, reasons.

use crate::rule_violation;
use crate::text::{MultilineText, SingleLineText, TextError};
use crate::unvalidated::FromText;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// Maximum length of the name of a person or a bank.
pub const MAX_NAME_CHARS: usize = 100;
/// Maximum length of the reason of a decision, in every service.
pub const MAX_REASON_CHARS: usize = 500;

/// Why a text is refused. The limits are those of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextRefusal {
    /// Nothing is left after trimming.
    #[error("1 to {max_chars} characters")]
    Empty { max_chars: usize },
    /// It has more characters.
    #[error("1 to {max_chars} characters")]
    TooLong { max_chars: usize },
    /// It has a character that a text must not contain.
    #[error(transparent)]
    Characters(#[from] TextError),
}

fn check_length(text: &str, max_chars: usize) -> Result<(), TextRefusal> {
    match text.chars().count() {
        0 => Err(TextRefusal::Empty { max_chars }),
        chars if chars > max_chars => Err(TextRefusal::TooLong { max_chars }),
        _ => Ok(()),
    }
}

/// One line of 1 to `MAX` characters, in normal form C, without surrounding spaces.
///
/// ```
/// use domain::Line;
/// assert_eq!(Line::<4>::try_new(" Asha ").unwrap().as_str(), "Asha");
/// assert!(Line::<3>::try_new("Asha").is_err());
/// assert!(Line::<9>::try_new("two\nlines").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Line<const MAX: usize>(SingleLineText);

/// Full name of a person, or of a bank.
pub type PersonName = Line<MAX_NAME_CHARS>;

/// Reason of a decision: 1 to 500 characters on any number of lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Reason(MultilineText);

/// Text of 1 to `MAX` characters on any number of lines.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Paragraphs<const MAX: usize>(MultilineText);

macro_rules! bounded_text {
    ([$($generics:tt)*] $name:ty, $text:ident, $max_chars:expr) => {
        impl<$($generics)*> $name {
            /// Normalizes `text`. Errors when it is blank, too long, or has a character that is not allowed.
            pub fn try_new(text: &str) -> Result<Self, TextRefusal> {
                Self::try_from($text::try_new(text)?)
            }
            /// The normalized text.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
            /// The normalized text.
            pub fn into_string(self) -> String {
                self.0.into_string()
            }
        }
        impl<$($generics)*> TryFrom<$text> for $name {
            type Error = TextRefusal;
            fn try_from(text: $text) -> Result<Self, TextRefusal> {
                check_length(text.as_str(), $max_chars).map(|()| Self(text))
            }
        }
        impl<$($generics)*> TryFrom<String> for $name {
            type Error = TextRefusal;
            fn try_from(text: String) -> Result<Self, TextRefusal> {
                Self::try_new(&text)
            }
        }
        impl<$($generics)*> FromStr for $name {
            type Err = TextRefusal;
            fn from_str(text: &str) -> Result<Self, TextRefusal> {
                Self::try_new(text)
            }
        }
        impl<$($generics)*> FromText for $name {
            type Text = $text;
            type Refusal = TextRefusal;
            fn from_text(text: &$text) -> Result<Self, TextRefusal> {
                Self::try_from(text.clone())
            }
        }
        impl<$($generics)*> From<$name> for String {
            fn from(text: $name) -> Self {
                text.into_string()
            }
        }
        impl<$($generics)*> AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }
        impl<$($generics)*> fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl<'de, $($generics)*> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::try_from($text::deserialize(deserializer)?).map_err(rule_violation::error)
            }
        }
        #[cfg(feature = "schema")]
        impl<$($generics)*> schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                format!("{}{}", stringify!($text), $max_chars).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": $max_chars })
            }
        }
    };
}
bounded_text!([const MAX: usize] Line<MAX>, SingleLineText, MAX);
bounded_text!([] Reason, MultilineText, MAX_REASON_CHARS);
bounded_text!([const MAX: usize] Paragraphs<MAX>, MultilineText, MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_character_to_its_maximum() {
        assert_eq!(Line::<3>::try_new(" \u{a0} "), Err(TextRefusal::Empty { max_chars: 3 }));
        assert_eq!(Line::<3>::try_new("abcd"), Err(TextRefusal::TooLong { max_chars: 3 }));
        for good in ["a", "abc", " abc ", "आशा", "Jose\u{301}"] {
            assert!(Line::<4>::try_new(good).is_ok(), "{good}");
        }
        for (length, expected) in [(0, false), (1, true), (499, true), (500, true), (501, false)] {
            assert_eq!(Reason::try_new(&"अ".repeat(length)).is_ok(), expected, "{length}");
        }
    }

    #[test]
    fn a_reason_may_have_several_lines_and_a_name_has_one() {
        assert_eq!(Reason::try_new("one\ntwo").map(String::from).as_deref(), Ok("one\ntwo"));
        assert_eq!(PersonName::try_new("one\ntwo"), Err(TextRefusal::Characters(TextError::Control)));
        assert_eq!(Reason::try_new("a\u{202e}b"), Err(TextRefusal::Characters(TextError::Direction)));
    }

    #[test]
    fn a_field_of_a_request_may_be_left_blank() {
        use crate::Unvalidated;
        let field = |json: &str| serde_json::from_str::<Unvalidated<Reason>>(json).expect("a string");
        assert_eq!(field("\"  \"").validate_unless_blank(), Ok(None));
        assert_eq!(field("\"  \"").validate(), Err(TextRefusal::Empty { max_chars: 500 }));
        let long = format!("\"{}\"", "x".repeat(501));
        assert_eq!(field(&long).validate_unless_blank(), Err(TextRefusal::TooLong { max_chars: 500 }));
        assert_eq!(Unvalidated::<Reason>::default().validate_unless_blank(), Ok(None));
        // A character that no text may contain is refused when the body is read.
        assert!(serde_json::from_str::<Unvalidated<Reason>>("\"a\\u0007b\"").is_err());
    }

    #[test]
    fn a_refused_text_is_a_rule_violation() {
        let refused = serde_json::from_str::<Line<3>>("\"abcd\"").expect_err("refused").to_string();
        assert!(crate::rule_violation::rule_of(&refused).is_some_and(|rule| rule.starts_with("1 to 3 characters")));
    }
}
