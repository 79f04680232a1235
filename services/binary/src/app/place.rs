//! Manual placement by an administrator.

use super::batch::TreeBatch;
use super::referral_chain::{ChainEnd, MemberCache};
use crate::domain::{Input, InputOutcome};
use crate::error::BinaryError;
use db::DbConnection;
use domain::{Side, Timestamp, UserId};

/// Reasons to refuse a manual placement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacementRefusal {
    /// The member is not known yet.
    UnknownUser,
    /// A member of the referral chain is not known yet.
    UnknownReferrer,
    /// The parent is not in the tree.
    ParentNotPlaced,
}

impl PlacementRefusal {
    /// Whether the placement may succeed when more events are applied.
    pub const fn may_be_stale(self) -> bool {
        match self {
            Self::UnknownUser | Self::UnknownReferrer | Self::ParentNotPlaced => true,
        }
    }
}

/// Places a member in the given slot; the member counts from the first payment on. Errors with `AlreadyPlaced` or
/// `SlotTaken`; other refusals are the inner result.
pub async fn place(
    c: &mut DbConnection,
    batch: &mut TreeBatch,
    user: UserId,
    parent: Option<UserId>,
    side: Side,
    now: Timestamp,
) -> Result<Result<InputOutcome, PlacementRefusal>, BinaryError> {
    let mut member_cache = MemberCache::default();
    member_cache.load_chains(c, batch.tree(), vec![user]).await?;
    let Some(member) = member_cache.get(user) else { return Ok(Err(PlacementRefusal::UnknownUser)) };
    let ChainEnd::Sponsor(sponsor) = member_cache.find_sponsor(batch.tree(), user) else {
        return Ok(Err(PlacementRefusal::UnknownReferrer));
    };
    if parent.is_some_and(|p| batch.tree().find(p).is_none()) {
        return Ok(Err(PlacementRefusal::ParentNotPlaced));
    }
    let input = Input::PlacedManually { user, sponsor, parent, side, distributor: member.is_distributor };
    Ok(Ok(batch.apply(now, &input, None)?))
}
