//! Local copies of data that other services publish. The highest version wins.

use crate::domain::BankAccountId;
use crate::domain::account::AccountSource;
use crate::domain::instalment::{Instalment, oldest_unpaid};
use crate::store::accounts::{self, BankAccount};
use crate::store::bookings::{self, BookingRow};
use crate::store::members::{self, MemberRow};
use crate::store::plans;
use chassis::events::HandleError;
use chassis::events::decode;
use db::DbConnection;
use domain::{BookingId, Plan, Timestamp, UserId};
use proto_events::auth::v1::KycDecided;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
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
        if newest.get(&user_id).is_none_or(|known| known.wallet_version < wallet.wallet_version) {
            newest.insert(user_id, wallet);
        }
    }
    let rows: Vec<MemberRow> = newest.into_values().collect();
    Ok(members::save_newer_wallets(c, &rows).await?)
}

/// Applies a KYC decision; an older version than the stored one changes nothing. `account_id` becomes the id of the
/// member's account if the account is new.
pub async fn apply_kyc(c: &mut DbConnection, event: &KycDecided, account_id: BankAccountId) -> Result<(), HandleError> {
    let version = decode::version(event.version)?;
    let decided_at = decode::time("decided_at", event.decided_at)?;
    let mut member = members::lock(c, decode::id("user_id", &event.user_id)?).await?;
    if version <= member.kyc_version {
        return Ok(());
    }
    member.kyc_version = version;
    member.kyc_approved = event.approved;
    if event.approved {
        let account = upsert_kyc_account(c, member.user_id, event, account_id, decided_at).await?;
        remove_earlier_kyc_account(c, &member, account).await?;
        member.kyc_account_id = Some(account);
        member.pan_sealed.clone_from(&event.pan_sealed);
        member.pan_index.clone_from(&event.pan_index);
        member.pan_mask.clone_from(&event.pan_mask);
        member.pan_holder.clone_from(&event.holder_name);
    }
    Ok(members::save(c, &member).await?)
}

/// Saves the account of an approved KYC as verified, also if the member added the same number before.
async fn upsert_kyc_account(
    c: &mut DbConnection,
    user_id: UserId,
    event: &KycDecided,
    new_id: BankAccountId,
    at: Timestamp,
) -> Result<BankAccountId, HandleError> {
    let known = accounts::lock_by_index(c, user_id, &event.account_index).await?;
    let account = BankAccount {
        id: known.as_ref().map_or(new_id, |a| a.id),
        user_id,
        source: AccountSource::Kyc,
        account_sealed: event.account_sealed.clone(),
        account_index: event.account_index.clone(),
        account_mask: event.account_mask.clone(),
        ifsc: event.ifsc.clone(),
        holder_name: event.holder_name.clone(),
        bank_name: event.bank_name.clone(),
        verified_at: Some(at),
        verified_by: decode::optional_id("decided_by", Some(event.decided_by.as_slice()).filter(|b| !b.is_empty()))?,
        live: Some(true),
        created_at: known.as_ref().map_or(at, |a| a.created_at),
    };
    if known.is_some() {
        accounts::save(c, &account).await?;
    } else {
        accounts::insert(c, &account).await?;
    }
    Ok(account.id)
}

/// Removes the account of the member's earlier KYC unless it is the `current` one.
async fn remove_earlier_kyc_account(
    c: &mut DbConnection,
    member: &MemberRow,
    current: BankAccountId,
) -> Result<(), HandleError> {
    if let Some(earlier) = member.kyc_account_id.filter(|id| *id != current)
        && let Some(mut account) = accounts::lock(c, earlier).await?
    {
        account.live = None;
        accounts::save(c, &account).await?;
    }
    Ok(())
}

/// Saves the newest state of each booking in the batch, in one statement.
pub async fn apply_bookings(c: &mut DbConnection, events: &[BookingChanged]) -> Result<(), HandleError> {
    let mut newest: BTreeMap<BookingId, BookingRow> = BTreeMap::new();
    for event in events {
        let row = booking_row(event)?;
        if newest.get(&row.id).is_none_or(|known| known.version < row.version) {
            newest.insert(row.id, row);
        }
    }
    let rows: Vec<BookingRow> = newest.into_values().collect();
    Ok(bookings::save_newer(c, &rows).await?)
}

fn booking_row(event: &BookingChanged) -> Result<BookingRow, HandleError> {
    // Only a confirmed booking accepts EMI, and only its instalments have a due date.
    let mut due = Vec::new();
    if event.status == "confirmed" {
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

/// Stores a published plan version; a version that is stored already stays as it is. Errors if the plan is invalid.
pub async fn apply_plan(c: &mut DbConnection, event: &PlanPublished) -> Result<(), HandleError> {
    let plan: Plan = serde_json::from_str(&event.plan_json).map_err(|e| HandleError::poison(e.to_string()))?;
    plan.validate().map_err(|e| HandleError::poison(e.to_string()))?;
    let effective_from = decode::time("effective_from", event.effective_from)?;
    plans::insert(c, &(i64::from(event.version), effective_from, event.plan_json.clone())).await?;
    Ok(())
}
