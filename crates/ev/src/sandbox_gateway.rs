//! The sandbox payment gateway's own side, for tests and demonstrations: signs a webhook, and sends it as the gateway
//! would.

use hmac::{Hmac, KeyInit, Mac};
use http_api::Problem;
use runtime::Env;
use serde::Deserialize;
use serde_json::json;
use sha2::Sha256;
use std::net::SocketAddr;

/// Key of the signature of webhooks, as booking reads it.
pub fn secret(env: &Env) -> &str {
    env.get_or("SANDBOX_WEBHOOK_SECRET", "sandbox-secret")
}

/// Hex HMAC-SHA256 of a webhook's body, for the header `X-Sandbox-Signature`.
pub(crate) fn signature(secret: &str, body: &str) -> String {
    // HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map(|mut mac| {
            mac.update(body.as_bytes());
            hex::encode(mac.finalize().into_bytes())
        })
        .unwrap_or_default()
}

/// What the payer does at the test checkout.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Captured,
    Failed,
}

/// A payment at the test checkout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestPayment {
    outcome: Outcome,
    /// In rupees, such as `500.00`.
    amount: domain::Money,
}

/// Sends webhooks to a platform at a loopback address.
#[derive(Clone)]
pub(crate) struct SandboxGateway {
    http: reqwest::Client,
    webhook_url: String,
    secret: String,
}

impl SandboxGateway {
    pub(crate) fn new(address: SocketAddr, secret: &str) -> Result<Self, reqwest::Error> {
        let webhook_url = format!("http://{address}/api/v1/payments/webhooks/sandbox");
        Ok(Self { http: runtime::http_client::client()?, webhook_url, secret: secret.to_owned() })
    }

    /// Reports a payment of the order. The payment's id follows from the order, so a repetition reports the same one.
    /// Errors with 404 where the platform has no sandbox gateway.
    pub(crate) async fn pay(&self, order_id: &str, payment: &TestPayment) -> Result<(), Problem> {
        let event = match payment.outcome {
            Outcome::Captured => "payment.captured",
            Outcome::Failed => "payment.failed",
        };
        let body = json!({
            "event": event,
            "order_id": order_id,
            "gateway_payment_id": format!("test_{order_id}"),
            "amount": payment.amount,
        })
        .to_string();
        let signature = signature(&self.secret, &body);
        let request = self.http.post(&self.webhook_url).header("Content-Type", "application/json");
        let request = request.header("X-Sandbox-Signature", signature).body(body);
        let response = request.send().await.map_err(Problem::internal)?;
        // Beside a real gateway the sandbox exists only with a secret of its own.
        if response.status() == reqwest::StatusCode::NOT_FOUND {
            return Err(Problem::not_found());
        }
        response.error_for_status().map(drop).map_err(Problem::internal)
    }
}
