//! Events of a payout, one for each state it reaches.

use crate::domain::payout::PayoutStatus;
use crate::store::payouts::Payout;
use crate::store::taxes::TaxLine;
use messaging::outbox::OutboxEvent;
use proto_events::payout::v1 as event;

/// The event of the payout's current state. `Pending` has none, because the wallet's `HoldDecided` announces it. `tax`
/// is present from approval on.
pub fn payout_event(payout: &Payout, tax: Option<&TaxLine>, hold_refused: bool) -> Option<OutboxEvent> {
    let (subject, at, status) = (payout.id, payout.changed_at, payout.status);
    let tax = tax.map(|line| tax_line_message(payout, line));
    let payout = Some(payout_message(payout));
    match status {
        PayoutStatus::Requested => Some(OutboxEvent::new(subject, at, &event::PayoutRequested { payout })),
        PayoutStatus::Pending => None,
        PayoutStatus::Approved => Some(OutboxEvent::new(subject, at, &event::PayoutApproved { payout, tax })),
        PayoutStatus::Processing => Some(OutboxEvent::new(subject, at, &event::PayoutProcessing { payout })),
        PayoutStatus::Completed => Some(OutboxEvent::new(subject, at, &event::PayoutCompleted { payout, tax })),
        PayoutStatus::Rejected => Some(OutboxEvent::new(subject, at, &event::PayoutRejected { payout, hold_refused })),
        PayoutStatus::Cancelled => Some(OutboxEvent::new(subject, at, &event::PayoutCancelled { payout })),
        PayoutStatus::Failed => Some(OutboxEvent::new(subject, at, &event::PayoutFailed { payout })),
        PayoutStatus::Reversed => Some(OutboxEvent::new(subject, at, &event::PayoutReversed { payout, tax })),
    }
}

fn payout_message(payout: &Payout) -> event::Payout {
    event::Payout {
        payout_id: payout.id.into(),
        user_id: payout.user_id.into(),
        version: payout.version.get(),
        status: payout.status.to_string(),
        requested_paise: payout.requested_paise.paise(),
        tds_paise: payout.tds_paise.paise(),
        emi_paise: payout.emi_paise.paise(),
        net_paise: payout.net_paise.paise(),
        emi_autofill: payout.emi_autofill,
        account_mask: payout.account_mask.clone(),
        utr: payout.utr.clone(),
        reason: payout.reason.clone(),
        requested_at: payout.requested_at.micros(),
        changed_at: payout.changed_at.micros(),
    }
}

fn tax_line_message(payout: &Payout, line: &TaxLine) -> event::TaxLine {
    event::TaxLine {
        rule_id: line.rule_id.clone(),
        section: line.section.clone(),
        financial_year: line.financial_year.to_string(),
        quarter: line.quarter.to_string(),
        rate: line.rate.clone(),
        gross_paise: line.gross_paise.paise(),
        paid_before_paise: line.paid_before_paise.paise(),
        tds_paise: line.tds_paise.paise(),
        pan_sealed: payout.pan_sealed.clone(),
        pan_index: line.pan_index.clone(),
        pan_mask: payout.pan_mask.clone(),
        holder_name: payout.pan_holder.clone(),
        deducted_at: line.deducted_at.micros(),
    }
}
