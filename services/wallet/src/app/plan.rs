//! Published versions of the compensation plan, stored to explain amounts.

use crate::error::WalletError;
use crate::store::plans::{self, PlanVersionRow};
use db::DbConnection;
use domain::PlanVersion;

/// Stores plan versions; those that are stored already stay as they are.
pub async fn save_all(c: &mut DbConnection, versions: &[PlanVersion]) -> Result<(), WalletError> {
    let row = |version: &PlanVersion| {
        Ok(PlanVersionRow {
            version: i64::from(version.version),
            effective_from: version.effective_from,
            plan: serde_json::to_string(&version.plan).map_err(WalletError::Json)?,
        })
    };
    let mut rows = versions.iter().map(row).collect::<Result<Vec<_>, WalletError>>()?;
    rows.sort_by_key(|row| row.version);
    Ok(plans::insert_absent(c, rows).await?)
}
