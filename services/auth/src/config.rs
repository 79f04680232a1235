//! Configuration of auth, read from the environment.

use crate::domain::code_limits::CodeLimits;
use crate::domain::distributor::ApprovalMode;
use crate::domain::identifier::Identifier;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use runtime::{ConfigError, Env};
use secrecy::SecretBox;

/// Settings of the auth service, validated.
pub(crate) struct Config {
    /// `OTP_KEY`: base64 of 32 bytes, required. Keys the hashes of one-time codes.
    pub(crate) otp_key: SecretBox<[u8; 32]>,
    /// `PUBLIC_URL`: base URL of the platform, for referral links. Default `http://localhost:8080`.
    pub(crate) public_url: String,
    /// `BOOTSTRAP_ADMIN`: e-mail address of the first administrator, created at the start. Default none.
    pub(crate) bootstrap_admin: Option<Identifier>,
    /// `OTP_…`: limits of one-time codes.
    pub(crate) code_limits: CodeLimits,
    /// `DISTRIBUTOR_APPROVAL`: `staff` approve applications to become a distributor (default), or `automatic`.
    pub(crate) distributor_approval: ApprovalMode,
}

impl Config {
    /// Reads and validates the variables. Errors with the name of the first variable that is missing or invalid.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let otp_key = STANDARD
            .decode(env.required("OTP_KEY")?)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .ok_or_else(|| ConfigError::new("OTP_KEY", "is not base64 of 32 bytes"))?;
        let public_url = env.public_url()?;
        let bootstrap_admin = env
            .get("BOOTSTRAP_ADMIN")
            .map(|text| {
                Identifier::email(text).ok_or_else(|| ConfigError::new("BOOTSTRAP_ADMIN", "is not an e-mail address"))
            })
            .transpose()?;
        let code_limits = code_limits(env)?;
        let approval = env.get_or("DISTRIBUTOR_APPROVAL", ApprovalMode::Staff.as_str());
        let distributor_approval = approval
            .parse()
            .map_err(|_| ConfigError::refused("DISTRIBUTOR_APPROVAL", approval, "staff or automatic"))?;
        let otp_key = SecretBox::new(Box::new(otp_key));
        Ok(Self { otp_key, public_url, bootstrap_admin, code_limits, distributor_approval })
    }
}

/// Upper bound of every rate limit setting, in codes or attempts per window.
const MAX_RATE_LIMIT: u64 = 100_000;
/// Upper bound of one wait in `OTP_RESEND_SECS`.
const MAX_RESEND_SECS: u32 = 3600;

fn code_limits(env: &Env) -> Result<CodeLimits, ConfigError> {
    let codes = |variable, default| env.parse_in_range(variable, default, 1..=MAX_RATE_LIMIT, "codes");
    let attempts = |variable, default| env.parse_in_range(variable, default, 1..=MAX_RATE_LIMIT, "attempts");
    Ok(CodeLimits {
        ttl_secs: env.parse_in_range("OTP_TTL_SECS", 600, 60..=600, "seconds")?,
        live_codes: env.parse_in_range("OTP_LIVE_CODES", 3, 1..=10, "codes")?,
        resend_secs: resend_secs(env.get_or("OTP_RESEND_SECS", "30,60,120"))?,
        codes_per_hour: codes("OTP_CODES_PER_HOUR", 5)?,
        codes_per_day: codes("OTP_CODES_PER_DAY", 15)?,
        codes_per_identifier_day: codes("OTP_CODES_PER_IDENTIFIER_DAY", 30)?,
        attempts_per_code: env.parse_in_range("OTP_TRIES_PER_CODE", 5, 1..=10, "attempts")?,
        attempts_per_day: attempts("OTP_TRIES_PER_DAY", 20)?,
        attempts_per_identifier_day: attempts("OTP_TRIES_PER_IDENTIFIER_DAY", 100)?,
        attempts_per_address_day: attempts("OTP_TRIES_PER_ADDRESS_DAY", 300)?,
        known_address_days: env.parse_in_range("OTP_KNOWN_ADDRESS_DAYS", 90, 1..=365, "days")?,
        exempt_loopback: env.switch_or("OTP_EXEMPT_LOOPBACK", false)?,
    })
}

fn resend_secs(text: &str) -> Result<Vec<u32>, ConfigError> {
    let wait = |part: &str| part.trim().parse().ok().filter(|secs| (1..=MAX_RESEND_SECS).contains(secs));
    let waits: Option<Vec<u32>> = text.split(',').map(wait).collect();
    waits.filter(|waits| waits.len() <= 10).ok_or_else(|| {
        let accepted = format!("up to 10 numbers of seconds from 1 to {MAX_RESEND_SECS}, separated by commas");
        ConfigError::refused("OTP_RESEND_SECS", text, accepted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn refused_variable(pairs: &[(&str, &str)]) -> Option<String> {
        Config::from_env(&Env::from_pairs(pairs.iter().copied())).err().map(|e| e.variable)
    }

    #[test]
    fn a_bad_variable_stops_the_boot_and_is_named() {
        assert_eq!(refused_variable(&[("OTP_KEY", KEY), ("BOOTSTRAP_ADMIN", "admin@ev.local")]), None);
        assert_eq!(refused_variable(&[]).as_deref(), Some("OTP_KEY"));
        assert_eq!(refused_variable(&[("OTP_KEY", "short")]).as_deref(), Some("OTP_KEY"));
        assert_eq!(refused_variable(&[("OTP_KEY", KEY), ("PUBLIC_URL", "ev.local")]).as_deref(), Some("PUBLIC_URL"));
        assert_eq!(refused_variable(&[("OTP_KEY", KEY), ("BOOTSTRAP_ADMIN", "x")]).as_deref(), Some("BOOTSTRAP_ADMIN"));
        for (variable, good, bad) in [
            ("OTP_TTL_SECS", "60", "601"),
            ("OTP_LIVE_CODES", "10", "0"),
            ("OTP_RESEND_SECS", "30, 60", "30,0"),
            ("OTP_RESEND_SECS", "1", "soon"),
            ("OTP_CODES_PER_HOUR", "1", "-1"),
            ("OTP_CODES_PER_DAY", "100000", "100001"),
            ("OTP_CODES_PER_IDENTIFIER_DAY", "1", "1.5"),
            ("OTP_TRIES_PER_CODE", "10", "11"),
            ("OTP_TRIES_PER_DAY", "1", "0"),
            ("OTP_TRIES_PER_IDENTIFIER_DAY", "1", "many"),
            ("OTP_TRIES_PER_ADDRESS_DAY", "1", "0"),
            ("OTP_KNOWN_ADDRESS_DAYS", "365", "366"),
            ("OTP_EXEMPT_LOOPBACK", "on", "yes"),
            ("DISTRIBUTOR_APPROVAL", "automatic", "on"),
        ] {
            assert_eq!(refused_variable(&[("OTP_KEY", KEY), (variable, good)]), None, "{variable}={good}");
            assert_eq!(
                refused_variable(&[("OTP_KEY", KEY), (variable, bad)]).as_deref(),
                Some(variable),
                "{variable}={bad}"
            );
        }
    }
}
