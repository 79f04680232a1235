//! Consumers of the compliance service: TDS records from payouts, audit entries from staff actions.
//!
//! Every row is inserted once by its unique key, so events may arrive twice and in any order.

use crate::app::insert::{AuditEntry, AuditEntryId, TdsRecord, TdsRecordId, insert_audit_entry, insert_tds_record};
use chassis::events::decode::{id, money, optional_id, parse, required, time};
use chassis::events::handler::EventHandler;
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use domain::MoneyError;
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use proto_events::platform::v1::StaffActed;

/// Handles payout events and staff actions.
pub(crate) struct EventConsumer;

#[async_trait::async_trait]
impl EventHandler for EventConsumer {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        for event in events {
            match event.event_type.as_str() {
                "payout.v1.PayoutCompleted" => on_payout_completed(c, &event.decode()?).await?,
                "payout.v1.PayoutReversed" => on_payout_reversed(c, &event.decode()?).await?,
                "platform.v1.StaffActed" => on_staff_acted(c, &event.decode()?).await?,
                // An event type that is subscribed to and not handled must not be lost silently.
                other => return Err(HandleError::poison(format!("unhandled event type {other}"))),
            }
        }
        Ok(())
    }
}

async fn on_payout_completed(c: &mut DbConnection, e: &PayoutCompleted) -> Result<(), HandleError> {
    insert_tds_record(c, &tds_record(&e.payout, &e.tax)?).await?;
    Ok(())
}

/// Inserts the deduction with negative amounts at the time of the return, so that the statement of an earlier quarter
/// does not change. It does not read the deduction's row, so either may arrive first.
async fn on_payout_reversed(c: &mut DbConnection, e: &PayoutReversed) -> Result<(), HandleError> {
    let deduction = tds_record(&e.payout, &e.tax)?;
    let returned_at = time("changed_at", required("payout", &e.payout)?.changed_at)?;
    let out_of_range = |e: MoneyError| HandleError::poison(e.to_string());
    let reversal = TdsRecord {
        reversal: true,
        financial_year: returned_at.financial_year(),
        quarter: returned_at.quarter(),
        gross_paise: deduction.gross_paise.neg().map_err(out_of_range)?,
        tds_paise: deduction.tds_paise.neg().map_err(out_of_range)?,
        deducted_at: returned_at,
        reverses_at: Some(deduction.deducted_at),
        ..deduction
    };
    insert_tds_record(c, &reversal).await?;
    Ok(())
}

/// The deduction of a payout. Poisons an event without payout or tax, or with an unknown id, year or quarter.
fn tds_record(payout: &Option<Payout>, tax: &Option<TaxLine>) -> Result<TdsRecord, HandleError> {
    let (payout, tax) = (required("payout", payout)?, required("tax", tax)?);
    Ok(TdsRecord {
        id: chassis::id::fresh::<TdsRecordId>(),
        payout_id: id("payout_id", &payout.payout_id)?,
        reversal: false,
        user_id: id("user_id", &payout.user_id)?,
        financial_year: parse("financial_year", &tax.financial_year)?,
        quarter: parse("quarter", &tax.quarter)?,
        rule_id: tax.rule_id.clone(),
        section: tax.section.clone(),
        rate: tax.rate.clone(),
        gross_paise: money(tax.gross_paise),
        paid_before_paise: money(tax.paid_before_paise),
        tds_paise: money(tax.tds_paise),
        pan_sealed: tax.pan_sealed.clone(),
        pan_index: tax.pan_index.clone(),
        pan_mask: tax.pan_mask.clone(),
        holder_name: tax.holder_name.chars().take(120).collect(),
        deducted_at: time("deducted_at", tax.deducted_at)?,
        reverses_at: None,
    })
}

async fn on_staff_acted(c: &mut DbConnection, e: &StaffActed) -> Result<(), HandleError> {
    let entry = AuditEntry {
        id: id::<AuditEntryId>("action_id", &e.action_id)?,
        actor_id: id("actor_id", &e.actor_id)?,
        role: parse("role", &e.role)?,
        service: e.service.clone(),
        action: e.action.clone(),
        subject_type: e.subject_type.clone(),
        subject_id: e.subject_id.clone(),
        subject_user_id: optional_id("subject_user_id", e.subject_user_id.as_deref())?,
        detail: e.detail.chars().take(1_000).collect(),
        request_id: e.request_id.clone(),
        address: e.address.clone(),
        acted_at: time("acted_at", e.acted_at)?,
    };
    insert_audit_entry(c, &entry).await?;
    Ok(())
}
