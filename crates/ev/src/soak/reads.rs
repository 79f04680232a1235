//! The reads of the load: what members and staff look at.

use super::api::{Refusal, Request};
use super::dice::Dice;
use super::operations::Load;
use chassis::clock::{Clock, SystemClock};
use reqwest::Method;
use std::time::Duration;

/// Reads the whole ledger, so it may take its time.
const VERIFY_TIMEOUT: Duration = Duration::from_mins(10);
const OF_MEMBERS: [&str; 12] = [
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
const OF_STAFF: [&str; 4] =
    ["/reports/dashboard", "/ledger/trial-balance", "/ledger/accounts", "/payouts?status=completed"];

impl Load {
    /// One page of what a member, or now and then a member of staff, looks at.
    pub(crate) async fn read(&self, dice: &mut Dice) -> Result<(), Refusal> {
        let read = match dice.below(20) {
            0 => {
                let path = OF_STAFF.get(dice.below(OF_STAFF.len())).copied().unwrap_or_default();
                self.get(&self.staff, path).await
            }
            1 => self.statement(dice).await,
            _ => {
                let Some((_, person)) = self.members.person(dice.below(usize::MAX)) else { return Ok(()) };
                let path = OF_MEMBERS.get(dice.below(OF_MEMBERS.len())).copied().unwrap_or_default();
                self.get(&person, path).await
            }
        };
        match read {
            Err(refusal) if refusal.is(&["binary.not_placed"]) => Ok(()),
            answer => answer.map(drop),
        }
    }

    async fn statement(&self, dice: &mut Dice) -> Result<serde_json::Value, Refusal> {
        let Some((_, person)) = self.members.person(dice.below(usize::MAX)) else { return Ok(serde_json::Value::Null) };
        let format = if dice.below(2) == 0 { "csv" } else { "pdf" };
        self.get(&person, format!("/wallet/statement?month={}&format={format}", SystemClock.now().month())).await
    }

    /// The platform's own check of the whole ledger; answers its faults.
    pub(crate) async fn verify_ledger(&self) -> Result<Vec<String>, Refusal> {
        let token = self.admin.token(&self.api).await?;
        self.api.meter.verification_begins();
        let request = Request { method: Method::GET, timeout: VERIFY_TIMEOUT, ..Request::get("/ledger/verify", token) };
        let report = self.api.send(&request).await;
        self.api.meter.verification_ends();
        let report = report?;
        let holds = report.get("ok").and_then(serde_json::Value::as_bool) == Some(true);
        Ok(if holds { Vec::new() } else { vec![report.to_string()] })
    }
}
