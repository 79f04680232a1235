//! Payout's part of the read graph: payouts, bank accounts, batches and tax rules.

use super::{accounts, batches, payouts, tax_rules, transfers};
use crate::PayoutState;
use graph::Part;
use http_api::Access::{Staff, User};
use http_api::documented;

/// All fields of this service.
pub(crate) fn part(state: PayoutState) -> Part {
    Part::new("payout", state)
        .rename("BankView", "PayoutBank")
        .rename("AccountView", "BankAccount")
        .rename("StepView", "PayoutStep")
        .rename("Channel", "PayoutChannel")
        .query("payouts", User, documented!(payouts::list))
        .query("payout", User, documented!(payouts::get))
        .query("payout_batches", Staff, documented!(batches::list))
        .query("payout_batch", Staff, documented!(batches::get))
        .query("payout_transfers", Staff, documented!(transfers::list))
        .query("tax_rules", Staff, documented!(tax_rules::list))
        .of_user("payouts", documented!(payouts::list))
        .of_user("bank_accounts", documented!(accounts::list))
        .user("Payout", "user", "user_id")
        .user("PayoutDetail", "user", "user_id")
}
