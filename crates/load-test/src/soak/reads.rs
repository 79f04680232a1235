//! Read operations of the load, by members and staff.

use super::api::{Request, RequestError};
use super::operations::Load;
use super::rng::SeededRng;
use reqwest::Method;
use runtime::clock::{Clock, SystemClock};
use std::time::Duration;

/// Timeout of a verification, which reads the whole ledger.
const VERIFY_TIMEOUT: Duration = Duration::from_mins(10);
const MEMBER_PATHS: [&str; 12] = [
    "/wallet",
    "/wallet/transactions?limit=20",
    "/binary/me",
    "/binary/tree?depth=3",
    "/payouts",
    "/bookings",
    "/payments",
    "/notifications?limit=20",
    "/notifications/unread-count",
    "/reports/me",
    "/users/me",
    "/users/me/referrals",
];
const STAFF_PATHS: [&str; 4] =
    ["/reports/dashboard", "/ledger/trial-balance", "/ledger/accounts", "/payouts?status=completed"];

impl Load {
    /// Reads one page as a member, or sometimes as staff.
    pub(crate) async fn read(&self, rng: &mut SeededRng) -> Result<(), RequestError> {
        let read = match rng.below(20) {
            0 => {
                let path = STAFF_PATHS.get(rng.below(STAFF_PATHS.len())).copied().unwrap_or_default();
                self.get(&self.staff, path).await
            }
            1 => self.statement(rng).await,
            _ => {
                let Some((_, user)) = self.members.user(rng.below(usize::MAX)) else { return Ok(()) };
                let path = MEMBER_PATHS.get(rng.below(MEMBER_PATHS.len())).copied().unwrap_or_default();
                self.get(&user, path).await
            }
        };
        match read {
            Err(refusal) if refusal.is(&["binary.not_placed"]) => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn statement(&self, rng: &mut SeededRng) -> Result<serde_json::Value, RequestError> {
        let Some((_, user)) = self.members.user(rng.below(usize::MAX)) else { return Ok(serde_json::Value::Null) };
        let format = if rng.below(2) == 0 { "csv" } else { "pdf" };
        self.get(&user, format!("/wallet/statement?month={}&format={format}", SystemClock.now().month())).await
    }

    /// Calls `GET /ledger/verify` and returns the report where it is not ok.
    pub(crate) async fn verify_ledger(&self) -> Result<Vec<String>, RequestError> {
        let token = self.admin.token(&self.api).await?;
        self.api.meter.begin_verification();
        let request = Request { method: Method::GET, timeout: VERIFY_TIMEOUT, ..Request::get("/ledger/verify", token) };
        let report = self.api.send(&request).await;
        self.api.meter.end_verification();
        let report = report?;
        let is_ok = report.get("ok").and_then(serde_json::Value::as_bool) == Some(true);
        Ok(if is_ok { Vec::new() } else { vec![report.to_string()] })
    }
}
