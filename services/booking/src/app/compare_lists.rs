//! Recorded payments and refunds that match a page of a gateway's list.

use crate::domain::GatewayName;
use crate::domain::gateway_event::{CapturedPayment, ReportedRefund};
use crate::domain::list_comparison::{RecordedCapture, RecordedRefund};
use crate::error::BookingError;
use crate::store::captures::{self, Capture};
use crate::store::gateway_refunds::{self, GatewayRefundRow};
use db::DbConnection;
use domain::{Money, Timestamp};
use std::collections::BTreeMap;

/// The recorded captures among the listed ones, by the gateway's id.
pub async fn find_captures(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: &[CapturedPayment],
) -> Result<BTreeMap<String, RecordedCapture>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|capture| capture.gateway_payment_id.as_str()).collect();
    let recorded = |row: Capture| {
        let capture = RecordedCapture { amount: row.amount_paise, currency: row.currency, outcome: row.outcome };
        (row.gateway_payment_id, capture)
    };
    Ok(captures::list_by_ids(c, gateway, &ids).await?.into_iter().map(recorded).collect())
}

/// A recorded capture: the gateway's id, the time of the record and the amount.
#[derive(Debug)]
pub struct RecordedAt {
    pub id: String,
    pub at: Timestamp,
    pub amount: Money,
}

/// The captures that were recorded from the first to before the second time, in their order, after `after`.
pub async fn list_recorded(
    c: &mut DbConnection,
    gateway: GatewayName,
    range: (Timestamp, Timestamp),
    after: Option<&(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<RecordedAt>, BookingError> {
    let recorded =
        |row: Capture| RecordedAt { id: row.gateway_payment_id, at: row.captured_at, amount: row.amount_paise };
    Ok(captures::list_recorded(c, gateway, range, after, limit).await?.into_iter().map(recorded).collect())
}

/// The recorded refunds among the listed ones, by the gateway's id.
pub async fn find_refunds(
    c: &mut DbConnection,
    gateway: GatewayName,
    listed: &[ReportedRefund],
) -> Result<BTreeMap<String, RecordedRefund>, BookingError> {
    let ids: Vec<&str> = listed.iter().map(|refund| refund.id.as_str()).collect();
    let recorded = |row: GatewayRefundRow| {
        let GatewayRefundRow { amount_paise: amount, currency, state, outcome, .. } = row;
        (row.gateway_refund_id, RecordedRefund { amount, currency, state, outcome })
    };
    Ok(gateway_refunds::list_by_ids(c, gateway, &ids).await?.into_iter().map(recorded).collect())
}
