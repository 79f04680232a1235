//! Settings of this service.

use chassis::{ConfigError, Env};

#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// `PLAN_NOTICE_HOURS`, hours, default 24: how far ahead a new plan version must take effect.
    pub plan_notice_hours: i64,
}

impl Config {
    pub fn read(env: &Env) -> Result<Self, ConfigError> {
        let plan_notice_hours = env.parse_or("PLAN_NOTICE_HOURS", 24)?;
        if !(0..=8_784).contains(&plan_notice_hours) {
            return Err(ConfigError::new("PLAN_NOTICE_HOURS", "must be from 0 to 8784 hours"));
        }
        Ok(Self { plan_notice_hours })
    }
}
