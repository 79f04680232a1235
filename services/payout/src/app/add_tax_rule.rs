//! Creation of tax rules. Existing rules are ended by a later rule, never changed otherwise.

use crate::domain::tax_rule::{TaxRuleRefusal, validate_new_rule};
use crate::error::PayoutError;
use crate::store::taxes;
use db::DbConnection;
use domain::Timestamp;
use domain::tax::TaxRule;

/// Inserts the preset `rules` if the database has no tax rule yet.
pub async fn seed_tax_rules(c: &mut DbConnection, rules: &[TaxRule]) -> Result<(), PayoutError> {
    if taxes::list_all_rules(c).await?.is_empty() {
        for rule in rules {
            // Another instance may have inserted the same rule meanwhile: then this inserts nothing.
            taxes::insert_rule(c, rule).await?;
        }
    }
    Ok(())
}

/// Adds a rule that takes effect on a later day and ends the rule before it on that day. Refuses a rule that takes
/// effect today or earlier, that is not the latest, or that has the id of another rule.
pub async fn add_tax_rule(c: &mut DbConnection, rule: &TaxRule, now: Timestamp) -> Result<(), PayoutError> {
    let rules = taxes::lock_rules(c).await?;
    validate_new_rule(&rules, rule, now.day())?;
    taxes::end_rules(c, rule.effective_from).await?;
    if taxes::insert_rule(c, rule).await? { Ok(()) } else { Err(TaxRuleRefusal::Known.into()) }
}
