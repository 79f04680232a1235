//! What becomes of money put aside for a member's EMI.

use super::booking::BookingStatus;
use domain::{Day, Money};

/// One of the member's bookings as the decision sees it; given oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub status: BookingStatus,
    pub payable: Money,
    /// Unpaid instalments, oldest first.
    pub unpaid: Vec<Unpaid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpaid {
    pub n: u32,
    pub due_on: Option<Day>,
    pub amount: Money,
}

/// A part of the reserve for one booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Place of the booking among those given.
    pub booking: usize,
    /// 0 where it goes to the remaining amount.
    pub instalment: u32,
    pub amount: Money,
}

/// Shares `left` out: to the oldest unpaid instalments of confirmed bookings, then to what remains of
/// confirmed bookings, the oldest booking first, and never more on one than is payable.
pub fn allocate(left: Money, claims: &[Claim]) -> Vec<Part> {
    let mut left = left;
    let mut payable: Vec<Money> =
        claims.iter().map(|c| if c.status == BookingStatus::Confirmed { c.payable } else { Money::ZERO }).collect();
    let mut instalments: Vec<(Option<Day>, usize, Unpaid)> =
        claims.iter().enumerate().flat_map(|(i, claim)| claim.unpaid.iter().map(move |u| (u.due_on, i, *u))).collect();
    // A confirmed booking's instalments have due dates, so the missing ones only sort what cannot be paid.
    instalments.sort_by_key(|(due, booking, unpaid)| (due.is_none(), *due, *booking, unpaid.n));
    let on_instalments = instalments.into_iter().map(|(_, booking, unpaid)| (booking, unpaid.n, unpaid.amount));
    let on_the_rest = (0..claims.len()).map(|booking| (booking, 0, Money::MAX));
    let mut parts = Vec::new();
    for (booking, instalment, wanted) in on_instalments.chain(on_the_rest) {
        let Some(room) = payable.get_mut(booking) else { continue };
        let amount = left.min(wanted).min(*room);
        if amount.is_positive() {
            *room = room.minus_or_zero(amount);
            left = left.minus_or_zero(amount);
            parts.push(Part { booking, instalment, amount });
        }
    }
    parts
}

/// Whether what could not be applied goes back to the member: when every live booking is paid for.
pub fn is_released(statuses: impl IntoIterator<Item = BookingStatus>) -> bool {
    let live: Vec<_> = statuses.into_iter().filter(|s| s.is_live()).collect();
    !live.is_empty() && live.iter().all(|s| *s == BookingStatus::Completed)
}

#[cfg(test)]
mod tests {
    use super::BookingStatus::{Cancelled, Completed, Confirmed, Expired, PreBooked};
    use super::*;

    fn claim(status: BookingStatus, payable: i64, unpaid: &[(u32, &str, i64)]) -> Claim {
        let unpaid = unpaid.iter().map(|(n, due, amount)| Unpaid {
            n: *n,
            due_on: Some(due.parse().expect(due)),
            amount: Money::from_paise(*amount),
        });
        Claim { status, payable: Money::from_paise(payable), unpaid: unpaid.collect() }
    }

    #[test]
    fn a_reserve_goes_to_the_oldest_unpaid_instalment_and_then_to_what_remains() {
        let claims = [
            claim(PreBooked, 900, &[]),
            claim(Confirmed, 1_000, &[]),
            claim(Confirmed, 250, &[(1, "2027-02-28", 100), (2, "2027-03-31", 150)]),
            claim(Confirmed, 120, &[(4, "2027-03-15", 120)]),
        ];
        let shared = |left: i64| -> Vec<(usize, u32, i64)> {
            let parts = allocate(Money::from_paise(left), &claims);
            parts.iter().map(|p| (p.booking, p.instalment, p.amount.paise())).collect()
        };
        assert_eq!(shared(0), []);
        assert_eq!(shared(99), [(2, 1, 99)]);
        assert_eq!(shared(300), [(2, 1, 100), (3, 4, 120), (2, 2, 80)]);
        assert_eq!(shared(371), [(2, 1, 100), (3, 4, 120), (2, 2, 150), (1, 0, 1)]);
        assert_eq!(shared(5_000).iter().map(|p| p.2).sum::<i64>(), 1_370);
    }

    #[test]
    fn a_reserve_never_pays_what_a_pending_payment_is_about_to() {
        let claims = [claim(Confirmed, 30, &[(1, "2027-02-28", 100)])];
        let parts = allocate(Money::from_paise(100), &claims);
        assert_eq!(parts, [Part { booking: 0, instalment: 1, amount: Money::from_paise(30) }]);
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
            assert_eq!(is_released(statuses.iter().copied()), released, "{statuses:?}");
        }
    }
}
