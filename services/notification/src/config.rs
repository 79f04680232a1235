//! Settings from the environment.

use runtime::{ConfigError, Env};

/// Settings of the notification service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// `NOTIFICATION_MAX_STREAMS`: limit of open streams of one process, including those without a token yet. Further
    /// ones get status 503. 10000 (default); 10 to 1000000.
    pub(crate) max_streams: usize,
    /// `NOTIFICATION_KEEP_READ_DAYS`: days after which a read notification is deleted. A fact that is older makes no
    /// notification. 180 (default); 1 to 3650, or `none` to keep all.
    pub(crate) keep_read_days: Option<i64>,
    /// `NOTIFICATION_KEEP_DELIVERIES_DAYS`: days after which a delivery that ended is deleted. 30 (default); 7 to 3650.
    pub(crate) keep_deliveries_days: i64,
    /// `NOTIFICATION_RETRY_HOURS`: hours after which a delivery that could not be sent is given up. 24 (default); 1 to
    /// 168.
    pub(crate) retry_hours: i64,
    /// `PUBLIC_URL`: address of the console in links. `http://localhost:8080` (default).
    pub(crate) public_url: String,
    /// `COMPANY_NAME`: sender below the text of an e-mail. `EV Distribution Platform` (default).
    pub(crate) company_name: String,
}

impl Config {
    /// Reads the settings. Errors with the name of the variable that is invalid.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let max_streams = env.parse_in_range("NOTIFICATION_MAX_STREAMS", 10_000_usize, 10..=1_000_000, "streams")?;
        let keep_read_days = match env.get_or("NOTIFICATION_KEEP_READ_DAYS", "180") {
            "none" => None,
            _ => Some(env.parse_in_range("NOTIFICATION_KEEP_READ_DAYS", 180_i64, 1..=3_650, "days, or none,")?),
        };
        Ok(Self {
            max_streams,
            keep_read_days,
            keep_deliveries_days: env.parse_in_range("NOTIFICATION_KEEP_DELIVERIES_DAYS", 30_i64, 7..=3_650, "days")?,
            retry_hours: env.parse_in_range("NOTIFICATION_RETRY_HOURS", 24_i64, 1..=168, "hours")?,
            public_url: env.public_url()?,
            company_name: env.company_name()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_refused_with_the_variable_name() {
        let read = |variable: &str, value: &str| Config::from_env(&Env::from_pairs([(variable, value)]));
        let defaults = Config {
            max_streams: 10_000,
            keep_read_days: Some(180),
            keep_deliveries_days: 30,
            retry_hours: 24,
            public_url: "http://localhost:8080".into(),
            company_name: "EV Distribution Platform".into(),
        };
        assert_eq!(read("NOTIFICATION_MAX_STREAMS", ""), Ok(defaults.clone()));
        assert_eq!(read("NOTIFICATION_MAX_STREAMS", "10"), Ok(Config { max_streams: 10, ..defaults.clone() }));
        assert_eq!(read("NOTIFICATION_KEEP_READ_DAYS", "none"), Ok(Config { keep_read_days: None, ..defaults }));
        for (variable, bad) in [
            ("NOTIFICATION_MAX_STREAMS", "9"),
            ("NOTIFICATION_MAX_STREAMS", "1000001"),
            ("NOTIFICATION_MAX_STREAMS", "many"),
            ("NOTIFICATION_KEEP_READ_DAYS", "0"),
            ("NOTIFICATION_KEEP_DELIVERIES_DAYS", "6"),
            ("NOTIFICATION_RETRY_HOURS", "169"),
            ("COMPANY_NAME", "two\nlines"),
        ] {
            assert_eq!(read(variable, bad).err().map(|e| e.variable), Some(variable.to_owned()), "{bad}");
        }
    }
}
