//! Tax rules come with a preset and are added to, never changed.

use crate::domain::tax_rule::{Refusal, admit};
use crate::error::PayoutError;
use crate::store::taxes;
use db::DbConnection;
use domain::Timestamp;
use domain::tax::TaxRule;

/// The rules a new database starts with.
pub async fn begin_with(c: &mut DbConnection, rules: &[TaxRule]) -> Result<(), PayoutError> {
    if taxes::rules(c).await?.is_empty() {
        for rule in rules {
            // Another instance may be at it too.
            taxes::insert_rule(c, rule).await?;
        }
    }
    Ok(())
}

/// Adds a rule that takes effect in the future, and ends the one before it.
pub async fn add_tax_rule(c: &mut DbConnection, rule: &TaxRule, now: Timestamp) -> Result<(), PayoutError> {
    let rules = taxes::lock_rules(c).await?;
    admit(&rules, rule, now.day())?;
    taxes::end_rules(c, rule.effective_from).await?;
    if taxes::insert_rule(c, rule).await? { Ok(()) } else { Err(Refusal::Known.into()) }
}
