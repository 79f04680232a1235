//! Fields of requests that are read first and validated together, so that one answer names every invalid field.

use serde::{Deserialize, Deserializer};
use std::fmt;

/// A value that a field of a request can hold.
pub trait FromText: Sized {
    /// The text of the field. What its type refuses is answered when the body is read.
    type Text: AsRef<str>;
    /// Why a text is refused.
    type Refusal;
    /// Parses the text. Errors when it breaks a rule of the value.
    fn from_text(text: &Self::Text) -> Result<Self, Self::Refusal>;
}

/// The text of a field that holds a `T`, not validated yet. API documents describe the field as a `T`.
///
/// ```
/// use domain::{Ifsc, Unvalidated};
/// # use domain::payee::FormatRefusal;
/// let field: Unvalidated<Ifsc> = serde_json::from_str("\"hdfc0001234\"").unwrap();
/// assert_eq!(field.validate(), "HDFC0001234".parse::<Ifsc>());
/// ```
pub struct Unvalidated<T: FromText>(T::Text);

impl<T: FromText> Unvalidated<T> {
    /// Parses the text. Errors when it breaks a rule of the value.
    pub fn validate(&self) -> Result<T, T::Refusal> {
        T::from_text(&self.0)
    }
    /// Parses the text; `None` for a blank one. Errors when it breaks a rule of the value.
    pub fn validate_unless_blank(&self) -> Result<Option<T>, T::Refusal> {
        if self.0.as_ref().trim().is_empty() { Ok(None) } else { self.validate().map(Some) }
    }
}
impl<T: FromText<Text: Default>> Default for Unvalidated<T> {
    fn default() -> Self {
        Self(T::Text::default())
    }
}
impl<T: FromText> fmt::Debug for Unvalidated<T> {
    /// Hides the text, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unvalidated(…)")
    }
}
impl<'de, T: FromText<Text: Deserialize<'de>>> Deserialize<'de> for Unvalidated<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::Text::deserialize(deserializer).map(Self)
    }
}
#[cfg(feature = "schema")]
impl<T: FromText + schemars::JsonSchema> schemars::JsonSchema for Unvalidated<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}
