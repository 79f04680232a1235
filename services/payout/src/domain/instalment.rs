//! The instalment that EMI auto-fill pays: the oldest unpaid one.

use domain::{Day, Money};

/// One instalment that is due on a day, and what of it is unpaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instalment {
    pub due_on: Day,
    pub unpaid: Money,
}

/// The oldest of `instalments` with something unpaid.
pub fn oldest_unpaid(instalments: impl IntoIterator<Item = Instalment>) -> Option<Instalment> {
    instalments.into_iter().filter(|i| i.unpaid.is_positive()).min_by_key(|i| i.due_on)
}

/// What of the oldest unpaid instalment is left for another payout, after what open payouts of the member promise it.
pub fn left_of(oldest: Option<Instalment>, promised: Money) -> Option<Money> {
    Some(oldest?.unpaid.minus_or_zero(promised))
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
    fn what_is_promised_is_not_taken_again() {
        let oldest = Some(Instalment { due_on: "2027-01-01".parse().expect("a date"), unpaid: Money::from_paise(500) });
        for (promised, left) in [(0, 500), (499, 1), (500, 0), (501, 0)] {
            assert_eq!(left_of(oldest, Money::from_paise(promised)), Some(Money::from_paise(left)), "{promised}");
        }
        assert_eq!(left_of(None, Money::ZERO), None);
    }
}
