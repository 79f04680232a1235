//! RazorpayX adapter: contacts, fund accounts, payouts, and webhooks signed in `X-Razorpay-Signature`.

use super::{BankError, BankEvent, BankTransfer, CreateOutcome, MalformedMessage, Payee, TransferOrder};
use crate::config::RazorpayXConfig;
use crate::domain::transfer::{BankReport, BankStatus, Channel};
use domain::{Money, PayoutId};
use hmac::{Hmac, KeyInit, Mac};
use runtime::breaker::CircuitBreaker;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::Arc;

/// Attempts of a call that changes nothing twice.
const MAX_ATTEMPTS: u32 = 2;
/// Transfers to list for one reference, where there is one at most.
const MAX_LISTED: u32 = 10;
/// Maximal length of an id of RazorpayX.
const MAX_ID_CHARS: usize = 64;
/// Maximal length of a reason, in characters.
const MAX_REASON_CHARS: usize = 300;
/// Largest amount that IMPS takes.
const MAX_IMPS: Money = Money::from_rupees(500_000);

/// The API of RazorpayX.
pub struct RazorpayX {
    http: reqwest::Client,
    breaker: Arc<CircuitBreaker>,
    key_id: String,
    key_secret: SecretString,
    webhook_secret: SecretString,
    account_number: String,
    api_url: String,
}

impl RazorpayX {
    /// Errors with `Unavailable` if the HTTP client cannot be built.
    pub fn try_new(config: &RazorpayXConfig, breaker: Arc<CircuitBreaker>) -> Result<Self, BankError> {
        let http = runtime::http_client::client_without_redirects();
        Ok(Self {
            http: http.map_err(|e| BankError::Unavailable(e.to_string()))?,
            breaker,
            key_id: config.key_id.clone(),
            key_secret: config.key_secret.clone(),
            webhook_secret: config.webhook_secret.clone(),
            account_number: config.account_number.clone(),
            api_url: config.api_url.clone(),
        })
    }

    fn post(&self, path: &str, body: String) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.api_url)).header("content-type", "application/json").body(body)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, BankError> {
        let unavailable = |e: reqwest::Error| BankError::Unavailable(e.without_url().to_string());
        let request = request.basic_auth(&self.key_id, Some(self.key_secret.expose_secret()));
        let answer = request.send().await.map_err(unavailable)?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(unavailable);
        }
        let body: Value = serde_json::from_str(&answer.text().await.unwrap_or_default()).unwrap_or_default();
        let field = |name: &str| body.get("error").and_then(|e| text(e, name)).unwrap_or_default();
        let description: String = field("description").chars().take(MAX_REASON_CHARS).collect();
        // Only a 400 is about the request. Keys, limits and times may be right later.
        if status != 400 || field("code") != "BAD_REQUEST_ERROR" {
            return Err(BankError::Unavailable(format!("status {status} {description}")));
        }
        Err(BankError::Refused { is_low_balance: is_low_balance(&field("reason"), &description), reason: description })
    }

    async fn create_entity(&self, path: &str, body: &Value) -> Result<String, BankError> {
        let call = || self.send(self.post(path, body.to_string()));
        let created = self.breaker.retry(MAX_ATTEMPTS, call).await?;
        id_of(&created).ok_or_else(|| BankError::Unavailable(format!("the answer of {path} has no id")))
    }
}

