//! Request fields used by several handlers, and their validation.

use crate::domain::identifier::Identifier;
use crate::domain::user::{self, PostalAddress};
use domain::{Line, Unvalidated};
use http_api::{FieldErrors, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

/// A first or last name. Two of them and a space fit into a full name of 100 characters.
pub(crate) type NamePart = Line<49>;

/// Postal address in a request.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AddressInput {
    line1: Unvalidated<Line<200>>,
    line2: Option<Unvalidated<Line<200>>>,
    city: Unvalidated<Line<100>>,
    state: Unvalidated<Line<100>>,
    /// Six digits.
    pincode: String,
    country: Unvalidated<Line<60>>,
}

impl AddressInput {
    /// Trims and validates the address; adds what is wrong to `errors`.
    pub(crate) fn validate(self, errors: &mut FieldErrors) -> PostalAddress {
        let pincode = user::parse_pincode(&self.pincode);
        let address = PostalAddress {
            line1: validate_line(errors, "address.line1", &self.line1),
            line2: validate_optional_line(errors, "address.line2", self.line2.as_ref()),
            city: validate_line(errors, "address.city", &self.city),
            state: validate_line(errors, "address.state", &self.state),
            pincode: pincode.clone().unwrap_or_default(),
            country: validate_line(errors, "address.country", &self.country),
        };
        errors.require("address.pincode", pincode.is_some(), "format", "six digits that do not begin with 0");
        address
    }
}

/// Validates a line. Adds to `errors` and returns an empty text when it is invalid.
pub(crate) fn validate_line<const MAX: usize>(
    errors: &mut FieldErrors,
    field: &str,
    text: &Unvalidated<Line<MAX>>,
) -> String {
    let line = text.validate();
    errors.require(field, line.is_ok(), "length", format!("1 to {MAX} characters on one line"));
    line.map(Line::into_string).unwrap_or_default()
}

/// Validates a line that may be left out or blank.
pub(crate) fn validate_optional_line<const MAX: usize>(
    errors: &mut FieldErrors,
    field: &str,
    text: Option<&Unvalidated<Line<MAX>>>,
) -> Option<String> {
    let text = text.filter(|text| !matches!(text.validate_unless_blank(), Ok(None)))?;
    Some(validate_line(errors, field, text))
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
