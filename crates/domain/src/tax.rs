//! Tax deducted at source (TDS): effective-dated rules, and the deduction of one payout.

use crate::money::{Money, MoneyError, Rate, Rounding};
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

crate::text_enum! {
    /// What of a payout that passes the threshold is taxed.
    pub enum TaxedPart {
        /// The part above the threshold.
        Excess = "excess",
        /// The whole payout, as is every later one of the year.
        Whole = "whole",
    }
}

/// One effective-dated rule of a tax regime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TaxRule {
    /// Stable name, stored with every deduction made under the rule.
    pub id: String,
    /// Section of the act, as printed on certificates and statements.
    pub section: String,
    /// Rate for a payee with a PAN.
    pub rate: Rate,
    /// Total of a PAN and financial year up to which no tax is due.
    pub threshold: Money,
    /// What of a payout that passes the threshold is taxed. A rule that does not say it taxes the excess.
    #[serde(default = "excess")]
    pub on: TaxedPart,
    /// Maximum tax on one payout.
    pub cap: Option<Money>,
    /// Rate for a payee without a PAN.
    pub no_pan_rate: Rate,
    /// First day in force.
    pub effective_from: Day,
    /// First day no longer in force.
    pub effective_to: Option<Day>,
}

/// Inputs of a deduction, stored with its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxInput {
    /// Gross amount of the payout.
    pub gross: Money,
    /// Gross amount paid to the same PAN earlier in the financial year.
    pub paid_before: Money,
    /// Whether the payee has a PAN.
    pub has_pan: bool,
}

fn excess() -> TaxedPart {
    TaxedPart::Excess
}

impl TaxRule {
    /// Whether the rule is in force on the Indian day of `at`.
    pub fn in_force(&self, at: Timestamp) -> bool {
        let day = at.day();
        self.effective_from <= day && self.effective_to.is_none_or(|to| day < to)
    }

    /// The tax on one payout, rounded half up to the paisa, at most the cap and the payout itself. Errors when an
    /// amount is out of range.
    pub fn deduct(&self, input: &TaxInput) -> Result<Money, MoneyError> {
        let after = input.paid_before.add(input.gross)?;
        let above = after.minus_or_zero(self.threshold);
        let taxable = match self.on {
            TaxedPart::Whole if above.is_positive() => input.gross,
            TaxedPart::Whole | TaxedPart::Excess => above.min(input.gross),
        };
        let rate = if input.has_pan { self.rate } else { self.no_pan_rate };
        let tax = taxable.at(rate, Rounding::HalfUp)?;
        Ok(self.cap.map_or(tax, |cap| tax.min(cap)))
    }
}

