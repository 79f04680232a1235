//! The instalment that a member pays next.

use super::BookingStatus;
use domain::{Day, Money};

/// An instalment with a due day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    pub n: i64,
    pub due_on: Day,
    pub amount: Money,
    pub paid: Money,
}

/// The unpaid instalment that is due first; `None` unless the booking is confirmed and not paid in full.
pub fn next_unpaid(status: BookingStatus, instalments: impl IntoIterator<Item = Instalment>) -> Option<Instalment> {
    let unpaid = instalments.into_iter().filter(|instalment| instalment.paid < instalment.amount);
    match status {
        BookingStatus::Confirmed => unpaid.min_by_key(|instalment| (instalment.due_on, instalment.n)),
        BookingStatus::PreBooked
        | BookingStatus::Completed
        | BookingStatus::Cancelled
        | BookingStatus::Expired
        | BookingStatus::Delivered
        | BookingStatus::Returned => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instalment(n: i64, due_on: &str, paid_paise: i64) -> Instalment {
        let (due_on, paid) = (due_on.parse().expect("a day"), Money::from_paise(paid_paise));
        Instalment { n, due_on, amount: Money::from_paise(100), paid }
    }

    #[test]
    fn the_next_instalment_is_the_earliest_that_is_not_paid_in_full() {
        let (overdue, later) = (instalment(2, "2026-10-05", 99), instalment(3, "2026-11-05", 0));
        let all = [later, overdue, instalment(1, "2026-09-05", 100), instalment(4, "2026-12-05", 101)];
        assert_eq!(next_unpaid(BookingStatus::Confirmed, all), Some(overdue));
        assert_eq!(next_unpaid(BookingStatus::Confirmed, [all[2], all[3]]), None);
        assert_eq!(next_unpaid(BookingStatus::Confirmed, []), None);
    }

    #[test]
    fn only_a_confirmed_booking_has_a_next_instalment() {
        for status in BookingStatus::ALL {
            let next = next_unpaid(*status, [instalment(1, "2026-11-05", 0)]);
            assert_eq!(next.is_some(), *status == BookingStatus::Confirmed, "{status}");
        }
    }
}
