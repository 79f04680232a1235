//! Reads of a member's payments and wallet at the end of the run.

use super::api::RequestError;
use super::member::Member;
use super::operations::{Load, money};
use super::reconciliation::{ListedPair, ListedPayment, WalletSnapshot};
use domain::Money;
use serde_json::Value;

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}
fn amount(value: &Value, field: &str) -> Money {
    money(&text(value, field))
}

impl Load {
    /// All pages of a list.
    async fn list_all(&self, member: &Member, path: &str) -> Result<Vec<Value>, RequestError> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&member.user, format!("{path}?limit=100{cursor}")).await?;
            all.extend(page.get("items").and_then(Value::as_array).into_iter().flatten().cloned());
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }

    pub(crate) async fn list_payments(&self, member: &Member) -> Result<Vec<ListedPayment>, RequestError> {
        let items = self.list_all(member, "/payments").await?;
        let listed = |p: &Value| ListedPayment {
            id: text(p, "id"),
            method: text(p, "method"),
            status: text(p, "status"),
            amount: amount(p, "amount"),
        };
        Ok(items.iter().map(listed).collect())
    }

    pub(crate) async fn load_wallet(&self, member: &Member) -> Result<WalletSnapshot, RequestError> {
        let wallet = self.get(&member.user, "/wallet").await?;
        let lines = self.list_all(member, "/wallet/transactions").await?;
        let pairs = self.list_all(member, "/binary/pairs").await?;
        Ok(WalletSnapshot {
            available: amount(&wallet, "available"),
            held: amount(&wallet, "held"),
            emi_reserve: amount(&wallet, "emi_reserve"),
            clawback_due: amount(&wallet, "clawback_due"),
            lines: lines.iter().map(|line| (text(line, "type"), amount(line, "amount"))).collect(),
            pairs: pairs
                .iter()
                .filter(|pair| text(pair, "status") != "flushed")
                .map(|pair| ListedPair {
                    gross: amount(pair, "gross"),
                    emi: amount(pair, "emi_deduction"),
                    is_voided: text(pair, "status") == "voided",
                })
                .collect(),
            payments: self.list_payments(member).await?,
        })
    }

    /// Difference of the trial balance; zero in a consistent ledger.
    pub(crate) async fn trial_difference(&self) -> Result<String, RequestError> {
        Ok(text(&self.get(&self.staff, "/ledger/trial-balance").await?, "difference"))
    }
}