/// The rules of a preset: `seed` (5 %, at most ₹10,000 for each payout) or `it_act_2025` (once a year's total
/// passes ₹20,000: 2 % of the whole payout, 20 % without a PAN). `None` for an unknown name.
pub fn preset(name: &str) -> Option<Vec<TaxRule>> {
    let rule = |id: &str, section: &str, rate, (threshold, on), cap, no_pan_rate| TaxRule {
        id: id.into(),
        section: section.into(),
        rate,
        threshold,
        on,
        cap,
        no_pan_rate,
        effective_from: Timestamp::UNIX_EPOCH.day(),
        effective_to: None,
    };
    match name {
        "seed" => {
            let cap = Some(Money::from_rupees(10_000));
            let all = (Money::ZERO, TaxedPart::Excess);
            Some(vec![rule("seed-1", "194H", Rate::percent(5), all, cap, Rate::percent(5))])
        }
        "it_act_2025" => {
            let threshold = (Money::from_rupees(20_000), TaxedPart::Whole);
            Some(vec![rule("it-act-2025-393", "393(1)", Rate::percent(2), threshold, None, Rate::percent(20))])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn first_rule(name: &str) -> TaxRule {
        preset(name).expect("known").remove(0)
    }
    fn tds(rule: &TaxRule, gross: &str, before: &str) -> String {
        let input = TaxInput {
            gross: gross.parse().expect("money"),
            paid_before: before.parse().expect("money"),
            has_pan: true,
        };
        rule.deduct(&input).expect("in range").to_string()
    }

    #[test]
    fn the_seed_rule_takes_five_per_cent_up_to_its_cap() {
        let rule = first_rule("seed");
        assert_eq!(tds(&rule, "10000.00", "0.00"), "500.00");
        assert_eq!(tds(&rule, "300000.00", "0.00"), "10000.00");
        assert_eq!(tds(&rule, "200000.00", "0.00"), "10000.00");
        assert_eq!(tds(&rule, "199999.80", "0.00"), "9999.99");
        assert_eq!(tds(&rule, "999.90", "0.00"), "50.00");
    }

    fn excess_rule() -> TaxRule {
        TaxRule { on: TaxedPart::Excess, ..first_rule("it_act_2025") }
    }

    #[test]
    fn only_the_part_above_the_threshold_of_the_year_is_taxed() {
        let rule = excess_rule();
        assert_eq!(tds(&rule, "20000.00", "0.00"), "0.00");
        assert_eq!(tds(&rule, "20000.50", "0.00"), "0.01");
        assert_eq!(tds(&rule, "1000.00", "19500.00"), "10.00");
        assert_eq!(tds(&rule, "1000.00", "90000.00"), "20.00");
        let no_pan =
            TaxInput { gross: Money::from_rupees(1_000), paid_before: Money::from_rupees(20_000), has_pan: false };
        assert_eq!(rule.deduct(&no_pan), Ok(Money::from_rupees(200)));
    }

    #[test]
    fn the_payout_that_passes_the_threshold_is_taxed_as_a_whole() {
        let rule = first_rule("it_act_2025");
        for (gross, before, tax) in [
            ("19999.99", "0.00", "0.00"),
            ("20000.00", "0.00", "0.00"),
            ("20000.01", "0.00", "400.00"),
            ("20000.00", "0.01", "400.00"),
            ("1000.00", "19000.00", "0.00"),
            ("1000.00", "19000.01", "20.00"),
            ("1000.00", "20000.00", "20.00"),
            ("1000.00", "90000.00", "20.00"),
        ] {
            assert_eq!(tds(&rule, gross, before), tax, "{gross} after {before}");
        }
    }

    #[test]
    fn a_rule_that_was_stored_without_the_taxed_part_taxes_the_excess() {
        let mut stored = serde_json::to_value(first_rule("it_act_2025")).expect("a rule");
        assert_eq!(stored["on"], "whole");
        stored.as_object_mut().expect("an object").remove("on");
        assert_eq!(serde_json::from_value::<TaxRule>(stored).expect("a rule"), excess_rule());
    }

    /// The tax of each payout of a year, in turn.
    fn taxes(rule: &TaxRule, payouts: &[Money]) -> Vec<Money> {
        let mut paid_before = Money::ZERO;
        let tax = |gross: &Money| {
            let tax = rule.deduct(&TaxInput { gross: *gross, paid_before, has_pan: true }).expect("in range");
            paid_before = paid_before.add(*gross).expect("in range");
            tax
        };
        payouts.iter().map(tax).collect()
    }
    fn total(amounts: impl IntoIterator<Item = Money>) -> Money {
        Money::total(amounts).expect("in range")
    }

    proptest! {
        #[test]
        fn a_years_tax_on_the_excess_does_not_depend_on_how_it_was_split(
            // Multiples of 50 paise, of which 2 % are whole paise: the split alone may differ, not the rounding.
            parts in vec(1_i64..3_000_000, 1..12),
        ) {
            let payouts: Vec<Money> = parts.iter().map(|n| Money::from_paise(n * 50)).collect();
            let whole = total(payouts.iter().copied());
            let rule = excess_rule();
            prop_assert_eq!(total(taxes(&rule, &payouts)), total(taxes(&rule, &[whole])));
        }

        #[test]
        fn rounding_moves_a_years_tax_by_at_most_half_a_paisa_a_payout(
            parts in vec(1_i64..150_000_000, 1..12),
        ) {
            let payouts: Vec<Money> = parts.iter().map(|n| Money::from_paise(*n)).collect();
            let whole = total(payouts.iter().copied());
            let rule = excess_rule();
            let (split, once) = (total(taxes(&rule, &payouts)).paise(), total(taxes(&rule, &[whole])).paise());
            let payouts = i64::try_from(payouts.len()).expect("few");
            prop_assert!(2 * (split - once).abs() <= payouts + 1, "{} and {}", split, once);
        }

        #[test]
        fn a_years_tax_on_whole_payouts_depends_only_on_what_was_paid_before_the_threshold_was_passed(
            before in vec(1_i64..100, 0..8),
            passing in 1_i64..3_000_000,
            after in vec(1_i64..3_000_000, 0..8),
        ) {
            // Paid without tax: at most the threshold, however it was split.
            let before: Vec<Money> = before.iter().map(|n| Money::from_rupees(n * 25)).collect();
            let free = total(before.iter().copied());
            let rule = first_rule("it_act_2025");
            let passing = rule.threshold.sub(free).and_then(|m| m.add(Money::from_paise(passing * 50))).expect("more");
            let after: Vec<Money> = after.iter().map(|n| Money::from_paise(n * 50)).collect();
            let taxed = total(after.iter().copied().chain([passing]));
            let payouts: Vec<Money> = before.iter().copied().chain([passing]).chain(after).collect();
            let of_year = taxes(&rule, &payouts);
            prop_assert!(of_year.iter().take(before.len()).all(|tax| tax.is_zero()));
            prop_assert_eq!(total(of_year), taxed.at(rule.rate, Rounding::HalfUp).expect("in range"));
            // One payout of all that was taxed has the same tax, and the excess alone never more.
            let once: Vec<Money> = before.iter().copied().chain([taxed]).collect();
            prop_assert_eq!(total(taxes(&rule, &once)), total(taxes(&rule, &payouts)));
            prop_assert!(total(taxes(&excess_rule(), &payouts)) <= total(taxes(&rule, &payouts)));
        }
    }
}
