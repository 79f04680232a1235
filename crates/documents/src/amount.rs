//! Amounts as documents print them: in Indian grouping, and in words.

mod words;

pub use words::in_words;

use domain::Money;

/// The amount in Indian grouping with two places: `12,34,567.50`, `-500.00`.
pub fn grouped(amount: Money) -> String {
    let plain = amount.to_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", plain.as_str()), |digits| ("-", digits));
    let (rupees, paise) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::with_capacity(plain.len() * 2);
    grouped.push_str(sign);
    for (index, digit) in rupees.chars().enumerate() {
        let remaining = rupees.len() - index;
        // Three digits at the end, two in every group before them.
        if index > 0 && (remaining == 3 || (remaining > 3 && remaining % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + "." + paise
}

/// The amount in Indian grouping with the sign of the rupee: `₹ 12,34,567.50`.
pub fn rupees(amount: Money) -> String {
    let figures = grouped(amount);
    let (sign, figures) = figures.strip_prefix('-').map_or(("", figures.as_str()), |figures| ("-", figures));
    // A space that no line breaks at.
    format!("{sign}₹\u{a0}{figures}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rupees_are_grouped_by_thousand_lakh_and_crore() {
        for (paise, text) in [
            (0, "0.00"),
            (5, "0.05"),
            (99_999, "999.99"),
            (100_000, "1,000.00"),
            (1_234_567, "12,345.67"),
            (12_345_678, "1,23,456.78"),
            (-12_345_678, "-1,23,456.78"),
            (10_000_000_000, "10,00,00,000.00"),
            (i64::MAX, "92,23,37,20,36,85,47,758.07"),
            (i64::MIN, "-92,23,37,20,36,85,47,758.08"),
        ] {
            assert_eq!(grouped(Money::from_paise(paise)), text);
        }
        assert_eq!(rupees(Money::from_paise(50)), "₹\u{a0}0.50");
        assert_eq!(rupees(Money::from_paise(-123_456)), "-₹\u{a0}1,234.56");
    }

    proptest! {
        #[test]
        fn grouping_only_adds_commas(paise in any::<i64>()) {
            let amount = Money::from_paise(paise);
            prop_assert_eq!(grouped(amount).replace(',', ""), amount.to_string());
        }
    }
}
