//! Events of payouts, read into commands.

use super::{Batch, CommandBatch, LedgerTable, single};
use crate::app::ids;
use crate::domain::Command;
use crate::domain::entries::payout_hold::HoldChange;
use crate::domain::entries::payout_settlement::PayoutSettlement;
use domain::PayoutId;
use messaging::{EventTable, HandleError, decode};
use proto_events::payout::v1::{
    Payout, PayoutApproved, PayoutCancelled, PayoutCompleted, PayoutFailed, PayoutRejected, PayoutRequested,
    PayoutReversed, TaxLine,
};

/// Adds the events of payouts to `table`.
pub(super) fn add(table: EventTable<Batch>) -> EventTable<Batch> {
    table
        .on_ledger::<PayoutRequested>(|event| single(Command::Hold(hold_change(event.payout)?)))
        .on_ledger::<PayoutApproved>(|event| single(Command::Capture(hold_change(event.payout)?)))
        .on_ledger::<PayoutRejected>(payout_rejected)
        .on_ledger::<PayoutCancelled>(|event| single(Command::Release(hold_change(event.payout)?)))
        .on_ledger::<PayoutCompleted>(|event| single(Command::PayoutCompletion(settlement(event.payout, event.tax)?)))
        .on_ledger::<PayoutFailed>(|event| single(Command::PayoutFailure(hold_change(event.payout)?)))
        .on_ledger::<PayoutReversed>(|event| single(Command::PayoutReversal(settlement(event.payout, event.tax)?)))
}

fn hold_change(payout: Option<Payout>) -> Result<HoldChange, HandleError> {
    let payout = decode::required("payout", &payout)?;
    Ok(HoldChange {
        payout_id: decode::id("payout_id", &payout.payout_id)?,
        user_id: decode::id("user_id", &payout.user_id)?,
        amount: decode::money(payout.requested_paise),
        reason: payout.reason.clone(),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}

fn payout_rejected(event: PayoutRejected) -> CommandBatch {
    // The wallet rejected the hold, so there is none to release.
    if event.hold_refused { Ok(Vec::new()) } else { single(Command::Release(hold_change(event.payout)?)) }
}

fn settlement(payout: Option<Payout>, tax: Option<TaxLine>) -> Result<PayoutSettlement, HandleError> {
    let payout = decode::required("payout", &payout)?;
    let payout_id: PayoutId = decode::id("payout_id", &payout.payout_id)?;
    Ok(PayoutSettlement {
        payout_id,
        user_id: decode::id("user_id", &payout.user_id)?,
        requested: decode::money(payout.requested_paise),
        tds: decode::money(payout.tds_paise),
        emi: decode::money(payout.emi_paise),
        net: decode::money(payout.net_paise),
        tax_rule: tax.map(|t| t.rule_id).unwrap_or_default(),
        reserve_id: ids::reserve("payout", payout_id.uuid()),
        at: decode::time("changed_at", payout.changed_at)?,
    })
}
