//! Selection of the tax rule in force and checks of a new rule.

use domain::tax::TaxRule;
use domain::{Day, Timestamp};

/// Refusal of a new tax rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaxRuleRefusal {
    #[error("a new rule must take effect after today")]
    NotInFuture,
    #[error("a new rule must take effect after every existing rule")]
    NotLatest,
    #[error("a rule with this id exists already")]
    Known,
}

/// The rule in force at `at`: the latest one that has started, unless it has ended.
pub fn in_force(rules: &[TaxRule], at: Timestamp) -> Option<&TaxRule> {
    rules.iter().filter(|r| r.in_force(at)).max_by_key(|r| r.effective_from)
}

/// Checks that `new` may be added to `rules` on `today`. Refuses a known id and a start that is not after today and
/// after every other rule.
pub fn validate_new_rule(rules: &[TaxRule], new: &TaxRule, today: Day) -> Result<(), TaxRuleRefusal> {
    if rules.iter().any(|r| r.id == new.id) {
        return Err(TaxRuleRefusal::Known);
    }
    if new.effective_from <= today {
        return Err(TaxRuleRefusal::NotInFuture);
    }
    if rules.iter().any(|r| r.effective_from >= new.effective_from) {
        return Err(TaxRuleRefusal::NotLatest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(id: &str, from: &str, to: Option<&str>) -> TaxRule {
        let seed = domain::tax::preset("seed").expect("known").remove(0);
        let day = |text: &str| text.parse::<Day>().expect("a date");
        TaxRule { id: id.into(), effective_from: day(from), effective_to: to.map(day), ..seed }
    }

    #[test]
    fn a_rule_holds_from_midnight_in_india() {
        let rules = [rule("old", "1970-01-01", Some("2027-04-01")), rule("new", "2027-04-01", None)];
        let found = |at: &str| in_force(&rules, at.parse().expect("a time")).map(|r| r.id.clone());
        assert_eq!(found("2027-03-31T18:29:59.999999Z").as_deref(), Some("old"));
        assert_eq!(found("2027-03-31T18:30:00Z").as_deref(), Some("new"));
    }

    #[test]
    fn a_new_rule_is_later_than_today_and_than_all_others() {
        let rules = [rule("old", "1970-01-01", None), rule("next", "2027-04-01", None)];
        let today = "2026-11-22".parse().expect("a date");
        let validate = |new: TaxRule| validate_new_rule(&rules, &new, today);
        assert_eq!(validate(rule("x", "2026-11-22", None)), Err(TaxRuleRefusal::NotInFuture));
        assert_eq!(validate(rule("x", "2027-03-31", None)), Err(TaxRuleRefusal::NotLatest));
        assert_eq!(validate(rule("x", "2027-04-01", None)), Err(TaxRuleRefusal::NotLatest));
        assert_eq!(validate(rule("next", "2027-04-02", None)), Err(TaxRuleRefusal::Known));
        assert_eq!(validate(rule("x", "2027-04-02", None)), Ok(()));
    }
}
