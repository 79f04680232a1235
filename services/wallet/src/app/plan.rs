//! Keeps a published version of the compensation plan, to explain amounts by.

use crate::error::WalletError;
use crate::store::plans;
use db::DbConnection;
use domain::PlanVersion;

pub async fn keep(c: &mut DbConnection, version: &PlanVersion) -> Result<(), WalletError> {
    let plan = serde_json::to_string(&version.plan).map_err(WalletError::Json)?;
    Ok(plans::keep(c, version.version, version.effective_from, &plan).await?)
}
