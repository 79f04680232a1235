//! Projections of what other services publish, for the decisions made here: the highest version wins.

use crate::domain::BankAccountId;
use crate::domain::account::Source;
use crate::domain::instalment::{Instalment, oldest_unpaid};
use crate::store::accounts::{self, BankAccount};
use crate::store::bookings::{self, Booking};
use crate::store::members::{self, Member};
use crate::store::plans;
use chassis::events::HandleError;
use chassis::events::read;
use db::DbConnection;
use domain::{BookingId, Plan, Timestamp, UserId};
use proto_events::auth::v1::KycDecided;
use proto_events::binary::v1::PlanPublished;
use proto_events::booking::v1::BookingChanged;
use proto_events::wallet::v1::WalletChanged;
use std::collections::BTreeMap;

/// Wallets: of each member the newest of the batch, in one statement.
pub async fn wallets(c: &mut DbConnection, events: &[WalletChanged]) -> Result<(), HandleError> {
    let mut newest: BTreeMap<UserId, Member> = BTreeMap::new();
    for event in events {
        let user_id = read::id("user_id", &event.user_id)?;
        let wallet = Member {
            wallet_version: read::version(event.version)?,
            available_paise: read::money(event.available_paise),
            held_paise: read::money(event.held_paise),
            clawback_due_paise: read::money(event.clawback_due_paise),
            ..Member::unknown(user_id)
        };
        if newest.get(&user_id).is_none_or(|known| known.wallet_version < wallet.wallet_version) {
            newest.insert(user_id, wallet);
        }
    }
    let rows: Vec<Member> = newest.into_values().collect();
    Ok(members::put_wallets(c, &rows).await?)
}

/// `account_id` is for the member's account, if it is new.
pub async fn kyc(c: &mut DbConnection, event: &KycDecided, account_id: BankAccountId) -> Result<(), HandleError> {
    let version = read::version(event.version)?;
    let decided_at = read::time("decided_at", event.decided_at)?;
    let mut member = members::lock(c, read::id("user_id", &event.user_id)?).await?;
    if version <= member.kyc_version {
        return Ok(());
    }
    member.kyc_version = version;
    member.kyc_approved = event.approved;
    if event.approved {
        let account = kyc_account(c, member.user_id, event, account_id, decided_at).await?;
        retire(c, &member, account).await?;
        member.kyc_account_id = Some(account);
        member.pan_sealed.clone_from(&event.pan_sealed);
        member.pan_index.clone_from(&event.pan_index);
        member.pan_mask.clone_from(&event.pan_mask);
        member.pan_holder.clone_from(&event.holder_name);
    }
    Ok(members::save(c, &member).await?)
}

/// The account of an approved KYC is verified, also where the member had added it before.
async fn kyc_account(
    c: &mut DbConnection,
    user_id: UserId,
    event: &KycDecided,
    fresh_id: BankAccountId,
    at: Timestamp,
) -> Result<BankAccountId, HandleError> {
    let known = accounts::find_by_index(c, user_id, &event.account_index).await?;
    let account = BankAccount {
        id: known.as_ref().map_or(fresh_id, |a| a.id),
        user_id,
        source: Source::Kyc,
        account_sealed: event.account_sealed.clone(),
        account_index: event.account_index.clone(),
        account_mask: event.account_mask.clone(),
        ifsc: event.ifsc.clone(),
        holder_name: event.holder_name.clone(),
        bank_name: event.bank_name.clone(),
        verified_at: Some(at),
        verified_by: read::optional_id("decided_by", Some(event.decided_by.as_slice()).filter(|b| !b.is_empty()))?,
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

/// An earlier KYC's account is one no longer.
async fn retire(c: &mut DbConnection, member: &Member, now: BankAccountId) -> Result<(), HandleError> {
    if let Some(earlier) = member.kyc_account_id.filter(|id| *id != now)
        && let Some(mut account) = accounts::lock(c, earlier).await?
    {
        account.live = None;
        accounts::save(c, &account).await?;
    }
    Ok(())
}

/// Bookings: the newest of the batch of each, in one statement.
pub async fn bookings(c: &mut DbConnection, events: &[BookingChanged]) -> Result<(), HandleError> {
    let mut newest: BTreeMap<BookingId, Booking> = BTreeMap::new();
    for event in events {
        let row = booking(event)?;
        if newest.get(&row.id).is_none_or(|known| known.version < row.version) {
            newest.insert(row.id, row);
        }
    }
    let rows: Vec<Booking> = newest.into_values().collect();
    Ok(bookings::put(c, &rows).await?)
}

fn booking(event: &BookingChanged) -> Result<Booking, HandleError> {
    // Only a confirmed booking takes money for EMI, and only its instalments have a day they are due on.
    let mut due = Vec::new();
    if event.status == "confirmed" {
        for i in event.instalments.iter().filter(|i| !i.due_on.is_empty()) {
            let unpaid = read::money(i.amount_paise).minus_or_zero(read::money(i.paid_paise));
            due.push(Instalment { due_on: read::word("due_on", &i.due_on)?, unpaid });
        }
    }
    let oldest = oldest_unpaid(due);
    Ok(Booking {
        id: read::id("booking_id", &event.booking_id)?,
        user_id: read::id("user_id", &event.user_id)?,
        version: read::version(event.version)?,
        due_on: oldest.map(|i| i.due_on),
        unpaid_paise: oldest.map_or(domain::Money::ZERO, |i| i.unpaid),
    })
}

pub async fn plan(c: &mut DbConnection, event: &PlanPublished) -> Result<(), HandleError> {
    let plan: Plan = serde_json::from_str(&event.plan_json).map_err(|e| HandleError::poison(e.to_string()))?;
    plan.validate().map_err(|e| HandleError::poison(e.to_string()))?;
    let effective_from = read::time("effective_from", event.effective_from)?;
    plans::insert(c, &(i64::from(event.version), effective_from, event.plan_json.clone())).await?;
    Ok(())
}
