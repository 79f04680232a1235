//! What wallet put aside for a member's EMI becomes payments, waits, or goes back to the member.

use super::account::{Account, PlanVersions};
use super::folder::{Folder, number};
use crate::domain::reserve::{Claim, Part, Unpaid, allocate, is_released};
use crate::domain::{ApplicationId, PaymentStatus, ReleaseId};
use crate::error::BookingError;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment};
use crate::store::reserves::{self, Reserve};
use chassis::events::outbox::{self, Draft};
use chassis::id;
use db::DbConnection;
use domain::{Money, MoneyError, PaymentMethod, ReserveId, Timestamp, UserId};
use proto_events::booking::v1 as event;
use std::collections::{BTreeMap, BTreeSet};

/// Money that was put aside, as wallet told it.
#[derive(Debug, Clone)]
pub struct Reserved {
    pub id: ReserveId,
    pub user_id: UserId,
    pub amount: Money,
    pub source_kind: String,
    pub source_id: Vec<u8>,
    pub at: Timestamp,
}

/// Takes note of a reserve and decides about it at once. One that is known already changes nothing.
pub async fn receive(c: &mut DbConnection, reserved: Reserved) -> Result<(), BookingError> {
    let account = Account::lock(c, reserved.user_id, reserved.at).await?;
    if reserves::insert(c, &fresh(&reserved)).await? { account.finish(c).await } else { Ok(()) }
}

/// As [`receive`] for each of them, with few statements. Fails where one of them is known already.
pub async fn receive_all(c: &mut DbConnection, reserved: Vec<Reserved>) -> Result<(), BookingError> {
    let users: BTreeSet<UserId> = reserved.iter().map(|r| r.user_id).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let mut members: BTreeMap<UserId, Member> =
        members::lock_known(c, &users).await?.into_iter().map(|m| (m.user_id, m)).collect();
    for owner in reserves::owners_waiting(c, &users).await? {
        members.remove(&owner);
    }
    let plans = PlanVersions::read(c).await?;
    let known: Vec<UserId> = members.keys().copied().collect();
    let mut folders = Folder::lock_all_of(c, &known).await?;
    let (mut changes, mut later) = (Changes::default(), Vec::new());
    for reserved in reserved {
        // The second reserve of a member, and one beside others that wait, is decided with what the first one changed.
        let Some(member) = members.remove(&reserved.user_id) else {
            later.push(reserved);
            continue;
        };
        let mut account = Account::of(member, reserved.at, reserved.at, plans.in_force(reserved.at)?);
        let mut own = folders.remove(&reserved.user_id).unwrap_or_default();
        let mut reserve = fresh(&reserved);
        let Decided { payments, settled } = decide(&mut account, &mut own, &mut reserve)?;
        changes.reserves.push(reserve);
        changes.payments.extend(payments);
        changes.folders.extend(own.into_iter().enumerate().filter(|(n, _)| settled.contains(n)).map(|(_, f)| f));
        let (member, events) = account.into_parts();
        changes.members.push(member);
        changes.events.extend(events);
    }
    changes.save(c).await?;
    for reserved in later {
        receive(c, reserved).await?;
    }
    Ok(())
}

/// What is to be written of many members.
#[derive(Default)]
struct Changes {
    reserves: Vec<Reserve>,
    payments: Vec<Payment>,
    folders: Vec<Folder>,
    members: Vec<Member>,
    events: Vec<Draft>,
}

impl Changes {
    async fn save(self, c: &mut DbConnection) -> Result<(), BookingError> {
        reserves::insert_all(c, self.reserves).await?;
        payments::insert_all(c, self.payments).await?;
        Folder::save_all(c, self.folders).await?;
        members::save_all(c, self.members).await?;
        outbox::publish_all(c, self.events).await?;
        Ok(())
    }
}

