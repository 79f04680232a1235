//! Goods and services tax (GST) that a paid amount includes: rates by day and product, and the parts of the amount.

use crate::money::{Money, MoneyError, Rate};
use crate::payee::{FormatRefusal, formatted_text};
use crate::rule_violation;
use crate::time::Day;
use crate::unvalidated::FromText;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::str::FromStr;

/// GST code of a state or union territory: two digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct StateCode(String);
formatted_text!(
    StateCode from String, "a GST state code: 01 to 38, or 97", pattern "^(0[1-9]|[12][0-9]|3[0-8]|97)$", example "27"
);
crate::part_column!(StateCode: Text, str as String, |code| code.as_str(), |text| Ok(text.parse()?));

impl StateCode {
    /// Parses a code. Errors when no state or union territory has it.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let is_number = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let is_known = is_number && (("01"..="38").contains(&text) || text == "97");
        if is_known { Ok(Self(text.to_owned())) } else { Err(Self::REFUSAL) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Code of a product in the Harmonized System of Nomenclature: 4, 6 or 8 digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct HsnCode(String);
formatted_text!(
    HsnCode from String, "4, 6 or 8 digits", pattern "^([0-9]{4}|[0-9]{6}|[0-9]{8})$", example "871160"
);
crate::part_column!(HsnCode: Text, str as String, |code| code.as_str(), |text| Ok(text.parse()?));

impl HsnCode {
    /// Parses a code. Errors when it is malformed.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let is_valid = matches!(text.len(), 4 | 6 | 8) && text.bytes().all(|b| b.is_ascii_digit());
        if is_valid { Ok(Self(text.to_owned())) } else { Err(Self::REFUSAL) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for HsnCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// GST identification number: state code, PAN, number of the registration, Z and a check character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Gstin(String);
formatted_text!(
    Gstin from String, "15 letters and digits with a valid check character",
    pattern "^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]$", example "27AAPFU0939F1ZV"
);
crate::part_column!(Gstin: Text, str as String, |number| number.as_str(), |text| Ok(text.parse()?));

impl Gstin {
    /// Parses a number in any case, trimmed. Errors when it is malformed, when its state does not exist, or when its
    /// check character is wrong.
    pub fn try_new(text: &str) -> Result<Self, FormatRefusal> {
        let text = text.trim().to_ascii_uppercase();
        let has_shape = text.len() == 15
            && text.bytes().enumerate().all(|(at, b)| match at {
                0 | 1 | 7..=10 => b.is_ascii_digit(),
                2..=6 | 11 => b.is_ascii_uppercase(),
                13 => b == b'Z',
                _ => b.is_ascii_digit() || b.is_ascii_uppercase(),
            });
        let is_valid = has_shape && Self(text.clone()).state().is_some() && is_checked(&text);
        if is_valid { Ok(Self(text)) } else { Err(Self::REFUSAL) }
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The state of the registration; `None` only for an unvalidated number.
    fn state(&self) -> Option<StateCode> {
        StateCode::try_new(self.0.get(..2)?).ok()
    }
}
impl fmt::Display for Gstin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether the last character is the check character of the others.
fn is_checked(number: &str) -> bool {
    let digit = |c: char| c.to_digit(36).unwrap_or(0);
    let weighted = |(at, c): (usize, char)| {
        let product = digit(c) * if at % 2 == 0 { 1 } else { 2 };
        product / 36 + product % 36
    };
    let sum: u32 = number.chars().take(14).enumerate().map(weighted).sum();
    number.chars().nth(14).map(digit) == Some((36 - sum % 36) % 36)
}

/// The rate of a product from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GstRate {
    pub from: Day,
    pub hsn: HsnCode,
    pub rate: Rate,
}

/// A registered supplier, and the rates of what it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GstTerms {
    gstin: Gstin,
    state: StateCode,
    /// Product of vehicles without a code of their own.
    hsn: HsnCode,
    rates: Vec<GstRate>,
}

/// Why terms are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GstTermsRefusal {
    #[error("the code {0} has no rate")]
    NoRate(HsnCode),
    #[error("the code {hsn} has two rates from {from} on")]
    TwoRates { hsn: HsnCode, from: Day },
    #[error(transparent)]
    Gstin(#[from] FormatRefusal),
}

/// Tax in an amount that was paid, with all that it was decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GstLine {
    pub gstin: Gstin,
    pub hsn: HsnCode,
    pub rate: Rate,
    pub place_of_supply: StateCode,
    pub split: GstSplit,
}

/// Parts of a paid amount, which add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GstSplit {
    pub taxable: Money,
    /// Tax of the centre, within a state; equal to `sgst`.
    pub cgst: Money,
    /// Tax of the state or union territory.
    pub sgst: Money,
    /// Tax between states.
    pub igst: Money,
}

impl GstTerms {
    /// Terms of a supplier. Errors when `hsn` has no rate, or a code has two rates from the same day on.
    pub fn try_new(gstin: Gstin, hsn: HsnCode, mut rates: Vec<GstRate>) -> Result<Self, GstTermsRefusal> {
        let state = gstin.state().ok_or(Gstin::REFUSAL)?;
        rates.sort_by(|a, b| (a.hsn.as_str(), a.from).cmp(&(b.hsn.as_str(), b.from)));
        if let Some(first) = rates.windows(2).find_map(|pair| match pair {
            [a, b] if a.hsn == b.hsn && a.from == b.from => Some(a),
            _ => None,
        }) {
            return Err(GstTermsRefusal::TwoRates { hsn: first.hsn.clone(), from: first.from });
        }
        if !rates.iter().any(|r| r.hsn == hsn) {
            return Err(GstTermsRefusal::NoRate(hsn));
        }
        Ok(Self { gstin, state, hsn, rates })
    }

