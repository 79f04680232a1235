//! Settings of documents, the same in every service that issues some.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use documents::Logo;
use documents::model::{Company, Proof};
use documents::verification::{Code, CodeKeys};
use runtime::{ConfigError, Env};

/// What documents of the platform have in common.
#[derive(Debug, Clone)]
pub struct DocumentSettings {
    /// `COMPANY_NAME`, `COMPANY_ADDRESS` (lines separated by `|`), `COMPANY_CONTACT`, `COMPANY_GSTIN`, `COMPANY_TAN`,
    /// `COMPANY_PAN`: how documents name the company.
    pub company: Company,
    /// `COMPANY_LOGO`: path of a PNG file; none by default.
    pub logo: Option<Logo>,
    /// `DOCUMENT_KEYS`: keys of the verification codes, each 32 bytes in base64, separated by commas; the first makes
    /// new codes, all of them prove.
    pub keys: CodeKeys,
    /// `PUBLIC_URL`: base URL of the platform, where its page of verification is.
    public_url: String,
}

impl DocumentSettings {
    /// Reads the settings. Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let text = |variable: &str| env.line_or(variable, "");
        let address = text("COMPANY_ADDRESS")?;
        let company = Company {
            name: env.company_name()?,
            address: address.split('|').map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect(),
            contact: text("COMPANY_CONTACT")?,
            gstin: text("COMPANY_GSTIN")?,
            tan: text("COMPANY_TAN")?,
            pan: text("COMPANY_PAN")?,
        };
        Ok(Self { company, logo: logo(env)?, keys: keys(env)?, public_url: env.public_url()? })
    }

    /// What is printed to prove a document genuine.
    pub fn proof(&self, code: &Code) -> Proof {
        Proof { code: code.to_string(), url: format!("{}/verify/{code}", self.public_url) }
    }
}

fn logo(env: &Env) -> Result<Option<Logo>, ConfigError> {
    let Some(path) = env.get("COMPANY_LOGO").filter(|path| !path.is_empty()) else { return Ok(None) };
    let bytes = std::fs::read(path).map_err(|error| ConfigError::new("COMPANY_LOGO", error))?;
    Logo::try_from_png(bytes).map(Some).map_err(|error| ConfigError::new("COMPANY_LOGO", error))
}

fn keys(env: &Env) -> Result<CodeKeys, ConfigError> {
    let bad = || ConfigError::new("DOCUMENT_KEYS", "is not 32 bytes in base64, or several separated by commas");
    let parse = |key: &str| STANDARD.decode(key.trim()).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let keys: Option<Vec<_>> = env.required("DOCUMENT_KEYS")?.split(',').map(parse).collect();
    keys.and_then(CodeKeys::try_new).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    #[test]
    fn the_company_is_named_as_configured_and_a_bad_setting_by_its_name() {
        let base = [("DOCUMENT_KEYS", KEY), ("COMPANY_NAME", "Bharat EV"), ("COMPANY_ADDRESS", "1 Main Road | Pune |")];
        let read = |more: &[(&str, &str)]| DocumentSettings::from_env(&Env::from_pairs([&base, more].concat()));
        let settings = read(&[("PUBLIC_URL", "https://ev.example/")]).expect("settings");
        assert_eq!(settings.company.address, ["1 Main Road", "Pune"]);
        let code: Code = "B-00000-00000-00000-00000".parse().expect("a code");
        assert_eq!(settings.proof(&code).url, "https://ev.example/verify/B-00000-00000-00000-00000");
        for bad in [
            ("DOCUMENT_KEYS", ""),
            ("DOCUMENT_KEYS", "short"),
            ("DOCUMENT_KEYS", "AAAA"),
            ("COMPANY_NAME", "two\nlines"),
            ("COMPANY_LOGO", "/nowhere/logo.png"),
            ("COMPANY_LOGO", "/dev/null"),
        ] {
            assert_eq!(read(&[bad]).expect_err(bad.1).variable, bad.0, "{}", bad.1);
        }
        let two = format!("{KEY}, {KEY}");
        assert!(read(&[("DOCUMENT_KEYS", &two)]).is_ok());
    }
}
