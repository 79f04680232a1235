//! Tax deducted at source (TDS): effective-dated rules, and the deduction of one payout.

use crate::money::{Money, MoneyError, Rate, Rounding};
use crate::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

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
    /// Tax-free amount for each PAN and financial year; only the part above it is taxed.
    pub threshold: Money,
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
        let taxable = after.minus_or_zero(self.threshold).min(input.gross);
        let rate = if input.has_pan { self.rate } else { self.no_pan_rate };
        let tax = taxable.at(rate, Rounding::HalfUp)?;
        Ok(self.cap.map_or(tax, |cap| tax.min(cap)))
    }
}

/// The rules of a preset: `seed` (5 %, at most ₹10,000 for each payout) or `it_act_2025` (2 % above ₹20,000 a year, 20
/// % without a PAN). `None` for an unknown name.
pub fn preset(name: &str) -> Option<Vec<TaxRule>> {
    let rule = |id: &str, section: &str, rate, threshold, cap, no_pan_rate| TaxRule {
        id: id.into(),
        section: section.into(),
        rate,
        threshold,
        cap,
        no_pan_rate,
        effective_from: Timestamp::UNIX_EPOCH.day(),
        effective_to: None,
    };
    match name {
        "seed" => {
            let cap = Some(Money::from_rupees(10_000));
            Some(vec![rule("seed-1", "194H", Rate::percent(5), Money::ZERO, cap, Rate::percent(5))])
        }
        "it_act_2025" => {
            let threshold = Money::from_rupees(20_000);
            Some(vec![rule("it-act-2025-393", "393(1)", Rate::percent(2), threshold, None, Rate::percent(20))])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn only_the_part_above_the_threshold_of_the_year_is_taxed() {
        let rule = first_rule("it_act_2025");
        assert_eq!(tds(&rule, "20000.00", "0.00"), "0.00");
        assert_eq!(tds(&rule, "20000.50", "0.00"), "0.01");
        assert_eq!(tds(&rule, "1000.00", "19500.00"), "10.00");
        assert_eq!(tds(&rule, "1000.00", "90000.00"), "20.00");
        let no_pan =
            TaxInput { gross: Money::from_rupees(1_000), paid_before: Money::from_rupees(20_000), has_pan: false };
        assert_eq!(rule.deduct(&no_pan), Ok(Money::from_rupees(200)));
    }
}
