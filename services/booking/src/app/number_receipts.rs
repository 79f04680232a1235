//! Numbers of receipts, without gaps in each financial year, and the tax in their amounts.

use crate::domain::VehicleId;
use crate::domain::aggregate::Payment;
use crate::error::BookingError;
use crate::store::receipt_taxes::ReceiptTax;
use crate::store::{bookings, payments, receipt_counters, receipt_taxes, vehicles};
use db::DbConnection;
use domain::gst::{GstTerms, HsnCode};
use domain::{BookingId, FinancialYear};
use std::collections::{BTreeMap, HashMap};

/// Receipts that get a number in one transaction.
const MAX_RECEIPTS: i64 = 200;

/// Gives a number to each of the next receipts that have none, in the order in which their payments were completed, by
/// the financial year of that time. Returns whether there may be more.
///
/// The counter changes in the transaction of the payments, so no number is lost or given twice. The tax in the amount is
/// stored with the number, by the rate of the day of the payment.
pub async fn number_receipts(c: &mut DbConnection, gst: Option<&GstTerms>) -> Result<bool, BookingError> {
    let mut numbered = payments::lock_without_receipt(c, MAX_RECEIPTS).await?;
    let mut last_numbers: BTreeMap<FinancialYear, i64> = BTreeMap::new();
    for payment in &mut numbered {
        let year = payment.completed_at.unwrap_or(payment.created_at).financial_year();
        let last = match last_numbers.get(&year) {
            Some(last) => *last,
            None => receipt_counters::lock(c, year).await?,
        };
        last_numbers.insert(year, last + 1);
        payment.needs_receipt = false;
        payment.receipt_year = Some(year.to_string());
        payment.receipt_number = Some(last + 1);
    }
    for (year, last) in last_numbers {
        receipt_counters::set(c, year, last).await?;
    }
    payments::save_all(c, &numbered.iter().collect::<Vec<&Payment>>()).await?;
    if let Some(terms) = gst.filter(|_| !numbered.is_empty()) {
        store_taxes(c, terms, &numbered).await?;
    }
    Ok(i64::try_from(numbered.len()).is_ok_and(|count| count == MAX_RECEIPTS))
}

/// Stores the tax in these payments, where their vehicle has a rate.
async fn store_taxes(c: &mut DbConnection, terms: &GstTerms, payments: &[Payment]) -> Result<(), BookingError> {
    let ids: Vec<BookingId> = payments.iter().map(|p| p.booking_id).collect();
    let bookings: HashMap<BookingId, _> =
        bookings::list_by_ids(c, &ids).await?.into_iter().map(|b| (b.id, (b.vehicle_id, b.place_of_supply))).collect();
    let ids: Vec<VehicleId> = bookings.values().map(|(vehicle, _)| *vehicle).collect();
    let products: HashMap<VehicleId, Option<HsnCode>> = vehicles::list_hsn(c, &ids).await?.into_iter().collect();
    let mut taxes = Vec::new();
    for payment in payments {
        let Some((vehicle, place)) = bookings.get(&payment.booking_id) else { continue };
        let hsn = products.get(vehicle).and_then(Option::as_ref);
        let day = payment.completed_at.unwrap_or(payment.created_at).day();
        match terms.decide_tax(payment.amount_paise, day, hsn, place.as_ref())? {
            Some(line) => taxes.push(ReceiptTax::new(payment.id, line)),
            None => tracing::warn!(payment = %payment.id, %day, "the vehicle of a receipt has no rate of GST"),
        }
    }
    Ok(receipt_taxes::insert_all(c, taxes).await?)
}