fn fresh(reserved: &Reserved) -> Reserve {
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

/// Decides again about whatever still waits for this member's bookings to be ready for it.
pub async fn decide_waiting(c: &mut DbConnection, account: &mut Account) -> Result<(), BookingError> {
    let waiting = reserves::lock_waiting_of(c, account.member.user_id).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let owner = account.member.user_id;
    let mut folders = Folder::lock_all_of(c, &[owner]).await?.remove(&owner).unwrap_or_default();
    for mut reserve in waiting {
        let before = reserve.waiting_paise;
        let Decided { payments, settled } = decide(account, &mut folders, &mut reserve)?;
        payments::insert_all(c, payments).await?;
        for (_, folder) in folders.iter_mut().enumerate().filter(|(place, _)| settled.contains(place)) {
            folder.save(c).await?;
        }
        if reserve.waiting_paise != before {
            reserves::save(c, &reserve).await?;
        }
    }
    Ok(())
}

/// What a decision about a reserve changes besides the reserve and the account.
struct Decided {
    /// New ones.
    payments: Vec<Payment>,
    /// The places of the bookings that they are for.
    settled: BTreeSet<usize>,
}

fn decide(account: &mut Account, folders: &mut [Folder], reserve: &mut Reserve) -> Result<Decided, BookingError> {
    let claims = folders.iter().map(claim).collect::<Result<Vec<_>, _>>()?;
    let parts = allocate(reserve.waiting_paise, &claims);
    let mut decided = Decided { payments: Vec::new(), settled: BTreeSet::new() };
    for (place, folder) in folders.iter_mut().enumerate() {
        let own: Vec<Part> = parts.iter().filter(|p| p.booking == place).copied().collect();
        for part in &own {
            decided.payments.push(apply(account, folder, reserve, *part)?);
        }
        if !own.is_empty() {
            account.take_settlement(folder)?;
            decided.settled.insert(place);
        }
    }
    if reserve.waiting_paise.is_positive() && is_released(folders.iter().map(|f| f.booking.status)) {
        release(account, reserve)?;
    }
    Ok(decided)
}

fn claim(folder: &Folder) -> Result<Claim, MoneyError> {
    let unpaid = folder.instalments.iter().map(|row| Unpaid {
        n: number(row.n),
        due_on: row.due_on,
        amount: row.amount_paise.minus_or_zero(row.paid_paise),
    });
    Ok(Claim {
        status: folder.booking.status,
        payable: folder.figures()?.payable(),
        unpaid: unpaid.filter(|u| u.amount.is_positive()).collect(),
    })
}

fn apply(
    account: &mut Account,
    folder: &mut Folder,
    reserve: &mut Reserve,
    part: Part,
) -> Result<Payment, BookingError> {
    let payment = Payment {
        id: id::fresh(),
        booking_id: folder.booking.id,
        user_id: folder.booking.user_id,
        amount_paise: part.amount,
        method: PaymentMethod::EmiDeduction,
        status: PaymentStatus::Completed,
        reason: String::new(),
        reference: None,
        gateway: None,
        gateway_order_id: None,
        gateway_payment_id: None,
        open_order_of: None,
        reserve_id: Some(reserve.reserve_id),
        plan_version: Some(i64::from(account.plan_version())),
        created_at: account.now(),
        completed_at: Some(account.now()),
        closed_at: None,
        returned_at: None,
    };
    account.count_completed(&payment, &folder.booking.number)?;
    reserve.waiting_paise = reserve.waiting_paise.sub(part.amount)?;
    reserve.applied_paise = reserve.applied_paise.add(part.amount)?;
    let told = event::EmiApplied {
        application_id: id::fresh::<ApplicationId>().into(),
        reserve_id: reserve.reserve_id.into(),
        user_id: reserve.user_id.into(),
        amount_paise: part.amount.paise(),
        payment_id: payment.id.into(),
        booking_id: payment.booking_id.into(),
        booking_number: folder.booking.number.clone(),
        instalment: part.instalment,
        applied_at: account.now().micros(),
    };
    folder.payments.push(payment.clone());
    account.tell(reserve.reserve_id, &told);
    Ok(payment)
}

fn release(account: &mut Account, reserve: &mut Reserve) -> Result<(), BookingError> {
    let amount = reserve.waiting_paise;
    reserve.waiting_paise = reserve.waiting_paise.sub(amount)?;
    reserve.released_paise = reserve.released_paise.add(amount)?;
    let told = event::EmiReleased {
        release_id: id::fresh::<ReleaseId>().into(),
        reserve_id: reserve.reserve_id.into(),
        user_id: reserve.user_id.into(),
        amount_paise: amount.paise(),
        reason: "every booking is paid for".to_owned(),
        released_at: account.now().micros(),
    };
    account.tell(reserve.reserve_id, &told);
    Ok(())
}
