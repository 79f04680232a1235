//! What the platform says about a member at the end of the run.

use super::api::Refusal;
use super::books::{Account, Listed, Pair};
use super::member::Member;
use super::operations::{Load, money};
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
    async fn pages(&self, member: &Member, path: &str) -> Result<Vec<Value>, Refusal> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.get(&member.person, format!("{path}?limit=100{cursor}")).await?;
            all.extend(page.get("items").and_then(Value::as_array).into_iter().flatten().cloned());
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }

    pub(crate) async fn payments_of(&self, member: &Member) -> Result<Vec<Listed>, Refusal> {
        let items = self.pages(member, "/payments").await?;
        let listed = |p: &Value| Listed {
            id: text(p, "id"),
            method: text(p, "method"),
            status: text(p, "status"),
            amount: amount(p, "amount"),
        };
        Ok(items.iter().map(listed).collect())
    }

    pub(crate) async fn account_of(&self, member: &Member) -> Result<Account, Refusal> {
        let wallet = self.get(&member.person, "/wallet").await?;
        let lines = self.pages(member, "/wallet/transactions").await?;
        let pairs = self.pages(member, "/binary/pairs").await?;
        Ok(Account {
            available: amount(&wallet, "available"),
            held: amount(&wallet, "held"),
            emi_reserve: amount(&wallet, "emi_reserve"),
            clawback_due: amount(&wallet, "clawback_due"),
            lines: lines.iter().map(|line| (text(line, "type"), amount(line, "amount"))).collect(),
            pairs: pairs
                .iter()
                .filter(|pair| text(pair, "status") != "flushed")
                .map(|pair| Pair {
                    gross: amount(pair, "gross"),
                    emi: amount(pair, "emi_deduction"),
                    is_voided: text(pair, "status") == "voided",
                })
                .collect(),
            payments: self.payments_of(member).await?,
        })
    }

    /// The difference of the trial balance, which is zero in whole books.
    pub(crate) async fn trial_difference(&self) -> Result<String, Refusal> {
        Ok(text(&self.get(&self.staff, "/ledger/trial-balance").await?, "difference"))
    }
}
