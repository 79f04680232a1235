//! Public verification of a document by its code.

use crate::settings::DocumentSettings;
use crate::store;
use db::DbConnection;
use documents::verification::{Code, Issuer, Stated};
use domain::{Day, Money};
use http_api::Problem;
use schemars::JsonSchema;
use serde::Serialize;

/// What a genuine document states.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerifiedDocument {
    /// Kind: `receipt`, `booking_confirmation`, `emi_schedule`, `wallet_statement`, `payout_advice`, `tds_certificate`
    /// or `quarterly_cover`.
    pub kind: String,
    pub number: String,
    /// How often it was issued anew, from 1.
    pub revision: u32,
    /// Whether it was not issued anew since.
    pub is_latest: bool,
    pub date: Day,
    pub amount: Money,
    /// Initials of the member; empty for a document without one.
    pub initials: String,
}

/// Finds the document with this code and proves it. 404 for every other text.
///
/// `rest` is the code without its first letter and hyphen, which are part of the path.
pub async fn verify(
    c: &mut DbConnection,
    settings: &DocumentSettings,
    issuer: Issuer,
    rest: &str,
) -> Result<VerifiedDocument, Problem> {
    let refuse = Problem::not_found;
    let code: Code = format!("{issuer}{rest}").parse().map_err(|_| refuse())?;
    let row = store::find_by_code(c, code.as_str()).await?.ok_or_else(refuse)?;
    let stated = Stated {
        kind: row.kind,
        number: row.number,
        revision: u32::try_from(row.revision).map_err(Problem::internal)?,
        date: row.issued_on,
        amount: row.amount_paise,
        initials: row.initials,
    };
    if !settings.keys.proves(&code, issuer, &stated) {
        return Err(refuse());
    }
    let issued = store::count(c, &stated.kind, &row.subject).await?;
    Ok(VerifiedDocument {
        is_latest: issued == row.revision,
        kind: stated.kind,
        number: stated.number,
        revision: stated.revision,
        date: stated.date,
        amount: stated.amount,
        initials: stated.initials,
    })
}
