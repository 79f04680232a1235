//! Settings of the file of a quarter's deductions: the deductor and who answers for it.

use crate::domain::return_file::{Deductor, Party, section_code};
use documents::model::Company;
use runtime::{ConfigError, Env};
use std::collections::BTreeMap;

/// What the file states besides deductions, as far as it is set.
#[derive(Debug, Clone, Default)]
pub struct DeductorSettings {
    category: String,
    state_code: String,
    pin_code: String,
    email: String,
    responsible_name: String,
    responsible_pan: String,
    designation: String,
    mobile: String,
    /// Code of a section in the file, by section.
    section_codes: BTreeMap<String, String>,
}

impl DeductorSettings {
    /// Reads `TDS_DEDUCTOR_CATEGORY` (`K`, a company), `TDS_STATE_CODE`, `TDS_PIN_CODE`, `TDS_EMAIL`,
    /// `TDS_RESPONSIBLE_NAME`, `TDS_RESPONSIBLE_PAN`, `TDS_RESPONSIBLE_DESIGNATION`, `TDS_MOBILE` and
    /// `TDS_SECTION_CODES`: `SECTION=CODE`, separated by commas. Errors with the name of an invalid variable.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let text = |variable| one_field(env, variable);
        let codes = env.get("TDS_SECTION_CODES").unwrap_or_default();
        let codes = codes.split(',').map(str::trim).filter(|code| !code.is_empty());
        Ok(Self {
            category: Some(text("TDS_DEDUCTOR_CATEGORY")?)
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| "K".into()),
            state_code: text("TDS_STATE_CODE")?,
            pin_code: text("TDS_PIN_CODE")?,
            email: text("TDS_EMAIL")?,
            responsible_name: text("TDS_RESPONSIBLE_NAME")?,
            responsible_pan: text("TDS_RESPONSIBLE_PAN")?,
            designation: text("TDS_RESPONSIBLE_DESIGNATION")?,
            mobile: text("TDS_MOBILE")?,
            section_codes: codes.map(parse_code).collect::<Result<_, _>>()?,
        })
    }

    /// The variables without which no file can be made.
    pub fn missing(&self, company: &Company) -> Vec<&'static str> {
        let needed = [
            ("COMPANY_TAN", &company.tan),
            ("COMPANY_PAN", &company.pan),
            ("TDS_STATE_CODE", &self.state_code),
            ("TDS_PIN_CODE", &self.pin_code),
            ("TDS_EMAIL", &self.email),
            ("TDS_RESPONSIBLE_NAME", &self.responsible_name),
            ("TDS_RESPONSIBLE_PAN", &self.responsible_pan),
            ("TDS_RESPONSIBLE_DESIGNATION", &self.designation),
            ("TDS_MOBILE", &self.mobile),
        ];
        let missing = needed.into_iter().filter(|(_, value)| value.is_empty()).map(|(variable, _)| variable);
        missing.chain(company.address.is_empty().then_some("COMPANY_ADDRESS")).collect()
    }

    /// The deductor as the file names it.
    pub fn deductor(&self, company: &Company) -> Deductor {
        let party = |name: &str, pan: &str| Party {
            name: name.to_owned(),
            pan: pan.to_owned(),
            address: company.address.clone(),
            state_code: self.state_code.clone(),
            pin_code: self.pin_code.clone(),
            email: self.email.clone(),
        };
        Deductor {
            tan: company.tan.clone(),
            gstin: company.gstin.clone(),
            category: self.category.clone(),
            party: party(&company.name, &company.pan),
            responsible: party(&self.responsible_name, &self.responsible_pan),
            designation: self.designation.clone(),
            mobile: self.mobile.clone(),
        }
    }

    /// The code of a section: as set, or else derived. `None` when it is unknown.
    pub fn section_code(&self, section: &str) -> Option<String> {
        self.section_codes.get(section).cloned().or_else(|| section_code(section))
    }
}

/// A field of the file: visible ASCII without the separator.
fn one_field(env: &Env, variable: &str) -> Result<String, ConfigError> {
    let text = env.get(variable).unwrap_or_default().trim();
    let is_allowed = |c: char| (c.is_ascii_graphic() || c == ' ') && c != '^';
    if text.len() > 75 || !text.chars().all(is_allowed) {
        return Err(ConfigError::new(variable, "is not one line of at most 75 ASCII characters without ^"));
    }
    Ok(text.to_owned())
}

fn parse_code(text: &str) -> Result<(String, String), ConfigError> {
    let refused = || ConfigError::new("TDS_SECTION_CODES", "is not SECTION=CODE, such as 194H=94H");
    let (section, code) = text.split_once('=').ok_or_else(refused)?;
    let (section, code) = (section.trim(), code.trim());
    let is_code = !code.is_empty() && code.len() <= 6 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    if section.is_empty() || !is_code { Err(refused()) } else { Ok((section.to_owned(), code.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_and_what_is_invalid_is_named() {
        let settings = DeductorSettings::from_env(&Env::default()).expect("settings");
        let missing = settings.missing(&Company::default());
        assert_eq!(
            (missing.len(), missing.first(), missing.last()),
            (10, Some(&"COMPANY_TAN"), Some(&"COMPANY_ADDRESS"))
        );
        for (variable, value) in [
            ("TDS_MOBILE", "90^00"),
            ("TDS_RESPONSIBLE_NAME", "मीरा"),
            ("TDS_SECTION_CODES", "194H"),
            ("TDS_SECTION_CODES", "194H=9^4"),
            ("TDS_SECTION_CODES", "=94H"),
        ] {
            let refused = DeductorSettings::from_env(&Env::from_pairs([(variable, value)])).expect_err(value);
            assert_eq!(refused.variable, variable);
        }
    }

    #[test]
    fn a_section_has_the_code_that_is_set_or_that_of_the_earlier_law() {
        let env = Env::from_pairs([("TDS_SECTION_CODES", "393(1)=1006, 194R=4RP")]);
        let settings = DeductorSettings::from_env(&env).expect("settings");
        let codes = ["393(1)", "194R", "194H", "393(3)"].map(|section| settings.section_code(section));
        assert_eq!(codes, [Some("1006".into()), Some("4RP".into()), Some("94H".into()), None]);
    }
}
