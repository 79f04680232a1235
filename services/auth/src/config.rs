//! What auth reads from the environment.

use crate::domain::identifier::Identifier;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chassis::{ConfigError, Env};
use secrecy::SecretBox;

pub(crate) struct Config {
    /// `OTP_KEY`: base64 of 32 bytes, required. One-time codes are stored as hashes under it.
    pub(crate) otp_key: SecretBox<[u8; 32]>,
    /// `PUBLIC_URL`: where people reach the platform, for links. Default `http://localhost:8080`.
    pub(crate) public_url: String,
    /// `BOOTSTRAP_ADMIN`: the e-mail address of the first administrator, made at the start. Default none.
    pub(crate) bootstrap_admin: Option<Identifier>,
}

impl Config {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let otp_key = STANDARD
            .decode(env.required("OTP_KEY")?)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| ConfigError::new("OTP_KEY", "is not base64 of 32 bytes"))?;
        let public_url = env.or("PUBLIC_URL", "http://localhost:8080").trim_end_matches('/').to_owned();
        if !public_url.starts_with("http://") && !public_url.starts_with("https://") {
            return Err(ConfigError::new("PUBLIC_URL", "is not an http or https address"));
        }
        let bootstrap_admin = env
            .get("BOOTSTRAP_ADMIN")
            .map(|text| {
                Identifier::email(text).ok_or_else(|| ConfigError::new("BOOTSTRAP_ADMIN", "is not an e-mail address"))
            })
            .transpose()?;
        Ok(Self { otp_key: SecretBox::new(Box::new(otp_key)), public_url, bootstrap_admin })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn refused(pairs: &[(&str, &str)]) -> Option<String> {
        Config::from_env(&Env::from_pairs(pairs.iter().copied())).err().map(|e| e.variable)
    }

    #[test]
    fn a_bad_variable_stops_the_boot_and_is_named() {
        assert_eq!(refused(&[("OTP_KEY", KEY), ("BOOTSTRAP_ADMIN", "admin@ev.local")]), None);
        assert_eq!(refused(&[]).as_deref(), Some("OTP_KEY"));
        assert_eq!(refused(&[("OTP_KEY", "short")]).as_deref(), Some("OTP_KEY"));
        assert_eq!(refused(&[("OTP_KEY", KEY), ("PUBLIC_URL", "ev.local")]).as_deref(), Some("PUBLIC_URL"));
        assert_eq!(refused(&[("OTP_KEY", KEY), ("BOOTSTRAP_ADMIN", "x")]).as_deref(), Some("BOOTSTRAP_ADMIN"));
    }
}