    /// The rate of a product on a day; `None` when there is none yet.
    fn rate(&self, hsn: &HsnCode, day: Day) -> Option<Rate> {
        let in_force = |r: &&GstRate| r.hsn == *hsn && r.from <= day;
        self.rates.iter().filter(in_force).max_by_key(|r| r.from).map(|r| r.rate)
    }

    /// Decides the tax in `paid`, an amount received on `day` for a product that is supplied in a state; by default for
    /// the supplier's usual product, in its own state. `None` when the product has no rate on that day. Errors when an
    /// amount is out of range.
    pub fn decide_tax(
        &self,
        paid: Money,
        day: Day,
        hsn: Option<&HsnCode>,
        place_of_supply: Option<&StateCode>,
    ) -> Result<Option<GstLine>, MoneyError> {
        let (hsn, place) = (hsn.unwrap_or(&self.hsn), place_of_supply.unwrap_or(&self.state));
        let Some(rate) = self.rate(hsn, day) else { return Ok(None) };
        let split = GstSplit::decide(paid, rate, *place == self.state)?;
        let (gstin, hsn, place_of_supply) = (self.gstin.clone(), hsn.clone(), place.clone());
        Ok(Some(GstLine { gstin, hsn, rate, place_of_supply, split }))
    }
}

impl GstSplit {
    /// Splits an amount that includes tax at `rate`. Within a state, each half of the tax is rounded, so that both are
    /// equal; between states the whole tax is. The taxable value is the rest, so the parts always add up. Errors when an
    /// amount is out of range.
    pub fn decide(paid: Money, rate: Rate, is_within_state: bool) -> Result<Self, MoneyError> {
        let (half, igst) = if is_within_state {
            (paid.tax_included(rate, 2)?, Money::ZERO)
        } else {
            (Money::ZERO, paid.tax_included(rate, 1)?)
        };
        Ok(Self { taxable: paid.sub(half)?.sub(half)?.sub(igst)?, cgst: half, sgst: half, igst })
    }

