//! What decides, and nothing else: [`payout`] (the way of a payout from request to bank), [`request`] (who may
//! ask for how much), [`breakdown`] (tax, EMI and what is left), [`tax_rule`], [`instalment`], [`account`]
//! (bank accounts), [`bank_file`] (what goes to the bank and comes back).

pub mod account;
pub mod bank_file;
pub mod breakdown;
pub mod instalment;
pub mod payout;
pub mod request;
pub mod tax_rule;

domain::id_type! {
    /// A bank account a member may be paid to.
    BankAccountId,
    /// Payouts that go to the bank in one file.
    BatchId,
}
