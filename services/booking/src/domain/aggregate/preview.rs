//! Preview of a cancellation or a refund: what it would do, decided without any change.

use super::change::Change;
use super::command::{Command, Context, Refusal};
use super::event::BookingEvent;
use super::{BookingAggregate, BuyerAccount};
use crate::domain::{PaymentStatus, RefundTo};
use domain::{Money, MoneyError, PaymentId};

/// What a cancellation or a refund would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundPreview {
    pub refunds: Vec<PreviewedRefund>,
    /// Pending payments that it closes.
    pub closed: Vec<PaymentId>,
    pub net_paid_after: Money,
    pub ends_active_buyer: bool,
}

/// A refund of a whole payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewedRefund {
    pub payment_id: PaymentId,
    pub amount: Money,
    pub to: RefundTo,
}

impl RefundPreview {
    /// A preview without any effect.
    pub fn unchanged(buyer: &BuyerAccount) -> Self {
        let net_paid_after = buyer.member().net_paid_paise;
        Self { refunds: Vec::new(), closed: Vec::new(), net_paid_after, ends_active_buyer: false }
    }

    /// The total that is refunded to this destination.
    pub fn total(&self, to: RefundTo) -> Result<Money, MoneyError> {
        Money::total(self.refunds.iter().filter(|r| r.to == to).map(|r| r.amount))
    }
}

impl BookingAggregate {
    /// What a command would refund and close, decided as [`BookingAggregate::apply`] does. Errors as that does.
    pub fn preview(
        &self,
        buyer: &BuyerAccount,
        command: &Command<'_>,
        context: &Context,
    ) -> Result<RefundPreview, Refusal> {
        let mut change = Change::begin(&self.state, buyer, context);
        change.execute(command)?;
        let refund = |event: &BookingEvent| {
            let BookingEvent::PaymentRefunded(refunded) = event else { return None };
            let (payment_id, amount) = (refunded.payment.id, refunded.payment.amount_paise);
            Some(PreviewedRefund { payment_id, amount, to: refunded.to })
        };
        let still_pending = change.state.ids_in(PaymentStatus::Pending);
        let closed = self.state.ids_in(PaymentStatus::Pending).into_iter().filter(|id| !still_pending.contains(id));
        let (before, after) = (buyer.member(), change.buyer.member());
        Ok(RefundPreview {
            refunds: change.events.iter().filter_map(refund).collect(),
            closed: closed.collect(),
            net_paid_after: after.net_paid_paise,
            ends_active_buyer: before.active_buyer && !after.active_buyer,
        })
    }
}
