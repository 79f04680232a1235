//! One-time codes: six digits, once, for ten minutes, five tries.

use domain::Timestamp;

/// How long a code is good for.
pub(crate) const TTL_SECS: i64 = 600;
/// How long until another may be asked for.
pub(crate) const RESEND_AFTER_SECS: i64 = 30;
/// Wrong tries a code survives is one less than this.
pub(crate) const MAX_ATTEMPTS: i64 = 5;

const CODES: u32 = 1_000_000;

domain::text_enum! {
    /// What a code proves. One code an identifier a purpose is alive at a time.
    pub enum Purpose { SignIn = "sign_in", SignUp = "sign_up" }
}

/// Six digits out of 32 random bits, each code as likely as any other; `None` for the few bits that would
/// make some likelier, for which new ones have to be drawn.
pub(crate) fn code_from(random: u32) -> Option<String> {
    let fair = u32::MAX - u32::MAX % CODES;
    (random < fair).then(|| format!("{:06}", random % CODES))
}

/// What is known of a code that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) attempts: i64,
    pub(crate) sent_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) used: bool,
}

/// What a try with a code comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    /// Not this code. The try counts.
    Wrong,
    /// Used, expired or tried too often: no code opens it.
    Dead,
}

impl Sent {
    /// Seconds until another code may be sent, if it may not now. A code that was used counts, too.
    pub(crate) fn wait_secs(&self, now: Timestamp) -> Option<u64> {
        let over = self.sent_at.plus_secs(RESEND_AFTER_SECS);
        let left = over.since(now);
        if now >= over {
            return None;
        }
        let secs = left.num_seconds() + i64::from(left.subsec_nanos() > 0);
        Some(u64::try_from(secs).unwrap_or(1).max(1))
    }

    pub(crate) fn judge(&self, matches: bool, now: Timestamp) -> Verdict {
        if self.used || now >= self.expires_at || self.attempts >= MAX_ATTEMPTS {
            Verdict::Dead
        } else if matches {
            Verdict::Good
        } else {
            Verdict::Wrong
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(attempts: i64) -> Sent {
        let sent_at = Timestamp::UNIX_EPOCH;
        Sent { attempts, sent_at, expires_at: sent_at.plus_secs(TTL_SECS), used: false }
    }

    #[test]
    fn every_code_is_as_likely_as_any_other() {
        assert_eq!(code_from(0).as_deref(), Some("000000"));
        assert_eq!(code_from(4_293_999_999).as_deref(), Some("999999"));
        for biased in [4_294_000_000, 4_294_000_001, u32::MAX] {
            assert_eq!(code_from(biased), None, "{biased}");
        }
    }

    #[test]
    fn a_code_survives_four_wrong_tries_and_dies_of_the_fifth() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(sent(4).judge(true, now), Verdict::Good);
        assert_eq!(sent(4).judge(false, now), Verdict::Wrong);
        assert_eq!(sent(5).judge(true, now), Verdict::Dead);
    }

    #[test]
    fn a_code_is_good_until_the_tenth_minute_is_over() {
        let end = Timestamp::UNIX_EPOCH.plus_secs(TTL_SECS);
        assert_eq!(sent(0).judge(true, end.plus_secs(-1)), Verdict::Good);
        assert_eq!(sent(0).judge(true, end), Verdict::Dead);
        assert_eq!(Sent { used: true, ..sent(0) }.judge(true, Timestamp::UNIX_EPOCH), Verdict::Dead);
    }

    #[test]
    fn another_code_may_be_asked_for_after_thirty_seconds() {
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(sent(0).wait_secs(start), Some(30));
        assert_eq!(sent(0).wait_secs(start.plus(chrono::TimeDelta::microseconds(29_000_001))), Some(1));
        assert_eq!(sent(0).wait_secs(start.plus_secs(30)), None);
    }
}
