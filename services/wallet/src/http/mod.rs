//! Routes of the wallet service. Reads go to the store, writes through `app`.

mod explain;
mod ledger;
mod manual;
mod pdf_file;
mod statement;
mod statement_csv;
mod statement_pdf;
mod transactions;
mod wallets;

use crate::WalletState;
use chassis::auth::Access::{Admin, Staff, User};
use chassis::http::{Doc, Listing, Routes};

/// The routes with their documentation.
pub(crate) fn routes(state: WalletState) -> Routes {
    Routes::new("wallet")
        .data(state)
        .get_documented("/wallet", User, wallets::get_own, Doc::new("Your balances").returns::<wallets::WalletView>())
        .get_documented(
            "/wallet/transactions",
            User,
            transactions::list,
            Doc::new("Transactions that changed your balance")
                .query::<transactions::TransactionsFilter>()
                .returns::<Listing<transactions::TransactionView>>()
                .paged(),
        )
        .get_documented(
            "/wallet/transactions/{id}/explain",
            User,
            explain::explain,
            Doc::new("Explain how the amount of a transaction was calculated").returns::<explain::ExplanationView>(),
        )
        .get_documented(
            "/wallet/forfeits",
            User,
            transactions::list_forfeits,
            Doc::new("Requests and entitlements that moved no money, with the reasons")
                .query::<transactions::ForfeitsFilter>()
                .returns::<Listing<transactions::ForfeitView>>()
                .paged(),
        )
        .get_documented(
            "/wallet/statement",
            User,
            statement::get,
            Doc::new("Statement of a month as CSV or PDF")
                .query::<statement::StatementFilter>()
                .returns_file(["text/csv", "application/pdf"]),
        )
        .get_documented(
            "/wallets/{user_id}",
            Staff,
            wallets::get,
            Doc::new("A member's balances").returns::<wallets::WalletView>(),
        )
        .post_documented(
            "/wallets/{user_id}/deposits",
            Admin,
            manual::create_deposit,
            Doc::new("Deposit money received for a member")
                .body::<manual::ManualInput>()
                .created::<transactions::TransactionView>()
                .idempotent(),
        )
        .post_documented(
            "/wallets/{user_id}/reserve-release",
            Admin,
            manual::release_reserve,
            Doc::new("Release an amount of a member's reserve to the available balance")
                .body::<manual::ManualInput>()
                .created::<transactions::TransactionView>()
                .idempotent(),
        )
        .post_documented(
            "/wallets/{user_id}/adjustments",
            Admin,
            manual::create_adjustment,
            Doc::new("Correct a member's available balance, up or down")
                .body::<manual::ManualInput>()
                .created::<transactions::TransactionView>()
                .idempotent(),
        )
        .get_documented(
            "/ledger/accounts",
            Staff,
            ledger::list_accounts,
            Doc::new("Accounts of the company and of all members together, or of one member")
                .query::<ledger::AccountsFilter>()
                .returns::<ledger::AccountsView>()
                .paged(),
        )
        .get_documented(
            "/ledger/trial-balance",
            Staff,
            ledger::get_trial_balance,
            Doc::new("Debits and credits by account")
                .query::<ledger::TrialBalanceFilter>()
                .returns::<ledger::TrialBalanceView>(),
        )
        .get_documented(
            "/ledger/verify",
            Staff,
            ledger::verify,
            Doc::new("Verify the ledger").returns::<ledger::Verification>(),
        )
}
