//! Consumers of the compliance service: TDS records from payouts, audit entries from staff actions.
//!
//! Every row is inserted once by its unique key, so events may arrive twice and in any order.

use crate::app::insert::{AuditEntry, AuditEntryId, TdsRecord, TdsRecordId, insert_audit_entries, insert_tds_records};
use chassis::events::decode::{id, money, optional_id, parse, required, time};
use chassis::events::{ApplyBatch, EventConsumer, HandleError};
use db::DbConnection;
use domain::MoneyError;
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use proto_events::platform::v1::StaffActed;

/// The table of events.
pub(crate) fn consumer() -> EventConsumer<Records, Batch> {
    EventConsumer::new(Records)
        .on::<PayoutCompleted>(read_deduction)
        .on::<PayoutReversed>(read_reversal)
        .on::<StaffActed>(read_staff_action)
}

/// The rows of a batch of events.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    tds_records: Vec<TdsRecord>,
    audit_entries: Vec<AuditEntry>,
}

/// Inserts the rows of a batch.
pub(crate) struct Records;

#[async_trait::async_trait]
impl ApplyBatch<Batch> for Records {
    async fn apply(&self, c: &mut DbConnection, batch: Batch) -> Result<(), HandleError> {
        insert_tds_records(c, &batch.tds_records).await?;
        Ok(insert_audit_entries(c, &batch.audit_entries).await?)
    }
}

fn read_deduction(batch: &mut Batch, e: PayoutCompleted) -> Result<(), HandleError> {
    batch.tds_records.push(tds_record(&e.payout, &e.tax)?);
    Ok(())
}

/// Reads the deduction with negative amounts at the time of the return, so that the statement of an earlier quarter
/// does not change. It does not depend on the deduction's row, so either may arrive first.
fn read_reversal(batch: &mut Batch, e: PayoutReversed) -> Result<(), HandleError> {
    let deduction = tds_record(&e.payout, &e.tax)?;
    let returned_at = time("changed_at", required("payout", &e.payout)?.changed_at)?;
    let out_of_range = |e: MoneyError| HandleError::poison(e.to_string());
    batch.tds_records.push(TdsRecord {
        reversal: true,
        financial_year: returned_at.financial_year(),
        quarter: returned_at.quarter(),
        gross_paise: deduction.gross_paise.neg().map_err(out_of_range)?,
        tds_paise: deduction.tds_paise.neg().map_err(out_of_range)?,
        deducted_at: returned_at,
        reverses_at: Some(deduction.deducted_at),
        ..deduction
    });
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

fn read_staff_action(batch: &mut Batch, e: StaffActed) -> Result<(), HandleError> {
    batch.audit_entries.push(AuditEntry {
        id: id::<AuditEntryId>("action_id", &e.action_id)?,
        actor_id: id("actor_id", &e.actor_id)?,
        role: parse("role", &e.role)?,
        service: e.service,
        action: e.action,
        subject_type: e.subject_type,
        subject_id: e.subject_id,
        subject_user_id: optional_id("subject_user_id", e.subject_user_id.as_deref())?,
        detail: e.detail.chars().take(1_000).collect(),
        request_id: e.request_id,
        address: e.address,
        acted_at: time("acted_at", e.acted_at)?,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::events::handler::EventHandler;
    use proto_events::subscriptions;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_the_subscription() {
        let mut types: BTreeSet<String> = consumer().types().into_iter().collect();
        types.insert("auth.v1.SessionRevoked".to_owned());
        let subscribed = subscriptions::for_service("compliance").iter().map(|event_type| (*event_type).to_owned());
        assert_eq!(types, subscribed.collect());
    }
}
