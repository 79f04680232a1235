//! Rate limit of public look-ups of referral codes, by client address.

use crate::domain::address::ClientAddress;
use crate::domain::referral::{LOOKUP_WINDOW_SECS, MAX_LOOKUPS};
use crate::error::AuthError;
use crate::state::AuthState;
use runtime::cache::{Acquired, RateLimit};
use std::time::Duration;

/// Counts a look-up. Errors with `ReferralLookupLimit` when the address has reached its limit, and with `Cache` when
/// look-ups cannot be counted. Loopback addresses are exempt where limits of one-time codes exempt them.
pub(crate) async fn count(state: &AuthState, address: ClientAddress) -> Result<(), AuthError> {
    if address.is_loopback() && state.codes.limits().exempt_loopback {
        return Ok(());
    }
    let hash = state.secrets.cache_key_hash(&["address", &address.to_string()]);
    let limit = RateLimit {
        key: format!("auth:referral:lookups:{hash}"),
        max: MAX_LOOKUPS,
        window: Duration::from_secs(LOOKUP_WINDOW_SECS),
    };
    match state.ctx.cache().acquire(&[limit]).await? {
        Acquired::Granted => Ok(()),
        Acquired::Refused { retry_after, .. } => Err(AuthError::ReferralLookupLimit { retry_after }),
    }
}
