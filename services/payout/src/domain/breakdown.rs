//! Breakdown of a payout into tax, EMI and the net amount for the bank.

use domain::tax::{TaxInput, TaxRule};
use domain::{Money, MoneyError};

/// Parts of a payout: `requested = tds + emi + net`, none of them negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breakdown {
    pub requested: Money,
    /// Tax deducted at source.
    pub tds: Money,
    /// Part that pays an instalment.
    pub emi: Money,
    /// Part that the bank transfers.
    pub net: Money,
}

/// Splits a payout of `input.gross`. `instalment` is the amount still unpaid of the oldest unpaid instalment, if the
/// member wants it paid. Errors if an amount overflows.
pub fn break_down(rule: &TaxRule, input: &TaxInput, instalment: Option<Money>) -> Result<Breakdown, MoneyError> {
    let requested = input.gross;
    let tds = rule.deduct(input)?;
    let after_tax = requested.sub(tds)?;
    let emi = instalment.unwrap_or(Money::ZERO).min(after_tax);
    Ok(Breakdown { requested, tds, emi, net: after_tax.sub(emi)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(requested: &str, instalment: Option<&str>) -> [String; 3] {
        let rule = domain::tax::preset("seed").expect("known").remove(0);
        let input = TaxInput { gross: requested.parse().expect("money"), paid_before: Money::ZERO, has_pan: true };
        let instalment = instalment.map(|text| text.parse().expect("money"));
        let b = break_down(&rule, &input, instalment).expect("in range");
        assert_eq!(Money::total([b.tds, b.emi, b.net]), Ok(b.requested));
        [b.tds, b.emi, b.net].map(|m| m.to_string())
    }

    #[test]
    fn the_worked_examples_come_out() {
        assert_eq!(parts("10000.00", None), ["500.00", "0.00", "9500.00"]);
        assert_eq!(parts("300000.00", None), ["10000.00", "0.00", "290000.00"]);
        assert_eq!(parts("10000.00", Some("2345.00")), ["500.00", "2345.00", "7155.00"]);
        assert_eq!(parts("999.90", None), ["50.00", "0.00", "949.90"]);
    }

    #[test]
    fn the_cap_is_reached_at_two_lakh() {
        assert_eq!(parts("199999.99", None)[0], "10000.00");
        assert_eq!(parts("199999.80", None)[0], "9999.99");
        assert_eq!(parts("200000.00", None)[0], "10000.00");
        assert_eq!(parts("200000.20", None)[0], "10000.00");
    }

    #[test]
    fn an_instalment_takes_at_most_what_tax_leaves() {
        assert_eq!(parts("10000.00", Some("9499.99")), ["500.00", "9499.99", "0.01"]);
        assert_eq!(parts("10000.00", Some("9500.00")), ["500.00", "9500.00", "0.00"]);
        assert_eq!(parts("10000.00", Some("9500.01")), ["500.00", "9500.00", "0.00"]);
        assert_eq!(parts("10000.00", Some("0.00")), ["500.00", "0.00", "9500.00"]);
    }
}
