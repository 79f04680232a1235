//! Pure decisions of the payout service: [`payout`] (state machine of a payout), [`request`] (checks of a payout
//! request), [`breakdown`] (tax, EMI and net amount), [`tax_rule`], [`instalment`], [`account`] (bank accounts),
//! [`bank_file`] (file for the bank and its answer), [`line`] (lines of a payout).

pub mod account;
pub mod bank_file;
pub mod breakdown;
pub mod instalment;
pub mod line;
pub mod payout;
pub mod request;
pub mod tax_rule;

domain::id_type! {
    /// Id of a member's bank account.
    BankAccountId,
    /// Id of a batch of payouts that go to the bank in one file.
    BatchId,
}
