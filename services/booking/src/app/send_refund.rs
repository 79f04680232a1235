//! What a gateway answered to a refund at its source.

use crate::domain::{GatewayName, RefundId, RefundStatus, ReturnCause};
use crate::error::BookingError;
use crate::gateway::SourceRefund;
use crate::store::{bookings, payments, refunds};
use chassis::events::outbox;
use db::DbConnection;
use domain::Timestamp;
use proto_events::booking::v1::PaymentReturned;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Done {
        gateway_refund_id: String,
    },
    /// The gateway will not do it: the money goes to the wallet instead.
    Refused,
    /// Not known yet: ask again.
    Unknown,
}

/// A refund to ask a gateway for.
#[derive(Debug, Clone)]
pub struct Order {
    pub gateway: GatewayName,
    pub refund: SourceRefund,
}

/// Refunds no gateway has answered yet, those tried least often first.
pub async fn requested(c: &mut DbConnection, limit: i64) -> Result<Vec<Order>, BookingError> {
    let mut orders = Vec::new();
    for refund in refunds::requested(c, limit).await? {
        let payment = payments::find(c, refund.payment_id).await?.ok_or(BookingError::NotFound)?;
        let broken = || BookingError::Broken(format!("refund {} has no source", refund.id));
        orders.push(Order {
            gateway: payment.gateway.ok_or_else(broken)?,
            refund: SourceRefund {
                id: refund.id,
                gateway_payment_id: payment.gateway_payment_id.ok_or_else(broken)?,
                amount: refund.amount_paise,
            },
        });
    }
    Ok(orders)
}

pub async fn settle(c: &mut DbConnection, id: RefundId, answer: &Answer, at: Timestamp) -> Result<(), BookingError> {
    let mut refund = refunds::lock(c, id).await?;
    if refund.status != RefundStatus::Requested {
        return Ok(());
    }
    refund.attempts += 1;
    match answer {
        Answer::Unknown => {}
        Answer::Done { gateway_refund_id } => {
            refund.status = RefundStatus::Done;
            refund.gateway_refund_id = Some(gateway_refund_id.clone());
            refund.settled_at = Some(at);
        }
        Answer::Refused => {
            refund.status = RefundStatus::Failed;
            refund.settled_at = Some(at);
            let booking = bookings::find(c, refund.booking_id).await?.ok_or(BookingError::NotFound)?;
            let told = PaymentReturned {
                return_id: refund.id.into(),
                payment_id: refund.payment_id.into(),
                booking_id: refund.booking_id.into(),
                user_id: refund.user_id.into(),
                amount_paise: refund.amount_paise.paise(),
                cause: ReturnCause::SourceRefundFailed.to_string(),
                booking_number: booking.number,
                returned_at: at.micros(),
            };
            outbox::publish(c, refund.payment_id, at, &told).await?;
        }
    }
    Ok(refunds::save(c, &refund).await?)
}
