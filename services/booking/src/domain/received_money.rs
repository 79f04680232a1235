//! Decision about money that arrives for a payment, whatever its source.

use super::booking::BookingStatus;
use super::payment::{PaymentRefusal, PaymentStatus};
use super::stock::UnitOffer;
use domain::Money;

pub use proto_events::vocabulary::ReturnCause;

/// Source of money for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneySource {
    /// A gateway captured it.
    Gateway,
    /// The wallet debited it.
    Wallet,
    /// Staff received it, in cash or by bank transfer.
    Staff,
    /// It is a part of an EMI reserve.
    Reserve,
}

/// Facts that decide about received money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyFacts {
    pub source: MoneySource,
    pub received: Money,
    pub payment: PaymentStatus,
    pub amount: Money,
    /// Whether money for this payment was returned before.
    pub was_returned: bool,
    pub booking: BookingStatus,
    /// The highest amount that the booking accepts for this payment: its own pending amount is part of it.
    pub payable: Money,
    /// Whether the vehicle has a unit for an expired booking.
    pub unit: UnitOffer,
}

/// Decision about received money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyDecision {
    /// Complete the payment, and revive its booking when that is expired.
    Complete,
    /// Return the money to the payer's wallet, and fail the payment when it is pending.
    Return(ReturnCause),
    /// The same money was decided about before, or it waits in its reserve.
    Unchanged,
    /// An error: the payment does not accept it.
    Refuse(PaymentRefusal),
}

/// Decides about received money; the only function that does.
///
/// A gateway may capture a payment that failed before, and a later capture of a paid one is returned. The wallet
/// decides once, so a repeated decision changes nothing, and so does a repeated confirmation by staff.
pub fn decide_money(facts: &MoneyFacts) -> MoneyDecision {
    use MoneyDecision::{Complete, Refuse, Return, Unchanged};
    use MoneySource::{Gateway, Reserve, Staff, Wallet};
    use PaymentStatus::{Completed, Failed, Pending, Refunded, Superseded};
    let is_cancelled = matches!(facts.booking, BookingStatus::Cancelled | BookingStatus::Returned);
    let is_exact = facts.received == facts.amount;
    let is_payable = facts.amount <= facts.payable;
    let is_sold_out = facts.booking == BookingStatus::Expired && facts.unit == UnitOffer::SoldOut;
    match (facts.source, facts.payment) {
        (Gateway, Completed | Refunded) => Return(ReturnCause::AlreadyPaid),
        (Gateway, Pending | Failed | Superseded) if is_cancelled => Return(ReturnCause::BookingCancelled),
        (Gateway, Superseded) => Return(ReturnCause::OrderSuperseded),
        (Gateway, Pending | Failed) if !is_exact => Return(ReturnCause::AmountDiffers),
        (Gateway, Pending | Failed) if !is_payable => Return(ReturnCause::NotPayable),
        (Gateway, Pending | Failed) if is_sold_out => Return(ReturnCause::SoldOut),
        (Gateway, Pending | Failed) => Complete,

        (Wallet, Completed | Refunded) => Unchanged,
        (Wallet, Pending) if is_exact => Complete,
        (Wallet, Pending | Failed | Superseded) if facts.was_returned => Unchanged,
        (Wallet, Pending | Failed | Superseded) if is_cancelled => Return(ReturnCause::BookingCancelled),
        (Wallet, Pending | Failed | Superseded) => Return(ReturnCause::NotPayable),

        (Staff, Pending) => Complete,
        (Staff, Completed) => Unchanged,
        (Staff, Failed | Superseded | Refunded) => Refuse(PaymentRefusal { status: facts.payment }),

        (Reserve, Pending) if facts.booking == BookingStatus::Confirmed && is_exact && is_payable => Complete,
        (Reserve, Pending | Completed | Failed | Superseded | Refunded) => Unchanged,
    }
}

#[cfg(test)]
mod tests {
    use super::MoneyDecision::{Complete, Return, Unchanged};
    use super::MoneySource::{Gateway, Reserve, Staff, Wallet};
    use super::*;
    use PaymentStatus as P;

