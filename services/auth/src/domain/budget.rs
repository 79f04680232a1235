//! Limits of one-time codes: how many may be sent, how many tries may fail, and how soon another may be asked for.

const HOUR_SECS: u64 = 3600;
const DAY_SECS: u64 = 24 * HOUR_SECS;

/// The numbers, all of them settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CodeLimits {
    /// Seconds for which a code works.
    pub(crate) ttl_secs: u64,
    /// Codes of an identifier that work at a time, of those asked for from one address.
    pub(crate) live_codes: usize,
    /// Seconds until another may be asked for, after the first, the second, …; the last of them from then on.
    pub(crate) resend_secs: Vec<u64>,
    pub(crate) codes_per_hour: u64,
    pub(crate) codes_per_day: u64,
    pub(crate) codes_per_identifier_day: u64,
    pub(crate) tries_per_code: u64,
    pub(crate) tries_per_day: u64,
    pub(crate) tries_per_identifier_day: u64,
    pub(crate) tries_per_address_day: u64,
    /// Days for which an address is known after a sign-in from there.
    pub(crate) known_address_days: i64,
    /// Whether a loopback address has no limits of its own: in the embedded run everybody has the same one.
    pub(crate) exempt_loopback: bool,
}

/// What a limit counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountedBy {
    /// One code, tried from one address.
    Code,
    /// An identifier and an address.
    Pair,
    /// An identifier, from all addresses that are not known.
    Identifier,
    /// An address, for all identifiers that do not know it.
    Address,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) by: CountedBy,
    pub(crate) max: u64,
    pub(crate) window_secs: u64,
}

/// Where a request comes from, as far as limits care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The identifier signed in from this address a while ago.
    pub(crate) known: bool,
    pub(crate) loopback: bool,
}

impl CodeLimits {
    /// Seconds until the next code may be asked for, after one that `sent_before` others came before.
    pub(crate) fn resend_after(&self, sent_before: u64) -> u64 {
        let at = usize::try_from(sent_before).unwrap_or(usize::MAX).min(self.resend_secs.len().saturating_sub(1));
        self.resend_secs.get(at).copied().unwrap_or(0)
    }

    /// What a request for a code counts against.
    pub(crate) fn code_budgets(&self, origin: Origin) -> Vec<Budget> {
        let budgets = [
            Budget { by: CountedBy::Pair, max: self.codes_per_hour, window_secs: HOUR_SECS },
            Budget { by: CountedBy::Pair, max: self.codes_per_day, window_secs: DAY_SECS },
            Budget { by: CountedBy::Identifier, max: self.codes_per_identifier_day, window_secs: DAY_SECS },
        ];
        self.applying(origin, &budgets)
    }

    /// What a wrong try counts against.
    pub(crate) fn try_budgets(&self, origin: Origin) -> Vec<Budget> {
        let budgets = [
            Budget { by: CountedBy::Code, max: self.tries_per_code, window_secs: self.ttl_secs },
            Budget { by: CountedBy::Pair, max: self.tries_per_day, window_secs: DAY_SECS },
            Budget { by: CountedBy::Identifier, max: self.tries_per_identifier_day, window_secs: DAY_SECS },
            Budget { by: CountedBy::Address, max: self.tries_per_address_day, window_secs: DAY_SECS },
        ];
        self.applying(origin, &budgets)
    }

    /// A known address has only limits that nobody elsewhere can use up.
    fn applying(&self, origin: Origin, budgets: &[Budget]) -> Vec<Budget> {
        let exempt = origin.loopback && self.exempt_loopback;
        let applies = |by| match by {
            CountedBy::Code => true,
            CountedBy::Pair => !exempt,
            CountedBy::Identifier => !origin.known,
            CountedBy::Address => !origin.known && !exempt,
        };
        budgets.iter().filter(|budget| applies(budget.by)).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CountedBy::{Address, Code, Identifier, Pair};

    fn limits(exempt_loopback: bool) -> CodeLimits {
        CodeLimits {
            ttl_secs: 600,
            live_codes: 3,
            resend_secs: vec![30, 60, 120],
            codes_per_hour: 5,
            codes_per_day: 15,
            codes_per_identifier_day: 30,
            tries_per_code: 5,
            tries_per_day: 20,
            tries_per_identifier_day: 100,
            tries_per_address_day: 300,
            known_address_days: 90,
            exempt_loopback,
        }
    }

    #[test]
    fn the_wait_for_another_code_grows_and_stays_at_its_longest() {
        let waits: Vec<u64> = [0, 1, 2, 3, 100].map(|sent| limits(false).resend_after(sent)).into();
        assert_eq!(waits, [30, 60, 120, 120, 120]);
    }

    #[test]
    fn a_known_address_shares_no_limit_with_others() {
        let by = |origin, exempt| -> (Vec<_>, Vec<_>) {
            let limits = limits(exempt);
            (
                limits.code_budgets(origin).into_iter().map(|b| b.by).collect(),
                limits.try_budgets(origin).into_iter().map(|b| b.by).collect(),
            )
        };
        let origin = |known, loopback| Origin { known, loopback };
        let all = (vec![Pair, Pair, Identifier], vec![Code, Pair, Identifier, Address]);
        assert_eq!(by(origin(false, false), true), all);
        assert_eq!(by(origin(false, true), false), all, "loopback is exempt in the embedded run alone");
        assert_eq!(by(origin(true, false), true), (vec![Pair, Pair], vec![Code, Pair]));
        assert_eq!(by(origin(false, true), true), (vec![Identifier], vec![Code, Identifier]));
        assert_eq!(by(origin(true, true), true), (vec![], vec![Code]));
    }

    #[test]
    fn a_code_may_be_tried_five_times_from_an_address_for_as_long_as_it_works() {
        let first = limits(false).try_budgets(Origin { known: false, loopback: false })[0];
        assert_eq!(first, Budget { by: Code, max: 5, window_secs: 600 });
    }
}
