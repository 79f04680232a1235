//! Sessions and the refresh tokens that keep them alive.

use domain::Timestamp;

/// How long a refresh token is good for.
pub(crate) const REFRESH_TTL_SECS: i64 = 30 * 24 * 3600;

domain::id_type! {
    /// A sign-in on one device: every access token names it, and ending it ends them all.
    SessionId,
}

/// What is known of a refresh token that was shown to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) expires_at: Timestamp,
    pub(crate) used: bool,
    pub(crate) session_ended: bool,
    pub(crate) owner_active: bool,
}

/// What is to become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// A new pair of tokens replaces it.
    Rotate,
    /// It was replaced before: somebody has a copy, so the session ends for everyone.
    Reused,
    Refused,
}

impl Shown {
    pub(crate) fn judge(&self, now: Timestamp) -> Refresh {
        if self.used {
            Refresh::Reused
        } else if self.session_ended || !self.owner_active || now >= self.expires_at {
            Refresh::Refused
        } else {
            Refresh::Rotate
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Shown =
        Shown { expires_at: Timestamp::UNIX_EPOCH, used: false, session_ended: false, owner_active: true };

    #[test]
    fn a_refresh_token_is_good_once_until_it_expires() {
        let before = Timestamp::UNIX_EPOCH.plus_secs(-1);
        assert_eq!(FRESH.judge(before), Refresh::Rotate);
        assert_eq!(FRESH.judge(Timestamp::UNIX_EPOCH), Refresh::Refused);
        assert_eq!(Shown { session_ended: true, ..FRESH }.judge(before), Refresh::Refused);
        assert_eq!(Shown { owner_active: false, ..FRESH }.judge(before), Refresh::Refused);
        // A copy of an old token tells of a theft even when the session is over.
        assert_eq!(Shown { used: true, session_ended: true, ..FRESH }.judge(before), Refresh::Reused);
    }
}
