//! Events of a posting transaction: one `WalletChanged` a member, answers to requests, new EMI reserves.

use super::ids;
use crate::domain::ledger_session::Changes;
use crate::domain::{LedgerEvent, PostedEntry, PostedLine, TransactionId, WalletBalances};
use crate::error::WalletError;
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::outbox::{OutboxEvent, publish_all};
use proto_events::wallet::v1::{EmiReserved, HoldDecided, WalletChanged, WalletPaymentDecided, WalletTransaction};
use std::collections::BTreeMap;

/// Puts the events of `changes` in the outbox.
pub(super) async fn publish_changes(c: &mut DbConnection, changes: &Changes) -> Result<(), WalletError> {
    let mut by_member: BTreeMap<UserId, Vec<WalletTransaction>> = BTreeMap::new();
    for posted in &changes.posted {
        let lines = by_member.entry(posted.entry.header().member).or_default();
        let entry = ids::entry(posted.entry.header().key);
        for (number, line) in (0i32..).zip(&posted.lines) {
            lines.extend(transaction(posted, ids::transaction(entry, number)?, line)?);
        }
    }
    let changed = changes.wallets.iter().map(|wallet| {
        let lines = by_member.remove(&wallet.user_id).unwrap_or_default();
        Ok(OutboxEvent::new(wallet.user_id, wallet.changed_at, &wallet_changed(wallet, lines)?))
    });
    let mut events = changed.collect::<Result<Vec<OutboxEvent>, WalletError>>()?;
    events.extend(changes.events.iter().map(|(user, at, event)| outbox_event(*user, *at, event)));
    Ok(publish_all(c, events).await?)
}

/// The transaction of a posted line; `None` for one that the member does not see. Errors when the balance overflows.
fn transaction(
    posted: &PostedEntry,
    id: TransactionId,
    line: &PostedLine,
) -> Result<Option<WalletTransaction>, WalletError> {
    let Some(visible) = &line.statement_line else { return Ok(None) };
    let header = posted.entry.header();
    Ok(Some(WalletTransaction {
        transaction_id: id.into(),
        r#type: visible.kind.to_string(),
        amount_paise: line.amount.paise(),
        balance_before_paise: visible.balance_before.paise(),
        balance_after_paise: visible.balance_before.add(line.amount)?.paise(),
        description: visible.description.clone(),
        reference_type: header.key.kind.reference_type().to_owned(),
        reference_id: header.key.cause.as_bytes().to_vec(),
        created_at: header.at.micros(),
    }))
}

fn wallet_changed(wallet: &WalletBalances, transactions: Vec<WalletTransaction>) -> Result<WalletChanged, WalletError> {
    Ok(WalletChanged {
        user_id: wallet.user_id.into(),
        version: u64::try_from(wallet.version)?,
        available_paise: wallet.available.paise(),
        held_paise: wallet.held.paise(),
        emi_reserve_paise: wallet.emi_reserve.paise(),
        reserve_paise: wallet.reserve.paise(),
        clawback_due_paise: wallet.clawback_due.paise(),
        total_earned_paise: wallet.total_earned.paise(),
        total_withdrawn_paise: wallet.total_withdrawn.paise(),
        transactions,
        changed_at: wallet.changed_at.micros(),
    })
}

fn outbox_event(user: UserId, at: Timestamp, event: &LedgerEvent) -> OutboxEvent {
    match event {
        LedgerEvent::HoldDecided { payout_id, amount, rejection } => {
            let decided = HoldDecided {
                payout_id: (*payout_id).into(),
                user_id: user.into(),
                amount_paise: amount.paise(),
                placed: rejection.is_none(),
                reason: rejection.map(|r| r.to_string()).unwrap_or_default(),
                decided_at: at.micros(),
            };
            OutboxEvent::new(payout_id, at, &decided)
        }
        LedgerEvent::WalletPaymentDecided { payment_id, booking_id, amount, rejection } => {
            let decided = WalletPaymentDecided {
                payment_id: (*payment_id).into(),
                booking_id: (*booking_id).into(),
                user_id: user.into(),
                amount_paise: amount.paise(),
                paid: rejection.is_none(),
                reason: rejection.map(|r| r.to_string()).unwrap_or_default(),
                decided_at: at.micros(),
            };
            OutboxEvent::new(payment_id, at, &decided)
        }
        LedgerEvent::EmiReserved(reserve) => {
            let reserved = EmiReserved {
                reserve_id: reserve.reserve_id.into(),
                user_id: user.into(),
                amount_paise: reserve.amount.paise(),
                source_kind: reserve.source.to_string(),
                source_id: reserve.source_id.as_bytes().to_vec(),
                reserved_at: at.micros(),
            };
            OutboxEvent::new(reserve.reserve_id, at, &reserved)
        }
    }
}
