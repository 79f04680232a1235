//! Stock of vehicles: units for bookings, and adjustments by staff.

use crate::domain::VehicleId;
use crate::domain::stock::{StockChange, UnitOffer};
use crate::error::BookingError;
use crate::store::stock_adjustments::{self, StockAdjustment};
use crate::store::vehicles::{self, Vehicle};
use db::DbConnection;
use domain::{Timestamp, UserId};
use runtime::id;
use std::collections::BTreeMap;

/// Locks the vehicle, as it was just read, if its units are counted, and returns whether one is left. Call it with the
/// locks of member and booking, because those are taken first everywhere.
pub(super) async fn lock_offer(c: &mut DbConnection, vehicle: &Vehicle) -> Result<UnitOffer, BookingError> {
    match vehicle.stock().offer() {
        // A row that every booking of a vehicle would lock is not needed where nothing is counted.
        UnitOffer::NotCounted => Ok(UnitOffer::NotCounted),
        UnitOffer::Available | UnitOffer::SoldOut => {
            let locked = vehicles::find_for_update(c, vehicle.id).await?.ok_or(BookingError::NotFound)?;
            Ok(locked.stock().offer())
        }
    }
}

/// Changes the stock by what bookings use, in the order of the vehicles' ids, so that two transactions lock them in one
/// order.
pub(super) async fn apply_changes(
    c: &mut DbConnection,
    changes: impl Iterator<Item = (VehicleId, StockChange)>,
) -> Result<(), BookingError> {
    let mut sums: BTreeMap<VehicleId, StockChange> = BTreeMap::new();
    for (vehicle, change) in changes {
        let sum = sums.entry(vehicle).or_default();
        *sum = StockChange { on_hand: sum.on_hand + change.on_hand, reserved: sum.reserved + change.reserved };
    }
    for (vehicle, change) in sums.into_iter().filter(|(_, change)| *change != StockChange::default()) {
        vehicles::change_stock(c, vehicle, change).await?;
    }
    Ok(())
}

/// An adjustment as staff request it.
#[derive(Debug, Clone)]
pub struct AdjustmentRequest {
    pub vehicle_id: VehicleId,
    /// Units added, or taken away.
    pub change: i64,
    pub reason: String,
    pub by: UserId,
}

/// Adjusts the units on hand, which are counted from then on. Errors with `NotFound`, and with `Adjustment` when too few
/// or too many would be left.
pub async fn adjust(
    c: &mut DbConnection,
    request: &AdjustmentRequest,
    at: Timestamp,
) -> Result<StockAdjustment, BookingError> {
    let mut vehicle = vehicles::find_for_update(c, request.vehicle_id).await?.ok_or(BookingError::NotFound)?;
    let on_hand = vehicle.stock().adjust(request.change)?;
    vehicle.on_hand = Some(on_hand);
    vehicle.changed_at = at;
    vehicles::update(c, &vehicle).await?;
    let adjustment = StockAdjustment {
        id: id::fresh(),
        vehicle_id: vehicle.id,
        change_by: request.change,
        on_hand,
        reason: request.reason.clone(),
        adjusted_by: request.by,
        adjusted_at: at,
    };
    stock_adjustments::insert(c, &adjustment).await?;
    Ok(adjustment)
}
