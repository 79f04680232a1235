//! Settings that all SMS providers have.

use super::{Settings, TOKEN, pairs, providers};
use runtime::mail;
use runtime::{ConfigError, Env};

/// The error of settings with `changes`; an empty value removes one.
pub(crate) fn refused(settings: &Settings, changes: &[(&'static str, &str)]) -> ConfigError {
    let mut env = Env::from_pairs(settings.iter().cloned());
    for (name, value) in changes {
        env = env.with(name, *value);
    }
    match mail::sms_from_env(&env) {
        Err(error) => error,
        Ok(_) => panic!("accepted: {changes:?}"),
    }
}

/// Requires an error that names `variable` and shows no value.
#[track_caller]
pub(crate) fn expect_refusal(settings: &Settings, changes: &[(&'static str, &str)], variable: &str) {
    let error = refused(settings, changes);
    assert_eq!(error.variable, variable, "{changes:?}");
    // A scheme alone is part of the text that says what is accepted.
    for (_, value) in changes.iter().filter(|(_, value)| value.len() > 3 && !value.ends_with(['/', ':'])) {
        assert!(!error.to_string().contains(value), "{error}");
    }
    for hidden in [TOKEN, "hunter2"] {
        assert!(!format!("{error} {error:?}").contains(hidden), "{error}");
    }
}

#[test]
fn a_missing_or_malformed_setting_is_refused_by_its_name_and_never_shown() {
    for settings in providers("") {
        for url in ["hunter2", "ftp://hunter2", "https://", "mailto:hunter2"] {
            expect_refusal(&settings, &[("SMS_URL", url)], "SMS_URL");
        }
        for token in ["", "hunter2\nx", "hunter2 x", "hunter2\u{e9}", "hunter2%40"] {
            expect_refusal(&settings, &[("SMS_TOKEN", token)], "SMS_TOKEN");
        }
        for endpoint in ["hunter2", "ftp://hunter2", "http://x:hunter2@y", "http://x/hunter2", "http://x?hunter2"] {
            expect_refusal(&settings, &[("SMS_ENDPOINT", endpoint)], "SMS_ENDPOINT");
        }
        for sender in ["EV", "EVPLATFORMIN", "EV PLAT", "EV\u{c9}", "123"] {
            expect_refusal(&settings, &[("SMS_SENDER_ID", sender)], "SMS_SENDER_ID");
        }
        for limit in ["99", "10001", "soon"] {
            assert_eq!(refused(&settings, &[("SMS_TIMEOUT_MS", limit)]).variable, "SMS_TIMEOUT_MS");
        }
    }
}

#[test]
fn without_a_url_there_is_no_provider() {
    for settings in [vec![], pairs(&[("SMS_TOKEN", TOKEN)]), pairs(&[("SMS_URL", " ")])] {
        assert!(mail::sms_from_env(&Env::from_pairs(settings)).is_ok_and(|mailer| mailer.is_none()));
    }
}
