//! Receipt of EMI reserves: money that wallet set aside becomes payments, waits, or is released to the member.

use super::allocate_reserve::{ReserveDecision, decide_reserve};
use super::booking_aggregate::BookingAggregate;
use super::finish_change::finish_change;
use super::member_lock::MemberLock;
use super::plan_versions::PlanVersions;
use crate::error::BookingError;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::reserves::{self, Reserve};
use chassis::events::outbox::{self, OutboxEvent};
use db::DbConnection;
use domain::{Money, ReserveId, Timestamp, UserId};
use std::collections::{BTreeMap, BTreeSet};

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
pub async fn receive(c: &mut DbConnection, reserved: NewReserve) -> Result<(), BookingError> {
    let member_lock = MemberLock::acquire(c, reserved.user_id, reserved.at).await?;
    if reserves::insert(c, &to_reserve(&reserved)).await? { finish_change(c, member_lock).await } else { Ok(()) }
}

/// As [`receive`] for any number of reserves, with few statements. Errors with `Db` when one of several is known
/// already.
pub async fn receive_all(c: &mut DbConnection, reserved: Vec<NewReserve>) -> Result<(), BookingError> {
    match <[NewReserve; 1]>::try_from(reserved) {
        Ok([only]) => receive(c, only).await,
        Err(none) if none.is_empty() => Ok(()),
        Err(several) => receive_several(c, several).await,
    }
}

async fn receive_several(c: &mut DbConnection, reserved: Vec<NewReserve>) -> Result<(), BookingError> {
    let users: BTreeSet<UserId> = reserved.iter().map(|r| r.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, Member> =
        members::lock_existing(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    for owner in reserves::find_waiting_owners(c, &users).await? {
        members.remove(&owner);
    }
    let plans = PlanVersions::load(c).await?;
    let known: Vec<UserId> = members.keys().copied().collect();
    let mut aggregates = BookingAggregate::lock_for_members(c, &known).await?;
    let (mut changes, mut deferred) = (BatchChanges::default(), Vec::new());
    for reserved in reserved {
        // A member's second reserve, and one beside waiting reserves, depends on what the first one changes.
        let Some(member) = members.remove(&reserved.user_id) else {
            deferred.push(reserved);
            continue;
        };
        let mut member_lock = MemberLock::new(member, reserved.at, reserved.at, plans.in_force(reserved.at)?);
        let mut own = aggregates.remove(&reserved.user_id).unwrap_or_default();
        let mut reserve = to_reserve(&reserved);
        let ReserveDecision { payments, changed } = decide_reserve(&mut member_lock, &mut own, &mut reserve)?;
        changes.reserves.push(reserve);
        changes.payments.extend(payments);
        changes.aggregates.extend(
            own.into_iter().enumerate().filter(|(index, _)| changed.contains(index)).map(|(_, aggregate)| aggregate),
        );
        let (member, events) = member_lock.into_parts();
        changes.members.push(member);
        changes.events.extend(events);
    }
    changes.save(c).await?;
    for reserved in deferred {
        receive(c, reserved).await?;
    }
    Ok(())
}

/// Rows and events to save for many members.
#[derive(Default)]
struct BatchChanges {
    reserves: Vec<Reserve>,
    payments: Vec<Payment>,
    aggregates: Vec<BookingAggregate>,
    members: Vec<Member>,
    events: Vec<OutboxEvent>,
}

impl BatchChanges {
    async fn save(self, c: &mut DbConnection) -> Result<(), BookingError> {
        reserves::insert_all(c, self.reserves).await?;
        payments::insert_all(c, self.payments).await?;
        BookingAggregate::save_all(c, self.aggregates).await?;
        members::save_all(c, self.members).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }
}

fn to_reserve(reserved: &NewReserve) -> Reserve {
    Reserve {
        reserve_id: reserved.id,
        user_id: reserved.user_id,
        amount_paise: reserved.amount,
        waiting_paise: reserved.amount,
        applied_paise: Money::ZERO,
        released_paise: Money::ZERO,
        source_kind: reserved.source_kind.clone(),
        source_id: reserved.source_id.clone(),
        reserved_at: reserved.at,
    }
}
