//! A booking: its amounts and its one transition function.

use domain::{Money, MoneyError};

/// The most a vehicle may cost: ten crore rupees, far above any on sale. Every amount here is a part of a price,
/// so below it a member's sum overflows only after nine hundred million bookings.
pub const HIGHEST_PRICE: Money = Money::from_rupees(100_000_000);

domain::text_enum! {
    pub enum BookingStatus {
        /// Less than the booking amount is paid.
        PreBooked = "pre_booked",
        Confirmed = "confirmed",
        /// The whole price is paid.
        Completed = "completed",
        Cancelled = "cancelled",
        Expired = "expired",
    }
}

impl BookingStatus {
    /// Still a purchase: neither cancelled nor expired.
    pub const fn is_live(self) -> bool {
        matches!(self, Self::PreBooked | Self::Confirmed | Self::Completed)
    }
}

/// What a booking costs and what was paid on it. `completed` and `pending` are sums over its payment rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    pub price: Money,
    pub booking_amount: Money,
    pub completed: Money,
    pub pending: Money,
}

impl Figures {
    /// The most a new payment may be.
    pub fn payable(&self) -> Money {
        self.price.minus_or_zero(self.completed).minus_or_zero(self.pending)
    }
    pub fn remaining(&self) -> Money {
        self.price.minus_or_zero(self.completed)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingCommand {
    /// What is paid has changed: see where that leaves the booking.
    Settle,
    Cancel,
    /// It was not paid in time.
    Expire,
    /// Money arrived for it after it expired.
    Revive,
}

/// What a command does to a booking; to have been done already is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    To(BookingStatus),
    Stay,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookingRefusal {
    #[error("a booking that is {0} cannot be cancelled")]
    NotCancellable(BookingStatus),
    #[error("a booking that is {0} takes no payments")]
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
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The only place a booking's status comes from.
pub fn step(status: BookingStatus, command: BookingCommand, figures: &Figures) -> Result<Step, BookingRefusal> {
    use BookingCommand::{Cancel, Expire, Revive, Settle};
    use BookingStatus::{Cancelled, Completed, Confirmed, Expired, PreBooked};
    let stay_or = |next: BookingStatus| if next == status { Step::Stay } else { Step::To(next) };
    match (status, command) {
        (PreBooked, Settle) if figures.completed >= figures.price => Ok(Step::To(Completed)),
        (PreBooked, Settle) if figures.completed >= figures.booking_amount => Ok(Step::To(Confirmed)),
        (PreBooked, Settle) => Ok(Step::Stay),
        // Once confirmed it stays so, whatever is refunded: only a cancellation gives the vehicle up.
        (Confirmed | Completed, Settle) => {
            Ok(stay_or(if figures.completed >= figures.price { Completed } else { Confirmed }))
        }
        (Cancelled | Expired, Settle) => Ok(Step::Stay),
        (PreBooked | Confirmed, Cancel) => Ok(Step::To(Cancelled)),
        (Cancelled, Cancel) => Ok(Step::Stay),
        (Completed | Expired, Cancel) => Err(BookingRefusal::NotCancellable(status)),
        (PreBooked, Expire) if figures.completed.is_zero() && figures.pending.is_zero() => Ok(Step::To(Expired)),
        (Expired, Expire) => Ok(Step::Stay),
        (PreBooked | Confirmed | Completed | Cancelled, Expire) => Err(BookingRefusal::DoesNotExpire(status)),
        (Expired, Revive) => Ok(Step::To(PreBooked)),
        (PreBooked | Confirmed | Completed, Revive) => Ok(Step::Stay),
        (Cancelled, Revive) => Err(BookingRefusal::NotRevivable(status)),
    }
}

/// Whether a member may start a payment of `amount`.
pub fn may_pay(status: BookingStatus, amount: Money, figures: &Figures) -> Result<(), BookingRefusal> {
    match status {
        BookingStatus::Cancelled | BookingStatus::Expired => return Err(BookingRefusal::TakesNoPayments(status)),
        BookingStatus::PreBooked | BookingStatus::Confirmed | BookingStatus::Completed => {}
    }
    if !amount.is_positive() {
        return Err(BookingRefusal::NotPositive);
    }
    let payable = figures.payable();
    if amount > payable { Err(BookingRefusal::AbovePayable(payable)) } else { Ok(()) }
}

/// Whether a vehicle of this price may be booked with this amount.
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
    use super::BookingCommand::{Cancel, Expire, Revive, Settle};
    use super::BookingStatus::{Cancelled, Completed, Confirmed, Expired, PreBooked};
    use super::*;

    fn paid(completed: i64, pending: i64) -> Figures {
        Figures {
            price: Money::from_paise(1_000_000),
            booking_amount: Money::from_paise(50_000),
            completed: Money::from_paise(completed),
            pending: Money::from_paise(pending),
        }
    }

    #[test]
    fn a_booking_is_confirmed_at_its_booking_amount_and_completed_at_its_price() {
        for (from, completed, next) in [
            (PreBooked, 49_999, Step::Stay),
            (PreBooked, 50_000, Step::To(Confirmed)),
            (PreBooked, 999_999, Step::To(Confirmed)),
            (PreBooked, 1_000_000, Step::To(Completed)),
            (Confirmed, 999_999, Step::Stay),
            (Confirmed, 1_000_000, Step::To(Completed)),
            (Confirmed, 0, Step::Stay),
            (Completed, 1_000_000, Step::Stay),
            (Completed, 999_999, Step::To(Confirmed)),
            (Cancelled, 1_000_000, Step::Stay),
            (Expired, 1_000_000, Step::Stay),
        ] {
            assert_eq!(step(from, Settle, &paid(completed, 0)), Ok(next), "{from} with {completed}");
        }
    }

    #[test]
    fn only_an_unfinished_booking_is_cancelled_and_only_an_unpaid_one_expires() {
        assert_eq!(step(PreBooked, Cancel, &paid(0, 0)), Ok(Step::To(Cancelled)));
        assert_eq!(step(Confirmed, Cancel, &paid(50_000, 0)), Ok(Step::To(Cancelled)));
        assert_eq!(step(Cancelled, Cancel, &paid(0, 0)), Ok(Step::Stay));
        assert!(step(Completed, Cancel, &paid(1_000_000, 0)).is_err());
        assert!(step(Expired, Cancel, &paid(0, 0)).is_err());
        assert_eq!(step(PreBooked, Expire, &paid(0, 0)), Ok(Step::To(Expired)));
        assert!(step(PreBooked, Expire, &paid(1, 0)).is_err());
        assert!(step(PreBooked, Expire, &paid(0, 1)).is_err());
        assert!(step(Confirmed, Expire, &paid(0, 0)).is_err());
        assert_eq!(step(Expired, Revive, &paid(0, 0)), Ok(Step::To(PreBooked)));
        assert!(step(Cancelled, Revive, &paid(0, 0)).is_err());
    }

    #[test]
    fn what_is_pending_cannot_be_paid_again() {
        let figures = paid(300_000, 200_000);
        assert_eq!(figures.payable(), Money::from_paise(500_000));
        assert_eq!(may_pay(Confirmed, Money::from_paise(499_999), &figures), Ok(()));
        assert_eq!(may_pay(Confirmed, Money::from_paise(500_000), &figures), Ok(()));
        let refused = Err(BookingRefusal::AbovePayable(Money::from_paise(500_000)));
        assert_eq!(may_pay(Confirmed, Money::from_paise(500_001), &figures), refused);
        assert_eq!(may_pay(Confirmed, Money::ZERO, &figures), Err(BookingRefusal::NotPositive));
        assert_eq!(may_pay(Confirmed, Money::from_paise(-1), &figures), Err(BookingRefusal::NotPositive));
        for closed in [Cancelled, Expired] {
            assert_eq!(may_pay(closed, Money::from_paise(1), &figures), Err(BookingRefusal::TakesNoPayments(closed)));
        }
    }

    #[test]
    fn sums_of_prices_do_not_overflow() {
        let times = Money::MAX.paise() / HIGHEST_PRICE.paise();
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