    /// Decisions about 500 paise in each payment status, in the order of `PaymentStatus::ALL`.
    fn row(source: MoneySource, booking: BookingStatus, received: i64, payable: i64, returned: bool) -> String {
        let cell = |payment: &PaymentStatus| {
            let facts = MoneyFacts {
                source,
                received: Money::from_paise(received),
                payment: *payment,
                amount: Money::from_paise(500),
                was_returned: returned,
                booking,
                payable: Money::from_paise(payable),
                unit: UnitOffer::NotCounted,
            };
            match decide_money(&facts) {
                Complete => "complete",
                Unchanged => ".",
                MoneyDecision::Refuse(refusal) if refusal.status == *payment => "x",
                MoneyDecision::Refuse(_) => "another status",
                Return(cause) => cause.as_str(),
            }
        };
        P::ALL.iter().map(cell).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn received_money_has_the_listed_effect_in_every_status() {
        use BookingStatus::{Cancelled, Completed, Confirmed, Expired, PreBooked};
        for (source, booking, received, payable, returned, expected) in [
            // pending completed failed superseded refunded
            (Gateway, PreBooked, 500, 500, false, "complete already_paid complete order_superseded already_paid"),
            (Gateway, Confirmed, 500, 501, true, "complete already_paid complete order_superseded already_paid"),
            (Gateway, Expired, 500, 500, false, "complete already_paid complete order_superseded already_paid"),
            (Gateway, Confirmed, 500, 499, false, "not_payable already_paid not_payable order_superseded already_paid"),
            (Gateway, Completed, 500, 0, false, "not_payable already_paid not_payable order_superseded already_paid"),
            (
                Gateway,
                Confirmed,
                499,
                500,
                false,
                "amount_differs already_paid amount_differs order_superseded already_paid",
            ),
            (
                Gateway,
                Confirmed,
                501,
                499,
                false,
                "amount_differs already_paid amount_differs order_superseded already_paid",
            ),
            (
                Gateway,
                Cancelled,
                501,
                0,
                true,
                "booking_cancelled already_paid booking_cancelled booking_cancelled already_paid",
            ),
            (Wallet, Confirmed, 500, 500, false, "complete . not_payable not_payable ."),
            (Wallet, Confirmed, 499, 500, false, "not_payable . not_payable not_payable ."),
            (Wallet, Cancelled, 501, 500, false, "booking_cancelled . booking_cancelled booking_cancelled ."),
            (Wallet, Expired, 501, 500, true, ". . . . ."),
            (Staff, Confirmed, 500, 500, false, "complete . x x x"),
            (Staff, Cancelled, 500, 0, false, "complete . x x x"),
            (Reserve, Confirmed, 500, 500, false, "complete . . . ."),
            (Reserve, Confirmed, 500, 499, false, ". . . . ."),
            (Reserve, PreBooked, 500, 500, false, ". . . . ."),
            (Reserve, Cancelled, 500, 500, false, ". . . . ."),
        ] {
            let found = row(source, booking, received, payable, returned);
            assert_eq!(found, expected, "{source:?} {booking} {received} {payable} {returned}");
        }
    }

    #[test]
    fn an_expired_booking_takes_money_only_while_its_vehicle_has_a_unit() {
        for (booking, unit, decision) in [
            (BookingStatus::Expired, UnitOffer::Available, Complete),
            (BookingStatus::Expired, UnitOffer::NotCounted, Complete),
            (BookingStatus::Expired, UnitOffer::SoldOut, Return(ReturnCause::SoldOut)),
            (BookingStatus::Confirmed, UnitOffer::SoldOut, Complete),
        ] {
            let amount = Money::from_paise(500);
            let (source, payment, was_returned) = (Gateway, P::Failed, false);
            let facts =
                MoneyFacts { source, received: amount, payment, amount, was_returned, booking, payable: amount, unit };
            assert_eq!(decide_money(&facts), decision, "{booking} {unit:?}");
        }
    }
}
