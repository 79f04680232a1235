//! Published versions of the compensation plan, stored to explain amounts.

use crate::error::WalletError;
use crate::store::plans;
use db::DbConnection;
use domain::PlanVersion;

/// Stores a plan version; one that is stored already stays as it is.
pub async fn save(c: &mut DbConnection, version: &PlanVersion) -> Result<(), WalletError> {
    let plan = serde_json::to_string(&version.plan).map_err(WalletError::Json)?;
    Ok(plans::insert_if_absent(c, version.version, version.effective_from, &plan).await?)
}
