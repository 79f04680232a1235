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
}

impl Config {
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let rules = preset(env.or("TAX_PRESET", "seed"));
        Ok(Self {
            sealer: Sealer::from_env(env)?,
            first_rules: rules.ok_or_else(|| ConfigError::new("TAX_PRESET", "must be seed or it_act_2025"))?,
        })
    }
}
