//! What wallet put aside for a member's EMI becomes payments, waits, or goes back to the member.

use super::account::Account;
use super::folder::{Folder, number};
use crate::domain::reserve::{Claim, Part, Unpaid, allocate, is_released};
use crate::domain::{ApplicationId, PaymentStatus, ReleaseId};
use crate::error::BookingError;
use crate::store::bookings;
use crate::store::payments::{self, Payment};
use crate::store::reserves::{self, Reserve};
use chassis::id;
use db::DbConnection;
use domain::{Money, MoneyError, PaymentMethod, ReserveId, Timestamp, UserId};
use proto_events::booking::v1 as event;

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
    let reserve = Reserve {
        reserve_id: reserved.id,
        user_id: reserved.user_id,
        amount_paise: reserved.amount,
        waiting_paise: reserved.amount,
        applied_paise: Money::ZERO,
        released_paise: Money::ZERO,
        source_kind: reserved.source_kind,
        source_id: reserved.source_id,
        reserved_at: reserved.at,
    };
    if reserves::insert(c, &reserve).await? { account.finish(c).await } else { Ok(()) }
}

/// Decides again about whatever still waits for this member's bookings to be ready for it.
pub async fn decide_waiting(c: &mut DbConnection, account: &mut Account) -> Result<(), BookingError> {
    let waiting = reserves::lock_waiting_of(c, account.member.user_id).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let mut folders = Vec::new();
    for booking in bookings::lock_all_of(c, account.member.user_id).await? {
        folders.push(Folder::fill(c, booking).await?);
    }
    for reserve in waiting {
        decide(c, account, &mut folders, reserve).await?;
    }
    Ok(())
}

async fn decide(
    c: &mut DbConnection,
    account: &mut Account,
    folders: &mut [Folder],
    mut reserve: Reserve,
) -> Result<(), BookingError> {
    let before = reserve.waiting_paise;
    let claims = folders.iter().map(claim).collect::<Result<Vec<_>, _>>()?;
    let parts = allocate(reserve.waiting_paise, &claims);
    for (place, folder) in folders.iter_mut().enumerate() {
        let own: Vec<Part> = parts.iter().filter(|p| p.booking == place).copied().collect();
        for part in &own {
            apply(c, account, folder, &mut reserve, *part).await?;
        }
        if !own.is_empty() {
            account.settle(c, folder).await?;
        }
    }
    if reserve.waiting_paise.is_positive() && is_released(folders.iter().map(|f| f.booking.status)) {
        release(account, &mut reserve)?;
    }
    if reserve.waiting_paise != before {
        reserves::save(c, &reserve).await?;
    }
    Ok(())
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

async fn apply(
    c: &mut DbConnection,
    account: &mut Account,
    folder: &mut Folder,
    reserve: &mut Reserve,
    part: Part,
) -> Result<(), BookingError> {
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
    payments::insert(c, &payment).await?;
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
    folder.payments.push(payment);
    account.tell(reserve.reserve_id, &told);
    Ok(())
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
