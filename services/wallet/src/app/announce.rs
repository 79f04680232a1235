//! What others hear of a transaction: one `WalletChanged` a member, and an answer to each who asked.

use super::ids;
use crate::domain::books::{Changes, Notice};
use crate::domain::{Record, Wallet};
use chassis::events::outbox::{Draft, publish_all};
use db::DbConnection;
use diesel::QueryResult;
use domain::{Timestamp, UserId};
use proto_events::wallet::v1::{EmiReserved, HoldDecided, WalletChanged, WalletPaymentDecided, WalletTransaction};
use std::collections::BTreeMap;

pub(super) async fn publish(c: &mut DbConnection, changes: &Changes) -> QueryResult<()> {
    let mut seen: BTreeMap<UserId, Vec<WalletTransaction>> = BTreeMap::new();
    for record in &changes.records {
        let lines = seen.entry(record.entry.header().member).or_default();
        lines.extend(transactions(record));
    }
    let changed = changes.wallets.iter().map(|wallet| {
        let lines = seen.remove(&wallet.user_id).unwrap_or_default();
        Draft::new(wallet.user_id, wallet.changed_at, &changed(wallet, lines))
    });
    let mut drafts: Vec<Draft> = changed.collect();
    let told = changes.notices.iter().map(|(user, at, notice)| told(*user, *at, notice));
    drafts.extend(told);
    publish_all(c, drafts).await
}

fn transactions(record: &Record) -> impl Iterator<Item = WalletTransaction> {
    let header = record.entry.header();
    let entry = ids::entry(header.key);
    (0i32..).zip(&record.lines).filter_map(move |(number, line)| {
        let seen = line.seen_as.as_ref()?;
        Some(WalletTransaction {
            transaction_id: ids::transaction(entry, number).into(),
            r#type: seen.kind.to_string(),
            amount_paise: line.amount.paise(),
            balance_before_paise: seen.balance_before.paise(),
            // The wallet has checked the sum already.
            balance_after_paise: seen.balance_before.paise().saturating_add(line.amount.paise()),
            description: seen.description.clone(),
            reference_type: header.key.kind.reference().to_owned(),
            reference_id: header.key.cause.as_bytes().to_vec(),
            created_at: header.at.micros(),
        })
    })
}

fn changed(wallet: &Wallet, transactions: Vec<WalletTransaction>) -> WalletChanged {
    WalletChanged {
        user_id: wallet.user_id.into(),
        version: u64::try_from(wallet.version).unwrap_or(0),
        available_paise: wallet.available.paise(),
        held_paise: wallet.held.paise(),
        emi_reserve_paise: wallet.emi_reserve.paise(),
        reserve_paise: wallet.reserve.paise(),
        clawback_due_paise: wallet.clawback_due.paise(),
        total_earned_paise: wallet.total_earned.paise(),
        total_withdrawn_paise: wallet.total_withdrawn.paise(),
        transactions,
        changed_at: wallet.changed_at.micros(),
    }
}

fn told(user: UserId, at: Timestamp, notice: &Notice) -> Draft {
    match notice {
        Notice::HoldDecided { payout_id, amount, refused } => {
            let decided = HoldDecided {
                payout_id: (*payout_id).into(),
                user_id: user.into(),
                amount_paise: amount.paise(),
                placed: refused.is_none(),
                reason: refused.map(|r| r.to_string()).unwrap_or_default(),
                decided_at: at.micros(),
            };
            Draft::new(payout_id, at, &decided)
        }
        Notice::PaymentDecided { payment_id, booking_id, amount, refused } => {
            let decided = WalletPaymentDecided {
                payment_id: (*payment_id).into(),
                booking_id: (*booking_id).into(),
                user_id: user.into(),
                amount_paise: amount.paise(),
                paid: refused.is_none(),
                reason: refused.map(|r| r.to_string()).unwrap_or_default(),
                decided_at: at.micros(),
            };
            Draft::new(payment_id, at, &decided)
        }
        Notice::Reserved(reserve) => {
            let reserved = EmiReserved {
                reserve_id: reserve.reserve_id.into(),
                user_id: user.into(),
                amount_paise: reserve.amount.paise(),
                source_kind: reserve.source.to_string(),
                source_id: reserve.source_id.as_bytes().to_vec(),
                reserved_at: at.micros(),
            };
            Draft::new(reserve.reserve_id, at, &reserved)
        }
    }
}
