//! Kinds of facts, and the figures that each counts in.

use domain::vocabulary::UnknownVariant;
use domain::{Money, MoneyError, PaymentMethod};
pub use proto_events::vocabulary::{BookingStatus, PairStatus, PayoutStatus, TransactionType};

/// Whether a payout in this status is requested and not finished.
pub const fn is_open(status: PayoutStatus) -> bool {
    match status {
        PayoutStatus::Requested | PayoutStatus::Pending | PayoutStatus::Approved | PayoutStatus::Processing => true,
        PayoutStatus::Completed
        | PayoutStatus::Rejected
        | PayoutStatus::Cancelled
        | PayoutStatus::Failed
        | PayoutStatus::Reversed => false,
    }
}

domain::text_enum! {
    /// A service whose events the facts come from.
    pub enum Source {
        Auth = "auth", Booking = "booking", Wallet = "wallet", Binary = "binary", Payout = "payout",
    }
}

domain::text_enum! {
    /// A payment, its refund, or a return: money that could not be booked and went to the payer's wallet.
    pub enum ReceiptKind { Payment = "payment", Refund = "refund", Return = "return" }
}

/// Whether the transaction counts in the commission paid: credits for referrals and pairs, less reversals and recovered
/// clawbacks. A clawback that is still due counts as paid.
pub const fn is_commission(kind: TransactionType) -> bool {
    match kind {
        TransactionType::ReferralBonus
        | TransactionType::BinaryPair
        | TransactionType::Reversal
        | TransactionType::Clawback => true,
        TransactionType::EmiDeduction
        | TransactionType::ReserveDeduction
        | TransactionType::Payout
        | TransactionType::Deposit
        | TransactionType::Refund
        | TransactionType::EmiRelease
        | TransactionType::ReserveRelease
        | TransactionType::BookingPayment
        | TransactionType::Adjustment => false,
    }
}

/// The rollup part of a receipt: `kind/method`.
pub fn receipt_part(kind: ReceiptKind, method: Option<PaymentMethod>) -> String {
    format!("{kind}/{}", method.map_or("", PaymentMethod::as_str))
}

/// Parses the part that [`receipt_part`] formats. Errors with an unknown kind or method.
pub fn parse_receipt_part(part: &str) -> Result<(ReceiptKind, Option<PaymentMethod>), UnknownVariant> {
    let (kind, method) = part.split_once('/').unwrap_or((part, ""));
    let method = if method.is_empty() { None } else { Some(method.parse()?) };
    Ok((kind.parse()?, method))
}

/// Rollup part of placements by an administrator.
pub const MANUAL: &str = "manual";
/// Rollup part of automatic placements.
pub const AUTOMATIC: &str = "automatic";

/// Origin of the money of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneySource {
    /// New to the platform; only this is revenue.
    NewMoney,
    /// From the member's wallet: counted before as revenue, earnings or a deposit.
    Wallet,
    /// From the member's EMI reserve.
    EmiReserve,
}

impl MoneySource {
    /// The origin of money paid by `method`.
    pub const fn from_method(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Online | PaymentMethod::BankTransfer | PaymentMethod::Cash => Self::NewMoney,
            PaymentMethod::Wallet => Self::Wallet,
            PaymentMethod::EmiDeduction => Self::EmiReserve,
        }
    }
}

/// The amount with its sign in a net sum: payments add, refunds subtract, returns count zero.
pub fn signed_amount(kind: ReceiptKind, amount: Money) -> Result<Money, MoneyError> {
    match kind {
        ReceiptKind::Payment => Ok(amount),
        ReceiptKind::Refund => amount.neg(),
        ReceiptKind::Return => Ok(Money::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_new_money_is_revenue() {
        for method in PaymentMethod::ALL {
            assert_eq!(MoneySource::from_method(*method) == MoneySource::NewMoney, method.is_new_money(), "{method}");
        }
    }

    #[test]
    fn a_receipt_part_round_trips_kind_and_method() {
        for kind in ReceiptKind::ALL {
            for method in PaymentMethod::ALL.iter().map(|method| Some(*method)).chain([None]) {
                assert_eq!(parse_receipt_part(&receipt_part(*kind, method)), Ok((*kind, method)));
            }
        }
        assert!(parse_receipt_part("payment/barter").is_err() && parse_receipt_part("").is_err());
    }

    #[test]
    fn a_payment_and_its_refund_cancel_out() {
        let amount = Money::from_rupees(500);
        let parts = ReceiptKind::ALL.iter().map(|kind| signed_amount(*kind, amount).expect("in range"));
        assert_eq!(Money::total(parts), Ok(Money::ZERO));
    }
}
