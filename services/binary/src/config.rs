//! Settings of this service.

use runtime::{ConfigError, Env};

/// Settings from the environment.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// `PLAN_NOTICE_HOURS`, hours, default 24: how far ahead a new plan version must take effect.
    pub plan_notice_hours: i64,
    /// `SIMULATE_SYNC_MEMBERS`, members, default one million: a simulation of a larger tree runs in the background.
    pub simulate_sync_members: usize,
}

impl Config {
    /// Reads the settings. Errors with the name of an invalid variable.
    pub fn read(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            plan_notice_hours: env.parse_in_range("PLAN_NOTICE_HOURS", 24, 0..=8_784, "hours")?,
            simulate_sync_members: env.parse_in_range("SIMULATE_SYNC_MEMBERS", 1_000_000, 0..=10_000_000, "members")?,
        })
    }
}
