//! Handler of webhooks of the bank's API. They are authenticated by their signature, not by a token.
//!
//! They are not stored: a report that was lost or could not be applied is asked for by the job `transfers`.

use crate::PayoutState;
use crate::app::transfer;
use crate::bank::{BankEvent, MalformedMessage};
use crate::domain::transfer::Channel;
use actix_web::http::StatusCode;
use actix_web::web;
use http_api::{Json, Path, Problem, SignedBody, operation};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// Maximal size of a webhook body, in bytes.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// Body of a webhook of RazorpayX; for the API document only.
#[derive(JsonSchema)]
#[serde(transparent)]
#[expect(dead_code, reason = "only its schema is used; the adapter parses the bytes that the signature covers")]
pub(super) struct BankWebhookBody(Map<String, Value>);

/// Answer to a webhook; `received` is always true.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct BankWebhookReceipt {
    received: bool,
}

/// Receive a webhook of the bank's API; 401 without a valid signature.
///
/// 200 means that its report is committed, or has no effect. One that cannot be parsed is logged and answered with 200 as
/// well, because a webhook that fails is disabled. 404 for a bank that is not configured.
#[operation]
pub(super) async fn receive(
    state: web::Data<PayoutState>,
    Path(channel): Path<Channel>,
    webhook: SignedBody<BankWebhookBody>,
) -> Result<Json<BankWebhookReceipt>, Problem> {
    let bank = state.bank.get(channel).ok_or_else(Problem::not_found)?;
    let verify = |signature: &str, bytes: &[u8]| bank.verify_signature(signature, bytes);
    let bytes = webhook.read(bank.signature_header(), MAX_BODY_BYTES, verify, invalid_signature).await?;
    match bank.parse(&bytes) {
        Ok(BankEvent::Report { payout: Some(id), report }) => {
            let now = state.ctx.now();
            let applied = state.ctx.tx(async |c| transfer::apply_report(c, id, &report, now).await);
            applied.await.map_err(Problem::from)?;
        }
        Ok(BankEvent::Report { payout: None, report }) => {
            tracing::info!(bank = %channel, id = report.bank_id, "transfer was not made here");
        }
        Ok(BankEvent::Unhandled { kind }) => tracing::info!(bank = %channel, kind, "webhook kind not handled"),
        Err(MalformedMessage(reason)) => {
            metrics::counter!("payout_webhooks_unreadable_total").increment(1);
            tracing::error!(bank = %channel, reason, "webhook not parsable");
        }
    }
    Ok(Json::new(BankWebhookReceipt { received: true }))
}

fn invalid_signature() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "payout.webhook_signature", "the signature is missing or wrong")
}
