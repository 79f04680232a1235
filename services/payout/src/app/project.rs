//! Local copies of wallets, bookings and plans, which other services publish. The highest version wins.

use crate::domain::instalment::{Instalment, oldest_unpaid};
use crate::store::bookings::{self, BookingRow};
use crate::store::members::{self, MemberRow};
use crate::store::plans;
use db::{Count, DbConnection};
use domain::{BookingId, StoredPlan, UserId};
use messaging::newest::insert_newer;
use messaging::{HandleError, decode};
use proto_events::booking::v1::BookingChanged;
use proto_events::vocabulary::BookingStatus;
use proto_events::wallet::v1::WalletChanged;
use std::collections::BTreeMap;

/// Saves the newest wallet balances of each member in the batch, in one statement.
pub async fn apply_wallets(c: &mut DbConnection, events: &[WalletChanged]) -> Result<(), HandleError> {
    let mut newest: BTreeMap<UserId, MemberRow> = BTreeMap::new();
    for event in events {
        let user_id = decode::id("user_id", &event.user_id)?;
        let wallet = MemberRow {
            wallet_version: decode::version(event.version)?,
            available_paise: decode::money(event.available_paise),
            held_paise: decode::money(event.held_paise),
            clawback_due_paise: decode::money(event.clawback_due_paise),
            ..MemberRow::unknown(user_id)
        };
        insert_newer(&mut newest, user_id, wallet, |wallet| wallet.wallet_version);
    }
    let rows: Vec<MemberRow> = newest.into_values().collect();
    Ok(members::save_newer_wallets(c, &rows).await?)
}

/// Saves the newest state of each booking in the batch, in one statement.
pub async fn apply_bookings(c: &mut DbConnection, events: &[BookingChanged]) -> Result<(), HandleError> {
    let mut newest: BTreeMap<BookingId, BookingRow> = BTreeMap::new();
    for event in events {
        let row = booking_row(event)?;
        insert_newer(&mut newest, row.id, row, |row| row.version);
    }
    let rows: Vec<BookingRow> = newest.into_values().collect();
    Ok(bookings::save_newer(c, &rows).await?)
}

fn booking_row(event: &BookingChanged) -> Result<BookingRow, HandleError> {
    // Only a confirmed booking accepts EMI, and only its instalments have a due date.
    let mut due = Vec::new();
    let status: BookingStatus = decode::word("status", &event.status)?;
    if status == BookingStatus::Confirmed {
        for i in event.instalments.iter().filter(|i| !i.due_on.is_empty()) {
            let unpaid = decode::money(i.amount_paise).minus_or_zero(decode::money(i.paid_paise));
            due.push(Instalment { due_on: decode::parse("due_on", &i.due_on)?, unpaid });
        }
    }
    let oldest = oldest_unpaid(due);
    Ok(BookingRow {
        id: decode::id("booking_id", &event.booking_id)?,
        user_id: decode::id("user_id", &event.user_id)?,
        version: decode::version(event.version)?,
        due_on: oldest.map(|i| i.due_on),
        unpaid_paise: oldest.map_or(domain::Money::ZERO, |i| i.unpaid),
    })
}

/// Stores plan versions and the numbers of withdrawn ones; what is stored already stays as it is.
pub async fn apply_plans(
    c: &mut DbConnection,
    published: Vec<StoredPlan>,
    withdrawn: Vec<Count>,
) -> Result<(), HandleError> {
    plans::insert_new(c, published).await?;
    Ok(plans::insert_new_withdrawals(c, withdrawn).await?)
}
