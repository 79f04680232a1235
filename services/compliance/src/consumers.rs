//! Facts to keep: deductions, their reversals, and what staff did. Every one is a keyed one-shot.

use crate::Compliance;
use crate::app::keep::{Action, ActionId, RecordId, TdsRecord, keep_action, keep_record};
use chassis::events::consumer::Consumer;
use chassis::events::read::{id, money, optional_id, part, time, word};
use chassis::events::{Envelope, HandleError};
use db::DbConnection;
use domain::MoneyError;
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use proto_events::platform::v1::StaffActed;

#[async_trait::async_trait]
impl Consumer for Compliance {
    async fn handle(&self, c: &mut DbConnection, events: &[Envelope]) -> Result<(), HandleError> {
        for event in events {
            match event.event_type.as_str() {
                "payout.v1.PayoutCompleted" => completed(c, &event.decode()?).await?,
                "payout.v1.PayoutReversed" => reversed(c, &event.decode()?).await?,
                "platform.v1.StaffActed" => acted(c, &event.decode()?).await?,
                // What is subscribed to and not kept would go unnoticed.
                other => return Err(HandleError::poison(format!("nothing is kept of {other}"))),
            }
        }
        Ok(())
    }
}

async fn completed(c: &mut DbConnection, e: &PayoutCompleted) -> Result<(), HandleError> {
    keep_record(c, &record(&e.payout, &e.tax)?).await?;
    Ok(())
}

/// The mirror of the deduction, at the time of the return: a quarter that has been stated stays as it was stated. It
/// needs nothing of the first row, so either may come first.
async fn reversed(c: &mut DbConnection, e: &PayoutReversed) -> Result<(), HandleError> {
    let deduction = record(&e.payout, &e.tax)?;
    let returned_at = time("changed_at", part("payout", &e.payout)?.changed_at)?;
    let out_of_range = |e: MoneyError| HandleError::poison(e.to_string());
    let mirror = TdsRecord {
        reversal: true,
        financial_year: returned_at.financial_year(),
        quarter: returned_at.quarter(),
        gross_paise: deduction.gross_paise.neg().map_err(out_of_range)?,
        tds_paise: deduction.tds_paise.neg().map_err(out_of_range)?,
        deducted_at: returned_at,
        reverses_at: Some(deduction.deducted_at),
        ..deduction
    };
    keep_record(c, &mirror).await?;
    Ok(())
}

fn record(payout: &Option<Payout>, tax: &Option<TaxLine>) -> Result<TdsRecord, HandleError> {
    let (payout, tax) = (part("payout", payout)?, part("tax", tax)?);
    Ok(TdsRecord {
        id: chassis::id::fresh::<RecordId>(),
        payout_id: id("payout_id", &payout.payout_id)?,
        reversal: false,
        user_id: id("user_id", &payout.user_id)?,
        financial_year: word("financial_year", &tax.financial_year)?,
        quarter: word("quarter", &tax.quarter)?,
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

async fn acted(c: &mut DbConnection, e: &StaffActed) -> Result<(), HandleError> {
    let action = Action {
        id: id::<ActionId>("action_id", &e.action_id)?,
        actor_id: id("actor_id", &e.actor_id)?,
        role: word("role", &e.role)?,
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
    keep_action(c, &action).await?;
    Ok(())
}
