//! Settings from the environment.

use domain::tax::{TaxRule, preset};
use pii::Sealer;
use runtime::{ConfigError, Env};

/// Settings of the payout service.
#[derive(Debug)]
pub struct Config {
    /// `PII_KEYS`, `PII_INDEX_KEY`: keys that encrypt and index PANs and account numbers.
    pub sealer: Sealer,
    /// `TAX_PRESET`: tax rules of a new database, `seed` (default) or `it_act_2025`. An administrator adds later
    /// rules.
    pub first_rules: Vec<TaxRule>,
    /// `BANK_ACCOUNT_WAIT_HOURS`: hours between adding a bank account and the earliest time its owner can verify it
    /// with a fresh one-time code. Staff can verify it at once. 72 (default); 0 to 8760.
    pub account_wait_hours: i64,
    /// `PAYOUT_EXPIRY_DAYS`: days after which a pending request is rejected and its wallet hold released. 30
    /// (default); 1 to 3650, or `none` to disable expiry.
    pub expiry_days: Option<i64>,
}

impl Config {
    /// Reads the settings. Errors with the name of the variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let account_wait_hours = env.parse_in_range("BANK_ACCOUNT_WAIT_HOURS", 72_i64, 0..=8_760, "hours")?;
        let expiry_days = match env.get_or("PAYOUT_EXPIRY_DAYS", "30") {
            "none" => None,
            _ => Some(env.parse_in_range("PAYOUT_EXPIRY_DAYS", 30_i64, 1..=3_650, "days, or none,")?),
        };
        let name = env.get_or("TAX_PRESET", "seed");
        let rules = preset(name);
        Ok(Self {
            sealer: Sealer::from_env(env)?,
            first_rules: rules.ok_or_else(|| ConfigError::refused("TAX_PRESET", name, "seed or it_act_2025"))?,
            account_wait_hours,
            expiry_days,
        })
    }
}
