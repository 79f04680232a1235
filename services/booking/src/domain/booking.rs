//! Booking state machine and amounts.

use domain::{Money, MoneyError};

pub use proto_events::vocabulary::BookingStatus;

/// Highest price of a vehicle: ten crore rupees. Every amount of a booking is a part of its price, so the sum of a
/// member's payments cannot overflow below nine hundred million bookings.
pub const MAX_VEHICLE_PRICE: Money = Money::from_rupees(100_000_000);

/// Price of a booking and the amounts paid on it. `completed` and `pending` are sums over its payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingAmounts {
    pub price: Money,
    pub booking_amount: Money,
    pub completed: Money,
    pub pending: Money,
}

impl BookingAmounts {
    /// The highest amount of a new payment.
    pub fn payable(&self) -> Money {
        self.price.minus_or_zero(self.completed).minus_or_zero(self.pending)
    }
    /// The part of the price that is not paid, including what is pending.
    pub fn remaining(&self) -> Money {
        self.price.minus_or_zero(self.completed)
    }
}

/// Change of a booking's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingCommand {
    /// Derive the status from the amounts after a payment or a refund.
    Recalculate,
    Cancel,
    /// Expire an unpaid booking.
    Expire,
    /// Reopen an expired booking for money that arrived late.
    Revive,
    /// Hand over the vehicle.
    Deliver,
    /// Accept the return of the vehicle.
    Return,
}

/// Effect of a command. A command that was applied before is `Unchanged`, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingTransition {
    To(BookingStatus),
    Unchanged,
}

/// Why a booking does not allow a command, a payment or a booking amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingRefusal {
    #[error("a booking that is {0} cannot be cancelled")]
    NotCancellable(BookingStatus),
    #[error("a booking that is {0} does not accept payments")]
    TakesNoPayments(BookingStatus),
    #[error("at most {0} can be paid on this booking now")]
    AbovePayable(Money),
    #[error("an amount must be more than 0.00")]
    NotPositive,
    #[error("the booking amount must be at least {0}")]
    BookingAmountTooSmall(Money),
    #[error("the booking amount must not be more than the price, {0}")]
    BookingAmountAbovePrice(Money),
    #[error("a booking that is {0} does not expire")]
    DoesNotExpire(BookingStatus),
    #[error("a booking that is {0} cannot be revived")]
    NotRevivable(BookingStatus),
    #[error("the vehicle of a booking that is {0} cannot be delivered")]
    NotDeliverable(BookingStatus),
    #[error("the vehicle of a booking that is {0} cannot be returned")]
    NotReturnable(BookingStatus),
    #[error("the vehicle is delivered: its payments are refunded together, when it is returned")]
    Delivered,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Decides the booking's next status; the only function that does. Errors when the status does not allow the command.
pub fn decide_transition(
    status: BookingStatus,
    command: BookingCommand,
    amounts: &BookingAmounts,
) -> Result<BookingTransition, BookingRefusal> {
    use BookingCommand::{Cancel, Deliver, Expire, Recalculate, Return, Revive};
    use BookingStatus::{Cancelled, Completed, Confirmed, Delivered, Expired, PreBooked, Returned};
    let to_or_unchanged =
        |next: BookingStatus| if next == status { BookingTransition::Unchanged } else { BookingTransition::To(next) };
    match (status, command) {
        (PreBooked, Recalculate) if amounts.completed >= amounts.price => Ok(BookingTransition::To(Completed)),
        (PreBooked, Recalculate) if amounts.completed >= amounts.booking_amount => Ok(BookingTransition::To(Confirmed)),
        (PreBooked, Recalculate) => Ok(BookingTransition::Unchanged),
        // A refund never takes a booking below confirmed: only a cancellation releases the vehicle.
        (Confirmed | Completed, Recalculate) => {
            Ok(to_or_unchanged(if amounts.completed >= amounts.price { Completed } else { Confirmed }))
        }
        (Cancelled | Expired | Delivered | Returned, Recalculate) => Ok(BookingTransition::Unchanged),
        (PreBooked | Confirmed, Cancel) => Ok(BookingTransition::To(Cancelled)),
        (Cancelled, Cancel) => Ok(BookingTransition::Unchanged),
        (Completed | Expired | Delivered | Returned, Cancel) => Err(BookingRefusal::NotCancellable(status)),
        (PreBooked, Expire) if amounts.completed.is_zero() && amounts.pending.is_zero() => {
            Ok(BookingTransition::To(Expired))
        }
        (Expired, Expire) => Ok(BookingTransition::Unchanged),
        (PreBooked | Confirmed | Completed | Cancelled | Delivered | Returned, Expire) => {
            Err(BookingRefusal::DoesNotExpire(status))
        }
        (Expired, Revive) => Ok(BookingTransition::To(PreBooked)),
        (PreBooked | Confirmed | Completed | Delivered, Revive) => Ok(BookingTransition::Unchanged),
        (Cancelled | Returned, Revive) => Err(BookingRefusal::NotRevivable(status)),
        (Completed, Deliver) => Ok(BookingTransition::To(Delivered)),
        (Delivered, Deliver) | (Returned, Return) => Ok(BookingTransition::Unchanged),
        (PreBooked | Confirmed | Cancelled | Expired | Returned, Deliver) => {
            Err(BookingRefusal::NotDeliverable(status))
        }
        (Completed | Delivered, Return) => Ok(BookingTransition::To(Returned)),
        (PreBooked | Confirmed | Cancelled | Expired, Return) => Err(BookingRefusal::NotReturnable(status)),
    }
}

