//! Views of vehicles in API responses.

use super::vehicle_pictures::url;
use crate::domain::VehicleId;
use crate::store::vehicles::Vehicle;
use domain::Money;
use domain::gst::HsnCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A vehicle of the catalogue.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct VehicleView {
    id: VehicleId,
    model: String,
    variant: String,
    colour: Option<String>,
    /// Name of the battery option.
    battery: Option<String>,
    price: Money,
    is_active: bool,
    /// Whether a unit can be booked; always true where units are not counted.
    in_stock: bool,
    /// How many units can be booked, when they are few.
    left: Option<i64>,
    /// Addresses of its pictures, the first one added first.
    pictures: Vec<String>,
}

impl VehicleView {
    /// `few` is the number of units up to which it shows how many are left; `pictures` are those of several vehicles.
    pub(crate) fn new(vehicle: Vehicle, few: i64, pictures: &[(VehicleId, i64)]) -> Self {
        let available = vehicle.stock().available();
        Self {
            id: vehicle.id,
            model: vehicle.model,
            variant: vehicle.variant,
            colour: vehicle.colour,
            battery: vehicle.battery,
            price: vehicle.price_paise,
            is_active: vehicle.is_active,
            in_stock: available != Some(0),
            left: available.filter(|units| *units <= few),
            pictures: pictures.iter().filter(|(of, _)| *of == vehicle.id).map(|(of, n)| url(*of, *n)).collect(),
        }
    }
}

/// A vehicle of the catalogue, as staff see it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StaffVehicleView {
    #[serde(flatten)]
    vehicle: VehicleView,
    /// Null where its units are not counted.
    stock: Option<StockView>,
    /// Code of the product for taxes; null for that of the settings.
    hsn: Option<HsnCode>,
}

/// Units of a vehicle.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StockView {
    /// In the company's possession, with those that are reserved.
    on_hand: i64,
    reserved: i64,
    /// That can be booked.
    available: i64,
}

impl StaffVehicleView {
    /// `few` as for [`VehicleView::new`].
    pub(crate) fn new(vehicle: Vehicle, few: i64, pictures: &[(VehicleId, i64)]) -> Self {
        let stock = vehicle.stock();
        let view = |(on_hand, available)| StockView { on_hand, reserved: stock.reserved, available };
        let hsn = vehicle.hsn.clone();
        Self {
            stock: stock.on_hand.zip(stock.available()).map(view),
            hsn,
            vehicle: VehicleView::new(vehicle, few, pictures),
        }
    }
}
