//! The words of the facts kept here, and which figure each counts in.

use domain::words::UnknownWord;
use domain::{Money, MoneyError, PaymentMethod};

domain::text_enum! {
    pub enum BookingStatus {
        PreBooked = "pre_booked",
        Confirmed = "confirmed",
        Completed = "completed",
        Cancelled = "cancelled",
        Expired = "expired",
    }
}

domain::text_enum! {
    pub enum PayoutStatus {
        Requested = "requested",
        Pending = "pending",
        Approved = "approved",
        Processing = "processing",
        Completed = "completed",
        Rejected = "rejected",
        Cancelled = "cancelled",
        Failed = "failed",
        Reversed = "reversed",
    }
}

impl PayoutStatus {
    /// Asked for and neither paid nor come to nothing.
    pub const OPEN: [Self; 4] = [Self::Requested, Self::Pending, Self::Approved, Self::Processing];
}

domain::text_enum! {
    /// A payment, its refund, or money that no booking could take and that went to the payer's wallet.
    pub enum ReceiptKind { Payment = "payment", Refund = "refund", Return = "return" }
}

domain::text_enum! {
    pub enum PairFact { Matched = "matched", Flushed = "flushed", Voided = "voided" }
}

domain::text_enum! {
    /// What a line of a wallet is, as its member sees it.
    pub enum TransactionKind {
        ReferralBonus = "REFERRAL_BONUS",
        BinaryPair = "BINARY_PAIR",
        EmiDeduction = "EMI_DEDUCTION",
        ReserveDeduction = "RESERVE_DEDUCTION",
        Payout = "PAYOUT",
        Deposit = "DEPOSIT",
        Refund = "REFUND",
        EmiRelease = "EMI_RELEASE",
        ReserveRelease = "RESERVE_RELEASE",
        BookingPayment = "BOOKING_PAYMENT",
        Reversal = "REVERSAL",
        Clawback = "CLAWBACK",
        Adjustment = "ADJUSTMENT",
    }
}

impl TransactionKind {
    /// Lines whose sum is the commission paid: what members were credited for referrals and pairs, less what was
    /// taken back when it was reversed and what was recovered later. What is still to be recovered counts as paid.
    pub const COMMISSION: [Self; 4] = [Self::ReferralBonus, Self::BinaryPair, Self::Reversal, Self::Clawback];

    pub fn is_commission(self) -> bool {
        Self::COMMISSION.contains(&self)
    }
}

/// The part of the receipts' rollups that a receipt is in.
pub fn receipt_part(kind: ReceiptKind, method: Option<PaymentMethod>) -> String {
    format!("{kind}/{}", method.map_or("", PaymentMethod::as_str))
}

/// The kind and method of such a part.
pub fn receipt_of(part: &str) -> Result<(ReceiptKind, Option<PaymentMethod>), UnknownWord> {
    let (kind, method) = part.split_once('/').unwrap_or((part, ""));
    let method = if method.is_empty() { None } else { Some(method.parse()?) };
    Ok((kind.parse()?, method))
}

/// The parts of the placements' rollups.
pub const MANUAL: &str = "manual";
pub const AUTOMATIC: &str = "automatic";

/// Where the money of a payment comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// New to the platform: only this is revenue.
    New,
    /// Out of the member's wallet: it was revenue, earnings or a deposit before.
    Wallet,
    /// Out of the member's EMI reserve.
    Emi,
}

impl Flow {
    pub const fn of(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Online | PaymentMethod::BankTransfer | PaymentMethod::Cash => Self::New,
            PaymentMethod::Wallet => Self::Wallet,
            PaymentMethod::EmiDeduction => Self::Emi,
        }
    }
}

/// What a payment adds to the sum of its kind, and what its refund takes away again; a return is neither.
pub fn signed(kind: ReceiptKind, amount: Money) -> Result<Money, MoneyError> {
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
    fn revenue_is_exactly_the_money_that_is_new() {
        for method in PaymentMethod::ALL {
            assert_eq!(Flow::of(*method) == Flow::New, method.is_new_money(), "{method}");
        }
    }

    #[test]
    fn a_receipts_part_says_its_kind_and_method() {
        for kind in ReceiptKind::ALL {
            for method in PaymentMethod::ALL.iter().map(|method| Some(*method)).chain([None]) {
                assert_eq!(receipt_of(&receipt_part(*kind, method)), Ok((*kind, method)));
            }
        }
        assert!(receipt_of("payment/barter").is_err() && receipt_of("").is_err());
    }

    #[test]
    fn a_payment_and_its_refund_cancel_out() {
        let amount = Money::from_rupees(500);
        let parts = ReceiptKind::ALL.iter().map(|kind| signed(*kind, amount).expect("in range"));
        assert_eq!(Money::total(parts), Ok(Money::ZERO));
    }
}
