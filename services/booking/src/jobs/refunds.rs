//! Refunds at their source: every gateway is asked for itself, so that one that does not answer holds up no other.

use crate::Booking;
use crate::app::report_refund;
use crate::app::send_refund::{self, Answer, Call, Order};
use crate::app::settle_refund::ReportedRefund;
use crate::domain::{GatewayName, RefundId};
use crate::error::BookingError;
use crate::gateway::{GatewayError, PaymentGateway, RefundAnswer};
use chassis::events::HandleError;

const BATCH: i64 = 100;

/// Asks about the refunds that are due. One whose answer is unknown is asked about again later, each time after a
/// longer delay.
pub(super) async fn send(state: Booking) -> Result<(), HandleError> {
    let ctx = &state.ctx;
    for name in GatewayName::ALL {
        let due = send_refund::due(&mut *ctx.db().read().await?, *name, ctx.now(), BATCH).await?;
        let gateway = state.gateways.get(*name).map(|g| &**g);
        for id in due {
            if let Err(error) = send_one(&state, gateway, id).await {
                tracing::error!(gateway = %name, refund = %id, %error, "a refund cannot be sent");
            }
        }
    }
    report_gauges(&state).await
}

async fn report_gauges(state: &Booking) -> Result<(), HandleError> {
    let mut c = state.ctx.db().read().await?;
    let unknown = send_refund::count_unknown(&mut c).await?;
    let unmatched = report_refund::count_unmatched(&mut c).await?;
    for (gauge, count) in [("refunds_unknown", unknown), ("gateway_refunds_unmatched", unmatched)] {
        metrics::gauge!(gauge).set(u32::try_from(count).map_or(f64::from(u32::MAX), f64::from));
    }
    Ok(())
}

async fn send_one(state: &Booking, gateway: Option<&dyn PaymentGateway>, id: RefundId) -> Result<(), BookingError> {
    let ctx = &state.ctx;
    let now = ctx.now();
    let Some(order) = ctx.tx(async |c| send_refund::begin(c, id, now).await).await? else { return Ok(()) };
    let Some(gateway) = gateway else {
        tracing::error!(refund = %id, "the gateway of a refund is not configured");
        take(state, id, &Answer::Unknown).await?;
        return Ok(());
    };
    if order.call == Call::Find {
        let listed = listed(gateway, &order, Answer::Listed).await;
        if !take(state, id, &listed).await? {
            return Ok(());
        }
    }
    let answer = create(gateway, &order).await;
    take(state, id, &answer).await?;
    Ok(())
}

async fn take(state: &Booking, id: RefundId, answer: &Answer) -> Result<bool, BookingError> {
    let now = state.ctx.now();
    let wants_create = state.ctx.tx(async |c| send_refund::take_answer(c, id, answer, now).await).await?;
    Ok(wants_create && matches!(answer, Answer::Listed(_)))
}

/// Asks the gateway to make a refund. Before one that it refuses, or that has failed, falls back to the wallet, the
/// gateway is asked what refunds there are.
async fn create(gateway: &dyn PaymentGateway, order: &Order) -> Answer {
    let refund = &order.refund;
    match gateway.create_refund(refund).await {
        RefundAnswer::Accepted { id, state } => Answer::Accepted(ReportedRefund {
            id,
            gateway_payment_id: refund.gateway_payment_id.clone(),
            amount: refund.amount,
            currency: crate::domain::capture::CURRENCY.to_owned(),
            receipt: refund.id.to_string(),
            state,
        }),
        RefundAnswer::Refused { code } => {
            tracing::warn!(refund = %refund.id, code, "a refund at the source was refused");
            listed(gateway, order, |listed| Answer::Refused { listed }).await
        }
        RefundAnswer::Unknown { reason } => {
            tracing::error!(refund = %refund.id, reason, "the outcome of a refund is unknown");
            Answer::Unknown
        }
        RefundAnswer::NotAsked { retry_after } => Answer::NotAsked { retry_after },
    }
}

async fn listed(
    gateway: &dyn PaymentGateway,
    order: &Order,
    answer: impl FnOnce(Vec<ReportedRefund>) -> Answer,
) -> Answer {
    match gateway.find_refunds(&order.refund.gateway_payment_id).await {
        Ok(listed) => answer(listed),
        Err(GatewayError::Resting(open)) => Answer::NotAsked { retry_after: open.after },
        Err(error) => {
            tracing::error!(refund = %order.refund.id, %error, "the outcome of a refund is unknown");
            Answer::Unknown
        }
    }
}

/// Asks about the gateways' refunds that are not processed, or match nothing here yet.
pub(super) async fn ask_about_reported(state: Booking) -> Result<(), HandleError> {
    let ctx = &state.ctx;
    for gateway in state.gateways.listing() {
        let name = gateway.name();
        let due = report_refund::due(&mut *ctx.db().read().await?, name, ctx.now(), BATCH).await?;
        for row in &due {
            let listed = match gateway.find_refunds(&row.gateway_payment_id).await {
                Ok(listed) => listed,
                Err(GatewayError::Resting(_)) => break,
                Err(error) => {
                    tracing::warn!(gateway = %name, refund = row.gateway_refund_id, %error, "a refund cannot be asked about");
                    Vec::new()
                }
            };
            let (now, listed) = (ctx.now(), &listed);
            let done: Result<(), BookingError> = ctx
                .tx(async |c| {
                    for reported in listed {
                        report_refund::report(c, name, reported, now).await?;
                    }
                    report_refund::asked(c, row, now).await
                })
                .await;
            if let Err(error) = done {
                tracing::error!(gateway = %name, refund = row.gateway_refund_id, %error, "a reported refund cannot be taken");
            }
        }
    }
    Ok(())
}
