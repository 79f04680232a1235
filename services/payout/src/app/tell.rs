//! The event of each state a payout reaches.

use crate::domain::payout::Status;
use crate::store::payouts::Payout;
use crate::store::taxes::TaxLine;
use chassis::events::outbox;
use db::DbConnection;
use diesel::QueryResult;
use proto_events::payout::v1 as event;

/// Puts the event of the state `payout` is in into the outbox. That a payout is pending is no news: the wallet
/// told it by its hold. `tax` is there from approval on.
pub async fn tell(c: &mut DbConnection, payout: &Payout, tax: Option<&TaxLine>, hold_refused: bool) -> QueryResult<()> {
    let (subject, at, status) = (payout.id, payout.changed_at, payout.status);
    let tax = tax.map(|line| tax_line(payout, line));
    let payout = Some(snapshot(payout));
    match status {
        Status::Requested => outbox::publish(c, subject, at, &event::PayoutRequested { payout }).await,
        Status::Pending => Ok(()),
        Status::Approved => outbox::publish(c, subject, at, &event::PayoutApproved { payout, tax }).await,
        Status::Processing => outbox::publish(c, subject, at, &event::PayoutProcessing { payout }).await,
        Status::Completed => outbox::publish(c, subject, at, &event::PayoutCompleted { payout, tax }).await,
        Status::Rejected => outbox::publish(c, subject, at, &event::PayoutRejected { payout, hold_refused }).await,
        Status::Cancelled => outbox::publish(c, subject, at, &event::PayoutCancelled { payout }).await,
        Status::Failed => outbox::publish(c, subject, at, &event::PayoutFailed { payout }).await,
        Status::Reversed => outbox::publish(c, subject, at, &event::PayoutReversed { payout, tax }).await,
    }
}

fn snapshot(payout: &Payout) -> event::Payout {
    event::Payout {
        payout_id: payout.id.into(),
        user_id: payout.user_id.into(),
        version: payout.version.unsigned_abs(),
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

fn tax_line(payout: &Payout, line: &TaxLine) -> event::TaxLine {
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
