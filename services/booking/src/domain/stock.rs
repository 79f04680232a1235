//! Stock of a vehicle: units on hand, and what a booking uses of them.

use super::BookingStatus;

domain::text_enum! {
    /// What a booking uses of its vehicle's stock.
    pub enum StockUse {
        /// Nothing: the vehicle was not counted when the booking was made, or the unit is released.
        None = "none",
        Reserved = "reserved",
        Sold = "sold",
    }
}

/// The stock of a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    /// Units in the company's possession, with those that are reserved; `None` where they are not counted.
    pub on_hand: Option<i64>,
    /// Units on hand that bookings have reserved.
    pub reserved: i64,
}

/// Whether a vehicle has a unit for one more booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitOffer {
    /// Its units are not counted, so a booking uses none.
    NotCounted,
    Available,
    SoldOut,
}

/// A change of a vehicle's stock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StockChange {
    pub on_hand: i64,
    pub reserved: i64,
}

/// Why an adjustment is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdjustmentRefusal {
    #[error("{reserved} units are reserved by bookings, so at least as many must be on hand")]
    BelowReserved { reserved: i64 },
    #[error("at most {MAX_ON_HAND} units can be on hand")]
    TooMany,
}

/// Most units on hand.
pub const MAX_ON_HAND: i64 = 1_000_000;

impl Stock {
    /// Units that can be booked; `None` where they are not counted.
    pub fn available(self) -> Option<i64> {
        self.on_hand.map(|on_hand| on_hand.saturating_sub(self.reserved).max(0))
    }

    /// Whether a booking gets a unit.
    pub fn offer(self) -> UnitOffer {
        match self.available() {
            None => UnitOffer::NotCounted,
            Some(0) => UnitOffer::SoldOut,
            Some(_) => UnitOffer::Available,
        }
    }

    /// The units on hand after staff add `change`, or take it away. Units that were not counted begin at zero.
    pub fn adjust(self, change: i64) -> Result<i64, AdjustmentRefusal> {
        let on_hand = self.on_hand.unwrap_or(0).saturating_add(change);
        if on_hand < self.reserved {
            Err(AdjustmentRefusal::BelowReserved { reserved: self.reserved })
        } else if on_hand > MAX_ON_HAND {
            Err(AdjustmentRefusal::TooMany)
        } else {
            Ok(on_hand)
        }
    }
}

impl StockUse {
    /// What a booking uses of the stock after it went from one status to another. One that uses nothing begins to only by
    /// a reservation. A vehicle that was delivered and is returned is not new: staff adjust the stock if it is sold again.
    pub fn after(self, from: BookingStatus, to: BookingStatus) -> Self {
        use BookingStatus::{Cancelled, Completed, Confirmed, Delivered, Expired, PreBooked, Returned};
        match (self, to) {
            (Self::None, _) | (_, Cancelled | Expired) => Self::None,
            (Self::Reserved | Self::Sold, PreBooked | Confirmed) => Self::Reserved,
            (Self::Reserved | Self::Sold, Completed | Delivered) => Self::Sold,
            (Self::Reserved | Self::Sold, Returned) => {
                if from == Delivered {
                    Self::Sold
                } else {
                    Self::None
                }
            }
        }
    }

    /// The change of the stock when a booking uses `next` instead.
    pub fn change_to(self, next: Self) -> StockChange {
        let (before, after) = (self.effect(), next.effect());
        StockChange { on_hand: after.on_hand - before.on_hand, reserved: after.reserved - before.reserved }
    }

    const fn effect(self) -> StockChange {
        match self {
            Self::None => StockChange { on_hand: 0, reserved: 0 },
            Self::Reserved => StockChange { on_hand: 0, reserved: 1 },
            Self::Sold => StockChange { on_hand: -1, reserved: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BookingStatus::{Cancelled, Completed, Confirmed, Delivered, Expired, PreBooked, Returned};

    #[test]
    fn a_unit_is_reserved_sold_and_released_with_the_status() {
        for (before, from, to, after, on_hand, reserved) in [
            (StockUse::Reserved, Expired, PreBooked, StockUse::Reserved, 0, 0),
            (StockUse::Reserved, PreBooked, Confirmed, StockUse::Reserved, 0, 0),
            (StockUse::Reserved, Confirmed, Completed, StockUse::Sold, -1, -1),
            (StockUse::Sold, Completed, Delivered, StockUse::Sold, 0, 0),
            (StockUse::Sold, Completed, Confirmed, StockUse::Reserved, 1, 1),
            (StockUse::Reserved, Confirmed, Cancelled, StockUse::None, 0, -1),
            (StockUse::Reserved, PreBooked, Expired, StockUse::None, 0, -1),
            (StockUse::Sold, Completed, Returned, StockUse::None, 1, 0),
            (StockUse::Sold, Delivered, Returned, StockUse::Sold, 0, 0),
            (StockUse::None, Confirmed, Completed, StockUse::None, 0, 0),
        ] {
            let next = before.after(from, to);
            assert_eq!(next, after, "{before} {from} {to}");
            assert_eq!(before.change_to(next), StockChange { on_hand, reserved }, "{before} {from} {to}");
        }
    }

    #[test]
    fn a_vehicle_is_sold_out_when_all_units_on_hand_are_reserved() {
        for (on_hand, reserved, available, offer) in [
            (None, 3, None, UnitOffer::NotCounted),
            (Some(4), 3, Some(1), UnitOffer::Available),
            (Some(3), 3, Some(0), UnitOffer::SoldOut),
            (Some(0), 0, Some(0), UnitOffer::SoldOut),
        ] {
            let stock = Stock { on_hand, reserved };
            assert_eq!((stock.available(), stock.offer()), (available, offer), "{stock:?}");
        }
    }

    #[test]
    fn an_adjustment_leaves_what_is_reserved_and_is_limited() {
        let stock = Stock { on_hand: Some(5), reserved: 3 };
        assert_eq!(stock.adjust(-2), Ok(3));
        assert_eq!(stock.adjust(-3), Err(AdjustmentRefusal::BelowReserved { reserved: 3 }));
        assert_eq!(stock.adjust(MAX_ON_HAND - 5), Ok(MAX_ON_HAND));
        assert_eq!(stock.adjust(MAX_ON_HAND - 4), Err(AdjustmentRefusal::TooMany));
        assert_eq!(stock.adjust(i64::MAX), Err(AdjustmentRefusal::TooMany));
        let new = Stock { on_hand: None, reserved: 0 };
        assert_eq!((new.adjust(7), new.adjust(0)), (Ok(7), Ok(0)));
        assert_eq!(new.adjust(i64::MIN), Err(AdjustmentRefusal::BelowReserved { reserved: 0 }));
    }
}
