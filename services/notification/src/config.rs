//! Settings from the environment.

use chassis::{ConfigError, Env};

/// What the service is configured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Config {
    /// `NOTIFICATION_MAX_STREAMS`: open streams of one process, those that have not said whose they are included;
    /// more are answered 503. 10000 (default); 10 to 1000000.
    pub(crate) max_streams: usize,
}

impl Config {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let max_streams = env.parse_in("NOTIFICATION_MAX_STREAMS", 10_000_usize, 10..=1_000_000, "streams")?;
        Ok(Self { max_streams })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_streams_is_bounded_and_a_bad_one_is_refused_by_name() {
        let read = |value: &str| Config::from_env(&Env::from_pairs([("NOTIFICATION_MAX_STREAMS", value)]));
        assert_eq!(read(""), Ok(Config { max_streams: 10_000 }));
        assert_eq!(read("10"), Ok(Config { max_streams: 10 }));
        for bad in ["9", "0", "-1", "1000001", "many"] {
            assert_eq!(read(bad).err().map(|e| e.variable), Some("NOTIFICATION_MAX_STREAMS".to_owned()), "{bad}");
        }
    }
}
