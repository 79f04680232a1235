//! Payments refunded to the wallet or to an EMI reserve.

use super::amount::require_positive;
use super::{
    Account, Cause, CommandInputs, Decision, Derivation, Effects, EntryBuilder, EntryKey, EntryRule, ExplainedLine,
    LedgerError, LoadedRows, TransactionType, booking_label,
};
use crate::domain::emi_reserve::{EmiReserve, ReserveSource};
use domain::{Money, PaymentId, PaymentMethod, ReserveId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

domain::text_enum! {
    /// The account of the member that a refund is credited to: the available balance or an EMI reserve.
    pub enum RefundTo { Wallet = "wallet", EmiReserve = "emi_reserve" }
}

/// A payment refunded to the wallet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub refund_id: Uuid,
    pub payment_id: PaymentId,
    pub user_id: UserId,
    pub amount: Money,
    pub method: PaymentMethod,
    pub to: RefundTo,
    pub booking_number: String,
    pub reserve_id: ReserveId,
    pub at: Timestamp,
}

impl CommandInputs for Refund {
    fn cause(&self) -> Cause {
        Cause { id: self.refund_id, member: self.user_id, at: self.at }
    }

    fn label(&self) -> Option<String> {
        booking_label(&self.booking_number)
    }
}

impl EntryRule for Refund {
    type Inputs = Self;
    const REFERENCE_TYPE: &'static str = "refund";
    const CAUSE_EVENT: &'static str = "payment_refunded";

    /// Credits the payment to the available balance or to a new EMI reserve.
    fn decide(key: EntryKey, c: &Self, _: &LoadedRows) -> Decision {
        let amount = require_positive(c.amount)?;
        let header = Self::header(key, c, amount);
        let lines = EntryBuilder::new().post(Account::BookingReceipts, amount.neg()?);
        match c.to {
            RefundTo::Wallet => {
                let text = format!("Refund of a payment on booking {}", c.booking_number);
                let lines = lines.post_visible(Account::Available, amount, TransactionType::Refund, text);
                Ok(lines.build(header)?.into())
            }
            RefundTo::EmiReserve => {
                let entry = lines.post(Account::EmiReserve, amount).build(header)?;
                let source = (ReserveSource::Refund, c.refund_id);
                let reserve = EmiReserve::new(c.reserve_id, c.user_id, amount, source, c.at);
                Ok(Effects { reserve: Some(reserve), ..entry.into() })
            }
        }
    }

    fn explain(c: &Self, _: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        let text = "a payment is refunded as a whole, to its source";
        Ok(Derivation::default().rule("refunded_whole", &[], text).given("payment_amount", c.amount))
    }
}
