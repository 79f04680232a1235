//! Checks after every command: statuses by the tables, events for every change, instalments that add up.

use super::{Simulation, sum};
use crate::domain::aggregate::{BookingEvent, BookingState, BuyerAccount, Payment, RefundPreview};
use crate::domain::stock::StockUse;
use crate::domain::{BookingStatus, InstalmentStatus, PaymentStatus};
use domain::PaymentId;
use proptest::prelude::*;

impl Simulation {
    /// The statuses change by the tables, and fit the amounts.
    pub(super) fn check_statuses(&self, before: &BookingState) -> Result<(), TestCaseError> {
        use BookingStatus as B;
        use PaymentStatus as P;
        let moves = [
            (P::Pending, P::Completed),
            (P::Pending, P::Failed),
            (P::Pending, P::Superseded),
            (P::Failed, P::Completed),
            (P::Completed, P::Refunded),
        ];
        for old in &before.payments {
            let change = (old.status, self.booking.payment(old.id).expect("never removed").status);
            prop_assert!(change.0 == change.1 || moves.contains(&change), "{change:?}");
        }
        let moves = [
            (B::PreBooked, [B::Confirmed, B::Completed, B::Cancelled, B::Expired].as_slice()),
            (B::Confirmed, &[B::Completed, B::Cancelled]),
            (B::Completed, &[B::Confirmed, B::Delivered, B::Returned]),
            (B::Delivered, &[B::Returned]),
            (B::Expired, &[B::PreBooked, B::Confirmed, B::Completed]),
        ];
        let (old, new) = (before.booking.status, self.booking.booking().status);
        prop_assert!(old == new || moves.iter().any(|(from, to)| *from == old && to.contains(&new)), "{old} to {new}");
        let amounts = self.booking.state.amounts().expect("small amounts");
        prop_assert!(sum([amounts.completed, amounts.pending]) <= amounts.price);
        prop_assert!(self.booking.payments().iter().filter(|p| p.open_order_of.is_some()).count() <= 1);
        let fits = match new {
            B::PreBooked => amounts.completed < amounts.booking_amount,
            B::Confirmed => amounts.completed < amounts.price,
            B::Completed | B::Delivered => amounts.completed == amounts.price,
            B::Cancelled | B::Expired | B::Returned => amounts.completed.is_zero() && amounts.pending.is_zero(),
        };
        prop_assert!(fits, "{new} with {amounts:?}");
        let stock_use = match new {
            B::PreBooked | B::Confirmed => StockUse::Reserved,
            B::Completed | B::Delivered => StockUse::Sold,
            B::Returned if self.booking.booking().delivered_on.is_some() => StockUse::Sold,
            B::Cancelled | B::Expired | B::Returned => StockUse::None,
        };
        prop_assert_eq!(self.booking.booking().stock_use, stock_use, "{}", new);
        Ok(())
    }

    /// Each change of a payment, an instalment, the booking and the standing has its event, and no event comes without.
    pub(super) fn check_events(
        &self,
        before: &BookingState,
        buyer: &BuyerAccount,
        events: &[BookingEvent],
    ) -> Result<(), TestCaseError> {
        let (mut completed, mut refunded, mut overdue) = (Vec::new(), Vec::new(), Vec::new());
        let (mut version, mut member) = (before.booking.version, buyer.member().clone());
        let mut last = None;
        for event in events {
            if let BookingEvent::BookingChanged { booking, .. } = event {
                version += 1;
                prop_assert_eq!(booking.version, version);
                last = Some(event);
            }
            if let BookingEvent::EmiOverdue { instalment, .. } = event {
                overdue.push(instalment.n);
            }
            let standing = if let BookingEvent::PaymentCompleted(event) = event {
                completed.push(event.payment.id);
                event.standing
            } else if let BookingEvent::PaymentRefunded(event) = event {
                refunded.push(event.payment.id);
                event.standing
            } else {
                continue;
            };
            prop_assert_eq!(standing.version, member.standing_version + 1);
            prop_assert_eq!(
                (standing.net_paid_before, standing.active_before),
                (member.net_paid_paise, member.active_buyer)
            );
            (member.net_paid_paise, member.active_buyer) = (standing.net_paid_after, standing.active_after);
            member.standing_version = standing.version;
        }
        let after = self.buyer.member();
        prop_assert_eq!((member.net_paid_paise, member.active_buyer), (after.net_paid_paise, after.active_buyer));
        prop_assert_eq!(member.standing_version, after.standing_version);
        prop_assert_eq!(completed, became(before, &self.booking.state, PaymentStatus::Completed));
        prop_assert_eq!(refunded, became(before, &self.booking.state, PaymentStatus::Refunded));
        let noticed =
            |state: &BookingState, n: u32| state.instalments.iter().any(|i| i.n == n && i.noticed_at.is_some());
        let newly = |n: &u32| noticed(&self.booking.state, *n) && !noticed(before, *n);
        prop_assert_eq!(overdue, (1..=60).filter(newly).collect::<Vec<_>>());
        match last {
            Some(last) => prop_assert_eq!(last, &self.booking.state.snapshot()),
            None => {
                prop_assert_eq!(&self.booking.state.booking, &before.booking);
                prop_assert_eq!(&self.booking.state.instalments, &before.instalments);
            }
        }
        Ok(())
    }

    /// A preview names the refunds and the closed payments of the change that was applied.
    pub(super) fn check_preview(
        &self,
        preview: &RefundPreview,
        before: &BookingState,
        buyer: &BuyerAccount,
    ) -> Result<(), TestCaseError> {
        let refunded: Vec<PaymentId> = preview.refunds.iter().map(|r| r.payment_id).collect();
        prop_assert_eq!(refunded, became(before, &self.booking.state, PaymentStatus::Refunded));
        let is_open =
            |id: &PaymentId| self.booking.payment(*id).expect("never removed").status == PaymentStatus::Pending;
        let closed: Vec<PaymentId> =
            before.ids_in(PaymentStatus::Pending).into_iter().filter(|id| !is_open(id)).collect();
        prop_assert_eq!(&preview.closed, &closed);
        let (old, new) = (buyer.member(), self.buyer.member());
        prop_assert_eq!(preview.net_paid_after, new.net_paid_paise);
        prop_assert_eq!(preview.ends_active_buyer, old.active_buyer && !new.active_buyer);
        Ok(())
    }

    pub(super) fn check_instalments(&self) -> Result<(), TestCaseError> {
        let (booking, instalments) = (self.booking.booking(), self.booking.instalments());
        prop_assert_eq!(sum(instalments.iter().map(|i| i.amount_paise)), booking.emi_principal_paise);
        let down_payment = booking.price_paise.minus_or_zero(booking.emi_principal_paise);
        let paid = booking.total_paid_paise.minus_or_zero(down_payment);
        prop_assert_eq!(sum(instalments.iter().map(|i| i.paid_paise)), paid);
        for pair in instalments.windows(2) {
            prop_assert!(pair[0].status == InstalmentStatus::Paid || pair[1].paid_paise.is_zero(), "oldest first");
        }
        Ok(())
    }
}

/// The payments that have this status now and had not before.
fn became(before: &BookingState, after: &BookingState, status: PaymentStatus) -> Vec<PaymentId> {
    let had = |p: &&Payment| before.payments.iter().any(|b| b.id == p.id && b.status == status);
    after.payments.iter().filter(|p| p.status == status && !had(p)).map(|p| p.id).collect()
}
