//! Route table of the payout service. Handlers may read through `store`; every write goes through `app`.

mod accounts;
mod actions;
mod advice;
mod answer;
mod batches;
pub(crate) mod graph;
mod lines;
mod payouts;
mod queues;
mod tax_rules;
mod transfers;
mod view;
mod webhooks;

use crate::PayoutState;
use crate::domain::{BankAccountId, BatchId};
use crate::store::payouts::Payout;
use chassis::audit::AuditSubject;
use domain::{PayoutId, UserId};
use http_api::{Access, Routes, documented};

/// All routes, with their access rules.
pub fn routes(state: PayoutState) -> Routes {
    let (user, staff) = (Access::User, Access::Staff);
    Routes::new("payout")
        .data(state)
        .post("/payouts/quote", user, documented!(payouts::quote))
        .post("/payouts", user, documented!(payouts::create))
        .get("/payouts", user, documented!(payouts::list))
        .get("/payouts/queue-counts", staff, documented!(queues::count))
        .get("/payouts/{id}", user, documented!(payouts::get))
        .get("/payouts/{id}/lines", user, documented!(lines::list))
        .get("/payouts/{id}/advice", user, documented!(advice::get))
        .get("/documents/verify/P-{code}", Access::Public, documented!(advice::verify))
        .post("/payouts/{id}/cancel", user, documented!(actions::cancel))
        .post("/payouts/{id}/approve", staff, documented!(actions::approve))
        .post("/payouts/{id}/reject", staff, documented!(actions::reject))
        .post("/payouts/{id}/settle", staff, documented!(actions::settle))
        .post("/payouts/{id}/return", staff, documented!(actions::return_payout))
        .post("/payouts/{id}/transfer/retry", staff, documented!(transfers::retry))
        .post("/payouts/webhooks/{channel}", Access::Public, documented!(webhooks::receive))
        .get("/payouts/bank-accounts", user, documented!(accounts::list))
        .post("/payouts/bank-accounts", user, documented!(accounts::create))
        .delete("/payouts/bank-accounts/{id}", user, documented!(accounts::delete))
        .post("/payouts/bank-accounts/{id}/verify", user, documented!(accounts::verify))
        .post("/payout-batches", staff, documented!(batches::create))
        .get("/payout-batches", staff, documented!(batches::list))
        .get("/payout-batches/next", staff, documented!(batches::get_next))
        .get("/payout-batches/channels", staff, documented!(batches::list_channels))
        .get("/payout-batches/{id}", staff, documented!(batches::get))
        .get("/payout-batches/{id}/file", staff, documented!(batches::get_file))
        .post("/payout-batches/{id}/answer", staff, documented!(batches::submit_answer))
        .post("/payout-batches/{id}/answer/preview", staff, documented!(batches::preview_answer))
        .get("/payout-transfers", staff, documented!(transfers::list))
        .get("/tax-rules", staff, documented!(tax_rules::list))
        .post("/tax-rules", Access::Admin, documented!(tax_rules::create))
}

/// Subject of an audit record, with its owner.
enum Subject {
    Payout(PayoutId, UserId),
    BankAccount(BankAccountId, UserId),
    Batch(BatchId),
    TaxRule(String),
}

impl AuditSubject for Subject {
    const SERVICE: &'static str = "payout";

    fn into_parts(self) -> (&'static str, String, Option<UserId>) {
        match self {
            Self::Payout(id, owner) => ("payout", id.to_string(), Some(owner)),
            Self::BankAccount(id, owner) => ("bank_account", id.to_string(), Some(owner)),
            Self::Batch(id) => ("payout_batch", id.to_string(), None),
            Self::TaxRule(id) => ("tax_rule", id, None),
        }
    }
}

/// Detail for the audit log: status, amount, bank reference and reason of a payout.
fn audit_detail(payout: &Payout) -> String {
    let details: String =
        [&payout.utr, &payout.reason].into_iter().filter(|n| !n.is_empty()).map(|n| format!(": {n}")).collect();
    format!("{} of {}{details}", payout.status, payout.requested_paise)
}
