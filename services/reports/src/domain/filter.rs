//! Filters of reports, and which columns they narrow.

use super::report::Column;
pub use super::report::FilterName;
use super::{BookingStatus, PayoutStatus};
use domain::PaymentMethod;

domain::id_type! {
    /// A vehicle of the catalogue.
    VehicleId,
}

/// The chosen filters; without any, a report is of all facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFilters {
    /// Vehicle of the booking.
    pub vehicle: Option<VehicleId>,
    pub method: Option<PaymentMethod>,
    /// Present status of the booking, in a report of bookings.
    pub booking_status: Option<BookingStatus>,
    /// Present status of the payout, in a report of payouts.
    pub payout_status: Option<PayoutStatus>,
    /// City of the member, in lower case.
    pub city: Option<String>,
    pub plan_version: Option<i64>,
}

/// Why filters are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error("no column of this report has {used}; it takes {taken}")]
    Unsupported { used: String, taken: String },
}

impl ReportFilters {
    /// The filters that are set.
    pub fn used(&self) -> Vec<FilterName> {
        let is_set = |name: &FilterName| match name {
            FilterName::Vehicle => self.vehicle.is_some(),
            FilterName::Method => self.method.is_some(),
            FilterName::Status => self.booking_status.is_some() || self.payout_status.is_some(),
            FilterName::City => self.city.is_some(),
            FilterName::PlanVersion => self.plan_version.is_some(),
        };
        FilterName::ALL.iter().copied().filter(is_set).collect()
    }

    /// Whether no filter is set.
    pub fn is_empty(&self) -> bool {
        self.used().is_empty()
    }

    /// The columns whose facts have what every filter asks for: the others would show figures of all facts beside those
    /// of some. Errors when none is left.
    pub fn narrow(&self, columns: &'static [Column]) -> Result<Vec<Column>, FilterError> {
        let used = self.used();
        let has_all = |column: &&Column| used.iter().all(|name| column.filters.contains(name));
        let left: Vec<Column> = columns.iter().filter(has_all).copied().collect();
        if !left.is_empty() {
            return Ok(left);
        }
        let taken = FilterName::ALL.iter().filter(|name| columns.iter().any(|column| column.filters.contains(name)));
        Err(FilterError::Unsupported { used: listed(used.iter(), " and "), taken: listed(taken, ", ") })
    }
}

/// The names between `separator`; `no filter` for none.
fn listed<'a>(names: impl Iterator<Item = &'a FilterName>, separator: &str) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "no filter".to_owned() } else { names.join(separator) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::count("bookings").filtered_by(&[FilterName::Vehicle, FilterName::City]),
        Column::rupees("received").filtered_by(&[FilterName::Vehicle, FilterName::Method]),
        Column::rupees("all"),
    ];

    fn names(filters: &ReportFilters) -> Result<Vec<&'static str>, FilterError> {
        Ok(filters.narrow(COLUMNS)?.iter().map(|column| column.name).collect())
    }

    #[test]
    fn only_columns_that_every_filter_narrows_remain() {
        let vehicle = Some("0197f0c8-0000-7000-8000-000000000001".parse().expect("an id"));
        let city = Some("pune".to_owned());
        let method = Some(PaymentMethod::Cash);
        let none = ReportFilters::default();
        assert_eq!(names(&none), Ok(vec!["bookings", "received", "all"]));
        assert_eq!(names(&ReportFilters { vehicle, ..none.clone() }), Ok(vec!["bookings", "received"]));
        assert_eq!(names(&ReportFilters { vehicle, method, ..none.clone() }), Ok(vec!["received"]));
        let refused = names(&ReportFilters { method, city, ..none.clone() });
        let (used, taken) = ("`method` and `city`".to_owned(), "`vehicle`, `method`, `city`".to_owned());
        assert_eq!(refused, Err(FilterError::Unsupported { used, taken }));
        const ALL: &[Column] = &[Column::count("all")];
        let refused = ReportFilters { plan_version: Some(1), ..none }.narrow(ALL);
        let (used, taken) = ("`plan_version`".to_owned(), "no filter".to_owned());
        assert_eq!(refused, Err(FilterError::Unsupported { used, taken }));
    }
}
