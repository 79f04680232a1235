//! Allocation of EMI reserves to a member's bookings.

use super::booking::BookingStatus;
use domain::{Day, Money};

/// Amounts due on one booking. Allocation gets a member's bookings oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingDues {
    pub status: BookingStatus,
    /// The highest amount of a new payment.
    pub payable: Money,
    /// Unpaid instalments, oldest first.
    pub unpaid: Vec<UnpaidInstalment>,
}

/// The unpaid part of an instalment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnpaidInstalment {
    pub n: u32,
    pub due_on: Option<Day>,
    pub amount: Money,
}

/// The part of a reserve that pays one booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allocation {
    /// Index of the booking in the given slice.
    pub booking: usize,
    /// Number of the instalment; 0 for the remaining amount of the booking.
    pub instalment: u32,
    pub amount: Money,
}

/// Allocates `left` to the oldest unpaid instalments of confirmed bookings, then to their remaining amounts, the oldest
/// booking first. A booking gets at most its payable amount.
pub fn allocate(left: Money, bookings: &[BookingDues]) -> Vec<Allocation> {
    let mut left = left;
    let mut payable: Vec<Money> =
        bookings.iter().map(|c| if c.status == BookingStatus::Confirmed { c.payable } else { Money::ZERO }).collect();
    let mut instalments: Vec<(Option<Day>, usize, UnpaidInstalment)> =
        bookings.iter().enumerate().flat_map(|(i, dues)| dues.unpaid.iter().map(move |u| (u.due_on, i, *u))).collect();
    // Confirmed bookings' instalments have due dates; those without one belong to bookings that get nothing.
    instalments.sort_by_key(|(due, booking, unpaid)| (due.is_none(), *due, *booking, unpaid.n));
    let on_instalments = instalments.into_iter().map(|(_, booking, unpaid)| (booking, unpaid.n, unpaid.amount));
    let on_remaining = (0..bookings.len()).map(|booking| (booking, 0, Money::MAX));
    let mut allocations = Vec::new();
    for (booking, instalment, wanted) in on_instalments.chain(on_remaining) {
        let Some(capacity) = payable.get_mut(booking) else { continue };
        let amount = left.min(wanted).min(*capacity);
        if amount.is_positive() {
            *capacity = capacity.minus_or_zero(amount);
            left = left.minus_or_zero(amount);
            allocations.push(Allocation { booking, instalment, amount });
        }
    }
    allocations
}

/// Whether the rest of a reserve is released to the member: when every live booking is completed.
pub fn should_release(statuses: impl IntoIterator<Item = BookingStatus>) -> bool {
    let live: Vec<_> = statuses.into_iter().filter(|s| s.is_live()).collect();
    !live.is_empty() && live.iter().all(|s| s.is_paid_in_full())
}

#[cfg(test)]
mod tests {
    use super::BookingStatus::{Cancelled, Completed, Confirmed, Expired, PreBooked};
    use super::*;

    fn dues(status: BookingStatus, payable: i64, unpaid: &[(u32, &str, i64)]) -> BookingDues {
        let unpaid = unpaid.iter().map(|(n, due, amount)| UnpaidInstalment {
            n: *n,
            due_on: Some(due.parse().expect(due)),
            amount: Money::from_paise(*amount),
        });
        BookingDues { status, payable: Money::from_paise(payable), unpaid: unpaid.collect() }
    }

    #[test]
    fn a_reserve_goes_to_the_oldest_unpaid_instalment_and_then_to_what_remains() {
        let bookings = [
            dues(PreBooked, 900, &[]),
            dues(Confirmed, 1_000, &[]),
            dues(Confirmed, 250, &[(1, "2027-02-28", 100), (2, "2027-03-31", 150)]),
            dues(Confirmed, 120, &[(4, "2027-03-15", 120)]),
        ];
        let shared = |left: i64| -> Vec<(usize, u32, i64)> {
            let allocations = allocate(Money::from_paise(left), &bookings);
            allocations.iter().map(|p| (p.booking, p.instalment, p.amount.paise())).collect()
        };
        assert_eq!(shared(0), []);
        assert_eq!(shared(99), [(2, 1, 99)]);
        assert_eq!(shared(300), [(2, 1, 100), (3, 4, 120), (2, 2, 80)]);
        assert_eq!(shared(371), [(2, 1, 100), (3, 4, 120), (2, 2, 150), (1, 0, 1)]);
        assert_eq!(shared(5_000).iter().map(|p| p.2).sum::<i64>(), 1_370);
    }

    #[test]
    fn a_reserve_never_pays_what_a_pending_payment_is_about_to() {
        let bookings = [dues(Confirmed, 30, &[(1, "2027-02-28", 100)])];
        let allocations = allocate(Money::from_paise(100), &bookings);
        assert_eq!(allocations, [Allocation { booking: 0, instalment: 1, amount: Money::from_paise(30) }]);
    }

    #[test]
    fn a_reserve_is_released_only_when_every_live_booking_is_paid() {
        for (statuses, released) in [
            (vec![], false),
            (vec![Cancelled, Expired], false),
            (vec![PreBooked], false),
            (vec![Completed], true),
            (vec![Completed, Cancelled, Expired], true),
            (vec![Completed, PreBooked], false),
            (vec![Completed, Confirmed], false),
        ] {
            assert_eq!(should_release(statuses.iter().copied()), released, "{statuses:?}");
        }
    }
}
