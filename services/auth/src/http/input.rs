//! What several requests ask for, and how it is checked.

use crate::domain::identifier::Identifier;
use crate::domain::person;
use chassis::http::{FieldErrors, Problem};
use domain::PersonText;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

const MAX_LINE: usize = 200;
const MAX_PLACE: usize = 100;
const MAX_COUNTRY: usize = 60;

/// A personal number. What is not a string is refused without being repeated, as errors end up in logs.
#[derive(Default, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct Private(pub(crate) String);

impl<'de> Deserialize<'de> for Private {
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

#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddressInput {
    line1: PersonText,
    line2: Option<PersonText>,
    city: PersonText,
    state: PersonText,
    /// Six digits.
    pincode: String,
    country: PersonText,
}

/// An address whose parts are trimmed.
pub(crate) struct Address {
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
}

impl AddressInput {
    pub(crate) fn check(self, errors: &mut FieldErrors) -> Address {
        let address = Address {
            line1: line(errors, "address.line1", &self.line1, MAX_LINE),
            line2: filled(self.line2).map(|text| line(errors, "address.line2", &text, MAX_LINE)),
            city: line(errors, "address.city", &self.city, MAX_PLACE),
            state: line(errors, "address.state", &self.state, MAX_PLACE),
            pincode: self.pincode.trim().to_owned(),
            country: line(errors, "address.country", &self.country, MAX_COUNTRY),
        };
        let holds = person::is_pincode(&address.pincode);
        errors.require("address.pincode", holds, "format", "six digits that do not begin with 0");
        address
    }
}

/// A text of one line, trimmed.
pub(crate) fn line(errors: &mut FieldErrors, field: &str, text: &str, max: usize) -> String {
    let text = text.trim();
    errors.require(field, person::is_line(text, max), "length", format!("1 to {max} characters on one line"));
    text.to_owned()
}

pub(crate) fn name(errors: &mut FieldErrors, field: &str, text: &str) -> String {
    let text = text.trim();
    errors.require(field, person::is_name(text), "length", "1 to 100 characters on one line");
    text.to_owned()
}

/// A text that says something.
pub(crate) fn filled<T: AsRef<str>>(text: Option<T>) -> Option<T> {
    text.filter(|text| !text.as_ref().trim().is_empty())
}

pub(crate) fn identifier(text: &str) -> Result<Identifier, Problem> {
    let found = Identifier::try_new(text);
    let mut errors = FieldErrors::new();
    errors.require("identifier", found.is_some(), "format", "an e-mail address or a mobile number");
    errors.finish("auth.identifier_invalid")?;
    found.ok_or_else(|| Problem::unprocessable("auth.identifier_invalid", "not an identifier"))
}
