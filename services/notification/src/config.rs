//! Settings from the environment.

use runtime::{ConfigError, Env};

/// Settings of the notification service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Config {
    /// `NOTIFICATION_MAX_STREAMS`: limit of open streams of one process, including those without a token yet. Further
    /// ones get status 503. 10000 (default); 10 to 1000000.
    pub(crate) max_streams: usize,
}

impl Config {
    /// Reads the settings. Errors with the name of the variable that is invalid.
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let max_streams = env.parse_in_range("NOTIFICATION_MAX_STREAMS", 10_000_usize, 10..=1_000_000, "streams")?;
        Ok(Self { max_streams })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_limit_out_of_range_is_refused_with_the_variable_name() {
        let read = |value: &str| Config::from_env(&Env::from_pairs([("NOTIFICATION_MAX_STREAMS", value)]));
        assert_eq!(read(""), Ok(Config { max_streams: 10_000 }));
        assert_eq!(read("10"), Ok(Config { max_streams: 10 }));
        for bad in ["9", "0", "-1", "1000001", "many"] {
            assert_eq!(read(bad).err().map(|e| e.variable), Some("NOTIFICATION_MAX_STREAMS".to_owned()), "{bad}");
        }
    }
}
