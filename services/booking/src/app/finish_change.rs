//! End of a change of one member.

use super::allocate_reserve::apply_waiting;
use super::member_lock::MemberLock;
use crate::error::BookingError;
use db::DbConnection;

/// Applies the member's waiting EMI reserves to what the change made payable, saves the member and publishes the recorded
/// events.
pub(super) async fn finish_change(c: &mut DbConnection, mut member_lock: MemberLock) -> Result<(), BookingError> {
    apply_waiting(c, &mut member_lock).await?;
    member_lock.save(c).await
}
