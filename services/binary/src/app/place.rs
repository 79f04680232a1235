//! Placement by an administrator.

use super::batch::Batch;
use super::directory::{Chain, Directory};
use crate::domain::{Input, Outcome};
use crate::error::Failure;
use db::DbConnection;
use domain::{Side, Timestamp, UserId};

/// Why a member cannot be placed by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    UnknownUser,
    /// Somebody in the member's referral chain is not known yet.
    UnknownReferrer,
    ParentNotPlaced,
}

/// Puts a member who has no place yet into the named slot; they do not count before they pay.
pub async fn place(
    c: &mut DbConnection,
    batch: &mut Batch,
    user: UserId,
    parent: Option<UserId>,
    side: Side,
    now: Timestamp,
) -> Result<Result<Outcome, Refusal>, Failure> {
    let mut directory = Directory::default();
    directory.load_chains(c, batch.tree(), vec![user]).await?;
    let Some(member) = directory.get(user) else { return Ok(Err(Refusal::UnknownUser)) };
    let Chain::Sponsor(sponsor) = directory.chain(batch.tree(), user) else {
        return Ok(Err(Refusal::UnknownReferrer));
    };
    if parent.is_some_and(|p| batch.tree().find(p).is_none()) {
        return Ok(Err(Refusal::ParentNotPlaced));
    }
    let input = Input::PlacedManually { user, sponsor, parent, side, distributor: member.is_distributor };
    Ok(Ok(batch.apply(now, &input, None)?))
}