/// Errors when the booking is closed.
pub fn check_open(status: BookingStatus) -> Result<(), BookingRefusal> {
    match status {
        BookingStatus::Cancelled | BookingStatus::Expired | BookingStatus::Returned => {
            Err(BookingRefusal::TakesNoPayments(status))
        }
        BookingStatus::PreBooked | BookingStatus::Confirmed | BookingStatus::Completed | BookingStatus::Delivered => {
            Ok(())
        }
    }
}

/// Checks a new payment. Errors when the booking is closed, the amount is not positive, or more than is payable.
pub fn check_payment(status: BookingStatus, amount: Money, amounts: &BookingAmounts) -> Result<(), BookingRefusal> {
    check_open(status)?;
    if !amount.is_positive() {
        return Err(BookingRefusal::NotPositive);
    }
    let payable = amounts.payable();
    if amount > payable { Err(BookingRefusal::AbovePayable(payable)) } else { Ok(()) }
}

/// Checks the booking amount. Errors when it is below `minimum` or above the price.
pub fn check_booking_amount(amount: Money, minimum: Money, price: Money) -> Result<(), BookingRefusal> {
    if amount < minimum {
        Err(BookingRefusal::BookingAmountTooSmall(minimum))
    } else if amount > price {
        Err(BookingRefusal::BookingAmountAbovePrice(price))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::BookingCommand::{Cancel, Deliver, Expire, Recalculate, Return, Revive};
    use super::BookingStatus::{Cancelled, Completed, Confirmed, Delivered, Expired, PreBooked, Returned};
    use super::*;

    fn paid(completed: i64, pending: i64) -> BookingAmounts {
        BookingAmounts {
            price: Money::from_paise(1_000_000),
            booking_amount: Money::from_paise(50_000),
            completed: Money::from_paise(completed),
            pending: Money::from_paise(pending),
        }
    }

    #[test]
    fn a_booking_is_confirmed_at_its_booking_amount_and_completed_at_its_price() {
        for (from, completed, next) in [
            (PreBooked, 49_999, BookingTransition::Unchanged),
            (PreBooked, 50_000, BookingTransition::To(Confirmed)),
            (PreBooked, 999_999, BookingTransition::To(Confirmed)),
            (PreBooked, 1_000_000, BookingTransition::To(Completed)),
            (Confirmed, 999_999, BookingTransition::Unchanged),
            (Confirmed, 1_000_000, BookingTransition::To(Completed)),
            (Confirmed, 0, BookingTransition::Unchanged),
            (Completed, 1_000_000, BookingTransition::Unchanged),
            (Completed, 999_999, BookingTransition::To(Confirmed)),
            (Cancelled, 1_000_000, BookingTransition::Unchanged),
            (Expired, 1_000_000, BookingTransition::Unchanged),
            (Delivered, 1_000_000, BookingTransition::Unchanged),
            (Delivered, 0, BookingTransition::Unchanged),
            (Returned, 0, BookingTransition::Unchanged),
        ] {
            assert_eq!(decide_transition(from, Recalculate, &paid(completed, 0)), Ok(next), "{from} with {completed}");
        }
    }

    #[test]
    fn only_an_unfinished_booking_is_cancelled_and_only_an_unpaid_one_expires() {
        assert_eq!(decide_transition(PreBooked, Cancel, &paid(0, 0)), Ok(BookingTransition::To(Cancelled)));
        assert_eq!(decide_transition(Confirmed, Cancel, &paid(50_000, 0)), Ok(BookingTransition::To(Cancelled)));
        assert_eq!(decide_transition(Cancelled, Cancel, &paid(0, 0)), Ok(BookingTransition::Unchanged));
        assert!(decide_transition(Completed, Cancel, &paid(1_000_000, 0)).is_err());
        assert!(decide_transition(Expired, Cancel, &paid(0, 0)).is_err());
        assert_eq!(decide_transition(PreBooked, Expire, &paid(0, 0)), Ok(BookingTransition::To(Expired)));
        assert!(decide_transition(PreBooked, Expire, &paid(1, 0)).is_err());
        assert!(decide_transition(PreBooked, Expire, &paid(0, 1)).is_err());
        assert!(decide_transition(Confirmed, Expire, &paid(0, 0)).is_err());
        assert_eq!(decide_transition(Expired, Revive, &paid(0, 0)), Ok(BookingTransition::To(PreBooked)));
        assert!(decide_transition(Cancelled, Revive, &paid(0, 0)).is_err());
    }

    #[test]
    fn only_a_booking_that_is_paid_in_full_is_delivered_and_returned() {
        for status in BookingStatus::ALL {
            let delivered = decide_transition(*status, Deliver, &paid(1_000_000, 0));
            let expected = match status {
                Completed => Ok(BookingTransition::To(Delivered)),
                Delivered => Ok(BookingTransition::Unchanged),
                PreBooked | Confirmed | Cancelled | Expired | Returned => Err(BookingRefusal::NotDeliverable(*status)),
            };
            assert_eq!(delivered, expected, "{status}");
            let returned = decide_transition(*status, Return, &paid(1_000_000, 0));
            let expected = match status {
                Completed | Delivered => Ok(BookingTransition::To(Returned)),
                Returned => Ok(BookingTransition::Unchanged),
                PreBooked | Confirmed | Cancelled | Expired => Err(BookingRefusal::NotReturnable(*status)),
            };
            assert_eq!(returned, expected, "{status}");
        }
        for closed in [Delivered, Returned] {
            assert!(decide_transition(closed, Cancel, &paid(1_000_000, 0)).is_err());
            assert!(decide_transition(closed, Expire, &paid(0, 0)).is_err());
        }
    }

    #[test]
    fn what_is_pending_cannot_be_paid_again() {
        let amounts = paid(300_000, 200_000);
        assert_eq!(amounts.payable(), Money::from_paise(500_000));
        assert_eq!(check_payment(Confirmed, Money::from_paise(499_999), &amounts), Ok(()));
        assert_eq!(check_payment(Confirmed, Money::from_paise(500_000), &amounts), Ok(()));
        let refused = Err(BookingRefusal::AbovePayable(Money::from_paise(500_000)));
        assert_eq!(check_payment(Confirmed, Money::from_paise(500_001), &amounts), refused);
        assert_eq!(check_payment(Confirmed, Money::ZERO, &amounts), Err(BookingRefusal::NotPositive));
        assert_eq!(check_payment(Confirmed, Money::from_paise(-1), &amounts), Err(BookingRefusal::NotPositive));
        for closed in [Cancelled, Expired, Returned] {
            assert_eq!(
                check_payment(closed, Money::from_paise(1), &amounts),
                Err(BookingRefusal::TakesNoPayments(closed))
            );
        }
    }

    #[test]
    fn sums_of_prices_do_not_overflow() {
        let times = Money::MAX.paise() / MAX_VEHICLE_PRICE.paise();
        assert!(times > 900_000_000, "{times}");
    }

    #[test]
    fn a_booking_amount_is_from_the_minimum_to_the_price() {
        let (minimum, price) = (Money::from_rupees(500), Money::from_rupees(10_000));
        for (paise, holds) in [(49_999, false), (50_000, true), (1_000_000, true), (1_000_001, false), (-1, false)] {
            assert_eq!(check_booking_amount(Money::from_paise(paise), minimum, price).is_ok(), holds, "{paise}");
        }
    }
}
