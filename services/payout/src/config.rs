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
        let account_wait_hours = env.parse_or("BANK_ACCOUNT_WAIT_HOURS", 72_i64)?;
        if !(0..=8_760).contains(&account_wait_hours) {
            return Err(ConfigError::new("BANK_ACCOUNT_WAIT_HOURS", "must be from 0 to 8760"));
        }
        let expiry_days = match env.or("PAYOUT_EXPIRY_DAYS", "30") {
            "none" => None,
            days => Some(days.parse().ok().filter(|days| (1..=3_650).contains(days)).ok_or_else(|| {
                ConfigError::new("PAYOUT_EXPIRY_DAYS", "must be a number of days from 1 to 3650, or none")
            })?),
        };
        let rules = preset(env.or("TAX_PRESET", "seed"));
        Ok(Self {
            sealer: Sealer::from_env(env)?,
            first_rules: rules.ok_or_else(|| ConfigError::new("TAX_PRESET", "must be seed or it_act_2025"))?,
            account_wait_hours,
            expiry_days,
        })
    }
}
