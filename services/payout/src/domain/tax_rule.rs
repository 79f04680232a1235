//! Which tax rule holds when, and what a new one must be.

use domain::tax::TaxRule;
use domain::{Day, Timestamp};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("a new rule takes effect on a later day than today")]
    NotInFuture,
    #[error("a new rule takes effect later than every rule before it")]
    NotLatest,
    #[error("there is a rule of that id already")]
    Known,
}

/// The rule for something that happens at `at`: the last one that has begun, unless it has ended.
pub fn in_force(rules: &[TaxRule], at: Timestamp) -> Option<&TaxRule> {
    rules.iter().filter(|r| r.in_force(at)).max_by_key(|r| r.effective_from)
}

/// Whether `new` may be added to `rules` on `today`. Nothing that has begun is changed by it.
pub fn admit(rules: &[TaxRule], new: &TaxRule, today: Day) -> Result<(), Refusal> {
    if rules.iter().any(|r| r.id == new.id) {
        return Err(Refusal::Known);
    }
    if new.effective_from <= today {
        return Err(Refusal::NotInFuture);
    }
    if rules.iter().any(|r| r.effective_from >= new.effective_from) {
        return Err(Refusal::NotLatest);
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
        let admit = |new: TaxRule| admit(&rules, &new, today);
        assert_eq!(admit(rule("x", "2026-11-22", None)), Err(Refusal::NotInFuture));
        assert_eq!(admit(rule("x", "2027-03-31", None)), Err(Refusal::NotLatest));
        assert_eq!(admit(rule("x", "2027-04-01", None)), Err(Refusal::NotLatest));
        assert_eq!(admit(rule("next", "2027-04-02", None)), Err(Refusal::Known));
        assert_eq!(admit(rule("x", "2027-04-02", None)), Ok(()));
    }
}
