//! Route table of the payout service. Handlers may read through `store`; every write goes through `app`.

mod accounts;
mod actions;
mod batches;
mod payouts;
mod poll;
mod tax_rules;
mod view;

use crate::PayoutState;
use crate::domain::{BankAccountId, BatchId};
use crate::store::payouts::Payout;
use chassis::audit::StaffAction;
use chassis::auth::{Access, Caller};
use chassis::http::{Doc, Listing, Problem, Routes};
use db::DbConnection;
use domain::tax::TaxRule;
use domain::{PayoutId, Timestamp, UserId};
use view::{AccountView, BatchView, PayoutView, QuoteView, SettledView};

/// All routes, with their access rules and documentation.
pub fn routes(state: PayoutState) -> Routes {
    let payouts = payout_routes(Routes::new("payout").data(state));
    batch_routes(account_routes(payouts))
        .get_documented(
            "/tax-rules",
            Access::Staff,
            tax_rules::list,
            Doc::new("Tax rules, including future ones, newest first").returns::<Listing<TaxRule>>().paged(),
        )
        .post_documented(
            "/tax-rules",
            Access::Admin,
            tax_rules::create,
            Doc::new("Add a tax rule that takes effect on a later day")
                .body::<tax_rules::TaxRuleInput>()
                .created::<TaxRule>()
                .idempotent(),
        )
}

fn payout_routes(routes: Routes) -> Routes {
    routes
        .post_documented(
            "/payouts/quote",
            Access::User,
            payouts::quote,
            Doc::new("Quote a payout: its tax, EMI and net amount")
                .body::<payouts::PayoutInput>()
                .returns::<QuoteView>(),
        )
        .post_documented(
            "/payouts",
            Access::User,
            payouts::create,
            Doc::new("Request a payout").body::<payouts::PayoutInput>().created::<PayoutView>().idempotent(),
        )
        .get_documented(
            "/payouts",
            Access::User,
            payouts::list,
            Doc::new("Payouts, newest first").query::<payouts::PayoutFilter>().returns::<Listing<PayoutView>>().paged(),
        )
        .get_documented("/payouts/{id}", Access::User, payouts::get, Doc::new("One payout").returns::<PayoutView>())
        .post_documented(
            "/payouts/{id}/cancel",
            Access::User,
            actions::cancel,
            Doc::new("Cancel your own pending payout").returns::<PayoutView>().idempotent(),
        )
        .post_documented(
            "/payouts/{id}/approve",
            Access::Staff,
            actions::approve,
            Doc::new("Approve a payout of another person").returns::<PayoutView>().idempotent(),
        )
        .post_documented(
            "/payouts/{id}/reject",
            Access::Staff,
            actions::reject,
            Doc::new("Reject a payout").body::<actions::ReasonInput>().returns::<PayoutView>().idempotent(),
        )
        .post_documented(
            "/payouts/{id}/settle",
            Access::Staff,
            actions::settle,
            Doc::new("Record that the bank paid a payout or failed to pay it")
                .body::<actions::SettleInput>()
                .returns::<PayoutView>()
                .idempotent(),
        )
        .post_documented(
            "/payouts/{id}/return",
            Access::Staff,
            actions::return_payout,
            Doc::new("Record that the bank returned a completed payout")
                .body::<actions::ReasonInput>()
                .returns::<PayoutView>()
                .idempotent(),
        )
}

fn account_routes(routes: Routes) -> Routes {
    routes
        .get_documented(
            "/payouts/bank-accounts",
            Access::User,
            accounts::list,
            Doc::new("Your bank accounts").query::<accounts::AccountFilter>().returns::<Listing<AccountView>>().paged(),
        )
        .post_documented(
            "/payouts/bank-accounts",
            Access::User,
            accounts::create,
            Doc::new("Add a bank account").body::<accounts::AccountInput>().created::<AccountView>().idempotent(),
        )
        .delete_documented(
            "/payouts/bank-accounts/{id}",
            Access::User,
            accounts::delete,
            Doc::new("Remove one of your bank accounts").empty_response(204),
        )
        .post_documented(
            "/payouts/bank-accounts/{id}/verify",
            Access::User,
            accounts::verify,
            Doc::new("Verify a bank account: staff at once, the owner after the wait and a fresh one-time code")
                .returns::<AccountView>(),
        )
}

fn batch_routes(routes: Routes) -> Routes {
    routes
        .post_documented(
            "/payout-batches",
            Access::Staff,
            batches::create,
            Doc::new("Create a batch of all approved payouts for the bank").created::<BatchView>().idempotent(),
        )
        .get_documented(
            "/payout-batches/{id}",
            Access::Staff,
            batches::get,
            Doc::new("One batch").returns::<BatchView>(),
        )
        .get_documented(
            "/payout-batches/{id}/file",
            Access::Staff,
            batches::get_file,
            Doc::new("The batch as a CSV file for the bank").returns_file(["text/csv"]),
        )
        .post_documented(
            "/payout-batches/{id}/answer",
            Access::Staff,
            batches::submit_answer,
            Doc::new("Upload the bank's answer as CSV: payout_id, outcome (paid or failed), utr, reason")
                .file_body("text/csv")
                .returns::<SettledView>()
                .idempotent(),
        )
}

/// Records an action in the audit log.
async fn record_audit(
    c: &mut DbConnection,
    caller: &Caller,
    at: Timestamp,
    action: &'static str,
    subject: Subject,
    detail: &str,
) -> Result<(), Problem> {
    let (subject_type, subject_id, subject_user) = match subject {
        Subject::Payout(id, owner) => ("payout", id.to_string(), Some(owner)),
        Subject::BankAccount(id, owner) => ("bank_account", id.to_string(), Some(owner)),
        Subject::Batch(id) => ("payout_batch", id.to_string(), None),
        Subject::TaxRule(id) => ("tax_rule", id, None),
    };
    let action = StaffAction { action, subject_type, subject_id, subject_user, detail };
    Ok(chassis::audit::record(c, "payout", caller, at, action).await?)
}

/// Detail for the audit log: status, amount, bank reference and reason of a payout.
fn audit_detail(payout: &Payout) -> String {
    let details: String =
        [&payout.utr, &payout.reason].into_iter().filter(|n| !n.is_empty()).map(|n| format!(": {n}")).collect();
    format!("{} of {}{details}", payout.status, payout.requested_paise)
}

/// Subject of an audit record, with its owner.
enum Subject {
    Payout(PayoutId, UserId),
    BankAccount(BankAccountId, UserId),
    Batch(BatchId),
    TaxRule(String),
}
