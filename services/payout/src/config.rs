//! Settings from the environment.

use chassis::pii::Sealer;
use chassis::{ConfigError, Env};
use domain::tax::{TaxRule, preset};

/// What the service is configured by.
#[derive(Debug)]
pub struct Config {
    /// `PII_KEYS`, `PII_INDEX_KEY`: what PAN and account numbers are sealed with.
    pub sealer: Sealer,
    /// `TAX_PRESET`: the tax rules a new database starts with, `seed` (default) or `it_act_2025`. Later rules are
    /// added by an administrator.
    pub first_rules: Vec<TaxRule>,
    /// `BANK_ACCOUNT_WAIT_HOURS`: hours an account a member added is on their list before a fresh one-time code
    /// makes it one to be paid to, where no staff have verified it. 72 (default); 0 to 8760.
    pub account_wait_hours: i64,
    /// `PAYOUT_EXPIRY_DAYS`: days after which a request that staff have not decided is rejected, and the wallet's hold
    /// ends. 30 (default), at most 3650; `none`: never.
    pub expiry_days: Option<i64>,
}

impl Config {
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let account_wait_hours = env.parse_in("BANK_ACCOUNT_WAIT_HOURS", 72_i64, 0..=8_760, "hours")?;
        let expiry_days = match env.or("PAYOUT_EXPIRY_DAYS", "30") {
            "none" => None,
            _ => Some(env.parse_in("PAYOUT_EXPIRY_DAYS", 30_i64, 1..=3_650, "days, or none,")?),
        };
        let name = env.or("TAX_PRESET", "seed");
        let rules = preset(name);
        Ok(Self {
            sealer: Sealer::from_env(env)?,
            first_rules: rules.ok_or_else(|| ConfigError::refused("TAX_PRESET", name, "seed or it_act_2025"))?,
            account_wait_hours,
            expiry_days,
        })
    }
}
