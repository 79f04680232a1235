//! Refunds at the source. Gateways are processed one after another; one that does not answer does not delay the others.

use crate::BookingState;
use crate::app::apply_gateway_refund;
use crate::app::send_refund::{self, GatewayCall, RefundCallOutcome, RefundTask};
use crate::domain::gateway_event::ReportedRefund;
use crate::domain::{GatewayName, RefundId};
use crate::error::BookingError;
use crate::gateway::{CreateRefundOutcome, GatewayError, PaymentGateway};
use runtime::jobs::JobError;
use runtime::telemetry::gauge_value;

const MAX_BATCH_REFUNDS: i64 = 100;

/// Sends the refunds with a due attempt. An unknown outcome is retried with exponential backoff.
pub(super) async fn send(state: BookingState) -> Result<(), JobError> {
    let ctx = &state.ctx;
    for name in GatewayName::ALL {
        let due = send_refund::list_due(&mut *ctx.db().read().await?, *name, ctx.now(), MAX_BATCH_REFUNDS).await?;
        let gateway = state.gateways.get(*name).map(|g| &**g);
        for id in due {
            if let Err(error) = send_one(&state, gateway, id).await {
                tracing::error!(gateway = %name, refund = %id, %error, "refund attempt failed");
            }
        }
    }
    report_gauges(&state).await
}

async fn report_gauges(state: &BookingState) -> Result<(), JobError> {
    let mut c = state.ctx.db().read().await?;
    let unknown = send_refund::count_unknown(&mut c).await?;
    let unmatched = apply_gateway_refund::count_unmatched(&mut c).await?;
    for (gauge, count) in [("refunds_unknown", unknown), ("gateway_refunds_unmatched", unmatched)] {
        metrics::gauge!(gauge).set(gauge_value(count));
    }
    Ok(())
}

async fn send_one(
    state: &BookingState,
    gateway: Option<&dyn PaymentGateway>,
    id: RefundId,
) -> Result<(), BookingError> {
    let ctx = &state.ctx;
    let now = ctx.now();
    let Some(task) = ctx.tx(async |c| send_refund::start_attempt(c, id, now).await).await? else { return Ok(()) };
    let Some(gateway) = gateway else {
        tracing::error!(refund = %id, "refund not sent: gateway not configured");
        apply(state, id, &RefundCallOutcome::Unknown).await?;
        return Ok(());
    };
    if task.call == GatewayCall::List {
        let listed = list_refunds(gateway, &task, RefundCallOutcome::Listed).await;
        if !apply(state, id, &listed).await? {
            return Ok(());
        }
    }
    let outcome = create_refund(gateway, &task).await;
    apply(state, id, &outcome).await?;
    Ok(())
}

async fn apply(state: &BookingState, id: RefundId, outcome: &RefundCallOutcome) -> Result<bool, BookingError> {
    let now = state.ctx.now();
    let needs_create = state.ctx.tx(async |c| send_refund::apply_outcome(c, id, outcome, now).await).await?;
    Ok(needs_create && matches!(outcome, RefundCallOutcome::Listed(_)))
}

/// Asks the gateway to create a refund. When it refuses, its refunds are listed before the wallet is credited.
async fn create_refund(gateway: &dyn PaymentGateway, task: &RefundTask) -> RefundCallOutcome {
    let refund = &task.refund;
    match gateway.create_refund(refund).await {
        CreateRefundOutcome::Accepted { id, state } => RefundCallOutcome::Accepted(ReportedRefund {
            id,
            gateway_payment_id: refund.gateway_payment_id.clone(),
            amount: refund.amount,
            currency: crate::domain::capture::CURRENCY.to_owned(),
            receipt: refund.id.to_string(),
            state,
        }),
        CreateRefundOutcome::Refused { code } => {
            tracing::warn!(refund = %refund.id, code, "refund at the source refused by the gateway");
            list_refunds(gateway, task, |listed| RefundCallOutcome::Refused { listed }).await
        }
        CreateRefundOutcome::Unknown { reason } => {
            tracing::error!(refund = %refund.id, reason, "refund outcome unknown");
            RefundCallOutcome::Unknown
        }
        CreateRefundOutcome::NotSent { retry_after } => RefundCallOutcome::NotSent { retry_after },
    }
}

async fn list_refunds(
    gateway: &dyn PaymentGateway,
    task: &RefundTask,
    outcome: impl FnOnce(Vec<ReportedRefund>) -> RefundCallOutcome,
) -> RefundCallOutcome {
    match gateway.list_refunds_of_payment(&task.refund.gateway_payment_id).await {
        Ok(listed) => outcome(listed),
        Err(GatewayError::CircuitOpen(open)) => RefundCallOutcome::NotSent { retry_after: open.retry_after },
        Err(error) => {
            tracing::error!(refund = %task.refund.id, %error, "refund outcome unknown");
            RefundCallOutcome::Unknown
        }
    }
}

/// Checks the status of reported refunds that are not processed or match nothing yet.
pub(super) async fn check_reported(state: BookingState) -> Result<(), JobError> {
    let ctx = &state.ctx;
    for gateway in state.gateways.with_api() {
        let name = gateway.name();
        let due =
            apply_gateway_refund::list_due(&mut *ctx.db().read().await?, name, ctx.now(), MAX_BATCH_REFUNDS).await?;
        for row in &due {
            let listed = match gateway.list_refunds_of_payment(&row.gateway_payment_id).await {
                Ok(listed) => listed,
                Err(GatewayError::CircuitOpen(_)) => break,
                Err(error) => {
                    let refund = &row.gateway_refund_id;
                    tracing::warn!(gateway = %name, refund, %error, "refund status check failed");
                    Vec::new()
                }
            };
            let (now, listed) = (ctx.now(), &listed);
            let result: Result<(), BookingError> = ctx
                .tx(async |c| {
                    for reported in listed {
                        apply_gateway_refund::apply_report(c, name, reported, now).await?;
                    }
                    apply_gateway_refund::schedule_next_check(c, row, now).await
                })
                .await;
            if let Err(error) = result {
                tracing::error!(gateway = %name, refund = row.gateway_refund_id, %error, "reported refund not applied");
            }
        }
    }
    Ok(())
}
