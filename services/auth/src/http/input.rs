//! Request fields used by several handlers, and their validation.

use crate::domain::identifier::Identifier;
use crate::domain::user;
use chassis::http::{FieldErrors, Problem};
use domain::SingleLineText;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

const MAX_LINE_CHARS: usize = 200;
const MAX_PLACE_CHARS: usize = 100;
const MAX_COUNTRY_CHARS: usize = 60;

/// A personal number. The error for a value of another type does not contain the value, as errors get into logs.
#[derive(Default, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct SensitiveText(pub(crate) String);

impl<'de> Deserialize<'de> for SensitiveText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Null
            | serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::Array(_)
            | serde_json::Value::Object(_) => Err(serde::de::Error::custom("a string is expected")),
        }
    }
}

/// Postal address in a request.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddressInput {
    line1: SingleLineText,
    line2: Option<SingleLineText>,
    city: SingleLineText,
    state: SingleLineText,
    /// Six digits.
    pincode: String,
    country: SingleLineText,
}

/// Validated and trimmed address.
pub(crate) struct Address {
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
}

impl AddressInput {
    /// Trims and validates the address; adds what is wrong to `errors`.
    pub(crate) fn validate(self, errors: &mut FieldErrors) -> Address {
        let address = Address {
            line1: validate_line(errors, "address.line1", &self.line1, MAX_LINE_CHARS),
            line2: non_blank(self.line2).map(|text| validate_line(errors, "address.line2", &text, MAX_LINE_CHARS)),
            city: validate_line(errors, "address.city", &self.city, MAX_PLACE_CHARS),
            state: validate_line(errors, "address.state", &self.state, MAX_PLACE_CHARS),
            pincode: self.pincode.trim().to_owned(),
            country: validate_line(errors, "address.country", &self.country, MAX_COUNTRY_CHARS),
        };
        let is_valid = user::is_pincode(&address.pincode);
        errors.require("address.pincode", is_valid, "format", "six digits that do not begin with 0");
        address
    }
}

/// Trims a text and validates that it is one line of 1 to `max_chars` characters.
pub(crate) fn validate_line(errors: &mut FieldErrors, field: &str, text: &str, max_chars: usize) -> String {
    let text = text.trim();
    errors.require(field, user::is_line(text, max_chars), "length", format!("1 to {max_chars} characters on one line"));
    text.to_owned()
}

/// Trims and validates a full name.
pub(crate) fn validate_name(errors: &mut FieldErrors, field: &str, text: &str) -> String {
    let text = text.trim();
    errors.require(field, user::is_name(text), "length", "1 to 100 characters on one line");
    text.to_owned()
}

/// `None` for a blank text.
pub(crate) fn non_blank<T: AsRef<str>>(text: Option<T>) -> Option<T> {
    text.filter(|text| !text.as_ref().trim().is_empty())
}

/// Parses an identifier. Errors with 422 `auth.identifier_invalid`.
pub(crate) fn parse_identifier(text: &str) -> Result<Identifier, Problem> {
    let identifier = Identifier::try_new(text);
    let mut errors = FieldErrors::new();
    errors.require("identifier", identifier.is_some(), "format", "an e-mail address or a mobile number");
    errors.finish("auth.identifier_invalid")?;
    identifier
        .ok_or_else(|| Problem::unprocessable("auth.identifier_invalid", "not an e-mail address or a mobile number"))
}
