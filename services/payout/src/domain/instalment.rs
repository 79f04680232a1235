//! Instalment that EMI auto-fill pays: the oldest unpaid one.

use domain::{Day, Money};

/// An instalment with its due date and unpaid amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instalment {
    pub due_on: Day,
    pub unpaid: Money,
}

/// The oldest of `instalments` that is not fully paid.
pub fn oldest_unpaid(instalments: impl IntoIterator<Item = Instalment>) -> Option<Instalment> {
    instalments.into_iter().filter(|i| i.unpaid.is_positive()).min_by_key(|i| i.due_on)
}

/// Amount of the oldest unpaid instalment that remains after the amount `reserved` by the member's open payouts.
pub fn remaining_after(oldest: Option<Instalment>, reserved: Money) -> Option<Money> {
    Some(oldest?.unpaid.minus_or_zero(reserved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_paid_instalment_comes_before_a_later_one() {
        let one =
            |due: &str, unpaid| Instalment { due_on: due.parse().expect("a date"), unpaid: Money::from_rupees(unpaid) };
        let all = [one("2027-03-01", 500), one("2027-01-01", 0), one("2027-02-01", 120)];
        assert_eq!(oldest_unpaid(all), Some(one("2027-02-01", 120)));
        assert_eq!(oldest_unpaid([one("2027-01-01", 0)]), None);
        assert_eq!(oldest_unpaid([]), None);
    }

    #[test]
    fn a_reserved_amount_is_not_paid_again() {
        let oldest = Some(Instalment { due_on: "2027-01-01".parse().expect("a date"), unpaid: Money::from_paise(500) });
        for (reserved, left) in [(0, 500), (499, 1), (500, 0), (501, 0)] {
            assert_eq!(
                remaining_after(oldest, Money::from_paise(reserved)),
                Some(Money::from_paise(left)),
                "{reserved}"
            );
        }
        assert_eq!(remaining_after(None, Money::ZERO), None);
    }
}