    /// The whole tax. Errors when out of range.
    pub fn tax(&self) -> Result<Money, MoneyError> {
        Money::total([self.cgst, self.sgst, self.igst])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(text: &str) -> Rate {
        text.parse().expect(text)
    }
    fn hsn(text: &str) -> HsnCode {
        text.parse().expect(text)
    }
    fn day(text: &str) -> Day {
        text.parse().expect(text)
    }

    #[test]
    fn the_tax_of_a_paid_amount_is_split_by_the_place_of_supply() {
        for (paid, percent, is_within, taxable, half, igst) in [
            // 105.00 with 5 %.
            (10_500, "5", true, 10_000, 250, 0),
            (10_500, "5", false, 10_000, 0, 500),
            // 500.00: the tax is 23.81, each half 11.9048.
            (50_000, "5", true, 47_620, 1_190, 0),
            (50_000, "5", false, 47_619, 0, 2_381),
            (100, "28", true, 78, 11, 0),
            (1, "18", true, 1, 0, 0),
            (0, "5", true, 0, 0, 0),
            (123, "0", true, 123, 0, 0),
        ] {
            let split = GstSplit::decide(Money::from_paise(paid), rate(percent), is_within).expect("in range");
            let expected = [taxable, half, half, igst].map(Money::from_paise);
            assert_eq!([split.taxable, split.cgst, split.sgst, split.igst], expected, "{paid} {percent}");
        }
        assert!(GstSplit::decide(Money::from_paise(i64::MAX), rate("5"), true).is_ok());
    }

    proptest! {
        #[test]
        fn the_parts_add_up_to_the_paid_amount(
            paise in 0..=i64::MAX / 2, hundredths in 0_u32..=10_000, is_within in any::<bool>(),
        ) {
            let paid = Money::from_paise(paise);
            let percent = rate(&format!("{}.{:02}", hundredths / 100, hundredths % 100));
            let split = GstSplit::decide(paid, percent, is_within).expect("in range");
            prop_assert_eq!(split.taxable.add(split.tax().expect("in range")), Ok(paid));
            prop_assert_eq!(split.cgst, split.sgst);
            prop_assert!([split.taxable, split.cgst, split.igst].iter().all(|part| !part.is_negative()));
            // No part differs from the exact one by more than a paisa.
            let exact = split.taxable.at(percent, crate::Rounding::HalfUp).expect("in range");
            let error = exact.sub(split.tax().expect("in range")).expect("small").paise().abs();
            prop_assert!(error <= 2, "{error}");
        }
    }

    #[test]
    fn the_rate_of_the_day_decides_and_without_one_there_is_no_tax() {
        let gstin: Gstin = "27AAPFU0939F1ZV".parse().expect("a GSTIN");
        let at = |from, code, percent| GstRate { from: day(from), hsn: hsn(code), rate: rate(percent) };
        let rates =
            vec![at("2027-04-01", "871160", "18"), at("2026-04-01", "871160", "5"), at("2026-04-01", "870380", "12.5")];
        let terms = GstTerms::try_new(gstin.clone(), hsn("871160"), rates.clone()).expect("terms");
        let paid = Money::from_rupees(1_000);
        let found = |on, code: Option<&str>, place: Option<&str>| {
            let code = code.map(hsn);
            let place: Option<StateCode> = place.map(|p| p.parse().expect(p));
            let line = terms.decide_tax(paid, day(on), code.as_ref(), place.as_ref()).expect("in range");
            line.map(|l| {
                (l.rate.to_string(), l.hsn.to_string(), l.place_of_supply.to_string(), !l.split.igst.is_zero())
            })
        };
        let expected = |percent: &str, code: &str, place: &str, is_between: bool| {
            Some((percent.to_owned(), code.to_owned(), place.to_owned(), is_between))
        };
        assert_eq!(found("2026-03-31", None, None), None);
        assert_eq!(found("2026-04-01", None, None), expected("5", "871160", "27", false));
        assert_eq!(found("2027-03-31", None, Some("29")), expected("5", "871160", "29", true));
        assert_eq!(found("2027-04-01", None, Some("27")), expected("18", "871160", "27", false));
        assert_eq!(found("2027-04-01", Some("870380"), None), expected("12.5", "870380", "27", false));
        assert_eq!(found("2027-04-01", Some("8704"), None), None);
        let no_rate = GstTerms::try_new(gstin.clone(), hsn("8704"), rates.clone());
        assert_eq!(no_rate, Err(GstTermsRefusal::NoRate(hsn("8704"))));
        let twice = [rates, vec![at("2026-04-01", "870380", "5")]].concat();
        let refused = GstTerms::try_new(gstin, hsn("871160"), twice);
        assert_eq!(refused, Err(GstTermsRefusal::TwoRates { hsn: hsn("870380"), from: day("2026-04-01") }));
    }

    #[test]
    fn codes_have_their_format() {
        for good in ["01", "27", "38", "97"] {
            assert!(StateCode::try_new(good).is_ok(), "{good}");
        }
        for bad in ["", "0", "00", "39", "96", "98", "2a", "027", "२७"] {
            assert!(StateCode::try_new(bad).is_err(), "{bad}");
        }
        for (text, fits) in [("8711", true), ("871160", true), ("87116000", true), ("87116", false), ("87116a", false)]
        {
            assert_eq!(HsnCode::try_new(text).is_ok(), fits, "{text}");
        }
        assert_eq!(Gstin::try_new(" 27aapfu0939f1zv ").map(|g| g.to_string()), Ok("27AAPFU0939F1ZV".to_owned()));
        for bad in ["27AAPFU0939F1ZW", "28AAPFU0939F1ZV", "27AAPFU0939F1YV", "27AAPFU0939F1Z", "99AAPFU0939F1ZV"] {
            assert!(Gstin::try_new(bad).is_err(), "{bad}");
        }
    }
}
