//! Tax of a payout: estimated at request, deducted at approval under the lock of the PAN's accumulator, released when
//! the payout fails or is reversed.

use crate::domain::breakdown::{Breakdown, break_down};
use crate::domain::tax_rule;
use crate::error::PayoutError;
use crate::store::payouts::Payout;
use crate::store::taxes::{self, TaxLine};
use db::DbConnection;
use domain::tax::{TaxInput, TaxRule};
use domain::{Money, Timestamp};

async fn load_rule_at(c: &mut DbConnection, now: Timestamp) -> Result<TaxRule, PayoutError> {
    let rules = taxes::list_all_rules(c).await?;
    tax_rule::in_force(&rules, now).cloned().ok_or(PayoutError::NoTaxRule(now))
}

/// Estimates the parts of a payout of `gross` under the tax rule in force at `now`. `pan_index` is empty for a member
/// whose PAN is not known, with `has_pan` if one is expected. Errors with `NoTaxRule`.
pub async fn estimate(
    c: &mut DbConnection,
    (pan_index, has_pan): (&[u8], bool),
    gross: Money,
    instalment: Option<Money>,
    now: Timestamp,
) -> Result<(Breakdown, TaxRule), PayoutError> {
    let rule = load_rule_at(c, now).await?;
    let paid_before = if has_pan && pan_index.is_empty() {
        Money::ZERO
    } else {
        taxes::find_gross_paid(c, pan_index, now.financial_year()).await?
    };
    let input = TaxInput { gross, paid_before, has_pan };
    Ok((break_down(&rule, &input, instalment)?, rule))
}

/// Fixes the parts of `payout`, adds it to the PAN's accumulator of the year and inserts its tax line.
pub async fn deduct(
    c: &mut DbConnection,
    payout: &Payout,
    instalment: Option<Money>,
    now: Timestamp,
) -> Result<(Breakdown, TaxLine), PayoutError> {
    let rule = load_rule_at(c, now).await?;
    let year = now.financial_year();
    let (paid_before, tds_before) = taxes::lock_accumulator(c, &payout.pan_index, year).await?;
    let input = TaxInput { gross: payout.requested_paise, paid_before, has_pan: !payout.pan_index.is_empty() };
    let parts = break_down(&rule, &input, instalment)?;
    let after = (paid_before.add(parts.requested)?, tds_before.add(parts.tds)?);
    taxes::save_accumulator(c, &payout.pan_index, year, after).await?;
    let rate = if input.has_pan { rule.rate } else { rule.no_pan_rate };
    let line = TaxLine {
        payout_id: payout.id,
        rule_id: rule.id,
        section: rule.section,
        financial_year: year,
        quarter: now.quarter(),
        rate: rate.to_string(),
        threshold_paise: rule.threshold,
        cap_paise: rule.cap,
        has_pan: input.has_pan,
        gross_paise: parts.requested,
        paid_before_paise: paid_before,
        tds_paise: parts.tds,
        pan_index: payout.pan_index.clone(),
        deducted_at: now,
        returned_at: None,
        taxed_part: rule.on,
    };
    taxes::insert_tax_line(c, &line).await?;
    Ok((parts, line))
}

/// Subtracts `line` from the PAN's accumulator. A second call changes nothing.
pub async fn release(c: &mut DbConnection, line: &TaxLine, now: Timestamp) -> Result<(), PayoutError> {
    let (gross, tds) = taxes::lock_accumulator(c, &line.pan_index, line.financial_year).await?;
    if taxes::mark_returned(c, line.payout_id, now).await? {
        let after = (gross.sub(line.gross_paise)?, tds.sub(line.tds_paise)?);
        taxes::save_accumulator(c, &line.pan_index, line.financial_year, after).await?;
    }
    Ok(())
}
