//! The route table. Reads may ask the store; every write goes through `app`.

mod accounts;
mod actions;
mod batches;
mod patience;
mod payouts;
mod tax_rules;
mod view;

use crate::Payouts;
use crate::domain::{BankAccountId, BatchId};
use crate::store::payouts::Payout;
use chassis::audit::Action;
use chassis::auth::{Access, Caller};
use chassis::http::{Doc, Listing, Problem, Routes};
use db::DbConnection;
use domain::tax::TaxRule;
use domain::{PayoutId, Timestamp, UserId};
use view::{AccountView, BatchView, PayoutView, QuoteView, SettledView};

pub fn routes(state: Payouts) -> Routes {
    let payouts = payout_routes(Routes::new("payout").data(state));
    batch_routes(account_routes(payouts))
        .get(
            "/tax-rules",
            Access::Staff,
            tax_rules::list,
            Doc::new("Tax rules, those to come included").gives::<Listing<TaxRule>>().paged(),
        )
        .post(
            "/tax-rules",
            Access::Admin,
            tax_rules::add,
            Doc::new("Add a tax rule that takes effect on a later day")
                .takes::<tax_rules::RuleInput>()
                .creates::<TaxRule>()
                .idempotent(),
        )
}

fn payout_routes(routes: Routes) -> Routes {
    routes
        .post(
            "/payouts/quote",
            Access::User,
            payouts::quote,
            Doc::new("What a payout would be now").takes::<payouts::PayoutInput>().gives::<QuoteView>(),
        )
        .post(
            "/payouts",
            Access::User,
            payouts::request,
            Doc::new("Ask for a payout").takes::<payouts::PayoutInput>().creates::<PayoutView>().idempotent(),
        )
        .get(
            "/payouts",
            Access::User,
            payouts::list,
            Doc::new("Payouts, newest first").filters::<payouts::Filters>().gives::<Listing<PayoutView>>().paged(),
        )
        .get("/payouts/{id}", Access::User, payouts::one, Doc::new("One payout").gives::<PayoutView>())
        .post(
            "/payouts/{id}/cancel",
            Access::User,
            actions::cancel,
            Doc::new("Call off an own payout that is pending").gives::<PayoutView>().idempotent(),
        )
        .post(
            "/payouts/{id}/approve",
            Access::Staff,
            actions::approve,
            Doc::new("Approve somebody else's payout").gives::<PayoutView>().idempotent(),
        )
        .post(
            "/payouts/{id}/reject",
            Access::Staff,
            actions::reject,
            Doc::new("Reject a payout").takes::<actions::ReasonInput>().gives::<PayoutView>().idempotent(),
        )
        .post(
            "/payouts/{id}/settle",
            Access::Staff,
            actions::settle,
            Doc::new("Record what the bank did").takes::<actions::SettleInput>().gives::<PayoutView>().idempotent(),
        )
        .post(
            "/payouts/{id}/return",
            Access::Staff,
            actions::take_back,
            Doc::new("Record that the bank gave a completed payout back")
                .takes::<actions::ReasonInput>()
                .gives::<PayoutView>()
                .idempotent(),
        )
}

fn account_routes(routes: Routes) -> Routes {
    routes
        .get(
            "/payouts/bank-accounts",
            Access::User,
            accounts::list,
            Doc::new("Own bank accounts").filters::<accounts::Filters>().gives::<Listing<AccountView>>().paged(),
        )
        .post(
            "/payouts/bank-accounts",
            Access::User,
            accounts::add,
            Doc::new("Add a bank account").takes::<accounts::AccountInput>().creates::<AccountView>().idempotent(),
        )
        .delete(
            "/payouts/bank-accounts/{id}",
            Access::User,
            accounts::remove,
            Doc::new("Remove an own bank account").answers_bare(204),
        )
        .post(
            "/payouts/bank-accounts/{id}/verify",
            Access::User,
            accounts::verify,
            Doc::new("Verify a bank account: staff at once, its owner after the wait and a fresh one-time code")
                .gives::<AccountView>(),
        )
}

fn batch_routes(routes: Routes) -> Routes {
    routes
        .post(
            "/payout-batches",
            Access::Staff,
            batches::open,
            Doc::new("Put every approved payout into one batch for the bank").creates::<BatchView>().idempotent(),
        )
        .get("/payout-batches/{id}", Access::Staff, batches::one, Doc::new("One batch").gives::<BatchView>())
        .get(
            "/payout-batches/{id}/file",
            Access::Staff,
            batches::file,
            Doc::new("The batch as a CSV file for the bank").gives_file(["text/csv"]),
        )
        .post(
            "/payout-batches/{id}/answer",
            Access::Staff,
            batches::answer,
            Doc::new("The bank's answer as CSV: payout_id, outcome (paid or failed), utr, reason")
                .takes_file("text/csv")
                .gives::<SettledView>()
                .idempotent(),
        )
}

/// Tells the audit log what staff did.
async fn note(
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
    let action = Action { action, subject_type, subject_id, subject_user, detail };
    Ok(chassis::audit::record(c, "payout", caller, at, action).await?)
}

/// What a payout has become, for the audit log.
fn outcome(payout: &Payout) -> String {
    let notes: String =
        [&payout.utr, &payout.reason].into_iter().filter(|n| !n.is_empty()).map(|n| format!(": {n}")).collect();
    format!("{} of {}{notes}", payout.status, payout.requested_paise)
}

/// What was acted on, and whose it is.
enum Subject {
    Payout(PayoutId, UserId),
    BankAccount(BankAccountId, UserId),
    Batch(BatchId),
    TaxRule(String),
}
