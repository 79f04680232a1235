//! Sessions, and the decision on a presented refresh token.

use domain::Timestamp;

/// Lifetime of a refresh token.
pub(crate) const REFRESH_TTL_SECS: i64 = 30 * 24 * 3600;

domain::id_type! {
    /// Id of a sign-in on one device. Every access token names it; ending the session revokes them.
    SessionId,
}

domain::text_enum! {
    /// Session that remains when a user ends the others.
    pub enum KeptSession { Current = "current" }
}

/// Stored state of a refresh token that a client presents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PresentedToken {
    pub(crate) expires_at: Timestamp,
    pub(crate) is_used: bool,
    pub(crate) has_session_ended: bool,
    pub(crate) is_owner_active: bool,
}

/// Decision on a presented refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefreshDecision {
    /// Replace it by a new pair of tokens.
    Rotate,
    /// It was replaced before, so a copy of it exists: end the session.
    Reused,
    /// The token has expired, or the session has ended, or the user is inactive.
    Refuse,
}

impl PresentedToken {
    /// Decides what to do with the token at `now`.
    pub(crate) fn decide(&self, now: Timestamp) -> RefreshDecision {
        if self.is_used {
            RefreshDecision::Reused
        } else if self.has_session_ended || !self.is_owner_active || now >= self.expires_at {
            RefreshDecision::Refuse
        } else {
            RefreshDecision::Rotate
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: PresentedToken = PresentedToken {
        expires_at: Timestamp::UNIX_EPOCH,
        is_used: false,
        has_session_ended: false,
        is_owner_active: true,
    };

    #[test]
    fn a_refresh_token_is_valid_once_until_it_expires() {
        let before = Timestamp::UNIX_EPOCH.plus_secs(-1);
        assert_eq!(VALID.decide(before), RefreshDecision::Rotate);
        assert_eq!(VALID.decide(Timestamp::UNIX_EPOCH), RefreshDecision::Refuse);
        assert_eq!(PresentedToken { has_session_ended: true, ..VALID }.decide(before), RefreshDecision::Refuse);
        assert_eq!(PresentedToken { is_owner_active: false, ..VALID }.decide(before), RefreshDecision::Refuse);
        // Reuse is reported even after the session has ended, as it indicates a stolen token.
        assert_eq!(
            PresentedToken { is_used: true, has_session_ended: true, ..VALID }.decide(before),
            RefreshDecision::Reused
        );
    }
}
