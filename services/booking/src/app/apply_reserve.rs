//! Receipt of EMI reserves: money that wallet set aside becomes payments, waits, or is released to the member.

use super::buyer_session::{self, BuyerSession};
use super::locked_rows;
use super::plan_versions::{in_force_at, load_history};
use crate::domain::aggregate::Reserve;
use crate::error::BookingError;
use crate::store::reserves;
use db::DbConnection;
use domain::{Money, ReserveId, Timestamp, UserId};
use std::collections::BTreeSet;

/// An EMI reserve as the `EmiReserved` event carries it.
#[derive(Debug, Clone)]
pub struct NewReserve {
    pub id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub source_kind: String,
    pub source_id: Vec<u8>,
    pub at: Timestamp,
}

/// Stores an EMI reserve and allocates it. A reserve that is known already changes nothing.
async fn receive(c: &mut DbConnection, reserved: NewReserve) -> Result<(), BookingError> {
    let session = BuyerSession::lock(c, reserved.user_id, reserved.at).await?;
    if reserves::insert(c, &reserved.into()).await? { session.finish_with_reserves(c).await } else { Ok(()) }
}

/// Stores EMI reserves and allocates them, with few statements for several. Those that are known already change
/// nothing.
pub async fn receive_all(c: &mut DbConnection, reserved: Vec<NewReserve>) -> Result<(), BookingError> {
    match <[NewReserve; 1]>::try_from(reserved) {
        Ok([only]) => receive(c, only).await,
        Err(none) if none.is_empty() => Ok(()),
        Err(several) => receive_several(c, several).await,
    }
}

async fn receive_several(c: &mut DbConnection, mut reserved: Vec<NewReserve>) -> Result<(), BookingError> {
    let users: BTreeSet<UserId> = reserved.iter().map(|r| r.user_id).collect();
    let mut members = locked_rows::lock_members_without_reserves(c, &users).await?;
    // A reserve belongs to one member, so no other transaction adds it while the member is locked.
    let ids: Vec<ReserveId> = reserved.iter().map(|r| r.id).collect();
    let known = reserves::find_known(c, &ids).await?;
    reserved.retain(|r| !known.contains(&r.id));
    let plans = load_history(c).await?;
    let users: Vec<UserId> = members.keys().copied().collect();
    let mut bookings = locked_rows::lock_for_members(c, &users).await?;
    let (mut sessions, mut reserves, mut deferred) = (Vec::new(), Vec::new(), Vec::new());
    for reserved in reserved {
        // A member's second reserve, and one beside waiting reserves, depends on what the first one changes.
        let Some(member) = members.remove(&reserved.user_id) else {
            deferred.push(reserved);
            continue;
        };
        let own = bookings.remove(&reserved.user_id).unwrap_or_default();
        let plan = in_force_at(&plans, reserved.at)?;
        let mut session = BuyerSession::new(member, own, (reserved.at, reserved.at), plan);
        let mut reserve = Reserve::from(reserved);
        session.allocate(&mut reserve)?;
        sessions.push(session);
        reserves.push(reserve);
    }
    reserves::insert_all(c, &reserves).await?;
    buyer_session::save_all(c, sessions).await?;
    for reserved in deferred {
        receive(c, reserved).await?;
    }
    Ok(())
}

impl From<NewReserve> for Reserve {
    fn from(reserved: NewReserve) -> Self {
        Self {
            reserve_id: reserved.id,
            user_id: reserved.user_id,
            amount_paise: reserved.amount,
            waiting_paise: reserved.amount,
            applied_paise: Money::ZERO,
            released_paise: Money::ZERO,
            source_kind: reserved.source_kind,
            source_id: reserved.source_id,
            reserved_at: reserved.at,
        }
    }
}
