//! View of the tax in the amount of a receipt.

use crate::store::receipt_taxes::ReceiptTax;
use ::documents::papers::GstLine;
use domain::gst::{Gstin, HsnCode, StateCode};
use domain::{Money, MoneyError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Goods and services tax in the amount of a receipt. Its parts add up to the amount.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ReceiptTaxView {
    /// The company's number.
    gstin: Gstin,
    /// Code of the product.
    hsn: HsnCode,
    /// A percentage.
    rate: String,
    /// GST code of a state.
    place_of_supply: StateCode,
    taxable_value: Money,
    /// Tax of the centre; `0.00` between states.
    cgst: Money,
    /// Tax of the state or union territory; `0.00` between states.
    sgst: Money,
    /// Tax between states; `0.00` within one.
    igst: Money,
}

impl From<ReceiptTax> for ReceiptTaxView {
    fn from(tax: ReceiptTax) -> Self {
        Self {
            gstin: tax.gstin,
            hsn: tax.hsn,
            rate: tax.gst_rate,
            place_of_supply: tax.place_of_supply,
            taxable_value: tax.taxable_paise,
            cgst: tax.cgst_paise,
            sgst: tax.sgst_paise,
            igst: tax.igst_paise,
        }
    }
}

/// The lines of a printed receipt about its tax.
pub(super) fn lines(tax: &ReceiptTax) -> Result<Vec<GstLine>, MoneyError> {
    let line = |name: &str, rate: &str, amount| GstLine { name: name.to_owned(), rate: rate.to_owned(), amount };
    let mut lines = vec![line("Taxable value", "", tax.taxable_paise)];
    if tax.igst_paise.is_zero() {
        lines.push(line("CGST", "", tax.cgst_paise));
        lines.push(line("SGST/UTGST", "", tax.sgst_paise));
    } else {
        lines.push(line("IGST", "", tax.igst_paise));
    }
    let total = Money::total([tax.cgst_paise, tax.sgst_paise, tax.igst_paise])?;
    lines.push(line("GST", &tax.gst_rate, total));
    Ok(lines)
}

/// Facts about the supply on a printed receipt.
pub(super) fn supply(tax: &ReceiptTax) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    vec![
        fact("GSTIN", tax.gstin.to_string()),
        fact("HSN", tax.hsn.to_string()),
        fact("Place of supply", tax.place_of_supply.to_string()),
    ]
}