#[async_trait::async_trait]
impl BankTransfer for RazorpayX {
    fn channel(&self) -> Channel {
        Channel::RazorpayX
    }
    fn source(&self) -> &str {
        &self.account_number
    }
    async fn create_contact(&self, payee: &Payee) -> Result<String, BankError> {
        // RazorpayX answers a contact with the same details instead of creating a second one.
        let body = json!({
            "name": payee_name(payee), "type": "vendor", "reference_id": payee.user_id.to_string()
        });
        self.create_entity("/v1/contacts", &body).await
    }
    async fn create_account(&self, contact: &str, payee: &Payee) -> Result<String, BankError> {
        let body = json!({
            "contact_id": contact,
            "account_type": "bank_account",
            "bank_account": {
                "name": payee_name(payee),
                "ifsc": payee.ifsc.to_string(),
                "account_number": payee.account_number.expose_secret()
            }
        });
        self.create_entity("/v1/fund_accounts", &body).await
    }
    fn request_body(&self, order: &TransferOrder) -> String {
        let id = order.payout_id.to_string();
        let mode = if order.net <= MAX_IMPS { "IMPS" } else { "NEFT" };
        json!({
            "account_number": self.account_number,
            "fund_account_id": order.payee_account,
            "amount": order.net.paise(),
            "currency": "INR",
            "mode": mode,
            "purpose": "payout",
            "queue_if_low_balance": true,
            "reference_id": id,
            "narration": "Payout",
            "notes": { "payout_id": id }
        })
        .to_string()
    }
    async fn create(&self, payout: PayoutId, body: &str) -> CreateOutcome {
        let request = self.post("/v1/payouts", body.to_owned()).header("X-Payout-Idempotency", payout.to_string());
        // No retry here: the job `transfers` asks first whether the request took effect.
        match self.breaker.call(self.send(request)).await {
            Ok(entity) => match parse_report(&entity) {
                Ok(report) => CreateOutcome::Accepted(report),
                Err(MalformedMessage(reason)) => CreateOutcome::Unknown { reason },
            },
            Err(BankError::Refused { reason, is_low_balance }) => CreateOutcome::Refused { reason, is_low_balance },
            Err(BankError::CircuitOpen(open)) => CreateOutcome::NotSent { retry_after: open.retry_after },
            Err(BankError::Unavailable(reason)) => CreateOutcome::Unknown { reason },
        }
    }
    async fn find(&self, payout: PayoutId) -> Result<Vec<BankReport>, BankError> {
        let reference = payout.to_string();
        let query = [
            ("account_number", self.account_number.clone()),
            ("reference_id", reference.clone()),
            ("count", MAX_LISTED.to_string()),
        ];
        let call = || self.send(self.http.get(format!("{}/v1/payouts", self.api_url)).query(&query));
        let listed = self.breaker.retry(MAX_ATTEMPTS, call).await?;
        let unreadable = |reason: &str| BankError::Unavailable(format!("the list of payouts: {reason}"));
        let items = listed.get("items").and_then(Value::as_array).ok_or_else(|| unreadable("no items"))?;
        let ours = items.iter().filter(|item| text(item, "reference_id").as_deref() == Some(&*reference));
        ours.map(|item| parse_report(item).map_err(|e| unreadable(&e.0))).collect()
    }
    async fn get(&self, bank_id: &str) -> Result<BankReport, BankError> {
        let call = || self.send(self.http.get(format!("{}/v1/payouts/{bank_id}", self.api_url)));
        let entity = self.breaker.retry(MAX_ATTEMPTS, call).await?;
        parse_report(&entity).map_err(|e| BankError::Unavailable(e.0))
    }
    fn signature_header(&self) -> &'static str {
        "x-razorpay-signature"
    }
    fn verify_signature(&self, signature: &str, body: &[u8]) -> bool {
        let Ok(signature) = hex::decode(signature.trim()) else { return false };
        let secret = self.webhook_secret.expose_secret().as_bytes();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
        mac.update(body);
        mac.verify_slice(&signature).is_ok()
    }
    fn parse(&self, body: &[u8]) -> Result<BankEvent, MalformedMessage> {
        let message: Value = serde_json::from_slice(body).map_err(|e| MalformedMessage(e.to_string()))?;
        let kind = text(&message, "event").ok_or_else(|| MalformedMessage("the field event is missing".into()))?;
        // A transaction has the payout that caused it inside.
        let inner = match kind.as_str() {
            "transaction.created" => message.pointer("/payload/transaction/entity/source"),
            _ => message.pointer("/payload/payout/entity"),
        };
        let Some(payout) = inner.filter(|e| text(e, "entity").as_deref() == Some("payout")) else {
            return if kind.starts_with("payout.") && !kind.starts_with("payout.downtime") {
                Err(MalformedMessage("the payout entity is missing".into()))
            } else {
                Ok(BankEvent::Unhandled { kind })
            };
        };
        let reference = text(payout, "reference_id").or_else(|| payout.get("notes").and_then(|n| text(n, "payout_id")));
        Ok(BankEvent::Report { payout: reference.and_then(|id| id.parse().ok()), report: parse_report(payout)? })
    }
}

