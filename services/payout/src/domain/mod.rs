//! Pure decisions of the payout service: [`payout`] (state machine of a payout), [`request`] (checks of a payout
//! request), [`breakdown`] (tax, EMI and net amount), [`tax_rule`], [`instalment`], [`account`] (bank accounts),
//! [`bank_file`] (the bank's answer to a file), [`bank_template`] (files of each bank),
//! [`transfer`] (transfers by an API), [`line`] (lines of a payout).

pub mod account;
pub mod bank_file;
pub mod bank_template;
pub mod breakdown;
pub mod instalment;
pub mod line;
pub mod payout;
pub mod request;
#[cfg(test)]
mod simulation;
pub mod tax_rule;
pub mod transfer;

domain::id_type! {
    /// Id of a member's bank account.
    BankAccountId,
    /// Id of a batch of payouts that go to the bank in one file.
    BatchId,
}
