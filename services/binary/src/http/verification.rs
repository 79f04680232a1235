//! Verification of the tables against the journal, for operators.

use crate::app;
use crate::app::deviation::Deviation;
use crate::app::verify::Verification;
use crate::state::BinaryState;
use actix_web::web;
use http_api::{Json, Problem, long_read, operation};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use std::time::Duration;

/// Report of a verification.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct VerificationView {
    ok: bool,
    /// Number of journal entries that were replayed.
    journal_entries: i64,
    members: i64,
    pairs: i64,
    plan_versions: i64,
    /// Payments that are counted and not refunded.
    payments: i64,
    /// The first deviation in journal order; null when there is none.
    deviation: Option<DeviationView>,
}

/// A difference between a table and the journal.
#[derive(Debug, Serialize, JsonSchema)]
struct DeviationView {
    table: &'static str,
    /// The key of the row, or the member concerned.
    row: String,
    /// Null: the whole row.
    column: Option<&'static str>,
    expected: String,
    found: String,
}

impl From<&Verification> for VerificationView {
    fn from(report: &Verification) -> Self {
        let Verification { ok, journal_entries, members, pairs, plan_versions, payments, deviation } = report.clone();
        let deviation = deviation.map(|Deviation { table, row, column, expected, found }| DeviationView {
            table,
            row,
            column,
            expected,
            found,
        });
        Self { ok, journal_entries, members, pairs, plan_versions, payments, deviation }
    }
}

impl Serialize for Verification {
    /// As the API does: the operator's command prints the same.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        VerificationView::from(self).serialize(serializer)
    }
}

/// Replay the whole journal and compare every row with the result.
///
/// Reads only. 429 while another verification or simulation runs.
#[operation]
pub(super) async fn verify(state: web::Data<BinaryState>) -> Result<Json<VerificationView>, Problem> {
    let _exclusive = state.replays.begin()?;
    let reader = long_read(state.ctx.db(), Duration::ZERO).await?;
    // One connection for all pages, because another replica may lag behind.
    let mut c = reader.connection().await?;
    Ok(Json::new(VerificationView::from(&app::verify::verify(&mut c).await?)))
}
