//! Rate limits of one-time codes: codes sent, wrong attempts, and the wait before another code may be requested.

const HOUR_SECS: u64 = 3600;
const DAY_SECS: u64 = 24 * HOUR_SECS;

/// Settings of the limits, each from the variable that its doc names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeLimits {
    /// `OTP_TTL_SECS`: lifetime of a code.
    pub(crate) ttl_secs: u32,
    /// `OTP_LIVE_CODES`: usable codes of one identifier, requested from one address. A newer code replaces the oldest.
    pub(crate) live_codes: usize,
    /// `OTP_RESEND_SECS`: wait before another code may be requested, after the first code, the second, …; the last
    /// value applies to all later codes.
    pub(crate) resend_secs: Vec<u32>,
    /// `OTP_CODES_PER_HOUR`: codes for one identifier and address.
    pub(crate) codes_per_hour: u64,
    /// `OTP_CODES_PER_DAY`: codes for one identifier and address.
    pub(crate) codes_per_day: u64,
    /// `OTP_CODES_PER_IDENTIFIER_DAY`: codes for one identifier from all unknown addresses.
    pub(crate) codes_per_identifier_day: u64,
    /// `OTP_TRIES_PER_CODE`: wrong attempts for one code from one address.
    pub(crate) attempts_per_code: u64,
    /// `OTP_TRIES_PER_DAY`: wrong attempts for one identifier and address.
    pub(crate) attempts_per_day: u64,
    /// `OTP_TRIES_PER_IDENTIFIER_DAY`: wrong attempts for one identifier from all unknown addresses.
    pub(crate) attempts_per_identifier_day: u64,
    /// `OTP_TRIES_PER_ADDRESS_DAY`: wrong attempts from one address for all identifiers to which it is unknown.
    pub(crate) attempts_per_address_day: u64,
    /// `OTP_KNOWN_ADDRESS_DAYS`: days after a sign-in for which its address is known to the identifier.
    pub(crate) known_address_days: i64,
    /// `OTP_EXEMPT_LOOPBACK`: whether limits by address skip loopback addresses. For the embedded run, in which all
    /// clients share one.
    pub(crate) exempt_loopback: bool,
}

/// What one counter of a limit stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitScope {
    /// One code, submitted from one address.
    Code,
    /// An identifier and an address.
    Pair,
    /// An identifier, from all addresses unknown to it.
    Identifier,
    /// An address, for all identifiers to which it is unknown.
    Address,
}

/// At most `max` events of one scope in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodeLimit {
    pub(crate) scope: LimitScope,
    pub(crate) max: u64,
    pub(crate) window_secs: u64,
}

/// Properties of the client address that decide which limits apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestOrigin {
    /// Whether the identifier signed in from this address recently.
    pub(crate) is_known: bool,
    pub(crate) is_loopback: bool,
}

impl CodeLimits {
    /// Seconds to wait after a code, when `sent_before` codes were sent before it.
    pub(crate) fn resend_after_secs(&self, sent_before: u64) -> u32 {
        self.resend_secs.iter().zip(0..=sent_before).last().map_or(0, |(secs, _)| *secs)
    }

    /// Limits that a request for a code counts against.
    pub(crate) fn send_limits(&self, origin: RequestOrigin) -> Vec<CodeLimit> {
        let limits = [
            CodeLimit { scope: LimitScope::Pair, max: self.codes_per_hour, window_secs: HOUR_SECS },
            CodeLimit { scope: LimitScope::Pair, max: self.codes_per_day, window_secs: DAY_SECS },
            CodeLimit { scope: LimitScope::Identifier, max: self.codes_per_identifier_day, window_secs: DAY_SECS },
        ];
        self.applicable(origin, &limits)
    }

    /// Limits that a wrong attempt counts against.
    pub(crate) fn attempt_limits(&self, origin: RequestOrigin) -> Vec<CodeLimit> {
        let limits = [
            CodeLimit { scope: LimitScope::Code, max: self.attempts_per_code, window_secs: self.ttl_secs.into() },
            CodeLimit { scope: LimitScope::Pair, max: self.attempts_per_day, window_secs: DAY_SECS },
            CodeLimit { scope: LimitScope::Identifier, max: self.attempts_per_identifier_day, window_secs: DAY_SECS },
            CodeLimit { scope: LimitScope::Address, max: self.attempts_per_address_day, window_secs: DAY_SECS },
        ];
        self.applicable(origin, &limits)
    }

    /// Selects the limits that apply. A known address gets only limits that other addresses cannot exhaust.
    fn applicable(&self, origin: RequestOrigin, limits: &[CodeLimit]) -> Vec<CodeLimit> {
        let is_exempt = origin.is_loopback && self.exempt_loopback;
        let applies = |scope| match scope {
            LimitScope::Code => true,
            LimitScope::Pair => !is_exempt,
            LimitScope::Identifier => !origin.is_known,
            LimitScope::Address => !origin.is_known && !is_exempt,
        };
        limits.iter().filter(|limit| applies(limit.scope)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use LimitScope::{Address, Code, Identifier, Pair};

    fn limits(exempt_loopback: bool) -> CodeLimits {
        CodeLimits {
            ttl_secs: 600,
            live_codes: 3,
            resend_secs: vec![30, 60, 120],
            codes_per_hour: 5,
            codes_per_day: 15,
            codes_per_identifier_day: 30,
            attempts_per_code: 5,
            attempts_per_day: 20,
            attempts_per_identifier_day: 100,
            attempts_per_address_day: 300,
            known_address_days: 90,
            exempt_loopback,
        }
    }

    #[test]
    fn the_wait_for_another_code_grows_up_to_the_last_setting() {
        let waits: Vec<u32> = [0, 1, 2, 3, 100].map(|sent| limits(false).resend_after_secs(sent)).into();
        assert_eq!(waits, [30, 60, 120, 120, 120]);
    }

    #[test]
    fn a_known_address_shares_no_limit_with_others() {
        let scopes = |origin, exempt| -> (Vec<_>, Vec<_>) {
            let limits = limits(exempt);
            (
                limits.send_limits(origin).into_iter().map(|limit| limit.scope).collect(),
                limits.attempt_limits(origin).into_iter().map(|limit| limit.scope).collect(),
            )
        };
        let origin = |is_known, is_loopback| RequestOrigin { is_known, is_loopback };
        let all = (vec![Pair, Pair, Identifier], vec![Code, Pair, Identifier, Address]);
        assert_eq!(scopes(origin(false, false), true), all);
        assert_eq!(scopes(origin(false, true), false), all, "loopback is exempt only when the setting is on");
        assert_eq!(scopes(origin(true, false), true), (vec![Pair, Pair], vec![Code, Pair]));
        assert_eq!(scopes(origin(false, true), true), (vec![Identifier], vec![Code, Identifier]));
        assert_eq!(scopes(origin(true, true), true), (vec![], vec![Code]));
    }

    #[test]
    fn a_code_allows_five_attempts_from_an_address_during_its_lifetime() {
        let first = limits(false).attempt_limits(RequestOrigin { is_known: false, is_loopback: false })[0];
        assert_eq!(first, CodeLimit { scope: Code, max: 5, window_secs: 600 });
    }
}
