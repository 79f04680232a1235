//! Settings of this service.

use chassis::{ConfigError, Env};

#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// `PLAN_NOTICE_HOURS`, hours, default 24: how far ahead a new plan version must take effect.
    pub plan_notice_hours: i64,
}

impl Config {
    pub fn read(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { plan_notice_hours: env.parse_in("PLAN_NOTICE_HOURS", 24, 0..=8_784, "hours")? })
    }
}
