//! Access to the sealed PANs of a statement: unsealing, and the record of a download in the audit log.

use super::Subject;
use crate::ComplianceState;
use crate::sealed_columns::PAN_PURPOSE;
use chassis::audit;
use domain::{FinancialYear, Quarter};
use http_api::{Caller, Problem, csv_cell};
use secrecy::ExposeSecret;

/// Records the download in the audit log.
pub(super) async fn record_download(
    state: &ComplianceState,
    caller: &Caller,
    (year, quarter): (FinancialYear, Quarter),
    format: &str,
) -> Result<(), Problem> {
    let (action, now) = ("compliance.statement_download", state.ctx.now());
    let subject = Subject::Statement(year, quarter);
    Ok(state.ctx.tx(async |c| audit::record(c, caller, now, action, subject, format).await).await?)
}

/// Unseals a PAN; `None` when there is none. Fails the whole statement when the key is wrong.
pub(super) fn unseal_pan(state: &ComplianceState, sealed: &[u8]) -> Result<Option<String>, Problem> {
    if sealed.is_empty() {
        return Ok(None);
    }
    let pan = state.sealer.open(PAN_PURPOSE, sealed).map_err(Problem::internal)?;
    Ok(Some(csv_cell(pan.expose_secret())))
}
