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
}