/// A text field that is not empty; a number is converted to text.
fn text(value: &Value, field: &str) -> Option<String> {
    match value.get(field)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// An id that is safe in an address.
fn id_of(entity: &Value) -> Option<String> {
    let is_plain = |id: &String| {
        id.len() <= MAX_ID_CHARS && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    text(entity, "id").filter(is_plain)
}

/// The status that a word of RazorpayX stands for; `None` if it is unknown.
fn parse_status(word: &str) -> Option<BankStatus> {
    Some(match word {
        "queued" | "pending" | "scheduled" | "on_hold" => BankStatus::Queued,
        "processing" => BankStatus::Processing,
        "processed" => BankStatus::Paid,
        "failed" | "rejected" | "cancelled" => BankStatus::Failed,
        "reversed" => BankStatus::Returned,
        _ => return None,
    })
}

/// Parses a payout entity.
fn parse_report(payout: &Value) -> Result<BankReport, MalformedMessage> {
    let missing = |field: &str| MalformedMessage(format!("the field {field} of the payout is missing or invalid"));
    let word = text(payout, "status").ok_or_else(|| missing("status"))?;
    let details = payout.get("status_details").or_else(|| payout.get("queueing_details"));
    let detail = |field: &str| details.and_then(|details| text(details, field));
    let reason = detail("description").or_else(|| text(payout, "failure_reason")).unwrap_or_default();
    let amount = payout.get("amount").and_then(Value::as_i64).ok_or_else(|| missing("amount"))?;
    let is_reference = |utr: &String| utr.len() <= MAX_ID_CHARS && utr.bytes().all(|b| b.is_ascii_alphanumeric());
    Ok(BankReport {
        bank_id: id_of(payout).ok_or_else(|| missing("id"))?,
        status: parse_status(&word).ok_or_else(|| MalformedMessage(format!("the status {word:?} is unknown")))?,
        amount: Money::from_paise(amount),
        utr: text(payout, "utr").filter(is_reference),
        // A queued payout that gives no reason waits for money.
        is_low_balance: word == "queued" && detail("reason").is_none_or(|reason| reason == "low_balance"),
        reason: reason.chars().take(MAX_REASON_CHARS).collect(),
        word,
    })
}

/// Whether a refusal says that the company's account has too little money.
fn is_low_balance(reason: &str, description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    matches!(reason, "insufficient_funds" | "low_balance")
        || description.contains("enough balance")
        || description.contains("insufficient balance")
}

/// The name of a payee with the letters that RazorpayX takes; the member's id if too few are left.
fn payee_name(payee: &Payee) -> String {
    let is_allowed = |c: &char| c.is_ascii_alphanumeric() || " -_/().'".contains(*c);
    let name: String = payee.holder_name.chars().filter(is_allowed).take(50).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.len() >= 4 { name } else { payee.user_id.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_status_is_known() {
        for (word, status) in [
            ("queued", BankStatus::Queued),
            ("pending", BankStatus::Queued),
            ("scheduled", BankStatus::Queued),
            ("processing", BankStatus::Processing),
            ("processed", BankStatus::Paid),
            ("reversed", BankStatus::Returned),
            ("cancelled", BankStatus::Failed),
            ("rejected", BankStatus::Failed),
            ("failed", BankStatus::Failed),
        ] {
            assert_eq!(parse_status(word), Some(status), "{word}");
        }
        assert_eq!(parse_status("settled"), None);
    }

    #[test]
    fn a_report_needs_id_amount_and_status() {
        let good = json!({ "id": "pout_1", "amount": 100, "status": "processed", "utr": " AXIS1 " });
        let report = parse_report(&good).expect("a report");
        assert_eq!((report.utr.as_deref(), report.amount), (Some("AXIS1"), Money::from_paise(100)));
        for (field, bad) in [
            ("id", json!("pout/1")),
            ("id", json!(null)),
            ("amount", json!("100")),
            ("status", json!("settled")),
            ("status", json!("")),
        ] {
            let mut entity = good.clone();
            *entity.get_mut(field).expect("a field") = bad.clone();
            assert!(parse_report(&entity).is_err(), "{field} {bad}");
        }
        let unnamed = json!({ "id": "pout_1", "amount": 100, "status": "processed", "utr": "" });
        assert_eq!(parse_report(&unnamed).expect("a report").utr, None);
    }

    #[test]
    fn a_queued_payout_waits_for_money_unless_it_says_otherwise() {
        let queued = |details: Value| {
            parse_report(&json!({ "id": "p", "amount": 1, "status": "queued", "status_details": details }))
                .expect("a report")
                .is_low_balance
        };
        assert!(queued(json!({ "reason": "low_balance" })) && queued(json!(null)));
        assert!(!queued(json!({ "reason": "beneficiary_bank_down" })));
        assert!(is_low_balance("", "Your account does not have enough balance to carry out the payout operation."));
        assert!(!is_low_balance("input_validation_failed", "The ifsc is invalid."));
    }

    #[test]
    fn a_name_has_only_letters_that_the_bank_takes() {
        let named = |name: &str| Payee {
            user_id: uuid::Uuid::from_u128(7).into(),
            holder_name: name.into(),
            account_number: "123456789".into(),
            ifsc: domain::Ifsc::try_new("HDFC0001234").expect("an IFSC"),
        };
        assert_eq!(payee_name(&named("=Asha  Rao")), "Asha Rao");
        assert_eq!(payee_name(&named("आशा राव")), uuid::Uuid::from_u128(7).to_string());
    }
}
